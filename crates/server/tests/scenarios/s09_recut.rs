//! Grids are cut anew: two groups merge into one and one grid splits in two. Households, their visits and open cases
//! follow, the visit plan goes on where it was, and rights follow; nothing is counted twice or lost.

use std::collections::{BTreeMap, BTreeSet};

use gridbook_domain::plan::{Season, due_list};
use gridbook_domain::record::RecordKind;
use gridbook_domain::summary::Summary;
use gridbook_domain::territory::AreaNode;
use gridbook_domain::territory::recut::{Plan, plan};
use gridbook_log::{Body, EntityId, Placement};
use serde_json::json;

use crate::common::role;
use crate::rig::{Person, Town, at, day, hazard};

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
