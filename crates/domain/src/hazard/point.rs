//! Registered points and what is written about them: when the next patrol is due, and which hazards a sheet calls for
//! (HAZ-04, HAZ-08).

use std::collections::BTreeMap;

use gridbook_log::{EntityId, map_of, order_by_key};
use serde_json::Value;

use super::patrol::{Answered, PatrolDue, PointKind, Season, Spawned, inspect, patrol_due};
use crate::calendar::{DAY_MS, day_of, midnight};
use crate::form::{Values, table_rows};
use crate::package::Package;
use crate::record::RecordKind;
use crate::summary::Summary;
use crate::warning::{Warning, season_with, standing};

/// A point and its next patrol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointDue {
    /// The place.
    pub place: EntityId,
    /// When it was last patrolled, milliseconds since 1970.
    pub last: Option<u64>,
    /// The next patrol.
    pub due: PatrolDue,
}

/// The last patrols by place.
fn lasts<'a>(rows: impl Iterator<Item = &'a Summary>) -> BTreeMap<&'a str, u64> {
    let mut lasts: BTreeMap<&str, u64> = BTreeMap::new();
    for entry in rows.filter(|row| row.kind == RecordKind::Entry && !row.rejected) {
        for about in &entry.categories {
            let last = lasts.entry(about).or_default();
            *last = (*last).max(entry.at);
        }
    }
    lasts
}

/// How often this place is patrolled: as its kind, but for what is said of the place itself (TERR-10). Warnings go by the
/// kind.
pub(super) fn rhythm(kind: &PointKind, row: &Summary) -> PointKind {
    let days = |word: usize| row.categories.get(word)?.parse::<u64>().ok().filter(|days| *days > 0);
    let own = |word: usize, usual: Option<u64>| days(word).map(|days| days * 24).or(usual);
    PointKind {
        hours: own(1, kind.hours),
        flood_hours: own(2, kind.flood_hours),
        fire_hours: own(3, kind.fire_hours),
        ..kind.clone()
    }
}

fn due_of(
    package: &Package,
    row: &Summary,
    last: Option<u64>,
    (season, warnings): (&Season, &[Warning]),
    now: u64,
) -> Option<PointDue> {
    if row.kind != RecordKind::Place || row.state == "closed" {
        return None;
    }
    let kind = row.categories.first()?;
    let kind = package.hazards.get().points.iter().find(|known| known.id == *kind)?;
    let season = season_with(package, warnings, (kind, &row.area), season, now);
    let due = patrol_due(package, &rhythm(kind, row), last, row.at, &season, now)?;
    Some(PointDue { place: row.id, last, due })
}

/// The next patrol of one point; `None` = closed, or not patrolled at this time of the year. What was announced for its
/// area stands among the rows.
pub fn point_due<'a>(
    package: &Package,
    rows: impl Iterator<Item = &'a Summary> + Clone,
    place: &Summary,
    season: &Season,
    now: u64,
) -> Option<PointDue> {
    let warnings = standing(rows.clone(), now);
    let last = lasts(rows).get(place.id.to_string().as_str()).copied();
    due_of(package, place, last, (season, &warnings), now)
}

/// Points where somebody has to be, whose patrol is due today or was due before, and those that are patrolled by the hour;
/// within each the longest overdue first.
pub fn points_due(package: &Package, rows: &[&Summary], season: &Season, now: u64) -> Vec<PointDue> {
    if !rows.iter().any(|row| row.kind == RecordKind::Place) {
        return Vec::new();
    }
    let warnings = standing(rows.iter().copied(), now);
    let lasts = lasts(rows.iter().copied());
    // A limit of days runs to the end of its day: what ends with today is today's.
    let tonight = midnight(day_of(now)) + DAY_MS;
    let last = |row: &Summary| lasts.get(row.id.to_string().as_str()).copied();
    let mut due: Vec<PointDue> = rows
        .iter()
        .filter(|row| row.kind == RecordKind::Place)
        .filter_map(|row| due_of(package, row, last(row), (season, &warnings), now))
        .filter(|point| point.due.watch || point.due.at <= tonight || point.due.every_hours < 24)
        .collect();
    order_by_key(&mut due, |point| (!point.due.watch, point.due.at));
    due
}

/// The answers of an inspection list by its lines: the row of line `3` is `i3`.
pub fn answers(values: &Values) -> BTreeMap<String, Answered> {
    let rows = table_rows(values, "checks").into_iter();
    map_of(rows.filter_map(|row| {
        let said = values.get(&format!("checks/{row}/state")).and_then(Value::as_str)?;
        let answer = match said {
            "yes" => Answered::Yes,
            "no" => Answered::No,
            "na" => Answered::Na,
            _ => return None,
        };
        Some((row.strip_prefix('i')?.to_owned(), answer))
    }))
}

/// Hazards that a sheet calls for: a "no" on an inspection list, something abnormal on a patrol.
pub fn found(package: &Package, form: &str, values: &Values) -> Vec<Spawned> {
    let text = |path: &str| values.get(path).and_then(Value::as_str).unwrap_or_default();
    match form.split('/').next() {
        Some("F-INSP") => {
            let rules = package.hazards.get();
            let said = inspect(package, rules, text("list"), &answers(values));
            let mut spawned = said.map(|(spawned, ..)| spawned).unwrap_or_default();
            for hazard in &mut spawned {
                let note = text(&format!("checks/i{}/note", hazard.item));
                if !note.is_empty() {
                    hazard.desc = format!("{}，{note}", hazard.desc);
                }
            }
            spawned
        }
        Some("F-PATROL") => {
            let about = package.hazards.get().patrol(text("patrol_kind"));
            let category = about.map_or("other", |kind| kind.category.as_str());
            let what = package.form_named(form).and_then(|form| form.field("checks/-/what"));
            let mut spawned = Vec::new();
            for row in table_rows(values, "checks") {
                if text(&format!("checks/{row}/state")) != "abnormal" {
                    continue;
                }
                let id = text(&format!("checks/{row}/what"));
                let label = what
                    .and_then(|field| package.choices(field).iter().find(|choice| choice.id == id))
                    .map_or(id, |choice| choice.label.as_str());
                let note = text(&format!("checks/{row}/note"));
                let note = if note.is_empty() { String::new() } else { format!("，{note}") };
                spawned.push(Spawned {
                    item: row.to_owned(),
                    category: category.to_owned(),
                    subtype: String::new(),
                    level: String::new(),
                    desc: format!("{label}：异常{note}"),
                });
            }
            spawned
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::case::story::{GRID, START, Story, person};

    fn summary(type_: &str, body: &Value) -> Summary {
        let mut story = Story::new();
        let mut made = body.clone();
        made["type"] = json!(type_);
        made["place"] = json!({"area": GRID});
        story.admitted(&person("ann", "village_assistant"), "create", &made).unwrap();
        Summary::of(&story.entity, Package::builtin()).unwrap()
    }

    #[test]
    fn a_place_with_a_rhythm_of_its_own_keeps_it() {
        let package = Package::builtin();
        let place = |set: Value| summary("place", &json!({"form": "F-PLACE/2", "set": set}));
        let every = |row: &Summary, season: &Season| {
            point_due(package, [row].into_iter(), row, season, START).map(|point| point.due.every_hours)
        };
        let (dry, flood) = (Season::default(), Season { flood: true, ..Season::default() });
        let usual = place(json!({"name": "下坝低洼点", "point_kind": "low_point"}));
        assert_eq!((every(&usual, &dry), every(&usual, &flood)), (Some(720), Some(168)));
        let own = place(
            json!({"name": "下坝低洼点", "point_kind": "low_point", "patrol_days": 10, "flood_days": 2}),
        );
        assert_eq!((every(&own, &dry), every(&own, &flood)), (Some(240), Some(48)));
        // What is said of one season leaves the others as they are.
        let fires = place(json!({"name": "水池", "point_kind": "water_point", "fire_days": 7}));
        let fire = Season { fire: true, ..Season::default() };
        assert_eq!((every(&fires, &dry), every(&fires, &fire)), (Some(2160), Some(168)));
    }

    fn slope() -> Summary {
        summary(
            "place",
            &json!({"form": "F-PLACE/1", "set": {"name": "后山崩塌点", "point_kind": "geo_point"}}),
        )
    }

    #[test]
    fn a_point_is_due_by_its_rhythm_until_somebody_was_there() {
        let package = Package::builtin();
        let (slope, flood) = (slope(), Season { flood: true, ..Season::default() });
        let due =
            |rows: &[&Summary], days: u64| points_due(package, rows, &flood, START + days * DAY_MS).len();
        assert_eq!((due(&[&slope], 6), due(&[&slope], 7), due(&[&slope], 9)), (0, 1, 1));
        let mut sheet = summary(
            "entry",
            &json!({"form": "F-INSP/1", "state": "recorded",
                "set": {"place": slope.id.to_string(), "list": "geo_point", "date": "2026-05-25"}}),
        );
        sheet.at = START + 7 * DAY_MS;
        assert_eq!(due(&[&slope, &sheet], 9), 0, "patrolled two days ago");
        assert_eq!(due(&[&slope, &sheet], 14), 1);
        let last = point_due(package, [&slope, &sheet].into_iter(), &slope, &flood, START).unwrap().last;
        assert_eq!(last, Some(sheet.at));
        let closed = Summary { state: "closed".to_owned(), ..slope };
        assert_eq!(due(&[&closed], 400), 0);
    }

    #[test]
    fn the_date_on_the_sheet_wins() {
        let package = Package::builtin();
        let (slope, flood) = (slope(), Season { flood: true, ..Season::default() });
        // Started on 18 May; the sheet is of four days before, or of the day itself.
        for (date, last) in [("2026-05-14", START - 4 * DAY_MS + 4 * DAY_MS / 24), ("2026-05-18", START)] {
            let body = json!({"type": "entry", "form": "F-INSP/1", "state": "recorded", "place": {"area": GRID},
                "set": {"place": slope.id.to_string(), "list": "geo_point", "date": date}});
            let mut story = Story::new();
            story.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
            let sheet = Summary::of(&story.entity, package).unwrap();
            let phone = point_due(package, [&slope, &sheet].into_iter(), &slope, &flood, START).unwrap();
            let day = day_of(START);
            let desk = super::super::points(package, [&slope], [&story.view()], &[], (day, day), START);
            assert_eq!(phone.last, Some(last), "{date}");
            assert_eq!((desk[0].last, desk[0].due), (phone.last, Some(phone.due)), "the desk says the same");
        }
    }

    #[test]
    fn what_is_wrong_calls_for_a_hazard() {
        let package = Package::builtin();
        let values = |value: &Value| -> Values {
            value.as_object().unwrap().iter().map(|(path, value)| (path.clone(), value.clone())).collect()
        };
        let list = values(&json!({"list": "small_place", "checks/i1/state": "yes", "checks/i2/state": "no",
            "checks/i2/note": "堆了啤酒箱", "checks/i3/state": "na"}));
        let [one] = found(package, "F-INSP/1", &list).try_into().unwrap();
        assert_eq!(
            (one.category.as_str(), one.subtype.as_str(), one.level.as_str()),
            ("fire", "fire.1", "orange")
        );
        assert_eq!(one.desc, "疏散通道畅通：不符合，堆了啤酒箱");
        let patrol =
            values(&json!({"patrol_kind": "water", "checks/a/what": "seepage", "checks/a/state": "abnormal",
            "checks/b/what": "crack", "checks/b/state": "ok"}));
        let [one] = found(package, "F-PATROL/1", &patrol).try_into().unwrap();
        assert_eq!((one.category.as_str(), one.desc.as_str()), ("water_works", "渗水或泉水浑浊：异常"));
        assert_eq!(found(package, "F-REC/1", &patrol), []);
    }
}
