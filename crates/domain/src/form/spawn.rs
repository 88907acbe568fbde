//! Which answers offer a child report (CAT-07): those of the record, and those in the rows of its tables.

use super::{Field, Form, Spawn, Values, table_rows};
use crate::package::Package;
use crate::plan::RequestRule;
use crate::record::RecordKind;

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

/// A need that was told on a visit: the item by which it is reported, what it is about, and the words of whoever told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// Id of the item.
    pub item: String,
    /// What it is about.
    pub label: String,
    /// What was said; empty where one answer told it.
    pub facts: String,
}

/// The calls for help and the opinions that a visit gives rise to (CAT-07), each by the item of the list that takes it.
pub fn needs(package: &Package, form: &Form, values: &Values) -> Vec<Need> {
    let rules = package.visits.get();
    let text = |path: &str| values.get(path).and_then(serde_json::Value::as_str).unwrap_or_default();
    let mut found = Vec::new();
    if form.record != RecordKind::Visit {
        return found;
    }
    for rule in rules.needs.iter().filter(|rule| values.get(&rule.path) == Some(&rule.value)) {
        let label = form.field(&rule.path).map_or_else(String::new, |field| field.label.clone());
        found.push(Need { item: rule.item.clone(), label, facts: String::new() });
    }
    for row in table_rows(values, "requests") {
        let at = |column: &str| text(&format!("requests/{row}/{column}"));
        let fits = |rule: &&RequestRule| {
            let kind = rule.kinds.is_empty() || rule.kinds.iter().any(|kind| kind == at("kind"));
            kind && rule.handling == at("handling")
        };
        let Some(rule) = rules.requests.iter().find(fits) else { continue };
        let label = package.label("request_kind", at("kind")).to_owned();
        found.push(Need { item: rule.item.clone(), label, facts: at("content").trim().to_owned() });
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

    #[test]
    fn a_visit_offers_help_and_opinions_by_the_items_of_the_list() {
        let package = Package::builtin();
        let form = package.form("F-VISIT").unwrap();
        let values: Values = json!({
            "food_clothing": "problem", "income_shock": "none",
            "requests/a/kind": "medical", "requests/a/content": "药费付不起", "requests/a/handling": "reported",
            "requests/b/kind": "road", "requests/b/content": "路灯不亮", "requests/b/handling": "reported",
            "requests/c/kind": "policy", "requests/c/content": "办社保卡", "requests/c/handling": "transferred",
            "requests/d/kind": "policy", "requests/d/content": "医保怎么交", "requests/d/handling": "answered"
        })
        .as_object()
        .unwrap()
        .clone()
        .into_iter()
        .collect();
        let found = needs(package, form, &values);
        let told: Vec<_> = found.iter().map(|need| (need.item.as_str(), need.facts.as_str())).collect();
        let wanted = [
            ("relief_need", ""),
            ("relief_need", "药费付不起"),
            ("public_opinion", "路灯不亮"),
            ("proxy_service", "办社保卡"),
        ];
        assert_eq!(told, wanted, "what was answered on the spot is none");
        for need in &found {
            let item = package.catalogue.get().item(&need.item).unwrap();
            assert!(package.form(&item.form).unwrap().field("facts").is_some(), "the words go into its form");
        }
        assert!(needs(package, package.form("F-HELP").unwrap(), &values).is_empty());
    }
}
