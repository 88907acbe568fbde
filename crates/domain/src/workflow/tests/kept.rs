//! Verdicts that are kept from one look to the next are those of a look from the beginning.

use std::sync::Arc;

use gridbook_log::EntityId;
use serde_json::json;

use super::super::{Waiting, waits_for};
use crate::case::story::{Story, person};
use crate::package::Package;
use crate::role::Actor;
use crate::summary::Summary;

#[test]
fn what_waits_is_judged_again_only_when_the_row_the_person_or_the_day_is_another() {
    let (ann, ivy) = (person("ann", "village_assistant"), person("ivy", "intake_clerk"));
    let package = Arc::new(Package::builtin().clone());
    let rows = |count: u8| -> Vec<Summary> {
        let of = Summary::of(&Story::hazard("yellow").entity, &package).unwrap();
        let row = |n| Summary { id: EntityId([n; 16]), ..of.clone() };
        (1..=count).map(row).collect()
    };
    let today = Story::hazard("yellow").today();
    let mut waiting = Waiting::default();
    let mut look = |who: &Actor, day, rows: &[(u64, Summary)]| -> Vec<u8> {
        let seen = rows.iter().map(|(version, row)| (*version, row));
        let found = waiting.among(&package, who, day, seen);
        let all: Vec<EntityId> = rows
            .iter()
            .filter(|(_, row)| row.is_open() && waits_for(&package, who, row, day))
            .map(|(_, row)| row.id)
            .collect();
        let found: Vec<EntityId> = found.into_iter().map(|row| row.id).collect();
        assert_eq!(found, all, "as judged from the beginning");
        found.into_iter().map(|id| id.0[0]).collect()
    };
    let mut held: Vec<(u64, Summary)> = rows(5).into_iter().map(|row| (1, row)).collect();
    assert_eq!(look(&ivy, today, &held), [1, 2, 3, 4, 5]);
    // One is being handled, one closed, one taken away, one comes; the others are as they were.
    held[1] = (2, Summary { state: "handling".to_owned(), ..held[1].1.clone() });
    held[2] = (2, Summary { state: "closed".to_owned(), ..held[2].1.clone() });
    held.remove(3);
    held.insert(0, (3, Summary { id: EntityId([0; 16]), ..held[0].1.clone() }));
    assert_eq!(look(&ivy, today, &held), [0, 1, 5]);
    assert!(look(&ann, today, &held).is_empty(), "another person");
    assert_eq!(look(&ivy, today, &held), [0, 1, 5]);
    // A verdict holds for a row as it was numbered: without another number nobody looks.
    let mut waiting = Waiting::default();
    let one = held[0].1.clone();
    let other = Summary { state: "handling".to_owned(), ..one.clone() };
    let mut count = |version, row| waiting.among(&package, &ivy, today, [(version, row)]).len();
    assert_eq!([count(1, &one), count(1, &other), count(2, &other), count(3, &one)], [1, 1, 0, 1]);
    // The day decides, too: a supplement that was not answered is the intake's from then on.
    let mut story = Story::hazard("yellow");
    story.step(&ivy, "ask_supplement", &json!({"data": {"reason": "place_unclear", "text": "几组几号"}}));
    let row = Summary::of(&story.entity, &package).unwrap();
    let (first, last) = ("2026-06-01".parse().unwrap(), "2026-06-02".parse().unwrap());
    let mut on = |day| waiting.among(&package, &ivy, day, [(1, &row)]).len();
    assert_eq!([on(first), on(last), on(first)], [0, 1, 0]);
}
