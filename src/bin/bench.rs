//! The phone's store, replica and engine without its screens, for `cargo xtask bench`. Never shipped.
//!
//! A page makes the records, then calls these one by one and takes the time; nothing here reads a clock itself.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use gridbook::net::{FetchHttp, FetchWire};
use gridbook::platform::BrowserEnv;
use gridbook::store::IdbStore;
use gridbook_domain::package::Package;
use gridbook_domain::search::Query;
use gridbook_domain::summary::Summary;
use gridbook_log::{Body, Create, Entity, EntityId};
use gridbook_sync::driver::Driver;
use gridbook_sync::engine::Input;
use gridbook_sync::replica::{NewWrite, Project, Replica};
use gridbook_sync::share::{Setup, Share, ShareKind};
use serde::Deserialize;
use wasm_bindgen::prelude::*;

fn main() {}

/// What came of a call that may fail; the text is for the bench's log.
type Answer<T> = Result<T, JsValue>;

fn text(error: impl std::fmt::Display) -> JsValue {
    JsValue::from_str(&error.to_string())
}

struct Projector(Rc<Package>);

impl Project for Projector {
    type Summary = Option<Summary>;

    fn summary(&self, entity: &Entity) -> Option<Summary> {
        Summary::of(entity, &self.0)
    }
}

/// A record as the page made it: its id and the body of its creation.
#[derive(Deserialize)]
struct Record {
    id: EntityId,
    create: Create,
}

/// The reference data, read once as the app reads it at its start.
#[wasm_bindgen]
pub struct Reference(Rc<Package>);

#[wasm_bindgen]
impl Reference {
    /// Reads `package.json`.
    ///
    /// # Errors
    /// When it is not a package.
    #[wasm_bindgen(constructor)]
    pub fn new(json: &str) -> Answer<Reference> {
        Package::from_json(json).map(|package| Self(Rc::new(package))).map_err(text)
    }
}

/// One account's database on this device.
#[wasm_bindgen]
pub struct Device {
    replica: Replica<IdbStore, Projector>,
    driver: Driver,
    http: FetchHttp,
    /// A share in the place of the server.
    share: RefCell<Option<Rc<Share<FetchWire, BrowserEnv>>>>,
    package: Rc<Package>,
    queue: RefCell<VecDeque<NewWrite>>,
}

#[wasm_bindgen]
impl Device {
    /// Opens the database, making it when it is not there: all rows of the list are in memory then.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn open(
        name: String,
        user: String,
        token: Option<String>,
        reference: &Reference,
    ) -> Answer<Device> {
        let package = reference.0.clone();
        let store = IdbStore::open(&name).await.map_err(text)?;
        let replica =
            Replica::open(store, Projector(package.clone()), &BrowserEnv, &user).await.map_err(text)?;
        let driver = Driver::new(&replica);
        let http = FetchHttp::new(Rc::new(RefCell::new(token)));
        Ok(Self { replica, driver, http, share: RefCell::default(), package, queue: RefCell::default() })
    }

    /// From now on a round goes to a share, through the relay of the server that this page came from.
    pub fn share(&self, name: &str, couch: bool, user: &str, password: &str, token: String) {
        let wire = FetchWire::relayed(name, user, password, Rc::new(RefCell::new(Some(token))));
        let kind = if couch { ShareKind::CouchDb } else { ShareKind::WebDav };
        let setup = Setup { kind, slot: 0, tenant: String::new(), authority: None };
        *self.share.borrow_mut() = Some(Rc::new(Share::new(wire, BrowserEnv, setup)));
    }

    /// Takes records to save, as JSON lines; the peers have theirs as objects by then, too.
    ///
    /// # Errors
    /// When a line is no record.
    pub fn take(&self, lines: &str) -> Answer<usize> {
        for line in lines.lines() {
            let record: Record = serde_json::from_str(line).map_err(text)?;
            let write = NewWrite { entity: record.id, body: Body::Create(record.create) };
            self.queue.borrow_mut().push_back(write);
        }
        Ok(self.queue.borrow().len())
    }

    /// Saves the next `count` records in one save, as durable as what a person enters.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn save(&self, count: usize) -> Answer<usize> {
        let writes: Vec<NewWrite> = {
            let mut queue = self.queue.borrow_mut();
            let count = count.min(queue.len());
            queue.drain(..count).collect()
        };
        let saved = self.replica.save(&BrowserEnv, &writes, &[], &[]).await.map_err(text)?;
        Ok(saved.ops.len())
    }

    /// Reads every row as a list shows it; returns how many there are.
    pub fn list(&self) -> usize {
        let rows = self.replica.rows();
        let shown = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
        shown.filter(|summary| !summary.title.is_empty() && summary.at > 0).count()
    }

    /// One round with the backend, to its end: push, pull. `on_sent` is called when nothing waits any more.
    ///
    /// # Errors
    /// When the round ended in trouble.
    pub async fn sync(&self, on_sent: &js_sys::Function) -> Answer<usize> {
        let told = Cell::new(false);
        let on_status = |_changed: bool| {
            if !told.get() && self.replica.unsent().waiting == 0 {
                told.set(true);
                let _ = on_sent.call0(&JsValue::NULL);
            }
        };
        let share = self.share.borrow().clone();
        match share {
            Some(share) => {
                self.driver.run(&self.replica, &*share, &BrowserEnv, Input::Wake, on_status).await;
            }
            None => {
                self.driver.run(&self.replica, &self.http, &BrowserEnv, Input::Wake, on_status).await;
            }
        }
        match self.driver.with_engine(|engine| engine.trouble().cloned()) {
            Some(trouble) => Err(text(format!("{trouble:?}"))),
            None => Ok(self.replica.rows().len()),
        }
    }

    /// Operations that no backend has, or that one refused.
    pub fn unsent(&self) -> usize {
        let unsent = self.replica.unsent();
        unsent.waiting + unsent.held
    }

    /// Rows that the backend refused.
    pub fn refused(&self) -> usize {
        self.replica.rows().values().filter(|row| row.refused.is_some()).count()
    }

    /// Finds households as the search box does; returns how many.
    pub fn search(&self, words: &str) -> usize {
        let rows = self.replica.rows();
        let summaries = rows.values().filter_map(|row| row.summary.as_ref());
        Query::new(words, &self.package, chrono::NaiveDate::default()).households(summaries, 50).len()
    }
}
