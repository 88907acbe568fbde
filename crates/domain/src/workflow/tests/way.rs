//! Ways through the table, each step admitted: what the case says of itself afterwards.

use super::table::everybody;
use super::*;

fn in_progress() -> Story {
    let mut story = Story::hazard("yellow");
    story.until_claimed();
    story.step(&person("ben", "unit_handler"), "start", &json!({}));
    story
}

#[test]
fn a_pause_is_asked_for_approved_and_ended() {
    let mut story = in_progress();
    let (ben, sue) = (person("ben", "unit_handler"), person("sue", "supervisor"));
    let until = json!({"data": {"until": "2026-06-10"}});
    assert_eq!(story.try_step(&sue, "pause", &until), Err(Refusal::Guard(Guard::PauseAsked)));
    let ask = json!({"data": {"reason": "weather", "until": "2026-06-10", "text": "雨季不能开挖"}});
    story.step(&ben, "pause_request", &ask);
    assert_eq!(
        (story.view().state.as_str(), story.view().pause_asked_by.as_deref()),
        ("in_progress", Some("ben"))
    );
    assert_eq!(story.try_step(&ben, "pause", &until).unwrap_err().code(), "not_permitted");
    story.step(&sue, "pause", &until);
    let view = story.view();
    assert_eq!((view.state.as_str(), view.paused_until.as_deref()), ("paused", Some("2026-06-10")));
    story.step(&ben, "resume", &json!({}));
    assert_eq!((story.view().state.as_str(), story.view().paused_until), ("in_progress", None));
    assert_eq!(
        story.try_step(&sue, "pause", &until),
        Err(Refusal::Guard(Guard::PauseAsked)),
        "answered already"
    );
}

#[test]
fn a_limit_is_extended_once_and_anew_after_a_redo() {
    let mut story = in_progress();
    let (sue, cara) = (person("sue", "supervisor"), person("cara", "callback_clerk"));
    let extend =
        |by: &str| json!({"set": {"handle_by": by}, "data": {"reason": "many_parties", "text": "等配件"}});
    assert_eq!(story.view().longest_extension().unwrap().to_string(), "2026-06-07");
    assert_eq!(
        story.try_step(&sue, "extend", &extend("2026-06-08")),
        Err(Refusal::Guard(Guard::OriginalLength))
    );
    story.step(&sue, "extend", &extend("2026-06-07"));
    let view = story.view();
    assert_eq!(
        (view.state.as_str(), view.handle_by.as_deref(), view.extended),
        ("in_progress", Some("2026-06-07"), 1)
    );
    assert_eq!(story.try_step(&sue, "extend", &extend("2026-06-07")), Err(Refusal::Guard(Guard::ExtendOnce)));
    story.until_callback();
    let again = json!({"data": {"rating": "dissatisfied", "reason_tags": ["slow"], "text": "又堵了"}, "set": {"handle_by": "2026-06-12"}});
    story.step(&cara, "dissatisfied", &again);
    assert_eq!((story.view().extended, story.view().handle_by.as_deref()), (0, Some("2026-06-12")));
}

#[test]
fn a_village_case_climbs_and_comes_back_with_guidance() {
    let mut story = Story::hazard("blue");
    let (ivy, lu, dora) =
        (person("ivy", "intake_clerk"), person("lu", "grid_worker_l1"), person("dora", "center_director"));
    story.step(&ivy, "register", &register("blue"));
    story.step(&lu, "keep", &json!({"set": {"handler": "lu", "handle_by": "2026-05-28"}}));
    assert_eq!(story.view().tier(), "village");
    let climb =
        |tier: &str| json!({"data": {"to_tier": tier, "reason": "beyond_power", "tried": "村里清过两次"}});
    assert_eq!(story.try_step(&lu, "escalate", &climb("county")), Err(Refusal::Guard(Guard::NextTier)));
    story.step(&lu, "escalate", &climb("township"));
    assert_eq!((story.view().state.as_str(), story.view().tier()), ("escalated", "township"));
    assert!(!names(&lu, &story.view(), story.today()).contains(&"take"), "who sent it up does not take it");
    let back =
        json!({"data": {"reason": "try_more", "text": "先用村里的挖机"}, "set": {"handle_by": "2026-06-01"}});
    story.step(&dora, "send_back", &back);
    let view = story.view();
    assert_eq!((view.state.as_str(), view.handler.as_deref()), ("in_progress", Some("lu")));
    assert_eq!(view.handle_by.as_deref(), Some("2026-06-01"));
}

#[test]
fn the_upper_level_takes_a_case_into_a_unit() {
    let mut story = in_progress();
    let dora = person("dora", "center_director");
    story.step(
        &dora,
        "escalate",
        &json!({"data": {"to_tier": "county", "reason": "needs_funds", "tried": "镇里没有资金"}}),
    );
    let mut body = dispatch();
    body["to"] = json!("dispatched");
    story.step(&dora, "take", &body);
    assert_eq!((story.view().state.as_str(), story.view().lead_unit.as_deref()), ("dispatched", Some(UNIT)));
}

#[test]
fn a_second_dissatisfaction_goes_to_a_joint_hearing() {
    let mut story = in_progress();
    let (ben, cara, dora) =
        (person("ben", "unit_handler"), person("cara", "callback_clerk"), person("dora", "center_director"));
    let bad = json!({"data": {"rating": "dissatisfied", "reason_tags": ["unsolved"], "text": "还漏"}, "set": {"handle_by": "2026-06-12"}});
    story.until_callback();
    story.step(&cara, "dissatisfied", &bad);
    story.step(&ben, "re_handle", &json!({}));
    story.until_callback();
    story.step(&cara, "dissatisfied", &bad);
    assert_eq!(story.try_step(&ben, "re_handle", &json!({})), Err(Refusal::Guard(Guard::RedoLimit)));
    let hearing = json!({"data": {"participants": "水利站、村委会、住户代表", "meeting_on": "2026-05-22", "text": "沟怎样改道"}});
    story.step(&dora, "joint", &hearing);
    assert_eq!(story.view().state, "joint");
    let decide =
        json!({"data": {"minutes": "三方到场", "text": "改走东侧"}, "set": {"handle_by": "2026-06-20"}});
    story.step(&dora, "decide", &decide);
    assert_eq!((story.view().state.as_str(), story.view().handler.as_deref()), ("in_progress", Some("ben")));
}

#[test]
fn a_hearing_can_finish_or_transfer() {
    let zed = everybody("zed");
    for (to, more) in [
        (
            "done",
            json!({"to": "done", "data": {"minutes": "到场", "text": "当场填平"}, "blobs": [blob("photo_after")]}),
        ),
        (
            "transferred",
            json!({"to": "transferred", "data": {"minutes": "到场", "text": "归水务局",
            "body": "县水务局", "basis": "河道管理范围", "receipt_by": "2026-05-27"}}),
        ),
    ] {
        let mut story = in_progress();
        let hearing = json!({"data": {"participants": "各方", "meeting_on": "2026-05-22", "text": "商量"}});
        story.step(&zed, "joint", &hearing);
        story.step(&zed, "decide", &more);
        assert_eq!(story.view().state, to);
    }
}

#[test]
fn a_transfer_awaits_its_receipt_once() {
    let mut story = in_progress();
    let dora = person("dora", "center_director");
    let out =
        json!({"data": {"body": "派出所", "basis": "涉嫌违法", "receipt_by": "2026-05-25", "text": "移送"}});
    story.step(&dora, "transfer_out", &out);
    assert_eq!((story.view().state.as_str(), story.view().receipt_on), ("transferred", None));
    let receipt = json!({"data": {"received_on": "2026-05-20", "received_by": "派出所值班室"}});
    story.step(&dora, "transfer_receipt", &receipt);
    assert_eq!(story.view().receipt_on.as_deref(), Some("2026-05-20"));
    assert_eq!(story.view().state, "transferred");
    assert_eq!(story.try_step(&dora, "transfer_receipt", &receipt), Err(Refusal::Guard(Guard::Once)));
}

#[test]
fn duplicates_merge_and_mistakes_take_two_persons_to_void() {
    let mut story = in_progress();
    let (ivy, dora) = (person("ivy", "intake_clerk"), person("dora", "center_director"));
    let own = json!({"data": {"main": story.view().id.to_string(), "told_reporter": true}});
    assert_eq!(story.try_step(&ivy, "merge", &own), Err(Refusal::Guard(Guard::OtherCase)));
    let main = "0190f0e0c0de4a5b8c6d7e8f90a1b2c3";
    story.step(&ivy, "merge", &json!({"data": {"main": main, "told_reporter": true}}));
    assert_eq!((story.view().state.as_str(), story.view().main.as_deref()), ("merged", Some(main)));
    let mut story = Story::hazard("blue");
    story.step(&ivy, "void_request", &json!({"data": {"reason": "test", "text": "培训时录的"}}));
    assert_eq!(story.view().state, "submitted");
    assert_eq!(story.try_step(&ivy, "void", &json!({})), Err(Refusal::Guard(Guard::VoidAsked)));
    story.step(&dora, "void", &json!({}));
    assert_eq!(story.view().state, "voided");
    assert!(names(&everybody("zed"), &story.view(), story.today()).is_empty());
}

#[test]
fn a_failed_look_back_opens_a_case_again_after_the_window() {
    let mut story = in_progress();
    let (cara, dora, ann) = (
        person("cara", "callback_clerk"),
        person("dora", "center_director"),
        person("ann", "village_assistant"),
    );
    story.until_callback();
    story.step(&cara, "satisfied", &json!({"data": {"rating": "satisfied"}}));
    story.step(&ann, "seen", &json!({}));
    assert!(names(&ann, &story.view(), story.today()).is_empty(), "seen once");
    story.ms += 90 * 86_400_000;
    let open = json!({"data": {"reason": "relapsed", "text": "又塌了"}, "set": {"handle_by": "2026-09-10"}});
    let fine = json!({"data": {"looked_on": "2026-08-16", "result": "ok"}});
    story.step(&cara, "look_back", &fine);
    assert_eq!(story.try_step(&dora, "reopen", &open), Err(Refusal::Guard(Guard::ReopenWindow)));
    story.step(&cara, "look_back", &json!({"data": {"looked_on": "2026-08-17", "result": "relapsed"}}));
    story.step(&dora, "reopen", &open);
    assert_eq!(story.view().handle_by.as_deref(), Some("2026-09-10"));
    assert_eq!((story.view().state.as_str(), story.view().handler.as_deref()), ("in_progress", Some("ben")));
}

#[test]
fn a_unit_that_never_answers_is_marked_and_replaced() {
    let mut story = Story::hazard("yellow");
    let (ivy, sue) = (person("ivy", "intake_clerk"), person("sue", "supervisor"));
    story.step(&ivy, "register", &register("yellow"));
    story.step(&ivy, "dispatch", &dispatch());
    assert_eq!(story.try_step(&sue, "no_claim", &json!({})), Err(Refusal::Guard(Guard::RespondExpired)));
    story.ms += 4 * 86_400_000;
    story.step(&sue, "no_claim", &json!({}));
    let order = json!({"data": {"step": "order", "fault": "no_response", "reply_by": "2026-05-25", "text": "说明情况"}});
    story.step(&sue, "supervise", &order);
    assert_eq!((story.view().state.as_str(), story.view().supervised), ("dispatched", 1));
    let other = json!({
        "set": {"lead_unit": "U-ROAD", "respond_by": "2026-05-26", "handle_by": "2026-06-05"},
        "data": {"reason": "no_response", "text": "改由交通办理"},
        "place": {"units_add": ["U-ROAD"], "units_del": [UNIT]}
    });
    story.step(&ivy, "reroute", &other);
    let view = story.view();
    assert_eq!(
        (view.state.as_str(), view.lead_unit.as_deref(), view.units.len()),
        ("dispatched", Some("U-ROAD"), 1)
    );
}

#[test]
fn a_withdrawal_that_comes_too_late_is_a_request_to_cancel() {
    let mut story = Story::hazard("blue");
    let ann = person("ann", "village_assistant");
    let late = story.event_body("withdraw", &json!({"data": {"text": "自己填平了"}}));
    let op = story.op(gridbook_log::DeviceId([2; 8]), "ann", "event", &late);
    story.until_claimed();
    let verdict = crate::admit::admit(Package::builtin(), &ann, Some(&story.entity), &op, story.today());
    assert_eq!(verdict.unwrap_err().code(), "not_legal_now");
    // The authority keeps it, with its verdict beside it.
    story.entity.apply(&op);
    story.authority("reject", &json!({"op": op.dot(), "code": "not_legal_now"}));
    let view = story.view();
    assert_eq!((view.state.as_str(), view.cancel_asked), ("claimed", true));
    assert!(view.timeline.iter().any(|line| line.text.as_deref() == Some("自己填平了")));
    let mut other = Story::hazard("blue");
    other.until_claimed();
    assert!(!other.view().cancel_asked);
    other.step(&ann, "cancel_request", &json!({"data": {"text": "住户自己修了"}}));
    assert_eq!((other.view().state.as_str(), other.view().cancel_asked), ("claimed", true));
}

#[test]
fn somebody_is_always_waited_for() {
    let mut story = Story::hazard("yellow");
    let of = |story: &Story| waiting(Package::builtin(), &story.view());
    let first = of(&story);
    assert!(first.roles.contains(&"intake_clerk".to_owned()) && first.users == ["ann"]);
    story.until_claimed();
    let held = of(&story);
    assert_eq!((held.users, held.units), (vec!["ben".to_owned()], vec![UNIT.to_owned()]));
    story.until_callback();
    assert!(of(&story).roles.contains(&"callback_clerk".to_owned()));
    story.step(&person("cara", "callback_clerk"), "satisfied", &json!({"data": {"rating": "satisfied"}}));
    assert!(of(&story).is_nobody(), "a declared end waits for nobody");
}

#[test]
fn a_call_back_is_left_out_only_for_a_true_reason() {
    let mut story = in_progress();
    let (ben, cara) = (person("ben", "unit_handler"), person("cara", "callback_clerk"));
    story.step(&ben, "finish", &finish());
    story.step(&ben, "feed_back", &json!({"data": {"channel": "phone", "text": "已清淤"}}));
    let waive = json!({"data": {"reason": "no_answer_3"}});
    let call = json!({"data": {"mode": "phone", "person": "钟小满", "reached": false}});
    for _ in 0..3 {
        assert_eq!(story.try_step(&cara, "waive", &waive), Err(Refusal::Guard(Guard::WaiveFits)));
        story.step(&cara, "call_back", &call);
    }
    story.step(&cara, "waive", &waive);
    assert_eq!(story.view().state, "closed");
}

#[test]
fn one_in_five_is_called_back_and_what_matters_always() {
    let case = Story::hazard("yellow").view();
    let of = |level: &str, source: &str, byte: u8| {
        let mut case = case.clone();
        case.id.0[15] = byte;
        (case.level, case.source) = (Some(level.to_owned()), Some(source.to_owned()));
        case.called_back()
    };
    let drawn = (0..=255).filter(|byte| of("yellow", "patrol_found", *byte)).count();
    assert!((30..=75).contains(&drawn), "{drawn} of 256");
    assert!((0..=255).all(|byte| of("red", "patrol_found", byte) && of("yellow", "hotline", byte)));
    let mut dispute = case.clone();
    dispute.kind = RecordKind::Dispute;
    assert!(dispute.called_back());
}

#[test]
fn a_reporter_is_told_on_the_way_and_says_what_was_seen() {
    let mut story = in_progress();
    let (ann, ben) = (person("ann", "village_assistant"), person("ben", "unit_handler"));
    let waits = |story: &Story| {
        let row = crate::summary::Summary::of(&story.entity, Package::builtin()).unwrap();
        row.hints.contains(&crate::summary::Hint::FedBack)
    };
    assert!(!waits(&story));
    assert_eq!(
        story.try_step(&ann, "seen", &json!({})),
        Err(Refusal::Guard(Guard::Unseen)),
        "nothing to see"
    );
    story.step(&ben, "interim", &json!({"data": {"channel": "phone", "text": "材料已到, 下周动工"}}));
    let told = story.view().told;
    assert_eq!((told.len(), told[0].channel.as_deref(), told[0].seen_at), (1, Some("phone"), None));
    assert!(waits(&story));
    story.step(&ann, "seen", &json!({}));
    assert!(story.view().told[0].seen_at.is_some() && !waits(&story));
    assert_eq!(story.try_step(&ann, "seen", &json!({})), Err(Refusal::Guard(Guard::Unseen)), "seen once");
    story.step(&ben, "progress", &json!({"data": {"text": "今天动工"}}));
    assert!(waits(&story));
    let told = story.view().told;
    assert_eq!((told.len(), told[1].channel.as_deref(), told[1].seen_at), (2, None, None));
    assert!(story.try_step(&ben, "seen", &json!({})).is_err(), "only the reporter says so");
    // Own words need no reading; those of others still wait.
    story.step(&ann, "seen", &json!({}));
    let mut own = Story::hazard("yellow");
    own.step(&person("ivy", "intake_clerk"), "register", &register("yellow"));
    let keep = json!({"set": {"handler": "ann", "handle_by": "2026-05-28"}});
    own.step(&person("ivy", "intake_clerk"), "keep", &keep);
    own.step(&ann, "progress", &json!({"data": {"text": "自己在清"}}));
    assert!(!waits(&own));
    assert_eq!(own.try_step(&ann, "seen", &json!({})), Err(Refusal::Guard(Guard::Unseen)));
}

#[test]
fn what_was_closed_before_anybody_was_asked_stays_quiet() {
    let waits = |table: u32| {
        let mut story = in_progress();
        let (ben, cara) = (person("ben", "unit_handler"), person("cara", "callback_clerk"));
        story.step(&ben, "finish", &finish());
        let told = json!({"data": {"channel": "phone", "text": "已清淤"}});
        let mut body = story.event_body("feed_back", &told);
        body["table"] = json!(table);
        story.admitted(&ben, "event", &body).unwrap();
        story.step(&cara, "call_back", &call_back());
        story.step(&cara, "satisfied", &json!({"data": {"rating": "satisfied"}}));
        assert_eq!(story.view().state, "closed");
        crate::case::unseen(Package::builtin(), &story.entity)
    };
    assert!(waits(case_flow().version));
    assert!(!waits(3));
}
