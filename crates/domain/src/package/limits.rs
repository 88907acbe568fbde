//! Which limits the township's disputes have (MED-06): its choice of two of the package's classes, from a day on, so that no
//! dispute that was reported before gets another limit.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Difference, Package};
use crate::calendar::day_of;
use crate::date;
use crate::record::RecordKind;

/// What a township may choose for its disputes: the usual way, and 四级七天.
pub const DISPUTE_CLASSES: [&str; 2] = ["SM", "SM7"];
/// The beginning of the path of such a choice; the day follows.
pub(super) const PATH: &str = "dispute_limits";

/// A choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preset {
    /// Disputes that are reported from this day on.
    #[serde(with = "crate::date::plain")]
    pub from: NaiveDate,
    /// One of [`DISPUTE_CLASSES`].
    pub class: String,
}

impl Package {
    /// The township's choice for disputes that are reported on that day; `None` where it never chose.
    pub fn dispute_limits(&self, day: NaiveDate) -> Option<&Preset> {
        let held = self.law.get().sla.presets.iter().filter(|preset| preset.from <= day);
        held.max_by_key(|preset| preset.from)
    }

    /// The class of limits that the township chose for a record of this kind, reported then.
    pub(crate) fn preset(&self, (kind, reported_at): (RecordKind, u64)) -> Option<&str> {
        if kind != RecordKind::Dispute {
            return None;
        }
        self.dispute_limits(day_of(reported_at)).map(|preset| preset.class.as_str())
    }
}

/// The path of a choice that counts from that day, in a revision of the package.
pub fn path_from(day: NaiveDate) -> String {
    format!("{PATH}/{day}")
}

/// Whether a revision written on a day would change the limits of what was reported until then, or before today: a choice
/// counts from the next day on (MED-06).
pub(crate) fn reaches_back<'a>(
    mut paths: impl Iterator<Item = &'a String>,
    [today, written]: [NaiveDate; 2],
) -> bool {
    paths.any(|path| chosen_from(path).is_some_and(|day| day <= written || day < today))
}

fn chosen_from(path: &str) -> Option<NaiveDate> {
    path.strip_prefix(PATH).and_then(|rest| date::parse(rest.strip_prefix('/')?))
}

impl Difference {
    /// Without the choices of limits that another township made for days which are over, or for today: what was reported
    /// here keeps what it had.
    #[must_use]
    pub fn from_now(mut self, today: NaiveDate) -> Self {
        self.changes.retain(|path, _| chosen_from(path).is_none_or(|day| day > today));
        self
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::case::story::{GRID, START, Story, person};
    use crate::clock::{ClockId, proposed, read};
    use crate::package::ChangeError;
    use gridbook_log::Values;

    fn change(day: NaiveDate, class: &str) -> Values {
        [(path_from(day), json!(class))].into()
    }

    fn dispute() -> Story {
        let mut story = Story::new();
        let body = json!({"type": "dispute", "form": "F-DISPUTE/1", "state": "submitted", "place": {"area": GRID},
            "set": {"facts": "为水沟争吵", "occur_place": "3组", "intake_mode": "visit_found", "item": "dispute_report"}});
        story.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
        story
    }

    #[test]
    fn the_township_chooses_seven_days_and_older_disputes_keep_theirs() {
        let (story, today) = (dispute(), day_of(START));
        let handle = |package: &Package| {
            proposed(package, &story.view(), "dispatch", "handle_by", START)
                .map(|day| (day - today).num_days())
        };
        let usual = handle(Package::builtin()).unwrap();
        let next = Package::builtin().revised(&change(today, "SM7")).unwrap();
        assert_eq!(next.faults(), Vec::<String>::new());
        assert!(handle(&next).unwrap() < usual, "the first level has one working day");
        let limits = read(&next, &story.entity);
        let class =
            |clock: ClockId| limits.limits.iter().find(|limit| limit.clock == clock).unwrap().class.clone();
        assert_eq!(class(ClockId::Register), "SM7", "though its item says SM");
        // From tomorrow on: what was reported today keeps what it had.
        let later = Package::builtin().revised(&change(today.succ_opt().unwrap(), "SM7")).unwrap();
        assert_eq!(handle(&later), Some(usual));
        // And back again.
        let back = next.revised(&change(today.succ_opt().unwrap(), "SM")).unwrap();
        assert_eq!(back.dispute_limits(today).unwrap().class, "SM7");
        assert_eq!(back.dispute_limits(today.succ_opt().unwrap()).unwrap().class, "SM");
        assert_eq!(next.difference(&back).changes.len(), 1);
        assert!(next.difference(&back).beyond.is_empty());
    }

    #[test]
    fn no_other_class_and_no_day_that_has_passed() {
        let builtin = Package::builtin();
        let today = day_of(START);
        for wrong in ["S0", "SM8"] {
            assert!(matches!(builtin.revised(&change(today, wrong)), Err(ChangeError::Shape(_))), "{wrong}");
        }
        let path: Values = [("dispute_limits/soon".to_owned(), json!("SM7"))].into();
        assert!(matches!(builtin.revised(&path), Err(ChangeError::Shape(_))));
        let judged = |day: NaiveDate| {
            let mut story = Story::new();
            let body = json!({"type": "rules", "place": {"all": true, "area": &GRID[..9]}, "set": change(day, "SM7")});
            story
                .admitted(&person("dora", "center_director"), "create", &body)
                .map_err(|error| error.code().to_owned())
        };
        assert_eq!(judged(today.succ_opt().unwrap()), Ok(()));
        assert_eq!(judged(today), Err("bad_body".to_owned()), "from the next day on");
        assert_eq!(judged(today.pred_opt().unwrap()), Err("bad_body".to_owned()));
    }

    #[test]
    fn a_package_of_another_township_is_taken_in_without_what_it_chose_in_the_past() {
        let today = day_of(START);
        let days = [today.pred_opt().unwrap(), today, today.succ_opt().unwrap()];
        let all: Values = days.into_iter().flat_map(|day| change(day, "SM7")).collect();
        let theirs = Package::builtin().revised(&all).unwrap();
        let found = Package::builtin().difference(&theirs);
        assert!(reaches_back(found.changes.keys(), [today, today]));
        let found = found.from_now(today);
        assert!(!reaches_back(found.changes.keys(), [today, today]));
        assert_eq!(found.changes.keys().collect::<Vec<_>>(), [&path_from(days[2])]);
        // Written yesterday and delivered today, it still counts from today.
        assert!(!reaches_back([path_from(today)].iter(), [today, days[0]]));
        assert!(reaches_back([path_from(today)].iter(), [days[2], days[0]]));
    }

    #[test]
    fn rates_of_the_subsidy_travel() {
        let builtin = Package::builtin();
        let change = |general: u32| -> Values {
            let rates = crate::mediation::subsidy::Rates { general, ..builtin.cases.get().subsidy };
            [("subsidy".to_owned(), serde_json::to_value(rates).unwrap())].into()
        };
        let next = builtin.revised(&change(180)).unwrap();
        assert_eq!(next.cases.get().subsidy.general, 180);
        assert_eq!(builtin.difference(&next).changes.keys().collect::<Vec<_>>(), ["subsidy"]);
        assert!(matches!(builtin.revised(&change(2_000_000)), Err(ChangeError::Shape(_))));
    }
}
