//! 调解补贴 (MED-15): one line a concluded file, what it brings at the township's rates, what was approved and by whom, and
//! the same by mediator.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use gridbook_domain::mediation::subsidy::{Line, line};
use gridbook_domain::mediation::{Mediation, volume};
use gridbook_domain::record::RecordKind;

use super::Asked;
use super::figures::{Figures, cases, summaries, table, texts};
use crate::app::App;
use crate::desk::words::number;
use crate::ui::directory::Names;

const HEADS: [(&str, f64); 10] = [
    ("归档日期", 12.0),
    ("编号", 26.0),
    ("案由", 30.0),
    ("主持调解员", 12.0),
    ("难易", 8.0),
    ("结果", 16.0),
    ("按标准（元）", 14.0),
    ("核定（元）", 14.0),
    ("核定人", 10.0),
    ("核定日期", 12.0),
];

const MEANINGS: &[(&str, &str)] = &[
    ("按标准", "按难易和结果，标准在“清单和日历 → 时限和补贴”里；卷宗没有归档的没有"),
    ("核定", "调委会主任在归档的卷宗里点“核定调解补贴”填的；补入材料后可以再核定，以最后一次为准"),
    ("时间", "归档的按第一次归档的日期，还没有归档的按达成协议或终止的日期"),
];

struct One {
    id: gridbook_log::EntityId,
    number: String,
    title: String,
    lead: String,
    difficulty: String,
    result: &'static str,
    line: Line,
}

pub(super) async fn ledger(app: App, names: &Names, asked: &Asked) -> Figures {
    let package = app.package();
    let rates = package.cases.get().subsidy;
    let list = summaries(app, |s| s.kind == RecordKind::Mediation && asked.covers(&s.area));
    let inside = |day: Option<NaiveDate>| day.is_some_and(|day| (asked.from..=asked.to).contains(&day));
    let mut all: Vec<One> = cases(app, &list, |entity, case| {
        let file = Mediation::of(&case);
        let line = line(&rates, entity, &file)?;
        inside(line.archived.or(line.concluded)).then(|| One {
            id: case.id,
            number: case.number.clone().unwrap_or_default(),
            title: case.title.clone(),
            lead: file.mediators().first().map(|name| (*name).to_owned()).unwrap_or_default(),
            difficulty: file.text("difficulty").to_owned(),
            result: volume::result(&file),
            line,
        })
    })
    .await;
    gridbook_log::order_by_key(&mut all, |one| (one.line.archived.is_none(), one.line.archived, one.id));
    let field = package.form("F-MEDIATION").and_then(|form| form.field("difficulty"));
    let hard = |id: &str| {
        let choices = field.map_or(&[][..], |field| package.choices(field));
        choices.iter().find(|choice| choice.id == id).map_or_else(String::new, |choice| choice.label.clone())
    };
    let day = |day: Option<NaiveDate>, none: &str| day.map_or_else(|| none.to_owned(), |day| day.to_string());
    let row = |one: &One| {
        let approved = one.line.approved.as_ref();
        vec![
            day(one.line.archived, "没有归档"),
            number(&one.number, one.id),
            one.title.clone(),
            one.lead.clone(),
            hard(&one.difficulty),
            package.label("mediation_result", one.result).to_owned(),
            one.line.due.to_string(),
            approved.map(|held| held.yuan.to_string()).unwrap_or_default(),
            approved.map(|held| names.person(&held.by)).unwrap_or_default(),
            day(approved.map(|held| held.on), ""),
        ]
    };
    let mut leads: BTreeMap<String, (u32, u64, u64)> = BTreeMap::new();
    for one in all.iter().filter(|one| one.line.archived.is_some()) {
        let sum = leads.entry(one.lead.clone()).or_default();
        sum.0 += 1;
        sum.1 += u64::from(one.line.due);
        sum.2 += one.line.approved.as_ref().map_or(0, |held| held.yuan);
    }
    let mut people: Vec<Vec<String>> = leads
        .iter()
        .map(|(name, (files, due, approved))| {
            vec![name.clone(), files.to_string(), due.to_string(), approved.to_string()]
        })
        .collect();
    let total = leads.values().fold((0, 0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1, sum.2 + one.2));
    if !people.is_empty() {
        people.push(vec!["合计".to_owned(), total.0.to_string(), total.1.to_string(), total.2.to_string()]);
    }
    let waiting = all.iter().filter(|one| one.line.archived.is_some() && one.line.approved.is_none()).count();
    let words = match (all.is_empty(), waiting) {
        (true, _) => None,
        (_, 0) => Some((true, "归档的卷宗都核定了".to_owned())),
        (_, waiting) => Some((false, format!("{waiting} 卷归档了还没有核定"))),
    };
    Figures {
        tables: vec![
            texts("调解补贴", &HEADS, all.iter().map(row).collect()),
            table("按主持调解员", &["调解员", "归档卷数", "按标准（元）", "核定（元）"], people),
        ],
        note: words,
        meanings: MEANINGS,
        ..Figures::default()
    }
}
