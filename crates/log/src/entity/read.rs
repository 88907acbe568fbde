//! What a fold says: its fields, its events, its papers, and who may see it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Creation, Entity, Entry, Received};
use crate::body::{BlobRef, Body, GONE, Paper};
use crate::clock::Hlc;
use crate::context::Ctx;
use crate::events::{EventRec, Flow};
use crate::fingerprint::Fingerprint;
use crate::have::Have;
use crate::id::{DeviceId, Dot, EntityId};
use crate::register::Register;

impl Entity {
    /// The stream's name.
    pub fn id(&self) -> EntityId {
        self.id
    }

    /// The authority whose answers count here.
    pub fn authority(&self) -> Option<DeviceId> {
        self.authority
    }

    /// What is held, holes included.
    pub fn have(&self) -> &Have {
        &self.have
    }

    /// What a new operation written now has seen: everything held, joined with all its contexts.
    pub fn frontier(&self) -> &Ctx {
        &self.frontier
    }

    /// Fingerprint of the operations held.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Who made it; `None` while the creation has not arrived.
    pub fn creation(&self) -> Option<&Creation> {
        self.creation.as_ref()
    }

    /// What it is, from its creation: `household`, `visit` …
    pub fn type_(&self) -> Option<&str> {
        self.creation.as_ref().map(|c| c.create.type_.as_str())
    }

    /// The shown value of a path; `None` when never set or cleared.
    pub fn get(&self, path: &str) -> Option<&Value> {
        self.registers.get(path).and_then(Register::value)
    }

    /// The shown value of a path, as text.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.get(path).and_then(Value::as_str)
    }

    /// A field with all its history.
    pub fn register(&self, path: &str) -> Option<&Register> {
        self.registers.get(path)
    }

    /// All fields of the record, in order of path (placement left out).
    pub fn registers(&self) -> impl Iterator<Item = (&str, &Register)> {
        self.registers.iter().filter(|(p, _)| !p.starts_with('@')).map(|(p, r)| (p.as_str(), r))
    }

    /// Shown values of all fields.
    pub fn values(&self) -> crate::Values {
        crate::map_of(self.registers().filter_map(|(p, r)| Some((p.to_owned(), r.value()?.clone()))))
    }

    /// Ids of the rows of a table that have not been taken away, in order. A row edited by someone who had not
    /// seen its removal stays: nothing a person wrote vanishes because two wrote at once.
    pub fn rows(&self, table: &str) -> Vec<&str> {
        let prefix = format!("{table}/");
        let mut rows: Vec<&str> = self
            .registers
            .range(prefix.clone()..)
            .take_while(|(p, _)| p.starts_with(&prefix))
            .filter_map(|(p, _)| p[prefix.len()..].split('/').next())
            .collect();
        // A value at the row's own path sorts before rows whose id goes on after it.
        crate::order_by(&mut rows, Ord::cmp);
        rows.dedup();
        rows.retain(|row| !self.is_gone(&format!("{prefix}{row}/")));
        rows
    }

    /// Two people may have taken it away at once; each value must have been seen by one of them.
    fn is_gone(&self, row: &str) -> bool {
        let Some(gone) = self.registers.get(&format!("{row}{GONE}")) else { return false };
        let removals: Vec<Dot> =
            gone.heads().filter(|w| w.value == Value::Bool(true)).map(|w| w.dot).collect();
        !removals.is_empty()
            && self
                .registers
                .range(row.to_owned()..)
                .take_while(|(p, _)| p.starts_with(row))
                .flat_map(|(_, r)| r.heads())
                .all(|w| removals.iter().any(|r| *r == w.dot || self.seen(*r, w.dot)))
    }

    /// Fields whose standing values differ.
    pub fn conflicts(&self) -> impl Iterator<Item = (&str, &Register)> {
        self.registers().filter(|(_, r)| r.conflict())
    }

    /// All events, in causal order.
    pub fn timeline(&self) -> &[EventRec] {
        &self.timeline
    }

    /// Where the workflow stands.
    pub fn flow(&self) -> &Flow {
        &self.flow
    }

    /// The workflow's state.
    pub fn state(&self) -> Option<&str> {
        self.flow.state.as_deref()
    }

    /// The official number.
    pub fn number(&self) -> Option<&str> {
        self.number.as_deref()
    }

    /// The numbers of its papers, in the order of their names.
    pub fn papers(&self) -> impl Iterator<Item = (&Paper, &str)> {
        self.papers.iter().map(|(paper, number)| (paper, number.as_str()))
    }

    /// When the authority took an operation in.
    pub fn received(&self, dot: Dot) -> Option<Received> {
        self.received.get(&dot).copied()
    }

    /// Operations the authority refused, with their codes.
    pub fn rejected(&self) -> &BTreeMap<Dot, String> {
        &self.rejected
    }

    /// Files, with the operation that named them.
    pub fn blobs(&self) -> &[(Dot, BlobRef)] {
        &self.blobs
    }

    /// Operations whose body does not fit its kind: visible, without effect.
    pub fn quarantine(&self) -> &[Dot] {
        &self.quarantine
    }

    /// Operations held whole that nobody here understands: the body does not fit its kind, or the kind is of a later
    /// version.
    pub fn not_understood(&self) -> usize {
        let unknown = |entry: &Entry| {
            entry.text.is_some() && entry.body().is_none_or(|body| matches!(body, Body::Unknown))
        };
        self.entries.values().filter(|entry| unknown(entry)).count()
    }

    /// The area it lies in.
    pub fn area(&self) -> Option<&str> {
        self.text("@area")
    }

    /// Whether everyone in the tenant may read it.
    pub fn for_all(&self) -> bool {
        self.get("@all") == Some(&Value::Bool(true))
    }

    /// Units it is shared with.
    pub fn units(&self) -> Vec<&str> {
        self.shared("@unit/")
    }

    /// Accounts it is shared with by name.
    pub fn users(&self) -> Vec<&str> {
        self.shared("@user/")
    }

    fn shared(&self, prefix: &str) -> Vec<&str> {
        self.registers
            .range(prefix.to_owned()..)
            .take_while(|(p, _)| p.starts_with(prefix))
            .filter(|(_, r)| r.value() == Some(&Value::Bool(true)))
            .map(|(p, _)| &p[prefix.len()..])
            .collect()
    }

    /// Places of the operations held, with author, time and kind, in order of dot. A save that bears several names
    /// comes once.
    pub fn ops(&self) -> impl Iterator<Item = (Dot, &str, Hlc, &str)> {
        self.counting().map(|(dot, e)| (*dot, e.user.as_str(), e.hlc, e.kind.as_str()))
    }
}
