#![allow(clippy::unwrap_used)]
use super::*;
use crate::calendar::{DAY_MS, midnight};
use crate::share::Share;

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
    VisitFact { day: day(text), at: midnight(day(text)) + DAY_MS / 2, mode, met, next: None }
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

fn rules() -> &'static VisitRules {
    Package::builtin().visits.get()
}

#[test]
fn a_change_in_the_family_calls_within_a_day() {
    use crate::household::tests::stream;
    use serde_json::json;
    let told = |values: serde_json::Value| {
        let mut set = json!({"visit_at": "2026-03-10T15:00:00+08:00", "mode": "in_home", "met": "head"});
        set.as_object_mut().unwrap().extend(values.as_object().unwrap().clone());
        signals(rules(), &stream(8, &[("create", json!({"type": "visit", "state": "visited", "set": set}))]))
    };
    assert_eq!(told(json!({"health_change": "better", "pop_events/a/kind": "birth"})), []);
    let signals = told(json!({"pop_events/a/kind": "death", "income_shock": "some"}));
    assert_eq!(
        signals.iter().map(|s| s.trigger.as_str()).collect::<Vec<_>>(),
        ["family_change", "income_shock"]
    );
    let today = day("2026-03-11");
    let wanted = |ids: &[&str], visits: &[VisitFact]| extras(rules(), ids, &signals, visits, today);
    assert_eq!(wanted(&["general"], &[]), [], "only for those whom it endangers");
    let found = wanted(&["elder_high_risk"], &[visit("2026-03-09", VisitMode::InPerson, true)]);
    assert_eq!((found.len(), found[0].by, found[0].wanted(today)), (1, day("2026-03-11"), true));
    assert!(!found[0].late(today) && found[0].late(day("2026-03-12")));
    let nobody = wanted(&["elder_high_risk"], &[visit("2026-03-11", VisitMode::InPerson, false)]);
    assert!(nobody[0].wanted(today));
    let done = wanted(&["elder_high_risk"], &[visit("2026-03-11", VisitMode::InPerson, true)]);
    assert!(!done[0].wanted(today) && !done[0].late(day("2026-04-01")));
}

#[test]
fn warnings_disputes_and_festivals_call_too() {
    let signal = |trigger: &str, at: &str| Signal {
        trigger: trigger.into(),
        at: crate::calendar::midnight(day(at)) + 9 * 3_600_000,
    };
    let by = |ids: &[&str], signals: &[Signal], today: &str| {
        let found = extras(rules(), ids, signals, &[], day(today));
        found.into_iter().map(|e| (e.trigger, e.opens.to_string(), e.by.to_string())).collect::<Vec<_>>()
    };
    let one = |trigger: &str, opens: &str, by: &str| (trigger.to_owned(), opens.to_owned(), by.to_owned());
    assert_eq!(
        by(&["geo_threat"], &[signal("rain_warning", "2026-07-02")], "2026-07-02"),
        [one("rain_warning", "2026-07-02", "2026-07-02")]
    );
    assert_eq!(
        by(&["general"], &[signal("dispute_closed", "2026-03-01")], "2026-03-05"),
        [
            one("dispute_closed", "2026-03-07", "2026-03-08"),
            one("dispute_closed", "2026-03-25", "2026-03-31")
        ]
    );
    assert_eq!(by(&["veteran"], &[], "2026-07-28"), [one("army_day", "2026-07-25", "2026-08-01")]);
    assert_eq!(
        by(&["returnee"], &[], "2027-01-30"),
        [one("spring_before", "2027-01-27", "2027-02-06"), one("spring_after", "2027-02-07", "2027-02-16")]
    );
    assert_eq!(by(&["veteran", "returnee"], &[], "2026-05-01"), []);
    for text in &rules().spring_festivals {
        assert!(crate::date::parse(text).is_some());
    }
}

#[test]
fn three_days_without_meeting_anybody_alert() {
    use VisitMode::{Call, InPerson};
    let mut visits = vec![
        visit("2026-03-01", InPerson, true),
        visit("2026-02-01", InPerson, false),
        visit("2026-03-05", InPerson, false),
        visit("2026-03-05", Call, false),
        visit("2026-03-06", InPerson, false),
    ];
    let found = attempts(rules(), ContactMode::InPerson, &visits);
    assert_eq!((found.days, found.last, found.alert), (2, Some(day("2026-03-06")), false));
    // A call is no visit here, so it neither counts nor ends the row of attempts.
    visits.push(visit("2026-03-07", Call, true));
    visits.push(visit("2026-03-08", InPerson, false));
    assert_eq!(attempts(rules(), ContactMode::InPerson, &visits).days, 3);
    assert!(attempts(rules(), ContactMode::InPerson, &visits).alert);
    assert_eq!(attempts(rules(), ContactMode::Either, &visits).days, 1);
    assert_eq!(modes(ContactMode::Either, &visits), [InPerson], "a call never twice running");
    assert_eq!(modes(ContactMode::Either, &visits[..5]), [InPerson, Call]);
    assert_eq!(modes(ContactMode::InPerson, &[]), [InPerson]);
}

#[test]
fn a_campaign_is_shared_out_and_followed() {
    let id = |n: u8| EntityId([n; 16]);
    let area = |n: u8| if n < 8 { "51000010020100101" } else { "51000010020200101" };
    let households: Vec<(EntityId, String)> = (0..10).map(|n| (id(n), area(n).to_owned())).collect();
    let walker = |user: &str, area: &str| Walker { user: user.into(), area: area.into() };
    let people = [walker("b", "510000100201"), walker("a", "510000100201"), walker("c", "510000100201001")];
    let given = assign(&households, &people);
    let sizes: Vec<(&str, usize)> = given.iter().map(|(user, list)| (user.as_str(), list.len())).collect();
    assert_eq!(sizes, [("", 2), ("a", 3), ("b", 3), ("c", 2)], "the other village has nobody");
    let so_far = progress(&given["a"], &[given["a"][0], given["b"][0]].into(), &[]);
    assert_eq!((so_far.done.words(), so_far.left), ("1/3".to_owned(), given["a"][1..].to_vec()));
}

#[test]
fn coverage_timeliness_and_two_coverages_a_year() {
    use crate::household::tests::stream;
    use serde_json::json;
    let package = Package::builtin();
    let household = |seed: u8, categories: serde_json::Value| {
        let set = json!({"head": "甲乙", "status": "active", "categories": categories});
        let body = json!({"type": "household", "place": {"area": "510000100201001"}, "set": set});
        let mut summary = Summary::of(&stream(seed, &[("create", body)]), package).unwrap();
        summary.at = crate::calendar::midnight(day("2026-01-01"));
        summary
    };
    let (poor, plain) = (household(1, json!(["dibao"])), household(2, json!([])));
    let all = [poor.clone(), plain.clone()];
    let visits = BTreeMap::from([
        (
            poor.id,
            vec![
                // Due at once; then on 4 February (window 29 January … 7 February), then on 10 March, missed.
                visit("2026-01-05", VisitMode::InPerson, true),
                visit("2026-02-06", VisitMode::InPerson, true),
                visit("2026-03-11", VisitMode::Call, true),
                visit("2026-03-12", VisitMode::InPerson, false),
                visit("2026-04-20", VisitMode::InPerson, true),
            ],
        ),
        (plain.id, vec![visit("2026-08-01", VisitMode::InPerson, true)]),
    ]);
    let figures = |from: &str, to: &str| coverage(&all, &visits, package, (day(from), day(to)));
    let share = |part, whole| Share { part, whole };
    let january = figures("2026-01-01", "2026-01-31");
    assert_eq!((january.visited, january.timely, january.key), (share(1, 2), share(0, 1), share(1, 1)));
    assert_eq!(figures("2026-02-01", "2026-02-28").timely, share(1, 1));
    let march = figures("2026-03-01", "2026-03-31");
    assert_eq!((march.timely, march.attempts, march.visited), (share(0, 1), 1, share(1, 2)));
    assert_eq!(figures("2026-01-01", "2026-04-30").timely, share(1, 3));
    assert_eq!(full_coverages(&[&poor, &plain], &visits, 2026), [share(1, 2), share(1, 2)]);
    assert_eq!(full_coverages(&[&poor, &plain], &visits, 2025), [share(0, 0), share(0, 0)]);
}

#[test]
fn the_first_and_the_last_day_of_a_window_are_in_time() {
    use crate::household::tests::stream;
    use serde_json::json;
    let package = Package::builtin();
    let set = json!({"head": "甲乙", "status": "active", "categories": ["dibao"]});
    let body = json!({"type": "household", "place": {"area": "510000100201001"}, "set": set});
    let mut poor = Summary::of(&stream(1, &[("create", body)]), package).unwrap();
    poor.at = crate::calendar::midnight(day("2025-12-01"));
    // After 5 January: due on 4 February, from 29 January to 7 February.
    let timely = |second: &str| {
        let met = |on: &str| visit(on, VisitMode::InPerson, true);
        let visits = BTreeMap::from([(poor.id, vec![met("2026-01-05"), met(second)])]);
        coverage([&poor], &visits, package, (day("2026-01-20"), day("2026-02-20"))).timely
    };
    let share = |part, whole| Share { part, whole };
    assert_eq!(timely("2026-01-28"), share(0, 0), "before its window it is a visit like any other");
    assert_eq!(timely("2026-01-29"), share(1, 1));
    assert_eq!(timely("2026-02-07"), share(1, 1));
    assert_eq!(timely("2026-02-08"), share(0, 1));
}

#[test]
fn what_calls_for_a_visit_stands_in_the_plan() {
    use crate::household::tests::stream;
    use serde_json::json;
    let package = Package::builtin();
    let household = |seed: u8, categories: &[&str]| {
        let set = json!({"head": "甲乙", "status": "active", "categories": categories});
        let body = json!({"type": "household", "place": {"area": "510000100201001"}, "set": set});
        let mut summary = Summary::of(&stream(seed, &[("create", body)]), package).unwrap();
        summary.at = crate::calendar::midnight(day("2026-01-01"));
        summary
    };
    let visited = |seed: u8, household: &Summary, on: &str, more: serde_json::Value| {
        let mut set = json!({"household": household.id.to_string(), "visit_at": format!("{on}T09:00:00+08:00"),
            "mode": "in_home", "met": "head"});
        set.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let body = json!({"type": "visit", "state": "visited", "set": set});
        Summary::of(&stream(seed, &[("create", body)]), package).unwrap()
    };
    let (old, away, plain) =
        (household(1, &["elder_high_risk"]), household(2, &["away_whole"]), household(3, &["dibao"]));
    // Three days of trying in vain in March, besides what is due.
    let vain = |seed: u8, on: &str| visited(seed, &plain, on, json!({"met": "not_met"}));
    let all = vec![
        visited(4, &old, "2026-03-10", json!({"pop_events/a/kind": "death"})),
        visited(5, &away, "2026-02-20", json!({})),
        visited(6, &plain, "2026-02-10", json!({})),
        vain(7, "2026-03-09"),
        vain(8, "2026-03-10"),
        vain(9, "2026-03-11"),
        old.clone(),
        away.clone(),
        plain.clone(),
    ];
    let rows = |today: &str| due_list(&all, package, day(today), Season::default());
    // A death in the family of somebody endangered: the visit that heard of it answers it.
    let found = rows("2026-03-11");
    let told = |rows: &[DueRow]| rows.iter().map(|row| (row.household, row.why.clone())).collect::<Vec<_>>();
    assert_eq!(told(&found), [(plain.id, None)]);
    assert!(found[0].attempts.alert && found[0].attempts.days == 3);
    // The chief of the village hears of it, whoever tried; the one of another village does not.
    let areas = |role: &str, area: &str| {
        let held = json!({"user": "chi", "assignments": [{"role": role, "area": area}]});
        let actor: crate::role::Actor = serde_json::from_value(held).unwrap();
        let areas = alerted(package.visits.get(), &actor, day("2026-03-11"));
        unmet(&all, package, &areas, day("2026-03-11"))
    };
    let days = ["2026-03-09", "2026-03-10", "2026-03-11"].map(day).to_vec();
    let told_of = Unmet { household: plain.id, days, tried: vec!["yang".to_owned()] };
    for role in ["grid_worker_l1", "deputy_grid_chief", "grid_chief"] {
        assert_eq!(areas(role, "510000100201"), std::slice::from_ref(&told_of), "{role}");
    }
    assert_eq!(areas("grid_chief", "510000100202"), []);
    assert_eq!(areas("village_assistant", "510000100201"), []);
    // Gone by itself when somebody is met; and nobody waits for those who are away.
    let mut met = all.clone();
    met.push(visited(11, &plain, "2026-03-12", json!({})));
    assert_eq!(unmet(&met, package, &["510000100201"], day("2026-03-11")), []);
    let mut gone = all.clone();
    gone[8].categories = vec!["away_whole".to_owned()];
    assert_eq!(unmet(&gone, package, &["510000100201"], day("2026-03-11")), []);
    // Before the spring festival even those who are away are expected.
    let spring = rows("2027-02-01");
    let away_row = spring.iter().find(|row| row.household == away.id).unwrap();
    assert_eq!((away_row.why.as_deref(), away_row.due.days), (Some("春节前"), 5));
    // Heard of by phone, nobody met: still wanted by the next day, and before all others.
    let mut heard = all.clone();
    heard[0] = visited(4, &old, "2026-03-10", json!({"pop_events/a/kind": "death", "met": "not_met"}));
    heard.push(visited(10, &old, "2026-03-09", json!({})));
    let rows = due_list(&heard, package, day("2026-03-11"), Season::default());
    assert_eq!(told(&rows), [(old.id, Some("家庭重大变故".to_owned())), (plain.id, None)]);
    assert_eq!((rows[0].due.days, rows[0].due.state), (0, DueState::Due));
}
