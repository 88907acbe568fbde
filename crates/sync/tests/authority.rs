//! A township without a server: two phones and a desk share a folder or a database, and the desk is the authority.
#![allow(clippy::unwrap_used, missing_docs)]

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use gridbook_domain::authority::{Book, KINDS};
use gridbook_domain::household::merge::{INTO, put_together};
use gridbook_domain::package::Package;
use gridbook_domain::role::{Actor, Assignment};
use gridbook_log::body::{Event, Number, Set, kind};
use gridbook_log::{BlobRef, Body, Create, DeviceId, Entity, EntityId, Op, Placement, Values, Writer};
use gridbook_sync::driver::{Driver, Http};
use gridbook_sync::engine::{Input, Request, Response};
use gridbook_sync::env::Env;
use gridbook_sync::memory::{Fault, FaultKind, MemoryStore};
use gridbook_sync::replica::{Clerk, NewWrite, OFFICE, Office, Project, Replica, ReplicaError};
use gridbook_sync::share::{Setup, Share, ShareKind};
use gridbook_sync::sim::share::{DirectWire, Quirks};
use gridbook_sync::store::{Batch, Store, Table, scan_all};
use gridbook_sync::wire::Caps;
use serde_json::{Value, json};

const KINDS_OF_SHARE: [ShareKind; 2] = [ShareKind::WebDav, ShareKind::CouchDb];
const AUTHORITY: DeviceId = DeviceId([0xAA; 8]);
const TOWN: &str = "510000100";
const GRID: &str = "51000010020100301";
/// 2026-05-18 08:00 in China.
const START: u64 = 1_779_062_400_000;
const DAY: u64 = 86_400_000;

/// Everything here is ready at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).as_mut().poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => unreachable!("nothing here waits"),
    }
}

/// One world's time, seen through a device's clock.
#[derive(Clone)]
struct TestEnv {
    time: Rc<Cell<u64>>,
    ahead: u64,
    seed: Rc<Cell<u64>>,
}

impl Env for TestEnv {
    fn now_ms(&self) -> u64 {
        self.time.set(self.time.get() + 1);
        self.time.get() + self.ahead
    }

    fn random(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let next = self
                .seed
                .get()
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            self.seed.set(next);
            *byte = (next >> 33) as u8;
        }
    }
}

/// Lists show what a record is.
struct Type;

impl Project for Type {
    type Summary = String;

    fn summary(&self, entity: &Entity) -> String {
        entity.type_().unwrap_or_default().to_owned()
    }
}

type Rep = Replica<Rc<MemoryStore>, Type>;

struct Device {
    env: TestEnv,
    store: Rc<MemoryStore>,
    replica: Rep,
    driver: Driver,
    share: Share<DirectWire, TestEnv>,
}

/// A share with the devices around it.
struct World {
    wire: DirectWire,
    kind: ShareKind,
    time: Rc<Cell<u64>>,
    seed: Rc<Cell<u64>>,
}

impl World {
    fn new(kind: ShareKind) -> Self {
        let wire = DirectWire::new(kind, Quirks::default());
        Self { wire, kind, time: Rc::new(Cell::new(START)), seed: Rc::new(Cell::new(7)) }
    }

    fn device(&self, user: &str, ahead: u64) -> Device {
        self.with_store(user, ahead, Rc::default())
    }

    /// Before anybody held the office.
    fn set_up_without_authority(&self) {
        let env = TestEnv { time: self.time.clone(), ahead: 0, seed: self.seed.clone() };
        let setup = Setup { kind: self.kind, slot: 0, tenant: TOWN.to_owned(), authority: None };
        let share = Share::new(self.wire.clone(), env, setup);
        let answer = now(share.send(&Request::Caps, None));
        assert!(matches!(answer, Response::Caps(Caps { authority: None, .. })), "{answer:?}");
    }

    fn with_store(&self, user: &str, ahead: u64, store: Rc<MemoryStore>) -> Device {
        let env = TestEnv { time: self.time.clone(), ahead, seed: self.seed.clone() };
        let replica = now(Replica::open(store.clone(), Type, &env, user)).unwrap();
        let setup = Setup { kind: self.kind, slot: 0, tenant: TOWN.to_owned(), authority: Some(AUTHORITY) };
        let share = Share::new(self.wire.clone(), env.clone(), setup);
        Device { driver: Driver::new(&replica), env, store, replica, share }
    }

    /// Every stream as a newcomer reads it.
    fn streams(&self) -> BTreeMap<EntityId, Vec<Op>> {
        let mut streams: BTreeMap<EntityId, Vec<Op>> = BTreeMap::new();
        for op in self.wire.share.borrow().ops() {
            let op = Op::from_wire(op).unwrap();
            let stream = streams.entry(op.entity()).or_default();
            if !stream.iter().any(|held| held.dot() == op.dot() && held.hash() == op.hash()) {
                stream.push(op);
            }
        }
        streams
    }

    fn numbers(&self) -> Vec<String> {
        let all = self.streams();
        let mut numbers: Vec<String> = all
            .iter()
            .filter_map(|(id, ops)| Entity::fold(*id, Some(AUTHORITY), ops).number().map(str::to_owned))
            .collect();
        numbers.sort();
        numbers
    }
}

fn person(user: &str, role: &str) -> Actor {
    let area = if role == "village_assistant" { GRID } else { TOWN };
    let held = Assignment { role: role.to_owned(), area: Some(area.to_owned()), ..Assignment::default() };
    Actor { user: user.to_owned(), assignments: vec![held] }
}

fn everybody() -> Vec<Actor> {
    vec![
        person("ann", "village_assistant"),
        person("bea", "village_assistant"),
        person("ivy", "intake_clerk"),
        person("kim", "intake_clerk"),
        person("lea", "grid_clerk"),
    ]
}

struct Desk<'a>(gridbook_domain::authority::Office<'a>);

impl Clerk<String> for Desk<'_> {
    fn first(&self, summary: &String) -> bool {
        summary == "staff"
    }

    fn heeds(&self, summary: &String) -> bool {
        summary == "household"
    }

    fn note(&mut self, id: EntityId, ops: &[Op]) {
        self.0.note(id, ops);
    }

    fn answer(&mut self, id: EntityId, ops: &[Op]) -> Vec<Body> {
        self.0.answer(id, ops)
    }

    fn book(&self) -> String {
        self.0.book().map(|book| serde_json::to_string(book).unwrap()).unwrap_or_default()
    }
}

impl Device {
    fn sync(&self) {
        let round = now(self.driver.run(&self.replica, &self.share, &self.env, Input::Wake, |_| ()));
        assert!(round.is_some());
        self.driver.with_engine(|engine| assert_eq!(engine.trouble(), None));
    }

    fn save(&self, entity: EntityId, body: Body) {
        now(self.replica.save(&self.env, &[NewWrite { entity, body }], &[], &[])).unwrap();
    }

    fn hazard(&self, desc: &str) -> EntityId {
        let id = EntityId::new(self.env.now_ms(), self.env.random_array());
        let body = json!({
            "type": "hazard", "form": "F-HAZARD/1", "state": "submitted", "place": {"area": GRID},
            "set": {"desc": desc, "level": "blue", "source": "visit_found", "address_text": "柳溪村3组"},
        });
        let mut create: Create = serde_json::from_value(body).unwrap();
        create.blobs = vec![BlobRef {
            sha256: "a".repeat(64),
            size: 1,
            mime: "image/jpeg".to_owned(),
            role: "photo_before".to_owned(),
            thumb: None,
        }];
        self.save(id, Body::Create(create));
        id
    }

    fn household(&self, head: &str) -> EntityId {
        let id = EntityId::new(self.env.now_ms(), self.env.random_array());
        let body = json!({
            "type": "household", "form": "F-HOUSEHOLD/1", "place": {"area": GRID},
            "set": {"address_text": "柳溪村3组", "head": head, "residence_type": "permanent", "status": "active"},
        });
        self.save(id, Body::Create(serde_json::from_value(body).unwrap()));
        id
    }

    fn set(&self, id: EntityId, values: Values) {
        self.save(id, Body::Set(Set { set: values, blobs: Vec::new() }));
    }

    fn register(&self, id: EntityId) {
        let data: Values =
            serde_json::from_value::<BTreeMap<String, Value>>(json!({"duplicate_checked": true})).unwrap();
        let set = serde_json::from_value::<BTreeMap<String, Value>>(
            json!({"category": "cut_slope", "subtype": "cut_slope.1", "level": "blue"}),
        );
        let table = Package::builtin().flow(gridbook_domain::record::RecordKind::Hazard).unwrap().version;
        let event = Event {
            event: "register".to_owned(),
            from: "submitted".to_owned(),
            to: "registered".to_owned(),
            table,
            data,
            set: set.unwrap(),
            ..Event::default()
        };
        self.save(id, Body::Event(event));
    }

    fn kept(&self) -> Office {
        let row = now(self.store.get(Table::App, OFFICE)).unwrap();
        row.map(|row| serde_json::from_slice(&row).unwrap()).unwrap_or_default()
    }

    /// Takes the office, with numbers that go on from `book`.
    fn take_office(&self, term: u32) {
        let book = serde_json::to_string(&Book::new("青禾")).unwrap();
        now(self.replica.open_office(&Office { term, upto: 0, book })).unwrap();
        self.at_office();
    }

    fn at_office(&self) {
        self.replica.set_office(Some(Writer { dev: AUTHORITY, epoch: self.kept().term }));
    }

    fn try_answer(&self) -> Result<usize, ReplicaError> {
        let kept = self.kept();
        let writer = Writer { dev: AUTHORITY, epoch: kept.term };
        let closed = now(self.replica.office_closed()).unwrap();
        let book = (!closed).then(|| serde_json::from_str(&kept.book).unwrap());
        let package = Package::builtin();
        let mut desk =
            Desk(gridbook_domain::authority::Office::new(package, writer, self.env.now_ms(), book, false));
        everybody().into_iter().for_each(|actor| desk.0.know(actor));
        now(self.replica.hold_office(&self.env, writer, "gridbook", &kept, &mut desk))
    }

    /// A round of the authority: fetch, answer, send.
    fn hold(&self) -> usize {
        self.sync();
        let given = self.try_answer().unwrap();
        self.sync();
        given
    }

    fn entity(&self, id: EntityId) -> Rc<Entity> {
        now(self.replica.entity(id)).unwrap().unwrap()
    }
}

fn copy(store: &MemoryStore) -> Rc<MemoryStore> {
    let twin = Rc::new(MemoryStore::default());
    let mut batch = Batch::default();
    for table in Table::ALL {
        for (key, bytes) in now(scan_all(store, table)).unwrap() {
            batch.put(table, key, bytes);
        }
    }
    now(twin.commit(batch)).unwrap();
    twin
}

#[test]
fn numbers_are_gapless_receipts_come_once_and_the_phones_hear_of_both() {
    for kind in KINDS_OF_SHARE {
        let world = World::new(kind);
        let (ann, bea, desk) = (world.device("ann", 0), world.device("bea", 0), world.device("ivy", 0));
        desk.take_office(1);
        let mut all = Vec::new();
        for n in 0..4 {
            all.push(ann.hazard(&format!("甲{n}")));
            all.push(bea.hazard(&format!("乙{n}")));
        }
        ann.sync();
        bea.sync();
        assert_eq!(desk.hold(), 8, "{kind:?}: one receipt a record");
        assert_eq!(desk.hold(), 0, "{kind:?}: nothing is answered twice");
        for id in &all {
            desk.register(*id);
        }
        assert_eq!(desk.hold(), 16, "{kind:?}: a number and a receipt each");
        assert_eq!(desk.hold(), 0);
        let wanted: Vec<String> = (1..=8).map(|n| format!("青禾〔2026〕隐字第{n:05}号")).collect();
        assert_eq!(world.numbers(), wanted, "{kind:?}");
        for (id, ops) in world.streams() {
            let of = |kind: &str| ops.iter().filter(|op| op.header().kind == kind).count();
            assert_eq!((of(kind::NUMBER), of(kind::RECEIPT), of(kind::REJECT)), (1, 2, 0), "{kind:?} {id}");
        }
        ann.sync();
        let seen = ann.entity(all[0]);
        assert_eq!(seen.state(), Some("registered"));
        assert!(seen.number().is_some());
        assert!(seen.received(seen.creation().unwrap().dot).is_some(), "the phone knows that it arrived");
    }
}

#[test]
fn a_refusal_reaches_its_author_and_counts_for_everyone() {
    let world = World::new(ShareKind::WebDav);
    let (ann, desk) = (world.device("ann", 0), world.device("ivy", 0));
    desk.take_office(1);
    let id = ann.hazard("自己登记自己");
    ann.register(id);
    ann.sync();
    desk.hold();
    ann.sync();
    let seen = ann.entity(id);
    assert_eq!(seen.rejected().values().collect::<Vec<_>>(), ["not_permitted"]);
    assert_eq!(seen.state(), Some("submitted"));
    assert_eq!(seen.number(), None);
}

#[test]
fn a_clock_far_ahead_is_told_in_the_receipt_and_holds_nobody_up() {
    let world = World::new(ShareKind::CouchDb);
    let (ann, desk) = (world.device("ann", 400 * DAY), world.device("ivy", 0));
    desk.take_office(1);
    let id = ann.hazard("手机时钟快了四百天");
    ann.sync();
    desk.hold();
    desk.register(id);
    desk.hold();
    let seen = desk.entity(id);
    let received = seen.received(seen.creation().unwrap().dot).unwrap();
    assert!(received.at < START + DAY);
    assert_eq!(
        u64::try_from(received.drift).unwrap() / DAY,
        399,
        "at least what it is ahead: a moment has passed"
    );
    assert_eq!(
        seen.state(),
        Some("registered"),
        "judged after what it builds on, though its time is before it"
    );
    assert_eq!(world.numbers(), ["青禾〔2026〕隐字第00001号"]);
}

#[test]
fn answers_of_others_are_ignored_and_never_answered() {
    let world = World::new(ShareKind::WebDav);
    let (ann, desk) = (world.device("ann", 0), world.device("ivy", 0));
    desk.take_office(1);
    let id = ann.hazard("自封的编号");
    ann.save(id, Body::Number(Number { number: "青禾〔2026〕隐字第00099号".to_owned(), paper: None }));
    ann.sync();
    desk.hold();
    assert!(world.numbers().is_empty());
    desk.register(id);
    desk.hold();
    assert_eq!(world.numbers(), ["青禾〔2026〕隐字第00001号"]);
    // A second desk that was never given the office has nothing to answer with.
    let other = world.device("ivy", 0);
    other.sync();
    let answers: usize = world
        .streams()
        .values()
        .flatten()
        .filter(|op| KINDS.contains(&op.header().kind.as_str()) && op.dot().writer.dev != AUTHORITY)
        .count();
    assert_eq!(answers, 1, "only the one that the phone made up");
}

#[test]
fn a_crash_between_judging_and_sending_gives_no_second_number() {
    for kind in KINDS_OF_SHARE {
        let world = World::new(kind);
        let (ann, desk) = (world.device("ann", 0), world.device("ivy", 0));
        desk.take_office(1);
        let ids = [ann.hazard("一"), ann.hazard("二")];
        ann.sync();
        desk.hold();
        desk.register(ids[0]);
        // The disk fails at the moment of the answer: nothing was given.
        desk.store.fail_next(Fault::Before(FaultKind::Quota));
        assert!(desk.try_answer().is_err());
        // It is written, and the program ends before it knows, and before anything is sent.
        desk.store.fail_next(Fault::After);
        assert!(desk.try_answer().is_err());
        assert!(world.numbers().is_empty());
        let desk = world.with_store("ivy", 0, desk.store.clone());
        desk.at_office();
        desk.register(ids[1]);
        desk.hold();
        assert_eq!(world.numbers(), ["青禾〔2026〕隐字第00001号", "青禾〔2026〕隐字第00002号"], "{kind:?}");
    }
}

#[test]
fn a_store_put_back_stops_the_numbers_until_a_person_has_confirmed_them() {
    for kind in KINDS_OF_SHARE {
        let world = World::new(kind);
        // The clerk who registers sits elsewhere: what the desk itself writes is nothing but answers.
        let (ann, kim, desk) = (world.device("ann", 0), world.device("kim", 0), world.device("ivy", 0));
        desk.take_office(1);
        let ids = [ann.hazard("一"), ann.hazard("二"), ann.hazard("三")];
        ann.sync();
        desk.hold();
        let backup = copy(&desk.store);
        kim.sync();
        kim.register(ids[0]);
        kim.sync();
        desk.hold();
        assert_eq!(world.numbers().len(), 1);
        // The computer is set back to before the first number.
        let desk = world.with_store("ivy", 0, backup);
        desk.at_office();
        kim.register(ids[1]);
        kim.sync();
        desk.hold();
        assert!(now(desk.replica.office_closed()).unwrap(), "{kind:?}");
        assert_eq!(world.numbers().len(), 1, "{kind:?}: none is given");
        // A person looks at the ledger: the last one was 1. A new term, the streams are looked at again.
        let mut book = Book::new("青禾");
        book.raise("隐", 2026, 1);
        let book = serde_json::to_string(&book).unwrap();
        now(desk.replica.open_office(&Office { term: 2, upto: 0, book })).unwrap();
        desk.at_office();
        desk.hold();
        assert_eq!(world.numbers(), ["青禾〔2026〕隐字第00001号", "青禾〔2026〕隐字第00002号"], "{kind:?}");
    }
}

#[test]
fn a_share_that_names_nobody_names_the_first_authority_that_comes() {
    for kind in KINDS_OF_SHARE {
        let world = World::new(kind);
        world.set_up_without_authority();
        let desk = world.device("ivy", 0);
        desk.sync();
        assert_eq!(desk.replica.meta().authority, Some(AUTHORITY), "{kind:?}");
        // Another that comes later does not replace it.
        let setup = Setup { kind, slot: 0, tenant: TOWN.to_owned(), authority: Some(DeviceId([0xBB; 8])) };
        let late = Share::new(world.wire.clone(), desk.env.clone(), setup);
        let answer = now(late.send(&Request::Caps, None));
        assert!(matches!(answer, Response::Caps(Caps { authority: Some(AUTHORITY), .. })), "{answer:?}");
    }
}

#[test]
fn nobody_gives_a_role_to_themselves() {
    let world = World::new(ShareKind::WebDav);
    let (zoe, desk) = (world.device("zoe", 0), world.device("ivy", 0));
    desk.take_office(1);
    let staff = EntityId::new(zoe.env.now_ms(), zoe.env.random_array());
    let set = json!({"user": "zoe", "name": "某某", "assignments/a1/role": "intake_clerk", "assignments/a1/area": TOWN});
    let place = Placement { all: Some(true), ..Placement::default() };
    let set = serde_json::from_value::<BTreeMap<String, Value>>(set).unwrap();
    zoe.save(staff, Body::Create(Create { type_: "staff".to_owned(), place, set, ..Create::default() }));
    let id = zoe.hazard("自己给自己的岗位");
    zoe.sync();
    assert_eq!(desk.hold(), 0, "nobody knows this person: it waits");
    let seen = desk.entity(id);
    assert_eq!(seen.received(seen.creation().unwrap().dot), None);
}

#[test]
fn a_merge_that_comes_late_does_not_take_a_household_out_of_all_lists() {
    for kind in KINDS_OF_SHARE {
        let world = World::new(kind);
        let (lea, far, desk) = (world.device("lea", 0), world.device("lea", 0), world.device("ivy", 0));
        desk.take_office(1);
        let (gone, stays) = (lea.household("钟小满"), lea.household("钟大雪"));
        lea.sync();
        assert_eq!(desk.hold(), 2, "{kind:?}");
        far.sync();
        // One cancels it; the other, who was away, puts another household into it.
        lea.set(stays, [("status".to_owned(), json!("cancelled"))].into());
        lea.sync();
        assert_eq!(desk.hold(), 1, "{kind:?}");
        let day = gridbook_domain::date::parse("2026-05-18").unwrap();
        for (id, values) in put_together(gone, stays, "lea", day) {
            far.set(id, values);
        }
        far.sync();
        desk.hold();
        let stood = desk.entity(gone);
        assert_eq!((stood.text("status"), stood.text(INTO)), (Some("active"), None), "{kind:?}");
        let codes = |id| desk.entity(id).rejected().values().cloned().collect::<Vec<_>>();
        assert_eq!(codes(gone), ["household_gone"], "{kind:?}");
        assert_eq!(codes(stays), ["household_gone"], "{kind:?}");
    }
}
