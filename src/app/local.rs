//! A township without a server: founded at a desk, joined by invitation. The account lives on the device alone.

use std::cell::RefCell;
use std::rc::Rc;

use gridbook_domain::authority::{person, staff_values};
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::{Actor, Assignment, holds};
use gridbook_log::{Body, Create, DeviceId, EntityId, Placement, Values};
use gridbook_sync::authors::{drop_trust, put_trust};
use gridbook_sync::bundle::{base64, unbase64};
use gridbook_sync::env::Env;
use gridbook_sync::replica::{NewWrite, Replica, SendAgain};
use gridbook_sync::store::{Batch, Store, Table};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::account::{Account, database};
use super::backend::ROW;
use super::carry::{Answer, CarryError, Job, ask};
use super::sync::sync_lock;
use super::vouch::{self, Passed};
use super::{App, Backend, Problem, Profile, Projector, Township, office};
use crate::platform::{BrowserEnv, after_lock};
use crate::store::IdbStore;

/// Row of [`Table::App`] with a [`Local`].
const LOCAL: &str = "local";
/// What is sealed with the person's secret, to know it again.
const CHECK: &[u8] = b"gridbook";
/// Shortest secret, in characters.
pub const SHORTEST: usize = 6;

/// The account as this device keeps it.
#[derive(Serialize, Deserialize)]
struct Local {
    profile: Profile,
    /// [`CHECK`], sealed with the person's secret.
    check: String,
}

/// A new township.
#[derive(Clone, Debug, Default)]
pub struct Founding {
    /// Its name.
    pub name: String,
    /// Its code, 9 digits.
    pub code: String,
    /// Names of its villages.
    pub villages: Vec<String>,
    /// Account of the first person.
    pub user: String,
    /// Name of the first person.
    pub person: String,
    /// What the first person signs in with on this device.
    pub secret: String,
}

/// What an invitation carries, sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Who.
    pub profile: Profile,
    /// Whose answers count.
    pub authority: DeviceId,
    /// Where records go.
    pub backend: Backend,
    /// Says that the device that takes it up is this person's; absent where nobody asks for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voucher: Option<Passed>,
}

fn refused(code: &str, message: &str) -> Problem {
    Problem::Refused { code: code.to_owned(), message: message.to_owned() }
}

fn broken(error: &CarryError) -> Problem {
    refused("not_loaded", &error.message())
}

async fn seal(secret: &str, plain: &[u8]) -> Result<Vec<u8>, CarryError> {
    match ask(&Job::Seal(secret.to_owned()), plain).await? {
        (Answer::Done, Some(sealed)) => Ok(sealed),
        _ => Err(CarryError::NotLoaded),
    }
}

/// A record of the directory, for everyone.
pub fn directory_record(app: App, type_: &str, set: Values) -> NewWrite {
    let place = Placement { all: Some(true), ..Placement::default() };
    let create = Create { type_: type_.to_owned(), place, set, ..Create::default() };
    NewWrite { entity: app.new_id(), body: Body::Create(create) }
}

impl App {
    /// Whether this account lives without a server.
    pub fn is_local(&self) -> bool {
        self.session.with_untracked(|s| s.as_ref().is_some_and(|s| s.profile.local))
    }

    /// Founds a township on this device, which becomes its authority.
    ///
    /// # Errors
    /// [`Problem`] in words for people.
    pub async fn found(&self, new: &Founding) -> Result<(), Problem> {
        self.need_package().await?;
        let authority = DeviceId(BrowserEnv.random_array());
        let assignments: Vec<Assignment> = self
            .package()
            .roles
            .iter()
            .filter(|role| role.founder)
            .map(|role| Assignment {
                role: role.id.clone(),
                area: Some(new.code.clone()),
                ..Assignment::default()
            })
            .collect();
        let mut profile = Profile { user: new.user.clone(), name: new.person.clone(), ..Profile::default() };
        profile.actor.user.clone_from(&new.user);
        profile.actor.assignments.clone_from(&assignments);
        profile.township = Township { code: new.code.clone(), name: new.name.clone(), phone: None };
        profile.local = true;
        let ticket = Ticket { profile, authority, backend: Backend::Alone, voucher: None };
        self.settle(ticket, &new.secret, true).await?;
        let area = |code: String, name: &str, level: &str, parent: Option<&str>| {
            let mut set = Values::from([
                ("code".to_owned(), json!(code)),
                ("name".to_owned(), json!(name)),
                ("level".to_owned(), json!(level)),
            ]);
            if let Some(parent) = parent {
                set.insert("parent".to_owned(), json!(parent));
            }
            directory_record(*self, "area", set)
        };
        let mut writes = vec![
            directory_record(*self, "staff", staff_values(&new.user, &new.person, &assignments)),
            area(new.code.clone(), &new.name, "township", None),
        ];
        for (n, village) in new.villages.iter().enumerate() {
            writes.push(area(format!("{}{}", new.code, 201 + n), village, "village", Some(&new.code)));
        }
        self.save(writes, Vec::new(), Vec::new()).await?;
        self.take_office(&[]).await
    }

    /// Takes up an account on this device. What the account had here before stays. `first`: nobody invited it.
    async fn settle(&self, ticket: Ticket, secret: &str, first: bool) -> Result<(), Problem> {
        let Ticket { profile, authority, backend, voucher } = ticket;
        let known: Option<Account> = self.accounts().into_iter().find(|a| a.user == profile.user);
        if known.is_some_and(|known| known.township != profile.township.code) {
            return Err(refused(
                "account_taken",
                "这台设备上已经有同名的账号，那里的记录都在。请换一个账号名，或换一台设备。",
            ));
        }
        let check = base64(&seal(secret, CHECK).await.map_err(|error| broken(&error))?);
        let store = IdbStore::open(&database(&profile.user)).await?;
        let replica =
            Replica::open(store, Projector(self.core().package.clone()), &BrowserEnv, &profile.user).await?;
        office::adopt(&replica, authority).await?;
        let row = |text: Result<Vec<u8>, serde_json::Error>| text.map_err(|_| Problem::unreadable());
        let mut batch = Batch::default();
        batch.put(Table::App, ROW, row(serde_json::to_vec(&backend))?);
        batch.put(Table::App, LOCAL, row(serde_json::to_vec(&Local { profile: profile.clone(), check }))?);
        let trust =
            if first { vouch::founded(&replica).await } else { vouch::taken_up(&replica, voucher).await };
        if let Some(trust) = trust {
            put_trust(&mut batch, &trust);
        }
        replica.store().commit(batch).await?;
        drop(replica);
        self.admit(String::new(), profile).await
    }

    /// Signs in to an account that lives on this device.
    pub(super) async fn sign_in_here(&self, user: &str, secret: &str) -> Result<(), Problem> {
        let store = IdbStore::open(&database(user)).await?;
        let lost = || refused("no_account", "这台设备上的账号不见了。请找镇上重新发一个邀请码。");
        let row = store.get(Table::App, LOCAL).await?.ok_or_else(lost)?;
        let local: Local = serde_json::from_slice(&row).map_err(|_| lost())?;
        let sealed = unbase64(&local.check).unwrap_or_default();
        match ask(&Job::Open(secret.to_owned()), &sealed).await.map_err(|error| broken(&error))? {
            (Answer::Done, Some(plain)) if plain == CHECK => self.admit(String::new(), local.profile).await,
            (Answer::Passphrase, _) => {
                Err(refused("bad_secret", "口令不对，记录都在。忘了就请镇上重新发一个邀请码。"))
            }
            _ => Err(broken(&CarryError::NotLoaded)),
        }
    }

    /// Roles as the directory has them now.
    pub(super) async fn refresh_local(&self, mut profile: Profile) -> Option<Profile> {
        profile.actor.assignments = self.person(&profile.user).await?.assignments;
        Some(profile)
    }

    /// Somebody of the directory with the roles that it knows.
    pub async fn person(&self, user: &str) -> Option<Actor> {
        let ids: Vec<EntityId> = self.rows(|rows| {
            let staff = rows.iter().filter_map(|(id, row)| Some((id, row.summary.as_ref()?)));
            let named = staff.filter(|(_, row)| row.kind == RecordKind::Staff && row.number == user);
            named.map(|(id, _)| *id).collect()
        });
        for id in ids {
            let entity = self.entity(id).await.ok().flatten();
            if let Some(person) = entity.as_deref().and_then(person).filter(|person| person.user == user) {
                return Some(person);
            }
        }
        None
    }

    /// A township that had no server has one now, under the same address: what this account wrote here is sent there,
    /// and the secret of this device is replaced by the server's password. Nothing happens for any other account.
    ///
    /// # Errors
    /// [`Problem`]; then everything is as it was.
    pub(super) async fn move_in(&self, profile: &Profile) -> Result<(), Problem> {
        let known = self.accounts().into_iter().find(|a| a.user == profile.user && !a.township.is_empty());
        let Some(known) = known else { return Ok(()) };
        if known.township != profile.township.code {
            return Err(refused(
                "account_taken",
                "密码设好了，但这台设备上有别的乡镇的同名账号，那里的记录都在。请换一台设备，用新密码登录。",
            ));
        }
        self.need_package().await?;
        let (app, user) = (*self, profile.user.clone());
        let done = Rc::new(RefCell::new(Err(Problem::SignedOut)));
        let told = done.clone();
        // Not while a page of the share is under way: its position would be taken for one of the server.
        after_lock(&sync_lock(&profile.user), async move {
            let moved = app.leave_share(&user).await;
            *told.borrow_mut() = moved;
        })
        .await;
        done.replace(Ok(()))
    }

    async fn leave_share(&self, user: &str) -> Result<(), Problem> {
        let store = IdbStore::open(&database(user)).await?;
        let replica = Replica::open(store, Projector(self.core().package.clone()), &BrowserEnv, user).await?;
        // In this order: broken off in between, everything comes once more, no harm.
        replica.start_over(SendAgain::Own).await?;
        let mut batch = Batch::default();
        self.queue_photos(&replica, &mut batch).await?;
        batch.delete(Table::App, LOCAL);
        batch.delete(Table::App, ROW);
        // What is written at a server nobody signs.
        drop_trust(&mut batch);
        Ok(replica.store().commit(batch).await?)
    }

    /// An invitation for a person of the directory, sealed with digits that are told on another way.
    ///
    /// # Errors
    /// [`CarryError`]
    pub async fn invite_here(
        &self,
        user: &str,
        name: &str,
        held: Vec<Assignment>,
        digits: &str,
    ) -> Result<String, CarryError> {
        let replica = self.replica().ok_or(Problem::SignedOut)?;
        let authority = replica.meta().authority.ok_or(Problem::SignedOut)?;
        let mut profile = Profile { user: user.to_owned(), name: name.to_owned(), ..Profile::default() };
        profile.actor.user = user.to_owned();
        profile.actor.assignments = held;
        let invites = holds(&self.package(), &profile.actor, "directory.edit", self.today());
        let voucher = vouch::passed(&replica, user, invites).await;
        profile.local = true;
        profile.township = self
            .session
            .with_untracked(|s| s.as_ref().map(|s| s.profile.township.clone()))
            .unwrap_or_default();
        let ticket = Ticket { profile, authority, backend: self.backend().await, voucher };
        let plain = serde_json::to_vec(&ticket).map_err(|_| Problem::unreadable())?;
        // Fit for an address.
        Ok(base64(&seal(digits, &plain).await?).replace('+', "-").replace('/', "_").replace('=', ""))
    }

    /// Opens an invitation, as it stands in an address or was pasted.
    ///
    /// # Errors
    /// [`CarryError`]; nothing has changed.
    pub async fn open_invitation(&self, text: &str, digits: &str) -> Result<Ticket, CarryError> {
        let text = text.trim().rsplit('/').next().unwrap_or_default();
        let mut code = text.replace('-', "+").replace('_', "/");
        while !code.len().is_multiple_of(4) {
            code.push('=');
        }
        let sealed = unbase64(&code).ok_or(CarryError::Foreign)?;
        match ask(&Job::Open(digits.to_owned()), &sealed).await? {
            (Answer::Done, Some(plain)) => serde_json::from_slice(&plain).map_err(|_| CarryError::Foreign),
            (Answer::NotSealed, _) => Err(CarryError::Foreign),
            (Answer::Passphrase, _) => Err(CarryError::Passphrase),
            (Answer::Damaged, _) => Err(CarryError::Damaged),
            _ => Err(CarryError::NotLoaded),
        }
    }

    /// Takes up an opened invitation.
    ///
    /// # Errors
    /// [`Problem`] in words for people.
    pub async fn join(&self, ticket: Ticket, secret: &str) -> Result<(), Problem> {
        self.settle(ticket, secret, false).await
    }
}
