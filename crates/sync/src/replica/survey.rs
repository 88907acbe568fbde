//! What the log really holds: the index is brought in line with it, and it is compared with what a backend says
//! should be here. The index is only a way into the log, so a row of it that got lost is made again from the log
//! alone; operations that got lost come from the backend.

use std::collections::{BTreeMap, BTreeSet};

use gridbook_log::{Dot, Entity, EntityId, Fingerprint, Op, OpId, map_of, pack, set_of};

use super::index::{Part, Row, put_rows};
use super::open::{PAGE_ROWS, seal};
use super::outbox::Pending;
use super::{Inner, Project, Replica, ReplicaError, TRIES, key};
use crate::memory::version_of;
use crate::store::{Batch, Durability, Store, StoreError, Table, VERSION_KEY};
use crate::wire::FpReply;

/// Rows of the log read at once.
const ROWS: usize = 16;

/// How what is held here compares with a backend.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Both hold the same; what waits to be sent is no part of it.
    pub same: bool,
    /// Rows of the index that were made again.
    pub mended: usize,
    /// Where something differs, if the backend told its places.
    pub places: Option<Vec<String>>,
    /// What lies there on this device.
    pub entities: BTreeSet<EntityId>,
}

/// What the log holds of one entity.
#[derive(Default)]
pub(super) struct Found {
    parts: Vec<Part>,
    /// Without what waits to be sent.
    ops: BTreeMap<Dot, [u8; 32]>,
}

impl Found {
    fn fp(&self) -> Fingerprint {
        let mut fp = Fingerprint::default();
        self.ops.values().for_each(|hash| fp.add_hash(hash));
        fp
    }
}

pub(super) type Log = BTreeMap<EntityId, Found>;

impl<S: Store, P: Project> Replica<S, P> {
    /// Reads the whole log, mends the index where it says something else, and compares with what a backend said for
    /// the place in the feed where this replica stands.
    ///
    /// # Errors
    /// [`ReplicaError`] when the store fails.
    pub async fn compare(&self, reply: &FpReply) -> Result<Compared, ReplicaError> {
        let (log, mended) = self.survey().await?;
        let mut total = Fingerprint::default();
        let mut fps: BTreeMap<EntityId, Fingerprint> = BTreeMap::new();
        for (id, found) in log {
            if self.inner.borrow().rows.get(&id).is_some_and(Row::visible) {
                let fp = found.fp();
                total.join(fp);
                fps.insert(id, fp);
            }
        }
        let same = total == reply.fp;
        let mut compared = Compared { same, mended, ..Compared::default() };
        if let (false, Some(told)) = (same, &reply.places) {
            let ids: Vec<EntityId> = fps.keys().copied().collect();
            let mut here: BTreeMap<String, (Fingerprint, Vec<EntityId>)> = BTreeMap::new();
            for ids in ids.chunks(PAGE_ROWS) {
                self.load(ids).await?;
                let inner = self.inner.borrow();
                for id in ids {
                    let area = inner.cache.get(id).and_then(|e| e.area()).unwrap_or("").to_owned();
                    let place = here.entry(area).or_default();
                    place.0.join(fps[id]);
                    place.1.push(*id);
                }
            }
            let there: BTreeMap<&str, Fingerprint> = map_of(told.iter().map(|p| (p.place.as_str(), p.fp)));
            let all: BTreeSet<&str> = set_of(there.keys().copied().chain(here.keys().map(String::as_str)));
            let fp_here = |place: &str| here.get(place).map(|(fp, _)| *fp).unwrap_or_default();
            let differs = |place: &&str| fp_here(place) != there.get(place).copied().unwrap_or_default();
            let places: Vec<String> = all.into_iter().filter(differs).map(str::to_owned).collect();
            let lying = places.iter().filter_map(|place| here.get(place)).flat_map(|(_, ids)| ids);
            compared.entities = set_of(lying.copied());
            compared.places = Some(places);
        }
        Ok(compared)
    }

    async fn survey(&self) -> Result<(Log, usize), ReplicaError> {
        let _gate = self.gate.lock().await;
        self.survey_alone().await
    }

    /// For whoever is the one writer already.
    pub(super) async fn survey_alone(&self) -> Result<(Log, usize), ReplicaError> {
        for _ in 0..TRIES {
            self.refresh().await?;
            let version = self.inner.borrow().meta.version;
            let log = self.read_log().await?;
            let stored = self.store.get(Table::Meta, VERSION_KEY).await?;
            if version_of(stored.as_deref()) != version {
                continue;
            }
            match self.mend_index(&log).await {
                Err(ReplicaError::Store(StoreError::Raced)) => {}
                mended => return Ok((log, mended?)),
            }
        }
        Err(StoreError::Raced.into())
    }

    async fn read_log(&self) -> Result<Log, ReplicaError> {
        let waiting: BTreeSet<(u32, u32)> = {
            let inner = self.inner.borrow();
            set_of(inner.pend.iter().flat_map(|(log, list)| list.iter().map(|p| (*log, p.at))))
        };
        let mut log = Log::new();
        let mut after = String::new();
        loop {
            let rows = self.store.scan(Table::Log, &after, ROWS).await?;
            let Some((last, _)) = rows.last() else { return Ok(log) };
            after.clone_from(last);
            for (name, bytes) in &rows {
                let row: u32 = name.parse().map_err(|_| ReplicaError::Damaged("log"))?;
                let mut at = 0usize;
                // What follows a damaged frame has no beginning.
                while let Some(Ok((op, len))) = bytes.get(at..).filter(|b| !b.is_empty()).map(pack::read) {
                    let part = super::pull::part(row, at, at + len)?;
                    let found = log.entry(op.entity()).or_default();
                    match found.parts.last_mut() {
                        Some(part) if part.log == row && (part.at + part.len) as usize == at => {
                            part.len += u32::try_from(len).map_err(|_| ReplicaError::Damaged("log"))?;
                        }
                        _ => found.parts.push(part),
                    }
                    if !waiting.contains(&(row, part.at)) {
                        // Of a fork the lower hash stands, as in the fold.
                        let held = found.ops.entry(op.dot()).or_insert(*op.hash());
                        *held = (*held).min(*op.hash());
                    }
                    at += len;
                }
            }
        }
    }

    /// Rows of the index that do not say what the log holds are made again; how many.
    async fn mend_index(&self, log: &Log) -> Result<usize, ReplicaError> {
        let wrong = self.inner.borrow().wrong(log);
        if wrong.is_empty() {
            return Ok(0);
        }
        let mut parts: BTreeMap<u32, Vec<(EntityId, Part)>> = BTreeMap::new();
        for id in &wrong {
            for part in log.get(id).map_or(&[][..], |found| &found.parts) {
                parts.entry(part.log).or_default().push((*id, *part));
            }
        }
        let mut ops = self.read_parts(parts).await?;
        let twice = self.named_twice_by_rows(&wrong).await?;
        let mut batch = Batch { durability: Durability::Relaxed, ..Batch::default() };
        let (meta, changed) = {
            let inner = self.inner.borrow();
            let mut meta = inner.meta.clone();
            let version = meta.version + 1;
            let mut changed: BTreeMap<EntityId, Option<Row<P::Summary>>> = BTreeMap::new();
            for id in &wrong {
                let held = inner.rows.get(id);
                let Some(ops) = ops.remove(id) else {
                    // Nothing is left but a number that must not be used again.
                    changed.insert(*id, None);
                    continue;
                };
                let entity = Entity::fold(*id, inner.meta.authority, &ops);
                let unsent = inner.pend.values().flatten().filter(|p| p.entity == *id).count();
                let row = Row {
                    version,
                    parts: log[id].parts.clone(),
                    unsent: u32::try_from(unsent).unwrap_or(u32::MAX),
                    sent_at: held.and_then(|r| r.sent_at),
                    refused: held.and_then(|r| r.refused.clone()),
                    leaving: held.is_some_and(|r| r.leaving),
                    // What a row lost since it was written is counted; a number that was never used here is not ours.
                    own: if twice.contains(id) {
                        inner.own(*id)
                    } else {
                        inner.own(*id).max(entity.frontier().get(inner.meta.writer))
                    },
                    summary: self.project.summary(&entity),
                };
                changed.insert(*id, Some(row));
            }
            put_rows(&mut batch, &mut meta, &changed, |id| inner.own(id));
            let ids: Vec<EntityId> = wrong.iter().copied().collect();
            seal(&mut batch, &mut meta, &ids);
            (meta, changed)
        };
        self.store.commit(batch).await?;
        let mut inner = self.inner.borrow_mut();
        inner.cache.retain(|id, _| !wrong.contains(id));
        inner.meta = meta;
        inner.take(changed);
        Ok(wrong.len())
    }

    /// Those of these entities whose row of the index leads to a number of ours above those that were used here: something
    /// else bears it. That stays to be seen until the name is another one, or what bears it is left out of our feed for
    /// ever.
    async fn named_twice_by_rows(
        &self,
        wrong: &BTreeSet<EntityId>,
    ) -> Result<BTreeSet<EntityId>, ReplicaError> {
        let mut twice = BTreeSet::new();
        for id in wrong {
            let held = {
                let inner = self.inner.borrow();
                inner.rows.get(id).map(|row| (row.parts.clone(), row.own))
            };
            let Some((parts, own)) = held else { continue };
            let mut known: Vec<Op> = Vec::new();
            for part in parts {
                match self.read_parts(BTreeMap::from([(part.log, vec![(*id, part)])])).await {
                    Ok(read) => known.extend(read.into_values().flatten().filter(|op| op.entity() == *id)),
                    Err(ReplicaError::Store(error)) => return Err(error.into()),
                    // It leads to what is not there.
                    Err(_) => {}
                }
            }
            let meta = self.meta();
            if Entity::fold(*id, meta.authority, &known).frontier().get(meta.writer) > own {
                twice.insert(*id);
            }
        }
        Ok(twice)
    }

    /// Lets wait to be sent once more what this device wrote in `entities` (or what bears its author's signature) and
    /// the backend does not hold; how many operations.
    ///
    /// # Errors
    /// [`ReplicaError`] when the store fails; then nothing waits that did not before.
    pub async fn push_again(
        &self,
        entities: &BTreeSet<EntityId>,
        held: &BTreeSet<OpId>,
    ) -> Result<usize, ReplicaError> {
        let _gate = self.gate.lock().await;
        for _ in 0..TRIES {
            match self.try_push_again(entities, held).await {
                Err(ReplicaError::Store(StoreError::Raced)) => {
                    self.refresh().await?;
                }
                other => return other,
            }
        }
        Err(StoreError::Raced.into())
    }

    async fn try_push_again(
        &self,
        entities: &BTreeSet<EntityId>,
        held: &BTreeSet<OpId>,
    ) -> Result<usize, ReplicaError> {
        let logs: BTreeSet<u32> = {
            let inner = self.inner.borrow();
            let rows = entities.iter().filter_map(|id| inner.rows.get(id));
            set_of(rows.flat_map(|row| row.parts.iter().map(|part| part.log)))
        };
        let mut pend: BTreeMap<u32, Vec<Pending>> = BTreeMap::new();
        let (mut count, mut photos) = (0, BTreeMap::new());
        for log in logs {
            let bytes = self.store.get(Table::Log, &key(log)).await?.ok_or(ReplicaError::Damaged("log"))?;
            let inner = self.inner.borrow();
            let writer = inner.meta.writer;
            let meant = |op: &Op| {
                let ours = op.dot().writer.is_life_of(writer) || op.sig().is_some();
                ours && entities.contains(&op.entity()) && !held.contains(&op.id())
            };
            let list = inner.to_send(log, &bytes, meant)?;
            inner.named(&bytes, meant, &mut photos)?;
            if let Some(list) = list {
                count += list.len() - inner.pend.get(&log).map_or(0, Vec::len);
                pend.insert(log, list);
            }
        }
        if count == 0 {
            return Ok(0);
        }
        let changed = self.inner.borrow().waiting_rows(&pend);
        let meta = self.inner.borrow().meta.clone();
        let mut batch = Batch { durability: Durability::Relaxed, ..Batch::default() };
        self.queue_photos(&mut batch, photos).await?;
        self.commit_pend(batch, meta, pend, changed).await?;
        Ok(count)
    }
}

impl<P: Project> Inner<P> {
    /// Entities of which the index says something else than the log.
    fn wrong(&self, log: &Log) -> BTreeSet<EntityId> {
        let other = |(id, found): &(&EntityId, &Found)| {
            self.rows.get(*id).is_none_or(|row| joined(&row.parts) != joined(&found.parts))
        };
        let mut wrong: BTreeSet<EntityId> = set_of(log.iter().filter(other).map(|(id, _)| *id));
        // One whose unsent operations are gone stays in sight: somebody must be told.
        let empty = self.rows.iter().filter(|(id, row)| !log.contains_key(*id) && row.unsent == 0);
        wrong.extend(empty.map(|(id, _)| *id));
        wrong
    }
}

/// Parts in order, neighbours as one.
fn joined(parts: &[Part]) -> Vec<Part> {
    let mut sorted: Vec<Part> = parts.iter().copied().filter(|p| p.len > 0).collect();
    gridbook_log::order_by_key(&mut sorted, |p| (p.log, p.at));
    let mut out: Vec<Part> = Vec::with_capacity(sorted.len());
    for part in sorted {
        match out.last_mut() {
            Some(last) if last.log == part.log && last.at + last.len == part.at => last.len += part.len,
            _ => out.push(part),
        }
    }
    out
}
