//! A folded stream as bytes: a cache, tagged with the fold's version, canonical for its set of operations.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::body::Body;
use crate::clock::Hlc;
use crate::context::Ctx;
use crate::entity::{Entity, Entry};
use crate::id::{DeviceId, Dot, EntityId};
use crate::op::Hash;

/// Raised whenever the fold's meaning or the layout below changes; an older snapshot is thrown away.
pub const FOLD_VERSION: u32 = 2;

/// Why a snapshot cannot be used. The log itself is never in doubt: fold it again.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SnapshotError {
    /// Written by another version of the fold.
    #[error("snapshot of fold version {0}")]
    Version(u32),
    /// Not a snapshot.
    #[error("damaged snapshot")]
    Damaged,
}

#[derive(Serialize, Deserialize)]
struct Packed {
    version: u32,
    id: EntityId,
    authority: Option<DeviceId>,
    entries: Vec<PackedEntry>,
}

#[derive(Serialize, Deserialize)]
struct PackedEntry {
    dot: Dot,
    hlc: Hlc,
    user: String,
    ctx: Ctx,
    kind: String,
    hash: Hash,
    text: Option<String>,
}

impl Entity {
    /// Bytes of this fold. The same set of operations gives the same bytes on every replica.
    pub fn to_snapshot(&self) -> Vec<u8> {
        let entries = self
            .entries()
            .iter()
            .map(|(dot, e)| PackedEntry {
                dot: *dot,
                hlc: e.hlc,
                user: e.user.clone(),
                ctx: e.ctx.clone(),
                kind: e.kind.clone(),
                hash: e.hash,
                text: e.text.clone(),
            })
            .collect();
        let packed = Packed { version: FOLD_VERSION, id: self.id(), authority: self.authority(), entries };
        postcard::to_allocvec(&packed).expect("a snapshot is plain data")
    }

    /// Reads a snapshot back.
    ///
    /// # Errors
    /// [`SnapshotError`] when it is of another version or damaged.
    pub fn from_snapshot(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let (version, _) = postcard::take_from_bytes::<u32>(bytes).map_err(|_| SnapshotError::Damaged)?;
        if version != FOLD_VERSION {
            return Err(SnapshotError::Version(version));
        }
        let packed: Packed = postcard::from_bytes(bytes).map_err(|_| SnapshotError::Damaged)?;
        let mut entity = Self::new(packed.id, packed.authority);
        for e in packed.entries {
            let body = e.text.as_deref().map_or(Ok(Body::Unknown), |text| Body::parse(&e.kind, text));
            let body = body.map(Arc::new);
            entity.insert_entry(
                e.dot,
                Entry {
                    hlc: e.hlc,
                    user: e.user,
                    ctx: e.ctx,
                    kind: e.kind,
                    hash: e.hash,
                    text: e.text,
                    body,
                },
            );
        }
        entity.settle();
        Ok(entity)
    }
}
