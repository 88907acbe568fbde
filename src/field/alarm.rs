//! A red hazard never looks sent before it is: call first (HAZ-05).

use gridbook_domain::record::RecordKind;
use gridbook_domain::summary::Summary;
use gridbook_log::{Body, EntityId, body};
use gridbook_sync::replica::{NewWrite, Row};
use leptos::prelude::*;
use serde_json::Value;

use super::later::Later;
use crate::app::{App, use_app};
use crate::ui::format;
use crate::ui::icon::icon;
use crate::ui::later::Rest;
use crate::ui::live;
use crate::ui::toast::{Toasts, use_toasts};

/// Own red hazards that the township does not have yet.
pub(super) fn unsent_red(app: App) -> Vec<EntityId> {
    let user = app.user();
    app.rows(|rows| rows.iter().filter(|(_, row)| is_unsent_red(row, &user)).map(|(id, _)| *id).collect())
}

fn is_unsent_red(row: &Row<Option<Summary>>, user: &str) -> bool {
    row.sent_at.is_none()
        && row.unsent > 0
        && row.summary.as_ref().is_some_and(|summary| {
            summary.kind == RecordKind::Hazard && summary.level == "red" && summary.reporter == user
        })
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
            None => view! { <p class="alarm-text">"请拨打镇值班室电话；情况紧急打 110、119、120。"</p> }
                .into_any(),
        };
        let open = only.is_none().then(|| {
            view! { <a class="btn btn-quiet btn-wide" href=format!("#/record/{first}")>"看这条隐患"</a> }
        });
        Some(view! {
            <div class="alarm" role="alert" data-testid="banner-red">
                <p class="alarm-title">{icon("phone")}{format!("未送达，请立即电话报告{count}")}</p>
                <p class="alarm-text">"红色隐患还在本机，镇上还不知道。先打电话，记录有网后自动送出。"</p>
                {call}
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

/// Writes down that the call was made, once.
pub(super) fn log_call(app: App, toasts: Toasts, id: EntityId) {
    leptos::task::spawn_local(async move {
        let Ok(Some(entity)) = app.entity(id).await else { return };
        if entity.get("called_at").is_some() {
            return toasts.ok("电话报告已记过");
        }
        let at = format::stored_time(&format::input_time(app.now_ms()));
        let mut set = body::Set::default();
        set.set.insert("called_at".to_owned(), Value::from(at));
        set.set.insert("called_to".to_owned(), Value::from("镇值班室"));
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
