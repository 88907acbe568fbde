//! What people push whose session or account has ended: kept apart, released by an administrator, bounded.

use crate::common::{DAY, Device, Server, role, values};
use gridbook_log::{BlobRef, Body, Create, Op, Placement};
use gridbook_server::{quarantine, secret};
use gridbook_sync::wire::Verdict;
use serde_json::{Value, json};

const G1: &str = "510000100201001";
const G2: &str = "510000100202001";
const G3: &str = "510000100203001";

async fn clerk(server: &Server) -> String {
    server.person("clerk", vec![role("grid_clerk", "510000100")]).await;
    server.token("clerk").await
}

async fn disable(server: &Server, clerk: &str, disabled: bool) {
    let change = json!({ "disabled": disabled });
    assert_eq!(server.call("PATCH", "/api/staff/ann", Some(clerk), Some(change)).await.0, 200);
}

async fn push(server: &Server, device: &Device, ops: &[Op]) -> (u16, Value) {
    let body = serde_json::to_value(device.request(ops)).unwrap();
    server.call("POST", "/sync/v1/push", Some(&device.token), Some(body)).await
}

fn name(bytes: &[u8]) -> String {
    secret::hex(&secret::sha256(bytes))
}

/// An operation that names a photo.
fn with_photo(device: &mut Device, id: gridbook_log::EntityId, bytes: &[u8]) -> Op {
    let blob = BlobRef {
        sha256: name(bytes),
        size: u32::try_from(bytes.len()).unwrap(),
        mime: "image/jpeg".to_owned(),
        role: "photo_before".to_owned(),
        thumb: None,
    };
    let set = gridbook_log::body::Set { set: gridbook_log::Values::new(), blobs: vec![blob] };
    device.body(id, &Body::Set(set))
}

/// A whole form, as the real rules want it.
fn hazard(device: &mut Device, area: &str) -> Op {
    let set = json!({ "desc": "水沟堵塞", "level": "blue", "source": "visit_found", "address_text": "沟边" });
    let body = Body::Create(Create {
        type_: "hazard".to_owned(),
        form: Some("F-HAZARD/1".to_owned()),
        state: Some("submitted".to_owned()),
        place: Placement { area: Some(area.to_owned()), ..Placement::default() },
        set: values(&set),
        ..Create::default()
    });
    let id = device.fresh_id();
    device.body(id, &body)
}

async fn put(server: &Server, device: &Device, bytes: &[u8]) -> u16 {
    let url = format!("{}/sync/v1/blobs/{}", server.url, name(bytes));
    let request = server.http.put(url).bearer_auth(&device.token).body(bytes.to_vec());
    request.send().await.unwrap().status().as_u16()
}

fn verdicts(answer: &Value) -> Vec<(&str, &str)> {
    let results = answer["results"].as_array().unwrap().iter();
    results.map(|r| (r["r"].as_str().unwrap(), r["code"].as_str().unwrap_or(""))).collect()
}

#[tokio::test]
async fn a_revoked_phone_delivers_into_quarantine_and_an_administrator_lets_it_in() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let token = clerk(&server).await;
    let before = ann.create("hazard", G1);
    ann.push_only(&before).await;
    disable(&server, &token, true).await;

    let later = ann.set(before.entity(), "desc", "后来又裂了");
    let visit = ann.create("visit", G1);
    let ops = [before.clone(), later.clone(), visit.clone()];
    let (status, answer) = push(&server, &ann, &ops).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(verdicts(&answer), [("dup", ""), ("ok", "quarantine"), ("ok", "quarantine")]);
    let (_, again) = push(&server, &ann, &ops).await;
    assert_eq!(verdicts(&again), verdicts(&answer), "a repeat is kept once");

    // Only pushing is left: nothing is read, and nothing of it is anywhere else.
    for path in ["/sync/v1/pull", "/api/me", "/api/quarantine"] {
        assert_eq!(server.call("GET", path, Some(&ann.token), None).await.0, 401, "{path}");
    }
    assert!(server.stream(visit.entity()).await.is_empty());
    let (status, listed) = server.call("GET", "/api/quarantine", Some(&token), None).await;
    assert_eq!((status, listed["held"].as_array().unwrap().len()), (200, 1));
    assert_eq!((&listed["held"][0]["user"], &listed["held"][0]["ops"]), (&json!("ann"), &json!(2)));
    assert!(!listed.to_string().contains("后来又裂了"));

    disable(&server, &token, false).await;
    // As the command does: marked, and the running server's chore takes it up.
    assert_eq!(quarantine::mark(server.app(), "ann").await.unwrap(), 2);
    quarantine::release_marked(server.app()).await.unwrap();
    assert_eq!(quarantine::list(&server.app().readers, 1).await.unwrap(), []);
    let kinds: Vec<String> =
        server.stream(visit.entity()).await.iter().map(|op| op.header().kind.clone()).collect();
    assert_eq!(kinds, ["create", "receipt"]);
    let mut back = server.device_with("ann", server.token("ann").await);
    (back.writer, back.nonce) = (ann.writer, ann.nonce.clone());
    assert!(back.push(&ops).await.results.iter().all(|r| r.r == Verdict::Dup));
}

#[tokio::test]
async fn a_release_asks_for_the_rights_of_the_day_it_was_written() {
    let server = Server::with(|_| {}).await;
    let mut ann = server.worker("ann", G1).await;
    let token = clerk(&server).await;
    // He was a worker there when he wrote; one who never was anything there wrote the other.
    let create = hazard(&mut ann, G1);
    let elsewhere = hazard(&mut ann, G2);
    server.pass(DAY);
    server.assign("ann", vec![role("grid_worker_l2", G3)]).await;
    disable(&server, &token, true).await;
    let (_, answer) = push(&server, &ann, &[create.clone(), elsewhere.clone()]).await;
    assert_eq!(verdicts(&answer), [("ok", "quarantine"); 2]);
    let (status, answer) = server.call("POST", "/api/quarantine/ann/release", Some(&token), None).await;
    assert_eq!((status, &answer), (200, &json!({ "stored": 1, "rejected": 1, "left": 0 })));
    let kinds = async |id| {
        let stream: Vec<Op> = server.stream(id).await;
        stream.iter().map(|op| op.header().kind.clone()).collect::<Vec<_>>()
    };
    assert_eq!(kinds(create.entity()).await, ["create", "receipt"]);
    assert_eq!(kinds(elsewhere.entity()).await, ["create", "reject"]);
    assert_eq!(server.stream(elsewhere.entity()).await[0].body_text(), None);
    // Not everybody releases.
    server.person("carl", vec![role("grid_worker_l2", G1)]).await;
    let carl = server.token("carl").await;
    let reason = json!({ "reason": "重复" });
    assert_eq!(server.call("POST", "/api/quarantine/ann/release", Some(&carl), None).await.0, 403);
    assert_eq!(server.call("POST", "/api/quarantine/ann/discard", Some(&carl), Some(reason)).await.0, 403);
    assert_eq!(server.call("GET", "/api/quarantine", Some(&carl), None).await.0, 403);
}

/// The right over an area is gone: what was written there meanwhile is kept for whoever decides, and final for the phone.
#[tokio::test]
async fn what_was_written_of_an_area_that_was_taken_away_waits_for_a_decision() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let mut head = server.worker("head", "510000100").await;
    let mut far = server.worker("far", G2).await;
    let token = clerk(&server).await;
    let create = head.create("hazard", G1);
    head.push_only(&create).await;
    ann.pull().await;
    far.entities.insert(create.entity(), ann.entities[&create.entity()].clone());
    let edit = ann.set(create.entity(), "desc", "昨天去看过，裂缝大了");
    let photo = b"\xff\xd8 of the crack".to_vec();
    let second = with_photo(&mut ann, create.entity(), &photo);
    server.pass(DAY);
    server.assign("ann", vec![role("grid_worker_l2", G3)]).await;

    let review = (Verdict::Ok, Some("review".to_owned()));
    assert_eq!(put(&server, &ann, &photo).await, 403, "nothing names it yet");
    for op in [&edit, &second, &edit] {
        assert_eq!(ann.push_one(op).await, review);
    }
    assert_eq!(put(&server, &ann, &photo).await, 201);
    assert_eq!(put(&server, &ann, &photo).await, 200);
    let before = server.stream(create.entity()).await.len();
    let held = quarantine::list(&server.app().readers, 1).await.unwrap();
    assert_eq!((held.len(), held[0].ops, &held[0].why), (1, 2, &vec!["reach".to_owned()]));
    assert_eq!(held[0].kinds, [("hazard".to_owned(), 2)].into());
    // Who never saw it is told nothing new, and what others tell of him is kept nowhere.
    let guess = far.set(create.entity(), "desc", "猜的");
    assert_eq!(far.push_one(&guess).await, (Verdict::Refuse, Some("foreign_entity".to_owned())));
    ann.pull().await;
    assert!(!ann.visible.contains(&create.entity()));

    let (_, done) = server.call("POST", "/api/quarantine/ann/release", Some(&token), None).await;
    assert_eq!(done, json!({ "stored": 2, "rejected": 0, "left": 0 }));
    let stream = server.stream(create.entity()).await;
    let taken: Vec<&Op> = stream[before..].iter().filter(|op| op.header().kind == "set").collect();
    assert!(taken.iter().all(|op| op.header().user == "ann"), "it is still his word");
    assert_eq!(taken.iter().map(|op| op.hash()).collect::<Vec<_>>(), [edit.hash(), second.hash()]);
    assert_eq!(quarantine::list(&server.app().readers, 1).await.unwrap(), []);
    let path = format!("/sync/v1/blobs/{}", name(&photo));
    assert_eq!(server.call("GET", &path, Some(&head.token), None).await.0, 200, "its photo came along");
    assert_eq!(server.call("GET", &path, Some(&ann.token), None).await.0, 404);
    assert_eq!(ann.push_one(&edit).await, (Verdict::Dup, None));
}

#[tokio::test]
async fn what_waited_goes_in_by_itself_once_its_author_is_back() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let mut head = server.worker("head", "510000100").await;
    let create = head.create("hazard", G1);
    head.push_only(&create).await;
    ann.pull().await;
    server.assign("ann", vec![role("grid_worker_l2", G3)]).await;
    let edit = ann.set(create.entity(), "desc", "那天写的");
    assert_eq!(ann.push_one(&edit).await, (Verdict::Ok, Some("review".to_owned())));
    server.assign("ann", vec![role("grid_worker_l2", G1)]).await;
    let later = ann.set(create.entity(), "desc", "回来以后写的");
    assert_eq!(ann.push_one(&later).await, (Verdict::Ok, None), "nothing is missing before it");
    let stream = server.stream(create.entity()).await;
    let sets: Vec<_> = stream.iter().filter(|op| op.header().kind == "set").map(Op::id).collect();
    assert_eq!(sets, [edit.id(), later.id()]);
    assert_eq!(quarantine::list(&server.app().readers, 1).await.unwrap(), []);
}

#[tokio::test]
async fn what_nobody_wants_is_dropped_with_a_reason_and_does_not_come_again() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let token = clerk(&server).await;
    disable(&server, &token, true).await;
    let visit = ann.create("visit", G1);
    push(&server, &ann, std::slice::from_ref(&visit)).await;
    let discard = async |reason: &str| {
        let body = Some(json!({ "reason": reason }));
        server.call("POST", "/api/quarantine/ann/discard", Some(&token), body).await
    };
    for bad in ["", "  ", &"长".repeat(201)] {
        assert_eq!(discard(bad).await.1["code"], "bad_reason");
    }
    assert_eq!(quarantine::list(&server.app().readers, 1).await.unwrap()[0].ops, 1);
    assert_eq!(discard(" 手机丢了，别人乱填的 ").await, (200, json!({ "discarded": 1 })));
    assert_eq!(quarantine::list(&server.app().readers, 1).await.unwrap(), []);
    let kept: Vec<(String, String, String)> =
        gridbook_server::sql::query_as("SELECT op, note, decided_by FROM quarantine")
            .fetch_all(&server.app().readers)
            .await
            .unwrap();
    assert_eq!(kept, [(String::new(), "手机丢了，别人乱填的".to_owned(), "clerk".to_owned())]);
    let (_, again) = push(&server, &ann, &[visit]).await;
    assert_eq!(verdicts(&again), [("ok", "quarantine")], "the phone need not know");
    assert_eq!(quarantine::list(&server.app().readers, 1).await.unwrap(), []);
    let (_, done) = server.call("POST", "/api/quarantine/ann/release", Some(&token), None).await;
    assert_eq!(done, json!({ "stored": 0, "rejected": 0, "left": 0 }));
}

/// What an ended session may still bring: what waits, and the photos of that.
#[tokio::test]
async fn a_disabled_account_is_told_so_and_its_photos_follow_within_bounds() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let token = clerk(&server).await;
    disable(&server, &token, true).await;
    let code = async |device: &Device| {
        let (status, answer) = server.call("GET", "/sync/v1/pull", Some(&device.token), None).await;
        (status, answer["code"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(code(&ann).await, (401, "disabled".to_owned()));
    let mut unknown = ann.clone();
    unknown.token = "made-up".to_owned();
    assert_eq!(code(&unknown).await, (401, "session".to_owned()), "only who was signed in hears it");

    let visit = ann.create("visit", G1);
    let (photo, other) = (b"\xff\xd8 one".to_vec(), b"\xff\xd8 another".to_vec());
    let first = with_photo(&mut ann, visit.entity(), &photo);
    let second = with_photo(&mut ann, visit.entity(), &other);
    assert_eq!(put(&server, &ann, &photo).await, 403);
    let (_, answer) = push(&server, &ann, &[visit.clone(), first, second]).await;
    assert_eq!(verdicts(&answer), [("ok", "quarantine"); 3]);
    assert_eq!(put(&server, &unknown, &photo).await, 401);
    assert_eq!(put(&server, &ann, b"\xff\xd8 named by nothing").await, 403);
    assert_eq!(put(&server, &ann, &photo).await, 201);
    // In parts, too; and it says how much is there, but shows nothing.
    let url = format!("{}/sync/v1/blobs/{}", server.url, name(&other));
    let head = async || server.http.head(&url).bearer_auth(&ann.token).send().await.unwrap();
    assert_eq!(head().await.headers()["upload-offset"], "0");
    let length = other.len().to_string();
    let part = server.http.patch(&url).bearer_auth(&ann.token).header("upload-offset", "0");
    let part = part.header("upload-length", length.as_str()).body(other.clone()).send().await.unwrap();
    assert_eq!(part.status(), 201);
    assert_eq!(head().await.headers()["upload-complete"], "?1");
    let path = format!("/sync/v1/blobs/{}", name(&photo));
    assert_eq!(server.call("GET", &path, Some(&ann.token), None).await.0, 401);
    assert_eq!(server.call("GET", &path, Some(&token), None).await.0, 404);

    let big = b"\xff\xd8 too much".to_vec();
    let more = with_photo(&mut ann, visit.entity(), &big);
    push(&server, &ann, &[more]).await;
    server
        .app()
        .writer
        .run(|ledger| {
            Box::pin(async move {
                gridbook_server::sql::query("UPDATE blobs SET size = $1")
                    .bind(quarantine::MAX_FILE_BYTES / 2)
                    .execute(&mut ledger.conn)
                    .await?;
                Ok(())
            })
        })
        .await
        .unwrap();
    assert_eq!(put(&server, &ann, &big).await, 403, "the room for files is used up");
    let (_, done) = server.call("POST", "/api/quarantine/ann/release", Some(&token), None).await;
    assert_eq!(done["stored"], 4, "{done}");
    assert_eq!(server.call("GET", &path, Some(&token), None).await.0, 200);
    assert_eq!(put(&server, &ann, &big).await, 201, "named by the log, they no longer count");
}

#[tokio::test]
async fn an_expired_session_and_one_ended_by_a_new_password_are_known_and_others_are_not() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    clerk(&server).await;
    server.pass(91 * DAY);
    let visit = ann.create("visit", G1);
    assert_eq!(verdicts(&push(&server, &ann, std::slice::from_ref(&visit)).await.1), [("ok", "quarantine")]);
    // A new sign-in sweeps the old session; its token still serves to deliver.
    let mut fresh = server.device_with("ann", server.token("ann").await);
    let second = ann.create("visit", G1);
    assert_eq!(verdicts(&push(&server, &ann, &[second]).await.1), [("ok", "quarantine")]);
    let change = json!({ "old": crate::common::PASSWORD, "new": "another good one" });
    let third = server.token("ann").await;
    assert_eq!(server.call("POST", "/api/password", Some(&third), Some(change)).await.0, 204);
    let visit = fresh.create("visit", G1);
    assert_eq!(verdicts(&push(&server, &fresh, &[visit]).await.1), [("ok", "quarantine")]);
    // Signing out is the person's own wish, and a made-up token was never valid.
    assert_eq!(server.call("POST", "/api/sign-out", Some(&third), None).await.0, 204);
    for token in [third.as_str(), "made-up"] {
        let mut other = fresh.clone();
        token.clone_into(&mut other.token);
        let (status, answer) = push(&server, &other, &[other.clone().create("visit", G1)]).await;
        assert_eq!((status, answer["code"].as_str()), (401, Some("session")));
    }
    // Others' words stay others', and another one's device too.
    let mut liar = ann.clone();
    liar.user = "clerk".to_owned();
    let op = liar.create("visit", G1);
    assert_eq!(verdicts(&push(&server, &ann, &[op]).await.1), [("refuse", "foreign_author")]);
    let mut clerk = server.device_with("clerk", server.token("clerk").await);
    let op = clerk.create("visit", G1);
    clerk.push_only(&op).await;
    let mut thief = ann.clone();
    thief.writer = clerk.writer;
    let op = thief.create("visit", G1);
    assert_eq!(verdicts(&push(&server, &thief, &[op]).await.1), [("refuse", "foreign_device")]);
    let (_, done) = server.call("POST", "/api/quarantine/ann/release", Some(&clerk.token), None).await;
    assert_eq!(done["stored"], 3, "{done}");
}

#[tokio::test]
async fn room_is_bounded_and_what_misses_its_beginning_waits() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let token = clerk(&server).await;
    disable(&server, &token, true).await;
    let create = ann.create("hazard", G1);
    let edit = ann.set(create.entity(), "desc", "没有开头");
    assert_eq!(verdicts(&push(&server, &ann, &[edit]).await.1), [("ok", "quarantine")]);
    let (_, done) = server.call("POST", "/api/quarantine/ann/release", Some(&token), None).await;
    assert_eq!(done, json!({ "stored": 0, "rejected": 0, "left": 1 }));
    let held = quarantine::list(&server.app().readers, 1).await.unwrap();
    assert_eq!(held[0].note.as_deref(), Some("defer"));
    assert_eq!(verdicts(&push(&server, &ann, &[create]).await.1), [("ok", "quarantine")]);
    disable(&server, &token, false).await;
    let (_, done) = server.call("POST", "/api/quarantine/ann/release", Some(&token), None).await;
    assert_eq!(done, json!({ "stored": 2, "rejected": 0, "left": 0 }));

    disable(&server, &token, true).await;
    let fill = "UPDATE quarantine SET bytes = $1";
    let last = ann.create("visit", G1);
    push(&server, &ann, &[last]).await;
    server
        .app()
        .writer
        .run(move |ledger| {
            Box::pin(async move {
                gridbook_server::sql::query(fill)
                    .bind(quarantine::MAX_BYTES - 10)
                    .execute(&mut ledger.conn)
                    .await?;
                Ok(())
            })
        })
        .await
        .unwrap();
    let op = ann.create("visit", G1);
    let (status, answer) = push(&server, &ann, &[op]).await;
    assert_eq!((status, answer["code"].as_str()), (403, Some("quarantine_full")));
    assert_eq!(quarantine::list(&server.app().readers, 1).await.unwrap()[0].ops, 1);
}
