//! A new life for a device whose name is used twice: its database was copied to another device, or put back from
//! an older copy. The backend noticed it by two different operations under one name.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use gridbook_log::{Ctx, Dot, Entity, EntityId, NewOp, Op, OpId, Writer, pack};

use super::index::{Part, Row, put_rows};
use super::open::seal;
use super::outbox::{Pending, put_pend};
use super::pull::part;
use super::{Meta, Project, Replica, ReplicaError, TRIES, key};
use crate::env::Env;
use crate::store::{Batch, Store, StoreError, Table};

/// Where an operation that waits will go, by its old place.
type Moved = BTreeMap<Dot, u32>;

struct Plan<T> {
    batch: Batch,
    meta: Meta,
    pend: BTreeMap<u32, Vec<Pending>>,
    changed: BTreeMap<EntityId, Option<Row<T>>>,
    folds: Vec<Entity>,
}

impl<S: Store, P: Project> Replica<S, P> {
    /// Begins a new epoch with a new nonce: everything unsent is written again under the new name, with the same
    /// content, time and knowledge, and waits to be sent. The feed is read from its beginning, because what the
    /// other bearer of the old name wrote was left out of it so far. Nothing that a person entered is lost, and
    /// nothing that was acknowledged changes.
    ///
    /// # Errors
    /// [`ReplicaError`] when the store fails; then everything is as it was.
    pub async fn renew(&self, env: &impl Env) -> Result<(), ReplicaError> {
        let _gate = self.gate.lock().await;
        let before = self.inner.borrow().meta.writer;
        self.refresh().await?;
        for _ in 0..TRIES {
            if self.inner.borrow().meta.writer != before {
                // Another tab did it.
                return Ok(());
            }
            let version = self.inner.borrow().meta.version;
            match self.try_renew(env).await {
                Err(ReplicaError::Store(StoreError::Raced) | ReplicaError::Damaged(_)) => {
                    self.refresh().await?;
                    if self.inner.borrow().meta.version == version {
                        // Nobody moved what was read: it is damaged indeed.
                        return Err(ReplicaError::Damaged("log"));
                    }
                }
                other => return other,
            }
        }
        Err(StoreError::Raced.into())
    }

    /// Whether one of these operations of ours follows a number of ours that is not here any more: it was purged,
    /// and then the backend went back to before it. Nobody can fill that gap, and under this name nothing of ours
    /// in that stream would be placed again.
    ///
    /// # Errors
    /// [`ReplicaError`] when the log cannot be read.
    pub async fn follows_gap(&self, ids: &BTreeSet<OpId>) -> Result<bool, ReplicaError> {
        for id in ids {
            let entity = self.entity(id.entity).await?;
            if entity.is_some_and(|entity| entity.have().upto(id.dot.writer) < id.dot.n) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn try_renew(&self, env: &impl Env) -> Result<(), ReplicaError> {
        let (waiting, parts) = {
            let inner = self.inner.borrow();
            let waiting: Vec<Pending> = inner.pend.values().flatten().cloned().collect();
            let mut parts: BTreeMap<u32, Vec<(EntityId, Part)>> = BTreeMap::new();
            for id in waiting.iter().map(|p| p.entity).collect::<BTreeSet<_>>() {
                for part in inner.rows.get(&id).map_or(&[][..], |row| &row.parts) {
                    parts.entry(part.log).or_default().push((id, *part));
                }
            }
            (waiting, parts)
        };
        let logs: Vec<u32> = parts.keys().copied().collect();
        let ops = self.read_parts(parts).await?;
        let mut rows = Vec::new();
        for log in logs {
            let bytes = self.store.get(Table::Log, &key(log)).await?.ok_or(ReplicaError::Damaged("log"))?;
            rows.push((log, bytes));
        }
        let Plan { batch, meta, pend, changed, folds } = self.plan_renewal(env, &waiting, &ops, &rows)?;
        self.store.commit(batch).await?;
        let mut inner = self.inner.borrow_mut();
        inner.meta = meta;
        inner.pend = pend;
        inner.take(changed);
        inner.gone.values_mut().for_each(|own| *own = 0);
        for fold in folds {
            inner.remember(Rc::new(fold));
        }
        Ok(())
    }

    fn plan_renewal(
        &self,
        env: &impl Env,
        waiting: &[Pending],
        ops: &std::collections::HashMap<EntityId, Vec<Op>>,
        rows: &[(u32, Vec<u8>)],
    ) -> Result<Plan<P::Summary>, ReplicaError> {
        let inner = self.inner.borrow();
        let mut meta = renewed(&inner.meta, env);
        let version = meta.version + 1;
        let mut batch = Batch::default();
        let mut changed = BTreeMap::new();
        // No number of the new name is used yet, anywhere.
        for (id, row) in &inner.rows {
            changed.insert(*id, Some(Row { version, own: 0, ..row.clone() }));
        }
        // The old bytes of every record that is written again go, so that nothing of it stays readable when it is
        // purged one day.
        let affected: BTreeSet<EntityId> = waiting.iter().map(|p| p.entity).collect();
        for (log, bytes) in rows {
            let (kept, _) = inner.rewrite(*log, bytes, &affected, version, &mut changed)?;
            if kept.is_empty() {
                batch.delete(Table::Log, key(*log));
            } else {
                batch.put(Table::Log, key(*log), kept);
            }
        }
        for log in inner.pend.keys() {
            put_pend(&mut batch, *log, &Vec::new());
        }
        let mut moved: BTreeMap<EntityId, Moved> = BTreeMap::new();
        for pending in waiting {
            let places = moved.entry(pending.entity).or_default();
            let n = u32::try_from(places.len()).map_err(|_| ReplicaError::Damaged("pend"))? + 1;
            places.insert(pending.dot, n);
        }
        let log = meta.next_log;
        let mut bytes = Vec::new();
        let mut written: BTreeMap<EntityId, (Vec<Part>, Vec<Op>)> = BTreeMap::new();
        for (id, places) in &moved {
            let at = bytes.len();
            let again = |op: &&Op| first(&ops[id], op.dot()).is_some_and(|own| own.hash() == op.hash());
            let stays = |op: &&Op| !places.contains_key(&op.dot()) || !again(op);
            let kept: Vec<Op> = ops[id].iter().filter(stays).cloned().collect();
            for op in &kept {
                pack::write(&mut bytes, op);
            }
            let part = part(log, at, bytes.len())?;
            written.insert(*id, ((part.len > 0).then_some(part).into_iter().collect(), kept));
        }
        let mut list = Vec::with_capacity(waiting.len());
        for pending in waiting {
            let id = pending.entity;
            let old = first(&ops[&id], pending.dot).ok_or(ReplicaError::Damaged("log"))?;
            let op = again(old, &moved[&id], meta.writer, env)?;
            let at = bytes.len();
            pack::write(&mut bytes, &op);
            let part = part(log, at, bytes.len())?;
            list.push(Pending {
                entity: id,
                dot: op.dot(),
                at: part.at,
                len: part.len,
                saved_ms: pending.saved_ms,
                held: None,
            });
            let (parts, all) = written.entry(id).or_default();
            parts.push(part);
            all.push(op);
        }
        let mut folds = Vec::new();
        for (id, (parts, all)) in written {
            let fold = Entity::fold(id, meta.authority, &all);
            if let Some(Some(row)) = changed.get_mut(&id) {
                row.unsent = u32::try_from(moved[&id].len()).unwrap_or(u32::MAX);
                row.own = row.unsent;
                row.parts = parts;
                row.refused = None;
                row.summary = self.project.summary(&fold);
            }
            folds.push(fold);
        }
        let mut pend = BTreeMap::new();
        if !list.is_empty() {
            batch.put(Table::Log, key(log), bytes);
            put_pend(&mut batch, log, &list);
            meta.next_log += 1;
            pend.insert(log, list);
        }
        put_rows(&mut batch, &mut meta, &changed, |_| 0);
        for id in inner.gone.keys() {
            put_rows(&mut batch, &mut meta, &BTreeMap::from([(*id, None::<Row<P::Summary>>)]), |_| 0);
        }
        let ids: Vec<EntityId> = changed.keys().copied().collect();
        seal(&mut batch, &mut meta, &ids);
        Ok(Plan { batch, meta, pend, changed, folds })
    }
}

/// What was written here under this name: it was there before anything else that came under it.
pub(super) fn first(ops: &[Op], dot: Dot) -> Option<&Op> {
    ops.iter().find(|op| op.dot() == dot)
}

/// Identity and position of the new life.
fn renewed(old: &Meta, env: &impl Env) -> Meta {
    let mut nonce = [0u8; 16];
    env.random(&mut nonce);
    Meta {
        // Both bearers of a name may begin anew at the same time: they rarely choose the same number, and choose
        // again when they did.
        writer: Writer { epoch: old.writer.epoch + 1 + u32::from(nonce[0] & 7), ..old.writer },
        nonce: EntityId(nonce).to_string(),
        cursor: String::new(),
        ..old.clone()
    }
}

/// The same operation under its new name. What its author had seen of its own unsent work is named anew, too.
fn again(old: &Op, moved: &Moved, writer: Writer, env: &impl Env) -> Result<Op, ReplicaError> {
    let header = old.header();
    let mut ctx = Ctx::default();
    for (seen, upto) in header.ctx.iter() {
        // What waits is the end of its writer's numbers in this stream: the part before it is common knowledge.
        let first = moved.keys().filter(|dot| dot.writer == seen).map(|dot| dot.n).min();
        let n = first.map_or(upto, |first| upto.min(first - 1));
        if n > 0 {
            ctx.add(Dot { writer: seen, n });
        }
    }
    let n = moved[&old.dot()];
    if n > 1 {
        ctx.add(Dot { writer, n: n - 1 });
    }
    let mut salt = [0u8; 16];
    env.random(&mut salt);
    let new = NewOp {
        entity: old.entity(),
        dot: Dot { writer, n },
        hlc: header.hlc,
        kind: &header.kind,
        user: &header.user,
        ctx,
    };
    let body = old.body_text().ok_or(ReplicaError::Damaged("log"))?;
    Ok(Op::new(new, salt, body.to_owned())?)
}
