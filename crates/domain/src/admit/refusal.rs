//! Why an operation does not count, for machines and for people.

use crate::catalogue::AdmissionError;
use crate::form::Problem;
use crate::role::NotYours;
use crate::workflow::Guard;

/// A refusal. The operation stays with its author, readable, in the 需处理 box.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", self.code(), self.message())]
pub enum Refusal {
    /// The account is not the author named in the header.
    AuthorMismatch,
    /// The body does not fit its kind.
    BadBody(String),
    /// Only the authority writes this kind.
    AuthorityOnly,
    /// The record has been created before.
    Exists,
    /// The record has not been created, as far as is known here.
    Missing,
    /// A type of record that this version has no rules for.
    UnknownType(String),
    /// No such form, or not one for this type.
    UnknownForm(String),
    /// A version of the form whose grace has ended.
    OldForm(String),
    /// A form that needs a grant by name, which is not given here.
    RestrictedForm,
    /// A new record must begin in the first state of its workflow.
    WrongState,
    /// Not an area code.
    BadArea(String),
    /// The list of items names other roles for this one (CAT-01): its name.
    NotReporter(String),
    /// Sharing beyond what the step allows.
    BadPlacement,
    /// The permission is missing, or does not reach this record.
    NotPermitted(String),
    /// After registration the reporter cannot correct any more.
    RegisteredAlready,
    /// The value belongs to the workflow and changes only with a step.
    WorkflowPath(String),
    /// The step does not write this value.
    UnexpectedPath(String),
    /// No step of this name.
    UnknownAction,
    /// The step is not possible in the state that the case is in now.
    NotLegalNow {
        /// The step.
        action: String,
        /// The state now.
        state: String,
    },
    /// A condition of the step does not hold.
    Guard(Guard),
    /// A role that is not for this person to give, change or take back.
    RoleNotYours(NotYours),
    /// The household into which another is to go is one no more (TERR-13).
    HouseholdGone,
    /// A look at a visit that one made oneself: of the five in a hundred, somebody else asks.
    OwnVisit,
    /// What stands in the way of an application for an item (CAT-02).
    Admission(AdmissionError),
    /// Values that block.
    Invalid(Vec<Problem>),
}

impl Refusal {
    /// Machine code, stable.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AuthorMismatch => "author_mismatch",
            Self::BadBody(_) => "bad_body",
            Self::AuthorityOnly => "authority_only",
            Self::Exists => "exists",
            Self::Missing => "missing",
            Self::UnknownType(_) => "unknown_type",
            Self::UnknownForm(_) => "unknown_form",
            Self::OldForm(_) => "old_form",
            Self::RestrictedForm => "restricted_form",
            Self::WrongState => "wrong_state",
            Self::BadArea(_) => "bad_area",
            Self::NotReporter(_) => "not_reporter",
            Self::BadPlacement => "bad_placement",
            Self::NotPermitted(_) => "not_permitted",
            Self::RegisteredAlready => "registered_already",
            Self::WorkflowPath(_) => "workflow_path",
            Self::UnexpectedPath(_) => "unexpected_path",
            Self::UnknownAction => "unknown_action",
            Self::NotLegalNow { .. } => "not_legal_now",
            Self::Guard(guard) => guard.code(),
            Self::RoleNotYours(cause) => cause.code(),
            Self::HouseholdGone => "household_gone",
            Self::OwnVisit => "own_visit",
            Self::Admission(cause) => cause.code(),
            Self::Invalid(_) => "invalid",
        }
    }

    /// What happened, that nothing is lost, what to do.
    pub fn message(&self) -> String {
        let (what, then) = match self {
            Self::Invalid(problems) => {
                let list: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
                return format!("还不能提交: {}。内容都在, 改好再交。", list.join("; "));
            }
            Self::Guard(guard) => (guard.message(), ""),
            Self::Admission(cause) => (cause.words(), ""),
            Self::RoleNotYours(cause) => return format!("{}您写的内容都在。", cause.giving()),
            other => message_of(other.code()),
        };
        if then.is_empty() {
            format!("{what}。内容都在。")
        } else {
            format!("{what}。内容都在, {then}。")
        }
    }
}

/// Words for a refusal known only by its code, as it comes back from the authority.
pub fn message_for(code: &str) -> String {
    if let Some(words) = of_transport(code) {
        return words.to_owned();
    }
    let guard = Guard::ALL.into_iter().find(|guard| guard.code() == code);
    let admission = AdmissionError::ALL.into_iter().find(|cause| cause.code() == code);
    let (what, then) = match (guard, admission) {
        (Some(guard), _) => (guard.message(), ""),
        (_, Some(cause)) => (cause.words(), ""),
        (None, None) => message_of(code),
    };
    if then.is_empty() {
        format!("{what}。内容都在。")
    } else {
        format!("{what}。内容都在, {then}。")
    }
}

/// What a backend did not take at all, or ruled out by the stream itself (docs/contract.md): it is still on the device
/// that wrote it.
fn of_transport(code: &str) -> Option<&'static str> {
    Some(match code {
        "malformed" => "服务器看不懂这条记录，没有收下。记录还在本机，请更新网格簿后再送一次。",
        "fork" | "clone" => "这条记录的编号重复了。记录还在本机，联网后会自动换编号再送，不用重填。",
        "foreign_author" => {
            "这条记录是用另一个账号写的，没有收下。记录还在本机，请用那个账号登录后再送一次。"
        }
        "foreign_writer" => {
            "这条记录是另一台设备写的，没有收下。记录还在本机，请在写它的那台设备上联网同步。"
        }
        "signature" => {
            "这条记录的签名对不上，没有收下。记录还在本机，请用写它的设备再送一次，不行就找管理员。"
        }
        "author_disabled" => "写这条记录的账号停用了，没有收下。记录还在本机，请管理员恢复账号后再送一次。",
        "foreign_device" => {
            "这台设备登记在别的账号名下，没有收下。记录还在本机，请找管理员，弄好后再送一次。"
        }
        "foreign_entity" => {
            "这条记录现在不在您负责的范围里，没有收下。记录还在本机，请找管理员分给您，再送一次。"
        }
        "forged" => {
            "这条记录用了中心系统的名义，没有收下。记录还在本机，请更新网格簿后再送一次，不行就找管理员。"
        }
        "erased" => "这条记录的内容已经按规定清除，服务器不收空的记录。别的记录都在，不用再送。",
        "second_create" => "这条记录已经建过一次，这次的没有算。写过的内容都在，请打开已有的那条继续写。",
        "creation_rejected" => "这条记录开头没有通过，后来写的也没有算。内容都在，请照原因改好，重新建一条。",
        _ => return None,
    })
}

fn message_of(code: &str) -> (&'static str, &'static str) {
    match code {
        "author_mismatch" => ("这条记录是另一个账号写的", "请用写它的账号登录再交"),
        "bad_body" => ("这条记录的内容格式不对", "请把应用更新后重交, 或导出给管理员"),
        "authority_only" => ("这一步只能由中心系统来做", "不用再交"),
        "exists" => ("这条记录已经建过了", "请打开已有的那条修改"),
        "missing" => ("中心还没有收到这条记录的开头", "联网后会自动补交"),
        "unknown_type" => ("中心还不认识这类记录", "请管理员更新服务器后再交"),
        "unknown_form" => ("找不到填写用的表单版本", "请更新应用后重交"),
        "old_form" => ("这个表单已换新版, 旧版的宽限期已过", "请更新应用, 打开它补填后再交"),
        "restricted_form" => ("这类事项要专门授权, 不能在这里登记", "有危险先打 110, 再当面报告中心主任"),
        "wrong_state" => ("新记录的起始状态不对", "请更新应用后重交"),
        "bad_area" => ("区域编码不对", "请重选所在网格"),
        "not_reporter" => ("清单规定这个事项不由您的岗位上报", "请转告可以上报的人, 或请中心登记"),
        "bad_placement" => ("这一步不能这样分享给别人", "请按主责单位、配合单位重新转办"),
        "not_permitted" => ("您的岗位对这条记录没有这项权限", "请找中心或数据专干处理"),
        "registered_already" => ("中心已经登记, 上报人不能再改", "请写明情况请中心更正"),
        "workflow_path" => ("主责单位、承办人和时限只能通过流程更改", "请用转办或退件"),
        "unexpected_path" => ("这一步不应改动别的内容", "请分开保存"),
        "unknown_action" => ("没有这一步", "请更新应用后再试"),
        "not_legal_now" => ("事项已经往前走了, 这一步来晚了", "已作为备注留下, 请看最新状态"),
        "role_above" => ("这个角色比您自己的岗位高, 没有改动", "请系统管理员来给、改或收回"),
        "grant" => ("专门授权只能由自己有这项权限的人给、改或收回, 没有改动", "请找中心主任"),
        "household_gone" => (
            "要并入的那一户已经销户、分户或并到别的户, 这次合并没有算, 两户照旧",
            "请看那一户现在的情况, 要合并就并到还在册的一户",
        ),
        "own_visit" => ("这次走访是您自己去的, 抽查要由没有去的人来核实, 这一条没有算", "请转告别人来查"),
        "invalid" => ("有几项还没填对", "改好再交"),
        _ => ("中心没有接收这条记录", "请联系中心"),
    }
}
