//! A mediation file: eight steps, documents, agreement, confirmation, volume (MED-02 … MED-19).
//!
//! The file is a record of its own beside the dispute. Everything here reads its values; nothing is stored twice.

pub mod agreement;
pub mod capital;
pub mod document;
pub mod edited;
pub mod follow;
pub mod indicator;
pub mod monthly;
pub mod open;
pub mod print;
pub mod reading;
pub mod risk;
pub mod roster;
pub mod step;
pub mod subsidy;
pub mod track;
pub mod volume;

use chrono::NaiveDate;
use serde_json::Value;

use crate::case::CaseView;
use crate::form::{Photos, Values, table_rows};

/// A mediation file, read.
#[derive(Debug, Clone, Copy)]
pub struct Mediation<'a> {
    /// Values of the record.
    pub values: &'a Values,
    /// How many photos and signatures there are by role.
    pub photos: &'a Photos,
    /// Official number.
    pub number: Option<&'a str>,
    /// State of the file.
    pub state: &'a str,
}

/// States in which nothing more is done with a file.
const OVER: [&str; 3] = ["archived", "refused", "transferred"];

/// Whether nothing more is done with a file in this state.
pub fn is_over(state: &str) -> bool {
    OVER.contains(&state)
}

/// A row of one of its tables.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    file: Mediation<'a>,
    table: &'a str,
    id: &'a str,
}

impl<'a> Mediation<'a> {
    /// Reads the file of a record.
    pub fn of(case: &'a CaseView) -> Self {
        Self {
            values: &case.values,
            photos: &case.photos,
            number: case.number.as_deref(),
            state: &case.state,
        }
    }

    /// A text; empty where there is none.
    pub fn text(&self, path: &str) -> &'a str {
        self.values.get(path).and_then(Value::as_str).map_or("", str::trim)
    }

    /// True for a yes.
    pub fn yes(&self, path: &str) -> bool {
        self.values.get(path) == Some(&Value::Bool(true))
    }

    /// A day.
    pub fn date(&self, path: &str) -> Option<NaiveDate> {
        crate::date::parse(self.text(path))
    }

    /// An amount in fen.
    pub fn cents(&self, path: &str) -> Option<u64> {
        self.values.get(path).and_then(Value::as_f64).map(cents)
    }

    /// The ids chosen at a path.
    pub fn list(&self, path: &str) -> Vec<&'a str> {
        let list = self.values.get(path).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// Rows of a table, those taken away left out.
    pub fn rows(&self, table: &'a str) -> Vec<Row<'a>> {
        table_rows(self.values, table).into_iter().map(|id| Row { file: *self, table, id }).collect()
    }

    /// Photos or signatures of a role.
    pub fn photo(&self, role: &str) -> usize {
        self.photos.get(role).copied().unwrap_or(0)
    }

    /// Names of the parties of a side, joined; `applicant`, `respondent` or `third`.
    pub fn side(&self, side: &str) -> String {
        let names: Vec<&str> = self
            .rows("parties")
            .into_iter()
            .filter(|party| party.text("side") == side)
            .map(|party| party.text("name"))
            .collect();
        names.join("、")
    }

    /// Mediators who were not replaced; the one who leads comes first.
    pub fn mediators(&self) -> Vec<&'a str> {
        let mut rows: Vec<Row<'a>> =
            self.rows("mediators").into_iter().filter(|row| !row.yes("replaced")).collect();
        gridbook_log::order_by_key(&mut rows, |row| !row.yes("lead"));
        rows.into_iter().map(|row| row.text("name")).collect()
    }
}

impl<'a> Row<'a> {
    fn path(&self, column: &str) -> String {
        format!("{}/{}/{column}", self.table, self.id)
    }

    /// A text; empty where there is none.
    pub fn text(&self, column: &str) -> &'a str {
        self.file.text(&self.path(column))
    }

    /// True for a yes.
    pub fn yes(&self, column: &str) -> bool {
        self.file.yes(&self.path(column))
    }

    /// A day; of an instant, its day.
    pub fn date(&self, column: &str) -> Option<NaiveDate> {
        crate::date::parse(self.text(column).get(..10)?)
    }

    /// An amount in fen.
    pub fn cents(&self, column: &str) -> Option<u64> {
        self.file.cents(&self.path(column))
    }

    /// A whole number.
    pub fn number(&self, column: &str) -> Option<u64> {
        self.file.values.get(&self.path(column)).and_then(Value::as_u64)
    }
}

/// Yuan as stored, in fen. Amounts are checked to have two decimals at most and not to be negative.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an amount of money, not negative"
)]
pub fn cents(yuan: f64) -> u64 {
    (yuan * 100.0).round().max(0.0) as u64
}

#[cfg(test)]
mod tests;
