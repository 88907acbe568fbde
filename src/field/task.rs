//! Households that were given to me in a campaign (VISIT-06): how far I am on 今天, and the list with what to ask about on
//! the way.

use gridbook_domain::plan::task::{VisitTask, met, tasks};
use gridbook_domain::plan::{Progress, progress};
use gridbook_domain::summary::Summary;
use gridbook_log::EntityId;
use leptos::prelude::*;

use super::household::{missing, named};
use super::screen::Tab;
use crate::app::{App, use_app};
use crate::ui::format;
use crate::ui::icon::icon;
use crate::ui::live;
use crate::ui::rows::{Card, Line, cards, listed};

fn so_far(app: App, task: &VisitTask, rows: &[&Summary]) -> Progress {
    let reached = met(&app.package(), &task.terms.campaign, task.terms.from, rows.iter().copied());
    progress(&task.households, &reached, rows.iter().copied())
}

/// My tasks that are not done, on 今天.
pub(super) fn mine(app: App) -> AnyView {
    let list = Memo::new(move |_| {
        let (user, today) = (app.user(), app.today());
        app.rows(|rows| {
            let seen: Vec<&Summary> =
                rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref()).collect();
            let own = tasks(seen.iter().copied()).into_iter();
            let own = own.filter(|task| task.user == user && task.runs(today));
            own.map(|task| {
                let done = so_far(app, &task, &seen).done;
                let until = format::short_day(task.terms.due, today);
                let late = if task.terms.due < today { "，已过期" } else { "" };
                Card {
                    href: format!("#/task/{}", task.id),
                    label: task.terms.label,
                    words: format!("{}/{} 户，到 {until}{late}", done.part, done.whole),
                    part: done.part,
                    whole: done.whole,
                }
            })
            .filter(|card| card.part < card.whole)
            .collect::<Vec<_>>()
        })
    });
    live(move || cards("分给我的走访", "home-task", list.get()))
}

/// A household of the task, or a case to ask about.
fn line(test: &'static str, page: &str, row: Named) -> AnyView {
    let done = row.done;
    let end = done.then(|| view! { <span class="tag tag-ok">{icon("tick")}"已走访"</span> }.into_any());
    let (href, title, sub) = (format!("#/{page}/{}", row.id), row.title, row.sub);
    Line { href, test, title, sub, short: true, end, done: Some(done), ..Line::default() }.draw()
}

/// A household or a case as it stands on the page of a task.
#[derive(Clone, PartialEq)]
struct Named {
    id: EntityId,
    title: String,
    sub: String,
    done: bool,
}

/// A task as its page shows it.
#[derive(Clone, PartialEq)]
struct Shown {
    cancelled: bool,
    words: String,
    homes: Vec<Named>,
    cases: Vec<Named>,
    /// Households whose data are not here.
    away: usize,
}

/// One task: the own part of it, where some of its households are somebody else's.
pub(super) fn page(id: EntityId) -> AnyView {
    let app = use_app();
    let shown = Memo::new(move |_| shown(app, id));
    let draw = move || {
        let Some(task) = shown.get() else { return missing(None) };
        let off = task.cancelled.then(|| view! { <p class="strong">"这份任务已取消，不用再走。"</p> });
        let away = (task.away > 0).then(|| {
            view! { <p class="muted">{format!("另有 {} 户的资料不在本机，同步后再看。", task.away)}</p> }
        });
        let part = |title: &str, test: &'static str, page: &str, rows: Vec<Named>| {
            let rows: Vec<AnyView> = rows.into_iter().map(|row| line(test, page, row)).collect();
            (!rows.is_empty()).then(|| listed(title, None, rows))
        };
        view! {
            {off}
            <p data-testid="task-words">{task.words}</p>
            {part("要走访的户", "task-row", "household", task.homes)}
            {away}
            {part("顺便问一问结果", "task-case", "record", task.cases)}
        }
        .into_any()
    };
    named(id, "走访任务", |row| row.title.clone()).back("/").tab(Tab::Home).view(live(draw))
}

fn shown(app: App, id: EntityId) -> Option<Shown> {
    let user = app.user();
    app.rows(|rows| {
        let seen: Vec<&Summary> =
            rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref()).collect();
        let whole = rows.get(&id).and_then(|row| VisitTask::of_row(row.summary.as_ref()?))?;
        let own = whole.clone().by_person().into_iter().find(|part| part.user == user);
        let task = own.unwrap_or(whole);
        let state = so_far(app, &task, &seen);
        let found = |id: &EntityId, done: bool| {
            let row = rows.get(id)?.summary.as_ref()?;
            Some(Named { id: *id, title: row.title.clone(), sub: row.subtitle.clone(), done })
        };
        let done = task.households.iter().filter(|id| !state.left.contains(id));
        let home = |id: &EntityId| found(id, !state.left.contains(id));
        let homes: Vec<Named> = state.left.iter().chain(done).filter_map(home).collect();
        let until = format::short_day(task.terms.due, app.today());
        Some(Shown {
            cancelled: task.cancelled,
            words: format!("走访了 {}/{} 户，到 {until} 为止。", state.done.part, state.done.whole),
            // What lies outside this phone's grid is not here to be shown.
            away: task.households.len() - homes.len(),
            homes,
            cases: state.call_backs.iter().filter_map(|id| found(id, false)).collect(),
        })
    })
}
