//! A full disk: reading goes on, writing says so clearly, nothing is half written, and all is well once there is room.

use crate::common::Server;
use gridbook_log::Op;
use gridbook_server::{blobs_beside, keep};
use serde_json::json;

const AREA: &str = "510000100201001";

/// Lets the database grow no further than it is (`None`: as far as it likes).
async fn limit(server: &Server, pages: Option<i64>) {
    server
        .app()
        .writer
        .run(move |ledger| {
            Box::pin(async move {
                let now: i64 = gridbook_server::sql::query_scalar("PRAGMA page_count")
                    .fetch_one(&mut ledger.conn)
                    .await?;
                let most = pages.map_or(i64::from(u32::MAX - 1), |more| now + more);
                ledger.conn.run(format!("PRAGMA max_page_count = {most}")).await?;
                Ok(())
            })
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn a_full_disk_refuses_writes_whole_and_reads_on() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", AREA).await;
    let first: Vec<Op> = (0..5).map(|_| ann.create("visit", AREA)).collect();
    ann.push_ok(&first).await;
    limit(&server, Some(0)).await;
    let many: Vec<Op> = (0..400).map(|_| ann.create("visit", AREA)).collect();
    let body = serde_json::to_value(ann.request(&many)).unwrap();
    let (status, answer) = server.call("POST", "/sync/v1/push", Some(&ann.token), Some(body.clone())).await;
    assert_eq!((status, answer["code"].as_str()), (503, Some("full")), "{answer}");
    assert!(answer["message"].as_str().unwrap().contains("都在"), "{answer}");
    // Reading goes on, and sees nothing of the refused batch.
    ann.pull().await;
    let pulled = ann.ops.keys().filter(|id| id.dot.writer == ann.writer).count();
    assert_eq!(pulled, first.len());
    let (status, _) = server.call("GET", "/healthz", None, None).await;
    assert_eq!(status, 200);
    // Room again: the same batch is taken whole.
    limit(&server, None).await;
    let (status, answer) = server.call("POST", "/sync/v1/push", Some(&ann.token), Some(body)).await;
    assert_eq!(status, 200, "{answer}");
    assert!(answer["results"].as_array().unwrap().iter().all(|r| r["r"] == json!("ok")), "{answer}");
    let db = format!("sqlite://{}", server.dir.path().join("data/gridbook.db").display());
    assert_eq!(keep::check(&db, &blobs_beside(&db)).await.unwrap(), []);
}
