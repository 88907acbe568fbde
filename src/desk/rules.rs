//! What a township changes by itself: the calendar of days off (IO-06), the list of items with its forms as one file
//! (CAT-09), the themes on top of the phones' home (CAT-03), what roles are called and may do (ROLE-15), and which items come
//! onto the list and leave it (CAT-02), where units and leaders have a say, too. What is published here reaches every phone with its next synchronisation.

mod admission;
mod calendar;
mod limits;
mod package;
mod publish;
mod roles;
mod text;
mod themes;

use gridbook_domain::role::holds;
use leptos::prelude::*;

use super::route::Route;
use crate::app::{App, use_app};

/// Whether this person keeps the list and the calendar.
fn keeps(app: App) -> bool {
    holds(&app.package(), &app.actor(), "catalog.edit", app.today())
}

/// Whether there is anything for this person on the screen: to keep the list, to decide on it, or to apply for an item.
pub fn has_part(app: App) -> bool {
    keeps(app)
        || holds(&app.package(), &app.actor(), "catalog.approve", app.today())
        || admission::may_apply(app)
}

/// What waits for this person here.
pub fn waiting(app: App) -> usize {
    admission::waiting(app)
}

/// The screen.
pub fn rules(route: RwSignal<Route>) -> AnyView {
    // Who may not change the calendar or the forms has no use for their tabs.
    let all = keeps(use_app());
    let admin = all && roles::may(use_app());
    let tab = Memo::new(move |_| match route.get() {
        Route::Rules(tab) if tab == "package" && all => "package",
        Route::Rules(tab) if tab == "themes" && all => "themes",
        Route::Rules(tab) if tab == "limits" && all => "limits",
        Route::Rules(tab) if tab == "roles" && admin => "roles",
        Route::Rules(tab) if tab != "admission" && all => "calendar",
        _ => "admission",
    });
    let tabs = [
        ("calendar", "工作日历"),
        ("themes", "重点工作"),
        ("package", "清单和表单"),
        ("limits", "时限和补贴"),
        ("roles", "岗位和权限"),
        ("admission", "准入和退出"),
    ];
    let offered = move |id: &str| if id == "roles" { admin } else { all || id == "admission" };
    let tabs = tabs.into_iter().filter(|(id, _)| offered(id)).map(|(id, title)| {
        view! {
            <button
                class="tabs-tab"
                type="button"
                data-testid=format!("rules-tab-{id}")
                aria-pressed=move || (tab.get() == id).to_string()
                on:click=move |_| Route::Rules(id.to_owned()).go()
            >
                {title}
            </button>
        }
    });
    let inside = move || match tab.get() {
        "package" => package::page(),
        "themes" => themes::page(),
        "limits" => limits::page(),
        "roles" => roles::page(),
        "calendar" => calendar::page(),
        _ => admission::page(),
    };
    view! {
        <div class="page-head"><h1 class="page-title">"清单和日历"</h1></div>
        <div class="tabs" role="group" aria-label="哪一部分">{tabs.collect_view()}</div>
        <div class="wizard">{inside}</div>
    }
    .into_any()
}
