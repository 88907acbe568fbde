//! Packed streams, checks and news, with the engine and the replica that the app runs.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::common::line::Count;
use crate::common::{Device, NOON, Server};
use gridbook_log::{Fingerprint, Placement};
use gridbook_sync::driver::{Driver, Http};
use gridbook_sync::engine::{Checked, Input, Request, Response};
use gridbook_sync::env::Env;
use gridbook_sync::memory::MemoryStore;
use gridbook_sync::replica::Replica;
use gridbook_sync::store::{Batch, Store, Table, scan_all};
use gridbook_sync::wire::{SnapshotPage, Status};

const V1: &str = "510000100201";
const G1: &str = "510000100201001";
const G2: &str = "510000100201002";
const G3: &str = "510000100202001";

struct Still(Cell<u64>);

impl Env for Still {
    fn now_ms(&self) -> u64 {
        NOON
    }

    fn random(&self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0.set(self.0.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
            *byte = self.0.get().to_be_bytes()[0];
        }
    }
}

/// The contract over HTTP, and how often each request was made.
struct Line<'d> {
    device: &'d Device,
    made: RefCell<BTreeMap<&'static str, usize>>,
    /// What becomes of the next packed page.
    spoil: Cell<Option<fn(&mut SnapshotPage)>>,
}

impl<'d> Line<'d> {
    fn new(device: &'d Device) -> Self {
        Self { device, made: RefCell::default(), spoil: Cell::new(None) }
    }

    fn made(&self, name: &str) -> usize {
        self.made.borrow().get(name).copied().unwrap_or(0)
    }
}

impl Http for Line<'_> {
    async fn send(&self, request: &Request, _: Option<Vec<u8>>) -> Response {
        let name = match request {
            Request::Caps => "caps",
            Request::Push(_) => "push",
            Request::Pull { .. } => "pull",
            Request::Snapshot { place: None, .. } => "snapshot",
            Request::Snapshot { .. } => "place",
            Request::Fp { .. } => "fp",
            _ => "blob",
        };
        *self.made.borrow_mut().entry(name).or_default() += 1;
        let mut answer = self.device.ask(request, None).await;
        if let Response::Snapshot(page) = &mut answer
            && let Some(spoil) = self.spoil.take()
        {
            spoil(page);
        }
        answer
    }
}

type Phone = Replica<Rc<MemoryStore>, Count>;

async fn phone(store: &Rc<MemoryStore>, device: &Device) -> Phone {
    Replica::open(store.clone(), Count, &Still(Cell::new(7)), &device.user).await.unwrap()
}

async fn give(phone: &Phone, driver: &Driver, line: &Line<'_>, input: Input) {
    driver.run(phone, line, &Still(Cell::new(9)), input, |_| {}).await.unwrap();
    assert_eq!(driver.with_engine(|e| e.trouble().cloned()), None);
}

async fn holds(phone: &Phone) -> Fingerprint {
    let ids: Vec<_> = phone.rows().keys().copied().collect();
    let mut fp = Fingerprint::default();
    for id in ids {
        fp.join(phone.entity(id).await.unwrap().unwrap().fingerprint());
    }
    fp
}

/// A village with records of two grids, some of them edited and moved.
async fn village(server: &Server) -> (Device, Device) {
    let mut ann = server.worker("ann", G1).await;
    let mut ben = server.worker("ben", G2).await;
    for (worker, area, count) in [(&mut ann, G1, 900), (&mut ben, G2, 300)] {
        let made: Vec<_> = (0..count).map(|_| worker.create("hazard", area)).collect();
        let ids: Vec<_> = made.iter().map(|op| op.entity()).collect();
        for some in made.chunks(500) {
            worker.push_ok(some).await;
        }
        let edits: Vec<_> = ids.iter().step_by(7).map(|id| worker.set(*id, "desc", "又看了一次")).collect();
        worker.push_ok(&edits).await;
    }
    (ann, server.worker("head", V1).await)
}

#[tokio::test]
async fn an_empty_phone_takes_packed_streams_and_holds_what_a_pull_gives() {
    let server = Server::open().await;
    let (mut ann, head) = village(&server).await;
    let (store, line) = (Rc::new(MemoryStore::default()), Line::new(&head));
    let tab = phone(&store, &head).await;
    let driver = Driver::new(&tab);
    give(&tab, &driver, &line, Input::Wake).await;
    assert!(line.made("snapshot") > 0 && line.made("pull") == 1, "{:?}", line.made);
    assert_eq!(tab.rows().len(), 1200);
    let mut plain = server.device("head").await;
    plain.pull().await;
    assert_eq!(holds(&tab).await, plain.holds());
    // What comes later comes the plain way, also to what was packed.
    let moved = *ann.entities.keys().next().unwrap();
    let away = ann.place(moved, Placement { area: Some(G3.to_owned()), ..Placement::default() });
    ann.push_ok(&[away]).await;
    give(&tab, &driver, &line, Input::Wake).await;
    assert_eq!(tab.rows().len(), 1199, "it left");
    let again = line.made("snapshot");
    give(&tab, &driver, &line, Input::Check).await;
    assert_eq!(driver.with_engine(|e| e.checked()), Some(Checked::Same));
    assert_eq!((line.made("snapshot"), line.made("place")), (again, 0));
}

#[tokio::test]
async fn a_page_is_made_once_and_made_again_only_where_something_changed() {
    let server = Server::open().await;
    let (mut ann, _head) = village(&server).await;
    let mut first = server.device("head").await;
    first.pull_packed().await;
    // Dropping everything that is kept loses nothing.
    let mut packed = server.device("head").await;
    server.app().packs.clear();
    packed.pull_packed().await;
    assert_eq!(packed.holds(), packed.should_hold().await.fp);
    let one = *ann.entities.keys().next().unwrap();
    let edit = ann.set(one, "desc", "后来写的");
    ann.push_ok(&[edit]).await;
    let mut late = server.device("head").await;
    late.pull_packed().await;
    assert_eq!(late.entities[&one].text("desc"), Some("后来写的"));
    assert_eq!(late.holds(), late.should_hold().await.fp);
    assert!(late.packed(&late.cursor, None).await.is_none(), "410: from here on a pull goes on");
}

#[tokio::test]
async fn whatever_is_wrong_with_a_page_the_plain_way_brings_everything() {
    let server = Server::open().await;
    let (_, head) = village(&server).await;
    let spoils: [fn(&mut SnapshotPage); 4] = [
        |page| page.frames.truncate(page.frames.len() / 2),
        |page| page.frames[100] ^= 1,
        |page| page.head.form += 1,
        |page| page.frames.clear(),
    ];
    for spoil in spoils {
        let (store, line) = (Rc::new(MemoryStore::default()), Line::new(&head));
        line.spoil.set(Some(spoil));
        let tab = phone(&store, &head).await;
        give(&tab, &Driver::new(&tab), &line, Input::Wake).await;
        assert!(line.made("pull") > 1, "{:?}", line.made);
        assert_eq!(tab.rows().len(), 1200);
        assert_eq!(holds(&tab).await, head.should_hold().await.fp);
    }
}

#[tokio::test]
async fn a_phone_that_lost_a_row_or_was_passed_over_is_mended() {
    let server = Server::open().await;
    let (_, head) = village(&server).await;
    for table in [Table::Log, Table::Pages] {
        let (store, line) = (Rc::new(MemoryStore::default()), Line::new(&head));
        let tab = phone(&store, &head).await;
        give(&tab, &Driver::new(&tab), &line, Input::Wake).await;
        drop(tab);
        let (key, _) = scan_all(&store, table).await.unwrap().remove(0);
        let mut batch = Batch::default();
        batch.delete(table, key);
        store.commit(batch).await.unwrap();
        let tab = phone(&store, &head).await;
        let driver = Driver::new(&tab);
        give(&tab, &driver, &line, Input::Check).await;
        assert_eq!(driver.with_engine(|e| e.checked()), Some(Checked::Mended), "{table:?}");
        assert_eq!(tab.rows().len(), 1200);
        assert_eq!(holds(&tab).await, head.should_hold().await.fp);
        give(&tab, &driver, &line, Input::Check).await;
        assert_eq!(driver.with_engine(|e| e.checked()), Some(Checked::Same), "{table:?}");
    }
}

async fn status(device: &Device, cursor: &str, wait: u64) -> (Status, Duration) {
    let began = Instant::now();
    let url = format!("{}/sync/v1/status?cursor={cursor}&wait={wait}&not={}", device.url, device.writer);
    let answer = device.http.get(url).bearer_auth(&device.token).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    (answer.json().await.unwrap(), began.elapsed())
}

#[tokio::test]
async fn who_waits_hears_of_news_and_of_nothing_else() {
    let mut server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let mut head = server.worker("head", V1).await;
    let mut elsewhere = server.worker("elsewhere", G3).await;
    head.pull().await;
    assert!(!status(&head, &head.cursor, 0).await.0.behind);
    // What the reader may not see is no news.
    let far = elsewhere.create("hazard", G3);
    elsewhere.push_only(&far).await;
    let (told, took) = status(&head, &head.cursor, 2).await;
    assert!(!told.behind && told.waited && took >= Duration::from_secs(2), "{told:?} {took:?}");
    let near = ann.create("hazard", G1);
    let waiting = status(&head, &head.cursor, 20);
    let (waited, ()) = tokio::join!(waiting, ann.push_only(&near));
    // Well before the wait would have ended by itself.
    assert!(waited.0.behind && waited.1 < Duration::from_secs(18), "{waited:?}");
    // A server that stops does not wait for those who wait.
    head.pull().await;
    let began = Instant::now();
    let waiting = {
        let head = head.clone();
        tokio::spawn(async move { status(&head, &head.cursor, 25).await.0 })
    };
    while server.app().pokes.waiting() == 0 {
        tokio::task::yield_now().await;
    }
    server.stop().await;
    assert!(!waiting.await.unwrap().behind);
    assert!(began.elapsed() < Duration::from_secs(10));
}
