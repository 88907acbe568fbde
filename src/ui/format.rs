//! Times, sizes and names as people read them. Everything is told in China's time.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Timelike};

const EAST_8_MS: u64 = 8 * 3_600_000;

/// The local time of an instant, milliseconds since 1970.
pub fn local(ms: u64) -> NaiveDateTime {
    i64::try_from(ms + EAST_8_MS)
        .ok()
        .and_then(DateTime::from_timestamp_millis)
        .unwrap_or_default()
        .naive_utc()
}

/// `11月21日`, with the year when it is not this one.
pub fn day(date: NaiveDate, today: NaiveDate) -> String {
    if date.year() == today.year() {
        format!("{}月{}日", date.month(), date.day())
    } else {
        format!("{}年{}月{}日", date.year(), date.month(), date.day())
    }
}

/// `11.21`, `2027.4.11`: short, for a number in a box.
pub fn short_day(date: NaiveDate, today: NaiveDate) -> String {
    if date.year() == today.year() {
        format!("{}.{}", date.month(), date.day())
    } else {
        format!("{}.{}.{}", date.year(), date.month(), date.day())
    }
}

/// `今天 10:42`, `昨天 18:05`, `11月3日 09:00`.
pub fn when(ms: u64, now_ms: u64) -> String {
    let (then, today) = (local(ms), local(now_ms).date());
    let clock = format!("{:02}:{:02}", then.hour(), then.minute());
    match (today - then.date()).num_days() {
        0 => format!("今天 {clock}"),
        1 => format!("昨天 {clock}"),
        _ => format!("{} {clock}", day(then.date(), today)),
    }
}

/// `10:42`
pub fn clock(ms: u64) -> String {
    let then = local(ms);
    format!("{:02}:{:02}", then.hour(), then.minute())
}

/// How long ago: `刚才`, `12 分钟`, `3 小时`, `2 天`.
pub fn span(from_ms: u64, now_ms: u64) -> String {
    let minutes = now_ms.saturating_sub(from_ms) / 60_000;
    match minutes {
        0 => "刚才".to_owned(),
        1..60 => format!("{minutes} 分钟"),
        60..1440 => format!("{} 小时", minutes / 60),
        _ => format!("{} 天", minutes / 1440),
    }
}

/// `11月21日 星期六`
pub fn weekday(today: NaiveDate) -> String {
    let name = ["一", "二", "三", "四", "五", "六", "日"][today.weekday().num_days_from_monday() as usize];
    format!("{}月{}日 星期{name}", today.month(), today.day())
}

/// The text of an `<input type=datetime-local>` for an instant.
pub fn input_time(ms: u64) -> String {
    input_of(local(ms))
}

fn input_of(t: NaiveDateTime) -> String {
    format!("{:04}-{:02}-{:02}T{:02}:{:02}", t.year(), t.month(), t.day(), t.hour(), t.minute())
}

/// How records store what such an input says: RFC 3339 with China's offset.
pub fn stored_time(input: &str) -> String {
    if input.len() == 16 { format!("{input}:00+08:00") } else { input.to_owned() }
}

/// What such an input shows of a stored time; empty when it is none.
pub fn shown_time(stored: &str) -> String {
    let Ok(time) = gridbook_domain::validate::datetime(stored) else { return String::new() };
    u64::try_from(time.timestamp_millis()).map(input_time).unwrap_or_default()
}

/// `412 KB`, `3.2 MB`
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_048_576 => format!("{} KB", bytes.div_ceil(1024)),
        1_048_576..1_073_741_824 => format!("{}.{} MB", bytes >> 20, (bytes % 1_048_576) * 10 / 1_048_576),
        _ => format!("{}.{} GB", bytes >> 30, (bytes % 1_073_741_824) * 10 / 1_073_741_824),
    }
}

/// `138 0000 1234`; other numbers as they are.
pub fn phone(number: &str) -> String {
    if number.len() == 11 && number.bytes().all(|b| b.is_ascii_digit()) {
        format!("{} {} {}", &number[..3], &number[3..7], &number[7..])
    } else {
        number.to_owned()
    }
}

/// Age in years from `YYYY` or `YYYY-MM-DD`; `None` when it cannot be told.
pub fn age(birth: &str, today: NaiveDate) -> Option<i32> {
    let year: i32 = birth.get(..4)?.parse().ok()?;
    let passed = match gridbook_domain::validate::date(birth) {
        Ok(date) => (today.month(), today.day()) >= (date.month(), date.day()),
        Err(_) => true,
    };
    let age = today.year() - year - i32::from(!passed);
    (0..=130).contains(&age).then_some(age)
}
