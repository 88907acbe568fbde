//! Households that were given to me in a campaign (VISIT-06): how far I am on 今天, and the list with what to ask about on
//! the way.

use gridbook_domain::plan::task::{VisitTask, met, tasks};
use gridbook_domain::plan::{Progress, progress};
use gridbook_domain::summary::Summary;
use gridbook_log::EntityId;
use leptos::prelude::*;

use super::household::missing;
use super::screen::{Screen, Tab};
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
fn line(test: &'static str, href: String, row: &Summary, done: bool) -> AnyView {
    let end = done.then(|| view! { <span class="tag tag-ok">{icon("tick")}"已走访"</span> }.into_any());
    let (title, sub) = (row.title.clone(), row.subtitle.clone());
    Line { href, test, title, sub, short: true, end, done: Some(done), ..Line::default() }.draw()
}

/// One task: the own part of it, where some of its households are somebody else's.
pub(super) fn page(id: EntityId) -> AnyView {
    let app = use_app();
    let draw = move || {
        let user = app.user();
        app.rows(|rows| {
            let seen: Vec<&Summary> =
                rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref()).collect();
            let Some(whole) = rows.get(&id).and_then(|row| VisitTask::of_row(row.summary.as_ref()?)) else {
                return Some(missing(None));
            };
            let own = whole.clone().by_person().into_iter().find(|part| part.user == user);
            let task = own.unwrap_or(whole);
            let state = so_far(app, &task, &seen);
            let found = |id: &EntityId| rows.get(id).and_then(|row| row.summary.as_ref());
            let home = |id: &EntityId| {
                let done = !state.left.contains(id);
                Some(line("task-row", format!("#/household/{id}"), found(id)?, done))
            };
            let done = task.households.iter().filter(|id| !state.left.contains(id));
            let homes: Vec<AnyView> = state.left.iter().chain(done).filter_map(home).collect();
            // What lies outside this phone's grid is not here to be shown.
            let away = task.households.len() - homes.len();
            let case = |id: &EntityId| Some(line("task-case", format!("#/record/{id}"), found(id)?, false));
            let cases: Vec<AnyView> = state.call_backs.iter().filter_map(case).collect();
            let until = format::short_day(task.terms.due, app.today());
            let words = format!("走访了 {}/{} 户，到 {until} 为止。", state.done.part, state.done.whole);
            let away = (away > 0).then(|| {
                view! { <p class="muted">{format!("另有 {away} 户的资料不在本机，同步后再看。")}</p> }
            });
            let off = task.cancelled.then(|| view! { <p class="strong">"这份任务已取消，不用再走。"</p> });
            let part =
                |title: &str, rows: Vec<AnyView>| (!rows.is_empty()).then(|| listed(title, None, rows));
            view! {
                {off}
                <p data-testid="task-words">{words}</p>
                {part("要走访的户", homes)}
                {away}
                {part("顺便问一问结果", cases)}
            }
            .into_any()
            .into()
        })
    };
    let title = app.row(id).and_then(|row| row.summary).map(|summary| summary.title).unwrap_or_default();
    let title = if title.is_empty() { "走访任务".to_owned() } else { title };
    Screen::new(title).back("/").tab(Tab::Home).view(live(draw))
}
