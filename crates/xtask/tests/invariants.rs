//! What ARCHITECTURE.md promises and a compiler does not check.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Which of our crates each may use. The app is `gridbook`.
const LAYERS: [(&str, &[&str]); 10] = [
    ("gridbook-log", &[]),
    ("gridbook-domain", &["gridbook-log"]),
    ("gridbook-sync", &["gridbook-log"]),
    ("gridbook-sheets", &["gridbook-domain"]),
    ("gridbook-papers", &["gridbook-domain"]),
    ("gridbook-carry", &[]),
    ("gridbook-conform", &["gridbook-log", "gridbook-sync"]),
    (
        "gridbook-server",
        &[
            "gridbook-log",
            "gridbook-domain",
            "gridbook-sync",
            "gridbook-carry",
            "gridbook-sheets",
            "gridbook-conform",
        ],
    ),
    ("gridbook-xtask", &["gridbook-domain", "gridbook-sync"]),
    (
        "gridbook",
        &[
            "gridbook-log",
            "gridbook-domain",
            "gridbook-sync",
            "gridbook-sheets",
            "gridbook-papers",
            "gridbook-carry",
        ],
    ),
];

/// These decide and never act: no browser, network, database, thread pool or randomness below them.
const PURE: [&str; 5] =
    ["gridbook-log", "gridbook-domain", "gridbook-sync", "gridbook-sheets", "gridbook-papers"];
const ACTING: [&str; 16] = [
    "axum",
    "getrandom",
    "gloo",
    "gloo-net",
    "hyper",
    "indexed_db_futures",
    "js-sys",
    "leptos",
    "rand",
    "reqwest",
    "rusqlite",
    "sqlx",
    "tokio",
    "wasm-bindgen",
    "wasm-bindgen-futures",
    "web-sys",
];

/// The only entries at the top of the repository.
const TOP: [&str; 20] = [
    ".cargo",
    ".ci",
    ".config",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "Trunk.toml",
    "clippy.toml",
    "crates",
    "deny.toml",
    "docs",
    "public",
    "rustfmt.toml",
    "src",
    "style",
    "tests",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_path_buf()
}

fn output(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Files of the project: what git has or would take, not what was built.
fn project_files() -> Vec<String> {
    let list = output("git", &["ls-files", "--cached", "--others", "--exclude-standard"]);
    let names: BTreeSet<String> = list.lines().map(str::to_owned).collect();
    names.into_iter().filter(|name| root().join(name).is_file()).collect()
}

/// The project's texts with their names; pictures and sheets are left out.
fn project_texts() -> Vec<(String, String)> {
    let text = |name: String| fs::read_to_string(root().join(&name)).ok().map(|text| (name, text));
    project_files().into_iter().filter_map(text).collect()
}

fn packages() -> Vec<Value> {
    let metadata = output("cargo", &["metadata", "--format-version", "1", "--no-deps", "--offline"]);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// Names of what a package is built from; what only its tests use does not count.
fn dependencies(package: &Value) -> BTreeSet<String> {
    let all = package["dependencies"].as_array().unwrap().iter();
    let shipped = all.filter(|dependency| dependency["kind"].is_null());
    let called = |dependency: &Value| dependency["rename"].as_str().map(str::to_owned);
    shipped.map(|one| called(one).unwrap_or_else(|| one["name"].as_str().unwrap().to_owned())).collect()
}

#[test]
fn layers_know_only_what_lies_below_them() {
    let allowed: BTreeMap<&str, &[&str]> = LAYERS.into_iter().collect();
    for package in packages() {
        let name = package["name"].as_str().unwrap();
        let below = allowed.get(name).unwrap_or_else(|| panic!("{name} has no place among the layers"));
        for dependency in dependencies(&package).iter().filter(|one| one.starts_with("gridbook")) {
            assert!(below.contains(&dependency.as_str()), "{name} may not use {dependency}");
        }
    }
}

#[test]
fn pure_crates_do_not_act() {
    for package in packages().iter().filter(|package| PURE.contains(&package["name"].as_str().unwrap())) {
        let used = dependencies(package);
        let acting: Vec<_> = ACTING.iter().filter(|name| used.contains(**name)).collect();
        assert!(acting.is_empty(), "{} uses {acting:?}", package["name"]);
    }
}

#[test]
fn pure_crates_read_no_clock() {
    let clocks = ["SystemTime::now", "Instant::now", "Utc::now", "Local::now"];
    for (name, text) in project_texts() {
        let pure = [
            "crates/log/src",
            "crates/domain/src",
            "crates/sync/src",
            "crates/sheets/src",
            "crates/papers/src",
        ];
        if pure.iter().any(|folder| name.starts_with(folder)) {
            assert!(
                clocks.iter().all(|clock| !text.contains(clock)),
                "{name} reads a clock; pass the time in"
            );
        }
    }
}

#[test]
fn unsafe_code_is_forbidden_everywhere() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(manifest.contains("unsafe_code = \"forbid\""));
    for package in packages() {
        let path = package["manifest_path"].as_str().unwrap();
        let manifest = fs::read_to_string(path).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{path} does not take the workspace's lints");
    }
}

#[test]
fn no_test_is_switched_off() {
    // Spelt in halves, so that this file does not find itself.
    let marks =
        [["#[ign", "ore"], ["test.sk", "ip("], ["it.sk", "ip("], ["test.on", "ly("], ["test.to", "do("]]
            .map(|m| m.concat());
    for (name, text) in
        project_texts().iter().filter(|(name, _)| name.ends_with(".rs") || name.ends_with(".mjs"))
    {
        assert!(marks.iter().all(|mark| !text.contains(mark.as_str())), "{name} switches a test off");
    }
}

/// Notes kept beside the repository are not in it: whoever reads the project must be able to open what it names.
#[test]
fn every_document_named_is_in_the_repository() {
    let outside = ["domain", "design", "engineering", "peers", "sync"].map(|name| format!("{name}.{}", "md"));
    for (name, text) in project_texts() {
        for line in text.lines() {
            let foreign = line.contains("/work/") || line.contains(&["../sha", "red"].concat());
            let missing = outside.iter().find(|document| {
                line.match_indices(document.as_str()).any(|(at, _)| {
                    !line[..at]
                        .ends_with(|c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '/')
                })
            });
            assert!((!foreign || name.ends_with("invariants.rs")) && missing.is_none(), "{name}: {line}");
        }
    }
}

/// The lock of the test tools holds checksums and no addresses, so that any registry mirror serves them.
#[test]
fn npm_locks_name_no_host() {
    for (name, text) in project_texts().iter().filter(|(name, _)| name.ends_with("package-lock.json")) {
        assert!(
            !text.contains("\"resolved\""),
            "{name}: make it with npm install --omit-lockfile-registry-resolved"
        );
    }
}

#[test]
fn requirements_cited_are_written_down() {
    let written = fs::read_to_string(root().join("docs/requirements.md")).unwrap();
    let written = requirement_ids(&written);
    for (name, text) in project_texts() {
        let code =
            ["crates/", "src/", "style/", "public/", "tests/"].iter().any(|folder| name.starts_with(folder));
        let missing: Vec<_> = requirement_ids(&text).difference(&written).cloned().collect();
        assert!(
            !code || missing.is_empty(),
            "{name} cites {missing:?}, which docs/requirements.md does not state"
        );
    }
}

/// Everything of the form `VISIT-03`, one of the areas and two digits.
fn requirement_ids(text: &str) -> BTreeSet<String> {
    let areas = [
        "ROLE", "TERR", "CAT", "FLOW", "VISIT", "HAZ", "MED", "PTS", "FLOOD", "SAT", "REP", "PUB", "SELF",
        "IO", "PRIV", "OFF",
    ];
    let mut ids = BTreeSet::new();
    for (dash, _) in text.match_indices('-') {
        let start = text[..dash]
            .rfind(|c: char| !c.is_ascii_uppercase())
            .map_or(0, |at| at + text[at..].chars().next().map_or(0, char::len_utf8));
        let digits: String = text[dash + 1..].chars().take_while(char::is_ascii_digit).collect();
        let before = text[..start].chars().next_back();
        let whole = before.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '-');
        if whole && digits.len() == 2 && areas.contains(&&text[start..dash]) {
            ids.insert(text[start..dash + 3].to_owned());
        }
    }
    ids
}

#[test]
fn the_finder_of_requirements_works() {
    let found = requirement_ids("（VISIT-03）IO-01, AUDIO-01 X-VISIT-04 VISIT-1 HAZ-001 中PRIV-06");
    assert_eq!(found, ["IO-01", "PRIV-06", "VISIT-03"].map(str::to_owned).into());
}

#[test]
fn the_top_of_the_repository_holds_only_what_it_must() {
    let top: BTreeSet<String> =
        project_files().iter().filter_map(|name| name.split('/').next().map(str::to_owned)).collect();
    let extra: Vec<_> = top.iter().filter(|name| !TOP.contains(&name.as_str())).collect();
    assert!(extra.is_empty(), "not at the top: {extra:?}");
}
