//! Handing on what others wrote: a file that was carried by hand goes to the backend of whoever opens it, and a
//! client between two backends ([`between`]) carries from each to the other.
//!
//! Nothing of it is stored on this device. When it breaks off the file is handed on once more: what arrived is a
//! repeat then.

pub mod between;

use std::collections::{BTreeMap, BTreeSet};

use gridbook_log::body::kind;
use gridbook_log::{EntityId, Header, Op, WireOp, Writer, key};
use serde::{Deserialize, Serialize};

use crate::bundle::Bundle;
use crate::driver::Http;
use crate::engine::{Identity, Request, Response};
use crate::replica::Pulled;
use crate::wire::{Caps, PushRequest, PushResult, Verdict};

/// Code of an operation whose id stands for another one at the backend.
const FORK: &str = "fork";

/// What became of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Operations stored now.
    pub stored: usize,
    /// Operations that had arrived before.
    pub repeats: usize,
    /// Operations that a rule of the backend refused, by its code; their authors see it under 需处理.
    pub rejected: BTreeMap<String, usize>,
    /// Operations that were not taken, by code: not signed by their author, for instance.
    pub refused: BTreeMap<String, usize>,
    /// Operations of which this version cannot make anything: they were not taken.
    pub unreadable: usize,
    /// Photos and recordings stored, or there before.
    pub photos: usize,
    /// Photos and recordings that were not taken.
    pub photos_refused: usize,
}

impl Tally {
    /// Whether all of the file was taken.
    pub fn is_whole(&self) -> bool {
        self.rejected.is_empty()
            && self.refused.is_empty()
            && self.unreadable == 0
            && self.photos_refused == 0
    }

    /// Adds what another part of the same file came to.
    pub fn join(&mut self, other: Self) {
        self.stored += other.stored;
        self.repeats += other.repeats;
        self.unreadable += other.unreadable;
        self.photos += other.photos;
        self.photos_refused += other.photos_refused;
        for (into, from) in [(&mut self.rejected, other.rejected), (&mut self.refused, other.refused)] {
            for (code, n) in from {
                *into.entry(code).or_default() += n;
            }
        }
    }

    /// Counts a page of `given` operations that this device kept: every one of them is told of.
    pub fn kept(&mut self, given: usize, pulled: &Pulled) {
        self.stored += pulled.new;
        self.unreadable += pulled.unreadable;
        self.repeats += given.saturating_sub(pulled.new + pulled.unreadable);
    }

    /// Counts what became of one operation; what was put off is counted when more is known.
    fn count(&mut self, result: &PushResult) {
        let code = || result.code.clone().unwrap_or_default();
        match result.r {
            Verdict::Ok => self.stored += 1,
            Verdict::Dup => self.repeats += 1,
            Verdict::Defer => {}
            Verdict::Reject => *self.rejected.entry(code()).or_default() += 1,
            Verdict::Refuse => *self.refused.entry(code()).or_default() += 1,
        }
    }
}

/// Why it broke off. What arrived before has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Broken {
    /// No answer.
    Offline,
    /// The session ended.
    SignedOut,
    /// The backend is busy or failing, with its status.
    Backend(u16),
}

/// Hands a file on. `progress` hears how many operations and photos are done.
///
/// # Errors
/// [`Broken`]; hand on the same file once more.
pub async fn relay(
    http: &impl Http,
    identity: &Identity,
    now_ms: u64,
    bundle: &Bundle,
    mut progress: impl FnMut(usize),
) -> Result<Tally, Broken> {
    let caps = match http.send(&Request::Caps, None).await {
        Response::Caps(caps) => caps,
        other => return Err(broken(&other)),
    };
    let mut tally = Tally::default();
    let mut done = 0;
    let steps = Steps {
        progress: |stored| {
            done = stored;
            progress(done);
        },
        heard: |_: usize, result: &PushResult| tally.count(result),
    };
    let left = hand_on(http, identity, now_ms, &caps, &bundle.ops, steps).await?;
    if left > 0 {
        *tally.refused.entry("defer".to_owned()).or_default() += left;
    }
    done = bundle.ops.len();
    for (sha256, bytes) in &bundle.blobs {
        let request = Request::PutBlob { sha256: sha256.clone() };
        match http.send(&request, Some(bytes.clone())).await {
            Response::Blob => tally.photos += 1,
            // Its operation was not taken.
            Response::Failed { status: 403 | 404 | 413 | 422, .. } => tally.photos_refused += 1,
            other => return Err(broken(&other)),
        }
        done += 1;
        progress(done);
    }
    Ok(tally)
}

/// Who is told while operations are pushed.
struct Steps<P, H> {
    /// How many are done.
    progress: P,
    /// What was answered about the operation at this place, perhaps several times: at last comes last.
    heard: H,
}

/// Pushes operations until nothing moves any more; gives how many the backend cannot place yet.
async fn hand_on(
    http: &impl Http,
    identity: &Identity,
    now_ms: u64,
    caps: &Caps,
    ops: &[WireOp],
    mut steps: Steps<impl FnMut(usize), impl FnMut(usize, &PushResult)>,
) -> Result<usize, Broken> {
    let mut waiting: Vec<usize> = (0..ops.len()).collect();
    let (mut done, mut left) = (0, 0);
    // What builds on something further back is deferred, and taken when that has arrived.
    while !waiting.is_empty() {
        let mut deferred: Vec<(usize, Option<EntityId>)> = Vec::new();
        let mut moved: BTreeSet<EntityId> = BTreeSet::new();
        let mut alone = Vec::new();
        for batch in batches(ops, &waiting, caps) {
            let some = batch.iter().map(|at| ops[*at].clone()).collect();
            let (writer, nonce) = (identity.writer, identity.nonce.clone());
            let push = PushRequest { writer, nonce, now: now_ms, ops: some };
            let reply = match http.send(&Request::Push(push), None).await {
                Response::Push(reply) if reply.results.len() == batch.len() => reply,
                other => return Err(broken(&other)),
            };
            let mut forked: BTreeSet<EntityId> = BTreeSet::new();
            for (at, result) in batch.iter().zip(&reply.results) {
                if is_fork(result)
                    && let Some(stream) = Header::parse(&ops[*at].h).ok().map(|header| header.id.entity)
                    && !forked.insert(stream)
                {
                    // What follows such a one in its batch the backend has not looked at. Its author knows nothing of
                    // that: it goes once more, by itself.
                    alone.push(*at);
                    continue;
                }
                (steps.heard)(*at, result);
                let stream = result.id.map(|id| id.entity);
                match result.r {
                    Verdict::Defer => deferred.push((*at, stream)),
                    Verdict::Ok => moved.extend(stream),
                    _ => {}
                }
            }
            done += batch.len();
            (steps.progress)(done);
        }
        // Only a stream in which something was stored has a place for more; one that nobody named may be any of them.
        let (again, stays): (Vec<_>, Vec<_>) = deferred
            .into_iter()
            .partition(|(_, stream)| stream.map_or(!moved.is_empty(), |id| moved.contains(&id)));
        left += stays.len();
        done -= again.len() + alone.len();
        waiting = again.into_iter().map(|(at, _)| at).chain(alone).collect();
        waiting.sort_unstable();
    }
    Ok(left)
}

/// Whether the backend has something else under this name.
fn is_fork(result: &PushResult) -> bool {
    result.r == Verdict::Refuse && result.code.as_deref() == Some(FORK)
}

fn broken(response: &Response) -> Broken {
    match response {
        Response::Failed { status: 401, .. } => Broken::SignedOut,
        Response::Failed { status, .. } => Broken::Backend(*status),
        _ => Broken::Offline,
    }
}

/// Operations, by their places in `ops`, in batches that the backend takes.
fn batches(ops: &[WireOp], wanted: &[usize], caps: &Caps) -> Vec<Vec<usize>> {
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let mut size = usize::MAX;
    for at in wanted {
        let op = &ops[*at];
        // JSON in JSON doubles quotes and escapes at most.
        let cost = op.h.len() + 2 * op.b.as_ref().map_or(64, String::len) + 256;
        let full = batches.last().is_none_or(|batch| batch.len() == caps.max_batch_ops.max(1));
        if full || size.saturating_add(cost) > caps.max_batch_bytes {
            batches.push(Vec::new());
            size = 0;
        }
        size += cost;
        batches.last_mut().expect("one was just begun").push(*at);
    }
    batches
}

/// Whose operations a file brings, with how many of each.
pub fn authors(bundle: &Bundle) -> BTreeMap<String, usize> {
    let mut authors = BTreeMap::new();
    for op in &bundle.ops {
        if let Ok(op) = Op::from_wire(op.clone()) {
            *authors.entry(op.header().user.clone()).or_default() += 1;
        }
    }
    authors
}

/// Of what a device holds, what another backend may get from it: what it wrote, in whichever of its lives, and what others
/// signed; and how many of theirs nobody signed. The old backend's answers stay, for the new one gives its own, and so do
/// others' keys, for which it takes nobody's word.
pub fn along(ops: Vec<WireOp>, writer: Writer) -> (Vec<WireOp>, usize) {
    let mut unsigned = 0;
    let goes = |wire: &WireOp| {
        let Ok(header) = Header::parse(&wire.h) else { return false };
        let own = header.id.dot.writer.is_life_of(writer);
        let answer =
            [kind::RECEIPT, kind::REJECT, kind::NUMBER, kind::CLOCKFIX].contains(&header.kind.as_str());
        let theirs = !own && !answer && !wire.h.starts_with(key::LINE);
        unsigned += usize::from(theirs && wire.g.is_none());
        own && !answer || theirs && wire.g.is_some()
    };
    let ops = ops.into_iter().filter(goes).collect();
    (ops, unsigned)
}

/// Photos and recordings named by what others wrote.
pub fn named(ops: &[WireOp], writer: Writer) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for wire in ops.iter().filter(|wire| wire.b.as_ref().is_some_and(|body| body.contains("\"blobs\""))) {
        if let Ok(op) = Op::from_wire(wire.clone())
            && op.dot().writer.dev != writer.dev
            && let Ok(body) = op.body()
        {
            names.extend(body.blobs().iter().map(|blob| blob.sha256.clone()));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_of_a_file_is_told_of() {
        let mut tally = Tally::default();
        tally.kept(5, &Pulled { new: 2, unreadable: 1, ..Pulled::default() });
        tally.kept(3, &Pulled { new: 3, ..Pulled::default() });
        assert_eq!((tally.stored, tally.repeats, tally.unreadable), (5, 2, 1), "eight in all");
        assert!(!tally.is_whole(), "one of them was left in the file");

        let unsigned = BTreeMap::from([("signature".to_owned(), 2)]);
        let mut screened = Tally { unreadable: 1, refused: unsigned.clone(), ..Tally::default() };
        tally.join(Tally { refused: unsigned, ..Tally::default() });
        screened.join(tally);
        assert_eq!(screened.refused.get("signature"), Some(&4));
        assert_eq!((screened.stored, screened.unreadable), (5, 2));
        assert!(Tally { stored: 3, photos: 1, ..Tally::default() }.is_whole());
    }
}
