//! What arrived and what waits: tabs by state with counts, filters, the list on the left, one record on the right.

mod filter;
mod item;
mod keys;
mod list;
mod tab;

use std::sync::Arc;

use gridbook_log::EntityId;
use leptos::prelude::*;

use super::action::{On, action_dialog};
use super::later::{self, Later};
use super::route::Route;
use crate::app::use_app;
use crate::ui::directory::use_directory;
use crate::ui::later::Rest;
use crate::ui::states::blank;
use crate::ui::window::{Window, mark};

pub use filter::{Filters, bar as filter_bar};
pub use item::{Item, Items, provide_items, use_items};
pub use tab::Tab;

pub use list::export;

/// Everything the queue's parts share.
#[derive(Clone, Copy)]
pub(super) struct Queue {
    tab: RwSignal<Tab>,
    items: Memo<Arc<Items>>,
    /// Items that pass the filters, whatever their tab.
    passing: Memo<Arc<Vec<Arc<Item>>>>,
    /// Items of the tab.
    shown: Memo<Arc<Vec<Arc<Item>>>>,
    selected: Memo<Option<EntityId>>,
    ticked: RwSignal<Vec<EntityId>>,
    window: Window,
}

/// How many rows are drawn at first, and how many more each time.
const STEP: usize = 100;

/// The screen.
pub fn queue(route: RwSignal<Route>) -> AnyView {
    let app = use_app();
    let tab = RwSignal::new(Tab::Mine);
    let filters = RwSignal::new(Filters::default());
    let items = use_items();
    let names = use_directory();
    let passing =
        Memo::new(move |_| {
            let package = app.package();
            let zones = names.with(|names| names.zones.clone());
            Arc::new(filters.with(|filters| {
                filters.pass(&items.get().list, (&package, &app.actor()), &zones, app.today())
            }))
        });
    let shown = Memo::new(move |_| {
        let tab = tab.get();
        Arc::new(passing.get().iter().filter(|item| tab.holds(item)).cloned().collect::<Vec<_>>())
    });
    let selected = Memo::new(move |_| match route.get() {
        Route::Queue(id) => id,
        _ => None,
    });
    let ticked = RwSignal::new(Vec::new());
    let window = Window::new(STEP, move || filters.with(|filters| mark(&(tab.get(), filters))));
    let queue = Queue { tab, items, passing, shown, selected, ticked, window };
    Effect::new(move |before: Option<()>| {
        tab.track();
        filters.track();
        if before.is_some() && ticked.with_untracked(|ticked: &Vec<_>| !ticked.is_empty()) {
            ticked.set(Vec::new());
        }
    });
    keys::listen(queue);
    let dispatching = RwSignal::new(false);
    let right = move || match selected.get() {
        Some(id) => later::view(move |part| (part.detail)(id, Callback::new(|()| Route::Queue(None).go()))),
        None => blank("done", "选一件来看", "左边点一件，或按 J、K 上下移动。", Vec::new()),
    };
    view! {
        <div class="page-head">
            <h1 class="page-title">"待办"</h1>
            <div class="page-actions">
                {Rest::<Later>::held().view(|part| (part.entry_way)(), |_| ().into_any())}
                {Rest::<Later>::held().view(move |part| (part.export)(queue), |_| ().into_any())}
            </div>
        </div>
        {Rest::<Later>::held().view(|part| (part.nobody_met)(), |_| ().into_any())}
        {tab::tabs(queue)}
        {filter_bar(filters, ().into_any())}
        {list::bulk(queue, dispatching)}
        <div class="panes" class:is-open=move || selected.get().is_some()>
            <section class="pane pane-list" aria-label="列表">{list::list(queue)}</section>
            <section class="pane pane-detail" aria-label="详情">{right}</section>
        </div>
        {move || dispatching.get().then(|| later::view(move |part| (part.dispatch)(queue, dispatching)))}
        <p class="muted small no-print">
            "键盘：" <span class="kbd">"J"</span> " " <span class="kbd">"K"</span> " 上下　"
            <span class="kbd">"Enter"</span> " 进入详情　" <span class="kbd">"A"</span> " 办下一步　"
            <span class="kbd">"/"</span> " 查找　" <span class="kbd">"Esc"</span> " 回列表"
        </p>
    }
    .into_any()
}

/// The dialog that dispatches everything ticked.
pub(super) fn dispatch(queue: Queue, dispatching: RwSignal<bool>) -> AnyView {
    let package = use_app().package();
    let flow = package.flow(gridbook_domain::record::RecordKind::Hazard);
    let Some(step) = flow.and_then(|flow| flow.transition("dispatch", "registered").cloned()) else {
        return ().into_any();
    };
    let close = Callback::new(move |()| {
        dispatching.set(false);
        queue.ticked.set(Vec::new());
    });
    action_dialog(step, On::Here(queue.ticked.get_untracked()), None, close)
}
