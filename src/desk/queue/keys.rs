//! The queue by keyboard: up and down, into the record, the next step, the search box.

use gridbook_log::EntityId;
use leptos::ev;
use leptos::prelude::*;

use super::Queue;
use crate::desk::parts::typing;
use crate::desk::route::Route;
use crate::ui::dom::{focus, focus_in_view};

pub(super) fn listen(queue: Queue) {
    let handle = window_event_listener(ev::keydown, move |event| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() || typing(&event) {
            return;
        }
        match event.key().as_str() {
            "j" | "ArrowDown" => step(queue, 1),
            "k" | "ArrowUp" => step(queue, -1),
            "Enter" if queue.selected.get_untracked().is_some() && on_list() => {
                focus("#detail");
            }
            "a" => {
                if let Some(button) =
                    document().query_selector("[data-testid=actions] .btn-primary").ok().flatten()
                    && let Ok(button) = wasm_bindgen::JsCast::dyn_into::<web_sys::HtmlElement>(button)
                {
                    button.click();
                }
            }
            "/" => {
                focus("#queue-search");
            }
            "Escape" => {
                focus_in_view(".queue-item[aria-current=true]");
            }
            _ => return,
        }
        event.prevent_default();
    });
    on_cleanup(move || handle.remove());
}

/// Enter belongs to a button or link that has the focus, except in the list.
fn on_list() -> bool {
    let held = document().active_element();
    held.is_none_or(|element| element.tag_name() == "BODY" || element.class_list().contains("queue-item"))
}

fn step(queue: Queue, by: isize) {
    let items = queue.shown.get_untracked();
    let at =
        queue.selected.get_untracked().and_then(|id| items.iter().position(|item| item.summary.id == id));
    let next = match at {
        None => 0,
        Some(at) => at.saturating_add_signed(by).min(items.len().saturating_sub(1)),
    };
    let Some(item) = items.get(next) else { return };
    let id: EntityId = item.summary.id;
    queue.window.reach(next);
    Route::Queue(Some(id)).go();
    request_animation_frame(move || {
        focus_in_view(&format!("[data-id=\"{id}\"]"));
    });
}
