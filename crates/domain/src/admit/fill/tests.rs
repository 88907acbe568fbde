#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::*;
use crate::case::story::{GRID, Story, blob, hazard_body, person, register};
use crate::form::FieldKind;

/// What somebody is offered of a record, as `section: path …`.
fn offered(story: &Story, actor: &Actor, purpose: Purpose) -> Vec<String> {
    let form = fillable(Package::builtin(), actor, &story.view(), purpose, story.today());
    let sections = form.into_iter().flat_map(|form| form.sections);
    sections
        .map(|section| {
            let paths: Vec<&str> = section.fields.iter().map(|field| field.path.as_str()).collect();
            format!("{}: {}", section.id, paths.join(" "))
        })
        .collect()
}

fn ids(story: &Story, actor: &Actor, purpose: Purpose) -> Vec<String> {
    let lines = offered(story, actor, purpose);
    lines.into_iter().map(|line| line.split(':').next().unwrap().to_owned()).collect()
}

fn matter(form: &str, set: &Value) -> Story {
    let mut story = Story::new();
    let body =
        json!({"type": "matter", "form": form, "state": "submitted", "place": {"area": GRID}, "set": set});
    story.admitted(&person("abe", "grid_worker_l1"), "create", &body).unwrap();
    story
}

const REPORT: [&str; 4] = ["quick", "what", "found", "owner"];
const HANDLING: [&str; 4] = ["on_spot", "notice", "plan", "after"];

#[test]
fn each_sees_what_is_theirs_and_only_while_it_is() {
    let mut story = Story::hazard("yellow");
    let (ann, ivy) = (person("ann", "village_assistant"), person("ivy", "intake_clerk"));
    let (ben, dora) = (person("ben", "unit_handler"), person("dora", "center_director"));
    let with_on_spot = [&REPORT[..], &["on_spot"]].concat();
    // Reported: the reporter and whoever registers; nobody handles yet.
    for editor in [&ann, &ivy, &dora] {
        assert_eq!(ids(&story, editor, Purpose::Report), with_on_spot, "{}", editor.user);
    }
    for other in [&ann, &ivy, &ben, &dora] {
        assert_eq!(ids(&story, other, Purpose::Handling), [""; 0], "{}", other.user);
    }
    // Handled: the unit has its part, the reporter none, the centre both, and nothing stands twice.
    story.until_claimed();
    assert_eq!(ids(&story, &ben, Purpose::Handling), HANDLING);
    assert_eq!(ids(&story, &ben, Purpose::Report), [""; 0]);
    assert_eq!(ids(&story, &ann, Purpose::Report), [""; 0]);
    assert_eq!(ids(&story, &ann, Purpose::Handling), [""; 0]);
    assert_eq!(ids(&story, &ivy, Purpose::Report), with_on_spot);
    assert_eq!(ids(&story, &ivy, Purpose::Handling), [""; 0]);
    assert_eq!(ids(&story, &dora, Purpose::Report), REPORT);
    assert_eq!(ids(&story, &dora, Purpose::Handling), HANDLING);
    let mut stranger = ben.clone();
    stranger.user = "carl".to_owned();
    stranger.assignments[0].unit = Some("U-FIRE".to_owned());
    assert_eq!(ids(&story, &stranger, Purpose::Handling), [""; 0]);
    // Closed: what was done stays as it is.
    story.until_callback();
    story.step(&person("cara", "callback_clerk"), "satisfied", &json!({"data": {"rating": "satisfied"}}));
    assert_eq!(story.view().state, "closed");
    assert_eq!(ids(&story, &ben, Purpose::Handling), [""; 0]);
    assert_eq!(ids(&story, &dora, Purpose::Handling), [""; 0]);
    assert_eq!(ids(&story, &ivy, Purpose::Report), with_on_spot);
}

#[test]
fn the_village_that_keeps_a_case_handles_it() {
    let mut story = Story::hazard("yellow");
    let intake = person("ivy", "intake_clerk");
    story.step(&intake, "register", &register("yellow"));
    story.step(&intake, "keep", &json!({"set": {"handler": "abe", "handle_by": "2026-05-28"}}));
    let (abe, ann) = (person("abe", "grid_worker_l1"), person("ann", "village_assistant"));
    assert_eq!(ids(&story, &abe, Purpose::Handling), HANDLING);
    assert_eq!(ids(&story, &ann, Purpose::Handling), [""; 0], "not named");
    let named = Actor { user: "abe".to_owned(), ..person("abe", "grid_worker_l2") };
    assert_eq!(ids(&story, &named, Purpose::Handling), HANDLING, "named");
}

#[test]
fn what_is_offered_is_admitted_and_what_is_not_is_refused() {
    let people = [
        person("ann", "village_assistant"),
        person("ivy", "intake_clerk"),
        person("ben", "unit_handler"),
        person("dora", "center_director"),
        person("sue", "supervisor"),
    ];
    let form = Package::builtin().form_named("F-HAZARD/1").unwrap();
    let (mut claimed, mut closed) = (Story::hazard("yellow"), Story::hazard("yellow"));
    claimed.until_claimed();
    closed.until_claimed();
    closed.until_callback();
    closed.step(&person("cara", "callback_clerk"), "satisfied", &json!({"data": {"rating": "satisfied"}}));
    for story in [&Story::hazard("yellow"), &claimed, &closed] {
        for actor in &people {
            let both: Vec<String> = [Purpose::Handling, Purpose::Report]
                .into_iter()
                .flat_map(|purpose| {
                    fillable(Package::builtin(), actor, &story.view(), purpose, story.today())
                })
                .flat_map(|form| form.sections)
                .flat_map(|section| section.fields.into_iter().map(|field| field.path))
                .collect();
            for (_, field) in form.fields() {
                let value = match field.kind {
                    FieldKind::Text | FieldKind::LongText => json!("字"),
                    FieldKind::YesNo => json!(true),
                    FieldKind::Date => json!("2026-05-18"),
                    FieldKind::Money | FieldKind::Number => json!(3),
                    _ => continue,
                };
                let verdict = story.judge(actor, "set", &json!({"set": {(field.path.as_str()): value}}));
                let said = format!("{} {} {}: {verdict:?}", actor.user, story.view().state, field.path);
                assert_eq!(verdict.is_ok(), both.contains(&field.path), "{said}");
            }
        }
    }
}

#[test]
fn steps_keep_what_is_theirs_and_hidden_sections_stay_away() {
    let mut story = Story::hazard("yellow");
    story.until_claimed();
    let ben = person("ben", "unit_handler");
    let all = offered(&story, &ben, Purpose::Handling).join("\n");
    assert!(all.contains("notice: rect_notice rect_notice_no rect_notice_deadline expected_done"), "{all}");
    assert!(!all.contains("passed") && !all.contains("recheck"), "{all}");
    // A clue has a section for a call that was made, and none before.
    let facts = json!({"facts": "有人冒充收电费"});
    let abe = person("abe", "grid_worker_l1");
    assert!(!ids(&matter("F-CLUE/1", &facts), &abe, Purpose::Report).contains(&"call".to_owned()));
    let called = json!({"facts": "有人冒充收电费", "called_at": "2026-05-18T08:00", "called_to": "镇值班室"});
    assert!(ids(&matter("F-CLUE/1", &called), &abe, Purpose::Report).contains(&"call".to_owned()));
}

#[test]
fn a_row_that_is_taken_away_is_its_tables() {
    let mut story = Story::hazard("yellow");
    story.until_claimed();
    let (ben, row) = (person("ben", "unit_handler"), "control_measures/r1");
    let set = |path: String, value: Value| json!({"set": {(path): value}});
    story.admitted(&ben, "set", &set(format!("{row}/measure"), json!("warning"))).unwrap();
    assert_eq!(story.judge(&ben, "set", &set(format!("{row}/_gone"), json!(true))), Ok(()));
    let homes = set("households_exposed/r1/_gone".to_owned(), json!(true));
    assert_eq!(story.judge(&ben, "set", &homes).unwrap_err().code(), "not_permitted");
}

#[test]
fn a_level_that_rose_asks_for_the_picture_of_before() {
    let mut story = Story::new();
    let mut body = hazard_body("blue");
    body["blobs"] = json!([]);
    story.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
    let (package, ben) = (Package::builtin(), person("ben", "unit_handler"));
    assert!(!lacks_before(package, &story.view()), "blue needs none");
    let intake = person("ivy", "intake_clerk");
    story.step(&intake, "register", &register("yellow"));
    assert!(lacks_before(package, &story.view()), "raised at the registration");
    let picture = json!({"set": {}, "blobs": [blob("photo_before")]});
    assert_eq!(story.judge(&ben, "set", &picture).unwrap_err().code(), "not_permitted", "not theirs yet");
    story.step(&intake, "dispatch", &crate::case::story::dispatch());
    story.step(&ben, "claim", &json!({}));
    assert_eq!(offered(&story, &ben, Purpose::Handling)[0], "before: photo_before");
    story.admitted(&ben, "set", &picture).unwrap();
    assert!(!lacks_before(package, &story.view()));
    assert_eq!(ids(&story, &ben, Purpose::Handling), HANDLING);
}

#[test]
fn every_form_of_a_case_offers_its_handler_each_of_its_sections() {
    let package = Package::builtin();
    let mut seen = 0;
    for form in package.forms.get().iter().filter(|form| form.record == RecordKind::Matter) {
        let mut story = matter(&format!("{}/{}", form.id, form.version), &json!({"facts": "请看一看"}));
        story.step(
            &person("ivy", "intake_clerk"),
            "register",
            &json!({"set": {"level": "yellow"}, "data": {"duplicate_checked": true}}),
        );
        story.step(&person("ivy", "intake_clerk"), "dispatch", &crate::case::story::dispatch());
        let ben = person("ben", "unit_handler");
        story.step(&ben, "claim", &json!({}));
        let theirs: Vec<&str> = form
            .sections
            .iter()
            .filter(|section| section.by != FilledBy::Reporter)
            .map(|section| section.id.as_str())
            .collect();
        seen += theirs.len();
        assert_eq!(ids(&story, &ben, Purpose::Handling), theirs, "{}", form.id);
    }
    assert!(seen >= 9, "{seen}");
}
