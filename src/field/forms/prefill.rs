//! What the app knows before the person types: time, place, household, source. Nothing is asked twice.

use gridbook_domain::form::{Field, FieldKind, Form, Values, begin, table_rows};
use gridbook_domain::hazard::{answers, inspect};
use gridbook_domain::household::HouseholdView;
use gridbook_domain::mediation::open::{quarrel_name, shared};
use gridbook_domain::mediation::step::Step;
use gridbook_domain::record::RecordKind;
use gridbook_domain::territory::within_grid;
use gridbook_log::EntityId;
use leptos::prelude::*;
use serde_json::Value;

use super::{Start, reference};
use crate::app::{App, Draft};
use crate::ui::form::{known, place_words};
use crate::ui::format;

/// A new draft with what is known.
pub(super) async fn draft(app: App, start: &Start, kind: RecordKind, form: &Form) -> Draft {
    let (now, package) = (app.now_ms(), app.package());
    let (mut values, mut lies) = (Values::new(), String::new());
    let found = start.household.is_some() || start.parent.is_some();
    // What it was met on is known; the rest of the start stands in the form (CAT-04).
    if found {
        for path in ["source", "intake_mode"] {
            if kind.is_case() && form.field(path).is_some() {
                values.insert(path.to_owned(), "visit_found".into());
            }
        }
    }
    if kind == RecordKind::Mediation {
        file(app, start, &mut values, &mut lies).await;
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
        let takes = |field: &Field| {
            matches!(
                field.kind,
                FieldKind::Choice
                    | FieldKind::Text
                    | FieldKind::LongText
                    | FieldKind::Datetime
                    | FieldKind::PlaceRef
                    | FieldKind::RecordRef
                    | FieldKind::AreaRef
            )
        };
        if form.field(path).is_some_and(takes) {
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
    if form.id == "F-ORAL" {
        oral(app, start, &mut values).await;
    }
    let mut area = lies;
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
    // A patrol lies where its point lies, a report of what it found where the patrol lies.
    let point = values.get("place").and_then(Value::as_str).and_then(EntityId::parse);
    let from = point.or(start.parent).filter(|_| area.is_empty());
    area = from.and_then(|id| untrack(|| area_of(app, id))).unwrap_or(area);
    if area.is_empty() {
        let said = start.known.iter().find(|(path, _)| path == "area").map(|(_, code)| code.clone());
        area = said.unwrap_or_else(|| home_area(app));
    }
    begin(form, &mut values, &known(app, area.clone()));
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
        [one] if within_grid(one) => (*one).to_owned(),
        _ => String::new(),
    }
}

/// The area of a household or point, for a record about it.
pub(super) fn area_of(app: App, about: EntityId) -> Option<String> {
    app.rows(|rows| rows.get(&about)?.summary.as_ref().map(|summary| summary.area.clone()))
}

/// Fills what the app may fill once the rest is known: the name of a quarrel.
pub(super) fn complete(app: App, kind: RecordKind, values: &mut Values) {
    let text = |path: &str| values.get(path).and_then(Value::as_str).unwrap_or_default();
    if kind == RecordKind::Entry && text("title").is_empty() && !text("place").is_empty() {
        let name: String = untrack(|| place_words(app, text("place"))).chars().take(30).collect();
        values.insert("title".to_owned(), name.into());
    }
    let text = |path: &str| values.get(path).and_then(Value::as_str).unwrap_or_default();
    // What was agreed on the spot is the result of the case.
    let settled = match text("oral_result") {
        "oral" | "written" => Some(("succeeded", text("agreement_text").to_owned())),
        "failed" => Some(("failed", text("process").to_owned())),
        _ => None,
    };
    if let Some((success, words)) = settled {
        values.insert("success".to_owned(), success.into());
        let words = if words.is_empty() {
            "没有达成协议".to_owned()
        } else {
            words.chars().take(1000).collect()
        };
        values.insert("result_desc".to_owned(), words.into());
    }
    if kind == RecordKind::Dispute
        && let Some(name) = quarrel_name(&app.package(), values)
    {
        values.insert("event_name".to_owned(), name.into());
    }
}

/// The name of whoever is signed in.
pub(super) fn own_name(app: App) -> String {
    app.session.with_untracked(|s| s.as_ref().map(|s| s.profile.name.clone())).unwrap_or_default()
}

fn put_row(app: App, values: &mut Values, table: &str, columns: &[(&str, Value)]) {
    // Rows are shown in the order of their ids, and these are made within one millisecond.
    let (row, n) = (app.new_row(), table_rows(values, table).len());
    let row = format!("{}{n:02x}{}", &row[..12], &row[14..]);
    values.extend(columns.iter().map(|(column, value)| (format!("{table}/{row}/{column}"), value.clone())));
}

/// An oral mediation: who mediates, and two parties, the household's head being one of them.
async fn oral(app: App, start: &Start, values: &mut Values) {
    values.insert("mediators".into(), own_name(app).into());
    let mut first = vec![("name", Value::Null)];
    if let Some(id) = start.household
        && let Ok(Some(entity)) = app.entity(id).await
    {
        let view = HouseholdView::of(&entity);
        first = vec![("name", view.head.into()), ("address", view.address.into())];
        first.extend(view.phones.first().map(|phone| ("phone", Value::from(phone.number.as_str()))));
    }
    for (side, mut columns) in [("applicant", first), ("respondent", vec![("name", Value::Null)])] {
        columns.extend([("side", side.into()), ("kind", "natural".into())]);
        put_row(app, values, "parties", &columns);
    }
}

/// A mediation file: everything that the dispute says already (MED-02).
async fn file(app: App, start: &Start, values: &mut Values, area: &mut String) {
    let town = app.session.with_untracked(|s| s.as_ref().map(|s| s.profile.township.name.clone()));
    values.insert("committee".into(), format!("{}人民调解委员会", town.unwrap_or_default()).into());
    let Some(id) = start.parent else { return };
    values.insert("dispute".into(), reference(id));
    let Ok(Some(entity)) = app.entity(id).await else { return };
    entity.area().unwrap_or_default().clone_into(area);
    values.extend(shared(&entity.values()));
}

/// What a step of a file begins with: names and days that are known; only where nothing was written yet.
pub(super) fn step(app: App, step: Step, values: &mut Values) {
    let (today, me) = (Value::from(app.today().to_string()), Value::from(own_name(app)));
    let now = Value::from(format::stored_time(&format::input_time(app.now_ms())));
    let has = |values: &Values, table: &str| !table_rows(values, table).is_empty();
    match step {
        Step::Assign if !has(values, "mediators") => {
            put_row(app, values, "mediators", &[("name", me), ("lead", true.into())]);
            values.entry("assigned_on".into()).or_insert(today);
        }
        Step::Investigate if !has(values, "investigations") => {
            for side in ["applicant", "respondent"] {
                let talk = [("kind", "talk".into()), ("side", side.into()), ("asker", me.clone())];
                put_row(app, values, "investigations", &[&talk[..], &[("from_at", now.clone())]].concat());
            }
        }
        Step::Inform if !has(values, "notices") => {
            let names: Vec<Value> = table_rows(values, "parties")
                .into_iter()
                .filter_map(|row| values.get(&format!("parties/{row}/name")).cloned())
                .collect();
            for name in names {
                put_row(app, values, "notices", &[("person", name), ("on", today.clone())]);
            }
        }
        Step::Mediate if !has(values, "talks") => {
            put_row(app, values, "talks", &[("at", now), ("way", "face".into())]);
        }
        Step::FollowUp => {
            put_row(app, values, "follow_ups", &[("on", today), ("visitor", me)]);
        }
        _ => {}
    }
}

/// What an inspection list still lacks, in words.
pub(super) fn unanswered(app: App, form: &str, values: &Values) -> Option<String> {
    if form != "F-INSP" {
        return None;
    }
    let package = app.package();
    let list = values.get("list").and_then(Value::as_str)?;
    let (_, open, _) = inspect(&package, package.hazards.get(), list, &answers(values))?;
    (!open.is_empty()).then(|| format!("检查表还有 {} 项没有答", open.len()))
}
