//! The simulator of crates/sync against this server on SQLite. `cargo xtask simulate --on sqlite` runs more seeds.

mod simulated;

use gridbook_sync::sim::Report;

#[test]
fn the_first_seeds_hold() {
    let mut total = Report::default();
    for seed in 0..6 {
        let report = simulated::run(seed).unwrap_or_else(|failure| panic!("{failure}"));
        total.add(&report);
    }
    // A simulator that no longer hurts would pass for ever.
    assert!(total.saved > 400, "{total:?}");
    assert!(total.faults > 300, "{total:?}");
    assert!(total.crashes > 40, "{total:?}");
    assert!(total.packed > 40, "{total:?}");
    assert!(total.restored > 1 && total.copied > 1 && total.renewed > 1, "{total:?}");
}

#[test]
fn a_seed_always_does_the_same() {
    let first = simulated::run(3);
    assert!(first.is_ok(), "{first:?}");
    assert_eq!(simulated::run(3), first);
}
