//! What the engine hears and says.

use std::collections::BTreeSet;

use gridbook_log::{EntityId, OpId, WireOp, Writer};
use serde::{Deserialize, Serialize};

use super::Waiting;
use crate::replica::{Compared, Outbox};
use crate::wire::{Caps, FpReply, PullReply, PushReply, PushRequest, SnapshotPage};

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
    /// `GET /sync/v1/snapshot` (level 2)
    Snapshot {
        /// Where to go on; empty for the beginning.
        cursor: String,
        /// Only what lies there.
        place: Option<String>,
    },
    /// `GET /sync/v1/fp` (level 2)
    Fp {
        /// Whether each place is wanted.
        places: bool,
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
    /// Packed operations.
    Snapshot(SnapshotPage),
    /// What the reader should hold.
    Fp(FpReply),
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
    /// Answer to [`Output::ApplyPage`]: it is stored, and shows that our name is used twice. Or to
    /// [`Output::LookBehind`].
    NamedTwice,
    /// Answer to [`Output::ApplySnapshot`] and [`Output::Mend`]: the page cannot be read; nothing of it was taken.
    BadPage,
    /// Compare what is held here with the backend in the next round, and mend what differs.
    Check,
    /// Answer to [`Output::Compare`].
    Compared(Compared),
    /// Answer to [`Output::Mend`]: what the page held, all of it held here now.
    Mended(Vec<OpId>),
    /// Answer to [`Output::PushAgain`]: how many wait to be sent once more.
    Again(usize),
    /// Answer to [`Output::Unlisted`]: one operation of each that the backend may know.
    Unlisted(Vec<WireOp>),
    /// Answer to [`Output::TakeLeave`].
    TookLeave,
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
    /// Take in a page of packed operations that was asked for from this cursor, as [`Output::ApplyPage`].
    ApplySnapshot(String, SnapshotPage),
    /// Compare what is held here with what the backend says.
    Compare(FpReply),
    /// Take in what is missing here; the feed's position stays.
    Mend(SnapshotPage),
    /// Let wait to be sent once more what this device wrote in these entities and the backend does not hold.
    PushAgain {
        /// Where something differs.
        entities: BTreeSet<EntityId>,
        /// What the backend holds there.
        held: BTreeSet<OpId>,
    },
    /// Look which of these entities the backend showed nothing of, and name one operation of each to ask it for.
    Unlisted {
        /// Where something differs.
        entities: BTreeSet<EntityId>,
        /// What the backend shows there.
        held: BTreeSet<OpId>,
    },
    /// The backend has these and does not show them to this account: they go, as after a `leave`.
    TakeLeave(BTreeSet<EntityId>),
    /// The backend does not know our position: start over from the beginning, keeping everything.
    StartOver {
        /// Its history was replaced, by a backup for instance: it may lack what it had acknowledged.
        send_again: bool,
    },
    /// Remember whose history it is, before anything is pushed: what is acknowledged from now on would be missing in
    /// another one.
    Meet(String),
    /// Our name is used twice: begin a new epoch and write what is unsent again under it.
    Renew,
    /// The backend cannot place these: look whether they follow something of ours that is not here any more. Answer
    /// with [`Input::NamedTwice`] if so, with [`Input::Stored`] if not.
    LookBehind(BTreeSet<OpId>),
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
    /// Comparing with the backend.
    Check,
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
    /// The account may no longer sign in. What is pushed is kept apart until somebody decides.
    Disabled,
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
    /// Something waits that the backend, or another bearer of our name, has under the same name with other
    /// content: a new name is needed before anything else goes.
    pub named_twice: bool,
    /// The feed has never reached its end since it began.
    pub fresh: bool,
}
