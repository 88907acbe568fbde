//! Taking in a page of the feed: new operations, entities that came into view, entities to purge.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use gridbook_log::{Applied, DeviceId, Entity, EntityId, Fingerprint, Op, OpId, pack};

use super::index::{self, Part, Row, put_rows};
use super::open::seal;
use super::outbox::{Pending, put_pend};
use super::photos::photos_of;
use super::{Inner, KEPT, Project, Replica, ReplicaError, TRIES, key, pack_row, unpack_row};
use crate::engine::Input;
use crate::env::Env;
use crate::store::{Batch, Durability, Store, StoreError, Table, scan_all};
use crate::wire::{Entry, PullReply, SnapshotPage};

/// What a page brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pulled {
    /// Operations that were new here.
    pub new: usize,
    /// Entities that changed or went away.
    pub changed: Vec<EntityId>,
    /// Entries that could not be read and were passed over.
    pub unreadable: usize,
    /// Something is known under our own name that was never written here: another device bears the name, too, or
    /// this one was put back from an older copy. Time for [`Replica::renew`].
    pub named_twice: bool,
}

impl Pulled {
    /// What the engine is told.
    pub fn stored(&self) -> Input {
        if self.named_twice { Input::NamedTwice } else { Input::Stored }
    }
}

/// A page, read and grouped before anything is decided.
pub(super) struct Page {
    pub(super) ops: BTreeMap<EntityId, Vec<Op>>,
    leave: BTreeSet<EntityId>,
    unreadable: usize,
    /// Where the feed goes on after it; it stays when there is nothing.
    cursor: Option<String>,
    more: bool,
}

/// What mending brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mended {
    /// What the page held; all of it is held here now.
    pub held: Vec<OpId>,
    /// Entities that changed.
    pub changed: Vec<EntityId>,
}

impl Page {
    /// Nothing but entities that go.
    pub(super) fn leaving(leave: BTreeSet<EntityId>) -> Self {
        Self { ops: BTreeMap::new(), leave, unreadable: 0, cursor: None, more: true }
    }

    /// Packed operations. All of them are checked before anything is taken.
    fn unpack(page: &SnapshotPage, cursor: Option<String>) -> Result<Self, ReplicaError> {
        let mut ops: BTreeMap<EntityId, Vec<Op>> = BTreeMap::new();
        let mut fp = Fingerprint::default();
        let mut rest = page.frames.as_slice();
        while !rest.is_empty() {
            let (op, len) = pack::read_checked(rest).map_err(|_| ReplicaError::Page)?;
            fp.add(&op);
            ops.entry(op.entity()).or_default().push(op);
            rest = rest.get(len..).ok_or(ReplicaError::Page)?;
        }
        if fp != page.head.fp {
            return Err(ReplicaError::Page);
        }
        // The feed's end is never in it.
        Ok(Self { ops, leave: BTreeSet::new(), unreadable: 0, cursor, more: true })
    }

    fn read(reply: PullReply) -> Self {
        let PullReply { entries, cursor, more } = reply;
        let mut page =
            Self { ops: BTreeMap::new(), leave: BTreeSet::new(), unreadable: 0, cursor: Some(cursor), more };
        for entry in entries {
            match entry {
                Entry::Op { op, .. } => match Op::from_wire(op) {
                    Ok(op) => page.ops.entry(op.entity()).or_default().push(op),
                    Err(_) => page.unreadable += 1,
                },
                Entry::Enter { e } => {
                    page.leave.remove(&e);
                }
                Entry::Leave { e } => {
                    page.leave.insert(e);
                    page.ops.remove(&e);
                }
            }
        }
        page
    }
}

impl<S: Store, P: Project> Replica<S, P> {
    /// Takes in a page that was asked for from cursor `from`, and moves the cursor, in one batch. When another tab
    /// has moved the cursor meanwhile the page is thrown away: what it says may have been overtaken, and an entity
    /// purged since would come back in part; or it has taken a new name, and the page left out what is needed now.
    ///
    /// # Errors
    /// [`ReplicaError`]; then neither the operations nor the cursor were written, and the page comes again.
    pub async fn apply_page(
        &self,
        env: &impl Env,
        from: &str,
        reply: PullReply,
        history: &str,
        authority: Option<DeviceId>,
    ) -> Result<Pulled, ReplicaError> {
        self.take_page(env, Some(from), &Page::read(reply), history, authority).await
    }

    /// As [`Self::apply_page`], for packed operations: all of the page and the cursor in one batch, or nothing.
    ///
    /// # Errors
    /// [`ReplicaError::Page`] when the page is not what it says; else as [`Self::apply_page`].
    pub async fn apply_snapshot(
        &self,
        env: &impl Env,
        from: &str,
        page: &SnapshotPage,
        history: &str,
        authority: Option<DeviceId>,
    ) -> Result<Pulled, ReplicaError> {
        let page = Page::unpack(page, Some(page.head.cursor.clone()))?;
        self.take_page(env, Some(from), &page, history, authority).await
    }

    /// Takes in what is missing here of packed operations. The feed's position and the outbox stay.
    ///
    /// # Errors
    /// As [`Self::apply_snapshot`].
    pub async fn mend(&self, env: &impl Env, page: &SnapshotPage) -> Result<Mended, ReplicaError> {
        let page = Page::unpack(page, None)?;
        let (history, authority) = {
            let meta = self.meta();
            (meta.history.clone(), meta.authority)
        };
        let pulled = self.take_page(env, None, &page, &history, authority).await?;
        let held = page.ops.values().flatten().map(Op::id).collect();
        Ok(Mended { held, changed: pulled.changed })
    }

    pub(super) async fn take_page(
        &self,
        env: &impl Env,
        from: Option<&str>,
        page: &Page,
        history: &str,
        authority: Option<DeviceId>,
    ) -> Result<Pulled, ReplicaError> {
        let _gate = self.gate.lock().await;
        let asked_as = self.inner.borrow().meta.writer;
        let mut surveyed = false;
        for _ in 0..TRIES {
            let overtaken = {
                let meta = &self.inner.borrow().meta;
                from.is_some_and(|from| meta.cursor != from) || meta.writer != asked_as
            };
            if overtaken {
                return Ok(Pulled::default());
            }
            self.adopt_authority(authority);
            match self.try_page(env, page, history, authority).await {
                Err(ReplicaError::Store(StoreError::Raced)) => {
                    self.refresh().await?;
                }
                // The index leads to what is not there: it is made again from the log, and the page fills what it can.
                Err(ReplicaError::Damaged(_)) if !surveyed => {
                    surveyed = true;
                    self.survey_alone().await?;
                }
                other => return other,
            }
        }
        Err(StoreError::Raced.into())
    }

    /// Folds of before the authority was known do not count its answers: fold them again.
    fn adopt_authority(&self, authority: Option<DeviceId>) {
        let mut inner = self.inner.borrow_mut();
        if inner.meta.authority != authority {
            inner.meta.authority = authority;
            inner.cache.clear();
        }
    }

    async fn try_page(
        &self,
        env: &impl Env,
        page: &Page,
        history: &str,
        authority: Option<DeviceId>,
    ) -> Result<Pulled, ReplicaError> {
        let ids: Vec<EntityId> = page.ops.keys().copied().collect();
        self.load(&ids).await?;
        // Taken out of memory, not copied: when the commit fails they are read from the log again.
        let lost = self.lost_forks(page).await?;
        let mut folded = self.inner.borrow_mut().take_cached(&ids);
        // Loading may have read another tab's meta, from before the authority was known.
        if self.inner.borrow().meta.authority != authority {
            return Err(StoreError::Raced.into());
        }
        let mut batch = Batch { durability: Durability::Relaxed, ..Batch::default() };
        let mut result = Pulled {
            unreadable: page.unreadable,
            named_twice: !lost.waiting.is_empty(),
            ..Pulled::default()
        };
        let mut meta = self.inner.borrow().meta.clone();
        let version = meta.version + 1;
        let mut changed: BTreeMap<EntityId, Option<Row<P::Summary>>> = BTreeMap::new();
        let mut entities: Vec<Entity> = Vec::new();
        let (log, mut bytes, mut again) = (meta.next_log, Vec::new(), Vec::new());
        let mut foreign = false;
        let mut photos = BTreeMap::new();
        {
            let inner = self.inner.borrow();
            let now = env.now_ms();
            for (id, ops) in &page.ops {
                let mut entity = folded.remove(id).unwrap_or_else(|| Entity::new(*id, authority));
                let at = bytes.len();
                let mut fresh: Vec<&Op> = Vec::new();
                for op in ops {
                    meta.clock.observe(op.header().hlc, now);
                    let again = fresh.iter().any(|f| f.dot() == op.dot() && f.hash() == op.hash());
                    let held = entity.have().contains(op.dot());
                    // A second operation under one id is judged by the fold; anything else held is passed over.
                    if again || held && !matches!(entity.clone().apply(op), Applied::Fork) {
                        continue;
                    }
                    result.named_twice |= held && op.dot().writer == meta.writer;
                    pack::write(&mut bytes, op);
                    fresh.push(op);
                    // Ours comes anew where its record was out of view: a backup that was put back meanwhile may have
                    // taken its photos, and nobody sent them again.
                    if op.dot().writer.dev == meta.writer.dev {
                        photos.extend(photos_of(op));
                    }
                    foreign |= Some(op.dot().writer) == self.answers_as();
                }
                for op in lost.ops.iter().filter(|op| op.entity() == *id) {
                    let place = part(log, bytes.len(), bytes.len() + pack::write(&mut bytes, op))?;
                    again.push(Pending::fork(op, place));
                }
                result.named_twice |= entity.frontier().get(meta.writer) > inner.own(*id);
                if fresh.is_empty() && !inner.rows.get(id).is_some_and(|r| r.leaving) {
                    continue;
                }
                result.new += entity.apply_all(fresh);
                result.named_twice |= entity.frontier().get(meta.writer) > inner.own(*id);
                let part = part(log, at, bytes.len())?;
                let held = inner.rows.get(id);
                let parts = held.map_or(&[][..], |r| &r.parts).iter().copied();
                let row = Row {
                    version,
                    parts: parts.chain((part.len > 0).then_some(part)).collect(),
                    unsent: held.map_or(0, |r| r.unsent) + count(&again, *id),
                    sent_at: held.and_then(|r| r.sent_at),
                    refused: held.and_then(|r| r.refused.clone()),
                    leaving: false,
                    // A number that was never used here is not ours, and must be noticed again until the name is
                    // another one.
                    own: inner.own(*id),
                    summary: self.project.summary(&entity),
                };
                changed.insert(*id, Some(row));
                if entities.len() < KEPT {
                    entities.push(entity);
                }
            }
            if !bytes.is_empty() {
                batch.put(Table::Log, key(log), bytes);
                meta.next_log += 1;
            }
        }
        self.queue_photos(&mut batch, photos).await?;
        if foreign {
            Self::close_office(&mut batch);
        }
        let mut pend = self.purge(&mut batch, &page.leave, version, &mut changed).await?;
        self.inner.borrow().hold_forks(&mut batch, &lost.waiting, &mut pend);
        if !again.is_empty() {
            result.named_twice = true;
            put_pend(&mut batch, log, &again);
            pend.insert(log, again);
        }
        // When the tab dies before it takes a new name, the page must come again and say why.
        if let Some(cursor) = page.cursor.as_ref().filter(|_| !result.named_twice) {
            cursor.clone_into(&mut meta.cursor);
        }
        history.clone_into(&mut meta.history);
        meta.authority = authority;
        if !page.more && !result.named_twice {
            meta.pulled_at = env.now_ms();
            meta.echo = false;
        }
        meta.echo |= changed.values().any(Option::is_none);
        put_rows(&mut batch, &mut meta, &changed, |id| self.inner.borrow().own(id));
        result.changed = changed.keys().copied().collect();
        seal(&mut batch, &mut meta, &result.changed);
        self.store.commit(batch).await?;
        let mut inner = self.inner.borrow_mut();
        inner.meta = meta;
        inner.pend.extend(pend);
        inner.take(changed);
        for entity in entities {
            inner.remember(Rc::new(entity));
        }
        Ok(result)
    }

    /// Takes out what is to go and has nothing unsent, without waiting for a page. The gate is held.
    pub(super) async fn sweep(&self) -> Result<Vec<EntityId>, ReplicaError> {
        for _ in 0..TRIES {
            match self.try_sweep().await {
                Err(ReplicaError::Store(StoreError::Raced)) => {
                    self.refresh().await?;
                }
                other => return other,
            }
        }
        Err(StoreError::Raced.into())
    }

    async fn try_sweep(&self) -> Result<Vec<EntityId>, ReplicaError> {
        let mut batch = Batch { durability: Durability::Relaxed, ..Batch::default() };
        let mut meta = self.inner.borrow().meta.clone();
        let mut changed = BTreeMap::new();
        let pend = self.purge(&mut batch, &BTreeSet::new(), meta.version + 1, &mut changed).await?;
        let gone: Vec<EntityId> =
            changed.iter().filter(|(_, row)| row.is_none()).map(|(id, _)| *id).collect();
        if gone.is_empty() {
            return Ok(gone);
        }
        // Ours may come back with the entity, and lie ahead of the cursor.
        meta.echo = true;
        put_rows(&mut batch, &mut meta, &changed, |id| self.inner.borrow().own(id));
        seal(&mut batch, &mut meta, &changed.keys().copied().collect::<Vec<_>>());
        self.store.commit(batch).await?;
        let mut inner = self.inner.borrow_mut();
        inner.meta = meta;
        inner.pend.extend(pend);
        inner.take(changed);
        Ok(gone)
    }

    /// Takes entities out of the log and the index. One with unsent operations is only marked: it goes when a
    /// later page finds nothing of it unsent.
    async fn purge(
        &self,
        batch: &mut Batch,
        leave: &BTreeSet<EntityId>,
        version: u64,
        changed: &mut BTreeMap<EntityId, Option<Row<P::Summary>>>,
    ) -> Result<BTreeMap<u32, Vec<Pending>>, ReplicaError> {
        let (doomed, logs) = {
            let inner = self.inner.borrow();
            let mut doomed = BTreeSet::new();
            let mut logs = BTreeSet::new();
            let waiting = inner.rows.iter().filter(|(_, r)| r.leaving && r.unsent == 0).map(|(id, _)| id);
            let waiting: BTreeSet<EntityId> =
                waiting.filter(|id| !changed.contains_key(*id)).copied().collect();
            for id in leave.iter().chain(&waiting) {
                let Some(row) = inner.rows.get(id) else { continue };
                if row.unsent > 0 {
                    changed.insert(*id, Some(Row { version, leaving: true, ..row.clone() }));
                } else {
                    doomed.insert(*id);
                    logs.extend(row.parts.iter().map(|p| p.log));
                    changed.insert(*id, None);
                }
            }
            (doomed, logs)
        };
        self.purge_pages(batch, &doomed).await?;
        let mut pend = BTreeMap::new();
        let mut photos = BTreeMap::new();
        for log in logs {
            let bytes = self.store.get(Table::Log, &key(log)).await?.ok_or(ReplicaError::Damaged("log"))?;
            let inner = self.inner.borrow();
            super::photos::named_by(&bytes, &doomed, inner.meta.writer.dev, &mut photos)?;
            let (kept, list) = inner.rewrite(log, &bytes, &doomed, version, changed)?;
            if kept.is_empty() {
                batch.delete(Table::Log, key(log));
            } else {
                batch.put(Table::Log, key(log), kept);
            }
            if let Some(list) = list {
                put_pend(batch, log, &list);
                pend.insert(log, list);
            }
        }
        self.purge_photos(batch, photos).await?;
        Ok(pend)
    }

    /// Takes the summaries of doomed entities out of the packed index: what left must not stay readable there.
    async fn purge_pages(&self, batch: &mut Batch, doomed: &BTreeSet<EntityId>) -> Result<(), ReplicaError> {
        if doomed.is_empty() {
            return Ok(());
        }
        for (name, bytes) in scan_all(&self.store, Table::Pages).await? {
            let mut page = unpack_row::<index::Page<P::Summary>>(&bytes, "pages")?;
            let rows = page.len();
            page.retain(|(id, _)| !doomed.contains(id));
            if page.len() < rows {
                batch.put(Table::Pages, name, pack_row(&page));
            }
        }
        Ok(())
    }
}

pub(super) fn count(list: &[Pending], id: EntityId) -> u32 {
    u32::try_from(list.iter().filter(|pending| pending.entity == id).count()).unwrap_or(u32::MAX)
}

pub(super) fn part(log: u32, from: usize, to: usize) -> Result<Part, ReplicaError> {
    let at = u32::try_from(from).map_err(|_| ReplicaError::Damaged("log"))?;
    let len = u32::try_from(to - from).map_err(|_| ReplicaError::Damaged("log"))?;
    Ok(Part { log, at, len })
}

impl<P: Project> Inner<P> {
    /// The bytes of a log row without the doomed entities, with the places of the others moved.
    #[allow(clippy::type_complexity)]
    pub(super) fn rewrite(
        &self,
        log: u32,
        bytes: &[u8],
        doomed: &BTreeSet<EntityId>,
        version: u64,
        changed: &mut BTreeMap<EntityId, Option<Row<P::Summary>>>,
    ) -> Result<(Vec<u8>, Option<Vec<Pending>>), ReplicaError> {
        let mut kept = Vec::new();
        let mut moved: Vec<(u32, u32)> = Vec::new();
        let mut at = 0usize;
        while at < bytes.len() {
            let (op, len) = pack::read(&bytes[at..])?;
            if !doomed.contains(&op.entity()) {
                let new = u32::try_from(kept.len()).map_err(|_| ReplicaError::Damaged("log"))?;
                moved.push((u32::try_from(at).map_err(|_| ReplicaError::Damaged("log"))?, new));
                kept.extend_from_slice(&bytes[at..at + len]);
            }
            at += len;
        }
        let place = |old: u32| moved.iter().find(|(from, _)| *from == old).map(|(_, to)| *to);
        let others: Vec<EntityId> = self
            .rows
            .iter()
            .filter(|(id, row)| !doomed.contains(*id) && row.parts.iter().any(|p| p.log == log))
            .map(|(id, _)| *id)
            .collect();
        for id in others {
            let row = changed.entry(id).or_insert_with(|| self.rows.get(&id).cloned());
            if let Some(row) = row {
                row.version = version;
                for part in row.parts.iter_mut().filter(|p| p.log == log) {
                    part.at = place(part.at).ok_or(ReplicaError::Damaged("log"))?;
                }
            }
        }
        let list = self.pend.get(&log).map(|list| {
            let live = list.iter().filter(|p| !doomed.contains(&p.entity));
            live.filter_map(|p| Some(Pending { at: place(p.at)?, ..p.clone() })).collect()
        });
        Ok((kept, list))
    }

    /// Takes changed rows into memory after their commit.
    pub(super) fn take(&mut self, changed: BTreeMap<EntityId, Option<Row<P::Summary>>>) {
        self.loose_rows += changed.len();
        for (id, row) in changed {
            match row {
                Some(row) => {
                    self.rows.insert(id, row);
                    self.gone.remove(&id);
                }
                None => {
                    self.gone.insert(id, self.own(id));
                    self.rows.remove(&id);
                    self.cache.remove(&id);
                }
            }
        }
    }
}
