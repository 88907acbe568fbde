//! How limits were kept in a period (domain data 4.14.1): shares over cases. Time without a network and paused time
//! count for nobody, because the limits already leave them out.

use std::collections::{BTreeMap, BTreeSet};

use super::{CaseClocks, ClockId, Limit, Phase};
use crate::case::CaseView;
use crate::case::unit::{UnitStep, WithUnit};
use crate::share::Share;
use gridbook_log::set_of;

/// Shares of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rates {
    /// 响应率: claimed, or returned and taken back, of the dispatches whose limit was due.
    pub response: Share,
    /// 及时响应率: the same within the limit.
    pub timely_response: Share,
    /// 办结率: done by the end of the period, of those whose limit was due.
    pub completion: Share,
    /// 按期办结率: done within the limit, of the same.
    pub on_time: Share,
    /// 超时率: cases with a limit that was exceeded, of the cases with a limit that was due.
    pub overtime: Share,
}

/// A limit is due in the period in which it passes, or in which it was met before.
fn due_in(limit: &Limit, from: u64, to: u64) -> bool {
    let at = match limit.phase {
        Phase::Ended(at) | Phase::Stopped(at) if at <= limit.due => at,
        // What stands still is not due.
        Phase::Paused(at) if at <= limit.due => return false,
        _ => limit.due,
    };
    (from..to).contains(&at)
}

/// The shares over these cases from one instant until before another.
pub fn rates<'a>(cases: impl IntoIterator<Item = &'a CaseClocks>, from: u64, to: u64) -> Rates {
    let mut rates = Rates::default();
    for case in cases {
        let (mut any, mut exceeded) = (false, false);
        for limit in case.limits.iter().filter(|limit| due_in(limit, from, to)) {
            let by_then = limit.ended().filter(|ended| *ended < to);
            let kept = by_then.is_some_and(|ended| ended <= limit.due);
            // Stopped in time is neither: somebody else has it now.
            let stopped = kept && matches!(limit.phase, Phase::Stopped(_));
            match limit.clock {
                ClockId::Respond => {
                    rates.response.count(by_then.is_some());
                    rates.timely_response.count(kept);
                }
                ClockId::Handle if !stopped => {
                    rates.completion.count(by_then.is_some());
                    rates.on_time.count(kept);
                }
                _ => {}
            }
            any |= !stopped || limit.clock == ClockId::Respond;
            exceeded |= !kept;
        }
        if any {
            rates.overtime.count(exceeded);
        }
    }
    rates
}

/// How one unit did in a period: a line of the 通报 table (FLOW-06).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnitLine {
    /// Its code; empty for all of them together.
    pub unit: String,
    /// How limits were kept.
    pub rates: Rates,
    /// 收到: times that a case was given to it.
    pub given: usize,
    /// 退件率: returned, of those.
    pub returned: Share,
    /// 重办率: sent back after it was reported done, of what was reported done.
    pub redone: Share,
    /// 回访率: called back, of the cases that were called back or closed without it.
    pub called_back: Share,
    /// 满意率: very satisfied and satisfied, of the cases that were rated; the last rating of a case counts.
    pub satisfied: Share,
    /// 不响应, 迟响应 …: marked faults by kind; contested ones do not count until they are upheld.
    pub faults: BTreeMap<String, usize>,
}

impl UnitLine {
    /// Adds a case: its steps with the unit, in order. A step counts in the period in which it was taken; what came of it
    /// may come later.
    fn read(&mut self, steps: &[&WithUnit], from: u64, to: u64) {
        let inside = |held: &WithUnit| (from..to).contains(&held.at);
        // Whether the one follows before the other comes again.
        let then = |n: usize, what: UnitStep| {
            let again = steps[n].step;
            let after = steps.iter().skip(n + 1).take_while(|held| held.step != again);
            after.into_iter().any(|held| held.step == what)
        };
        let (mut rating, mut called) = (None, None);
        for (n, held) in steps.iter().enumerate().filter(|(_, held)| inside(held)) {
            match held.step {
                UnitStep::Given => {
                    self.given += 1;
                    self.returned.count(then(n, UnitStep::Returned));
                }
                UnitStep::Done => self.redone.count(then(n, UnitStep::Redo)),
                UnitStep::Rated(satisfied) => (rating, called) = (Some(satisfied), Some(true)),
                UnitStep::Waived => called = Some(called.unwrap_or(false)),
                UnitStep::Returned | UnitStep::Redo => {}
            }
        }
        rating.into_iter().for_each(|satisfied| self.satisfied.count(satisfied));
        called.into_iter().for_each(|called| self.called_back.count(called));
    }
}

/// A line for each lead unit by its code, and one before them for all together, over the cases that units have. A fault
/// belongs to the unit that had the case then.
pub fn by_unit<'a>(
    cases: impl IntoIterator<Item = (&'a CaseView, &'a CaseClocks)>,
    from: u64,
    to: u64,
) -> Vec<UnitLine> {
    let cases: Vec<(&CaseView, &CaseClocks)> = cases.into_iter().collect();
    let leads = cases.iter().filter_map(|(case, _)| case.lead_unit.clone());
    let marked = cases.iter().flat_map(|(case, _)| case.faults.iter().filter_map(|mark| mark.unit.clone()));
    let had = cases.iter().flat_map(|(case, _)| case.with_units.iter().map(|held| held.unit.clone()));
    let units: BTreeSet<String> = set_of(leads.chain(marked).chain(had).chain([String::new()]));
    let line = |unit: String| {
        let whose = |held: Option<&str>| held.is_some_and(|held| unit.is_empty() || held == unit);
        let own = || cases.iter().filter(|(case, _)| whose(case.lead_unit.as_deref()));
        let mut line = UnitLine { unit: unit.clone(), ..UnitLine::default() };
        for (case, _) in &cases {
            let steps = case.with_units.iter().filter(|held| whose(Some(&held.unit)));
            line.read(&steps.collect::<Vec<_>>(), from, to);
        }
        let mut faults = BTreeMap::new();
        for mark in cases.iter().flat_map(|(case, _)| &case.faults) {
            if mark.counts() && whose(mark.unit.as_deref()) && (from..to).contains(&mark.at) {
                *faults.entry(mark.kind.clone()).or_default() += 1;
            }
        }
        let rates = rates(own().map(|(_, clocks)| *clocks), from, to);
        UnitLine { rates, faults, ..line }
    };
    units.into_iter().map(line).collect()
}
