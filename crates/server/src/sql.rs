//! One way to ask both databases: SQLite (a file) and PostgreSQL (by URL).
//!
//! A query is written once, with `?` for each bound value, in the words that both understand; where they differ the
//! difference has a name here (`Conn::begin_write`, `Insert`). `sqlx::Any` was left aside: it copies every row once
//! more and leaves placeholders, arrays and lost connections to whoever calls it.

mod build;
mod conn;
mod copy;
mod insert;
mod known;
mod row;
mod value;

use std::borrow::Cow;
use std::marker::PhantomData;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, Postgres, Sqlite};

pub use build::{Builder, Separated};
pub use conn::{Conn, Held, Pool, is_postgres};
pub use insert::{Cells, insert};
pub use known::known;
pub use row::{At, Cell, Row, Tuple};
pub use value::Value;

/// The driver's errors.
pub type Error = sqlx::Error;

/// A question with its values.
#[must_use]
pub struct Query {
    text: Cow<'static, str>,
    values: Vec<Value>,
    persistent: bool,
}

/// Asks or tells; each `?` takes the next bound value.
pub fn query(text: impl Into<Cow<'static, str>>) -> Query {
    Query { text: text.into(), values: Vec::new(), persistent: true }
}

/// Asks for one column.
pub fn query_scalar<T: Cell>(text: impl Into<Cow<'static, str>>) -> Typed<T, One> {
    Typed::of(query(text))
}

/// Asks for a few columns.
pub fn query_as<T: Tuple>(text: impl Into<Cow<'static, str>>) -> Typed<T, Some> {
    Typed::of(query(text))
}

/// Where a question goes.
pub enum On<'c> {
    /// To any free connection.
    Pool(&'c Pool),
    /// To this connection.
    Conn(&'c mut Conn),
}

impl<'c> From<&'c Pool> for On<'c> {
    fn from(pool: &'c Pool) -> Self {
        Self::Pool(pool)
    }
}

impl<'c> From<&'c mut Conn> for On<'c> {
    fn from(conn: &'c mut Conn) -> Self {
        Self::Conn(conn)
    }
}

/// What a statement did.
#[derive(Clone, Copy, Debug)]
pub struct Done(u64);

impl Done {
    /// Rows that it changed.
    pub fn rows_affected(&self) -> u64 {
        self.0
    }
}

impl Query {
    /// Binds the next value.
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Whether the statement is kept prepared; not for one whose text is different every time.
    pub fn persistent(mut self, persistent: bool) -> Self {
        self.persistent = persistent;
        self
    }

    fn sqlite(self) -> Result<sqlx::query::Query<'static, Sqlite, SqliteArguments>, Error> {
        let values = value::to_sqlite(self.values)?;
        Ok(sqlx::query_with(AssertSqlSafe(self.text), values).persistent(self.persistent))
    }

    fn postgres(self) -> Result<sqlx::query::Query<'static, Postgres, PgArguments>, Error> {
        let text = numbered(&self.text);
        let values = value::to_postgres(self.values)?;
        Ok(sqlx::query_with(AssertSqlSafe(text), values).persistent(self.persistent))
    }

    /// Runs it.
    ///
    /// # Errors
    /// The driver's.
    pub async fn execute<'c>(self, on: impl Into<On<'c>>) -> Result<Done, Error> {
        match on.into() {
            On::Pool(pool) => self.execute_here(&mut pool.acquire().await?).await,
            On::Conn(conn) => self.execute_here(conn).await,
        }
    }

    async fn execute_here(self, conn: &mut Conn) -> Result<Done, Error> {
        Ok(match conn {
            Conn::Sqlite(held) => Done(self.sqlite()?.execute(held.conn()).await?.rows_affected()),
            Conn::Postgres(held) => Done(self.postgres()?.execute(held.conn()).await?.rows_affected()),
        })
    }

    /// All rows.
    ///
    /// # Errors
    /// The driver's.
    pub async fn fetch_all<'c>(self, on: impl Into<On<'c>>) -> Result<Vec<Row>, Error> {
        match on.into() {
            On::Pool(pool) => self.fetch_all_here(&mut pool.acquire().await?).await,
            On::Conn(conn) => self.fetch_all_here(conn).await,
        }
    }

    async fn fetch_all_here(self, conn: &mut Conn) -> Result<Vec<Row>, Error> {
        Ok(match conn {
            Conn::Sqlite(held) => {
                self.sqlite()?.fetch_all(held.conn()).await?.into_iter().map(Row::Sqlite).collect()
            }
            Conn::Postgres(held) => {
                self.postgres()?.fetch_all(held.conn()).await?.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// The driver's.
    pub async fn fetch_optional<'c>(self, on: impl Into<On<'c>>) -> Result<Option<Row>, Error> {
        match on.into() {
            On::Pool(pool) => self.fetch_optional_here(&mut pool.acquire().await?).await,
            On::Conn(conn) => self.fetch_optional_here(conn).await,
        }
    }

    async fn fetch_optional_here(self, conn: &mut Conn) -> Result<Option<Row>, Error> {
        Ok(match conn {
            Conn::Sqlite(held) => self.sqlite()?.fetch_optional(held.conn()).await?.map(Row::Sqlite),
            Conn::Postgres(held) => self.postgres()?.fetch_optional(held.conn()).await?.map(Row::Postgres),
        })
    }

    /// The first row.
    ///
    /// # Errors
    /// The driver's; `RowNotFound` when there is none.
    pub async fn fetch_one<'c>(self, on: impl Into<On<'c>>) -> Result<Row, Error> {
        self.fetch_optional(on).await?.ok_or(Error::RowNotFound)
    }

    /// Row by row.
    ///
    /// # Errors
    /// When a value cannot be bound.
    pub fn fetch(self, conn: &mut Conn) -> Result<BoxStream<'_, Result<Row, Error>>, Error> {
        Ok(match conn {
            Conn::Sqlite(held) => self.sqlite()?.fetch(held.conn()).map(|row| row.map(Row::Sqlite)).boxed(),
            Conn::Postgres(held) => {
                self.postgres()?.fetch(held.conn()).map(|row| row.map(Row::Postgres)).boxed()
            }
        })
    }
}

/// A row read as one value.
pub struct One;
/// A row read as a tuple.
pub struct Some;

/// How a row becomes a `T`.
pub trait Read<T> {
    /// Reads it.
    ///
    /// # Errors
    /// When a column is missing or of another type.
    fn read(row: &Row) -> Result<T, Error>;
}

impl<T: Cell> Read<T> for One {
    fn read(row: &Row) -> Result<T, Error> {
        row.try_get(0)
    }
}

impl<T: Tuple> Read<T> for Some {
    fn read(row: &Row) -> Result<T, Error> {
        T::read(row)
    }
}

/// A question whose rows are read as `T`.
#[must_use]
pub struct Typed<T, H> {
    query: Query,
    how: PhantomData<fn() -> (T, H)>,
}

impl<T, H: Read<T>> Typed<T, H> {
    fn of(query: Query) -> Self {
        Self { query, how: PhantomData }
    }

    /// Binds the next value.
    pub fn bind(self, value: impl Into<Value>) -> Self {
        Self::of(self.query.bind(value))
    }

    /// As [`Query::persistent`].
    pub fn persistent(self, persistent: bool) -> Self {
        Self::of(self.query.persistent(persistent))
    }

    /// All rows.
    ///
    /// # Errors
    /// The driver's.
    pub async fn fetch_all<'c>(self, on: impl Into<On<'c>>) -> Result<Vec<T>, Error> {
        self.query.fetch_all(on).await?.iter().map(H::read).collect()
    }

    /// The first row.
    ///
    /// # Errors
    /// The driver's; `RowNotFound` when there is none.
    pub async fn fetch_one<'c>(self, on: impl Into<On<'c>>) -> Result<T, Error> {
        H::read(&self.query.fetch_one(on).await?)
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// The driver's.
    pub async fn fetch_optional<'c>(self, on: impl Into<On<'c>>) -> Result<Option<T>, Error> {
        self.query.fetch_optional(on).await?.as_ref().map(H::read).transpose()
    }
}

/// PostgreSQL counts its placeholders. No text of ours holds a question mark of its own.
fn numbered(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for (n, piece) in text.split('?').enumerate() {
        if n > 0 {
            out.push('$');
            out.push_str(&n.to_string());
        }
        out.push_str(piece);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::numbered;

    #[test]
    fn placeholders_are_counted() {
        assert_eq!(numbered("SELECT a FROM b"), "SELECT a FROM b");
        assert_eq!(numbered("a = ? AND b IN (?, ?)"), "a = $1 AND b IN ($2, $3)");
    }
}
