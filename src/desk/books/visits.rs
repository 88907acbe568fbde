//! Campaigns and visits by village and grid (CAT-03, VISIT-06, VISIT-11): shares of places, never of people. Beside them
//! stands who made visits (VISIT-07), by name.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Datelike;
use gridbook_domain::plan::sample::{Found, picked};
use gridbook_domain::plan::{
    Doubt, Doubtful, Fact, Trace, Walk, credits, doubtful, full_coverages, indicators, visits_by_household,
};
use gridbook_domain::record::RecordKind;
use gridbook_domain::rules::similar::{Spot, spot_of};
use gridbook_domain::share::Share;
use gridbook_domain::summary::Summary;
use gridbook_log::EntityId;
use gridbook_sheets::Table;

use super::Asked;
use super::figures::{Figures, cases, places, summaries, table, texts};
use crate::app::App;
use crate::desk::words::moment;
use crate::ui::directory::Names;

pub(super) async fn campaigns(app: App, names: &Names, asked: &Asked) -> Figures {
    let package = app.package();
    let catalogue = package.catalogue.get();
    let inside = |s: &Summary| {
        s.kind.is_report() && asked.covers(&s.area) && (asked.from..=asked.to).contains(&s.day())
    };
    let list = summaries(app, inside);
    let under = places(names, &asked.area);
    // Records by item and place.
    let mut counts: BTreeMap<(String, String), u32> = BTreeMap::new();
    let told = cases(app, &list, |_, case| {
        let item = catalogue.item_of(case.form.as_deref().unwrap_or_default(), &case.values)?;
        let place = under.iter().find(|(code, _)| case.area.starts_with(code))?;
        Some((item.id.clone(), place.0.clone()))
    })
    .await;
    for key in told {
        *counts.entry(key).or_default() += 1;
    }
    let mut rows = Vec::new();
    for campaign in &catalogue.campaigns {
        let runs = campaign.from.is_none_or(|from| from <= asked.to)
            && campaign.to.is_none_or(|to| to >= asked.from);
        if !runs {
            continue;
        }
        let item = catalogue.item(&campaign.item).map_or(campaign.item.as_str(), |item| item.name.as_str());
        for (code, name) in &under {
            let inside =
                campaign.areas.is_empty() || campaign.areas.iter().any(|area| code.starts_with(area));
            let count = counts.get(&(campaign.item.clone(), code.clone())).copied().unwrap_or(0);
            if !inside || count == 0 && campaign.target.is_none() {
                continue;
            }
            let target = campaign.target.map(|target| target.to_string()).unwrap_or_default();
            let share = campaign
                .target
                .map(|target| Share { part: count.min(target) as usize, whole: target as usize });
            rows.push(vec![
                campaign.label.clone(),
                item.to_owned(),
                name.clone(),
                count.to_string(),
                target,
                share.map(Share::words).unwrap_or_default(),
            ]);
        }
    }
    let heads =
        [("专项", 18.0), ("事项", 20.0), ("范围", 24.0), ("记录", 8.0), ("目标", 8.0), ("进度", 20.0)];
    Figures { tables: vec![texts("专项进度", &heads, rows)], ..Figures::default() }
}

/// What the columns of coverage mean, for whoever asks.
const MEANINGS: &[(&str, &str)] = &[
    ("走访覆盖率", "这段时间里见到过人的户 ÷ 范围内的户。登记当天起算，已注销、合并的户不算。"),
    ("走访及时率", "在期限内（周期的前 20% 到后 10%）完成的到期走访 ÷ 这段时间到期的走访。"),
    ("重点户月走访率", "当月见到过人的重点户 ÷ 重点户（每月至少走访一次的户）；跨几个月的，各月合计。"),
    ("走访次数", "这段时间登记的走访，没见到人的也算。"),
    ("没见到人", "这段时间去了没见到人的次数。"),
    ("平均用时", "写了用时的走访，每次平均几分钟；没写的不算，也不要求写。"),
    ("每百次带出上报", "由这段时间的走访带出的隐患、纠纷和事项，合每一百次走访几件。"),
    ("有留痕", "见面的走访里，有住处附近的定位、照片、录音、户主签字或口头同意之一的；不要求样样都有。"),
    (
        "走访人次",
        "见到人的走访，谁去的都各算一次，同行的按登记的姓名算；户和合计只算一次。按姓名排，不评比；两人同行的专门走访不在内。",
    ),
    (
        "请核对的走访",
        "几分钟里登记了许多户，或定位离住处远（已减去误差）。只供询问，不作结论，不计入任何指标。",
    ),
    (
        "走访抽查",
        "这段时间见到人的走访，每村抽百分之五、至少一次，由没去走访的人核实；没联系上的不算已查，要再联系。",
    ),
    ("上、下半年全覆盖", "半年里见到过人的户 ÷ 范围内的户。"),
];

/// Tenths as people read them; a dash where there is nothing to divide by.
fn tenths(tenths: Option<u64>, unit: &str) -> String {
    tenths.map_or_else(|| "—".to_owned(), |n| format!("{}.{}{unit}", n / 10, n % 10))
}

pub(super) async fn coverage(app: App, names: &Names, asked: &Asked) -> Figures {
    let package = app.package();
    let all = summaries(app, |s| asked.covers(&s.area));
    let visits = visits_by_household(&all);
    let period = (asked.from, asked.to);
    // A report may be written after the visit that it came from.
    let told: Vec<Summary> = all
        .iter()
        .filter(|s| match s.kind {
            RecordKind::Visit => (asked.from..=asked.to).contains(&s.day()),
            kind => kind.is_case() && s.day() >= asked.from,
        })
        .cloned()
        .collect();
    let by_id: BTreeMap<EntityId, &Summary> = told.iter().map(|row| (row.id, row)).collect();
    let (mut traces, mut walks) = (Vec::new(), Vec::new());
    let facts = cases(app, &told, |entity, case| {
        let row = by_id.get(&entity.id())?;
        traces.extend(Trace::of(row, &case));
        walks.extend(Walk::of(row, &case.values));
        Some((row.area.clone(), Fact::of(row, &case)))
    })
    .await;
    let spots = spots(app, &traces).await;
    let rules = package.visits.get().proof;
    let home = |id: EntityId| spots.get(&id).copied();
    let line = |name: String, prefix: &str| {
        let inside: Vec<&Summary> = all.iter().filter(|s| asked.zones.covers(prefix, &s.area)).collect();
        let here = facts.iter().filter(|(area, _)| asked.zones.covers(prefix, area));
        let here: Vec<Fact> = here.map(|(_, fact)| *fact).collect();
        let figures = indicators(&inside, &visits, &here, &package, period);
        let [first, second] = full_coverages(&inside, &visits, asked.to.year()).map(Share::words);
        let shares =
            [figures.coverage.visited, figures.coverage.timely, figures.key_monthly].map(Share::words);
        let counts = [
            figures.visits.to_string(),
            figures.coverage.attempts.to_string(),
            tenths(figures.average_minutes(), " 分钟"),
            tenths(figures.per_hundred(), " 件"),
        ];
        let mut shown = Share::default();
        for trace in
            traces.iter().filter(|trace| trace.could_show() && asked.zones.covers(prefix, &trace.area))
        {
            shown.count(trace.is_shown(home(trace.household), &rules));
        }
        std::iter::once(name)
            .chain(shares)
            .chain(counts)
            .chain([first, second, shown.words()])
            .collect::<Vec<_>>()
    };
    let mut rows: Vec<Vec<String>> =
        places(names, &asked.area).into_iter().map(|(code, name)| line(name, &code)).collect();
    rows.push(line("合计".to_owned(), &asked.area));
    let heads = [
        ("范围", 24.0),
        ("走访覆盖率", 20.0),
        ("走访及时率", 20.0),
        ("重点户月走访率", 20.0),
        ("走访次数", 10.0),
        ("没见到人", 10.0),
        ("平均用时", 12.0),
        ("每百次带出上报", 14.0),
        ("上半年全覆盖", 20.0),
        ("下半年全覆盖", 20.0),
        ("有留痕", 20.0),
    ];
    let tables = vec![
        texts("走访覆盖", &heads, rows),
        people(names, &walks, &all),
        reviews(names, asked, &all, rules.review_percent),
        questions(app, names, &doubtful(&traces, &rules, home)),
    ];
    Figures { tables, meanings: MEANINGS, ..Figures::default() }
}

/// What came of asking about some visits again, by place.
fn reviews(names: &Names, asked: &Asked, rows: &[Summary], percent: u32) -> Table {
    let list = picked(rows, percent, (asked.from, asked.to));
    let line = |name: String, prefix: &str| {
        let here = list.iter().filter(|one| asked.zones.covers(prefix, &one.area));
        let (mut drawn, mut found) = (Share::default(), [0_usize; 4]);
        for one in here {
            drawn.count(!one.waits());
            if let Some(at) = Found::ALL.iter().position(|known| Some(*known) == one.found) {
                found[at] += 1;
            }
        }
        std::iter::once(name).chain([drawn.words()]).chain(found.map(|n| n.to_string())).collect::<Vec<_>>()
    };
    let mut rows: Vec<Vec<String>> =
        places(names, &asked.area).into_iter().map(|(code, name)| line(name, &code)).collect();
    rows.push(line("合计".to_owned(), &asked.area));
    table("走访抽查", &["范围", "已查/抽中", "属实", "有出入", "没有来过", "没联系上"], rows)
}

/// Who made the visits that met somebody. Under the line a household and a visit count once, however many came.
fn people(names: &Names, walks: &[Walk], rows: &[Summary]) -> Table {
    let found = credits(walks, &names.people, rows);
    let line = |name: String, [alone, together]: [usize; 2], households: usize| {
        let figures = [alone + together, alone, together, households].map(|n| n.to_string());
        std::iter::once(name).chain(figures).collect::<Vec<_>>()
    };
    if found.people.is_empty() {
        return table("走访人次", &[], Vec::new());
    }
    let (visits, households) = (found.visits, found.households);
    let people =
        found.people.into_iter().map(|one| line(one.name, [one.alone, one.together], one.households));
    let rows = people.chain([line("合计（一起去的算一次）".to_owned(), visits, households)]).collect();
    table("走访人次", &["姓名", "走访", "独自", "一起", "见到的户"], rows)
}

/// Where the households of these visits live, as far as the phone's place was noted and theirs is known.
async fn spots(app: App, traces: &[Trace]) -> BTreeMap<EntityId, Spot> {
    let wanted: BTreeSet<EntityId> =
        traces.iter().filter(|trace| trace.has_place()).map(|trace| trace.household).collect();
    let mut found = BTreeMap::new();
    for id in wanted {
        if let Ok(Some(entity)) = app.entity(id).await
            && let Some(spot) = spot_of(entity.get("geo"))
        {
            found.insert(id, spot);
        }
    }
    found
}

/// Visits that somebody should ask about (VISIT-08); households by their code, for the sheet goes out of the house.
fn questions(app: App, names: &Names, found: &[Doubtful]) -> Table {
    let code = |id: &EntityId| {
        app.rows(|rows| rows.get(id)?.summary.as_ref().map(|row| row.number.clone()))
            .filter(|code| !code.is_empty())
    };
    let line = |asked: &Doubtful| {
        let (first, last) = (moment(asked.span.0), moment(asked.span.1));
        let time = if first == last { first } else { format!("{first} 到 {last}") };
        let why = match asked.doubt {
            Doubt::Rapid(count) => format!("几分钟里登记了 {count} 户的上门走访"),
            Doubt::Away(metres) => format!("定位离住处 {metres} 米"),
        };
        let homes: Vec<String> = asked.households.iter().filter_map(code).collect();
        vec![time, names.area(&asked.area), names.person(&asked.by), why, homes.join("、")]
    };
    let heads = [("走访时间", 24.0), ("网格", 24.0), ("登记人", 12.0), ("为什么问", 30.0), ("户编码", 40.0)];
    texts("请核对的走访", &heads, found.iter().map(line).collect())
}
