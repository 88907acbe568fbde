#![allow(clippy::unwrap_used)]
use serde_json::{Value, json};

use super::*;
use crate::case::FOLLOWED;
use crate::case::story::{GRID, Story, dispatch, person};
use crate::role::Actor;

fn day(text: &str) -> NaiveDate {
    crate::date::parse(text).unwrap()
}

fn ann() -> Actor {
    person("ann", "village_assistant")
}

fn mei() -> Actor {
    person("mei", "mediator")
}

const HOME: EntityId = EntityId([1; 16]);
const CASE: EntityId = EntityId([9; 16]);
const FILE: EntityId = EntityId([8; 16]);

/// A dispute that was reported on 18 May, of a household that the list may have.
fn dispute(level: &str) -> Story {
    let mut story = Story::new();
    let body = json!({"type": "dispute", "form": "F-DISPUTE/1", "state": "submitted", "place": {"area": GRID}, "set": {
        "facts": "田埂界线说不拢", "occur_place": "下坝", "occur_date": "2026-05-04", "category": "land_boundary",
        "intake_mode": "visit_found", "household": HOME.to_string(), "risk_level": level,
        "parties/p1/name": "钟小满", "parties/p2/name": "曾小兰"}});
    story.admitted(&ann(), "create", &body).unwrap();
    story
}

fn file(level: &str) -> Story {
    let mut story = Story::new();
    let body = json!({"type": "mediation", "form": "F-MEDIATION/1", "state": "applied", "place": {"area": GRID}, "set": {
        "dispute": CASE.to_string(), "case_name": "田埂纠纷", "committee": "青禾镇人民调解委员会", "source": "applied",
        "category": "land_boundary", "facts": "田埂界线说不拢", "risk_level": level}});
    story.admitted(&mei(), "create", &body).unwrap();
    story
}

fn row(story: &Story, id: EntityId) -> Summary {
    Summary { id, ..Summary::of(&story.entity, Package::builtin()).unwrap() }
}

fn visit(on: &str, met: &str, mode: &str) -> Summary {
    let mut story = Story::new();
    let body = json!({"type": "visit", "form": "F-VISIT/1", "state": "visited", "place": {"area": GRID}, "set": {
        "visit_at": format!("{on}T09:00:00+08:00"), "met": met, "mode": mode, "household": HOME.to_string()}});
    story.admitted(&ann(), "create", &body).unwrap();
    row(&story, EntityId([5; 16]))
}

fn home() -> Summary {
    let mut story = Story::new();
    let body = json!({"type": "household", "form": "F-HOUSEHOLD/1", "place": {"area": GRID}, "set": {
        "address_text": "柳溪村3组", "residence_type": "permanent", "status": "active", "head": "钟小满"}});
    story.admitted(&ann(), "create", &body).unwrap();
    Summary { household: Some(HOME), ..row(&story, HOME) }
}

fn asked(reached: bool, on: &str) -> Value {
    json!({"data": {"visit": EntityId([5; 16]).to_string(), "on": on, "reached": reached}})
}

/// What is called for on a day: which record, by when, and where it stands.
fn on(rows: &[Summary], today: &str) -> Vec<(EntityId, NaiveDate, DueState)> {
    let list = contacts(rows, Package::builtin(), day(today));
    list.into_iter().map(|one| (one.record, one.due.next.unwrap(), one.due.state)).collect()
}

#[test]
fn each_colour_has_its_days_in_the_package() {
    let next = |level: &str| {
        let list = contacts(&[row(&dispute(level), CASE)], Package::builtin(), day("2026-05-18"));
        list.first().map(|one| (one.due.next.unwrap(), one.due.interval, one.due.category.clone()))
    };
    assert_eq!(next("red"), Some((day("2026-05-19"), 1, "red".to_owned())));
    assert_eq!(next("orange"), Some((day("2026-05-21"), 3, "orange".to_owned())));
    assert_eq!(next("yellow"), Some((day("2026-05-25"), 7, "yellow".to_owned())));
    assert_eq!(next("blue"), None, "the village handles it");
    // Another number in the data is another day.
    let mut package = Package::builtin().clone();
    package.risk.iter_mut().find(|rule| rule.level == "blue").unwrap().contact_days = Some(14);
    let list = contacts(&[row(&dispute("blue"), CASE)], &package, day("2026-05-18"));
    assert_eq!(list[0].due.next, Some(day("2026-06-01")));
}

#[test]
fn the_window_is_the_one_of_visits() {
    let weekly = [row(&dispute("yellow"), CASE)];
    let state = |today: &str| on(&weekly, today)[0].2;
    assert_eq!(state("2026-05-23"), DueState::Ok);
    assert_eq!(state("2026-05-24"), DueState::Due, "a fifth before");
    assert_eq!(state("2026-05-25"), DueState::Due);
    assert_eq!(state("2026-05-26"), DueState::Overdue);
    let daily = [row(&dispute("red"), CASE)];
    assert_eq!(
        ["2026-05-18", "2026-05-19", "2026-05-20"].map(|today| on(&daily, today)[0].2),
        [DueState::Ok, DueState::Due, DueState::Overdue]
    );
    // The late ones stand first.
    let both = [row(&dispute("yellow"), FILE), row(&dispute("red"), CASE)];
    assert_eq!(on(&both, "2026-05-24").iter().map(|one| one.0).collect::<Vec<_>>(), [CASE, FILE]);
}

#[test]
fn whoever_reached_a_party_begins_the_days_anew() {
    let mut story = dispute("orange");
    let ivy = person("ivy", "intake_clerk");
    let register = json!({"set": {"category": "land_boundary", "risk_level": "orange"}, "data": {"duplicate_checked": true}});
    story.step(&ivy, "register", &register);
    story.ms = crate::calendar::midnight(day("2026-05-20")) + 36_000_000;
    let next = |story: &Story| on(&[row(story, CASE)], "2026-05-22")[0].1;
    story.step(&ann(), FOLLOWED, &asked(false, "2026-05-20"));
    assert_eq!(next(&story), day("2026-05-21"), "nobody was reached");
    story.step(&ann(), FOLLOWED, &asked(true, "2026-05-20"));
    assert_eq!(next(&story), day("2026-05-23"));
    // A visit to the household of a party, in person or by telephone.
    let with = |visit: Summary| on(&[row(&story, CASE), home(), visit], "2026-05-23")[0].1;
    assert_eq!(with(visit("2026-05-22", "head", "phone")), day("2026-05-25"));
    assert_eq!(with(visit("2026-05-22", "not_met", "in_home")), day("2026-05-23"));
    assert_eq!(with(visit("2026-05-22", "head", "neighbor")), day("2026-05-23"), "a neighbour is no party");
}

#[test]
fn one_dispute_or_file_is_told_as_among_all() {
    let other = EntityId([7; 16]);
    let rows = [
        row(&dispute("orange"), CASE),
        row(&file("orange"), FILE),
        row(&dispute("red"), other),
        home(),
        visit("2026-05-22", "head", "phone"),
    ];
    let today = day("2026-05-23");
    let all = contacts(&rows, Package::builtin(), today);
    let of = |id| contact_of(&rows, Package::builtin(), today, id);
    assert_eq!(all.len(), 2, "the file stands for its dispute");
    for id in [CASE, FILE] {
        let told = of(id).unwrap();
        assert_eq!(all.iter().find(|one| one.dispute == Some(CASE)), Some(&told));
        assert_eq!(told.last, day("2026-05-22"), "the call to the party counts");
    }
    assert_eq!(all.iter().find(|one| one.record == other), of(other).as_ref());
    assert_eq!(of(HOME), None);
}

#[test]
fn what_was_raised_is_called_on_that_day_and_not_late() {
    let mut story = dispute("yellow");
    story.ms = crate::calendar::midnight(day("2026-05-23"));
    story.admitted(&ann(), "set", &json!({"set": {"risk_level": "red"}})).unwrap();
    assert_eq!(on(&[row(&story, CASE)], "2026-05-23"), [(CASE, day("2026-05-23"), DueState::Due)]);
    assert_eq!(on(&[row(&story, CASE)], "2026-05-24")[0].2, DueState::Overdue);
}

#[test]
fn it_is_the_handlers_and_before_that_the_reporters() {
    let mut story = dispute("red");
    let holders = |rows: &[Summary]| {
        let list = contacts(rows, Package::builtin(), day("2026-05-19"));
        list[0].holders.iter().cloned().collect::<Vec<_>>()
    };
    assert_eq!(holders(&[row(&story, CASE)]), ["ann"]);
    let (ivy, ben) = (person("ivy", "intake_clerk"), person("ben", "unit_handler"));
    let register = json!({"set": {"category": "land_boundary", "risk_level": "red"}, "data": {"duplicate_checked": true}});
    story.step(&ivy, "register", &register);
    story.step(&ivy, "dispatch", &dispatch());
    assert_eq!(holders(&[row(&story, CASE)]), ["ann"], "nobody claimed it");
    story.step(&ben, "claim", &json!({}));
    assert_eq!(holders(&[row(&story, CASE)]), ["ben"]);
    assert_eq!(holders(&[row(&story, CASE), row(&file("red"), FILE)]), ["ben", "mei"]);
}

#[test]
fn the_file_goes_on_for_its_dispute_and_ends_with_it() {
    let case = row(&dispute("yellow"), CASE);
    let mut story = file("orange");
    let both = |story: &Story, today: &str| on(&[case.clone(), row(story, FILE)], today);
    assert_eq!(
        both(&story, "2026-05-21"),
        [(FILE, day("2026-05-21"), DueState::Due)],
        "the higher colour counts"
    );
    story.ms = crate::calendar::midnight(day("2026-05-20"));
    let talk = json!({"set": {"investigations/i1/kind": "site", "investigations/i1/from_at": "2026-05-19T09:00",
        "talks/t1/at": "2026-05-20T15:00", "talks/t1/way": "back"}});
    story.admitted(&mei(), "set", &talk).unwrap();
    assert_eq!(both(&story, "2026-05-21")[0].1, day("2026-05-23"), "they were talked with");
    // Once the parties came to terms, the follow-ups see to it; a file that was handed over leaves it to the dispute.
    let state = |held: &str| {
        let mut ended = row(&story, FILE);
        ended.state = held.to_owned();
        ended.hints.retain(|hint| !matches!(hint, crate::summary::Hint::Spoken(..)));
        on(&[case.clone(), ended], "2026-05-24")
    };
    assert_eq!(state("agreed"), []);
    assert_eq!(state("transferred"), [(CASE, day("2026-05-25"), DueState::Due)]);
    // The file alone, where the dispute is not on the device.
    assert_eq!(on(&[row(&story, FILE)], "2026-05-23"), [(FILE, day("2026-05-23"), DueState::Due)]);
    let closed = Summary { state: "closed".to_owned(), hints: Vec::new(), ..case.clone() };
    assert_eq!(on(&[closed], "2026-06-30"), []);
}
