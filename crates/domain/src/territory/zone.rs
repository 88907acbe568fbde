//! 片 (TERR-01): a step between township and village that a township may have. A zone's code is no beginning of its
//! villages' codes; each village says which zone it lies in, and whoever leads a zone holds the role in its villages.

use std::collections::{BTreeMap, BTreeSet};

use gridbook_log::Values;
use gridbook_log::body::GONE;
use serde_json::{Value, json};

use super::{AreaCode, AreaLevel, covers, village_of};
use crate::authority::staff_rows;
use crate::role::Assignment;

/// Who leads a zone.
pub const ZONE_LEAD: &str = "zone_lead";

/// Whether a code is that of a zone.
pub fn is_zone(code: &str) -> bool {
    AreaCode::parse(code).is_ok_and(|code| code.level() == AreaLevel::Zone)
}

/// Which village lies in which zone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Zones(BTreeMap<String, String>);

impl Zones {
    /// From villages with the zone that each names; an empty one is none.
    pub fn of<'a>(villages: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let named = villages.into_iter().filter(|(_, zone)| is_zone(zone));
        Self(named.map(|(village, zone)| (village.to_owned(), zone.to_owned())).collect())
    }

    /// The zone that a place lies in.
    pub fn zone_of(&self, area: &str) -> Option<&str> {
        self.0.get(village_of(area)).map(String::as_str)
    }

    /// Codes of a zone's villages, in order.
    pub fn villages(&self, zone: &str) -> Vec<&str> {
        self.0.iter().filter(|(_, held)| *held == zone).map(|(village, _)| village.as_str()).collect()
    }

    /// Whether a place, which may be a zone, covers another one.
    pub fn covers(&self, place: &str, area: &str) -> bool {
        if is_zone(place) { place == area || self.zone_of(area) == Some(place) } else { covers(place, area) }
    }

    /// A person's roles brought in line: whoever leads zones leads the villages that lie in them now, and no others.
    /// Every other role stays as it is. `None` where nothing changes, and for whoever leads no zone.
    pub fn follow(&self, held: &[Assignment]) -> Option<Vec<Assignment>> {
        let leads = |one: &&Assignment| one.role == ZONE_LEAD && one.area.as_deref().is_some_and(is_zone);
        if !held.iter().any(|one| leads(&one)) {
            return None;
        }
        let mut next: Vec<Assignment> =
            held.iter().filter(|one| one.role != ZONE_LEAD || leads(one)).cloned().collect();
        for one in held.iter().filter(leads) {
            for code in self.villages(one.area.as_deref().unwrap_or_default()) {
                next.push(Assignment { area: Some(code.to_owned()), ..one.clone() });
            }
        }
        let same = next.len() == held.len() && held.iter().all(|one| next.contains(one));
        (!same).then_some(next)
    }
}

/// A person's roles once they lead a zone, or lead it no more; their villages follow by [`Zones::follow`].
pub fn lead(held: &[Assignment], zone: &str, leads: bool) -> Vec<Assignment> {
    let (role, area) = (ZONE_LEAD.to_owned(), Some(zone.to_owned()));
    let own = |one: &Assignment| one.role == ZONE_LEAD && one.area == area;
    let mut next = held.to_vec();
    if leads && !held.iter().any(own) {
        next.push(Assignment { role, area, ..Assignment::default() });
    } else if !leads && held.iter().any(own) {
        next.retain(|one| !own(one));
        // Without a zone that says which villages are meant, those that came with it go.
        if !next.iter().any(|one| one.role == ZONE_LEAD && one.area.as_deref().is_some_and(is_zone)) {
            next.retain(|one| one.role != ZONE_LEAD);
        }
    }
    next
}

/// What to write into a person of the directory so that these are the roles; empty when they are already.
pub fn rows_for(values: &Values, next: &[Assignment]) -> Values {
    let mut set = Values::new();
    let mut left: Vec<&Assignment> = next.iter().collect();
    let mut used: BTreeSet<String> = BTreeSet::new();
    for path in values.keys() {
        let row = path.strip_prefix("assignments/").and_then(|path| path.split('/').next());
        used.extend(row.map(str::to_owned));
    }
    for (row, held) in staff_rows(values) {
        match left.iter().position(|one| **one == held) {
            Some(n) => {
                left.remove(n);
            }
            None => {
                set.insert(format!("assignments/{row}/{GONE}"), json!(true));
            }
        }
    }
    let mut free = (1..).map(|n| format!("z{n}")).filter(|row| !used.contains(row));
    for one in left {
        let Some(row) = free.next() else { break };
        let mut put = |field: &str, text: Option<String>| {
            set.extend(text.map(|text| (format!("assignments/{row}/{field}"), Value::from(text))));
        };
        put("role", Some(one.role.clone()));
        put("area", one.area.clone());
        put("unit", one.unit.clone());
        put("from", one.from.map(|day| day.to_string()));
        put("to", one.to.map(|day| day.to_string()));
    }
    set
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::authority::{assignments, staff_values};

    const EAST: &str = "510000100P01";
    const WEST: &str = "510000100P02";
    const VILLAGES: [&str; 3] = ["510000100201", "510000100202", "510000100203"];

    fn zones() -> Zones {
        Zones::of([(VILLAGES[0], EAST), (VILLAGES[1], EAST), (VILLAGES[2], WEST), ("510000100204", "")])
    }

    fn held(role: &str, area: &str) -> Assignment {
        Assignment { role: role.to_owned(), area: Some(area.to_owned()), ..Assignment::default() }
    }

    fn areas(held: &[Assignment]) -> Vec<&str> {
        held.iter().filter_map(|one| one.area.as_deref()).collect()
    }

    #[test]
    fn a_zone_covers_what_lies_in_its_villages() {
        let zones = zones();
        assert!(zones.covers(EAST, "51000010020200301") && zones.covers(EAST, EAST));
        assert!(!zones.covers(EAST, VILLAGES[2]) && !zones.covers(EAST, "510000100204001"));
        assert!(zones.covers(VILLAGES[0], "510000100201003") && zones.covers("510000100", VILLAGES[0]));
        assert_eq!((zones.zone_of("510000100203001"), zones.zone_of("510000100204")), (Some(WEST), None));
        assert_eq!(zones.zone_of("510000100"), None);
    }

    #[test]
    fn who_leads_a_zone_holds_the_role_in_its_villages() {
        let chief = held("grid_chief", VILLAGES[2]);
        let led = lead(std::slice::from_ref(&chief), EAST, true);
        let next = zones().follow(&led).unwrap();
        assert_eq!(areas(&next), [VILLAGES[2], EAST, VILLAGES[0], VILLAGES[1]]);
        assert_eq!(next[0], chief, "what is held otherwise stays");
        assert_eq!(zones().follow(&next), None, "it is in line");
        assert_eq!(lead(&next, EAST, true), next);
        // A village goes over to another zone.
        let moved = Zones::of([(VILLAGES[0], EAST), (VILLAGES[1], WEST)]);
        assert_eq!(areas(&moved.follow(&next).unwrap()), [VILLAGES[2], EAST, VILLAGES[0]]);
        // And the lead to another person.
        assert_eq!(lead(&next, EAST, false), [chief]);
        assert_eq!(zones().follow(&[held("grid_chief", VILLAGES[0])]), None);
        // Another role that somebody was given for a zone takes nothing away.
        assert_eq!(zones().follow(&[held("grid_chief", EAST), held("grid_chief", VILLAGES[2])]), None);
    }

    #[test]
    fn the_directory_says_the_same_as_the_account() {
        let before = [held("grid_chief", VILLAGES[2]), held(ZONE_LEAD, EAST), held(ZONE_LEAD, VILLAGES[2])];
        let mut values = staff_values("lea", "冯小寒", &before);
        let next = zones().follow(&before).unwrap();
        let set = rows_for(&values, &next);
        values.extend(set);
        let mut read = assignments(&values);
        assert_eq!(read.len(), 4);
        assert!(next.iter().all(|one| read.contains(one)));
        assert_eq!(rows_for(&values, &next), Values::new());
        // Taken away and given again: a row that is gone is not used again.
        values.extend(rows_for(&values, &before));
        values.extend(rows_for(&values, &next));
        read = assignments(&values);
        assert!(read.len() == 4 && next.iter().all(|one| read.contains(one)));
    }
}
