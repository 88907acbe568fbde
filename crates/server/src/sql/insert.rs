//! Many rows in one statement: lists of values for SQLite; for PostgreSQL, which would plan thousands of values anew each
//! time, a stream of rows, or arrays where some may be there already.

use sqlx::postgres::PgArguments;
use sqlx::{AssertSqlSafe, Executor as _};

use super::copy::copy;
use super::value::{add_array, array_type, to_sqlite};
use super::{Conn, Error, Value};

/// Rows in one statement on SQLite; 17 columns of them stay far below the values that any SQLite lets a statement bind.
const ROWS: usize = 250;
/// Rows that PostgreSQL takes in one stream. It keeps up to a thousand ready before it writes them and looks through all
/// those ready for each that it adds: four streams of 250 take less than one of 1,000.
const COPY_ROWS: usize = 250;
/// Rows in one statement of arrays on PostgreSQL.
const ARRAY_ROWS: usize = 2000;

/// The values of rows, in the order of the columns.
#[derive(Default)]
pub struct Cells {
    /// What is the same in all rows and comes first (the tenant).
    pub(super) fixed: Vec<i64>,
    pub(super) values: Vec<Value>,
    rows: usize,
}

impl Cells {
    /// Adds a number that is the same in all rows; before any bound value.
    pub fn push(&mut self, fixed: i64) -> &mut Self {
        if self.rows == 0 {
            self.fixed.push(fixed);
        }
        self
    }

    /// Adds a value of the row.
    pub fn push_bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        self
    }

    /// Makes room for another row.
    pub(super) fn clear(&mut self) {
        self.fixed.clear();
        self.values.clear();
    }

    fn fixed_text(&self) -> String {
        self.fixed.iter().map(|n| format!("{n}, ")).collect()
    }

    /// `VALUES (1, ?, ?), (1, ?, ?), …`
    fn lists(&self) -> String {
        let width = self.values.len() / self.rows.max(1);
        let row = format!("({}{})", self.fixed_text(), vec!["?"; width].join(", "));
        let mut out = String::with_capacity(8 + self.rows * (row.len() + 2));
        out.push_str("VALUES ");
        for n in 0..self.rows {
            if n > 0 {
                out.push_str(", ");
            }
            out.push_str(&row);
        }
        out
    }

    /// `SELECT 1, u.* FROM UNNEST($1::BIGINT[], …) AS u`, the same for any number of rows, and its arrays.
    fn arrays(self) -> Result<(String, PgArguments), Error> {
        let width = self.values.len() / self.rows.max(1);
        let fixed = self.fixed_text();
        let mut columns: Vec<Vec<Value>> = (0..width).map(|_| Vec::with_capacity(self.rows)).collect();
        for (n, value) in self.values.into_iter().enumerate() {
            columns[n % width].push(value);
        }
        let types: Vec<String> = columns
            .iter()
            .enumerate()
            .filter_map(|(n, column)| Some(format!("${}::{}", n + 1, array_type(column.first()?))))
            .collect();
        let mut arrays = PgArguments::default();
        for column in columns {
            add_array(&mut arrays, column)?;
        }
        Ok((format!("SELECT {fixed}u.* FROM UNNEST({}) AS u", types.join(", ")), arrays))
    }
}

/// Inserts all of `rows`, many in one statement. A full statement is the same every time and is kept prepared. `into` is
/// a table with its columns in brackets; `tail` says what becomes of a row that is there, and is empty where none can be.
///
/// # Errors
/// The driver's.
pub async fn insert<R>(
    conn: &mut Conn,
    into: &str,
    tail: &str,
    rows: impl IntoIterator<Item = R>,
    bind: impl Fn(&mut Cells, R),
) -> Result<(), Error> {
    let mut rows = rows.into_iter().peekable();
    if let (Conn::Postgres(held), "") = (&mut *conn, tail) {
        while rows.peek().is_some() {
            copy(held.conn(), into, rows.by_ref().take(COPY_ROWS), &bind).await?;
        }
        return Ok(());
    }
    let most = if conn.is_postgres() { ARRAY_ROWS } else { ROWS };
    while rows.peek().is_some() {
        let mut cells = Cells::default();
        for row in rows.by_ref().take(most) {
            bind(&mut cells, row);
            cells.rows += 1;
        }
        match conn {
            Conn::Sqlite(held) => {
                let text = format!("INSERT INTO {into} {}{tail}", cells.lists());
                let full = cells.rows == most;
                let query = sqlx::query_with(AssertSqlSafe(text), to_sqlite(cells.values)?);
                held.conn().execute(query.persistent(full)).await?;
            }
            Conn::Postgres(held) => {
                let (rows, arrays) = cells.arrays()?;
                let text = format!("INSERT INTO {into} {rows}{tail}");
                held.conn().execute(sqlx::query_with(AssertSqlSafe(text), arrays)).await?;
            }
        }
    }
    Ok(())
}
