//! Pushes under way. While the backend works on one batch the next is read and sent, so neither waits for the
//! other; what is under way is never read again, and nothing is taken as settled before its own answer.
//!
//! A batch that fails as a whole again and again, though the backend answers, is halved until the operation is found that
//! it fails for (a text that something on the way dislikes, one that breaks the backend): that one is set aside, and
//! stops nothing else. It is found only when others went by it; a backend that takes nothing at all is only down.

mod aside;

use std::collections::BTreeSet;

use gridbook_log::{OpId, set_of};

use aside::Aside;

use crate::wire::{Caps, MAX_BATCH_BYTES, MAX_BATCH_OPS, PushReply, PushResult, QUARANTINE, Verdict};

fn is_quarantined(result: &PushResult) -> bool {
    result.r == Verdict::Ok && result.code.as_deref() == Some(QUARANTINE)
}

/// Batches under way at once.
const WIDTH: usize = 2;

/// A batch under way.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    /// Its operations, in order.
    pub(super) ids: Vec<OpId>,
    /// Nothing else was under way when it left, so it cannot have overtaken what it builds on.
    pub(super) alone: bool,
}

/// What this round still has to send, and how.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    /// Left for the next round: deferred, or too large even alone. They must not block what waits behind them.
    passed: BTreeSet<OpId>,
    /// Most operations in one batch, smaller while the backend finds batches too large.
    max_ops: usize,
    /// One batch at a time for the rest of the round: something came back that a batch behind it may build on.
    narrow: bool,
    /// All that waits is under way or passed over.
    drained: bool,
    /// A batch is being read.
    pub(super) loading: bool,
    /// The backend holds something else under one of our names.
    named_twice: bool,
    /// Deferred with nothing else under way.
    deferred: BTreeSet<OpId>,
    /// Safe at the backend, apart from the log, since the session ended: not sent again until there is another one.
    kept: BTreeSet<OpId>,
    /// What every batch fails for that holds it.
    aside: Aside,
}

impl Outgoing {
    pub(super) fn new() -> Self {
        Self {
            passed: BTreeSet::new(),
            max_ops: MAX_BATCH_OPS,
            narrow: false,
            drained: false,
            loading: false,
            named_twice: false,
            deferred: BTreeSet::new(),
            kept: BTreeSet::new(),
            aside: Aside::default(),
        }
    }

    /// A new round tries again what the last one left.
    pub(super) fn restart(&mut self) {
        let (kept, mut aside) = (std::mem::take(&mut self.kept), std::mem::take(&mut self.aside));
        aside.restart();
        *self = Self { max_ops: self.max_ops, kept, aside, ..Self::new() };
    }

    /// A batch failed as a whole. Whether this round goes on all the same: with less at once, or without the one that it
    /// failed for.
    pub(super) fn broke(&mut self, sent: &Sent) -> bool {
        if !self.aside.is_steady(sent) {
            return false;
        }
        if sent.ids.len() > 1 {
            self.max_ops = sent.ids.len().div_ceil(2);
        } else if !self.aside.put(sent) {
            return false;
        }
        self.hold_back();
        true
    }

    /// A batch got lost. The next round sends less at once where that happens again and again; none is gone without: lines
    /// are bad for all alike, and what was written on top of it would leave before it.
    pub(super) fn lost(&mut self, sent: &Sent) {
        if self.aside.is_steady(sent) {
            self.max_ops = sent.ids.len().div_ceil(2);
        }
    }

    /// The round is over. `false`: nothing shows that it was for what was set aside last, and not for the backend, that
    /// its batch failed.
    pub(super) fn is_proven(&mut self) -> bool {
        self.aside.end()
    }

    /// Operations that every batch fails for, as far as is known: tried again now and then.
    pub(super) fn set_aside(&self) -> impl Iterator<Item = &OpId> {
        self.aside.ids()
    }

    /// Operations that the backend keeps apart since the session ended.
    pub(super) fn kept(&self) -> &BTreeSet<OpId> {
        &self.kept
    }

    /// The session holds: what was kept apart is sent in earnest.
    pub(super) fn signed_in(&mut self) {
        self.kept.clear();
    }

    /// Whether another batch should be read while `under_way` are.
    pub(super) fn wants(&self, under_way: usize) -> bool {
        !self.loading && !self.drained && under_way < if self.narrow { 1 } else { WIDTH }
    }

    /// Whether all that waited was taken: nothing is left for the next round.
    pub(super) fn is_drained(&self) -> bool {
        self.drained && self.passed.is_empty() && self.kept.is_empty() && self.set_aside().next().is_none()
    }

    /// Most operations and bytes of the next batch.
    pub(super) fn room(&self, caps: Option<&Caps>) -> (usize, usize) {
        let max_ops = caps.map_or(MAX_BATCH_OPS, |c| c.max_batch_ops).min(self.max_ops).max(1);
        (max_ops, caps.map_or(MAX_BATCH_BYTES, |c| c.max_batch_bytes))
    }

    /// What the next batch passes over.
    pub(super) fn pass<'a>(&self, under_way: impl Iterator<Item = &'a Sent>) -> BTreeSet<OpId> {
        let left = self.passed.iter().chain(&self.kept).chain(self.set_aside());
        left.chain(under_way.flat_map(|sent| &sent.ids)).copied().collect()
    }

    /// A batch was read; nothing waits behind it unless `more`.
    pub(super) fn loaded(&mut self, more: bool) {
        self.loading = false;
        self.drained = !more;
    }

    /// Takes note of an answer, and names in it what the backend could not.
    pub(super) fn answered(&mut self, sent: &Sent, reply: &mut PushReply) {
        self.aside.went(sent);
        // A backend that could not read an operation cannot name it; its place in the answer does.
        for (result, id) in reply.results.iter_mut().zip(&sent.ids) {
            result.id = result.id.or(Some(*id));
        }
        let taken = |result: &PushResult| {
            result.r == Verdict::Refuse && matches!(result.code.as_deref(), Some("clone" | "fork"))
        };
        self.named_twice |= reply.results.iter().any(taken);
        // Safe at the backend, but not in the log: it waits until the session is renewed, or until somebody lets it in.
        for result in reply.results.iter_mut().filter(|r| is_quarantined(r)) {
            result.r = Verdict::Defer;
            self.passed.extend(result.id);
            self.kept.extend(result.id);
        }
        let settled = reply
            .results
            .iter()
            .filter(|r| r.r != Verdict::Defer || r.id.is_some_and(|id| self.passed.contains(&id)));
        let settled: BTreeSet<OpId> = set_of(settled.filter_map(|r| r.id));
        let left: Vec<OpId> = sent.ids.iter().filter(|id| !settled.contains(*id)).copied().collect();
        if !left.is_empty() {
            if sent.alone {
                // They stay in the outbox: pass over them, or they are sent again for ever.
                self.passed.extend(&left);
                self.deferred.extend(left);
            } else {
                // Perhaps they only came before what they build on: again, with nothing else under way.
                self.hold_back();
            }
        }
        if sent.ids.len() <= self.max_ops {
            self.max_ops = MAX_BATCH_OPS;
        }
    }

    /// Whether a new name is needed; asked once, when nothing is under way any more.
    pub(super) fn take_named_twice(&mut self) -> bool {
        std::mem::take(&mut self.named_twice)
    }

    /// What the backend could not place in this round; asked once, when nothing is under way any more.
    pub(super) fn take_deferred(&mut self) -> Option<BTreeSet<OpId>> {
        Some(std::mem::take(&mut self.deferred)).filter(|ids| !ids.is_empty())
    }

    /// The backend found a batch too large.
    pub(super) fn too_large(&mut self, sent: &Sent) {
        if sent.ids.len() > 1 {
            self.max_ops = sent.ids.len().div_ceil(2);
        } else {
            self.passed.extend(&sent.ids);
            self.max_ops = MAX_BATCH_OPS;
        }
        self.hold_back();
    }

    fn hold_back(&mut self) {
        self.narrow = true;
        self.drained = false;
    }
}
