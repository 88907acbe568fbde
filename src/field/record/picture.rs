//! Photos of a record: small ones at once, the whole picture on a tap.

use gridbook_domain::case::{CaseView, strips};
use gridbook_log::{BlobRef, Entity};
use leptos::prelude::*;

use crate::app::App;
use crate::ui::dialog::Beside;
use crate::ui::directory::use_directory;
use crate::ui::format;
use crate::ui::icon::icon;
use crate::ui::live;
use crate::ui::photo::thumb_url;
use crate::ui::strip;

/// A picture or recording that a person looks at: its file, its strip, the dialog's title.
pub(super) type Look = (BlobRef, Option<String>, &'static str);

/// The dialog of the pictures, beside the page.
pub(super) fn dialog(app: App, looks: Beside<Look>) -> AnyView {
    looks.view(
        "dialog-wide",
        |(.., title)| (*title).to_owned(),
        move |(blob, strip, _)| whole(app, blob.clone(), strip.clone()),
    )
}

fn whole(app: App, blob: BlobRef, strip: Option<String>) -> AnyView {
    let shown: RwSignal<Option<Result<(String, String), String>>> = RwSignal::new(None);
    leptos::task::spawn_local(async move {
        let found = match app.blob(&blob.sha256).await {
            Some(bytes) => strip::shown(&bytes, &blob.mime, strip.as_deref()).await,
            None => None,
        };
        let missing = || "照片不在本机，联网后再看。".to_owned();
        let late = shown.try_set(Some(found.map(|url| (url, blob.mime.clone())).ok_or_else(missing)));
        if let Some(Some(Ok((url, _)))) = late {
            let _ = web_sys::Url::revoke_object_url(&url);
        }
    });
    // The address of the picture is given back when the dialog closes.
    on_cleanup(move || {
        if let Some(Some(Ok((url, _)))) = shown.try_get_untracked() {
            let _ = web_sys::Url::revoke_object_url(&url);
        }
    });
    let draw = move || match shown.get() {
        None => view! { <p class="spinner" role="status" aria-label="正在打开照片"></p> }.into_any(),
        Some(Ok((url, mime))) if mime.starts_with("audio/") => {
            view! { <audio controls=true src=url></audio> }.into_any()
        }
        Some(Ok((url, _))) => view! { <img class="photo-full" src=url alt="照片" /> }.into_any(),
        Some(Err(words)) => view! { <p>{words}</p> }.into_any(),
    };
    view! { <div class="dialog-body">{live(draw)}</div> }.into_any()
}

/// All photos and recordings.
pub(super) fn pictures(app: App, looks: Beside<Look>, case: &CaseView, entity: &Entity) -> AnyView {
    let strips = use_directory().with_untracked(|names| strips(entity, case, |code| names.area(code)));
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
    let by = |blob: &BlobRef| {
        let row = blob.sha256.get(..16).unwrap_or_default();
        entity.text(&format!("{}_by/{row}/name", blob.role)).map(str::to_owned)
    };
    let draw = |(n, blob): (usize, BlobRef)| {
        let (signer, strip) = (by(&blob), strips.get(&blob.sha256).cloned());
        one(app, looks, n, blob, (signer, strip), title)
    };
    // What was found and what became of it stand side by side (HAZ-06).
    let side = |role: &str| blobs.iter().filter(|blob| blob.role == role).cloned().collect::<Vec<_>>();
    let (before, after) = (side("photo_before"), side("photo_after"));
    let compare = (!before.is_empty() && !after.is_empty()).then(|| {
        let skip = before.len();
        let left = before.into_iter().enumerate().map(draw).collect_view();
        let right = after.into_iter().enumerate().map(|(n, blob)| (n + skip, blob)).map(draw).collect_view();
        view! {
            <div class="compare" data-testid="compare">
                <figure><figcaption>"整改前"</figcaption><ul class="photos">{left}</ul></figure>
                <figure><figcaption>"整改后"</figcaption><ul class="photos">{right}</ul></figure>
            </div>
        }
    });
    if compare.is_some() {
        blobs.retain(|blob| !matches!(blob.role.as_str(), "photo_before" | "photo_after"));
    }
    let items = blobs.into_iter().enumerate().map(draw).collect_view();
    view! {
        <section class="section">
            <div class="section-head"><h2 class="section-title">{title}</h2></div>
            {compare}
            <ul class="photos">{items}</ul>
        </section>
    }
    .into_any()
}

fn one(
    app: App,
    looks: Beside<Look>,
    place: usize,
    blob: BlobRef,
    (signer, strip): (Option<String>, Option<String>),
    title: &'static str,
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
    let label = if let Some(name) = &signer {
        format!("看{name}的签名")
    } else if blob.thumb.is_some() {
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
        let words = signer.clone().unwrap_or_else(|| words.to_owned());
        view! { <span class="photo-state">{icon(symbol)}{words}</span> }
    };
    let tap = move |_| looks.ask((blob.clone(), strip.clone(), title));
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
