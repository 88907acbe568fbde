//! What an import made, kept on this computer as long as it may be taken back. Ids only, no names.

use gridbook_domain::import::UNDO_WITHIN_MS;
use gridbook_log::EntityId;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::platform::{local_get, local_set};

/// One record that an import made, or added rows to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Made {
    /// Its stream.
    pub id: EntityId,
    /// Code by which others refer to it.
    pub key: String,
    /// Rows of `members` added to a household that existed; empty for a new record.
    pub rows: Vec<String>,
}

/// A finished import.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Done {
    /// Name of the file.
    pub file: String,
    /// When, milliseconds since 1970.
    pub at: u64,
    /// Rows of the file taken over.
    pub taken: usize,
    /// Rows left out.
    pub left: usize,
    /// Rows that the rules of admission refused, in words.
    pub refused: Vec<String>,
    /// What was made.
    pub items: Vec<Made>,
    /// Accounts that were added, to be invited.
    pub accounts: Vec<String>,
}

fn name(app: App) -> String {
    format!("gridbook.import.{}", app.user())
}

/// Keeps it.
pub fn put(app: App, done: &Done) {
    if let Ok(text) = serde_json::to_string(done) {
        local_set(&name(app), Some(&text));
    }
}

/// Forgets it.
pub fn drop_last(app: App) {
    local_set(&name(app), None);
}

/// The last one, within its time.
pub fn last(app: App) -> Option<Done> {
    let done: Done = serde_json::from_str(&local_get(&name(app))?).ok()?;
    (app.now_ms().saturating_sub(done.at) <= UNDO_WITHIN_MS).then_some(done)
}
