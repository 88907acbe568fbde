//! What a correction writes, and how one that was left unfinished goes on after others wrote to the record: it takes back
//! nothing of theirs.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Values;

/// What differs from the record as it was; null clears. Of a row that was taken away only its mark is written.
#[must_use]
pub fn changes(base: &Values, now: &Values) -> Values {
    let told = |(_, value): &(&String, &Value)| !value.is_null();
    let mut changes: Values = now
        .iter()
        .filter(told)
        .filter(|(path, value)| base.get(*path) != Some(value))
        .map(|(path, value)| (path.clone(), value.clone()))
        .collect();
    let held = |path: &String| now.get(path).is_some_and(|value| !value.is_null());
    for path in base.keys().filter(|path| !held(path) && !row_gone(now, path)) {
        changes.insert(path.clone(), Value::Null);
    }
    changes
}

/// A correction that was left unfinished, on top of the record as it is now.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rebased {
    /// The record with the answers of the person over it.
    pub values: Values,
    /// Paths that the person changed and others meanwhile, too, to something else.
    pub both: BTreeSet<String>,
}

/// Lays what a person changed over the record as it is `now`. `kept` is what the form held when it was left, `base` what
/// the record held when the correction was begun; where that is not known, nothing counts as taken away.
#[must_use]
pub fn rebase(kept: &Values, base: Option<&Values>, now: &Values) -> Rebased {
    let known: Values;
    let base = match base {
        Some(base) => base,
        None => {
            known = now
                .iter()
                .filter(|(path, _)| kept.contains_key(*path))
                .map(|(path, value)| (path.clone(), value.clone()))
                .collect();
            &known
        }
    };
    let mut rebased = Rebased { values: now.clone(), both: BTreeSet::new() };
    let mut lay = |path: &String, mine: Option<&Value>| {
        let theirs = now.get(path);
        let said = |value: Option<&Value>| value.filter(|value| !value.is_null()).cloned();
        if theirs != base.get(path) && said(theirs) != said(mine) {
            rebased.both.insert(path.clone());
        }
        match mine {
            Some(value) => rebased.values.insert(path.clone(), value.clone()),
            None => rebased.values.remove(path),
        };
    };
    for (path, mine) in kept.iter().filter(|(path, mine)| base.get(*path) != Some(mine)) {
        // A row that was begun and has no answer here yet is no change of what somebody wrote there.
        if !(mine.is_null() && !base.contains_key(path) && now.contains_key(path)) {
            lay(path, Some(mine));
        }
    }
    for path in base.keys().filter(|path| !kept.contains_key(*path) && !row_gone(kept, path)) {
        lay(path, None);
    }
    rebased.values.retain(|path, _| path.ends_with(GONE) || !row_gone(kept, path));
    rebased
}

/// How the mark of a row that was taken away ends.
const GONE: &str = "/_gone";

/// Whether the row that a path lies in was taken away.
fn row_gone(values: &Values, path: &str) -> bool {
    path.rsplit_once('/').is_some_and(|(row, _)| values.contains_key(&format!("{row}{GONE}")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[allow(clippy::needless_pass_by_value)]
    fn values(said: Value) -> Values {
        said.as_object().unwrap().clone().into_iter().collect()
    }

    fn record() -> Values {
        values(json!({"number": "3", "phone": "111", "note": "旧",
            "members/a/name": "甲", "members/a/phone": "1", "members/b/name": "乙"}))
    }

    /// What a save writes after the draft was begun on [`record`], left, and opened on `now`.
    fn written(kept: &Values, now: &Values) -> Values {
        changes(now, &rebase(kept, Some(&record()), now).values)
    }

    fn with(mut held: Values, said: Value) -> Values {
        held.extend(values(said));
        held
    }

    #[test]
    fn what_others_wrote_meanwhile_stays() {
        let kept = with(record(), json!({"note": "新"}));
        let now = with(record(), json!({"phone": "222", "members/c/name": "丙", "members/c/phone": "3"}));
        let rebased = rebase(&kept, Some(&record()), &now);
        assert_eq!(rebased.values["members/c/name"], "丙");
        assert_eq!(rebased.values["phone"], "222");
        assert!(rebased.both.is_empty());
        assert_eq!(written(&kept, &now), values(json!({"note": "新"})));
    }

    #[test]
    fn nothing_changed_writes_nothing() {
        let now = with(record(), json!({"phone": "222"}));
        assert!(written(&record(), &now).is_empty());
        assert!(changes(&record(), &record()).is_empty());
    }

    #[test]
    fn what_both_changed_is_named_and_keeps_the_answer_of_the_person() {
        let kept = with(record(), json!({"phone": "333"}));
        let now = with(record(), json!({"phone": "222"}));
        let rebased = rebase(&kept, Some(&record()), &now);
        assert_eq!(rebased.both, ["phone".to_owned()].into());
        assert_eq!(changes(&now, &rebased.values), values(json!({"phone": "333"})));
        let same = with(record(), json!({"phone": "333"}));
        assert!(rebase(&kept, Some(&record()), &same).both.is_empty());
    }

    #[test]
    fn an_answer_taken_away_stays_away_and_others_are_told_of() {
        let mut kept = record();
        kept.remove("note");
        assert_eq!(written(&kept, &record()), values(json!({"note": null})));
        let now = with(record(), json!({"note": "别的"}));
        assert_eq!(rebase(&kept, Some(&record()), &now).both, ["note".to_owned()].into());
        // Cleared in a row: the place of the answer stays.
        let kept = with(record(), json!({"members/a/phone": null}));
        assert_eq!(written(&kept, &record()), values(json!({"members/a/phone": null})));
    }

    #[test]
    fn a_row_taken_away_takes_only_its_mark() {
        let mut kept = record();
        kept.retain(|path, _| !path.starts_with("members/b/"));
        kept.insert("members/b/_gone".to_owned(), json!(true));
        let now = with(record(), json!({"members/b/phone": "9"}));
        let rebased = rebase(&kept, Some(&record()), &now);
        assert!(!rebased.values.contains_key("members/b/phone"));
        assert_eq!(changes(&now, &rebased.values), values(json!({"members/b/_gone": true})));
    }

    #[test]
    fn a_row_begun_and_left_empty_is_still_there() {
        let kept = with(record(), json!({"members/n/name": null}));
        let rebased = rebase(&kept, Some(&record()), &record());
        assert_eq!(rebased.values.get("members/n/name"), Some(&Value::Null));
        assert!(changes(&record(), &rebased.values).is_empty());
    }

    #[test]
    fn a_draft_that_does_not_know_its_record_clears_nothing() {
        let mut kept = with(record(), json!({"note": "新"}));
        kept.remove("number");
        let now = with(record(), json!({"members/c/name": "丙"}));
        let rebased = rebase(&kept, None, &now);
        assert_eq!(changes(&now, &rebased.values), values(json!({"note": "新"})));
        assert!(rebased.both.is_empty());
    }
}
