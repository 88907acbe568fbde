#![allow(clippy::unwrap_used)]
use chrono::NaiveDate;
use serde_json::json;

use super::*;
use crate::case::story::{GRID, Story, person};
use crate::household::HouseholdView;
use crate::household::movement::{Movement, apply, history};
use crate::household::twin::twins;
use crate::package::Package;
use crate::summary::Summary;
use crate::territory::card;
use crate::territory::zone::Zones;

fn id(n: u8) -> EntityId {
    EntityId([n; 16])
}

fn day() -> NaiveDate {
    crate::date::parse("2026-05-18").unwrap()
}

/// A household with these people, each of (row, column, value).
fn house(n: u8, head: &str, cells: &[(&str, &str, &str)]) -> Story {
    let mut story = Story::new();
    story.entity = Entity::new(id(n), None);
    let mut body = json!({"type": "household", "form": "F-HOUSEHOLD/1", "place": {"area": GRID}, "set": {
        "address_text": format!("柳溪村3组{n}号"), "head": head, "residence_type": "permanent", "status": "active"}});
    for (row, column, value) in cells {
        body["set"][format!("members/{row}/{column}")] = json!(value);
    }
    story.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
    story
}

fn put(story: &mut Story, set: &Values) -> Result<(), Refusal> {
    story.admitted(&person("ann", "village_assistant"), "set", &json!({ "set": set }))
}

fn put_json(story: &mut Story, set: &Value) -> Result<(), Refusal> {
    story.admitted(&person("ann", "village_assistant"), "set", &json!({ "set": set }))
}

fn row(story: &Story) -> Summary {
    Summary::of(&story.entity, Package::builtin()).unwrap()
}

fn names(story: &Story) -> Vec<String> {
    HouseholdView::of(&story.entity).members.into_iter().map(|one| one.name).collect()
}

/// A daughter who was written down a second time, with what the first row lacks.
fn twice() -> Story {
    house(
        1,
        "钟小满",
        &[
            ("m1", "name", "钟小满"),
            ("m1", "relation", "head"),
            ("m2", "name", "钟大雪"),
            ("m2", "birth", "1990-01-01"),
            ("m2", "relation", "daughter"),
            ("m2", "sex", "female"),
            ("m3", "name", "钟大雪"),
            ("m3", "birth", "1990-01-01"),
            ("m3", "phone", "13800001234"),
        ],
    )
}

fn found(story: &Story) -> Vec<(String, String, Same)> {
    let pairs = pairs(&story.entity.values(), Some(story.entity.id()));
    pairs.into_iter().map(|pair| (pair.here, pair.there, pair.same)).collect()
}

#[test]
fn who_stands_in_two_rows_is_one_and_two_again() {
    let mut story = twice();
    assert_eq!(found(&story), [("m2".to_owned(), "m3".to_owned(), Same::Birth)], "more is known of m2");
    let before = story.entity.values();
    let set = put_together(&before, "m3", "m2");
    put(&mut story, &set).unwrap();
    assert_eq!(found(&story), []);
    let view = HouseholdView::of(&story.entity);
    assert_eq!(names(&story), ["钟小满", "钟大雪"]);
    assert_eq!(view.members[1].phone, "13800001234", "it got what it lacked");
    assert_eq!(view.members[1].sex, "female");
    assert_eq!(
        story.entity.text("members/m3/phone"),
        Some("13800001234"),
        "nothing is taken from the double"
    );
    assert_eq!(view.person("m3").map(|one| one.row.as_str()), Some("m2"));
    assert!(crate::form::has_left(&story.entity.values(), "members", "m3"), "no form asks for it");
    let set = take_apart(&story.entity.values(), "m3");
    put(&mut story, &set).unwrap();
    let set =
        |values: Values| -> Values { values.into_iter().filter(|(_, value)| !value.is_null()).collect() };
    assert_eq!(set(story.entity.values()), set(before), "as it was");
    assert_eq!(found(&story).len(), 1);
}

#[test]
fn what_was_corrected_since_stays_when_they_are_two_again() {
    let mut story = twice();
    let set = put_together(&story.entity.values(), "m3", "m2");
    put(&mut story, &set).unwrap();
    put_json(&mut story, &json!({"members/m2/phone": "13900009999"})).unwrap();
    let set = take_apart(&story.entity.values(), "m3");
    put(&mut story, &set).unwrap();
    assert_eq!(story.entity.text("members/m2/phone"), Some("13900009999"));
}

#[test]
fn those_who_left_do_not_count_and_a_name_alone_says_nothing() {
    let mut story = twice();
    put_json(&mut story, &json!({"members/m3/left": "moved_out"})).unwrap();
    assert_eq!(found(&story), []);
    let two = house(
        2,
        "",
        &[
            ("a", "name", "单明"),
            ("a", "phone", "13800005678"),
            ("b", "name", "单明"),
            ("b", "birth", "1950"),
        ],
    );
    assert_eq!(found(&two), []);
    let phone = house(
        2,
        "",
        &[
            ("a", "name", "单明"),
            ("a", "phone", "13800005678"),
            ("b", "name", "单 明"),
            ("b", "phone", "138 0000 5678"),
        ],
    );
    assert_eq!(found(&phone), [("a".to_owned(), "b".to_owned(), Same::Phone)]);
    let number = "51000020150308001X";
    let id_number = house(
        2,
        "",
        &[
            ("a", "name", "钟立冬"),
            ("a", "id_number", number),
            ("b", "name", "钟力冬"),
            ("b", "id_number", "51000020150308001x"),
            ("b", "relation", "head"),
        ],
    );
    assert_eq!(found(&id_number), [("b".to_owned(), "a".to_owned(), Same::IdNumber)], "the head stands");
}

#[test]
fn two_rows_that_are_two_people_are_not_asked_about_again_until_that_is_taken_back() {
    let mut story = twice();
    let pair = pairs(&story.entity.values(), Some(id(1))).remove(0);
    put(&mut story, &say(&pair, id(1), false)).unwrap();
    assert_eq!(found(&story), []);
    let told = said(&story.entity.values()).remove(0);
    assert_eq!((told.both, told.other.as_str(), told.house), (false, "钟大雪", id(1)));
    put(&mut story, &unsay(&told)).unwrap();
    assert_eq!(found(&story).len(), 1);
    assert_eq!(said(&story.entity.values()), []);
}

#[test]
fn marks_that_came_late_or_twice_break_nothing() {
    // Two people put them together at once, each the other way round: one stands.
    let mut ring = twice();
    put_json(&mut ring, &json!({"members/m3/double_of": "m2"})).unwrap();
    put_json(&mut ring, &json!({"members/m2/double_of": "m3"})).unwrap();
    assert_eq!(names(&ring), ["钟小满", "钟大雪"]);
    assert_eq!(HouseholdView::of(&ring.entity).person("m3").unwrap().row, "m2");
    // The row that stood was taken away: the double is a row like any other.
    let mut gone = twice();
    put_json(&mut gone, &json!({"members/m3/double_of": "m2"})).unwrap();
    put_json(&mut gone, &json!({"members/m2/_gone": true})).unwrap();
    let view = HouseholdView::of(&gone.entity);
    assert_eq!((names(&gone).len(), view.members[1].row.as_str()), (2, "m3"));
    assert!(!crate::form::has_left(&gone.entity.values(), "members", "m3"));
    // A mark that arrives when the row is gone already is taken, and says nothing.
    let mut late = twice();
    put_json(&mut late, &json!({"members/m2/_gone": true})).unwrap();
    put_json(&mut late, &json!({"members/m3/double_of": "m2"})).unwrap();
    assert_eq!(names(&late).len(), 2);
}

#[test]
fn what_is_reported_of_a_double_counts_for_the_one_that_stands() {
    let mut story = twice();
    let set = put_together(&story.entity.values(), "m3", "m2");
    put(&mut story, &set).unwrap();
    let event = |row: &str, kind: &str| Movement {
        row: row.to_owned(),
        kind: kind.to_owned(),
        member: "m3".to_owned(),
        name: "钟大雪".to_owned(),
        on: Some(day()),
        by: "ann".to_owned(),
        ..Movement::default()
    };
    let happen = |story: &mut Story, event: Movement| {
        let set = apply(&HouseholdView::of(&story.entity), &history(&story.entity), &[event]);
        put(story, &set).unwrap();
    };
    happen(&mut story, event("e1", "married_out"));
    assert_eq!(names(&story), ["钟小满"]);
    assert_eq!(HouseholdView::of(&story.entity).former[0].row, "m2");
    happen(&mut story, event("e2", "returned"));
    assert_eq!(names(&story), ["钟小满", "钟大雪"]);
    // Written at the double by somebody who did not know.
    put_json(&mut story, &json!({"members/m3/left": "moved_out", "members/m3/left_on": "2026-05-18"}))
        .unwrap();
    let view = HouseholdView::of(&story.entity);
    assert_eq!((names(&story).len(), view.former[0].left.as_str()), (1, "moved_out"));
    assert!(crate::form::has_left(&story.entity.values(), "members", "m2"), "the form agrees");
    happen(&mut story, event("e3", "returned"));
    assert_eq!(names(&story).len(), 2);
}

#[test]
fn a_mark_names_rows_that_were_written_and_a_household() {
    let refused = |set: Value| put_json(&mut twice(), &set).unwrap_err().code().to_owned();
    for set in [
        json!({"members/m3/double_of": "m3"}),
        json!({"members/m3/double_of": "m9"}),
        json!({"members/m9/double_of": "m2"}),
        json!({"members/m3/double_of": 2}),
        json!({"persons/m2/verdict": "other"}),
        json!({"persons/nobody.m2.m1/verdict": "other"}),
        json!({format!("persons/{}.m9.m1/verdict", id(2)): "other"}),
        json!({format!("persons/{}.m2.m1/verdict", id(2)): "perhaps"}),
    ] {
        assert_eq!(refused(set.clone()), "bad_body", "{set}");
    }
    // Where it is written together with the household.
    let mut story = twice();
    put_json(&mut story, &json!({"members/n/name": "钟大雪", "members/n/double_of": "m2"})).unwrap();
    let stranger =
        story.judge(&person("cat", "unit_handler"), "set", &json!({"set": {"members/m3/double_of": "m2"}}));
    assert_eq!(stranger, Err(Refusal::NotPermitted("household.edit".to_owned())));
}

/// The parents' household, and that of the daughter who married and was written down there.
fn families() -> (Story, Story) {
    let born = ("m2", "birth", "1990-01-01");
    let old = [("m1", "name", "钟小满"), ("m1", "relation", "head"), ("m2", "name", "钟大雪"), born];
    let new = [("a", "name", "季大寒"), ("a", "relation", "head"), ("b", "name", "钟大雪")];
    let new = [new.as_slice(), &[("b", "birth", "1990-01-01")]].concat();
    (house(1, "钟小满", &old), house(2, "季大寒", &new))
}

fn look(here: &Story, there: &Story) -> Between {
    between(&here.entity, Some(here.entity.id()), &there.entity, there.entity.id())
}

#[test]
fn a_person_of_two_households_is_named_and_the_households_are_two() {
    let (old, new) = families();
    let seen = look(&new, &old);
    let [pair] = seen.open.as_slice() else { panic!("{seen:?}") };
    assert_eq!((pair.here.as_str(), pair.there.as_str(), pair.same), ("b", "m2", Same::Birth));
    assert!(!seen.house && !seen.settled);
    let rows = [row(&old), row(&new)];
    assert_eq!(twins(&new.entity.values(), Some(id(2)), &rows), [(id(1), Same::Birth)]);
    // The same head, or everybody of the smaller one: that is one household.
    let again = house(3, "钟 小满", &[("x", "name", "钟大雪"), ("x", "birth", "1990-01-01")]);
    assert!(look(&again, &old).house);
    let wife = house(
        4,
        "钟大雪",
        &[
            ("x", "name", "钟大雪"),
            ("x", "birth", "1990-01-01"),
            ("y", "name", "季大寒"),
            ("y", "phone", "13800005678"),
        ],
    );
    assert!(!look(&wife, &new).house, "one of two");
    let mut whole = new;
    put_json(&mut whole, &json!({"members/a/phone": "13800005678"})).unwrap();
    assert!(look(&wife, &whole).house, "both");
}

#[test]
fn whoever_moved_out_of_the_other_is_not_asked_about_and_may_come_back() {
    let (mut old, new) = families();
    let pair = look(&new, &old).open.remove(0);
    let happen = |old: &mut Story, kind: &str| {
        let event = Movement {
            row: kind.to_owned(),
            kind: kind.to_owned(),
            member: pair.there.clone(),
            name: pair.other.clone(),
            on: Some(day()),
            by: "ann".to_owned(),
            ..Movement::default()
        };
        let set = apply(&HouseholdView::of(&old.entity), &history(&old.entity), &[event]);
        put(old, &set).unwrap();
    };
    happen(&mut old, "moved_out");
    assert_eq!(look(&new, &old).open, []);
    assert_eq!(twins(&new.entity.values(), Some(id(2)), &[row(&old)]), []);
    happen(&mut old, "returned");
    assert_eq!(look(&new, &old).open.len(), 1);
}

fn counted(rows: &[Summary]) -> usize {
    card::card(Package::builtin(), &Zones::default(), GRID, &[], rows, day()).persons
}

#[test]
fn one_person_of_two_households_counts_once_where_he_lives() {
    let (old, mut new) = families();
    assert_eq!(counted(&[row(&old), row(&new)]), 4);
    let pair = look(&new, &old).open.remove(0);
    put(&mut new, &say(&pair, id(1), true)).unwrap();
    assert!(look(&new, &old).settled && look(&old, &new).settled, "silent on both cards");
    let rows = [row(&old), row(&new)];
    assert_eq!(counted(&rows), 3);
    let elsewhere = Elsewhere::of(&rows);
    assert_eq!(elsewhere.lives(id(1), "钟大雪"), Some(id(2)));
    assert_eq!((elsewhere.persons(&rows[0]), elsewhere.persons(&rows[1])), (1, 2));
    // She left the new household: the mark says nothing any more.
    let before = new.entity.clone();
    put_json(&mut new, &json!({"members/b/left": "moved_out"})).unwrap();
    assert_eq!(counted(&[row(&old), row(&new)]), 3, "one in the new, two in the old");
    assert_eq!(said(&new.entity), []);
    // Taken back.
    new.entity = before;
    let told = said(&new.entity).remove(0);
    put(&mut new, &unsay(&told)).unwrap();
    assert_eq!((counted(&[row(&old), row(&new)]), look(&old, &new).open.len()), (4, 1));
}

#[test]
fn each_says_that_the_other_counts_with_it_and_one_does() {
    let (mut old, mut new) = families();
    let (to, back) = (look(&new, &old).open.remove(0), look(&old, &new).open.remove(0));
    put(&mut new, &say(&to, id(1), true)).unwrap();
    put(&mut old, &say(&back, id(2), true)).unwrap();
    assert_eq!(counted(&[row(&old), row(&new)]), 3);
}

#[test]
fn what_was_said_of_a_double_counts_for_the_row_that_stands() {
    let (old, mut new) = families();
    let pair = look(&new, &old).open.remove(0);
    put(&mut new, &say(&pair, id(1), false)).unwrap();
    put_json(
        &mut new,
        &json!({"members/c/name": "钟大雪", "members/c/birth": "1990-01-01", "members/c/relation": "spouse"}),
    )
    .unwrap();
    assert_eq!(look(&new, &old).open.len(), 1, "of the second row nobody said anything");
    let set = put_together(&new.entity.values(), "b", "c");
    put(&mut new, &set).unwrap();
    assert!(look(&new, &old).settled, "two people, whichever row stands");
}
