//! Values in words: what a field's answer says to a reader.

use gridbook_domain::form::{Field, FieldKind, Values, table_rows};
use gridbook_domain::package::Package;
use gridbook_log::EntityId;
use serde_json::Value;

use super::route::Route;
use crate::ui::directory::Names;

/// A value in words. Tables, photos and places are drawn elsewhere.
pub fn text(package: &Package, names: &Names, field: &Field, value: &Value) -> String {
    let label = |id: &str| {
        let choices = package.choices(field);
        choices
            .iter()
            .find(|choice| choice.id == id)
            .map_or_else(|| id.to_owned(), |choice| choice.label.clone())
    };
    match (field.kind, value) {
        (FieldKind::Choice, Value::String(id)) => label(id),
        (FieldKind::Multi, Value::Array(list)) => {
            list.iter().filter_map(Value::as_str).map(label).collect::<Vec<_>>().join("、")
        }
        (FieldKind::UnitRef, Value::String(code)) => names.unit(code),
        (FieldKind::UnitRefs, Value::Array(list)) => {
            list.iter().filter_map(Value::as_str).map(|code| names.unit(code)).collect::<Vec<_>>().join("、")
        }
        (FieldKind::UserRef, Value::String(user)) => names.person(user),
        (FieldKind::AreaRef, Value::String(code)) => names.area(code),
        (FieldKind::Datetime, Value::String(at)) => at.chars().take(16).collect::<String>().replace('T', " "),
        (FieldKind::Geo, Value::Object(geo)) => {
            let part = |name: &str| geo.get(name).and_then(Value::as_f64);
            match (part("lat"), part("lon"), part("acc")) {
                (Some(lat), Some(lon), Some(acc)) => format!("{lat:.5}, {lon:.5}（精度 {acc:.0} 米）"),
                (Some(lat), Some(lon), None) => format!("{lat:.5}, {lon:.5}"),
                _ => String::new(),
            }
        }
        (_, Value::Bool(yes)) => if *yes { "是" } else { "否" }.to_owned(),
        (_, Value::String(said)) => said.clone(),
        (_, Value::Null) => String::new(),
        (_, Value::Number(number)) => {
            let unit = field.unit.as_deref().unwrap_or_default();
            format!("{number} {unit}").trim().to_owned()
        }
        (_, other) => other.to_string(),
    }
}

/// The rows of a table, one line each: `姓名：周桂兰；电话：138…`.
pub fn rows(package: &Package, names: &Names, field: &Field, values: &Values) -> Vec<String> {
    table_rows(values, &field.path)
        .into_iter()
        .map(|row| {
            field
                .fields
                .iter()
                .filter_map(|inner| {
                    let value = values.get(&format!("{}/{row}/{}", field.path, inner.path))?;
                    let said = text(package, names, inner, value);
                    (!said.is_empty()).then(|| format!("{}：{said}", inner.label))
                })
                .collect::<Vec<_>>()
                .join("；")
        })
        .filter(|line| !line.is_empty())
        .collect()
}

/// Where a reference leads.
pub fn link(field: &Field, value: &Value) -> Option<(String, &'static str)> {
    let id = EntityId::parse(value.as_str()?)?;
    match field.kind {
        FieldKind::HouseholdRef => Some((Route::Households(Some(id)).href(), "打开这一户")),
        FieldKind::RecordRef => Some((Route::Queue(Some(id)).href(), "打开这条记录")),
        _ => None,
    }
}
