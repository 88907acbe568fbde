//! Two records of one household become one (TERR-13): the server judges by what has become of the other one meanwhile.

use crate::common::{Device, Server, role, values};
use gridbook_domain::form::Values;
use gridbook_domain::household::HouseholdView;
use gridbook_domain::household::merge::{put_together, take_apart};
use gridbook_log::{Body, EntityId, Op, body};
use gridbook_sync::wire::Verdict;
use serde_json::json;

const VILLAGE: &str = "510000100201";
const GRID: &str = "510000100201001";

fn day() -> chrono::NaiveDate {
    chrono::NaiveDate::from_ymd_opt(2026, 5, 18).unwrap()
}

/// Households of the village, and whoever may put them together.
async fn village(homes: usize) -> (Server, Device, Vec<EntityId>) {
    let server = Server::with(|_| {}).await;
    for user in ["lea", "mia"] {
        server.person(user, vec![role("grid_worker_l1", VILLAGE)]).await;
    }
    let mut lea = server.device("lea").await;
    let mut ids = Vec::new();
    for n in 0..homes {
        let set = json!({"address_text": format!("柳溪村3组{n}号"), "head": "钟小满",
            "residence_type": "permanent", "status": "active"});
        let create =
            json!({"type": "household", "form": "F-HOUSEHOLD/1", "place": {"area": GRID}, "set": set});
        let id = lea.fresh_id();
        let made = lea.body(id, &Body::Create(serde_json::from_value(create).unwrap()));
        lea.push_ok(&[made]).await;
        ids.push(id);
    }
    lea.pull().await;
    (server, lea, ids)
}

fn set(device: &mut Device, id: EntityId, set: Values) -> Op {
    device.body(id, &Body::Set(body::Set { set, blobs: Vec::new() }))
}

async fn write(device: &mut Device, sets: [(EntityId, Values); 2]) -> [(Verdict, Option<String>); 2] {
    let ops = sets.map(|(id, values)| set(device, id, values));
    let results = device.push(&ops).await.results;
    [0, 1].map(|n| (results[n].r, results[n].code.clone()))
}

fn refused() -> [(Verdict, Option<String>); 2] {
    [(); 2].map(|()| (Verdict::Reject, Some("household_gone".to_owned())))
}

fn taken() -> [(Verdict, Option<String>); 2] {
    [(); 2].map(|()| (Verdict::Ok, None))
}

#[tokio::test]
async fn a_merge_into_a_household_that_was_cancelled_meanwhile_does_not_count() {
    let (server, mut lea, ids) = village(2).await;
    let mut mia = server.device("mia").await;
    mia.pull().await;
    // While mia has no network, the household is cancelled.
    let cancelled = set(&mut lea, ids[1], values(&json!({"status": "cancelled"})));
    lea.push_ok(&[cancelled]).await;
    assert_eq!(write(&mut mia, put_together(ids[0], ids[1], "mia", day())).await, refused());
    let mut after = server.device("lea").await;
    after.pull().await;
    let view = HouseholdView::of(&after.entities[&ids[0]]);
    assert_eq!((view.status.as_str(), view.merged_into), ("active", None), "it is on all lists as before");
}

#[tokio::test]
async fn nor_into_one_that_went_into_another_or_into_this_one() {
    let (server, mut lea, ids) = village(3).await;
    let mut mia = server.device("mia").await;
    mia.pull().await;
    assert_eq!(write(&mut lea, put_together(ids[1], ids[2], "lea", day())).await, taken());
    assert_eq!(write(&mut mia, put_together(ids[0], ids[1], "mia", day())).await, refused());
    // Two people, one pair, the other way round: the first counts, and no ring comes of it.
    assert_eq!(write(&mut mia, put_together(ids[2], ids[1], "mia", day())).await, refused());
    // A server that has nothing of it in memory judges the same, whatever the way that they went.
    let mut server = server;
    server.restart().await;
    mia.follow(&server);
    mia.pull().await;
    assert_eq!(write(&mut mia, put_together(ids[0], ids[1], "mia", day())).await, refused());
    assert_eq!(write(&mut mia, put_together(ids[0], ids[2], "mia", day())).await, taken());
    // Taken apart it is one again, and takes others in.
    assert_eq!(write(&mut mia, take_apart(ids[0], ids[2])).await, taken());
    assert_eq!(write(&mut mia, take_apart(ids[1], ids[2])).await, taken());
    assert_eq!(write(&mut mia, put_together(ids[0], ids[1], "mia", day())).await, taken());
}
