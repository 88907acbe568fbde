//! What the steps of a case made of it: who has it, by when, how often.

use gridbook_log::{Entity, Event, Outcome};
use serde_json::Value;

use super::fault::{Contest, FaultMark};
use super::unit::{self, UnitStep, WithUnit};
use super::{CaseView, text};
use crate::form::Values;
use crate::workflow::RECUSED_STAY_OUT;

impl CaseView {
    /// Lead, handler, limits and counts follow from the events that count, not from loose fields.
    pub(super) fn replay(&mut self, entity: &Entity) {
        for record in entity.timeline().iter().filter(|record| record.outcome == Outcome::Counts) {
            let (event, at) = (&record.event, record.hlc.ms);
            let named = text(&event.set, "handler");
            match event.event.as_str() {
                "med_accept" => {
                    self.registered_at.get_or_insert(at);
                    self.registered = true;
                }
                "register" | "settle_confirm" | "split_off" => {
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
                    // What was split off has the limit that it had before.
                    self.limit(event, at);
                }
                "dispatch" | "reroute" => self.dispatched(event, named, at),
                "ask_supplement" => self.supplement_since = Some(at),
                "resubmit" => self.supplement_since = None,
                "take" if event.to == "dispatched" => self.dispatched(event, named, at),
                "take" | "send_back" | "decide" | "reassign" => {
                    self.given += u32::from(matches!(event.event.as_str(), "take" | "reassign"));
                    self.handler = named.or(self.handler.take());
                    if event.event == "decide" && event.to == "done" {
                        self.finished_at = Some(at);
                    }
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
                "recuse" => {
                    self.recused.insert(record.user.clone());
                    // Whoever steps aside returns nothing; by the tables before it counted as that.
                    if event.table < RECUSED_STAY_OUT {
                        self.with_unit(UnitStep::Returned, at);
                    }
                    (self.lead_unit, self.handler, self.kept_at_village) = (None, None, false);
                    self.support_units.clear();
                }
                "step_aside" => {
                    self.recused.insert(record.user.clone());
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
}

fn texts(values: &Values, path: &str) -> Vec<String> {
    let list = values.get(path).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
