//! A device: one database, one account, up to two tabs, a clock that may be wrong.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use gridbook_log::{Entity, EntityId, OpId};

use super::{Rng, now};
use crate::driver::identity;
use crate::engine::{Engine, Output};
use crate::env::Env;
use crate::memory::MemoryStore;
use crate::replica::{Project, Replica};

/// The simulator's lists show how many operations an entity has.
pub(crate) struct Count;

impl Project for Count {
    type Summary = u32;

    fn summary(&self, entity: &Entity) -> u32 {
        u32::try_from(entity.have().len()).unwrap_or(u32::MAX)
    }
}

/// The device's view of time and chance.
pub(crate) struct DeviceEnv {
    pub(crate) now: Rc<Cell<u64>>,
    pub(crate) offset: Cell<i64>,
    pub(crate) rng: RefCell<Rng>,
}

impl Env for DeviceEnv {
    fn now_ms(&self) -> u64 {
        self.now.get().saturating_add_signed(self.offset.get())
    }

    fn random(&self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.rng.borrow_mut().draw() as u8;
        }
    }
}

/// An open tab.
pub(crate) struct OpenTab {
    pub(crate) replica: Replica<Rc<MemoryStore>, Count>,
    pub(crate) engine: Engine,
    pub(crate) queue: VecDeque<Output>,
    pub(crate) timer: u64,
    pub(crate) refused: BTreeSet<String>,
    pub(crate) seen: BTreeMap<EntityId, usize>,
}

pub(crate) struct Device {
    pub(crate) user: String,
    pub(crate) store: Rc<MemoryStore>,
    pub(crate) env: Rc<DeviceEnv>,
    pub(crate) tabs: Vec<Option<OpenTab>>,
    pub(crate) lives: Vec<u32>,
    /// Saves that were acknowledged to the person.
    pub(crate) saved: Vec<OpId>,
    /// Photos that were acknowledged to the person.
    pub(crate) photos: Vec<String>,
}

impl Device {
    pub(crate) fn new(user: &str, env: Rc<DeviceEnv>, tabs: usize) -> Self {
        Self {
            user: user.to_owned(),
            store: Rc::new(MemoryStore::default()),
            env,
            tabs: (0..tabs).map(|_| None).collect(),
            lives: vec![0; tabs],
            saved: Vec::new(),
            photos: Vec::new(),
        }
    }

    /// Opens a tab if it is not open. A store that fails at that moment leaves it closed.
    pub(crate) fn open(&mut self, tab: usize) -> bool {
        if self.tabs[tab].is_some() {
            return false;
        }
        let Ok(replica) = now(Replica::open(self.store.clone(), Count, &self.env, &self.user)) else {
            return false;
        };
        self.lives[tab] += 1;
        let engine = Engine::new(identity(&replica));
        self.tabs[tab] = Some(OpenTab {
            replica,
            engine,
            queue: VecDeque::new(),
            timer: 0,
            refused: BTreeSet::new(),
            seen: BTreeMap::new(),
        });
        true
    }

    pub(crate) fn kill(&mut self, tab: usize) {
        self.tabs[tab] = None;
    }
}
