//! A file is handed on to a backend.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use gridbook_log::{Op, OpId};
use gridbook_sync::bundle::{Bundle, FORMAT, Head};
use gridbook_sync::driver::{Http, identity};
use gridbook_sync::engine::{Request, Response};
use gridbook_sync::relay::{Broken, Tally, authors, relay};
use gridbook_sync::wire::{PushReply, PushResult, Verdict};

use super::support::*;

/// A backend that takes anybody's operations, in order, a few at a time.
#[derive(Default)]
struct Open {
    held: RefCell<BTreeSet<OpId>>,
    calls: Cell<usize>,
    /// Fails from this call on.
    breaks: Cell<Option<(usize, u16)>>,
}

impl Http for Open {
    async fn send(&self, request: &Request, blob: Option<Vec<u8>>) -> Response {
        self.calls.set(self.calls.get() + 1);
        match self.breaks.get() {
            Some((at, 0)) if self.calls.get() >= at => return Response::Lost,
            Some((at, status)) if self.calls.get() >= at => {
                return Response::Failed { status, code: String::new(), retry_after_ms: None };
            }
            _ => {}
        }
        match request {
            Request::Caps => {
                Response::Caps(gridbook_sync::wire::Caps { max_batch_ops: 3, ..super::rig::caps() })
            }
            Request::Push(push) => {
                assert!(push.ops.len() <= 3);
                let mut held = self.held.borrow_mut();
                let mut judge = |wire: &gridbook_log::WireOp| {
                    let op = Op::from_wire(wire.clone()).unwrap();
                    let id = op.id();
                    let before = op.dot().n == 1
                        || held
                            .contains(&OpId { dot: gridbook_log::Dot { n: op.dot().n - 1, ..id.dot }, ..id });
                    let r = match (held.contains(&id), before, wire.g.is_some()) {
                        (true, ..) => Verdict::Dup,
                        (_, _, false) => Verdict::Refuse,
                        (_, false, _) => Verdict::Defer,
                        _ => Verdict::Ok,
                    };
                    if r == Verdict::Ok {
                        held.insert(id);
                    }
                    let code = (r == Verdict::Refuse).then(|| "signature".to_owned());
                    PushResult { id: Some(id), r, code }
                };
                let results = push.ops.iter().map(&mut judge).collect();
                Response::Push(PushReply { results, now: NOON })
            }
            Request::PutBlob { sha256 } if blob.is_some_and(|bytes| bytes.len() < 100) => {
                assert_eq!(sha256.len(), 64);
                Response::Blob
            }
            Request::PutBlob { .. } => {
                Response::Failed { status: 403, code: String::new(), retry_after_ms: None }
            }
            _ => panic!("nothing is fetched, and photos go whole"),
        }
    }
}

fn file(signed: bool) -> (Tab, Bundle) {
    let (_, env, tab) = device();
    save(&tab, &env, create(id(1), "11", "a"));
    for n in 0..6 {
        save(&tab, &env, set(id(1), "name", n));
    }
    let mut ops = run(tab.outbox(&BTreeSet::new(), 100, usize::MAX)).unwrap().ops;
    if signed {
        ops.iter_mut().for_each(|op| op.g = Some("s".to_owned()));
    }
    let head = Head {
        gridbook_bundle: FORMAT,
        user: "u1".to_owned(),
        name: String::new(),
        township: String::new(),
        writer: tab.meta().writer,
        made_at: NOON,
        ops: ops.len(),
        blobs: 2,
        reader: None,
        part: None,
    };
    let blobs = vec![("a".repeat(64), vec![1; 10]), ("b".repeat(64), vec![1; 200])];
    (tab, Bundle { head, ops, blobs })
}

#[test]
fn everything_arrives_in_any_order_and_a_second_time_is_a_repeat() {
    let (tab, mut bundle) = file(true);
    bundle.ops.reverse();
    let backend = Open::default();
    let done = Cell::new(0);
    let name = identity(&tab);
    let tally = run(relay(&backend, &name, NOON, &bundle, |n| done.set(n))).unwrap();
    let first = Tally { stored: 7, photos: 1, photos_refused: 1, ..Tally::default() };
    assert_eq!((tally, done.get()), (first, 9));
    let again = run(relay(&backend, &name, NOON, &bundle, |_| ())).unwrap();
    assert_eq!(again, Tally { repeats: 7, photos: 1, photos_refused: 1, ..Tally::default() });
    assert_eq!(authors(&bundle), [("u1".to_owned(), 7)].into());
}

#[test]
fn what_its_author_did_not_sign_is_counted_and_not_taken() {
    let (tab, bundle) = file(false);
    let tally = run(relay(&Open::default(), &identity(&tab), NOON, &bundle, |_| ())).unwrap();
    assert_eq!((tally.stored, tally.refused), (0, [("signature".to_owned(), 7)].into()));
}

#[test]
fn what_can_never_come_in_order_ends() {
    let (tab, mut bundle) = file(true);
    bundle.ops.remove(0);
    let tally = run(relay(&Open::default(), &identity(&tab), NOON, &bundle, |_| ())).unwrap();
    assert_eq!((tally.stored, tally.refused), (0, [("defer".to_owned(), 6)].into()));
}

#[test]
fn a_file_that_broke_off_is_handed_on_once_more() {
    let (tab, bundle) = file(true);
    for (at, status, why) in [
        (1, 0, Broken::Offline),
        (3, 0, Broken::Offline),
        (2, 401, Broken::SignedOut),
        (3, 503, Broken::Backend(503)),
        (5, 500, Broken::Backend(500)),
    ] {
        let backend = Open::default();
        backend.breaks.set(Some((at, status)));
        let name = identity(&tab);
        assert_eq!(run(relay(&backend, &name, NOON, &bundle, |_| ())), Err(why));
        backend.breaks.set(None);
        let tally = run(relay(&backend, &name, NOON, &bundle, |_| ())).unwrap();
        assert_eq!(tally.stored + tally.repeats, 7);
    }
}

#[test]
fn to_another_backend_goes_what_one_wrote_and_what_others_signed() {
    let blob = gridbook_log::BlobRef {
        sha256: "ab".repeat(32),
        size: 9,
        mime: "image/jpeg".to_owned(),
        role: "photo".to_owned(),
        thumb: None,
    };
    let (_, env, tab) = device();
    save(&tab, &env, create(id(1), "11", "own"));
    let mut other = Other::new(gridbook_log::DeviceId([5; 8]));
    let theirs = other.write(&create(id(2), "11", "signed"));
    let photo = gridbook_log::body::Set { blobs: vec![blob.clone()], ..gridbook_log::body::Set::default() };
    let with_photo = other
        .write(&gridbook_sync::replica::NewWrite { entity: id(2), body: gridbook_log::Body::Set(photo) });
    let bare = other.write(&create(id(3), "11", "bare"));
    let receipt = other.write(&gridbook_sync::replica::NewWrite {
        entity: id(3),
        body: gridbook_log::Body::Receipt(gridbook_log::body::Receipt { ops: Vec::new(), at: 1, drift: 0 }),
    });
    let key = gridbook_log::key::id(other.writer());
    let announced = other.write(&gridbook_sync::replica::NewWrite {
        entity: key,
        body: gridbook_log::Body::Create(gridbook_log::key::record(&[4; 65], &[])),
    });
    let sign = |op: &Op| op.clone().signed(&[1; 64]);
    let here = [sign(&theirs), sign(&with_photo), bare, sign(&receipt), sign(&announced)];
    apply(&tab, &env, &page("1", entries(&here)));
    let writer = tab.meta().writer;
    let (ops, unsigned) = gridbook_sync::relay::along(run(tab.all_ops()).unwrap(), writer);
    let ids: BTreeSet<_> = ops.iter().map(|op| Op::from_wire(op.clone()).unwrap().entity()).collect();
    assert_eq!((ids, ops.len(), unsigned), ([id(1), id(2)].into(), 3, 1));
    assert_eq!(gridbook_sync::relay::named(&ops, writer), [blob.sha256].into());
    // What waited was not touched by that.
    assert_eq!(tab.unsent().waiting, 1);
}

#[test]
fn what_only_follows_a_conflict_goes_by_itself() {
    let (_, env, tab) = device();
    let mut twin = Other::new(tab.meta().writer.dev);
    save(&tab, &env, create(id(1), "11", "a"));
    let made = Op::from_wire(run(tab.all_ops()).unwrap().remove(0)).unwrap();
    twin.take(&made);
    for n in 0..3 {
        save(&tab, &env, set(id(1), "name", n));
    }
    let ops: Vec<Op> = run(tab.all_ops()).unwrap().into_iter().map(|op| Op::from_wire(op).unwrap()).collect();
    let mut model = gridbook_sync::model::Model::default();
    model.trust(|op| op.sig().is_some());
    model.grant("u1", BTreeSet::from(["1".to_owned()]));
    let backend = super::renew::Backend(RefCell::new(model));
    let bundle = |ops: &[Op]| {
        let ops = ops.iter().map(|op| op.clone().signed(&[1; 64]).to_wire()).collect();
        Bundle { ops, blobs: Vec::new(), ..file(true).1 }
    };
    let name = identity(&tab);
    // A twin's operation came first under the second number.
    let theirs = twin.write(&set(id(1), "street", "the twin's"));
    assert_eq!(theirs.dot(), ops[1].dot());
    run(relay(&backend, &name, NOON, &bundle(&[made, theirs]), |_| ())).unwrap();
    let tally = run(relay(&backend, &name, NOON, &bundle(&ops), |_| ())).unwrap();
    assert_eq!((tally.repeats, tally.stored), (1, 2));
    assert_eq!(tally.refused, [("fork".to_owned(), 1)].into());
}
