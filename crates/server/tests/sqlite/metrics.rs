//! Figures: right, readable by a machine, on an address of their own, and about nobody.

use std::collections::BTreeMap;

use crate::common::Server;
use gridbook_sync::wire::Verdict;

const G1: &str = "510000100201001";

#[tokio::test]
async fn the_figures_are_right_and_about_nobody() {
    // A port that was free a moment ago.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = Server::with(|config| {
        config.admission = std::sync::Arc::new(crate::common::Open);
        config.metrics = Some(address);
    })
    .await;
    let mut ann = server.worker("annabel", G1).await;
    let op = ann.create("hazard", G1);
    let bad = ann.set(op.entity(), "desc", "forbidden");
    ann.push_only(&op).await;
    assert_eq!(ann.push_one(&op).await.0, Verdict::Dup);
    assert_eq!(ann.push_one(&bad).await.0, Verdict::Reject);
    ann.pull().await;
    let (status, _) = server.call("GET", "/sync/v1/pull?cursor=nonsense", Some(&ann.token), None).await;
    assert_eq!(status, 400);
    assert_ne!(
        server.call("GET", "/metrics", Some(&ann.token), None).await.0,
        200,
        "not where everybody asks"
    );

    let answer = server.http.get(format!("http://{address}/metrics")).send().await.unwrap();
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/plain; version=0.0.4"));
    let text = answer.text().await.unwrap();
    assert_eq!(server.http.get(format!("http://{address}/api/me")).send().await.unwrap().status(), 404);
    for personal in ["annabel", G1, &op.entity().to_string(), &ann.token, "nonsense"] {
        assert!(!text.contains(personal), "{personal}");
    }
    let mut types: BTreeMap<&str, &str> = BTreeMap::new();
    let mut samples: BTreeMap<&str, f64> = BTreeMap::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(types.insert(name, kind).is_none(), "{name} twice");
        } else if !line.starts_with("# HELP ") {
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert!(samples.insert(name, value.parse().unwrap()).is_none(), "{name} twice");
            let family = name.split('{').next().unwrap();
            let family = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|end| family.strip_suffix(end))
                .unwrap_or(family);
            assert!(types.contains_key(family), "{name} has no type before it");
        }
    }
    let of = |name: &str| samples.get(name).copied().unwrap_or(-1.0) as i64;
    for (verdict, count) in
        [("ok", 1), ("dup", 1), ("reject", 1), ("refuse", 0), ("defer", 0), ("quarantine", 0)]
    {
        assert_eq!(of(&format!("gridbook_operations_total{{verdict=\"{verdict}\"}}")), count, "{text}");
    }
    assert_eq!(of("gridbook_requests_total{route=\"push\",status=\"2xx\"}"), 3);
    assert_eq!(of("gridbook_requests_total{route=\"pull\",status=\"4xx\"}"), 1);
    assert_eq!(of("gridbook_request_duration_seconds_count{route=\"push\"}"), 3);
    assert_eq!(of("gridbook_request_duration_seconds_bucket{route=\"push\",le=\"+Inf\"}"), 3);
    let buckets: Vec<i64> = text
        .lines()
        .filter(|line| line.starts_with("gridbook_request_duration_seconds_bucket{route=\"push\""))
        .map(|line| line.rsplit_once(' ').unwrap().1.parse().unwrap())
        .collect();
    assert!(buckets.len() == 10 && buckets.is_sorted() && buckets.last() == Some(&3), "{buckets:?}");
    assert!(samples["gridbook_request_duration_seconds_sum{route=\"push\"}"] > 0.0);
    assert_eq!(of("gridbook_database_up"), 1);
    assert_eq!(of("gridbook_unavailable_total"), 0);
    assert_eq!(of("gridbook_writer_waiting"), 0);
    let last: i64 = gridbook_server::sql::query_scalar("SELECT last_seq FROM tenant")
        .fetch_one(&server.app().readers)
        .await
        .unwrap();
    assert_eq!(of("gridbook_sequence"), last);
    assert!(of("gridbook_disk_free_bytes") > 0);
}
