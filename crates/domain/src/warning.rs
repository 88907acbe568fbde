//! Announced warnings of weather and ground (HAZ-04, VISIT-05; domain data 4.12.1): what somebody in the township announced
//! for an area and a time. While one is in force the places that it concerns are patrolled more often there, and the
//! households that it concerns are visited; once it is lifted or over, nothing of it remains.
//!
//! A warning is a stream without a form that everybody holds, since it is short and concerns whoever is there. Its list
//! of areas says where it is in force, not who reads it.

mod effect;
mod judge;

use gridbook_log::{Create, Entity, EntityId, Placement, Register, Values, Write};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::calendar::{DAY_MS, minute_of};
use crate::hazard::{PointKind, Season};
use crate::package::Package;
use crate::plan::Signal;
use crate::record::RecordKind;
use crate::summary::Summary;
use crate::territory::{covers, smallest};
use crate::validate::instant;

pub use effect::{Asks, Effect, PointEffect, effect};
pub(crate) use judge::{judge_create, judge_set};

/// The permission to announce, extend, raise and lift.
pub const ANNOUNCE: &str = "warning.announce";
/// The state of a row whose warning was lifted.
pub const LIFTED: &str = "lifted";
/// A warning lasts so long at most, and is extended by so much at most: what nobody thinks of any more must not go on
/// sending people out. Milliseconds.
pub const MAX_MS: u64 = 7 * DAY_MS;
/// It begins so many days after it is announced at most.
pub const MAX_AHEAD_DAYS: u64 = 7;
/// Characters of whoever issued it.
pub const MAX_ISSUER: usize = 30;
/// Characters of the note.
pub const MAX_NOTE: usize = 200;
/// Areas of one warning.
pub const MAX_AREAS: usize = 100;

/// What a warning is of, as data.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WarningKind {
    /// Stable identifier: `rain` …
    pub id: String,
    /// The words.
    pub label: String,
    /// Kinds of places that it concerns; others keep their rhythm.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<String>,
    /// Triggers of visits that it sets off.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<String>,
    /// It has no level and calls for visits alone, of the households of the categories that are named, for so many days at
    /// most: a change of policy (VISIT-05). `None` = a warning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u64>,
}

impl WarningKind {
    /// How long one lasts and is extended by at most, milliseconds.
    pub fn longest(&self) -> u64 {
        self.days.map_or(MAX_MS, |days| days * DAY_MS)
    }
}

/// A warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Its stream.
    pub id: EntityId,
    /// What it is of: a [`WarningKind`].
    pub what: String,
    /// Its level: `yellow` …; empty where its kind has none.
    pub level: String,
    /// The households that it concerns, by category; empty = those that its triggers name.
    pub categories: Vec<String>,
    /// The codes of the areas in which it is in force, at least one.
    pub areas: Vec<String>,
    /// When it was announced, milliseconds since 1970.
    pub at: u64,
    /// When its level was said last: a graver one is told to everybody anew, and nobody is late by it before.
    pub raised: u64,
    /// From when on it is in force.
    pub from: u64,
    /// Until when.
    pub until: u64,
    /// When it was lifted.
    pub lifted: Option<u64>,
    /// Account of whoever lifted it; empty while it is not.
    pub lifted_by: String,
    /// Who issued it, in words; may be empty.
    pub issued_by: String,
    /// What else is to be said; may be empty.
    pub note: String,
}

/// How a record keeps an instant: to the second, in Beijing time.
fn stored(ms: u64) -> String {
    format!("{}:{:02}+08:00", minute_of(ms), ms / 1000 % 60)
}

impl Warning {
    /// Reads a stream; `None` when it is no warning or cannot be read.
    pub fn of(entity: &Entity, package: &Package) -> Option<Self> {
        let made = entity.creation().filter(|made| made.create.type_ == RecordKind::Warning.as_str())?;
        let mut read = Self::read(&entity.values(), entity.area()?, made.hlc.ms)?;
        // Where two changed it and neither had seen the other, the graver and the longer one counts.
        let said = |path| entity.register(path).into_iter().flat_map(Register::heads);
        let level = |write: &&Write| write.value.as_str().map_or(u8::MAX, |level| package.rank(level));
        if let Some(write) = said("level").min_by_key(level) {
            read.level = write.value.as_str().unwrap_or_default().to_owned();
            read.raised = write.hlc.ms.max(read.at);
        }
        let latest = said("until").filter_map(|write| instant(write.value.as_str()?)).max();
        read.until = latest.unwrap_or(read.until);
        Some(Self { id: entity.id(), ..read })
    }

    fn read(values: &Values, area: &str, at: u64) -> Option<Self> {
        let text = |path: &str| values.get(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        let list = |path: &str| match values.get(path) {
            None => Some(Vec::new()),
            Some(list) => list.as_array()?.iter().map(|word| word.as_str().map(str::to_owned)).collect(),
        };
        let areas: Vec<String> = list("areas")?;
        let lifted = text("lifted");
        Some(Self {
            id: EntityId([0; 16]),
            what: text("what"),
            level: text("level"),
            categories: list("categories")?,
            areas: if areas.is_empty() { vec![area.to_owned()] } else { areas },
            at,
            raised: at,
            from: instant(&text("from"))?,
            until: instant(&text("until"))?,
            lifted: if lifted.is_empty() { None } else { Some(instant(&lifted)?) },
            lifted_by: text("lifted_by"),
            issued_by: text("issued_by"),
            note: text("note"),
        })
    }

    /// Reads a row of a list.
    pub fn of_row(row: &Summary) -> Option<Self> {
        let [what, from, until, raised, lifted, lifted_by, note, concerned, areas @ ..] =
            row.categories.as_slice()
        else {
            return None;
        };
        (row.kind == RecordKind::Warning && !row.rejected).then_some(())?;
        Some(Self {
            id: row.id,
            what: what.clone(),
            level: row.level.clone(),
            categories: concerned.split_terminator(',').map(str::to_owned).collect(),
            areas: areas.to_vec(),
            at: row.at,
            raised: raised.parse().ok()?,
            from: from.parse().ok()?,
            until: until.parse().ok()?,
            lifted: lifted.parse().ok(),
            lifted_by: lifted_by.clone(),
            issued_by: row.subtitle.clone(),
            note: note.clone(),
        })
    }

    /// What a row of a list keeps of it.
    pub(crate) fn into_row(self, row: &mut Summary, package: &Package) {
        if self.lifted.is_some() {
            LIFTED.clone_into(&mut row.state);
        }
        row.title = self.title(package);
        row.subtitle = self.issued_by;
        row.level = self.level;
        let lifted = self.lifted.map(|ms| ms.to_string()).unwrap_or_default();
        let [from, until, raised] = [self.from, self.until, self.raised].map(|ms| ms.to_string());
        let concerned = self.categories.join(",");
        let words = [self.what, from, until, raised, lifted, self.lifted_by, self.note, concerned];
        row.categories = words.into_iter().chain(self.areas).collect();
    }

    /// Its first operation; `None` where its areas have none above them all.
    pub fn create(&self) -> Option<Create> {
        let area = smallest(&self.areas)?;
        let mut set: Values = [
            ("what".to_owned(), Value::from(self.what.as_str())),
            ("areas".to_owned(), self.areas.iter().map(String::as_str).collect()),
            ("from".to_owned(), Value::from(stored(self.from))),
            ("until".to_owned(), Value::from(stored(self.until))),
        ]
        .into();
        for (path, words) in [("level", &self.level), ("issued_by", &self.issued_by), ("note", &self.note)] {
            if !words.is_empty() {
                set.insert(path.to_owned(), Value::from(words.as_str()));
            }
        }
        if !self.categories.is_empty() {
            set.insert("categories".to_owned(), self.categories.iter().map(String::as_str).collect());
        }
        Some(Create {
            type_: RecordKind::Warning.as_str().to_owned(),
            place: Placement { all: Some(true), area: Some(area), ..Placement::default() },
            set,
            ..Create::default()
        })
    }

    /// What is set to lift it.
    pub fn lift(user: &str, now: u64) -> Values {
        [("lifted".to_owned(), Value::from(stored(now))), ("lifted_by".to_owned(), Value::from(user))].into()
    }

    /// What is set to let it last longer.
    pub fn extend(until: u64) -> Values {
        [("until".to_owned(), Value::from(stored(until)))].into()
    }

    /// What is set to raise it.
    pub fn raise(level: &str) -> Values {
        [("level".to_owned(), Value::from(level))].into()
    }

    /// When it is over.
    pub fn ends(&self) -> u64 {
        self.lifted.map_or(self.until, |lifted| lifted.min(self.until))
    }

    /// Announced and not over; it may begin later. Lifted is lifted, whatever the clock said of whoever lifted it.
    pub fn stands(&self, now: u64) -> bool {
        self.lifted.is_none() && now < self.until
    }

    /// In force at an instant.
    pub fn in_force(&self, now: u64) -> bool {
        self.from <= now && self.stands(now)
    }

    /// Whether an area lies in it.
    pub fn covers(&self, area: &str) -> bool {
        self.areas.iter().any(|own| covers(own, area))
    }

    /// Whether it is in force somewhere in an area.
    pub fn meets(&self, area: &str) -> bool {
        self.areas.iter().any(|own| covers(own, area) || covers(area, own))
    }

    /// What it is of.
    pub fn kind<'p>(&self, package: &'p Package) -> Option<&'p WarningKind> {
        package.warning_kind(&self.what)
    }

    /// Whether it has no level: what is announced is no danger, and moves no patrol (VISIT-05).
    pub fn is_plain(&self) -> bool {
        self.level.is_empty()
    }

    /// `暴雨橙色预警`; what has no level is called by its kind alone.
    pub fn title(&self, package: &Package) -> String {
        let kind = self.kind(package).map_or(self.what.as_str(), |kind| kind.label.as_str());
        if self.is_plain() {
            return kind.to_owned();
        }
        let level = package.level(&self.level).map_or("", |level| level.label.as_str());
        format!("{kind}{level}色预警")
    }

    /// What is to be said beside its title: who issued it and the note, or the households that it concerns and what changed.
    pub fn words(&self, package: &Package) -> String {
        if !self.is_plain() {
            let words = [&self.issued_by, &self.note].into_iter().filter(|words| !words.is_empty());
            return words.map(|words| format!("{words}。")).collect();
        }
        let labels: Vec<&str> = self
            .categories
            .iter()
            .filter_map(|id| package.category(id))
            .map(|category| category.label.as_str())
            .collect();
        format!("{}：{}。", labels.join("、"), self.note.trim_end_matches('。'))
    }

    /// Whether places of a kind are patrolled differently under it.
    fn concerns(&self, package: &Package, point: &PointKind) -> bool {
        self.kind(package).is_some_and(|kind| kind.points.contains(&point.id))
    }

    /// When households hear of it: a warning as soon as it is announced or raised, before the rain comes; what has no level
    /// from the day on which it begins.
    fn heard(&self) -> u64 {
        if self.is_plain() { self.raised.max(self.from) } else { self.raised }
    }

    /// The triggers of visits that it sets off at its level.
    fn calls<'p>(&self, package: &'p Package) -> impl Iterator<Item = &'p str> {
        let rank = package.rank(&self.level);
        let called = self.kind(package).map_or(&[][..], |kind| kind.calls.as_slice());
        let triggers = package.visits.get().triggers.iter();
        let severe = move |level: &str| level.is_empty() || rank <= package.rank(level);
        triggers
            .filter(move |trigger| called.contains(&trigger.id) && severe(&trigger.level))
            .map(|trigger| trigger.id.as_str())
    }
}

/// Warnings among rows that are announced and not over.
pub fn standing<'a>(rows: impl IntoIterator<Item = &'a Summary>, now: u64) -> Vec<Warning> {
    rows.into_iter().filter_map(Warning::of_row).filter(|warning| warning.stands(now)).collect()
}

/// The time of the year with the warning that counts for a kind of place in an area: of those in force the most severe, and
/// of several of its level the one that came first.
pub fn season_with(
    package: &Package,
    warnings: &[Warning],
    (kind, area): (&PointKind, &str),
    season: &Season,
    now: u64,
) -> Season {
    match counting(package, warnings, (kind, area), now) {
        Some(warning) => Season {
            warning: Some(warning.level.clone()),
            since: warning.from.max(warning.raised),
            ..season.clone()
        },
        None => season.clone(),
    }
}

/// The warning that counts there and then.
fn counting<'w>(
    package: &Package,
    warnings: &'w [Warning],
    (kind, area): (&PointKind, &str),
    now: u64,
) -> Option<&'w Warning> {
    let counts = warnings
        .iter()
        .filter(|warning| warning.in_force(now) && warning.covers(area) && warning.concerns(package, kind));
    counts.min_by_key(|warning| (package.rank(&warning.level), warning.from))
}

/// What standing warnings say to a household of these categories in an area. They count from when they were announced or
/// raised, also those that begin later: people are called on before the rain comes.
pub fn signals(package: &Package, warnings: &[Warning], (area, kinds): (&str, &[&str])) -> Vec<Signal> {
    let concerned = |warning: &&Warning| {
        let of = &warning.categories;
        warning.covers(area) && (of.is_empty() || of.iter().any(|id| kinds.contains(&id.as_str())))
    };
    let here = warnings.iter().filter(concerned);
    here.flat_map(|warning| {
        warning.calls(package).map(|trigger| Signal { trigger: trigger.to_owned(), at: warning.heard() })
    })
    .collect()
}

#[cfg(test)]
mod tests;
