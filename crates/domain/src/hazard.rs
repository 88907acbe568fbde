//! What hazards ask for beyond the workflow (HAZ-02…05, HAZ-07…09; domain data 4.7.2, 4.7.3, 4.9.2, 4.13): checks of
//! control measures, re-check rounds and enforcement, patrols, inspection lists, repeats, and the ledger's balance.

mod alarm;
mod ledger;
mod patrol;
mod point;
mod points;
mod rounds;
mod stock;

use gridbook_log::EntityId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::calendar::day_of;
use crate::case::CaseView;
use crate::package::{Level, Package};
use crate::record::RecordKind;
use crate::rules::similar::{apart, stands};
use crate::search::fold;
use crate::summary::Summary;
use crate::warning::WarningKind;

pub use alarm::{AlarmPhone, AlarmRules, AlarmStep, KNOWN, Told, alarm, stands_for, to_answer};
pub use ledger::{Balance, OpenSpan, balance, spans};
pub use patrol::{
    Answered, Inspection, Item, PatrolDue, PatrolKind, PointKind, Season, Spawned, inspect, patrol_due,
    patrolled_at,
};
pub use point::{PointDue, answers, found, point_due, points_due};
pub use points::{Point, points};
pub use rounds::{
    ControlCheck, Enforcement, EnforcementProblem, RECHECK, RECHECKED, Rounds, Stage, control_check, enforce,
    enforcement_due, enforcing, failed_too_often, recheck_by, rounds, stage_words,
};
pub(crate) use rounds::{enforced, failed};
pub use stock::{Material, stock};

/// Rules of hazards as data.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HazardRules {
    /// Days in which the same hazard at the same place is one that comes back.
    pub repeat_days: u32,
    /// Failed re-checks after which enforcement takes over.
    pub recheck_limit: usize,
    /// The steps of enforcement, in order.
    pub enforcement: Vec<Enforcement>,
    /// Kinds of places that are patrolled.
    pub points: Vec<PointKind>,
    /// What free patrol sheets are about.
    #[serde(default)]
    pub patrols: Vec<PatrolKind>,
    /// What warnings are of, and what each concerns (HAZ-04).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<WarningKind>,
    /// Inspection lists 排查表.
    pub lists: Vec<Inspection>,
    /// What happens at once when something cannot wait (HAZ-05).
    #[serde(default)]
    pub alarm: AlarmRules,
}

impl HazardRules {
    /// What a patrol sheet is about, by its `patrol_kind`.
    pub fn patrol(&self, id: &str) -> Option<&PatrolKind> {
        self.patrols.iter().find(|kind| kind.id == id)
    }

    /// The `patrol_kind` of a free sheet about a kind of place; `other` where there is none of its own.
    pub fn patrol_of(&self, point: &str) -> &str {
        self.patrols.iter().find(|kind| kind.point == point).map_or("other", |kind| kind.id.as_str())
    }
}

/// The pictures of what was found.
pub const PHOTO_BEFORE: &str = "photo_before";

/// Whether a hazard's level asks for a picture of what was found and there is none: a level may have risen after the report
/// (HAZ-06). A gap to be shown, never a reason to refuse.
pub fn lacks_before(package: &Package, case: &CaseView) -> bool {
    let asks = || {
        case.level.as_deref().and_then(|level| package.level(level)).is_some_and(|level| level.photo_before)
    };
    case.kind == RecordKind::Hazard && asks() && case.photos.get(PHOTO_BEFORE).is_none_or(|count| *count == 0)
}

/// Where a hazard is and of what kind, for comparing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// Its stream.
    pub id: EntityId,
    /// Subtype id.
    pub subtype: String,
    /// Household, if it is about one.
    pub household: Option<String>,
    /// The place or address in words, folded, with its area; empty when nobody said.
    pub place: String,
    /// When it was reported, milliseconds since 1970.
    pub at: u64,
}

impl Spot {
    /// Of a case; `None` without a subtype.
    pub fn of(case: &CaseView) -> Option<Self> {
        let said = |path: &str| case.values.get(path).and_then(Value::as_str).map(fold).unwrap_or_default();
        let words = [said("place"), said("address_text")].into_iter().find(|words| !words.is_empty());
        Some(Self {
            id: case.id,
            subtype: case.subtype.clone()?,
            household: case.household.clone(),
            place: words.map(|words| format!("{}:{words}", case.area)).unwrap_or_default(),
            at: case.reported_at,
        })
    }

    fn same_place(&self, other: &Self) -> bool {
        match (&self.household, &other.household) {
            (Some(a), Some(b)) => a == b,
            _ => !self.place.is_empty() && self.place == other.place,
        }
    }
}

/// Rows of hazards that this one may repeat: of the same category in the same grid or household, within the days of the
/// rules. Subtype and place in words stand in the records, see [`repeats`].
pub fn may_repeat<'a>(
    rules: &HazardRules,
    new: &Summary,
    rows: impl IntoIterator<Item = &'a Summary>,
) -> Vec<EntityId> {
    let fits = |row: &&Summary| {
        row.kind == RecordKind::Hazard
            && row.id != new.id
            && row.categories == new.categories
            && (row.area == new.area || row.household.is_some() && row.household == new.household)
            && stands(row)
            && (0..=i64::from(rules.repeat_days)).contains(&apart(new, row))
    };
    rows.into_iter().filter(fits).map(|row| row.id).collect()
}

/// The earlier hazards that this one repeats (反复): the same subtype at the same place within the days of the rules,
/// the latest first.
pub fn repeats<'a>(
    rules: &HazardRules,
    new: &Spot,
    known: impl IntoIterator<Item = &'a Spot>,
) -> Vec<EntityId> {
    let mut found: Vec<&Spot> = known
        .into_iter()
        .filter(|spot| spot.id != new.id && spot.subtype == new.subtype && spot.same_place(new))
        .filter(|spot| {
            let days = day_of(new.at).signed_duration_since(day_of(spot.at)).num_days();
            (0..=i64::from(rules.repeat_days)).contains(&days)
        })
        .collect();
    gridbook_log::order_by_key(&mut found, |spot| std::cmp::Reverse(spot.at));
    found.into_iter().map(|spot| spot.id).collect()
}

/// The level to suggest for a hazard that comes back: one more severe; the most severe stays.
pub fn raised<'p>(package: &'p Package, level: &str) -> Option<&'p Level> {
    let rank = package.level(level)?.rank;
    package.levels.iter().find(|level| level.rank == rank.saturating_sub(1).max(1))
}

#[cfg(test)]
mod tests;
