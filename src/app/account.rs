//! Accounts on this device: signed in once online, then at work without a network for good. Signing out locks;
//! it never drops what is unsent.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use gridbook_domain::package::Package;
use gridbook_domain::role::Actor;
use gridbook_sync::both::both;
use gridbook_sync::driver::Driver;
use gridbook_sync::engine::Input;
use gridbook_sync::replica::{Replica, ReplicaError};
use gridbook_sync::store::{Batch, Store, StoreError, Table};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::check::CheckView;
use super::{App, AppReplica, Backend, Problem, Projector};
use crate::net::Api;
use crate::platform::{BrowserEnv, after_frame, local_get, local_set};
use crate::store::IdbStore;

const ACCOUNTS: &str = "gridbook.accounts";
/// What belongs to the device and to no account.
const DEVICE: &str = "gridbook";
const SESSION_KEY: &str = "session";

/// What the backend said of the person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Account.
    pub user: String,
    /// As others see it.
    pub name: String,
    /// Roles.
    pub actor: Actor,
    /// The township.
    pub township: Township,
    /// Invented data.
    #[serde(default)]
    pub demo: bool,
    /// There is no server: the account lives on this device alone.
    #[serde(default)]
    pub local: bool,
}

/// The township.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Township {
    /// Code, 9 digits.
    pub code: String,
    /// Name.
    pub name: String,
    /// Duty phone, if the backend knows one.
    #[serde(default)]
    pub phone: Option<String>,
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The person.
    pub profile: Profile,
    /// The backend ended the session: sync stops until the next sign-in, work goes on.
    pub expired: bool,
}

/// An account known to this device, for the lock screen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Account.
    pub user: String,
    /// As others see it.
    pub name: String,
    /// How many operations are unsent.
    #[serde(default)]
    pub unsent: usize,
    /// Since when, milliseconds since 1970.
    #[serde(default)]
    pub oldest_ms: Option<u64>,
    /// Log identity of its database: outside the database, so that losing the database is noticed.
    #[serde(default)]
    pub writer: String,
    /// Code of the township, for an account that lives on this device alone; empty for one of a server.
    #[serde(default)]
    pub township: String,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    token: String,
    profile: Profile,
}

#[derive(Deserialize)]
struct Invited {
    name: String,
}

#[derive(Deserialize)]
struct SignedIn {
    token: String,
    profile: Profile,
}

impl App {
    /// Accounts known to this device.
    pub fn accounts(&self) -> Vec<Account> {
        known()
    }

    pub(super) fn note_account(&self, note: impl FnOnce(&mut Account)) {
        let user = self.user();
        if user.is_empty() {
            return;
        }
        let mut accounts = self.accounts();
        let at = accounts.iter().position(|a| a.user == user).unwrap_or_else(|| {
            accounts.push(Account { user: user.clone(), ..Account::default() });
            accounts.len() - 1
        });
        let before = accounts[at].clone();
        note(&mut accounts[at]);
        if before != accounts[at]
            && let Ok(text) = serde_json::to_string(&accounts)
        {
            local_set(ACCOUNTS, Some(&text));
        }
    }

    /// Goes on where this account was left.
    pub(super) fn resume(&self, stored: Stored) {
        self.go_in(stored.replica, stored.kept);
        let replica = self.replica();
        after_frame(move || {
            leptos::task::spawn_local(async move {
                if let Some(replica) = replica {
                    // What was not packed now is read as it lies, and packed another time.
                    let _ = replica.tidy().await;
                }
            });
        });
    }

    /// Signs in at the backend. An account that was locked opens with everything it had.
    ///
    /// # Errors
    /// [`Problem`] in the backend's words, or [`Problem::Offline`].
    pub async fn sign_in(&self, user: &str, password: &str) -> Result<(), Problem> {
        if self.lives_here(user) {
            let open = self.behind().await?.sign_in_here;
            match open(*self, user.to_owned(), password.to_owned()).await {
                // The township may have a server by now, and the password was set elsewhere.
                Err(Problem::Refused { code, message }) if code == "bad_secret" => {
                    let asked = self.sign_in_there(user, password).await;
                    let here = Problem::Refused { code, message };
                    return asked.map_err(|there| if knows_nothing(&there) { here } else { there });
                }
                done => return done,
            }
        }
        self.sign_in_there(user, password).await
    }

    /// Whether this device knows an account that lives without a server.
    fn lives_here(&self, user: &str) -> bool {
        self.accounts().iter().any(|known| known.user == user && !known.township.is_empty())
    }

    async fn sign_in_there(&self, user: &str, password: &str) -> Result<(), Problem> {
        let body = json!({ "user": user, "password": password });
        // First: the server must not keep a session that nobody has here.
        self.need_package().await?;
        let signed: SignedIn = Api::new(Default::default()).post("/api/sign-in", &body).await?;
        self.take_up(signed).await
    }

    /// Opens the account that a server has let in; one that lived here without a server moves to it first.
    async fn take_up(&self, signed: SignedIn) -> Result<(), Problem> {
        if self.lives_here(&signed.profile.user) {
            let move_in = self.behind().await?.move_in;
            move_in(*self, signed.profile.clone()).await?;
        }
        self.admit(signed.token, signed.profile).await
    }

    /// Opens an account, from now on at every start.
    pub(super) async fn admit(&self, token: String, profile: Profile) -> Result<(), Problem> {
        let store = IdbStore::open(&database(&profile.user)).await?;
        let kept = Kept { token, profile };
        let bytes = serde_json::to_vec(&kept).map_err(|_| Problem::unreadable())?;
        let mut batch = Batch::default();
        batch.put(Table::App, SESSION_KEY, bytes);
        store.commit(batch).await?;
        set_current(&kept.profile.user).await?;
        self.enter(store, kept).await
    }

    async fn enter(&self, store: IdbStore, kept: Kept) -> Result<(), Problem> {
        self.need_package().await?;
        let project = Projector(self.core().package.clone());
        let replica = Replica::open(store, project, &BrowserEnv, &kept.profile.user).await?;
        self.go_in(replica, kept);
        Ok(())
    }

    fn go_in(&self, replica: AppReplica, kept: Kept) {
        let core = self.core();
        let user = kept.profile.user.clone();
        let known = self.accounts().into_iter().find(|a| a.user == user);
        let writer = replica.meta().writer.to_string();
        let lost = known.is_some_and(|a| !a.writer.is_empty() && a.writer != writer);
        let replica = Rc::new(replica);
        *core.driver.borrow_mut() = Some(Rc::new(Driver::new(&replica)));
        *core.replica.borrow_mut() = Some(replica);
        *core.token.borrow_mut() = Some(kept.token);
        let name = kept.profile.name.clone();
        let township = if kept.profile.local { kept.profile.township.code.clone() } else { String::new() };
        self.session.set(Some(Session { profile: kept.profile, expired: false }));
        self.note_account(|account| {
            account.name = name;
            account.writer = writer;
            account.township = township;
        });
        self.stop_waiting();
        core.freed.set(false);
        self.sync.update(|view| {
            view.check = CheckView::default();
            view.reviewed = 0;
            view.database_lost = lost;
            view.stuck = false;
            view.last_ok_ms = None;
        });
        self.open_channel(&user);
        // At once, not after a frame: nothing is drawn of this account yet, and it is drawn once.
        self.version.update(|version| *version += 1);
        self.refresh_sync();
        self.give(Input::SignedIn);
        // Without a server the directory is asked, with the code that comes after the first screen: in a round.
        if !self.is_local() {
            let app = *self;
            after_frame(move || {
                leptos::task::spawn_local(async move {
                    if let Ok(profile) = app.api().get::<Profile>("/api/me").await {
                        app.keep_profile(profile).await;
                    }
                });
            });
        }
    }

    /// Asks the backend again who one is; rights may have changed. Silent when there is no network.
    pub async fn refresh_profile(&self) {
        let held = self.session.with_untracked(|s| s.as_ref().map(|s| s.profile.clone()));
        let asked = match held {
            // An account that a server gave may have moved to a share: there the directory says what it holds.
            Some(held) if held.local || self.backend().await != Backend::Server => {
                self.refresh_local(held).await
            }
            _ => self.api().get::<Profile>("/api/me").await.ok(),
        };
        if let Some(profile) = asked {
            self.keep_profile(profile).await;
        }
    }

    async fn keep_profile(&self, profile: Profile) {
        let same = self.session.with_untracked(|s| s.as_ref().is_some_and(|s| s.profile == profile));
        let (Some(replica), Some(token)) = (self.replica(), self.core().token.borrow().clone()) else {
            return;
        };
        if same || profile.user != self.user() {
            return;
        }
        let kept = Kept { token, profile };
        if let Ok(bytes) = serde_json::to_vec(&kept) {
            let mut batch = Batch::default();
            batch.put(Table::App, SESSION_KEY, bytes);
            let _ = replica.store().commit(batch).await;
        }
        self.session.set(Some(Session { profile: kept.profile, expired: false }));
    }

    /// Locks the account on this device. What is unsent stays and is sent after the next sign-in.
    pub async fn sign_out(&self) {
        if !self.is_local() {
            let _ = self.api().post::<_, serde_json::Value>("/api/sign-out", &json!({})).await;
        }
        let _ = set_current("").await;
        if let Some(replica) = self.replica() {
            let mut batch = Batch::default();
            batch.delete(Table::App, SESSION_KEY);
            let _ = replica.store().commit(batch).await;
        }
        self.close();
    }

    /// Forgets an account whose database is gone from this device; the others stay.
    pub(super) async fn forget_account(&self, user: &str) {
        let _ = set_current("").await;
        let accounts: Vec<Account> = self.accounts().into_iter().filter(|a| a.user != user).collect();
        let text = serde_json::to_string(&accounts).ok().filter(|_| !accounts.is_empty());
        local_set(ACCOUNTS, text.as_deref());
        self.close();
    }

    /// Nobody is at work here any more.
    fn close(&self) {
        let core = self.core();
        core.timer.borrow_mut().take();
        core.driver.borrow_mut().take();
        core.replica.borrow_mut().take();
        core.token.borrow_mut().take();
        if let Some(channel) = core.channel.borrow_mut().take() {
            channel.close();
        }
        self.session.set(None);
        self.version.update(|v| *v += 1);
    }

    /// Changes the password.
    ///
    /// # Errors
    /// [`Problem`] in the backend's words.
    pub async fn change_password(&self, old: &str, new: &str) -> Result<(), Problem> {
        let body = json!({ "old": old, "new": new });
        self.api().post::<_, serde_json::Value>("/api/password", &body).await?;
        Ok(())
    }

    /// Whom an invitation is for.
    ///
    /// # Errors
    /// [`Problem`]; [`Problem::Refused`] when it no longer works.
    pub async fn invited(&self, code: &str) -> Result<String, Problem> {
        let path = format!("/api/invites/{}", String::from(js_sys::encode_uri_component(code)));
        Ok(Api::new(Default::default()).get::<Invited>(&path).await?.name)
    }

    /// Takes up an invitation, or a reset, with a new password, and signs in.
    ///
    /// # Errors
    /// [`Problem`] in the backend's words.
    pub async fn accept_invite(&self, code: &str, password: &str) -> Result<(), Problem> {
        let path = format!("/api/invites/{}/accept", String::from(js_sys::encode_uri_component(code)));
        let signed: SignedIn =
            Api::new(Default::default()).post(&path, &json!({ "password": password })).await?;
        self.take_up(signed).await
    }
}

/// Whether a server's answer to a sign-in says no more than that the password is wrong: there is none, what answers is no
/// server of ours, or it knows no such password. Anything else, such as too many tries, is worth saying.
fn knows_nothing(there: &Problem) -> bool {
    match there {
        Problem::Offline => true,
        Problem::Refused { code, .. } => code.is_empty() || code == "credentials",
        _ => false,
    }
}

/// Phone and desk may be open side by side in one browser, each with its own account.
fn current_key() -> &'static str {
    let path = web_sys::window().and_then(|w| w.location().pathname().ok()).unwrap_or_default();
    if path.starts_with("/desk") { "current.desk" } else { "current.field" }
}

/// The account that was at work last, unless it was locked.
pub(super) struct Stored {
    replica: AppReplica,
    kept: Kept,
}

/// Whether an account was opened here before, as far as can be told at once.
pub(super) fn any() -> bool {
    local_get(ACCOUNTS).is_some()
}

/// Opens the account that was at work last; `None` when it was locked, or nobody signed in. Its rows need `package` only
/// when they are made anew.
///
/// # Errors
/// When the device's store cannot be read: what it holds is there still.
pub(super) async fn stored(package: &Rc<RefCell<Arc<Package>>>) -> Result<Option<Stored>, ReplicaError> {
    // Where there is one account it is hers, as a rule: hers is read while that is looked up.
    let likely = async {
        let [only] = <[Account; 1]>::try_from(known()).ok()?;
        let found = stored_of(&only.user, package).await.ok()?;
        Some((only.user, found))
    };
    let (user, likely) = both(current(), likely).await;
    let Some(user) = user? else { return Ok(None) };
    match likely {
        Some((likely, found)) if likely == user => Ok(found),
        _ => stored_of(&user, package).await,
    }
}

async fn stored_of(user: &str, package: &Rc<RefCell<Arc<Package>>>) -> Result<Option<Stored>, ReplicaError> {
    let project = || Projector(package.clone());
    let store = IdbStore::open(&database(user)).await?;
    let session = store.get(Table::App, SESSION_KEY);
    let (session, replica) = both(session, Replica::find(store.clone(), project())).await;
    let Some(kept) = session?.and_then(|bytes| serde_json::from_slice::<Kept>(&bytes).ok()) else {
        return Ok(None);
    };
    let replica = match replica? {
        Some(replica) => replica,
        None => Replica::open(store, project(), &BrowserEnv, user).await?,
    };
    Ok(Some(Stored { replica, kept }))
}

/// Accounts known to this device.
fn known() -> Vec<Account> {
    local_get(ACCOUNTS).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// The account at work. In a database of its own: local storage reaches the disk seconds late, and a phone that
/// dies right after its first sign-in must open again without a network.
async fn current() -> Result<Option<String>, StoreError> {
    let store = IdbStore::open(DEVICE).await?;
    let bytes = store.get(Table::App, current_key()).await?;
    Ok(bytes.and_then(|bytes| String::from_utf8(bytes).ok()).filter(|user| !user.is_empty()))
}

async fn set_current(user: &str) -> Result<(), Problem> {
    let store = IdbStore::open(DEVICE).await?;
    let mut batch = Batch::default();
    batch.put(Table::App, current_key(), user.as_bytes().to_vec());
    Ok(store.commit(batch).await?)
}

pub(super) fn database(user: &str) -> String {
    format!("gridbook-{user}")
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn only_a_server_that_says_no_more_is_told_as_a_wrong_password() {
        let refused = |code: &str| Problem::Refused { code: code.to_owned(), message: "x".to_owned() };
        for quiet in [Problem::Offline, refused(""), refused("credentials")] {
            assert!(knows_nothing(&quiet), "{quiet:?}");
        }
        for loud in [refused("too_many_tries"), refused("upgrade"), Problem::Full, Problem::NoPackage] {
            assert!(!knows_nothing(&loud), "{loud:?}");
        }
    }
}
