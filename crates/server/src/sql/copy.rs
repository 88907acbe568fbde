//! Rows for PostgreSQL's `COPY … FROM STDIN (FORMAT binary)`: a third of what an `INSERT` of the same rows takes, which
//! makes a table of the values first and then writes row after row.

use sqlx::PgConnection;

use super::value::without_zero;
use super::{Error, Value};

/// What stands before the first row: the signature, no flags, no further header.
const HEAD: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What stands after the last.
const END: &[u8] = &[0xff, 0xff];
/// Bytes that go out together: PostgreSQL writes them while the next ones are made.
const CHUNK: usize = 64 * 1024;

/// Writes rows that cannot meet one of the same key. `into` is a table with its columns in brackets.
///
/// # Errors
/// The driver's; the transaction can only be rolled back then.
pub(super) async fn copy<R>(
    conn: &mut PgConnection,
    into: &str,
    rows: impl Iterator<Item = R>,
    bind: impl Fn(&mut super::Cells, R),
) -> Result<(), Error> {
    let mut out = Vec::with_capacity(2 * CHUNK);
    out.extend_from_slice(HEAD);
    let mut copying = conn.copy_in_raw(&format!("COPY {into} FROM STDIN (FORMAT binary)")).await?;
    let mut cells = super::Cells::default();
    for row in rows {
        bind(&mut cells, row);
        if let Err(error) = line(&mut out, &cells) {
            // Its own answer says only that we gave it up.
            let _ = copying.abort("a row cannot be written").await;
            return Err(error);
        }
        cells.clear();
        if out.len() >= CHUNK {
            copying.send(&out[..]).await?;
            out.clear();
        }
    }
    out.extend_from_slice(END);
    copying.send(&out[..]).await?;
    copying.finish().await?;
    Ok(())
}

fn line(out: &mut Vec<u8>, row: &super::Cells) -> Result<(), Error> {
    let width = row.fixed.len() + row.values.len();
    out.extend_from_slice(&i16::try_from(width).map_err(too_long)?.to_be_bytes());
    for fixed in &row.fixed {
        field(out, Some(&fixed.to_be_bytes()))?;
    }
    for value in &row.values {
        match value {
            Value::Int(v) => field(out, v.map(i64::to_be_bytes).as_ref().map(<[u8; 8]>::as_slice))?,
            Value::Bool(v) => field(out, Some(&[u8::from(*v)]))?,
            Value::Text(v) => {
                let text = v.as_deref().map(without_zero);
                field(out, text.as_deref().map(str::as_bytes))?;
            }
            Value::Bytes(v) => field(out, v.as_deref())?,
        }
    }
    Ok(())
}

/// One value: its length and its bytes; −1 for none.
fn field(out: &mut Vec<u8>, bytes: Option<&[u8]>) -> Result<(), Error> {
    let len = bytes.map_or(Ok(-1), |bytes| i32::try_from(bytes.len())).map_err(too_long)?;
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(bytes.unwrap_or_default());
    Ok(())
}

fn too_long(error: std::num::TryFromIntError) -> Error {
    Error::Encode(Box::new(error))
}
