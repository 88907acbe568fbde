//! What PostgreSQL's own tools leave to be done after a restore, and backups that go from one database to the other.

use std::process::Command;

use crate::common::postgres::{cluster, fresh};
use crate::common::{NOON, Server};
use crate::suite::keep::{command, number, registered};
use gridbook_log::Op;
use gridbook_server::db::NewTenant;
use gridbook_server::keep::{self, KeepError, Mark};
use gridbook_server::{Config, start};
use gridbook_sync::wire::Verdict;

const AREA: &str = "510000100201001";

#[tokio::test]
async fn a_restore_by_its_own_tools_is_noticed_too() {
    let mut server = Server::open().await;
    let mut ann = server.worker("ann", AREA).await;
    let (_, early, _) = registered(&server, &mut ann).await;
    let dump = server.dir.path().join("gridbook.dump");
    let file = format!("--file={}", dump.display());
    cluster().tool("pg_dump", &["--format=custom", &file], &server.config.db);

    // After the backup: one more case, with the next number.
    let (late_id, late, _) = registered(&server, &mut ann).await;
    ann.pull().await;
    let old = server.app().tenant.clone();
    assert!(matches!(keep::new_history(&server.config.db).await, Err(KeepError::Running)));
    server.stop().await;

    let restored = fresh();
    let target = format!("--dbname={restored}");
    let mut restore = Command::new(crate::common::postgres::program("pg_restore"));
    assert!(restore.args(["--no-owner", "--exit-on-error", &target]).arg(&dump).status().unwrap().success());
    server.config.db.clone_from(&restored);

    // The last step left out: the server says so instead of starting.
    let (good, told) = command(&["reset", "--user", "ann", "--database", &restored]);
    assert!(!good && told.contains("restore --new-history"), "{told}");
    let (good, told) = command(&["restore", "--new-history", "--database", &restored]);
    assert!(good && told.contains("编号暂停发放"), "{told}");

    server.restart_only().await;
    assert_ne!(server.app().tenant.history, old.history);
    assert_eq!(server.app().tenant.epoch, old.epoch + 1);
    ann.follow(&server);
    let path = format!("/sync/v1/pull?cursor={}", ann.cursor);
    let (status, answer) = server.call("GET", &path, Some(&ann.token), None).await;
    assert_eq!((status, answer["code"].as_str()), (409, Some("history")));
    let again: Vec<Op> = early.iter().chain(&late).cloned().collect();
    let verdicts: Vec<Verdict> = ann.push(&again).await.results.into_iter().map(|r| r.r).collect();
    assert_eq!(verdicts, [Verdict::Dup, Verdict::Dup, Verdict::Ok, Verdict::Ok]);

    // No number until somebody has looked at the paper.
    assert_eq!(number(&server.stream(late_id).await), None);
    let (marks, held) = keep::number_marks(&restored).await.unwrap();
    assert!(held);
    let told = Mark { last: marks[0].last + 1, ..marks[0].clone() };
    keep::confirm_numbers(&restored, std::slice::from_ref(&told)).await.unwrap();
    // A mark never goes down.
    keep::confirm_numbers(&restored, &[Mark { last: 0, ..told.clone() }]).await.unwrap();
    server.restart().await;
    ann.follow(&server);
    // The next request comes after the start has given what waited.
    assert_eq!(ann.push(&again).await.results.len(), 4);
    let given = number(&server.stream(late_id).await).unwrap();
    assert!(
        given.ends_with(&format!("{:05}号", told.last + 1)),
        "{given} repeats nothing up to {}",
        told.last
    );
    assert!(!keep::number_marks(&restored).await.unwrap().1);
    assert_eq!(keep::check(&restored, &server.blobs()).await.unwrap(), []);
}

#[tokio::test]
async fn the_commands_work_on_postgres_too() {
    let db = fresh();
    let folder = tempfile::tempdir().unwrap();
    let place = ["--database", &db, "--data", folder.path().to_str().unwrap()];
    let with = |words: &[&str]| command(&[words, &place].concat());
    let (good, told) = with(&["check"]);
    assert!(!good && told.contains("init"), "{told}");
    let (good, told) = with(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(!good && told.contains("gridbook-server init"), "{told}");
    let town = ["--name", "青禾镇", "--township", "510000100", "--code", "青禾"];
    let (good, told) = with(&[&["init", "--admin", "zhangsan"][..], &town].concat());
    assert!(good && told.contains("/#/invite/"), "{told}");
    let (good, told) = with(&["init", "--admin", "zhangsan", "--name", "柳溪镇"]);
    assert!(!good && told.contains("青禾镇"), "{told}");
    let (good, told) = with(&["reset", "--user", "zhangsan"]);
    assert!(good && told.contains("/#/invite/"), "{told}");
    let (good, told) = with(&["numbers"]);
    assert!(good && told.contains("编号正常发放"), "{told}");
    let (good, told) = with(&["check"]);
    assert!(good && told.contains("都完整"), "{told}");
    let (kept, out) = (folder.path().join("gridbook.db.blobs"), folder.path().join("backup"));
    std::fs::create_dir_all(&kept).unwrap();
    let (good, told) = with(&["backup", "--out", out.to_str().unwrap()]);
    assert!(good && told.contains("备份完成"), "{told}");
    let from = ["restore", "--from", out.to_str().unwrap()];
    let (good, told) = with(&from);
    assert!(!good && told.contains("--replace") && told.contains("没有改动"), "{told}");
    let (good, told) = with(&[&from[..], &["--replace"]].concat());
    assert!(good && told.contains("before_") && told.contains("编号暂停发放"), "{told}");
    let (good, told) = with(&["check"]);
    assert!(good && told.contains("都完整"), "{told}");
    // Of the tables of before, nothing is lost.
    let asked = "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name LIKE 'before_%'";
    let mut conn = gridbook_server::db::open_existing(&db).await.unwrap();
    assert_eq!(gridbook_server::sql::query_scalar::<i64>(asked).fetch_one(&mut conn).await.unwrap(), 1);
}

#[tokio::test]
async fn a_backup_of_either_database_goes_into_either() {
    let mut server = Server::open().await;
    let mut ann = server.worker("ann", AREA).await;
    let (id, ops, given) = registered(&server, &mut ann).await;
    let (first, second) = (server.dir.path().join("first"), server.dir.path().join("second"));
    let made = keep::backup(&server.config.db, &server.blobs(), &first, NOON).await.unwrap();
    assert_eq!(made.history, server.app().tenant.history);
    let before = server.stream(id).await;
    server.stop().await;

    // Into a file, and from there into an empty database of PostgreSQL's.
    let folder = tempfile::tempdir().unwrap();
    let (file, blobs) = (folder.path().join("gridbook.db"), folder.path().join("blobs"));
    keep::restore(&first, &file, &blobs, false, NOON).await.unwrap();
    let lite = format!("sqlite://{}", file.display());
    assert_eq!(keep::check(&lite, &blobs).await.unwrap(), []);
    let started = start(Config::new(lite.clone(), NewTenant::demo())).await.unwrap();
    assert_eq!(started.app.tenant.epoch, 2);
    drop(started.app);
    started.writing.await.unwrap();
    keep::backup(&lite, &blobs, &second, NOON).await.unwrap();
    let db = fresh();
    let done = keep::restore_postgres(&second, &db, &server.blobs(), false, NOON).await.unwrap();
    assert_eq!(done.schema, None, "there was nothing to keep");
    assert_eq!(keep::check(&db, &server.blobs()).await.unwrap(), []);
    server.config.db = db;
    server.restart_only().await;
    assert_eq!(server.app().tenant.epoch, 3);
    assert_eq!(server.stream(id).await, before);
    assert_eq!(number(&before), given);
    ann.follow(&server);
    let verdicts: Vec<Verdict> = ann.push(&ops).await.results.into_iter().map(|r| r.r).collect();
    assert_eq!(verdicts, [Verdict::Dup, Verdict::Dup]);
}
