//! Who takes a step: in which role, and whether they are related to anybody (ROLE-12, ROLE-13).

use super::*;
use crate::workflow::event;
use gridbook_log::Event;
use serde_json::Value;

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

/// Somebody of the unit that supports.
fn helper(user: &str) -> crate::role::Actor {
    let mut who = person(user, "unit_handler");
    who.assignments.iter_mut().for_each(|held| held.unit = Some("U-ROAD".to_owned()));
    who
}

fn given(support: bool) -> Value {
    let mut given = dispatch();
    if support {
        given["set"]["support_units"] = json!(["U-ROAD"]);
        given["place"]["units_add"] = json!([UNIT, "U-ROAD"]);
    }
    given
}

#[test]
fn after_a_claim_only_the_handler_hands_it_back_and_the_unit_alone_gets_it_again() {
    let mut story = Story::hazard("yellow");
    let ivy = person("ivy", "intake_clerk");
    let (ben, zed) = (person("ben", "unit_handler"), helper("zed"));
    story.step(&ivy, "register", &register("yellow"));
    story.step(&ivy, "dispatch", &given(true));
    story.step(&ben, "claim", &json!({"set": {"handler": "ben"}}));
    story.step(&ben, "start", &json!({}));
    let told = json!({"data": {"text": "户主是我舅舅"}});
    let others = Err(Refusal::Guard(Guard::OwnToReturn));
    for who in [&zed, &person("bo", "unit_handler")] {
        assert_eq!(story.try_step(who, "recuse", &told), others, "it is ben's");
    }
    // By the table before, a device that did not know better is not refused.
    let mut before = story.event_body("recuse", &told);
    before["table"] = json!(7);
    assert_eq!(story.judge(&zed, "event", &before), Ok(()));
    // Whoever helps steps aside without taking it away.
    story.step(&zed, "step_aside", &told);
    let view = story.view();
    assert_eq!((view.state.as_str(), view.handler.as_deref()), ("in_progress", Some("ben")));
    let handles = Err(Refusal::Guard(Guard::Handles));
    assert_eq!(story.try_step(&zed, "progress", &told), handles, "nor goes on with it");
    assert_eq!(story.try_step(&ben, "step_aside", &told), Err(Refusal::Guard(Guard::Bystander)));
    let returned = |story: &Story| {
        let steps = story.view().with_units;
        steps.iter().filter(|held| held.step == crate::case::unit::UnitStep::Returned).count()
    };
    story.step(&ben, "recuse", &told);
    assert_eq!((story.view().state.as_str(), returned(&story)), ("registered", 0), "no return of the unit");
    // Nobody is named: the unit finds somebody.
    assert_eq!(story.try_step(&ivy, "dispatch", &given(false)), Ok(()));
    story.step(&ivy, "dispatch", &given(false));
    let mut again = given(false);
    again["data"] = json!({"reason": "wrong_unit", "text": "再派"});
    again["set"]["handler"] = json!("ben");
    again["place"]["users_add"] = json!(["ben"]);
    let recused = Err(Refusal::Guard(Guard::NotRecused));
    assert_eq!(story.try_step(&ivy, "reroute", &again), recused);
    again["set"].as_object_mut().unwrap().remove("handler");
    again["place"].as_object_mut().unwrap().remove("users_add");
    assert_eq!(story.try_step(&ivy, "reroute", &again), Ok(()));
}

#[test]
fn whoever_stepped_aside_is_named_by_no_step_and_handles_nothing() {
    let mut story = Story::hazard("yellow");
    let (ivy, ben, bo) =
        (person("ivy", "intake_clerk"), person("ben", "unit_handler"), person("bo", "unit_handler"));
    story.step(&ivy, "register", &register("yellow"));
    story.step(&ivy, "dispatch", &dispatch());
    story.step(&ben, "claim", &json!({"set": {"handler": "ben"}}));
    story.step(&ben, "recuse", &json!({"data": {"text": "户主是我舅舅"}}));
    story.step(&ivy, "dispatch", &dispatch());
    story.step(&bo, "claim", &json!({"set": {"handler": "bo"}}));
    assert_eq!(story.try_step(&ben, "start", &json!({})), Err(Refusal::Guard(Guard::Handles)));
    assert_eq!(story.try_step(&bo, "start", &json!({})), Ok(()));
    let mut old = story.event_body("start", &json!({}));
    old["table"] = json!(7);
    assert_eq!(story.judge(&ben, "event", &old), Ok(()), "as that table allowed");
    // Every step that asks who handles it asks this, too.
    for step in case_flow().transitions.get() {
        let names = step.inputs.iter().any(|field| field.path == "handler");
        assert_eq!(names, step.guards.contains(&Guard::NotRecused), "{} to {}", step.action, step.to);
    }
}

#[test]
fn of_two_roles_the_one_counts_that_gives_the_right_before_and_after() {
    let mut story = Story::hazard("yellow");
    let mut both = person("ivy", "grid_worker_l1");
    both.assignments.extend(person("ivy", "intake_clerk").assignments);
    let step = case_flow().actions("register").next().unwrap();
    let made = |level: &str| {
        let values: Values = [("level".to_owned(), json!(level))].into();
        event(Package::builtin(), (&both, story.today()), step, &story.view(), &values, Vec::new()).role
    };
    assert_eq!(made("orange").as_deref(), Some("intake_clerk"));
    assert_eq!(made("yellow").as_deref(), Some("grid_worker_l1"), "the first that does");
    let mut said = register("orange");
    said["role"] = json!(made("orange"));
    story.step(&both, "register", &said);
}

#[test]
fn a_step_that_comes_late_names_the_role_of_its_day() {
    let story = Story::hazard("yellow");
    let mut ivy = person("ivy", "intake_clerk");
    let mut later = person("ivy", "dispatcher").assignments;
    let day = story.today();
    ivy.assignments[0].to = Some(day);
    later[0].from = day.succ_opt();
    ivy.assignments.extend(later);
    let mut said = story.event_body("register", &register("yellow"));
    said["role"] = json!("intake_clerk");
    let written: Event = serde_json::from_value(said).unwrap();
    let judged = |event: &Event, days| check(Package::builtin(), &ivy, &story.view(), event, days);
    let next = day.succ_opt().unwrap();
    assert_eq!(judged(&written, [next, day]), Ok(()));
    let refused = Err(Refusal::NotPermitted("case.register".to_owned()));
    assert_eq!(judged(&written, [next, next]), refused, "written when it had ended");
    let never = Event { role: Some("center_director".to_owned()), ..written };
    assert_eq!(judged(&never, [next, day]), refused);
}
