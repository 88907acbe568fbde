//! 与服务器核对, or with whatever the backend is: how the last comparison went, and a button that makes one. Without a
//! backend there is nothing to compare with, and no button.

use gridbook_domain::backend::Destination;
use gridbook_sync::engine::Checked;
use leptos::prelude::*;

use crate::app::{CheckView, use_app};
use crate::ui::format;
use crate::ui::icon::icon;
use crate::ui::live;

fn words(view: CheckView, goes: Destination, now: u64) -> String {
    if goes == Destination::Alone {
        return "只存本机，没有可以核对的后端。".to_owned();
    }
    let other = goes.other_side();
    let Some((checked, at)) = view.last else {
        return if view.asked {
            "正在核对…".to_owned()
        } else {
            format!("逐条核对本机和{other}的记录，差了会自动补上。")
        };
    };
    let what = match checked {
        Checked::Same => format!("本机和{other}的记录一致。"),
        Checked::Mended => "发现有差别，已经补齐，现在一致。".to_owned(),
        Checked::Differs => "还有差别没能补上，记录都在。请先做一个随身文件，再联系管理员。".to_owned(),
        Checked::Busy => format!("有记录还没送完，或者{other}正忙，这次没有核对成。请稍后再试。"),
        Checked::Unable => "这次没有核对成：没有连上，或者这个后端不支持核对。记录都在本机。".to_owned(),
    };
    format!("{what}（{}）", format::when(at, now))
}

/// The line and its button.
pub fn line() -> AnyView {
    let app = use_app();
    let check = move || app.sync.with(|sync| sync.check);
    let goes = Memo::new(move |_| app.sync.with(|sync| sync.goes));
    let button = move || {
        let label = goes.get().compare()?;
        Some(view! {
            <button
                class="btn btn-wide"
                type="button"
                data-testid="check-now"
                aria-busy=move || if check().asked { "true" } else { "false" }
                on:click=move |_| app.compare()
            >
                {icon("check")}
                {label}
            </button>
        })
    };
    view! {
        <p class="muted small" role="status" data-testid="check-words">
            {live(move || words(check(), goes.get(), app.now_ms()))}
        </p>
        {live(button)}
    }
    .into_any()
}
