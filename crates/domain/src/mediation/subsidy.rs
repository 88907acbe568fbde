//! The mediators' subsidy of a concluded file (MED-15): by difficulty and result at the township's rates, nothing until the
//! volume is complete, and what somebody approved. It is a ledger; nobody is paid by it.

use chrono::NaiveDate;
use gridbook_log::{Entity, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::volume::{self, Retention, retention};
use super::{Mediation, indicator};
use crate::calendar::day_of;

/// The step with which the subsidy of an archived file is approved.
pub const APPROVE: &str = "med_subsidy";
/// Yuan of one file at most: more is a slip of the pen.
const MOST: u32 = 100_000;

/// What a concluded file brings, in yuan (domain data 4.10.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rates {
    /// An oral agreement.
    pub oral: u32,
    /// 简易
    pub simple: u32,
    /// 一般
    pub general: u32,
    /// 复杂
    pub complex: u32,
    /// 疑难; a group or a death, too.
    pub hard: u32,
    /// Percent of it for a complete file without an agreement.
    pub failed_percent: u32,
}

impl Default for Rates {
    fn default() -> Self {
        Self { oral: 20, simple: 50, general: 150, complex: 300, hard: 500, failed_percent: 50 }
    }
}

impl Rates {
    /// Whether a township can mean them.
    pub fn sound(&self) -> bool {
        let all = [self.oral, self.simple, self.general, self.complex, self.hard];
        all.iter().all(|yuan| *yuan <= MOST) && self.failed_percent <= 100
    }
}

/// The subsidy of a concluded file in yuan: nothing until the volume is complete.
pub fn subsidy(rates: &Rates, file: &Mediation<'_>, complete: bool) -> u32 {
    if !complete {
        return 0;
    }
    let full = match (file.text("agreement_kind"), file.text("difficulty")) {
        ("oral", _) => rates.oral,
        (_, "hard") => rates.hard,
        _ if retention(file) == Retention::Permanent => rates.hard,
        (_, "complex") => rates.complex,
        (_, "general") => rates.general,
        _ => rates.simple,
    };
    if volume::agreed(file) { full } else { (full * rates.failed_percent + 50) / 100 }
}

/// What somebody approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Yuan.
    pub yuan: u64,
    /// Who.
    pub by: String,
    /// On which day.
    pub on: NaiveDate,
}

/// A line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The day on which the volume was first closed: its period, whatever papers come in later; `None` before that, and
    /// nothing is due.
    pub archived: Option<NaiveDate>,
    /// The day on which the parties agreed or it failed.
    pub concluded: Option<NaiveDate>,
    /// Yuan at the rates; 0 until it is archived.
    pub due: u32,
    /// What was approved last.
    pub approved: Option<Approval>,
}

/// The line of a file; `None` for one that came to no end, was refused or handed over.
pub fn line(rates: &Rates, entity: &Entity, file: &Mediation<'_>) -> Option<Line> {
    let archived = file.state == "archived";
    let concluded = indicator::concluded_on(file);
    let over = matches!(file.state, "agreed" | "failed" | "filing") || archived;
    if !over || (concluded.is_none() && !archived) {
        return None;
    }
    let (mut closed, mut approved) = (None, None);
    for record in entity.timeline().iter().filter(|record| record.outcome == Outcome::Counts) {
        let on = day_of(record.hlc.ms);
        match record.event.event.as_str() {
            // Papers that are added later move it into no other period, and take no approval back.
            "med_archive" => {
                closed.get_or_insert(on);
            }
            APPROVE => {
                let yuan = record.event.data.get("yuan").and_then(Value::as_u64);
                approved = yuan.map(|yuan| Approval { yuan, by: record.user.clone(), on });
            }
            _ => {}
        }
    }
    let due = subsidy(rates, file, closed.is_some());
    Some(Line { archived: closed, concluded, due, approved })
}
