//! Setting up a micro-grid (TERR-05): its households are walked (走访), it is sketched (绘制), and the way to its farthest
//! household is tried out (演练). Each step is an entry of its own, on any day and by anybody who may write there, and the
//! latest of a step counts. Which households belong to it says where they lie, nothing else. A check, never a refusal.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use gridbook_log::{Create, Entity, EntityId, Values};
use serde::{Deserialize, Serialize};

use super::norm::Norms;
use super::{AreaCode, AreaLevel, covers, grid_of};
use crate::date;
use crate::household::double::Elsewhere;
use crate::household::merge::homes;
use crate::package::Package;
use crate::record::RecordKind;
use crate::role::{Actor, Target, may};
use crate::rules::similar::{Spot, metres_between, spot, spot_of};
use crate::summary::Summary;

/// The form of a step.
pub const FORM: &str = "F-MICRO";

/// The rule of the way to the farthest household, as data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MicroRules {
    /// It takes so many minutes on foot at most.
    pub minutes: u32,
    /// How much longer a way is than the straight line, per cent of that.
    pub detour_percent: u32,
    /// How fast people walk, metres an hour.
    pub metres_per_hour: u32,
}

impl Default for MicroRules {
    fn default() -> Self {
        Self { minutes: 15, detour_percent: 140, metres_per_hour: 4500 }
    }
}

impl MicroRules {
    /// Minutes for a straight line of so many metres, begun ones counted whole.
    pub fn estimate(&self, metres: u32) -> u32 {
        let way = u64::from(metres) * u64::from(self.detour_percent) * 60;
        let minutes = way.div_ceil(100 * u64::from(self.metres_per_hour.max(1)));
        u32::try_from(minutes).unwrap_or(u32::MAX)
    }
}

/// The three steps on the ground, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// 走访: whose households they are.
    Walk,
    /// 绘制: a drawing of it.
    Sketch,
    /// 演练: how long the way to the farthest household takes.
    Drill,
}

impl Step {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Walk, Self::Sketch, Self::Drill];

    /// What records store.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Walk => "walk",
            Self::Sketch => "sketch",
            Self::Drill => "drill",
        }
    }

    /// The word that people see.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Walk => "走访",
            Self::Sketch => "绘制",
            Self::Drill => "演练",
        }
    }
}

/// A step that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The entry.
    pub id: EntityId,
    /// Which micro-grid.
    pub area: String,
    /// Which step.
    pub step: Step,
    /// On which day.
    pub day: NaiveDate,
    /// Who wrote it down.
    pub by: String,
    /// Minutes walked to the farthest household.
    pub minutes: Option<u32>,
    /// Where people set out from.
    from: Option<Spot>,
    at: u64,
}

impl Done {
    /// Reads a row of a list; `None` for everything else, and for what was refused.
    pub fn of_row(row: &Summary) -> Option<Self> {
        let [.., form, area, step, day, minutes] = row.categories.as_slice() else { return None };
        (row.kind == RecordKind::Entry && form == FORM && !row.rejected).then_some(())?;
        Some(Self {
            id: row.id,
            area: area.clone(),
            step: Step::ALL.into_iter().find(|known| known.id() == step)?,
            day: date::parse(day)?,
            by: row.reporter.clone(),
            minutes: minutes.parse().ok(),
            from: spot(row),
            at: row.at,
        })
    }
}

/// What the row of a step keeps, which step it is, and where people set out from. Nothing for every other record, for
/// a step of which nothing was done, and where it lies elsewhere than the micro-grid that it names.
pub(crate) fn row_words(entity: &Entity) -> Option<([String; 5], Step, Option<Spot>)> {
    let form = entity.creation()?.create.form.as_deref()?.split('/').next()?;
    let (area, place, part) = (entity.text("area")?, entity.area()?, entity.text("part")?);
    (form == FORM && is_micro(area) && (covers(area, place) || covers(place, area))).then_some(())?;
    let step = Step::ALL.into_iter().find(|known| known.id() == part)?;
    let minutes = entity.get("minutes").and_then(serde_json::Value::as_u64);
    let done = match step {
        Step::Walk => true,
        Step::Sketch => entity.blobs().iter().any(|(_, blob)| blob.role == "photos"),
        Step::Drill => minutes.is_some(),
    };
    done.then_some(())?;
    let minutes = minutes.filter(|_| step == Step::Drill).map(|minutes| minutes.to_string());
    let words = [FORM, area, part, entity.text("date")?, &minutes.unwrap_or_default()].map(str::to_owned);
    Some((words, step, spot_of(entity.get("geo"))))
}

/// How long the way to the farthest household takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// So many minutes, as walked in the latest rehearsal.
    Walked(u32),
    /// So many minutes, from the straight line: 估算.
    Estimated(u32),
    /// Nobody can tell: no rehearsal, and no position of a household or of where people set out from.
    Unknown,
}

impl Way {
    /// The minutes, where there are any.
    pub const fn minutes(self) -> Option<u32> {
        match self {
            Self::Walked(minutes) | Self::Estimated(minutes) => Some(minutes),
            Self::Unknown => None,
        }
    }

    /// Whether it is longer than it should be.
    pub fn beyond(self, rules: &MicroRules) -> bool {
        self.minutes().is_some_and(|minutes| minutes > rules.minutes)
    }
}

/// How far a micro-grid is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// Its code.
    pub area: String,
    /// The latest of each step, in the order of [`Step::ALL`].
    pub done: [Option<Done>; 3],
    /// Households.
    pub households: usize,
    /// Persons of them who are known by name, each where he lives.
    pub persons: usize,
    /// The way to the farthest household.
    pub way: Way,
}

impl Setup {
    /// Steps that nobody has done.
    pub fn lacks(&self) -> Vec<Step> {
        let left = Step::ALL.into_iter().zip(&self.done).filter(|(_, done)| done.is_none());
        left.map(|(step, _)| step).collect()
    }

    /// Whether it holds more households or persons than one person can know (TERR-04).
    pub const fn crowded(&self, norms: &Norms) -> bool {
        self.households > norms.households || self.persons > norms.persons
    }
}

/// How far these micro-grids are set up, by the rows that the device has; codes of other areas are left out.
pub fn setups<'a>(
    rules: &MicroRules,
    codes: impl IntoIterator<Item = &'a str>,
    rows: &[&'a Summary],
) -> Vec<Setup> {
    let mut steps: BTreeMap<String, [Option<Done>; 3]> = BTreeMap::new();
    let mut from: BTreeMap<String, (NaiveDate, u64, Spot)> = BTreeMap::new();
    for done in rows.iter().filter_map(|row| Done::of_row(row)) {
        if let Some(spot) = done.from {
            let held = from.entry(done.area.clone()).or_insert((done.day, done.at, spot));
            if (held.0, held.1) < (done.day, done.at) {
                *held = (done.day, done.at, spot);
            }
        }
        let slot = &mut steps.entry(done.area.clone()).or_default()[done.step as usize];
        let later = |held: &Done| (held.day, held.at, held.id) < (done.day, done.at, done.id);
        if slot.as_ref().is_none_or(later) {
            *slot = Some(done);
        }
    }
    let homes = homes(rows.iter().copied());
    let elsewhere = Elsewhere::of(rows.iter().copied());
    let setup = |area: &str| {
        let inside = || homes.iter().filter(|home| home.area == area);
        let done = steps.get(area).cloned().unwrap_or_default();
        let walked = done[Step::Drill as usize].as_ref().and_then(|drill| drill.minutes);
        let far =
            |start: Spot| inside().filter_map(|home| spot(home)).map(|at| metres_between(start, at)).max();
        let line = from.get(area).and_then(|(_, _, start)| far(*start));
        let way = match (walked, line) {
            (Some(minutes), _) => Way::Walked(minutes),
            (None, Some(metres)) => Way::Estimated(rules.estimate(metres)),
            (None, None) => Way::Unknown,
        };
        Setup {
            area: area.to_owned(),
            done,
            households: inside().count(),
            persons: inside().map(|home| elsewhere.persons(home)).sum(),
            way,
        }
    };
    codes.into_iter().filter(|code| is_micro(code)).map(setup).collect()
}

/// Whether a code is that of a micro-grid.
pub fn is_micro(code: &str) -> bool {
    AreaCode::parse(code).is_ok_and(|code| code.level() == AreaLevel::MicroGrid)
}

/// The code of a new micro-grid of a grid, after the last one ever used; `None` where all are used up.
pub fn free_micro<'a>(codes: impl IntoIterator<Item = &'a str>, grid: &str) -> Option<String> {
    let number = |code: &str| code.strip_prefix(grid).filter(|rest| rest.len() == 2)?.parse::<u32>().ok();
    let next = codes.into_iter().filter_map(number).max().unwrap_or(0) + 1;
    (next < 100).then(|| format!("{grid}{next:02}"))
}

/// Whether somebody may say that a household of one area belongs to another: to a micro-grid of the same grid, or to none
/// of them again. That is a fact about the household, for whoever corrects those of both areas; everything further is a
/// matter of the data steward.
pub fn may_belong(package: &Package, actor: &Actor, from: &str, to: &str, today: NaiveDate) -> bool {
    let inside = |area: &str| {
        AreaCode::parse(area)
            .is_ok_and(|code| matches!(code.level(), AreaLevel::Group | AreaLevel::MicroGrid))
    };
    let writes = |area: &str| {
        may(package, actor, "household.edit", &Target::new(RecordKind::Household, area, None), today)
    };
    inside(from) && inside(to) && grid_of(from) == grid_of(to) && writes(from) && writes(to)
}

/// The record that the households of a micro-grid were walked today; `None` where the package has no such form.
pub fn walked(package: &Package, area: &str, day: NaiveDate) -> Option<Create> {
    let set: Values = [("area", area), ("part", Step::Walk.id()), ("date", &day.to_string())]
        .into_iter()
        .map(|(path, words)| (path.to_owned(), words.into()))
        .collect();
    package.entry(FORM, area, set)
}

#[cfg(test)]
mod tests;
