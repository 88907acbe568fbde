//! Values in words: what a field's answer says to a reader.

use gridbook_domain::form::{Field, FieldKind, Values, table_rows};
use gridbook_domain::package::Package;
use gridbook_log::EntityId;
use serde_json::Value;

use super::route::Route;
use crate::ui::directory::Names;

pub use crate::ui::answer::said as text;

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
