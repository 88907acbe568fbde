#![allow(clippy::unwrap_used)]

use gridbook_log::body::kind;
use serde_json::json;

use super::*;
use crate::case::story::{GRID, START, Story, TOWN, VILLAGE, person};
use crate::role::Actor;

fn terms() -> Terms {
    Terms {
        from: "ann".to_owned(),
        to: "bea".to_owned(),
        area: GRID.to_owned(),
        on: crate::calendar::day_of(START),
        reason: "调整岗位".to_owned(),
    }
}

fn items() -> Vec<Item> {
    let (title, note) = ("钟小满".to_owned(), "柳溪村3组12号".to_owned());
    vec![Item { kind: ItemKind::Household, record: EntityId([3; 16]), title, note }]
}

fn body(create: &Create) -> Value {
    serde_json::to_value(create).unwrap()
}

fn clerk() -> Actor {
    person("cai", "grid_clerk")
}

fn begun() -> Story {
    let mut story = Story::new();
    story.admitted(&clerk(), kind::CREATE, &body(&create(&terms(), &items()))).unwrap();
    story
}

fn read(story: &Story) -> Handover {
    Handover::of(&story.entity).unwrap()
}

fn confirm(story: &mut Story, user: &str) -> Result<(), Refusal> {
    let event = serde_json::to_value(read(story).confirm()).unwrap();
    story.admitted(&person(user, "village_assistant"), kind::EVENT, &event)
}

#[test]
fn first_the_successor_then_the_one_who_leaves() {
    let mut story = begun();
    assert_eq!((read(&story).waits_for(), read(&story).starter.as_str()), (Some(Side::Taker), "cai"));
    assert_eq!(confirm(&mut story, "ann").unwrap_err().code(), "not_legal_now");
    assert_eq!(confirm(&mut story, "eve").unwrap_err().code(), "not_permitted");
    confirm(&mut story, "bea").unwrap();
    assert_eq!((read(&story).waits_for(), read(&story).done()), (Some(Side::Leaver), false));
    assert_eq!(confirm(&mut story, "bea").unwrap_err().code(), "not_legal_now");
    confirm(&mut story, "ann").unwrap();
    assert_eq!((read(&story).waits_for(), read(&story).done()), (None, true));
    assert_eq!(confirm(&mut story, "ann").unwrap_err().code(), "not_legal_now");
    let late = serde_json::to_value(read(&story).cancel("不对")).unwrap();
    assert_eq!(story.admitted(&clerk(), kind::EVENT, &late).unwrap_err().code(), "not_legal_now");
}

#[test]
fn a_wrong_list_is_cancelled_and_nothing_moves() {
    for user in ["cai", "ann", "bea"] {
        let mut story = begun();
        let event = serde_json::to_value(read(&story).cancel("少了两户")).unwrap();
        let who = if user == "cai" { clerk() } else { person(user, "village_assistant") };
        story.admitted(&who, kind::EVENT, &event).unwrap();
        let now = read(&story);
        assert_eq!((now.cancelled.as_deref(), now.waits_for(), now.done()), (Some("少了两户"), None, false));
        assert_eq!(confirm(&mut story, "bea").unwrap_err().code(), "not_legal_now");
    }
    let event = serde_json::to_value(read(&begun()).cancel("x")).unwrap();
    let other = person("eve", "village_assistant");
    assert_eq!(begun().judge(&other, kind::EVENT, &event).unwrap_err().code(), "not_permitted");
}

#[test]
fn its_list_is_never_changed() {
    let set = json!({"set": {"to": "eve"}});
    assert_eq!(begun().judge(&clerk(), kind::SET, &set).unwrap_err().code(), "not_legal_now");
}

#[test]
fn a_creation_names_two_people_and_is_shared_with_them_alone() {
    let good = body(&create(&terms(), &items()));
    let judge = |who: &Actor, body: &Value| Story::new().judge(who, kind::CREATE, body).map_err(|r| r.code());
    assert_eq!(judge(&clerk(), &good), Ok(()));
    assert_eq!(judge(&person("ann", "village_assistant"), &good), Err("not_permitted"));
    for (path, value, code) in [
        ("/set/to", json!("ann"), "bad_body"),
        ("/set/on", json!("someday"), "bad_body"),
        ("/set/items", json!([]), "bad_body"),
        ("/set/items", json!([{"kind": "elephant"}]), "bad_body"),
        ("/place/users_add", json!(["ann", "bea", "eve"]), "bad_placement"),
        ("/place/users_add", json!(["ann"]), "bad_placement"),
        ("/state", json!("done"), "wrong_state"),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(path).unwrap() = value;
        assert_eq!(judge(&clerk(), &bad), Err(code), "{path}");
    }
}

#[test]
fn roles_inside_the_area_move_on_the_day_and_others_stay() {
    let held = |role: &str, area: &str| Assignment {
        role: role.to_owned(),
        area: Some(area.to_owned()),
        ..Assignment::default()
    };
    let handover = read(&begun());
    let (on, before) = (handover.terms.on, handover.terms.on - Days::new(1));
    let leaver = [held("village_assistant", GRID), held("group_leader_women", VILLAGE)];
    let (stays, gets) = moved(&handover, &leaver, &[held("household_liaison", TOWN)]);
    let who = |user: &str, list: &[Assignment]| Actor { user: user.to_owned(), assignments: list.to_vec() };
    assert!(who("ann", &stays).has_role("village_assistant", before));
    assert!(!who("ann", &stays).has_role("village_assistant", on));
    assert!(who("ann", &stays).has_role("group_leader_women", on), "a role for more than the area stays");
    assert!(!who("bea", &gets).has_role("village_assistant", before));
    assert!(who("bea", &gets).has_role("village_assistant", on));
    assert!(who("bea", &gets).has_role("household_liaison", on));
    let again = moved(&handover, &stays, &gets);
    assert_eq!(again, (stays, gets), "done twice is done once");
}

#[test]
fn without_a_server_the_directory_says_the_same() {
    let handover = read(&begun());
    let held = |role: &str, area: &str, from: Option<NaiveDate>| Assignment {
        role: role.to_owned(),
        area: Some(area.to_owned()),
        from,
        ..Assignment::default()
    };
    let later = handover.terms.on + Days::new(9);
    let leaver = [
        held("village_assistant", GRID, None),
        held("grid_worker_l2", GRID, Some(later)),
        held("group_leader_women", VILLAGE, None),
    ];
    let taker = [held("household_liaison", TOWN, None)];
    let values = |user: &str, held: &[Assignment]| crate::authority::staff_values(user, user, held);
    let (mut ann, mut bea) = (values("ann", &leaver), values("bea", &taker));
    let (ends, gets) = moved_rows(&handover, &ann, &bea);
    ann.extend(ends);
    bea.extend(gets);
    let (stays, has) = moved(&handover, &leaver, &taker);
    let who = |list: Vec<Assignment>| Actor { user: String::new(), assignments: list };
    let told = |values: &Values| who(crate::authority::assignments(values));
    for day in [handover.terms.on - Days::new(1), handover.terms.on, later] {
        for role in ["village_assistant", "grid_worker_l2", "group_leader_women", "household_liaison"] {
            assert_eq!(
                told(&ann).has_role(role, day),
                who(stays.clone()).has_role(role, day),
                "ann {role} {day}"
            );
            assert_eq!(
                told(&bea).has_role(role, day),
                who(has.clone()).has_role(role, day),
                "bea {role} {day}"
            );
        }
    }
    assert!(
        told(&bea).has_role("village_assistant", later) && !told(&ann).has_role("village_assistant", later)
    );
    assert_eq!(moved_rows(&handover, &ann, &bea), (Values::new(), Values::new()), "done once");
}

#[test]
fn a_role_that_the_successor_has_already_is_not_given_twice() {
    let handover = read(&begun());
    let (on, end) = (handover.terms.on, handover.terms.on + Days::new(30));
    let held = |from: Option<NaiveDate>, to: Option<NaiveDate>| Assignment {
        role: "village_assistant".to_owned(),
        area: Some(GRID.to_owned()),
        unit: None,
        from,
        to,
    };
    let values = |held: Assignment| crate::authority::staff_values("x", "x", &[held]);
    for (leaver, taker, doubled) in [
        (held(None, None), held(None, None), false),
        (held(None, Some(end)), held(None, None), false),
        (held(None, None), held(None, Some(end)), true),
        (held(None, None), held(None, Some(on - Days::new(1))), true),
    ] {
        let (_, gets) = moved(&handover, std::slice::from_ref(&leaver), std::slice::from_ref(&taker));
        assert_eq!(gets.len(), if doubled { 2 } else { 1 }, "{leaver:?} {taker:?}");
        let mut bea = values(taker.clone());
        let (ends, rows) = moved_rows(&handover, &values(leaver.clone()), &bea);
        assert_eq!(ends, [("assignments/a1/to".to_owned(), json!((on - Days::new(1)).to_string()))].into());
        bea.extend(rows);
        assert_eq!(crate::authority::assignments(&bea), gets, "the directory says the same");
    }
}

#[test]
fn own_cases_go_to_the_successor() {
    let package = Package::builtin();
    let handover = read(&begun());
    let mut story = Story::hazard("blue");
    assert_eq!(hand_over_case(package, &story.view(), &handover), None);
    let chief = person("chi", "general_grid_chief");
    let register = json!({"event": "register", "from": "submitted", "to": "registered", "table": 1,
        "data": {"duplicate_checked": true}, "set": {"category": "fire", "subtype": "fire.6", "level": "blue"}});
    story.admitted(&person("dir", "center_director"), kind::EVENT, &register).unwrap();
    let keep = json!({"event": "keep", "from": "registered", "to": "in_progress", "table": 1,
        "set": {"handler": "ann", "handle_by": "2026-06-30"}});
    story.admitted(&person("dir", "center_director"), kind::EVENT, &keep).unwrap();
    let event = serde_json::to_value(hand_over_case(package, &story.view(), &handover).unwrap()).unwrap();
    assert!(story.judge(&chief, kind::EVENT, &event).is_err(), "only who handles it");
    story.admitted(&person("ann", "village_assistant"), kind::EVENT, &event).unwrap();
    assert_eq!(story.view().handler.as_deref(), Some("bea"));
    assert_eq!(story.view().state, "in_progress");
}

#[test]
fn the_list_has_cases_due_visits_and_households_of_the_area() {
    let package = Package::builtin();
    let story = Story::hazard("blue");
    let case = Summary::of(&story.entity, package).unwrap();
    let mut home = Story::new();
    let house = json!({"type": "household", "form": "F-HOUSEHOLD/1", "place": {"area": GRID},
        "set": {"address_text": "柳溪村3组12号", "door_no": "12", "residence_type": "permanent",
            "members/m1/name": "钟小满", "members/m1/relation": "head"}});
    home.admitted(&person("ann", "village_assistant"), kind::CREATE, &house).unwrap();
    let home = Summary::of(&home.entity, package).unwrap();
    let today = home.day() + Days::new(400);
    let now = crate::calendar::midnight(today);
    let mut task = Story::new();
    let given = json!({"type": "visit_task", "place": {"area": "510000100201003", "users_add": ["ann"]},
        "set": {"label": "大走访", "from": "2026-05-18", "due": "2026-06-18", "user": "ann", "households": [home.id.to_string()]}});
    task.admitted(&person("lea", "grid_worker_l1"), kind::CREATE, &given).unwrap();
    let task = Summary::of(&task.entity, package).unwrap();
    let mine = list(package, &[&home, &case, &task], "ann", VILLAGE, now);
    assert_eq!(
        mine.iter().map(|item| item.kind).collect::<Vec<_>>(),
        [ItemKind::Case, ItemKind::Task, ItemKind::Visit, ItemKind::Household]
    );
    assert_eq!((mine[1].title.as_str(), mine[1].note.as_str()), ("大走访", "1 户，到 2026-06-18 为止"));
    let rows = [&home, &case];
    let kinds = |area: &str| -> Vec<ItemKind> {
        list(package, &rows, "ann", area, now).into_iter().map(|item| item.kind).collect()
    };
    assert_eq!(kinds(VILLAGE), [ItemKind::Case, ItemKind::Visit, ItemKind::Household]);
    assert_eq!(kinds("510000100202"), []);
    // A visit to the record that went into this household is one to it, and the list names it once.
    let other = gridbook_log::EntityId([9; 16]);
    let went = Summary { id: other, household: Some(home.id), state: "merged".to_owned(), ..home.clone() };
    let fact = crate::summary::VisitFact {
        day: today - Days::new(1),
        at: 0,
        mode: crate::summary::VisitMode::InPerson,
        met: true,
        next: None,
    };
    let visit = Summary {
        id: gridbook_log::EntityId([8; 16]),
        kind: RecordKind::Visit,
        household: Some(other),
        visit: Some(fact),
        ..home.clone()
    };
    let found = list(package, &[&home, &went, &visit], "ann", VILLAGE, now);
    let found: Vec<_> = found.into_iter().map(|item| (item.kind, item.record)).collect();
    assert_eq!(found, [(ItemKind::Household, home.id)]);

    // A warning calls for it again, and is lifted.
    let below = Summary { categories: vec!["geo_threat".to_owned()], ..home.clone() };
    let seen = Summary { household: Some(home.id), ..visit };
    let mut warning = Story::new();
    let until = crate::calendar::minute_of(now + crate::calendar::DAY_MS);
    let announced = json!({"type": "warning", "place": {"all": true, "area": VILLAGE},
        "set": {"what": "rain", "level": "orange", "areas": [VILLAGE],
            "from": "2026-05-18T08:00:00+08:00", "until": format!("{until}:00+08:00")}});
    let op = warning.op(gridbook_log::DeviceId([2; 8]), "dan", kind::CREATE, &announced);
    warning.entity.apply(&op);
    let standing = Summary::of(&warning.entity, package).unwrap();
    let raised = crate::warning::Warning::of_row(&standing).unwrap();
    let at = crate::warning::Warning { raised: now, at: now, ..raised };
    let mut standing = standing;
    at.into_row(&mut standing, package);
    let visits = |rows: &[&Summary]| -> Vec<String> {
        let found = list(package, rows, "ann", VILLAGE, now).into_iter();
        found.filter(|item| item.kind == ItemKind::Visit).map(|item| item.note).collect()
    };
    assert_eq!(visits(&[&below, &seen]), [""; 0], "seen yesterday");
    let called = visits(&[&below, &seen, &standing]);
    assert!(called.len() == 1 && called[0].contains(" · "), "{called:?}");
}
