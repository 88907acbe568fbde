//! Warnings (HAZ-04, VISIT-05): announcing one, those that stand with what can be done about them, and those of the last
//! thirty days.

mod announce;
mod change;

use gridbook_domain::calendar::DAY_MS;
use gridbook_domain::package::{Level, Package};
use gridbook_domain::role::{Target, may};
use gridbook_domain::summary::Summary;
use gridbook_domain::warning::{ANNOUNCE, Effect, Warning};
use gridbook_log::order_by_key;
use leptos::prelude::*;

use super::table::{Col, table};
use super::words::moment;
use crate::app::{App, use_app};
use crate::ui::badge::levelled;
use crate::ui::dialog::opener;
use crate::ui::directory::{Names, use_directory};
use crate::ui::every;
use crate::ui::states::blank;

/// Past ones are shown for so long, milliseconds.
const PAST_MS: u64 = 30 * DAY_MS;

/// How often the clock is looked at, milliseconds.
const LOOK_MS: u32 = 30_000;

/// A warning with who announced it.
#[derive(Clone, PartialEq)]
struct Held {
    warning: Warning,
    by: String,
}

/// Warnings of the last thirty days that are in force somewhere in my areas, the latest first.
fn find(app: App) -> Vec<Held> {
    let (actor, today, now) = (app.actor(), app.today(), app.now_ms());
    let areas = actor.areas(today);
    let mut list: Vec<Held> = app.rows(|rows| {
        let all = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
        let held = |row: &Summary| Some(Held { warning: Warning::of_row(row)?, by: row.reporter.clone() });
        all.filter_map(held)
            .filter(|held| held.warning.ends() + PAST_MS > now)
            .filter(|held| areas.iter().any(|area| held.warning.meets(area)))
            .collect()
    });
    order_by_key(&mut list, |held| std::cmp::Reverse(held.warning.at));
    list
}

/// Whether I may change it: as far as it reaches.
fn mine(app: App, warning: &Warning) -> bool {
    let (package, actor, today) = (app.package(), app.actor(), app.today());
    let target = |area| Target::new(gridbook_domain::record::RecordKind::Warning, area, None);
    warning.areas.iter().all(|area| may(&package, &actor, ANNOUNCE, &target(area), today))
}

/// Where it is in force, in words.
fn places(names: &Names, warning: &Warning) -> String {
    let list: Vec<String> = warning.areas.iter().map(|area| names.area(area)).collect();
    list.join("、")
}

/// The colours to choose from, the least severe first.
fn levels<'p>(package: &'p Package, fits: impl Fn(&&'p Level) -> bool) -> Vec<(String, String)> {
    let words = |level: &Level| (level.id.clone(), format!("{} {}色", level.sign, level.label));
    package.levels.iter().rev().filter(fits).map(words).collect()
}

/// What it asks for, in a sentence.
fn effect_words(effect: &Effect, plain: bool) -> String {
    let point = |one: &gridbook_domain::warning::PointEffect| {
        let what = match one.every_hours {
            // Whoever is there all the time needs no rhythm.
            _ if one.watch => "要有人值守".to_owned(),
            hours if hours % 24 == 0 => format!("每 {} 天巡查一次", hours / 24),
            hours => format!("每 {hours} 小时巡查一次"),
        };
        format!("{} {} 处{what}", one.label, one.count)
    };
    let points: Vec<String> = effect.points.iter().map(point).collect();
    let points =
        if points.is_empty() { "没有点位要加密巡查".to_owned() } else { points.join("；") };
    let homes = match effect.homes {
        0 => "没有要上门的户".to_owned(),
        homes => format!("{homes} 户要上门提醒"),
    };
    // What has no level moves no patrol.
    if plain { format!("{homes}。") } else { format!("{points}；{homes}。") }
}

/// The screen.
pub fn warnings() -> AnyView {
    let (app, names) = (use_app(), use_directory());
    let list = Memo::new(move |_| find(app));
    let (announcing, change) = (RwSignal::new(false), change::Change::new());
    // One begins or ends by the clock, though nothing was written.
    let looked = RwSignal::new(0_u32);
    every(LOOK_MS, move || {
        let _ = looked.try_update(|n| *n = n.wrapping_add(1));
    });
    let sorted = Memo::new(move |_| {
        looked.track();
        let now = app.now_ms();
        let stand = |held: Held| (held.warning.stands(now), held.warning.in_force(now), held);
        list.get().into_iter().map(stand).collect::<Vec<_>>()
    });
    let rows = move |stands: bool| {
        let held = sorted.get().into_iter().filter(|(stand, ..)| *stand == stands);
        held.map(|(.., held)| held).collect::<Vec<_>>()
    };
    let standing = move || {
        let held = rows(true);
        if held.is_empty() {
            let text = "收到气象、国土、水务、林业部门的预警，或者低保、医保等政策有变化，点“发布”，手机同步后就能看到。";
            return blank("empty", "现在没有预警和政策变化", text, Vec::new());
        }
        draw(app, &names.get(), &held, Some(change))
    };
    let past = move || {
        let held = rows(false);
        (!held.is_empty()).then(|| {
            view! {
                <section class="section">
                    <div class="section-head"><h2 class="section-title">"近 30 天已结束的"</h2></div>
                    {draw(app, &names.get(), &held, None)}
                </section>
            }
        })
    };
    view! {
        <div class="page-head">
            <h1 class="page-title">"预警和政策"</h1>
            <div class="page-actions">
                {opener(announcing, "btn btn-small btn-primary", "warning-new", Some("plus"), "发布")}
            </div>
        </div>
        <div class="books" tabindex="0" role="region" aria-label="预警和政策">
            <section class="section">
                <div class="section-head"><h2 class="section-title">"正在生效和就要开始的"</h2></div>
                {standing}
            </section>
            {past}
        </div>
        {announce::dialog_for(app, announcing)}
        {change.dialogs(app)}
    }
    .into_any()
}

fn draw(app: App, names: &Names, list: &[Held], change: Option<change::Change>) -> AnyView {
    let (package, now) = (app.package(), app.now_ms());
    let line = |held: &Held| {
        let warning = &held.warning;
        let state = match (warning.lifted, change.is_some()) {
            (Some(at), _) => format!("{} 由 {} 解除", moment(at), names.person(&warning.lifted_by)),
            (None, false) => "到期结束".to_owned(),
            (None, true) if warning.in_force(now) => "生效中".to_owned(),
            (None, true) => "还没开始".to_owned(),
        };
        let by = [warning.issued_by.clone(), format!("{} 录入", names.person(&held.by))];
        let by: Vec<String> = by.into_iter().filter(|words| !words.is_empty()).collect();
        let buttons = change.filter(|_| mine(app, warning)).map(|change| change.buttons(warning));
        let plain = warning.is_plain();
        let note = if plain { warning.words(&package) } else { warning.note.clone() };
        let note = (!note.is_empty()).then(|| view! { <div class="muted">{note}</div> });
        let title = warning.title(&package);
        let title = if plain { title.into_any() } else { levelled(&warning.level, title) };
        view! {
            <tr data-testid="warning-row" data-what=warning.what.clone() data-level=warning.level.clone()>
                <td>{title}{note}</td>
                <td>{places(names, warning)}</td>
                <td>{format!("{} 至 {}", moment(warning.from), moment(warning.until))}</td>
                <td>{by.join("，")}</td>
                <td data-testid="warning-state">{state}</td>
                <td><div class="cluster">{buttons}</div></td>
            </tr>
        }
    };
    let rows = list.iter().map(line).collect_view();
    let heads = [
        Col::Text("内容"),
        Col::Text("范围"),
        Col::Text("时间"),
        Col::Text("发布"),
        Col::Text("状态"),
        Col::Act("操作"),
    ];
    table(if change.is_some() { "现有的" } else { "已结束的" }, true, &heads, rows)
}
