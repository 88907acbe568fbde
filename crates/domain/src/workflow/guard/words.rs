//! What a condition that does not hold is called, and what people are told.

use super::Guard;

impl Guard {
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
            Self::Linked => "not_linked",
            Self::SplitOff => "not_split",
            Self::KeptLimit => "kept_limit",
            Self::ClassFits => "sla_class",
            Self::Unrelated => "related",
            Self::NotRecused => "recused",
            Self::MayVisit => "no_visits_here",
            Self::OwnToReturn => "own_to_return",
            Self::Bystander => "bystander",
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
            Self::OtherCase => "不能选自己这一件, 请选另一件",
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
            Self::Linked => "这一件没有和别的关联",
            Self::SplitOff => "这一件不是从另一件拆出来的，请走登记",
            Self::Unrelated => {
                "请答承办人与当事人有没有亲属、利害关系；有关系的要回避，点“申请回避”，或者换人办"
            }
            Self::NotRecused => "这个人已经申请回避，请另派别人",
            Self::OwnToReturn => "这一件由别人承办，要回避的点“声明回避”，案子不退回",
            Self::Bystander => "这一件由您承办，或者您已经回避；承办人要回避的点“申请回避”",
            Self::ClassFits => "清单没有给这一项这个时限类别，请另选",
            Self::MayVisit => "只有在这里走访的人能记走访时问到的情况",
            Self::KeptLimit => "拆出来的沿用原来的办理期限，不能更晚；确实要延的，转办以后再申请延期",
        }
    }
}
