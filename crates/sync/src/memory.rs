//! The store in memory: for native tests, the simulator, and as the meaning that other stores are tested against.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use crate::store::{Batch, Store, StoreError, Table, VERSION_KEY};

/// What the next commit does, for tests of what happens when it fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// Fails before anything is written: a full device, a transaction aborted.
    Before(FaultKind),
    /// Everything is written, but the writer never learns: the tab dies in between.
    After,
}

/// How a commit fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Device full.
    Quota,
    /// Connection lost.
    Lost,
}

/// Tables in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    tables: RefCell<BTreeMap<(Table, String), Vec<u8>>>,
    fault: Cell<Fault>,
    failed: RefCell<Vec<Fault>>,
}

impl MemoryStore {
    /// Makes the next commit fail in this way.
    pub fn fail_next(&self, fault: Fault) {
        self.fault.set(fault);
    }

    /// Commits that failed since this was asked last.
    pub fn failed(&self) -> Vec<Fault> {
        self.failed.take()
    }

    /// How many rows a table has.
    pub fn len(&self, table: Table) -> usize {
        self.tables.borrow().keys().filter(|(t, _)| *t == table).count()
    }
}

impl Store for MemoryStore {
    async fn get(&self, table: Table, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.tables.borrow().get(&(table, key.to_owned())).cloned())
    }

    async fn scan(
        &self,
        table: Table,
        after: &str,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let tables = self.tables.borrow();
        let from = (table, after.to_owned());
        Ok(tables
            .range((std::ops::Bound::Excluded(from), std::ops::Bound::Unbounded))
            .take_while(|((t, _), _)| *t == table)
            .take(limit)
            .map(|((_, k), v)| (k.clone(), v.clone()))
            .collect())
    }

    async fn tables(&self, tables: &[Table]) -> Result<Vec<Vec<(String, Vec<u8>)>>, StoreError> {
        let held = self.tables.borrow();
        let rows = |table: &Table| {
            held.range((*table, String::new())..)
                .take_while(|((t, _), _)| t == table)
                .map(|((_, k), v)| (k.clone(), v.clone()))
                .collect()
        };
        Ok(tables.iter().map(rows).collect())
    }

    async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        let fault = self.fault.take();
        if fault != Fault::None {
            self.failed.borrow_mut().push(fault);
        }
        match fault {
            Fault::Before(FaultKind::Quota) => return Err(StoreError::Quota),
            Fault::Before(FaultKind::Lost) => return Err(StoreError::Lost("test".to_owned())),
            Fault::None | Fault::After => {}
        }
        let mut tables = self.tables.borrow_mut();
        if let Some(expect) = batch.expect {
            let held = tables.get(&(Table::Meta, VERSION_KEY.to_owned()));
            if version_of(held.map(Vec::as_slice)) != expect {
                return Err(StoreError::Raced);
            }
        }
        for (table, key) in batch.deletes {
            tables.remove(&(table, key));
        }
        for (table, key, bytes) in batch.puts {
            tables.insert((table, key), bytes);
        }
        if fault == Fault::After { Err(StoreError::Lost("test".to_owned())) } else { Ok(()) }
    }
}

/// Reads the version row; absent is 0.
pub fn version_of(bytes: Option<&[u8]>) -> u64 {
    bytes.and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes)
}
