//! 意见建议 (VISIT-10): what people said on visits and what was reported as an opinion, in one ledger: of which kind, whether
//! it was adopted, what was answered. A suggestion from a visit is answered in the visit itself, so nobody types it again.

use chrono::NaiveDate;
use gridbook_log::{EntityId, Values};
use serde_json::{Value, json};

use crate::case::CaseView;
use crate::form::table_rows;
use crate::package::Package;
use crate::record::RecordKind;
use crate::summary::Summary;

/// The table of a visit in which suggestions stand, and where their answers do.
const SAID: &str = "suggestions";
const ANSWERS: &str = "answers/";
/// What an answer is made of.
const PARTS: [&str; 4] = ["adopted", "reply", "by", "on"];
/// Characters of an answer at most.
const MAX_REPLY: usize = 1000;

/// An opinion with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opinion {
    /// The visit or report that it stands in.
    pub record: EntityId,
    /// The row of the visit; `None` for a report.
    pub row: Option<String>,
    /// The day on which it was said.
    pub day: NaiveDate,
    /// Where.
    pub area: String,
    /// Its kind, in words.
    pub kind: String,
    /// What was said.
    pub content: String,
    /// Whether it was adopted; `None` until somebody said.
    pub adopted: Option<bool>,
    /// What was answered.
    pub reply: String,
    /// Who answered: an account from a visit, a name from a report.
    pub by: String,
    /// On which day, `YYYY-MM-DD`.
    pub on: String,
}

impl Opinion {
    /// Whether it was answered or decided.
    pub fn answered(&self) -> bool {
        self.adopted.is_some() || !self.reply.is_empty()
    }
}

/// What a record holds of opinions: the rows of a visit, or a report of that form.
pub fn opinions(package: &Package, row: &Summary, case: &CaseView) -> Vec<Opinion> {
    let text = |path: &str| case.values.get(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    let flag = |path: &str| case.values.get(path).and_then(Value::as_bool);
    let form = case.form.as_deref().and_then(|name| package.form_named(name));
    let label = |field: Option<&crate::form::Field>, id: &str| {
        let choices = field.map_or(&[][..], |field| package.choices(field));
        choices.iter().find(|choice| choice.id == id).map_or_else(String::new, |choice| choice.label.clone())
    };
    let base = Opinion {
        record: row.id,
        row: None,
        day: row.day(),
        area: row.area.clone(),
        kind: String::new(),
        content: String::new(),
        adopted: None,
        reply: String::new(),
        by: String::new(),
        on: String::new(),
    };
    if case.kind == RecordKind::Visit {
        let said = table_rows(&case.values, SAID).into_iter().map(|id| {
            let path = format!("{SAID}/{id}/kind");
            let answer = |part: &str| format!("{ANSWERS}{id}/{part}");
            Opinion {
                row: Some(id.to_owned()),
                kind: label(form.and_then(|form| form.field(&path)), &text(&path)),
                content: text(&format!("{SAID}/{id}/content")),
                adopted: flag(&answer("adopted")),
                reply: text(&answer("reply")),
                by: text(&answer("by")),
                on: text(&answer("on")),
                ..base.clone()
            }
        });
        return said.filter(|one| !one.content.trim().is_empty()).collect();
    }
    if form.is_none_or(|form| form.id != "F-OPINION") {
        return Vec::new();
    }
    vec![Opinion {
        kind: label(form.and_then(|form| form.field("opinion_kind")), &text("opinion_kind")),
        content: text("facts"),
        adopted: flag("adopted"),
        reply: text("reply"),
        by: text("reply_by"),
        on: text("reply_date"),
        ..base
    }]
}

/// What to write into a visit as the answer to one of its suggestions.
pub fn answer(row: &str, adopted: bool, reply: &str, by: &str, on: NaiveDate) -> Values {
    let path = |part: &str| format!("{ANSWERS}{row}/{part}");
    Values::from([
        (path("adopted"), json!(adopted)),
        (path("reply"), json!(reply.trim())),
        (path("by"), json!(by)),
        (path("on"), json!(on.to_string())),
    ])
}

/// Whether something is a part of an answer. Answers are the desk's, whoever wrote the visit.
pub(crate) fn answers(kind: RecordKind, path: &str) -> bool {
    kind == RecordKind::Visit && path.starts_with(ANSWERS)
}

/// Judges a value that somebody wants to write with others, `set`, as a part of an answer: `None` for every other path,
/// else whether it is one, to a suggestion that stands there, whole, and in nobody else's name.
pub fn judge(kind: RecordKind, values: &Values, set: &Values, path: &str, user: &str) -> Option<bool> {
    let value = set.get(path)?;
    let (row, part) = path.strip_prefix(ANSWERS)?.split_once('/').unwrap_or_default();
    let there = kind == RecordKind::Visit && table_rows(values, SAID).contains(&row);
    let text = value.as_str();
    let fits = match part {
        "adopted" => value.is_boolean(),
        "reply" => text.is_some_and(|text| text.chars().count() <= MAX_REPLY),
        "by" => text == Some(user),
        "on" => text.is_some_and(|text| crate::date::parse(text).is_some()),
        _ => false,
    };
    let whole = PARTS.iter().all(|part| set.contains_key(&format!("{ANSWERS}{row}/{part}")));
    Some(there && fits && whole)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::admit::Refusal;
    use crate::case::story::{GRID, Story, person};

    const DAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 5, 20).unwrap();

    fn visit() -> Story {
        let mut story = Story::new();
        let body = json!({"type": "visit", "form": "F-VISIT/1", "state": "visited", "place": {"area": GRID}, "set": {
            "household": "0190f0e0c0de4a5b8c6d7e8f90a1b2c3", "visit_at": "2026-05-18T08:00", "mode": "in_home",
            "met": "head", "suggestions/s1/kind": "infrastructure", "suggestions/s1/content": "修一段便道",
            "suggestions/s2/kind": "other", "suggestions/s2/content": "  "}});
        story.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
        story
    }

    fn told(story: &Story) -> Vec<Opinion> {
        let package = Package::builtin();
        opinions(package, &Summary::of(&story.entity, package).unwrap(), &story.view())
    }

    #[test]
    fn what_was_said_on_a_visit_is_answered_there() {
        let mut story = visit();
        let [one] = told(&story).try_into().unwrap();
        assert_eq!(
            (one.kind.as_str(), one.content.as_str(), one.answered()),
            ("基础设施", "修一段便道", false)
        );
        assert_eq!((one.day.to_string().as_str(), one.area.as_str()), ("2026-05-18", GRID));
        let set = json!({"set": answer("s1", true, " 列入六月计划 ", "sue", DAY)});
        story.admitted(&person("sue", "dispatcher"), "set", &set).unwrap();
        let [one] = told(&story).try_into().unwrap();
        assert_eq!((one.adopted, one.reply.as_str()), (Some(true), "列入六月计划"));
        assert_eq!((one.by.as_str(), one.on.as_str(), one.answered()), ("sue", "2026-05-20", true));
    }

    #[test]
    fn an_answer_to_nothing_or_of_another_shape_is_refused() {
        let mut story = visit();
        let sue = person("sue", "dispatcher");
        let mut refused = |set: Value| {
            story.admitted(&sue, "set", &json!({"set": set})).map(|_| ()).map_err(|refusal| refusal.code())
        };
        let with = |path: &str, value: Value| {
            let mut set = answer("s1", true, "x", "sue", DAY);
            set.insert(path.to_owned(), value);
            json!(set)
        };
        for set in [
            json!(answer("s9", true, "x", "sue", DAY)),
            json!(answer("s1", true, "x", "dora", DAY)),
            json!({"answers/s1/adopted": true}),
            json!({"answers/s1/adopted": true, "answers/s1/by": "sue"}),
            with("answers/s1/adopted", json!("yes")),
            with("answers/s1/on", json!("昨天")),
            with("answers/s1/reply", json!("长".repeat(MAX_REPLY + 1))),
            with("answers/s1/else", json!("x")),
            json!({"answers/s1": "x"}),
        ] {
            assert_eq!(refused(set.clone()), Err("invalid"), "{set}");
        }
        assert_eq!(refused(json!(answer("s1", false, "", "sue", DAY))), Ok(()));
    }

    #[test]
    fn who_reported_the_visit_does_not_answer_it() {
        let (story, ann) = (visit(), person("ann", "village_assistant"));
        let set = json!({"set": answer("s1", true, "好", "ann", DAY)});
        let refused = Err(Refusal::NotPermitted("record.edit".to_owned()));
        assert_eq!(story.judge(&ann, "set", &set), refused);
        assert_eq!(story.judge(&ann, "set", &json!({"set": {"suggestions/s1/content": "修一段路"}})), Ok(()));
        let mut body = json!({"type": "visit", "form": "F-VISIT/1", "state": "visited", "place": {"area": GRID},
            "set": {"household": "0190f0e0c0de4a5b8c6d7e8f90a1b2c3", "visit_at": "2026-05-18T08:00",
            "mode": "in_home", "met": "head", "suggestions/s1/content": "修一段便道"}});
        assert_eq!(Story::new().judge(&ann, "create", &body), Ok(()));
        for (path, value) in answer("s1", true, "好", "sue", DAY) {
            body["set"][path] = value;
        }
        assert_eq!(Story::new().judge(&ann, "create", &body), refused);
    }

    #[test]
    fn a_report_of_an_opinion_stands_in_the_same_ledger() {
        let mut story = Story::new();
        let body = json!({"type": "matter", "form": "F-OPINION/1", "state": "submitted", "place": {"area": GRID},
            "set": {"facts": "路灯太暗", "opinion_kind": "facility", "found_at": "2026-05-18T08:00"}});
        story.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
        let [one] = told(&story).try_into().unwrap();
        assert_eq!((one.kind.as_str(), one.content.as_str(), one.row), ("基础设施", "路灯太暗", None));
        assert_eq!(told(&Story::hazard("blue")), []);
    }
}
