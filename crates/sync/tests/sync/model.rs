//! The plainest backend: what the contract means.

use std::collections::{BTreeMap, BTreeSet};

use gridbook_log::{Body, EntityId, Op, Placement, WireOp};
use gridbook_sync::model::{AUTHORITY, Model};
use gridbook_sync::replica::NewWrite;
use gridbook_sync::sim::Rng;
use gridbook_sync::wire::{PushReply, PushRequest, Verdict};

use super::support::*;

const NONCE: &str = "n";

fn push(model: &mut Model, user: &str, ops: &[&Op], nonce: &str) -> PushReply {
    let request = PushRequest {
        writer: ops[0].dot().writer,
        nonce: nonce.to_owned(),
        now: NOON,
        ops: ops.iter().map(|op| op.to_wire()).collect(),
    };
    model.push(user, &request, NOON)
}

fn verdicts(reply: &PushReply) -> Vec<(Verdict, Option<&str>)> {
    reply.results.iter().map(|r| (r.r, r.code.as_deref())).collect()
}

fn grant(model: &mut Model, user: &str, areas: &[&str]) {
    model.grant(user, areas.iter().map(|a| (*a).to_owned()).collect());
}

/// Pulls to the end, so many feed items at a time.
fn catch_up(model: &Model, tab: &Tab, env: &TestEnv, user: &str, limit: usize) {
    loop {
        let cursor = tab.meta().cursor.clone();
        let not = (!tab.meta().echo).then_some(tab.meta().writer);
        let reply = model.pull(user, &cursor, limit, not).unwrap();
        apply(tab, env, &reply);
        if !reply.more {
            return;
        }
    }
}

fn views(tab: &Tab) -> BTreeMap<EntityId, Vec<u8>> {
    let ids: Vec<EntityId> = tab.rows().iter().filter(|(_, r)| r.visible()).map(|(id, _)| *id).collect();
    ids.into_iter().map(|id| (id, entity(tab, id).to_snapshot())).collect()
}

fn seen(model: &Model, user: &str) -> BTreeMap<EntityId, Vec<u8>> {
    let visible = model.entities().iter().filter(|(id, _)| model.sees(user, **id, model.len()));
    visible.map(|(id, entity)| (*id, entity.to_snapshot())).collect()
}

#[test]
fn pages_of_one_say_the_same_as_one_page() {
    let mut left = 0;
    for seed in 0..40 {
        let mut rng = Rng::new(seed);
        let mut model = Model::default();
        let mut author = Other::new(gridbook_log::DeviceId([5; 8]));
        let readers: Vec<_> = [1, 2, 7, 1000].map(|limit| (limit, device())).into();
        let areas = ["11", "12", "121", "2"];
        let mut made: Vec<EntityId> = Vec::new();
        let mut before = BTreeSet::new();
        for _ in 0..60 {
            let area = areas[rng.below(4) as usize];
            match rng.below(8) {
                0 => grant(&mut model, "u1", &[areas[rng.below(4) as usize], areas[rng.below(4) as usize]]),
                1 if !made.is_empty() => {
                    let entity = made[rng.below(made.len() as u64) as usize];
                    let place = Placement { area: Some(area.to_owned()), ..Placement::default() };
                    let op = author.write(&NewWrite { entity, body: Body::Place(place) });
                    push(&mut model, "u2", &[&op], NONCE);
                }
                2 | 3 if !made.is_empty() => {
                    let entity = made[rng.below(made.len() as u64) as usize];
                    let op = author.write(&set(entity, "name", rng.below(100)));
                    push(&mut model, "u2", &[&op], NONCE);
                }
                4 | 5 => {
                    let entity = EntityId::new(rng.below(1 << 40), [made.len() as u8; 10]);
                    made.push(entity);
                    let op = author.write(&create(entity, area, "x"));
                    push(&mut model, "u2", &[&op], NONCE);
                }
                _ => {
                    let should = seen(&model, "u1");
                    for (limit, (store, env, tab)) in &readers {
                        catch_up(&model, tab, env, "u1", *limit);
                        assert!(views(tab) == should, "seed {seed}, pages of {limit}");
                        assert!(
                            views(&open(store, env)) == should,
                            "seed {seed}, pages of {limit}, reopened"
                        );
                    }
                    let now: BTreeSet<EntityId> = should.into_keys().collect();
                    left += before.difference(&now).count();
                    before = now;
                }
            }
        }
    }
    assert!(left > 50, "things must leave for this to prove anything: {left}");
}

#[test]
fn a_push_is_answered_operation_by_operation() {
    let mut model = Model::default();
    let mut author = Other::new(gridbook_log::DeviceId([5; 8]));
    let ops = [
        author.write(&create(id(1), "11", "x")),
        author.write(&set(id(1), "name", "y")),
        author.write(&set(id(1), "forbidden", 1)),
        author.write(&set(id(1), "name", "z")),
    ];
    let [one, two, three, four] = &ops;
    use Verdict::{Defer, Dup, Ok, Refuse, Reject};
    assert_eq!(verdicts(&push(&mut model, "u2", &[two], NONCE)), [(Defer, None)], "the first is missing");
    assert!(model.is_empty());
    let reply = push(&mut model, "u2", &[one, two, three, four], NONCE);
    assert_eq!(verdicts(&reply), [(Ok, None), (Ok, None), (Reject, Some("rule")), (Ok, None)]);
    assert_eq!(reply.results[2].id, Some(three.id()));
    let entity = &model.entities()[&id(1)];
    assert_eq!(entity.text("name"), Some("z"));
    assert_eq!(entity.get("forbidden"), None);
    assert_eq!(entity.rejected()[&three.dot()], "rule");
    assert_eq!(entity.received(one.dot()).unwrap().at, NOON);
    assert_eq!(entity.received(three.dot()), None, "a refusal is no receipt");
    assert_eq!(entity.authority(), Some(AUTHORITY));

    let len = model.len();
    let again = push(&mut model, "u2", &[one, two, three, four], NONCE);
    assert_eq!(verdicts(&again), [(Dup, None); 4]);
    assert_eq!(verdicts(&push(&mut model, "u2", &[four], "other")), [(Refuse, Some("clone"))]);
    assert_eq!(verdicts(&push(&mut model, "u9", &[four], NONCE)), [(Refuse, Some("forged"))]);
    let mut clone = Other::new(gridbook_log::DeviceId([5; 8]));
    ops[..3].iter().for_each(|op| clone.take(op));
    let fork = clone.write(&set(id(1), "name", "fork"));
    assert_eq!(verdicts(&push(&mut model, "u2", &[&fork], NONCE)), [(Refuse, Some("fork"))]);
    let mut stranger = Other::new(gridbook_log::DeviceId([6; 8]));
    let foreign = stranger.write(&create(id(2), "11", "x"));
    assert_eq!(
        verdicts(&push(&mut model, "u2", &[four, &foreign], NONCE)),
        [(Dup, None), (Refuse, Some("forged"))]
    );
    let broken = WireOp { h: "gb1".to_owned(), ..four.to_wire() };
    let request = PushRequest {
        writer: four.dot().writer,
        nonce: NONCE.to_owned(),
        now: NOON,
        ops: vec![broken, four.to_wire()],
    };
    let reply = model.push("u2", &request, NOON);
    assert_eq!(verdicts(&reply), [(Refuse, Some("malformed")), (Dup, None)]);
    assert_eq!(reply.results[0].id, None);
    assert_eq!(model.len(), len, "nothing of all that was stored");
}

#[test]
fn a_cursor_of_nobody_is_refused_and_own_operations_may_be_left_out() {
    let mut model = Model::default();
    let mut author = Other::new(gridbook_log::DeviceId([5; 8]));
    let op = author.write(&create(id(1), "11", "x"));
    push(&mut model, "u2", &[&op], NONCE);
    assert_eq!(model.pull("u2", "elsewhere", 10, None), Err(400));
    let count = |not| {
        let reply = model.pull("u2", "", 10, not).unwrap();
        reply.entries.iter().filter(|e| matches!(e, gridbook_sync::wire::Entry::Op { .. })).count()
    };
    assert_eq!((count(None), count(Some(op.dot().writer))), (2, 1), "the receipt comes in any case");
    assert!(model.pull("u3", "", 10, None).unwrap().entries.is_empty());
}
