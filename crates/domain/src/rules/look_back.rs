//! 回头看 (FLOW-14): some days after closing somebody looks whether it is still well. The workflow takes what was seen;
//! here is when and by whom.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use gridbook_log::{EntityId, order_by_key};
use serde::{Deserialize, Serialize};

use super::CaseRules;
use crate::calendar::day_of;
use crate::case::CaseView;
use crate::package::Package;
use crate::record::RecordKind;
use crate::role::{Actor, Target, may};
use crate::summary::{Hint, Summary};

/// Days before its day from which a look counts, and on which the task is shown.
const EARLY: u64 = 3;

/// Which closed cases are looked back at, as data; every condition that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookBackRule {
    /// Kind of record.
    pub kind: RecordKind,
    /// Levels; empty = any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<String>,
    /// Categories; empty = any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// Values of the record, each with the answers that count.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub says: BTreeMap<String, Vec<String>>,
}

impl LookBackRule {
    fn fits(&self, case: &CaseView) -> bool {
        let within = |list: &[String], said: Option<&str>| {
            list.is_empty() || said.is_some_and(|said| list.iter().any(|one| one == said))
        };
        let said = |path: &str| case.values.get(path).and_then(serde_json::Value::as_str);
        self.kind == case.kind
            && within(&self.levels, case.level.as_deref())
            && within(&self.categories, case.category.as_deref())
            && self.says.iter().all(|(path, list)| within(list, said(path)))
    }
}

/// A look that is wanted, or was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// The day.
    pub due: NaiveDate,
    /// When somebody looked.
    pub done: Option<NaiveDate>,
}

/// The looks back at a closed case, in order; empty where none is wanted.
pub fn looks(rules: &CaseRules, case: &CaseView) -> Vec<Look> {
    let Some(closed) = case.closed_at.filter(|_| case.state == "closed").map(day_of) else {
        return Vec::new();
    };
    if !rules.look_back.iter().any(|rule| rule.fits(case)) {
        return Vec::new();
    }
    let mut made = case.looked_back.clone();
    gridbook_log::order_by(&mut made, Ord::cmp);
    let days = rules.look_back_days.iter().map(|days| closed + Days::new(u64::from(*days)));
    days.map(|due| Look { due, done: made.iter().find(|day| **day + Days::new(EARLY) >= due).copied() })
        .collect()
}

/// A look back that a person owes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owed {
    /// The case.
    pub id: EntityId,
    /// The day.
    pub due: NaiveDate,
    /// It has passed.
    pub late: bool,
}

/// What a person may look back at and should by now, the oldest day first; from list rows alone. Who handled a case is
/// told so when opening it.
pub fn owed<'a>(
    package: &Package,
    actor: &Actor,
    rows: impl IntoIterator<Item = &'a Summary>,
    today: NaiveDate,
) -> Vec<Owed> {
    let mut found: Vec<Owed> = rows
        .into_iter()
        .filter(|row| !row.rejected)
        .filter_map(|row| {
            let due = row.look_back().filter(|due| *due <= today + Days::new(EARLY))?;
            let level = Some(row.level.as_str()).filter(|level| !level.is_empty());
            let units = row.units.iter().map(String::as_str).collect();
            let target = Target {
                units,
                level,
                registered: true,
                ..Target::new(row.kind, &row.area, Some(&row.reporter))
            };
            may(package, actor, "case.callback", &target, today).then_some(Owed {
                id: row.id,
                due,
                late: due < today,
            })
        })
        .collect();
    order_by_key(&mut found, |owed| (owed.due, owed.id));
    found
}

impl Summary {
    /// The next day on which somebody has to look back at it.
    pub fn look_back(&self) -> Option<NaiveDate> {
        self.hints.iter().find_map(|hint| match hint {
            Hint::LookBack(day) => NaiveDate::from_num_days_from_ce_opt(*day),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::case::story::{Story, person};

    fn closed(level: &str) -> Story {
        let mut story = Story::hazard(level);
        story.until_claimed();
        story.until_callback();
        let close = json!({"data": {"rating": "satisfied", "second_person": "sam"}});
        story.step(&person("dora", "center_director"), "satisfied", &close);
        story
    }

    fn row(story: &Story) -> Summary {
        Summary::of(&story.entity, Package::builtin()).unwrap()
    }

    fn days(story: &Story) -> Vec<(i64, bool)> {
        let view = story.view();
        let end = day_of(view.closed_at.unwrap());
        let looks = looks(Package::builtin().cases.get(), &view);
        looks.iter().map(|look| ((look.due - end).num_days(), look.done.is_some())).collect()
    }

    #[test]
    fn a_major_hazard_is_looked_back_at_twice() {
        let package = Package::builtin();
        let mut story = closed("orange");
        assert_eq!(days(&story), [(30, false), (90, false)]);
        assert_eq!(days(&closed("blue")), []);
        let today = story.today();
        let (cara, ann) = (person("cara", "callback_clerk"), person("ann", "village_assistant"));
        let owes = |who: &Actor, story: &Story, day| {
            owed(package, who, [&row(story)], day).first().map(|o| (o.due, o.late))
        };
        assert_eq!(owes(&cara, &story, today + Days::new(26)), None);
        let first = today + Days::new(30);
        assert_eq!(owes(&cara, &story, today + Days::new(27)), Some((first, false)));
        assert_eq!(owes(&cara, &story, today + Days::new(31)), Some((first, true)));
        assert_eq!(owes(&ann, &story, today + Days::new(31)), None, "not hers to look");
        story.ms += 29 * 86_400_000;
        let look = json!({"data": {"looked_on": story.today().to_string(), "result": "ok"}});
        story.step(&cara, "look_back", &look);
        assert_eq!(days(&story), [(30, true), (90, false)]);
        assert_eq!(owes(&cara, &story, today + Days::new(40)), None);
        assert_eq!(owes(&cara, &story, today + Days::new(90)), Some((today + Days::new(90), false)));
        // Found again and opened again: the looks begin anew with the next closing.
        story.ms += 61 * 86_400_000;
        let look = json!({"data": {"looked_on": story.today().to_string(), "result": "relapsed"}});
        story.step(&cara, "look_back", &look);
        let reopen =
            json!({"data": {"reason": "relapsed", "text": "又漏水"}, "set": {"handle_by": "2026-08-28"}});
        story.step(&person("dora", "center_director"), "reopen", &reopen);
        assert_eq!(row(&story).look_back(), None);
    }
}
