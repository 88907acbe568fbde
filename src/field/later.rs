//! The second part of the phone's code: every page but the first, and synchronisation. Splitting it off halves what
//! an old phone on a weak line must have before it shows anything.

use std::future::Future;
use std::pin::Pin;

use gridbook_log::EntityId;
use leptos::prelude::*;

use super::screen::Screen;
use crate::app::{App, Round};
use crate::ui::live;
use crate::ui::router::Route;
use crate::ui::states::{blank, loading};
use crate::ui::toast::Toasts;

/// What the second part gives to the first.
#[derive(Clone, Copy)]
pub struct Later {
    open: fn(&Route) -> AnyView,
    today: fn(App) -> AnyView,
    pub(super) log_call: fn(App, Toasts, EntityId),
    round: Round,
}

impl Later {
    /// Everything behind the first screen. Only the function that the build splits off may name it.
    pub fn new() -> Self {
        Self {
            open: super::open,
            today: super::today::view,
            log_call: super::alarm::log_call,
            round: crate::app::round,
        }
    }
}

impl Default for Later {
    fn default() -> Self {
        Self::new()
    }
}

/// Fetches the second part; `None` when it did not come this time.
pub type Load = fn() -> Pin<Box<dyn Future<Output = Option<Later>>>>;

/// Where the second part stands.
#[derive(Clone, Copy)]
enum Stand {
    Coming,
    /// It did not come; it is asked for again.
    Late,
    Here(Later),
}

/// The second part, as the shell uses it.
#[derive(Clone, Copy)]
pub(super) struct Rest {
    stand: RwSignal<Stand>,
    wanted: StoredValue<Vec<Wanted>>,
}

/// Something to do as soon as the second part is there.
type Wanted = Box<dyn FnOnce(Later) + Send + Sync>;

/// The second part, below the shell.
///
/// # Panics
/// Outside of it.
pub(super) fn use_rest() -> Rest {
    expect_context()
}

/// First wait before asking again, in milliseconds; it doubles up to [`LONGEST_MS`].
const SHORTEST_MS: u32 = 500;
const LONGEST_MS: u32 = 16_000;

/// Begins to fetch the second part as soon as the first screen stands.
pub(super) fn fetch(app: App, load: Load) -> Rest {
    let rest = Rest { stand: RwSignal::new(Stand::Coming), wanted: StoredValue::new(Vec::new()) };
    provide_context(rest);
    request_animation_frame(move || rest.ask(app, load, SHORTEST_MS));
    rest
}

impl Rest {
    fn ask(self, app: App, load: Load, wait_ms: u32) {
        leptos::task::spawn_local(async move {
            if let Some(part) = load().await {
                self.stand.set(Stand::Here(part));
                app.provide_round(part.round);
                for act in self.wanted.try_update_value(std::mem::take).unwrap_or_default() {
                    act(part);
                }
            } else {
                self.stand.set(Stand::Late);
                let again = move || self.ask(app, load, (wait_ms * 2).min(LONGEST_MS));
                gloo::timers::callback::Timeout::new(wait_ms, again).forget();
            }
        });
    }

    /// Does something with the second part, now or when it has come.
    pub(super) fn then(self, act: impl FnOnce(Later) + Send + Sync + 'static) {
        match self.stand.get_untracked() {
            Stand::Here(part) => act(part),
            _ => self.wanted.update_value(|wanted| wanted.push(Box::new(act))),
        }
    }

    /// More for 今天, as soon as it has come.
    pub(super) fn today(self, app: App) -> AnyView {
        live(move || match self.stand.get() {
            Stand::Here(part) => (part.today)(app),
            Stand::Coming | Stand::Late => ().into_any(),
        })
    }

    /// The page of an address, or a word about why it is not there yet.
    pub(super) fn open(self, route: &Route) -> AnyView {
        if let Stand::Here(part) = self.stand.get_untracked() {
            return (part.open)(route);
        }
        let route = route.clone();
        let draw = move || match self.stand.get() {
            Stand::Here(part) => (part.open)(&route),
            Stand::Late => Screen::new("网格簿").back("/").view(blank(
                "offline",
                "还差一部分没有下载完",
                "记下的内容都在本机，没有丢。连上网络会自动接着下载，只需下载这一次。",
                Vec::new(),
            )),
            Stand::Coming => Screen::new("网格簿").back("/").view(loading(4)),
        };
        live(draw)
    }
}
