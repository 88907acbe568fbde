//! What the inputs of a step start with, and what stands behind them.

use serde_json::{Value, json};

use crate::case::CaseView;
use crate::case::story::{START, Story, person};
use crate::form::Values;
use crate::package::Package;
use crate::record::RecordKind;
use crate::workflow::{Transition, standing, suggested};

fn step(kind: RecordKind, action: &str) -> &'static Transition {
    Package::builtin().flow(kind).unwrap().actions(action).next().unwrap()
}

fn case(kind: RecordKind, values: &Value) -> CaseView {
    let mut case = Story::hazard("yellow").view();
    case.kind = kind;
    case.values = values.as_object().unwrap().clone().into_iter().collect();
    case
}

#[test]
fn an_old_answer_never_stands_in_for_a_new_one() {
    let held = json!({"level": "red", "text": "旧", "second_person": "ben", "passed": "failed"});
    let case = case(RecordKind::Hazard, &held);
    let behind = |action: &str| standing(Package::builtin(), step(RecordKind::Hazard, action), &case);
    let paths = |values: Values| values.into_keys().collect::<Vec<_>>();
    assert_eq!(paths(behind("recheck")), ["level"], "facts that a step states itself are asked anew");
    assert_eq!(paths(behind("start")), ["level", "passed", "second_person"]);
    let closing = step(RecordKind::Hazard, "satisfied").form(RecordKind::Hazard);
    let second = closing.field("second_person").and_then(|field| field.visible_when.as_ref()).unwrap();
    let behind = behind("satisfied");
    assert!(second.holds(&|path| behind.get(path)), "the condition looks at the record");
}

#[test]
fn a_form_of_a_step_asks_what_its_kind_is_asked() {
    let asked = |kind: RecordKind| {
        let form = step(kind, "register").form(kind);
        form.fields().map(|(_, field)| field.path.clone()).collect::<Vec<_>>()
    };
    assert_eq!(asked(RecordKind::Hazard), ["category", "subtype", "level", "duplicate_checked", "text"]);
    assert_eq!(asked(RecordKind::Dispute), ["category", "sub", "risk_level", "duplicate_checked", "text"]);
}

#[test]
fn an_assessment_starts_from_what_was_ticked_and_no_lower() {
    let level = |held: &Value| {
        let case = case(RecordKind::Dispute, held);
        let step = step(RecordKind::Dispute, "assess");
        let actor = person("mei", "mediator");
        suggested(Package::builtin(), step, &case, &actor, START).get("risk_level").cloned()
    };
    assert_eq!(level(&json!({})), Some(json!("blue")));
    assert_eq!(level(&json!({"risk_checklist": ["suicide"], "risk_level": "yellow"})), Some(json!("red")));
    assert_eq!(level(&json!({"risk_checklist": ["media"], "risk_level": "orange"})), Some(json!("orange")));
}
