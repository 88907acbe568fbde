//! What only PostgreSQL has: a server that may go away, settings of its own, text without U+0000, several of our
//! servers at once; and the tables, which must be SQLite's.

use std::collections::BTreeSet;

use crate::common::postgres::fresh;
use crate::common::{Server, role};
use gridbook_log::Op;
use gridbook_server::{db, sql};
use gridbook_sync::wire::Verdict;

const AREA: &str = "510000100201001";

#[tokio::test]
async fn a_connection_that_was_lost_is_made_again() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", AREA).await;
    let first = ann.create("visit", AREA);
    ann.push_only(&first).await;
    let mut other = db::open_existing(&server.config.db).await.unwrap();
    let ended: i64 = sql::query_scalar(
        "SELECT COUNT(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()) AS ended",
    )
    .fetch_one(&mut other)
    .await
    .unwrap();
    assert!(ended >= 2, "writer and readers: {ended}");
    let second = ann.create("visit", AREA);
    ann.push_only(&second).await;
    assert_eq!(ann.push_one(&first).await.0, Verdict::Dup);
    ann.pull().await;
    assert!(ann.ops.contains_key(&first.id()) && ann.ops.contains_key(&second.id()));
}

#[tokio::test]
async fn two_servers_share_one_sequence_and_see_each_other_s_work() {
    let server = Server::open().await;
    let twin = server.twin().await;
    let mut ann = server.worker("ann", AREA).await;
    let mut bob = twin.worker("bob", AREA).await;
    let create = ann.create("hazard", AREA);
    ann.push_only(&create).await;
    bob.pull().await;
    for round in 0..5 {
        // Each has the stream in memory and must notice that the other went on with it.
        let by_bob = bob.set(create.entity(), "desc", &format!("第{round}次"));
        bob.push_only(&by_bob).await;
        ann.pull().await;
        let by_ann = ann.set(create.entity(), "desc", &format!("第{round}次,核对"));
        ann.push_only(&by_ann).await;
        bob.pull().await;
    }
    // The receipt of the last one.
    ann.pull().await;
    let (a, b) = (&ann.entities[&create.entity()], &bob.entities[&create.entity()]);
    assert_eq!(a.fingerprint(), b.fingerprint());
    let found = gridbook_server::keep::check(&server.config.db, &server.blobs()).await.unwrap();
    assert_eq!(found, []);
}

#[tokio::test]
async fn commits_are_durable_whatever_the_database_is_set_to() {
    let url = fresh();
    db::open_writer(&url)
        .await
        .unwrap()
        .run("ALTER ROLE gridbook SET synchronous_commit = off")
        .await
        .unwrap();
    let mut conn = db::open_writer(&url).await.unwrap();
    let set: String = sql::query_scalar("SHOW synchronous_commit").fetch_one(&mut conn).await.unwrap();
    assert_eq!(set, "on");
}

#[tokio::test]
async fn a_zero_in_a_text_holds_nothing_up() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", AREA).await;
    let (status, _) = server
        .call(
            "POST",
            "/api/sign-in",
            None,
            Some(serde_json::json!({ "user": "ann", "password": crate::common::PASSWORD, "device": "a\0b" })),
        )
        .await;
    assert_eq!(status, 200);
    // Escaped inside a value it is a text like any other; bare it makes the body no JSON at all.
    let good = ann.create_with("visit", AREA, &serde_json::json!({ "desc": "a\0b" }));
    let id = ann.fresh_id();
    let bare = ann.write_text(id, "future_kind", "a\0b".to_owned());
    let last = ann.create("visit", AREA);
    let results = ann.push(&[good.clone(), bare, last.clone()]).await.results;
    let told: Vec<_> = results.iter().map(|r| (r.r, r.code.as_deref())).collect();
    assert_eq!(told, [(Verdict::Ok, None), (Verdict::Refuse, Some("malformed")), (Verdict::Ok, None)]);
    let stored: Vec<Op> = server.stream(good.entity()).await;
    assert_eq!(stored[0].body_text(), good.body_text());
}

#[tokio::test]
async fn both_databases_have_the_same_tables_and_every_key_begins_with_the_tenant() {
    let folder = tempfile::tempdir().unwrap();
    let mut lite = db::open_writer(&format!("sqlite://{}/a.db", folder.path().display())).await.unwrap();
    let mut big = db::open_writer(&fresh()).await.unwrap();
    let in_lite: Vec<(String, String)> = sql::query_as(
        "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'",
    )
    .fetch_all(&mut lite)
    .await
    .unwrap();
    let in_big: Vec<(String, String)> = sql::query_as(
        "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = 'public'",
    )
    .fetch_all(&mut big)
    .await
    .unwrap();
    let in_lite: BTreeSet<_> = in_lite.into_iter().collect();
    let mut in_big: BTreeSet<_> = in_big.into_iter().collect();
    // Where a restored copy is told by; SQLite's restore is one program.
    assert!(in_big.remove(&("tenant".to_owned(), "home".to_owned())));
    assert!(in_lite.len() > 60, "{in_lite:?}");
    assert_eq!(in_lite, in_big);

    let keys: Vec<(String, String)> = sql::query_as(
        "SELECT c.relname::text, a.attname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
         JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
         JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] WHERE c.relname <> 'schema_version'",
    )
    .fetch_all(&mut big)
    .await
    .unwrap();
    let tables: BTreeSet<&String> =
        in_big.iter().map(|(t, _)| t).filter(|t| *t != "schema_version").collect();
    let keyed: BTreeSet<&String> = keys.iter().map(|(table, _)| table).collect();
    assert_eq!(tables, keyed, "every table has a key");
    let other: Vec<_> = keys.iter().filter(|(_, first)| first != "tenant").collect();
    assert!(other.is_empty(), "{other:?}");
    let texts: Vec<String> = sql::query_scalar(
        "SELECT table_name::text || '.' || column_name::text FROM information_schema.columns
         WHERE table_schema = 'public' AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'",
    )
    .fetch_all(&mut big)
    .await
    .unwrap();
    assert!(texts.is_empty(), "not in the order of bytes: {texts:?}");
}

#[tokio::test]
async fn two_that_start_at_once_make_the_tables_once() {
    let url = fresh();
    let (a, b, c) = tokio::join!(db::open_writer(&url), db::open_writer(&url), db::open_writer(&url));
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    let server = Server::open().await;
    server.person("ann", vec![role("grid_worker_l2", AREA)]).await;
    // And two writers that change one account at once wait for each other.
    let twin = server.twin().await;
    let unit = vec![role("grid_worker_l1", AREA)];
    let (one, two) = (server.assign("ann", unit.clone()), twin.assign("ann", unit));
    tokio::join!(one, two);
}
