//! Small data expressions over values: when a field is shown or demanded.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A condition, as data: `{"eq": ["met", "not_met"]}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// The value at the path equals this one.
    Eq(String, Value),
    /// The value at the path is one of these.
    In(String, Vec<Value>),
    /// The list at the path holds this value.
    Has(String, Value),
    /// There is an answer at the path.
    Filled(String),
    /// The opposite.
    Not(Box<Condition>),
    /// At least one holds.
    Any(Vec<Condition>),
    /// All hold.
    All(Vec<Condition>),
}

impl Condition {
    /// Whether it holds, given a way to look values up.
    pub fn holds<'v>(&self, look: &dyn Fn(&str) -> Option<&'v Value>) -> bool {
        match self {
            Self::Eq(path, value) => look(path) == Some(value),
            Self::In(path, values) => look(path).is_some_and(|found| values.contains(found)),
            Self::Has(path, value) => {
                look(path).and_then(Value::as_array).is_some_and(|list| list.contains(value))
            }
            Self::Filled(path) => look(path).is_some_and(filled),
            Self::Not(inner) => !inner.holds(look),
            Self::Any(list) => list.iter().any(|inner| inner.holds(look)),
            Self::All(list) => list.iter().all(|inner| inner.holds(look)),
        }
    }

    /// Every path that the condition looks at, with the values it compares to.
    pub fn mentions(&self) -> Vec<(&str, Vec<&Value>)> {
        match self {
            Self::Eq(path, value) | Self::Has(path, value) => vec![(path, vec![value])],
            Self::In(path, values) => vec![(path, values.iter().collect())],
            Self::Filled(path) => vec![(path, vec![])],
            Self::Not(inner) => inner.mentions(),
            Self::Any(list) | Self::All(list) => list.iter().flat_map(Self::mentions).collect(),
        }
    }
}

/// True for an answer that says something: not null, not blank, not an empty list.
pub(crate) fn filled(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => true,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn holds(condition: Value, values: &Value) -> bool {
        let condition: Condition = serde_json::from_value(condition).unwrap();
        condition.holds(&|path| values.get(path))
    }

    #[test]
    fn each_form_both_ways() {
        let values = json!({"met": "not_met", "n": 3, "list": ["a"], "blank": "  ", "none": []});
        for (yes, no) in [
            (json!({"eq": ["met", "not_met"]}), json!({"eq": ["met", "head"]})),
            (json!({"in": ["n", [3, 4]]}), json!({"in": ["absent", [3]]})),
            (json!({"has": ["list", "a"]}), json!({"has": ["list", "b"]})),
            (json!({"filled": "met"}), json!({"filled": "blank"})),
            (json!({"not": {"filled": "none"}}), json!({"not": {"filled": "n"}})),
            (
                json!({"any": [{"filled": "absent"}, {"filled": "n"}]}),
                json!({"all": [{"filled": "absent"}, {"filled": "n"}]}),
            ),
        ] {
            assert!(holds(yes.clone(), &values), "{yes}");
            assert!(!holds(no.clone(), &values), "{no}");
        }
    }
}
