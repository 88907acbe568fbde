//! The server is killed in the middle of its work, again and again: what it has acknowledged is there afterwards.
//! On PostgreSQL it is our server that is killed; PostgreSQL itself runs on.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::{Device, Server, role, values};
use gridbook_log::{Body, Create, Op, OpId, Placement};
use gridbook_server::keep;
use gridbook_sync::wire::{PushReply, Verdict};
use serde_json::json;

const ROUNDS: u64 = 100;
const AREA: &str = "510000100201001";

/// The real program on a free port, and its address.
fn program(db: &str, data: &Path) -> (Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_gridbook-server"))
        .args(["serve", "--listen", "127.0.0.1:0", "--database", db, "--data"])
        .arg(data)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let url = lines.find_map(|line| line.ok().filter(|line| line.starts_with("http://"))).unwrap();
    (child, url)
}

fn visit(ann: &mut Device) -> Op {
    let set = json!({
        "household": "0123456789abcdef0123456789abcdef", "visit_at": "2026-05-18T08:00", "mode": "in_home",
        "purposes": ["daily"], "met": "head", "no_change": true, "well_being": "good", "fire_ok": "ok",
        "power_gas_ok": "ok", "house_ok": "ok", "geo_ok": "ok", "water_safety_ok": "ok", "fraud_ok": "ok",
    });
    let create = Create {
        type_: "visit".to_owned(),
        form: Some("F-VISIT/1".to_owned()),
        state: Some("visited".to_owned()),
        place: Placement { area: Some(AREA.to_owned()), ..Placement::default() },
        set: values(&set),
        ..Create::default()
    };
    let id = ann.fresh_id();
    ann.body(id, &Body::Create(create))
}

/// Pushes until the server is gone; what it has acknowledged goes into `acknowledged`.
async fn push_until_gone(ann: &mut Device, acknowledged: &mut BTreeSet<OpId>) {
    loop {
        let ops: Vec<Op> = (0..5).map(|_| visit(ann)).collect();
        let push = ann.http.post(format!("{}/sync/v1/push", ann.url)).bearer_auth(&ann.token);
        let Ok(response) = push.json(&ann.request(&ops)).send().await else { return };
        let Ok(reply) = response.json::<PushReply>().await else { return };
        for result in reply.results {
            assert_eq!(result.r, Verdict::Ok, "{:?}", result.code);
            acknowledged.insert(result.id.unwrap());
        }
    }
}

#[tokio::test]
async fn a_hundred_kills_lose_nothing_acknowledged() {
    let mut server = Server::with(|_| {}).await;
    server.person("ann", vec![role("grid_worker_l2", AREA)]).await;
    let (db, data) = (server.config.db.clone(), server.data());
    server.stop().await;
    let (mut child, url) = program(&db, &data);
    server.url = url;
    let mut ann = server.device("ann").await;
    let mut acknowledged = BTreeSet::new();
    for round in 0..ROUNDS {
        // Another moment each round, from the first answer on to well into the work.
        let until = Instant::now() + Duration::from_millis(5 + round * 37 % 90);
        let killer = async {
            tokio::time::sleep_until(until.into()).await;
            child.kill().unwrap();
            child.wait().unwrap();
        };
        tokio::join!(push_until_gone(&mut ann, &mut acknowledged), killer);
        let next = program(&db, &data);
        child = next.0;
        ann.url = next.1;
        ann.http = reqwest::Client::new();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(
        acknowledged.len() > 100,
        "only {} were acknowledged: the kills came too early",
        acknowledged.len()
    );
    let mut conn = gridbook_server::db::open_writer(&db).await.unwrap();
    let stored: Vec<Vec<u8>> =
        gridbook_server::sql::query_scalar("SELECT entity FROM ops WHERE kind = 'create'")
            .fetch_all(&mut conn)
            .await
            .unwrap();
    let stored: BTreeSet<Vec<u8>> = stored.into_iter().collect();
    let lost = acknowledged.iter().filter(|id| !stored.contains(id.entity.0.as_slice())).count();
    assert_eq!(lost, 0, "of {} acknowledged", acknowledged.len());
    conn.close().await.unwrap();
    assert_eq!(keep::check(&db, &server.blobs()).await.unwrap(), []);
}
