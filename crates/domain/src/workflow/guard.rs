//! Conditions on a step beyond the permission. Data name them; here they are decided.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::case::CaseView;
use crate::form::{Photos, Values};
use crate::package::Package;
use crate::record::RecordKind;
use crate::role::{Actor, may};

/// Days after closing in which a case can be re-opened (FLOW-14).
pub const REOPEN_DAYS: u64 = 30;
/// Returns by units after which the centre has to decide otherwise.
pub const MAX_RETURNS: u32 = 2;

/// A named condition on a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// Only who reported it.
    CreatorOnly,
    /// Only until the case is registered (FLOW-19).
    BeforeRegistration,
    /// Not who reported it.
    NotReporter,
    /// Not who had a hand in handling it (FLOW-12).
    NotHandler,
    /// Red and orange hazards: a second person on site (FLOW-13).
    SecondPerson,
    /// Only members of the lead unit.
    LeadUnitMember,
    /// Only who handles it: the handler, or members of lead and support units.
    Handles,
    /// Only the first time.
    Once,
    /// At most [`MAX_RETURNS`] returns.
    ReturnLimit,
    /// One redo; a further one is up to the centre (FLOW-12).
    RedoLimit,
    /// At most [`REOPEN_DAYS`] days after closing (FLOW-14).
    ReopenWindow,
    /// A hazard of yellow or above needs a photo from after (FLOW-13).
    Evidence,
    /// The report says that it was settled on the spot (FLOW-03).
    SettledOnSpot,
    /// Somebody looked for duplicates (FLOW-04).
    DuplicateChecked,
}

/// What a guard looks at.
pub struct Situation<'a> {
    /// Data.
    pub package: &'a Package,
    /// Who acts.
    pub actor: &'a Actor,
    /// The case as it stands.
    pub case: &'a CaseView,
    /// The action.
    pub action: &'a str,
    /// Values of the case with those of the step over them.
    pub values: &'a Values,
    /// Photos of the case and of the step.
    pub photos: &'a Photos,
    /// The day in China.
    pub today: NaiveDate,
}

impl Guard {
    /// Every guard.
    pub const ALL: [Self; 14] = [
        Self::CreatorOnly,
        Self::BeforeRegistration,
        Self::NotReporter,
        Self::NotHandler,
        Self::SecondPerson,
        Self::LeadUnitMember,
        Self::Handles,
        Self::Once,
        Self::ReturnLimit,
        Self::RedoLimit,
        Self::ReopenWindow,
        Self::Evidence,
        Self::SettledOnSpot,
        Self::DuplicateChecked,
    ];

    /// True when it depends on what the person enters, so that the button is offered before it can be decided.
    pub const fn needs_input(self) -> bool {
        matches!(self, Self::SecondPerson | Self::Evidence | Self::DuplicateChecked)
    }

    /// Machine code of a refusal.
    pub const fn code(self) -> &'static str {
        match self {
            Self::CreatorOnly => "creator_only",
            Self::BeforeRegistration => "registered_already",
            Self::NotReporter => "own_report",
            Self::NotHandler => "own_handling",
            Self::SecondPerson => "second_person",
            Self::LeadUnitMember => "not_lead_unit",
            Self::Handles => "not_handling",
            Self::Once => "only_once",
            Self::ReturnLimit => "return_limit",
            Self::RedoLimit => "redo_limit",
            Self::ReopenWindow => "reopen_window",
            Self::Evidence => "evidence",
            Self::SettledOnSpot => "not_settled",
            Self::DuplicateChecked => "duplicate_check",
        }
    }

    /// What to tell people.
    pub const fn message(self) -> &'static str {
        match self {
            Self::CreatorOnly => "只有上报人本人能这样做",
            Self::BeforeRegistration => "已经登记, 不能再撤回; 可以写明情况请中心处理",
            Self::NotReporter => "自己上报的事项要由别人回访",
            Self::NotHandler => "自己经手的事项要由别人回访和销号",
            Self::SecondPerson => "红色、橙色隐患销号要写明第二名到场人员, 且不能是办理人或本人",
            Self::LeadUnitMember => "只有主责单位的人能认领或退件",
            Self::Handles => "只有承办人和承办单位的人能办理",
            Self::Once => "这一步只能做一次",
            Self::ReturnLimit => "已经退过两次, 请与中心商量一事一议",
            Self::RedoLimit => "已经重办过一次, 请中心主任决定怎样办",
            Self::ReopenWindow => "销号超过 30 天, 不能再重新打开; 请另行登记",
            Self::Evidence => "黄色及以上隐患要有整改后的照片",
            Self::SettledOnSpot => "上报里没有写明当场已解决, 请走登记",
            Self::DuplicateChecked => "请先查重再登记",
        }
    }

    /// Whether the step may go on.
    pub fn holds(self, now: &Situation<'_>) -> bool {
        let (case, user) = (now.case, now.actor.user.as_str());
        let said = |path: &str| now.values.get(path).and_then(Value::as_str).unwrap_or_default();
        let level = || now.package.level(now.level());
        match self {
            Self::CreatorOnly => case.reporter == user,
            Self::BeforeRegistration => !case.registered && case.number.is_none(),
            Self::NotReporter => case.reporter != user,
            Self::NotHandler => !case.handled_by.contains(user),
            Self::SecondPerson => {
                let second = said("second_person").trim();
                case.kind != RecordKind::Hazard
                    || level().is_none_or(|level| !level.second_person)
                    || !(second.is_empty() || second == user || case.handled_by.contains(second))
            }
            Self::LeadUnitMember => now.member_of(case.lead_unit.as_deref()),
            Self::Handles => {
                case.handler.as_deref() == Some(user)
                    || now.member_of(case.lead_unit.as_deref())
                    || case.support_units.iter().any(|unit| now.member_of(Some(unit)))
            }
            Self::Once => !case.actions.iter().any(|action| action == now.action),
            Self::ReturnLimit => case.return_count < MAX_RETURNS,
            Self::RedoLimit => {
                case.redo_count <= 1 || may(now.package, now.actor, "case.reopen", &case.target(), now.today)
            }
            Self::ReopenWindow => case.closed_within(REOPEN_DAYS, now.today),
            Self::Evidence => {
                case.kind != RecordKind::Hazard
                    || level().is_none_or(|level| !level.photo_before)
                    || now.photos.get("photo_after").is_some_and(|count| *count > 0)
            }
            Self::SettledOnSpot => match case.kind {
                RecordKind::Hazard => said("on_spot_result") == "eliminated",
                _ => said("success") == "succeeded",
            },
            Self::DuplicateChecked => now.values.get("duplicate_checked") == Some(&Value::Bool(true)),
        }
    }
}

impl Situation<'_> {
    fn member_of(&self, unit: Option<&str>) -> bool {
        unit.is_some_and(|unit| self.actor.units(self.today).contains(&unit))
    }

    /// The level after the step: a step that sets the level is judged by the new one.
    fn level(&self) -> &str {
        let path = if self.case.kind == RecordKind::Dispute { "risk_level" } else { "level" };
        self.values.get(path).and_then(Value::as_str).or(self.case.level.as_deref()).unwrap_or_default()
    }
}
