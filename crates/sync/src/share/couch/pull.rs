//! Reading the feed.

use std::collections::BTreeSet;

use gridbook_log::{Writer, set_of};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{SegmentDoc, device_prefix, writer_prefix};
use crate::env::Env;
use crate::share::cursor::Cursor;
use crate::share::fault::{Answer, Fault, HISTORY};
use crate::share::segment::Timed;
use crate::share::state::{FeedRow, State};
use crate::share::{Share, Wire, lanes};
use crate::wire::{Entry, PullReply};

/// Documents asked for at first, and at most.
const BATCH: usize = 16;
const MOST: usize = 256;
/// Documents passed over that are remembered; and every so many pulls, the first of a connection among them, they are
/// asked for again.
const LEFT: usize = 32;
const THOROUGH: u32 = 16;

#[derive(Deserialize)]
struct Changes {
    results: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
    seq: Box<RawValue>,
    id: String,
    #[serde(default)]
    deleted: bool,
    /// Read by itself: one that cannot be read stops no other.
    #[serde(default)]
    doc: Option<Box<RawValue>>,
}

#[derive(Serialize)]
struct Keys<'a> {
    keys: &'a [String],
}

#[derive(Deserialize)]
struct Found {
    rows: Vec<FoundRow>,
}

#[derive(Deserialize)]
struct FoundRow {
    #[serde(default)]
    key: String,
    #[serde(default)]
    error: Option<String>,
}

/// What a first page asks for, both at once.
enum First {
    Rows(Answer<(Vec<FeedRow>, bool)>),
    Gone(Answer<Option<String>>),
}

impl<W: Wire, E: Env> Share<W, E> {
    pub(in crate::share) async fn couch_pull(
        &self,
        state: &mut State,
        from: &str,
        limit: usize,
        not: Option<Writer>,
    ) -> Answer<PullReply> {
        let meta = self.meta(state).await?;
        let mut cursor = Cursor::read(from, &meta.history).ok_or(HISTORY)?;
        if from.is_empty() || state.couch.cursor != from {
            self.couch_begin(state, &cursor).await?;
        }
        let limit = limit.max(1);
        let mut entries = Vec::new();
        while entries.len() < limit {
            if state.couch.rows.is_empty() {
                if state.couch.drained {
                    break;
                }
                let (rows, drained) = self.couch_rows(&cursor.seq, state.couch.batch).await?;
                take_rows(state, rows, drained);
                continue;
            }
            self.couch_row(state, &mut cursor, &mut entries, limit, not);
        }
        let more = !(state.couch.rows.is_empty() && state.couch.drained);
        cursor.photo = state.photo.clone().or(cursor.photo);
        let cursor = cursor.write();
        state.couch.cursor = if more { cursor.clone() } else { String::new() };
        Ok(PullReply { entries, cursor, more })
    }

    /// The first rows of a round; meanwhile it is asked whether what was seen before is still there.
    async fn couch_begin(&self, state: &mut State, cursor: &Cursor) -> Answer<()> {
        state.couch.rows.clear();
        state.couch.cursor.clear();
        let batch = if state.couch.batch == 0 { BATCH } else { state.couch.batch };
        state.couch.batch = batch;
        let mut seen: BTreeSet<String> = set_of(cursor.seen.iter().filter(|id| !id.is_empty()).cloned());
        seen.extend(state.couch.last.iter().cloned());
        let photo = state.photo.as_ref().or(cursor.photo.as_ref());
        seen.extend(photo.map(|sha256| super::blob::name(sha256)));
        let seen: Vec<String> = seen.into_iter().collect();
        let rows: lanes::Job<'_, First> =
            Box::pin(async { First::Rows(self.couch_rows(&cursor.seq, batch).await) });
        let gone: lanes::Job<'_, First> = Box::pin(async { First::Gone(self.couch_gone(&seen).await) });
        let mut rows_found = None;
        for answer in lanes::all([rows, gone]).await {
            match answer {
                First::Rows(Ok(found)) => rows_found = Some(found),
                First::Gone(Ok(None)) => {}
                First::Gone(Ok(Some(_))) => {
                    state.couch.last.clear();
                    state.photo = None;
                    state.couch.registered = None;
                    state.written.clear();
                    return Err(HISTORY);
                }
                First::Rows(Err(fault)) | First::Gone(Err(fault)) => return Err(fault),
            }
        }
        if let Some((rows, drained)) = rows_found {
            take_rows(state, rows, drained);
        }
        if state.rounds.is_multiple_of(THOROUGH) {
            self.couch_look_again(state, cursor).await?;
        }
        state.rounds = state.rounds.wrapping_add(1);
        Ok(())
    }

    /// What could not be read before, a damaged answer or a later program's, may be readable by now.
    async fn couch_look_again(&self, state: &mut State, cursor: &Cursor) -> Answer<()> {
        for id in cursor.left.iter().rev() {
            let ops = self.couch_document(id).await?;
            if ops.is_some() {
                state.couch.rows.push_front(FeedRow { seq: String::new(), id: id.clone(), ops });
            }
        }
        Ok(())
    }

    /// The first of these documents that is gone: the database went back to an earlier state.
    async fn couch_gone(&self, ids: &[String]) -> Answer<Option<String>> {
        if ids.is_empty() {
            return Ok(None);
        }
        let text = serde_json::to_vec(&Keys { keys: ids }).unwrap_or_default();
        let response = self.couch("POST", "_all_docs".to_owned(), text).await?;
        if response.status != 200 {
            return Err(Fault::of(&response));
        }
        let found: Found = serde_json::from_slice(&response.body).map_err(|_| Fault::Lost)?;
        for row in found.rows.into_iter().filter(|row| row.error.is_some()) {
            // A cluster's view may lag behind; the document itself is asked for by quorum.
            if ids.contains(&row.key) && self.couch_get(&row.key).await?.is_none() {
                return Ok(Some(row.key));
            }
        }
        Ok(None)
    }

    async fn couch_rows(&self, since: &str, batch: usize) -> Answer<(Vec<FeedRow>, bool)> {
        let since = if since.is_empty() { "0".to_owned() } else { encode(since) };
        let path = format!("_changes?include_docs=true&limit={batch}&since={since}");
        let response = self.couch("GET", path, Vec::new()).await?;
        match response.status {
            200 => {}
            // A place in a feed of another make: from the beginning.
            400 if since != "0" => return Err(HISTORY),
            _ => return Err(Fault::of(&response)),
        }
        let changes: Changes = serde_json::from_slice(&response.body).map_err(|_| Fault::Lost)?;
        let drained = changes.results.len() < batch;
        let mut rows: Vec<FeedRow> = changes.results.into_iter().map(row).collect();
        for row in rows.iter_mut().filter(|row| row.ops.is_none()) {
            // The feed may tell of a document and not have it; the document itself is asked for by quorum.
            row.ops = self.couch_document(&row.id).await?;
        }
        Ok((rows, drained))
    }

    /// What a segment's document holds, asked for by its name: nothing where it is gone, `None` where it cannot be read.
    async fn couch_document(&self, id: &str) -> Answer<Option<Vec<Timed>>> {
        match self.couch_get(&encode(id)).await {
            Ok(doc) => Ok(doc.as_deref().map_or(Some(Vec::new()), ops_of)),
            // This one is refused; others may not be.
            Err(fault) if fault.is_of_this_one() => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Takes the next row, as far as there is room.
    fn couch_row(
        &self,
        state: &mut State,
        cursor: &mut Cursor,
        entries: &mut Vec<Entry>,
        limit: usize,
        not: Option<Writer>,
    ) {
        let Some(row) = state.couch.rows.front() else { return };
        let held = row.ops.as_deref().unwrap_or_default();
        let skip = match &cursor.part {
            Some((id, taken)) if *id == row.id => usize::try_from(*taken).unwrap_or(usize::MAX),
            _ => 0,
        };
        let ours = not.is_some_and(|writer| row.id.starts_with(&writer_prefix(writer)));
        let pass = ours && state.written.contains(&row.id);
        let left = if pass { 0 } else { held.len().saturating_sub(skip) };
        let taken = left.min(limit - entries.len());
        let ops = held.iter().skip(skip).take(taken);
        entries.extend(ops.map(|(op, at)| Entry::Op { op: op.clone(), at: *at }));
        if taken < left {
            cursor.part = Some((row.id.clone(), (skip + taken) as u64));
            return;
        }
        if cursor.part.as_ref().is_some_and(|(id, _)| *id == row.id) {
            cursor.part = None;
        }
        cursor.left.retain(|id| *id != row.id);
        if row.ops.is_none() {
            cursor.left.push(row.id.clone());
            let over = cursor.left.len().saturating_sub(LEFT);
            cursor.left.drain(..over);
        }
        if !row.seq.is_empty() {
            cursor.seq.clone_from(&row.seq);
        }
        if !held.is_empty() && !row.seq.is_empty() {
            cursor.seen.resize(2, String::new());
            cursor.seen[0].clone_from(&row.id);
            if not.is_some_and(|writer| row.id.starts_with(&device_prefix(writer.dev))) {
                cursor.seen[1].clone_from(&row.id);
            }
        }
        state.couch.rows.pop_front();
    }
}

/// Small documents are asked for many at a time, large ones few.
fn take_rows(state: &mut State, rows: Vec<FeedRow>, drained: bool) {
    let ops: usize = rows.iter().flat_map(|row| &row.ops).map(Vec::len).sum();
    let batch = state.couch.batch;
    state.couch.batch = match ops {
        0..1000 => (batch * 2).min(MOST),
        4000.. => (batch / 2).max(4),
        _ => batch,
    };
    state.couch.drained = drained;
    state.couch.rows = rows.into();
}

fn row(change: Change) -> FeedRow {
    let raw = change.seq.get();
    // Newer ones write text, older ones numbers.
    let seq = serde_json::from_str::<String>(raw).unwrap_or_else(|_| raw.to_owned());
    let ops = if change.deleted || !change.id.starts_with("s-") {
        Some(Vec::new())
    } else {
        change.doc.and_then(|doc| ops_of(doc.get().as_bytes()))
    };
    FeedRow { seq, id: change.id, ops }
}

/// The operations of a segment's document; `None` when it is not whole, or of a later format.
fn ops_of(doc: &[u8]) -> Option<Vec<Timed>> {
    let doc = serde_json::from_slice::<SegmentDoc>(doc).ok().filter(SegmentDoc::whole)?;
    Some(doc.ops.into_iter().map(|op| (op, doc.at)).collect())
}

/// For a query: letters, digits and what needs no escape.
fn encode(text: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(byte as char);
        } else {
            out.push('%');
            out.push(DIGITS[usize::from(byte >> 4)] as char);
            out.push(DIGITS[usize::from(byte & 15)] as char);
        }
    }
    out
}
