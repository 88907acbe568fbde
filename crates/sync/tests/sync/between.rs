//! Between two backends: what waits, and photos of which some cannot be had.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use gridbook_log::{BlobRef, Body, Clock, Ctx, Dot, Hash, NewOp, Op, OpId, WireOp, body};
use gridbook_sync::driver::{Http, identity};
use gridbook_sync::engine::{Request, Response};
use gridbook_sync::relay::Broken;
use gridbook_sync::relay::between::{Carried, Errand, Gives, Pace, Unfit, Ways};
use gridbook_sync::wire::{Caps, Entry, PullReply, PushReply, PushResult, Verdict};

use sha2::{Digest, Sha256};

use super::support::*;

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// Names of people whom no backend that judges knows begin so.
const NOBODY: &str = "nobody";

/// A backend in memory: it gives `page` operations at a time.
struct Shelf {
    judges: bool,
    ops: RefCell<Vec<WireOp>>,
    held: RefCell<BTreeMap<OpId, Hash>>,
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
    /// So often its feed was read from the beginning.
    read: Cell<usize>,
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
            read: Cell::new(0),
        }
    }

    fn judge(&self, wire: &WireOp) -> PushResult {
        let op = Op::from_wire(wire.clone()).unwrap();
        let mut held = self.held.borrow_mut();
        let has = |n: u32| held.get(&OpId { dot: Dot { n, ..op.dot() }, ..op.id() });
        let unknown = self.strangers.get() || op.header().user.starts_with(NOBODY);
        let (r, code) = if self.judges && has(op.dot().n).is_some_and(|hash| hash != op.hash()) {
            (Verdict::Refuse, Some("fork".to_owned()))
        } else if self.judges && has(op.dot().n).is_some() {
            (Verdict::Dup, None)
        } else if self.judges && unknown {
            (Verdict::Refuse, Some("signature".to_owned()))
        } else if self.judges && op.dot().n > 1 && has(op.dot().n - 1).is_none() {
            (Verdict::Defer, None)
        } else {
            self.ops.borrow_mut().push(wire.clone());
            held.insert(op.id(), *op.hash());
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
                self.read.set(self.read.get() + usize::from(cursor.is_empty()));
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
    /// Counts what is written, where that is asked for.
    written: Option<Written>,
}

impl Desk {
    fn new() -> Self {
        Self {
            share: Shelf::new(false),
            server: Shelf::new(true),
            ways: Ways::default(),
            pages: Cell::new(0),
            written: None,
        }
    }

    fn round(&mut self, now_ms: u64) -> (Carried, Result<(), Unfit>) {
        let (_, _, tab) = device();
        let (name, mut carried) = (identity(&tab), Carried::default());
        let Self { share, server, ways, pages, written } = self;
        let arrived = |ways: &Ways| {
            pages.set(pages.get() + 1);
            if let Some(written) = &*written {
                written.page(ways);
            }
        };
        let errand = Errand { identity: &name, now_ms, keeps_back: &|_| false, arrived: &arrived };
        let done = run(ways.round(share, server, errand, &mut carried));
        (carried, done)
    }
}

/// Bytes written for a book: with the pace, and as it was once.
#[derive(Default)]
struct Written {
    pace: Pace,
    paced: Cell<usize>,
    once: Cell<usize>,
    at_most: Cell<usize>,
}

impl Written {
    fn page(&self, ways: &Ways) {
        if self.pace.arrived() {
            let bytes = serde_json::to_vec(ways).unwrap().len();
            self.pace.wrote(bytes);
            self.paced.set(self.paced.get() + bytes);
        }
        let once = size_as_it_was(ways);
        self.once.set(self.once.get() + once);
        self.at_most.set(self.at_most.get().max(once));
    }
}

/// The text of a version before: a hash is a list of 32 numbers, and what came later is not there.
fn as_it_was(ways: &Ways) -> serde_json::Value {
    let mut text = serde_json::to_value(ways).unwrap();
    for way in ["there", "back"] {
        for hash in text[way]["over"].as_array_mut().unwrap() {
            let hex = hash.as_str().unwrap();
            let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
            *hash = (0..64).step_by(2).map(byte).collect();
        }
        text[way].as_object_mut().unwrap().remove("shown_at");
        text[way]["held"].as_object_mut().unwrap().remove("vain");
    }
    text
}

/// How long [`as_it_was`] is, but for a few bytes.
fn size_as_it_was(ways: &Ways) -> usize {
    let text = serde_json::to_value(ways).unwrap();
    let mut size = serde_json::to_vec(&text).unwrap().len();
    for hash in ["there", "back"].iter().flat_map(|way| text[way]["over"].as_array().unwrap()) {
        let hex = hash.as_str().unwrap();
        let digits = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap().to_string().len();
        let numbers: usize = (0..64).step_by(2).map(digits).sum();
        size += "[]".len() + 31 + numbers;
        size -= "\"\"".len() + 64;
    }
    size
}

/// The first operation of a stream, as `user` wrote it; another `salt` makes it another under the same name.
fn first(stream: u16, user: &str, salt: u8) -> WireOp {
    let mut entity = id(0xee);
    entity.0[..2].copy_from_slice(&stream.to_be_bytes());
    let dot = Dot { writer: super::rig::WRITER, n: 1 };
    let new = NewOp { entity, dot, hlc: Clock::default().tick(NOON), kind: "set", user, ctx: Ctx::default() };
    let op = Op::new(new, [salt; 16], "{}".to_owned()).unwrap();
    WireOp { g: Some("s".to_owned()), ..op.to_wire() }
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
    assert_eq!(desk.ways.held()["signature"], 500, "one author's part");
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

#[test]
fn what_was_forged_takes_no_room_from_what_came_too_early() {
    let mut desk = Desk::new();
    desk.share.page = 500;
    // Each under a name of its own; nobody checks at a share.
    desk.share.ops.replace((0..2_500).map(|n| first(n, &format!("{NOBODY}{n}"), 1)).collect());
    let mut late = written(1, 20, &[]);
    let beginning = late.remove(0);
    desk.share.ops.borrow_mut().extend(late);
    desk.round(0).1.unwrap();
    assert_eq!(desk.ways.held(), [("defer".to_owned(), 19), ("signature".to_owned(), 2_000)].into());
    desk.share.ops.borrow_mut().push(beginning);
    assert_eq!(desk.round(1).0.there.stored, 20);
}

#[test]
fn what_was_forged_under_one_name_takes_one_name_s_room_and_is_looked_at_ever_more_seldom() {
    let mut desk = Desk::new();
    desk.share.page = 500;
    desk.share.ops.replace((0..2_500).map(|n| first(n, NOBODY, 1)).collect());
    desk.share.ops.borrow_mut().extend(written(1, 100, &[]));
    desk.server.strangers.set(true);
    desk.round(0).1.unwrap();
    assert_eq!(desk.ways.held()["signature"], 600, "500 of theirs, and all of hers");
    let before = desk.pages.get();
    for round in 1..=40 {
        desk.round(round * 6 * HOUR).1.unwrap();
    }
    // A page each way with each round, and four more where all is read from where there was no room.
    let read = (desk.pages.get() - before - 2 * 40) / 4;
    assert!((10..=12).contains(&read), "in ten days once a day, not every six hours: {read}");
    // She has signed in, and her device's key is known: nothing of it waits for the feed to be read.
    desk.server.strangers.set(false);
    desk.round(10 * DAY + 6 * HOUR).1.unwrap();
    assert_eq!(desk.ways.held(), [("signature".to_owned(), 500)].into());
    assert_eq!(desk.server.ops.borrow().len(), 100);
}

#[test]
fn however_many_forks_come_up_the_judge_s_feed_is_read_once_an_hour() {
    let mut desk = Desk::new();
    desk.share.page = 500;
    desk.server.page = 500;
    for n in 0..240 {
        desk.server.judge(&first(n, "u1", 1));
    }
    desk.round(0).1.unwrap();
    let before = desk.server.read.get();
    for minute in 1..=240 {
        desk.share.ops.borrow_mut().push(first(minute - 1, "u1", 2));
        desk.round(u64::from(minute) * MINUTE).1.unwrap();
        assert!(minute > 1 || desk.server.read.get() == before + 1, "the first at once");
    }
    desk.round(6 * HOUR).1.unwrap();
    assert_eq!(desk.server.read.get() - before, 5, "and then once an hour");
    // Each stands on the share, carried when it was new and again when something else came up under its name.
    let ops = desk.share.ops.borrow();
    for n in 0..240 {
        let op = first(n, "u1", 1);
        assert_eq!(ops.iter().filter(|held| held.h == op.h && held.s == op.s).count(), 2, "{n}");
    }
}

// Says what it measured.
#[allow(clippy::print_stdout)]
#[test]
fn a_backlog_is_written_down_in_some_times_its_bytes_and_not_in_their_square() {
    let mut desk = Desk::new();
    desk.share.page = 500;
    desk.server.page = 1000;
    desk.share.ops.replace(super::rig::ops(1..=10_000));
    desk.written = Some(Written::default());
    desk.round(0).1.unwrap();
    assert_eq!(desk.server.ops.borrow().len(), 10_000);
    let written = desk.written.take().unwrap();
    let (paced, once) = (written.paced.get(), written.once.get());
    println!("{} pages, {once} bytes before, {paced} now", desk.pages.get());
    assert!(written.at_most.get() > 1_000_000, "what was carried and not shown yet stands in it");
    assert!(paced < desk.pages.get() * (256 << 10) && paced * 2 < once, "{paced} of {once}");
}

#[test]
fn a_small_book_is_written_with_every_page() {
    let pace = Pace::default();
    for _ in 0..50 {
        assert!(pace.arrived());
        pace.wrote(200_000);
    }
    pace.wrote(600_000);
    assert_eq!([pace.arrived(), pace.arrived(), pace.arrived()], [false, false, true]);
    pace.wrote(100_000_000);
    assert_eq!((0..15).filter(|_| pace.arrived()).count(), 0);
    assert!(pace.arrived(), "never more than sixteen pages are carried again");
}

#[test]
fn what_a_version_before_wrote_down_is_taken_in() {
    let mut desk = Desk::new();
    let mut late = written(1, 9, &[b"one"]);
    late.remove(0);
    desk.share.ops.replace(late);
    desk.share.ops.borrow_mut().extend(written(2, 3, &[b"two"]));
    desk.server.ops.replace(written(3, 2, &[]));
    desk.round(0).1.unwrap();
    let old = as_it_was(&desk.ways);
    assert!(old["there"]["over"][0][31].is_u64() || old["back"]["over"][0][31].is_u64(), "{old}");
    assert_eq!(serde_json::from_value::<Ways>(old).unwrap(), desk.ways);
    let cut = serde_json::json!({ "there": { "over": ["ab"] } });
    assert!(serde_json::from_value::<Ways>(cut).is_err());
}
