//! A report's stream, read as people speak of it: where it stands, who has it, what happened so far.

mod fault;
mod feedback;
#[cfg(test)]
pub(crate) mod story;
mod strip;
mod timeline;
pub mod unit;

use std::collections::BTreeSet;

use chrono::{DateTime, Days, NaiveDate};
use gridbook_log::{Entity, EntityId, Event, Outcome};
use serde_json::Value;

use crate::form::{Photos, Values};
use crate::hazard;
use crate::mediation::risk::{self, RiskTrail};
use crate::package::Package;
use crate::record::RecordKind;
use crate::role::Target;

pub use fault::{Contest, FaultMark};
pub use feedback::Feedback;
pub(crate) use feedback::unseen;
pub use strip::{local_number, strips};
pub use timeline::{Line, LineKind};
use unit::{UnitStep, WithUnit};

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

/// Sources in which people came themselves.
const BY_CITIZENS: [&str; 7] = [
    "self_online_page",
    "coordinator_home",
    "reception_offline",
    "reception_online",
    "neighbor_report",
    "hotline",
    "opinion_box",
];

/// Whether a record is in a sample of so many percent: the same answer on every device (FLOW-03, FLOW-12).
pub fn sampled(id: EntityId, percent: u32) -> bool {
    id.0.iter().fold(0u32, |sum, byte| (sum * 31 + u32::from(*byte)) % 10_007) % 100 < percent
}

/// The day of an instant in China (UTC+8), where every limit is counted.
pub fn day_of(ms: u64) -> NaiveDate {
    let seconds = i64::try_from(ms / 1000).unwrap_or(i64::MAX / 2) + 8 * 3600;
    DateTime::from_timestamp(seconds, 0).map_or(NaiveDate::MAX, |instant| instant.date_naive())
}

fn text(values: &Values, path: &str) -> Option<String> {
    values.get(path).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Who said that they know, even where the case had moved on before that arrived.
fn alarm_known(entity: &Entity) -> Vec<Known> {
    let said = entity.timeline().iter().filter(|record| {
        record.event.event == hazard::KNOWN && !matches!(record.outcome, Outcome::Rejected(_))
    });
    let known = said.map(|record| Known {
        told_as: text(&record.event.data, "told_as").unwrap_or_default(),
        user: record.user.clone(),
        at: record.hlc.ms,
    });
    known.collect()
}

/// When the level that is shown was first set without another in between: recorded, and received (recorded where there
/// is no receipt).
fn level_since(entity: &Entity) -> Option<(u64, u64)> {
    let path = if entity.text("level").is_some() { "level" } else { "risk_level" };
    let (register, shown) = (entity.register(path)?, entity.text(path)?);
    let mut since = None;
    for write in register.writes.iter().filter(|write| !write.rejected) {
        if write.value.as_str() == Some(shown) {
            let recorded = write.hlc.ms;
            let received = entity.received(write.dot).map_or(recorded, |received| received.at);
            since = since.or(Some((recorded, received)));
        } else {
            since = None;
        }
    }
    since
}

fn texts(values: &Values, path: &str) -> Vec<String> {
    let list = values.get(path).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

impl CaseView {
    /// Reads a stream; `None` when its creation has not arrived, or it is not a report.
    pub fn of(entity: &Entity) -> Option<Self> {
        let creation = entity.creation()?;
        let kind = RecordKind::parse(&creation.create.type_)
            .filter(|kind| kind.is_report() || *kind == RecordKind::Confidential)?;
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
            level_since: None,
            level_set_at: None,
            risk: risk::trail(entity),
            alarm_known: alarm_known(entity),
            failed_rechecks: hazard::failed(entity),
            enforced: hazard::enforced(entity),
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
            told: feedback::feedbacks(entity, &creation.user),
            rating: None,
            redo_count: 0,
            return_count: 0,
            with_units: Vec::new(),
            kept_at_village: false,
            registered: false,
            handle_since: None,
            extended: 0,
            pause_asked_by: None,
            paused_until: None,
            supplement_since: None,
            void_asked_by: None,
            climbed_to: None,
            main: None,
            receipt_on: None,
            cancel_asked: false,
            look_back_failed: false,
            supervised: 0,
            supervisions: Vec::new(),
            faults: Vec::new(),
            given: 0,
            looked_back: Vec::new(),
            refused_by: None,
            unreached: 0,
            participants: Vec::new(),
            actions: Vec::new(),
            values,
            photos,
            timeline: timeline::lines(entity),
        };
        (view.level_set_at, view.level_since) = level_since(entity).unzip();
        view.replay(entity);
        // A withdrawal that came after the registration is a request to cancel.
        view.cancel_asked |= view.registered
            && entity.timeline().iter().any(|record| {
                record.event.event == "withdraw"
                    && record.user == view.reporter
                    && record.outcome != Outcome::Counts
            });
        Some(view)
    }

    /// Lead, handler, limits and counts follow from the events that count, not from loose fields.
    fn replay(&mut self, entity: &Entity) {
        for record in entity.timeline().iter().filter(|record| record.outcome == Outcome::Counts) {
            let (event, at) = (&record.event, record.hlc.ms);
            let named = text(&event.set, "handler");
            match event.event.as_str() {
                "med_accept" => {
                    self.registered_at.get_or_insert(at);
                    self.registered = true;
                }
                "register" | "settle_confirm" => {
                    self.supplement_since = None;
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
                "dispatch" | "reroute" => self.dispatched(event, named, at),
                "ask_supplement" => self.supplement_since = Some(at),
                "resubmit" => self.supplement_since = None,
                "take" if event.to == "dispatched" => self.dispatched(event, named, at),
                "take" | "send_back" | "decide" | "reassign" => {
                    self.given += u32::from(matches!(event.event.as_str(), "take" | "reassign"));
                    self.handler = named.or(self.handler.take());
                    self.limit(event, at);
                }
                "hand_over" => self.handler = named.or(self.handler.take()),
                // What is left of the limit, and no new one: one extension stays one.
                "reject_finish" => {
                    self.handler = named.or(self.handler.take());
                    self.handle_by = text(&event.set, "handle_by").or(self.handle_by.take());
                }
                "keep" => {
                    self.given += 1;
                    self.kept_at_village = true;
                    self.handler = named.or_else(|| Some(record.user.clone()));
                    self.limit(event, at);
                }
                "claim" => {
                    self.claimed_at = Some(at);
                    self.handle_since = Some(at);
                    self.handler = named.or_else(|| Some(record.user.clone()));
                    self.handled_by.insert(record.user.clone());
                }
                "return_unit" => {
                    self.return_count += 1;
                    self.with_unit(UnitStep::Returned, at);
                    (self.lead_unit, self.handler) = (None, None);
                    self.support_units.clear();
                }
                "start" | "progress" | "re_handle" | "enforce_persuade" | "enforce_notice" => {
                    self.handled_by.insert(record.user.clone());
                }
                "finish" => {
                    self.with_unit(UnitStep::Done, at);
                    self.finished_at = Some(at);
                    self.result = text(&event.data, "text");
                    self.handled_by.insert(record.user.clone());
                }
                "feed_back" => self.feedback = text(&event.data, "text"),
                "dissatisfied" => {
                    self.redo_count += 1;
                    self.rating = text(&event.data, "rating");
                    self.with_unit(UnitStep::Rated(false), at);
                    self.with_unit(UnitStep::Redo, at);
                    self.limit(event, at);
                }
                "satisfied" | "waive" => {
                    self.rating = text(&event.data, "rating");
                    if event.event == "waive" {
                        self.with_unit(UnitStep::Waived, at);
                    }
                    self.rated(at);
                    self.closed_at = Some(at);
                }
                "reopen" => {
                    (self.closed_at, self.look_back_failed) = (None, false);
                    self.looked_back.clear();
                    self.handler = named.or(self.handler.take());
                    self.limit(event, at);
                }
                _ => self.replay_note(&record.user, event, at),
            }
            self.handled_by.extend(self.handler.clone());
            self.actions.push(event.event.clone());
        }
    }

    fn dispatched(&mut self, event: &Event, handler: Option<String>, at: u64) {
        self.given += 1;
        self.kept_at_village = false;
        self.lead_unit = text(&event.set, "lead_unit");
        self.support_units = texts(&event.set, "support_units");
        self.handler = handler;
        self.respond_by = text(&event.set, "respond_by");
        self.claimed_at = None;
        self.with_unit(UnitStep::Given, at);
        self.limit(event, at);
    }

    /// A step that belongs to the unit that has the case now; cases of the village have none.
    fn with_unit(&mut self, step: UnitStep, at: u64) {
        self.with_units.extend(self.lead_unit.clone().map(|unit| WithUnit { unit, at, step }));
    }

    fn rated(&mut self, at: u64) {
        if let Some(satisfied) = self.rating.as_deref().map(unit::is_satisfied) {
            self.with_unit(UnitStep::Rated(satisfied), at);
        }
    }

    /// A new limit starts its count of extensions anew; without one the old limit stands.
    fn limit(&mut self, event: &Event, at: u64) {
        if let Some(by) = text(&event.set, "handle_by") {
            (self.handle_by, self.handle_since, self.extended) = (Some(by), Some(at), 0);
        }
    }

    /// Steps beside the way from report to closing.
    fn replay_note(&mut self, user: &str, event: &Event, at: u64) {
        let said = |path: &str| text(&event.data, path);
        match event.event.as_str() {
            "pause_request" => self.pause_asked_by = Some(user.to_owned()),
            "pause" => (self.pause_asked_by, self.paused_until) = (None, said("until")),
            "resume" => self.paused_until = None,
            "extend" => {
                self.extended += 1;
                self.handle_by = text(&event.set, "handle_by").or(self.handle_by.take());
            }
            "refuse" => self.refused_by = Some(user.to_owned()),
            "call_back" if event.data.get("reached") == Some(&Value::Bool(false)) => self.unreached += 1,
            "escalate" => self.climbed_to = said("to_tier"),
            "merge" => self.main = said("main"),
            "transfer_receipt" => self.receipt_on = said("received_on"),
            "cancel_request" => self.cancel_asked = true,
            "look_back" => {
                self.look_back_failed = said("result").as_deref() == Some("relapsed");
                self.looked_back.extend(said("looked_on").and_then(|day| crate::date::parse(&day)));
            }
            "supervise" => {
                self.supervised += 1;
                self.supervisions.push((said("step").unwrap_or_default(), at));
                if let Some(fault) = said("fault") {
                    self.mark(&fault, user, at);
                }
            }
            "no_claim" => self.mark("no_response", user, at),
            "contest" => {
                let kind = said("fault");
                if let Some(mark) = self.latest_mark(kind.as_deref(), |mark| mark.contest.is_none()) {
                    mark.contest = Some(Contest { by: user.to_owned(), at, decided_by: None, upheld: None });
                }
            }
            "contest_decide" => {
                let (kind, upheld) = (said("fault"), said("outcome").as_deref() == Some("upheld"));
                let open = |mark: &FaultMark| mark.contest.as_ref().is_some_and(|c| c.upheld.is_none());
                let mark = self.latest_mark(kind.as_deref(), open);
                if let Some(contest) = mark.and_then(|mark| mark.contest.as_mut()) {
                    (contest.upheld, contest.decided_by) = (Some(upheld), Some(user.to_owned()));
                }
            }
            "caller_rate" => {
                self.rating = said("rating");
                self.rated(at);
            }
            "participant" => self.participants.extend(said("person")),
            "void_request" => self.void_asked_by = Some(user.to_owned()),
            _ => {}
        }
    }

    /// Marks a fault of whoever has the case now. The same fault of the same dispatch is marked once.
    fn mark(&mut self, kind: &str, by: &str, at: u64) {
        let (unit, handler, given) = (self.lead_unit.clone(), self.handler.clone(), self.given);
        let same = |mark: &FaultMark| mark.kind == kind && mark.unit == unit && mark.given == given;
        if !self.faults.iter().any(same) {
            let (kind, by) = (kind.to_owned(), by.to_owned());
            self.faults.push(FaultMark { kind, unit, handler, by, at, given, contest: None });
        }
    }

    fn latest_mark(
        &mut self,
        kind: Option<&str>,
        fits: impl Fn(&FaultMark) -> bool,
    ) -> Option<&mut FaultMark> {
        self.faults.iter_mut().rev().find(|mark| Some(mark.kind.as_str()) == kind && fits(mark))
    }

    /// The level that handles it: `village`, `township` or `county` (FLOW-02).
    pub fn tier(&self) -> &str {
        match &self.climbed_to {
            Some(tier) => tier,
            None if self.kept_at_village => "village",
            None => "township",
        }
    }

    /// Whether it has to be called back (FLOW-12): disputes, what people brought themselves, and red and orange
    /// hazards always; of the others one in five, of what was settled on the spot one in ten (FLOW-03), told by the
    /// record's id, so that nobody picks.
    pub fn called_back(&self) -> bool {
        self.kind == RecordKind::Dispute
            || self.level.as_deref().is_some_and(|level| matches!(level, "red" | "orange"))
            || self.source.as_deref().is_some_and(|source| BY_CITIZENS.contains(&source))
            || sampled(self.id, if self.settled_on_spot() { 10 } else { 20 })
    }

    /// When the pause that stands is over, milliseconds since 1970: with its last day (FLOW-08).
    pub fn pause_ends(&self) -> Option<u64> {
        let until = crate::date::parse(self.paused_until.as_deref()?)?;
        Some(crate::calendar::midnight(until.succ_opt()?))
    }

    /// Its reporter settled it, and nobody was given it since (FLOW-03).
    fn settled_on_spot(&self) -> bool {
        self.given == 0 && self.actions.iter().any(|action| action == "settle_confirm")
    }

    /// The last day to which its limit can be extended: as long again as it was (FLOW-08).
    pub fn longest_extension(&self) -> Option<NaiveDate> {
        let by = crate::date::parse(self.handle_by.as_deref()?)?;
        let length = (by - day_of(self.handle_since?)).num_days();
        by.checked_add_days(Days::new(u64::try_from(length).unwrap_or(0)))
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

/// Where a record says in a few words what it is about, best first.
pub(crate) const TITLES: [&str; 9] =
    ["title", "event_name", "case_name", "theme", "service_name", "desc", "facts", "problem", "content"];

impl CaseView {
    /// What its page is headed with: named as its row is in lists, so what is written down once and has no words of its own
    /// by its form.
    pub fn heading(&self, package: &Package) -> String {
        let form = self.form.as_deref().filter(|_| self.kind == RecordKind::Entry);
        let words = || TITLES.iter().any(|path| text(&self.values, path).is_some());
        let form = form.and_then(|name| package.form_title(name)).filter(|_| !words());
        form.map_or_else(|| self.title.clone(), str::to_owned)
    }
}

/// The title, or the first 30 characters of the description.
fn title(values: &Values, kind: RecordKind) -> String {
    TITLES
        .iter()
        .find_map(|path| text(values, path))
        .map_or_else(|| kind.label().to_owned(), |text| text.chars().take(30).collect())
}

#[cfg(test)]
mod tests;
