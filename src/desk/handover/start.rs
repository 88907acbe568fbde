//! Starting a hand-over: who leaves, who takes over, which grid, from which day. The list is made from what is known here.

use gridbook_domain::date;
use gridbook_domain::handover::{Item, ItemKind, MAX_ITEMS, Terms, create, list};
use gridbook_domain::summary::Summary;
use gridbook_domain::territory::zone::is_zone;
use gridbook_log::Body;
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;

use crate::app::{App, use_app};
use crate::desk::parts::line;
use crate::desk::route::Route;
use crate::ui::dialog::{Doing, dialog};
use crate::ui::directory::use_directory;

/// What the dialog asks for.
#[derive(Clone, Copy)]
struct Asked {
    from: RwSignal<String>,
    to: RwSignal<String>,
    area: RwSignal<String>,
    on: RwSignal<String>,
    reason: RwSignal<String>,
}

pub(super) fn dialog_for(open: RwSignal<bool>) -> AnyView {
    let (app, names) = (use_app(), use_directory());
    let text = || RwSignal::new(String::new());
    let asked = Asked {
        from: text(),
        to: text(),
        area: text(),
        on: RwSignal::new(app.today().to_string()),
        reason: text(),
    };
    let doing = Doing::new(open);
    let counted = Memo::new(move |_| {
        app.version.track();
        let (from, area) = (asked.from.get(), asked.area.get());
        if area.is_empty() { Vec::new() } else { items(app, &from, &area) }
    });
    let save = move || {
        let Some(terms) = terms(asked) else {
            return doing.failed("请选移交人、接手人、网格和日期；移交人和接手人要是两个人。");
        };
        let list = counted.get_untracked();
        if list.is_empty() {
            return doing.failed("这个网格里没有要交接的内容。");
        }
        doing.begin(async move {
            let write = NewWrite { entity: app.new_id(), body: Body::Create(create(&terms, &list)) };
            let id = write.entity;
            app.put(vec![write]).await?;
            Route::Handover(Some(id)).go();
            Ok("已发起，等接手人核对".to_owned())
        });
    };
    let people = move || {
        names
            .get()
            .people
            .iter()
            .map(|(user, name)| (user.clone(), format!("{name}（{user}）")))
            .collect::<Vec<_>>()
    };
    let grids = move || {
        let names = names.get();
        let all = names.areas.keys().filter(|code| code.len() >= 12 && !is_zone(code));
        all.map(|code| (code.clone(), names.area(code))).collect::<Vec<_>>()
    };
    let sums = move || {
        let list = counted.get();
        let of = |kind| list.iter().filter(|item| item.kind == kind).count();
        (!list.is_empty()).then(|| {
            let words = format!(
                "在办 {} 件，走访任务 {} 份，到期走访 {} 户，共 {} 户",
                of(ItemKind::Case),
                of(ItemKind::Task),
                of(ItemKind::Visit),
                of(ItemKind::Household)
            );
            let more =
                if list.len() >= MAX_ITEMS { "；一次最多五百条，请分网格交接" } else { "" };
            view! { <p class="strong" data-testid="handover-count">{words}{more}</p> }
        })
    };
    let inside = move || {
        let body = view! {
            {choose("移交人", "handover-from", people(), asked.from)}
            {choose("接手人", "handover-to", people(), asked.to)}
            {choose("网格", "handover-area", grids(), asked.area)}
            {line("从哪天起由接手人负责", "handover-on", "date", None, asked.on, false)}
            <div class="field">
                <label class="label" for="handover-reason">"原因"</label>
                <input
                    class="input"
                    id="handover-reason"
                    maxlength="200"
                    prop:value=move || asked.reason.get()
                    on:input=move |event| asked.reason.set(event_target_value(&event))
                />
            </div>
            {sums}
        };
        doing.foot("发起交接", "handover-save").form(body.into_any(), save)
    };
    dialog(open, "", "发起交接", Box::new(inside))
}

fn choose(
    label: &'static str,
    id: &'static str,
    options: Vec<(String, String)>,
    signal: RwSignal<String>,
) -> AnyView {
    let held = signal.get_untracked();
    let options = options
        .into_iter()
        .map(|(value, words)| {
            let chosen = value == held;
            view! { <option value=value selected=chosen>{words}</option> }
        })
        .collect_view();
    view! {
        <div class="field">
            <label class="label" for=id>{label}</label>
            <span class="select">
                <select
                    class="input"
                    id=id
                    data-testid=id
                    on:change=move |event| signal.set(event_target_value(&event))
                >
                    <option value="">"请选择"</option>
                    {options}
                </select>
            </span>
        </div>
    }
    .into_any()
}

fn items(app: App, from: &str, area: &str) -> Vec<Item> {
    let (package, now) = (app.package(), app.now_ms());
    app.rows(|rows| {
        let all: Vec<&Summary> =
            rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref()).collect();
        list(&package, &all, from, area, now)
    })
}

fn terms(asked: Asked) -> Option<Terms> {
    let (from, to, area) = (asked.from.get_untracked(), asked.to.get_untracked(), asked.area.get_untracked());
    let on = date::parse(&asked.on.get_untracked())?;
    let whole = !from.is_empty() && !to.is_empty() && from != to && !area.is_empty();
    let reason = asked.reason.get_untracked().trim().to_owned();
    whole.then_some(Terms { from, to, area, on, reason })
}
