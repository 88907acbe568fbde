//! One line of a ledger: a record, read for its columns.

use std::sync::Arc;

use gridbook_domain::case::CaseView;
use gridbook_domain::form::{Field, FieldKind, Form, computed_words, table_rows};
use gridbook_domain::ledger::Cell;
use gridbook_domain::mask;
use gridbook_domain::package::Package;
use gridbook_domain::summary::Summary;
use gridbook_log::EntityId;
use serde_json::Value;

use super::columns::Book;
use crate::app::App;
use crate::desk::values;
use crate::ui::directory::Names;

/// Questions of an entry that have a column of their own.
const OWN: [&str; 5] = ["household", "date", "title", "item", "geo"];
/// Answers in one cell at most: the record has them all.
const MOST: usize = 12;

/// Everything that the columns of a line look at.
pub(super) struct Line<'a> {
    pub(super) app: App,
    pub(super) no: usize,
    pub(super) summary: &'a Summary,
    pub(super) case: &'a CaseView,
    /// The list row of the household that it is about.
    pub(super) house: Option<&'a Summary>,
    pub(super) names: &'a Names,
    pub(super) package: &'a Package,
}

impl Line<'_> {
    /// A cell of the ledger of all cases.
    pub(super) fn cell(&self, cell: Cell) -> String {
        cell.of(self.package, self.names, self.case)
    }

    /// The form that the record was written with.
    pub(super) fn form(&self) -> Option<&Form> {
        let named = self.case.form.as_deref().and_then(|name| self.package.form_named(name));
        named.or_else(|| self.package.form_for(self.case.kind))
    }

    /// What an entry says, question by question. Names of persons are masked; what tells of health, money or where
    /// somebody lives stays in the record.
    pub(super) fn told(&self) -> String {
        let Some(form) = self.form() else { return String::new() };
        let values = &self.case.values;
        let said = form.fields().filter(|(_, field)| !field.auto && !OWN.contains(&field.path.as_str()));
        let words = said.filter_map(|(_, field)| {
            let class = field.class.as_deref().unwrap_or_default();
            let text = match (class, field.kind) {
                ("" | "L1" | "L2", FieldKind::Table) => {
                    let rows = self.count(&field.path);
                    (rows > 0).then(|| format!("{rows} 条"))?
                }
                ("" | "L1" | "L2", FieldKind::Computed) => computed_words(form, field, None, values)?,
                ("" | "L1" | "L2", _) => {
                    values::text(self.package, self.names, field, values.get(&field.path)?)
                }
                ("L3", FieldKind::Text) => mask::name(values.get(&field.path)?.as_str()?),
                _ => return None,
            };
            (!text.is_empty()).then(|| format!("{}：{text}", field.label))
        });
        words.take(MOST).collect::<Vec<_>>().join("；")
    }

    fn field(&self, path: &str) -> Option<&Field> {
        self.package.form_for(self.case.kind)?.field(path)
    }

    /// A field's answer in words; empty when there is none.
    pub(super) fn said(&self, path: &str) -> String {
        match (self.field(path), self.case.values.get(path)) {
            (Some(field), Some(value)) => values::text(self.package, self.names, field, value),
            (None, Some(Value::String(text))) => text.clone(),
            _ => String::new(),
        }
    }

    /// Values of one column of a table, row by row, in words.
    pub(super) fn column(&self, table: &str, inner: &str) -> Vec<String> {
        let field = self.field(table).and_then(|field| field.fields.iter().find(|field| field.path == inner));
        let Some(field) = field else { return Vec::new() };
        table_rows(&self.case.values, table)
            .into_iter()
            .filter_map(|row| self.case.values.get(&format!("{table}/{row}/{inner}")))
            .map(|value| values::text(self.package, self.names, field, value))
            .filter(|text| !text.is_empty())
            .collect()
    }

    /// How many rows a table has.
    pub(super) fn count(&self, table: &str) -> usize {
        table_rows(&self.case.values, table).len()
    }
}

/// Reads lines of one ledger.
#[derive(Clone)]
pub(super) struct Reader {
    app: App,
    names: Arc<Names>,
    package: Arc<Package>,
    book: Book,
}

impl Reader {
    pub(super) fn new(app: App, names: Arc<Names>, book: Book) -> Self {
        Self { app, names, package: app.package(), book }
    }

    /// The cells of a record; `None` when it went away meanwhile.
    pub(super) async fn line(&self, no: usize, id: EntityId) -> Option<Vec<String>> {
        let entity = self.app.entity(id).await.ok()??;
        let case = CaseView::of(&entity)?;
        let row = self.app.replica()?.rows().get(&id).and_then(|row| row.summary.clone())?;
        let house = row
            .household
            .and_then(|house| self.app.replica()?.rows().get(&house).and_then(|row| row.summary.clone()));
        let line = Line {
            app: self.app,
            no,
            summary: &row,
            case: &case,
            house: house.as_ref(),
            names: &self.names,
            package: &self.package,
        };
        Some(self.book.columns().iter().map(|column| (column.cell)(&line)).collect())
    }
}
