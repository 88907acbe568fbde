//! `cargo xtask fuzz`: the fuzz tests of this crate (`tests/fuzz.rs`) for longer than the ordinary run does.

use crate::failure::Outcome;
use crate::process;

/// Targets that share the time.
const TARGETS: u64 = 15;

/// Runs every target for its part of so many minutes. What it finds is kept in `crates/xtask/tests/corpus/`.
pub(crate) fn run(minutes: u64) -> Outcome {
    let seconds = (minutes.saturating_mul(60) / TARGETS).max(1);
    let args =
        ["test", "--package", "gridbook-xtask", "--test", "fuzz", "--", "--test-threads=1", "--nocapture"];
    process::run(process::with("cargo", &args).env("GRIDBOOK_FUZZ_SECONDS", seconds.to_string()))
}
