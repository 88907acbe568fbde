//! The township's desk: what arrived, who has it, what is answered; ledgers, imports, accounts.

mod action;
mod detail;
mod frame;
mod households;
mod import;
mod ledger;
mod login;
mod me;
mod parts;
mod picture;
mod queue;
mod route;
pub mod sheets;
mod staff;
mod values;
mod words;

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;

use crate::app::App;
use crate::ui::states::blank;

/// Starts the desk in `#app`.
pub fn start() {
    spawn_local(async {
        let started = App::start().await;
        let place = document().get_element_by_id("app").and_then(|element| element.dyn_into().ok());
        let Some(place) = place else { return };
        let view = move || match started {
            Ok(app) => {
                app.provide();
                frame::desk(app)
            }
            Err(problem) => blank("error", "打不开工作台", problem.message(), Vec::new()),
        };
        leptos::mount::mount_to(place, view).forget();
    });
}
