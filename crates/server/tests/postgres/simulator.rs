//! The simulator of crates/sync against this server on PostgreSQL: the same scenarios as on SQLite
//! (`tests/sqlite/simulator.rs`), with fewer seeds, because every request asks another process.

use crate::common::postgres::fresh;
use crate::simulated;
use gridbook_sync::sim::Report;

#[test]
fn simulated_seeds_hold() {
    let mut total = Report::default();
    for seed in 0..8 {
        let report = simulated::run(Some(fresh()), seed).unwrap_or_else(|failure| panic!("{failure}"));
        total.add(&report);
    }
    // A simulator that no longer hurts would pass for ever.
    assert!(total.saved > 300 && total.faults > 100 && total.crashes > 20, "{total:?}");
    assert!(total.restored > 0 && total.copied > 0 && total.renewed > 0, "{total:?}");
    assert!(total.damaged > 0 && total.mended > 0, "{total:?}");
    assert!(total.packed > 20 && total.resumed > 0, "{total:?}");
}
