//! Finding the header row and the template a sheet follows.

use super::cell::Sheet;
use super::template::{Column, Template, TemplateId, templates};
use super::text::fold_header;

/// The header may stand below a few title lines.
const LOOK_AT: usize = 10;

/// Where the columns of a template stand in a sheet.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// The template.
    pub template: &'static Template,
    /// Index of the header row in `sheet.rows`.
    pub header_index: usize,
    /// For each cell of a row, the column it belongs to.
    pub columns: Vec<Option<&'static Column>>,
    /// Headers nobody knows.
    pub unknown: Vec<String>,
    /// Required columns that are not there.
    pub missing: Vec<&'static Column>,
}

/// The best fitting template and header row; `None` when no row looks like a header.
pub(super) fn find_layout(sheet: &Sheet) -> Option<Layout> {
    let mut best: Option<(usize, Layout)> = None;
    for (index, row) in sheet.rows.iter().enumerate().take(LOOK_AT) {
        let headers: Vec<String> = row.iter().map(|cell| fold_header(&cell.text)).collect();
        for template in templates() {
            let layout = lay_out(template, index, &headers);
            let known = layout.columns.iter().flatten().count();
            let required = layout.columns.iter().flatten().filter(|column| column.required).count();
            // A header names at least two required columns, or the sheet's name says which template it follows.
            let named = sheet.name == template.id.label();
            if required < 2 && !(named && known >= 2) {
                continue;
            }
            let score = known * 4 + usize::from(named) * 8 - layout.missing.len().min(known * 4);
            if best.as_ref().is_none_or(|(top, _)| score > *top) {
                best = Some((score, layout));
            }
        }
    }
    best.map(|(_, layout)| layout)
}

fn lay_out(template: &'static Template, header_index: usize, headers: &[String]) -> Layout {
    let mut columns: Vec<Option<&'static Column>> = Vec::with_capacity(headers.len());
    let mut unknown = Vec::new();
    for header in headers {
        let taken = |column: &Column| columns.iter().flatten().any(|used: &&Column| used.id == column.id);
        let found = template
            .columns
            .iter()
            .find(|column| !header.is_empty() && column.header == header && !taken(column))
            .or_else(|| {
                template
                    .columns
                    .iter()
                    .find(|column| column.aliases.contains(&header.as_str()) && !taken(column))
            });
        if found.is_none() && !header.is_empty() {
            unknown.push(header.clone());
        }
        columns.push(found);
    }
    let missing = template
        .columns
        .iter()
        .filter(|column| column.required && !columns.iter().flatten().any(|used| used.id == column.id))
        .collect();
    Layout { template, header_index, columns, unknown, missing }
}

/// Name of the template for messages.
pub(super) fn template_word(id: TemplateId) -> String {
    format!("“{}”模板", id.label())
}
