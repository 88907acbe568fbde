//! Pictures from before and after a repair, side by side.

use gridbook_log::BlobRef;
use leptos::prelude::*;

use super::figures::Pair;
use crate::desk::detail::{Picture, stamped};
use crate::desk::route::Route;

pub(super) fn pairs(list: &[Pair]) -> Option<AnyView> {
    if list.is_empty() {
        return None;
    }
    let one = |pair: &Pair| {
        let href = Route::Queue(Some(pair.id)).href();
        view! {
            <li class="pair" data-testid="pair">
                <a href=href>{pair.title.clone()}</a>
                <div class="pair-pictures">
                    {picture(&pair.before, "整改前")}
                    {picture(&pair.after, "整改后")}
                </div>
            </li>
        }
    };
    Some(
        view! {
            <section class="section">
                <div class="section-head"><h2 class="section-title">"整改前后"</h2></div>
                <ul class="pairs">{list.iter().map(one).collect_view()}</ul>
            </section>
        }
        .into_any(),
    )
}

fn picture((blob, line): &(BlobRef, Option<String>), label: &'static str) -> AnyView {
    let picture = stamped(blob, None);
    let small = blob.thumb.as_ref().map(|small| format!("data:image/jpeg;base64,{small}"));
    let drawn = move || match (picture.get(), small.clone()) {
        (Picture::Here(src), _) | (_, Some(src)) => view! { <img src=src alt=label /> }.into_any(),
        _ => view! { <span class="muted small">"照片还没有送到"</span> }.into_any(),
    };
    // Burning it into two dozen pictures would hold up the page: here it stands below.
    let line = line.clone().map(|line| view! { <span class="muted small">{line}</span> });
    view! { <figure>{drawn}<figcaption>{label} " " {line}</figcaption></figure> }.into_any()
}
