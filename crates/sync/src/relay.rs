//! Handing on what others wrote: a file that was carried by hand goes to the backend of whoever opens it, and a
//! client between two backends ([`between`]) carries from each to the other.
//!
//! Nothing of it is stored on this device. When it breaks off the file is handed on once more: what arrived is a
//! repeat then.

pub mod between;

use std::collections::BTreeMap;

use gridbook_log::{Op, WireOp};

use crate::bundle::Bundle;
use crate::driver::Http;
use crate::engine::{Identity, Request, Response};
use crate::wire::{Caps, PushRequest, Verdict};

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
    /// Photos and recordings stored, or there before.
    pub photos: usize,
    /// Photos and recordings that were not taken.
    pub photos_refused: usize,
}

/// Why it broke off. What arrived before has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    let stored = |stored| {
        done = stored;
        progress(done);
    };
    let left = hand_on(http, identity, now_ms, &caps, &bundle.ops, &mut tally, |_| (), stored).await?;
    if !left.is_empty() {
        *tally.refused.entry("defer".to_owned()).or_default() += left.len();
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

/// Pushes operations until nothing moves any more; gives those that the backend cannot place yet. `refused` hears of
/// each that is not taken.
#[allow(clippy::too_many_arguments)]
async fn hand_on(
    http: &impl Http,
    identity: &Identity,
    now_ms: u64,
    caps: &Caps,
    ops: &[WireOp],
    tally: &mut Tally,
    mut refused: impl FnMut(&WireOp),
    mut progress: impl FnMut(usize),
) -> Result<Vec<WireOp>, Broken> {
    let mut waiting: Vec<&WireOp> = ops.iter().collect();
    let mut done = 0;
    // What builds on something further back is deferred, and taken when that has arrived.
    while !waiting.is_empty() {
        let mut deferred = Vec::new();
        for batch in batches(&waiting, caps) {
            let ops = batch.iter().map(|op| (*op).clone()).collect();
            let push =
                PushRequest { writer: identity.writer, nonce: identity.nonce.clone(), now: now_ms, ops };
            let reply = match http.send(&Request::Push(push), None).await {
                Response::Push(reply) if reply.results.len() == batch.len() => reply,
                other => return Err(broken(&other)),
            };
            for (op, result) in batch.iter().zip(reply.results) {
                let code = result.code.unwrap_or_default();
                match result.r {
                    Verdict::Ok => tally.stored += 1,
                    Verdict::Dup => tally.repeats += 1,
                    Verdict::Defer => deferred.push(*op),
                    Verdict::Reject => *tally.rejected.entry(code).or_default() += 1,
                    Verdict::Refuse => {
                        refused(op);
                        *tally.refused.entry(code).or_default() += 1;
                    }
                }
            }
            done += batch.len();
            progress(done);
        }
        if deferred.len() == waiting.len() {
            break;
        }
        done -= deferred.len();
        waiting = deferred;
    }
    Ok(waiting.into_iter().cloned().collect())
}

fn broken(response: &Response) -> Broken {
    match response {
        Response::Failed { status: 401, .. } => Broken::SignedOut,
        Response::Failed { status, .. } => Broken::Backend(*status),
        _ => Broken::Offline,
    }
}

/// Operations in batches that the backend takes.
fn batches<'a>(ops: &[&'a WireOp], caps: &Caps) -> Vec<Vec<&'a WireOp>> {
    let mut batches: Vec<Vec<&WireOp>> = Vec::new();
    let mut size = usize::MAX;
    for op in ops {
        // JSON in JSON doubles quotes and escapes at most.
        let cost = op.h.len() + 2 * op.b.as_ref().map_or(64, String::len) + 256;
        let full = batches.last().is_none_or(|batch| batch.len() == caps.max_batch_ops.max(1));
        if full || size.saturating_add(cost) > caps.max_batch_bytes {
            batches.push(Vec::new());
            size = 0;
        }
        size += cost;
        batches.last_mut().expect("one was just begun").push(op);
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
