//! Around a re-cut of grids the same figures by the old and by the new structure (TERR-03), with the same total.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Days;
use gridbook_domain::household::merge::Merges;
use gridbook_domain::record::RecordKind;
use gridbook_domain::summary::Summary;
use gridbook_domain::territory::cut::{Node, cuts};
use gridbook_domain::territory::dual::{DUAL_DAYS, Dual, Figures as Sums, Record};
use gridbook_log::set_of;

use super::Asked;
use super::figures::{Figures, table};
use crate::app::App;
use crate::desk::areas::rows_in;
use crate::desk::kept::read;
use crate::desk::parts::breathe;
use crate::ui::directory::Names;
use crate::ui::same::merges;

/// Records between two looks at the screen.
const BREATH: usize = 200;

/// What a row counts for in the period; `None` for what is not told here.
fn counts(row: &Summary, asked: &Asked, merges: &Merges) -> Option<Sums> {
    let inside = (asked.from..=asked.to).contains(&row.day());
    let mut sums = Sums::default();
    match row.kind {
        RecordKind::Household if !merges.gone(row) => sums.households = 1,
        RecordKind::Visit if inside && row.visit.is_some_and(|visit| visit.met) => sums.visits = 1,
        kind if kind.is_case() && inside => {
            sums.cases = 1;
            sums.closed = usize::from(row.state == "closed");
        }
        _ => return None,
    }
    Some(sums)
}

pub(super) async fn dual(app: App, names: &Names, asked: &Asked) -> Figures {
    let mut tables = Vec::new();
    let mut same = true;
    let merges = merges(app);
    for cut in cuts(&read(app, RecordKind::Area, Node::of).await) {
        let near = cut.on <= asked.to && asked.from <= cut.on + Days::new(DUAL_DAYS);
        if !near || !cut.old.iter().any(|code| asked.covers(code)) {
            continue;
        }
        let areas: BTreeSet<String> = set_of(cut.old.iter().chain(&cut.new).cloned());
        let mut records = Vec::new();
        for (n, row) in rows_in(app, &areas).into_iter().enumerate() {
            if n % BREATH == BREATH - 1 {
                breathe().await;
            }
            let Some(counts) = counts(&row, asked, &merges) else { continue };
            let Ok(Some(entity)) = app.entity(row.id).await else { continue };
            let made = entity.creation().and_then(|made| made.create.place.area.clone());
            let made = made.unwrap_or_else(|| row.area.clone());
            records.push(Record { id: row.id, household: row.household, made, now: row.area, counts });
        }
        let found = cut.dual(&records);
        same &= Dual::total(&found.old) == Dual::total(&found.new);
        let mut rows = side("原", names, &found.old);
        rows.extend(side("新", names, &found.new));
        let old: Vec<String> = cut.old.iter().map(|code| names.area(code)).collect();
        let name = format!("{}，{} 起调整", old.join("、"), cut.on);
        tables.push(table(&name, &["口径", "户", "走访", "新报", "其中办结"], rows));
    }
    let note = (!tables.is_empty()).then(|| {
        let words = if same {
            "两种口径的合计相同。"
        } else {
            "两种口径的合计不同，请告诉管理员。"
        };
        (same, words.to_owned())
    });
    Figures { tables, note, ..Figures::default() }
}

fn side(word: &str, names: &Names, side: &BTreeMap<String, Sums>) -> Vec<Vec<String>> {
    let line = |name: String, sums: Sums| {
        let figures = [sums.households, sums.visits, sums.cases, sums.closed];
        std::iter::once(name).chain(figures.iter().map(usize::to_string)).collect::<Vec<_>>()
    };
    let named = |code: &str| if code.is_empty() { "分不出来".to_owned() } else { names.area(code) };
    let mut rows: Vec<Vec<String>> =
        side.iter().map(|(code, sums)| line(format!("{word}：{}", named(code)), *sums)).collect();
    rows.push(line(format!("{word}：合计"), Dual::total(side)));
    rows
}
