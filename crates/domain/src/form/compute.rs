//! Answers that follow from others: sums of a column, products in a row (CAT-04). Never typed, never stored by hand.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Field, Form, Values, table_rows, visible};

/// A hundred points, in tenths.
const WHOLE: i64 = 1000;

/// How an answer follows, as data: `{"sum": ["goods", "sum"]}`, `{"mul": ["points", "quantity"]}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compute {
    /// The sum of a table's column.
    Sum(String, String),
    /// The product of answers in the same row, or in the record.
    Mul(Vec<String>),
    /// Their sum.
    Add(Vec<String>),
    /// Points of choices out of a hundred, in tenths.
    Score(Score),
}

/// How choices become points (domain data 4.11.4). What is hidden counts neither as got nor as missed, so that a
/// household that shows no room is measured by the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// Points of an answer, by the id of its choice.
    pub points: BTreeMap<String, i64>,
    /// Weight of every choice in a section, by the id of the section.
    pub sections: BTreeMap<String, i64>,
}

impl Score {
    /// `None` while nothing was answered.
    fn tenths(&self, form: &Form, values: &Values) -> Option<i64> {
        let best = self.points.values().copied().max().unwrap_or(0);
        let (mut got, mut most, mut any) = (0i64, 0i64, false);
        for (section, field) in form.fields().filter(|(_, field)| field.options.is_some()) {
            let Some(weight) = self.sections.get(&section.id).filter(|_| visible(section, field, values))
            else {
                continue;
            };
            let said = values.get(&field.path).and_then(Value::as_str).and_then(|id| self.points.get(id));
            any |= said.is_some();
            got = got.saturating_add(said.copied().unwrap_or(0).saturating_mul(*weight));
            most = most.saturating_add(best.saturating_mul(*weight));
        }
        (any && most > 0).then(|| (got.saturating_mul(WHOLE) + most / 2) / most)
    }
}

/// The answer of a computed field in words: points with their tenth, everything else as it is.
pub fn computed_words(form: &Form, field: &Field, row: Option<&str>, values: &Values) -> Option<String> {
    let value = computed(form, field, row, values)?;
    Some(match field.compute {
        Some(Compute::Score(_)) if value % 10 != 0 => format!("{}.{}", value / 10, value % 10),
        Some(Compute::Score(_)) => (value / 10).to_string(),
        _ => value.to_string(),
    })
}

/// The answer of a computed field; `row` is `<table>/<row>` inside a table. Empty answers count nothing; `None` when
/// nothing was entered yet, or the field is not a computed one.
pub fn computed(form: &Form, field: &Field, row: Option<&str>, values: &Values) -> Option<i64> {
    match field.compute.as_ref()? {
        Compute::Sum(table, column) => {
            let column = form.field(table)?.fields.iter().find(|held| held.path == *column)?;
            fold(table_rows(values, table).into_iter().map(|id| {
                let row = format!("{table}/{id}");
                answer(form, column, Some(&row), values)
            }))
        }
        Compute::Score(score) => score.tenths(form, values),
        Compute::Add(paths) => fold(paths.iter().map(|path| named(form, path, row, values))),
        Compute::Mul(paths) => paths
            .iter()
            .map(|path| named(form, path, row, values))
            .try_fold(1i64, |product, factor| product.checked_mul(factor?)),
    }
}

fn fold(parts: impl Iterator<Item = Option<i64>>) -> Option<i64> {
    let mut parts = parts.flatten().peekable();
    parts.peek()?;
    Some(parts.fold(0, i64::saturating_add))
}

fn named(form: &Form, path: &str, row: Option<&str>, values: &Values) -> Option<i64> {
    let field = match row.and_then(|row| row.split('/').next()) {
        Some(table) => form.field(table)?.fields.iter().find(|held| held.path == path)?,
        None => form.field(path)?,
    };
    answer(form, field, row, values)
}

fn answer(form: &Form, field: &Field, row: Option<&str>, values: &Values) -> Option<i64> {
    if field.compute.is_some() {
        return computed(form, field, row, values);
    }
    let path = row.map_or_else(|| field.path.clone(), |row| format!("{row}/{}", field.path));
    values.get(&path).and_then(Value::as_i64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::package::Package;

    #[test]
    fn rows_multiply_and_the_column_adds_up() {
        let form = Package::builtin().form("F-REDEEM").unwrap();
        let total = |values: &Values| computed(form, form.field("total").unwrap(), None, values);
        let mut values = Values::new();
        assert_eq!(total(&values), None);
        for (path, number) in [("goods/a/points", 30), ("goods/a/quantity", 2), ("goods/b/points", 5)] {
            values.insert(path.to_owned(), json!(number));
        }
        assert_eq!(total(&values), Some(60), "a row that is not complete counts nothing yet");
        values.insert("goods/b/quantity".to_owned(), json!(4));
        assert_eq!(total(&values), Some(80));
        values.insert("goods/a/_gone".to_owned(), json!(true));
        assert_eq!(total(&values), Some(20));
        assert_eq!(computed(form, form.field("shop").unwrap(), None, &values), None);
    }

    #[test]
    fn the_courtyard_comes_to_a_hundred() {
        let form = Package::builtin().form_named("F-COURT/1").unwrap();
        let mut values = Values::new();
        for n in 0..35 {
            let weight = if n < 25 {
                25
            } else if n < 30 {
                40
            } else {
                35
            };
            values.insert(format!("scores/r{n}/half_points"), json!(2));
            values.insert(format!("scores/r{n}/weight10"), json!(weight));
        }
        assert_eq!(computed(form, form.field("total20").unwrap(), None, &values), Some(100 * 20));
    }

    #[test]
    fn thirty_five_items_are_weighed_and_what_was_not_shown_is_left_out() {
        let form = Package::builtin().form("F-COURT").unwrap();
        let scored =
            |field: &&Field| field.options == Some(crate::form::Options::Dict("court_score".to_owned()));
        let items: Vec<&Field> = form.fields().map(|(_, field)| field).filter(scored).collect();
        assert_eq!(items.len(), 35);
        let total = |values: &Values| computed_words(form, form.field("total").unwrap(), None, values);
        let mut values: Values = [("indoor_ok".to_owned(), json!(true))].into();
        assert_eq!(total(&values), None, "nothing was scored yet");
        values.extend(items.iter().map(|item| (item.path.clone(), json!("full"))));
        assert_eq!(total(&values).as_deref(), Some("100"));
        // 5 × 2.5 × a half less, then 4 × a half less.
        for path in ["s01", "s02", "s03", "s04", "s05"] {
            values.insert(path.to_owned(), json!("half"));
        }
        assert_eq!(total(&values).as_deref(), Some("93.8"), "100 − 6.25");
        values.insert("s26".to_owned(), json!("half"));
        assert_eq!(total(&values).as_deref(), Some("91.8"));
        // No room was shown: 25 + 8 points are out of the question, 2 of the other 67 were missed.
        values.insert("indoor_ok".to_owned(), json!(false));
        assert_eq!(total(&values).as_deref(), Some("97"));
        let none: Values = items.iter().map(|item| (item.path.clone(), json!("none"))).collect();
        assert_eq!(total(&none).as_deref(), Some("0"));
        let goods = Package::builtin().form("F-REDEEM").unwrap();
        let sum = computed_words(
            goods,
            goods.field("total").unwrap(),
            None,
            &[("goods/a/points".to_owned(), json!(3)), ("goods/a/quantity".to_owned(), json!(4))].into(),
        );
        assert_eq!(sum.as_deref(), Some("12"));
    }
}
