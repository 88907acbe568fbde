//! Putting a backup into PostgreSQL: tables of before are moved aside, the backup's come in their place, and all of it
//! is one transaction.

mod fate;

use std::path::{Path, PathBuf};

use super::{Restored, Verified, aside, beside, pictures, remove};
use crate::control;
use crate::db::postgres;
use crate::keep::{DB, KeepError, file, history, tables};
use crate::sql::{self, Conn};

/// What [`super::restore`] does, for the database of PostgreSQL's at `url`, which must be there. The backup may be of
/// either database. Tables that are there stay, in a schema of their own, and only with `replace`.
///
/// # Errors
/// [`KeepError`]; then the data of before are where they were.
pub async fn restore_postgres(
    from: &Path,
    url: &str,
    blobs: &Path,
    replace: bool,
    now: u64,
) -> Result<Restored, KeepError> {
    Verified::read(from)?.into_postgres(url, blobs, replace, now, None).await
}

impl Verified {
    /// [`restore_postgres`], without reading all of the backup once more, and while a server may run that listens at
    /// `socket` ([`crate::control`]): it steps aside while the tables are filled. The pictures are copied before.
    ///
    /// # Errors
    /// [`KeepError`]; then the data of before are where they were, but for [`KeepError::Unsure`].
    pub async fn into_postgres(
        self,
        url: &str,
        blobs: &Path,
        replace: bool,
        now: u64,
        socket: Option<&Path>,
    ) -> Result<Restored, KeepError> {
        let Self { from, manifest } = self;
        let mut conn = postgres::open(url).await?;
        let there = postgres::has_tables(&mut conn).await?;
        if there && !replace {
            return Err(KeepError::Occupied);
        }
        let new_blobs = beside(blobs, "restoring");
        remove(&new_blobs)?;
        pictures(&from, &new_blobs).await?;
        let aside = if there { control::ask(socket, &of_tenant(&mut conn).await?).await? } else { None };
        let done = put(&mut conn, url, &from, blobs, replace, now).await;
        // Now, and not when PostgreSQL notices that we are gone: whoever comes next comes at once. A connection that broke
        // takes its locks with it, and says nothing of what was done before.
        let _ = conn.run("ROLLBACK").await;
        let _ = postgres::leave(&mut conn).await;
        let _ = conn.close().await;
        let (kept, schema) = done?;
        Ok(Restored { manifest, kept, schema, server: control::back(aside).await })
    }
}

/// The history that the tables name.
async fn of_tenant(conn: &mut Conn) -> Result<String, sqlx::Error> {
    sql::query_scalar("SELECT history FROM tenant").fetch_one(conn).await
}

/// Everything in one transaction; returns where the pictures of before are, and which schema holds the tables of before.
async fn put(
    conn: &mut Conn,
    url: &str,
    from: &Path,
    blobs: &Path,
    replace: bool,
    now: u64,
) -> Result<(Vec<PathBuf>, Option<String>), KeepError> {
    // As long as this connection lives, no server begins to work here.
    if !postgres::alone(conn).await? {
        return Err(KeepError::Running);
    }
    conn.begin_write().await?;
    let there = postgres::has_tables(conn).await?;
    if there && !replace {
        return Err(KeepError::Occupied);
    }
    let schema = if there { Some(moved(conn, now).await?) } else { None };
    tables::load(&from.join(DB), conn).await?;
    history::renew_within(conn).await?;
    let transaction = fate::Transaction::of(conn).await?;

    let new_blobs = beside(blobs, "restoring");
    // From here on only names change: the pictures', and with the commit the tables'.
    let kept: Vec<PathBuf> = aside(blobs, now)?.into_iter().collect();
    let placed = match std::fs::rename(&new_blobs, blobs) {
        Ok(()) => match conn.commit().await {
            Ok(()) => Ok(()),
            // The answer may be what was lost, and not the commit.
            Err(error) => match transaction.fate(url).await {
                Some(true) => Ok(()),
                Some(false) => Err(error.into()),
                // Whose pictures these must be nobody can say: neither goes.
                None => {
                    return Err(KeepError::Unsure {
                        blobs: blobs.to_path_buf(),
                        before: kept.into_iter().next(),
                    });
                }
            },
        },
        Err(error) => Err(file(blobs)(error)),
    };
    if let Err(error) = placed {
        // The pictures of before belong to the tables of before; the error that led here is the one to tell.
        let _ = std::fs::rename(blobs, &new_blobs);
        for kept in kept {
            let _ = std::fs::rename(kept, blobs);
        }
        return Err(error);
    }
    Ok((kept, schema))
}

/// Moves the township's tables to a new schema, with their indexes; returns its name.
async fn moved(conn: &mut Conn, now: u64) -> Result<String, sqlx::Error> {
    let schema = format!("before_{now}");
    conn.run(format!("CREATE SCHEMA {schema}")).await?;
    // Every table of ours begins with the tenant, but the one that counts the steps.
    let ours = "SELECT DISTINCT quote_ident(table_name) FROM information_schema.columns \
                WHERE table_schema = current_schema() AND (column_name = 'tenant' OR table_name = 'schema_version')";
    let ours: Vec<String> = sql::query_scalar(ours).fetch_all(&mut *conn).await?;
    for table in ours {
        conn.run(format!("ALTER TABLE {table} SET SCHEMA {schema}")).await?;
    }
    Ok(schema)
}
