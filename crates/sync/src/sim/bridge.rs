//! The client between two backends.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gridbook_log::{DeviceId, Writer};

use super::backend::Backend;
use super::device::DeviceEnv;
use super::mishap::{Met, Mishap};
use super::server::Granted;
use super::share::{DirectWire, FakeShare, Quirks};
use super::{Rng, now};
use crate::driver::Http;
use crate::engine::{Identity, Request, Response};
use crate::model::Model;
use crate::relay::between::{Carried, Errand, Ways};
use crate::share::{Lost, RawRequest, RawResponse, Setup, Share, Wire};

/// How badly the lines of the client between are at the moment.
struct Weather {
    rng: RefCell<Rng>,
    lose: Cell<u64>,
    quirks: RefCell<Quirks>,
}

impl Weather {
    fn lost(&self) -> bool {
        self.rng.borrow_mut().chance(self.lose.get() / 4)
    }
}

/// To the server, in memory or outside this crate.
struct ServerLine {
    to: Judge,
    weather: Rc<Weather>,
    clock: Rc<Cell<u64>>,
}

enum Judge {
    Model(Rc<RefCell<Model>>),
    Server(Granted),
}

impl Http for ServerLine {
    async fn send(&self, request: &Request, _: Option<Vec<u8>>) -> Response {
        if self.weather.lost() {
            return Response::Lost;
        }
        let answer = self.answer(request);
        if self.weather.lost() { Response::Lost } else { answer }
    }
}

impl ServerLine {
    fn answer(&self, request: &Request) -> Response {
        let failed = |status| Response::Failed { status, code: String::new(), retry_after_ms: None };
        let at = self.clock.get();
        let mut model = match &self.to {
            Judge::Model(model) => model.borrow_mut(),
            Judge::Server(granted) => {
                let small = match request {
                    Request::Pull { cursor, limit, not } => {
                        Request::Pull { cursor: cursor.clone(), limit: (*limit).min(40), not: *not }
                    }
                    request => request.clone(),
                };
                return granted.server.answer(USER, &small, None, at);
            }
        };
        match request {
            Request::Caps => Response::Caps(model.caps(at)),
            Request::Push(push) => Response::Push(model.push(USER, push, at)),
            Request::Pull { cursor, limit, not } => {
                model.pull(USER, cursor, (*limit).min(40), *not).map_or_else(failed, Response::Pull)
            }
            _ => failed(405),
        }
    }
}

/// To a share.
struct ShareLine {
    direct: DirectWire,
    weather: Rc<Weather>,
}

impl Wire for ShareLine {
    async fn send(&self, request: RawRequest) -> Result<RawResponse, Lost> {
        let quirks = self.weather.quirks.borrow().clone();
        let answer =
            self.direct.share.borrow_mut().handle(&mut self.weather.rng.borrow_mut(), &quirks, &request);
        if self.weather.lost() { Err(Lost) } else { answer.ok_or(Lost) }
    }

    async fn gzip(&self, bytes: Vec<u8>) -> Option<Vec<u8>> {
        self.direct.gzip(bytes).await
    }

    async fn gunzip(&self, bytes: Vec<u8>, max: usize) -> Option<Vec<u8>> {
        self.direct.gunzip(bytes, max).await
    }
}

const USER: &str = "between";

/// See the module's text.
pub(crate) struct Bridge {
    server: ServerLine,
    share: Share<ShareLine, Rc<DeviceEnv>>,
    weather: Rc<Weather>,
    identity: Identity,
    ways: Ways,
    /// So long nothing happened between the rounds of the calm: what is done only now and then is due with each.
    rested_ms: u64,
}

impl Bridge {
    /// Between the first two backends; `None` where there is only one.
    pub(crate) fn between(backends: &[Backend], clock: &Rc<Cell<u64>>, seed: u64) -> Option<Self> {
        let [server, Backend::Share { share, kind, authority, .. }] = backends else {
            return None;
        };
        let to = match server {
            Backend::Model(model) => Judge::Model(model.clone()),
            Backend::Server(granted) => Judge::Server(granted.clone()),
            Backend::Share { .. } => return None,
        };
        server.grant(USER, [String::new()].into(), clock.get());
        let mut rng = Rng::new(seed ^ 0xb41d6e);
        let env = DeviceEnv { rng: RefCell::new(Rng::new(rng.draw())), ..DeviceEnv::at(clock.clone(), 0) };
        let weather =
            Rc::new(Weather { rng: RefCell::new(rng), lose: Cell::new(0), quirks: RefCell::default() });
        let setup = Setup { kind: *kind, slot: 0, tenant: "t1".to_owned(), authority: *authority };
        let direct = direct(share.clone());
        let line = ShareLine { direct, weather: weather.clone() };
        Some(Self {
            server: ServerLine { to, weather: weather.clone(), clock: clock.clone() },
            share: Share::new(line, Rc::new(env), setup),
            weather,
            identity: Identity {
                writer: Writer { dev: DeviceId([0xbb; 8]), epoch: 1 },
                nonce: "between".to_owned(),
                cursor: String::new(),
                history: String::new(),
                echo: false,
                named_twice: false,
                fresh: false,
            },
            ways: Ways::default(),
            rested_ms: 0,
        })
    }

    /// An hour passes in which nothing is carried.
    pub(crate) fn rest(&mut self) {
        self.rested_ms += 60 * 60 * 1000;
    }

    /// Carries each way once; gives how many operations were stored. What broke off goes on in the next round.
    pub(crate) fn round(&mut self, quirks: &Quirks, lose: u64, met: &Met) -> usize {
        *self.weather.quirks.borrow_mut() = quirks.clone();
        self.weather.lose.set(lose);
        // It dies now and then, and has forgotten what it knew to be on both sides.
        if lose > 0 && self.weather.rng.borrow_mut().chance(5) {
            self.ways.forget();
            met.note(Mishap::Forgotten);
        }
        let at = self.server.clock.get() + self.rested_ms;
        let Self { server, share, identity, ways, .. } = self;
        let mut carried = Carried::default();
        // What broke off goes on in the next round.
        let errand = Errand { identity, now_ms: at, keeps_back: &|_| false, arrived: &|_| () };
        let _ = now(ways.texts(server, share, errand, &mut carried));
        carried.there.stored + carried.back.stored
    }
}

fn direct(share: Rc<RefCell<FakeShare>>) -> DirectWire {
    DirectWire { share, quirks: Quirks::default(), requests: Rc::default() }
}
