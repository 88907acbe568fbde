//! The other side of a run: a server in memory, or a share.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use gridbook_log::{Entity, EntityId, Op};

use super::share::FakeShare;
use crate::model::Model;
use crate::share::ShareKind;

/// What a run is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// The server in memory.
    #[default]
    Memory,
    /// A share of this kind.
    Share(ShareKind),
}

pub(crate) enum Backend {
    Model(Box<Model>),
    Share(Box<FakeShare>),
}

impl Backend {
    pub(crate) fn new(kind: Kind) -> Self {
        match kind {
            Kind::Memory => Self::Model(Box::default()),
            Kind::Share(kind) => Self::Share(Box::new(FakeShare::new(kind))),
        }
    }

    /// Shares know no rights.
    pub(crate) fn grant(&mut self, user: &str, areas: BTreeSet<String>) {
        if let Self::Model(model) = self {
            model.grant(user, areas);
        }
    }

    /// Grows with everything stored.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Model(model) => model.len(),
            Self::Share(share) => share.changes(),
        }
    }

    /// All entities, folded.
    pub(crate) fn entities(&self) -> Cow<'_, BTreeMap<EntityId, Entity>> {
        match self {
            Self::Model(model) => Cow::Borrowed(model.entities()),
            Self::Share(share) => {
                let mut entities: BTreeMap<EntityId, Entity> = BTreeMap::new();
                for op in share.ops().into_iter().filter_map(|op| Op::from_wire(op).ok()) {
                    let id = op.entity();
                    entities.entry(id).or_insert_with(|| Entity::new(id, None)).apply(&op);
                }
                Cow::Owned(entities)
            }
        }
    }

    /// Whether `user` sees an entity now.
    pub(crate) fn sees(&self, user: &str, id: EntityId) -> bool {
        match self {
            Self::Model(model) => model.sees(user, id, model.len()),
            Self::Share(_) => true,
        }
    }

    pub(crate) fn has_blob(&self, sha256: &str) -> bool {
        match self {
            Self::Model(model) => model.has_blob(sha256),
            Self::Share(share) => share.has_blob(sha256),
        }
    }
}
