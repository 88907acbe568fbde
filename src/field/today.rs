//! What 今天 shows beside visits and answers: hand-overs that wait for me, households given to me, themes, points to patrol, mediation files with
//! something due. It comes with the second part of the program.

use gridbook_domain::catalogue::{campaigns, reached};
use gridbook_domain::hazard::{Season, points_due};
use gridbook_domain::record::RecordKind;
use gridbook_domain::summary::Summary;
use gridbook_log::EntityId;
use leptos::prelude::*;

use super::{handover, mediation, task};
use crate::app::App;
use crate::ui::directory::use_directory;
use crate::ui::format;
use crate::ui::live;
use crate::ui::rows::{Card, Line, cards, part, tag};

/// Points shown at once.
const POINTS: usize = 7;

pub(super) fn view(app: App) -> AnyView {
    follow_grid(app);
    view! { {handover::waiting(app)}{task::mine(app)}{themes(app)}{points(app)}{mediation::due(app)} }
        .into_any()
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
            campaigns(&package, today, area).into_iter().map(theme).collect()
        })
    });
    live(move || cards("重点工作", "home-theme", list.get()))
}

/// A point whose patrol is due.
#[derive(Clone, PartialEq)]
struct Point {
    id: EntityId,
    title: String,
    sub: String,
    words: &'static str,
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
                        (true, _) => "要有人值守",
                        (_, true) => "已过期",
                        _ => "今天到期",
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
