//! The visit plan (VISIT-01, VISIT-04; domain data 4.4): who is due when, from categories and visits alone.

mod attempt;
mod campaign;
mod contact;
mod coverage;
mod credit;
mod indicator;
mod moved;
mod proof;
pub mod sample;
pub mod task;
mod trigger;
mod way;

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate};
use gridbook_log::{EntityId, order_by, order_by_key};

use crate::calendar::day_of;
use crate::household::category;
use crate::household::merge::{Merges, homes};
use crate::package::{ContactMode, HouseholdCategory, Package};
use crate::record::RecordKind;
use crate::summary::{Summary, VisitFact, VisitMode};
use crate::warning;

pub use attempt::{Attempts, Unmet, alerted, attempts, modes, unmet};
pub use campaign::{Progress, Walker, assign, progress};
pub(crate) use contact::spoken;
pub use contact::{Contact, contact_of, contacts};
pub(crate) use coverage::active;
pub use coverage::{Coverage, coverage, full_coverages, is_key};
pub use credit::{Credit, Credits, Walk, credits};
pub use indicator::{Fact, Indicators, indicators};
pub(crate) use moved::asked_for;
pub use proof::{Doubt, Doubtful, ProofRules, Trace, doubtful};
pub(crate) use trigger::entered;
pub use trigger::{
    Answer, Extra, NeedRule, RequestRule, Signal, Trigger, VisitRules, extras, row_signals, signals,
};
pub use way::{by_way, month_end, week_end};

/// A category that a household holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Held<'a> {
    /// The category.
    pub category: &'a HouseholdCategory,
    /// Since when, where known: some start with a shorter interval.
    pub since: Option<NaiveDate>,
}

/// The time for which a plan is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Season {
    /// Flood season.
    pub flood: bool,
    /// Summer holidays: children and water.
    pub summer: bool,
    /// The instant, milliseconds since 1970, where what was announced counts: warnings hold by the minute.
    pub now: Option<u64>,
}

impl Season {
    /// The usual seasons: floods from May to September, summer holidays in July and August.
    pub fn usual(day: NaiveDate) -> Self {
        Self { flood: (5..=9).contains(&day.month()), summer: matches!(day.month(), 7 | 8), now: None }
    }

    /// The usual seasons, and the warnings that stand at an instant.
    pub fn at(now: u64) -> Self {
        Self { now: Some(now), ..Self::usual(day_of(now)) }
    }
}

/// Whether a household is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DueState {
    /// The last day that counts as on time (interval + 10 %) has passed.
    Overdue,
    /// Inside the window (−20 % … +10 % of the interval around the next date).
    Due,
    /// Not yet.
    Ok,
    /// Visits rest: the whole household is away.
    Suspended,
    /// Nothing calls for a visit.
    None,
}

/// When a household is due next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The next date; `None` when nothing calls for a visit.
    pub next: Option<NaiveDate>,
    /// Where today stands.
    pub state: DueState,
    /// Days from today to `next`, negative when past.
    pub days: i64,
    /// The interval that counts, days; 0 when nothing calls for a visit.
    pub interval: u32,
    /// How the household must be reached.
    pub mode: ContactMode,
    /// Hundredths of (share of the interval used × weight): the more, the sooner.
    pub priority: u64,
    /// Id of the category with the shortest interval.
    pub category: String,
}

/// Households visited monthly or more often are due at once when nobody has been there yet.
pub(crate) const KEY_INTERVAL: u32 = 30;

/// The first months of a category with a shorter first interval, days.
const FIRST_DAYS: u64 = 90;

fn interval(held: Held<'_>, today: NaiveDate, season: Season) -> u32 {
    let category = held.category;
    let fresh = held.since.is_some_and(|since| since + Days::new(FIRST_DAYS) > today);
    [
        Some(category.interval_days),
        category.flood_days.filter(|_| season.flood),
        category.summer_days.filter(|_| season.summer),
        category.first_days.filter(|_| fresh),
    ]
    .into_iter()
    .flatten()
    .min()
    .unwrap_or(category.interval_days)
}

/// How a household with these categories must be reached: in person wins over calls.
pub fn required_mode(held: &[Held<'_>]) -> ContactMode {
    let any = |mode: ContactMode| held.iter().any(|held| held.category.mode == mode);
    if any(ContactMode::InPerson) {
        ContactMode::InPerson
    } else if any(ContactMode::Call) && !any(ContactMode::Either) {
        ContactMode::Call
    } else {
        ContactMode::Either
    }
}

/// The last visit that counts (VISIT-04): someone was met, in a way the household allows; a call never twice
/// running. `visits` in any order.
pub fn last_valid(mode: ContactMode, visits: &[VisitFact]) -> Option<VisitFact> {
    let mut visits: Vec<VisitFact> = visits.iter().copied().filter(|visit| visit.met).collect();
    order_by_key(&mut visits, |visit| visit.day);
    let mut last: Option<VisitFact> = None;
    for visit in visits {
        let counts = match (mode, visit.mode) {
            (_, VisitMode::InPerson) | (ContactMode::Call, _) => true,
            (ContactMode::InPerson, _) | (ContactMode::Either, VisitMode::Neighbour) => false,
            (ContactMode::Either, VisitMode::Call) => last.is_none_or(|last| last.mode != VisitMode::Call),
        };
        if counts {
            last = Some(visit);
        }
    }
    last
}

/// When a household is due (4.4): the shortest interval of its categories from the last valid visit.
///
/// Nobody has been there yet: due at once with an interval of at most 30 days, else one interval after
/// `known_since`, the day it was registered.
pub fn due(
    held: &[Held<'_>],
    last: Option<NaiveDate>,
    known_since: NaiveDate,
    today: NaiveDate,
    season: Season,
) -> Due {
    let mode = required_mode(held);
    let suspended = held.iter().find(|held| held.category.suspends);
    let counted: Vec<Held<'_>> = match suspended {
        Some(away) => vec![*away],
        // What is visited once is done after any visit.
        None => held.iter().copied().filter(|held| !(held.category.once && last.is_some())).collect(),
    };
    let weight = counted.iter().map(|held| held.category.weight).max().unwrap_or(0);
    let Some(shortest) = counted.into_iter().min_by_key(|held| interval(*held, today, season)) else {
        let category = String::new();
        return Due { next: None, state: DueState::None, days: 0, interval: 0, mode, priority: 0, category };
    };
    let days = interval(shortest, today, season).max(1);
    let wait = if last.is_none() && days <= KEY_INTERVAL { 0 } else { u64::from(days) };
    let from = last.unwrap_or(known_since);
    let next = from + Days::new(wait);
    let state = if suspended.is_some() { DueState::Suspended } else { window(next, days, today) };
    // How much of the interval is used; a household nobody has seen counts from one interval before its date.
    let used = (today - next).num_days() + i64::from(days);
    let priority = if suspended.is_some() {
        0
    } else {
        u64::try_from(used).unwrap_or(0) * u64::from(weight) * 100 / u64::from(days)
    };
    Due {
        next: Some(next),
        state,
        days: (next - today).num_days(),
        interval: days,
        mode,
        priority,
        category: shortest.category.id.clone(),
    }
}

/// Where today stands: a fifth of the interval before its day a household can be visited, a tenth after it is overdue.
fn window(next: NaiveDate, days: u32, today: NaiveDate) -> DueState {
    if today > next + Days::new(u64::from(days / 10)) {
        DueState::Overdue
    } else if today >= next - Days::new(u64::from(days / 5)) {
        DueState::Due
    } else {
        DueState::Ok
    }
}

/// A line of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueRow {
    /// The household.
    pub household: EntityId,
    /// When.
    pub due: Due,
    /// What calls for it besides the interval, in words.
    pub why: Option<String>,
    /// Attempts that met nobody since the last visit (VISIT-04).
    pub attempts: Attempts,
}

/// Visits by household, from summaries alone.
pub fn visits_by_household<'a>(
    summaries: impl IntoIterator<Item = &'a Summary>,
) -> BTreeMap<EntityId, Vec<VisitFact>> {
    let mut visits: BTreeMap<EntityId, Vec<VisitFact>> = BTreeMap::new();
    let mut houses = Vec::new();
    for summary in summaries {
        // What was done in twos is for those two: it makes no ordinary visit (VISIT-09).
        let counts = summary.kind == RecordKind::Visit && !summary.rejected;
        if let (true, Some(household), Some(visit)) = (counts, summary.household, summary.visit) {
            visits.entry(household).or_default().push(visit);
        }
        if summary.kind == RecordKind::Household && summary.is_gone() {
            houses.push(summary);
        }
    }
    // What was merged counts for the household that stands (TERR-13).
    let merges = Merges::of(houses.iter().copied());
    for gone in houses.into_iter().filter(|row| merges.hides(row.id)) {
        if let Some(facts) = visits.remove(&gone.id) {
            visits.entry(merges.standing(gone.id)).or_default().extend(facts);
        }
    }
    visits
}

/// Priority of what something calls for: before everything that is only due by its interval for less than ten times
/// its length.
const CALLED: u64 = 1000;

/// The plan of the day: every active household that is due or overdue, or that something calls for (VISIT-05), overdue
/// first, then by priority, then by date.
/// A household without a category, or with unknown ones only, is planned as `general`.
pub fn due_list<'a>(
    summaries: impl IntoIterator<Item = &'a Summary> + Clone,
    package: &Package,
    today: NaiveDate,
    season: Season,
) -> Vec<DueRow> {
    due_until(summaries, package, today, today, season)
}

/// The plan as far as a day: what is due today, and what falls due until then, what begins to call for a visit by then
/// included.
pub fn due_until<'a>(
    summaries: impl IntoIterator<Item = &'a Summary> + Clone,
    package: &Package,
    today: NaiveDate,
    until: NaiveDate,
    season: Season,
) -> Vec<DueRow> {
    let visits = visits_by_household(summaries.clone());
    let rules = package.visits.get();
    let merges = Merges::of(summaries.clone());
    let mut signals: BTreeMap<EntityId, Vec<Signal>> = BTreeMap::new();
    for summary in summaries.clone() {
        let Some(household) = summary.household else { continue };
        let found = row_signals(rules, summary);
        if !found.is_empty() {
            signals.entry(merges.standing(household)).or_default().extend(found);
        }
    }
    let warnings = season.now.map_or_else(Vec::new, |now| warning::standing(summaries.clone(), now));
    let homes = homes(summaries);
    let mut rows: Vec<DueRow> = homes
        .iter()
        .filter(|summary| coverage::active(summary))
        .map(|summary| {
            let visits = visits.get(&summary.id).map_or(&[][..], Vec::as_slice);
            let mut due = household_due(summary, visits, package, today, season);
            let attempts = attempts(rules, due.mode, visits);
            let heard = signals.get(&summary.id).map_or(&[][..], Vec::as_slice);
            let kinds = summary.kinds(today);
            let heard = [heard, &warning::signals(package, &warnings, (&summary.area, &kinds))].concat();
            let called = extras(rules, &kinds, &heard, visits, today);
            let called = called.into_iter().find(|extra| extra.wanted(until));
            // What is due anyway by then is not called for besides; visits that rest are.
            let planned = matches!(due.state, DueState::Overdue | DueState::Due);
            let sooner = |extra: &Extra| !planned || due.next.is_none_or(|next| extra.by < next);
            let why = called.filter(sooner).map(|extra| {
                due.next = Some(extra.by);
                due.days = (extra.by - today).num_days();
                due.state = if extra.late(today) { DueState::Overdue } else { DueState::Due };
                due.priority = due.priority.max(CALLED);
                extra.label
            });
            DueRow { household: summary.id, due, why, attempts }
        })
        .filter(|row| match row.due.state {
            DueState::Overdue | DueState::Due => true,
            DueState::Ok => row.due.next.is_some_and(|next| next <= until),
            DueState::Suspended | DueState::None => false,
        })
        .collect();
    order_by(&mut rows, |a, b| order(a).cmp(&order(b)));
    rows
}

/// What stands where in the list.
fn order(row: &DueRow) -> impl Ord + use<> {
    (row.due.state, std::cmp::Reverse(row.due.priority), row.due.next, row.household)
}

/// What counts for a household ([`homes`]) that day; without a category, or with unknown ones only, `general`.
fn held_on<'p>(summary: &Summary, package: &'p Package, day: NaiveDate) -> Vec<Held<'p>> {
    let held = category::on(&summary.categories, day).into_iter();
    let mut held: Vec<Held<'p>> =
        held.filter_map(|(id, since)| Some(Held { category: package.category(id)?, since })).collect();
    if held.is_empty() {
        held.extend(package.category("general").map(|category| Held { category, since: None }));
    }
    held
}

/// When one household ([`homes`]) is due, from its summary and its visits.
pub fn household_due(
    summary: &Summary,
    visits: &[VisitFact],
    package: &Package,
    today: NaiveDate,
    season: Season,
) -> Due {
    let held = held_on(summary, package, today);
    let last = last_valid(required_mode(&held), visits);
    let due = due(&held, last.map(|visit| visit.day), summary.day(), today, season);
    match last {
        Some(last) => moved::moved(due, last, &held, package, (today, season)),
        None => due,
    }
}

#[cfg(test)]
mod tests;
