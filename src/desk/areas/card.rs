//! The card of a place (TERR-06).

use gridbook_domain::form::Values;
use gridbook_domain::role::Actor;
use gridbook_domain::territory::card::card;
use gridbook_domain::territory::micro::is_micro;
use gridbook_domain::territory::{AreaCode, AreaLevel, GridKind};
use gridbook_log::EntityId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Desk;
use super::edit::About;
use super::micro;
use crate::desk::people::people;
use crate::desk::values::text;
use crate::ui::dialog::dialog;
use crate::ui::icon::icon;

/// The dialog; `which` is the code of the place, empty while none is shown.
pub(super) fn dialog_for(desk: Desk, which: RwSignal<String>) -> AnyView {
    let staff = RwSignal::new(Vec::<Actor>::new());
    let facts: RwSignal<Option<(EntityId, Values)>> = RwSignal::new(None);
    let open = RwSignal::new(false);
    Effect::new(move |_| {
        if which.with(String::is_empty) {
            return;
        }
        open.set(true);
        spawn_local(async move {
            let found = people(desk.app).await;
            let _ = staff.try_set(found);
        });
    });
    // What the place says of itself; read again when it was written.
    Effect::new(move |before: Option<String>| {
        let code = which.get();
        let id = desk
            .nodes
            .with(|nodes| nodes.as_ref()?.iter().find(|node| node.node.code == code).map(|node| node.id));
        desk.app.version.track();
        if before.as_ref() != Some(&code) {
            facts.set(None);
        }
        let Some(id) = id else { return code };
        spawn_local(async move {
            if let Ok(Some(entity)) = desk.app.entity(id).await {
                let next = Some((id, entity.values()));
                if facts.try_with_untracked(|held| *held != next) == Some(true) {
                    facts.set(next);
                }
            }
        });
        code
    });
    Effect::new(move |_| {
        if !open.get() && !which.with_untracked(String::is_empty) {
            which.set(String::new());
        }
    });
    let inside = move || {
        let (app, code, names) = (desk.app, which.get(), desk.names.get());
        let package = app.package();
        let shown = staff.with(|staff| {
            app.rows(|rows| {
                let held = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
                card(&package, &names.zones, &code, staff, held, app.today())
            })
        });
        let above: Vec<String> =
            shown.above.iter().rev().filter_map(|code| names.areas.get(code).cloned()).collect();
        let who = shown
            .staff
            .iter()
            .map(|(user, role)| {
                let role = package.role(role).map_or(role.as_str(), |role| role.label.as_str());
                view! { <li data-testid="area-staff">{format!("{role}：{}", names.person(user))}</li> }
            })
            .collect_view();
        let figures = [
            ("户", shown.households),
            ("人（有姓名的）", shown.persons),
            ("重点户（每月至少走访一次）", shown.key),
            ("点位", shown.points),
            ("没办完的事", shown.open),
        ];
        let figures = figures
            .into_iter()
            .map(|(label, count)| {
                view! {
                    <div>
                        <dt>{label}</dt>
                        <dd class="num" data-testid="area-figure">{count}</dd>
                    </div>
                }
            })
            .collect_view();
        view! {
            <div class="dialog-body stack" data-testid="area-card">
                <p class="strong">{names.area(&code)}<span class="mono">{format!(" {code}")}</span></p>
                <p class="muted">{above.join(" › ")}</p>
                <dl class="kv">{figures}</dl>
                {told(desk, facts)}
                {micro::told(desk, &code)}
                {below(desk, &code)}
                <h3 class="section-title">"谁在这里"</h3>
                <ul class="stack-s">{who}</ul>
            </div>
        }
        .into_any()
    };
    dialog(open, "", "网格卡片", Box::new(inside))
}

/// The kind of grid, its theme, its chat group, what it is made of, and the way to change that.
fn told(desk: Desk, facts: RwSignal<Option<(EntityId, Values)>>) -> Option<AnyView> {
    let (id, values) = facts.get()?;
    let package = desk.app.package();
    let names = desk.names.get();
    let form = package.form("F-AREA")?;
    let lines = form
        .fields()
        .filter(|(_, field)| !matches!(field.path.as_str(), "name" | "level"))
        .filter_map(|(_, field)| {
            let words = text(&package, &names, field, values.get(&field.path)?);
            (!words.is_empty()).then(|| {
                view! { <div><dt>{field.label.clone()}</dt><dd data-testid=format!("area-{}", field.path)>{words}</dd></div> }
            })
        })
        .collect_view();
    Some(
        view! {
            <dl class="kv">{lines}</dl>
            <button
                class="btn btn-small"
                type="button"
                data-testid="area-edit"
                on:click=move |_| desk.edit.set(Some(About::Node(id)))
            >
                {icon("edit")}
                "改资料"
            </button>
        }
        .into_any(),
    )
}

/// Micro-grids of a grid, each with its own card, and the way to a new one (TERR-05).
fn below(desk: Desk, code: &str) -> Option<AnyView> {
    let names = desk.names.get();
    let basic = AreaCode::parse(code).ok()?;
    if basic.level() != AreaLevel::Group || basic.grid_kind() == Some(GridKind::Online) {
        return None;
    }
    let under = names.areas.keys().filter(|under| is_micro(under) && under.starts_with(code));
    let under = under
        .map(|under| {
            let (shown, name) = (under.clone(), names.area(under));
            view! {
                <li>
                    <button class="btn btn-link" type="button" data-testid="area-below" on:click=move |_| desk.card.set(shown.clone())>
                        {name}
                    </button>
                </li>
            }
        })
        .collect_view();
    Some(
        view! {
            <h3 class="section-title">"微网格"</h3>
            <ul class="stack-s">{under}</ul>
            <button
                class="btn btn-small"
                type="button"
                data-testid="area-new-micro"
                on:click=move |_| desk.edit.set(Some(About::Micro))
            >
                {icon("plus")}
                "新建微网格"
            </button>
        }
        .into_any(),
    )
}
