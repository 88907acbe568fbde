//! Comma-separated values (RFC 4180), as Excel and WPS write them: also with tabs or semicolons.

use gridbook_domain::import::{Cell, Sheet};

use crate::{MAX_COLUMNS, MAX_ROWS, ReadError, Table, encoding};

/// Reads a csv file as one sheet of that name. `gb18030` as for [`decode`](crate::decode).
///
/// # Errors
/// [`ReadError::Encoding`], or [`ReadError::TooLarge`].
pub fn read_csv(
    name: &str,
    bytes: &[u8],
    gb18030: impl FnOnce(&[u8]) -> Option<String>,
) -> Result<Sheet, ReadError> {
    let (text, _) = encoding::decode(bytes, gb18030)?;
    let rows = parse(&text)?;
    let rows = rows.into_iter().map(|row| row.iter().map(|field| Cell::text(field)).collect()).collect();
    Ok(Sheet { name: name.to_owned(), first_row: 1, rows })
}

/// The separator that the first line uses most.
fn separator(text: &str) -> char {
    let first = text.lines().next().unwrap_or_default();
    let count = |sep: char| first.matches(sep).count();
    [',', '\t', ';'].into_iter().rev().max_by_key(|sep| count(*sep)).unwrap_or(',')
}

fn parse(text: &str) -> Result<Vec<Vec<String>>, ReadError> {
    let separator = separator(text);
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row: Vec<String> = Vec::new();
    let mut field = String::new();
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' if quoted => quoted = false,
            _ if quoted => field.push(c),
            '"' if field.is_empty() => quoted = true,
            '\r' | '\n' => {
                if c == '\r' && chars.peek() == Some(&'\n') {
                    chars.next();
                }
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
                if rows.len() > MAX_ROWS {
                    return Err(ReadError::TooLarge(format!("超过 {MAX_ROWS} 行")));
                }
            }
            _ if c == separator => {
                row.push(std::mem::take(&mut field));
                if row.len() > MAX_COLUMNS {
                    return Err(ReadError::TooLarge(format!("超过 {MAX_COLUMNS} 列")));
                }
            }
            _ => field.push(c),
        }
    }
    if !field.is_empty() || !row.is_empty() {
        row.push(field);
        rows.push(row);
    }
    Ok(rows)
}

/// Writes a table as csv that Excel opens right: UTF-8 with byte order mark, CRLF. A cell that begins with `=`, `+`,
/// `-` or `@` gets an apostrophe in front, or a spreadsheet would run it as a formula; reading takes it off again.
pub fn write_csv(table: &Table) -> Vec<u8> {
    let mut out = String::from("\u{FEFF}");
    let headers: Vec<String> = table.columns.iter().map(|column| column.header.clone()).collect();
    for row in std::iter::once(&headers).chain(&table.rows) {
        for (n, field) in row.iter().enumerate() {
            if n > 0 {
                out.push(',');
            }
            push_field(&mut out, field);
        }
        out.push_str("\r\n");
    }
    out.into_bytes()
}

fn push_field(out: &mut String, field: &str) {
    let guarded = field.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let quoted = field.contains([',', '"', '\r', '\n', ';', '\t']);
    if quoted {
        out.push('"');
    }
    if guarded {
        out.push('\'');
    }
    if quoted {
        out.push_str(&field.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(field);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Column;

    fn fields(text: &str) -> Vec<Vec<String>> {
        parse(text).unwrap()
    }

    #[test]
    fn quotes_lines_and_separators() {
        assert_eq!(fields("a,b\r\n1,\"x,\"\"y\"\"\nz\"\r\n"), [["a", "b"], ["1", "x,\"y\"\nz"]]);
        assert_eq!(fields("a\tb,c\td\n1\t2\t3"), [["a", "b,c", "d"], ["1", "2", "3"]]);
        assert_eq!(fields("a;b\n;"), [["a", "b"], ["", ""]]);
        assert_eq!(fields("a,b\rc,d"), [["a", "b"], ["c", "d"]]);
        assert!(fields("").is_empty());
        // A quote that never closes swallows the rest, and does not hang or panic.
        assert_eq!(fields("\"a,b\nc"), [["a,b\nc"]]);
    }

    #[test]
    fn too_much_is_refused() {
        assert!(matches!(parse(&"x\n".repeat(MAX_ROWS + 1)), Err(ReadError::TooLarge(_))));
        assert!(matches!(parse(&",".repeat(MAX_COLUMNS + 1)), Err(ReadError::TooLarge(_))));
    }

    #[test]
    fn writes_what_it_reads_and_disarms_formulas() {
        let cells = ["=1+1", "@x", "-5", "平常,\"字\"\n二行", "0838-2345678"];
        let table = Table {
            name: "台账".to_owned(),
            columns: (0..5).map(|n| Column::text(&format!("列{n}"), 10.0)).collect(),
            rows: vec![cells.iter().map(|cell| (*cell).to_owned()).collect()],
        };
        let bytes = write_csv(&table);
        assert!(bytes.starts_with(&[0xEF, 0xBB, 0xBF]));
        let sheet = read_csv("台账", &bytes, |_| None).unwrap();
        let texts: Vec<&str> = sheet.rows[1].iter().map(|cell| cell.text.as_str()).collect();
        assert_eq!(texts, ["'=1+1", "'@x", "'-5", "平常,\"字\"\n二行", "0838-2345678"]);
        assert_eq!(sheet.rows[0][0].text, "列0");
    }
}
