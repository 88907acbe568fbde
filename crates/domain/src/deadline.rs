//! How limits are counted (domain data 4.8.1, FLOW-08): minutes and hours, working hours, half-days, natural and
//! working days; pauses and extensions; what a later calendar changes.
//!
//! The day of the starting event is not counted. A limit is stored as the instant at which it has passed: 24:00 is
//! the midnight that follows. A calendar that comes later never shortens a limit.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::calendar::{Calendar, DAY_MS, MINUTE_MS, Walker, day_of, midnight};

/// What a limit is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Minutes, day and night.
    Min,
    /// Hours, day and night.
    H,
    /// Hours of work.
    Wh,
    /// Half-days of work; the half-day in which it starts is not counted.
    Half,
    /// Working days.
    Wd,
    /// Natural days.
    Nd,
}

/// A limit as data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rule {
    /// How many.
    pub n: u32,
    /// Of what.
    pub unit: Unit,
    /// A natural-day limit that ends on a rest day moves to the next working day: only statutory limits and those
    /// that citizens are told, never safety limits.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub roll: bool,
    /// Ends with office hours (17:30) instead of 24:00.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub office: bool,
}

impl Rule {
    /// True when it runs day and night: emergencies and safety.
    pub const fn natural(self) -> bool {
        matches!(self.unit, Unit::Min | Unit::H | Unit::Nd)
    }

    /// In words: `3 个工作日`.
    pub fn words(self) -> String {
        let unit = match self.unit {
            Unit::Min => " 分钟",
            Unit::H => " 小时",
            Unit::Wh => " 个工作小时",
            Unit::Half => " 个半天",
            Unit::Wd => " 个工作日",
            Unit::Nd => " 天",
        };
        if self.n == 0 { "当天".to_owned() } else { self.n.to_string() + unit }
    }
}

/// When a limit has passed, and how sure that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Milliseconds since 1970.
    pub at: u64,
    /// A year without a table was counted (日历缺失, 估算).
    pub estimated: bool,
    /// A calendar that came after the start counts differently: the later of both stands.
    pub recomputed: bool,
}

/// Counts by the tables known at `from` and again by every later one; the latest instant stands.
fn settled(calendar: &Calendar, from: u64, count: &mut dyn FnMut(&mut Walker<'_>) -> u64) -> Due {
    let mut first = Walker::new(calendar, from);
    let began = count(&mut first);
    let mut due = Due { at: began, estimated: first.estimated, recomputed: false };
    for change in calendar.changes_after(from) {
        // What has passed is not opened again by a table that comes afterwards.
        if change >= due.at {
            break;
        }
        let mut walk = Walker::new(calendar, change);
        let at = count(&mut walk);
        due.estimated = walk.estimated;
        due.recomputed |= at != began;
        due.at = due.at.max(at);
    }
    due
}

/// The end of a day: 24:00, or the end of office hours.
fn end_of(walk: &Walker<'_>, rule: Rule, day: chrono::NaiveDate) -> u64 {
    if rule.office { walk.office_end(day) } else { midnight(day) + DAY_MS }
}

/// A natural day, moved to the next working day where the rule says so.
fn rolled(walk: &mut Walker<'_>, rule: Rule, day: chrono::NaiveDate) -> u64 {
    let rests = rule.roll && !walk.works(day);
    let day = if rests { walk.next_working(day) } else { day };
    end_of(walk, rule, day)
}

/// The end of a half-day; a day's last one ends with the day where the limit does.
fn end_of_half(walk: &Walker<'_>, rule: Rule, close: u64) -> u64 {
    let day = day_of(close);
    if close == walk.office_end(day) { end_of(walk, rule, day) } else { close }
}

fn count(walk: &mut Walker<'_>, rule: Rule, from: u64) -> u64 {
    let n = u64::from(rule.n);
    let day = day_of(from);
    match rule.unit {
        Unit::Min => from + n * MINUTE_MS,
        Unit::H => from + n * 60 * MINUTE_MS,
        Unit::Wh => walk.advance(from, n * 60 * MINUTE_MS),
        Unit::Half => {
            let mut close = from;
            for _ in 0..n {
                let after = close;
                let Some(span) = walk.span(after, &mut |(open, end)| open > from && end > after) else {
                    break;
                };
                close = span.1;
            }
            end_of_half(walk, rule, close)
        }
        Unit::Wd => {
            let last = (0..n).fold(day, |day, _| walk.next_working(day));
            end_of(walk, rule, last)
        }
        Unit::Nd => rolled(walk, rule, day + chrono::Days::new(n)),
    }
}

/// When a limit that starts at `from` has passed.
pub fn due(calendar: &Calendar, rule: Rule, from: u64) -> Due {
    settled(calendar, from, &mut |walk| count(walk, rule, from))
}

/// The end of a day that a person entered, by the rule's kind.
pub fn due_on(calendar: &Calendar, rule: Rule, day: chrono::NaiveDate) -> u64 {
    end_of(&Walker::new(calendar, u64::MAX), rule, day)
}

/// When something that came outside office hours counts as received: the next opening. Within them: as it is.
/// Safety limits do not ask (rule 5).
pub fn office_receipt(calendar: &Calendar, at: u64) -> u64 {
    let mut walk = Walker::new(calendar, at);
    let day = day_of(at);
    if walk.works(day) && at < walk.office_end(day) {
        // Before opening and at noon: the same day, and the day is all that counts.
        return at;
    }
    walk.span(at, &mut |(open, _)| open >= at).map_or(at, |(open, _)| open)
}

/// When a limit passes that was paused and goes on: the working time that was left is kept, rounded up to the end of
/// a half-day; days and hours that run day and night are moved by as much.
pub fn resumed(calendar: &Calendar, rule: Rule, due: u64, paused: u64, resumed: u64) -> Due {
    let unchanged = Due { at: due, estimated: false, recomputed: false };
    if paused >= due || resumed <= paused {
        return unchanged;
    }
    let mut moved = settled(calendar, resumed, &mut |walk| match rule.unit {
        Unit::Min | Unit::H => due + (resumed - paused),
        Unit::Nd => {
            let days = day_of(resumed).signed_duration_since(day_of(paused)).num_days();
            if days == 0 {
                return due;
            }
            let last = day_of(due - 1) + chrono::Days::new(days.unsigned_abs());
            rolled(walk, rule, last)
        }
        Unit::Wh => {
            let left = walk.worked(paused, due);
            walk.advance(resumed, left)
        }
        Unit::Wd | Unit::Half => {
            let left = walk.worked(paused, due);
            let spent = walk.advance(resumed, left);
            match walk.span(spent, &mut |(_, close)| close >= spent) {
                Some((_, close)) => end_of_half(walk, rule, close),
                None => spent,
            }
        }
    });
    moved.at = moved.at.max(due);
    moved
}

/// When a limit passes after its extension: counted from its last day, which is not counted.
pub fn extended(calendar: &Calendar, extension: Rule, due_at: u64) -> Due {
    due(calendar, extension, due_at.saturating_sub(1))
}

/// How much of a limit's kind of time lies between two instants, milliseconds: working time for limits of working
/// time, else all of it.
pub fn spent(calendar: &Calendar, rule: Rule, from: u64, to: u64) -> u64 {
    if rule.natural() { to.saturating_sub(from) } else { Walker::new(calendar, u64::MAX).worked(from, to) }
}

/// The instant at which so much of a limit's kind of time has passed since `from`.
pub fn passed(calendar: &Calendar, rule: Rule, from: u64, time: u64) -> u64 {
    if rule.natural() { from + time } else { Walker::new(calendar, u64::MAX).advance(from, time) }
}

/// The limits of a class of cases (domain data 4.8.2), by clock.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SlaClass {
    /// `S0` … `INSP`.
    pub id: String,
    /// 紧急, 快办 …
    pub label: String,
    /// What it is used for.
    #[serde(rename = "use", default, skip_serializing_if = "String::is_empty")]
    pub used_for: String,
    /// Limits by clock; a clock that is not named runs by the common limits or not at all.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<crate::clock::ClockId, Rule>,
    /// What one extension adds; `None` = no extension.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<Rule>,
    /// Levels in turn, each with its limit (四级七天).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relay: Vec<Leg>,
    /// What cannot be said as a limit, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// One level of a relay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// Who.
    pub label: String,
    /// How long.
    pub limit: Rule,
}

/// When each level of a relay has to be done, one after the other.
pub fn relay(calendar: &Calendar, legs: &[Leg], from: u64) -> Vec<Due> {
    let mut start = from;
    legs.iter()
        .map(|leg| {
            let end = due(calendar, leg.limit, start);
            // The next level starts on the day on which this one ends.
            start = end.at - 1;
            end
        })
        .collect()
}

#[cfg(test)]
mod tests;
