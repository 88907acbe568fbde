//! The second part of the desk's code: every screen but signing in and the list of what waits, and synchronisation.

use gridbook_log::EntityId;
use leptos::prelude::*;

use super::queue::{self, Queue};
use super::route::Route;
use super::{
    alarm, areas, books, confidential, detail, entry, handover, households, import, ledger, login, me,
    mediation, papers, review, roster, rules, staff, tasks, warnings, zero,
};
use crate::app::Behind;
use crate::app::office::Answering;
use crate::ui::later::{Part, Rest};
use crate::ui::states::{blank, loading};

/// What the second part gives to the first.
#[derive(Clone, Copy)]
pub struct Later {
    pub(super) open: fn(&'static str, RwSignal<Route>) -> AnyView,
    pub(super) enter: fn(Route) -> AnyView,
    pub(super) detail: fn(EntityId, Callback<()>) -> AnyView,
    pub(super) alarms: fn() -> AnyView,
    pub(super) nobody_met: fn() -> AnyView,
    pub(super) entry_way: fn() -> AnyView,
    pub(super) export: fn(Queue) -> AnyView,
    pub(super) dispatch: fn(Queue, RwSignal<bool>) -> AnyView,
    behind: Behind,
    answering: Answering,
}

impl Later {
    /// Everything behind the first screen. Only the function that the build splits off may name it.
    pub fn new() -> Self {
        Self {
            open,
            enter,
            detail: detail::detail,
            alarms: alarm::alarms,
            nobody_met: || alarm::nobody_met(|| None),
            entry_way: entry::way,
            export: queue::export,
            dispatch: queue::dispatch,
            behind: Behind::new(),
            answering: crate::app::office::answering,
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

    fn answering(self) -> Option<Answering> {
        Some(self.answering)
    }
}

/// The ways in besides signing in.
fn enter(way: Route) -> AnyView {
    match way {
        Route::Invite(code) => login::invite(code),
        Route::Join(code) => login::join(code),
        _ => login::found(),
    }
}

/// The screen behind a name of [`super::frame`]. What is typed in it must not be drawn anew by what arrives meanwhile:
/// its parts follow by themselves.
fn open(name: &'static str, route: RwSignal<Route>) -> AnyView {
    untrack(|| match name {
        "new" => entry::entry(route),
        "ledger" => ledger::ledger(),
        "import" => import::import(),
        "households" => households::households(route),
        "mediation" => mediation::mediation(route),
        "papers" => papers_of(route),
        "books" => books::books(route),
        "rules" => rules::rules(route),
        "handover" => handover::handovers(route),
        "roster" => roster::roster(),
        "confidential" => confidential::confidential(route),
        "areas" => areas::areas(),
        "tasks" => tasks::tasks(),
        "warnings" => warnings::warnings(),
        "zero" => zero::zero(),
        "review" => review::review(),
        "staff" => staff::here::choose(staff::staff),
        _ => me::me(),
    })
}

fn papers_of(route: RwSignal<Route>) -> AnyView {
    let which = Memo::new(move |_| match route.get() {
        Route::Papers(id, doc) => Some((id, doc)),
        _ => None,
    });
    (move || which.get().map(|(id, doc)| papers::papers(id, doc))).into_any()
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
