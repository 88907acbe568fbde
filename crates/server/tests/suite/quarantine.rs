//! What people push whose session or account has ended: kept apart, released by an administrator, bounded.

use crate::common::{DAY, Device, Server, role};
use gridbook_log::Op;
use gridbook_server::quarantine;
use gridbook_sync::wire::Verdict;
use serde_json::{Value, json};

const G1: &str = "510000100201001";

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
async fn without_rights_a_release_leaves_stubs() {
    let server = Server::with(|_| {}).await;
    let mut ann = server.worker("ann", G1).await;
    let token = clerk(&server).await;
    disable(&server, &token, true).await;
    let create = ann.create("hazard", G1);
    assert_eq!(verdicts(&push(&server, &ann, std::slice::from_ref(&create)).await.1), [("ok", "quarantine")]);
    let (status, answer) = server.call("POST", "/api/quarantine/ann/release", Some(&token), None).await;
    assert_eq!((status, &answer), (200, &json!({ "stored": 0, "rejected": 1, "left": 0 })));
    let stream = server.stream(create.entity()).await;
    assert_eq!(stream[0].body_text(), None);
    assert_eq!(stream[1].header().kind, "reject");
    // Not everybody releases.
    server.person("carl", vec![role("grid_worker_l2", G1)]).await;
    let carl = server.token("carl").await;
    assert_eq!(server.call("POST", "/api/quarantine/ann/release", Some(&carl), None).await.0, 403);
    assert_eq!(server.call("GET", "/api/quarantine", Some(&carl), None).await.0, 403);
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
