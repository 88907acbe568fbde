//! The day of the next visit that a visitor asked for (F-VISIT `next_due_override`, domain data 4.4): sooner always, later
//! with a reason.

use chrono::{Datelike, Days, NaiveDate};
use gridbook_log::Entity;

use super::{Due, DueState, Held, Season, due as plain, interval, window};
use crate::package::Package;
use crate::summary::VisitFact;

/// What a visit says of the next one: the day, as days of our era, and whether it says why.
pub(crate) fn asked_for(visit: &Entity) -> Option<(i32, bool)> {
    let day = visit.text("next_due_override").and_then(crate::date::parse)?;
    let why = visit.text("next_due_reason").is_some_and(|why| !why.trim().is_empty());
    Some((day.num_days_from_ce(), why))
}

/// When a household is due that its last valid visit asked to be visited on another day. Without a reason no later than the
/// longest interval of its categories allows, with one no later than the longest of the list: nobody is put off for ever. What began after that visit, a category or a season, nobody put off.
pub(super) fn moved(
    due: Due,
    last: VisitFact,
    held: &[Held<'_>],
    package: &Package,
    (today, season): (NaiveDate, Season),
) -> Due {
    let asked = last.next.and_then(|(day, why)| Some((NaiveDate::from_num_days_from_ce_opt(day)?, why)));
    // While the whole household is away nobody is met, whatever was agreed.
    let rests = matches!(due.state, DueState::Suspended);
    let Some((asked, why)) = asked.filter(|(day, _)| *day > last.day && !rests) else { return due };
    let own = held.iter().map(|held| held.category.interval_days).max();
    let any = package.categories.iter().map(|category| category.interval_days).max();
    let longest = if why { any } else { own }.unwrap_or_default();
    let next = asked.min(last.day + Days::new(u64::from(longest)));
    let then = Season::usual(last.day);
    let began = |one: &&Held<'_>| {
        one.since.is_some_and(|since| since > last.day)
            || interval(**one, today, season) < interval(**one, last.day, then)
    };
    let newer: Vec<Held<'_>> = held.iter().filter(began).copied().collect();
    let sooner = plain(&newer, Some(last.day), last.day, today, season);
    if sooner.next.is_some_and(|day| day < next) {
        return Due { mode: due.mode, ..sooner };
    }
    let wait = (next - last.day).num_days();
    let days = u32::try_from(wait).unwrap_or(1).max(1);
    let weight = held.iter().map(|held| held.category.weight).max().unwrap_or(0);
    let used = u64::try_from((today - next).num_days() + wait).unwrap_or(0);
    let left = (next - today).num_days();
    let priority = used * u64::from(weight) * 100 / u64::from(days);
    Due { next: Some(next), state: window(next, days, today), days: left, interval: days, priority, ..due }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::plan::due;
    use crate::summary::VisitMode;

    fn day(text: &str) -> NaiveDate {
        crate::date::parse(text).unwrap()
    }

    /// Due of a household of these categories that was visited on 1 March and asked for another day.
    fn asked(categories: &[&str], next: &str, why: bool, today: &str) -> Due {
        let package = Package::builtin();
        let held: Vec<Held<'_>> = categories
            .iter()
            .map(|id| Held { category: package.category(id).unwrap(), since: Some(day("2024-01-01")) })
            .collect();
        let next = Some((day(next).num_days_from_ce(), why));
        let last = VisitFact { day: day("2026-03-01"), at: 0, mode: VisitMode::InPerson, met: true, next };
        let due = due(&held, Some(last.day), day("2025-01-01"), day(today), Season::default());
        moved(due, last, &held, package, (day(today), Season::default()))
    }

    #[test]
    fn sooner_needs_no_reason() {
        let due = asked(&["dibao"], "2026-03-08", false, "2026-03-08");
        assert_eq!(
            (due.next, due.state, due.days, due.interval),
            (Some(day("2026-03-08")), DueState::Due, 0, 7)
        );
        assert_eq!(asked(&["dibao"], "2026-03-08", false, "2026-03-05").state, DueState::Ok);
        assert_eq!(asked(&["dibao"], "2026-03-08", false, "2026-03-09").state, DueState::Overdue);
    }

    #[test]
    fn later_than_the_interval_takes_a_reason() {
        // 30 days for the one, 90 for the other of its categories.
        let both = ["dibao", "out_of_poverty"];
        assert_eq!(asked(&both, "2026-05-20", false, "2026-04-10").next, Some(day("2026-05-20")));
        assert_eq!(asked(&["dibao"], "2026-05-20", false, "2026-04-10").next, Some(day("2026-03-31")));
        assert_eq!(asked(&["dibao"], "2026-05-20", true, "2026-04-10").next, Some(day("2026-05-20")));
        assert_eq!(asked(&["dibao"], "2026-05-20", true, "2026-04-10").state, DueState::Ok);
        // Half a year is the longest of the list.
        assert_eq!(asked(&["dibao"], "2029-01-01", true, "2026-04-10").next, Some(day("2026-08-28")));
    }

    #[test]
    fn what_began_after_the_visit_was_put_off_by_nobody() {
        let package = Package::builtin();
        let on = |list: &[(&str, &str)], today: &str, flood: bool| {
            let held: Vec<Held<'_>> = list
                .iter()
                .map(|(id, since)| Held { category: package.category(id).unwrap(), since: Some(day(since)) })
                .collect();
            let next = Some((day("2026-05-20").num_days_from_ce(), true));
            let last =
                VisitFact { day: day("2026-03-01"), at: 0, mode: VisitMode::InPerson, met: true, next };
            let season = Season { flood, ..Season::default() };
            let plain = due(&held, Some(last.day), day("2025-01-01"), day(today), season);
            moved(plain, last, &held, package, (day(today), season))
        };
        let dibao = ("dibao", "2024-01-01");
        let red = on(&[dibao, ("dispute_party_red", "2026-03-10")], "2026-03-11", false);
        assert_eq!((red.next, red.interval, red.state), (Some(day("2026-03-04")), 3, DueState::Overdue));
        // One that stood then, and one that comes round more seldom, were put off with the rest.
        let before = on(&[dibao, ("dispute_party_red", "2026-02-10")], "2026-03-11", false);
        assert_eq!(before.next, Some(day("2026-05-20")));
        let seldom = on(&[dibao, ("out_of_poverty", "2026-03-10")], "2026-03-11", false);
        assert_eq!(seldom.next, Some(day("2026-05-20")));
        // A season that began.
        let flooded =
            package.categories.iter().find(|one| one.flood_days.is_some_and(|days| days < 60)).unwrap();
        let flooded = (flooded.id.as_str(), "2024-01-01");
        assert_eq!(on(&[flooded], "2026-05-01", false).next, Some(day("2026-05-20")));
        assert!(on(&[flooded], "2026-05-01", true).next < Some(day("2026-05-20")));
    }

    #[test]
    fn a_day_before_the_visit_and_a_household_that_is_away_change_nothing() {
        assert_eq!(asked(&["dibao"], "2026-02-01", true, "2026-03-20").next, Some(day("2026-03-31")));
        assert_eq!(asked(&["away_whole"], "2026-03-08", true, "2026-03-20").state, DueState::Suspended);
    }
}
