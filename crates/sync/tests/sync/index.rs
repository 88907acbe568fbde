//! The index: loose rows, packed pages, and a quick start with many records.

use std::collections::BTreeSet;

use gridbook_log::EntityId;
use gridbook_sync::replica::{NewWrite, Row};
use gridbook_sync::store::Table;
use gridbook_sync::wire::{Entry, Verdict};

use super::support::*;

fn number(n: u32) -> EntityId {
    EntityId::new(u64::from(n), [3; 10])
}

#[test]
fn a_packed_index_says_what_the_loose_rows_said() {
    let (store, env, tab) = device();
    for n in 0..300 {
        save(&tab, &env, create(number(n), "11", &format!("n{n}")));
    }
    for n in 0..50 {
        save(&tab, &env, set(number(n), "name", "changed"));
    }
    let ok: Vec<_> = answer(&tab, Verdict::Ok, None).into_iter().take(100).collect();
    run(tab.apply_results(&ok, NOON)).unwrap();
    let leave = Entry::Leave { e: number(7) };
    run(tab.apply_results(&answer(&tab, Verdict::Ok, None), NOON)).unwrap();
    apply(&tab, &env, &page("1", vec![leave]));
    let (before, unsent) = (tab.rows().clone(), tab.unsent());
    assert!(!before.contains_key(&number(7)));

    let packed = open(&store, &env);
    assert_eq!(*packed.rows(), before);
    assert_eq!(packed.unsent(), unsent);
    assert_eq!(store.len(Table::Rows), 1, "only the mark of what was purged");
    assert!(store.len(Table::Pages) > 0);

    // Rows changed since lie beside the pages and win; the mark still holds the numbers used.
    save(&packed, &env, set(number(3), "name", "later"));
    assert_eq!(save(&packed, &env, create(number(7), "11", "back")).n, 3);
    let before = packed.rows().clone();
    let again = open(&store, &env);
    assert_eq!(*again.rows(), before);
    assert_eq!(again.rows()[&number(3)].summary, "later");
    assert_eq!(entity(&again, number(3)).text("name"), Some("later"));
    assert_eq!(entity(&again, number(7)).have().len(), 1);
}

#[test]
fn many_rows_in_one_save_go_to_pages_at_once() {
    let (store, env, tab) = device();
    let writes: Vec<NewWrite> = (0..1200).map(|n| create(number(n), "11", &format!("n{n}"))).collect();
    run(tab.save(&env, &writes, &[], &[])).unwrap();
    assert_eq!((store.len(Table::Rows), store.len(Table::Pages)), (0, 3));
    assert_eq!(store.len(Table::Log), 3, "packed by 500");
    let again = open(&store, &env);
    assert_eq!(*again.rows(), *tab.rows());
    assert_eq!(entity(&again, number(777)).text("name"), Some("n777"));
    assert_eq!(again.unsent().waiting, 1200);
}

#[test]
fn ten_thousand_records_saved_one_by_one_open_quickly() {
    let (store, env, tab) = device();
    for n in 0..10_000 {
        save(&tab, &env, create(number(n), "11", "张三"));
    }
    // Twice: with ten thousand loose rows, and packed.
    for round in 0..2 {
        let start = std::time::Instant::now();
        let again = open(&store, &env);
        let time = start.elapsed();
        assert_eq!((again.rows().len(), again.unsent().waiting), (10_000, 10_000));
        assert_eq!(store.len(Table::Rows), 0);
        assert!(time.as_secs() < 10, "round {round} took {time:?} without optimisation");
    }
    let again = open(&store, &env);
    let all = run(again.outbox(&BTreeSet::new(), usize::MAX - 1, usize::MAX)).unwrap().ids;
    let most = all[..9_990].iter().copied().collect();
    assert_eq!(run(again.outbox(&most, 500, usize::MAX)).unwrap().ops.len(), 10);
    assert_eq!(entity(&again, number(9_999)).text("name"), Some("张三"));
    assert!(again.rows().values().all(Row::visible));
}
