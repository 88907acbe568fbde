//! Whose name stands over an operation, and whether the writer's own key signed it. Asked where operations come
//! through others' hands: from a share, which checks nothing, and from files that were carried.
//!
//! A writer makes its key known by a record ([`gridbook_log::key`]); the first one that arrives here under its name
//! is its key. From then on nothing else counts under that name than what the key signed. A writer of whom no key
//! is known is taken as it comes: apps of before this had none.
//!
//! Where vouchers are asked for ([`Notary::trust`]) a key counts only if they lead to it from the one key that this
//! device believes, and what a writer without such a key wrote is not taken.
//!
//! What is not taken is kept aside (`Aside`), so that it comes in when it can be understood after all, and people are
//! told of it. It stops nothing else.

mod aside;
mod trust;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use gridbook_log::key::{self, Point};
use gridbook_log::voucher::{self, Trust, Voucher};
use gridbook_log::{
    Body, DeviceId, EntityId, Hash, Op, Signature, WireOp, Writer, order_by_key, set_of, sign, signed_bytes,
};

use crate::driver::Http;
use crate::engine::{Request, Response};
use crate::env::Env;
use crate::replica::{NewWrite, Project, Replica, ReplicaError};
use crate::share::lanes;
use crate::store::Store;
use crate::wire::{Entry, PullReply, PushRequest};

use aside::{Aside, load, store};
pub use aside::{MOST, kept_aside};
pub use trust::{drop_trust, put_trust, trust};

/// Signatures of ours that are remembered: a batch whose answer was lost is the same batch when it is sent again.
const MADE: usize = 4_000;

/// Makes and checks signatures (ECDSA P-256): WebCrypto in the browser, any other implementation elsewhere.
#[allow(async_fn_in_trait)]
pub trait Notary {
    /// The public half of this device's key.
    fn point(&self) -> Point;
    /// The device whose key signs what is written under this name: its own, but for the authority's answers.
    async fn signer(&self, writer: Writer) -> DeviceId;
    /// Signs with this device's key; `None` when the browser refuses.
    async fn sign(&self, bytes: &[u8]) -> Option<Signature>;
    /// Whether this key made this signature of these bytes.
    async fn verify(&self, key: &Point, bytes: &[u8], signature: &Signature) -> bool;
    /// Whom this device believes; `None` where nobody vouches for anybody.
    fn trust(&self) -> Option<&Trust> {
        None
    }
}

/// A key as its record has it.
#[derive(Clone)]
struct Known {
    writer: Writer,
    user: String,
    point: Point,
    chain: Vec<Voucher>,
}

impl Known {
    fn of(op: &Op, point: Point) -> Self {
        let (writer, user) = (op.dot().writer, op.header().user.clone());
        Self { writer, user, point, chain: key::vouchers(op) }
    }
}

/// What is remembered from one round to the next; all of it can be found out again.
#[derive(Default)]
pub struct Memory {
    keys: RefCell<BTreeMap<DeviceId, Vec<Known>>>,
    made: RefCell<BTreeMap<Hash, String>>,
}

/// See the module's text.
pub struct Authors<'a, S: Store, P: Project, N> {
    replica: &'a Replica<S, P>,
    notary: &'a N,
    memory: &'a Memory,
}

impl<'a, S: Store, P: Project, N: Notary> Authors<'a, S, P, N> {
    /// The authors known to a replica.
    pub fn new(replica: &'a Replica<S, P>, notary: &'a N, memory: &'a Memory) -> Self {
        Self { replica, notary, memory }
    }

    /// Makes this device's key known, once for each of its lives; whether there is something to send now. What it had
    /// sent without a signature is sent once more: whoever knows the key takes nothing else.
    ///
    /// A device that was in use before waits until all has been read (`read`): another bearer of its name may have a
    /// key already, and then it takes a new name first.
    ///
    /// # Errors
    /// [`ReplicaError`]
    pub async fn announce(&self, env: &impl Env, read: bool) -> Result<bool, ReplicaError> {
        let (writer, fresh) = {
            let meta = self.replica.meta();
            (meta.writer, meta.pulled_at == 0)
        };
        // Under another's key the name is used twice: there is a new one first.
        if !(read || fresh) || !self.records(&[key::id(writer)]).await?.is_empty() {
            return Ok(false);
        }
        let (ours, point) = (self.own_keys(writer.dev).await?, self.notary.point());
        // Never signed, and not in its first life: of which records it wrote under older names no row tells.
        let all = writer.epoch > 1 && ours.iter().all(|known| known.point != point);
        let before: BTreeSet<EntityId> = {
            let rows = self.replica.rows();
            rows.iter().filter(|(_, row)| all || row.own > 0).map(|(id, _)| *id).collect()
        };
        // In this order: broken off in between, all of it is done once more.
        self.replica.push_again(&before, &BTreeSet::new()).await?;
        let chain = self.notary.trust().map_or(&[][..], Trust::chain);
        let body = Body::Create(key::record(&self.notary.point(), chain));
        self.replica.save(env, &[NewWrite { entity: key::id(writer), body }], &[], &[]).await?;
        Ok(true)
    }

    /// Signs what this device wrote and nobody has signed yet, once its key is known to those who will read it. Whether
    /// all of that is signed now: what is not would be taken by nobody.
    ///
    /// # Errors
    /// [`ReplicaError`] when the log cannot be read.
    pub async fn sign(&self, ops: &mut [WireOp]) -> Result<bool, ReplicaError> {
        let (dev, point) = (self.replica.meta().writer.dev, self.notary.point());
        let ours = self.own_keys(dev).await?;
        let mut signers: BTreeMap<Writer, DeviceId> = BTreeMap::new();
        let mut wanted = 0;
        let mut jobs: Vec<lanes::Job<'_, Option<String>>> = Vec::with_capacity(ops.len());
        for wire in ops.iter() {
            let op = if wire.g.is_none() { Op::from_wire(wire.clone()).ok() } else { None };
            let Some(op) = op else {
                jobs.push(Box::pin(std::future::ready(None)));
                continue;
            };
            let writer = op.dot().writer;
            let own = self.signer(&mut signers, writer).await == dev;
            // One whose key is another's would be taken by nobody. A new life signs before its own key is known: what it
            // sent bare nobody would take afterwards, and a server takes it by any key of the device.
            let other = ours.iter().any(|k| k.writer == writer && k.point != point);
            let known = !other && ours.iter().any(|k| k.point == point);
            if own && known {
                wanted += 1;
                jobs.push(Box::pin(async move { self.signature(op.hash()).await }));
            } else {
                jobs.push(Box::pin(std::future::ready(None)));
            }
        }
        let made = lanes::all(jobs).await;
        let signed = made.iter().flatten().count();
        for (wire, g) in ops.iter_mut().zip(made) {
            wire.g = wire.g.take().or(g);
        }
        Ok(signed == wanted)
    }

    /// Whether some of these, as they were sent, would be signed now: another tab has made the key known meanwhile, and
    /// whoever knows it takes nothing else. They must go once more.
    async fn signs_more(&self, mut sent: Vec<WireOp>) -> bool {
        let bare = |ops: &[WireOp]| ops.iter().filter(|op| op.g.is_none()).count();
        let before = bare(&sent);
        before > 0
            && self.replica.refresh().await.is_ok()
            && self.sign(&mut sent).await.is_ok()
            && bare(&sent) < before
    }

    async fn signer(&self, asked: &mut BTreeMap<Writer, DeviceId>, writer: Writer) -> DeviceId {
        if let Some(signer) = asked.get(&writer) {
            return *signer;
        }
        let signer = self.notary.signer(writer).await;
        asked.insert(writer, signer);
        signer
    }

    /// As [`Self::keys_of`], for this device: another tab may have made a key known meanwhile.
    async fn own_keys(&self, dev: DeviceId) -> Result<Vec<Known>, ReplicaError> {
        self.memory.keys.borrow_mut().remove(&dev);
        self.keys_of(dev).await
    }

    async fn signature(&self, hash: &Hash) -> Option<String> {
        if let Some(made) = self.memory.made.borrow().get(hash) {
            return Some(made.clone());
        }
        let made = sign::encode(&self.notary.sign(&signed_bytes(hash)).await?);
        let mut all = self.memory.made.borrow_mut();
        if all.len() >= MADE {
            all.clear();
        }
        all.insert(*hash, made.clone());
        Some(made)
    }

    /// The keys of all lives of a device, as far as they count here.
    async fn keys_of(&self, dev: DeviceId) -> Result<Vec<Known>, ReplicaError> {
        let ids: Vec<EntityId> = self.replica.rows().range(key::ids_of(dev)).map(|(id, _)| *id).collect();
        let mut known = self.memory.keys.borrow().get(&dev).cloned().unwrap_or_default();
        let more = |id: &&EntityId| known.iter().all(|known| key::id(known.writer) != **id);
        // Another tab may have taken in the key of one more life.
        let more: Vec<EntityId> = ids.iter().filter(more).copied().collect();
        if more.is_empty() {
            return Ok(known);
        }
        let mut records = self.records(&more).await?;
        let point = self.notary.point();
        if dev == self.replica.meta().writer.dev {
            order_by_key(&mut records, |record| record.point != point);
        }
        for record in records {
            // The first that came is the key.
            if known.iter().all(|known| known.writer != record.writer) && self.counts(&record).await {
                known.push(record);
            }
        }
        if !known.is_empty() {
            self.memory.keys.borrow_mut().insert(dev, known.clone());
        }
        Ok(known)
    }

    /// What records with these ids in the log say, in the order in which it came.
    async fn records(&self, ids: &[EntityId]) -> Result<Vec<Known>, ReplicaError> {
        let streams = self.replica.streams(ids).await?;
        let ops = streams.iter().flat_map(|(_, ops)| ops);
        Ok(ops.filter_map(|op| Some(Known::of(op, key::announced(op)?))).collect())
    }

    /// Whether a record in the log makes a key known. Another key under our own name came in only so that the replica hears
    /// of another bearer; it was asked of nobody, and counts afterwards only if it would be taken now.
    async fn counts(&self, known: &Known) -> bool {
        let writer = self.replica.meta().writer;
        if known.writer.dev != writer.dev || known.point == self.notary.point() {
            return true;
        }
        let Some(trust) = self.notary.trust() else { return known.writer != writer };
        match trust.root() {
            Some(root) if known.writer != writer => self.led_to(root, known).await.is_some(),
            _ => false,
        }
    }

    /// The lives of this device whose key is known to be its own: by whoever vouches, or because it is the one in hand.
    fn own_lives(&self, keys: &[Known]) -> BTreeSet<Writer> {
        let (point, vouched) = (self.notary.point(), self.notary.trust().is_some());
        set_of(keys.iter().filter(|known| vouched || known.point == point).map(|known| known.writer))
    }

    /// Whether each of these may be taken. Keys that they make known count for all of them, whatever their order.
    ///
    /// # Errors
    /// [`ReplicaError`] when the log cannot be read.
    pub async fn judge(&self, ops: &[Op]) -> Result<Vec<bool>, ReplicaError> {
        let mut verdicts: Vec<Option<bool>> = vec![None; ops.len()];
        for (op, verdict) in ops.iter().zip(&mut verdicts) {
            if let Some(point) = key::announced(op) {
                *verdict = Some(self.meet(op, point).await?);
            }
        }
        let (me, authority) = {
            let meta = self.replica.meta();
            (meta.writer, meta.authority)
        };
        let (own, point) = (me.dev, self.notary.point());
        let ours = self.keys_of(own).await?;
        self.replica.believe(self.own_lives(&ours));
        let root = self.notary.trust().and_then(Trust::root);
        let mut stewards = None;
        let mut held = None;
        let mut signers: BTreeMap<Writer, DeviceId> = BTreeMap::new();
        let mut known: BTreeMap<DeviceId, Vec<Known>> = BTreeMap::from([(own, ours)]);
        let mut jobs: Vec<lanes::Job<'_, bool>> = Vec::with_capacity(ops.len());
        for (op, verdict) in ops.iter().zip(&verdicts) {
            if let Some(verdict) = *verdict {
                jobs.push(Box::pin(std::future::ready(verdict)));
                continue;
            }
            let writer = op.dot().writer;
            let signer = self.signer(&mut signers, writer).await;
            if let std::collections::btree_map::Entry::Vacant(place) = known.entry(signer) {
                place.insert(self.keys_of(signer).await?);
            }
            let all = &known[&signer];
            let mut keys = all.clone();
            if signer == writer.dev {
                keys.retain(|known| known.writer == writer);
            }
            let mut free = keys.is_empty() && root.is_none();
            if keys.is_empty() && root.is_some() && signer == writer.dev {
                if signer == own {
                    // What this device wrote before it had a key it has itself: anybody could have written the rest.
                    if held.is_none() {
                        held = Some(self.held(ops.iter().filter(|op| op.dot().writer.dev == own)).await?);
                    }
                    free = held.as_ref().is_some_and(|held| held.contains(op.hash()));
                }
                // It may have taken yet another name before it made the key of this one known: a life without a key has
                // those of the others, which were vouched for.
                let meant = |known: &&Known| writer != me || known.point == point;
                keys = all.iter().filter(meant).cloned().collect();
            }
            if let (Some(root), true, true) = (root, keys.is_empty(), authority == Some(writer.dev)) {
                // Who held the office when this was answered has not been read yet: one of those who may let people in.
                if stewards.is_none() {
                    stewards = Some(self.stewards(root).await?);
                }
                let points = stewards.clone().unwrap_or_default();
                jobs.push(Box::pin(async move { self.verified(op, &points).await }));
                continue;
            }
            // One device is one account's: nobody writes in another's name with a good key of their own.
            keys.retain(|known| signer != writer.dev || known.user == op.header().user);
            let points: Vec<Point> = keys.into_iter().map(|known| known.point).collect();
            jobs.push(Box::pin(async move { free || self.verified(op, &points).await }));
        }
        Ok(lanes::all(jobs).await)
    }

    /// A writer says which key is its own. Nobody else can: the key itself signed that.
    async fn meet(&self, op: &Op, point: Point) -> Result<bool, ReplicaError> {
        let writer = op.dot().writer;
        let mut keys = self.keys_of(writer.dev).await?;
        let held: Vec<Point> = keys.iter().filter(|k| k.writer == writer).map(|k| k.point).collect();
        // Another key under our own name is another bearer of it. The replica must hear of that, to take a new one; the
        // key counts for nothing ([`Self::counts`]): nobody was asked whose it is.
        let ours = writer == self.replica.meta().writer;
        let points = if held.is_empty() || ours { vec![point] } else { held.clone() };
        let mut good = self.verified(op, &points).await;
        if good && held.is_empty() && !ours {
            good = self.vouched(op, point, &keys).await;
        }
        if good && held.is_empty() && (!ours || point == self.notary.point()) {
            keys.push(Known::of(op, point));
            self.memory.keys.borrow_mut().insert(writer.dev, keys);
        }
        Ok(good)
    }

    /// Whether somebody believed says that this key is its author's, if anybody is asked for that: by vouchers, or by an
    /// earlier life of the device with the same key.
    async fn vouched(&self, op: &Op, point: Point, keys: &[Known]) -> bool {
        let Some(trust) = self.notary.trust() else { return true };
        let user = &op.header().user;
        if keys.iter().any(|known| known.point == point && known.user == *user) {
            return true;
        }
        let Some(root) = trust.root() else { return false };
        self.led_to(root, &Known::of(op, point)).await.is_some()
    }

    /// Whether vouchers lead to this key, and then whether its bearer may vouch for other people.
    async fn led_to(&self, root: Point, known: &Known) -> Option<bool> {
        let Known { writer, user, point, chain } = known;
        let way = voucher::way(&root, chain, writer.dev, user, point)?;
        for step in way.steps {
            if !self.notary.verify(&step.by, &step.bytes, &step.signature).await {
                return None;
            }
        }
        Some(way.invites)
    }

    /// The keys of those who may let people in, as far as they are known here.
    async fn stewards(&self, root: Point) -> Result<Vec<Point>, ReplicaError> {
        let all = key::id(Writer { dev: DeviceId([0; 8]), epoch: 0 })..=key::id(Writer {
            dev: DeviceId([255; 8]),
            epoch: u32::MAX,
        });
        let devs: BTreeSet<DeviceId> = {
            let rows = self.replica.rows();
            set_of(rows.range(all).filter_map(|(id, _)| key::dev_of(*id)))
        };
        for dev in devs {
            self.keys_of(dev).await?;
        }
        let known: Vec<Known> = self.memory.keys.borrow().values().flatten().cloned().collect();
        let mut points = vec![root];
        for known in &known {
            // A later life may carry any vouchers: its key was believed for the earlier one.
            if self.led_to(root, known).await == Some(true) {
                points.push(known.point);
            }
        }
        Ok(points)
    }

    async fn verified(&self, op: &Op, keys: &[Point]) -> bool {
        let Some(signature) = op.signature() else { return false };
        let bytes = signed_bytes(op.hash());
        for key in keys {
            if self.notary.verify(key, &bytes, &signature).await {
                return true;
            }
        }
        false
    }

    /// Which of these lie in the log already.
    async fn held(&self, ops: impl Iterator<Item = &Op>) -> Result<BTreeSet<Hash>, ReplicaError> {
        let ids: BTreeSet<EntityId> = set_of(ops.map(Op::entity));
        let ids: Vec<EntityId> = ids.into_iter().collect();
        let streams = self.replica.streams(&ids).await?;
        Ok(streams.iter().flat_map(|(_, ops)| ops).map(|op| *op.hash()).collect())
    }

    /// Takes out of a page what may not be taken, and puts it aside; at the feed's end adds what was put aside
    /// earlier and may be taken now.
    async fn check(&self, mut page: PullReply) -> Result<PullReply, ReplicaError> {
        let mut ops = Vec::new();
        let mut places = Vec::new();
        for (at, entry) in page.entries.iter().enumerate() {
            if let Entry::Op { op, .. } = entry
                && let Ok(op) = Op::from_wire(op.clone())
            {
                ops.push(op);
                places.push(at);
            }
        }
        let verdicts = self.judge(&ops).await?;
        let bad: BTreeSet<usize> =
            places.iter().zip(&verdicts).filter(|(_, good)| !**good).map(|(at, _)| *at).collect();
        let mut aside = load(self.replica.store()).await?;
        if bad.is_empty() && aside.is_empty() {
            return Ok(page);
        }
        let before = aside.clone();
        let mut at = 0;
        page.entries.retain(|entry| {
            let good = !bad.contains(&at);
            at += 1;
            if let (false, Entry::Op { op, at }) = (good, entry) {
                aside.push(Aside { op: op.clone(), at: *at, free: false });
            }
            good
        });
        let read = |aside: &Aside| Op::from_wire(aside.op.clone()).ok();
        let mut held = self.held(aside.iter().filter_map(read).collect::<Vec<_>>().iter()).await?;
        held.extend(ops.iter().zip(&verdicts).filter(|(_, good)| **good).map(|(op, _)| *op.hash()));
        let mut seen = BTreeSet::new();
        // What a signed copy brings, or was here before its author had a key, is not missing.
        aside.retain(|one| {
            read(one)
                .is_some_and(|op| !held.contains(op.hash()) && seen.insert((*op.hash(), one.op.g.clone())))
        });
        aside.truncate(MOST);
        if !page.more {
            let ops: Vec<Op> = aside.iter().filter_map(read).collect();
            for (one, good) in aside.iter_mut().zip(self.judge(&ops).await?) {
                one.free = good;
                if good {
                    page.entries.push(Entry::Op { op: one.op.clone(), at: one.at });
                }
            }
        }
        if aside != before {
            store(self.replica.store(), &aside).await?;
        }
        Ok(page)
    }
}

/// A connection that signs what it sends for this device, and passes on only what may be taken. `authors` is `None`
/// for a backend that judges by itself: then it changes nothing.
pub struct Checked<'a, H, S: Store, P: Project, N> {
    /// To the backend.
    pub to: &'a H,
    /// Whose operations are taken.
    pub authors: Option<Authors<'a, S, P, N>>,
}

impl<H: Http, S: Store, P: Project, N: Notary> Http for Checked<'_, H, S, P, N> {
    async fn send(&self, request: &Request, blob: Option<Vec<u8>>) -> Response {
        match (request, &self.authors) {
            (Request::Push(push), Some(authors)) => {
                let mut push: PushRequest = push.clone();
                match authors.sign(&mut push.ops).await {
                    Ok(true) => {
                        let answer = self.to.send(&Request::Push(push.clone()), blob).await;
                        if authors.signs_more(push.ops).await { Response::Lost } else { answer }
                    }
                    // It could not be signed just now: as if nobody had answered.
                    Ok(false) | Err(_) => Response::Lost,
                }
            }
            (Request::Pull { .. }, Some(authors)) => match self.to.send(request, blob).await {
                Response::Pull(page) => authors.check(page).await.map_or(Response::Lost, Response::Pull),
                other => other,
            },
            _ => self.to.send(request, blob).await,
        }
    }
}
