//! The fold: what a set of operations of one stream means.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use serde_json::Value;

use crate::again::{self, Again};
use crate::body::{BlobRef, Body, Create, Paper, Placement};
use crate::clock::Hlc;
use crate::context::Ctx;
use crate::events::{self, EventRec, Flow, Outcome};
use crate::fingerprint::Fingerprint;
use crate::have::Have;
use crate::id::{DeviceId, Dot, EntityId, Writer};
use crate::op::{Hash, Op};
use crate::register::{Register, Write};

mod read;

/// What became of an operation given to a fold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// New.
    New,
    /// Held already.
    Duplicate,
    /// Another operation has the same id: a cloned device. The one with the lower hash stands on every replica.
    Fork,
    /// Of another stream.
    Foreign,
}

/// One held operation, understood.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) hlc: Hlc,
    pub(crate) user: String,
    pub(crate) ctx: Ctx,
    pub(crate) kind: String,
    pub(crate) hash: Hash,
    pub(crate) text: Option<String>,
    pub(crate) body: Result<Arc<Body>, crate::body::BodyError>,
}

impl Entry {
    /// The body, unless it is in quarantine.
    fn body(&self) -> Option<&Body> {
        self.body.as_deref().ok()
    }

    /// Whether its meaning lies in what the authority said alone, and no field, event or creation hangs on it.
    pub(crate) fn is_note(&self) -> bool {
        matches!(self.body(), Some(Body::Receipt(_) | Body::Number(_)))
    }
}

/// What a creation said; shared with the operation, because households are large.
#[derive(Clone, Debug, PartialEq)]
pub struct Created(Arc<Body>);

impl Deref for Created {
    type Target = Create;

    fn deref(&self) -> &Create {
        match &*self.0 {
            Body::Create(create) => create,
            _ => unreachable!("only made from creations"),
        }
    }
}

/// Who made the entity, and as what.
#[derive(Clone, Debug, PartialEq)]
pub struct Creation {
    /// The first operation.
    pub dot: Dot,
    /// Its time.
    pub hlc: Hlc,
    /// Who wrote it.
    pub user: String,
    /// What it said.
    pub create: Created,
    /// Refused by the authority, with this code. The content stays readable to its author.
    pub rejected: Option<String>,
}

/// When the authority took an operation in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// Milliseconds since 1970.
    pub at: u64,
    /// Author's clock minus authority's, milliseconds.
    pub drift: i64,
}

/// One stream, folded.
#[derive(Clone, Debug, PartialEq)]
pub struct Entity {
    id: EntityId,
    authority: Option<DeviceId>,
    /// Boxed: a node of the map has room for eleven, and most streams hold two.
    entries: BTreeMap<Dot, Box<Entry>>,
    have: Have,
    frontier: Ctx,
    fingerprint: Fingerprint,
    again: Again,
    creation: Option<Creation>,
    registers: BTreeMap<String, Register>,
    timeline: Vec<EventRec>,
    flow: Flow,
    number: Option<String>,
    papers: BTreeMap<Paper, String>,
    received: BTreeMap<Dot, Received>,
    rejected: BTreeMap<Dot, String>,
    blobs: Vec<(Dot, BlobRef)>,
    quarantine: Vec<Dot>,
}

impl Entity {
    /// An empty stream. `authority` is the device whose receipts, rejections and numbers count, as the tenant's
    /// genesis operation names it; `None` where there is none.
    pub fn new(id: EntityId, authority: Option<DeviceId>) -> Self {
        Self {
            id,
            authority,
            entries: BTreeMap::new(),
            have: Have::default(),
            frontier: Ctx::default(),
            fingerprint: Fingerprint::default(),
            again: Again::default(),
            creation: None,
            registers: BTreeMap::new(),
            timeline: Vec::new(),
            flow: Flow::default(),
            number: None,
            papers: BTreeMap::new(),
            received: BTreeMap::new(),
            rejected: BTreeMap::new(),
            blobs: Vec::new(),
            quarantine: Vec::new(),
        }
    }

    /// Folds a whole stream.
    pub fn fold<'a>(
        id: EntityId,
        authority: Option<DeviceId>,
        ops: impl IntoIterator<Item = &'a Op>,
    ) -> Self {
        let mut entity = Self::new(id, authority);
        entity.apply_all(ops);
        entity
    }

    /// Adds one operation.
    pub fn apply(&mut self, op: &Op) -> Applied {
        let applied = self.insert(op);
        match applied {
            Applied::New if self.is_note(op) => self.settle_authority(),
            Applied::New | Applied::Fork => self.settle(),
            Applied::Duplicate | Applied::Foreign => {}
        }
        applied
    }

    fn is_note(&self, op: &Op) -> bool {
        self.entries.get(&op.dot()).is_some_and(|entry| entry.is_note())
    }

    /// Adds many and settles once. Returns how many were new.
    pub fn apply_all<'a>(&mut self, ops: impl IntoIterator<Item = &'a Op>) -> usize {
        let mut new = 0;
        let mut notes = false;
        let mut changed = false;
        for op in ops {
            let applied = self.insert(op);
            new += usize::from(applied == Applied::New);
            let note = applied == Applied::New && self.is_note(op);
            notes |= note;
            changed |= !note && matches!(applied, Applied::New | Applied::Fork);
        }
        if changed {
            self.settle();
        } else if notes {
            self.settle_authority();
        }
        new
    }

    fn insert(&mut self, op: &Op) -> Applied {
        if op.entity() != self.id {
            return Applied::Foreign;
        }
        let held = self.entries.get(&op.dot()).map(|e| e.hash);
        match held {
            Some(hash) if hash == *op.hash() => return Applied::Duplicate,
            Some(hash) if hash < *op.hash() => return Applied::Fork,
            _ => {}
        }
        let header = op.header();
        self.insert_entry(
            op.dot(),
            Entry {
                hlc: header.hlc,
                user: header.user.clone(),
                ctx: header.ctx.clone(),
                kind: header.kind.clone(),
                hash: *op.hash(),
                text: op.body_text().map(str::to_owned),
                body: op.shared_body().clone(),
            },
        );
        if held.is_some() { Applied::Fork } else { Applied::New }
    }

    pub(crate) fn insert_entry(&mut self, dot: Dot, entry: Entry) {
        self.have.insert(dot);
        self.frontier.add(dot);
        self.frontier.join(&entry.ctx);
        self.fingerprint.add_hash(&entry.hash);
        if let Some(old) = self.entries.insert(dot, Box::new(entry)) {
            self.fingerprint.remove_hash(&old.hash);
            // What only the loser of a fork had seen is not in the set any more.
            self.frontier = self.entries.keys().copied().collect();
            for entry in self.entries.values() {
                self.frontier.join(&entry.ctx);
            }
        }
    }

    /// Derives everything from the entries. A pure function of the set, so order of arrival cannot matter.
    pub(crate) fn settle(&mut self) {
        self.again = Again::find(&self.entries);
        self.settle_authority();
        self.settle_creation();
        self.settle_registers();
        self.settle_events();
    }

    fn settle_authority(&mut self) {
        self.number = None;
        self.papers.clear();
        self.received.clear();
        self.rejected.clear();
        self.quarantine.clear();
        let mut numbered: BTreeMap<Option<&Paper>, (Hlc, Dot)> = BTreeMap::new();
        for (dot, entry) in &self.entries {
            let Some(body) = entry.body() else {
                self.quarantine.push(*dot);
                continue;
            };
            if self.authority != Some(dot.writer.dev) {
                continue;
            }
            match body {
                Body::Receipt(receipt) => {
                    for op in &receipt.ops {
                        let new = Received { at: receipt.at, drift: receipt.drift };
                        let slot = self.received.entry(*op).or_insert(new);
                        if new.at < slot.at {
                            *slot = new;
                        }
                    }
                }
                Body::Reject(reject) => {
                    self.rejected.entry(reject.op).or_insert_with(|| reject.code.clone());
                }
                Body::Number(given) => {
                    let (of, turn) = (given.paper.as_ref(), (entry.hlc, *dot));
                    if numbered.get(&of).is_none_or(|first| turn < *first) {
                        numbered.insert(of, turn);
                        let number = given.number.clone();
                        if let Some(paper) = of {
                            self.papers.insert(paper.clone(), number);
                        } else {
                            self.number = Some(number);
                        }
                    }
                }
                _ => {}
            }
        }
        let rejected = &self.rejected;
        self.again.choose(|dot| rejected.contains_key(&dot));
        // Taken in under one of its names is taken in.
        for names in self.again.saves() {
            let known = names.iter().filter_map(|dot| self.received.get(dot));
            if let Some(first) = known.copied().min_by_key(|received| received.at) {
                self.received.extend(names.iter().map(|dot| (*dot, first)));
            }
        }
    }

    /// Operations that count: each save once, whatever names it bears.
    fn counting(&self) -> impl Iterator<Item = (&Dot, &Entry)> {
        let all = self.entries.iter().map(|(dot, entry)| (dot, &**entry));
        all.filter(|(dot, _)| !self.again.is_echo(**dot))
    }

    /// Whether the author of `by` had seen `what`.
    fn seen(&self, by: Dot, what: Dot) -> bool {
        self.again.seen(by, what, |dot| &self.entries[&dot])
    }

    /// The other names under which this stream holds what `op` says, as the same device said it: it was written again
    /// under a new name.
    pub fn other_names(&self, op: &Op) -> impl Iterator<Item = Dot> {
        self.other_lives(op).filter(move |(_, entry)| again::says(entry, op)).map(|(dot, _)| *dot)
    }

    /// The other names under which this stream holds the save that `op` is, each counting once with it: as
    /// [`Self::other_names`], whatever its device knew of its own other lives.
    pub fn names_beside(&self, op: &Op) -> impl Iterator<Item = Dot> {
        self.other_lives(op).filter(move |(_, entry)| again::is_of(entry, op)).map(|(dot, _)| *dot)
    }

    /// What the same device wrote under other names than `op`.
    fn other_lives(&self, op: &Op) -> impl Iterator<Item = (&Dot, &Entry)> {
        let own = op.dot().writer;
        let first = |epoch| Dot { writer: Writer { epoch, ..own }, n: 0 };
        let last = |epoch| Dot { writer: Writer { epoch, ..own }, n: u32::MAX };
        let lives = self.entries.range(first(0)..first(own.epoch));
        let lives = lives.chain(self.entries.range(last(own.epoch)..=last(u32::MAX)));
        lives.filter(move |(dot, _)| dot.writer != own).map(|(dot, entry)| (dot, &**entry))
    }

    fn settle_creation(&mut self) {
        let first = self
            .counting()
            .filter_map(|(dot, entry)| match &entry.body {
                Ok(body) if matches!(**body, Body::Create(_)) => Some((entry.hlc, *dot, entry, body)),
                _ => None,
            })
            .min_by_key(|(hlc, dot, ..)| (*hlc, *dot));
        self.creation = first.map(|(hlc, dot, entry, body)| Creation {
            dot,
            hlc,
            user: entry.user.clone(),
            create: Created(body.clone()),
            rejected: self.rejected.get(&dot).cloned(),
        });
    }

    fn settle_registers(&mut self) {
        let fixes = self.clock_fixes();
        let mut registers: BTreeMap<String, Register> = BTreeMap::new();
        let mut blobs = Vec::new();
        for (dot, entry) in self.counting() {
            let Some(body) = entry.body() else { continue };
            // A refused creation stays readable; any other refused operation is history.
            let rejected = self.rejected.contains_key(dot) && !matches!(body, Body::Create(_));
            let mut write = |path: String, value: Value| {
                let writes = &mut registers.entry(path).or_default().writes;
                // Most fields are written once, and a list makes room for four.
                if writes.is_empty() {
                    writes.reserve_exact(1);
                }
                writes.push(Write {
                    dot: *dot,
                    hlc: fixes.get(dot).copied().unwrap_or(entry.hlc),
                    user: entry.user.clone(),
                    value,
                    rejected,
                });
            };
            for (path, value) in body.set().into_iter().flatten() {
                write(path.clone(), value.clone());
            }
            if let Some(place) = body.placement() {
                placement_writes(place, &mut write);
            }
            if !rejected {
                blobs.extend(body.blobs().iter().map(|b| (*dot, b.clone())));
            }
        }
        for register in registers.values_mut() {
            register.settle(|by, what| self.seen(by, what));
        }
        (self.registers, self.blobs) = (registers, blobs);
    }

    fn clock_fixes(&self) -> BTreeMap<Dot, Hlc> {
        let mut fixes = BTreeMap::new();
        for (dot, entry) in &self.entries {
            if let (Some(Body::ClockFix(fix)), true) = (entry.body(), self.authority == Some(dot.writer.dev))
            {
                fixes.insert(fix.op, fix.hlc);
            }
        }
        for names in self.again.saves() {
            let fix = names.iter().find_map(|dot| fixes.get(dot)).copied();
            fixes.extend(fix.into_iter().flat_map(|fix| names.iter().map(move |dot| (*dot, fix))));
        }
        fixes
    }

    fn settle_events(&mut self) {
        let fixes = self.clock_fixes();
        let events: Vec<EventRec> = self
            .counting()
            .filter_map(|(dot, entry)| match entry.body() {
                Some(Body::Event(event)) => Some(EventRec {
                    dot: *dot,
                    hlc: fixes.get(dot).copied().unwrap_or(entry.hlc),
                    user: entry.user.clone(),
                    event: event.clone(),
                    outcome: self
                        .rejected
                        .get(dot)
                        .map_or(Outcome::Counts, |code| Outcome::Rejected(code.clone())),
                }),
                _ => None,
            })
            .collect();
        let initial = self.creation.as_ref().and_then(|c| c.create.state.as_deref());
        let (timeline, flow) = events::settle(initial, events, |by, what| self.seen(by, what));
        self.timeline = timeline;
        self.flow = flow;
    }

    pub(crate) fn entries(&self) -> &BTreeMap<Dot, Box<Entry>> {
        &self.entries
    }
}

fn placement_writes(place: &Placement, write: &mut impl FnMut(String, Value)) {
    if let Some(area) = &place.area {
        write("@area".to_owned(), Value::String(area.clone()));
    }
    if let Some(all) = place.all {
        write("@all".to_owned(), Value::Bool(all));
    }
    for (codes, prefix, on) in [
        (&place.units_add, "@unit/", true),
        (&place.units_del, "@unit/", false),
        (&place.users_add, "@user/", true),
        (&place.users_del, "@user/", false),
    ] {
        for code in codes {
            write(format!("{prefix}{code}"), Value::Bool(on));
        }
    }
}
