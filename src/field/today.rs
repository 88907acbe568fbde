//! What 今天 shows beside visits and answers: warnings, hand-overs that wait for me, parties of disputes to speak to,
//! households that nobody meets, households given to me, themes, points to patrol, mediation files with something due. It
//! comes with the second part of the program.

use gridbook_domain::catalogue::{Campaign, campaigns, reached};
use gridbook_domain::hazard::{Season, points_due};
use gridbook_domain::plan::{Contact, alerted, contacts, unmet};
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::{Target, may};
use gridbook_domain::summary::{Hint, Summary};
use gridbook_domain::warning::{Asks, Warning, standing};
use gridbook_domain::workflow::looks_after;
use gridbook_log::EntityId;
use leptos::prelude::*;

use super::{alarm, handover, home, mediation, task, zero};
use crate::app::App;
use crate::ui::badge;
use crate::ui::directory::use_directory;
use crate::ui::format;
use crate::ui::rows::{Card, Line, cards, days_left, listed, part, tag};
use crate::ui::states::{Tone, banner};
use crate::ui::{every, live};

/// How often the clock is looked at, milliseconds.
const LOOK_MS: u32 = 30_000;
/// Points shown at once.
const POINTS: usize = 7;

/// What has to be known before anything else: dangers of which I was told, and what was announced for where I work.
pub(super) fn top(app: App) -> AnyView {
    view! { {alarm::told(app)}{warnings(app)}{zero::asked_today(app)} }.into_any()
}

/// Draws all of the page anew when the clock says so.
pub(super) fn watch(app: App, over: impl Fn(u64) -> bool + 'static) {
    every(LOOK_MS, move || {
        if over(app.now_ms()) {
            app.version.update(|v| *v += 1);
        }
    });
}

/// Warnings that stand in one of my areas, with what each asks of me now (HAZ-04, VISIT-05).
fn warnings(app: App) -> AnyView {
    let list = Memo::new(move |_| {
        let (package, actor, now) = (app.package(), app.actor(), app.now_ms());
        let areas = actor.areas(app.today());
        app.rows(|rows| {
            let seen: Vec<&Summary> =
                rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref()).collect();
            let here = |warning: &Warning| areas.iter().any(|area| warning.meets(area));
            let held: Vec<Warning> = standing(seen.iter().copied(), now).into_iter().filter(here).collect();
            if held.is_empty() {
                return (Vec::new(), u64::MAX);
            }
            let asks = Asks::new(&package, &seen, now);
            let mut next = asks.next().unwrap_or(u64::MAX);
            let lines = held.iter().filter_map(|warning| {
                next = next.min(if warning.from > now { warning.from } else { warning.ends() });
                let (points, homes) = asks.of(warning, &held);
                let begins = if warning.from > now {
                    format!("{} 起，", format::when(warning.from, now))
                } else {
                    String::new()
                };
                let (end, words) = (format::when(warning.until, now), warning.words(&package));
                let text = match (warning.is_plain(), homes) {
                    // What changed concerns nobody here any more, or not yet.
                    (true, 0) => return None,
                    (true, _) => format!("{begins}{words}该上门 {homes} 户。"),
                    _ => format!("{begins}到 {end} 为止。该巡查 {points} 处，该上门 {homes} 户。{words}"),
                };
                Some((warning.title(&package), warning.level.clone(), text))
            });
            (lines.collect::<Vec<_>>(), next)
        })
    });
    // One begins or ends, or a patrol by the hour is due, though nothing was written.
    watch(app, move |now| {
        list.try_with_untracked(|(lines, next)| !lines.is_empty() && *next <= now) == Some(true)
    });
    let draw = move || {
        let one = |(title, level, text): (String, String, String)| {
            let tone = match level.as_str() {
                "red" => Tone::Danger,
                "blue" | "" => Tone::Info,
                _ => Tone::Warn,
            };
            let inside = banner(tone, badge::shape(&level), title, text, Vec::new());
            view! { <div data-testid="warning-banner" data-level=level>{inside}</div> }.into_any()
        };
        list.get().0.into_iter().map(one).collect::<Vec<_>>()
    };
    live(draw)
}

pub(super) fn view(app: App) -> AnyView {
    follow_grid(app);
    view! { {handover::waiting(app)}{mine(app)}{to_check(app)}{to_notify(app)}{to_speak(app)}{to_tell(app)}{nobody_met(app)}{task::mine(app)}{themes(app)}{points(app)}{mediation::due(app)} }
        .into_any()
}

/// Cases shown at once that wait for me.
const MINE: usize = 5;

/// Cases whose next step is mine, the nearest limit first, each with its lamp and what the limit reminds of (FLOW-09).
/// What came back to me as its reporter stands elsewhere.
fn mine(app: App) -> AnyView {
    let list = Memo::new(move |_| {
        let user = app.user();
        app.waiting(|mut found: Vec<&Summary>| {
            found.retain(|row| row.reporter != user || !row.hints.contains(&Hint::Supplement));
            let due = |row: &&Summary| row.deadline().and_then(|limit| limit.due).unwrap_or(u64::MAX);
            gridbook_log::order_by_key(&mut found, |row| (due(row), row.at));
            (found.len(), found.into_iter().take(MINE).cloned().collect::<Vec<_>>())
        })
    });
    let draw = move || {
        let (total, list) = list.get();
        (total > 0).then(|| {
            let (package, now) = (app.package(), app.now_ms());
            let rows = list.into_iter().map(|row| {
                let words = row.reminder(package.law.get(), now).unwrap_or_default();
                let parts = [package.state_label(&row.state), row.subtitle.as_str(), words];
                let sub = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
                let (href, symbol) = (format!("#/record/{}", row.id), Some(home::symbol(row.kind)));
                let end = badge::lamp(&package, &row, now);
                Line { href, test: "mine-row", symbol, title: row.title, sub, end, ..Line::default() }.draw()
            });
            let all = view! { <a href="#/records?whose=waiting" data-testid="mine-all">{format!("全部 {total} 件")}</a> };
            listed("等我办的", Some(all.into_any()), rows.collect())
        })
    };
    live(draw)
}

/// Control measures that I have to look at again today, or should have days ago (HAZ-02).
fn to_check(app: App) -> AnyView {
    let list = Memo::new(move |_| {
        let (actor, today) = (app.actor(), app.today());
        let mut found: Vec<(i64, Summary)> = app.rows(|rows| {
            let seen = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
            let due = seen.filter_map(|row| Some((row.to_check(today)?, row)));
            due.filter(|(_, row)| looks_after(&actor, row, today))
                .map(|(late, row)| (late, row.clone()))
                .collect()
        });
        gridbook_log::order_by_key(&mut found, |(late, row)| (-late, row.at));
        found
    });
    let draw = move || {
        let list = list.get();
        let rest = list.len().saturating_sub(POINTS);
        (!list.is_empty()).then(|| {
            let rows = list.into_iter().take(POINTS).map(|(late, row)| {
                let (href, symbol) = (format!("#/record/{}", row.id), Some(home::symbol(row.kind)));
                let (title, sub, end) = (row.title, row.subtitle, badge::to_check(Some(late)));
                Line { href, test: "check-row", symbol, title, sub, short: true, end, done: None }.draw()
            });
            listed("控制措施该去看了", more(rest), rows.collect())
        })
    };
    live(draw)
}

fn more(rest: usize) -> Option<AnyView> {
    (rest > 0).then(|| view! { <span class="muted">{format!("还有 {rest} 件")}</span> }.into_any())
}

/// When my grid has ended the township has given me another one (TERR-03): which one, the profile says.
fn follow_grid(app: App) {
    let directory = use_directory();
    let ended = Memo::new(move |_| {
        let (actor, today) = (app.actor(), app.today());
        directory.with(|names| actor.areas(today).into_iter().any(|area| names.past.contains(area)))
    });
    Effect::new(move |_| {
        app.version.track();
        if ended.get() {
            leptos::task::spawn_local(async move { app.refresh_profile().await });
        }
    });
}

/// 5+X: each opens its form (CAT-03).
fn themes(app: App) -> AnyView {
    let list = Memo::new(move |_| {
        let (package, today, actor) = (app.package(), app.today(), app.actor());
        let areas = actor.areas(today);
        let area = areas.first().copied().unwrap_or_default();
        if area.is_empty() {
            return Vec::new();
        }
        app.rows(|rows| {
            let theme = |campaign| {
                let seen = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
                let share = reached(&package, campaign, seen, area, today);
                let unit = if campaign.target.is_some() { "件" } else { "户" };
                let until = campaign.to.map(|to| format!(" · 到 {} 为止", format::short_day(to, today)));
                Card {
                    href: format!("#/item/{}/new", campaign.item),
                    label: campaign.label.clone(),
                    words: format!("{}/{} {unit}{}", share.part, share.whole, until.unwrap_or_default()),
                    part: share.part,
                    whole: share.whole.max(1),
                }
            };
            let offered = package.items_for(&actor, today);
            let mine = |held: &&Campaign| offered.iter().any(|item| item.id == held.item);
            campaigns(&package, today, area).into_iter().filter(mine).map(theme).collect()
        })
    });
    live(move || cards("重点工作", "home-theme", list.get()))
}

/// Disputes and files with a red risk of which somebody still has to be told today (MED-13).
fn to_notify(app: App) -> AnyView {
    owed(
        app,
        "红色风险，当天告知领导和派出所",
        "notify-row",
        |kind| if kind == RecordKind::Mediation { "mediation.file" } else { "case.comment" },
        |summary, now, _| summary.to_notify(now),
        |late| badge::to_notify(Some(late)),
    )
}

/// Disputes that I hold whose parties are spoken to again by now (MED-13).
fn to_speak(app: App) -> AnyView {
    let list = Memo::new(move |_| {
        let (package, user, today) = (app.package(), app.user(), app.today());
        app.rows(|rows| {
            let seen: Vec<&Summary> =
                rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref()).collect();
            let all = contacts(seen.iter().copied(), &package, today).into_iter();
            let mine = all.filter(|one| one.wanted() && one.holders.contains(&user));
            let named = mine.filter_map(|one| {
                let title = rows.get(&one.record)?.summary.as_ref()?.title.clone();
                Some((title, one))
            });
            named.collect::<Vec<(String, Contact)>>()
        })
    });
    let draw = move || {
        let (list, package, today) = (list.get(), app.package(), app.today());
        let rest = list.len().saturating_sub(POINTS);
        (!list.is_empty()).then(|| {
            let rows = list.into_iter().take(POINTS).map(|(title, one)| {
                let colour = package.level(&one.due.category).map_or("", |level| level.label.as_str());
                let (every, last) = (one.due.interval, format::short_day(one.last, today));
                let sub = format!("{colour}色风险，每 {every} 天联系一次 · 上次 {last}");
                let end = Some(tag("warn", days_left(one.due.days)));
                let (href, symbol) = (format!("#/record/{}", one.record), Some("phone"));
                Line { href, test: "speak-row", symbol, title, sub, end, ..Line::default() }.draw()
            });
            listed("该联系的纠纷当事人", more(rest), rows.collect())
        })
    };
    live(draw)
}

/// Cases that I or my unit handle whose reporter has to hear of them again (FLOW-11).
fn to_tell(app: App) -> AnyView {
    owed(
        app,
        "该告诉上报人了",
        "tell-row",
        |_| "case.feedback",
        |summary, now, units| {
            // What a unit has is told by the unit; what the village kept, by the village.
            let own =
                summary.units.is_empty() || summary.units.iter().any(|unit| units.contains(&unit.as_str()));
            summary.to_tell(now).filter(|_| own)
        },
        |late| badge::to_tell(Some(late)),
    )
}

/// Records that wait for something that I may do, the late ones first; `due` says whether one waits, and is late.
fn owed(
    app: App,
    title: &'static str,
    test: &'static str,
    permission: fn(RecordKind) -> &'static str,
    due: fn(&Summary, u64, &[&str]) -> Option<bool>,
    word: fn(bool) -> Option<AnyView>,
) -> AnyView {
    let list = Memo::new(move |_| {
        let (package, actor, today, now) = (app.package(), app.actor(), app.today(), app.now_ms());
        let units = actor.units(today);
        let mut found: Vec<(bool, Summary)> = app.rows(|rows| {
            let seen = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
            let owed = seen.filter_map(|summary| {
                let late = due(summary, now, &units)?;
                let target = Target {
                    units: summary.units.iter().map(String::as_str).collect(),
                    handler: summary.handler(),
                    registered: true,
                    ..Target::new(summary.kind, &summary.area, Some(&summary.reporter))
                };
                may(&package, &actor, permission(summary.kind), &target, today)
                    .then(|| (late, summary.clone()))
            });
            owed.collect()
        });
        gridbook_log::order_by_key(&mut found, |(late, summary)| (!*late, summary.at));
        found
    });
    let draw = move || {
        let list = list.get();
        let rest = list.len().saturating_sub(POINTS);
        (!list.is_empty()).then(|| {
            let rows = list
                .into_iter()
                .take(POINTS)
                .map(|(late, summary)| {
                    let (href, symbol) =
                        (format!("#/record/{}", summary.id), Some(home::symbol(summary.kind)));
                    let (title, sub, end) = (summary.title, summary.subtitle, word(late));
                    Line { href, test, symbol, title, sub, short: true, end, done: None }.draw()
                })
                .collect();
            listed(title, more(rest), rows)
        })
    };
    live(draw)
}

/// Households of my villages where three days of trying met nobody, for those who have to look (VISIT-04).
fn nobody_met(app: App) -> AnyView {
    let list = Memo::new(move |_| {
        let (package, actor, today) = (app.package(), app.actor(), app.today());
        let areas = alerted(package.visits.get(), &actor, today);
        if areas.is_empty() {
            return Vec::new();
        }
        app.rows(|rows| {
            let seen: Vec<&Summary> =
                rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref()).collect();
            unmet(seen.iter().copied(), &package, &areas, app.today())
        })
    });
    let directory = use_directory();
    let draw = move || {
        let list = list.get();
        (!list.is_empty()).then(|| {
            let today = app.today();
            let rows = list
                .into_iter()
                .filter_map(|one| {
                    let summary = app.row(one.household)?.summary?;
                    let sub = directory.with(|names| {
                        let days: Vec<String> =
                            one.days.iter().map(|day| format::short_day(*day, today)).collect();
                        let tried: Vec<String> = one.tried.iter().map(|user| names.person(user)).collect();
                        let place = names.area(&summary.area);
                        format!("{place} · {} 去过：{}", tried.join("、"), days.join("、"))
                    });
                    let end = Some(tag("warn", format!("{} 天未遇", one.days.len())));
                    let (href, symbol) = (format!("#/household/{}", one.household), Some("attention"));
                    let title = summary.title;
                    Some(Line { href, test: "unmet-row", symbol, title, sub, end, ..Line::default() }.draw())
                })
                .collect::<Vec<_>>();
            let inside = view! {
                <p class="muted">"请上门或打电话找到人；确认外出的改户情，有困难的点开这一户上报。有人走访到就自动消失。"</p>
                <ul class="rows">{rows}</ul>
            };
            part("多次上门没有遇到人".to_owned(), None, inside.into_any())
        })
    };
    live(draw)
}

/// A point whose patrol is due.
#[derive(Clone, PartialEq)]
struct Point {
    id: EntityId,
    title: String,
    sub: String,
    words: String,
    late: bool,
}

/// Points to patrol today (HAZ-04).
fn points(app: App) -> AnyView {
    let list = Memo::new(move |_| {
        let (package, now) = (app.package(), app.now_ms());
        let season = Season::usual(app.today());
        app.rows(|rows| {
            let seen: Vec<&Summary> =
                rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref()).collect();
            let any = seen.iter().any(|row| row.kind == RecordKind::Place);
            let due = points_due(&package, &seen, &season, now);
            let total = due.len();
            let lines: Vec<Point> = due
                .into_iter()
                .take(POINTS)
                .filter_map(|point| {
                    let row = rows.get(&point.place)?.summary.as_ref()?;
                    let kind = row.categories.first().map_or("", |id| package.label("point_kind", id));
                    let last = point.last.map_or_else(
                        || "还没有巡查过".to_owned(),
                        |ms| format!("上次 {}", format::when(ms, now)),
                    );
                    let words = match (point.due.watch, point.due.late) {
                        (true, _) => "要有人值守".to_owned(),
                        (_, true) => "已过期".to_owned(),
                        // Under a warning places are patrolled by the hour.
                        _ if point.due.every_hours < 24 => format!("{} 前", format::clock(point.due.at)),
                        _ => "今天到期".to_owned(),
                    };
                    let (title, sub) = (row.title.clone(), format!("{kind} · {last}"));
                    Some(Point { id: row.id, title, sub, words, late: point.due.late })
                })
                .collect();
            (any, total, lines)
        })
    });
    let draw = move || {
        let (any, total, lines) = list.get();
        any.then(|| {
            let none = lines.is_empty().then(|| view! { <p class="muted">"今天没有到期的巡查。"</p> });
            let rows = lines
                .into_iter()
                .map(|line| {
                    let end = Some(tag(if line.late { "warn" } else { "" }, line.words));
                    let (href, symbol) = (format!("#/place/{}", line.id), Some("pin"));
                    let (title, sub) = (line.title, line.sub);
                    Line { href, test: "patrol-row", symbol, title, sub, short: true, end, done: None }.draw()
                })
                .collect::<Vec<_>>();
            let all = if total > POINTS { format!("全部 {total} 处") } else { "全部点位".to_owned() };
            let all = view! { <a href="#/places">{all}</a> }.into_any();
            let inside = view! { {none}<ul class="rows">{rows}</ul> }.into_any();
            part("该巡查的点位".to_owned(), Some(all), inside)
        })
    };
    live(draw)
}
