#![allow(clippy::unwrap_used)]
use chrono::NaiveDate;
use proptest::prelude::*;

use super::*;
use crate::calendar::DayRow;
use crate::package::Package;

fn calendar() -> Calendar {
    Package::builtin().law.get().calendar.clone()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn at(date: &str, time: &str) -> u64 {
    let (hour, minute) = time.split_once(':').unwrap();
    let minutes: u64 = hour.parse::<u64>().unwrap() * 60 + minute.parse::<u64>().unwrap();
    midnight(day(date)) + minutes * MINUTE_MS
}

fn rule(n: u32, unit: Unit) -> Rule {
    Rule { n, unit, roll: false, office: false }
}

/// The last day of a limit.
fn last(due: Due) -> NaiveDate {
    day_of(due.at - 1)
}

#[test]
fn the_test_vectors() {
    let calendar = calendar();
    let wd = |n| rule(n, Unit::Wd);
    let nd = |n| Rule { roll: true, ..rule(n, Unit::Nd) };
    for (start, limit, end, estimated) in [
        ("2026-02-13", wd(5), "2026-02-27", false),
        ("2026-02-13", wd(7), "2026-03-02", false),
        ("2026-09-18", wd(3), "2026-09-22", false),
        ("2026-09-24", wd(5), "2026-10-09", false),
        ("2026-04-30", wd(1), "2026-05-06", false),
        ("2026-05-08", wd(1), "2026-05-09", false),
        ("2026-09-05", nd(30), "2026-10-08", false),
        ("2026-02-01", nd(15), "2026-02-24", false),
        ("2026-12-31", wd(1), "2027-01-04", true),
    ] {
        for time in ["00:00", "10:00", "23:59"] {
            let due = due(&calendar, limit, at(start, time));
            assert_eq!(
                (last(due), due.estimated),
                (day(end), estimated),
                "{start} {time} + {}",
                limit.words()
            );
            assert_eq!(due.at, at(end, "24:00"));
            assert!(!due.recomputed);
        }
    }
    for (start, days, end) in [("2026-09-05", 30, "2026-10-05"), ("2026-02-01", 15, "2026-02-16")] {
        assert_eq!(
            last(due(&calendar, rule(days, Unit::Nd), at(start, "10:00"))),
            day(end),
            "safety never rolls"
        );
    }
}

#[test]
fn units() {
    let calendar = calendar();
    let office = |n, unit| Rule { office: true, ..rule(n, unit) };
    let start = at("2026-03-13", "16:30");
    for (limit, end) in [
        (rule(30, Unit::Min), at("2026-03-13", "17:00")),
        (rule(24, Unit::H), at("2026-03-14", "16:30")),
        (rule(4, Unit::Wh), at("2026-03-16", "12:00")),
        (rule(1, Unit::Half), at("2026-03-16", "12:00")),
        (rule(2, Unit::Half), at("2026-03-17", "00:00")),
        (office(2, Unit::Half), at("2026-03-16", "17:30")),
        (office(1, Unit::Wd), at("2026-03-16", "17:30")),
        (rule(0, Unit::Nd), at("2026-03-14", "00:00")),
        (rule(0, Unit::Wd), at("2026-03-14", "00:00")),
    ] {
        assert_eq!(due(&calendar, limit, start).at, end, "{}", limit.words());
    }
    assert_eq!(rule(0, Unit::Nd).words(), "当天");
    assert_eq!(rule(3, Unit::Wd).words(), "3 个工作日");
}

#[test]
fn after_hours_counts_as_the_next_working_day() {
    let calendar = calendar();
    for (came, counts) in [
        (at("2026-03-13", "10:00"), at("2026-03-13", "10:00")),
        (at("2026-03-13", "07:00"), at("2026-03-13", "07:00")),
        (at("2026-03-13", "17:30"), at("2026-03-16", "09:00")),
        (at("2026-03-14", "10:00"), at("2026-03-16", "09:00")),
        (at("2026-02-14", "10:00"), at("2026-02-14", "10:00")),
        (at("2026-02-14", "18:00"), at("2026-02-24", "09:00")),
    ] {
        assert_eq!(office_receipt(&calendar, came), counts);
    }
}

#[test]
fn a_pause_keeps_the_working_time_that_was_left() {
    let calendar = calendar();
    let limit = rule(3, Unit::Wd);
    let start = at("2026-03-09", "10:00");
    let before = due(&calendar, limit, start).at;
    assert_eq!(before, at("2026-03-12", "24:00"));
    let after = |paused, back| resumed(&calendar, limit, before, paused, back).at;
    // A night and a weekend cost nothing.
    assert_eq!(after(at("2026-03-10", "18:00"), at("2026-03-11", "08:00")), before);
    // Two working days paused, one and a half left: Wednesday noon to Friday noon.
    assert_eq!(after(at("2026-03-11", "12:00"), at("2026-03-13", "12:00")), at("2026-03-16", "24:00"));
    // An hour paused: until noon of the day after, not a whole day.
    assert_eq!(after(at("2026-03-11", "10:00"), at("2026-03-11", "11:00")), at("2026-03-13", "12:00"));
    // Nothing was left to pause, and a pause that ends before it began changes nothing.
    assert_eq!(after(at("2026-03-13", "10:00"), at("2026-03-16", "11:00")), before);
    assert_eq!(after(at("2026-03-11", "10:00"), at("2026-03-11", "09:00")), before);
    let days = rule(15, Unit::Nd);
    let end = due(&calendar, days, start).at;
    let moved = resumed(&calendar, days, end, at("2026-03-10", "10:00"), at("2026-03-13", "09:00")).at;
    assert_eq!(moved, end + 3 * DAY_MS);
    assert_eq!(resumed(&calendar, days, end, start, start + 60 * MINUTE_MS).at, end);
    let hours = rule(24, Unit::H);
    let end = due(&calendar, hours, start).at;
    assert_eq!(resumed(&calendar, hours, end, start, start + 7 * MINUTE_MS).at, end + 7 * MINUTE_MS);
}

#[test]
fn an_extension_counts_from_the_last_day() {
    let calendar = calendar();
    let before = due(&calendar, rule(7, Unit::Wd), at("2026-09-17", "10:00")).at;
    assert_eq!(before, at("2026-09-28", "24:00"));
    assert_eq!(extended(&calendar, rule(5, Unit::Wd), before).at, at("2026-10-10", "24:00"));
}

#[test]
fn a_later_calendar_never_shortens() {
    let mut calendar = calendar();
    let limit = rule(5, Unit::Wd);
    let start = at("2026-12-30", "10:00");
    let guess = due(&calendar, limit, start);
    assert_eq!((last(guess), guess.estimated), (day("2027-01-07"), true));
    // The table declares Monday and Tuesday off, and the Saturday worked.
    let mut rows: Vec<DayRow> = (1..=5)
        .chain(20..=30)
        .map(|d| DayRow { date: format!("2027-01-{d:02}"), kind: "休".into() })
        .collect();
    rows.push(DayRow { date: "2027-01-09".into(), kind: "班".into() });
    let taken = at("2026-12-31", "09:00");
    calendar.import(&rows, Vec::new(), taken).unwrap();
    let counted = due(&calendar, limit, start);
    assert_eq!((last(counted), counted.estimated, counted.recomputed), (day("2027-01-09"), false, true));
    // A second table takes the holiday back: the limit stays where it was.
    rows.retain(|row| row.kind == "休" && !row.date.ends_with("-04") && !row.date.ends_with("-05"));
    calendar.import(&rows, Vec::new(), taken + DAY_MS).unwrap();
    assert_eq!(last(due(&calendar, limit, start)), day("2027-01-09"));
    assert_eq!(last(due(&calendar, limit, taken + 2 * DAY_MS)), day("2027-01-08"));
    // What has passed is not opened again.
    let mut late = self::calendar();
    late.import(&year_off(&["2027-01-06", "2027-01-07"]), Vec::new(), at("2027-01-20", "09:00")).unwrap();
    let counted = due(&late, limit, start);
    assert_eq!((last(counted), counted.recomputed), (day("2027-01-07"), false));
}

fn year_off(days: &[&str]) -> Vec<DayRow> {
    let filler = (1..=12).map(|d| format!("2027-10-{d:02}"));
    let all = days.iter().map(|d| (*d).to_owned()).chain(filler);
    all.map(|date| DayRow { date, kind: "休".into() }).collect()
}

#[test]
fn four_levels_in_seven_days_over_the_spring_festival() {
    let package = Package::builtin();
    let class = package.law.get().class("SM7").unwrap();
    let ends = relay(&calendar(), &class.relay, at("2026-02-12", "10:00"));
    let ends: Vec<NaiveDate> = ends.into_iter().map(last).collect();
    // 组 13, 村 14 (made up) and 24, 司法所 25 and 26, 综治中心 27 and 28 (made up).
    assert_eq!(ends, ["2026-02-13", "2026-02-24", "2026-02-26", "2026-02-28"].map(day));
    let whole = due(&calendar(), class.limits[&crate::clock::ClockId::Handle], at("2026-02-12", "10:00"));
    assert_eq!(last(whole), day("2026-02-28"));
}

/// The obvious way: minute by minute, asking of each minute whether it is worked.
mod slow {
    use super::*;

    pub(super) fn works(calendar: &Calendar, minute: u64) -> bool {
        let day = day_of(minute * MINUTE_MS);
        let of_day = (minute * MINUTE_MS - midnight(day)) / MINUTE_MS;
        calendar.day(day).works
            && calendar.hours.iter().any(|(a, b)| (u64::from(*a)..u64::from(*b)).contains(&of_day))
    }

    fn day_end(calendar: &Calendar, rule: Rule, day: NaiveDate) -> u64 {
        let close = u64::from(calendar.hours.last().unwrap().1);
        midnight(day) + if rule.office { close * MINUTE_MS } else { DAY_MS }
    }

    /// The end of the half-day whose last worked minute this is.
    fn half_end(calendar: &Calendar, rule: Rule, minute: u64) -> u64 {
        let end = (minute + 1) * MINUTE_MS;
        let day = day_of(minute * MINUTE_MS);
        if end == midnight(day) + u64::from(calendar.hours.last().unwrap().1) * MINUTE_MS {
            day_end(calendar, rule, day)
        } else {
            end
        }
    }

    pub(super) fn due(calendar: &Calendar, rule: Rule, from: u64) -> u64 {
        let n = u64::from(rule.n);
        match rule.unit {
            Unit::Min => from + n * MINUTE_MS,
            Unit::H => from + n * 3_600_000,
            Unit::Wh => {
                let mut minute = from / MINUTE_MS;
                let mut left = n * 60;
                while left > 0 {
                    left -= u64::from(works(calendar, minute));
                    minute += 1;
                }
                minute * MINUTE_MS
            }
            Unit::Half => {
                // A half-day counts when it opens after the start; it ends where the next minute is not worked.
                let mut minute = from / MINUTE_MS;
                let (mut left, mut inside) = (n, works(calendar, minute));
                let mut counted = false;
                loop {
                    minute += 1;
                    let now = works(calendar, minute);
                    counted |= now && !inside;
                    inside = now;
                    if counted && now && !works(calendar, minute + 1) {
                        left -= 1;
                        if left == 0 {
                            return half_end(calendar, rule, minute);
                        }
                    }
                }
            }
            Unit::Wd | Unit::Nd => {
                let mut day = day_of(from);
                let mut left = rule.n;
                while left > 0 {
                    day = day.succ_opt().unwrap();
                    left -= u32::from(rule.unit == Unit::Nd || calendar.day(day).works);
                }
                while rule.unit == Unit::Nd && rule.roll && !calendar.day(day).works {
                    day = day.succ_opt().unwrap();
                }
                day_end(calendar, rule, day)
            }
        }
    }

    pub(super) fn resumed(calendar: &Calendar, rule: Rule, due: u64, paused: u64, back: u64) -> u64 {
        let left = (paused / MINUTE_MS..due / MINUTE_MS).filter(|m| works(calendar, *m)).count();
        if left == 0 {
            // The end of the half-day that comes next.
            let mut minute = back / MINUTE_MS;
            if minute * MINUTE_MS == back && works(calendar, minute - 1) && !works(calendar, minute) {
                return half_end(calendar, rule, minute - 1).max(due);
            }
            while !works(calendar, minute) || works(calendar, minute + 1) {
                minute += 1;
            }
            return half_end(calendar, rule, minute).max(due);
        }
        let mut minute = back / MINUTE_MS;
        let mut left = left;
        loop {
            if works(calendar, minute) {
                left = left.saturating_sub(1);
                if left == 0 && !works(calendar, minute + 1) {
                    return half_end(calendar, rule, minute).max(due);
                }
            }
            minute += 1;
        }
    }
}

fn any_rule() -> impl Strategy<Value = Rule> {
    let units = [Unit::Min, Unit::H, Unit::Wh, Unit::Half, Unit::Wd, Unit::Nd];
    (1..12u32, prop::sample::select(units.to_vec()), any::<bool>(), any::<bool>())
        .prop_map(|(n, unit, roll, office)| Rule { n, unit, roll, office })
}

/// A minute between December 2025 and January 2027 (two years without a table and one with), often where something
/// opens or closes.
fn any_minute() -> impl Strategy<Value = u64> {
    let first = midnight(NaiveDate::from_ymd_opt(2025, 12, 20).unwrap()) / MINUTE_MS;
    let edges = vec![0u64, 1, 539, 540, 541, 719, 720, 721, 839, 840, 1049, 1050, 1051, 1439];
    let of_day = prop_oneof![0..1440u64, prop::sample::select(edges)];
    (0..400u64, of_day).prop_map(move |(day, minute)| (first + day * 1440 + minute) * MINUTE_MS)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn as_the_slow_way_counts(rule in any_rule(), from in any_minute()) {
        let calendar = calendar();
        prop_assert_eq!(due(&calendar, rule, from).at, slow::due(&calendar, rule, from));
    }

    #[test]
    fn pauses_as_the_slow_way_counts(
        n in 1..8u32, half in any::<bool>(), office in any::<bool>(), from in any_minute(),
        into in 0..5000u64, long in 1..20_000u64,
    ) {
        let calendar = calendar();
        let rule = Rule { n, unit: if half { Unit::Half } else { Unit::Wd }, roll: false, office };
        let end = due(&calendar, rule, from).at;
        let paused = from + into * MINUTE_MS;
        prop_assume!(paused < end);
        let back = paused + long * MINUTE_MS;
        let moved = resumed(&calendar, rule, end, paused, back).at;
        prop_assert_eq!(moved, slow::resumed(&calendar, rule, end, paused, back));
        // Nobody loses working time by a pause.
        prop_assert!(spent(&calendar, rule, back, moved) >= spent(&calendar, rule, paused, end));
    }

    #[test]
    fn a_later_start_is_never_due_earlier(rule in any_rule(), from in any_minute(), later in 0..9000u64) {
        let calendar = calendar();
        let (a, b) = (due(&calendar, rule, from).at, due(&calendar, rule, from + later * MINUTE_MS).at);
        prop_assert!(a <= b && a > from);
    }

    #[test]
    fn no_table_shortens(rule in any_rule(), from in any_minute(), after in 1..2000u64,
        off in prop::collection::btree_set(1..=28u32, 13..20), month in 1..=12u32) {
        let mut calendar = calendar();
        let before = due(&calendar, rule, from).at;
        let rows: Vec<DayRow> = off
            .into_iter()
            .map(|d| DayRow { date: format!("2026-{month:02}-{d:02}"), kind: "休".into() })
            .collect();
        prop_assume!(calendar.import(&rows, Vec::new(), from + after * MINUTE_MS).is_ok());
        prop_assert!(due(&calendar, rule, from).at >= before);
    }
}
