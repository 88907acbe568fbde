//! A device of the tests: the replica and the engine that the app has, over memory and a real connection.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use gridbook_log::{BlobRef, Body, Create, Entity, EntityId, Placement, body};
use gridbook_sync::driver::{Driver, Http};
use gridbook_sync::engine::{Input, Request, Response, Trouble};
use gridbook_sync::env::Env;
use gridbook_sync::memory::MemoryStore;
use gridbook_sync::replica::{NewBlob, NewWrite, Project, Replica};
use gridbook_sync::share::{Setup, Share};
use gridbook_sync::wire::{Entry, MAX_BATCH_BYTES, MAX_BATCH_OPS, PushRequest};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::servers::Server;
use super::wire::CountedWire;

struct Nothing;

impl Project for Nothing {
    type Summary = ();

    fn summary(&self, _: &Entity) {}
}

/// A clock that goes on by itself, and bytes that are different for each device.
pub struct TestEnv {
    now: Cell<u64>,
    state: RefCell<u64>,
}

impl Env for TestEnv {
    fn now_ms(&self) -> u64 {
        self.now.set(self.now.get() + 1);
        self.now.get()
    }

    fn random(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let mut state = self.state.borrow_mut();
            *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = (*state >> 56) as u8;
        }
    }
}

pub struct Photo {
    pub sha256: String,
    pub bytes: Vec<u8>,
}

/// Counts what a pull brought.
struct Counting<'a> {
    share: &'a Share<CountedWire, Rc<TestEnv>>,
    pulled: &'a Cell<usize>,
    /// Whether all must go well.
    good: bool,
}

impl Http for Counting<'_> {
    async fn send(&self, request: &Request, blob: Option<Vec<u8>>) -> Response {
        let response = self.share.send(request, blob).await;
        match &response {
            Response::Pull(page) => {
                let ops = page.entries.iter().filter(|entry| matches!(entry, Entry::Op { .. })).count();
                self.pulled.set(self.pulled.get() + ops);
            }
            Response::Failed { .. } | Response::Lost if self.good => panic!("{response:?}"),
            _ => {}
        }
        response
    }
}

pub struct Device {
    env: Rc<TestEnv>,
    store: Rc<MemoryStore>,
    replica: Replica<Rc<MemoryStore>, Nothing>,
    driver: Driver,
    pub wire: CountedWire,
    pub share: Share<CountedWire, Rc<TestEnv>>,
    pulled: Cell<usize>,
}

impl Device {
    pub async fn open(server: &Server, number: u64) -> Self {
        let state = RefCell::new(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let env = Rc::new(TestEnv { now: Cell::new(1_795_000_000_000 + number), state });
        Self::start(server, env, Rc::default()).await
    }

    /// The same device after its tab was closed.
    pub async fn reopen(self, server: &Server) -> Self {
        Self::start(server, self.env, self.store).await
    }

    async fn start(server: &Server, env: Rc<TestEnv>, store: Rc<MemoryStore>) -> Self {
        let replica = Replica::open(store.clone(), Nothing, &env, "zhuli01").await.unwrap();
        let driver = Driver::new(&replica);
        let wire = server.wire();
        let setup = Setup { kind: server.kind(), slot: 0, tenant: "510000100".to_owned(), authority: None };
        let share = Share::new(wire.clone(), env.clone(), setup);
        Self { env, store, replica, driver, wire, share, pulled: Cell::new(0) }
    }

    /// Saves `entities` households with so many edits each.
    pub async fn write(&self, entities: usize, edits: usize) -> Vec<EntityId> {
        let mut writes = Vec::new();
        let mut ids = Vec::new();
        for n in 0..entities {
            let id = EntityId::new(self.env.now_ms(), self.env.random_array());
            let create = Create {
                type_: "household".to_owned(),
                place: Placement { area: Some("510000100201001".to_owned()), ..Placement::default() },
                set: [
                    ("address".to_owned(), json!(format!("青禾镇一组{n}号"))),
                    ("head".to_owned(), json!("何秀兰")),
                ]
                .into(),
                ..Create::default()
            };
            writes.push(NewWrite { entity: id, body: Body::Create(create) });
            for edit in 0..edits {
                let set =
                    [(format!("members/r{edit}/name"), json!(format!("成员{n}-{edit}，\"引号\"\n换行")))]
                        .into();
                writes.push(NewWrite { entity: id, body: Body::Set(body::Set { set, blobs: Vec::new() }) });
            }
            ids.push(id);
        }
        for writes in writes.chunks(500) {
            self.replica.save(&self.env, writes, &[], &[]).await.unwrap();
        }
        ids
    }

    pub async fn edit(&self, id: EntityId) {
        let set = [("note".to_owned(), json!(self.env.now_ms()))].into();
        let write = NewWrite { entity: id, body: Body::Set(body::Set { set, blobs: Vec::new() }) };
        self.replica.save(&self.env, &[write], &[], &[]).await.unwrap();
    }

    pub async fn photograph(&self, id: EntityId) -> Photo {
        // More than one part of a CouchDB file.
        let mut bytes = vec![0u8; 1_500_000];
        self.env.random(&mut bytes);
        let sha256: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let blob = BlobRef {
            sha256: sha256.clone(),
            size: u32::try_from(bytes.len()).unwrap(),
            mime: "image/jpeg".to_owned(),
            role: String::new(),
            thumb: None,
        };
        let write = NewWrite { entity: id, body: Body::Set(body::Set { set: [].into(), blobs: vec![blob] }) };
        let new = NewBlob { sha256: sha256.clone(), bytes: Some(bytes.clone()) };
        self.replica.save(&self.env, &[write], &[new], &[]).await.unwrap();
        Photo { sha256, bytes }
    }

    /// One round, which must go well.
    pub async fn sync(&self) {
        self.round(true).await;
        assert_eq!(self.trouble(), None);
    }

    /// One round, however it goes.
    pub async fn try_sync(&self) {
        self.round(false).await;
    }

    async fn round(&self, good: bool) {
        let http = Counting { share: &self.share, pulled: &self.pulled, good };
        self.driver.run(&self.replica, &http, &self.env, Input::Wake, |_| {}).await.unwrap();
    }

    /// What is told to the person.
    pub fn trouble(&self) -> Option<Trouble> {
        self.driver.with_engine(|engine| engine.trouble().cloned())
    }

    /// Sends everything without asking what others have.
    pub async fn push(&self) {
        let meta = self.replica.meta().clone();
        loop {
            let outbox = self.replica.outbox(&BTreeSet::new(), MAX_BATCH_OPS, MAX_BATCH_BYTES).await.unwrap();
            let push =
                PushRequest { writer: meta.writer, nonce: meta.nonce.clone(), now: 0, ops: outbox.ops };
            let Response::Push(reply) = self.share.send(&Request::Push(push), None).await else {
                panic!("the push failed");
            };
            self.replica.apply_results(&reply.results, 0).await.unwrap();
            if !outbox.more {
                return;
            }
        }
    }

    pub fn unsent(&self) -> usize {
        self.replica.unsent().waiting
    }

    /// Operations that came in pulls.
    pub fn pulled(&self) -> usize {
        self.pulled.get()
    }

    async fn entities(&self) -> Vec<(EntityId, Rc<Entity>)> {
        let ids: Vec<EntityId> = self.replica.rows().keys().copied().collect();
        let mut entities = Vec::new();
        for id in ids {
            entities.push((id, self.replica.entity(id).await.unwrap().unwrap()));
        }
        entities
    }

    /// Operations held.
    pub async fn count(&self) -> usize {
        self.entities().await.iter().map(|(_, entity)| entity.have().len()).sum()
    }

    pub async fn state(&self) -> BTreeMap<EntityId, Vec<u8>> {
        self.entities().await.into_iter().map(|(id, entity)| (id, entity.to_snapshot())).collect()
    }
}
