//! 再送一次: what a backend refused outright goes once more, when a person says so (OFF-01).

use gridbook_log::EntityId;
use leptos::prelude::*;

use super::icon::icon;
use super::live;
use super::states::{Tone, banner};
use super::toast::use_toasts;
use crate::app::use_app;

/// The button, for one record or for all that was refused.
pub fn button(only: Option<EntityId>) -> AnyView {
    let (app, toasts) = (use_app(), use_toasts());
    let send = move |_| {
        leptos::task::spawn_local(async move {
            match app.send_again(only).await {
                Ok(()) => toasts.ok("正在再送一次"),
                Err(problem) => toasts.warn(problem.message()),
            }
        });
    };
    view! { <button class="btn btn-small" type="button" data-testid="send-again" on:click=send>{icon("sync")}"再送一次"</button> }
        .into_any()
}

/// What was refused, and the button; nothing where all was taken.
pub fn banner_of_held() -> AnyView {
    let app = use_app();
    let held = Memo::new(move |_| app.sync.with(|sync| sync.unsent.held));
    live(move || {
        (held.get() > 0).then(|| {
            let text = "都还在本机，不会丢。打开标着“需处理”的记录看原因，弄好以后再送一次。";
            let title = format!("有 {} 条服务器没有收下", held.get());
            banner(Tone::Warn, "attention", title, text, vec![button(None)])
        })
    })
}
