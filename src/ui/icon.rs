//! Icons and drawings. Each is one outline, drawn where it stands: a reference to a shared one (`<use>`) costs the browser
//! a tree of its own each time, most of the elements of a list.

use leptos::prelude::*;

/// Id, outline, what of it is drawn bolder, whether it is filled; made from `public/icons/sprite.svg`.
static SHAPES: &[(&str, &str, &str, bool)] = &include!(concat!(env!("OUT_DIR"), "/shapes.rs"));

/// A 24 px icon, `name` as in the sprite without `i-`. It never speaks alone: a word stands beside it or the
/// control carries a label.
pub fn icon(name: &'static str) -> AnyView {
    small(["icon", "icon icon-solid"], name)
}

/// The arrow at the end of a row that leads somewhere.
pub fn chevron() -> AnyView {
    small(["icon row-chev"; 2], "chev")
}

/// A drawing of an empty, offline, error or conflict state: `name` without `art-`.
pub fn art(name: &'static str) -> AnyView {
    let (thin, bold, _) = shape("art-", name);
    view! {
        <svg class="blank-art" viewBox="0 0 120 90" aria-hidden="true"><path d=thin></path><path class="blank-art-bold" d=bold></path></svg>
    }
    .into_any()
}

/// `classes` of one that is drawn as lines and of one that is filled.
fn small(classes: [&'static str; 2], name: &'static str) -> AnyView {
    let (outline, _, solid) = shape("i-", name);
    let class = classes[usize::from(solid)];
    view! { <svg class=class viewBox="0 0 24 24" aria-hidden="true"><path d=outline></path></svg> }.into_any()
}

fn shape(begin: &str, name: &str) -> (&'static str, &'static str, bool) {
    let held = SHAPES.iter().find(|(id, ..)| id.strip_prefix(begin) == Some(name));
    debug_assert!(held.is_some(), "no icon {name}");
    held.map_or(("", "", false), |(_, thin, bold, solid)| (*thin, *bold, *solid))
}
