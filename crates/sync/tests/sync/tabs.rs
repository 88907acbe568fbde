//! Two tabs on one database.

use std::collections::BTreeSet;

use std::rc::Rc;

use gridbook_sync::memory::{Fault, FaultKind, MemoryStore};
use gridbook_sync::store::Table;
use gridbook_sync::wire::Verdict;

use super::support::*;

fn two() -> (Rc<MemoryStore>, TestEnv, Tab, Tab) {
    let (store, env, one) = device();
    let two = open(&store, &env);
    (store, env, one, two)
}

#[track_caller]
fn agree(one: &Tab, two: &Tab) {
    run(one.refresh()).unwrap();
    run(two.refresh()).unwrap();
    assert_eq!(*one.meta(), *two.meta());
    assert_eq!(*one.rows(), *two.rows());
    assert_eq!(one.unsent(), two.unsent());
    let ids: Vec<_> = one.rows().keys().copied().collect();
    for id in ids {
        assert_eq!(entity(one, id).to_snapshot(), entity(two, id).to_snapshot());
    }
}

#[test]
fn saving_in_turn_uses_every_number_once() {
    let (_, env, one, two) = two();
    save(&one, &env, create(id(1), "11", "x"));
    for n in 2..=60 {
        let tab = if n % 2 == 0 { &two } else { &one };
        assert_eq!(save(tab, &env, set(id(1), "name", n.to_string())).n, n);
    }
    agree(&one, &two);
    assert_eq!(entity(&one, id(1)).text("name"), Some("60"));
    assert!(!entity(&one, id(1)).register("name").unwrap().conflict(), "each had seen the one before");
}

#[test]
fn a_refresh_tells_what_changed() {
    let (_, env, one, two) = two();
    assert_eq!(run(two.refresh()).unwrap(), Some(Vec::new()));
    save(&one, &env, create(id(2), "11", "b"));
    save(&one, &env, create(id(1), "11", "a"));
    save(&one, &env, set(id(2), "name", "c"));
    assert!(two.rows().is_empty());
    assert_eq!(run(two.refresh()).unwrap(), Some(vec![id(1), id(2)]));
    assert_eq!(two.rows()[&id(2)].summary, "c");
    agree(&one, &two);
}

#[test]
fn a_tab_far_behind_reads_everything() {
    for (saves, all) in [(64, false), (65, true), (200, true)] {
        let (_, env, one, two) = two();
        for n in 0..saves {
            save(&one, &env, create(id(n), "11", &n.to_string()));
        }
        assert_eq!(run(two.refresh()).unwrap().is_none(), all, "{saves} behind");
        agree(&one, &two);
    }
    // Also when it finds out by coming second.
    let (_, env, one, two) = two();
    save(&one, &env, create(id(1), "11", "x"));
    for n in 0..100 {
        save(&one, &env, set(id(1), "name", n));
    }
    assert_eq!(save(&two, &env, create(id(2), "11", "y")).n, 1);
    run(two.refresh()).unwrap();
    assert_eq!(save(&two, &env, set(id(1), "name", "z")).n, 102);
    agree(&one, &two);
}

#[test]
fn the_journal_stays_short() {
    let (store, env, one, _) = two();
    save(&one, &env, create(id(1), "11", "x"));
    for n in 0..150 {
        save(&one, &env, set(id(1), "name", n));
    }
    assert!(store.len(Table::Journal) <= 65, "{}", store.len(Table::Journal));
}

#[test]
fn results_pages_and_purges_reach_the_other_tab() {
    let (_, env, one, two) = two();
    let three: Vec<_> = (1..=3).map(|n| create(id(n), "11", "x")).collect();
    run(one.save(&env, &three, &[], &[])).unwrap();
    run(two.refresh()).unwrap();
    let ok = answer(&two, Verdict::Ok, None);
    run(two.apply_results(&ok, NOON + 5)).unwrap();
    agree(&one, &two);
    assert_eq!(one.unsent().waiting, 0);
    assert_eq!(one.rows()[&id(1)].sent_at, Some(NOON + 5));
    let leave = gridbook_sync::wire::Entry::Leave { e: id(2) };
    apply(&one, &env, &page("1", vec![leave]));
    assert_eq!(
        run(two.refresh()).unwrap(),
        Some(vec![id(1), id(2), id(3)]),
        "those that moved in the log, too"
    );
    agree(&one, &two);
    assert!(!two.rows().contains_key(&id(2)));
    // Numbers used there stay used.
    assert_eq!(save(&two, &env, create(id(2), "11", "again")).n, 2);
    agree(&one, &two);
}

#[test]
fn the_same_results_twice_change_nothing() {
    let (store, env, one, two) = two();
    save(&one, &env, create(id(1), "11", "x"));
    run(two.refresh()).unwrap();
    let ok = answer(&one, Verdict::Ok, None);
    assert_eq!(run(one.apply_results(&ok, NOON)).unwrap(), [id(1)]);
    let disk = dump(&store);
    assert_eq!(run(one.apply_results(&ok, NOON + 1)).unwrap(), []);
    assert_eq!(run(two.apply_results(&ok, NOON + 2)).unwrap(), []);
    assert_eq!(dump(&store), disk);
    agree(&one, &two);
}

#[test]
fn a_page_overtaken_by_the_other_tab_is_thrown_away() {
    let (store, env, one, two) = two();
    let mut other = Other::new(gridbook_log::DeviceId([5; 8]));
    let made = other.write(&create(id(1), "11", "x"));
    let reply = page("7", entries([&made]));
    assert_eq!(apply(&one, &env, &reply).new, 1);
    let disk = dump(&store);
    // It still stands at the beginning, and comes second.
    let late = run(two.apply_page(&env, "", reply, "h", Some(AUTHORITY))).unwrap();
    assert_eq!(late, gridbook_sync::replica::Pulled::default());
    assert_eq!(dump(&store), disk);
    agree(&one, &two);
}

#[test]
fn the_authority_is_known_to_both_as_soon_as_one_knows_it() {
    let (_, env, one, two) = two();
    let mut authority = Other::new(AUTHORITY);
    save(&one, &env, create(id(1), "11", "x"));
    run(two.refresh()).unwrap();
    assert_eq!(entity(&two, id(1)).authority(), None);
    let outbox = run(one.outbox(&BTreeSet::new(), 1, usize::MAX)).unwrap();
    let op = gridbook_log::Op::from_wire(outbox.ops[0].clone()).unwrap();
    authority.take(&op);
    let number =
        gridbook_log::Body::Number(gridbook_log::body::Number { number: "[2026] 1".to_owned(), paper: None });
    let number = authority.write(&gridbook_sync::replica::NewWrite { entity: id(1), body: number });
    // The other tab writes in between, so that the first comes second and reads meta without the authority.
    save(&two, &env, create(id(2), "11", "y"));
    apply(&one, &env, &page("1", entries([&number])));
    assert_eq!(entity(&one, id(1)).number(), Some("[2026] 1"));
    agree(&one, &two);
    assert_eq!(entity(&two, id(1)).number(), Some("[2026] 1"));
}

#[test]
fn a_page_or_result_that_cannot_be_written_comes_again() {
    let (store, env, one, _) = two();
    save(&one, &env, create(id(1), "11", "x"));
    let mut other = Other::new(gridbook_log::DeviceId([5; 8]));
    let reply = page("7", entries([&other.write(&create(id(2), "11", "y"))]));
    let (disk, unsent) = (dump(&store), one.unsent());
    store.fail_next(Fault::Before(FaultKind::Quota));
    assert!(run(one.apply_page(&env, "", reply.clone(), "h", Some(AUTHORITY))).is_err());
    store.fail_next(Fault::Before(FaultKind::Quota));
    assert!(run(one.apply_results(&answer(&one, Verdict::Ok, None), NOON)).is_err());
    assert_eq!(dump(&store), disk);
    assert_eq!((one.unsent(), one.meta().cursor.as_str()), (unsent, ""));
    assert_eq!(apply(&one, &env, &reply).new, 1);
    assert_eq!(one.meta().cursor, "7");
}
