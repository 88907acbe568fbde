//! The operation of a step: what goes into the record, what into the step, and who sees it from now on. Phone and desk
//! ask for the inputs and leave the rest to this.

use chrono::NaiveDate;
use gridbook_log::{BlobRef, Event, Placement};
use serde_json::{Value, json};

use super::check::level_after;
use super::{Transition, owned_path};
use crate::calendar::{day_of, minute_of};
use crate::case::CaseView;
use crate::clock::{CLASS, proposed};
use crate::confidential::permission;
use crate::form::{FieldKind, Values, raise};
use crate::hazard;
use crate::mediation::risk;
use crate::package::Package;
use crate::role::{Actor, Target, role_for};

/// What the inputs of a step start with: values of the record that it may correct, and the limits that the class of
/// the case proposes. A person may change all of it.
pub fn suggested(
    package: &Package,
    step: &Transition,
    case: &CaseView,
    actor: &Actor,
    now_ms: u64,
) -> Values {
    let mut values = Values::new();
    for field in step.inputs_for(case.kind) {
        let stays = field.set && !owned_path(package, case.kind, &field.path);
        if let Some(value) = case.values.get(&field.path).filter(|_| stays) {
            values.insert(field.path.clone(), value.clone());
        }
        if let Some(day) = proposed(package, case, &step.action, &field.path, now_ms) {
            values.insert(field.path.clone(), json!(day.to_string()));
        }
    }
    called(step, case, &mut values);
    if matches!(step.action.as_str(), "register" | "split_off")
        && !package.class_choices(&case.values).is_empty()
    {
        let class = package.class_now(case).map(|class| json!(class));
        values.extend(class.map(|class| (CLASS.to_owned(), class)));
    }
    if let Some(other) = case.linked.last().filter(|_| step.action == "unlink") {
        values.insert("other".to_owned(), json!(other));
    }
    if step.action == "claim" {
        values.insert("handler".to_owned(), json!(actor.user));
    }
    if step.action == hazard::KNOWN
        && let Some(told) = hazard::to_answer(package, actor, case, day_of(now_ms))
    {
        values.insert("told_as".to_owned(), json!(told.id));
    }
    if step.action == hazard::RECHECK {
        values.insert("recheck_at".to_owned(), json!(minute_of(now_ms)));
        values.insert("recheck_by".to_owned(), json!(actor.user));
    }
    if hazard::enforcing(&step.action).is_some() {
        values.insert("taken_on".to_owned(), json!(day_of(now_ms).to_string()));
    }
    if step.action == risk::NOTICE {
        values.insert("told_at".to_owned(), json!(minute_of(now_ms)));
        if let Some((left, _)) = risk::to_notify(package, case) {
            values.insert("body".to_owned(), json!(left.first()));
        }
    }
    if step.action == risk::ASSESS {
        if let Some(next) = risk::step_to_assess(package, case, day_of(now_ms)) {
            values.insert("step".to_owned(), json!(next.id()));
        }
        if let Some(level) = risk::called(package, &values).1 {
            raise(package, &mut values, "risk_level", level);
        }
    }
    let today = json!(day_of(now_ms).to_string());
    match step.action.as_str() {
        "med_fail" => values.insert("failed_on".to_owned(), today),
        "med_remind" => values.insert("confirm_reminded_on".to_owned(), today),
        _ => None,
    };
    if step.action == "call_back" {
        let before = case.actions.iter().filter(|action| *action == "call_back").count();
        values.insert("attempt_no".to_owned(), json!(before + 1));
    }
    values
}

/// Who was called is who is asked to come (FLOW-06): of the departments of a call the first leads, the others help. A person
/// may choose otherwise.
fn called(step: &Transition, case: &CaseView, values: &mut Values) {
    let asked = |path: &str| step.inputs_for(case.kind).any(|field| field.path == path);
    let named = case.values.get("departments").and_then(Value::as_array);
    let Some((lead, others)) = named.and_then(|list| list.split_first()) else { return };
    // Once it was with somebody, whoever sends it on has a reason.
    if case.given > 0 || !asked("lead_unit") {
        return;
    }
    values.insert("lead_unit".to_owned(), lead.clone());
    if !others.is_empty() && asked("support_units") {
        values.insert("support_units".to_owned(), json!(others));
    }
}

/// The event of a step that somebody took with these values, with the role in which they may (ROLE-13).
pub fn event(
    package: &Package,
    (actor, today): (&Actor, NaiveDate),
    step: &Transition,
    case: &CaseView,
    values: &Values,
    blobs: Vec<BlobRef>,
) -> Event {
    let from = step.leaves(case).unwrap_or(&case.state).to_owned();
    let right = permission(package, case, &step.permission);
    let mut event = Event {
        event: step.action.clone(),
        to: step.target(&from).to_owned(),
        from,
        table: package.flow(case.kind).map_or(0, |flow| flow.version),
        blobs,
        ..Event::default()
    };
    for field in step.inputs_for(case.kind).filter(|field| !field.kind.is_blob()) {
        // Answers that were all taken away are an answer, too.
        let none = json!([]);
        let cleared = field.set
            && field.kind == FieldKind::Multi
            && case.values.get(&field.path).is_some_and(|held| !empty(held));
        let given = values.get(&field.path).filter(|value| !empty(value)).or(cleared.then_some(&none));
        let Some(value) = given else { continue };
        let part = if field.set { &mut event.set } else { &mut event.data };
        // A fact that stays as it is need not be written again; what steps alone write belongs to this step.
        let own = !field.set || owned_path(package, case.kind, &field.path);
        if own || case.values.get(&field.path) != Some(value) {
            part.insert(field.path.clone(), value.clone());
        }
    }
    if step.places {
        event.place = Some(placement(case, &event.set));
    }
    let before = case.target();
    let after = Target { level: level_after(&event).or(before.level), ..before.clone() };
    let gives = |target, role| role_for(package, actor, right, target, today, role);
    // Whoever changes the level may do so before and after, at best in one role; admission looks at the level after it.
    let mut held = actor.assignments.iter().map(|held| held.role.as_str());
    let both = held.find(|role| gives(&before, Some(role)).and(gives(&after, Some(role))).is_some());
    event.role = both.or_else(|| gives(&after, None)).map(str::to_owned);
    event
}

/// Shares with the units and the person named, and no longer with units of an earlier dispatch.
fn placement(case: &CaseView, set: &Values) -> Placement {
    let text = |path: &str| set.get(path).and_then(Value::as_str).map(str::to_owned);
    let mut units: Vec<String> = text("lead_unit").into_iter().collect();
    let support = set.get("support_units").and_then(Value::as_array).into_iter().flatten();
    for unit in support.filter_map(Value::as_str) {
        if !units.iter().any(|held| held == unit) {
            units.push(unit.to_owned());
        }
    }
    Placement {
        units_del: case.units.iter().filter(|unit| !units.contains(unit)).cloned().collect(),
        units_add: units,
        users_add: text("handler").into_iter().collect(),
        ..Placement::default()
    }
}

fn empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::case::story::{GRID, Story, person};

    #[test]
    fn the_departments_that_were_called_are_proposed_to_come() {
        let mut story = Story::new();
        let body = json!({
            "type": "matter", "form": "F-CALL/1", "state": "submitted", "place": {"area": GRID},
            "set": {"facts": "河堤塌了一段", "item": "call_department",
                "departments": ["U-WATER", "U-ROAD"], "why_not_local": "镇里没有机械"}
        });
        let ivy = person("ivy", "intake_clerk");
        story.admitted(&person("lea", "grid_worker_l1"), "create", &body).unwrap();
        let package = Package::builtin();
        let step = |action: &str| package.flow(story.view().kind).unwrap().actions(action).next().unwrap();
        let proposed = |action: &str| suggested(package, step(action), &story.view(), &ivy, story.ms);
        let dispatch = proposed("dispatch");
        assert_eq!(
            (&dispatch["lead_unit"], &dispatch["support_units"]),
            (&json!("U-WATER"), &json!(["U-ROAD"]))
        );
        assert!(!proposed("register").contains_key("lead_unit"));
    }
}
