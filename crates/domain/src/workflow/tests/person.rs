//! Who takes a step: in which role, and whether they are related to anybody (ROLE-12, ROLE-13).

use super::*;
use crate::workflow::event;

#[test]
fn the_role_of_a_step_is_written_down_and_nobody_writes_another() {
    let mut story = Story::hazard("yellow");
    let ivy = person("ivy", "intake_clerk");
    let step = case_flow().actions("register").next().unwrap();
    let made =
        event(Package::builtin(), (&ivy, story.today()), step, &story.view(), &Values::new(), Vec::new());
    assert_eq!(made.role.as_deref(), Some("intake_clerk"));
    let mut said = register("yellow");
    for role in ["center_director", "village_assistant", "nobody"] {
        said["role"] = json!(role);
        let refused = Err(Refusal::NotPermitted("case.register".to_owned()));
        assert_eq!(story.try_step(&ivy, "register", &said), refused, "{role}");
    }
    said["role"] = json!("intake_clerk");
    story.step(&ivy, "register", &said);
    let line = story.view().timeline.pop().unwrap();
    assert_eq!(line.author(Package::builtin(), "何秀兰"), "何秀兰（中心登记员）");
    // Of two roles the one that gives the right counts.
    let mut both = person("lea", "household_liaison");
    both.assignments.extend(person("lea", "dispatcher").assignments);
    let step = case_flow().actions("dispatch").next().unwrap();
    let made =
        event(Package::builtin(), (&both, story.today()), step, &story.view(), &Values::new(), Vec::new());
    assert_eq!(made.role.as_deref(), Some("dispatcher"));
}

#[test]
fn whoever_is_related_steps_aside_and_is_not_asked_again() {
    let mut story = Story::hazard("yellow");
    let (ivy, ben, bo) =
        (person("ivy", "intake_clerk"), person("ben", "unit_handler"), person("bo", "unit_handler"));
    story.step(&ivy, "register", &register("yellow"));
    story.step(&ivy, "dispatch", &dispatch());
    let unrelated = Err(Refusal::Guard(Guard::Unrelated));
    assert_eq!(story.try_step(&ben, "claim", &json!({"data": {"related": true}})), unrelated);
    let mut unanswered = story.event_body("claim", &json!({}));
    unanswered["data"] = json!({});
    assert_eq!(story.judge(&ben, "event", &unanswered), unrelated, "the question is answered");
    unanswered["table"] = json!(6);
    assert_eq!(story.judge(&ben, "event", &unanswered), Ok(()), "a device that did not ask yet");
    story.step(&ben, "recuse", &json!({"data": {"text": "户主是我舅舅"}}));
    let view = story.view();
    assert_eq!((view.state.as_str(), view.lead_unit, view.return_count), ("registered", None, 0));
    let recused = Err(Refusal::Guard(Guard::NotRecused));
    let mut named = dispatch();
    named["set"]["handler"] = json!("ben");
    named["place"]["users_add"] = json!(["ben"]);
    assert_eq!(story.try_step(&ivy, "dispatch", &named), recused);
    story.step(&ivy, "dispatch", &dispatch());
    assert_eq!(story.try_step(&ben, "claim", &json!({})), recused);
    story.step(&bo, "claim", &json!({}));
    assert_eq!(story.view().handler.as_deref(), Some("bo"));
}
