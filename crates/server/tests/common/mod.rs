//! A server on a free port, and devices that talk to it.
#![allow(dead_code, clippy::unwrap_used)]

pub mod device;
pub mod line;
pub mod postgres;
pub mod program;

pub use device::Device;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::NaiveDate;
use gridbook_domain::admit::Reach;
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::{Actor, Assignment};
use gridbook_log::{DeviceId, Entity, EntityId, Op, Values, Writer};
use gridbook_server::admission::Admission;
use gridbook_server::clock::Clock;
use gridbook_server::db::NewTenant;
use gridbook_server::writer::rights::Person;
use gridbook_server::{App, Config, password, serve, start};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// 2026-05-18 08:00 in China.
pub const NOON: u64 = 1_779_062_400_000;
pub const PASSWORD: &str = "correct horse";
pub const DAY: u64 = 24 * 3600 * 1000;

/// Whether this test binary is the one that runs on PostgreSQL (`tests/postgres.rs`).
pub const ON_POSTGRES: bool = matches!(env!("CARGO_CRATE_NAME").as_bytes(), b"postgres");

/// A clock that tests move.
pub struct TestClock(AtomicU64);

impl Clock for TestClock {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// Lets everything through but bodies that say "forbidden": for tests of the transport.
pub struct Open;

impl Admission for Open {
    fn admit(&self, _: &Actor, _: Option<&Entity>, op: &Op, _: NaiveDate) -> Result<(), String> {
        if op.body_text().is_some_and(|text| text.contains("forbidden")) {
            Err("not_permitted".to_owned())
        } else {
            Ok(())
        }
    }

    fn reach(&self, actor: &Actor, today: NaiveDate) -> Reach {
        let own = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect();
        Reach { areas: own(actor.areas(today)), units: own(actor.units(today)) }
    }

    fn knows_role(&self, _: &str) -> bool {
        true
    }

    fn manages_staff(&self, actor: &Actor, today: NaiveDate) -> bool {
        actor.has_role("grid_clerk", today)
    }

    fn gives_number(&self, _: RecordKind, action: &str) -> bool {
        action == "register"
    }
}

pub struct Server {
    pub url: String,
    pub clock: Arc<TestClock>,
    pub http: reqwest::Client,
    pub app: Option<Arc<App>>,
    pub dir: Arc<tempfile::TempDir>,
    pub config: Config,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
}

impl Server {
    pub async fn open() -> Self {
        Self::with(|config| config.admission = Arc::new(Open)).await
    }

    pub async fn with(adjust: impl FnOnce(&mut Config)) -> Self {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        let clock = Arc::new(TestClock(AtomicU64::new(NOON)));
        let file = dir.path().join("data/gridbook.db");
        let db = if ON_POSTGRES { postgres::fresh() } else { format!("sqlite://{}", file.display()) };
        let mut config = Config::new(db, NewTenant::demo());
        config.blobs = Some(dir.path().join("data/gridbook.db.blobs"));
        config.clock = clock.clone();
        adjust(&mut config);
        let mut server = Self {
            url: String::new(),
            clock,
            http: reqwest::Client::new(),
            app: None,
            dir,
            config,
            stop: None,
            task: None,
        };
        server.start().await;
        server
    }

    /// The folder that `--data` names.
    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// The folder of pictures.
    pub fn blobs(&self) -> PathBuf {
        self.data().join("gridbook.db.blobs")
    }

    /// A second server on the same database.
    pub async fn twin(&self) -> Self {
        let mut twin = Self {
            url: String::new(),
            clock: self.clock.clone(),
            http: reqwest::Client::new(),
            app: None,
            dir: self.dir.clone(),
            config: self.config.clone(),
            stop: None,
            task: None,
        };
        twin.start().await;
        twin
    }

    async fn start(&mut self) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        self.url = format!("http://{}", listener.local_addr().unwrap());
        let started = start(self.config.clone()).await.unwrap();
        self.app = Some(started.app.clone());
        let (stop, stopped) = oneshot::channel::<()>();
        self.stop = Some(stop);
        self.task = Some(tokio::spawn(async move {
            serve(listener, started, async move {
                let _ = stopped.await;
            })
            .await
            .unwrap();
        }));
    }

    /// Stops in an orderly way and waits until everything is written.
    pub async fn stop(&mut self) {
        // Keep-alive connections would hold the shutdown up.
        self.http = reqwest::Client::new();
        self.app = None;
        let _ = self.stop.take().unwrap().send(());
        self.task.take().unwrap().await.unwrap();
    }

    pub async fn restart(&mut self) {
        self.stop().await;
        self.start().await;
    }

    /// Starts what was stopped.
    pub async fn restart_only(&mut self) {
        self.start().await;
    }

    pub fn app(&self) -> &Arc<App> {
        self.app.as_ref().unwrap()
    }

    pub fn pass(&self, ms: u64) {
        self.clock.0.fetch_add(ms, Ordering::SeqCst);
    }

    /// An account with one role.
    pub async fn person(&self, user: &str, assignments: Vec<Assignment>) {
        let person =
            Person { user: user.to_owned(), name: format!("测试{user}"), phone: None, assignments };
        let user = user.to_owned();
        let hash = password::hash_now(PASSWORD, true).unwrap();
        self.app()
            .writer
            .run(move |ledger| {
                Box::pin(async move {
                    ledger.save_people(&[person]).await?;
                    gridbook_server::sql::query("UPDATE accounts SET password = ? WHERE account = ?")
                        .bind(hash)
                        .bind(user)
                        .execute(&mut ledger.conn)
                        .await?;
                    Ok(())
                })
            })
            .await
            .unwrap();
    }

    pub async fn assign(&self, user: &str, assignments: Vec<Assignment>) {
        let user = user.to_owned();
        self.app()
            .writer
            .run(move |l| Box::pin(async move { l.assign(&user, &assignments).await }))
            .await
            .unwrap();
    }

    /// Status and JSON of any request.
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    pub async fn token(&self, user: &str) -> String {
        let body = json!({ "user": user, "password": PASSWORD });
        let (status, answer) = self.call("POST", "/api/sign-in", None, Some(body)).await;
        assert_eq!(status, 200, "{answer}");
        answer["token"].as_str().unwrap().to_owned()
    }

    /// A new account with an area role, signed in on a device.
    pub async fn worker(&self, user: &str, area: &str) -> Device {
        self.person(user, vec![role("grid_worker_l2", area)]).await;
        self.device(user).await
    }

    /// A stream as the database holds it.
    pub async fn stream(&self, id: EntityId) -> Vec<Op> {
        type Row = (String, Option<String>, Option<String>, Option<String>);
        let rows: Vec<Row> = gridbook_server::sql::query_as(
            "SELECT line, salt, body, body_hash FROM ops WHERE entity = ? ORDER BY seq",
        )
        .bind(id.0.to_vec())
        .fetch_all(&self.app().readers)
        .await
        .unwrap();
        rows.into_iter()
            .map(|(h, s, b, x)| Op::from_wire(gridbook_log::WireOp { h, s, b, x, g: None }).unwrap())
            .collect()
    }

    pub async fn device(&self, user: &str) -> Device {
        self.device_with(user, self.token(user).await)
    }

    pub fn device_with(&self, user: &str, token: String) -> Device {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let n = NEXT.fetch_add(1, Ordering::SeqCst);
        Device {
            http: self.http.clone(),
            url: self.url.clone(),
            token,
            user: user.to_owned(),
            writer: Writer { dev: DeviceId(n.to_be_bytes()), epoch: 1 },
            nonce: format!("nonce-{n}"),
            ms: NOON,
            entities: BTreeMap::new(),
            visible: BTreeSet::new(),
            ops: BTreeMap::new(),
            delivered: 0,
            cursor: String::new(),
            count: 0,
        }
    }
}

pub fn role(role: &str, area: &str) -> Assignment {
    Assignment { role: role.to_owned(), area: Some(area.to_owned()), ..Assignment::default() }
}

pub fn unit(unit: &str) -> Assignment {
    Assignment { role: "unit_handler".to_owned(), unit: Some(unit.to_owned()), ..Assignment::default() }
}

pub fn values(object: &Value) -> Values {
    object.as_object().into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect()
}
