//! Official numbers after a restore: which were given out since the backup stands on paper only, so a person says
//! where each series stands before the next one is given.

use super::KeepError;
use crate::db;
use crate::sql::{self, Pool};

/// Where a series of numbers stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The class in the number, e.g. 隐 (domain data 4.9.5).
    pub series: String,
    /// Year.
    pub year: i64,
    /// The last number known to have been given.
    pub last: i64,
}

/// Where all series stand in this database, and whether numbers are held back.
///
/// # Errors
/// [`KeepError`] when the database cannot be read.
pub async fn number_marks(db: &str) -> Result<(Vec<Mark>, bool), KeepError> {
    let mut conn = db::open_existing(db).await?;
    let rows = sql::query("SELECT series, year, last FROM numbers WHERE tenant = 1 ORDER BY year, series")
        .fetch_all(&mut conn)
        .await?;
    let held: bool = sql::query_scalar("SELECT numbers_held = 1 FROM tenant WHERE tenant = 1")
        .fetch_one(&mut conn)
        .await?;
    conn.close().await?;
    let read = |row: sql::Row| {
        Ok(Mark { series: row.try_get("series")?, year: row.try_get("year")?, last: row.try_get("last")? })
    };
    let marks: Result<Vec<Mark>, sqlx::Error> = rows.into_iter().map(read).collect();
    Ok((marks?, held))
}

/// Takes down what a person says of the last numbers given (series that are not named stay where they are) and lets
/// numbers be given again, from the next start on. A mark never goes down: a number is never given twice.
///
/// # Errors
/// [`KeepError`]; nothing is changed then.
pub async fn confirm_numbers(db: &str, marks: &[Mark]) -> Result<(), KeepError> {
    let mut conn = db::open_existing(db).await?;
    conn.begin_write().await?;
    for mark in marks {
        sql::query(
            "INSERT INTO numbers (tenant, series, year, last) VALUES (1, ?, ?, ?)
             ON CONFLICT (tenant, series, year) DO UPDATE SET
             last = CASE WHEN numbers.last < excluded.last THEN excluded.last ELSE numbers.last END",
        )
        .bind(&mark.series)
        .bind(mark.year)
        .bind(mark.last)
        .execute(&mut conn)
        .await?;
    }
    sql::query("UPDATE tenant SET numbers_held = 2 WHERE tenant = 1 AND numbers_held = 1")
        .execute(&mut conn)
        .await?;
    conn.commit().await?;
    conn.close().await?;
    Ok(())
}

/// Whether a person has confirmed the marks since the last start.
pub(crate) async fn numbers_confirmed(readers: &Pool) -> Result<bool, sqlx::Error> {
    sql::query_scalar("SELECT numbers_held = 2 FROM tenant WHERE tenant = 1").fetch_one(readers).await
}
