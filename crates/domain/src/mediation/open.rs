//! A file that is opened for a dispute starts with what the dispute says: nobody types anything twice (MED-02).

use serde_json::Value;

use crate::case::CaseView;
use crate::form::Values;

/// Values that a dispute and its file share.
const SHARED: [&str; 8] =
    ["category", "facts", "risk_level", "risk_checklist", "people_count", "amount", "injury", "event_name"];
/// Columns of a party that both have.
const PARTY: [&str; 5] = ["side", "kind", "name", "phone", "address"];

/// The first values of the file of a dispute; `committee` is who mediates.
pub fn from_dispute(dispute: &CaseView, committee: &str) -> Values {
    let mut values = Values::new();
    for (path, value) in &dispute.values {
        let column =
            path.strip_prefix("parties/").and_then(|rest| rest.split_once('/')).map(|(_, column)| column);
        if SHARED.contains(&path.as_str()) || column.is_some_and(|column| PARTY.contains(&column)) {
            let name = if path == "event_name" { "case_name" } else { path };
            values.insert(name.to_owned(), value.clone());
        }
    }
    values.entry("case_name".to_owned()).or_insert_with(|| Value::from(dispute.title.clone()));
    values.insert("dispute".to_owned(), Value::from(dispute.id.to_string()));
    values.insert("committee".to_owned(), Value::from(committee));
    values.insert("source".to_owned(), Value::from("applied"));
    // Whoever was told of the risk of the dispute need not be told of the same once more.
    let told = super::risk::told(dispute);
    if !told.is_empty() {
        values.insert(super::risk::TOLD.to_owned(), Value::from(told));
    }
    values
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::case::story::{GRID, Story, person};
    use crate::form::{Photos, Stage, validate};
    use crate::package::Package;

    #[test]
    fn a_file_begins_with_what_is_known() {
        let mut story = Story::new();
        let body = json!({
            "type": "dispute", "form": "F-DISPUTE/1", "state": "submitted", "place": {"area": GRID},
            "set": {"facts": "两家为排水沟争吵", "occur_place": "柳溪村3组", "category": "neighbor", "risk_level": "yellow",
                "amount": 12000, "event_name": "排水沟纠纷", "parties/p1/side": "applicant", "parties/p1/kind": "natural",
                "parties/p1/name": "钟小满"}
        });
        story.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
        let dispute = story.view();
        let values = from_dispute(&dispute, "青禾镇人民调解委员会");
        assert_eq!(values["case_name"], "排水沟纠纷");
        assert_eq!(values["parties/p1/name"], "钟小满");
        assert_eq!(values["dispute"], dispute.id.to_string());
        assert!(!values.contains_key("occur_place") && !values.contains_key("event_name"));
        let package = Package::builtin();
        let form = package.form("F-MEDIATION").unwrap();
        let day = chrono::NaiveDate::from_ymd_opt(2026, 5, 18).unwrap();
        let found = validate(package, form, &values, &Photos::new(), Stage::Quick, day);
        assert_eq!(found.iter().filter(|problem| problem.blocks).count(), 0, "{found:?}");
    }
}
