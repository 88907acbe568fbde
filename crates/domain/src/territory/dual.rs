//! The same figures by the old and by the new structure (TERR-03): around a re-cut both are told, and both come to the
//! same total, so that a year can be compared with the one before.

use std::collections::BTreeMap;

use gridbook_log::EntityId;

use super::covers;
use super::cut::Cut;

/// Days after a re-cut in which figures are told both ways: until a whole year lies in the new structure.
pub const DUAL_DAYS: u64 = 365;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    /// Households.
    pub households: usize,
    /// Visits that met somebody in the period.
    pub visits: usize,
    /// Cases reported in the period.
    pub cases: usize,
    /// Of the cases, those that are closed.
    pub closed: usize,
}

impl Figures {
    /// Adds another one to it.
    pub fn add(&mut self, other: Self) {
        self.households += other.households;
        self.visits += other.visits;
        self.cases += other.cases;
        self.closed += other.closed;
    }
}

/// A record with what it counts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its stream.
    pub id: EntityId,
    /// The household that it is or is about.
    pub household: Option<EntityId>,
    /// Area code in which it was made.
    pub made: String,
    /// Area code in which it lies now.
    pub now: String,
    /// What it counts for.
    pub counts: Figures,
}

/// Figures of a re-cut by both structures. A code that is empty stands for what cannot be told by that structure: what was
/// made in a grid that came from several.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dual {
    /// By the grids that ended.
    pub old: BTreeMap<String, Figures>,
    /// By those that follow.
    pub new: BTreeMap<String, Figures>,
}

impl Dual {
    /// The total by one structure.
    pub fn total(side: &BTreeMap<String, Figures>) -> Figures {
        let mut sum = Figures::default();
        side.values().for_each(|figures| sum.add(*figures));
        sum
    }
}

fn covering<'c>(codes: &'c [String], area: &str) -> Option<&'c str> {
    codes.iter().find(|code| covers(code, area)).map(String::as_str)
}

fn only(codes: &[String]) -> Option<&str> {
    match codes {
        [one] => Some(one),
        _ => None,
    }
}

impl Cut {
    /// Whether a record lies, or was made, in one of its grids.
    fn concerns(&self, record: &Record) -> bool {
        [&record.made, &record.now]
            .into_iter()
            .any(|area| covering(&self.old, area).is_some() || covering(&self.new, area).is_some())
    }

    /// The grid that ended to which a record belongs.
    fn under_old(&self, record: &Record) -> &str {
        let home = |id: Option<EntityId>| self.from.get(&id?).map(String::as_str);
        let itself = (record.household == Some(record.id)).then(|| home(Some(record.id))).flatten();
        itself
            .or_else(|| covering(&self.old, &record.made))
            .or_else(|| home(record.household))
            .or_else(|| only(&self.old))
            .unwrap_or_default()
    }

    /// The grid that follows to which a record belongs.
    fn under_new(&self, record: &Record) -> &str {
        let went = |id: Option<EntityId>| self.to.get(&id?).and_then(|to| covering(&self.new, to));
        covering(&self.new, &record.now)
            .or_else(|| went(record.household))
            .or_else(|| went(Some(record.id)))
            .or_else(|| only(&self.new))
            .unwrap_or_default()
    }

    /// The figures of these records by both structures; what lies elsewhere is left out.
    pub fn dual<'a>(&self, records: impl IntoIterator<Item = &'a Record>) -> Dual {
        let zero = |codes: &[String]| codes.iter().map(|code| (code.clone(), Figures::default())).collect();
        let mut dual = Dual { old: zero(&self.old), new: zero(&self.new) };
        for record in records.into_iter().filter(|record| self.concerns(record)) {
            dual.old.entry(self.under_old(record).to_owned()).or_default().add(record.counts);
            dual.new.entry(self.under_new(record).to_owned()).or_default().add(record.counts);
        }
        dual
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEFT: &str = "510000100201001";
    const RIGHT: &str = "510000100201002";
    const JOINED: &str = "510000100201003";
    const NORTH: &str = "510000100201004";
    const SOUTH: &str = "510000100201005";

    fn id(n: u8) -> EntityId {
        EntityId([n; 16])
    }

    fn cut(old: &[&str], new: &[&str], homes: &[(u8, &str, &str)]) -> Cut {
        let own = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect();
        Cut {
            old: own(old),
            new: own(new),
            on: chrono::NaiveDate::default(),
            from: homes.iter().map(|(n, from, _)| (id(*n), (*from).to_owned())).collect(),
            to: homes.iter().map(|(n, _, to)| (id(*n), (*to).to_owned())).collect(),
            holders: BTreeMap::new(),
        }
    }

    fn record(n: u8, household: Option<u8>, made: &str, now: &str, kind: &str) -> Record {
        let mut counts = Figures::default();
        match kind {
            "household" => counts.households = 1,
            "visit" => counts.visits = 1,
            "closed" => (counts.cases, counts.closed) = (1, 1),
            _ => counts.cases = 1,
        }
        Record { id: id(n), household: household.map(id), made: made.to_owned(), now: now.to_owned(), counts }
    }

    fn told(side: &BTreeMap<String, Figures>) -> Vec<(&str, [usize; 4])> {
        side.iter().map(|(code, f)| (code.as_str(), [f.households, f.visits, f.cases, f.closed])).collect()
    }

    #[test]
    fn a_merge_is_told_both_ways_with_the_same_total() {
        let merge = cut(&[LEFT, RIGHT], &[JOINED], &[(1, LEFT, JOINED), (2, RIGHT, JOINED)]);
        let records = [
            record(1, Some(1), LEFT, JOINED, "household"),
            // Made in the left one, moved to the right one long before.
            record(2, Some(2), LEFT, JOINED, "household"),
            record(11, Some(1), LEFT, JOINED, "visit"),
            // Made in the joined grid: by the old structure where its household was.
            record(12, Some(2), JOINED, JOINED, "visit"),
            // A new household, and a case of none: nobody can say in which of the two it would have been.
            record(3, Some(3), JOINED, JOINED, "household"),
            record(13, None, JOINED, JOINED, "case"),
            // Closed before: it kept its place.
            record(14, None, RIGHT, RIGHT, "closed"),
            record(15, None, NORTH, NORTH, "case"),
        ];
        let dual = merge.dual(&records);
        assert_eq!(told(&dual.old), [("", [1, 0, 1, 0]), (LEFT, [1, 1, 0, 0]), (RIGHT, [1, 1, 1, 1])]);
        assert_eq!(told(&dual.new), [(JOINED, [3, 2, 2, 1])]);
        assert_eq!(Dual::total(&dual.old), Dual::total(&dual.new));
    }

    #[test]
    fn a_split_is_told_both_ways_with_the_same_total() {
        let split = cut(&[LEFT], &[NORTH, SOUTH], &[(1, LEFT, NORTH), (2, LEFT, SOUTH), (16, LEFT, SOUTH)]);
        let records = [
            record(1, Some(1), LEFT, NORTH, "household"),
            record(2, Some(2), LEFT, SOUTH, "household"),
            record(3, Some(3), SOUTH, SOUTH, "household"),
            record(11, Some(2), LEFT, SOUTH, "visit"),
            // Closed before; its household says where it would be.
            record(12, Some(1), LEFT, LEFT, "closed"),
            // Somebody decided.
            record(16, None, LEFT, LEFT, "case"),
            record(17, None, LEFT, LEFT, "closed"),
        ];
        let dual = split.dual(&records);
        assert_eq!(told(&dual.old), [(LEFT, [3, 1, 3, 2])]);
        assert_eq!(told(&dual.new), [("", [0, 0, 1, 1]), (NORTH, [1, 0, 1, 1]), (SOUTH, [2, 1, 1, 0])]);
        assert_eq!(Dual::total(&dual.old), Dual::total(&dual.new));
    }
}
