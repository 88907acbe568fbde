//! What a node of the territory shows of itself (TERR-06): where it lies, who works there, and how much there is.

use chrono::NaiveDate;

use super::AreaCode;
use super::zone::Zones;
use crate::household::double::Elsewhere;
use crate::household::merge::homes;
use crate::package::Package;
use crate::plan::{Season, is_key};
use crate::record::RecordKind;
use crate::role::Actor;
use crate::summary::Summary;

/// A node with what lies in it and below.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AreaCard {
    /// Codes of what it lies in, the nearest first.
    pub above: Vec<String>,
    /// Accounts with the ids of the roles that they hold there, in order of account.
    pub staff: Vec<(String, String)>,
    /// Households, those that are no more ones left out.
    pub households: usize,
    /// Persons of them who are known by name, each where he lives.
    pub persons: usize,
    /// Households that are visited monthly or more often.
    pub key: usize,
    /// Places that are patrolled and in use.
    pub points: usize,
    /// Cases that are not closed.
    pub open: usize,
}

/// The card of a node; `rows` may be all that the device has. A zone shows what lies in its villages.
pub fn card<'a>(
    package: &Package,
    zones: &Zones,
    code: &str,
    people: &[Actor],
    rows: impl IntoIterator<Item = &'a Summary>,
    today: NaiveDate,
) -> AreaCard {
    let mut card = AreaCard::default();
    let parents = std::iter::successors(AreaCode::parse(code).ok(), AreaCode::parent).skip(1);
    card.above = parents.map(|code| code.as_str().to_owned()).collect();
    // The zone stands above the village and below the township.
    if let Some(zone) = zones.zone_of(code).filter(|zone| *zone != code) {
        let above = card.above.iter().position(|code| code.len() < 12).unwrap_or(card.above.len());
        card.above.insert(above, zone.to_owned());
    }
    for person in people {
        let held = person.assignments.iter().filter(|held| held.valid_on(today));
        let here = held.filter(|held| held.area.as_deref().is_some_and(|area| zones.covers(code, area)));
        card.staff.extend(here.map(|held| (person.user.clone(), held.role.clone())));
    }
    gridbook_log::order_by(&mut card.staff, Ord::cmp);
    card.staff.dedup();
    let rows: Vec<&Summary> = rows.into_iter().collect();
    let elsewhere = Elsewhere::of(rows.iter().copied());
    for home in homes(rows.iter().copied()).iter().filter(|home| zones.covers(code, &home.area)) {
        card.households += 1;
        card.persons += elsewhere.persons(home);
        card.key += usize::from(is_key(home, package, today, Season::usual(today)));
    }
    for row in rows.into_iter().filter(|row| !row.rejected && zones.covers(code, &row.area)) {
        match row.kind {
            RecordKind::Place => card.points += usize::from(row.state != "closed"),
            _ => card.open += usize::from(row.is_open()),
        }
    }
    card
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::calendar::day_of;
    use crate::case::story::{GRID, START, Story, TOWN, VILLAGE, person};

    #[test]
    fn where_it_lies_who_works_there_and_how_much_there_is() {
        let package = Package::builtin();
        let house = |categories: serde_json::Value, status: &str| {
            let mut story = Story::new();
            let body = json!({"type": "household", "form": "F-HOUSEHOLD/1", "place": {"area": GRID}, "set": {
                "address_text": "柳溪村3组12号", "head": "钟小满", "residence_type": "permanent", "status": status,
                "categories": categories, "members/m1/name": "钟小满", "members/m2/name": "钟大雪"}});
            story.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
            Summary::of(&story.entity, package).unwrap()
        };
        let rows = [
            house(json!(["elder_alone"]), "active"),
            house(json!([]), "active"),
            house(json!([]), "cancelled"),
            Summary::of(&Story::hazard("blue").entity, package).unwrap(),
            Summary { kind: RecordKind::Place, state: "active".to_owned(), ..house(json!([]), "active") },
            Summary { kind: RecordKind::Place, state: "closed".to_owned(), ..house(json!([]), "active") },
        ];
        let people = [
            person("lea", "grid_worker_l1"),
            person("ann", "village_assistant"),
            person("sue", "supervisor"),
        ];
        let zone = "510000100P01";
        let zones = Zones::of([(VILLAGE, zone)]);
        let shown = |code: &str| card(package, &zones, code, &people, &rows, day_of(START));
        let village = shown(VILLAGE);
        assert_eq!(village.above, [zone, TOWN, "510000"]);
        let whole = shown(zone);
        assert_eq!(
            (whole.above, whole.staff),
            (vec![TOWN.to_owned(), "510000".to_owned()], village.staff.clone())
        );
        assert_eq!((whole.households, whole.open), (village.households, village.open));
        let held = |user: &str, role: &str| (user.to_owned(), role.to_owned());
        assert_eq!(village.staff, [held("ann", "village_assistant"), held("lea", "grid_worker_l1")]);
        assert_eq!((village.households, village.persons, village.key), (2, 4, 1));
        assert_eq!((village.points, village.open), (1, 1));
        let grid = shown(GRID);
        assert_eq!((grid.above.len(), grid.staff.len(), grid.households), (5, 1, 2));
        assert_eq!(shown("510000100202").households, 0);
    }
}
