//! `cargo xtask simulate`: the sync simulator on as many seeds as time allows.

use std::ops::Range;
use std::path::PathBuf;
use std::thread;

use gridbook_sync::share::ShareKind;
use gridbook_sync::sim::{self, Kind, Report};

use crate::failure::{Failure, Outcome};
use crate::process::{self, target};
use crate::tree;

/// Names of the backends.
pub(crate) const MODES: &str = "memory, sqlite, webdav, couchdb, two-webdav or two-couchdb";

/// What one thread found.
#[derive(Default)]
struct Lane {
    sum: Report,
    failed: Vec<(u64, String)>,
}

impl Lane {
    /// Every second seed; a panic inside one is a finding like any other.
    fn run(kind: Kind, seeds: Range<u64>, first: usize) -> Self {
        let mut lane = Self::default();
        for seed in seeds.skip(first).step_by(2) {
            match std::panic::catch_unwind(|| sim::run_on(kind, seed)) {
                Ok(Ok(report)) => lane.sum.add(&report),
                Ok(Err(failure)) => lane.failed.push((seed, failure.to_string())),
                Err(_) => {
                    let text = format!("seed {seed}: panicked, the message stands above");
                    lane.failed.push((seed, text));
                }
            }
        }
        lane
    }
}

/// The backend of that name.
fn kind(name: &str) -> Result<Kind, Failure> {
    match name {
        "memory" => Ok(Kind::Memory),
        "webdav" => Ok(Kind::Share(ShareKind::WebDav)),
        "couchdb" => Ok(Kind::Share(ShareKind::CouchDb)),
        "two-webdav" => Ok(Kind::Two(ShareKind::WebDav)),
        "two-couchdb" => Ok(Kind::Two(ShareKind::CouchDb)),
        _ => Err(Failure::new(format!("--on takes {MODES}, not `{name}`"))),
    }
}

/// Runs `count` seeds from `from` on two threads; failing ones are kept in `target/simulate/`.
pub(crate) fn run(on: &str, from: u64, count: u64) -> Outcome {
    if on == "sqlite" {
        // The reference server is no part of this program.
        let server =
            ["run", "--release", "--locked", "--package", "gridbook-server", "--example", "simulate"];
        let seeds = [from.to_string(), count.to_string()];
        return process::run(process::with("cargo", &server).arg("--").args(seeds));
    }
    let kind = kind(on)?;
    let end = from.checked_add(count).ok_or_else(|| Failure::new("seeds end at 2^64"))?;
    let (mut lane, other) = thread::scope(|scope| {
        let other = scope.spawn(|| Lane::run(kind, from..end, 1));
        (Lane::run(kind, from..end, 0), other.join().expect("a lane catches what a seed does"))
    });
    lane.sum.add(&other.sum);
    lane.failed.extend(other.failed);
    let sum = lane.sum;
    let Report { saved, requests, faults, crashes, purged, restored, copied, renewed, carried, .. } = sum;
    println!(
        "{count} seeds on {on} from {from}: {saved} saved, {requests} requests, {faults} faults, {crashes} crashes, {purged} purged, {restored} backends restored, {copied} devices copied, {renewed} new names, {carried} carried between backends"
    );
    println!("faults: {:?}, not as the table says: {:?}", sum.met, sim::astray(kind, &sum.met));
    for (seed, text) in &lane.failed {
        println!(
            "{text}\n  kept in {}; again: cargo xtask simulate --on {on} --from {seed} --seeds 1",
            kept(on, *seed).display()
        );
        tree::write(&kept(on, *seed), text.as_bytes())?;
    }
    match lane.failed.len() {
        0 => Ok(()),
        failed => Err(Failure::new(format!("{failed} of {count} seeds failed"))),
    }
}

fn kept(on: &str, seed: u64) -> PathBuf {
    target().join("simulate").join(format!("{on}-{seed}.txt"))
}
