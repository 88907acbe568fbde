//! Somebody of the demo who writes operations on a device of their own, through the same admission as a phone.

use gridbook_domain::role::Actor;
use gridbook_log::{BlobRef, Body, Dot, EntityId, Event, Hlc, NewOp, Op, Placement, Values, Writer};
use gridbook_sync::wire::Verdict;
use serde_json::{Value, json};

use crate::accounts;
use crate::problem::ApiError;
use crate::secret;
use crate::writer::Ledger;
use crate::writer::push::{self, Asked, Carried, Push, Source};

/// An author.
pub(super) struct Scribe {
    actor: Actor,
    writer: Writer,
    nonce: String,
}

impl Scribe {
    /// A new device of that account.
    pub(super) async fn new(ledger: &mut Ledger, user: &str) -> Result<Self, ApiError> {
        let tenant = ledger.tenant.id;
        let assignments = accounts::assignments(&mut ledger.conn, tenant, user).await?;
        let dev = gridbook_log::DeviceId(secret::random::<8>());
        Ok(Self {
            actor: Actor { user: user.to_owned(), assignments },
            writer: Writer { dev, epoch: 1 },
            nonce: secret::hex(&secret::random::<8>()),
        })
    }

    /// Creates entities, at most 500 at once.
    pub(super) async fn create_all(
        &mut self,
        ledger: &mut Ledger,
        bodies: Vec<Body>,
        at: u64,
    ) -> Result<Vec<EntityId>, ApiError> {
        let mut ids = Vec::with_capacity(bodies.len());
        let mut ops = Vec::with_capacity(bodies.len());
        for (n, body) in (0u64..).zip(&bodies) {
            let id = EntityId::new(at + n, secret::random::<10>());
            ops.push(self.op(ledger, id, body, at + n)?);
            ids.push(id);
        }
        self.push(ledger, ops, at).await?;
        Ok(ids)
    }

    /// Creates one entity.
    pub(super) async fn create(
        &mut self,
        ledger: &mut Ledger,
        body: Body,
        at: u64,
    ) -> Result<EntityId, ApiError> {
        let ids = self.create_all(ledger, vec![body], at).await?;
        ids.into_iter().next().ok_or_else(ApiError::unavailable)
    }

    /// One step of a case: `data` is what is told, `set` what changes in the record.
    pub(super) async fn step(
        &mut self,
        ledger: &mut Ledger,
        id: EntityId,
        step: Step<'_>,
        at: u64,
    ) -> Result<(), ApiError> {
        let (from, to) = step.states;
        let body = Body::Event(Event {
            event: step.action.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
            table: 1,
            role: None,
            data: values(&step.data),
            set: values(&step.set),
            place: step
                .unit
                .map(|unit| Placement { units_add: vec![unit.to_owned()], ..Placement::default() }),
            blobs: Vec::<BlobRef>::new(),
        });
        let op = self.op(ledger, id, &body, at)?;
        self.push(ledger, vec![op], at).await
    }

    fn op(&self, ledger: &mut Ledger, entity: EntityId, body: &Body, at: u64) -> Result<Op, ApiError> {
        let ctx = ledger.frontier(entity);
        let dot = Dot { writer: self.writer, n: ctx.get(self.writer) + 1 };
        let (kind, text) = body.to_text();
        let new = NewOp { entity, dot, hlc: Hlc { ms: at, count: 0 }, kind, user: &self.actor.user, ctx };
        Op::new(new, secret::random::<16>(), text).map_err(|_| ApiError::malformed())
    }

    async fn push(&self, ledger: &mut Ledger, ops: Vec<Op>, at: u64) -> Result<(), ApiError> {
        // The centre hears of it a few minutes later, as from a phone in a valley.
        let received = at + 7 * 60 * 1000;
        ledger.travel(Some(received));
        let push = Push {
            actor: self.actor.clone(),
            writer: self.writer,
            nonce: Some(self.nonce.clone()),
            now: received,
            ops: ops.into_iter().map(|op| Ok(Asked { op, creation: None, carried: Carried::Own })).collect(),
            apart: false,
            source: Source::Now,
        };
        let reply = push::apply(ledger, push).await?;
        match reply.results.iter().find(|r| r.r != Verdict::Ok) {
            None => Ok(()),
            Some(bad) => {
                let code = bad.code.as_deref().unwrap_or("-");
                tracing::error!(user = %self.actor.user, code, "the demo wrote something that is not admitted");
                Err(ApiError::bad(
                    "demo",
                    format!("演示数据有一条没有通过校验({code}),没有写入;请报告这个问题。"),
                ))
            }
        }
    }
}

/// A step of a case.
pub(super) struct Step<'a> {
    /// The action.
    pub(super) action: &'a str,
    /// From which state to which.
    pub(super) states: (&'a str, &'a str),
    /// What the step tells.
    pub(super) data: Value,
    /// What it changes in the record.
    pub(super) set: Value,
    /// The unit it goes to.
    pub(super) unit: Option<&'a str>,
}

impl<'a> Step<'a> {
    /// A step that tells something and changes nothing.
    pub(super) fn told(action: &'a str, from: &'a str, to: &'a str, data: Value) -> Self {
        Self { action, states: (from, to), data, set: json!({}), unit: None }
    }
}

/// Values from a JSON object.
pub(super) fn values(object: &Value) -> Values {
    object.as_object().into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect()
}
