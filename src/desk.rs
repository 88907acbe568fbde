//! The township's desk: what arrived, who has it, what is answered; ledgers, imports, accounts.
//!
//! Its code comes in two parts, as the phone's does. The first signs in and lists what waits; the other ([`Later`]) is
//! loaded while the person looks at that.

mod action;
mod alarm;
mod areas;
mod books;
mod carry_for;
mod confidential;
mod detail;
mod entry;
mod found;
mod frame;
mod handover;
mod households;
mod import;
mod kept;
mod later;
mod ledger;
mod login;
mod me;
mod mediation;
mod office;
pub mod papers;
mod parts;
mod people;
mod picture;
mod queue;
mod reach;
mod review;
mod roster;
mod route;
mod rules;
mod section;
pub mod sheets;
mod staff;
mod supervise;
mod table;
mod tasks;
mod values;
mod warnings;
mod words;
mod zero;

use leptos::mount::mount_to;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;

use crate::app::App;
use crate::ui::later::{Load, fetch};
use crate::ui::states::blank;

pub use later::Later;

/// Starts the desk in `#app`; `load` fetches the second part.
pub fn start(load: Load<Later>) {
    let Some(root) = document().get_element_by_id("app").and_then(|root| root.dyn_into().ok()) else {
        return;
    };
    mount_to(root, move || root_view(load)).forget();
}

/// Nothing until the core has started: the page's own first frame stays as long.
fn root_view(load: Load<Later>) -> AnyView {
    let started = RwSignal::new(None);
    spawn_local(async move {
        started.set(Some(App::start().await.map_err(|problem| problem.message())));
    });
    let draw = move || match started.get() {
        None => ().into_any(),
        Some(Ok(app)) => {
            app.provide();
            fetch(app, load);
            app.follow_news();
            frame::desk(app)
        }
        Some(Err(words)) => blank("error", "打不开工作台", words, Vec::new()),
    };
    view! { {draw} }.into_any()
}
