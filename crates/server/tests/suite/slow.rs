//! A transaction that takes long while everybody goes on working: a reader who follows the cursor misses nothing of it
//! (sync failure F10). On PostgreSQL two servers write into the one database; the slow one holds the lock that the
//! other needs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::common::{Device, ON_POSTGRES, Open, Server};
use gridbook_domain::role::{Actor, Assignment};
use gridbook_log::Op;
use gridbook_server::sql;
use gridbook_server::writer::push::{self, Asked, Push, Source};
use gridbook_sync::wire::Verdict;
use tokio::sync::oneshot;

const TOWN: &str = "510000100";
const WRITERS: usize = 16;
const ROUNDS: usize = 10;
const SLOW: usize = 6;

const WAITING: &str =
    "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";

fn area(n: usize) -> String {
    format!("510000100201{:03}", n + 1)
}

/// Pushes past HTTP, in a transaction that stays open, everything written, until `go` comes. `written` says that it has
/// its numbers.
async fn push_slowly(
    server: &Server,
    device: &Device,
    ops: Vec<Op>,
    written: oneshot::Sender<()>,
    go: oneshot::Receiver<()>,
) {
    let actor = Actor { user: device.user.clone(), assignments: Vec::<Assignment>::new() };
    let today = gridbook_server::clock::china_day(device.ms);
    let push = Push {
        ops: ops.into_iter().map(|op| Ok(Asked::new(&Open, &actor, op, today))).collect(),
        actor,
        writer: device.writer,
        nonce: Some(device.nonce.clone()),
        now: device.ms,
        apart: false,
        source: Source::Now,
    };
    let job = server.app().writer.run(move |ledger| {
        Box::pin(async move {
            let reply = push::apply(ledger, push).await?;
            let _ = written.send(());
            let _ = go.await;
            Ok(reply)
        })
    });
    let reply = job.await.unwrap();
    assert!(reply.results.iter().all(|r| r.r == Verdict::Ok), "{:?}", reply.results);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_slow_transaction_is_never_skipped() {
    let server = Server::open().await;
    // SQLite has one server; the slow transaction holds up its one writer.
    let second = if ON_POSTGRES { Some(server.twin().await) } else { None };
    let mut reader = server.worker("reader", TOWN).await;
    let mut slow = server.worker("slow", &area(0)).await;
    let finished = Arc::new(AtomicUsize::new(0));
    let mut tasks = Vec::new();
    for n in 0..WRITERS {
        let home = if n % 2 == 0 { &server } else { second.as_ref().unwrap_or(&server) };
        let mut device = home.worker(&format!("w{n}"), &area(n)).await;
        let finished = finished.clone();
        tasks.push(tokio::spawn(async move {
            let mut made: Vec<Op> = Vec::new();
            for _ in 0..ROUNDS {
                let ops: Vec<Op> = (0..5).map(|_| device.create("visit", &area(n))).collect();
                device.push_ok(&ops).await;
                made.extend(ops);
            }
            finished.fetch_add(1, Ordering::SeqCst);
            made
        }));
    }
    let mut held_up: Vec<Op> = Vec::new();
    for _ in 0..SLOW {
        let ops: Vec<Op> = (0..5).map(|_| slow.create("visit", &area(0))).collect();
        held_up.extend(ops.clone());
        let ((written, is_written), (go, may_go)) = (oneshot::channel(), oneshot::channel());
        let reading = async {
            is_written.await.unwrap();
            // The others are pushing. Whatever a reader is shown now lies before the transaction that is still open.
            for _ in 0..8 {
                let reply = reader.page(41).await;
                reader.take(reply, 41);
            }
            let before = reader.ops.len();
            if ON_POSTGRES {
                // The other server has come as far as the lock.
                while sql::query_scalar::<i64>(WAITING).fetch_one(&server.app().readers).await.unwrap() == 0 {
                }
            }
            reader.pull_by(41).await;
            let seen =
                held_up[held_up.len() - 5..].iter().filter(|op| reader.ops.contains_key(&op.id())).count();
            assert_eq!(seen, 0, "what is not committed is not shown");
            assert!(reader.ops.len() >= before);
            go.send(()).unwrap();
        };
        tokio::join!(push_slowly(&server, &slow, ops, written, may_go), reading);
    }
    while finished.load(Ordering::SeqCst) < WRITERS {
        let reply = reader.page(37).await;
        reader.take(reply, 37);
    }
    reader.pull_by(37).await;
    let mut all = held_up;
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    assert_eq!(all.len(), (WRITERS * ROUNDS + SLOW) * 5);
    for op in &all {
        assert_eq!(reader.ops.get(&op.id()), Some(&1), "each entry once");
    }
    assert!(reader.ops.values().all(|times| *times == 1));
    drop(second);
    let found = gridbook_server::keep::check(&server.config.db, &server.blobs()).await.unwrap();
    assert_eq!(found, [], "the sequence has no holes");
}
