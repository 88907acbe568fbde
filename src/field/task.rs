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
use crate::ui::icon::{chevron, icon};
use crate::ui::live;

/// A task with how far it is.
#[derive(Clone, PartialEq)]
struct Card {
    id: EntityId,
    label: String,
    words: String,
    part: usize,
    whole: usize,
}

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
                    id: task.id,
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
    let draw = move || {
        let list = list.get();
        (!list.is_empty()).then(|| {
            let cards = list
                .into_iter()
                .map(|card| {
                    view! {
                        <a class="theme" href=format!("#/task/{}", card.id) data-testid="home-task">
                            <span class="theme-label">{card.label.clone()}</span>
                            <progress class="progress" value=card.part max=card.whole aria-label=card.label></progress>
                            <span class="theme-count nums">{card.words}</span>
                        </a>
                    }
                    .into_any()
                })
                .collect_view();
            view! {
                <section class="section">
                    <div class="section-head"><h2 class="section-title">"分给我的走访"</h2></div>
                    <div class="themes">{cards}</div>
                </section>
            }
        })
    };
    live(draw)
}

/// A household of the task, or a case to ask about.
struct Line {
    href: String,
    title: String,
    sub: String,
    tag: Option<&'static str>,
}

/// One task.
pub(super) fn page(id: EntityId) -> AnyView {
    let app = use_app();
    let draw = move || {
        app.rows(|rows| {
            let seen: Vec<&Summary> =
                rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref()).collect();
            let Some(task) = rows.get(&id).and_then(|row| VisitTask::of_row(row.summary.as_ref()?)) else {
                return Some(missing(None));
            };
            let state = so_far(app, &task, &seen);
            let found = |id: &EntityId| rows.get(id).and_then(|row| row.summary.as_ref());
            let home = |id: &EntityId| {
                let left = state.left.contains(id);
                found(id).map(|row| Line {
                    href: format!("#/household/{id}"),
                    title: row.title.clone(),
                    sub: row.subtitle.clone(),
                    tag: (!left).then_some("已走访"),
                })
            };
            let done = task.households.iter().filter(|id| !state.left.contains(id));
            let homes: Vec<Line> = state.left.iter().chain(done).filter_map(home).collect();
            // What lies outside this phone's grid is not here to be shown.
            let away = task.households.len() - homes.len();
            let case = |id: &EntityId| {
                found(id).map(|row| Line {
                    href: format!("#/record/{id}"),
                    title: row.title.clone(),
                    sub: row.subtitle.clone(),
                    tag: None,
                })
            };
            let cases: Vec<Line> = state.call_backs.iter().filter_map(case).collect();
            let until = format::short_day(task.terms.due, app.today());
            let words = format!("走访了 {}/{} 户，到 {until} 为止。", state.done.part, state.done.whole);
            let away = (away > 0).then(|| {
                view! { <p class="muted">{format!("另有 {away} 户的资料不在本机，同步后再看。")}</p> }
            });
            let off = task.cancelled.then(|| view! { <p class="strong">"这份任务已取消，不用再走。"</p> });
            view! {
                {off}
                <p data-testid="task-words">{words}</p>
                {section("要走访的户", "task-row", homes)}
                {away}
                {section("顺便问一问结果", "task-case", cases)}
            }
            .into_any()
            .into()
        })
    };
    let title = app.row(id).and_then(|row| row.summary).map(|summary| summary.title).unwrap_or_default();
    let title = if title.is_empty() { "走访任务".to_owned() } else { title };
    Screen::new(title).back("/").tab(Tab::Home).view(live(draw))
}

fn section(title: &'static str, test: &'static str, lines: Vec<Line>) -> Option<AnyView> {
    (!lines.is_empty()).then(|| {
        let rows = lines
            .into_iter()
            .map(|line| {
                let done = line.tag.is_some();
                let tag = line.tag.map(|words| {
                    view! { <span class="row-end"><span class="tag tag-ok">{icon("tick")}{words}</span></span> }
                });
                view! {
                    <li>
                        <a class="row" href=line.href data-testid=test data-done=done.to_string()>
                            <span class="row-main">
                                <span class="row-title clamp-2">{line.title}</span>
                                <span class="row-sub clamp-1">{line.sub}</span>
                            </span>
                            {tag}
                            {chevron()}
                        </a>
                    </li>
                }
                .into_any()
            })
            .collect_view();
        view! {
            <section class="section">
                <div class="section-head"><h2 class="section-title">{title}</h2></div>
                <ul class="rows">{rows}</ul>
            </section>
        }
        .into_any()
    })
}
