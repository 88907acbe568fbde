//! Cells as a sheet reader hands them over.

/// What kind of thing the file stored in a cell; the distinction matters because numbers lose digits and zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CellKind {
    /// Stored as text, or read from a csv file (which knows nothing else).
    #[default]
    Text,
    /// Stored as a number; `text` is its plain decimal writing without exponent.
    Number,
    /// Stored as a date; `text` is `YYYY-MM-DD`, with ` HH:MM` when there is a time of day.
    Date,
    /// Stored as true/false.
    Bool,
    /// Computed by a formula; `text` is the value last computed, `raw` the formula.
    Formula,
    /// An error value such as `#N/A`.
    Error,
    /// Nothing there.
    Empty,
    /// Covered by a merged region whose content stands in its first cell.
    MergedInto,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cell {
    /// The content as text.
    pub text: String,
    /// How it was stored.
    pub kind: CellKind,
    /// The content as the file wrote it (number with exponent, formula); empty when equal to `text`.
    pub raw: String,
}

impl Cell {
    /// A text cell; empty text makes an empty cell.
    pub fn text(text: &str) -> Self {
        let kind = if text.is_empty() { CellKind::Empty } else { CellKind::Text };
        Self { text: text.to_owned(), kind, raw: String::new() }
    }

    /// A cell of the given kind.
    pub fn of(kind: CellKind, text: &str) -> Self {
        Self { text: text.to_owned(), kind, raw: String::new() }
    }

    /// Whether there is nothing to read.
    pub fn is_blank(&self) -> bool {
        matches!(self.kind, CellKind::Empty | CellKind::MergedInto) || self.text.trim().is_empty()
    }
}

/// One worksheet, or one csv file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sheet {
    /// Name of the worksheet or file.
    pub name: String,
    /// Row number, as the user sees it, of `rows[0]` (1 when the file starts at the top).
    pub first_row: u32,
    /// All rows, header included.
    pub rows: Vec<Vec<Cell>>,
}

impl Sheet {
    /// A sheet of text cells that starts at row 1.
    pub fn of_text<R: AsRef<[S]>, S: AsRef<str>>(name: &str, rows: &[R]) -> Self {
        let rows = rows
            .iter()
            .map(|row| row.as_ref().iter().map(|text| Cell::text(text.as_ref())).collect())
            .collect();
        Self { name: name.to_owned(), first_row: 1, rows }
    }

    /// The number of the row at `index`, as the user sees it.
    pub fn row_number(&self, index: usize) -> u32 {
        self.first_row.saturating_add(u32::try_from(index).unwrap_or(u32::MAX))
    }
}
