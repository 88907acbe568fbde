//! A server on a free port, and devices that talk to it.
#![allow(dead_code, clippy::unwrap_used)]

pub mod line;
pub mod postgres;
pub mod program;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::NaiveDate;
use gridbook_domain::admit::Reach;
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::{Actor, Assignment};
use gridbook_log::{
    Body, Create, DeviceId, Dot, Entity, EntityId, Event, Fingerprint, Hlc, NewOp, Op, OpId, Placement,
    Values, Writer, pack,
};
use gridbook_server::admission::Admission;
use gridbook_server::clock::Clock;
use gridbook_server::db::NewTenant;
use gridbook_server::writer::rights::Person;
use gridbook_server::{App, Config, password, serve, start};
use gridbook_sync::wire::{
    Entry, FpReply, PAGE_HEADER, PageHead, PullReply, PushReply, PushRequest, Verdict,
};
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

/// A phone: its operations, and what it was told.
#[derive(Clone)]
pub struct Device {
    pub http: reqwest::Client,
    pub url: String,
    pub token: String,
    pub user: String,
    pub writer: Writer,
    pub nonce: String,
    pub ms: u64,
    pub entities: BTreeMap<EntityId, Entity>,
    /// What the feed let it see.
    pub visible: BTreeSet<EntityId>,
    /// Operations that came down, and how often.
    pub ops: BTreeMap<OpId, u32>,
    /// Entries that came down.
    pub delivered: usize,
    pub cursor: String,
    count: u64,
}

impl Device {
    /// Goes on with a server that was started again on another port.
    pub fn follow(&mut self, server: &Server) {
        self.url.clone_from(&server.url);
        self.http = server.http.clone();
    }

    fn write(&mut self, entity: EntityId, body: &Body) -> Op {
        let (kind, text) = body.to_text();
        self.write_text(entity, kind, text)
    }

    pub fn write_text(&mut self, entity: EntityId, kind: &str, text: String) -> Op {
        self.ms += 1;
        let user = self.user.clone();
        let op = self.raw(entity, kind, &user, text);
        self.entities.entry(entity).or_insert_with(|| Entity::new(entity, None)).apply(&op);
        op
    }

    /// An operation that is not kept here.
    pub fn raw(&self, entity: EntityId, kind: &str, user: &str, text: String) -> Op {
        let ctx = self.entities.get(&entity).map(|e| e.frontier().clone()).unwrap_or_default();
        let dot = Dot { writer: self.writer, n: ctx.get(self.writer) + 1 };
        Op::new(NewOp { entity, dot, hlc: Hlc { ms: self.ms, count: 0 }, kind, user, ctx }, [7; 16], text)
            .unwrap()
    }

    pub fn fresh_id(&mut self) -> EntityId {
        self.count += 1;
        let mut random = [0u8; 10];
        random[..8].copy_from_slice(&self.writer.dev.0);
        EntityId::new(NOON + self.count, random)
    }

    pub fn create(&mut self, type_: &str, area: &str) -> Op {
        self.create_with(type_, area, &json!({ "desc": "一句话" }))
    }

    pub fn create_with(&mut self, type_: &str, area: &str, set: &Value) -> Op {
        let body = Body::Create(Create {
            type_: type_.to_owned(),
            state: Some("submitted".to_owned()),
            place: Placement { area: Some(area.to_owned()), ..Placement::default() },
            set: values(set),
            ..Create::default()
        });
        let id = self.fresh_id();
        self.write(id, &body)
    }

    pub fn set(&mut self, entity: EntityId, path: &str, value: &str) -> Op {
        let set = values(&json!({ path: value }));
        self.write(entity, &Body::Set(gridbook_log::body::Set { set, blobs: Vec::new() }))
    }

    pub fn event(&mut self, entity: EntityId, event: &str, from: &str, to: &str) -> Op {
        let event = Event {
            event: event.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
            table: 1,
            ..Event::default()
        };
        self.write(entity, &Body::Event(event))
    }

    pub fn body(&mut self, entity: EntityId, body: &Body) -> Op {
        self.write(entity, body)
    }

    pub fn place(&mut self, entity: EntityId, place: Placement) -> Op {
        self.write(entity, &Body::Place(place))
    }

    pub fn request(&self, ops: &[Op]) -> PushRequest {
        let ops = ops.iter().map(Op::to_wire).collect();
        PushRequest { writer: self.writer, nonce: self.nonce.clone(), now: self.ms, ops }
    }

    pub async fn push(&self, ops: &[Op]) -> PushReply {
        let response = self
            .http
            .post(format!("{}/sync/v1/push", self.url))
            .bearer_auth(&self.token)
            .json(&self.request(ops))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["gridbook-contract"], "1");
        response.json().await.unwrap()
    }

    /// Pushes and expects every operation to be stored.
    pub async fn push_ok(&self, ops: &[Op]) {
        let reply = self.push(ops).await;
        assert!(reply.results.iter().all(|r| r.r == Verdict::Ok), "{:?}", reply.results);
    }

    /// Pushes one operation and expects it to be stored.
    pub async fn push_only(&self, op: &Op) {
        self.push_ok(std::slice::from_ref(op)).await;
    }

    /// Pushes one operation: verdict and code.
    pub async fn push_one(&self, op: &Op) -> (Verdict, Option<String>) {
        let mut reply = self.push(std::slice::from_ref(op)).await;
        let result = reply.results.remove(0);
        assert_eq!(result.id, Some(op.id()));
        (result.r, result.code)
    }

    pub async fn page(&self, limit: usize) -> PullReply {
        self.page_of(&format!("limit={limit}&cursor={}", self.cursor)).await
    }

    /// The page that leaves out what this device wrote.
    pub async fn page_without_own(&self) -> PullReply {
        self.page_of(&format!("cursor={}&not={}", self.cursor, self.writer)).await
    }

    async fn page_of(&self, query: &str) -> PullReply {
        let response = self
            .http
            .get(format!("{}/sync/v1/pull?{query}", self.url))
            .bearer_auth(&self.token)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    pub fn take(&mut self, reply: PullReply, limit: usize) -> bool {
        assert!(reply.entries.len() <= limit);
        assert!(
            !reply.more || reply.cursor != self.cursor,
            "a page moves the cursor or says that nothing more waits"
        );
        self.cursor = reply.cursor;
        self.delivered += reply.entries.len();
        for entry in reply.entries {
            match entry {
                Entry::Op { op, .. } => {
                    let op = Op::from_wire(op).unwrap();
                    *self.ops.entry(op.id()).or_default() += 1;
                    self.visible.insert(op.entity());
                    self.entities
                        .entry(op.entity())
                        .or_insert_with(|| Entity::new(op.entity(), None))
                        .apply(&op);
                }
                Entry::Enter { e } => {
                    self.visible.insert(e);
                }
                Entry::Leave { e } => {
                    self.visible.remove(&e);
                    self.entities.remove(&e);
                    self.ops.retain(|id, _| id.entity != e);
                }
            }
        }
        reply.more
    }

    /// One page of packed streams; `None` where there are none from this cursor on.
    pub async fn packed(&self, cursor: &str, place: Option<&str>) -> Option<(PageHead, Vec<Op>)> {
        let place = place.map_or_else(String::new, |place| format!("&place={place}"));
        let url = format!("{}/sync/v1/snapshot?cursor={cursor}{place}", self.url);
        let response = self.http.get(url).bearer_auth(&self.token).send().await.unwrap();
        if response.status() == 410 {
            return None;
        }
        assert_eq!(response.status(), 200);
        let head: PageHead = serde_json::from_str(response.headers()[PAGE_HEADER].to_str().unwrap()).unwrap();
        let bytes = response.bytes().await.unwrap();
        let (mut ops, mut rest) = (Vec::new(), &bytes[..]);
        while !rest.is_empty() {
            let (op, len) = pack::read_checked(rest).unwrap();
            ops.push(op);
            rest = &rest[len..];
        }
        let mut fp = Fingerprint::default();
        ops.iter().for_each(|op| fp.add(op));
        assert_eq!(fp, head.fp);
        Some((head, ops))
    }

    /// As a device that has nothing: packed streams, then the feed.
    pub async fn pull_packed(&mut self) {
        while let Some((head, ops)) = self.packed(&self.cursor, None).await {
            self.cursor = head.cursor;
            for op in ops {
                self.visible.insert(op.entity());
                self.entities.entry(op.entity()).or_insert_with(|| Entity::new(op.entity(), None)).apply(&op);
            }
            if !head.more {
                break;
            }
        }
        self.pull().await;
    }

    /// What the server says that this device should hold.
    pub async fn should_hold(&self) -> FpReply {
        let url = format!("{}/sync/v1/fp?places=1", self.url);
        self.http.get(url).bearer_auth(&self.token).send().await.unwrap().json().await.unwrap()
    }

    /// What it holds.
    pub fn holds(&self) -> Fingerprint {
        let mut fp = Fingerprint::default();
        self.visible.iter().for_each(|id| fp.join(self.entities[id].fingerprint()));
        fp
    }

    pub async fn pull(&mut self) {
        self.pull_by(1000).await;
    }

    pub async fn pull_by(&mut self, limit: usize) {
        loop {
            let reply = self.page(limit).await;
            if !self.take(reply, limit) {
                break;
            }
        }
    }
}

pub fn values(object: &Value) -> Values {
    object.as_object().into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect()
}
