//! Photos and recordings of a form: on disk before the draft names them, or in memory until a step is saved.

use std::sync::Arc;

use gridbook_domain::form::{Field, FieldKind, Problem};
use gridbook_log::BlobRef;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

use super::FormState;
use super::field::At;
use super::signature;
use crate::ui::format;
use crate::ui::icon::icon;
use crate::ui::live;
use crate::ui::photo::{PhotoError, shrink, thumb_url};

/// Largest recording, bytes: a minute of speech is far below.
const AUDIO: f64 = 3.0 * 1024.0 * 1024.0;

/// The pictures so far and the camera button.
pub(super) fn photos(state: FormState, field: &Arc<Field>, at: &At) -> AnyView {
    let busy = RwSignal::new(false);
    let kind = field.kind;
    let sound = kind == FieldKind::Audio;
    let max = usize::try_from(field.max.unwrap_or(6)).unwrap_or(6);
    let (path, role) = (at.path.clone(), at.path.clone());
    let list = move || {
        state.photos.with(|photos| photos.iter().filter(|p| p.role == path).cloned().collect::<Vec<_>>())
    };
    let count = {
        let list = list.clone();
        move || list().len()
    };
    let draw =
        move || list().into_iter().enumerate().map(|(n, photo)| draw_one(state, n, photo)).collect_view();
    let take = Arc::new(move |ev: web_sys::Event| {
        let Some(input) = ev.target().and_then(|t| t.dyn_into::<web_sys::HtmlInputElement>().ok()) else {
            return;
        };
        let files: Vec<web_sys::File> = input
            .files()
            .map(|list| (0..list.length()).filter_map(|n| list.get(n)).collect())
            .unwrap_or_default();
        input.set_value("");
        let role = role.clone();
        busy.set(true);
        leptos::task::spawn_local(async move {
            for file in files {
                let held = state.photos.try_with_untracked(|p| p.iter().filter(|p| p.role == role).count());
                if held.is_none_or(|held| held >= max) {
                    break;
                }
                add(state, &file, &role, sound).await;
            }
            busy.try_set(false);
        });
    });
    // The camera may end this page: the draft is on disk first, and comes back at this field.
    let focus = at.path.clone();
    let opens = move |_| {
        state.focus.set(focus.clone());
        state.hurry.update(|n| *n += 1);
    };
    let test = at.test_id();
    let id = at.id();
    // Where it stays in memory no page is ended by the camera: there are files, and several at once.
    let files = state.in_memory();
    let button = move || {
        let take = take.clone();
        (count() < max).then(|| {
            let (accept, symbol, words) = match kind {
                FieldKind::Audio => ("audio/*", "upload", "录音"),
                FieldKind::Signature => ("image/*", "camera", "拍纸质签名"),
                _ if files => ("image/*", "photo", "添加照片"),
                _ => ("image/*", "camera", "拍照"),
            };
            let words = if busy.get() { "正在处理" } else { words };
            view! {
                <li>
                    <label class="photo-add" on:click=opens.clone()>
                        <input
                            id=id.clone()
                            type="file"
                            accept=accept
                            multiple=files
                            capture=(!files).then_some("environment")
                            data-testid=format!("{test}-input")
                            disabled=busy.get()
                            on:change=move |ev| take(ev)
                        />
                        {icon(symbol)}
                        <span>{words}</span>
                    </label>
                </li>
            }
        })
    };
    view! { <ul class="photos">{live(draw)}{live(button)}</ul> }.into_any()
}

fn draw_one(state: FormState, place: usize, photo: BlobRef) -> AnyView {
    let picture = match photo.thumb.as_deref() {
        Some(thumb) => view! { <img src=thumb_url(thumb) alt=format!("照片 {}", place + 1) /> }.into_any(),
        None => {
            let size = format::size(u64::from(photo.size));
            view! { <span class="photo-plain">{format!("录音 {size}")}</span> }.into_any()
        }
    };
    let signer = signature::signed(state, &photo.role, &photo.sha256);
    let signer = signer.map(|name| view! { <span class="photo-state">{name}</span> });
    let remove = move |_| {
        signature::forget(state, &photo.role, &photo.sha256);
        state.photos.update(|photos| photos.retain(|p| !(p.sha256 == photo.sha256 && p.role == photo.role)));
        state.edits.update(|n| *n += 1);
    };
    view! {
        <li class="photo" data-state="local">
            {picture}
            {signer}
            <button class="photo-remove" type="button" aria-label=format!("删除第 {} 个", place + 1) on:click=remove>
                {icon("close")}
            </button>
        </li>
    }
    .into_any()
}

async fn add(state: FormState, file: &web_sys::File, role: &str, sound: bool) {
    let made =
        if sound { recording(file).await } else { shrink(file).await.map(|shot| (shot.bytes, shot.thumb)) };
    let (bytes, thumb) = match made {
        Ok(made) => made,
        Err(error) => return not_added(state, role, error.message().to_owned()),
    };
    let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let mime = if sound { file.type_() } else { "image/jpeg".to_owned() };
    match state.keep(bytes).await {
        Ok(sha256) => {
            let _ = state.photos.try_update(|photos| {
                if !photos.iter().any(|p| p.sha256 == sha256 && p.role == role) {
                    photos.push(BlobRef { sha256, size, mime, role: role.to_owned(), thumb });
                }
            });
            let _ = state.problems.try_update(|problems| problems.retain(|problem| problem.path != role));
            let _ = state.edits.try_update(|n| *n += 1);
            let _ = state.hurry.try_update(|n| *n += 1);
        }
        Err(problem) => not_added(state, role, problem.message()),
    }
}

/// Says under the field why a picture is not there: a form may stand in a dialog, and beside the page it would be said behind
/// that. It stands in the way of nothing.
fn not_added(state: FormState, role: &str, message: String) {
    let _ = state.problems.try_update(|problems| {
        problems.retain(|problem| problem.path != role);
        problems.push(Problem { path: role.to_owned(), code: "not_added", message, blocks: false });
    });
}

async fn recording(file: &web_sys::File) -> Result<(Vec<u8>, Option<String>), PhotoError> {
    if file.size() > AUDIO {
        return Err(PhotoError::TooLarge);
    }
    let bytes = JsFuture::from(file.array_buffer()).await?;
    Ok((js_sys::Uint8Array::new(&bytes).to_vec(), None))
}
