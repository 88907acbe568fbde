//! What the number authority answers: receipts, refusals, corrected times, official numbers. The reference server
//! uses the parts; where there is no server, a desk device judges whole streams with [`Office`].

mod book;
mod office;
mod papers;
pub(crate) mod staff;

use gridbook_log::body::{ClockFix, Paper, kind};
use gridbook_log::clock::MAX_AHEAD_MS;
use gridbook_log::{DeviceId, Dot, Entity, Hlc, Op, Outcome};

use crate::mediation::track;
use crate::package::Package;
use crate::record::{ORAL_CLASS, RecordKind};

pub use book::Book;
pub use office::Office;
pub use papers::{NOTICE, ORDER, due as papers_due, order_number, paper_classes, paper_number};
pub(crate) use staff::rows as staff_rows;
pub use staff::{assignments, person, staff_values};

/// Kinds that only the authority writes.
pub const KINDS: [&str; 4] = [kind::RECEIPT, kind::REJECT, kind::NUMBER, kind::CLOCKFIX];
/// The author's name in the authority's operations.
pub const AUTHOR: &str = "gridbook";

/// Whether a stream holds this save already, taken in under another name: its author's device took a new name and wrote
/// again what it did not know to have arrived. It is stored without being judged again, and counts once.
pub fn taken_before(stream: &Entity, op: &Op) -> bool {
    stream.other_names(op).any(|dot| !stream.rejected().contains_key(&dot))
}

/// Whether the authority has said what becomes of an operation, or wrote it itself. `stream` is of all operations.
pub fn answered(stream: &Entity, authority: DeviceId, op: &Op) -> bool {
    stream.received(op.dot()).is_some()
        || stream.rejected().contains_key(&op.dot())
        || op.dot().writer.dev == authority
}

/// What the stream itself rules out, before anybody asks for rights: the machine code of the reason.
pub fn ruled_out(stream: &Entity, op: &Op) -> Option<&'static str> {
    if stream.have().is_empty() {
        return None;
    }
    if op.header().kind == kind::CREATE {
        return Some("second_create");
    }
    stream.creation().is_none_or(|made| made.rejected.is_some()).then_some("creation_rejected")
}

/// The corrected time of an operation whose author's clock runs further ahead than clocks may; `drift` is that clock minus
/// ours.
pub fn clock_fix(op: &Op, now_ms: u64, drift: i64) -> Option<ClockFix> {
    let hlc = op.header().hlc;
    if hlc.ms <= now_ms.saturating_add(MAX_AHEAD_MS) {
        return None;
    }
    let ms = hlc.ms.saturating_sub(u64::try_from(drift).unwrap_or(0)).min(now_ms);
    Some(ClockFix { op: op.dot(), hlc: Hlc { ms, count: hlc.count } })
}

/// Whether this step gives a case its official number (domain data 4.9.5).
pub fn gives_number(package: &Package, kind: RecordKind, action: &str) -> bool {
    package.flow(kind).is_some_and(|flow| flow.actions(action).any(|step| step.numbers))
}

/// The class of the number that an entity is due and has not got: it was registered, by the operation `by` if one is
/// named. `gives` answers as [`gives_number`].
pub fn number_due(
    entity: &Entity,
    by: Option<Dot>,
    gives: impl Fn(RecordKind, &str) -> bool,
) -> Option<&'static str> {
    let kind = entity.type_().and_then(RecordKind::parse)?;
    let class = if track::agreed_orally(entity) { ORAL_CLASS } else { kind.number_class()? };
    let registered = entity.timeline().iter().any(|step| {
        by.is_none_or(|by| step.dot == by)
            && step.outcome == Outcome::Counts
            && gives(kind, &step.event.event)
    });
    (registered && entity.number().is_none()).then_some(class)
}

/// All numbers that an entity is due and has not got, each with its class: its own by the operation `by` if one is named,
/// and those of its papers. `gives` answers as [`gives_number`].
pub fn numbers_due(
    entity: &Entity,
    by: Option<Dot>,
    gives: impl Fn(RecordKind, &str) -> bool,
) -> Vec<(&'static str, Option<Paper>)> {
    let own = number_due(entity, by, gives).map(|class| (class, None));
    let papers = papers_due(entity, own.is_some()).into_iter().map(|(class, paper)| (class, Some(paper)));
    own.into_iter().chain(papers).collect()
}

/// An official number as printed (domain data 4.9.5). Papers are numbered by the year alone.
pub fn official_number(code: &str, year: i32, class: &str, n: i64) -> String {
    if paper_classes().any(|paper| paper == class) {
        format!("{class}〔{year}〕{n:03}")
    } else {
        format!("{code}〔{year}〕{class}字第{n:05}号")
    }
}

#[cfg(test)]
mod tests;
