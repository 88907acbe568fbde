//! What the app knows before the person types: time, place, household, source. Nothing is asked twice.

use gridbook_domain::form::{FieldKind, Form, Values};
use gridbook_domain::household::HouseholdView;
use gridbook_domain::record::RecordKind;
use gridbook_log::EntityId;
use serde_json::Value;

use super::{Start, reference};
use crate::app::{App, Draft};
use crate::ui::format;

/// A new draft with what is known.
pub(super) async fn draft(app: App, start: &Start, kind: RecordKind, form: &Form) -> Draft {
    let (now, package) = (app.now_ms(), app.package());
    let mut values = Values::new();
    let found = start.household.is_some() || start.parent.is_some();
    let source = if found { "visit_found" } else { "patrol_found" };
    match kind {
        RecordKind::Visit => {
            values.insert("mode".into(), "in_home".into());
            values.insert("purposes".into(), Value::from(vec!["daily"]));
        }
        RecordKind::Hazard => {
            values.insert("source".into(), source.into());
        }
        RecordKind::Dispute => {
            let mode = if found { "visit_found" } else { "neighbor_report" };
            values.insert("intake_mode".into(), mode.into());
            values.insert("scale".into(), "01".into());
            values.insert("people_count".into(), 2.into());
        }
        RecordKind::Matter => {
            values.insert("source".into(), source.into());
        }
        RecordKind::Entry | RecordKind::Mediation | RecordKind::Place => {}
        _ => {
            values.insert("residence_type".into(), "permanent".into());
            values.insert("status".into(), "active".into());
        }
    }
    for (_, field) in form.fields().filter(|(_, field)| field.auto) {
        match field.kind {
            FieldKind::Datetime => {
                values.insert(field.path.clone(), format::stored_time(&format::input_time(now)).into())
            }
            FieldKind::Date => values.insert(field.path.clone(), app.today().to_string().into()),
            _ => None,
        };
    }
    for (path, value) in &start.known {
        if form.field(path).is_some_and(|field| field.kind == FieldKind::Choice) {
            values.insert(path.clone(), value.as_str().into());
        }
    }
    // A hazard's item tells its category.
    let item = start.known.iter().find(|(path, _)| path == "item").map(|(_, id)| id.as_str());
    if let Some([category]) =
        item.and_then(|id| package.catalogue.get().item(id)).map(|item| item.categories.as_slice())
        && form
            .field("category")
            .is_some_and(|field| package.choices(field).iter().any(|held| held.id == *category))
    {
        values.insert("category".into(), category.as_str().into());
    }
    let mut area = String::new();
    if let Some(id) = start.household {
        values.insert("household".into(), reference(id));
        if let Ok(Some(entity)) = app.entity(id).await {
            let view = HouseholdView::of(&entity);
            let place = if view.address.is_empty() { &view.door_no } else { &view.address };
            for path in ["address_text", "occur_place"] {
                if kind.is_case() && form.field(path).is_some() && !place.is_empty() {
                    values.insert(path.to_owned(), place.as_str().into());
                }
            }
            area = view.area;
        }
    }
    if area.is_empty() {
        area = home_area(app);
    }
    Draft {
        form: format!("{}/{}", form.id, form.version),
        kind: kind.as_str().to_owned(),
        entity: Some(app.new_id()),
        values,
        household: start.household,
        parent: start.parent,
        area,
        begun_ms: now,
        updated_ms: now,
        ..Draft::default()
    }
}

/// The area of the person, where it is a single one at the ground; empty when the person has to say.
fn home_area(app: App) -> String {
    let actor = app.actor();
    let areas = actor.areas(app.today());
    match areas.as_slice() {
        [one] if one.len() >= 15 => (*one).to_owned(),
        _ => String::new(),
    }
}

/// The area of a household, for a record about it.
pub(super) fn area_of(app: App, household: EntityId) -> Option<String> {
    app.rows(|rows| rows.get(&household)?.summary.as_ref().map(|summary| summary.area.clone()))
}

/// Fills what the app may fill once the rest is known: the name of a quarrel.
pub(super) fn complete(app: App, kind: RecordKind, values: &mut Values) {
    let text = |path: &str| values.get(path).and_then(Value::as_str).unwrap_or_default();
    if kind == RecordKind::Dispute && text("event_name").is_empty() {
        let package = app.package();
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
        let name: String = name.chars().take(60).collect();
        values.insert("event_name".to_owned(), name.into());
    }
}
