//! Grids of a village, and cutting them anew (TERR-03, TERR-04): merge and split with a day from which it counts, with a
//! look at what would move and at the norms beforehand; when the day has come, the records and the roles follow.

mod draft;
mod follow;
mod standing;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gridbook_domain::date;
use gridbook_domain::record::RecordKind;
use gridbook_domain::summary::Summary;
use gridbook_domain::territory::covers;
use gridbook_domain::territory::cut::Node;
use gridbook_log::EntityId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::parts::{select, villages};
use crate::app::{App, use_app};
use crate::ui::directory::{Directory, use_directory};
use crate::ui::icon::icon;
use crate::ui::states::{blank, loading};

/// The places of the directory, as they were read last.
type Nodes = RwSignal<Option<Arc<Vec<Node>>>>;

/// What the parts of the screen share.
#[derive(Clone, Copy)]
struct Desk {
    app: App,
    names: Directory,
    nodes: Nodes,
    village: RwSignal<String>,
    chosen: RwSignal<BTreeSet<String>>,
    /// The dialog is open: into how many grids.
    parts: RwSignal<usize>,
    open: RwSignal<bool>,
}

/// Reads the places anew.
pub(super) async fn read_nodes(app: App) -> Vec<Node> {
    let ids: Vec<EntityId> = app.rows(|rows| {
        let held = rows.iter().filter_map(|(id, row)| Some((id, row.summary.as_ref()?)));
        held.filter(|(_, row)| row.kind == RecordKind::Area).map(|(id, _)| *id).collect()
    });
    let mut nodes = Vec::new();
    for id in ids {
        if let Ok(Some(entity)) = app.entity(id).await {
            nodes.extend(Node::of(&entity));
        }
    }
    nodes
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
        nodes: RwSignal::new(None),
        village: RwSignal::new(first.map(|(code, _)| code).unwrap_or_default()),
        chosen: RwSignal::new(BTreeSet::new()),
        parts: RwSignal::new(1),
        open: RwSignal::new(false),
    };
    Effect::new(move |_| {
        app.version.track();
        spawn_local(async move {
            let found = Arc::new(read_nodes(app).await);
            if desk.nodes.try_with_untracked(|held| held.as_ref() != Some(&found)) == Some(true) {
                desk.nodes.set(Some(found));
            }
        });
    });
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
        </div>
        <div class="books" tabindex="0" role="region" aria-label="网格">
            {inside}
            {move || desk.nodes.get().map(|nodes| standing::standing(desk, &nodes))}
        </div>
        {draft::dialog_for(desk)}
    }
    .into_any()
}

/// Grids that can be chosen: those that were not decided to end.
fn grids(desk: Desk, nodes: &[Node]) -> AnyView {
    let (app, village) = (desk.app, desk.village.get());
    let norms = app.package().visits.get().norms;
    let homes: BTreeMap<String, usize> = app.rows(|rows| {
        let mut homes = BTreeMap::new();
        let held = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
        for row in held.filter(|row| row.kind == RecordKind::Household && !row.is_gone()) {
            *homes.entry(row.area.get(..15).unwrap_or(&row.area).to_owned()).or_default() += 1;
        }
        homes
    });
    let mut here: Vec<&Node> = nodes
        .iter()
        .filter(|node| node.node.code.len() == 15 && node.node.code.starts_with(&village))
        .filter(|node| node.node.valid_to.is_none())
        .collect();
    gridbook_log::order_by_key(&mut here, |node| node.node.code.clone());
    if here.is_empty() {
        return blank("search", "这个村没有网格", "先在“导入”里建网格。", Vec::new());
    }
    let rows = here
        .into_iter()
        .map(|node| {
            let (code, held) = (node.node.code.clone(), node.node.code.clone());
            let count = homes.get(&code).copied().unwrap_or(0);
            let begins = node.node.valid_from.filter(|from| *from > app.today());
            let words = match (begins, count) {
                (Some(from), _) => format!("{from} 起"),
                (None, 0) => "! 没有户".to_owned(),
                (None, count) if count > norms.households => format!("! 超过 {} 户", norms.households),
                _ => String::new(),
            };
            let tick = move |event| {
                let on = event_target_checked(&event);
                desk.chosen.update(|chosen| {
                    if on {
                        chosen.insert(code.clone())
                    } else {
                        chosen.remove(&code)
                    };
                });
            };
            let box_ = begins.is_none().then(|| {
                view! {
                    <input
                        type="checkbox"
                        aria-label=format!("选中：{}", node.node.name)
                        data-testid="areas-tick"
                        prop:checked=move || desk.chosen.with(|chosen| chosen.contains(&held))
                        on:change=tick
                    />
                }
            });
            view! {
                <tr data-testid="areas-row" data-code=node.node.code.clone()>
                    <td class="check">{box_}</td>
                    <td class="strong">{node.node.name.clone()}</td>
                    <td class="mono">{node.node.code.clone()}</td>
                    <td class="num" data-testid="areas-homes">{count}</td>
                    <td>{words}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section class="section">
            <div class="section-head"><h2 class="section-title">"现在的网格"</h2></div>
            <div class="table-wrap" tabindex="0" role="region" aria-label="现在的网格">
                <table class="table table-dense">
                    <thead>
                        <tr>
                            <th scope="col" class="check"><span class="visually-hidden">"选中"</span></th>
                            <th scope="col">"网格"</th>
                            <th scope="col">"编码"</th>
                            <th scope="col" class="num">"户"</th>
                            <th scope="col">"提示"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
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
