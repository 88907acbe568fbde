//! Photos of a record: small ones at once, the whole picture on a tap.

use gridbook_log::{BlobRef, Entity};
use leptos::prelude::*;

use crate::app::App;
use crate::ui::dialog::dialog;
use crate::ui::dom::object_url;
use crate::ui::format;
use crate::ui::icon::icon;
use crate::ui::live;
use crate::ui::photo::thumb_url;

/// All photos and recordings.
pub(super) fn pictures(app: App, entity: &Entity) -> AnyView {
    let mut blobs: Vec<BlobRef> = Vec::new();
    for (_, blob) in entity.blobs() {
        if !blobs.iter().any(|held| held.sha256 == blob.sha256) {
            blobs.push(blob.clone());
        }
    }
    if blobs.is_empty() {
        return ().into_any();
    }
    let sound = blobs.iter().any(|blob| blob.mime.starts_with("audio/"));
    let title = if sound { "照片和录音" } else { "照片" };
    let open = RwSignal::new(false);
    let shown: RwSignal<Option<Result<(String, String), String>>> = RwSignal::new(None);
    // The address of the picture is given back when the dialog closes.
    Effect::new(move |_| {
        if !open.get()
            && let Some(Ok((url, _))) = shown.get_untracked()
        {
            let _ = web_sys::Url::revoke_object_url(&url);
            shown.set(None);
        }
    });
    let items = blobs.into_iter().enumerate().map(|(n, blob)| one(app, n, blob, open, shown)).collect_view();
    let inside = move || {
        let draw = move || match shown.get() {
            None => view! { <p class="spinner" role="status" aria-label="正在打开照片"></p> }.into_any(),
            Some(Ok((url, mime))) if mime.starts_with("audio/") => {
                view! { <audio controls=true src=url></audio> }.into_any()
            }
            Some(Ok((url, _))) => view! { <img class="photo-full" src=url alt="照片" /> }.into_any(),
            Some(Err(words)) => view! { <p>{words}</p> }.into_any(),
        };
        view! { <div class="dialog-body">{live(draw)}</div> }.into_any()
    };
    view! {
        <section class="section">
            <div class="section-head"><h2 class="section-title">{title}</h2></div>
            <ul class="photos">{items}</ul>
            {dialog(open, "dialog-wide", title, Box::new(inside))}
        </section>
    }
    .into_any()
}

fn one(
    app: App,
    place: usize,
    blob: BlobRef,
    open: RwSignal<bool>,
    shown: RwSignal<Option<Result<(String, String), String>>>,
) -> AnyView {
    let waiting = RwSignal::new(false);
    let name = blob.sha256.clone();
    Effect::new(move |_| {
        app.sync.with(|sync| sync.photos);
        let name = name.clone();
        leptos::task::spawn_local(async move {
            waiting.try_set(app.photo_waiting(&name).await);
        });
    });
    // Without a small picture the tile says what it is, and its name says the same.
    let kind = if blob.mime.starts_with("audio/") { "录音" } else { "照片" };
    let what = format!("{kind} {}", format::size(u64::from(blob.size)));
    let label = if blob.thumb.is_some() {
        format!("看第 {} 张照片", place + 1)
    } else {
        format!("打开{what}")
    };
    let picture = match blob.thumb.as_deref() {
        Some(thumb) => {
            view! { <img src=thumb_url(thumb) alt=format!("第 {} 张照片", place + 1) /> }.into_any()
        }
        None => view! { <span class="photo-plain">{what}</span> }.into_any(),
    };
    let state = move || {
        let (symbol, words) = if waiting.get() { ("pending", "待传") } else { ("check", "已传") };
        view! { <span class="photo-state">{icon(symbol)}{words}</span> }
    };
    let tap = move |_| {
        let blob = blob.clone();
        shown.set(None);
        open.set(true);
        leptos::task::spawn_local(async move {
            let found = app.blob(&blob.sha256).await.and_then(|bytes| object_url(&bytes, &blob.mime));
            let missing = || "照片不在本机，联网后再看。".to_owned();
            shown.try_set(Some(found.map(|url| (url, blob.mime.clone())).ok_or_else(missing)));
        });
    };
    view! {
        <li class="photo" data-state=move || if waiting.get() { "local" } else { "sent" }>
            <button class="photo-open" type="button" data-testid="photo" aria-label=label on:click=tap>
                {picture}
            </button>
            {live(state)}
        </li>
    }
    .into_any()
}
