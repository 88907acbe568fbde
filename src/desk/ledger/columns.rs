//! Columns of the ledgers (domain data 4.14.3). Persons outside the staff are masked.

use gridbook_domain::case::LineKind;
use gridbook_domain::hazard::RECHECK;
use gridbook_domain::ledger::Cell;
use gridbook_domain::mask;
use gridbook_domain::package::Package;
use gridbook_domain::record::RecordKind;
use gridbook_domain::summary::Summary;

use super::line::Line;
use crate::desk::parts::categories;
use crate::desk::words::{day, moment};

/// A ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Book {
    /// All cases.
    All,
    /// 隐患动态整治台账
    Hazard,
    /// 矛盾纠纷台账
    Dispute,
    /// 走访台账
    Visit,
    /// What is written down once: patrols, inspections, activities, scores, logs.
    Entry,
}

/// What rows are ordered by: a number first, then a text.
pub(super) type SortKey = (u64, String);

/// A column.
pub(super) struct Column {
    pub(super) header: &'static str,
    /// In half-width characters.
    pub(super) width: f64,
    pub(super) numeric: bool,
    /// Order of rows, where the list row alone tells it.
    pub(super) sort: Option<fn(&Summary, &Package) -> SortKey>,
    pub(super) cell: fn(&Line<'_>) -> String,
    /// Rows are ordered by it at first.
    pub(super) latest: bool,
}

impl Book {
    pub(super) const ALL: [Self; 5] = [Self::All, Self::Hazard, Self::Dispute, Self::Visit, Self::Entry];

    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Hazard => "hazard",
            Self::Dispute => "dispute",
            Self::Visit => "visit",
            Self::Entry => "entry",
        }
    }

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::All => "全部事项台账",
            Self::Hazard => "隐患动态整治台账",
            Self::Dispute => "矛盾纠纷台账",
            Self::Visit => "走访台账",
            Self::Entry => "登记台账",
        }
    }

    pub(super) fn holds(self, kind: RecordKind) -> bool {
        match self {
            Self::All => kind.is_case(),
            Self::Hazard => kind == RecordKind::Hazard,
            Self::Dispute => kind == RecordKind::Dispute,
            Self::Visit => kind == RecordKind::Visit,
            Self::Entry => kind == RecordKind::Entry,
        }
    }

    pub(super) const fn columns(self) -> &'static [Column] {
        match self {
            Self::All => CASES,
            Self::Hazard => HAZARDS,
            Self::Dispute => DISPUTES,
            Self::Visit => VISITS,
            Self::Entry => ENTRIES,
        }
    }
}

const fn col(header: &'static str, width: f64, cell: fn(&Line<'_>) -> String) -> Column {
    Column { header, width, numeric: false, sort: None, cell, latest: false }
}

impl Column {
    const fn by(mut self, sort: fn(&Summary, &Package) -> SortKey) -> Self {
        self.sort = Some(sort);
        self
    }
    const fn by_latest(mut self) -> Self {
        self.sort = Some(by_time);
        self.latest = true;
        self
    }
    const fn number(mut self) -> Self {
        self.numeric = true;
        self
    }
}

fn by_number(summary: &Summary, _: &Package) -> SortKey {
    (u64::from(!summary.number.is_empty()), summary.number.clone())
}
fn by_time(summary: &Summary, _: &Package) -> SortKey {
    (summary.at, String::new())
}
fn by_area(summary: &Summary, _: &Package) -> SortKey {
    (0, summary.area.clone())
}
fn by_level(summary: &Summary, package: &Package) -> SortKey {
    (package.level(&summary.level).map_or(0, |level| 10 - u64::from(level.rank)), String::new())
}
fn by_category(summary: &Summary, _: &Package) -> SortKey {
    (0, summary.categories.first().cloned().unwrap_or_default())
}
fn by_state(summary: &Summary, package: &Package) -> SortKey {
    let at =
        package.flow(summary.kind).and_then(|flow| flow.states.iter().position(|s| s.id == summary.state));
    (at.map_or(0, |at| at as u64), String::new())
}
fn by_reporter(summary: &Summary, _: &Package) -> SortKey {
    (0, summary.reporter.clone())
}
fn by_unit(summary: &Summary, _: &Package) -> SortKey {
    (0, summary.units.first().cloned().unwrap_or_default())
}
fn by_kind(summary: &Summary, _: &Package) -> SortKey {
    (0, summary.kind.as_str().to_owned())
}

fn nth(line: &Line<'_>) -> String {
    line.no.to_string()
}
fn code(line: &Line<'_>) -> String {
    line.cell(Cell::Number)
}
fn place(line: &Line<'_>) -> String {
    line.cell(Cell::Place)
}
fn level(line: &Line<'_>) -> String {
    line.cell(Cell::Level)
}
fn category(line: &Line<'_>) -> String {
    line.cell(Cell::Category)
}
fn state(line: &Line<'_>) -> String {
    line.cell(Cell::State)
}
fn reporter(line: &Line<'_>) -> String {
    line.cell(Cell::Reporter)
}
fn unit(line: &Line<'_>) -> String {
    line.cell(Cell::Unit)
}
fn handler(line: &Line<'_>) -> String {
    line.cell(Cell::Handler)
}
fn until(line: &Line<'_>) -> String {
    line.case.handle_by.clone().unwrap_or_default()
}
/// How its most urgent limit stands, as a sign and a word.
fn lamp(line: &Line<'_>) -> String {
    let lamp = line.summary.deadline().map(|deadline| deadline.lamp(line.app.now_ms()));
    let law = line.package.law.get();
    let sign = lamp.and_then(|lamp| law.table.lamps.iter().find(|sign| sign.id == lamp));
    sign.map_or_else(String::new, |sign| format!("{} {}", sign.sign, sign.label))
}
/// The last day on which somebody looked at it while it was handled.
fn checked(line: &Line<'_>) -> String {
    let looked = line.case.timeline.iter().rev().find(|one| match &one.kind {
        LineKind::Step { action, counts, .. } => {
            *counts && matches!(action.as_str(), "start" | "progress" | RECHECK | "finish")
        }
        _ => false,
    });
    looked.map(|one| day(one.at)).unwrap_or_default()
}
fn closed(line: &Line<'_>) -> String {
    line.case.closed_at.map(day).unwrap_or_default()
}
fn result(line: &Line<'_>) -> String {
    line.case.result.clone().unwrap_or_default()
}
fn found(line: &Line<'_>) -> String {
    moment(line.summary.at)
}
fn rating(line: &Line<'_>) -> String {
    line.case.rating.as_deref().map_or_else(String::new, |id| line.package.label("rating", id).to_owned())
}

fn joined(parts: &[String], with: &str) -> String {
    parts.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(with)
}

fn more(count: usize, word: &str) -> String {
    if count == 0 { String::new() } else { format!("{count}{word}") }
}

static CASES: &[Column] = &[
    col("序号", 6.0, nth).number(),
    col("编号", 26.0, code).by(by_number),
    col("类", 6.0, |l| l.cell(Cell::Kind)).by(by_kind),
    col("等级", 14.0, level).by(by_level),
    col("事项", 34.0, |l| l.cell(Cell::Title)),
    col("类别", 22.0, category).by(by_category),
    col("地点", 26.0, place).by(by_area),
    col("来源", 14.0, |l| l.cell(Cell::Source)),
    col("上报人", 10.0, reporter).by(by_reporter),
    col("发现时间", 17.0, found).by_latest(),
    col("状态", 16.0, state).by(by_state),
    col("主责单位", 18.0, unit).by(by_unit),
    col("承办人", 10.0, handler),
    col("办理期限", 12.0, |l| l.cell(Cell::Until)),
    col("反馈", 24.0, |l| l.cell(Cell::Feedback)),
    col("销号日期", 12.0, |l| l.cell(Cell::Closed)),
];

static HAZARDS: &[Column] = &[
    col("序号", 6.0, nth).number(),
    col("编号", 26.0, code).by(by_number),
    col("发现时间", 17.0, found).by_latest(),
    col("地点", 28.0, place).by(by_area),
    col("类别/子类", 24.0, category).by(by_category),
    col("等级", 14.0, level).by(by_level),
    col("威胁户、人", 14.0, |l| {
        joined(&[more(l.count("households_exposed"), "户"), l.said("people_exposed")], "、")
    }),
    col("责任主体", 16.0, |l| joined(&[l.said("owner"), mask::name(&l.said("owner_name"))], " ")),
    col("控制措施", 24.0, |l| {
        let standing = l.column("control_measures", "measure").join("、");
        joined(&[l.said("on_spot_action"), l.said("on_spot_result"), standing], "；")
    }),
    col("整改措施", 28.0, |l| joined(&[l.said("plan_measures"), l.said("rect_result")], "；")),
    col("责任单位/人", 20.0, |l| joined(&[unit(l), handler(l)], "/")).by(by_unit),
    col("时限", 12.0, until),
    col("进度", 16.0, state).by(by_state),
    col("灯", 10.0, lamp),
    col("最后查看", 12.0, checked),
    col("复查", 14.0, |l| joined(&[l.said("recheck_at"), l.said("passed")], " ")),
    col("销号日期", 12.0, closed),
    col("反复", 8.0, |l| more(l.case.redo_count as usize, "次")),
];

static DISPUTES: &[Column] = &[
    col("序号", 6.0, nth).number(),
    col("编号", 26.0, code).by(by_number),
    col("单位（村）", 16.0, |l| crate::desk::parts::village(l.names, &l.case.area)).by(by_area),
    col("简要情况", 36.0, |l| l.case.title.clone()),
    col("类别", 22.0, category).by(by_category),
    col("规模", 12.0, |l| l.said("scale")),
    col("风险", 14.0, level).by(by_level),
    col("当事人", 20.0, |l| {
        l.column("parties", "name").iter().map(|name| mask::name(name)).collect::<Vec<_>>().join("、")
    }),
    col("涉及人数/金额", 16.0, |l| joined(&[l.said("people_count"), l.said("amount")], " / ")),
    col("责任单位", 18.0, unit).by(by_unit),
    col("责任人", 10.0, handler),
    col("化解时限", 12.0, |l| joined(&[until(l)], "")),
    col("化解方式", 12.0, |l| l.said("resolve_way")),
    col("化解情况", 30.0, |l| joined(&[l.said("success"), l.said("result_desc"), result(l)], "；")),
    col("交办督办情况", 22.0, |l| {
        joined(&[state(l), l.case.feedback.clone().unwrap_or_default()], "；")
    })
    .by(by_state),
    col("回访", 12.0, rating),
    col("销号情况", 12.0, closed),
    col("登记日期", 12.0, |l| l.case.registered_at.map(day).unwrap_or_default()).by_latest(),
];

/// Six checks of a visit; each that found a danger counts.
const CHECKS: [&str; 8] = [
    "fire_ok",
    "power_gas_ok",
    "house_ok",
    "geo_ok",
    "water_safety_ok",
    "fraud_ok",
    "family_conflict",
    "neighbor_conflict",
];

fn trouble(line: &Line<'_>) -> String {
    let said = |path: &&str| {
        let value = line.case.values.get(*path).and_then(serde_json::Value::as_str);
        matches!(value, Some("hazard" | "sign" | "happened"))
    };
    CHECKS.iter().filter(|path| said(path)).count().to_string()
}

fn change(line: &Line<'_>) -> String {
    if line.case.values.get("no_change") == Some(&serde_json::Value::Bool(true)) {
        return "无变化".to_owned();
    }
    let people = line.column("pop_events", "kind").join("、");
    joined(&[people, more(line.count("pop_events"), "项")], "，")
}

fn house(line: &Line<'_>) -> String {
    let Some(house) = line.house else { return String::new() };
    joined(&[house.number.clone(), mask::name(&house.title)], " ")
}

fn house_kinds(line: &Line<'_>) -> String {
    line.house
        .map(|house| categories(line.app, &house.area, &house.categories).join("、"))
        .unwrap_or_default()
}

static VISITS: &[Column] = &[
    col("序号", 6.0, nth).number(),
    col("日期", 17.0, found).by_latest(),
    col("村组", 20.0, |l| l.names.area(&l.case.area)).by(by_area),
    col("户（编码/户主）", 30.0, house),
    col("类别", 20.0, house_kinds),
    col("方式", 10.0, |l| l.said("mode")),
    col("目的", 18.0, |l| l.said("purposes")),
    col("见到人", 10.0, |l| l.said("met")),
    col("变化", 20.0, change),
    col("发现问题", 10.0, trouble).number(),
    col("诉求", 30.0, |l| l.column("requests", "content").join("；")),
    col("处理", 16.0, |l| l.column("requests", "handling").join("；")),
    col("走访人", 10.0, reporter).by(by_reporter),
    col("下次", 12.0, |l| l.said("next_due_override")),
];

/// What the form of a record is called.
fn form_title(line: &Line<'_>) -> String {
    line.form().map(|form| form.title.clone()).unwrap_or_default()
}

fn item(line: &Line<'_>) -> String {
    let id = line.case.values.get("item").and_then(serde_json::Value::as_str).unwrap_or_default();
    line.package.catalogue.get().item(id).map(|item| item.name.clone()).unwrap_or_default()
}

fn pictures(line: &Line<'_>) -> String {
    more(line.case.photos.values().sum(), "张")
}

static ENTRIES: &[Column] = &[
    col("序号", 6.0, nth).number(),
    col("编号", 26.0, code).by(by_number),
    col("日期", 17.0, found).by_latest(),
    col("登记什么", 16.0, form_title),
    col("事项", 20.0, item).by(by_category),
    col("村组", 20.0, |l| l.names.area(&l.case.area)).by(by_area),
    col("户（编码/户主）", 30.0, house),
    col("内容", 60.0, |l| l.told()),
    col("照片、录音", 12.0, pictures),
    col("填报人", 10.0, reporter).by(by_reporter),
];
