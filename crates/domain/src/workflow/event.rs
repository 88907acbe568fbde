//! The operation of a step: what goes into the record, what into the step, and who sees it from now on. Phone and desk
//! ask for the inputs and leave the rest to this.

use gridbook_log::{BlobRef, Event, Placement};
use serde_json::{Value, json};

use super::{Transition, owned_path};
use crate::case::CaseView;
use crate::clock::proposed;
use crate::form::Values;
use crate::package::Package;

/// What the inputs of a step start with: values of the record that it may correct, and the limits that the class of
/// the case proposes. A person may change all of it.
pub fn suggested(package: &Package, step: &Transition, case: &CaseView, user: &str, now_ms: u64) -> Values {
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
    if step.action == "claim" {
        values.insert("handler".to_owned(), json!(user));
    }
    if step.action == "call_back" {
        let before = case.actions.iter().filter(|action| *action == "call_back").count();
        values.insert("attempt_no".to_owned(), json!(before + 1));
    }
    values
}

/// The event of a step that somebody took with these values.
pub fn event(
    package: &Package,
    step: &Transition,
    case: &CaseView,
    values: &Values,
    blobs: Vec<BlobRef>,
) -> Event {
    let from = step.leaves(case).unwrap_or(&case.state).to_owned();
    let mut event = Event {
        event: step.action.clone(),
        to: step.target(&from).to_owned(),
        from,
        table: package.flow(case.kind).map_or(0, |flow| flow.version),
        blobs,
        ..Event::default()
    };
    for field in step.inputs_for(case.kind).filter(|field| !field.kind.is_blob()) {
        let Some(value) = values.get(&field.path).filter(|value| !empty(value)) else { continue };
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
