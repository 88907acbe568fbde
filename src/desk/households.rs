//! Households of the township: search as on the phone, the card, and what was recorded about it.

mod card;

use std::sync::Arc;

use gridbook_domain::household::category::{APPROVE, sees_category};
use gridbook_domain::household::merge::Merges;
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::holds;
use gridbook_domain::search::Query;
use gridbook_domain::summary::{Hint, Summary};
use gridbook_log::EntityId;
use leptos::prelude::*;

use super::parts::{categories, places, select};
use super::route::Route;
use crate::app::use_app;
use crate::ui::directory::use_directory;
use crate::ui::icon::icon;
use crate::ui::states::blank;

/// Rows drawn at once.
const SHOWN: usize = 100;
/// The filter for households that are no more shown anywhere else.
const GONE: &str = "@gone";
/// The filter for households with a category that has to be approved.
const WAITS: &str = "@waits";

/// The screen.
pub fn households(route: RwSignal<Route>) -> AnyView {
    let app = use_app();
    let names = use_directory();
    let (text, village, category) =
        (RwSignal::new(String::new()), RwSignal::new(String::new()), RwSignal::new(String::new()));
    let found = Memo::new(move |_| {
        app.version.track();
        let (text, village, category) = (text.get(), village.get(), category.get());
        let (package, actor, today) = (app.package(), app.actor(), app.today());
        let query = Query::new(&text, &package, today).discreet(&package, &actor);
        let zones = names.with(|names| names.zones.clone());
        app.rows(|rows| {
            let merges = Merges::of(rows.values().filter_map(|row| row.summary.as_ref()));
            let fits = |summary: &&Summary| {
                (village.is_empty() || zones.covers(&village, &summary.area))
                    && (category.is_empty()
                        || category == GONE
                        || (category == WAITS && summary.hints.contains(&Hint::Approve))
                        || summary.kinds(today).contains(&category.as_str())
                            && sees_category(&package, &actor, &summary.area, &category, today))
                    && merges.gone(summary) == (category == GONE)
            };
            let all = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
            let mut list: Vec<Summary> = if query.is_empty() {
                let mut list: Vec<&Summary> =
                    all.filter(|s| s.kind == RecordKind::Household).filter(fits).collect();
                list.sort_by(|a, b| a.number.cmp(&b.number));
                list.into_iter().cloned().collect()
            } else {
                let hits = query.households(all.clone(), usize::MAX);
                let by_id = |id: EntityId| rows.get(&id).and_then(|row| row.summary.as_ref());
                hits.into_iter().filter_map(|hit| by_id(hit.id)).filter(fits).cloned().collect()
            };
            let count = list.len();
            list.truncate(SHOWN);
            (count, Arc::new(list))
        })
    });
    let selected = Memo::new(move |_| match route.get() {
        Route::Households(id) => id,
        _ => None,
    });
    let kinds = move || {
        let package = app.package();
        let all = holds(&package, &app.actor(), "person.sensitive.view", app.today());
        let all = package
            .categories
            .iter()
            .filter(|c| c.offered && (all || !c.sensitive))
            .map(|c| (c.id.clone(), c.label.clone()));
        let gone = (GONE.to_owned(), "已合并、已销户".to_owned());
        let waits = holds(&package, &app.actor(), APPROVE, app.today())
            .then(|| (WAITS.to_owned(), "有类别待审核".to_owned()));
        std::iter::once((String::new(), "全部类别".to_owned()))
            .chain(waits)
            .chain(all)
            .chain([gone])
            .collect()
    };
    let places = move || places(&names.get(), "全部村");
    let line = move || {
        let (count, _) = found.get();
        if count > SHOWN {
            format!("{count} 户，先列出 {SHOWN} 户；可以再缩小范围")
        } else {
            format!("{count} 户")
        }
    };
    let right = move || match selected.get() {
        Some(id) => card::card(id),
        None => blank("search", "选一户来看", "左边可按门牌、姓名、手机尾号、拼音首字母查找。", Vec::new()),
    };
    let rows = move || found.get().1.iter().map(|summary| row(summary, selected)).collect_view();
    let none = move || {
        (found.get().0 == 0)
            .then(|| blank("search", "没有找到", "试试门牌号、手机尾号或姓名拼音首字母。", Vec::new()))
    };
    view! {
        <div class="page-head"><h1 class="page-title">"户"</h1></div>
        <div class="toolbar">
            <div class="search">
                {icon("search")}
                <input
                    class="search-input"
                    type="search"
                    aria-label="查找户"
                    data-testid="household-search"
                    placeholder="门牌、姓名、尾号、拼音"
                    on:input=move |event| text.set(event_target_value(&event))
                />
            </div>
            {select("村", "household-village", move || village.get(), places, move |value| village.set(value))}
            {select("户类别", "household-category", move || category.get(), kinds, move |value| category.set(value))}
        </div>
        <div class="panes" class:is-open=move || selected.get().is_some()>
            <section class="pane pane-list" aria-label="户列表">
                <div class="pane-head"><span class="strong" data-testid="household-count">{line}</span></div>
                <div class="pane-body">
                    {none}
                    <ul class="queue">{rows}</ul>
                </div>
            </section>
            <section class="pane pane-detail" aria-label="户">{right}</section>
        </div>
    }
    .into_any()
}

fn row(summary: &Summary, selected: Memo<Option<EntityId>>) -> AnyView {
    let app = use_app();
    let names = use_directory().get_untracked();
    let id = summary.id;
    let kinds = categories(app, &summary.area, &summary.categories).join("、");
    let place = format!("{} · {}", names.area(&summary.area), summary.subtitle);
    view! {
        <li>
            <button
                class="queue-item"
                type="button"
                data-testid="household-row"
                data-id=id.to_string()
                aria-current=move || (selected.get() == Some(id)).to_string()
                on:click=move |_| Route::Households(Some(id)).go()
            >
                <span class="queue-title">{format!("{} 户", summary.title)}</span>
                <span class="queue-sub">
                    {place}
                    {(!kinds.is_empty()).then(|| view! { <br/> {kinds} })}
                </span>
            </button>
        </li>
    }
    .into_any()
}
