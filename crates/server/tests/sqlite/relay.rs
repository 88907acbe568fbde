//! The relay: what is passed on and what is not, against a share that writes down what it hears.

use std::sync::{Arc, Mutex};

use crate::common::{Server, role};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Response};
use gridbook_server::relay::Share;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What a share heard: method, path with query, headers, body.
type Heard = Arc<Mutex<Vec<(String, String, HeaderMap, Vec<u8>)>>>;

struct Upstream {
    url: String,
    heard: Heard,
}

impl Upstream {
    /// Answers by the last part of the path.
    async fn open() -> Self {
        let heard = Heard::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (notes, own) = (heard.clone(), url.clone());
        let answer = move |request: Request| {
            let (notes, own) = (notes.clone(), own.clone());
            async move {
                let (parts, body) = request.into_parts();
                let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
                let path = parts.uri.path_and_query().unwrap().to_string();
                let out = Response::builder()
                    .header("etag", "\"7\"")
                    .header("set-cookie", "spy=1")
                    .header("server", "Apache/2")
                    .header("www-authenticate", "Basic");
                // `…/old-308/x`: that folder has another address since.
                let before = parts.uri.path().split_once("/old-");
                let moved = before.and_then(|(front, rest)| {
                    let (status, name) = rest.split_once('/')?;
                    Some((status.parse::<u16>().unwrap(), format!("{own}{front}/new/{name}")))
                });
                let out = match parts.uri.path().rsplit('/').next().unwrap() {
                    _ if moved.is_some() => {
                        let (status, to) = moved.unwrap();
                        out.status(status).header("location", to)
                    }
                    "moved" => out.status(301).header("location", format!("{own}/files/g1/new?x=1")),
                    "near" => out.status(302).header("location", "../g2/other"),
                    "away" => out.status(307).header("location", "http://192.0.2.1/secret"),
                    "above" => out.status(302).header("location", "/private"),
                    "locked" => out.status(401),
                    "packed" => out.header("content-encoding", "gzip"),
                    "made" => out.status(201).header("location", "http://192.0.2.1/elsewhere"),
                    _ => out.status(200).header("content-type", "application/json"),
                };
                notes.lock().unwrap().push((parts.method.to_string(), path, parts.headers, body.clone()));
                out.body(Body::from(if body.is_empty() { b"\x1f\x8bshare".to_vec() } else { body })).unwrap()
            }
        };
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
        Self { url, heard }
    }

    fn last(&self) -> (String, String, HeaderMap, Vec<u8>) {
        self.heard.lock().unwrap().last().cloned().unwrap()
    }

    fn count(&self) -> usize {
        self.heard.lock().unwrap().len()
    }
}

async fn opened(upstream: &Upstream, login: &str) -> (Server, String) {
    let shares = vec![Share::parse(&format!("zhen={}/files{login}", upstream.url)).unwrap()];
    let server = Server::with(|config| config.shares = shares).await;
    server.person("ann", vec![role("grid_worker_l2", "510000100201001")]).await;
    let token = server.token("ann").await;
    (server, token)
}

fn ask(server: &Server, token: &str, method: &str, path: &str) -> reqwest::RequestBuilder {
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    http.request(method, format!("{}/relay/{path}", server.url)).bearer_auth(token)
}

async fn code(response: reqwest::Response) -> (u16, String) {
    let status = response.status().as_u16();
    let problem: Value = response.json().await.unwrap();
    assert!(problem["message"].as_str().unwrap().chars().any(|c| c > '\u{4e00}'), "{problem}");
    (status, problem["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_share_is_used_with_the_person_s_own_password_and_hears_nothing_of_ours() {
    let upstream = Upstream::open().await;
    let (server, token) = opened(&upstream, "").await;
    let (status, listed) = server.call("GET", "/relay", Some(&token), None).await;
    assert_eq!(
        (status, listed),
        (200, json!({ "shares": [{ "name": "zhen", "kind": "webdav", "signed_in": false }] }))
    );

    let answer = ask(&server, &token, "PUT", "zhen/g1/%E6%A0%BC.seg?a=1&b=%20")
        .header("x-share-authorization", "Basic YTpi")
        .header("content-type", "application/octet-stream")
        .header("content-encoding", "gzip")
        .header("if-none-match", "*")
        .header("cookie", "session=ours")
        .header("x-forwarded-for", "10.0.0.1")
        .header("proxy-authorization", "Basic eHg=")
        .header("x-secret", "1")
        .body(b"\x1f\x8b\x00 not really gzip".to_vec())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(
        (&answer.headers()["etag"], &answer.headers()["x-share"]),
        (&"\"7\"".parse().unwrap(), &"1".parse().unwrap())
    );
    for gone in ["set-cookie", "server", "www-authenticate"] {
        assert!(!answer.headers().contains_key(gone), "{gone}");
    }
    assert_eq!(answer.bytes().await.unwrap().as_ref(), b"\x1f\x8b\x00 not really gzip");
    let (method, path, headers, body) = upstream.last();
    assert_eq!((method.as_str(), path.as_str()), ("PUT", "/files/g1/%E6%A0%BC.seg?a=1&b=%20"));
    assert_eq!(body, b"\x1f\x8b\x00 not really gzip");
    assert_eq!(headers["authorization"], "Basic YTpi");
    assert_eq!(
        (&headers["if-none-match"], &headers["content-encoding"]),
        (&"*".parse().unwrap(), &"gzip".parse().unwrap())
    );
    assert_eq!(headers["content-length"], "19");
    let names: Vec<&str> = headers.keys().map(axum::http::HeaderName::as_str).collect();
    for ours in [
        "cookie",
        "x-forwarded-for",
        "proxy-authorization",
        "x-secret",
        "x-share-authorization",
        "gridbook-contract",
    ] {
        assert!(!names.contains(&ours), "{names:?}");
    }
    assert!(!format!("{headers:?}").contains(&token));

    // Without a password of the person's own there is none.
    ask(&server, &token, "PROPFIND", "zhen/").header("depth", "1").send().await.unwrap();
    let (method, path, headers, _) = upstream.last();
    assert_eq!((method.as_str(), path.as_str()), ("PROPFIND", "/files/"));
    assert_eq!(headers["depth"], "1");
    assert!(!headers.contains_key("authorization"));
    // What the share packed is passed on packed.
    let answer = ask(&server, &token, "GET", "zhen/packed").send().await.unwrap();
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    assert_eq!(answer.bytes().await.unwrap().as_ref(), b"\x1f\x8bshare");
    // Its 401 is its own and asks no browser for a password.
    let answer = ask(&server, &token, "GET", "zhen/locked").send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers().contains_key("x-share")), (401, true));
    assert!(!answer.headers().contains_key("www-authenticate"));
    // Made elsewhere, it says: the thing is made, its address is nobody's business.
    let answer = ask(&server, &token, "PUT", "zhen/made").body("x").send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers().get("location")), (201, None));
}

#[tokio::test]
async fn the_operator_s_password_goes_before_and_stays_here() {
    let upstream = Upstream::open().await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("password");
    std::fs::write(&file, "geheim\n").unwrap();
    let (server, token) = opened(&upstream, &format!(",grid:{}", file.display())).await;
    ask(&server, &token, "GET", "zhen/x").header("x-share-authorization", "Basic YTpi").send().await.unwrap();
    assert_eq!(upstream.last().2["authorization"], "Basic Z3JpZDpnZWhlaW0=");
    let (_, listed) = server.call("GET", "/relay", Some(&token), None).await;
    assert_eq!(listed["shares"][0]["signed_in"], true);
    let told = format!("{listed}{:?}", server.app().relay.shares());
    assert!(!told.contains("geheim") && !told.contains(&upstream.url), "{told}");
}

#[tokio::test]
async fn it_is_no_open_proxy() {
    let upstream = Upstream::open().await;
    let (server, token) = opened(&upstream, "").await;
    // Nobody without a session, wherever they ask.
    for path in ["/relay", "/relay/zhen/x", "/relay/none/x"] {
        assert_eq!(server.call("GET", path, None, None).await.0, 401, "{path}");
    }
    assert_eq!(
        code(ask(&server, &token, "GET", "none/x").send().await.unwrap()).await,
        (404, "no_share".to_owned())
    );
    for method in ["OPTIONS", "PATCH", "COPY", "LOCK", "PROPPATCH", "TRACE"] {
        let answer = ask(&server, &token, method, "zhen/x").send().await.unwrap();
        assert_eq!(answer.status(), 405, "{method}");
    }
    for path in ["zhen/_replicate", "zhen/x", "zhen/_bulk_docs/_config"] {
        assert_eq!(ask(&server, &token, "POST", path).send().await.unwrap().status(), 405, "{path}");
    }
    assert_eq!(upstream.count(), 0, "nothing of this was passed on");
    assert_eq!(
        ask(&server, &token, "POST", "zhen/_bulk_docs").body("{}").send().await.unwrap().status(),
        200
    );

    // Spellings that an HTTP client would tidy up, so they are written by hand.
    let raw = async |target: &str| {
        let address = server.url.strip_prefix("http://").unwrap();
        let mut line = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        );
        line.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        line.read_to_end(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    };
    let before = upstream.count();
    for target in [
        "/relay/zhen/../private",
        "/relay/zhen/a/../../private",
        "/relay/zhen/%2e%2e/private",
        "/relay/zhen/.%2E/private",
        "/relay/zhen/%252e%252e/private",
        "/relay/zhen/..%2fprivate",
        "/relay/zhen/a%5c..%5c..%5cprivate",
        "/relay/zhen//192.0.2.1/x",
        "/relay/zhen/http://192.0.2.1/x",
        "/relay/zhen/a%00b",
        "/relay/zhen/%zz%2e%2e/%2e%2e",
        "http://192.0.2.1/relay/zhen/x",
        "http://192.0.2.1/secret",
    ] {
        let answer = raw(target).await;
        assert!(answer.starts_with("HTTP/1.1 4") || answer.contains("text/html"), "{target}: {answer}");
        assert!(!answer.contains("share\r\n"), "{target}");
    }
    assert!(raw("/relay/zhen/../private").await.contains("share_path"));
    assert_eq!(upstream.count(), before, "nothing of this was passed on");
    assert!(raw("/relay/zhen/ok").await.starts_with("HTTP/1.1 200"));

    // More than it takes.
    let answer = ask(&server, &token, "PUT", "zhen/big").body(vec![0; 8 * 1024 * 1024 + 1]).send().await;
    if let Ok(answer) = answer {
        assert_eq!(code(answer).await, (413, "too_large".to_owned()));
    }
    assert_eq!(upstream.last().1, "/files/ok");
    assert_eq!(
        ask(&server, &token, "PUT", "zhen/big").body(vec![0; 8 * 1024 * 1024]).send().await.unwrap().status(),
        200
    );
}

#[tokio::test]
async fn redirects_and_moves_stay_inside_the_share() {
    let upstream = Upstream::open().await;
    let (server, token) = opened(&upstream, "").await;
    for (path, to) in [("zhen/moved", "/relay/zhen/g1/new?x=1"), ("zhen/g1/near", "/relay/zhen/g2/other")] {
        let answer = ask(&server, &token, "GET", path).send().await.unwrap();
        assert!(answer.status().is_redirection());
        assert_eq!(answer.headers()["location"], to);
    }
    for path in ["zhen/away", "zhen/above"] {
        let answer = ask(&server, &token, "GET", path).send().await.unwrap();
        assert_eq!(code(answer).await, (502, "share_redirect".to_owned()), "{path}");
    }
    let full = format!("{}/relay/zhen/b.seg", server.url);
    for to in ["/relay/zhen/b.seg", full.as_str(), "https://grid.example.cn/relay/zhen/b.seg"] {
        let answer =
            ask(&server, &token, "MOVE", "zhen/a.tmp").header("destination", to).header("overwrite", "F");
        assert_eq!(answer.send().await.unwrap().status(), 200);
        let (method, path, headers, _) = upstream.last();
        assert_eq!((method.as_str(), path.as_str()), ("MOVE", "/files/a.tmp"));
        assert_eq!(headers["destination"], format!("{}/files/b.seg", upstream.url));
        assert_eq!(headers["overwrite"], "F");
    }
    let before = upstream.count();
    for to in [
        "http://192.0.2.1/x",
        "/files/b",
        "/relay/other/b",
        "/relay/zhen/../b",
        "/relay/zhen/%2e%2e/b",
        "b",
        "/relay/zhenb",
    ] {
        let answer =
            ask(&server, &token, "MOVE", "zhen/a.tmp").header("destination", to).send().await.unwrap();
        assert_eq!(code(answer).await, (400, "share_path".to_owned()), "{to}");
    }
    assert_eq!(upstream.count(), before);
}

/// Whoever follows, as browsers do, arrives with method, body and the share's password, through the relay again.
#[tokio::test]
async fn a_moved_folder_is_followed_through_the_relay() {
    let upstream = Upstream::open().await;
    let (server, token) = opened(&upstream, "").await;
    let send = async |method: &str, path: &str| {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = server.http.request(method, format!("{}/relay/zhen/{path}", server.url));
        let request = request.bearer_auth(&token).header("x-share-authorization", "Basic YTpi");
        request.header("depth", "1").body("a head").send().await.unwrap().status().as_u16()
    };
    for status in [301, 302, 307, 308] {
        for method in ["PUT", "PROPFIND", "MKCOL", "DELETE"] {
            assert_eq!(send(method, &format!("g1/old-{status}/heads/")).await, 200, "{status}");
            let (asked, path, headers, body) = upstream.last();
            assert_eq!((asked.as_str(), path.as_str()), (method, "/files/g1/new/heads/"), "{status}");
            assert_eq!(
                (&headers["authorization"], &headers["depth"]),
                (&"Basic YTpi".parse().unwrap(), &"1".parse().unwrap())
            );
            assert_eq!(body, b"a head", "{method} {status}");
        }
    }
    // What is posted to a database keeps its body with 307 and 308. With 301 and 302 it becomes a question without one,
    // which writes nothing; the database refuses it.
    for status in [307, 308] {
        assert_eq!(send("POST", &format!("old-{status}/_bulk_docs")).await, 200);
        let (asked, _, _, body) = upstream.last();
        assert_eq!((asked.as_str(), body.as_slice()), ("POST", b"a head".as_slice()), "{status}");
    }
    for status in [301, 302] {
        send("POST", &format!("old-{status}/_bulk_docs")).await;
        let (asked, _, _, body) = upstream.last();
        assert_eq!((asked.as_str(), body.len()), ("GET", 0), "{status}");
    }
}

#[tokio::test]
async fn a_share_that_is_away_is_told_so() {
    // A port that was free a moment ago.
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let heard = Heard::default();
    let (server, token) = opened(&Upstream { url: format!("http://{free}"), heard }, "").await;
    let answer = ask(&server, &token, "GET", "zhen/x").send().await.unwrap();
    assert_eq!(answer.headers()["retry-after"], "30");
    assert_eq!(code(answer).await, (502, "share_unreachable".to_owned()));
    let twice = vec![Share::parse("a=http://x").unwrap(), Share::parse("a=http://y").unwrap()];
    assert!(gridbook_server::relay::Relay::open(twice).is_err());
}
