//! Forms drawn from the domain's data: every kind of field, conditions, tables of rows, problems at their fields.

mod choice;
mod control;
mod field;
mod photos;
mod place;
mod refs;
mod state;
mod table;

pub use field::{At, field, fields};
pub use refs::{household_line, household_picker};
pub use state::FormState;
