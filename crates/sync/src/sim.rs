//! The simulator: devices, tabs, clocks, a network and a backend, all from one seed.
//!
//! The engine and the replica in it are the ones the app runs. Faults come while it runs; then they stop, and
//! everything that was saved must be where it belongs. The same seed always does the same.
//!
//! Each fault has a name ([`Mishap`]), which says on which backends it comes, and is counted where it happens; over the
//! first 64 seeds of every kind of backend each comes at least once, or a test fails.
//!
//! | fault | where it is made | backends |
//! |---|---|---|
//! | requests and answers lost, repeated, overtaken (`RequestLost`, `AnswerLost`, `Repeated`, `Overtaken`) | `world/deliver.rs`, `net.rs` | all |
//! | 423, 429, 503, 504, with and without Retry-After (`Busy`, `RetryAfter`); 502 with a page (`Proxy`) | `world/deliver.rs`, `world/odd.rs`, `share.rs` | all |
//! | half a batch stored, then the connection closes; batches that are too large (`PartBatch`, `TooLarge`) | `world/odd.rs`, `world/deliver.rs` | servers |
//! | rows of a bulk write that fail; half an upload left in place; an upload in parts that broke off between two of them (`RowFailed`, `UploadCut`, `UploadBroken`) | `share/` | CouchDB; WebDAV; shares |
//! | answers cut off (`AnswerCut`, `PackDamaged`); somebody's page with 200; redirects (`Portal`, `Redirected`) | `world/deliver.rs`, `share.rs` | shares, packed pages of servers; shares |
//! | the head of one log that others may not read, until all else is quiet (`HeadForbidden`) | `world/forbidden.rs` | WebDAV |
//! | old and empty listings; no entity tags, such with `-gzip`, no sizes, odd addresses, 412 to every condition (`StaleListing` … `NoConditions`) | `share/dav.rs` | WebDAV |
//! | sequences that are numbers, feeds that begin earlier than asked (`SeqNumbers`, `FeedRepeats`) | `share/couch.rs` | CouchDB |
//! | the reader's place compacted away (410), a list of packed streams replaced in the middle (`FloorMoved`, `PackReplaced`) | `world/odd.rs` | servers |
//! | entries and files that nobody can read (`Unreadable`, `Junk`) | `world/odd.rs`, `stranger.rs` | servers; shares |
//! | entries left out, rows of stores lost: only a check finds that (`EntrySkipped`, `RowLost`) | `world/deliver.rs`, `world/odd.rs`, `world/damage.rs` | servers |
//! | rights and places that move in the middle of a pull; rules that refuse (`RightsMoved`, `Refused`) | `world/accidents.rs`, `world/people.rs` | servers |
//! | parts of photos lost, photos that nobody has any more (`PartsLost`, `PhotoMissing`) | `world/deliver.rs`, by eviction | servers; all but two at once |
//! | clocks from −30 to +400 days, set back, standing still (`ClockSet`, `ClockBack`, `ClockFrozen`) | `world.rs`, `world/odd.rs` | all |
//! | tabs that die at any command; two tabs that both lead (`TabDied`, `TwoLeaders`) | `world/tab.rs` | all |
//! | a full device, a lost database connection, a commit whose answer is lost (`Quota`, `StoreLost`, `CommitUnheard`) | `memory.rs`, told by `world.rs` | all |
//! | stores evicted, put back from an older copy, copied to another device (`Evicted`, `PutBack`, `Copied`, `NamedTwice`) | `world/odd.rs`, `world/accidents.rs` | all |
//! | a backup put back: with another history by a server, without by a share (`Restored`) | `world/accidents.rs` | all; of two at once one |
//! | kinds and fields of a later program; operations in others' names (`UnknownKind`, `UnknownField`, `Forged`) | `stranger.rs`, `world/people.rs` | all |
//! | a client between two backends that forgets (`Forgotten`) | `bridge.rs` | two at once |
//!
//! "Servers" are the one in memory and, through `server.rs`, one outside this crate
//! (`crates/server/tests/sqlite/simulator.rs`: the reference server on SQLite, and with fewer seeds
//! `tests/postgres/simulator.rs` there), which also refuses outright what its author may not see any more. That one
//! stores, judges and packs as it does for people; it loses the parts of photos as its hourly sweep does. What stands
//! between it and a device is made up here: it never compacts its feed (410), nor does it leave entries out or damage its
//! packs. "Two at once" are the server in memory and a share, with devices at both.
//!
//! Photos are a few bytes; at the server outside this crate, and on half of the shares, every second one is larger than
//! what goes up in one part. Shares are told smaller parts than outside (`Share::with_parts`).
//!
//! On shares most seeds sign: each device makes its key known, and takes only what its author's key signed (`hand.rs`,
//! [`crate::authors`]); the server beside a share takes from the client between them only what is signed.
//!
//! Not here, because no browser, wire or database is: service workers replaced between request and answer
//! (`tests/browser`), redirects that are followed (`crates/conform/tests/shares.rs`: a folder and a database with another
//! address since; through the relay `crates/server/tests/sqlite/relay.rs`), transactions that commit late
//! (`crates/server/tests/suite/slow.rs`), servers that are killed (`kill.rs` there), many at once (`stress.rs` there).
//!
//! Left out, with reason: a store that is lost while a copy of it is in use (on a share both write one log, and what one
//! of them lost nobody has) or after the backend went back; a place compacted away while records leave people's views (of
//! those the feed says nothing to whoever begins anew, the check does); forgers before all know each other's keys (who
//! comes later goes by the key met first); two bearers of a name with two different keys (`crates/sync/tests/authors.rs`;
//! here the key follows from the device's name).

mod backend;
mod bridge;
mod check;
mod device;
mod hand;
mod mishap;
mod net;
mod server;
pub mod share;
mod strange;
mod stranger;
mod world;

use std::fmt;
use std::rc::Rc;

use crate::share::ShareKind;

pub use backend::Kind;
pub use hand::Keys;
pub use mishap::{Met, Mishap, Tally, astray};
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
    /// How often each fault happened.
    pub met: Tally,
}

impl Report {
    /// Adds what another run did.
    pub fn add(&mut self, other: &Self) {
        for (here, more) in [
            (&mut self.saved, other.saved),
            (&mut self.requests, other.requests),
            (&mut self.beside, other.beside),
            (&mut self.faults, other.faults),
            (&mut self.crashes, other.crashes),
            (&mut self.purged, other.purged),
            (&mut self.restored, other.restored),
            (&mut self.copied, other.copied),
            (&mut self.renewed, other.renewed),
            (&mut self.carried, other.carried),
            (&mut self.packed, other.packed),
            (&mut self.damaged, other.damaged),
            (&mut self.mended, other.mended),
            (&mut self.resumed, other.resumed),
        ] {
            *here += more;
        }
        self.rounds = self.rounds.max(other.rounds);
        for (mishap, count) in &other.met {
            *self.met.entry(*mishap).or_default() += count;
        }
    }
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

/// Runs one seed as it was before stores were lost and put back, signatures were checked and later programs wrote; kept
/// seeds were found so.
///
/// # Errors
/// [`Failure`] with the invariant that did not hold.
pub fn run_before(kind: Kind, seed: u64) -> Result<Report, Failure> {
    run_as(Config::before(kind, seed), seed, None)
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

/// Runs one seed against a server of its own outside this crate and a share, with the client between them.
///
/// # Errors
/// [`Failure`] with the invariant that did not hold.
pub fn run_beside(server: Rc<dyn Server>, share: ShareKind, seed: u64) -> Result<Report, Failure> {
    run_as(Config::from_seed(Kind::Beside(share), seed), seed, Some(server))
}

fn run_as(config: Config, seed: u64, server: Option<Rc<dyn Server>>) -> Result<Report, Failure> {
    let fail = |what: String| Failure { seed, what };
    let mut world = World::new(config, server);
    world.chaos().map_err(fail)?;
    world.settle().map_err(fail)?;
    if world.permit() {
        world.settle().map_err(fail)?;
    }
    if world.forge().map_err(fail)? {
        world.settle().map_err(fail)?;
    }
    world.compare().map_err(fail)?;
    world.damage().map_err(fail)?;
    check::all(&mut world).map_err(fail)?;
    world.idle().map_err(fail)?;
    Ok(Report { met: world.met(), ..world.report().clone() })
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
