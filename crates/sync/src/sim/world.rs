//! One run: what people do, what the network does, what dies.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use gridbook_log::{BlobRef, Body, Create, EntityId, Event, Placement, body};
use serde_json::json;

use super::backend::Backend;
use super::device::{Device, DeviceEnv};
use super::net::{Faults, Message, Net, Tab};
use super::share::Quirks;
use super::{Kind, Report, Rng, now};
use crate::driver::identity;
use crate::engine::{Input, Output, PART, Request, Response, Waiting};
use crate::env::Env;
use crate::memory::{Fault, FaultKind};
use crate::replica::{NewBlob, NewWrite, ReplicaError, SendAgain};
use crate::share::{Lost, RawRequest, RawResponse};
use crate::store::{Batch, Store, StoreError, Table, scan_all};
use crate::wire::Caps;

const DAY_MS: i64 = 86_400_000;
/// Rounds in which everything must have become quiet after the last fault.
const MAX_ROUNDS: usize = 60;
const AREAS: [&str; 4] = ["11", "12", "121", "2"];

/// What a seed decides about its run.
#[derive(Clone, Debug)]
pub struct Config {
    seed: u64,
    kind: Kind,
    /// How the share's server misbehaves.
    quirks: Quirks,
    /// The share goes back to a backup once, while nothing else is lost.
    restore: bool,
    devices: usize,
    steps: usize,
    faults: Faults,
    crash: u64,
    store_faults: u64,
    clocks: bool,
    /// Most operations in a push, as the backend says.
    batch: usize,
    /// Most operations in a push that it really takes.
    takes: usize,
}

impl Config {
    /// Small and large, calm and rough runs, all by seed.
    pub fn from_seed(kind: Kind, seed: u64) -> Self {
        let mut rng = Rng::new(seed ^ 0x5eed);
        let rough = rng.below(4);
        // Numbers of its own: a seed does with the server in memory what it always did.
        let mut odd = Rng::new(seed ^ 0x5ade);
        let quirks = Quirks {
            busy: rough * 2,
            cut: rough * 3,
            stale: rough * 6,
            no_tags: odd.chance(30),
            no_sizes: odd.chance(20),
            odd: odd.chance(40),
            no_conditions: odd.chance(20),
        };
        let restore = kind != Kind::Memory && odd.chance(25);
        let config = Self {
            seed,
            kind,
            quirks,
            restore,
            devices: 2 + rng.below(3) as usize,
            steps: 150 + rng.below(250) as usize,
            faults: Faults {
                lose: rough * 8,
                repeat: rough * 5,
                cut: rough * 5,
                busy: rough * 4,
                slow_ms: 1 + rng.below(4000),
            },
            crash: rng.below(3),
            store_faults: rng.below(4),
            clocks: rng.chance(60),
            // Small ones, so that several are under way.
            batch: 1 + rng.below(8) as usize,
            takes: 1 + rng.below(12) as usize,
        };
        // What was acknowledged after the backup and before the next pull, by a tab that is gone since, nobody
        // can know of: with a backup no tab dies.
        if restore { Self { crash: 0, store_faults: 0, ..config } } else { config }
    }
}

/// See the module's text.
pub struct World {
    config: Config,
    rng: Rng,
    clock: Rc<Cell<u64>>,
    net: Net,
    faults: Faults,
    quirks: Quirks,
    pub(crate) backend: Backend,
    pub(crate) devices: Vec<Device>,
    entities: Vec<EntityId>,
    report: Report,
}

impl World {
    /// Devices, accounts and rights of a run.
    pub fn new(config: Config) -> Self {
        let mut rng = Rng::new(config.seed);
        let clock = Rc::new(Cell::new(1_770_000_000_000u64));
        let mut backend = Backend::new(config.kind);
        let mut devices = Vec::new();
        for i in 0..config.devices {
            // The first two devices belong to one person.
            let user = format!("u{}", i.saturating_sub(1));
            let offset = if config.clocks { rng.below(430) as i64 * DAY_MS - 30 * DAY_MS } else { 0 };
            let env = Rc::new(DeviceEnv {
                now: clock.clone(),
                offset: Cell::new(offset),
                rng: RefCell::new(Rng::new(rng.draw())),
            });
            let mut device = Device::new(config.kind, &user, env, 1 + rng.below(2) as usize);
            device.open(0);
            devices.push(device);
            backend.grant(&user, BTreeSet::from([AREAS[rng.below(4) as usize].to_owned()]));
        }
        let faults = config.faults;
        let quirks = config.quirks.clone();
        let report = Report::default();
        let (net, entities) = (Net::default(), Vec::new());
        Self { config, rng, clock, net, faults, quirks, backend, devices, entities, report }
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
            self.back_up_and_restore(step);
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
                5 if self.rng.chance(12) => self.change_rights(),
                6 if self.config.clocks && self.rng.chance(10) => {
                    let days = self.rng.below(430) as i64 - 30;
                    self.devices[device].env.offset.set(days * DAY_MS);
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
        self.quirks = self.config.quirks.calm();
        for device in &self.devices {
            device.store.fail_next(Fault::None);
        }
        for round in 0..MAX_ROUNDS {
            let before = (self.backend.len(), self.unsent());
            for device in 0..self.devices.len() {
                for tab in 0..self.devices[device].tabs.len() {
                    self.devices[device].open(tab);
                    self.wake(device, tab)?;
                }
            }
            let mut guard = 0;
            while self.net.busy() {
                self.step()?;
                guard += 1;
                if guard > 100_000 {
                    return Err("endless conversation".to_owned());
                }
            }
            let quiet = before == (self.backend.len(), self.unsent()) && self.unsent() == 0;
            if quiet && round > 0 {
                self.report.rounds = round;
                return Ok(());
            }
        }
        Err(format!("not quiet after {MAX_ROUNDS} rounds, {} unsent", self.unsent()))
    }

    fn unsent(&self) -> usize {
        let tabs = self.devices.iter().flat_map(|d| d.tabs.iter().flatten());
        let photos: usize = self.devices.iter().map(|d| d.store.len(Table::BlobQueue)).sum();
        tabs.map(|t| t.replica.unsent().waiting).sum::<usize>() + photos
    }

    fn change_rights(&mut self) {
        let user = self.devices[self.rng.below(self.devices.len() as u64) as usize].user.clone();
        let areas = (0..1 + self.rng.below(2)).map(|_| AREAS[self.rng.below(4) as usize].to_owned());
        let areas: BTreeSet<String> = areas.collect();
        self.backend.grant(&user, areas);
    }

    fn back_up_and_restore(&mut self, step: usize) {
        if let (true, Backend::Share(share)) = (self.config.restore, &mut self.backend) {
            if step == self.config.steps / 3 {
                share.back_up();
            } else if step == self.config.steps * 2 / 3 {
                self.report.restored += usize::from(share.restore());
            }
        }
    }

    fn kill(&mut self, device: usize, tab: usize) {
        if self.devices[device].tabs[tab].is_some() {
            self.report.crashes += 1;
            self.devices[device].kill(tab);
        }
    }

    /// A person saves something in a tab, opening it first if need be.
    fn person(&mut self, device: usize, tab: usize) -> Result<(), String> {
        self.devices[device].open(tab);
        let Some(write) = self.something(device, tab) else { return Ok(()) };
        let env = self.devices[device].env.clone();
        let picture = self.rng.chance(15).then(|| self.rng.draw().to_le_bytes().to_vec());
        let photo = picture.as_deref().map(crate::share::oracle::sha256);
        let write = with_photo(write, photo.as_deref());
        let blobs: Vec<NewBlob> =
            photo.iter().map(|sha256| NewBlob { sha256: sha256.clone(), bytes: picture.clone() }).collect();
        let Some(open) = &self.devices[device].tabs[tab] else { return Ok(()) };
        match now(open.replica.save(&env, std::slice::from_ref(&write), &blobs, &[])) {
            Ok(saved) => {
                let entity = now(open.replica.entity(write.entity)).map_err(|e| e.to_string())?;
                let entity = entity.ok_or("a saved entity is not there")?;
                if let Some(op) = saved.ops.iter().find(|op| !entity.have().contains(op.dot)) {
                    return Err(format!("{op}: saved and not read back"));
                }
                self.report.saved += saved.ops.len();
                self.entities.push(write.entity);
                self.devices[device].saved.extend(saved.ops);
                self.devices[device].photos.extend(photo);
                self.wake(device, tab)?;
            }
            // The connection is gone: the app reopens it, as if the tab had been closed.
            Err(ReplicaError::Store(StoreError::Lost(_))) => self.kill(device, tab),
            // The device is full, or the other tab has just purged what was on the screen.
            Err(ReplicaError::Store(StoreError::Quota) | ReplicaError::Unknown) => {}
            Err(error) => return Err(format!("save failed: {error}")),
        }
        Ok(())
    }

    fn something(&mut self, device: usize, tab: usize) -> Option<NewWrite> {
        let env = self.devices[device].env.clone();
        let open = self.devices[device].tabs[tab].as_ref()?;
        let here: Vec<EntityId> =
            open.replica.rows().iter().filter(|(_, r)| r.visible()).map(|(id, _)| *id).collect();
        let value = json!(self.rng.below(1000));
        let path = ["a", "b", "rows/r1/x", "rows/r2/x"][self.rng.below(4) as usize].to_owned();
        if here.is_empty() || self.rng.chance(35) {
            let area = AREAS[self.rng.below(4) as usize].to_owned();
            let entity = EntityId::new(env.now_ms(), env.random_array());
            let create = Create {
                type_: "hazard".to_owned(),
                state: Some("submitted".to_owned()),
                place: Placement { area: Some(area), ..Placement::default() },
                set: [(path, value)].into(),
                ..Create::default()
            };
            return Some(NewWrite { entity, body: Body::Create(create) });
        }
        let entity = here[self.rng.below(here.len() as u64) as usize];
        let body = match self.rng.below(10) {
            0 => Body::Set(body::Set { set: [("forbidden".to_owned(), value)].into(), blobs: Vec::new() }),
            1 => {
                let area = AREAS[self.rng.below(4) as usize].to_owned();
                Body::Place(Placement { area: Some(area), ..Placement::default() })
            }
            2..=4 => {
                let folded = now(open.replica.entity(entity)).ok()??;
                let from = folded.state().unwrap_or("submitted").to_owned();
                let to = ["registered", "dispatched", "done"][self.rng.below(3) as usize].to_owned();
                Body::Event(Event { event: "move".to_owned(), from, to, table: 1, ..Event::default() })
            }
            _ => Body::Set(body::Set { set: [(path, value)].into(), blobs: Vec::new() }),
        };
        Some(NewWrite { entity, body })
    }

    fn wake(&mut self, device: usize, tab: usize) -> Result<(), String> {
        self.feed(device, tab, Input::Wake)
    }

    /// One message or timer.
    fn step(&mut self) -> Result<(), String> {
        let Some((at, message)) = self.net.next() else { return Ok(()) };
        self.clock.set(self.clock.get().max(at));
        match message {
            Message::Up(tab, number, request) => {
                let response = self.backend(tab, &request);
                let repeated = self.rng.chance(self.faults.repeat);
                if repeated {
                    self.report.faults += 1;
                    let _late_answer_nobody_waits_for = self.backend(tab, &request);
                }
                let lost = self.rng.chance(self.faults.lose) || self.rng.chance(self.faults.cut);
                self.report.faults += usize::from(lost);
                let response = if lost { Response::Lost } else { response };
                let at = self.clock.get() + Net::delay(&mut self.rng, &self.faults);
                self.net.put(at, Message::Down(tab, number, response));
                Ok(())
            }
            Message::Down(tab, number, response) if self.alive(tab) => {
                self.feed(tab.device, tab.tab, Input::Response(number, response))
            }
            Message::Timer(tab, number) if self.alive(tab) => {
                let current = self.devices[tab.device].tabs[tab.tab].as_ref().map(|t| t.timer);
                if current == Some(number) { self.feed(tab.device, tab.tab, Input::Timer) } else { Ok(()) }
            }
            Message::RawUp(tab, number, request) => {
                let answer = self.raw(&request);
                let at = self.clock.get() + Net::delay(&mut self.rng, &self.faults);
                self.net.put(at, Message::RawDown(tab, number, answer));
                Ok(())
            }
            Message::RawDown(tab, number, answer) if self.alive(tab) => {
                let open = self.devices[tab.device].tabs[tab.tab].as_mut();
                if let Some(line) = open.and_then(|open| open.line.as_mut()) {
                    line.wire.0.borrow_mut().answers.insert(number, answer);
                }
                self.pump(tab);
                Ok(())
            }
            Message::Down(..) | Message::RawDown(..) | Message::Timer(..) => Ok(()),
        }
    }

    fn alive(&self, tab: Tab) -> bool {
        let device = &self.devices[tab.device];
        device.tabs[tab.tab].is_some() && device.lives[tab.tab] == tab.life
    }

    /// What a share's server answers, and whether it is heard.
    fn raw(&mut self, request: &RawRequest) -> Result<RawResponse, Lost> {
        self.report.requests += 1;
        let Backend::Share(share) = &mut self.backend else { return Err(Lost) };
        let mut answer = share.handle(&mut self.rng, &self.quirks, request);
        if self.rng.chance(self.faults.repeat) {
            self.report.faults += 1;
            answer = share.handle(&mut self.rng, &self.quirks, request);
        }
        if let Some(answer) =
            answer.as_mut().filter(|a| !a.body.is_empty() && self.rng.chance(self.faults.cut / 2))
        {
            self.report.faults += 1;
            answer.body.truncate(self.rng.below(answer.body.len() as u64) as usize);
        }
        let lost = answer.is_none() || self.rng.chance(self.faults.lose / 2);
        self.report.faults += usize::from(lost);
        answer.filter(|_| !lost).ok_or(Lost)
    }

    /// Sends what a tab's connection wants to send, and brings what it has finished.
    fn pump(&mut self, tab: Tab) {
        let Some(open) = self.devices[tab.device].tabs[tab.tab].as_mut() else { return };
        let Some(line) = open.line.as_mut() else { return };
        for (number, response) in line.poll() {
            self.net.put(self.clock.get() + 1, Message::Down(tab, number, response));
        }
        let out = std::mem::take(&mut line.wire.0.borrow_mut().out);
        for (number, request) in out {
            let lost = self.rng.chance(self.faults.lose / 2);
            self.report.faults += usize::from(lost);
            let at = self.clock.get() + Net::delay(&mut self.rng, &self.faults);
            let message = if lost {
                Message::RawDown(tab, number, Err(Lost))
            } else {
                Message::RawUp(tab, number, request)
            };
            self.net.put(at, message);
        }
    }

    fn backend(&mut self, tab: Tab, request: &Request) -> Response {
        self.report.requests += 1;
        if self.rng.chance(self.faults.busy) {
            self.report.faults += 1;
            let retry_after_ms = self.rng.chance(50).then_some(3_000);
            return Response::Failed { status: 503, code: "busy".to_owned(), retry_after_ms };
        }
        let Backend::Model(model) = &mut self.backend else { return Response::Lost };
        let user = self.devices[tab.device].user.clone();
        let failed = |status| Response::Failed { status, code: String::new(), retry_after_ms: None };
        let at = self.clock.get();
        match request {
            Request::Caps => Response::Caps(Caps { max_batch_ops: self.config.batch, ..model.caps(at) }),
            Request::Push(push) if push.ops.len() > self.config.takes => failed(413),
            Request::Push(push) => Response::Push(model.push(&user, push, at)),
            Request::Pull { cursor, limit, not } => {
                let limit = (*limit).min(3 + self.rng.below(60) as usize);
                model.pull(&user, cursor, limit, *not).map_or_else(failed, Response::Pull)
            }
            Request::PutBlob { sha256 } => model.put_blob(sha256).map_or_else(failed, |()| Response::Blob),
            Request::AskBlob { sha256 } => {
                let held = model.blob_at(sha256);
                self.report.resumed += usize::from(matches!(held, Ok(Some(1..))));
                held.map_or(Response::BlobAt(None), uploaded)
            }
            Request::PutPart { sha256, offset, length } => {
                if self.rng.chance(self.faults.busy) {
                    model.lose_parts();
                }
                model.put_part(sha256, *offset, *length).map_or_else(failed, uploaded)
            }
        }
    }

    /// Gives a tab's engine an event and carries out what follows, dying in between now and then.
    fn feed(&mut self, device: usize, tab: usize, input: Input) -> Result<(), String> {
        let mut input = Some(input);
        loop {
            let at = self.devices[device].env.now_ms();
            let random = self.rng.draw();
            let calm = self.faults.lose == 0;
            let life = self.devices[device].lives[tab];
            let Some(open) = self.devices[device].tabs[tab].as_mut() else { return Ok(()) };
            if let Some(input) = input.take() {
                now(open.replica.refresh()).map_err(|e| e.to_string())?;
                open.engine.set_identity(identity(&open.replica));
                open.queue.extend(open.engine.handle(at, random, input));
                let engine = &open.engine;
                if let Some(line) = &mut open.line {
                    line.retain(|number| engine.awaits(number));
                }
            }
            let Some(output) = open.queue.pop_front() else { return Ok(()) };
            if !calm && self.rng.chance(self.config.crash) {
                self.kill(device, tab);
                return Ok(());
            }
            let who = Tab { device, tab, life };
            input = self.carry_out(who, output)?;
        }
    }

    fn carry_out(&mut self, who: Tab, output: Output) -> Result<Option<Input>, String> {
        let Tab { device, tab, .. } = who;
        let env = self.devices[device].env.clone();
        let store = self.devices[device].store.clone();
        let Some(open) = self.devices[device].tabs[tab].as_mut() else { return Ok(None) };
        let replica = &open.replica;
        let outcome: Result<Input, String> = match output {
            Output::LoadOutbox { pass, max_ops, max_bytes } => {
                let outbox = now(replica.outbox(&pass, max_ops, max_bytes));
                outbox.map(Input::Outbox).map_err(|e| e.to_string())
            }
            Output::ApplyResults(reply) => {
                let applied = now(replica.apply_results(&reply.results, env.now_ms()));
                applied.map(|_| Input::Stored).map_err(|e| e.to_string())
            }
            Output::ApplyPage(from, reply) => {
                let caps = open.engine.caps();
                let (history, authority) = caps.map(|c| (c.history.clone(), c.authority)).unwrap_or_default();
                match now(replica.apply_page(&env, &from, reply, &history, authority)) {
                    Ok(pulled) => {
                        let gone = |id: &&EntityId| !replica.rows().contains_key(*id);
                        let purged: Vec<EntityId> = pulled.changed.iter().filter(gone).copied().collect();
                        for id in &purged {
                            open.seen.remove(id);
                        }
                        self.report.purged += purged.len();
                        check_monotonic(open, &pulled.changed)?;
                        Ok(pulled.stored())
                    }
                    Err(error) => Err(error.to_string()),
                }
            }
            Output::StartOver { send_again } => {
                match now(replica.start_over(if send_again { SendAgain::Own } else { SendAgain::Nothing })) {
                    Ok(()) => return Ok(None),
                    Err(error) => Err(error.to_string()),
                }
            }
            // No device of these runs is copied.
            Output::Renew => return Err("a device took a new name without need".to_owned()),
            Output::NextBlob => {
                let queue = now(scan_all(&store, Table::BlobQueue)).map_err(|e| e.to_string())?;
                let mut names = queue.into_iter().map(|(name, _)| name);
                let next = names.find(|name| !open.refused.contains(name));
                Ok(Input::Blob(next.map(|sha256| waiting(sha256, open.line.is_some()))))
            }
            Output::BlobDone(name) => {
                let mut batch = Batch::default();
                batch.delete(Table::BlobQueue, name);
                now(store.commit(batch)).map(|()| Input::Stored).map_err(|e| e.to_string())
            }
            // The other tab saved it and its text is not sent yet; the next round tries again.
            Output::BlobFailed(name) => {
                open.refused.insert(name);
                return Ok(None);
            }
            Output::Send(number, request) => {
                let engine = &open.engine;
                self.report.beside += usize::from((0..number).any(|earlier| engine.awaits(earlier)));
                if let Some(line) = &mut open.line {
                    let blob =
                        request.photo().and_then(|sha256| now(store.get(Table::Blob, sha256)).ok().flatten());
                    line.start(number, request, blob);
                    self.pump(who);
                    return Ok(None);
                }
                let lost = self.rng.chance(self.faults.lose);
                self.report.faults += usize::from(lost);
                let at = self.clock.get() + Net::delay(&mut self.rng, &self.faults);
                let message = if lost {
                    Message::Down(who, number, Response::Lost)
                } else {
                    Message::Up(who, number, request)
                };
                self.net.put(at, message);
                return Ok(None);
            }
            Output::Timer(ms) => {
                open.refused.clear();
                open.timer += 1;
                let number = open.timer;
                self.net.put(self.clock.get() + ms, Message::Timer(who, number));
                return Ok(None);
            }
            Output::Status => return Ok(None),
        };
        match outcome {
            Ok(input) => Ok(Some(input)),
            Err(text) if text.contains("connection lost") => {
                self.kill(device, tab);
                Ok(None)
            }
            Err(text) => Ok(Some(Input::StoreFailed(text))),
        }
    }
}

fn with_photo(mut write: NewWrite, sha256: Option<&str>) -> NewWrite {
    if let Some(sha256) = sha256 {
        let blob = BlobRef {
            sha256: sha256.to_owned(),
            size: 3,
            mime: "image/jpeg".to_owned(),
            role: String::new(),
            thumb: None,
        };
        match &mut write.body {
            Body::Create(create) => create.blobs.push(blob),
            Body::Event(event) => event.blobs.push(blob),
            Body::Set(set) => set.blobs.push(blob),
            other => *other = Body::Set(body::Set { set: [].into(), blobs: vec![blob] }),
        }
    }
    write
}

/// What a tab has shown of an entity never shrinks while the entity is in view.
fn check_monotonic(open: &mut super::device::OpenTab, changed: &[EntityId]) -> Result<(), String> {
    for id in changed {
        let Some(count) = open.replica.rows().get(id).map(|row| row.summary as usize) else { continue };
        let seen = open.seen.entry(*id).or_insert(0);
        if count < *seen {
            return Err(format!("{id} went from {seen} operations back to {count}"));
        }
        *seen = count;
    }
    Ok(())
}

/// What the model says of a photo, as an answer.
fn uploaded(held: Option<usize>) -> Response {
    held.map_or(Response::Blob, |offset| Response::BlobAt(Some(offset)))
}

/// The model takes no bytes: there half of the photos pass for large ones, which go in parts.
fn waiting(sha256: String, real: bool) -> Waiting {
    let large = !real && sha256.as_bytes().first().is_some_and(|digit| *digit < b'8');
    Waiting { sha256, size: if large { 3 * PART + PART / 2 } else { 8 } }
}
