//! The published suite against this server, with the trade's own rules; and the document against this code.

use std::collections::BTreeSet;

use crate::common::{PASSWORD, Server, role};
use gridbook_conform::{Account, Options, Secret, Verdict, run};

const G1: &str = "510000100201001";
const G2: &str = "510000100202001";
const TOWNSHIP: &str = "510000100";

/// A worker, one who works elsewhere, and the township's clerk, who registers and moves.
async fn options(server: &Server) -> Options {
    server.person("worker", vec![role("grid_worker_l2", G1)]).await;
    server.person("elsewhere", vec![role("grid_worker_l2", G2)]).await;
    server.person("clerk", vec![role("intake_clerk", TOWNSHIP), role("grid_clerk", TOWNSHIP)]).await;
    let accounts = ["worker", "elsewhere", "clerk"].map(|user| Account::new(user, PASSWORD)).to_vec();
    Options { accounts, write: true, ..Options::default() }
}

#[tokio::test]
async fn this_server_passes_what_it_announces() {
    let server = Server::with(|_| {}).await;
    let options = options(&server).await;
    let report = run(&server.url, &options).await;
    assert!(report.passed(0) && report.passed(1) && report.passed(2), "{report}");
    assert_eq!(report.announced, [0, 1, 2]);
    assert!(!report.breaks_its_word());
}

#[tokio::test]
async fn without_an_account_it_says_what_is_missing() {
    let server = Server::with(|_| {}).await;
    let report = run(&server.url, &Options { write: true, ..Options::default() }).await;
    assert!(report.failed().is_empty() && !report.passed(0), "{report}");
    let told = report.outcomes.iter().find(|o| o.demand.id == "push.ok").unwrap();
    assert!(matches!(&told.verdict, Verdict::Unchecked(why) if why.contains("--user")), "{report}");
}

#[tokio::test]
async fn a_report_never_tells_a_token_or_a_password() {
    let server = Server::with(|_| {}).await;
    let mut options = options(&server).await;
    let token = server.token("worker").await;
    // An account that is refused here and there, so that there is something to tell.
    options.accounts[0].secret = Secret::Token(format!("{token}x"));
    let report = run(&server.url, &options).await;
    assert!(!report.failed().is_empty(), "{report}");
    let told = format!("{report}{report:?}{options:?}");
    assert!(!told.contains(&token) && !told.contains(PASSWORD));
}

/// The command: what it prints, and how it ends.
fn command(words: &[&str]) -> (Option<i32>, String) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_gridbook-server"))
        .arg("conform")
        .args(words)
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_prints_each_level_and_ends_accordingly() {
    let server = Server::with(|_| {}).await;
    let accounts = options(&server).await.accounts;
    let url = server.url.clone();
    let asking = tokio::task::spawn_blocking(move || {
        let mut words = vec![url.as_str(), "--write"];
        for account in &accounts {
            words.extend(["--user", &account.user, "--password", PASSWORD]);
        }
        command(&words)
    });
    let (code, told) = asking.await.unwrap();
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("级别 0:全部通过") && told.contains("级别 1:全部通过"), "{told}");
    assert!(told.contains("通过   push.dup"), "{told}");
    // A port that was free a moment ago: nobody answers there.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (code, told) = command(&[&format!("http://{free}")]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("不通过 caps.fields") && told.contains("不符合约定"), "{told}");
    assert_eq!(command(&[]).0, Some(2));
    assert_eq!(command(&["ftp://example.org"]).0, Some(2));
}

/// What the sync endpoints are made of. A code is written where it is decided, so the sources are asked.
const SOURCES: [(&str, &str); 15] = [
    ("http.rs", include_str!("../../src/http.rs")),
    ("http/sync.rs", include_str!("../../src/http/sync.rs")),
    ("http/blob.rs", include_str!("../../src/http/blob.rs")),
    ("http/upload.rs", include_str!("../../src/http/upload.rs")),
    ("http/body.rs", include_str!("../../src/http/body.rs")),
    ("http/session.rs", include_str!("../../src/http/session.rs")),
    ("http/level2.rs", include_str!("../../src/http/level2.rs")),
    ("feed/packs.rs", include_str!("../../src/feed/packs.rs")),
    ("problem.rs", include_str!("../../src/problem.rs")),
    ("quarantine.rs", include_str!("../../src/quarantine.rs")),
    ("feed.rs", include_str!("../../src/feed.rs")),
    ("writer.rs", include_str!("../../src/writer.rs")),
    ("writer/push.rs", include_str!("../../src/writer/push.rs")),
    ("writer/sender.rs", include_str!("../../src/writer/sender.rs")),
    ("authority.rs", include_str!("../../../domain/src/authority.rs")),
];

/// Codes that a source answers with.
fn codes(name: &str, source: &str) -> BTreeSet<String> {
    let tight: String = source.chars().filter(|c| !c.is_whitespace()).collect();
    let mut places: Vec<&str> = vec!["refuse(\"", "Reject(\"", "bad(\"", "conflict(\"", "later(\""];
    if matches!(name, "writer/push.rs" | "writer/sender.rs") {
        places.push("Some(\"");
    }
    if name == "authority.rs" {
        places.extend(["returnSome(\"", "then_some(\""]);
    }
    let after_status = tight.match_indices("StatusCode::").filter_map(|(at, _)| {
        let rest = tight[at + "StatusCode::".len()..]
            .trim_start_matches(|c: char| c.is_ascii_uppercase() || c == '_');
        rest.strip_prefix(",\"")
    });
    let after_place = places
        .iter()
        .flat_map(|place| tight.match_indices(place).map(|(at, found)| &tight[at + found.len()..]));
    let texts: Vec<&str> = after_place.chain(after_status).collect();
    texts.into_iter().filter_map(|text| Some(text.split_once('"')?.0.to_owned())).collect()
}

fn all_codes() -> BTreeSet<String> {
    SOURCES.into_iter().flat_map(|(name, source)| codes(name, source)).collect()
}

#[test]
fn the_document_lists_every_code_that_a_sync_endpoint_answers() {
    let document = include_str!("../../../../docs/contract.md");
    let codes = all_codes();
    // Some of each kind, so that a change of style in the sources cannot empty the list.
    for code in
        ["fork", "clone", "second_create", "cursor", "history", "too_large", "encoding", "session", "full"]
    {
        assert!(codes.contains(code), "{code} was not found in the sources: {codes:?}");
    }
    let missing: Vec<_> = codes.iter().filter(|code| !document.contains(&format!("`{code}`"))).collect();
    assert!(missing.is_empty(), "docs/contract.md does not list {missing:?}");
}

#[test]
fn the_document_lists_no_code_that_is_never_answered() {
    let document = include_str!("../../../../docs/contract.md");
    let codes = all_codes();
    let cell = |row: &'static str, column: usize| {
        row.split('|').nth(column).map(|text| text.trim().trim_matches('`').to_owned())
    };
    let rows = document.lines().filter(|row| row.starts_with('|'));
    let listed: Vec<String> = rows
        .filter_map(|row| {
            let status = cell(row, 1)?.parse::<u16>().is_ok_and(|status| status >= 400);
            let refusal = matches!(cell(row, 2)?.as_str(), "0" | "1");
            if status { cell(row, 2) } else { cell(row, 1).filter(|_| refusal) }
        })
        .collect();
    assert!(listed.len() > 20, "{listed:?}");
    let stale: Vec<_> = listed.iter().filter(|code| !codes.contains(*code)).collect();
    assert!(stale.is_empty(), "docs/contract.md lists {stale:?}, which no endpoint answers");
}
