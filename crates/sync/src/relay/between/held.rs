//! Operations that the other side does not take yet: their stream has not begun there, or their author has not been there.
//! They are kept, and tried again when their stream moves, and now and then. Those for which there is no room ([`Room`]) are
//! read once more from where they stand, ever more seldom as long as it is in vain.

use std::collections::{BTreeMap, BTreeSet};

use gridbook_log::{EntityId, Hash, Op, WireOp};
use serde::{Deserialize, Serialize};

use super::due::{Due, LONGEST_MS};
use super::room::Room;
use crate::wire::{PushResult, Verdict};

/// So often the pause doubles before all is read once more for what had no room: from six hours to a day.
const SLOWER: u32 = 2;
/// Refusals that end when their author has signed in there, with a key, and may.
const FOR_NOW: [&str; 3] = ["signature", "foreign_author", "author_disabled"];
/// The name under which what came too early is counted.
pub(super) const EARLY: &str = "defer";

/// See the module's text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Held {
    streams: BTreeMap<EntityId, Stream>,
    again: Option<Again>,
    /// So often it was read once more, and nothing that waited was taken.
    vain: u32,
}

/// What is kept of one stream, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Stream {
    /// Operations, and why they were not taken.
    ops: Vec<(WireOp, String)>,
    due: Due,
    /// Since when something of it waits, milliseconds since 1970; a version before did not write it down.
    #[serde(default)]
    since: Option<u64>,
}

/// What waits for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waits {
    /// How many operations.
    pub ops: usize,
    /// Since when the first of them waits, milliseconds since 1970, where that is known.
    pub since: Option<u64>,
    /// When the next of them is tried, milliseconds since 1970.
    pub next: u64,
}

/// There was no room for all: from where the feed is read once more, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Again {
    cursor: String,
    at: u64,
}

/// What became of the operations of one stream.
#[derive(Default)]
pub(super) struct Tried {
    /// Operations that were not taken yet, and why.
    left: Vec<(WireOp, String)>,
    /// Something of it was.
    moved: bool,
}

impl Tried {
    /// Notes what was answered about one of its operations; what will never be taken is let be.
    pub(super) fn heard(&mut self, wire: WireOp, result: &PushResult) {
        if let Some(code) = for_now(&wire, result) {
            self.left.push((wire, code));
        } else {
            self.moved |= result.r == Verdict::Ok;
        }
    }
}

/// Why it was not taken, if that may change.
fn for_now(wire: &WireOp, result: &PushResult) -> Option<String> {
    match (result.r, &result.code) {
        (Verdict::Defer, _) => Some(EARLY.to_owned()),
        // What nobody signed nobody can vouch for later.
        (Verdict::Refuse, Some(code)) if wire.g.is_some() && FOR_NOW.contains(&code.as_str()) => {
            Some(code.clone())
        }
        _ => None,
    }
}

impl Held {
    /// What is to be sent along: of streams that move now, and with `all` of those whose time has come. Not what comes
    /// by itself.
    pub(super) fn ready(
        &self,
        moving: &BTreeSet<EntityId>,
        coming: &BTreeSet<Hash>,
        all: bool,
        now_ms: u64,
    ) -> Vec<(WireOp, Op)> {
        let ready =
            |(id, stream): &(&EntityId, &Stream)| moving.contains(*id) || all && stream.due.is_due(now_ms);
        let streams = self.streams.iter().filter(ready);
        let wires = streams.flat_map(|(_, stream)| stream.ops.iter().map(|(wire, _)| wire.clone()));
        let read = wires.filter_map(|wire| Op::from_wire(wire.clone()).ok().map(|op| (wire, op)));
        read.filter(|(_, op)| !coming.contains(op.hash())).collect()
    }

    /// The stream moved on the other side by itself: it may have a place now.
    pub(super) fn wake(&mut self, id: EntityId) {
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.due = Due::default();
        }
    }

    /// Keeps what was tried and not taken; `cursor`: where the page began with which it came.
    pub(super) fn settle(&mut self, tried: BTreeMap<EntityId, Tried>, cursor: &str, now_ms: u64) {
        let mut room = Room::default();
        for op in self.streams.values().flat_map(|stream| &stream.ops) {
            room.takes(op);
        }
        for (id, Tried { mut left, moved }) in tried {
            let before = self.streams.remove(&id).unwrap_or_default();
            before.ops.iter().for_each(|op| room.leaves(op));
            if moved && !before.ops.is_empty() {
                self.vain = 0;
            }
            // What was kept before stands first, and stays.
            let kept = left.iter().take_while(|op| room.takes(op)).count();
            if kept < left.len() {
                let at = now_ms + (LONGEST_MS << self.vain.min(SLOWER));
                self.again.get_or_insert_with(|| Again { cursor: cursor.to_owned(), at });
                left.truncate(kept);
            }
            if left.is_empty() {
                continue;
            }
            let mut due = if moved { Due::default() } else { before.due };
            due.later(now_ms);
            let since = if before.ops.is_empty() { Some(now_ms) } else { before.since };
            self.streams.insert(id, Stream { ops: left, due, since });
        }
    }

    /// From where the feed is read once more, when it is time for what had no room.
    pub(super) fn again(&mut self, now_ms: u64) -> Option<String> {
        let again = self.again.take_if(|again| again.at <= now_ms)?;
        self.vain = self.vain.saturating_add(1);
        Some(again.cursor)
    }

    /// What waits, by why.
    pub(super) fn waits(&self, into: &mut BTreeMap<String, Waits>) {
        for stream in self.streams.values() {
            for (_, code) in &stream.ops {
                let one = Waits { ops: 0, since: stream.since, next: stream.due.at() };
                let waits = into.entry(code.clone()).or_insert(one);
                waits.ops += 1;
                waits.since = waits.since.into_iter().chain(stream.since).min();
                waits.next = waits.next.min(stream.due.at());
            }
        }
    }
}
