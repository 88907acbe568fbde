//! State machines as data (FLOW-01): states, transitions, guards, inputs; what may be done now, and why not.

mod check;
mod event;
mod guard;
mod inputs;
mod pile;
mod waits;

use serde::{Deserialize, Serialize};

use crate::case::CaseView;
use crate::form::Field;
use crate::hazard::RECHECKED;
use crate::package::{Package, Part};
use crate::record::RecordKind;

pub use check::{check, offered};
pub use event::{event, suggested};
pub(crate) use guard::RECUSED_STAY_OUT;
pub use guard::{Guard, MAX_RETURNS, REOPEN_DAYS, Situation, TIERS};
pub use inputs::standing;
pub use pile::Pile;
pub use waits::{Waiting, looks_after, waited_for, waits_for};

/// As the state that a step leads to: the one that it is taken in. A note beside the way.
pub const STAYS: &str = "=";

/// A state machine with its version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// Stable identifier: `case`, `visit`.
    pub id: String,
    /// Grows by one with every change; events name it.
    pub version: u32,
    /// Kinds of record that run through it.
    pub kinds: Vec<RecordKind>,
    /// The state that a create operation starts in.
    pub initial: String,
    /// States.
    pub states: Vec<State>,
    /// Transitions.
    pub transitions: Part<Vec<Transition>>,
}

impl Flow {
    /// A state by its id.
    pub fn state(&self, id: &str) -> Option<&State> {
        self.states.iter().find(|state| state.id == id)
    }

    /// Transitions with this action name, in any state.
    pub fn actions(&self, action: &str) -> impl Iterator<Item = &Transition> {
        self.transitions.get().iter().filter(move |transition| transition.action == action)
    }

    /// The transition that an action means in a state, when it leads to that one; an action of a hearing may lead to
    /// several.
    pub fn transition_to(&self, action: &str, from: &str, to: &str) -> Option<&Transition> {
        self.actions(action)
            .find(|step| step.from.iter().any(|state| state == from) && step.target(from) == to)
    }

    /// The transition that a line of the history tells of: the very one, else one of the same name. An older table
    /// may have led elsewhere.
    pub fn told(&self, action: &str, from: &str, to: &str) -> Option<&Transition> {
        self.transition_to(action, from, to)
            .or_else(|| self.transition(action, from))
            .or_else(|| self.actions(action).next())
    }

    /// The first transition that an action means in a state.
    pub fn transition(&self, action: &str, from: &str) -> Option<&Transition> {
        self.transitions.get().iter().find(|transition| {
            transition.action == action && transition.from.iter().any(|state| state == from)
        })
    }
}

/// A state of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Stable identifier.
    pub id: String,
    /// Words that people see.
    pub label: String,
    /// The character of 收报录转办反销 under which the state is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skin: Option<String>,
    /// Nothing is expected any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub terminal: bool,
    /// The case has been registered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub registered: bool,
    /// Somebody is handling it: sections of the handler are open.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub handling: bool,
    /// Who has to do something now, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub waits_for: String,
}

/// A step that people can take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transition {
    /// Name of the action; the `event` of its operation.
    pub action: String,
    /// Words on the button.
    pub label: String,
    /// The character of 收报录转办反销 that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skin: Option<String>,
    /// The version of the table that first had it; 0 = it was always there. A device that takes it knows all of it.
    #[serde(default, skip_serializing_if = "always")]
    pub since: u32,
    /// Only for these kinds of records; empty = for all of the table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<RecordKind>,
    /// States in which it is possible; empty = before the record exists.
    pub from: Vec<String>,
    /// The state that it leads to; [`STAYS`] for a note.
    pub to: String,
    /// The permission that it takes.
    pub permission: String,
    /// Further conditions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guards: Vec<Guard>,
    /// What the person is asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<Field>,
    /// The authority gives the official number with it (FLOW-04).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub numbers: bool,
    /// It shares the record with the lead and support units of its inputs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub places: bool,
    /// A side record (a note, a supervision …): shown apart from the steps of the way.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub side: bool,
    /// The app takes it with another record: no button offers it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_app: bool,
    /// Words for the timeline: what happened.
    pub done_label: String,
    /// What it does to the limits, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub clock: String,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn always(since: &u32) -> bool {
    *since == 0
}

impl Transition {
    /// The state that it leads to from this one.
    pub fn target<'a>(&'a self, from: &'a str) -> &'a str {
        if self.to == STAYS { from } else { &self.to }
    }

    /// The state of the case that it is taken in: the one shown, else one that stands beside it and waits for a
    /// decision.
    pub fn leaves<'c>(&self, case: &'c CaseView) -> Option<&'c str> {
        let mut standing = std::iter::once(&case.state).chain(&case.others);
        standing.find(|state| self.from.contains(state)).map(String::as_str)
    }

    /// Whether records of a kind take it.
    pub fn fits(&self, kind: RecordKind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }

    /// The inputs that a kind of record is asked for.
    pub fn inputs_for(&self, kind: RecordKind) -> impl Iterator<Item = &Field> {
        self.inputs.iter().filter(move |field| field.kinds.is_empty() || field.kinds.contains(&kind))
    }
}

/// True for values that only steps of the workflow write (lead unit, handler, limits): they are no field of the
/// record's form, and a plain correction must not touch them. So is what a re-check said, which the form only shows.
pub fn owned_path(package: &Package, kind: RecordKind, path: &str) -> bool {
    let head = path.split('/').next().unwrap_or(path);
    let written = package.flow(kind).is_some_and(|flow| {
        flow.transitions
            .get()
            .iter()
            .flat_map(|step| step.inputs_for(kind))
            .any(|field| field.set && field.path == head)
    });
    let alone = || package.form_for(kind).is_none_or(|form| form.field(head).is_none());
    written && (RECHECKED.contains(&head) || alone())
}

#[cfg(test)]
mod tests;
