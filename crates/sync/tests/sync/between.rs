//! Between two backends: what waits, and photos of which some cannot be had.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use gridbook_log::{BlobRef, Body, Dot, Op, OpId, WireOp, body};
use gridbook_sync::driver::{Http, identity};
use gridbook_sync::engine::{Request, Response};
use gridbook_sync::relay::Broken;
use gridbook_sync::relay::between::{Carried, Errand, Gives, Unfit, Ways};
use gridbook_sync::wire::{Caps, Entry, PullReply, PushReply, PushResult, Verdict};

use sha2::{Digest, Sha256};

use super::support::*;

const MINUTE: u64 = 60_000;
const DAY: u64 = 24 * 60 * MINUTE;

/// A backend in memory: it gives `page` operations at a time.
struct Shelf {
    judges: bool,
    ops: RefCell<Vec<WireOp>>,
    held: RefCell<BTreeSet<OpId>>,
    /// Names of the photos that it has.
    photos: RefCell<BTreeMap<String, Vec<u8>>>,
    /// Photos that it fails to give or to take.
    bad: RefCell<BTreeSet<String>>,
    /// Status for a photo whose record it does not know.
    unknown: Cell<u16>,
    /// It knows no author's key.
    strangers: Cell<bool>,
    page: usize,
    pushed: Cell<usize>,
}

impl Shelf {
    fn new(judges: bool) -> Self {
        Self {
            judges,
            ops: RefCell::default(),
            held: RefCell::default(),
            photos: RefCell::default(),
            bad: RefCell::default(),
            unknown: Cell::new(0),
            strangers: Cell::new(false),
            page: 2,
            pushed: Cell::new(0),
        }
    }

    fn judge(&self, wire: &WireOp) -> PushResult {
        let op = Op::from_wire(wire.clone()).unwrap();
        let mut held = self.held.borrow_mut();
        let has = |n: u32| held.contains(&OpId { dot: Dot { n, ..op.dot() }, ..op.id() });
        let (r, code) = if self.judges && has(op.dot().n) {
            (Verdict::Dup, None)
        } else if self.judges && self.strangers.get() {
            (Verdict::Refuse, Some("signature".to_owned()))
        } else if self.judges && op.dot().n > 1 && !has(op.dot().n - 1) {
            (Verdict::Defer, None)
        } else {
            self.ops.borrow_mut().push(wire.clone());
            held.insert(op.id());
            (Verdict::Ok, None)
        };
        PushResult { id: Some(op.id()), r, code }
    }
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn failed(status: u16) -> Response {
    Response::Failed { status, code: String::new(), retry_after_ms: None }
}

impl Http for Shelf {
    async fn send(&self, request: &Request, blob: Option<Vec<u8>>) -> Response {
        match request {
            Request::Caps => Response::Caps(Caps {
                levels: if self.judges { vec![0, 1] } else { vec![0] },
                max_batch_ops: 100,
                max_batch_bytes: 1_000_000,
                ..super::rig::caps()
            }),
            Request::Push(push) => {
                self.pushed.set(self.pushed.get() + push.ops.len());
                let results = push.ops.iter().map(|wire| self.judge(wire)).collect();
                Response::Push(PushReply { results, now: NOON })
            }
            Request::Pull { cursor, .. } => {
                let from: usize = cursor.parse().unwrap_or(0);
                let ops = self.ops.borrow();
                let to = ops.len().min(from + self.page);
                let entry = |op: &WireOp| Entry::Op { op: op.clone(), at: NOON };
                Response::Pull(PullReply {
                    more: to < ops.len(),
                    ..page(&to.to_string(), ops[from..to].iter().map(entry).collect())
                })
            }
            Request::AskBlob { sha256 } if self.photos.borrow().contains_key(sha256) => Response::Blob,
            Request::AskBlob { .. } => failed(404),
            Request::PutBlob { sha256 } if self.bad.borrow().contains(sha256) => failed(503),
            Request::PutBlob { .. } if self.unknown.get() > 0 => failed(self.unknown.get()),
            Request::PutBlob { sha256 } => {
                self.photos.borrow_mut().insert(sha256.clone(), blob.unwrap());
                Response::Blob
            }
            _ => failed(405),
        }
    }
}

impl Gives for Shelf {
    async fn blob(&self, sha256: &str) -> Result<Option<Vec<u8>>, Broken> {
        if self.bad.borrow().contains(sha256) {
            return Err(Broken::Backend(503));
        }
        Ok(self.photos.borrow().get(sha256).cloned())
    }
}

struct Desk {
    share: Shelf,
    server: Shelf,
    ways: Ways,
    pages: Cell<usize>,
}

impl Desk {
    fn new() -> Self {
        Self {
            share: Shelf::new(false),
            server: Shelf::new(true),
            ways: Ways::default(),
            pages: Cell::new(0),
        }
    }

    fn round(&mut self, now_ms: u64) -> (Carried, Result<(), Unfit>) {
        let (_, _, tab) = device();
        let (name, mut carried) = (identity(&tab), Carried::default());
        let Self { share, server, ways, pages } = self;
        let arrived = |_: &Ways| pages.set(pages.get() + 1);
        let errand = Errand { identity: &name, now_ms, keeps_back: &|_| false, arrived: &arrived };
        let done = run(ways.round(share, server, errand, &mut carried));
        (carried, done)
    }
}

/// What somebody wrote and signed, `n` operations of a stream; with the photos that they name.
fn written(stream: u8, n: usize, photos: &[&[u8]]) -> Vec<WireOp> {
    let (_, env, tab) = device();
    save(&tab, &env, create(id(stream), "11", "a"));
    for at in 1..n {
        save(&tab, &env, set(id(stream), "name", i64::try_from(at).unwrap()));
    }
    for bytes in photos {
        let blob = BlobRef {
            sha256: sha256(bytes),
            size: u32::try_from(bytes.len()).unwrap(),
            mime: "image/jpeg".to_owned(),
            role: "photo_before".to_owned(),
            thumb: None,
        };
        let mut write = set(id(stream), "name", 1);
        write.body = Body::Set(body::Set { blobs: vec![blob], ..body::Set::default() });
        save(&tab, &env, write);
    }
    let mut ops = run(tab.outbox(&BTreeSet::new(), 1000, usize::MAX)).unwrap().ops;
    ops.iter_mut().for_each(|op| op.g = Some("s".to_owned()));
    ops
}

#[test]
fn what_is_not_taken_yet_is_tried_now_and_then_and_told_once() {
    let mut desk = Desk::new();
    desk.share.ops.replace(written(1, 9, &[]));
    desk.server.strangers.set(true);
    let (carried, done) = desk.round(0);
    assert_eq!((done, carried.there.refused), (Ok(()), [("signature".to_owned(), 9)].into()));
    assert!(desk.pages.get() >= 5, "each page can be written down");
    assert_eq!(desk.ways.held(), [("signature".to_owned(), 9)].into());
    // A day of rounds, one a minute: a handful of tries.
    let before = desk.server.pushed.get();
    for minute in 1..DAY / MINUTE {
        assert_eq!(desk.round(minute * MINUTE).0, Carried::default());
    }
    assert!((desk.server.pushed.get() - before) / 9 < 20, "{}", desk.server.pushed.get());
    desk.server.strangers.set(false);
    assert_eq!(desk.round(2 * DAY).0.there.stored, 9);
    assert!(desk.ways.held().is_empty());
}

#[test]
fn what_waits_goes_along_when_its_stream_moves_and_not_with_every_page() {
    let mut desk = Desk::new();
    let mut late = written(1, 20, &[]);
    let beginning = late.remove(0);
    desk.share.ops.replace(late);
    desk.share.ops.borrow_mut().extend(written(2, 40, &[]));
    desk.round(0).1.unwrap();
    // 19 that wait and 40; those that wait go along with what comes of their stream only.
    assert_eq!(desk.ways.held(), [("defer".to_owned(), 19)].into());
    assert!(desk.server.pushed.get() < 19 * 19 / 2 + 60 + 40, "{}", desk.server.pushed.get());
    desk.share.ops.borrow_mut().push(beginning);
    assert_eq!(desk.round(1).0.there.stored, 20);
    assert!(desk.ways.held().is_empty());
}

#[test]
fn past_what_is_kept_it_is_read_once_more() {
    let mut desk = Desk::new();
    desk.share.page = 500;
    let mut ops = super::rig::ops(1..=2_500);
    ops.iter_mut().for_each(|op| op.g = Some("s".to_owned()));
    desk.share.ops.replace(ops);
    desk.server.strangers.set(true);
    desk.round(0).1.unwrap();
    assert_eq!(desk.ways.held()["signature"], 2_000);
    desk.server.strangers.set(false);
    desk.round(DAY).1.unwrap();
    assert_eq!(desk.server.ops.borrow().len(), 2_500);
    assert!(desk.ways.held().is_empty());
}

#[test]
fn one_bad_photo_keeps_no_other() {
    let mut desk = Desk::new();
    let photos: [&[u8]; 3] = [b"one", b"two", b"three"];
    desk.share.ops.replace(written(1, 1, &photos));
    for bytes in photos {
        desk.share.photos.borrow_mut().insert(sha256(bytes), bytes.to_vec());
        desk.share.bad.replace([sha256(photos[0])].into());
    }
    let back: &[u8] = b"back";
    desk.server.ops.replace(written(2, 1, &[back]));
    desk.server.photos.borrow_mut().insert(sha256(back), back.to_vec());
    let (carried, done) = desk.round(0);
    assert_eq!((carried.there.photos, carried.back.photos), (2, 1));
    assert_eq!(done, Err(Unfit::Broken(Broken::Backend(503))), "and it is said");
    desk.share.bad.borrow_mut().clear();
    desk.round(DAY).1.unwrap();
    assert_eq!((desk.server.photos.borrow().len(), desk.ways.photos_due()), (4, 0));
}

#[test]
fn a_photo_is_looked_for_as_long_as_its_record_may_come_and_counted_once() {
    let mut desk = Desk::new();
    let bytes: &[u8] = b"one";
    desk.share.ops.replace(written(1, 1, &[bytes]));
    desk.share.photos.borrow_mut().insert(sha256(bytes), bytes.to_vec());
    desk.server.unknown.set(403);
    let refused: usize = (0..30).map(|day| desk.round(day * DAY).0.there.photos_refused).sum();
    assert_eq!((refused, desk.ways.photos_due()), (1, 1));
    desk.server.unknown.set(0);
    assert_eq!(desk.round(31 * DAY).0.there.photos, 1);
    // Too large: that does not change.
    desk.share.ops.borrow_mut().extend(written(2, 1, &[b"two"]));
    desk.share.photos.borrow_mut().insert(sha256(b"two"), b"two".to_vec());
    desk.server.unknown.set(413);
    assert_eq!(desk.round(32 * DAY).0.there.photos_refused, 1);
    assert_eq!(desk.ways.photos_due(), 0);
}
