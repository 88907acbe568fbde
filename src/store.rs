//! The store in IndexedDB: one database an account, one object store a table, bytes as `Uint8Array`.
//!
//! Saved means the transaction's `complete`: a put that succeeded can still be undone by a full device. The
//! handle is disposable: when the browser drops the connection the next use opens a new one.

mod error;
#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gridbook_log::order_by;
use gridbook_sync::memory::version_of;
use gridbook_sync::store::{Batch, Durability, Store, StoreError, Table, VERSION_KEY};
use indexed_db_futures::KeyRange;
use indexed_db_futures::database::Database;
use indexed_db_futures::object_store::ObjectStore;
use indexed_db_futures::prelude::*;
use indexed_db_futures::transaction::{
    OnTransactionDrop, TransactionDurability, TransactionFinishKind, TransactionMode, TransactionOptions,
};
use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};

use error::{lost, text_of};

/// Raised when an object store is added; stores are only ever added.
const SCHEMA: u8 = 1;

/// Openings that failed one after the other until people are told.
const STUCK: u32 = 2;

/// Who hears that this page can no longer open a database, or can again.
type Told = Rc<dyn Fn(bool)>;

thread_local! {
    static FAILED: Cell<u32> = const { Cell::new(0) };
    static TOLD: RefCell<Option<Told>> = const { RefCell::new(None) };
}

/// From now on `tell` hears when this page can no longer open a database, and when it can again.
pub fn on_stuck(tell: impl Fn(bool) + 'static) {
    // It may be so already: the first openings come before anybody listens.
    tell(FAILED.get() >= STUCK);
    TOLD.set(Some(Rc::new(tell)));
}

/// Counts openings that failed in a row.
fn note_opened(well: bool) {
    let before = FAILED.get();
    let now = if well { 0 } else { before.saturating_add(1) };
    FAILED.set(now);
    if (before >= STUCK) != (now >= STUCK)
        && let Some(tell) = TOLD.with_borrow(Clone::clone)
    {
        tell(now >= STUCK);
    }
}

/// See the module's text.
#[derive(Clone)]
pub struct IdbStore {
    name: Rc<str>,
    handle: Rc<RefCell<Option<Rc<Database>>>>,
    /// Removed: what still wants to read or write comes too late.
    gone: Rc<Cell<bool>>,
}

impl IdbStore {
    /// Opens the database, making it when it is not there.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the browser refuses.
    pub async fn open(name: &str) -> Result<Self, StoreError> {
        let store =
            Self { name: name.into(), handle: Rc::new(RefCell::new(None)), gone: Rc::new(Cell::new(false)) };
        store.database().await?;
        Ok(store)
    }

    /// Takes the database off the device; every connection to it closes, and none of this page makes it anew.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the browser refuses; then all of it is still there.
    pub async fn remove(&self) -> Result<(), StoreError> {
        self.gone.set(true);
        let done = match Database::delete_by_name(&self.name) {
            Ok(asked) => asked.await.map_err(|e| StoreError::Lost(e.to_string())),
            Err(error) => Err(StoreError::Lost(error.to_string())),
        };
        self.gone.set(done.is_ok());
        done
    }

    async fn database(&self) -> Result<Rc<Database>, StoreError> {
        if let Some(database) = self.handle.borrow().clone() {
            return Ok(database);
        }
        if self.gone.get() {
            return Err(StoreError::Lost("removed".to_owned()));
        }
        let opened = self.open_database().await;
        note_opened(opened.is_ok());
        let database = Rc::new(opened?);
        *self.handle.borrow_mut() = Some(database.clone());
        self.close_for_upgrades(&database);
        Ok(database)
    }

    async fn open_database(&self) -> Result<Database, StoreError> {
        Database::open(&*self.name)
            .with_version(SCHEMA)
            .with_on_upgrade_needed(|_, tx| {
                let database = tx.db();
                let there: Vec<String> = database.object_store_names().collect();
                for table in Table::ALL {
                    if !there.iter().any(|name| name == table.name()) {
                        database.create_object_store(table.name()).build()?;
                    }
                }
                Ok(())
            })
            .await
            .map_err(|e| StoreError::Lost(e.to_string()))
    }

    /// A newer version of the app in another tab must not wait for this one.
    fn close_for_upgrades(&self, database: &Rc<Database>) {
        let Ok(mut changes) = database.version_changes() else { return };
        let handle = self.handle.clone();
        wasm_bindgen_futures::spawn_local(async move {
            if std::future::poll_fn(|cx| changes.poll_recv(cx)).await.is_some()
                && let Some(database) = handle.borrow_mut().take()
            {
                // Also while something is under way on it: the browser waits for that and then closes.
                Database::clone(&database).close();
            }
        });
    }

    /// Does something with the database; when the connection is gone, once more with a new one.
    async fn with<T>(&self, work: impl AsyncFn(&Database) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let database = self.database().await?;
        match work(&database).await {
            Err(StoreError::Lost(_)) => {
                self.handle.borrow_mut().take();
                let database = match self.database().await {
                    Ok(database) => database,
                    Err(_) => self.database().await?,
                };
                work(&database).await
            }
            other => other,
        }
    }
}

impl IdbStore {
    /// A row of [`Table::App`] that holds an object of the browser, a key for instance.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn object(&self, name: &str) -> Result<Option<JsValue>, StoreError> {
        self.with(async |database| {
            let tx = database
                .transaction(Table::App.name())
                .with_mode(TransactionMode::Readonly)
                .build()
                .map_err(lost)?;
            let store = tx.object_store(Table::App.name()).map_err(lost)?;
            store.get(name).primitive().map_err(lost)?.await.map_err(text_of)
        })
        .await
    }

    /// Writes such rows, all or none.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn put_objects(&self, rows: &[(&str, JsValue)]) -> Result<(), StoreError> {
        self.with(async |database| {
            let tx = database
                .transaction(Table::App.name())
                .with_mode(TransactionMode::Readwrite)
                .build()
                .map_err(lost)?;
            let store = tx.object_store(Table::App.name()).map_err(lost)?;
            for (name, value) in rows {
                store.put(value.clone()).with_key(*name).primitive().map_err(lost)?.await.map_err(text_of)?;
            }
            tx.commit().await.map_err(text_of)
        })
        .await
    }
}

impl Store for IdbStore {
    async fn get(&self, table: Table, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.with(async |database| {
            let tx = database
                .transaction(table.name())
                .with_mode(TransactionMode::Readonly)
                .build()
                .map_err(lost)?;
            let store = tx.object_store(table.name()).map_err(lost)?;
            let value: Option<JsValue> = store.get(key).primitive().map_err(lost)?.await.map_err(text_of)?;
            Ok(value.map(|v| bytes_of(&v)))
        })
        .await
    }

    async fn scan(
        &self,
        table: Table,
        after: &str,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        self.with(async |database| {
            let tx = database
                .transaction(table.name())
                .with_mode(TransactionMode::Readonly)
                .build()
                .map_err(lost)?;
            let store = tx.object_store(table.name()).map_err(lost)?;
            ask(&store, after, limit)?.await
        })
        .await
    }

    async fn tables(&self, tables: &[Table]) -> Result<Vec<Vec<(String, Vec<u8>)>>, StoreError> {
        self.with(async |database| read(database, tables).await).await
    }

    async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        self.with(async |database| write(database, &batch).await).await
    }
}

/// Rows with their keys, as the browser gave them.
type Found = Result<Vec<(String, Vec<u8>)>, StoreError>;

/// Rows that are asked for at once: an answer must fit into one message of the browser.
const AT_ONCE: u32 = 2_000;

/// All in one transaction, and of each table the first rows asked for before any has answered: a start waits for this.
async fn read(database: &Database, tables: &[Table]) -> Result<Vec<Vec<(String, Vec<u8>)>>, StoreError> {
    let names: Vec<&str> = tables.iter().map(|table| table.name()).collect();
    let tx =
        database.transaction(names.as_slice()).with_mode(TransactionMode::Readonly).build().map_err(lost)?;
    let stores: Vec<_> =
        names.iter().map(|name| tx.object_store(name).map_err(lost)).collect::<Result<_, _>>()?;
    let mut asked = Vec::new();
    for store in &stores {
        asked.push(ask(store, "", AT_ONCE)?);
    }
    let mut all = Vec::new();
    for (store, first) in stores.iter().zip(asked) {
        let mut rows: Vec<(String, Vec<u8>)> = first.await?;
        let mut came = rows.len();
        while came == AT_ONCE as usize {
            let after = rows.last().map(|(key, _)| key.clone()).unwrap_or_default();
            let more = ask(store, &after, AT_ONCE)?.await?;
            came = more.len();
            rows.extend(more);
        }
        all.push(rows);
    }
    Ok(all)
}

/// Asks for up to `limit` rows behind `after`; the answer comes when the future is waited for.
fn ask(
    store: &ObjectStore<'_>,
    after: &str,
    limit: u32,
) -> Result<impl Future<Output = Found> + use<>, StoreError> {
    let range = || KeyRange::LowerBound(after.to_owned(), true);
    let keys = store.get_all_keys::<String>().with_query::<String, _>(range()).with_limit(limit);
    let keys = keys.primitive().map_err(lost)?;
    let values = store.get_all::<JsValue>().with_query::<String, _>(range()).with_limit(limit);
    let values = values.primitive().map_err(lost)?;
    Ok(async move {
        let keys: Vec<String> = keys.await.map_err(text_of)?.collect::<Result<_, _>>().map_err(text_of)?;
        let values: Vec<JsValue> =
            values.await.map_err(text_of)?.collect::<Result<_, _>>().map_err(text_of)?;
        Ok(keys.into_iter().zip(values.iter().map(bytes_of)).collect())
    })
}

async fn write(database: &Database, batch: &Batch) -> Result<(), StoreError> {
    let mut tables: Vec<&str> = batch.puts.iter().map(|(t, ..)| t.name()).collect();
    tables.extend(batch.deletes.iter().map(|(t, _)| t.name()));
    if batch.expect.is_some() {
        tables.push(Table::Meta.name());
    }
    order_by(&mut tables, Ord::cmp);
    tables.dedup();
    if tables.is_empty() {
        return Ok(());
    }
    let durability = match batch.durability {
        Durability::Strict => TransactionDurability::Strict,
        Durability::Relaxed => TransactionDurability::Relaxed,
    };
    let mut tx = database
        .transaction(tables.as_slice())
        .with_mode(TransactionMode::Readwrite)
        .with_options(TransactionOptions::new().with_durability(durability))
        .build()
        .map_err(lost)?;
    if let Some(expect) = batch.expect {
        let meta = tx.object_store(Table::Meta.name()).map_err(lost)?;
        let held: Option<JsValue> =
            meta.get(VERSION_KEY).primitive().map_err(lost)?.await.map_err(text_of)?;
        if version_of(held.map(|v| bytes_of(&v)).as_deref()) != expect {
            // Dropped without commit: nothing is written.
            return Err(StoreError::Raced);
        }
    }
    // The requests' own answers are not waited for: only the transaction's end counts.
    let done = tx.on_done().map_err(lost)?;
    for (table, key) in &batch.deletes {
        let store = tx.object_store(table.name()).map_err(lost)?;
        store.delete(key.as_str()).primitive().map_err(lost)?;
    }
    for (table, key, bytes) in &batch.puts {
        let store = tx.object_store(table.name()).map_err(lost)?;
        let value = JsValue::from(Uint8Array::from(bytes.as_slice()));
        store.put(value).with_key(key.as_str()).primitive().map_err(lost)?;
    }
    tx.on_drop(OnTransactionDrop::Commit);
    match done.await {
        TransactionFinishKind::Ok => Ok(()),
        _ => Err(tx.error().map_or_else(|| StoreError::Lost("aborted".to_owned()), text_of)),
    }
}

fn bytes_of(value: &JsValue) -> Vec<u8> {
    value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec).unwrap_or_default()
}
