//! Zero reports 零报告: in a declared period each grid says every day whether there is anything (FLOW-20).

use chrono::{DateTime, Duration, FixedOffset, NaiveDate, NaiveTime};

/// A period in which reports are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// Hour by which the report of a day has to be there.
    pub by: NaiveTime,
    /// Grids or villages that report, by area code.
    pub areas: Vec<String>,
}

/// A report that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZeroReport {
    /// For which area.
    pub area: String,
    /// For which day.
    pub day: NaiveDate,
    /// When it was written, as its author's clock said.
    pub written: DateTime<FixedOffset>,
    /// When the authority took it in; `None` = not yet.
    pub received: Option<DateTime<FixedOffset>>,
}

/// How an area stands for a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reported {
    /// In time: it arrived in time, or was written in time without network and arrived by noon of the next day.
    InTime,
    /// Later than that.
    Late,
    /// Not at all.
    Missing,
}

/// How each area of the period stands for a day, in the order of the period; nothing on other days.
pub fn standing<'p>(period: &'p Period, reports: &[ZeroReport], day: NaiveDate) -> Vec<(&'p str, Reported)> {
    if day < period.from || period.to < day {
        return Vec::new();
    }
    let limit = day.and_time(period.by);
    let noon = (day + Duration::days(1)).and_time(NaiveTime::MIN) + Duration::hours(12);
    let of = |area: &str| {
        let own = reports.iter().filter(|report| report.area == area && report.day == day);
        own.map(|report| {
            let written = report.written.naive_local() <= limit;
            let arrived = report.received.map(|at| at.naive_local());
            let in_time = arrived.is_some_and(|at| at <= limit || (written && at <= noon));
            if in_time { Reported::InTime } else { Reported::Late }
        })
        .min()
        .unwrap_or(Reported::Missing)
    };
    period.areas.iter().map(|area| (area.as_str(), of(area))).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 7, day).unwrap()
    }

    fn at(text: &str) -> DateTime<FixedOffset> {
        crate::validate::datetime(text).unwrap()
    }

    #[test]
    fn what_was_written_in_time_without_network_has_until_noon() {
        let areas = ["a", "b", "c", "d", "e"].map(str::to_owned).to_vec();
        let period =
            Period { from: day(1), to: day(31), by: NaiveTime::from_hms_opt(18, 0, 0).unwrap(), areas };
        let report = |area: &str, written: &str, received: Option<&str>| ZeroReport {
            area: area.to_owned(),
            day: day(3),
            written: at(written),
            received: received.map(at),
        };
        let reports = [
            report("a", "2026-07-03T17:50", Some("2026-07-03T17:59")),
            report("b", "2026-07-03T17:50", Some("2026-07-04T12:00")),
            report("c", "2026-07-03T17:50", Some("2026-07-04T12:01")),
            report("d", "2026-07-03T18:30", Some("2026-07-03T18:31")),
            report("d", "2026-07-03T19:30", None),
        ];
        use Reported::{InTime, Late, Missing};
        let found: Vec<Reported> =
            standing(&period, &reports, day(3)).into_iter().map(|(_, how)| how).collect();
        assert_eq!(found, [InTime, InTime, Late, Late, Missing]);
        assert!(standing(&period, &reports, day(4)).iter().all(|(_, how)| *how == Missing));
        assert!(standing(&period, &reports, NaiveDate::from_ymd_opt(2026, 8, 1).unwrap()).is_empty());
    }
}
