//! Comparing with the backend what is held here, and mending what differs: missing operations come once more from
//! the backend, place by place; what only this device has is sent once more. What differs after that lies here and is
//! not shown to this account any more: it goes, if the backend says that it has it, and as a `leave` lets it go. What
//! waits in the outbox is no part of the comparison and is never touched.

use std::collections::BTreeSet;

use gridbook_log::{EntityId, OpId, WireOp};

use super::{Checked::*, Engine, Flight, Output, Phase, Request};
use crate::replica::Compared;
use crate::wire::{FpReply, PushReply, PushRequest, PushResult, SnapshotPage, Verdict};

/// Comparisons that one check makes at most: before, after mending, and when the backend moved on meanwhile.
const MAX_TRIES: u32 = 4;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// Both hold the same.
    Same,
    /// Something differed and does no more.
    Mended,
    /// Something differs still.
    Differs,
    /// The backend moved on too fast to compare, or something waits to be sent.
    Busy,
    /// This backend cannot be asked, or did not answer.
    Unable,
}

/// How far a check has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    First,
    /// Everything was fetched and sent once more; what differs now is too much here.
    Sent,
    /// That went, too; what differs now stays so.
    Gone,
}

/// A check under way, and how the last one ended.
#[derive(Clone, Debug, Default)]
pub(super) struct Check {
    /// Asked for, and not ended.
    pub(super) due: bool,
    pub(super) outcome: Option<Checked>,
    tries: u32,
    /// Something was mended, here or there.
    mended: bool,
    stage: Stage,
    /// Where the feed ended when the places to be fetched were told.
    at: String,
    /// Places still to be fetched, the present one last.
    places: Vec<String>,
    entities: BTreeSet<EntityId>,
    /// What the backend holds in them.
    held: BTreeSet<OpId>,
    /// Of records that it does not show: one operation each, to ask for.
    unlisted: Vec<WireOp>,
    /// Those that are being asked for, and how many may be at once since that was too much.
    asked: Vec<WireOp>,
    most: Option<usize>,
    /// Records that it has and does not show.
    hidden: BTreeSet<EntityId>,
}

impl Check {
    /// A new one; one under way goes on.
    pub(super) fn begin(&mut self) {
        if !self.due {
            *self = Self { due: true, ..Self::default() };
        }
    }

    /// The round failed: the next one begins the comparison again.
    pub(super) fn broken_off(&mut self) {
        if self.due {
            self.begin_again();
        }
    }

    fn begin_again(&mut self) {
        *self = Self { due: true, mended: self.mended, ..Self::default() };
    }
}

impl Engine {
    /// The feed is at its end: asks what should be held there.
    pub(super) fn start_check(&mut self) -> Vec<Output> {
        if !self.caps.as_ref().is_some_and(|caps| caps.levels.contains(&2)) {
            return self.check_ended(Unable);
        }
        if self.check.tries == MAX_TRIES || !self.outgoing.is_drained() {
            return self.check_ended(Busy);
        }
        self.check.tries += 1;
        self.phase = Phase::Check;
        vec![Output::Status, self.send(Flight::Fp, Request::Fp { places: false })]
    }

    pub(super) fn told(&mut self, reply: FpReply) -> Vec<Output> {
        let hidden = std::mem::take(&mut self.check.hidden);
        // Another tab may have fetched meanwhile what arrived after the places were fetched.
        let moved = !hidden.is_empty() && reply.cursor != self.check.at;
        if moved || reply.cursor != self.identity.cursor {
            // Something arrived there meanwhile: fetch it first, and ask for what is too much here anew.
            if !hidden.is_empty() {
                self.check.stage = Stage::Sent;
            }
            return self.start_pull();
        }
        // Nothing moved since its places were fetched: none of it came into view meanwhile.
        if hidden.is_empty() {
            self.check.at.clone_from(&reply.cursor);
            vec![Output::Compare(reply)]
        } else {
            vec![Output::TakeLeave(hidden)]
        }
    }

    pub(super) fn compared(&mut self, compared: Compared) -> Vec<Output> {
        self.check.mended |= compared.mended > 0;
        match compared.places {
            _ if compared.same => {
                let outcome = if self.check.mended { Mended } else { Same };
                self.check_ended(outcome)
            }
            _ if self.check.stage == Stage::Gone => self.check_ended(Differs),
            None => vec![self.send(Flight::Fp, Request::Fp { places: true })],
            Some(places) => {
                self.check.places = places;
                self.check.entities = compared.entities;
                self.check.held.clear();
                self.next_place()
            }
        }
    }

    fn next_place(&mut self) -> Vec<Output> {
        let Some(place) = self.check.places.last() else {
            let entities = std::mem::take(&mut self.check.entities);
            let held = std::mem::take(&mut self.check.held);
            return vec![match self.check.stage {
                Stage::First => Output::PushAgain { entities, held },
                Stage::Sent | Stage::Gone => Output::Unlisted { entities, held },
            }];
        };
        let request = Request::Snapshot { cursor: String::new(), place: Some(place.clone()) };
        vec![self.send(Flight::Mend, request)]
    }

    pub(super) fn place_page(&mut self, page: SnapshotPage) -> Vec<Output> {
        let next = if page.head.more {
            let request = Request::Snapshot {
                cursor: page.head.cursor.clone(),
                place: self.check.places.last().cloned(),
            };
            Some(self.send(Flight::Mend, request))
        } else {
            self.check.places.pop();
            None
        };
        next.into_iter().chain([Output::Mend(page)]).collect()
    }

    pub(super) fn mended(&mut self, held: Vec<OpId>) -> Vec<Output> {
        self.check.held.extend(held);
        self.check.mended = true;
        // The next page is on its way, or the place is done.
        if self.flights.is_empty() { self.next_place() } else { Vec::new() }
    }

    /// What was mended is sent, fetched and compared once more.
    pub(super) fn sent_again(&mut self, count: usize) -> Vec<Output> {
        self.check.mended |= count > 0;
        self.check.stage = Stage::Sent;
        self.start_push()
    }

    /// One operation of each record that is here and was not among what the backend shows.
    pub(super) fn unlisted(&mut self, ops: Vec<WireOp>) -> Vec<Output> {
        self.check.stage = Stage::Gone;
        self.check.unlisted = ops;
        self.ask_next()
    }

    /// Asks the backend whether it knows them: a repeat is nothing new to it. What it takes, because it had lost it and
    /// we wrote it, stays for the next comparison.
    fn ask_next(&mut self) -> Vec<Output> {
        let (max_ops, max_bytes) = self.outgoing.room(self.caps.as_ref());
        let mut size = 0;
        let fits = |op: &&WireOp| {
            size += op.h.len() + op.b.as_ref().map_or(0, |body| body.len() * 2) + 256;
            size <= max_bytes
        };
        let max_ops = max_ops.min(self.check.most.unwrap_or(usize::MAX));
        let count = self.check.unlisted.iter().take(max_ops).take_while(fits).count().max(1);
        let ops: Vec<WireOp> = self.check.unlisted.drain(..count.min(self.check.unlisted.len())).collect();
        if !ops.is_empty() {
            self.check.asked.clone_from(&ops);
            let (writer, nonce) = (self.identity.writer, self.identity.nonce.clone());
            let request = PushRequest { writer, nonce, now: self.now_ms, ops };
            return vec![self.send(Flight::Ask, Request::Push(request))];
        }
        if self.check.hidden.is_empty() {
            return self.check_ended(Differs);
        }
        vec![self.send(Flight::Fp, Request::Fp { places: false })]
    }

    /// That was too much at once. One that is too much alone cannot be asked for, and stays.
    pub(super) fn ask_fewer(&mut self) -> Vec<Output> {
        let asked = std::mem::take(&mut self.check.asked);
        if asked.len() > 1 {
            self.check.most = Some(asked.len().div_ceil(2));
            self.check.unlisted.splice(0..0, asked);
        }
        self.ask_next()
    }

    pub(super) fn known_there(&mut self, reply: &PushReply) -> Vec<Output> {
        // What stands there under the same name is the same record.
        let fork = |result: &&PushResult| result.code.as_deref() == Some("fork");
        let known = reply.results.iter().filter(|result| result.r == Verdict::Dup || fork(result));
        self.check.hidden.extend(known.filter_map(|result| Some(result.id?.entity)));
        self.ask_next()
    }

    /// They are gone; whether that was all the difference is seen by one more comparison.
    pub(super) fn took_leave(&mut self) -> Vec<Output> {
        self.check.mended = true;
        vec![self.send(Flight::Fp, Request::Fp { places: false })]
    }

    pub(super) fn check_ended(&mut self, outcome: Checked) -> Vec<Output> {
        self.check = Check { outcome: Some(outcome), ..Check::default() };
        self.flights.clear();
        self.start_photos()
    }
}
