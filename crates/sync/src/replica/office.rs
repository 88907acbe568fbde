//! This device as the authority of a township without a server: what changed is looked at, answers are written under
//! the authority's name. Computed first, then one commit together with the book, guarded by the version: whatever
//! breaks off in between, an answer and the number in it are either here for certain or were never given.

use gridbook_log::{Body, EntityId, Op, Writer};
use serde::{Deserialize, Serialize};

use super::index::Row;
use super::save::{Name, NewWrite};
use super::{Project, Replica, ReplicaError};
use crate::env::Env;
use crate::store::{Batch, Store, StoreError, Table};

/// Row of [`Table::App`] with an [`Office`].
pub const OFFICE: &str = "office";
/// Row of [`Table::App`]: somebody else answered under our name, so this store is an older copy.
const CLOSED: &str = "office.closed";
/// Streams looked at between two commits.
const CHUNK: usize = 200;

/// What the authority keeps on its device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Office {
    /// The epoch under which this device answers.
    pub term: u32,
    /// Version of the replica up to which everything was looked at.
    pub upto: u64,
    /// The clerk's own notes: where the numbers stand.
    pub book: String,
}

/// Who knows what to answer.
pub trait Clerk<T> {
    /// Whether these streams must be answered before others: the directory.
    fn first(&self, summary: &T) -> bool;
    /// Whether streams are noted though nothing of them changed, because others are judged by them.
    fn heeds(&self, summary: &T) -> bool;
    /// Takes note of a stream before anything is answered.
    fn note(&mut self, id: EntityId, ops: &[Op]);
    /// What there is to say to a stream.
    fn answer(&mut self, id: EntityId, ops: &[Op]) -> Vec<Body>;
    /// The notes to keep.
    fn book(&self) -> String;
}

impl<S: Store, P: Project> Replica<S, P> {
    /// The name under which this device answers as the authority, while it does.
    pub fn answers_as(&self) -> Option<Writer> {
        self.office.get()
    }

    /// From now on this device answers under this name (or no longer).
    pub fn set_office(&self, name: Option<Writer>) {
        self.office.set(name);
    }

    /// Whether the office was closed, because somebody else answered under its name.
    ///
    /// # Errors
    /// [`ReplicaError`] when the store fails.
    pub async fn office_closed(&self) -> Result<bool, ReplicaError> {
        Ok(self.store.get(Table::App, CLOSED).await?.is_some())
    }

    pub(super) fn close_office(batch: &mut Batch) {
        batch.put(Table::App, CLOSED, Vec::new());
    }

    /// Opens the office anew, when a person has confirmed where the numbers stand.
    ///
    /// # Errors
    /// [`ReplicaError`] when the store fails; then it stays closed.
    pub async fn open_office(&self, office: &Office) -> Result<(), ReplicaError> {
        let mut batch = Batch::default();
        batch.delete(Table::App, CLOSED);
        put_office(&mut batch, office);
        Ok(self.store.commit(batch).await?)
    }

    /// Whether any record changed after a version.
    pub fn changed_since(&self, version: u64) -> bool {
        self.inner.borrow().rows.values().any(|row| row.version > version)
    }

    /// The operations of streams, as they lie here.
    ///
    /// # Errors
    /// [`ReplicaError`] when the log cannot be read.
    pub async fn streams(&self, ids: &[EntityId]) -> Result<Vec<(EntityId, Vec<Op>)>, ReplicaError> {
        let wanted = {
            let inner = self.inner.borrow();
            let mut wanted = std::collections::BTreeMap::<u32, Vec<_>>::new();
            for id in ids {
                for part in inner.rows.get(id).map_or(&[][..], |row| &row.parts) {
                    wanted.entry(part.log).or_default().push((*id, *part));
                }
            }
            wanted
        };
        let mut held = self.read_parts(wanted).await?;
        Ok(ids.iter().filter_map(|id| Some((*id, held.remove(id)?))).collect())
    }

    /// Looks at everything that changed since the last time, and answers. Returns how many answers were given.
    ///
    /// # Errors
    /// [`ReplicaError`]; [`StoreError::Raced`] when something was saved meanwhile: do it again.
    pub async fn hold_office(
        &self,
        env: &impl Env,
        name: Writer,
        user: &str,
        office: &Office,
        clerk: &mut impl Clerk<P::Summary>,
    ) -> Result<usize, ReplicaError> {
        let mut version = self.inner.borrow().meta.version;
        let (first, later, beside): (Vec<EntityId>, Vec<EntityId>, Vec<EntityId>) = {
            let inner = self.inner.borrow();
            let fresh = |row: &Row<P::Summary>| row.version > office.upto;
            let changed = inner.rows.iter().filter(|(_, row)| fresh(row));
            let (first, later): (Vec<_>, Vec<_>) = changed.partition(|(_, row)| clerk.first(&row.summary));
            let ids =
                |rows: Vec<(&EntityId, &Row<P::Summary>)>| rows.into_iter().map(|(id, _)| *id).collect();
            let heeded = |row: &Row<P::Summary>| !fresh(row) && clerk.heeds(&row.summary);
            let beside = inner.rows.iter().filter(|(_, row)| heeded(row)).collect();
            (ids(first), ids(later), ids(beside))
        };
        if first.is_empty() && later.is_empty() {
            return Ok(0);
        }
        let chunks: Vec<&[EntityId]> = first.chunks(CHUNK).chain(later.chunks(CHUNK)).collect();
        for ids in chunks.iter().copied().chain(beside.chunks(CHUNK)) {
            for (id, ops) in self.streams(ids).await? {
                clerk.note(id, &ops);
            }
        }
        let mut given = 0;
        for (at, ids) in chunks.iter().enumerate() {
            let mut writes = Vec::new();
            for (id, ops) in self.streams(ids).await? {
                let bodies = clerk.answer(id, &ops).into_iter();
                writes.extend(bodies.map(|body| NewWrite { entity: id, body }));
            }
            given += writes.len();
            let last = at + 1 == chunks.len();
            if writes.is_empty() && !last {
                continue;
            }
            let mut office = Office { book: clerk.book(), ..office.clone() };
            if last {
                office.upto = version + 1;
            }
            let name = Name { writer: name, user: user.to_owned() };
            version = self.write_answers(env, &name, version, &writes, &office).await?;
        }
        Ok(given)
    }

    /// Writes answers that were found at a version, with the book; returns the version they made.
    async fn write_answers(
        &self,
        env: &impl Env,
        name: &Name,
        version: u64,
        writes: &[NewWrite],
        office: &Office,
    ) -> Result<u64, ReplicaError> {
        let _gate = self.gate.lock().await;
        let ids: Vec<EntityId> = writes.iter().map(|write| write.entity).collect();
        self.load(&ids).await?;
        if self.inner.borrow().meta.version != version {
            return Err(StoreError::Raced.into());
        }
        let mut plan = self.plan(env, name, writes)?;
        put_office(&mut plan.batch, office);
        self.commit_plan(plan).await?;
        Ok(version + 1)
    }
}

fn put_office(batch: &mut Batch, office: &Office) {
    batch.put(Table::App, OFFICE, serde_json::to_vec(office).expect("plain data"));
}
