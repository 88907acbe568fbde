//! Reminders, the supervision ladder 督办 (FLOW-09, domain data 4.9.4) and faults that follow from clocks (FLOW-10).

use serde::{Deserialize, Serialize};

use super::{CaseClocks, ClockId, Law, Limit, LimitState, Phase};
use crate::deadline::{Rule, due};

/// When to remind, as data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminder {
    /// Stable identifier.
    pub id: String,
    /// The words.
    pub label: String,
    /// When so much of the limit is used, per mille.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permille: Option<u64>,
    /// So long before it passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Rule>,
}

/// A step of the ladder, as data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// 0 … 5.
    pub step: u32,
    /// What it is.
    pub label: String,
    /// When so much of the limit is used, per mille.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permille: Option<u64>,
    /// So long after the limit passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Rule>,
    /// Or, once late, with so many red lamps of the unit in a month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub red_lamps: Option<u32>,
    /// Or with a red risk, late or not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub red_risk: bool,
    /// To whom.
    pub to: String,
    /// An answer is due within.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<Rule>,
}

/// The working day before a limit passes begins here: its last working day is the one before its last day.
fn day_before(law: &Law, limit: &Limit, before: Rule) -> u64 {
    let mut day = crate::calendar::day_of(limit.due.saturating_sub(1));
    for _ in 0..before.n {
        day = day.pred_opt().map_or(day, |day| law.calendar.on_or_before(day));
    }
    crate::calendar::midnight(day).max(limit.since)
}

/// The reminders of a running limit with their instants, in order; a limit that does not run has none.
pub fn reminders<'a>(law: &'a Law, limit: &Limit) -> Vec<(&'a Reminder, u64)> {
    if limit.phase != Phase::Running {
        return Vec::new();
    }
    let at = |reminder: &Reminder| match (reminder.permille, reminder.before) {
        (Some(1000..), _) => limit.due,
        (Some(permille), _) => limit.reaches(&law.calendar, permille),
        (None, Some(before)) => day_before(law, limit, before),
        (None, None) => limit.due,
    };
    let mut list: Vec<(&Reminder, u64)> = law.table.reminders.iter().map(|one| (one, at(one))).collect();
    // A day before says nothing of a limit of hours.
    list.retain(|(reminder, _)| {
        reminder.before.is_none()
            || !matches!(limit.rule.unit, crate::deadline::Unit::Min | crate::deadline::Unit::H)
    });
    gridbook_log::order_by_key(&mut list, |(_, at)| *at);
    list
}

/// The step of the ladder on which a limit is; `None` = nothing to do yet, or nothing runs. `red_lamps` are those of
/// the unit this month, `red_risk` that of the case.
pub fn step_of<'a>(
    law: &'a Law,
    limit: &Limit,
    now: u64,
    red_lamps: u32,
    red_risk: bool,
) -> Option<&'a Step> {
    if limit.phase != Phase::Running || limit.resting(now) {
        return None;
    }
    let late = now > limit.due;
    let soon = || {
        // Of a limit that is no longer than that there is nothing to remind of as soon as it starts.
        let begun = |before| {
            let day = day_before(law, limit, before);
            day > limit.since && now >= day
        };
        let last_day = law.table.reminders.iter().filter_map(|one| one.before).any(begun);
        last_day && !limit.rule.natural()
    };
    let reached = |step: &&Step| {
        step.permille.is_some_and(|permille| now >= limit.reaches(&law.calendar, permille) || soon())
            || step.after.is_some_and(|after| {
                late && (after.n == 0 || now > due(&law.calendar, after, limit.due - 1).at)
            })
            || step.red_lamps.is_some_and(|lamps| late && red_lamps >= lamps)
            || (step.red_risk && red_risk)
    };
    law.table.ladder.iter().filter(reached).max_by_key(|step| step.step)
}

/// A fault that clocks show. It is a proposal: a person sets it, and it can be contested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// 不响应: not claimed when the limit passed.
    NoResponse,
    /// 迟响应: claimed late.
    LateResponse,
    /// 响应不作为: claimed, and nothing done when the limit passed.
    ResponseWithoutAction,
    /// 超期办结: done late, or not yet.
    LateCompletion,
}

impl Fault {
    /// Stable identifier.
    pub const fn id(self) -> &'static str {
        match self {
            Self::NoResponse => "no_response",
            Self::LateResponse => "late_response",
            Self::ResponseWithoutAction => "response_without_action",
            Self::LateCompletion => "late_completion",
        }
    }

    /// The words.
    pub const fn label(self) -> &'static str {
        match self {
            Self::NoResponse => "不响应",
            Self::LateResponse => "迟响应",
            Self::ResponseWithoutAction => "响应不作为",
            Self::LateCompletion => "超期办结",
        }
    }
}

/// The fault that a limit shows at an instant. `actions` are the steps that counted, in order.
pub fn fault_of(limit: &Limit, actions: &[String], now: u64) -> Option<Fault> {
    if limit.state(now) != LimitState::Late {
        return None;
    }
    let since_claim = actions.iter().rev().take_while(|action| *action != "claim");
    let claimed = actions.iter().any(|action| action == "claim");
    let acted = since_claim.into_iter().any(|a| matches!(a.as_str(), "start" | "progress" | "finish"));
    match (limit.clock, limit.phase) {
        // Returned or taken away late: nobody answered in time either.
        (ClockId::Respond, Phase::Running | Phase::Stopped(_) | Phase::Paused(_)) => Some(Fault::NoResponse),
        (ClockId::Respond, Phase::Ended(_)) => Some(Fault::LateResponse),
        (ClockId::Handle, Phase::Running) if claimed && !acted => Some(Fault::ResponseWithoutAction),
        (ClockId::Handle | ClockId::Redo, _) => Some(Fault::LateCompletion),
        _ => None,
    }
}

/// The faults that the clocks of a case show at an instant, in the order of its limits.
pub fn faults(clocks: &CaseClocks, actions: &[String], now: u64) -> Vec<Fault> {
    let mut found = Vec::new();
    for fault in clocks.limits.iter().filter_map(|limit| fault_of(limit, actions, now)) {
        if !found.contains(&fault) {
            found.push(fault);
        }
    }
    found
}
