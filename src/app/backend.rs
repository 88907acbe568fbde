//! Where this account's records go: the township's server, a share, or nowhere yet.

use std::cell::RefCell;
use std::rc::Rc;

use gridbook_domain::backend::Destination;
use gridbook_sync::authors::drop_trust;
use gridbook_sync::driver::{Driver, Http};
use gridbook_sync::engine::{Request, Response};
use gridbook_sync::replica::SendAgain;
use gridbook_sync::share::Verdict;
use gridbook_sync::store::{Batch, Store, Table, scan_all};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::check::CheckView;
use super::sync::sync_lock;
use super::{App, AppReplica, Problem};
use crate::net::{FetchHttp, RemoteShare, ShareSetup};
use crate::platform::{after_lock, has_locks, local_get, local_set, random_slot};

/// Row of [`Table::App`].
pub(super) const ROW: &str = "backend";

/// Where records go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backend {
    /// The server that the app came from.
    #[default]
    Server,
    /// A WebDAV folder or a CouchDB database.
    Share(ShareAt),
    /// Only this device, and files carried by hand.
    Alone,
}

/// A share, and how to get there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareAt {
    /// A database rather than a folder.
    pub couch: bool,
    /// Its address, or its name at the township's server.
    pub place: Place,
    /// Account there; empty when it asks for none.
    pub user: String,
    /// Password there.
    pub password: String,
}

/// How to get to a share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Directly.
    Address(String),
    /// Through the relay of the township's server.
    Relay(String),
}

/// A share that the township's server relays to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Relayed {
    /// Its name.
    pub name: String,
}

#[derive(Deserialize)]
struct RelayList {
    shares: Vec<Relayed>,
}

/// A connection to whatever it is.
pub enum Connection {
    /// The township's server.
    Server(FetchHttp),
    /// A share.
    Share(RemoteShare),
}

impl Backend {
    /// What kind of place it is.
    pub const fn destination(&self) -> Destination {
        match self {
            Self::Server => Destination::Server,
            Self::Share(_) => Destination::Share,
            Self::Alone => Destination::Alone,
        }
    }
}

impl Http for Connection {
    async fn send(&self, request: &Request, blob: Option<Vec<u8>>) -> Response {
        match self {
            Self::Server(http) => http.send(request, blob).await,
            Self::Share(share) => share.send(request, blob).await,
        }
    }
}

/// The connection of this tab, and what it was made for.
pub(super) struct Connected {
    backend: Backend,
    user: String,
    token: Option<String>,
    connection: Rc<Connection>,
}

impl App {
    /// Where this account's records go.
    pub async fn backend(&self) -> Backend {
        let Some(replica) = self.replica() else { return Backend::Server };
        let row = replica.store().get(Table::App, ROW).await.ok().flatten();
        row.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    /// A share, spoken to by a worker; `None` when the worker does not load.
    fn share(&self, at: &ShareAt, slot: u16) -> Option<RemoteShare> {
        let tenant = self.session.with_untracked(|s| s.as_ref().map(|s| s.profile.township.code.clone()));
        let (address, relay) = match &at.place {
            Place::Address(address) => (address.clone(), None),
            Place::Relay(name) => {
                (name.clone(), Some(self.core().token.borrow().clone().unwrap_or_default()))
            }
        };
        RemoteShare::start(&ShareSetup {
            couch: at.couch,
            address,
            relay,
            user: at.user.clone(),
            password: at.password.clone(),
            slot,
            tenant: tenant.unwrap_or_default(),
            authority: self.replica().and_then(|replica| replica.meta().authority),
        })
    }

    /// The connection of this account; `None` when it works with none. Asked for by whoever holds the lock of
    /// synchronisation: what a share is known to hold is only good while no other tab wrote there in between.
    pub(super) async fn connection(&self) -> Option<Rc<Connection>> {
        let backend = self.backend().await;
        let user = self.user();
        let goes = backend.destination();
        if self.sync.with_untracked(|view| view.goes) != goes {
            self.sync.update(|view| view.goes = goes);
        }
        let tab = format!("gridbook.share.{user}");
        let mine = random_slot();
        let undisturbed = local_get(&tab).is_some_and(|last| last == mine.to_string());
        let core = self.core();
        let token = core.token.borrow().clone();
        if let Some(held) = core.connected.borrow().as_ref()
            && held.backend == backend
            && held.user == user
            && held.token == token
            && (undisturbed || !matches!(backend, Backend::Share(_)))
        {
            return Some(held.connection.clone());
        }
        let connection = match &backend {
            Backend::Alone => return None,
            Backend::Server => Connection::Server(FetchHttp::new(core.token.clone())),
            // With locks one tab writes at a time, and all of them can use one log.
            Backend::Share(at) => {
                local_set(&tab, Some(&mine.to_string()));
                Connection::Share(self.share(at, if has_locks() { 0 } else { mine })?)
            }
        };
        let connection = Rc::new(connection);
        *core.connected.borrow_mut() =
            Some(Connected { backend, user, token, connection: connection.clone() });
        Some(connection)
    }

    /// Shares that the township's server relays to; none without a network.
    pub async fn relayed_shares(&self) -> Vec<Relayed> {
        if self.is_local() {
            return Vec::new();
        }
        self.api().get::<RelayList>("/relay").await.map(|list| list.shares).unwrap_or_default()
    }

    /// Tries a share out: writes, reads, lists, cleans up.
    pub async fn try_share(&self, at: &ShareAt) -> Verdict {
        match self.share(at, 0) {
            Some(share) => share.probe().await,
            None => Verdict::Unreachable,
        }
    }

    /// Whether what this device holds may go there: asked before anything is fetched for it.
    ///
    /// # Errors
    /// [`Problem::Refused`] when it holds what only some may read and everybody reads the new place.
    pub fn may_move(&self, backend: &Backend) -> Result<(), Problem> {
        let to = backend.destination();
        let admitted = self.replica().is_none_or(|replica| {
            to.admits(replica.rows().values().filter_map(|row| row.summary.as_ref()).map(|row| row.kind))
        });
        if admitted {
            return Ok(());
        }
        let message =
            "这台设备上有专访户的内容，放到共享上人人看得到，所以没有换，记录都在。请联系中心主任。";
        Err(Problem::Refused { code: "restricted".to_owned(), message: message.to_owned() })
    }

    /// From now on records go there. What `again` names is sent there first, photos included; nothing on this
    /// device changes, and nothing that waits is lost, wherever it breaks off.
    ///
    /// # Errors
    /// [`Problem`] when the device's store fails, or holds what only some may read and everybody reads the new place; then
    /// all is as it was.
    pub async fn move_to(&self, backend: Backend, again: SendAgain) -> Result<(), Problem> {
        self.may_move(&backend)?;
        let done = Rc::new(RefCell::new(Err(Problem::SignedOut)));
        let (app, told) = (*self, done.clone());
        // Not while a page of the old backend is under way: its position would be taken for one of the new.
        after_lock(&sync_lock(&self.user()), async move {
            let moved = app.change_over(&backend, again).await;
            *told.borrow_mut() = moved;
        })
        .await;
        self.wake();
        done.replace(Ok(()))
    }

    /// All photos and recordings of this device wait to be sent: another backend has none of them.
    pub(super) async fn queue_photos(&self, replica: &AppReplica, batch: &mut Batch) -> Result<(), Problem> {
        let now = self.now_ms().to_le_bytes();
        for (name, _) in scan_all(replica.store(), Table::Blob).await? {
            batch.put(Table::BlobQueue, name, now.to_vec());
        }
        Ok(())
    }

    async fn change_over(&self, backend: &Backend, again: SendAgain) -> Result<(), Problem> {
        let replica = self.replica().ok_or(Problem::SignedOut)?;
        // In this order: broken off in between, the old backend is asked for everything once more, no harm.
        replica.start_over(again).await?;
        let mut batch = Batch::default();
        // A server takes only photos of records that it has: those of what this device wrote wait already.
        if again != SendAgain::Nothing && *backend != Backend::Server {
            self.queue_photos(&replica, &mut batch).await?;
        }
        let row = serde_json::to_vec(backend).map_err(|_| Problem::unreadable())?;
        batch.put(Table::App, ROW, row);
        if *backend == Backend::Server {
            drop_trust(&mut batch);
            *self.core().hand.borrow_mut() = None;
        }
        replica.store().commit(batch).await?;
        *self.core().driver.borrow_mut() = Some(Rc::new(Driver::new(&replica)));
        self.sync.update(|view| {
            view.goes = backend.destination();
            view.last_ok_ms = None;
            // It was told of the old one.
            view.check = CheckView::default();
        });
        self.changed(true);
        Ok(())
    }
}
