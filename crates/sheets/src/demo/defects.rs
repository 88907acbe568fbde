//! A file of a thousand household rows as townships send them: seventeen of them spoilt, each in a way seen in practice.

use gridbook_domain::import::{ProblemCode, TemplateId};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet};

use super::rng::Rng;
use super::{BIG_VILLAGE, Fields, in_order, names};
use crate::WriteError;

/// How many of the rows are spoilt.
pub const BROKEN_ROWS: usize = 17;

/// Rows with content.
const ROWS: usize = 1000;

/// Grids of the big village that the rows are spread over.
const GRIDS: usize = 16;

/// The file, and what an import must find in it.
#[derive(Debug, Clone, PartialEq)]
pub struct DefectFile {
    /// The `.xlsx`.
    pub xlsx: Vec<u8>,
    /// Row number in the sheet and what is wrong with it, by row.
    pub expected: Vec<(u32, ProblemCode)>,
}

/// A cell that is not plain text.
enum Odd {
    Text(&'static str),
    Long(usize),
    Number(f64),
    Date(u16, u8, u8),
    /// One merged region with the cell above.
    MergedWithAbove,
    /// The code of the row above.
    CodeOfAbove,
}

/// What is spoilt: column, content, what an import must say.
fn defects() -> [(&'static str, Odd, ProblemCode); BROKEN_ROWS] {
    use ProblemCode as P;
    [
        ("head", Odd::Text(""), P::Required),
        ("head", Odd::Text("李桂芳2"), P::BadName),
        ("area", Odd::Text("510000100201777"), P::UnknownArea),
        ("area", Odd::Number(51_000_010_020_100_100.0), P::PrecisionLost),
        ("code", Odd::Text("510000100201001-07"), P::BadCode),
        ("code", Odd::CodeOfAbove, P::DuplicateInFile),
        ("phones", Odd::Text("1.99E+10"), P::ScientificNotation),
        ("phones", Odd::Number(8_382_345_678.0), P::LeadingZeroLost),
        ("phones", Odd::Text("1990000123"), P::BadPhone),
        ("consent_date", Odd::Text("2025年2月30日"), P::BadDate),
        ("consent_date", Odd::Text("03/04/2025"), P::BadDate),
        ("consent_date", Odd::Number(45_728.0), P::SerialDate),
        ("consent_date", Odd::Date(2099, 1, 1), P::DateOutOfRange),
        ("door_no", Odd::Date(2025, 3, 2), P::DateInText),
        ("address_text", Odd::Long(120), P::TooLong),
        ("residence_type", Odd::MergedWithAbove, P::Merged),
        ("categories", Odd::Text("特别困难"), P::NotAnOption),
    ]
}

/// Makes the file for the big village of the demo township: codes that the demo does not use, so that it can be imported
/// after it. Deterministic for a seed.
///
/// # Errors
/// As [`write_xlsx`](crate::write_xlsx).
pub fn household_rows_with_defects(seed: u64) -> Result<DefectFile, WriteError> {
    let mut rng = Rng::new(seed);
    let template = TemplateId::Households.template();
    let mut workbook = Workbook::new();
    let made = ExcelDateTime::from_ymd(2026, 1, 1)?;
    workbook.set_properties(&rust_xlsxwriter::DocProperties::new().set_creation_datetime(&made));
    let sheet = workbook.add_worksheet();
    sheet.set_name(TemplateId::Households.label())?;
    for (n, rule) in (0u16..).zip(template.columns) {
        sheet.write_string(0, n, rule.header)?;
    }
    let mut rows: Vec<Vec<String>> = (0..ROWS).map(|n| in_order(template, row(&mut rng, n))).collect();
    let column = |id: &str| template.columns.iter().position(|rule| rule.id == id).unwrap_or(0);
    let mut expected = Vec::new();
    let mut odd_cells = Vec::new();
    for (n, (id, odd, code)) in defects().into_iter().enumerate() {
        // Spread over the file, never next to each other.
        let at = 20 + n * 57;
        expected.push((u32::try_from(at + 2).unwrap_or(u32::MAX), code));
        let column = column(id);
        match odd {
            Odd::CodeOfAbove => rows[at][column] = rows[at - 1][column].clone(),
            Odd::Long(length) => rows[at][column] = "长".repeat(length),
            Odd::Text(text) => rows[at][column] = text.to_owned(),
            other => odd_cells.push((at, column, other)),
        }
    }
    for (r, row) in (1u32..).zip(&rows) {
        for (c, cell) in (0u16..).zip(row) {
            if !cell.is_empty() {
                sheet.write_string(r, c, cell)?;
            }
        }
    }
    for (at, column, odd) in &odd_cells {
        spoil(
            sheet,
            u32::try_from(at + 1).unwrap_or(u32::MAX),
            u16::try_from(*column).unwrap_or(u16::MAX),
            odd,
        )?;
    }
    Ok(DefectFile { xlsx: workbook.save_to_buffer()?, expected })
}

fn spoil(sheet: &mut Worksheet, row: u32, column: u16, odd: &Odd) -> Result<(), WriteError> {
    match odd {
        Odd::Number(number) => {
            sheet.write_number(row, column, *number)?;
        }
        Odd::Date(year, month, day) => {
            let date = ExcelDateTime::from_ymd(*year, *month, *day)?;
            sheet.write_datetime_with_format(
                row,
                column,
                &date,
                &Format::new().set_num_format("yyyy-mm-dd"),
            )?;
        }
        Odd::MergedWithAbove => {
            sheet.merge_range(row - 1, column, row, column, "常住", &Format::new())?;
        }
        Odd::Text(_) | Odd::Long(_) | Odd::CodeOfAbove => {}
    }
    Ok(())
}

fn row(rng: &mut Rng, n: usize) -> Fields {
    let grid = format!("{BIG_VILLAGE}{:03}", n % GRIDS + 1);
    // From 5001 on in every grid: the demo's own households stay far below.
    let serial = 5001 + n / GRIDS;
    let male = rng.chance(700);
    let born = rng.between(1945, 1995);
    let head = format!("{}{}", names::surname(rng), names::given(rng, born, male));
    vec![
        ("code", format!("{grid}H{serial}")),
        ("area", grid),
        ("address_text", format!("青禾镇柳溪村{}组{serial}号", n % GRIDS + 1)),
        ("door_no", format!("{serial}号")),
        ("head", head),
        ("phones", format!("199002{n:05}")),
        ("residence_type", "常住".to_owned()),
        ("registered_count", rng.between(1, 6).to_string()),
        ("consent_date", format!("2025-{:02}-{:02}", rng.between(1, 11), rng.between(1, 28))),
    ]
}
