//! IndexedDB in a real browser: the suite every store must pass, and what only a database can do wrong.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;

use gridbook_log::{Body, Create, Entity, EntityId, body};
use gridbook_sync::env::Env;
use gridbook_sync::replica::{NewWrite, Project, Replica, ReplicaError};
use gridbook_sync::store::{Batch, Durability, Store, StoreError, Table, VERSION_KEY, scan_all, suite};
use indexed_db_futures::database::Database;
use serde_json::json;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

use super::{IdbStore, SCHEMA};
use crate::platform::BrowserEnv;

wasm_bindgen_test_configure!(run_in_browser);

/// A name no other test and no earlier run has used.
fn fresh(name: &str) -> String {
    format!("test-{name}-{}", EntityId::new(BrowserEnv.now_ms(), BrowserEnv.random_array()))
}

async fn open(name: &str) -> IdbStore {
    IdbStore::open(name).await.unwrap()
}

fn row(key: &str, value: &[u8]) -> Batch {
    let mut batch = Batch::default();
    batch.put(Table::App, key, value.to_vec());
    batch
}

fn next(expect: u64) -> Batch {
    let mut batch = Batch { expect: Some(expect), ..Batch::default() };
    batch.put(Table::Meta, VERSION_KEY, (expect + 1).to_le_bytes().to_vec());
    batch
}

struct Name;

impl Project for Name {
    type Summary = String;

    fn summary(&self, entity: &Entity) -> String {
        entity.text("name").unwrap_or("").to_owned()
    }
}

async fn replica(name: &str) -> Replica<IdbStore, Name> {
    Replica::open(open(name).await, Name, &BrowserEnv, "u1").await.unwrap()
}

fn create(n: u8) -> NewWrite {
    let set = [("name".to_owned(), json!(format!("n{n}")))].into();
    let create = Create { type_: "visit".to_owned(), set, ..Create::default() };
    NewWrite { entity: EntityId([n; 16]), body: Body::Create(create) }
}

fn edit(n: u8, value: usize) -> NewWrite {
    let set = body::Set { set: [("note".to_owned(), json!(value))].into(), blobs: Vec::new() };
    NewWrite { entity: EntityId([n; 16]), body: Body::Set(set) }
}

#[wasm_bindgen_test]
async fn what_was_removed_is_gone_and_is_not_made_anew_by_who_comes_late() {
    let name = fresh("removed");
    let store = open(&name).await;
    let late = store.clone();
    let elsewhere = open(&name).await;
    store.commit(row("words", b"secret")).await.unwrap();
    store.remove().await.unwrap();
    assert!(matches!(late.get(Table::App, "words").await, Err(StoreError::Lost(_))));
    assert!(matches!(late.commit(row("words", b"late")).await, Err(StoreError::Lost(_))));
    assert_eq!(elsewhere.get(Table::App, "words").await.unwrap(), None);
}

#[wasm_bindgen_test]
async fn indexed_db_is_a_store() {
    suite::all(async |name| open(&fresh(name)).await).await;
}

#[wasm_bindgen_test]
async fn what_was_written_is_there_when_opened_again() {
    let name = fresh("again");
    let store = open(&name).await;
    store.commit(row("strict", b"1")).await.unwrap();
    store.commit(Batch { durability: Durability::Relaxed, ..row("relaxed", b"2") }).await.unwrap();
    drop(store);
    let store = open(&name).await;
    assert_eq!(store.get(Table::App, "strict").await, Ok(Some(b"1".to_vec())));
    assert_eq!(store.get(Table::App, "relaxed").await, Ok(Some(b"2".to_vec())));
    let other = open(&fresh("again")).await;
    assert_eq!(other.get(Table::App, "strict").await, Ok(None), "another account is another database");
}

#[wasm_bindgen_test]
async fn two_handles_on_one_database_race_as_one() {
    let name = fresh("two");
    let (one, two) = (open(&name).await, open(&name).await);
    for version in 0..20 {
        let (first, second) = if version % 2 == 0 { (&one, &two) } else { (&two, &one) };
        assert_eq!(first.commit(next(version)).await, Ok(()));
        assert_eq!(second.commit(next(version)).await, Err(StoreError::Raced));
        let mut lost = next(version);
        lost.put(Table::App, "lost", vec![1]);
        lost.delete(Table::App, "kept");
        assert_eq!(second.commit(lost).await, Err(StoreError::Raced));
        first.commit(row("kept", &[1])).await.unwrap();
        assert_eq!(second.get(Table::App, "kept").await, Ok(Some(vec![1])));
        assert_eq!(first.get(Table::App, "lost").await, Ok(None));
    }
}

#[wasm_bindgen_test]
async fn a_handle_makes_way_for_a_newer_app_and_says_that_it_is_gone() {
    let name = fresh("upgrade");
    let store = open(&name).await;
    store.commit(row("a", b"1")).await.unwrap();
    // Waits for ever if the handle above does not close.
    let newer = Database::open(name.as_str()).with_version(SCHEMA + 1).await.unwrap();
    assert!(newer.object_store_names().any(|table| table == Table::App.name()));
    // An old app must not write into the newer one's database.
    let gone = store.commit(row("a", b"2")).await;
    assert!(matches!(gone, Err(StoreError::Lost(_))), "{gone:?}");
    let gone = store.get(Table::App, "a").await;
    assert!(matches!(gone, Err(StoreError::Lost(_))), "{gone:?}");
    newer.close();
}

#[wasm_bindgen_test]
async fn a_handle_at_work_makes_way_too() {
    let name = fresh("busy");
    let store = open(&name).await;
    let busy = store.clone();
    let (told, end) = (std::rc::Rc::new(std::cell::Cell::new(0u32)), fresh("end"));
    let count = told.clone();
    wasm_bindgen_futures::spawn_local(async move {
        while busy.commit(row(&end, b"1")).await.is_ok() {
            count.set(count.get() + 1);
        }
    });
    while told.get() < 3 {
        store.get(Table::App, "a").await.unwrap();
    }
    // A write is under way at any moment; it ends, and then nobody holds the old version.
    let newer = Database::open(name.as_str()).with_version(SCHEMA + 1).await.unwrap();
    assert!(told.get() >= 3);
    newer.close();
}

#[wasm_bindgen_test]
async fn a_dropped_connection_is_opened_again() {
    let name = fresh("dropped");
    let store = open(&name).await;
    store.commit(row("a", b"1")).await.unwrap();
    // What a browser does that clears or repairs its storage.
    let database = store.database().await.unwrap();
    Database::clone(&database).close();
    store.commit(row("b", b"2")).await.unwrap();
    let database = store.database().await.unwrap();
    Database::clone(&database).close();
    assert_eq!(store.get(Table::App, "a").await, Ok(Some(b"1".to_vec())));
    let database = store.database().await.unwrap();
    Database::clone(&database).close();
    assert_eq!(scan_all(&store, Table::App).await.map(|rows| rows.len()), Ok(2));
}

#[wasm_bindgen_test]
async fn a_replica_saves_and_reads_back_after_a_restart() {
    let name = fresh("replica");
    let tab = replica(&name).await;
    let writes: Vec<NewWrite> = (0..200).map(create).collect();
    tab.save(&BrowserEnv, &writes, &[], &[]).await.unwrap();
    for n in 0..20 {
        tab.save(&BrowserEnv, &[edit(n, 7)], &[], &[]).await.unwrap();
    }
    let missing = tab.save(&BrowserEnv, &[edit(250, 1)], &[], &[]).await;
    assert_eq!(missing, Err(ReplicaError::Unknown));
    let again = replica(&name).await;
    assert_eq!(*again.rows(), *tab.rows());
    assert_eq!((again.rows().len(), again.unsent()), (200, tab.unsent()));
    let entity = again.entity(EntityId([3; 16])).await.unwrap().unwrap();
    assert_eq!((entity.text("name"), entity.get("note")), (Some("n3"), Some(&json!(7))));
    assert_eq!(again.outbox(&BTreeSet::new(), 500, usize::MAX).await.unwrap().ops.len(), 220);
}

#[wasm_bindgen_test]
async fn two_tabs_saving_in_turn_use_every_number_once() {
    let name = fresh("tabs");
    let (one, two) = (replica(&name).await, replica(&name).await);
    one.save(&BrowserEnv, &[create(1)], &[], &[]).await.unwrap();
    for n in 2..=40 {
        let tab = if n % 2 == 0 { &two } else { &one };
        let saved = tab.save(&BrowserEnv, &[edit(1, n)], &[], &[]).await.unwrap();
        assert_eq!(saved.ops[0].dot.n as usize, n);
    }
    one.refresh().await.unwrap();
    two.refresh().await.unwrap();
    assert_eq!(*one.meta(), *two.meta());
    let entity = one.entity(EntityId([1; 16])).await.unwrap().unwrap();
    assert_eq!((entity.get("note"), entity.have().len()), (Some(&json!(40)), 40));
    assert!(!entity.register("note").unwrap().conflict());
}
