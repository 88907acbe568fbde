//! A phone that talks to the server, one request at a time.

use std::collections::{BTreeMap, BTreeSet};

use gridbook_log::{
    Body, Create, Dot, Entity, EntityId, Event, Fingerprint, Hlc, NewOp, Op, OpId, Placement, Writer, pack,
};
use gridbook_sync::wire::{
    Entry, FpReply, PAGE_HEADER, PageHead, PullReply, PushReply, PushRequest, Verdict,
};
use serde_json::{Value, json};

use super::{NOON, Server, values};

/// A phone: its operations, and what it was told.
#[derive(Clone)]
pub struct Device {
    pub http: reqwest::Client,
    pub url: String,
    pub token: String,
    pub user: String,
    pub writer: Writer,
    pub nonce: String,
    pub ms: u64,
    pub entities: BTreeMap<EntityId, Entity>,
    /// What the feed let it see.
    pub visible: BTreeSet<EntityId>,
    /// Operations that came down, and how often.
    pub ops: BTreeMap<OpId, u32>,
    /// Entries that came down.
    pub delivered: usize,
    pub cursor: String,
    pub count: u64,
}

impl Device {
    /// Goes on with a server that was started again on another port.
    pub fn follow(&mut self, server: &Server) {
        self.url.clone_from(&server.url);
        self.http = server.http.clone();
    }

    fn write(&mut self, entity: EntityId, body: &Body) -> Op {
        let (kind, text) = body.to_text();
        self.write_text(entity, kind, text)
    }

    pub fn write_text(&mut self, entity: EntityId, kind: &str, text: String) -> Op {
        self.ms += 1;
        let user = self.user.clone();
        let op = self.raw(entity, kind, &user, text);
        self.entities.entry(entity).or_insert_with(|| Entity::new(entity, None)).apply(&op);
        op
    }

    /// An operation that is not kept here.
    pub fn raw(&self, entity: EntityId, kind: &str, user: &str, text: String) -> Op {
        let ctx = self.entities.get(&entity).map(|e| e.frontier().clone()).unwrap_or_default();
        let dot = Dot { writer: self.writer, n: ctx.get(self.writer) + 1 };
        Op::new(NewOp { entity, dot, hlc: Hlc { ms: self.ms, count: 0 }, kind, user, ctx }, [7; 16], text)
            .unwrap()
    }

    pub fn fresh_id(&mut self) -> EntityId {
        self.count += 1;
        let mut random = [0u8; 10];
        random[..8].copy_from_slice(&self.writer.dev.0);
        EntityId::new(NOON + self.count, random)
    }

    pub fn create(&mut self, type_: &str, area: &str) -> Op {
        self.create_with(type_, area, &json!({ "desc": "一句话" }))
    }

    pub fn create_with(&mut self, type_: &str, area: &str, set: &Value) -> Op {
        let body = Body::Create(Create {
            type_: type_.to_owned(),
            state: Some("submitted".to_owned()),
            place: Placement { area: Some(area.to_owned()), ..Placement::default() },
            set: values(set),
            ..Create::default()
        });
        let id = self.fresh_id();
        self.write(id, &body)
    }

    pub fn set(&mut self, entity: EntityId, path: &str, value: &str) -> Op {
        let set = values(&json!({ path: value }));
        self.write(entity, &Body::Set(gridbook_log::body::Set { set, blobs: Vec::new() }))
    }

    pub fn event(&mut self, entity: EntityId, event: &str, from: &str, to: &str) -> Op {
        let event = Event {
            event: event.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
            table: 1,
            ..Event::default()
        };
        self.write(entity, &Body::Event(event))
    }

    pub fn body(&mut self, entity: EntityId, body: &Body) -> Op {
        self.write(entity, body)
    }

    pub fn place(&mut self, entity: EntityId, place: Placement) -> Op {
        self.write(entity, &Body::Place(place))
    }

    pub fn request(&self, ops: &[Op]) -> PushRequest {
        let ops = ops.iter().map(Op::to_wire).collect();
        PushRequest { writer: self.writer, nonce: self.nonce.clone(), now: self.ms, ops }
    }

    pub async fn push(&self, ops: &[Op]) -> PushReply {
        let response = self
            .http
            .post(format!("{}/sync/v1/push", self.url))
            .bearer_auth(&self.token)
            .json(&self.request(ops))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["gridbook-contract"], "1");
        response.json().await.unwrap()
    }

    /// Pushes and expects every operation to be stored.
    pub async fn push_ok(&self, ops: &[Op]) {
        let reply = self.push(ops).await;
        assert!(reply.results.iter().all(|r| r.r == Verdict::Ok), "{:?}", reply.results);
    }

    /// Pushes one operation and expects it to be stored.
    pub async fn push_only(&self, op: &Op) {
        self.push_ok(std::slice::from_ref(op)).await;
    }

    /// Pushes one operation: verdict and code.
    pub async fn push_one(&self, op: &Op) -> (Verdict, Option<String>) {
        let mut reply = self.push(std::slice::from_ref(op)).await;
        let result = reply.results.remove(0);
        assert_eq!(result.id, Some(op.id()));
        (result.r, result.code)
    }

    pub async fn page(&self, limit: usize) -> PullReply {
        self.page_of(&format!("limit={limit}&cursor={}", self.cursor)).await
    }

    /// The page that leaves out what this device wrote.
    pub async fn page_without_own(&self) -> PullReply {
        self.page_of(&format!("cursor={}&not={}", self.cursor, self.writer)).await
    }

    async fn page_of(&self, query: &str) -> PullReply {
        let response = self
            .http
            .get(format!("{}/sync/v1/pull?{query}", self.url))
            .bearer_auth(&self.token)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    pub fn take(&mut self, reply: PullReply, limit: usize) -> bool {
        assert!(reply.entries.len() <= limit);
        assert!(
            !reply.more || reply.cursor != self.cursor,
            "a page moves the cursor or says that nothing more waits"
        );
        self.cursor = reply.cursor;
        self.delivered += reply.entries.len();
        for entry in reply.entries {
            match entry {
                Entry::Op { op, .. } => {
                    let op = Op::from_wire(op).unwrap();
                    *self.ops.entry(op.id()).or_default() += 1;
                    self.visible.insert(op.entity());
                    self.entities
                        .entry(op.entity())
                        .or_insert_with(|| Entity::new(op.entity(), None))
                        .apply(&op);
                }
                Entry::Enter { e } => {
                    self.visible.insert(e);
                }
                Entry::Leave { e } => {
                    self.visible.remove(&e);
                    self.entities.remove(&e);
                    self.ops.retain(|id, _| id.entity != e);
                }
            }
        }
        reply.more
    }

    /// One page of packed streams; `None` where there are none from this cursor on.
    pub async fn packed(&self, cursor: &str, place: Option<&str>) -> Option<(PageHead, Vec<Op>)> {
        let place = place.map_or_else(String::new, |place| format!("&place={place}"));
        let url = format!("{}/sync/v1/snapshot?cursor={cursor}{place}", self.url);
        let response = self.http.get(url).bearer_auth(&self.token).send().await.unwrap();
        if response.status() == 410 {
            return None;
        }
        assert_eq!(response.status(), 200);
        let head: PageHead = serde_json::from_str(response.headers()[PAGE_HEADER].to_str().unwrap()).unwrap();
        let bytes = response.bytes().await.unwrap();
        let (mut ops, mut rest) = (Vec::new(), &bytes[..]);
        while !rest.is_empty() {
            let (op, len) = pack::read_checked(rest).unwrap();
            ops.push(op);
            rest = &rest[len..];
        }
        let mut fp = Fingerprint::default();
        ops.iter().for_each(|op| fp.add(op));
        assert_eq!(fp, head.fp);
        Some((head, ops))
    }

    /// As a device that has nothing: packed streams, then the feed.
    pub async fn pull_packed(&mut self) {
        while let Some((head, ops)) = self.packed(&self.cursor, None).await {
            self.cursor = head.cursor;
            for op in ops {
                self.visible.insert(op.entity());
                self.entities.entry(op.entity()).or_insert_with(|| Entity::new(op.entity(), None)).apply(&op);
            }
            if !head.more {
                break;
            }
        }
        self.pull().await;
    }

    /// What the server says that this device should hold.
    pub async fn should_hold(&self) -> FpReply {
        let url = format!("{}/sync/v1/fp?places=1", self.url);
        self.http.get(url).bearer_auth(&self.token).send().await.unwrap().json().await.unwrap()
    }

    /// What it holds.
    pub fn holds(&self) -> Fingerprint {
        let mut fp = Fingerprint::default();
        self.visible.iter().for_each(|id| fp.join(self.entities[id].fingerprint()));
        fp
    }

    pub async fn pull(&mut self) {
        self.pull_by(1000).await;
    }

    pub async fn pull_by(&mut self, limit: usize) {
        loop {
            let reply = self.page(limit).await;
            if !self.take(reply, limit) {
                break;
            }
        }
    }
}
