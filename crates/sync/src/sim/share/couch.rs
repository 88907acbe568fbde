//! A CouchDB database in memory: documents with revisions, attachments, and a feed.

use std::collections::BTreeMap;

use gridbook_log::WireOp;
use serde_json::{Value, json};

use super::Quirks;
use crate::share::{RawRequest, RawResponse, oracle};
use crate::sim::Rng;
use crate::sim::mishap::Mishap;

#[derive(Clone)]
struct Doc {
    rev: u64,
    seq: u64,
    deleted: bool,
    value: Value,
    data: Option<Vec<u8>>,
}

/// See the module's text.
#[derive(Clone, Default)]
pub struct FakeCouch {
    docs: BTreeMap<String, Doc>,
    pub(super) seq: u64,
    backup: Option<Box<Self>>,
}

impl FakeCouch {
    pub(super) fn handle(
        &mut self,
        rng: &mut Rng,
        quirks: &Quirks,
        request: &RawRequest,
    ) -> Option<RawResponse> {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let argument =
            |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let body = || serde_json::from_slice::<Value>(&request.body).unwrap_or_default();
        Some(match (request.method, path) {
            ("GET", "") => answer(200, &json!({"db_name": "share"})),
            ("GET", "_changes") => {
                let limit = argument("limit").and_then(|text| text.parse().ok()).unwrap_or(usize::MAX);
                let since = argument("since").unwrap_or("0").split('-').next().unwrap_or_default();
                let Ok(mut since) = since.parse::<u64>() else { return Some(answer(400, &json!({}))) };
                if rng.chance(quirks.stale) {
                    since = since.saturating_sub(1 + rng.below(5));
                    quirks.met.note(Mishap::FeedRepeats);
                }
                let mut rows: Vec<(&String, &Doc)> =
                    self.docs.iter().filter(|(_, doc)| doc.seq > since).collect();
                rows.sort_by_key(|(_, doc)| doc.seq);
                if argument("descending") == Some("true") {
                    rows.reverse();
                }
                if quirks.odd {
                    quirks.met.note(Mishap::SeqNumbers);
                }
                let row = |(id, doc): (&String, &Doc)| {
                    let seq = if quirks.odd { json!(doc.seq) } else { json!(format!("{}-g1AA/+=", doc.seq)) };
                    let mut value = doc.value.clone();
                    value["_id"] = json!(id);
                    json!({"seq": seq, "id": id, "changes": [], "deleted": doc.deleted, "doc": value})
                };
                let rows: Vec<Value> = rows.into_iter().take(limit).map(row).collect();
                answer(200, &json!({"results": rows, "pending": 0}))
            }
            ("POST", "_all_docs") => {
                let keys = body()["keys"].as_array().cloned().unwrap_or_default();
                quirks.met.add(Mishap::UploadBroken, usize::from(self.is_half(&keys)));
                let row = |key: Value| match self.docs.get(key.as_str().unwrap_or_default()) {
                    Some(doc) if !doc.deleted => {
                        json!({"id": key, "key": key, "value": {"rev": rev(doc.rev)}})
                    }
                    _ => json!({"key": key, "error": "not_found"}),
                };
                answer(200, &json!({"rows": keys.into_iter().map(row).collect::<Vec<_>>()}))
            }
            ("POST", "_bulk_docs") => {
                let docs = body()["docs"].as_array().cloned().unwrap_or_default();
                let mut rows = Vec::new();
                for doc in docs {
                    let id = doc["_id"].as_str().unwrap_or_default().to_owned();
                    rows.push(if rng.chance(quirks.cut) {
                        quirks.met.note(Mishap::RowFailed);
                        json!({"id": id, "error": "internal_server_error", "reason": "one of them"})
                    } else {
                        self.write(&id, doc, None)
                    });
                }
                answer(201, &Value::from(rows))
            }
            ("GET", path) => match path.strip_suffix("/data") {
                Some(id) => match self.docs.get(id).and_then(|doc| doc.data.clone()) {
                    Some(body) => RawResponse { status: 200, body, ..RawResponse::default() },
                    None => answer(404, &json!({"error": "not_found"})),
                },
                None => match self.docs.get(path).filter(|doc| !doc.deleted) {
                    Some(doc) => {
                        let mut value = doc.value.clone();
                        value["_id"] = json!(path);
                        value["_rev"] = json!(rev(doc.rev));
                        answer(200, &value)
                    }
                    None => answer(404, &json!({"error": "not_found"})),
                },
            },
            ("PUT", path) => {
                let row = match path.strip_suffix("/data") {
                    Some(id) => self.write(id, json!({}), Some(request.body.clone())),
                    None => self.write(path, body(), None),
                };
                answer(if row.get("error").is_some() { 409 } else { 201 }, &row)
            }
            ("DELETE", path) => {
                self.seq += 1;
                match self.docs.get_mut(path) {
                    Some(doc) => {
                        (doc.deleted, doc.seq, doc.rev) = (true, self.seq, doc.rev + 1);
                        answer(200, &json!({"ok": true}))
                    }
                    None => answer(404, &json!({"error": "not_found"})),
                }
            }
            _ => answer(405, &json!({})),
        })
    }

    fn write(&mut self, id: &str, value: Value, data: Option<Vec<u8>>) -> Value {
        let held = self.docs.get(id).filter(|doc| !doc.deleted).map_or(0, |doc| doc.rev);
        if value["_rev"].as_str().map(str::to_owned) != (held > 0).then(|| rev(held)) {
            return json!({"id": id, "error": "conflict"});
        }
        self.seq += 1;
        self.docs.insert(id.to_owned(), Doc { rev: held + 1, seq: self.seq, deleted: false, value, data });
        json!({"ok": true, "id": id, "rev": rev(held + 1)})
    }

    pub(super) fn ops(&self) -> Vec<WireOp> {
        let docs = self.docs.iter().filter(|(id, doc)| id.starts_with("s-") && !doc.deleted);
        let read =
            |doc: &Doc| serde_json::from_value::<Vec<WireOp>>(doc.value["ops"].clone()).unwrap_or_default();
        docs.flat_map(|(_, doc)| read(doc)).collect()
    }

    pub(super) fn has_blob(&self, sha256: &str) -> bool {
        let is = |bytes: &[u8]| oracle::sha256(bytes) == sha256;
        let data = |id: &str| self.docs.get(id).and_then(|doc| doc.data.as_deref());
        let name = format!("blob-{sha256}");
        let chunks = self.docs.get(&name).and_then(|doc| doc.value["chunks"].as_u64());
        let part = |number: u64| data(&format!("{name}-{number}"));
        let parts = chunks.and_then(|chunks| (0..chunks).map(part).collect::<Option<Vec<_>>>());
        data(&name).is_some_and(is) || parts.is_some_and(|parts| is(&parts.concat()))
    }

    /// Whether a file (the first of `keys`) and its parts are asked for of which only some are there.
    fn is_half(&self, keys: &[Value]) -> bool {
        let there = |key: &Value| key.as_str().is_some_and(|id| self.docs.contains_key(id));
        keys.split_first()
            .is_some_and(|(file, parts)| !there(file) && parts.iter().any(there) && !parts.iter().all(there))
    }

    pub(super) fn back_up(&mut self) {
        self.backup = None;
        self.backup = Some(Box::new(self.clone()));
    }

    pub(super) fn restore(&mut self) -> bool {
        let Some(backup) = self.backup.take() else { return false };
        // The feed goes on where the backup ended: numbers that were given out are given out again.
        *self = *backup;
        true
    }
}

fn rev(number: u64) -> String {
    format!("{number}-x")
}

fn answer(status: u16, value: &Value) -> RawResponse {
    RawResponse { status, headers: Vec::new(), body: value.to_string().into_bytes() }
}
