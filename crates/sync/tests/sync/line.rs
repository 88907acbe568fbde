//! A way to a backend in memory, and what goes along it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use gridbook_log::{BlobRef, Body};
use gridbook_sync::driver::{Driver, Http, Round};
use gridbook_sync::engine::{Input, Request, Response};
use gridbook_sync::model::Model;
use gridbook_sync::replica::{NewBlob, NewWrite};
use gridbook_sync::wire::Caps;

use super::support::*;

/// A way to the model that can fail.
pub struct Line {
    pub model: RefCell<Model>,
    /// Names of the requests that reached the backend.
    pub log: RefCell<Vec<&'static str>>,
    pub photos: RefCell<Vec<(String, Option<Vec<u8>>)>>,
    /// Answers to give instead of the backend's, by request, once.
    pub instead: RefCell<Vec<(&'static str, Response)>>,
    /// Answers that get lost on the way back, by request, once.
    pub lost: Cell<Option<&'static str>>,
    /// What something on the way dislikes, an operation or a photo, and what it answers in the backend's place each time.
    pub dislikes: RefCell<Option<(String, Response)>>,
}

impl Line {
    pub fn new() -> Self {
        let mut model = Model::default();
        model.grant("u1", BTreeSet::from(["1".to_owned()]));
        Self {
            model: RefCell::new(model),
            log: RefCell::default(),
            photos: RefCell::default(),
            instead: RefCell::default(),
            lost: Cell::new(None),
            dislikes: RefCell::default(),
        }
    }

    pub fn names(&self) -> Vec<&'static str> {
        self.log.take()
    }
}

impl Http for Line {
    async fn send(&self, request: &Request, blob: Option<Vec<u8>>) -> Response {
        give_way().await;
        let name = match request {
            Request::Caps => "caps",
            Request::Push(_) => "push",
            Request::Pull { .. } => "pull",
            Request::PutBlob { .. } => "photo",
            Request::AskBlob { .. } => "how much",
            Request::PutPart { .. } => "part",
            Request::Snapshot { .. } | Request::Fp { .. } => "level 2",
        };
        self.log.borrow_mut().push(name);
        let disliked = self.dislikes.borrow().as_ref().filter(|(what, _)| holds(request, what)).cloned();
        if let Some((_, response)) = disliked {
            return response;
        }
        let instead = self.instead.borrow().iter().position(|(n, _)| *n == name);
        if let Some(at) = instead {
            return self.instead.borrow_mut().remove(at).1;
        }
        let failed = |status| Response::Failed { status, code: String::new(), retry_after_ms: None };
        let response = match request {
            Request::Caps => {
                Response::Caps(Caps { levels: vec![0, 1], snapshot: None, ..self.model.borrow().caps(NOON) })
            }
            Request::Snapshot { .. } | Request::Fp { .. } => panic!("nobody announced it"),
            Request::Push(push) => Response::Push(self.model.borrow_mut().push("u1", push, NOON)),
            Request::Pull { cursor, limit, not } => {
                self.model.borrow().pull("u1", cursor, *limit, *not).map_or_else(failed, Response::Pull)
            }
            Request::PutBlob { sha256 } => {
                self.photos.borrow_mut().push((sha256.clone(), blob));
                self.model.borrow_mut().put_blob(sha256).map_or_else(failed, |()| Response::Blob)
            }
            Request::AskBlob { sha256 } => {
                self.model.borrow().blob_at(sha256).map_or(Response::BlobAt(None), at)
            }
            Request::PutPart { sha256, offset, length } => {
                self.photos.borrow_mut().push((format!("{sha256}@{offset}"), blob));
                self.model.borrow_mut().put_part(sha256, *offset, *length).map_or_else(failed, at)
            }
        };
        if self.lost.get() == Some(name) {
            self.lost.set(None);
            return Response::Lost;
        }
        response
    }
}

/// Whether a request carries this operation or photo.
fn holds(request: &Request, what: &str) -> bool {
    match request {
        Request::Push(push) => push.ops.iter().any(|op| {
            let op = gridbook_log::Op::from_wire(op.clone());
            op.is_ok_and(|op| op.id().to_string() == what)
        }),
        request => request.photo() == Some(what),
    }
}

pub fn round(driver: &Driver, tab: &Tab, line: &Line, env: &TestEnv) -> Round {
    run(driver.run(tab, line, env, Input::Wake, |_| {})).unwrap()
}

pub fn with_photos(names: &[&str]) -> (NewWrite, Vec<NewBlob>) {
    let mut write = create(id(1), "11", "x");
    let blob = |sha256: &&str| BlobRef {
        sha256: (*sha256).to_owned(),
        size: 3,
        mime: "image/jpeg".to_owned(),
        role: String::new(),
        thumb: None,
    };
    if let Body::Create(create) = &mut write.body {
        create.blobs = names.iter().map(blob).collect();
    }
    let bytes = |name: &&str| NewBlob { sha256: (*name).to_owned(), bytes: Some(name.as_bytes().to_vec()) };
    (write, names.iter().map(bytes).collect())
}

/// The model's word on a photo, as an answer.
fn at(held: Option<usize>) -> Response {
    held.map_or(Response::Blob, |offset| Response::BlobAt(Some(offset)))
}
