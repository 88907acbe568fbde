//! Faults and who contests them, the days of hearings and of what is left, the level that hands a case on.

use super::*;

const DAY: u64 = 86_400_000;

/// Registered, dispatched, and marked for not claiming by `sue`.
fn marked() -> Story {
    let mut story = Story::hazard("yellow");
    let (ivy, sue) = (person("ivy", "intake_clerk"), person("sue", "supervisor"));
    story.step(&ivy, "register", &register("yellow"));
    story.step(&ivy, "dispatch", &dispatch());
    story.ms = START + 3 * DAY;
    story.step(&sue, "no_claim", &json!({}));
    story
}

fn contest() -> serde_json::Value {
    json!({"data": {"fault": "no_response", "text": "停电两天"}})
}

fn decide(outcome: &str) -> serde_json::Value {
    json!({"data": {"fault": "no_response", "outcome": outcome, "text": "查过值班记录"}})
}

#[test]
fn who_is_marked_contests_and_somebody_else_decides() {
    let mut story = marked();
    let (ben, sue) = (person("ben", "unit_handler"), person("sue", "supervisor"));
    let dora = person("dora", "center_director");
    let mark = |story: &Story| story.view().faults[0].clone();
    assert_eq!((mark(&story).kind.as_str(), mark(&story).counts()), ("no_response", true));
    assert_eq!(
        story.try_step(&dora, "contest_decide", &decide("upheld")),
        Err(Refusal::Guard(Guard::ContestAsked))
    );
    assert_eq!(story.try_step(&sue, "contest", &contest()).unwrap_err().code(), "not_permitted");
    let other = json!({"data": {"fault": "late_completion", "text": "没有"}});
    assert_eq!(story.try_step(&ben, "contest", &other), Err(Refusal::Guard(Guard::FaultNamed)));
    story.step(&ben, "contest", &contest());
    assert!(!mark(&story).counts(), "not until somebody decided");
    assert_eq!(story.try_step(&ben, "contest", &contest()), Err(Refusal::Guard(Guard::FaultOwn)), "once");
    // Another role decides, and never who marked it.
    assert_eq!(
        story.try_step(&sue, "contest_decide", &decide("upheld")).unwrap_err().code(),
        "not_permitted"
    );
    let mut both = dora.clone();
    both.user = "sue".to_owned();
    assert_eq!(
        story.try_step(&both, "contest_decide", &decide("upheld")),
        Err(Refusal::Guard(Guard::ContestAsked))
    );
    let mut upheld = Story { entity: story.entity.clone(), ms: story.ms };
    upheld.step(&dora, "contest_decide", &decide("upheld"));
    assert!(mark(&upheld).counts());
    story.step(&dora, "contest_decide", &decide("withdrawn"));
    assert!(!mark(&story).counts());
    let kept = mark(&story).contest.unwrap();
    assert_eq!(
        (kept.by.as_str(), kept.decided_by.as_deref(), kept.upheld),
        ("ben", Some("dora"), Some(false))
    );
    assert_eq!(story.view().actions.len(), 5, "the history keeps the mark, the objection and the decision");
}

#[test]
fn an_objection_has_three_working_days() {
    let mut story = marked();
    let ben = person("ben", "unit_handler");
    // Marked on Thursday 21 May 2026: until Tuesday 26 May.
    story.ms = START + 8 * DAY;
    assert_eq!(story.try_step(&ben, "contest", &contest()), Ok(()));
    story.ms = START + 9 * DAY;
    assert_eq!(story.try_step(&ben, "contest", &contest()), Err(Refusal::Guard(Guard::FaultOwn)));
}

#[test]
fn the_same_fault_of_one_dispatch_is_marked_once_and_of_the_next_again() {
    let mut story = marked();
    let (ivy, sue) = (person("ivy", "intake_clerk"), person("sue", "supervisor"));
    story.step(&sue, "no_claim", &json!({}));
    let again = json!({"data": {"step": "order", "fault": "no_response", "reply_by": "2026-05-22", "text": "请说明"}});
    story.step(&sue, "supervise", &again);
    assert_eq!(story.view().faults.len(), 1);
    let mut reroute = dispatch();
    reroute["data"] = json!({"reason": "other", "text": "换个值班员"});
    reroute["set"]["respond_by"] = json!("2026-05-22");
    story.step(&ivy, "reroute", &reroute);
    story.ms = START + 7 * DAY;
    story.step(&sue, "no_claim", &json!({}));
    assert_eq!(story.view().faults.len(), 2);
}

#[test]
fn a_hearing_meets_within_five_working_days_by_the_calendar() {
    // From Wednesday 30 September 2026: National Day is off until 7 October, Saturday the 10th is worked.
    let case = Story::hazard("yellow").view();
    let holds = |meeting: &str, table: u32| {
        Guard::JointDate.holds(&Situation {
            package: Package::builtin(),
            actor: &person("dora", "center_director"),
            case: &case,
            action: "joint",
            values: &Values::from([("meeting_on".to_owned(), json!(meeting))]),
            photos: &Photos::new(),
            today: "2026-09-30".parse().unwrap(),
            table,
        })
    };
    assert_eq!(["2026-09-30", "2026-10-13", "2026-10-14"].map(|day| holds(day, 3)), [true, true, false]);
    // A device that still counts natural days is not refused.
    assert_eq!(["2026-09-29", "2026-10-14", "2026-10-15"].map(|day| holds(day, 2)), [false, true, false]);
}

#[test]
fn a_rejected_finish_leaves_two_working_days() {
    let mut story = Story::hazard("yellow");
    story.until_claimed();
    let (ben, sue) = (person("ben", "unit_handler"), person("sue", "supervisor"));
    story.step(&ben, "start", &json!({}));
    // Done on Thursday, the last day of its limit; rejected on Friday 29 May.
    story.ms = START + 10 * DAY;
    story.step(&ben, "finish", &finish());
    story.ms = START + 11 * DAY;
    let proposed =
        crate::clock::proposed(Package::builtin(), &story.view(), "reject_finish", "handle_by", story.ms);
    assert_eq!(proposed.unwrap().to_string(), "2026-06-02");
    let reject =
        |by: &str| json!({"data": {"reason": "unsolved", "text": "下游还堵着"}, "set": {"handle_by": by}});
    assert_eq!(
        story.try_step(&sue, "reject_finish", &reject("2026-06-01")),
        Err(Refusal::Guard(Guard::MinRest))
    );
    story.step(&sue, "reject_finish", &reject("2026-06-02"));
    let view = story.view();
    assert_eq!((view.handle_by.as_deref(), view.extended), (Some("2026-06-02"), 0));
    let clocks = crate::clock::read(Package::builtin(), &story.entity);
    let handle =
        clocks.limits.iter().rev().find(|limit| limit.clock == crate::clock::ClockId::Handle).unwrap();
    assert_eq!(
        crate::calendar::day_of(handle.due - 1).to_string(),
        "2026-06-02",
        "the clock keeps the same day"
    );
    assert_eq!(story.try_step(&ben, "finish", &finish()), Ok(()));
}

#[test]
fn a_village_hands_on_what_it_kept_and_nothing_else() {
    let mut story = Story::hazard("blue");
    let lu = person("lu", "grid_worker_l1");
    story.step(&lu, "register", &register("blue"));
    story.step(&lu, "keep", &json!({"set": {"handler": "ann", "handle_by": "2026-05-20"}}));
    let over = json!({"data": {"reason": "other", "text": "组里办不了"}, "set": {"handler": "lu", "handle_by": "2026-05-22"}});
    story.step(&lu, "reassign", &over);
    let view = story.view();
    assert_eq!((view.state.as_str(), view.handler.as_deref(), view.given), ("in_progress", Some("lu"), 2));
    let ann = person("ann", "village_assistant");
    assert!(
        story.try_step(&ann, "finish", &json!({"data": {"text": "好了"}})).is_err(),
        "it is not hers any more"
    );
    let mut claimed = Story::hazard("blue");
    claimed.until_claimed();
    claimed.step(&person("ben", "unit_handler"), "start", &json!({}));
    assert_eq!(claimed.try_step(&lu, "reassign", &over), Err(Refusal::Guard(Guard::Kept)));
}
