//! One stream as the writer keeps it: the fold, the hashes it holds, and the channels it lies on.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use gridbook_log::{DeviceId, Dot, Entity, EntityId, Hash, Op};

use crate::feed::reach;

/// A stream in memory.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    /// What its operations mean.
    pub(super) entity: Entity,
    /// Hash of each operation held: a second one under the same id is a fork.
    pub(super) hashes: BTreeMap<Dot, Hash>,
    /// Channels it lies on now, and since when.
    pub(super) placed: BTreeMap<String, i64>,
    /// First number; 0 while nothing is stored.
    pub(super) first_seq: i64,
    /// Receipts stored and not folded yet: most records are never touched again, and the fold costs more than
    /// all else.
    pub(super) waiting: Vec<Op>,
    /// Who made it; the author of its first operation.
    pub(super) creator: String,
}

/// A channel that opened or closed.
pub(super) enum Change {
    /// From now on.
    Opened(String),
    /// Until now; opened at that number.
    Closed(String, i64),
}

impl Stream {
    pub(super) fn new(id: EntityId, authority: DeviceId) -> Self {
        Self {
            entity: Entity::new(id, Some(authority)),
            hashes: BTreeMap::new(),
            placed: BTreeMap::new(),
            first_seq: 0,
            waiting: Vec::new(),
            creator: String::new(),
        }
    }

    /// Whether nothing of it is stored.
    pub(super) fn is_new(&self) -> bool {
        self.first_seq == 0
    }

    /// Takes over what is stored, in order of the sequence.
    pub(super) fn restore(&mut self, ops: &[(i64, Op)]) {
        if let Some((seq, op)) = ops.first() {
            self.first_seq = *seq;
            op.header().user.clone_into(&mut self.creator);
        }
        self.hashes.extend(ops.iter().map(|(_, op)| (op.dot(), *op.hash())));
        self.entity.apply_all(ops.iter().map(|(_, op)| op));
    }

    /// Notes a receipt: it changes neither state nor placement.
    pub(super) fn note(&mut self, op: Op) {
        self.hashes.insert(op.dot(), *op.hash());
        self.waiting.push(op);
    }

    /// Folds what waits. To be called before anything is asked of the entity.
    pub(super) fn settle(&mut self) {
        if !self.waiting.is_empty() {
            self.entity.apply_all(&self.waiting);
            self.waiting.clear();
        }
    }

    /// Adds one operation on that day and tells which channels changed by it.
    pub(super) fn append(&mut self, op: &Op, seq: i64, today: NaiveDate) -> Vec<Change> {
        let own = self.is_new();
        if own {
            self.first_seq = seq;
            op.header().user.clone_into(&mut self.creator);
        }
        self.hashes.insert(op.dot(), *op.hash());
        self.entity.apply(op);
        // Whether its author keeps what goes to people by name follows from roles: `lapse` says it.
        let own = own || self.placed.contains_key(&format!("p:{}", self.creator));
        self.lay(reach::channels(&self.entity, &self.creator, own, today), seq)
    }

    /// Lays it on these channels from that number on and tells which of them changed.
    pub(super) fn lay(&mut self, now: Vec<String>, seq: i64) -> Vec<Change> {
        let mut changes = Vec::new();
        self.placed.retain(|channel, from| {
            let stays = now.contains(channel);
            if !stays {
                changes.push(Change::Closed(channel.clone(), *from));
            }
            stays
        });
        for channel in now {
            if !self.placed.contains_key(&channel) {
                self.placed.insert(channel.clone(), seq);
                changes.push(Change::Opened(channel));
            }
        }
        changes
    }
}
