//! What only SQLite's file has: founding a township without a server, and damage in a backup.

use crate::common::{NOON, Server};
use crate::suite::keep::{command, registered};
use gridbook_server::keep::{self, Finding, KeepError};
use gridbook_server::{blobs_beside, database_path};

const AREA: &str = "510000100201001";

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

/// Photos come to several gigabytes: what was read and hashed before they went to object storage is not read again.
#[tokio::test]
async fn a_backup_that_was_read_through_is_put_back_without_being_read_again() {
    let mut server = Server::open().await;
    let backup = server.dir.path().join("backup");
    keep::backup(&server.config.db, &server.blobs(), &backup, NOON).await.unwrap();
    server.stop().await;
    let more = backup.join(keep::BLOBS).join("00").join("0".repeat(64));
    std::fs::create_dir_all(more.parent().unwrap()).unwrap();
    let read = keep::Verified::read(&backup).unwrap();
    std::fs::write(&more, "came later").unwrap();
    assert!(matches!(keep::Verified::read(&backup), Err(KeepError::Damaged(_))), "who reads it notices");
    let path = database_path(&server.config.db);
    read.into_sqlite(&path, &server.blobs(), true, NOON, None).await.unwrap();
    assert_eq!(keep::check(&server.config.db, &server.blobs()).await.unwrap(), []);
}
