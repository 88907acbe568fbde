//! Bad input at every endpoint: 4xx, a machine code, a Chinese sentence, nothing stored, no panic.

use crate::common::{Server, role};
use serde_json::Value;

const BODIES: [&[u8]; 12] = [
    b"",
    b"null",
    b"[]",
    b"{}",
    b"{",
    b"\"text\"",
    b"\xff\xfe\x00",
    b"{\"user\":1,\"password\":[],\"staff\":{},\"ops\":\"\",\"writer\":null}",
    b"{\"user\":null,\"password\":null,\"old\":1,\"new\":2,\"assignments\":1,\"disabled\":\"yes\"}",
    b"{\"writer\":{\"dev\":\"0000000000000001\",\"epoch\":-1},\"nonce\":\"n\",\"now\":0,\"ops\":[]}",
    b"{\"writer\":{\"dev\":\"0000000000000001\",\"epoch\":1},\"nonce\":\"\",\"now\":0,\"ops\":[]}",
    b"{\"staff\":[{\"user\":\"../x\",\"name\":\"\",\"assignments\":[{}]}]}",
];

const ENDPOINTS: [(&str, &str, bool); 10] = [
    ("POST", "/sync/v1/push", true),
    ("PUT", "/sync/v1/blobs/0000000000000000000000000000000000000000000000000000000000000000", true),
    ("PUT", "/sync/v1/blobs/nothex", true),
    ("POST", "/api/sign-in", false),
    ("POST", "/api/password", true),
    ("POST", "/api/invites", true),
    ("POST", "/api/invites/NOSUCHCODE/accept", false),
    ("POST", "/api/staff/import", true),
    ("PATCH", "/api/staff/nobody", true),
    ("POST", "/api/nothing/here", false),
];

fn check(context: &str, status: u16, answer: &Value) {
    assert!((400..500).contains(&status), "{context}: {status}");
    assert!(answer["code"].as_str().is_some_and(|c| !c.is_empty()), "{context}: {answer}");
    let message = answer["message"].as_str().unwrap_or("");
    assert!(message.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{context}: {message}");
}

async fn send(server: &Server, method: &str, path: &str, token: Option<&str>, body: &[u8]) -> (u16, Value) {
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = server.http.request(method, format!("{}{path}", server.url)).body(body.to_vec());
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
}

#[tokio::test]
async fn every_endpoint_answers_every_body() {
    let server = Server::open().await;
    server.person("clerk", vec![role("grid_clerk", "510000100")]).await;
    let token = server.token("clerk").await;
    for (method, path, _) in ENDPOINTS {
        for body in BODIES {
            let (status, answer) = send(&server, method, path, Some(&token), body).await;
            check(&format!("{method} {path} {}", String::from_utf8_lossy(body)), status, &answer);
        }
        let huge = vec![b'1'; 5 * 1024 * 1024];
        // A server that stops listening to an endless body may cut the line before the answer is read.
        let method_ = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request =
            server.http.request(method_, format!("{}{path}", server.url)).bearer_auth(&token).body(huge);
        if let Ok(response) = request.send().await {
            let status = response.status().as_u16();
            check(&format!("{method} {path} huge"), status, &response.json().await.unwrap());
        }
    }
    let stored: i64 = gridbook_server::sql::query_scalar("SELECT (SELECT COUNT(*) FROM ops) + (SELECT COUNT(*) FROM blobs) + (SELECT COUNT(*) FROM invites) + (SELECT COUNT(*) FROM accounts) - 1")
        .fetch_one(&server.app().readers)
        .await
        .unwrap();
    assert_eq!(stored, 0);
    assert_eq!(send(&server, "GET", "/healthz", None, b"").await.0, 200);
}

#[tokio::test]
async fn without_a_session_nothing_private_answers() {
    let server = Server::open().await;
    let odd = ["", "x", "\u{4e2d}", &"0".repeat(64), &"0".repeat(5000)];
    for (method, path, private) in ENDPOINTS {
        if private {
            let (status, answer) = send(&server, method, path, None, b"{}").await;
            assert_eq!((status, answer["code"].as_str()), (401, Some("session")), "{path}");
        }
    }
    for path in ["/sync/v1/pull", "/api/me", "/api/staff"] {
        for token in odd {
            let request = server.http.get(format!("{}{path}", server.url));
            let value =
                reqwest::header::HeaderValue::from_bytes(format!("Bearer {token}").as_bytes()).unwrap();
            let response = request.header("authorization", value).send().await.unwrap();
            let status = response.status().as_u16();
            // Hyper itself turns away headers beyond its bound.
            assert!(status == 401 || status == 431, "{path} {status}");
        }
    }
}

#[tokio::test]
async fn wrong_methods_and_paths_are_told_in_words() {
    let server = Server::open().await;
    server.person("clerk", vec![role("grid_clerk", "510000100")]).await;
    let token = server.token("clerk").await;
    for (method, path, status) in [
        ("DELETE", "/sync/v1/push", 405),
        ("GET", "/sync/v1/push", 405),
        ("POST", "/sync/v1/pull", 405),
        ("DELETE", "/api/me", 405),
        ("POST", "/", 405),
        ("GET", "/sync/v1/nothing", 404),
        ("GET", "/sync/v2/caps", 404),
        ("GET", "/api/", 404),
        ("GET", "/api/%00", 404),
        ("GET", "/api/invites/%FF", 400),
        ("PATCH", "/api/staff/%FF", 400),
        ("GET", "/sync/v1/blobs/%FF", 400),
    ] {
        let (got, answer) = send(&server, method, path, Some(&token), b"{}").await;
        assert_eq!(got, status, "{method} {path}");
        check(path, got, &answer);
    }
}
