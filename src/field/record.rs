//! One record.
use gridbook_log::EntityId;
use leptos::prelude::*;
pub(super) fn page(_id: EntityId) -> AnyView { ().into_any() }
