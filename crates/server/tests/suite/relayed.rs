//! Operations that somebody else delivers: taken when their author's device signed them, with the author's rights.

use crate::common::{Device, Server};
use gridbook_log::{BlobRef, Body, Op, WireOp, signed_bytes};
use gridbook_server::secret::{hex, sha256};
use gridbook_sync::wire::Verdict;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::json;

const G1: &str = "510000100201001";
const G2: &str = "510000100202001";

fn key(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 32]).unwrap()
}

fn public(key: &SigningKey) -> String {
    hex(key.verifying_key().to_sec1_point(false).as_bytes())
}

fn sign(key: &SigningKey, op: &Op) -> Op {
    let signature: Signature = key.sign(&signed_bytes(op.hash()));
    op.clone().signed(&signature.to_bytes().into())
}

async fn register(server: &Server, device: &Device, key: &SigningKey) -> (u16, String) {
    let body = json!({ "dev": device.writer.dev, "key": public(key) });
    let (status, answer) = server.call("POST", "/api/device-key", Some(&device.token), Some(body)).await;
    (status, answer["code"].as_str().unwrap_or_default().to_owned())
}

fn refused(code: &str) -> (Verdict, Option<String>) {
    (Verdict::Refuse, Some(code.to_owned()))
}

#[tokio::test]
async fn a_colleague_brings_what_a_phone_without_signal_wrote() {
    let mut server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    // Who brings it sees nothing of ann's area and needs no right to it.
    let bob = server.worker("bob", G2).await;
    let mut head = server.worker("head", "510000100").await;
    assert_eq!(register(&server, &ann, &key(1)).await.0, 204);
    assert_eq!(register(&server, &ann, &key(1)).await.0, 204, "again is no change");
    let create = ann.create("hazard", G1);
    let photo = b"\xff\xd8 a crack".to_vec();
    let blob = BlobRef {
        sha256: hex(&sha256(&photo)),
        size: 9,
        mime: "image/jpeg".to_owned(),
        role: "photo_before".to_owned(),
        thumb: None,
    };
    let set = gridbook_log::body::Set { blobs: vec![blob.clone()], ..gridbook_log::body::Set::default() };
    let with_photo = ann.body(create.entity(), &Body::Set(set));
    let signed = [sign(&key(1), &create), sign(&key(1), &with_photo)];
    bob.push_ok(&signed).await;

    // Whichever way it comes again, it is there.
    assert!(bob.push(&signed).await.results.iter().all(|r| r.r == Verdict::Dup));
    assert!(ann.push(&[create.clone(), with_photo]).await.results.iter().all(|r| r.r == Verdict::Dup));
    // And what ann brings first, bob brings in vain, signed or not.
    let own = ann.set(create.entity(), "desc", "补一句");
    ann.push_only(&own).await;
    assert_eq!(bob.push_one(&sign(&key(1), &own)).await.0, Verdict::Dup);

    // It is ann's: her area, her name, a receipt, and the photo may come by the same way.
    let name = format!("{}/sync/v1/blobs/{}", server.url, blob.sha256);
    let put = server.http.put(&name).bearer_auth(&bob.token).body(photo).send().await.unwrap();
    assert_eq!(put.status(), 201);
    let get = server.http.get(&name).bearer_auth(&bob.token).send().await.unwrap();
    assert_eq!(get.status(), 404, "bringing is not seeing");
    head.pull().await;
    let kinds: Vec<String> =
        server.stream(create.entity()).await.iter().map(|op| op.header().kind.clone()).collect();
    assert_eq!(kinds, ["create", "set", "receipt", "set", "receipt"]);
    assert_eq!(head.entities[&create.entity()].text("desc"), Some("补一句"));
    let signatures: Vec<Option<String>> =
        gridbook_server::sql::query_scalar("SELECT sig FROM ops WHERE author = 'ann' ORDER BY seq")
            .fetch_all(&server.app().readers)
            .await
            .unwrap();
    assert_eq!(signatures.iter().filter(|s| s.as_deref() == signed[0].sig()).count(), 1, "{signatures:?}");
    server.stop().await;
}

#[tokio::test]
async fn nothing_is_taken_that_its_author_did_not_sign() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let bob = server.worker("bob", G1).await;
    let mut carl = server.worker("carl", G1).await;
    register(&server, &ann, &key(1)).await;
    register(&server, &bob, &key(2)).await;
    let create = ann.create("hazard", G1);
    assert_eq!(carl.push_one(&create).await, refused("foreign_author"), "unsigned");
    assert_eq!(carl.push_one(&sign(&key(2), &create)).await, refused("signature"), "bob's key");
    // Somebody changed the words on the way.
    let good = sign(&key(1), &create).to_wire();
    let tampered = WireOp { b: good.b.as_ref().map(|b| b.replace("一句话", "两句话")), ..good.clone() };
    assert_eq!(carl.push_one(&Op::from_wire(tampered).unwrap()).await, refused("signature"));
    // Under another device's name, or as another account's, it is another operation.
    let renamed =
        WireOp { h: good.h.replace(&ann.writer.to_string(), &bob.writer.to_string()), ..good.clone() };
    assert_eq!(carl.push_one(&Op::from_wire(renamed).unwrap()).await, refused("signature"));
    let claimed = WireOp { h: good.h.replace(" ann ", " carl "), ..good.clone() };
    assert_eq!(carl.push_one(&Op::from_wire(claimed).unwrap()).await, refused("signature"));
    // A signature that is none, and an account that is none.
    let scrawl = WireOp { g: Some("A".repeat(86)), ..good.clone() };
    assert_eq!(carl.push_one(&Op::from_wire(scrawl).unwrap()).await, refused("signature"));
    // The server's own device has no key, and nobody registers one for it.
    let body = json!({ "dev": server.app().tenant.authority, "key": public(&key(3)) });
    let (status, answer) = server.call("POST", "/api/device-key", Some(&carl.token), Some(body)).await;
    assert_eq!((status, answer["code"].as_str()), (409, Some("foreign_device")));
    // A signed receipt is still not ann's to write.
    let receipt = ann.raw(create.entity(), "receipt", "ann", r#"{"ops":[],"at":1}"#.to_owned());
    assert_eq!(carl.push_one(&sign(&key(1), &receipt)).await, refused("authority_only"));
    let count: i64 = gridbook_server::sql::query_scalar("SELECT COUNT(*) FROM ops")
        .fetch_one(&server.app().readers)
        .await
        .unwrap();
    assert_eq!(count, 0);

    // Two contents under one id.
    carl.push_only(&sign(&key(1), &create)).await;
    let mut twin = ann.clone();
    twin.entities.clear();
    let text = r#"{"type":"hazard","place":{"area":"510000100201001"}}"#.to_owned();
    let other = sign(&key(1), &twin.raw(create.entity(), "create", "ann", text));
    assert_eq!(carl.push_one(&other).await, refused("fork"));
    let op = carl.create("hazard", G1);
    carl.push_only(&op).await;
}

#[tokio::test]
async fn the_author_needs_the_right_and_not_the_bearer() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let bob = server.worker("bob", "510000100").await;
    let mut head = server.worker("head", "510000100").await;
    register(&server, &ann, &key(1)).await;
    let create = ann.create("hazard", G1);
    let bad = ann.set(create.entity(), "desc", "forbidden words");
    let reply = bob.push(&[sign(&key(1), &create), sign(&key(1), &bad)]).await;
    let told: Vec<_> = reply.results.iter().map(|r| (r.r, r.code.as_deref())).collect();
    assert_eq!(told, [(Verdict::Ok, None), (Verdict::Reject, Some("not_permitted"))]);
    // What the author does not see, the bearer's sight does not open.
    let far = head.create("hazard", G2);
    head.push_only(&far).await;
    ann.entities.insert(far.entity(), head.entities[&far.entity()].clone());
    let edit = sign(&key(1), &ann.set(far.entity(), "desc", "x"));
    assert_eq!(bob.push_one(&edit).await, refused("foreign_entity"));
}

#[tokio::test]
async fn a_device_has_one_owner_and_few_keys() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let bob = server.worker("bob", G1).await;
    assert_eq!(register(&server, &ann, &key(1)).await.0, 204);
    let mut borrowed = bob.clone();
    borrowed.writer = ann.writer;
    assert_eq!(register(&server, &borrowed, &key(2)).await, (409, "foreign_device".to_owned()));
    let op = borrowed.create("hazard", G1);
    assert_eq!(borrowed.push_one(&op).await, refused("foreign_device"), "a key is a claim, before any push");
    for seed in 2..9 {
        assert_eq!(register(&server, &ann, &key(seed)).await.0, 204);
    }
    assert_eq!(register(&server, &ann, &key(9)).await, (409, "too_many_keys".to_owned()));
    // The old key still counts for what was written with it.
    let create = ann.create("hazard", G1);
    bob.push_only(&sign(&key(1), &create)).await;
    for bad in
        ["", "04", &"0".repeat(130), &format!("04{}", "1".repeat(128)), &public(&key(1)).to_uppercase()]
    {
        let body = json!({ "dev": ann.writer.dev, "key": bad });
        let (status, answer) = server.call("POST", "/api/device-key", Some(&ann.token), Some(body)).await;
        assert_eq!((status, answer["code"].as_str()), (400, Some("malformed")), "{bad}");
    }
    assert_eq!(server.call("POST", "/api/device-key", None, Some(json!({}))).await.0, 401);
}

/// What comes from a person who has left waits for an administrator.
#[tokio::test]
async fn a_disabled_author_goes_to_quarantine() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let bob = server.worker("bob", G1).await;
    register(&server, &ann, &key(1)).await;
    let create = ann.create("hazard", G1);
    server.person("clerk", vec![crate::common::role("grid_clerk", "510000100")]).await;
    let clerk = server.token("clerk").await;
    let change = json!({ "disabled": true });
    assert_eq!(server.call("PATCH", "/api/staff/ann", Some(&clerk), Some(change)).await.0, 200);
    let signed = sign(&key(1), &create);
    assert_eq!(bob.push_one(&signed).await, (Verdict::Ok, Some("quarantine".to_owned())));
    assert!(server.stream(create.entity()).await.is_empty());
    let enable = json!({ "disabled": false });
    assert_eq!(server.call("PATCH", "/api/staff/ann", Some(&clerk), Some(enable)).await.0, 200);
    let (status, answer) = server.call("POST", "/api/quarantine/ann/release", Some(&clerk), None).await;
    assert_eq!((status, &answer), (200, &json!({ "stored": 1, "rejected": 0, "left": 0 })));
    assert_eq!(bob.push_one(&signed).await.0, Verdict::Dup);
}

/// The record by which a device makes its key known.
fn announcement(device: &Device, user: &str, point: &SigningKey) -> Op {
    let point: [u8; 65] = point.verifying_key().to_sec1_point(false).as_bytes().try_into().unwrap();
    let text = Body::Create(gridbook_log::key::record(&point, &[])).to_text().1;
    device.raw(gridbook_log::key::id(device.writer), "create", user, text)
}

#[tokio::test]
async fn a_key_that_a_device_makes_known_in_its_log_counts_as_registered() {
    let mut server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let bob = server.worker("bob", G2).await;
    let before = sign(&key(1), &ann.create("hazard", G1));
    assert_eq!(bob.push_one(&before).await, refused("signature"), "nobody knows the key");

    // Nobody makes it known for her, signed or not.
    let hers = announcement(&ann, "ann", &key(1));
    assert_eq!(bob.push_one(&hers).await, refused("foreign_author"));
    assert_eq!(bob.push_one(&sign(&key(1), &hers)).await, refused("signature"));
    let claimed = announcement(&ann, "bob", &key(2));
    assert_eq!(bob.push_one(&claimed).await, refused("foreign_writer"), "a record under her device's name");
    assert_eq!(bob.push_one(&before).await, refused("signature"));

    ann.push_only(&hers).await;
    bob.push_only(&before).await;
    // No curve has this point; the record stands, and counts for nothing.
    let broken = server.worker("carl", G1).await;
    let mut point = [7; 65];
    point[0] = 4;
    let text = Body::Create(gridbook_log::key::record(&point, &[])).to_text().1;
    let record = broken.raw(gridbook_log::key::id(broken.writer), "create", "carl", text);
    broken.push_only(&record).await;
    let keys: Vec<String> =
        gridbook_server::sql::query_scalar("SELECT account FROM device_keys ORDER BY account")
            .fetch_all(&server.app().readers)
            .await
            .unwrap();
    assert_eq!(keys, ["ann"]);
    server.stop().await;
}
