//! Reading `.xlsx` cell by cell: what a cell was stored as matters as much as what it shows.

use std::io::{Cursor, Read, sink};

use calamine::{DataRef, ExcelDateTime, Reader, SheetVisible, Xlsx, XlsxError, open_workbook_from_rs};
use gridbook_domain::import::{Cell, CellKind, Sheet};
use zip::ZipArchive;

use crate::{MAX_COLUMNS, MAX_ROWS, ReadError, Workbook};

/// A small file can unpack to more than a machine holds: this much is the most.
const MAX_UNPACKED: u64 = 300 * 1024 * 1024;

/// First bytes of an old `.xls`, and of an encrypted `.xlsx`.
const COMPOUND_FILE: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];

type File<'a> = Xlsx<Cursor<&'a [u8]>>;

/// Reads the visible sheets of an `.xlsx`.
///
/// # Errors
/// [`ReadError`]: damaged, old or encrypted, or too large.
pub fn read_xlsx(bytes: &[u8]) -> Result<Workbook, ReadError> {
    if bytes.starts_with(&COMPOUND_FILE) {
        return Err(ReadError::OldOrEncrypted);
    }
    measure(bytes)?;
    let mut file: File<'_> = open_workbook_from_rs(Cursor::new(bytes)).map_err(damaged)?;
    let names: Vec<String> = file
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.visible == SheetVisible::Visible)
        .map(|sheet| sheet.name.clone())
        .collect();
    names.iter().map(|name| read_sheet(&mut file, name)).collect()
}

fn damaged(error: impl std::fmt::Display) -> ReadError {
    ReadError::Damaged(error.to_string())
}

/// Unpacks everything once into nothing: sizes that a file declares of itself can lie.
fn measure(bytes: &[u8]) -> Result<(), ReadError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    let mut total = 0;
    for n in 0..archive.len() {
        let entry = archive.by_index(n).map_err(damaged)?;
        let mut rest = entry.take(MAX_UNPACKED + 1 - total);
        total += std::io::copy(&mut rest, &mut sink()).map_err(damaged)?;
        if total > MAX_UNPACKED {
            return Err(ReadError::TooLarge("解开后超过 300 MB".to_owned()));
        }
    }
    Ok(())
}

fn read_sheet(file: &mut File<'_>, name: &str) -> Result<Sheet, ReadError> {
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    let mut reader = file.worksheet_cells_reader(name).map_err(damaged)?;
    while let Some(found) = reader.next_cell_with_formula().map_err(damaged)? {
        let (row, column) = found.pos;
        let formula = found.formula.filter(|formula| !formula.is_empty());
        let Some(mut cell) = read_cell(&found.value).or_else(|| formula.is_some().then(Cell::default)) else {
            continue;
        };
        if let Some(formula) = formula {
            if cell.kind != CellKind::Error {
                cell.kind = CellKind::Formula;
            }
            cell.raw = format!("={formula}");
        }
        *slot(&mut rows, row, column)? = cell;
    }
    drop(reader);
    merge(file, name, &mut rows)?;
    Ok(Sheet { name: name.to_owned(), first_row: 1, rows })
}

/// The cell at a place, rows and columns grown as needed. A single cell far away must not take the memory of all
/// between.
fn slot(rows: &mut Vec<Vec<Cell>>, row: u32, column: u32) -> Result<&mut Cell, ReadError> {
    let too_far = || {
        ReadError::TooLarge(format!("第 {} 行第 {} 列还有内容", u64::from(row) + 1, u64::from(column) + 1))
    };
    let (row, column) = (row as usize, column as usize);
    if row >= MAX_ROWS || column >= MAX_COLUMNS {
        return Err(too_far());
    }
    if rows.len() <= row {
        rows.resize_with(row + 1, Vec::new);
    }
    let line = rows.get_mut(row).ok_or_else(too_far)?;
    if line.len() <= column {
        line.resize_with(column + 1, || Cell::of(CellKind::Empty, ""));
    }
    line.get_mut(column).ok_or_else(too_far)
}

/// Marks what a merged region covers. Regions wider than the data are cut to it.
fn merge(file: &mut File<'_>, name: &str, rows: &mut [Vec<Cell>]) -> Result<(), ReadError> {
    let regions = match file.merge_cells_by_sheet_name(name) {
        Ok(regions) => regions,
        Err(XlsxError::WorksheetNotFound(_)) => Vec::new(),
        Err(error) => return Err(damaged(error)),
    };
    for region in regions {
        let ((top, left), (bottom, right)) = (region.start, region.end);
        for row in top..=bottom.min(u32::try_from(rows.len()).unwrap_or(u32::MAX)) {
            let Some(line) = rows.get_mut(row as usize) else { break };
            for column in left..=right.min(u32::try_from(MAX_COLUMNS).unwrap_or(u32::MAX)) {
                if (row, column) == (top, left) {
                    continue;
                }
                let column = column as usize;
                if line.len() <= column {
                    line.resize_with(column + 1, || Cell::of(CellKind::Empty, ""));
                }
                if let Some(cell) = line.get_mut(column) {
                    *cell = Cell::of(CellKind::MergedInto, "");
                }
            }
        }
    }
    Ok(())
}

fn read_cell(data: &DataRef<'_>) -> Option<Cell> {
    Some(match data {
        DataRef::Empty => return None,
        DataRef::String(text) => Cell::text(text),
        DataRef::SharedString(text) => Cell::text(text),
        DataRef::Int(number) => Cell::of(CellKind::Number, &number.to_string()),
        DataRef::Float(number) => number_cell(*number),
        DataRef::Bool(yes) => Cell::of(CellKind::Bool, if *yes { "是" } else { "否" }),
        DataRef::DateTime(date) => date_cell(date),
        DataRef::DateTimeIso(text) => Cell::of(CellKind::Date, &text.replace('T', " ")),
        DataRef::DurationIso(text) => Cell::of(CellKind::Text, text),
        DataRef::Error(error) => Cell::of(CellKind::Error, &error.to_string()),
    })
}

/// A number written out: `{}` of a float has no exponent, and whole numbers have no point.
fn number_cell(number: f64) -> Cell {
    Cell { text: format!("{number}"), kind: CellKind::Number, raw: format!("{number:e}") }
}

fn date_cell(date: &ExcelDateTime) -> Cell {
    if date.is_duration() {
        return number_cell(date.as_f64());
    }
    let (year, month, day, hour, minute, ..) = date.to_ymd_hms_milli();
    let mut text = format!("{year:04}-{month:02}-{day:02}");
    if (hour, minute) != (0, 0) {
        text.push_str(&format!(" {hour:02}:{minute:02}"));
    }
    Cell { text, kind: CellKind::Date, raw: format!("{}", date.as_f64()) }
}

#[cfg(test)]
mod tests;
