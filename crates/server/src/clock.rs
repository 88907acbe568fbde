//! Time, behind a trait so that tests decide what day it is.

use chrono::{DateTime, FixedOffset, NaiveDate};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970.
    fn now_ms(&self) -> u64;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else is passed")]
    fn now_ms(&self) -> u64 {
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
    }
}

/// The day in China (UTC+8, no summer time) at that moment.
pub fn china_day(ms: u64) -> NaiveDate {
    let east8 = FixedOffset::east_opt(8 * 3600).expect("8 hours is an offset");
    i64::try_from(ms)
        .ok()
        .and_then(DateTime::from_timestamp_millis)
        .unwrap_or_default()
        .with_timezone(&east8)
        .date_naive()
}
