//! Seeds of the simulator: the first 64 on every kind of backend, and every seed that ever failed. The reference server
//! on its database has the same in `crates/server/tests/sqlite/simulator.rs`.
#![allow(clippy::unwrap_used, missing_docs)]

use gridbook_sync::share::ShareKind;
use gridbook_sync::sim::{self, Kind, Report};

/// Seeds that failed once. They are kept for ever.
const KEPT: &str = include_str!("seeds.txt");

/// The first 64 seeds. A simulator that no longer hurts would pass for ever: every fault of the table comes at least once,
/// and none that the table does not have.
fn the_first_seeds(kind: Kind) -> Report {
    let mut total = Report::default();
    for seed in 0..64 {
        let report = sim::run_on(kind, seed).unwrap_or_else(|failure| panic!("{kind:?} {failure}"));
        total.add(&report);
    }
    assert_eq!(sim::astray(kind, &total.met), [], "{kind:?} {total:?}");
    assert!(total.saved > 3000, "{total:?}");
    assert!(total.faults > 1000, "{total:?}");
    assert!(total.crashes > 100, "{total:?}");
    total
}

#[test]
fn the_first_64_seeds_hold() {
    let total = the_first_seeds(Kind::Memory);
    assert!(total.beside > 1000, "{total:?}");
    assert!(total.purged > 50, "{total:?}");
    assert!(total.packed > 100, "{total:?}");
    assert!(total.damaged > 30 && total.mended > 20, "{total:?}");
    assert!(total.resumed > 50, "{total:?}");
    assert!(total.restored > 5, "{total:?}");
    assert!(total.copied > 10, "{total:?}");
    assert!(total.renewed > 10, "{total:?}");
}

#[test]
fn the_first_64_seeds_hold_on_webdav() {
    let total = the_first_seeds(Kind::Share(ShareKind::WebDav));
    assert!(total.restored > 5 && total.copied > 10 && total.renewed > 10, "{total:?}");
}

#[test]
fn the_first_64_seeds_hold_on_couchdb() {
    let total = the_first_seeds(Kind::Share(ShareKind::CouchDb));
    assert!(total.restored > 5 && total.copied > 10 && total.renewed > 10, "{total:?}");
}

#[test]
fn the_first_64_seeds_hold_on_a_server_and_webdav_at_once() {
    let total = the_first_seeds(Kind::Two(ShareKind::WebDav));
    assert!(total.restored > 5 && total.copied > 10 && total.renewed > 10, "{total:?}");
    assert!(total.carried > 4000, "{total:?}");
}

#[test]
fn the_first_64_seeds_hold_on_a_server_and_couchdb_at_once() {
    let total = the_first_seeds(Kind::Two(ShareKind::CouchDb));
    assert!(total.restored > 5 && total.copied > 10 && total.renewed > 10, "{total:?}");
    assert!(total.carried > 4000, "{total:?}");
}

#[test]
fn seeds_that_failed_once_hold() {
    for line in KEPT.lines().filter(|l| !l.starts_with('#')) {
        let mut words = line.split_whitespace();
        let (mode, seed) = (words.next().unwrap(), words.next().unwrap().parse().unwrap());
        let (webdav, couchdb) = (ShareKind::WebDav, ShareKind::CouchDb);
        let outcome = match mode {
            "plain" => sim::run_plain(seed),
            "memory" => sim::run_before(Kind::Memory, seed),
            "webdav" => sim::run_before(Kind::Share(webdav), seed),
            "couchdb" => sim::run_before(Kind::Share(couchdb), seed),
            "all-memory" => sim::run_on(Kind::Memory, seed),
            "all-webdav" => sim::run_on(Kind::Share(webdav), seed),
            "all-couchdb" => sim::run_on(Kind::Share(couchdb), seed),
            "all-two-webdav" => sim::run_on(Kind::Two(webdav), seed),
            "all-two-couchdb" => sim::run_on(Kind::Two(couchdb), seed),
            other => panic!("no mode {other}"),
        };
        outcome.unwrap_or_else(|failure| panic!("{mode} {failure}"));
    }
}

#[test]
fn a_seed_always_does_the_same() {
    assert_eq!(sim::run(7), sim::run(7));
    let kind = Kind::Two(ShareKind::WebDav);
    assert_eq!(sim::run_on(kind, 7), sim::run_on(kind, 7));
}
