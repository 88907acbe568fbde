//! Hand-overs of a grid (ROLE-09): started here with a list of open cases, due visits and households; both sides confirm,
//! and the area is the successor's.

mod one;
mod start;

use gridbook_domain::record::RecordKind;
use gridbook_domain::role::holds;
use gridbook_domain::summary::Summary;
use gridbook_log::EntityId;
use leptos::prelude::*;

use super::route::Route;
use crate::app::use_app;
use crate::ui::dialog::opener;
use crate::ui::directory::use_directory;
use crate::ui::format::when;
use crate::ui::largest_first;
use crate::ui::states::blank;

/// The screen.
pub fn handovers(route: RwSignal<Route>) -> AnyView {
    let app = use_app();
    let found = Memo::new(move |_| {
        app.rows(|rows| {
            let all = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
            let list: Vec<Summary> = all.filter(|s| s.kind == RecordKind::Handover).cloned().collect();
            largest_first(list, |summary| summary.updated)
        })
    });
    let selected = Memo::new(move |_| match route.get() {
        Route::Handover(id) => id,
        _ => None,
    });
    let starting = RwSignal::new(false);
    let may_start = holds(&app.package(), &app.actor(), "handover.start", app.today());
    let rows = move || found.get().iter().map(|summary| row(summary, selected)).collect_view();
    let none = move || {
        found.get().is_empty().then(|| {
            blank(
                "empty",
                "还没有交接",
                "有人离岗或者重划网格时，在这里把户、在办的事和到期的走访交给接手人。",
                Vec::new(),
            )
        })
    };
    let right = move || match selected.get() {
        Some(id) => one::one(id),
        None => blank("done", "选一次交接来看", "左边点一条，或点右上角“发起交接”。", Vec::new()),
    };
    view! {
        <div class="page-head">
            <h1 class="page-title">"网格交接"</h1>
            <div class="page-actions">
                {may_start
                    .then(|| opener(starting, "btn btn-small btn-primary", "handover-start", Some("plus"), "发起交接"))}
            </div>
        </div>
        <div class="panes" class:is-open=move || selected.get().is_some()>
            <section class="pane pane-list" aria-label="交接列表">
                <div class="pane-head"><span class="strong">{move || format!("{} 次", found.get().len())}</span></div>
                <div class="pane-body">{none} <ul class="queue">{rows}</ul></div>
            </section>
            <section class="pane pane-detail" aria-label="交接">{right}</section>
        </div>
        {start::dialog_for(starting)}
    }
    .into_any()
}

fn row(summary: &Summary, selected: Memo<Option<EntityId>>) -> AnyView {
    let (app, names, id) = (use_app(), use_directory().get_untracked(), summary.id);
    let people: Vec<String> = summary.categories.iter().map(|user| names.person(user)).collect();
    let sub = format!("{} · {}", names.area(&summary.area), when(summary.updated, app.now_ms()));
    view! {
        <li>
            <button
                class="queue-item"
                type="button"
                data-testid="handover-row"
                data-id=id.to_string()
                data-state=summary.state.clone()
                aria-current=move || (selected.get() == Some(id)).to_string()
                on:click=move |_| Route::Handover(Some(id)).go()
            >
                <span class="queue-title">{people.join(" → ")}</span>
                <span class="queue-sub">{sub}</span>
                <span class="queue-end"><span class="tag">{summary.subtitle.clone()}</span></span>
            </button>
        </li>
    }
    .into_any()
}
