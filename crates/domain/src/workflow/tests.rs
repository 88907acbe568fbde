#![allow(clippy::unwrap_used)]

mod chance;
mod fault;
mod inputs;
mod kept;
mod person;
mod table;
mod waiting;
mod way;

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde_json::json;

use super::*;
use crate::admit::Refusal;
use crate::case::CaseView;
use crate::case::story::{START, Story, UNIT, blob, call_back, dispatch, finish, person, register};
use crate::form::{Photos, Values};
use crate::role::Actor;
use waiting::waiting;

fn case_flow() -> &'static Flow {
    Package::builtin().flow(RecordKind::Hazard).unwrap()
}

fn names(actor: &Actor, case: &CaseView, today: NaiveDate) -> Vec<&'static str> {
    offered(Package::builtin(), actor, case, today).into_iter().map(|step| step.action.as_str()).collect()
}

#[test]
fn every_state_is_reached_from_the_draft() {
    let flow = case_flow();
    let mut reached = BTreeSet::from(["draft"]);
    loop {
        let next: Vec<&str> = flow
            .transitions
            .get()
            .iter()
            .filter(|step| step.from.iter().any(|state| reached.contains(state.as_str())))
            .map(|step| step.to.as_str())
            .filter(|state| *state != STAYS && !reached.contains(state))
            .collect();
        if next.is_empty() {
            break;
        }
        reached.extend(next);
    }
    let all: BTreeSet<&str> = flow.states.iter().map(|state| state.id.as_str()).collect();
    assert_eq!(reached, all);
    assert_eq!(all.len(), 21);
}

#[test]
fn every_state_that_waits_can_be_left() {
    let flow = case_flow();
    for state in flow.states.iter().filter(|state| !state.terminal) {
        let leaves = |step: &Transition| {
            !step.side && step.from.contains(&state.id) && step.target(&state.id) != state.id
        };
        assert!(flow.transitions.get().iter().any(leaves), "{} is a dead end", state.id);
        assert!(!state.waits_for.is_empty(), "{} waits for nobody", state.id);
    }
}

#[test]
fn an_action_means_one_thing_in_a_state() {
    let mut seen = BTreeSet::new();
    for step in case_flow().transitions.get() {
        for from in &step.from {
            let meaning = (step.action.as_str(), from.as_str(), step.to.as_str());
            assert!(seen.insert(meaning), "{} from {from}", step.action);
        }
    }
}

#[test]
fn every_guard_is_used_and_has_its_own_code() {
    let used: BTreeSet<&str> = Package::builtin()
        .flows
        .iter()
        .flat_map(|flow| flow.transitions.get())
        .flat_map(|step| &step.guards)
        .map(|guard| guard.code())
        .collect();
    for guard in Guard::ALL {
        assert!(used.contains(guard.code()), "{guard:?} guards nothing");
        assert!(!guard.message().is_empty());
    }
    assert_eq!(used.len(), Guard::ALL.len());
}

#[test]
fn the_skin_of_six_words_is_on_the_main_path() {
    let skins: BTreeSet<&str> =
        case_flow().transitions.get().iter().filter_map(|step| step.skin.as_deref()).collect();
    assert_eq!(skins, BTreeSet::from(["收", "报", "录", "转", "办", "反", "销"]));
}

/// Decides a guard on a case that was changed by hand, with values and photos of a step.
fn guard(guard: Guard, actor: &Actor, action: &str, change: impl FnOnce(&mut CaseView)) -> bool {
    let story = Story::hazard("yellow");
    let mut case = story.view();
    change(&mut case);
    let (values, photos) = (case.values.clone(), case.photos.clone());
    guard.holds(&Situation {
        package: Package::builtin(),
        actor,
        case: &case,
        action,
        values: &values,
        photos: &photos,
        today: story.today(),
        table: 2,
    })
}

#[test]
fn guards_on_who_acts_both_ways() {
    let (ann, ben) = (person("ann", "village_assistant"), person("ben", "unit_handler"));
    let as_is = |_: &mut CaseView| {};
    assert!(guard(Guard::CreatorOnly, &ann, "withdraw", as_is));
    assert!(!guard(Guard::CreatorOnly, &ben, "withdraw", as_is));
    assert!(guard(Guard::NotReporter, &ben, "call_back", as_is));
    assert!(!guard(Guard::NotReporter, &ann, "call_back", as_is));
    assert!(guard(Guard::NotHandler, &ben, "call_back", as_is));
    assert!(!guard(Guard::NotHandler, &ben, "call_back", |case| {
        case.handled_by.insert("ben".to_owned());
    }));
    assert!(guard(Guard::LeadUnitMember, &ben, "claim", |case| case.lead_unit = Some(UNIT.to_owned())));
    assert!(!guard(Guard::LeadUnitMember, &ben, "claim", |case| case.lead_unit = Some("U-ROAD".to_owned())));
    assert!(!guard(Guard::LeadUnitMember, &ann, "claim", |case| case.lead_unit = Some(UNIT.to_owned())));
    assert!(guard(Guard::Handles, &ann, "finish", |case| case.handler = Some("ann".to_owned())));
    assert!(guard(Guard::Handles, &ben, "finish", |case| case.support_units = vec![UNIT.to_owned()]));
    assert!(!guard(Guard::Handles, &ben, "finish", as_is));
}

#[test]
fn guards_on_counts_and_times_both_ways() {
    let ann = person("ann", "village_assistant");
    let (ben, director) = (person("ben", "unit_handler"), person("dora", "center_director"));
    assert!(guard(Guard::BeforeRegistration, &ann, "withdraw", |_| {}));
    assert!(!guard(Guard::BeforeRegistration, &ann, "withdraw", |case| case.registered = true));
    assert!(!guard(Guard::BeforeRegistration, &ann, "withdraw", |case| case.number = Some("1".to_owned())));
    assert!(guard(Guard::Once, &ann, "object", |case| case.actions = vec!["refuse".to_owned()]));
    assert!(!guard(Guard::Once, &ann, "object", |case| case.actions = vec!["object".to_owned()]));
    assert!(guard(Guard::ReturnLimit, &ben, "return_unit", |case| case.return_count = MAX_RETURNS - 1));
    assert!(!guard(Guard::ReturnLimit, &ben, "return_unit", |case| case.return_count = MAX_RETURNS));
    assert!(guard(Guard::RedoLimit, &ben, "re_handle", |case| case.redo_count = 1));
    assert!(!guard(Guard::RedoLimit, &ben, "re_handle", |case| case.redo_count = 2));
    assert!(!guard(Guard::RedoLimit, &director, "re_handle", |case| case.redo_count = 2));
    let day = 86_400_000;
    assert!(guard(Guard::ReopenWindow, &director, "reopen", |case| {
        case.closed_at = Some(START - REOPEN_DAYS * day);
    }));
    assert!(!guard(Guard::ReopenWindow, &director, "reopen", |case| {
        case.closed_at = Some(START - (REOPEN_DAYS + 1) * day);
    }));
    assert!(!guard(Guard::ReopenWindow, &director, "reopen", |case| case.closed_at = None));
}

#[test]
fn guards_on_what_is_entered_both_ways() {
    let dora = person("dora", "center_director");
    let second = |level: &'static str, who: &'static str| {
        guard(Guard::SecondPerson, &dora, "satisfied", move |case| {
            case.handled_by.insert("ben".to_owned());
            case.values.insert("level".to_owned(), json!(level));
            case.values.insert("second_person".to_owned(), json!(who));
        })
    };
    assert!(second("red", "sam") && second("orange", "sam") && second("yellow", ""));
    assert!(!second("red", "") && !second("red", "dora") && !second("orange", "ben"));
    let photo = |level: &'static str, count: usize| {
        guard(Guard::Evidence, &dora, "finish", move |case| {
            case.values.insert("level".to_owned(), json!(level));
            case.photos = Photos::from([("photo_after".to_owned(), count)]);
        })
    };
    assert!(photo("yellow", 1) && photo("blue", 0));
    assert!(!photo("yellow", 0) && !photo("red", 0));
    let entered = |guarded: Guard, kind, path: &'static str, value: serde_json::Value| {
        guard(guarded, &dora, "settle_confirm", move |case| {
            case.kind = kind;
            case.values = Values::from([(path.to_owned(), value)]);
        })
    };
    let (hazard, dispute) = (RecordKind::Hazard, RecordKind::Dispute);
    assert!(entered(Guard::SettledOnSpot, hazard, "on_spot_result", json!("eliminated")));
    assert!(!entered(Guard::SettledOnSpot, hazard, "on_spot_result", json!("controlled")));
    assert!(entered(Guard::SettledOnSpot, dispute, "success", json!("succeeded")));
    assert!(!entered(Guard::SettledOnSpot, dispute, "success", json!("failed")));
    assert!(entered(Guard::DuplicateChecked, hazard, "duplicate_checked", json!(true)));
    assert!(!entered(Guard::DuplicateChecked, hazard, "duplicate_checked", json!(false)));
}

#[test]
fn the_buttons_follow_state_and_person() {
    let mut story = Story::hazard("yellow");
    let today = story.today();
    let (ann, ivy) = (person("ann", "village_assistant"), person("ivy", "intake_clerk"));
    let (ben, cara) = (person("ben", "unit_handler"), person("cara", "callback_clerk"));
    assert_eq!(names(&ann, &story.view(), today), ["withdraw"]);
    assert_eq!(
        names(&ivy, &story.view(), today),
        ["ask_supplement", "refuse", "register", "link", "split", "comment", "void_request"]
    );
    assert!(names(&ben, &story.view(), today).is_empty());
    story.until_claimed();
    assert_eq!(
        names(&ann, &story.view(), today),
        ["cancel_request"],
        "registered: the reporter can only ask"
    );
    assert_eq!(
        names(&ben, &story.view(), today),
        ["recuse", "start", "interim", "hand_over", "participant", "comment"]
    );
    story.until_callback();
    assert_eq!(
        names(&cara, &story.view(), today),
        ["call_back", "satisfied", "dissatisfied", "waive", "supervise", "participant", "comment"]
    );
}

#[test]
fn a_supplement_goes_back_and_forth() {
    let mut story = Story::hazard("blue");
    let (ann, ivy) = (person("ann", "village_assistant"), person("ivy", "intake_clerk"));
    let ask = json!({"data": {"reason": "place_unclear", "text": "几组几号"}});
    story.step(&ivy, "ask_supplement", &ask);
    let resubmit = json!({"data": {"text": "3 组桥头"}});
    let other = person("abe", "village_assistant");
    assert!(matches!(story.try_step(&other, "resubmit", &resubmit), Err(Refusal::NotPermitted(_))));
    story.step(&ann, "resubmit", &resubmit);
    assert_eq!(story.view().state, "submitted");
    let refuse = json!({"data": {"reason": "duplicate", "text": "与昨天一条重复"}});
    story.step(&ivy, "refuse", &refuse);
    story.step(&ann, "object", &json!({"data": {"text": "不是同一处"}}));
    assert_eq!(story.try_step(&ivy, "refuse", &refuse), Err(Refusal::Guard(Guard::NotRefuser)));
    story.step(&person("dora", "center_director"), "refuse", &refuse);
    assert_eq!(
        story.try_step(&ann, "object", &json!({"data": {"text": "再看看"}})),
        Err(Refusal::Guard(Guard::Once))
    );
}

#[test]
fn a_supplement_that_nobody_answers_is_decided_by_the_intake() {
    let (ann, ivy) = (person("ann", "village_assistant"), person("ivy", "intake_clerk"));
    let asked = || {
        let mut story = Story::hazard("yellow");
        let ask = json!({"data": {"reason": "place_unclear", "text": "几组几号"}});
        story.step(&ivy, "ask_supplement", &ask);
        story
    };
    let row = |story: &Story| crate::summary::Summary::of(&story.entity, Package::builtin()).unwrap();
    let waits = |story: &Story, who: &Actor| waits_for(Package::builtin(), who, &row(story), story.today());
    let word = |story: &Story| waited_for(Package::builtin(), &story.view(), story.today());
    let refuse = json!({"data": {"reason": "duplicate", "text": "说不清地点，联系不上"}});
    let mut story = asked();
    // Asked on Monday 18 May: the tenth working day is Monday 1 June.
    story.ms = crate::calendar::midnight("2026-06-01".parse().unwrap());
    for (action, more) in [("register", &register("yellow")), ("refuse", &refuse)] {
        assert_eq!(
            story.try_step(&ivy, action, more),
            Err(Refusal::Guard(Guard::SupplementOver)),
            "{action}"
        );
    }
    assert!(waits(&story, &ann) && !waits(&story, &ivy));
    assert_eq!(word(&story), "上报人");
    story.ms = crate::calendar::midnight("2026-06-02".parse().unwrap());
    assert!(waits(&story, &ivy), "the queue of the intake has it");
    assert_eq!(word(&story), "中心登记员");
    assert!(story.try_step(&ivy, "refuse", &refuse).is_ok());
    story.try_step(&ann, "resubmit", &json!({"data": {"text": "3 组桥头"}})).unwrap();
    let late = story.event_body("refuse", &refuse);
    story.step(&ivy, "register", &register("yellow"));
    assert_eq!((story.view().state.as_str(), word(&story)), ("registered", "中心分派员"));
    assert_eq!(story.judge(&ivy, "event", &late).unwrap_err().code(), "not_legal_now");
    let clocks = crate::clock::read(Package::builtin(), &story.entity);
    assert!(clocks.limits.iter().all(|limit| !limit.open()), "nobody is waited for any more");
    let register = clocks.limits.iter().find(|limit| limit.clock == crate::clock::ClockId::Register).unwrap();
    assert_eq!(register.state(u64::MAX), crate::clock::LimitState::Met, "the wait is not the centre's");
    // What was answered has no old limit.
    let mut answered = asked();
    answered.step(&ann, "resubmit", &json!({"data": {"text": "3 组桥头"}}));
    answered.step(&ivy, "refuse", &refuse);
}

#[test]
fn late_and_wrong_steps_are_named() {
    let mut story = Story::hazard("blue");
    let (ann, ivy) = (person("ann", "village_assistant"), person("ivy", "intake_clerk"));
    let late = story.event_body("withdraw", &json!({}));
    story.until_claimed();
    let refusal = story.judge(&ann, "event", &late).unwrap_err();
    assert_eq!(refusal.code(), "not_legal_now");
    assert!(refusal.message().contains("内容都在"));
    let odd = json!({"event": "fly", "from": "claimed", "to": "closed", "table": 1});
    assert_eq!(story.judge(&ann, "event", &odd), Err(Refusal::UnknownAction));
    let jump = json!({"event": "start", "from": "claimed", "to": "closed", "table": 1});
    assert_eq!(
        story.judge(&person("ben", "unit_handler"), "event", &jump).unwrap_err().code(),
        "not_legal_now"
    );
    assert_eq!(story.try_step(&ivy, "start", &json!({})).unwrap_err().code(), "not_permitted");
}

#[test]
fn missing_inputs_are_listed() {
    let story = Story::hazard("blue");
    let ivy = person("ivy", "intake_clerk");
    let Err(Refusal::Invalid(problems)) = story.try_step(&ivy, "refuse", &json!({})) else {
        panic!("refused")
    };
    assert_eq!(problems.iter().map(|problem| problem.path.as_str()).collect::<Vec<_>>(), ["reason", "text"]);
    let mut unchecked = register("blue");
    unchecked["data"]["duplicate_checked"] = json!(false);
    assert_eq!(story.try_step(&ivy, "register", &unchecked), Err(Refusal::Guard(Guard::DuplicateChecked)));
}

#[test]
fn a_step_writes_only_what_it_asks_for() {
    let story = Story::hazard("blue");
    let ivy = person("ivy", "intake_clerk");
    let mut sly = register("blue");
    sly["set"]["desc"] = json!("换了一句话");
    assert_eq!(story.try_step(&ivy, "register", &sly), Err(Refusal::UnexpectedPath("desc".to_owned())));
}

#[test]
fn a_village_registers_small_things_only_before_and_after() {
    let l1 = person("lu", "grid_worker_l1");
    assert_eq!(Story::hazard("blue").try_step(&l1, "register", &register("yellow")), Ok(()));
    for (level, to) in [("blue", "red"), ("red", "blue")] {
        let refusal = Story::hazard(level).try_step(&l1, "register", &register(to)).unwrap_err();
        assert_eq!(refusal.code(), "not_permitted", "{level} to {to}");
    }
}

#[test]
fn a_dispatch_shares_with_the_named_units_only() {
    let mut story = Story::hazard("blue");
    let ivy = person("ivy", "intake_clerk");
    story.step(&ivy, "register", &register("blue"));
    for (place, fits) in [
        (json!({"units_add": [UNIT]}), true),
        (json!({"units_add": [UNIT, "U-ROAD"]}), false),
        (json!({"units_add": []}), false),
        (json!({"units_add": [UNIT], "all": true}), false),
        (json!({"units_add": [UNIT], "area": "510000100"}), false),
        (json!({"units_add": [UNIT], "users_add": ["eve"]}), false),
    ] {
        let mut body = dispatch();
        body["place"] = place.clone();
        assert_eq!(story.try_step(&ivy, "dispatch", &body).is_ok(), fits, "{place}");
    }
    let mut silent = dispatch();
    silent.as_object_mut().unwrap().remove("place");
    assert_eq!(story.try_step(&ivy, "dispatch", &silent), Err(Refusal::BadPlacement));
}

#[test]
fn an_old_answer_never_stands_in_for_a_new_one() {
    let mut story = Story::hazard("blue");
    let (ivy, hugh) = (person("ivy", "intake_clerk"), person("hugh", "unit_head"));
    story.step(&ivy, "register", &register("blue"));
    story.step(&ivy, "dispatch", &dispatch());
    story.step(&hugh, "return_unit", &json!({"data": {"reason": "wrong_unit", "text": "不归我们"}}));
    let mut again = dispatch();
    again["set"].as_object_mut().unwrap().remove("handle_by");
    let Err(Refusal::Invalid(problems)) = story.try_step(&ivy, "dispatch", &again) else { panic!("refused") };
    assert_eq!(problems[0].path, "handle_by");
}

#[test]
fn a_red_hazard_closes_with_the_director_and_a_second_person() {
    let mut story = Story::hazard("red");
    story.until_claimed();
    story.until_callback();
    let (cara, dora) = (person("cara", "callback_clerk"), person("dora", "center_director"));
    let close = json!({"data": {"rating": "satisfied"}});
    assert_eq!(story.try_step(&cara, "satisfied", &close).unwrap_err().code(), "not_permitted");
    assert_eq!(story.try_step(&dora, "satisfied", &close).unwrap_err().code(), "invalid");
    let alone = json!({"data": {"rating": "satisfied", "second_person": "ben"}});
    assert_eq!(story.try_step(&dora, "satisfied", &alone), Err(Refusal::Guard(Guard::SecondPerson)));
    let close = json!({"data": {"rating": "satisfied", "second_person": "sam"}});
    story.step(&dora, "satisfied", &close);
    let reopen = json!({"data": {"reason": "relapsed", "text": "又漏水"}});
    assert_eq!(story.try_step(&dora, "reopen", &reopen), Ok(()));
    story.ms += 32 * 86_400_000;
    assert_eq!(story.try_step(&dora, "reopen", &reopen), Err(Refusal::Guard(Guard::ReopenWindow)));
}

#[test]
fn finishing_takes_a_photo_and_nobody_calls_back_their_own_work() {
    let mut story = Story::hazard("yellow");
    let ben = person("ben", "unit_handler");
    story.until_claimed();
    story.step(&ben, "start", &json!({}));
    let bare = json!({"data": {"text": "好了"}});
    assert_eq!(story.try_step(&ben, "finish", &bare), Err(Refusal::Guard(Guard::Evidence)));
    story.step(&ben, "finish", &finish());
    story.step(&ben, "feed_back", &json!({"data": {"channel": "phone", "text": "已清淤"}}));
    let both = Actor {
        assignments: [ben.assignments, person("ben", "callback_clerk").assignments].concat(),
        user: "ben".to_owned(),
    };
    assert_eq!(story.try_step(&both, "call_back", &call_back()), Err(Refusal::Guard(Guard::NotHandler)));
}

#[test]
fn settled_on_the_spot_is_confirmed_in_one_step() {
    let mut story = Story::new();
    let (ann, ivy) = (person("ann", "village_assistant"), person("ivy", "intake_clerk"));
    let mut body = crate::case::story::hazard_body("blue");
    body["set"]["on_spot_result"] = json!("eliminated");
    body["blobs"] = json!([blob("photo_before"), blob("photo_after")]);
    story.admitted(&ann, "create", &body).unwrap();
    let mut confirm = register("blue");
    confirm["data"]["text"] = json!("当场清走柴草");
    story.step(&ivy, "settle_confirm", &confirm);
    let view = story.view();
    assert_eq!((view.state.as_str(), view.registered, view.kept_at_village), ("done", true, true));
    assert!(case_flow().transition("settle_confirm", "submitted").unwrap().numbers);
    // One in ten of these is called back, and of those that were given to somebody one in five.
    let drawn = |case: &CaseView| {
        let of = |byte: u8| {
            let mut case = case.clone();
            case.id.0[15] = byte;
            case.called_back()
        };
        (0..=255).filter(|byte| of(*byte)).count()
    };
    let given = CaseView { given: 1, ..view.clone() };
    assert!((13..=38).contains(&drawn(&view)), "{} of 256", drawn(&view));
    assert!((38..=70).contains(&drawn(&given)), "{} of 256", drawn(&given));
    let plain = Story::hazard("blue");
    assert_eq!(plain.try_step(&ivy, "settle_confirm", &confirm), Err(Refusal::Guard(Guard::SettledOnSpot)));
}

#[test]
fn values_of_the_workflow_belong_to_it() {
    let package = Package::builtin();
    for path in ["lead_unit", "handler", "handle_by", "respond_by", "support_units"] {
        assert!(owned_path(package, RecordKind::Hazard, path), "{path}");
    }
    for path in ["level", "category", "desc", "parties/p1/name"] {
        assert!(!owned_path(package, RecordKind::Hazard, path), "{path}");
    }
}
