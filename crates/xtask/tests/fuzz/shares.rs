//! Whatever a share's server may answer: descriptions, heads, segments, listings, rows of a feed.

use std::cell::RefCell;

use gridbook_sync::driver::Http;
use gridbook_sync::engine::{Request, Response};
use gridbook_sync::share::{Lost, RawRequest, RawResponse, Setup, Share, ShareKind, Wire};
use gridbook_sync::sim::Rng;
use gridbook_sync::sim::share::{DirectWire, Quirks};
use gridbook_sync::wire::PushRequest;

use super::Target;
use super::log::{ops, wires};
use super::mutate;
use super::store::{Env, now};

/// Answers, some of which are something else.
struct Damaged {
    direct: DirectWire,
    rng: RefCell<Rng>,
    /// Stands in the place of every third answer.
    other: Vec<u8>,
}

impl Wire for Damaged {
    async fn send(&self, request: RawRequest) -> Result<RawResponse, Lost> {
        let mut answer = self.direct.send(request).await?;
        let mut rng = self.rng.borrow_mut();
        match rng.below(6) {
            0 => answer.body = mutate::some(&mut rng, &[&answer.body, &self.other]),
            1 => answer.body.clone_from(&self.other),
            2 => answer.status = [200, 207, 301, 404, 409, 412, 500][rng.below(7) as usize],
            _ => {}
        }
        Ok(answer)
    }

    async fn gzip(&self, bytes: Vec<u8>) -> Option<Vec<u8>> {
        self.direct.gzip(bytes).await
    }

    async fn gunzip(&self, bytes: Vec<u8>, max: usize) -> Option<Vec<u8>> {
        self.direct.gunzip(bytes, max).await
    }
}

fn setup(kind: ShareKind, slot: u16) -> Setup {
    Setup { kind, slot, tenant: String::new(), authority: None }
}

fn push(nonce: &str) -> Request {
    let writer = ops()[0].dot().writer;
    Request::Push(PushRequest { writer, nonce: nonce.to_owned(), now: 1, ops: wires() })
}

const LIMIT: usize = 5;

fn round(kind: ShareKind, bytes: &[u8], number: u64) {
    let direct = DirectWire::new(kind, Quirks::default());
    let honest = Share::new(direct.clone(), Env, setup(kind, 0));
    now(honest.send(&push("n"), None));
    let peace = direct.clone();
    let wire = Damaged { direct, rng: RefCell::new(Rng::new(number)), other: bytes.to_vec() };
    let share = Share::new(wire, Env, setup(kind, 1));
    let mut cursor = String::new();
    for step in 0..6 {
        now(share.send(&Request::Caps, None));
        if step == 3 {
            now(share.send(&push("n"), None));
        }
        let request = Request::Pull { cursor: cursor.clone(), limit: LIMIT, not: None };
        match now(share.send(&request, None)) {
            Response::Pull(page) => {
                assert!(page.entries.len() <= LIMIT);
                cursor = page.cursor;
            }
            // Any text may come back as a cursor, an old one or another's.
            _ => cursor = String::from_utf8_lossy(bytes).into_owned(),
        }
        let _ = now(share.blob(&"ab".repeat(32)));
    }
    now(share.probe());
    // Whatever it saw: who reads in peace finds everything.
    let reader = Share::new(peace, Env, setup(kind, 2));
    let request = Request::Pull { cursor: String::new(), limit: 1000, not: None };
    let Response::Pull(page) = now(reader.send(&request, None)) else { panic!("the share was broken") };
    assert!(page.entries.len() >= wires().len(), "{} entries", page.entries.len());
}

fn webdav(bytes: &[u8], number: u64) {
    round(ShareKind::WebDav, bytes, number);
}

fn couchdb(bytes: &[u8], number: u64) {
    round(ShareKind::CouchDb, bytes, number);
}

/// What an honest share answered to everything.
fn answers(kind: ShareKind) -> Vec<Vec<u8>> {
    let direct = DirectWire::new(kind, Quirks::default());
    let share = Share::new(direct.clone(), Env, setup(kind, 0));
    now(share.send(&push("n"), None));
    now(share.send(&Request::Pull { cursor: String::new(), limit: 1000, not: None }, None));
    let requests = direct.requests.borrow().clone();
    let reads = requests.into_iter().filter(|request| matches!(request.method, "GET" | "PROPFIND"));
    let mut answers: Vec<Vec<u8>> = reads.filter_map(|r| now(direct.send(r)).ok()).map(|a| a.body).collect();
    answers.retain(|body| !body.is_empty());
    // The feed from its beginning, and the segment itself.
    if kind == ShareKind::CouchDb {
        let path = "_changes?include_docs=true&limit=9&since=0".to_owned();
        let all = RawRequest { method: "GET", path, headers: Vec::new(), body: Vec::new() };
        answers.extend(now(direct.send(all)).map(|answer| answer.body));
    }
    answers
}

pub fn targets() -> Vec<Target> {
    vec![
        Target { name: "webdav", seeds: answers(ShareKind::WebDav), run: webdav },
        Target { name: "couchdb", seeds: answers(ShareKind::CouchDb), run: couchdb },
    ]
}
