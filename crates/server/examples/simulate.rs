//! `simulate FROM COUNT`: the simulator of crates/sync against this server on SQLite, seed after seed. What
//! `cargo xtask simulate --on sqlite` runs.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "../tests/sqlite/simulated/mod.rs"]
mod simulated;

use std::process::ExitCode;

use gridbook_sync::sim::Report;

fn main() -> ExitCode {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|arg| arg.parse().ok()).collect();
    let [from, count] = numbers[..] else {
        println!("simulate FROM COUNT");
        return ExitCode::FAILURE;
    };
    let (mut sum, mut failed) = (Report::default(), 0);
    for seed in from..from.saturating_add(count) {
        match std::panic::catch_unwind(|| simulated::run(seed)) {
            Ok(Ok(report)) => {
                sum.saved += report.saved;
                sum.faults += report.faults;
                sum.crashes += report.crashes;
                sum.restored += report.restored;
                sum.copied += report.copied;
                sum.renewed += report.renewed;
            }
            Ok(Err(failure)) => {
                failed += 1;
                println!("{failure}");
            }
            Err(_) => {
                failed += 1;
                println!("seed {seed}: panicked, the message stands above");
            }
        }
    }
    let Report { saved, faults, crashes, restored, copied, renewed, .. } = sum;
    println!(
        "{count} seeds on sqlite from {from}: {failed} failed, {saved} saved, {faults} faults, {crashes} crashes, {restored} backends restored, {copied} devices copied, {renewed} new names"
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
