//! What a new record, or a new row, starts with (CAT-04): put there once, never over an answer, and a person may change
//! it. A value as it stands in the form, or one of four words for what only the moment knows.

use chrono::NaiveDate;
use serde_json::Value;

use super::{Field, FieldKind, FilledBy, Form, Values, visible};

/// What the moment knows: who writes, where and when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// The day, for `@today`.
    pub today: NaiveDate,
    /// The moment as datetimes are stored, for `@now`.
    pub now: String,
    /// The account, for `@me` where an account is asked for.
    pub user: String,
    /// The name, for `@me` where a name is asked for.
    pub name: String,
    /// The area code of the new record, for `@here`; empty = not known.
    pub area: String,
}

/// What a field starts with; `None` where it has no default, or the moment does not know.
pub fn start_of(field: &Field, known: &Known) -> Option<Value> {
    let default = field.default.as_ref()?;
    let words = match default.as_str() {
        Some("@today") => known.today.to_string(),
        Some("@now") => known.now.clone(),
        Some("@me") if field.kind == FieldKind::UserRef => known.user.clone(),
        Some("@me") => known.name.clone(),
        Some("@here") => known.area.clone(),
        _ => return Some(default.clone()),
    };
    (!words.is_empty()).then(|| words.into())
}

/// Fills what a new record starts with where nothing stands: only questions that are shown, and none of the handler's,
/// whose section would count as begun.
pub fn begin(form: &Form, values: &mut Values, known: &Known) {
    for (section, field) in form.fields().filter(|(section, _)| section.by != FilledBy::Handler) {
        if values.contains_key(&field.path) || !visible(section, field, values) {
            continue;
        }
        if let Some(value) = start_of(field, known) {
            values.insert(field.path.clone(), value);
        }
    }
}

/// Whether a default is a word of the moment that this kind of question takes; `None` for a value as it stands.
pub(crate) fn word_fits(field: &Field) -> Option<bool> {
    let kinds: &[FieldKind] = match field.default.as_ref()?.as_str()? {
        "@today" => &[FieldKind::Date],
        "@now" => &[FieldKind::Datetime],
        "@me" => &[FieldKind::UserRef, FieldKind::PersonRef, FieldKind::Text],
        "@here" => &[FieldKind::AreaRef],
        word if word.starts_with('@') => &[],
        _ => return None,
    };
    Some(kinds.contains(&field.kind))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::package::Package;

    fn known() -> Known {
        Known {
            today: NaiveDate::from_ymd_opt(2026, 11, 22).unwrap(),
            now: "2026-11-22T09:30".to_owned(),
            user: "ann".to_owned(),
            name: "何秀兰".to_owned(),
            area: "51000010020100301".to_owned(),
        }
    }

    fn begun(form: &str, values: &serde_json::Value) -> Values {
        let mut values: Values = values.as_object().unwrap().clone().into_iter().collect();
        begin(Package::builtin().form(form).unwrap(), &mut values, &known());
        values
    }

    #[test]
    fn a_new_record_starts_with_the_defaults_and_keeps_what_is_known() {
        let visit = begun("F-VISIT", &json!({}));
        assert_eq!((&visit["mode"], &visit["purposes"]), (&json!("in_home"), &json!(["daily"])));
        assert_eq!(begun("F-VISIT", &json!({"mode": "phone"}))["mode"], json!("phone"));
        let zero = begun("F-ZERO", &json!({}));
        assert_eq!(zero["area"], json!("51000010020100301"));
        assert_eq!(begun("F-DUTY", &json!({}))["officer"], json!("何秀兰"));
        assert_eq!(begun("F-EVAC", &json!({}))["notified_at"], json!("2026-11-22T09:30"));
        assert!(
            !begun("F-HAZARD", &json!({})).contains_key("rect_done_at"),
            "the handler's part is not begun"
        );
    }

    #[test]
    fn what_is_hidden_or_not_known_is_left_out() {
        let mut form = Package::builtin().form("F-DUTY").unwrap().clone();
        let field = &mut form.sections[0].fields[0];
        let path = field.path.clone();
        field.default = Some(json!("x"));
        field.visible_when = serde_json::from_value(json!({"eq": ["nothing", "yes"]})).ok();
        assert!(field.visible_when.is_some());
        let mut values = Values::new();
        begin(&form, &mut values, &Known { name: String::new(), ..known() });
        assert!(!values.contains_key(&path) && !values.contains_key("officer"));
    }

    #[test]
    fn a_default_has_to_fit_its_question() {
        let faults = |default: serde_json::Value| {
            let mut package = Package::builtin().clone();
            let form = package.forms.get_mut().iter_mut().find(|form| form.id == "F-ZERO").unwrap();
            let field = form.sections[0].fields.iter_mut().find(|field| field.path == "has_any").unwrap();
            field.default = Some(default);
            package.faults()
        };
        assert_eq!(faults(json!("none")), Vec::<String>::new());
        for wrong in [json!("perhaps"), json!("@today"), json!("@nobody"), json!(7)] {
            assert_eq!(faults(wrong.clone()).len(), 1, "{wrong}");
        }
    }
}
