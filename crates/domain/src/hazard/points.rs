//! Places that are patrolled, as their patrols tell of them (HAZ-04): when somebody was there last, and how often of how
//! often it was due in a period.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::Value;

use super::{PatrolDue, PointKind, Season, patrol_due};
use crate::calendar::{day_of, midnight};
use crate::case::CaseView;
use crate::package::Package;
use crate::search::fold;
use crate::share::Share;

/// Noon, so that a date alone is that day in China.
const NOON_MS: u64 = 12 * 3_600_000;

/// A place with its patrols.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point<'p> {
    /// Its name, as the first patrol wrote it.
    pub place: String,
    /// Area of the last patrol.
    pub area: String,
    /// What it is.
    pub kind: &'p PointKind,
    /// The last patrol, milliseconds since 1970.
    pub last: u64,
    /// When the next one is due; `None` = not at this time of the year.
    pub due: Option<PatrolDue>,
    /// Patrols made in the period, of those due in it; more than were due count once.
    pub made: Share,
    /// Patrols in which something was not as it should be.
    pub abnormal: usize,
}

/// The kind of place that a patrol sheet names.
fn kind_id(said: &str) -> &str {
    match said {
        "geology" => "geo_point",
        "water" => "reservoir",
        "forest" => "forest_checkpoint",
        other => other,
    }
}

/// All places of these patrols, those that are late first. `from` and `to` are the first and last day of the period.
pub fn points<'p, 'a>(
    package: &'p Package,
    patrols: impl IntoIterator<Item = &'a CaseView>,
    (from, to): (NaiveDate, NaiveDate),
    now: u64,
) -> Vec<Point<'p>> {
    let rules = package.hazards.get();
    let mut found: BTreeMap<(String, &str), (Point<'p>, usize)> = BTreeMap::new();
    for case in patrols {
        let said = |path: &str| case.values.get(path).and_then(Value::as_str).unwrap_or_default();
        let id = kind_id(said("patrol_kind"));
        let Some(kind) = rules.points.iter().find(|kind| kind.id == id) else { continue };
        if said("place").is_empty() {
            continue;
        }
        let at = crate::date::parse(said("date")).map_or(case.reported_at, |day| midnight(day) + NOON_MS);
        let fresh = || {
            let place = said("place").to_owned();
            let made = Share::default();
            (Point { place, area: case.area.clone(), kind, last: at, due: None, made, abnormal: 0 }, 0)
        };
        let (point, times) = found.entry((fold(said("place")), kind.id.as_str())).or_insert_with(fresh);
        if at >= point.last {
            (point.last, point.area) = (at, case.area.clone());
        }
        let abnormal = case.values.iter().any(|(path, value)| {
            path.starts_with("checks/") && path.ends_with("/state") && value == "abnormal"
        });
        point.abnormal += usize::from(abnormal);
        *times += usize::from((from..=to).contains(&day_of(at)));
    }
    let days = usize::try_from((to - from).num_days() + 1).unwrap_or(0);
    let mut list: Vec<Point<'p>> = found
        .into_values()
        .map(|(mut point, times)| {
            point.due = patrol_due(
                package,
                point.kind,
                Some(point.last),
                point.last,
                &Season::usual(day_of(now)),
                now,
            );
            let every = point.due.and_then(|due| usize::try_from(due.every_hours).ok());
            let whole = every.map_or(times, |every| (days * 24 / every.max(1)).max(1));
            point.made = Share { part: times.min(whole), whole };
            point
        })
        .collect();
    gridbook_log::order_by_key(&mut list, |point| {
        (
            !point.due.is_some_and(|due| due.late),
            point.due.map_or(u64::MAX, |due| due.at),
            point.place.clone(),
        )
    });
    list
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::case::story::{GRID, Story, person};

    fn patrol(place: &str, kind: &str, date: &str, state: &str) -> CaseView {
        let mut story = Story::new();
        let body = json!({
            "type": "entry", "form": "F-PATROL/1", "place": {"area": GRID},
            "set": {"place": place, "patrol_kind": kind, "date": date, "checks/c1/what": "crack", "checks/c1/state": state}
        });
        story.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
        story.view()
    }

    #[test]
    fn places_are_told_apart_and_the_late_ones_come_first() {
        let day = |text: &str| crate::date::parse(text).unwrap();
        let all = [
            patrol("大屋场后坡", "geology", "2026-05-01", "ok"),
            patrol("大屋场后坡", "geology", "2026-05-08", "abnormal"),
            patrol("石桥水库", "water", "2026-05-18", "ok"),
            patrol("石桥水库", "geology", "2026-05-18", "ok"),
        ];
        let now = midnight(day("2026-05-18")) + NOON_MS;
        let list = points(Package::builtin(), &all, (day("2026-05-01"), day("2026-05-18")), now);
        let told: Vec<_> = list
            .iter()
            .map(|p| (p.place.as_str(), p.kind.id.as_str(), p.made.part, p.made.whole, p.abnormal))
            .collect();
        // In the flood season slopes are walked weekly and reservoirs daily.
        assert_eq!(
            told,
            [
                ("大屋场后坡", "geo_point", 2, 2, 1),
                ("石桥水库", "reservoir", 1, 18, 0),
                ("石桥水库", "geo_point", 1, 2, 0),
            ]
        );
        assert_eq!(list.iter().map(|p| p.due.unwrap().late).collect::<Vec<_>>(), [true, false, false]);
        assert_eq!(day_of(list[0].last), day("2026-05-08"));
    }
}
