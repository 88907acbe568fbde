//! Walking over days and working time, by the tables known at an instant.

use chrono::{DateTime, NaiveDate};

use super::Calendar;

/// Milliseconds of a minute.
pub const MINUTE_MS: u64 = 60_000;
/// Milliseconds of a day.
pub const DAY_MS: u64 = 1440 * MINUTE_MS;
/// Milliseconds of an hour.
pub const HOUR_MS: u64 = 60 * MINUTE_MS;
/// China time is eight hours ahead, all year.
const EAST_8_MS: u64 = 480 * MINUTE_MS;

/// The first instant of 2200. A clock may say anything; what lies beyond counts as this, so that days can be added
/// and counted without end.
pub const LAST_MS: u64 = 7_258_118_400_000;

/// The day of an instant in China.
pub fn day_of(ms: u64) -> NaiveDate {
    i64::try_from(ms.min(LAST_MS) + EAST_8_MS)
        .ok()
        .and_then(DateTime::from_timestamp_millis)
        .map_or(NaiveDate::MAX, |instant| instant.date_naive())
}

/// The instant at which a day begins in China; days before 1970 count as 1970.
pub fn midnight(day: NaiveDate) -> u64 {
    let days = day.signed_duration_since(NaiveDate::default()).num_days();
    (u64::try_from(days).unwrap_or(0) * DAY_MS).saturating_sub(EAST_8_MS)
}

/// Days after which a search for a working day gives up: a table without any is a mistake.
const FAR: usize = 400;

/// Counts, and remembers whether a year without a table was touched.
pub(crate) struct Walker<'a> {
    calendar: &'a Calendar,
    as_of: u64,
    pub(crate) estimated: bool,
}

impl<'a> Walker<'a> {
    pub(crate) fn new(calendar: &'a Calendar, as_of: u64) -> Self {
        Self { calendar, as_of, estimated: false }
    }

    pub(crate) fn works(&mut self, day: NaiveDate) -> bool {
        let kind = self.calendar.day_as_of(day, self.as_of);
        self.estimated |= kind.estimated;
        kind.works
    }

    /// The first working day after a day.
    pub(crate) fn next_working(&mut self, day: NaiveDate) -> NaiveDate {
        let mut next = day;
        for _ in 0..FAR {
            next = next.succ_opt().unwrap_or(next);
            if self.works(next) {
                break;
            }
        }
        next
    }

    /// The half-days of a day as instants; none on a day off.
    pub(crate) fn spans(&mut self, day: NaiveDate) -> Vec<(u64, u64)> {
        if !self.works(day) {
            return Vec::new();
        }
        let start = midnight(day);
        let at = |minute: u16| start + u64::from(minute) * MINUTE_MS;
        self.calendar.hours.iter().map(|(from, to)| (at(*from), at(*to))).collect()
    }

    /// When office hours of a day end, whether it is worked or not.
    pub(crate) fn office_end(&self, day: NaiveDate) -> u64 {
        let last = self.calendar.hours.last().map_or(1440, |(_, to)| *to);
        midnight(day) + u64::from(last) * MINUTE_MS
    }

    /// The first half-day for which `wanted` says yes, on the day of `from` or later.
    pub(crate) fn span(
        &mut self,
        from: u64,
        wanted: &mut dyn FnMut((u64, u64)) -> bool,
    ) -> Option<(u64, u64)> {
        let mut day = day_of(from);
        for _ in 0..FAR {
            if let Some(span) = self.spans(day).into_iter().find(|span| wanted(*span)) {
                return Some(span);
            }
            day = day.succ_opt()?;
        }
        None
    }

    /// Working time between two instants, milliseconds.
    pub(crate) fn worked(&mut self, from: u64, to: u64) -> u64 {
        let mut sum = 0;
        let to = to.min(LAST_MS);
        let mut day = day_of(from);
        while midnight(day) < to {
            for (open, close) in self.spans(day) {
                sum += close.min(to).saturating_sub(open.max(from));
            }
            let Some(next) = day.succ_opt() else { break };
            day = next;
        }
        sum
    }

    /// The instant at which so much working time has passed since `from`.
    pub(crate) fn advance(&mut self, from: u64, work: u64) -> u64 {
        let mut left = work;
        let mut at = from;
        while left > 0 {
            let Some((open, close)) = self.span(at, &mut |(_, close)| close > at) else { break };
            let begin = open.max(at);
            let here = left.min(close - begin);
            left -= here;
            at = begin + here;
        }
        at
    }
}
