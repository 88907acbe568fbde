//! The demo township, and the loop through the real rules: a report goes up, comes back numbered, goes to a unit.

use std::collections::BTreeMap;

use crate::common::{Device, Server, values};
use gridbook_log::{Body, Create, Event, Placement};
use gridbook_server::demo;
use gridbook_sync::wire::Verdict;
use serde_json::{Value, json};

async fn demo_server() -> Server {
    let server = Server::with(|_| {}).await;
    let words = demo::fill(server.app()).await.unwrap();
    assert!(words.contains(demo::PASSWORD) && words.contains("zhuli01"));
    server
}

async fn device(server: &Server, user: &str) -> Device {
    // The harness signs in with its own password.
    let body = json!({ "user": user, "password": demo::PASSWORD });
    let (status, answer) = server.call("POST", "/api/sign-in", None, Some(body)).await;
    assert_eq!(status, 200, "{user}");
    server.device_with(user, answer["token"].as_str().unwrap().to_owned())
}

fn step(
    device: &mut Device,
    id: gridbook_log::EntityId,
    names: [&str; 3],
    data: &Value,
    set: &Value,
    unit: Option<&str>,
) -> gridbook_log::Op {
    let [event, from, to] = names.map(str::to_owned);
    let place = unit.map(|u| Placement { units_add: vec![u.to_owned()], ..Placement::default() });
    device.body(
        id,
        &Body::Event(Event {
            event,
            from,
            to,
            table: 1,
            role: None,
            data: values(data),
            set: values(set),
            place,
            blobs: vec![],
        }),
    )
}

#[tokio::test]
async fn the_demo_is_whole_and_filled_once() {
    let server = demo_server().await;
    let count = || async {
        let rows: Vec<(String, i64)> =
            gridbook_server::sql::query_as("SELECT type, COUNT(*) FROM entities GROUP BY type")
                .fetch_all(&server.app().readers)
                .await
                .unwrap();
        rows.into_iter().collect::<BTreeMap<_, _>>()
    };
    let first = count().await;
    assert!(first["household"] > 1500 && first["area"] > 30 && first["staff"] > 50 && first["unit"] == 8);
    assert_eq!((first["visit"], first["hazard"], first["dispute"]), (60, 8, 6));
    let refused: i64 =
        gridbook_server::sql::query_scalar("SELECT COUNT(*) FROM ops WHERE verdict IS NOT NULL")
            .fetch_one(&server.app().readers)
            .await
            .unwrap();
    assert_eq!(refused, 0);
    demo::fill(server.app()).await.unwrap();
    assert_eq!(count().await, first);
    let mut worker = device(&server, "zhuli01").await;
    worker.pull().await;
    let households = worker.entities.values().filter(|e| e.type_() == Some("household")).count();
    let inside =
        worker.entities.values().filter(|e| !e.for_all()).all(|e| e.area() == Some("510000100201001"));
    assert!((50..80).contains(&households) && inside, "{households}");
    let mut desk = device(&server, "dengji01").await;
    desk.pull().await;
    let states: std::collections::BTreeSet<&str> = desk.entities.values().filter_map(|e| e.state()).collect();
    for state in [
        "visited",
        "submitted",
        "supplement",
        "registered",
        "dispatched",
        "in_progress",
        "fed_back",
        "redo",
        "closed",
    ] {
        assert!(states.contains(state), "{state}");
    }
}

#[tokio::test]
async fn a_real_township_is_never_mixed_with_the_demo() {
    let server = Server::with(|config| config.tenant.demo = false).await;
    assert!(matches!(demo::fill(server.app()).await, Err(demo::DemoError::NotDemo)));
}

#[tokio::test]
async fn a_report_goes_round() {
    let server = demo_server().await;
    let mut ann = device(&server, "zhuli01").await;
    let mut intake = device(&server, "dengji01").await;
    let mut dispatcher = device(&server, "fenpai01").await;
    let mut handler = device(&server, "yjb01").await;
    let mut neighbour = device(&server, "zhuli02").await;
    let id = ann.fresh_id();
    let report = ann.body(
        id,
        &Body::Create(Create {
            type_: "hazard".to_owned(),
            form: Some("F-HAZARD/1".to_owned()),
            state: Some("submitted".to_owned()),
            place: Placement { area: Some("510000100201001".to_owned()), ..Placement::default() },
            set: values(&json!({ "desc": "屋后土坎渗水", "level": "blue", "found_at": "2026-05-18T07:40" })),
            ..Create::default()
        }),
    );
    ann.push_ok(&[report]).await;
    // Out of turn and out of right: refused by the rule, with a code.
    let early = step(
        &mut ann,
        id,
        ["register", "submitted", "registered"],
        &json!({ "duplicate_checked": true }),
        &json!({}),
        None,
    );
    assert_eq!(ann.push_one(&early).await, (Verdict::Reject, Some("not_permitted".to_owned())));
    intake.pull().await;
    let set = json!({ "category": "fire", "subtype": "fire.6", "level": "blue" });
    let register = step(
        &mut intake,
        id,
        ["register", "submitted", "registered"],
        &json!({ "duplicate_checked": true }),
        &set,
        None,
    );
    intake.push_ok(&[register]).await;
    dispatcher.pull().await;
    let set = json!({ "lead_unit": "yjb", "respond_by": "2026-05-20", "handle_by": "2026-05-28" });
    let dispatch =
        step(&mut dispatcher, id, ["dispatch", "registered", "dispatched"], &json!({}), &set, Some("yjb"));
    dispatcher.push_ok(&[dispatch]).await;
    handler.pull().await;
    assert!(handler.visible.contains(&id));
    let claim = step(
        &mut handler,
        id,
        ["claim", "dispatched", "claimed"],
        &json!({}),
        &json!({ "handler": "yjb01" }),
        None,
    );
    handler.push_ok(&[claim]).await;
    ann.pull().await;
    let mut seen = gridbook_log::Entity::new(id, Some(server.app().tenant.authority));
    for op in server.stream(id).await {
        seen.apply(&op);
        assert!(ann.ops.contains_key(&op.id()) || op.header().user == "zhuli01");
    }
    assert_eq!(seen.state(), Some("claimed"));
    assert_eq!(seen.number(), Some("青禾〔2026〕隐字第00006号"));
    neighbour.pull().await;
    assert!(!neighbour.visible.contains(&id));
}

#[tokio::test]
async fn a_grid_is_handed_over_when_both_have_confirmed() {
    use gridbook_domain::handover::{Handover, Item, ItemKind, Terms, create};
    const GRID: &str = "510000100201001";
    let server = demo_server().await;
    let (mut clerk, mut leaves, mut takes) = (
        device(&server, "zhuangan01").await,
        device(&server, "zhuli01").await,
        device(&server, "zhuli02").await,
    );
    leaves.pull().await;
    takes.pull().await;
    let homes = |device: &Device| {
        let held = device.entities.values().filter(|e| e.type_() == Some("household"));
        held.filter(|e| e.area() == Some(GRID)).count()
    };
    let all = homes(&leaves);
    assert!(all > 10 && homes(&takes) == 0);
    let terms = Terms {
        from: "zhuli01".to_owned(),
        to: "zhuli02".to_owned(),
        area: GRID.to_owned(),
        on: gridbook_server::clock::china_day(server.app().clock.now_ms()),
        reason: String::new(),
    };
    let id = clerk.fresh_id();
    let item =
        Item {
            kind: ItemKind::Household, record: id, title: "钟小满".to_owned(), note: "12号".to_owned()
        };
    let made = clerk.body(id, &Body::Create(create(&terms, &[item])));
    clerk.push_ok(&[made]).await;
    for (device, after) in [(&mut takes, all), (&mut leaves, all)] {
        device.pull().await;
        let confirm = Handover::of(&device.entities[&id]).unwrap().confirm();
        let op = device.body(id, &Body::Event(confirm));
        assert_eq!(homes(device), if device.user == "zhuli01" { after } else { 0 });
        device.push_ok(&[op]).await;
    }
    takes.pull().await;
    leaves.pull().await;
    assert_eq!(
        (homes(&takes), homes(&leaves)),
        (all, 0),
        "the area is the successor's, the old phone forgot it"
    );
    assert!(Handover::of(&takes.entities[&id]).unwrap().done());
    // The successor works there; the one who left does not.
    for (device, verdict) in [(&mut takes, Verdict::Ok), (&mut leaves, Verdict::Reject)] {
        let made = Create {
            type_: "household".to_owned(),
            place: Placement { area: Some(GRID.to_owned()), ..Placement::default() },
            set: values(&json!({"door_no": "99", "residence_type": "permanent"})),
            ..Create::default()
        };
        let id = device.fresh_id();
        let op = device.body(id, &Body::Create(made));
        assert_eq!(device.push_one(&op).await.0, verdict, "{}", device.user);
    }
}

/// A new item with a new form, as the desk saves it: one operation that everybody receives.
fn bees() -> gridbook_log::Values {
    use gridbook_domain::package::Package;
    let built = Package::builtin();
    let mut form = built.form("F-GENERAL").unwrap().clone();
    (form.id, form.title) = ("F-BEES".to_owned(), "蜂箱登记".to_owned());
    let mut next = built.with_form(form, chrono::NaiveDate::from_ymd_opt(2026, 5, 1).unwrap()).unwrap();
    let mut item = next.catalogue.get().items[0].clone();
    (item.code, item.id, item.form) = ("X11".to_owned(), "bees".to_owned(), "F-BEES".to_owned());
    next.catalogue.get_mut().items.push(item);
    built.difference(&next).changes
}

#[tokio::test]
async fn a_new_item_with_a_new_form_travels_by_sync() {
    use gridbook_domain::package::Package;
    let mut server = demo_server().await;
    let (mut clerk, mut worker) = (device(&server, "zhuren01").await, device(&server, "zhuli01").await);
    let report = |worker: &mut Device| {
        let made = Create {
            type_: "matter".to_owned(),
            form: Some("F-BEES/1".to_owned()),
            state: Some("submitted".to_owned()),
            place: Placement { area: Some("510000100201001".to_owned()), ..Placement::default() },
            set: values(&json!({"facts": "坡上有蜂箱"})),
            ..Create::default()
        };
        let id = worker.fresh_id();
        worker.body(id, &Body::Create(made))
    };
    let early = report(&mut worker);
    assert_eq!(worker.push_one(&early).await, (Verdict::Reject, Some("unknown_form".to_owned())));
    let place = Placement { all: Some(true), area: Some("510000100".to_owned()), ..Placement::default() };
    let revision = |set| {
        Body::Create(Create { type_: "rules".to_owned(), place: place.clone(), set, ..Create::default() })
    };
    // Not by somebody who does not keep the list, and not with a form that is nowhere.
    let id = worker.fresh_id();
    let op = worker.body(id, &revision(bees()));
    assert_eq!(worker.push_one(&op).await.0, Verdict::Reject);
    let id = clerk.fresh_id();
    let broken = bees().into_iter().filter(|(path, _)| path.starts_with("item/")).collect();
    let op = clerk.body(id, &revision(broken));
    assert_eq!(clerk.push_one(&op).await.0, Verdict::Reject);
    let id = clerk.fresh_id();
    let op = clerk.body(id, &revision(bees()));
    clerk.push_ok(&[op]).await;
    worker.pull().await;
    let package = Package::builtin().revised(&worker.entities[&id].values()).unwrap();
    assert_eq!(package.form_named("F-BEES/1").unwrap().title, "蜂箱登记");
    assert!(package.catalogue.get().item("bees").is_some());
    let late = report(&mut worker);
    assert_eq!(worker.push_one(&late).await.0, Verdict::Ok);
    // A server that starts again with the rules as they were built still knows.
    server.config.admission =
        std::sync::Arc::new(gridbook_server::admission::ByDomain::new(Package::builtin().clone()));
    server.restart().await;
    worker.follow(&server);
    let after = report(&mut worker);
    assert_eq!(worker.push_one(&after).await.0, Verdict::Ok);
}
