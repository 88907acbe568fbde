//! The preview: every row judged, good rows turned into drafts of records.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde_json::json;

use super::cell::{Cell, Sheet};
use super::existing::{Existing, PersonKeys, Vocabulary};
use super::header::{Layout, find_layout, template_word};
use super::people;
use super::places;
use super::problem::{Duplicate, Note, NoteCode, ProblemCode, RowProblem};
use super::template::{GUIDE_SHEET, TemplateId};
use super::value::RowReader;
use crate::form::Values;
use crate::record::RecordKind;

/// A row of an imported file, as the user sees it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowRef {
    /// Name of the sheet.
    pub sheet: String,
    /// Row number in it, from 1.
    pub row: u32,
}

/// How to judge.
#[derive(Debug, Clone)]
pub struct Options {
    /// Today, for dates that must not lie ahead.
    pub today: NaiveDate,
    /// Put in front of the row ids of persons added to households that exist already; unique for the import.
    pub row_prefix: String,
    /// Duplicates that the user has looked at and wants all the same.
    pub accept: BTreeSet<RowRef>,
}

/// One record to be made, or to be added to.
#[derive(Debug, Clone, PartialEq)]
pub struct RowDraft {
    /// What it is.
    pub kind: RecordKind,
    /// Natural key: territory code, account, unit code, household code.
    pub key: String,
    /// Area code it lies in; empty when none is given.
    pub area: String,
    /// Hex id of the household these values are added to; `None` = a new record.
    pub existing: Option<String>,
    /// Values by path, ready for a create operation (or a set operation on `existing`).
    pub values: Values,
    /// The rows it was made from, the record's own first.
    pub rows: Vec<RowRef>,
}

/// What became of one sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetReport {
    /// Its name.
    pub name: String,
    /// The template it follows; `None` when it follows none, then nothing of it was read.
    pub template: Option<TemplateId>,
    /// Row number of the header; 0 without template.
    pub header_row: u32,
    /// Rows with content below the header.
    pub rows: usize,
    /// Rows that can be imported.
    pub ok: usize,
    /// Rows with problems.
    pub bad: usize,
    /// Rows that seem to be there already.
    pub duplicates: usize,
}

/// Everything the user needs to decide. Taking over part of an import = making operations from `ok`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Preview {
    /// Records ready to be made: areas, units, staff, households with their persons, in this order.
    pub ok: Vec<RowDraft>,
    /// What is wrong, row by row.
    pub bad: Vec<RowProblem>,
    /// What was read otherwise than written.
    pub notes: Vec<Note>,
    /// Rows that seem to be there already; not in `ok` unless accepted.
    pub duplicates: Vec<Duplicate>,
    /// Sheet by sheet.
    pub sheets: Vec<SheetReport>,
}

impl Preview {
    /// Rows with content, over all sheets.
    pub fn total_rows(&self) -> usize {
        self.sheets.iter().map(|sheet| sheet.rows).sum()
    }

    /// Rows that will be imported.
    pub fn ok_rows(&self) -> usize {
        self.sheets.iter().map(|sheet| sheet.ok).sum()
    }

    /// Rows that will not be imported: with problems, or duplicates nobody accepted.
    pub fn rejected_rows(&self) -> usize {
        self.sheets.iter().map(|sheet| sheet.bad + sheet.duplicates).sum()
    }
}

/// A row that was read, before it joins others.
pub(super) struct Row {
    kind: RecordKind,
    key: String,
    area: String,
    values: Values,
}

impl Row {
    pub(super) fn new(kind: RecordKind, key: &str, area: &str, values: Values) -> Self {
        Self { kind, key: key.to_owned(), area: area.to_owned(), values }
    }
}

/// One import while it is being judged.
pub(super) struct Run<'a> {
    pub(super) existing: &'a Existing,
    pub(super) options: &'a Options,
    pub(super) out: Preview,
    areas: BTreeSet<String>,
    units: BTreeSet<String>,
    /// Natural keys claimed by rows of this import.
    pub(super) claimed: BTreeMap<(RecordKind, String), RowRef>,
    pub(super) persons: PersonKeys<RowRef>,
    /// Household code → place in `out.ok`.
    households: BTreeMap<String, usize>,
    /// Number of member rows given out per household.
    members: BTreeMap<String, usize>,
}

/// Judges all sheets of an import against each other and against what exists.
pub fn preview(sheets: &[Sheet], vocabulary: &Vocabulary, existing: &Existing, options: &Options) -> Preview {
    let mut run = Run {
        existing,
        options,
        out: Preview::default(),
        areas: BTreeSet::new(),
        units: BTreeSet::new(),
        claimed: BTreeMap::new(),
        persons: PersonKeys::default(),
        households: BTreeMap::new(),
        members: BTreeMap::new(),
    };
    let mut known: Vec<(&Sheet, Layout)> = Vec::new();
    for sheet in sheets {
        match find_layout(sheet) {
            Some(layout) if sheet.name != GUIDE_SHEET => known.push((sheet, layout)),
            _ => run.unknown_sheet(sheet),
        }
    }
    known.sort_by_key(|(_, layout)| layout.template.id);
    for (sheet, layout) in &known {
        run.sheet(sheet, layout, vocabulary);
    }
    run.out.ok.sort_by_key(|draft| match draft.kind {
        RecordKind::Area => 0,
        RecordKind::Unit => 1,
        RecordKind::Staff => 2,
        _ => 3,
    });
    run.out
}

impl<'a> Run<'a> {
    fn unknown_sheet(&mut self, sheet: &Sheet) {
        let rows = sheet.rows.iter().filter(|row| row.iter().any(|cell| !cell.is_blank())).count();
        if rows == 0 || sheet.name == GUIDE_SHEET {
            return;
        }
        let at = RowRef { sheet: sheet.name.clone(), row: sheet.first_row };
        let message = "没有认出表头。请用下载的模板，表头照原样，放在前 10 行内。".to_owned();
        self.out.notes.push(Note { at, column: String::new(), code: NoteCode::UnknownColumn, message });
        self.out.sheets.push(SheetReport {
            name: sheet.name.clone(),
            template: None,
            header_row: 0,
            rows: 0,
            ok: 0,
            bad: 0,
            duplicates: 0,
        });
    }

    fn sheet(&mut self, sheet: &'a Sheet, layout: &Layout, vocabulary: &'a Vocabulary) {
        let id = layout.template.id;
        let header_row = sheet.row_number(layout.header_index);
        let mut report = SheetReport {
            name: sheet.name.clone(),
            template: Some(id),
            header_row,
            rows: 0,
            ok: 0,
            bad: 0,
            duplicates: 0,
        };
        self.about_header(sheet, layout, header_row);
        let mut rows: Vec<(RowRef, &'a Vec<Cell>)> = sheet
            .rows
            .iter()
            .enumerate()
            .skip(layout.header_index + 1)
            .filter(|(_, row)| row.iter().any(|cell| !cell.is_blank()))
            .map(|(index, row)| (RowRef { sheet: sheet.name.clone(), row: sheet.row_number(index) }, row))
            .collect();
        report.rows = rows.len();
        if !layout.missing.is_empty() {
            report.bad = rows.len();
            self.out.sheets.push(report);
            return;
        }
        if id == TemplateId::Territory {
            // Parents first, whatever the order in the sheet.
            let at =
                layout.columns.iter().position(|column| column.is_some_and(|column| column.id == "code"));
            rows.sort_by_key(|(_, row)| {
                at.and_then(|at| row.get(at)).map_or(0, |cell| cell.text.trim().len())
            });
        }
        for (at, row) in rows {
            match self.row(id, layout, at, row, vocabulary) {
                Verdict::Good => report.ok += 1,
                Verdict::Bad => report.bad += 1,
                Verdict::Duplicate => report.duplicates += 1,
            }
        }
        self.out.sheets.push(report);
    }

    fn about_header(&mut self, sheet: &Sheet, layout: &Layout, header_row: u32) {
        let at = RowRef { sheet: sheet.name.clone(), row: header_row };
        for column in &layout.missing {
            let message = format!(
                "缺少必填列“{}”，这张表按{}读，整张没有读入。请照模板补上这一列。",
                column.header,
                template_word(layout.template.id)
            );
            let column = column.header.to_owned();
            self.out.bad.push(RowProblem {
                at: at.clone(),
                column,
                code: ProblemCode::MissingColumn,
                message,
            });
        }
        for header in &layout.unknown {
            let message = format!("模板里没有“{header}”这一列，没有读入。");
            self.out.notes.push(Note {
                at: at.clone(),
                column: header.clone(),
                code: NoteCode::UnknownColumn,
                message,
            });
        }
        if layout.header_index > 0 {
            let message = format!("表头在第 {header_row} 行，它上面的标题行没有读入。");
            self.out.notes.push(Note { at, column: String::new(), code: NoteCode::TitleSkipped, message });
        }
    }

    fn row(
        &mut self,
        id: TemplateId,
        layout: &Layout,
        at: RowRef,
        row: &'a [Cell],
        vocabulary: &'a Vocabulary,
    ) -> Verdict {
        static EMPTY: Cell = Cell { text: String::new(), kind: super::CellKind::Empty, raw: String::new() };
        let cells = layout
            .columns
            .iter()
            .enumerate()
            .filter_map(|(n, column)| column.map(|column| (column, row.get(n).unwrap_or(&EMPTY))))
            .collect();
        let mut reader = RowReader {
            at: at.clone(),
            cells,
            problems: Vec::new(),
            notes: Vec::new(),
            vocabulary,
            today: self.options.today,
        };
        let duplicates_before = self.out.duplicates.len();
        let good = match id {
            TemplateId::Territory => places::territory(self, &mut reader).map(Read::Record),
            TemplateId::Staff => people::staff(self, &mut reader).map(Read::Record),
            TemplateId::Households => places::household(self, &mut reader).map(Read::Record),
            TemplateId::Persons => people::member(self, &mut reader).map(Read::Member),
        };
        let RowReader { problems, notes, .. } = reader;
        if !problems.is_empty() {
            // What is wrong with the row comes first; whether it is a duplicate can be asked again.
            self.out.duplicates.truncate(duplicates_before);
            self.out.bad.extend(problems);
            return Verdict::Bad;
        }
        match good {
            Some(Read::Record(row)) => self.take(row, at),
            Some(Read::Member(member)) => self.take_member(member, at),
            None => return Verdict::Duplicate,
        }
        self.out.notes.extend(notes);
        Verdict::Good
    }

    fn take(&mut self, row: Row, at: RowRef) {
        match row.kind {
            RecordKind::Area => {
                self.areas.insert(row.key.clone());
            }
            RecordKind::Household => {
                self.households.insert(row.key.clone(), self.out.ok.len());
            }
            _ => {}
        }
        let Row { kind, key, area, values } = row;
        self.out.ok.push(RowDraft { kind, key, area, existing: None, values, rows: vec![at] });
    }

    fn take_member(&mut self, member: people::Member, at: RowRef) {
        let code = member.household;
        let existing = self.existing.households.get(&code).cloned();
        let index = *self.households.entry(code.clone()).or_insert_with(|| {
            let draft = RowDraft {
                kind: RecordKind::Household,
                key: code.clone(),
                area: String::new(),
                existing: existing.clone(),
                values: Values::new(),
                rows: Vec::new(),
            };
            self.out.ok.push(draft);
            self.out.ok.len() - 1
        });
        let n = self.members.entry(code).or_default();
        *n += 1;
        let prefix = if existing.is_some() { self.options.row_prefix.as_str() } else { "" };
        let row = format!("members/{prefix}m{n}");
        if let Some(draft) = self.out.ok.get_mut(index) {
            for (path, value) in member.fields {
                draft.values.insert(format!("{row}/{path}"), value);
            }
            draft.rows.push(at);
        }
    }

    /// Whether an area exists, in the system or among the good rows.
    pub(super) fn knows_area(&self, code: &str) -> bool {
        self.areas.contains(code) || self.existing.areas.contains(code)
    }

    /// Whether a unit exists, in the system or among the good rows.
    pub(super) fn knows_unit(&self, code: &str) -> bool {
        self.units.contains(code) || self.existing.units.contains_key(code)
    }

    /// Whether a household exists, in the system or among the good rows.
    pub(super) fn knows_household(&self, code: &str) -> bool {
        self.households.contains_key(code) || self.existing.households.contains_key(code)
    }

    /// Makes a unit the first time a good row names it.
    pub(super) fn meet_unit(&mut self, at: &RowRef, code: &str, name: Option<&str>) {
        if self.knows_unit(code) {
            return;
        }
        self.units.insert(code.to_owned());
        let values = Values::from([
            ("code".to_owned(), json!(code)),
            ("name".to_owned(), json!(name.unwrap_or(code))),
        ]);
        self.out.ok.push(RowDraft {
            kind: RecordKind::Unit,
            key: code.to_owned(),
            area: String::new(),
            existing: None,
            values,
            rows: vec![at.clone()],
        });
    }
}

enum Read {
    Record(Row),
    Member(people::Member),
}

enum Verdict {
    Good,
    Bad,
    Duplicate,
}
