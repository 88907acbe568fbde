//! What was written of places that are no longer one's own: that the township has it now, told until it was read.

use leptos::prelude::*;

use super::live;
use super::states::{Tone, banner};
use crate::app::App;

/// The words, while there is something to tell.
pub fn told(app: App) -> AnyView {
    live(move || {
        let count = app.sync.with(|sync| sync.reviewed);
        (count > 0).then(|| {
            let text = format!("{count} 条没送出的内容已交给镇里核实，没有丢。");
            let read = view! {
                <button class="btn btn-small" type="button" data-testid="reviewed-read" on:click=move |_| app.forget_reviewed()>
                    "知道了"
                </button>
            };
            let title = "您已不再负责有关的地方";
            view! { <div data-testid="reviewed">{banner(Tone::Info, "info", title, text, vec![read.into_any()])}</div> }
        })
    })
}

/// The account that left this device, on the sign-in screen.
pub fn left(app: App) -> AnyView {
    let left = RwSignal::new(app.left());
    let read = move |_| {
        app.forget_left();
        left.set(None);
    };
    live(move || {
        left.get().map(|left| {
            let read = view! { <button class="btn btn-small" type="button" on:click=read>"知道了"</button> };
            let banner = banner(Tone::Info, "info", "账号已停用", left.words(), vec![read.into_any()]);
            view! { <div data-testid="account-left">{banner}</div> }
        })
    })
}
