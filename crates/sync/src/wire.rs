//! The contract's messages, as JSON. Both ends use these types; `docs/contract.md` describes them for others.

use gridbook_log::{EntityId, Fingerprint, OpId, WireOp};
use serde::{Deserialize, Serialize};

/// Version of the contract, sent in [`VERSION_HEADER`] by both ends.
pub const VERSION: &str = "1";
/// Name of the header that carries [`VERSION`].
pub const VERSION_HEADER: &str = "gridbook-contract";
/// Most operations in one push.
pub const MAX_BATCH_OPS: usize = 500;
/// Largest push body, in bytes of JSON before compression.
pub const MAX_BATCH_BYTES: usize = 1024 * 1024;
/// Most entries in one page of a pull.
pub const MAX_PAGE: usize = 1000;
/// Largest blob, in bytes.
pub const MAX_BLOB: usize = 4 * 1024 * 1024;

/// Answer to `GET /sync/v1/caps`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caps {
    /// [`VERSION`].
    pub contract: String,
    /// Levels of the contract that this backend fulfils.
    pub levels: Vec<u8>,
    /// Changes when the backend's history was replaced (restored from a backup).
    pub history: String,
    /// The backend's clock, milliseconds since 1970.
    pub now: u64,
    /// The device whose receipts, rejections and numbers count; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<gridbook_log::DeviceId>,
    /// Most operations in one push.
    pub max_batch_ops: usize,
    /// Largest push body in bytes.
    pub max_batch_bytes: usize,
    /// Largest blob in bytes.
    pub max_blob: usize,
    /// Level 2: form of the frames in the pages of [`SnapshotPage`]; absent where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<u32>,
}

/// Body of `POST /sync/v1/push`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushRequest {
    /// The sender's log identity, `<dev>.<epoch>`.
    pub writer: gridbook_log::Writer,
    /// Drawn when the device's database was made; another nonce for the same writer means a clone.
    pub nonce: String,
    /// The sender's clock, milliseconds since 1970, from which the backend measures drift.
    pub now: u64,
    /// Operations, those of one stream in rising order.
    pub ops: Vec<WireOp>,
}

/// Code beside `ok`: safe at the backend, not in the log; to be sent again after a sign-in.
pub const QUARANTINE: &str = "quarantine";
/// Code beside `ok`: kept by the backend for whoever decides, for its author no longer sees the entity. Final.
pub const REVIEW: &str = "review";
/// Code of a 401: the session has ended because its account may no longer sign in.
pub const DISABLED: &str = "disabled";

/// What became of one pushed operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Stored now.
    Ok,
    /// Stored before; nothing changed.
    Dup,
    /// Not stored now, send again later (an earlier operation of its stream is missing).
    Defer,
    /// Refused by a rule; stored as a stub with its verdict, so that its author sees why.
    Reject,
    /// Not stored at all: forged, foreign or malformed.
    Refuse,
}

/// Result for one operation, in the order of the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushResult {
    /// Which; absent when its header could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<OpId>,
    /// What became of it.
    pub r: Verdict,
    /// Machine code for `reject` and `refuse`; with `ok` [`QUARANTINE`] or [`REVIEW`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// Answer to a push.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushReply {
    /// One per operation, in order.
    pub results: Vec<PushResult>,
    /// The backend's clock when it stored them.
    pub now: u64,
}

/// One line of a reader's feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case", try_from = "Line")]
pub enum Entry {
    /// An operation of an entity the reader sees.
    Op {
        /// The operation.
        op: WireOp,
        /// When the backend stored it, milliseconds since 1970.
        at: u64,
    },
    /// The entity became visible; its operations follow.
    Enter {
        /// Which.
        e: EntityId,
    },
    /// The entity is no longer visible: purge it.
    Leave {
        /// Which.
        e: EntityId,
    },
}

/// An [`Entry`] as it is read: all at once, where a tagged enum would be read into a tree first and only then
/// understood. A first pull brings thousands.
#[derive(Deserialize)]
struct Line {
    t: Tag,
    op: Option<WireOp>,
    at: Option<u64>,
    e: Option<EntityId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Tag {
    Op,
    Enter,
    Leave,
}

impl TryFrom<Line> for Entry {
    type Error = &'static str;

    fn try_from(line: Line) -> Result<Self, Self::Error> {
        match line {
            Line { t: Tag::Op, op: Some(op), at: Some(at), .. } => Ok(Self::Op { op, at }),
            Line { t: Tag::Enter, e: Some(e), .. } => Ok(Self::Enter { e }),
            Line { t: Tag::Leave, e: Some(e), .. } => Ok(Self::Leave { e }),
            _ => Err("an entry lacks what its kind needs"),
        }
    }
}

/// Answer to `GET /sync/v1/pull?cursor=&limit=&not=`. `not` names the asking device's own writer: its operations
/// need not come back (they are on the device), except below an `enter`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullReply {
    /// Entries in feed order. May repeat what was delivered before; never skips.
    pub entries: Vec<Entry>,
    /// Where to go on; opaque. Moves with every page that has entries.
    pub cursor: String,
    /// Whether more is waiting now.
    pub more: bool,
}

/// Name of the header that carries a [`PageHead`].
pub const PAGE_HEADER: &str = "gridbook-page";

/// What is told of a page of packed operations: JSON in [`PAGE_HEADER`]. The body holds the frames of
/// [`gridbook_log::pack`], whole streams one after another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageHead {
    /// Form of the frames ([`gridbook_log::pack::FORM`]).
    pub form: u32,
    /// Where to go on; a pull goes on there, too.
    pub cursor: String,
    /// Whether more pages follow.
    pub more: bool,
    /// Fingerprint of the operations in this page.
    pub fp: Fingerprint,
}

/// Answer to `GET /sync/v1/snapshot?cursor=&place=`: operations packed for a device that has none of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotPage {
    /// The header.
    pub head: PageHead,
    /// The body.
    pub frames: Vec<u8>,
}

/// Fingerprint of what a reader sees in one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceFp {
    /// The area where the entities lie; empty for those that lie nowhere.
    pub place: String,
    /// Of all their operations.
    pub fp: Fingerprint,
}

/// Answer to `GET /sync/v1/fp?places=`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FpReply {
    /// The end of the reader's feed at that moment.
    pub cursor: String,
    /// Of all operations that the reader sees there.
    pub fp: Fingerprint,
    /// The same for each place, when it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub places: Option<Vec<PlaceFp>>,
}

/// Answer to `GET /sync/v1/status?cursor=&not=&wait=`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The backend's clock, milliseconds since 1970.
    pub now: u64,
    /// As in [`Caps`].
    pub history: String,
    /// Whether something waits behind the cursor.
    pub behind: bool,
    /// Whether it was worth waiting: `false` when the backend would not wait, for it has too many that do.
    pub waited: bool,
}

/// Body of every answer that is not 2xx.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Machine code, stable.
    pub code: String,
    /// For people, in Chinese: what happened, whether anything is lost, what to do.
    pub message: String,
}
