//! Photos: on which network they go, and room on the device (OFF-04).

use gridbook_sync::link::Link;
use leptos::prelude::*;

use crate::app::{App, Freed};
use crate::platform::link;
use crate::ui::dialog::{Confirm, confirm};
use crate::ui::format;
use crate::ui::icon::icon;
use crate::ui::live;

/// What came of freeing, in words.
fn told(freed: Freed) -> String {
    let left = match freed.unconfirmed {
        0 => String::new(),
        n => format!("另有 {n} 张后端还没有确认收到，留在本机。"),
    };
    if freed.photos == 0 {
        return format!("没有可以腾的照片，一张也没有动。{left}");
    }
    let room = format::size(u64::try_from(freed.bytes).unwrap_or(u64::MAX));
    format!("已腾出 {room}（{} 张原图）。小图还在，点开时从后端下载。{left}", freed.photos)
}

/// The card in 我的.
pub(super) fn card(app: App) -> AnyView {
    let only = RwSignal::new(app.only_wifi());
    let known = link() != Link::Unknown;
    let says = move || {
        let photos = app.sync.with(|sync| sync.photos);
        match (known, only.get()) {
            (false, _) => "这个浏览器看不出是不是 Wi-Fi，照片在任何网络下都会传。".to_owned(),
            (true, true) if photos > 0 && app.photos_held() => {
                format!("{photos} 张照片在等 Wi-Fi。文字照常送出。")
            }
            (true, true) => "不在 Wi-Fi 时照片先留在本机；文字照常送出。".to_owned(),
            (true, false) => "照片在任何网络下都会传，排在文字后面。".to_owned(),
        }
    };
    view! {
        <article class="card">
            <div class="card-head"><h2 class="card-title">"照片"</h2></div>
            <div class="card-body stack">
                <label class="switch" data-testid="only-wifi">
                    <input
                        type="checkbox"
                        role="switch"
                        disabled=!known
                        aria-describedby="only-wifi-says"
                        prop:checked=move || known && only.get()
                        on:change=move |ev| {
                            only.set(event_target_checked(&ev));
                            app.set_only_wifi(only.get_untracked());
                        }
                    />
                    <span class="switch-face"></span>
                    <span class="switch-text">"只在 Wi-Fi 下传照片"</span>
                </label>
                <p class="small muted" id="only-wifi-says" data-testid="only-wifi-says">{live(says)}</p>
                {free(app)}
            </div>
        </article>
    }
    .into_any()
}

fn free(app: App) -> AnyView {
    let open = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let said = RwSignal::new(String::new());
    let act = move || {
        busy.set(true);
        leptos::task::spawn_local(async move {
            let words = match app.free_photos().await {
                Ok(freed) => told(freed),
                Err(problem) => format!("照片没有动。{}", problem.doing()),
            };
            said.try_set(words);
            busy.try_set(false);
            // The meter below shows the new room.
            app.version.update(|version| *version += 1);
        });
    };
    let dialog = move || {
        let ask = Confirm {
            title: "腾出已同步的照片？".to_owned(),
            text: "后端确认收到的原图从本机删掉，小图和文字都留着；没送出的和草稿里的不动。打算换后端的，先换好再腾。"
                .to_owned(),
            yes: "腾出".to_owned(),
            danger: false,
        };
        confirm(open, ask, act)
    };
    view! {
        <button
            class="btn btn-wide"
            type="button"
            data-testid="free-photos"
            disabled=move || busy.get()
            aria-busy=move || if busy.get() { "true" } else { "false" }
            on:click=move |_| open.set(true)
        >
            {icon("storage")}
            "腾出已同步的照片"
        </button>
        <p class="small" role="status" data-testid="free-photos-says">{live(move || said.get())}</p>
        {live(dialog)}
    }
    .into_any()
}
