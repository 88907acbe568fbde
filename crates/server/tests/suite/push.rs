//! What becomes of pushed operations: ok, dup, defer, reject, refuse.

use std::io::Write as _;

use crate::common::{Server, role};
use flate2::Compression;
use flate2::write::GzEncoder;
use gridbook_log::{Ctx, Dot, Entity, Hlc, NewOp, Op, WireOp};
use gridbook_sync::wire::{MAX_BATCH_BYTES, PushReply, Verdict};
use serde_json::json;

const G1: &str = "510000100201001";
const G2: &str = "510000100202001";

async fn stored(server: &Server) -> i64 {
    gridbook_server::sql::query_scalar("SELECT COUNT(*) FROM ops")
        .fetch_one(&server.app().readers)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_replay_is_a_duplicate_and_changes_nothing() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let op = ann.create("hazard", G1);
    let edit = ann.set(op.entity(), "desc", "补一句");
    let ops = [op, edit];
    // The answer to the first push is lost on its way.
    let lost = ann.push(&ops).await;
    drop(lost);
    let before = stored(&server).await;
    let reply = ann.push(&ops).await;
    assert!(reply.results.iter().all(|r| r.r == Verdict::Dup));
    assert_eq!(stored(&server).await, before);
    ann.pull().await;
    assert!(ann.ops.values().all(|times| *times == 1));
}

#[tokio::test]
async fn what_misses_its_predecessor_waits() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let create = ann.create("hazard", G1);
    let second = ann.set(create.entity(), "desc", "二");
    let third = ann.set(create.entity(), "desc", "三");
    assert_eq!(ann.push_one(&second).await, (Verdict::Defer, None), "the creation is missing");
    ann.push_ok(&[create]).await;
    assert_eq!(ann.push_one(&third).await, (Verdict::Defer, None), "the second is missing");
    ann.push_ok(&[second, third]).await;
}

#[tokio::test]
async fn forged_and_foreign_operations_are_not_stored() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let mut bob = server.worker("bob", G2).await;
    let of_bob = bob.create("hazard", G2);
    bob.push_only(&of_bob).await;
    let hazard = ann.create("hazard", G1);
    ann.push_only(&hazard).await;
    ann.pull().await;
    let before = stored(&server).await;
    let id = ann.fresh_id();
    let body = || r#"{"type":"hazard","place":{"area":"510000100201001"}}"#.to_owned();
    let mut other = ann.clone();
    other.writer.epoch = 7;
    let mut stranger = ann.clone();
    stranger.entities.insert(of_bob.entity(), bob.entities[&of_bob.entity()].clone());
    let receipt = r#"{"ops":[],"at":1}"#.to_owned();
    for (op, code) in [
        (ann.raw(id, "create", "bob", body()), "foreign_author"),
        (other.raw(id, "create", "ann", body()), "foreign_writer"),
        (ann.raw(hazard.entity(), "receipt", "ann", receipt), "authority_only"),
        (ann.raw(hazard.entity(), "number", "ann", r#"{"number":"假"}"#.to_owned()), "authority_only"),
        (stranger.raw(of_bob.entity(), "set", "ann", r#"{"set":{"desc":"x"}}"#.to_owned()), "foreign_entity"),
    ] {
        assert_eq!(ann.push_one(&op).await, (Verdict::Refuse, Some(code.to_owned())));
    }
    let erased = ann.raw(id, "create", "ann", body()).erased();
    assert_eq!(ann.push_one(&erased).await, (Verdict::Refuse, Some("erased".to_owned())));
    assert_eq!(stored(&server).await, before);
}

#[tokio::test]
async fn one_id_with_two_contents_is_a_fork() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let id = ann.fresh_id();
    let one = ann.raw(id, "create", "ann", r#"{"type":"hazard","set":{"a":1}}"#.to_owned());
    let two = ann.raw(id, "create", "ann", r#"{"type":"hazard","set":{"a":2}}"#.to_owned());
    ann.push_ok(&[one]).await;
    assert_eq!(ann.push_one(&two).await, (Verdict::Refuse, Some("fork".to_owned())));
}

#[tokio::test]
async fn a_device_belongs_to_one_account_and_one_nonce() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let bob = server.worker("bob", G1).await;
    let op = ann.create("hazard", G1);
    ann.push_ok(&[op]).await;
    let mut copy = ann.clone();
    copy.nonce = "drawn again".to_owned();
    let op = copy.create("hazard", G1);
    assert_eq!(copy.push_one(&op).await, (Verdict::Refuse, Some("clone".to_owned())));
    copy.writer.epoch = 2;
    let op = copy.create("hazard", G1);
    assert_eq!(copy.push_one(&op).await.0, Verdict::Ok, "a new life is a new writer");
    let mut borrowed = bob.clone();
    borrowed.writer = ann.writer;
    let op = borrowed.create("hazard", G1);
    assert_eq!(borrowed.push_one(&op).await, (Verdict::Refuse, Some("foreign_device".to_owned())));
    let mut server_like = bob.clone();
    server_like.writer.dev = server.app().tenant.authority;
    let op = server_like.create("hazard", G1);
    assert_eq!(server_like.push_one(&op).await, (Verdict::Refuse, Some("forged".to_owned())));
}

#[tokio::test]
async fn a_save_that_was_taken_in_is_taken_in_again_under_another_name() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let create = ann.create("hazard", G1);
    let id = create.entity();
    let register = ann.event(id, "register", "submitted", "registered");
    ann.push_ok(&[create.clone(), register.clone()]).await;
    // Nobody heard of it, and the device took a new name.
    ann.writer.epoch = 2;
    let again = |op: &Op, n: u32, hlc| {
        let (writer, header) = (ann.writer, op.header());
        let ctx: Ctx = (n > 1).then_some(Dot { writer, n: n - 1 }).into_iter().collect();
        let dot = Dot { writer, n };
        let new = NewOp { entity: id, dot, hlc, kind: &header.kind, user: "ann", ctx };
        Op::new(new, [8; 16], op.body_text().unwrap().to_owned()).unwrap()
    };
    let renamed = [again(&create, 1, create.header().hlc), again(&register, 2, register.header().hlc)];
    ann.push_ok(&renamed).await;
    let stream = server.stream(id).await;
    let numbers = stream.iter().filter(|op| op.header().kind == "number").count();
    assert_eq!(numbers, 1, "an official number is given once");
    let entity = Entity::fold(id, Some(server.app().tenant.authority), &stream);
    assert_eq!((entity.timeline().len(), entity.rejected().len()), (1, 0));
    // Something else that is called so is judged like anything.
    let later = again(&create, 3, Hlc { count: 9, ..create.header().hlc });
    assert_eq!(ann.push_one(&later).await, (Verdict::Reject, Some("second_create".to_owned())));
}

#[tokio::test]
async fn nobody_has_seen_an_answer_that_was_never_given() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let create = ann.create("hazard", G1);
    ann.push_only(&create).await;
    let tenant = &server.app().tenant;
    let own = ann.writer;
    let authority = format!("{}.{}.4000000000", tenant.authority, tenant.epoch);
    let mut parts = [format!("{own}.1"), authority];
    parts.sort();
    let line = format!("gb1 {} {own}.2 {} set ann {}", create.entity(), create.header().hlc, parts.join("+"));
    let wire =
        WireOp { h: line, s: Some("07".repeat(16)), b: Some(r#"{"set":{}}"#.to_owned()), x: None, g: None };
    let op = Op::from_wire(wire).unwrap();
    assert_eq!(ann.push_one(&op).await, (Verdict::Refuse, Some("forged".to_owned())));
}

#[tokio::test]
async fn what_a_rule_refuses_stays_as_a_stub_and_its_author_hears_why() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let mut head = server.worker("head", "510000100").await;
    let create = ann.create("hazard", G1);
    let id = create.entity();
    let bad = ann.set(id, "desc", "forbidden words");
    let good = ann.set(id, "desc", "又改好了");
    let reply = ann.push(&[create, bad.clone(), good]).await;
    let verdicts: Vec<Verdict> = reply.results.iter().map(|r| r.r).collect();
    assert_eq!(verdicts, [Verdict::Ok, Verdict::Reject, Verdict::Ok]);
    assert_eq!(reply.results[1].code.as_deref(), Some("not_permitted"));
    head.pull().await;
    let seen = &head.entities[&id];
    assert!(seen.have().contains(bad.dot()), "the stream is whole");
    assert_eq!(seen.text("desc"), Some("又改好了"));
    let bodies: Vec<Option<String>> =
        gridbook_server::sql::query_scalar("SELECT body FROM ops WHERE verdict = 'not_permitted'")
            .fetch_all(&server.app().readers)
            .await
            .unwrap();
    assert_eq!(bodies, [None], "the content is not kept");
    let authority = server.app().tenant.authority;
    ann.pull().await;
    let mut mine = gridbook_log::Entity::new(id, Some(authority));
    for op in server.stream(id).await {
        mine.apply(&op);
    }
    assert_eq!(mine.rejected().get(&bad.dot()).map(String::as_str), Some("not_permitted"));
    assert_eq!(ann.push_one(&bad).await.0, Verdict::Dup);
}

#[tokio::test]
async fn a_refused_creation_is_nobody_else_s_and_takes_nothing_more() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let mut head = server.worker("head", "510000100").await;
    let create = ann.create_with("hazard", G1, &json!({ "desc": "forbidden" }));
    let edit = ann.set(create.entity(), "desc", "x");
    let reply = ann.push(&[create.clone(), edit]).await;
    let codes: Vec<_> = reply.results.iter().map(|r| (r.r, r.code.as_deref())).collect();
    assert_eq!(
        codes,
        [(Verdict::Reject, Some("not_permitted")), (Verdict::Reject, Some("creation_rejected"))]
    );
    head.pull().await;
    assert!(head.visible.is_empty());
    ann.pull().await;
    assert!(ann.visible.contains(&create.entity()));
}

#[tokio::test]
async fn a_clock_that_runs_ahead_is_put_right() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    ann.ms += 400 * crate::common::DAY;
    let op = ann.create("hazard", G1);
    ann.push_only(&op).await;
    let mut entity = gridbook_log::Entity::new(op.entity(), Some(server.app().tenant.authority));
    entity.apply_all(&server.stream(op.entity()).await);
    let written = &entity.register("desc").unwrap().writes[0];
    assert!(written.hlc.ms <= crate::common::NOON + 1);
    assert_eq!(
        entity.received(op.dot()).unwrap().drift,
        i64::try_from(400 * crate::common::DAY).unwrap() + 1
    );
}

#[tokio::test]
async fn unknown_kinds_and_bodies_travel_byte_for_byte() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let mut head = server.worker("head", "510000100").await;
    let create = ann.create("hazard", G1);
    let strange = ann.write_text(create.entity(), "hologram", "{ \"spaces\" :1,\"中\":\"文\"}  ".to_owned());
    ann.push_ok(&[create, strange.clone()]).await;
    head.pull().await;
    assert_eq!(head.ops.get(&strange.id()), Some(&1));
    assert!(server.stream(strange.entity()).await.contains(&strange));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

#[tokio::test]
async fn bodies_are_bounded_and_may_be_gzipped() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let ops: Vec<Op> = (0..501).map(|_| ann.create("visit", G1)).collect();
    let send = |bytes: Vec<u8>, encoding: Option<&'static str>| {
        let mut request =
            server.http.post(format!("{}/sync/v1/push", server.url)).bearer_auth(&ann.token).body(bytes);
        if let Some(encoding) = encoding {
            request = request.header("content-encoding", encoding);
        }
        request.send()
    };
    let many = serde_json::to_vec(&ann.request(&ops)).unwrap();
    let fits = serde_json::to_vec(&ann.request(&ops[..500])).unwrap();
    let mut half = gzip(&fits);
    half.truncate(half.len() / 2);
    let bomb = gzip(&vec![b' '; MAX_BATCH_BYTES * 8]);
    for (bytes, encoding, status, code) in [
        (many, None, 413, "too_large"),
        (vec![b' '; MAX_BATCH_BYTES + 1], None, 413, "too_large"),
        (bomb, Some("gzip"), 413, "too_large"),
        (half, Some("gzip"), 400, "malformed"),
        (b"not gzip".to_vec(), Some("gzip"), 400, "malformed"),
        (b"{}".to_vec(), Some("zstd"), 415, "encoding"),
        (b"{\"writer\":\"\xff\xfe\"}".to_vec(), None, 400, "malformed"),
    ] {
        let response = send(bytes, encoding).await.unwrap();
        assert_eq!(response.status().as_u16(), status);
        let answer: serde_json::Value = response.json().await.unwrap();
        assert_eq!(answer["code"], code);
    }
    assert_eq!(stored(&server).await, 0);
    let response = send(gzip(&fits), Some("gzip")).await.unwrap();
    let reply: PushReply = response.json().await.unwrap();
    assert_eq!(reply.results.iter().filter(|r| r.r == Verdict::Ok).count(), 500);
}

#[tokio::test]
async fn one_bad_operation_does_not_hold_up_the_others() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let (one, two) = (ann.create("visit", G1), ann.create("visit", G1));
    let mut request = serde_json::to_value(ann.request(&[one, two])).unwrap();
    let poison = json!({ "h": "gb2 from the future", "s": "00", "b": "" });
    request["ops"].as_array_mut().unwrap().insert(1, poison);
    let (status, answer) = server.call("POST", "/sync/v1/push", Some(&ann.token), Some(request)).await;
    assert_eq!(status, 200);
    let verdicts: Vec<&str> =
        answer["results"].as_array().unwrap().iter().map(|r| r["r"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["ok", "refuse", "ok"]);
    assert_eq!(answer["results"][1], json!({ "r": "refuse", "code": "malformed" }));
}

#[tokio::test]
async fn another_contract_is_told_to_update() {
    let server = Server::open().await;
    server.person("ann", vec![role("grid_worker_l2", G1)]).await;
    for (version, status) in [("1", 200), ("2", 426)] {
        let request =
            server.http.get(format!("{}/sync/v1/caps", server.url)).header("gridbook-contract", version);
        let response = request.send().await.unwrap();
        assert_eq!(response.status().as_u16(), status);
        assert_eq!(response.headers()["gridbook-contract"], "1");
    }
}
