//! Whom this device believes, kept beside the log.

use gridbook_log::voucher::Trust;

use crate::store::{Batch, Store, StoreError, Table};

/// Row of [`Table::App`].
const ROW: &str = "trust";

/// Whom this device believes; `None` where nobody vouches for anybody: shares from before that, and servers.
///
/// # Errors
/// As the store.
pub async fn trust(store: &impl Store) -> Result<Option<Trust>, StoreError> {
    let row = store.get(Table::App, ROW).await?;
    Ok(row.and_then(|row| serde_json::from_slice(&row).ok()))
}

/// From now on it believes this.
pub fn put_trust(batch: &mut Batch, trust: &Trust) {
    batch.put(Table::App, ROW, serde_json::to_vec(trust).expect("plain data"));
}

/// From now on it believes whoever comes first.
pub fn drop_trust(batch: &mut Batch) {
    batch.delete(Table::App, ROW);
}
