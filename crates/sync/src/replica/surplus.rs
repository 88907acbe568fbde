//! What lies here and is not told by the backend any more: a record that this account may no longer see, and whose
//! `leave` never came, because the feed was cut or a backup put back while the device was off.

use std::collections::BTreeSet;

use gridbook_log::body::kind;
use gridbook_log::{EntityId, Op, OpId, WireOp, set_of};

use super::pull::Page;
use super::{Project, Replica, ReplicaError};
use crate::env::Env;
use crate::store::Store;

impl<S: Store, P: Project> Replica<S, P> {
    /// Of each of `entities` in which the backend shows nothing of `held`, its creation (both of two under one name), or
    /// another operation where there is none.
    /// Whether the backend knows it tells a record that is hidden from this account from one that was lost there: of
    /// the latter this may be the last copy, and it stays.
    ///
    /// # Errors
    /// [`ReplicaError`] when the log cannot be read.
    pub async fn unlisted(
        &self,
        entities: &BTreeSet<EntityId>,
        held: &BTreeSet<OpId>,
    ) -> Result<Vec<WireOp>, ReplicaError> {
        let listed: BTreeSet<EntityId> = set_of(held.iter().map(|id| id.entity));
        let mut ids: Vec<EntityId> = entities.difference(&listed).copied().collect();
        let waiting: BTreeSet<OpId> = {
            let inner = self.inner.borrow();
            ids.retain(|id| inner.rows.get(id).is_some_and(|row| row.visible()));
            let pending = inner.pend.values().flatten();
            set_of(pending.map(|p| OpId { entity: p.entity, dot: p.dot }))
        };
        let mut asked = Vec::new();
        for (_, ops) in self.streams(&ids).await? {
            // Of two under one name only one waits.
            let twice = |op: &Op| ops.iter().filter(|other| other.id() == op.id()).count() > 1;
            let sent = |op: &&Op| !waiting.contains(&op.id()) || twice(op);
            let made = |op: &&Op| op.header().kind == kind::CREATE;
            let some = if ops.iter().any(|op| sent(&op) && made(&op)) { usize::MAX } else { 1 };
            asked.extend(
                ops.iter().filter(sent).filter(|op| some == 1 || made(op)).take(some).map(Op::to_wire),
            );
        }
        Ok(asked)
    }

    /// Takes out what the backend has and does not show to this account, as if the feed had said so: what is unsent
    /// keeps its record, out of sight, until it is sent.
    ///
    /// # Errors
    /// As [`Self::apply_page`]; nothing was taken out then.
    pub async fn take_leave(
        &self,
        env: &impl Env,
        ids: &BTreeSet<EntityId>,
    ) -> Result<Vec<EntityId>, ReplicaError> {
        let (history, authority) = {
            let meta = self.meta();
            (meta.history.clone(), meta.authority)
        };
        let page = Page::leaving(ids.clone());
        Ok(self.take_page(env, None, &page, &history, authority).await?.changed)
    }
}
