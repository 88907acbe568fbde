//! Values as they are bound. An absent one keeps its type: PostgreSQL wants to know it.

use std::borrow::Cow;

use sqlx::Arguments;
use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;

use super::Error;

/// A value, or none of that type.
#[derive(Clone, Debug)]
pub enum Value {
    /// Whole number.
    Int(Option<i64>),
    /// Yes or no.
    Bool(bool),
    /// Text.
    Text(Option<String>),
    /// Bytes.
    Bytes(Option<Vec<u8>>),
}

macro_rules! from {
    ($($type:ty, $value:ident => $made:expr;)*) => {$(
        impl From<$type> for Value {
            fn from($value: $type) -> Self {
                $made
            }
        }
    )*};
}

from! {
    i64, v => Self::Int(Some(v));
    &i64, v => Self::Int(Some(*v));
    i32, v => Self::Int(Some(v.into()));
    u32, v => Self::Int(Some(v.into()));
    Option<i64>, v => Self::Int(v);
    bool, v => Self::Bool(v);
    String, v => Self::Text(Some(v));
    &String, v => Self::Text(Some(v.clone()));
    &str, v => Self::Text(Some(v.to_owned()));
    &&str, v => Self::Text(Some((*v).to_owned()));
    Option<String>, v => Self::Text(v);
    &Option<String>, v => Self::Text(v.clone());
    Option<&str>, v => Self::Text(v.map(str::to_owned));
    Option<&String>, v => Self::Text(v.cloned());
    Vec<u8>, v => Self::Bytes(Some(v));
    &[u8], v => Self::Bytes(Some(v.to_vec()));
    Option<Vec<u8>>, v => Self::Bytes(v);
}

fn failed(error: BoxDynError) -> Error {
    Error::Encode(error)
}

pub(super) fn to_sqlite(values: Vec<Value>) -> Result<SqliteArguments, Error> {
    let mut out = SqliteArguments::default();
    out.reserve(values.len(), 0);
    for value in values {
        match value {
            Value::Int(v) => out.add(v),
            Value::Bool(v) => out.add(v),
            Value::Text(v) => out.add(v),
            Value::Bytes(v) => out.add(v),
        }
        .map_err(failed)?;
    }
    Ok(out)
}

pub(super) fn to_postgres(values: Vec<Value>) -> Result<PgArguments, Error> {
    let mut out = PgArguments::default();
    out.reserve(values.len(), values.len() * 16);
    for value in values {
        match value {
            Value::Int(v) => out.add(v),
            Value::Bool(v) => out.add(v),
            Value::Text(v) => out.add(v.map(owned_without_zero)),
            Value::Bytes(v) => out.add(v),
        }
        .map_err(failed)?;
    }
    Ok(out)
}

/// PostgreSQL's text holds every character but U+0000; its picture stands for it. Texts that must stay as they are,
/// byte by byte, are refused before (`Push::read`).
pub(super) fn without_zero(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{2400}").into() } else { text.into() }
}

fn owned_without_zero(text: String) -> String {
    if text.contains('\0') { without_zero(&text).into_owned() } else { text }
}

/// A column of values of one type, as one array.
pub(super) fn add_array(out: &mut PgArguments, column: Vec<Value>) -> Result<(), Error> {
    match column.first() {
        Some(Value::Int(_)) => out.add(
            column.into_iter().map(|v| if let Value::Int(v) = v { v } else { None }).collect::<Vec<_>>(),
        ),
        Some(Value::Bool(_)) => {
            out.add(column.into_iter().map(|v| matches!(v, Value::Bool(true))).collect::<Vec<_>>())
        }
        Some(Value::Text(_)) => out.add(
            column
                .into_iter()
                .map(|v| if let Value::Text(v) = v { v.map(owned_without_zero) } else { None })
                .collect::<Vec<_>>(),
        ),
        Some(Value::Bytes(_)) => out.add(
            column.into_iter().map(|v| if let Value::Bytes(v) = v { v } else { None }).collect::<Vec<_>>(),
        ),
        None => Ok(()),
    }
    .map_err(failed)
}

/// The array type of a column.
pub(super) fn array_type(value: &Value) -> &'static str {
    match value {
        Value::Int(_) => "BIGINT[]",
        Value::Bool(_) => "BOOLEAN[]",
        Value::Text(_) => "TEXT[]",
        Value::Bytes(_) => "BYTEA[]",
    }
}
