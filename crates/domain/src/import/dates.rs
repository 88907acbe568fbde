//! Dates as people and sheets write them.

use chrono::{Datelike, Duration, NaiveDate};

use super::cell::CellKind;

/// Why a text is no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DateFault {
    /// 30 February.
    NoSuchDay,
    /// `03/04/2020`: day and month can be swapped.
    Ambiguous,
    /// A day number of a sheet; with the day it may mean, when that is plausible.
    Serial(Option<NaiveDate>),
    /// Nothing known.
    Shape,
}

/// Reads `2020-05-01`, `2020/5/1`, `2020.5.1`, `2020年5月1日`, `20200501`, each with an optional time behind a space.
pub(super) fn parse(text: &str, kind: CellKind) -> Result<NaiveDate, DateFault> {
    let text = text.split(['T', ' ']).next().unwrap_or(text);
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return digits_only(text);
    }
    let text = text.replace(['年', '月', '/', '.'], "-");
    let numbers: Vec<&str> = text.trim_end_matches(['日', '号', '-']).split('-').collect();
    let [a, b, c] = numbers.as_slice() else { return Err(DateFault::Shape) };
    let number = |part: &str| part.parse::<u32>().map_err(|_| DateFault::Shape);
    let (a_len, a, b, c) = (a.len(), number(a)?, number(b)?, number(c)?);
    if a_len != 4 {
        return Err(if c >= 1000 { DateFault::Ambiguous } else { DateFault::Shape });
    }
    let year = i32::try_from(a).map_err(|_| DateFault::Shape)?;
    let day = NaiveDate::from_ymd_opt(year, b, c).ok_or(DateFault::NoSuchDay)?;
    // A sheet turns small numbers into days of 1900 (and 1899).
    if kind == CellKind::Date && day.year() <= 1900 {
        return Err(DateFault::Serial(None));
    }
    Ok(day)
}

fn digits_only(text: &str) -> Result<NaiveDate, DateFault> {
    let number: i64 = text.parse().map_err(|_| DateFault::Shape)?;
    match text.len() {
        8 => {
            let year = i32::try_from(number / 10_000).map_err(|_| DateFault::Shape)?;
            let month = u32::try_from(number / 100 % 100).map_err(|_| DateFault::Shape)?;
            let day = u32::try_from(number % 100).map_err(|_| DateFault::Shape)?;
            NaiveDate::from_ymd_opt(year, month, day).ok_or(DateFault::NoSuchDay)
        }
        1..=3 => Err(DateFault::Serial(None)),
        4 | 5 => {
            let day = NaiveDate::from_ymd_opt(1899, 12, 30)
                .and_then(|zero| zero.checked_add_signed(Duration::days(number)));
            Err(DateFault::Serial(day.filter(|day| day.year() > 1900)))
        }
        _ => Err(DateFault::Shape),
    }
}

/// A birth year alone.
pub(super) fn year_only(text: &str, today: NaiveDate) -> Option<String> {
    let digits = text.trim_end_matches('年');
    let year: i32 = digits.parse().ok().filter(|_| digits.len() == 4)?;
    (today.year() - 130..=today.year()).contains(&year).then(|| digits.to_owned())
}

/// Full years between two days.
pub(super) fn age(birth: NaiveDate, today: NaiveDate) -> i32 {
    let had_birthday = (today.month(), today.day()) >= (birth.month(), birth.day());
    today.year() - birth.year() - i32::from(!had_birthday)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_ways_people_write_a_day() {
        let want = NaiveDate::from_ymd_opt(2020, 5, 1).unwrap();
        for text in ["2020-05-01", "2020/5/1", "2020.5.1", "2020年5月1日", "20200501", "2020-05-01 00:00"]
        {
            assert_eq!(parse(text, CellKind::Text), Ok(want), "{text}");
        }
    }

    #[test]
    fn what_is_no_day() {
        let fault = |text, kind| parse(text, kind).unwrap_err();
        assert_eq!(fault("2021年2月30日", CellKind::Text), DateFault::NoSuchDay);
        assert_eq!(fault("20210230", CellKind::Text), DateFault::NoSuchDay);
        assert_eq!(fault("03/04/2020", CellKind::Text), DateFault::Ambiguous);
        assert_eq!(fault("43952", CellKind::Number), DateFault::Serial(NaiveDate::from_ymd_opt(2020, 5, 1)));
        assert_eq!(fault("1900-03-12", CellKind::Date), DateFault::Serial(None));
        assert_eq!(fault("去年", CellKind::Text), DateFault::Shape);
        assert_eq!(fault("2020-05", CellKind::Text), DateFault::Shape);
    }

    #[test]
    fn years_alone_and_ages() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        assert_eq!(year_only("1950", today).as_deref(), Some("1950"));
        assert_eq!(year_only("1950年", today).as_deref(), Some("1950"));
        assert_eq!(year_only("3012", today), None);
        let day = |m, d| NaiveDate::from_ymd_opt(2000, m, d).unwrap();
        assert_eq!([age(day(11, 21), today), age(day(11, 22), today)], [26, 25]);
    }
}
