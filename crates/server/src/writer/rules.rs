//! What the township changed in its package (CAT-05, CAT-09): the admission judges by it from the moment it is stored.

use gridbook_domain::record::RecordKind;
use gridbook_log::EntityId;

use super::ledger::{Ledger, entity_of};
use crate::feed::reach::EVERYONE;
use crate::problem::ApiError;
use crate::sql;

/// They lie in the directory, which has an index.
const READ: &str = "SELECT e.entity FROM placed p JOIN entities e ON e.tenant = p.tenant AND e.entity = p.entity \
                    WHERE p.tenant = ? AND p.channel = ? AND p.to_seq IS NULL AND e.type = ? ORDER BY e.first_seq";

impl Ledger {
    /// Whether a stream is a revision of the package.
    pub(super) fn is_rules(&self, entity: EntityId) -> bool {
        let stream = self.streams.peek(&entity);
        stream.is_some_and(|stream| stream.entity.type_() == Some(RecordKind::Rules.as_str()))
    }

    /// Reads every revision and gives them to the admission, in the order in which they came.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn revise(&mut self) -> Result<(), ApiError> {
        let found: Vec<Vec<u8>> = sql::query_scalar(READ)
            .bind(self.tenant.id)
            .bind(EVERYONE)
            .bind(RecordKind::Rules.as_str())
            .fetch_all(&mut self.conn)
            .await?;
        let ids = found.into_iter().map(entity_of).collect::<Result<Vec<_>, _>>()?;
        self.load(&ids).await?;
        let mut changes = Vec::with_capacity(ids.len());
        for id in ids {
            if let Some(stream) = self.streams.get_mut(&id) {
                stream.settle();
                changes.push(stream.entity.values());
            }
        }
        self.admission.revise(&changes);
        Ok(())
    }
}
