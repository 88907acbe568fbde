//! Shares in memory, with the quirks of those outside: what the simulator and native tests speak to.

mod couch;
mod dav;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use gridbook_log::WireOp;

use super::Rng;
use super::mishap::{Met, Mishap};
use crate::share::{Lost, RawRequest, RawResponse, ShareKind, Wire};

pub use couch::FakeCouch;
pub use dav::FakeDav;

/// How often, in percent, and in which way a share's server misbehaves.
#[derive(Clone, Debug, Default)]
pub struct Quirks {
    /// Answers 423, 429 or 503.
    pub busy: u64,
    /// An upload breaks off and leaves half a file (WebDAV), or the rows of a bulk write fail (CouchDB).
    pub cut: u64,
    /// A listing of some time ago, or none of the members; a feed that begins earlier than asked.
    pub stale: u64,
    /// No entity tags.
    pub no_tags: bool,
    /// No sizes.
    pub no_sizes: bool,
    /// Addresses with scheme and host, oddly encoded; sequences that are numbers.
    pub odd: bool,
    /// Answers 412 to every condition.
    pub no_conditions: bool,
    /// Entity tags that end in `-gzip` now and then, as Apache's compression makes them.
    pub gzip_tags: bool,
    /// Answers that are not the share's: a proxy's 502, a page of somebody in between, a redirect.
    pub between: u64,
    /// Where it is counted what it did.
    pub met: Met,
}

impl Quirks {
    /// Those that never end, without the faults.
    pub fn calm(&self) -> Self {
        Self { busy: 0, cut: 0, stale: 0, between: 0, ..self.clone() }
    }
}

/// A share of either kind.
pub enum FakeShare {
    /// A folder.
    Dav(FakeDav),
    /// A database.
    Couch(FakeCouch),
}

impl FakeShare {
    /// An empty one.
    pub fn new(kind: ShareKind) -> Self {
        match kind {
            ShareKind::WebDav => Self::Dav(FakeDav::default()),
            ShareKind::CouchDb => Self::Couch(FakeCouch::default()),
        }
    }

    /// Answers a request; `None` when the answer is lost.
    pub fn handle(&mut self, rng: &mut Rng, quirks: &Quirks, request: &RawRequest) -> Option<RawResponse> {
        if rng.chance(quirks.busy) {
            let status = [423, 429, 503][rng.below(3) as usize];
            let told = rng.chance(50);
            let headers = if told { vec![("retry-after".to_owned(), "2".to_owned())] } else { Vec::new() };
            quirks.met.note(if told { Mishap::RetryAfter } else { Mishap::Busy });
            return Some(RawResponse { status, headers, body: Vec::new() });
        }
        if quirks.between > 0 && rng.chance(quirks.between) {
            return Some(in_between(rng, quirks, request));
        }
        match self {
            Self::Dav(dav) => dav.handle(rng, quirks, request),
            Self::Couch(couch) => couch.handle(rng, quirks, request),
        }
    }

    /// Every operation that a reader can find.
    pub fn ops(&self) -> Vec<WireOp> {
        match self {
            Self::Dav(dav) => dav.ops(),
            Self::Couch(couch) => couch.ops(),
        }
    }

    /// Grows with everything written.
    pub fn changes(&self) -> usize {
        match self {
            Self::Dav(dav) => dav.changes as usize,
            Self::Couch(couch) => couch.seq as usize,
        }
    }

    /// Whether a file of this name is there, whole.
    pub fn has_blob(&self, sha256: &str) -> bool {
        match self {
            Self::Dav(dav) => dav.has_blob(sha256),
            Self::Couch(couch) => couch.has_blob(sha256),
        }
    }

    /// A copy of all that is there now.
    pub fn back_up(&mut self) {
        match self {
            Self::Dav(dav) => dav.back_up(),
            Self::Couch(couch) => couch.back_up(),
        }
    }

    /// Goes back to the copy, photos too. Whether there was one.
    pub fn restore(&mut self) -> bool {
        match self {
            Self::Dav(dav) => dav.restore(),
            Self::Couch(couch) => couch.restore(),
        }
    }
}

/// Requests on their way from a tab and answers on their way back.
#[derive(Default)]
pub struct Pipe {
    count: u64,
    /// Requests that left, not yet carried.
    pub out: Vec<(u64, RawRequest)>,
    /// Answers that arrived, not yet heard.
    pub answers: BTreeMap<u64, Result<RawResponse, Lost>>,
}

/// A tab's end of a pipe.
#[derive(Clone, Default)]
pub struct PipeWire(pub Rc<RefCell<Pipe>>);

impl Wire for PipeWire {
    async fn send(&self, request: RawRequest) -> Result<RawResponse, Lost> {
        let number = {
            let mut pipe = self.0.borrow_mut();
            pipe.count += 1;
            let number = pipe.count;
            pipe.out.push((number, request));
            number
        };
        poll_fn(|_| match self.0.borrow_mut().answers.remove(&number) {
            Some(answer) => Poll::Ready(answer),
            None => Poll::Pending,
        })
        .await
    }

    async fn gzip(&self, bytes: Vec<u8>) -> Option<Vec<u8>> {
        Some(pack(&bytes))
    }

    async fn gunzip(&self, bytes: Vec<u8>, max: usize) -> Option<Vec<u8>> {
        unpack(&bytes, max)
    }
}

/// Answers at once, without faults.
#[derive(Clone)]
pub struct DirectWire {
    /// The share.
    pub share: Rc<RefCell<FakeShare>>,
    /// What never ends.
    pub quirks: Quirks,
    /// Requests so far.
    pub requests: Rc<RefCell<Vec<RawRequest>>>,
}

impl DirectWire {
    /// A connection to a new share.
    pub fn new(kind: ShareKind, quirks: Quirks) -> Self {
        let share = Rc::new(RefCell::new(FakeShare::new(kind)));
        Self { share, quirks, requests: Rc::default() }
    }
}

impl Wire for DirectWire {
    async fn send(&self, request: RawRequest) -> Result<RawResponse, Lost> {
        self.requests.borrow_mut().push(request.clone());
        self.share.borrow_mut().handle(&mut Rng::new(1), &self.quirks, &request).ok_or(Lost)
    }

    async fn gzip(&self, bytes: Vec<u8>) -> Option<Vec<u8>> {
        Some(pack(&bytes))
    }

    async fn gunzip(&self, bytes: Vec<u8>, max: usize) -> Option<Vec<u8>> {
        unpack(&bytes, max)
    }
}

/// Looks like gzip from outside, and finds out when it is cut off.
fn pack(bytes: &[u8]) -> Vec<u8> {
    let length = (bytes.len() as u64).to_le_bytes();
    [&[0x1f, 0x8b][..], &length, bytes].concat()
}

fn unpack(bytes: &[u8], max: usize) -> Option<Vec<u8>> {
    let (length, rest) = bytes.strip_prefix(&[0x1f, 0x8b])?.split_first_chunk::<8>()?;
    (u64::from_le_bytes(*length) == rest.len() as u64 && rest.len() <= max).then(|| rest.to_vec())
}

const PAGE: &[u8] =
    b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>502</h1></body></html>";

/// What somebody between the device and the share says in its place. A page with 200 comes to questions only: nobody
/// between the two ends of an encrypted connection takes an upload and says thanks.
fn in_between(rng: &mut Rng, quirks: &Quirks, request: &RawRequest) -> RawResponse {
    let page = vec![("content-type".to_owned(), "text/html".to_owned())];
    match rng.below(3) {
        0 if matches!(request.method, "GET" | "PROPFIND" | "POST") => {
            quirks.met.note(Mishap::Portal);
            RawResponse { status: 200, headers: page, body: PAGE.to_vec() }
        }
        1 => {
            quirks.met.note(Mishap::Redirected);
            let status = [301, 302, 307, 308][rng.below(4) as usize];
            let headers = vec![("location".to_owned(), "https://elsewhere.example/".to_owned())];
            RawResponse { status, headers, body: Vec::new() }
        }
        _ => {
            quirks.met.note(Mishap::Proxy);
            RawResponse { status: 502, headers: page, body: PAGE.to_vec() }
        }
    }
}
