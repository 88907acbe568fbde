//! Confidential reports (ROLE-11): nobody but the channel gets anything of one, by whatever way, and the named
//! official gets nothing in whatever role.

use crate::common::{Device, Server, role, values};
use gridbook_domain::role::Assignment;
use gridbook_log::{BlobRef, Body, Create, EntityId, Event, Op, Placement, WireOp};
use gridbook_sync::wire::{PushReply, Verdict};
use serde_json::{Value, json};

const TOWN: &str = "510000100";
const VILLAGE: &str = "510000100201";
const GRID: &str = "510000100201001";
const FACTS: &str = "村道工程三十万没有公示";
const WAY: &str = "/api/confidential";

/// Everybody of a small township. liam is the official who is named, and holds the very role of the channel.
async fn town() -> Server {
    let server = Server::with(|_| {}).await;
    for (user, held) in [
        ("ann", role("village_assistant", GRID)),
        ("wang", role("grid_worker_l2", GRID)),
        ("shu", role("deputy_grid_chief", VILLAGE)),
        ("ivy", role("intake_clerk", TOWN)),
        ("chi", role("general_grid_chief", TOWN)),
        ("sys", role("sys_admin", TOWN)),
        ("liam", role("center_director", TOWN)),
        ("dora", role("center_director", TOWN)),
        ("dan", role("discipline_officer", TOWN)),
    ] {
        server.person(user, vec![held]).await;
    }
    // They keep the whole township on their devices, with more areas than a feed looks into one by one.
    let mut dora = server.device("dora").await;
    let hazards: Vec<Op> = (1..=70).map(|n| hazard(&mut dora, &format!("510000100{n:03}"))).collect();
    dora.push_ok(&hazards).await;
    server
}

const OUTSIDERS: [&str; 6] = ["wang", "shu", "ivy", "chi", "sys", "liam"];

fn hazard(device: &mut Device, area: &str) -> Op {
    let create = Create {
        type_: "hazard".to_owned(),
        form: Some("F-HAZARD/1".to_owned()),
        state: Some("submitted".to_owned()),
        place: Placement { area: Some(area.to_owned()), ..Placement::default() },
        set: values(
            &json!({"desc": "水沟堵塞", "level": "blue", "source": "visit_found", "address_text": "沟边"}),
        ),
        ..Create::default()
    };
    let id = device.fresh_id();
    device.body(id, &Body::Create(create))
}

fn report(named: Option<&str>) -> Create {
    let mut set = json!({"subject_type": "works", "facts": FACTS, "anonymous": true});
    if let Some(user) = named {
        set["named"] = json!(user);
    }
    Create {
        type_: "confidential".to_owned(),
        form: Some("F-SUPV/1".to_owned()),
        state: Some("sup_received".to_owned()),
        set: values(&set),
        ..Create::default()
    }
}

/// Hands in one operation the confidential way.
async fn hand_in(server: &Server, device: &Device, op: &Op) -> (Verdict, Option<String>) {
    let request = serde_json::to_value(device.request(std::slice::from_ref(op))).unwrap();
    let (status, answer) = server.call("POST", WAY, Some(&device.token), Some(request)).await;
    assert_eq!(status, 200, "{answer}");
    let mut reply: PushReply = serde_json::from_value(answer).unwrap();
    let result = reply.results.remove(0);
    (result.r, result.code)
}

async fn handed_in(server: &Server, author: &mut Device, named: Option<&str>) -> (EntityId, Op) {
    let id = author.fresh_id();
    let op = author.body(id, &Body::Create(report(named)));
    assert_eq!(hand_in(server, author, &op).await, (Verdict::Ok, None));
    (id, op)
}

async fn list(server: &Server, token: &str, way: &str) -> Vec<Value> {
    let (status, answer) = server.call("GET", way, Some(token), None).await;
    assert_eq!(status, 200, "{answer}");
    answer["reports"].as_array().unwrap().clone()
}

/// Takes over a report as the channel's desk does, and answers the JSON.
async fn look(server: &Server, device: &mut Device, id: EntityId) -> Value {
    let (status, answer) = server.call("GET", &format!("{WAY}/{id}"), Some(&device.token), None).await;
    assert_eq!(status, 200, "{answer}");
    let ops: Vec<WireOp> = serde_json::from_value(answer["ops"].clone()).unwrap();
    let ops: Vec<Op> = ops.into_iter().map(|wire| Op::from_wire(wire).unwrap()).collect();
    let authority = server.app().tenant.authority;
    device.entities.insert(id, gridbook_log::Entity::fold(id, Some(authority), &ops));
    answer
}

fn step(device: &mut Device, id: EntityId, action: &str, to: &str, data: &Value) -> Op {
    let from = device.entities[&id].state().unwrap_or("sup_received").to_owned();
    let (event, to) = (action.to_owned(), to.to_owned());
    let event = Event { event, from, to, table: 1, data: values(data), ..Event::default() };
    device.body(id, &Body::Event(event))
}

/// Everything that `user` can be told of the log: the feed, packed streams (of a place, too), and what a fresh device
/// would hold.
async fn meets(server: &Server, user: &str, id: EntityId) -> bool {
    let mut feed = server.device(user).await;
    feed.pull().await;
    let mut packed = server.device(user).await;
    packed.pull_packed().await;
    let mut here = feed.visible.contains(&id) || packed.visible.contains(&id);
    here |= feed.entities.contains_key(&id) || packed.entities.contains_key(&id);
    for place in ["", TOWN, VILLAGE, GRID] {
        let mut cursor = String::new();
        while let Some((head, ops)) = packed.packed(&cursor, Some(place)).await {
            here |= ops.iter().any(|op| op.entity() == id);
            cursor = head.cursor;
            if !head.more {
                break;
            }
        }
    }
    // The count and the sum of what it should hold are those of what it holds without the report.
    here || feed.should_hold().await.fp != feed.holds()
}

#[tokio::test]
async fn nobody_gets_it_by_any_way_of_sync() {
    let server = town().await;
    let mut ann = server.device("ann").await;
    let mut watching = Vec::new();
    for user in OUTSIDERS {
        let mut device = server.device(user).await;
        device.pull().await;
        watching.push(device);
    }
    let (id, _) = handed_in(&server, &mut ann, Some("liam")).await;
    let mut dora = server.device("dora").await;
    look(&server, &mut dora, id).await;
    let accept = step(&mut dora, id, "sup_accept", "sup_accepted", &json!({"text": "先看账"}));
    assert_eq!(hand_in(&server, &dora, &accept).await, (Verdict::Ok, None));
    for device in &mut watching {
        let before = device.delivered;
        device.pull().await;
        assert_eq!(device.delivered, before, "{}", device.user);
    }
    // The channel's own devices, and the author's, hold nothing either: it is read on the screen.
    for user in OUTSIDERS.into_iter().chain(["ann", "dora", "dan"]) {
        assert!(!meets(&server, user, id).await, "{user}");
    }
}

#[tokio::test]
async fn the_confidential_way_answers_the_channel_only() {
    let server = town().await;
    let mut ann = server.device("ann").await;
    let (id, _) = handed_in(&server, &mut ann, Some("liam")).await;
    let unknown = server.call("GET", &format!("{WAY}/{}", ann.fresh_id()), Some(&ann.token), None).await;
    assert_eq!(unknown.0, 404);
    for user in OUTSIDERS.into_iter().chain(["ann"]) {
        let mut device = server.device(user).await;
        // The same answer as for what is not there.
        let answer = server.call("GET", &format!("{WAY}/{id}"), Some(&device.token), None).await;
        assert_eq!(answer, unknown, "{user}");
        let (status, answer) = server.call("GET", WAY, Some(&device.token), None).await;
        if user == "liam" {
            assert_eq!((status, answer), (200, json!({"reports": []})));
        } else {
            assert_eq!(status, 403, "{user}");
        }
        if user != "ann" {
            assert_eq!(list(&server, &device.token, &format!("{WAY}/mine")).await, Vec::<Value>::new());
        }
        // Knowing the name of it is of no use.
        device.entities.insert(id, ann.entities[&id].clone());
        let step = step(&mut device, id, "sup_accept", "sup_accepted", &json!({}));
        let refused = (Verdict::Refuse, Some("foreign_entity".to_owned()));
        assert_eq!(hand_in(&server, &device, &step).await, refused, "{user}");
        assert_eq!(device.push_one(&step).await, refused, "{user}");
    }
    assert_eq!(server.call("GET", &format!("{WAY}/{id}"), None, None).await.0, 401);
    assert_eq!(server.stream(id).await.len(), 2, "the report and its receipt");
}

#[tokio::test]
async fn the_channel_handles_it_and_its_author_sees_its_state() {
    let server = town().await;
    let mut ann = server.device("ann").await;
    let (id, first) = handed_in(&server, &mut ann, Some("liam")).await;
    // The answer was lost: the same again is known, another text under the same name is not taken for it.
    assert_eq!(hand_in(&server, &ann, &first).await, (Verdict::Dup, None));
    let other = Op::new(
        gridbook_log::NewOp {
            entity: id,
            dot: first.dot(),
            hlc: first.header().hlc,
            kind: "create",
            user: "ann",
            ctx: gridbook_log::Ctx::default(),
        },
        [8; 16],
        Body::Create(report(None)).to_text().1,
    );
    assert_eq!(hand_in(&server, &ann, &other.unwrap()).await, (Verdict::Refuse, Some("fork".to_owned())));
    let mine = list(&server, &ann.token, &format!("{WAY}/mine")).await;
    assert_eq!(mine.len(), 1);
    let keys: Vec<&String> = mine[0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["at", "form", "id", "state"]);

    let (mut dora, mut dan) = (server.device("dora").await, server.device("dan").await);
    let heard = list(&server, &dan.token, WAY).await;
    assert_eq!(heard, mine, "a list shows the channel no more");
    assert!(look(&server, &mut dora, id).await["ops"].to_string().contains(FACTS));
    let accept = step(&mut dora, id, "sup_accept", "sup_accepted", &json!({}));
    assert_eq!(hand_in(&server, &dora, &accept).await, (Verdict::Ok, None));
    server.pass(60_000);
    let seen = look(&server, &mut dan, id).await;
    let by: Vec<&str> =
        seen["views"].as_array().unwrap().iter().map(|v| v["user"].as_str().unwrap()).collect();
    assert_eq!(by, ["dora", "dan"], "each look is written down");
    let paper = json!({"body": "县纪委监委", "paper": "青纪移〔2026〕1号"});
    let transfer = step(&mut dan, id, "sup_transfer", "sup_transferred", &paper);
    assert_eq!(hand_in(&server, &dan, &transfer).await, (Verdict::Ok, None));
    let mine = list(&server, &ann.token, &format!("{WAY}/mine")).await;
    assert_eq!(mine[0]["state"], "sup_transferred");
    assert_eq!(mine[0].as_object().unwrap().len(), 4, "{mine:?}");
    // A number would tell by its gaps of a report that names whoever sees it.
    assert!(server.stream(id).await.iter().all(|op| op.header().kind != "number"));

    // Whoever leaves the channel hears nothing from then on.
    server.assign("dan", vec![role("intake_clerk", TOWN)]).await;
    assert_eq!(server.call("GET", &format!("{WAY}/{id}"), Some(&dan.token), None).await.0, 404);
    assert_eq!(server.call("GET", WAY, Some(&dan.token), None).await.0, 403);
}

#[tokio::test]
async fn no_other_way_takes_it_in_and_no_other_place_either() {
    let server = town().await;
    let mut ann = server.device("ann").await;
    let id = ann.fresh_id();
    let op = ann.body(id, &Body::Create(report(None)));
    assert_eq!(ann.push_one(&op).await, (Verdict::Refuse, Some("restricted_form".to_owned())));
    let hazard = hazard(&mut ann, GRID);
    assert_eq!(hand_in(&server, &ann, &hazard).await.0, Verdict::Refuse);
    let two = serde_json::to_value(ann.request(&[op, hazard])).unwrap();
    assert_eq!(server.call("POST", WAY, Some(&ann.token), Some(two)).await.0, 400);

    let blob = BlobRef {
        sha256: "ab".repeat(32),
        size: 1000,
        mime: "image/jpeg".to_owned(),
        role: "photos".to_owned(),
        thumb: None,
    };
    let area = Placement { area: Some(GRID.to_owned()), ..Placement::default() };
    let all = Placement { all: Some(true), ..Placement::default() };
    let liam = Placement { users_add: vec!["liam".to_owned()], ..Placement::default() };
    for (create, code) in [
        (Create { place: area, ..report(None) }, "bad_placement"),
        (Create { place: all, ..report(None) }, "bad_placement"),
        (Create { place: liam, ..report(None) }, "bad_placement"),
        (Create { blobs: vec![blob], ..report(None) }, "bad_body"),
    ] {
        let id = ann.fresh_id();
        let op = ann.body(id, &Body::Create(create));
        assert_eq!(hand_in(&server, &ann, &op).await, (Verdict::Reject, Some(code.to_owned())));
        // What was refused is told to nobody, and its text is gone.
        for user in ["wang", "chi", "liam"] {
            assert!(!meets(&server, user, id).await, "{user} {code}");
        }
        let stub = server.stream(id).await;
        assert!(stub.iter().all(|op| op.body_text().is_none_or(|text| !text.contains(FACTS))));
    }
    assert_eq!(list(&server, &ann.token, &format!("{WAY}/mine")).await, Vec::<Value>::new());

    // Nobody moves it or shares it later, the channel neither.
    let (id, _) = handed_in(&server, &mut ann, None).await;
    let mut dora = server.device("dora").await;
    look(&server, &mut dora, id).await;
    let share =
        Placement { units_add: vec!["yjb".to_owned()], area: Some(TOWN.to_owned()), ..Placement::default() };
    let op = dora.place(id, share);
    assert_eq!(hand_in(&server, &dora, &op).await, (Verdict::Reject, Some("bad_placement".to_owned())));
    assert!(!meets(&server, "chi", id).await);
}

#[tokio::test]
async fn a_report_that_nobody_could_hear_is_not_taken() {
    let server = town().await;
    let mut ann = server.device("ann").await;
    for user in ["dora", "dan"] {
        server.assign(user, vec![role("intake_clerk", TOWN)]).await;
    }
    let id = ann.fresh_id();
    let op = ann.body(id, &Body::Create(report(Some("liam"))));
    let request = serde_json::to_value(ann.request(std::slice::from_ref(&op))).unwrap();
    let (status, answer) = server.call("POST", WAY, Some(&ann.token), Some(request.clone())).await;
    assert_eq!((status, answer["code"].as_str()), (409, Some("nobody_hears")));
    assert!(server.stream(id).await.is_empty(), "nothing of it is stored");
    server.assign("dan", vec![role("discipline_officer", TOWN)]).await;
    assert_eq!(hand_in(&server, &ann, &op).await, (Verdict::Ok, None));
    // A session that has ended brings nothing into the quarantine either.
    server.call("POST", "/api/sign-out", Some(&ann.token), None).await;
    assert_eq!(server.call("POST", WAY, Some(&ann.token), Some(request)).await.0, 401);
}

#[tokio::test]
async fn its_author_is_not_the_one_who_hears_it() {
    let server = town().await;
    server.assign("liam", vec![role("intake_clerk", TOWN)]).await;
    server.assign("dora", vec![role("center_director", TOWN), role("village_assistant", GRID)]).await;
    let mut dora = server.device("dora").await;
    // The only other one of the channel is named.
    let id = dora.fresh_id();
    let op = dora.body(id, &Body::Create(report(Some("dan"))));
    let request = serde_json::to_value(dora.request(std::slice::from_ref(&op))).unwrap();
    let (status, answer) = server.call("POST", WAY, Some(&dora.token), Some(request)).await;
    assert_eq!((status, answer["code"].as_str()), (409, Some("nobody_hears")));
    assert!(server.stream(id).await.is_empty(), "nothing of it is stored");
    // One that names nobody goes to the other, who alone decides it.
    let mut dora = server.device("dora").await;
    let (id, _) = handed_in(&server, &mut dora, None).await;
    let accept = step(&mut dora, id, "sup_accept", "sup_accepted", &json!({}));
    let refused = (Verdict::Reject, Some("not_permitted".to_owned()));
    assert_eq!(hand_in(&server, &dora, &accept).await, refused);
    let mut dan = server.device("dan").await;
    look(&server, &mut dan, id).await;
    let accept = step(&mut dan, id, "sup_accept", "sup_accepted", &json!({}));
    assert_eq!(hand_in(&server, &dan, &accept).await, (Verdict::Ok, None));
}

#[tokio::test]
async fn a_clue_of_harm_goes_to_those_who_were_granted_it_by_name() {
    let server = town().await;
    let until = |day: &str| Assignment { to: Some(day.parse().unwrap()), ..role("harm_contact", TOWN) };
    server.person("hua", vec![role("grid_worker_l1", VILLAGE), until("2026-12-31")]).await;
    server.person("old", vec![role("grid_worker_l1", VILLAGE), until("2026-01-31")]).await;
    let mut ann = server.device("ann").await;
    let id = ann.fresh_id();
    let set = values(
        &json!({"danger_now": false, "clue_type": "domestic_violence_clue", "facts": FACTS, "victim": "女，三十来岁",
        "police_told": false, "anonymous": true}),
    );
    let clue = Create { form: Some("F-ABUSE/2".to_owned()), set, ..report(None) };
    let op = ann.body(id, &Body::Create(clue));
    assert_eq!(hand_in(&server, &ann, &op).await, (Verdict::Ok, None));
    let (supervised, _) = handed_in(&server, &mut ann, None).await;

    let heard = async |user: &str| {
        let device = server.device(user).await;
        let mut ids: Vec<String> = list(&server, &device.token, WAY)
            .await
            .iter()
            .map(|line| line["id"].as_str().unwrap().to_owned())
            .collect();
        ids.sort();
        ids
    };
    let (clue, affair) = (id.to_string(), supervised.to_string());
    assert_eq!(heard("hua").await, std::slice::from_ref(&clue));
    assert_eq!(heard("dan").await, std::slice::from_ref(&affair));
    let mut both = [clue.clone(), affair.clone()];
    both.sort();
    assert_eq!(heard("dora").await, both);
    // The channels stand in one list: a clue stays in sight behind a page of the other one.
    for _ in 0..500 {
        handed_in(&server, &mut ann, None).await;
    }
    assert_eq!(heard("hua").await, std::slice::from_ref(&clue));
    assert_eq!(heard("dan").await.len(), 500, "the newest of a long list");
    for user in ["dan", "old", "wang", "shu"] {
        let device = server.device(user).await;
        assert_eq!(
            server.call("GET", &format!("{WAY}/{clue}"), Some(&device.token), None).await.0,
            404,
            "{user}"
        );
        assert!(!meets(&server, user, id).await, "{user}");
    }
    let mut hua = server.device("hua").await;
    assert!(look(&server, &mut hua, id).await["ops"].to_string().contains(FACTS));
    let accept = step(&mut hua, id, "sup_accept", "sup_accepted", &json!({}));
    assert_eq!(hand_in(&server, &hua, &accept).await, (Verdict::Ok, None));
}

#[tokio::test]
async fn what_is_given_by_name_is_given_by_whoever_may_do_it() {
    let server = town().await;
    server.person("clerk", vec![role("grid_clerk", TOWN)]).await;
    let (clerk, dora) = (server.token("clerk").await, server.token("dora").await);
    let plain = json!({"role": "grid_worker_l2", "area": GRID});
    let contact = |day: &str| json!({"role": "harm_contact", "to": day});
    let change = async |token: &str, held: Value| {
        let body = json!({"assignments": held});
        let (status, answer) = server.call("PATCH", "/api/staff/wang", Some(token), Some(body)).await;
        (status, answer["code"].as_str().map(str::to_owned))
    };
    let import = async |held: Value| {
        let body = json!({"staff": [{"user": "wang", "name": "王", "assignments": held}]});
        server.call("POST", "/api/staff/import", Some(&clerk), Some(body)).await.0
    };
    let holds = async || {
        server.call("GET", "/api/staff", Some(&dora), None).await.1.to_string().contains("harm_contact")
    };
    let refused = (403, Some("grant".to_owned()));
    assert_eq!(change(&clerk, json!([plain, contact("2026-12-31")])).await, refused);
    assert_eq!(import(json!([plain, contact("2026-12-31")])).await, 403);
    assert!(!holds().await);
    // The director gives it and changes nothing else of the person.
    assert_eq!(change(&dora, json!([contact("2026-12-31")])).await, (403, Some("forbidden".to_owned())));
    assert_eq!(change(&dora, json!([plain, contact("2026-12-31")])).await, (200, None));
    let name = json!({"name": "别人"});
    assert_eq!(server.call("PATCH", "/api/staff/wang", Some(&dora), Some(name)).await.0, 403);
    // Whoever keeps the directory neither takes it back nor lengthens it, and a sheet without it leaves it.
    assert_eq!(change(&clerk, json!([plain])).await, refused);
    assert_eq!(change(&clerk, json!([plain, contact("2027-12-31")])).await, refused);
    let moved = json!({"role": "grid_worker_l1", "area": GRID});
    assert_eq!(change(&clerk, json!([moved, contact("2026-12-31")])).await, (200, None));
    assert_eq!(import(json!([moved])).await, 200);
    assert!(holds().await);
    assert_eq!(change(&dora, json!([moved])).await, (200, None));
    assert!(!holds().await);
    let wang = server.token("wang").await;
    assert_eq!(server.call("GET", "/api/staff", Some(&wang), None).await.0, 403);
}

/// A quick report by mistake: what it says leaves every device but its author's, and what follows it reaches nobody.
#[tokio::test]
async fn what_was_reported_openly_by_mistake_leaves_everybody_s_device() {
    let server = town().await;
    let mut ann = server.device("ann").await;
    let open = |device: &mut Device| {
        let mut create = hazard(device, GRID).body().unwrap().clone();
        if let Body::Create(create) = &mut create {
            create.set.insert("desc".to_owned(), json!(FACTS));
        }
        let id = device.fresh_id();
        device.body(id, &create)
    };
    let away = |device: &mut Device, id: EntityId, action: &str| {
        let from = device.entities[&id].state().unwrap().to_owned();
        let (event, to) = (action.to_owned(), "set_apart".to_owned());
        let event = Event { event, from, to, table: 8, ..Event::default() };
        device.body(id, &Body::Event(event))
    };
    let report = open(&mut ann);
    let id = report.entity();
    ann.push_ok(&[report]).await;
    let mut watching = Vec::new();
    for user in ["wang", "shu", "ivy", "chi"] {
        let mut device = server.device(user).await;
        device.pull().await;
        assert!(device.visible.contains(&id), "{user}");
        watching.push(device);
    }
    // Nobody else of the village or the centre's desk hides it.
    let mut shu = watching.remove(1);
    let op = away(&mut shu, id, "take_apart");
    assert_eq!(shu.push_one(&op).await.0, Verdict::Reject);
    let op = away(&mut ann, id, "set_apart");
    ann.push_ok(&[op]).await;
    for device in &mut watching {
        device.pull().await;
        assert!(!device.visible.contains(&id), "{}", device.user);
        assert!(!meets(&server, &device.user, id).await, "{}", device.user);
    }
    assert!(meets(&server, "ann", id).await, "what she wrote is her own");
    // What somebody wrote on it without a network waits for whoever decides, and does not count.
    let before = server.stream(id).await.len();
    let late = watching[0].set(id, "desc", "没有这回事");
    watching[0].push_one(&late).await;
    assert_eq!(server.stream(id).await.len(), before);
    // Once the centre has it in hand, the channel does it.
    let report = open(&mut ann);
    let id = report.entity();
    ann.push_ok(&[report]).await;
    let mut dora = server.device("dora").await;
    dora.pull().await;
    let op = away(&mut dora, id, "take_apart");
    dora.push_ok(&[op]).await;
    dora.pull().await;
    for user in ["wang", "shu", "ivy", "chi", "dora"] {
        assert!(!meets(&server, user, id).await, "{user}");
    }
}
