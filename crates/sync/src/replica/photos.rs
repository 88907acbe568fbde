//! Room on the device: bytes of photos that are needed nowhere any more (OFF-04). The small pictures are inside the
//! records and stay.

use std::collections::BTreeSet;

use super::{Project, Replica, ReplicaError, TRIES};
use crate::engine::Waiting;
use crate::memory::version_of;
use crate::store::{Batch, Durability, Store, StoreError, Table, VERSION_KEY};

impl<S: Store, P: Project> Replica<S, P> {
    /// Photos whose bytes are here and which wait for nothing: neither to be sent, nor, by `kept`, for a draft to be
    /// saved. Whether a backend still has them is for the caller to ask before they go.
    ///
    /// # Errors
    /// [`ReplicaError`] when the store cannot be read.
    pub async fn spare_photos(&self, kept: &BTreeSet<String>) -> Result<Vec<Waiting>, ReplicaError> {
        let (mut spare, mut after) = (Vec::new(), String::new());
        loop {
            // Each is some hundred kilobytes: never all of them at once.
            let page = self.store.scan(Table::Blob, &after, 8).await?;
            let Some((last, _)) = page.last() else { return Ok(spare) };
            after.clone_from(last);
            for (sha256, bytes) in page {
                if !kept.contains(&sha256) && !self.waits(&sha256).await? {
                    spare.push(Waiting { sha256, size: bytes.len() });
                }
            }
        }
    }

    async fn waits(&self, sha256: &str) -> Result<bool, StoreError> {
        Ok(self.store.get(Table::BlobQueue, sha256).await?.is_some())
    }

    /// Drops the bytes of these photos but of those that have begun to wait meanwhile; returns how many bytes are
    /// free now.
    ///
    /// # Errors
    /// [`ReplicaError`] when the store fails; then all of them are still here.
    pub async fn drop_photos(&self, photos: &[Waiting]) -> Result<usize, ReplicaError> {
        let _gate = self.gate.lock().await;
        for _ in 0..TRIES {
            // A save in another tab raises the version, and may name one of them.
            let version = version_of(self.store.get(Table::Meta, VERSION_KEY).await?.as_deref());
            let mut batch =
                Batch { expect: Some(version), durability: Durability::Relaxed, ..Batch::default() };
            let mut freed = 0;
            for photo in photos {
                if !self.waits(&photo.sha256).await? {
                    batch.delete(Table::Blob, photo.sha256.clone());
                    freed += photo.size;
                }
            }
            match self.store.commit(batch).await {
                Err(StoreError::Raced) => {}
                done => return Ok(done.map(|()| freed)?),
            }
        }
        Err(StoreError::Raced.into())
    }
}
