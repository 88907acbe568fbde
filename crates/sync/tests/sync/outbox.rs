//! What is unsent: in order, in batches, with every answer a backend can give.

use std::collections::BTreeSet;

use gridbook_log::Op;
use gridbook_sync::replica::{Outbox, SendAgain};
use gridbook_sync::wire::{PushResult, Verdict};

use super::support::*;

fn numbers(outbox: &Outbox) -> Vec<u32> {
    outbox.ops.iter().map(|op| Op::from_wire(op.clone()).unwrap().dot().n).collect()
}

#[test]
fn operations_leave_in_the_order_they_were_saved() {
    let (store, env, tab) = device();
    save(&tab, &env, create(id(1), "11", "x"));
    for n in 0..9 {
        save(&tab, &env, set(id(1), "name", n));
    }
    for tab in [&tab, &open(&store, &env)] {
        let all = run(tab.outbox(&BTreeSet::new(), 100, usize::MAX)).unwrap();
        assert_eq!((numbers(&all), all.more), ((1..=10).collect(), false));
        let first = |n: usize| all.ids[..n].iter().copied().collect();
        let some = run(tab.outbox(&first(3), 4, usize::MAX)).unwrap();
        assert_eq!((numbers(&some), some.more), (vec![4, 5, 6, 7], true));
        let last = run(tab.outbox(&first(8), 2, usize::MAX)).unwrap();
        assert_eq!((numbers(&last), last.more), (vec![9, 10], false));
        assert_eq!(run(tab.outbox(&first(10), 4, usize::MAX)).unwrap(), Outbox::default());
        // One always goes, however small the room; more only if they fit.
        let one = run(tab.outbox(&BTreeSet::new(), 100, 1)).unwrap();
        assert_eq!((numbers(&one), one.more), (vec![1], true));
        let bytes =
            serde_json::to_vec(&run(tab.outbox(&BTreeSet::new(), 100, 2000)).unwrap().ops).unwrap().len();
        assert!((500..2000).contains(&bytes), "{bytes}");
    }
}

#[test]
fn every_verdict_leaves_its_mark() {
    use Verdict::{Defer, Dup, Ok, Refuse, Reject};
    // Verdict, still waiting, held, delivered, code shown.
    let table = [
        (Ok, 0, 0, true, None),
        (Dup, 0, 0, true, None),
        (Reject, 0, 0, true, Some("rule")),
        (Refuse, 0, 1, false, Some("rule")),
        (Defer, 1, 0, false, None),
    ];
    for (verdict, waiting, held, sent, code) in table {
        let (store, env, tab) = device();
        save(&tab, &env, create(id(1), "11", "x"));
        let results = answer(&tab, verdict, Some("rule"));
        run(tab.apply_results(&results, NOON + 9)).unwrap();
        for tab in [&tab, &open(&store, &env)] {
            let unsent = tab.unsent();
            assert_eq!((unsent.waiting, unsent.held), (waiting, held), "{verdict:?}");
            let rows = tab.rows();
            let row = &rows[&id(1)];
            assert_eq!(row.unsent as usize, waiting + held, "{verdict:?}");
            assert_eq!(row.sent_at, sent.then_some(NOON + 9), "{verdict:?}");
            assert_eq!(row.refused.as_deref(), code, "{verdict:?}");
        }
        assert_eq!(run(tab.outbox(&BTreeSet::new(), 10, usize::MAX)).unwrap().ops.len(), waiting);
        // The next save is the answer to a refusal.
        save(&tab, &env, set(id(1), "name", "y"));
        assert_eq!(tab.rows()[&id(1)].refused, None);
    }
}

#[test]
fn answers_for_what_is_not_here_are_passed_over() {
    let (store, env, tab) = device();
    save(&tab, &env, create(id(1), "11", "x"));
    let disk = dump(&store);
    let mut strange = answer(&tab, Verdict::Ok, None);
    strange[0].id.as_mut().unwrap().entity = id(9);
    strange.push(PushResult { id: None, r: Verdict::Refuse, code: None });
    assert_eq!(run(tab.apply_results(&strange, NOON)).unwrap(), []);
    assert_eq!(dump(&store), disk);
    assert_eq!(tab.unsent().waiting, 1);
}

#[test]
fn a_refused_operation_is_held_until_a_person_sends_it_again() {
    let (store, env, tab) = device();
    let other = open(&store, &env);
    save(&tab, &env, create(id(1), "11", "x"));
    save(&tab, &env, create(id(2), "11", "y"));
    let mut results = answer(&tab, Verdict::Ok, None);
    let unseen = Some("foreign_entity".to_owned());
    results[0] = PushResult { r: Verdict::Refuse, code: unseen, ..results[0].clone() };
    run(tab.apply_results(&results, NOON)).unwrap();
    assert_eq!((tab.unsent().waiting, tab.unsent().held), (0, 1));
    assert_eq!([1, 2].map(|n| tab.is_held(id(n))), [true, false]);
    assert_eq!(run(tab.outbox(&BTreeSet::new(), 10, usize::MAX)).unwrap(), Outbox::default());
    let refused = tab.rows()[&id(1)].refused.clone();
    assert_eq!(refused.as_deref(), Some("foreign_entity"));
    assert_eq!(open(&store, &env).unsent().held, 1);

    // The other tab has written meanwhile: coming second is no reason to fail.
    save(&other, &env, create(id(3), "11", "z"));
    run(tab.release_held(Some(id(3)))).unwrap();
    assert_eq!((tab.unsent().waiting, tab.unsent().held), (0, 1), "of another record nothing was asked");
    run(tab.release_held(Some(id(1)))).unwrap();
    assert_eq!((tab.unsent().waiting, tab.unsent().held), (2, 0));
    assert_eq!(tab.rows()[&id(1)].refused, None);
    let outbox = run(tab.outbox(&BTreeSet::new(), 10, usize::MAX)).unwrap();
    assert_eq!(Op::from_wire(outbox.ops[0].clone()).unwrap().entity(), id(1));
    run(tab.apply_results(&answer(&tab, Verdict::Ok, None), NOON + 1)).unwrap();
    assert_eq!((tab.unsent().waiting, tab.rows()[&id(1)].sent_at), (0, Some(NOON + 1)));
    run(other.refresh()).unwrap();
    assert_eq!(*other.rows(), *tab.rows());
    assert_eq!(*open(&store, &env).rows(), *tab.rows());
    // With nothing held there is nothing to write.
    let disk = dump(&store);
    run(tab.release_held(None)).unwrap();
    assert_eq!(dump(&store), disk);
}

#[test]
fn what_needs_a_new_name_is_not_for_a_person_to_send_again() {
    let (store, env, tab) = device();
    save(&tab, &env, create(id(1), "11", "x"));
    let mut results = answer(&tab, Verdict::Ok, None);
    results[0] = PushResult { r: Verdict::Refuse, code: Some("clone".to_owned()), ..results[0].clone() };
    run(tab.apply_results(&results, NOON)).unwrap();
    let disk = dump(&store);
    run(tab.release_held(None)).unwrap();
    assert_eq!(dump(&store), disk);
    assert!(tab.named_twice() && !tab.is_held(id(1)), "the next round takes a new name");
}

#[test]
fn forgetting_the_position_keeps_everything_else() {
    let (store, env, tab) = device();
    save(&tab, &env, create(id(1), "11", "x"));
    apply(&tab, &env, &page("5", Vec::new()));
    let (rows, unsent) = (tab.rows().clone(), tab.unsent());
    run(tab.start_over(SendAgain::Nothing)).unwrap();
    for tab in [&tab, &open(&store, &env)] {
        assert_eq!((tab.meta().cursor.as_str(), tab.meta().history.as_str()), ("", ""));
        assert_eq!((tab.rows().clone(), tab.unsent()), (rows.clone(), unsent));
        assert_eq!(tab.meta().authority, Some(AUTHORITY));
    }
}

#[test]
fn a_restored_backend_is_sent_everything_again_once() {
    let (store, env, tab) = device();
    for n in 1..=3 {
        save(&tab, &env, create(id(n), "11", "x"));
    }
    let all = run(tab.outbox(&BTreeSet::new(), 10, usize::MAX)).unwrap().ops;
    run(tab.apply_results(&answer(&tab, Verdict::Ok, None), NOON)).unwrap();
    // One of the three is refused and held, one waits, and a stranger's operation came from the feed.
    let mut stranger = Other::new(gridbook_log::DeviceId([7; 8]));
    let theirs = stranger.write(&create(id(9), "11", "z"));
    apply(&tab, &env, &page("5", entries([&theirs])));
    save(&tab, &env, create(id(4), "11", "y"));
    assert_eq!(tab.unsent().waiting, 1);
    run(tab.start_over(SendAgain::Own)).unwrap();
    for tab in [&tab, &open(&store, &env)] {
        assert_eq!((tab.meta().cursor.as_str(), tab.meta().history.as_str()), ("", ""));
        assert_eq!(tab.unsent().waiting, 4, "three again, one for the first time; nothing of others");
        let again = run(tab.outbox(&BTreeSet::new(), 10, usize::MAX)).unwrap().ops;
        assert_eq!(again[..3], all[..]);
        assert!((1..=4).all(|n| tab.rows()[&id(n)].unsent == 1));
    }
    // A second time adds nothing.
    run(tab.start_over(SendAgain::Own)).unwrap();
    assert_eq!(tab.unsent().waiting, 4);
    run(tab.apply_results(&answer(&tab, Verdict::Dup, None), NOON)).unwrap();
    assert_eq!(tab.unsent().waiting, 0);
    assert_eq!(*open(&store, &env).rows(), *tab.rows());
}

#[test]
fn a_backend_without_accounts_gets_everything_that_is_held_here() {
    let (store, env, tab) = device();
    save(&tab, &env, create(id(1), "11", "x"));
    run(tab.apply_results(&answer(&tab, Verdict::Ok, None), NOON)).unwrap();
    let mut stranger = Other::new(gridbook_log::DeviceId([7; 8]));
    let theirs = [stranger.write(&create(id(9), "11", "z")), stranger.write(&set(id(9), "name", "zz"))];
    apply(&tab, &env, &page("5", entries(&theirs)));
    run(tab.start_over(SendAgain::Everything)).unwrap();
    for tab in [&tab, &open(&store, &env)] {
        assert_eq!(tab.unsent().waiting, 3);
        assert_eq!(tab.rows()[&id(9)].unsent, 2);
        let sent = run(tab.outbox(&BTreeSet::new(), 10, usize::MAX)).unwrap().ops;
        assert!(theirs.iter().all(|op| sent.contains(&op.to_wire())), "byte for byte");
    }
    run(tab.apply_results(&answer(&tab, Verdict::Ok, None), NOON)).unwrap();
    assert_eq!(tab.unsent().waiting, 0);
    // It can be purged like anything else.
    let leave = gridbook_sync::wire::Entry::Leave { e: id(9) };
    apply(&tab, &env, &page("6", vec![leave]));
    assert!(!tab.rows().contains_key(&id(9)));
}
