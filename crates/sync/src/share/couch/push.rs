//! Writing documents.

use std::collections::BTreeSet;

use gridbook_log::{Header, WireOp, Writer};
use serde::{Deserialize, Serialize};

use super::{SegmentDoc, writer_prefix};
use crate::env::Env;
use crate::share::dav::{judge, refuse_all};
use crate::share::fault::{Answer, Fault};
use crate::share::state::State;
use crate::share::{Share, Wire};
use crate::wire::{PushReply, PushRequest};

/// How many of our documents are looked after.
const KEPT: usize = 32;

#[derive(Serialize, Deserialize)]
struct Registration {
    nonce: String,
}

#[derive(Serialize)]
struct Bulk<'a> {
    docs: [&'a SegmentDoc; 1],
}

/// One row of the answer to `_bulk_docs`.
#[derive(Deserialize)]
struct Row {
    #[serde(default)]
    error: Option<String>,
}

impl<W: Wire, E: Env> Share<W, E> {
    pub(in crate::share) async fn couch_push(
        &self,
        state: &mut State,
        push: &PushRequest,
    ) -> Answer<PushReply> {
        let now = self.env.now_ms();
        self.meta(state).await?;
        if self.couch_nonce(state, push).await? != push.nonce {
            return Ok(refuse_all(push, now));
        }
        let (results, ops) = judge(push, now, &BTreeSet::new());
        if !ops.is_empty() {
            let ops: Vec<WireOp> = ops.into_iter().map(|(op, _)| op).collect();
            // The same operations again have the same name: a batch whose answer was lost is not stored twice.
            let id = name_for(push.writer, &ops);
            let doc = SegmentDoc::of(id, now, ops);
            self.couch_store(&doc).await?;
            state.written.insert(doc.id.clone());
            if state.couch.last.len() >= KEPT {
                state.couch.last.pop_front();
            }
            state.couch.last.push_back(doc.id);
        }
        Ok(PushReply { results, now })
    }

    /// The nonce under which this writer is known to the database.
    async fn couch_nonce(&self, state: &mut State, push: &PushRequest) -> Answer<String> {
        if let Some((writer, nonce)) = &state.couch.registered
            && *writer == push.writer
        {
            return Ok(nonce.clone());
        }
        let path = format!("w-{}-{}", push.writer.dev, push.writer.epoch);
        for _ in 0..2 {
            if let Some(text) = self.couch_get(&path).await? {
                let held: Registration =
                    serde_json::from_slice(&text).map_err(|_| Fault::own(502, "writer"))?;
                state.couch.registered = Some((push.writer, held.nonce.clone()));
                return Ok(held.nonce);
            }
            let ours = Registration { nonce: push.nonce.clone() };
            let text = serde_json::to_vec(&ours).unwrap_or_default();
            let made = self.couch("PUT", path.clone(), text).await?;
            if !matches!(made.status, 200..=202 | 409) {
                return Err(Fault::of(&made));
            }
        }
        Err(Fault::own(502, "writer"))
    }

    async fn couch_store(&self, doc: &SegmentDoc) -> Answer<()> {
        let text = serde_json::to_vec(&Bulk { docs: [doc] }).unwrap_or_default();
        let response = self.couch("POST", "_bulk_docs".to_owned(), text).await?;
        if response.status == 413 {
            return Err(Fault::own(413, "too_large"));
        }
        if !matches!(response.status, 200..=202) {
            return Err(Fault::of(&response));
        }
        // A row may fail although the whole did not.
        let rows: Vec<Row> = serde_json::from_slice(&response.body).map_err(|_| Fault::Lost)?;
        match rows.first().map(|row| row.error.as_deref()) {
            Some(None) => Ok(()),
            Some(Some("conflict")) => {
                let held = self.couch_get(&doc.id).await?;
                let held = held.and_then(|text| serde_json::from_slice::<SegmentDoc>(&text).ok());
                match held {
                    Some(held) if held.whole() && held.sha256 == doc.sha256 => Ok(()),
                    _ => Err(Fault::own(502, "document")),
                }
            }
            Some(Some("forbidden" | "unauthorized")) => Err(Fault::own(403, "share")),
            Some(Some("too_large" | "document_too_large")) => Err(Fault::own(413, "too_large")),
            Some(Some(_)) | None => Err(Fault::own(503, "share")),
        }
    }
}

/// In rising order of time for the most part: a database likes that.
fn name_for(writer: Writer, ops: &[WireOp]) -> impl FnOnce(&str) -> String + use<> {
    let first = ops.first().and_then(|op| Header::parse(&op.h).ok()).map_or(0, |header| header.hlc.ms);
    move |sha256| format!("{}{first:012x}-{}", writer_prefix(writer), sha256.get(..16).unwrap_or_default())
}
