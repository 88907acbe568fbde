//! Zero reports 零报告: in a declared period each grid says every day whether there is anything (FLOW-20).
//!
//! A period is a stream without a form that everybody holds, like a warning: it is short, and concerns whoever works in
//! its areas. A report is an entry with the form of its own; what of it counts stands in its row.

mod judge;
mod report;

use chrono::{NaiveDate, NaiveTime, Timelike};
use gridbook_log::{Create, Entity, EntityId, Placement, Values};
use serde_json::Value;

use crate::calendar::{MINUTE_MS, day_of, midnight};
use crate::date;
use crate::record::RecordKind;
use crate::summary::Summary;
use crate::territory::smallest;

pub(crate) use judge::{judge_create, judge_set};
pub(crate) use report::row_words;
pub use report::{
    Asked, FORM, Line, Reported, ZeroReport, asked, days, nothing, reporters, reports, standing,
};

/// The permission to declare a period and to end it.
pub const DECLARE: &str = "zero.declare";
/// The state of a row whose period was ended early.
pub const ENDED: &str = "ended";
/// A period lasts so many days at most, a quarter of a year: what nobody thinks of any more must not ask people for ever.
pub const MAX_DAYS: i64 = 92;
/// It begins so many days after it is declared at most.
pub const MAX_AHEAD_DAYS: u64 = 31;
/// Characters of its label.
pub const MAX_LABEL: usize = 30;
/// Areas of one period: more grids than a large township has.
pub const MAX_AREAS: usize = 400;

/// A period in which reports are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// Its stream.
    pub id: EntityId,
    /// What it is called: `汛期零报告`.
    pub label: String,
    /// When it was declared, milliseconds since 1970.
    pub at: u64,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// Hour by which the report of a day has to be there.
    pub by: NaiveTime,
    /// Grids or villages that report, by area code.
    pub areas: Vec<String>,
    /// The first day on which nobody reports any more, where it was ended early.
    pub ended: Option<NaiveDate>,
    /// Account of whoever ended it; empty while it is not.
    pub ended_by: String,
}

/// `18:00`
pub fn hour_words(by: NaiveTime) -> String {
    format!("{:02}:{:02}", by.hour(), by.minute())
}

/// Reads `18:00`; `None` for anything else.
pub fn hour(text: &str) -> Option<NaiveTime> {
    let (hour, minute) =
        text.split_once(':').filter(|(hour, minute)| hour.len() == 2 && minute.len() == 2)?;
    let number = |part: &str| part.bytes().all(|digit| digit.is_ascii_digit()).then(|| part.parse().ok())?;
    NaiveTime::from_hms_opt(number(hour)?, number(minute)?, 0)
}

impl Period {
    /// Reads a stream; `None` when it is no period or cannot be read.
    pub fn of(entity: &Entity) -> Option<Self> {
        let made = entity.creation().filter(|made| made.create.type_ == RecordKind::ZeroPeriod.as_str())?;
        let read = Self::read(&entity.values(), made.hlc.ms)?;
        Some(Self { id: entity.id(), ..read })
    }

    fn read(values: &Values, at: u64) -> Option<Self> {
        let text = |path: &str| values.get(path).and_then(Value::as_str).unwrap_or_default();
        let codes = values.get("areas")?.as_array()?.iter().map(|code| code.as_str().map(str::to_owned));
        let ended = text("ended");
        Some(Self {
            id: EntityId([0; 16]),
            label: text("label").to_owned(),
            at,
            from: date::parse(text("from"))?,
            to: date::parse(text("to"))?,
            by: hour(text("by"))?,
            areas: codes.collect::<Option<_>>()?,
            ended: if ended.is_empty() { None } else { Some(date::parse(ended)?) },
            ended_by: text("ended_by").to_owned(),
        })
    }

    /// Reads a row of a list.
    pub fn of_row(row: &Summary) -> Option<Self> {
        let [from, to, by, ended, ended_by, areas @ ..] = row.categories.as_slice() else { return None };
        (row.kind == RecordKind::ZeroPeriod && !row.rejected).then_some(())?;
        Some(Self {
            id: row.id,
            label: row.title.clone(),
            at: row.at,
            from: date::parse(from)?,
            to: date::parse(to)?,
            by: hour(by)?,
            areas: areas.to_vec(),
            ended: date::parse(ended),
            ended_by: ended_by.clone(),
        })
    }

    /// What a row of a list keeps of it.
    pub(crate) fn into_row(self, row: &mut Summary) {
        if self.ended.is_some() {
            ENDED.clone_into(&mut row.state);
        }
        let ended = self.ended.map(|day| day.to_string()).unwrap_or_default();
        let words =
            [self.from.to_string(), self.to.to_string(), hour_words(self.by), ended, self.ended_by.clone()];
        row.categories = words.into_iter().chain(self.areas).collect();
        row.title = self.label;
    }

    /// Its first operation; `None` where its areas have none above them all.
    pub fn create(&self) -> Option<Create> {
        let set: Values = [
            ("label".to_owned(), Value::from(self.label.as_str())),
            ("from".to_owned(), Value::from(self.from.to_string())),
            ("to".to_owned(), Value::from(self.to.to_string())),
            ("by".to_owned(), Value::from(hour_words(self.by))),
            ("areas".to_owned(), self.areas.iter().map(String::as_str).collect()),
        ]
        .into();
        Some(Create {
            type_: RecordKind::ZeroPeriod.as_str().to_owned(),
            place: Placement { all: Some(true), area: Some(smallest(&self.areas)?), ..Placement::default() },
            set,
            ..Create::default()
        })
    }

    /// What is set to end it now. Whose hour has struck today is still asked for today: who did not report is not let off.
    pub fn end(&self, user: &str, now: u64) -> Values {
        let today = day_of(now);
        let first = if self.limit(today) < now { today.succ_opt().unwrap_or(today) } else { today };
        let first = first.max(self.from).to_string();
        [("ended".to_owned(), Value::from(first)), ("ended_by".to_owned(), Value::from(user))].into()
    }

    /// Until when the report of a day has to be there, milliseconds since 1970.
    pub fn limit(&self, day: NaiveDate) -> u64 {
        midnight(day) + u64::from(self.by.num_seconds_from_midnight() / 60) * MINUTE_MS
    }

    /// Whether a report is asked for on a day. Where it was declared after the hour of its first day, not on that day:
    /// nobody is late for what they could not know.
    pub fn asks_on(&self, day: NaiveDate) -> bool {
        let ended = self.ended.is_some_and(|ended| ended <= day);
        self.from <= day && day <= self.to && !ended && self.at < self.limit(day)
    }

    /// The first day on which it asks for anything; `None` where it was ended before.
    pub fn first(&self) -> Option<NaiveDate> {
        [Some(self.from), self.from.succ_opt()].into_iter().flatten().find(|day| self.asks_on(*day))
    }

    /// Whether it asks for anything today or on a later day.
    pub fn stands(&self, today: NaiveDate) -> bool {
        today <= self.to && self.ended.is_none_or(|ended| today < ended)
    }
}

/// Periods among rows, whatever became of them.
pub fn periods<'a>(rows: impl IntoIterator<Item = &'a Summary>) -> Vec<Period> {
    rows.into_iter().filter_map(Period::of_row).collect()
}

#[cfg(test)]
mod tests;
