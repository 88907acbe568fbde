//! Seeds of the simulator: the first 64, and every seed that ever failed.
#![allow(clippy::unwrap_used, missing_docs)]

use gridbook_sync::share::ShareKind;
use gridbook_sync::sim;

/// Seeds that failed once. They are kept for ever.
const KEPT: &str = include_str!("seeds.txt");

#[test]
fn the_first_64_seeds_hold() {
    let mut total = sim::Report::default();
    for seed in 0..64 {
        let report = sim::run(seed).unwrap_or_else(|failure| panic!("{failure}"));
        total.saved += report.saved;
        total.beside += report.beside;
        total.faults += report.faults;
        total.crashes += report.crashes;
        total.purged += report.purged;
        total.packed += report.packed;
        total.damaged += report.damaged;
        total.mended += report.mended;
        total.resumed += report.resumed;
        total.restored += report.restored;
        total.copied += report.copied;
        total.renewed += report.renewed;
    }
    // A simulator that no longer hurts would pass for ever.
    assert!(total.saved > 3000, "{total:?}");
    assert!(total.beside > 1000, "{total:?}");
    assert!(total.faults > 1000, "{total:?}");
    assert!(total.crashes > 100, "{total:?}");
    assert!(total.purged > 50, "{total:?}");
    assert!(total.packed > 100, "{total:?}");
    assert!(total.damaged > 30 && total.mended > 20, "{total:?}");
    assert!(total.resumed > 50, "{total:?}");
    assert!(total.restored > 5, "{total:?}");
    assert!(total.copied > 10, "{total:?}");
    assert!(total.renewed > 10, "{total:?}");
}

#[test]
fn seeds_that_failed_once_hold() {
    for line in KEPT.lines().filter(|l| !l.starts_with('#')) {
        let (mode, rest) = line.split_once(' ').unwrap();
        let seed = rest.split_whitespace().next().unwrap().parse().unwrap();
        let outcome = match mode {
            "plain" => sim::run_plain(seed),
            "memory" => sim::run(seed),
            "webdav" => sim::run_on(sim::Kind::Share(ShareKind::WebDav), seed),
            "couchdb" => sim::run_on(sim::Kind::Share(ShareKind::CouchDb), seed),
            other => panic!("no mode {other}"),
        };
        outcome.unwrap_or_else(|failure| panic!("{mode} {failure}"));
    }
}

#[test]
fn a_seed_always_does_the_same() {
    assert_eq!(sim::run(7), sim::run(7));
}

#[test]
fn the_first_64_seeds_hold_on_shares() {
    let mut total = sim::Report::default();
    for seed in 0..64 {
        let kind = [ShareKind::WebDav, ShareKind::CouchDb][(seed % 2) as usize];
        let report =
            sim::run_on(sim::Kind::Share(kind), seed).unwrap_or_else(|failure| panic!("{kind:?} {failure}"));
        total.saved += report.saved;
        total.faults += report.faults;
        total.crashes += report.crashes;
        total.restored += report.restored;
        total.copied += report.copied;
        total.renewed += report.renewed;
    }
    assert!(total.saved > 3000, "{total:?}");
    assert!(total.faults > 1000, "{total:?}");
    assert!(total.crashes > 100, "{total:?}");
    assert!(total.restored > 5, "{total:?}");
    assert!(total.copied > 10, "{total:?}");
    assert!(total.renewed > 10, "{total:?}");
}

#[test]
fn the_first_16_seeds_hold_on_two_backends_at_once() {
    let mut total = sim::Report::default();
    for seed in 0..16 {
        let kind = [ShareKind::WebDav, ShareKind::CouchDb][(seed % 2) as usize];
        let report =
            sim::run_on(sim::Kind::Two(kind), seed).unwrap_or_else(|failure| panic!("{kind:?} {failure}"));
        total.saved += report.saved;
        total.faults += report.faults;
        total.crashes += report.crashes;
        total.carried += report.carried;
    }
    assert!(total.saved > 800, "{total:?}");
    assert!(total.faults > 200, "{total:?}");
    assert!(total.crashes > 30, "{total:?}");
    assert!(total.carried > 1000, "{total:?}");
}
