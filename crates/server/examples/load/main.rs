//! How many operations a second the server takes: HTTP, full admission by the trade's rules, durable commits.
//!
//! `cargo run --release -p gridbook-server --example load [devices] [batches each] [postgres://…]` prints one JSON line
//! per figure. The database named must be new; without one it is SQLite in a temporary folder.
#![allow(clippy::print_stdout)]

use std::time::Instant;

use gridbook_domain::role::Assignment;
use gridbook_log::{Body, Create, DeviceId, Dot, EntityId, Hlc, NewOp, Op, Placement, Writer};
use gridbook_server::db::NewTenant;
use gridbook_server::writer::rights::Person;
use gridbook_server::{App, Config, password, serve, start};
use gridbook_sync::wire::{PullReply, PushReply, PushRequest, Verdict};
use serde_json::json;
use tokio::net::TcpListener;

#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PASSWORD: &str = "load and load";
const BATCH: u64 = 500;
type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).init();
    let named = std::env::args().skip(1).find(|a| gridbook_server::sql::is_postgres(a));
    let mut args = std::env::args().skip(1).filter_map(|a| a.parse::<u64>().ok());
    let (devices, batches) = (args.next().unwrap_or(4), args.next().unwrap_or(20));
    let dir = tempfile::tempdir()?;
    let file = format!("sqlite://{}", dir.path().join("load.db").display());
    let mut config = Config::new(named.unwrap_or(file), NewTenant::demo());
    config.blobs = Some(dir.path().join("blobs"));
    bare(&config.db, devices * batches).await?;
    let started = start(config).await?;
    for n in 0..devices {
        account(&started.app, n).await?;
    }
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(serve(listener, started, std::future::pending()));
    let http = reqwest::Client::new();
    let mut work = Vec::new();
    for n in 0..devices {
        let token = sign_in(&http, &url, n).await?;
        let bodies = (0..batches).map(|batch| request(n, batch)).collect::<Result<Vec<_>, _>>()?;
        work.push((token, bodies));
    }
    let tokens: Vec<String> = work.iter().map(|(token, _)| token.clone()).collect();
    let began = Instant::now();
    let tasks: Vec<_> = work
        .into_iter()
        .map(|(token, bodies)| tokio::spawn(push_all(http.clone(), url.clone(), token, bodies)))
        .collect();
    for task in tasks {
        task.await??;
    }
    report("push_ops_per_second", devices * batches * BATCH, began);
    let began = Instant::now();
    let mut pulled = 0;
    for token in tokens {
        pulled += pull_all(&http, &url, &token).await?;
    }
    report("pull_entries_per_second", pulled, began);
    Ok(())
}

/// The same number of rows of about the same size into one table with one key, without folding, judging or HTTP: what
/// the database alone could take.
async fn bare(db: &str, batches: u64) -> Result<(), Failure> {
    let mut conn = gridbook_server::db::open_writer(db).await?;
    let bytes = if conn.is_postgres() { "BYTEA" } else { "BLOB" };
    conn.run(format!(
        "CREATE TABLE bare (seq BIGINT NOT NULL PRIMARY KEY, entity {bytes}, line TEXT, body TEXT, hash {bytes})"
    ))
    .await?;
    let text = request(0, 0)?.len() / usize::try_from(BATCH)?;
    let began = Instant::now();
    for batch in 0..batches {
        conn.begin_write().await?;
        let rows = (0..i64::try_from(BATCH)?).map(|n| i64::try_from(batch * BATCH).unwrap_or(0) + n);
        let head = "INSERT INTO bare (seq, entity, line, body, hash) ";
        gridbook_server::sql::insert(&mut conn, head, "", rows, |cells, seq| {
            cells.push_bind(seq).push_bind(seq.to_be_bytes().repeat(2)).push_bind("l".repeat(120));
            cells.push_bind("b".repeat(text.saturating_sub(120))).push_bind(seq.to_le_bytes().repeat(4));
        })
        .await?;
        conn.commit().await?;
    }
    report("bare_insert_rows_per_second", batches * BATCH, began);
    conn.run("DROP TABLE bare").await?;
    conn.close().await?;
    Ok(())
}

fn report(case: &str, count: u64, began: Instant) {
    let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
    println!(
        "{}",
        json!({ "case": case, "value": count * 1000 / ms, "unit": "1/s", "count": count, "ms": ms })
    );
}

fn area(n: u64) -> String {
    format!("510000100201{:03}", n + 1)
}

async fn account(app: &App, n: u64) -> Result<(), Failure> {
    let held = Assignment { role: "grid_worker_l2".to_owned(), area: Some(area(n)), ..Assignment::default() };
    let person =
        Person { user: format!("load{n}"), name: "压测".to_owned(), phone: None, assignments: vec![held] };
    let hash = password::hash_now(PASSWORD, true).ok_or("no hash")?;
    let job = app.writer.run(move |ledger| {
        Box::pin(async move {
            ledger.save_people(&[person]).await?;
            gridbook_server::sql::query("UPDATE accounts SET password = ?")
                .bind(hash)
                .execute(&mut ledger.conn)
                .await?;
            Ok(())
        })
    });
    job.await.map_err(|e| e.to_string().into())
}

async fn sign_in(http: &reqwest::Client, url: &str, n: u64) -> Result<String, Failure> {
    let body = json!({ "user": format!("load{n}"), "password": PASSWORD });
    let answer: serde_json::Value =
        http.post(format!("{url}/api/sign-in")).json(&body).send().await?.json().await?;
    Ok(answer["token"].as_str().ok_or("no token")?.to_owned())
}

/// One batch of ordinary visits, as a phone packs it.
fn request(n: u64, batch: u64) -> Result<Vec<u8>, Failure> {
    let writer = Writer { dev: DeviceId((n + 1).to_be_bytes()), epoch: 1 };
    let now = 1_779_062_400_000;
    let mut ops = Vec::new();
    for i in 0..BATCH {
        let mut random = [0u8; 10];
        random[..8].copy_from_slice(&(n << 40 | batch << 16 | i).to_be_bytes());
        let entity = EntityId::new(now + batch, random);
        let household = EntityId::new(now, [3; 10]).to_string();
        let set = json!({
            "household": household, "visit_at": "2026-05-18T08:00", "mode": "in_home", "purposes": ["daily"],
            "met": "head", "no_change": true, "well_being": "good", "fire_ok": "ok", "power_gas_ok": "ok",
            "house_ok": "ok", "geo_ok": "ok", "water_safety_ok": "ok", "fraud_ok": "ok",
            "remark": "一切照旧,叮嘱了用火用电",
        });
        let (kind, text) = Body::Create(Create {
            type_: "visit".to_owned(),
            form: Some("F-VISIT/1".to_owned()),
            state: Some("visited".to_owned()),
            place: Placement { area: Some(area(n)), ..Placement::default() },
            set: serde_json::from_value(set)?,
            ..Create::default()
        })
        .to_text();
        let user = format!("load{n}");
        let hlc = Hlc { ms: now + i, count: 0 };
        let new = NewOp {
            entity,
            dot: Dot { writer, n: 1 },
            hlc,
            kind,
            user: &user,
            ctx: gridbook_log::Ctx::default(),
        };
        ops.push(Op::new(new, [9; 16], text)?.to_wire());
    }
    Ok(serde_json::to_vec(&PushRequest { writer, nonce: format!("n{n}"), now, ops })?)
}

async fn push_all(
    http: reqwest::Client,
    url: String,
    token: String,
    bodies: Vec<Vec<u8>>,
) -> Result<(), Failure> {
    for body in bodies {
        let request = http.post(format!("{url}/sync/v1/push")).bearer_auth(&token).body(body);
        let reply: PushReply = request.send().await?.error_for_status()?.json().await?;
        if let Some(bad) = reply.results.iter().find(|r| r.r != Verdict::Ok) {
            return Err(format!("{bad:?}").into());
        }
    }
    Ok(())
}

async fn pull_all(http: &reqwest::Client, url: &str, token: &str) -> Result<u64, Failure> {
    let (mut cursor, mut count) = (String::new(), 0);
    loop {
        let request = http.get(format!("{url}/sync/v1/pull?cursor={cursor}")).bearer_auth(token);
        let reply: PullReply = request.send().await?.error_for_status()?.json().await?;
        count += u64::try_from(reply.entries.len())?;
        cursor = reply.cursor;
        if !reply.more {
            return Ok(count);
        }
    }
}
