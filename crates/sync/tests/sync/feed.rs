//! Pages of the feed: what comes, what comes again, what must go.

use std::collections::BTreeSet;

use gridbook_log::{DeviceId, EntityId, Op, WireOp};
use gridbook_sync::driver::identity;
use gridbook_sync::store::Table;
use gridbook_sync::wire::{Entry, Verdict};

use super::support::*;

const SECRET: &str = "not-for-these-eyes-7731";

fn other() -> Other {
    Other::new(DeviceId([5; 8]))
}

#[test]
fn operations_come_in_any_order_and_more_than_once() {
    let mut other = other();
    let ops = [
        other.write(&create(id(1), "11", "a")),
        other.write(&set(id(1), "name", "b")),
        other.write(&set(id(1), "name", "c")),
    ];
    let (store, env, tab) = device();
    let first = apply(&tab, &env, &page("1", entries([&ops[2], &ops[2], &ops[1]])));
    assert_eq!((first.new, first.changed.as_slice(), first.unreadable), (2, &[id(1)][..], 0));
    assert_eq!(tab.rows()[&id(1)].summary, "c");
    assert_eq!(entity(&tab, id(1)).have().holes().len(), 1);
    let log = store.len(Table::Log);
    assert_eq!(apply(&tab, &env, &page("2", entries([&ops[1], &ops[2]]))).new, 0);
    assert_eq!(store.len(Table::Log), log, "what is held is not written again");
    assert_eq!(tab.meta().cursor, "2");
    assert_eq!(apply(&tab, &env, &page("3", entries(&ops))).new, 1);
    for tab in [&tab, &open(&store, &env)] {
        let entity = entity(tab, id(1));
        assert!(entity.have().holes().is_empty());
        assert_eq!(entity.creation().unwrap().user, "u2");
        assert_eq!(
            entity.to_snapshot(),
            gridbook_log::Entity::fold(id(1), Some(AUTHORITY), &ops).to_snapshot()
        );
    }
}

#[test]
fn an_entry_that_cannot_be_read_blocks_nothing() {
    let mut other = other();
    let good = other.write(&create(id(1), "11", "a"));
    let wire = good.to_wire();
    let long = WireOp { g: Some("x".repeat(100_000)), ..wire.clone() };
    let mut entries = entries([&good]);
    for bad in [WireOp { h: "gb9 nonsense".to_owned(), ..wire.clone() }, WireOp { s: None, ..wire }, long] {
        entries.insert(0, Entry::Op { op: bad, at: NOON });
    }
    let poison = self::poison(&mut other);
    entries.push(Entry::Op { op: poison.to_wire(), at: NOON });
    let (store, env, tab) = device();
    let pulled = apply(&tab, &env, &page("1", entries));
    assert_eq!((pulled.new, pulled.unreadable), (2, 3));
    for tab in [&tab, &open(&store, &env)] {
        assert_eq!(entity(tab, id(1)).quarantine(), [poison.dot()]);
        assert_eq!(entity(tab, id(1)).text("name"), Some("a"));
    }
    save(&tab, &env, set(id(1), "name", "b"));
    assert_eq!(entity(&open(&store, &env), id(1)).text("name"), Some("b"));
}

/// An operation whose body does not fit its kind.
fn poison(other: &mut Other) -> Op {
    let good = other.write(&set(id(1), "x", 1));
    let wire = WireOp { b: Some("{\"set\":7}".to_owned()), ..good.to_wire() };
    Op::from_wire(wire).unwrap()
}

#[test]
fn a_fork_is_decided_the_same_way_in_one_page_or_two() {
    let mut other = other();
    let made = other.write(&create(id(1), "11", "a"));
    let (mut one, mut two) = (self::other(), self::other());
    one.take(&made);
    two.take(&made);
    let forks =
        [one.write_salted(&set(id(1), "name", "one"), 1), two.write_salted(&set(id(1), "name", "two"), 2)];
    assert_eq!(forks[0].id(), forks[1].id());
    let fold = gridbook_log::Entity::fold(id(1), Some(AUTHORITY), [&made, &forks[0], &forks[1]]);
    let shapes: [&[&[&Op]]; 4] = [
        &[&[&made, &forks[0], &forks[1]]],
        &[&[&made, &forks[1], &forks[0]]],
        &[&[&made, &forks[0]], &[&forks[1]]],
        &[&[&made, &forks[1]], &[&forks[0]]],
    ];
    for shape in shapes {
        let (store, env, tab) = device();
        for (n, ops) in shape.iter().enumerate() {
            apply(&tab, &env, &page(&n.to_string(), entries(ops.iter().copied())));
        }
        for tab in [&tab, &open(&store, &env)] {
            assert_eq!(entity(tab, id(1)).to_snapshot(), fold.to_snapshot());
        }
    }
}

/// A device with our own and foreign records in shared log rows, the secret in some of them.
fn mixed() -> (std::rc::Rc<gridbook_sync::memory::MemoryStore>, TestEnv, Tab) {
    let (store, env, tab) = device();
    let mut other = other();
    let batch = [
        create(id(1), "11", "mine"),
        create(id(2), "11", SECRET),
        set(id(1), "name", "mine still"),
        create(id(3), "11", "third"),
        set(id(2), "note", SECRET),
    ];
    run(tab.save(&env, &batch, &[], &[])).unwrap();
    let theirs: Vec<Op> =
        (10..13).map(|n| other.write(&create(id(n), "11", &format!("{SECRET} {n}")))).collect();
    apply(&tab, &env, &page("1", entries(&theirs)));
    // Enough for pages: the summaries are packed.
    let many: Vec<_> = (0u8..100)
        .map(|n| create(EntityId([n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]), "11", "bulk"))
        .collect();
    let renamed = [set(id(2), "name", format!("{SECRET} again"))];
    run(tab.save(&env, &[&many[..], &renamed].concat(), &[], &[])).unwrap();
    (store, env, tab)
}

#[test]
fn what_leaves_leaves_no_bytes_behind() {
    let (store, env, tab) = mixed();
    run(tab.apply_results(&answer(&tab, Verdict::Ok, None), NOON)).unwrap();
    let found = traces(&store, SECRET);
    assert!(found.contains(&Table::Log) && found.contains(&Table::Pages), "{found:?}");
    let before = tab.rows().clone();
    let leave = |n| Entry::Leave { e: id(n) };
    let gone = [2, 10, 11, 12];
    let pulled = apply(&tab, &env, &page("2", gone.map(leave).to_vec()));
    for n in gone {
        assert!(pulled.changed.contains(&id(n)));
    }
    assert_eq!(traces(&store, SECRET), [], "nothing of it on the device");
    for tab in [&tab, &open(&store, &env)] {
        assert_eq!(tab.rows().len(), before.len() - gone.len());
        assert!(run(tab.entity(id(2))).unwrap().is_none());
        // What shared rows with it is where it was.
        assert_eq!(entity(tab, id(1)).text("name"), Some("mine still"));
        assert_eq!(entity(tab, id(3)).text("name"), Some("third"));
        for (id, row) in tab.rows().iter() {
            assert_eq!((&row.summary, row.unsent), (&before[id].summary, 0));
        }
    }
    let everyone: Vec<EntityId> = tab.rows().keys().copied().collect();
    let again = open(&store, &env);
    for id in everyone {
        assert!(entity(&again, id).creation().is_some(), "{id}");
    }
    assert!(identity(&tab).echo, "our own operations in it must come back if it does");
    apply(&tab, &env, &page("3", Vec::new()));
    assert!(!identity(&tab).echo);
}

#[test]
fn what_leaves_with_unsent_work_waits_for_it() {
    let (store, env, tab) = mixed();
    apply(&tab, &env, &page("2", vec![Entry::Leave { e: id(2) }]));
    for tab in [&tab, &open(&store, &env)] {
        assert!(!tab.rows()[&id(2)].visible());
        assert_eq!(tab.rows()[&id(2)].unsent, 3);
    }
    let waiting = run(tab.outbox(&BTreeSet::new(), 1000, usize::MAX)).unwrap().ops;
    assert_eq!(waiting.iter().filter(|op| op.h.contains(&id(2).to_string())).count(), 3);
    apply(&tab, &env, &page("3", Vec::new()));
    assert!(tab.rows().contains_key(&id(2)), "still unsent");
    run(tab.apply_results(&answer(&tab, Verdict::Ok, None), NOON)).unwrap();
    let pulled = apply(&tab, &env, &page("4", Vec::new()));
    assert_eq!(pulled.changed.iter().filter(|e| !tab.rows().contains_key(e)).count(), 1);
    assert!(!tab.rows().contains_key(&id(2)));
    apply(&tab, &env, &page("5", [10, 11, 12].map(|n| Entry::Leave { e: id(n) }).to_vec()));
    assert_eq!(traces(&store, SECRET), []);
}

/// The right is gone: the backend keeps the words for whoever decides, and nothing of the record stays on the device.
#[test]
fn what_is_kept_for_review_is_final_and_leaves_no_bytes_behind() {
    for told in [true, false] {
        let (store, env, tab) = mixed();
        // The answer may come before the feed says that it is gone.
        if told {
            apply(&tab, &env, &page("2", vec![Entry::Leave { e: id(2) }]));
        }
        let mut results = answer(&tab, Verdict::Ok, None);
        let ours = |r: &gridbook_sync::wire::PushResult| r.id.is_some_and(|at| at.entity == id(2));
        for result in results.iter_mut().filter(|r| ours(r)) {
            result.code = Some("review".to_owned());
        }
        assert_eq!(results.iter().filter(|r| ours(r)).count(), 3);
        let changed = run(tab.apply_results(&results, NOON)).unwrap();
        assert!(changed.contains(&id(2)));
        for tab in [&tab, &open(&store, &env)] {
            assert!(!tab.rows().contains_key(&id(2)));
            assert_eq!((tab.unsent().waiting, tab.unsent().held), (0, 0));
            assert_eq!(run(tab.reviewed()).unwrap(), 3, "the person is still to be told");
            assert!(identity(tab).echo);
        }
        run(tab.apply_results(&results, NOON)).unwrap();
        assert_eq!(run(open(&store, &env).reviewed()).unwrap(), 3, "an answer that comes twice counts once");
        run(tab.forget_reviewed()).unwrap();
        assert_eq!(run(tab.reviewed()).unwrap(), 0);
        apply(&tab, &env, &page("5", [10, 11, 12].map(|n| Entry::Leave { e: id(n) }).to_vec()));
        assert_eq!(traces(&store, SECRET), []);
    }
}

/// A backend of before refused it and kept nothing: the row could neither go nor be seen.
#[test]
fn what_stood_refused_in_what_left_is_sent_once_more() {
    let (store, env, tab) = mixed();
    let mut results = answer(&tab, Verdict::Ok, None);
    for result in results.iter_mut().filter(|r| r.id.is_some_and(|at| at.entity == id(2))) {
        (result.r, result.code) = (Verdict::Refuse, Some("foreign_entity".to_owned()));
    }
    run(tab.apply_results(&results, NOON)).unwrap();
    assert_eq!((tab.unsent().waiting, tab.unsent().held), (0, 3));
    assert_eq!(open(&store, &env).unsent().held, 3, "as long as it is seen a person decides");
    apply(&tab, &env, &page("2", vec![Entry::Leave { e: id(2) }]));
    let again = open(&store, &env);
    assert_eq!((again.unsent().waiting, again.unsent().held), (3, 0));
    assert_eq!(again.unkept(&BTreeSet::new()), 3);
    let ids = run(again.outbox(&BTreeSet::new(), 10, usize::MAX)).unwrap().ids;
    assert_eq!(again.unkept(&ids.into_iter().collect()), 0);
    run(again.apply_results(&answer(&again, Verdict::Ok, Some("review")), NOON)).unwrap();
    assert!(!again.rows().contains_key(&id(2)));
}

#[test]
fn what_comes_back_before_it_went_stays() {
    let (_, env, tab) = mixed();
    apply(&tab, &env, &page("2", vec![Entry::Leave { e: id(2) }]));
    let ours: Vec<Op> = run(tab.outbox(&BTreeSet::new(), 1000, usize::MAX))
        .unwrap()
        .ops
        .into_iter()
        .map(|op| Op::from_wire(op).unwrap())
        .filter(|op| op.entity() == id(2))
        .collect();
    let mut back = vec![Entry::Enter { e: id(2) }];
    back.extend(entries(&ours));
    apply(&tab, &env, &page("3", back));
    assert!(tab.rows()[&id(2)].visible());
    run(tab.apply_results(&answer(&tab, Verdict::Ok, None), NOON)).unwrap();
    apply(&tab, &env, &page("4", Vec::new()));
    assert_eq!(entity(&tab, id(2)).have().len(), 3);
    // In one page: what entered last counts.
    let mut both = vec![Entry::Leave { e: id(2) }, Entry::Enter { e: id(2) }];
    both.extend(entries(&ours));
    apply(&tab, &env, &page("5", both));
    assert_eq!(entity(&tab, id(2)).have().len(), 3);
    assert!(tab.rows()[&id(2)].visible());
    let mut left = entries(&ours);
    left.push(Entry::Leave { e: id(2) });
    apply(&tab, &env, &page("6", left));
    assert!(!tab.rows().contains_key(&id(2)));
}

#[test]
fn numbers_used_in_what_left_are_not_used_again_when_it_returns() {
    let (store, env, tab) = mixed();
    let mut other = other();
    let ours: Vec<Op> = run(tab.outbox(&BTreeSet::new(), 1000, usize::MAX))
        .unwrap()
        .ops
        .into_iter()
        .map(|op| Op::from_wire(op).unwrap())
        .filter(|op| op.entity() == id(2))
        .collect();
    ours.iter().for_each(|op| other.take(op));
    let theirs = other.write(&set(id(2), "note", "theirs"));
    run(tab.apply_results(&answer(&tab, Verdict::Ok, None), NOON)).unwrap();
    apply(&tab, &env, &page("2", vec![Entry::Leave { e: id(2) }]));
    // Only part of it has come back: our own are still on the way.
    let tab = open(&store, &env);
    apply(&tab, &env, &page("3", [vec![Entry::Enter { e: id(2) }], entries([&ours[0], &theirs])].concat()));
    let dot = save(&tab, &env, set(id(2), "name", "new"));
    assert_eq!(dot.n, 4);
    apply(&tab, &env, &page("4", entries(&ours)));
    assert!(entity(&tab, id(2)).have().holes().is_empty());
    assert_eq!(entity(&tab, id(2)).text("name"), Some("new"));
}
