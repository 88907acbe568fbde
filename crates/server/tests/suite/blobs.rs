//! Photos: who may store and read them, and that what is stored is what its name says.

use crate::common::{Device, Server};
use gridbook_log::{BlobRef, Body};
use gridbook_server::secret;
use gridbook_sync::wire::{MAX_BATCH_BYTES, MAX_BLOB};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const G1: &str = "510000100201001";
const G2: &str = "510000100202001";

fn name(bytes: &[u8]) -> String {
    secret::hex(&secret::sha256(bytes))
}

async fn report(ann: &mut Device, bytes: &[u8], mime: &str) -> gridbook_log::EntityId {
    let create = ann.create("hazard", G1);
    let blob = BlobRef {
        sha256: name(bytes),
        size: u32::try_from(bytes.len()).unwrap(),
        mime: mime.to_owned(),
        role: "photo_before".to_owned(),
        thumb: None,
    };
    let set = gridbook_log::body::Set { set: gridbook_log::Values::new(), blobs: vec![blob] };
    let with_photo = ann.body(create.entity(), &Body::Set(set));
    ann.push_ok(&[create.clone(), with_photo]).await;
    create.entity()
}

async fn put(server: &Server, device: &Device, name: &str, bytes: &[u8]) -> (u16, Value) {
    let request = server.http.put(format!("{}/sync/v1/blobs/{name}", server.url)).bearer_auth(&device.token);
    let response = request.body(bytes.to_vec()).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
}

async fn get(server: &Server, device: &Device, name: &str) -> reqwest::Response {
    let request = server.http.get(format!("{}/sync/v1/blobs/{name}", server.url)).bearer_auth(&device.token);
    request.send().await.unwrap()
}

#[tokio::test]
async fn a_photo_goes_up_once_and_down_to_those_who_see_the_record() {
    let mut server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let mut head = server.worker("head", "510000100").await;
    let mut far = server.worker("far", G2).await;
    let photo = b"\xff\xd8 not quite a jpeg";
    let sha = name(photo);
    let (status, answer) = put(&server, &ann, &sha, photo).await;
    assert_eq!(status, 403, "no operation names it yet");
    assert!(answer["message"].as_str().unwrap().contains("原件还在本机"), "{answer}");
    report(&mut ann, photo, "image/jpeg").await;
    assert_eq!(get(&server, &ann, &sha).await.status(), 404, "not up yet");
    assert_eq!(put(&server, &far, &sha, photo).await.0, 403);
    assert_eq!(put(&server, &ann, &sha, photo).await.0, 201);
    assert_eq!(put(&server, &ann, &sha, photo).await.0, 200);
    server.restart().await;
    for device in [&mut ann, &mut head, &mut far] {
        device.url.clone_from(&server.url);
    }
    for (device, status) in [(&ann, 200), (&head, 200), (&far, 404)] {
        let response = get(&server, device, &sha).await;
        assert_eq!(response.status().as_u16(), status);
        if status == 200 {
            assert_eq!(response.headers()["content-type"], "image/jpeg");
            assert_eq!(response.bytes().await.unwrap().as_ref(), photo);
        }
    }
}

#[tokio::test]
async fn damaged_and_oversized_photos_never_become_visible() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let photo = vec![5u8; 3000];
    let sha = name(&photo);
    report(&mut ann, &photo, "image/jpeg").await;
    let (status, answer) = put(&server, &ann, &sha, &photo[..2999]).await;
    assert_eq!((status, answer["code"].as_str()), (400, Some("hash")));
    assert_eq!(get(&server, &ann, &sha).await.status(), 404);
    let huge = vec![1u8; MAX_BLOB + 1];
    let huge_name = name(&huge);
    report(&mut ann, &huge, "image/jpeg").await;
    let (status, answer) = put(&server, &ann, &huge_name, &huge).await;
    assert_eq!((status, answer["code"].as_str()), (413, Some("too_large")));
    for bad in ["short", &"Z".repeat(64), &sha.to_uppercase(), &"..%2f".repeat(13)] {
        assert_eq!(put(&server, &ann, bad, b"x").await.0, 400, "{bad}");
    }
}

/// All of a body is sent before the answer is read, as proxies do.
async fn stubborn(server: &Server, token: &str, what: &str, length: usize) -> std::io::Result<String> {
    let mut line = TcpStream::connect(server.url.trim_start_matches("http://")).await?;
    let head = format!(
        "{what} HTTP/1.1\r\nhost: here\r\nauthorization: Bearer {token}\r\ncontent-length: {length}\r\n\r\n"
    );
    line.write_all(head.as_bytes()).await?;
    let chunk = vec![1u8; 64 * 1024];
    let mut left = length;
    while left > 0 {
        let now = left.min(chunk.len());
        line.write_all(&chunk[..now]).await?;
        left -= now;
    }
    let mut answer = vec![0; 12];
    line.read_exact(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[tokio::test]
async fn whoever_sends_all_before_it_listens_hears_why_it_was_refused() {
    let server = Server::open().await;
    let ann = server.worker("ann", G1).await;
    let photo = format!("PUT /sync/v1/blobs/{}", "a".repeat(64));
    for (token, what, length, heard) in [
        (ann.token.as_str(), "POST /sync/v1/push", MAX_BATCH_BYTES + 1, "HTTP/1.1 413"),
        ("nobody", photo.as_str(), MAX_BLOB, "HTTP/1.1 401"),
        (ann.token.as_str(), photo.as_str(), MAX_BLOB, "HTTP/1.1 403"),
    ] {
        assert_eq!(stubborn(&server, token, what, length).await.unwrap(), heard);
    }
    // But nobody keeps it busy with that.
    assert!(stubborn(&server, "nobody", &photo, 64 * 1024 * 1024).await.is_err());
}

#[tokio::test]
async fn a_file_that_calls_itself_a_page_is_not_shown_as_one() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let page = b"<script>alert(1)</script>";
    report(&mut ann, page, "text/html").await;
    assert_eq!(put(&server, &ann, &name(page), page).await.0, 201);
    let response = get(&server, &ann, &name(page)).await;
    assert_eq!(response.headers()["content-type"], "application/octet-stream");
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    assert!(response.headers()["content-security-policy"].to_str().unwrap().contains("sandbox"));
}
