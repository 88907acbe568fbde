//! How long the first sync of a desk takes that sees a whole township: packed streams against plain pages, with the
//! engine, the replica and the lists that the app runs, over HTTP, from a store in memory.
//!
//! `cargo run --release -p gridbook-server --example first [operations] [postgres://…]` prints one JSON line per figure.
//! Half of the operations are visits, the other half their receipts.
#![allow(clippy::print_stdout)]

use std::cell::{Cell, RefCell};
use std::io::Read as _;
use std::rc::Rc;
use std::time::Instant;

use gridbook_domain::package::Package;
use gridbook_domain::role::Assignment;
use gridbook_domain::summary::Summary;
use gridbook_log::{Body, Create, DeviceId, Dot, Entity, EntityId, Hlc, NewOp, Op, Placement, Writer};
use gridbook_server::db::NewTenant;
use gridbook_server::writer::rights::Person;
use gridbook_server::{App, Config, password, serve, start};
use gridbook_sync::driver::{Driver, Http};
use gridbook_sync::engine::{Checked, Input, Request, Response};
use gridbook_sync::env::Env;
use gridbook_sync::memory::MemoryStore;
use gridbook_sync::replica::{Project, Replica};
use gridbook_sync::wire::{Caps, PAGE_HEADER, PushReply, PushRequest, SnapshotPage, Verdict};
use serde_json::json;
use tokio::net::TcpListener;

#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PASSWORD: &str = "first and first";
const BATCH: u64 = 500;
const GRIDS: u64 = 20;
const NOW: u64 = 1_779_062_400_000;
type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let postgres = std::env::args().skip(1).find(|a| gridbook_server::sql::is_postgres(a));
    let operations = std::env::args().skip(1).find_map(|a| a.parse::<u64>().ok()).unwrap_or(100_000);
    let dir = tempfile::tempdir()?;
    let file = format!("sqlite://{}", dir.path().join("first.db").display());
    let mut config = Config::new(postgres.unwrap_or(file), NewTenant::demo());
    config.blobs = Some(dir.path().join("blobs"));
    let started = start(config).await?;
    let app = started.app.clone();
    account(&app, "clerk", "grid_clerk", "510000100").await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(serve(listener, started, std::future::pending()));
    let http = reqwest::Client::new();
    for grid in 0..GRIDS {
        account(&app, &format!("w{grid}"), "grid_worker_l2", &area(grid)).await?;
    }
    // Each person signs in once: the server rests an address that tries too often.
    let mut tokens = Vec::new();
    for grid in 0..GRIDS {
        tokens.push(sign_in(&http, &url, &format!("w{grid}")).await?);
    }
    for batch in 0..operations / 2 / BATCH {
        fill(&http, &url, &tokens, batch).await?;
    }
    let clerk = sign_in(&http, &url, "clerk").await?;
    for round in ["cold", "warm"] {
        first(&http, &url, &clerk, true, &format!("first_sync_packed_{round}")).await?;
    }
    first(&http, &url, &clerk, false, "first_sync_plain").await?;
    Ok(())
}

/// The first sync of a device that has nothing.
async fn first(
    http: &reqwest::Client,
    url: &str,
    token: &str,
    packed: bool,
    case: &str,
) -> Result<(), Failure> {
    let line = Line { http, url, token, packed, bytes: Cell::new(0), requests: RefCell::default() };
    let store = Rc::new(MemoryStore::default());
    let env = Clock(Cell::new(1));
    let replica = Replica::open(store, Lists, &env, "clerk").await.map_err(|e| e.to_string())?;
    let driver = Driver::new(&replica);
    let began = Instant::now();
    driver.run(&replica, &line, &env, Input::Wake, |_| {}).await.ok_or("not run")?;
    let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    if let Some(trouble) = driver.with_engine(|e| e.trouble().cloned()) {
        return Err(format!("{case}: {trouble:?}").into());
    }
    let bytes = line.bytes.get();
    let requests = line.requests.borrow().len();
    println!(
        "{}",
        json!({ "case": case, "ms": ms, "records": replica.rows().len(), "bytes": bytes, "requests": requests })
    );
    if packed {
        let began = Instant::now();
        driver.run(&replica, &line, &env, Input::Check, |_| {}).await.ok_or("not run")?;
        let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        if driver.with_engine(|e| e.checked()) != Some(Checked::Same) {
            return Err("the check found a difference".into());
        }
        println!("{}", json!({ "case": format!("{case}_check"), "ms": ms }));
    }
    Ok(())
}

/// The lists of the app.
struct Lists;

impl Project for Lists {
    type Summary = Option<Summary>;

    fn summary(&self, entity: &Entity) -> Option<Summary> {
        Summary::of(entity, Package::builtin())
    }
}

struct Clock(Cell<u64>);

impl Env for Clock {
    fn now_ms(&self) -> u64 {
        NOW
    }

    fn random(&self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0.set(self.0.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
            *byte = self.0.get().to_be_bytes()[0];
        }
    }
}

/// The contract over HTTP, as a browser speaks it.
struct Line<'a> {
    http: &'a reqwest::Client,
    url: &'a str,
    token: &'a str,
    packed: bool,
    bytes: Cell<usize>,
    requests: RefCell<Vec<String>>,
}

impl Line<'_> {
    async fn get(&self, path: &str) -> Option<(Option<String>, Vec<u8>)> {
        self.requests.borrow_mut().push(path.split('?').next().unwrap_or_default().to_owned());
        let request = self.http.get(format!("{}/sync/v1{path}", self.url)).bearer_auth(self.token);
        let answer = request.header("accept-encoding", "gzip").send().await.ok()?.error_for_status().ok()?;
        let page = answer.headers().get(PAGE_HEADER).and_then(|v| Some(v.to_str().ok()?.to_owned()));
        let packed = answer.headers().contains_key("content-encoding");
        let bytes = answer.bytes().await.ok()?.to_vec();
        self.bytes.set(self.bytes.get() + bytes.len());
        if !packed {
            return Some((page, bytes));
        }
        let mut out = Vec::new();
        flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut out).ok()?;
        Some((page, out))
    }

    async fn answer(&self, request: &Request) -> Option<Response> {
        Some(match request {
            Request::Caps => {
                let caps: Caps = serde_json::from_slice(&self.get("/caps").await?.1).ok()?;
                Response::Caps(Caps { snapshot: caps.snapshot.filter(|_| self.packed), ..caps })
            }
            Request::Pull { cursor, limit, .. } => {
                let path = format!("/pull?cursor={cursor}&limit={limit}");
                Response::Pull(serde_json::from_slice(&self.get(&path).await?.1).ok()?)
            }
            Request::Snapshot { cursor, .. } => {
                let (head, frames) = self.get(&format!("/snapshot?cursor={cursor}")).await?;
                Response::Snapshot(SnapshotPage { head: serde_json::from_str(&head?).ok()?, frames })
            }
            Request::Fp { .. } => Response::Fp(serde_json::from_slice(&self.get("/fp").await?.1).ok()?),
            _ => return None,
        })
    }
}

impl Http for Line<'_> {
    async fn send(&self, request: &Request, _: Option<Vec<u8>>) -> Response {
        self.answer(request).await.unwrap_or(Response::Lost)
    }
}

fn area(grid: u64) -> String {
    format!("510000100{:03}{:03}", 201 + grid / 6, grid % 6 + 1)
}

async fn account(app: &App, user: &str, role: &str, area: &str) -> Result<(), Failure> {
    let held = Assignment { role: role.to_owned(), area: Some(area.to_owned()), ..Assignment::default() };
    let person =
        Person { user: user.to_owned(), name: "压测".to_owned(), phone: None, assignments: vec![held] };
    let (user, hash) = (user.to_owned(), password::hash_now(PASSWORD, true).ok_or("no hash")?);
    let job = app.writer.run(move |ledger| {
        Box::pin(async move {
            ledger.save_people(&[person]).await?;
            gridbook_server::sql::query("UPDATE accounts SET password = ? WHERE account = ?")
                .bind(hash)
                .bind(user)
                .execute(&mut ledger.conn)
                .await?;
            Ok(())
        })
    });
    job.await.map_err(|e| e.to_string().into())
}

async fn sign_in(http: &reqwest::Client, url: &str, user: &str) -> Result<String, Failure> {
    let body = json!({ "user": user, "password": PASSWORD });
    let answer: serde_json::Value =
        http.post(format!("{url}/api/sign-in")).json(&body).send().await?.json().await?;
    Ok(answer["token"].as_str().ok_or("no token")?.to_owned())
}

/// One batch of ordinary visits.
async fn fill(http: &reqwest::Client, url: &str, tokens: &[String], batch: u64) -> Result<(), Failure> {
    let grid = batch % GRIDS;
    let token = &tokens[usize::try_from(grid)?];
    let writer = Writer { dev: DeviceId((grid + 1).to_be_bytes()), epoch: 1 };
    let household = EntityId::new(NOW, [3; 10]).to_string();
    let mut ops = Vec::new();
    for i in 0..BATCH {
        let mut random = [0u8; 10];
        random[..8].copy_from_slice(&(batch << 16 | i).to_be_bytes());
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
            place: Placement { area: Some(area(grid)), ..Placement::default() },
            set: set.as_object().into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect(),
            ..Create::default()
        })
        .to_text();
        let new = NewOp {
            entity: EntityId::new(NOW + batch, random),
            dot: Dot { writer, n: 1 },
            hlc: Hlc { ms: NOW, count: 0 },
            kind,
            user: &format!("w{grid}"),
            ctx: gridbook_log::Ctx::default(),
        };
        ops.push(Op::new(new, [7; 16], text)?.to_wire());
    }
    let request = PushRequest { writer, nonce: format!("first-{grid}"), now: NOW, ops };
    let push = http.post(format!("{url}/sync/v1/push")).bearer_auth(token).json(&request);
    let reply: PushReply = push.send().await?.json().await?;
    match reply.results.iter().find(|r| r.r != Verdict::Ok) {
        None => Ok(()),
        Some(result) => Err(format!("{result:?}").into()),
    }
}
