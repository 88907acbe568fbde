#![allow(clippy::unwrap_used)]

use serde_json::json;

use super::story::{GRID, START, Story, UNIT, person};
use super::*;
use crate::package::Package;
use crate::seven::{Have, seven};

fn ticks(view: &CaseView) -> Vec<Have> {
    seven(view).into_iter().filter(|(_, has)| *has).map(|(have, _)| have).collect()
}

#[test]
fn a_new_report_reads_back() {
    let view = Story::hazard("yellow").view();
    assert_eq!((view.kind, view.state.as_str()), (RecordKind::Hazard, "submitted"));
    assert_eq!((view.reporter.as_str(), view.level.as_deref()), ("ann", Some("yellow")));
    assert_eq!(view.title, "水沟堵塞, 雨大会漫进屋");
    assert_eq!(view.reported_at, START);
    assert_eq!(view.photos["photo_before"], 1);
    assert!(!view.registered && view.received_at.is_none());
    assert_eq!(ticks(&view), [Have::Hotline]);
    assert_eq!(view.timeline.len(), 1);
    assert_eq!(view.timeline[0].kind, LineKind::Created);
}

#[test]
fn the_whole_way_with_a_redo_fills_the_seven() {
    let mut story = Story::hazard("yellow");
    let (handler, caller) = (person("ben", "unit_handler"), person("cara", "callback_clerk"));
    story.until_claimed();
    let view = story.view();
    assert_eq!((view.lead_unit.as_deref(), view.handler.as_deref()), (Some(UNIT), Some("ben")));
    assert_eq!(view.handle_by.as_deref(), Some("2026-05-28"));
    assert_eq!(view.number.as_deref(), Some("青〔2026〕隐字第00001号"));
    assert_eq!(view.units, [UNIT]);
    assert_eq!(ticks(&view), [Have::Hotline, Have::Ledger, Have::Owner, Have::Unit, Have::Deadline]);
    story.until_callback();
    story.step(
        &caller,
        "dissatisfied",
        &json!({"data": {"rating": "dissatisfied", "reason_tags": ["unsolved"], "text": "又堵了"},
            "set": {"handle_by": "2026-06-05"}}),
    );
    let view = story.view();
    assert_eq!((view.state.as_str(), view.redo_count), ("redo", 1));
    assert_eq!(view.handle_by.as_deref(), Some("2026-06-05"));
    story.step(&handler, "re_handle", &json!({}));
    story.until_callback();
    story.step(&caller, "satisfied", &json!({"data": {"rating": "satisfied"}}));
    let view = story.view();
    assert_eq!((view.state.as_str(), view.rating.as_deref()), ("closed", Some("satisfied")));
    assert_eq!(view.feedback.as_deref(), Some("已清淤, 水沟通了"));
    assert_eq!(ticks(&view), Have::ALL);
    let steps = view.timeline.iter().filter(|line| matches!(line.kind, LineKind::Step { counts: true, .. }));
    assert_eq!(steps.count(), view.actions.len());
    assert!(view.timeline.is_sorted_by_key(|line| line.at));
}

#[test]
fn a_late_step_stays_a_note() {
    let mut story = Story::hazard("blue");
    let withdraw = story.event_body("withdraw", &json!({"data": {"text": "看错了"}}));
    story.until_claimed();
    let op = story.op(gridbook_log::DeviceId([2; 8]), "ann", "event", &withdraw);
    story.entity.apply(&op);
    let view = story.view();
    assert_eq!(view.state, "claimed");
    let line = view.timeline.iter().find(|line| line.text.as_deref() == Some("看错了")).unwrap();
    assert!(matches!(&line.kind, LineKind::Step { action, counts: false, .. } if action == "withdraw"));
}

#[test]
fn a_page_is_headed_as_its_row_is_named() {
    let package = Package::builtin();
    let headed = |kind: &str, form: &str, set: Value| {
        let mut story = Story::new();
        let body =
            json!({"type": kind, "form": form, "state": "recorded", "place": {"area": GRID}, "set": set});
        let op = story.op(gridbook_log::DeviceId([2; 8]), "ann", "create", &body);
        story.entity.apply(&op);
        let row = crate::summary::Summary::of(&story.entity, package).unwrap();
        let heading = story.view().heading(package);
        assert_eq!(heading, row.title);
        heading
    };
    assert_eq!(headed("entry", "F-PATROL/1", json!({})), package.form_title("F-PATROL/1").unwrap());
    assert_eq!(headed("entry", "F-PATROL/1", json!({"theme": "夜间巡查"})), "夜间巡查");
    assert_eq!(headed("entry", "F-NONE/1", json!({})), RecordKind::Entry.label(), "a form that nobody has");
    // A file of which nothing is known yet, and a report of one sentence.
    let file = package.form_title("F-MEDIATION/1").unwrap();
    assert_eq!(headed("mediation", "F-MEDIATION/1", json!({"title": ""})), file);
    assert_eq!(headed("hazard", "F-HAZARD/1", json!({"title": "", "desc": "坡上掉土块"})), "坡上掉土块");
    assert_eq!(headed("hazard", "F-HAZARD/1", json!({})), RecordKind::Hazard.label());
}

#[test]
fn a_line_tells_to_whom_it_went_and_which_fault_was_set() {
    let mut story = Story::hazard("blue");
    story.until_claimed();
    let dan = person("dan", "center_director");
    let told = |story: &Story| {
        let (view, package) = (story.view(), Package::builtin());
        let said = Said::of(&story.entity);
        view.timeline.last().unwrap().answers(&said, package, RecordKind::Hazard, str::to_owned)
    };
    let set = json!({"step": "remind", "fault": "late_response", "reply_by": "2026-06-01", "text": "请说明"});
    story.step(&dan, "supervise", &json!({"data": set}));
    assert_eq!(told(&story)[1..], ["过错：迟响应", "回复期限：2026-06-01"]);
    let set = json!({"body": "执法队", "basis": "第十二条", "receipt_by": "2026-06-01", "papers": 2, "text": "不归镇上办"});
    story.step(&dan, "transfer_out", &json!({"data": set}));
    assert_eq!(
        told(&story),
        ["移送到哪个单位：执法队", "移送依据：第十二条", "签收期限：2026-06-01", "材料几份：2"],
        "the words themselves stand in the line"
    );
}

#[test]
fn a_return_clears_the_unit_and_a_correction_is_a_line() {
    let mut story = Story::hazard("blue");
    let (ann, intake, head) =
        (person("ann", "village_assistant"), person("ivy", "intake_clerk"), person("hugh", "unit_head"));
    story.admitted(&ann, "set", &json!({"set": {"cause": "淤泥"}})).unwrap();
    story.step(&intake, "register", &super::story::register("blue"));
    story.step(&intake, "dispatch", &super::story::dispatch());
    story.step(&head, "return_unit", &json!({"data": {"reason": "wrong_unit", "text": "应由交通办理"}}));
    let view = story.view();
    assert_eq!((view.state.as_str(), view.return_count, &view.lead_unit), ("registered", 1, &None));
    let corrected: Vec<_> =
        view.timeline.iter().filter(|line| matches!(line.kind, LineKind::Corrected(_))).collect();
    assert_eq!(corrected[0].kind, LineKind::Corrected(vec!["cause".to_owned()]));
    assert_eq!(view.timeline.last().unwrap().reason.as_deref(), Some("wrong_unit"));
}

#[test]
fn a_dispute_kept_at_the_village_runs_to_the_end() {
    let (ann, ivy, lu) =
        (person("ann", "village_assistant"), person("ivy", "intake_clerk"), person("lu", "grid_worker_l1"));
    let (abe, cara) = (person("abe", "grid_worker_l1"), person("cara", "callback_clerk"));
    let mut story = Story::new();
    let body = json!({
        "type": "dispute", "form": "F-DISPUTE/1", "state": "submitted", "place": {"area": GRID},
        "set": {"facts": "两户为排水沟争吵", "intake_mode": "visit_found"}
    });
    story.admitted(&ann, "create", &body).unwrap();
    let register = json!({
        "set": {"category": "neighbor", "sub": "neighbor.3", "risk_level": "yellow"},
        "data": {"duplicate_checked": true}
    });
    story.step(&ivy, "register", &register);
    story.step(&lu, "keep", &json!({"set": {"handler": "lu", "handle_by": "2026-05-28"}}));
    assert_eq!(story.view().handle_by.as_deref(), Some("2026-05-28"));
    let bare = json!({"data": {"text": "谈妥了"}});
    assert_eq!(story.try_step(&lu, "finish", &bare).unwrap_err().code(), "invalid");
    assert_eq!(story.try_step(&abe, "finish", &bare).unwrap_err().code(), "not_handling");
    let done =
        json!({"data": {"text": "谈妥了"}, "set": {"success": "succeeded", "result_desc": "各清一半"}});
    story.step(&lu, "finish", &done);
    story.step(&lu, "feed_back", &json!({"data": {"channel": "visit", "text": "各清一半水沟"}}));
    story.step(&cara, "call_back", &super::story::call_back());
    story.step(&cara, "satisfied", &json!({"data": {"rating": "satisfied"}}));
    let view = story.view();
    assert_eq!((view.state.as_str(), view.level.as_deref()), ("closed", Some("yellow")));
    assert!(view.kept_at_village && view.lead_unit.is_none());
    assert_eq!(view.handler.as_deref(), Some("lu"));
    assert_eq!(view.values["success"], "succeeded");
    assert_eq!(view.title, "两户为排水沟争吵");
}

#[test]
fn receipts_tell_what_arrived() {
    let mut story = Story::hazard("blue");
    let dot = story.entity.creation().unwrap().dot;
    story.authority("receipt", &json!({"ops": [dot], "at": START + 60_000}));
    let view = story.view();
    assert_eq!(view.received_at, Some(START + 60_000));
    assert_eq!(view.timeline[0].received_at, Some(START + 60_000));
}

#[test]
fn other_streams_are_no_cases() {
    let mut story = Story::new();
    assert!(CaseView::of(&story.entity).is_none());
    story.authority("create", &json!({"type": "household", "place": {"area": GRID}}));
    assert!(CaseView::of(&story.entity).is_none());
}

#[test]
fn a_photo_carries_its_time_village_and_item() {
    let mut story = Story::hazard("blue");
    let line = |story: &Story| {
        let named =
            |code: &str| if code == "510000100201" { "柳溪村".to_owned() } else { code.to_owned() };
        let lines = strips(&story.entity, &story.view(), named);
        lines.values().next().cloned().unwrap()
    };
    assert_eq!(line(&story), "2026-05-18 08:00 · 柳溪村 · 本机号 070707");
    story.authority("number", &json!({"number": "青〔2026〕隐字第00001号"}));
    assert_eq!(line(&story), "2026-05-18 08:00 · 柳溪村 · 青〔2026〕隐字第00001号");
}
