//! Packed streams for a device that has none.

use std::cell::Cell;

use gridbook_log::{DeviceId, Fingerprint, Op, pack};
use gridbook_sync::driver::{Driver, Http};
use gridbook_sync::engine::{Input, Request, Response};
use gridbook_sync::replica::ReplicaError;
use gridbook_sync::wire::{PageHead, SnapshotPage};

use super::renew::{Backend, sync};
use super::support::*;

fn packed<'a>(cursor: &str, ops: impl IntoIterator<Item = &'a Op>) -> SnapshotPage {
    let (mut frames, mut fp) = (Vec::new(), Fingerprint::default());
    for op in ops {
        pack::write(&mut frames, op);
        fp.add(op);
    }
    SnapshotPage { head: PageHead { form: pack::FORM, cursor: cursor.to_owned(), more: true, fp }, frames }
}

/// Edits of two devices that partly saw each other, a second operation under one id, and answers of the authority.
fn history() -> Vec<Op> {
    let (mut one, mut two, mut authority) =
        (Other::new(DeviceId([1; 8])), Other::new(DeviceId([2; 8])), Other::new(AUTHORITY));
    let mut ops = vec![one.write(&create(id(1), "11", "a"))];
    two.take(&ops[0]);
    authority.take(&ops[0]);
    ops.push(one.write(&set(id(1), "name", "b")));
    ops.push(two.write(&set(id(1), "name", "c")));
    let mut copy = Other::new(DeviceId([2; 8]));
    copy.take(&ops[0]);
    ops.push(copy.write_salted(&set(id(1), "name", "d"), 9));
    let receipt = gridbook_log::body::Receipt { ops: vec![ops[0].dot()], at: NOON, drift: 0 };
    let receipt = gridbook_log::Body::Receipt(receipt);
    ops.push(authority.write(&gridbook_sync::replica::NewWrite { entity: id(1), body: receipt }));
    ops
}

#[test]
fn packed_first_and_the_rest_later_is_the_same_as_everything_one_by_one() {
    let ops = history();
    // Every choice of what was packed; the rest comes page by page, and once more.
    for choice in 0..1u32 << ops.len() {
        let (inside, later): (Vec<_>, Vec<_>) =
            ops.iter().enumerate().partition(|(at, _)| choice & (1 << at) != 0);
        let (_, env, tab) = device();
        let page_one = packed("s", inside.iter().map(|(_, op)| *op));
        run(tab.apply_snapshot(&env, "", &page_one, "h", Some(AUTHORITY))).unwrap();
        apply(&tab, &env, &page("c", entries(later.iter().map(|(_, op)| *op))));
        apply(&tab, &env, &page("d", entries(&ops)));
        let (_, env, plain) = device();
        apply(&plain, &env, &page("d", entries(&ops)));
        assert_eq!(entity(&tab, id(1)).to_snapshot(), entity(&plain, id(1)).to_snapshot(), "{choice:b}");
        assert_eq!(tab.rows()[&id(1)].summary, plain.rows()[&id(1)].summary);
    }
}

#[test]
fn a_page_that_is_not_what_it_says_leaves_nothing_behind() {
    let ops = history();
    let good = packed("s", &ops);
    let spoiled = |spoil: fn(&mut SnapshotPage)| {
        let mut page = good.clone();
        spoil(&mut page);
        page
    };
    let pages = [
        spoiled(|page| page.frames.truncate(page.frames.len() - 1)),
        spoiled(|page| page.frames.clear()),
        spoiled(|page| page.frames.push(0)),
        spoiled(|page| page.head.fp.count += 1),
        spoiled(|page| {
            let at = page.frames.len() - 3;
            page.frames[at] ^= 1;
        }),
    ];
    for page in pages {
        let (store, env, tab) = device();
        let before = dump(&store);
        let taken = run(tab.apply_snapshot(&env, "", &page, "h", Some(AUTHORITY)));
        assert_eq!(taken, Err(ReplicaError::Page));
        assert_eq!(dump(&store), before);
    }
}

/// A backend that counts what it is asked for, and fails when it is told to.
struct Counted {
    backend: Backend,
    snapshots: Cell<usize>,
    pulls: Cell<usize>,
    answer: Cell<Option<(usize, Response)>>,
}

impl Http for Counted {
    async fn send(&self, request: &Request, blob: Option<Vec<u8>>) -> Response {
        match request {
            Request::Snapshot { .. } => self.snapshots.set(self.snapshots.get() + 1),
            Request::Pull { .. } => self.pulls.set(self.pulls.get() + 1),
            _ => {}
        }
        if let Some((at, answer)) = self.answer.take() {
            if matches!(request, Request::Snapshot { .. }) && self.snapshots.get() == at {
                return answer;
            }
            self.answer.set(Some((at, answer)));
        }
        self.backend.send(request, blob).await
    }
}

/// A backend with ten records, and a device of the same account that has none of them and an unsent one of its own.
fn filled() -> (Counted, TestEnv, Tab) {
    let backend = Backend::new();
    let (_, env, tab) = device();
    for n in 1..=10 {
        save(&tab, &env, create(id(n), "11", "x"));
    }
    sync(&tab, &env, &backend);
    let env = TestEnv::new(2);
    let tab = open(&std::rc::Rc::default(), &env);
    save(&tab, &env, create(id(20), "11", "mine"));
    let counted = Counted { backend, snapshots: Cell::new(0), pulls: Cell::new(0), answer: Cell::new(None) };
    (counted, env, tab)
}

#[test]
fn an_empty_device_takes_it_and_never_again() {
    let (backend, env, tab) = filled();
    let driver = Driver::new(&tab);
    run(driver.run(&tab, &backend, &env, Input::Wake, |_| ())).unwrap();
    assert_eq!((tab.rows().len(), backend.pulls.get(), backend.snapshots.get()), (11, 1, 6));
    assert_eq!(tab.unsent().waiting, 0);
    run(driver.run(&tab, &backend, &env, Input::Wake, |_| ())).unwrap();
    assert_eq!(backend.snapshots.get(), 6);
}

#[test]
fn one_that_was_broken_off_goes_on_where_it_was() {
    let (backend, env, tab) = filled();
    backend.answer.set(Some((3, Response::Lost)));
    let driver = Driver::new(&tab);
    run(driver.run(&tab, &backend, &env, Input::Wake, |_| ())).unwrap();
    assert_eq!(tab.rows().len(), 5, "two pages and the own one");
    // Another start of the app.
    run(Driver::new(&tab).run(&tab, &backend, &env, Input::Wake, |_| ())).unwrap();
    assert_eq!((tab.rows().len(), backend.pulls.get(), backend.snapshots.get()), (11, 1, 7));
}

#[test]
fn a_backend_that_has_none_after_all_gives_everything_the_plain_way() {
    for status in [400, 404, 410, 500] {
        for at in [1, 3] {
            let (backend, env, tab) = filled();
            let gone = Response::Failed { status, code: String::new(), retry_after_ms: None };
            backend.answer.set(Some((at, gone)));
            run(Driver::new(&tab).run(&tab, &backend, &env, Input::Wake, |_| ())).unwrap();
            assert_eq!((tab.rows().len(), backend.snapshots.get()), (11, at), "{status}");
            assert_eq!(tab.unsent().waiting, 0);
        }
    }
}
