//! After the agreement: judicial confirmation within 30 days, follow-ups (MED-09, MED-11).

use chrono::{Days, NaiveDate};

use super::Mediation;
use super::agreement::total;

/// Days after the agreement within which both parties can ask a court to confirm it together.
pub const CONFIRM_DAYS: u64 = 30;
/// Days after the agreement on which people are reminded.
pub const REMIND_DAYS: [u64; 3] = [7, 20, 27];

/// Where the confirmation stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmation {
    /// There is no written agreement, or nothing to be paid or done later: nothing is offered.
    NotOffered,
    /// It can be applied for until that day.
    Open {
        /// Last day, included.
        until: NaiveDate,
        /// Days left, that day included.
        left: i64,
        /// The reminder that is due today or was missed since the last one: its day after the agreement, one of
        /// [`REMIND_DAYS`].
        remind: Option<u64>,
    },
    /// Applied for; the court's answer is awaited.
    Applied,
    /// The court answered: `confirmed`, `rejected` or `invalid`.
    Answered(String),
    /// The 30 days passed without an application.
    Expired,
}

/// Where the confirmation stands today. The file says when the parties were last reminded.
pub fn confirmation(file: &Mediation<'_>, today: NaiveDate) -> Confirmation {
    let result = file.text("confirm_result");
    if matches!(result, "confirmed" | "rejected" | "invalid") {
        return Confirmation::Answered(result.to_owned());
    }
    if file.date("confirm_applied_on").is_some() {
        return Confirmation::Applied;
    }
    let later = total(file) > 0 || !file.rows("instalments").is_empty() || file.yes("confirm_wanted");
    let Some(agreed) = file.date("agreed_on").filter(|_| file.text("agreement_kind") == "written" && later)
    else {
        return Confirmation::NotOffered;
    };
    let on = |days: u64| agreed.checked_add_days(Days::new(days));
    let Some(until) = on(CONFIRM_DAYS).filter(|until| today <= *until) else { return Confirmation::Expired };
    let last = file.date("confirm_reminded_on");
    let due = REMIND_DAYS.into_iter().rfind(|days| on(*days).is_some_and(|day| day <= today));
    let remind = due.filter(|days| last.is_none_or(|last| on(*days).is_some_and(|due| last < due)));
    Confirmation::Open { until, left: (until - today).num_days() + 1, remind }
}

/// The day on which it failed: as the step says, else the last talk's. `None` where it did not fail.
pub fn failed_on(file: &Mediation<'_>) -> Option<NaiveDate> {
    let last = || file.rows("talks").iter().filter_map(|talk| talk.date("at")).max();
    file.date("failed_on").or_else(last).filter(|_| !file.text("failed_reason").is_empty())
}

/// Whether it was ended before anybody talked: one side stopped, as each may (MED-04). What belongs to a talk is not asked
/// for then.
pub fn stopped_early(file: &Mediation<'_>) -> bool {
    !file.text("failed_reason").is_empty() && file.rows("talks").is_empty()
}

/// A follow-up visit that is due on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowUp {
    /// The day.
    pub due: NaiveDate,
    /// When it was made.
    pub done: Option<NaiveDate>,
}

/// Follow-ups after 7 and 30 days; 90 where the risk was high; each week of the first month where violence was
/// threatened. After a failed mediation they are cooling visits, counted from the day it failed (MED-12).
pub fn follow_ups(file: &Mediation<'_>, today: NaiveDate) -> Vec<FollowUp> {
    let Some(end) = file.date("agreed_on").or_else(|| failed_on(file)) else { return Vec::new() };
    let ticked = file.list("risk_checklist");
    let violent = ["violence_threat", "weapon", "previous_violence"].iter().any(|item| ticked.contains(item));
    let mut days: Vec<u64> = if violent { vec![7, 14, 21, 30] } else { vec![7, 30] };
    if violent || matches!(file.text("risk_level"), "red" | "orange") {
        days.push(90);
    }
    let mut made: Vec<NaiveDate> = file.rows("follow_ups").iter().filter_map(|row| row.date("on")).collect();
    made.retain(|day| *day > end && *day <= today);
    gridbook_log::order_by(&mut made, Ord::cmp);
    // A visit counts for every day that it had reached: up to three days early, however late.
    days.into_iter()
        .filter_map(|days| end.checked_add_days(Days::new(days)))
        .map(|due| FollowUp { due, done: made.iter().find(|made| **made + Days::new(3) >= due).copied() })
        .collect()
}
