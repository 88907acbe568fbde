//! A record as the detail shows it: plain data, read once for each change of the log.

use std::collections::BTreeMap;

use gridbook_domain::case::{CaseView, Said, strips};
use gridbook_domain::clock::{CaseClocks, read};
use gridbook_domain::hazard::stage_words;
use gridbook_domain::summary::Summary;
use gridbook_log::{BlobRef, Entity};
use serde_json::Value;

use crate::app::App;
use crate::ui::badge::Arrival;
use crate::ui::directory::Names;

/// One of several values that stand side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// The value.
    pub value: Value,
    /// Who wrote it.
    pub user: String,
    /// When, milliseconds since 1970.
    pub at: u64,
}

/// A field that two people changed without knowing of each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// Its path.
    pub path: String,
    /// The values, the shown one first.
    pub versions: Vec<Version>,
}

/// A visit, hazard or dispute with all that the detail draws.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The typed reading.
    pub view: CaseView,
    /// What was entered for its steps, for the history.
    pub said: Said,
    /// Photos and recordings.
    pub blobs: Vec<BlobRef>,
    /// The line that stands in a rendition of a photo, by the photo's hash (HAZ-06).
    pub strips: BTreeMap<String, String>,
    /// Fields with several values.
    pub conflicts: Vec<Conflict>,
    /// Where it is, seen from this desk.
    pub arrival: Arrival,
    /// Machine code of the last refusal.
    pub refused: Option<String>,
    /// How many operations of it this version cannot read.
    pub unread: usize,
    /// The row of the lists: it has the most urgent limit.
    pub summary: Option<Summary>,
    /// All of its limits.
    pub clocks: CaseClocks,
    /// Of a hazard, how far its repair is.
    pub stage: Option<String>,
}

impl Record {
    /// Reads a stream; `None` when it is no report.
    pub fn read(app: App, names: &Names, entity: &Entity) -> Option<Self> {
        let view = CaseView::of(entity)?;
        let strips = strips(entity, &view, |code| names.area(code));
        let conflicts = entity
            .conflicts()
            .map(|(path, register)| Conflict {
                path: path.to_owned(),
                versions: register
                    .heads()
                    .map(|write| Version {
                        value: write.value.clone(),
                        user: write.user.clone(),
                        at: write.hlc.ms,
                    })
                    .collect(),
            })
            .collect();
        let row = app.row(entity.id())?;
        let stage = stage_words(&app.package(), &view, entity);
        Some(Self {
            view,
            said: Said::of(entity),
            blobs: entity.blobs().iter().map(|(_, blob)| blob.clone()).collect(),
            strips,
            conflicts,
            arrival: Arrival::of(&row, &app.user()),
            refused: row.refused,
            unread: gridbook_domain::summary::unread(entity),
            summary: row.summary,
            clocks: read(&app.package(), entity),
            stage,
        })
    }
}
