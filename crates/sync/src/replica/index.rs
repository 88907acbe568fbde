//! The index in memory: one row an entity, loaded from packed pages and the rows changed since.

use std::collections::BTreeMap;

use gridbook_log::EntityId;
use serde::{Deserialize, Serialize};

use super::open::PAGE_ROWS;
use super::{Meta, key, pack_row};
use crate::store::{Batch, Table};

/// Where some of an entity's operations lie: bytes of one log row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Number of the log row.
    pub log: u32,
    /// First byte.
    pub at: u32,
    /// Length in bytes.
    pub len: u32,
}

/// What the index knows of an entity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row<T> {
    /// Version of the replica that wrote this row; the highest one counts.
    pub(crate) version: u64,
    /// Where its operations lie.
    pub(crate) parts: Vec<Part>,
    /// How many of its operations are unsent (OFF-01: 待同步).
    pub unsent: u32,
    /// When the backend last took one of ours, milliseconds since 1970 (OFF-01: 已送达).
    pub sent_at: Option<u64>,
    /// Machine code of the last refusal (OFF-01: 需处理), until the next save.
    pub refused: Option<String>,
    /// No longer visible to this account; goes away as soon as nothing of it is unsent.
    pub(crate) leaving: bool,
    /// The highest number this writer has used in the stream. Kept even when the operations are purged, so that
    /// no number is ever used twice.
    pub(crate) own: u32,
    /// What lists show; absent while its creation has not arrived.
    pub summary: T,
}

impl<T> Row<T> {
    /// Differs whenever the row does.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Whether the row should be shown.
    pub fn visible(&self) -> bool {
        !self.leaving
    }
}

/// A packed page of the index, as it is read; written from references, in the same form.
pub(crate) type Page<T> = Vec<(EntityId, Row<T>)>;

/// A row outside the pages.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Loose<T> {
    /// Changed since it was packed.
    Row(Row<T>),
    /// Taken away.
    Purged {
        /// At this version.
        version: u64,
        /// As [`Row::own`].
        own: u32,
    },
}

/// Changed rows beyond which they are written as pages at once.
const BULK: usize = 64;

/// Writes changed rows of the index: a few as loose rows, many as packed pages.
pub(crate) fn put_rows<T: Clone + Serialize>(
    batch: &mut Batch,
    meta: &mut Meta,
    changed: &BTreeMap<EntityId, Option<Row<T>>>,
    own: impl Fn(EntityId) -> u32,
) {
    let bulk = changed.len() > BULK;
    let mut page: Vec<(&EntityId, &Row<T>)> = Vec::new();
    for (id, row) in changed {
        match row {
            Some(row) if bulk => page.push((id, row)),
            Some(row) => batch.put(Table::Rows, id.to_string(), pack_row(&Loose::Row(row.clone()))),
            None => {
                let purged = Loose::<T>::Purged { version: meta.version, own: own(*id) };
                batch.put(Table::Rows, id.to_string(), pack_row(&purged));
            }
        }
    }
    for rows in page.chunks(PAGE_ROWS) {
        batch.put(Table::Pages, key(meta.next_page), pack_row(&rows));
        meta.next_page += 1;
    }
}
