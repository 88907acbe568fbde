//! x
use leptos::prelude::*;
pub fn import() -> AnyView { ().into_any() }
