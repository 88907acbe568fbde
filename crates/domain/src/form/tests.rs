#![allow(clippy::unwrap_used)]

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::*;
use crate::package::Package;

fn values(from: Value) -> Values {
    let Value::Object(map) = from else { panic!("an object") };
    map.into_iter().collect()
}

fn problems(form: &str, from: Value, photos: &[&str], stage: Stage) -> Vec<(String, &'static str, bool)> {
    let package = Package::builtin();
    let photos = photos.iter().map(|role| ((*role).to_owned(), 1)).collect();
    let today = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
    validate(package, package.form(form).unwrap(), &values(from), &photos, stage, today)
        .into_iter()
        .map(|problem| (problem.path, problem.code, problem.blocks))
        .collect()
}

fn paths(found: &[(String, &'static str, bool)], code: &str) -> Vec<String> {
    found.iter().filter(|(_, c, _)| *c == code).map(|(path, ..)| path.clone()).collect()
}

fn visit() -> Value {
    json!({
        "household": "0190f0e0c0de4a5b8c6d7e8f90a1b2c3", "visit_at": "2026-11-21T09:30", "mode": "in_home",
        "purposes": ["daily"], "met": "head", "no_change": true, "well_being": "good", "fire_ok": "ok",
        "power_gas_ok": "ok", "house_ok": "ok", "geo_ok": "ok", "water_safety_ok": "ok", "fraud_ok": "ok"
    })
}

fn with(mut base: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("an object") };
    base.as_object_mut().unwrap().extend(more);
    base
}

fn hazard() -> Value {
    json!({
        "desc": "屋后坡体有裂缝", "level": "yellow", "category": "geology", "subtype": "geology.4",
        "found_at": "2026-11-21T09:30", "source": "visit_found"
    })
}

fn dispute() -> Value {
    json!({
        "facts": "两户为排水沟争吵", "occur_place": "柳溪村3组", "intake_mode": "visit_found",
        "event_name": "排水沟纠纷", "occur_date": "2026-11-20", "category": "neighbor", "sub": "neighbor.3",
        "scale": "01", "people_count": 4, "claims/c1/claim": "恢复水沟", "risk_level": "blue",
        "mediation_wish": "both",
        "parties/p1/side": "applicant", "parties/p1/kind": "natural", "parties/p1/name": "钟小满",
        "parties/p2/side": "respondent", "parties/p2/kind": "natural", "parties/p2/name": "季大寒"
    })
}

#[test]
fn no_section_or_row_shows_more_than_seven_questions() {
    for form in Package::builtin().forms.get() {
        for section in &form.sections {
            assert!(section.fields.len() <= 7, "{} {}", form.id, section.id);
            for field in &section.fields {
                let shown = field.fields.iter().filter(|column| !column.more).count();
                assert!(shown <= 7, "{} {}", form.id, field.path);
            }
        }
    }
}

#[test]
fn complete_records_pass() {
    assert_eq!(problems("F-VISIT", visit(), &[], Stage::Full), []);
    assert_eq!(problems("F-HAZARD", hazard(), &["photo_before"], Stage::Full), []);
    assert_eq!(problems("F-DISPUTE", dispute(), &[], Stage::Full), []);
}

#[test]
fn a_quick_report_needs_one_sentence() {
    assert_eq!(problems("F-HAZARD", json!({"desc": "路边护栏断了"}), &[], Stage::Quick), []);
    assert_eq!(problems("F-DISPUTE", json!({"facts": "两家吵架"}), &[], Stage::Quick), []);
    let empty = problems("F-HAZARD", json!({"desc": "  "}), &[], Stage::Quick);
    assert_eq!(empty, [("desc".to_owned(), "required", true)]);
}

#[test]
fn hazards_and_well_being_are_asked_every_time() {
    let mut short = visit();
    for path in ["fire_ok", "fraud_ok", "well_being"] {
        short.as_object_mut().unwrap().remove(path);
    }
    let found = problems("F-VISIT", short, &[], Stage::Full);
    assert_eq!(paths(&found, "required"), ["well_being", "fire_ok", "fraud_ok"]);
}

#[test]
fn nobody_met_needs_a_reason_and_nothing_about_the_home() {
    let base = json!({
        "household": "x", "visit_at": "2026-11-21T09:30", "mode": "in_home", "purposes": ["daily"],
        "met": "not_met"
    });
    let found = problems("F-VISIT", base.clone(), &[], Stage::Full);
    assert_eq!(paths(&found, "required"), ["not_met_reason"]);
    assert_eq!(problems("F-VISIT", with(base, json!({"not_met_reason": "away"})), &[], Stage::Full), []);
}

#[test]
fn a_photo_from_before_is_demanded_from_yellow_up() {
    for (level, photos, expected) in [
        ("yellow", &[][..], vec!["photo_before".to_owned()]),
        ("yellow", &["photo_before"][..], vec![]),
        ("blue", &[][..], vec![]),
    ] {
        let found = problems("F-HAZARD", with(hazard(), json!({"level": level})), photos, Stage::Full);
        assert_eq!(paths(&found, "required"), expected, "{level}");
    }
    // A red one is not held up by the call; but a call that was begun is written down whole.
    let red = with(hazard(), json!({"level": "red"}));
    assert_eq!(
        paths(&problems("F-HAZARD", red.clone(), &["photo_before"], Stage::Full), "required"),
        [""; 0]
    );
    let called = with(red, json!({"called_at": "2026-11-21T09:31"}));
    let found = problems("F-HAZARD", called, &["photo_before"], Stage::Full);
    assert_eq!(paths(&found, "required"), ["called_to"]);
}

#[test]
fn the_handlers_sections_wait_until_begun() {
    let begun = with(hazard(), json!({"rect_done_at": "2026-11-22T10:00"}));
    let found = problems("F-HAZARD", begun, &["photo_before"], Stage::Full);
    assert_eq!(paths(&found, "required"), ["rect_result", "photo_after"]);
}

#[test]
fn a_dispute_needs_two_parties_and_removed_rows_do_not_count() {
    let gone = with(dispute(), json!({"parties/p2/_gone": true}));
    let found = problems("F-DISPUTE", gone, &[], Stage::Full);
    assert_eq!(found, [("parties".to_owned(), "too_few", true)]);
    let nameless = with(dispute(), json!({"parties/p3/side": "third"}));
    let found = problems("F-DISPUTE", nameless, &[], Stage::Full);
    assert_eq!(paths(&found, "required"), ["parties/p3/kind", "parties/p3/name"]);
}

#[test]
fn wrong_ids_and_phones_warn_and_never_block() {
    let odd = json!({"parties/p1/id_type": "resident", "parties/p1/id_no": "510000199001010017",
        "parties/p1/phone": "1380000", "parties/p2/id_type": "passport", "parties/p2/id_no": "E1234"});
    let found = problems("F-DISPUTE", with(dispute(), odd), &[], Stage::Full);
    assert_eq!(
        found,
        [
            ("parties/p1/phone".to_owned(), "phone", false),
            ("parties/p1/id_no".to_owned(), "id_number", false)
        ]
    );
}

#[test]
fn every_kind_of_wrong_value_is_named() {
    let bad = json!({
        "level": "purple", "subtype": "fire.1", "people_exposed": "三", "property_est": -1,
        "found_at": "昨天", "urgent": "是", "geo": {"lat": 91, "lon": 0}, "expected_done": "2026-02-30",
        "cause": "很".repeat(201), "called_to": 7, "on_spot_action": ["fly"], "later_field": 1
    });
    let found = problems("F-HAZARD", with(hazard(), bad), &["photo_before"], Stage::Full);
    for (path, code) in [
        ("level", "not_an_option"),
        ("subtype", "not_an_option"),
        ("people_exposed", "type"),
        ("property_est", "amount"),
        ("found_at", "time"),
        ("urgent", "type"),
        ("geo", "out_of_range"),
        ("expected_done", "date"),
        ("cause", "too_long"),
        ("called_to", "type"),
        ("on_spot_action", "not_an_option"),
        ("later_field", "unknown_field"),
    ] {
        assert!(found.iter().any(|(p, c, _)| p == path && *c == code), "{path} {code} in {found:?}");
    }
    let unknown = found.iter().find(|(path, ..)| path == "later_field").unwrap();
    assert!(!unknown.2, "a field of a later version is kept, not refused");
}

#[test]
fn restricted_choices_are_refused() {
    let found = problems(
        "F-HAZARD",
        with(hazard(), json!({"category": "care", "subtype": "care.3"})),
        &["photo_before"],
        Stage::Quick,
    );
    assert_eq!(found, [("subtype".to_owned(), "restricted", true)]);
}

#[test]
fn too_many_photos_are_noticed() {
    let package = Package::builtin();
    let photos = Photos::from([("photo_before".to_owned(), 7)]);
    let today = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
    let form = package.form("F-HAZARD").unwrap();
    let found = validate(package, form, &values(hazard()), &photos, Stage::Full, today);
    assert_eq!(found.iter().map(|p| p.code).collect::<Vec<_>>(), ["too_many"]);
}

#[test]
fn spawning_answers_start_a_child_report() {
    let form = Package::builtin().form("F-VISIT").unwrap();
    let spawn = &form.field("geo_ok").unwrap().spawn[0];
    assert_eq!((spawn.value.as_str(), spawn.kind), (Some("hazard"), RecordKind::Hazard));
    assert_eq!(spawn.set["category"], "cut_slope");
    assert_eq!(form.field("neighbor_conflict").unwrap().spawn[0].kind, RecordKind::Dispute);
}

#[test]
fn row_paths_find_their_column() {
    let form = Package::builtin().form("F-DISPUTE").unwrap();
    let (section, field) = form.locate("parties/p1/phone").unwrap();
    assert_eq!((section.id.as_str(), field.kind), ("parties", FieldKind::Phone));
    assert!(form.locate("parties/p1").is_none());
    assert!(form.locate("parties/p1/wings").is_none());
    assert_eq!(table_rows(&values(dispute()), "parties"), ["p1", "p2"]);
}

#[test]
fn a_number_that_is_not_kept_offline_shows_while_it_is_only_here_or_there_is_a_network() {
    let package = Package::builtin();
    let number = package.form("F-HOUSEHOLD").unwrap().field("members/r1/id_number").unwrap();
    let shown = [(true, true), (true, false), (false, false), (false, true)]
        .map(|(online, delivered)| number.shown(online, delivered));
    assert_eq!(shown, [true, true, true, false]);
    assert!(package.form("F-HOUSEHOLD").unwrap().field("door_no").unwrap().shown(false, true));
}

#[test]
fn a_note_is_read_and_never_answered() {
    let mut form = Package::builtin().form("F-ZERO").unwrap().clone();
    let note = serde_json::from_value(
        json!({"path": "why", "label": "为什么要报", "kind": "note", "required": true}),
    );
    form.sections[0].fields.push(note.unwrap());
    let check = |values: Value| {
        let today = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        let values = self::values(values);
        validate(Package::builtin(), &form, &values, &Photos::new(), Stage::Full, today)
            .into_iter()
            .map(|problem| (problem.path, problem.code))
            .collect::<Vec<_>>()
    };
    let zero = json!({"date": "2026-11-21", "area": "510000100201", "has_any": "none"});
    assert_eq!(check(zero.clone()), []);
    assert_eq!(check(with(zero, json!({"why": "x"}))), []);
}

#[test]
fn an_amount_keeps_within_its_limits() {
    let package = Package::builtin();
    let mut form = package.form("F-HELP").unwrap().clone();
    let field = form.sections.iter_mut().flat_map(|s| s.fields.iter_mut()).find(|f| f.path == "income_month");
    field.unwrap().max = Some(5000);
    let found = |yuan: f64| {
        let today = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        let values = values(json!({"facts": "x", "income_month": yuan}));
        validate(package, &form, &values, &Photos::new(), Stage::Quick, today)
            .iter()
            .any(|p| p.code == "out_of_range")
    };
    assert_eq!([4999.5, 5000.0, 5000.01].map(found), [false, false, true]);
}

#[test]
fn what_has_happened_lies_not_ahead_and_a_wrong_clock_only_asks() {
    let asked = |at: &str| {
        let found = problems("F-HAZARD", with(hazard(), json!({"found_at": at})), &[], Stage::Quick);
        let found = found.into_iter().filter(|(path, ..)| path == "found_at");
        found.map(|(_, code, blocks)| (code, blocks)).collect::<Vec<_>>()
    };
    assert_eq!(asked("2026-11-21T23:59"), Vec::<(&str, bool)>::new(), "the day is what counts");
    assert_eq!(asked("2026-11-21T16:30:00Z"), [("future", false)], "midnight in Beijing is past");
    assert_eq!(asked("2027-11-21T09:30"), [("future", false)]);
    assert_eq!(asked("tomorrow"), [("time", true)]);
    let day = |text: &str| {
        let from = with(dispute(), json!({"occur_date": text}));
        paths(&problems("F-DISPUTE", from, &[], Stage::Quick), "future")
    };
    assert_eq!((day("2026-11-22"), day("2026-11-21")), (vec!["occur_date".to_owned()], Vec::new()));
}

#[test]
fn what_is_said_of_an_official_goes_to_the_confidential_form_and_no_ledger() {
    let package = Package::builtin();
    let said = |kind: &str| json!({"facts": "有人打招呼安排工程", "opinion_kind": kind});
    assert_eq!(problems("F-OPINION", said("facility"), &[], Stage::Quick), []);
    for stage in [Stage::Quick, Stage::Full] {
        let found = problems("F-OPINION", said("cadre"), &[], stage);
        assert_eq!(found, [("opinion_kind".to_owned(), APART, true)]);
    }
    let form = package.form("F-OPINION").unwrap();
    let values = |kind: &str| said(kind).as_object().unwrap().clone().into_iter().collect();
    assert_eq!(apart(package, form, &values("cadre")), Some("F-SUPV"));
    assert_eq!(apart(package, form, &values("facility")), None);
    // Nor does it stand openly until somebody completes the record.
    let unsaid = serde_json::from_value(json!({"facts": "有人打招呼安排工程"})).unwrap();
    let asked = undecided(package, form, &unsaid).unwrap();
    assert_eq!((asked.path.as_str(), asked.blocks), ("opinion_kind", true));
    assert_eq!(undecided(package, form, &values("facility")), None);
    assert_eq!(undecided(package, package.form("F-HAZARD").unwrap(), &Values::new()), None);
    // It is never stored, so a form that was exported before asks the same.
    let mut old = form.clone();
    for field in old.sections.iter_mut().flat_map(|section| section.fields.iter_mut()) {
        if let Some(crate::form::Options::Inline(list)) = &mut field.options {
            list.retain(|choice| choice.apart.is_none());
        }
    }
    assert!(old != *form && old.asks_as(form));
}
