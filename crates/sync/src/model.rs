//! A backend in memory: the plainest thing that keeps the contract. The simulator runs against it, and its
//! hundred lines are what the contract means.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use gridbook_log::{Body, DeviceId, Dot, Entity, EntityId, Fingerprint, NewOp, Op, Writer, body, pack};

use crate::engine::PART;
use crate::wire::{
    Caps, Entry, FpReply, PageHead, PlaceFp, PullReply, PushReply, PushRequest, PushResult, SnapshotPage,
    VERSION, Verdict,
};

/// The model's own log identity.
pub const AUTHORITY: DeviceId = DeviceId([0xaa; 8]);

/// A place in a list of packed streams: `s<to>.<the last entity>`.
struct Packed {
    to: usize,
    after: Option<EntityId>,
}

impl Packed {
    fn parse(cursor: &str) -> Option<Self> {
        let (to, after) = cursor.strip_prefix('s')?.split_once('.')?;
        Some(Self { to: to.parse().ok()?, after: Some(EntityId::parse(after)?) })
    }
}

#[derive(Clone)]
struct Stored {
    op: Op,
    at: u64,
}

#[derive(Clone)]
enum Item {
    Op(Box<Stored>),
    Rights,
}

/// See the module's text.
#[derive(Clone)]
pub struct Model {
    history: String,
    /// Life of the authority's name, another one after every backup that was put back.
    epoch: u32,
    /// Whether its author's device signed an operation; nobody did, unless this is set.
    signed: fn(&Op) -> bool,
    feed: Vec<Item>,
    entities: BTreeMap<EntityId, Entity>,
    seqs: BTreeMap<EntityId, Vec<usize>>,
    areas: BTreeMap<EntityId, Vec<(usize, String)>>,
    rights: BTreeMap<String, Vec<(usize, BTreeSet<String>)>>,
    nonces: BTreeMap<Writer, (String, String)>,
    blobs: BTreeSet<String>,
    /// How much of an upload has come.
    parts: BTreeMap<String, usize>,
    salt: u64,
    skip: Cell<bool>,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            history: "model".to_owned(),
            epoch: 1,
            signed: |_| false,
            feed: Vec::new(),
            entities: BTreeMap::new(),
            seqs: BTreeMap::new(),
            areas: BTreeMap::new(),
            rights: BTreeMap::new(),
            nonces: BTreeMap::new(),
            blobs: BTreeSet::new(),
            parts: BTreeMap::new(),
            salt: 0,
            skip: Cell::new(false),
        }
    }
}

impl Model {
    /// What it can do.
    pub fn caps(&self, now: u64) -> Caps {
        Caps {
            contract: VERSION.to_owned(),
            levels: vec![0, 1, 2],
            history: self.history.clone(),
            now,
            authority: Some(AUTHORITY),
            max_batch_ops: 16,
            max_batch_bytes: 64 * 1024,
            max_blob: 1024,
            snapshot: Some(pack::FORM),
        }
    }

    /// Takes operations from whoever brings them, if `signed` says that their author's device signed them.
    pub fn trust(&mut self, signed: fn(&Op) -> bool) {
        self.signed = signed;
    }

    /// Goes back to the backup `older`: what was stored since is gone, photos too, the history gets another name, and the
    /// administrator gives everybody the rights they had.
    pub fn restore(&mut self, older: &Self) {
        let rights: Vec<(String, BTreeSet<String>)> = self
            .rights
            .iter()
            .filter_map(|(user, rights)| Some((user.clone(), rights.last()?.1.clone())))
            .collect();
        let (epoch, salt) = (self.epoch + 1, self.salt);
        *self = Self { history: format!("model{epoch}"), epoch, salt, ..older.clone() };
        for (user, areas) in rights {
            self.grant(&user, areas);
        }
    }

    /// Passes over the next operation that `pull` would bring: a backend with a fault.
    pub fn skip_one(&self) {
        self.skip.set(true);
    }

    /// Gives `user` exactly these area prefixes from now on.
    pub fn grant(&mut self, user: &str, areas: BTreeSet<String>) {
        self.feed.push(Item::Rights);
        self.rights.entry(user.to_owned()).or_default().push((self.feed.len(), areas));
    }

    /// Takes a push in.
    pub fn push(&mut self, user: &str, request: &PushRequest, now: u64) -> PushReply {
        let known = self
            .nonces
            .entry(request.writer)
            .or_insert_with(|| (request.nonce.clone(), user.to_owned()))
            .clone();
        let mut taken: BTreeMap<EntityId, Vec<Dot>> = BTreeMap::new();
        // What follows a fork was written on top of something else than what is held here.
        let mut forked: BTreeSet<EntityId> = BTreeSet::new();
        let mut results = Vec::new();
        for wire in &request.ops {
            let Ok(op) = Op::from_wire(wire.clone()) else {
                results.push(PushResult { id: None, r: Verdict::Refuse, code: Some("malformed".to_owned()) });
                continue;
            };
            let (r, code) = if known.0 != request.nonce {
                (Verdict::Refuse, Some("clone"))
            } else if known.1 != user || !self.takes(&op, user, request.writer) {
                (Verdict::Refuse, Some("forged"))
            } else if forked.contains(&op.entity()) {
                (Verdict::Refuse, Some("fork"))
            } else {
                self.admit(&op, now, &mut taken)
            };
            if code == Some("fork") {
                forked.insert(op.entity());
            }
            results.push(PushResult { id: Some(op.id()), r, code: code.map(str::to_owned) });
        }
        for (entity, ops) in taken {
            self.answer(entity, &Body::Receipt(body::Receipt { ops, at: now, drift: 0 }), now);
        }
        PushReply { results, now }
    }

    /// Its author's own device brings it, or it is signed, or it is here already.
    fn takes(&self, op: &Op, user: &str, sender: Writer) -> bool {
        op.header().user == user && op.dot().writer.is_life_of(sender) || (self.signed)(op) || self.holds(op)
    }

    fn holds(&self, op: &Op) -> bool {
        self.seqs.get(&op.entity()).into_iter().flatten().any(|seq| match &self.feed[*seq] {
            Item::Op(stored) => stored.op.hash() == op.hash(),
            Item::Rights => false,
        })
    }

    fn admit(
        &mut self,
        op: &Op,
        now: u64,
        taken: &mut BTreeMap<EntityId, Vec<Dot>>,
    ) -> (Verdict, Option<&'static str>) {
        let held = self.entities.get(&op.entity());
        if held.is_some_and(|e| e.have().contains(op.dot())) {
            return if self.holds(op) { (Verdict::Dup, None) } else { (Verdict::Refuse, Some("fork")) };
        }
        if held.map_or(0, |e| e.have().upto(op.dot().writer)) + 1 != op.dot().n {
            return (Verdict::Defer, None);
        }
        if held.is_none_or(|e| e.creation().is_none()) && op.header().kind != body::kind::CREATE {
            return (Verdict::Defer, None);
        }
        let forbidden = op.body().ok().and_then(|b| b.set().map(|s| s.contains_key("forbidden")));
        self.store(op.clone(), now);
        if forbidden == Some(true) {
            self.answer(
                op.entity(),
                &Body::Reject(body::Reject { op: op.dot(), code: "rule".to_owned() }),
                now,
            );
            return (Verdict::Reject, Some("rule"));
        }
        taken.entry(op.entity()).or_default().push(op.dot());
        (Verdict::Ok, None)
    }

    fn store(&mut self, op: Op, at: u64) {
        let id = op.entity();
        let entity = self.entities.entry(id).or_insert_with(|| Entity::new(id, Some(AUTHORITY)));
        entity.apply(&op);
        let area = entity.area().unwrap_or("").to_owned();
        self.seqs.entry(id).or_default().push(self.feed.len());
        self.feed.push(Item::Op(Box::new(Stored { op, at })));
        let areas = self.areas.entry(id).or_default();
        if areas.last().is_none_or(|(_, last)| *last != area) {
            areas.push((self.feed.len(), area));
        }
    }

    fn answer(&mut self, id: EntityId, body: &Body, now: u64) {
        let entity = &self.entities[&id];
        let writer = Writer { dev: AUTHORITY, epoch: self.epoch };
        let (kind, text) = body.to_text();
        self.salt += 1;
        let new = NewOp {
            entity: id,
            dot: Dot { writer, n: entity.frontier().get(writer) + 1 },
            hlc: gridbook_log::Hlc { ms: now, count: 0 },
            kind,
            user: "authority",
            ctx: entity.frontier().clone(),
        };
        let mut salt = [0u8; 16];
        salt[..8].copy_from_slice(&self.salt.to_le_bytes());
        let op = Op::new(new, salt, text).expect("the authority's bodies are small");
        self.store(op, now);
    }

    /// One page of a reader's feed.
    ///
    /// # Errors
    /// HTTP status 400 for a cursor that is none of ours, 409 for one of before a backup was put back.
    pub fn pull(
        &self,
        user: &str,
        cursor: &str,
        limit: usize,
        not: Option<Writer>,
    ) -> Result<PullReply, u16> {
        let (here, at) = self.place(cursor)?;
        if let Some(place) = here {
            let (ids, next, _) = self.packed(user, &place, limit / 8 + 1, None);
            let entries = ids.into_iter().flat_map(|id| {
                let ops = self.seqs[&id].iter().filter_map(|seq| self.entry(*seq));
                std::iter::once(Entry::Enter { e: id }).chain(ops).collect::<Vec<_>>()
            });
            return Ok(PullReply { entries: entries.collect(), cursor: next, more: true });
        }
        let from = at;
        let to = self.feed.len().min(from.saturating_add(limit));
        let window = &self.feed[from.min(to)..to];
        let rights_moved = window.iter().any(|i| matches!(i, Item::Rights));
        let mut entries = Vec::new();
        let mut entered: BTreeSet<EntityId> = BTreeSet::new();
        for (id, seqs) in &self.seqs {
            let placed = self.areas[id].iter().any(|(at, _)| *at > from && *at <= to);
            if !(rights_moved || placed) || seqs[0] >= from {
                continue;
            }
            let before = self.sees(user, *id, from);
            let after = self.sees(user, *id, to);
            if before && !after {
                entries.push(Entry::Leave { e: *id });
            } else if after && !before {
                entered.insert(*id);
                entries.push(Entry::Enter { e: *id });
                entries.extend(seqs.iter().filter(|seq| **seq < to).filter_map(|seq| self.entry(*seq)));
            }
        }
        for (at, item) in window.iter().enumerate() {
            let Item::Op(stored) = item else { continue };
            let id = stored.op.entity();
            let own = Some(stored.op.dot().writer) == not;
            if !entered.contains(&id) && !own && self.sees(user, id, to) {
                entries.extend(self.entry(from + at));
            }
        }
        if entries.iter().any(|e| matches!(e, Entry::Op { .. })) && self.skip.take() {
            let at = entries.iter().rposition(|e| matches!(e, Entry::Op { .. })).unwrap_or_default();
            entries.remove(at);
        }
        Ok(PullReply { entries, cursor: self.cursor(&to.to_string()), more: to < self.feed.len() })
    }

    fn cursor(&self, place: &str) -> String {
        format!("{}.{place}", self.history)
    }

    /// Where a cursor stands: in a list of packed streams, or in the feed.
    fn place(&self, cursor: &str) -> Result<(Option<Packed>, usize), u16> {
        match cursor.split_once('.') {
            None if cursor.is_empty() => Ok((None, 0)),
            None => Err(400),
            Some((history, _)) if history != self.history => Err(409),
            Some((_, place)) => match Packed::parse(place) {
                Some(packed) => Ok((Some(packed), 0)),
                None => Ok((None, place.parse().map_err(|_| 400u16)?)),
            },
        }
    }

    /// One page of packed streams, for a device that has none; of one place, if it is named.
    ///
    /// # Errors
    /// HTTP status 410 for a cursor that is no place in such a list.
    pub fn snapshot(
        &self,
        user: &str,
        cursor: &str,
        limit: usize,
        place: Option<&str>,
    ) -> Result<SnapshotPage, u16> {
        let at = if cursor.is_empty() {
            Packed { to: self.feed.len(), after: None }
        } else {
            self.place(cursor).ok().and_then(|(packed, _)| packed).ok_or(410u16)?
        };
        let (ids, next, more) = self.packed(user, &at, limit, place);
        let (mut frames, mut fp) = (Vec::new(), Fingerprint::default());
        for seq in ids.iter().flat_map(|id| &self.seqs[id]) {
            if let Item::Op(stored) = &self.feed[*seq] {
                pack::write(&mut frames, &stored.op);
                fp.add(&stored.op);
            }
        }
        Ok(SnapshotPage { head: PageHead { form: pack::FORM, cursor: next, more, fp }, frames })
    }

    /// The next entities of a list, where it goes on, and whether it does.
    fn packed(
        &self,
        user: &str,
        at: &Packed,
        limit: usize,
        place: Option<&str>,
    ) -> (Vec<EntityId>, String, bool) {
        let all = self.entities.iter().filter(|(id, _)| at.after.is_none_or(|after| **id > after));
        let seen = all.filter(|(id, entity)| {
            let there = place.is_none_or(|place| entity.area().unwrap_or("") == place);
            there
                && self.seqs[*id][0] < at.to
                && self.sees(user, **id, at.to)
                && self.sees(user, **id, self.len())
        });
        let mut ids: Vec<EntityId> = seen.map(|(id, _)| *id).take(limit + 1).collect();
        let more = ids.len() > limit;
        ids.truncate(limit);
        let next = match ids.last() {
            Some(last) if more => self.cursor(&format!("s{}.{last}", at.to)),
            _ => self.cursor(&at.to.to_string()),
        };
        (ids, next, more)
    }

    /// What `user` should hold at the end of the feed.
    pub fn fingerprint(&self, user: &str, places: bool) -> FpReply {
        let mut by_place: BTreeMap<&str, Fingerprint> = BTreeMap::new();
        for (_, entity) in self.entities.iter().filter(|(id, _)| self.sees(user, **id, self.len())) {
            by_place.entry(entity.area().unwrap_or("")).or_default().join(entity.fingerprint());
        }
        let mut fp = Fingerprint::default();
        by_place.values().for_each(|place| fp.join(*place));
        let told = by_place.into_iter().map(|(place, fp)| PlaceFp { place: place.to_owned(), fp });
        FpReply { cursor: self.cursor(&self.len().to_string()), fp, places: places.then(|| told.collect()) }
    }

    fn entry(&self, seq: usize) -> Option<Entry> {
        match &self.feed[seq] {
            Item::Op(stored) => Some(Entry::Op { op: stored.op.to_wire(), at: stored.at }),
            Item::Rights => None,
        }
    }

    /// Whether `user` sees an entity after the first `at` items of the feed.
    pub fn sees(&self, user: &str, id: EntityId, at: usize) -> bool {
        let mine = self.entities[&id].creation().is_some_and(|c| c.user == user);
        let area = self.areas[&id].iter().rev().find(|(seq, _)| *seq <= at).map(|(_, area)| area.as_str());
        let rights = self.rights.get(user).and_then(|r| r.iter().rev().find(|(seq, _)| *seq <= at));
        mine || match (area, rights) {
            (Some(area), Some((_, prefixes))) => prefixes.iter().any(|p| area.starts_with(p.as_str())),
            _ => false,
        }
    }

    /// Stores a blob that an operation of `user` names.
    ///
    /// # Errors
    /// HTTP status 403 when no stored operation names it.
    pub fn put_blob(&mut self, sha256: &str) -> Result<(), u16> {
        if !self.names(sha256) {
            return Err(403);
        }
        self.parts.remove(sha256);
        self.blobs.insert(sha256.to_owned());
        Ok(())
    }

    fn names(&self, sha256: &str) -> bool {
        // A refused operation's photos are taken too: its author gets the record back whole.
        self.feed.iter().any(|item| match item {
            Item::Op(stored) => stored.op.body().is_ok_and(|b| b.blobs().iter().any(|b| b.sha256 == sha256)),
            Item::Rights => false,
        })
    }

    /// How much of a blob has come: `None` once it is whole. Of one that no operation names nothing is said.
    ///
    /// # Errors
    /// HTTP status 404 for that.
    pub fn blob_at(&self, sha256: &str) -> Result<Option<usize>, u16> {
        match (self.blobs.contains(sha256), self.names(sha256)) {
            (true, _) => Ok(None),
            (false, true) => Ok(Some(self.parts.get(sha256).copied().unwrap_or(0))),
            (false, false) => Err(404),
        }
    }

    /// Adds a part of [`PART`] bytes, or what is left of `length`; as [`Self::blob_at`] from then on. One that
    /// begins elsewhere changes nothing.
    ///
    /// # Errors
    /// HTTP status 403 when no stored operation names the blob.
    pub fn put_part(&mut self, sha256: &str, offset: usize, length: usize) -> Result<Option<usize>, u16> {
        let held = self.blob_at(sha256).map_err(|_| 403u16)?;
        if held != Some(offset) {
            return Ok(held);
        }
        let upto = length.min(offset + PART);
        if upto == length {
            self.put_blob(sha256)?;
        } else {
            self.parts.insert(sha256.to_owned(), upto);
        }
        self.blob_at(sha256)
    }

    /// Loses what has come of uploads that are not whole: a server may.
    pub fn lose_parts(&mut self) {
        self.parts.clear();
    }

    /// Whether a blob is stored.
    pub fn has_blob(&self, sha256: &str) -> bool {
        self.blobs.contains(sha256)
    }

    /// All entities, folded.
    pub fn entities(&self) -> &BTreeMap<EntityId, Entity> {
        &self.entities
    }

    /// Length of the feed.
    pub fn len(&self) -> usize {
        self.feed.len()
    }

    /// Whether nothing was ever stored.
    pub fn is_empty(&self) -> bool {
        self.feed.is_empty()
    }
}
