//! 纠纷月报 (REP-05): the province's 19 classes, the villages, how many people were concerned.

use gridbook_domain::mediation::monthly::{Count, Found, Search, Searched, monthly};
use gridbook_domain::record::RecordKind;

use super::Asked;
use super::figures::{Figures, cases, places, summaries, table};
use crate::app::App;
use crate::ui::directory::Names;

const HEADS: [&str; 9] =
    ["类别", "排查数", "调处数", "调处率", "成功数", "成功率", "本年排查", "本年调处", "本年成功"];

const MEANINGS: &[(&str, &str)] = &[
    ("排查数", "这段时间上报的纠纷；不予受理、撤回、并案、作废的不算"),
    ("调处数", "这段时间办结、填了化解结果的纠纷，不论哪天上报"),
    ("调处率", "调处数除以排查数；办结了以前上报的，会超过百分之百"),
    ("成功率", "化解结果为成功的，除以调处数"),
    ("本年", "从结束日期那年的 1 月 1 日算起"),
    ("重大", "规模选了“重大群体性”的"),
    ("集中排查", "按“矛盾纠纷集中排查”记下的次数，一次记一条；镇里统一组织的单列一行"),
];

pub(super) async fn table_of(app: App, names: &Names, asked: &Asked) -> Figures {
    let package = app.package();
    let list = summaries(app, |s| s.kind == RecordKind::Dispute && asked.covers(&s.area));
    let found = cases(app, &list, |_, case| Found::of(&package, &case)).await;
    let searches = summaries(app, |s| asked.covers(&s.area) && Search::of(s).is_some());
    let searches: Vec<Search> = searches.iter().filter_map(Search::of).collect();
    let sum = monthly(found.iter(), searches.iter(), asked.from, asked.to);
    let classes = package.dict("dispute_class19").map_or(&[][..], |dict| &dict.options);
    let label = |class: u32| {
        let words = classes.get(class.saturating_sub(1) as usize).map_or("", |choice| choice.label.as_str());
        format!("{class} {words}")
    };
    let total = line("合计".to_owned(), &sum.total);
    let mut rows: Vec<Vec<String>> =
        sum.classes.iter().map(|(class, count)| line(label(*class), count)).collect();
    rows.push(total.clone());
    // Under a village are grids, which the table does not know.
    let named: Vec<(String, String)> =
        places(names, &asked.area).into_iter().filter(|(code, _)| code.len() == 12).collect();
    let mut villages: Vec<Vec<String>> =
        sum.by_village(&named).into_iter().map(|(name, count)| line(name, &count)).collect();
    if !villages.is_empty() {
        villages.push(total);
    }
    let mut heads = HEADS;
    heads[0] = "村";
    let bands = ["不到 50 人", "50 至 99 人", "100 至 500 人", "超过 500 人"];
    let mut people: Vec<Vec<String>> = bands
        .iter()
        .zip(sum.bands)
        .map(|(band, count)| vec![(*band).to_owned(), count.to_string()])
        .collect();
    people.push(vec!["其中重大".to_owned(), sum.major.to_string()]);
    let counted = |name: String, one: &Searched| vec![name, one.times.to_string(), one.year.to_string()];
    let mut searched: Vec<Vec<String>> =
        sum.searches.iter().map(|(code, one)| counted(names.area(code), one)).collect();
    searched.push(counted("合计".to_owned(), &sum.searched));
    Figures {
        tables: vec![
            table("纠纷排查调处月报", &HEADS, rows),
            table("各村", &heads, villages),
            table("涉及人数（本期排查）", &["人数", "件"], people),
            table("集中排查", &["村", "集中排查次数", "本年累计"], searched),
        ],
        meanings: MEANINGS,
        ..Figures::default()
    }
}

fn line(name: String, count: &Count) -> Vec<String> {
    vec![
        name,
        count.found.to_string(),
        count.settled.to_string(),
        count.settled_share().words(),
        count.success.to_string(),
        count.success_share().words(),
        count.found_year.to_string(),
        count.settled_year.to_string(),
        count.success_year.to_string(),
    ]
}
