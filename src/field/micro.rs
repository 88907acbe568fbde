//! 微网格划建: the micro-grids of my area with the three steps on the ground, in any order and on any day (TERR-05). The
//! households are ticked here; the other two steps are a form. All of it works without a network.

use gridbook_domain::household::merge::homes;
use gridbook_domain::summary::Summary;
use gridbook_domain::territory::micro::{FORM, Setup, Step, is_micro, may_belong, walked};
use gridbook_domain::territory::{covers, grid_of};
use gridbook_log::{Body, EntityId, Placement, order_by};
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::HtmlInputElement;

use super::screen::{Screen, Tab};
use crate::app::{App, use_app};
use crate::ui::busy::Busy;
use crate::ui::directory::{Names, use_directory};
use crate::ui::icon::icon;
use crate::ui::router::use_router;
use crate::ui::rows::{Line, part, tag};
use crate::ui::states::blank;
use crate::ui::toast::use_toasts;
use crate::ui::{live, micro};

/// Every micro-grid of my area.
pub(super) fn list() -> AnyView {
    let (app, directory) = (use_app(), use_directory());
    let draw = move || {
        let (names, actor) = (directory.get(), app.actor());
        let areas = actor.areas(app.today());
        let mine = |code: &str| areas.iter().any(|area| covers(area, code));
        let found = micro::seen(app, &names, mine);
        if found.is_empty() {
            let text = "微网格由镇上在工作台“网格调整”里建，同步后出现在这里。";
            return blank("empty", "您的网格里还没有微网格", text, Vec::new());
        }
        found.iter().map(|setup| card(app, &names, setup)).collect_view().into_any()
    };
    Screen::new("微网格划建").back("/items").tab(Tab::Home).view(live(draw))
}

fn card(app: App, names: &Names, setup: &Setup) -> AnyView {
    let code = setup.area.clone();
    let line = |step: Step| {
        let (test, href, what) = match step {
            Step::Walk => ("micro-walk", format!("#/micro/{code}"), "勾选属于这个微网格的户"),
            Step::Sketch => ("micro-sketch", String::new(), "手绘一张图，拍照"),
            Step::Drill => ("micro-drill", String::new(), "从值守点走到最远一户，记下几分钟"),
        };
        let form = || format!("#/entry/new?form={FORM}&area={code}&part={}", step.id());
        let href = if href.is_empty() { form() } else { href };
        let done = setup.done[step as usize].as_ref();
        let sub = done.map_or_else(|| what.to_owned(), |done| micro::done(names, done));
        let end = Some(if done.is_some() { tag("ok", "已做") } else { tag("warn", "没做") });
        Line { href, test, title: step.label().to_owned(), sub, end, ..Line::default() }.draw()
    };
    let words =
        format!("{} 户，{} 人。走到最远一户：{}。", setup.households, setup.persons, micro::way(setup.way));
    let inside = view! {
        <p class="muted" data-testid="micro-words">{words}</p>
        <div class="cluster">{micro::notes(app, setup)}</div>
        <ul class="rows">{Step::ALL.map(line).into_iter().collect_view()}</ul>
    };
    let part = part(names.area(&setup.area), None, inside.into_any());
    view! { <div data-testid="micro" data-code=setup.area.clone()>{part}</div> }.into_any()
}

/// A household of the grid, and whether I may say where it belongs.
#[derive(Clone, PartialEq)]
struct Home {
    id: EntityId,
    title: String,
    sub: String,
    able: bool,
}

fn grid(app: App, code: &str) -> Vec<Home> {
    let (package, actor, today) = (app.package(), app.actor(), app.today());
    let grid = grid_of(code);
    app.rows(|rows| {
        let seen: Vec<&Summary> =
            rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref()).collect();
        let all = homes(seen.iter().copied());
        let mut here: Vec<&Summary> =
            all.iter().map(AsRef::as_ref).filter(|home| covers(grid, &home.area)).collect();
        order_by(&mut here, |a, b| (&a.number, a.id).cmp(&(&b.number, b.id)));
        let home = |row: &Summary| {
            let to = if row.area == code { grid } else { code };
            let able = may_belong(&package, &actor, &row.area, to, today);
            Home { id: row.id, title: row.title.clone(), sub: row.subtitle.clone(), able }
        };
        here.into_iter().map(home).collect()
    })
}

/// 走访 of one micro-grid: each tick is kept at once, so that it may go on another day.
pub(super) fn page(code: &str) -> AnyView {
    if !is_micro(code) {
        return super::nowhere();
    }
    let (app, directory, router, toasts) = (use_app(), use_directory(), use_router(), use_toasts());
    let code = StoredValue::new(code.to_owned());
    let list = Memo::new(move |_| code.with_value(|code| grid(app, code)));
    let rows = move || list.get().into_iter().map(|home| tick(app, code, home)).collect_view();
    let setup = move || {
        let names = directory.get();
        code.with_value(|code| micro::seen(app, &names, |area| area == code)).pop()
    };
    let count = move || {
        setup().map(|setup| {
            let norms = app.package().visits.get().norms;
            let words = format!(
                "已勾 {} 户，{} 人（一个网格以 {} 户、{} 人为宜）。",
                setup.households, setup.persons, norms.households, norms.persons
            );
            view! { <p role="status" data-testid="micro-count">{words}</p>{micro::notes(app, &setup)} }
        })
    };
    let help = move || {
        let fixed = list.with(|list| list.iter().any(|home| !home.able));
        if fixed {
            "不能勾的，是您没有权限改的户，请网格员或网格长来勾。"
        } else {
            "一户一户走到再勾，勾一户存一户，没走完改天接着勾。"
        }
    };
    let busy = Busy::default();
    let finish = move |_| {
        let households = untrack(setup).map_or(0, |setup| setup.households);
        if households == 0 {
            return toasts.warn("还没有勾选户");
        }
        let made = code.with_value(|code| walked(&app.package(), code, app.today()));
        let Some(create) = made.filter(|_| busy.begin()) else { return };
        spawn_local(async move {
            let write = NewWrite { entity: app.new_id(), body: Body::Create(create) };
            let kept = app.put(vec![write]).await;
            busy.end();
            match kept {
                Ok(()) => {
                    toasts.ok("已保存到本机");
                    router.back("/micro");
                }
                Err(words) => toasts.warn(words),
            }
        });
    };
    let title = directory.with_untracked(|names| code.with_value(|code| names.area(code)));
    let body = view! {
        <p class="muted">{live(help)}</p>
        {live(count)}
        <div class="chips chips-wide" role="group" aria-label="属于这个微网格的户">{live(rows)}</div>
        <button class="btn btn-primary btn-wide" type="button" data-testid="micro-walked" on:click=finish>
            {icon("check")}
            "都走到了，走访完成"
        </button>
    };
    Screen::new(title).back("/micro").view(body.into_any())
}

fn tick(app: App, code: StoredValue<String>, home: Home) -> AnyView {
    let Home { id, title, sub, able } = home;
    let directory = use_directory();
    let saving = RwSignal::new(false);
    let toasts = use_toasts();
    let lies = move || app.row(id).and_then(|row| row.summary).map(|row| row.area).unwrap_or_default();
    let inside = move || code.with_value(|code| lies() == *code);
    let hint = move || {
        let area = lies();
        let other = is_micro(&area) && code.with_value(|code| area != *code);
        let other = other.then(|| format!(" · 现在属于{}", directory.with(|names| names.area(&area))));
        format!("{sub}{}", other.unwrap_or_default())
    };
    let turn = move |event| {
        let (on, input) = (event_target_checked(&event), event_target::<HtmlInputElement>(&event));
        let to = code.with_value(|code| if on { code.clone() } else { grid_of(code).to_owned() });
        saving.set(true);
        spawn_local(async move {
            let place = Placement { area: Some(to), ..Placement::default() };
            let kept = app.put(vec![NewWrite { entity: id, body: Body::Place(place) }]).await;
            saving.try_set(false);
            if let Err(words) = kept {
                input.set_checked(!on);
                toasts.warn(words);
            }
        });
    };
    view! {
        <label class="chip" data-testid="micro-home">
            <input
                type="checkbox"
                disabled=move || !able || saving.get()
                prop:checked=inside
                on:change=turn
            />
            <span class="chip-face">{title}<span class="chip-hint">{live(hint)}</span></span>
        </label>
    }
    .into_any()
}
