//! What follows from an answer while it is given: dependent choices that no longer fit go, a level that the answer calls
//! for is filled in, and never lowered (HAZ-01, MED-13).

use serde_json::Value;

use super::{Form, Values};
use crate::mediation::risk;
use crate::package::Package;

/// Lets the other answers follow from the one at `path`, a question of the record itself.
pub fn follow(form: &Form, package: &Package, values: &mut Values, path: &str) {
    let text = |values: &Values, path: &str| values.get(path).and_then(Value::as_str).map(str::to_owned);
    let given = text(values, path);
    for (_, field) in form.fields().filter(|(_, field)| field.options_by.as_deref() == Some(path)) {
        let fits = |id: &String| {
            package.choices(field).iter().any(|choice| choice.id == *id && choice.parent == given)
        };
        if text(values, &field.path).is_some_and(|id| !fits(&id)) {
            values.remove(&field.path);
        }
    }
    if risk::tick(form, values, path) || path == risk::CHECKLIST {
        // That nothing is ticked is no answer yet.
        if let (1.., Some(level)) = risk::called(package, values) {
            raise(package, values, "risk_level", level);
        }
        return;
    }
    let level = form
        .field(path)
        .and_then(|field| package.choices(field).iter().find(|choice| Some(&choice.id) == given.as_ref()))
        .and_then(|choice| choice.level.as_deref());
    if let Some(level) = level.filter(|_| form.field("level").is_some()) {
        raise(package, values, "level", level);
    }
}

/// Puts a level where none stands, or a less severe one.
pub(crate) fn raise(package: &Package, values: &mut Values, path: &str, level: &str) {
    let held = values.get(path).and_then(Value::as_str).map_or(u8::MAX, |id| package.rank(id));
    if package.rank(level) < held {
        values.insert(path.to_owned(), level.into());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::record::RecordKind;

    fn after(form: &Form, before: &Value, path: &str, answer: Value) -> Values {
        let mut values: Values = before.as_object().unwrap().clone().into_iter().collect();
        values.insert(path.to_owned(), answer);
        follow(form, Package::builtin(), &mut values, path);
        values
    }

    #[test]
    fn another_category_takes_its_subtype_along_and_a_subtype_only_raises_the_level() {
        let package = Package::builtin();
        let of_step = package.flow(RecordKind::Hazard).unwrap().actions("register").next().unwrap();
        for form in [package.form("F-HAZARD").unwrap(), &of_step.form(RecordKind::Hazard)] {
            let chosen = json!({"category": "fire", "subtype": "fire.1", "level": "yellow"});
            let other = after(form, &chosen, "category", json!("gas"));
            assert_eq!((other.get("subtype"), &other["level"]), (None, &json!("yellow")));
            let same = after(form, &chosen, "category", json!("fire"));
            assert_eq!(same["subtype"], json!("fire.1"));
            for (subtype, level) in [("fire.1", "orange"), ("fire.6", "yellow")] {
                assert_eq!(after(form, &chosen, "subtype", json!(subtype))["level"], json!(level));
            }
        }
    }

    #[test]
    fn how_many_people_and_how_much_money_tick_themselves() {
        let form = Package::builtin().form("F-DISPUTE").unwrap();
        let ticked = |values: &Values| values["risk_checklist"].clone();
        let many = after(form, &json!({"risk_checklist": ["media"]}), "people_count", json!(31));
        assert_eq!(ticked(&many), json!(["media", "people_5", "people_30"]));
        assert_eq!(many["risk_level"], json!("orange"), "2 of the media and the heavier of the two, 4");
        // A number that was only half typed leaves nothing behind, and a level is never lowered.
        let few = after(form, &Value::Object(many.into_iter().collect()), "people_count", json!(3));
        assert_eq!((ticked(&few), &few["risk_level"]), (json!(["media"]), &json!("orange")));
        let loss = after(form, &json!({}), "amount", json!(100_000.5));
        assert_eq!(ticked(&loss), json!(["loss_100k"]));
        assert!(!after(form, &json!({}), "amount", json!(100_000)).contains_key("risk_checklist"));
        // A form that does not ask for them gets none.
        let oral = Package::builtin().form("F-HAZARD").unwrap();
        assert!(!after(oral, &json!({}), "people_count", json!(31)).contains_key("risk_checklist"));
    }

    #[test]
    fn what_is_ticked_raises_the_risk_and_nothing_ticked_says_nothing() {
        let form = Package::builtin().form("F-DISPUTE").unwrap();
        let level = |before: &Value, ticked: Value| {
            after(form, before, "risk_checklist", ticked).get("risk_level").cloned()
        };
        assert_eq!(level(&json!({}), json!(["violence_threat"])), Some(json!("yellow")));
        assert_eq!(level(&json!({"risk_level": "red"}), json!(["violence_threat"])), Some(json!("red")));
        assert_eq!(level(&json!({}), json!([])), None);
    }
}
