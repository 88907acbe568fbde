//! Files that are carried by hand: everything unsent, or everything, sealed with a passphrase; and the way back in.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use gridbook_domain::admit::reads;
use gridbook_domain::role::Actor;
use gridbook_log::{Entity, EntityId, Op, WireOp};
use gridbook_sync::bundle::{Bundle, BundleError, FORMAT, Head, MOST_PLAIN, share_out};
use gridbook_sync::driver::identity;
use gridbook_sync::env::Env;
use gridbook_sync::relay::{Broken, Tally, relay};
use gridbook_sync::store::{Batch, Store, Table};
use gridbook_sync::wire::{Entry, PullReply};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::sync::sync_lock;
use super::{App, Problem};
use crate::platform::{BrowserEnv, DeviceKey, after_lock};
use crate::worker;

/// The worker's loader, beside the page.
const LOADER: &str = "carry_worker_loader.js";
/// Row of [`Table::App`]: the backend knows this device's key.
const KEY_KNOWN: &str = "key.known";

/// What the worker is asked for, with the bytes that come along.
#[derive(Debug, Serialize, Deserialize)]
pub enum Job {
    /// Seal them with this passphrase.
    Seal(String),
    /// Open them with this passphrase.
    Open(String),
}

/// Its answer.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The bytes that come along.
    Done,
    /// It is no sealed file.
    NotSealed,
    /// Another passphrase.
    Passphrase,
    /// Cut short or changed.
    Damaged,
    /// More is inside than is ever opened.
    TooLarge,
    /// It could not be done.
    Failed,
}

/// What goes into a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// All that no backend has.
    Unsent,
    /// All that this account has on this device.
    All,
}

/// Why a file could not be made or used. Nothing on this device changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CarryError {
    /// The device's own trouble.
    Device(Problem),
    /// The part of the app that seals files did not load.
    NotLoaded,
    /// Nothing to carry.
    Nothing,
    /// The file is none of ours.
    Foreign,
    /// Another passphrase.
    Passphrase,
    /// Cut short or changed on its way.
    Damaged,
    /// More is inside than is ever opened.
    TooLarge,
    /// Made by a newer version.
    Newer,
    /// Made for somebody else, or for another township.
    Theirs,
    /// It broke off while it was handed on; what arrived has arrived.
    Broken(Broken),
}

impl CarryError {
    /// For the screen.
    pub fn message(&self) -> String {
        let words = match self {
            Self::Device(problem) => return problem.doing(),
            Self::NotLoaded => "加密文件的部分没有打开成功，什么也没有改动。请联网打开一次网格簿后再试。",
            Self::Nothing => "没有需要带走的记录。",
            Self::Foreign => "这不是网格簿的随身文件，什么也没有改动。请重新选择文件。",
            Self::Passphrase => "口令不对，文件没有打开，也没有损坏。请核对纸条或电话里的 12 位口令后再试。",
            Self::Damaged => "文件不完整，可能没有复制完。这里什么也没有改动，请重新复制一次再试。",
            Self::TooLarge => {
                "这个文件太大，打不开，里面的都没有坏。请做它的人更新网格簿后重做一次，会自动分成几个文件。"
            }
            Self::Newer => "文件是用更新版本的网格簿做的，这里还看不懂。请先更新网格簿，文件请留着。",
            Self::Theirs => "这个文件是给别人的，什么也没有改动。请在本人的手机上打开。",
            Self::Broken(Broken::Offline) => {
                "网络断了，没有交完。已经交上的不会重复，请有网络时用同一个文件再交一次。"
            }
            Self::Broken(Broken::SignedOut) => "登录已过期，没有交完。请重新登录后用同一个文件再交一次。",
            Self::Broken(Broken::Backend(_)) => {
                "服务器忙，没有交完。已经交上的不会重复，请过一会儿用同一个文件再交一次。"
            }
        };
        words.to_owned()
    }
}

impl<T: Into<Problem>> From<T> for CarryError {
    fn from(error: T) -> Self {
        Self::Device(error.into())
    }
}

impl From<BundleError> for CarryError {
    fn from(error: BundleError) -> Self {
        match error {
            BundleError::Foreign => Self::Foreign,
            BundleError::Newer => Self::Newer,
            BundleError::Incomplete | BundleError::Damaged(_) => Self::Damaged,
        }
    }
}

impl App {
    /// Tells the backend this device's key, once: what this device signs can then come through other hands.
    pub(super) async fn register_key(self) {
        let Some(replica) = self.replica() else { return };
        if self.is_local() {
            return;
        }
        if replica.store().get(Table::App, KEY_KNOWN).await.ok().flatten().is_some() {
            return;
        }
        let Some(key) = DeviceKey::of(replica.store()).await else { return };
        let Some(point) = key.point().await else { return };
        let dev = replica.meta().writer.dev.to_string();
        let hex: String = point.iter().map(|byte| format!("{byte:02x}")).collect();
        if self
            .api()
            .post::<_, serde_json::Value>("/api/device-key", &json!({ "dev": dev, "key": hex }))
            .await
            .is_ok()
        {
            let mut batch = Batch::default();
            batch.put(Table::App, KEY_KNOWN, hex.into_bytes());
            // When it is not kept it is told again: the backend takes it as a repeat.
            let _ = replica.store().commit(batch).await;
        }
    }

    /// A new passphrase: twelve digits in three groups, easy to read out on the phone.
    pub fn passphrase(&self) -> String {
        let mut groups = Vec::new();
        while groups.len() < 3 {
            let n = u16::from_le_bytes(BrowserEnv.random_array());
            // Every group of four digits is as likely as any other.
            if n < 60_000 {
                groups.push(format!("{:04}", n % 10_000));
            }
        }
        groups.join("-")
    }

    /// Sealed files, several when one would be too large. What this device wrote is signed, so that whoever hands it
    /// on cannot change it.
    ///
    /// # Errors
    /// [`CarryError`]; then there is no file, and everything is where it was.
    pub async fn carry_out(&self, what: What, passphrase: &str) -> Result<Vec<Vec<u8>>, CarryError> {
        let replica = self.replica().ok_or(Problem::SignedOut)?;
        self.announce().await?;
        let ops = match what {
            What::Unsent => replica.outbox(&BTreeSet::new(), usize::MAX - 1, usize::MAX).await?.ops,
            What::All => replica.all_ops().await?,
        };
        let table = if what == What::Unsent { Table::BlobQueue } else { Table::Blob };
        let mut names = Vec::new();
        // Each may be some hundred kilobytes: never all of them at once.
        let mut page = replica.store().scan(table, "", 8).await?;
        while let Some((last, _)) = page.last().cloned() {
            names.extend(page.into_iter().map(|(name, _)| name));
            page = replica.store().scan(table, &last, 8).await?;
        }
        self.pack(ops, names, None, passphrase).await
    }

    /// Sealed files for one person: everything here that the person may see, with the photos of it.
    ///
    /// # Errors
    /// [`CarryError`]; then there is no file.
    pub async fn carry_for(&self, reader: Actor, passphrase: &str) -> Result<Vec<Vec<u8>>, CarryError> {
        let replica = self.replica().ok_or(Problem::SignedOut)?;
        self.announce().await?;
        let (package, today) = (self.package(), self.today());
        let all: Vec<EntityId> =
            replica.rows().iter().filter(|(_, row)| row.visible()).map(|(id, _)| *id).collect();
        let mut ops = Vec::new();
        let mut named = BTreeSet::new();
        for some in all.chunks(500) {
            for (id, stream) in replica.streams(some).await? {
                let entity = Entity::fold(id, replica.meta().authority, &stream);
                if reads(&package, &reader, &entity, today) {
                    named.extend(entity.blobs().iter().map(|(_, blob)| blob.sha256.clone()));
                    ops.extend(stream.iter().map(Op::to_wire));
                }
            }
        }
        self.pack(ops, named.into_iter().collect(), Some(reader.user), passphrase).await
    }

    /// Signs what this device wrote, and seals it all, with those of the named photos whose bytes are here.
    async fn pack(
        &self,
        mut ops: Vec<WireOp>,
        named: Vec<String>,
        reader: Option<String>,
        passphrase: &str,
    ) -> Result<Vec<Vec<u8>>, CarryError> {
        let replica = self.replica().ok_or(Problem::SignedOut)?;
        let (mut blobs, mut sizes) = (Vec::new(), Vec::new());
        for name in named {
            if let Some(bytes) = replica.store().get(Table::Blob, &name).await? {
                blobs.push(name);
                sizes.push(bytes.len());
            }
        }
        if ops.is_empty() && blobs.is_empty() {
            return Err(CarryError::Nothing);
        }
        let writer = replica.meta().writer;
        // Also what it answered as the authority.
        if let Some(hand) = self.hand().await {
            hand.authors().sign(&mut ops).await?;
        }
        if let Some(key) = DeviceKey::of(replica.store()).await {
            for op in ops.iter_mut().filter(|op| op.g.is_none() && written_by(op, writer.dev)) {
                op.g = key.sign(op).await;
            }
        }
        let (name, township) = self.session_names();
        let made_at = self.now_ms();
        let mut files = Vec::new();
        let parts = share_out(&ops, &sizes, MOST_PLAIN);
        let of = parts.len();
        for (number, part) in parts.into_iter().enumerate() {
            let ops: Vec<WireOp> = ops.get(part.ops).unwrap_or_default().to_vec();
            let mut photos = Vec::new();
            for name in blobs.get(part.photos).unwrap_or_default() {
                if let Some(bytes) = replica.store().get(Table::Blob, name).await? {
                    photos.push((name.clone(), bytes));
                }
            }
            let head = Head {
                gridbook_bundle: FORMAT,
                user: self.user(),
                name: name.clone(),
                township: township.clone(),
                writer,
                made_at,
                ops: ops.len(),
                blobs: photos.len(),
                reader: reader.clone(),
                part: Some((number + 1, of)),
            };
            let plain = Bundle { head, ops, blobs: photos }.write();
            match ask(&Job::Seal(passphrase.to_owned()), &plain).await? {
                (Answer::Done, Some(sealed)) => files.push(sealed),
                _ => return Err(CarryError::NotLoaded),
            }
        }
        Ok(files)
    }

    fn session_names(&self) -> (String, String) {
        use leptos::prelude::WithUntracked;
        self.session
            .with_untracked(|s| s.as_ref().map(|s| (s.profile.name.clone(), s.profile.township.code.clone())))
            .unwrap_or_default()
    }

    /// Opens a file.
    ///
    /// # Errors
    /// [`CarryError`]; nothing of it was used.
    pub async fn open_carried(&self, sealed: &[u8], passphrase: &str) -> Result<Bundle, CarryError> {
        match ask(&Job::Open(passphrase.to_owned()), sealed).await? {
            (Answer::Done, Some(plain)) => Ok(Bundle::read(&plain)?),
            (Answer::NotSealed, _) => Err(CarryError::Foreign),
            (Answer::Passphrase, _) => Err(CarryError::Passphrase),
            (Answer::Damaged, _) => Err(CarryError::Damaged),
            (Answer::TooLarge, _) => Err(CarryError::TooLarge),
            _ => Err(CarryError::NotLoaded),
        }
    }

    /// Takes a file in: its records merge with those here, and nothing of it waits to be sent. Under the lock of
    /// synchronisation, so that no page moves the cursor meanwhile.
    async fn keep(&self, bundle: Arc<Bundle>) -> Result<Tally, CarryError> {
        let done = Rc::new(RefCell::new(Err(CarryError::NotLoaded)));
        let (app, told) = (*self, done.clone());
        after_lock(&sync_lock(&self.user()), async move {
            let kept = app.merge(&bundle).await;
            *told.borrow_mut() = kept;
        })
        .await;
        self.changed(true);
        self.wake();
        done.replace(Err(CarryError::NotLoaded))
    }

    async fn merge(&self, bundle: &Bundle) -> Result<Tally, CarryError> {
        let replica = self.replica().ok_or(Problem::SignedOut)?;
        let (cursor, history, authority) = {
            let meta = replica.meta();
            (meta.cursor.clone(), meta.history.clone(), meta.authority)
        };
        let mut tally = Tally::default();
        for ops in bundle.ops.chunks(500) {
            let now = self.now_ms();
            let entries = ops.iter().map(|op| Entry::Op { op: op.clone(), at: now }).collect();
            // A page that leaves the cursor where it is.
            let page = PullReply { entries, cursor: cursor.clone(), more: true };
            let pulled = replica.apply_page(&BrowserEnv, &cursor, page, &history, authority).await?;
            tally.kept(ops.len(), &pulled);
        }
        let mut batch = Batch::default();
        for (name, bytes) in &bundle.blobs {
            batch.put(Table::Blob, name.clone(), bytes.clone());
        }
        replica.store().commit(batch).await?;
        tally.photos = bundle.blobs.len();
        Ok(tally)
    }

    /// Hands an opened file on to this account's backend, and fetches what that brings. A device that works
    /// without one keeps it; so does the one for which it was made.
    ///
    /// # Errors
    /// [`CarryError::Broken`]; the same file may be handed on again.
    pub async fn hand_on(
        &self,
        bundle: Arc<Bundle>,
        progress: impl FnMut(usize),
    ) -> Result<Tally, CarryError> {
        let replica = self.replica().ok_or(Problem::SignedOut)?;
        if let Some(reader) = &bundle.head.reader {
            let (_, township) = self.session_names();
            let ours = *reader == self.user() && bundle.head.township == township;
            if !ours {
                return Err(CarryError::Theirs);
            }
        }
        let (bundle, left) = self.screened(bundle).await?;
        let name = identity(&replica);
        let http = if bundle.head.reader.is_some() { None } else { self.connection().await };
        let mut tally = match http {
            None => self.keep(bundle).await?,
            Some(http) => {
                let now = self.now_ms();
                relay(&*http, &name, now, &bundle, progress).await.map_err(CarryError::Broken)?
            }
        };
        tally.join(left);
        self.wake();
        Ok(tally)
    }
}

fn written_by(op: &WireOp, dev: gridbook_log::DeviceId) -> bool {
    Op::from_wire(op.clone()).is_ok_and(|op| op.dot().writer.dev == dev)
}

pub(super) async fn ask(job: &Job, bytes: &[u8]) -> Result<(Answer, Option<Vec<u8>>), CarryError> {
    worker::run(LOADER, job, Some(bytes)).await.ok_or(CarryError::NotLoaded)
}
