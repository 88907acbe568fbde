//! The same set of operations is the same thing in any order, with repetitions, in one piece or in many.

use gridbook_log::{Applied, Entity, EntityId, Fingerprint, Op};
use proptest::prelude::*;
use serde_json::json;

use super::support::*;

/// Small histories that have everything in them: concurrency, events, rows, answers, forks, unknown kinds.
pub fn histories() -> Vec<Vec<Op>> {
    let (mut a, mut b, mut c) = (Author::new(1), Author::new(2), Author::new(3));
    let made = a.write(NOON, &create(&[("a", json!("x")), ("b", json!(1))]));
    b.take(NOON, &made);
    c.take(NOON, &made);
    let (clean_a, clean_b, clean_c) = (a.clone(), b.clone(), c.clone());
    let mut all = Vec::new();

    // Two edit at once, a third settles it, one writes without having seen that.
    let one = a.write(NOON + 400 * DAY, &set("a", "one"));
    let two = b.write(NOON - 30 * DAY, &set("a", "two"));
    c.take_all(NOON, &[&two, &one]);
    let settled = c.write(NOON, &set("a", "settled"));
    let late = a.write(NOON, &set("a", "late"));
    let note = b.write(NOON, &event("note", "submitted", "submitted"));
    all.push(vec![made.clone(), one, two, settled, late, note]);

    // Two transitions at once, a decision, one that had seen neither.
    let (mut a, mut b, mut c) = (clean_a.clone(), clean_b.clone(), clean_c.clone());
    let registered = a.write(NOON, &event("register", "submitted", "registered"));
    let refused = b.write(NOON, &event("refuse", "submitted", "refused"));
    c.take_all(NOON, &[&registered, &refused]);
    let decided = c.write(NOON - DAY, &event("decide", "refused", "registered"));
    let stray = b.write(NOON, &event("close", "dispatched", "closed"));
    let dispatched = a.write(NOON, &event("dispatch", "registered", "dispatched"));
    all.push(vec![made.clone(), registered, refused, decided, stray, dispatched]);

    // A row removed by two while a third edits it.
    let (mut a, mut b, mut c) = (clean_a.clone(), clean_b.clone(), clean_c);
    let row = a.write(NOON, &set("parties/r1/name", "张三"));
    b.take(NOON, &row);
    c.take(NOON, &row);
    let gone = b.write(NOON, &set("parties/r1/_gone", true));
    let gone_too = a.write(NOON, &set("parties/r1/_gone", true));
    let phone = c.write(NOON, &set("parties/r1/phone", "13900000000"));
    let other = c.write(NOON, &set("parties/r2/name", "李四"));
    all.push(vec![made.clone(), row, gone, gone_too, phone, other]);

    // The authority: receipt, refusal, two numbers.
    let (mut a, mut authority) = (clean_a.clone(), Author::new(0));
    authority.take(NOON, &made);
    let wrong = a.write(NOON, &set("a", "wrong"));
    authority.take(NOON, &wrong);
    let received = authority.write(NOON, &receipt(&[made.dot(), wrong.dot()], NOON));
    let no = authority.write(NOON, &reject(wrong.dot(), "rule"));
    let first = authority.write(NOON, &number("[2026] 1"));
    let second = authority.write(NOON, &number("[2026] 2"));
    all.push(vec![made.clone(), wrong, received, no, first, second]);

    // A cloned device writes under a number used already, having seen other things; a kind of later; a bad body.
    let (mut a, mut b, mut clone) = (clean_a.clone(), clean_b.clone(), clean_a.clone());
    let seen = b.write(NOON, &set("b", 2));
    clone.take(NOON, &seen);
    let original = a.write(NOON, &set("b", 3));
    let forked = clone.write(NOON, &set("b", 4));
    let later = a.write_text(NOON, "seal", "{\"zzz\": 1 }");
    let bad = b.write_text(NOON, "set", "{\"set\": 5}");
    all.push(vec![made.clone(), seen, original, forked, later, bad]);

    // Placement by two, and a corrected time.
    let (mut a, mut b, mut authority) = (clean_a, clean_b, Author::new(0));
    authority.take(NOON, &made);
    let here = a.write(NOON, &place("510000100201", &["U1", "U2"], &[]));
    let there = b.write(NOON + DAY, &place("510000100202", &[], &["U1"]));
    let one = a.write(NOON, &set("a", 1));
    let two = b.write(NOON + DAY, &set("a", 2));
    authority.take_all(NOON, &[&one, &two]);
    let fixed = authority.write(NOON, &clockfix(two.dot(), NOON - DAY));
    all.push(vec![made, here, there, one, two, fixed]);
    all
}

fn place(area: &str, add: &[&str], del: &[&str]) -> gridbook_log::Body {
    gridbook_log::Body::Place(gridbook_log::Placement {
        area: Some(area.to_owned()),
        units_add: add.iter().map(|u| (*u).to_owned()).collect(),
        units_del: del.iter().map(|u| (*u).to_owned()).collect(),
        ..Default::default()
    })
}

#[test]
fn every_order_of_six_operations_gives_the_same() {
    for ops in histories() {
        let whole = fold(&ops);
        let mut turn = 0;
        permutations(ops.len(), |order| {
            // One by one, every one twice.
            let mut single = Entity::new(STREAM, Some(AUTHORITY));
            for i in order {
                single.apply(&ops[*i]);
                single.apply(&ops[order[turn % (order.len())]]);
            }
            same(&single, &whole);
            // In two pieces that overlap, cut at every place in turn.
            let cut = turn % order.len();
            let mut pieces = Entity::new(STREAM, Some(AUTHORITY));
            pieces.apply_all(order[..cut].iter().map(|i| &ops[*i]));
            pieces.apply_all(order[cut.saturating_sub(1)..].iter().map(|i| &ops[*i]));
            same(&pieces, &whole);
            turn += 1;
        });
        assert_eq!(turn, 720);
    }
}

#[test]
fn every_subset_gives_the_same_in_either_direction_and_at_random() {
    let mut rng = Chance::new(5);
    for ops in histories() {
        for mask in 0u32..64 {
            let mut subset: Vec<&Op> =
                ops.iter().enumerate().filter(|(i, _)| mask >> i & 1 == 1).map(|(_, op)| op).collect();
            let forward = fold(subset.iter().copied());
            subset.reverse();
            same(&fold(subset.iter().copied()), &forward);
            rng.shuffle(&mut subset);
            same(&fold(subset.iter().copied()), &forward);
        }
    }
}

#[test]
fn what_became_of_an_operation_is_told() {
    let (mut a, mut twin) = (Author::new(1), Author::new(1));
    let op = a.write(NOON, &create(&[]));
    let other = twin.write(NOON, &create(&[("a", json!(1))]));
    let mut entity = Entity::new(STREAM, None);
    assert_eq!(entity.apply(&op), Applied::New);
    assert_eq!(entity.apply(&op), Applied::Duplicate);
    assert_eq!(entity.apply(&other), Applied::Fork);
    let mut elsewhere = Entity::new(EntityId([9; 16]), None);
    assert_eq!(elsewhere.apply(&op), Applied::Foreign);
    assert_eq!(elsewhere, Entity::new(EntityId([9; 16]), None));
}

#[test]
fn an_unknown_kind_is_kept_counted_and_without_effect() {
    let mut a = Author::new(1);
    let made = a.write(NOON, &create(&[("a", json!(1))]));
    let before = a.entity.values();
    let later = a.write_text(NOON, "seal-v9", "not even JSON");
    assert_eq!(a.entity.values(), before);
    assert!(a.entity.have().contains(later.dot()));
    assert!(a.entity.quarantine().is_empty());
    assert_eq!(a.entity.not_understood(), 1);
    let erased = Entity::fold(STREAM, None, &[made.clone(), later.erased()]);
    assert_eq!(erased.not_understood(), 0, "what was erased is not for a later version either");
    assert_eq!(a.entity.fingerprint().count, 2);
    // The next write has seen it.
    assert!(a.write(NOON, &set("a", 2)).header().ctx.covers(later.dot()));
    assert!(a.entity.ops().any(|(dot, _, _, kind)| dot == later.dot() && kind == "seal-v9"));
    assert_eq!(a.entity.creation().unwrap().dot, made.dot());
}

#[test]
fn a_body_that_does_not_fit_is_quarantined_and_blocks_nothing() {
    let long = format!("{{\"set\":{{\"{}\":1}}}}", "p".repeat(201));
    let many: Vec<String> = (0..2001).map(|i| format!("\"p{i}\":1")).collect();
    let many = format!("{{\"set\":{{{}}}}}", many.join(","));
    let deep = format!("{{\"set\":{{\"a\":{}1{}}}}}", "[".repeat(500), "]".repeat(500));
    let bodies = [
        ("set", "{\"set\": 5}"),
        ("set", "nonsense"),
        ("set", ""),
        ("set", "{\"set\":{\"@area\":\"5\"}}"),
        ("set", "{\"set\":{\"\":1}}"),
        ("set", "{\"set\":{\"a//b\":1}}"),
        ("set", "{\"set\":{\"a\\u0000\":1}}"),
        ("set", long.as_str()),
        ("set", many.as_str()),
        ("set", deep.as_str()),
        ("event", "{\"event\":\"x\"}"),
        ("create", "{\"type\":null}"),
        ("receipt", "{\"ops\":[1]}"),
        ("clockfix", "{}"),
    ];
    for (kind, text) in bodies {
        let mut a = Author::new(1);
        a.write(NOON, &create(&[("a", json!(1))]));
        let bad = a.write_text(NOON, kind, text);
        assert_eq!(a.entity.quarantine(), [bad.dot()], "{kind} {text:.60}");
        assert_eq!(a.entity.not_understood(), 1);
        assert_eq!(a.entity.get("a"), Some(&json!(1)));
        let good = a.write(NOON, &set("a", 2));
        assert_eq!(a.entity.get("a"), Some(&json!(2)));
        assert!(good.header().ctx.covers(bad.dot()));
        // It travels on as it was written.
        assert_eq!(Op::from_wire(bad.to_wire()).unwrap().body_text(), Some(text));
    }
}

#[test]
fn the_fingerprint_is_a_sum() {
    for ops in histories() {
        let winners: Vec<&Op> = ops.iter().filter(|op| fold(&ops).fingerprint() == with(&ops, op)).collect();
        let mut sum = Fingerprint::default();
        winners.iter().rev().for_each(|op| sum.add(op));
        assert_eq!(sum, fold(&ops).fingerprint());
        let (one, two) = winners.split_at(winners.len() / 2);
        let mut joined = fold(one.iter().copied()).fingerprint();
        joined.join(fold(two.iter().copied()).fingerprint());
        assert_eq!(joined, sum);
        let mut less = sum;
        less.remove_hash(winners[0].hash());
        assert_eq!(less, fold(winners[1..].iter().copied()).fingerprint());
        assert_ne!(less, sum);
        let text = serde_json::to_string(&sum).unwrap();
        assert_eq!(serde_json::from_str::<Fingerprint>(&text).unwrap(), sum);
    }
}

/// The fingerprint after `op` is delivered once more: unchanged for every operation that stands.
fn with(ops: &[Op], op: &Op) -> Fingerprint {
    let mut entity = fold(ops);
    match entity.apply(op) {
        Applied::Duplicate => entity.fingerprint(),
        _ => Fingerprint::default(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    #[test]
    fn any_order_repetition_and_splitting_of_a_schedule_gives_the_same(seed: u64, order_seed: u64) {
        let mut rng = Chance::new(order_seed);
        let schedule = Schedule::random(seed, 30);
        let whole = fold(&schedule.ops);
        let mut order: Vec<&Op> = schedule.ops.iter().chain(&schedule.ops).collect();
        order.extend((0..5).map(|_| rng.pick(&schedule.ops)));
        rng.shuffle(&mut order);
        let mut entity = Entity::new(STREAM, Some(AUTHORITY));
        let mut new = 0;
        let mut rest = &order[..];
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(1 + rng.below(rest.len()));
            new += entity.apply_all(piece.iter().copied());
            rest = after;
        }
        prop_assert_eq!(new, schedule.ops.len());
        same(&entity, &whole);
    }
}
