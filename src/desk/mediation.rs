//! Mediation files (MED-02 … MED-19): the list on the left, one file on the right.

mod file;
mod money;
mod open;
mod volume;

use std::sync::Arc;

use gridbook_domain::record::RecordKind;
use gridbook_domain::role::holds;
use gridbook_domain::search::fold;
use gridbook_domain::summary::Summary;
use gridbook_log::EntityId;
use leptos::prelude::*;

pub use file::file;

use super::detail::detail;
use super::parts::{places, select, village};
use super::route::Route;
use super::words::number;
use crate::app::use_app;
use crate::ui::badge::{level, state, to_notify};
use crate::ui::dialog::{dialog, opener};
use crate::ui::directory::use_directory;
use crate::ui::format::when;
use crate::ui::icon::icon;
use crate::ui::library::library;
use crate::ui::states::blank;

/// The screen.
pub fn mediation(route: RwSignal<Route>) -> AnyView {
    let (app, names) = (use_app(), use_directory());
    let (text, place, standing) =
        (RwSignal::new(String::new()), RwSignal::new(String::new()), RwSignal::new(String::new()));
    let found = Memo::new(move |_| {
        let (text, place, standing) = (fold(&text.get()), place.get(), standing.get());
        let zones = names.with(|names| names.zones.clone());
        let mut list: Vec<Summary> = app.rows(|rows| {
            let all = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
            all.filter(|s| s.kind == RecordKind::Mediation)
                .filter(|s| text.is_empty() || s.keys.text.contains(&text))
                .filter(|s| zones.covers(&place, &s.area) && (standing.is_empty() || s.state == standing))
                .cloned()
                .collect()
        });
        gridbook_log::order_by_key(&mut list, |summary| std::cmp::Reverse(summary.updated));
        Arc::new(list)
    });
    let selected = Memo::new(move |_| match route.get() {
        Route::Mediation(id) => id,
        _ => None,
    });
    let places = move || places(&names.get(), "全部村");
    let states = move || {
        let package = app.package();
        let flow = package.flow(RecordKind::Mediation).map(|flow| flow.states.clone()).unwrap_or_default();
        let all = flow.into_iter().map(|state| (state.id, state.label));
        std::iter::once((String::new(), "全部状态".to_owned())).chain(all).collect()
    };
    let (opening, reading) = (RwSignal::new(false), RwSignal::new(false));
    let shelf = dialog(
        reading,
        "dialog-wide",
        "法条和案例",
        Box::new(|| view! { <div class="dialog-body">{library(None)}</div> }.into_any()),
    );
    let may_open = holds(&app.package(), &app.actor(), "mediation.file", app.today());
    let right = move || match selected.get() {
        Some(id) => detail(id, Callback::new(|()| Route::Mediation(None).go())),
        None => blank("done", "选一卷来看", "左边点一卷。要立新卷，点右上角“立卷”。", Vec::new()),
    };
    let rows = move || found.get().iter().map(|summary| row(summary, selected)).collect_view();
    let none = move || {
        found.get().is_empty().then(|| {
            blank(
                "empty",
                "没有符合的卷宗",
                "达不成口头协议、金额大或有人受伤的纠纷，要立卷调解。",
                Vec::new(),
            )
        })
    };
    view! {
        <div class="page-head">
            <h1 class="page-title">"调解卷宗"</h1>
            <div class="page-actions">
                {opener(reading, "btn btn-small", "library-open", Some("search"), "法条和案例")}
                {may_open
                    .then(|| opener(opening, "btn btn-small btn-primary", "mediation-open", Some("plus"), "立卷"))}
            </div>
        </div>
        <div class="toolbar">
            <div class="search">
                {icon("search")}
                <input
                    class="search-input"
                    type="search"
                    aria-label="查找卷宗"
                    data-testid="mediation-search"
                    placeholder="案由、编号"
                    on:input=move |event| text.set(event_target_value(&event))
                />
            </div>
            {select("村", "mediation-village", move || place.get(), places, move |value| place.set(value))}
            {select("状态", "mediation-state", move || standing.get(), states, move |value| standing.set(value))}
        </div>
        <div class="panes" class:is-open=move || selected.get().is_some()>
            <section class="pane pane-list" aria-label="卷宗列表">
                <div class="pane-head">
                    <span class="strong" data-testid="mediation-count">
                        {move || format!("{} 卷", found.get().len())}
                    </span>
                </div>
                <div class="pane-body">{none} <ul class="queue">{rows}</ul></div>
            </section>
            <section class="pane pane-detail" aria-label="卷宗">{right}</section>
        </div>
        {open::dialog_for(opening)}
        {shelf}
    }
    .into_any()
}

/// How long whoever handed it over still waits, once that is near or late (MED-14).
fn answer(left: Option<i64>) -> Option<AnyView> {
    let (class, said) = match left? {
        left @ ..1 => ("tag tag-danger", format!("! 回复超 {} 天", 1 - left)),
        left => ("tag tag-warn", format!("! 回复还有 {left} 天")),
    };
    Some(view! { <span class=class data-testid="mediation-answer">{said}</span> }.into_any())
}

fn row(summary: &Summary, selected: Memo<Option<EntityId>>) -> AnyView {
    let app = use_app();
    let (package, names, id) = (app.package(), use_directory().get_untracked(), summary.id);
    let sub = format!(
        "{} · {} · {}",
        village(&names, &summary.area),
        names.person(&summary.reporter),
        when(summary.updated, app.now_ms())
    );
    view! {
        <li>
            <button
                class="queue-item"
                type="button"
                data-testid="mediation-row"
                data-id=id.to_string()
                aria-current=move || (selected.get() == Some(id)).to_string()
                on:click=move |_| Route::Mediation(Some(id)).go()
            >
                <span class="queue-title">{summary.title.clone()}</span>
                <span class="queue-sub">
                    {sub} <br/> <span class="mono">{number(&summary.number, id)}</span>
                </span>
                <span class="queue-end">
                    {level(&package, &summary.level)}
                    {state(&package, &summary.state)}
                    {to_notify(summary.to_notify(app.now_ms()))}
                    {answer(summary.to_answer(app.today()))}
                </span>
            </button>
        </li>
    }
    .into_any()
}
