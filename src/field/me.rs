//! 我的.
use leptos::prelude::*;
pub(super) fn page() -> AnyView { ().into_any() }
pub(super) fn change_phone() -> AnyView { ().into_any() }
pub(super) fn install() -> AnyView { ().into_any() }
pub(super) fn password() -> AnyView { ().into_any() }
pub(super) fn watch_updates() {}
