//! Attempts that met nobody, who is told of them, and in which way the next visit may be made (VISIT-04).

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use gridbook_log::{EntityId, order_by_key, set_of};

use super::coverage::active;
use super::{held_on, last_valid, required_mode, trigger::VisitRules};
use crate::household::merge::{Merges, homes};
use crate::package::{ContactMode, Package};
use crate::record::RecordKind;
use crate::role::Actor;
use crate::summary::{Summary, VisitFact, VisitMode};
use crate::territory::covers;

/// Attempts since the last visit that counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Attempts {
    /// On how many different days somebody tried.
    pub days: usize,
    /// The last of them.
    pub last: Option<NaiveDate>,
    /// So many that the grid's chief has to look: 3 on different days.
    pub alert: bool,
}

/// Attempts that met nobody since the last valid visit; `visits` in any order. Three on one day are one.
pub fn attempts(rules: &VisitRules, mode: ContactMode, visits: &[VisitFact]) -> Attempts {
    let since = last_valid(mode, visits).map(|visit| visit.day);
    let missed = visits.iter().filter(|visit| !visit.met && since.is_none_or(|since| visit.day > since));
    let days = set_of(missed.map(|visit| visit.day));
    Attempts {
        days: days.len(),
        last: days.last().copied(),
        alert: rules.attempts > 0 && days.len() >= rules.attempts,
    }
}

/// A household where so many attempts met nobody that somebody above has to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    /// The household.
    pub household: EntityId,
    /// The days, oldest first.
    pub days: Vec<NaiveDate>,
    /// Accounts of those who tried.
    pub tried: Vec<String>,
}

/// The areas in which a person is told of such households: those of the roles that the rules name.
pub fn alerted<'a>(rules: &VisitRules, actor: &'a Actor, today: NaiveDate) -> Vec<&'a str> {
    let told = |role: &String| rules.alert_roles.contains(role);
    let held = actor.assignments.iter().filter(|held| held.valid_on(today) && told(&held.role));
    held.filter_map(|held| held.area.as_deref()).collect()
}

/// Households in these areas where attempts on enough different days met nobody, those with the most first. It follows
/// from the visits, so it is gone as soon as somebody is met. Households whose visits rest are left out.
pub fn unmet<'a>(
    summaries: impl IntoIterator<Item = &'a Summary> + Clone,
    package: &Package,
    areas: &[&str],
    today: NaiveDate,
) -> Vec<Unmet> {
    let rules = package.visits.get();
    if areas.is_empty() || rules.attempts == 0 {
        return Vec::new();
    }
    let merges = Merges::of(summaries.clone());
    let visits_of = |summary: &'a Summary| {
        let counts = summary.kind == RecordKind::Visit && !summary.rejected;
        let household = summary.household.map(|household| merges.standing(household));
        household.zip(summary.visit).filter(|_| counts)
    };
    let mut days: BTreeMap<EntityId, BTreeSet<NaiveDate>> = BTreeMap::new();
    for (household, visit) in summaries.clone().into_iter().filter_map(visits_of) {
        if !visit.met {
            days.entry(household).or_default().insert(visit.day);
        }
    }
    // Few of them have that many, ever: only these are looked at closely.
    days.retain(|_, days| days.len() >= rules.attempts);
    if days.is_empty() {
        return Vec::new();
    }
    let mut tries: BTreeMap<EntityId, Vec<(VisitFact, &str)>> = BTreeMap::new();
    for summary in summaries.clone() {
        if let Some((household, visit)) = visits_of(summary)
            && days.contains_key(&household)
        {
            tries.entry(household).or_default().push((visit, &summary.reporter));
        }
    }
    let homes = homes(summaries);
    let here = |home: &&Summary| {
        days.contains_key(&home.id) && active(home) && areas.iter().any(|area| covers(area, &home.area))
    };
    let one = |home: &Summary| {
        let (held, tries) = (held_on(home, package, today), tries.get(&home.id)?);
        let (mode, facts) = (required_mode(&held), tries.iter().map(|(visit, _)| *visit).collect::<Vec<_>>());
        if held.iter().any(|held| held.category.suspends) || !attempts(rules, mode, &facts).alert {
            return None;
        }
        let since = last_valid(mode, &facts).map(|visit| visit.day);
        let missed = tries.iter().filter(|(visit, _)| !visit.met && since.is_none_or(|day| visit.day > day));
        let (mut days, mut tried) = (BTreeSet::new(), BTreeSet::new());
        for (visit, user) in missed {
            days.insert(visit.day);
            tried.insert((*user).to_owned());
        }
        let (days, tried) = (days.into_iter().collect(), tried.into_iter().collect());
        Some(Unmet { household: home.id, days, tried })
    };
    let mut list: Vec<Unmet> = homes.iter().map(AsRef::as_ref).filter(here).filter_map(one).collect();
    order_by_key(&mut list, |one| {
        (std::cmp::Reverse(one.days.len()), one.days.last().copied(), one.household)
    });
    list
}

/// The ways in which the next visit would count, given those before.
pub fn modes(mode: ContactMode, visits: &[VisitFact]) -> Vec<VisitMode> {
    let called = last_valid(mode, visits).is_some_and(|last| last.mode == VisitMode::Call);
    match mode {
        ContactMode::InPerson => vec![VisitMode::InPerson],
        ContactMode::Either if called => vec![VisitMode::InPerson],
        ContactMode::Either => vec![VisitMode::InPerson, VisitMode::Call],
        ContactMode::Call => vec![VisitMode::InPerson, VisitMode::Call, VisitMode::Neighbour],
    }
}
