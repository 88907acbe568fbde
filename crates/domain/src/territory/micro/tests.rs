#![allow(clippy::unwrap_used)]
use serde_json::{Value, json};

use super::*;
use crate::calendar::DAY_MS;
use crate::calendar::day_of;
use crate::case::story::{GRID, START, Story, VILLAGE, blob, person};
use crate::role::Assignment;

/// The basic grid that [`GRID`], a micro-grid, lies in, and its other micro-grid.
const BASIC: &str = "510000100201003";
const NEXT: &str = "51000010020100302";
const RULES: MicroRules = MicroRules { minutes: 15, detour_percent: 140, metres_per_hour: 4500 };

fn package() -> &'static Package {
    Package::builtin()
}

fn worker(area: &str) -> Actor {
    let held = Assignment {
        role: "grid_worker_l2".to_owned(),
        area: Some(area.to_owned()),
        ..Assignment::default()
    };
    Actor { user: "ann".to_owned(), assignments: vec![held] }
}

/// A step as the phone writes it, so many days after the first.
fn step(n: u8, days: u64, set: &Value) -> Summary {
    entry(n, days, set, set["part"] == "sketch")
}

fn entry(n: u8, days: u64, set: &Value, drawn: bool) -> Summary {
    let mut story = Story::new();
    story.entity = Entity::new(EntityId([n; 16]), None);
    story.ms = START + days * DAY_MS;
    let mut body = json!({"type": "entry", "form": "F-MICRO/1", "state": "recorded", "place": {"area": GRID},
        "set": {"area": GRID, "date": day_of(story.ms).to_string()},
        "blobs": if drawn { json!([blob("photos")]) } else { json!([]) }});
    body["set"].as_object_mut().unwrap().extend(set.as_object().unwrap().clone());
    story.admitted(&worker(BASIC), "create", &body).unwrap();
    Summary::of(&story.entity, package()).unwrap()
}

fn drill(n: u8, days: u64, minutes: u32) -> Summary {
    step(n, days, &json!({"part": "drill", "from": "村委会", "minutes": minutes, "took_part": "助理和三户"}))
}

/// A household in an area, so many hundred-thousandths of a degree north of the duty point, where its position is known.
fn house(n: u8, area: &str, north: Option<u32>) -> Summary {
    let mut story = Story::new();
    story.entity = Entity::new(EntityId([n; 16]), None);
    let mut body = json!({"type": "household", "form": "F-HOUSEHOLD/1", "place": {"area": area}, "set": {
        "address_text": "柳溪村3组12号", "residence_type": "permanent", "members/m1/name": "钟小满",
        "members/m2/name": "钟大雪"}});
    if let Some(north) = north {
        body["set"]["geo"] = json!({"lat": 30.0 + f64::from(north) / 100_000.0, "lon": 104.0, "acc": 8});
    }
    story.admitted(&worker(BASIC), "create", &body).unwrap();
    Summary::of(&story.entity, package()).unwrap()
}

fn duty() -> Value {
    json!({"lat": 30.0, "lon": 104.0, "acc": 5})
}

fn setup(rows: &[Summary]) -> Setup {
    let rows: Vec<&Summary> = rows.iter().collect();
    let mut all = setups(&RULES, [BASIC, GRID], &rows);
    assert_eq!(all.len(), 1, "a grid is no micro-grid");
    all.remove(0)
}

#[test]
fn the_rule_is_data_and_the_default_is_that_of_the_package() {
    assert_eq!((package().visits.get().micro, MicroRules::default()), (RULES, RULES));
    let faults = |rules: MicroRules| {
        let mut package = package().clone();
        package.visits.get_mut().micro = rules;
        package.faults().len()
    };
    assert_eq!(faults(RULES), 0);
    for wrong in [
        MicroRules { minutes: 0, ..RULES },
        MicroRules { detour_percent: 99, ..RULES },
        MicroRules { metres_per_hour: 0, ..RULES },
    ] {
        assert_eq!(faults(wrong), 1);
    }
}

#[test]
fn a_straight_line_is_estimated() {
    // 1,000 m × 1.4 ÷ 4.5 km/h = 18.7 minutes; 803 m are the last metres of a quarter of an hour.
    assert_eq!([0, 1, 803, 804, 1_000].map(|metres| RULES.estimate(metres)), [0, 1, 15, 16, 19]);
    assert_eq!(MicroRules { metres_per_hour: 0, ..RULES }.estimate(u32::MAX), u32::MAX);
}

#[test]
fn each_step_counts_by_its_latest_record() {
    let none = setup(&[]);
    assert_eq!((none.lacks(), none.way), (Step::ALL.to_vec(), Way::Unknown));
    let walk = |n, days| step(n, days, &json!({"part": "walk"}));
    let sketch = step(4, 1, &json!({"part": "sketch"}));
    let rows = [walk(1, 0), walk(3, 5), walk(2, 2), sketch.clone(), drill(5, 3, 12)];
    let all = setup(&rows);
    assert_eq!(all.lacks(), []);
    let told = all.done.iter().flatten().map(|done| (done.id.0[0], done.day, done.by.as_str()));
    let day = |days| day_of(START + days * DAY_MS);
    assert_eq!(told.collect::<Vec<_>>(), [(3, day(5), "ann"), (4, day(1), "ann"), (5, day(3), "ann")]);
    // Written down later for an earlier day: the later day stands.
    let late = step(9, 9, &json!({"part": "walk", "date": day(4).to_string()}));
    assert_eq!(setup(&[walk(3, 5), late]).done[0].as_ref().unwrap().id.0[0], 3);
    let refused = Summary { rejected: true, ..sketch };
    assert_eq!(setup(&[walk(1, 0), refused]).lacks(), [Step::Sketch, Step::Drill]);
}

#[test]
fn what_says_nothing_is_no_step() {
    let lacks = |set: Value| setup(&[step(1, 0, &set)]).lacks().len();
    assert_eq!(lacks(json!({"part": "walk"})), 2);
    assert_eq!(lacks(json!({"part": "drill", "from": "村委会"})), 3, "no minutes");
    let undrawn = entry(1, 0, &json!({"part": "sketch"}), false);
    assert_eq!(setup(&[undrawn]).lacks().len(), 3, "no picture");
    assert_eq!(lacks(json!({"part": "walk", "area": BASIC})), 3, "a grid is none");
    let elsewhere = step(1, 0, &json!({"part": "walk", "area": NEXT}));
    assert_eq!(setups(&RULES, [NEXT], &[&elsewhere])[0].lacks().len(), 3, "it lies elsewhere");
}

#[test]
fn minutes_are_walked_else_estimated_else_unknown() {
    let start = step(1, 0, &json!({"part": "sketch", "geo": duty()}));
    let (near, far) = (house(2, GRID, Some(500)), house(3, GRID, Some(1_000)));
    let way = |rows: &[&Summary]| setup(&rows.iter().copied().cloned().collect::<Vec<_>>()).way;
    // 0.01000 degrees are 1,113 m: 20.8 minutes.
    assert_eq!(way(&[&start, &near, &far]), Way::Estimated(21));
    assert_eq!(way(&[&start, &near]), Way::Estimated(11), "half as far");
    assert_eq!(way(&[&near, &far]), Way::Unknown, "nobody said from where");
    assert_eq!(way(&[&start, &house(4, GRID, None)]), Way::Unknown, "nobody knows where they live");
    assert_eq!(way(&[&start, &house(4, NEXT, Some(900))]), Way::Unknown, "of another micro-grid");
    let (first, second) = (drill(5, 1, 18), drill(6, 2, 14));
    assert_eq!(way(&[&start, &far, &first]), Way::Walked(18));
    assert_eq!(way(&[&start, &far, &second, &first]), Way::Walked(14), "the latest");
    // Where people set out from later counts.
    let moved = json!({"part": "walk", "geo": {"lat": 30.01, "lon": 104.0, "acc": 5}});
    assert_eq!(way(&[&step(7, 3, &moved), &start, &far]), Way::Estimated(0));
}

#[test]
fn a_quarter_of_an_hour_is_the_limit() {
    let beyond = |way: Way| way.beyond(&RULES);
    assert_eq!([15, 16].map(|minutes| beyond(Way::Walked(minutes))), [false, true]);
    assert_eq!([15, 16].map(|minutes| beyond(Way::Estimated(minutes))), [false, true]);
    assert!(!beyond(Way::Unknown));
    assert!(Way::Walked(15).beyond(&MicroRules { minutes: 14, ..RULES }));
}

#[test]
fn households_and_persons_against_the_norm() {
    let gone = Summary { state: "cancelled".to_owned(), ..house(3, GRID, None) };
    let all = setup(&[house(1, GRID, None), house(2, NEXT, None), gone, house(4, BASIC, None)]);
    assert_eq!((all.households, all.persons), (1, 2));
    let norms = |households, persons| Norms { households, persons, tolerance_percent: 50 };
    assert!(!all.crowded(&norms(1, 2)));
    assert!(all.crowded(&norms(0, 2)) && all.crowded(&norms(1, 1)));
}

#[test]
fn whoever_corrects_a_household_says_to_which_micro_grid_of_its_grid_it_belongs() {
    let mut story = Story::new();
    let body = json!({"type": "household", "form": "F-HOUSEHOLD/1", "place": {"area": GRID}, "set": {
        "address_text": "柳溪村3组12号", "residence_type": "permanent"}});
    story.admitted(&worker(BASIC), "create", &body).unwrap();
    let asked = |actor: &Actor, place: Value| story.judge(actor, "place", &place).map_err(|no| no.code());
    for to in [NEXT, BASIC] {
        assert_eq!(asked(&worker(BASIC), json!({"area": to})), Ok(()), "{to}");
        assert_eq!(asked(&worker(VILLAGE), json!({"area": to})), Ok(()), "{to}");
        assert_eq!(asked(&worker(GRID), json!({"area": to})), Err("not_permitted"), "{to} is not theirs");
    }
    let no = Err("not_permitted");
    assert_eq!(asked(&worker(VILLAGE), json!({"area": "51000010020100401"})), no, "another grid");
    assert_eq!(asked(&worker(VILLAGE), json!({"area": VILLAGE})), no, "out of every grid");
    assert_eq!(asked(&worker(BASIC), json!({"area": NEXT, "units_add": ["yjb"]})), no, "and to a unit");
    assert_eq!(asked(&person("lee", "liaison_cadre"), json!({"area": NEXT})), no, "who corrects nothing");
    let case = Story::hazard("blue");
    assert!(case.judge(&worker(BASIC), "place", &json!({"area": NEXT})).is_err(), "only households");
}

#[test]
fn the_walk_is_admitted_and_counts() {
    let create = walked(package(), GRID, day_of(START)).unwrap();
    let mut story = Story::new();
    story.admitted(&worker(GRID), "create", &serde_json::to_value(create).unwrap()).unwrap();
    let row = Summary::of(&story.entity, package()).unwrap();
    assert_eq!(setup(&[row]).lacks(), [Step::Sketch, Step::Drill]);
}

#[test]
fn codes_are_never_used_again() {
    let codes = [BASIC, GRID, "51000010020100307", "51000010020100409"];
    assert_eq!(free_micro(codes, BASIC).as_deref(), Some("51000010020100308"));
    assert_eq!(free_micro([BASIC], BASIC).as_deref(), Some(GRID));
    assert_eq!(free_micro(["51000010020100399"], BASIC), None);
}
