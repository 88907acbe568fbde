//! Answers in words: what a field's stored value says to a reader, the same on phone and desk.

use gridbook_domain::form::{Field, FieldKind};
use gridbook_domain::package::Package;
use gridbook_log::EntityId;
use serde_json::Value;

use super::directory::Names;
use super::form::{household_line, place_words};
use super::format;
use crate::app::App;

/// A value in words, with the names of the records on this device that it names. Tables and photos are drawn elsewhere.
pub fn told(app: App, package: &Package, names: &Names, field: &Field, value: &Value) -> String {
    let home = |id: &str| EntityId::parse(id).and_then(|id| household_line(app, id));
    match (field.kind, value) {
        (FieldKind::HouseholdRef, Value::String(id)) => home(id).unwrap_or_else(|| "户".to_owned()),
        (FieldKind::PlaceRef, Value::String(id)) => place_words(app, id),
        (FieldKind::PersonRef, Value::String(person)) => match person.split_once('/') {
            Some((id, _)) => home(id).map_or_else(|| "一名成员".to_owned(), |home| format!("{home} 的成员")),
            None => person.clone(),
        },
        (FieldKind::RecordRef, Value::String(id)) => {
            let row = EntityId::parse(id).and_then(|id| app.row(id));
            row.and_then(|row| row.summary).map_or_else(|| "另一条记录".to_owned(), |s| s.title)
        }
        _ => said(package, names, field, value),
    }
}

/// A value in words, where what names another record is drawn as a way to it.
pub fn said(package: &Package, names: &Names, field: &Field, value: &Value) -> String {
    let label = |id: &str| {
        let choice = package.choices(field).iter().find(|choice| choice.id == id);
        choice.map_or_else(|| id.to_owned(), |choice| choice.label.clone())
    };
    let each = |list: &[Value], words: &dyn Fn(&str) -> String| {
        list.iter().filter_map(Value::as_str).map(words).collect::<Vec<_>>().join("、")
    };
    match (field.kind, value) {
        (FieldKind::Choice, Value::String(id)) => label(id),
        (FieldKind::UserRef, Value::String(user)) => names.person(user),
        (FieldKind::UnitRef, Value::String(code)) => names.unit(code),
        (FieldKind::AreaRef, Value::String(code)) => names.area(code),
        (FieldKind::UnitRefs, Value::Array(list)) => each(list, &|code| names.unit(code)),
        (_, Value::Array(list)) => each(list, &label),
        (FieldKind::Datetime, Value::String(stored)) => {
            let shown = format::shown_time(stored);
            if shown.is_empty() { stored.clone() } else { shown.replace('T', " ") }
        }
        (FieldKind::Geo, Value::Object(geo)) => {
            let part = |name: &str| geo.get(name).and_then(Value::as_f64);
            match (part("lat"), part("lon"), part("acc")) {
                (Some(lat), Some(lon), Some(acc)) => format!("{lat:.5}, {lon:.5}（误差约 {acc:.0} 米）"),
                (Some(lat), Some(lon), None) => format!("{lat:.5}, {lon:.5}"),
                _ => String::new(),
            }
        }
        (_, Value::Bool(yes)) => if *yes { "是" } else { "否" }.to_owned(),
        (_, Value::String(said)) => said.clone(),
        (_, Value::Number(number)) => {
            format!("{number} {}", field.unit.as_deref().unwrap_or_default()).trim().to_owned()
        }
        (_, Value::Null | Value::Object(_)) => String::new(),
    }
}
