//! Households whose people stand in a dispute that is not settled: a category that nobody sets and nobody ends (domain
//! data 4.4). It follows from the disputes: it begins with the first day of one and ends when that is closed or handed
//! over. After that its follow-ups call for visits (VISIT-05, MED-11, MED-12).

use std::collections::{BTreeMap, BTreeSet};

use gridbook_log::EntityId;

use super::merge::Merges;
use crate::calendar::day_of;
use crate::record::RecordKind;
use crate::summary::Summary;
use crate::territory::village_of;

/// The category.
pub const PARTY: &str = "dispute_party";
/// The same while the risk of the dispute is red.
pub const PARTY_RED: &str = "dispute_party_red";

/// Disputes by whom they concern.
pub(crate) struct Parties<'a> {
    about: BTreeMap<EntityId, Vec<&'a Summary>>,
    named: BTreeMap<&'a str, Vec<&'a Summary>>,
}

impl<'a> Parties<'a> {
    /// Reads them off rows of a list.
    pub(crate) fn of(rows: impl IntoIterator<Item = &'a Summary>, merges: &Merges) -> Self {
        let (mut about, mut named) = (BTreeMap::new(), BTreeMap::new());
        let counts =
            |row: &&Summary| row.kind == RecordKind::Dispute && !row.rejected && lasted(row).is_some();
        for row in rows.into_iter().filter(counts) {
            if let Some(household) = row.household {
                about.entry(merges.standing(household)).or_insert_with(Vec::new).push(row);
            }
            for name in &row.keys.names {
                named.entry(name.as_str()).or_insert_with(Vec::new).push(row);
            }
        }
        Self { about, named }
    }

    /// What a row of a list keeps of the category for a household: one word for each stretch of time. A household is a
    /// party's when the dispute names it, or when somebody there has the name of a party and the party's number, in the same
    /// village: a name alone is many people's.
    pub(crate) fn words(&self, home: &Summary) -> Vec<String> {
        let found: BTreeSet<String> = self.disputes(home).into_iter().filter_map(lasted).collect();
        found.into_iter().collect()
    }

    /// The disputes that a household is a party of.
    pub(crate) fn disputes(&self, home: &Summary) -> Vec<&'a Summary> {
        if self.about.is_empty() && self.named.is_empty() {
            return Vec::new();
        }
        let own = self.about.get(&home.id).into_iter().flatten();
        let called = home.keys.names.iter().filter_map(|name| self.named.get(name.as_str())).flatten();
        let reached = |row: &&&Summary| {
            village_of(&row.area) == village_of(&home.area)
                && row.keys.tails.iter().any(|tail| home.keys.tails.contains(tail))
        };
        own.chain(called.filter(reached)).copied().collect()
    }
}

/// The word of one dispute; `None` where it never came to anything: withdrawn, refused, made one with another, or over on
/// its first day.
fn lasted(row: &Summary) -> Option<String> {
    let (id, from) = (if row.level == "red" { PARTY_RED } else { PARTY }, row.day());
    if row.is_open() {
        return Some(format!("{id}/{from}/"));
    }
    // What is written to it afterwards does not move its end.
    let last = day_of(row.over()?).pred_opt().filter(|last| *last >= from)?;
    matches!(row.state.as_str(), "closed" | "transferred").then(|| format!("{id}/{from}/{last}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use chrono::NaiveDate;
    use serde_json::json;

    use super::*;
    use crate::case::story::{GRID, Story, person};
    use crate::household::merge::homes;
    use crate::package::Package;
    use crate::plan::{DueState, Season, due_list, is_key, row_signals};
    use crate::summary::Hint;

    fn row(kind: &str, form: &str, set: &serde_json::Value, id: u8) -> Summary {
        let mut story = Story::new();
        let mut body = json!({"type": kind, "form": form, "place": {"area": GRID}, "set": set});
        if kind == "dispute" {
            body["state"] = json!("submitted");
        }
        story.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
        Summary { id: EntityId([id; 16]), ..Summary::of(&story.entity, Package::builtin()).unwrap() }
    }

    fn house(id: u8, name: &str, phone: &str) -> Summary {
        let set = json!({"address_text": "柳溪村3组", "residence_type": "permanent", "status": "active", "head": name,
            "members/m1/name": name, "members/m1/relation": "head", "members/m1/phone": phone});
        Summary { household: Some(EntityId([id; 16])), ..row("household", "F-HOUSEHOLD/1", &set, id) }
    }

    fn dispute() -> Summary {
        let set = json!({"facts": "田埂界线说不拢", "occur_place": "下坝", "occur_date": "2026-05-04",
            "household": EntityId([1; 16]).to_string(),
            "parties/p1/name": "钟小满", "parties/p1/phone": "13800510031",
            "parties/p2/name": "曾小兰", "parties/p2/phone": "13800510032"});
        row("dispute", "F-DISPUTE/1", &set, 9)
    }

    fn kinds(rows: &[Summary], on: &str) -> Vec<Vec<String>> {
        let day: NaiveDate = on.parse().unwrap();
        let of = |home: &Summary| home.kinds(day).into_iter().map(str::to_owned).collect();
        homes(rows).iter().map(|home| of(home)).collect()
    }

    #[test]
    fn it_begins_and_ends_with_the_dispute() {
        let mut rows = vec![
            house(1, "钟小满", "13800510031"),
            house(2, "曾小兰", "13800510032"),
            house(3, "曾小兰", "13800510099"),
        ];
        assert_eq!(kinds(&rows, "2026-05-20"), [[""; 0]; 3]);
        rows.push(dispute());
        // The household that it names, and the one of the other party; not the namesake.
        assert_eq!(kinds(&rows, "2026-05-20"), [vec![PARTY], vec![PARTY], vec![]]);
        assert_eq!(kinds(&rows, "2026-05-03"), [[""; 0]; 3], "not before it happened");
        rows[3].level = "red".to_owned();
        assert_eq!(kinds(&rows, "2026-05-20")[0], [PARTY_RED]);
        rows[3].state = "closed".to_owned();
        let over = rows[3].at + 20 * crate::calendar::DAY_MS;
        rows[3].hints.push(Hint::Over(over));
        assert_eq!(kinds(&rows, "2026-05-23")[0], [PARTY_RED], "what was, stays true of then");
        assert_eq!(kinds(&rows, "2026-05-24"), [[""; 0]; 3]);
        rows[3].state = "withdrawn".to_owned();
        assert_eq!(kinds(&rows, "2026-05-10"), [[""; 0]; 3]);
    }

    #[test]
    fn what_is_written_afterwards_moves_no_end() {
        let package = Package::builtin();
        let apply = |story: &mut Story, event: &str, from: &str, to: &str| {
            let body =
                json!({"event": event, "from": from, "to": to, "table": 1, "data": {"text": "已处理"}});
            let op = story.op(gridbook_log::DeviceId([1; 8]), "ann", "event", &body);
            story.entity.apply(&op);
        };
        let set = json!({"facts": "田埂界线说不拢", "occur_place": "下坝", "occur_date": "2026-05-04",
            "household": EntityId([1; 16]).to_string()});
        let body = json!({"type": "dispute", "form": "F-DISPUTE/1", "state": "submitted", "place": {"area": GRID}, "set": set});
        for to in ["closed", "transferred"] {
            let mut story = Story::new();
            story.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
            story.ms += 10 * crate::calendar::DAY_MS;
            let over = story.ms;
            apply(&mut story, "waive", "submitted", to);
            let before = Summary::of(&story.entity, package).unwrap();
            story.ms += 30 * crate::calendar::DAY_MS;
            apply(&mut story, "comment", to, to);
            let after = Summary::of(&story.entity, package).unwrap();
            assert!(after.updated > before.updated, "{to}");
            assert_eq!((before.over(), after.over()), (Some(over), Some(over)), "{to}");
            assert!(lasted(&before).is_some() && lasted(&before) == lasted(&after), "{to}");
            let called = row_signals(package.visits.get(), &after);
            let at: Vec<u64> = called.into_iter().map(|signal| signal.at).collect();
            assert_eq!(at, if to == "closed" { vec![over] } else { vec![] }, "{to}");
        }
    }

    #[test]
    fn a_village_apart_has_namesakes_of_its_own() {
        let mut far = house(2, "曾小兰", "13800510032");
        far.area = "510000100999001".to_owned();
        assert_eq!(kinds(&[far, dispute()], "2026-05-20"), [[""; 0]]);
    }

    #[test]
    fn the_plan_counts_it() {
        let package = Package::builtin();
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let mut rows = vec![house(1, "钟小满", "13800510031"), dispute()];
        let due = |rows: &[Summary]| {
            let list = due_list(rows, package, day("2026-05-20"), Season::default());
            list.into_iter()
                .map(|row| (row.due.interval, row.due.category, row.due.state))
                .collect::<Vec<_>>()
        };
        assert_eq!(due(&rows), [(15, PARTY.to_owned(), DueState::Overdue)]);
        let key =
            |rows: &[Summary]| is_key(homes(rows)[0].as_ref(), package, day("2026-05-20"), Season::default());
        assert!(key(&rows));
        rows[1].level = "red".to_owned();
        assert_eq!(due(&rows)[0].0, 3);
        rows.pop();
        assert!(due(&rows).is_empty() && !key(&rows));
        // Nobody chooses it.
        assert!([PARTY, PARTY_RED].iter().all(|id| package.choice("household_category", id).is_none()));
    }
}
