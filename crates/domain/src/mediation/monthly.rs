//! The province's monthly table of disputes (REP-05): 19 classes, found and settled, in the period and in the year so far.
//! Computed from the records; nobody counts by hand.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use serde_json::Value;

use crate::calendar::day_of;
use crate::case::CaseView;
use crate::package::Package;
use crate::record::RecordKind;
use crate::share::Share;
use crate::summary::Summary;
use crate::territory::village_of;

/// The class of what fits no other.
pub const OTHER: u32 = 19;
/// The scale that counts as 重大: `03` of the dictionary `dispute_scale`.
const MAJOR: &str = "03";
/// States of what never was a dispute of its own: refused, taken back, written twice, void.
const NONE: [&str; 4] = ["refused", "withdrawn", "merged", "voided"];
/// From how many people the bands of the table begin.
pub const BANDS: [i64; 4] = [0, 50, 100, 501];

/// What the table reads of a dispute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Class, 1 to 19.
    pub class: u32,
    /// Area code.
    pub area: String,
    /// The day on which it was reported (排查).
    pub found: NaiveDate,
    /// The day on which its handling came to a result (调处).
    pub settled: Option<NaiveDate>,
    /// The parties came to terms.
    pub success: bool,
    /// How many people it concerns; 0 where nobody said.
    pub people: i64,
    /// 重大
    pub major: bool,
}

impl Found {
    /// Reads a dispute; `None` for other records and for what never was one.
    pub fn of(package: &Package, case: &CaseView) -> Option<Self> {
        if case.kind != RecordKind::Dispute || NONE.contains(&case.state.as_str()) {
            return None;
        }
        let said = |path: &str| case.values.get(path).and_then(Value::as_str).unwrap_or_default();
        let category = case.category.as_deref().and_then(|id| package.choice("dispute_category", id));
        // What was only taken up has no result yet, and what was handed over is settled by others.
        // The day of the result: a month that was handed in does not change when the call-back closes the case.
        let settled = case.finished_at.or(case.closed_at).filter(|_| !said("success").is_empty());
        Some(Self {
            class: category.and_then(|choice| choice.class19).unwrap_or(OTHER),
            area: case.area.clone(),
            found: day_of(case.reported_at),
            settled: settled.map(day_of),
            success: said("success") == "succeeded",
            people: case.values.get("people_count").and_then(Value::as_i64).unwrap_or(0),
            major: said("scale") == MAJOR,
        })
    }
}

/// The item of the list by which people write down that they looked for disputes together (集中排查).
pub const SEARCH: &str = "dispute_search";

/// Disputes were looked for together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// Area code.
    pub area: String,
    /// The day.
    pub on: NaiveDate,
}

impl Search {
    /// Reads the row of a list; `None` for every other record.
    pub fn of(row: &Summary) -> Option<Self> {
        let search = row.kind == RecordKind::Entry && !row.rejected;
        let named = search && row.categories.first().is_some_and(|item| item == SEARCH);
        named.then(|| Self { area: row.area.clone(), on: row.day() })
    }
}

/// How often disputes were looked for together in a village, or by the township itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Searched {
    /// 集中排查次数
    pub times: u32,
    /// 本年累计
    pub year: u32,
}

impl Searched {
    fn add(&mut self, on: NaiveDate, from: NaiveDate, to: NaiveDate) {
        self.times += u32::from((from..=to).contains(&on));
        self.year += u32::from((first_of(from, to)..=to).contains(&on));
    }
}

/// The first day of the year that the table's last day lies in.
fn first_of(from: NaiveDate, to: NaiveDate) -> NaiveDate {
    NaiveDate::from_ymd_opt(to.year(), 1, 1).unwrap_or(from)
}

/// Figures of one line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// 排查数
    pub found: u32,
    /// 调处数
    pub settled: u32,
    /// 成功数
    pub success: u32,
    /// 本年累计排查数
    pub found_year: u32,
    /// 本年累计调处数
    pub settled_year: u32,
    /// 本年累计成功数
    pub success_year: u32,
}

impl Count {
    /// Settled of those found in the period; more than the whole where older ones were settled.
    pub const fn settled_share(&self) -> Share {
        Share { part: self.settled as usize, whole: self.found as usize }
    }

    /// Successes of those settled in the period.
    pub const fn success_share(&self) -> Share {
        Share { part: self.success as usize, whole: self.settled as usize }
    }

    fn join(&mut self, other: &Self) {
        self.found += other.found;
        self.settled += other.settled;
        self.success += other.success;
        self.found_year += other.found_year;
        self.settled_year += other.settled_year;
        self.success_year += other.success_year;
    }

    fn add(&mut self, one: &Found, from: NaiveDate, to: NaiveDate) {
        let first = first_of(from, to);
        let inside = |day: NaiveDate, since: NaiveDate| u32::from((since..=to).contains(&day));
        self.found += inside(one.found, from);
        self.found_year += inside(one.found, first);
        if let Some(day) = one.settled {
            let success = u32::from(one.success);
            self.settled += inside(day, from);
            self.settled_year += inside(day, first);
            self.success += inside(day, from) * success;
            self.success_year += inside(day, first) * success;
        }
    }
}

/// The table of a period, both days included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Monthly {
    /// By class; all nineteen are there.
    pub classes: BTreeMap<u32, Count>,
    /// By village, 12 digits.
    pub villages: BTreeMap<String, Count>,
    /// All together.
    pub total: Count,
    /// Found in the period, by [`BANDS`] of people.
    pub bands: [u32; 4],
    /// 重大, found in the period.
    pub major: u32,
    /// By village, 12 digits; what the township did itself under its own code.
    pub searches: BTreeMap<String, Searched>,
    /// All together.
    pub searched: Searched,
}

impl Monthly {
    /// The lines of villages that somebody names, and one of all the others, so that they add up: a dispute may lie at the
    /// township itself, or in a village that is no more.
    pub fn by_village(&self, named: &[(String, String)]) -> Vec<(String, Count)> {
        let has = |code: &String| named.iter().any(|(one, _)| one == code);
        let mut lines: Vec<(String, Count)> =
            named.iter().filter_map(|(code, name)| Some((name.clone(), *self.villages.get(code)?))).collect();
        let mut rest = Count::default();
        self.villages.iter().filter(|(code, _)| !has(code)).for_each(|(_, count)| rest.join(count));
        if rest != Count::default() {
            lines.push(("其他".to_owned(), rest));
        }
        lines
    }
}

/// Counts disputes, and how often they were looked for.
pub fn monthly<'a>(
    disputes: impl Iterator<Item = &'a Found>,
    searches: impl Iterator<Item = &'a Search>,
    from: NaiveDate,
    to: NaiveDate,
) -> Monthly {
    let mut table = Monthly {
        classes: (1..=OTHER).map(|class| (class, Count::default())).collect(),
        ..Monthly::default()
    };
    for one in disputes {
        table.classes.entry(one.class).or_default().add(one, from, to);
        table.villages.entry(village_of(&one.area).to_owned()).or_default().add(one, from, to);
        table.total.add(one, from, to);
        if (from..=to).contains(&one.found) {
            let band = BANDS.iter().rposition(|least| *least <= one.people).unwrap_or(0);
            table.bands[band] += 1;
            table.major += u32::from(one.major);
        }
    }
    for search in searches {
        table.searched.add(search.on, from, to);
        table.searches.entry(village_of(&search.area).to_owned()).or_default().add(search.on, from, to);
    }
    table.searches.retain(|_, searched| searched.year > 0 || searched.times > 0);
    table
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::case::story::{GRID, Story, person};

    fn day(month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, month, day).unwrap()
    }

    fn found(class: u32, at: NaiveDate, settled: Option<NaiveDate>, people: i64) -> Found {
        let area = if class == 5 { "510000100202001" } else { GRID }.to_owned();
        Found { class, area, found: at, settled, success: people != 3, people, major: people > 100 }
    }

    #[test]
    fn a_dispute_counts_in_its_class_from_the_day_it_was_reported() {
        let package = Package::builtin();
        let mut story = Story::new();
        let body = json!({"type": "dispute", "form": "F-DISPUTE/1", "state": "submitted", "place": {"area": GRID},
            "set": {"facts": "为山界争吵", "occur_place": "3组", "intake_mode": "visit_found", "category": "land_boundary",
                "scale": "03", "people_count": 120}});
        story.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
        let view = story.view();
        let one = Found::of(package, &view).unwrap();
        assert_eq!((one.class, one.people, one.major, one.settled), (5, 120, true, None));
        let other = CaseView { category: None, ..view.clone() };
        assert_eq!(Found::of(package, &other).unwrap().class, OTHER);
        for state in NONE {
            assert_eq!(Found::of(package, &CaseView { state: state.to_owned(), ..view.clone() }), None);
        }
        // A result that somebody entered, on the day on which it was finished.
        let mut done = CaseView { finished_at: Some(view.reported_at + 86_400_000), ..view.clone() };
        assert_eq!(Found::of(package, &done).unwrap().settled, None, "without a result");
        done.values.insert("success".to_owned(), json!("succeeded"));
        let done = Found::of(package, &done).unwrap();
        assert_eq!((done.settled, done.success), (done.found.succ_opt(), true));
        // Closed by the call-back of another month, it stays in that of its result.
        let mut closed = CaseView { finished_at: Some(view.reported_at + 86_400_000), ..view };
        closed.closed_at = Some(view.reported_at + 30 * 86_400_000);
        closed.values.insert("success".to_owned(), json!("succeeded"));
        assert_eq!(Found::of(package, &closed).unwrap().settled, done.settled);
        // Every category of the list has its class.
        let all = package.dict("dispute_category").unwrap();
        assert!(
            all.options.iter().all(|choice| choice.class19.is_some_and(|class| (1..=OTHER).contains(&class)))
        );
    }

    #[test]
    fn what_people_wrote_down_of_looking_for_disputes_is_counted_by_month_and_village() {
        let (package, chief) = (Package::builtin(), person("gao", "grid_worker_l1"));
        let search = |form: &str, item: &str, on: &str, area: &str| {
            let mut story = Story::new();
            let mut set = match form {
                "F-SEARCH/1" => json!({"date": on, "address_text": "1 组、2 组", "found_count": 0}),
                _ => json!({"date": on, "rec_kind": "publicity", "theme": "医保政策"}),
            };
            if !item.is_empty() {
                set["item"] = json!(item);
            }
            let body = json!({"type": "entry", "form": form, "state": "recorded", "place": {"area": area}, "set": set});
            story.admitted(&chief, "create", &body).unwrap();
            Search::of(&Summary::of(&story.entity, package).unwrap())
        };
        let village = &GRID[..12];
        let held: Vec<Search> = [
            search("F-SEARCH/1", SEARCH, "2026-05-18", village),
            search("F-SEARCH/1", SEARCH, "2026-05-02", GRID),
            search("F-SEARCH/1", SEARCH, "2026-04-30", village),
            // The form alone tells what it is, another entry is none.
            search("F-SEARCH/1", "", "2026-05-17", village),
            search("F-REC/1", "policy_publicity", "2026-05-17", village),
        ]
        .into_iter()
        .flatten()
        .chain([Search { area: "510000100".to_owned(), on: day(5, 9) }])
        .collect();
        let table = monthly([].iter(), held.iter(), day(5, 1), day(5, 31));
        assert_eq!(table.searches[village], Searched { times: 3, year: 4 });
        assert_eq!(table.searches["510000100"], Searched { times: 1, year: 1 }, "the township's own");
        assert_eq!(table.searched, Searched { times: 4, year: 5 });
        assert_eq!(
            monthly([].iter(), held.iter(), day(4, 1), day(4, 30)).searched,
            Searched { times: 1, year: 1 }
        );
        // Who walks may write it down; it is offered to them.
        assert!(package.items_for(&chief, day(5, 18)).iter().any(|item| item.id == SEARCH));
        assert!(
            !package
                .items_for(&person("ann", "village_assistant"), day(5, 18))
                .iter()
                .any(|item| item.id == SEARCH)
        );
    }

    #[test]
    fn the_month_and_the_year_so_far_stand_beside_each_other() {
        let list = [
            found(17, day(5, 2), Some(day(5, 20)), 2),
            found(17, day(4, 28), Some(day(5, 3)), 3),
            found(5, day(5, 31), None, 60),
            found(5, day(1, 1), Some(day(2, 1)), 501),
            found(5, day(6, 1), Some(day(6, 2)), 2),
        ];
        let table = monthly(list.iter(), [].iter(), day(5, 1), day(5, 31));
        let home = table.classes[&17];
        assert_eq!((home.found, home.settled, home.success), (1, 2, 1));
        assert_eq!(
            (home.settled_share().permille(), home.success_share().permille()),
            (Some(2000), Some(500))
        );
        assert_eq!((home.found_year, home.settled_year, home.success_year), (2, 2, 1));
        assert_eq!((table.total.found, table.total.found_year), (2, 4), "June is not there yet");
        assert_eq!((table.classes.len(), table.classes[&1]), (19, Count::default()));
        assert_eq!(table.classes[&1].settled_share().permille(), None);
        assert_eq!((table.bands, table.major), ([1, 1, 0, 0], 0));
        assert_eq!(table.villages.keys().collect::<Vec<_>>(), ["510000100201", "510000100202"]);
        let sum = |of: fn(&Count) -> u32| table.classes.values().map(of).sum::<u32>();
        assert_eq!(
            (sum(|c| c.found), sum(|c| c.settled_year)),
            (table.total.found, table.total.settled_year)
        );
        // Villages that nobody names, and what lies at the township, stand in one line: it adds up.
        let named = [("510000100201".to_owned(), "柳溪村".to_owned())];
        let lines = table.by_village(&named);
        assert_eq!(lines.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["柳溪村", "其他"]);
        assert_eq!(lines.iter().map(|(_, count)| count.found).sum::<u32>(), table.total.found);
        assert_eq!(lines.iter().map(|(_, count)| count.settled_year).sum::<u32>(), table.total.settled_year);
        let january = monthly(list.iter(), [].iter(), day(1, 1), day(1, 31));
        assert_eq!((january.bands, january.major), ([0, 0, 0, 1], 1));
    }
}
