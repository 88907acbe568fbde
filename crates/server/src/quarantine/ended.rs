//! Sessions that were valid once: what they push goes to quarantine.

use crate::app::App;
use crate::problem::ApiError;
use crate::sql;
use crate::writer::Ledger;

/// Whose session this was, if the token was valid once.
///
/// # Errors
/// When the database fails.
pub async fn ended(app: &App, token: &[u8; 32]) -> Result<Option<String>, ApiError> {
    let sql = "SELECT account FROM ended_sessions WHERE tenant = $1 AND token = $2
               UNION SELECT account FROM sessions WHERE tenant = $1 AND token = $2";
    let account = sql::query_scalar(sql).bind(app.tenant.id).bind(token.to_vec());
    Ok(account.fetch_optional(&app.readers).await?)
}

/// Remembers the sessions of `account` that are about to be deleted: those that end by `until`.
///
/// # Errors
/// When the database fails.
pub(crate) async fn remember(ledger: &mut Ledger, account: &str, until: i64) -> Result<(), ApiError> {
    let now = ledger.now_i64();
    sql::query(
        "INSERT INTO ended_sessions (tenant, token, account, ended_at)
         SELECT tenant, token, account, $1 FROM sessions WHERE tenant = $2 AND account = $3 AND expires_at <= $4
         ON CONFLICT DO NOTHING",
    )
    .bind(now)
    .bind(ledger.tenant.id)
    .bind(account)
    .bind(until)
    .execute(&mut ledger.conn)
    .await?;
    sql::query("DELETE FROM ended_sessions WHERE tenant = $1 AND account = $2 AND ended_at < $3")
        .bind(ledger.tenant.id)
        .bind(account)
        .bind(now - REMEMBERED_MS)
        .execute(&mut ledger.conn)
        .await?;
    Ok(())
}

/// A session whose owner ended it serves for nothing.
///
/// # Errors
/// When the database fails.
pub(crate) async fn forget(ledger: &mut Ledger, token: &[u8; 32]) -> Result<(), ApiError> {
    sql::query("DELETE FROM ended_sessions WHERE tenant = $1 AND token = $2")
        .bind(ledger.tenant.id)
        .bind(token.to_vec())
        .execute(&mut ledger.conn)
        .await?;
    Ok(())
}

/// How long an ended session is remembered: a year. A phone in a drawer for longer signs in again.
const REMEMBERED_MS: i64 = 365 * 24 * 3600 * 1000;
