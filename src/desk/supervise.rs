//! What is proposed to whoever supervises (FLOW-09, FLOW-10): the step that is due, the faults that the limits show, and why.

use std::collections::BTreeMap;
use std::sync::Arc;

use gridbook_domain::case::CaseView;
use gridbook_domain::clock::{CaseClocks, Fault, Limit, read};
use gridbook_domain::form::Values;
use gridbook_domain::package::Package;
use gridbook_domain::rules::supervise::{
    DueStep, Why, due_step, faults_to_mark, is_late, may_be_late, was_late,
};
use gridbook_log::EntityId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::detail::Record;
use super::parts::breathe;
use super::words::{day, moment};
use crate::app::{App, use_app};
use crate::ui::states::{Tone, banner};

/// Records between two looks at the screen, so that it stays alive.
const BREATH: usize = 100;

/// How many cases of the unit went past a limit this month; 0 where nothing of this one is late.
async fn red_lamps(app: App, case: &CaseView, clocks: &CaseClocks) -> u32 {
    let (package, now) = (app.package(), app.now_ms());
    let Some(unit) = case.lead_unit.as_deref().filter(|_| is_late(clocks, now)) else { return 0 };
    let may_count: Vec<EntityId> = app.rows(|rows| {
        let seen = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
        seen.filter(|row| !row.rejected && may_be_late(row, now)).map(|row| row.id).collect()
    });
    let mut count = 0;
    for (n, id) in may_count.into_iter().enumerate() {
        if n % BREATH == BREATH - 1 {
            breathe().await;
        }
        let Ok(Some(entity)) = app.entity(id).await else { continue };
        let late = |other: CaseView| was_late(&other, &read(&package, &entity), unit, now);
        count += u32::from(CaseView::of(&entity).is_some_and(late));
    }
    count
}

/// How many there are; `None` until they are counted.
pub(super) type Lamps = RwSignal<Option<u32>>;

/// Counts them for the record that is shown.
pub(super) fn count(record: &Arc<Record>, lamps: Lamps) {
    let (app, record) = (use_app(), record.clone());
    spawn_local(async move {
        let count = Some(red_lamps(app, &record.view, &record.clocks).await);
        // The record may have been left meanwhile.
        if lamps.try_get_untracked().is_some_and(|held| held != count) {
            lamps.set(count);
        }
    });
}

/// The step that is due, above what the record says.
pub(super) fn due(record: &Record, red_lamps: u32) -> Option<AnyView> {
    let (package, now) = (use_app().package(), use_app().now_ms());
    let due = due_step(&package, &record.view, &record.clocks, red_lamps, now)?;
    if due.why == Why::Soon {
        return None;
    }
    let reply = due.step.reply.map(|rule| format!("，回复期限 {}", rule.words())).unwrap_or_default();
    let text = format!("{}。发给{}{reply}。", why(&package, &due), due.step.to);
    let title = format!("该督办了：{}", label(&package, &due));
    let told = banner(Tone::Warn, "attention", title, text, Vec::new());
    Some(
        view! { <div data-testid="supervise-due" data-step=due.step.step.to_string()>{told}</div> }
            .into_any(),
    )
}

/// What the inputs of a supervision start with, and what is said beside them.
pub(super) fn proposed(
    app: App,
    case: &CaseView,
    clocks: &CaseClocks,
    red_lamps: u32,
) -> (Values, BTreeMap<String, String>) {
    let (package, now) = (app.package(), app.now_ms());
    let due = due_step(&package, case, clocks, red_lamps, now);
    let values = due.map(|due| due.suggested(&package, now)).unwrap_or_default();
    let step = due.map(|due| format!("建议“{}”：{}。", label(&package, &due), why(&package, &due)));
    let faults: Vec<String> = faults_to_mark(case, clocks, now)
        .into_iter()
        .map(|(fault, limit)| format!("建议“{}”：{}。", fault.label(), shown(&package, fault, limit)))
        .collect();
    let fault =
        (!faults.is_empty()).then(|| format!("{}记不记由您定，被记的一方可以提出异议。", faults.concat()));
    let said = [("step", step), ("fault", fault)];
    let said = said.into_iter().filter_map(|(path, words)| Some((path.to_owned(), words?))).collect();
    (values, said)
}

fn label<'p>(package: &'p Package, due: &DueStep<'_>) -> &'p str {
    due.id(package).map_or("", |id| package.label("supervise_step", id))
}

/// A limit and when it passes; the end of a day is that day.
fn until(package: &Package, limit: &Limit) -> String {
    let last = moment(limit.due);
    let when = if last.ends_with("00:00") { day(limit.due - 1) } else { last };
    format!("{}时限 {when}", package.clock_label(limit.clock))
}

fn why(package: &Package, due: &DueStep<'_>) -> String {
    let until = until(package, due.limit);
    match due.why {
        Why::Soon => format!("{until} 快到了"),
        Why::Late => format!("{until} 已过"),
        Why::RedLamps(count) => format!("{until} 已过，这个单位本月有 {count} 件超期"),
        Why::RedRisk => "风险是红色".to_owned(),
    }
}

fn shown(package: &Package, fault: Fault, limit: &Limit) -> String {
    let until = until(package, limit);
    match (fault, limit.ended()) {
        (Fault::NoResponse, _) => format!("{until} 已过，没有认领"),
        (Fault::LateResponse, at) => format!("{until}，{} 才认领", at.map(moment).unwrap_or_default()),
        (Fault::ResponseWithoutAction, _) => format!("认领了，{until} 已过，没有办理记录"),
        (Fault::LateCompletion, Some(at)) => format!("{until}，{} 才办结", moment(at)),
        (Fault::LateCompletion, None) => format!("{until} 已过，没有办结"),
    }
}
