//! Taking in the table of a year (IO-06): rows of date and kind, from a sheet or from the open JSON shape.

use chrono::{Datelike, NaiveDate, Weekday};
use serde::Deserialize;

use super::{Calendar, Year, month_day};

/// One declared day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayRow {
    /// `YYYY-MM-DD`.
    pub date: String,
    /// 休 or 班; also `off`, `work`, 放假, 上班, `true`, `false` (is it off?).
    pub kind: String,
}

/// Why a table of a year cannot be taken in. Rows are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// Nothing in it.
    #[error("表里没有任何日期")]
    Empty,
    /// A date that does not exist or is written differently.
    #[error("第 {row} 行: “{text}”不是日期, 请写成 2027-01-01")]
    Date {
        /// Which row.
        row: usize,
        /// What it says.
        text: String,
    },
    /// Neither a day off nor a working day.
    #[error("第 {row} 行: “{text}”看不懂, 请写“休”或“班”")]
    Kind {
        /// Which row.
        row: usize,
        /// What it says.
        text: String,
    },
    /// A date of another year.
    #[error("第 {row} 行: {day} 不在 {year} 年, 一张表只放一年")]
    OtherYear {
        /// Which row.
        row: usize,
        /// Its day.
        day: NaiveDate,
        /// The year of the table.
        year: i32,
    },
    /// A date twice.
    #[error("第 {row} 行: {day} 写了两次")]
    Twice {
        /// Which row.
        row: usize,
        /// Its day.
        day: NaiveDate,
    },
    /// A make-up working day that would be worked anyway.
    #[error("第 {row} 行: {day} 本来就是工作日, 不用写“班”")]
    WorkedAnyway {
        /// Which row.
        row: usize,
        /// Its day.
        day: NaiveDate,
    },
    /// Fewer days off than the law gives.
    #[error("只有 {days} 天放假, 一年至少 {least} 天; 表可能不完整")]
    TooFew {
        /// Days off in it.
        days: usize,
        /// How many there have to be.
        least: usize,
    },
    /// Not the open JSON shape.
    #[error("不是节假日 JSON: {0}")]
    Shape(String),
    /// The same as the table that stands.
    #[error("{0} 年的表与现在的一样, 不用再导入")]
    Unchanged(i32),
}

/// Days off that the law gives in a year; a table with fewer is cut off.
const LEAST_OFF: usize = 13;

/// Reads the open JSON shape `{year, papers[], days[{name, date, isOffDay}]}`.
///
/// # Errors
/// [`CalendarError::Shape`].
pub fn days_of_json(text: &str) -> Result<(Vec<DayRow>, Vec<String>), CalendarError> {
    #[derive(Deserialize)]
    struct Table {
        #[serde(default)]
        papers: Vec<String>,
        days: Vec<Day>,
    }
    #[derive(Deserialize)]
    struct Day {
        date: String,
        #[serde(rename = "isOffDay")]
        off: bool,
    }
    let table: Table = serde_json::from_str(text).map_err(|error| CalendarError::Shape(error.to_string()))?;
    let row = |day: Day| DayRow { date: day.date, kind: if day.off { "休" } else { "班" }.to_owned() };
    Ok((table.days.into_iter().map(row).collect(), table.papers))
}

impl Calendar {
    /// Takes in the table of a year; older tables of it stay for limits that began under them. Returns the year.
    /// `at` is when it is taken in, milliseconds since 1970.
    ///
    /// # Errors
    /// [`CalendarError`]; the calendar is then as before.
    pub fn import(&mut self, rows: &[DayRow], papers: Vec<String>, at: u64) -> Result<i32, CalendarError> {
        let mut table = Year { papers, since: at, ..Year::default() };
        let mut seen: Vec<NaiveDate> = Vec::new();
        for (row, given) in rows.iter().enumerate().map(|(n, given)| (n + 1, given)) {
            let text = given.date.trim();
            let day =
                crate::date::parse(text).ok_or_else(|| CalendarError::Date { row, text: text.to_owned() })?;
            if seen.is_empty() {
                table.year = day.year();
            } else if table.year != day.year() {
                return Err(CalendarError::OtherYear { row, day, year: table.year });
            }
            if seen.contains(&day) {
                return Err(CalendarError::Twice { row, day });
            }
            seen.push(day);
            match given.kind.trim() {
                "休" | "放假" | "off" | "true" => table.off.push((month_day(day), month_day(day))),
                "班" | "上班" | "work" | "false" => {
                    if !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
                        return Err(CalendarError::WorkedAnyway { row, day });
                    }
                    table.work.push(month_day(day));
                }
                other => return Err(CalendarError::Kind { row, text: other.to_owned() }),
            }
        }
        if seen.is_empty() {
            return Err(CalendarError::Empty);
        }
        if table.off.len() < LEAST_OFF {
            return Err(CalendarError::TooFew { days: table.off.len(), least: LEAST_OFF });
        }
        gridbook_log::order_by_key(&mut table.off, |span| span.0);
        gridbook_log::order_by_key(&mut table.work, |day| *day);
        let year = table.year;
        let before = self.years.iter().filter(|held| held.year == year).max_by_key(|held| held.version);
        if before.is_some_and(|held| same_days(held, &table)) {
            return Err(CalendarError::Unchanged(year));
        }
        table.version = before.map_or(0, |held| held.version) + 1;
        self.years.push(table);
        self.version += 1;
        Ok(year)
    }
}

/// Whether two tables say the same of every weekday off and every make-up day.
fn same_days(a: &Year, b: &Year) -> bool {
    let days = NaiveDate::from_yo_opt(a.year, 1).into_iter().flat_map(|first| first.iter_days().take(366));
    let off = |year: &Year, day: NaiveDate| {
        let at = month_day(day);
        let weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
        !year.work.contains(&at) && (weekend || super::inside(&year.off, at))
    };
    days.filter(|day| day.year() == a.year).all(|day| off(a, day) == off(b, day))
}
