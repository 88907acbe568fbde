//! Files in parts: where they break off they go on, and nothing half becomes visible.

use crate::common::{DAY, Device, Server};
use gridbook_log::{BlobRef, Body};
use gridbook_server::blobs::{Appended, BlobStore};
use gridbook_server::secret::{hex, sha256};
use gridbook_sync::wire::MAX_BLOB;
use serde_json::Value;

const G1: &str = "510000100201001";

fn name(bytes: &[u8]) -> String {
    hex(&sha256(bytes))
}

fn photo(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 31 % 251) as u8).collect()
}

async fn names(device: &mut Device, sha256: &str) {
    let create = device.create("hazard", G1);
    let blob = BlobRef {
        sha256: sha256.to_owned(),
        size: 1,
        mime: "image/jpeg".to_owned(),
        role: "photo_before".to_owned(),
        thumb: None,
    };
    let set = gridbook_log::body::Set { blobs: vec![blob], ..gridbook_log::body::Set::default() };
    let with_photo = device.body(create.entity(), &Body::Set(set));
    device.push_ok(&[create, with_photo]).await;
}

/// Status, `Upload-Offset`, code.
async fn part(
    device: &Device,
    sha256: &str,
    at: usize,
    of: usize,
    bytes: &[u8],
) -> (u16, Option<usize>, String) {
    let response = device
        .http
        .patch(format!("{}/sync/v1/blobs/{sha256}", device.url))
        .bearer_auth(&device.token)
        .header("upload-offset", at)
        .header("upload-length", of)
        .body(bytes.to_vec())
        .send()
        .await
        .unwrap();
    let offset = response.headers().get("upload-offset").map(|v| v.to_str().unwrap().parse().unwrap());
    let status = response.status().as_u16();
    let problem: Value = response.json().await.unwrap_or(Value::Null);
    (status, offset, problem["code"].as_str().unwrap_or("").to_owned())
}

async fn head(device: &Device, sha256: &str) -> (u16, Option<usize>, bool) {
    let request = device.http.head(format!("{}/sync/v1/blobs/{sha256}", device.url));
    let response = request.bearer_auth(&device.token).send().await.unwrap();
    let offset = response.headers().get("upload-offset").map(|v| v.to_str().unwrap().parse().unwrap());
    (response.status().as_u16(), offset, response.headers().get("upload-complete").is_some_and(|v| v == "?1"))
}

async fn get(device: &Device, sha256: &str) -> (u16, Vec<u8>) {
    let request = device.http.get(format!("{}/sync/v1/blobs/{sha256}", device.url));
    let response = request.bearer_auth(&device.token).send().await.unwrap();
    (response.status().as_u16(), response.bytes().await.unwrap().to_vec())
}

#[tokio::test]
async fn an_upload_goes_on_after_the_bus_and_after_a_restart() {
    let mut server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let mut bob = server.worker("bob", G1).await;
    let bytes = photo(100_000);
    let sha = name(&bytes);
    assert_eq!(part(&ann, &sha, 0, bytes.len(), &bytes[..50_000]).await.0, 403, "no operation names it yet");
    assert_eq!(head(&ann, &sha).await, (404, None, false));
    names(&mut ann, &sha).await;
    assert_eq!(head(&ann, &sha).await, (200, Some(0), false));
    assert_eq!(part(&ann, &sha, 0, bytes.len(), &bytes[..50_000]).await, (204, Some(50_000), String::new()));
    server.restart().await;
    ann.follow(&server);
    bob.follow(&server);
    assert_eq!(head(&ann, &sha).await, (200, Some(50_000), false));
    assert_eq!(get(&ann, &sha).await.0, 404, "half of it is nothing");
    assert_eq!(head(&bob, &sha).await, (404, None, false), "nor does it say to others that it is coming");
    let wrong = part(&ann, &sha, 40_000, bytes.len(), &bytes[40_000..]).await;
    assert_eq!(wrong, (409, Some(50_000), "offset".to_owned()));
    assert_eq!(
        part(&ann, &sha, 50_000, bytes.len(), &bytes[50_000..]).await,
        (201, Some(100_000), String::new())
    );
    assert_eq!(head(&bob, &sha).await, (200, Some(100_000), true));
    assert_eq!(get(&bob, &sha).await, (200, bytes.clone()));
    assert_eq!(part(&ann, &sha, 0, bytes.len(), &bytes[..20_000]).await.0, 200, "stored before");
    assert_eq!(server.app().blobs.offset("ann", &sha).await.unwrap(), 0, "the parts are gone");
}

#[tokio::test]
async fn what_is_spoilt_begins_anew_and_nobody_spoils_another_one_s() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let mut bob = server.worker("bob", G1).await;
    let bytes = photo(40_000);
    let sha = name(&bytes);
    names(&mut ann, &sha).await;
    names(&mut bob, &sha).await;
    assert_eq!(part(&bob, &sha, 0, 40_000, &[9; 20_000]).await.0, 204);
    assert_eq!(head(&ann, &sha).await, (200, Some(0), false));
    assert_eq!(part(&bob, &sha, 20_000, 40_000, &[9; 20_000]).await, (400, None, "hash".to_owned()));
    assert_eq!((head(&bob, &sha).await, get(&bob, &sha).await.0), ((200, Some(0), false), 404));
    // Bounds: too short in the middle, beyond the end, without the headers, too large.
    for (at, of, len, status) in [
        (0, 40_000, 1000, 400),
        (0, 30_000, 40_000, 400),
        (0, MAX_BLOB + 1, 20_000, 413),
        (0, 40_000, 0, 400),
    ] {
        assert_eq!(part(&ann, &sha, at, of, &bytes[..len]).await.0, status, "{at} {of} {len}");
    }
    let bare = ann.http.patch(format!("{}/sync/v1/blobs/{sha}", ann.url)).bearer_auth(&ann.token).body("x");
    assert_eq!(bare.send().await.unwrap().status(), 400);
    // All parts came and making one of them failed: an empty part asks again.
    server.app().blobs.append("ann", &sha, 0, bytes.clone()).await.unwrap();
    assert_eq!(head(&ann, &sha).await, (200, Some(40_000), false));
    assert_eq!(part(&ann, &sha, 40_000, 40_000, &[]).await, (201, Some(40_000), String::new()));
    assert_eq!(get(&bob, &sha).await, (200, bytes));
}

/// The same on a folder and on an object store.
#[tokio::test]
async fn every_store_keeps_and_forgets_alike() {
    let dir = tempfile::tempdir().unwrap();
    for place in [dir.path().join("blobs"), "memory:///grid/book".into()] {
        let store = BlobStore::open(&place).unwrap();
        let bytes = photo(1000);
        let sha = name(&bytes);
        assert_eq!(store.get(&sha).await.unwrap(), None);
        store.put(&sha, bytes.clone()).await.unwrap();
        store.put(&sha, bytes.clone()).await.unwrap();
        assert_eq!(store.get(&sha).await.unwrap(), Some(bytes.clone()));
        assert_eq!(store.append("ann", &sha, 0, bytes[..300].to_vec()).await.unwrap(), Appended::Upto(300));
        let twin = store.clone();
        let (one, two) = tokio::join!(
            store.append("ann", &sha, 300, bytes[300..600].to_vec()),
            twin.append("ann", &sha, 300, bytes[300..700].to_vec())
        );
        let both = [one.unwrap(), two.unwrap()];
        assert!(both.iter().filter(|a| matches!(a, Appended::Upto(_))).count() == 1, "{both:?}");
        assert_eq!(
            store.joined("ann", &sha).await.unwrap(),
            bytes[..store.offset("ann", &sha).await.unwrap()]
        );
        assert_eq!(store.offset("bob", &sha).await.unwrap(), 0);
        let now = i64::try_from(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
        let week = 7 * i64::try_from(DAY).unwrap();
        assert_eq!(store.sweep(now - week).await.unwrap(), 0, "younger than a week");
        assert_eq!(store.sweep(now + 60_000).await.unwrap(), 2);
        assert_eq!(store.offset("ann", &sha).await.unwrap(), 0);
        assert_eq!(store.get(&sha).await.unwrap(), Some(bytes), "what is whole stays");
        let folder = tempfile::tempdir().unwrap();
        store.mirror(&[sha.clone(), "0".repeat(64)], folder.path()).await.unwrap();
        let other = BlobStore::open(std::path::Path::new("memory:///elsewhere")).unwrap();
        assert_eq!(other.fill(folder.path()).await.unwrap(), 1);
        assert!(other.get(&sha).await.unwrap().is_some());
    }
}
