//! Saving what a person entered: operations, index, outbox, photos and the end of the draft in one batch.

use std::collections::BTreeMap;
use std::rc::Rc;

use gridbook_log::body::Set;
use gridbook_log::{Body, Dot, Entity, EntityId, NewOp, Op, OpId, Writer, map_of, pack};

use super::index::{Part, Row, put_rows};
use super::open::seal;
use super::outbox::{Pending, put_pend};
use super::photos::queued;
use super::{KEPT, Project, Replica, ReplicaError, TRIES, key};
use crate::env::Env;
use crate::store::{Batch, Durability, Store, StoreError, Table};
use crate::wire::MAX_BATCH_OPS;

/// One save in one entity.
#[derive(Clone, Debug)]
pub struct NewWrite {
    /// Which; a new one from [`EntityId::new`] when the body creates it.
    pub entity: EntityId,
    /// What.
    pub body: Body,
}

/// A photo that an operation of the same save names.
#[derive(Clone, Debug)]
pub struct NewBlob {
    /// SHA-256 of the bytes, 64 hex digits.
    pub sha256: String,
    /// The bytes; `None` when they are in [`Table::Blob`] already, put there with the draft.
    pub bytes: Option<Vec<u8>>,
}

/// What was saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The operations, in order.
    pub ops: Vec<OpId>,
}

/// As whom operations are written.
pub(super) struct Name {
    pub(super) writer: Writer,
    pub(super) user: String,
}

pub(super) struct Plan<T> {
    pub(super) batch: Batch,
    meta: super::Meta,
    changed: BTreeMap<EntityId, Option<Row<T>>>,
    entities: BTreeMap<EntityId, Entity>,
    pend: BTreeMap<u32, Vec<Pending>>,
    ops: Vec<OpId>,
}

/// Whether a creation has been written before.
enum Again {
    /// No, or it is no creation.
    No,
    /// Yes, with these very words: a commit whose answer was lost is replayed. It is there already.
    Same(Dot),
    /// Yes, with other words: a second tab had the same draft open. What it says goes in as a correction, so
    /// that nothing a person entered is dropped and both stand in the history.
    Changed(Set),
}

fn again(body: &Body, entity: &Entity) -> Again {
    let (Body::Create(create), Some(first)) = (body, entity.creation()) else { return Again::No };
    if create.set == first.create.set && create.blobs == first.create.blobs {
        return Again::Same(first.dot);
    }
    let new = |path: &String, value: &serde_json::Value| first.create.set.get(path) != Some(value);
    let set = create.set.iter().filter(|(path, value)| new(path, value));
    let blobs = create.blobs.iter().filter(|blob| !first.create.blobs.contains(blob));
    Again::Changed(Set {
        set: map_of(set.map(|(path, value)| (path.clone(), value.clone()))),
        blobs: blobs.cloned().collect(),
    })
}

impl<S: Store, P: Project> Replica<S, P> {
    /// Saves. Returns when the store has it for certain: then, and only then, it may be called saved.
    ///
    /// # Errors
    /// [`ReplicaError`]; then nothing of it was written and the draft is where it was.
    pub async fn save(
        &self,
        env: &impl Env,
        writes: &[NewWrite],
        blobs: &[NewBlob],
        drafts_done: &[String],
    ) -> Result<Saved, ReplicaError> {
        let _gate = self.gate.lock().await;
        for _ in 0..TRIES {
            let ids: Vec<EntityId> = writes.iter().map(|w| w.entity).collect();
            self.load(&ids).await?;
            let own = self.own_name();
            let mut plan = match self.plan(env, &own, writes) {
                // Another tab may have made it since we last looked.
                Err(ReplicaError::Unknown) if self.refresh().await? != Some(Vec::new()) => continue,
                plan => plan?,
            };
            for blob in blobs {
                if let Some(bytes) = &blob.bytes {
                    plan.batch.put(Table::Blob, blob.sha256.clone(), bytes.clone());
                }
                let row = queued(env.now_ms(), plan.meta.version);
                plan.batch.put(Table::BlobQueue, blob.sha256.clone(), row);
            }
            for draft in drafts_done {
                plan.batch.delete(Table::Draft, draft.clone());
            }
            match self.commit_plan(plan).await {
                Ok(ops) => return Ok(Saved { ops }),
                Err(StoreError::Raced) => {
                    self.refresh().await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Raced.into())
    }

    pub(super) async fn commit_plan(&self, plan: Plan<P::Summary>) -> Result<Vec<OpId>, StoreError> {
        self.store.commit(plan.batch).await?;
        let mut inner = self.inner.borrow_mut();
        inner.meta = plan.meta;
        inner.pend.extend(plan.pend);
        inner.take(plan.changed);
        for entity in plan.entities.into_values().take(KEPT) {
            inner.remember(Rc::new(entity));
        }
        Ok(plan.ops)
    }

    /// As whom this replica writes what a person enters.
    fn own_name(&self) -> Name {
        let meta = self.meta();
        Name { writer: meta.writer, user: meta.user.clone() }
    }

    pub(super) fn plan(
        &self,
        env: &impl Env,
        name: &Name,
        writes: &[NewWrite],
    ) -> Result<Plan<P::Summary>, ReplicaError> {
        let inner = self.inner.borrow();
        let mut meta = inner.meta.clone();
        let version = meta.version + 1;
        let mut batch = Batch { durability: Durability::Strict, ..Batch::default() };
        let mut entities: BTreeMap<EntityId, Entity> = BTreeMap::new();
        let mut parts: BTreeMap<EntityId, Vec<Part>> = BTreeMap::new();
        let mut pend: BTreeMap<u32, Vec<Pending>> = BTreeMap::new();
        let mut ops = Vec::with_capacity(writes.len());
        for chunk in writes.chunks(MAX_BATCH_OPS) {
            let log = meta.next_log;
            meta.next_log += 1;
            let mut bytes = Vec::new();
            let mut list = Vec::with_capacity(chunk.len());
            // Drawn together: every call to the browser costs.
            let mut salts = vec![[0u8; 16]; chunk.len()];
            env.random(salts.as_flattened_mut());
            for (write, salt) in chunk.iter().zip(salts) {
                let entity = entities.entry(write.entity).or_insert_with(|| {
                    let held = inner.cache.get(&write.entity).map(|e| (**e).clone());
                    held.unwrap_or_else(|| Entity::new(write.entity, meta.authority))
                });
                let body = match again(&write.body, entity) {
                    Again::No => &write.body,
                    Again::Same(dot) => {
                        ops.push(OpId { entity: write.entity, dot });
                        continue;
                    }
                    Again::Changed(edit) => &Body::Set(edit),
                };
                if !matches!(write.body, Body::Create(_)) && entity.have().is_empty() {
                    return Err(ReplicaError::Unknown);
                }
                let mut ctx = entity.frontier().clone();
                // Own operations that were purged count as seen: their numbers are used.
                let purged = if name.writer == meta.writer { inner.own(write.entity) } else { 0 };
                let used = ctx.get(name.writer).max(purged);
                if used > 0 {
                    ctx.add(Dot { writer: name.writer, n: used });
                }
                let dot = Dot { writer: name.writer, n: used + 1 };
                let (kind, text) = body.to_text();
                let now = env.now_ms();
                let new = NewOp {
                    entity: write.entity,
                    dot,
                    hlc: meta.clock.tick(now),
                    kind,
                    user: &name.user,
                    ctx,
                };
                let op = Op::new(new, salt, text)?;
                let at = u32::try_from(bytes.len()).map_err(|_| ReplicaError::Damaged("log"))?;
                let len =
                    u32::try_from(pack::write(&mut bytes, &op)).map_err(|_| ReplicaError::Damaged("log"))?;
                entity.apply(&op);
                parts.entry(write.entity).or_default().push(Part { log, at, len });
                list.push(Pending { entity: write.entity, dot, at, len, saved_ms: now, held: None });
                ops.push(op.id());
            }
            if list.is_empty() {
                continue;
            }
            batch.put(Table::Log, key(log), bytes);
            put_pend(&mut batch, log, &list);
            pend.insert(log, list);
        }
        let mut changed = BTreeMap::new();
        for (id, entity) in &entities {
            let new_parts = parts.remove(id).unwrap_or_default();
            let held = inner.rows.get(id);
            let unsent = held.map_or(0, |r| r.unsent) + u32::try_from(new_parts.len()).unwrap_or(u32::MAX);
            let upto = |entity: &Entity| entity.frontier().get(meta.writer);
            // A number of ours is known that was never used here: that stays to be seen until the name is another one, or
            // what bears it is left out of our feed for ever.
            let twice = inner.cache.get(id).is_some_and(|before| upto(before) > inner.own(*id));
            let row = Row {
                version,
                parts: held.map_or(&[][..], |r| &r.parts).iter().copied().chain(new_parts).collect(),
                unsent,
                sent_at: held.and_then(|r| r.sent_at),
                refused: None,
                leaving: held.is_some_and(|r| r.leaving),
                own: if twice { inner.own(*id) } else { upto(entity) },
                summary: self.project.summary(entity),
            };
            changed.insert(*id, Some(row));
        }
        put_rows(&mut batch, &mut meta, &changed, |id| inner.own(id));
        let ids: Vec<EntityId> = changed.keys().copied().collect();
        seal(&mut batch, &mut meta, &ids);
        Ok(Plan { batch, meta, changed, entities, pend, ops })
    }
}
