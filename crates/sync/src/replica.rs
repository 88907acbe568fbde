//! A replica: the log of one account on one device, what it means, and what is still unsent, over a [`Store`].
//!
//! Every write is computed first and committed in one short batch, guarded by a version, so that two tabs on one
//! database can never use the same number twice: the one that comes second reads the journal and computes again.

mod forks;
mod index;
mod office;
mod open;
mod outbox;
mod over;
mod photos;
mod pull;
mod renew;
mod save;
mod summaries;
mod surplus;
mod survey;

use std::cell::{Cell, Ref, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use gridbook_log::{Clock, DeviceId, Entity, EntityId, OpError, Writer, pack};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use index::{Part, Row};
pub use office::{Clerk, OFFICE, Office};
pub use outbox::{Outbox, Unsent};
pub use over::SendAgain;
pub use pull::{Mended, Pulled};
pub use save::{NewBlob, NewWrite, Saved};
pub use survey::Compared;

use crate::memory::version_of;
use crate::store::{Store, StoreError, Table, VERSION_KEY};

/// What the app wants to know of every entity without opening it.
pub trait Project {
    /// The row shown in lists and searched.
    type Summary: Clone + Serialize + DeserializeOwned + 'static;
    /// Makes the row.
    fn summary(&self, entity: &Entity) -> Self::Summary;
}

/// Why a replica could not do something. Nothing was half-written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReplicaError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An operation is outside the format's bounds.
    #[error(transparent)]
    Op(#[from] OpError),
    /// A stored row cannot be read.
    #[error("damaged row in {0}")]
    Damaged(&'static str),
    /// The entity is not on this device.
    #[error("no such entity here")]
    Unknown,
    /// A page of packed operations is not what it says.
    #[error("damaged page")]
    Page,
}

/// Identity and position of a replica; one row, written with every batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// Counts commits; guards against two tabs.
    pub version: u64,
    /// This replica's log identity.
    pub writer: Writer,
    /// Registered with the backend; a clone has another one.
    pub nonce: String,
    /// Never goes back; stored with the operation it stamped.
    pub clock: Clock,
    /// The account.
    pub user: String,
    /// Where the feed goes on; empty before the first pull.
    pub cursor: String,
    /// The backend's history the cursor belongs to.
    pub history: String,
    /// Whose receipts and numbers count.
    pub authority: Option<DeviceId>,
    /// When the last pull reached the end, milliseconds since 1970.
    pub pulled_at: u64,
    /// Entities were purged whose own operations may lie ahead of the cursor, so the feed must not leave ours
    /// out until it has reached its end once.
    pub echo: bool,
    next_log: u32,
    next_page: u32,
    next_journal: u32,
}

struct Inner<P: Project> {
    meta: Meta,
    rows: BTreeMap<EntityId, Row<P::Summary>>,
    /// Numbers used in entities that are gone from this device; none of them has a row.
    gone: BTreeMap<EntityId, u32>,
    pend: BTreeMap<u32, Vec<outbox::Pending>>,
    cache: HashMap<EntityId, Rc<Entity>>,
    loose_rows: usize,
}

/// See the module's text. Cheap to share by reference inside one tab.
pub struct Replica<S: Store, P: Project> {
    store: S,
    project: P,
    inner: RefCell<Inner<P>>,
    /// One writer at a time inside a tab; across tabs the version guards.
    gate: async_lock::Mutex<()>,
    /// The name under which this device answers as the authority, while it does.
    office: Cell<Option<Writer>>,
    /// The lives of this device whose key is known to be its own; `None` where nobody judges by keys.
    lives: RefCell<Option<BTreeSet<Writer>>>,
}

/// Entities kept folded in memory.
const CACHE: usize = 1000;
/// Of one page or save, so many stay folded: nobody looks at all that a first pull brings, and a fold is taken out of
/// memory faster at once than with a thousand others later.
const KEPT: usize = 64;
/// How often a raced commit is computed again before it is reported.
const TRIES: usize = 32;

impl<S: Store, P: Project> Replica<S, P> {
    /// The store, for what the app keeps beside the log.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Identity and position.
    pub fn meta(&self) -> Ref<'_, Meta> {
        Ref::map(self.inner.borrow(), |i| &i.meta)
    }

    /// All rows of the index. Held only for a moment: do not keep the guard across an await.
    pub fn rows(&self) -> Ref<'_, BTreeMap<EntityId, Row<P::Summary>>> {
        Ref::map(self.inner.borrow(), |i| &i.rows)
    }

    /// One folded entity, read from the log when it is not in memory. `None` when it is not on this device.
    ///
    /// # Errors
    /// [`ReplicaError`] when the log cannot be read.
    pub async fn entity(&self, id: EntityId) -> Result<Option<Rc<Entity>>, ReplicaError> {
        self.load(&[id]).await?;
        Ok(self.inner.borrow().cache.get(&id).cloned())
    }

    /// Brings entities into memory: reads each log row once, whatever the number of entities in it.
    async fn load(&self, ids: &[EntityId]) -> Result<(), ReplicaError> {
        self.inner.borrow_mut().trim();
        for _ in 0..TRIES {
            let (wanted, version, authority) = {
                let inner = self.inner.borrow();
                let mut wanted: BTreeMap<u32, Vec<(EntityId, Part)>> = BTreeMap::new();
                for id in ids.iter().filter(|id| !inner.cache.contains_key(*id)) {
                    for part in inner.rows.get(id).map_or(&[][..], |row| &row.parts) {
                        wanted.entry(part.log).or_default().push((*id, *part));
                    }
                }
                (wanted, inner.meta.version, inner.meta.authority)
            };
            if wanted.is_empty() {
                return Ok(());
            }
            let loaded = self.read_parts(wanted).await;
            // Another tab may have purged and moved what we were reading: then places and bytes do not belong
            // together, even where they happen to parse.
            let stored = self.store.get(Table::Meta, VERSION_KEY).await?;
            if version_of(stored.as_deref()) != version {
                self.refresh().await?;
                continue;
            }
            let mut inner = self.inner.borrow_mut();
            for (id, ops) in loaded? {
                inner.remember(Rc::new(Entity::fold(id, authority, &ops)));
            }
            return Ok(());
        }
        Err(StoreError::Raced.into())
    }

    async fn read_parts(
        &self,
        wanted: BTreeMap<u32, Vec<(EntityId, Part)>>,
    ) -> Result<HashMap<EntityId, Vec<gridbook_log::Op>>, ReplicaError> {
        let mut loaded: HashMap<EntityId, Vec<gridbook_log::Op>> = HashMap::new();
        for (log, parts) in wanted {
            let bytes = self.store.get(Table::Log, &key(log)).await?.ok_or(ReplicaError::Damaged("log"))?;
            for (id, part) in parts {
                let frames = bytes.get(part.at as usize..(part.at + part.len) as usize);
                let ops = pack::read_all(frames.ok_or(ReplicaError::Damaged("log"))?)?;
                loaded.entry(id).or_default().extend(ops);
            }
        }
        Ok(loaded)
    }
}

impl<P: Project> Inner<P> {
    /// Makes room before a piece of work, never in the middle of one.
    fn trim(&mut self) {
        if self.cache.len() > CACHE {
            self.cache.clear();
        }
    }

    /// The highest number this writer has used in a stream.
    fn own(&self, id: EntityId) -> u32 {
        self.rows.get(&id).map(|row| row.own).or_else(|| self.gone.get(&id).copied()).unwrap_or(0)
    }

    /// Takes folds out of memory; one that is shown somewhere just now is copied.
    fn take_cached(&mut self, ids: &[EntityId]) -> BTreeMap<EntityId, Entity> {
        let held = ids.iter().filter_map(|id| Some((*id, self.cache.remove(id)?)));
        held.map(|(id, entity)| (id, Rc::try_unwrap(entity).unwrap_or_else(|shown| (*shown).clone())))
            .collect()
    }

    fn remember(&mut self, entity: Rc<Entity>) {
        self.cache.insert(entity.id(), entity);
    }
}

/// Marks changed rows with the version that writes them.
fn stamp<T>(changed: BTreeMap<EntityId, Option<Row<T>>>, version: u64) -> BTreeMap<EntityId, Option<Row<T>>> {
    let mark = |row: Row<T>| Row { version, ..row };
    changed.into_iter().filter(|(_, row)| row.is_some()).map(|(id, row)| (id, row.map(mark))).collect()
}

/// Numbers as keys, so that their order is the order of the texts.
fn key(n: u32) -> String {
    format!("{n:010}")
}

fn pack_row<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_allocvec(value).expect("rows are plain data")
}

fn unpack_row<T: DeserializeOwned>(bytes: &[u8], table: &'static str) -> Result<T, ReplicaError> {
    postcard::from_bytes(bytes).map_err(|_| ReplicaError::Damaged(table))
}
