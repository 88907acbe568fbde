//! A server that is not in this crate, behind the simulator's network: the reference server on its database.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use gridbook_log::{DeviceId, Entity, EntityId, Op};

use super::hand::Keys;
use crate::engine::{Request, Response};

/// What the simulator asks of it, one thing at a time.
pub trait Server {
    /// Answers a request of `user` at that time, in milliseconds since 1970; `blob` holds the bytes of a photo, or of the
    /// part of it that goes up.
    fn answer(&self, user: &str, request: &Request, blob: Option<Vec<u8>>, at: u64) -> Response;
    /// Gives `user` exactly these area prefixes from now on.
    fn grant(&self, user: &str, areas: &BTreeSet<String>, at: u64);
    /// The keys of devices, real ones: it checks what they signed.
    fn keys(&self) -> Rc<dyn Keys>;
    /// Takes the key of a device of `user`, as when somebody signs in there.
    fn register(&self, user: &str, dev: DeviceId, at: u64);
    /// The device whose answers count.
    fn authority(&self) -> DeviceId;
    /// Every operation stored; of one that was refused what its author had sent.
    fn ops(&self) -> Vec<Op>;
    /// What it keeps apart for whoever decides, for its author no longer sees the entity.
    fn aside(&self) -> Vec<Op> {
        Vec::new()
    }
    /// How far its sequence has come.
    fn len(&self) -> usize;
    /// Whether nothing was ever stored.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Whether a photo is stored.
    fn has_blob(&self, sha256: &str) -> bool;
    /// Loses what has come of photos that are not whole. Whether there was anything of the kind.
    fn lose_parts(&self) -> bool;
    /// Makes a backup.
    fn back_up(&self, at: u64);
    /// Puts the backup back, if there is one, and starts again. Its history has another name then.
    fn restore(&self, at: u64) -> bool;
}

/// A server with what was granted there.
#[derive(Clone)]
pub(crate) struct Granted {
    pub(crate) server: Rc<dyn Server>,
    rights: Rc<RefCell<BTreeMap<String, BTreeSet<String>>>>,
    /// Whose devices' keys it has.
    registered: Rc<RefCell<BTreeMap<DeviceId, String>>>,
}

impl Granted {
    pub(crate) fn new(server: Rc<dyn Server>) -> Self {
        Self { server, rights: Rc::default(), registered: Rc::default() }
    }

    pub(crate) fn grant(&self, user: &str, areas: BTreeSet<String>, at: u64) {
        self.server.grant(user, &areas, at);
        self.rights.borrow_mut().insert(user.to_owned(), areas);
    }

    /// An account that may write, whether it reads anything or not.
    pub(crate) fn welcome(&self, user: &str, at: u64) {
        if !self.rights.borrow().contains_key(user) {
            self.grant(user, BTreeSet::new(), at);
        }
    }

    /// Makes the key of a device known there, once.
    pub(crate) fn register(&self, user: &str, dev: DeviceId, at: u64) {
        if self.registered.borrow_mut().insert(dev, user.to_owned()).is_none() {
            self.server.register(user, dev, at);
        }
    }

    /// Puts the backup back; the administrator gives everybody the rights they had, and who signs in again brings the
    /// device's key.
    pub(crate) fn restore(&self, at: u64) -> bool {
        let restored = self.server.restore(at);
        for (user, areas) in self.rights.borrow().iter().filter(|_| restored) {
            self.server.grant(user, areas, at);
        }
        for (dev, user) in self.registered.borrow().iter().filter(|_| restored) {
            self.server.register(user, *dev, at);
        }
        restored
    }

    /// All entities, folded.
    pub(crate) fn entities(&self) -> BTreeMap<EntityId, Entity> {
        let mut entities: BTreeMap<EntityId, Entity> = BTreeMap::new();
        let authority = Some(self.server.authority());
        let mut ops: BTreeMap<EntityId, Vec<Op>> = BTreeMap::new();
        self.server.ops().into_iter().for_each(|op| ops.entry(op.entity()).or_default().push(op));
        for (id, ops) in ops {
            entities.insert(id, Entity::fold(id, authority, &ops));
        }
        entities
    }

    /// Whether `user` sees an entity: it was made by them, or lies where they may read.
    pub(crate) fn sees(&self, user: &str, entity: &Entity) -> bool {
        let area = entity.area().unwrap_or("");
        entity.creation().is_some_and(|made| made.user == user)
            || self
                .rights
                .borrow()
                .get(user)
                .is_some_and(|areas| areas.iter().any(|a| area.starts_with(a.as_str())))
    }
}
