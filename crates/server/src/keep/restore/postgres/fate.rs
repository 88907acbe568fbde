//! What became of a transaction whose last answer was lost. PostgreSQL knows it as soon as it can be asked again.

use std::time::Duration;

use crate::db::postgres;
use crate::sql::{self, Conn};

/// Pause before the second look, in milliseconds; it doubles.
const PAUSE_MS: u64 = 100;
/// Longest pause, in milliseconds.
const LONGEST_MS: u64 = 2_000;
/// So many looks, in about seven seconds: a database that was restarted is back by then.
const LOOKS: u32 = 8;
/// Longest wait for one look.
const LOOK: Duration = Duration::from_secs(10);

/// Names a transaction that is under way.
pub(super) struct Transaction {
    id: String,
    /// Process of PostgreSQL's that runs it.
    process: i64,
}

impl Transaction {
    /// The one of this connection.
    pub(super) async fn of(conn: &mut Conn) -> Result<Self, sqlx::Error> {
        let asked = "SELECT pg_current_xact_id()::text, pg_backend_pid()::bigint";
        let (id, process) = sql::query_as(asked).fetch_one(conn).await?;
        Ok(Self { id, process })
    }

    /// Whether it was committed; `None` when nobody can be asked.
    pub(super) async fn fate(&self, url: &str) -> Option<bool> {
        for look in 0..LOOKS {
            if look > 0 {
                tokio::time::sleep(Duration::from_millis((PAUSE_MS << (look - 1)).min(LONGEST_MS))).await;
            }
            if let Ok(Ok(known @ Some(_))) = tokio::time::timeout(LOOK, self.look(url)).await {
                return known;
            }
        }
        None
    }

    async fn look(&self, url: &str) -> Result<Option<bool>, sqlx::Error> {
        let mut conn = postgres::open(url).await?;
        let asked = format!("SELECT pg_xact_status('{}'::xid8)", self.id);
        let status: Option<String> = sql::query_scalar(asked).fetch_one(&mut conn).await?;
        if status.as_deref() == Some("in progress") {
            // It has not noticed that we are gone, and might still be told to commit: after this it cannot.
            conn.run(format!("SELECT pg_terminate_backend({})", self.process)).await?;
        }
        conn.close().await?;
        Ok(match status.as_deref() {
            Some("committed") => Some(true),
            Some("aborted") => Some(false),
            _ => None,
        })
    }
}
