//! Icons and drawings of the sprite that is inlined into both pages.

use leptos::prelude::*;

/// A 24 px icon, `name` as in the sprite without `i-`. It never speaks alone: a word stands beside it or the
/// control carries a label.
pub fn icon(name: &'static str) -> AnyView {
    sprite("icon", format!("#i-{name}"))
}

/// The arrow at the end of a row that leads somewhere.
pub fn chevron() -> AnyView {
    sprite("icon row-chev", "#i-chev".to_owned())
}

/// A drawing of an empty, offline, error or conflict state: `name` without `art-`.
pub fn art(name: &'static str) -> AnyView {
    sprite("blank-art", format!("#art-{name}"))
}

fn sprite(class: &'static str, href: String) -> AnyView {
    view! { <svg class=class aria-hidden="true"><use_ href=href></use_></svg> }.into_any()
}
