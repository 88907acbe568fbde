//! The simulator: devices, tabs, clocks, a network and a backend, all from one seed.
//!
//! The engine and the replica in it are the ones the app runs. Faults come while it runs; then they stop, and
//! everything that was saved must be where it belongs. The same seed always does the same.
//!
//! Where each fault lives:
//! - `world/deliver.rs`: requests and answers lost, repeated, late and out of order; 503 with and without
//!   Retry-After; batches that are too large; shares' answers cut off.
//! - `share/`: 423, 429, 503; half an upload left in place, rows of a bulk write that fail; old and empty listings;
//!   no entity tags, no sizes, odd addresses, 412 to every condition; sequences that begin earlier than asked.
//! - `world.rs`, `device.rs`: clocks from −30 to +400 days that jump; two tabs of one device that both lead; a full
//!   disk, a lost database connection, a commit whose answer is lost; tabs that die before any command.
//! - `world/accidents.rs`: rights and places that change in the middle of a pull; a copied device; a restored server
//!   with a new history, a restored share without one; two backends with a client between them.
//! - `world/people.rs`: operations that a rule refuses.
//! - `server.rs`: the same people and faults against a server outside this crate (`crates/server/tests/sqlite/simulator.rs`: the
//!   reference server on SQLite), which also refuses outright what its author may not see any more.
//!
//! Not here, because no browser or wire is: evicted stores, service workers, redirects (`tests/browser`,
//! `crates/conform/tests/shares.rs`); unknown kinds, forks and poison (`crates/log/tests`, `crates/xtask/tests/fuzz.rs`);
//! slow transactions (`crates/server/tests/suite/slow.rs`).

mod backend;
mod bridge;
mod check;
mod device;
mod net;
mod server;
pub mod share;
mod world;

use std::fmt;
use std::rc::Rc;

pub use backend::Kind;
pub use net::Trace;
pub use server::Server;
pub use world::{Config, World};

/// Numbers from a seed (SplitMix64): small, fast, the same everywhere.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.draw() % bound.max(1)
    }

    /// True in `percent` of a hundred cases.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// What a run did; printed, so that a run without faults is noticed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Operations saved.
    pub saved: usize,
    /// Requests that reached the backend.
    pub requests: usize,
    /// Requests sent while another of the same tab was under way.
    pub beside: usize,
    /// Messages lost, repeated or cut off.
    pub faults: usize,
    /// Tabs that died.
    pub crashes: usize,
    /// Rounds until everything was quiet after the last fault.
    pub rounds: usize,
    /// Entities that left someone's view.
    pub purged: usize,
    /// Backends that went back to a backup.
    pub restored: usize,
    /// Devices that were copied with all they held.
    pub copied: usize,
    /// New names that devices took.
    pub renewed: usize,
    /// Operations carried from one backend to another.
    pub carried: usize,
    /// Pages of packed operations.
    pub packed: usize,
    /// Rows of stores that got lost.
    pub damaged: usize,
    /// Checks that mended something.
    pub mended: usize,
    /// Uploads of photos that went on where they had stopped.
    pub resumed: usize,
    /// All messages in their order.
    pub trace: Trace,
}

/// An invariant that did not hold. The seed is all that is needed to see it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// What did not hold.
    pub what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {}: {}", self.seed, self.what)
    }
}

/// Runs one seed against the server in memory.
///
/// # Errors
/// [`Failure`] with the invariant that did not hold.
pub fn run(seed: u64) -> Result<Report, Failure> {
    run_on(Kind::Memory, seed)
}

/// Runs one seed.
///
/// # Errors
/// [`Failure`] with the invariant that did not hold.
pub fn run_on(kind: Kind, seed: u64) -> Result<Report, Failure> {
    run_as(Config::from_seed(kind, seed), seed, None)
}

/// Runs one seed against the server in memory without copies and backups, as kept seeds were found.
///
/// # Errors
/// [`Failure`] with the invariant that did not hold.
pub fn run_plain(seed: u64) -> Result<Report, Failure> {
    run_as(Config::plain(seed), seed, None)
}

/// Runs one seed against a server of its own outside this crate.
///
/// # Errors
/// [`Failure`] with the invariant that did not hold.
pub fn run_against(server: Rc<dyn Server>, seed: u64) -> Result<Report, Failure> {
    run_as(Config::from_seed(Kind::Server, seed), seed, Some(server))
}

fn run_as(config: Config, seed: u64, server: Option<Rc<dyn Server>>) -> Result<Report, Failure> {
    let fail = |what: String| Failure { seed, what };
    let mut world = World::new(config, server);
    world.chaos().map_err(fail)?;
    world.settle().map_err(fail)?;
    world.compare().map_err(fail)?;
    world.damage().map_err(fail)?;
    check::all(&mut world).map_err(fail)?;
    Ok(world.report().clone())
}

/// Polls a future that only touches memory; it is ready at once.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => unreachable!("the memory store never waits"),
    }
}
