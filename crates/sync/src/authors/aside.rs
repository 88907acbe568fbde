//! What was not taken, kept beside the log.

use std::collections::BTreeMap;

use gridbook_log::{Op, WireOp};
use serde::{Deserialize, Serialize};

use crate::store::{Batch, Store, StoreError, Table};

/// Row of [`Table::App`].
const ROW: &str = "aside";
/// Most operations kept aside: whoever floods a share must not fill the phones that read it. What is beyond stays
/// on the share, and comes again when everything is read anew.
pub const MOST: usize = 500;

/// An operation kept aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Aside {
    pub(super) op: WireOp,
    /// When it came to the share.
    pub(super) at: u64,
    /// It was found good meanwhile; it goes when it lies in the log.
    pub(super) free: bool,
}

/// A row that cannot be read is as good as none: all of it is still on the share.
pub(super) async fn load(store: &impl Store) -> Result<Vec<Aside>, StoreError> {
    let row = store.get(Table::App, ROW).await?;
    Ok(row.and_then(|row| serde_json::from_slice(&row).ok()).unwrap_or_default())
}

pub(super) async fn store(store: &impl Store, aside: &[Aside]) -> Result<(), StoreError> {
    let mut batch = Batch::default();
    if aside.is_empty() {
        batch.delete(Table::App, ROW);
    } else {
        batch.put(Table::App, ROW, serde_json::to_vec(aside).expect("plain data"));
    }
    store.commit(batch).await
}

/// How many operations are not taken, by the account in whose name they were written.
///
/// # Errors
/// As the store.
pub async fn kept_aside(store: &impl Store) -> Result<BTreeMap<String, usize>, StoreError> {
    let mut counts = BTreeMap::new();
    for one in load(store).await?.into_iter().filter(|one| !one.free) {
        if let Ok(op) = Op::from_wire(one.op) {
            *counts.entry(op.header().user.clone()).or_default() += 1;
        }
    }
    Ok(counts)
}
