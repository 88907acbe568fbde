//! What a township changes by itself: the calendar of days off (IO-06), and the list of items with its forms as one file
//! (CAT-09). What is published here reaches every phone with its next synchronisation.

mod calendar;
mod package;
mod publish;
mod text;

use leptos::prelude::*;

use super::route::Route;

/// The screen.
pub fn rules(route: RwSignal<Route>) -> AnyView {
    let tab = Memo::new(move |_| match route.get() {
        Route::Rules(tab) if tab == "package" => "package",
        _ => "calendar",
    });
    let tabs = [("calendar", "工作日历"), ("package", "清单和表单")].map(|(id, title)| {
        view! {
            <button
                class="tabs-tab"
                type="button"
                role="tab"
                data-testid=format!("rules-tab-{id}")
                aria-selected=move || (tab.get() == id).to_string()
                on:click=move |_| Route::Rules(id.to_owned()).go()
            >
                {title}
            </button>
        }
    });
    let inside = move || if tab.get() == "package" { package::page() } else { calendar::page() };
    view! {
        <div class="page-head"><h1 class="page-title">"清单和日历"</h1></div>
        <div class="tabs" role="tablist" aria-label="哪一部分">{tabs.into_iter().collect_view()}</div>
        <div class="wizard">{inside}</div>
    }
    .into_any()
}
