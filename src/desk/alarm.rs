//! What cannot wait, over every screen of the desk: dangers of which this person was told (HAZ-05). And households that
//! nobody meets (VISIT-04).

use gridbook_domain::plan::{Unmet, alerted, unmet};
use gridbook_domain::summary::Summary;
use leptos::prelude::*;

use super::route::Route;
use super::table::{Col, table};
use crate::app::{App, use_app};
use crate::ui::alarm::{Told, told};
use crate::ui::directory::use_directory;
use crate::ui::format;
use crate::ui::live;

/// Dangers, until somebody of this person's step says that they know.
pub fn alarms() -> AnyView {
    told(use_app(), "btn", |_, told| {
        let Told { asked, place, when, title, know } = told;
        view! {
            <div class="alarm no-print" role="alert" data-testid="alarm-told">
                {title}
                <p class="alarm-text">
                    {format!("{place} · {when} 告知。先打电话核实，要不要转移；没有人知悉会往上一级告知。")}
                </p>
                <div class="cluster">
                    {know}
                    <a class="btn" href=Route::Queue(Some(asked.id)).href()>"看这条隐患"</a>
                </div>
            </div>
        }
        .into_any()
    })
}

/// Households where days of trying met nobody: those of one village, or all of which this person is told.
pub fn nobody_met(village: impl Fn() -> Option<String> + Send + Sync + 'static) -> AnyView {
    let app = use_app();
    let found = Memo::new(move |_| {
        let (package, actor, today) = (app.package(), app.actor(), app.today());
        let village = village();
        let areas = match village.as_deref() {
            Some(village) => vec![village],
            None => alerted(package.visits.get(), &actor, today),
        };
        app.rows(|rows| {
            let seen: Vec<&Summary> =
                rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref()).collect();
            unmet(seen.iter().copied(), &package, &areas, app.today())
        })
    });
    live(move || {
        let list = found.get();
        (!list.is_empty()).then(|| lines(app, &list))
    })
}

fn lines(app: App, list: &[Unmet]) -> AnyView {
    let names = use_directory().get();
    let rows = list
        .iter()
        .filter_map(|one| {
            let summary = app.row(one.household)?.summary?;
            let days: Vec<String> = one.days.iter().map(|day| format::short_day(*day, app.today())).collect();
            let tried: Vec<String> = one.tried.iter().map(|user| names.person(user)).collect();
            let href = Route::Households(Some(one.household)).href();
            Some(view! {
                <tr data-testid="unmet-row">
                    <td class="strong"><a href=href>{summary.title}</a></td>
                    <td>{names.area(&summary.area)}</td>
                    <td>{days.join("、")}</td>
                    <td>{tried.join("、")}</td>
                </tr>
            })
        })
        .collect_view();
    let heads = [Col::Text("户主"), Col::Text("网格"), Col::Text("哪几天去过"), Col::Text("谁去的")];
    view! {
        <details class="section no-print" data-testid="unmet">
            <summary class="section-head">{format!("多次上门没有遇到人：{} 户", list.len())}</summary>
            <p class="muted small">"请安排上门或打电话找到人，确认外出的改户情。有人走访到就自动消失。"</p>
            {table("多次上门没有遇到人", false, &heads, rows)}
        </details>
    }
    .into_any()
}
