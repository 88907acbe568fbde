//! Import of territory, staff, households and persons from sheets (IO-01): what a row must look like, what is wrong
//! with it, and the records that good rows become.
//!
//! Pure over cells: reading `.xlsx` and `.csv` is the business of the sheets crate. Nothing is changed silently: every
//! normalisation is reported as a note, everything doubtful is a problem of its row, in words that say what to do.

mod cell;
mod claim;
mod dates;
mod existing;
mod header;
mod numbers;
mod people;
mod places;
mod preview;
mod problem;
mod template;
mod text;
mod undo;
mod value;

pub use cell::{Cell, CellKind, Sheet};
pub use existing::{Existing, Term, Vocabulary};
pub use preview::{Options, Preview, RowDraft, RowRef, SheetReport, preview};
pub use problem::{Duplicate, Note, NoteCode, ProblemCode, RowProblem};
pub use template::{Column, ColumnKind, GUIDE_SHEET, Template, TemplateId, templates};
pub use undo::{Imported, UNDO_WITHIN_MS, UndoVerdict, undo_verdict};

#[cfg(test)]
mod tests;
