//! The ledger of hazards in figures: what came, what left, what is still there (HAZ-03); and places that are patrolled.

use std::collections::BTreeMap;

use gridbook_domain::case::strips;
use gridbook_domain::hazard::{Balance, OpenSpan, balance as reckon, points as places_of, spans};
use gridbook_domain::record::RecordKind;
use gridbook_domain::warning::standing;
use gridbook_log::BlobRef;

use super::Asked;
use super::figures::{Figures, Pair, cases, places, summaries, table, texts};
use crate::app::App;
use crate::desk::words::day;
use crate::ui::directory::Names;

/// Pictures shown at once.
const PAIRS: usize = 12;

struct Hazard {
    area: String,
    level: String,
    spans: Vec<OpenSpan>,
}

pub(super) async fn balance(app: App, names: &Names, asked: &Asked) -> Figures {
    let package = app.package();
    let wanted =
        |s: &gridbook_domain::summary::Summary| s.kind == RecordKind::Hazard && asked.covers(&s.area);
    let mut pairs = Vec::new();
    let list = summaries(app, wanted);
    let hazards = cases(app, &list, |entity, case| {
        let found = spans(&package, &case);
        let picture = |role: &str| {
            entity
                .blobs()
                .iter()
                .map(|(_, blob)| blob)
                .rfind(|b| b.role == role && b.mime.starts_with("image/"))
                .cloned()
        };
        let left = found.iter().any(|span| span.to.is_some_and(|to| (asked.from..=asked.to).contains(&to)));
        if let (true, Some(before), Some(after)) = (left, picture("photo_before"), picture("photo_after")) {
            let lines = strips(entity, &case, |code| names.area(code));
            let lined = |blob: BlobRef| {
                let line = lines.get(&blob.sha256).cloned();
                (blob, line)
            };
            let (before, after) = (lined(before), lined(after));
            pairs.push(Pair { id: case.id, title: case.title.clone(), before, after });
        }
        Some(Hazard { area: case.area, level: case.level.unwrap_or_default(), spans: found })
    })
    .await;
    pairs.truncate(PAIRS);
    let period = (asked.from, asked.to);
    let of = |key: &dyn Fn(&Hazard) -> Option<String>| -> BTreeMap<String, Balance> {
        let keyed: Vec<(String, &Hazard)> = hazards.iter().filter_map(|h| Some((key(h)?, h))).collect();
        reckon(keyed.iter().map(|(key, hazard)| (key.as_str(), hazard.spans.as_slice())), period)
    };
    let line = |name: String, sum: Balance| {
        let figures = [sum.opening, sum.new, sum.closed, sum.remaining];
        std::iter::once(name).chain(figures.iter().map(usize::to_string)).collect::<Vec<_>>()
    };
    let by_level = of(&|hazard| Some(hazard.level.clone()));
    let all = by_level.get("").copied().unwrap_or_default();
    let mut rows: Vec<Vec<String>> = package
        .levels
        .iter()
        .map(|level| {
            let sum = by_level.get(&level.id).copied().unwrap_or_default();
            line(format!("{} {} · {}", level.sign, level.label, level.degree), sum)
        })
        .collect();
    rows.push(line("合计".to_owned(), all));
    let heads = ["等级", "期初", "新增", "销号", "期末"];
    let levels = table("按等级", &heads, rows);
    let under = places(names, &asked.area);
    let by_place = of(&|hazard| {
        under.iter().find(|(code, _)| hazard.area.starts_with(code)).map(|(code, _)| code.clone())
    });
    let rows = under
        .into_iter()
        .map(|(code, name)| line(name, by_place.get(&code).copied().unwrap_or_default()))
        .filter(|row| row.iter().skip(1).any(|figure| figure != "0"))
        .collect();
    let areas = table("按村和网格", &["范围", "期初", "新增", "销号", "期末"], rows);
    let note = if all.holds() {
        format!(
            "账是平的：期初 {} ＋ 新增 {} － 销号 {} ＝ 期末 {}。",
            all.opening, all.new, all.closed, all.remaining
        )
    } else {
        "账不平，请核对有没有时间写错的销号，并告诉管理员。".to_owned()
    };
    Figures { tables: vec![levels, areas], note: Some((all.holds(), note)), pairs, ..Figures::default() }
}

pub(super) async fn points(app: App, names: &Names, asked: &Asked) -> Figures {
    let package = app.package();
    let wanted = |s: &gridbook_domain::summary::Summary| s.kind == RecordKind::Entry && asked.covers(&s.area);
    let list = summaries(app, wanted);
    let patrols = cases(app, &list, |_, case| {
        let sheet = |form: &str| matches!(form.split('/').next(), Some("F-PATROL" | "F-INSP"));
        case.form.as_deref().is_some_and(sheet).then_some(case)
    })
    .await;
    let places = summaries(app, |s| s.kind == RecordKind::Place && asked.covers(&s.area));
    let warnings = standing(&summaries(app, |s| s.kind == RecordKind::Warning), app.now_ms());
    let found = places_of(&package, &places, &patrols, &warnings, (asked.from, asked.to), app.now_ms());
    let late = found.iter().filter(|point| point.due.is_some_and(|due| due.late)).count();
    let rows = found
        .iter()
        .map(|point| {
            let state = match point.due {
                None => "这个季节不巡".to_owned(),
                Some(due) if due.watch => "! 要有人值守".to_owned(),
                Some(due) if due.late => "! 已过期".to_owned(),
                Some(_) => "✓ 按期".to_owned(),
            };
            let every = point.due.map_or_else(String::new, |due| match due.every_hours {
                hours if hours % 24 == 0 => format!("{} 天", hours / 24),
                hours => format!("{hours} 小时"),
            });
            vec![
                point.place.clone(),
                point.kind.label.clone(),
                names.area(&point.area),
                every,
                point.last.map_or_else(|| "还没有".to_owned(), day),
                point.due.map(|due| day(due.at.saturating_sub(1))).unwrap_or_default(),
                point.made.words(),
                point.abnormal.to_string(),
                state,
            ]
        })
        .collect();
    let heads = [
        ("点位", 26.0),
        ("类型", 14.0),
        ("所在网格", 22.0),
        ("多久一次", 10.0),
        ("最近巡查", 12.0),
        ("下次不晚于", 12.0),
        ("本期完成", 18.0),
        ("发现异常", 10.0),
        ("状态", 12.0),
    ];
    let note = (!found.is_empty()).then(|| (late == 0, format!("{} 个点位，{late} 个已过期。", found.len())));
    Figures { tables: vec![texts("巡查点位", &heads, rows)], note, ..Figures::default() }
}
