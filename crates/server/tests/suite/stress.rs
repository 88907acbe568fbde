//! What the simulator does, against real databases and over HTTP: engines and replicas as the app has them, all at once,
//! with requests and answers that get lost, come twice or half, tabs that die, stores that fail and rights that move. It
//! does not do the same twice; what must hold at the end is the same as there. On PostgreSQL two servers serve the phones.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use crate::common::line::Count;
use crate::common::{DAY, Device, NOON, ON_POSTGRES, Server, role};
use gridbook_log::{BlobRef, Body, Create, Entity, EntityId, Event, OpId, Placement, body};
use gridbook_server::keep;
use gridbook_server::secret::{hex, sha256};
use gridbook_sync::driver::{Driver, Http};
use gridbook_sync::engine::{Checked, Input, Request, Response};
use gridbook_sync::env::Env;
use gridbook_sync::memory::{Fault, FaultKind, MemoryStore};
use gridbook_sync::replica::{NewBlob, NewWrite, Replica};
use gridbook_sync::sim::Rng;
use gridbook_sync::wire::PushRequest;
use serde_json::json;
use tokio::task::LocalSet;

const TOWN: &str = "510000100";
const AREAS: [&str; 3] = ["510000100201001", "510000100201002", "510000100202001"];
/// Phones that write. The first two belong to one person.
const WRITERS: usize = 6;
const TURNS: usize = 40;
/// Rounds in which everything must have become quiet after the last fault.
const CALM: usize = 20;

/// A phone's clock, which may be wrong, and its chance.
struct Outside {
    ms: Cell<u64>,
    rng: RefCell<Rng>,
}

impl Env for Outside {
    fn now_ms(&self) -> u64 {
        self.ms.set(self.ms.get() + 1);
        self.ms.get()
    }

    fn random(&self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.rng.borrow_mut().draw() as u8);
    }
}

type Held = Replica<Rc<MemoryStore>, Count>;

struct Phone {
    device: Device,
    store: Rc<MemoryStore>,
    outside: Outside,
    rng: RefCell<Rng>,
    /// Whether faults come.
    rough: Cell<bool>,
    writes: bool,
    met: RefCell<BTreeMap<&'static str, usize>>,
    /// What its person was told is saved.
    saved: RefCell<Vec<OpId>>,
    photos: RefCell<Vec<String>>,
}

impl Phone {
    fn new(device: Device, seed: u64, writes: bool) -> Self {
        let mut rng = Rng::new(seed);
        // From −30 to +400 days.
        let ms = NOON - 30 * DAY + rng.below(430) * DAY;
        Self {
            device,
            store: Rc::default(),
            outside: Outside { ms: Cell::new(ms), rng: RefCell::new(Rng::new(rng.draw())) },
            rng: RefCell::new(rng),
            rough: Cell::new(true),
            writes,
            met: RefCell::default(),
            saved: RefCell::default(),
            photos: RefCell::default(),
        }
    }

    fn chance(&self, percent: u64, fault: &'static str) -> bool {
        let comes = self.rough.get() && self.rng.borrow_mut().chance(percent);
        if comes {
            *self.met.borrow_mut().entry(fault).or_default() += 1;
        }
        comes
    }

    fn below(&self, bound: usize) -> usize {
        usize::try_from(self.rng.borrow_mut().below(bound as u64)).unwrap()
    }

    async fn open(&self) -> Held {
        Replica::open(self.store.clone(), Count, &self.outside, &self.device.user).await.unwrap()
    }

    /// Small pages, so that much can happen between them. A server that is well never fails.
    async fn ask(&self, request: &Request, blob: Option<Vec<u8>>) -> Response {
        let mut request = request.clone();
        if let Request::Pull { limit, .. } = &mut request {
            *limit = (*limit).min(50);
        }
        let answer = self.device.ask(&request, blob).await;
        if let Response::Failed { status, .. } = answer {
            assert!(status < 500, "{request:?}: {status}");
        }
        answer
    }

    /// One save of what is on the screen; `false` when the store is lost and the app must be opened again.
    async fn save(&self, held: &Held) -> bool {
        let seen: Vec<EntityId> =
            held.rows().iter().filter(|(_, row)| row.visible()).map(|(id, _)| *id).collect();
        let value = json!(self.below(1000));
        let path = ["a", "b", "rows/r1/x"][self.below(3)].to_owned();
        let mut blobs = Vec::new();
        let write = if seen.is_empty() || self.below(100) < 40 {
            let photo = self.rng.borrow_mut().draw().to_be_bytes().to_vec();
            let mut named = Vec::new();
            if self.below(4) == 0 {
                let name = hex(&sha256(&photo));
                let (mime, role) = ("image/jpeg".to_owned(), String::new());
                named.push(BlobRef { sha256: name.clone(), size: 8, mime, role, thumb: None });
                blobs.push(NewBlob { sha256: name, bytes: Some(photo) });
            }
            let create = Create {
                type_: "hazard".to_owned(),
                state: Some("submitted".to_owned()),
                place: Placement { area: Some(AREAS[self.below(3)].to_owned()), ..Placement::default() },
                set: [(path, value)].into(),
                blobs: named,
                ..Create::default()
            };
            let entity = EntityId::new(self.outside.now_ms(), self.outside.random_array());
            NewWrite { entity, body: Body::Create(create) }
        } else {
            let entity = seen[self.below(seen.len())];
            let body = match self.below(6) {
                0 => Body::Place(Placement {
                    area: Some(AREAS[self.below(3)].to_owned()),
                    ..Placement::default()
                }),
                1 => {
                    let folded = held.entity(entity).await.unwrap().unwrap();
                    let from = folded.state().unwrap_or("submitted").to_owned();
                    let to = ["dispatched", "done"][self.below(2)].to_owned();
                    Body::Event(Event { event: "move".to_owned(), from, to, table: 1, ..Event::default() })
                }
                _ => Body::Set(body::Set { set: [(path, value)].into(), blobs: Vec::new() }),
            };
            NewWrite { entity, body }
        };
        if self.chance(3, "store") {
            let faults = [Fault::After, Fault::Before(FaultKind::Quota), Fault::Before(FaultKind::Lost)];
            self.store.fail_next(faults[self.below(3)]);
        }
        match held.save(&self.outside, &[write], &blobs, &[]).await {
            Ok(saved) => {
                self.saved.borrow_mut().extend(saved.ops);
                self.photos.borrow_mut().extend(blobs.into_iter().map(|blob| blob.sha256));
                true
            }
            Err(_) => false,
        }
    }

    async fn round(&self, held: &Held, driver: &Driver) {
        driver.run(held, self, &self.outside, Input::Wake, |_| {}).await;
    }

    /// Days of work on bad lines.
    async fn work(&self) {
        let mut app = None;
        for _ in 0..TURNS {
            let (held, driver) = match app.take() {
                Some(app) => app,
                None => {
                    let held = self.open().await;
                    let driver = Driver::new(&held);
                    (held, driver)
                }
            };
            let mut stands = true;
            for _ in 0..if self.writes { 1 + self.below(3) } else { 0 } {
                stands = stands && self.save(&held).await;
            }
            if self.chance(12, "tab died") {
                let moment = Duration::from_micros(self.rng.borrow_mut().below(20_000));
                let _died_somewhere = tokio::time::timeout(moment, self.round(&held, &driver)).await;
            } else if stands {
                self.round(&held, &driver).await;
                app = Some((held, driver));
            }
        }
    }
}

impl Http for Phone {
    async fn send(&self, request: &Request, blob: Option<Vec<u8>>) -> Response {
        if self.chance(8, "request lost") {
            return Response::Lost;
        }
        if self.chance(3, "busy") {
            return Response::Failed { status: 503, code: "busy".to_owned(), retry_after_ms: Some(1) };
        }
        if let Request::Push(push) = request
            && push.ops.len() > 1
            && self.chance(8, "half a batch")
        {
            let ops = push.ops[..push.ops.len() / 2].to_vec();
            self.ask(&Request::Push(PushRequest { ops, ..push.clone() }), None).await;
            return Response::Lost;
        }
        let answer = if self.chance(10, "repeated") {
            // Side by side: on PostgreSQL at two servers' writers, or at one's.
            let (first, second) = tokio::join!(self.ask(request, blob.clone()), self.ask(request, blob));
            if self.below(2) == 0 { first } else { second }
        } else {
            self.ask(request, blob).await
        };
        if self.chance(10, "answer lost") { Response::Lost } else { answer }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_the_simulator_does_holds_on_a_real_database() {
    let server = Server::open().await;
    let second = if ON_POSTGRES { Some(server.twin().await) } else { None };
    let mut phones = Vec::new();
    for n in 0..=WRITERS {
        let home = if n % 2 == 0 { &server } else { second.as_ref().unwrap_or(&server) };
        // The last one only looks, and what it may see changes.
        let user = format!("u{}", n.saturating_sub(1));
        if n != 1 {
            server.person(&user, vec![role("grid_worker_l2", TOWN)]).await;
        }
        phones.push(Rc::new(Phone::new(home.device(&user).await, n as u64, n < WRITERS)));
    }
    let looker = phones[WRITERS].device.user.clone();
    let local = LocalSet::new();
    let work: Vec<_> =
        phones.iter().cloned().map(|phone| local.spawn_local(async move { phone.work().await })).collect();
    let rights = async {
        let mut turn = 0;
        while work.iter().any(|work| !work.is_finished()) {
            turn += 1;
            server.assign(&looker, vec![role("grid_worker_l2", AREAS[turn % 3])]).await;
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        turn
    };
    let moved = local.run_until(rights).await;
    assert!(moved > 3, "rights moved {moved} times");
    for work in work {
        local.run_until(work).await.unwrap();
    }
    server.assign(&looker, vec![role("grid_worker_l2", TOWN)]).await;

    let mut apps = Vec::new();
    for phone in &phones {
        phone.rough.set(false);
        phone.store.fail_next(Fault::None);
        let held = phone.open().await;
        let driver = Driver::new(&held);
        apps.push((phone, held, driver));
    }
    let mut rounds = 0;
    loop {
        for (phone, held, driver) in &apps {
            phone.round(held, driver).await;
        }
        rounds += 1;
        let unsent: usize = apps.iter().map(|(_, held, _)| held.unsent().waiting + held.unsent().held).sum();
        // One more, so that all have what the last one sent.
        if unsent == 0 && rounds > 2 {
            break;
        }
        assert!(rounds < CALM, "{unsent} unsent after {rounds} rounds");
    }
    for (phone, held, driver) in &apps {
        phone.round(held, driver).await;
        driver.run(held, &***phone, &phone.outside, Input::Check, |_| {}).await;
        let checked = driver.with_engine(gridbook_sync::engine::Engine::checked);
        assert_eq!(checked, Some(Checked::Same), "{} differs from the server", phone.device.user);
    }

    let mut reader = server.worker("reader", TOWN).await;
    reader.pull().await;
    let mut saved = 0;
    for phone in &phones {
        for id in phone.saved.borrow().iter() {
            assert_eq!(reader.ops.get(id), Some(&1), "{id}: saved, and at the server once");
            saved += 1;
        }
        let photos: Vec<_> = phone.photos.borrow().iter().cloned().collect();
        for photo in &photos {
            assert!(server.app().blobs.get(photo).await.unwrap().is_some(), "{photo} was saved");
        }
    }
    assert!(saved > WRITERS * TURNS / 2, "only {saved} saved");
    assert!(reader.ops.values().all(|times| *times == 1));
    let first: BTreeSet<EntityId> = apps[0].1.rows().keys().copied().collect();
    for (phone, held, _) in &apps {
        assert!(held.rows().keys().eq(first.iter()), "{} shows other records", phone.device.user);
        for id in &first {
            let here = held.entity(*id).await.unwrap().unwrap();
            let there = apps[0].1.entity(*id).await.unwrap().unwrap();
            let what = |entity: &Entity| {
                let fold =
                    (entity.values(), entity.state().map(str::to_owned), entity.area().map(str::to_owned));
                (entity.have().clone(), entity.fingerprint(), fold)
            };
            assert_eq!(what(&here), what(&there), "{id} differs on {}", phone.device.user);
        }
    }
    let mut met: BTreeMap<&str, usize> = BTreeMap::new();
    for (fault, times) in phones.iter().flat_map(|phone| phone.met.take()) {
        *met.entry(fault).or_default() += times;
    }
    // Faults that no longer come would let this pass for ever.
    for fault in ["request lost", "answer lost", "repeated", "half a batch", "busy", "tab died", "store"] {
        assert!(met.contains_key(fault), "{fault} never came: {met:?}");
    }
    drop(second);
    assert_eq!(keep::check(&server.config.db, &server.blobs()).await.unwrap(), []);
}
