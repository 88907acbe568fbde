//! `simulate FROM COUNT`: the simulator of crates/sync against this server on SQLite, seed after seed. What
//! `cargo xtask simulate --on sqlite` runs.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "../tests/simulated/mod.rs"]
mod simulated;

use std::process::ExitCode;

use gridbook_sync::sim::{Kind, Report, astray};

fn main() -> ExitCode {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|arg| arg.parse().ok()).collect();
    let [from, count] = numbers[..] else {
        println!("simulate FROM COUNT");
        return ExitCode::FAILURE;
    };
    let (mut sum, mut failed) = (Report::default(), 0);
    for seed in from..from.saturating_add(count) {
        match std::panic::catch_unwind(|| simulated::run(None, seed)) {
            Ok(Ok(report)) => sum.add(&report),
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
    let Report { purged, packed, damaged, mended, resumed, met, .. } = sum;
    println!(
        "{count} seeds on sqlite from {from}: {failed} failed, {saved} saved, {faults} faults, {crashes} crashes, {restored} backends restored, {copied} devices copied, {renewed} new names, {purged} purged, {packed} packed pages, {damaged} rows lost, {mended} checks that mended, {resumed} uploads resumed"
    );
    println!("faults: {met:?}, not as the table says: {:?}", astray(Kind::Server, &met));
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
