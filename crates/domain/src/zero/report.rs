//! What came in: reports as rows keep them, how each area stands for a day, and what is asked of me today (FLOW-20).

use chrono::{Days, NaiveDate};
use gridbook_log::{Create, Entity, EntityId, Values, order_by, order_by_key};

use super::{Period, periods};
use crate::calendar::{DAY_MS, day_of, midnight};
use crate::clock::recorded;
use crate::date;
use crate::package::Package;
use crate::record::RecordKind;
use crate::summary::Summary;
use crate::territory::{AreaCode, AreaLevel, covers};

/// The form of a report.
pub const FORM: &str = "F-ZERO";
/// Digits of a village's code.
const VILLAGE_DIGITS: usize = 12;

/// A report that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZeroReport {
    /// Its stream.
    pub id: EntityId,
    /// For which area.
    pub area: String,
    /// For which day.
    pub day: NaiveDate,
    /// There is something.
    pub some: bool,
    /// When it was written, as its author's clock said, corrected where that went wrong; milliseconds since 1970.
    pub written: u64,
    /// When the authority took it in; `None` = not yet.
    pub received: Option<u64>,
}

/// How an area stands for a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reported {
    /// In time: it arrived in time, or was written in time without network and arrived by noon of the next day.
    InTime,
    /// Later than that.
    Late,
    /// Not at all.
    Missing,
}

/// An area on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<'a> {
    /// Code of the area.
    pub area: &'a str,
    /// How it stands.
    pub how: Reported,
    /// The report that counts: the one that was in time, and of several the first.
    pub report: Option<&'a ZeroReport>,
}

/// What is asked of somebody for one of their areas today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Code of the area.
    pub area: String,
    /// It is theirs, not only in a village of theirs.
    pub own: bool,
    /// Until when, milliseconds since 1970.
    pub until: u64,
    /// The report of today, where there is one.
    pub done: Option<EntityId>,
}

impl ZeroReport {
    /// Reads a row of a list; `None` for everything else, and for what was refused.
    pub fn of_row(row: &Summary) -> Option<Self> {
        let [.., form, area, day, some, written, received] = row.categories.as_slice() else { return None };
        (row.kind == RecordKind::Entry && form == FORM && !row.rejected).then_some(())?;
        Some(Self {
            id: row.id,
            area: area.clone(),
            day: date::parse(day)?,
            some: !some.is_empty(),
            written: written.parse().ok()?,
            received: received.parse().ok(),
        })
    }

    /// Whether it is the report of an area for a day. What was written before its day says nothing of it: nobody reports
    /// a week ahead.
    pub fn is_for(&self, area: &str, day: NaiveDate) -> bool {
        self.area == area && self.day == day && day_of(self.written) >= day
    }
}

/// What the row of a report keeps; nothing for every other record, and where it names an area that has nothing to do with
/// where it lies: nobody reports for others.
pub(crate) fn row_words(entity: &Entity) -> Option<[String; 6]> {
    let made = entity.creation()?;
    let form = made.create.form.as_deref()?.split('/').next()?;
    let (area, place) = (entity.text("area")?, entity.area()?);
    (form == FORM && (covers(area, place) || covers(place, area))).then_some(())?;
    let (written, received) = recorded(entity, made.dot, made.hlc.ms);
    let some = if entity.text("has_any") == Some("none") { "" } else { "some" };
    Some([
        FORM.to_owned(),
        area.to_owned(),
        entity.text("date")?.to_owned(),
        some.to_owned(),
        written.to_string(),
        received.map(|at| at.to_string()).unwrap_or_default(),
    ])
}

/// Reports among rows.
pub fn reports<'a>(rows: impl IntoIterator<Item = &'a Summary>) -> Vec<ZeroReport> {
    rows.into_iter().filter_map(ZeroReport::of_row).collect()
}

/// The report that there is nothing, for an area and a day; `None` where the package has no such form.
pub fn nothing(package: &Package, area: &str, day: NaiveDate) -> Option<Create> {
    let said = [("date", day.to_string()), ("area", area.to_owned()), ("has_any", "none".to_owned())];
    let set: Values = said.into_iter().map(|(path, words)| (path.to_owned(), words.into())).collect();
    package.entry(FORM, area, set)
}

/// How each area of the period stands for a day, who is missing first, else in the order of the period; nothing on days
/// on which it does not ask.
pub fn standing<'a>(period: &'a Period, reports: &'a [ZeroReport], day: NaiveDate) -> Vec<Line<'a>> {
    if !period.asks_on(day) {
        return Vec::new();
    }
    let limit = period.limit(day);
    let noon = midnight(day) + DAY_MS + DAY_MS / 2;
    let of = |area: &'a String| {
        let own = reports.iter().filter(|report| report.is_for(area, day));
        let judged = own.map(|report| {
            let written = report.written <= limit;
            let in_time = report.received.is_some_and(|at| at <= limit || (written && at <= noon));
            (if in_time { Reported::InTime } else { Reported::Late }, report)
        });
        match judged.min_by_key(|(how, report)| (*how, report.written, report.id)) {
            Some((how, report)) => Line { area, how, report: Some(report) },
            None => Line { area, how: Reported::Missing, report: None },
        }
    };
    let mut lines: Vec<Line<'a>> = period.areas.iter().map(of).collect();
    order_by_key(&mut lines, |line| std::cmp::Reverse(line.how));
    lines
}

/// What is asked today of whoever holds these areas: each area once, by the earliest hour of the periods that ask for it.
/// Their own come first; then what lies in a village of theirs, since not every grid has somebody of its own.
pub fn asked(rows: &[&Summary], areas: &[&str], now: u64) -> Vec<Asked> {
    let today = day_of(now);
    let asking: Vec<Period> =
        periods(rows.iter().copied()).into_iter().filter(|period| period.asks_on(today)).collect();
    if asking.is_empty() {
        return Vec::new();
    }
    let came = reports(rows.iter().copied());
    let mut found: Vec<Asked> = Vec::new();
    for period in &asking {
        let until = period.limit(today);
        for area in &period.areas {
            let own = areas.contains(&area.as_str());
            if !own && !areas.iter().any(|held| held.len() >= VILLAGE_DIGITS && covers(held, area)) {
                continue;
            }
            if let Some(held) = found.iter_mut().find(|held| held.area == *area) {
                held.until = held.until.min(until);
                continue;
            }
            let done = came.iter().find(|report| report.is_for(area, today));
            let done = done.map(|report| report.id);
            found.push(Asked { area: area.clone(), own, until, done });
        }
    }
    order_by(&mut found, |a, b| (!a.own, &a.area).cmp(&(!b.own, &b.area)));
    found
}

/// Who reports where these areas are meant: everything of a level in them, by the codes of all areas that there are. A
/// village without any of that level reports itself, and so does an area that lies below it.
pub fn reporters<'a>(
    all: impl Iterator<Item = &'a str> + Clone,
    chosen: &[String],
    level: AreaLevel,
) -> Vec<String> {
    let at = |code: &str, level: AreaLevel| AreaCode::parse(code).is_ok_and(|code| code.level() == level);
    let meant = |code: &str| chosen.iter().any(|held| covers(held, code));
    let inside = all.clone().filter(|code| meant(code) && at(code, level));
    let mut found: Vec<String> = inside.map(str::to_owned).collect();
    let villages = all.filter(|code| meant(code) && at(code, AreaLevel::Village)).map(str::to_owned);
    let small = chosen.iter().filter(|code| code.len() > VILLAGE_DIGITS).cloned();
    for code in villages.chain(small) {
        if !found.iter().any(|held| covers(&code, held)) {
            found.push(code);
        }
    }
    order_by(&mut found, Ord::cmp);
    found
}

/// Days of a period on which somebody can look at who reported, the last first: those that it asked for until today.
pub fn days(period: &Period, today: NaiveDate) -> Vec<NaiveDate> {
    let last = period.to.min(today);
    let back = |n| last.checked_sub_days(Days::new(n));
    (0..).map_while(back).take_while(|day| period.from <= *day).filter(|day| period.asks_on(*day)).collect()
}
