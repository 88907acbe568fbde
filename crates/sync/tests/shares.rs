//! What a share does when all is not as it should be.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "shares/broken.rs"]
mod broken;
#[path = "shares/files.rs"]
mod files;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gridbook_log::{Ctx, DeviceId, Dot, Entity, EntityId, Hlc, NewOp, Op, WireOp, Writer};
use gridbook_sync::driver::Http;
use gridbook_sync::engine::{Request, Response};
use gridbook_sync::env::Env;
use gridbook_sync::memory::MemoryStore;
use gridbook_sync::replica::{Project, Replica};
use gridbook_sync::share::{
    Lost, RawRequest, RawResponse, SESSION_ENDED, Setup, Share, ShareKind, Verdict as Probe, Wire,
};
use gridbook_sync::sim::share::{DirectWire, Quirks};
use gridbook_sync::wire::{Caps, Entry, PullReply, PushReply, PushRequest, Verdict};
use proptest::prelude::*;

const KINDS: [ShareKind; 2] = [ShareKind::WebDav, ShareKind::CouchDb];

/// Everything here is ready at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).as_mut().poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => unreachable!("nothing here waits"),
    }
}

#[derive(Default)]
struct TestEnv(Cell<u64>);

impl Env for TestEnv {
    fn now_ms(&self) -> u64 {
        self.0.set(self.0.get() + 1);
        self.0.get()
    }

    fn random(&self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.now_ms() as u8;
        }
    }
}

type Rule = Rc<dyn Fn(&RawRequest) -> Option<RawResponse>>;

/// A share whose answers a test can replace.
#[derive(Clone)]
struct Bent {
    direct: DirectWire,
    rule: Rc<RefCell<Option<Rule>>>,
}

impl Bent {
    fn new(kind: ShareKind) -> Self {
        Self { direct: DirectWire::new(kind, Quirks::default()), rule: Rc::default() }
    }

    fn bend(&self, rule: impl Fn(&RawRequest) -> Option<RawResponse> + 'static) {
        *self.rule.borrow_mut() = Some(Rc::new(rule));
    }

    fn straighten(&self) {
        *self.rule.borrow_mut() = None;
    }

    fn raw(&self, method: &'static str, path: &str, body: Vec<u8>) -> RawResponse {
        let headers = vec![("depth", "1".to_owned())];
        now(self.direct.send(RawRequest { method, path: path.to_owned(), headers, body })).unwrap()
    }

    /// Requests since the last call.
    fn asked(&self) -> Vec<RawRequest> {
        std::mem::take(&mut self.direct.requests.borrow_mut())
    }

    /// Names of the files in a folder.
    fn files(&self, folder: &str) -> Vec<String> {
        let items =
            gridbook_sync::share::read_listing(&self.raw("PROPFIND", folder, Vec::new()).body).unwrap();
        let files = items.into_iter().filter(|item| item.len.is_some());
        files.map(|item| format!("{folder}{}", item.name)).collect()
    }
}

impl Wire for Bent {
    async fn send(&self, request: RawRequest) -> Result<RawResponse, Lost> {
        let rule = self.rule.borrow().clone();
        match rule.and_then(|rule| rule(&request)) {
            Some(answer) => {
                self.direct.requests.borrow_mut().push(request);
                if answer.status == 0 { Err(Lost) } else { Ok(answer) }
            }
            None => self.direct.send(request).await,
        }
    }

    async fn gzip(&self, bytes: Vec<u8>) -> Option<Vec<u8>> {
        self.direct.gzip(bytes).await
    }

    async fn gunzip(&self, bytes: Vec<u8>, max: usize) -> Option<Vec<u8>> {
        self.direct.gunzip(bytes, max).await
    }
}

fn status(status: u16) -> Option<RawResponse> {
    Some(RawResponse { status, ..RawResponse::default() })
}

struct Client {
    share: Share<Bent, TestEnv>,
    writer: Writer,
    nonce: String,
}

impl Client {
    fn new(wire: &Bent, kind: ShareKind, dev: u8) -> Self {
        let setup = Setup { kind, slot: 0, tenant: String::new(), authority: None };
        let share = Share::new(wire.clone(), TestEnv(Cell::new(u64::from(dev) * 1000)), setup);
        Self { share, writer: writer(dev), nonce: format!("nonce-{dev}") }
    }

    fn send(&self, request: &Request) -> Response {
        now(self.share.send(request, None))
    }

    fn caps(&self) -> Caps {
        match self.send(&Request::Caps) {
            Response::Caps(caps) => caps,
            other => panic!("{other:?}"),
        }
    }

    fn try_push(&self, ops: &[WireOp]) -> Response {
        let push = PushRequest { writer: self.writer, nonce: self.nonce.clone(), now: 0, ops: ops.to_vec() };
        self.send(&Request::Push(push))
    }

    fn push(&self, ops: &[WireOp]) -> PushReply {
        match self.try_push(ops) {
            Response::Push(reply) => reply,
            other => panic!("{other:?}"),
        }
    }

    fn try_pull(&self, cursor: &str, limit: usize) -> Response {
        self.send(&Request::Pull { cursor: cursor.to_owned(), limit, not: Some(self.writer) })
    }

    fn pull(&self, cursor: &str, limit: usize) -> PullReply {
        match self.try_pull(cursor, limit) {
            Response::Pull(reply) => reply,
            other => panic!("{other:?}"),
        }
    }

    /// Names of the segments' documents, in the order of the feed.
    fn segments(wire: &Bent) -> Vec<String> {
        let told: serde_json::Value =
            serde_json::from_slice(&wire.raw("GET", "_changes?since=0", Vec::new()).body).unwrap();
        let ids =
            told["results"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned());
        ids.filter(|id| id.starts_with("s-")).collect()
    }

    /// All pages from `cursor`.
    fn drain(&self, cursor: &str, limit: usize) -> (Vec<WireOp>, String) {
        let (mut ops, mut cursor) = (Vec::new(), cursor.to_owned());
        loop {
            let page = self.pull(&cursor, limit);
            assert!(page.entries.len() <= limit);
            assert!(!page.more || page.cursor != cursor, "a page that does not move");
            ops.extend(page.entries.into_iter().map(|entry| match entry {
                Entry::Op { op, .. } => op,
                other => panic!("{other:?}"),
            }));
            cursor = page.cursor;
            if !page.more {
                return (ops, cursor);
            }
        }
    }
}

fn writer(dev: u8) -> Writer {
    Writer { dev: DeviceId([dev; 8]), epoch: 1 }
}

/// The `n`-th operation of a device in an entity of its own.
fn op_of(dev: u8, n: u32, kind: &str, body: &str) -> WireOp {
    let dot = Dot { writer: writer(dev), n };
    let mut ctx = Ctx::default();
    if n > 1 {
        ctx.add(Dot { n: n - 1, ..dot });
    }
    let hlc = Hlc { ms: 1000 + u64::from(n), count: 0 };
    let new = NewOp { entity: EntityId([dev; 16]), dot, hlc, kind, user: "zhuli01", ctx };
    Op::new(new, [7; 16], body.to_owned()).unwrap().to_wire()
}

fn ops(dev: u8, numbers: std::ops::Range<u32>) -> Vec<WireOp> {
    let body = |n| format!("{{\"set\":{{\"a\":{n}}},\"later\":\"unknown  field \"}}");
    numbers.map(|n| op_of(dev, n, if n == 3 { "unknown" } else { "set" }, &body(n))).collect()
}

fn failed(response: Response) -> (u16, String) {
    match response {
        Response::Failed { status, code, .. } => (status, code),
        other => panic!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// However operations are cut into batches and pages, each comes once, byte for byte, and a reader who looks
    /// in between misses none.
    #[test]
    fn each_comes_once(
        batches in prop::collection::vec((1u8..4, 1u32..9), 1..40),
        limit in 1usize..20,
        look in 0usize..40,
    ) {
        for kind in KINDS {
            let wire = Bent::new(kind);
            let clients: Vec<Client> = (1..4).map(|dev| Client::new(&wire, kind, dev)).collect();
            let reader = Client::new(&wire, kind, 9);
            let mut next = [1u32; 4];
            let mut all = Vec::new();
            let (mut read, mut cursor) = (Vec::new(), String::new());
            for (at, (dev, count)) in batches.iter().enumerate() {
                let from = &mut next[usize::from(*dev)];
                let batch = ops(*dev, *from..*from + count);
                *from += count;
                let reply = clients[usize::from(*dev) - 1].push(&batch);
                prop_assert!(reply.results.iter().all(|result| result.r == Verdict::Ok && result.id.is_some()));
                all.extend(batch);
                if at % 7 == look % 7 {
                    let (more, to) = reader.drain(&cursor, limit);
                    read.extend(more);
                    cursor = to;
                }
            }
            let (more, cursor) = reader.drain(&cursor, limit);
            read.extend(more);
            let order = |op: &WireOp| op.h.clone();
            all.sort_by_key(order);
            read.sort_by_key(order);
            prop_assert_eq!(&read, &all);
            prop_assert_eq!(reader.pull(&cursor, limit).entries.len(), 0);
            // What one wrote itself is passed over.
            let (own, _) = clients[0].drain("", limit);
            prop_assert!(own.iter().all(|op| !op.h.contains("0101010101010101.1.")));
        }
    }
}

#[test]
fn a_log_of_many_small_batches_is_read_in_a_few_requests() {
    let wire = Bent::new(ShareKind::WebDav);
    let writer = Client::new(&wire, ShareKind::WebDav, 1);
    let reader = Client::new(&wire, ShareKind::WebDav, 2);
    let mut cursor = String::new();
    let mut read = 0;
    for n in 1..=100 {
        writer.push(&ops(1, n..n + 1));
        if n == 20 || n == 55 {
            let (more, to) = reader.drain(&cursor, 7);
            read += more.len();
            cursor = to;
        }
    }
    wire.asked();
    let (more, cursor) = reader.drain(&cursor, 1000);
    assert_eq!(read + more.len(), 100, "a reader in the middle neither misses nor repeats");
    let late = Client::new(&wire, ShareKind::WebDav, 3);
    wire.asked();
    assert_eq!(late.drain("", 1000).0.len(), 100);
    let asked = wire.asked().len();
    assert!(asked < 25, "{asked} requests for 100 batches");
    assert!(wire.files("log/0101010101010101-1-0/").len() < 20);
    wire.asked();
    reader.pull(&cursor, 1000);
    reader.pull(&cursor, 1000);
    wire.asked();
    reader.pull(&cursor, 1000);
    assert!(wire.asked().len() <= 2, "nothing new");
}

#[test]
fn a_clone_is_refused_and_stores_nothing() {
    for kind in KINDS {
        let wire = Bent::new(kind);
        let first = Client::new(&wire, kind, 1);
        first.push(&ops(1, 1..3));
        let clone = Client { nonce: "another".to_owned(), ..Client::new(&wire, kind, 1) };
        let reply = clone.push(&ops(1, 3..5));
        assert!(reply.results.iter().all(|r| r.r == Verdict::Refuse && r.code.as_deref() == Some("clone")));
        first.push(&ops(1, 5..6));
        assert_eq!(Client::new(&wire, kind, 9).drain("", 100).0.len(), 3);
    }
}

#[test]
fn what_cannot_be_read_is_refused_alone() {
    for kind in KINDS {
        let wire = Bent::new(kind);
        let mut batch = ops(1, 1..4);
        batch[1].h.push('\n');
        let reply = Client::new(&wire, kind, 1).push(&batch);
        let verdicts: Vec<Verdict> = reply.results.iter().map(|result| result.r).collect();
        assert_eq!(verdicts, [Verdict::Ok, Verdict::Refuse, Verdict::Ok]);
        assert_eq!(Client::new(&wire, kind, 9).drain("", 100).0.len(), 2);
    }
}

#[test]
fn the_same_batch_again_is_stored_once_on_couchdb_and_after_a_lost_commit() {
    let wire = Bent::new(ShareKind::CouchDb);
    let client = Client::new(&wire, ShareKind::CouchDb, 1);
    client.push(&ops(1, 1..5));
    client.push(&ops(1, 1..5));
    assert_eq!(Client::new(&wire, ShareKind::CouchDb, 9).drain("", 100).0.len(), 4);

    let wire = Bent::new(ShareKind::WebDav);
    let client = Client::new(&wire, ShareKind::WebDav, 1);
    client.push(&ops(1, 1..2));
    wire.bend(|request| {
        (request.method == "PUT" && request.path.starts_with("heads/")).then(|| status(0)).flatten()
    });
    assert_eq!(client.try_push(&ops(1, 2..5)), Response::Lost);
    wire.straighten();
    let again = client.push(&ops(1, 2..6));
    let verdicts: Vec<Verdict> = again.results.iter().map(|result| result.r).collect();
    assert_eq!(verdicts, [Verdict::Dup, Verdict::Dup, Verdict::Dup, Verdict::Ok]);
    assert_eq!(Client::new(&wire, ShareKind::WebDav, 9).drain("", 100).0.len(), 5);
}

#[test]
fn a_broken_segment_stops_only_its_own_log_and_its_author_sends_again() {
    let wire = Bent::new(ShareKind::WebDav);
    let (first, second) =
        (Client::new(&wire, ShareKind::WebDav, 1), Client::new(&wire, ShareKind::WebDav, 2));
    first.push(&ops(1, 1..4));
    let cursor = first.pull("", 100).cursor;
    second.push(&ops(2, 1..3));
    let file = wire.files("log/0101010101010101-1-0/").remove(0);
    let bytes = wire.raw("GET", &file, Vec::new()).body;
    wire.raw("PUT", &file, bytes[..bytes.len() / 2].to_vec());

    let reader = Client::new(&wire, ShareKind::WebDav, 9);
    let (read, place) = reader.drain("", 100);
    assert_eq!(read.len(), 2, "the other log goes on");

    // Its author, opened anew.
    let author = Client::new(&wire, ShareKind::WebDav, 1);
    assert_eq!(failed(author.try_pull(&cursor, 100)), (409, "history".to_owned()));
    author.push(&ops(1, 1..4));
    author.pull("", 100);
    assert_eq!(reader.drain(&place, 100).0.len(), 3);
}

#[test]
fn one_file_that_fails_does_not_keep_the_others_back() {
    let wire = Bent::new(ShareKind::WebDav);
    for dev in 1..4 {
        Client::new(&wire, ShareKind::WebDav, dev).push(&ops(dev, 1..3));
    }
    let reader = Client::new(&wire, ShareKind::WebDav, 9);
    reader.caps();
    wire.bend(|request| request.path.starts_with("log/0101").then(|| status(500)).flatten());
    let page = reader.pull("", 100);
    assert_eq!((page.entries.len(), page.more), (4, true));
    assert_eq!(failed(reader.try_pull(&page.cursor, 100)).0, 500);
    wire.straighten();
    assert_eq!(reader.drain(&page.cursor, 100).0.len(), 2);
}

#[test]
fn one_head_that_fails_does_not_keep_the_others_back() {
    let wire = Bent::new(ShareKind::WebDav);
    for dev in 1..4 {
        Client::new(&wire, ShareKind::WebDav, dev).push(&ops(dev, 1..3));
    }
    let reader = Client::new(&wire, ShareKind::WebDav, 9);
    wire.bend(|request| request.path.starts_with("heads/0101").then(|| status(500)).flatten());
    let page = reader.pull("", 100);
    assert_eq!((page.entries.len(), page.more), (4, true));
    assert_eq!(failed(reader.try_pull(&page.cursor, 100)).0, 500);
    wire.straighten();
    assert_eq!(reader.drain(&page.cursor, 100).0.len(), 2);
}

#[test]
fn where_nothing_can_be_deleted_a_log_does_not_grow_by_itself() {
    let wire = Bent::new(ShareKind::WebDav);
    wire.bend(|request| (request.method == "DELETE").then(|| status(403)).flatten());
    for n in 1..=60 {
        // A tab opened anew each time, which looks through the folder.
        Client::new(&wire, ShareKind::WebDav, 1).push(&ops(1, n..n + 1));
    }
    assert_eq!(Client::new(&wire, ShareKind::WebDav, 9).drain("", 100).0.len(), 60);
}

#[test]
fn a_head_that_vanished_or_went_back_is_told_to_its_author() {
    for kind in KINDS {
        let wire = Bent::new(kind);
        let first = Client::new(&wire, kind, 1);
        first.push(&ops(1, 1..4));
        first.pull("", 100);
        wire.direct.share.borrow_mut().back_up();
        first.push(&ops(1, 4..6));
        let cursor = first.pull("", 100).cursor;
        wire.direct.share.borrow_mut().restore();
        // The tab that wrote it, and one that was opened since.
        for client in [&first, &Client::new(&wire, kind, 1)] {
            assert_eq!(failed(client.try_pull(&cursor, 100)), (409, "history".to_owned()), "{kind:?}");
        }
    }
}

#[test]
fn a_listing_that_lacks_a_log_loses_nothing() {
    let wire = Bent::new(ShareKind::WebDav);
    let (first, second) =
        (Client::new(&wire, ShareKind::WebDav, 1), Client::new(&wire, ShareKind::WebDav, 2));
    first.push(&ops(1, 1..4));
    second.push(&ops(2, 1..4));
    let cursor = first.pull("", 100).cursor;
    wire.bend(|request| {
        let body = b"<multistatus xmlns=\"DAV:\"></multistatus>".to_vec();
        let empty = RawResponse { status: 207, body, ..RawResponse::default() };
        (request.method == "PROPFIND").then_some(empty)
    });
    assert_eq!(first.drain(&cursor, 100), (Vec::new(), cursor.clone()));
    wire.straighten();
    second.push(&ops(2, 4..6));
    assert_eq!(first.drain(&cursor, 100).0.len(), 2);
}

/// A feed's answer in which the documents of these names are not there.
fn without_docs(wire: &Bent, request: &RawRequest, ids: &[String]) -> Option<RawResponse> {
    let mut answer = now(wire.direct.send(request.clone())).unwrap();
    let mut told: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    for row in told["results"].as_array_mut().unwrap() {
        if ids.iter().any(|id| row["id"] == id.as_str()) {
            row["doc"] = serde_json::Value::Null;
        }
    }
    answer.body = told.to_string().into_bytes();
    Some(answer)
}

#[test]
fn a_document_that_cannot_be_read_is_asked_for_and_never_passed_over_for_good() {
    let wire = Bent::new(ShareKind::CouchDb);
    let first = Client::new(&wire, ShareKind::CouchDb, 1);
    for n in 1..4 {
        first.push(&ops(1, n..n + 1));
    }
    let ids = Client::segments(&wire);
    assert_eq!(ids.len(), 3);
    let middle = vec![ids[1].clone()];
    // The feed tells of it and does not have it.
    let (bent, lacks) = (wire.clone(), middle.clone());
    let lacking = move |request: &RawRequest| {
        request.path.starts_with("_changes").then(|| without_docs(&bent, request, &lacks)).flatten()
    };
    wire.bend(lacking.clone());
    assert_eq!(Client::new(&wire, ShareKind::CouchDb, 2).drain("", 100).0.len(), 3);
    // Nor can it be had by its name: a later program's, or a view that lags behind.
    let name = middle[0].clone();
    wire.bend(move |request| {
        let itself = request.method == "GET" && request.path == name;
        if itself { status(500) } else { lacking(request) }
    });
    let reader = Client::new(&wire, ShareKind::CouchDb, 3);
    let (read, cursor) = reader.drain("", 100);
    assert_eq!(read.len(), 2, "it stops nothing else");
    assert!(reader.drain(&cursor, 100).0.is_empty());
    wire.straighten();
    // Whoever opens the app again finds it, once; one who does not, after some rounds.
    let again = Client::new(&wire, ShareKind::CouchDb, 3);
    let (late, after) = again.drain(&cursor, 1);
    assert_eq!(late.len(), 1);
    assert!(again.drain(&after, 100).0.is_empty());
    let mut cursor = cursor;
    let mut found = 0;
    for _ in 0..16 {
        let (late, to) = reader.drain(&cursor, 100);
        found += late.len();
        cursor = to;
    }
    assert_eq!(found, 1);
    first.push(&ops(1, 4..5));
    assert_eq!(reader.drain(&cursor, 100).0.len(), 1);
}

#[test]
fn a_cursor_of_another_backend_begins_anew() {
    for kind in KINDS {
        let client = Client::new(&Bent::new(kind), kind, 1);
        assert_eq!(failed(client.try_pull("1.046f3bf70e000860.41", 100)), (409, "history".to_owned()));
    }
}

#[test]
fn a_share_that_cannot_be_read_is_never_set_up_anew() {
    let html = RawResponse { status: 200, body: b"<html>Sign in".to_vec(), ..RawResponse::default() };
    let locked =
        RawResponse { status: 423, headers: vec![("retry-after".to_owned(), "9".to_owned())], body: vec![] };
    for (answer, expect) in
        [(html, 502), (locked, 423), (status(500).unwrap(), 500), (status(403).unwrap(), 403)]
    {
        for kind in KINDS {
            let wire = Bent::new(kind);
            let answer = answer.clone();
            wire.bend(move |request| request.path.starts_with("meta").then(|| answer.clone()));
            let response = Client::new(&wire, kind, 1).send(&Request::Caps);
            let Response::Failed { status, retry_after_ms, .. } = response else { panic!("{response:?}") };
            assert_eq!(status, expect);
            assert_eq!(retry_after_ms, (expect == 423).then_some(9000));
            assert!(wire.asked().iter().all(|request| matches!(request.method, "GET" | "PROPFIND")));
        }
    }
    // Absent counts only where the folder answers for itself.
    let wire = Bent::new(ShareKind::WebDav);
    wire.bend(|request| (request.method == "PROPFIND").then(|| status(404)).flatten());
    assert_eq!(failed(Client::new(&wire, ShareKind::WebDav, 1).send(&Request::Caps)).0, 404);
    assert!(wire.asked().iter().all(|request| request.method != "PUT"));
}

#[test]
fn a_description_that_was_cut_off_is_mended_with_the_history_it_had() {
    let wire = Bent::new(ShareKind::WebDav);
    let first = Client::new(&wire, ShareKind::WebDav, 1);
    let history = first.caps().history;
    first.push(&ops(1, 1..4));
    let text = wire.raw("GET", "meta.json", Vec::new()).body;
    for left in [0, 5, text.len() - 1] {
        wire.raw("PUT", "meta.json", text[..left].to_vec());
        assert_eq!(Client::new(&wire, ShareKind::WebDav, 2).caps().history, history);
    }
    // Two that begin at once agree; a later format is left alone.
    let other = Client::new(&wire, ShareKind::WebDav, 3);
    assert_eq!(other.caps().history, history);
    wire.raw("PUT", "meta.json", br#"{"format":2,"history":"h","min_reader":2}"#.to_vec());
    assert_eq!(failed(other.send(&Request::Caps)), (426, "contract".to_owned()));
}

#[test]
fn a_share_of_another_tenant_is_refused() {
    for kind in KINDS {
        let wire = Bent::new(kind);
        let of = |tenant: &str| {
            let setup = Setup { kind, slot: 0, tenant: tenant.to_owned(), authority: None };
            now(Share::new(wire.clone(), TestEnv::default(), setup).send(&Request::Caps, None))
        };
        assert!(matches!(of("510000100"), Response::Caps(_)));
        assert!(matches!(of(""), Response::Caps(_)));
        assert_eq!(failed(of("510000101")), (403, "tenant".to_owned()));
    }
}

#[test]
fn probing_says_what_is_wrong_and_leaves_nothing() {
    for kind in KINDS {
        let wire = Bent::new(kind);
        let client = Client::new(&wire, kind, 1);
        let probe = || now(client.share.probe());
        assert!(matches!(probe(), Probe::Works(_)));
        if kind == ShareKind::WebDav {
            assert_eq!(wire.files(""), Vec::<String>::new());
        }
        // Nothing that is needed: a browser may be refused it where all else is allowed.
        wire.bend(|request| (request.method == "MOVE").then(|| status(0)).flatten());
        assert!(matches!(probe(), Probe::Works(_)), "{kind:?}");
        let writes = ["PUT", "POST"];
        for (answer, expect) in
            [(403, Probe::ReadOnly), (507, Probe::Full), (423, Probe::Busy), (0, Probe::Interrupted)]
        {
            wire.bend(move |request| writes.contains(&request.method).then(|| status(answer)).flatten());
            assert_eq!(probe(), expect, "{kind:?} {answer}");
        }
        for (answer, expect) in [
            (401, Probe::WrongPassword),
            (SESSION_ENDED, Probe::SignedOut),
            (404, Probe::NoSuchFolder),
            (405, Probe::NotAShare),
            (0, Probe::Unreachable),
        ] {
            wire.bend(move |_| status(answer));
            assert_eq!(probe(), expect, "{kind:?} {answer}");
        }
        wire.bend(|request| {
            (request.method == "GET" && request.path.contains("probe")).then(|| {
                let body = b"{\"_rev\":\"1-x\",\"text\":\"other\"}".to_vec();
                RawResponse { status: 200, body, ..RawResponse::default() }
            })
        });
        assert_eq!(probe(), Probe::ChangesBytes, "{kind:?}");
    }
}

struct Count;

impl Project for Count {
    type Summary = Option<u32>;

    fn summary(&self, entity: &Entity) -> Option<u32> {
        entity.creation().map(|_| entity.have().len() as u32)
    }
}

/// Logs come in any order: an edit may arrive pages before the creation it builds on.
#[test]
fn an_edit_before_its_creation_waits_for_it() {
    let (env, store) = (TestEnv::default(), MemoryStore::default());
    let replica = now(Replica::open(store, Count, &env, "zhuli01")).unwrap();
    let mut all = ops(1, 2..5);
    let create = r#"{"type":"hazard","place":{"area":"510000100201001"},"set":{"a":1}}"#;
    all.push(op_of(1, 1, "create", create));
    let mut from = String::new();
    for (n, op) in all.iter().enumerate() {
        let cursor = n.to_string();
        let entries = vec![Entry::Op { op: op.clone(), at: 1 }];
        let page = PullReply { entries, cursor: cursor.clone(), more: n + 1 < all.len() };
        now(replica.apply_page(&env, &from, page, "h", None)).unwrap();
        from = cursor;
        let shown = replica.rows()[&EntityId([1; 16])].summary;
        assert_eq!(shown, (n == 3).then_some(4), "nothing to show before the creation is here");
    }
    let held = now(replica.entity(EntityId([1; 16]))).unwrap().unwrap();
    all.reverse();
    let mut in_order = Entity::new(EntityId([1; 16]), None);
    for op in all {
        in_order.apply(&Op::from_wire(op).unwrap());
    }
    assert_eq!(held.to_snapshot(), in_order.to_snapshot());
    assert!(held.quarantine().is_empty());
}
