//! Forms drawn from the domain's data: every kind of field, conditions, tables of rows, problems at their fields.

mod checklist;
mod choice;
mod control;
mod field;
mod keeper;
mod photos;
mod pick;
mod place;
mod refs;
mod roster;
mod signature;
mod state;
mod table;

pub use field::{At, field, fields};
pub use keeper::{Keeper, go_on};
pub use pick::{household_picker, place_words};
pub use place::read_position;
pub use refs::household_line;
pub use roster::read as read_roster;
pub use state::{Around, FormState, known};
