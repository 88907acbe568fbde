//! Which days are worked, and at what hours (domain data 4.8.1): yearly tables as data, counted in China time
//! (UTC+8 all year), instants as milliseconds since 1970.

mod import;
mod walk;

use chrono::{Datelike, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

pub use import::{CalendarError, DayRow, days_of_json};
pub(crate) use walk::Walker;
pub use walk::{DAY_MS, HOUR_MS, LAST_MS, MINUTE_MS, day_of, midnight};

/// The table of one year as it was published. A year may have several: a later one has a higher version, and older
/// ones stay, because limits that began under them must not become shorter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Year {
    /// The year.
    pub year: i32,
    /// Grows by one with every table of the same year.
    pub version: u32,
    /// When this table was taken in, milliseconds since 1970; 0 = from the beginning.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub since: u64,
    /// Where it was published.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub papers: Vec<String>,
    /// Days off, first and last as month × 100 + day. Days that are off as weekends need not be listed.
    pub off: Vec<(u16, u16)>,
    /// Make-up working days (调休上班), month × 100 + day.
    pub work: Vec<u16>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// Working days and working hours of a township (IO-06).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Calendar {
    /// Grows with every import.
    pub version: u32,
    /// Working hours as minutes of the day, in order; each span is a half-day.
    pub hours: Vec<(u16, u16)>,
    /// Days off every year, used when a year has no table; as in [`Year::off`].
    pub fixed: Vec<(u16, u16)>,
    /// The tables.
    pub years: Vec<Year>,
}

/// What a day is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayKind {
    /// People work.
    pub works: bool,
    /// The year has no table: weekends and fixed dates only (日历缺失, 估算).
    pub estimated: bool,
}

fn month_day(day: NaiveDate) -> u16 {
    u16::try_from(day.month() * 100 + day.day()).unwrap_or_default()
}

fn inside(spans: &[(u16, u16)], day: u16) -> bool {
    spans.iter().any(|(from, to)| (*from..=*to).contains(&day))
}

impl Calendar {
    /// What a day is by the newest table.
    pub fn day(&self, day: NaiveDate) -> DayKind {
        self.day_as_of(day, u64::MAX)
    }

    /// What a day was by the tables taken in until an instant.
    pub fn day_as_of(&self, day: NaiveDate, as_of: u64) -> DayKind {
        let table = self
            .years
            .iter()
            .filter(|table| table.year == day.year() && table.since <= as_of)
            .max_by_key(|table| (table.since, table.version));
        let weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
        let at = month_day(day);
        match table {
            Some(table) => DayKind {
                works: table.work.contains(&at) || !(weekend || inside(&table.off, at)),
                estimated: false,
            },
            None => DayKind { works: !(weekend || inside(&self.fixed, at)), estimated: true },
        }
    }

    /// The day itself when it is worked, else the last working day before it: what is due on a rest day of a
    /// quarter's end is due before it.
    pub fn on_or_before(&self, day: NaiveDate) -> NaiveDate {
        std::iter::successors(Some(day), NaiveDate::pred_opt)
            .take(60)
            .find(|day| self.day(*day).works)
            .unwrap_or(day)
    }

    /// When tables were taken in after an instant, in order: limits that began before are counted again.
    pub(crate) fn changes_after(&self, at: u64) -> Vec<u64> {
        let mut changes: Vec<u64> =
            self.years.iter().map(|year| year.since).filter(|since| *since > at).collect();
        gridbook_log::order_by_key(&mut changes, |since| *since);
        changes.dedup();
        changes
    }
}

/// An instant in China as `YYYY-MM-DDTHH:MM`: how people enter one.
pub fn minute_of(ms: u64) -> String {
    let minutes = (ms + 8 * 3_600_000) / 60_000 % 1440;
    format!("{}T{:02}:{:02}", day_of(ms), minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests;
