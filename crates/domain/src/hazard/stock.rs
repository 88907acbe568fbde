//! What is kept at a point against the day on which it is needed (TERR-10): sandbags, lamps, a generator.

use chrono::NaiveDate;
use serde_json::Value;

use crate::date;
use crate::form::{Values, table_rows};

/// One line of what is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Material {
    /// What.
    pub what: String,
    /// How much.
    pub quantity: i64,
    /// Of which unit; may be empty.
    pub unit: String,
    /// The last day on which it is good; `None` = not said.
    pub good_until: Option<NaiveDate>,
    /// Who keeps it; may be empty.
    pub keeper: String,
    /// Remarks.
    pub note: String,
}

impl Material {
    /// Whether it is no good any more.
    pub fn is_over(&self, today: NaiveDate) -> bool {
        self.good_until.is_some_and(|last| last < today)
    }

    /// How much, with its unit.
    pub fn amount(&self) -> String {
        format!("{} {}", self.quantity, self.unit).trim_end().to_owned()
    }

    /// Until when it is good, who keeps it, remarks.
    pub fn words(&self) -> String {
        let until = self.good_until.map(|day| format!("有效期到 {day}"));
        let keeper = (!self.keeper.is_empty()).then(|| format!("保管人 {}", self.keeper));
        let note = Some(self.note.clone()).filter(|note| !note.is_empty());
        until.into_iter().chain(keeper).chain(note).collect::<Vec<_>>().join(" · ")
    }
}

/// What is kept at a point, by its values, in the order in which it was written down.
pub fn stock(values: &Values) -> Vec<Material> {
    let of = |row: &str| {
        let cell = |column: &str| values.get(&format!("materials/{row}/{column}"));
        let text = |column: &str| cell(column).and_then(Value::as_str).unwrap_or_default().to_owned();
        Some(Material {
            what: Some(text("what")).filter(|what| !what.is_empty())?,
            quantity: cell("quantity").and_then(Value::as_i64).unwrap_or_default(),
            unit: text("unit"),
            good_until: date::parse(&text("good_until")),
            keeper: text("keeper"),
            note: text("note"),
        })
    };
    table_rows(values, "materials").into_iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_kept_is_told_with_its_day_and_keeper() {
        let values: Values = serde_json::from_value(json!({
            "materials/a/what": "编织袋", "materials/a/quantity": 500, "materials/a/unit": "条",
            "materials/a/keeper": "钟小满", "materials/b/what": "饮用水", "materials/b/quantity": 20,
            "materials/b/good_until": "2026-05-17", "materials/c/quantity": 3, "name": "村委物资点"}))
        .unwrap();
        let kept = stock(&values);
        let told: Vec<(String, String)> =
            kept.iter().map(|one| (format!("{} {}", one.what, one.amount()), one.words())).collect();
        assert_eq!(
            told,
            [
                ("编织袋 500 条".to_owned(), "保管人 钟小满".to_owned()),
                ("饮用水 20".to_owned(), "有效期到 2026-05-17".to_owned())
            ]
        );
        let day = |text: &str| text.parse().unwrap();
        assert!(!kept[1].is_over(day("2026-05-17")) && kept[1].is_over(day("2026-05-18")));
        assert!(!kept[0].is_over(day("2036-01-01")), "nobody said until when");
    }
}
