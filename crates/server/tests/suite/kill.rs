//! The server is killed in the middle of its work for several phones at once, again and again: what it has acknowledged
//! is there afterwards.
//! On PostgreSQL it is our server that is killed; PostgreSQL itself runs on.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::Duration;

use crate::common::program::listening;
use crate::common::{Device, Server, role, values};
use gridbook_log::{Body, Create, Op, OpId, Placement};
use gridbook_server::keep;
use gridbook_sync::wire::{PushReply, Verdict};
use serde_json::json;
use tokio::sync::Notify;
use tokio::task::JoinSet;

const ROUNDS: u64 = 100;
const CLIENTS: usize = 4;
const AREA: &str = "510000100201001";

/// The real program on a free port, and its address.
fn program(db: &str, data: &Path) -> (Child, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gridbook-server"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--database", db, "--data"]).arg(data);
    listening(&mut command)
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

/// A phone with the log of what was acknowledged to it.
struct Client {
    phone: Device,
    acknowledged: BTreeSet<OpId>,
    /// Told of every acknowledgement.
    heard: Arc<Notify>,
}

impl Client {
    /// Pushes until the server is gone.
    async fn push_until_gone(&mut self) {
        let phone = &mut self.phone;
        loop {
            let ops: Vec<Op> = (0..5).map(|_| visit(phone)).collect();
            let push = phone.http.post(format!("{}/sync/v1/push", phone.url)).bearer_auth(&phone.token);
            let Ok(response) = push.json(&phone.request(&ops)).send().await else { return };
            let Ok(reply) = response.json::<PushReply>().await else { return };
            for result in reply.results {
                assert_eq!(result.r, Verdict::Ok, "{:?}", result.code);
                self.acknowledged.insert(result.id.unwrap());
            }
            self.heard.notify_one();
        }
    }
}

#[tokio::test]
async fn a_hundred_kills_lose_nothing_acknowledged() {
    let mut server = Server::with(|_| {}).await;
    for n in 0..CLIENTS {
        server.person(&format!("ann{n}"), vec![role("grid_worker_l2", AREA)]).await;
    }
    let (db, data) = (server.config.db.clone(), server.data());
    server.stop().await;
    let (mut child, url) = program(&db, &data);
    server.url = url;
    let mut clients = Vec::new();
    for n in 0..CLIENTS {
        let phone = server.device(&format!("ann{n}")).await;
        clients.push(Client { phone, acknowledged: BTreeSet::new(), heard: Arc::default() });
    }
    for round in 0..ROUNDS {
        // Another moment each round: after the start, or after the first answer that one of them hears.
        let waits = (round % 2 == 0).then(|| &mut clients[(round / 2) as usize % CLIENTS]);
        let first = waits.map(|client| {
            client.heard = Arc::default();
            client.heard.clone()
        });
        let mut at_work = JoinSet::new();
        for mut client in clients.drain(..) {
            at_work.spawn(async move {
                client.push_until_gone().await;
                client
            });
        }
        if let Some(heard) = first {
            heard.notified().await;
        }
        tokio::time::sleep(Duration::from_millis(5 + round * 37 % 90)).await;
        child.kill().unwrap();
        child.wait().unwrap();
        clients = at_work.join_all().await;
        let next = program(&db, &data);
        child = next.0;
        for client in &mut clients {
            client.phone.url.clone_from(&next.1);
            client.phone.http = reqwest::Client::new();
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // Every second round waited for an answer of five.
    let least = ROUNDS as usize / 2 / CLIENTS * 5;
    for Client { phone, acknowledged, .. } in &clients {
        assert!(acknowledged.len() >= least, "only {} of {}", acknowledged.len(), phone.user);
    }
    let acknowledged: BTreeSet<OpId> = clients.into_iter().flat_map(|client| client.acknowledged).collect();
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
