//! Operations that every batch fails for which holds them.

use std::collections::BTreeMap;

use gridbook_log::OpId;

use super::Sent;

/// So often a batch fails before it is taken apart: until then it is the backend's matter.
const PATIENCE: u32 = 3;
/// Most rounds that one is left alone: about an hour of polls. Rounds, for a device's clock may stand still.
const MOST: u32 = 64;

/// How one is left alone.
#[derive(Clone, Copy, Debug, Default)]
struct Rest {
    /// For so many rounds from now.
    rounds: u32,
    /// So often it was set aside.
    times: u32,
}

/// See the module's text.
#[derive(Clone, Debug, Default)]
pub(super) struct Aside {
    /// Those that were set aside and did not arrive since.
    known: BTreeMap<OpId, Rest>,
    /// The first operation of the batch that failed last, and how often in a row it did.
    failing: Option<(OpId, u32)>,
    /// A batch is being taken apart: what fails now is not waited for.
    searching: bool,
    /// Set aside last, and nothing went by it yet.
    unproven: Option<OpId>,
}

impl Aside {
    /// Those that are left alone now.
    pub(super) fn ids(&self) -> impl Iterator<Item = &OpId> {
        self.known.iter().filter(|(_, rest)| rest.rounds > 0).map(|(id, _)| id)
    }

    /// A new round.
    pub(super) fn restart(&mut self) {
        self.known.values_mut().for_each(|rest| rest.rounds = rest.rounds.saturating_sub(1));
    }

    /// Whether a batch that failed is to be taken apart, or to be sent once more as it is.
    pub(super) fn is_steady(&mut self, sent: &Sent) -> bool {
        let Some(first) = sent.ids.first() else { return false };
        let before = self.failing.filter(|(id, _)| id == first).map_or(0, |(_, times)| times);
        self.failing = Some((*first, before + 1));
        self.searching |= before + 1 >= PATIENCE || sent.ids.iter().any(|id| self.known.contains_key(id));
        self.searching
    }

    /// Sets aside what failed alone, for twice as long as the last time. `false`: so did the one before it, and nothing
    /// went in between. Then it is the backend, and none of them.
    pub(super) fn put(&mut self, sent: &Sent) -> bool {
        if self.unproven.is_some() {
            self.end();
            return false;
        }
        for id in &sent.ids {
            let rest = self.known.entry(*id).or_default();
            rest.rounds = MOST.min(1 << rest.times.min(6));
            rest.times = rest.times.saturating_add(1);
            self.unproven = Some(*id);
        }
        true
    }

    /// A batch was answered.
    pub(super) fn went(&mut self, sent: &Sent) {
        sent.ids.iter().for_each(|id| {
            self.known.remove(id);
        });
        self.failing = None;
        self.unproven = None;
    }

    /// The round is over, or nothing is found in it. Whether what was set aside last is proven to be what batches fail
    /// for; what is not waits as before.
    pub(super) fn end(&mut self) -> bool {
        (self.failing, self.searching) = (None, false);
        let unproven = self.unproven.take();
        unproven.is_none_or(|id| self.known.remove(&id).is_none())
    }
}
