//! Grids are cut anew: two groups merge into one and one grid splits in two. Households, their visits and open cases
//! follow, the visit plan goes on where it was, and rights follow; nothing is counted twice or lost.

use std::collections::{BTreeMap, BTreeSet};

use gridbook_domain::handover::{self, Handover, Item, ItemKind};
use gridbook_domain::plan::task::{
    Followed, Terms, VisitTask, by_hand_over, by_re_cut, left_behind, list_of, tasks,
};
use gridbook_domain::plan::{Season, Walker, due_list};
use gridbook_domain::record::RecordKind;
use gridbook_domain::summary::Summary;
use gridbook_domain::territory::AreaNode;
use gridbook_domain::territory::cut::Cut;
use gridbook_domain::territory::recut::{Plan, plan};
use gridbook_log::{Body, EntityId, Placement};
use serde_json::json;

use super::rig::{Person, Town, at, day, hazard};
use crate::common::role;

const LEFT: &str = "510000100201001";
const RIGHT: &str = "510000100201002";
const JOINED: &str = "510000100201004";
const GRID: &str = "51000010020100301";
const NORTH: &str = "51000010020100302";
const SOUTH: &str = "51000010020100303";

async fn household(clerk: &Person, area: &str, head: &str) -> EntityId {
    let set = json!({"address_text": format!("{head}家"), "head": head, "residence_type": "permanent", "categories": ["elder_alone"]});
    clerk.report(RecordKind::Household, area, set, &[]).await
}

async fn visit(who: &Person, area: &str, house: EntityId, when: &str) {
    let set = json!({
        "household": house.to_string(), "visit_at": format!("{when}T10:00"), "mode": "in_home", "purposes": ["daily"], "met": "head",
        "no_change": true, "well_being": "good", "fire_ok": "ok", "power_gas_ok": "ok", "house_ok": "ok", "geo_ok": "ok",
        "water_safety_ok": "ok", "fraud_ok": "ok", "confirm": "oral"
    });
    who.report(RecordKind::Visit, area, set, &[]).await;
}

fn node(code: &str, ends: bool, successors: &[&str]) -> AreaNode {
    AreaNode {
        code: code.to_owned(),
        name: code.to_owned(),
        valid_from: (!ends).then(|| day("2026-06-01")).filter(|_| successors.is_empty()),
        valid_to: ends.then(|| day("2026-05-31")),
        successors: successors.iter().map(|code| (*code).to_owned()).collect(),
    }
}

fn by_area(rows: &[Summary], kind: RecordKind) -> BTreeMap<String, usize> {
    let mut count = BTreeMap::new();
    for row in rows.iter().filter(|row| row.kind == kind) {
        *count.entry(row.area.clone()).or_default() += 1;
    }
    count
}

#[tokio::test]
async fn everything_follows_and_totals_stay() {
    let town = Town::at(at("2026-05-20", "09:00")).await;
    let clerk = town
        .somebody("zhu", vec![role("grid_clerk", "510000100"), role("grid_worker_l1", "510000100201")])
        .await;
    let lea = town.somebody("lea", vec![role("grid_worker_l2", LEFT)]).await;
    let rui = town.somebody("rui", vec![role("grid_worker_l2", RIGHT)]).await;
    let gao = town.somebody("gao", vec![role("grid_worker_l2", GRID)]).await;
    let all = [&clerk, &lea, &rui, &gao];

    // Two households in each; a visit to each; an open hazard in each, one of them far along; one closed by withdrawal.
    let mut houses = Vec::new();
    for (who, area, heads) in [
        (&lea, LEFT, ["季大寒", "钟小满"]),
        (&rui, RIGHT, ["阮三江", "路小雪"]),
        (&gao, GRID, ["柏立秋", "郝小暑"]),
    ] {
        for head in heads {
            let house = household(&clerk, area, head).await;
            houses.push((house, area));
        }
        town.sync(&all).await;
        for (house, _) in houses.iter().rev().take(2) {
            visit(who, area, *house, "2026-05-20").await;
        }
    }
    let mut cases = Vec::new();
    for (who, area, house) in [
        (&lea, LEFT, Some(houses[0].0)),
        (&rui, RIGHT, None),
        (&gao, GRID, Some(houses[5].0)),
        (&gao, GRID, None),
    ] {
        let mut set = hazard("yellow");
        if let Some(house) = house {
            set["household"] = json!(house.to_string());
        }
        cases.push(who.report(RecordKind::Hazard, area, set, &["photo_before"]).await);
    }
    let gone = lea.report(RecordKind::Hazard, LEFT, hazard("blue"), &[]).await;
    lea.step(gone, "withdraw", json!({})).await;
    town.sync(&all).await;
    let register = json!({"category": "water_works", "subtype": "water_works.6", "duplicate_checked": true});
    clerk.step(cases[0], "register", register).await;
    clerk.step(cases[0], "keep", json!({"handler": "lea"})).await;
    town.sync(&all).await;
    assert!(lea.sees(cases[0]) && !rui.sees(cases[0]));
    // Households given out in a month in which everybody goes out; one of gao's is done.
    let give = async |user: &str, area: &str, homes: &[usize]| {
        let task = VisitTask {
            id: clerk.new_id(),
            terms: Terms {
                campaign: String::new(),
                label: "大走访".to_owned(),
                from: day("2026-05-21"),
                due: day("2026-06-30"),
            },
            user: user.to_owned(),
            area: area.to_owned(),
            households: homes.iter().map(|n| houses[*n].0).collect(),
            handed: BTreeMap::new(),
            cancelled: false,
        };
        clerk.save(task.id, Body::Create(task.create()), &[]).await.unwrap();
    };
    give("lea", LEFT, &[0, 1]).await;
    give("rui", RIGHT, &[2, 3]).await;
    give("gao", GRID, &[4, 5]).await;
    town.travel(at("2026-05-22", "09:00"));
    visit(&gao, GRID, houses[4].0, "2026-05-22").await;
    town.sync(&all).await;
    let given = |rows: &[Summary]| -> Vec<(String, BTreeSet<EntityId>)> {
        let mut parts: Vec<_> =
            tasks(rows).into_iter().map(|part| (part.user, part.households.into_iter().collect())).collect();
        parts.sort();
        parts
    };
    let before = clerk.rows();
    let due = |rows: &[Summary]| -> BTreeMap<EntityId, Option<chrono::NaiveDate>> {
        let today = day("2026-07-01");
        due_list(rows, &town.package, today, Season::usual(today))
            .into_iter()
            .map(|row| (row.household, row.due.next))
            .collect()
    };
    let planned = due(&before);
    assert_eq!(planned.len(), 6);

    // The clerk's list: what moves by itself, and what somebody has to say.
    town.travel(at("2026-06-01", "09:00"));
    let nodes = [
        node(LEFT, true, &[JOINED]),
        node(RIGHT, true, &[JOINED]),
        node(JOINED, false, &[]),
        node(GRID, true, &[NORTH, SOUTH]),
        node(NORTH, false, &[]),
        node(SOUTH, false, &[]),
    ];
    let chosen = BTreeMap::from([(houses[4].0, NORTH.to_owned()), (houses[5].0, SOUTH.to_owned())]);
    let Plan { undecided, .. } = plan(&nodes, &chosen, &before, town.today());
    assert_eq!(undecided, [cases[3]], "a case without a household in a grid that splits");
    let mut chosen = chosen;
    chosen.insert(cases[3], NORTH.to_owned());
    let Plan { moves, undecided } = plan(&nodes, &chosen, &before, town.today());
    assert_eq!(undecided, []);
    for (id, to) in &moves {
        let place = Placement { area: Some(to.clone()), ..Placement::default() };
        clerk.save(*id, Body::Place(place), &[]).await.unwrap();
    }
    clerk.sync().await;
    // The visits that were given out follow their households to whoever goes there now.
    let walker = |user: &str, area: &str| Walker { user: user.to_owned(), area: area.to_owned() };
    let walkers = [walker("lea", JOINED), walker("gao", NORTH), walker("nan", SOUTH)];
    let cut = |old: &[&str], new: &[&str]| Cut {
        old: old.iter().map(|code| (*code).to_owned()).collect(),
        new: new.iter().map(|code| (*code).to_owned()).collect(),
        on: town.today(),
        from: BTreeMap::new(),
        to: BTreeMap::new(),
        holders: BTreeMap::new(),
    };
    let cuts = [cut(&[LEFT, RIGHT], &[JOINED]), cut(&[GRID], &[NORTH, SOUTH])];
    let moved = clerk.rows();
    assert_eq!(left_behind(&cuts, &moved, &walkers), 3);
    let Followed { steps, nobody } = by_re_cut(&cuts, &moved, &walkers);
    assert_eq!((steps.len(), nobody), (3, 0));
    for (id, step) in steps {
        clerk.save(id, Body::Event(step), &[]).await.unwrap();
    }
    clerk.sync().await;
    assert_eq!(left_behind(&cuts, &clerk.rows(), &walkers), 0);

    // Rights follow: lea takes the joined group, gao the north, a new worker the south; rui's work ends.
    for (who, held) in [
        (&lea, vec![role("grid_worker_l2", JOINED)]),
        (&rui, Vec::new()),
        (&gao, vec![role("grid_worker_l2", NORTH)]),
    ] {
        town.server.assign(&who.user(), held.clone()).await;
        who.actor.borrow_mut().assignments = held;
    }
    let nan = town.somebody("nan", vec![role("grid_worker_l2", SOUTH)]).await;
    town.sync(&[&clerk, &lea, &rui, &gao, &nan]).await;
    let sees = |who: &Person, kind| {
        who.rows().into_iter().filter(|row| row.kind == kind).map(|row| row.id).collect::<BTreeSet<_>>()
    };
    let of = |list: &[usize]| list.iter().map(|n| houses[*n].0).collect::<BTreeSet<_>>();
    assert_eq!(sees(&lea, RecordKind::Household), of(&[0, 1, 2, 3]));
    assert_eq!(sees(&gao, RecordKind::Household), of(&[4]));
    assert_eq!(sees(&nan, RecordKind::Household), of(&[5]));
    assert_eq!(sees(&rui, RecordKind::Household), BTreeSet::new(), "wiped at the next contact");
    assert_eq!(
        sees(&lea, RecordKind::Hazard),
        BTreeSet::from([cases[0], cases[1], gone]),
        "what she reported stays hers to see"
    );
    assert_eq!(sees(&gao, RecordKind::Hazard), BTreeSet::from([cases[2], cases[3]]));
    assert_eq!(sees(&nan, RecordKind::Hazard), BTreeSet::from([cases[2]]));
    assert_eq!(sees(&rui, RecordKind::Hazard), BTreeSet::from([cases[1]]), "and what he reported");

    // Each has what lies where they go now, every household once; what was done counts as before.
    let tasks_of = |who: &Person| given(&who.rows());
    let part = |user: &str, list: &[usize]| (user.to_owned(), of(list));
    let mut parts = vec![part("gao", &[4]), part("lea", &[0, 1]), part("lea", &[2, 3]), part("nan", &[5])];
    parts.sort();
    assert_eq!(given(&clerk.rows()), parts);
    assert_eq!(tasks_of(&lea), parts[1..3]);
    assert_eq!(tasks_of(&nan), [parts[0].clone(), parts[3].clone()], "one task for two grids now");
    assert_eq!(tasks_of(&rui), []);
    let listed = |who: &Person| -> Vec<EntityId> {
        let (rows, today) = (who.rows(), town.today());
        let rows: Vec<&Summary> = rows.iter().collect();
        let list = list_of(&rows, &town.package, &who.user(), today, Season::usual(today));
        list.into_iter().filter(|row| row.why.as_deref() == Some("大走访")).map(|row| row.household).collect()
    };
    assert_eq!(listed(&nan), [houses[5].0]);
    assert_eq!(listed(&gao), [], "visited before the grids were cut anew");
    assert_eq!(listed(&lea).len(), 4);

    // The plan goes on where it was: the visits came along.
    assert_eq!(due(&clerk.rows()), planned);
    let south = due(&nan.rows());
    assert_eq!(south, BTreeMap::from([(houses[5].0, planned[&houses[5].0])]));
    assert_eq!(sees(&nan, RecordKind::Visit).len(), 1);

    // The case that was under way is still hers and goes on; nothing is counted twice or lost.
    lea.step(cases[0], "progress", json!({"text": "约好挖机"})).await;
    lea.sync().await;
    assert_eq!(lea.refused(cases[0]), None);
    let after = clerk.rows();
    for kind in [RecordKind::Household, RecordKind::Visit, RecordKind::Hazard] {
        let (old, new) = (by_area(&before, kind), by_area(&after, kind));
        assert_eq!(old.values().sum::<usize>(), new.values().sum::<usize>(), "{kind:?}");
    }
    assert_eq!(
        by_area(&after, RecordKind::Household),
        BTreeMap::from([(JOINED.to_owned(), 4), (NORTH.to_owned(), 1), (SOUTH.to_owned(), 1)])
    );
    assert_eq!(by_area(&after, RecordKind::Hazard).get(LEFT), Some(&1), "what had ended keeps its place");
    // By the old structure each record tells where it was made.
    for (n, area) in [(0, LEFT), (2, GRID)] {
        let made = clerk.entity(cases[n]).await;
        assert_eq!(made.creation().unwrap().create.place.area.as_deref(), Some(area));
    }
}

/// A grid is handed over while a month of visits runs: what its worker was given and has not done is the successor's with
/// the last confirmation, and nobody else's.
#[tokio::test]
async fn a_hand_over_takes_the_given_visits_along() {
    let town = Town::at(at("2026-05-20", "09:00")).await;
    let clerk = town
        .somebody("zhu", vec![role("grid_clerk", "510000100"), role("grid_worker_l1", "510000100201")])
        .await;
    let lea = town.somebody("lea", vec![role("grid_worker_l2", LEFT)]).await;
    let bea = town.somebody("bea", vec![role("grid_worker_l2", RIGHT)]).await;
    let all = [&clerk, &lea, &bea];
    let mut houses = Vec::new();
    for head in ["季大寒", "钟小满"] {
        houses.push(household(&clerk, LEFT, head).await);
    }
    let task = VisitTask {
        id: clerk.new_id(),
        terms: Terms {
            campaign: String::new(),
            label: "大走访".to_owned(),
            from: town.today(),
            due: day("2026-06-30"),
        },
        user: "lea".to_owned(),
        area: LEFT.to_owned(),
        households: houses.clone(),
        handed: BTreeMap::new(),
        cancelled: false,
    };
    clerk.save(task.id, Body::Create(task.create()), &[]).await.unwrap();
    town.sync(&all).await;
    visit(&lea, LEFT, houses[0], "2026-05-20").await;
    town.sync(&all).await;
    assert!(lea.sees(task.id) && !bea.sees(task.id));

    let terms = handover::Terms {
        from: "lea".to_owned(),
        to: "bea".to_owned(),
        area: LEFT.to_owned(),
        on: town.today(),
        reason: String::new(),
    };
    let rows = clerk.rows();
    let rows: Vec<&Summary> = rows.iter().collect();
    let list = handover::list(&town.package, &rows, "lea", LEFT, town.now());
    let of_task = |item: &&Item| item.kind == ItemKind::Task;
    assert_eq!(list.iter().filter(of_task).map(|item| item.record).collect::<Vec<_>>(), [task.id]);
    let id = clerk.new_id();
    clerk.save(id, Body::Create(handover::create(&terms, &list)), &[]).await.unwrap();
    town.sync(&all).await;
    let read = async |who: &Person| Handover::of(&*who.entity(id).await).unwrap();
    bea.save(id, Body::Event(read(&bea).await.confirm()), &[]).await.unwrap();
    town.sync(&[&bea, &lea]).await;
    let rows = lea.rows();
    let rows: Vec<&Summary> = rows.iter().collect();
    for (task, step) in by_hand_over(&town.package, &rows, &terms) {
        lea.save(task, Body::Event(step), &[]).await.unwrap();
    }
    lea.save(id, Body::Event(read(&lea).await.confirm()), &[]).await.unwrap();
    town.sync(&[&lea, &bea, &clerk]).await;
    assert_eq!((lea.refused(task.id), lea.refused(id)), (None, None));

    assert!(bea.sees(houses[1]) && !lea.sees(houses[1]), "the area is the successor's");
    let parts = |who: &Person| -> Vec<(String, usize)> {
        tasks(&who.rows()).into_iter().map(|part| (part.user, part.households.len())).collect()
    };
    assert_eq!(parts(&bea), [("bea".to_owned(), 2)]);
    assert_eq!(parts(&clerk), parts(&bea), "each household once");
    assert_eq!(parts(&lea), []);
    let (rows, today) = (bea.rows(), town.today());
    let rows: Vec<&Summary> = rows.iter().collect();
    let due = list_of(&rows, &town.package, "bea", today, Season::usual(today));
    let asked: Vec<EntityId> =
        due.into_iter().filter(|row| row.why.as_deref() == Some("大走访")).map(|row| row.household).collect();
    assert_eq!(asked, [houses[1]], "what was done is not asked for again");
}
