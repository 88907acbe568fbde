//! Dates and numbers as ledgers write them.

use chrono::Timelike;
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

/// What people call a record before it has an official number: the end of its id.
pub fn local_number(id: EntityId) -> String {
    let hex = id.to_string().to_uppercase();
    format!("本机号 {}", hex.get(hex.len().saturating_sub(6)..).unwrap_or_default())
}

/// The official number, else the local one.
pub fn number(number: &str, id: EntityId) -> String {
    if number.is_empty() { local_number(id) } else { number.to_owned() }
}
