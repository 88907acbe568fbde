//! What 今天 ends with: closed cases to look back at, and whom to visit. It comes with the second part of the program.

use gridbook_domain::household::category;
use gridbook_domain::plan::task::list_of;
use gridbook_domain::plan::{DueState, Season};
use gridbook_domain::rules::look_back::{Owed, owed};
use gridbook_domain::summary::Summary;
use gridbook_log::EntityId;
use leptos::prelude::*;

use super::home::symbol;
use crate::app::App;
use crate::ui::live;
use crate::ui::rows::{Line, days_left, listed, part, tag};
use crate::ui::states::blank;

/// Lines shown at once.
const DUE: usize = 20;

pub(super) fn view(app: App) -> AnyView {
    view! { {look_backs(app)}{due(app)} }.into_any()
}

/// Closed cases to look back at: who closes a danger looks again after a month and after three (FLOW-14).
fn look_backs(app: App) -> AnyView {
    let list = Memo::new(move |_| {
        let (package, actor, today) = (app.package(), app.actor(), app.today());
        app.rows(|rows| {
            let shown = || rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
            let list = owed(&package, &actor, shown(), today);
            let line =
                |one: Owed| rows.get(&one.id).and_then(|row| row.summary.clone()).map(|row| (one, row));
            list.into_iter().filter_map(line).take(DUE).collect::<Vec<_>>()
        })
    });
    let draw = move || {
        let (found, today) = (list.get(), app.today());
        (!found.is_empty()).then(|| {
            let rows = found
                .into_iter()
                .map(|(one, summary)| {
                    let words = match (one.due - today).num_days() {
                        0 => "今天".to_owned(),
                        days if days < 0 => format!("超 {} 天", -days),
                        days => format!("还有 {days} 天"),
                    };
                    let end = Some(tag(if one.late { "warn" } else { "" }, words));
                    let (href, symbol) = (format!("#/record/{}", summary.id), Some(symbol(summary.kind)));
                    let (title, sub) = (summary.title, summary.subtitle);
                    Line { href, test: "look-back-row", symbol, title, sub, short: true, end, done: None }
                        .draw()
                })
                .collect();
            listed("该回头看的", None, rows)
        })
    };
    live(draw)
}

/// A household that is due.
#[derive(Clone, PartialEq)]
struct DueLine {
    id: EntityId,
    title: String,
    sub: String,
    words: String,
    over: bool,
}

fn due(app: App) -> AnyView {
    let list = Memo::new(move |_| {
        let package = app.package();
        let (today, actor) = (app.today(), app.actor());
        app.rows(|rows| {
            let summaries: Vec<&Summary> =
                rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref()).collect();
            let (user, season) = (app.user(), Season::at(app.now_ms()));
            let due = list_of(&summaries, &package, &user, today, season);
            let total = due.len();
            let lines = due
                .into_iter()
                .take(DUE)
                .filter_map(|row| {
                    let summary = rows.get(&row.household)?.summary.as_ref()?;
                    let over = row.due.state == DueState::Overdue;
                    let words = days_left(row.due.days);
                    let category = category::shown(
                        &package,
                        &actor,
                        &summary.area,
                        std::slice::from_ref(&row.due.category),
                        today,
                    );
                    let category = category.first().map(|c| c.label.clone()).unwrap_or_default();
                    let why = row.why.unwrap_or(category);
                    let tried = match row.attempts.days {
                        0 => String::new(),
                        _ if row.attempts.alert => {
                            format!(" · {} 天未遇，网格长会收到提醒", row.attempts.days)
                        }
                        days => format!(" · {days} 次未遇"),
                    };
                    let sub = format!("{} · {why}{tried}", summary.subtitle);
                    Some(DueLine { id: summary.id, title: summary.title.clone(), sub, words, over })
                })
                .collect::<Vec<_>>();
            (total, lines)
        })
    });
    let draw = move || {
        let (total, lines) = list.get();
        let rows = lines
            .into_iter()
            .map(|line| {
                let end = Some(tag(if line.over { "warn" } else { "" }, line.words));
                let (href, title, sub) = (format!("#/household/{}", line.id), line.title, line.sub);
                Line { href, test: "due-row", title, sub, short: true, end, ..Line::default() }.draw()
            })
            .collect::<Vec<_>>();
        let inside = if total == 0 {
            let text = "到了该走访的日子会列在这里。首次登录后，户的资料要等同步完才有。";
            view! { <div class="card">{blank("done", "今天没有到期的走访", text, Vec::new())}</div> }
                .into_any()
        } else {
            view! { <ul class="rows">{rows}</ul> }.into_any()
        };
        let (href, words) = if total > DUE {
            ("#/households?due=1", format!("全部 {total} 户"))
        } else {
            ("#/households?due=week", "本周、本月".to_owned())
        };
        let all = view! { <a href=href data-testid="home-plan">{words}</a> }.into_any();
        part("该走访的户".to_owned(), Some(all), inside)
    };
    live(draw)
}
