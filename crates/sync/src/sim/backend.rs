//! The other side of a run: a server in memory, a share, or one of each.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use gridbook_log::{DeviceId, Entity, EntityId, Op};

use super::share::FakeShare;
use crate::model::{AUTHORITY, Model};
use crate::share::ShareKind;

/// What a run is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// The server in memory.
    #[default]
    Memory,
    /// A share of this kind.
    Share(ShareKind),
    /// The server in memory and a share of this kind, with devices at both and a client that carries from each to
    /// the other.
    Two(ShareKind),
}

/// One backend; shared, because the client between two of them speaks to it directly.
#[derive(Clone)]
pub(crate) enum Backend {
    Model(Rc<RefCell<Model>>),
    Share {
        share: Rc<RefCell<FakeShare>>,
        kind: ShareKind,
        /// Whose receipts count there.
        authority: Option<DeviceId>,
    },
}

impl Backend {
    /// The backends of a run.
    pub(crate) fn all(kind: Kind) -> Vec<Self> {
        let share = |kind, authority| Self::Share {
            share: Rc::new(RefCell::new(FakeShare::new(kind))),
            kind,
            authority,
        };
        match kind {
            Kind::Memory => vec![Self::Model(Rc::default())],
            Kind::Share(kind) => vec![share(kind, None)],
            Kind::Two(kind) => {
                let mut model = Model::default();
                model.trust(super::bridge::is_signed);
                vec![Self::Model(Rc::new(RefCell::new(model))), share(kind, Some(AUTHORITY))]
            }
        }
    }

    /// Shares know no rights.
    pub(crate) fn grant(&self, user: &str, areas: BTreeSet<String>) {
        if let Self::Model(model) = self {
            model.borrow_mut().grant(user, areas);
        }
    }

    /// Grows with everything stored.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Model(model) => model.borrow().len(),
            Self::Share { share, .. } => share.borrow().changes(),
        }
    }

    /// All entities, folded.
    pub(crate) fn entities(&self) -> BTreeMap<EntityId, Entity> {
        match self {
            Self::Model(model) => model.borrow().entities().clone(),
            Self::Share { share, authority, .. } => {
                let mut entities: BTreeMap<EntityId, Entity> = BTreeMap::new();
                for op in share.borrow().ops().into_iter().filter_map(|op| Op::from_wire(op).ok()) {
                    let id = op.entity();
                    entities.entry(id).or_insert_with(|| Entity::new(id, *authority)).apply(&op);
                }
                entities
            }
        }
    }

    /// Whether `user` sees an entity now.
    pub(crate) fn sees(&self, user: &str, id: EntityId) -> bool {
        match self {
            Self::Model(model) => {
                let model = model.borrow();
                model.sees(user, id, model.len())
            }
            Self::Share { .. } => true,
        }
    }

    pub(crate) fn has_blob(&self, sha256: &str) -> bool {
        match self {
            Self::Model(model) => model.borrow().has_blob(sha256),
            Self::Share { share, .. } => share.borrow().has_blob(sha256),
        }
    }
}
