//! The engine: what to do next, given what happened. Events in, commands out.
//!
//! It has no clock, no randomness, no fetch and no store; the same code runs in the browser, in native tests and
//! in the simulator. One round is: capabilities → push until nothing waits → pull until nothing is behind →
//! photos one by one, giving way to text. Everything that can fail ends in a timer; every wake re-arms it.

mod retry;

use std::collections::BTreeSet;

use gridbook_log::{Header, OpId};

use crate::replica::Outbox;
use crate::wire::{
    Caps, MAX_BATCH_BYTES, MAX_BATCH_OPS, MAX_PAGE, PullReply, PushReply, PushRequest, VERSION, Verdict,
};

pub use retry::Backoff;

/// Pause between two rounds when all is well, in milliseconds.
pub const POLL_MS: u64 = 60_000;

/// A request to the backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// `GET /sync/v1/caps`
    Caps,
    /// `POST /sync/v1/push`
    Push(PushRequest),
    /// `GET /sync/v1/pull`
    Pull {
        /// Where to go on; empty for the beginning.
        cursor: String,
        /// Most entries wanted.
        limit: usize,
        /// Operations of this writer need not come back, except below an `enter`.
        not: Option<gridbook_log::Writer>,
    },
    /// `PUT /sync/v1/blobs/{sha256}`; the driver adds the bytes from the store.
    PutBlob {
        /// Name.
        sha256: String,
    },
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// Capabilities.
    Caps(Caps),
    /// Results of a push.
    Push(PushReply),
    /// A page.
    Pull(PullReply),
    /// The blob is stored.
    Blob,
    /// The backend answered with an error.
    Failed {
        /// HTTP status.
        status: u16,
        /// Machine code, if the body had one.
        code: String,
        /// `Retry-After`, in milliseconds.
        retry_after_ms: Option<u64>,
    },
    /// No answer, or half of one.
    Lost,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Start, `online`, visible again, a save, a person pressing the button: go, now.
    Wake,
    /// The timer set by [`Output::Timer`].
    Timer,
    /// A new session token is in place.
    SignedIn,
    /// Answer to [`Output::LoadOutbox`].
    Outbox(Outbox),
    /// Answer to [`Output::Send`] with the same number.
    Response(u64, Response),
    /// Answer to [`Output::ApplyResults`] or [`Output::ApplyPage`] or [`Output::BlobDone`].
    Stored,
    /// Answer to [`Output::NextBlob`].
    Blob(Option<String>),
    /// The store failed; the text is for the log.
    StoreFailed(String),
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Read the next operations to send.
    LoadOutbox {
        /// Waiting operations to pass over: the backend deferred them in this round.
        skip: usize,
        /// Most operations.
        max_ops: usize,
        /// Most bytes.
        max_bytes: usize,
    },
    /// Send a request; answer with the same number.
    Send(u64, Request),
    /// Take note of push results.
    ApplyResults(PushReply),
    /// Take in a page that was asked for from this cursor; a page asked from elsewhere is thrown away.
    ApplyPage(String, PullReply),
    /// The page's cursor belongs to no history we know: start over from the beginning, keeping everything.
    ForgetCursor,
    /// Name a photo that waits, passing over those that failed in this round.
    NextBlob,
    /// The photo is stored at the backend.
    BlobDone(String),
    /// Leave this photo alone for this round.
    BlobFailed(String),
    /// Come back after so many milliseconds, unless something else wakes the engine first.
    Timer(u64),
    /// The state that people see has changed.
    Status,
}

/// What the engine is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Nothing.
    #[default]
    Idle,
    /// Asking what the backend can do.
    Caps,
    /// Sending text.
    Push,
    /// Fetching.
    Pull,
    /// Sending photos.
    Photos,
}

/// Why the last round did not end well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No connection, or it broke off.
    Offline,
    /// The session ended; sign in again. Work goes on, nothing is lost.
    SignedOut,
    /// The backend is busy or failing.
    Backend(u16),
    /// The app is too old for the backend.
    TooOld,
    /// The device's own store failed.
    Store(String),
}

/// See the module's text.
#[derive(Clone, Debug)]
pub struct Engine {
    phase: Phase,
    trouble: Option<Trouble>,
    caps: Option<Caps>,
    backoff: Backoff,
    request: u64,
    waiting: Option<u64>,
    again: bool,
    skip: usize,
    sent: Vec<Option<OpId>>,
    max_ops: usize,
    more: bool,
    asked: String,
    blob: Option<String>,
    identity: Identity,
}

/// What a push says of its sender, and where a pull goes on. The driver keeps it up to date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Log identity.
    pub writer: gridbook_log::Writer,
    /// Its nonce.
    pub nonce: String,
    /// Where the feed goes on.
    pub cursor: String,
    /// The history the cursor belongs to; empty before the first pull.
    pub history: String,
    /// Own operations were purged that may lie ahead of the cursor: they must come back.
    pub echo: bool,
}

impl Engine {
    /// A new engine, idle.
    pub fn new(identity: Identity) -> Self {
        Self {
            phase: Phase::Idle,
            trouble: None,
            caps: None,
            backoff: Backoff::default(),
            request: 0,
            waiting: None,
            again: false,
            skip: 0,
            sent: Vec::new(),
            max_ops: MAX_BATCH_OPS,
            more: false,
            asked: String::new(),
            blob: None,
            identity,
        }
    }

    /// What it is doing.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Why the last round did not end well; `None` when it did.
    pub fn trouble(&self) -> Option<&Trouble> {
        self.trouble.as_ref()
    }

    /// What the backend said it can do, in this session.
    pub fn caps(&self) -> Option<&Caps> {
        self.caps.as_ref()
    }

    /// Position and identity as the replica has them now.
    pub fn set_identity(&mut self, identity: Identity) {
        self.identity = identity;
    }

    /// Takes an event, gives commands. `now_ms` is the wall clock, `random` any number.
    pub fn handle(&mut self, now_ms: u64, random: u64, input: Input) -> Vec<Output> {
        match input {
            Input::SignedIn => {
                if self.trouble == Some(Trouble::SignedOut) {
                    self.trouble = None;
                }
                self.wake()
            }
            Input::Wake | Input::Timer => self.wake(),
            Input::Outbox(outbox) if self.phase == Phase::Push => self.outbox(now_ms, outbox),
            Input::Response(request, response) if self.waiting == Some(request) => {
                self.waiting = None;
                self.response(random, response)
            }
            Input::Stored => self.stored(),
            Input::Blob(name) if self.phase == Phase::Photos => self.photo(random, name),
            Input::StoreFailed(text) => self.fail(random, Trouble::Store(text), None),
            // A late answer to something given up: the round that replaced it does the same work.
            Input::Outbox(_) | Input::Response(..) | Input::Blob(_) => Vec::new(),
        }
    }

    fn wake(&mut self) -> Vec<Output> {
        if self.phase != Phase::Idle {
            self.again = true;
            return Vec::new();
        }
        if matches!(self.trouble, Some(Trouble::SignedOut | Trouble::TooOld)) {
            return Vec::new();
        }
        self.skip = 0;
        if self.caps.is_none() {
            self.phase = Phase::Caps;
            return vec![Output::Status, self.send(Request::Caps)];
        }
        self.push()
    }

    fn push(&mut self) -> Vec<Output> {
        self.phase = Phase::Push;
        let max_bytes = self.caps.as_ref().map_or(MAX_BATCH_BYTES, |c| c.max_batch_bytes);
        let max_ops = self.caps.as_ref().map_or(MAX_BATCH_OPS, |c| c.max_batch_ops).min(self.max_ops).max(1);
        vec![Output::LoadOutbox { skip: self.skip, max_ops, max_bytes }, Output::Status]
    }

    fn pull(&mut self) -> Vec<Output> {
        self.phase = Phase::Pull;
        let cursor = self.identity.cursor.clone();
        self.asked.clone_from(&cursor);
        let not = (!self.identity.echo).then_some(self.identity.writer);
        // People see the phase before the answer, which may take its time.
        vec![Output::Status, self.send(Request::Pull { cursor, limit: MAX_PAGE, not })]
    }

    fn outbox(&mut self, now_ms: u64, outbox: Outbox) -> Vec<Output> {
        if outbox.ops.is_empty() {
            return self.pull();
        }
        self.sent = outbox.ops.iter().map(|op| Header::parse(&op.h).ok().map(|h| h.id)).collect();
        let Identity { writer, nonce, .. } = self.identity.clone();
        vec![self.send(Request::Push(PushRequest { writer, nonce, now: now_ms, ops: outbox.ops }))]
    }

    fn response(&mut self, random: u64, response: Response) -> Vec<Output> {
        match (self.phase, response) {
            (Phase::Caps, Response::Caps(caps)) => {
                if caps.contract != VERSION {
                    return self.fail(random, Trouble::TooOld, None);
                }
                let restored = !self.identity.history.is_empty() && self.identity.history != caps.history;
                self.caps = Some(caps);
                let mut out = if restored { vec![Output::ForgetCursor] } else { Vec::new() };
                out.extend(self.push());
                out
            }
            (Phase::Push, Response::Push(mut reply)) => {
                // A backend that could not read an operation cannot name it; its place in the answer does.
                for (result, id) in reply.results.iter_mut().zip(&self.sent) {
                    result.id = result.id.or(*id);
                }
                // Whatever is not settled stays in the outbox: pass over it, or it is sent again for ever.
                let settled = reply.results.iter().filter(|r| r.r != Verdict::Defer);
                let settled: BTreeSet<OpId> = settled.filter_map(|r| r.id).collect();
                self.skip +=
                    self.sent.iter().filter(|id| !id.is_some_and(|id| settled.contains(&id))).count();
                self.max_ops = MAX_BATCH_OPS;
                vec![Output::ApplyResults(reply)]
            }
            (Phase::Pull, Response::Pull(reply)) => {
                // A page that does not move the cursor would be asked for again for ever.
                self.more = reply.more && reply.cursor != self.asked;
                vec![Output::ApplyPage(std::mem::take(&mut self.asked), reply)]
            }
            (Phase::Photos, Response::Blob) => {
                let name = self.blob.take().unwrap_or_default();
                vec![Output::BlobDone(name)]
            }
            (_, Response::Failed { status, retry_after_ms, .. }) => {
                self.failed(random, status, retry_after_ms)
            }
            // An answer of another shape than asked is as good as none.
            _ => self.fail(random, Trouble::Offline, None),
        }
    }

    fn failed(&mut self, random: u64, status: u16, retry: Option<u64>) -> Vec<Output> {
        match status {
            401 => self.fail(random, Trouble::SignedOut, None),
            426 => self.fail(random, Trouble::TooOld, None),
            409 | 410 if self.phase == Phase::Pull => {
                // The backend's history is another one, or our position was compacted away.
                self.caps = None;
                let mut out = vec![Output::ForgetCursor];
                out.extend(self.fail(random, Trouble::Backend(status), retry));
                out
            }
            413 if self.phase == Phase::Push => {
                if self.sent.len() > 1 {
                    self.max_ops = self.sent.len().div_ceil(2);
                } else {
                    // Too large even alone: it stays unsent and must not block what waits behind it.
                    self.skip += 1;
                    self.max_ops = MAX_BATCH_OPS;
                }
                self.push()
            }
            403 | 404 | 413 | 422 if self.phase == Phase::Photos => {
                let name = self.blob.take().unwrap_or_default();
                vec![Output::BlobFailed(name), Output::NextBlob]
            }
            _ => self.fail(random, Trouble::Backend(status), retry),
        }
    }

    fn stored(&mut self) -> Vec<Output> {
        match self.phase {
            Phase::Push => self.push(),
            Phase::Pull => {
                if self.more {
                    self.pull()
                } else {
                    self.phase = Phase::Photos;
                    vec![Output::NextBlob, Output::Status]
                }
            }
            Phase::Photos => self.photo_next(),
            Phase::Idle | Phase::Caps => Vec::new(),
        }
    }

    /// After a photo, text that was saved meanwhile goes first.
    fn photo_next(&mut self) -> Vec<Output> {
        if self.again {
            self.again = false;
            self.skip = 0;
            return self.push();
        }
        vec![Output::NextBlob]
    }

    fn photo(&mut self, random: u64, name: Option<String>) -> Vec<Output> {
        match name {
            Some(sha256) => {
                self.blob = Some(sha256.clone());
                vec![self.send(Request::PutBlob { sha256 })]
            }
            None => self.finish(random),
        }
    }

    fn finish(&mut self, random: u64) -> Vec<Output> {
        self.phase = Phase::Idle;
        self.trouble = None;
        self.backoff.reset();
        if self.again {
            self.again = false;
            let mut out = self.wake();
            out.push(Output::Status);
            return out;
        }
        // Spread the polls of many devices that came online together.
        vec![Output::Timer(POLL_MS - POLL_MS / 8 + random % (POLL_MS / 4)), Output::Status]
    }

    fn fail(&mut self, random: u64, trouble: Trouble, retry_after_ms: Option<u64>) -> Vec<Output> {
        self.phase = Phase::Idle;
        self.waiting = None;
        self.blob = None;
        self.again = false;
        let stop = matches!(trouble, Trouble::SignedOut | Trouble::TooOld);
        if matches!(trouble, Trouble::Offline) {
            // Another backend, or a changed one, may stand there next time.
            self.caps = None;
        }
        self.trouble = Some(trouble);
        if stop {
            return vec![Output::Status];
        }
        vec![Output::Timer(self.backoff.next(random, retry_after_ms)), Output::Status]
    }

    fn send(&mut self, request: Request) -> Output {
        self.request += 1;
        self.waiting = Some(self.request);
        Output::Send(self.request, request)
    }
}
