//! A server in this process on an empty database, with people who are signed in.

use std::sync::Arc;
use std::time::Duration;

use gridbook_domain::role::Assignment;
use gridbook_server::db::NewTenant;
use gridbook_server::secret;
use gridbook_server::sql;
use gridbook_server::writer::rights::Person;
use gridbook_server::{App, Config, StartError, serve, start};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::Failure;
use crate::cpu::Cpu;
use crate::phones::{Phone, area};
use crate::postgres;

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// An empty database; a file is gone with this value, PostgreSQL's with the program.
pub struct Database {
    pub url: String,
    folder: tempfile::TempDir,
    kind: Kind,
}

impl Database {
    /// A file, or one of a cluster that keeps what it has acknowledged.
    pub fn fresh(kind: Kind) -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let url = address(kind, &folder, "load");
        Ok(Self { url, folder, kind })
    }

    /// A second one in the same place, for the same rows once more.
    pub fn other(&self) -> String {
        address(self.kind, &self.folder, "other")
    }
}

fn address(kind: Kind, folder: &tempfile::TempDir, name: &str) -> String {
    match kind {
        Kind::Postgres => postgres::durable().fresh(),
        Kind::Sqlite => format!("sqlite://{}", folder.path().join(format!("{name}.db")).display()),
    }
}

/// The server and its people.
pub struct Town {
    pub url: String,
    pub app: Arc<App>,
    pub phones: Vec<Phone>,
    backend: Option<u32>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Result<(), StartError>>,
}

impl Town {
    pub async fn open(database: &Database, count: u64) -> Result<Self, Failure> {
        let mut config = Config::new(database.url.clone(), NewTenant::demo());
        config.blobs = Some(database.folder.path().join("blobs"));
        let started = start(config).await?;
        let app = started.app.clone();
        let phones = people(&app, count).await?;
        let backend = match &app.readers {
            sql::Pool::Postgres(_) => {
                let pid = sql::query_scalar::<i64>("SELECT pg_backend_pid()::BIGINT");
                Some(u32::try_from(pid.fetch_one(&app.readers).await?)?)
            }
            sql::Pool::Sqlite(_) => None,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(serve(listener, started, async move {
            let _ = stopped.await;
        }));
        Ok(Self { url, app, phones, backend, stop, serving })
    }

    /// Processor time up to now.
    pub fn cpu(&self) -> Cpu {
        Cpu::now(self.backend)
    }

    /// Stops it with everything written.
    pub async fn close(self) -> Result<(), Failure> {
        drop(self.app);
        let _ = self.stop.send(());
        tokio::time::timeout(Duration::from_secs(60), self.serving).await???;
        Ok(())
    }
}

/// People with a session each: what passwords cost is not measured here.
async fn people(app: &App, count: u64) -> Result<Vec<Phone>, Failure> {
    let phones: Vec<Phone> = (0..count).map(Phone::new).collect();
    let people: Vec<Person> = phones.iter().map(|phone| person(phone.number)).collect();
    let sessions: Vec<(Vec<u8>, String)> = phones
        .iter()
        .map(|phone| (secret::sha256(phone.token.as_bytes()).to_vec(), phone.user.clone()))
        .collect();
    let job = app.writer.run(move |ledger| {
        Box::pin(async move {
            ledger.save_people(&people).await?;
            let (tenant, now) = (ledger.tenant.id, ledger.now_i64());
            let head = "sessions (tenant, token, account, created_at, seen_at, expires_at)";
            sql::insert(&mut ledger.conn, head, "", sessions, |cells, (token, user)| {
                cells.push(tenant).push_bind(token).push_bind(user);
                cells.push_bind(now).push_bind(now).push_bind(now + 86_400_000);
            })
            .await?;
            Ok(())
        })
    });
    job.await.map_err(|error| error.to_string())?;
    Ok(phones)
}

fn person(number: u64) -> Person {
    let held =
        Assignment { role: "grid_worker_l2".to_owned(), area: Some(area(number)), ..Assignment::default() };
    Person { user: format!("load{number}"), name: "压测".to_owned(), phone: None, assignments: vec![held] }
}
