//! What a table holds when it is made, and how records are read for it.

use gridbook_domain::case::CaseView;
use gridbook_domain::opinion::Opinion;
use gridbook_domain::summary::Summary;
use gridbook_domain::territory::zone::is_zone;
use gridbook_log::{BlobRef, Entity, EntityId};
use gridbook_sheets::{Column, Table};

use crate::app::App;
use crate::desk::parts::breathe;
use crate::ui::directory::Names;

/// Records between two looks at the screen, so that it stays alive.
const BREATH: usize = 200;

/// A hazard with pictures from before and after, each with the line that stands in it.
#[derive(Debug, PartialEq)]
pub(super) struct Pair {
    pub(super) id: EntityId,
    pub(super) title: String,
    pub(super) before: (BlobRef, Option<String>),
    pub(super) after: (BlobRef, Option<String>),
}

/// Tables, what is to be said above them, and pictures below.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Figures {
    pub(super) tables: Vec<Table>,
    /// A sentence that is good to know, and whether it is good news.
    pub(super) note: Option<(bool, String)>,
    pub(super) pairs: Vec<Pair>,
    /// Opinions that nobody has answered.
    pub(super) waiting: Vec<Opinion>,
    /// What the columns mean, by their heads.
    pub(super) meanings: &'static [(&'static str, &'static str)],
}

/// A table whose first column is text and whose others are figures.
pub(super) fn table(name: &str, heads: &[&str], rows: Vec<Vec<String>>) -> Table {
    let column = |(n, head): (usize, &&str)| {
        if n == 0 { Column::text(head, 26.0) } else { Column { numeric: true, ..Column::text(head, 12.0) } }
    };
    Table { name: name.to_owned(), columns: heads.iter().enumerate().map(column).collect(), rows }
}

/// A table of texts with these widths.
pub(super) fn texts(name: &str, heads: &[(&str, f64)], rows: Vec<Vec<String>>) -> Table {
    let columns = heads.iter().map(|(head, width)| Column::text(head, *width)).collect();
    Table { name: name.to_owned(), columns, rows }
}

/// List rows that fit.
pub(super) fn summaries(app: App, fits: impl Fn(&Summary) -> bool) -> Vec<Summary> {
    app.rows(|rows| {
        let all = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
        all.filter(|summary| !summary.rejected && fits(summary)).cloned().collect()
    })
}

/// Reads records one by one; what went away meanwhile is left out.
pub(super) async fn cases<T>(
    app: App,
    list: &[Summary],
    mut take: impl FnMut(&Entity, CaseView) -> Option<T>,
) -> Vec<T> {
    let mut found = Vec::new();
    for (n, summary) in list.iter().enumerate() {
        if n % BREATH == BREATH - 1 {
            breathe().await;
        }
        if let Ok(Some(entity)) = app.entity(summary.id).await
            && let Some(case) = CaseView::of(&entity)
        {
            found.extend(take(&entity, case));
        }
    }
    found
}

/// The places under an area, each with its name: villages of the township, grids of a village.
pub(super) fn places(names: &Names, area: &str) -> Vec<(String, String)> {
    let length = if area.is_empty() || is_zone(area) { 12 } else { 15 };
    let under = names
        .areas
        .keys()
        .filter(|code| code.len() == length && !is_zone(code) && names.zones.covers(area, code));
    under.map(|code| (code.clone(), names.area(code))).collect()
}
