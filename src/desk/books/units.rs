//! How handling units kept their limits, what they gave back, and how people rated it (FLOW-06, FLOW-12): a line for each
//! unit in the order of their codes. Nothing here is about single people.

use gridbook_domain::calendar::{DAY_MS, midnight};
use gridbook_domain::clock::{Lamp, UnitLine, by_unit, read, unit_lamp};
use gridbook_domain::rules::supervise::late_within;
use gridbook_domain::share::Share;
use gridbook_domain::summary::Summary;

use super::Asked;
use super::figures::{Figures, cases, summaries, texts};
use crate::app::App;
use crate::ui::directory::Names;

const MEANINGS: &[(&str, &str)] = &[
    (
        "超期件数",
        "这段时间里，在这个单位手里过了期限的事项；一件只算一次，暂停的时间不算。一件在几个单位手里都超期，各单位各算一次，合计只算一次。",
    ),
    (
        "灯",
        "看现在还没办完的事项，与选的时间无关：超期的占一成以上是红，有超期但不到一成是黄，没有超期的取其中最差的一件。",
    ),
];

pub(super) async fn units(app: App, names: &Names, asked: &Asked) -> Figures {
    let package = app.package();
    let wanted = |s: &Summary| s.kind.is_case() && asked.covers(&s.area);
    let list = summaries(app, wanted);
    let held = cases(app, &list, |entity, case| Some((case, read(&package, entity)))).await;
    let period = (midnight(asked.from), midnight(asked.to) + DAY_MS);
    let mut lines = by_unit(held.iter().map(|(case, clocks)| (case, clocks)), period.0, period.1);
    // The total stands last, as in the other tables.
    if !lines.is_empty() {
        lines.rotate_left(1);
    }
    let until = period.1.min(app.now_ms());
    let late = |unit: &str| {
        let passed = held.iter().filter(|(case, clocks)| late_within(case, clocks, unit, period.0, until));
        passed.count()
    };
    // A case that was late at two units is one case.
    let late_words = |unit: &str| {
        let count = late(unit);
        if !unit.is_empty() {
            return count.to_string();
        }
        let single = lines.iter().filter(|line| !line.unit.is_empty());
        let each: usize = single.map(|line| late(&line.unit)).sum();
        if each == count { count.to_string() } else { format!("{count}（各单位相加 {each}）") }
    };
    let faults = |line: &UnitLine| {
        let told = line.faults.iter().map(|(kind, n)| format!("{} {n}", package.label("fault_kind", kind)));
        told.collect::<Vec<_>>().join("、")
    };
    // How a unit stands now: the lamps of what it still has (domain data 4.14.2).
    let (law, now) = (package.law.get(), app.now_ms());
    let lamp = |unit: &str| {
        let open = held.iter().filter(|(case, _)| {
            case.lead_unit.as_deref() == Some(unit)
                && package.state(&case.state).is_some_and(|state| !state.terminal)
        });
        let lamps: Vec<Lamp> = open.filter_map(|(_, clocks)| Some(clocks.deadline(law)?.lamp(now))).collect();
        unit_lamp(&lamps)
    };
    let lamp_words = |unit: &str| {
        let sign = lamp(unit).and_then(|lamp| law.table.lamps.iter().find(|sign| sign.id == lamp));
        sign.map_or_else(String::new, |sign| format!("{} {}", sign.sign, sign.label))
    };
    let row = |line: &UnitLine| {
        let name = if line.unit.is_empty() { "合计".to_owned() } else { names.unit(&line.unit) };
        let rates = &line.rates;
        let given = [name, lamp_words(&line.unit), line.given.to_string(), late_words(&line.unit)];
        let shares = [
            rates.response,
            rates.timely_response,
            rates.on_time,
            rates.overtime,
            line.returned,
            line.redone,
            line.called_back,
            line.satisfied,
        ];
        let shares = shares.map(Share::words);
        given.into_iter().chain(shares).chain([faults(line)]).collect::<Vec<_>>()
    };
    let heard = |line: &&UnitLine| {
        let rates = &line.rates;
        let wholes = [rates.response, rates.on_time, rates.overtime, line.redone, line.called_back];
        line.given > 0
            || lamp(&line.unit).is_some()
            || late(&line.unit) > 0
            || !line.faults.is_empty()
            || wholes.iter().any(|share| share.whole > 0)
    };
    let rows = lines.iter().filter(heard).map(row).collect();
    let heads = [
        ("单位", 18.0),
        ("灯", 14.0),
        ("收到", 8.0),
        ("超期件数", 8.0),
        ("响应率", 18.0),
        ("及时响应率", 18.0),
        ("按期办结率", 18.0),
        ("超时率", 18.0),
        ("退件率", 18.0),
        ("重办率", 18.0),
        ("回访率", 18.0),
        ("满意率", 18.0),
        ("过错", 24.0),
    ];
    Figures { tables: vec![texts("承办单位", &heads, rows)], meanings: MEANINGS, ..Figures::default() }
}
