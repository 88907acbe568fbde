//! What was measured, as one JSON line per figure.

use serde_json::json;

/// Figures by name, in the order in which they first came.
#[derive(Default)]
pub struct Figures(Vec<(String, &'static str, Vec<f64>)>);

impl Figures {
    pub fn add(&mut self, name: &str, unit: &'static str, value: f64) {
        eprintln!("  {name}: {value:.2} {unit}");
        match self.0.iter_mut().find(|(known, ..)| known == name) {
            Some((_, _, values)) => values.push(value),
            None => self.0.push((name.to_owned(), unit, vec![value])),
        }
    }

    /// Prints the medians.
    pub fn print(self) {
        for (case, unit, mut values) in self.0 {
            values.sort_by(f64::total_cmp);
            let (low, high) = ((values.len() - 1) / 2, values.len() / 2);
            println!(
                "{}",
                json!({ "case": case, "value": f64::midpoint(values[low], values[high]), "unit": unit })
            );
        }
    }
}

/// What a share of all values lies below.
pub fn percentile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (values.len() as f64 * share).ceil() as usize;
    values[at.clamp(1, values.len()) - 1]
}
