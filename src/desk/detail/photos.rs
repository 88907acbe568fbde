//! Photos side by side; one opens large. Recordings below, to be played.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use gridbook_domain::package::Package;
use gridbook_log::BlobRef;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::record::Record;
use crate::app::use_app;
use crate::ui::dialog::{dialog, forget_closed};
use crate::ui::icon::icon;
use crate::ui::{live, strip};

/// A picture on its way to the screen.
#[derive(Clone, PartialEq)]
pub enum Picture {
    /// Being read.
    Waiting,
    /// Neither here nor to be had now.
    Missing,
    /// Its address in this page.
    Here(String),
}

/// Pictures and recordings of the record that is open: read once, however often the record is drawn.
#[derive(Clone)]
pub(super) struct Pictures {
    owner: Owner,
    held: Arc<Mutex<BTreeMap<String, RwSignal<Picture>>>>,
    large: Large,
}

/// The picture that is shown large, with its words.
#[derive(Clone, Copy)]
struct Large {
    open: RwSignal<bool>,
    which: RwSignal<Option<(RwSignal<Picture>, String)>>,
}

impl Pictures {
    /// Makes the place for them, for what is drawn from here on; drawn is the dialog in which one of them is large.
    pub(super) fn provide() -> AnyView {
        let large = Large { open: RwSignal::new(false), which: RwSignal::new(None) };
        if let Some(owner) = Owner::current() {
            provide_context(Self { owner, held: Arc::default(), large });
        }
        forget_closed(large.open, large.which);
        live(move || {
            let (picture, words) = large.which.get()?;
            let title = words.clone();
            let inside = move || {
                let Picture::Here(url) = picture.get() else { return ().into_any() };
                let body = view! { <div class="dialog-body"><img class="photo-large" src=url alt=words.clone() /></div> };
                body.into_any()
            };
            Some(dialog(large.open, "dialog-wide", title, Box::new(inside)))
        })
    }

    /// The picture behind a reference, with its line where it has one.
    fn of(blob: &BlobRef, strip: Option<&String>) -> RwSignal<Picture> {
        let draw = || stamped(blob, strip.cloned());
        let Some(all) = use_context::<Self>() else { return draw() };
        let Ok(mut held) = all.held.lock() else { return draw() };
        // A number that came later stands in another rendition.
        let key = format!("{}{}", blob.sha256, strip.map_or("", String::as_str));
        // One that was nowhere may have arrived since.
        let known = held.get(&key).filter(|picture| picture.get_untracked() != Picture::Missing);
        if let Some(picture) = known {
            return *picture;
        }
        let picture = all.owner.with(draw);
        held.insert(key, picture);
        picture
    }
}

pub(super) fn photos(package: &Package, record: &Record) -> Option<AnyView> {
    let form = package.form_for(record.view.kind);
    let mut pictures: Vec<(BlobRef, String)> = record
        .blobs
        .iter()
        .filter(|blob| blob.mime.starts_with("image/"))
        .map(|blob| {
            let label =
                form.and_then(|form| form.field(&blob.role)).map_or("照片", |field| field.label.as_str());
            (blob.clone(), label.to_owned())
        })
        .collect();
    if pictures.is_empty() {
        return None;
    }
    let count = pictures.len();
    let list = |pictures: Vec<(BlobRef, String)>| {
        let one = |(blob, label)| view! { <li class="photo">{photo(&blob, record.strips.get(&blob.sha256), label)}</li> };
        pictures.into_iter().map(one).collect_view()
    };
    // What was found and what became of it stand side by side.
    let side =
        |role: &str| pictures.iter().filter(|(blob, _)| blob.role == role).cloned().collect::<Vec<_>>();
    let (before, after) = (side("photo_before"), side("photo_after"));
    let both = !before.is_empty() && !after.is_empty();
    let compare = both.then(|| {
        view! {
            <div class="compare" data-testid="compare">
                <figure><figcaption>"整改前"</figcaption><ul class="photos">{list(before)}</ul></figure>
                <figure><figcaption>"整改后"</figcaption><ul class="photos">{list(after)}</ul></figure>
            </div>
        }
    });
    if both {
        pictures.retain(|(blob, _)| !matches!(blob.role.as_str(), "photo_before" | "photo_after"));
    }
    Some(
        view! {
            <section class="section">
                <div class="section-head">
                    <h3 class="section-title">"照片 " <span class="count">{count}</span></h3>
                </div>
                {compare}
                <ul class="photos" data-testid="photos">
                    {list(pictures)}
                </ul>
            </section>
        }
        .into_any(),
    )
}

/// One photo: its small picture at once, the whole as soon as it is here.
fn photo(blob: &BlobRef, strip: Option<&String>, label: String) -> AnyView {
    let picture = Pictures::of(blob, strip);
    let large = use_context::<Pictures>().map(|pictures| pictures.large);
    let thumb = blob.thumb.as_ref().map(|small| format!("data:image/jpeg;base64,{small}"));
    let enlarge = {
        let label = label.clone();
        move || {
            if let Some(large) = large {
                large.which.set(Some((picture, label.clone())));
                large.open.set(true);
            }
        }
    };
    live(move || draw(picture.get(), thumb.clone(), &label, enlarge.clone()))
}

/// The recordings of a record; `None` when there is none.
pub(super) fn recordings(record: &Record) -> Option<AnyView> {
    let sounds = record.blobs.iter().filter(|blob| blob.mime.starts_with("audio/"));
    let players: Vec<AnyView> = sounds.map(player).collect();
    (!players.is_empty()).then(|| {
        view! {
            <section class="section">
                <div class="section-head"><h3 class="section-title">"录音"</h3></div>
                <div class="stack" data-testid="recordings">{players}</div>
            </section>
        }
        .into_any()
    })
}

fn player(blob: &BlobRef) -> AnyView {
    let sound = Pictures::of(blob, None);
    let drawn = move || match sound.get() {
        Picture::Here(url) => view! { <audio controls=true src=url aria-label="录音"></audio> }.into_any(),
        Picture::Waiting => view! { <p class="muted">"正在读取录音"</p> }.into_any(),
        Picture::Missing => view! { <p class="muted">"录音还没有送到"</p> }.into_any(),
    };
    view! { {drawn} }.into_any()
}

/// The bytes of a photo or a recording behind an address of this page, as soon as they are here; a photo with its line
/// burned into what is shown (HAZ-06).
pub fn stamped(blob: &BlobRef, strip: Option<String>) -> RwSignal<Picture> {
    let app = use_app();
    let picture = RwSignal::new(Picture::Waiting);
    let (sha256, mime) = (blob.sha256.clone(), blob.mime.clone());
    Effect::new(move |_| {
        let (sha256, mime, strip) = (sha256.clone(), mime.clone(), strip.clone());
        spawn_local(async move {
            let url = match app.blob(&sha256).await {
                Some(bytes) => strip::shown(&bytes, &mime, strip.as_deref()).await,
                None => None,
            };
            let next = url.map_or(Picture::Missing, Picture::Here);
            // When the record was left meanwhile there is nothing to show it in.
            if let Some(Picture::Here(url)) = picture.try_set(next) {
                let _ = web_sys::Url::revoke_object_url(&url);
            }
        });
    });
    on_cleanup(move || {
        if let Some(Picture::Here(url)) = picture.try_get_untracked() {
            let _ = web_sys::Url::revoke_object_url(&url);
        }
    });
    picture
}

fn draw(picture: Picture, thumb: Option<String>, alt: &str, enlarge: impl Fn() + 'static) -> AnyView {
    let (zoom, alt) = (format!("放大：{alt}"), alt.to_owned());
    match (picture, thumb) {
        (Picture::Here(url), _) => view! {
            <button type="button" aria-label=zoom on:click=move |_| enlarge()>
                <img src=url alt=alt />
            </button>
        }
        .into_any(),
        (Picture::Missing, Some(small)) => view! {
            <img src=small alt=alt />
            <span class="photo-state">{icon("offline")}"原图未到"</span>
        }
        .into_any(),
        (Picture::Missing, None) => {
            view! { <span class="photo-state">{icon("offline")}"照片还没有送到"</span> }.into_any()
        }
        (Picture::Waiting, Some(small)) => view! { <img src=small alt=alt /> }.into_any(),
        (Picture::Waiting, None) => {
            view! { <span class="skeleton" aria-label="正在读取照片"></span> }.into_any()
        }
    }
}
