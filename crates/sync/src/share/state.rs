//! What an open connection remembers. Nothing of it must outlive the tab: all can be read again from the share.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use gridbook_log::Writer;

use super::fault::Fault;
use super::head::Head;
use super::meta::Meta;
use super::parts::Upload;
use super::segment::Timed;

/// See the module's text.
#[derive(Default)]
pub(super) struct State {
    pub(super) meta: Option<Meta>,
    /// Something of ours is gone from the share: at the next pull the device must hear of it.
    pub(super) lost: bool,
    /// Hashes of segments, or names of documents, that this connection wrote.
    pub(super) written: BTreeSet<String>,
    pub(super) own: Option<Own>,
    /// The photo that this connection sent last.
    pub(super) photo: Option<String>,
    /// The file that goes up in parts at the moment.
    pub(super) upload: Option<Upload>,
    /// The last good copy of every head seen, by log.
    pub(super) heads: BTreeMap<String, Peer>,
    pub(super) sweep: Option<Sweep>,
    /// Pulls begun.
    pub(super) rounds: u32,
    pub(super) couch: Couch,
}

/// Our own log, on WebDAV.
#[derive(Clone)]
pub(super) struct Own {
    pub(super) log: String,
    pub(super) writer: Writer,
    pub(super) head: Head,
    /// The share holds this head, as far as we were told.
    pub(super) sure: bool,
    /// Compared with what is in the folder, after our last write.
    pub(super) checked: bool,
    /// A segment whose commit was not confirmed, with the lines in it.
    pub(super) doubt: Option<(String, BTreeSet<String>)>,
}

/// Another's log.
pub(super) struct Peer {
    pub(super) head: Head,
    /// What the listing said of the file; `None` where it says nothing that could tell a change.
    pub(super) hint: Option<String>,
}

/// A pull that goes on over several pages.
#[derive(Default)]
pub(super) struct Sweep {
    /// Where the next page goes on.
    pub(super) cursor: String,
    /// Logs with a segment that could not be read now.
    pub(super) blocked: BTreeSet<String>,
    /// Why one of them could not; told when nothing else is left.
    pub(super) fault: Option<Fault>,
    /// A segment that did not fit the last page, by hash.
    pub(super) open: Option<(String, Vec<Timed>)>,
}

/// What only CouchDB needs.
#[derive(Default)]
pub(super) struct Couch {
    /// Writers whose nonce is known to be ours.
    pub(super) registered: Option<(Writer, String)>,
    /// Our last documents: whether they are still there is asked at every pull.
    pub(super) last: VecDeque<String>,
    /// Where the buffered rows go on from.
    pub(super) cursor: String,
    pub(super) rows: VecDeque<FeedRow>,
    /// The feed's end was reached.
    pub(super) drained: bool,
    /// Documents to ask for at once, 0 at first.
    pub(super) batch: usize,
}

/// A document of the feed.
pub(super) struct FeedRow {
    /// Its place; empty for one that was passed over before and can be read now.
    pub(super) seq: String,
    pub(super) id: String,
    /// Empty for what is no segment; `None` for one that cannot be read.
    pub(super) ops: Option<Vec<Timed>>,
}
