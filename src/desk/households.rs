//! x
use leptos::prelude::*;
use super::route::Route;
pub fn households(_r: RwSignal<Route>) -> AnyView { ().into_any() }
