//! Runs the steps of a stream through the table of effects.

use chrono::NaiveDate;
use gridbook_log::{Dot, Entity, Event, Outcome};
use serde_json::Value;

use super::class::urgent;
use super::{Clock, ClockId, Effect, Law, Limit, Matter, Phase};
use crate::calendar::{LAST_MS, day_of, midnight};
use crate::deadline::{Due, Rule, Unit, due, due_on, extended, office_receipt, resumed, spent};
use crate::package::Package;
use crate::record::RecordKind;

/// Drift of a clock beyond which recorded times are corrected, milliseconds (OFF-02).
const DRIFT_MS: u64 = 120_000;

/// The limits of a case in the order in which they started, and what its lamp needs besides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaseClocks {
    /// Limits.
    pub limits: Vec<Limit>,
    /// A unit returned it, or its finish was rejected.
    pub returned: bool,
    /// How often the call-back was dissatisfied.
    pub dissatisfied: u32,
}

/// When something was recorded and when it arrived.
#[derive(Debug, Clone, Copy)]
struct Times {
    /// By the author's clock, corrected, never after the arrival.
    recorded: u64,
    /// `None` = not delivered, or there is no authority.
    received: Option<u64>,
}

/// A day that a person entered for a clock.
struct Entered {
    path: String,
    day: NaiveDate,
}

struct Engine<'a> {
    package: &'a Package,
    law: &'a Law,
    entity: &'a Entity,
    kind: RecordKind,
    class: Option<String>,
    entered: Vec<Entered>,
    /// When a pause that stands ends by itself.
    wakes: Option<u64>,
    clocks: CaseClocks,
}

/// The clocks of a case; empty for what is no case, was refused, or has not arrived.
pub fn read(package: &Package, entity: &Entity) -> CaseClocks {
    let kind = entity.type_().and_then(RecordKind::parse).filter(|kind| kind.is_case());
    let (Some(kind), Some(creation)) = (kind, entity.creation().filter(|made| made.rejected.is_none()))
    else {
        return CaseClocks::default();
    };
    let law = package.law.get();
    let mut engine = Engine {
        package,
        law,
        entity,
        kind,
        class: None,
        entered: Vec::new(),
        wakes: None,
        clocks: CaseClocks::default(),
    };
    let state = creation.create.state.as_deref().unwrap_or_default();
    engine.step("create", state, engine.times(creation.dot, creation.hlc.ms), None);
    for record in entity.timeline().iter().filter(|record| record.outcome == Outcome::Counts) {
        let event = &record.event;
        match event.event.as_str() {
            "return_unit" | "reject_finish" => engine.clocks.returned = true,
            "dissatisfied" => engine.clocks.dissatisfied += 1,
            // Days that were entered for the first round say nothing of the next.
            "reopen" => engine.entered.clear(),
            _ => {}
        }
        engine.enter(event);
        engine.step(&event.event, &event.to, engine.times(record.dot, record.hlc.ms), Some(event));
    }
    if let Some(at) = engine.wakes {
        engine.wake(at);
    }
    engine.met_by_values();
    engine.clocks
}

/// When an operation was recorded, by its author's clock, corrected and never after the arrival; and when it arrived.
pub(crate) fn recorded(entity: &Entity, dot: Dot, hlc: u64) -> (u64, Option<u64>) {
    let hlc = hlc.min(LAST_MS);
    let Some(received) = entity.received(dot) else { return (hlc, None) };
    let raw = entity.ops().find(|(held, ..)| *held == dot).map(|(_, _, raw, _)| raw.ms);
    // What the authority corrected itself is right already.
    let drifts = received.drift.unsigned_abs() > DRIFT_MS && raw == Some(hlc);
    let recorded = if drifts { hlc.saturating_add_signed(received.drift.saturating_neg()) } else { hlc };
    let at = received.at.min(LAST_MS);
    (recorded.min(at), Some(at))
}

impl Engine<'_> {
    fn times(&self, dot: Dot, hlc: u64) -> Times {
        let (recorded, received) = recorded(self.entity, dot, hlc);
        Times { recorded, received }
    }

    /// Remembers the days that a step enters for clocks.
    fn enter(&mut self, event: &Event) {
        for path in self.law.table.clocks.iter().filter_map(|clock| clock.date.as_ref()) {
            let said = event.set.get(path).or_else(|| event.data.get(path)).and_then(Value::as_str);
            if let Some(day) = said.and_then(crate::date::parse) {
                self.entered.retain(|entered| entered.path != *path);
                self.entered.push(Entered { path: path.clone(), day });
            }
        }
    }

    /// A value as it was at an instant, as far as it is known here.
    fn value_at(&self, path: &str, at: u64) -> Option<&str> {
        self.said_at(path, at)?.as_str()
    }

    fn said_at(&self, path: &str, at: u64) -> Option<&Value> {
        let writes = &self.entity.register(path)?.writes;
        let until = |write: &&gridbook_log::Write| !write.rejected && write.hlc.ms <= at;
        writes.iter().rev().find(until).or_else(|| writes.first()).map(|write| &write.value)
    }

    /// A pause is over after its last day, whether somebody says so or not (FLOW-08).
    fn wake(&mut self, at: u64) {
        for limit in &mut self.clocks.limits {
            if let Phase::Paused(since) = limit.phase {
                limit.resume(self.law, at);
                limit.rests = Some(since);
            }
        }
    }

    fn step(&mut self, action: &str, to: &str, times: Times, event: Option<&Event>) {
        let law = self.law;
        if let Some(at) = self.wakes.filter(|at| *at <= times.recorded) {
            self.wake(at);
            self.wakes = None;
        }
        let fits = |effect: &&Effect| {
            effect.on.iter().any(|on| on == action) && effect.to.as_deref().is_none_or(|wanted| wanted == to)
        };
        for effect in law.table.effects.iter().filter(fits) {
            let at = times.recorded;
            if effect.class.is_some() {
                self.class.clone_from(&effect.class);
                // Days entered under another class bind no longer.
                self.entered.retain(|entered| {
                    event.is_some_and(|e| {
                        e.set.contains_key(&entered.path) || e.data.contains_key(&entered.path)
                    })
                });
            }
            if !effect.pause.is_empty() {
                self.wakes = event.and_then(|event| wakes(event, at));
            } else if !effect.resume.is_empty() {
                self.wakes = None;
            }
            for limit in self.clocks.limits.iter_mut().filter(|limit| limit.open()) {
                let id = limit.clock;
                let over = effect.stop_all
                    || [&effect.stop, &effect.end, &effect.restart].iter().any(|ids| ids.contains(&id));
                if over {
                    // What stood still until now was not used.
                    limit.resume(law, at);
                }
                if effect.stop_all || effect.stop.contains(&id) {
                    limit.phase = Phase::Stopped(at.max(limit.started));
                } else if effect.end.contains(&id) || effect.restart.contains(&id) {
                    limit.phase = Phase::Ended(at.max(limit.started));
                } else if effect.pause.contains(&id) && limit.phase == Phase::Running {
                    limit.pause(law, at);
                } else if effect.resume.contains(&id) {
                    limit.resume(law, at);
                }
            }
            for id in &effect.extend {
                self.extend(*id, at, event);
            }
            if !effect.reopen.is_empty() {
                self.reopen(&effect.reopen, at, event);
            }
            for id in effect.restart.iter().chain(&effect.start) {
                self.start(*id, times);
            }
        }
    }

    fn start(&mut self, id: ClockId, times: Times) {
        let Some(clock) = self.law.clock(id) else { return };
        let level = if self.kind == RecordKind::Dispute { "risk_level" } else { "level" };
        let at = times.recorded;
        let urgent = urgent(&|path| self.said_at(path, at));
        let made = self.entity.creation().map_or(at, |made| made.hlc.ms);
        let chosen = self.class.as_deref().or_else(|| {
            self.package.class_chosen((self.kind, made), &|path| self.value_at(path, at), urgent)
        });
        let matter = Matter {
            kind: self.kind,
            level: self.value_at(level, at),
            category: self.value_at("category", at),
            class: chosen,
            urgent,
            reported: day_of(made),
        };
        let entered = clock
            .date
            .as_ref()
            .and_then(|path| self.entered.iter().find(|entered| entered.path == *path))
            .map(|entered| entered.day);
        let given = self.clocks.limits.iter().filter(|limit| limit.clock == id).count();
        let leg = (id == ClockId::Handle).then(|| self.law.leg(&matter, given)).flatten();
        let rule = match (leg.or_else(|| self.law.rule(&matter, id)), entered) {
            (Some(rule), _) => rule,
            // A limit that only a person set: it ends with its day.
            (None, Some(_)) => Rule { n: 0, unit: Unit::Nd, roll: false, office: false },
            (None, None) => return,
        };
        let by_record = times.received.is_none();
        let mut from = times.received.filter(|_| !clock.recorded).unwrap_or(at);
        if clock.office_receipt && !rule.natural() {
            from = office_receipt(&self.law.calendar, from);
        }
        let class = self.law.class_of(&matter).map(|class| class.id.clone()).unwrap_or_default();
        let counted = self.counted(rule, from, entered);
        // Two of a kind never run beside each other.
        for limit in self.clocks.limits.iter_mut().filter(|limit| limit.open() && limit.clock == id) {
            limit.phase = Phase::Stopped(at.max(limit.started));
        }
        self.clocks.limits.push(Limit {
            clock: id,
            class,
            rule,
            started: from,
            due: counted.at,
            phase: Phase::Running,
            since: from,
            used_before: 0,
            rests: None,
            estimated: counted.estimated,
            recomputed: counted.recomputed,
            by_record,
            extended: false,
        });
    }

    /// By the rule; a day that a person entered wins, and keeps the rule's hour when it is the same day.
    fn counted(&self, rule: Rule, from: u64, entered: Option<NaiveDate>) -> Due {
        let by_rule = due(&self.law.calendar, rule, from);
        match entered.filter(|day| *day >= day_of(from)) {
            Some(day) if day != day_of(by_rule.at - 1) => {
                let at = due_on(&self.law.calendar, rule, day);
                Due { at: at.max(from), estimated: false, recomputed: false }
            }
            _ => by_rule,
        }
    }

    /// Once, before it has passed; by the day entered, else by the class.
    fn extend(&mut self, id: ClockId, at: u64, event: Option<&Event>) {
        let law = self.law;
        let named = |limit: &&mut Limit| limit.open() && limit.clock == id && !limit.extended;
        let Some(limit) = self.clocks.limits.iter_mut().find(named) else { return };
        if at > limit.due {
            return;
        }
        let path = law.clock(id).and_then(|clock| clock.date.as_ref());
        let said = path.zip(event).and_then(|(path, event)| event.set.get(path).or(event.data.get(path)));
        let day = said.and_then(Value::as_str).and_then(crate::date::parse);
        let more = law.class(&limit.class).and_then(|class| class.extension);
        let later = match (day, more) {
            (Some(day), _) => Due {
                at: due_on(&law.calendar, limit.rule, day),
                estimated: law.calendar.day(day).estimated,
                recomputed: false,
            },
            (None, Some(more)) => extended(&law.calendar, more, limit.due),
            (None, None) => return,
        };
        if later.at > limit.due {
            limit.due = later.at;
            limit.estimated |= later.estimated;
            limit.recomputed |= later.recomputed;
            limit.extended = true;
        }
    }

    /// A rejected finish: what was left, at least the minimum. One that was late stays late, and the minimum is a
    /// limit of its own.
    fn reopen(&mut self, ids: &[ClockId], at: u64, event: Option<&Event>) {
        let law = self.law;
        let said = event.and_then(|event| event.set.get("handle_by")).and_then(Value::as_str);
        let named = said.and_then(crate::date::parse);
        if self.clocks.limits.iter().any(|limit| limit.open() && ids.contains(&limit.clock)) {
            return;
        }
        let ended = |limit: &&mut Limit| ids.contains(&limit.clock) && matches!(limit.phase, Phase::Ended(_));
        let Some(limit) = self.clocks.limits.iter_mut().rev().find(ended) else { return };
        let Some(finished) = limit.ended() else { return };
        let least = law.sla.min_rest.map(|rule| (rule, due(&law.calendar, rule, at)));
        if finished <= limit.due {
            limit.used_before += spent(&law.calendar, limit.rule, limit.since, finished);
            let rest = resumed(&law.calendar, limit.rule, limit.due, finished, at);
            let rested = named.map_or(rest.at, |day| due_on(&law.calendar, limit.rule, day));
            limit.due = rested.max(least.map_or(0, |(_, due)| due.at));
            limit.since = at.max(finished);
            limit.estimated |= rest.estimated || least.is_some_and(|(_, due)| due.estimated);
            limit.recomputed |= rest.recomputed;
            limit.phase = Phase::Running;
        } else if let Some((rule, counted)) = least {
            let again = Limit {
                rule,
                started: at,
                due: named.map_or(counted.at, |day| due_on(&law.calendar, rule, day).max(counted.at)),
                phase: Phase::Running,
                since: at,
                used_before: 0,
                estimated: counted.estimated,
                recomputed: counted.recomputed,
                extended: false,
                ..limit.clone()
            };
            self.clocks.limits.push(again);
        }
    }

    /// Clocks that end with a fact of the record instead of a step.
    fn met_by_values(&mut self) {
        let (law, entity) = (self.law, self.entity);
        for limit in &mut self.clocks.limits {
            let Some(clock) = law.clock(limit.clock).filter(|clock| !clock.met_by.is_empty()) else {
                continue;
            };
            let Some(first) = first_entry(entity, clock) else { continue };
            let met = first.max(limit.started);
            if limit.ended().is_none_or(|ended| met < ended) {
                limit.phase = Phase::Ended(met);
            }
        }
    }
}

/// When a pause ends by itself: with its last day, if it names one that is not over.
fn wakes(event: &Event, at: u64) -> Option<u64> {
    let until = event.data.get("until").and_then(Value::as_str).and_then(crate::date::parse)?;
    Some(midnight(until.succ_opt()?)).filter(|end| (at..=LAST_MS).contains(end))
}

/// When the first value that meets a clock was recorded.
fn first_entry(entity: &Entity, clock: &Clock) -> Option<u64> {
    let counts = |value: &Value| {
        !value.is_null() && value.as_str().is_none_or(|text| !clock.unless.iter().any(|no| no == text))
    };
    entity
        .registers()
        .filter(|(path, _)| clock.met_by.iter().any(|head| path.split('/').next() == Some(head)))
        .flat_map(|(_, register)| &register.writes)
        .filter(|write| !write.rejected && counts(&write.value))
        .map(|write| write.hlc.ms)
        .min()
}

impl Limit {
    fn pause(&mut self, law: &Law, at: u64) {
        let at = at.max(self.since);
        self.used_before += spent(&law.calendar, self.rule, self.since, at);
        (self.since, self.rests) = (at, None);
        self.phase = Phase::Paused(at);
    }

    fn resume(&mut self, law: &Law, at: u64) {
        let Phase::Paused(paused) = self.phase else { return };
        let rest = resumed(&law.calendar, self.rule, self.due, paused, at);
        self.due = rest.at;
        self.estimated |= rest.estimated;
        self.recomputed |= rest.recomputed;
        self.since = at.max(paused);
        self.phase = Phase::Running;
    }
}
