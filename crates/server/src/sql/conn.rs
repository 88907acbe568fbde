//! Connections of either database.

use std::ops::DerefMut;

use sqlx::pool::PoolConnection;
use sqlx::{
    AssertSqlSafe, Connection, Database, Executor, PgPool, Postgres, Sqlite, SqlitePool, Transaction,
};

use super::Error;

/// Whether a database's address means PostgreSQL.
pub fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

/// A connection.
pub enum Conn {
    /// To a file.
    Sqlite(Held<Sqlite>),
    /// To a server.
    Postgres(Held<Postgres>),
}

/// How a connection is held.
pub enum Held<DB: Database> {
    /// Of one's own.
    Own(DB::Connection),
    /// Of a pool, and goes back to it.
    Lent(PoolConnection<DB>),
    /// Of a pool, inside a transaction that ends with it.
    Moment(Transaction<'static, DB>),
}

impl<DB: Database> Held<DB> {
    pub(super) fn conn(&mut self) -> &mut DB::Connection {
        match self {
            Self::Own(conn) => conn,
            Self::Lent(conn) => conn.deref_mut(),
            Self::Moment(tx) => tx.deref_mut(),
        }
    }

    async fn close(self) -> Result<(), Error> {
        match self {
            Self::Own(conn) => conn.close().await,
            Self::Lent(conn) => conn.close().await,
            Self::Moment(tx) => tx.commit().await,
        }
    }
}

impl Conn {
    /// Whether it is one of PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Runs statements as they stand, one or many, without values.
    ///
    /// # Errors
    /// The driver's.
    pub async fn run(&mut self, text: impl Into<String>) -> Result<(), Error> {
        let text = sqlx::raw_sql(AssertSqlSafe(text.into()));
        match self {
            Self::Sqlite(held) => held.conn().execute(text).await.map(|_| ()),
            Self::Postgres(held) => held.conn().execute(text).await.map(|_| ()),
        }
    }

    /// Begins a transaction that writes; only on a connection of one's own, where dropping it ends the transaction.
    ///
    /// # Errors
    /// The driver's.
    pub async fn begin_write(&mut self) -> Result<(), Error> {
        // SQLite: a transaction that reads first and writes later could find another one in between.
        self.run(if self.is_postgres() { "BEGIN" } else { "BEGIN IMMEDIATE" }).await
    }

    /// Begins a transaction whose questions all see the same moment; only on a connection of one's own.
    ///
    /// # Errors
    /// The driver's.
    pub async fn begin_read(&mut self) -> Result<(), Error> {
        self.run(if self.is_postgres() { SNAPSHOT } else { "BEGIN" }).await
    }

    /// Ends a transaction.
    ///
    /// # Errors
    /// The driver's; nothing of it is stored then.
    pub async fn commit(&mut self) -> Result<(), Error> {
        self.run("COMMIT").await
    }

    /// Closes it and waits until it is closed.
    ///
    /// # Errors
    /// The driver's.
    pub async fn close(self) -> Result<(), Error> {
        match self {
            Self::Sqlite(held) => held.close().await,
            Self::Postgres(held) => held.close().await,
        }
    }
}

/// READ COMMITTED, PostgreSQL's own choice, shows each question another moment.
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Connections that read.
#[derive(Clone)]
pub enum Pool {
    /// Of a file.
    Sqlite(SqlitePool),
    /// Of a server.
    Postgres(PgPool),
}

impl Pool {
    /// A free connection.
    ///
    /// # Errors
    /// When none gets free in time.
    pub async fn acquire(&self) -> Result<Conn, Error> {
        Ok(match self {
            Self::Sqlite(pool) => Conn::Sqlite(Held::Lent(pool.acquire().await?)),
            Self::Postgres(pool) => Conn::Postgres(Held::Lent(pool.acquire().await?)),
        })
    }

    /// A free connection whose questions all see the same moment, until it is dropped or closed.
    ///
    /// # Errors
    /// When none gets free in time.
    pub async fn moment(&self) -> Result<Conn, Error> {
        Ok(match self {
            Self::Sqlite(pool) => Conn::Sqlite(Held::Moment(pool.begin().await?)),
            Self::Postgres(pool) => Conn::Postgres(Held::Moment(pool.begin_with(SNAPSHOT).await?)),
        })
    }

    /// Closes all connections.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}
