//! Lamps 亮灯 (domain data 4.14.2): colour, sign and word together.

use serde::{Deserialize, Serialize};

use super::{CaseClocks, ClockId, Law, Limit, Phase};
use crate::calendar::Calendar;

/// How a task stands, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lamp {
    /// Closed with half of its time left.
    Blue,
    /// On track, or done in time.
    Green,
    /// Paused or extended.
    Grey,
    /// More than four fifths used, behind its plan, or returned once.
    Yellow,
    /// Passed, dissatisfied twice, or supervised in writing.
    Red,
}

impl Lamp {
    /// Stable identifier.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Blue => "blue",
            Self::Green => "green",
            Self::Grey => "grey",
            Self::Yellow => "yellow",
            Self::Red => "red",
        }
    }

    /// All, the worst first.
    pub const ALL: [Self; 5] = [Self::Red, Self::Yellow, Self::Grey, Self::Green, Self::Blue];
}

/// Word and sign of a lamp: never the colour alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LampSign {
    /// Which.
    pub id: Lamp,
    /// The word.
    pub label: String,
    /// The shape.
    pub sign: String,
}

/// What a lamp depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LampFacts {
    /// How much of the limit is used, per mille.
    pub used_permille: u32,
    /// The limit has passed.
    pub late: bool,
    /// The limit stands still.
    pub paused: bool,
    /// The limit was extended.
    pub extended: bool,
    /// Done.
    pub done: bool,
    /// A unit returned it, or a finish was rejected.
    pub returned: bool,
    /// How often the call-back was dissatisfied.
    pub dissatisfied: u32,
    /// Step of the supervision ladder.
    pub step: u32,
    /// Points of progress behind the plan, 0–100.
    pub behind: u32,
}

/// Share of a limit after which it is soon due, per mille.
const SOON: u32 = 800;
/// Share of a limit up to which a task is done ahead of time, per mille.
const AHEAD: u32 = 500;
/// Points behind the plan that are too many.
const BEHIND: u32 = 20;

impl Lamp {
    /// The lamp of a task.
    pub const fn of(facts: LampFacts) -> Self {
        if facts.late || facts.dissatisfied >= 2 || facts.step >= 2 {
            Self::Red
        } else if facts.done {
            if facts.used_permille <= AHEAD && !facts.returned { Self::Blue } else { Self::Green }
        } else if facts.paused {
            Self::Grey
        } else if facts.used_permille > SOON || facts.behind > BEHIND || facts.returned {
            Self::Yellow
        } else if facts.extended {
            Self::Grey
        } else {
            Self::Green
        }
    }
}

/// The lamp of a unit: red with a tenth of its open tasks red, yellow with any red one, else the worst of them;
/// `None` without open tasks.
pub fn unit_lamp(open: &[Lamp]) -> Option<Lamp> {
    let red = open.iter().filter(|lamp| **lamp == Lamp::Red).count();
    if red > 0 && red * 10 >= open.len() {
        Some(Lamp::Red)
    } else if red > 0 {
        Some(Lamp::Yellow)
    } else {
        open.iter().copied().max()
    }
}

/// The most urgent limit of a case in a form that needs neither the calendar nor the stream: what a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Deadline {
    /// What for; of a case without a running clock the last that ended.
    pub clock: ClockId,
    /// When it has passed; `None` when nothing runs.
    pub due: Option<u64>,
    /// When four fifths of it are used.
    pub warn: u64,
    /// The lamp without what passing time does to it.
    pub lamp: Lamp,
    /// A year without a calendar was counted (估算).
    pub estimated: bool,
    /// It started at the recorded time, without a receipt.
    pub by_record: bool,
    /// Paused until this instant, then it runs by itself. Rows keep it apart: older ones have none.
    #[serde(skip)]
    pub rests: Option<u64>,
}

impl Deadline {
    /// The lamp at an instant.
    pub fn lamp(&self, now: u64) -> Lamp {
        match self.due {
            _ if self.rests.is_some_and(|until| now < until) => Lamp::Grey,
            Some(due) if now > due => Lamp::Red,
            Some(_) if now > self.warn => self.lamp.max(Lamp::Yellow),
            _ => self.lamp,
        }
    }
}

impl CaseClocks {
    /// The running limit that passes first.
    pub fn most_urgent(&self) -> Option<&Limit> {
        self.limits.iter().filter(|limit| limit.phase == Phase::Running).min_by_key(|limit| limit.due)
    }

    /// When somebody is reminded to tell the reporter how it stands, and when that is late; `None` while nothing is owed
    /// (FLOW-11).
    pub fn to_tell(&self, law: &Law) -> Option<(u64, u64)> {
        let owed = |limit: &&Limit| {
            matches!(limit.clock, ClockId::Interim | ClockId::Feedback) && limit.phase == Phase::Running
        };
        let limit = self.limits.iter().find(owed)?;
        Some((limit.reaches(&law.calendar, u64::from(SOON)), limit.due))
    }

    /// What a list shows of it; `None` while nothing runs and nothing was done.
    pub fn deadline(&self, law: &Law) -> Option<Deadline> {
        let calendar = &law.calendar;
        if let Some(limit) = self.most_urgent() {
            let lamp = self.lamp_of(calendar, limit, limit.since);
            return Some(of(limit, Some(limit.due), limit.reaches(calendar, u64::from(SOON)), lamp));
        }
        let paused = self.limits.iter().find(|limit| matches!(limit.phase, Phase::Paused(_)));
        let handled = |limit: &&Limit| {
            matches!(limit.clock, ClockId::Handle | ClockId::Redo) && matches!(limit.phase, Phase::Ended(_))
        };
        // Nothing runs any more: how the work itself was done counts. What was withdrawn or refused has no lamp.
        let limit = paused.or_else(|| self.limits.iter().rev().find(handled))?;
        let at = limit.ended().unwrap_or(limit.since);
        Some(of(limit, None, 0, self.lamp_of(calendar, limit, at)))
    }

    /// The lamp of one of its limits at an instant.
    pub fn lamp_of(&self, calendar: &Calendar, limit: &Limit, now: u64) -> Lamp {
        let paused = matches!(limit.phase, Phase::Paused(_)) || limit.resting(now);
        Lamp::of(LampFacts {
            used_permille: limit.used_permille(calendar, now),
            late: limit.state(now) == super::LimitState::Late,
            paused,
            extended: limit.extended,
            done: limit.ended().is_some(),
            returned: self.returned,
            dissatisfied: self.dissatisfied,
            step: 0,
            behind: 0,
        })
    }
}

fn of(limit: &Limit, due: Option<u64>, warn: u64, lamp: Lamp) -> Deadline {
    let (clock, estimated, by_record) = (limit.clock, limit.estimated, limit.by_record);
    let rests = limit.rests.map(|_| limit.since).filter(|_| due.is_some());
    Deadline { clock, due, warn, lamp, estimated, by_record, rests }
}
