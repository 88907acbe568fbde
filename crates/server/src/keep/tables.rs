//! Everything that stands in PostgreSQL as the one file of a backup, and back: both databases have the same tables, so a
//! backup of either can be put into either.

use std::path::Path;

use futures_util::TryStreamExt;
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

use super::{KeepError, flush};
use crate::db;
use crate::sql::{self, Conn, Held, Row, Value};

/// Rows in memory at a time; some hold a picture of 8 KB.
const ROWS: usize = 1000;

/// Values of a column, as PostgreSQL names them.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Int,
    Bool,
    Text,
    Bytes,
}

impl Kind {
    fn of(name: &str) -> Result<Self, KeepError> {
        match name {
            "bigint" => Ok(Self::Int),
            "boolean" => Ok(Self::Bool),
            "text" => Ok(Self::Text),
            "bytea" => Ok(Self::Bytes),
            _ => Err(db::DbError::Damaged("a column of a type that no table has").into()),
        }
    }

    fn value(self, row: &Row, at: usize) -> Result<Value, sqlx::Error> {
        Ok(match self {
            Self::Int => Value::Int(row.try_get(at)?),
            Self::Bool => Value::Bool(row.try_get(at)?),
            Self::Text => Value::Text(row.try_get(at)?),
            Self::Bytes => Value::Bytes(row.try_get(at)?),
        })
    }
}

/// Opens a file for tables that are written in one go; makes it.
async fn file_at(path: &Path) -> Result<Conn, KeepError> {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    Ok(Conn::Sqlite(Held::Own(options.disable_statement_logging().connect().await?)))
}

/// Copies the tables of a database of PostgreSQL's, as they are at one moment, into a new file.
///
/// # Errors
/// [`KeepError`]; the file is of no use then.
pub(super) async fn unload(url: &str, to: &Path) -> Result<(), KeepError> {
    let mut from = db::open_existing(url).await?;
    from.begin_read().await?;
    let mut into = file_at(to).await?;
    into.begin_write().await?;
    let version = db::version(&mut from).await?;
    db::tables_at(&mut into, version).await?;
    for table in tables(&mut into).await? {
        let columns = columns(&mut into, &mut from, &table).await?;
        copy(&mut from, &mut into, &table, &columns).await?;
    }
    into.commit().await?;
    from.commit().await?;
    into.close().await?;
    from.close().await?;
    flush(to)
}

/// Copies the tables of a file into PostgreSQL, which has none, in the transaction that is under way there.
///
/// # Errors
/// [`KeepError`]; the transaction can only be rolled back then.
pub(super) async fn load(file: &Path, into: &mut Conn) -> Result<(), KeepError> {
    let mut from = db::open_existing(&format!("sqlite://{}", file.display())).await?;
    let version = db::version(&mut from).await?;
    db::tables_at(into, version).await?;
    for table in tables(&mut from).await? {
        let columns = columns(&mut from, into, &table).await?;
        copy(&mut from, into, &table, &columns).await?;
    }
    Ok(from.close().await?)
}

/// The tables of a file, but the one that `db` keeps for itself.
async fn tables(file: &mut Conn) -> Result<Vec<String>, sqlx::Error> {
    let asked =
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'schema_version' ORDER BY name";
    sql::query_scalar(asked).fetch_all(file).await
}

/// The columns of a table in the file, in its order, and what PostgreSQL calls their values.
async fn columns(file: &mut Conn, big: &mut Conn, table: &str) -> Result<Vec<(String, Kind)>, KeepError> {
    let names: Vec<String> = sql::query_scalar("SELECT name FROM pragma_table_info(?) ORDER BY cid")
        .bind(table)
        .fetch_all(file)
        .await?;
    let asked = "SELECT column_name::TEXT, data_type::TEXT FROM information_schema.columns \
                 WHERE table_schema = current_schema() AND table_name = ?";
    let kinds: Vec<(String, String)> = sql::query_as(asked).bind(table).fetch_all(big).await?;
    let mut out = Vec::with_capacity(names.len());
    for name in names {
        let known = kinds.iter().find(|(column, _)| *column == name);
        let (_, kind) = known.ok_or(db::DbError::Damaged("a column that PostgreSQL has not"))?;
        out.push((name, Kind::of(kind)?));
    }
    Ok(out)
}

async fn copy(
    from: &mut Conn,
    into: &mut Conn,
    table: &str,
    columns: &[(String, Kind)],
) -> Result<(), KeepError> {
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let names = names.join(", ");
    let head = format!("{table} ({names})");
    let mut rows = sql::query(format!("SELECT {names} FROM {table}")).persistent(false).fetch(from)?;
    loop {
        let mut some: Vec<Vec<Value>> = Vec::with_capacity(ROWS);
        while some.len() < ROWS
            && let Some(row) = rows.try_next().await?
        {
            let values = columns.iter().enumerate().map(|(at, (_, kind))| kind.value(&row, at));
            some.push(values.collect::<Result<_, _>>()?);
        }
        if some.is_empty() {
            return Ok(());
        }
        sql::insert(into, &head, "", some, |cells, row| {
            for value in row {
                cells.push_bind(value);
            }
        })
        .await?;
    }
}
