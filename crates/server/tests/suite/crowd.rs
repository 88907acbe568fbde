//! Many at once: the sequence stays gapless, the cursor skips nothing, numbers have no holes; and long random
//! histories in which a reader who followed along agrees with one who starts from nothing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::common::{Device, Server, role, unit};
use gridbook_log::{EntityId, Op, Placement};

const TOWN: &str = "510000100";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_writers_and_a_reader_who_sees_each_entry_once() {
    const WRITERS: usize = 16;
    const ROUNDS: usize = 12;
    let server = Server::open().await;
    let mut reader = server.worker("reader", TOWN).await;
    let finished = Arc::new(AtomicUsize::new(0));
    let mut tasks = Vec::new();
    for n in 0..WRITERS {
        let mut device = server.worker(&format!("w{n}"), &format!("510000100201{:03}", n + 1)).await;
        let finished = finished.clone();
        tasks.push(tokio::spawn(async move {
            let area = format!("510000100201{:03}", n + 1);
            let mut made: Vec<Op> = Vec::new();
            for _ in 0..ROUNDS {
                let ops: Vec<Op> = (0..5).map(|_| device.create("visit", &area)).collect();
                device.push_ok(&ops).await;
                made.extend(ops);
            }
            finished.fetch_add(1, Ordering::SeqCst);
            made
        }));
    }
    // Reads while they write, in small pages.
    while finished.load(Ordering::SeqCst) < WRITERS {
        let reply = reader.page(37).await;
        reader.take(reply, 37);
    }
    reader.pull_by(37).await;
    let mut all = 0;
    for task in tasks {
        for op in task.await.unwrap() {
            assert_eq!(reader.ops.get(&op.id()), Some(&1));
            all += 1;
        }
    }
    assert_eq!(all, WRITERS * ROUNDS * 5);
    assert!(reader.ops.values().all(|times| *times == 1));
    let seqs: Vec<i64> = gridbook_server::sql::query_scalar("SELECT seq FROM ops ORDER BY seq")
        .fetch_all(&server.app().readers)
        .await
        .unwrap();
    let rights: Vec<i64> = gridbook_server::sql::query_scalar(
        "SELECT from_seq FROM rights UNION SELECT to_seq FROM rights WHERE to_seq > 0",
    )
    .fetch_all(&server.app().readers)
    .await
    .unwrap();
    let used: BTreeSet<i64> = seqs.into_iter().chain(rights).collect();
    let last = *used.last().unwrap();
    assert_eq!(used.len(), usize::try_from(last).unwrap(), "no number is missing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn numbers_have_no_holes_when_many_register() {
    let server = Server::open().await;
    let mut tasks = Vec::new();
    for n in 0..8 {
        let mut clerk = server.worker(&format!("clerk{n}"), TOWN).await;
        tasks.push(tokio::spawn(async move {
            for round in 0..6 {
                let type_ = if round % 3 == 2 { "dispute" } else { "hazard" };
                let create = clerk.create(type_, "510000100201001");
                let register = clerk.event(create.entity(), "register", "submitted", "registered");
                clerk.push_ok(&[create.clone(), register]).await;
                // A second registration does not fit what its author saw and gets nothing.
                let again = clerk.event(create.entity(), "register", "submitted", "registered");
                clerk.push_ok(&[again]).await;
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let mut numbers: Vec<String> =
        gridbook_server::sql::query_scalar("SELECT body FROM ops WHERE kind = 'number'")
            .fetch_all(&server.app().readers)
            .await
            .unwrap();
    numbers.sort();
    let series = |class: &str, n: usize| {
        (1..=n).map(|i| format!(r#"{{"number":"青禾〔2026〕{class}字第{i:05}号"}}"#)).collect::<Vec<_>>()
    };
    let mut wanted = [series("隐", 32), series("纠", 16)].concat();
    wanted.sort();
    assert_eq!(numbers, wanted);
}

/// A small generator: the same history for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % u64::try_from(n).unwrap()).unwrap()
    }
}

const AREAS: [&str; 6] = [
    "510000100201001",
    "510000100201002",
    "510000100202001",
    "510000100202002",
    "51000010020200101",
    "510000100203",
];
const UNITS: [&str; 2] = ["yjb", "pcs"];

async fn change_rights(server: &Server, dice: &mut Dice, user: &str) {
    let mut held = Vec::new();
    for _ in 0..dice.below(3) {
        held.push(match dice.below(4) {
            0 => unit(UNITS[dice.below(2)]),
            1 => role("grid_worker_l1", &AREAS[dice.below(6)][..12]),
            _ => role("grid_worker_l2", AREAS[dice.below(6)]),
        });
    }
    server.assign(user, held).await;
}

fn change_place(dice: &mut Dice, reader: &str) -> Placement {
    let unit = vec![UNITS[dice.below(2)].to_owned()];
    let user = vec![reader.to_owned()];
    match dice.below(6) {
        0 => Placement { units_add: unit, ..Placement::default() },
        1 => Placement { units_del: unit, ..Placement::default() },
        2 => Placement { users_add: user, ..Placement::default() },
        3 => Placement { users_del: user, ..Placement::default() },
        _ => Placement { area: Some(AREAS[dice.below(6)].to_owned()), ..Placement::default() },
    }
}

async fn agree(server: &Server, follower: &Device, context: &str) {
    let mut fresh = server.device(&follower.user).await;
    fresh.pull().await;
    assert_eq!(fresh.visible, follower.visible, "{context}");
    for id in &fresh.visible {
        assert_eq!(fresh.entities[id].fingerprint(), follower.entities[id].fingerprint(), "{context} {id}");
    }
}

#[tokio::test]
async fn random_histories_end_the_same_for_those_who_followed() {
    for seed in 1..=6 {
        let server = Server::open().await;
        let mut dice = Dice(seed);
        let mut steward = server.worker("steward", TOWN).await;
        let mut followers = vec![server.worker("r0", AREAS[0]).await, server.worker("r1", AREAS[2]).await];
        let mut made: Vec<EntityId> = Vec::new();
        for step in 0..120 {
            match dice.below(10) {
                0..=2 => {
                    let op = steward.create("hazard", AREAS[dice.below(6)]);
                    steward.push_only(&op).await;
                    made.push(op.entity());
                }
                3 | 4 if !made.is_empty() => {
                    let op = steward.set(made[dice.below(made.len())], "desc", &format!("第{step}步"));
                    steward.push_ok(&[op]).await;
                }
                5 | 6 if !made.is_empty() => {
                    let place = change_place(&mut dice, &followers[step % 2].user);
                    let op = steward.place(made[dice.below(made.len())], place);
                    steward.push_ok(&[op]).await;
                }
                7 => change_rights(&server, &mut dice, &followers[step % 2].user).await,
                _ => {
                    // One page only: the reader is often in the middle of something.
                    let limit = 1 + dice.below(4);
                    let follower = &mut followers[step % 2];
                    let reply = follower.page(limit).await;
                    follower.take(reply, limit);
                }
            }
        }
        for follower in &mut followers {
            follower.pull_by(1 + dice.below(5)).await;
            agree(&server, follower, &format!("seed {seed}")).await;
        }
    }
}
