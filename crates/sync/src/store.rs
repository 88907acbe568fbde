//! The store under a replica: tables of bytes, read by key, written in one atomic batch.
//!
//! Everything that needs thought happens above this trait, in code that is tested without a browser. So a store
//! is small: memory here, IndexedDB in the app.

#[cfg(any(test, feature = "suite"))]
pub mod suite;

use std::rc::Rc;

use thiserror::Error;

/// The tables. Keys hold ids, numbers and states only, never names or texts (design: sealing at rest).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Identity, clock, cursor, version.
    Meta,
    /// Packed operations, up to 500 a row, by row number.
    Log,
    /// Which operations of a log row are still unsent, by row number.
    Pend,
    /// Packed rows of the index, by page number.
    Pages,
    /// Rows of the index changed since they were packed, by entity.
    Rows,
    /// Which entities each recent version changed, for other tabs.
    Journal,
    /// Drafts, by form instance.
    Draft,
    /// Bytes of photos, by SHA-256.
    Blob,
    /// Photos waiting to be sent, by SHA-256.
    BlobQueue,
    /// What the app keeps for itself: session, settings, reference data.
    App,
}

impl Table {
    /// All tables.
    pub const ALL: [Self; 10] = [
        Self::Meta,
        Self::Log,
        Self::Pend,
        Self::Pages,
        Self::Rows,
        Self::Journal,
        Self::Draft,
        Self::Blob,
        Self::BlobQueue,
        Self::App,
    ];

    /// Its name in a database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Log => "log",
            Self::Pend => "pend",
            Self::Pages => "pages",
            Self::Rows => "rows",
            Self::Journal => "journal",
            Self::Draft => "draft",
            Self::Blob => "blob",
            Self::BlobQueue => "blob_queue",
            Self::App => "app",
        }
    }
}

/// How certain a commit must be before it counts as saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Flushed to the device: for what a person entered.
    #[default]
    Strict,
    /// For what can be fetched again.
    Relaxed,
}

/// One atomic write.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Rows to write.
    pub puts: Vec<(Table, String, Vec<u8>)>,
    /// Rows to delete; applied before the writes.
    pub deletes: Vec<(Table, String)>,
    /// Commit only if [`VERSION_KEY`] in [`Table::Meta`] still holds this number (absent counts as 0).
    pub expect: Option<u64>,
    /// How certain.
    pub durability: Durability,
}

/// The row of [`Table::Meta`] that holds the version, a little-endian `u64`.
pub const VERSION_KEY: &str = "version";

impl Batch {
    /// Adds a row.
    pub fn put(&mut self, table: Table, key: impl Into<String>, bytes: Vec<u8>) {
        self.puts.push((table, key.into(), bytes));
    }

    /// Deletes a row.
    pub fn delete(&mut self, table: Table, key: impl Into<String>) {
        self.deletes.push((table, key.into()));
    }
}

/// Why the store did not do it. Nothing of a failed batch is written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StoreError {
    /// Another tab committed first.
    #[error("another tab wrote first")]
    Raced,
    /// The device is full.
    #[error("storage quota exceeded")]
    Quota,
    /// The database went away (closed by the browser, upgraded by another tab); reopen and replay.
    #[error("database connection lost: {0}")]
    Lost(String),
    /// Anything else, with the name the browser gave it.
    #[error("{name}: {message}")]
    Other {
        /// Name of the failure.
        name: String,
        /// For the log.
        message: String,
    },
}

/// A store. One future at a time is enough; it need not be `Send`.
#[allow(async_fn_in_trait)]
pub trait Store {
    /// One row.
    async fn get(&self, table: Table, key: &str) -> Result<Option<Vec<u8>>, StoreError>;
    /// Up to `limit` rows with keys greater than `after`, in order of key.
    async fn scan(
        &self,
        table: Table,
        after: &str,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError>;
    /// All rows of some tables as they stood at one moment, in the order asked for, each in order of key.
    async fn tables(&self, tables: &[Table]) -> Result<Vec<Vec<(String, Vec<u8>)>>, StoreError>;
    /// Writes a batch wholly or not at all; returns when it is as durable as asked.
    async fn commit(&self, batch: Batch) -> Result<(), StoreError>;
}

impl<S: Store> Store for Rc<S> {
    async fn get(&self, table: Table, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        (**self).get(table, key).await
    }

    async fn scan(
        &self,
        table: Table,
        after: &str,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        (**self).scan(table, after, limit).await
    }

    async fn tables(&self, tables: &[Table]) -> Result<Vec<Vec<(String, Vec<u8>)>>, StoreError> {
        (**self).tables(tables).await
    }

    async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        (**self).commit(batch).await
    }
}

/// Reads a whole table in pages.
///
/// # Errors
/// As the store.
pub async fn scan_all<S: Store>(store: &S, table: Table) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
    const PAGE: usize = 1000;
    let mut out: Vec<(String, Vec<u8>)> = Vec::new();
    loop {
        let after = out.last().map(|(k, _)| k.clone()).unwrap_or_default();
        let page = store.scan(table, &after, PAGE).await?;
        let last = page.len() < PAGE;
        out.extend(page);
        if last {
            return Ok(out);
        }
    }
}
