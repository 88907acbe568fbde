//! Connections to PostgreSQL.

use std::str::FromStr;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, PgConnection, PgPool};

use super::DbError;
use crate::sql::{self, Conn, Held};

/// Names our locks among those of other programs in the same database.
const LOCK: i64 = 0x6772_6964_626f_6f6b;

fn options(url: &str) -> Result<PgConnectOptions, sqlx::Error> {
    let options = PgConnectOptions::from_str(url)?
        .application_name("gridbook")
        // An acknowledged operation survives a power cut, whatever the database's own setting is.
        .options([("synchronous_commit", "on"), ("client_min_messages", "warning")]);
    Ok(options.disable_statement_logging())
}

async fn connect(url: &str) -> Result<PgConnection, sqlx::Error> {
    options(url)?.connect().await
}

/// A connection that writes. Until it closes, everybody can tell that a server works here ([`alone`]).
pub(super) async fn writer(url: &str) -> Result<Conn, sqlx::Error> {
    let mut conn = Conn::Postgres(Held::Own(connect(url).await?));
    conn.run(format!("SELECT pg_advisory_lock_shared({LOCK})")).await?;
    let fsync: String = sql::query_scalar("SHOW fsync").fetch_one(&mut conn).await?;
    if fsync != "on" {
        tracing::warn!(
            "PostgreSQL runs with fsync = off: a power cut may lose what phones were told is stored"
        );
    }
    Ok(conn)
}

/// A connection to tables that are there.
pub(super) async fn existing(url: &str) -> Result<Conn, DbError> {
    let mut conn = open(url).await?;
    if has_tables(&mut conn).await? { Ok(conn) } else { Err(DbError::Empty) }
}

/// A connection, whether there are tables or not.
///
/// # Errors
/// When the database cannot be reached.
pub(crate) async fn open(url: &str) -> Result<Conn, sqlx::Error> {
    Ok(Conn::Postgres(Held::Own(connect(url).await?)))
}

/// Whether there are tables of ours.
///
/// # Errors
/// When the database fails.
pub(crate) async fn has_tables(conn: &mut Conn) -> Result<bool, sqlx::Error> {
    sql::query_scalar("SELECT to_regclass('tenant') IS NOT NULL").fetch_one(conn).await
}

/// Connections that read.
pub(super) async fn readers(url: &str) -> Result<PgPool, sqlx::Error> {
    let options = options(url)?.options([("default_transaction_read_only", "on")]);
    PgPoolOptions::new().max_connections(8).connect_with(options).await
}

/// In a transaction: nobody else changes the tables until it ends.
pub(super) async fn migrating(conn: &mut Conn) -> Result<(), sqlx::Error> {
    conn.run(format!("SELECT pg_advisory_xact_lock({})", LOCK + 1)).await
}

/// Whether no server works on this database. As long as `conn` lives none begins to. One that was stopped just now has a
/// second to be gone.
///
/// # Errors
/// When the database fails.
pub async fn alone(conn: &mut Conn) -> Result<bool, sqlx::Error> {
    conn.run("SET lock_timeout = '1s'").await?;
    let locked = conn.run(format!("SELECT pg_advisory_lock({LOCK})")).await;
    conn.run("SET lock_timeout = 0").await?;
    match locked {
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(NOT_AVAILABLE) => Ok(false),
        locked => locked.map(|()| true),
    }
}

/// Lets servers begin to work again.
///
/// # Errors
/// When the database fails.
pub(crate) async fn leave(conn: &mut Conn) -> Result<(), sqlx::Error> {
    conn.run("SELECT pg_advisory_unlock_all()").await
}

/// PostgreSQL's number for a lock that did not come free in time.
const NOT_AVAILABLE: &str = "55P03";

/// What these tables are called inside this very PostgreSQL: a restored copy is called otherwise.
const HOME: &str = "(SELECT system_identifier FROM pg_control_system()) || '.' || 'tenant'::regclass::oid";

/// Whether the tables are those that the tenant was last settled in. False after a restore whose last step,
/// `restore --new-history`, was left out: phones would take new operations for ones they have seen.
pub(super) async fn at_home(conn: &mut Conn) -> Result<bool, sqlx::Error> {
    let asked = format!("SELECT home = {HOME} FROM tenant WHERE tenant = 1");
    Ok(sql::query_scalar::<Option<bool>>(asked).fetch_one(conn).await?.unwrap_or(false))
}

/// Takes these tables for the tenant's own.
pub(crate) async fn settle(conn: &mut Conn) -> Result<(), sqlx::Error> {
    conn.run(format!("UPDATE tenant SET home = {HOME} WHERE tenant = 1")).await
}
