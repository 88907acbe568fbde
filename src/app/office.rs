//! The desk as the authority of a township without a server: numbers and receipts are given here.

use std::future::Future;
use std::pin::Pin;

use gridbook_domain::authority::{AUTHOR, Book, Office as Judge};
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::holds;
use gridbook_domain::summary::Summary;
use gridbook_domain::township::Township;
use gridbook_log::{Body, DeviceId, EntityId, Op, Writer};
use gridbook_sync::env::Env;
use gridbook_sync::replica::{Clerk, NewWrite, OFFICE, Office, ReplicaError};
use gridbook_sync::store::{Store, StoreError, Table};
use gridbook_sync::wire::PullReply;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{App, AppReplica, Backend, Problem};
use crate::platform::BrowserEnv;

/// What the desk does after a round: answers; whether there were any. Handed in, so that phones do not carry it.
pub type Answering = fn(App) -> Pin<Box<dyn Future<Output = bool>>>;

/// The answering of this build.
pub fn answering(app: App) -> Pin<Box<dyn Future<Output = bool>>> {
    Box::pin(app.answer())
}

/// Attempts to answer while something is being saved.
const TRIES: usize = 3;

/// Who numbers and receives here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The township's server.
    Server,
    /// Nobody yet.
    Free,
    /// Another computer.
    Other,
    /// This computer.
    Here,
    /// This computer, but its store is an older copy: a person must say where the numbers stand.
    Held,
}

/// What the clerk keeps beside the office.
#[derive(Default, Serialize, Deserialize)]
struct Notes {
    book: Book,
    /// Nobody had the office before: what the server took in without a receipt is not judged again.
    first: bool,
}

struct Desk<'a> {
    judge: Judge<'a>,
    /// As it was, while numbers are held back.
    held: String,
    first: bool,
}

impl Clerk<Option<Summary>> for Desk<'_> {
    fn first(&self, summary: &Option<Summary>) -> bool {
        summary.as_ref().is_some_and(|summary| summary.kind.is_directory())
    }

    fn heeds(&self, summary: &Option<Summary>) -> bool {
        summary.as_ref().is_some_and(Summary::is_gone)
    }

    fn note(&mut self, id: EntityId, ops: &[Op]) {
        self.judge.note(id, ops);
    }

    fn answer(&mut self, id: EntityId, ops: &[Op]) -> Vec<Body> {
        self.judge.answer(id, ops)
    }

    fn book(&self) -> String {
        let notes = self.judge.book().map(|book| Notes { book: book.clone(), first: self.first });
        notes.and_then(|notes| serde_json::to_string(&notes).ok()).unwrap_or_else(|| self.held.clone())
    }
}

async fn kept(replica: &AppReplica) -> Option<Office> {
    let row = replica.store().get(Table::App, OFFICE).await.ok()??;
    serde_json::from_slice(&row).ok()
}

async fn township(replica: &AppReplica) -> Result<Option<Township>, Problem> {
    let Some(authority) = replica.meta().authority else { return Ok(None) };
    let entity = replica.entity(Township::id(authority)).await?;
    Ok(entity.as_deref().and_then(Township::of))
}

/// From now on the answers of this device count here.
pub(super) async fn adopt(replica: &AppReplica, authority: DeviceId) -> Result<(), ReplicaError> {
    let (cursor, history) = {
        let meta = replica.meta();
        (meta.cursor.clone(), meta.history.clone())
    };
    // A page with nothing in it, that leaves the cursor where it is.
    let page = PullReply { entries: Vec::new(), cursor: cursor.clone(), more: true };
    replica.apply_page(&BrowserEnv, &cursor, page, &history, Some(authority)).await.map(|_| ())
}

impl App {
    /// This page belongs to a desk: it answers where it holds the office.
    pub fn provide_answering(&self, answering: Answering) {
        self.core().answering.set(Some(answering));
    }

    /// Before a round: an answer under this device's name that it does not know shows an older copy of its store.
    pub(super) async fn sit_down(&self, replica: &AppReplica) {
        if self.core().answering.get().is_none() || replica.answers_as().is_some() {
            return;
        }
        if let (Some(office), Some(dev)) = (kept(replica).await, replica.meta().authority) {
            replica.set_office(Some(Writer { dev, epoch: office.term }));
        }
    }

    /// Who numbers and receives here, as far as this device knows.
    ///
    /// # Errors
    /// [`Problem`] when the device's store fails.
    pub async fn standing(&self) -> Result<Standing, Problem> {
        let replica = self.replica().ok_or(Problem::SignedOut)?;
        if self.backend().await == Backend::Server {
            return Ok(Standing::Server);
        }
        let Some(town) = township(&replica).await? else { return Ok(Standing::Free) };
        let Some(holder) = town.holder else { return Ok(Standing::Free) };
        if holder != replica.meta().writer.dev {
            return Ok(Standing::Other);
        }
        let ours = kept(&replica).await.is_some_and(|office| office.term == town.term);
        Ok(if ours && !replica.office_closed().await? { Standing::Here } else { Standing::Held })
    }

    /// Whether the person may give the office to this computer.
    pub fn may_hold_office(&self) -> bool {
        holds(&self.package(), &self.actor(), "directory.edit", self.today())
    }

    /// The book of numbers as far as this device has seen any.
    pub fn numbers_seen(&self) -> Book {
        let mut book = Book::new("");
        self.rows(|rows| {
            for summary in rows.values().filter_map(|row| row.summary.as_ref()) {
                if summary.kind.number_class().is_some() {
                    book.note(&summary.number);
                    summary.papers().for_each(|number| book.note(number));
                }
            }
        });
        book
    }

    /// This computer numbers and receives from now on. `marks`: the last number of each class this year, as a person
    /// read it from the ledger.
    ///
    /// # Errors
    /// [`Problem`] when the device's store fails; then nothing has changed for certain, and it can be done again.
    pub async fn take_office(&self, marks: &[(&str, i64)]) -> Result<(), Problem> {
        let replica = self.replica().ok_or(Problem::SignedOut)?;
        let authority = match replica.meta().authority {
            Some(authority) => authority,
            None => DeviceId(BrowserEnv.random_array()),
        };
        adopt(&replica, authority).await?;
        let known = township(&replica).await?;
        let first = known.is_none();
        let mut town = known.unwrap_or_else(|| self.named_township());
        town.holder = Some(replica.meta().writer.dev);
        // Above every epoch of a server, and never one that was used before.
        town.term = u32::from_le_bytes(BrowserEnv.random_array()) | 1 << 31;
        let body = if first { Body::Create(town.create()) } else { Body::Set(town.hand_over()) };
        let mut book = self.numbers_seen();
        book.code.clone_from(&town.number_code);
        let year = chrono::Datelike::year(&self.today());
        for (class, n) in marks {
            book.raise(class, year, *n);
        }
        let notes = serde_json::to_string(&Notes { book, first }).unwrap_or_default();
        // In this order: broken off in between, the office is held back and a person is asked again.
        let write = NewWrite { entity: Township::id(authority), body };
        self.save(vec![write], Vec::new(), Vec::new()).await?;
        replica.open_office(&Office { term: town.term, upto: 0, book: notes }).await?;
        replica.set_office(Some(Writer { dev: authority, epoch: town.term }));
        // The share is told whose answers count.
        self.core().connected.borrow_mut().take();
        self.wake();
        Ok(())
    }

    /// This computer gives no more numbers, so that a server can (`gridbook-server adopt`). Everything was answered
    /// that could be; what comes later waits for whoever takes the office.
    ///
    /// # Errors
    /// [`Problem`] when the device's store fails; then nothing has changed.
    pub async fn lay_down_office(&self) -> Result<(), Problem> {
        let replica = self.replica().ok_or(Problem::SignedOut)?;
        let authority = replica.meta().authority;
        let (Some(authority), Some(town)) = (authority, township(&replica).await?) else { return Ok(()) };
        // Another computer may have taken it meanwhile.
        if town.holder != Some(replica.meta().writer.dev) {
            return Ok(());
        }
        let write = NewWrite {
            entity: Township::id(authority),
            body: Body::Set(Township { holder: None, ..town }.hand_over()),
        };
        self.save(vec![write], Vec::new(), Vec::new()).await?;
        self.wake();
        Ok(())
    }

    /// The township as the account knows it; numbers go on as they began.
    fn named_township(&self) -> Township {
        let (code, name) = self.session.with_untracked(|session| {
            let town = session.as_ref().map(|session| session.profile.township.clone()).unwrap_or_default();
            (town.code, town.name)
        });
        let begun = self.rows(|rows| {
            let numbers = rows.values().filter_map(|row| row.summary.as_ref()).map(|summary| &summary.number);
            numbers.filter_map(|number| Some(number.split_once('〔')?.0.to_owned())).next()
        });
        let short = || name.trim_end_matches(['镇', '乡']).to_owned();
        let number_code = begun.unwrap_or_else(short);
        Township { code, name, number_code, ..Township::default() }
    }

    /// Answers what has arrived, if this computer holds the office.
    async fn answer(self) -> bool {
        let here = matches!(self.standing().await, Ok(Standing::Here | Standing::Held));
        let Some(replica) = self.replica().filter(|_| here) else { return false };
        for _ in 0..TRIES {
            match self.try_answer(&replica).await {
                Err(ReplicaError::Store(StoreError::Raced)) => {
                    let _ = replica.refresh().await;
                }
                Ok(given) if given > 0 => {
                    self.changed(true);
                    return true;
                }
                _ => return false,
            }
        }
        false
    }

    async fn try_answer(&self, replica: &AppReplica) -> Result<usize, ReplicaError> {
        let (Some(office), Some(writer)) = (kept(replica).await, replica.answers_as()) else { return Ok(0) };
        if !replica.changed_since(office.upto) {
            return Ok(0);
        }
        let notes: Notes = serde_json::from_str(&office.book).unwrap_or_default();
        let closed = replica.office_closed().await?;
        let adopts = notes.first && office.upto == 0;
        let package = self.package();
        let book = (!closed).then_some(notes.book);
        let mut judge = Judge::new(&package, writer, self.now_ms(), book, adopts);
        judge.know(self.actor());
        let staff: Vec<EntityId> = self.rows(|rows| {
            let people = rows.iter().filter(|(_, row)| {
                row.summary.as_ref().is_some_and(|summary| summary.kind == RecordKind::Staff)
            });
            people.map(|(id, _)| *id).collect()
        });
        for (id, ops) in replica.streams(&staff).await? {
            judge.learn(id, &ops);
        }
        let mut desk = Desk { judge, held: office.book.clone(), first: notes.first };
        replica.hold_office(&BrowserEnv, writer, AUTHOR, &office, &mut desk).await
    }
}
