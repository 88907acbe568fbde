//! What this computer knows already, as the yardstick for codes and duplicates.

use std::collections::BTreeSet;

use gridbook_domain::import::{Existing, Sheet, TemplateId};
use gridbook_domain::record::RecordKind;
use gridbook_domain::search::fold;
use gridbook_log::{Entity, EntityId};

use crate::app::{App, Problem};
use crate::desk::parts::breathe;

/// Records between two looks at the screen.
const BREATH: usize = 200;

/// The `status` of a record that was taken back.
pub(super) const CANCELLED: &str = "cancelled";

/// Longest text that can be a person's name, in characters.
const LONGEST_NAME: usize = 30;

/// Whether a record was taken back: then its code is free again.
fn cancelled(entity: &Entity) -> bool {
    entity.text("status") == Some(CANCELLED)
}

/// Codes of everything that sheets can carry; of households only those are opened that hold a name of the file,
/// because only they can hold a person of it already.
pub(super) async fn existing(app: App, sheets: &[Sheet]) -> Result<Existing, Problem> {
    let names = names(sheets);
    let mut existing = Existing::default();
    let open: Vec<EntityId> = app.rows(|rows| {
        let mut open = Vec::new();
        for (id, row) in rows.iter().filter(|(_, row)| row.visible()) {
            let Some(summary) = &row.summary else { continue };
            match summary.kind {
                RecordKind::Household if summary.state == CANCELLED => {}
                RecordKind::Household if summary.keys.names.iter().any(|name| names.contains(name)) => {
                    open.push(*id);
                }
                RecordKind::Household => existing.add_household(&summary.number, &id.to_string()),
                RecordKind::Area | RecordKind::Unit | RecordKind::Staff => open.push(*id),
                _ => {}
            }
        }
        open
    });
    for (n, id) in open.into_iter().enumerate() {
        if n % BREATH == BREATH - 1 {
            breathe().await;
        }
        if let Some(entity) = app.entity(id).await?
            && !cancelled(&entity)
        {
            existing.add(&entity);
        }
    }
    Ok(existing)
}

/// Short texts of the sheets that list persons, folded as names are kept.
fn names(sheets: &[Sheet]) -> BTreeSet<String> {
    let relation = TemplateId::Persons.template().column("relation");
    let heads: Vec<&str> = relation
        .into_iter()
        .flat_map(|column| std::iter::once(column.header).chain(column.aliases.iter().copied()))
        .collect();
    let persons = |sheet: &&Sheet| {
        let head = sheet.rows.iter().take(10).flatten();
        head.into_iter().any(|cell| heads.contains(&cell.text.trim().trim_end_matches('*')))
    };
    sheets
        .iter()
        .filter(persons)
        .flat_map(|sheet| sheet.rows.iter().flatten())
        .filter(|cell| cell.text.chars().count() <= LONGEST_NAME)
        .map(|cell| fold(&cell.text))
        .filter(|text| !text.is_empty())
        .collect()
}
