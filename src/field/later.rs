//! The second part of the phone's code: every page but the first, and synchronisation.

use gridbook_log::EntityId;
use leptos::prelude::*;

use super::screen::Screen;
use crate::app::{App, Behind};
use crate::ui::later::{Part, Rest};
use crate::ui::router::Route;
use crate::ui::rows::part;
use crate::ui::states::{blank, loading};
use crate::ui::toast::Toasts;

/// What the second part gives to the first.
#[derive(Clone, Copy)]
pub struct Later {
    open: fn(&Route) -> AnyView,
    today: fn(App) -> AnyView,
    told: fn(App) -> AnyView,
    due: fn(App) -> AnyView,
    pub(super) others: fn(App, EntityId) -> AnyView,
    pub(super) log_call: fn(App, Toasts, EntityId),
    behind: Behind,
}

impl Later {
    /// Everything behind the first screen. Only the function that the build splits off may name it.
    pub fn new() -> Self {
        Self {
            open: super::open,
            today: super::today::view,
            told: super::today::top,
            due: super::due::view,
            others: super::alarm::others,
            log_call: super::alarm::log_call,
            behind: Behind::new(),
        }
    }
}

impl Default for Later {
    fn default() -> Self {
        Self::new()
    }
}

impl Part for Later {
    fn behind(self) -> Behind {
        self.behind
    }
}

/// More for 今天, as soon as it has come.
pub(super) fn today(app: App) -> AnyView {
    Rest::<Later>::held().view(move |part| (part.today)(app), |_| ().into_any())
}

/// Dangers of which I was told, as soon as it has come.
pub(super) fn told(app: App) -> AnyView {
    Rest::<Later>::held().view(move |part| (part.told)(app), |_| ().into_any())
}

/// Whom to visit and what to look at again, as soon as it has come.
pub(super) fn due(app: App) -> AnyView {
    Rest::<Later>::held()
        .view(move |part| (part.due)(app), |_| part("该走访的户".to_owned(), None, loading(3)))
}

/// The page of an address, or a word about why it is not there yet.
pub(super) fn open(rest: Rest<Later>, route: &Route) -> AnyView {
    let route = route.clone();
    let page = move |part: Later| (part.open)(&route);
    rest.view(page, |late| {
        let inside = if late {
            blank(
                "offline",
                "还差一部分没有下载完",
                "记下的内容都在本机，没有丢。连上网络会自动接着下载，只需下载这一次。",
                Vec::new(),
            )
        } else {
            loading(4)
        };
        Screen::new("网格簿").back("/").view(inside)
    })
}
