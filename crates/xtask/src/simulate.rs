//! `cargo xtask simulate`: the sync simulator on as many seeds as time allows.

use std::ops::Range;
use std::path::PathBuf;
use std::thread;

use gridbook_sync::sim::{self, Report};

use crate::failure::{Failure, Outcome};
use crate::process::target;
use crate::tree;

/// What one thread found.
#[derive(Default)]
struct Lane {
    sum: Report,
    failed: Vec<(u64, String)>,
}

impl Lane {
    /// Every second seed; a panic inside one is a finding like any other.
    fn run(seeds: Range<u64>, first: usize) -> Self {
        let mut lane = Self::default();
        for seed in seeds.skip(first).step_by(2) {
            match std::panic::catch_unwind(|| sim::run(seed)) {
                Ok(Ok(report)) => lane.add(&report),
                Ok(Err(failure)) => lane.failed.push((seed, failure.to_string())),
                Err(_) => {
                    let text = format!("seed {seed}: panicked, the message stands above");
                    lane.failed.push((seed, text));
                }
            }
        }
        lane
    }

    fn add(&mut self, report: &Report) {
        self.sum.saved += report.saved;
        self.sum.requests += report.requests;
        self.sum.faults += report.faults;
        self.sum.crashes += report.crashes;
        self.sum.purged += report.purged;
    }
}

/// Runs `count` seeds from `from` on two threads; failing ones are kept in `target/simulate/`.
pub(crate) fn run(from: u64, count: u64) -> Outcome {
    let end = from.checked_add(count).ok_or_else(|| Failure::new("seeds end at 2^64"))?;
    let (mut lane, other) = thread::scope(|scope| {
        let other = scope.spawn(|| Lane::run(from..end, 1));
        (Lane::run(from..end, 0), other.join().expect("a lane catches what a seed does"))
    });
    lane.add(&other.sum);
    lane.failed.extend(other.failed);
    let Report { saved, requests, faults, crashes, purged, .. } = lane.sum;
    println!(
        "{count} seeds from {from}: {saved} saved, {requests} requests, {faults} faults, {crashes} crashes, {purged} purged"
    );
    for (seed, text) in &lane.failed {
        println!(
            "{text}\n  kept in {}; again: cargo xtask simulate --from {seed} --seeds 1",
            kept(*seed).display()
        );
        tree::write(&kept(*seed), text.as_bytes())?;
    }
    match lane.failed.len() {
        0 => Ok(()),
        failed => Err(Failure::new(format!("{failed} of {count} seeds failed"))),
    }
}

fn kept(seed: u64) -> PathBuf {
    target().join("simulate").join(format!("{seed}.txt"))
}
