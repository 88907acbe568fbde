#![allow(clippy::unwrap_used)]

use super::*;

const VILLAGE: &str = "510000100201";
const GRID: &str = "51000010020100301";
const OTHER: &str = "51000010020200101";

fn day(d: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, d).unwrap()
}

fn held(role: &str, area: Option<&str>, unit: Option<&str>) -> Actor {
    Actor {
        user: "u1".to_owned(),
        assignments: vec![Assignment {
            role: role.to_owned(),
            area: area.map(str::to_owned),
            unit: unit.map(str::to_owned),
            from: None,
            to: None,
        }],
    }
}

fn ask(actor: &Actor, permission: &str, target: &Target<'_>) -> Right {
    right(Package::builtin(), actor, permission, target, day(21))
}

fn hazard<'a>(area: &'a str, creator: &'a str, level: Option<&'a str>) -> Target<'a> {
    Target { level, ..Target::new(RecordKind::Hazard, area, Some(creator)) }
}

#[test]
fn an_area_right_ends_at_the_area() {
    let worker = held("village_assistant", Some(GRID), None);
    assert_eq!(ask(&worker, "record.create", &hazard(GRID, "u1", None)), Right::Yes);
    assert_eq!(ask(&worker, "record.create", &hazard(OTHER, "u1", None)), Right::No);
    assert_eq!(ask(&worker, "record.create", &hazard(VILLAGE, "u1", None)), Right::No);
    assert_eq!(
        ask(&held("village_assistant", None, None), "record.create", &hazard(GRID, "u1", None)),
        Right::No
    );
}

#[test]
fn own_records_until_registration() {
    let worker = held("grid_worker_l2", Some(GRID), None);
    let mut target = hazard(GRID, "u1", None);
    assert_eq!(ask(&worker, "record.edit", &target), Right::Yes);
    assert_eq!(ask(&worker, "record.edit", &hazard(GRID, "u2", None)), Right::No);
    target.registered = true;
    assert_eq!(ask(&worker, "record.edit", &target), Right::No);
    let intake = held("intake_clerk", Some("510000100"), None);
    assert_eq!(ask(&intake, "record.edit", &target), Right::Yes);
}

#[test]
fn levels_hold_the_village_back() {
    let l1 = held("grid_worker_l1", Some(VILLAGE), None);
    for (level, expected) in
        [("red", Right::No), ("orange", Right::No), ("yellow", Right::Yes), ("blue", Right::Yes)]
    {
        assert_eq!(ask(&l1, "case.register", &hazard(GRID, "u2", Some(level))), expected, "{level}");
        assert_eq!(ask(&l1, "case.close", &hazard(GRID, "u2", Some(level))), expected, "{level}");
    }
    let director = held("center_director", Some("510000100"), None);
    assert_eq!(ask(&director, "case.close", &hazard(GRID, "u2", Some("red"))), Right::Yes);
}

#[test]
fn a_unit_acts_on_what_was_dispatched_to_it() {
    let handler = held("unit_handler", None, Some("U07"));
    let mut target = hazard(GRID, "u2", Some("red"));
    assert_eq!(ask(&handler, "case.claim", &target), Right::No);
    target.units = vec!["U03", "U07"];
    assert_eq!(ask(&handler, "case.claim", &target), Right::Yes);
    assert_eq!(ask(&handler, "case.dispatch", &target), Right::Propose);
    assert!(!may(Package::builtin(), &handler, "case.dispatch", &target, day(21)));
    assert_eq!(ask(&handler, "record.create", &target), Right::No);
    assert_eq!(ask(&handler, "household.view", &Target::new(RecordKind::Household, GRID, None)), Right::No);
}

#[test]
fn who_was_named_may_handle() {
    let worker = held("village_assistant", Some(GRID), None);
    let mut target = hazard(GRID, "u2", Some("blue"));
    assert_eq!(ask(&worker, "case.handle", &target), Right::No);
    target.handler = Some("u1");
    assert_eq!(ask(&worker, "case.handle", &target), Right::Yes);
}

#[test]
fn assignments_begin_and_end() {
    let mut worker = held("village_assistant", Some(GRID), None);
    worker.assignments[0].from = Some(day(10));
    worker.assignments[0].to = Some(day(20));
    let asked = |d| may(Package::builtin(), &worker, "record.create", &hazard(GRID, "u1", None), day(d));
    assert_eq!([9, 10, 20, 21].map(asked), [false, true, true, false]);
    assert!(worker.areas(day(21)).is_empty());
    assert!(!worker.has_role("village_assistant", day(9)));
}

#[test]
fn rights_of_several_roles_join() {
    let mut actor = held("village_assistant", Some(GRID), None);
    actor.assignments.extend(held("unit_handler", Some(OTHER), Some("U07")).assignments);
    let mut target = hazard(OTHER, "u2", None);
    target.units = vec!["U07"];
    assert_eq!(ask(&actor, "case.claim", &target), Right::Yes);
    assert_eq!(
        ask(&actor, "record.create", &hazard(OTHER, "u1", None)),
        Right::No,
        "each role keeps its area"
    );
    assert_eq!(actor.areas(day(1)), [GRID, OTHER]);
    assert_eq!(actor.units(day(1)), ["U07"]);
}

#[test]
fn the_administrator_has_no_case_content() {
    let admin = held("sys_admin", None, None);
    for permission in ["record.view", "record.create", "case.register", "household.view"] {
        assert_eq!(ask(&admin, permission, &hazard(GRID, "u1", None)), Right::No, "{permission}");
        assert!(!holds(Package::builtin(), &admin, permission, day(1)));
    }
    assert_eq!(ask(&admin, "directory.edit", &Target::new(RecordKind::Unit, "", None)), Right::Yes);
    assert!(holds(Package::builtin(), &admin, "user.manage", day(1)));
}

#[test]
fn unknown_roles_grant_nothing() {
    let actor = held("village_wizard", Some(GRID), Some("U07"));
    assert_eq!(ask(&actor, "record.create", &hazard(GRID, "u1", None)), Right::No);
}

#[test]
fn the_matrix_of_who_does_what_in_the_township() {
    // role, then whether it creates, registers, dispatches, calls back, closes (blue), edits households, edits the directory.
    let expected = [
        ("village_assistant", [true, false, false, false, false, true, false]),
        ("grid_worker_l2", [true, false, false, false, false, true, false]),
        ("grid_worker_l1", [true, true, true, true, true, true, false]),
        ("intake_clerk", [true, true, true, false, false, true, false]),
        ("dispatcher", [true, true, true, false, false, true, false]),
        ("callback_clerk", [true, false, true, true, true, true, false]),
        ("supervisor", [true, false, true, true, true, true, false]),
        ("center_director", [true, true, true, true, true, true, false]),
        ("grid_clerk", [false, false, false, false, false, true, true]),
        ("sys_admin", [false, false, false, false, false, false, true]),
    ];
    for (role, wanted) in expected {
        let actor = held(role, Some(VILLAGE), None);
        let target = hazard(GRID, "u2", Some("blue"));
        let got = [
            "record.create",
            "case.register",
            "case.dispatch",
            "case.callback",
            "case.close",
            "household.edit",
            "directory.edit",
        ]
        .map(|permission| ask(&actor, permission, &target) == Right::Yes);
        assert_eq!(got, wanted, "{role}");
    }
}

#[test]
fn a_role_given_by_name_is_given_by_whoever_may_do_all_of_it() {
    let package = Package::builtin();
    let today = NaiveDate::from_ymd_opt(2026, 5, 18).unwrap();
    let actor = |role: &str, to: Option<NaiveDate>| Actor {
        user: "x".to_owned(),
        assignments: vec![Assignment { role: role.to_owned(), to, ..Assignment::default() }],
    };
    let role = |id: &str| package.role(id).unwrap();
    for (who, gives) in [
        ("center_director", true),
        ("grid_clerk", false),
        ("sys_admin", false),
        ("discipline_officer", false),
    ] {
        let who = actor(who, None);
        assert_eq!(may_grant(package, &who, role("harm_contact"), today), gives, "{who:?}");
        assert_eq!(grants_by_name(package, &who, today), gives, "{who:?}");
        assert!(may_grant(package, &who, role("village_assistant"), today));
    }
    let past = actor("harm_contact", today.pred_opt());
    assert!(!may_grant(package, &past, role("harm_contact"), today), "what is over gives nothing");
    let held = |to: Option<NaiveDate>| actor("harm_contact", to).assignments;
    assert!(differs_in("harm_contact", &held(Some(today)), &held(today.succ_opt())));
    assert!(differs_in("harm_contact", &held(Some(today)), &[]));
    assert!(!differs_in("harm_contact", &held(Some(today)), &held(Some(today))));
}

#[test]
fn nobody_gives_a_role_above_the_highest_of_his_own() {
    let package = Package::builtin();
    let role = |id: &str| package.role(id).unwrap();
    let gives = |who: &str, id: &str| may_grant(package, &held(who, None, None), role(id), day(1));
    for id in ["village_assistant", "grid_chief", "unit_head", "supervisor", "intake_clerk", "grid_clerk"] {
        assert!(gives("grid_clerk", id), "{id}");
    }
    for id in
        ["center_director", "general_grid_chief", "discipline_officer", "leader", "auditor", "sys_admin"]
    {
        assert!(!gives("grid_clerk", id), "{id}");
    }
    let plain = package.roles.iter().filter(|role| !role.ends);
    assert!(plain.map(|role| role.id.as_str()).all(|id| gives("sys_admin", id)), "as before");
    // The first person of a township holds all that others get later.
    let founder = Actor {
        user: "x".to_owned(),
        assignments: package
            .roles
            .iter()
            .filter(|role| role.founder)
            .flat_map(|role| held(&role.id, None, None).assignments)
            .collect(),
    };
    assert!(package.roles.iter().all(|role| may_grant(package, &founder, role, day(1))));
    // A role that is over lends no height.
    let mut past = held("sys_admin", None, None);
    past.assignments[0].to = day(1).pred_opt();
    past.assignments.extend(held("grid_clerk", None, None).assignments);
    assert!(!may_grant(package, &past, role("center_director"), day(1)));
    assert_eq!(rank(package, &past, day(1)), role("grid_clerk").rank, "nor is it offered one");
    // A package of before knows no ranks: everything as it was.
    let mut old = package.clone();
    old.roles.iter_mut().for_each(|role| role.rank = 0);
    let clerk = held("grid_clerk", None, None);
    assert!(may_grant(&old, &clerk, old.role("center_director").unwrap(), day(1)));
}

#[test]
fn who_lets_whom_in_anew() {
    let package = Package::builtin();
    let roles = |ids: &[&str]| -> Vec<Assignment> {
        ids.iter().flat_map(|id| held(id, None, None).assignments).collect()
    };
    let mut contact = roles(&["harm_contact"]);
    contact[0].to = day(1).succ_opt();
    let (clerk, admin) = (held("grid_clerk", None, None), held("sys_admin", None, None));
    let opens = |who: &Actor, list: &[Assignment]| let_in(package, who, list, day(1));
    let above = || Err(NotYours::Above("中心主任".to_owned()));
    let by_name = || Err(NotYours::ByName("人身侵害线索专办人".to_owned()));
    assert_eq!(opens(&clerk, &roles(&["grid_worker_l1", "grid_clerk"])), Ok(()));
    assert_eq!(opens(&clerk, &roles(&["grid_worker_l1", "center_director"])), above());
    assert_eq!(opens(&clerk, &contact), by_name());
    assert_eq!(opens(&admin, &contact), Ok(()), "the administrator as before");
    assert_eq!(opens(&admin, &roles(&["center_director"])), Ok(()));
    // What is over is nobody's any more, what comes is.
    let mut times = roles(&["center_director"]);
    times[0].to = day(1).pred_opt();
    assert_eq!(opens(&clerk, &times), Ok(()));
    (times[0].from, times[0].to) = (day(1).succ_opt(), None);
    assert_eq!(opens(&clerk, &times), above());
    // To shut an account of somebody given it by name makes fewer people who read.
    assert_eq!(shut_out(package, &clerk, &contact, day(1)), Ok(()));
    contact.extend(roles(&["center_director"]));
    assert_eq!(shut_out(package, &clerk, &contact, day(1)), above());
    for cause in [above(), by_name()] {
        let cause = cause.unwrap_err();
        assert!(cause.giving().contains("都在") && cause.letting_in().contains("照常能用"), "{cause:?}");
    }
}

#[test]
fn what_does_not_change_is_nobody_s_business() {
    let package = Package::builtin();
    let clerk = held("grid_clerk", None, None);
    let was = held("center_director", None, None).assignments;
    let mut next = held("grid_worker_l1", None, None).assignments;
    next.extend(was.clone());
    assert_eq!(regrant(package, &clerk, &was, &next, day(1)), Ok(()));
    assert_eq!(regrant(package, &clerk, &was, &[], day(1)), Err(NotYours::Above("中心主任".to_owned())));
}
