//! The client between a server and a share: what either lacks, photos after text, and nothing that stays where it is.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::common::{Device, PASSWORD, Server, role};
use axum::Router;
use axum::body::{Body as HttpBody, to_bytes};
use axum::extract::Request as HttpRequest;
use axum::http::Response as HttpResponse;
use gridbook_log::{BlobRef, Body, Op, WireOp, signed_bytes};
use gridbook_server::bridge::{Book, BookError, Bridge, Line, LineError, Place};
use gridbook_server::secret::{hex, sha256};
use gridbook_sync::driver::Http;
use gridbook_sync::engine::{Request, Response};
use gridbook_sync::relay::Broken;
use gridbook_sync::relay::between::{Carried, Gives, Unfit};
use gridbook_sync::share::{RawRequest, ShareKind};
use gridbook_sync::sim::Rng;
use gridbook_sync::sim::share::{FakeShare, Quirks};
use gridbook_sync::wire::{Entry, MAX_PAGE, PushRequest, Verdict};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const G1: &str = "510000100201001";
const TOWN: &str = "510000100";

/// The share of the simulator behind HTTP; while `down` it answers 503, while `read_only` to whoever writes.
struct Folder {
    url: String,
    share: Arc<Mutex<FakeShare>>,
    down: Arc<Mutex<bool>>,
    read_only: Arc<Mutex<bool>>,
}

impl Folder {
    fn holds_nothing_twice(&self) {
        let all = self.share.lock().unwrap().ops();
        let once: BTreeSet<&str> = all.iter().map(|op| op.h.as_str()).collect();
        assert_eq!(once.len(), all.len(), "nothing stands there twice");
    }

    async fn open(kind: ShareKind) -> Self {
        let (share, down) = (Arc::new(Mutex::new(FakeShare::new(kind))), Arc::new(Mutex::new(false)));
        let read_only = Arc::new(Mutex::new(false));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let prefix = match kind {
            ShareKind::WebDav => "webdav",
            ShareKind::CouchDb => "couchdb",
        };
        let url = format!("{prefix}:http://{}/share/", listener.local_addr().unwrap());
        let (held, off, kept) = (share.clone(), down.clone(), read_only.clone());
        let answer = move |request: HttpRequest| {
            let (held, off, kept) = (held.clone(), off.clone(), kept.clone());
            async move {
                let (parts, body) = request.into_parts();
                let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
                let path = parts.uri.path_and_query().unwrap().as_str();
                let path = path.strip_prefix("/share/").unwrap().to_owned();
                let known = ["GET", "PUT", "DELETE", "MKCOL", "PROPFIND", "POST"];
                let method = known.into_iter().find(|name| *name == parts.method.as_str()).unwrap();
                let read =
                    |name: &'static str| Some((name, parts.headers.get(name)?.to_str().ok()?.to_owned()));
                let headers = ["depth", "if-none-match"].into_iter().filter_map(read).collect();
                if *off.lock().unwrap() || method == "PUT" && *kept.lock().unwrap() {
                    return HttpResponse::builder().status(503).body(HttpBody::empty()).unwrap();
                }
                let asked = RawRequest { method, path, headers, body };
                let answer =
                    held.lock().unwrap().handle(&mut Rng::new(1), &Quirks::default(), &asked).unwrap();
                HttpResponse::builder().status(answer.status).body(HttpBody::from(answer.body)).unwrap()
            }
        };
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
        Self { url, share, down, read_only }
    }

    fn place(&self) -> Place {
        Place::parse(&self.url).unwrap()
    }

    /// As a device there has it.
    async fn line(&self, server: &Server) -> Line {
        let authority = Some(server.app().tenant.authority);
        Line::open(&self.place(), Some((TOWN.to_owned(), authority))).await.unwrap()
    }
}

fn place(server: &Server, user: &str) -> Place {
    let file = server.dir.path().join("password");
    std::fs::write(&file, format!("{PASSWORD}\n")).unwrap();
    Place::parse(&format!("{},{user}:{}", server.url, file.display())).unwrap()
}

async fn open(path: &Path, places: &[Place; 2]) -> Bridge {
    Bridge::open(places, Book::open(path, places).unwrap()).await.unwrap()
}

fn sign(key: &SigningKey, op: &Op) -> WireOp {
    let signature: Signature = key.sign(&signed_bytes(op.hash()));
    op.clone().signed(&signature.to_bytes().into()).to_wire()
}

async fn register(server: &Server, device: &Device, key: &SigningKey) {
    let point = hex(key.verifying_key().to_sec1_point(false).as_bytes());
    let body = json!({ "dev": device.writer.dev, "key": point });
    let (status, _) = server.call("POST", "/api/device-key", Some(&device.token), Some(body)).await;
    assert_eq!(status, 204);
}

async fn push(line: &Line, device: &Device, ops: Vec<WireOp>) {
    let push = PushRequest { writer: device.writer, nonce: device.nonce.clone(), now: device.ms, ops };
    let Response::Push(reply) = line.send(&Request::Push(push), None).await else { panic!("no answer") };
    assert!(reply.results.iter().all(|result| result.r == Verdict::Ok), "{reply:?}");
}

async fn ops(line: &Line) -> Vec<Op> {
    let pull = Request::Pull { cursor: String::new(), limit: MAX_PAGE, not: None };
    let Response::Pull(page) = line.send(&pull, None).await else { panic!("no answer") };
    let op = |entry: Entry| if let Entry::Op { op, .. } = entry { Op::from_wire(op).ok() } else { None };
    page.entries.into_iter().filter_map(op).collect()
}

fn photo(bytes: &[u8]) -> BlobRef {
    BlobRef {
        sha256: hex(&sha256(bytes)),
        size: u32::try_from(bytes.len()).unwrap(),
        mime: "image/jpeg".to_owned(),
        role: "photo_before".to_owned(),
        thumb: None,
    }
}

fn with_photo(blob: &BlobRef) -> Body {
    Body::Set(gridbook_log::body::Set { blobs: vec![blob.clone()], ..gridbook_log::body::Set::default() })
}

/// A phone that works with the share and people at the server come to the same; what is repeated carries nothing.
async fn both_ways(kind: ShareKind) {
    let server = Server::open().await;
    let folder = Folder::open(kind).await;
    let mut ann = server.worker("ann", G1).await;
    let mut head = server.worker("head", TOWN).await;
    let key = SigningKey::from_slice(&[7; 32]).unwrap();
    register(&server, &ann, &key).await;

    // Ann's phone knows the share only. One of what she wrote has lost its signature.
    let line = folder.line(&server).await;
    let (crack, bare) = (ann.create("hazard", G1), ann.create("hazard", G1));
    let bytes = b"\xff\xd8 a crack".to_vec();
    let seen = photo(&bytes);
    let shown = ann.body(crack.entity(), &with_photo(&seen));
    push(&line, &ann, vec![sign(&key, &crack), sign(&key, &shown), bare.to_wire()]).await;
    let put = Request::PutBlob { sha256: seen.sha256.clone() };
    assert_eq!(line.send(&put, Some(bytes.clone())).await, Response::Blob);

    // At the server somebody else writes, with a photo that is still on its way, and what is for people by name.
    let own = head.create("hazard", TOWN);
    let late = b"\xff\xd8 later".to_vec();
    let to_come = photo(&late);
    let pictured = head.body(own.entity(), &with_photo(&to_come));
    let named = head.create("restricted", TOWN);
    head.push_ok(&[own.clone(), pictured, named.clone()]).await;

    let path = server.dir.path().join("between.json");
    let places = [place(&server, "head"), folder.place()];
    let mut bridge = open(&path, &places).await;
    let Carried { there, back } = bridge.round(1_000).await.unwrap();
    assert_eq!((there.stored, there.photos), (2, 1), "{there:?}");
    assert_eq!(there.refused, [("foreign_author".to_owned(), 1)].into());
    // Two of hers, two receipts: of his and of what was carried.
    assert_eq!((back.stored, back.photos), (4, 0), "{back:?}");
    assert_eq!(server.stream(crack.entity()).await.len(), 3, "hers, and the receipt");
    let on_share = ops(&folder.line(&server).await).await;
    let receipts = |of: &Op| {
        on_share.iter().filter(|op| op.entity() == of.entity() && op.header().kind == "receipt").count()
    };
    assert_eq!((receipts(&crack), receipts(&own)), (1, 1));
    assert!(on_share.iter().all(|op| op.entity() != named.entity()), "what is for people by name stays");
    assert_eq!(bridge.book().photos_due(), 1);

    // The photo comes; nothing else is carried, now or by whoever goes on from the book.
    let name = format!("{}/sync/v1/blobs/{}", server.url, to_come.sha256);
    let put = server.http.put(&name).bearer_auth(&head.token).body(late.clone()).send().await.unwrap();
    assert_eq!(put.status(), 201);
    assert_eq!(bridge.round(2_000).await.unwrap(), Carried::default(), "looked for again after a while");
    bridge.book().write().unwrap();
    assert!(matches!(Book::open(&path, &places), Err(BookError::Busy(_))), "two would write under one name");
    drop(bridge);
    let mut bridge = open(&path, &places).await;
    let carried = bridge.round(100_000).await.unwrap();
    assert_eq!(
        (carried.there, carried.back.stored, carried.back.photos),
        (gridbook_sync::relay::Tally::default(), 0, 1)
    );
    assert_eq!(folder.line(&server).await.blob(&to_come.sha256).await, Ok(Some(late)));
    assert_eq!(bridge.round(200_000).await.unwrap(), Carried::default());
    let last = bridge.book().last.clone();
    assert_eq!((last.at, last.carried_at, last.all, last.refused), (200_000, 100_000, (6, 2), (1, 0)));

    // A share that does not answer: nothing is lost, and what was written meanwhile comes over afterwards.
    *folder.down.lock().unwrap() = true;
    let more = head.set(own.entity(), "desc", "补一句");
    head.push_only(&more).await;
    assert_eq!(bridge.round(300_000).await, Err(Unfit::Broken(Broken::Backend(503))));
    *folder.down.lock().unwrap() = false;
    assert_eq!(bridge.round(400_000).await.unwrap().back.stored, 2, "it and its receipt");
    folder.holds_nothing_twice();
}

#[tokio::test]
async fn between_a_server_and_a_folder() {
    both_ways(ShareKind::WebDav).await;
}

#[tokio::test]
async fn between_a_server_and_a_database() {
    both_ways(ShareKind::CouchDb).await;
}

/// Sets the password of an account, which ends its sessions.
async fn new_password(server: &Server, user: &str, old: &str, new: &str) {
    let signed = json!({ "user": user, "password": old });
    let (_, signed) = server.call("POST", "/api/sign-in", None, Some(signed)).await;
    let token = signed["token"].as_str().unwrap().to_owned();
    let change = json!({ "old": old, "new": new });
    assert_eq!(server.call("POST", "/api/password", Some(&token), Some(change)).await.0, 204);
    assert_eq!(server.call("POST", "/api/sign-out", Some(&token), None).await.0, 204);
}

/// The account's password is changed while the program runs: what comes meanwhile waits, and its owner can sign in.
#[tokio::test]
async fn what_comes_while_the_session_has_ended_is_not_passed_over() {
    let server = Server::open().await;
    let folder = Folder::open(ShareKind::WebDav).await;
    let mut ann = server.worker("ann", G1).await;
    server.worker("head", TOWN).await;
    let key = SigningKey::from_slice(&[7; 32]).unwrap();
    register(&server, &ann, &key).await;
    let line = folder.line(&server).await;
    let path = server.dir.path().join("between.json");
    let places = [place(&server, "head"), folder.place()];
    let mut bridge = open(&path, &places).await;
    assert_eq!(bridge.round(1_000).await.unwrap(), Carried::default());

    let crack = ann.create("hazard", G1);
    push(&line, &ann, vec![sign(&key, &crack)]).await;
    let new = "another good one";
    new_password(&server, "head", PASSWORD, new).await;
    let ended = Err(Unfit::Broken(Broken::SignedOut));
    // A round a minute; the tries of an account are ten in a quarter of an hour.
    for minute in 0..14 {
        assert_eq!(bridge.round(10_000 + minute * 60_000).await, ended, "minute {minute}");
    }
    assert_eq!(server.stream(crack.entity()).await.len(), 0);
    bridge.book().write().unwrap();
    let trouble = bridge.book().last.trouble.clone().unwrap();
    assert_eq!((trouble.since, trouble.rests_until), (10_000, 910_000));
    drop(bridge);
    assert!(!Book::in_use(&path));
    // The director is not kept out by the program.
    let signed = json!({ "user": "head", "password": new });
    assert_eq!(server.call("POST", "/api/sign-in", None, Some(signed)).await.0, 200);
    let again = Place { login: Some(("head".to_owned(), new.to_owned())), ..place(&server, "head") };
    let mut bridge = open(&path, &[again, folder.place()]).await;
    let carried = bridge.round(20_000_000).await.unwrap();
    assert_eq!((carried.there.stored, carried.there.refused.len()), (1, 0), "{carried:?}");
    assert_eq!(server.stream(crack.entity()).await.len(), 2, "hers, and the receipt");
}

/// A way to a server on which whoever signs in finds nobody while it is `shut`.
struct Gate {
    url: String,
    shut: Arc<AtomicBool>,
}

impl Gate {
    async fn before(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let there = server.url.strip_prefix("http://").unwrap().to_owned();
        let shut = Arc::new(AtomicBool::new(false));
        let closed = shut.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&there).await.unwrap();
                tokio::spawn(pass(client, server, closed.clone()));
            }
        });
        Self { url, shut }
    }
}

async fn pass(mut client: TcpStream, mut server: TcpStream, shut: Arc<AtomicBool>) {
    let (mut up, mut down) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let Ok(size @ 1..) = read else { return };
                let signs_in = up[..size].starts_with(b"POST /api/sign-in");
                if signs_in && shut.load(Ordering::SeqCst) || server.write_all(&up[..size]).await.is_err() {
                    return;
                }
            }
            read = server.read(&mut down) => {
                let Ok(size @ 1..) = read else { return };
                if client.write_all(&down[..size]).await.is_err() { return }
            }
        }
    }
}

/// The session has ended and the line breaks when it signs in again: that is no wrong password, and nobody rests.
#[tokio::test]
async fn a_sign_in_that_nobody_answered_is_no_wrong_password() {
    let server = Server::open().await;
    let folder = Folder::open(ShareKind::WebDav).await;
    let mut ann = server.worker("ann", G1).await;
    server.worker("head", TOWN).await;
    let key = SigningKey::from_slice(&[7; 32]).unwrap();
    register(&server, &ann, &key).await;
    let gate = Gate::before(&server).await;
    let path = server.dir.path().join("between.json");
    let places = [Place { address: format!("{}/", gate.url), ..place(&server, "head") }, folder.place()];
    let mut bridge = open(&path, &places).await;
    assert_eq!(bridge.round(1_000).await.unwrap(), Carried::default());

    let crack = ann.create("hazard", G1);
    push(&folder.line(&server).await, &ann, vec![sign(&key, &crack)]).await;
    // The password is what it was; the sessions have ended.
    new_password(&server, "head", PASSWORD, "another good one").await;
    new_password(&server, "head", "another good one", PASSWORD).await;
    gate.shut.store(true, Ordering::SeqCst);
    assert_eq!(bridge.round(61_000).await, Err(Unfit::Broken(Broken::Offline)));
    // Whoever asks hears that it runs, and what is wrong since when.
    bridge.book().write().unwrap();
    assert!(Book::in_use(&path));
    let told = Book::read(&path).unwrap().unwrap().last.trouble.unwrap();
    assert_eq!((told.why, told.since, told.rests_until), (Unfit::Broken(Broken::Offline), 61_000, 0));
    gate.shut.store(false, Ordering::SeqCst);
    assert_eq!(bridge.round(121_000).await.unwrap().there.stored, 1);
}

/// Who works with the share and has never been at the server, registers later.
#[tokio::test]
async fn what_was_refused_comes_over_once_its_author_is_known_there() {
    let server = Server::open().await;
    let folder = Folder::open(ShareKind::WebDav).await;
    let mut ann = server.worker("ann", G1).await;
    server.worker("head", TOWN).await;
    let key = SigningKey::from_slice(&[7; 32]).unwrap();
    let line = folder.line(&server).await;
    let crack = ann.create("hazard", G1);
    let bytes = b"\xff\xd8 a crack".to_vec();
    let shown = ann.body(crack.entity(), &with_photo(&photo(&bytes)));
    push(&line, &ann, vec![sign(&key, &crack), sign(&key, &shown)]).await;
    let put = Request::PutBlob { sha256: photo(&bytes).sha256 };
    assert_eq!(line.send(&put, Some(bytes.clone())).await, Response::Blob);

    let path = server.dir.path().join("between.json");
    let places = [place(&server, "head"), folder.place()];
    let mut bridge = open(&path, &places).await;
    let Carried { there, .. } = bridge.round(1_000).await.unwrap();
    assert_eq!(there.refused, [("signature".to_owned(), 2)].into(), "{there:?}");
    assert_eq!((there.photos_refused, bridge.book().photos_due()), (0, 0), "a photo follows its record");
    assert_eq!(bridge.book().held(), [("signature".to_owned(), 2)].into());
    let waits = bridge.book().waits()["signature"].clone();
    assert_eq!((waits.ops, waits.since, waits.next), (2, Some(1_000), 61_000));
    let Carried { there, .. } = bridge.round(200_000).await.unwrap();
    assert_eq!(there, gridbook_sync::relay::Tally::default(), "that was told");

    register(&server, &ann, &key).await;
    bridge.book().write().unwrap();
    drop(bridge);
    let mut bridge = open(&path, &places).await;
    let Carried { there, .. } = bridge.round(90_000_000).await.unwrap();
    assert_eq!((there.stored, there.photos), (2, 1), "{there:?}");
    assert!(bridge.book().held().is_empty());
}

/// A page on which something goes back to where it came from, and something new does not get through at first.
#[tokio::test]
async fn a_page_that_broke_off_sends_nothing_back_twice() {
    let server = Server::open().await;
    let folder = Folder::open(ShareKind::WebDav).await;
    let mut ann = server.worker("ann", G1).await;
    let mut head = server.worker("head", TOWN).await;
    let key = SigningKey::from_slice(&[7; 32]).unwrap();
    register(&server, &ann, &key).await;
    let (hers, his) = (ann.create("hazard", G1), head.create("hazard", TOWN));
    push(&folder.line(&server).await, &ann, vec![sign(&key, &hers)]).await;
    head.push_only(&his).await;

    let path = server.dir.path().join("between.json");
    let mut bridge = open(&path, &[place(&server, "head"), folder.place()]).await;
    *folder.read_only.lock().unwrap() = true;
    assert_eq!(bridge.round(1_000).await, Err(Unfit::Broken(Broken::Backend(503))));
    // What went over counts, and stands in the book already.
    assert_eq!((bridge.book().last.all.0, bridge.book().last.at), (1, 0));
    assert!(Book::read(&path).unwrap().is_some(), "written with the page that arrived");
    *folder.read_only.lock().unwrap() = false;
    // His, its receipt, and that of hers.
    assert_eq!(bridge.round(2_000).await.unwrap().back.stored, 3);
    folder.holds_nothing_twice();
}

/// The record came to the server by another way, its photo only to the share.
#[tokio::test]
async fn a_photo_follows_a_record_that_was_there_before() {
    let server = Server::open().await;
    let folder = Folder::open(ShareKind::WebDav).await;
    let mut ann = server.worker("ann", G1).await;
    let head = server.worker("head", TOWN).await;
    let key = SigningKey::from_slice(&[7; 32]).unwrap();
    register(&server, &ann, &key).await;
    let line = folder.line(&server).await;
    let crack = ann.create("hazard", G1);
    let (seen, had) = (b"\xff\xd8 a crack".to_vec(), b"\xff\xd8 had".to_vec());
    let first = ann.body(crack.entity(), &with_photo(&photo(&seen)));
    let second = ann.body(crack.entity(), &with_photo(&photo(&had)));
    ann.push_ok(&[crack.clone(), first.clone(), second.clone()]).await;
    let url = |name: &str| format!("{}/sync/v1/blobs/{name}", server.url);
    let put = server.http.put(url(&photo(&had).sha256)).bearer_auth(&ann.token).body(had.clone());
    assert_eq!(put.send().await.unwrap().status(), 201);
    push(&line, &ann, [&crack, &first, &second].map(|op| sign(&key, op)).to_vec()).await;
    for bytes in [&seen, &had] {
        let put = Request::PutBlob { sha256: photo(bytes).sha256 };
        assert_eq!(line.send(&put, Some(bytes.clone())).await, Response::Blob);
    }

    let path = server.dir.path().join("between.json");
    let mut bridge = open(&path, &[place(&server, "head"), folder.place()]).await;
    let Carried { there, .. } = bridge.round(1_000).await.unwrap();
    assert_eq!((there.repeats, there.photos, there.photos_refused), (3, 1, 0), "{there:?}");
    let path = format!("/sync/v1/blobs/{}", photo(&seen).sha256);
    assert_eq!(server.call("GET", &path, Some(&head.token), None).await.0, 200);
}

#[tokio::test]
async fn two_books_that_differ_in_their_ends_do_not_meet() {
    let dir = tempfile::tempdir().unwrap();
    let place = |port: u32| Place::parse(&format!("webdav:http://127.0.0.1:{port}/share/")).unwrap();
    let (east, west) = (dir.path().join("relay.east"), dir.path().join("relay.west"));
    let one = Book::open(&east, &[place(1), place(2)]).unwrap();
    let other = Book::open(&west, &[place(1), place(3)]).unwrap();
    one.write().unwrap();
    other.write().unwrap();
    let at = |path: &Path| Book::read(path).unwrap().unwrap().places()[1].clone();
    assert_eq!((at(&east), at(&west)), (place(2).address, place(3).address));
}

#[tokio::test]
async fn what_cannot_be_bridged_is_said_and_nothing_is_carried() {
    let server = Server::open().await;
    let folder = Folder::open(ShareKind::WebDav).await;
    let head = server.worker("head", TOWN).await;
    server.person("part", vec![role("grid_worker_l2", G1)]).await;
    head.push_only(&head.clone().create("hazard", TOWN)).await;
    let path = server.dir.path().join("between.json");
    let open = |first: Place, second: Place| {
        let places = [first, second];
        let book = Book::open(&path, &places).unwrap();
        async move { Bridge::open(&places, book).await.err() }
    };
    assert!(matches!(open(place(&server, "part"), folder.place()).await, Some(LineError::SeesPart(..))));
    let wrong = Place { login: Some(("head".to_owned(), "wrong".to_owned())), ..place(&server, "head") };
    assert!(matches!(open(wrong, folder.place()).await, Some(LineError::SignIn(..))));
    let nowhere = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let nowhere = Place { address: format!("http://{nowhere}/"), ..place(&server, "head") };
    assert!(matches!(open(folder.place(), nowhere).await, Some(LineError::Unreachable(_))));

    // Another desk answers on the share.
    let other = Some((TOWN.to_owned(), Some(gridbook_log::DeviceId([9; 8]))));
    let line = Line::open(&folder.place(), other).await.unwrap();
    assert!(matches!(line.send(&Request::Caps, None).await, Response::Caps(_)));
    let places = [folder.place(), place(&server, "head")];
    let mut bridge = Bridge::open(&places, Book::open(&path, &places).unwrap()).await.unwrap();
    assert_eq!(bridge.round(1_000).await, Err(Unfit::Authorities));
    assert!(folder.share.lock().unwrap().ops().is_empty());
    bridge.book().write().unwrap();
    drop(bridge);

    // The book is about these two, and about no others.
    let others = [folder.place(), folder.place()];
    assert!(matches!(Book::open(&path, &others), Err(BookError::Others(_))));
    std::fs::write(&path, "{").unwrap();
    assert!(matches!(Book::open(&path, &places), Err(BookError::Damaged(_))));
}
