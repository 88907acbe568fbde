//! Times, ages and numbers in the words of the desk.

use chrono::{DateTime, Datelike, Timelike, Utc};
use gridbook_log::EntityId;

/// Beijing time is eight hours ahead, all year.
const EAST_8_S: i64 = 8 * 3600;

fn east(ms: u64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(i64::try_from(ms / 1000).ok()? + EAST_8_S, 0)
}

/// `2026-11-21 15:04`, Beijing time.
pub fn moment(ms: u64) -> String {
    east(ms).map_or_else(String::new, |t| format!("{} {:02}:{:02}", t.date_naive(), t.hour(), t.minute()))
}

/// `11月21日 15:04`, for lists of recent things.
pub fn short_moment(ms: u64) -> String {
    east(ms).map_or_else(String::new, |t| format!("{}月{}日 {:02}:{:02}", t.month(), t.day(), t.hour(), t.minute()))
}

/// `2026-11-21`, Beijing time.
pub fn day(ms: u64) -> String {
    east(ms).map_or_else(String::new, |t| t.date_naive().to_string())
}

/// How long something has been so: `3 天`, `5 小时`, `20 分钟`.
pub fn age(since_ms: u64, now_ms: u64) -> String {
    let minutes = now_ms.saturating_sub(since_ms) / 60_000;
    match minutes {
        0 => "刚刚".to_owned(),
        1..60 => format!("{minutes} 分钟"),
        60..1440 => format!("{} 小时", minutes / 60),
        _ => format!("{} 天", minutes / 1440),
    }
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
