//! Backup while people work, restore with a new history, numbers after a restore (IO-02, sync failure F18).

use std::path::Path;

use crate::common::{Device, NOON, ON_POSTGRES, Server};
use gridbook_log::{BlobRef, Body, EntityId, Op, body};
use gridbook_server::keep::{self, KeepError, Mark, Restored};
use gridbook_server::{database_path, secret};
use gridbook_sync::wire::Verdict;

const AREA: &str = "510000100201001";

pub fn number(ops: &[Op]) -> Option<String> {
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
pub async fn registered(server: &Server, ann: &mut Device) -> (EntityId, Vec<Op>, Option<String>) {
    let create = ann.create("hazard", AREA);
    let id = create.entity();
    let register = ann.event(id, "register", "submitted", "registered");
    let ops = vec![create, register];
    ann.push_ok(&ops).await;
    let number = number(&server.stream(id).await);
    (id, ops, number)
}

/// The program's own words; whether it was content.
pub fn command(args: &[&str]) -> (bool, String) {
    let output =
        std::process::Command::new(env!("CARGO_BIN_EXE_gridbook-server")).args(args).output().unwrap();
    (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

/// Puts a backup where the server has its data.
async fn restore(server: &Server, from: &Path, replace: bool) -> Result<Restored, KeepError> {
    let (db, blobs) = (&server.config.db, server.blobs());
    if ON_POSTGRES {
        keep::restore_postgres(from, db, &blobs, replace, NOON).await
    } else {
        keep::restore(from, &database_path(db), &blobs, replace, NOON).await
    }
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

    let (db, blobs) = (server.config.db.clone(), server.blobs());
    let out = server.dir.path().join("backup");
    let made = keep::backup(&db, &blobs, &out, NOON).await.unwrap();
    assert_eq!((made.blobs, made.history.clone()), (1, server.app().tenant.history.clone()));
    assert!(matches!(keep::backup(&db, &blobs, &out, NOON).await, Err(KeepError::Exists(_))));

    // After the backup: one more case, with the next number.
    let (late_id, late, late_number) = registered(&server, &mut ann).await;
    assert!(late_number.is_some() && late_number != first_number);
    ann.pull().await;
    let old_history = server.app().tenant.history.clone();
    assert!(matches!(restore(&server, &out, true).await, Err(KeepError::Running)));
    server.stop().await;

    let refused = restore(&server, &out, false).await;
    assert!(matches!(refused, Err(KeepError::Exists(_) | KeepError::Occupied)), "{refused:?}");
    let done = restore(&server, &out, true).await.unwrap();
    assert!(!done.kept.is_empty() && done.kept.iter().all(|kept| kept.exists()), "{:?}", done.kept);
    assert_eq!(done.schema.is_some(), ON_POSTGRES);
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
    let db = server.config.db.clone();
    let ops: Vec<Vec<Op>> = (0..20).map(|_| (0..25).map(|_| ann.create("visit", AREA)).collect()).collect();
    let writing = async {
        for batch in &ops {
            ann.push_ok(batch).await;
        }
    };
    let out = server.dir.path().join("backup");
    let blobs = server.blobs();
    let (made, ()) = tokio::join!(keep::backup(&db, &blobs, &out, NOON), writing);
    let made = made.unwrap();
    let copy = format!("sqlite://{}", out.join("gridbook.db").display());
    assert_eq!(keep::check(&copy, &out.join("blobs")).await.unwrap(), [], "{made:?}");
}
