//! Which answers offer a child report (CAT-07): those of the record, and those in the rows of its tables.

use super::{Field, Form, Spawn, Values, table_rows};
use crate::package::Package;

/// The child reports that the answers call for, each with words for what it is about.
pub fn spawns<'f>(package: &Package, form: &'f Form, values: &Values) -> Vec<(String, &'f Spawn)> {
    let mut found = Vec::new();
    for (_, field) in form.fields() {
        let answer = values.get(&field.path);
        let called = field.spawn.iter().filter(|spawn| answer == Some(&spawn.value));
        found.extend(called.map(|spawn| (field.label.clone(), spawn)));
        for row in table_rows(values, &field.path) {
            let at = |column: &Field| values.get(&format!("{}/{row}/{}", field.path, column.path));
            for column in &field.fields {
                for spawn in column.spawn.iter().filter(|spawn| at(column) == Some(&spawn.value)) {
                    // A row is named by its first answer.
                    let first = field.fields.iter().find_map(|named| Some((named, at(named)?.as_str()?)));
                    let name = first.map_or(field.label.as_str(), |(named, text)| {
                        let choice = package.choices(named).iter().find(|choice| choice.id == text);
                        choice.map_or(text, |choice| choice.label.as_str())
                    });
                    found.push((name.to_owned(), spawn));
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn a_patrol_offers_a_hazard_for_each_abnormal_row() {
        let package = Package::builtin();
        let form = package.form("F-PATROL").unwrap();
        let values: Values = json!({
            "checks/a/what": "crack", "checks/a/state": "abnormal", "checks/b/what": "sign", "checks/b/state": "ok",
            "checks/c/what": "seepage", "checks/c/state": "abnormal", "checks/c/_gone": true
        })
        .as_object()
        .unwrap()
        .clone()
        .into_iter()
        .collect();
        let found = spawns(package, form, &values);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].0.as_str(), &found[0].1.set["source"]), ("裂缝", &json!("patrol_found")));
    }

    #[test]
    fn a_visit_offers_what_its_answers_call_for() {
        let package = Package::builtin();
        let form = package.form("F-VISIT").unwrap();
        let values =
            Values::from([("geo_ok".to_owned(), json!("hazard")), ("fire_ok".to_owned(), json!("ok"))]);
        let found = spawns(package, form, &values);
        assert_eq!(found.iter().map(|(label, _)| label.as_str()).collect::<Vec<_>>(), ["屋后坡体"]);
    }
}
