//! The bundles: types, encodings, tags, policy.

use std::fs;

use crate::common::Server;
use reqwest::header::HeaderMap;

const HASH: &str = "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=";

async fn with_bundles() -> (Server, tempfile::TempDir) {
    let dist = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dist.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("field/index.html", "<!doctype html>field");
    write("field/index.html.br", "br-field");
    write("field/index.html.gz", "gz-field");
    write("field/app_bg.wasm", "wasm");
    write("field/app_bg.wasm.br", "br-wasm");
    write("field/sw.js", "worker");
    write("field/icons/a.png", "png");
    write("field/csp.json", &format!(r#"{{"scripts":["{HASH}","'unsafe-inline'; x"],"styles":[]}}"#));
    write("desk/index.html", "<!doctype html>desk");
    write("secret.txt", "not in a bundle");
    let folder = dist.path().to_owned();
    (Server::with(|config| config.dist = Some(folder)).await, dist)
}

async fn get(server: &Server, path: &str, headers: &[(&str, &str)]) -> (u16, HeaderMap, String) {
    let mut request = server.http.get(format!("{}{path}", server.url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.headers().clone(), response.text().await.unwrap())
}

#[tokio::test]
async fn each_bundle_has_its_place_types_and_policy() {
    let (server, _dist) = with_bundles().await;
    for (path, mime, text) in [
        ("/", "text/html; charset=utf-8", "<!doctype html>field"),
        ("/index.html", "text/html; charset=utf-8", "<!doctype html>field"),
        ("/app_bg.wasm", "application/wasm", "wasm"),
        ("/sw.js", "text/javascript; charset=utf-8", "worker"),
        ("/icons/a.png", "image/png", "png"),
        ("/desk/", "text/html; charset=utf-8", "<!doctype html>desk"),
        ("/desk", "text/html; charset=utf-8", "<!doctype html>desk"),
    ] {
        let (status, headers, body) = get(&server, path, &[]).await;
        assert_eq!((status, body.as_str()), (200, text), "{path}");
        assert_eq!(headers["content-type"], mime);
        assert_eq!(headers["cache-control"], "no-cache");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"));
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"));
        assert_eq!(policy.contains(&format!("'wasm-unsafe-eval' '{HASH}'")), !path.starts_with("/desk"));
    }
}

#[tokio::test]
async fn the_smallest_form_that_the_browser_takes() {
    let (server, _dist) = with_bundles().await;
    for (path, accepts, encoding, body) in [
        ("/", "gzip, deflate, br", Some("br"), "br-field"),
        ("/", "gzip", Some("gzip"), "gz-field"),
        ("/", "br;q=0, gzip;q=0.5", Some("gzip"), "gz-field"),
        ("/", "identity", None, "<!doctype html>field"),
        ("/app_bg.wasm", "br", Some("br"), "br-wasm"),
        ("/app_bg.wasm", "gzip", None, "wasm"),
    ] {
        let (_, headers, text) = get(&server, path, &[("accept-encoding", accepts)]).await;
        assert_eq!(text, body, "{accepts}");
        assert_eq!(headers.get("content-encoding").map(|v| v.to_str().unwrap()), encoding);
        assert_eq!(headers["vary"], "accept-encoding");
    }
}

#[tokio::test]
async fn what_did_not_change_is_not_sent_again() {
    let (server, dist) = with_bundles().await;
    let (_, headers, _) = get(&server, "/", &[("accept-encoding", "br")]).await;
    let tag = headers["etag"].to_str().unwrap().to_owned();
    let again = |tag: String| {
        let server = &server;
        async move { get(server, "/", &[("accept-encoding", "br"), ("if-none-match", &tag)]).await }
    };
    for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}")] {
        let (status, headers, body) = again(known).await;
        assert_eq!((status, body.as_str()), (304, ""));
        assert_eq!(headers["etag"], tag.as_str());
    }
    let (plain, ..) = get(&server, "/", &[("if-none-match", &tag)]).await;
    assert_eq!(plain, 200, "another encoding is another thing");
    fs::write(dist.path().join("field/index.html"), "changed").unwrap();
    assert_eq!(again(tag).await.0, 200);
}

#[tokio::test]
async fn nothing_else_is_served() {
    let (server, _dist) = with_bundles().await;
    for path in [
        "/secret.txt",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/desk/../field/csp.json",
        "/desk/..%2f..%2fsecret.txt",
        "/csp.json",
        "/index.html.br",
        "/missing.js",
        "//etc/passwd",
    ] {
        let (status, headers, body) = get(&server, path, &[]).await;
        assert_eq!(status, 404, "{path}");
        assert_eq!(headers["content-type"], "application/json");
        assert!(body.contains("not_found"), "{body}");
    }
}

#[tokio::test]
async fn health_openapi_and_api_headers() {
    let (server, _dist) = with_bundles().await;
    let (status, _, body) = get(&server, "/healthz", &[]).await;
    assert!(status == 200 && body.contains("ok"));
    let (status, headers, body) = get(&server, "/api/openapi.json", &[]).await;
    let api: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, headers["cache-control"].to_str().unwrap()), (200, "no-store"));
    for path in
        ["/sync/v1/push", "/sync/v1/pull", "/sync/v1/blobs/{sha256}", "/api/sign-in", "/api/staff/{user}"]
    {
        assert!(api["paths"][path].is_object(), "{path}");
    }
}
