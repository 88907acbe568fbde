//! Every decoder of bytes that come from outside, or from a damaged store, against mutated input: no panic, no
//! memory beyond a bound, and what is accepted reads back.
//!
//! The numbers decide: target and number of a case give its bytes. An ordinary run takes some seconds;
//! `cargo xtask fuzz --minutes N` goes on for longer. Input that made a target panic is written to `tests/corpus/`,
//! is kept there, and is tried first ever after.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "fuzz/carried.rs"]
mod carried;
#[path = "fuzz/log.rs"]
mod log;
#[path = "fuzz/mutate.rs"]
mod mutate;
#[path = "fuzz/shares.rs"]
mod shares;
#[path = "fuzz/store.rs"]
mod store;
#[path = "fuzz/tables.rs"]
mod tables;
#[path = "fuzz/wire.rs"]
mod wire;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use gridbook_sync::sim::Rng;

/// A decoder with what its input may begin as.
struct Target {
    name: &'static str,
    seeds: Vec<Vec<u8>>,
    /// Takes any bytes; a panic is a finding. `number` decides whatever else a case needs.
    run: fn(&[u8], number: u64),
}

/// Address space that one target may take, in KB: generous, and far below what a lie about a length asks for.
const MEMORY_KB: u64 = 400 * 1024;
/// No single case may take longer, on however busy a machine.
const SLOWEST: Duration = Duration::from_secs(30);

fn corpus(target: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(target)
}

/// Most address space that this process ever had, where the system tells.
fn peak_kb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmPeak:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse().ok()).unwrap_or(0)
}

fn seconds() -> u64 {
    std::env::var("GRIDBOOK_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

fn fuzz(target: &Target) {
    let kept: Vec<Vec<u8>> = fs::read_dir(corpus(target.name))
        .map(|files| files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect())
        .unwrap_or_default();
    let seeds: Vec<&[u8]> = target.seeds.iter().chain(&kept).map(Vec::as_slice).collect();
    assert!(!seeds.is_empty(), "{} has nothing to begin with", target.name);
    let before = peak_kb();
    for (number, seed) in (0..).zip(&seeds) {
        (target.run)(seed, number);
    }
    let until = Instant::now() + Duration::from_secs(seconds());
    let mut number = 0u64;
    while Instant::now() < until || number < 16 {
        number += 1;
        let mut rng = Rng::new(number.wrapping_mul(0x9e37_79b9).wrapping_add(target.name.len() as u64));
        let input = mutate::some(&mut rng, &seeds);
        let begun = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| (target.run)(&input, number)));
        if outcome.is_err() || begun.elapsed() > SLOWEST {
            let file = corpus(target.name).join(format!("{number}.bin"));
            fs::create_dir_all(corpus(target.name)).unwrap();
            fs::write(&file, &input).unwrap();
            panic!("{} case {number}, kept in {}", target.name, file.display());
        }
    }
    let grown = peak_kb().saturating_sub(before);
    println!("{}: {number} cases, {} beginnings, {grown} KB", target.name, seeds.len());
    assert!(grown < MEMORY_KB, "{} took {grown} KB", target.name);
}

#[test]
fn operations_and_frames() {
    log::targets().iter().for_each(fuzz);
}

#[test]
fn messages_and_listings() {
    wire::targets().iter().for_each(fuzz);
}

#[test]
fn answers_of_shares() {
    shares::targets().iter().for_each(fuzz);
}

#[test]
fn rows_of_a_damaged_store_and_the_data_package() {
    store::targets().iter().for_each(fuzz);
}

#[test]
fn carried_files() {
    carried::targets().iter().for_each(fuzz);
}

#[test]
fn spreadsheets() {
    tables::targets().iter().for_each(fuzz);
}
