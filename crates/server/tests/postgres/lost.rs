//! A restore whose last answer is lost: tables and pictures are of one time, whatever became of the commit.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use crate::common::postgres::fresh;
use crate::common::{NOON, Server};
use gridbook_server::db;
use gridbook_server::keep::{self, KeepError};
use gridbook_server::sql;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};

/// The message that commits.
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";

/// What happens to it.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    /// It arrives, and its answer does not.
    Answered,
    /// It is still under way when the client has gone.
    Late,
}

/// A line to the cluster on which a commit meets a fault.
struct Line {
    url: String,
    state: Arc<Mutex<State>>,
    _folder: tempfile::TempDir,
}

struct State {
    fault: Fault,
    /// So many connections after that find nobody.
    refuse: usize,
    broken: bool,
    /// The way to PostgreSQL on which the commit is still under way.
    late: Option<UnixStream>,
}

impl Line {
    fn to(db: &str, fault: Fault, refuse: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (before, after) = db.split_once("host=").unwrap();
        let (host, after) = after.split_once('&').unwrap();
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
        let url = format!("{before}host={}&{after}", folder.path().display());
        let there = PathBuf::from(host).join(".s.PGSQL.5432");
        let state = Arc::new(Mutex::new(State { fault, refuse, broken: false, late: None }));
        let held = state.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let refused = {
                    let mut state = held.lock().unwrap();
                    let refused = state.broken && state.refuse > 0;
                    state.refuse -= usize::from(refused);
                    refused
                };
                if !refused {
                    let server = UnixStream::connect(&there).await.unwrap();
                    tokio::spawn(carry(client, server, held.clone()));
                }
            }
        });
        Self { url, state, _folder: folder }
    }

    /// What was under way arrives, and has its effect.
    async fn arrives(&self) {
        let late = self.state.lock().unwrap().late.take();
        let mut late = late.unwrap();
        let _ = late.write_all(COMMIT).await;
        let _ = late.read(&mut [0; 1024]).await;
    }
}

async fn carry(mut client: UnixStream, mut server: UnixStream, state: Arc<Mutex<State>>) {
    let (mut up, mut down) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let Ok(size @ 1..) = read else { return };
                if &up[..size] == COMMIT {
                    let fault = state.lock().unwrap().fault;
                    if fault == Fault::Answered {
                        server.write_all(COMMIT).await.unwrap();
                        assert!(server.read(&mut down).await.unwrap() > 0);
                    }
                    let mut state = state.lock().unwrap();
                    state.broken = true;
                    state.late = (fault == Fault::Late).then_some(server);
                    return;
                }
                if server.write_all(&up[..size]).await.is_err() { return }
            }
            read = server.read(&mut down) => {
                let Ok(size @ 1..) = read else { return };
                if client.write_all(&down[..size]).await.is_err() { return }
            }
        }
    }
}

/// A township's backup, and the township, stopped. In its folder of pictures lies `before`.
async fn backed_up() -> (Server, PathBuf) {
    let mut server = Server::open().await;
    let backup = server.dir.path().join("backup");
    keep::backup(&server.config.db, &server.blobs(), &backup, NOON).await.unwrap();
    server.stop().await;
    std::fs::create_dir_all(server.blobs()).unwrap();
    std::fs::write(server.blobs().join("before"), "").unwrap();
    (server, backup)
}

/// The history that stands in the tables, if there are some.
async fn history(url: &str) -> Option<String> {
    let mut conn = db::open_existing(url).await.ok()?;
    sql::query_scalar("SELECT history FROM tenant").fetch_one(&mut conn).await.ok()
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_found_out_when_somebody_can_be_asked_again() {
    let (server, backup) = backed_up().await;
    let old = history(&server.config.db).await.unwrap();
    let line = Line::to(&server.config.db, Fault::Answered, 2);
    let done = keep::restore_postgres(&backup, &line.url, &server.blobs(), true, NOON).await.unwrap();
    assert_ne!(history(&server.config.db).await.unwrap(), old);
    assert!(done.kept[0].join("before").exists() && !server.blobs().join("before").exists());
    assert_eq!(keep::check(&server.config.db, &server.blobs()).await.unwrap(), []);
}

#[tokio::test]
async fn a_commit_that_is_still_under_way_does_not_come_true_afterwards() {
    let (server, backup) = backed_up().await;
    let empty = fresh();
    let line = Line::to(&empty, Fault::Late, 0);
    let done = keep::restore_postgres(&backup, &line.url, &server.blobs(), false, NOON).await;
    assert!(matches!(done, Err(KeepError::Db(_))), "{done:?}");
    line.arrives().await;
    assert_eq!(history(&empty).await, None, "no tables of the backup");
    assert!(server.blobs().join("before").exists(), "and none of its pictures");
}

#[tokio::test]
async fn where_nobody_can_be_asked_neither_folder_of_pictures_goes() {
    let (server, backup) = backed_up().await;
    let line = Line::to(&server.config.db, Fault::Answered, usize::MAX);
    let done = keep::restore_postgres(&backup, &line.url, &server.blobs(), true, NOON).await;
    let Err(error @ KeepError::Unsure { .. }) = &done else { panic!("{done:?}") };
    let KeepError::Unsure { blobs, before: Some(before) } = error else { panic!("{error}") };
    assert!(before.join("before").exists() && blobs.exists() && !blobs.join("before").exists());
    let told = error.to_string();
    assert!(told.contains("--replace") && told.contains(&before.display().to_string()), "{told}");
    // What it advises, once the database can be reached.
    let again =
        keep::restore_postgres(&backup, &server.config.db, &server.blobs(), true, NOON + 1).await.unwrap();
    assert!(before.exists() && again.kept[0].exists());
    assert_eq!(keep::check(&server.config.db, &server.blobs()).await.unwrap(), []);
}
