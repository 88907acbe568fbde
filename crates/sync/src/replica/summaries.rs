//! Making the rows of lists anew, when what makes them has changed: a later app, another data package.

use std::collections::BTreeMap;

use gridbook_log::EntityId;

use super::open::PAGE_ROWS;
use super::{Project, Replica, ReplicaError, Row, TRIES, pack_row};
use crate::store::{Batch, Durability, Store, StoreError, Table};

/// Where it is written what the rows were made by.
const MADE_BY: &str = "summaries";

impl<S: Store, P: Project> Replica<S, P> {
    /// Makes every row's summary again unless that was done under this tag; `tag` names all that a summary depends on
    /// besides the stream. Only rows that come out differently are written, some hundred at a time, so it can run
    /// while people work; when it is broken off, the next call begins again. Returns what changed.
    ///
    /// # Errors
    /// [`ReplicaError`] when the store fails; rows are then old or new, never half.
    pub async fn renew_summaries(&self, tag: &str) -> Result<Vec<EntityId>, ReplicaError> {
        if self.store.get(Table::Meta, MADE_BY).await?.as_deref() == Some(tag.as_bytes()) {
            return Ok(Vec::new());
        }
        let all: Vec<EntityId> = self.inner.borrow().rows.keys().copied().collect();
        let mut renewed = Vec::new();
        for ids in all.chunks(PAGE_ROWS) {
            renewed.extend(self.renew_page(ids).await?);
        }
        let mut batch = Batch { durability: Durability::Relaxed, ..Batch::default() };
        batch.put(Table::Meta, MADE_BY, tag.as_bytes().to_vec());
        self.store.commit(batch).await?;
        Ok(renewed)
    }

    async fn renew_page(&self, ids: &[EntityId]) -> Result<Vec<EntityId>, ReplicaError> {
        let _gate = self.gate.lock().await;
        for _ in 0..TRIES {
            self.load(ids).await?;
            let (meta, changed) = {
                let inner = self.inner.borrow();
                let mut changed: BTreeMap<EntityId, Option<Row<P::Summary>>> = BTreeMap::new();
                for id in ids {
                    let (Some(row), Some(entity)) = (inner.rows.get(id), inner.cache.get(id)) else {
                        continue;
                    };
                    let summary = self.project.summary(entity);
                    if pack_row(&summary) != pack_row(&row.summary) {
                        changed.insert(*id, Some(Row { summary, ..row.clone() }));
                    }
                }
                (inner.meta.clone(), changed)
            };
            if changed.is_empty() {
                return Ok(Vec::new());
            }
            let batch = Batch { durability: Durability::Relaxed, ..Batch::default() };
            match self.commit_pend(batch, meta, BTreeMap::new(), changed).await {
                Err(ReplicaError::Store(StoreError::Raced)) => {
                    self.refresh().await?;
                }
                other => return other,
            }
        }
        Err(StoreError::Raced.into())
    }
}
