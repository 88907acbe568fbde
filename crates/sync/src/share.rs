//! Backends that only keep files or documents: a WebDAV share, a CouchDB database.
//!
//! Nobody there judges, numbers or filters: a [`Share`] is a level 0 backend that runs inside the client. It
//! answers the engine's requests by reading and writing immutable **segments** of operations. Every tab that
//! writes has a **log** of its own, named `<device>-<epoch>-<slot>`, so each log has exactly one writer, and
//! neither locks nor entity tags nor clocks are needed for anything to be right.
//!
//! A batch whose answer was lost is written again: the share then holds its operations twice, which a set does
//! not mind. What a share lost (restored from a backup, a file cut off) is noticed by its author at the next
//! pull, mended or answered with 409 `history`, so that the device sends everything once more.

mod couch;
mod cursor;
mod date;
mod dav;
mod fault;
mod head;
pub(crate) mod lanes;
mod listing;
mod meta;
pub(crate) mod names;
pub(crate) mod oracle;
mod parts;
mod probe;
mod segment;
mod state;

use std::cell::Cell;

use async_lock::Mutex;

use crate::driver::Http;
use crate::engine::{Request, Response};
use crate::env::Env;
use crate::wire::{Caps, MAX_BATCH_BYTES, MAX_BATCH_OPS, MAX_BLOB, VERSION};

pub(crate) use fault::PASSWORD;
use fault::{Answer, Fault};
use state::State;

pub use listing::{Item, read_listing};
pub use probe::{Limits, Verdict};

/// Requests under way at once.
pub const WIDTH: usize = 6;

/// A request to the share's server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawRequest {
    /// HTTP or WebDAV method.
    pub method: &'static str,
    /// Relative to the share's root (which ends with a slash), percent-encoded, without a leading slash; may end
    /// with a query.
    pub path: String,
    /// Headers to send besides the user's authorization.
    pub headers: Vec<(&'static str, String)>,
    /// Body; empty for none.
    pub body: Vec<u8>,
}

/// An answer of the share's server, whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawResponse {
    /// HTTP status.
    pub status: u16,
    /// Headers that could be read, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body, without any transfer or content encoding.
    pub body: Vec<u8>,
}

impl RawResponse {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(held, _)| held == name).map(|(_, value)| value.as_str())
    }
}

/// Status that a wire gives when the way to the share leads through a server of ours and the session there has ended:
/// the share itself was not asked.
pub const SESSION_ENDED: u16 = 440;

/// No answer came, or half of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost;

/// The connection to a share's server: `fetch` in a browser, a client natively, a fake in the simulator.
#[allow(async_fn_in_trait)]
pub trait Wire {
    /// Sends one request. Every status is an answer. Redirects may be followed, with method, headers and body.
    ///
    /// # Errors
    /// [`Lost`] when no whole answer came.
    async fn send(&self, request: RawRequest) -> Result<RawResponse, Lost>;
    /// Packs bytes as gzip; `None` where that cannot be done, then they are stored as they are.
    async fn gzip(&self, bytes: Vec<u8>) -> Option<Vec<u8>>;
    /// Unpacks gzip to at most `max` bytes; `None` when it is damaged, too long, or cannot be done here.
    async fn gunzip(&self, bytes: Vec<u8>, max: usize) -> Option<Vec<u8>>;
}

/// What kind of server keeps the share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShareKind {
    /// A folder behind WebDAV (Apache, nginx, Nextcloud and the like).
    WebDav,
    /// A CouchDB database.
    CouchDb,
}

/// How a share is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// What kind of server keeps it.
    pub kind: ShareKind,
    /// A small number that no other open tab of this device uses at the same time. The lowest free one is best.
    pub slot: u16,
    /// Name of the tenant whose share this must be; a share of another is answered 403 `tenant`. Empty: any.
    pub tenant: String,
    /// Whose receipts and numbers go on to count, if this device is the one that sets the share up.
    pub authority: Option<gridbook_log::DeviceId>,
}

/// See the module's text. The wire carries the address of the share and the user's authorization.
pub struct Share<W, E> {
    wire: W,
    env: E,
    setup: Setup,
    state: Mutex<State>,
    sizes: parts::Sizes,
    /// What time it was at the share's server, by its last answer that could be read so far, milliseconds since 1970.
    told_ms: Cell<Option<u64>>,
}

impl<W: Wire, E: Env> Share<W, E> {
    /// A connection to a share. Nothing is sent before it is asked for.
    pub fn new(wire: W, env: E, setup: Setup) -> Self {
        let sizes = parts::Sizes::of(setup.kind);
        Self { wire, env, setup, state: Mutex::new(State::default()), sizes, told_ms: Cell::new(None) }
    }

    /// The same, where files of more than `whole` bytes go up in parts of `part` bytes. Whoever reads them needs not know.
    #[must_use]
    pub fn with_parts(self, whole: usize, part: usize) -> Self {
        Self { sizes: parts::Sizes { whole, part: part.max(1) }, ..self }
    }

    /// Bytes of a file, verified against its name; `None` when the share does not have it (yet).
    ///
    /// # Errors
    /// [`Response::Lost`] or [`Response::Failed`].
    pub async fn blob(&self, sha256: &str) -> Result<Option<Vec<u8>>, Response> {
        if !names::is_sha256(sha256) {
            return Err(Fault::own(400, "malformed").into());
        }
        let bytes = match self.setup.kind {
            ShareKind::WebDav => self.dav_blob(sha256).await,
            ShareKind::CouchDb => self.couch_blob(sha256).await,
        };
        // Cut off while it was written: as good as absent, its owner sends it again.
        Ok(bytes?.filter(|bytes| names::sha256(bytes) == sha256))
    }

    /// Looks whether the folder or database can be used at all, by writing, reading, changing, listing and
    /// deleting a small file. Leaves nothing behind when it works (CouchDB keeps a note that something was deleted).
    pub async fn probe(&self) -> Verdict {
        let verdict = match self.setup.kind {
            ShareKind::WebDav => self.probe_dav().await,
            ShareKind::CouchDb => self.probe_couch().await,
        };
        verdict.unwrap_or_else(|verdict| verdict)
    }

    /// Asks the share's server, and takes note of its clock.
    async fn ask(&self, request: RawRequest) -> Result<RawResponse, Lost> {
        let response = self.wire.send(request).await?;
        if let Some(told) = response.header("date").and_then(date::read) {
            self.told_ms.set(Some(told));
        }
        Ok(response)
    }

    async fn answer(&self, request: &Request, blob: Option<Vec<u8>>) -> Answer<Response> {
        match request {
            Request::Caps => {
                let mut state = self.state.lock().await;
                // Another one may stand there since we last looked.
                state.meta = None;
                self.told_ms.set(None);
                let meta = self.meta(&mut state).await?;
                Ok(Response::Caps(Caps {
                    contract: VERSION.to_owned(),
                    levels: vec![0],
                    history: meta.history,
                    // Where nothing says it no clock is known to be wrong.
                    now: self.told_ms.get().unwrap_or_else(|| self.env.now_ms()),
                    authority: meta.authority,
                    max_batch_ops: MAX_BATCH_OPS,
                    max_batch_bytes: MAX_BATCH_BYTES,
                    max_blob: MAX_BLOB,
                    snapshot: None,
                }))
            }
            Request::Push(push) => {
                let mut state = self.state.lock().await;
                let reply = match self.setup.kind {
                    ShareKind::WebDav => self.dav_push(&mut state, push).await,
                    ShareKind::CouchDb => self.couch_push(&mut state, push).await,
                };
                reply.map(Response::Push)
            }
            Request::Pull { cursor, limit, not } => {
                let mut state = self.state.lock().await;
                let reply = match self.setup.kind {
                    ShareKind::WebDav => self.dav_pull(&mut state, cursor, *limit, *not).await,
                    ShareKind::CouchDb => self.couch_pull(&mut state, cursor, *limit, *not).await,
                };
                reply.map(Response::Pull)
            }
            // A share computes nothing: it does not announce these.
            Request::Snapshot { .. } | Request::Fp { .. } => Err(Fault::own(404, "not_found")),
            Request::PutBlob { sha256 } => {
                let bytes = blob.unwrap_or_default();
                if !names::is_sha256(sha256) || bytes.is_empty() || names::sha256(&bytes) != *sha256 {
                    // Gone from the device, or never whole: asking again will not change it.
                    return Err(Fault::own(422, "hash"));
                }
                match self.setup.kind {
                    _ if bytes.len() > self.sizes.whole => self.put_parts(sha256, &bytes).await?,
                    ShareKind::WebDav => self.dav_put_blob(sha256, bytes).await?,
                    ShareKind::CouchDb => self.couch_put_blob(sha256, bytes).await?,
                }
                self.state.lock().await.photo = Some(sha256.clone());
                Ok(Response::Blob)
            }
            // How far it has come is looked at with its first part: only then its size is known.
            Request::AskBlob { .. } => Ok(Response::BlobAt(Some(0))),
            Request::PutPart { length, .. } if *length <= self.sizes.whole => Ok(Response::BlobAt(None)),
            Request::PutPart { sha256, offset, length } => {
                if !names::is_sha256(sha256) {
                    return Err(Fault::own(422, "hash"));
                }
                self.take_bytes(sha256, *offset, *length, &blob.unwrap_or_default()).await
            }
        }
    }
}

impl<W: Wire, E: Env> Http for Share<W, E> {
    async fn send(&self, request: &Request, blob: Option<Vec<u8>>) -> Response {
        self.answer(request, blob).await.unwrap_or_else(Response::from)
    }
}
