//! The other side of a run: a server in memory, a share, or one of each.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use gridbook_log::{DeviceId, Entity, EntityId, Hash, Op};

use super::hand::{Cheap, Keys};
use super::server::{Granted, Server};
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
    /// A server outside this crate (`run_against`).
    Server,
    /// The same and a share of this kind, as [`Kind::Two`] (`run_beside`).
    Beside(ShareKind),
}

impl Kind {
    /// Whether the backend keeps rights and answers as a server does.
    pub(crate) fn judges(self) -> bool {
        matches!(self, Self::Memory | Self::Server)
    }

    /// Whether there are two backends.
    pub(crate) fn is_two(self) -> bool {
        matches!(self, Self::Two(_) | Self::Beside(_))
    }

    /// Whether the server is outside this crate.
    pub(crate) fn is_outside(self) -> bool {
        matches!(self, Self::Server | Self::Beside(_))
    }

    /// The share, if there is one.
    pub(crate) fn share(self) -> Option<ShareKind> {
        match self {
            Self::Memory | Self::Server => None,
            Self::Share(share) | Self::Two(share) | Self::Beside(share) => Some(share),
        }
    }
}

/// One backend; shared, because the client between two of them speaks to it directly.
#[derive(Clone)]
pub(crate) enum Backend {
    Model(Rc<RefCell<Model>>),
    Server(Granted),
    Share {
        share: Rc<RefCell<FakeShare>>,
        kind: ShareKind,
        /// Whose receipts count there.
        authority: Option<DeviceId>,
        /// What those sign with who write there.
        keys: Rc<dyn Keys>,
    },
}

impl Backend {
    /// The backends of a run.
    pub(crate) fn all(kind: Kind, server: Option<Rc<dyn Server>>) -> Vec<Self> {
        let share = |kind, authority, keys| Self::Share {
            share: Rc::new(RefCell::new(FakeShare::new(kind))),
            kind,
            authority,
            keys,
        };
        match kind {
            Kind::Memory => vec![Self::Model(Rc::default())],
            Kind::Server => server.into_iter().map(|server| Self::Server(Granted::new(server))).collect(),
            Kind::Beside(kind) => {
                let both = |server: Rc<dyn Server>| {
                    let beside = share(kind, Some(server.authority()), server.keys());
                    [Self::Server(Granted::new(server)), beside]
                };
                server.into_iter().flat_map(both).collect()
            }
            Kind::Share(kind) => vec![share(kind, None, Rc::new(Cheap))],
            Kind::Two(kind) => {
                let mut model = Model::default();
                model.trust(super::hand::is_signed);
                vec![Self::Model(Rc::new(RefCell::new(model))), share(kind, Some(AUTHORITY), Rc::new(Cheap))]
            }
        }
    }

    /// Whose answers count.
    pub(crate) fn authority(&self) -> Option<DeviceId> {
        match self {
            Self::Model(_) => Some(AUTHORITY),
            Self::Server(granted) => Some(granted.server.authority()),
            Self::Share { authority, .. } => *authority,
        }
    }

    /// Shares know no rights.
    pub(crate) fn grant(&self, user: &str, areas: BTreeSet<String>, at: u64) {
        match self {
            Self::Model(model) => model.borrow_mut().grant(user, areas),
            Self::Server(granted) => granted.grant(user, areas, at),
            Self::Share { .. } => {}
        }
    }

    /// Whether this is a server, which a backup takes back under another history.
    pub(crate) fn is_server(&self) -> bool {
        !matches!(self, Self::Share { .. })
    }

    /// Grows with everything stored.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Model(model) => model.borrow().len(),
            Self::Server(granted) => granted.server.len(),
            Self::Share { share, .. } => share.borrow().changes(),
        }
    }

    /// All entities, folded, without what was `forged`.
    pub(crate) fn entities(&self, forged: &BTreeSet<Hash>) -> BTreeMap<EntityId, Entity> {
        match self {
            Self::Model(model) => model.borrow().entities().clone(),
            Self::Server(granted) => granted.entities(),
            Self::Share { share, authority, .. } => {
                let mut entities: BTreeMap<EntityId, Entity> = BTreeMap::new();
                let ops = share.borrow().ops().into_iter().filter_map(|op| Op::from_wire(op).ok());
                for op in ops.filter(|op| !forged.contains(op.hash())) {
                    let id = op.entity();
                    entities.entry(id).or_insert_with(|| Entity::new(id, *authority)).apply(&op);
                }
                entities
            }
        }
    }

    /// Whether `user` sees an entity now.
    pub(crate) fn sees(&self, user: &str, entity: &Entity) -> bool {
        match self {
            Self::Model(model) => {
                let model = model.borrow();
                model.sees(user, entity.id(), model.len())
            }
            Self::Server(granted) => granted.sees(user, entity),
            Self::Share { .. } => true,
        }
    }

    /// What is kept apart for whoever decides.
    pub(crate) fn aside(&self) -> Vec<Op> {
        match self {
            Self::Server(granted) => granted.server.aside(),
            Self::Model(_) | Self::Share { .. } => Vec::new(),
        }
    }

    pub(crate) fn has_blob(&self, sha256: &str) -> bool {
        match self {
            Self::Model(model) => model.borrow().has_blob(sha256),
            Self::Server(granted) => granted.server.has_blob(sha256),
            Self::Share { share, .. } => share.borrow().has_blob(sha256),
        }
    }
}
