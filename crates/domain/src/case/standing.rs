//! What follows from a case as it stands: its level, its call-back, its limits.

use chrono::{Days, NaiveDate};
use gridbook_log::EntityId;

use super::CaseView;
use crate::calendar::day_of;
use crate::record::RecordKind;
use crate::role::Target;

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

impl CaseView {
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
