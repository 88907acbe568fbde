//! A new history for data that come from a backup.

use super::{KeepError, restore};
use crate::app::database_path;
use crate::db::{self, postgres};
use crate::secret;
use crate::sql::{self, Conn};

/// What [`super::restore`] does to the data it brings, for data that PostgreSQL's own tools have brought: the history
/// gets a new name (returned), the server's own device begins a new life, and no official number is given out until
/// somebody has confirmed the last ones. The server must not run.
///
/// # Errors
/// [`KeepError`]; nothing is changed then.
pub async fn new_history(db: &str) -> Result<String, KeepError> {
    if !sql::is_postgres(db) {
        restore::alone(&database_path(db)).await?;
    }
    let mut conn = db::open_existing(db).await?;
    if conn.is_postgres() && !postgres::alone(&mut conn).await? {
        return Err(KeepError::Running);
    }
    let history = renew(&mut conn).await?;
    conn.close().await?;
    Ok(history)
}

/// Gives the data their new history.
pub(super) async fn renew(conn: &mut Conn) -> Result<String, sqlx::Error> {
    conn.begin_write().await?;
    let history = renew_within(conn).await?;
    conn.commit().await?;
    Ok(history)
}

/// The same, in the transaction that is under way.
pub(super) async fn renew_within(conn: &mut Conn) -> Result<String, sqlx::Error> {
    let history = secret::hex(&secret::random::<8>());
    sql::query("UPDATE tenant SET history = ?, epoch = epoch + 1, numbers_held = 1 WHERE tenant = 1")
        .bind(&history)
        .execute(&mut *conn)
        .await?;
    if conn.is_postgres() {
        postgres::settle(conn).await?;
    }
    Ok(history)
}
