//! 七有: seven ticks on every case, so that a gap is seen before somebody asks.

use crate::case::CaseView;

/// One of the seven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Have {
    /// 有来源(热线): where it came from is known.
    Hotline,
    /// 有台账: it has an official number and so a row in the ledger.
    Ledger,
    /// 有责任人: a named person has it.
    Owner,
    /// 有责任单位: a unit has it, or the village kept it.
    Unit,
    /// 有时限: there is a date to be done by.
    Deadline,
    /// 有反馈: the reporter was told.
    Feedback,
    /// 有销号: it is closed.
    Close,
}

impl Have {
    /// The seven, in the order in which they are shown.
    pub const ALL: [Self; 7] =
        [Self::Hotline, Self::Ledger, Self::Owner, Self::Unit, Self::Deadline, Self::Feedback, Self::Close];

    /// The words beside the tick.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Hotline => "有来源",
            Self::Ledger => "有台账",
            Self::Owner => "有责任人",
            Self::Unit => "有责任单位",
            Self::Deadline => "有时限",
            Self::Feedback => "有反馈",
            Self::Close => "有销号",
        }
    }

    /// Whether the case has it.
    pub fn of(self, case: &CaseView) -> bool {
        match self {
            Self::Hotline => case.source.is_some(),
            Self::Ledger => case.number.is_some(),
            Self::Owner => case.handler.is_some(),
            Self::Unit => case.lead_unit.is_some() || case.kept_at_village,
            // Settled on the spot: done before a limit could run.
            Self::Deadline => {
                case.handle_by.is_some() || (case.kept_at_village && case.finished_at.is_some())
            }
            Self::Feedback => case.feedback.is_some(),
            Self::Close => case.closed_at.is_some(),
        }
    }
}

/// The seven ticks of a case.
pub fn seven(case: &CaseView) -> [(Have, bool); 7] {
    Have::ALL.map(|have| (have, have.of(case)))
}
