//! What a replica holds of a stream, holes included. A maximum would hide a hole for ever; ranges do not.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::{Dot, Writer};

/// Sorted, disjoint, non-touching closed ranges of numbers for each writer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Have(BTreeMap<Writer, Vec<(u32, u32)>>);

impl Have {
    /// Adds a dot; `false` when it was already there.
    pub fn insert(&mut self, dot: Dot) -> bool {
        let ranges = self.0.entry(dot.writer).or_default();
        let n = dot.n;
        let at = ranges.partition_point(|(_, hi)| *hi < n);
        if ranges.get(at).is_some_and(|(lo, _)| *lo <= n) {
            return false;
        }
        let joins_left = at > 0 && ranges[at - 1].1 + 1 == n;
        let joins_right = ranges.get(at).is_some_and(|(lo, _)| *lo == n + 1);
        match (joins_left, joins_right) {
            (true, true) => {
                ranges[at - 1].1 = ranges[at].1;
                ranges.remove(at);
            }
            (true, false) => ranges[at - 1].1 = n,
            (false, true) => ranges[at].0 = n,
            (false, false) => ranges.insert(at, (n, n)),
        }
        true
    }

    /// Whether the dot is held.
    pub fn contains(&self, dot: Dot) -> bool {
        self.0.get(&dot.writer).is_some_and(|ranges| {
            let at = ranges.partition_point(|(_, hi)| *hi < dot.n);
            ranges.get(at).is_some_and(|(lo, _)| *lo <= dot.n)
        })
    }

    /// The highest number such that all from 1 up to it are held.
    pub fn upto(&self, writer: Writer) -> u32 {
        self.0.get(&writer).and_then(|r| r.first()).filter(|(lo, _)| *lo == 1).map_or(0, |(_, hi)| *hi)
    }

    /// Ranges missing below the highest number held, for each writer.
    pub fn holes(&self) -> Vec<(Writer, u32, u32)> {
        let mut out = Vec::new();
        for (writer, ranges) in &self.0 {
            let mut next = 1;
            for (lo, hi) in ranges {
                if *lo > next {
                    out.push((*writer, next, lo - 1));
                }
                next = hi.saturating_add(1);
            }
        }
        out
    }

    /// How many dots are held.
    pub fn len(&self) -> usize {
        self.0.values().flatten().map(|(lo, hi)| (hi - lo + 1) as usize).sum()
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
