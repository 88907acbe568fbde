//! How often somebody may try to sign in: per account name (whether it exists or not) and per address. Kept in
//! memory; a restart forgives.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Wrong tries before an account rests.
const PER_ACCOUNT: u32 = 10;
/// Tries, right or wrong, from one address in one window; a township office shares one address.
const PER_ADDRESS: u32 = 100;
const WINDOW_MS: u64 = 15 * 60 * 1000;
/// Entries kept before the old ones are swept.
const SWEEP_AT: usize = 10_000;

#[derive(Clone, Copy)]
struct Tries {
    count: u32,
    since: u64,
}

/// Counts tries.
#[derive(Default)]
pub struct Limiter {
    tries: Mutex<HashMap<String, Tries>>,
}

impl Limiter {
    /// Seconds to wait before the next try; `None` when it may be made now. Counts a try of the address.
    pub fn wait(&self, account: &str, address: &str, now: u64) -> Option<u64> {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        if tries.len() > SWEEP_AT {
            tries.retain(|_, t| now.saturating_sub(t.since) < WINDOW_MS);
        }
        let left = |t: &Tries| (t.since + WINDOW_MS).saturating_sub(now).div_ceil(1000);
        let account = tries.get(&format!("u:{account}")).filter(|t| t.count >= PER_ACCOUNT).map(left);
        if let Some(seconds) = account.filter(|s| *s > 0) {
            return Some(seconds);
        }
        let slot = tries.entry(format!("a:{address}")).or_insert(Tries { count: 0, since: now });
        if now.saturating_sub(slot.since) >= WINDOW_MS {
            *slot = Tries { count: 0, since: now };
        }
        slot.count += 1;
        (slot.count > PER_ADDRESS).then(|| left(slot).max(1))
    }

    /// Notes a wrong password.
    pub fn failed(&self, account: &str, now: u64) {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = tries.entry(format!("u:{account}")).or_insert(Tries { count: 0, since: now });
        if now.saturating_sub(slot.since) >= WINDOW_MS {
            slot.count = 0;
        }
        slot.count += 1;
        // The rest starts with the last wrong try.
        slot.since = now;
    }

    /// Forgets the wrong tries of an account after a right one.
    pub fn passed(&self, account: &str) {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner).remove(&format!("u:{account}"));
    }
}
