//! Starting over with a backend that no longer knows our position, or whose history was replaced by a backup.

use std::collections::{BTreeMap, BTreeSet};

use gridbook_log::{EntityId, Op, pack, set_of};

use super::index::Row;
use super::open::seal;
use super::outbox::Pending;
use super::{Inner, Project, Replica, ReplicaError, TRIES, key};
use crate::store::{Batch, Durability, Store, StoreError, Table};

/// What waits to be sent once more after starting over. A backend answers what it has as a repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendAgain {
    /// Nothing: the backend only lost our position.
    Nothing,
    /// All that this device wrote under its present name: a backend that was restored may lack what it had
    /// acknowledged; a new one has none of it.
    Own,
    /// All that is held here, whoever wrote it: a backend without accounts gets everything from one device.
    Everything,
}

impl<S: Store, P: Project> Replica<S, P> {
    /// Forgets where the feed goes on: everything comes again, and what is held is passed over. What is to be sent
    /// again waits in the same batch, or a crash between the two would keep it from the backend for ever. So do the
    /// photos that it names and whose bytes are still here: the backup may have taken them, too.
    ///
    /// # Errors
    /// [`ReplicaError`] when the store fails.
    pub async fn start_over(&self, send_again: SendAgain) -> Result<(), ReplicaError> {
        let _gate = self.gate.lock().await;
        for _ in 0..TRIES {
            match self.try_start_over(send_again).await {
                Err(ReplicaError::Store(StoreError::Raced)) => {
                    self.refresh().await?;
                }
                other => return other,
            }
        }
        Err(StoreError::Raced.into())
    }

    /// Takes note of the history of the backend that is spoken to for the first time. A pull notes it too, but a
    /// push comes first, and may be all that gets through: when a backup is put back after that, what was
    /// acknowledged must be known to be missing.
    ///
    /// # Errors
    /// [`ReplicaError`] when the store fails.
    pub async fn meet(&self, history: &str) -> Result<(), ReplicaError> {
        let _gate = self.gate.lock().await;
        for _ in 0..TRIES {
            let mut meta = self.inner.borrow().meta.clone();
            if !meta.history.is_empty() {
                return Ok(());
            }
            history.clone_into(&mut meta.history);
            let mut batch = Batch { durability: Durability::Relaxed, ..Batch::default() };
            seal(&mut batch, &mut meta, &[]);
            match self.store.commit(batch).await {
                Ok(()) => {
                    self.inner.borrow_mut().meta = meta;
                    return Ok(());
                }
                Err(StoreError::Raced) => {
                    self.refresh().await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Raced.into())
    }

    async fn try_start_over(&self, send_again: SendAgain) -> Result<(), ReplicaError> {
        let mut pend: BTreeMap<u32, Vec<Pending>> = BTreeMap::new();
        let mut photos = BTreeMap::new();
        if send_again != SendAgain::Nothing {
            let logs: BTreeSet<u32> = {
                let inner = self.inner.borrow();
                set_of(inner.rows.values().flat_map(|row| row.parts.iter().map(|part| part.log)))
            };
            for log in logs {
                let bytes =
                    self.store.get(Table::Log, &key(log)).await?.ok_or(ReplicaError::Damaged("log"))?;
                let answers_as = self.answers_as();
                let inner = self.inner.borrow();
                let writer = inner.meta.writer;
                let meant = |op: &Op| {
                    let by = op.dot().writer;
                    let own = match send_again {
                        SendAgain::Nothing => false,
                        SendAgain::Own => by.is_life_of(writer),
                        SendAgain::Everything => true,
                    };
                    own || Some(by) == answers_as
                };
                let list = inner.to_send(log, &bytes, meant)?;
                pend.extend(list.map(|list| (log, list)));
                inner.named(&bytes, meant, &mut photos)?;
            }
        }
        let mut batch = Batch { durability: Durability::Relaxed, ..Batch::default() };
        self.queue_photos(&mut batch, photos).await?;
        let (meta, changed) = {
            let inner = self.inner.borrow();
            let mut meta = inner.meta.clone();
            meta.cursor.clear();
            meta.history.clear();
            meta.pulled_at = 0;
            // What was purged comes again, with what we wrote of it.
            meta.echo |= inner.gone.values().any(|own| *own > 0);
            let changed = inner.waiting_rows(&pend);
            (meta, changed)
        };
        self.commit_pend(batch, meta, pend, changed).await.map(|_| ())
    }
}

impl<P: Project> Inner<P> {
    /// Rows of entities of which more waits than before, when these are the pending lists.
    #[allow(clippy::type_complexity)]
    pub(super) fn waiting_rows(
        &self,
        pend: &BTreeMap<u32, Vec<Pending>>,
    ) -> BTreeMap<EntityId, Option<Row<P::Summary>>> {
        let mut changed: BTreeMap<EntityId, Option<Row<P::Summary>>> = BTreeMap::new();
        for (log, list) in pend {
            let before = self.pend.get(log).map_or(0, Vec::len);
            for pending in &list[before..] {
                let row =
                    changed.entry(pending.entity).or_insert_with(|| self.rows.get(&pending.entity).cloned());
                if let Some(row) = row {
                    row.unsent += 1;
                }
            }
        }
        changed
    }

    /// The pending list of a log row with everything in it that is to be sent again: what waits already first, as
    /// it is. `None` when nothing is added.
    pub(super) fn to_send(
        &self,
        log: u32,
        bytes: &[u8],
        meant: impl Fn(&Op) -> bool,
    ) -> Result<Option<Vec<Pending>>, ReplicaError> {
        self.to_send_behind(self.pend.get(&log).cloned().unwrap_or_default(), bytes, meant)
    }

    /// As [`Self::to_send`], of a row where this waits already.
    pub(super) fn to_send_behind(
        &self,
        mut list: Vec<Pending>,
        bytes: &[u8],
        meant: impl Fn(&Op) -> bool,
    ) -> Result<Option<Vec<Pending>>, ReplicaError> {
        let before = list.len();
        let mut at = 0usize;
        while at < bytes.len() {
            let (op, len) = pack::read(&bytes[at..])?;
            let (entity, dot) = (op.entity(), op.dot());
            if meant(&op)
                && self.rows.contains_key(&entity)
                && !list.iter().any(|pending| (pending.entity, pending.dot) == (entity, dot))
            {
                let place = |n: usize| u32::try_from(n).map_err(|_| ReplicaError::Damaged("log"));
                let saved_ms = op.header().hlc.ms;
                list.push(Pending { entity, dot, at: place(at)?, len: place(len)?, saved_ms, held: None });
            }
            at += len;
        }
        Ok((list.len() > before).then_some(list))
    }
}
