//! Messages of the contract, listings of WebDAV folders, base64.

use gridbook_log::{EntityId, Fingerprint};
use gridbook_sync::bundle::{base64, unbase64};
use gridbook_sync::memory::MemoryStore;
use gridbook_sync::share::read_listing;
use gridbook_sync::wire::{
    Caps, Entry, FpReply, PageHead, PlaceFp, Problem, PullReply, PushReply, PushRequest, PushResult, Status,
    Verdict,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Target;
use super::log::{ops, wires};
use super::store::{Env, Texts, now, replica};

fn text(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

fn reads_back<T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug>(bytes: &[u8]) -> Option<T> {
    let value: T = serde_json::from_slice(bytes).ok()?;
    assert_eq!(serde_json::from_slice::<T>(&text(&value)).unwrap(), value);
    Some(value)
}

fn message(bytes: &[u8], _: u64) {
    reads_back::<Caps>(bytes);
    reads_back::<PushRequest>(bytes);
    reads_back::<PushReply>(bytes);
    reads_back::<Problem>(bytes);
    reads_back::<PageHead>(bytes);
    reads_back::<FpReply>(bytes);
    reads_back::<Status>(bytes);
    if let Some(page) = reads_back::<PullReply>(bytes) {
        let entries = page.entries.len();
        let tab = replica(std::rc::Rc::new(MemoryStore::default()));
        let pulled = now(tab.apply_page(&Env, "", page, "h1", None)).unwrap();
        assert!(pulled.new + pulled.unreadable <= entries);
        let shown: Vec<EntityId> = tab.rows().keys().copied().collect();
        for id in shown {
            now(tab.entity(id)).unwrap();
        }
        // What was taken in is there when the device starts again.
        let again =
            now(gridbook_sync::replica::Replica::open(tab.store().clone(), Texts, &Env, "ann")).unwrap();
        assert_eq!(*again.rows(), *tab.rows());
    }
}

fn listing(bytes: &[u8], _: u64) {
    let Some(items) = read_listing(bytes) else { return };
    let names: usize = items.iter().map(|item| item.name.len()).sum();
    // A byte that is no text becomes three.
    assert!(names <= 3 * bytes.len() && items.len() <= bytes.len());
}

fn digits(bytes: &[u8], _: u64) {
    assert_eq!(unbase64(&base64(bytes)).as_deref(), Some(bytes));
    if let Some(plain) = std::str::from_utf8(bytes).ok().and_then(unbase64) {
        assert!(plain.len() <= bytes.len());
    }
}

pub fn targets() -> Vec<Target> {
    let entity = ops()[0].entity();
    let mut entries = vec![Entry::Enter { e: entity }];
    entries.extend(wires().into_iter().map(|op| Entry::Op { op, at: 17 }));
    entries.push(Entry::Leave { e: EntityId([8; 16]) });
    let writer = ops()[0].dot().writer;
    let results = [Verdict::Ok, Verdict::Defer, Verdict::Refuse].map(|r| PushResult {
        id: Some(ops()[0].id()),
        r,
        code: Some("fork".to_owned()),
    });
    let place = PlaceFp { place: "330111".to_owned(), fp: Fingerprint::default() };
    let messages = vec![
        text(&PullReply { entries, cursor: "c".to_owned(), more: true }),
        text(&PushRequest { writer, nonce: "n".to_owned(), now: 1, ops: wires() }),
        text(&PushReply { results: results.to_vec(), now: 1 }),
        br#"{"contract":"1","levels":[0,1],"history":"h","now":1,"max_batch_ops":500,"max_batch_bytes":9,"max_blob":9}"#.to_vec(),
        br#"{"code":"busy","message":"x"}"#.to_vec(),
        text(&PageHead { form: 1, cursor: "c".to_owned(), more: true, fp: Fingerprint::default() }),
        text(&FpReply { cursor: "c".to_owned(), fp: Fingerprint::default(), places: Some(vec![place]) }),
        text(&Status { now: 1, history: "h".to_owned(), behind: true, waited: false }),
    ];
    let listings = [
        r#"<?xml version="1.0"?><D:multistatus xmlns:D="DAV:"><D:response><D:href>/share/heads/</D:href></D:response><D:response><D:href>http://h:8080/a%20b/heads/01.json</D:href><D:propstat><D:prop><D:getcontentlength>17</D:getcontentlength><D:getetag>W/&quot;1&quot;</D:getetag><D:getlastmodified>Sun, 22 Nov 2026 04:12:39 GMT</D:getlastmodified></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response></D:multistatus>"#,
        r"<multistatus xmlns='DAV:'><response><href><![CDATA[/x/%e4%b8%ad&amp;]]>&#x4e2d;</href><status>HTTP/1.1 404 no</status></response><!-- a > b --></multistatus>",
    ];
    vec![
        Target { name: "message", seeds: messages, run: message },
        Target {
            name: "listing",
            seeds: listings.map(|text| text.as_bytes().to_vec()).to_vec(),
            run: listing,
        },
        Target { name: "base64", seeds: vec![b"TWFuTWFu".to_vec(), b"TQ==".to_vec()], run: digits },
    ]
}
