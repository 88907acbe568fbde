//! A report's stream, read as people speak of it: where it stands, who has it, what happened so far.

mod fault;
mod feedback;
mod followed;
mod kin;
mod read;
mod replay;
mod standing;
#[cfg(test)]
pub(crate) mod story;
mod strip;
mod timeline;
mod title;
pub mod unit;

use std::collections::BTreeSet;

use chrono::NaiveDate;
use gridbook_log::EntityId;
use serde_json::Value;

use crate::form::{Photos, Values};
use crate::mediation::risk::RiskTrail;
use crate::record::RecordKind;

pub use fault::{Contest, FaultMark};
pub use feedback::Feedback;
pub(crate) use feedback::unseen;
pub(crate) use followed::spoken_on;
pub use followed::{FOLLOWED, followed};
pub(crate) use kin::ties;
pub use kin::{Kin, SPLIT_FROM, Tie, kin};
pub(crate) use read::level_since;
pub use standing::sampled;
pub use strip::{local_number, strips};
pub use timeline::{Line, LineKind, Said};
pub(crate) use title::named;
use title::title;
use unit::WithUnit;

/// Somebody said that they know of a danger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Id of the step of the chain that they stand for.
    pub told_as: String,
    /// Who.
    pub user: String,
    /// When, milliseconds since 1970.
    pub at: u64,
}

/// A visit, hazard or dispute as its stream tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseView {
    /// The stream.
    pub id: EntityId,
    /// What it is.
    pub kind: RecordKind,
    /// Form and version, `F-HAZARD/1`.
    pub form: Option<String>,
    /// State; empty for a record without workflow.
    pub state: String,
    /// Other states that stand beside it, when two people moved it at once and somebody has to decide.
    pub others: Vec<String>,
    /// Official number, once the authority gave it.
    pub number: Option<String>,
    /// Level of a hazard, risk level of a dispute.
    pub level: Option<String>,
    /// Since when the level is what it is: when the authority had received it, else when it was recorded.
    pub level_since: Option<u64>,
    /// When the level that is shown was recorded; whoever answers to it saw that.
    pub level_set_at: Option<u64>,
    /// Who was told of the risk, and where it was assessed (MED-13).
    pub risk: RiskTrail,
    /// Who said that they know of a danger that cannot wait, in order (HAZ-05).
    pub alarm_known: Vec<Known>,
    /// How many re-checks of a hazard failed.
    pub failed_rechecks: usize,
    /// The steps of enforcement that were taken, with their days, in order (HAZ-09).
    pub enforced: Vec<(String, NaiveDate)>,
    /// Category id.
    pub category: Option<String>,
    /// Subtype id.
    pub subtype: Option<String>,
    /// Title, else the beginning of the description.
    pub title: String,
    /// Area code; empty while the creation has not said.
    pub area: String,
    /// Where, in words.
    pub address: Option<String>,
    /// The household's entity id.
    pub household: Option<String>,
    /// The record that it came from (CAT-07).
    pub parent: Option<EntityId>,
    /// Units that see it.
    pub units: Vec<String>,
    /// Lead unit of the standing dispatch.
    pub lead_unit: Option<String>,
    /// Support units of the standing dispatch.
    pub support_units: Vec<String>,
    /// Who stepped aside, being related to a party (ROLE-12).
    pub recused: BTreeSet<String>,
    /// Who handles it: named, or who claimed it.
    pub handler: Option<String>,
    /// Everyone who had a hand in handling it.
    pub handled_by: BTreeSet<String>,
    /// Who reported it.
    pub reporter: String,
    /// Where the report came from: 走访发现, 12345 …
    pub source: Option<String>,
    /// When the author saved it, milliseconds since 1970.
    pub reported_at: u64,
    /// When the authority took it in; limits of the centre start here.
    pub received_at: Option<u64>,
    /// When it was found, as entered.
    pub found_at: Option<String>,
    /// Date by which the unit has to claim it.
    pub respond_by: Option<String>,
    /// Date by which it has to be done.
    pub handle_by: Option<String>,
    /// When it was registered, milliseconds since 1970.
    pub registered_at: Option<u64>,
    /// When it was claimed.
    pub claimed_at: Option<u64>,
    /// When it was last finished.
    pub finished_at: Option<u64>,
    /// When it was closed; `None` again after a re-opening.
    pub closed_at: Option<u64>,
    /// What the handler wrote on finishing.
    pub result: Option<String>,
    /// What the reporter was told at the end.
    pub feedback: Option<String>,
    /// Everything that the reporter was told, oldest first (FLOW-11).
    pub told: Vec<Feedback>,
    /// Rating id given at the call-back.
    pub rating: Option<String>,
    /// How often the call-back sent it back.
    pub redo_count: u32,
    /// How often units returned it.
    pub return_count: u32,
    /// What it was to the units that had it, in order.
    pub with_units: Vec<WithUnit>,
    /// Kept at the village, without a unit.
    pub kept_at_village: bool,
    /// The case has been registered at least once.
    pub registered: bool,
    /// When the limit to handle it began to run.
    pub handle_since: Option<u64>,
    /// How often the standing limit was extended.
    pub extended: u32,
    /// Who asked for a pause that nobody has answered yet.
    pub pause_asked_by: Option<String>,
    /// Date until which it is paused.
    pub paused_until: Option<String>,
    /// When its reporter was asked for more, while nothing came.
    pub supplement_since: Option<u64>,
    /// Who proposed to void it.
    pub void_asked_by: Option<String>,
    /// The level that it climbed to; `None` while it never left where it began (FLOW-02).
    pub climbed_to: Option<String>,
    /// The case that it was merged into (FLOW-15).
    pub main: Option<String>,
    /// Cases that somebody linked it to (FLOW-15).
    pub linked: Vec<EntityId>,
    /// The case that it was split off (FLOW-15).
    pub split_from: Option<EntityId>,
    /// Date on which the receiver of a transfer signed (FLOW-16).
    pub receipt_on: Option<String>,
    /// Its reporter asked to cancel it after it was registered (FLOW-19).
    pub cancel_asked: bool,
    /// The last look back found it again (FLOW-14).
    pub look_back_failed: bool,
    /// How often it was supervised (FLOW-09).
    pub supervised: u32,
    /// The supervisions, as (id of `supervise_step`, when), in order.
    pub supervisions: Vec<(String, u64)>,
    /// Faults that were marked, with what became of them (FLOW-10).
    pub faults: Vec<FaultMark>,
    /// How often it was given to somebody to be handled: the village, a unit, a level above.
    pub given: u32,
    /// Days on which somebody looked back since it was closed (FLOW-14).
    pub looked_back: Vec<NaiveDate>,
    /// Who refused it last.
    pub refused_by: Option<String>,
    /// Call-backs in which nobody was reached.
    pub unreached: u32,
    /// People who were added to it.
    pub participants: Vec<String>,
    /// Actions that counted so far, in order.
    pub actions: Vec<String>,
    /// Shown values of all fields.
    pub values: Values,
    /// Photos and recordings by role.
    pub photos: Photos,
    /// What happened, in order.
    pub timeline: Vec<Line>,
}

fn text(values: &Values, path: &str) -> Option<String> {
    values.get(path).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests;
