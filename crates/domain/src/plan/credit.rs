//! Who made visits (VISIT-07): one made together counts once for the household and once for each who came. It says what was
//! done, in order of names; nobody is ranked by it.

use std::collections::{BTreeMap, BTreeSet};

use gridbook_log::{EntityId, order_by_key};
use serde_json::Value;

use crate::form::{Values, table_rows};
use crate::household::merge::Merges;
use crate::record::RecordKind;
use crate::search::fold;
use crate::summary::Summary;

/// A visit that met somebody, and who made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walk {
    /// Whom it was to.
    pub household: EntityId,
    /// Account of who wrote it down.
    pub by: String,
    /// Names of those who came along, as written.
    pub with: Vec<String>,
}

impl Walk {
    /// Of a visit's row and its values; `None` for everything else, for a visit that met nobody, and for one that was refused.
    /// What is done in twos is no such visit: it is known to the two alone (VISIT-09).
    pub fn of(row: &Summary, values: &Values) -> Option<Self> {
        let met = row.kind == RecordKind::Visit && !row.rejected && row.visit.is_some_and(|visit| visit.met);
        let rows = table_rows(values, "participants").into_iter();
        let name = |row| values.get(&format!("participants/{row}/name")).and_then(Value::as_str);
        let with = rows.filter_map(name).map(str::trim).filter(|name| !name.is_empty());
        met.then_some(())?;
        Some(Self {
            household: row.household?,
            by: row.reporter.clone(),
            with: with.map(str::to_owned).collect(),
        })
    }
}

/// What one person did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Credit {
    /// The name.
    pub name: String,
    /// Visits made alone.
    pub alone: usize,
    /// Visits made with others.
    pub together: usize,
    /// Households met, each once.
    pub households: usize,
}

/// What all of them did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Credits {
    /// One for each person, by name.
    pub people: Vec<Credit>,
    /// Visits made alone and together, each once however many came.
    pub visits: [usize; 2],
    /// Households met, each once however many came.
    pub households: usize,
}

/// Somebody: the account, or the folded name of who has none.
type Who = (String, String);

/// Visits by person. `staff` are the names of the accounts: whoever is written by the name of exactly one of them is that
/// one, also where another wrote the visit down. `rows` say which households are one by now (TERR-13).
pub fn credits<'a>(
    walks: &[Walk],
    staff: &BTreeMap<String, String>,
    rows: impl IntoIterator<Item = &'a Summary>,
) -> Credits {
    let merges = Merges::of(rows);
    let known: Vec<(String, &String, &String)> =
        staff.iter().map(|(account, name)| (fold(name), account, name)).collect();
    let who = |written: &str| -> (Who, String) {
        let key = fold(written);
        let mut same = known.iter().filter(|(name, account, _)| *name == key || *account == written);
        match (same.next(), same.next()) {
            (Some((_, account, name)), None) => ((String::new(), (*account).clone()), (*name).clone()),
            _ => ((key, String::new()), written.to_owned()),
        }
    };
    let mut found: BTreeMap<Who, (Credit, BTreeSet<EntityId>)> = BTreeMap::new();
    let (mut visits, mut households) = ([0, 0], BTreeSet::new());
    for walk in walks {
        let household = merges.standing(walk.household);
        let author = staff.get(&walk.by).unwrap_or(&walk.by).clone();
        let mut came: BTreeMap<Who, String> = walk.with.iter().map(|name| who(name)).collect();
        came.insert((String::new(), walk.by.clone()), author);
        let together = came.len() > 1;
        visits[usize::from(together)] += 1;
        households.insert(household);
        for (who, name) in came {
            let (credit, met) = found.entry(who).or_default();
            credit.name = name;
            *(if together { &mut credit.together } else { &mut credit.alone }) += 1;
            met.insert(household);
        }
    }
    let of = |(credit, met): (Credit, BTreeSet<EntityId>)| Credit { households: met.len(), ..credit };
    let mut people: Vec<Credit> = found.into_values().map(of).collect();
    order_by_key(&mut people, |credit| credit.name.clone());
    Credits { people, visits, households: households.len() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::case::CaseView;
    use crate::household::tests::stream;
    use crate::package::Package;

    /// A visit by 杨柳 to a household; every stream of these is written by that account.
    fn visit(seed: u8, household: u8, met: &str, with: &[&str]) -> Option<Walk> {
        let mut set =
            json!({"household": EntityId([household; 16]).to_string(), "met": met, "mode": "in_home"});
        for (n, name) in with.iter().enumerate() {
            set[format!("participants/p{n}/name")] = json!(name);
            set[format!("participants/p{n}/role")] = json!("police");
        }
        let entity = stream(seed, &[("create", json!({"type": "visit", "state": "visited", "set": set}))]);
        let row = Summary::of(&entity, Package::builtin()).unwrap();
        Walk::of(&row, &CaseView::of(&entity).unwrap().values)
    }

    fn staff() -> BTreeMap<String, String> {
        [("yang", "杨柳"), ("he", "何秀兰"), ("li1", "李强"), ("li2", "李强")]
            .map(|(account, name)| (account.to_owned(), name.to_owned()))
            .into()
    }

    fn lines(credits: &Credits) -> Vec<(&str, usize, usize, usize)> {
        let people = credits.people.iter();
        people.map(|one| (one.name.as_str(), one.alone, one.together, one.households)).collect()
    }

    #[test]
    fn together_counts_once_for_the_household_and_once_for_each() {
        let walks: Vec<Walk> = [
            visit(1, 9, "head", &["何 秀兰", "民警老李"]),
            visit(2, 9, "head", &[]),
            visit(3, 8, "family", &["何秀兰", " "]),
            visit(4, 7, "not_met", &["何秀兰"]),
        ]
        .into_iter()
        .flatten()
        .collect();
        let found = credits(&walks, &staff(), []);
        assert_eq!((found.visits, found.households), ([1, 2], 2), "an attempt is none");
        assert_eq!(lines(&found), [("何秀兰", 0, 2, 2), ("杨柳", 1, 2, 2), ("民警老李", 0, 1, 1)], "by name");
    }

    #[test]
    fn whoever_wrote_it_down_did_not_come_along_with_himself() {
        let walks: Vec<Walk> = visit(1, 9, "head", &["杨柳", "yang"]).into_iter().collect();
        assert_eq!(lines(&credits(&walks, &staff(), [])), [("杨柳", 1, 0, 1)]);
        // Of two accounts with the same name nobody knows which is meant: it is neither.
        let walks: Vec<Walk> = visit(1, 9, "head", &["李强"]).into_iter().collect();
        assert_eq!(lines(&credits(&walks, &staff(), [])), [("李强", 0, 1, 1), ("杨柳", 0, 1, 1)]);
        let mut two = staff();
        two.insert("yang2".to_owned(), "杨柳".to_owned());
        let walks: Vec<Walk> = visit(1, 9, "head", &["杨柳"]).into_iter().collect();
        assert_eq!(credits(&walks, &two, []).visits, [0, 1], "it may be the other one");
        assert_eq!(credits(&walks, &BTreeMap::new(), []).people[0].name, "yang", "unknown here");
    }

    #[test]
    fn households_that_are_one_count_once() {
        let walks: Vec<Walk> =
            [visit(1, 9, "head", &[]), visit(2, 8, "head", &[])].into_iter().flatten().collect();
        let house = |seed: u8, more: serde_json::Value| {
            let body = json!({"type": "household", "place": {"area": "510000100201001"}, "set": more});
            Summary::of(&stream(seed, &[("create", body)]), Package::builtin()).unwrap()
        };
        let into = EntityId([9; 16]).to_string();
        let rows = [
            house(9, json!({"status": "active"})),
            house(8, json!({"status": "merged", "merged_into": into})),
        ];
        assert_eq!(credits(&walks, &staff(), []).households, 2);
        let found = credits(&walks, &staff(), &rows);
        assert_eq!((found.households, found.visits, lines(&found)), (1, [2, 0], vec![("杨柳", 2, 0, 1)]));
    }

    #[test]
    fn what_was_refused_or_done_in_twos_enters_no_figure() {
        let set = json!({"household": EntityId([9; 16]).to_string(), "met": "head"});
        let entity = stream(1, &[("create", json!({"type": "visit", "state": "visited", "set": set}))]);
        let row = Summary::of(&entity, Package::builtin()).unwrap();
        let values = CaseView::of(&entity).unwrap().values;
        assert!(Walk::of(&row, &values).is_some());
        assert_eq!(Walk::of(&Summary { rejected: true, ..row.clone() }, &values), None);
        assert_eq!(Walk::of(&Summary { kind: RecordKind::Restricted, ..row }, &values), None);
    }
}
