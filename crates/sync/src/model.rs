//! A backend in memory: the plainest thing that keeps the contract. The simulator runs against it, and its
//! hundred lines are what the contract means.

use std::collections::{BTreeMap, BTreeSet};

use gridbook_log::{Body, DeviceId, Dot, Entity, EntityId, NewOp, Op, Writer, body};

use crate::engine::PART;
use crate::wire::{Caps, Entry, PullReply, PushReply, PushRequest, PushResult, VERSION, Verdict};

/// The model's own log identity.
pub const AUTHORITY: DeviceId = DeviceId([0xaa; 8]);

struct Stored {
    op: Op,
    at: u64,
}

enum Item {
    Op(Box<Stored>),
    Rights,
}

/// See the module's text.
pub struct Model {
    history: String,
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
}

impl Default for Model {
    fn default() -> Self {
        Self {
            history: "model".to_owned(),
            feed: Vec::new(),
            entities: BTreeMap::new(),
            seqs: BTreeMap::new(),
            areas: BTreeMap::new(),
            rights: BTreeMap::new(),
            nonces: BTreeMap::new(),
            blobs: BTreeSet::new(),
            parts: BTreeMap::new(),
            salt: 0,
        }
    }
}

impl Model {
    /// What it can do.
    pub fn caps(&self, now: u64) -> Caps {
        Caps {
            contract: VERSION.to_owned(),
            levels: vec![0, 1],
            history: self.history.clone(),
            now,
            authority: Some(AUTHORITY),
            max_batch_ops: 16,
            max_batch_bytes: 64 * 1024,
            max_blob: 1024,
        }
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
            } else if op.header().user != user || op.dot().writer != request.writer || known.1 != user {
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

    fn admit(
        &mut self,
        op: &Op,
        now: u64,
        taken: &mut BTreeMap<EntityId, Vec<Dot>>,
    ) -> (Verdict, Option<&'static str>) {
        let held = self.entities.get(&op.entity());
        if held.is_some_and(|e| e.have().contains(op.dot())) {
            let same = self.seqs[&op.entity()].iter().any(|seq| match &self.feed[*seq] {
                Item::Op(stored) => stored.op.hash() == op.hash(),
                Item::Rights => false,
            });
            return if same { (Verdict::Dup, None) } else { (Verdict::Refuse, Some("fork")) };
        }
        if held.map_or(0, |e| e.have().upto(op.dot().writer)) + 1 != op.dot().n {
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
        let writer = Writer { dev: AUTHORITY, epoch: 1 };
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
    /// HTTP status 400 for a cursor that is none of ours.
    pub fn pull(
        &self,
        user: &str,
        cursor: &str,
        limit: usize,
        not: Option<Writer>,
    ) -> Result<PullReply, u16> {
        let from: usize = if cursor.is_empty() { 0 } else { cursor.parse().map_err(|_| 400u16)? };
        let to = self.feed.len().min(from + limit);
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
        Ok(PullReply { entries, cursor: to.to_string(), more: to < self.feed.len(), fp: None })
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
