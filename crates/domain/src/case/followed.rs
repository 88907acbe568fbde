//! Cases whose result was asked about on a visit (F-VISIT `followups_done`) or on a follow-up (F-FOLLOW): each is told so, and
//! its handler reads it in its history. It is no call-back: that is made by whoever has it to make (FLOW-12). A mediation file
//! reads it as one of its follow-ups (MED-11).

use chrono::NaiveDate;
use gridbook_log::{Entity, EntityId, EventRec, Outcome};
use serde_json::{Value, json};

use crate::calendar::day_of;
use crate::form::{Values, table_rows};
use crate::package::Package;

/// The step by which a case is told.
pub const FOLLOWED: &str = "followed_up";

/// The table of a mediation file that what was asked about stands in.
const TABLE: &str = "follow_ups";

/// What the record `id`, written with a form, has to tell other cases: which, and the values of the step. A case takes the
/// day and the words of it, a mediation file also who was asked and how, and what they said.
pub fn followed(package: &Package, form: &str, id: EntityId, values: &Values) -> Vec<(EntityId, Values)> {
    let text = |path: &str| values.get(path).and_then(Value::as_str).unwrap_or_default();
    let told = |case: &str, on: &str, reached: bool, words: String| {
        let on: String = on.chars().take(10).collect();
        let mut said = Values::from([
            ("visit".to_owned(), json!(id)),
            ("on".to_owned(), json!(on)),
            ("reached".to_owned(), json!(reached)),
        ]);
        let mode = match form.split('/').next() {
            Some("F-VISIT") => match text("mode") {
                held @ ("phone" | "video") => held,
                _ => "visit",
            },
            _ => text("visit_mode"),
        };
        let person = match (text("met_person"), text("met")) {
            ("", "") => text("person"),
            ("", met) => package.label("met", met),
            (named, _) => named,
        };
        for (path, value) in [("mode", mode), ("person", person), ("performed", text("performed"))] {
            if !value.is_empty() {
                said.insert(path.to_owned(), json!(value));
            }
        }
        said.extend(values.get("relapse").map(|value| ("relapse".to_owned(), value.clone())));
        if !words.is_empty() {
            said.insert("text".to_owned(), json!(words));
        }
        EntityId::parse(case).filter(|case| *case != id && !on.is_empty()).map(|case| (case, said))
    };
    match form.split('/').next() {
        Some("F-VISIT") => {
            let met = !matches!(text("met"), "" | "not_met" | "none");
            let one = |row: &str| {
                let at = |column: &str| text(&format!("followups_done/{row}/{column}"));
                told(at("record"), text("visit_at"), met, at("note").trim().to_owned())
            };
            table_rows(values, "followups_done").into_iter().filter_map(one).collect()
        }
        Some("F-FOLLOW") => {
            let reached = values.get("reached") == Some(&Value::Bool(true));
            let Some(form) = package.form_named(form) else { return Vec::new() };
            let answer = |path: &str| {
                let field = form.field(path)?;
                let word = match values.get(path)? {
                    Value::Bool(true) => "是".to_owned(),
                    Value::Bool(false) => "否".to_owned(),
                    Value::String(id) => {
                        let choice = package.choices(field).iter().find(|choice| choice.id == *id);
                        choice.map_or_else(|| id.clone(), |choice| choice.label.clone())
                    }
                    _ => return None,
                };
                (!word.is_empty()).then(|| format!("{}：{word}", field.label))
            };
            let asked = [
                "performed",
                "relapse",
                "escalation_sign",
                "problem_solved",
                "still_there",
                "redo_wanted",
                "opinion",
            ];
            let words: Vec<String> = asked.into_iter().filter_map(answer).collect();
            told(text("target_record"), text("date"), reached, words.join("；")).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// What was told to a stream and counts: the step's values, and when it was written.
fn tellings(entity: &Entity) -> impl Iterator<Item = &EventRec> {
    let counts = |record: &&EventRec| record.outcome == Outcome::Counts && record.event.event == FOLLOWED;
    entity.timeline().iter().filter(counts)
}

/// The days on which somebody was met or reached, none after the one on which it was written.
pub(crate) fn spoken_on(entity: &Entity) -> impl Iterator<Item = NaiveDate> {
    let reached = |record: &&EventRec| record.event.data.get("reached") == Some(&Value::Bool(true));
    tellings(entity).filter(reached).filter_map(|record| {
        let on = record.event.data.get("on").and_then(Value::as_str).and_then(crate::date::parse)?;
        Some(on.min(day_of(record.hlc.ms)))
    })
}

/// A follow-up that a visit told a mediation file of stands among its follow-ups as if its mediator had written it down.
/// What came after the volume was closed stands in the history until somebody opens it again.
pub(super) fn into_file(entity: &Entity, values: &mut Values) {
    for record in tellings(entity) {
        let data = &record.event.data;
        let text = |path: &str| data.get(path).and_then(Value::as_str).unwrap_or_default();
        if record.event.from == "archived" || data.get("reached") != Some(&Value::Bool(true)) {
            continue;
        }
        let columns = ["on", "mode", "person", "performed", "relapse", "visitor"];
        let columns = columns.into_iter().map(|path| (path, path)).chain([("opinion", "text")]);
        for (column, path) in columns {
            let path = data.get(path).filter(|value| !value.is_null());
            if let Some(value) = path {
                values.entry(format!("{TABLE}/{}/{column}", text("visit"))).or_insert_with(|| value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::case::LineKind;
    use crate::case::story::{Story, person};

    const VISIT: EntityId = EntityId([4; 16]);

    fn values(more: Value) -> Values {
        serde_json::from_value(more).unwrap()
    }

    #[test]
    fn a_visit_tells_each_case_that_it_asked_about() {
        let mut story = Story::hazard("yellow");
        story.until_claimed();
        let visit = values(json!({
            "visit_at": "2026-05-19T09:30:00+08:00", "met": "head",
            "followups_done/a/record": story.entity.id(), "followups_done/a/note": "说水沟还堵着",
            "followups_done/b/record": VISIT, "followups_done/b/note": "自己",
            "followups_done/c/note": "没有选哪一件"
        }));
        let told = followed(Package::builtin(), "F-VISIT/1", VISIT, &visit);
        assert_eq!(told.len(), 1, "neither itself nor nothing");
        let (case, said) = told.into_iter().next().unwrap();
        assert_eq!(case, story.entity.id());
        // Whoever visited is no handler, and writes it all the same; nothing moves, and the call-back is still to come.
        let ann = person("ann", "village_assistant");
        story.step(&ann, FOLLOWED, &json!({"data": said}));
        let view = story.view();
        assert_eq!((view.state.as_str(), view.handled_by.contains("ann")), ("claimed", false));
        let line = view.timeline.last().unwrap();
        assert!(matches!(&line.kind, LineKind::Step { action, .. } if action == FOLLOWED));
        assert_eq!(line.text.as_deref(), Some("说水沟还堵着"));
        let elsewhere = crate::role::Actor {
            user: "zoe".to_owned(),
            assignments: vec![crate::role::Assignment {
                role: "village_assistant".to_owned(),
                area: Some("51000010020200101".to_owned()),
                ..Default::default()
            }],
        };
        assert!(
            story
                .try_step(
                    &elsewhere,
                    FOLLOWED,
                    &json!({"data": {"visit": VISIT, "on": "2026-05-19", "reached": true}})
                )
                .is_err()
        );
    }

    #[test]
    fn a_follow_up_says_what_was_found() {
        let follow = values(json!({
            "target_record": "0190f0e0c0de4a5b8c6d7e8f90a1b2c3", "date": "2026-05-20", "reached": true,
            "about_dispute": false, "problem_solved": "partly", "still_there": true
        }));
        let told = followed(Package::builtin(), "F-FOLLOW/1", VISIT, &follow);
        let said = &told[0].1;
        assert_eq!((&said["on"], &said["reached"]), (&json!("2026-05-20"), &json!(true)));
        assert!(said["text"].as_str().unwrap().contains("解决了："), "{said:?}");
        assert!(followed(Package::builtin(), "F-HAZARD/1", VISIT, &follow).is_empty());
    }
}
