//! Lines of a record's history, in order: creation, steps, corrections.

use gridbook_log::{Dot, Entity, Outcome, order_by_key};
use serde_json::Value;

/// What a line tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineKind {
    /// The record was made.
    Created,
    /// A step of the workflow; `counts` is false for one that came too late and stayed a note.
    Step {
        /// Name of the action.
        action: String,
        /// The state that its author saw.
        from: String,
        /// The state that it led to.
        to: String,
        /// Whether it moved the record.
        counts: bool,
    },
    /// Values were corrected; the paths that changed.
    Corrected(Vec<String>),
}

/// One line of a record's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The operation.
    pub dot: Dot,
    /// When, milliseconds since 1970, as its author's clock said.
    pub at: u64,
    /// When the authority took it in; `None` = not delivered, as far as this device knows.
    pub received_at: Option<u64>,
    /// Who.
    pub user: String,
    /// What.
    pub kind: LineKind,
    /// Reason id, where the step has one; of a re-check its conclusion.
    pub reason: Option<String>,
    /// What its author wrote, behind the day on which the step was taken where that is asked.
    pub text: Option<String>,
    /// Machine code of the authority's refusal, if it was refused.
    pub refused: Option<String>,
}

/// Reads the history of a stream.
pub(super) fn lines(entity: &Entity) -> Vec<Line> {
    let mut lines = Vec::new();
    let line = |dot, at, user: &str, kind| Line {
        dot,
        at,
        received_at: entity.received(dot).map(|received| received.at),
        user: user.to_owned(),
        kind,
        reason: None,
        text: None,
        refused: entity.rejected().get(&dot).cloned(),
    };
    if let Some(made) = entity.creation() {
        lines.push(line(made.dot, made.hlc.ms, &made.user, LineKind::Created));
    }
    for (dot, user, hlc, _) in entity.ops().filter(|(.., kind)| *kind == gridbook_log::body::kind::SET) {
        let paths = entity
            .registers()
            .filter(|(_, register)| register.writes.iter().any(|write| write.dot == dot))
            .map(|(path, _)| path.to_owned())
            .collect();
        lines.push(line(dot, hlc.ms, user, LineKind::Corrected(paths)));
    }
    for record in entity.timeline() {
        let event = &record.event;
        let said = |path: &str| event.data.get(path).and_then(Value::as_str).map(str::to_owned);
        let kind = LineKind::Step {
            action: event.event.clone(),
            from: event.from.clone(),
            to: event.to.clone(),
            counts: record.outcome == Outcome::Counts,
        };
        let mut step = line(record.dot, record.hlc.ms, &record.user, kind);
        let concluded = || event.set.get("passed").and_then(Value::as_str).map(str::to_owned);
        step.reason = said("reason").or_else(concluded);
        step.text = match (said("taken_on"), said("text")) {
            (Some(day), Some(text)) => Some(format!("{day}，{text}")),
            (day, text) => day.or(text),
        };
        lines.push(step);
    }
    // Stable: steps of one millisecond keep their causal order.
    order_by_key(&mut lines, |line| line.at);
    lines
}
