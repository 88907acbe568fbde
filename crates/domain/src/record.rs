//! The kinds of record that a stream can hold.

use gridbook_log::Values;
use serde::{Deserialize, Serialize};

/// What a stream is about. The text of [`RecordKind::as_str`] is the `type` of a create operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// 走访 (VISIT-03)
    Visit,
    /// 隐患 (HAZ-01)
    Hazard,
    /// 矛盾纠纷 (MED-01)
    Dispute,
    /// 其他事项: needs, opinions, repairs, clues, calls to a department (CAT-08)
    Matter,
    /// 登记: what is written down once and never handled: patrols, activities, follow-ups (CAT-08)
    Entry,
    /// 调解卷宗 (MED-02)
    Mediation,
    /// 户 (TERR-07)
    Household,
    /// 场所、点位 (TERR-10, HAZ-04)
    Place,
    /// 交接 (ROLE-09)
    Handover,
    /// 事项准入、退出的申请 (CAT-02)
    Admission,
    /// 数据包的修订: forms, items, calendar (CAT-05, CAT-09, IO-06)
    Rules,
    /// 区域节点 (TERR-01)
    Area,
    /// 承办单位 (ROLE-08)
    Unit,
    /// 人员名录 (ROLE-01)
    Staff,
    /// 走访任务: households given to somebody in a campaign (VISIT-06)
    VisitTask,
    /// 专访: a restricted category of a household, for those who are named in it (VISIT-09)
    Restricted,
    /// 预警: weather and ground, announced for an area and a time (HAZ-04, VISIT-05)
    Warning,
    /// 零报告时段: days on which grids say each day whether there is anything (FLOW-20)
    ZeroPeriod,
    /// 保密反映: what only the confidential channel reads, and no device keeps (ROLE-11)
    Confidential,
}

impl RecordKind {
    /// Every kind, in the order in which lists show them.
    pub const ALL: [Self; 19] = [
        Self::Visit,
        Self::Hazard,
        Self::Dispute,
        Self::Matter,
        Self::Entry,
        Self::Mediation,
        Self::Household,
        Self::Place,
        Self::Handover,
        Self::VisitTask,
        Self::Restricted,
        Self::Area,
        Self::Unit,
        Self::Staff,
        Self::Rules,
        Self::Warning,
        Self::ZeroPeriod,
        Self::Admission,
        Self::Confidential,
    ];

    /// The stable identifier stored in operations.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Visit => "visit",
            Self::Hazard => "hazard",
            Self::Dispute => "dispute",
            Self::Matter => "matter",
            Self::Entry => "entry",
            Self::Mediation => "mediation",
            Self::Household => "household",
            Self::Place => "place",
            Self::Handover => "handover",
            Self::VisitTask => "visit_task",
            Self::Restricted => "restricted",
            Self::Admission => "admission",
            Self::Rules => "rules",
            Self::Area => "area",
            Self::Unit => "unit",
            Self::Staff => "staff",
            Self::Warning => "warning",
            Self::ZeroPeriod => "zero_period",
            Self::Confidential => "confidential",
        }
    }

    /// Reads an identifier; `None` for a kind that this version does not know.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The word that people see.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Visit => "走访",
            Self::Hazard => "隐患",
            Self::Dispute => "纠纷",
            Self::Matter => "事项",
            Self::Entry => "登记",
            Self::Mediation => "调解卷宗",
            Self::Household => "户",
            Self::Place => "点位",
            Self::Handover => "交接",
            Self::VisitTask => "走访任务",
            Self::Restricted => "专访",
            Self::Admission => "准入退出",
            Self::Rules => "数据包",
            Self::Area => "区域",
            Self::Unit => "单位",
            Self::Staff => "人员",
            Self::Warning => "预警",
            Self::ZeroPeriod => "零报告时段",
            Self::Confidential => "保密反映",
        }
    }

    /// The class character of an official number (domain data 4.9.5); only reports have one.
    pub const fn number_class(self) -> Option<&'static str> {
        match self {
            Self::Visit => Some("走"),
            Self::Hazard => Some("隐"),
            Self::Dispute => Some("纠"),
            Self::Matter => Some("诉"),
            Self::Mediation => Some("人调"),
            Self::Entry
            | Self::Household
            | Self::Place
            | Self::Handover
            | Self::VisitTask
            | Self::Restricted
            | Self::Admission
            | Self::Rules
            | Self::Area
            | Self::Unit
            | Self::Staff
            | Self::Warning
            | Self::ZeroPeriod
            // Whoever hears some of them would see by a gap that there is one that names him.
            | Self::Confidential => None,
        }
    }

    /// Every class of official numbers, in the order of the kinds; those of papers last.
    pub fn number_classes() -> impl Iterator<Item = &'static str> {
        let papers = crate::authority::paper_classes();
        Self::ALL.into_iter().filter_map(Self::number_class).chain([ORAL_CLASS]).chain(papers)
    }

    /// True for reports that run through the state machine of a case (FLOW-01).
    pub const fn is_case(self) -> bool {
        matches!(self, Self::Hazard | Self::Dispute | Self::Matter)
    }

    /// True for what people write down at work: visits, cases, entries and mediation files. What is confidential is
    /// not among it: lists, figures and exports never meet it.
    pub const fn is_report(self) -> bool {
        matches!(
            self,
            Self::Visit | Self::Hazard | Self::Dispute | Self::Matter | Self::Entry | Self::Mediation
        )
    }

    /// True for the directory that every signed-in reader of a tenant holds.
    pub const fn is_directory(self) -> bool {
        matches!(self, Self::Area | Self::Unit | Self::Staff | Self::Rules)
    }
}

/// The class of an agreement that was reached orally on the spot: it is registered where oral agreements are, not among
/// the quarrels (domain data 4.9.5, MED-02).
pub const ORAL_CLASS: &str = "人调口";

/// The values of a record with what an operation writes over them: what a rule about the whole looks at.
pub(crate) fn written_over(mut values: Values, set: &Values) -> Values {
    values.extend(set.clone());
    values
}

#[cfg(test)]
mod tests {
    use super::RecordKind;

    #[test]
    fn identifiers_round_trip() {
        for kind in RecordKind::ALL {
            assert_eq!(RecordKind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(RecordKind::parse("a_later_kind"), None);
    }

    #[test]
    fn reports_that_are_registered_have_a_number_class() {
        for kind in RecordKind::ALL {
            let registered = kind.is_report() && kind != RecordKind::Entry;
            assert_eq!(kind.number_class().is_some(), registered);
        }
    }
}
