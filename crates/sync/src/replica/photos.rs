//! Photos besides their upload: those that a backend lost are sent again, and bytes that are needed nowhere any more
//! make room (OFF-04). The small pictures are inside the records and stay.

use std::collections::{BTreeMap, BTreeSet};

use gridbook_log::{Body, DeviceId, EntityId, Op, pack};

use super::{Inner, Project, Replica, ReplicaError, TRIES};
use crate::engine::Waiting;
use crate::memory::version_of;
use crate::store::{Batch, Durability, Store, StoreError, Table, VERSION_KEY, scan_all};

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

    /// Lets photos wait to be sent once more, by name with the time of their save, if their bytes are here. A
    /// backend that has one says so before the bytes are sent.
    pub(super) async fn queue_photos(
        &self,
        batch: &mut Batch,
        photos: BTreeMap<String, u64>,
    ) -> Result<(), StoreError> {
        let version = self.inner.borrow().meta.version + 1;
        for (sha256, saved_ms) in photos {
            if self.store.get(Table::Blob, &sha256).await?.is_some() {
                batch.put(Table::BlobQueue, sha256, queued(saved_ms, version));
            }
        }
        Ok(())
    }

    /// Takes a photo off the queue that was sent, unless it has begun to wait anew since `begun` was read of its row there:
    /// a backup was put back meanwhile, and the backend that took it may have it no more.
    ///
    /// # Errors
    /// [`ReplicaError`] when the store fails; then it waits as before.
    pub async fn photo_sent(&self, sha256: &str, begun: &[u8]) -> Result<(), ReplicaError> {
        let _gate = self.gate.lock().await;
        for _ in 0..TRIES {
            // Whatever lets it wait raises the version.
            let version = version_of(self.store.get(Table::Meta, VERSION_KEY).await?.as_deref());
            if self.store.get(Table::BlobQueue, sha256).await?.as_deref() != Some(begun) {
                return Ok(());
            }
            let mut batch =
                Batch { expect: Some(version), durability: Durability::Relaxed, ..Batch::default() };
            batch.delete(Table::BlobQueue, sha256);
            match self.store.commit(batch).await {
                Err(StoreError::Raced) => {}
                done => return Ok(done?),
            }
        }
        Err(StoreError::Raced.into())
    }

    /// Takes out the bytes of others' photos whose records go out of view: what left must not stay to be looked at. One that
    /// another record names, too, comes again from the backend where it is shown; what a draft has stays. What was taken
    /// here stays as well: should a backup be put back that lacks it, this may be the last copy.
    pub(super) async fn purge_photos(
        &self,
        batch: &mut Batch,
        photos: BTreeMap<String, bool>,
    ) -> Result<(), StoreError> {
        if photos.is_empty() {
            return Ok(());
        }
        let drafts = scan_all(&self.store, Table::Draft).await?;
        for (sha256, _) in photos.into_iter().filter(|(_, own)| !own) {
            let here = |bytes: &[u8]| bytes.windows(sha256.len()).any(|part| part == sha256.as_bytes());
            if !self.waits(&sha256).await? && !drafts.iter().any(|(_, draft)| here(draft)) {
                batch.delete(Table::Blob, sha256);
            }
        }
        Ok(())
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

/// A photo's row in the queue: when it was saved, and the version that let it wait, both little-endian `u64`.
pub(super) fn queued(saved_ms: u64, version: u64) -> Vec<u8> {
    [saved_ms.to_le_bytes(), version.to_le_bytes()].concat()
}

impl<P: Project> Inner<P> {
    /// Adds the photos named by what is meant of a log row, of records that are still held.
    pub(super) fn named(
        &self,
        bytes: &[u8],
        meant: impl Fn(&Op) -> bool,
        photos: &mut BTreeMap<String, u64>,
    ) -> Result<(), ReplicaError> {
        let held = |op: &Op| self.rows.contains_key(&op.entity());
        for op in pack::read_all(bytes)?.iter().filter(|op| held(op) && meant(op)) {
            photos.extend(photos_of(op));
        }
        Ok(())
    }
}

/// The photos that an operation names, with the time of its save. One that cannot be understood here names nothing here.
pub(super) fn photos_of(op: &Op) -> impl Iterator<Item = (String, u64)> + '_ {
    let blobs = op.body().map_or(&[][..], gridbook_log::Body::blobs);
    blobs.iter().map(|blob| (blob.sha256.clone(), op.header().hlc.ms))
}

/// Photos that these entities name in a row of the log: whether the device `own` named them, or only others did.
pub(super) fn named_by(
    bytes: &[u8],
    entities: &BTreeSet<EntityId>,
    own: DeviceId,
    named: &mut BTreeMap<String, bool>,
) -> Result<(), ReplicaError> {
    let mut at = 0usize;
    while at < bytes.len() {
        let (op, len) = pack::read(&bytes[at..])?;
        if entities.contains(&op.entity()) {
            for blob in op.body().map_or(&[][..], Body::blobs) {
                *named.entry(blob.sha256.clone()).or_default() |= op.dot().writer.dev == own;
            }
        }
        at += len;
    }
    Ok(())
}
