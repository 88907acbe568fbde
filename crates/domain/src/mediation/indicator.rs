//! Indicators of mediation (4.10.5). Computed from the files alone.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::step::target;
use super::volume::result;
use super::{Mediation, agreement, follow};
use crate::package::Package;
use crate::share::permille;

/// Figures over files that were accepted or concluded in a period.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Indicators {
    /// Accepted in the period.
    pub accepted: u32,
    /// Concluded in the period.
    pub concluded: u32,
    /// Of those, with a written agreement.
    pub written: u32,
    /// With an oral one.
    pub oral: u32,
    /// Withdrawn because settled.
    pub withdrawn: u32,
    /// Days from acceptance to conclusion, all files together.
    pub days: i64,
    /// Concluded within the ten working days that are aimed at (MED-06).
    pub within_target: u32,
    /// Concluded within 30 days.
    pub within_30: u32,
    /// Agreements that a court confirmed.
    pub confirmed: u32,
    /// Amount of the agreements, in fen.
    pub fen: u64,
    /// Instalments that were due until the end of the period.
    pub due: u32,
    /// Of those, kept.
    pub performed: u32,
    /// Files in which it came up again.
    pub relapsed: u32,
    /// 民转刑, as people entered it.
    pub crimes: u32,
    /// Accepted files by source.
    pub by_source: BTreeMap<String, u32>,
    /// Concluded files by mediator who leads.
    pub by_mediator: BTreeMap<String, u32>,
}

impl Indicators {
    /// Successes of what was concluded, in tenths of a percent; `None` when nothing was concluded.
    pub fn success_permille(&self) -> Option<u32> {
        permille(self.written + self.oral + self.withdrawn, self.concluded)
    }

    /// Kept instalments of those due.
    pub fn performed_permille(&self) -> Option<u32> {
        permille(self.performed, self.due)
    }

    /// Concluded within ten working days, of those concluded.
    pub fn target_permille(&self) -> Option<u32> {
        permille(self.within_target, self.concluded)
    }

    /// Concluded within 30 days, of those concluded.
    pub fn within_30_permille(&self) -> Option<u32> {
        permille(self.within_30, self.concluded)
    }

    /// Confirmed of the written agreements.
    pub fn confirmed_permille(&self) -> Option<u32> {
        permille(self.confirmed, self.written)
    }
}

/// The day on which a file ended: its agreement, or the day on which it failed.
pub fn concluded_on(file: &Mediation<'_>) -> Option<NaiveDate> {
    let failed = !file.text("failed_reason").is_empty();
    if failed { follow::failed_on(file) } else { file.date("agreed_on") }
}

/// Figures of a period, both days included.
pub fn indicators<'a>(
    package: &Package,
    files: impl IntoIterator<Item = Mediation<'a>>,
    from: NaiveDate,
    to: NaiveDate,
) -> Indicators {
    let mut sum = Indicators::default();
    let inside = |day: Option<NaiveDate>| day.is_some_and(|day| from <= day && day <= to);
    for file in files {
        let accepted = file.date("accepted_on");
        if inside(accepted) {
            sum.accepted += 1;
            *sum.by_source.entry(file.text("source").to_owned()).or_default() += 1;
        }
        for part in agreement::instalments(&file, to).iter().filter(|part| inside(Some(part.due))) {
            sum.due += 1;
            sum.performed += u32::from(part.performed_on.is_some());
        }
        let end = concluded_on(&file);
        if !inside(end) {
            continue;
        }
        sum.concluded += 1;
        match result(&file) {
            "success_written" => sum.written += 1,
            "success_oral" => sum.oral += 1,
            "success_withdrawn" => sum.withdrawn += 1,
            _ => {}
        }
        let days = accepted.zip(end).map_or(0, |(accepted, end)| (end - accepted).num_days());
        sum.days += days;
        let aimed = target(package, &file).zip(end).is_some_and(|(target, end)| end <= target);
        sum.within_target += u32::from(aimed);
        sum.within_30 += u32::from(days <= 30);
        sum.confirmed += u32::from(file.text("confirm_result") == "confirmed");
        sum.fen += agreement::total(&file);
        sum.relapsed += u32::from(file.rows("follow_ups").iter().any(|visit| visit.yes("relapse")));
        sum.crimes += u32::from(file.yes("crime"));
        if let Some(lead) = file.mediators().first() {
            *sum.by_mediator.entry((*lead).to_owned()).or_default() += 1;
        }
    }
    sum
}
