//! Opening a replica, keeping up with other tabs, packing the index.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};

use gridbook_log::{Clock, DeviceId, EntityId, Writer, map_of, order_by_key};

use super::index::{Loose, Page, Row};
use super::outbox::free_lost;
use super::{Inner, Meta, Project, Replica, ReplicaError, key, pack_row, unpack_row};
use crate::env::Env;
use crate::memory::version_of;
use crate::store::{Batch, Durability, Store, StoreError, Table, VERSION_KEY, scan_all};

const META_KEY: &str = "replica";
/// Loose rows beyond which the index is packed at the next opening.
const LOOSE: usize = 256;
/// Rows in one packed page.
pub(super) const PAGE_ROWS: usize = 500;
/// Journal rows kept for tabs that fell behind; a tab further behind reads everything.
const JOURNAL: u32 = 64;

impl<S: Store, P: Project> Replica<S, P> {
    /// Opens the replica of `user`, making it when the store is empty.
    ///
    /// # Errors
    /// [`ReplicaError`] when the store cannot be read or written.
    pub async fn open(store: S, project: P, env: &impl Env, user: &str) -> Result<Self, ReplicaError> {
        let inner = match read_all::<S, P>(&store).await? {
            Some(inner) => inner,
            None => {
                let meta = new_meta(env, user);
                let mut batch = Batch { expect: Some(0), ..Batch::default() };
                put_meta(&mut batch, &meta);
                match store.commit(batch).await {
                    // Another tab made it first: read theirs.
                    Ok(()) | Err(StoreError::Raced) => {}
                    Err(error) => return Err(error.into()),
                }
                read_all(&store).await?.ok_or(ReplicaError::Damaged("meta"))?
            }
        };
        let replica = Self::of(store, project, inner);
        replica.tidy().await?;
        Ok(replica)
    }

    /// Opens the replica that the store holds, reading only and all at one moment; `None` when there is none. Whoever
    /// opens it so calls [`Self::tidy`] when there is time.
    ///
    /// # Errors
    /// [`ReplicaError`] when the store cannot be read.
    pub async fn find(store: S, project: P) -> Result<Option<Self>, ReplicaError> {
        let inner = read_all::<S, P>(&store).await?;
        Ok(inner.map(|inner| Self::of(store, project, inner)))
    }

    fn of(store: S, project: P, mut inner: Inner<P>) -> Self {
        let Inner { rows, pend, .. } = &mut inner;
        free_lost(rows, pend);
        let inner = RefCell::new(inner);
        let (office, lives) = (Cell::new(None), RefCell::new(None));
        Self { store, project, inner, gate: async_lock::Mutex::new(()), office, lives }
    }

    /// Packs the index when many rows of it lie loose: the next opening is the quicker for it.
    ///
    /// # Errors
    /// [`ReplicaError`] when the store cannot be read or written; then it is as it was.
    pub async fn tidy(&self) -> Result<(), ReplicaError> {
        if self.inner.borrow().loose_rows > LOOSE {
            self.pack_index().await?;
        }
        Ok(())
    }

    /// Reads what other tabs committed since. Returns the entities that changed, or `None` when everything did.
    ///
    /// # Errors
    /// [`ReplicaError`] when the store cannot be read.
    pub async fn refresh(&self) -> Result<Option<Vec<EntityId>>, ReplicaError> {
        let (version, next) = {
            let inner = self.inner.borrow();
            (inner.meta.version, inner.meta.next_journal)
        };
        let stored = self.store.get(Table::Meta, VERSION_KEY).await?;
        if version_of(stored.as_deref()) == version {
            return Ok(Some(Vec::new()));
        }
        let meta: Meta = read_meta(&self.store).await?;
        if meta.next_journal.wrapping_sub(next) > JOURNAL
            || meta.next_page != self.inner.borrow().meta.next_page
        {
            self.read_anew().await?;
            return Ok(None);
        }
        let mut changed: Vec<EntityId> = Vec::new();
        for n in next..meta.next_journal {
            let Some(bytes) = self.store.get(Table::Journal, &key(n)).await? else {
                self.read_anew().await?;
                return Ok(None);
            };
            changed.extend(unpack_row::<Vec<EntityId>>(&bytes, "journal")?);
        }
        order_by_key(&mut changed, |id| *id);
        changed.dedup();
        let mut rows: Vec<(EntityId, Option<Loose<P::Summary>>)> = Vec::new();
        for id in &changed {
            let bytes = self.store.get(Table::Rows, &id.to_string()).await?;
            let loose = bytes.map(|b| unpack_row::<Loose<P::Summary>>(&b, "rows")).transpose()?;
            rows.push((*id, loose));
        }
        let pend = super::outbox::read_pend(&self.store).await?;
        let mut inner = self.inner.borrow_mut();
        if inner.meta.authority != meta.authority {
            // Folded without the authority's answers.
            inner.cache.clear();
        }
        for (id, row) in rows {
            inner.cache.remove(&id);
            match row {
                Some(Loose::Row(row)) => {
                    inner.rows.insert(id, row);
                    inner.gone.remove(&id);
                }
                Some(Loose::Purged { own, .. }) => {
                    inner.rows.remove(&id);
                    inner.gone.insert(id, own);
                }
                None => {}
            }
        }
        inner.pend = pend;
        inner.meta = meta;
        Ok(Some(changed))
    }

    async fn read_anew(&self) -> Result<(), ReplicaError> {
        let inner = read_all::<S, P>(&self.store).await?.ok_or(ReplicaError::Damaged("meta"))?;
        *self.inner.borrow_mut() = inner;
        Ok(())
    }

    /// Rewrites the index as full pages without loose rows.
    async fn pack_index(&self) -> Result<(), ReplicaError> {
        let _gate = self.gate.lock().await;
        let mut batch = Batch { durability: Durability::Relaxed, ..Batch::default() };
        for (old, _) in scan_all(&self.store, Table::Pages).await? {
            batch.delete(Table::Pages, old);
        }
        for (old, bytes) in scan_all(&self.store, Table::Rows).await? {
            // The mark of a purged entity stays: it holds the numbers used there.
            if matches!(unpack_row::<Loose<P::Summary>>(&bytes, "rows")?, Loose::Row(_)) {
                batch.delete(Table::Rows, old);
            }
        }
        let meta = {
            let inner = self.inner.borrow();
            let mut meta = inner.meta.clone();
            let rows: Vec<_> = inner.rows.iter().collect();
            for page in rows.chunks(PAGE_ROWS) {
                batch.put(Table::Pages, key(meta.next_page), pack_row(&page));
                meta.next_page += 1;
            }
            seal(&mut batch, &mut meta, &[]);
            meta
        };
        match self.store.commit(batch).await {
            Ok(()) => {
                let mut inner = self.inner.borrow_mut();
                inner.meta = meta;
                inner.loose_rows = 0;
                Ok(())
            }
            // Another tab is at work; the next opening packs.
            Err(StoreError::Raced) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Ends a batch: version, journal, meta.
pub(super) fn seal(batch: &mut Batch, meta: &mut Meta, changed: &[EntityId]) {
    batch.expect = Some(meta.version);
    meta.version += 1;
    batch.put(Table::Journal, key(meta.next_journal), pack_row(&changed.to_vec()));
    if let Some(old) = meta.next_journal.checked_sub(JOURNAL) {
        batch.delete(Table::Journal, key(old));
    }
    meta.next_journal += 1;
    put_meta(batch, meta);
}

fn put_meta(batch: &mut Batch, meta: &Meta) {
    batch.put(Table::Meta, VERSION_KEY, meta.version.to_le_bytes().to_vec());
    batch.put(Table::Meta, META_KEY, pack_row(meta));
}

fn new_meta(env: &impl Env, user: &str) -> Meta {
    let mut dev = [0u8; 8];
    env.random(&mut dev);
    let mut nonce = [0u8; 16];
    env.random(&mut nonce);
    Meta {
        version: 1,
        writer: Writer { dev: DeviceId(dev), epoch: 1 },
        nonce: EntityId(nonce).to_string(),
        clock: Clock::default(),
        user: user.to_owned(),
        cursor: String::new(),
        history: String::new(),
        authority: None,
        pulled_at: 0,
        echo: false,
        next_log: 1,
        next_page: 1,
        next_journal: 1,
    }
}

async fn read_meta<S: Store>(store: &S) -> Result<Meta, ReplicaError> {
    let bytes = store.get(Table::Meta, META_KEY).await?.ok_or(ReplicaError::Damaged("meta"))?;
    unpack_row(&bytes, "meta")
}

/// All of a replica as its store held it at one moment; `None` when there is none. Another tab may commit meanwhile: what
/// it wrote is in all of the tables or in none.
async fn read_all<S: Store, P: Project>(store: &S) -> Result<Option<Inner<P>>, ReplicaError> {
    let tables = store.tables(&[Table::Meta, Table::Pages, Table::Rows, Table::Pend]).await?;
    let [own, pages, loose, pend] =
        <[_; 4]>::try_from(tables).map_err(|_| ReplicaError::Damaged("tables"))?;
    let Some((_, meta)) = own.iter().find(|(key, _)| key == META_KEY) else { return Ok(None) };
    let meta: Meta = unpack_row(meta, "meta")?;
    let mut rows: BTreeMap<EntityId, Row<P::Summary>> = BTreeMap::new();
    let mut dead: BTreeMap<EntityId, (u64, u32)> = BTreeMap::new();
    let mut packed = 0usize;
    for (_, bytes) in pages {
        for (id, row) in unpack_row::<Page<P::Summary>>(&bytes, "pages")? {
            packed += 1;
            if rows.get(&id).is_none_or(|held| held.version < row.version) {
                rows.insert(id, row);
            }
        }
    }
    // Pages that many writes overtook count as loose when they are the greater part.
    let stale = packed - rows.len();
    let mut loose_rows = if stale > rows.len() { stale } else { 0 };
    for (name, bytes) in loose {
        let id = EntityId::parse(&name).ok_or(ReplicaError::Damaged("rows"))?;
        let loose = unpack_row::<Loose<P::Summary>>(&bytes, "rows")?;
        loose_rows += usize::from(matches!(loose, Loose::Row(_)));
        match loose {
            Loose::Row(row) if rows.get(&id).is_none_or(|h| h.version < row.version) => {
                rows.insert(id, row);
            }
            Loose::Row(_) => {}
            Loose::Purged { version, own } => {
                dead.insert(id, (version, own));
            }
        }
    }
    rows.retain(|id, row| dead.get(id).is_none_or(|(version, _)| row.version > *version));
    // The mark of one that came back stays where its row is in a page.
    let away = dead.into_iter().filter(|(id, _)| !rows.contains_key(id));
    let gone = map_of(away.map(|(id, (_, own))| (id, own)));
    let pend = super::outbox::pend_of(pend)?;
    Ok(Some(Inner { meta, rows, gone, pend, cache: HashMap::new(), loose_rows }))
}
