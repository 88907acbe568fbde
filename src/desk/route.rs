//! Addresses of the desk: everything behind `#`.

use gridbook_log::EntityId;
use leptos::prelude::*;

/// A screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// What waits, and one record of it.
    Queue(Option<EntityId>),
    /// Ledgers.
    Ledger,
    /// Import of sheets.
    Import,
    /// Households, and one of them.
    Households(Option<EntityId>),
    /// Accounts.
    Staff,
    /// The own account.
    Me,
    /// An invitation to take up.
    Invite(String),
    /// A township to found on this computer.
    Found,
    /// An invitation to a township without a server; empty to paste one.
    Join(String),
}

impl Route {
    /// Reads an address; anything unknown is the queue.
    pub fn parse(hash: &str) -> Self {
        let path = hash.trim_start_matches('#').trim_start_matches('/');
        let mut parts = path.splitn(2, '/');
        let (head, rest) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        match head {
            "ledger" => Self::Ledger,
            "import" => Self::Import,
            "households" => Self::Households(EntityId::parse(rest)),
            "staff" => Self::Staff,
            "me" => Self::Me,
            "invite" => Self::Invite(rest.to_owned()),
            "found" => Self::Found,
            "join" => Self::Join(rest.to_owned()),
            _ => Self::Queue(EntityId::parse(rest)),
        }
    }

    /// The address.
    pub fn href(&self) -> String {
        match self {
            Self::Queue(None) => "#/queue".to_owned(),
            Self::Queue(Some(id)) => format!("#/queue/{id}"),
            Self::Ledger => "#/ledger".to_owned(),
            Self::Import => "#/import".to_owned(),
            Self::Households(None) => "#/households".to_owned(),
            Self::Households(Some(id)) => format!("#/households/{id}"),
            Self::Staff => "#/staff".to_owned(),
            Self::Me => "#/me".to_owned(),
            Self::Invite(code) => format!("#/invite/{code}"),
            Self::Found => "#/found".to_owned(),
            Self::Join(code) => format!("#/join/{code}"),
        }
    }

    /// Goes there, as a step that the back button undoes.
    pub fn go(&self) {
        // Only an opaque document refuses; then the address stays and nothing is lost.
        let _ = window().location().set_hash(&self.href());
    }
}

/// The address shown now, as a signal.
pub fn route() -> RwSignal<Route> {
    let read = || Route::parse(&window().location().hash().unwrap_or_default());
    let route = RwSignal::new(read());
    let handle = window_event_listener(leptos::ev::hashchange, move |_| route.set(read()));
    on_cleanup(move || handle.remove());
    route
}
