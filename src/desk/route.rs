//! Addresses of the desk: everything behind `#`.

use gridbook_log::EntityId;
use leptos::prelude::*;

/// A screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// What waits, and one record of it.
    Queue(Option<EntityId>),
    /// A report that comes in here: the item that it is about, or `split/` and the case that it is split off; empty to choose.
    New(String),
    /// Ledgers.
    Ledger,
    /// Import of sheets.
    Import,
    /// Households, and one of them.
    Households(Option<EntityId>),
    /// Mediation files, and one of them.
    Mediation(Option<EntityId>),
    /// Who mediates.
    Roster,
    /// Documents of a record: one by its template, or the whole volume.
    Papers(EntityId, String),
    /// Figures: one of the tables that are made from all records.
    Books(String),
    /// Calendar, list of items and forms.
    Rules(String),
    /// Hand-overs, and one of them.
    Handover(Option<EntityId>),
    /// Confidential reports, and one of them.
    Confidential(Option<EntityId>),
    /// Grids, and cutting them anew.
    Areas,
    /// Who visits whom in a campaign.
    Tasks,
    /// Warnings that were announced.
    Warnings,
    /// Zero reports: who reported on a day.
    Zero,
    /// Accounts.
    Staff,
    /// What the server keeps apart.
    Review,
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
            "new" => Self::New(rest.to_owned()),
            "ledger" => Self::Ledger,
            "import" => Self::Import,
            "households" => Self::Households(EntityId::parse(rest)),
            "mediation" => Self::Mediation(EntityId::parse(rest)),
            "roster" => Self::Roster,
            "papers" => {
                let (id, doc) = rest.split_once('/').unwrap_or((rest, ""));
                EntityId::parse(id).map_or(Self::Queue(None), |id| Self::Papers(id, doc.to_owned()))
            }
            "books" => Self::Books(rest.to_owned()),
            "rules" => Self::Rules(rest.to_owned()),
            "handover" => Self::Handover(EntityId::parse(rest)),
            "confidential" => Self::Confidential(EntityId::parse(rest)),
            "areas" => Self::Areas,
            "tasks" => Self::Tasks,
            "warnings" => Self::Warnings,
            "zero" => Self::Zero,
            "staff" => Self::Staff,
            "review" => Self::Review,
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
            Self::New(what) if what.is_empty() => "#/new".to_owned(),
            Self::New(what) => format!("#/new/{what}"),
            Self::Ledger => "#/ledger".to_owned(),
            Self::Import => "#/import".to_owned(),
            Self::Households(None) => "#/households".to_owned(),
            Self::Households(Some(id)) => format!("#/households/{id}"),
            Self::Mediation(None) => "#/mediation".to_owned(),
            Self::Mediation(Some(id)) => format!("#/mediation/{id}"),
            Self::Roster => "#/roster".to_owned(),
            Self::Papers(id, doc) => format!("#/papers/{id}/{doc}"),
            Self::Books(tab) => format!("#/books/{tab}"),
            Self::Rules(tab) => format!("#/rules/{tab}"),
            Self::Handover(None) => "#/handover".to_owned(),
            Self::Handover(Some(id)) => format!("#/handover/{id}"),
            Self::Confidential(None) => "#/confidential".to_owned(),
            Self::Confidential(Some(id)) => format!("#/confidential/{id}"),
            Self::Areas => "#/areas".to_owned(),
            Self::Tasks => "#/tasks".to_owned(),
            Self::Warnings => "#/warnings".to_owned(),
            Self::Zero => "#/zero".to_owned(),
            Self::Staff => "#/staff".to_owned(),
            Self::Review => "#/review".to_owned(),
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
