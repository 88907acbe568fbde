//! One run: what people do, what the network does, what dies.

mod accidents;
mod config;
mod damage;
mod deliver;
mod forbidden;
mod odd;
mod people;
mod tab;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use gridbook_log::{Entity, EntityId, OpId};

use super::backend::Backend;
use super::bridge::Bridge;
use super::device::{Device, DeviceEnv, OpenTab};
use super::mishap::{Met, Mishap, Tally};
use super::net::{Faults, Net};
use super::share::Quirks;
use super::stranger::Stranger;
use super::{Kind, Report, Rng, Server, now};
use crate::engine::Input;
use crate::memory::{Fault, FaultKind};
use crate::model::Model;
use crate::store::{Table, scan_all};

pub use config::Config;

const DAY_MS: i64 = 86_400_000;
/// Rounds in which everything must have become quiet after the last fault.
const MAX_ROUNDS: usize = 60;
const AREAS: [&str; 4] = ["11", "12", "121", "2"];
/// The same as a server wants its codes written.
const CODES: [&str; 4] = ["510000100", "510000200", "510000200201", "510000300"];

/// See the module's text.
pub struct World {
    config: Config,
    rng: Rng,
    /// Where records lie.
    areas: [&'static str; 4],
    clock: Rc<Cell<u64>>,
    net: Net,
    faults: Faults,
    quirks: Quirks,
    pub(crate) backends: Vec<Backend>,
    pub(crate) devices: Vec<Device>,
    /// Between two backends.
    bridge: Option<Bridge>,
    /// A backup of the server in memory.
    backup: Option<Model>,
    /// Accidents have numbers of their own: a seed without any does what it always did.
    odd: Rng,
    /// So have those that came later.
    wild: Rng,
    older: odd::Older,
    forbidden: Option<forbidden::Forbidden>,
    pub(crate) stranger: Stranger,
    pub(crate) met: Met,
    report: Report,
}

impl World {
    /// Devices, accounts and rights of a run.
    pub fn new(config: Config, server: Option<Rc<dyn Server>>) -> Self {
        let mut rng = Rng::new(config.seed);
        let clock = Rc::new(Cell::new(1_770_000_000_000u64));
        let backends = Backend::all(config.kind, server);
        let areas = if config.kind.is_outside() { CODES } else { AREAS };
        let met = Met::default();
        let mut devices = Vec::new();
        for i in 0..config.devices {
            // The first two devices belong to one person.
            let user = format!("u{}", i.saturating_sub(1));
            let offset = if config.clocks { rng.below(430) as i64 * DAY_MS - 30 * DAY_MS } else { 0 };
            met.add(Mishap::ClockSet, usize::from(offset != 0));
            let env = Rc::new(DeviceEnv {
                rng: RefCell::new(Rng::new(rng.draw())),
                ..DeviceEnv::at(clock.clone(), offset)
            });
            let home = i % backends.len();
            let tabs = 1 + rng.below(2) as usize;
            let signs = config.wild.signs;
            let device = Device::new(home, backends[home].clone(), &user, env, tabs, signs);
            devices.push(device);
            let area = areas[rng.below(4) as usize];
            // A share shows everything; to compare both everybody sees all of the server, too.
            let area = if backends.len() > 1 || config.wild.floor { "" } else { area };
            backends[home].grant(&user, BTreeSet::from([area.to_owned()]), clock.get());
            // Whoever writes to a share has an account at the server beside it all the same, and signed in there once.
            if let (Backend::Server(granted), true) = (&backends[0], home > 0) {
                granted.grant(&user, BTreeSet::from([String::new()]), clock.get());
            }
        }
        let odd = Rng::new(config.seed ^ 0x0dd);
        let bridge = Bridge::between(&backends, &clock, config.seed);
        let faults = config.faults;
        let quirks = Quirks { met: met.clone(), ..config.quirks };
        let wild = Rng::new(config.seed ^ 0x0311_d0dd);
        let stranger = Stranger::new(&backends[backends.len() - 1], &clock, &quirks, config.seed);
        let report = Report::default();
        let (net, backup) = (Net::default(), None);
        let forbidden = config.wild.forbid.then(|| forbidden::Forbidden::from_seed(config.seed));
        let mut world = Self {
            config,
            rng,
            areas,
            clock,
            net,
            faults,
            quirks,
            backends,
            devices,
            bridge,
            backup,
            odd,
            wild,
            older: None,
            forbidden,
            stranger,
            met,
            report,
        };
        (0..world.devices.len()).for_each(|device| world.open(device, 0));
        world
    }

    /// Whether two backends may end with different names for the same: a device was copied, or one went back.
    pub(crate) fn copies_or_restores(&self) -> bool {
        self.report.restored > 0 || self.devices.iter().any(|device| device.copied)
    }

    /// Whether the backend is a server outside this crate.
    pub(crate) fn is_on_server(&self) -> bool {
        self.config.kind == Kind::Server
    }

    /// Whether one of the backends is.
    pub(crate) fn is_outside(&self) -> bool {
        self.config.kind.is_outside()
    }

    /// Opens a tab if it is not open. Whoever opens the app at a share beside a server outside this crate has signed in
    /// at the server, too: it knows the device's key.
    fn open(&mut self, device: usize, tab: usize) {
        let opened = self.devices[device].open(tab);
        if let (true, Kind::Beside(_), Backend::Server(granted)) =
            (opened, self.config.kind, &self.backends[0])
            && let Some(open) = &self.devices[device].tabs[tab]
        {
            let dev = open.replica.meta().writer.dev;
            granted.register(&self.devices[device].user, dev, self.clock.get());
        }
    }

    /// How often each fault happened.
    pub fn met(&self) -> Tally {
        let mut tally = self.met.tally();
        if self.net.overtaken > 0 {
            tally.insert(Mishap::Overtaken, self.net.overtaken);
        }
        tally
    }

    /// What happened so far.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The part with faults.
    ///
    /// # Errors
    /// An invariant that did not hold while running.
    pub fn chaos(&mut self) -> Result<(), String> {
        for step in 0..self.config.steps {
            self.accidents(step)?;
            self.note_failed_commits();
            let device = self.rng.below(self.devices.len() as u64) as usize;
            let tab = self.rng.below(self.devices[device].tabs.len() as u64) as usize;
            if self.rng.chance(self.config.store_faults) {
                let kinds = [Fault::After, Fault::Before(FaultKind::Quota), Fault::Before(FaultKind::Lost)];
                self.devices[device].store.fail_next(kinds[self.rng.below(3) as usize]);
            }
            match self.rng.below(10) {
                0..=2 => self.person(device, tab)?,
                3 => self.wake(device, tab)?,
                4 if self.rng.chance(self.config.crash * 10) => self.kill(device, tab),
                5 if self.rng.chance(12) && self.bridge.is_none() => self.change_rights(),
                6 if self.config.clocks && self.rng.chance(10) => {
                    let days = self.rng.below(430) as i64 - 30;
                    let before = self.devices[device].env.offset.replace(days * DAY_MS);
                    self.met.note(Mishap::ClockSet);
                    self.met.add(Mishap::ClockBack, usize::from(days * DAY_MS < before));
                }
                _ => {
                    for _ in 0..3 {
                        self.step()?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The calm afterwards: no faults, every tab open, until nothing moves.
    ///
    /// # Errors
    /// When it does not become quiet (liveness).
    pub fn settle(&mut self) -> Result<(), String> {
        self.faults = Faults::NONE;
        self.note_failed_commits();
        self.quirks = self.quirks.calm();
        for device in &self.devices {
            device.store.fail_next(Fault::None);
        }
        for round in 0..MAX_ROUNDS {
            let before = (self.stored(), self.unsent());
            for device in 0..self.devices.len() {
                for tab in 0..self.devices[device].tabs.len() {
                    self.open(device, tab);
                    self.let_go(device, tab)?;
                    self.wake(device, tab)?;
                }
            }
            self.carry(true);
            let mut guard = 0;
            while self.net.busy() {
                self.step()?;
                guard += 1;
                if guard > 100_000 {
                    return Err("endless conversation".to_owned());
                }
            }
            let quiet = before == (self.stored(), self.unsent()) && self.unsent() == 0;
            if quiet && round > 0 {
                self.report.rounds = round;
                return Ok(());
            }
        }
        Err(format!("not quiet after {MAX_ROUNDS} rounds, {} unsent", self.unsent()))
    }

    /// One more round with nothing to say: it writes nothing, and asks a few things.
    ///
    /// # Errors
    /// When it does more.
    pub(crate) fn idle(&mut self) -> Result<(), String> {
        let before = (self.stored(), self.report.requests);
        let tabs: usize = self.devices.iter().map(|device| device.tabs.len()).sum();
        for device in 0..self.devices.len() {
            for tab in 0..self.devices[device].tabs.len() {
                self.wake(device, tab)?;
            }
        }
        while self.net.busy() {
            self.step()?;
        }
        let asked = self.report.requests - before.1;
        // A folder is a listing, and a file for each log that it does not tell apart.
        let most =
            if self.backends.iter().all(Backend::is_server) { 3 * tabs } else { (12 + 3 * tabs) * tabs };
        if self.stored() != before.0 || asked > most {
            return Err(format!(
                "an idle round of {tabs} tabs asked {asked} times and stored {} more",
                self.stored() - before.0
            ));
        }
        Ok(())
    }

    /// A person lets what a server refused outright go once more: they may see the record again.
    fn let_go(&mut self, device: usize, tab: usize) -> Result<(), String> {
        let home = &self.backends[self.devices[device].home];
        match &self.devices[device].tabs[tab] {
            Some(open) if matches!(home, Backend::Server(_)) => {
                now(open.replica.release_held(None)).map_err(|e| e.to_string())
            }
            _ => Ok(()),
        }
    }

    fn stored(&self) -> usize {
        self.backends.iter().map(Backend::len).sum()
    }

    fn unsent(&self) -> usize {
        let entities = (self.report.restored > 0 || self.is_outside())
            .then(|| self.backends[0].entities(&BTreeSet::new()));
        let queued = |device: &Device| match &entities {
            // A server takes no photo of what it refused outright, nor of a record that was lost with the backup:
            // it stays on the device.
            Some(entities) if self.backends[0].is_server() => {
                let queue = now(scan_all(&device.store, Table::BlobQueue)).unwrap_or_default();
                queue.iter().filter(|(name, _)| names_photo(entities, name)).count()
            }
            _ => device.store.len(Table::BlobQueue),
        };
        let photos: usize = self.devices.iter().map(queued).sum();
        let waiting = |open: &OpenTab| match entities.as_ref().filter(|_| self.report.restored > 0) {
            None => open.replica.unsent().waiting,
            // A backup was put back, and whoever made the entity had to give it up: what others wrote to it waits
            // until somebody brings it.
            Some(entities) => {
                let outbox = now(open.replica.outbox(&BTreeSet::new(), 100_000, usize::MAX / 2));
                let made = |id: &&OpId| entities.get(&id.entity).is_some_and(|e| e.creation().is_some());
                outbox.map_or(usize::MAX / 4, |outbox| outbox.ids.iter().filter(made).count())
            }
        };
        // What is gone without for now is tried again in some rounds.
        let all = |open: &OpenTab| waiting(open) + open.engine.set_aside().count();
        let tabs = self.devices.iter().flat_map(|d| d.tabs.iter().flatten());
        tabs.map(all).sum::<usize>() + photos
    }

    fn wake(&mut self, device: usize, tab: usize) -> Result<(), String> {
        self.announce(device, tab);
        self.feed(device, tab, Input::Wake)
    }
}

/// Whether something that was not refused names this photo.
pub(crate) fn names_photo(entities: &BTreeMap<EntityId, Entity>, sha256: &str) -> bool {
    entities.values().any(|entity| entity.blobs().iter().any(|(_, blob)| blob.sha256 == sha256))
}
