//! Two records of one household become one, and two again (TERR-13). Nothing is copied or rewritten: the one says into
//! which it went, the other which came to it. Both ids stay, both histories stay readable, and what was recorded about
//! either counts for the one that stands.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use gridbook_log::{Body, Entity, EntityId, Op, map_of};
use serde_json::Value;

use super::party::Parties;
use crate::admit::Refusal;
use crate::form::Values;
use crate::package::Package;
use crate::record::RecordKind;
use crate::role::{Actor, Target, may};
use crate::summary::Summary;

/// The permission to put two households together and apart.
pub const MERGE: &str = "household.merge";
/// Where the one that goes names the one that stays.
pub const INTO: &str = "merged_into";
/// Table of those that came to the one that stays; a row is named by the household's id.
pub const FROM: &str = "merged_from";
/// Status of the one that went.
pub const MERGED: &str = "merged";
const ACTIVE: &str = "active";

/// What is set on the one that goes and on the one that stays.
pub fn put_together(
    gone: EntityId,
    stays: EntityId,
    user: &str,
    today: NaiveDate,
) -> [(EntityId, Values); 2] {
    let day = Value::from(today.to_string());
    [
        (gone, [("status".into(), MERGED.into()), (INTO.into(), stays.to_string().into())].into()),
        (stays, [(format!("{FROM}/{gone}/on"), day), (format!("{FROM}/{gone}/by"), user.into())].into()),
    ]
}

/// What is set on both to make them two again.
pub fn take_apart(gone: EntityId, stays: EntityId) -> [(EntityId, Values); 2] {
    [
        (gone, [("status".into(), ACTIVE.into()), (INTO.into(), Value::Null)].into()),
        (
            stays,
            [(format!("{FROM}/{gone}/on"), Value::Null), (format!("{FROM}/{gone}/by"), Value::Null)].into(),
        ),
    ]
}

/// What a record says of whether it is a household still.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Went {
    status: String,
    into: Option<EntityId>,
}

impl Went {
    /// Reads a stream; `None` when it is no household, or one that was refused.
    pub fn of(entity: &Entity) -> Option<Self> {
        let made = entity.creation().filter(|made| made.rejected.is_none())?;
        (made.create.type_ == RecordKind::Household.as_str()).then(|| {
            let status = entity.text("status").unwrap_or_default().to_owned();
            let into = entity.text(INTO).and_then(EntityId::parse);
            let into = into.filter(|into| status == MERGED && *into != entity.id());
            Self { status, into }
        })
    }

    /// The household that it went into.
    pub const fn other(&self) -> Option<EntityId> {
        self.into
    }

    /// As [`Merges::gone`], by the records alone that it went through.
    fn is_gone(&self, id: EntityId, known: &dyn Fn(EntityId) -> Option<Self>) -> bool {
        let mut ways = BTreeMap::new();
        let (mut at, mut next) = (id, self.into);
        while let Some(into) = next.filter(|_| !ways.contains_key(&at)) {
            ways.insert(at, into);
            at = into;
            next = known(at).and_then(|went| went.into);
        }
        Merges(ways).counts_out(id, &self.status)
    }
}

/// The household into which an operation lets another go: the record by which [`among`] judges it. Whoever judges has
/// it at hand, and what it went into itself.
pub fn named(op: &Op) -> Option<EntityId> {
    written(op)?.get(INTO)?.as_str().and_then(EntityId::parse)
}

/// Judges a merge by the other records that it speaks of, as far as they are `known` where it is judged. Whoever wrote
/// it without a network could not know what had become of them meanwhile: into a household that was cancelled, split or
/// merged away itself nothing goes, or both would be out of all lists. Of a ring one stands, and takes others in.
///
/// # Errors
/// [`Refusal::HouseholdGone`]
pub fn among(op: &Op, known: &dyn Fn(EntityId) -> Option<Went>) -> Result<(), Refusal> {
    let came = |set: &Values| {
        let row = |(path, value): (&String, &Value)| path.split('/').next() == Some(FROM) && !value.is_null();
        set.iter().any(row)
    };
    let itself = written(op).filter(|set| came(set)).map(|_| op.entity());
    let gone = |id: EntityId| known(id).is_some_and(|went| went.is_gone(id, known));
    if named(op).into_iter().chain(itself).any(gone) { Err(Refusal::HouseholdGone) } else { Ok(()) }
}

/// Whether an operation may end a household, or make it one again: whoever judges merges has an eye on its stream.
pub(crate) fn ends(op: &Op) -> bool {
    let said = |set: &Values| {
        let over = set.get("status").and_then(Value::as_str).is_some_and(over);
        over || set.contains_key(INTO)
    };
    written(op).is_some_and(said)
}

/// What an operation writes of a merge, if it is one that can.
fn written(op: &Op) -> Option<&Values> {
    match op.body() {
        Ok(Body::Create(create)) if create.type_ == RecordKind::Household.as_str() => Some(&create.set),
        Ok(Body::Set(set)) => Some(&set.set),
        _ => None,
    }
}

/// Which households went into which others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Merges(BTreeMap<EntityId, EntityId>);

impl Merges {
    /// Reads them off rows of a list.
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a Summary>) -> Self {
        let gone = rows.into_iter().filter(|row| row.kind == RecordKind::Household && !row.rejected);
        Self(map_of(gone.filter_map(|row| Some((row.id, row.household.filter(|into| *into != row.id)?)))))
    }

    /// The household that stands for this one: itself, unless it was merged. Where two people merged two households
    /// into each other, the one with the lower id stands, everywhere.
    pub fn standing(&self, id: EntityId) -> EntityId {
        standing(&self.0, id)
    }

    /// Whether it is not shown any more because another stands for it.
    pub fn hides(&self, id: EntityId) -> bool {
        self.standing(id) != id
    }

    /// Whether it is a household that is no more one, for lists, searches and counts: cancelled, split, or one for which
    /// another stands. Of those that went into each other one stands, though all of them say that they went.
    pub fn gone(&self, row: &Summary) -> bool {
        row.kind == RecordKind::Household && self.counts_out(row.id, &row.state)
    }

    fn counts_out(&self, id: EntityId, status: &str) -> bool {
        over(status) && (!self.0.contains_key(&id) || self.hides(id))
    }

    /// The households that stand for these, each once, in the same order.
    pub fn stand_for<'i>(&self, ids: impl IntoIterator<Item = &'i EntityId>) -> Vec<EntityId> {
        let mut found: Vec<EntityId> = Vec::new();
        let mut seen = BTreeSet::new();
        found.extend(ids.into_iter().map(|id| self.standing(*id)).filter(|id| seen.insert(*id)));
        found
    }

    /// The household with all that went into it.
    pub fn whole(&self, id: EntityId) -> Vec<EntityId> {
        let stands = self.standing(id);
        let others =
            self.0.keys().copied().filter(|other| *other != stands && self.standing(*other) == stands);
        std::iter::once(stands).chain(others).collect()
    }
}

/// Follows what went into what to the one that stands; of a ring the lowest one does.
pub(super) fn standing<K: Ord + Copy>(ways: &BTreeMap<K, K>, from: K) -> K {
    let mut way = vec![from];
    let mut at = from;
    while let Some(next) = ways.get(&at).copied() {
        if let Some(turn) = way.iter().position(|seen| *seen == next) {
            return way[turn..].iter().copied().min().unwrap_or(from);
        }
        way.push(next);
        at = next;
    }
    at
}

/// Whether a household says of itself by this status that it is one no more. Lists and counts ask [`Merges::gone`].
pub(crate) fn over(status: &str) -> bool {
    matches!(status, "cancelled" | MERGED | "split")
}

/// The households that count, in a plan or a figure: those that stand, each with the categories of all that went into
/// it, and with those that follow from open disputes. Those that were refused, cancelled or split are left
/// out.
pub fn homes<'a>(rows: impl IntoIterator<Item = &'a Summary> + Clone) -> Vec<Cow<'a, Summary>> {
    let merges = Merges::of(rows.clone());
    let houses = |row: &&'a Summary| row.kind == RecordKind::Household && !row.rejected;
    let mut came: BTreeMap<EntityId, Vec<&'a String>> = BTreeMap::new();
    for row in rows.clone().into_iter().filter(houses).filter(|row| merges.hides(row.id)) {
        came.entry(merges.standing(row.id)).or_default().extend(&row.categories);
    }
    let parties = Parties::of(rows.clone(), &merges);
    let one = |row: &'a Summary| {
        let (came, party) = (came.get(&row.id), parties.words(row));
        if came.is_none() && party.is_empty() {
            return Cow::Borrowed(row);
        }
        let mut whole = row.clone();
        if came.is_some() {
            ACTIVE.clone_into(&mut whole.state);
        }
        for word in came.into_iter().flatten().copied().chain(&party) {
            if !whole.categories.contains(word) {
                whole.categories.push(word.clone());
            }
        }
        Cow::Owned(whole)
    };
    rows.into_iter().filter(houses).filter(|row| !merges.gone(row)).map(one).collect()
}

/// Judges what an operation says of a merge.
pub(crate) fn judge(
    package: &Package,
    actor: &Actor,
    area: &str,
    itself: Option<EntityId>,
    set: &Values,
    today: NaiveDate,
) -> Result<(), Refusal> {
    let named = |path: &String| path == INTO || path.split('/').next() == Some(FROM);
    let mut touched = set.iter().filter(|(path, _)| named(path)).peekable();
    if touched.peek().is_none() {
        return Ok(());
    }
    let target = Target::new(RecordKind::Household, area, None);
    if !may(package, actor, MERGE, &target, today) {
        return Err(Refusal::NotPermitted(MERGE.to_owned()));
    }
    let id_of = |path: &String, value: &Value| match path.strip_prefix("merged_from/") {
        Some(row) => row.split('/').next().and_then(EntityId::parse),
        None => value.as_str().and_then(EntityId::parse),
    };
    for (path, value) in touched {
        let other = id_of(path, value);
        let clears = path == INTO && value.is_null();
        if !clears && (other.is_none() || other == itself) {
            return Err(Refusal::BadBody(path.clone()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
