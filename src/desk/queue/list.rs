//! The list of the queue, with what can be done to several at once.

use std::sync::Arc;

use gridbook_domain::role::holds;
use gridbook_log::EntityId;
use leptos::prelude::*;

use super::{Item, Queue, STEP, Tab};
use crate::app::use_app;
use crate::desk::ledger::export_queue;
use crate::desk::route::Route;
use crate::desk::words::number;
use crate::ui::badge::{arrival, lamp, level, state, to_check, to_notify, to_tell, urgent};
use crate::ui::directory::use_directory;
use crate::ui::format::{span, when};
use crate::ui::icon::icon;
use crate::ui::states::blank;
use crate::ui::window::{self, Line, mark};

pub(super) fn list(queue: Queue) -> AnyView {
    let count = move || queue.shown.with(|items| items.len());
    let lines = move || {
        let drawn = queue.window.drawn();
        let line = |item: &Arc<Item>| {
            let shown = (
                item.summary.updated,
                &item.summary.number,
                item.arrival,
                item.summary.deadline(),
                (item.lamp, item.tell, item.summary.to_notify(0), &item.summary.hints),
            );
            let (id, mark, item) = (item.summary.id, mark(&shown), item.clone());
            let draw = move || view! { <li style:display="flex">{row(queue, &item)}</li> }.into_any();
            Line { id, mark, draw: Box::new(draw) }
        };
        queue.shown.with(|items| items.iter().take(drawn).map(line).collect())
    };
    let more = move || {
        let rest = count().saturating_sub(queue.window.wanted());
        (rest > 0).then(|| {
            let step = rest.min(STEP);
            view! {
                <li>
                    <button
                        class="btn btn-quiet btn-wide"
                        type="button"
                        on:click=move |_| queue.window.more()
                    >
                        {format!("再显示 {step} 件（还有 {rest} 件）")}
                    </button>
                </li>
            }
        })
    };
    let none = move || (count() == 0).then(|| nothing(queue));
    view! {
        <div class="pane-head">
            <span class="strong" data-testid="queue-count">{move || format!("{} 件", count())}</span>
            <span class="muted small grow">"最近变动的在前"</span>
        </div>
        <div class="pane-body">
            {none}
            <ul class="queue" data-testid="queue" aria-busy=move || queue.window.busy(count()).to_string()>
                {window::rows(lines)}
                {more}
            </ul>
        </div>
    }
    .into_any()
}

fn nothing(queue: Queue) -> AnyView {
    if queue.items.with(|items| items.list.is_empty()) {
        blank("empty", "还没有收到记录", "村里上报后会自动出现在这里。", Vec::new())
    } else if queue.tab.get() == Tab::Mine {
        blank("done", "没有等您办的事", "别的状态可以点上面的标签看。", Vec::new())
    } else {
        blank("search", "这里没有符合的记录", "换一个标签，或清除条件再看。", Vec::new())
    }
}

fn row(queue: Queue, item: &Item) -> AnyView {
    let app = use_app();
    let (package, names) = (app.package(), use_directory().get_untracked());
    let summary = &item.summary;
    let id = summary.id;
    let now = app.now_ms();
    let shown = number(&summary.number, id);
    let place = names.area(&summary.area);
    let sub = format!(
        "{} · {place} · {} · {}",
        summary.kind.label(),
        names.person(&summary.reporter),
        when(summary.at, now)
    );
    let waiting = summary.is_open().then(|| match span(summary.updated, now).as_str() {
        "刚才" => "刚才".to_owned(),
        since => format!("已 {since}"),
    });
    let current = move || (queue.selected.get() == Some(id)).to_string();
    let badge = (item.arrival != crate::ui::badge::Arrival::Arrived).then(|| arrival(item.arrival));
    let tick = (summary.state == "registered").then(|| tickbox(queue, id, &summary.title));
    view! {
        {tick}
        <button
            class="queue-item"
            style:min-width="0"
            type="button"
            data-testid="queue-row"
            data-id=id.to_string()
            data-state=summary.state.clone()
            data-kind=summary.kind.as_str()
            aria-current=current
            on:click=move |_| Route::Queue(Some(id)).go()
        >
            <span class="queue-title">{summary.title.clone()}</span>
            <span class="queue-sub">
                {sub} <br/> <span class="mono">{shown}</span>
            </span>
            <span class="queue-end">
                {level(&package, &summary.level)}
                {state(&package, &summary.state)}
                {lamp(&package, summary, now)}
                {urgent(&item.summary)}
                {to_tell(item.tell)}
                {to_check(summary.to_check(app.today()))}
                {to_notify(summary.to_notify(now))}
                {badge}
                {waiting.map(|text| view! { <span class="due">{icon("clock")}{text}</span> })}
            </span>
        </button>
    }
    .into_any()
}

/// Only dispatching is offered for several at once: nobody should register or claim unread.
fn tickbox(queue: Queue, id: EntityId, title: &str) -> AnyView {
    let app = use_app();
    if !holds(&app.package(), &app.actor(), "case.dispatch", app.today()) {
        return ().into_any();
    }
    let label = format!("选中：{title}");
    let change = move |on: bool| {
        queue.ticked.update(|list| {
            list.retain(|held| *held != id);
            if on {
                list.push(id);
            }
        });
    };
    view! {
        <label style:padding="0.75rem 0 0 0.75rem">
            <input
                type="checkbox"
                style:width="1.5rem"
                style:height="1.5rem"
                style:accent-color="var(--accent)"
                aria-label=label
                data-testid="queue-tick"
                prop:checked=move || queue.ticked.with(|list| list.contains(&id))
                on:change=move |event| change(event_target_checked(&event))
            />
        </label>
    }
    .into_any()
}

/// What can be done to the ticked ones.
pub(super) fn bulk(queue: Queue, dispatching: RwSignal<bool>) -> AnyView {
    (move || {
        let count = queue.ticked.with(Vec::len);
        (count > 0).then(|| {
            view! {
                <div class="bulkbar" data-testid="bulkbar">
                    <span class="strong">{format!("已选 {count} 件")}</span>
                    <button
                        class="btn btn-small"
                        type="button"
                        data-testid="bulk-dispatch"
                        on:click=move |_| dispatching.set(true)
                    >
                        "一起转办"
                    </button>
                    <button class="btn btn-link" type="button" on:click=move |_| queue.ticked.set(Vec::new())>
                        "取消选择"
                    </button>
                </div>
            }
        })
    })
    .into_any()
}

/// The list as a file, with names masked.
pub fn export(queue: Queue) -> AnyView {
    let ids = move || -> Arc<Vec<EntityId>> {
        Arc::new(queue.shown.with_untracked(|items| items.iter().map(|item| item.summary.id).collect()))
    };
    export_queue(ids)
}
