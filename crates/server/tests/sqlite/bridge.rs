//! The client between a server and a share: what either lacks, photos after text, and nothing that stays where it is.

use std::path::Path;
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
use tokio::net::TcpListener;

const G1: &str = "510000100201001";
const TOWN: &str = "510000100";

/// The share of the simulator behind HTTP; while `down` it answers 503.
struct Folder {
    url: String,
    share: Arc<Mutex<FakeShare>>,
    down: Arc<Mutex<bool>>,
}

impl Folder {
    async fn open(kind: ShareKind) -> Self {
        let (share, down) = (Arc::new(Mutex::new(FakeShare::new(kind))), Arc::new(Mutex::new(false)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let prefix = match kind {
            ShareKind::WebDav => "webdav",
            ShareKind::CouchDb => "couchdb",
        };
        let url = format!("{prefix}:http://{}/share/", listener.local_addr().unwrap());
        let (held, off) = (share.clone(), down.clone());
        let answer = move |request: HttpRequest| {
            let (held, off) = (held.clone(), off.clone());
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
                if *off.lock().unwrap() {
                    return HttpResponse::builder().status(503).body(HttpBody::empty()).unwrap();
                }
                let asked = RawRequest { method, path, headers, body };
                let answer =
                    held.lock().unwrap().handle(&mut Rng::new(1), &Quirks::default(), &asked).unwrap();
                HttpResponse::builder().status(answer.status).body(HttpBody::from(answer.body)).unwrap()
            }
        };
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
        Self { url, share, down }
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
    let all = folder.share.lock().unwrap().ops();
    let mut once: Vec<String> = all.iter().map(|op| op.h.clone()).collect();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), all.len(), "nothing stands there twice");
}

#[tokio::test]
async fn between_a_server_and_a_folder() {
    both_ways(ShareKind::WebDav).await;
}

#[tokio::test]
async fn between_a_server_and_a_database() {
    both_ways(ShareKind::CouchDb).await;
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
