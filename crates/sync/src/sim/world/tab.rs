//! A tab's engine at work: it is told what happened, and what it says is carried out, one thing at a time.

use std::collections::BTreeSet;
use std::rc::Rc;

use gridbook_log::EntityId;

use super::World;
use crate::driver::identity;
use crate::engine::{Input, Output, PART, Phase, Response, Waiting};
use crate::env::Env;
use crate::replica::{ReplicaError, Row, SendAgain};
use crate::sim::device::OpenTab;
use crate::sim::mishap::Mishap;
use crate::sim::net::{Message, Net, Tab};
use crate::sim::now;
use crate::store::{Store, Table, scan_all};
use crate::wire::Verdict;

impl World {
    /// Gives a tab's engine an event and carries out what follows, dying in between now and then.
    pub(super) fn feed(&mut self, device: usize, tab: usize, input: Input) -> Result<(), String> {
        let mut input = Some(input);
        loop {
            let at = self.devices[device].env.now_ms();
            let random = self.rng.draw();
            let calm = self.faults.lose == 0;
            let life = self.devices[device].lives[tab];
            let watch = self.watch();
            let Some(open) = self.devices[device].tabs[tab].as_mut() else { return Ok(()) };
            if let Some(input) = input.take() {
                now(open.replica.refresh()).map_err(|e| e.to_string())?;
                check_monotonic(open, watch, None)?;
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
            // Whatever it was that changed what the tab shows: a page, a mending, the other tab, a new name.
            let watch = self.watch();
            if let Some(open) = self.devices[device].tabs[tab].as_mut() {
                check_monotonic(open, watch, None)?;
            }
        }
    }

    fn watch(&self) -> Watch {
        Watch {
            named_once: self.devices.iter().all(|device| !device.copied),
            damaged: self.report.damaged > 0,
            outside: self.is_outside(),
        }
    }

    fn carry_out(&mut self, who: Tab, output: Output) -> Result<Option<Input>, String> {
        let Tab { device, tab, .. } = who;
        let env = self.devices[device].env.clone();
        let store = self.devices[device].store.clone();
        // After a backup was put back a device may have to give its name up, too.
        let real = self.devices[device].sends_bytes();
        let copied = self.devices[device].copied || self.report.restored > 0;
        let leads = |open: &OpenTab| open.engine.phase() != Phase::Idle;
        let others = self.devices[device].tabs.iter().enumerate().filter(|(other, _)| *other != tab);
        let two_lead = others.filter_map(|(_, open)| open.as_ref()).any(leads);
        let watch = self.watch();
        let Some(open) = self.devices[device].tabs[tab].as_mut() else { return Ok(None) };
        let replica = &open.replica;
        let outcome: Result<Input, String> = match output {
            Output::LoadOutbox { pass, max_ops, max_bytes } => {
                let outbox = now(replica.outbox(&pass, max_ops, max_bytes));
                outbox.map(Input::Outbox).map_err(|e| e.to_string())
            }
            Output::ApplyResults(reply) => {
                let refused = reply.results.iter().filter(|result| result.r == Verdict::Reject).count();
                self.met.add(Mishap::Refused, refused);
                match now(replica.apply_results(&reply.results, env.now_ms())) {
                    // What waited for nothing but this went out of view with it.
                    Ok(changed) => {
                        let gone = |id: &EntityId| !replica.rows().contains_key(id);
                        let purged: BTreeSet<EntityId> = changed.into_iter().filter(gone).collect();
                        for open in self.devices[device].tabs.iter_mut().flatten() {
                            open.seen.retain(|id, _| !purged.contains(id));
                        }
                        Ok(Input::Stored)
                    }
                    // It may be stored all the same.
                    Err(error) => {
                        for open in self.devices[device].tabs.iter_mut().flatten() {
                            open.seen.clear();
                        }
                        Err(error.to_string())
                    }
                }
            }
            Output::ApplyPage(from, reply) => {
                let caps = open.engine.caps();
                let (history, authority) = caps.map(|c| (c.history.clone(), c.authority)).unwrap_or_default();
                match now(replica.apply_page(&env, &from, reply, &history, authority)) {
                    Ok(pulled) => {
                        let gone = |id: &&EntityId| !replica.rows().contains_key(*id);
                        let purged: Vec<EntityId> = pulled.changed.iter().filter(gone).copied().collect();
                        self.report.purged += purged.len();
                        check_monotonic(open, watch, Some(&pulled.changed))?;
                        for open in self.devices[device].tabs.iter_mut().flatten() {
                            open.seen.retain(|id, _| !purged.contains(id));
                        }
                        Ok(pulled.stored())
                    }
                    // It may be stored all the same, with what it purged.
                    Err(error) => {
                        for open in self.devices[device].tabs.iter_mut().flatten() {
                            open.seen.clear();
                        }
                        Err(error.to_string())
                    }
                }
            }
            Output::ApplySnapshot(from, page) => {
                let caps = open.engine.caps();
                let (history, authority) = caps.map(|c| (c.history.clone(), c.authority)).unwrap_or_default();
                match now(replica.apply_snapshot(&env, &from, &page, &history, authority)) {
                    Ok(pulled) => {
                        check_monotonic(open, watch, Some(&pulled.changed))?;
                        Ok(pulled.stored())
                    }
                    Err(ReplicaError::Page) => Ok(Input::BadPage),
                    Err(error) => Err(error.to_string()),
                }
            }
            Output::Compare(reply) => {
                now(replica.compare(&reply)).map(Input::Compared).map_err(|e| e.to_string())
            }
            Output::Mend(page) => match now(replica.mend(&env, &page)) {
                Ok(mended) => Ok(Input::Mended(mended.held)),
                Err(ReplicaError::Page) => Ok(Input::BadPage),
                Err(error) => Err(error.to_string()),
            },
            Output::PushAgain { entities, held } => {
                now(replica.push_again(&entities, &held)).map(Input::Again).map_err(|e| e.to_string())
            }
            Output::Unlisted { entities, held } => {
                now(replica.unlisted(&entities, &held)).map(Input::Unlisted).map_err(|e| e.to_string())
            }
            Output::TakeLeave(ids) => {
                let taken = now(replica.take_leave(&env, &ids));
                for open in self.devices[device].tabs.iter_mut().flatten() {
                    open.seen.retain(|id, _| !ids.contains(id));
                }
                self.report.purged += ids.len();
                taken.map(|_| Input::TookLeave).map_err(|e| e.to_string())
            }
            Output::StartOver { send_again } => {
                match now(replica.start_over(if send_again { SendAgain::Own } else { SendAgain::Nothing })) {
                    Ok(()) => return Ok(None),
                    Err(error) => Err(error.to_string()),
                }
            }
            Output::Meet(history) => match now(replica.meet(&history)) {
                Ok(()) => return Ok(None),
                Err(error) => Err(error.to_string()),
            },
            Output::LookBehind(ids) => {
                let gap = now(replica.follows_gap(&ids));
                gap.map(|gap| if gap { Input::NamedTwice } else { Input::Stored }).map_err(|e| e.to_string())
            }
            Output::Renew if !copied => {
                return Err("a device took a new name without need".to_owned());
            }
            Output::Renew => {
                self.report.renewed += 1;
                self.met.note(Mishap::NamedTwice);
                now(replica.renew_at(&env, open.engine.keeps_only()))
                    .map(|()| Input::Stored)
                    .map_err(|e| e.to_string())
            }
            Output::NextBlob => {
                let queue = now(scan_all(&store, Table::BlobQueue)).map_err(|e| e.to_string())?;
                let next = queue.into_iter().find(|(name, _)| !open.refused.contains(name));
                let next = next.map(|(name, row)| {
                    open.begun.insert(name.clone(), row);
                    name
                });
                let bytes = |name: &str| now(store.get(Table::Blob, name)).ok().flatten();
                let length = |name: &str| bytes(name).map_or(0, |bytes| bytes.len());
                let size = |name: &str| if real { length(name) } else { passes_for(name) };
                Ok(Input::Blob(next.map(|sha256| Waiting { size: size(&sha256), sha256 })))
            }
            Output::BlobDone(name) => {
                let begun = open.begun.remove(&name).unwrap_or_default();
                now(replica.photo_sent(&name, &begun)).map(|()| Input::Stored).map_err(|e| e.to_string())
            }
            // The other tab saved it and its text is not sent yet; the next round tries again.
            Output::BlobFailed(name) => {
                open.refused.insert(name);
                return Ok(None);
            }
            Output::Send(number, request) => {
                let engine = &open.engine;
                self.met.add(Mishap::TwoLeaders, usize::from(two_lead));
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
                self.met.add(Mishap::RequestLost, usize::from(lost));
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

/// How closely a view is watched.
#[derive(Clone, Copy)]
struct Watch {
    /// No device was ever copied: two bearers of a name write two operations under one id, and one of them counts.
    named_once: bool,
    /// Rows of stores got lost: what a list says of them shrinks when a check finds it, and grows when it mends it.
    damaged: bool,
    /// At a server outside this crate pages are watched, and nothing else.
    outside: bool,
}

/// What a tab has shown of an entity never shrinks while the entity is in view: neither in number nor by what it is.
/// After a page it is asked of what that `changed`, otherwise of everything.
fn check_monotonic(open: &mut OpenTab, watch: Watch, changed: Option<&[EntityId]>) -> Result<(), String> {
    if watch.damaged || watch.outside && changed.is_none() {
        return Ok(());
    }
    let rows = open.replica.rows();
    open.seen.retain(|id, _| rows.get(id).is_some_and(Row::visible));
    let asked = |id: &EntityId| changed.is_none_or(|changed| changed.contains(id));
    for (id, row) in rows.iter().filter(|(id, row)| row.visible() && asked(id)) {
        let now = &row.summary;
        let Some(seen) = open.seen.get_mut(id) else {
            open.seen.insert(*id, now.clone());
            continue;
        };
        if now.count < seen.count {
            return Err(format!("{id} went from {} operations back to {}", seen.count, now.count));
        }
        if let (true, Some(now), Some(seen)) = (watch.named_once, &now.saves, &seen.saves)
            && !Rc::ptr_eq(now, seen)
            && let Some((dev, hlc)) = seen.difference(now).next()
        {
            return Err(format!("{id} no longer shows what {dev} saved at {hlc:?}"));
        }
        seen.count = now.count;
        if now.saves.is_some() {
            seen.saves.clone_from(&now.saves);
        }
    }
    Ok(())
}

/// The model takes no bytes: there half of the photos pass for large ones, which go in parts.
fn passes_for(sha256: &str) -> usize {
    let large = sha256.as_bytes().first().is_some_and(|digit| *digit < b'8');
    if large { 3 * PART + PART / 2 } else { 8 }
}
