//! Sending once more what a backend refused outright (OFF-01).

use gridbook_log::EntityId;
use leptos::prelude::Track;

use super::{App, Problem};

impl App {
    /// Whether something of this record was refused and waits for a person.
    pub fn is_held(&self, id: EntityId) -> bool {
        self.version.track();
        self.replica().is_some_and(|replica| replica.is_held(id))
    }

    /// Sends what was refused once more, of one record or all of it. What is refused again waits as before.
    ///
    /// # Errors
    /// [`Problem`] when the device's store fails; then it waits as before.
    pub async fn send_again(&self, only: Option<EntityId>) -> Result<(), Problem> {
        let replica = self.replica().ok_or(Problem::SignedOut)?;
        replica.release_held(only).await?;
        self.changed(true);
        self.wake();
        Ok(())
    }
}
