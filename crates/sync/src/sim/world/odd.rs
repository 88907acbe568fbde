//! Accidents that have numbers of their own, so that a seed of before still does what it did: clocks that stand still,
//! stores that are lost or put back from an older copy, programs of another version, forgers.

use std::cell::RefCell;
use std::rc::Rc;

use gridbook_log::{EntityId, WireOp, Writer, key};

use super::World;
use crate::engine::{Request, Response};
use crate::env::Env;
use crate::memory::{Fault, FaultKind};
use crate::sim::backend::Backend;
use crate::sim::device::DeviceEnv;
use crate::sim::mishap::Mishap;
use crate::sim::net::Tab;
use crate::sim::{Kind, Rng, now, stranger};
use crate::wire::{Entry, PushRequest};

impl World {
    /// Those that this step brings.
    pub(super) fn odd_accidents(&mut self, step: usize) -> Result<(), String> {
        let (steps, wild) = (self.config.steps, self.config.wild);
        if wild.frozen && self.wild.chance(3) {
            let env = self.devices[self.wild.below(self.devices.len() as u64) as usize].env.clone();
            let stops = env.frozen.get().is_none();
            env.frozen.set(stops.then(|| env.now_ms()));
            self.met.add(Mishap::ClockFrozen, usize::from(stops));
        }
        if wild.evict && step == steps / 2 {
            let device = self.wild.below(self.devices.len() as u64) as usize;
            self.devices[device].lose_store(None)?;
            self.met.note(Mishap::Evicted);
        }
        if wild.put_back && step == steps / 3 {
            let device = self.one_to_copy(false);
            let env = Rc::new(DeviceEnv {
                rng: RefCell::new(Rng::new(self.wild.draw())),
                ..DeviceEnv::at(self.clock.clone(), 0)
            });
            self.older = Some((device, self.devices[device].copy(env, 1)));
        }
        if wild.put_back
            && step == steps * 3 / 5
            && let Some((device, older)) = self.older.take()
        {
            self.devices[device].lose_store(Some(&older))?;
            self.met.note(Mishap::PutBack);
        }
        if wild.later && (step == steps / 4 || step == steps * 3 / 4) {
            let area = self.areas[self.wild.below(4) as usize];
            let backend = self.backends[self.backends.len() - 1].clone();
            if let (Kind::Beside(_), Backend::Server(granted)) = (self.config.kind, &self.backends[0]) {
                granted.welcome(stranger::USER, self.clock.get());
                granted.register(stranger::USER, stranger::DEV, self.clock.get());
            }
            self.stranger.write(&backend, area, self.clock.get(), &self.met)?;
            self.stranger.litter(&self.met);
        }
        Ok(())
    }

    /// When all is quiet: operations in a device's name that its owner never wrote. Where no server judges it is one
    /// whose key all others know: who comes later goes by the key that is met first.
    ///
    /// # Errors
    /// When a backend answers otherwise than it should.
    pub(in crate::sim) fn forge(&mut self) -> Result<bool, String> {
        let home = self.backends.len() - 1;
        if !self.config.wild.forge {
            return Ok(false);
        }
        let here: Vec<usize> = (0..self.devices.len()).filter(|d| self.devices[*d].home == home).collect();
        let mut chosen: Option<(Writer, String, EntityId, u32)> = None;
        for device in &here {
            let Some(open) = self.devices[*device].tabs[0].as_ref() else { continue };
            let writer = open.replica.meta().writer;
            let knows = |other: &usize| {
                let open = self.devices[*other].tabs[0].as_ref();
                open.is_some_and(|open| open.replica.rows().contains_key(&key::id(writer)))
            };
            if !self.backends[home].is_server() && !here.iter().all(knows) {
                continue;
            }
            let rows = open.replica.rows();
            let Some(id) = rows.iter().find(|(_, row)| row.visible()).map(|(id, _)| *id) else { continue };
            drop(rows);
            let entity = now(open.replica.entity(id)).map_err(|e| e.to_string())?.ok_or("gone")?;
            let n = entity.have().upto(writer) + 1;
            chosen = Some((writer, self.devices[*device].user.clone(), id, n));
        }
        let Some((writer, user, id, n)) = chosen else { return Ok(false) };
        let backend = self.backends[home].clone();
        self.stranger.forge(&backend, (writer, &user, id, n), self.clock.get(), &self.met)?;
        Ok(true)
    }

    /// What a server's answer becomes when somebody else answers, or only half of what was asked was done.
    pub(super) fn odd_answer(&mut self, tab: Tab, request: &Request) -> Option<Response> {
        if self.faults.odd == 0 || !self.wild.chance(self.faults.odd) {
            return None;
        }
        let failed = |status| Some(Response::Failed { status, code: String::new(), retry_after_ms: None });
        match (self.wild.below(3), request) {
            (0, _) => {
                self.met.note(Mishap::Proxy);
                failed(502)
            }
            (1, _) => {
                self.met.note(Mishap::Busy);
                failed([429, 504][self.wild.below(2) as usize])
            }
            (_, Request::Pull { .. }) if self.config.wild.floor => {
                self.met.note(Mishap::FloorMoved);
                failed(410)
            }
            (_, Request::Snapshot { cursor, place: None }) if !cursor.is_empty() => {
                self.met.note(Mishap::PackReplaced);
                failed(410)
            }
            (_, Request::Push(push)) if push.ops.len() > 1 => {
                let ops = push.ops[..1 + self.wild.below(push.ops.len() as u64 - 1) as usize].to_vec();
                let part = PushRequest { ops, ..push.clone() };
                self.met.note(Mishap::PartBatch);
                let _nobody_hears = self.backend(tab, &Request::Push(part));
                Some(Response::Lost)
            }
            _ => None,
        }
    }

    /// An entry among others that nobody can read.
    pub(super) fn spoil(&mut self, response: &mut Response) {
        if self.faults.odd > 0
            && let Response::Pull(page) = response
            && self.wild.chance(self.faults.odd)
        {
            let op = WireOp { h: "gb9 ?".to_owned(), s: None, b: None, x: None, g: None };
            let at = self.wild.below(page.entries.len() as u64 + 1) as usize;
            page.entries.insert(at, Entry::Op { op, at: 1 });
            self.met.note(Mishap::Unreadable);
        }
    }

    /// What becomes of an answer of a server outside this crate: an operation left out, as the server in memory leaves some
    /// out itself; a packed page that is cut off or damaged.
    pub(super) fn spoil_server(&mut self, answer: &mut Response) {
        if self.faults.odd == 0 {
            return;
        }
        match answer {
            Response::Pull(page) if self.config.damage && self.wild.chance(5) => {
                if let Some(at) = page.entries.iter().rposition(|entry| matches!(entry, Entry::Op { .. })) {
                    page.entries.remove(at);
                    self.met.note(Mishap::EntrySkipped);
                }
            }
            Response::Snapshot(page) if !page.frames.is_empty() && self.wild.chance(self.faults.cut) => {
                self.report.faults += 1;
                self.met.note(Mishap::PackDamaged);
                damage_pack(&mut self.wild, &mut page.frames);
            }
            _ => {}
        }
    }

    /// Makes this device's key known, once all is read that may speak against it.
    pub(super) fn announce(&mut self, device: usize, tab: usize) {
        let env = self.devices[device].env.clone();
        let Some(open) = self.devices[device].tabs[tab].as_ref() else { return };
        let Some(hand) = open.line.as_ref().and_then(|line| line.hand.clone()) else { return };
        if open.engine.phase() != crate::engine::Phase::Idle {
            return;
        }
        let read = open.engine.trouble().is_none() && open.engine.caps().is_some();
        let told = now(hand.authors().announce(&env, read));
        if told.is_err_and(|error| error.to_string().contains("connection lost")) {
            self.kill(device, tab);
        }
    }

    /// Commits that failed in this step.
    pub(super) fn note_failed_commits(&self) {
        for fault in self.devices.iter().flat_map(|device| device.store.failed()) {
            self.met.note(match fault {
                Fault::Before(FaultKind::Quota) => Mishap::Quota,
                Fault::Before(FaultKind::Lost) => Mishap::StoreLost,
                Fault::After | Fault::None => Mishap::CommitUnheard,
            });
        }
    }
}

/// Cuts a packed page off, or changes a bit of it.
pub(super) fn damage_pack(rng: &mut Rng, frames: &mut Vec<u8>) {
    let at = rng.below(frames.len() as u64) as usize;
    if rng.chance(50) {
        frames.truncate(at);
    } else {
        frames[at] ^= 1;
    }
}

/// Set aside until it is put back.
pub(super) type Older = Option<(usize, crate::sim::device::Device)>;
