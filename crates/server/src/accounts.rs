//! Reading accounts, roles and sessions.

use crate::sql::{self, Conn};
use chrono::NaiveDate;
use gridbook_domain::role::{Actor, Assignment};

/// How long a session lives without use.
pub const SESSION_MS: i64 = 90 * 24 * 3600 * 1000;
/// How long an invitation waits.
pub const INVITE_MS: i64 = 7 * 24 * 3600 * 1000;

/// An account as stored.
#[derive(Clone, Debug)]
pub struct Account {
    /// Account name.
    pub user: String,
    /// As others see it.
    pub name: String,
    /// PHC string; `None` until an invitation was accepted.
    pub password: Option<String>,
    /// May no longer sign in.
    pub disabled: bool,
}

/// The account of that name.
///
/// # Errors
/// When the database fails.
pub async fn account(conn: &mut Conn, tenant: i64, user: &str) -> Result<Option<Account>, sqlx::Error> {
    let row =
        sql::query("SELECT account, name, password, disabled FROM accounts WHERE tenant = ? AND account = ?")
            .bind(tenant)
            .bind(user)
            .fetch_optional(conn)
            .await?;
    row.map(|row| {
        Ok(Account {
            user: row.try_get("account")?,
            name: row.try_get("name")?,
            password: row.try_get("password")?,
            disabled: row.try_get("disabled")?,
        })
    })
    .transpose()
}

/// Whether the account is missing or may no longer sign in.
///
/// # Errors
/// When the database fails.
pub async fn is_disabled(conn: &mut Conn, tenant: i64, user: &str) -> Result<bool, sqlx::Error> {
    Ok(account(conn, tenant, user).await?.is_none_or(|a| a.disabled))
}

/// The roles of an account.
///
/// # Errors
/// When the database fails.
pub async fn assignments(conn: &mut Conn, tenant: i64, user: &str) -> Result<Vec<Assignment>, sqlx::Error> {
    let rows = sql::query(
        "SELECT role, area, unit, valid_from, valid_to FROM assignments WHERE tenant = ? AND account = ? ORDER BY ord",
    )
    .bind(tenant)
    .bind(user)
    .fetch_all(conn)
    .await?;
    rows.iter().map(assignment_of).collect()
}

/// One role, from its row.
pub(crate) fn assignment_of(row: &sql::Row) -> Result<Assignment, sqlx::Error> {
    let day = |text: Option<String>| text.and_then(|t| t.parse::<NaiveDate>().ok());
    Ok(Assignment {
        role: row.try_get("role")?,
        area: row.try_get("area")?,
        unit: row.try_get("unit")?,
        from: day(row.try_get("valid_from")?),
        to: day(row.try_get("valid_to")?),
    })
}

/// Whoever holds a token.
#[derive(Clone, Debug)]
pub struct Signed {
    /// Account name and roles.
    pub actor: Actor,
    /// As others see it.
    pub name: String,
    /// When the session was last noted as used.
    pub seen_at: i64,
}

/// The account behind the hash of a token, when the session still holds.
///
/// # Errors
/// When the database fails.
pub async fn session(
    conn: &mut Conn,
    tenant: i64,
    token: &[u8; 32],
    now: i64,
) -> Result<Option<Signed>, sqlx::Error> {
    let row = sql::query(
        "SELECT a.account, a.name, s.seen_at FROM sessions s
         JOIN accounts a ON a.tenant = s.tenant AND a.account = s.account
         WHERE s.tenant = ? AND s.token = ? AND s.expires_at > ? AND NOT a.disabled",
    )
    .bind(tenant)
    .bind(token.to_vec())
    .bind(now)
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let user: String = row.try_get("account")?;
    let assignments = assignments(conn, tenant, &user).await?;
    Ok(Some(Signed {
        actor: Actor { user, assignments },
        name: row.try_get("name")?,
        seen_at: row.try_get("seen_at")?,
    }))
}
