//! Workflow events: which of them count, and the state they lead to. Structural: only what is in the stream.

use serde::{Deserialize, Serialize};

use crate::body::Event;
use crate::clock::Hlc;
use crate::id::Dot;

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It moved the workflow, or is a note in the state it names.
    Counts,
    /// It did not fit what its author had seen; it stays in the timeline as a note.
    Note,
    /// The authority refused it, with this machine code; it stays in the timeline.
    Rejected(String),
}

/// An event in the timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRec {
    /// The operation.
    pub dot: Dot,
    /// Its time.
    pub hlc: Hlc,
    /// Who did it.
    pub user: String,
    /// What.
    pub event: Event,
    /// Whether it counts.
    pub outcome: Outcome,
}

/// Where the workflow stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// The state; `None` for an entity without workflow or whose creation has not arrived.
    pub state: Option<String>,
    /// Concurrent transitions lead to different states: a person decides, by one more event.
    pub needs_decision: bool,
    /// The other states that stand, when a decision is needed.
    pub others: Vec<String>,
}

/// Orders the timeline causally (ties by time, then dot), judges every event, and finds the state. `seen` tells whether
/// the author of the first had seen the second.
pub(crate) fn settle(
    initial: Option<&str>,
    mut events: Vec<EventRec>,
    seen: impl Fn(Dot, Dot) -> bool,
) -> (Vec<EventRec>, Flow) {
    crate::order_by_key(&mut events, |e| (e.hlc, e.dot));
    let mut ordered: Vec<EventRec> = Vec::with_capacity(events.len());
    while !events.is_empty() {
        // An event whose past is not waiting any more; there is one, because contexts are acyclic.
        let free = |e: &EventRec| !events.iter().any(|o| o.dot != e.dot && seen(e.dot, o.dot));
        let at = events.iter().position(free).unwrap_or(0);
        let mut next = events.remove(at);
        if next.outcome == Outcome::Counts {
            let before = |e: &&EventRec| seen(next.dot, e.dot);
            let fits =
                states(initial, ordered.iter().filter(before), &seen).contains(&next.event.from.as_str());
            if !fits {
                next.outcome = Outcome::Note;
            }
        }
        ordered.push(next);
    }
    let standing = states(initial, ordered.iter(), &seen);
    let state = standing.first().map(|s| (*s).to_owned());
    let mut others: Vec<String> = Vec::new();
    for other in standing.iter().skip(1) {
        if Some(*other) != state.as_deref() && !others.iter().any(|o| o == other) {
            others.push((*other).to_owned());
        }
    }
    (ordered, Flow { state, needs_decision: !others.is_empty(), others })
}

/// The states that stand after `events`, the latest by (time, dot) first. Notes (`from` = `to`) do not compete
/// with transitions.
fn states<'e>(
    initial: Option<&'e str>,
    events: impl Iterator<Item = &'e EventRec>,
    seen: &impl Fn(Dot, Dot) -> bool,
) -> Vec<&'e str> {
    let moves: Vec<&EventRec> =
        events.filter(|e| e.outcome == Outcome::Counts && e.event.from != e.event.to).collect();
    let mut heads: Vec<&EventRec> = moves
        .iter()
        .filter(|e| !moves.iter().any(|o| o.dot != e.dot && seen(o.dot, e.dot)))
        .copied()
        .collect();
    crate::order_by_key(&mut heads, |e| std::cmp::Reverse((e.hlc, e.dot)));
    if heads.is_empty() {
        initial.into_iter().collect()
    } else {
        heads.iter().map(|e| e.event.to.as_str()).collect()
    }
}
