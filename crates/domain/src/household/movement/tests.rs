#![allow(clippy::unwrap_used)]
use serde_json::json;

use super::*;
use crate::case::story::{GRID, Story, person};

fn day(text: &str) -> NaiveDate {
    date::parse(text).unwrap()
}

fn house() -> Story {
    let mut story = Story::new();
    let body = json!({"type": "household", "form": "F-HOUSEHOLD/1", "place": {"area": GRID}, "set": {
        "address_text": "柳溪村3组12号", "head": "钟小满", "residence_type": "permanent",
        "members/m1/name": "钟小满", "members/m1/relation": "head", "members/m1/resident_status": "at_home",
        "members/m2/name": "钟大雪", "members/m2/relation": "daughter", "members/m2/resident_status": "at_home"}});
    story.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
    story
}

fn event(row: &str, kind: &str, name: &str, on: &str) -> Movement {
    Movement {
        row: row.to_owned(),
        kind: kind.to_owned(),
        name: name.to_owned(),
        on: Some(day(on)),
        by: "ann".to_owned(),
        ..Movement::default()
    }
}

fn happen(story: &mut Story, events: &[Movement]) -> Values {
    let view = HouseholdView::of(&story.entity);
    let set = apply(&view, &history(&story.entity), events);
    if !set.is_empty() {
        story.admitted(&person("ann", "village_assistant"), "set", &json!({ "set": set })).unwrap();
    }
    set
}

fn names(story: &Story) -> Vec<String> {
    HouseholdView::of(&story.entity).members.into_iter().map(|one| one.name).collect()
}

#[test]
fn each_kind_updates_the_household_and_stays_in_its_history() {
    let mut story = house();
    happen(
        &mut story,
        &[event("e1", "birth", "钟立春", "2026-02-04"), event("e2", "married_out", "钟大雪", "2026-05-01")],
    );
    assert_eq!(names(&story), ["钟小满", "钟立春"]);
    let view = HouseholdView::of(&story.entity);
    assert_eq!(
        (view.members[1].birth.as_str(), view.members[1].resident_status.as_str()),
        ("2026-02-04", "at_home")
    );
    assert_eq!((view.former[0].name.as_str(), view.former[0].left.as_str()), ("钟大雪", "married_out"));
    assert_eq!(view.former[0].left_on, "2026-05-01");
    happen(&mut story, &[event("e3", "moved_in", "季白露", "2026-05-02")]);
    assert_eq!(names(&story).len(), 3);
    let known = history(&story.entity);
    let told: Vec<&str> = known.iter().map(|one| one.kind.as_str()).collect();
    assert_eq!(told, ["moved_in", "married_out", "birth"], "the latest first");
    assert!(known.iter().all(|one| one.by == "ann" && !one.member.is_empty()));
    // Somebody who had left comes back as the same person.
    happen(&mut story, &[event("e4", "returned", "钟 大雪", "2026-05-10")]);
    assert_eq!((names(&story).len(), names(&story).contains(&"钟大雪".to_owned())), (4, true));
    assert!(HouseholdView::of(&story.entity).former.is_empty());
}

#[test]
fn how_the_house_is_lived_in_follows() {
    let mut story = house();
    let residence = |story: &Story| HouseholdView::of(&story.entity).residence_type;
    happen(&mut story, &[event("e1", "long_away", "钟小满", "2026-03-01")]);
    assert_eq!(residence(&story), "permanent", "one is still there");
    happen(&mut story, &[event("e2", "long_away", "钟大雪", "2026-03-02")]);
    assert_eq!(residence(&story), "away");
    happen(&mut story, &[event("e3", "returned", "钟小满", "2026-04-01")]);
    assert_eq!(residence(&story), "permanent");
    happen(
        &mut story,
        &[event("e4", "death", "钟小满", "2026-05-01"), event("e5", "moved_out", "钟大雪", "2026-05-02")],
    );
    assert_eq!((residence(&story).as_str(), names(&story).len()), ("vacant", 0));
    let head = story.entity.get("head").cloned();
    assert_eq!(head, Some(json!("钟小满")), "the name of the house stays until somebody writes another");
}

#[test]
fn what_a_visit_tells_counts_once() {
    let mut story = house();
    let values: Values = [
        ("visit_at".to_owned(), json!("2026-05-18T09:00:00+08:00")),
        ("pop_events/r1/kind".to_owned(), json!("death")),
        ("pop_events/r1/name".to_owned(), json!("钟小满")),
        ("pop_events/r2/kind".to_owned(), json!("moved_in")),
        ("pop_events/r2/name".to_owned(), json!(" 季白露 ")),
        ("pop_events/r2/date".to_owned(), json!("2026-05-01")),
        ("pop_events/r3/kind".to_owned(), json!("birth")),
    ]
    .into();
    let told = of_visit(&values, "ann", day("2026-05-20"));
    assert_eq!(told.len(), 2, "a row without a name says nothing");
    assert_eq!((told[0].on, told[1].on), (Some(day("2026-05-18")), Some(day("2026-05-01"))));
    assert!(!happen(&mut story, &told).is_empty());
    assert_eq!(names(&story), ["钟大雪", "季白露"]);
    assert!(happen(&mut story, &told).is_empty(), "the visit was corrected and saved again");
    // Of somebody nobody knows there, the event alone is kept.
    let set = happen(&mut story, &[event("e9", "death", "无名氏", "2026-05-19")]);
    assert!(set.keys().all(|path| path.starts_with("movements/e9/")), "{set:?}");
}

#[test]
fn nobody_reports_in_another_s_name_or_takes_an_event_away() {
    let mut story = house();
    happen(&mut story, &[event("e1", "long_away", "钟小满", "2026-03-01")]);
    let judge = |user: &str, set: Value| {
        story.judge(&person(user, "village_assistant"), "set", &json!({ "set": set })).is_ok()
    };
    assert!(!judge("ben", json!({"movements/e2/kind": "death", "movements/e2/by": "ann"})));
    assert!(!judge("ben", json!({"movements/e1/kind": "death"})));
    assert!(!judge("ben", json!({"movements/e1/kind": "death", "movements/e1/by": "ben"})));
    assert!(!judge("ann", json!({"movements/e1/_gone": true})));
    assert!(judge("ann", json!({"movements/e1/on": "2026-03-02"})), "an own slip is put right");
    assert!(judge("ben", json!({"movements/e2/kind": "returned", "movements/e2/by": "ben"})));
}

#[test]
fn nobody_comes_back_by_going_away() {
    let mut story = house();
    happen(&mut story, &[event("e1", "married_out", "钟大雪", "2026-05-01")]);
    happen(&mut story, &[event("e2", "long_away", "钟大雪", "2026-06-01")]);
    assert_eq!(names(&story), ["钟小满"]);
    assert_eq!(history(&story.entity).len(), 2, "it was told");
    happen(&mut story, &[event("e3", "returned", "钟大雪", "2026-07-01")]);
    assert_eq!(names(&story), ["钟小满", "钟大雪"]);
}

#[test]
fn whoever_is_home_from_hospital_lives_there_as_before() {
    let mut story = house();
    happen(&mut story, &[event("e1", "long_away", "钟大雪", "2026-03-01")]);
    let before = HouseholdView::of(&story.entity);
    let set = happen(&mut story, &[event("e2", "discharge", "钟大雪", "2026-05-01")]);
    assert!(set.keys().all(|path| path.starts_with("movements/e2/")), "{set:?}");
    assert_eq!(set.get("movements/e2/member"), Some(&json!("m2")));
    assert_eq!(HouseholdView::of(&story.entity).members, before.members);
    assert!(!event("e3", "discharge", "季白露", "2026-05-02").brings(), "nobody new comes with it");
}

#[test]
fn an_event_needs_a_day_that_has_come_and_says_who_it_was() {
    let lacks = |kind: &str, on: &str, member: &str, (name, relation): (&str, &str)| {
        let (member, relation) = (member.to_owned(), relation.to_owned());
        Movement { member, relation, ..event("e1", kind, name, on) }.lacks(day("2026-05-20"))
    };
    assert_eq!(lacks("death", "2026-05-20", "m1", ("钟大雪", "")), None);
    assert_eq!(lacks("death", "2026-05-21", "m1", ("钟大雪", "")), Some(Lacks::Day));
    let unknown =
        Movement { on: None, member: "m1".into(), ..event("e1", "death", "钟大雪", "2026-05-20") };
    assert_eq!(unknown.lacks(day("2026-05-20")), Some(Lacks::Day));
    assert_eq!(lacks("death", "2026-05-20", "", ("钟大雪", "spouse")), Some(Lacks::Member));
    assert_eq!(lacks("birth", "2026-05-20", "", ("钟小雪", "")), Some(Lacks::Newcomer));
    assert_eq!(lacks("birth", "2026-05-20", "", ("", "child")), Some(Lacks::Newcomer));
    assert_eq!(lacks("birth", "2026-05-20", "", ("钟小雪", "child")), None);
}
