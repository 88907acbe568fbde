//! Attempts that met nobody, and in which way the next visit may be made (VISIT-04).

use chrono::NaiveDate;
use gridbook_log::set_of;

use super::{last_valid, trigger::VisitRules};
use crate::package::ContactMode;
use crate::summary::{VisitFact, VisitMode};

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
