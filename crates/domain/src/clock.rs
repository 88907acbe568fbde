//! The clocks of a case (domain data 4.9.1, FLOW-08, OFF-02): which limits run, which are met, which are late. What
//! each step does to them is data.
//!
//! Fair clocks: a limit starts when the authority had received what starts it, and ends when its author recorded
//! what ends it. Time between recording and arrival is nobody's fault. Without an authority's receipt the recorded
//! time counts, and the limit says so (按记录时间起算).

mod class;
pub mod device;
mod engine;
mod lamp;
mod propose;
mod rates;
mod supervise;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::calendar::Calendar;
use crate::deadline::{Rule, SlaClass, passed, spent};
use crate::package::Package;
use crate::record::RecordKind;

pub use class::{CLASS, OPEN, urgent};
pub(crate) use engine::recorded;
pub use engine::{CaseClocks, read};
pub use lamp::{Deadline, Lamp, LampFacts, LampSign, unit_lamp};
pub use propose::proposed;
pub use rates::{Rates, UnitLine, by_unit, rates};
pub use supervise::{Fault, Reminder, Step, fault_of, faults, reminders, step_of};

/// What a limit is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockId {
    /// The centre registers.
    Register,
    /// The reporter adds what is missing.
    Supplement,
    /// The unit claims.
    Respond,
    /// Somebody is on site.
    OnSite,
    /// A hazard is under control.
    Control,
    /// It is done.
    Handle,
    /// The longest that handling may take.
    Ceiling,
    /// The reporter hears of progress.
    Interim,
    /// The upper level takes it.
    Escalated,
    /// The joint hearing is held.
    Joint,
    /// The reporter hears the result.
    Feedback,
    /// The call-back is made.
    Callback,
    /// It is done again.
    Redo,
    /// The receiving body confirms a transfer.
    Receipt,
}

/// A clock as data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// Which.
    pub id: ClockId,
    /// The word that people see.
    pub label: String,
    /// What came outside office hours counts as received at the next opening, unless the limit runs day and night.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub office_receipt: bool,
    /// It starts when its first step was recorded, not when that arrived: whoever it binds took the step.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recorded: bool,
    /// The value with the day that a person entered for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Values (or tables) whose first entry meets it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub met_by: Vec<String>,
    /// Entries that do not count for that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unless: Vec<String>,
}

/// What a step does to the clocks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Effect {
    /// Actions; `create` is the creation.
    pub on: Vec<String>,
    /// Only when the step leads to this state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Start.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub start: Vec<ClockId>,
    /// Done: met or late.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub end: Vec<ClockId>,
    /// No longer needed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stop: Vec<ClockId>,
    /// None is needed any longer.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stop_all: bool,
    /// Stand still.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pause: Vec<ClockId>,
    /// Go on with what was left.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resume: Vec<ClockId>,
    /// Extend, once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extend: Vec<ClockId>,
    /// Done, and start again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub restart: Vec<ClockId>,
    /// The last of these that ended goes on with what was left, at least [`Sla::min_rest`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reopen: Vec<ClockId>,
    /// Limits that start from now on are those of this class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
}

/// Which cases have which class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assign {
    /// Kind of record.
    pub kind: RecordKind,
    /// Level of a hazard, risk level of a dispute; `None` = any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// Category; `None` = any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The last day on which a case was reported that it is for; `None` = it has no end. Limits are computed at reading, so a
    /// rule that is replaced stays for the cases that had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
    /// The class.
    pub class: String,
    /// Limits that are different here (domain data 4.7.2).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<ClockId, Rule>,
}

/// Limits as data (domain data 4.8.2).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sla {
    /// Limits that every class has unless it names its own.
    pub common: BTreeMap<ClockId, Rule>,
    /// What is left at least after a finish was rejected.
    pub min_rest: Option<Rule>,
    /// Within which a marked fault can be contested (FLOW-10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contest: Option<Rule>,
    /// The class of what nothing else fits.
    pub default: String,
    /// Classes.
    pub classes: Vec<SlaClass>,
    /// The first that fits counts.
    pub assign: Vec<Assign>,
    /// By class: the limits of what is marked as urgent, where the level has none of its own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub urgent: BTreeMap<String, BTreeMap<ClockId, Rule>>,
    /// What the township chose for its disputes, by the day from which it counts (MED-06).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub presets: Vec<crate::package::Preset>,
}

/// Clocks, lamps and supervision as data (domain data 4.9.1, 4.9.4, 4.14.2).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ClockTable {
    /// Clocks.
    pub clocks: Vec<Clock>,
    /// What steps do to them.
    pub effects: Vec<Effect>,
    /// Words and signs of lamps.
    pub lamps: Vec<LampSign>,
    /// When to remind.
    pub reminders: Vec<Reminder>,
    /// The supervision ladder 督办.
    pub ladder: Vec<Step>,
}

/// Everything about time: the calendar, the limits, and what steps do to them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Law {
    /// Working days and hours.
    pub calendar: Calendar,
    /// Limits.
    pub sla: Sla,
    /// Clocks.
    pub table: ClockTable,
}

/// What is known of a case when its class is chosen.
#[derive(Debug, Clone, Copy)]
pub struct Matter<'a> {
    /// Kind of record.
    pub kind: RecordKind,
    /// Level or risk level.
    pub level: Option<&'a str>,
    /// Category.
    pub category: Option<&'a str>,
    /// A class that somebody chose for this case, or that its item of the catalogue has.
    pub class: Option<&'a str>,
    /// Whether it is marked as urgent.
    pub urgent: bool,
    /// The day on which it was reported.
    pub reported: NaiveDate,
}

impl Law {
    /// A class by its id.
    pub fn class(&self, id: &str) -> Option<&SlaClass> {
        self.sla.classes.iter().find(|class| class.id == id)
    }

    /// A clock.
    pub fn clock(&self, id: ClockId) -> Option<&Clock> {
        self.table.clocks.iter().find(|clock| clock.id == id)
    }

    fn assigned(&self, matter: &Matter<'_>) -> Option<&Assign> {
        let fits = |wanted: &Option<String>, has: Option<&str>| wanted.is_none() || wanted.as_deref() == has;
        self.sla.assign.iter().find(|assign| {
            assign.kind == matter.kind
                && fits(&assign.level, matter.level)
                && fits(&assign.category, matter.category)
                && assign.until.is_none_or(|last| matter.reported <= last)
        })
    }

    /// The class of a case: the one chosen for it, else by kind, level and category.
    pub fn class_of(&self, matter: &Matter<'_>) -> Option<&SlaClass> {
        let chosen = matter.class.and_then(|id| self.class(id));
        chosen.or_else(|| self.class(self.assigned(matter).map_or(&self.sla.default, |assign| &assign.class)))
    }

    /// How long the next level of a relay has; `None` where the class of the case is none. `given` counts the levels
    /// that had it so far; after the last the last counts on.
    pub fn leg(&self, matter: &Matter<'_>, given: usize) -> Option<Rule> {
        let legs = &self.class_of(matter)?.relay;
        legs.get(given).or(legs.last()).map(|leg| leg.limit)
    }

    /// How long a clock runs for a case; `None` = it does not run. A class that was chosen for the case counts with
    /// its own limits only.
    pub fn rule(&self, matter: &Matter<'_>, clock: ClockId) -> Option<Rule> {
        let special = self.assigned(matter).filter(|_| matter.class.is_none());
        let common = || self.sla.common.get(&clock);
        let urgent = || {
            let class = self.class_of(matter).filter(|_| matter.urgent)?;
            self.sla.urgent.get(&class.id)?.get(&clock)
        };
        special
            .and_then(|assign| assign.limits.get(&clock))
            .or_else(urgent)
            .or_else(|| self.class_of(matter)?.limits.get(&clock))
            .or_else(common)
            .copied()
    }
}

/// Where a limit stands, as its stream tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// It runs.
    Running,
    /// It stands still since.
    Paused(u64),
    /// What it waited for was done.
    Ended(u64),
    /// It was no longer needed.
    Stopped(u64),
}

/// Where a limit stands at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LimitState {
    /// It runs.
    Running,
    /// It stands still.
    Paused,
    /// Done in time.
    Met,
    /// Passed, done or not.
    Late,
    /// No longer needed before it passed.
    Stopped,
}

/// One limit of a case, running or finished. Instants are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// What it is for.
    pub clock: ClockId,
    /// The class that it comes from.
    pub class: String,
    /// How it is counted.
    pub rule: Rule,
    /// When it started.
    pub started: u64,
    /// When it has passed.
    pub due: u64,
    /// Where it stands.
    pub phase: Phase,
    /// When it last started or went on.
    pub since: u64,
    /// What was used before that, milliseconds of its kind of time.
    pub used_before: u64,
    /// Paused since then with a last day: until [`Self::since`] it stands still, from there it runs by itself (FLOW-08).
    pub rests: Option<u64>,
    /// A year without a calendar was counted.
    pub estimated: bool,
    /// A later calendar counted differently; it never shortened it.
    pub recomputed: bool,
    /// No receipt: it starts when the author recorded it.
    pub by_record: bool,
    /// Extended once.
    pub extended: bool,
}

impl Limit {
    /// When what it waited for was done.
    pub const fn ended(&self) -> Option<u64> {
        match self.phase {
            Phase::Ended(at) | Phase::Stopped(at) => Some(at),
            Phase::Running | Phase::Paused(_) => None,
        }
    }

    /// Where it stands at an instant.
    pub const fn state(&self, now: u64) -> LimitState {
        let (until, fine) = match self.phase {
            Phase::Running if self.resting(now) => (self.since, LimitState::Paused),
            Phase::Running => (now, LimitState::Running),
            Phase::Paused(at) => (at, LimitState::Paused),
            Phase::Ended(at) => (at, LimitState::Met),
            Phase::Stopped(at) => (at, LimitState::Stopped),
        };
        if until > self.due { LimitState::Late } else { fine }
    }

    /// Whether it stands still at an instant and goes on by itself later.
    pub const fn resting(&self, now: u64) -> bool {
        self.rests.is_some() && now < self.since
    }

    /// True while something is still expected.
    pub const fn open(&self) -> bool {
        matches!(self.phase, Phase::Running | Phase::Paused(_))
    }

    /// All of its time, milliseconds of its kind.
    fn total(&self, calendar: &Calendar) -> u64 {
        (self.used_before + spent(calendar, self.rule, self.since, self.due)).max(1)
    }

    /// How much of it is used at an instant, per mille; past it more than 1000.
    pub fn used_permille(&self, calendar: &Calendar, now: u64) -> u32 {
        let until = match self.phase {
            Phase::Running => now,
            Phase::Paused(_) => self.since,
            Phase::Ended(at) | Phase::Stopped(at) => at,
        };
        let here = if until > self.since { spent(calendar, self.rule, self.since, until) } else { 0 };
        let used = (self.used_before + here) * 1000 / self.total(calendar);
        let least = if until > self.due { 1001 } else { 0 };
        u32::try_from(used.max(least)).unwrap_or(u32::MAX)
    }

    /// When so much of it is used, per mille, if it runs on.
    pub fn reaches(&self, calendar: &Calendar, permille: u64) -> u64 {
        let goal = (self.total(calendar) * permille / 1000).saturating_sub(self.used_before);
        passed(calendar, self.rule, self.since, goal).min(self.due)
    }
}

impl Package {
    /// The word for a clock.
    pub fn clock_label(&self, id: ClockId) -> &str {
        self.law.get().clock(id).map_or("", |clock| clock.label.as_str())
    }
}

#[cfg(test)]
mod tests;
