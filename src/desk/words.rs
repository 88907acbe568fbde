//! Dates and numbers as ledgers write them.

use chrono::Timelike;
use gridbook_domain::case::local_number;
use gridbook_log::EntityId;

use crate::ui::format::local;

/// `2026-11-21 15:04`, Beijing time.
pub fn moment(ms: u64) -> String {
    let then = local(ms);
    format!("{} {:02}:{:02}", then.date(), then.hour(), then.minute())
}

/// `2026-11-21`, Beijing time.
pub fn day(ms: u64) -> String {
    local(ms).date().to_string()
}

/// The official number, else the local one.
pub fn number(number: &str, id: EntityId) -> String {
    if number.is_empty() { local_number(id) } else { number.to_owned() }
}
