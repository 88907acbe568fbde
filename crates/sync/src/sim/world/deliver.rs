//! Messages under way, and what the backends answer.

use super::World;
use super::odd::damage_pack;
use crate::engine::{Input, Request, Response};
use crate::share::{Lost, RawRequest, RawResponse};
use crate::sim::backend::Backend;
use crate::sim::mishap::Mishap;
use crate::sim::net::{Message, Net, Tab};
use crate::sim::now;
use crate::sim::server::Server;
use crate::store::{Store, Table};
use crate::wire::Caps;

impl World {
    /// One message or timer.
    pub(super) fn step(&mut self) -> Result<(), String> {
        let Some((at, message)) = self.net.next() else { return Ok(()) };
        self.report.trace.note(at, &message);
        self.clock.set(self.clock.get().max(at));
        match message {
            Message::Up(tab, number, request) => {
                let mut response = match self.odd_answer(tab, &request) {
                    Some(response) => response,
                    None => self.backend(tab, &request),
                };
                self.spoil(&mut response);
                let repeated = self.rng.chance(self.faults.repeat);
                if repeated {
                    self.report.faults += 1;
                    self.met.note(Mishap::Repeated);
                    let _late_answer_nobody_waits_for = self.backend(tab, &request);
                }
                let lost = self.rng.chance(self.faults.lose) || self.rng.chance(self.faults.cut);
                self.report.faults += usize::from(lost);
                self.met.add(Mishap::AnswerLost, usize::from(lost));
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
                let answer = self.raw(tab, &request);
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

    /// What a server outside this crate answers: batches and pages are small there, too.
    fn server(&mut self, tab: Tab, server: &dyn Server, request: &Request) -> Response {
        let at = self.clock.get();
        let device = &self.devices[tab.device];
        let blob = request.photo().and_then(|name| now(device.store.get(Table::Blob, name)).ok().flatten());
        let blob = blob.map(|bytes| request.cut(bytes));
        let loses = matches!(request, Request::PutPart { .. }) && self.wild.chance(3 * self.faults.busy);
        self.met.add(Mishap::PartsLost, usize::from(loses && server.lose_parts()));
        let mut answer = match request {
            Request::Push(push) if push.ops.len() > self.config.takes => {
                self.met.note(Mishap::TooLarge);
                return Response::Failed { status: 413, code: String::new(), retry_after_ms: None };
            }
            Request::Pull { cursor, limit, not } => {
                let limit = (*limit).min(3 + self.rng.below(60) as usize);
                let request = Request::Pull { cursor: cursor.clone(), limit, not: *not };
                server.answer(&device.user, &request, None, at)
            }
            request => server.answer(&device.user, request, blob, at),
        };
        self.spoil_server(&mut answer);
        match answer {
            Response::Caps(caps) => Response::Caps(Caps { max_batch_ops: self.config.batch, ..caps }),
            Response::Snapshot(page) => {
                self.report.packed += 1;
                Response::Snapshot(page)
            }
            Response::BlobAt(at) => {
                let goes_on = matches!(request, Request::AskBlob { .. }) && at > Some(0);
                self.report.resumed += usize::from(goes_on);
                Response::BlobAt(at)
            }
            answer => answer,
        }
    }

    /// What a share's server answers, and whether it is heard.
    fn raw(&mut self, tab: Tab, request: &RawRequest) -> Result<RawResponse, Lost> {
        self.report.requests += 1;
        if let Some(answer) = self.forbids(tab, request) {
            return Ok(answer);
        }
        let Backend::Share { share, .. } = &self.backends[self.devices[tab.device].home] else {
            return Err(Lost);
        };
        let share = share.clone();
        let mut share = share.borrow_mut();
        let mut answer = share.handle(&mut self.rng, &self.quirks, request);
        if self.rng.chance(self.faults.repeat) {
            self.report.faults += 1;
            self.met.note(Mishap::Repeated);
            answer = share.handle(&mut self.rng, &self.quirks, request);
        }
        if let Some(answer) =
            answer.as_mut().filter(|a| !a.body.is_empty() && self.rng.chance(self.faults.cut / 2))
        {
            self.report.faults += 1;
            self.met.note(Mishap::AnswerCut);
            answer.body.truncate(self.rng.below(answer.body.len() as u64) as usize);
        }
        let lost = answer.is_none() || self.rng.chance(self.faults.lose / 2);
        self.report.faults += usize::from(lost);
        self.met.add(Mishap::AnswerLost, usize::from(lost));
        answer.filter(|_| !lost).ok_or(Lost)
    }

    /// Sends what a tab's connection wants to send, and brings what it has finished.
    pub(super) fn pump(&mut self, tab: Tab) {
        let Some(open) = self.devices[tab.device].tabs[tab.tab].as_mut() else { return };
        let Some(line) = open.line.as_mut() else { return };
        for (number, response) in line.poll() {
            self.net.put(self.clock.get() + 1, Message::Down(tab, number, response));
        }
        let out = std::mem::take(&mut line.wire.0.borrow_mut().out);
        for (number, request) in out {
            let lost = self.rng.chance(self.faults.lose / 2);
            self.report.faults += usize::from(lost);
            self.met.add(Mishap::RequestLost, usize::from(lost));
            let at = self.clock.get() + Net::delay(&mut self.rng, &self.faults);
            let message = if lost {
                Message::RawDown(tab, number, Err(Lost))
            } else {
                Message::RawUp(tab, number, request)
            };
            self.net.put(at, message);
        }
    }

    pub(super) fn backend(&mut self, tab: Tab, request: &Request) -> Response {
        self.report.requests += 1;
        if self.rng.chance(self.faults.busy) {
            self.report.faults += 1;
            let retry_after_ms = self.rng.chance(50).then_some(3_000);
            self.met.note(if retry_after_ms.is_some() { Mishap::RetryAfter } else { Mishap::Busy });
            return Response::Failed { status: 503, code: "busy".to_owned(), retry_after_ms };
        }
        let model = match &self.backends[self.devices[tab.device].home] {
            Backend::Model(model) => model.clone(),
            Backend::Server(granted) => {
                let server = granted.server.clone();
                return self.server(tab, server.as_ref(), request);
            }
            Backend::Share { .. } => return Response::Lost,
        };
        let mut model = model.borrow_mut();
        let user = self.devices[tab.device].user.clone();
        let failed = |status| Response::Failed { status, code: String::new(), retry_after_ms: None };
        let at = self.clock.get();
        match request {
            Request::Caps => Response::Caps(Caps { max_batch_ops: self.config.batch, ..model.caps(at) }),
            Request::Push(push) if push.ops.len() > self.config.takes => {
                self.met.note(Mishap::TooLarge);
                failed(413)
            }
            Request::Push(push) => Response::Push(model.push(&user, push, at)),
            Request::Pull { cursor, limit, not } => {
                let limit = (*limit).min(3 + self.rng.below(60) as usize);
                if self.config.damage && self.faults.lose > 0 && self.odd.chance(3) {
                    model.skip_one();
                    self.met.note(Mishap::EntrySkipped);
                }
                model.pull(&user, cursor, limit, *not).map_or_else(failed, Response::Pull)
            }
            Request::Snapshot { cursor, place } => {
                let limit = 1 + self.rng.below(6) as usize;
                match model.snapshot(&user, cursor, limit, place.as_deref()) {
                    Ok(mut page) => {
                        self.report.packed += 1;
                        if !page.frames.is_empty() && self.rng.chance(self.faults.cut) {
                            self.report.faults += 1;
                            self.met.note(Mishap::PackDamaged);
                            damage_pack(&mut self.rng, &mut page.frames);
                        }
                        Response::Snapshot(page)
                    }
                    Err(status) => failed(status),
                }
            }
            Request::Fp { places } => Response::Fp(model.fingerprint(&user, *places)),
            Request::PutBlob { sha256 } => model.put_blob(sha256).map_or_else(failed, |()| Response::Blob),
            Request::AskBlob { sha256 } => {
                let held = model.blob_at(sha256);
                self.report.resumed += usize::from(matches!(held, Ok(Some(1..))));
                held.map_or(Response::BlobAt(None), uploaded)
            }
            Request::PutPart { sha256, offset, length } => {
                if self.rng.chance(self.faults.busy) {
                    model.lose_parts();
                    self.met.note(Mishap::PartsLost);
                }
                model.put_part(sha256, *offset, *length).map_or_else(failed, uploaded)
            }
        }
    }
}

/// What the model says of a photo, as an answer.
fn uploaded(held: Option<usize>) -> Response {
    held.map_or(Response::Blob, |offset| Response::BlobAt(Some(offset)))
}
