//! The township's desk: what arrived, who has it, what is answered; ledgers, imports, accounts.

mod action;
mod books;
mod detail;
mod frame;
mod handover;
mod households;
mod import;
mod ledger;
mod login;
mod me;
mod mediation;
pub mod papers;
mod parts;
mod picture;
mod queue;
mod route;
mod rules;
pub mod sheets;
mod staff;
mod values;
mod words;

use leptos::mount::mount_to;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;

use crate::app::App;
use crate::ui::states::blank;

/// Starts the desk in `#app`.
pub fn start() {
    let Some(root) = document().get_element_by_id("app").and_then(|root| root.dyn_into().ok()) else {
        return;
    };
    mount_to(root, root_view).forget();
}

/// Nothing until the core has started: the page's own first frame stays as long.
fn root_view() -> AnyView {
    let started = RwSignal::new(None);
    spawn_local(async move {
        started.set(Some(App::start().await.map_err(|problem| problem.message())));
    });
    let draw = move || match started.get() {
        None => ().into_any(),
        Some(Ok(app)) => {
            app.provide();
            app.provide_round(crate::app::round);
            frame::desk(app)
        }
        Some(Err(words)) => blank("error", "打不开工作台", words, Vec::new()),
    };
    view! { {draw} }.into_any()
}
