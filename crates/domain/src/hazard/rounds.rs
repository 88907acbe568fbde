//! Inside 办理中 (domain data 4.9.2): control, notice, rectifying, re-check; the third failure or a refusal goes to
//! enforcement.

use chrono::{Days, NaiveDate};
use gridbook_log::{Entity, Outcome, order_by_key};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::HazardRules;
use crate::calendar::day_of;
use crate::case::CaseView;
use crate::package::Package;

/// A step of enforcement as data (HAZ-09).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enforcement {
    /// Stable identifier.
    pub id: String,
    /// The words.
    pub label: String,
}

/// Where a hazard stands while it is handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Nothing yet.
    Found,
    /// A control measure stands.
    Controlled,
    /// The owner was told in writing.
    NoticeIssued,
    /// It is being repaired, or a re-check failed.
    Rectifying,
    /// A re-check passed.
    Passed,
    /// The owner refuses, or re-checks failed too often.
    Enforcement,
}

/// The re-checks of a hazard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rounds {
    /// Where it stands.
    pub stage: Stage,
    /// Failed re-checks, all of them.
    pub failed: usize,
    /// Days of enforcement steps taken, in order.
    pub enforced: Vec<(String, NaiveDate)>,
    /// Handing over for enforcement is what remains.
    pub must_transfer: bool,
}

fn is_true(entity: &Entity, path: &str) -> bool {
    entity.get(path) == Some(&Value::Bool(true))
}

/// Reads the rounds of a hazard. A conclusion is entered anew for every re-check, so each entry is a round.
pub fn rounds(rules: &HazardRules, entity: &Entity) -> Rounds {
    let results: Vec<&str> = entity
        .register("passed")
        .map(|register| {
            register.writes.iter().filter(|w| !w.rejected).filter_map(|w| w.value.as_str()).collect()
        })
        .unwrap_or_default();
    let failed = results.iter().filter(|result| **result == "failed").count();
    let mut enforced: Vec<(String, NaiveDate)> = entity
        .rows("enforcement")
        .into_iter()
        .filter_map(|row| {
            let step = entity.text(&format!("enforcement/{row}/step"))?;
            let day = crate::date::parse(entity.text(&format!("enforcement/{row}/at"))?)?;
            Some((step.to_owned(), day))
        })
        .collect();
    order_by_key(&mut enforced, |(_, day)| *day);
    let must_transfer =
        is_true(entity, "owner_refuses") || rules.recheck_limit > 0 && failed >= rules.recheck_limit;
    let controlled =
        !entity.rows("control_measures").is_empty() || entity.text("on_spot_result") == Some("controlled");
    let worked = entity.timeline().iter().filter(|record| record.outcome == Outcome::Counts);
    let working =
        worked.into_iter().any(|record| matches!(record.event.event.as_str(), "start" | "progress"));
    let stage = if results.last() == Some(&"passed") {
        Stage::Passed
    } else if must_transfer {
        Stage::Enforcement
    } else if failed > 0 || working {
        Stage::Rectifying
    } else if is_true(entity, "rect_notice") {
        Stage::NoticeIssued
    } else if controlled {
        Stage::Controlled
    } else {
        Stage::Found
    };
    Rounds { stage, failed, enforced, must_transfer }
}

/// Why a step of enforcement cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnforcementProblem {
    /// No such step.
    #[error("没有这一步")]
    Unknown,
    /// It was taken already.
    #[error("这一步已经做过")]
    Taken,
    /// One before it is missing.
    #[error("先要{0}")]
    Before(String),
    /// Its day lies before the last step's.
    #[error("日期早于上一步")]
    Day,
}

/// Whether a step of enforcement may be taken on a day: each once, in order, dated.
///
/// # Errors
/// [`EnforcementProblem`].
pub fn enforce(
    rules: &HazardRules,
    taken: &[(String, NaiveDate)],
    step: &str,
    day: NaiveDate,
) -> Result<(), EnforcementProblem> {
    let was = |id: &str| taken.iter().any(|(taken, _)| taken == id);
    let at =
        rules.enforcement.iter().position(|known| known.id == step).ok_or(EnforcementProblem::Unknown)?;
    if was(step) {
        return Err(EnforcementProblem::Taken);
    }
    if let Some(missing) = rules.enforcement.iter().take(at).find(|before| !was(&before.id)) {
        return Err(EnforcementProblem::Before(missing.label.clone()));
    }
    let last = taken.iter().map(|(_, day)| *day).max();
    if last.is_some_and(|last| day < last) { Err(EnforcementProblem::Day) } else { Ok(()) }
}

/// Whether these people may re-check: not who repaired it, and for red and orange two of them.
pub fn recheck_by(package: &Package, case: &CaseView, by: &str, second: Option<&str>) -> bool {
    let outside = |user: &str| !user.trim().is_empty() && !case.handled_by.contains(user);
    let two = case.level.as_deref().and_then(|id| package.level(id)).is_some_and(|level| level.second_person);
    outside(by) && (!two || second.is_some_and(|second| outside(second) && second != by))
}

/// When a control measure has to be looked at (HAZ-02; red daily, orange every two days, yellow weekly).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ControlCheck {
    /// The day by which somebody has to look.
    pub next: NaiveDate,
    /// Days past it; 0 = not yet.
    pub late_days: i64,
    /// Checks that were left out so far.
    pub missed: usize,
}

/// The next check of the control measures of an open hazard; `None` where nothing is under control yet, its level
/// asks for no checks, or it is done. Notes of progress and later measures count as checks.
pub fn control_check(
    package: &Package,
    case: &CaseView,
    entity: &Entity,
    today: NaiveDate,
) -> Option<ControlCheck> {
    let every = u64::from(case.level.as_deref().and_then(|id| package.level(id))?.check_days?.max(1));
    let over = package.state(&case.state).is_none_or(|state| state.terminal);
    if over || matches!(case.state.as_str(), "done" | "fed_back" | "callback") {
        return None;
    }
    let measures = entity.registers().filter(|(path, _)| path.starts_with("control_measures/"));
    let mut days: Vec<NaiveDate> = measures
        .flat_map(|(_, register)| &register.writes)
        .filter(|write| !write.rejected)
        .map(|write| day_of(write.hlc.ms))
        .collect();
    let first = *days.iter().min()?;
    let counts = entity.timeline().iter().filter(|record| record.outcome == Outcome::Counts);
    let notes = counts.filter(|record| matches!(record.event.event.as_str(), "progress" | "start"));
    days.extend(notes.map(|record| day_of(record.hlc.ms)).filter(|day| *day >= first));
    order_by_key(&mut days, |day| *day);
    days.dedup();
    let gap = |from: NaiveDate, to: NaiveDate| {
        let days = u64::try_from(to.signed_duration_since(from).num_days()).unwrap_or(0);
        usize::try_from(days.saturating_sub(1) / every).unwrap_or(0)
    };
    let last = *days.last()?;
    let missed = days.windows(2).map(|pair| gap(pair[0], pair[1])).sum::<usize>() + gap(last, today);
    let next = last + Days::new(every);
    Some(ControlCheck { next, late_days: today.signed_duration_since(next).num_days().max(0), missed })
}
