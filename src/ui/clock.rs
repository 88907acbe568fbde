//! The device's clock is off: a quiet line with how much, and what to do (OFF-02).

use gridbook_domain::clock::device::told;
use leptos::prelude::*;

use super::format::span;
use super::live;
use super::states::{Tone, banner};
use crate::app::use_app;

/// How much the clock is off; nothing while it is right, or nobody has said what time it is.
pub fn banner_of_clock() -> AnyView {
    let app = use_app();
    let off = Memo::new(move |_| app.sync.with(|sync| told(sync.drift_ms)));
    live(move || {
        off.get().map(|(ahead, by_ms)| {
            let title =
                format!("这台设备的时间{}了 {}", if ahead { "快" } else { "慢" }, span(0, by_ms));
            let text = if app.is_local() {
                "记录照常保存，一条不少，但上面写的时间是错的，先后和期限会算错。请在系统设置里打开“自动设置时间”。"
            } else {
                "记录照常保存，送到后按服务器的时间更正期限。请在系统设置里打开“自动设置时间”。"
            };
            view! { <div role="status" data-testid="clock-off">{banner(Tone::Warn, "clock", title, text, Vec::new())}</div> }
        })
    })
}
