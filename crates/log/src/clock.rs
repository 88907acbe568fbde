//! The hybrid logical clock. It orders concurrent values for display; it is never a cursor and never beats an
//! edit that saw what it replaces.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::hex;

/// How far ahead of the local clock a foreign time may pull ours, in milliseconds. Beyond it the foreign time
/// is kept in its operation but does not move our clock, so one wrong phone cannot poison the others.
pub const MAX_AHEAD_MS: u64 = 5 * 60 * 1000;

/// A moment: milliseconds since 1970 (48 bits) and a counter inside that millisecond.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Hlc {
    /// Milliseconds since 1970.
    pub ms: u64,
    /// Order inside the millisecond.
    pub count: u16,
}

impl Hlc {
    /// Reads `<12 hex>.<4 hex>`.
    pub fn parse(text: &str) -> Option<Self> {
        let (ms, count) = text.split_once('.')?;
        let ms: [u8; 6] = hex::decode(ms)?;
        let count: [u8; 2] = hex::decode(count)?;
        let ms = ms.iter().fold(0, |acc, b| (acc << 8) | u64::from(*b));
        Some(Self { ms, count: u16::from_be_bytes(count) })
    }
}

impl fmt::Display for Hlc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012x}.{:04x}", self.ms & 0xffff_ffff_ffff, self.count)
    }
}

impl fmt::Debug for Hlc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One replica's clock. It never goes back, whatever the wall clock does; it is stored in the same transaction
/// as the operation it stamped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    last: Hlc,
}

impl Clock {
    /// The next moment, later than all that this clock has given or observed.
    pub fn tick(&mut self, now_ms: u64) -> Hlc {
        self.last = if now_ms > self.last.ms {
            Hlc { ms: now_ms, count: 0 }
        } else if self.last.count == u16::MAX {
            Hlc { ms: self.last.ms + 1, count: 0 }
        } else {
            Hlc { ms: self.last.ms, count: self.last.count + 1 }
        };
        self.last
    }

    /// Takes note of a foreign moment, unless it is more than [`MAX_AHEAD_MS`] ahead of `now_ms`.
    pub fn observe(&mut self, foreign: Hlc, now_ms: u64) {
        if foreign.ms <= now_ms.saturating_add(MAX_AHEAD_MS) {
            self.last = self.last.max(foreign);
        }
    }
}
