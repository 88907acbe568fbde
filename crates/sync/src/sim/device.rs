//! A device: one database, one account, up to two tabs, a clock that may be wrong.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use gridbook_log::{DeviceId, Entity, EntityId, Header, Hlc, OpId, WireOp};
use serde::{Deserialize, Serialize};

use super::backend::Backend;
use super::hand::{self, Hand, Keys};
use super::share::PipeWire;
use super::{Rng, now};
use crate::authors::Checked;
use crate::driver::{Http, identity};
use crate::engine::{Engine, Output, PART, Request, Response};
use crate::env::Env;
use crate::memory::{Fault, MemoryStore};
use crate::replica::{Project, Replica, ReplicaError};
use crate::share::{Setup, Share};
use crate::store::{Batch, Store, Table, scan_all};

/// The simulator's lists show how many operations an entity has.
pub(crate) struct Count;

/// A row of the simulator's lists. Stored as its number; who folded it also knows which saves those are.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "u32", into = "u32")]
pub(crate) struct Shown {
    pub(crate) count: u32,
    /// By device and its clock, which gives no time twice: a new name changes neither.
    pub(crate) saves: Option<Rc<BTreeSet<(DeviceId, Hlc)>>>,
}

impl From<u32> for Shown {
    fn from(count: u32) -> Self {
        Self { count, saves: None }
    }
}

impl From<Shown> for u32 {
    fn from(shown: Shown) -> Self {
        shown.count
    }
}

impl PartialEq for Shown {
    fn eq(&self, other: &Self) -> bool {
        self.count == other.count
    }
}

impl Project for Count {
    type Summary = Shown;

    fn summary(&self, entity: &Entity) -> Shown {
        let saves = entity.ops().map(|(dot, _, hlc, _)| (dot.writer.dev, hlc)).collect();
        let count = u32::try_from(entity.have().len()).unwrap_or(u32::MAX);
        Shown { count, saves: Some(Rc::new(saves)) }
    }
}

/// The device's view of time and chance.
pub(crate) struct DeviceEnv {
    pub(crate) now: Rc<Cell<u64>>,
    pub(crate) offset: Cell<i64>,
    /// Where the clock stands still.
    pub(crate) frozen: Cell<Option<u64>>,
    pub(crate) rng: RefCell<Rng>,
}

impl DeviceEnv {
    /// A clock that is wrong by `offset` milliseconds; chance is to be added.
    pub(crate) fn at(now: Rc<Cell<u64>>, offset: i64) -> Self {
        Self { now, offset: Cell::new(offset), frozen: Cell::new(None), rng: RefCell::new(Rng::new(0)) }
    }
}

impl Env for DeviceEnv {
    fn now_ms(&self) -> u64 {
        self.frozen.get().unwrap_or_else(|| self.now.get().saturating_add_signed(self.offset.get()))
    }

    fn random(&self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.rng.borrow_mut().draw() as u8;
        }
    }
}

/// A tab's connection to a share: what it has asked for is under way in many small requests.
pub(crate) struct Line {
    pub(crate) wire: PipeWire,
    share: Rc<Share<PipeWire, Rc<DeviceEnv>>>,
    /// Signs what leaves and judges what comes; `None` for a program of before signatures.
    pub(crate) hand: Option<Rc<Hand>>,
    keys: Rc<dyn Keys>,
    flights: Vec<(u64, Flight)>,
}

type Flight = Pin<Box<dyn Future<Output = Response>>>;

impl Line {
    pub(crate) fn start(&mut self, number: u64, mut request: Request, blob: Option<Vec<u8>>) {
        if let Request::Push(push) = &mut request {
            // Somebody may carry them on from there.
            if self.hand.is_none() {
                push.ops.iter_mut().for_each(|op| hand::sign(&*self.keys, op));
            }
        }
        let blob = blob.map(|bytes| request.cut(bytes));
        let (share, hand) = (self.share.clone(), self.hand.clone());
        let flight = async move {
            let authors = hand.as_deref().map(Hand::authors);
            Checked { to: &*share, authors }.send(&request, blob).await
        };
        self.flights.push((number, Box::pin(flight)));
    }

    /// Breaks off what nobody waits for; what has left is on its way all the same.
    pub(crate) fn retain(&mut self, wanted: impl Fn(u64) -> bool) {
        self.flights.retain(|(number, _)| wanted(*number));
    }

    /// What is done.
    pub(crate) fn poll(&mut self) -> Vec<(u64, Response)> {
        let mut done = Vec::new();
        let mut context = Context::from_waker(Waker::noop());
        self.flights.retain_mut(|(number, flight)| match flight.as_mut().poll(&mut context) {
            Poll::Ready(response) => {
                done.push((*number, response));
                false
            }
            Poll::Pending => true,
        });
        done
    }
}

/// An open tab.
pub(crate) struct OpenTab {
    pub(crate) replica: Rc<Replica<Rc<MemoryStore>, Count>>,
    pub(crate) engine: Engine,
    /// To a share, if that is the backend.
    pub(crate) line: Option<Line>,
    pub(crate) queue: VecDeque<Output>,
    pub(crate) timer: u64,
    pub(crate) refused: BTreeSet<String>,
    /// Rows of the queue with which photos were begun.
    pub(crate) begun: BTreeMap<String, Vec<u8>>,
    pub(crate) seen: BTreeMap<EntityId, Shown>,
}

/// A save that was acknowledged to the person.
pub(crate) struct Kept {
    pub(crate) id: OpId,
    /// What its device's clock said: the same under whatever name it arrives.
    pub(crate) hlc: Hlc,
    /// What tells its content apart, under whatever name it arrives.
    pub(crate) mark: Option<String>,
}

impl Kept {
    /// Whether this is the save, under its own name or another.
    fn is(&self, id: OpId, wire: &WireOp) -> bool {
        let same = || Header::parse(&wire.h).is_ok_and(|header| header.hlc == self.hlc);
        id.entity == self.id.entity
            && (id.dot == self.id.dot || id.dot.writer.dev == self.id.dot.writer.dev && same())
    }
}

pub(crate) struct Device {
    /// Number of its backend.
    pub(crate) home: usize,
    backend: Backend,
    pub(crate) user: String,
    pub(crate) store: Rc<MemoryStore>,
    pub(crate) env: Rc<DeviceEnv>,
    pub(crate) tabs: Vec<Option<OpenTab>>,
    pub(crate) lives: Vec<u32>,
    /// Saves that were acknowledged to the person.
    pub(crate) saved: Vec<Kept>,
    /// Another device has, or had, the same database: a new name is no surprise.
    pub(crate) copied: bool,
    /// Photos that were acknowledged to the person.
    pub(crate) photos: Vec<String>,
    /// Whether its program signs and checks, at a share.
    signs: bool,
}

impl Device {
    pub(crate) fn new(
        home: usize,
        backend: Backend,
        user: &str,
        env: Rc<DeviceEnv>,
        tabs: usize,
        signs: bool,
    ) -> Self {
        Self {
            home,
            signs,
            backend,
            user: user.to_owned(),
            store: Rc::new(MemoryStore::default()),
            env,
            tabs: (0..tabs).map(|_| None).collect(),
            lives: vec![0; tabs],
            saved: Vec::new(),
            photos: Vec::new(),
            copied: false,
        }
    }

    /// Another device with the same database, as it stands now.
    pub(crate) fn copy(&mut self, env: Rc<DeviceEnv>, tabs: usize) -> Self {
        self.copied = true;
        let copy = Self::new(self.home, self.backend.clone(), &self.user, env, tabs, self.signs);
        copy.fill(&self.store);
        Self { copied: true, ..copy }
    }

    /// Takes over all that another store holds, as it stands now.
    fn fill(&self, from: &MemoryStore) {
        let mut batch = Batch::default();
        for table in Table::ALL {
            for (key, bytes) in now(scan_all(from, table)).unwrap_or_default() {
                batch.put(table, key, bytes);
            }
        }
        // A store in memory that was told of no fault takes everything.
        let _ = now(self.store.commit(batch));
    }

    /// Its store is gone with all in it, or an older copy of it is put back (`older`); the app is opened again later.
    /// What had not arrived at the backend is lost with it, and is no longer looked for.
    ///
    /// # Errors
    /// When the store cannot be read before that.
    pub(crate) fn lose_store(&mut self, older: Option<&Self>) -> Result<(), String> {
        (0..self.tabs.len()).for_each(|tab| self.kill(tab));
        // What is looked at here no program opens: no fault that was to come belongs to it.
        self.store.fail_next(Fault::None);
        let before = self.open_anew().map_err(|e| e.to_string())?;
        // What was refused waits there, too; nobody opens this store again.
        now(before.release_held(None)).map_err(|e| e.to_string())?;
        let none = BTreeSet::new();
        let lost = now(before.outbox(&none, usize::MAX - 1, usize::MAX)).map_err(|e| e.to_string())?;
        let lost: Vec<(OpId, WireOp)> = lost.ids.into_iter().zip(lost.ops).collect();
        // Nor does this say which they are that wait for a new name.
        let nameless = before.unsent().held > 0;
        let rows = before.rows();
        let unsent = |kept: &Kept| rows.get(&kept.id.entity).is_some_and(|row| row.unsent > 0);
        self.saved
            .retain(|kept| !(lost.iter().any(|(id, wire)| kept.is(*id, wire)) || nameless && unsent(kept)));
        drop(rows);
        let queue = now(scan_all(&self.store, Table::BlobQueue)).map_err(|e| e.to_string())?;
        self.photos.retain(|photo| queue.iter().all(|(name, _)| name != photo));
        self.store = Rc::new(MemoryStore::default());
        if let Some(older) = older {
            self.copied = true;
            self.fill(&older.store);
        }
        Ok(())
    }

    /// Whether its backend is told the real sizes of photos and takes their bytes.
    pub(crate) fn sends_bytes(&self) -> bool {
        !matches!(self.backend, Backend::Model(_))
    }

    /// Opens a tab if it is not open. A store that fails at that moment leaves it closed.
    pub(crate) fn open(&mut self, tab: usize) -> bool {
        if self.tabs[tab].is_some() {
            return false;
        }
        let Ok(replica) = self.open_anew() else {
            return false;
        };
        self.lives[tab] += 1;
        let replica = Rc::new(replica);
        let engine = Engine::new(identity(&replica));
        let line = match &self.backend {
            Backend::Model(_) | Backend::Server(_) => None,
            Backend::Share { kind, authority, keys, .. } => {
                let wire = PipeWire::default();
                let slot = u16::try_from(tab).unwrap_or_default();
                let setup = Setup { kind: *kind, slot, tenant: "t1".to_owned(), authority: *authority };
                let share = Share::new(wire.clone(), self.env.clone(), setup).with_parts(PART, PART / 2);
                let share = Rc::new(share);
                let hand = self.signs.then(|| Rc::new(Hand::new(replica.clone(), keys.clone())));
                Some(Line { wire, share, hand, keys: keys.clone(), flights: Vec::new() })
            }
        };
        self.tabs[tab] = Some(OpenTab {
            replica,
            engine,
            line,
            queue: VecDeque::new(),
            timer: 0,
            refused: BTreeSet::new(),
            begun: BTreeMap::new(),
            seen: BTreeMap::new(),
        });
        true
    }

    /// What one more tab would read.
    pub(crate) fn open_anew(&self) -> Result<Replica<Rc<MemoryStore>, Count>, ReplicaError> {
        now(Replica::open(self.store.clone(), Count, &self.env, &self.user))
    }

    pub(crate) fn kill(&mut self, tab: usize) {
        self.tabs[tab] = None;
    }
}
