//! What documents ask for beyond the values of a record: names behind codes, the last supervision, and the one form of
//! an oral agreement read as a file (MED-02, MED-07, FLOW-09).

use gridbook_log::{Entity, Outcome};
use serde_json::Value;

use crate::case::CaseView;
use crate::form::{Values, table_rows};

/// The values of a record as its documents say them. `unit` gives the name of a unit's code.
pub fn print_values(case: &CaseView, entity: &Entity, unit: impl Fn(&str) -> String) -> Values {
    let mut values = case.values.clone();
    let mut put = |path: &str, text: Option<String>| {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            values.insert(path.to_owned(), Value::from(text));
        }
    };
    put("title", Some(case.title.clone()));
    put("handle_by", case.handle_by.clone());
    put("lead_unit", case.lead_unit.as_deref().map(unit));
    let counts = entity.timeline().iter().filter(|record| record.outcome == Outcome::Counts);
    for record in counts {
        let said = |path: &str| record.event.data.get(path).and_then(Value::as_str).map(str::to_owned);
        match record.event.event.as_str() {
            "supervise" => {
                put("supervise_text", said("text"));
                put("supervise_reply_by", said("reply_by"));
                // An answer belongs to the supervision before it.
                put("supervise_reply", Some(" ".to_owned()));
            }
            "supervise_reply" => put("supervise_reply", said("text")),
            _ => {}
        }
    }
    if table_rows(&values, "terms").is_empty() {
        oral(&mut values);
    }
    values
}

/// The one form of an oral agreement has texts where a file has tables.
fn oral(values: &mut Values) {
    let rows = [
        ("agreement_text", "terms/oral/term"),
        ("mediators", "mediators/oral/name"),
        ("performance_mode", "instalments/oral/act"),
        ("performance_by", "instalments/oral/due"),
    ];
    for (from, to) in rows {
        if let Some(value) =
            values.get(from).filter(|value| value.as_str().is_some_and(|text| !text.is_empty()))
        {
            values.insert(to.to_owned(), value.clone());
        }
    }
    if !values.contains_key("agreed_on")
        && let Some(day) = values.get("found_at").and_then(Value::as_str).and_then(|at| at.get(..10))
    {
        values.insert("agreed_on".to_owned(), Value::from(day));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use chrono::NaiveDate;
    use serde_json::json;

    use super::*;
    use crate::case::story::{GRID, Story, hazard_body, person, register};
    use crate::mediation::Mediation;
    use crate::mediation::document::{Block, document};
    use crate::package::Package;

    fn text(story: &Story, id: &str) -> String {
        let (package, view) = (Package::builtin(), story.view());
        let values = print_values(&view, &story.entity, |code| format!("单位{code}"));
        let file = Mediation { values: &values, ..Mediation::of(&view) };
        let form = view.form.as_deref().and_then(|name| package.form_named(name));
        let day = NaiveDate::from_ymd_opt(2026, 5, 20).unwrap();
        let paper = document(package, form, &file, package.template(id).unwrap(), day);
        let told = paper.blocks.into_iter().map(|block| match block {
            Block::Paragraph(text) => text,
            Block::Table { head, rows } => format!("{head:?}{rows:?}"),
        });
        told.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_supervision_names_the_unit_and_what_is_asked() {
        let mut story = Story::new();
        let (ann, director) = (person("ann", "village_assistant"), person("dan", "center_director"));
        story.admitted(&ann, "create", &hazard_body("blue")).unwrap();
        story.step(&director, "register", &register("blue"));
        let data = json!({"data": {"step": "order", "text": "三日内清完沟", "reply_by": "2026-05-25"}});
        story.step(&director, "supervise", &data);
        let said = text(&story, "supervise");
        assert!(said.contains("督办要求：三日内清完沟") && said.contains("2026年5月25日"), "{said}");
        assert!(!said.contains("回复： "), "{said}");
    }

    #[test]
    fn a_notice_has_the_number_the_day_and_the_measures_that_its_handler_noted() {
        let mut story = Story::hazard("yellow");
        story.until_claimed();
        let noted = json!({"set": {
            "rect_notice": true, "rect_notice_no": "整改〔2026〕003号", "rect_notice_deadline": "2026-05-25",
            "control_measures/r1/measure": "warning", "control_measures/r1/owner": "钟小满"
        }});
        story.admitted(&person("ben", "unit_handler"), "set", &noted).unwrap();
        let said = text(&story, "rect_notice");
        assert!(said.contains("编号：整改〔2026〕003号") && said.contains("请于2026年5月25日前"), "{said}");
        assert!(said.contains("（钟小满）"), "{said}");
    }

    #[test]
    fn the_one_form_of_an_oral_agreement_prints() {
        let mut story = Story::new();
        let ann = person("ann", "village_assistant");
        let body = json!({
            "type": "dispute", "form": "F-ORAL/1", "state": "submitted", "place": {"area": GRID},
            "set": {"facts": "为鸡进菜地争吵", "occur_place": "柳溪村3组", "found_at": "2026-05-18T08:00:00+08:00",
                "mediators": "安小满", "consent_both": true, "oral_result": "oral", "agreement_text": "赔菜苗两百株",
                "performance_mode": "当面交付", "performance_by": "2026-05-20",
                "parties/p1/side": "applicant", "parties/p1/kind": "natural", "parties/p1/name": "钟小满",
                "parties/p2/side": "respondent", "parties/p2/kind": "natural", "parties/p2/name": "季大寒"}
        });
        story.admitted(&ann, "create", &body).unwrap();
        let said = text(&story, "oral_agreement");
        for part in ["一、赔菜苗两百株", "钟小满与季大寒", "2026年5月20日", "当面交付"]
        {
            assert!(said.contains(part), "{part} in {said}");
        }
    }
}
