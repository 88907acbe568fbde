//! Households where nobody goes alone (VISIT-09): what makes them one reaches the people who are named in it and whoever
//! named them, by no way anybody else, and leaves who is named no more.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Device, Server, role, values};
use gridbook_domain::restricted::{Named, Restricted};
use gridbook_log::{Body, EntityId, Placement, body};
use gridbook_sync::wire::Verdict;
use serde_json::json;

const TOWN: &str = "510000100";
const VILLAGE: &str = "510000100201";
const GRID: &str = "510000100201001";

fn named(user: &str) -> Named {
    Named { user: user.to_owned(), until: None }
}

/// What everybody with the area must never hold, however they ask.
async fn outside(server: &Server, user: &str, id: EntityId) {
    let mut pulled = server.device(user).await;
    pulled.pull_by(3).await;
    assert!(!pulled.entities.contains_key(&id), "{user} by pages");
    let mut packed = server.device(user).await;
    packed.pull_packed().await;
    assert!(!packed.entities.contains_key(&id), "{user} by packs");
}

async fn inside(server: &Server, user: &str, id: EntityId) -> Device {
    let mut device = server.device(user).await;
    device.pull().await;
    assert!(device.visible.contains(&id), "{user}");
    device
}

#[tokio::test]
async fn it_reaches_the_named_and_nobody_else() {
    let server = Server::with(|_| {}).await;
    for (user, held) in [
        ("dora", role("center_director", TOWN)),
        ("ann", role("village_assistant", GRID)),
        ("ben", role("grid_worker_l1", VILLAGE)),
        ("wang", role("grid_worker_l2", GRID)),
        ("shu", role("deputy_grid_chief", VILLAGE)),
        ("ivy", role("intake_clerk", TOWN)),
        ("chi", role("general_grid_chief", TOWN)),
    ] {
        server.person(user, vec![held]).await;
    }
    let mut dora = server.device("dora").await;
    let id = dora.fresh_id();
    let entry = Restricted {
        id,
        household: EntityId([5; 16]),
        area: GRID.to_owned(),
        category: "correction".to_owned(),
        from: chrono::NaiveDate::from_ymd_opt(2026, 4, 1),
        to: None,
        source: "department".to_owned(),
        approver: "dora".to_owned(),
        people: vec![named("ann"), named("ben")],
        visits: Vec::new(),
    };
    let create = dora.body(id, &Body::Create(entry.create()));
    dora.push_ok(&[create]).await;
    let mut ann = inside(&server, "ann", id).await;
    inside(&server, "ben", id).await;
    for user in ["wang", "shu", "ivy", "chi"] {
        outside(&server, user, id).await;
    }
    // A visit by two goes to the other one and to who named them; alone it is refused.
    let visit = |with: &str| {
        let set = json!({"visits/v1/by": "ann", "visits/v1/day": "2026-04-02", "visits/v1/met": "head",
            "visits/v1/with": with, "visits/v1/with_role": "police", "visits/v1/note": "情绪平稳"});
        Body::Set(body::Set { set: values(&set), blobs: Vec::new() })
    };
    let two = ann.body(id, &visit("陈警官"));
    ann.push_ok(std::slice::from_ref(&two)).await;
    let alone = ann.body(id, &visit(""));
    let (verdict, code) = ann.push_one(&alone).await;
    assert_eq!((verdict, code.as_deref()), (Verdict::Reject, Some("invalid")));
    let ben = inside(&server, "ben", id).await;
    assert_eq!(Restricted::of(&ben.entities[&id]).unwrap().visits[0].note, "情绪平稳");
    // Nobody outside writes to it either, and learns nothing from trying.
    let mut wang = server.device("wang").await;
    let guess = wang.body(id, &visit("陈警官"));
    assert_eq!(wang.push_one(&guess).await.1.as_deref(), Some("foreign_entity"));
    // Another goes instead: it leaves the one and enters the other.
    dora.pull().await;
    let held = Restricted::of(&dora.entities[&id]).unwrap();
    let (set, place): (_, Placement) = held.reassign(&[named("ann"), named("shu")]);
    let set = dora.body(id, &Body::Set(body::Set { set, blobs: Vec::new() }));
    let place = dora.place(id, place);
    dora.push_ok(&[set, place]).await;
    inside(&server, "shu", id).await;
    outside(&server, "ben", id).await;
    let mut before = ben;
    before.pull().await;
    assert!(!before.visible.contains(&id), "it was taken from the device that had it");
}
