//! Backup by `pg_dump` while people work, restore by `pg_restore`, and the step after it that phones and numbers need.

use std::process::Command;

use crate::common::postgres::{cluster, fresh};
use crate::common::{Device, NOON, Server};
use gridbook_log::{Body, EntityId, Op};
use gridbook_server::keep::{self, KeepError, Mark};
use gridbook_sync::wire::Verdict;

const AREA: &str = "510000100201001";

fn number(ops: &[Op]) -> Option<String> {
    ops.iter().find_map(|op| match op.body() {
        Ok(Body::Number(number)) => Some(number.number.clone()),
        _ => None,
    })
}

/// Registers a case from the desk.
async fn registered(server: &Server, ann: &mut Device) -> (EntityId, Vec<Op>) {
    let create = ann.create("hazard", AREA);
    let id = create.entity();
    let ops = vec![create, ann.event(id, "register", "submitted", "registered")];
    ann.push_ok(&ops).await;
    assert!(number(&server.stream(id).await).is_some());
    (id, ops)
}

/// The program's own words; whether it was content.
fn command(args: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_gridbook-server")).args(args).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[tokio::test]
async fn a_restore_is_noticed_and_what_it_lost_comes_back_once() {
    let mut server = Server::open().await;
    let mut ann = server.worker("ann", AREA).await;
    let (_, early) = registered(&server, &mut ann).await;
    let dump = server.dir.path().join("gridbook.dump");
    let file = format!("--file={}", dump.display());
    cluster().tool("pg_dump", &["--format=custom", &file], &server.config.db);

    // After the backup: one more case, with the next number.
    let (late_id, late) = registered(&server, &mut ann).await;
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
async fn the_commands_work_and_say_what_is_postgres_s_own_affair() {
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
    for words in [&["backup", "--out", "nowhere"][..], &["restore", "--from", "nowhere"]] {
        let (good, told) = with(words);
        assert!(!good && told.contains("pg_dump --format=custom"), "{told}");
        assert!(told.contains("pg_restore") && told.contains("--new-history"), "{told}");
    }
    assert!(matches!(
        keep::backup(&db, folder.path(), &folder.path().join("b"), NOON).await,
        Err(KeepError::ByPostgres)
    ));
}
