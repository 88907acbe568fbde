//! What is still unsent: one row of pending places for each log row that has any.

use std::collections::{BTreeMap, BTreeSet};

use gridbook_log::{Dot, EntityId, Op, OpId, WireOp, order_by_key, pack};
use serde::{Deserialize, Serialize};

use super::index::{Part, Row, put_rows};
use super::open::seal;
use super::{Meta, Project, Replica, ReplicaError, TRIES, key, pack_row, unpack_row};
use crate::memory::version_of;
use crate::store::{Batch, Durability, Store, StoreError, Table, VERSION_KEY, scan_all};
use crate::wire::{PushResult, REVIEW, Verdict};

/// How many operations were kept for whoever decides, and the person was not told yet.
const REVIEWED: &str = "reviewed";

fn is_reviewed(result: &PushResult) -> bool {
    result.r == Verdict::Ok && result.code.as_deref() == Some(REVIEW)
}

/// Code of an operation whose id stands for another one elsewhere.
pub(super) const FORK: &str = "fork";

/// Code of an operation that came without its text.
const ERASED: &str = "erased";

/// Whether only a new name helps what was refused with this code.
pub(super) fn names_twice(code: &str) -> bool {
    matches!(code, "clone" | FORK)
}

/// One operation that no backend has acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pending {
    pub(crate) entity: EntityId,
    pub(crate) dot: Dot,
    pub(crate) at: u32,
    pub(crate) len: u32,
    pub(crate) saved_ms: u64,
    /// Refused by the backend; kept, shown, sent again only when a person says so.
    pub(crate) held: Option<String>,
}

impl Pending {
    /// Sent once, and its name stands for something else now.
    pub(super) fn fork(op: &Op, place: Part) -> Self {
        Self {
            entity: op.entity(),
            dot: op.dot(),
            at: place.at,
            len: place.len,
            saved_ms: op.header().hlc.ms,
            held: Some(FORK.to_owned()),
        }
    }

    fn waits_for_person(&self) -> bool {
        self.held.as_deref().is_some_and(|code| !names_twice(code))
    }

    fn id(&self) -> OpId {
        OpId { entity: self.entity, dot: self.dot }
    }
}

/// Operations to send next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outbox {
    /// In the order they were saved.
    pub ops: Vec<WireOp>,
    /// Their names, in the same order.
    pub ids: Vec<OpId>,
    /// Whether more are waiting behind these.
    pub more: bool,
}

/// What is unsent (OFF-01).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unsent {
    /// Operations waiting to be sent.
    pub waiting: usize,
    /// Operations refused by the backend and kept.
    pub held: usize,
    /// When the oldest waiting one was saved, milliseconds since 1970.
    pub oldest_ms: Option<u64>,
}

impl<S: Store, P: Project> Replica<S, P> {
    /// How much is unsent, and since when.
    pub fn unsent(&self) -> Unsent {
        let inner = self.inner.borrow();
        let mut unsent = Unsent::default();
        for pending in inner.pend.values().flatten() {
            if pending.held.is_some() {
                unsent.held += 1;
            } else {
                unsent.waiting += 1;
                let oldest = unsent.oldest_ms.get_or_insert(pending.saved_ms);
                *oldest = (*oldest).min(pending.saved_ms);
            }
        }
        unsent
    }

    /// How many operations are unsent, the held ones too, that are not among those `kept` apart by the backend.
    pub fn unkept(&self, kept: &BTreeSet<OpId>) -> usize {
        let inner = self.inner.borrow();
        inner.pend.values().flatten().filter(|p| p.held.is_some() || !kept.contains(&p.id())).count()
    }

    /// How many operations the backend kept for whoever decides, for this account no longer sees what they are about;
    /// since [`Self::forget_reviewed`].
    ///
    /// # Errors
    /// [`ReplicaError`] when the store cannot be read.
    pub async fn reviewed(&self) -> Result<u32, ReplicaError> {
        let bytes = self.store.get(Table::App, REVIEWED).await?;
        Ok(bytes.map_or(0, |bytes| bytes.try_into().map_or(0, u32::from_le_bytes)))
    }

    /// The person was told.
    ///
    /// # Errors
    /// [`ReplicaError`] when the store fails.
    pub async fn forget_reviewed(&self) -> Result<(), ReplicaError> {
        let mut batch = Batch { durability: Durability::Relaxed, ..Batch::default() };
        batch.delete(Table::App, REVIEWED);
        Ok(self.store.commit(batch).await?)
    }

    /// Whether something waits whose name another bearer of ours has used for something else: only a new name
    /// ([`Self::renew`]) gets it to the backend.
    pub fn named_twice(&self) -> bool {
        let inner = self.inner.borrow();
        inner.pend.values().flatten().any(|p| p.held.as_deref().is_some_and(names_twice))
    }

    /// The next operations to send, without those in `pass`: under way, or left for the next round.
    ///
    /// # Errors
    /// [`ReplicaError`] when the log cannot be read.
    pub async fn outbox(
        &self,
        pass: &BTreeSet<OpId>,
        max_ops: usize,
        max_bytes: usize,
    ) -> Result<Outbox, ReplicaError> {
        for _ in 0..TRIES {
            let (version, chosen) = {
                let inner = self.inner.borrow();
                let all = inner.pend.iter().flat_map(|(log, list)| list.iter().map(move |p| (*log, p)));
                let waiting = all.filter(|(_, p)| p.held.is_none() && !pass.contains(&p.id()));
                let chosen = waiting.take(max_ops + 1).map(|(log, p)| (log, p.clone()));
                (inner.meta.version, chosen.collect::<Vec<_>>())
            };
            let outbox = self.try_outbox(&chosen, max_ops, max_bytes).await;
            // Another tab may have moved what we were reading.
            let stored = self.store.get(Table::Meta, VERSION_KEY).await?;
            if version_of(stored.as_deref()) == version {
                return outbox;
            }
            self.refresh().await?;
        }
        Err(StoreError::Raced.into())
    }

    async fn try_outbox(
        &self,
        waiting: &[(u32, Pending)],
        max_ops: usize,
        max_bytes: usize,
    ) -> Result<Outbox, ReplicaError> {
        let mut outbox = Outbox::default();
        let mut size = 0;
        let mut row: Option<(u32, Vec<u8>)> = None;
        for (log, pending) in waiting {
            // JSON adds quotes and escapes; half as much again is ample.
            let cost = pending.len as usize + pending.len as usize / 2;
            if outbox.ops.len() == max_ops || (size + cost > max_bytes && !outbox.ops.is_empty()) {
                outbox.more = true;
                break;
            }
            if row.as_ref().is_none_or(|(held, _)| held != log) {
                let bytes = self.store.get(Table::Log, &key(*log)).await?;
                row = Some((*log, bytes.ok_or(ReplicaError::Damaged("log"))?));
            }
            let bytes = row.as_ref().map_or(&[][..], |(_, bytes)| bytes);
            let frame = bytes.get(pending.at as usize..).ok_or(ReplicaError::Damaged("log"))?;
            outbox.ops.push(pack::read_wire(frame)?);
            outbox.ids.push(pending.id());
            size += cost;
        }
        Ok(outbox)
    }

    /// Everything that this account holds on this device, for another backend or device.
    ///
    /// # Errors
    /// [`ReplicaError`] when the log cannot be read.
    pub async fn all_ops(&self) -> Result<Vec<WireOp>, ReplicaError> {
        let mut ops = Vec::new();
        for (_, bytes) in scan_all(&self.store, Table::Log).await? {
            for op in pack::read_all(&bytes)? {
                if self.inner.borrow().rows.get(&op.entity()).is_some_and(Row::visible) {
                    ops.push(op.to_wire());
                }
            }
        }
        Ok(ops)
    }

    /// Takes note of what a push brought. Returns the entities whose arrival state changed.
    ///
    /// # Errors
    /// [`ReplicaError`] when the store fails; then everything is still unsent.
    pub async fn apply_results(
        &self,
        results: &[PushResult],
        now_ms: u64,
    ) -> Result<Vec<EntityId>, ReplicaError> {
        let _gate = self.gate.lock().await;
        for _ in 0..TRIES {
            match self.try_results(results, now_ms).await {
                Err(ReplicaError::Store(StoreError::Raced)) => {
                    self.refresh().await?;
                }
                Ok(mut changed) => {
                    if results.iter().any(is_reviewed) {
                        changed.extend(self.sweep().await?);
                        order_by_key(&mut changed, |id| *id);
                        changed.dedup();
                    }
                    return Ok(changed);
                }
                other => return other,
            }
        }
        Err(StoreError::Raced.into())
    }

    async fn try_results(&self, results: &[PushResult], now_ms: u64) -> Result<Vec<EntityId>, ReplicaError> {
        let mut by_op: BTreeMap<(EntityId, Dot), &PushResult> = BTreeMap::new();
        for (id, result) in results.iter().filter_map(|r| Some((r.id?, r))) {
            // Of two that bear one name only one is there now: neither counts as sent.
            let told = by_op.entry((id.entity, id.dot)).or_insert(result);
            if result.r == Verdict::Refuse {
                *told = result;
            }
        }
        let mut batch = Batch { durability: Durability::Relaxed, ..Batch::default() };
        let told = if results.iter().any(is_reviewed) { self.reviewed().await? } else { 0 };
        let mut reviewed = told;
        let (meta, pend, changed) = {
            let inner = self.inner.borrow();
            let mut pend: BTreeMap<u32, Vec<Pending>> = BTreeMap::new();
            let mut changed = BTreeMap::new();
            let mut found = 0;
            for (log, list) in &inner.pend {
                // Answers come in the order of the outbox, more or less: what waits behind them is not looked at.
                if found == by_op.len() {
                    break;
                }
                let here = list.iter().filter(|p| by_op.contains_key(&(p.entity, p.dot))).count();
                if here == 0 {
                    continue;
                }
                found += here;
                let mut kept = Vec::new();
                for pending in list {
                    let Some(result) = by_op.get(&(pending.entity, pending.dot)) else {
                        kept.push(pending.clone());
                        continue;
                    };
                    let row = changed
                        .entry(pending.entity)
                        .or_insert_with(|| inner.rows.get(&pending.entity).cloned());
                    match result.r {
                        Verdict::Defer => kept.push(pending.clone()),
                        // Its text is gone, here too: nobody can send it, and no person settle it.
                        Verdict::Refuse if result.code.as_deref() == Some(ERASED) => {
                            if let Some(row) = row {
                                row.unsent = row.unsent.saturating_sub(1);
                            }
                        }
                        Verdict::Refuse => {
                            let code = result.code.clone().unwrap_or_default();
                            kept.push(Pending { held: Some(code.clone()), ..pending.clone() });
                            if let Some(row) = row {
                                row.refused = Some(code);
                            }
                        }
                        Verdict::Ok | Verdict::Dup | Verdict::Reject => {
                            reviewed += u32::from(is_reviewed(result));
                            if let Some(row) = row {
                                row.unsent = row.unsent.saturating_sub(1);
                                row.sent_at = Some(now_ms);
                                // The account sees it no more, though the feed has not said so yet.
                                row.leaving |= is_reviewed(result);
                                if result.r == Verdict::Reject {
                                    row.refused = Some(result.code.clone().unwrap_or_default());
                                }
                            }
                        }
                    }
                }
                pend.insert(*log, kept);
            }
            (inner.meta.clone(), pend, changed)
        };
        if pend.is_empty() {
            return Ok(Vec::new());
        }
        if reviewed > told {
            batch.put(Table::App, REVIEWED, reviewed.to_le_bytes().to_vec());
        }
        self.commit_pend(batch, meta, pend, changed).await
    }

    /// Whether something of this entity was refused and waits for a person.
    pub fn is_held(&self, id: EntityId) -> bool {
        self.inner.borrow().pend.values().flatten().any(|p| p.entity == id && p.waits_for_person())
    }

    /// Sends refused operations again, those of one entity or all: a person has settled what was in the way. What only
    /// needs a new name is left to the next round, which takes one.
    ///
    /// # Errors
    /// [`ReplicaError`] when the store fails.
    pub async fn release_held(&self, only: Option<EntityId>) -> Result<(), ReplicaError> {
        let _gate = self.gate.lock().await;
        for _ in 0..TRIES {
            match self.try_release(only).await {
                Err(ReplicaError::Store(StoreError::Raced)) => {
                    self.refresh().await?;
                }
                other => return other,
            }
        }
        Err(StoreError::Raced.into())
    }

    async fn try_release(&self, only: Option<EntityId>) -> Result<(), ReplicaError> {
        let meant = |p: &Pending| p.waits_for_person() && only.is_none_or(|id| id == p.entity);
        let batch = Batch::default();
        let (meta, pend, changed) = {
            let inner = self.inner.borrow();
            let mut pend = inner.pend.clone();
            pend.retain(|_, list| list.iter().any(meant));
            let mut changed = BTreeMap::new();
            for pending in pend.values_mut().flatten().filter(|p| meant(p)) {
                pending.held = None;
                // Settled by a person: nothing to do any more, unless it is refused again.
                let row = inner.rows.get(&pending.entity).cloned();
                changed.insert(pending.entity, row.map(|row| Row { refused: None, ..row }));
            }
            (inner.meta.clone(), pend, changed)
        };
        if pend.is_empty() {
            return Ok(());
        }
        self.commit_pend(batch, meta, pend, changed).await.map(|_| ())
    }

    /// Writes changed pending lists with the rows of their entities, and takes both into memory.
    pub(super) async fn commit_pend(
        &self,
        mut batch: Batch,
        mut meta: Meta,
        pend: BTreeMap<u32, Vec<Pending>>,
        changed: BTreeMap<EntityId, Option<Row<P::Summary>>>,
    ) -> Result<Vec<EntityId>, ReplicaError> {
        let changed = super::stamp(changed, meta.version + 1);
        for (log, list) in &pend {
            put_pend(&mut batch, *log, list);
        }
        put_rows(&mut batch, &mut meta, &changed, |_| 0);
        let ids: Vec<EntityId> = changed.keys().copied().collect();
        seal(&mut batch, &mut meta, &ids);
        self.store.commit(batch).await?;
        let mut inner = self.inner.borrow_mut();
        inner.meta = meta;
        for (log, list) in pend {
            if list.is_empty() {
                inner.pend.remove(&log);
            } else {
                inner.pend.insert(log, list);
            }
        }
        inner.take(changed);
        Ok(ids)
    }
}

pub(super) fn put_pend(batch: &mut Batch, log: u32, list: &Vec<Pending>) {
    if list.is_empty() {
        batch.delete(Table::Pend, key(log));
    } else {
        batch.put(Table::Pend, key(log), pack_row(list));
    }
}

/// Lets be sent once more what a backend of before would not have because its author no longer saw it: it keeps such
/// things now. In memory only; an answer writes it down.
pub(super) fn free_lost<T>(rows: &BTreeMap<EntityId, Row<T>>, pend: &mut BTreeMap<u32, Vec<Pending>>) {
    for pending in pend.values_mut().flatten() {
        let left = rows.get(&pending.entity).is_some_and(|row| row.leaving);
        pending.held.take_if(|code| left && code == "foreign_entity");
    }
}

pub(super) async fn read_pend<S: Store>(store: &S) -> Result<BTreeMap<u32, Vec<Pending>>, ReplicaError> {
    pend_of(scan_all(store, Table::Pend).await?)
}

/// What the rows of [`Table::Pend`] say.
pub(super) fn pend_of(rows: Vec<(String, Vec<u8>)>) -> Result<BTreeMap<u32, Vec<Pending>>, ReplicaError> {
    let mut pend = BTreeMap::new();
    for (name, bytes) in rows {
        let log: u32 = name.parse().map_err(|_| ReplicaError::Damaged("pend"))?;
        pend.insert(log, unpack_row(&bytes, "pend")?);
    }
    Ok(pend)
}
