//! A device's name is used twice: its database was copied, or put back from an older copy.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use gridbook_log::{DeviceId, Dot, Fingerprint, Op, OpId};
use gridbook_sync::driver::{Driver, Http};
use gridbook_sync::engine::{Input, Request, Response};
use gridbook_sync::memory::{Fault, FaultKind, MemoryStore};
use gridbook_sync::model::Model;
use gridbook_sync::replica::{NewWrite, SendAgain};
use gridbook_sync::store::{Batch, Store, Table, scan_all};
use gridbook_sync::wire::{Entry, FpReply, PushResult, Verdict};

use super::support::*;

/// The model as a backend of one account.
pub struct Backend(pub RefCell<Model>);

impl Backend {
    pub fn new() -> Self {
        let mut model = Model::default();
        model.grant("u1", BTreeSet::from(["1".to_owned()]));
        Self(RefCell::new(model))
    }
}

impl Http for Backend {
    async fn send(&self, request: &Request, _: Option<Vec<u8>>) -> Response {
        let mut model = self.0.borrow_mut();
        match request {
            Request::Caps => Response::Caps(model.caps(NOON)),
            Request::Push(push) => Response::Push(model.push("u1", push, NOON)),
            Request::Pull { cursor, limit, not } => match model.pull("u1", cursor, *limit, *not) {
                Ok(reply) => Response::Pull(reply),
                Err(status) => Response::Failed { status, code: String::new(), retry_after_ms: None },
            },
            Request::Snapshot { cursor, place } => match model.snapshot("u1", cursor, 2, place.as_deref()) {
                Ok(page) => Response::Snapshot(page),
                Err(status) => Response::Failed { status, code: String::new(), retry_after_ms: None },
            },
            Request::Fp { places } => Response::Fp(model.fingerprint("u1", *places)),
            _ => Response::Blob,
        }
    }
}

fn copy(store: &MemoryStore) -> Rc<MemoryStore> {
    let copied = MemoryStore::default();
    let mut batch = Batch::default();
    for ((table, key), bytes) in dump(store) {
        batch.put(table, key, bytes);
    }
    run(copied.commit(batch)).unwrap();
    Rc::new(copied)
}

#[track_caller]
pub fn sync(tab: &Tab, env: &TestEnv, backend: &Backend) {
    run(Driver::new(tab).run(tab, backend, env, Input::Wake, |_| ())).unwrap();
    assert_eq!(tab.unsent().waiting + tab.unsent().held, 0, "everything arrived");
}

#[track_caller]
fn same(one: &Tab, two: &Tab, backend: &Backend) {
    let model = backend.0.borrow();
    let ids: BTreeSet<_> = model.entities().keys().copied().collect();
    for tab in [one, two] {
        assert_eq!(tab.rows().keys().copied().collect::<BTreeSet<_>>(), ids);
        for id in &ids {
            assert_eq!(entity(tab, *id).to_snapshot(), model.entities()[id].to_snapshot());
        }
    }
}

#[test]
fn a_copied_device_takes_a_new_name_and_neither_loses_anything() {
    let (store, env, one) = device();
    let backend = Backend::new();
    save(&one, &env, create(id(1), "11", "a"));
    save(&one, &env, create(id(2), "11", "b"));
    sync(&one, &env, &backend);
    let twin_store = copy(&store);
    let twin_env = TestEnv::new(77);
    let twin = open(&twin_store, &twin_env);
    save(&one, &env, set(id(1), "name", "a by one"));
    save(&one, &env, create(id(3), "11", "by one"));
    save(&twin, &twin_env, set(id(1), "street", "a by the twin"));
    save(&twin, &twin_env, set(id(1), "street", "and again"));
    save(&twin, &twin_env, set(id(2), "name", "b by the twin"));
    let old = twin.meta().writer;
    sync(&one, &env, &backend);
    sync(&twin, &twin_env, &backend);
    assert_eq!(one.meta().writer, old, "who came first keeps the name");
    assert!(twin.meta().writer.epoch > old.epoch);
    assert_ne!(twin.meta().nonce, one.meta().nonce);
    save(&twin, &twin_env, set(id(3), "name", "still at work"));
    save(&twin, &twin_env, create(id(4), "11", "new"));
    sync(&twin, &twin_env, &backend);
    sync(&one, &env, &backend);
    same(&one, &twin, &backend);
    let first = entity(&one, id(1));
    assert_eq!((first.text("name"), first.text("street")), (Some("a by one"), Some("and again")));
    assert!(!first.register("street").unwrap().conflict(), "the second had seen the first");
    assert_eq!(entity(&one, id(2)).text("name"), Some("b by the twin"));
    assert_eq!(entity(&one, id(3)).text("name"), Some("still at work"));
    // What was written again is nowhere twice, and opening reads the same.
    let again = open(&twin_store, &twin_env);
    assert_eq!(*again.rows(), *twin.rows());
    assert_eq!(*again.meta(), *twin.meta());
}

#[test]
fn a_device_put_back_from_an_older_copy_gets_its_own_past_back() {
    let (store, env, one) = device();
    let backend = Backend::new();
    save(&one, &env, create(id(1), "11", "a"));
    sync(&one, &env, &backend);
    let older = copy(&store);
    save(&one, &env, set(id(1), "name", "later"));
    save(&one, &env, create(id(2), "11", "lost with the device"));
    sync(&one, &env, &backend);
    drop(one);
    let env = TestEnv::new(5);
    let back = open(&older, &env);
    save(&back, &env, set(id(1), "street", "after the accident"));
    sync(&back, &env, &backend);
    same(&back, &back, &backend);
    let first = entity(&back, id(1));
    assert_eq!((first.text("name"), first.text("street")), (Some("later"), Some("after the accident")));
    assert_eq!(entity(&back, id(2)).text("name"), Some("lost with the device"));
}

#[test]
fn a_renewal_that_fails_leaves_everything_as_it_was() {
    for fault in [Fault::Before(FaultKind::Quota), Fault::Before(FaultKind::Lost)] {
        let (store, env, tab) = device();
        save(&tab, &env, create(id(1), "11", "a"));
        let before = dump(&store);
        store.fail_next(fault);
        run(tab.renew(&env)).unwrap_err();
        assert_eq!(dump(&store), before);
        assert_eq!(tab.unsent().waiting, 1);
        run(tab.renew(&env)).unwrap();
        assert_eq!(tab.unsent().waiting, 1);
    }
}

#[test]
fn what_was_written_again_is_gone_without_trace_when_it_is_purged() {
    let (store, env, tab) = device();
    save(&tab, &env, create(id(1), "11", "secret name"));
    run(tab.renew(&env)).unwrap();
    let results = answer(&tab, gridbook_sync::wire::Verdict::Ok, None);
    run(tab.apply_results(&results, NOON)).unwrap();
    let leave = gridbook_sync::wire::Entry::Leave { e: id(1) };
    apply(&tab, &env, &page("1", vec![leave]));
    assert!(traces(&store, "secret name").is_empty());
    assert!(tab.rows().is_empty());
}

#[test]
fn what_came_back_into_view_stays_there_under_a_new_name() {
    let (store, env, tab) = device();
    let mut other = Other::new(gridbook_log::DeviceId([5; 8]));
    let made = other.write(&create(id(1), "11", "a"));
    let leave = || gridbook_sync::wire::Entry::Leave { e: id(1) };
    apply(&tab, &env, &page("1", entries([&made])));
    apply(&tab, &env, &page("2", vec![leave()]));
    let second = open(&store, &env);
    apply(&tab, &env, &page("3", entries([&made])));
    run(second.refresh()).unwrap();
    let third = open(&store, &env);
    for tab in [&tab, &second, &third] {
        run(tab.refresh()).unwrap();
        run(tab.renew(&env)).unwrap();
        assert!(open(&store, &env).rows().contains_key(&id(1)), "its mark of being gone is no longer true");
    }
    run(tab.refresh()).unwrap();
    apply(&tab, &env, &page("1", vec![leave()]));
    assert!(open(&store, &env).rows().is_empty());
}

fn waiting(tab: &Tab) -> Vec<gridbook_log::Dot> {
    let outbox = run(tab.outbox(&BTreeSet::new(), 1000, usize::MAX)).unwrap();
    outbox.ids.iter().map(|id| id.dot).collect()
}

#[test]
fn what_was_sent_keeps_its_name_when_a_share_makes_it_go_once_more() {
    let (store, env, tab) = device();
    let old = [save(&tab, &env, create(id(1), "11", "a")), save(&tab, &env, set(id(1), "name", "b"))];
    let results = answer(&tab, gridbook_sync::wire::Verdict::Ok, None);
    run(tab.apply_results(&results, NOON)).unwrap();
    run(tab.renew_at(&env, true)).unwrap();
    assert_eq!(waiting(&tab), old);
    // A reader may have found this one at the share before the twin wrote over it: it goes under both names.
    let third = save(&tab, &env, set(id(1), "name", "c"));
    run(tab.renew_at(&env, true)).unwrap();
    let new = gridbook_log::Dot { writer: tab.meta().writer, n: 1 };
    assert_eq!(waiting(&tab), [old[0], old[1], third, new]);
    for tab in [&tab, &open(&store, &env)] {
        let entity = entity(tab, id(1));
        assert_eq!((entity.have().len(), entity.text("name")), (4, Some("c")));
        assert_eq!(entity.register("name").unwrap().writes.len(), 3, "and was entered once");
        assert_eq!((tab.rows()[&id(1)].unsent, waiting(tab).len()), (4, 4));
    }
    let again = save(&tab, &env, set(id(1), "name", "d"));
    assert_eq!(again.n, 2);
}

#[test]
fn what_comes_under_an_older_name_where_nobody_signs_is_kept_and_counts_once() {
    let (_, env, tab) = device();
    save(&tab, &env, create(id(1), "11", "a"));
    let made = Op::from_wire(run(tab.all_ops()).unwrap().remove(0)).unwrap();
    let results = answer(&tab, gridbook_sync::wire::Verdict::Ok, None);
    run(tab.apply_results(&results, NOON)).unwrap();
    let ours = save(&tab, &env, set(id(1), "street", "ours"));
    let wire = run(tab.all_ops()).unwrap().remove(1);
    let hash = *Op::from_wire(wire).unwrap().hash();
    // Of two under one name the one with the lower hash keeps it.
    let twin = |salt| {
        let mut twin = Other::twin(&tab);
        twin.take(&made);
        twin.write_salted(&set(id(1), "name", "the twin's"), salt)
    };
    let theirs = (0..=255).map(twin).find(|op| *op.hash() < hash).unwrap();
    assert_eq!(theirs.dot(), ours);
    run(tab.renew_at(&env, true)).unwrap();
    // Nobody signs here: what comes under an older name of ours is ours to be kept, whoever wrote it.
    assert!(apply(&tab, &env, &page("1", entries([&theirs]))).named_twice);
    run(tab.renew_at(&env, true)).unwrap();
    let entity = entity(&tab, id(1));
    assert!(entity.get("street").is_some() && entity.get("name").is_some(), "neither is lost");
    // The creation gave a name, too.
    for (path, writes) in [("street", 1), ("name", 2)] {
        assert_eq!(
            entity.register(path).unwrap().writes.len(),
            writes,
            "{path} was entered once more than was said"
        );
    }
}

#[test]
fn what_had_arrived_under_the_old_name_stands_once() {
    let (_, env, tab) = device();
    let backend = Backend::new();
    save(&tab, &env, create(id(1), "11", "a"));
    let event =
        gridbook_log::Event { event: "remark".to_owned(), table: 1, ..gridbook_log::Event::default() };
    save(&tab, &env, NewWrite { entity: id(1), body: gridbook_log::Body::Event(event) });
    // It arrives, and nobody hears of it.
    let outbox = run(tab.outbox(&BTreeSet::new(), 1000, usize::MAX)).unwrap();
    let (writer, nonce) = (tab.meta().writer, tab.meta().nonce.clone());
    let push = gridbook_sync::wire::PushRequest { writer, nonce, now: NOON, ops: outbox.ops };
    backend.0.borrow_mut().push("u1", &push, NOON);
    run(tab.renew(&env)).unwrap();
    sync(&tab, &env, &backend);
    same(&tab, &tab, &backend);
    let entity = entity(&tab, id(1));
    assert!(entity.have().len() > 4, "it is there under both names");
    assert_eq!(entity.timeline().len(), 1);
    assert_eq!(entity.register("name").unwrap().writes.len(), 1);
}

#[test]
fn two_that_wait_under_one_name_get_a_number_each() {
    let (_, env, tab) = device();
    let mut twin = Other::twin(&tab);
    save(&tab, &env, create(id(1), "11", "a"));
    let made = run(tab.all_ops()).unwrap().remove(0);
    save(&tab, &env, set(id(1), "street", "ours"));
    let ours = Op::from_wire(run(tab.all_ops()).unwrap().remove(1)).unwrap();
    let results = answer(&tab, gridbook_sync::wire::Verdict::Ok, None);
    run(tab.apply_results(&results, NOON)).unwrap();
    twin.take(&Op::from_wire(made).unwrap());
    let write = set(id(1), "name", "the twin's");
    let theirs = twin.write(&write);
    assert_eq!(theirs.dot(), ours.dot());
    assert!(apply(&tab, &env, &page("1", entries([&theirs]))).named_twice);
    run(tab.start_over(SendAgain::Own)).unwrap();
    // Which of the two keeps the name depends on their hashes; the other may be held until there is a new one.
    assert!(waiting(&tab).len() >= 2);
    run(tab.renew(&env)).unwrap();
    let writer = tab.meta().writer;
    assert_eq!(waiting(&tab), [1, 2, 3].map(|n| gridbook_log::Dot { writer, n }));
    let entity = entity(&tab, id(1));
    assert!(entity.have().holes().is_empty());
    assert_eq!((entity.text("street"), entity.text("name")), (Some("ours"), Some("the twin's")));
}

#[test]
fn two_tabs_take_one_new_name() {
    let (store, env, one) = device();
    let two = open(&store, &env);
    save(&one, &env, create(id(1), "11", "a"));
    run(two.refresh()).unwrap();
    run(one.renew(&env)).unwrap();
    let name = one.meta().writer;
    run(two.renew(&env)).unwrap();
    assert_eq!(two.meta().writer, name);
    assert_eq!(save(&two, &env, set(id(1), "name", "b")).n, 2);
}

#[test]
fn of_two_that_were_sent_under_one_name_each_gets_its_own() {
    // Whichever of the two has the lower hash: a server may hold the other one.
    for salt in 0..16 {
        let (_, env, tab) = device();
        let mut twin = Other::twin(&tab);
        save(&tab, &env, create(id(1), "11", "a"));
        twin.take(&Op::from_wire(run(tab.all_ops()).unwrap().remove(0)).unwrap());
        let name = save(&tab, &env, set(id(1), "street", "ours"));
        let results = answer(&tab, gridbook_sync::wire::Verdict::Ok, None);
        run(tab.apply_results(&results, NOON)).unwrap();
        let theirs = twin.write_salted(&set(id(1), "name", "the twin's"), salt);
        assert_eq!(theirs.dot(), name);
        assert!(apply(&tab, &env, &page("1", entries([&theirs]))).named_twice);
        run(tab.renew_at(&env, true)).unwrap();
        let writer = tab.meta().writer;
        let fold = entity(&tab, id(1));
        let of = |path: &str| fold.register(path).unwrap().writes.len();
        assert_eq!(fold.have().upto(writer), 2, "both have a name of their own");
        assert_eq!((fold.text("street"), fold.text("name")), (Some("ours"), Some("the twin's")));
        assert_eq!((of("street"), of("name")), (1, 2), "and each counts once");
        // It is read once more, and nothing is left to be done.
        assert!(!apply(&tab, &env, &page("2", entries([&theirs]))).named_twice);
        assert_eq!(tab.meta().writer, writer);
    }
}

#[test]
fn a_save_before_the_new_name_does_not_hide_that_the_old_one_is_used_twice() {
    let (store, env, one) = device();
    let backend = Backend::new();
    save(&one, &env, create(id(1), "11", "a"));
    sync(&one, &env, &backend);
    let (twin_store, twin_env) = (copy(&store), TestEnv::new(77));
    let twin = open(&twin_store, &twin_env);
    save(&twin, &twin_env, set(id(1), "street", "by the twin"));
    sync(&twin, &twin_env, &backend);
    // The receipt tells of a number that was never used here; the tab dies before it takes a new name.
    let (old, from) = (one.meta().writer, one.meta().cursor.clone());
    let page = backend.0.borrow().pull("u1", &from, 100, Some(old)).unwrap();
    let pulled = run(one.apply_page(&env, &from, page, "model", Some(AUTHORITY))).unwrap();
    assert!(pulled.named_twice);
    drop(one);
    let one = open(&store, &env);
    let third = save(&one, &env, set(id(1), "name", "by one"));
    assert_eq!((third.writer, third.n), (old, 3), "behind the number that another has used");
    sync(&one, &env, &backend);
    assert!(one.meta().writer.epoch > old.epoch);
    sync(&twin, &twin_env, &backend);
    same(&one, &twin, &backend);
    assert_eq!(entity(&one, id(1)).text("street"), Some("by the twin"));
}

/// Everything a tab holds, read.
fn held(tab: &Tab) -> Vec<Op> {
    run(tab.all_ops()).unwrap().into_iter().map(|op| Op::from_wire(op).unwrap()).collect()
}

#[track_caller]
fn told(tab: &Tab, dot: Dot, r: Verdict, code: Option<&str>) {
    let id = Some(OpId { entity: id(1), dot });
    run(tab.apply_results(&[PushResult { id, r, code: code.map(str::to_owned) }], NOON)).unwrap();
}

#[test]
fn a_survey_before_the_new_name_does_not_hide_that_the_old_one_is_used_twice() {
    let (store, env, tab) = device();
    save(&tab, &env, create(id(1), "11", "a"));
    let made = held(&tab).remove(0);
    run(tab.apply_results(&answer(&tab, Verdict::Ok, None), NOON)).unwrap();
    let mut other = Other::new(DeviceId([5; 8]));
    other.take(&made);
    let edit = other.write(&set(id(1), "street", "b"));
    assert!(!apply(&tab, &env, &page("1", entries([&edit]))).named_twice);
    let mut twin = Other::new(tab.meta().writer.dev);
    twin.take(&made);
    let theirs = page("2", entries([&twin.write(&set(id(1), "name", "the twin's"))]));
    assert!(apply(&tab, &env, &theirs).named_twice);
    // The tab dies before it takes a new name, and the disk loses what the other device wrote.
    let mut lost = Batch::default();
    lost.delete(Table::Log, run(scan_all(&store, Table::Log)).unwrap().remove(1).0);
    run(store.commit(lost)).unwrap();
    let tab = open(&store, &env);
    let reply = FpReply { cursor: String::new(), fp: Fingerprint::default(), places: None };
    assert_eq!(run(tab.compare(&reply)).unwrap().mended, 1);
    assert!(apply(&tab, &env, &theirs).named_twice, "it is still to be seen");
}

#[test]
fn a_tab_that_dies_with_its_new_name_at_a_share_still_sends_what_was_sent_before() {
    let (store, env, tab) = device();
    let two = open(&store, &env);
    let old = [save(&tab, &env, create(id(1), "11", "a")), save(&tab, &env, create(id(2), "11", "b"))];
    run(tab.apply_results(&answer(&tab, Verdict::Ok, None), NOON)).unwrap();
    let third = save(&tab, &env, set(id(2), "name", "c"));
    run(two.refresh()).unwrap();
    store.fail_next(Fault::After);
    run(tab.renew_at(&env, true)).unwrap_err();
    let again = open(&store, &env);
    assert!(again.meta().writer.epoch > third.writer.epoch, "the name was taken");
    let new = Dot { writer: again.meta().writer, n: 1 };
    let all: BTreeSet<Dot> = [old[0], old[1], third, new].into();
    // The record of which nothing is written again, and the other one.
    assert_eq!(waiting(&again).into_iter().collect::<BTreeSet<_>>(), all);
    assert_eq!((again.rows()[&id(1)].unsent, again.rows()[&id(2)].unsent), (1, 3));
    // A tab that heard of it, too, does nothing more.
    let before = dump(&store);
    run(two.renew_at(&env, true)).unwrap();
    assert_eq!(dump(&store), before);
}

#[test]
fn what_has_lost_its_text_does_not_keep_the_rest_from_a_new_name() {
    let (_, env, tab) = device();
    save(&tab, &env, create(id(1), "11", "a"));
    let refused = save(&tab, &env, set(id(1), "street", "b"));
    let ops = held(&tab);
    run(tab.apply_results(&answer(&tab, Verdict::Ok, None), NOON)).unwrap();
    apply(&tab, &env, &page("1", vec![Entry::Leave { e: id(1) }]));
    // It comes into view again; what the server had refused it kept without the text.
    let back = [Entry::Enter { e: id(1) }].into_iter().chain(entries([&ops[0], &ops[1].erased()]));
    apply(&tab, &env, &page("2", back.collect()));
    let later = save(&tab, &env, set(id(1), "name", "c"));
    assert_eq!(later.n, 3);
    // A backup was put back there, and then the name is found to be used twice.
    run(tab.start_over(SendAgain::Own)).unwrap();
    run(tab.renew(&env)).unwrap();
    let writer = tab.meta().writer;
    assert!(writer.epoch > later.writer.epoch);
    let new = |n| Dot { writer, n };
    assert_eq!(waiting(&tab).into_iter().collect::<BTreeSet<_>>(), [refused, new(1), new(2)].into());
    // Nobody can send its text any more, and no person settle it.
    told(&tab, refused, Verdict::Refuse, Some("erased"));
    assert_eq!((tab.unsent().waiting, tab.unsent().held), (2, 0));
    assert_eq!((tab.rows()[&id(1)].unsent, &tab.rows()[&id(1)].refused), (2, &None));
}

#[test]
fn what_is_written_again_under_one_name_says_of_no_other_that_it_was_seen() {
    let (_, env, tab) = device();
    let made = save(&tab, &env, create(id(1), "11", "a"));
    run(tab.apply_results(&answer(&tab, Verdict::Ok, None), NOON)).unwrap();
    let first = save(&tab, &env, set(id(1), "street", "b"));
    // At a share it waits under two names from now on.
    run(tab.renew_at(&env, true)).unwrap();
    told(&tab, made, Verdict::Ok, None);
    let second = save(&tab, &env, set(id(1), "name", "c"));
    assert_eq!(waiting(&tab), [first, Dot { n: 1, ..second }, second]);
    // Then at a server, which has something else under the first.
    told(&tab, first, Verdict::Refuse, Some("fork"));
    run(tab.renew(&env)).unwrap();
    let writer = tab.meta().writer;
    assert_eq!(waiting(&tab), [1, 2].map(|n| Dot { writer, n }));
    let names: BTreeSet<Dot> = held(&tab).iter().map(Op::dot).collect();
    for op in held(&tab) {
        for (writer, upto) in op.header().ctx.iter() {
            assert!((1..=upto).all(|n| names.contains(&Dot { writer, n })), "{}", op.line());
        }
    }
}

#[test]
fn what_a_later_program_said_goes_along_under_a_new_name() {
    let (_, env, tab) = device();
    save(&tab, &env, create(id(1), "11", "a"));
    let mut twin = Other::twin(&tab);
    twin.take(&held(&tab)[0]);
    let name = save(&tab, &env, set(id(1), "street", "ours"));
    run(tab.apply_results(&answer(&tab, Verdict::Ok, None), NOON)).unwrap();
    let theirs = twin.write(&set(id(1), "name", "the twin's")).with_ext("later=1 more=x").unwrap();
    assert_eq!((theirs.dot(), theirs.header().ext.as_str()), (name, "later=1 more=x"));
    assert!(apply(&tab, &env, &page("1", entries([&theirs]))).named_twice);
    run(tab.renew(&env)).unwrap();
    let writer = tab.meta().writer;
    let again: Vec<Op> = held(&tab).into_iter().filter(|op| op.dot().writer == writer).collect();
    assert_eq!(again.len(), 2);
    for op in again {
        let said = op.body_text().unwrap().contains("twin");
        assert_eq!(op.header().ext, if said { "later=1 more=x" } else { "" });
    }
}
