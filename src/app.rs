//! The core of the app: account, replica, synchronisation, drafts and photos, shared by phone and desk.
//!
//! Screens read [`App`]; it is a handle that can be copied into any closure.

mod account;
mod again;
mod authors;
mod backend;
mod behind;
pub mod carry;
mod check;
pub mod confidential;
mod draft;
mod handover;
pub mod local;
mod moving;
mod news;
pub mod office;
mod photo;
mod problem;
mod revoked;
mod rules;
mod storage;
mod sync;
mod vouch;
mod waiting;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;

use chrono::NaiveDate;
use gridbook_domain::admit::{self, Refusal};
use gridbook_domain::calendar::day_of;
use gridbook_domain::package::Package;
use gridbook_domain::plan::sample;
use gridbook_domain::role::Actor;
use gridbook_domain::summary::Summary;
use gridbook_domain::workflow::Waiting;
use gridbook_log::{Dot, Entity, EntityId, Hlc, NewOp, Op, OpError};
use gridbook_sync::both::both;
use gridbook_sync::driver::Driver;
use gridbook_sync::engine::Input;
use gridbook_sync::env::Env;
use gridbook_sync::replica::{NewBlob, NewWrite, Project, Replica, Row, Saved};
use leptos::prelude::*;

pub use account::{Account, Profile, Session, Township};
pub use backend::{Backend, Connection, Place, Relayed, ShareAt};
pub use behind::Behind;
pub use check::CheckView;
pub use draft::Draft;
pub use photo::{Freed, photo_name};
pub use problem::Problem;
pub use revoked::Left;
pub use storage::StorageView;
pub use sync::SyncView;

use crate::net::{Api, Token};
use crate::platform::{BrowserEnv, after_frame};
use crate::store::IdbStore;

/// Makes list rows with the domain's rules, as the township has them now.
pub struct Projector(Rc<RefCell<Arc<Package>>>);

impl Project for Projector {
    type Summary = Option<Summary>;

    fn summary(&self, entity: &Entity) -> Option<Summary> {
        Summary::of(entity, &self.0.borrow())
    }
}

/// This app's replica.
pub type AppReplica = Replica<IdbStore, Projector>;

/// Rows of the index, as screens see them.
pub type Rows = BTreeMap<EntityId, Row<Option<Summary>>>;

struct Core {
    /// As it was fetched, once it was; what the township changed comes on top.
    built: RefCell<Option<Arc<Package>>>,
    package: Rc<RefCell<Arc<Package>>>,
    /// Which revisions are in it.
    revised: Cell<u64>,
    token: Token,
    replica: RefCell<Option<Rc<AppReplica>>>,
    driver: RefCell<Option<Rc<Driver>>>,
    timer: RefCell<Option<gloo::timers::callback::Timeout>>,
    channel: RefCell<Option<web_sys::BroadcastChannel>>,
    /// Whose round this page runs or waits for; what it was asked for meanwhile.
    turn: RefCell<Option<String>>,
    next: RefCell<Option<Input>>,
    /// What is known of another tab that leads, and whether to take the lock from it.
    leader: Cell<gridbook_sync::lead::Leader>,
    steal: Cell<bool>,
    check_wanted: Cell<bool>,
    /// Whether what was refused was sent once more since this account was found disabled.
    freed: Cell<bool>,
    /// Whether screens are about to read again.
    stale: Cell<bool>,
    /// Whether what waits in the store is about to be counted.
    counting: Cell<bool>,
    /// Whether this page wants to hear of news at once; behind which cursor it waits for them, and what ends that.
    news: Cell<bool>,
    waiting: RefCell<Option<(String, web_sys::AbortController)>>,
    /// The second part of the code, whether it was late, and who waits for it.
    behind: Cell<Option<Behind>>,
    late: Cell<bool>,
    waits_behind: RefCell<Vec<Waker>>,
    early: RefCell<Option<Input>>,
    /// What waits for the person, as far as it was judged.
    waiting_for: RefCell<Waiting>,
    connected: RefCell<Option<backend::Connected>>,
    hand: RefCell<Option<Rc<authors::Hand>>>,
    answering: Cell<Option<office::Answering>>,
}

/// See the module's text.
#[derive(Clone, Copy)]
pub struct App {
    core: StoredValue<Rc<Core>, LocalStorage>,
    /// Counts changes of the data on this device: read it to follow them.
    pub version: RwSignal<u64>,
    /// Where synchronisation stands.
    pub sync: RwSignal<SyncView>,
    /// Who is signed in.
    pub session: RwSignal<Option<Session>>,
}

/// The app of this page.
///
/// # Panics
/// Outside of [`App::provide`].
pub fn use_app() -> App {
    use_context::<App>().expect("App::start provides it to every screen")
}

impl App {
    /// Starts the core: opens the last account if it was not locked, with the package.
    ///
    /// # Errors
    /// [`Problem`] when the account's reference data cannot be read: then nothing can be shown.
    pub async fn start() -> Result<Self, Problem> {
        let app = Self::new();
        app.listen();
        if !account::any() {
            // Nobody signed in here, as far as can be told without a database: making one keeps nobody waiting.
            after_frame(move || leptos::task::spawn_local(app.look_again()));
            return Ok(app);
        }
        let package = app.core().package.clone();
        // A start waits for the longer of the two, not for one after the other: opening an account reads no package.
        match both(load_package(), account::stored(&package)).await {
            (built, Ok(Some(stored))) => {
                app.take_package(built?);
                app.resume(stored);
            }
            // Who has to sign in first can do that while it is on its way, or not there yet.
            (built, stored) => {
                if let Ok(built) = built {
                    app.take_package(built);
                }
                // What cannot be read is no reason to think that nobody is signed in.
                app.sync.update(|view| view.stuck |= stored.is_err());
            }
        }
        Ok(app)
    }

    /// Local storage reaches the disk late: the account may be here all the same.
    async fn look_again(self) {
        let package = self.core().package.clone();
        let stored = account::stored(&package).await;
        // As at the start: what cannot be read is no reason to think that nobody is signed in.
        if stored.is_err() {
            self.sync.update(|view| view.stuck = true);
        }
        // While the person types.
        let there = self.need_package().await.is_ok();
        if let (Ok(Some(stored)), true, None) = (stored, there, self.session.get_untracked()) {
            self.resume(stored);
        }
    }

    fn take_package(&self, package: Arc<Package>) {
        let core = self.core();
        *core.package.borrow_mut() = package.clone();
        *core.built.borrow_mut() = Some(package);
    }

    fn new() -> Self {
        let core = Core {
            package: Rc::default(),
            built: RefCell::default(),
            revised: Cell::new(0),
            token: Token::default(),
            replica: RefCell::new(None),
            driver: RefCell::new(None),
            timer: RefCell::new(None),
            channel: RefCell::new(None),
            turn: RefCell::new(None),
            next: RefCell::new(None),
            leader: Cell::default(),
            steal: Cell::default(),
            check_wanted: Cell::new(false),
            freed: Cell::new(false),
            stale: Cell::new(false),
            counting: Cell::new(false),
            news: Cell::new(false),
            waiting: RefCell::new(None),
            behind: Cell::new(None),
            late: Cell::new(false),
            waits_behind: RefCell::new(Vec::new()),
            early: RefCell::new(None),
            waiting_for: RefCell::default(),
            connected: RefCell::new(None),
            hand: RefCell::new(None),
            answering: Cell::new(None),
        };
        Self {
            core: StoredValue::new_local(Rc::new(core)),
            version: RwSignal::new(0),
            sync: RwSignal::new(SyncView::default()),
            session: RwSignal::new(None),
        }
    }

    /// Makes this app available to [`use_app`] below the current owner.
    pub fn provide(self) {
        provide_context(self);
    }

    fn core(&self) -> Rc<Core> {
        self.core.get_value()
    }

    /// Catalogue, forms, workflow, dictionaries.
    pub fn package(&self) -> Arc<Package> {
        self.core().package.borrow().clone()
    }

    /// Reads the package, if that was not done yet.
    ///
    /// # Errors
    /// [`Problem`] when it cannot be read; then it is asked for again the next time.
    pub(super) async fn need_package(&self) -> Result<(), Problem> {
        if self.core().built.borrow().is_none() {
            self.take_package(load_package().await?);
        }
        Ok(())
    }

    /// Wall clock, milliseconds since 1970.
    pub fn now_ms(&self) -> u64 {
        BrowserEnv.now_ms()
    }

    /// Today in China.
    pub fn today(&self) -> NaiveDate {
        day_of(self.now_ms())
    }

    /// A new entity's id.
    pub fn new_id(&self) -> EntityId {
        EntityId::new(self.now_ms(), BrowserEnv.random_array())
    }

    /// Random hex, for rows of tables.
    pub fn new_row(&self) -> String {
        EntityId::new(self.now_ms(), BrowserEnv.random_array()).to_string()[..20].to_owned()
    }

    /// Who acts.
    pub fn actor(&self) -> Actor {
        self.session.with_untracked(|s| s.as_ref().map(|s| s.profile.actor.clone())).unwrap_or_default()
    }

    /// The account's name; empty when nobody is signed in.
    pub fn user(&self) -> String {
        self.actor().user
    }

    /// Calls to the backend's `/api`.
    pub fn api(&self) -> Api {
        Api::new(self.core().token.clone())
    }

    /// This account's replica; `None` when nobody is signed in.
    pub fn replica(&self) -> Option<Rc<AppReplica>> {
        self.core().replica.borrow().clone()
    }

    /// Looks at the rows of the index. Follows changes when called where signals are tracked.
    pub fn rows<T: Default>(&self, look: impl FnOnce(&Rows) -> T) -> T {
        self.version.track();
        self.replica().map(|replica| look(&replica.rows())).unwrap_or_default()
    }

    /// One row of the index.
    pub fn row(&self, id: EntityId) -> Option<Row<Option<Summary>>> {
        self.rows(|rows| rows.get(&id).cloned())
    }

    /// One record, folded.
    ///
    /// # Errors
    /// [`Problem`] when the device's store fails.
    pub async fn entity(&self, id: EntityId) -> Result<Option<Rc<Entity>>, Problem> {
        match self.replica() {
            Some(replica) => Ok(replica.entity(id).await?),
            None => Ok(None),
        }
    }

    /// Saves. Resolves only when the device has it for certain; then the next synchronisation is on its way.
    ///
    /// # Errors
    /// [`Problem`] in words for people; then nothing was written and the drafts are where they were.
    pub async fn save(
        &self,
        writes: Vec<NewWrite>,
        blobs: Vec<NewBlob>,
        drafts_done: Vec<String>,
    ) -> Result<Saved, Problem> {
        let replica = self.replica().ok_or(Problem::SignedOut)?;
        let saved = replica.save(&BrowserEnv, &writes, &blobs, &drafts_done).await?;
        self.changed(true);
        self.ask_to_persist();
        let app = *self;
        // That it is saved is seen first.
        after_frame(move || app.wake());
        Ok(saved)
    }

    /// Judges a write on this device, by the same rule that the authority will use.
    ///
    /// # Errors
    /// [`Refusal`] in words for people.
    pub fn check(&self, before: Option<&Entity>, write: &NewWrite) -> Result<(), Refusal> {
        let Some(replica) = self.replica() else { return Ok(()) };
        match self.operation(&replica, before, write, [0; 16]) {
            Ok(op) => {
                let made =
                    |id: EntityId| Some(self.row(id)?.summary.filter(|row| row.visit.is_some())?.reporter);
                admit::admit(&self.package(), &self.actor(), before, &op, self.today())
                    .and_then(|()| sample::own(before, &op, &made))
            }
            Err(error) => Err(Refusal::BadBody(error.to_string())),
        }
    }

    /// A record as it would stand after a write; `None` when nothing of the kind can be written.
    pub fn after(&self, before: Option<&Entity>, write: &NewWrite) -> Option<Entity> {
        let replica = self.replica()?;
        let op = self.operation(&replica, before, write, [0; 16]).ok()?;
        let mut entity = before.cloned().unwrap_or_else(|| Entity::new(write.entity, None));
        entity.apply(&op);
        Some(entity)
    }

    /// Judges writes and saves them together: all of them, or none.
    ///
    /// # Errors
    /// Words for people; then nothing was written.
    pub async fn put(&self, writes: Vec<NewWrite>) -> Result<(), String> {
        for write in &writes {
            let before = self.entity(write.entity).await.map_err(|problem| problem.message())?;
            self.check(before.as_deref(), write).map_err(|refusal| refusal.message())?;
        }
        self.save(writes, Vec::new(), Vec::new()).await.map(|_| ()).map_err(|problem| problem.message())
    }

    /// A write as it would stand in the log, on top of `before`.
    fn operation(
        &self,
        replica: &AppReplica,
        before: Option<&Entity>,
        write: &NewWrite,
        salt: [u8; 16],
    ) -> Result<Op, OpError> {
        let writer = replica.meta().writer;
        let ctx = before.map(|entity| entity.frontier().clone()).unwrap_or_default();
        let (kind, text) = write.body.to_text();
        let user = self.user();
        let dot = Dot { writer, n: ctx.get(writer) + 1 };
        let hlc = Hlc { ms: self.now_ms(), count: 0 };
        Op::new(NewOp { entity: write.entity, dot, hlc, kind, user: &user, ctx }, salt, text)
    }

    /// Something on this device changed: screens read again, other tabs are told.
    pub(crate) fn changed(&self, here: bool) {
        self.redraw_soon();
        self.refresh_sync();
        if here && let Some(channel) = self.core().channel.borrow().as_ref() {
            let _ = channel.post_message(&"changed".into());
        }
    }

    /// Screens read again after the next frame, once for all that changes until then: the answer to what a hand did
    /// (a dialog closes, a word is said) is seen before everything else is drawn anew.
    fn redraw_soon(self) {
        if !self.core().stale.replace(true) {
            after_frame(move || {
                self.core().stale.set(false);
                self.version.update(|v| *v += 1);
            });
        }
    }
}

async fn load_package() -> Result<Arc<Package>, Problem> {
    let response =
        gloo_net::http::Request::get("package.json").send().await.map_err(|_| Problem::NoPackage)?;
    // Bytes: a text of the browser would be rewritten twice on its way here.
    let bytes = response.binary().await.map_err(|_| Problem::NoPackage)?;
    let text = str::from_utf8(&bytes).map_err(|_| Problem::NoPackage)?;
    Package::from_app(text).map(Arc::new).map_err(|_| Problem::NoPackage)
}
