//! Inside 办理中 (domain data 4.9.2): control, notice, rectifying, re-check; the third failure or a refusal goes to
//! enforcement.

use chrono::{Days, NaiveDate};
use gridbook_log::{Entity, EventRec, Outcome, order_by_key};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::HazardRules;
use crate::authority::{NOTICE, paper_number};
use crate::calendar::day_of;
use crate::case::CaseView;
use crate::package::Package;
use crate::record::RecordKind;

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

/// The step that records a re-check.
pub const RECHECK: &str = "recheck";
/// What a re-check says. A plain correction does not write it, and each re-check says all of it anew: each conclusion
/// is a round.
pub const RECHECKED: [&str; 4] = ["recheck_at", "recheck_by", "second_person", "passed"];
/// What the actions of enforcement begin with; the id of the step follows.
const ENFORCE: &str = "enforce_";

/// The step of enforcement that an action takes.
pub fn enforcing(action: &str) -> Option<&str> {
    action.strip_prefix(ENFORCE)
}

/// The conclusions of all re-checks, in order.
fn conclusions(entity: &Entity) -> Vec<&str> {
    let writes = entity.register("passed").into_iter().flat_map(|register| &register.writes);
    writes.filter(|write| !write.rejected).filter_map(|write| write.value.as_str()).collect()
}

/// How many re-checks failed.
pub(crate) fn failed(entity: &Entity) -> usize {
    conclusions(entity).into_iter().filter(|result| *result == "failed").count()
}

/// The steps of enforcement that were taken, with their days, in order. One that arrives after the case has gone on
/// was taken all the same; a hand-over that did not move the case was not.
pub(crate) fn enforced(entity: &Entity) -> Vec<(String, NaiveDate)> {
    let stands = |record: &&EventRec| match record.outcome {
        Outcome::Counts => true,
        Outcome::Note => record.event.from == record.event.to,
        Outcome::Rejected(_) => false,
    };
    let step = |record: &EventRec| {
        let step = enforcing(&record.event.event)?;
        let on = record.event.data.get("taken_on").and_then(Value::as_str).and_then(crate::date::parse);
        Some((step.to_owned(), on.unwrap_or_else(|| day_of(record.hlc.ms))))
    };
    let mut taken: Vec<_> = entity.timeline().iter().filter(stands).filter_map(step).collect();
    order_by_key(&mut taken, |(_, day)| *day);
    taken
}

/// Whether re-checks failed so often that enforcement takes over.
pub fn failed_too_often(rules: &HazardRules, failed: usize) -> bool {
    rules.recheck_limit > 0 && failed >= rules.recheck_limit
}

/// Whether enforcement is what comes next, and nobody has begun it (HAZ-09).
pub fn enforcement_due(rules: &HazardRules, case: &CaseView) -> bool {
    let passed = case.values.get("passed").and_then(Value::as_str) == Some("passed");
    !passed && case.enforced.is_empty() && failed_too_often(rules, case.failed_rechecks)
}

/// Reads the rounds of a hazard.
pub fn rounds(rules: &HazardRules, entity: &Entity) -> Rounds {
    let (failed, enforced) = (failed(entity), enforced(entity));
    let must_transfer = !enforced.is_empty() || failed_too_often(rules, failed);
    let controlled =
        !entity.rows("control_measures").is_empty() || entity.text("on_spot_result") == Some("controlled");
    let worked = entity.timeline().iter().filter(|record| record.outcome == Outcome::Counts);
    let working =
        worked.into_iter().any(|record| matches!(record.event.event.as_str(), "start" | "progress"));
    let stage = if conclusions(entity).last() == Some(&"passed") {
        Stage::Passed
    } else if must_transfer {
        Stage::Enforcement
    } else if failed > 0 || working {
        Stage::Rectifying
    } else if entity.get("rect_notice") == Some(&Value::Bool(true)) {
        Stage::NoticeIssued
    } else if controlled {
        Stage::Controlled
    } else {
        Stage::Found
    };
    Rounds { stage, failed, enforced, must_transfer }
}

/// Where the repair of a hazard stands, in words; `None` for what is no hazard, or is over (domain data 4.9.2).
pub fn stage_words(package: &Package, case: &CaseView, entity: &Entity) -> Option<String> {
    let over = package.state(&case.state).is_none_or(|state| state.terminal);
    if case.kind != RecordKind::Hazard || over {
        return None;
    }
    let rules = package.hazards.get();
    let rounds = rounds(rules, entity);
    let again = rounds.failed + 1;
    Some(match (rounds.stage, rounds.enforced.last()) {
        (Stage::Found, _) => "还没有控制措施".to_owned(),
        (Stage::Controlled, _) => "已采取控制措施，还没有发整改通知".to_owned(),
        (Stage::NoticeIssued, _) => match paper_number(entity, NOTICE, None) {
            Some(number) => format!("已发整改通知（{number}）"),
            None => "已发整改通知".to_owned(),
        },
        (Stage::Rectifying, _) if rounds.failed == 0 => "整改中".to_owned(),
        (Stage::Rectifying, _) => format!("第 {} 次复查不通过，继续整改", rounds.failed),
        (Stage::Passed, _) => format!("第 {again} 次复查，通过"),
        (Stage::Enforcement, None) => format!("{} 次复查不通过，该走执法", rounds.failed),
        (Stage::Enforcement, Some((id, day))) => {
            let step = rules.enforcement.iter().find(|step| step.id == *id);
            format!("执法：{}（{day}）", step.map_or(id.as_str(), |step| step.label.as_str()))
        }
    })
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
/// asks for no checks, or it is done. Notes of progress, re-checks and later measures count as checks.
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
    let notes = counts.filter(|record| matches!(record.event.event.as_str(), "progress" | "start" | RECHECK));
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
