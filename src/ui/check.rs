//! 与服务器核对: a line that says how the last comparison went, and a button that makes one.

use gridbook_sync::engine::Checked;
use leptos::prelude::*;

use crate::app::{CheckView, use_app};
use crate::ui::format;
use crate::ui::icon::icon;
use crate::ui::live;

fn words(view: CheckView, now: u64) -> String {
    let Some((checked, at)) = view.last else {
        return if view.asked {
            "正在核对…"
        } else {
            "逐条核对本机和服务器的记录，差了会自动补上。"
        }
        .to_owned();
    };
    let what = match checked {
        Checked::Same => "本机和服务器的记录一致。",
        Checked::Mended => "发现有差别，已经补齐，现在一致。",
        Checked::Differs => "还有差别没能补上，记录都在。请先做一个随身文件，再联系管理员。",
        Checked::Busy => "有记录还没送完，或者服务器正忙，这次没有核对成。请稍后再试。",
        Checked::Unable => "这次没有核对成：没有连上，或者这个后端不支持核对。记录都在本机。",
    };
    format!("{what}（{}）", format::when(at, now))
}

/// The line and its button.
pub fn line() -> AnyView {
    let app = use_app();
    let check = move || app.sync.with(|sync| sync.check);
    view! {
        <p class="muted small" role="status" data-testid="check-words">{live(move || words(check(), app.now_ms()))}</p>
        <button
            class="btn btn-wide"
            type="button"
            data-testid="check-now"
            aria-busy=move || if check().asked { "true" } else { "false" }
            on:click=move |_| app.compare()
        >
            {icon("check")}
            "与服务器核对"
        </button>
    }
    .into_any()
}
