//! What the reporter was told while a case ran and at its end, by which way, and what of it was seen (FLOW-11).

use gridbook_log::{Entity, EventRec, Outcome};
use serde_json::Value;

use crate::package::Package;
use crate::record::RecordKind;

/// Steps that tell the reporter something: a note of progress is read in the app, the others are brought by the way that
/// they name.
const TELLS: [&str; 3] = ["progress", "interim", "feed_back"];

/// One thing that the reporter was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    /// When, milliseconds since 1970.
    pub at: u64,
    /// Who told it.
    pub by: String,
    /// The way, as `feedback_channel`; `None` = by the note in the app alone.
    pub channel: Option<String>,
    /// The words.
    pub text: String,
    /// When the reporter said that they had seen it.
    pub seen_at: Option<u64>,
}

fn counting(entity: &Entity) -> impl DoubleEndedIterator<Item = &EventRec> {
    entity.timeline().iter().filter(|record| record.outcome == Outcome::Counts)
}

/// Everything that the reporter was told, oldest first.
pub(super) fn feedbacks(entity: &Entity, reporter: &str) -> Vec<Feedback> {
    let mut told: Vec<Feedback> = Vec::new();
    for record in counting(entity) {
        let (event, at) = (&record.event, record.hlc.ms);
        if TELLS.contains(&event.event.as_str()) {
            let said = |path: &str| event.data.get(path).and_then(Value::as_str).map(str::to_owned);
            let (channel, text) = (said("channel"), said("text").unwrap_or_default());
            // Whoever told it has no need to read it.
            let seen_at = (record.user == reporter).then_some(at);
            told.push(Feedback { at, by: record.user.clone(), channel, text, seen_at });
        } else if event.event == "seen" && record.user == reporter {
            told.iter_mut().filter(|one| one.seen_at.is_none()).for_each(|one| one.seen_at = Some(at));
        }
    }
    told
}

/// The first table in which the reporter is asked about every feedback, and about the last one after the end, too.
const ASKED_SINCE: u32 = 4;

/// True while the reporter was told something by somebody else, has not said that it was seen, and can say so; for rows of
/// lists. What was closed before anybody was asked stays closed.
pub(crate) fn unseen(package: &Package, entity: &Entity) -> bool {
    let (Some(made), Some(state)) = (entity.creation(), entity.state()) else { return false };
    let told = || feedbacks(entity, &made.user).iter().any(|one| one.seen_at.is_none());
    let kind = RecordKind::parse(&made.create.type_);
    let flow = kind.and_then(|kind| package.flow(kind));
    let can = flow.is_some_and(|flow| flow.transition("seen", state).is_some());
    let ended = flow.and_then(|flow| flow.state(state)).is_some_and(|state| state.terminal);
    let asked = || {
        let mut ends = counting(entity).filter(|record| record.event.event == "feed_back");
        ends.next_back().is_some_and(|record| record.event.table >= ASKED_SINCE)
    };
    can && (!ended || asked()) && told()
}
