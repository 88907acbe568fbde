//! Waiting after failure: exponential with full jitter, so that a village that comes online together does not
//! knock together.

/// First bound in milliseconds.
const BASE_MS: u64 = 2_000;
/// Last bound in milliseconds.
const MAX_MS: u64 = 5 * 60_000;
/// Longest `Retry-After` believed: a browser's timer overflows after 24 days and then fires at once.
const MAX_RETRY_AFTER_MS: u64 = 24 * 60 * 60_000;

/// Counts failures in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// How long to wait now. A `Retry-After` (up to a day) is a lower bound, never shortened.
    pub fn next(&mut self, random: u64, retry_after_ms: Option<u64>) -> u64 {
        let bound = BASE_MS.saturating_mul(1 << self.failures.min(16)).min(MAX_MS);
        self.failures = self.failures.saturating_add(1);
        let jitter = 1 + random % bound;
        match retry_after_ms {
            Some(least) => least.min(MAX_RETRY_AFTER_MS) + jitter.min(BASE_MS),
            None => jitter,
        }
    }

    /// A round ended well.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}
