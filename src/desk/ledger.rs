//! Ledgers: one record, and every township table made from it (REP-01, IO-02). Names are masked (IO-04).

mod columns;
mod export;
mod line;

use std::cmp::Ordering;
use std::sync::Arc;

use gridbook_log::EntityId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::queue::{Filters, Item, filter_bar, use_items};
use super::route::Route;
use crate::app::use_app;
use crate::ui::directory::use_directory;
use crate::ui::icon::icon;
use crate::ui::states::{blank, loading};
use columns::{Book, Column};
use line::Reader;

pub use export::{XLSX, export_queue, sheet};

/// Rows on a page of the screen.
const PAGE: usize = 50;

/// Cells of the rows shown, with their records.
type Lines = Vec<(EntityId, Vec<String>)>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Order {
    column: usize,
    down: bool,
}

impl Book {
    /// The latest first.
    fn order(self) -> Order {
        Order { column: self.columns().iter().position(|column| column.latest).unwrap_or(1), down: true }
    }
}

/// The screen.
pub fn ledger() -> AnyView {
    let app = use_app();
    let book = RwSignal::new(Book::All);
    let filters = RwSignal::new(Filters::default());
    let state = RwSignal::new(String::new());
    let order = RwSignal::new(Book::All.order());
    let page = RwSignal::new(0usize);
    let reports = use_items();
    let names = use_directory();
    let shown = Memo::new(move |_| {
        let (book, order, state) = (book.get(), order.get(), state.get());
        let package = app.package();
        let zones = names.with(|names| names.zones.clone());
        let mut items = filters
            .with(|filters| filters.pass(&reports.get().list, (&package, &app.actor()), &zones, app.today()));
        items.retain(|item| {
            book.holds(item.summary.kind) && (state.is_empty() || item.summary.state == state)
        });
        if let Some(Column { sort: Some(sort), .. }) = book.columns().get(order.column) {
            items.sort_by(|a, b| {
                let by = sort(&a.summary, &package).cmp(&sort(&b.summary, &package));
                let by = if order.down { by.reverse() } else { by };
                if by == Ordering::Equal { b.summary.id.cmp(&a.summary.id) } else { by }
            });
        }
        Arc::new(items)
    });
    Effect::new(move |_| {
        book.track();
        filters.track();
        state.track();
        page.set(0);
    });
    let ids = move || -> Arc<Vec<EntityId>> {
        Arc::new(shown.with_untracked(|items| items.iter().map(|item| item.summary.id).collect()))
    };
    let states = move || {
        let package = app.package();
        let mut list = vec![(String::new(), "全部状态".to_owned())];
        let flows = package.flows.iter().flat_map(|flow| &flow.states).filter(|state| state.id != "draft");
        list.extend(flows.map(|state| (state.id.clone(), state.label.clone())));
        list
    };
    let state_filter = super::parts::select(
        "状态",
        "filter-state",
        move || state.get(),
        states,
        move |value| state.set(value),
    );
    view! {
        <div class="page-head no-print">
            <h1 class="page-title">"事项台账"</h1>
            <div class="page-actions">{move || export::buttons(book.get(), ids)}</div>
        </div>
        {tabs(book, order)}
        {filter_bar(filters, state_filter)}
        {move || table(book.get(), order, page, shown)}
        {pager(page, shown)}
    }
    .into_any()
}

fn tabs(book: RwSignal<Book>, order: RwSignal<Order>) -> AnyView {
    let one = |which: Book| {
        view! {
            <button
                class="tabs-tab"
                type="button"
                data-testid=format!("ledger-tab-{}", which.id())
                aria-pressed=move || (book.get() == which).to_string()
                on:click=move |_| {
                    order.set(which.order());
                    book.set(which);
                }
            >
                {which.title()}
            </button>
        }
    };
    view! { <div class="tabs no-print" role="group" aria-label="哪本台账" style:flex-shrink="0">{Book::ALL.map(one).collect_view()}</div> }
        .into_any()
}

/// One page of the ledger; the records behind its rows are read when it is shown.
fn table(
    book: Book,
    order: RwSignal<Order>,
    page: RwSignal<usize>,
    shown: Memo<Arc<Vec<Arc<Item>>>>,
) -> AnyView {
    let app = use_app();
    let names = use_directory();
    let rows: RwSignal<Option<Lines>> = RwSignal::new(None);
    Effect::new(move |_| {
        let from = page.get() * PAGE;
        let ids: Vec<EntityId> =
            shown.with(|items| items.iter().skip(from).take(PAGE).map(|item| item.summary.id).collect());
        let reader = Reader::new(app, names.get(), book);
        spawn_local(async move {
            let mut read = Vec::with_capacity(ids.len());
            for (n, id) in ids.into_iter().enumerate() {
                if let Some(cells) = reader.line(from + n + 1, id).await {
                    read.push((id, cells));
                }
            }
            let _ = rows.try_set(Some(read));
        });
    });
    let heads = book.columns().iter().enumerate().map(|(n, column)| head(n, column, order)).collect_view();
    let body = move || {
        rows.get().unwrap_or_default().into_iter().map(|(id, cells)| row(book, id, cells)).collect_view()
    };
    let none = move || match rows.get() {
        None => Some(loading(6)),
        Some(rows) if rows.is_empty() => {
            Some(blank("search", "没有符合的记录", "换一本台账，或清除条件再看。", Vec::new()))
        }
        Some(_) => None,
    };
    view! {
        // The printer gets the whole ledger as a sheet of its own, not the page that is shown.
        <div class="no-print" style:display="contents">
            <div class="table-wrap" tabindex="0" role="region" aria-label=book.title()>
                <table class="table table-dense" data-testid="ledger-table">
                    <thead><tr>{heads}</tr></thead>
                    <tbody>{body}</tbody>
                </table>
                {none}
            </div>
        </div>
    }
    .into_any()
}

fn head(n: usize, column: &'static Column, order: RwSignal<Order>) -> AnyView {
    let class = if column.numeric { "num" } else { "" };
    // A full-width sign is two half-width characters; cells break after that.
    let least = format!("{}rem", column.width * 0.5);
    if column.sort.is_none() {
        return view! { <th scope="col" class=class style:min-width=least>{column.header}</th> }.into_any();
    }
    let sorted = move || {
        let order = order.get();
        match (order.column == n, order.down) {
            (false, _) => "none",
            (true, true) => "descending",
            (true, false) => "ascending",
        }
    };
    let turn =
        move |_| order.update(|order| *order = Order { column: n, down: order.column != n || !order.down });
    view! {
        <th scope="col" class=class style:min-width=least aria-sort=sorted>
            <button class="th-sort" type="button" on:click=turn>{column.header}</button>
        </th>
    }
    .into_any()
}

fn row(book: Book, id: EntityId, cells: Vec<String>) -> AnyView {
    let href = Route::Queue(Some(id)).href();
    let cells = cells
        .into_iter()
        .zip(book.columns())
        .enumerate()
        .map(|(n, (text, column))| {
            let class = if column.numeric { "num" } else { "" };
            // The number is the way into the record.
            let inside =
                if n == 1 { view! { <a href=href.clone()>{text}</a> }.into_any() } else { text.into_any() };
            view! { <td class=class>{inside}</td> }
        })
        .collect_view();
    view! { <tr data-testid="ledger-row" data-id=id.to_string()>{cells}</tr> }.into_any()
}

fn pager(page: RwSignal<usize>, shown: Memo<Arc<Vec<Arc<Item>>>>) -> AnyView {
    let count = move || shown.with(|items| items.len());
    let words = move || {
        let (from, all) = (page.get() * PAGE, count());
        if all == 0 {
            "共 0 条".to_owned()
        } else {
            format!("第 {}–{} 条，共 {all} 条", from + 1, (from + PAGE).min(all))
        }
    };
    let at_end = move || (page.get() + 1) * PAGE >= count();
    view! {
        <div class="pager">
            <span data-testid="ledger-count">{words}</span>
            <button
                class="btn btn-small"
                type="button"
                disabled=move || page.get() == 0
                on:click=move |_| page.update(|page| *page = page.saturating_sub(1))
            >
                {icon("back")}
                "上一页"
            </button>
            <button
                class="btn btn-small"
                type="button"
                disabled=at_end
                on:click=move |_| page.update(|page| *page += 1)
            >
                "下一页"
                {icon("chev")}
            </button>
        </div>
    }
    .into_any()
}
