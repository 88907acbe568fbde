//! x
use leptos::prelude::*;
pub fn staff() -> AnyView { ().into_any() }
