//! Places that are patrolled, as their patrols tell of them (HAZ-04): when somebody was there last, and how often of how
//! often it was due in a period.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::Value;

use super::point::rhythm;
use super::{PatrolDue, PointKind, Season, patrol_due, patrolled_at};
use crate::calendar::day_of;
use crate::case::CaseView;
use crate::package::Package;
use crate::search::fold;
use crate::share::Share;
use crate::summary::Summary;
use crate::warning::{Warning, season_with};

/// A place with its patrols.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point<'p> {
    /// Its name.
    pub place: String,
    /// Area.
    pub area: String,
    /// What it is.
    pub kind: &'p PointKind,
    /// The last patrol, milliseconds since 1970; `None` = nobody was there yet.
    pub last: Option<u64>,
    /// When the next one is due; `None` = not at this time of the year.
    pub due: Option<PatrolDue>,
    /// Patrols made in the period, of those due in it; more than were due count once.
    pub made: Share,
    /// Patrols in which something was not as it should be.
    pub abnormal: usize,
}

/// A place while its patrols are counted.
struct Found<'p> {
    point: Point<'p>,
    rhythm: PointKind,
    known: u64,
    times: usize,
}

/// The places of the directory that are in use, and those that patrols name in words alone; those that are late first.
/// `from` and `to` are the first and last day of the period. `patrols` are free sheets and inspection lists.
/// What was announced says when the next one is due; how many were due in the period goes by the season.
pub fn points<'p, 'a>(
    package: &'p Package,
    places: impl IntoIterator<Item = &'a Summary>,
    patrols: impl IntoIterator<Item = &'a CaseView>,
    warnings: &[Warning],
    (from, to): (NaiveDate, NaiveDate),
    now: u64,
) -> Vec<Point<'p>> {
    let rules = package.hazards.get();
    let named = |id: &str| rules.points.iter().find(|kind| kind.id == id);
    let fresh = |place: &str, area: &str, kind: &'p PointKind, known: u64| {
        let (place, area, made) = (place.to_owned(), area.to_owned(), Share::default());
        let point = Point { place, area, kind, last: None, due: None, made, abnormal: 0 };
        Found { point, rhythm: kind.clone(), known, times: 0 }
    };
    // By the id of a place, else by its name and kind.
    let mut found: BTreeMap<(String, &str), Found<'p>> = BTreeMap::new();
    for place in places.into_iter().filter(|place| place.state != "closed") {
        let kind = place.categories.first().and_then(|id| named(id));
        if let Some(kind) = kind {
            let own =
                Found { rhythm: rhythm(kind, place), ..fresh(&place.title, &place.area, kind, place.at) };
            found.insert((place.id.to_string(), ""), own);
        }
    }
    for case in patrols {
        let said = |path: &str| case.values.get(path).and_then(Value::as_str).unwrap_or_default();
        let at = patrolled_at(Some(said("date")), case.reported_at);
        let known = (said("place").to_owned(), "");
        let key = if found.contains_key(&known) {
            known
        } else {
            // One that is written in words, or lies where this reader has no place of it.
            let free = rules.patrol(said("patrol_kind")).and_then(|kind| named(&kind.point));
            let listed = || rules.points.iter().find(|kind| kind.list.as_deref() == Some(said("list")));
            let kind = free.or_else(listed).filter(|_| !said("place").is_empty());
            let Some(kind) = kind else { continue };
            let key = (fold(said("place")), kind.id.as_str());
            found.entry(key.clone()).or_insert_with(|| fresh(said("place"), &case.area, kind, at));
            key
        };
        let Some(held) = found.get_mut(&key) else { continue };
        held.point.last = held.point.last.max(Some(at));
        let abnormal = case.values.iter().any(|(path, value)| {
            path.starts_with("checks/") && path.ends_with("/state") && (value == "abnormal" || value == "no")
        });
        held.point.abnormal += usize::from(abnormal);
        held.times += usize::from((from..=to).contains(&day_of(at)));
    }
    let days = usize::try_from((to - from).num_days() + 1).unwrap_or(0);
    let mut list: Vec<Point<'p>> = found
        .into_values()
        .map(|Found { mut point, rhythm, known, times }| {
            let season = Season::usual(day_of(now));
            let due = |season: &Season| patrol_due(package, &rhythm, point.last, known, season, now);
            let every = due(&season).and_then(|due| usize::try_from(due.every_hours).ok());
            let whole = every.map_or(times, |every| (days * 24 / every.max(1)).max(1));
            point.made = Share { part: times.min(whole), whole };
            point.due = due(&season_with(package, warnings, (point.kind, &point.area), &season, now));
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
    use crate::calendar::{DAY_MS, midnight};
    use crate::case::story::{GRID, Story, person};

    fn patrol(place: &str, kind: &str, date: &str, state: &str) -> CaseView {
        let mut story = Story::new();
        let body = json!({
            "type": "entry", "form": "F-PATROL/1", "state": "recorded", "place": {"area": GRID},
            "set": {"place": place, "patrol_kind": kind, "date": date, "checks/c1/what": "crack", "checks/c1/state": state}
        });
        story.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
        story.view()
    }

    fn place(name: &str, kind: &str) -> Summary {
        let mut story = Story::new();
        let body = json!({
            "type": "place", "form": "F-PLACE/1", "place": {"area": GRID},
            "set": {"name": name, "point_kind": kind, "status": "active"}
        });
        story.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
        Summary::of(&story.entity, Package::builtin()).unwrap()
    }

    #[test]
    fn places_are_told_apart_and_the_late_ones_come_first() {
        let day = |text: &str| crate::date::parse(text).unwrap();
        let mut known = place("石桥水库", "reservoir");
        let mut never = place("安置点", "shelter");
        (known.id, never.id) = (gridbook_log::EntityId([7; 16]), gridbook_log::EntityId([8; 16]));
        let id = known.id.to_string();
        let all = [
            patrol("大屋场后坡", "geology", "2026-05-01", "ok"),
            patrol("大屋场后坡", "geology", "2026-05-08", "abnormal"),
            patrol(&id, "water", "2026-05-18", "ok"),
            patrol("石桥水库", "geology", "2026-05-18", "ok"),
        ];
        let now = midnight(day("2026-05-18")) + DAY_MS / 2;
        let places = [known, never];
        let list =
            points(Package::builtin(), &places, &all, &[], (day("2026-05-01"), day("2026-05-18")), now);
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
                ("安置点", "shelter", 0, 1, 0),
            ]
        );
        assert_eq!(list.iter().map(|p| p.due.unwrap().late).collect::<Vec<_>>(), [true, false, false, false]);
        assert_eq!(list[0].last.map(day_of), Some(day("2026-05-08")));
        assert_eq!(list[3].last, None);
    }
}
