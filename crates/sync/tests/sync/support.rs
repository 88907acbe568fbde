//! A device in a test: memory, a clock that is told the time, numbers from a seed.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use gridbook_log::{
    Body, Clock, Create, DeviceId, Dot, Entity, EntityId, NewOp, Op, Placement, Writer, body,
};
use gridbook_sync::env::Env;
use gridbook_sync::memory::MemoryStore;
use gridbook_sync::replica::{NewWrite, Project, Replica};
use gridbook_sync::store::{Table, scan_all};
use gridbook_sync::wire::{Entry, PullReply, PushResult, Verdict};
use serde_json::{Value, json};

pub const NOON: u64 = 1_770_000_000_000;
pub const AUTHORITY: DeviceId = gridbook_sync::model::AUTHORITY;

/// Runs a future that only touches memory. It may give way to itself, but there is nothing to wait for.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    for _ in 0..1_000_000 {
        if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
    panic!("a future in memory does not end");
}

pub struct TestEnv {
    pub now: Cell<u64>,
    seed: Cell<u64>,
}

impl TestEnv {
    pub fn new(seed: u64) -> Self {
        Self { now: Cell::new(NOON), seed: Cell::new(seed) }
    }
}

impl Env for TestEnv {
    fn now_ms(&self) -> u64 {
        self.now.get()
    }

    fn random(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let next = self
                .seed
                .get()
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            self.seed.set(next);
            *byte = next.to_be_bytes()[0];
        }
    }
}

/// Lists show what the record says, so that a secret in it is in the index, too.
pub struct Shown;

impl Project for Shown {
    type Summary = String;

    fn summary(&self, entity: &Entity) -> String {
        entity.text("name").unwrap_or("").to_owned()
    }
}

pub type Tab = Replica<Rc<MemoryStore>, Shown>;

pub fn open(store: &Rc<MemoryStore>, env: &TestEnv) -> Tab {
    run(Replica::open(store.clone(), Shown, env, "u1")).unwrap()
}

/// A fresh device.
pub fn device() -> (Rc<MemoryStore>, TestEnv, Tab) {
    let (store, env) = (Rc::new(MemoryStore::default()), TestEnv::new(1));
    let tab = open(&store, &env);
    (store, env, tab)
}

pub fn create(entity: EntityId, area: &str, name: &str) -> NewWrite {
    NewWrite {
        entity,
        body: Body::Create(Create {
            type_: "visit".to_owned(),
            place: Placement { area: Some(area.to_owned()), ..Placement::default() },
            set: [("name".to_owned(), json!(name))].into(),
            ..Create::default()
        }),
    }
}

pub fn set(entity: EntityId, path: &str, value: impl Into<Value>) -> NewWrite {
    let set = [(path.to_owned(), value.into())].into();
    NewWrite { entity, body: Body::Set(body::Set { set, blobs: Vec::new() }) }
}

pub fn id(n: u8) -> EntityId {
    EntityId([n; 16])
}

/// Saves one thing and gives its place.
#[track_caller]
pub fn save(tab: &Tab, env: &TestEnv, write: NewWrite) -> Dot {
    run(tab.save(env, &[write], &[], &[])).unwrap().ops[0].dot
}

pub fn entity(tab: &Tab, id: EntityId) -> Rc<Entity> {
    run(tab.entity(id)).unwrap().unwrap()
}

/// Everything in a store, byte for byte.
pub fn dump(store: &MemoryStore) -> BTreeMap<(Table, String), Vec<u8>> {
    let table = |t| run(scan_all(store, t)).unwrap().into_iter().map(move |(k, v)| ((t, k), v));
    Table::ALL.into_iter().flat_map(table).collect()
}

/// Where in a store a text can be found.
pub fn traces(store: &MemoryStore, secret: &str) -> Vec<Table> {
    let found = |bytes: &[u8]| bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
    dump(store)
        .into_iter()
        .filter(|((_, k), v)| found(v) || k.contains(secret))
        .map(|((t, _), _)| t)
        .collect()
}

/// Someone else's device.
pub struct Other {
    writer: Writer,
    user: String,
    clock: Clock,
    folds: BTreeMap<EntityId, Entity>,
}

impl Other {
    pub fn new(dev: DeviceId) -> Self {
        let (writer, user) = (Writer { dev, epoch: 1 }, "u2".to_owned());
        Self { writer, user, clock: Clock::default(), folds: BTreeMap::new() }
    }

    /// The same account's other device that bears the name of this one.
    pub fn twin(tab: &Tab) -> Self {
        let meta = tab.meta();
        Self { user: meta.user.clone(), ..Self::new(meta.writer.dev) }
    }

    pub fn writer(&self) -> Writer {
        self.writer
    }

    pub fn take(&mut self, op: &Op) {
        self.fold(op.entity()).apply(op);
    }

    fn fold(&mut self, id: EntityId) -> &mut Entity {
        self.folds.entry(id).or_insert_with(|| Entity::new(id, Some(AUTHORITY)))
    }

    pub fn write(&mut self, write: &NewWrite) -> Op {
        self.write_salted(write, 1)
    }

    pub fn write_salted(&mut self, write: &NewWrite, salt: u8) -> Op {
        let (writer, user) = (self.writer, self.user.clone());
        let hlc = self.clock.tick(NOON);
        let fold = self.fold(write.entity);
        let ctx = fold.frontier().clone();
        let (kind, text) = write.body.to_text();
        let dot = Dot { writer, n: ctx.get(writer) + 1 };
        let new = NewOp { entity: write.entity, dot, hlc, kind, user: &user, ctx };
        let op = Op::new(new, [salt; 16], text).unwrap();
        fold.apply(&op);
        op
    }
}

pub fn entries<'a>(ops: impl IntoIterator<Item = &'a Op>) -> Vec<Entry> {
    ops.into_iter().map(|op| Entry::Op { op: op.to_wire(), at: NOON }).collect()
}

pub fn page(cursor: &str, entries: Vec<Entry>) -> PullReply {
    PullReply { entries, cursor: cursor.to_owned(), more: false }
}

/// Takes in a page asked for from where the tab stands.
#[track_caller]
pub fn apply(tab: &Tab, env: &TestEnv, reply: &PullReply) -> gridbook_sync::replica::Pulled {
    let from = tab.meta().cursor.clone();
    run(tab.apply_page(env, &from, reply.clone(), "h", Some(AUTHORITY))).unwrap()
}

/// The same answer for everything that waits.
pub fn answer(tab: &Tab, verdict: Verdict, code: Option<&str>) -> Vec<PushResult> {
    let outbox = run(tab.outbox(&BTreeSet::new(), 1000, usize::MAX)).unwrap();
    outbox
        .ops
        .iter()
        .map(|op| PushResult {
            id: Some(Op::from_wire(op.clone()).unwrap().id()),
            r: verdict,
            code: code.map(str::to_owned),
        })
        .collect()
}

/// Gives way once: what another task does in between happens there.
pub async fn give_way() {
    let mut gone = false;
    std::future::poll_fn(|_| {
        if std::mem::replace(&mut gone, true) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}

/// Runs futures side by side, each one step in turn.
pub async fn together<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut tasks: Vec<_> = futures.into_iter().map(|f| (Box::pin(f), None)).collect();
    std::future::poll_fn(move |context| {
        for (task, done) in &mut tasks {
            if done.is_none()
                && let std::task::Poll::Ready(value) = task.as_mut().poll(context)
            {
                *done = Some(value);
            }
        }
        if tasks.iter().all(|(_, done)| done.is_some()) {
            std::task::Poll::Ready(tasks.iter_mut().filter_map(|(_, done)| done.take()).collect())
        } else {
            std::task::Poll::Pending
        }
    })
    .await
}
