//! Lines of a record's history, in order: creation, steps, corrections.

use gridbook_log::body::Paper;
use gridbook_log::{Dot, Entity, Outcome, order_by_key};
use serde_json::Value;

use crate::form::{Field, FieldKind, Values};
use crate::package::Package;
use crate::record::RecordKind;

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
    /// In which role, where that was written down (ROLE-13).
    pub role: Option<String>,
    /// What.
    pub kind: LineKind,
    /// Reason id, where the step has one; of a re-check its conclusion.
    pub reason: Option<String>,
    /// What its author wrote, behind the day on which the step was taken where that is asked.
    pub text: Option<String>,
    /// Machine code of the authority's refusal, if it was refused.
    pub refused: Option<String>,
}

/// What a line tells in words of its own, or what whoever took the step says of themselves.
const TOLD: [&str; 4] = ["text", "reason", "taken_on", "told_as"];

/// What was entered for the steps of a stream: only a history that is drawn asks for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    steps: Vec<(Dot, Values)>,
    /// The numbers that the authority gave to letters of a step (FLOW-09).
    numbers: Vec<(Dot, String)>,
}

impl Said {
    /// Of a stream.
    pub fn of(entity: &Entity) -> Self {
        let steps = entity.timeline().iter().map(|record| (record.dot, record.event.data.clone())).collect();
        let number = |(paper, number): (&Paper, &str)| Some((paper.step?, number.to_owned()));
        Self { steps, numbers: entity.papers().filter_map(number).collect() }
    }
}

impl Line {
    /// Who, by the name that an account has, and in which role (ROLE-13).
    pub fn author(&self, package: &Package, name: &str) -> String {
        match self.role.as_deref().and_then(|role| package.role(role)) {
            Some(role) => format!("{name}（{}）", role.label),
            None => name.to_owned(),
        }
    }

    /// What was answered besides reason and text, a line each: to whom it was handed and on what basis, who was told of a
    /// risk, which fault was set, which other case it was about (FLOW-10, FLOW-15, FLOW-16, MED-13, MED-18). `name` says who
    /// an account is, and what the record of an id is called.
    pub fn answers(
        &self,
        said: &Said,
        package: &Package,
        kind: RecordKind,
        name: impl Fn(&str) -> String,
    ) -> Vec<String> {
        let LineKind::Step { action, from, to, .. } = &self.kind else { return Vec::new() };
        let Some((_, data)) = said.steps.iter().find(|(dot, _)| *dot == self.dot) else { return Vec::new() };
        let step = package.flow(kind).and_then(|flow| flow.told(action, from, to));
        let inputs = step.iter().flat_map(|step| step.inputs_for(kind));
        let asked = inputs.filter(|field| !TOLD.contains(&field.path.as_str()));
        let number = said.numbers.iter().find(|(dot, _)| *dot == self.dot);
        let number = number.map(|(_, number)| format!("文书编号：{number}"));
        asked
            .filter_map(|field| answer(package, field, data.get(&field.path)?, &name))
            .chain(number)
            .collect()
    }
}

fn answer(package: &Package, field: &Field, value: &Value, name: impl Fn(&str) -> String) -> Option<String> {
    let word = |said: &str| {
        let choice = package.choices(field).iter().find(|choice| choice.id == said);
        choice.map_or_else(|| said.to_owned(), |choice| choice.label.clone())
    };
    let said = match (field.kind, value) {
        // The id of a record that is not known here says nothing to people.
        (FieldKind::RecordRef, Value::String(id)) => Some(name(id)).filter(|words| words != id)?,
        (_, Value::Bool(true)) => return Some(field.label.clone()),
        (_, Value::Bool(false)) => "否".to_owned(),
        (FieldKind::UserRef, Value::String(user)) => name(user),
        (FieldKind::Datetime, Value::String(at)) => at.chars().take(16).collect::<String>().replace('T', " "),
        (_, Value::String(said)) => word(said),
        (_, Value::Array(all)) => {
            all.iter().filter_map(Value::as_str).map(word).collect::<Vec<_>>().join("、")
        }
        (_, Value::Number(number)) => number.to_string(),
        _ => return None,
    };
    (!said.is_empty()).then(|| format!("{}：{said}", field.label))
}

/// Reads the history of a stream.
pub(super) fn lines(entity: &Entity) -> Vec<Line> {
    let mut lines = Vec::new();
    let line = |dot, at, user: &str, kind| Line {
        dot,
        at,
        received_at: entity.received(dot).map(|received| received.at),
        user: user.to_owned(),
        role: None,
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
        step.role.clone_from(&event.role);
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
