#![allow(clippy::unwrap_used)]
use gridbook_log::EntityId;
use serde_json::{Value, json};

use super::*;
use crate::household::tests::stream;
use crate::package::Package;
use crate::plan::{DueState, Season, due_list};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A household known since January in which somebody came home from hospital on a day.
fn house(seed: u8, categories: &[&str], status: &str, more: &Value) -> Summary {
    let mut set = json!({"head": "甲乙", "status": status, "categories": categories,
        "movements/e1/kind": "discharge", "movements/e1/name": "甲乙", "movements/e1/by": "ann",
        "movements/e1/on": "2026-03-08"});
    set.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let body = json!({"type": "household", "place": {"area": "510000100201001"}, "set": set});
    let mut row = Summary::of(&stream(seed, &[("create", body)]), Package::builtin()).unwrap();
    row.at = midnight(day("2026-01-01"));
    row
}

fn visit(seed: u8, household: EntityId, at: &str, more: &Value) -> Summary {
    let mut set =
        json!({"household": household.to_string(), "visit_at": at, "mode": "in_home", "met": "head"});
    set.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let body = json!({"type": "visit", "state": "visited", "set": set});
    Summary::of(&stream(seed, &[("create", body)]), Package::builtin()).unwrap()
}

/// What calls for whom on a day: the household, the day and where it stands.
fn called(rows: &[Summary], today: &str) -> Vec<(u8, i64, DueState)> {
    let list = due_list(rows, Package::builtin(), day(today), Season::default());
    let by = |row: crate::plan::DueRow| row.why.map(|_| (row.household.0[0], row.due.days, row.due.state));
    list.into_iter().filter_map(by).collect()
}

#[test]
fn whoever_is_home_from_hospital_is_called_on_within_three_days() {
    let ill = house(1, &["serious_illness"], "active", &json!({}));
    let last = visit(4, ill.id, "2026-03-07T09:00:00+08:00", &json!({}));
    let rows = [ill.clone(), last.clone(), house(2, &["general"], "active", &json!({}))];
    assert_eq!(called(&rows, "2026-03-07"), [], "it has not happened yet");
    assert_eq!(called(&rows, "2026-03-08"), [(1, 3, DueState::Due)], "only those whom it concerns");
    assert_eq!(called(&rows, "2026-03-11"), [(1, 0, DueState::Due)]);
    assert_eq!(called(&rows, "2026-03-12"), [(1, -1, DueState::Overdue)]);
    let with = |at: &str, more: &Value| {
        called(&[ill.clone(), last.clone(), visit(5, ill.id, at, more)], "2026-03-10").len()
    };
    assert_eq!(with("2026-03-09T09:00:00+08:00", &json!({})), 0, "somebody was there");
    assert_eq!(with("2026-03-09T09:00:00+08:00", &json!({"met": "not_met"})), 1, "and met nobody");
    // By the day in Beijing: the eighth begins there when it is still the seventh in London.
    assert_eq!(with("2026-03-07T16:00:00Z", &json!({})), 0);
    assert_eq!(with("2026-03-07T15:59:59Z", &json!({})), 1);
}

#[test]
fn what_was_entered_on_the_card_calls_like_what_a_visit_heard() {
    let told = |kind: &str, on: &str| json!({"movements/e1/kind": kind, "movements/e1/on": on});
    let wanted = |categories: &[&str], more: &Value| {
        let home = house(1, categories, "active", more);
        let last = visit(4, home.id, "2026-03-07T09:00:00+08:00", &json!({}));
        called(&[home, last], "2026-03-08").len()
    };
    assert_eq!(wanted(&["elder_high_risk"], &told("death", "2026-03-08")), 1);
    assert_eq!(wanted(&["elder_high_risk"], &told("birth", "2026-03-08")), 0);
    assert_eq!(wanted(&["elder_high_risk"], &told("death", "2026-03-01")), 0, "somebody was there since");
    assert_eq!(wanted(&["serious_illness"], &json!({"movements/e1/on": null})), 0, "nobody knows when");
    // What a visit heard from the neighbours, without anybody who may change the household.
    let home = house(1, &["serious_illness"], "active", &json!({"movements/e1/kind": "birth"}));
    let heard = json!({"met": "not_met", "pop_events/a/kind": "discharge", "pop_events/a/name": "甲乙"});
    let rows = [
        visit(4, home.id, "2026-03-07T09:00:00+08:00", &json!({})),
        visit(5, home.id, "2026-03-09T09:00:00+08:00", &heard),
        home,
    ];
    assert_eq!(called(&rows, "2026-03-10"), [(1, 2, DueState::Due)]);
}

#[test]
fn what_was_entered_at_a_household_that_was_merged_calls_for_the_one_that_stands() {
    let into = EntityId([1; 16]);
    let stands = house(1, &["serious_illness"], "active", &json!({"movements/e1/on": "2026-01-05"}));
    let merged = house(2, &["general"], "merged", &json!({"merged_into": into.to_string()}));
    let last = visit(4, into, "2026-03-07T09:00:00+08:00", &json!({}));
    assert_eq!(called(&[stands.clone(), last.clone()], "2026-03-09"), []);
    assert_eq!(called(&[stands, merged, last], "2026-03-09"), [(1, 2, DueState::Due)]);
}
