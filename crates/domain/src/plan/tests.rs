#![allow(clippy::unwrap_used)]
use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn held<'a>(ids: &[&str]) -> Vec<Held<'a>> {
    ids.iter().map(|id| Held { category: Package::builtin().category(id).unwrap(), since: None }).collect()
}

fn plan(ids: &[&str], last: Option<&str>, today: &str) -> Due {
    due(&held(ids), last.map(day), day("2026-01-01"), day(today), Season::default())
}

#[test]
fn the_shortest_interval_wins_and_in_person_wins() {
    let due = plan(&["general", "dibao", "elder_high_risk"], Some("2026-03-01"), "2026-03-02");
    assert_eq!((due.interval, due.category.as_str()), (7, "elder_high_risk"));
    assert_eq!(due.next, Some(day("2026-03-08")));
    assert_eq!(due.mode, ContactMode::InPerson);
    assert_eq!(plan(&["general"], None, "2026-01-02").mode, ContactMode::Either);
    assert_eq!(plan(&["away_whole"], None, "2026-01-02").mode, ContactMode::Call);
}

#[test]
fn the_window_is_a_fifth_before_to_a_tenth_after() {
    // 30 days from 1 March: next 31 March, window 25 March … 3 April.
    let state = |today| plan(&["dibao"], Some("2026-03-01"), today).state;
    assert_eq!(state("2026-03-24"), DueState::Ok);
    assert_eq!(state("2026-03-25"), DueState::Due);
    assert_eq!(state("2026-04-03"), DueState::Due);
    assert_eq!(state("2026-04-04"), DueState::Overdue);
    let due = plan(&["dibao"], Some("2026-03-01"), "2026-04-10");
    assert_eq!((due.days, due.priority), (-10, 40 * 3 * 100 / 30));
}

#[test]
fn more_frequent_households_come_first_when_equally_late() {
    let weekly = plan(&["elder_high_risk"], Some("2026-03-01"), "2026-03-15");
    let monthly = plan(&["dibao"], Some("2026-01-14"), "2026-03-15");
    assert_eq!((weekly.priority, monthly.priority), (800, 600));
}

#[test]
fn nobody_has_been_there() {
    let key = plan(&["dibao"], None, "2026-01-01");
    assert_eq!((key.next, key.state), (Some(day("2026-01-01")), DueState::Due));
    assert_eq!(plan(&["dibao"], None, "2026-01-05").state, DueState::Overdue);
    let general = plan(&["general"], None, "2026-01-01");
    assert_eq!((general.next, general.state), (Some(day("2026-06-30")), DueState::Ok));
}

#[test]
fn visits_rest_while_all_are_away() {
    let due = plan(&["away_whole", "dibao"], Some("2025-01-01"), "2026-03-15");
    assert_eq!((due.state, due.priority, due.interval), (DueState::Suspended, 0, 180));
}

#[test]
fn what_is_visited_once_is_done_then() {
    assert_eq!(plan(&["returnee"], None, "2026-01-01").state, DueState::Due);
    assert_eq!(plan(&["returnee"], Some("2026-01-02"), "2026-03-15").state, DueState::None);
    assert_eq!(plan(&[], None, "2026-01-01").next, None);
}

#[test]
fn seasons_and_first_months_shorten() {
    let on = |id: &str, today: &str, since: Option<&str>| {
        let category = Package::builtin().category(id).unwrap();
        let held = [Held { category, since: since.map(day) }];
        due(&held, Some(day(today)), day(today), day(today), Season::usual(day(today))).interval
    };
    assert_eq!(on("geo_threat", "2026-03-01", None), 90);
    assert_eq!(on("geo_threat", "2026-06-01", None), 7);
    assert_eq!(on("left_behind_child", "2026-07-10", None), 15);
    assert_eq!(on("monitor_sudden", "2026-03-01", Some("2026-02-01")), 15);
    assert_eq!(on("monitor_sudden", "2026-03-01", Some("2025-02-01")), 30);
}

fn visit(text: &str, mode: VisitMode, met: bool) -> VisitFact {
    VisitFact { day: day(text), mode, met }
}

#[test]
fn calls_never_count_twice_running() {
    use VisitMode::{Call, InPerson, Neighbour};
    let visits = [
        visit("2026-03-20", Call, true),
        visit("2026-03-01", InPerson, true),
        visit("2026-03-10", Call, true),
        visit("2026-03-25", InPerson, false),
        visit("2026-03-26", Neighbour, true),
    ];
    let last = |mode| last_valid(mode, &visits).map(|visit| visit.day);
    assert_eq!(last(ContactMode::Either), Some(day("2026-03-10")));
    assert_eq!(last(ContactMode::InPerson), Some(day("2026-03-01")));
    assert_eq!(last(ContactMode::Call), Some(day("2026-03-26")));
    assert_eq!(last_valid(ContactMode::Either, &[]), None);
}

#[test]
fn the_list_of_the_day_comes_from_summaries() {
    use crate::household::tests::stream;
    use serde_json::json;
    let package = Package::builtin();
    let household = |seed: u8, categories: serde_json::Value| {
        let set = json!({"head": "甲乙", "status": "active", "categories": categories});
        let body = json!({"type": "household", "place": {"area": "510000100201001"}, "set": set});
        Summary::of(&stream(seed, &[("create", body)]), package).unwrap()
    };
    let visited = |seed: u8, household: &Summary, at: &str, met: &str| {
        let set =
            json!({"household": household.id.to_string(), "visit_at": at, "mode": "in_home", "met": met});
        let body = json!({"type": "visit", "state": "visited", "set": set});
        Summary::of(&stream(seed, &[("create", body)]), package).unwrap()
    };
    let (poor, elder, plain) =
        (household(1, json!(["dibao"])), household(2, json!(["elder_high_risk"])), household(3, json!([])));
    let registered = poor.day();
    let today = registered + Days::new(40);
    let at = |days: u64| format!("{}T09:00:00+08:00", registered + Days::new(days));
    let summaries = vec![
        visited(4, &poor, &at(10), "head"),
        visited(5, &poor, &at(39), "not_met"),
        visited(6, &elder, &at(34), "head"),
        poor.clone(),
        elder.clone(),
        plain,
    ];
    let rows = due_list(&summaries, package, today, Season::default());
    let found: Vec<_> = rows.iter().map(|row| (row.household, row.due.state, row.due.days)).collect();
    // The attempt that met nobody does not count; the plain household is not due for months.
    assert_eq!(found, [(elder.id, DueState::Due, 1), (poor.id, DueState::Due, 0)]);
}
