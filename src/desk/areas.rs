//! Grids of a village, and cutting them anew (TERR-03, TERR-04): merge and split with a day from which it counts, with a
//! look at what would move and at the norms beforehand; when the day has come, the records and the roles follow. Below them
//! how far micro-grids are set up (TERR-05).

mod card;
mod cover;
mod draft;
mod edit;
mod follow;
mod micro;
mod sites;
mod standing;
mod words;
pub mod zones;

use std::collections::BTreeSet;

use gridbook_domain::date;
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::Actor;
use gridbook_domain::summary::Summary;
use gridbook_domain::territory::cut::{Node, grids as grids_of};
use gridbook_domain::territory::{AreaCode, GridKind, covers};
use leptos::prelude::*;

use super::kept::{Kept, keep};
use super::parts::{select, villages};
use super::people;
use super::table::{Col, table, tick};
use crate::app::{App, use_app};
use crate::ui::directory::{Directory, use_directory};
use crate::ui::icon::icon;
use crate::ui::states::{blank, loading, warning};

/// What the parts of the screen share.
#[derive(Clone, Copy)]
struct Desk {
    app: App,
    names: Directory,
    nodes: Kept<Node>,
    people: Kept<Actor>,
    village: RwSignal<String>,
    chosen: RwSignal<BTreeSet<String>>,
    /// The dialog is open: into how many grids.
    parts: RwSignal<usize>,
    open: RwSignal<bool>,
    /// The place whose card is shown; empty for none.
    card: RwSignal<String>,
    /// The place that is written; `None` for none.
    edit: RwSignal<Option<edit::About>>,
}

/// Rows that lie in one of these areas.
pub(super) fn rows_in(app: App, areas: &BTreeSet<String>) -> Vec<Summary> {
    app.rows(|rows| {
        let held = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
        let inside = held.filter(|row| !row.rejected && areas.iter().any(|area| covers(area, &row.area)));
        inside.cloned().collect()
    })
}

/// The screen.
pub fn areas() -> AnyView {
    let (app, names) = (use_app(), use_directory());
    let first = names.with_untracked(|names| villages(names).into_iter().next());
    let desk = Desk {
        app,
        names,
        nodes: keep(app, RecordKind::Area, Node::of),
        people: people::kept(app),
        village: RwSignal::new(first.map(|(code, _)| code).unwrap_or_default()),
        chosen: RwSignal::new(BTreeSet::new()),
        parts: RwSignal::new(1),
        open: RwSignal::new(false),
        card: RwSignal::new(String::new()),
        edit: RwSignal::new(None),
    };
    let start = move |parts: usize| {
        desk.parts.set(parts);
        desk.open.set(true);
    };
    let count = move || desk.chosen.with(BTreeSet::len);
    let inside = move || match desk.nodes.get() {
        None => loading(6),
        Some(nodes) => grids(desk, &nodes),
    };
    view! {
        <div class="page-head">
            <h1 class="page-title">"网格调整"</h1>
            <div class="page-actions">
                <button
                    class="btn btn-small"
                    type="button"
                    data-testid="areas-new"
                    on:click=move |_| desk.edit.set(Some(edit::About::New))
                >
                    {icon("plus")}
                    "新建网格"
                </button>
                <button
                    class="btn btn-small"
                    type="button"
                    data-testid="areas-merge"
                    disabled=move || count() < 2
                    on:click=move |_| start(1)
                >
                    {icon("plus")}
                    "合并选中的"
                </button>
                <button
                    class="btn btn-small"
                    type="button"
                    data-testid="areas-split"
                    disabled=move || count() != 1
                    on:click=move |_| start(2)
                >
                    "拆成两个"
                </button>
            </div>
        </div>
        <div class="toolbar">
            {select("村", "areas-village", move || desk.village.get(), move || villages(&names.get()), move |value| {
                desk.chosen.set(BTreeSet::new());
                desk.village.set(value);
            })}
            <button
                class="btn btn-small"
                type="button"
                data-testid="areas-village-card"
                on:click=move |_| desk.card.set(desk.village.get_untracked())
            >
                "全村卡片"
            </button>
        </div>
        <div class="books" tabindex="0" role="region" aria-label="网格">
            {zones::section(desk)}
            {inside}
            {micro::section(desk)}
            {cover::section(desk)}
            {sites::section(desk)}
            {move || desk.nodes.get().map(|nodes| standing::standing(desk, &nodes))}
        </div>
        {draft::dialog_for(desk)}
        {card::dialog_for(desk, desk.card)}
        {edit::dialog_for(desk, desk.edit)}
    }
    .into_any()
}

/// Grids that can be chosen.
fn grids(desk: Desk, nodes: &[Node]) -> AnyView {
    let (app, village) = (desk.app, desk.village.get());
    let norms = app.package().visits.get().norms;
    let here = app.rows(|rows| {
        let held = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
        grids_of(nodes, &village, held, app.today())
    });
    if here.is_empty() {
        return blank("search", "这个村没有网格", "先在“导入”里建网格。", Vec::new());
    }
    let rows = here
        .into_iter()
        .map(|grid| {
            // Households lie in grids by area; the other kinds need none.
            let kind = AreaCode::parse(&grid.code).ok().and_then(|code| code.grid_kind());
            let words = match (grid.begins, grid.homes) {
                (Some(from), _) => format!("{from} 起").into_any(),
                (None, 0) if kind == Some(GridKind::Online) => "线上网格".into_any(),
                (None, 0) if kind == Some(GridKind::Dedicated) => "专属网格".into_any(),
                (None, 0) => warning("没有户"),
                (None, homes) if norms.too_many(homes) => warning(format!("超过 {} 户", norms.households)),
                _ => ().into_any(),
            };
            let code = grid.code.clone();
            let show = move |_| desk.card.set(code.clone());
            let choose =
                grid.begins.is_none().then(|| tick(&grid.name, "areas-tick", &grid.code, desk.chosen));
            view! {
                <tr data-testid="areas-row" data-code=grid.code>
                    <td class="check">{choose}</td>
                    <td>
                        <button class="btn btn-link" type="button" data-testid="areas-card" on:click=show>
                            {grid.name}
                        </button>
                    </td>
                    <td class="mono">{grid.code.clone()}</td>
                    <td class="num" data-testid="areas-homes">{grid.homes}</td>
                    <td>{words}</td>
                </tr>
            }
        })
        .collect_view();
    let heads = [Col::Check("选中"), Col::Text("网格"), Col::Text("编码"), Col::Num("户"), Col::Text("提示")];
    view! {
        <section class="section">
            <div class="section-head"><h2 class="section-title">"现在的网格"</h2></div>
            {table("现在的网格", true, &heads, rows)}
        </section>
    }
    .into_any()
}

/// A day in a dialog.
fn day(label: &'static str, id: &'static str, signal: RwSignal<chrono::NaiveDate>) -> AnyView {
    view! {
        <div class="field">
            <label class="label" for=id>{label}</label>
            <input
                class="input"
                id=id
                type="date"
                data-testid=id
                prop:value=move || signal.get().to_string()
                on:change=move |event| {
                    if let Some(day) = date::parse(&event_target_value(&event)) {
                        signal.set(day);
                    }
                }
            />
        </div>
    }
    .into_any()
}
