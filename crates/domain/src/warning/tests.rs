#![allow(clippy::unwrap_used)]
mod policy;

use serde_json::{Value, json};

use super::*;
use crate::calendar::DAY_MS;
use crate::calendar::day_of;
use crate::case::story::{GRID, START, Story, TOWN, VILLAGE, person};
use crate::hazard::{point_due, points, points_due};
use crate::plan::{DueState, due_list};
use crate::role::{Actor, Assignment};
use crate::summary::{VisitFact, VisitMode};

const HOUR: u64 = DAY_MS / 24;
/// A grid of another village.
const FAR: &str = "51000010020200101";
const NEXT: &str = "510000100202";

fn package() -> &'static Package {
    Package::builtin()
}

fn warning(what: &str, level: &str, areas: &[&str]) -> Warning {
    Warning {
        id: EntityId([0; 16]),
        what: what.to_owned(),
        level: level.to_owned(),
        categories: Vec::new(),
        areas: areas.iter().map(|&area| area.to_owned()).collect(),
        at: START,
        raised: START,
        from: START,
        until: START + DAY_MS,
        lifted: None,
        lifted_by: String::new(),
        issued_by: "镇防汛办".to_owned(),
        note: String::new(),
    }
}

fn duty() -> Actor {
    person("dan", "duty_officer")
}

/// On duty for one village only.
fn duty_of(area: &str) -> Actor {
    let held =
        Assignment { role: "duty_officer".to_owned(), area: Some(area.to_owned()), ..Assignment::default() };
    Actor { user: "vic".to_owned(), assignments: vec![held] }
}

fn body(warning: &Warning) -> Value {
    serde_json::to_value(warning.create().unwrap()).unwrap()
}

fn announced(warning: &Warning) -> Story {
    let mut story = Story::new();
    story.admitted(&duty(), "create", &body(warning)).unwrap();
    story
}

fn row_of(story: &Story) -> Summary {
    Summary::of(&story.entity, package()).unwrap()
}

fn row(warning: &Warning) -> Summary {
    row_of(&announced(warning))
}

fn lifted(warning: &Warning, at: u64) -> Summary {
    let mut story = announced(warning);
    story.admitted(&duty(), "set", &json!({"set": Warning::lift("dan", at)})).unwrap();
    row_of(&story)
}

/// A place that was registered three days before.
fn place(n: u8, kind: &str, area: &str) -> Summary {
    let base = row(&warning("rain", "red", &[TOWN]));
    Summary {
        id: EntityId([n; 16]),
        kind: RecordKind::Place,
        categories: vec![kind.to_owned()],
        area: area.to_owned(),
        state: "active".to_owned(),
        level: String::new(),
        at: START - 3 * DAY_MS,
        ..base
    }
}

/// A household that was visited three days before.
fn home(n: u8, category: &str, area: &str) -> [Summary; 2] {
    let id = EntityId([n; 16]);
    let home = Summary {
        kind: RecordKind::Household,
        household: Some(id),
        at: START - 30 * DAY_MS,
        ..place(n, category, area)
    };
    [home, visit(n + 100, id, START - 3 * DAY_MS)]
}

fn visit(n: u8, household: EntityId, at: u64) -> Summary {
    let fact = VisitFact { day: day_of(at), at, mode: VisitMode::InPerson, met: true, next: None };
    let base = Summary { categories: Vec::new(), ..place(n, "", GRID) };
    Summary { kind: RecordKind::Visit, household: Some(household), visit: Some(fact), at, ..base }
}

fn codes<T>(judged: Result<T, crate::admit::Refusal>) -> &'static str {
    judged.map_or_else(|refusal| refusal.code(), |_| "ok")
}

#[test]
fn announced_by_those_who_may_where_they_may() {
    let judged =
        |actor: &Actor, warning: &Warning| codes(Story::new().judge(actor, "create", &body(warning)));
    let (town, village) = (warning("rain", "orange", &[TOWN]), warning("rain", "orange", &[VILLAGE]));
    for role in ["duty_officer", "intake_clerk", "center_director", "general_grid_chief"] {
        assert_eq!(judged(&person("dan", role), &town), "ok", "{role}");
    }
    for role in ["village_assistant", "grid_worker_l1", "grid_chief", "unit_head", "leader", "sys_admin"] {
        assert_eq!(judged(&person("ann", role), &town), "not_permitted", "{role}");
    }
    assert_eq!(judged(&duty_of(VILLAGE), &village), "ok");
    assert_eq!(judged(&duty_of(VILLAGE), &warning("rain", "red", &[GRID])), "ok", "a grid of it");
    assert_eq!(judged(&duty_of(VILLAGE), &town), "not_permitted");
    assert_eq!(judged(&duty_of(VILLAGE), &warning("rain", "red", &[VILLAGE, NEXT])), "not_permitted");
}

#[test]
fn what_makes_no_sense_is_refused_with_words() {
    let good = warning("rain", "orange", &[VILLAGE, NEXT]);
    let judged = |body: &Value| Story::new().judge(&duty(), "create", body);
    assert_eq!(codes(judged(&body(&good))), "ok");
    let words = |warning: Warning| judged(&body(&warning)).unwrap_err().message();
    let told = [
        (Warning { until: START, ..good.clone() }, "晚于开始"),
        (Warning { until: START + 7 * DAY_MS + 60_000, ..good.clone() }, "最多发布 7 天"),
        (Warning { from: START + 8 * DAY_MS, until: START + 9 * DAY_MS, ..good.clone() }, "最多在 7 天以后"),
        (Warning { what: "snakes".to_owned(), ..good.clone() }, "种类"),
        (Warning { level: "purple".to_owned(), ..good.clone() }, "级别"),
        (Warning { issued_by: "县".repeat(31), ..good.clone() }, "30 个字"),
        (Warning { note: "雨".repeat(201), ..good.clone() }, "200 个字"),
    ];
    for (wrong, said) in told {
        let words = words(wrong);
        assert!(words.contains(said), "{words}");
    }
    assert_eq!(codes(judged(&body(&Warning { until: START + 7 * DAY_MS, ..good.clone() }))), "ok");
    let ahead = Warning { from: START + 7 * DAY_MS, until: START + 8 * DAY_MS, ..good.clone() };
    assert_eq!(codes(judged(&body(&ahead))), "ok");
    let changed = |path: &str, value: Value| {
        let mut body = body(&good);
        *body.pointer_mut(path).unwrap() = value;
        codes(judged(&body))
    };
    assert_eq!(
        changed("/set/areas", json!(["510000100P01"])),
        "bad_area",
        "no village lies under a zone by its code"
    );
    assert_eq!(changed("/set/areas", json!([VILLAGE])), "bad_area", "a smaller area covers it");
    assert_eq!(changed("/set/areas", json!("510000100201")), "bad_body");
    assert_eq!(changed("/set/from", json!("heute")), "bad_body");
    assert_eq!(changed("/place", json!({"area": TOWN})), "bad_placement", "everybody has to know");
    assert_eq!(changed("/place", json!({"area": TOWN, "all": true, "users_add": ["ann"]})), "bad_placement");
    let mut more = body(&good);
    more["set"]["lifted"] = json!("2026-05-18T09:00:00+08:00");
    assert_eq!(codes(judged(&more)), "unexpected_path");
    let mut whole = body(&warning("rain", "orange", &[TOWN]));
    whole["set"].as_object_mut().unwrap().remove("areas");
    let mut story = Story::new();
    story.admitted(&duty(), "create", &whole).unwrap();
    assert_eq!(
        Warning::of(&story.entity, package()).unwrap().areas,
        [TOWN],
        "without a list the place itself"
    );
}

#[test]
fn changed_only_to_last_longer_to_be_graver_or_to_end() {
    let mut story = announced(&Warning {
        note: "河边不要停车".to_owned(),
        ..warning("rain", "yellow", &[VILLAGE])
    });
    assert_eq!(
        Warning::of_row(&row_of(&story)),
        Warning::of(&story.entity, package()),
        "a row holds all of it"
    );
    assert_eq!(row_of(&story).title, "暴雨黄色预警");
    assert!(story.entity.for_all());
    let judged =
        |story: &Story, actor: &Actor, set: &Values| codes(story.judge(actor, "set", &json!({"set": set})));
    let longer = Warning::extend(START + 2 * DAY_MS);
    assert_eq!(judged(&story, &duty(), &longer), "ok");
    assert_eq!(judged(&story, &duty_of(VILLAGE), &longer), "ok", "whoever is on duty there now");
    assert_eq!(judged(&story, &duty_of(NEXT), &longer), "not_permitted");
    assert_eq!(judged(&story, &person("ann", "grid_worker_l1"), &longer), "not_permitted");
    assert_eq!(judged(&story, &duty(), &Warning::extend(START + HOUR)), "invalid", "shorter is lifting");
    assert_eq!(judged(&story, &duty(), &Warning::extend(START + 9 * DAY_MS)), "invalid");
    assert_eq!(judged(&story, &duty(), &Warning::raise("orange")), "ok");
    for level in ["blue", "yellow", "purple"] {
        assert_eq!(judged(&story, &duty(), &Warning::raise(level)), "invalid", "{level}");
    }
    let other: Values = [("what".to_owned(), json!("fire"))].into();
    assert_eq!(judged(&story, &duty(), &other), "unexpected_path");
    let alone: Values = [("lifted_by".to_owned(), json!("dan"))].into();
    assert_eq!(judged(&story, &duty(), &alone), "unexpected_path");
    assert_eq!(judged(&story, &duty(), &Warning::lift("ann", START + HOUR)), "invalid", "in another's name");
    let unclear: Values =
        [("lifted".to_owned(), json!("soon")), ("lifted_by".to_owned(), json!("dan"))].into();
    assert_eq!(judged(&story, &duty(), &unclear), "invalid");
    let mut over = announced(&warning("rain", "yellow", &[VILLAGE]));
    over.ms = START + DAY_MS - 1;
    assert_eq!(judged(&over, &duty(), &longer), "ok", "until the last moment, by its author's clock");
    over.ms += 1;
    for more in [&longer, &Warning::raise("red"), &Warning::lift("dan", START)] {
        assert_eq!(judged(&over, &duty(), more), "invalid", "it is over by itself");
    }
    let moved = json!({"area": TOWN});
    assert_eq!(codes(story.judge(&person("cora", "grid_clerk"), "place", &moved)), "bad_placement");
    story.admitted(&duty(), "set", &json!({"set": Warning::raise("red")})).unwrap();
    story.admitted(&duty(), "set", &json!({"set": longer})).unwrap();
    let now = Warning::of_row(&row_of(&story)).unwrap();
    assert_eq!(
        (now.level.as_str(), now.until, row_of(&story).title.as_str()),
        ("red", START + 2 * DAY_MS, "暴雨红色预警")
    );
    story
        .admitted(&duty_of(VILLAGE), "set", &json!({"set": Warning::lift("vic", START + 3 * HOUR)}))
        .unwrap();
    let over = Warning::of_row(&row_of(&story)).unwrap();
    assert_eq!((over.lifted, over.lifted_by.as_str()), (Some(START + 3 * HOUR), "vic"));
    assert_eq!(row_of(&story).state, LIFTED);
    assert_eq!(Warning::of_row(&row_of(&story)), Warning::of(&story.entity, package()), "lifted, too");
    assert_eq!(judged(&story, &duty(), &Warning::extend(START + 3 * DAY_MS)), "not_legal_now");
}

#[test]
fn a_change_that_was_refused_leaves_it_in_force() {
    let mut story = announced(&warning("rain", "red", &[TOWN]));
    let op = story.op(gridbook_log::DeviceId([1; 8]), "dan", "set", &json!({"set": {"what": "fire"}}));
    story.entity.apply(&op);
    story.authority("reject", &json!({"op": op.dot(), "code": "unexpected_path"}));
    assert_eq!(story.entity.rejected().len(), 1, "it was refused");
    assert_eq!(standing(&[row_of(&story)], START + HOUR).len(), 1);
}

#[test]
fn in_force_in_its_area_from_its_beginning_to_its_end() {
    let held = Warning { from: START + HOUR, ..warning("rain", "red", &[VILLAGE, NEXT]) };
    let at = |ms: u64| (held.stands(ms), held.in_force(ms));
    assert_eq!(
        [START, START + HOUR, START + DAY_MS - 1, START + DAY_MS].map(at),
        [(true, false), (true, true), (true, true), (false, false)]
    );
    // By a clock that was fast: nobody waits until it is reached.
    let early = Warning { lifted: Some(START + 20 * HOUR), ..held.clone() };
    assert!(!early.in_force(START + 2 * HOUR) && !early.stands(START + 2 * HOUR));
    assert_eq!(
        [GRID, FAR, VILLAGE, TOWN, "510000100203"].map(|area| held.covers(area)),
        [true, true, true, false, false]
    );
    assert_eq!([GRID, TOWN, "510000100203"].map(|area| held.meets(area)), [true, true, false]);
    assert_eq!(smallest(&held.areas).as_deref(), Some(TOWN));
    assert_eq!(smallest(&[GRID.to_owned()]).as_deref(), Some(GRID));
    assert_eq!(smallest(&[]), None);
    let rows = [row(&held), lifted(&warning("fire", "red", &[TOWN]), START + HOUR)];
    let standing_at = |ms: u64| standing(&rows, ms).into_iter().map(|held| held.what).collect::<Vec<_>>();
    assert_eq!(standing_at(START), ["rain"], "the other was lifted");
    assert!(standing_at(START + DAY_MS).is_empty());
    let refused = Summary { rejected: true, ..row(&held) };
    assert!(standing(&[refused], START).is_empty());
}

#[test]
fn patrols_are_more_frequent_in_its_area_and_for_what_it_concerns() {
    let (slope, far, gate) =
        (place(1, "geo_point", GRID), place(2, "geo_point", FAR), place(3, "forest_checkpoint", GRID));
    let due = |warnings: &[Summary], now: u64| {
        let rows: Vec<&Summary> = [&slope, &far, &gate].into_iter().chain(warnings).collect();
        let list = points_due(package(), &rows, &Season::default(), now);
        list.into_iter()
            .map(|point| (point.place.0[0], point.due.every_hours, point.due.late))
            .collect::<Vec<_>>()
    };
    let now = START + HOUR;
    assert_eq!(due(&[], now), []);
    let orange = warning("rain", "orange", &[VILLAGE]);
    assert_eq!(
        due(&[row(&orange)], now),
        [(1, 4, false)],
        "nobody is late by what was announced an hour ago"
    );
    assert_eq!(due(&[row(&orange)], START + 5 * HOUR), [(1, 4, true)]);
    assert_eq!(due(&[row(&orange)], START + DAY_MS), [], "it is over");
    assert_eq!(due(&[lifted(&orange, START + HOUR)], now), [], "it was lifted");
    let later = Warning { from: START + 2 * HOUR, ..orange.clone() };
    assert_eq!(due(&[row(&later)], now), [], "it has not begun");
    let red = Warning { from: START - HOUR, ..warning("geology", "red", &[GRID]) };
    assert_eq!(due(&[row(&orange), row(&red)], now), [(1, 2, false)], "the most severe counts");
    let blue = warning("rain", "blue", &[TOWN]);
    assert_eq!(due(&[row(&blue)], now), [], "blue changes no rhythm");
    let fire = warning("fire", "orange", &[TOWN]);
    let tonight = START + 30 * HOUR;
    let fire = Warning { until: tonight + DAY_MS, ..fire };
    assert_eq!(
        due(&[row(&fire)], tonight),
        [(3, 24, false)],
        "fire concerns what is patrolled for fire, all over the town"
    );
    assert_eq!(due(&[row(&warning("heat", "red", &[TOWN]))], now), [], "heat moves no slope");

    // The page of one point and the table at the desk say the same.
    let sheet = row(&orange);
    let rows = [&slope, &sheet];
    let one = point_due(package(), rows.into_iter(), &slope, &Season::usual(day_of(now)), now).unwrap();
    let days = (day_of(START), day_of(START));
    let desk = points(package(), [&slope], &[], &[Warning::of_row(&sheet).unwrap()], days, now);
    assert_eq!((desk[0].due, one.due.every_hours), (Some(one.due), 4));
    let calm = points(package(), [&slope], &[], &[], days, now);
    assert_eq!(
        (desk[0].made, calm[0].due.unwrap().every_hours),
        (calm[0].made, 168),
        "what was due goes by the season"
    );
    let pond = place(4, "reservoir", GRID);
    let watched = |rows: &[&Summary]| {
        point_due(package(), rows.iter().copied(), &pond, &Season::default(), now).unwrap().due.watch
    };
    assert_eq!(
        (watched(&[&pond]), watched(&[&pond, &sheet]), watched(&[&pond, &row(&red)])),
        (false, true, false)
    );
    // Looked at this morning, and it may wait for a week: whoever stays there has it on the list all the same.
    let seen =
        Summary { kind: RecordKind::Entry, categories: vec![pond.id.to_string()], ..place(9, "", GRID) };
    let seen = Summary { at: now, ..seen };
    let list = points_due(package(), &[&slope, &pond, &seen, &sheet], &Season::default(), now);
    assert_eq!(list.iter().map(|point| point.place).collect::<Vec<_>>(), [pond.id, slope.id], "and first");
    assert_eq!(points_due(package(), &[&pond, &seen], &Season::default(), now), []);
}

#[test]
fn households_are_called_on_while_it_stands() {
    let [slope, seen] = home(1, "geo_threat", GRID);
    let [plain, also] = home(2, "general", GRID);
    let [far, too] = home(3, "low_lying", FAR);
    let homes = [&slope, &seen, &plain, &also, &far, &too];
    let due = |more: &[Summary], now: u64| {
        let rows: Vec<&Summary> = homes.into_iter().chain(more).collect();
        let list = due_list(rows, package(), day_of(now), crate::plan::Season::at(now));
        list.into_iter().map(|row| (row.household.0[0], row.due.state, row.why)).collect::<Vec<_>>()
    };
    let called = (1, DueState::Due, Some("黄色及以上预警".to_owned()));
    let now = START + HOUR;
    assert_eq!(due(&[], now), []);
    let yellow = row(&warning("rain", "yellow", &[VILLAGE]));
    assert_eq!(due(std::slice::from_ref(&yellow), now), std::slice::from_ref(&called));
    let ahead = Warning { from: START + 9 * HOUR, ..warning("rain", "yellow", &[VILLAGE]) };
    assert_eq!(due(&[row(&ahead)], now), std::slice::from_ref(&called), "before it begins");
    assert_eq!(due(&[row(&warning("rain", "blue", &[VILLAGE]))], now), []);
    assert_eq!(due(&[row(&warning("fire", "red", &[VILLAGE]))], now), []);
    let both = due(&[row(&warning("typhoon", "red", &[TOWN]))], now);
    assert_eq!(both.iter().map(|row| row.0).collect::<Vec<_>>(), [1, 3]);
    let there = visit(50, slope.id, START + HOUR / 2);
    assert_eq!(due(&[yellow.clone(), there], now), [], "somebody was there since");
    let before = visit(51, slope.id, START - HOUR);
    assert_eq!(due(&[yellow.clone(), before], now).len(), 1, "who was seen this morning has not heard of it");
    assert_eq!(
        due(&[lifted(&warning("rain", "yellow", &[VILLAGE]), START + HOUR)], now),
        [],
        "it was lifted"
    );
    assert_eq!(due(std::slice::from_ref(&yellow), START + DAY_MS), [], "it is over");
    // A plan that looks at no instant knows of no warnings.
    let rows: Vec<&Summary> = homes.into_iter().chain([&yellow]).collect();
    let day = due_list(rows, package(), day_of(now), crate::plan::Season::usual(day_of(now)));
    assert_eq!(day, []);
}

#[test]
fn what_it_would_do_is_what_it_does() {
    let [slope, seen] = home(1, "geo_threat", GRID);
    let points = [
        place(11, "geo_point", GRID),
        place(12, "geo_point", GRID),
        place(13, "geo_point", FAR),
        place(14, "reservoir", GRID),
        place(15, "small_place", GRID),
        Summary { state: "closed".to_owned(), ..place(16, "geo_point", GRID) },
    ];
    let orange = warning("rain", "orange", &[VILLAGE]);
    let mut rows: Vec<&Summary> = points.iter().chain([&slope, &seen]).collect();
    let found = effect(package(), &orange, &rows, START);
    let told: Vec<_> =
        found.points.iter().map(|one| (one.label.as_str(), one.count, one.every_hours, one.watch)).collect();
    // May: the pond is looked at daily anyway.
    assert_eq!(told, [("地灾点", 2, 4, false), ("山塘水库", 1, 24, true)]);
    assert_eq!(found.homes, 1);
    assert_eq!(
        effect(package(), &warning("rain", "orange", &[NEXT]), &rows, START).points.len(),
        1,
        "one slope there"
    );
    assert_eq!(effect(package(), &warning("other", "red", &[TOWN]), &rows, START), Effect::default());

    let announced = row(&orange);
    rows.push(&announced);
    let asks = |rows: &[&Summary], now: u64| {
        Asks::new(package(), rows, now).of(&orange, std::slice::from_ref(&orange))
    };
    let now = START + HOUR;
    assert_eq!(asks(&rows, now), (1, 1), "somebody stays at the pond; the slopes have three hours yet");
    assert_eq!(Asks::new(package(), &rows, now).next(), Some(START + 3 * HOUR));
    assert_eq!(asks(&rows, START + 3 * HOUR), (3, 1), "within the hour");
    let there = visit(50, slope.id, now);
    rows.push(&there);
    assert_eq!(asks(&rows, now).1, 0);
    let ahead = Warning { from: now + HOUR, ..orange.clone() };
    let alone = std::slice::from_ref(&ahead);
    assert_eq!(Asks::new(package(), &rows, now).of(&ahead, alone).0, 0, "patrols begin with it");
    // A graver one of part of the area, announced besides: each point under one of them.
    let red = Warning { id: EntityId([2; 16]), from: now, ..warning("geology", "red", &[GRID]) };
    let both = [orange.clone(), red.clone()];
    let announced = row(&red);
    rows.push(&announced);
    let late = START + 3 * HOUR;
    let found = Asks::new(package(), &rows, late);
    let [alone, graver] = [&orange, &red].map(|one| found.of(one, &both).0);
    assert_eq!((alone, graver), (1, 2), "the pond is none of the ground's; both slopes are told under red");
}

#[test]
fn every_kind_concerns_what_is_there() {
    let kinds = &package().hazards.get().warnings;
    assert!(kinds.len() > 5);
    let concerned = kinds.iter().flat_map(|kind| &kind.points);
    for id in concerned {
        let point = package().hazards.get().points.iter().find(|point| point.id == *id).unwrap();
        assert!(
            point.watch_on_warning || !point.warning_hours.is_empty(),
            "{id} has no rhythm of its own under one"
        );
    }
    let fire = kinds.iter().find(|kind| kind.id == "fire").unwrap();
    assert_eq!((fire.points.as_slice(), fire.calls.len()), (&["forest_checkpoint".to_owned()][..], 0));
}

#[test]
fn raised_it_is_told_anew_and_nobody_is_late_at_once() {
    let mut story = announced(&warning("rain", "yellow", &[VILLAGE]));
    let [house, before] = home(1, "geo_threat", GRID);
    let slope = place(11, "geo_point", GRID);
    let there = visit(50, house.id, START + HOUR / 2);
    story.ms = START + 10 * HOUR;
    story.admitted(&duty(), "set", &json!({"set": Warning::raise("red")})).unwrap();
    let now = START + 11 * HOUR;
    let sheet = row_of(&story);
    let rows = [&house, &before, &there, &slope, &sheet];
    let called = due_list(rows, package(), day_of(now), crate::plan::Season::at(now));
    assert_eq!(called.len(), 1, "who heard of yellow has not heard of red");
    let list = points_due(package(), &rows, &Season::default(), now);
    assert_eq!(list.iter().map(|p| (p.due.every_hours, p.due.late)).collect::<Vec<_>>(), [(2, false)]);
    let later = points_due(package(), &rows, &Season::default(), now + 2 * HOUR);
    assert!(later[0].due.late, "two hours after it was raised");
}

#[test]
fn of_two_who_changed_it_at_once_the_graver_and_the_longer_count() {
    let mut story = announced(&warning("rain", "yellow", &[VILLAGE]));
    let set = |values: Values| json!({"set": values});
    // Neither has seen the other's; the later clock says less.
    let red = story.op(gridbook_log::DeviceId([2; 8]), "dan", "set", &set(Warning::raise("red")));
    let long = Warning::extend(START + 3 * DAY_MS);
    let long = story.op(gridbook_log::DeviceId([3; 8]), "dan", "set", &set(long));
    story.ms += HOUR;
    let orange = story.op(gridbook_log::DeviceId([4; 8]), "eve", "set", &set(Warning::raise("orange")));
    let short =
        story.op(gridbook_log::DeviceId([5; 8]), "eve", "set", &set(Warning::extend(START + 2 * DAY_MS)));
    for op in [&orange, &short, &red, &long] {
        story.entity.apply(op);
    }
    let held = Warning::of_row(&row_of(&story)).unwrap();
    assert_eq!((held.level.as_str(), held.until), ("red", START + 3 * DAY_MS));
}
