//! The ledger of hazards 动态整治台账 reconciles (HAZ-03): opening + new − closed = remaining, for every period and
//! level, re-openings included.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::calendar::day_of;
use crate::case::{CaseView, LineKind};
use crate::package::Package;

/// A time in which a hazard stood in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenSpan {
    /// The day of registration or re-opening.
    pub from: NaiveDate,
    /// The day on which it left; `None` = it is still there.
    pub to: Option<NaiveDate>,
}

/// The times in which a hazard stood in the ledger: from its registration until it was closed, merged, handed over or
/// voided, and again after a re-opening.
pub fn spans(package: &Package, case: &CaseView) -> Vec<OpenSpan> {
    let mut spans: Vec<OpenSpan> = Vec::new();
    let steps = case.timeline.iter().filter_map(|line| match &line.kind {
        LineKind::Step { to, counts: true, .. } => Some((to.as_str(), line.at)),
        _ => None,
    });
    // Of two steps taken at once the later one need not be the one that is shown: the ledger ends as the list does.
    let last = steps.clone().next_back().map(|(_, at)| (case.state.as_str(), at));
    for (to, at) in steps.chain(last) {
        let Some(state) = package.state(to) else { continue };
        let day = day_of(at);
        let open = spans.last().is_some_and(|span| span.to.is_none());
        if open && (state.terminal || !state.registered) {
            if let Some(span) = spans.last_mut() {
                // A clock that went back must not make a span end before it began.
                span.to = Some(day.max(span.from));
            }
        } else if !open && state.registered && !state.terminal {
            let from = spans.last().and_then(|span| span.to).map_or(day, |left| day.max(left));
            spans.push(OpenSpan { from, to: None });
        }
    }
    spans
}

/// The balance of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Balance {
    /// Open when it began.
    pub opening: usize,
    /// Registered or re-opened in it.
    pub new: usize,
    /// Left in it.
    pub closed: usize,
    /// Open when it ended.
    pub remaining: usize,
}

impl Balance {
    /// Whether it reconciles.
    pub const fn holds(self) -> bool {
        self.opening + self.new == self.closed + self.remaining
    }

    fn add(&mut self, other: Self) {
        self.opening += other.opening;
        self.new += other.new;
        self.closed += other.closed;
        self.remaining += other.remaining;
    }
}

/// The balance of a period, first and last day included, by level and (under an empty key) in all. Each figure is
/// counted by itself, so that a mistake shows.
pub fn balance<'a>(
    hazards: impl IntoIterator<Item = (&'a str, &'a [OpenSpan])>,
    (from, to): (NaiveDate, NaiveDate),
) -> BTreeMap<String, Balance> {
    let mut by_level: BTreeMap<String, Balance> = BTreeMap::from([(String::new(), Balance::default())]);
    for (level, spans) in hazards {
        let mut one = Balance::default();
        for span in spans {
            let gone = |day: NaiveDate| span.to.is_some_and(|to| to <= day);
            one.opening += usize::from(span.from < from && span.to.is_none_or(|to| to >= from));
            one.new += usize::from((from..=to).contains(&span.from));
            one.closed += usize::from(span.to.is_some_and(|left| (from..=to).contains(&left)));
            one.remaining += usize::from(span.from <= to && !gone(to));
        }
        by_level.entry(level.to_owned()).or_default().add(one);
        if !level.is_empty() {
            by_level.entry(String::new()).or_default().add(one);
        }
    }
    by_level
}
