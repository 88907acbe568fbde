//! A household's card, to read: who lives there, how they are reached, what was recorded about them.

use std::sync::Arc;

use gridbook_domain::form::Values;
use gridbook_domain::household::HouseholdView;
use gridbook_domain::household::movement::{self, Movement};
use gridbook_domain::mask;
use gridbook_domain::package::Package;
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::{Target, may};
use gridbook_domain::summary::Summary;
use gridbook_log::EntityId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::app::{App, use_app};
use crate::desk::parts::kind_icon;
use crate::desk::route::Route;
use crate::desk::words::number;
use crate::ui::ask::asking;
use crate::ui::badge::{level, state};
use crate::ui::directory::{Names, use_directory};
use crate::ui::format::{age, phone, when};
use crate::ui::icon::icon;
use crate::ui::kinds::kinds;
use crate::ui::states::{Tone, banner, blank, loading};
use crate::ui::{facts, joint, live, moves, same};

#[derive(Clone, PartialEq)]
enum Load {
    Waiting,
    Missing,
    Here(Box<HouseholdView>, Arc<Values>, Arc<Vec<Movement>>),
}

pub(super) fn card(id: EntityId) -> AnyView {
    let app = use_app();
    let names = use_directory();
    let load = RwSignal::new(Load::Waiting);
    Effect::new(move |_| {
        app.version.track();
        spawn_local(async move {
            let next = match app.entity(id).await {
                Ok(Some(entity)) => Load::Here(
                    Box::new(HouseholdView::of(&entity)),
                    Arc::new(entity.values()),
                    Arc::new(movement::history(&entity)),
                ),
                _ => Load::Missing,
            };
            if load.try_get_untracked().is_some_and(|held| held != next) {
                load.set(next);
            }
        });
    });
    let shown = move || match load.get() {
        Load::Waiting => loading(4),
        Load::Missing => {
            blank("search", "这一户不在这台电脑上", "可能还没有同步到，或不在您的权限内。", Vec::new())
        }
        // Drawn anew when the household changes, not with every synchronisation.
        Load::Here(view, values, past) => {
            let names = names.get();
            untrack(|| draw(app, &names, &view, &values, &past))
        }
    };
    asking(|| live(shown))
}

fn draw(app: App, names: &Names, view: &HouseholdView, values: &Values, past: &[Movement]) -> AnyView {
    let package = app.package();
    let (id, stands) = (view.id, same::standing(app, view));
    let target = Target::new(RecordKind::Household, &view.area, None);
    // Numbers in full only for those who may change them; identity numbers never at the desk.
    let open = may(&package, &app.actor(), "household.edit", &target, app.today());
    let number_of = |text: &str| if open { phone(text) } else { mask::phone(text) };
    let line = |label: &'static str, text: String| {
        (!text.is_empty()).then(|| {
            view! {
                <div>
                    <dt>{label}</dt>
                    <dd>{text}</dd>
                </div>
            }
        })
    };
    let phones = view
        .phones
        .iter()
        .map(|row| {
            let note = if row.note.is_empty() { String::new() } else { format!("（{}）", row.note) };
            format!("{}{note}", number_of(&row.number))
        })
        .collect::<Vec<_>>()
        .join("、");
    let clash = (!view.conflicts.is_empty()).then(|| {
        let form = package.form_for(RecordKind::Household);
        let label = |path: &String| {
            form.and_then(|form| form.field(path)).map_or_else(|| path.clone(), |field| field.label.clone())
        };
        let fields: Vec<String> = view.conflicts.iter().map(label).collect();
        let text = format!("{}：两个内容都在。请网格员在手机上打开这一户，选一个作准。", fields.join("、"));
        banner(Tone::Warn, "warn", "两个人改得不一样", text, Vec::new())
    });
    view! {
        <div class="pane-head">
            <button
                class="btn btn-small pane-back"
                type="button"
                on:click=move |_| Route::Households(None).go()
            >
                "返回列表"
            </button>
            <div class="grow record-head">
                <p class="muted small mono">{view.code.clone()}</p>
                <h2 class="record-title" data-testid="household-title">{format!("{} 户", view.head)}</h2>
            </div>
        </div>
        <div class="pane-body stack" tabindex="0" role="region" aria-label="户的内容" data-testid="household-card">
            {clash}
            {same::same(app, view, values, |id| Route::Households(Some(id)).href())}
            <dl class="kv">
                {line("所在网格", names.area(&view.area))}
                {line("地址", view.address.clone())}
                {line("门牌", view.door_no.clone())}
                {line("标志物", view.landmark.clone())}
                {line("电话", phones)}
                {line("居住", package.label("residence_type", &view.residence_type).to_owned())}
                {line("备注", view.remarks.clone())}
            </dl>
            {facts::more(app, view, values)}
            <section class="section">
                <div class="section-head"><h3 class="section-title">"户类别"</h3></div>
                {kinds(app, view)}
            </section>
            {joint::joint_visits(app, view)}
            {members(app, &package, view, open)}
            <section class="section">
                <div class="section-head"><h3 class="section-title">"人口变化"</h3></div>
                {moves::moves(app, view, past)}
            </section>
            {live(move || history(app, id, stands))}
            <div class="cluster">{same::merge_any(app, view)}</div>
        </div>
    }
    .into_any()
}

fn members(app: App, package: &Package, view: &HouseholdView, open: bool) -> AnyView {
    let rows = view
        .members
        .iter()
        .map(|member| {
            let years =
                age(&member.birth, app.today()).map_or_else(String::new, |years| format!("{years} 岁"));
            let number = if open { phone(&member.phone) } else { mask::phone(&member.phone) };
            let number = if member.phone.is_empty() { String::new() } else { number };
            view! {
                <tr>
                    <td class="strong">{member.name.clone()}</td>
                    <td>{package.label("relation_to_head", &member.relation).to_owned()}</td>
                    <td>{package.label("sex", &member.sex).to_owned()}</td>
                    <td>{years}</td>
                    <td>{number}</td>
                    <td>{package.label("resident_status", &member.resident_status).to_owned()}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section class="section">
            <div class="section-head">
                <h3 class="section-title">"家庭成员 " <span class="count">{view.members.len()}</span></h3>
            </div>
            <div class="table-wrap" tabindex="0" role="region" aria-label="家庭成员">
                <table class="table table-dense">
                    <thead>
                        <tr>
                            <th scope="col">"姓名"</th>
                            <th scope="col">"关系"</th>
                            <th scope="col">"性别"</th>
                            <th scope="col">"年龄"</th>
                            <th scope="col">"电话"</th>
                            <th scope="col">"居住状况"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

/// Visits and cases about the household, the latest first.
fn history(app: App, id: EntityId, stands: Memo<bool>) -> AnyView {
    let (package, names) = (&app.package(), &use_directory().get());
    let whole = same::whole(app, id);
    let stands = stands.get();
    let about = |house: EntityId| house == id || stands && whole.contains(&house);
    let mut all: Vec<Summary> = app.rows(|rows| {
        rows.values()
            .filter(|row| row.visible())
            .filter_map(|row| row.summary.as_ref())
            .filter(|summary| summary.kind.is_report() && summary.household.is_some_and(about))
            .cloned()
            .collect()
    });
    all.sort_by_key(|summary| std::cmp::Reverse(summary.at));
    let count = all.len();
    let rows = all
        .into_iter()
        .map(|summary| {
            let sub = format!(
                "{} · {} · {}",
                when(summary.at, app.now_ms()),
                names.person(&summary.reporter),
                number(&summary.number, summary.id)
            );
            view! {
                <li>
                    <a class="row" href=Route::Queue(Some(summary.id)).href()>
                        <span class="row-lead">{icon(kind_icon(summary.kind))}</span>
                        <span class="row-main">
                            <span class="row-title">{summary.title.clone()}</span>
                            <span class="row-sub">{sub}</span>
                            <span class="row-tags">
                                {level(package, &summary.level)}
                                {state(package, &summary.state)}
                            </span>
                        </span>
                    </a>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="section">
            <div class="section-head">
                <h3 class="section-title">"走访和事项 " <span class="count">{count}</span></h3>
            </div>
            {(count == 0).then(|| view! { <p class="muted">"还没有记录。"</p> })}
            <ul class="rows rows-plain">{rows}</ul>
        </section>
    }
    .into_any()
}
