//! The line of a case in the ledger of all cases (REP-01): what the seven 七有 are read from on paper. Screen, print and
//! export take their cells from here.

use crate::calendar::day_of;
use crate::case::{CaseView, local_number};
use crate::package::Package;
use crate::record::RecordKind;

/// Names behind codes, as a device knows them.
pub trait Names {
    /// A person's name.
    fn person(&self, user: &str) -> String;
    /// A unit's name.
    fn unit(&self, code: &str) -> String;
    /// An area in words.
    fn area(&self, code: &str) -> String;
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cell {
    /// 编号: the official number, else the device's own.
    Number,
    /// 类
    Kind,
    /// 等级
    Level,
    /// 事项
    Title,
    /// 类别
    Category,
    /// 地点
    Place,
    /// 来源
    Source,
    /// 上报人
    Reporter,
    /// 状态
    State,
    /// 主责单位
    Unit,
    /// 承办人
    Handler,
    /// 办理期限
    Until,
    /// 反馈
    Feedback,
    /// 销号日期
    Closed,
}

impl Cell {
    /// Every column, in order.
    pub const ALL: [Self; 14] = [
        Self::Number,
        Self::Kind,
        Self::Level,
        Self::Title,
        Self::Category,
        Self::Place,
        Self::Source,
        Self::Reporter,
        Self::State,
        Self::Unit,
        Self::Handler,
        Self::Until,
        Self::Feedback,
        Self::Closed,
    ];

    /// Its head.
    pub const fn header(self) -> &'static str {
        match self {
            Self::Number => "编号",
            Self::Kind => "类",
            Self::Level => "等级",
            Self::Title => "事项",
            Self::Category => "类别",
            Self::Place => "地点",
            Self::Source => "来源",
            Self::Reporter => "上报人",
            Self::State => "状态",
            Self::Unit => "主责单位",
            Self::Handler => "承办人",
            Self::Until => "办理期限",
            Self::Feedback => "反馈",
            Self::Closed => "销号日期",
        }
    }

    /// What it says of a case; empty where there is nothing to say yet.
    pub fn of(self, package: &Package, names: &dyn Names, case: &CaseView) -> String {
        let owned = |text: &Option<String>| text.clone().unwrap_or_default();
        match self {
            Self::Number => number(case),
            Self::Kind => case.kind.label().to_owned(),
            Self::Level => {
                case.level.as_deref().and_then(|id| package.level(id)).map_or_else(String::new, |level| {
                    format!("{} {} · {}", level.sign, level.label, level.degree)
                })
            }
            Self::Title => case.title.clone(),
            Self::Category => {
                let sub = if case.kind == RecordKind::Dispute { "sub" } else { "subtype" };
                let parts = [said(package, case, "category"), said(package, case, sub)];
                let parts: Vec<&str> =
                    parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
                parts.join("/")
            }
            Self::Place => {
                let area = names.area(&case.area);
                match case.address.as_deref() {
                    Some(address) if case.kind == RecordKind::Hazard => format!("{area} {address}"),
                    _ => area,
                }
            }
            Self::Source => {
                case.source.as_deref().map_or_else(String::new, |id| package.label("source", id).to_owned())
            }
            Self::Reporter => names.person(&case.reporter),
            Self::State => package.state_label(&case.state).to_owned(),
            Self::Unit => match case.lead_unit.as_deref() {
                Some(code) => names.unit(code),
                None if case.kept_at_village => "村级办理".to_owned(),
                None => String::new(),
            },
            Self::Handler => case.handler.as_deref().map_or_else(String::new, |user| names.person(user)),
            Self::Until => owned(&case.handle_by),
            Self::Feedback => owned(&case.feedback),
            Self::Closed => case.closed_at.map(|at| day_of(at).to_string()).unwrap_or_default(),
        }
    }
}

/// The official number of a case, else what people call it before it has one: the end of its id.
pub fn number(case: &CaseView) -> String {
    case.number.clone().unwrap_or_else(|| local_number(case.id))
}

/// A choice in words, by the form that the record was made with or by what the centre's step asks.
fn said(package: &Package, case: &CaseView, path: &str) -> String {
    let Some(id) = case.values.get(path).and_then(serde_json::Value::as_str) else { return String::new() };
    let form = package.form_for(case.kind).and_then(|form| form.field(path));
    let steps = || {
        package
            .flow(case.kind)?
            .transitions
            .get()
            .iter()
            .flat_map(|step| step.inputs_for(case.kind))
            .find(|f| f.path == path)
    };
    let choices = form.or_else(steps).map_or(&[][..], |field| package.choices(field));
    choices.iter().find(|choice| choice.id == id).map_or_else(|| id.to_owned(), |choice| choice.label.clone())
}
