//! Documents from data (MED-07): templates with `{…}` are filled from a record; the desk prints what comes out. What
//! nobody has said yet stays a blank line to be filled by hand.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::capital::{capital, digits, ordinal};
use super::volume::{self, Part};
use super::{Mediation, agreement, cents};
use crate::form::{Field, Form, table_rows};
use crate::package::Package;

/// A blank to be filled by hand.
pub const BLANK: &str = "＿＿＿＿";

/// A template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Template {
    /// Stable identifier.
    pub id: String,
    /// Title, as printed.
    pub title: String,
    /// Its place in the volume.
    pub order: u32,
    /// What it says.
    pub blocks: Vec<TemplateBlock>,
    /// Lines to sign on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sign: Vec<String>,
    /// With a place for the seal.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub seal: bool,
    /// What stands for its date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// The fields whose finger-drawn signatures belong on its lines, with spaces between: the first on the first line, and
    /// so on; more fields than lines stand on the first.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub signed: String,
    /// The field whose photos stand behind it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub photos: String,
}

impl Template {
    /// The fields of its signatures, each with the place of its line.
    pub fn signed(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.sign.len();
        self.signed.split_whitespace().enumerate().map(move |(n, role)| (if n < lines { n } else { 0 }, role))
    }
}

/// A piece of a template. One of `p`, `grid`, `table` or `catalogue` is given.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TemplateBlock {
    /// A paragraph.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub p: String,
    /// Lines of a name and what belongs to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grid: Vec<[String; 2]>,
    /// Rows of this table, with head and cells.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub table: String,
    /// Head of a table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub head: Vec<String>,
    /// Cells of a row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cells: Vec<String>,
    /// Once for each row of this table.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub each: String,
    /// Only for rows in which this column says something (yes, for a yes or no).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub when: String,
    /// The list of what is in the volume.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub catalogue: bool,
}

/// A document, ready to be laid out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Of which template.
    pub id: String,
    /// Title.
    pub title: String,
    /// Paragraphs and tables in order.
    pub blocks: Vec<Block>,
    /// Lines to sign on.
    pub signatures: Vec<String>,
    /// With a place for the seal.
    pub seal: bool,
    /// Its date in words: 2026年5月18日.
    pub date: Option<String>,
    /// The role of the pictures that stand behind it; empty = none.
    pub photos: String,
}

/// A piece of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// A paragraph.
    Paragraph(String),
    /// A table; without a head where it lists names and what belongs to them.
    Table {
        /// Head, or nothing.
        head: Vec<String>,
        /// Rows of cells.
        rows: Vec<Vec<String>>,
    },
}

/// Fills a template from a record. Pure: the same record on the same day gives the same document.
pub fn document(
    package: &Package,
    form: Option<&Form>,
    file: &Mediation<'_>,
    template: &Template,
    today: NaiveDate,
) -> Document {
    let filler = Filler { package, form, file, today };
    let mut blocks = Vec::new();
    for block in &template.blocks {
        filler.block(block, &mut blocks);
    }
    Document {
        id: template.id.clone(),
        title: template.title.clone(),
        blocks,
        signatures: template.sign.iter().map(|line| filler.fill(line, None)).collect(),
        seal: template.seal,
        date: template.date.as_ref().map(|source| filler.value(source, None)),
        photos: template.photos.clone(),
    }
}

impl Package {
    /// A template by its id.
    pub fn template(&self, id: &str) -> Option<&Template> {
        self.documents.get().iter().find(|template| template.id == id)
    }
}

/// A day in words.
pub fn in_words(day: NaiveDate) -> String {
    format!("{}年{}月{}日", day.year(), day.month(), day.day())
}

struct Filler<'a> {
    package: &'a Package,
    form: Option<&'a Form>,
    file: &'a Mediation<'a>,
    today: NaiveDate,
}

/// A row that is being written: its table, its id, its place from 0.
type At<'a> = (&'a str, &'a str, usize);

impl Filler<'_> {
    fn block(&self, block: &TemplateBlock, out: &mut Vec<Block>) {
        if block.catalogue {
            return out.push(self.catalogue());
        }
        if !block.table.is_empty() {
            let rows = self.rows(&block.table, &block.when);
            let cells = |at: &At<'_>| block.cells.iter().map(|cell| self.fill(cell, Some(*at))).collect();
            let rows: Vec<Vec<String>> = rows.iter().map(cells).collect();
            return out.push(Block::Table { head: block.head.clone(), rows });
        }
        let rows = if block.each.is_empty() {
            vec![None]
        } else {
            self.rows(&block.each, &block.when).into_iter().map(Some).collect()
        };
        for at in rows {
            if block.grid.is_empty() {
                out.push(Block::Paragraph(self.fill(&block.p, at)));
            } else {
                let rows = block.grid.iter().map(|[name, value]| vec![name.clone(), self.fill(value, at)]);
                out.push(Block::Table { head: Vec::new(), rows: rows.collect() });
            }
        }
    }

    /// Rows in the order in which they were written; instalments by their days.
    fn rows<'t>(&'t self, table: &'t str, when: &str) -> Vec<At<'t>> {
        let mut ids = table_rows(self.file.values, table);
        let due = |id: &str| self.file.date(&format!("{table}/{id}/due"));
        if table == "instalments" {
            gridbook_log::order_by_key(&mut ids, |id| due(id));
        }
        let says = |id: &str| match self.file.values.get(&format!("{table}/{id}/{when}")) {
            Some(Value::String(text)) => !text.trim().is_empty(),
            Some(Value::Bool(yes)) => *yes,
            _ => false,
        };
        ids.into_iter()
            .enumerate()
            .filter(|(_, id)| when.is_empty() || says(id))
            .map(|(n, id)| (table, id, n))
            .collect()
    }

    fn catalogue(&self) -> Block {
        let rows = volume::catalogue(self.package, self.file).into_iter().enumerate();
        let head = ["序号", "文书名称", "页号", "备注"].map(str::to_owned).to_vec();
        let row = |(n, part): (usize, Part<'_>)| {
            let page = match (part.first, part.last) {
                (first, last) if part.pages == 0 || first > last => String::new(),
                (first, last) if first == last => first.to_string(),
                (first, last) => format!("{first}—{last}"),
            };
            vec![(n + 1).to_string(), part.title.to_owned(), page, part.remark.to_owned()]
        };
        Block::Table { head, rows: rows.map(row).collect() }
    }

    fn fill(&self, text: &str, at: Option<At<'_>>) -> String {
        let mut out = String::with_capacity(text.len() * 2);
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let Some((name, behind)) = after.split_once('}') else { break };
            out.push_str(&self.value(name, at));
            rest = behind;
        }
        out.push_str(rest);
        out
    }

    fn value(&self, name: &str, at: Option<At<'_>>) -> String {
        let value = self.known(name, at).unwrap_or_else(|| match name.split_once(':') {
            Some((how, path)) => self.shaped(how, path, at),
            None => self.plain(name, at),
        });
        if value.trim().is_empty() { BLANK.to_owned() } else { value }
    }

    /// What follows from the file as a whole, or from the place of a row.
    fn known(&self, name: &str, at: Option<At<'_>>) -> Option<String> {
        let pages = || volume::catalogue(self.package, self.file);
        Some(match (name, at) {
            ("n", Some((.., n))) => (n + 1).to_string(),
            ("N", Some((.., n))) => ordinal(n + 1),
            ("no", _) => self.file.number.map_or_else(|| "（临时）".to_owned(), str::to_owned),
            ("today", _) => in_words(self.today),
            ("甲", _) => self.file.side("applicant"),
            ("乙", _) => self.file.side("respondent"),
            ("mediators", _) => self.file.mediators().join("、"),
            ("total", _) => digits(agreement::total(self.file)),
            ("capital_total", _) => capital(agreement::total(self.file)),
            ("pages", None) => pages().iter().map(|part| part.pages).sum::<u64>().to_string(),
            ("parts", None) => pages().iter().filter(|part| part.pages > 0).count().to_string(),
            ("result", _) => self.package.label("mediation_result", volume::result(self.file)).to_owned(),
            ("performed", _) => {
                let parts = agreement::instalments(self.file, self.today);
                let done = parts.iter().filter(|part| part.performed_on.is_some()).count();
                format!("{}期中已履行{done}期", parts.len())
            }
            _ => return None,
        })
    }

    fn raw(&self, path: &str, at: Option<At<'_>>) -> Option<&Value> {
        let values = self.file.values;
        at.and_then(|(table, id, _)| values.get(&format!("{table}/{id}/{path}"))).or_else(|| values.get(path))
    }

    fn plain(&self, path: &str, at: Option<At<'_>>) -> String {
        match self.raw(path, at) {
            Some(Value::String(text)) => match crate::date::parse(text) {
                Some(day) => in_words(day),
                None => text.replace('T', " "),
            },
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::Bool(yes)) => if *yes { "是" } else { "否" }.to_owned(),
            _ => String::new(),
        }
    }

    /// `label:`, `box:`, `money:`, `capital:`, `date:`.
    fn shaped(&self, how: &str, path: &str, at: Option<At<'_>>) -> String {
        let raw = self.raw(path, at);
        let fen = || raw.and_then(Value::as_f64).map(cents);
        match how {
            "money" => fen().map(digits).unwrap_or_default(),
            "capital" => fen().map(capital).unwrap_or_default(),
            "date" => {
                let text = raw.and_then(Value::as_str).and_then(|text| text.get(..10));
                text.and_then(crate::date::parse).map(in_words).unwrap_or_default()
            }
            "label" | "box" => {
                let chosen = raw.and_then(Value::as_str).unwrap_or_default();
                let Some(field) = self.field(path, at) else { return self.plain(path, at) };
                let choices = self.package.choices(field);
                if choices.is_empty() {
                    return match raw {
                        Some(Value::Bool(yes)) => if *yes { "有" } else { "无" }.to_owned(),
                        _ => self.plain(path, at),
                    };
                }
                if how == "label" {
                    return choices
                        .iter()
                        .find(|choice| choice.id == chosen)
                        .map_or_else(String::new, |c| c.label.clone());
                }
                let boxes = choices
                    .iter()
                    .map(|choice| format!("{}{}", if choice.id == chosen { "☑" } else { "□" }, choice.label));
                boxes.collect::<Vec<_>>().join(" ")
            }
            _ => String::new(),
        }
    }

    fn field(&self, path: &str, at: Option<At<'_>>) -> Option<&Field> {
        let form = self.form?;
        let column =
            at.and_then(|(table, ..)| form.field(table)?.fields.iter().find(|held| held.path == path));
        column.or_else(|| form.field(path))
    }
}
