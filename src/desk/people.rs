//! People with their roles, in the directory and at the server.

use gridbook_domain::authority::person;
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::{Actor, Assignment};
use serde::Deserialize;
use serde_json::{Value, json};

use super::kept::{Kept, keep, read};
use crate::app::{App, Problem};

/// Everybody with an account.
pub async fn people(app: App) -> Vec<Actor> {
    read(app, RecordKind::Staff, person).await
}

/// The same, kept: a screen that shows it is drawn anew when somebody's roles change.
pub fn kept(app: App) -> Kept<Actor> {
    keep(app, RecordKind::Staff, person)
}

/// Somebody with an account, as the server has it.
#[derive(Deserialize)]
pub struct Account {
    /// The account.
    pub user: String,
    /// Its roles, which decide what it sees.
    pub assignments: Vec<Assignment>,
}

#[derive(Deserialize)]
struct Accounts {
    staff: Vec<Account>,
}

/// The accounts at the server.
///
/// # Errors
/// [`Problem`] when the server does not answer or refuses.
pub async fn accounts(app: App) -> Result<Vec<Account>, Problem> {
    Ok(app.api().get::<Accounts>("/api/staff").await?.staff)
}

/// Gives an account other roles at the server.
///
/// # Errors
/// [`Problem`] when the server does not answer or refuses.
pub async fn assign(app: App, user: &str, roles: &[Assignment]) -> Result<(), Problem> {
    let body = json!({ "assignments": roles });
    app.api().patch::<_, Value>(&format!("/api/staff/{user}"), &body).await?;
    Ok(())
}
