//! The plan of a week or a month, and the order in which somebody walks (VISIT-01): no map is needed, and no position. Where
//! somebody stands is told once, by tapping, and kept nowhere.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate};
use gridbook_log::{EntityId, map_of, order_by_key};

use super::DueRow;
use crate::household::merge::homes;
use crate::rules::similar::{Spot, metres_between};
use crate::summary::{Hint, Summary};

/// The last day of the week that a day lies in: its Sunday.
pub fn week_end(day: NaiveDate) -> NaiveDate {
    day + Days::new(u64::from(6 - day.weekday().num_days_from_monday()))
}

/// The last day of the month that a day lies in.
pub fn month_end(day: NaiveDate) -> NaiveDate {
    let (year, month) = if day.month() == 12 { (day.year() + 1, 1) } else { (day.year(), day.month() + 1) };
    NaiveDate::from_ymd_opt(year, month, 1).and_then(|first| first.pred_opt()).unwrap_or(day)
}

fn home(row: &Summary) -> Option<Spot> {
    row.hints.iter().find_map(|hint| match hint {
        Hint::At { lat, lon } => Some((*lat, *lon)),
        _ => None,
    })
}

/// The number that a door begins with: 2 before 12, whatever follows.
fn number(door: &str) -> u64 {
    let digits: String =
        door.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(u64::MAX)
}

/// Puts the households of a plan in the order of the way: the nearest first where it is known where somebody stands and the
/// houses lie; the others, and all without a position, by micro-grid and house number. The plan's own order is left.
/// Returns the metres to those whose distance is known.
pub fn by_way(rows: &mut [DueRow], summaries: &[&Summary], from: Option<Spot>) -> BTreeMap<EntityId, u32> {
    let homes = homes(summaries.iter().copied());
    let homes: BTreeMap<EntityId, &Summary> = map_of(homes.iter().map(|row| (row.id, row.as_ref())));
    let away = |id: &EntityId| Some(metres_between(from?, home(homes.get(id)?)?));
    let metres: BTreeMap<EntityId, u32> =
        map_of(rows.iter().filter_map(|row| Some((row.household, away(&row.household)?))));
    let place = |id: &EntityId| {
        let row = homes.get(id);
        let text = |of: fn(&Summary) -> &String| row.map(|row| of(row).clone()).unwrap_or_default();
        let door = text(|row| &row.keys.door);
        (text(|row| &row.area), number(&door), door)
    };
    let mut sorted = rows.to_vec();
    order_by_key(&mut sorted, |row| {
        let id = row.household;
        (metres.get(&id).copied().unwrap_or(u32::MAX), place(&id), id)
    });
    rows.clone_from_slice(&sorted);
    metres
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::case::story::{GRID, Story, person};
    use crate::package::Package;
    use crate::plan::{Season, due_list, due_until};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn house(id: u8, door: &str, geo: Option<f64>, category: &str) -> Summary {
        let mut set = json!({"address_text": "柳溪村3组", "residence_type": "permanent", "status": "active",
            "door_no": door, "members/m1/name": "钟小满", "members/m1/relation": "head"});
        if let Some(lat) = geo {
            set["geo"] = json!({"lat": lat, "lon": 104.0, "acc": 10});
        }
        let body = json!({"type": "household", "form": "F-HOUSEHOLD/1", "place": {"area": GRID}, "set": set});
        let mut story = Story::new();
        story.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
        let row = Summary::of(&story.entity, Package::builtin()).unwrap();
        let id = EntityId([id; 16]);
        // Registered on 1 January.
        let categories = vec![category.to_owned()];
        Summary { id, household: Some(id), categories, at: 1_767_225_600_000, ..row }
    }

    #[test]
    fn the_week_ends_on_sunday_and_the_month_on_its_last_day() {
        assert_eq!(week_end(day("2026-05-18")), day("2026-05-24"));
        assert_eq!(week_end(day("2026-05-24")), day("2026-05-24"));
        assert_eq!(month_end(day("2026-12-03")), day("2026-12-31"));
        assert_eq!(month_end(day("2028-02-29")), day("2028-02-29"));
    }

    #[test]
    fn what_falls_due_later_is_on_the_longer_list() {
        // Every half-year: on 30 June, from 25 May on.
        let rows = [house(1, "1号", None, "general")];
        let until = |today: &str, until: &str| {
            due_until(&rows, Package::builtin(), day(today), day(until), Season::default()).len()
        };
        assert_eq!(due_list(&rows, Package::builtin(), day("2026-05-01"), Season::default()).len(), 0);
        assert_eq!((until("2026-05-01", "2026-05-31"), until("2026-05-01", "2026-06-29")), (0, 0));
        assert_eq!(until("2026-05-01", "2026-06-30"), 1);
        assert_eq!(until("2026-06-01", "2026-06-01"), 1, "its window is open");
    }

    #[test]
    fn the_way_goes_by_distance_and_without_a_position_by_door() {
        let rows = [
            house(1, "12号", Some(30.001), "dibao"),
            house(2, "2号", Some(30.010), "dibao"),
            house(3, "1号", None, "dibao"),
        ];
        let seen: Vec<&Summary> = rows.iter().collect();
        let order = |from: Option<Spot>| {
            let mut plan = due_list(&rows, Package::builtin(), day("2026-05-18"), Season::default());
            let metres = by_way(&mut plan, &seen, from);
            let ids: Vec<u8> = plan.iter().map(|row| row.household.0[0]).collect();
            (ids, metres.len())
        };
        assert_eq!(order(None), (vec![3, 2, 1], 0));
        assert_eq!(
            order(Some((3_000_000, 10_400_000))),
            (vec![1, 2, 3], 2),
            "nobody knows where the third lies"
        );
        assert_eq!(order(Some((3_002_000, 10_400_000))).0, [2, 1, 3]);
    }
}
