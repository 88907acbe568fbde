//! Answers that follow from others: sums of a column, products in a row (CAT-04). Never typed, never stored by hand.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Field, Form, Values, table_rows};

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
        let form = Package::builtin().form("F-COURT").unwrap();
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
}
