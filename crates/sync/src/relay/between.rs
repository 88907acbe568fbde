//! One client between two backends: what either holds and the other lacks is carried over, authority's answers
//! included, so that both populations end with the same.
//!
//! The client's account must see everything at both. What a backend asks of carried operations (a signature, at
//! the reference server) it asks here too; what it refuses stays where it was, counted. It may come again signed.
//!
//! A backend that went back to a backup lost what had been carried to it, too: then both ways begin anew.

use std::collections::BTreeSet;

use gridbook_log::{Hash, Op, WireOp};
use serde::{Deserialize, Serialize};

use super::{Broken, Tally, broken, hand_on};
use crate::driver::Http;
use crate::engine::{Identity, Request, Response};
use crate::wire::{Entry, MAX_PAGE};

/// How far the way from one backend to another has come. Whoever lost it begins anew: all that costs is repeats.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Where the feed goes on.
    cursor: String,
    /// Read, and not to be placed yet on the other side.
    waiting: Vec<WireOp>,
}

/// What both backends are known to hold: need not go over, nor come back. A help, nothing depends on it.
#[derive(Clone, Debug, Default)]
pub struct Common(BTreeSet<Hash>);

/// How far both ways have come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ways {
    there: Position,
    back: Position,
}

/// Carries what is new at either over to the other, first from `one`. The positions move only behind what has
/// arrived. Each way says for itself how it went.
///
/// # Errors
/// [`Broken`]; call it again.
pub async fn exchange(
    one: &impl Http,
    other: &impl Http,
    identity: &Identity,
    now_ms: u64,
    ways: &mut Ways,
    common: &mut Common,
) -> [Result<Tally, Broken>; 2] {
    let there = carry(one, other, identity, now_ms, &mut ways.there, common).await;
    if went_back(&there) {
        *ways = Ways::default();
    }
    let back = carry(other, one, identity, now_ms, &mut ways.back, common).await;
    if went_back(&back) {
        *ways = Ways::default();
    }
    [there, back]
}

/// Whether a backend has another history than before, or knows our place no more.
fn went_back(way: &Result<Tally, Broken>) -> bool {
    matches!(way, Err(Broken::Backend(409 | 410)))
}

/// One way.
async fn carry(
    from: &impl Http,
    to: &impl Http,
    identity: &Identity,
    now_ms: u64,
    position: &mut Position,
    common: &mut Common,
) -> Result<Tally, Broken> {
    let caps = match to.send(&Request::Caps, None).await {
        Response::Caps(caps) => caps,
        other => return Err(broken(&other)),
    };
    let mut tally = Tally::default();
    loop {
        let request = Request::Pull { cursor: position.cursor.clone(), limit: MAX_PAGE, not: None };
        let page = match from.send(&request, None).await {
            Response::Pull(page) => page,
            other => {
                if matches!(other, Response::Failed { status: 409 | 410, .. }) {
                    // Another history: nothing is known to be there.
                    common.0.clear();
                }
                return Err(broken(&other));
            }
        };
        let mut ops = position.waiting.clone();
        let mut hashes = Vec::new();
        for entry in page.entries {
            let Entry::Op { op: wire, .. } = entry else { continue };
            let Some(hash) = hash(&wire) else { continue };
            if !common.0.contains(&hash) {
                hashes.push(hash);
                ops.push(wire);
            }
        }
        let mut refused = BTreeSet::new();
        let left =
            hand_on(to, identity, now_ms, &caps, &ops, &mut tally, |op| _ = refused.insert(hash(op)), |_| ())
                .await?;
        common.0.extend(hashes.into_iter().filter(|hash| !refused.contains(&Some(*hash))));
        let still = page.cursor == position.cursor;
        *position = Position { cursor: page.cursor, waiting: left };
        // A page that does not move the cursor would be asked for again for ever.
        if !page.more || still {
            return Ok(tally);
        }
    }
}

fn hash(wire: &WireOp) -> Option<Hash> {
    Op::from_wire(wire.clone()).ok().map(|op| *op.hash())
}
