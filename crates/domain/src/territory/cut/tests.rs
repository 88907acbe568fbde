#![allow(clippy::unwrap_used)]
use serde_json::json;

use super::*;
use crate::calendar::day_of;
use crate::case::story::{START, Story, TOWN, person};
use crate::package::Package;

const VILLAGE: &str = "510000100201";
const LEFT: &str = "510000100201001";
const RIGHT: &str = "510000100201002";
const THIRD: &str = "510000100201003";

fn id(n: u8) -> EntityId {
    EntityId([n; 16])
}

fn today() -> NaiveDate {
    day_of(START)
}

fn node(n: u8, code: &str) -> Node {
    let node = AreaNode {
        code: code.to_owned(),
        name: format!("第 {n} 网格"),
        valid_from: None,
        valid_to: None,
        successors: Vec::new(),
    };
    Node { id: id(n), node, moves: BTreeMap::new(), holders: BTreeMap::new() }
}

fn draft(old: &[&str], new: &[&str], homes: &[(u8, &str)]) -> Draft {
    Draft {
        old: old.iter().map(|code| (*code).to_owned()).collect(),
        new: new.iter().map(|code| ((*code).to_owned(), "新网格".to_owned())).collect(),
        on: today() + Days::new(3),
        homes: homes.iter().map(|(n, code)| (id(*n), (*code).to_owned())).collect(),
        holders: BTreeMap::new(),
    }
}

fn home(n: u8, area: &str) -> Summary {
    let mut story = Story::new();
    story
        .admitted(&person("ann", "village_assistant"), "create", &crate::case::story::hazard_body("blue"))
        .unwrap();
    let row = Summary::of(&story.entity, Package::builtin()).unwrap();
    Summary {
        id: id(n),
        kind: RecordKind::Household,
        household: Some(id(n)),
        area: area.to_owned(),
        state: "active".to_owned(),
        ..row
    }
}

#[test]
fn what_stands_against_it() {
    let nodes = [node(101, VILLAGE), node(1, LEFT), node(2, RIGHT)];
    let judged = |draft: &Draft, homes: &[u8]| {
        let homes: Vec<EntityId> = homes.iter().map(|n| id(*n)).collect();
        draft.problems(&nodes, &homes, today())
    };
    let good = draft(&[LEFT, RIGHT], &[THIRD], &[(9, THIRD)]);
    assert_eq!(judged(&good, &[9]), []);
    assert_eq!(judged(&good, &[8, 9]), [DraftProblem::Undecided(1)]);
    assert_eq!(judged(&draft(&[LEFT], &[THIRD], &[]), &[]), [DraftProblem::Nothing]);
    assert_eq!(judged(&draft(&[LEFT, RIGHT], &[LEFT], &[]), &[]), [DraftProblem::Taken(LEFT.to_owned())]);
    assert_eq!(judged(&draft(&[LEFT, THIRD], &[RIGHT], &[]), &[]).len(), 2, "unknown, and taken");
    assert_eq!(judged(&draft(&[LEFT, RIGHT], &["510000100202001"], &[]), &[]), [DraftProblem::Village]);
    let mut idle = good.clone();
    idle.holders =
        [("ann".to_owned(), BTreeSet::new()), ("ben".to_owned(), [THIRD.to_owned()].into())].into();
    assert_eq!(judged(&idle, &[9]), [DraftProblem::Holder("ann".to_owned())]);
    let late = Draft { on: today() - Days::new(1), new: vec![(THIRD.to_owned(), " ".to_owned())], ..good };
    assert_eq!(judged(&late, &[]), [DraftProblem::Name, DraftProblem::Past]);
}

#[test]
fn codes_are_never_used_again() {
    let mut ended = node(2, RIGHT);
    ended.node.valid_to = Some(today());
    let online = node(3, "510000100201901");
    let nodes = [node(1, LEFT), ended, online, node(4, "510000100202009")];
    assert_eq!(free_codes(&nodes, VILLAGE, 2), [THIRD, "510000100201004"]);
}

#[test]
fn the_preview_tells_moves_and_norms() {
    let nodes = [node(1, LEFT), node(2, RIGHT)];
    let norms = Norms { households: 2, persons: 100, tolerance_percent: 50 };
    let rows = [home(7, LEFT), home(8, LEFT), home(9, RIGHT)];
    let mut case = home(6, LEFT);
    (case.kind, case.household, case.state) = (RecordKind::Hazard, None, "in_progress".to_owned());
    let all: Vec<&Summary> = rows.iter().chain([&case]).collect();
    let homes: Vec<Dwelling> =
        rows.iter().map(|row| Dwelling { id: row.id, area: row.area.clone(), persons: 3 }).collect();
    let told = |draft: &Draft| draft.preview(&nodes, &norms, &homes, &all);
    let merge = told(&draft(&[LEFT, RIGHT], &[THIRD], &[(7, THIRD), (8, THIRD), (9, THIRD)]));
    assert_eq!((merge.moves, merge.undecided), (4, vec![]), "three households and the case");
    let too_many = NormNote::Households { area: THIRD.to_owned(), count: 3, beyond: false };
    assert!(merge.notes.contains(&too_many), "{:?}", merge.notes);
    let (fourth, fifth) = ("510000100201004", "510000100201005");
    let split = told(&draft(&[LEFT], &[fourth, fifth], &[(7, fourth), (8, fifth)]));
    assert_eq!((split.moves, split.undecided), (2, vec![id(6)]), "somebody has to say where the case goes");
    assert_eq!(split.homes.values().copied().collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn what_is_written_is_read_back_as_one_cut() {
    let clerk = person("cai", "grid_clerk");
    let made = |n: u8, values: Values| {
        let mut story = Story::new();
        story.entity = Entity::new(id(n), None);
        let set = serde_json::to_value(values).unwrap();
        story
            .admitted(&clerk, "create", &json!({"type": "area", "place": {"all": true}, "set": set}))
            .unwrap();
        story
    };
    let plain = |code: &str| [("code".to_owned(), json!(code)), ("name".to_owned(), json!("网格"))].into();
    let mut stories = [made(1, plain(LEFT)), made(2, plain(RIGHT))];
    let nodes: Vec<Node> = stories.iter().map(|story| Node::of(&story.entity).unwrap()).collect();
    let mut merge = draft(&[LEFT, RIGHT], &[THIRD], &[(8, THIRD), (9, THIRD)]);
    merge.holders = [("ann".to_owned(), [THIRD.to_owned()].into())].into();
    let lies = BTreeMap::from([(id(8), LEFT.to_owned()), (id(9), RIGHT.to_owned())]);
    let (ended, new) = merge.writes(&nodes, &lies);
    for ((_, set), story) in ended.into_iter().zip(&mut stories) {
        story.admitted(&clerk, "set", &json!({"set": set})).unwrap();
    }
    let third = made(3, new[0].clone());
    let nodes: Vec<Node> =
        stories.iter().chain([&third]).map(|story| Node::of(&story.entity).unwrap()).collect();
    let valid: Vec<bool> = nodes.iter().map(|node| node.node.valid_on(merge.on)).collect();
    assert_eq!(valid, [false, false, true]);
    assert!(nodes[0].node.valid_on(merge.on - Days::new(1)) && !nodes[2].node.valid_on(today()));
    let [cut] = cuts(&nodes).try_into().unwrap();
    assert_eq!(
        (cut.old.as_slice(), cut.new.as_slice(), cut.on),
        (&merge.old[..], &[THIRD.to_owned()][..], merge.on)
    );
    assert_eq!(cut.from, lies);
    assert_eq!(cut.to, merge.homes);
    assert_eq!(cut.holders, BTreeMap::from([("ann".to_owned(), vec![THIRD.to_owned()])]));

    let role = |area: &str, from: Option<NaiveDate>, to: Option<NaiveDate>| Assignment {
        role: "grid_worker_l2".to_owned(),
        area: Some(area.to_owned()),
        from,
        to,
        ..Assignment::default()
    };
    let last = Some(merge.on - Days::new(1));
    assert_eq!(
        cut.follow("ben", &[role(LEFT, None, None), role(RIGHT, None, None), role(TOWN, None, None)]),
        Some(vec![
            role(LEFT, None, last),
            role(THIRD, Some(merge.on), None),
            role(RIGHT, None, last),
            role(TOWN, None, None)
        ])
    );
    assert_eq!(cut.follow("ben", &[role(TOWN, None, None)]), None);
    let both = |user: &str, cut: &Cut| -> Vec<String> {
        let held = cut.follow(user, &[role(LEFT, None, None)]).unwrap().into_iter();
        held.filter(|held| held.valid_on(merge.on)).filter_map(|held| held.area).collect()
    };
    let (fourth, holders) = ("510000100201004", BTreeMap::from([("ann".to_owned(), vec![THIRD.to_owned()])]));
    let split = Cut { new: vec![THIRD.to_owned(), fourth.to_owned()], holders, ..cut };
    assert_eq!(both("ann", &split), [THIRD], "what she was given, no more");
    assert_eq!(both("ben", &split), [THIRD, fourth], "of whom nobody said");
    let person: Values = [
        ("user".to_owned(), json!("ben")),
        ("assignments/a1/role".to_owned(), json!("grid_worker_l2")),
        ("assignments/a1/area".to_owned(), json!(LEFT)),
        ("assignments/a2/role".to_owned(), json!("supervisor")),
        ("assignments/a2/area".to_owned(), json!(TOWN)),
    ]
    .into();
    let after = |user: &str| {
        let mut values = person.clone();
        values.insert("user".to_owned(), json!(user));
        values.extend(split.follow_rows(&values));
        assert_eq!(split.follow_rows(&values), Values::new(), "done once");
        let held = crate::authority::assignments(&values).into_iter();
        held.map(|held| (held.role, held.area)).collect::<Vec<_>>()
    };
    let held = |role: &str, area: &str| (role.to_owned(), Some(area.to_owned()));
    assert_eq!(
        after("ben"),
        [held("grid_worker_l2", THIRD), held("grid_worker_l2", fourth), held("supervisor", TOWN)]
    );
    assert_eq!(after("ann"), [held("grid_worker_l2", THIRD), held("supervisor", TOWN)]);
    // Who handed the grid over before has left it, and does not come back with the split; one who leaves later leaves both.
    let row = |to: NaiveDate| -> Values {
        let leaves = [("from".to_owned(), json!("2025-03-01")), ("to".to_owned(), json!(to.to_string()))];
        let leaves = leaves.map(|(field, day)| (format!("assignments/a1/{field}"), day));
        let mut values = person.clone();
        values.extend(leaves);
        values
    };
    assert_eq!(split.follow_rows(&row(split.on - Days::new(1))), Values::new());
    let mut leaves = row(split.on);
    leaves.extend(split.follow_rows(&leaves));
    let held = crate::authority::assignments(&leaves).into_iter().filter(|held| held.role != "supervisor");
    let days: Vec<_> = held.map(|held| (held.area.unwrap(), held.from, held.to)).collect();
    let from = crate::date::parse("2025-03-01");
    assert_eq!(days, [(THIRD.to_owned(), from, Some(split.on)), (fourth.to_owned(), from, Some(split.on))]);
}

#[test]
fn who_works_where_after_a_split() {
    let (north, south) = ("510000100201004", "510000100201005");
    let who = |user: &str, area: &str| {
        let role = Assignment {
            role: "grid_worker_l2".to_owned(),
            area: Some(area.to_owned()),
            ..Assignment::default()
        };
        Actor { user: user.to_owned(), assignments: vec![role] }
    };
    let micro = format!("{LEFT}01");
    let homes = BTreeMap::from([(id(1), north.to_owned()), (id(2), south.to_owned())]);
    let lies = BTreeMap::from([(id(1), micro.clone()), (id(2), LEFT.to_owned())]);
    let new = [north.to_owned(), south.to_owned()];
    let told = |people: &[Actor], new: &[String]| -> Vec<(String, Vec<String>)> {
        let found = holders(people, &[LEFT.to_owned()], new, &homes, &lies, today());
        found.into_iter().map(|(user, held)| (user, held.into_iter().collect())).collect()
    };
    let held =
        |user: &str, codes: &[&str]| (user.to_owned(), codes.iter().map(|code| (*code).to_owned()).collect());
    let (ann, ben) = (who("ann", LEFT), who("ben", LEFT));
    let two = [ann.clone(), ben, who("cai", &micro), who("dan", RIGHT), who("lea", VILLAGE)];
    assert_eq!(told(&two, &new), [held("ann", &[north]), held("ben", &[south]), held("cai", &[north])]);
    assert_eq!(told(&[ann], &new), [held("ann", &[north, south])], "nobody else is there");
    assert_eq!(told(&two[..1], &new[..1]), [held("ann", &[north])]);
}

#[test]
fn grids_of_a_village_with_their_households() {
    let mut next = node(3, THIRD);
    next.node.valid_from = Some(today() + Days::new(1));
    let mut ended = node(2, RIGHT);
    ended.node.valid_to = Some(today());
    let micro = node(4, "51000010020100101");
    let nodes = [next, ended, micro, node(1, LEFT), node(5, VILLAGE), node(6, "510000100202001")];
    let mut gone = home(8, LEFT);
    gone.state = "cancelled".to_owned();
    let rows = [home(7, LEFT), home(9, "51000010020100101"), gone, home(6, RIGHT)];
    let found = grids(&nodes, VILLAGE, &rows, today());
    let told: Vec<(&str, usize, bool)> =
        found.iter().map(|grid| (grid.code.as_str(), grid.homes, grid.begins.is_some())).collect();
    assert_eq!(told, [(LEFT, 2, false), (THIRD, 0, true)]);
}

#[test]
fn a_new_grid_or_zone_takes_a_code_that_was_never_used() {
    let nodes =
        [node(1, LEFT), node(2, "510000100201800"), node(3, "510000100201805"), node(4, "510000100P03")];
    let code = |kind| free_code(&nodes, VILLAGE, kind);
    assert_eq!(code(GridKind::Basic).as_deref(), Some("510000100201002"));
    assert_eq!(code(GridKind::Dedicated).as_deref(), Some("510000100201806"));
    assert_eq!(code(GridKind::Online).as_deref(), Some("510000100201900"));
    assert_eq!(free_code(&[node(1, "510000100201999")], VILLAGE, GridKind::Online), None, "they are used up");
    assert_eq!(free_zone(&nodes, TOWN).as_deref(), Some("510000100P04"));
    assert_eq!(free_zone(&[], TOWN).as_deref(), Some("510000100P01"));
    for kind in [GridKind::Basic, GridKind::Dedicated, GridKind::Online] {
        assert_eq!(AreaCode::parse(&code(kind).unwrap()).unwrap().grid_kind(), Some(kind));
    }
}
