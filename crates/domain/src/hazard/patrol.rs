//! Places that stay dangerous are patrolled (HAZ-04; domain data 4.13), by lists whose "no" proposes a hazard (HAZ-08).

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use super::HazardRules;
use crate::calendar::{DAY_MS, HOUR_MS, day_of};
use crate::package::Package;

/// A kind of place that is patrolled, as data. Without hours for a time of the year it is not patrolled then.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PointKind {
    /// Stable identifier.
    pub id: String,
    /// The words.
    pub label: String,
    /// The inspection list that a patrol fills in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// Hours between patrols.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<u64>,
    /// In the flood season.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flood_hours: Option<u64>,
    /// In the season of forest fires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fire_hours: Option<u64>,
    /// Under a warning of a level; a more severe one without hours of its own counts as the next below it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub warning_hours: BTreeMap<String, u64>,
    /// Under a warning somebody stays there day and night.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub watch_on_warning: bool,
}

/// What a free patrol sheet calls its subject, as data: the kind of place that it is a patrol of, and the category of a
/// hazard that it finds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PatrolKind {
    /// Stable identifier: a choice of `patrol_kind`.
    pub id: String,
    /// The kind of place; empty where it is none of those that have a rhythm.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub point: String,
    /// Category of hazards.
    pub category: String,
}

/// When somebody was there, milliseconds since 1970: the date on the sheet decides, also where the sheet was written
/// down later, and never a day to come. A sheet of its own day tells the hour as well: under a warning places are
/// patrolled by the hour.
pub fn patrolled_at(date: Option<&str>, made: u64) -> u64 {
    match date.and_then(crate::date::parse) {
        Some(day) if day < day_of(made) => crate::calendar::midnight(day) + DAY_MS / 2,
        _ => made,
    }
}

/// The time of the year, and what has been announced.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Season {
    /// Flood season.
    pub flood: bool,
    /// Season of forest fires.
    pub fire: bool,
    /// Level of the warning in force: `yellow` …
    pub warning: Option<String>,
    /// Since when, milliseconds since 1970: nobody is late by a rhythm that was not there before.
    pub since: u64,
}

impl Season {
    /// The usual seasons: floods as for visits, fires from January to May and from October.
    pub fn usual(day: NaiveDate) -> Self {
        let month = day.month();
        Self {
            flood: crate::plan::Season::usual(day).flood,
            fire: month <= 5 || month >= 10,
            ..Self::default()
        }
    }
}

/// When a place has to be patrolled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PatrolDue {
    /// Milliseconds since 1970.
    pub at: u64,
    /// The interval that counts, hours.
    pub every_hours: u64,
    /// It has passed.
    pub late: bool,
    /// Somebody has to be there all the time.
    pub watch: bool,
}

/// The next patrol of a place; `None` = not patrolled at this time of the year. `last` is the last patrol, `known` the
/// day of registration as an instant. Limits of hours run to the hour, those of days to the end of the day.
pub fn patrol_due(
    package: &Package,
    kind: &PointKind,
    last: Option<u64>,
    known: u64,
    season: &Season,
    now: u64,
) -> Option<PatrolDue> {
    let rank = |id: &str| package.rank(id);
    let warned = season.warning.as_deref().map(rank);
    let by_warning = warned.and_then(|rank_now| {
        let reached = kind.warning_hours.iter().filter(|(level, _)| rank(level) >= rank_now);
        reached.map(|(_, hours)| *hours).min()
    });
    let usual =
        [kind.hours, kind.flood_hours.filter(|_| season.flood), kind.fire_hours.filter(|_| season.fire)]
            .into_iter()
            .flatten()
            .min();
    let every = usual.into_iter().chain(by_warning).min()?.max(1);
    let end = |from: u64, hours: u64| {
        let exact = from + hours.max(1) * HOUR_MS;
        if hours >= 24 { crate::calendar::midnight(day_of(exact)) + DAY_MS } else { exact }
    };
    let last = last.unwrap_or(known);
    let warned_at = by_warning.map(|hours| end(last.max(season.since), hours));
    let at = usual.map(|hours| end(last, hours)).into_iter().chain(warned_at).min()?;
    Some(PatrolDue {
        at,
        every_hours: every,
        late: now > at,
        watch: kind.watch_on_warning && warned.is_some(),
    })
}

/// An inspection list as data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspection {
    /// Stable identifier.
    pub id: String,
    /// The words.
    pub label: String,
    /// What is looked at.
    pub items: Vec<Item>,
}

/// A line of an inspection list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Stable identifier inside the list.
    pub id: String,
    /// What should be so.
    pub text: String,
    /// Subtype of the hazard that a "no" proposes.
    pub subtype: String,
    /// Points, on lists that are scored.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub points: u32,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(value: &u32) -> bool {
    *value == 0
}

/// 是, 否, 不适用.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answered {
    /// As it should be.
    Yes,
    /// Not as it should be.
    No,
    /// There is no such thing here.
    Na,
}

/// A hazard that an inspection proposes; a person reports it or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spawned {
    /// The line of the list.
    pub item: String,
    /// Category.
    pub category: String,
    /// Subtype.
    pub subtype: String,
    /// Suggested level.
    pub level: String,
    /// The first words of the description.
    pub desc: String,
}

/// What an inspection says: hazards proposed, lines not answered, and the score of a list that has points (lines that
/// do not apply are left out of it and the rest counts as a hundred).
pub fn inspect(
    package: &Package,
    rules: &HazardRules,
    list: &str,
    answers: &BTreeMap<String, Answered>,
) -> Option<(Vec<Spawned>, Vec<String>, Option<u32>)> {
    let list = rules.lists.iter().find(|known| known.id == list)?;
    let (mut spawned, mut open) = (Vec::new(), Vec::new());
    let (mut reached, mut whole) = (0, 0);
    for item in &list.items {
        match answers.get(&item.id) {
            None => open.push(item.id.clone()),
            Some(Answered::Na) => {}
            Some(Answered::Yes) => {
                reached += item.points;
                whole += item.points;
            }
            Some(Answered::No) => {
                whole += item.points;
                let subtype = package.choice("hazard_subtype", &item.subtype);
                spawned.push(Spawned {
                    item: item.id.clone(),
                    category: subtype.and_then(|choice| choice.parent.clone()).unwrap_or_default(),
                    subtype: item.subtype.clone(),
                    level: subtype.and_then(|choice| choice.level.clone()).unwrap_or_default(),
                    desc: format!("{}：不符合", item.text),
                });
            }
        }
    }
    let score = (whole > 0).then(|| (reached * 200 + whole) / (2 * whole));
    Some((spawned, open, score))
}
