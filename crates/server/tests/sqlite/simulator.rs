//! The simulator of crates/sync against this server on SQLite. `cargo xtask simulate --on sqlite` runs more seeds.

use crate::simulated;
use gridbook_sync::sim::{Kind, Report, astray};

#[test]
fn the_first_seeds_hold() {
    let mut total = Report::default();
    for seed in 0..64 {
        let report = simulated::run(None, seed).unwrap_or_else(|failure| panic!("{failure}"));
        total.add(&report);
    }
    // A simulator that no longer hurts would pass for ever.
    assert_eq!(astray(Kind::Server, &total.met), [], "{total:?}");
    assert!(total.saved > 3000, "{total:?}");
    assert!(total.faults > 1000, "{total:?}");
    assert!(total.crashes > 100, "{total:?}");
    assert!(total.purged > 50 && total.packed > 100, "{total:?}");
    assert!(total.damaged > 30 && total.mended > 20, "{total:?}");
    assert!(total.resumed > 50, "{total:?}");
    assert!(total.restored > 5 && total.copied > 10 && total.renewed > 10, "{total:?}");
}

/// Seeds that failed once. They are kept for ever.
const KEPT: &str = include_str!("seeds.txt");

#[test]
fn seeds_that_failed_once_hold() {
    for line in KEPT.lines().filter(|line| !line.starts_with('#')) {
        let seed = line.split_whitespace().next().unwrap().parse().unwrap();
        simulated::run(None, seed).unwrap_or_else(|failure| panic!("{failure}"));
    }
}

#[test]
fn a_seed_always_does_the_same() {
    let first = simulated::run(None, 3);
    assert!(first.is_ok(), "{first:?}");
    assert_eq!(simulated::run(None, 3), first);
}
