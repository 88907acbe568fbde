//! What the last confirmation of a hand-over does (ROLE-09): the area's roles are the successor's from then on, and
//! the old phone is told to forget what it may no longer see.

use gridbook_domain::handover::{Handover, moved};
use gridbook_log::EntityId;

use super::ledger::Ledger;
use crate::accounts;
use crate::problem::ApiError;

impl Ledger {
    /// Moves the roles when both sides have confirmed; does nothing for every other record, and nothing twice.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn hand_over(&mut self, entity: EntityId) -> Result<(), ApiError> {
        let Some(stream) = self.streams.get_mut(&entity) else { return Ok(()) };
        stream.settle();
        let Some(handover) = Handover::of(&stream.entity).filter(Handover::done) else { return Ok(()) };
        let (tenant, terms) = (self.tenant.id, handover.terms.clone());
        // Somebody without an account cannot take over; the roles stay where they are and the desk sees it.
        if accounts::account(&mut self.conn, tenant, &terms.to).await?.is_none() {
            return Ok(());
        }
        let leaver = accounts::assignments(&mut self.conn, tenant, &terms.from).await?;
        let taker = accounts::assignments(&mut self.conn, tenant, &terms.to).await?;
        let (stays, gets) = moved(&handover, &leaver, &taker);
        self.assign(&terms.to, &gets).await?;
        self.assign(&terms.from, &stays).await
    }
}
