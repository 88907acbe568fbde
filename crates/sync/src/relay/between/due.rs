//! When something is tried again that was in vain: ever more seldom, and never given up.

use serde::{Deserialize, Serialize};

/// First pause before something is tried again, in milliseconds; it doubles.
const PAUSE_MS: u64 = 60_000;
/// Longest pause: a day has four looks.
pub(super) const LONGEST_MS: u64 = 6 * 60 * 60 * 1000;

/// When something is tried.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Due {
    /// Tries in vain.
    looks: u32,
    /// Not before, milliseconds since 1970.
    at: u64,
    /// That it was refused was told.
    pub(super) told: bool,
}

impl Due {
    pub(super) fn is_due(&self, now_ms: u64) -> bool {
        self.at <= now_ms
    }

    /// Not before, milliseconds since 1970.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// It was in vain.
    pub(super) fn later(&mut self, now_ms: u64) {
        self.at = now_ms + PAUSE_MS.saturating_mul(1 << self.looks.min(9)).min(LONGEST_MS);
        self.looks = self.looks.saturating_add(1);
    }
}
