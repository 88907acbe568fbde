//! A new life for a device whose name is used twice: its database was copied to another device, or put back from
//! an older copy. The backend noticed it by two different operations under one name.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use gridbook_log::{
    Ctx, Dot, Entity, EntityId, Have, Hlc, NewOp, Op, OpId, Writer, map_of, order_by_key, pack, set_of,
};

use super::index::{Part, Row, put_rows};
use super::open::seal;
use super::outbox::{FORK, Pending, names_twice, put_pend};
use super::pull::{count, part};
use super::{Inner, Meta, Project, Replica, ReplicaError, TRIES, key};
use crate::env::Env;
use crate::store::{Batch, Store, StoreError, Table};

/// A new life lies up to a million (20 bits) behind the one before it: a device has room for thousands.
const LIVES_SHIFT: u32 = 12;

/// New numbers of a stream's operations, by their old places.
type Moved = BTreeMap<Dot, u32>;

/// Something that waits.
struct Waiting {
    pending: Pending,
    op: Op,
    /// Its number under the new name, if it gets one.
    n: Option<u32>,
    /// That of another of these which is the same save, if what it says gets one with that.
    twin: Option<u32>,
}

/// What a share gets once more besides what waits.
#[derive(Default)]
struct More {
    /// Rows of which more waits than before, by log row.
    pend: BTreeMap<u32, Vec<Pending>>,
    photos: BTreeMap<String, u64>,
}

struct Plan<T> {
    batch: Batch,
    meta: Meta,
    pend: BTreeMap<u32, Vec<Pending>>,
    changed: BTreeMap<EntityId, Option<Row<T>>>,
    folds: Vec<Entity>,
}

impl<S: Store, P: Project> Replica<S, P> {
    /// Begins a new epoch with a new nonce: everything unsent is written again under the new name, with the same
    /// content, time and knowledge, and waits to be sent. What was sent under an older name keeps that one. The feed is read from its beginning, because what the
    /// other bearer of the old name wrote was left out of it so far. Nothing that a person entered is lost, and
    /// nothing that was acknowledged changes.
    ///
    /// # Errors
    /// [`ReplicaError`] when the store fails; then everything is as it was.
    pub async fn renew(&self, env: &impl Env) -> Result<(), ReplicaError> {
        self.take_new_name(env, false).await
    }

    async fn take_new_name(&self, env: &impl Env, keeps_only: bool) -> Result<(), ReplicaError> {
        let _gate = self.gate.lock().await;
        let before = self.inner.borrow().meta.writer;
        self.refresh().await?;
        for _ in 0..TRIES {
            if self.inner.borrow().meta.writer != before {
                // Another tab did it.
                return Ok(());
            }
            let version = self.inner.borrow().meta.version;
            match self.try_renew(env, keeps_only).await {
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

    /// As [`Self::renew`], at a backend that keeps what it is given and no more (`keeps_only`: a share). There two
    /// bearers of a name wrote over each other's log: all that this device sent under any of its names is sent once more,
    /// under the log of the new one. It waits in the same batch: a tab that died between two would never send it. What is written again stays under its old name, too, and goes there with it: a reader may have found it
    /// before the other bearer wrote over it, and all must end with the same. It counts once (see `gridbook_log`).
    ///
    /// # Errors
    /// As [`Self::renew`].
    pub async fn renew_at(&self, env: &impl Env, keeps_only: bool) -> Result<(), ReplicaError> {
        self.take_new_name(env, keeps_only).await
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

    async fn try_renew(&self, env: &impl Env, keeps_only: bool) -> Result<(), ReplicaError> {
        let (pending, parts) = {
            let inner = self.inner.borrow();
            let all = inner.pend.iter().flat_map(|(log, list)| list.iter().map(|p| (*log, p.clone())));
            let pending: Vec<(u32, Pending)> = all.collect();
            let mut parts: BTreeMap<u32, Vec<(EntityId, Part)>> = BTreeMap::new();
            for id in pending.iter().map(|(_, p)| p.entity).collect::<BTreeSet<_>>() {
                for part in inner.rows.get(&id).map_or(&[][..], |row| &row.parts) {
                    parts.entry(part.log).or_default().push((id, *part));
                }
            }
            (pending, parts)
        };
        let logs: Vec<u32> = parts.keys().copied().collect();
        let ops = self.read_parts(parts).await?;
        let mut rows = BTreeMap::new();
        for log in logs {
            let bytes = self.store.get(Table::Log, &key(log)).await?.ok_or(ReplicaError::Damaged("log"))?;
            rows.insert(log, bytes);
        }
        let mut waiting = Vec::with_capacity(pending.len());
        for (log, pending) in pending {
            // It is known by its bytes: another bearer of the name may have put something else under its id.
            let frame = rows.get(&log).and_then(|bytes| bytes.get(pending.at as usize..));
            let op = pack::read(frame.ok_or(ReplicaError::Damaged("log"))?)?.0;
            waiting.push(Waiting { pending, op, n: None, twin: None });
        }
        let waiting = number(in_order(waiting), self.meta().writer, &ops)?;
        let more = if keeps_only { Some(self.once_more(&waiting).await?) } else { None };
        let Plan { mut batch, meta, pend, changed, folds } =
            self.plan_renewal(env, more.as_ref().map(|more| &more.pend), &waiting, &ops, &rows)?;
        if let Some(more) = more {
            self.queue_photos(&mut batch, more.photos).await?;
        }
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

    /// What is to be sent once more, of all log rows that stay as they are: those of which something is written again are
    /// seen to where they are written.
    async fn once_more(&self, waiting: &[Waiting]) -> Result<More, ReplicaError> {
        let affected = affected(waiting);
        let (logs, moved) = {
            let inner = self.inner.borrow();
            let logs = |row: &Row<P::Summary>| row.parts.iter().map(|part| part.log).collect::<Vec<_>>();
            let all: BTreeSet<u32> = set_of(inner.rows.values().flat_map(logs));
            let moved: BTreeSet<u32> =
                set_of(affected.iter().filter_map(|id| inner.rows.get(id)).flat_map(logs));
            (all, moved)
        };
        let mut more = More::default();
        for log in logs {
            // What is not there cannot be sent, and must not keep the rest back.
            let Some(bytes) = self.store.get(Table::Log, &key(log)).await? else { continue };
            let answers_as = self.answers_as();
            let inner = self.inner.borrow();
            let meant = |op: &Op| inner.is_of_device(op, answers_as);
            inner.named(&bytes, meant, &mut more.photos)?;
            if !moved.contains(&log) {
                more.pend.extend(inner.to_send(log, &bytes, meant)?.map(|list| (log, list)));
            }
        }
        Ok(more)
    }

    fn plan_renewal(
        &self,
        env: &impl Env,
        more: Option<&BTreeMap<u32, Vec<Pending>>>,
        waiting: &[Waiting],
        ops: &HashMap<EntityId, Vec<Op>>,
        rows: &BTreeMap<u32, Vec<u8>>,
    ) -> Result<Plan<P::Summary>, ReplicaError> {
        let answers_as = self.answers_as();
        let inner = self.inner.borrow();
        let (mut meta, keeps_only) = (renewed(&inner.meta, env), more.is_some());
        if keeps_only {
            // As when starting over: nothing is known of what the backend has.
            meta.history.clear();
            meta.pulled_at = 0;
        }
        let meant = |op: &Op| keeps_only && inner.is_of_device(op, answers_as);
        let version = meta.version + 1;
        let mut batch = Batch::default();
        let mut changed = BTreeMap::new();
        // No number of the new name is used yet, anywhere.
        for (id, row) in &inner.rows {
            let refused = row.refused.clone().filter(|code| !names_twice(code));
            changed.insert(*id, Some(Row { version, own: 0, refused, ..row.clone() }));
        }
        // The old bytes of every record of which something is written again go, so that nothing of it stays readable
        // when it is purged one day.
        let mut streams: BTreeMap<EntityId, Vec<&Waiting>> = BTreeMap::new();
        waiting.iter().for_each(|w| streams.entry(w.pending.entity).or_default().push(w));
        streams.retain(|_, here| here.iter().any(|w| w.n.is_some()));
        let affected = affected(waiting);
        let mut pend = inner.pend.clone();
        for (log, list) in more.into_iter().flatten() {
            wait_more(&mut changed, &list[inner.pend.get(log).map_or(0, Vec::len)..]);
            pend.insert(*log, list.clone());
        }
        for (log, bytes) in rows {
            let parts = |id: &EntityId| inner.rows.get(id).map_or(&[][..], |row| &row.parts);
            let holds = |id: &EntityId| parts(id).iter().any(|part| part.log == *log);
            if !affected.iter().any(holds) {
                continue;
            }
            let (kept, list) = inner.rewrite(*log, bytes, &affected, version, &mut changed)?;
            let list = list.unwrap_or_default();
            let before = list.len();
            let list = inner.to_send_behind(list.clone(), &kept, meant)?.unwrap_or(list);
            wait_more(&mut changed, &list[before..]);
            pend.insert(*log, list);
            if kept.is_empty() {
                batch.delete(Table::Log, key(*log));
            } else {
                batch.put(Table::Log, key(*log), kept);
            }
        }
        // What was only refused with the old name goes as it is.
        for pending in pend.values_mut().flatten() {
            pending.held.take_if(|code| names_twice(code));
        }
        for (log, list) in &pend {
            put_pend(&mut batch, *log, list);
        }
        pend.retain(|_, list| !list.is_empty());
        let log = meta.next_log;
        let (mut bytes, mut list) = (Vec::new(), Vec::new());
        let mut folds = Vec::new();
        for (id, here) in &streams {
            // Under a name that something else bears, too, nobody keeps but the one that all replicas show under it.
            let shown = |op: &Op| {
                let others = ops.get(id).into_iter().flatten().filter(|other| other.dot() == op.dot());
                others.map(Op::hash).min() == Some(op.hash())
            };
            let keeps = |w: &Waiting| w.pending.held.as_deref() != Some(FORK) || shown(&w.op);
            let goes = |w: &Waiting| w.bears().is_some() && !(keeps_only && keeps(w));
            let gone = |op: &Op| here.iter().any(|w| goes(w) && w.op.hash() == op.hash());
            let at = bytes.len();
            let (mut all, mut sent): (Vec<Op>, Vec<Pending>) = (Vec::new(), Vec::new());
            for op in ops.get(id).into_iter().flatten().filter(|op| !gone(op)) {
                if all.iter().any(|other| other.hash() == op.hash()) {
                    continue;
                }
                let place = part(log, bytes.len(), bytes.len() + pack::write(&mut bytes, op))?;
                let waits = here.iter().find(|w| w.op.hash() == op.hash());
                list.extend(waits.map(|w| {
                    let held = w.pending.held.clone().filter(|code| !names_twice(code));
                    Pending { at: place.at, len: place.len, held, ..w.pending.clone() }
                }));
                if waits.is_none() && meant(op) {
                    sent.push(Pending { held: None, ..Pending::fork(op, place) });
                }
                all.push(op.clone());
            }
            let moved: Moved = map_of(here.iter().filter_map(|w| Some((w.op.dot(), w.bears()?))));
            for (w, n) in here.iter().filter_map(|w| Some((w, w.n?))) {
                let op = extended(again(&w.op, n, &moved, meta.writer, env)?, &w.op);
                let place = part(log, bytes.len(), bytes.len() + pack::write(&mut bytes, &op))?;
                let (at, len, saved_ms) = (place.at, place.len, w.pending.saved_ms);
                list.push(Pending { entity: *id, dot: op.dot(), at, len, saved_ms, held: None });
                all.push(op);
            }
            // Of two that bear one name the first goes, as elsewhere.
            for pending in sent {
                if !list.iter().any(|other| (other.entity, other.dot) == (*id, pending.dot)) {
                    list.push(pending);
                }
            }
            let fold = Entity::fold(*id, meta.authority, &all);
            if let Some(Some(row)) = changed.get_mut(id) {
                row.unsent = count(&list, *id);
                row.own = u32::try_from(here.iter().filter(|w| w.n.is_some()).count()).unwrap_or(u32::MAX);
                row.parts = vec![part(log, at, bytes.len())?];
                row.summary = self.project.summary(&fold);
            }
            folds.push(fold);
        }
        if !bytes.is_empty() {
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

impl Waiting {
    /// The number under which what it says stands under the new name, if it does.
    fn bears(&self) -> Option<u32> {
        self.n.or(self.twin)
    }
}

impl<P: Project> Inner<P> {
    /// Whether this device wrote it, under any of its names, or as the authority.
    fn is_of_device(&self, op: &Op, answers_as: Option<Writer>) -> bool {
        let by = op.dot().writer;
        by.dev == self.meta.writer.dev || Some(by) == answers_as
    }
}

/// Entities of which something is written again.
fn affected(waiting: &[Waiting]) -> BTreeSet<EntityId> {
    set_of(waiting.iter().filter(|w| w.n.is_some()).map(|w| w.pending.entity))
}

/// Counts these among what waits.
fn wait_more<T>(changed: &mut BTreeMap<EntityId, Option<Row<T>>>, list: &[Pending]) {
    for pending in list {
        if let Some(Some(row)) = changed.get_mut(&pending.entity) {
            row.unsent += 1;
        }
    }
}

/// What a later version said in the header goes along; where there is no room for it any more, the save is worth more.
fn extended(op: Op, old: &Op) -> Op {
    op.with_ext(&old.header().ext).unwrap_or(op)
}

/// What waits in each stream, in the order in which it was written: what was found later to bear a name twice waits behind
/// what was written on top of it, and whoever writes it again there would have seen what came after it. What stands side
/// by side is ordered by its time, for another bearer of the name does the same.
fn in_order(mut waiting: Vec<Waiting>) -> Vec<Waiting> {
    order_by_key(&mut waiting, |one| (one.op.header().hlc, one.op.dot(), *one.op.hash()));
    let mut streams: BTreeMap<EntityId, Vec<Waiting>> = BTreeMap::new();
    for one in waiting {
        let here = streams.entry(one.pending.entity).or_default();
        let after = |other: &Waiting| other.op.header().ctx.covers(one.op.dot());
        let at = here.iter().position(after).unwrap_or(here.len());
        here.insert(at, one);
    }
    streams.into_values().flatten().collect()
}

/// Numbers under the new name for what needs one: what waits under the name that is used twice, what lost an older
/// name to something else, and what follows a number of ours that nobody has any more. The rest was sent under an older
/// name and only goes once more: under another name it would be there twice. Something that waits in two places, or under
/// two older names, is written again once: one life says nothing twice, it would count twice. Two that wait under one name
/// get a number each. What was erased has nothing to be written, and keeps its name.
fn number(
    waiting: Vec<Waiting>,
    writer: Writer,
    ops: &HashMap<EntityId, Vec<Op>>,
) -> Result<Vec<Waiting>, ReplicaError> {
    let mut used: BTreeMap<EntityId, u32> = BTreeMap::new();
    let mut numbered: Vec<Waiting> = Vec::with_capacity(waiting.len());
    let mut renamed: BTreeSet<[u8; 32]> = BTreeSet::new();
    let mut have: BTreeMap<EntityId, Have> = BTreeMap::new();
    // What got a number, by its time: a device gives none twice.
    let mut said: BTreeMap<(EntityId, Hlc), Vec<(Entity, u32)>> = BTreeMap::new();
    for mut one in waiting {
        let (id, dot) = (one.op.entity(), one.op.dot());
        let mut gap = || {
            let have = have.entry(id).or_insert_with(|| {
                let mut have = Have::default();
                ops.get(&id).into_iter().flatten().for_each(|op| {
                    have.insert(op.dot());
                });
                have
            });
            dot.writer.dev == writer.dev && have.upto(dot.writer) < dot.n
        };
        if renamed.contains(one.op.hash()) {
            continue;
        }
        let has_text = one.op.body_text().is_some();
        if has_text && (dot.writer == writer || one.pending.held.as_deref() == Some(FORK) || gap()) {
            let said = said.entry((id, one.op.header().hlc)).or_default();
            let twin = said.iter().find(|(other, _)| other.names_beside(&one.op).next().is_some());
            one.twin = twin.map(|(_, n)| *n);
            if one.twin.is_none() {
                let n = used.entry(id).or_default();
                *n = n.checked_add(1).ok_or(ReplicaError::Damaged("pend"))?;
                one.n = Some(*n);
                said.push((Entity::fold(id, None, std::iter::once(&one.op)), *n));
            }
            renamed.insert(*one.op.hash());
        }
        numbered.push(one);
    }
    Ok(numbered)
}

/// Identity and position of the new life.
fn renewed(old: &Meta, env: &impl Env) -> Meta {
    let mut nonce = [0u8; 16];
    env.random(&mut nonce);
    Meta {
        // Both bearers of a name may begin anew at the same time, and neither may take a number that a third one has:
        // one in a million chooses the same, and chooses again when it did. What both said until then may count twice.
        writer: Writer {
            epoch: old.writer.epoch.saturating_add(
                1 + (u32::from_le_bytes([nonce[0], nonce[1], nonce[2], nonce[3]]) >> LIVES_SHIFT),
            ),
            ..old.writer
        },
        nonce: EntityId(nonce).to_string(),
        cursor: String::new(),
        ..old.clone()
    }
}

/// The same operation under its new name. What its author had seen of its own unsent work is named anew, too.
fn again(old: &Op, n: u32, moved: &Moved, writer: Writer, env: &impl Env) -> Result<Op, ReplicaError> {
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
    // Also where it stood side by side with those before it, as a twin's does: an author has seen its own numbers, and no
    // header says otherwise.
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
