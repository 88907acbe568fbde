//! How well households are reached (VISIT-11; domain data 4.14.1): coverage, timeliness, key households, and the two
//! full coverages a year. From summaries alone; nothing here ranks the people who visit.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use gridbook_log::EntityId;

use super::{DueState, KEY_INTERVAL, Season, household_due, last_valid, required_mode};
use crate::household::merge::homes;
use crate::package::Package;
use crate::record::RecordKind;
use crate::share::Share;
use crate::summary::{Summary, VisitFact};

/// Whether a household is to be visited monthly or more often that day, and nothing suspends it.
pub fn is_key(household: &Summary, package: &Package, day: NaiveDate, season: Season) -> bool {
    let now = household_due(household, &[], package, day, season);
    now.state != DueState::Suspended && (1..=KEY_INTERVAL).contains(&now.interval)
}

/// Figures of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Coverage {
    /// 走访覆盖率: households where somebody was met, of those in scope.
    pub visited: Share,
    /// 走访及时率: due visits made in their window, of those due.
    pub timely: Share,
    /// 重点户走访率: key households where somebody was met, of all key households.
    pub key: Share,
    /// Attempts that met nobody.
    pub attempts: usize,
}

/// Whether a household is one that is visited.
pub(crate) fn active(summary: &Summary) -> bool {
    summary.kind == RecordKind::Household
        && !summary.rejected
        && matches!(summary.state.as_str(), "" | "active")
}

pub(super) fn met_in(visits: &[VisitFact], from: NaiveDate, to: NaiveDate) -> bool {
    visits.iter().any(|visit| visit.met && (from..=to).contains(&visit.day))
}

/// The figures of a period, first and last day included. A household counts from the day on which it was registered.
pub fn coverage<'a>(
    summaries: impl IntoIterator<Item = &'a Summary> + Clone,
    visits: &BTreeMap<EntityId, Vec<VisitFact>>,
    package: &Package,
    (from, to): (NaiveDate, NaiveDate),
) -> Coverage {
    let mut figures = Coverage::default();
    let homes = homes(summaries);
    for household in homes.iter().map(AsRef::as_ref).filter(|home| active(home) && home.day() <= to) {
        let visits = visits.get(&household.id).map_or(&[][..], Vec::as_slice);
        let met = met_in(visits, from, to);
        figures.visited.count(met);
        if is_key(household, package, from, Season::usual(from)) {
            figures.key.count(met);
        }
        figures.attempts += visits.iter().filter(|v| !v.met && (from..=to).contains(&v.day)).count();
        timeliness(household, visits, package, (from, to), &mut figures.timely);
    }
    figures
}

/// Follows a household from one due date to the next. A due visit belongs to the period in which its window closes, or
/// in which it was made within the window.
fn timeliness(
    household: &Summary,
    visits: &[VisitFact],
    package: &Package,
    (from, to): (NaiveDate, NaiveDate),
    timely: &mut Share,
) {
    let held = super::held_on(household, package, to);
    let mode = required_mode(&held);
    // What counted, in order: each visit that is the last valid one of those until its day.
    let mut days: Vec<NaiveDate> = visits.iter().filter(|visit| visit.met).map(|visit| visit.day).collect();
    gridbook_log::order_by_key(&mut days, |day| *day);
    days.dedup();
    let counted = |day: &NaiveDate| {
        let until: Vec<VisitFact> = visits.iter().copied().filter(|visit| visit.day <= *day).collect();
        last_valid(mode, &until).is_some_and(|last| last.day == *day)
    };
    let days: Vec<NaiveDate> = days.into_iter().filter(counted).collect();
    let mut known: Vec<VisitFact> = Vec::new();
    let mut at = 0;
    // Every turn takes one visit or ends.
    loop {
        let asked = known.last().map_or(household.day(), |visit| visit.day);
        let due = household_due(household, &known, package, asked, Season::usual(asked));
        let Some(next) = due.next.filter(|_| due.state != DueState::Suspended) else { return };
        let length = u64::from(due.interval.max(1));
        let (opens, closes) = (next - Days::new(length / 5), next + Days::new(length / 10));
        let Some(made) = days.get(at).copied() else {
            if (from..=to).contains(&closes) {
                timely.count(false);
            }
            return;
        };
        if made > closes {
            if (from..=to).contains(&closes) {
                timely.count(false);
            }
        } else if made >= opens && (from..=to).contains(&made) {
            timely.count(true);
        }
        known.extend(visits.iter().copied().filter(|visit| visit.met && visit.day == made));
        at += 1;
    }
}

/// The two full coverages of a year: households where somebody was met, by half-year.
pub fn full_coverages(
    summaries: &[&Summary],
    visits: &BTreeMap<EntityId, Vec<VisitFact>>,
    year: i32,
) -> [Share; 2] {
    let homes = homes(summaries.iter().copied());
    let halves = [(1, 6, 30), (7, 12, 31)];
    halves.map(|(first, last, day)| {
        let (Some(from), Some(to)) =
            (NaiveDate::from_ymd_opt(year, first, 1), NaiveDate::from_ymd_opt(year, last, day))
        else {
            return Share::default();
        };
        let mut share = Share::default();
        for household in homes.iter().filter(|home| active(home) && home.day() <= to) {
            share.count(met_in(visits.get(&household.id).map_or(&[][..], Vec::as_slice), from, to));
        }
        share
    })
}
