//! Drafts: on disk at every pause of the keys, never operations, recovered after any crash.

use gridbook_log::{BlobRef, EntityId, Values, order_by_key};
use gridbook_sync::store::{Batch, Store, Table, scan_all};
use serde::{Deserialize, Serialize};

use super::{App, Problem};

/// A form being filled in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// Form and version, `F-VISIT/1`.
    pub form: String,
    /// Kind of record, `visit`.
    pub kind: String,
    /// The record it will create or change; chosen when the draft is made, so that a replayed save is the same
    /// save.
    pub entity: Option<EntityId>,
    /// The record it corrects exists already.
    #[serde(default)]
    pub edit: bool,
    /// Values so far.
    #[serde(default)]
    pub values: Values,
    /// What the record held when the correction was begun: what others write meanwhile is told from what was changed
    /// here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Values>,
    /// What was last sent under the name `entity` without a certain answer (ROLE-11).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Values>,
    /// The open record that goes out of sight once this confidential report has arrived (ROLE-11).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apart: Option<EntityId>,
    /// Photos so far; their bytes are on disk.
    #[serde(default)]
    pub photos: Vec<BlobRef>,
    /// The household it is about.
    #[serde(default)]
    pub household: Option<EntityId>,
    /// The visit it came from.
    #[serde(default)]
    pub parent: Option<EntityId>,
    /// Area code it will lie in.
    #[serde(default)]
    pub area: String,
    /// Section shown.
    #[serde(default)]
    pub step: usize,
    /// Field with the cursor.
    #[serde(default)]
    pub focus: String,
    /// First line in lists.
    #[serde(default)]
    pub title: String,
    /// When it was begun, milliseconds since 1970.
    #[serde(default)]
    pub begun_ms: u64,
    /// When it was last changed, milliseconds since 1970.
    #[serde(default)]
    pub updated_ms: u64,
}

impl App {
    /// Puts a draft on disk.
    ///
    /// # Errors
    /// [`Problem`] when the store refuses; the form should say so.
    pub async fn put_draft(&self, key: &str, draft: &Draft) -> Result<(), Problem> {
        let replica = self.replica().ok_or(Problem::SignedOut)?;
        let bytes = serde_json::to_vec(draft).map_err(|_| Problem::unreadable())?;
        let mut batch = Batch::default();
        batch.put(Table::Draft, key, bytes);
        Ok(replica.store().commit(batch).await?)
    }

    /// Reads a draft.
    ///
    /// # Errors
    /// [`Problem`] when the store fails.
    pub async fn get_draft(&self, key: &str) -> Result<Option<Draft>, Problem> {
        let replica = self.replica().ok_or(Problem::SignedOut)?;
        let bytes = replica.store().get(Table::Draft, key).await?;
        Ok(bytes.and_then(|b| serde_json::from_slice(&b).ok()))
    }

    /// All drafts, the last changed first.
    ///
    /// # Errors
    /// [`Problem`] when the store fails.
    pub async fn drafts(&self) -> Result<Vec<(String, Draft)>, Problem> {
        let Some(replica) = self.replica() else { return Ok(Vec::new()) };
        let rows = scan_all(replica.store(), Table::Draft).await?;
        let read = |(key, bytes): (String, Vec<u8>)| Some((key, serde_json::from_slice(&bytes).ok()?));
        let mut drafts: Vec<(String, Draft)> = rows.into_iter().filter_map(read).collect();
        order_by_key(&mut drafts, |(_, d)| std::cmp::Reverse(d.updated_ms));
        Ok(drafts)
    }

    /// Throws a draft away.
    ///
    /// # Errors
    /// [`Problem`] when the store fails.
    pub async fn drop_draft(&self, key: &str) -> Result<(), Problem> {
        let replica = self.replica().ok_or(Problem::SignedOut)?;
        let mut batch = Batch::default();
        batch.delete(Table::Draft, key);
        replica.store().commit(batch).await?;
        self.changed(true);
        Ok(())
    }
}
