//! Room on the device, whether the browser keeps our data, and files carried by hand.

use leptos::prelude::*;

use crate::app::{App, StorageView};
use crate::field::screen::Screen;
use crate::ui::backend::card;
use crate::ui::carry::{bring_in, take_out};
use crate::ui::icon::icon;
use crate::ui::live;
use crate::ui::room::{warning, words};

/// The storage card.
pub(super) fn storage(app: App) -> AnyView {
    let room = RwSignal::new(None::<StorageView>);
    Effect::new(move |_| {
        app.version.track();
        app.sync.with(|sync| sync.persisted);
        leptos::task::spawn_local(async move {
            room.try_set(Some(app.storage().await));
        });
    });
    let meter = move || {
        let room = room.get()?;
        let warn = room
            .nearly_full()
            .then(|| warning("手机存储快满了", "请先同步或做一个随身文件，再清理手机里的照片和视频。"));
        let words = words(&room);
        let kept = match room.persisted {
            Some(true) => "浏览器已答应不自动清理本机数据。",
            Some(false) => "浏览器没有答应长期保存。请把网格簿装到桌面，并每天同步。",
            None => "浏览器没有说会不会清理本机数据。请每天同步。",
        };
        Some(view! {
            {warn}
            <progress class="progress" value=room.used.to_string() max=room.quota.max(1.0).to_string() aria-label="本机空间"></progress>
            <p class="small" data-testid="storage-words">{words}</p>
            <p class="small muted" data-testid="storage-kept">{kept}</p>
        })
    };
    view! {
        <article class="card">
            <div class="card-head"><h2 class="card-title">"本机存储"</h2></div>
            <div class="card-body stack">{live(meter)}{carry_link()}</div>
        </article>
    }
    .into_any()
}

/// Leads to the files that are carried by hand.
pub(super) fn carry_link() -> AnyView {
    view! {
        <a class="btn btn-wide" href="#/me/carry" data-testid="me-carry">
            {icon("download")}
            "随身文件：带走、交上"
        </a>
    }
    .into_any()
}

/// Files carried by hand.
pub(in crate::field) fn carry() -> AnyView {
    Screen::new("随身文件").back("/me").view(view! { {take_out()}{bring_in()} }.into_any())
}

/// Where records go.
pub(in crate::field) fn backend() -> AnyView {
    Screen::new("后端").back("/me").view(card())
}
