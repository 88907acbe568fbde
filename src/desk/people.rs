//! People of the directory with their roles.

use gridbook_domain::authority::assignments;
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::Actor;
use gridbook_log::Entity;

use super::kept::{Kept, keep, read};
use crate::app::App;

fn person(entity: &Entity) -> Option<Actor> {
    entity.creation().filter(|made| made.rejected.is_none())?;
    let user = entity.text("user").filter(|user| !user.is_empty())?.to_owned();
    Some(Actor { user, assignments: assignments(&entity.values()) })
}

/// Everybody with an account.
pub async fn people(app: App) -> Vec<Actor> {
    read(app, RecordKind::Staff, person).await
}

/// The same, kept: a screen that shows it is drawn anew when somebody's roles change.
pub fn kept(app: App) -> Kept<Actor> {
    keep(app, RecordKind::Staff, person)
}
