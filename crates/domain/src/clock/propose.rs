//! The days that a step proposes for its limits: by the class of the case. A person may enter others.

use chrono::NaiveDate;

use super::class::urgent;
use super::{ClockId, Matter};
use crate::calendar::day_of;
use crate::case::CaseView;
use crate::deadline::{due, resumed};
use crate::package::Package;
use crate::record::RecordKind;

/// The day that an input of a step starts with; `None` where the class has no such limit. `path` is that of the
/// input, `level` the one entered in the step, where it has one.
pub fn proposed(package: &Package, case: &CaseView, action: &str, path: &str, now: u64) -> Option<NaiveDate> {
    let law = package.law.get();
    let clock = match (path, action) {
        ("respond_by", _) => ClockId::Respond,
        ("meeting_on", _) => ClockId::Joint,
        ("receipt_by", _) => ClockId::Receipt,
        ("handle_by", "dissatisfied") => ClockId::Redo,
        ("handle_by", "extend") => return extension(package, case, now),
        // The limit of the case that it was part of; once that has passed, whatever its class gives.
        ("handle_by", _) if case.kept_limit().is_some_and(|kept| kept >= day_of(now)) => {
            return case.kept_limit();
        }
        ("handle_by", "split_off") => return None,
        ("handle_by", "reject_finish") => return rest(package, case, now),
        ("handle_by", _) => ClockId::Handle,
        _ => return None,
    };
    let chosen = chosen(package, case);
    let class = if matches!(action, "joint" | "decide") { Some("S4") } else { chosen };
    let matter = matter(case, case.level.as_deref(), class);
    let given = usize::try_from(case.given).unwrap_or(usize::MAX);
    let leg = (clock == ClockId::Handle).then(|| law.leg(&matter, given)).flatten();
    let rule = leg.or_else(|| law.rule(&matter, clock))?;
    let mut at = due(&law.calendar, rule, now).at;
    // Nobody is told a longer time than the ceiling allows.
    if let Some(ceiling) = law.rule(&matter, ClockId::Ceiling).filter(|_| clock == ClockId::Handle) {
        at = at.min(due(&law.calendar, ceiling, now).at);
    }
    Some(day_of(at - 1))
}

fn chosen<'a>(package: &'a Package, case: &'a CaseView) -> Option<&'a str> {
    package.class_now(case)
}

fn matter<'a>(case: &'a CaseView, level: Option<&'a str>, class: Option<&'a str>) -> Matter<'a> {
    let urgent = urgent(&|path| case.values.get(path));
    let reported = day_of(case.reported_at);
    Matter { kind: case.kind, level, category: case.category.as_deref(), class, urgent, reported }
}

/// What one extension makes of the day that stands.
fn extension(package: &Package, case: &CaseView, now: u64) -> Option<NaiveDate> {
    let law = package.law.get();
    let standing = case.handle_by.as_deref().and_then(crate::date::parse)?;
    let chosen = chosen(package, case);
    let level = case.level.as_deref().filter(|_| case.kind != RecordKind::Visit);
    let matter = matter(case, level, chosen);
    let more = law.class_of(&matter)?.extension?;
    let from = crate::calendar::midnight(standing).max(now);
    Some(day_of(due(&law.calendar, more, from).at - 1))
}

/// What a rejected finish leaves: as much as was left when it was finished, at least the minimum.
fn rest(package: &Package, case: &CaseView, now: u64) -> Option<NaiveDate> {
    let law = package.law.get();
    let least = day_of(due(&law.calendar, law.sla.min_rest?, now).at - 1);
    let (finished, by) = (case.finished_at?, case.handle_by.as_deref().and_then(crate::date::parse)?);
    let passed = crate::calendar::midnight(by) + crate::calendar::DAY_MS;
    let matter = matter(case, case.level.as_deref(), chosen(package, case));
    let Some(rule) = law.rule(&matter, ClockId::Handle).filter(|_| finished <= passed) else {
        return Some(least);
    };
    Some(least.max(day_of(resumed(&law.calendar, rule, passed, finished, now).at - 1)))
}
