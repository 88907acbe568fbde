//! A store whose rows were damaged, and the data package.

use gridbook_domain::package::Package;
use gridbook_domain::summary::Summary;
use gridbook_log::Entity;
use gridbook_sync::env;
use gridbook_sync::memory::MemoryStore;
use gridbook_sync::replica::{Project, Replica, SendAgain};
use gridbook_sync::store::{Batch, Store, Table, scan_all};
use gridbook_sync::wire::{Entry, PullReply};

use super::Target;
use super::log::{ops, wires};

/// Polls a future that only touches memory.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => unreachable!("memory never waits"),
    }
}

pub struct Env;

impl env::Env for Env {
    fn now_ms(&self) -> u64 {
        1_770_000_000_000
    }

    fn random(&self, bytes: &mut [u8]) {
        bytes.fill(6);
    }
}

/// The app's own rows.
pub struct Texts;

impl Project for Texts {
    type Summary = Option<Summary>;

    fn summary(&self, entity: &Entity) -> Self::Summary {
        Summary::of(entity, Package::builtin())
    }
}

pub fn replica<S: Store>(store: S) -> Replica<S, Texts> {
    now(Replica::open(store, Texts, &Env, "ann")).unwrap()
}

/// All tables of a device that holds a stream.
fn whole() -> Vec<(Table, String, Vec<u8>)> {
    let tab = replica(MemoryStore::default());
    let entries = wires().into_iter().map(|op| Entry::Op { op, at: 1 }).collect();
    let page = PullReply { entries, cursor: "c".to_owned(), more: false };
    now(tab.apply_page(&Env, "", page, "h1", None)).unwrap();
    now(tab.start_over(SendAgain::Everything)).unwrap();
    let mut rows = Vec::new();
    for table in Table::ALL {
        for (key, bytes) in now(scan_all(tab.store(), table)).unwrap() {
            rows.push((table, key, bytes));
        }
    }
    rows
}

/// The `number`th row is replaced by these bytes; the device starts, looks, sends, takes a page, starts anew.
fn damaged_row(bytes: &[u8], number: u64) {
    let mut rows = whole();
    let at = number as usize % rows.len();
    rows[at].2 = bytes.to_vec();
    let store = MemoryStore::default();
    now(store.commit(Batch { puts: rows, ..Batch::default() })).unwrap();
    let Ok(tab) = now(Replica::open(store, Texts, &Env, "ann")) else { return };
    let _ = now(tab.refresh());
    let id = ops()[0].entity();
    let _ = now(tab.entity(id));
    let _ = now(tab.outbox(&std::collections::BTreeSet::new(), 100, 100_000));
    let _ = now(tab.all_ops());
    let _ = now(tab.renew_summaries("another"));
    let leave = PullReply { entries: vec![Entry::Leave { e: id }], cursor: "d".to_owned(), more: false };
    let from = tab.meta().cursor.clone();
    let _ = now(tab.apply_page(&Env, &from, leave, "h1", None));
    let _ = now(tab.start_over(SendAgain::Own));
    let _ = now(tab.renew(&Env));
}

fn package(bytes: &[u8], _: u64) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(package) = Package::from_json(text) {
        let again = Package::from_json(&package.to_json().unwrap()).unwrap();
        assert_eq!(again.checksum(), package.checksum());
    }
}

pub fn targets() -> Vec<Target> {
    let rows = whole().into_iter().map(|(_, _, bytes)| bytes).collect();
    let json = Package::builtin().to_json().unwrap().into_bytes();
    vec![
        Target { name: "damaged_row", seeds: rows, run: damaged_row },
        Target { name: "package", seeds: vec![json], run: package },
    ]
}
