//! The risk of a dispute and of its file (MED-13): who has to be told the same day, where it was not assessed again on the
//! way, and who may lower it.

use chrono::NaiveDate;
use gridbook_log::{Entity, Outcome};
use serde_json::Value;

use super::step::Step;
use crate::calendar::{DAY_MS, day_of, midnight};
use crate::case::CaseView;
use crate::form::{Form, Values};
use crate::package::Package;
use crate::record::RecordKind;
use crate::role::{Actor, Target, may};

/// The step with which somebody is told of a red risk.
pub const NOTICE: &str = "risk_notice";
/// The step with which the risk is assessed again.
pub const ASSESS: &str = "assess";
/// The answers that the risk follows from.
pub const CHECKLIST: &str = "risk_checklist";
/// Where a file keeps who was told while it was still a dispute.
pub const TOLD: &str = "risk_told";

/// Somebody was told of a high risk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Who, as `risk_body`.
    pub body: String,
    /// Name and office, in words.
    pub person: String,
    /// When, as entered.
    pub told_at: String,
    /// How, as `notice_way`.
    pub way: String,
    /// Who told them.
    pub by: String,
    /// When that was recorded, milliseconds since 1970.
    pub at: u64,
}

/// What a stream tells of its risk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RiskTrail {
    /// Who was told, oldest first.
    pub notices: Vec<Notice>,
    /// Steps of a file at which it was assessed again.
    pub assessed: Vec<String>,
    /// Steps of the way that a dispute has gone since it was last assessed, by their actions.
    pub since: Vec<String>,
}

/// Steps of a dispute that ask for its risk.
const ASKS: [&str; 3] = ["register", "settle_confirm", ASSESS];

/// Points and level of what is ticked in these values.
pub(crate) fn called<'p>(package: &'p Package, values: &Values) -> (u32, Option<&'p str>) {
    let ticked = values.get(CHECKLIST).and_then(Value::as_array);
    let ticked: Vec<&str> = ticked.into_iter().flatten().filter_map(Value::as_str).collect();
    let (points, rule) = package.risk_level(&ticked);
    (points, rule.map(|rule| rule.level.as_str()))
}

/// Yuan above which a loss counts.
const LOSS: f64 = 100_000.0;

/// Ticks what the number at `path` says by itself, and unticks what it does not say any more: how many people, how much
/// money. True when that changed the list.
pub(crate) fn tick(form: &Form, values: &mut Values, path: &str) -> bool {
    if form.field(CHECKLIST).is_none() {
        return false;
    }
    let number = values.get(path).and_then(Value::as_f64).unwrap_or(0.0);
    let facts: &[(&str, bool)] = match path {
        "people_count" => &[("people_5", number >= 5.0), ("people_30", number >= 30.0)],
        "amount" => &[("loss_100k", number > LOSS)],
        _ => return false,
    };
    let held = values.get(CHECKLIST).and_then(Value::as_array).cloned().unwrap_or_default();
    let mut list = held.clone();
    for (id, holds) in facts {
        list.retain(|one| *holds || one != *id);
        if *holds && !list.iter().any(|one| one == *id) {
            list.push((*id).into());
        }
    }
    if list == held {
        return false;
    }
    values.insert(CHECKLIST.to_owned(), Value::Array(list));
    true
}

/// Kinds of records that have a risk.
pub fn has_risk(kind: RecordKind) -> bool {
    matches!(kind, RecordKind::Dispute | RecordKind::Mediation)
}

/// Reads a stream.
pub(crate) fn trail(entity: &Entity) -> RiskTrail {
    let mut trail = RiskTrail::default();
    for record in entity.timeline().iter().filter(|record| record.outcome == Outcome::Counts) {
        let event = &record.event;
        let said = |path: &str| event.data.get(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        if ASKS.contains(&event.event.as_str()) {
            trail.since.clear();
            trail.assessed.push(said("step"));
        } else if event.event == NOTICE {
            trail.notices.push(Notice {
                body: said("body"),
                person: said("person"),
                told_at: said("told_at"),
                way: said("way"),
                by: record.user.clone(),
                at: record.hlc.ms,
            });
        } else if event.from != event.to {
            trail.since.push(event.event.clone());
        }
    }
    trail
}

/// Who still has to be told of a risk as high as this one, as ids of `risk_body`, and the instant until which it is the
/// same day; `None` when nobody is left.
pub fn to_notify<'p>(package: &'p Package, case: &CaseView) -> Option<(Vec<&'p str>, u64)> {
    let over = package.state(&case.state).is_none_or(|state| state.terminal);
    let (level, set_at) = (case.level.as_deref()?, case.level_set_at?);
    if over || !has_risk(case.kind) {
        return None;
    }
    let rule = package.risk.iter().find(|rule| rule.level == level)?;
    // What a file was opened with holds as long as its level does.
    let brought = case.values.get(TOLD).and_then(Value::as_array).filter(|_| set_at <= case.reported_at);
    let told = |body: &str| {
        case.risk.notices.iter().any(|notice| notice.body == body && notice.at >= set_at)
            || brought.is_some_and(|list| list.iter().any(|one| one == body))
    };
    let left: Vec<&str> = rule.notify.iter().map(String::as_str).filter(|body| !told(body)).collect();
    let due = midnight(day_of(case.level_since.unwrap_or(set_at))) + DAY_MS;
    (!left.is_empty()).then_some((left, due))
}

/// What a file takes over from its dispute beside the form: who was told of the risk as it stands. False when the file would
/// be less than the dispute and this person may not lower it.
pub fn take_over(
    package: &Package,
    actor: &Actor,
    dispute: &CaseView,
    set: &mut Values,
    today: NaiveDate,
) -> bool {
    let level = set.get("risk_level").and_then(Value::as_str);
    if level == dispute.level.as_deref() {
        // Whoever was told of the risk of the dispute need not be told of the same once more.
        let told = told(dispute);
        if !told.is_empty() {
            set.insert(TOLD.to_owned(), Value::from(told));
        }
        return true;
    }
    rank(package, level) <= rank(package, dispute.level.as_deref())
        || may(package, actor, "risk.lower", &dispute.target(), today)
}

/// The bodies that were told of the level as it stands.
pub(super) fn told(case: &CaseView) -> Vec<&str> {
    let since = case.level_set_at.unwrap_or_default();
    let valid = case.risk.notices.iter().filter(|notice| notice.at >= since);
    valid.map(|notice| notice.body.as_str()).collect()
}

/// Steps of a file that were taken without the risk having been assessed again. What it was when the file was opened
/// counts for the first one.
pub fn unassessed(package: &Package, case: &CaseView) -> Vec<Step> {
    if case.kind != RecordKind::Mediation {
        return Vec::new();
    }
    let form = case.form.as_deref().and_then(|name| package.form_named(name));
    let filled = |path: &str| {
        case.values.iter().any(|(held, value)| held.split('/').next() == Some(path) && !value.is_null())
    };
    let taken = |step: Step| match step {
        Step::Accept => false,
        Step::Archive => case.state == "archived",
        _ => form.is_some_and(|form| {
            let sections =
                form.sections.iter().filter(|section| step.sections().contains(&section.id.as_str()));
            sections.flat_map(|section| &section.fields).any(|field| filled(&field.path))
        }),
    };
    let assessed = |step: Step| case.risk.assessed.iter().any(|held| held == step.id());
    Step::ALL.into_iter().filter(|step| taken(*step) && !assessed(*step)).collect()
}

/// The step for which it is assessed next: the first that was taken without, else the one that comes now.
pub fn step_to_assess(package: &Package, case: &CaseView, today: NaiveDate) -> Option<Step> {
    let file = super::Mediation::of(case);
    let missed = unassessed(package, case).into_iter().next();
    missed.or_else(|| super::step::next_step(package, &file, today))
}

fn rank(package: &Package, level: Option<&str>) -> u8 {
    level.map_or(u8::MAX, |level| package.rank(level))
}

/// Whether these values would make the risk less than it is, or less than what is ticked now calls for. Raising is
/// anybody's who may write; lowering is not for the one mediator alone.
fn lowers(package: &Package, case: &CaseView, set: &Values) -> bool {
    if !has_risk(case.kind) {
        return false;
    }
    let Some(after) = set.get("risk_level") else { return false };
    let after = rank(package, after.as_str().filter(|level| !level.is_empty()));
    after > rank(package, case.level.as_deref())
}

/// What is ticked calls for more than the level that stands after these values.
fn understates(package: &Package, case: &CaseView, set: &Values) -> bool {
    has_risk(case.kind) && below(package, set, case.level.as_deref())
}

fn below(package: &Package, set: &Values, held: Option<&str>) -> bool {
    let after = set.get("risk_level").and_then(Value::as_str).or(held);
    let ticked = set.get(CHECKLIST).is_some_and(Value::is_array);
    ticked && after.is_some() && rank(package, after) > rank(package, called(package, set).1)
}

/// Whether this person may leave the risk as these values say: less than it is, or less than what is ticked calls for, is a
/// lowering.
pub fn may_set(package: &Package, actor: &Actor, case: &CaseView, set: &Values, today: NaiveDate) -> bool {
    let lower = lowers(package, case, set) || understates(package, case, set);
    !lower || may(package, actor, "risk.lower", &case.target(), today)
}

/// Whether this person may open a file of a dispute with this risk: not below what is ticked.
pub(crate) fn may_open(
    package: &Package,
    actor: &Actor,
    target: &Target<'_>,
    set: &Values,
    today: NaiveDate,
) -> bool {
    target.kind != RecordKind::Mediation
        || !below(package, set, None)
        || may(package, actor, "risk.lower", target, today)
}
