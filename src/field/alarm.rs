//! A danger that cannot wait: call first, the form second (FLOW-17). A red hazard never looks sent before it is, and
//! whoever is told of one says that they know (HAZ-05).

use gridbook_domain::hazard::AlarmPhone;
use gridbook_domain::summary::Summary;
use gridbook_log::{Body, EntityId, body};
use gridbook_sync::replica::{NewWrite, Row};
use leptos::prelude::*;
use serde_json::Value;

use super::later::Later;
use super::screen::Screen;
use crate::app::{App, use_app};
use crate::ui::alarm::{self, Told};
use crate::ui::format;
use crate::ui::icon::icon;
use crate::ui::later::Rest;
use crate::ui::live;
use crate::ui::router::encode;
use crate::ui::toast::{Toasts, use_toasts};

/// Own red hazards that the township does not have yet.
pub(super) fn unsent_red(app: App) -> Vec<EntityId> {
    let (user, package) = (app.user(), app.package());
    let unsent = |row: &Row<Option<Summary>>| {
        let loud = |summary: &Summary| summary.reporter == user && summary.calls_first(&package);
        row.sent_at.is_none() && row.unsent > 0 && row.summary.as_ref().is_some_and(loud)
    };
    app.rows(|rows| rows.iter().filter(|(_, row)| unsent(row)).map(|(id, _)| *id).collect())
}

/// The banner over a page, for one record or for all of them.
pub(super) fn alarm(only: Option<EntityId>) -> AnyView {
    let app = use_app();
    let toasts = use_toasts();
    let rest = Rest::<Later>::held();
    let red = Memo::new(move |_| {
        let mut red = unsent_red(app);
        red.retain(|id| only.is_none_or(|only| only == *id));
        red
    });
    let draw = move || {
        let list = red.get();
        let first = *list.first()?;
        let phone = app.session.with(|s| s.as_ref().and_then(|s| s.profile.township.phone.clone()));
        let called = move || rest.then(move |part| (part.log_call)(app, toasts, first));
        let count = if list.len() > 1 { format!("（{} 条）", list.len()) } else { String::new() };
        let call = match phone {
            Some(number) => view! {
                <a
                    class="btn alarm-call"
                    href=format!("tel:{number}")
                    data-testid="alarm-call"
                    on:click=move |_| called()
                >
                    {icon("phone")}
                    {format!("拨打 镇值班室 {}", format::phone(&number))}
                </a>
            }
            .into_any(),
            None => view! { <p class="alarm-text">"请拨打镇值班室电话。"</p> }.into_any(),
        };
        let open = only.is_none().then(|| {
            view! { <a class="btn btn-quiet btn-wide" href=format!("#/record/{first}")>"看这条隐患"</a> }
        });
        Some(view! {
            <div class="alarm" role="alert" data-testid="banner-red">
                <p class="alarm-title">{icon("phone")}{format!("未送达，请立即电话报告{count}")}</p>
                <p class="alarm-text">"红色隐患还在本机，镇上还不知道。先打电话、先撤人，记录有网后自动送出。"</p>
                {call}
                {rest.view(move |part| (part.others)(app, first), |_| ().into_any())}
                <button
                    class="btn btn-quiet btn-wide"
                    type="button"
                    data-testid="alarm-called"
                    on:click=move |_| called()
                >
                    "已经打过电话了"
                </button>
                {open}
            </div>
        })
    };
    live(draw)
}

/// Writes down that the duty room was called, once.
pub(super) fn log_call(app: App, toasts: Toasts, id: EntityId) {
    log_call_to(app, toasts, id, "镇值班室");
}

fn log_call_to(app: App, toasts: Toasts, id: EntityId, whom: &str) {
    let whom = whom.to_owned();
    leptos::task::spawn_local(async move {
        let Ok(Some(entity)) = app.entity(id).await else { return };
        if entity.get("called_at").is_some() {
            return toasts.ok("电话报告已记过");
        }
        let at = format::stored_time(&format::input_time(app.now_ms()));
        let mut set = body::Set::default();
        set.set.insert("called_at".to_owned(), Value::from(at));
        set.set.insert("called_to".to_owned(), Value::from(whom));
        let write = NewWrite { entity: id, body: Body::Set(set) };
        let done = match app.check(Some(&entity), &write) {
            Ok(()) => {
                app.save(vec![write], Vec::new(), Vec::new()).await.map_err(|problem| problem.message())
            }
            Err(refusal) => Err(refusal.message()),
        };
        match done {
            Ok(_) => toasts.ok("已记下电话报告的时间"),
            Err(words) => toasts.warn(words),
        }
    });
}

/// Dangers of which I was told, at the top of 今天 until I say that I know.
pub(super) fn told(app: App) -> AnyView {
    alarm::told(app, "btn alarm-call", |app, told| {
        let Told { asked, place, when, title, know } = told;
        let id = asked.id;
        let package = app.package();
        let level = app.row(id).and_then(|row| row.summary).map(|summary| summary.level).unwrap_or_default();
        let act = package.level(&level).map(|level| level.action.clone()).unwrap_or_default();
        view! {
            <div class="alarm" role="alert" data-testid="alarm-told">
                {title}
                <p class="alarm-text">{format!("{place} · {when} 告知您")}</p>
                <p class="alarm-text strong">{format!("要不要转移？{act}。")}</p>
                {know}
                <a class="btn btn-quiet btn-wide" href=format!("#/record/{id}")>"看这条隐患"</a>
            </div>
        }
        .into_any()
    })
}

/// Numbers that one tap calls, the township's duty room first; `called` is told whom.
pub(super) fn numbers(app: App, called: impl Fn(&str) + Clone + Send + Sync + 'static) -> AnyView {
    let package = app.package();
    let duty = app.session.with_untracked(|s| s.as_ref().and_then(|s| s.profile.township.phone.clone()));
    let call = |phone: &AlarmPhone| {
        let number = phone.number.clone().or_else(|| duty.clone())?;
        let (label, called) = (phone.label.clone(), called.clone());
        let words = if phone.number.is_some() {
            label.clone()
        } else {
            format!("{label} {}", format::phone(&number))
        };
        let href = format!("tel:{number}");
        Some(
            view! {
                <a class="btn alarm-call" href=href data-testid="call-now" on:click=move |_| called(&label)>
                    {icon("phone")}
                    {words}
                </a>
            }
            .into_any(),
        )
    };
    package.hazards.get().alarm.phones.iter().filter_map(call).collect_view().into_any()
}

/// The numbers beside the duty room's, under the banner of what is unsent.
pub(super) fn others(app: App, id: EntityId) -> AnyView {
    let toasts = use_toasts();
    let package = app.package();
    let fixed = package.hazards.get().alarm.phones.iter().filter_map(|phone| {
        let (label, number) = (phone.label.clone(), phone.number.clone()?);
        let whom = label.clone();
        let call = move |_| log_call_to(app, toasts, id, &whom);
        Some(view! { <a class="btn btn-quiet" href=format!("tel:{number}") on:click=call>{label}</a> })
    });
    view! { <div class="cluster">{fixed.collect_view()}</div> }.into_any()
}

/// 有危险：the numbers, and only then the form, which knows when the call was made (FLOW-17).
pub(super) fn emergency() -> AnyView {
    let app = use_app();
    let made: RwSignal<Option<(String, String)>> = RwSignal::new(None);
    let called = move |whom: &str| {
        let at = format::stored_time(&format::input_time(app.now_ms()));
        // The first call counts: later ones are made while help is on its way.
        if made.with_untracked(Option::is_none) {
            made.set(Some((at, whom.to_owned())));
        }
    };
    let (title, act) = app
        .package()
        .levels
        .iter()
        .find(|level| level.phone_first)
        .map_or_else(Default::default, |level| (level.criteria.clone(), level.action.clone()));
    let state = move || match made.get() {
        Some((at, whom)) => format!("已记下：{} 打给{whom}", format::shown_time(&at).replace('T', " ")),
        None => "点号码直接拨打，会记下时间。".to_owned(),
    };
    let form = move || {
        let made = made.get();
        let said = made.map(|(at, whom)| format!("called_at={}&called_to={}", encode(&at), encode(&whom)));
        let said = said.unwrap_or_default();
        let href = format!("#/hazard/new?level=red&{said}");
        view! {
            <a class="btn btn-primary btn-wide" href=href data-testid="emergency-form">
                {icon("edit")}
                "打过了，补填隐患"
            </a>
            <a class="btn btn-wide" href=format!("#/item/incident_report/new?{said}") data-testid="emergency-incident">
                {icon("edit")}
                "已经出事：补填突发事件"
            </a>
        }
    };
    let body = view! {
        <div class="alarm" data-testid="emergency">
            <p class="alarm-title">{icon("phone")}"先打电话，后填表"</p>
            <p class="alarm-text">{format!("{title}：{act}。")}</p>
            {numbers(app, called)}
            <p class="alarm-text" role="status" data-testid="called-state">{live(state)}</p>
        </div>
        <div class="stack-s">{live(form)}</div>
    };
    Screen::new("有危险").back("/").view(body.into_any())
}
