//! A township with its server, and people with devices: what a person sees, does and hears of others.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::NaiveDate;
use gridbook_domain::admit::{Purpose, Refusal, admit, fillable};
use gridbook_domain::calendar::{day_of, midnight};
use gridbook_domain::case::CaseView;
use gridbook_domain::clock::{CaseClocks, read};
use gridbook_domain::form::{Form, Stage, Values, validate};
use gridbook_domain::package::Package;
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::{Actor, Assignment};
use gridbook_domain::rules::message::{Message, Words, of_case};
use gridbook_domain::summary::Summary;
use gridbook_domain::workflow::{Transition, event, offered, suggested};
use gridbook_log::{BlobRef, Body, Create, Dot, Entity, EntityId, Hlc, NewOp, Op, Placement, body};
use gridbook_server::admission::ByDomain;
use gridbook_server::clock::Clock;
use gridbook_server::secret::{hex, sha256};
use gridbook_sync::driver::{Driver, Http};
use gridbook_sync::engine::{Input, Request, Response};
use gridbook_sync::env::Env;
use gridbook_sync::memory::MemoryStore;
use gridbook_sync::replica::{NewBlob, NewWrite, Project, Replica};
use gridbook_sync::wire::{PAGE_HEADER, Problem, SnapshotPage, VERSION, VERSION_HEADER};
use serde_json::{Value, json};

use crate::common::{Server, TestClock, role, unit, values};

pub const TOWN: &str = "510000100";
pub const VILLAGE: &str = "510000100201";
pub const GROUP: &str = "510000100201003";
pub const GRID: &str = "51000010020100301";
pub const HOUR: u64 = 3_600_000;

/// An instant in China: `2026-02-13`, `10:00`.
pub fn at(date: &str, time: &str) -> u64 {
    let (hour, minute) = time.split_once(':').unwrap();
    let minutes = hour.parse::<u64>().unwrap() * 60 + minute.parse::<u64>().unwrap();
    midnight(date.parse().unwrap()) + minutes * 60_000
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Rows of lists, made as the app makes them.
pub struct Projector(Arc<Package>);

impl Project for Projector {
    type Summary = Option<Summary>;

    fn summary(&self, entity: &Entity) -> Option<Summary> {
        Summary::of(entity, &self.0)
    }
}

/// The clock of a device, right or not, and randomness from a seed.
struct DeviceEnv {
    clock: Arc<TestClock>,
    seed: Cell<u64>,
}

impl Env for DeviceEnv {
    fn now_ms(&self) -> u64 {
        self.clock.now_ms()
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

/// The connection of a device.
struct Line {
    client: reqwest::Client,
    url: String,
    token: String,
}

impl Http for Line {
    async fn send(&self, request: &Request, blob: Option<Vec<u8>>) -> Response {
        let url = |path: &str| format!("{}/sync/v1/{path}", self.url);
        let made = match request {
            Request::Caps => self.client.get(url("caps")),
            Request::Push(push) => self.client.post(url("push")).json(push),
            Request::Pull { cursor, limit, not } => {
                let not = not.map(|writer| format!("&not={writer}")).unwrap_or_default();
                self.client.get(url(&format!("pull?limit={limit}&cursor={cursor}{not}")))
            }
            Request::Snapshot { cursor, place } => {
                let place = place.as_ref().map(|place| format!("&place={place}")).unwrap_or_default();
                self.client.get(url(&format!("snapshot?cursor={cursor}{place}")))
            }
            Request::Fp { places } => self.client.get(url(&format!("fp?places={}", u8::from(*places)))),
            Request::PutBlob { sha256 } => {
                self.client.put(url(&format!("blobs/{sha256}"))).body(blob.unwrap_or_default())
            }
            Request::AskBlob { .. } | Request::PutPart { .. } => {
                unreachable!("pictures here go in one piece")
            }
        };
        let answer = made.header(VERSION_HEADER, VERSION).bearer_auth(&self.token).send().await.unwrap();
        let status = answer.status().as_u16();
        let page = answer.headers().get(PAGE_HEADER).map(|head| head.to_str().unwrap().to_owned());
        let bytes = answer.bytes().await.unwrap();
        if status >= 300 {
            let code = serde_json::from_slice::<Problem>(&bytes).map(|p| p.code).unwrap_or_default();
            return Response::Failed { status, code, retry_after_ms: None };
        }
        match request {
            Request::Caps => Response::Caps(serde_json::from_slice(&bytes).unwrap()),
            Request::Push(_) => Response::Push(serde_json::from_slice(&bytes).unwrap()),
            Request::Pull { .. } => Response::Pull(serde_json::from_slice(&bytes).unwrap()),
            Request::Fp { .. } => Response::Fp(serde_json::from_slice(&bytes).unwrap()),
            Request::Snapshot { .. } => {
                let head = serde_json::from_str(&page.unwrap()).unwrap();
                Response::Snapshot(SnapshotPage { head, frames: bytes.to_vec() })
            }
            Request::PutBlob { .. } | Request::AskBlob { .. } | Request::PutPart { .. } => Response::Blob,
        }
    }
}

/// The township.
pub struct Town {
    pub server: Server,
    pub package: Arc<Package>,
}

impl Town {
    /// A server with the builtin data, the clock at an instant.
    pub async fn at(now: u64) -> Self {
        Self::with(now, |_| {}).await
    }

    /// With data that the township changed.
    pub async fn with(now: u64, change: impl FnOnce(&mut Package)) -> Self {
        let mut package = Package::builtin().clone();
        change(&mut package);
        let package = Arc::new(package);
        let held = Package::clone(&package);
        let server = Server::with(|config| config.admission = Arc::new(ByDomain::new(held))).await;
        let town = Self { server, package };
        town.travel(now);
        town
    }

    /// The time, for the server and every device.
    pub fn travel(&self, now: u64) {
        let then = self.server.clock.now_ms();
        self.server.pass(now.wrapping_sub(then));
    }

    pub fn now(&self) -> u64 {
        self.server.clock.now_ms()
    }

    pub fn today(&self) -> NaiveDate {
        day_of(self.now())
    }

    /// Somebody with one role where people of that role are, and a device.
    pub async fn person(&self, user: &str, held: &str) -> Person {
        let assignment = match held {
            "village_assistant" | "grid_worker_l2" => role(held, GRID),
            "grid_worker_l1" | "deputy_grid_chief" => role(held, VILLAGE),
            _ => role(held, TOWN),
        };
        self.somebody(user, vec![assignment]).await
    }

    /// Somebody of a unit.
    pub async fn of_unit(&self, user: &str, code: &str) -> Person {
        self.somebody(user, vec![unit(code)]).await
    }

    pub async fn somebody(&self, user: &str, assignments: Vec<Assignment>) -> Person {
        self.server.person(user, assignments.clone()).await;
        self.device(user, assignments).await
    }

    /// A further device of an account.
    pub async fn device(&self, user: &str, assignments: Vec<Assignment>) -> Person {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let seed = NEXT.fetch_add(1, Ordering::SeqCst).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let env = DeviceEnv { clock: self.server.clock.clone(), seed: Cell::new(seed) };
        let projector = Projector(self.package.clone());
        let replica = Replica::open(MemoryStore::default(), projector, &env, user).await.unwrap();
        let driver = Driver::new(&replica);
        let token = self.server.token(user).await;
        let line = Line { client: self.server.http.clone(), url: self.server.url.clone(), token };
        Person {
            actor: RefCell::new(Actor { user: user.to_owned(), assignments }),
            package: self.package.clone(),
            env,
            replica,
            driver,
            line,
        }
    }

    /// Everybody synchronises, twice round, so that everybody has heard of everybody.
    pub async fn sync(&self, people: &[&Person]) {
        for person in people.iter().chain(people) {
            person.sync().await;
        }
    }

    /// One takes a step and everybody hears of it.
    pub async fn step(&self, who: &Person, all: &[&Person], id: EntityId, action: &str, said: Value) {
        who.step(id, action, said).await;
        self.sync(all).await;
    }
}

/// Somebody with a device.
pub struct Person {
    pub actor: RefCell<Actor>,
    package: Arc<Package>,
    env: DeviceEnv,
    replica: Replica<MemoryStore, Projector>,
    driver: Driver,
    line: Line,
}

impl Person {
    pub fn user(&self) -> String {
        self.actor.borrow().user.clone()
    }

    fn today(&self) -> NaiveDate {
        day_of(self.env.now_ms())
    }

    /// Synchronises until nothing is left.
    pub async fn sync(&self) {
        self.driver.run(&self.replica, &self.line, &self.env, Input::Wake, |_| {}).await.unwrap();
        assert_eq!(self.driver.with_engine(|e| e.trouble().cloned()), None, "{}", self.user());
        assert_eq!(self.replica.unsent().waiting, 0, "{}", self.user());
    }

    pub fn unsent(&self) -> usize {
        self.replica.unsent().waiting
    }

    /// What the authority said of the last thing that this device wrote to a record.
    pub fn refused(&self, id: EntityId) -> Option<String> {
        self.replica.rows().get(&id).and_then(|row| row.refused.clone())
    }

    pub async fn entity(&self, id: EntityId) -> Rc<Entity> {
        self.replica.entity(id).await.unwrap().unwrap_or_else(|| panic!("{} has no {id}", self.user()))
    }

    pub async fn case(&self, id: EntityId) -> CaseView {
        CaseView::of(&*self.entity(id).await).unwrap()
    }

    pub async fn clocks(&self, id: EntityId) -> CaseClocks {
        read(&self.package, &*self.entity(id).await)
    }

    /// List rows that this person sees.
    pub fn rows(&self) -> Vec<Summary> {
        let rows = self.replica.rows();
        rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.clone()).collect()
    }

    pub fn sees(&self, id: EntityId) -> bool {
        self.rows().iter().any(|row| row.id == id)
    }

    /// The messages that this person's screen offers to send for a case.
    pub async fn messages(&self, id: EntityId) -> Vec<Message> {
        let words = Words { unit: &str::to_owned, person: &str::to_owned, phone: "5550123" };
        of_case(&self.package, &self.case(id).await, &self.clocks(id).await, 0, words, self.env.now_ms())
    }

    /// The steps that the screen offers, by name.
    pub async fn offered(&self, id: EntityId) -> BTreeSet<String> {
        let case = self.case(id).await;
        let steps = offered(&self.package, &self.actor.borrow(), &case, self.today());
        steps.into_iter().map(|step| step.action.clone()).collect()
    }

    pub fn new_id(&self) -> EntityId {
        EntityId::new(self.env.now_ms(), self.env.random_array())
    }

    /// Saves after the device's own judgement, as the app does.
    pub async fn save(&self, entity: EntityId, body: Body, blobs: &[NewBlob]) -> Result<(), Refusal> {
        let before = self.replica.entity(entity).await.unwrap();
        let ctx = before.as_deref().map(|e| e.frontier().clone()).unwrap_or_default();
        let writer = self.replica.meta().writer;
        let (kind, text) = body.to_text();
        let (user, hlc) = (self.user(), Hlc { ms: self.env.now_ms(), count: 0 });
        let dot = Dot { writer, n: ctx.get(writer) + 1 };
        let op = Op::new(NewOp { entity, dot, hlc, kind, user: &user, ctx }, [0; 16], text).unwrap();
        admit(&self.package, &self.actor.borrow(), before.as_deref(), &op, self.today())?;
        self.replica.save(&self.env, &[NewWrite { entity, body }], blobs, &[]).await.unwrap();
        Ok(())
    }

    /// Hands in a form: checked for its quick stage as the phone does before saving.
    pub async fn report(&self, kind: RecordKind, area: &str, set: Value, photos: &[&str]) -> EntityId {
        let form = self.package.form_for(kind).unwrap();
        self.report_on(&form.id.clone(), kind, area, set, photos).await
    }

    pub async fn report_on(
        &self,
        form: &str,
        kind: RecordKind,
        area: &str,
        set: Value,
        photos: &[&str],
    ) -> EntityId {
        let form = self.package.form(form).unwrap();
        let set: Values = values(&set);
        let (refs, blobs) = self.photos(photos);
        let counted: BTreeMap<String, usize> = photos.iter().map(|role| ((*role).to_owned(), 1)).collect();
        let problems = validate(&self.package, form, &set, &counted, Stage::Quick, self.today());
        let blocking: Vec<_> = problems.into_iter().filter(|problem| problem.blocks).collect();
        assert_eq!(blocking, [], "{}", form.id);
        let id = self.new_id();
        let create = Create {
            type_: kind.as_str().to_owned(),
            form: Some(format!("{}/{}", form.id, form.version)),
            state: self.package.flow(kind).map(|flow| flow.initial.clone()),
            place: Placement { area: Some(area.to_owned()), ..Placement::default() },
            set,
            blobs: refs,
            ..Create::default()
        };
        self.save(id, Body::Create(create), &blobs).await.unwrap();
        id
    }

    /// Writes values of a record.
    pub async fn try_write(&self, id: EntityId, set: &Value, photos: &[&str]) -> Result<(), Refusal> {
        let (refs, blobs) = self.photos(photos);
        self.save(id, Body::Set(body::Set { set: values(set), blobs: refs }), &blobs).await
    }

    pub async fn write(&self, id: EntityId, set: Value, photos: &[&str]) {
        self.try_write(id, &set, photos).await.unwrap();
    }

    /// Writes values without the device's own judgement, as a device that was changed would.
    pub async fn force(&self, entity: EntityId, set: Value) {
        let body = Body::Set(body::Set { set: values(&set), blobs: Vec::new() });
        self.replica.save(&self.env, &[NewWrite { entity, body }], &[], &[]).await.unwrap();
    }

    /// What the screen offers to fill in for a purpose: 办理情况 or 补全和更正.
    pub async fn fillable(&self, id: EntityId, purpose: Purpose) -> Option<Form> {
        let case = self.case(id).await;
        fillable(&self.package, &self.actor.borrow(), &case, purpose, self.today())
    }

    /// Fills in what the screen offers, as its dialogs do: every answer and picture has its field there.
    pub async fn fill(&self, id: EntityId, purpose: Purpose, set: Value, photos: &[&str]) {
        let form = self.fillable(id, purpose).await;
        let form = form.unwrap_or_else(|| panic!("{} is offered nothing to fill in", self.user()));
        for path in values(&set).keys().map(String::as_str).chain(photos.iter().copied()) {
            assert!(form.field(path).is_some(), "{} is not asked for {path}", self.user());
        }
        self.write(id, set, photos).await;
    }

    /// Takes a step that is offered: with what the screen proposes, over it what the person enters. `to` of an action
    /// that leads to several states comes first: `take>dispatched`. Photos are named under `photos`.
    pub async fn try_step(&self, id: EntityId, action: &str, said: &Value) -> Result<(), Refusal> {
        let case = self.case(id).await;
        let (action, to) = action.split_once('>').map_or((action, None), |(action, to)| (action, Some(to)));
        let step: Transition = {
            let actor = self.actor.borrow();
            let steps = offered(&self.package, &actor, &case, self.today());
            let fits = |step: &&&Transition| {
                step.action == action && to.is_none_or(|to| step.target(&case.state) == to)
            };
            let names: Vec<&str> = steps.iter().map(|step| step.action.as_str()).collect();
            let found = steps.iter().find(fits).copied().cloned();
            found.unwrap_or_else(|| {
                panic!("{} is not offered {action} in {}: {names:?}", actor.user, case.state)
            })
        };
        let mut entered = suggested(&self.package, &step, &case, &self.actor.borrow(), self.env.now_ms());
        let said = values(said);
        let photos: Vec<&str> = match said.get("photos") {
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        for path in said.keys().filter(|path| *path != "photos") {
            assert!(
                step.inputs_for(case.kind).any(|field| field.path == *path),
                "{action} does not ask for {path}"
            );
        }
        entered.extend(said.clone());
        // Nobody of these is related to anybody.
        if step.inputs_for(case.kind).any(|field| field.path == "related") {
            entered.entry("related".to_owned()).or_insert(json!(false));
        }
        let (refs, blobs) = self.photos(&photos);
        let event = event(&self.package, (&self.actor.borrow(), self.today()), &step, &case, &entered, refs);
        self.save(id, Body::Event(event), &blobs).await
    }

    pub async fn step(&self, id: EntityId, action: &str, said: Value) {
        if let Err(refusal) = self.try_step(id, action, &said).await {
            panic!("{} {action}: {refusal}", self.user());
        }
    }

    /// Pictures, each its own.
    fn photos(&self, roles: &[&str]) -> (Vec<BlobRef>, Vec<NewBlob>) {
        let one = |role: &&str| {
            let bytes = [&b"\xff\xd8"[..], &self.env.random_array::<16>()].concat();
            let sha256 = hex(&sha256(&bytes));
            let size = u32::try_from(bytes.len()).unwrap();
            let blob = BlobRef {
                sha256: sha256.clone(),
                size,
                mime: "image/jpeg".to_owned(),
                role: (*role).to_owned(),
                thumb: None,
            };
            (blob, NewBlob { sha256, bytes: Some(bytes) })
        };
        roles.iter().map(one).unzip()
    }
}

/// A hazard as a worker reports it.
pub fn hazard(level: &str) -> Value {
    json!({"desc": "水沟堵塞，雨大会漫进屋", "level": level, "source": "visit_found", "address_text": "柳溪村3组水沟"})
}
