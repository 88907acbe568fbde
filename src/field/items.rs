//! 事项: themes on top, then everything on the list that can be reported, each with its own form (CAT-01, CAT-03).

use gridbook_domain::catalogue::{Item, campaigns};
use leptos::prelude::*;

use super::screen::{Screen, Tab};
use crate::app::use_app;
use crate::ui::icon::{chevron, icon};

pub(super) fn page() -> AnyView {
    let app = use_app();
    let (package, today, actor) = (app.package(), app.today(), app.actor());
    let catalogue = package.catalogue.get();
    let area = actor.areas(today).first().map_or_else(String::new, |area| (*area).to_owned());
    let offered = package.items_for(&actor, today);
    let pinned = campaigns(&package, today, &area)
        .into_iter()
        .filter(|theme| offered.iter().any(|item| item.id == theme.item))
        .map(|theme| {
            row(&theme.item, theme.label.clone(), theme.to.map(|to| format!("到 {to} 为止")), "theme-row")
        })
        .collect_view();
    let groups = catalogue
        .groups
        .iter()
        .filter_map(|group| {
            let items: Vec<&&Item> = offered.iter().filter(|item| item.group == group.id).collect();
            (!items.is_empty()).then(|| {
                let rows = items
                    .into_iter()
                    .map(|item| row(&item.id, item.name.clone(), Some(sub(item)), "item-row"))
                    .collect_view();
                section(group.label.clone(), rows.into_any())
            })
        })
        .collect_view();
    let points = view! {
        <li>
            <a class="row" href="#/places" data-testid="places">
                <span class="row-main"><span class="row-title">"点位"</span><span class="row-sub">"地灾点、山塘、九小场所"</span></span>
                {chevron()}
            </a>
        </li>
        <li>
            <a class="row" href="#/micro" data-testid="micro-grids">
                <span class="row-main"><span class="row-title">"微网格划建"</span><span class="row-sub">"走访、绘制、演练"</span></span>
                {chevron()}
            </a>
        </li>
    };
    let quiet = app.in_confidence(false).then(|| {
        view! {
            <li>
                <a class="row" href="#/confidential" data-testid="confidential">
                    <span class="row-main">
                        <span class="row-title">"保密反映"</span>
                        <span class="row-sub">"村务监督、家庭暴力和侵害未成年人线索：村里看不到"</span>
                    </span>
                    {chevron()}
                </a>
            </li>
        }
        .into_any()
    });
    let body = view! {
        {section("重点工作".to_owned(), pinned.into_any())}
        {section("巡查和网格".to_owned(), points.into_any())}
        {groups}
        {quiet.map(|row| section("保密反映".to_owned(), row))}
    };
    Screen::new("事项").back("/").tab(Tab::Home).view(body.into_any())
}

/// Whether grid workers answer for it; and that it cannot wait on the phone, where that is so.
fn sub(item: &Item) -> String {
    let duty = item.duty.label();
    if item.offline { duty.to_owned() } else { format!("{duty} · 有网络时才能上报") }
}

fn section(title: String, rows: AnyView) -> AnyView {
    view! {
        <section class="section">
            <div class="section-head"><h2 class="section-title">{title}</h2></div>
            <ul class="rows">{rows}</ul>
        </section>
    }
    .into_any()
}

fn row(item: &str, label: String, sub: Option<String>, test: &'static str) -> AnyView {
    view! {
        <li>
            <a class="row" href=format!("#/item/{item}/new") data-testid=test>
                <span class="row-main">
                    <span class="row-title">{label}</span>
                    <span class="row-sub">{sub}</span>
                </span>
                {chevron()}
            </a>
        </li>
    }
    .into_any()
}

/// The way to this page from the first one.
pub(super) fn link() -> AnyView {
    view! { <a class="btn btn-wide" href="#/items" data-testid="home-items">{icon("table")}"更多事项、重点工作"</a> }.into_any()
}
