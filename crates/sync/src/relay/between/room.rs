//! How much of what is not taken yet is kept. What came too early has a room of its own: the backend has looked at it, and
//! its author is known there. What was refused anybody may have written who can write to a share, so it can neither take
//! that room nor, under one name, more than its part of the other.

use std::collections::BTreeMap;

use gridbook_log::{Header, WireOp};

use super::held::EARLY;

/// Most operations in each of the two rooms; past it they are read once more from where they stand.
const MOST: usize = 2_000;
/// Most bytes in each of the two rooms: the whole of it is written down again and again.
const MOST_BYTES: usize = 4 << 20;
/// Most refused operations of one author.
pub(super) const OF_ONE: usize = MOST / 4;

/// What is taken up already.
#[derive(Default)]
pub(super) struct Room {
    early: Space,
    refused: Space,
    authors: BTreeMap<String, usize>,
}

#[derive(Default)]
struct Space {
    ops: usize,
    bytes: usize,
}

impl Space {
    fn has(&self, bytes: usize) -> bool {
        self.ops < MOST && self.bytes + bytes <= MOST_BYTES
    }
}

impl Room {
    /// Takes place for an operation, if there is some.
    pub(super) fn takes(&mut self, (wire, code): &(WireOp, String)) -> bool {
        let bytes = bytes(wire);
        let space = if code == EARLY {
            &mut self.early
        } else {
            let of_one = self.authors.entry(author(wire)).or_default();
            if *of_one >= OF_ONE || !self.refused.has(bytes) {
                return false;
            }
            *of_one += 1;
            &mut self.refused
        };
        let has = space.has(bytes);
        if has {
            space.ops += 1;
            space.bytes += bytes;
        }
        has
    }

    /// Gives its place back.
    pub(super) fn leaves(&mut self, (wire, code): &(WireOp, String)) {
        let space = if code == EARLY {
            &mut self.early
        } else {
            let of_one = self.authors.entry(author(wire)).or_default();
            *of_one = of_one.saturating_sub(1);
            &mut self.refused
        };
        space.ops = space.ops.saturating_sub(1);
        space.bytes = space.bytes.saturating_sub(bytes(wire));
    }
}

fn bytes(wire: &WireOp) -> usize {
    wire.h.len() + wire.b.as_ref().map_or(0, String::len)
}

fn author(wire: &WireOp) -> String {
    Header::parse(&wire.h).map(|header| header.user).unwrap_or_default()
}
