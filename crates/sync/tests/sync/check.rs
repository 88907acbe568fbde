//! Comparing with the backend, and mending what differs.

use std::rc::Rc;

use gridbook_sync::driver::Driver;
use gridbook_sync::engine::{Checked, Input};
use gridbook_sync::memory::MemoryStore;
use gridbook_sync::store::{Batch, Store, Table, scan_all};

use super::renew::{Backend, sync};
use super::support::*;

#[track_caller]
fn check(tab: &Tab, env: &TestEnv, backend: &Backend) -> Option<Checked> {
    let driver = Driver::new(tab);
    run(driver.run(tab, backend, env, Input::Check, |_| ())).unwrap();
    assert_eq!(driver.with_engine(|e| e.trouble().cloned()), None);
    driver.with_engine(|e| e.checked())
}

/// A device with records in two places, all of them delivered.
fn delivered(backend: &Backend) -> (Rc<MemoryStore>, TestEnv, Tab) {
    let (store, env, tab) = device();
    for n in 1..=6 {
        save(&tab, &env, create(id(n), if n % 2 == 0 { "11" } else { "12" }, "x"));
        sync(&tab, &env, backend);
        save(&tab, &env, set(id(n), "name", "y"));
        sync(&tab, &env, backend);
    }
    (store, env, tab)
}

fn lose(store: &MemoryStore, table: Table, at: usize) {
    let mut batch = Batch::default();
    batch.delete(table, run(scan_all(store, table)).unwrap().remove(at).0);
    run(store.commit(batch)).unwrap();
}

#[track_caller]
fn whole(tab: &Tab, backend: &Backend) {
    let model = backend.0.borrow();
    let ids: Vec<_> = tab.rows().keys().copied().collect();
    assert!(ids.iter().eq(model.entities().keys()));
    for id in ids {
        assert_eq!(entity(tab, id).to_snapshot(), model.entities()[&id].to_snapshot());
    }
}

#[test]
fn what_holds_the_same_is_left_alone() {
    let backend = Backend::new();
    let (store, env, tab) = delivered(&backend);
    let before = dump(&store);
    assert_eq!(check(&tab, &env, &backend), Some(Checked::Same));
    let after = dump(&store);
    let of = |dump: &std::collections::BTreeMap<(Table, String), Vec<u8>>, table| {
        dump.iter().filter(|((t, _), _)| *t == table).map(|(_, v)| v.clone()).collect::<Vec<_>>()
    };
    for table in [Table::Log, Table::Pend, Table::Pages, Table::Rows] {
        assert_eq!(of(&before, table), of(&after, table), "{table:?}");
    }
}

#[test]
fn any_row_that_gets_lost_is_made_again() {
    for table in [Table::Log, Table::Rows] {
        let rows = run(scan_all(&delivered(&Backend::new()).0, table)).unwrap().len();
        assert!(rows > 5, "{table:?}");
        for at in 0..rows {
            let backend = Backend::new();
            let (store, env, tab) = delivered(&backend);
            drop(tab);
            lose(&store, table, at);
            let tab = open(&store, &env);
            assert_eq!(check(&tab, &env, &backend), Some(Checked::Mended), "{table:?} {at}");
            whole(&tab, &backend);
            // The next save finds its number free, here and there.
            save(&tab, &env, set(id(1), "name", "z"));
            sync(&tab, &env, &backend);
            whole(&tab, &backend);
        }
    }
}

#[test]
fn what_the_backend_passed_over_comes_after_all() {
    let backend = Backend::new();
    let (_, env, tab) = delivered(&backend);
    save(&tab, &env, set(id(1), "name", "z"));
    backend.0.borrow().skip_one();
    sync(&tab, &env, &backend);
    assert_ne!(entity(&tab, id(1)).have(), backend.0.borrow().entities()[&id(1)].have(), "its receipt");
    assert_eq!(check(&tab, &env, &backend), Some(Checked::Mended));
    whole(&tab, &backend);
}

#[test]
fn what_the_backend_lost_is_sent_once_more() {
    let backend = Backend::new();
    let (store, env, tab) = device();
    save(&tab, &env, create(id(1), "11", "x"));
    sync(&tab, &env, &backend);
    // Under its old name it knows nothing any more.
    *backend.0.borrow_mut() = Backend::new().0.into_inner();
    assert_eq!(check(&tab, &env, &backend), Some(Checked::Mended));
    whole(&tab, &backend);
    assert_eq!(store.len(Table::Pend), 0);
}

#[test]
fn the_outbox_is_no_part_of_it() {
    let backend = Backend::new();
    let (store, env, tab) = delivered(&backend);
    // The backend will not have this one, and never gets that one: a person has to settle it.
    save(&tab, &env, create(id(9), "11", "held"));
    let refused = gridbook_sync::wire::PushResult {
        id: tab_ids(&tab).pop(),
        r: gridbook_sync::wire::Verdict::Refuse,
        code: Some("foreign_entity".to_owned()),
    };
    run(tab.apply_results(&[refused], NOON)).unwrap();
    let before = dump(&store).into_iter().filter(|((t, _), _)| *t == Table::Pend).collect::<Vec<_>>();
    assert_eq!(before.len(), 1);
    assert_eq!(check(&tab, &env, &backend), Some(Checked::Same));
    drop(tab);
    lose(&store, Table::Log, 0);
    let tab = open(&store, &env);
    assert_eq!(check(&tab, &env, &backend), Some(Checked::Mended));
    let after = dump(&store).into_iter().filter(|((t, _), _)| *t == Table::Pend).collect::<Vec<_>>();
    assert_eq!(before, after);
    assert_eq!(tab.unsent().held, 1);
}

fn tab_ids(tab: &Tab) -> Vec<gridbook_log::OpId> {
    run(tab.outbox(&std::collections::BTreeSet::new(), 100, 100_000)).unwrap().ids
}
