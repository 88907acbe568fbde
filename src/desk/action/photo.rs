//! Photos of a step: scaled down as they are added, kept in memory until the step is saved.

use gridbook_domain::form::Field;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;

use super::{Entered, Shot};
use crate::desk::picture;
use crate::ui::icon::icon;
use crate::ui::toast::use_toasts;

/// The photos of one input, and the way to add more.
pub(super) fn photo(field: &Field, id: String, entered: Entered) -> AnyView {
    let toasts = use_toasts();
    let path = field.path.clone();
    let most = usize::try_from(field.max.unwrap_or(6)).unwrap_or(6);
    let shown_path = path.clone();
    let taken = move || {
        let role = shown_path.clone();
        entered.shots.get().into_iter().filter(move |shot| shot.blob.role == role).collect::<Vec<_>>()
    };
    let pick = move |event: web_sys::Event| {
        let Some(input) = event.target().and_then(|t| t.dyn_into::<web_sys::HtmlInputElement>().ok()) else {
            return;
        };
        let files: Vec<web_sys::File> = input
            .files()
            .map(|list| (0..list.length()).filter_map(|n| list.get(n)).collect())
            .unwrap_or_default();
        input.set_value("");
        let role = path.clone();
        spawn_local(async move {
            for file in files {
                let held =
                    entered.shots.with_untracked(|s| s.iter().filter(|shot| shot.blob.role == role).count());
                if held >= most {
                    return toasts.warn(format!("最多 {most} 张照片"));
                }
                match picture::shrink(&file, &role).await {
                    Some((blob, bytes)) => entered.shots.update(|shots| {
                        shots.retain(|shot| shot.blob.sha256 != blob.sha256);
                        shots.push(Shot { blob, bytes });
                    }),
                    None => toasts.warn("这张照片打不开，没有加入。请换一张 JPG 或 PNG。"),
                }
            }
        });
    };
    let small = move || {
        taken()
            .into_iter()
            .map(|shot| {
                let src = format!("data:image/jpeg;base64,{}", shot.blob.thumb.clone().unwrap_or_default());
                let sha256 = shot.blob.sha256;
                view! {
                    <li class="photo" data-state="local">
                        <img src=src alt="新照片" />
                        <button
                            class="photo-remove"
                            type="button"
                            aria-label="删除照片"
                            on:click=move |_| entered.shots.update(|shots| shots.retain(|s| s.blob.sha256 != sha256))
                        >
                            {icon("close")}
                        </button>
                    </li>
                }
            })
            .collect_view()
    };
    view! {
        <ul class="photos">
            {small}
            <li>
                <label class="photo-add">
                    <input type="file" id=id accept="image/*" multiple on:change=pick />
                    {icon("photo")}
                    <span>"添加照片"</span>
                </label>
            </li>
        </ul>
    }
    .into_any()
}
