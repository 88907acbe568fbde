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

/// What does not arrive though all else does: what was refused, with the button, and what batches fail for without a
/// reason. Nothing where all goes.
pub fn banner_of_held() -> AnyView {
    view! { {refused()} {without()} }.into_any()
}

fn without() -> AnyView {
    let app = use_app();
    let count = Memo::new(move |_| app.sync.with(|sync| sync.without));
    live(move || {
        (count.get() > 0).then(|| {
            let text = "都还在本机，不会丢；别的照常送。多半是路上的网络设备拦了，或是服务器出了错，会隔一阵自己再试。过一天还在，请告诉管理员；等不及就打电话。";
            let title = format!("有 {} 条一送就出错", count.get());
            banner(Tone::Warn, "attention", title, text, Vec::new())
        })
    })
}

fn refused() -> AnyView {
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
