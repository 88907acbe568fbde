//! The reference server for the simulator: its own routes, writer and feed on a SQLite file or a database of PostgreSQL's,
//! asked one request at a time. The time is the simulator's. What the server draws at random (names, salts) changes
//! nothing that a run does.

mod keys;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request as HttpRequest, header};
use chrono::NaiveDate;
use gridbook_domain::admit::Reach;
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::{Actor, Assignment};
use gridbook_log::{DeviceId, Entity, Hash, Op, WireOp};
use gridbook_server::admission::Admission;
use gridbook_server::clock::Clock;
use gridbook_server::db::NewTenant;
use gridbook_server::feed::packs::Packs;
use gridbook_server::writer::rights::Person;
use gridbook_server::{App, Config, Started, database_path, http, keep, secret, signature, sql, start};
use gridbook_sync::engine::{Request, Response};
use gridbook_sync::sim::{self, Failure, Keys as _, Report};
use gridbook_sync::wire::{PAGE_HEADER, Problem, SnapshotPage};
use keys::RealKeys;
use tokio::runtime::Runtime;
use tower::ServiceExt;

/// Answers are small here.
const MAX_ANSWER: usize = 64 << 20;
/// Sessions hold for as long as a run takes.
const FOREVER: i64 = i64::MAX / 2;

/// Runs one seed on a SQLite file of its own, or on the empty database of PostgreSQL's at that address.
///
/// # Errors
/// [`Failure`] with the invariant that did not hold.
pub fn run(postgres: Option<String>, seed: u64) -> Result<Report, Failure> {
    sim::run_against(Rc::new(Simulated::open(postgres)), seed)
}

/// The simulator's time.
#[derive(Default)]
struct Told(AtomicU64);

impl Clock for Told {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// The rules of the server in memory: everything may be written but what says "forbidden".
struct Plain;

impl Admission for Plain {
    fn admit(&self, _: &Actor, _: Option<&Entity>, op: &Op, _: NaiveDate) -> Result<(), String> {
        let says =
            op.body().ok().and_then(|body| body.set()).is_some_and(|set| set.contains_key("forbidden"));
        if says { Err("rule".to_owned()) } else { Ok(()) }
    }

    fn reach(&self, actor: &Actor, today: NaiveDate) -> Reach {
        let areas = actor.areas(today).into_iter().map(str::to_owned).collect();
        Reach { areas, ..Reach::default() }
    }

    fn knows_role(&self, _: &str) -> bool {
        true
    }

    fn manages_staff(&self, _: &Actor, _: NaiveDate) -> bool {
        false
    }

    fn gives_number(&self, _: RecordKind, _: &str) -> bool {
        false
    }
}

/// A few records fill a packed page: a list of them has several.
const PACKED: usize = 5;

/// What an answer says went wrong.
fn problem(body: &[u8]) -> String {
    serde_json::from_slice::<Problem>(body).unwrap().code
}

async fn started(config: &Config) -> Started {
    let mut started = start(config.clone()).await.unwrap();
    // Nobody else has it yet.
    Arc::get_mut(&mut started.app).unwrap().packs = Packs::of(PACKED);
    started
}

/// See the module's text.
pub struct Simulated {
    runtime: Runtime,
    dir: tempfile::TempDir,
    clock: Arc<Told>,
    config: Config,
    started: RefCell<Option<Started>>,
    /// Its routes: made once, they are many.
    routes: RefCell<Option<Router>>,
    /// Accounts that have a session; the token is the name.
    people: RefCell<BTreeSet<String>>,
    /// What was pushed, whole: of what it refuses the server keeps no body.
    pushed: RefCell<BTreeMap<Hash, WireOp>>,
    keys: Rc<RealKeys>,
    backed_up: Cell<bool>,
}

impl Simulated {
    fn open(postgres: Option<String>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(Told::default());
        let file = || format!("sqlite://{}", dir.path().join("gridbook.db").display());
        let mut config = Config::new(postgres.unwrap_or_else(file), NewTenant::demo());
        config.blobs = Some(dir.path().join("gridbook.db.blobs"));
        config.clock = clock.clone();
        config.admission = Arc::new(Plain);
        let started = runtime.block_on(started(&config));
        let routes = RefCell::new(Some(http::router(started.app.clone())));
        let started = RefCell::new(Some(started));
        Self {
            runtime,
            dir,
            clock,
            config,
            started,
            routes,
            people: RefCell::default(),
            pushed: RefCell::default(),
            keys: Rc::default(),
            backed_up: Cell::new(false),
        }
    }

    fn app(&self) -> Arc<App> {
        self.started.borrow().as_ref().unwrap().app.clone()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The folder of pictures.
    fn blobs(&self) -> PathBuf {
        self.path("gridbook.db.blobs")
    }

    /// An account with a session.
    fn welcome(&self, user: &str) {
        if !self.people.borrow_mut().insert(user.to_owned()) {
            return;
        }
        let person =
            Person { user: user.to_owned(), name: user.to_owned(), phone: None, assignments: Vec::new() };
        let app = self.app();
        let user = user.to_owned();
        let made = app.writer.run(move |ledger| {
            Box::pin(async move {
                ledger.save_people(&[person]).await?;
                let insert = sql::query(
                    "INSERT INTO sessions (tenant, token, account, device, created_at, seen_at, expires_at)
                     VALUES (?, ?, ?, NULL, 0, ?, ?)",
                );
                insert
                    .bind(ledger.tenant.id)
                    .bind(secret::sha256(user.as_bytes()).to_vec())
                    .bind(&user)
                    .bind(FOREVER)
                    .bind(FOREVER)
                    .execute(&mut ledger.conn)
                    .await?;
                Ok(())
            })
        });
        self.runtime.block_on(made).unwrap();
    }

    async fn ask(&self, user: &str, request: &Request, blob: Option<Vec<u8>>) -> Response {
        let cursor = |cursor: &str| cursor.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
        let (method, path, body) = match request {
            Request::Caps => ("GET", "caps".to_owned(), Vec::new()),
            Request::Push(push) => ("POST", "push".to_owned(), serde_json::to_vec(push).unwrap()),
            Request::Pull { cursor: from, limit, not } => {
                let not = not.map(|not| format!("&not={not}")).unwrap_or_default();
                ("GET", format!("pull?limit={limit}&cursor={}{not}", cursor(from)), Vec::new())
            }
            Request::Snapshot { cursor: from, place } => {
                let place = place.as_ref().map(|place| format!("&place={place}")).unwrap_or_default();
                ("GET", format!("snapshot?cursor={}{place}", cursor(from)), Vec::new())
            }
            Request::Fp { places } => ("GET", format!("fp?places={}", u8::from(*places)), Vec::new()),
            Request::PutBlob { sha256 } => ("PUT", format!("blobs/{sha256}"), blob.unwrap_or_default()),
            Request::AskBlob { sha256 } => ("HEAD", format!("blobs/{sha256}"), Vec::new()),
            Request::PutPart { sha256, .. } => ("PATCH", format!("blobs/{sha256}"), blob.unwrap_or_default()),
        };
        let mut asked = HttpRequest::builder()
            .method(method)
            .uri(format!("/sync/v1/{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {user}"))
            .header(header::CONTENT_TYPE, "application/json");
        if let Request::PutPart { offset, length, .. } = request {
            asked = asked.header("upload-offset", *offset).header("upload-length", *length);
        }
        let routes = self.routes.borrow().clone().unwrap();
        let answer = routes.oneshot(asked.body(Body::from(body)).unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        let told = |name: &str| answer.headers().get(name).map(|text| text.to_str().unwrap().to_owned());
        let (head, complete) = (told(PAGE_HEADER), told("upload-complete").as_deref() == Some("?1"));
        let offset = told("upload-offset").map(|text| text.parse().unwrap());
        let body = to_bytes(answer.into_body(), MAX_ANSWER).await.unwrap();
        match (request, status) {
            // As the app reads it (`src/net.rs`).
            (Request::AskBlob { .. } | Request::PutPart { .. }, 200..300) if !complete => {
                return Response::BlobAt(offset);
            }
            (Request::PutPart { .. }, 409) => return Response::BlobAt(offset),
            (Request::AskBlob { .. }, 404) => return Response::BlobAt(None),
            (_, 200..300) => {}
            _ => {
                assert!(status < 500, "{method} {path}: {status} {body:?}");
                // An answer to HEAD has no words.
                let silent = matches!(request, Request::AskBlob { .. });
                let code = if silent { String::new() } else { problem(&body) };
                return Response::Failed { status, code, retry_after_ms: None };
            }
        }
        match request {
            Request::Caps => Response::Caps(serde_json::from_slice(&body).unwrap()),
            Request::Push(_) => Response::Push(serde_json::from_slice(&body).unwrap()),
            Request::Pull { .. } => Response::Pull(serde_json::from_slice(&body).unwrap()),
            Request::Fp { .. } => Response::Fp(serde_json::from_slice(&body).unwrap()),
            Request::Snapshot { .. } => Response::Snapshot(SnapshotPage {
                head: serde_json::from_str(&head.unwrap()).unwrap(),
                frames: body.to_vec(),
            }),
            Request::PutBlob { .. } | Request::AskBlob { .. } | Request::PutPart { .. } => Response::Blob,
        }
    }

    fn count(&self, text: &'static str) -> i64 {
        let app = self.app();
        self.runtime.block_on(async { sql::query_scalar(text).fetch_one(&app.readers).await }).unwrap()
    }
}

impl sim::Server for Simulated {
    fn answer(&self, user: &str, request: &Request, blob: Option<Vec<u8>>, at: u64) -> Response {
        self.clock.0.store(at, Ordering::SeqCst);
        if let Request::Push(push) = request {
            for wire in &push.ops {
                let hash = *Op::from_wire(wire.clone()).unwrap().hash();
                self.pushed.borrow_mut().entry(hash).or_insert_with(|| wire.clone());
            }
        }
        self.runtime.block_on(self.ask(user, request, blob))
    }

    fn grant(&self, user: &str, areas: &BTreeSet<String>, at: u64) {
        self.clock.0.store(at, Ordering::SeqCst);
        self.welcome(user);
        let role = |area: &String| Assignment {
            role: "reader".to_owned(),
            area: Some(area.clone()),
            ..Assignment::default()
        };
        let (user, held) = (user.to_owned(), areas.iter().map(role).collect::<Vec<_>>());
        let app = self.app();
        let given = app.writer.run(move |ledger| Box::pin(async move { ledger.assign(&user, &held).await }));
        self.runtime.block_on(given).unwrap();
    }

    fn keys(&self) -> Rc<dyn sim::Keys> {
        self.keys.clone()
    }

    fn register(&self, user: &str, dev: DeviceId, at: u64) {
        self.clock.0.store(at, Ordering::SeqCst);
        let (user, key) = (user.to_owned(), secret::hex(&self.keys.point(dev)));
        let app = self.app();
        let done = app
            .writer
            .run(move |ledger| Box::pin(async move { signature::register(ledger, &user, dev, &key).await }));
        self.runtime.block_on(done).unwrap();
    }

    fn authority(&self) -> DeviceId {
        self.app().tenant.authority
    }

    fn aside(&self) -> Vec<Op> {
        let app = self.app();
        let rows: Vec<String> = self
            .runtime
            .block_on(async {
                sql::query_scalar("SELECT op FROM quarantine ORDER BY hash").fetch_all(&app.readers).await
            })
            .unwrap();
        rows.iter().map(|text| Op::from_wire(serde_json::from_str(text).unwrap()).unwrap()).collect()
    }

    fn ops(&self) -> Vec<Op> {
        type Row = (String, Option<String>, Option<String>, Option<String>);
        let app = self.app();
        let rows: Vec<Row> = self
            .runtime
            .block_on(async {
                sql::query_as("SELECT line, salt, body, body_hash FROM ops ORDER BY seq")
                    .fetch_all(&app.readers)
                    .await
            })
            .unwrap();
        let pushed = self.pushed.borrow();
        let whole = |(h, s, b, x): Row| {
            let op = Op::from_wire(WireOp { h, s, b, x, g: None }).unwrap();
            match pushed.get(op.hash()) {
                Some(wire) => Op::from_wire(wire.clone()).unwrap(),
                None => op,
            }
        };
        rows.into_iter().map(whole).collect()
    }

    fn len(&self) -> usize {
        usize::try_from(self.count("SELECT last_seq FROM tenant")).unwrap()
    }

    fn has_blob(&self, sha256: &str) -> bool {
        let app = self.app();
        self.runtime.block_on(app.blobs.get(sha256)).unwrap().is_some()
    }

    fn lose_parts(&self) -> bool {
        // What the server does itself with uploads that nobody went on with for a week.
        self.runtime.block_on(self.app().blobs.sweep(i64::MAX)).unwrap() > 0
    }

    fn back_up(&self, at: u64) {
        let out = self.path("backup");
        self.runtime.block_on(keep::backup(&self.config.db, &self.blobs(), &out, at)).unwrap();
        self.backed_up.set(true);
    }

    fn restore(&self, at: u64) -> bool {
        if !self.backed_up.get() {
            return false;
        }
        let Started { app, writing, .. } = self.started.take().unwrap();
        self.routes.take();
        let (from, db, blobs) = (self.path("backup"), &self.config.db, self.blobs());
        let again = self.runtime.block_on(async {
            app.readers.close().await;
            drop(app);
            writing.await.unwrap();
            if sql::is_postgres(db) {
                keep::restore_postgres(&from, db, &blobs, true, at).await.unwrap();
            } else {
                keep::restore(&from, &database_path(db), &blobs, true, at).await.unwrap();
            }
            started(&self.config).await
        });
        self.routes.replace(Some(http::router(again.app.clone())));
        self.started.replace(Some(again));
        true
    }
}
