//! Rows of either database.

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{ColumnIndex, Decode, Postgres, Row as _, Sqlite, Type};

use super::Error;

/// A row.
pub enum Row {
    /// Of SQLite.
    Sqlite(SqliteRow),
    /// Of PostgreSQL.
    Postgres(PgRow),
}

/// What a column can be read as, in both.
pub trait Cell:
    for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>
{
}

impl<T> Cell for T where
    T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>
{
}

/// What names a column: its name or its place.
pub trait At: ColumnIndex<SqliteRow> + ColumnIndex<PgRow> {}

impl<T: ColumnIndex<SqliteRow> + ColumnIndex<PgRow>> At for T {}

impl Row {
    /// The value of a column.
    ///
    /// # Errors
    /// When the column is missing or of another type.
    pub fn try_get<T: Cell, I: At>(&self, at: I) -> Result<T, Error> {
        match self {
            Self::Sqlite(row) => row.try_get(at),
            Self::Postgres(row) => row.try_get(at),
        }
    }
}

/// A whole row as a tuple.
pub trait Tuple: Sized {
    /// Reads it, column by column.
    ///
    /// # Errors
    /// When a column is missing or of another type.
    fn read(row: &Row) -> Result<Self, Error>;
}

macro_rules! tuple {
    ($($name:ident $at:tt),*) => {
        impl<$($name: Cell),*> Tuple for ($($name,)*) {
            fn read(row: &Row) -> Result<Self, Error> {
                Ok(($(row.try_get::<$name, _>($at)?,)*))
            }
        }
    };
}

tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);
