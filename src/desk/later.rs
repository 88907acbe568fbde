//! The second part of the desk's code: every screen but signing in and the list of what waits, and synchronisation.

use gridbook_log::EntityId;
use leptos::prelude::*;

use super::queue::{self, Queue};
use super::route::Route;
use super::{detail, households, import, ledger, login, me, staff};
use crate::app::Round;
use crate::ui::later::{Part, Rest};
use crate::ui::states::{blank, loading};

/// What the second part gives to the first.
#[derive(Clone, Copy)]
pub struct Later {
    pub(super) open: fn(&'static str, RwSignal<Route>) -> AnyView,
    pub(super) invite: fn(String) -> AnyView,
    pub(super) detail: fn(EntityId, Callback<()>) -> AnyView,
    pub(super) export: fn(Queue) -> AnyView,
    pub(super) dispatch: fn(Queue, RwSignal<bool>) -> AnyView,
    round: Round,
}

impl Later {
    /// Everything behind the first screen. Only the function that the build splits off may name it.
    pub fn new() -> Self {
        Self {
            open,
            invite: login::invite,
            detail: detail::detail,
            export: queue::export,
            dispatch: queue::dispatch,
            round: crate::app::round,
        }
    }
}

impl Default for Later {
    fn default() -> Self {
        Self::new()
    }
}

impl Part for Later {
    fn round(self) -> Round {
        self.round
    }
}

/// The screen behind a name of [`super::frame`].
fn open(name: &'static str, route: RwSignal<Route>) -> AnyView {
    match name {
        "ledger" => ledger::ledger(),
        "import" => import::import(),
        "households" => households::households(route),
        "staff" => staff::staff(),
        _ => me::me(),
    }
}

/// What the second part draws, or a word about why it is not there yet.
pub(super) fn view(draw: impl Fn(Later) -> AnyView + Send + Sync + 'static) -> AnyView {
    Rest::<Later>::held().view(draw, |late| {
        if late {
            blank(
                "offline",
                "还差一部分没有下载完",
                "已办的都存在这台电脑上，没有丢。连上网络会自动接着下载，只需下载这一次。",
                Vec::new(),
            )
        } else {
            loading(4)
        }
    })
}
