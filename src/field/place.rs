//! 点位: places that stay dangerous. What they are, when somebody was there, and the sheet to fill in on the next patrol
//! (HAZ-04, HAZ-08, TERR-10).

use chrono::NaiveDate;
use gridbook_domain::form::Values;
use gridbook_domain::hazard::{PointDue, Season, point_due, stock};
use gridbook_domain::package::Package;
use gridbook_domain::record::RecordKind;
use gridbook_domain::summary::Summary;
use gridbook_log::{Entity, EntityId};
use leptos::prelude::*;
use serde_json::Value;

use super::household::{load, missing, named};
use super::records;
use super::screen::{Screen, Tab};
use crate::app::{App, use_app};
use crate::ui::form::household_line;
use crate::ui::format;
use crate::ui::icon::icon;
use crate::ui::router::encode;
use crate::ui::rows::{Line, listed, tag};
use crate::ui::states::{blank, loading};
use crate::ui::{largest_first, live};

pub(super) fn page(id: EntityId) -> AnyView {
    let app = use_app();
    let loaded = load(app, id);
    let draw = move || match loaded.get() {
        None => loading(4),
        // Drawn anew when the point changes, not with every synchronisation.
        Some(Ok(Some(entity))) => untrack(|| card(app, &entity)),
        Some(Ok(None)) => missing(None),
        Some(Err(words)) => missing(Some(words)),
    };
    named(id, "点位", |row| row.title.clone()).back("/places").view(live(draw))
}

fn due(app: App, id: EntityId) -> Option<PointDue> {
    let (package, now, season) = (app.package(), app.now_ms(), Season::usual(app.today()));
    app.rows(|rows| {
        let place = rows.get(&id)?.summary.as_ref()?;
        point_due(&package, rows.values().filter_map(|row| row.summary.as_ref()), place, &season, now)
    })
}

/// The sheet of a kind of point: its inspection list, else a free patrol.
fn sheet(package: &Package, kind: &str, id: EntityId) -> (String, &'static str) {
    let point = package.hazards.get().points.iter().find(|point| point.id == kind);
    match point.and_then(|point| point.list.as_deref()) {
        Some(list) => (format!("#/entry/new?form=F-INSP&place={id}&list={list}"), "按表检查"),
        None => {
            let what = package.hazards.get().patrol_of(kind);
            (format!("#/entry/new?form=F-PATROL&place={id}&patrol_kind={what}"), "开始巡查")
        }
    }
}

/// When it is patrolled next, and was last.
fn next(app: App, id: EntityId) -> Option<AnyView> {
    let now = app.now_ms();
    due(app, id).map(|point| {
        let (tone, words) = match (point.due.watch, point.due.late) {
            (true, _) => ("stat stat-danger", "要有人值守".to_owned()),
            (_, true) => ("stat stat-danger", "已过期".to_owned()),
            _ if point.due.every_hours < 24 => ("stat", format::when(point.due.at, now)),
            _ => ("stat", format::short_day(gridbook_domain::calendar::day_of(point.due.at - 1), app.today())),
        };
        let last = point.last.map_or_else(|| "还没有".to_owned(), |ms| format::when(ms, now));
        let every = match point.due.every_hours {
            hours if hours % 24 == 0 => format!("每 {} 天", hours / 24),
            hours => format!("每 {hours} 小时"),
        };
        view! {
            <div class="stats">
                <div class=tone><span class="stat-value">{words}</span><span class="stat-label">{format!("下次巡查（{every}）")}</span></div>
                <div class="stat"><span class="stat-value">{last}</span><span class="stat-label">"上次巡查"</span></div>
            </div>
        }
        .into_any()
    })
}

fn card(app: App, entity: &Entity) -> AnyView {
    let (id, package) = (entity.id(), app.package());
    let text = |path: &str| entity.text(path).unwrap_or_default().to_owned();
    let kind = text("point_kind");
    let (href, words) = sheet(&package, &kind, id);
    let line = |label: &'static str, words: String| {
        (!words.is_empty()).then(|| view! { <div><dt>{label}</dt><dd>{words}</dd></div> }.into_any())
    };
    let values = entity.values();
    let about = values.clone();
    let homes = live(move || threatened(app, &about));
    let call = [("phone", "responsible"), ("monitor_phone", "monitor")].map(|(number, who)| {
        let (phone, who) = (text(number), text(who));
        (!phone.is_empty()).then(|| {
            view! {
                <a class="btn btn-wide" href=format!("tel:{phone}")>
                    {icon("phone")}
                    <span>{who}</span>
                    <span class="nums">{format::phone(&phone)}</span>
                </a>
            }
        })
    });
    let hazard = format!(
        "#/hazard/new?place={}&address_text={}",
        encode(&text("name")),
        encode(&text("address_text"))
    );
    view! {
        <a class="btn btn-primary btn-wide" href=href data-testid="place-patrol">{icon("tick")}{words}</a>
        <a class="btn btn-wide" href=hazard data-testid="place-hazard">{icon("hazard")}"这里有隐患，直接上报"</a>
        {live(move || next(app, id))}
        <article class="card">
            <div class="card-head">
                <h2 class="card-title">"点位"</h2>
                <a class="btn btn-small" href=format!("#/record/{id}/edit") data-testid="place-edit">{icon("edit")}"改资料"</a>
            </div>
            <div class="card-body stack">
                <dl class="kv">
                    {line("类别", package.label("point_kind", &kind).to_owned())}
                    {line("地点", text("address_text"))}
                    {line("编号", text("code"))}
                    {line("哪一种", said(&package, &values, "small_kind"))}
                    {line("责任人", text("responsible"))}
                    {line("监测人", text("monitor"))}
                    {line("能安置", values.get("capacity").and_then(Value::as_i64).map_or_else(String::new, |n| format!("{n} 人")))}
                    {line("危险", text("profile"))}
                    {line("转移路线", text("route"))}
                    {line("备注", text("remark"))}
                    {line("状态", if text("status") == "closed" { "停用、消除".to_owned() } else { String::new() })}
                </dl>
                {call}
            </div>
        </article>
        {homes}
        {materials(&values, app.today())}
        {history(app, id)}
    }
    .into_any()
}

/// A choice in words.
fn said(package: &Package, values: &Values, path: &str) -> String {
    let id = values.get(path).and_then(Value::as_str).unwrap_or_default();
    let field = package.form_for(RecordKind::Place).and_then(|form| form.field(path));
    let choices = field.map_or(&[][..], |field| package.choices(field));
    choices.iter().find(|choice| choice.id == id).map_or_else(String::new, |choice| choice.label.clone())
}

/// What is kept there: how much of it, until when it is good, who has the key (TERR-10).
fn materials(values: &Values, today: NaiveDate) -> Option<AnyView> {
    let kept = stock(values);
    (!kept.is_empty()).then(|| {
        let counted = values.get("counted_on").and_then(Value::as_str);
        let counted = counted.map_or_else(|| "还没有盘点过".to_owned(), |day| format!("{day} 盘点"));
        let rows = kept
            .into_iter()
            .map(|one| {
                let (over, title) = (one.is_over(today), format!("{} {}", one.what, one.amount()));
                let sub = one.words();
                view! {
                    <li class="row" data-testid="material-row">
                        <span class="row-main"><span class="row-title">{title}</span><span class="row-sub">{sub}</span></span>
                        {over.then(|| tag("warn", "已过有效期".to_owned()))}
                    </li>
                }
                .into_any()
            })
            .collect();
        let note = view! { <span class="muted">{counted}</span> }.into_any();
        listed("物资", Some(note), rows)
    })
}

/// Households below the slope: who has to be warned.
fn threatened(app: App, values: &Values) -> Option<AnyView> {
    let homes: Vec<EntityId> = values
        .iter()
        .filter(|(path, _)| path.starts_with("threatened/") && path.ends_with("/household"))
        .filter_map(|(_, id)| EntityId::parse(id.as_str()?))
        .collect();
    let people: i64 = values
        .iter()
        .filter(|(path, _)| path.starts_with("threatened/") && path.ends_with("/people"))
        .filter_map(|(_, people)| people.as_i64())
        .sum();
    (!homes.is_empty()).then(|| {
        let title = format!("受威胁 {} 户 {people} 人", homes.len());
        let rows = homes
            .into_iter()
            .map(|id| {
                let title = household_line(app, id).unwrap_or_else(|| "本机没有这一户的资料".to_owned());
                Line { href: format!("#/household/{id}"), test: "threatened-row", title, ..Line::default() }
                    .draw()
            })
            .collect();
        listed(title, None, rows)
    })
}

/// Patrols of the point, the last first.
fn history(app: App, id: EntityId) -> AnyView {
    let name = Value::from(id.to_string());
    let found = move || {
        let about = name.as_str().unwrap_or_default();
        app.rows(|rows| {
            let here = |row: &&Summary| {
                row.kind == RecordKind::Entry && row.categories.iter().any(|held| held == about)
            };
            let list = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
            let list = largest_first(list.filter(here).collect(), |row| row.at);
            list.into_iter().take(30).map(|row| row.id).collect()
        })
    };
    view! {
        <section class="section">
            <div class="section-head"><h2 class="section-title">"巡查记录"</h2></div>
            {records::listed(app, "还没有巡查记录。", found)}
        </section>
    }
    .into_any()
}

/// Every point of the own area.
pub(super) fn list() -> AnyView {
    let app = use_app();
    let points = Memo::new(move |_| {
        let package = app.package();
        app.rows(|rows| {
            let points = rows
                .values()
                .filter(|row| row.visible())
                .filter_map(|row| row.summary.as_ref())
                .filter(|summary| summary.kind == RecordKind::Place);
            points
                .map(|point| {
                    let kind =
                        point.categories.first().map_or("", |id| package.label("point_kind", id)).to_owned();
                    let sub = format!("{kind} · {}", point.subtitle);
                    (point.id, point.title.clone(), sub, point.state == "closed")
                })
                .collect::<Vec<_>>()
        })
    });
    let draw = move || {
        let one = |(id, title, sub, closed): (EntityId, String, String, bool)| {
            let end = closed.then(|| tag("", "停用"));
            let (href, symbol) = (format!("#/place/{id}"), Some("pin"));
            Line { href, test: "place-row", symbol, title, sub, end, ..Line::default() }.draw()
        };
        let rows: Vec<AnyView> = points.get().into_iter().map(one).collect();
        if rows.is_empty() {
            let new = view! { <a class="btn btn-primary" href="#/place/new">"登记一处"</a> }.into_any();
            let text = "地灾点、山塘、九小场所登记在这里，到了该巡查的日子会出现在今天。";
            return blank("empty", "还没有点位", text, vec![new]);
        }
        view! { <ul class="rows">{rows}</ul> }.into_any()
    };
    let add = view! {
        <a class="appbar-action" href="#/place/new" aria-label="登记点位" data-testid="place-new">{icon("plus")}</a>
    };
    Screen::new("点位").back("/").tab(Tab::Home).action(add.into_any()).view(live(draw))
}
