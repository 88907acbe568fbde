//! The indicators of visits (VISIT-11), of places and never of people: everything from the records, nothing entered for it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use gridbook_log::EntityId;
use serde_json::Value;

use super::Season;
use super::coverage::{Coverage, active, coverage, is_key, met_in};
use crate::case::CaseView;
use crate::household::merge::homes;
use crate::package::Package;
use crate::record::RecordKind;
use crate::share::Share;
use crate::summary::{Summary, VisitFact};

/// Longest time in minutes that a visit is believed to have taken: more is a slip of the finger.
const LONGEST: i64 = 600;

/// What a visit or a report says beyond its row in lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fact {
    /// Its stream.
    pub id: EntityId,
    /// Kind of record.
    pub kind: RecordKind,
    /// The day on which it happened.
    pub day: NaiveDate,
    /// The record that it came from.
    pub parent: Option<EntityId>,
    /// Minutes that a visit took, where somebody said so.
    pub minutes: Option<u32>,
}

impl Fact {
    /// Of a record and its row.
    pub fn of(row: &Summary, case: &CaseView) -> Self {
        let minutes = case.values.get("duration_min").and_then(Value::as_i64);
        let minutes = minutes.filter(|minutes| (1..=LONGEST).contains(minutes));
        Self {
            id: row.id,
            kind: row.kind,
            day: row.day(),
            parent: case.parent,
            minutes: minutes.and_then(|minutes| u32::try_from(minutes).ok()),
        }
    }
}

/// The indicators of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Indicators {
    /// Coverage, timeliness, attempts.
    pub coverage: Coverage,
    /// 重点户月走访率: key households where somebody was met in the month, over the months of the period.
    pub key_monthly: Share,
    /// Visits that were written down, attempts among them.
    pub visits: usize,
    /// Minutes together, of visits that say how long they took.
    pub minutes: u64,
    /// How many say so.
    pub timed: usize,
    /// Reports that came from visits of the period.
    pub spawned: usize,
}

impl Indicators {
    /// 平均用时: minutes of a visit, in tenths; `None` where none says.
    pub fn average_minutes(&self) -> Option<u64> {
        tenths(self.minutes, self.timed)
    }

    /// 每百次走访带出的上报, in tenths; `None` without visits.
    pub fn per_hundred(&self) -> Option<u64> {
        tenths(self.spawned as u64 * 100, self.visits)
    }
}

/// A quotient in tenths, rounded half up.
fn tenths(part: u64, whole: usize) -> Option<u64> {
    let whole = whole as u64;
    (whole > 0).then(|| (part * 20 + whole) / (2 * whole))
}

/// The indicators of a period, first and last day included. `rows` are the households in scope, `visits` all visits by
/// household, `facts` the visits and reports of the scope.
pub fn indicators(
    rows: &[&Summary],
    visits: &BTreeMap<EntityId, Vec<VisitFact>>,
    facts: &[Fact],
    package: &Package,
    (from, to): (NaiveDate, NaiveDate),
) -> Indicators {
    let mut found = Indicators {
        coverage: coverage(rows.iter().copied(), visits, package, (from, to)),
        ..Indicators::default()
    };
    let homes = homes(rows.iter().copied());
    for (first, last) in months(from, to) {
        for household in homes.iter().filter(|row| active(row) && row.day() <= last) {
            if is_key(household, package, first, Season::usual(first)) {
                let visits = visits.get(&household.id).map_or(&[][..], Vec::as_slice);
                found.key_monthly.count(met_in(visits, first, last));
            }
        }
    }
    let mut made = BTreeSet::new();
    for fact in facts.iter().filter(|fact| fact.kind == RecordKind::Visit) {
        if (from..=to).contains(&fact.day) && made.insert(fact.id) {
            found.minutes += u64::from(fact.minutes.unwrap_or(0));
            found.timed += usize::from(fact.minutes.is_some());
        }
    }
    found.visits = made.len();
    let came = |fact: &&Fact| fact.kind.is_case() && fact.parent.is_some_and(|visit| made.contains(&visit));
    found.spawned = facts.iter().filter(came).count();
    found
}

/// The months of a period, the first and the last one as far as they lie in it.
fn months(from: NaiveDate, to: NaiveDate) -> Vec<(NaiveDate, NaiveDate)> {
    let mut list = Vec::new();
    let mut first = from;
    while first <= to {
        let (year, month) =
            if first.month() == 12 { (first.year() + 1, 1) } else { (first.year(), first.month() + 1) };
        let Some(next) = NaiveDate::from_ymd_opt(year, month, 1) else { break };
        list.push((first, next.pred_opt().unwrap_or(first).min(to)));
        first = next;
    }
    list
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::case::story::{GRID, Story, person};
    use crate::plan::visits_by_household;
    use crate::summary::VisitMode;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn house(n: u8, categories: &[&str]) -> Summary {
        let mut story = Story::new();
        let body = json!({"type": "household", "form": "F-HOUSEHOLD/1", "place": {"area": GRID}, "set": {
            "address_text": "柳溪村3组", "residence_type": "permanent", "status": "active",
            "members/m1/name": "钟小满", "members/m1/relation": "head"}});
        story.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
        let row = Summary::of(&story.entity, Package::builtin()).unwrap();
        let id = EntityId([n; 16]);
        let categories = categories.iter().map(|id| (*id).to_owned()).collect();
        Summary { id, household: Some(id), categories, at: 1_767_225_600_000, ..row }
    }

    fn fact(n: u8, kind: RecordKind, on: &str, parent: Option<u8>, minutes: Option<u32>) -> Fact {
        Fact { id: EntityId([n; 16]), kind, day: day(on), parent: parent.map(|n| EntityId([n; 16])), minutes }
    }

    #[test]
    fn key_households_are_counted_month_by_month() {
        let rows = [house(1, &["dibao"]), house(2, &["elder_alone"]), house(3, &[])];
        let visit =
            |text: &str, met| VisitFact { day: day(text), at: 0, mode: VisitMode::InPerson, met, next: None };
        let visits = BTreeMap::from([
            (EntityId([1; 16]), vec![visit("2026-04-10", true), visit("2026-05-12", true)]),
            (EntityId([2; 16]), vec![visit("2026-04-20", true), visit("2026-05-12", false)]),
        ]);
        let of = |from: &str, to: &str| {
            indicators(
                &rows.iter().collect::<Vec<_>>(),
                &visits,
                &[],
                Package::builtin(),
                (day(from), day(to)),
            )
            .key_monthly
        };
        assert_eq!(of("2026-04-01", "2026-04-30"), Share { part: 2, whole: 2 });
        assert_eq!(of("2026-04-01", "2026-05-31"), Share { part: 3, whole: 4 });
        assert_eq!(of("2026-04-15", "2026-05-11"), Share { part: 1, whole: 4 });
        assert_eq!(of("2025-12-01", "2025-12-31"), Share::default(), "before they were registered");
    }

    #[test]
    fn duration_and_reports_are_of_the_visits_of_the_period() {
        let facts = [
            fact(1, RecordKind::Visit, "2026-05-01", None, Some(10)),
            fact(2, RecordKind::Visit, "2026-05-31", None, Some(25)),
            fact(3, RecordKind::Visit, "2026-05-02", None, None),
            fact(4, RecordKind::Visit, "2026-06-01", None, Some(600)),
            fact(5, RecordKind::Hazard, "2026-05-01", Some(1), None),
            // Written later, and still from a visit of the period.
            fact(6, RecordKind::Dispute, "2026-06-03", Some(2), None),
            fact(7, RecordKind::Hazard, "2026-05-03", Some(4), None),
            fact(8, RecordKind::Hazard, "2026-05-03", None, None),
            fact(9, RecordKind::Entry, "2026-05-03", Some(1), None),
        ];
        let none = visits_by_household([]);
        let found =
            indicators(&[], &none, &facts, Package::builtin(), (day("2026-05-01"), day("2026-05-31")));
        assert_eq!((found.visits, found.timed, found.minutes, found.spawned), (3, 2, 35, 2));
        assert_eq!((found.average_minutes(), found.per_hundred()), (Some(175), Some(667)));
        assert_eq!(
            (Indicators::default().average_minutes(), Indicators::default().per_hundred()),
            (None, None)
        );
    }

    #[test]
    fn minutes_that_nobody_believes_are_left_out() {
        let mut story = Story::new();
        let body = |minutes: i64| {
            json!({"type": "visit", "form": "F-VISIT/1", "state": "visited", "place": {"area": GRID}, "set": {
                "household": "0190f0e0c0de4a5b8c6d7e8f90a1b2c3", "visit_at": "2026-05-18T08:00", "mode": "in_home",
                "met": "head", "duration_min": minutes}})
        };
        let ann = person("ann", "village_assistant");
        story.admitted(&ann, "create", &body(15)).unwrap();
        let row = Summary::of(&story.entity, Package::builtin()).unwrap();
        let of = |minutes: i64| {
            let mut case = story.view();
            case.values.insert("duration_min".to_owned(), json!(minutes));
            Fact::of(&row, &case).minutes
        };
        assert_eq!([15, 0, 600, 601].map(of), [Some(15), None, Some(600), None]);
        assert_eq!(Fact::of(&row, &story.view()).day, day("2026-05-18"));
    }
}
