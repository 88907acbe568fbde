//! Conditions on a step beyond the permission. Data name them; here they are decided.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::calendar::{day_of, midnight};
use crate::case::{CaseView, FaultMark};
use crate::clock::ClockId;
use crate::deadline::{Rule, due};
use crate::form::{Photos, Values};
use crate::hazard;
use crate::mediation::follow::Confirmation;
use crate::mediation::{self, Mediation, risk};
use crate::package::Package;
use crate::record::RecordKind;
use crate::role::{Actor, may};

/// Days after closing in which a case can be re-opened (FLOW-14).
pub const REOPEN_DAYS: u64 = 30;
/// Calls without an answer after which a call-back may be left out (FLOW-13).
pub const CALLS: u32 = 3;
/// Days within which a joint hearing had to meet by tables before version 3, which knew no working days.
const JOINT_DAYS: u64 = 14;
/// Levels that a case can climb, lowest first (FLOW-02).
pub const TIERS: [&str; 3] = ["village", "township", "county"];
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
    /// Somebody handles it afterwards: named now, or known already.
    OwnerNamed,
    /// The limit has not passed (FLOW-08).
    BeforeExpiry,
    /// The limit was not extended since it was set (FLOW-08).
    ExtendOnce,
    /// No longer than the limit was in the first place (FLOW-08).
    OriginalLength,
    /// Both parties of a dispute agree (MED-06).
    PartiesAgree,
    /// The handler asked for a pause, and somebody else approves (FLOW-08).
    PauseAsked,
    /// Somebody else proposed it: two persons void a case.
    VoidAsked,
    /// Only to the next level up, unless urgent (FLOW-02).
    NextTier,
    /// Not into itself (FLOW-15).
    OtherCase,
    /// Within the limit of working days for a hearing (FLOW-07).
    JointDate,
    /// What is left after a rejected finish is no less than the minimum of working days.
    MinRest,
    /// The village kept it, and has it still (FLOW-02).
    Kept,
    /// A fault is marked against this person or unit that can still be contested (FLOW-10).
    FaultOwn,
    /// The fault that is contested is such a one.
    FaultNamed,
    /// A fault is contested, and somebody else decides: not who marked it, who contests it, nor who handled the case.
    ContestAsked,
    /// The contest that is decided is such a one.
    ContestNamed,
    /// It is a call to a department (FLOW-06).
    Called,
    /// The limit to claim has passed (FLOW-10).
    RespondExpired,
    /// The limit to claim has not passed.
    WithinRespond,
    /// A supervision note stands.
    Supervised,
    /// Not who refused it: an objection is decided by somebody else (FLOW-04).
    NotRefuser,
    /// The reason for leaving the call-back out is true: three calls nobody answered, or not in the sample (FLOW-12).
    WaiveFits,
    /// Both parties agree to be mediated, and nothing speaks against mediating (MED-04, MED-18).
    MedFit,
    /// Everything before the agreement was done, and a talk came to terms (MED-03).
    MedReady,
    /// The agreement is signed as its kind asks for (MED-08).
    MedSigned,
    /// Somebody tried.
    MedTalked,
    /// The volume is complete (MED-19).
    MedComplete,
    /// Both parties extended the mediation, to a day after the one that stands (MED-06).
    PartiesExtend,
    /// A reminder of the confirmation by a court is due (MED-09).
    RemindDue,
    /// A dispute that nothing calls for a file of: what does is not closed with one form (MED-02).
    NeedsNoFile,
    /// The reporter was told something since the last that was marked as seen (FLOW-11).
    Unseen,
    /// Somebody has to be told of a risk this high, and was not (MED-13).
    NoticeDue,
    /// The risk does not become less, or a mediation head or above says so (MED-13).
    RiskKept,
    /// Told of a danger as part of its chain, and nobody of that step said so far that they know (HAZ-05).
    AlarmTold,
    /// Named as who re-checked: not who repaired it, and two of them for red and orange hazards.
    Rechecker,
    /// This step of enforcement is the next one (HAZ-09).
    EnforceTurn,
    /// Who was asked for more has not answered within the limit for that.
    SupplementOver,
    /// Its day is none before the last step's nor to come; and what it says of failed re-checks is so.
    EnforceFits,
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
    /// Version of the table that the author's device judged by.
    pub table: u32,
}

impl Guard {
    /// Every guard.
    pub const ALL: [Self; 52] = [
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
        Self::OwnerNamed,
        Self::BeforeExpiry,
        Self::ExtendOnce,
        Self::OriginalLength,
        Self::PartiesAgree,
        Self::PauseAsked,
        Self::VoidAsked,
        Self::NextTier,
        Self::OtherCase,
        Self::JointDate,
        Self::MinRest,
        Self::Kept,
        Self::FaultOwn,
        Self::FaultNamed,
        Self::ContestAsked,
        Self::ContestNamed,
        Self::Called,
        Self::RespondExpired,
        Self::WithinRespond,
        Self::Supervised,
        Self::NotRefuser,
        Self::WaiveFits,
        Self::MedFit,
        Self::MedReady,
        Self::MedSigned,
        Self::MedTalked,
        Self::MedComplete,
        Self::PartiesExtend,
        Self::RemindDue,
        Self::NeedsNoFile,
        Self::Unseen,
        Self::NoticeDue,
        Self::RiskKept,
        Self::AlarmTold,
        Self::Rechecker,
        Self::EnforceTurn,
        Self::EnforceFits,
        Self::SupplementOver,
    ];

    /// True when it depends on what the person enters, so that the button is offered before it can be decided.
    pub const fn needs_input(self) -> bool {
        matches!(
            self,
            Self::SecondPerson
                | Self::Evidence
                | Self::DuplicateChecked
                | Self::OwnerNamed
                | Self::OriginalLength
                | Self::PartiesAgree
                | Self::NextTier
                | Self::OtherCase
                | Self::JointDate
                | Self::MinRest
                | Self::FaultNamed
                | Self::ContestNamed
                | Self::WaiveFits
                | Self::RiskKept
                | Self::MedFit
                | Self::MedReady
                | Self::MedSigned
                | Self::MedTalked
                | Self::MedComplete
                | Self::PartiesExtend
                | Self::NeedsNoFile
                | Self::Rechecker
                | Self::EnforceFits
        )
    }

    /// The version of the table that first asked for it on steps that existed before. Whoever took a step on a
    /// device that did not know the guard yet is not refused for it.
    pub const fn since(self) -> u32 {
        match self {
            Self::WithinRespond | Self::OwnerNamed | Self::NotRefuser | Self::WaiveFits => 2,
            Self::MinRest => 3,
            Self::Unseen | Self::RiskKept => 4,
            Self::NeedsNoFile => 6,
            _ => 1,
        }
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
            Self::OwnerNamed => "no_owner",
            Self::BeforeExpiry => "limit_passed",
            Self::ExtendOnce => "extended_already",
            Self::OriginalLength => "extension_too_long",
            Self::PartiesAgree => "parties_disagree",
            Self::PauseAsked => "pause_not_asked",
            Self::VoidAsked => "void_not_asked",
            Self::NextTier => "level_skipped",
            Self::OtherCase => "same_case",
            Self::JointDate => "joint_date",
            Self::MinRest => "rest_too_short",
            Self::Kept => "not_kept",
            Self::FaultOwn => "no_fault",
            Self::FaultNamed => "fault_not_open",
            Self::ContestAsked => "not_contested",
            Self::ContestNamed => "contest_not_open",
            Self::Called => "no_call",
            Self::RespondExpired => "respond_not_passed",
            Self::WithinRespond => "respond_passed",
            Self::Supervised => "not_supervised",
            Self::NotRefuser => "own_refusal",
            Self::WaiveFits => "waive_reason",
            Self::MedFit => "not_fit_for_mediation",
            Self::MedReady => "steps_missing",
            Self::MedSigned => "not_signed",
            Self::MedTalked => "no_talk",
            Self::MedComplete => "volume_incomplete",
            Self::PartiesExtend => "extension_not_agreed",
            Self::RemindDue => "no_reminder_due",
            Self::NeedsNoFile => "needs_file",
            Self::Unseen => "nothing_unseen",
            Self::NoticeDue => "nobody_to_notify",
            Self::RiskKept => "risk_lowered",
            Self::AlarmTold => "not_told",
            Self::Rechecker => "rechecker",
            Self::EnforceTurn => "enforce_order",
            Self::EnforceFits => "enforce_day",
            Self::SupplementOver => "supplement_runs",
        }
    }

    /// What to tell people.
    pub const fn message(self) -> &'static str {
        match self {
            Self::CreatorOnly => "只有上报人本人能这样做",
            Self::BeforeRegistration => "已经登记, 不能再撤回; 可以写明情况请中心处理",
            Self::NotReporter => "自己上报的事项要由别人回访",
            Self::NotHandler => "自己经手的事项要由别人复查、回访和销号",
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
            Self::OwnerNamed => "要写明接下来由谁办理",
            Self::BeforeExpiry => "办理期限已过, 不能再延期; 请说明情况, 由督办处理",
            Self::ExtendOnce => "已经延过一次, 请提交一事一议",
            Self::OriginalLength => "延期不能比原来的期限还长",
            Self::PartiesAgree => "纠纷延期要各方当事人都同意",
            Self::PauseAsked => "要由承办人先申请暂停, 再由另一人批准",
            Self::VoidAsked => "作废要两个人: 先由一人提议, 再由另一人同意",
            Self::NextTier => "只能报到上一级; 紧急时请勾选越级",
            Self::OtherCase => "不能并入自己, 请选另一件",
            Self::JointDate => "会商日期应在今天以后、五个工作日以内",
            Self::MinRest => "退回重办至少要留两个工作日",
            Self::Kept => "只有留在村里办的事项能这样换人",
            Self::FaultOwn => "没有可以提异议的过错；异议要在记下后三个工作日内提",
            Self::FaultNamed => "没有记下这一项过错，或者已经提过异议、过了三个工作日",
            Self::ContestAsked => "没有等您复核的过错异议；复核不能由记过错的人、提异议的人和办理人来做",
            Self::ContestNamed => "这一项过错没有等待复核的异议",
            Self::Called => "只有呼叫部门的事项由呼叫方评价",
            Self::RespondExpired => "还没到认领期限",
            Self::WithinRespond => "认领期限已过, 不能退件; 请中心改派",
            Self::Supervised => "这一件没有督办",
            Self::NotRefuser => "上报人对不予受理有异议, 要由另一人决定",
            Self::WaiveFits => "三次未接要有三次没有联系上的回访记录; 纠纷、群众反映的和红橙隐患都要回访",
            Self::MedFit => "各方都愿意调解、没有不宜调解的情形才能受理; 不宜调解的请移送",
            Self::MedReady => "受理、定人、调查、告知还没做全, 或者还没有谈成",
            Self::MedSigned => "协议还没有签名盖章",
            Self::MedTalked => {
                "还没有调解过；当事人中途要停的，原因选“一方不同意继续”或“撤回申请”，写明哪天终止和情况"
            }
            Self::MedComplete => "卷内文书不全, 还不能归档",
            Self::PartiesExtend => "要各方当事人都同意，延长到的日子要晚于现在的期限",
            Self::RemindDue => "现在没有要提醒的司法确认",
            Self::NeedsNoFile => {
                "这件要立卷调解，不能一张表当场办结：没有达成协议、超过一万元、有人受伤、超过五人、风险红色橙色或者有人要求。请先登记，再立卷"
            }
            Self::Unseen => "没有还没看过的反馈",
            Self::NoticeDue => "该告知的都告知过了",
            Self::RiskKept => {
                "风险等级不能比现在低，也不能比勾选的情况低；要调低请调委会主任、中心主任或总网格长来定"
            }
            Self::AlarmTold => "这一级已经有人知悉, 或者您不在告知链里",
            Self::Rechecker => "复查人不能是整改的人；红色、橙色隐患要两人复查",
            Self::EnforceTurn => "先劝导，再书面通知，再移送执法，每步一次",
            Self::SupplementOver => "还在等上报人补充；过了补充期限还没有补，才能直接登记或不予受理",
            Self::EnforceFits => "日期不能早于上一步，也不能晚于今天；复查不通过要满规定的次数",
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
            // Before there was a joint hearing, whoever may re-open a case decided alone.
            Self::RedoLimit => {
                let decides = || may(now.package, now.actor, "case.reopen", &case.target(), now.today);
                case.redo_count <= 1 || (now.table < 2 && decides())
            }
            Self::ReopenWindow => case.look_back_failed || case.closed_within(REOPEN_DAYS, now.today),
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
            Self::OwnerNamed => {
                case.handler.is_some() || case.lead_unit.is_some() || !said("handler").trim().is_empty()
            }
            Self::BeforeExpiry => day(case.handle_by.as_deref()).is_some_and(|limit| now.today <= limit),
            Self::ExtendOnce => case.extended == 0,
            Self::OriginalLength => case
                .longest_extension()
                .is_none_or(|last| day(Some(said("handle_by"))).is_some_and(|asked| asked <= last)),
            Self::PartiesAgree => {
                case.kind != RecordKind::Dispute
                    || now.values.get("parties_agree") == Some(&Value::Bool(true))
            }
            Self::PauseAsked => case.pause_asked_by.as_deref().is_some_and(|asked| asked != user),
            Self::VoidAsked => case.void_asked_by.as_deref().is_some_and(|asked| asked != user),
            Self::NextTier => {
                let rank = |tier: &str| TIERS.iter().position(|known| *known == tier);
                let urgent = now.values.get("skip_urgent") == Some(&Value::Bool(true));
                match (rank(said("to_tier")), rank(case.tier())) {
                    (Some(to), Some(from)) => to > 0 && to >= from && (urgent || to <= from + 1),
                    _ => false,
                }
            }
            Self::OtherCase => !said("main").is_empty() && said("main") != case.id.to_string(),
            Self::JointDate => day(Some(said("meeting_on")))
                .is_some_and(|meeting| now.today <= meeting && meeting <= now.last_joint_day()),
            Self::MinRest => day(Some(said("handle_by"))).is_none_or(|by| by >= now.least_rest()),
            Self::Kept => case.kept_at_village && case.climbed_to.is_none(),
            Self::FaultOwn => case.faults.iter().any(|mark| now.contestable(mark)),
            Self::FaultNamed => {
                case.faults.iter().any(|mark| mark.kind == said("fault") && now.contestable(mark))
            }
            Self::ContestAsked => case.faults.iter().any(|mark| now.decidable(mark)),
            Self::ContestNamed => {
                case.faults.iter().any(|mark| mark.kind == said("fault") && now.decidable(mark))
            }
            Self::Called => case.category.as_deref() == Some("call"),
            Self::RespondExpired => day(case.respond_by.as_deref()).is_some_and(|limit| limit < now.today),
            Self::WithinRespond => day(case.respond_by.as_deref()).is_none_or(|limit| now.today <= limit),
            Self::Supervised => case.actions.iter().any(|action| action == "supervise"),
            Self::NotRefuser => case.refused_by.as_deref() != Some(user),
            Self::WaiveFits => match said("reason") {
                "no_answer_3" => case.unreached >= CALLS,
                "not_sampled" => !case.called_back(),
                _ => true,
            },
            Self::MedFit => now.file().yes("consent_all") && now.file().list("not_fit").is_empty(),
            Self::MedReady => mediation::step::ready_to_agree(&now.file()),
            Self::MedSigned => mediation::agreement::unsigned(&now.file()).is_empty(),
            // Either may stop at any time, before the first talk too; then it says who, why and when (MED-04).
            Self::MedTalked => {
                let stops = matches!(said("failed_reason"), "unwilling" | "withdrawn");
                let told = || !said("text").trim().is_empty() && day(Some(said("failed_on"))).is_some();
                !now.file().rows("talks").is_empty() || (stops && told())
            }
            Self::PartiesExtend => {
                let agree = now.values.get("parties_agree") == Some(&Value::Bool(true));
                let stands = mediation::step::ceiling(&Mediation::of(case));
                agree && day(Some(said("extended_until"))).zip(stands).is_some_and(|(to, stands)| to > stands)
            }
            Self::RemindDue => {
                let stands = mediation::follow::confirmation(&Mediation::of(case), now.today);
                matches!(stands, Confirmation::Open { remind: Some(_), .. })
            }
            Self::NeedsNoFile => {
                case.kind != RecordKind::Dispute || mediation::track::needs_file(now.values).is_empty()
            }
            Self::MedComplete => mediation::volume::missing(now.package, &now.file()).is_empty(),
            Self::Unseen => case.told.iter().any(|told| told.seen_at.is_none()),
            Self::NoticeDue => risk::to_notify(now.package, case).is_some(),
            Self::RiskKept => risk::may_set(now.package, now.actor, case, now.values, now.today),
            Self::AlarmTold => {
                let step = hazard::to_answer(now.package, now.actor, case, now.today);
                step.is_some_and(|step| said("told_as").is_empty() || said("told_as") == step.id)
            }
            Self::Rechecker => {
                hazard::recheck_by(now.package, case, said("recheck_by"), Some(said("second_person")))
            }
            Self::EnforceTurn => now.may_enforce(now.today),
            Self::SupplementOver => {
                case.supplement_since.is_none_or(|_| supplement_over(now.package, case, now.today))
            }
            Self::EnforceFits => {
                let often = || hazard::failed_too_often(now.package.hazards.get(), case.failed_rechecks);
                day(Some(said("taken_on"))).is_some_and(|day| day <= now.today && now.may_enforce(day))
                    && (said("reason") != "failed" || often())
            }
        }
    }
}

/// Whether the reporter was asked for more and has not answered within the limit of its clock.
pub(super) fn supplement_over(package: &Package, case: &CaseView, today: NaiveDate) -> bool {
    let law = package.law.get();
    let rule = law.sla.common.get(&ClockId::Supplement);
    let last = |at: u64| rule.map(|rule| day_of(due(&law.calendar, *rule, at).at - 1));
    case.supplement_since.and_then(last).is_some_and(|last| last < today)
}

fn day(text: Option<&str>) -> Option<NaiveDate> {
    text.and_then(crate::date::parse)
}

impl Situation<'_> {
    /// The last day of so many units counted from today.
    fn last_day(&self, rule: Rule) -> NaiveDate {
        let calendar = &self.package.law.get().calendar;
        day_of(due(calendar, rule, midnight(self.today)).at - 1)
    }

    fn may_enforce(&self, day: NaiveDate) -> bool {
        let step = hazard::enforcing(self.action);
        let rules = self.package.hazards.get();
        step.is_some_and(|step| hazard::enforce(rules, &self.case.enforced, step, day).is_ok())
    }

    fn last_joint_day(&self) -> NaiveDate {
        let rule = self.package.law.get().sla.common.get(&ClockId::Joint).filter(|_| self.table >= 3);
        rule.map_or(self.today + chrono::Days::new(JOINT_DAYS), |rule| self.last_day(*rule))
    }

    fn least_rest(&self) -> NaiveDate {
        self.package.law.get().sla.min_rest.map_or(self.today, |rule| self.last_day(rule))
    }

    /// Marked against the actor, not contested yet, and not too long ago.
    fn contestable(&self, mark: &FaultMark) -> bool {
        let law = self.package.law.get();
        let in_time = || {
            law.sla.contest.is_none_or(|rule| self.today <= day_of(due(&law.calendar, rule, mark.at).at - 1))
        };
        let own = mark.handler.as_deref() == Some(&self.actor.user) || self.member_of(mark.unit.as_deref());
        own && mark.contest.is_none() && in_time()
    }

    fn decidable(&self, mark: &FaultMark) -> bool {
        let user = &self.actor.user;
        let outside = mark.by != *user && !self.case.handled_by.contains(user);
        outside
            && mark.contest.as_ref().is_some_and(|contest| contest.upheld.is_none() && contest.by != *user)
    }

    fn file(&self) -> Mediation<'_> {
        let number = self.case.number.as_deref();
        Mediation { values: self.values, photos: self.photos, number, state: &self.case.state }
    }

    fn member_of(&self, unit: Option<&str>) -> bool {
        unit.is_some_and(|unit| self.actor.units(self.today).contains(&unit))
    }

    /// The level after the step: a step that sets the level is judged by the new one.
    fn level(&self) -> &str {
        let path = if self.case.kind == RecordKind::Dispute { "risk_level" } else { "level" };
        self.values.get(path).and_then(Value::as_str).or(self.case.level.as_deref()).unwrap_or_default()
    }
}
