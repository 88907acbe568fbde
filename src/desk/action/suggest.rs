//! What a step starts with: values of the record that it may correct, and the limits of its class. A person may change all.

use gridbook_domain::case::CaseView;
use gridbook_domain::clock::proposed;
use gridbook_domain::form::Values;
use gridbook_domain::package::Package;
use gridbook_domain::role::Actor;
use gridbook_domain::workflow::Transition;
use serde_json::json;

/// Values for the inputs of a step.
pub(super) fn values(
    package: &Package,
    step: &Transition,
    case: &CaseView,
    actor: &Actor,
    now_ms: u64,
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
        if let Some(day) = proposed(package, case, &step.action, &field.path, now_ms) {
            values.insert(field.path.clone(), json!(day.to_string()));
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
