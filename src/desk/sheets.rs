//! Sheets are read and written by a worker that is loaded when it is needed: the page itself stays small.

use gridbook_domain::import::{Cell, CellKind, Sheet, Vocabulary};
use gridbook_sheets::{Column, Table};
use serde::{Deserialize, Serialize};

use crate::worker;

/// The worker's loader, beside the page.
const LOADER: &str = "sheets_worker_loader.js";

/// What a worker is asked for; it does one job.
#[derive(Debug, Serialize, Deserialize)]
pub enum Job {
    /// Read the file that comes along; its name tells csv from xlsx.
    Read(String),
    /// Write tables as one xlsx.
    Write(Vec<WireTable>),
    /// Write the template with this name.
    Template(String, WireVocabulary),
}

/// Its answer; a written file comes along as bytes.
#[derive(Debug, Serialize, Deserialize)]
pub enum Answer {
    /// What was read.
    Sheets(Vec<WireSheet>),
    /// The bytes that come along.
    File,
    /// Words for people.
    Failed(String),
}

/// A table on its way.
#[derive(Debug, Serialize, Deserialize)]
pub struct WireTable {
    name: String,
    columns: Vec<(String, f64, bool)>,
    rows: Vec<Vec<String>>,
}

impl From<&Table> for WireTable {
    fn from(table: &Table) -> Self {
        let columns = table.columns.iter().map(|c| (c.header.clone(), c.width, c.numeric)).collect();
        Self { name: table.name.clone(), columns, rows: table.rows.clone() }
    }
}

impl From<WireTable> for Table {
    fn from(wire: WireTable) -> Self {
        let columns = wire
            .columns
            .into_iter()
            .map(|(header, width, numeric)| Column { numeric, ..Column::text(&header, width) })
            .collect();
        Self { name: wire.name, columns, rows: wire.rows }
    }
}

/// A sheet on its way: cells as text, kind, and raw content.
#[derive(Debug, Serialize, Deserialize)]
pub struct WireSheet {
    name: String,
    first_row: u32,
    rows: Vec<Vec<(String, u8, String)>>,
}

const KINDS: [CellKind; 8] = [
    CellKind::Text,
    CellKind::Number,
    CellKind::Date,
    CellKind::Bool,
    CellKind::Formula,
    CellKind::Error,
    CellKind::Empty,
    CellKind::MergedInto,
];

impl From<Sheet> for WireSheet {
    fn from(sheet: Sheet) -> Self {
        let kind = |kind| (0u8..).zip(KINDS).find(|(_, k)| *k == kind).map_or(0, |(n, _)| n);
        let cell = |cell: Cell| (cell.text, kind(cell.kind), cell.raw);
        let rows = sheet.rows.into_iter().map(|row| row.into_iter().map(cell).collect()).collect();
        Self { name: sheet.name, first_row: sheet.first_row, rows }
    }
}

impl From<WireSheet> for Sheet {
    fn from(wire: WireSheet) -> Self {
        let kind = |n: u8| KINDS.get(usize::from(n)).copied().unwrap_or_default();
        let cell = |(text, n, raw): (String, u8, String)| Cell { text, kind: kind(n), raw };
        let rows = wire.rows.into_iter().map(|row| row.into_iter().map(cell).collect()).collect();
        Self { name: wire.name, first_row: wire.first_row, rows }
    }
}

/// The words of roles and categories on their way.
#[derive(Debug, Serialize, Deserialize)]
pub struct WireVocabulary {
    roles: Vec<(String, String)>,
    categories: Vec<(String, String, bool)>,
}

impl From<&Vocabulary> for WireVocabulary {
    fn from(vocabulary: &Vocabulary) -> Self {
        Self {
            roles: vocabulary.roles.iter().map(|t| (t.id.clone(), t.label.clone())).collect(),
            categories: vocabulary
                .categories
                .iter()
                .map(|t| (t.id.clone(), t.label.clone(), t.restricted))
                .collect(),
        }
    }
}

impl WireVocabulary {
    /// As the domain has it.
    pub fn vocabulary(&self) -> Vocabulary {
        Vocabulary::new(
            self.roles.iter().map(|(id, label)| (id.as_str(), label.as_str())),
            self.categories.iter().map(|(id, label, restricted)| (id.as_str(), label.as_str(), *restricted)),
        )
    }
}

const NOT_LOADED: &str = "读写表格的部分没有打开成功，什么也没有改动。请检查网络后再试。";

async fn run(job: &Job, bytes: Option<&[u8]>) -> Result<(Answer, Option<Vec<u8>>), String> {
    match worker::run::<_, Answer>(LOADER, job, bytes).await {
        Some((Answer::Failed(words), _)) => Err(words),
        Some(done) => Ok(done),
        None => Err(NOT_LOADED.to_owned()),
    }
}

/// Reads a file.
///
/// # Errors
/// Words for people; nothing was imported.
pub async fn read(name: &str, bytes: &[u8]) -> Result<Vec<Sheet>, String> {
    match run(&Job::Read(name.to_owned()), Some(bytes)).await? {
        (Answer::Sheets(sheets), _) => Ok(sheets.into_iter().map(Sheet::from).collect()),
        _ => Err(NOT_LOADED.to_owned()),
    }
}

async fn file(job: &Job) -> Result<Vec<u8>, String> {
    run(job, None).await?.1.ok_or_else(|| NOT_LOADED.to_owned())
}

/// Writes tables as one xlsx.
///
/// # Errors
/// Words for people.
pub async fn write(tables: &[Table]) -> Result<Vec<u8>, String> {
    file(&Job::Write(tables.iter().map(WireTable::from).collect())).await
}

/// Writes an import template.
///
/// # Errors
/// Words for people.
pub async fn template(name: &str, vocabulary: &Vocabulary) -> Result<Vec<u8>, String> {
    file(&Job::Template(name.to_owned(), vocabulary.into())).await
}
