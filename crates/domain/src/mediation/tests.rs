//! One invented case from the court's letter to the closed volume, and what each rule says on the way.
#![allow(clippy::unwrap_used)]

mod after;
mod figures;
mod papers;

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::document::{BLANK, Block, Document, document};
use super::follow::{Confirmation, confirmation, follow_ups};
use super::indicator::indicators;
use super::roster::{Mediator, choose, conflicted, count_load, offered};
use super::step::{Step, ceiling, next_step, steps, target};
use super::subsidy::{self, Rates, subsidy};
use super::track::{NeedsFile, elsewhere, needs_file};
use super::volume::{self, Retention, retention};
use super::*;
use crate::admit::Refusal;
use crate::case::FOLLOWED;
use crate::case::story::{GRID, Story, blob, person};
use crate::package::Package;
use crate::record::RecordKind;
use crate::role::Actor;
use crate::workflow::{Guard, STAYS};

fn day(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, month, day).unwrap()
}

#[test]
fn every_state_of_a_file_is_reached_and_all_but_the_ends_are_left() {
    let flow = Package::builtin().flow(RecordKind::Mediation).unwrap();
    let moves = || flow.transitions.get().iter().filter(|step| step.to != STAYS);
    let mut reached = BTreeSet::from([flow.initial.as_str()]);
    for _ in &flow.states {
        let next = moves().filter(|step| step.from.iter().any(|from| reached.contains(from.as_str())));
        let next: Vec<&str> = next.map(|step| step.to.as_str()).collect();
        reached.extend(next);
    }
    for state in &flow.states {
        assert!(reached.contains(state.id.as_str()), "{} is never reached", state.id);
        let left: Vec<&str> =
            moves().filter(|step| step.from.contains(&state.id)).map(|step| step.action.as_str()).collect();
        match (state.terminal, state.id.as_str()) {
            // A volume is opened again to put in what was missing.
            (true, "archived") => assert_eq!(left, ["med_reopen"]),
            (true, end) => assert!(left.is_empty(), "{end} is no end: {left:?}"),
            (false, held) => assert!(!left.is_empty() && !state.waits_for.is_empty(), "{held}"),
        }
    }
    assert_eq!(flow.states.iter().filter(|state| state.terminal).count(), 3);
}

fn mei() -> Actor {
    person("mei", "mediator")
}

fn hao() -> Actor {
    person("hao", "mediation_head")
}

/// The court's letter came in: an applicant, a respondent, no more.
fn applied() -> Story {
    let mut story = Story::new();
    let body = json!({
        "type": "mediation", "form": "F-MEDIATION/1", "state": "applied", "place": {"area": GRID},
        "set": {
            "dispute": "0190f0e0c0de4a5b8c6d7e8f90a1b2c3", "case_name": "排水沟损坏赔偿纠纷", "committee": "青禾镇人民调解委员会",
            "category": "neighbor", "facts": "季大寒挖断排水沟，钟小满家进水", "risk_level": "yellow",
            "people_count": 4, "amount": 10030.5, "difficulty": "general",
            "source": "court", "delegated_by": "县人民法院", "delegated_return_by": "2026-06-30",
            "parties/p1/side": "applicant", "parties/p1/kind": "natural", "parties/p1/name": "钟小满",
            "parties/p1/sex": "female", "parties/p1/phone": "13800005678", "parties/p1/id_type": "resident",
            "parties/p1/id_no": "510000199001010018",
            "parties/p2/side": "respondent", "parties/p2/kind": "natural", "parties/p2/name": "季大寒",
            "parties/p2/id_type": "resident", "parties/p2/id_no": "510000195506301234",
            "claims/c1/claim": "赔偿家具损失", "claims/c2/claim": "恢复排水沟"
        }
    });
    story.admitted(&mei(), "create", &body).unwrap();
    story
}

fn write(story: &mut Story, set: &Value, roles: &[&str]) {
    let blobs: Vec<Value> = roles.iter().map(|role| blob(role)).collect();
    story.admitted(&mei(), "set", &json!({"set": set, "blobs": blobs})).unwrap();
}

fn accepted() -> Story {
    let mut story = applied();
    write(
        &mut story,
        &json!({"consent_all": true, "accepted_on": "2026-05-18", "intake_way": "on_site"}),
        &["photo_identity"],
    );
    story.step(&mei(), "med_accept", &json!({}));
    story.authority("number", &json!({"number": "青〔2026〕人调字第00007号"}));
    story
}

/// Assigned, investigated, told, talked twice, with an expert.
fn talked() -> Story {
    let mut story = accepted();
    write(
        &mut story,
        &json!({
            "mediators/m1/name": "阮三江", "mediators/m1/lead": true, "mediators/m1/recusal": "relative", "mediators/m1/replaced": true,
            "mediators/m2/name": "柏立秋", "mediators/m2/lead": true, "mediators/m2/by_parties": true, "mediators/m2/recusal": "none",
            "recorder": "路小雪", "assigned_on": "2026-05-19", "told_on": "2026-05-19",
            "investigations/i1/kind": "talk", "investigations/i1/side": "applicant", "investigations/i1/person": "钟小满",
            "investigations/i1/from_at": "2026-05-20T09:00", "investigations/i1/asker": "柏立秋", "investigations/i1/record": "问：怎么进的水？答：沟断了。",
            "investigations/i2/kind": "talk", "investigations/i2/side": "respondent", "investigations/i2/person": "季大寒",
            "investigations/i2/from_at": "2026-05-20T14:00", "investigations/i2/asker": "柏立秋", "investigations/i2/record": "问：沟是谁挖的？答：我请的挖机。",
            "evidence/e1/name": "进水照片", "evidence/e1/submitter": "钟小满", "dispute_points": "损失怎样算，沟由谁修"
        }),
        &[],
    );
    write(
        &mut story,
        &json!({
            "notices/n1/person": "钟小满", "notices/n1/state": "signed", "notices/n1/on": "2026-05-21",
            "notices/n2/person": "季大寒", "notices/n2/state": "refused", "notices/n2/on": "2026-05-21",
            "talks/t1/at": "2026-05-22T09:00", "talks/t1/way": "back", "talks/t1/outcome": "next", "talks/t1/next_at": "2026-05-25T09:00",
            "experts/x1/name": "水利站工程师", "experts/x1/on": "2026-05-23", "experts/x1/opinion": "沟断是进水的主要原因",
            "talks/t2/at": "2026-05-25T09:00", "talks/t2/way": "face", "talks/t2/outcome": "written"
        }),
        &["sign_notice"],
    );
    story
}

fn agreed() -> Story {
    let mut story = talked();
    write(
        &mut story,
        &json!({
            "agreement_kind": "written", "agreed_on": "2026-05-25", "liability": "季大寒承担主要责任", "copies": 3, "payer": "季大寒",
            "terms/t1/term": "季大寒赔偿钟小满一万零三十元五角", "terms/t2/term": "季大寒修复排水沟",
            "instalments/z1/due": "2026-06-01", "instalments/z1/amount": 4000.5, "instalments/z1/performed_on": "2026-05-31",
            "instalments/a2/due": "2026-07-01", "instalments/a2/amount": 3000, "instalments/a3/due": "2026-08-01", "instalments/a3/amount": 3030,
            "signed_parties": true, "signed_mediator": true, "sealed": true
        }),
        &["photo_agreement"],
    );
    story.step(&mei(), "med_agree", &json!({}));
    story
}

fn filed() -> Story {
    let mut story = agreed();
    write(
        &mut story,
        &json!({
            "confirm_wanted": true, "court": "县人民法院", "confirm_applied_on": "2026-06-10", "confirm_result": "confirmed",
            "court_no": "（2026）川0000诉前调确7号", "confirmed_on": "2026-06-20",
            "follow_ups/f1/on": "2026-06-01", "follow_ups/f1/mode": "visit", "follow_ups/f1/person": "钟小满", "follow_ups/f1/performed": "part", "follow_ups/f1/visitor": "柏立秋",
            "follow_ups/f2/on": "2026-06-24", "follow_ups/f2/mode": "phone", "follow_ups/f2/person": "钟小满", "follow_ups/f2/performed": "part", "follow_ups/f2/visitor": "柏立秋",
            "volume_no": "2026-7", "compiled_by": "柏立秋", "checked_by": "郝小暑", "store_place": "调委会档案柜", "retention": "long"
        }),
        &[],
    );
    let pages = [
        ("cover", 1),
        ("catalogue", 1),
        ("registration", 2),
        ("rights_notice", 2),
        ("identity", 2),
        ("investigation", 4),
        ("evidence", 3),
        ("mediation_record", 5),
        ("agreement", 3),
        ("receipt", 1),
        ("followup", 2),
        ("confirmation", 2),
        ("note", 1),
        ("back", 1),
        ("expert_opinion", 1),
    ];
    let mut set = serde_json::Map::new();
    for (n, (doc, pages)) in pages.into_iter().enumerate() {
        set.insert(format!("parts/r{n:02}/doc"), json!(doc));
        set.insert(format!("parts/r{n:02}/pages"), json!(pages));
    }
    write(&mut story, &Value::Object(set), &[]);
    story
}

fn paper(story: &Story, id: &str) -> Document {
    let (package, view) = (Package::builtin(), story.view());
    document(
        package,
        package.form("F-MEDIATION"),
        &Mediation::of(&view),
        package.template(id).unwrap(),
        day(7, 3),
    )
}

fn words(document: &Document) -> String {
    let mut text = String::new();
    for block in &document.blocks {
        match block {
            Block::Paragraph(words) => text.push_str(words),
            Block::Table { head, rows } => {
                text.push_str(&head.join("|"));
                for row in rows {
                    text.push_str(&row.join("|"));
                    text.push('\n');
                }
            }
        }
        text.push('\n');
    }
    text + &document.signatures.join("\n")
}

#[test]
fn a_case_runs_from_the_letter_to_the_closed_volume() {
    let mut story = filed();
    assert_eq!(story.view().number.as_deref(), Some("青〔2026〕人调字第00007号"));
    assert_eq!(story.view().state, "agreed");
    assert_eq!(volume::missing(Package::builtin(), &Mediation::of(&story.view())), []);
    assert_eq!(story.try_step(&mei(), "med_archive", &json!({})).unwrap_err().code(), "not_permitted");
    story.step(&hao(), "med_archive", &json!({}));
    assert_eq!(story.view().state, "archived");
    assert!(is_over("archived") && !is_over("filing") && !is_over("agreed"));
    let late = json!({"set": {"volume_note": "漏了一页"}});
    assert_eq!(story.judge(&mei(), "set", &late).unwrap_err().code(), "not_legal_now");
    story.step(&hao(), "med_reopen", &json!({"data": {"text": "第三期收条"}}));
    write(&mut story, &json!({"instalments/a3/performed_on": "2026-08-01"}), &[]);
    story.step(&hao(), "med_archive", &json!({}));
}

#[test]
fn steps_tell_what_is_missing_and_can_be_revisited() {
    let package = Package::builtin();
    let next = |story: &Story, today| next_step(package, &Mediation::of(&story.view()), today);
    assert_eq!(next(&applied(), day(5, 18)), Some(Step::Accept));
    assert_eq!(next(&accepted(), day(5, 18)), Some(Step::Assign));
    assert_eq!(next(&talked(), day(5, 25)), Some(Step::Agreement));
    assert_eq!(next(&agreed(), day(5, 25)), Some(Step::FollowUp));
    assert_eq!(next(&filed(), day(7, 3)), Some(Step::Archive));
    let view = accepted().view();
    let all = steps(package, &Mediation::of(&view), day(5, 18));
    assert_eq!(all[1].missing, ["一名主持调解员", "记录人", "通知当事人"]);
    assert_eq!(ceiling(&Mediation::of(&view)), Some(day(6, 17)));
}

#[test]
fn a_step_is_skipped_only_with_a_reason_and_consent_never() {
    let package = Package::builtin();
    let mut story = accepted();
    write(
        &mut story,
        &json!({"skips/s1/step": "investigate", "skips/s1/reason": "法院已查明", "skips/s2/step": "inform", "skips/s2/reason": "太忙"}),
        &[],
    );
    let view = story.view();
    let all = steps(package, &Mediation::of(&view), day(5, 18));
    assert_eq!(all[2].skipped.as_deref(), Some("法院已查明"));
    assert!(all[2].settled() && !all[3].settled(), "the rights notice is never skipped");
    assert!(!step::ready_to_agree(&Mediation::of(&view)));
}

#[test]
fn what_does_not_fit_is_not_accepted_but_transferred() {
    let mut story = applied();
    assert_eq!(
        story.try_step(&mei(), "med_accept", &json!({})),
        Err(Refusal::Guard(Guard::MedFit)),
        "no consent yet"
    );
    write(&mut story, &json!({"consent_all": true, "not_fit": ["minor_abuse"]}), &[]);
    assert_eq!(story.try_step(&mei(), "med_accept", &json!({})), Err(Refusal::Guard(Guard::MedFit)));
    let package = Package::builtin();
    assert_eq!(elsewhere(package, &["minor_abuse"]), [("侵害未成年人", "派出所，同时告知民政和妇联")]);
    assert_eq!(package.dict("not_fit").unwrap().options.len(), 8);
    story.step(
        &mei(),
        "med_transfer",
        &json!({"data": {"body": "派出所", "basis": "强制报告", "receipt_by": "2026-05-19"}}),
    );
    assert_eq!(volume::result(&Mediation::of(&story.view())), "transferred");
    let mut refused = applied();
    refused.step(&mei(), "med_refuse", &json!({"data": {"reason": "in_procedure", "text": "法院正在审理"}}));
    assert_eq!(volume::result(&Mediation::of(&refused.view())), "not_accepted");
}

#[test]
fn no_agreement_before_the_steps_and_the_signatures() {
    let story = accepted();
    assert_eq!(story.try_step(&mei(), "med_agree", &json!({})), Err(Refusal::Guard(Guard::MedReady)));
    let mut story = talked();
    assert_eq!(story.try_step(&mei(), "med_agree", &json!({})), Err(Refusal::Guard(Guard::MedSigned)));
    write(
        &mut story,
        &json!({"agreement_kind": "oral", "agreed_on": "2026-05-25", "terms/t1/term": "各修一半"}),
        &[],
    );
    assert_eq!(
        story.try_step(&mei(), "med_agree", &json!({})),
        Ok(()),
        "an oral agreement takes effect when it is reached"
    );
    let view = agreed().view();
    let mut values = view.values.clone();
    for (path, what) in [
        ("signed_parties", "当事人签名"),
        ("signed_mediator", "调解员签名"),
        ("sealed", "盖章"),
        ("agreed_on", "生效日期"),
        ("parties/p2/id_no", "付款协议要有当事人证件号码"),
    ] {
        let held = values.remove(path).unwrap();
        let file = Mediation { values: &values, ..Mediation::of(&view) };
        assert_eq!(agreement::unsigned(&file), [what]);
        values.insert(path.to_owned(), held);
    }
    let outsider = person("ann", "village_assistant");
    assert_eq!(
        story.judge(&outsider, "set", &json!({"set": {"court": "x"}})).unwrap_err().code(),
        "not_permitted"
    );
}

#[test]
fn five_people_choose_who_speaks_and_the_township_hears_within_the_hour() {
    let package = Package::builtin();
    let step = |values: Value| {
        let view = accepted().view();
        let mut held = view.values.clone();
        held.extend(values.as_object().unwrap().clone());
        let file = Mediation { values: &held, ..Mediation::of(&view) };
        let found = super::step::steps(package, &file, day(5, 18));
        found.into_iter().find(|state| state.step == Step::Assign).unwrap().missing
    };
    let lacks = |values: Value, words: &str| step(values).iter().any(|missing| missing.contains(words));
    assert!(!lacks(json!({"people_count": 4}), "代表"));
    assert!(
        lacks(json!({"people_count": 5}), "推选的代表") && lacks(json!({"people_count": 5}), "联合调解方案")
    );
    // Both are said in one step, which anybody who keeps the file takes.
    let mut story = accepted();
    write(&mut story, &json!({"people_count": 12}), &[]);
    let plan = json!({"set": {"representatives": "钟小满、季大寒", "group_plan": "综治中心牵头，司法所、村委会参加，分两批谈"}});
    story.step(&mei(), "med_group", &plan);
    assert!(!lacks(Value::Object(story.view().values.into_iter().collect()), "推选的代表"));

    let mut group = Story::new();
    let body = json!({"type": "dispute", "form": "F-DISPUTE/1", "state": "submitted", "place": {"area": GRID},
        "set": {"facts": "十几户为征地款聚在村委会", "occur_place": "村委会", "intake_mode": "visit_found", "people_count": 14}});
    group.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
    let view = group.view();
    let arrived =
        |received_at| super::track::report_by(&crate::case::CaseView { received_at, ..view.clone() });
    assert_eq!(arrived(None), Some(view.reported_at + 3_600_000));
    assert_eq!(arrived(Some(view.reported_at + 1)), None, "the township has it");
    let few = crate::case::CaseView {
        values: [("people_count".to_owned(), json!(4))].into(),
        received_at: None,
        ..view.clone()
    };
    assert_eq!(super::track::report_by(&few), None);
}

#[test]
fn an_oral_agreement_is_one_form_until_it_is_too_much() {
    let ann = person("ann", "village_assistant");
    let mut story = Story::new();
    let body = json!({
        "type": "dispute", "form": "F-ORAL/1", "state": "submitted", "place": {"area": GRID},
        "set": {"facts": "为鸡进菜地争吵", "occur_place": "柳溪村3组", "found_at": "2026-05-18T08:00", "mediators": "安小满",
            "consent_both": true, "oral_result": "oral", "agreement_text": "赔十元，各自扎篱笆", "success": "succeeded", "risk_level": "blue"},
        "blobs": [blob("sign_parties")]
    });
    story.admitted(&ann, "create", &body).unwrap();
    assert_eq!(needs_file(&story.view().values), []);
    let confirm = json!({
        "set": {"category": "neighbor", "sub": "neighbor.5", "risk_level": "blue"},
        "data": {"duplicate_checked": true, "text": "当场谈妥"}
    });
    // What calls for a file is not closed with one form.
    let mut injured = Story::new();
    let mut hurt = body.clone();
    hurt["set"]["injury"] = json!(true);
    injured.admitted(&ann, "create", &hurt).unwrap();
    let ivy = person("ivy", "intake_clerk");
    assert_eq!(injured.try_step(&ivy, "settle_confirm", &confirm), Err(Refusal::Guard(Guard::NeedsNoFile)));
    let mut before = confirm.clone();
    before["table"] = json!(5);
    assert_eq!(
        injured.try_step(&ivy, "settle_confirm", &before),
        Ok(()),
        "a device that did not know the rule"
    );
    let raised = json!({
        "set": {"category": "neighbor", "sub": "neighbor.5", "risk_level": "orange"},
        "data": {"duplicate_checked": true, "text": "当场谈妥"}
    });
    assert_eq!(story.try_step(&ivy, "settle_confirm", &raised), Err(Refusal::Guard(Guard::NeedsNoFile)));
    story.step(&ivy, "settle_confirm", &confirm);
    assert_eq!(story.view().state, "done");
    let of = |path: &str, value: Value| needs_file(&Values::from([(path.to_owned(), value)]));
    assert_eq!(of("oral_result", json!("failed")), [NeedsFile::Unsettled]);
    assert_eq!(of("amount", json!(10_000)), []);
    assert_eq!(of("amount", json!(10_000.5)), [NeedsFile::Amount]);
    assert_eq!(of("injury", json!(true)), [NeedsFile::Injury]);
    assert_eq!(
        (of("people_count", json!(5)), of("people_count", json!(6))),
        (vec![], vec![NeedsFile::Group])
    );
    assert_eq!(of("to_file", json!(true)), [NeedsFile::Asked]);
    assert_eq!(of("risk_level", json!("orange")), [NeedsFile::Risk]);
}

#[test]
fn a_red_risk_is_told_the_same_day_and_lowered_by_a_head_alone() {
    let package = Package::builtin();
    let mut story = accepted();
    let hints = |story: &Story| {
        let row = crate::summary::Summary::of(&story.entity, package).unwrap();
        row.to_notify(story.ms)
    };
    assert_eq!((risk::to_notify(package, &story.view()), hints(&story)), (None, None), "yellow");
    // A threat of suicide is red by itself; the mediator cannot call it less.
    let assess = |ticked: &[&str], level: &str| json!({"data": {"step": "investigate"}, "set": {"risk_checklist": ticked, "risk_level": level}});
    let kept = || Err(Refusal::Guard(Guard::RiskKept));
    assert_eq!(story.try_step(&mei(), "assess", &assess(&["suicide"], "orange")), kept());
    story.step(&mei(), "assess", &assess(&["suicide"], "red"));
    let since = story.view().level_since.unwrap();
    let (left, due) = risk::to_notify(package, &story.view()).unwrap();
    assert_eq!(
        (left, due),
        (vec!["leader", "police"], crate::calendar::midnight(story.today()) + 86_400_000)
    );
    assert!(since < due && hints(&story) == Some(false));
    // Neither by the step nor by a plain correction.
    assert_eq!(story.try_step(&mei(), "assess", &assess(&[], "yellow")), kept());
    let set = |level: Value| json!({"set": {"risk_level": level}});
    for level in [json!("orange"), json!(null)] {
        let refusal = story.judge(&mei(), "set", &set(level)).unwrap_err();
        assert_eq!(refusal, Refusal::Guard(Guard::RiskKept));
    }
    let told = |body: &str| json!({"data": {"body": body, "person": "所长", "told_at": "2026-05-18T10:00", "way": "phone"}});
    story.step(&mei(), "risk_notice", &told("police"));
    assert_eq!(risk::to_notify(package, &story.view()).unwrap().0, ["leader"]);
    story.step(&mei(), "risk_notice", &told("leader"));
    assert_eq!((risk::to_notify(package, &story.view()), hints(&story)), (None, None));
    assert_eq!(story.view().risk.notices[0].way, "phone");
    assert_eq!(story.try_step(&mei(), "risk_notice", &told("leader")), Err(Refusal::Guard(Guard::NoticeDue)));
    // The head lowers it; red once more is told once more.
    story.step(&hao(), "assess", &assess(&[], "yellow"));
    story.step(&mei(), "assess", &assess(&["weapon"], "red"));
    assert_eq!(risk::to_notify(package, &story.view()).unwrap().0.len(), 2);
}

#[test]
fn a_step_without_a_fresh_look_at_the_risk_is_marked() {
    let package = Package::builtin();
    let mut story = accepted();
    let marked = |story: &Story| risk::unassessed(package, &story.view());
    write(&mut story, &json!({"dispute_points": "谁挖断了排水沟"}), &[]);
    assert!(marked(&story).contains(&Step::Investigate));
    let again = json!({"data": {"step": "investigate"}, "set": {"risk_level": "yellow"}});
    story.step(&mei(), "assess", &again);
    assert!(!marked(&story).contains(&Step::Investigate));
    assert!(!marked(&story).contains(&Step::Agreement), "not taken yet");
}

#[test]
fn a_file_takes_over_who_was_told_of_its_dispute() {
    let package = Package::builtin();
    let mut story = Story::new();
    let body = json!({
        "type": "dispute", "form": "F-DISPUTE/1", "state": "submitted", "place": {"area": GRID},
        "set": {"facts": "扬言拼命", "occur_place": "柳溪村3组", "risk_level": "red", "risk_checklist": ["weapon"]}
    });
    story.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
    let abe = person("abe", "grid_worker_l1");
    for body in ["leader", "police"] {
        let told = json!({"body": body, "person": "值班领导", "told_at": "2026-05-18T08:30", "way": "phone"});
        story.step(&abe, "risk_notice", &json!({"data": told}));
    }
    story.step(&person("ivy", "intake_clerk"), "comment", &json!({"data": {"text": "已到场"}}));
    let set = open::from_dispute(&story.view(), "青禾镇人民调解委员会");
    let body = json!({"type": "mediation", "form": "F-MEDIATION/1", "state": "applied", "place": {"area": GRID}, "set": set});
    let mut file = Story::new();
    file.admitted(&mei(), "create", &body).unwrap();
    assert_eq!(risk::to_notify(package, &file.view()), None);
    // The phone's form may say more than the dispute, not less; a head may.
    let today = story.today();
    let taken = |actor: &Actor, level: &str| {
        let mut set = Values::from([("risk_level".to_owned(), json!(level))]);
        let fine = risk::take_over(package, actor, &story.view(), &mut set, today);
        (fine, set.contains_key(risk::TOLD))
    };
    assert_eq!(taken(&mei(), "red"), (true, true));
    assert_eq!(taken(&mei(), "blue"), (false, false));
    assert_eq!(taken(&hao(), "blue"), (true, false));
}
