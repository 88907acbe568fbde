//! A danger that cannot wait (HAZ-05, FLOW-17): whom to call first, who is told in which order, and who said that they
//! know. It follows from the record and the hour, so that every device of those who are told comes to the same.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::case::CaseView;
use crate::package::Package;
use crate::role::Actor;
use crate::territory::covers;

/// The step of the workflow with which somebody says that they know.
pub const KNOWN: &str = "alarm_known";

/// Whom to call and whom to tell, as data.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AlarmRules {
    /// Numbers to call at once, in order.
    pub phones: Vec<AlarmPhone>,
    /// Who is told, in order.
    pub chain: Vec<AlarmStep>,
}

/// A number to call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmPhone {
    /// Who answers, in words.
    pub label: String,
    /// The number; `None` = the township's duty room, whose number the township knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
}

/// A step of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmStep {
    /// Stable identifier.
    pub id: String,
    /// Who, in words.
    pub label: String,
    /// Roles that are told, each for its own area.
    pub roles: Vec<String>,
    /// Minutes in which one of them has to say that they know; then the next step is told.
    pub minutes: u64,
    /// Told at once, whoever knows already.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_once: bool,
}

/// A step of the chain that is told, or will be unless somebody says that they know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told<'p> {
    /// Its place in the chain.
    pub place: usize,
    /// Who.
    pub step: &'p AlarmStep,
    /// Since when; may lie ahead.
    pub at: u64,
    /// Who said that they know, and when.
    pub known: Option<(String, u64)>,
}

const MINUTE_MS: u64 = 60_000;

/// Whether a case is one that people are called about at once and told in a chain.
fn loud(package: &Package, case: &CaseView) -> bool {
    case.kind.is_case()
        && case.values.contains_key("level")
        && case.level.as_deref().and_then(|level| package.level(level)).is_some_and(|level| level.phone_first)
}

/// The chain of a case as it stands: who was told when, who knows. Empty for a case that can wait, and for one that has
/// ended. A step is passed over when somebody before it in the chain said in time that they know.
pub fn alarm<'p>(package: &'p Package, case: &CaseView) -> Vec<Told<'p>> {
    let ended = package.state(&case.state).is_none_or(|state| state.terminal);
    let Some(since) = case.level_since.filter(|_| !ended && loud(package, case)) else { return Vec::new() };
    let mut told: Vec<Told<'p>> = Vec::new();
    let (mut next, mut answered) = (since, None::<u64>);
    for (place, step) in package.hazards.get().alarm.chain.iter().enumerate() {
        let at = if step.at_once { since } else { next };
        let said = case
            .alarm_known
            .iter()
            .find(|known| known.told_as == step.id && Some(known.at) >= case.level_set_at);
        let in_time = answered.is_some_and(|answered| answered <= at);
        if step.at_once || said.is_some() || !in_time {
            let known = said.map(|known| (known.user.clone(), known.at));
            told.push(Told { place, step, at, known });
        }
        next = next.max(at + step.minutes * MINUTE_MS);
        let first = said.map(|known| known.at);
        answered = answered.into_iter().chain(first).min();
    }
    told
}

/// The steps of the chain that this person stands for in an area, by their places.
pub fn stands_for(package: &Package, actor: &Actor, area: &str, today: NaiveDate) -> Vec<usize> {
    let mut places = Vec::new();
    for (place, step) in package.hazards.get().alarm.chain.iter().enumerate() {
        let held = actor.assignments.iter().any(|held| {
            held.valid_on(today)
                && step.roles.contains(&held.role)
                && held.area.as_deref().is_some_and(|own| covers(own, area))
        });
        if held {
            places.push(place);
        }
    }
    places
}

/// The step of the chain for which this person can say now that they know; the first where there are several. Who
/// reported it is not asked.
pub fn to_answer<'p>(
    package: &'p Package,
    actor: &Actor,
    case: &CaseView,
    today: NaiveDate,
) -> Option<&'p AlarmStep> {
    if case.reporter == actor.user || !loud(package, case) {
        return None;
    }
    let own = stands_for(package, actor, &case.area, today);
    let told = alarm(package, case);
    told.into_iter().find(|told| told.known.is_none() && own.contains(&told.place)).map(|told| told.step)
}
