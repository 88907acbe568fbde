//! What a step starts with: values of the record that it may correct, and limits by level. A person may change all.

use chrono::{Days, NaiveDate};
use gridbook_domain::case::CaseView;
use gridbook_domain::form::{FieldKind, Values};
use gridbook_domain::package::Package;
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::Actor;
use gridbook_domain::workflow::Transition;
use serde_json::json;

/// Days to settle a dispute where nobody entered a limit.
const DISPUTE_DAYS: u64 = 30;
/// Days for a redo.
const REDO_DAYS: u64 = 7;

/// Values for the inputs of a step.
pub(super) fn values(
    package: &Package,
    step: &Transition,
    case: &CaseView,
    actor: &Actor,
    today: NaiveDate,
) -> Values {
    let mut values = Values::new();
    for field in step.inputs_for(case.kind) {
        let workflow =
            matches!(field.path.as_str(), "lead_unit" | "support_units" | "respond_by" | "handle_by");
        if field.set
            && !workflow
            && field.path != "handler"
            && let Some(value) = case.values.get(&field.path)
        {
            values.insert(field.path.clone(), value.clone());
        }
        if field.kind == FieldKind::Date
            && let Some(days) = days(package, step, case, &field.path)
            && let Some(date) = today.checked_add_days(Days::new(days))
        {
            values.insert(field.path.clone(), json!(date.to_string()));
        }
    }
    if step.action == "claim" {
        values.insert("handler".to_owned(), json!(actor.user));
    }
    if step.action == "call_back" {
        let before = case.actions.iter().filter(|action| *action == "call_back").count();
        values.insert("attempt_no".to_owned(), json!(before + 1));
    }
    values
}

fn days(package: &Package, step: &Transition, case: &CaseView, path: &str) -> Option<u64> {
    let limits = case.level.as_deref().and_then(|id| package.level(id)).map(|level| &level.limits);
    match path {
        "respond_by" => Some(limits.and_then(|limits| in_days(&limits[0])).unwrap_or(1)),
        "handle_by" if step.action == "dissatisfied" => Some(REDO_DAYS),
        "handle_by" if case.kind == RecordKind::Dispute => Some(DISPUTE_DAYS),
        "handle_by" => limits.and_then(|limits| in_days(&limits[2])),
        _ => None,
    }
}

/// The days that a limit in words names: `15 天` → 15, `1 个工作日` → 1, `30 分钟` → 0.
fn in_days(words: &str) -> Option<u64> {
    let number = |unit: &str| {
        let before = words.split_once(unit)?.0.trim_end();
        let digits: String = before.chars().rev().take_while(char::is_ascii_digit).collect();
        digits.chars().rev().collect::<String>().parse().ok()
    };
    if words.contains('分') || words.contains("小时") {
        Some(0)
    } else {
        number("天").or_else(|| number("个工作日"))
    }
}
