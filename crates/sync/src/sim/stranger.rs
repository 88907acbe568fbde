//! Somebody with another program: a later one, which writes kinds and fields that nobody here knows; and, when all is
//! quiet and everybody knows everybody's key, a forger who writes in others' names.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use gridbook_log::{Ctx, DeviceId, Dot, EntityId, Hash, Hlc, NewOp, Op, WireOp, Writer};
use serde_json::{Value, json};

use super::backend::Backend;
use super::device::DeviceEnv;
use super::hand::{Cheap, Keys};
use super::mishap::{Met, Mishap};
use super::share::{DirectWire, Quirks};
use super::{Rng, hand, now};
use crate::driver::Http;
use crate::engine::{Request, Response};
use crate::env::Env;
use crate::share::{RawRequest, Setup, Share, ShareKind, Wire};
use crate::wire::{PushRequest, Verdict};

/// Behind every other name: a reader meets it last.
pub(crate) const DEV: DeviceId = DeviceId([0xfe; 8]);
pub(crate) const USER: &str = "later";
const NONCE: &str = "another program";

/// See the module's text.
pub(crate) struct Stranger {
    env: Rc<DeviceEnv>,
    writer: Writer,
    line: Option<(Share<DirectWire, Rc<DeviceEnv>>, DirectWire, ShareKind)>,
    keys: Rc<dyn Keys>,
    /// What it wrote under its own name, as it was written.
    pub(crate) wrote: Vec<WireOp>,
    /// What it wrote in others' names.
    pub(crate) forged: BTreeSet<Hash>,
}

impl Stranger {
    pub(crate) fn new(backend: &Backend, clock: &Rc<Cell<u64>>, quirks: &Quirks, seed: u64) -> Self {
        let rng = RefCell::new(Rng::new(seed ^ 0x57a6));
        let env = Rc::new(DeviceEnv { rng, ..DeviceEnv::at(clock.clone(), 0) });
        let line = match backend {
            Backend::Share { share, kind, authority, .. } => {
                let wire =
                    DirectWire { share: share.clone(), quirks: quirks.calm(), requests: Rc::default() };
                let setup = Setup { kind: *kind, slot: 0, tenant: "t1".to_owned(), authority: *authority };
                Some((Share::new(wire.clone(), env.clone(), setup), wire, *kind))
            }
            Backend::Model(_) | Backend::Server(_) => None,
        };
        let keys: Rc<dyn Keys> = match backend {
            Backend::Share { keys, .. } => keys.clone(),
            Backend::Model(_) | Backend::Server(_) => Rc::new(Cheap),
        };
        let writer = Writer { dev: DEV, epoch: 1 };
        Self { env, writer, line, keys, wrote: Vec::new(), forged: BTreeSet::new() }
    }

    /// A record as a later program writes it: with fields that nobody here knows, and a step of an unknown kind.
    pub(crate) fn write(&mut self, backend: &Backend, area: &str, at: u64, met: &Met) -> Result<(), String> {
        let entity = EntityId::new(self.env.now_ms(), self.env.random_array());
        let create = json!({
            "type": "hazard", "state": "submitted", "place": {"area": area, "depth": {"m": 3}},
            "set": {"a": 1}, "hologram": [1, {"deep": null}],
        });
        let later = json!({"shape": "cube", "turns": 3});
        let mut ops = Vec::new();
        for (n, kind, body) in [(1, "create", create), (2, "hologram", later)] {
            let mut op = self.op(Dot { writer: self.writer, n }, entity, kind, &body, USER)?;
            if !matches!(backend, Backend::Server(_)) {
                hand::sign(&*self.keys, &mut op);
            }
            ops.push(op);
        }
        backend.grant(USER, BTreeSet::from([area.to_owned()]), at);
        let verdicts = self.push(backend, self.writer, &ops, at);
        if verdicts != [Verdict::Ok, Verdict::Ok] {
            return Err(format!("what a later program wrote was answered {verdicts:?}"));
        }
        met.note(Mishap::UnknownKind);
        met.note(Mishap::UnknownField);
        self.wrote.extend(ops);
        Ok(())
    }

    /// Writes on a stream in the name of `author`: bare, and signed with a key of its own.
    pub(crate) fn forge(
        &mut self,
        backend: &Backend,
        author: (Writer, &str, EntityId, u32),
        at: u64,
        met: &Met,
    ) -> Result<(), String> {
        let (writer, user, entity, n) = author;
        let body = json!({"set": {"forged": 1}});
        for signed in [false, true] {
            let mut op = self.op(Dot { writer, n }, entity, "set", &body, user)?;
            if signed {
                hand::forge(&*self.keys, &mut op, DEV);
            }
            self.forged.extend(Op::from_wire(op.clone()).ok().map(|op| *op.hash()));
            let verdicts = self.push(backend, self.writer, &[op], at);
            let taken = if self.line.is_some() { Verdict::Ok } else { Verdict::Refuse };
            if verdicts != [taken] {
                return Err(format!("what was forged was answered {verdicts:?}"));
            }
            met.note(Mishap::Forged);
        }
        Ok(())
    }

    /// Puts beside the logs what is none.
    pub(crate) fn litter(&self, met: &Met) {
        let Some((_, wire, kind)) = &self.line else { return };
        let junk: &[(&'static str, &str, &[u8])] = match kind {
            ShareKind::WebDav => &[
                ("PUT", "heads/ffffffffffffffff-1-0.json", b"{\"sha256\":\"00\",\"head\":{}}"),
                ("PUT", "heads/Thumbs.db", b"\0\0"),
                ("MKCOL", "log/ffffffffffffffff-1-0/", b""),
                ("PUT", "log/ffffffffffffffff-1-0/00000001-1-00.gz", b"\x1f\x8b"),
            ],
            ShareKind::CouchDb => &[
                ("PUT", "s-ffffffffffffffff-1-000000000000-0000000000000000", b"{\"format\":9,\"ops\":7}"),
                ("PUT", "_design%2Fviews", b"{\"views\":{}}"),
            ],
        };
        for (method, path, body) in junk {
            let request =
                RawRequest { method, path: (*path).to_owned(), headers: Vec::new(), body: body.to_vec() };
            if now(wire.send(request)).is_ok_and(|answer| answer.status < 300) {
                met.note(Mishap::Junk);
            }
        }
    }

    fn op(&self, dot: Dot, entity: EntityId, kind: &str, body: &Value, user: &str) -> Result<WireOp, String> {
        let mut ctx = Ctx::default();
        if dot.n > 1 {
            ctx.add(Dot { n: dot.n - 1, ..dot });
        }
        let hlc = Hlc { ms: self.env.now_ms(), count: 0 };
        let new = NewOp { entity, dot, hlc, kind, user, ctx };
        let op = Op::new(new, self.env.random_array(), body.to_string()).map_err(|e| e.to_string())?;
        Ok(op.to_wire())
    }

    fn push(&self, backend: &Backend, writer: Writer, ops: &[WireOp], at: u64) -> Vec<Verdict> {
        let push = PushRequest { writer, nonce: NONCE.to_owned(), now: at, ops: ops.to_vec() };
        let reply = match backend {
            Backend::Model(model) => Some(model.borrow_mut().push(USER, &push, at)),
            Backend::Server(granted) => {
                granted.welcome(USER, at);
                match granted.server.answer(USER, &Request::Push(push), None, at) {
                    Response::Push(reply) => Some(reply),
                    _ => None,
                }
            }
            Backend::Share { .. } => {
                self.line.as_ref().and_then(|(share, ..)| match now(share.send(&Request::Push(push), None)) {
                    Response::Push(reply) => Some(reply),
                    _ => None,
                })
            }
        };
        reply.map(|reply| reply.results.iter().map(|result| result.r).collect()).unwrap_or_default()
    }
}
