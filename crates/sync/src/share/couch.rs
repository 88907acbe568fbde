//! A CouchDB database: a document for each segment, written once and never changed, so that there are no
//! conflicts; read in the order of the database's own feed, whose sequence is kept as it comes and never compared.
//!
//! ```text
//! meta                                         the description
//! w-<device>-<epoch>                           the nonce of the database that writes under this name
//! s-<device>-<epoch>-<time>-<hash>             a segment: {format, at, count, sha256, ops:[…]}
//! blob-<sha256>                                a file: an attachment `data`, or {size, chunks}
//! blob-<sha256>-<n>                            a part of one
//! ```

mod blob;
mod pull;
mod push;

use super::fault::{Answer, Fault};
use super::{RawRequest, RawResponse, Share, Wire, names};
use crate::env::Env;
use gridbook_log::{DeviceId, WireOp, Writer};
use serde::{Deserialize, Serialize};

/// A segment's document.
#[derive(Serialize, Deserialize)]
struct SegmentDoc {
    #[serde(rename = "_id")]
    id: String,
    format: u32,
    at: u64,
    count: u64,
    /// Of the operations as lines of JSON.
    sha256: String,
    ops: Vec<WireOp>,
}

impl SegmentDoc {
    fn of(id: impl FnOnce(&str) -> String, at: u64, ops: Vec<WireOp>) -> Self {
        let sha256 = hash(&ops);
        Self { id: id(&sha256), format: 1, at, count: ops.len() as u64, sha256, ops }
    }

    fn whole(&self) -> bool {
        self.format == 1 && self.count == self.ops.len() as u64 && self.sha256 == hash(&self.ops)
    }
}

fn hash(ops: &[WireOp]) -> String {
    let mut text = String::new();
    for op in ops {
        super::segment::line(&mut text, op);
    }
    names::sha256(text.as_bytes())
}

/// How the names of a device's segments begin.
fn device_prefix(dev: DeviceId) -> String {
    format!("s-{dev}-")
}

fn writer_prefix(writer: Writer) -> String {
    format!("s-{}-{}-", writer.dev, writer.epoch)
}

impl<W: Wire, E: Env> Share<W, E> {
    pub(super) async fn couch(
        &self,
        method: &'static str,
        path: String,
        body: Vec<u8>,
    ) -> Answer<RawResponse> {
        let mut headers = vec![("accept", "application/json".to_owned())];
        if !body.is_empty() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        Ok(self.ask(RawRequest { method, path, headers, body }).await?)
    }

    /// A document or attachment; `None` when there is none.
    pub(super) async fn couch_get(&self, path: &str) -> Answer<Option<Vec<u8>>> {
        let response = self.couch("GET", path.to_owned(), Vec::new()).await?;
        match response.status {
            200 => Ok(Some(response.body)),
            404 => Ok(None),
            _ => Err(Fault::of(&response)),
        }
    }
}
