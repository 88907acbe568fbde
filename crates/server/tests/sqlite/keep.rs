//! Backup while people work, restore with a new history, check, numbers after a restore (IO-02, sync failure F18).

use crate::common::{NOON, Server};
use gridbook_log::{BlobRef, Body, EntityId, Op, body};
use gridbook_server::keep::{self, Finding, KeepError, Mark};
use gridbook_server::{blobs_beside, database_path, secret};
use gridbook_sync::wire::Verdict;

const AREA: &str = "510000100201001";

fn number(ops: &[Op]) -> Option<String> {
    ops.iter().find_map(|op| match op.body() {
        Ok(Body::Number(number)) => Some(number.number.clone()),
        _ => None,
    })
}

fn photo(bytes: &[u8]) -> Body {
    let blob = BlobRef {
        sha256: secret::hex(&secret::sha256(bytes)),
        mime: "image/jpeg".to_owned(),
        size: u32::try_from(bytes.len()).unwrap(),
        role: "photo_before".to_owned(),
        thumb: None,
    };
    Body::Set(body::Set { blobs: vec![blob], ..body::Set::default() })
}

/// Registers a case from the desk and returns its number.
async fn registered(server: &Server, ann: &mut crate::common::Device) -> (EntityId, Vec<Op>, Option<String>) {
    let create = ann.create("hazard", AREA);
    let id = create.entity();
    let register = ann.event(id, "register", "submitted", "registered");
    let ops = vec![create, register];
    ann.push_ok(&ops).await;
    let number = number(&server.stream(id).await);
    (id, ops, number)
}

/// The program's own words; whether it was content.
fn command(args: &[&str]) -> (bool, String) {
    let output =
        std::process::Command::new(env!("CARGO_BIN_EXE_gridbook-server")).args(args).output().unwrap();
    (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

#[test]
fn a_township_is_founded_by_init_alone_and_once() {
    let dir = tempfile::tempdir().unwrap();
    let with = |words: &[&str]| command(&[words, &["--data", dir.path().to_str().unwrap()]].concat());
    // An address that is taken: whatever it does before, it ends.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let serve = ["serve", "--listen", &taken.local_addr().unwrap().to_string()].map(str::to_owned);
    let serve: Vec<&str> = serve.iter().map(String::as_str).collect();
    let empty = || std::fs::read_dir(dir.path()).unwrap().next().is_none();
    let (good, told) = with(&serve);
    assert!(!good && told.contains("gridbook-server init") && empty(), "{told}");
    let init = |admin: &str, name: &str| {
        with(&["init", "--admin", admin, "--name", name, "--township", "510000200", "--code", "柳溪"])
    };
    let (good, told) = init("张三", "柳溪镇");
    assert!(!good && told.contains("没有改动") && empty(), "{told}");
    // Nothing is founded that was not named.
    let (good, told) = with(&["init", "--admin", "zhangsan", "--name", "柳溪镇", "--code", "柳溪"]);
    assert!(!good && told.contains("--township") && told.contains("没有建") && empty(), "{told}");
    let village = ["--name", "柳溪镇", "--township", "510000200001", "--code", "柳溪"];
    let (good, told) = with(&[&["init", "--admin", "zhangsan"][..], &village].concat());
    assert!(!good && told.contains("九位") && empty(), "{told}");
    let (good, told) = init("zhangsan", "柳溪镇");
    assert!(good && told.contains("/#/invite/"), "{told}");
    let (good, told) = init("zhangsan", "青禾镇");
    assert!(!good && told.contains("柳溪镇") && told.contains("没有改动"), "{told}");
    // What is not said again stays.
    let (good, told) = with(&["init", "--admin", "zhangsan"]);
    assert!(good && told.contains("柳溪镇") && told.contains("/#/invite/"), "{told}");
    let (good, told) = init("zhangsan", "柳溪镇");
    assert!(good && told.contains("柳溪镇") && told.contains("/#/invite/"), "{told}");
    let (good, told) = with(&serve);
    assert!(!good && told.contains("--listen") && !told.contains("init"), "{told}");
}

#[tokio::test]
async fn a_restore_is_noticed_and_what_it_lost_comes_back_once() {
    let mut server = Server::open().await;
    let mut ann = server.worker("ann", AREA).await;
    let (first, early, first_number) = registered(&server, &mut ann).await;
    let shot = b"not really a photo".to_vec();
    let with_photo = ann.body(first, &photo(&shot));
    ann.push_only(&with_photo).await;
    let name = secret::hex(&secret::sha256(&shot));
    let put = server.http.put(format!("{}/sync/v1/blobs/{name}", server.url)).bearer_auth(&ann.token);
    assert_eq!(put.body(shot.clone()).send().await.unwrap().status(), 201);

    let db = format!("sqlite://{}", server.dir.path().join("data/gridbook.db").display());
    let blobs = blobs_beside(&db);
    let out = server.dir.path().join("backup");
    let made = keep::backup(&db, &blobs, &out, NOON).await.unwrap();
    assert_eq!((made.blobs, made.history.clone()), (1, server.app().tenant.history.clone()));
    assert!(matches!(keep::backup(&db, &blobs, &out, NOON).await, Err(KeepError::Exists(_))));

    // After the backup: one more case, with the next number.
    let (late_id, late, late_number) = registered(&server, &mut ann).await;
    assert!(late_number.is_some() && late_number != first_number);
    ann.pull().await;
    let old_history = server.app().tenant.history.clone();
    let path = database_path(&db);
    assert!(matches!(keep::restore(&out, &path, &blobs, true, NOON).await, Err(KeepError::Running)));
    server.stop().await;

    assert!(matches!(keep::restore(&out, &path, &blobs, false, NOON).await, Err(KeepError::Exists(_))));
    let done = keep::restore(&out, &path, &blobs, true, NOON).await.unwrap();
    assert!(!done.kept.is_empty() && done.kept.iter().all(|kept| kept.exists()), "{:?}", done.kept);
    server.restart_only().await;
    assert_ne!(server.app().tenant.history, old_history);
    ann.follow(&server);

    // The old position is of another history.
    let (status, answer) =
        server.call("GET", &format!("/sync/v1/pull?cursor={}", ann.cursor), Some(&ann.token), None).await;
    assert_eq!((status, answer["code"].as_str()), (409, Some("history")));

    // What the backup has is there once; what it lost is taken again; a repeat changes nothing.
    let again: Vec<Op> = early.iter().chain([&with_photo]).chain(&late).cloned().collect();
    let verdicts: Vec<Verdict> = ann.push(&again).await.results.into_iter().map(|r| r.r).collect();
    assert_eq!(verdicts, [Verdict::Dup, Verdict::Dup, Verdict::Dup, Verdict::Ok, Verdict::Ok]);
    let get = server.http.get(format!("{}/sync/v1/blobs/{name}", server.url)).bearer_auth(&ann.token);
    assert_eq!(get.send().await.unwrap().bytes().await.unwrap(), shot);

    // No number until somebody has looked at the paper.
    assert_eq!(number(&server.stream(late_id).await), None);
    let (marks, held) = keep::number_marks(&db).await.unwrap();
    assert!(held);
    let told = Mark { last: marks[0].last + 1, ..marks[0].clone() };
    keep::confirm_numbers(&db, std::slice::from_ref(&told)).await.unwrap();
    server.restart().await;
    ann.follow(&server);
    // The next request comes after the start has given what waited.
    assert_eq!(ann.push(&again).await.results.len(), 5);
    let given = number(&server.stream(late_id).await).unwrap();
    assert!(
        given.ends_with(&format!("{:05}号", told.last + 1)),
        "{given} repeats nothing up to {}",
        told.last
    );
    assert!(!keep::number_marks(&db).await.unwrap().1);
    assert_eq!(keep::check(&db, &blobs).await.unwrap(), []);
}

#[tokio::test]
async fn a_backup_in_the_middle_of_work_is_one_moment() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", AREA).await;
    let db = format!("sqlite://{}", server.dir.path().join("data/gridbook.db").display());
    let ops: Vec<Vec<Op>> = (0..20).map(|_| (0..25).map(|_| ann.create("visit", AREA)).collect()).collect();
    let writing = async {
        for batch in &ops {
            ann.push_ok(batch).await;
        }
    };
    let out = server.dir.path().join("backup");
    let blobs = blobs_beside(&db);
    let (made, ()) = tokio::join!(keep::backup(&db, &blobs, &out, NOON), writing);
    let made = made.unwrap();
    let copy = format!("sqlite://{}", out.join("gridbook.db").display());
    assert_eq!(keep::check(&copy, &out.join("blobs")).await.unwrap(), [], "{made:?}");
}

#[tokio::test]
async fn damage_is_found_before_anything_is_touched() {
    let mut server = Server::open().await;
    let mut ann = server.worker("ann", AREA).await;
    registered(&server, &mut ann).await;
    let db = format!("sqlite://{}", server.dir.path().join("data/gridbook.db").display());
    let (path, blobs, out) = (database_path(&db), blobs_beside(&db), server.dir.path().join("backup"));
    keep::backup(&db, &blobs, &out, NOON).await.unwrap();
    server.stop().await;
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(
        keep::restore(server.dir.path(), &path, &blobs, true, NOON).await,
        Err(KeepError::NoBackup(_))
    ));
    let mut bytes = std::fs::read(out.join("gridbook.db")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(out.join("gridbook.db"), bytes).unwrap();
    assert!(matches!(keep::restore(&out, &path, &blobs, true, NOON).await, Err(KeepError::Damaged(_))));
    assert_eq!(std::fs::read(&path).unwrap(), before);

    // A record whose text was changed by hand is found, and said to be that one.
    let mut conn = gridbook_server::db::open_writer(&db).await.unwrap();
    gridbook_server::sql::query(
        "UPDATE ops SET body = replace(body, '一句话', '两句话') WHERE seq = (SELECT MIN(seq) FROM ops)",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    let first: i64 =
        gridbook_server::sql::query_scalar("SELECT MIN(seq) FROM ops").fetch_one(&mut conn).await.unwrap();
    conn.close().await.unwrap();
    assert_eq!(keep::check(&db, &blobs).await.unwrap(), [Finding::Operation(first)]);
}
