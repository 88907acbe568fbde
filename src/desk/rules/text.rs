//! A table of days as people have it: a file, or what they paste.

use gridbook_domain::calendar::{CalendarError, DayRow, days_of_json};
use gridbook_domain::import::Sheet;

/// Days with where they were published.
pub(super) type Days = (Vec<DayRow>, Vec<String>);

/// Reads what was pasted: the open JSON shape, or lines of a date and 休 or 班.
pub(super) fn pasted(text: &str) -> Result<Days, CalendarError> {
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.starts_with('{') {
        return days_of_json(text);
    }
    let parts = |line: &str| -> Vec<String> {
        let split = line.split([',', '，', '\t', ' ', ';', '；']);
        split.map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    Ok((rows(text.lines().map(parts)), Vec::new()))
}

/// Reads the first sheet of a file.
pub(super) fn of_sheet(sheets: &[Sheet]) -> Days {
    let lines = sheets.first().into_iter().flat_map(|sheet| &sheet.rows);
    (rows(lines.map(|row| row.iter().map(|cell| cell.text.trim().to_owned()).collect())), Vec::new())
}

/// The first cell is the day and the last one says what it is; a heading is left out.
fn rows(lines: impl Iterator<Item = Vec<String>>) -> Vec<DayRow> {
    lines
        .filter(|cells| cells.iter().any(|cell| !cell.is_empty()))
        .filter(|cells| cells.first().is_some_and(|cell| cell.starts_with(|c: char| c.is_ascii_digit())))
        .map(|cells| {
            let kind = cells.iter().skip(1).rfind(|cell| !cell.is_empty()).cloned().unwrap_or_default();
            DayRow { date: cells[0].replace('/', "-"), kind }
        })
        .collect()
}
