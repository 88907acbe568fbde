//! What is proposed to whoever supervises: the step of the ladder that is due (FLOW-09), and the faults that the clocks of a
//! case show (FLOW-10). A person decides about both.

use chrono::Datelike;
use serde_json::json;

use crate::calendar::{day_of, midnight};
use crate::case::CaseView;
use crate::case::unit::UnitStep;
use crate::clock::{CaseClocks, ClockId, Fault, Limit, LimitState, Phase, Step, fault_of, step_of};
use crate::deadline::due;
use crate::form::Values;
use crate::package::Package;
use crate::record::RecordKind;
use crate::summary::Summary;

/// The step of the workflow.
pub const SUPERVISE: &str = "supervise";

/// Why a step of the ladder is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The limit passes soon.
    Soon,
    /// It has passed so long ago.
    Late,
    /// It has passed, and so have limits of so many cases of the unit this month.
    RedLamps(u32),
    /// A red risk.
    RedRisk,
}

/// A step of the ladder that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueStep<'a> {
    /// The limit that calls for it.
    pub limit: &'a Limit,
    /// The step.
    pub step: &'a Step,
    /// Why.
    pub why: Why,
}

/// Whether a limit binds whoever handles the case. What the centre itself owes it sees in its own list.
const fn binds(limit: &Limit) -> bool {
    !matches!(
        limit.clock,
        ClockId::Register
            | ClockId::Supplement
            | ClockId::Escalated
            | ClockId::Joint
            | ClockId::Callback
            | ClockId::Receipt
    )
}

/// The step furthest up the ladder that a case calls for, until a supervision of that step, or a higher one, stands in its
/// history. `red_lamps` are those of its unit this month, see [`was_late`].
pub fn due_step<'a>(
    package: &'a Package,
    case: &CaseView,
    clocks: &'a CaseClocks,
    red_lamps: u32,
    now: u64,
) -> Option<DueStep<'a>> {
    let law = package.law.get();
    let red = case.kind == RecordKind::Dispute && case.level.as_deref() == Some("red");
    let (limit, step) = clocks
        .limits
        .iter()
        .filter(|limit| binds(limit))
        .filter_map(|limit| Some((limit, step_of(law, limit, now, red_lamps, red)?)))
        .max_by_key(|(limit, step)| (step.step, std::cmp::Reverse(limit.due)))?;
    let rank = |id: &str| {
        let steps = package.dict("supervise_step").map_or(&[][..], |dict| &dict.options);
        steps.iter().position(|choice| choice.id == id).and_then(|at| u32::try_from(at).ok())
    };
    let since = limit.since;
    let done = |(id, at): &(String, u64)| *at >= since && rank(id).is_some_and(|rank| rank >= step.step);
    if case.supervisions.iter().any(done) {
        return None;
    }
    let follows = |lamps| step_of(law, limit, now, lamps, false) == Some(step);
    let why = if follows(0) {
        if now > limit.due { Why::Late } else { Why::Soon }
    } else if follows(red_lamps) {
        Why::RedLamps(red_lamps)
    } else {
        Why::RedRisk
    };
    Some(DueStep { limit, step, why })
}

impl DueStep<'_> {
    /// Its id in the dictionary `supervise_step`, which has the steps in the order of the ladder.
    pub fn id<'p>(&self, package: &'p Package) -> Option<&'p str> {
        let at = usize::try_from(self.step.step).ok()?;
        package.dict("supervise_step")?.options.get(at).map(|choice| choice.id.as_str())
    }

    /// When an answer is due if it is taken now.
    pub fn reply(&self, package: &Package, now: u64) -> Option<u64> {
        self.step.reply.map(|rule| due(&package.law.get().calendar, rule, now).at)
    }

    /// What the inputs of a supervision start with.
    pub fn suggested(&self, package: &Package, now: u64) -> Values {
        let step = self.id(package).map(|id| ("step".to_owned(), json!(id)));
        let reply =
            self.reply(package, now).map(|at| ("reply_by".to_owned(), json!(day_of(at - 1).to_string())));
        step.into_iter().chain(reply).collect()
    }
}

/// The faults that somebody may mark now, each with the limit that shows it. A fault is marked against whoever has the case,
/// so limits from before they had it show none, nor does what is marked already.
pub fn faults_to_mark<'a>(case: &CaseView, clocks: &'a CaseClocks, now: u64) -> Vec<(Fault, &'a Limit)> {
    // To be dispatched starts the limit to claim.
    let given = clocks.limits.iter().rposition(|limit| limit.clock == ClockId::Respond).unwrap_or(0);
    let theirs = clocks.limits.get(given..).unwrap_or_default();
    let newest = |n: usize, limit: &Limit| theirs.iter().skip(n + 1).all(|later| later.clock != limit.clock);
    let marked = |fault: Fault| {
        let same = |mark: &crate::case::FaultMark| {
            mark.kind == fault.id() && mark.unit == case.lead_unit && mark.given == case.given
        };
        case.faults.iter().any(same)
    };
    let mut found: Vec<(Fault, &Limit)> = Vec::new();
    for (n, limit) in theirs.iter().enumerate() {
        // Given back: nobody has it who could have claimed it.
        let gone = limit.clock == ClockId::Respond && case.lead_unit.is_none();
        let shown = fault_of(limit, &case.actions, now).filter(|_| newest(n, limit) && !gone);
        if let Some(fault) =
            shown.filter(|fault| !marked(*fault) && found.iter().all(|(held, _)| held != fault))
        {
            found.push((fault, limit));
        }
    }
    found
}

/// Whether a limit of the case has passed that somebody still has to meet: only then anything follows from other cases.
pub fn is_late(clocks: &CaseClocks, now: u64) -> bool {
    let late = |limit: &Limit| limit.phase == Phase::Running && limit.state(now) == LimitState::Late;
    clocks.limits.iter().any(|limit| binds(limit) && late(limit))
}

/// The first instant of the month, Beijing time.
fn month(now: u64) -> u64 {
    let day = day_of(now);
    midnight(day.with_day(1).unwrap_or(day))
}

/// Whether a case may be one of [`was_late`], by its row in the lists: it runs still, or somebody wrote to it this month.
pub fn may_be_late(row: &Summary, now: u64) -> bool {
    row.is_open() || row.kind.is_case() && row.updated >= month(now)
}

/// Whether a case went past a limit this month while this unit had it: a red lamp of the unit.
pub fn was_late(case: &CaseView, clocks: &CaseClocks, unit: &str, now: u64) -> bool {
    late_within(case, clocks, unit, month(now), now)
}

/// The same from one instant until another; no unit stands for any. A case is one, however many of its limits passed, and
/// however many units had it.
pub fn late_within(case: &CaseView, clocks: &CaseClocks, unit: &str, from: u64, until: u64) -> bool {
    let had = |at: u64| {
        let mut before = case.with_units.iter().rev().filter(|held| held.at <= at);
        let last = before.find(|held| matches!(held.step, UnitStep::Given | UnitStep::Returned));
        last.is_some_and(|held| held.step == UnitStep::Given && (unit.is_empty() || held.unit == unit))
    };
    let passed =
        |limit: &Limit| limit.due >= from && limit.state(until) == LimitState::Late && had(limit.due);
    clocks.limits.iter().any(|limit| binds(limit) && passed(limit))
}

#[cfg(test)]
mod tests;
