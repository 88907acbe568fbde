//! Writing `.xlsx`: every cell as text, so that ids, phones and codes keep every digit and zero.

use rust_xlsxwriter::{
    DataValidation, DocProperties, ExcelDateTime, Format, FormatBorder, Workbook, XlsxError,
};

/// A file that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("生成表格失败：{0}。数据没有丢，请减少行数再试。")]
pub struct WriteError(#[from] XlsxError);

/// One column to write.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Column {
    /// Its header.
    pub header: String,
    /// Its width, in half-width characters.
    pub width: f64,
    /// Whether its cells are numbers to reckon with (counts, amounts); all else is text.
    pub numeric: bool,
    /// Values offered in a drop-down; empty = anything.
    pub choices: Vec<String>,
}

impl Column {
    /// A column of text.
    pub fn text(header: &str, width: f64) -> Self {
        Self { header: header.to_owned(), width, numeric: false, choices: Vec::new() }
    }
}

/// One sheet to write.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// Name of the sheet; signs that Excel forbids become spaces, and 31 characters are the most.
    pub name: String,
    /// Columns.
    pub columns: Vec<Column>,
    /// Rows of cells, as text.
    pub rows: Vec<Vec<String>>,
}

/// Rows below the header that are set up for typing: drop-downs and text format.
const READY_ROWS: u32 = 20_000;

/// Excel takes lists of at most this many characters into a drop-down.
const MAX_CHOICES: usize = 255;

/// Writes tables as one `.xlsx`: header frozen and bold, columns as wide as asked, cells as text. The file's own dates
/// are fixed, so that the same tables give the same bytes.
///
/// # Errors
/// Only when a table is beyond what the format holds.
pub fn write_xlsx(tables: &[Table]) -> Result<Vec<u8>, WriteError> {
    let mut workbook = Workbook::new();
    let made = ExcelDateTime::from_ymd(2026, 1, 1)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&made));
    let head =
        Format::new().set_bold().set_border_bottom(FormatBorder::Thin).set_text_wrap().set_num_format("@");
    let text = Format::new().set_num_format("@");
    for table in tables {
        let sheet = workbook.add_worksheet();
        sheet.set_name(sheet_name(&table.name))?;
        sheet.set_freeze_panes(1, 0)?;
        for (n, column) in (0u16..).zip(&table.columns) {
            if !column.numeric {
                sheet.set_column_format(n, &text)?;
            }
            sheet.set_column_width(n, column.width)?;
            sheet.write_string_with_format(0, n, &column.header, &head)?;
            let length: usize = column.choices.iter().map(|choice| choice.chars().count() + 1).sum();
            if !column.choices.is_empty() && length < MAX_CHOICES {
                let list = DataValidation::new().allow_list_strings(&column.choices)?;
                sheet.add_data_validation(1, n, READY_ROWS, n, &list)?;
            }
        }
        for (r, row) in (1u32..).zip(&table.rows) {
            for (c, cell) in (0u16..).zip(row) {
                if cell.is_empty() {
                    continue;
                }
                let numeric = table.columns.get(usize::from(c)).is_some_and(|column| column.numeric);
                match cell.parse::<f64>() {
                    Ok(number) if numeric && number.is_finite() => sheet.write_number(r, c, number)?,
                    _ => sheet.write_string_with_format(r, c, cell, &text)?,
                };
            }
        }
    }
    Ok(workbook.save_to_buffer()?)
}

fn sheet_name(name: &str) -> String {
    let allowed =
        |c: char| if matches!(c, '[' | ']' | ':' | '*' | '?' | '/' | '\\' | '\'') { ' ' } else { c };
    let name: String = name.chars().map(allowed).take(31).collect();
    if name.trim().is_empty() { "表".to_owned() } else { name }
}
