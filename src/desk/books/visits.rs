//! Campaigns and visits by village and grid (CAT-03, VISIT-06, VISIT-11): shares of places, never of people.

use std::collections::BTreeMap;

use chrono::Datelike;
use gridbook_domain::plan::{coverage as reckon, full_coverages, visits_by_household};
use gridbook_domain::share::Share;
use gridbook_domain::summary::Summary;

use super::Asked;
use super::figures::{Figures, cases, places, summaries, texts};
use crate::app::App;
use crate::ui::directory::Names;

pub(super) async fn campaigns(app: App, names: &Names, asked: &Asked) -> Figures {
    let package = app.package();
    let catalogue = package.catalogue.get();
    let inside = |s: &Summary| {
        s.kind.is_report() && s.area.starts_with(&asked.area) && (asked.from..=asked.to).contains(&s.day())
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

pub(super) fn coverage(app: App, names: &Names, asked: &Asked) -> Figures {
    let package = app.package();
    let all = summaries(app, |s| s.area.starts_with(&asked.area));
    let visits = visits_by_household(&all);
    let period = (asked.from, asked.to);
    let line = |name: String, prefix: &str| {
        let inside: Vec<&Summary> = all.iter().filter(|s| s.area.starts_with(prefix)).collect();
        let figures = reckon(inside.iter().copied(), &visits, &package, period);
        let [first, second] = full_coverages(&inside, &visits, asked.to.year());
        let told = [figures.visited, figures.timely, figures.key].map(Share::words);
        let attempts = figures.attempts.to_string();
        let halves = [first, second].map(Share::words);
        std::iter::once(name).chain(told).chain([attempts]).chain(halves).collect::<Vec<_>>()
    };
    let mut rows: Vec<Vec<String>> =
        places(names, &asked.area).into_iter().map(|(code, name)| line(name, &code)).collect();
    rows.push(line("合计".to_owned(), &asked.area));
    let heads = [
        ("范围", 24.0),
        ("走访覆盖率", 20.0),
        ("走访及时率", 20.0),
        ("重点户走访率", 20.0),
        ("没见到人", 10.0),
        ("上半年全覆盖", 20.0),
        ("下半年全覆盖", 20.0),
    ];
    Figures { tables: vec![texts("走访覆盖", &heads, rows)], ..Figures::default() }
}
