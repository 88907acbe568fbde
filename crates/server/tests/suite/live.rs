//! A restore while the server runs and phones write: it steps aside for a moment, comes back in the same process, and
//! phones bring again what the backup does not have. Killed in the middle, it leaves data that start.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::common::line::Count;
use crate::common::program::listening;
use crate::common::{Device, NOON, Open, Server, role};
use crate::suite::keep::{command, registered};
use gridbook_log::{Body, Create, EntityId, OpId, Placement};
use gridbook_server::keep::{self, KeepError};
use gridbook_server::sql;
use gridbook_sync::driver::{Driver, Http};
use gridbook_sync::engine::{Input, Request, Response};
use gridbook_sync::env::Env;
use gridbook_sync::memory::MemoryStore;
use gridbook_sync::replica::{NewWrite, Replica};
use gridbook_sync::sim::Rng;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;

const AREA: &str = "510000100201001";
/// Rounds in which everything must have arrived after the restore.
const CALM: usize = 20;

async fn open() -> Server {
    Server::with(|config| {
        config.admission = Arc::new(Open);
        config.socket = config.blobs.as_ref().map(|blobs| blobs.with_file_name("gridbook.db.socket"));
    })
    .await
}

fn socket(server: &Server) -> PathBuf {
    server.data().join("gridbook.db.socket")
}

/// The command line of a restore.
fn words(server: &Server, from: &Path) -> Vec<String> {
    let (data, from) = (server.data(), from.to_str().unwrap().to_owned());
    let place = ["--database", &server.config.db, "--data", data.to_str().unwrap()].map(str::to_owned);
    [vec!["restore".to_owned(), "--replace".to_owned(), "--from".to_owned(), from], place.to_vec()].concat()
}

/// The command in a process of its own; whether it was content, and its words.
async fn restored(words: Vec<String>) -> (bool, String) {
    let run = move || command(&words.iter().map(String::as_str).collect::<Vec<_>>());
    tokio::task::spawn_blocking(run).await.unwrap()
}

async fn caps(server: &Server) -> Value {
    let (status, caps) = server.call("GET", "/sync/v1/caps", None, None).await;
    assert_eq!(status, 200, "{caps}");
    caps
}

/// A phone with the app's own engine, whose store is in memory.
struct Phone {
    device: Device,
    store: Rc<MemoryStore>,
    ms: Cell<u64>,
    rng: RefCell<Rng>,
    refused: Cell<usize>,
    saved: RefCell<Vec<OpId>>,
}

impl Env for Phone {
    fn now_ms(&self) -> u64 {
        self.ms.set(self.ms.get() + 1);
        self.ms.get()
    }

    fn random(&self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.rng.borrow_mut().draw() as u8);
    }
}

impl Http for Phone {
    async fn send(&self, request: &Request, blob: Option<Vec<u8>>) -> Response {
        let answer = self.device.ask(request, blob).await;
        if let Response::Failed { status, .. } = answer {
            assert!(status < 500 || status == 503, "{request:?}: {status}");
            self.refused.set(self.refused.get() + usize::from(status == 503));
        }
        answer
    }
}

impl Phone {
    fn new(device: Device) -> Self {
        Self {
            device,
            store: Rc::default(),
            ms: Cell::new(NOON),
            rng: RefCell::new(Rng::new(7)),
            refused: Cell::default(),
            saved: RefCell::default(),
        }
    }

    async fn save(&self, held: &Replica<Rc<MemoryStore>, Count>) {
        let create = Create {
            type_: "hazard".to_owned(),
            state: Some("submitted".to_owned()),
            place: Placement { area: Some(AREA.to_owned()), ..Placement::default() },
            set: [("desc".to_owned(), json!("一句话"))].into(),
            ..Create::default()
        };
        let entity = EntityId::new(self.now_ms(), self.random_array());
        let write = NewWrite { entity, body: Body::Create(create) };
        let saved = held.save(self, &[write], &[], &[]).await.unwrap();
        self.saved.borrow_mut().extend(saved.ops);
    }

    async fn round(&self, held: &Replica<Rc<MemoryStore>, Count>, driver: &Driver) {
        driver.run(held, self, self, Input::Wake, |_| {}).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn phones_write_on_while_a_backup_is_restored_and_bring_again_what_it_lost() {
    let mut server = open().await;
    let mut ann = server.worker("ann", AREA).await;
    registered(&server, &mut ann).await;
    let mut elsewhere = server.worker("eve", "510000100202001").await;
    elsewhere.pull().await;
    let mut reader = server.worker("reader", AREA).await;
    let phone = Phone::new(server.worker("bob", AREA).await);
    let held = Replica::open(phone.store.clone(), Count, &phone, "bob").await.unwrap();
    let driver = Driver::new(&held);

    let out = server.dir.path().join("backup");
    keep::backup(&server.config.db, &server.blobs(), &out, NOON).await.unwrap();
    // After the backup, and acknowledged: a case with its number, and what the phone wrote.
    let (late_id, late, late_number) = registered(&server, &mut ann).await;
    assert!(late_number.is_some());
    ann.pull().await;
    for _ in 0..5 {
        phone.save(&held).await;
    }
    phone.round(&held, &driver).await;
    assert_eq!(held.unsent().waiting + held.unsent().held, 0, "all five are acknowledged");
    let old = caps(&server).await["history"].clone();

    // Somebody waits for news, and has none.
    let news = format!("{}/sync/v1/status?cursor={}&wait=30", elsewhere.url, elsewhere.cursor);
    let since = Instant::now();
    let woken = tokio::spawn(server.http.get(news).bearer_auth(&elsewhere.token).send());
    while server.app().pokes.waiting() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // The test's own handle would keep the database open.
    server.app = None;
    let restore = tokio::spawn(restored(words(&server, &out)));
    let mut turns = 0;
    while !restore.is_finished() {
        phone.save(&held).await;
        phone.round(&held, &driver).await;
        turns += 1;
    }
    let (good, told) = restore.await.unwrap();
    assert!(good && told.contains("服务没有停") && told.contains("编号暂停发放"), "{told}");
    assert!(turns > 3, "the phone came only {turns} times meanwhile");
    woken.await.unwrap().unwrap();
    assert!(since.elapsed() < Duration::from_secs(29), "who waited was not woken");

    // The same process, another history; the old position is of the other one.
    assert_ne!(caps(&server).await["history"], old);
    let path = format!("/sync/v1/pull?cursor={}", ann.cursor);
    let (status, answer) = server.call("GET", &path, Some(&ann.token), None).await;
    assert_eq!((status, answer["code"].as_str()), (409, Some("history")));
    let mut rounds = 0;
    while rounds < 3 || held.unsent().waiting + held.unsent().held > 0 {
        phone.round(&held, &driver).await;
        rounds += 1;
        assert!(rounds < CALM, "{:?} unsent", held.unsent());
    }
    ann.push_ok(&late).await;
    reader.pull().await;
    let late = late.iter().map(gridbook_log::Op::id);
    for id in phone.saved.borrow().iter().copied().chain(late) {
        assert_eq!(reader.ops.get(&id), Some(&1), "{id}: saved, and at the server once");
    }
    // No number until somebody has looked at the paper.
    let mut conn = gridbook_server::db::open_existing(&server.config.db).await.unwrap();
    let numbers = "SELECT COUNT(*) FROM ops WHERE entity = ? AND kind = 'number'";
    let given: i64 = sql::query_scalar(numbers).bind(late_id.0.to_vec()).fetch_one(&mut conn).await.unwrap();
    conn.close().await.unwrap();
    assert_eq!(given, 0);
    assert!(keep::number_marks(&server.config.db).await.unwrap().1);
    assert_eq!(keep::check(&server.config.db, &server.blobs()).await.unwrap(), []);
}

/// Says a line at the socket and hears the answer; nothing when the server hangs up.
async fn say(line: &mut BufReader<UnixStream>, text: &str) -> String {
    // A server that hung up before it was told everything.
    let _ = line.get_mut().write_all(text.as_bytes()).await;
    let mut heard = String::new();
    let _ = line.read_line(&mut heard).await;
    heard.trim_end().to_owned()
}

async fn dial(socket: &Path) -> BufReader<UnixStream> {
    BufReader::new(UnixStream::connect(socket).await.unwrap())
}

/// The line with which a command asks for these data.
async fn question(db: &str) -> String {
    let mut conn = gridbook_server::db::open_existing(db).await.unwrap();
    let asked = "SELECT (SELECT MAX(version) FROM schema_version), history FROM tenant";
    let (tables, history): (i64, String) = sql::query_as(asked).fetch_one(&mut conn).await.unwrap();
    conn.close().await.unwrap();
    format!("gridbook aside {tables} {history}\n")
}

#[tokio::test]
async fn aside_it_says_so_and_strangers_hear_nothing() {
    let mut server = open().await;
    let ann = server.worker("ann", AREA).await;
    server.app = None;
    let (socket, asked) = (socket(&server), question(&server.config.db).await);
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);

    let long = "x".repeat(100_000);
    for stranger in ["\n", "GET / HTTP/1.1\r\n\r\n", "gridbook aside\n", "\0\u{ff}\n", &long] {
        assert_eq!(say(&mut dial(&socket).await, stranger).await, "", "{stranger:.20}");
    }
    let (head, _) = asked.trim_end().rsplit_once(' ').unwrap();
    assert_eq!(say(&mut dial(&socket).await, &format!("{head} 0011223344556677\n")).await, "history");
    let other = asked.replacen("aside ", "aside 9", 1);
    assert_eq!(say(&mut dial(&socket).await, &other).await, "tables");
    let old = caps(&server).await;

    let mut line = dial(&socket).await;
    assert_eq!(say(&mut line, &asked).await, "aside");
    for (path, token) in
        [("/sync/v1/caps", None), ("/sync/v1/pull", Some(&ann.token)), ("/healthz", None), ("/", None)]
    {
        let mut request = server.http.get(format!("{}{path}", server.url));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["retry-after"]),
            (503, &"5".parse().unwrap())
        );
        assert_eq!(answer.json::<Value>().await.unwrap()["code"], "restoring");
    }
    assert_eq!(say(&mut line, "done\n").await, "open");
    assert_eq!(caps(&server).await["history"], old["history"]);
    // Somebody who goes without a word.
    let mut line = dial(&socket).await;
    assert_eq!(say(&mut line, &asked).await, "aside");
    drop(line);
    // Served after the one before: the server is back.
    assert_eq!(say(&mut dial(&socket).await, "\n").await, "");
    assert_eq!(caps(&server).await["history"], old["history"]);
    server.stop().await;
    assert!(!socket.exists());
}

#[tokio::test]
async fn a_damaged_backup_disturbs_nobody() {
    let mut server = open().await;
    let mut ann = server.worker("ann", AREA).await;
    registered(&server, &mut ann).await;
    let out = server.dir.path().join("backup");
    keep::backup(&server.config.db, &server.blobs(), &out, NOON).await.unwrap();
    let file = out.join("gridbook.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let old = caps(&server).await;
    let app = server.app().clone();
    let (good, told) = restored(words(&server, &out)).await;
    assert!(!good && told.contains("已损坏") && told.contains("什么也没有改动"), "{told}");
    assert_eq!(caps(&server).await["history"], old["history"]);
    // It has not even closed its database.
    assert_eq!(
        sql::query_scalar::<i64>("SELECT COUNT(*) FROM tenant").fetch_one(&app.readers).await.unwrap(),
        1
    );
    drop(app);
    server.stop().await;
}

/// The real program on a free port, and its address.
fn program(server: &Server) -> (Child, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gridbook-server"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--database", &server.config.db, "--data"]);
    listening(command.arg(server.data()))
}

async fn history(url: &str) -> String {
    let caps: Value = reqwest::get(format!("{url}/sync/v1/caps"))
        .await
        .unwrap()
        .error_for_status()
        .unwrap()
        .json()
        .await
        .unwrap();
    caps["history"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn killed_in_the_middle_either_leaves_data_that_start() {
    let mut server = Server::with(|_| {}).await;
    server.person("ann", vec![role("grid_worker_l2", AREA)]).await;
    let out = server.dir.path().join("backup");
    keep::backup(&server.config.db, &server.blobs(), &out, NOON).await.unwrap();
    server.stop().await;
    let (mut child, mut url) = program(&server);
    let mut changed = 0;
    for round in 0..10u64 {
        let before = history(&url).await;
        let mut restore = Command::new(env!("CARGO_BIN_EXE_gridbook-server"));
        restore.args(words(&server, &out)).stdout(Stdio::null()).stderr(Stdio::null());
        let mut restore = restore.spawn().unwrap();
        // Another moment each round.
        let moment = Duration::from_millis(round / 2 * 40);
        tokio::time::sleep(moment).await;
        if round % 2 == 0 {
            child.kill().unwrap();
            child.wait().unwrap();
            let done = restore.wait().unwrap();
            (child, url) = program(&server);
            // Whatever it said is so.
            assert_eq!(history(&url).await != before, done.success(), "round {round}");
        } else {
            restore.kill().unwrap();
            restore.wait().unwrap();
            // The server has not gone away. It is back when it lets the next one in.
            drop(dial(&socket(&server)).await);
            let mut line = dial(&socket(&server)).await;
            assert_eq!(say(&mut line, "\n").await, "");
            assert!(child.try_wait().unwrap().is_none(), "the server is gone after round {round}");
        }
        changed += usize::from(history(&url).await != before);
        assert_eq!(keep::check(&server.config.db, &server.blobs()).await.unwrap(), [], "round {round}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // And with nobody there, what was left lying about does not stand in the way.
    let (good, told) = restored(words(&server, &out)).await;
    assert!(good && !told.contains("服务没有停"), "{told}");
    assert!(changed > 0, "none of the restores came about");
    server.restart_only().await;
}

#[tokio::test]
async fn who_cannot_be_asked_is_left_alone() {
    // It listens nowhere.
    let server = Server::open().await;
    let out = server.dir.path().join("backup");
    keep::backup(&server.config.db, &server.blobs(), &out, NOON).await.unwrap();
    let (good, told) = restored(words(&server, &out)).await;
    assert!(!good && told.contains(&KeepError::Running.to_string()), "{told}");
    assert_eq!(caps(&server).await["history"], server.app().tenant.history);
}
