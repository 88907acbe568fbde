//! The same thing reported twice (domain data 5.2), and cases that come back (FLOW-15). Suggestions from list rows
//! alone; a person decides, by merging or not.

use gridbook_log::{EntityId, order_by_key};
use serde_json::Value;

use super::CaseRules;
use crate::calendar::day_of;
use crate::search::fold;
use crate::summary::{Hint, Summary};
use crate::territory::village_of;

/// Why two cases seem to belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Why {
    /// The same household.
    Household,
    /// The same place in words.
    Place,
    /// So many metres apart.
    Near(u32),
    /// The same party, by telephone or by name in the same village.
    Party,
}

/// A case that seems to belong to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Similar {
    /// Which.
    pub id: EntityId,
    /// Why.
    pub why: Why,
    /// Days between the two.
    pub days: u32,
}

/// Metres of a hundred-thousandth of a degree of latitude.
const METRES: f64 = 1.113_2;

/// Cases that may be the same as this one: of the same kind and category, at the same household or place, at most the
/// days of the rules apart; the nearest in time first. What was withdrawn, merged or voided is none.
pub fn duplicates<'a>(
    rules: &CaseRules,
    new: &Summary,
    known: impl IntoIterator<Item = &'a Summary>,
) -> Vec<Similar> {
    let same = |row: &&Summary| {
        let category =
            row.categories.is_empty() || new.categories.is_empty() || row.categories == new.categories;
        stands(row) && row.id != new.id && row.kind == new.kind && category
    };
    let mut found: Vec<Similar> = known
        .into_iter()
        .filter(same)
        .filter_map(|row| {
            let days = apart(new, row).unsigned_abs();
            let days = u32::try_from(days).ok().filter(|days| *days <= rules.duplicate_days)?;
            Some(Similar { id: row.id, why: place(rules, new, row)?, days })
        })
        .collect();
    order_by_key(&mut found, |similar| (similar.days, similar.id));
    found
}

/// Earlier cases of the same party or household within the days of the rules, the latest first; what may be the same
/// case is left to [`duplicates`].
pub fn repeats<'a>(
    rules: &CaseRules,
    new: &Summary,
    known: impl IntoIterator<Item = &'a Summary> + Clone,
) -> Vec<Similar> {
    let twice = duplicates(rules, new, known.clone());
    let mut found: Vec<Similar> = known
        .into_iter()
        .filter(|row| stands(row) && row.id != new.id && row.kind == new.kind && !row.rejected)
        .filter(|row| twice.iter().all(|similar| similar.id != row.id))
        .filter_map(|row| {
            let days = u32::try_from(apart(new, row)).ok().filter(|days| *days <= rules.repeat_days)?;
            let same_house = new.household.is_some() && row.household == new.household;
            let why = if party(new, row) { Why::Party } else { same_house.then_some(Why::Household)? };
            Some(Similar { id: row.id, why, days })
        })
        .collect();
    order_by_key(&mut found, |similar| (similar.days, similar.id));
    found
}

/// Whether a row is a case that others may be compared with: not taken back, merged or voided.
pub(crate) fn stands(row: &Summary) -> bool {
    row.kind.is_case() && !matches!(row.state.as_str(), "withdrawn" | "merged" | "voided")
}

/// Days from the other one to this one.
pub(crate) fn apart(new: &Summary, row: &Summary) -> i64 {
    day_of(new.at).signed_duration_since(day_of(row.at)).num_days()
}

fn place(rules: &CaseRules, new: &Summary, row: &Summary) -> Option<Why> {
    if new.household.is_some() && new.household == row.household {
        return Some(Why::Household);
    }
    if let (Some(a), Some(b)) = (spot(new), spot(row)) {
        let metres = metres_between(a, b);
        return (metres <= rules.duplicate_metres).then_some(Why::Near(metres));
    }
    // Two known households are two places, whatever the words say.
    let apart = new.household.is_some() && row.household.is_some();
    // Folding is the dear part: a township has a thousand rows, an area a few.
    if apart || new.area != row.area || new.subtitle.is_empty() {
        return None;
    }
    let words = fold(&new.subtitle);
    (!words.is_empty() && words == fold(&row.subtitle)).then_some(Why::Place)
}

/// Where a row was found, or stands.
pub(crate) fn spot(row: &Summary) -> Option<Spot> {
    row.hints.iter().find_map(|hint| match hint {
        Hint::At { lat, lon } => Some((*lat, *lon)),
        _ => None,
    })
}

/// A place in hundred-thousandths of a degree, north and east.
pub type Spot = (i32, i32);

/// Reads a place as it was measured, `{"lat": …, "lon": …}` in degrees.
#[allow(clippy::cast_possible_truncation, reason = "degrees are few")]
pub fn spot_of(geo: Option<&Value>) -> Option<Spot> {
    let degrees = |name: &str| geo?.get(name)?.as_f64().filter(|degrees| degrees.abs() <= 180.0);
    let small = |degrees: f64| (degrees * 100_000.0).round() as i32;
    Some((small(degrees("lat")?), small(degrees("lon")?)))
}

/// Metres between two spots that lie close together.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "half the earth fits, and it is positive"
)]
pub fn metres_between(a: Spot, b: Spot) -> u32 {
    let north = f64::from(a.0 - b.0) * METRES;
    let east = f64::from(a.1 - b.1) * METRES * (f64::from(a.0) / 100_000.0).to_radians().cos();
    north.hypot(east).round() as u32
}

/// The same telephone, or the same name in the same village.
fn party(new: &Summary, row: &Summary) -> bool {
    let shares = |a: &[String], b: &[String]| a.iter().any(|one| !one.is_empty() && b.contains(one));
    // What lies at the township is in no village.
    let village = |row: &Summary| Some(village_of(&row.area).to_owned()).filter(|code| code.len() == 12);
    shares(&new.keys.tails, &row.keys.tails)
        || (shares(&new.keys.names, &row.keys.names)
            && village(new).is_some()
            && village(new) == village(row))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::case::story::{START, Story, person};
    use crate::package::Package;

    const DAY: u64 = 86_400_000;
    const HOUSE: &str = "0190f0e0c0de4a5b8c6d7e8f90a1b2c3";

    /// A dispute's row, so many days after the first.
    fn row(n: u8, days: u64, set: &serde_json::Value) -> Summary {
        let mut story = Story::new();
        story.entity = gridbook_log::Entity::new(EntityId([n; 16]), None);
        story.ms = START + days * DAY;
        let mut body = json!({
            "type": "dispute", "form": "F-DISPUTE/1", "state": "submitted", "place": {"area": crate::case::story::GRID},
            "set": {"facts": "为水沟争吵", "intake_mode": "visit_found", "occur_place": "三组水沟边"}
        });
        for (path, value) in set.as_object().unwrap() {
            body["set"][path] = value.clone();
        }
        story.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
        Summary::of(&story.entity, Package::builtin()).unwrap()
    }

    fn rules() -> &'static CaseRules {
        Package::builtin().cases.get()
    }

    #[test]
    fn the_same_thing_twice() {
        let new = row(1, 3, &json!({"household": HOUSE}));
        let same =
            |other: &Summary| duplicates(rules(), &new, [&new, other]).first().map(|s| (s.why, s.days));
        assert_eq!(same(&row(2, 0, &json!({"household": HOUSE}))), Some((Why::Household, 3)));
        assert_eq!(same(&row(2, 6, &json!({"household": HOUSE}))), Some((Why::Household, 3)));
        assert_eq!(same(&row(2, 7, &json!({"household": HOUSE}))), None, "four days apart");
        assert_eq!(same(&row(2, 3, &json!({}))), Some((Why::Place, 0)));
        assert_eq!(same(&row(2, 3, &json!({"occur_place": "村口"}))), None);
        let elsewhere = json!({"household": "0190f0e0c0de4a5b8c6d7e8f90a1b2c4"});
        assert_eq!(same(&row(2, 3, &elsewhere)), None);
        let mut gone = row(2, 3, &json!({}));
        gone.state = "merged".to_owned();
        assert_eq!(same(&gone), None);
    }

    #[test]
    fn near_is_two_hundred_metres() {
        let at = |n, lat: f64, lon: f64| {
            row(n, 0, &json!({"geo": {"lat": lat, "lon": lon, "acc": 8}, "occur_place": format!("地点{n}")}))
        };
        let new = at(1, 30.0, 104.0);
        let why = |other: &Summary| duplicates(rules(), &new, [other]).first().map(|s| s.why);
        assert_eq!(why(&at(2, 30.0, 104.002)), Some(Why::Near(193)));
        assert_eq!(why(&at(2, 30.0, 104.0022)), None);
        assert_eq!(why(&at(2, 30.0017, 104.0)), Some(Why::Near(189)));
    }

    #[test]
    fn what_comes_back_within_half_a_year() {
        let party = |n, days, name: &str, phone: &str| {
            row(
                n,
                days,
                &json!({"parties/p1/name": name, "parties/p1/phone": phone, "occur_place": format!("地点{n}")}),
            )
        };
        let new = party(1, 200, "季大寒", "13800005678");
        let why = |other: &Summary| repeats(rules(), &new, [&new, other]).first().map(|s| (s.why, s.days));
        assert_eq!(why(&party(2, 20, "季大寒", "")), Some((Why::Party, 180)));
        assert_eq!(why(&party(2, 19, "季大寒", "")), None, "181 days");
        assert_eq!(why(&party(2, 150, "季小寒", "13800005678")), Some((Why::Party, 50)));
        assert_eq!(why(&party(2, 150, "季小寒", "13800005679")), None);
        assert_eq!(why(&party(2, 201, "季大寒", "")), None, "a later one is not what it repeats");
        // What may be the same case is no repetition.
        let twin = row(3, 199, &json!({"parties/p1/name": "季大寒", "occur_place": "地点1"}));
        assert_eq!(duplicates(rules(), &new, [&twin]).len(), 1);
        assert_eq!(why(&twin), None);
    }
}
