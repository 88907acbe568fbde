//! One invented case from the court's letter to the closed volume, and what each rule says on the way.
#![allow(clippy::unwrap_used)]

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
fn failed_mediation_takes_a_talk_and_leads_to_cooling_visits() {
    let fail = json!({"set": {"failed_reason": "no_agreement"}, "data": {"told_ways": true}});
    assert_eq!(accepted().try_step(&mei(), "med_fail", &fail), Err(Refusal::Guard(Guard::MedTalked)));
    let mut story = talked();
    story.step(&mei(), "med_fail", &fail);
    let view = story.view();
    let file = Mediation::of(&view);
    assert_eq!((view.state.as_str(), volume::result(&file)), ("failed", "failed"));
    let due: Vec<NaiveDate> = follow_ups(&file, day(5, 26)).into_iter().map(|visit| visit.due).collect();
    assert_eq!(due, [day(6, 1), day(6, 24)]);
    let lacks = volume::missing(Package::builtin(), &file);
    assert!(lacks.iter().any(|(id, _)| id == "termination"));
    assert!(words(&paper(&story, "termination")).contains("因未达成一致，本委员会终止调解"));
}

#[test]
fn recusal_is_asked_and_seen() {
    let view = talked().view();
    assert_eq!(Mediation::of(&view).mediators(), ["柏立秋"]);
    assert!(conflicted(&Mediation::of(&view)).is_empty());
    let mut values = view.values.clone();
    values.insert("mediators/m1/replaced".to_owned(), json!(false));
    assert_eq!(conflicted(&Mediation { values: &values, ..Mediation::of(&view) }), ["阮三江"]);
    values.insert("parties/p2/name".to_owned(), json!("柏立秋"));
    assert_eq!(conflicted(&Mediation { values: &values, ..Mediation::of(&view) }), ["阮三江", "柏立秋"]);
    assert!(words(&paper(&talked(), "recusal")).contains("调解员阮三江与当事人近亲属，决定更换"));
}

#[test]
fn the_roster_offers_who_knows_and_has_time() {
    let one = |name: &str, known: &[&str], load, term_to| Mediator {
        name: name.to_owned(),
        expertise: known.iter().map(|id| (*id).to_owned()).collect(),
        load,
        term_to,
        ..Mediator::default()
    };
    let roster = [
        one("甲", &["labor"], 0, None),
        one("乙", &["neighbor"], 3, None),
        one("丙", &["neighbor"], 1, Some(day(5, 18))),
        one("丁", &["neighbor"], 0, Some(day(5, 17))),
    ];
    let names: Vec<&str> = choose(&roster, "neighbor", day(5, 18)).iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names, ["丙", "乙", "甲"]);
}

#[test]
fn the_roster_stands_in_the_directory_and_nobody_mediates_the_own_quarrel() {
    let person = |name: &str, area: &str, listed: bool| {
        let known = Mediator {
            body: "村调委会".to_owned(),
            area: area.to_owned(),
            expertise: vec!["neighbor".to_owned()],
            term_to: Some(day(12, 31)),
            ..Mediator::default()
        };
        let mut values = known.values(listed);
        values.insert("name".to_owned(), json!(name));
        let read = Mediator::of(&values);
        assert_eq!(read, listed.then(|| Mediator { name: name.to_owned(), ..known }));
        read
    };
    let view = talked().view();
    let file = Mediation::of(&view);
    let party = file.rows("parties")[0].text("name").to_owned();
    let people = [
        person("邹清明", "510000100201", true),
        person("柏立秋", "", true),
        person(&party, "", true),
        person("路小雪", "510000100202", true),
        person("时白露", "", true),
        person("郝小暑", "", false),
    ];
    let mut roster: Vec<Mediator> = people.into_iter().flatten().collect();
    count_load(
        &mut roster,
        [Mediation { state: "accepted", ..file }, Mediation { state: "archived", ..file }],
    );
    let load: Vec<(&str, u32)> =
        roster.iter().filter(|one| one.load > 0).map(|one| (&*one.name, one.load)).collect();
    assert_eq!(load, [("柏立秋", 1)], "a file that is over is no load");
    roster[0].load = 2;
    let told = |area: &str| {
        offered(&roster, &file, area, day(5, 26)).iter().map(|one| one.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(told("51000010020100301"), ["时白露", "邹清明"], "not who is named already, nor a party");
    assert_eq!(told("51000010020200301"), ["时白露", "路小雪"]);
}

#[test]
fn instalments_are_watched() {
    let mut story = agreed();
    let states = |story: &Story, today| -> Vec<agreement::Performance> {
        agreement::instalments(&Mediation::of(&story.view()), today).iter().map(|part| part.state).collect()
    };
    use agreement::Performance::{Done, Late, Open, Urged};
    assert_eq!(states(&story, day(7, 1)), [Done, Open, Open]);
    assert_eq!(states(&story, day(7, 2)), [Done, Late, Open]);
    assert_eq!(agreement::advice(&Mediation::of(&story.view()), day(7, 2)), ["第 2 期已过期, 请催促履行"]);
    write(&mut story, &json!({"instalments/a2/urged_on": "2026-07-02"}), &[]);
    assert_eq!(states(&story, day(7, 10)), [Done, Urged, Open]);
    assert_eq!(
        agreement::advice(&Mediation::of(&story.view()), day(7, 10)),
        ["第 2 期催促后仍未履行, 建议向法院起诉"]
    );
    write(&mut story, &json!({"confirm_result": "confirmed"}), &[]);
    assert!(agreement::advice(&Mediation::of(&story.view()), day(7, 10))[0].contains("强制执行"));
}

#[test]
fn confirmation_counts_thirty_days_and_reminds() {
    let mut story = agreed();
    let at = |story: &Story, today| confirmation(&Mediation::of(&story.view()), today);
    let open = |left, remind| Confirmation::Open { until: day(6, 24), left, remind };
    let remind = |story: &mut Story, today: NaiveDate| {
        story.ms = crate::calendar::midnight(today) + 36_000_000;
        story.step(&mei(), "med_remind", &json!({"set": {"confirm_reminded_on": today.to_string()}}));
    };
    assert_eq!(at(&story, day(5, 25)), open(31, None));
    let early = story.try_step(&mei(), "med_remind", &json!({"set": {"confirm_reminded_on": "2026-05-25"}}));
    assert_eq!(early, Err(Refusal::Guard(Guard::RemindDue)), "nothing to remind of yet");
    assert_eq!(at(&story, day(6, 1)), open(24, Some(7)));
    assert_eq!(at(&story, day(6, 3)), open(22, Some(7)), "until somebody did");
    remind(&mut story, day(6, 3));
    assert_eq!(at(&story, day(6, 4)), open(21, None));
    assert_eq!(at(&story, day(6, 14)), open(11, Some(20)), "the next one, not the same again");
    remind(&mut story, day(6, 14));
    assert_eq!(at(&story, day(6, 22)), open(3, Some(27)), "day 27 was yesterday");
    remind(&mut story, day(6, 22));
    assert_eq!(at(&story, day(6, 24)), open(1, None));
    assert_eq!(at(&story, day(6, 25)), Confirmation::Expired);
    let filed = filed().view();
    assert_eq!(
        confirmation(&Mediation::of(&filed), day(6, 25)),
        Confirmation::Answered("confirmed".to_owned())
    );
    assert_eq!(confirmation(&Mediation::of(&talked().view()), day(6, 1)), Confirmation::NotOffered);
}

#[test]
fn only_all_parties_together_extend_the_mediation() {
    let mut story = accepted();
    let extend = |agree: bool, until: &str, photos: usize| {
        json!({"data": {"parties_agree": agree}, "set": {"extended_until": until},
            "blobs": vec![blob("photo_extension"); photos]})
    };
    let refused = || Err(Refusal::Guard(Guard::PartiesExtend));
    assert_eq!(story.try_step(&mei(), "med_extend", &extend(false, "2026-07-01", 1)), refused());
    assert_eq!(story.try_step(&mei(), "med_extend", &extend(true, "2026-06-17", 1)), refused(), "no later");
    let bare = story.try_step(&mei(), "med_extend", &extend(true, "2026-07-01", 0));
    assert!(matches!(bare, Err(Refusal::Invalid(_))), "the signed paper is asked for: {bare:?}");
    story.step(&mei(), "med_extend", &extend(true, "2026-07-01", 1));
    let view = story.view();
    let file = Mediation::of(&view);
    assert_eq!(ceiling(&file), Some(day(7, 1)));
    // Ten working days from the acceptance on 18 May, no holiday between.
    assert_eq!(target(Package::builtin(), &file), Some(day(6, 1)));
    // A plain correction does not extend it.
    let set = json!({"set": {"extended_until": "2026-12-31"}});
    assert!(story.judge(&mei(), "set", &set).is_err());
}

#[test]
fn a_side_may_stop_before_the_first_talk() {
    let mut story = accepted();
    let stop = |reason: &str, text: &str| {
        json!({"set": {"failed_reason": reason, "failed_on": "2026-05-19"},
            "data": {"told_ways": true, "text": text}})
    };
    let refused = || Err(Refusal::Guard(Guard::MedTalked));
    assert_eq!(story.try_step(&mei(), "med_fail", &stop("unwilling", "")), refused(), "no reason");
    assert_eq!(story.try_step(&mei(), "med_fail", &stop("no_agreement", "没谈")), refused(), "nobody talked");
    story.step(&mei(), "med_fail", &stop("unwilling", "季大寒说不谈了，要去起诉"));
    let view = story.view();
    let (file, package) = (Mediation::of(&view), Package::builtin());
    assert_eq!((view.state.as_str(), volume::result(&file)), ("failed", "terminated"));
    let lacks: Vec<String> = volume::missing(package, &file).into_iter().map(|(id, _)| id).collect();
    for id in ["mediation_record", "rights_notice", "identity"] {
        assert!(!lacks.contains(&id.to_owned()), "{id}: nobody met");
    }
    assert!(lacks.contains(&"termination".to_owned()));
    assert!(!steps(package, &file, day(5, 20)).iter().any(|state| {
        matches!(state.step, Step::Assign | Step::Inform | Step::Mediate) && !state.missing.is_empty()
    }));
    let due: Vec<NaiveDate> = follow_ups(&file, day(5, 20)).into_iter().map(|visit| visit.due).collect();
    assert_eq!(due, [day(5, 26), day(6, 18)], "cooling visits all the same");
    let sum = indicators(package, [file], day(5, 1), day(5, 31));
    assert_eq!((sum.concluded, sum.days, sum.within_target), (1, 1, 1));
}

#[test]
fn a_receipt_is_kept_and_printed_with_its_photo() {
    let mut story = agreed();
    let bare = story.try_step(&mei(), "med_receipt", &json!({}));
    assert!(matches!(bare, Err(Refusal::Invalid(_))), "{bare:?}");
    story.step(
        &mei(),
        "med_receipt",
        &json!({"blobs": [blob("photo_performance")], "data": {"text": "第1期"}}),
    );
    let template = Package::builtin().template("receipt").unwrap();
    assert_eq!(story.view().photos.get(&template.photos), Some(&1));
}

#[test]
fn follow_ups_are_denser_where_it_is_dangerous() {
    let mut story = agreed();
    let due = |story: &Story| -> Vec<(NaiveDate, bool)> {
        follow_ups(&Mediation::of(&story.view()), day(7, 3))
            .into_iter()
            .map(|visit| (visit.due, visit.done.is_some()))
            .collect()
    };
    assert_eq!(due(&story), [(day(6, 1), false), (day(6, 24), false)]);
    write(&mut story, &json!({"risk_checklist": ["violence_threat"], "follow_ups/f1/on": "2026-06-01"}), &[]);
    assert_eq!(
        due(&story),
        [
            (day(6, 1), true),
            (day(6, 8), false),
            (day(6, 15), false),
            (day(6, 24), false),
            (day(8, 23), false)
        ]
    );
    assert_eq!(due(&filed()), [(day(6, 1), true), (day(6, 24), true)]);
}

#[test]
fn what_a_visit_asked_about_is_a_follow_up_of_the_file() {
    let mut story = agreed();
    story.ms = crate::calendar::midnight(day(6, 1)) + 36_000_000;
    let visit = "0190f0e0c0de4a5b8c6d7e8f90a1b2c4";
    let ann = person("ann", "village_assistant");
    let asked = |on: &str, reached: bool| {
        json!({"data": {"visit": visit, "on": on, "reached": reached, "mode": "phone", "person": "钟小满",
            "performed": "part", "relapse": true, "visitor": "何秀兰", "text": "钱只付了一半"}})
    };
    story.step(&ann, FOLLOWED, &asked("2026-06-01", false));
    assert!(Mediation::of(&story.view()).rows("follow_ups").is_empty(), "nobody was reached");
    // Who sees the file and makes no visits there tells it nothing.
    let refused = story.try_step(&person("lin", "leader"), FOLLOWED, &asked("2026-06-01", true));
    assert!(matches!(refused, Err(Refusal::Guard(Guard::MayVisit))), "{refused:?}");
    story.step(&ann, FOLLOWED, &asked("2026-06-01", true));
    let view = story.view();
    let file = Mediation::of(&view);
    let due: Vec<bool> = follow_ups(&file, day(7, 3)).iter().map(|visit| visit.done.is_some()).collect();
    assert_eq!(due, [true, false]);
    let row = file.rows("follow_ups")[0];
    assert_eq!((row.text("person"), row.text("visitor"), row.yes("relapse")), ("钟小满", "何秀兰", true));
    let said = words(&paper(&story, "followup"));
    assert!(said.contains("何秀兰") && said.contains("部分履行") && said.contains("2026年6月1日"), "{said}");
    // The mediator adds what was not asked; nothing else of it changes.
    write(&mut story, &json!({format!("follow_ups/{visit}/rating"): "satisfied"}), &[]);
    let view = story.view();
    let rows = Mediation::of(&view).rows("follow_ups");
    assert_eq!((rows.len(), rows[0].text("rating"), rows[0].text("person")), (1, "satisfied", "钟小满"));
}

#[test]
fn the_agreement_states_the_amount_in_capitals() {
    let agreement = paper(&filed(), "agreement");
    let text = words(&agreement);
    for part in [
        "编号：青〔2026〕人调字第00007号",
        "申请方：钟小满，女",
        "一、季大寒赔偿钟小满一万零三十元五角",
        "二、季大寒修复排水沟",
        "期次|日期|金额（元）|做什么|履行情况1|2026年6月1日|4,000.50|",
        "3|2026年8月1日|3,030.00|",
        "合计人民币（大写）壹万零叁拾元伍角整（¥10,030.50）",
        "本协议一式3份",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(agreement.date.as_deref(), Some("2026年5月25日"));
    assert!(agreement.seal && agreement.signatures.len() == 3);
    assert!(text.contains(&format!("违约约定：{BLANK}")), "what nobody said stays a line to fill by hand");
    let receipt = words(&paper(&filed(), "receipt"));
    assert!(
        receipt.contains("第1期款项人民币（大写）肆仟元伍角整（¥4,000.50）") && !receipt.contains("第2期"),
        "{receipt}"
    );
}

#[test]
fn the_volume_has_thirteen_parts_with_running_pages() {
    let story = filed();
    let view = story.view();
    let parts = volume::catalogue(Package::builtin(), &Mediation::of(&view));
    let shown: Vec<(&str, u64, u64)> = parts.iter().map(|part| (part.id, part.first, part.last)).collect();
    assert_eq!(
        shown[..4],
        [("cover", 1, 1), ("catalogue", 2, 2), ("registration", 3, 4), ("rights_notice", 5, 6)]
    );
    assert_eq!(shown.last(), Some(&("expert_opinion", 31, 31)));
    assert!(parts.windows(2).all(|pair| pair[0].last + 1 == pair[1].first));
    let text = words(&paper(&story, "catalogue"));
    assert!(text.contains("9|人民调解协议书|21—23|"), "{text}");
    assert!(words(&paper(&story, "note")).contains("本卷共15件31页"));
    assert!(words(&paper(&story, "cover")).contains("结果|达成书面协议"));
}

#[test]
fn an_incomplete_volume_is_not_closed() {
    let view = filed().view();
    let package = Package::builtin();
    let lacks = |change: &dyn Fn(&mut Values, &mut Photos)| {
        let (mut values, mut photos) = (view.values.clone(), view.photos.clone());
        change(&mut values, &mut photos);
        let file = Mediation { values: &values, photos: &photos, ..Mediation::of(&view) };
        volume::missing(package, &file).into_iter().map(|(id, _)| id).collect::<Vec<_>>()
    };
    let gone = |path: &'static str| lacks(&move |values, _| drop(values.remove(path)));
    assert_eq!(gone("parts/r07/pages"), ["mediation_record"]);
    assert_eq!(gone("parts/r02/pages"), ["registration"], "one of application and register form");
    assert_eq!(gone("parts/r05/pages"), ["investigation"]);
    assert_eq!(gone("parts/r09/pages"), ["receipt"]);
    assert_eq!(gone("parts/r11/pages"), ["confirmation"]);
    assert_eq!(gone("sealed"), ["agreement"]);
    let told = |agent: bool, pages: bool| {
        lacks(&move |values, _| {
            values.extend(agent.then(|| ("parties/p2/agent_name".to_owned(), json!("季小寒"))));
            values.insert("parts/r20/doc".to_owned(), json!("authorization"));
            values.extend(pages.then(|| ("parts/r20/pages".to_owned(), json!(1))));
        })
    };
    assert_eq!(told(true, false), ["authorization"], "somebody speaks for a party");
    assert_eq!(told(true, true), Vec::<String>::new());
    assert_eq!(told(false, true), ["authorization"], "not without an agent");
    assert_eq!(gone("notices/n2/person"), ["rights_notice"]);
    assert_eq!(gone("store_place"), ["cover"]);
    assert_eq!(lacks(&|_, photos| photos.clear()), ["identity", "agreement"]);
    assert_eq!(lacks(&|values, _| drop(values.insert("retention".to_owned(), json!("short")))), ["cover"]);
    let mut story = agreed();
    assert_eq!(story.try_step(&hao(), "med_archive", &json!({})), Err(Refusal::Guard(Guard::MedComplete)));
    story.ms += 1;
}

#[test]
fn how_long_a_volume_is_kept() {
    let view = filed().view();
    let of = |path: &str, value: Value| {
        let mut values = view.values.clone();
        values.insert(path.to_owned(), value);
        retention(&Mediation { values: &values, ..Mediation::of(&view) })
    };
    assert_eq!(of("people_count", json!(4)), Retention::Long);
    assert_eq!(of("people_count", json!(5)), Retention::Permanent);
    assert_eq!(of("category", json!("land_boundary")), Retention::Permanent);
    assert_eq!(of("risk_checklist", json!(["death_injury"])), Retention::Permanent);
    assert_eq!(of("agreement_kind", json!("oral")), Retention::Short);
}

#[test]
fn figures_come_from_the_files_alone() {
    let (done, failed, open) = (
        filed().view(),
        {
            let mut story = talked();
            story.step(
                &mei(),
                "med_fail",
                &json!({"set": {"failed_reason": "unwilling"}, "data": {"told_ways": true}}),
            );
            story.view()
        },
        accepted().view(),
    );
    let files = [&done, &failed, &open].map(Mediation::of);
    let package = Package::builtin();
    let sum = indicators(package, files, day(5, 1), day(7, 31));
    assert_eq!((sum.accepted, sum.concluded, sum.written, sum.oral), (3, 2, 1, 0));
    assert_eq!((sum.days, sum.within_30, sum.confirmed, sum.fen), (14, 2, 1, 1_003_050));
    assert_eq!(
        (sum.within_target, sum.target_permille(), sum.within_30_permille()),
        (2, Some(1000), Some(1000))
    );
    assert_eq!((sum.due, sum.performed), (2, 1));
    assert_eq!((sum.success_permille(), sum.performed_permille()), (Some(500), Some(500)));
    assert_eq!((sum.by_source["court"], sum.by_mediator["柏立秋"]), (3, 2));
    assert_eq!(indicators(package, files, day(1, 1), day(1, 31)).success_permille(), None);
    let rates = Rates::default();
    assert_eq!(subsidy(&rates, &Mediation::of(&done), true), 150);
    assert_eq!(subsidy(&rates, &Mediation::of(&failed), true), 75);
    assert_eq!(subsidy(&rates, &Mediation::of(&done), false), 0);
    let own = Rates { general: 200, failed_percent: 25, ..rates };
    assert_eq!(
        (subsidy(&own, &Mediation::of(&done), true), subsidy(&own, &Mediation::of(&failed), true)),
        (200, 50)
    );
    let odd = Rates { general: 15, ..rates };
    assert_eq!(subsidy(&odd, &Mediation::of(&failed), true), 8, "half a yuan counts as one");
    assert!(
        own.sound()
            && !Rates { failed_percent: 101, ..own }.sound()
            && !Rates { hard: 100_001, ..own }.sound()
    );
}

#[test]
fn the_subsidy_is_due_once_the_volume_is_closed_and_somebody_approves_it() {
    let rates = Rates::default();
    let line = |story: &Story| subsidy::line(&rates, &story.entity, &Mediation::of(&story.view()));
    assert_eq!(line(&accepted()), None, "nothing came to an end");
    let mut story = filed();
    let open = line(&story).unwrap();
    assert_eq!((open.due, open.archived, open.approved), (0, None, None), "the volume is not closed");
    let early = story.try_step(&hao(), "med_subsidy", &json!({"data": {"yuan": 150}}));
    assert_eq!(early.unwrap_err().code(), "not_legal_now");
    story.step(&hao(), "med_archive", &json!({}));
    assert_eq!(line(&story).unwrap().due, 150);
    let own = story.try_step(&mei(), "med_subsidy", &json!({"data": {"yuan": 150}}));
    assert_eq!(own.unwrap_err().code(), "not_permitted", "nobody approves his own");
    story.step(&hao(), "med_subsidy", &json!({"data": {"yuan": 120}}));
    let held = line(&story).unwrap().approved.unwrap();
    assert_eq!((held.yuan, held.by.as_str()), (120, "hao"));
    // Papers that come in months later change neither its period nor what was approved; that may be looked at again.
    let first = line(&story);
    story.ms += 60 * crate::calendar::DAY_MS;
    story.step(&hao(), "med_reopen", &json!({"data": {"text": "补收条"}}));
    assert_eq!(line(&story), first);
    story.step(&hao(), "med_archive", &json!({}));
    assert_eq!(line(&story), first);
    story.step(&hao(), "med_subsidy", &json!({"data": {"yuan": 150}}));
    assert_eq!(line(&story).unwrap().approved.unwrap().yuan, 150);
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
fn every_placeholder_means_something() {
    let package = Package::builtin();
    let form = package.form("F-MEDIATION").unwrap();
    let hazard = package.form("F-HAZARD").unwrap();
    let known = [
        "n",
        "N",
        "no",
        "today",
        "甲",
        "乙",
        "mediators",
        "total",
        "capital_total",
        "pages",
        "parts",
        "result",
        "performed",
        // Of a supervision note and its case: the desk hands them in.
        "lead_unit",
        "title",
        "handle_by",
        "supervise_text",
        "supervise_reply_by",
        "supervise_reply",
        "supervise_nth",
        "supervise_no",
        "supervise_late",
        "transfer_papers",
        "transfer_receipt_by",
        "transfer_received_by",
        "transfer_text",
        "transfer_outcome",
        "transferred_on",
    ];
    assert_eq!(package.documents.get().len(), 25);
    for template in package.documents.get() {
        let of = if template.id == "rect_notice" { hazard } else { form };
        for block in &template.blocks {
            let table = if block.table.is_empty() { &block.each } else { &block.table };
            assert!(table.is_empty() || of.field(table).is_some(), "{}: {table}", template.id);
            let texts = block.cells.iter().chain([&block.p]).chain(block.grid.iter().map(|[_, value]| value));
            for text in texts.chain(&template.sign) {
                for name in text.split('{').skip(1).map(|part| part.split('}').next().unwrap()) {
                    let path = name.split_once(':').map_or(name, |(_, path)| path);
                    let column = of
                        .field(table)
                        .is_some_and(|table| table.fields.iter().any(|field| field.path == path));
                    assert!(
                        known.contains(&path) || column || of.field(path).is_some(),
                        "{}: {name}",
                        template.id
                    );
                }
            }
        }
    }
}

#[test]
fn every_section_of_the_form_belongs_to_one_step() {
    let form = Package::builtin().form("F-MEDIATION").unwrap();
    let mut steps: Vec<&str> = Step::ALL.into_iter().flat_map(Step::sections).copied().collect();
    let mut sections: Vec<&str> = form.sections.iter().map(|section| section.id.as_str()).collect();
    steps.sort_unstable();
    sections.sort_unstable();
    assert_eq!(steps, sections);
}

#[test]
fn what_is_laid_out_is_what_the_volume_needs() {
    let package = Package::builtin();
    let of = |story: &Story| {
        let view = story.view();
        volume::papers(package, &Mediation::of(&view)).join(" ")
    };
    assert_eq!(
        of(&agreed()),
        "cover catalogue registration rights_notice identity investigation evidence mediation_record agreement receipt \
         followup note back"
    );
    let listed = of(&filed());
    assert!(listed.contains("confirmation") && listed.contains("expert_opinion"), "{listed}");
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
