//! The demo township as import sheets: invented names and numbers, the same for the same seed. The server loads it
//! through the same import as any township's own file. No row describes a real person or place: 510000 is no county,
//! identity numbers and phones come from patterns that are not given out.

mod defects;
mod family;
mod names;
mod places;
mod rng;
mod staff;

use gridbook_domain::import::{Column as Rule, Template, TemplateId, Vocabulary};

use crate::{Column, Table, WriteError, write_csv, write_xlsx};

pub use defects::{BROKEN_ROWS, DefectFile, household_rows_with_defects};
pub use staff::{Account, accounts};

use rng::Rng;

/// The township's code.
pub const TOWNSHIP: &str = "510000100";

/// The village with 978 households and 16 grids.
pub const BIG_VILLAGE: &str = "510000100201";

/// Households of the big village.
pub const BIG_VILLAGE_HOUSEHOLDS: usize = 978;

/// The four sheets.
#[derive(Debug, Clone, PartialEq)]
pub struct Demo {
    /// 区域
    pub territory: Table,
    /// 人员
    pub staff: Table,
    /// 户
    pub households: Table,
    /// 人
    pub persons: Table,
}

/// Makes the township 青禾镇: 14 villages, the big one with 978 households in 16 grids, some 1,800 households and
/// 5,500 persons in all. `vocabulary` gives the labels of roles and categories.
pub fn township(seed: u64, vocabulary: &Vocabulary) -> Demo {
    let mut rng = Rng::new(seed);
    let villages = places::villages(&mut rng);
    let territory = places::territory(&villages);
    let staff = staff::rows(&mut rng, &villages, vocabulary);
    let (households, persons) = family::rows(&mut rng, &villages, vocabulary);
    Demo {
        territory: sheet(TemplateId::Territory, territory),
        staff: sheet(TemplateId::Staff, staff),
        households: sheet(TemplateId::Households, households),
        persons: sheet(TemplateId::Persons, persons),
    }
}

impl Demo {
    /// The sheets in the order of the templates.
    pub fn tables(&self) -> [&Table; 4] {
        [&self.territory, &self.staff, &self.households, &self.persons]
    }

    /// All four sheets in one `.xlsx`.
    ///
    /// # Errors
    /// As [`write_xlsx`].
    pub fn xlsx(&self) -> Result<Vec<u8>, WriteError> {
        write_xlsx(&self.tables().map(Table::clone))
    }

    /// One csv a sheet, with its name.
    pub fn csv(&self) -> [(String, Vec<u8>); 4] {
        self.tables().map(|table| (table.name.clone(), write_csv(table)))
    }
}

/// A row by column ids; columns not named stay empty.
type Fields = Vec<(&'static str, String)>;

fn sheet(id: TemplateId, rows: Vec<Fields>) -> Table {
    let template = id.template();
    let rows = rows.into_iter().map(|fields| in_order(template, fields)).collect();
    Table { name: id.label().to_owned(), columns: template.columns.iter().map(column).collect(), rows }
}

fn column(rule: &Rule) -> Column {
    Column::text(rule.header, 18.0)
}

fn in_order(template: &Template, fields: Fields) -> Vec<String> {
    let mut row = vec![String::new(); template.columns.len()];
    for (id, value) in fields {
        if let Some(at) = template.columns.iter().position(|rule| rule.id == id) {
            row[at] = value;
        }
    }
    row
}

/// The label of a category or role; the id serves where the vocabulary has no such term.
fn label<'a>(terms: &'a [gridbook_domain::import::Term], id: &'a str) -> &'a str {
    terms.iter().find(|term| term.id == id).map_or(id, |term| term.label.as_str())
}

#[cfg(test)]
mod tests;
