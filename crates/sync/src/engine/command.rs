//! What the engine hears and says.

use std::collections::BTreeSet;

use gridbook_log::{OpId, Writer};
use serde::{Deserialize, Serialize};

use super::Waiting;
use crate::replica::Outbox;
use crate::wire::{Caps, PullReply, PushReply, PushRequest};

/// A request to the backend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
        not: Option<Writer>,
    },
    /// `PUT /sync/v1/blobs/{sha256}`; the driver adds the bytes from the store.
    PutBlob {
        /// Name.
        sha256: String,
    },
    /// `HEAD /sync/v1/blobs/{sha256}`: how much of a photo is there.
    AskBlob {
        /// Name.
        sha256: String,
    },
    /// `PATCH /sync/v1/blobs/{sha256}`: up to [`super::PART`] bytes from `offset` on; the driver adds them.
    PutPart {
        /// Name.
        sha256: String,
        /// Where the part begins.
        offset: usize,
        /// Size of the whole photo.
        length: usize,
    },
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Response {
    /// Capabilities.
    Caps(Caps),
    /// Results of a push.
    Push(PushReply),
    /// A page.
    Pull(PullReply),
    /// The blob is stored.
    Blob,
    /// So many bytes of the blob are stored; `None` when the backend takes no parts.
    BlobAt(Option<usize>),
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
    /// Answer to [`Output::Send`] with the same number, in any order. What the store was told before is done first.
    Response(u64, Response),
    /// Answer to [`Output::ApplyResults`], [`Output::ApplyPage`], [`Output::Renew`] or [`Output::BlobDone`].
    Stored,
    /// Answer to [`Output::ApplyPage`]: it is stored, and shows that our name is used twice.
    NamedTwice,
    /// Answer to [`Output::NextBlob`].
    Blob(Option<Waiting>),
    /// The store failed; the text is for the log.
    StoreFailed(String),
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Read the next operations to send.
    LoadOutbox {
        /// Waiting operations to pass over: they are under way, or the backend deferred them in this round.
        pass: BTreeSet<OpId>,
        /// Most operations.
        max_ops: usize,
        /// Most bytes.
        max_bytes: usize,
    },
    /// Send a request; answer with the same number. What follows does not wait for the answer.
    Send(u64, Request),
    /// Take note of push results.
    ApplyResults(PushReply),
    /// Take in a page that was asked for from this cursor; a page asked from elsewhere is thrown away.
    ApplyPage(String, PullReply),
    /// The backend does not know our position: start over from the beginning, keeping everything.
    StartOver {
        /// Its history was replaced, by a backup for instance: it may lack what it had acknowledged.
        send_again: bool,
    },
    /// Our name is used twice: begin a new epoch and write what is unsent again under it.
    Renew,
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

/// What a push says of its sender, and where a pull goes on. The driver keeps it up to date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Log identity.
    pub writer: Writer,
    /// Its nonce.
    pub nonce: String,
    /// Where the feed goes on.
    pub cursor: String,
    /// The history the cursor belongs to; empty before the first pull.
    pub history: String,
    /// Own operations were purged that may lie ahead of the cursor: they must come back.
    pub echo: bool,
}
