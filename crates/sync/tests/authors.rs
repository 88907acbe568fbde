//! Who wrote what lies on a share: devices sign, readers take nothing else under a name whose key they know.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "authors/vouchers.rs"]
mod vouchers;

#[path = "authors/lives.rs"]
mod lives;

#[path = "authors/strangers.rs"]
mod strangers;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use gridbook_domain::township::Township;
use gridbook_log::body::{Receipt, Set, kind};
use gridbook_log::key::{self, Point};
use gridbook_log::voucher::Trust;
use gridbook_log::{
    Body, Create, Ctx, DeviceId, Dot, Entity, EntityId, Hlc, NewOp, Op, Placement, Signature, WireOp, Writer,
    sign, signed_bytes,
};
use gridbook_sync::authors::{Authors, Checked, MOST, Memory, Notary, kept_aside};
use gridbook_sync::driver::{Driver, Http};
use gridbook_sync::engine::{Input, Request, Response};
use gridbook_sync::env::Env;
use gridbook_sync::memory::{Fault, MemoryStore};
use gridbook_sync::replica::{NewWrite, Project, Replica};
use gridbook_sync::share::{Setup, Share, ShareKind};
use gridbook_sync::sim::share::{DirectWire, Quirks};
use gridbook_sync::store::{Batch, Store, Table, scan_all};
use gridbook_sync::wire::PushRequest;
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::ecdsa::{SigningKey, VerifyingKey};
use proptest::prelude::*;
use serde_json::json;

const KINDS: [ShareKind; 2] = [ShareKind::WebDav, ShareKind::CouchDb];
const AUTHORITY: DeviceId = DeviceId([0xee; 8]);

/// Everything here is ready at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).as_mut().poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => unreachable!("nothing here waits"),
    }
}

#[derive(Clone)]
struct TestEnv(Rc<Cell<u64>>);

impl Env for TestEnv {
    fn now_ms(&self) -> u64 {
        self.0.set(self.0.get() + 1);
        1_779_062_400_000 + self.0.get()
    }

    fn random(&self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0.set(self.0.get() + 1);
            *byte = (self.0.get().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as u8;
        }
    }
}

struct Count;

impl Project for Count {
    type Summary = usize;

    fn summary(&self, entity: &Entity) -> usize {
        entity.have().len()
    }
}

type Rep = Replica<Rc<MemoryStore>, Count>;

/// A device's key, and its way to know whose key the authority's answers bear.
struct Hand {
    key: SigningKey,
    /// The browser refuses to sign and to check.
    refuses: Cell<bool>,
    replica: Rc<Rep>,
    trust: Option<Trust>,
}

fn point_of(key: &SigningKey) -> Point {
    key.verifying_key().to_sec1_point(false).as_bytes().try_into().unwrap()
}

fn made(key: &SigningKey, bytes: &[u8]) -> Signature {
    let signature: p256::ecdsa::Signature = key.sign(bytes);
    signature.to_bytes().into()
}

impl Notary for Hand {
    fn point(&self) -> Point {
        point_of(&self.key)
    }

    async fn signer(&self, writer: Writer) -> DeviceId {
        if writer.dev != AUTHORITY {
            return writer.dev;
        }
        let streams = self.replica.streams(&[Township::id(AUTHORITY)]).await.unwrap();
        let ops = streams.into_iter().next().map(|(_, ops)| ops).unwrap_or_default();
        Township::holder_in(&ops, writer.epoch).unwrap_or(writer.dev)
    }

    async fn sign(&self, bytes: &[u8]) -> Option<Signature> {
        (!self.refuses.get()).then(|| made(&self.key, bytes))
    }

    fn trust(&self) -> Option<&Trust> {
        self.trust.as_ref()
    }

    async fn verify(&self, key: &Point, bytes: &[u8], signature: &Signature) -> bool {
        let Ok(key) = VerifyingKey::from_sec1_bytes(key) else { return false };
        !self.refuses.get()
            && p256::ecdsa::Signature::from_slice(signature).is_ok_and(|s| key.verify(bytes, &s).is_ok())
    }
}

struct Device {
    env: TestEnv,
    store: Rc<MemoryStore>,
    replica: Rc<Rep>,
    driver: Driver,
    share: Share<DirectWire, TestEnv>,
    /// `None`: an app of before signatures.
    hand: Option<Hand>,
    memory: Memory,
}

struct World {
    wire: DirectWire,
    kind: ShareKind,
    time: Rc<Cell<u64>>,
}

impl World {
    fn new(kind: ShareKind) -> Self {
        Self { wire: DirectWire::new(kind, Quirks::default()), kind, time: Rc::default() }
    }

    fn device(&self, user: &str, key: Option<u8>) -> Device {
        self.open(user, key, Rc::default())
    }

    fn open(&self, user: &str, key: Option<u8>, store: Rc<MemoryStore>) -> Device {
        let env = TestEnv(self.time.clone());
        let replica = Rc::new(now(Replica::open(store.clone(), Count, &env, user)).unwrap());
        let setup = Setup { kind: self.kind, slot: 0, tenant: "t1".to_owned(), authority: Some(AUTHORITY) };
        let share = Share::new(self.wire.clone(), env.clone(), setup);
        let hand = key.map(|seed| Hand {
            key: SigningKey::from_slice(&[seed; 32]).unwrap(),
            refuses: Cell::new(false),
            replica: replica.clone(),
            trust: None,
        });
        let driver = Driver::new(&replica);
        Device { env, store, replica, driver, share, hand, memory: Memory::default() }
    }

    /// Puts operations on the share as somebody who may write there, but is none of us.
    fn plant(&self, ops: &[WireOp]) {
        let env = TestEnv(self.time.clone());
        let setup = Setup { kind: self.kind, slot: 7, tenant: "t1".to_owned(), authority: None };
        let share = Share::new(self.wire.clone(), env, setup);
        let writer = Writer { dev: DeviceId([0x66; 8]), epoch: 1 };
        let push = PushRequest { writer, nonce: "n".to_owned(), now: 0, ops: ops.to_vec() };
        let answer = now(share.send(&Request::Push(push), None));
        assert!(matches!(answer, Response::Push(_)), "{answer:?}");
    }

    fn ops(&self) -> Vec<Op> {
        self.wire.share.borrow().ops().into_iter().map(|op| Op::from_wire(op).unwrap()).collect()
    }
}

impl Device {
    /// A round that must end with nothing waiting.
    fn sync(&self) {
        self.round();
        assert_eq!(self.replica.unsent().waiting, 0);
    }

    fn round(&self) {
        let authors = self.hand.as_ref().map(|hand| Authors::new(&*self.replica, hand, &self.memory));
        let http = Checked { to: &self.share, authors };
        if let Some(authors) = &http.authors {
            now(authors.announce(&self.env, false)).unwrap();
        }
        loop {
            now(self.driver.run(&self.replica, &http, &self.env, Input::Wake, |_| ())).unwrap();
            self.driver.with_engine(|engine| assert_eq!(engine.trouble(), None));
            let Some(authors) = &http.authors else { return };
            if !now(authors.announce(&self.env, true)).unwrap() {
                return;
            }
        }
    }

    fn write(&self, words: &str) -> EntityId {
        let id = EntityId::new(self.env.now_ms(), self.env.random_array());
        let set = [("note".to_owned(), json!(words))].into();
        let place = Placement { all: Some(true), ..Placement::default() };
        let body = Body::Create(Create { type_: "visit".to_owned(), place, set, ..Create::default() });
        now(self.replica.save(&self.env, &[NewWrite { entity: id, body }], &[], &[])).unwrap();
        id
    }

    fn note(&self, id: EntityId) -> Option<String> {
        now(self.replica.entity(id)).unwrap()?.text("note").map(str::to_owned)
    }

    fn aside(&self) -> BTreeMap<String, usize> {
        now(kept_aside(&*self.store)).unwrap()
    }

    fn writer(&self) -> Writer {
        self.replica.meta().writer
    }
}

fn forge(writer: Writer, user: &str, entity: EntityId, n: u32, words: &str) -> Op {
    let mut ctx = Ctx::default();
    if n > 1 {
        ctx.add(Dot { writer, n: n - 1 });
    }
    let hlc = Hlc { ms: 1_779_062_900_000, count: 0 };
    let (kind, body) = if n == 1 {
        (kind::CREATE, json!({"type": "visit", "place": {"all": true}, "set": {"note": words}}))
    } else {
        (kind::SET, json!({"set": {"note": words}}))
    };
    let new = NewOp { entity, dot: Dot { writer, n }, hlc, kind, user, ctx };
    Op::new(new, [7; 16], body.to_string()).unwrap()
}

fn signed_by(seed: u8, op: &Op) -> WireOp {
    let key = SigningKey::from_slice(&[seed; 32]).unwrap();
    op.clone().signed(&made(&key, &signed_bytes(op.hash()))).to_wire()
}

fn copy_of(store: &MemoryStore) -> Rc<MemoryStore> {
    let copy = Rc::new(MemoryStore::default());
    let mut batch = Batch::default();
    for table in Table::ALL {
        for (name, bytes) in now(scan_all(store, table)).unwrap() {
            batch.put(table, name, bytes);
        }
    }
    now(copy.commit(batch)).unwrap();
    copy
}

fn one(user: &str, n: usize) -> BTreeMap<String, usize> {
    BTreeMap::from([(user.to_owned(), n)])
}

#[test]
fn what_a_device_writes_is_signed_and_taken() {
    for kind in KINDS {
        let world = World::new(kind);
        let (ann, bea) = (world.device("ann", Some(1)), world.device("bea", Some(2)));
        let crack = ann.write("裂缝");
        ann.sync();
        let ditch = bea.write("水沟");
        bea.sync();
        ann.sync();
        assert_eq!((bea.note(crack).as_deref(), ann.note(ditch).as_deref()), (Some("裂缝"), Some("水沟")));
        assert!(world.ops().iter().all(|op| op.signature().is_some()));
        assert_eq!((ann.aside(), bea.aside()), (BTreeMap::new(), BTreeMap::new()));
        // What others wrote is handed on with their signatures.
        let held = now(bea.replica.all_ops()).unwrap();
        let anns = held.iter().filter(|op| op.h.contains(" ann ")).collect::<Vec<_>>();
        assert!(anns.len() == 2 && anns.iter().all(|op| op.g.is_some()), "{anns:?}");
    }
}

#[test]
fn what_cannot_be_signed_waits() {
    for kind in KINDS {
        let world = World::new(kind);
        let ann = world.device("ann", Some(1));
        ann.sync();
        ann.write("裂缝");
        let before = world.ops().len();
        let hand = ann.hand.as_ref().unwrap();
        hand.refuses.set(true);
        let http = Checked { to: &ann.share, authors: Some(Authors::new(&*ann.replica, hand, &ann.memory)) };
        now(ann.driver.run(&ann.replica, &http, &ann.env, Input::Wake, |_| ())).unwrap();
        assert_eq!((world.ops().len(), ann.replica.unsent().waiting), (before, 1));
        hand.refuses.set(false);
        ann.sync();
        assert_eq!(world.ops().len(), before + 1);
        assert!(world.ops().iter().all(|op| op.signature().is_some()));
    }
}

#[test]
fn what_was_put_aside_comes_in_when_it_is_found_good() {
    for kind in KINDS {
        let world = World::new(kind);
        let (ann, bea) = (world.device("ann", Some(1)), world.device("bea", Some(2)));
        ann.sync();
        bea.sync();
        let crack = ann.write("裂缝");
        ann.sync();
        bea.hand.as_ref().unwrap().refuses.set(true);
        bea.sync();
        assert_eq!((bea.note(crack), bea.aside()), (None, one("ann", 1)));
        bea.hand.as_ref().unwrap().refuses.set(false);
        // Nothing new is on the share, and the tab was closed meanwhile.
        let bea = world.open("bea", Some(2), bea.store);
        bea.sync();
        assert_eq!((bea.note(crack).as_deref(), bea.aside()), (Some("裂缝"), BTreeMap::new()));
        bea.sync();
        assert_eq!(now(bea.store.get(Table::App, "aside")).unwrap(), None, "nothing of it is kept");
    }
}

#[test]
fn a_key_whose_making_broke_off_is_made_once_more() {
    let world = World::new(ShareKind::WebDav);
    let old = world.device("ann", None);
    let crack = old.write("裂缝");
    old.sync();
    let ann = world.open("ann", Some(1), old.store.clone());
    let authors = Authors::new(&*ann.replica, ann.hand.as_ref().unwrap(), &ann.memory);
    // The tab dies behind the first thing that is written.
    ann.store.fail_next(Fault::After);
    assert!(now(authors.announce(&ann.env, true)).is_err());
    let ann = world.open("ann", Some(1), old.store);
    ann.sync();
    let signed = world.ops().into_iter().filter(|op| op.entity() == crack && op.signature().is_some());
    assert_eq!(signed.count(), 1);
}

/// All that somebody with the share's password may try under another's name.
fn forgeries(ann: &Device, entity: EntityId) -> Vec<(&'static str, WireOp)> {
    let writer = ann.writer();
    let op = |n| forge(writer, "ann", entity, n, "假的");
    let fresh = EntityId([9; 16]);
    let mut cut = signed_by(1, &op(2));
    cut.g = cut.g.map(|g| g[..80].to_owned());
    let mut other = signed_by(1, &forge(writer, "ann", fresh, 1, "真的"));
    other.h = op(2).line().to_owned();
    let new_key = {
        let body = Body::Create(key::record(&point_of(&SigningKey::from_slice(&[66; 32]).unwrap()), &[]));
        let (kind, text) = body.to_text();
        let dot = Dot { writer, n: 2 };
        let hlc = Hlc { ms: 1_779_062_900_000, count: 0 };
        let mut ctx = Ctx::default();
        ctx.add(Dot { writer, n: 1 });
        let new = NewOp { entity: key::id(writer), dot, hlc, kind, user: "ann", ctx };
        Op::new(new, [7; 16], text).unwrap()
    };
    vec![
        ("unsigned", op(2).to_wire()),
        ("another's key", signed_by(66, &op(2))),
        ("cut off", cut),
        ("a signature of something else", other),
        ("a new record", signed_by(66, &forge(writer, "ann", fresh, 1, "假的"))),
        ("another key for the name", signed_by(66, &new_key)),
        // Her own phone, another's name.
        ("swapped author", signed_by(1, &forge(writer, "bea", fresh, 1, "不是我"))),
    ]
}

#[test]
fn nobody_writes_under_a_name_whose_key_is_known() {
    for kind in KINDS {
        for at in 0..7 {
            let world = World::new(kind);
            let (ann, bea) = (world.device("ann", Some(1)), world.device("bea", Some(2)));
            let crack = ann.write("裂缝");
            ann.sync();
            bea.sync();
            let (what, forged) = forgeries(&ann, crack).swap_remove(at);
            // In one segment with something that is good.
            let stranger = Writer { dev: DeviceId([0x67; 8]), epoch: 1 };
            let good = EntityId([5; 16]);
            world.plant(&[forged, forge(stranger, "old", good, 1, "旧手机").to_wire()]);
            let before = now(bea.replica.all_ops()).unwrap().len();
            bea.sync();
            ann.round();
            assert_eq!(bea.note(crack).as_deref(), Some("裂缝"), "{what}");
            assert_eq!(bea.note(good).as_deref(), Some("旧手机"), "{what}: it stopped another's record");
            assert_eq!(now(bea.replica.all_ops()).unwrap().len(), before + 1, "{what}");
            let name = if what == "swapped author" { "bea" } else { "ann" };
            assert_eq!(bea.aside(), one(name, 1), "{what}");
            if what == "another key for the name" {
                // It might be a copy of her phone: she takes a new name, and hears nothing of the old one's.
                assert!(ann.writer().epoch > 1);
                let fresh = EntityId([8; 16]);
                let old = Writer { epoch: 1, ..ann.writer() };
                world.plant(&[signed_by(66, &forge(old, "ann", fresh, 1, "假的"))]);
                ann.round();
                assert_eq!((ann.note(fresh), ann.aside()), (None, one("ann", 1)));
            } else {
                assert_eq!(ann.aside(), one(name, 1), "{what}");
                assert_eq!(ann.writer().epoch, 1, "{what}: she was made to take a new name");
            }
            // She goes on, and is heard.
            let more = ann.write("又一处");
            ann.sync();
            bea.sync();
            assert_eq!(bea.note(more).as_deref(), Some("又一处"), "{what}");
            // A newcomer takes the same, whatever comes first on the share.
            let cai = world.device("cai", Some(3));
            cai.sync();
            assert_eq!(cai.note(more).as_deref(), Some("又一处"), "{what}");
            if what == "another key for the name" {
                // Which of the two came first, a newcomer cannot know; but that one of them is not hers, it says.
                assert!(cai.aside()["ann"] > 0);
            } else {
                assert_eq!(cai.note(crack).as_deref(), Some("裂缝"), "{what}");
            }
        }
    }
}

#[test]
fn a_key_counts_from_when_it_comes_and_for_the_whole_page() {
    for kind in KINDS {
        let world = World::new(kind);
        let bea = world.device("bea", Some(2));
        bea.sync();
        let writer = Writer { dev: DeviceId([0xa1; 8]), epoch: 1 };
        let (first, second, third) = (EntityId([1; 16]), EntityId([2; 16]), EntityId([3; 16]));
        // Nothing is known of the writer: taken as it comes, signed or not.
        world.plant(&[
            forge(writer, "ann", first, 1, "没有签名").to_wire(),
            signed_by(1, &forge(writer, "ann", second, 1, "钥匙还没到")),
        ]);
        bea.sync();
        assert_eq!(bea.note(first).as_deref(), Some("没有签名"));
        assert_eq!(bea.note(second).as_deref(), Some("钥匙还没到"));
        // The key comes behind what it does not fit, in the same page.
        let (kind, text) =
            Body::Create(key::record(&point_of(&SigningKey::from_slice(&[1; 32]).unwrap()), &[])).to_text();
        let dot = Dot { writer, n: 1 };
        let hlc = Hlc { ms: 1_779_062_900_000, count: 0 };
        let new = NewOp { entity: key::id(writer), dot, hlc, kind, user: "ann", ctx: Ctx::default() };
        let record = Op::new(new, [7; 16], text).unwrap();
        let late = forge(writer, "ann", third, 1, "晚到");
        world.plant(&[late.to_wire(), record.to_wire(), signed_by(1, &record)]);
        bea.sync();
        assert_eq!(bea.note(third), None);
        assert_eq!(bea.aside(), one("ann", 1), "the bare record of the key came signed, too");
        // Its author sends it once more, signed; then nothing is missing.
        world.plant(&[signed_by(1, &late)]);
        bea.sync();
        assert_eq!(bea.note(third).as_deref(), Some("晚到"));
        assert_eq!(bea.aside(), BTreeMap::new());
    }
}

#[test]
fn the_authoritys_answers_bear_the_holders_signature() {
    for kind in KINDS {
        let world = World::new(kind);
        let (desk, bea) = (world.device("ivy", Some(1)), world.device("bea", Some(2)));
        let term = 1 << 31 | 5;
        let town = Township { holder: Some(desk.writer().dev), term, ..Township::default() };
        let write = NewWrite { entity: Township::id(AUTHORITY), body: Body::Create(town.create()) };
        now(desk.replica.save(&desk.env, &[write], &[], &[])).unwrap();
        let crack = bea.write("裂缝");
        bea.sync();
        desk.sync();
        bea.sync();
        let bear = |epoch, n: u64| {
            let writer = Writer { dev: AUTHORITY, epoch };
            let dot = Dot { writer: bea.writer(), n: 1 };
            let (kind, text) = Body::Receipt(Receipt { ops: vec![dot], at: n, drift: 0 }).to_text();
            let mut ctx = Ctx::default();
            ctx.add(dot);
            let hlc = Hlc { ms: 1_779_062_900_000, count: 0 };
            let new = NewOp { entity: crack, dot: Dot { writer, n: 1 }, hlc, kind, user: "gridbook", ctx };
            Op::new(new, [7; 16], text).unwrap()
        };
        let at = |device: &Device| {
            let entity = now(device.replica.entity(crack)).unwrap().unwrap();
            entity.received(Dot { writer: bea.writer(), n: 1 }).map(|received| received.at)
        };
        // Somebody else, even a colleague with a good key.
        world.plant(&[signed_by(2, &bear(term, 1)), bear(term, 2).to_wire()]);
        bea.sync();
        assert_eq!((at(&bea), bea.aside()), (None, one("gridbook", 2)));
        // The desk signs what it says as the authority.
        let mut ops = vec![bear(term, 3).to_wire()];
        let hand = desk.hand.as_ref().unwrap();
        now(Authors::new(&*desk.replica, hand, &desk.memory).sign(&mut ops)).unwrap();
        world.plant(&ops);
        bea.sync();
        assert_eq!(at(&bea), Some(3));
        // A server of before signed nothing.
        world.plant(&[bear(1, 4).to_wire()]);
        bea.sync();
        let ids: Vec<Writer> = {
            let entity = now(bea.replica.entity(crack)).unwrap().unwrap();
            entity.frontier().iter().map(|(writer, _)| writer).collect()
        };
        assert!(ids.contains(&Writer { dev: AUTHORITY, epoch: 1 }), "{ids:?}");
    }
}

#[test]
fn what_is_kept_aside_outlives_the_tab_and_is_bounded() {
    let world = World::new(ShareKind::CouchDb);
    let (ann, bea) = (world.device("ann", Some(1)), world.device("bea", Some(2)));
    ann.sync();
    bea.sync();
    let flood = |from: u8| -> Vec<WireOp> {
        let id = |n: u16| EntityId([[from; 8], [n.to_be_bytes()[0]; 8]].concat().try_into().unwrap());
        let op = |n: u16| {
            let mut id = id(n);
            id.0[15] = n.to_be_bytes()[1];
            forge(ann.writer(), "ann", id, 1, "假的").to_wire()
        };
        (0..400).map(op).collect()
    };
    world.plant(&flood(1));
    bea.sync();
    assert_eq!(bea.aside(), one("ann", 400));
    world.plant(&flood(2));
    let bea = world.open("bea", Some(2), bea.store);
    bea.sync();
    assert_eq!(bea.aside(), one("ann", MOST));
    assert_eq!(bea.replica.rows().len(), 2, "only the two keys");
}

#[test]
fn other_operations_in_a_keys_record_are_no_keys() {
    let world = World::new(ShareKind::WebDav);
    let (ann, bea) = (world.device("ann", Some(1)), world.device("bea", Some(2)));
    ann.sync();
    bea.sync();
    // A colleague writes another key into her record, with a good signature of his own.
    let (place, twisted) = (key::id(ann.writer()), point_of(&SigningKey::from_slice(&[66; 32]).unwrap()));
    let set = key::record(&twisted, &[]).set;
    let body = Body::Set(Set { set, ..Set::default() });
    now(bea.replica.save(&bea.env, &[NewWrite { entity: place, body }], &[], &[])).unwrap();
    bea.sync();
    let cai = world.device("cai", Some(3));
    cai.sync();
    let crack = ann.write("裂缝");
    ann.sync();
    let fresh = EntityId([9; 16]);
    world.plant(&[signed_by(66, &forge(ann.writer(), "ann", fresh, 1, "假的"))]);
    cai.sync();
    assert_eq!((cai.note(crack).is_some(), cai.note(fresh)), (true, None));
}

proptest! {
    #[test]
    fn a_key_has_one_spelling(text in "[0-9a-fA-F ]{0,140}", type_ in "(device_key|visit)", cut in 0usize..140) {
        let writer = Writer { dev: DeviceId([1; 8]), epoch: 1 };
        let read = |text: &str, type_: &str, entity| {
            let body = json!({"type": type_, "place": {"all": true}, "set": {"key": text}}).to_string();
            let new = NewOp {
                entity,
                dot: Dot { writer, n: 1 },
                hlc: Hlc { ms: 1, count: 0 },
                kind: kind::CREATE,
                user: "ann",
                ctx: Ctx::default(),
            };
            key::announced(&Op::new(new, [7; 16], body).unwrap())
        };
        let place = key::id(writer);
        let good = text.len() == 130 && text.starts_with("04") && !text.contains([' ', 'A', 'B', 'C', 'D', 'E', 'F']);
        prop_assert_eq!(read(&text, &type_, place).is_some(), good && type_ == "device_key");
        let point = point_of(&SigningKey::from_slice(&[1; 32]).unwrap());
        let spelt = key::record(&point, &[]).set["key"].as_str().unwrap().to_owned();
        prop_assert_eq!(read(&spelt, key::TYPE, place), Some(point));
        prop_assert!(forge(writer, "ann", place, 1, &text).line().starts_with(key::LINE));
        prop_assert_eq!(read(&spelt, key::TYPE, EntityId([1; 16])), None);
        let cut = spelt.get(..cut.min(129)).unwrap();
        prop_assert_eq!(read(cut, key::TYPE, place), None);
        prop_assert_eq!(sign::decode(&spelt), None);
    }
}
