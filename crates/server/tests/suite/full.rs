//! A full disk: reading goes on, writing says so clearly, nothing is half written, and all is well once there is room.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use crate::common::program::listening;
use crate::common::{DAY, Device, ON_POSTGRES, Server};
use gridbook_log::{BlobRef, Body, Op, body};
use gridbook_server::secret::{hex, sha256};
use gridbook_server::{db, keep};
use serde_json::{Value, json};

const AREA: &str = "510000100201001";

/// What PostgreSQL says of a disk without room, said by the tables themselves: once most of a push is written, or when
/// all of it is and the transaction is to end.
const NO_ROOM: &str = "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$";
const AT_ONCE: &str =
    "CREATE TRIGGER no_room BEFORE INSERT ON entities FOR EACH ROW EXECUTE FUNCTION no_room();
    CREATE TRIGGER no_room BEFORE UPDATE ON sessions FOR EACH ROW EXECUTE FUNCTION no_room()";
const AT_THE_END: &str = "CREATE CONSTRAINT TRIGGER no_room AFTER INSERT ON entities
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION no_room()";
const ROOM: &str = "DROP FUNCTION no_room() CASCADE";

/// On SQLite the database grows no further than it is (`None`: as far as it likes).
async fn limit(server: &Server, no_room: Option<&str>) {
    if ON_POSTGRES {
        let mut conn = db::open_existing(&server.config.db).await.unwrap();
        let text = no_room.map_or_else(|| ROOM.to_owned(), |when| format!("{NO_ROOM}; {when}"));
        conn.run(text).await.unwrap();
        return conn.close().await.unwrap();
    }
    let full = no_room.is_some();
    let job = server.app().writer.run(move |ledger| {
        Box::pin(async move {
            let asked = "PRAGMA page_count";
            let now: i64 = gridbook_server::sql::query_scalar(asked).fetch_one(&mut ledger.conn).await?;
            let most = if full { now } else { i64::from(u32::MAX - 1) };
            ledger.conn.run(format!("PRAGMA max_page_count = {most}")).await?;
            Ok(())
        })
    });
    job.await.unwrap();
}

async fn push(server: &Server, ann: &Device, body: &Value) -> (u16, Value) {
    server.call("POST", "/sync/v1/push", Some(&ann.token), Some(body.clone())).await
}

/// The operations of this device that the server has.
async fn arrived(ann: &mut Device) -> usize {
    ann.pull().await;
    ann.ops.keys().filter(|id| id.dot.writer == ann.writer).count()
}

async fn refused_whole(when: &str) {
    let server = Server::open().await;
    let mut ann = server.worker("ann", AREA).await;
    let first: Vec<Op> = (0..5).map(|_| ann.create("visit", AREA)).collect();
    ann.push_ok(&first).await;
    limit(&server, Some(when)).await;
    // More rows than go out in one statement.
    let many: Vec<Op> = (0..400).map(|_| ann.create("visit", AREA)).collect();
    let body = serde_json::to_value(ann.request(&many)).unwrap();
    let (status, answer) = push(&server, &ann, &body).await;
    assert_eq!((status, answer["code"].as_str()), (503, Some("full")), "{answer}");
    assert!(answer["message"].as_str().unwrap().contains("都在"), "{answer}");
    // Reading goes on, on another day too, and sees nothing of the refused batch.
    server.pass(2 * DAY);
    assert_eq!(arrived(&mut ann).await, first.len());
    let (status, _) = server.call("GET", "/healthz", None, None).await;
    assert_eq!(status, 200);
    // Room again: the same batch is taken whole.
    limit(&server, None).await;
    let (status, answer) = push(&server, &ann, &body).await;
    assert_eq!(status, 200, "{answer}");
    assert!(answer["results"].as_array().unwrap().iter().all(|r| r["r"] == json!("ok")), "{answer}");
    assert_eq!(arrived(&mut ann).await, first.len() + many.len());
    assert_eq!(keep::check(&server.config.db, &server.blobs()).await.unwrap(), []);
}

#[tokio::test]
async fn a_full_disk_refuses_writes_whole_and_reads_on() {
    refused_whole(AT_ONCE).await;
    if ON_POSTGRES {
        refused_whole(AT_THE_END).await;
    }
}

/// A program that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// The real program where no file may grow beyond a few megabytes, and its address.
fn cramped(server: &Server) -> (Running, String) {
    // In blocks of 512 or, for some shells, 1024 bytes; the signal that comes with it would end the program.
    let within = "trap '' XFSZ; ulimit -f 3072; exec \"$@\"";
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", within, "sh", env!("CARGO_BIN_EXE_gridbook-server"), "serve", "--listen", "127.0.0.1:0"])
        .args(["--database", &server.config.db, "--data"])
        .arg(server.data());
    let (child, url) = listening(&mut command);
    (Running(child), url)
}

fn photo(len: usize) -> (String, Vec<u8>) {
    let bytes: Vec<u8> = (0..len).map(|i| (i * 31 % 251) as u8).collect();
    (hex(&sha256(&bytes)), bytes)
}

async fn send(ann: &Device, sha256: &str, bytes: &[u8]) -> (u16, Option<u64>, Value) {
    let put = ann.http.put(format!("{}/sync/v1/blobs/{sha256}", ann.url)).bearer_auth(&ann.token);
    let response = put.body(bytes.to_vec()).send().await.unwrap();
    let status = response.status().as_u16();
    let later = response.headers().get("retry-after").and_then(|v| v.to_str().ok()?.parse().ok());
    (status, later, response.json().await.unwrap_or(Value::Null))
}

/// Every file below a folder.
fn walk(folder: &Path) -> Vec<PathBuf> {
    let found = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    found.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

async fn get(ann: &Device, sha256: &str) -> (u16, Vec<u8>) {
    let get = ann.http.get(format!("{}/sync/v1/blobs/{sha256}", ann.url)).bearer_auth(&ann.token);
    let response = get.send().await.unwrap();
    (response.status().as_u16(), response.bytes().await.unwrap().to_vec())
}

#[tokio::test]
async fn a_photo_for_which_there_is_no_room_is_refused_whole_and_those_that_are_there_are_read() {
    let mut server = Server::open().await;
    let mut ann = server.worker("ann", AREA).await;
    let (small, large) = (photo(100_000), photo(3_500_000));
    let create = ann.create("hazard", AREA);
    let blobs = [&small, &large].map(|(sha256, bytes)| BlobRef {
        sha256: sha256.clone(),
        size: u32::try_from(bytes.len()).unwrap(),
        mime: "image/jpeg".to_owned(),
        role: "photo_before".to_owned(),
        thumb: None,
    });
    let set = body::Set { blobs: blobs.to_vec(), ..body::Set::default() };
    let named = ann.body(create.entity(), &Body::Set(set));
    ann.push_ok(&[create, named]).await;
    server.stop().await;
    let (running, url) = cramped(&server);
    ann.url.clone_from(&url);
    server.url = url;
    // The program has the real time: her session was of another year.
    ann.token = server.token("ann").await;
    assert_eq!(send(&ann, &small.0, &small.1).await.0, 201);
    let (status, later, answer) = send(&ann, &large.0, &large.1).await;
    assert_eq!((status, answer["code"].as_str()), (503, Some("full")), "{answer}");
    assert!(later.is_some_and(|seconds| seconds > 0), "the phone waits before it tries again");
    assert_eq!(get(&ann, &small.0).await, (200, small.1.clone()));
    assert_eq!(get(&ann, &large.0).await.0, 404);
    let half = walk(&server.blobs());
    assert_eq!(half.len(), 1, "only the one that is whole: {half:?}");
    drop(running);

    // Room again.
    server.restart_only().await;
    ann.follow(&server);
    assert_eq!(send(&ann, &large.0, &large.1).await.0, 201);
    assert_eq!(get(&ann, &large.0).await, (200, large.1));
    assert_eq!(keep::check(&server.config.db, &server.blobs()).await.unwrap(), []);
}
