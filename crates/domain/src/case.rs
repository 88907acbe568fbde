//! A report's stream, read as people speak of it: where it stands, who has it, what happened so far.

#[cfg(test)]
pub(crate) mod story;
mod timeline;

use std::collections::BTreeSet;

use chrono::{DateTime, Days, NaiveDate};
use gridbook_log::{Entity, EntityId, Outcome};
use serde_json::Value;

use crate::form::{Photos, Values};
use crate::record::RecordKind;
use crate::role::Target;

pub use timeline::{Line, LineKind};

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
    /// What the reporter was told.
    pub feedback: Option<String>,
    /// Rating id given at the call-back.
    pub rating: Option<String>,
    /// How often the call-back sent it back.
    pub redo_count: u32,
    /// How often units returned it.
    pub return_count: u32,
    /// Kept at the village, without a unit.
    pub kept_at_village: bool,
    /// The case has been registered at least once.
    pub registered: bool,
    /// Actions that counted so far, in order.
    pub actions: Vec<String>,
    /// Shown values of all fields.
    pub values: Values,
    /// Photos and recordings by role.
    pub photos: Photos,
    /// What happened, in order.
    pub timeline: Vec<Line>,
}

/// The day of an instant in China (UTC+8), where every limit is counted.
pub fn day_of(ms: u64) -> NaiveDate {
    let seconds = i64::try_from(ms / 1000).unwrap_or(i64::MAX / 2) + 8 * 3600;
    DateTime::from_timestamp(seconds, 0).map_or(NaiveDate::MAX, |instant| instant.date_naive())
}

fn text(values: &Values, path: &str) -> Option<String> {
    values.get(path).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn texts(values: &Values, path: &str) -> Vec<String> {
    let list = values.get(path).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

impl CaseView {
    /// Reads a stream; `None` when its creation has not arrived, or it is not a report.
    pub fn of(entity: &Entity) -> Option<Self> {
        let creation = entity.creation()?;
        let kind = RecordKind::parse(&creation.create.type_).filter(|kind| kind.is_report())?;
        let values = entity.values();
        let mut photos = Photos::new();
        for (_, blob) in entity.blobs() {
            *photos.entry(blob.role.clone()).or_default() += 1;
        }
        let mut view = Self {
            id: entity.id(),
            kind,
            form: creation.create.form.clone(),
            state: entity.state().unwrap_or_default().to_owned(),
            others: entity.flow().others.clone(),
            number: entity.number().map(str::to_owned),
            level: text(&values, "level").or_else(|| text(&values, "risk_level")),
            category: text(&values, "category"),
            subtype: text(&values, "subtype").or_else(|| text(&values, "sub")),
            title: title(&values, kind),
            area: entity.area().unwrap_or_default().to_owned(),
            address: text(&values, "address_text").or_else(|| text(&values, "occur_place")),
            household: text(&values, "household"),
            parent: creation.create.parent,
            units: entity.units().into_iter().map(str::to_owned).collect(),
            lead_unit: None,
            support_units: Vec::new(),
            handler: None,
            handled_by: BTreeSet::new(),
            reporter: creation.user.clone(),
            source: text(&values, "source").or_else(|| text(&values, "intake_mode")),
            reported_at: creation.hlc.ms,
            received_at: entity.received(creation.dot).map(|received| received.at),
            found_at: text(&values, "found_at").or_else(|| text(&values, "visit_at")),
            respond_by: None,
            handle_by: None,
            registered_at: None,
            claimed_at: None,
            finished_at: None,
            closed_at: None,
            result: None,
            feedback: None,
            rating: None,
            redo_count: 0,
            return_count: 0,
            kept_at_village: false,
            registered: false,
            actions: Vec::new(),
            values,
            photos,
            timeline: timeline::lines(entity),
        };
        view.replay(entity);
        Some(view)
    }

    /// Lead, handler, limits and counts follow from the events that count, not from loose fields.
    fn replay(&mut self, entity: &Entity) {
        for record in entity.timeline().iter().filter(|record| record.outcome == Outcome::Counts) {
            let (event, at) = (&record.event, record.hlc.ms);
            let named = text(&event.set, "handler");
            match event.event.as_str() {
                "register" | "settle_confirm" => {
                    self.registered_at.get_or_insert(at);
                    self.registered = true;
                    if event.event == "settle_confirm" {
                        self.kept_at_village = true;
                        self.finished_at = Some(at);
                        self.result = text(&event.data, "text");
                        self.handler = Some(self.reporter.clone());
                        self.handled_by.insert(self.reporter.clone());
                    }
                }
                "dispatch" => {
                    self.kept_at_village = false;
                    self.lead_unit = text(&event.set, "lead_unit");
                    self.support_units = texts(&event.set, "support_units");
                    self.handler = named;
                    self.respond_by = text(&event.set, "respond_by");
                    self.handle_by = text(&event.set, "handle_by");
                }
                "keep" => {
                    self.kept_at_village = true;
                    self.handler = named.or_else(|| Some(record.user.clone()));
                    self.handle_by = text(&event.set, "handle_by");
                }
                "claim" => {
                    self.claimed_at = Some(at);
                    self.handler = named.or_else(|| Some(record.user.clone()));
                    self.handled_by.insert(record.user.clone());
                }
                "return_unit" => {
                    self.return_count += 1;
                    (self.lead_unit, self.handler) = (None, None);
                    self.support_units.clear();
                }
                "start" | "progress" | "re_handle" => {
                    self.handled_by.insert(record.user.clone());
                }
                "finish" => {
                    self.finished_at = Some(at);
                    self.result = text(&event.data, "text");
                    self.handled_by.insert(record.user.clone());
                }
                "feed_back" => self.feedback = text(&event.data, "text"),
                "dissatisfied" => {
                    self.redo_count += 1;
                    self.rating = text(&event.data, "rating");
                    self.handle_by = text(&event.set, "handle_by").or(self.handle_by.take());
                }
                "satisfied" | "waive" => {
                    self.rating = text(&event.data, "rating");
                    self.closed_at = Some(at);
                }
                "reopen" => self.closed_at = None,
                _ => {}
            }
            self.handled_by.extend(self.handler.clone());
            self.actions.push(event.event.clone());
        }
    }

    /// What a right to this record is asked for.
    pub fn target(&self) -> Target<'_> {
        Target {
            kind: self.kind,
            area: &self.area,
            units: self.units.iter().map(String::as_str).collect(),
            creator: Some(&self.reporter),
            handler: self.handler.as_deref(),
            level: self.level.as_deref(),
            registered: self.registered,
        }
    }

    /// True when it was closed at most `days` days ago.
    pub fn closed_within(&self, days: u64, today: NaiveDate) -> bool {
        self.closed_at
            .is_some_and(|at| day_of(at).checked_add_days(Days::new(days)).is_none_or(|last| today <= last))
    }

    /// True when two people moved it at once and a person has to decide.
    pub fn needs_decision(&self) -> bool {
        !self.others.is_empty()
    }
}

/// The title, or the first 30 characters of the description.
fn title(values: &Values, kind: RecordKind) -> String {
    ["title", "event_name", "desc", "facts"]
        .iter()
        .find_map(|path| text(values, path))
        .map_or_else(|| kind.label().to_owned(), |text| text.chars().take(30).collect())
}

#[cfg(test)]
mod tests;
