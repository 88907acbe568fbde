#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::admit::{admit, reach};
use crate::case::story::{GRID, Story, TOWN, UNIT, VILLAGE, hazard_body, person};
use crate::role::{Assignment, Right, Scope, Target, may, right};
use gridbook_log::DeviceId;

fn day() -> NaiveDate {
    Story::new().today()
}

fn changes(id: &str, change: &Change) -> Values {
    [(path(id), serde_json::to_value(change).unwrap())].into()
}

fn revised(id: &str, change: &Change) -> Result<Package, String> {
    Package::builtin().revised(&changes(id, change)).map_err(|error| error.to_string())
}

/// A role of the township's own: the women's group leader who also registers what is small.
fn own() -> Change {
    Change {
        like: Some("village_assistant".to_owned()),
        label: Some("村合伙人".to_owned()),
        level: Some("村(社区)".to_owned()),
        minus: vec!["record.settle_on_spot".to_owned()],
        plus: vec![Grant {
            permission: "case.register".to_owned(),
            scope: Scope::Area,
            levels: vec!["blue".to_owned()],
            kinds: Vec::new(),
            before_registration: false,
            propose: false,
        }],
        ..Change::default()
    }
}

fn publish(actor: &Actor, package: &Package, set: &Values) -> Result<(), String> {
    let body = json!({"type": "rules", "place": {"all": true, "area": TOWN}, "set": set});
    let op = Story::new().op(DeviceId([1; 8]), &actor.user, "create", &body);
    admit(package, actor, None, &op, day()).map_err(|refusal| refusal.code().to_owned())
}

fn held(role: &str) -> Actor {
    let held = Assignment { role: role.to_owned(), area: Some(VILLAGE.to_owned()), ..Assignment::default() };
    Actor { user: "hong".to_owned(), assignments: vec![held] }
}

#[test]
fn a_township_s_own_role_is_published_given_and_judged_by() {
    let gan = person("gan", "sys_admin");
    assert_eq!(publish(&gan, Package::builtin(), &changes("partner", &own())), Ok(()));
    let next = revised("partner", &own()).unwrap();
    assert_eq!(next.faults(), Vec::<String>::new());
    let partner = held("partner");
    let asked = |package: &Package, permission: &str, level: &str| {
        let target = Target { level: Some(level), ..Target::new(RecordKind::Hazard, GRID, Some("eve")) };
        may(package, &partner, permission, &target, day())
    };
    assert!(asked(&next, "record.create", "red") && asked(&next, "case.register", "blue"));
    assert!(!asked(&next, "case.register", "red") && !asked(&next, "record.settle_on_spot", "blue"));
    assert_eq!(reach(&next, &partner, day()).areas, [VILLAGE]);
    // Where the revision has not arrived, it is a name that says nothing.
    assert!(!asked(Package::builtin(), "record.create", "red"));
    assert_eq!(reach(Package::builtin(), &partner, day()), crate::admit::Reach::default());
    // The same at admission.
    let op = Story::new().op(DeviceId([1; 8]), "hong", "create", &hazard_body("blue"));
    assert_eq!(admit(&next, &partner, None, &op, day()), Ok(()));
    let before = admit(Package::builtin(), &partner, None, &op, day()).unwrap_err();
    assert_eq!(before.code(), "not_permitted");
}

#[test]
fn a_rename_changes_the_name_and_what_a_later_program_adds_arrives() {
    let change = Change { label: Some("红色片长".to_owned()), ..Change::default() };
    let next = revised("zone_lead", &change).unwrap();
    let (was, now) = (Package::builtin().role("zone_lead").unwrap(), next.role("zone_lead").unwrap());
    assert_eq!((now.label.as_str(), &now.grants, now.rank), ("红色片长", &was.grants, was.rank));
    assert_eq!(Change::between(was, now), change);
    let mut later = Package::builtin().clone();
    let role = later.roles.iter_mut().find(|role| role.id == "zone_lead").unwrap();
    role.grants.push(own().plus[0].clone());
    let next = later.applied(&changes("zone_lead", &change)).unwrap();
    assert!(next.role("zone_lead").unwrap().grants.contains(&own().plus[0]));
}

#[test]
fn what_differs_makes_one_role_into_the_other() {
    let package = Package::builtin();
    for was in &package.roles {
        for next in &package.roles {
            let change = Change::between(was, next);
            let made = change.on(package, &was.id).unwrap();
            let sorted = |role: &Role| {
                let mut grants: Vec<String> = role.grants.iter().map(|grant| format!("{grant:?}")).collect();
                grants.sort();
                grants
            };
            assert_eq!(
                (sorted(&made), made.rank, &made.label),
                (sorted(next), next.rank, &next.label),
                "{} to {}",
                was.id,
                next.id
            );
        }
    }
}

#[test]
fn only_the_administrator_changes_roles() {
    let package = Package::builtin();
    let set = changes("partner", &own());
    for role in package.roles.iter().filter(|role| role.id != "sys_admin") {
        assert_eq!(
            publish(&person("eve", &role.id), package, &set),
            Err("not_permitted".to_owned()),
            "{}",
            role.id
        );
    }
    // Nor beside something that he may publish.
    let mut both = set;
    both.insert("version".to_owned(), json!("2026.9"));
    assert_eq!(publish(&person("dora", "center_director"), package, &both), Err("not_permitted".to_owned()));
}

#[test]
fn no_role_goes_above_who_makes_it() {
    // A township lets its clerk manage accounts and the list, too.
    let grant = |permission: &str| Grant {
        permission: permission.to_owned(),
        scope: Scope::Tenant,
        ..own().plus[0].clone()
    };
    let plus = vec![grant("user.manage"), grant("catalog.edit")];
    let next = revised("grid_clerk", &Change { plus, ..Change::default() }).unwrap();
    let clerk = person("gus", "grid_clerk");
    assert_eq!(publish(&clerk, &next, &changes("partner", &own())), Ok(()));
    let high = Change { rank: Some(4), ..own() };
    assert_eq!(publish(&clerk, &next, &changes("partner", &high)), Err("role_above".to_owned()));
    let of_the_director = Change { label: Some("主任".to_owned()), ..Change::default() };
    assert_eq!(
        publish(&clerk, &next, &changes("center_director", &of_the_director)),
        Err("role_above".to_owned())
    );
    assert_eq!(revised("partner", &Change { rank: Some(9), ..own() }).unwrap_err(), fault(RoleFault::Rank));
}

fn fault(fault: RoleFault) -> String {
    format!("岗位: {fault}")
}

#[test]
fn nobody_locks_the_administrator_out() {
    let locked = Err(fault(RoleFault::LockedOut));
    for permission in ADMINISTRATION {
        let change = Change { minus: vec![permission.to_owned()], ..Change::default() };
        assert_eq!(revised("sys_admin", &change).map(|_| ()), locked, "{permission}");
    }
    assert_eq!(revised("sys_admin", &Change { rank: Some(4), ..Change::default() }).map(|_| ()), locked);
    let fewer = Change {
        minus: vec!["audit.view".to_owned()],
        label: Some("管理员".to_owned()),
        ..Change::default()
    };
    assert!(revised("sys_admin", &fewer).is_ok());
}

#[test]
fn rights_by_name_are_in_no_role_that_had_none() {
    let package = Package::builtin();
    let guarded: Vec<&str> =
        package.permissions.iter().map(|known| known.id.as_str()).filter(|id| by_name(package, id)).collect();
    assert_eq!(
        guarded,
        ["confidential.handle", "harm.handle", "tip.handle", "group.handle", "restricted.assign"]
    );
    for permission in guarded {
        let grant = Grant::plain(permission, Scope::Tenant);
        let more = Change { plus: vec![grant], ..Change::default() };
        assert_eq!(
            revised("village_assistant", &more).unwrap_err(),
            fault(RoleFault::ByName),
            "{permission}"
        );
        let fewer = Change { minus: vec![permission.to_owned()], ..Change::default() };
        for role in package.roles.iter().filter(|role| role.grants.iter().any(|g| g.permission == permission))
        {
            assert_eq!(
                revised(&role.id, &fewer).unwrap_err(),
                fault(RoleFault::ByName),
                "{permission} {}",
                role.id
            );
        }
    }
    // A role that begins like one that hears them hears none.
    let like = Change {
        like: Some("center_director".to_owned()),
        label: Some("副主任".to_owned()),
        ..Change::default()
    };
    let next = revised("vice_director", &like).unwrap();
    let role = next.role("vice_director").unwrap();
    assert!(role.grants.len() > 10 && !role.founder);
    assert!(role.grants.iter().all(|grant| !by_name(package, &grant.permission)));
}

#[test]
fn a_role_has_a_name_of_its_own_and_rights_that_there_are() {
    let label = |text: &str| Change { label: Some(text.to_owned()), ..own() };
    for text in ["", "  ", "村务助理", "片长、组长", "一二三四五六七八九十一二三四五六七八九十一"]
    {
        assert_eq!(revised("partner", &label(text)).unwrap_err(), fault(RoleFault::Label), "{text}");
    }
    for id in ["", "X", "片长", "a b", "a/b"] {
        assert_eq!(revised(id, &own()).unwrap_err(), fault(RoleFault::Id), "{id}");
    }
    let mut odd = own();
    odd.plus[0].permission = "case.conjure".to_owned();
    assert_eq!(revised("partner", &odd).unwrap_err(), fault(RoleFault::Permission));
    odd = own();
    odd.plus[0].levels = vec!["pink".to_owned()];
    assert_eq!(revised("partner", &odd).unwrap_err(), fault(RoleFault::Permission));
    assert!(revised("partner", &Change { like: Some("nobody".to_owned()), ..own() }).is_err());
    assert!(Package::builtin().revised(&[(path("partner"), json!(7))].into()).is_err());
}

/// The decision as it was before roles could be changed: read from the table that comes with the program, by nothing of ours.
fn oracle(actor: &Actor, permission: &str, target: &Target<'_>, today: NaiveDate) -> Right {
    let data: Value = serde_json::from_str(include_str!("../../../data/roles.json")).unwrap();
    let mut best = Right::No;
    for held in &actor.assignments {
        let on = held.from.is_none_or(|from| from <= today) && held.to.is_none_or(|to| to >= today);
        let Some(role) =
            data["roles"].as_array().unwrap().iter().find(|role| role["id"] == held.role.as_str())
        else {
            continue;
        };
        if !on || (role["ends"] == true && held.to.is_none()) {
            continue;
        }
        for grant in role["grants"].as_array().into_iter().flatten() {
            let any = |list: &Value, word: &str| {
                list.as_array().is_none_or(|list| list.iter().any(|one| one == word))
            };
            let placed = match grant["scope"].as_str().unwrap() {
                "tenant" => true,
                "own" => target.creator == Some(actor.user.as_str()),
                "assigned" => target.handler == Some(actor.user.as_str()),
                "unit" => held.unit.as_deref().is_some_and(|unit| target.units.contains(&unit)),
                "area" => held.area.as_deref().is_some_and(|area| target.area.starts_with(area)),
                other => panic!("{other}"),
            };
            if grant["permission"] == permission
                && placed
                && any(&grant["kinds"], target.kind.as_str())
                && target.level.is_none_or(|level| any(&grant["levels"], level))
                && !(grant["before_registration"] == true && target.registered)
            {
                best = best.max(if grant["propose"] == true { Right::Propose } else { Right::Yes });
            }
        }
    }
    best
}

fn assignment() -> impl Strategy<Value = Assignment> {
    let mut roles: Vec<String> = Package::builtin().roles.iter().map(|role| role.id.clone()).collect();
    roles.push("village_wizard".to_owned());
    let areas = vec![None, Some(TOWN), Some(VILLAGE), Some(GRID), Some("510000100202")];
    let days = vec![None, Some(day()), day().pred_opt(), day().succ_opt()];
    (
        prop::sample::select(roles),
        prop::sample::select(areas),
        prop::sample::select(vec![None, Some(UNIT), Some("U-ROAD")]),
        prop::sample::select(days.clone()),
        prop::sample::select(days),
    )
        .prop_map(|(role, area, unit, from, to)| Assignment {
            role,
            area: area.map(str::to_owned),
            unit: unit.map(str::to_owned),
            from,
            to,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// With the table that comes with the program every decision is as before; a role that is renamed, and one that is added,
    /// change nothing for anybody else.
    #[test]
    fn with_the_default_table_every_decision_is_as_before(
        held in prop::collection::vec(assignment(), 0..4),
        permission in prop::sample::select(
            Package::builtin().permissions.iter().map(|known| known.id.clone()).collect::<Vec<_>>()
        ),
        kind in prop::sample::select(RecordKind::ALL.to_vec()),
        area in prop::sample::select(vec![TOWN, VILLAGE, GRID, "51000010020200101"]),
        creator in prop::sample::select(vec![None, Some("u1"), Some("u2")]),
        handler in prop::sample::select(vec![None, Some("u1"), Some("u2")]),
        level in prop::sample::select(vec![None, Some("red"), Some("orange"), Some("yellow"), Some("blue")]),
        registered: bool,
        units in prop::sample::subsequence(vec![UNIT, "U-ROAD"], 0..=2),
    ) {
        let actor = Actor { user: "u1".to_owned(), assignments: held };
        let target = Target { kind, area, units, creator, handler, level, registered };
        let wanted = oracle(&actor, &permission, &target, day());
        prop_assert_eq!(right(Package::builtin(), &actor, &permission, &target, day()), wanted);
        let mut set = changes("partner", &own());
        let renamed = Change { label: Some("红色片长".to_owned()), ..Change::default() };
        set.extend(changes("zone_lead", &renamed));
        let next = Package::builtin().revised(&set).unwrap();
        prop_assert_eq!(right(&next, &actor, &permission, &target, day()), wanted);
    }
}
