//! Households where nobody goes alone (VISIT-09): what makes them one reaches the people who are named in it and whoever
//! named them, by no way anybody else, and leaves who is named no more.

use crate::common::{DAY, Device, Server, role, values};
use chrono::NaiveDate;
use gridbook_domain::restricted::{Named, Restricted};
use gridbook_domain::role::Assignment;
use gridbook_log::{Body, EntityId, Placement, body};
use gridbook_server::keep;
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

/// Names people for a household, as somebody at the desk does.
async fn open(dora: &mut Device, people: Vec<Named>) -> EntityId {
    let id = dora.fresh_id();
    let entry = Restricted {
        id,
        household: EntityId([5; 16]),
        area: GRID.to_owned(),
        category: "correction".to_owned(),
        from: NaiveDate::from_ymd_opt(2026, 4, 1),
        to: None,
        source: "department".to_owned(),
        approver: dora.user.clone(),
        people,
        visits: Vec::new(),
    };
    let create = dora.body(id, &Body::Create(entry.create()));
    dora.push_ok(&[create]).await;
    id
}

/// The people of the tests below: a director, and two who go.
async fn town() -> Server {
    let server = Server::with(|_| {}).await;
    server.person("dora", vec![role("center_director", TOWN)]).await;
    server.person("ann", vec![role("village_assistant", GRID)]).await;
    server.person("ben", vec![role("grid_worker_l1", VILLAGE)]).await;
    server
}

#[tokio::test]
async fn it_is_sent_no_longer_than_somebody_goes() {
    let server = town().await;
    let last = NaiveDate::from_ymd_opt(2026, 5, 19);
    let mut dora = server.device("dora").await;
    let ends = Named { user: "ben".to_owned(), until: last };
    let id = open(&mut dora, vec![named("ann"), ends.clone()]).await;
    let mut ben = inside(&server, "ben", id).await;
    // The last day of the grant.
    server.pass(DAY);
    inside(&server, "ben", id).await;
    // The day after: nobody wrote anything, and it is taken away all the same, from every way to it.
    server.pass(DAY);
    ben.pull().await;
    assert!(!ben.visible.contains(&id), "the next sync takes it away");
    assert_eq!(ben.should_hold().await.fp, ben.holds(), "and nobody tells him that he should hold it");
    outside(&server, "ben", id).await;
    let mut ann = inside(&server, "ann", id).await;
    assert_eq!(ann.should_hold().await.fp, ann.holds());
    // What the others write afterwards does not bring it back, and what he writes says nothing of it.
    let set = json!({"visits/v1/by": "ann", "visits/v1/day": "2026-05-20", "visits/v1/met": "head",
        "visits/v1/with": "陈警官", "visits/v1/with_role": "police"});
    let wrote = ann.body(id, &Body::Set(body::Set { set: values(&set), blobs: Vec::new() }));
    ann.push_ok(std::slice::from_ref(&wrote)).await;
    ben.pull().await;
    assert!(!ben.visible.contains(&id));
    outside(&server, "ben", id).await;
    let late = ben.body(id, &Body::Set(body::Set { set: values(&set), blobs: Vec::new() }));
    assert_eq!(ben.push_one(&late).await.1.as_deref(), Some("review"), "kept for whoever decides");
    // He goes again: all of it comes, though he never stopped standing in it.
    dora.pull().await;
    let held = Restricted::of(&dora.entities[&id]).unwrap();
    let (set, _) = held.reassign(&[named("ann"), named("ben")]);
    let again = dora.body(id, &Body::Set(body::Set { set, blobs: Vec::new() }));
    dora.push_ok(&[again]).await;
    ben.pull().await;
    assert!(ben.visible.contains(&id));
    assert_eq!(Restricted::of(&ben.entities[&id]).unwrap().visits.len(), 1);
    let found = keep::check(&server.config.db, &server.blobs()).await.unwrap();
    assert_eq!(found, [], "no hole in the sequence");
}

/// The names and who sees it are two operations: without a network in between the first alone may have arrived.
#[tokio::test]
async fn whoever_is_not_named_any_more_is_not_sent_it() {
    let server = town().await;
    let mut dora = server.device("dora").await;
    let id = open(&mut dora, vec![named("ann"), named("ben")]).await;
    let mut ben = inside(&server, "ben", id).await;
    dora.pull().await;
    let held = Restricted::of(&dora.entities[&id]).unwrap();
    let (set, _) = held.reassign(&[named("ann")]);
    let set = dora.body(id, &Body::Set(body::Set { set, blobs: Vec::new() }));
    dora.push_ok(&[set]).await;
    ben.pull().await;
    assert!(!ben.visible.contains(&id));
    outside(&server, "ben", id).await;
    inside(&server, "ann", id).await;
}

#[tokio::test]
async fn whoever_named_them_keeps_it_while_he_may_name_people() {
    let server = town().await;
    let mut dora = server.device("dora").await;
    let id = open(&mut dora, vec![named("ann"), named("ben")]).await;
    dora.pull().await;
    assert!(dora.visible.contains(&id));
    // She goes to another office.
    server.assign("dora", vec![role("intake_clerk", TOWN)]).await;
    dora.pull().await;
    assert!(!dora.visible.contains(&id));
    outside(&server, "dora", id).await;
    inside(&server, "ann", id).await;
    // She is back until the next day, and then it ends by the calendar.
    let last = NaiveDate::from_ymd_opt(2026, 5, 19);
    server.assign("dora", vec![Assignment { to: last, ..role("center_director", TOWN) }]).await;
    dora.pull().await;
    assert!(dora.visible.contains(&id), "everything is there again");
    server.pass(2 * DAY);
    dora.pull().await;
    assert!(!dora.visible.contains(&id));
    outside(&server, "dora", id).await;
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
    let id = open(&mut dora, vec![named("ann"), named("ben")]).await;
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
