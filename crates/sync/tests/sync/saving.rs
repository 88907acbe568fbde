//! Saved means on the device, wholly; a save that failed has left nothing behind.

use std::collections::BTreeSet;

use std::cell::Cell;
use std::rc::Rc;

use gridbook_log::EntityId;
use gridbook_sync::memory::{Fault, FaultKind, MemoryStore};
use gridbook_sync::replica::{NewBlob, Replica, ReplicaError};
use gridbook_sync::store::{Batch, Store, StoreError, Table};
use serde_json::json;

use super::support::*;

#[test]
fn what_was_saved_is_read_back_now_and_after_a_restart() {
    let (store, env, tab) = device();
    assert_eq!(save(&tab, &env, create(id(1), "11", "张三")).n, 1);
    assert_eq!(save(&tab, &env, set(id(1), "phone", "139")).n, 2);
    let both = [set(id(1), "name", "李四"), create(id(2), "12", "王五"), set(id(2), "name", "赵六")];
    let saved = run(tab.save(&env, &both, &[], &[])).unwrap();
    assert_eq!(saved.ops.iter().map(|op| op.dot.n).collect::<Vec<_>>(), [3, 1, 2]);
    for tab in [&tab, &open(&store, &env)] {
        assert_eq!(entity(tab, id(1)).get("phone"), Some(&json!("139")));
        assert_eq!(entity(tab, id(1)).text("name"), Some("李四"));
        assert_eq!(entity(tab, id(2)).text("name"), Some("赵六"));
        assert_eq!(tab.rows()[&id(2)].summary, "赵六");
        assert_eq!(tab.rows()[&id(1)].unsent, 3);
        assert_eq!((tab.unsent().waiting, tab.unsent().oldest_ms), (5, Some(NOON)));
        assert!(run(tab.entity(id(3))).unwrap().is_none());
    }
}

#[test]
fn a_full_device_leaves_nothing_behind() {
    for fault in [FaultKind::Quota, FaultKind::Lost] {
        let (store, env, tab) = device();
        save(&tab, &env, create(id(1), "11", "张三"));
        let (disk, meta, rows, unsent) = (dump(&store), tab.meta().clone(), tab.rows().clone(), tab.unsent());
        let before = entity(&tab, id(1));
        store.fail_next(Fault::Before(fault));
        let writes = [set(id(1), "name", "李四"), create(id(2), "11", "王五")];
        let photo = NewBlob { sha256: "ab".repeat(32), bytes: Some(vec![1, 2, 3]) };
        let error = run(tab.save(&env, &writes, &[photo], &["draft".to_owned()])).unwrap_err();
        assert!(matches!(error, ReplicaError::Store(StoreError::Quota | StoreError::Lost(_))), "{error:?}");
        assert_eq!(dump(&store), disk);
        assert_eq!(*tab.meta(), meta);
        assert_eq!(*tab.rows(), rows);
        assert_eq!(tab.unsent(), unsent);
        assert_eq!(entity(&tab, id(1)), before);
        // When there is room again, it goes on with the next number.
        assert_eq!(save(&tab, &env, set(id(1), "name", "李四")).n, 2);
    }
}

#[test]
fn one_draft_saved_from_two_tabs_with_other_words_loses_neither() {
    let (store, env, one) = device();
    let two = open(&store, &env);
    save(&one, &env, create(id(1), "11", "张三"));
    let dot = save(&two, &env, create(id(1), "11", "张三丰"));
    assert_eq!(dot.n, 2, "not taken for the first save");
    let record = entity(&two, id(1));
    assert_eq!(record.text("name"), Some("张三丰"));
    let history: Vec<_> = record.register("name").unwrap().writes.iter().map(|w| w.value.clone()).collect();
    assert_eq!(history, [json!("张三"), json!("张三丰")]);
    assert_eq!(two.unsent().waiting, 2);
}

#[test]
fn a_creation_saved_again_because_the_answer_was_lost_is_one_entity() {
    for restarted in [false, true] {
        let (store, env, mut tab) = device();
        store.fail_next(Fault::After);
        let write = create(id(1), "11", "张三");
        let lost = run(tab.save(&env, std::slice::from_ref(&write), &[], &[]));
        assert!(matches!(lost, Err(ReplicaError::Store(StoreError::Lost(_)))));
        if restarted {
            tab = open(&store, &env);
        }
        let dot = save(&tab, &env, write.clone());
        assert_eq!(dot.n, 1);
        assert_eq!(save(&tab, &env, write), dot);
        assert_eq!(entity(&tab, id(1)).have().len(), 1);
        assert_eq!((tab.rows().len(), tab.rows()[&id(1)].unsent), (1, 1));
        assert_eq!(run(tab.outbox(&BTreeSet::new(), 10, usize::MAX)).unwrap().ops.len(), 1);
        assert_eq!(save(&tab, &env, set(id(1), "name", "李四")).n, 2);
    }
}

#[test]
fn photos_and_the_end_of_the_draft_are_in_the_same_write() {
    let (store, env, tab) = device();
    let (here, there) = ("ab".repeat(32), "cd".repeat(32));
    let mut batch = Batch::default();
    batch.put(Table::Draft, "d1", vec![1]);
    batch.put(Table::Draft, "d2", vec![2]);
    batch.put(Table::Blob, there.clone(), vec![9]);
    run(store.commit(batch)).unwrap();
    let blobs = [
        NewBlob { sha256: here.clone(), bytes: Some(vec![1, 2, 3]) },
        NewBlob { sha256: there.clone(), bytes: None },
    ];
    run(tab.save(&env, &[create(id(1), "11", "x")], &blobs, &["d1".to_owned()])).unwrap();
    assert_eq!(run(store.get(Table::Draft, "d1")).unwrap(), None);
    assert_eq!(run(store.get(Table::Draft, "d2")).unwrap(), Some(vec![2]));
    assert_eq!(run(store.get(Table::Blob, &here)).unwrap(), Some(vec![1, 2, 3]));
    assert_eq!(run(store.get(Table::Blob, &there)).unwrap(), Some(vec![9]));
    for name in [here, there] {
        assert!(run(store.get(Table::BlobQueue, &name)).unwrap().is_some());
    }
}

#[test]
fn an_entity_that_is_not_here_cannot_be_edited() {
    let (store, env, tab) = device();
    let disk = dump(&store);
    let writes = [create(id(1), "11", "x"), set(id(2), "name", "y")];
    assert_eq!(run(tab.save(&env, &writes, &[], &[])), Err(ReplicaError::Unknown));
    assert_eq!(dump(&store), disk);
    assert!(tab.rows().is_empty());
}

#[test]
fn a_body_too_long_is_refused_whole() {
    let (store, env, tab) = device();
    let disk = dump(&store);
    let long = "x".repeat(gridbook_log::op::MAX_BODY);
    let error = run(tab.save(&env, &[create(id(1), "11", "x"), create(id(2), "11", &long)], &[], &[]));
    assert!(matches!(error, Err(ReplicaError::Op(_))), "{error:?}");
    assert_eq!(dump(&store), disk);
}

#[test]
fn the_clock_goes_on_from_where_it_was_after_a_restart_in_the_past() {
    let (store, env, tab) = device();
    save(&tab, &env, create(id(1), "11", "x"));
    let before = entity(&tab, id(1)).ops().next().unwrap().2;
    env.now.set(NOON - 86_400_000);
    let tab = open(&store, &env);
    save(&tab, &env, set(id(1), "name", "y"));
    let times: Vec<_> = entity(&tab, id(1)).ops().map(|(_, _, hlc, _)| hlc).collect();
    assert_eq!(times[0], before);
    assert!(times[1] > before);
}

/// Memory that gives way at every step, as a browser does.
struct Slow {
    inner: MemoryStore,
    commits: Cell<usize>,
}

impl Store for Slow {
    async fn get(&self, table: Table, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        give_way().await;
        let row = self.inner.get(table, key).await;
        give_way().await;
        row
    }

    async fn scan(
        &self,
        table: Table,
        after: &str,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        give_way().await;
        self.inner.scan(table, after, limit).await
    }

    async fn tables(&self, tables: &[Table]) -> Result<Vec<Vec<(String, Vec<u8>)>>, StoreError> {
        give_way().await;
        let rows = self.inner.tables(tables).await;
        give_way().await;
        rows
    }

    async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        give_way().await;
        self.commits.set(self.commits.get() + 1);
        let done = self.inner.commit(batch).await;
        give_way().await;
        done
    }
}

#[test]
fn saves_at_the_same_time_in_three_tabs_never_use_a_number_twice() {
    let store = Rc::new(Slow { inner: MemoryStore::default(), commits: Cell::new(0) });
    let envs = [TestEnv::new(1), TestEnv::new(2), TestEnv::new(3)];
    let tabs = run(together(envs.iter().map(|env| Replica::open(store.clone(), Shown, env, "u1")).collect()));
    let tabs: Vec<_> = tabs.into_iter().map(Result::unwrap).collect();
    assert!(tabs.iter().all(|tab| tab.meta().writer == tabs[0].meta().writer), "one device, one identity");
    run(tabs[0].save(&envs[0], &[create(id(1), "11", "x")], &[], &[])).unwrap();
    let saves = (0..30).map(|i| {
        let (tab, env) = (&tabs[i % 3], &envs[i % 3]);
        let write = if i % 5 == 4 {
            create(EntityId([100 + u8::try_from(i).unwrap(); 16]), "11", "new")
        } else {
            set(id(1), "name", i.to_string())
        };
        async move {
            tab.refresh().await.unwrap();
            tab.save(env, &[write], &[], &[]).await.unwrap().ops[0]
        }
    });
    let mut ops = run(together(saves.collect()));
    ops.sort();
    ops.dedup();
    assert_eq!(ops.len(), 30);
    assert!(store.commits.get() > 32, "some came second and computed again");
    for tab in &tabs {
        run(tab.refresh()).unwrap();
        let entity = run(tab.entity(id(1))).unwrap().unwrap();
        assert_eq!((entity.have().len(), entity.have().holes()), (25, Vec::new()));
        assert_eq!(tab.rows().len(), 7);
        assert_eq!(tab.unsent().waiting, 31);
    }
}
