//! A file that is opened for a dispute starts with what the dispute says: nobody types anything twice (MED-02).

use chrono::NaiveDate;
use gridbook_log::EntityId;
use serde_json::Value;

use super::Mediation;
use crate::case::CaseView;
use crate::form::Values;
use crate::package::Package;
use crate::record::RecordKind;
use crate::summary::Summary;

/// Values that a dispute and its file share: what it is about, and who handed it over (MED-14).
const SHARED: [&str; 12] = [
    "category",
    "facts",
    "risk_level",
    "risk_checklist",
    "people_count",
    "amount",
    "injury",
    "event_name",
    "delegated_by",
    "delegated_doc_no",
    "delegated_date",
    "delegated_return_by",
];
/// Columns of a party and of a claim that both have.
const COLUMNS: [&str; 14] = [
    "side",
    "kind",
    "name",
    "sex",
    "birth",
    "ethnicity",
    "occupation",
    "phone",
    "address",
    "id_type",
    "id_no",
    "agent_name",
    "agent_authority",
    "claim",
];

/// What the values of a dispute say in the words of its file. Where somebody handed it over, that is its source.
pub fn shared(dispute: &Values) -> Values {
    let mut values = Values::new();
    for (path, value) in dispute {
        let mut parts = path.split('/');
        let (head, column) = (parts.next().unwrap_or_default(), parts.nth(1).unwrap_or_default());
        let of_row = matches!(head, "parties" | "claims") && COLUMNS.contains(&column);
        if SHARED.contains(&path.as_str()) || of_row {
            let name = if path == "event_name" { "case_name" } else { path };
            values.insert(name.to_owned(), value.clone());
        }
    }
    let from = match dispute.get("intake_mode").and_then(Value::as_str).unwrap_or_default() {
        "court_delegate" => "court",
        "police_delegate" => "police",
        "procuratorate" => "procuratorate",
        "petition_office" => "petition",
        "other_delegate" | "superior" => "other",
        _ => return values,
    };
    values.insert("source".to_owned(), Value::from(from));
    values
}

/// The first values of the file of a dispute; `committee` is who mediates.
pub fn from_dispute(dispute: &CaseView, committee: &str) -> Values {
    let mut values = shared(&dispute.values);
    values.entry("case_name".to_owned()).or_insert_with(|| Value::from(dispute.title.clone()));
    values.insert("dispute".to_owned(), Value::from(dispute.id.to_string()));
    values.insert("committee".to_owned(), Value::from(committee));
    values.entry("source".to_owned()).or_insert_with(|| Value::from("applied"));
    // Whoever was told of the risk of the dispute need not be told of the same once more.
    let told = super::risk::told(dispute);
    if !told.is_empty() {
        values.insert(super::risk::TOLD.to_owned(), Value::from(told));
    }
    values
}

/// The dispute that a row of a list is the file of; `None` for every other row.
pub fn dispute_of(row: &Summary) -> Option<EntityId> {
    let file = row.kind == RecordKind::Mediation && !row.rejected;
    row.categories.first().filter(|_| file).and_then(|id| EntityId::parse(id))
}

/// The file of a dispute, where it is on this device.
pub fn file_of<'a>(mut rows: impl Iterator<Item = &'a Summary>, dispute: EntityId) -> Option<&'a Summary> {
    rows.find(|row| dispute_of(row) == Some(dispute))
}

/// Days before the last one from which on the answer to whoever handed a dispute over is shown as near.
pub const ANSWER_NEAR: i64 = 3;

/// The last day on which whoever handed the dispute over is to be answered; `None` once that was done (MED-14).
pub fn answer_by(file: &Mediation<'_>) -> Option<NaiveDate> {
    file.date("delegated_return_by").filter(|_| file.date("delegated_returned_on").is_none())
}

/// What to call a quarrel that has no name yet: after its parties, else after its place. `None` where it has one.
pub fn quarrel_name(package: &Package, values: &Values) -> Option<String> {
    let text = |path: &str| values.get(path).and_then(Value::as_str).unwrap_or_default();
    if !text("event_name").is_empty() {
        return None;
    }
    let what = match text("category") {
        "" => "纠纷".to_owned(),
        id => package.label("dispute_category", id).to_owned(),
    };
    let what = if what.contains("纠纷") { what } else { format!("{what}纠纷") };
    let who: Vec<&str> = values
        .iter()
        .filter(|(path, _)| path.starts_with("parties/") && path.ends_with("/name"))
        .filter_map(|(_, name)| name.as_str())
        .take(2)
        .collect();
    let name = if who.is_empty() {
        format!("{}{what}", text("occur_place"))
    } else {
        format!("{}{what}", who.join("与"))
    };
    Some(name.chars().take(60).collect())
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

    #[test]
    fn who_handed_a_dispute_over_is_known_in_its_file_and_answered() {
        let mut story = Story::new();
        let body = json!({
            "type": "dispute", "form": "F-DISPUTE/1", "state": "submitted", "place": {"area": GRID},
            "set": {"facts": "两家为排水沟争吵", "occur_place": "柳溪村3组", "intake_mode": "court_delegate",
                "delegated_by": "县人民法院", "delegated_doc_no": "（2026）委调7号", "delegated_date": "2026-05-15",
                "delegated_return_by": "2026-06-15", "claims/c1/claim": "赔偿损失"}
        });
        story.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
        let values = from_dispute(&story.view(), "青禾镇人民调解委员会");
        assert_eq!((&values["source"], &values["delegated_by"]), (&json!("court"), &json!("县人民法院")));
        assert_eq!(
            (&values["delegated_return_by"], &values["claims/c1/claim"]),
            (&json!("2026-06-15"), &json!("赔偿损失"))
        );
        let mut file = Story::new();
        let body = json!({"type": "mediation", "form": "F-MEDIATION/1", "state": "applied", "place": {"area": GRID}, "set": values});
        let mei = person("mei", "mediator");
        file.admitted(&mei, "create", &body).unwrap();
        let left = |file: &Story, day| {
            let day = chrono::NaiveDate::from_ymd_opt(2026, 6, day).unwrap();
            crate::summary::Summary::of(&file.entity, Package::builtin()).unwrap().to_answer(day)
        };
        assert_eq!((left(&file, 11), left(&file, 12)), (None, Some(4)), "near");
        assert_eq!((left(&file, 15), left(&file, 17)), (Some(1), Some(-1)), "the last day, and late");
        file.admitted(&mei, "set", &json!({"set": {"delegated_returned_on": "2026-06-14"}})).unwrap();
        assert_eq!(left(&file, 17), None);
    }
}
