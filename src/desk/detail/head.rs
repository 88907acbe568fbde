//! The head of a record: number, title, level and state; the seven ticks; who has it and until when.

use chrono::NaiveDate;
use gridbook_domain::admit::message_for;
use gridbook_domain::calendar::midnight;
use gridbook_domain::hazard::enforcement_due;
use gridbook_domain::package::Package;
use gridbook_domain::seven::seven;
use gridbook_domain::workflow::waited_for;
use leptos::prelude::*;

use super::record::Record;
use crate::app::use_app;
use crate::desk::words::{moment, number};
use crate::ui::again;

use crate::ui::badge::{arrival, lamp, level, state, to_check, to_notify, to_tell, urgent};
use crate::ui::directory::Names;
use crate::ui::icon::icon;
use crate::ui::states::{Tone, banner};
use crate::ui::unread;

pub(super) fn head(package: &Package, names: &Names, record: &Record) -> AnyView {
    let view = &record.view;
    let shown = number(view.number.as_deref().unwrap_or_default(), view.id);
    let tags = view_tags(package, record);
    let place = names.area(&view.area);
    view! {
        <div class="grow record-head">
            <p class="muted small mono" data-testid="detail-number">{shown}</p>
            <h2 class="record-title" data-testid="detail-title">{view.heading(package)}</h2>
            <div class="record-tags" data-testid="detail-state" data-state=view.state.clone()>
                <span class="tag">{view.kind.label()}</span>
                {tags}
                <span class="muted small">{place}</span>
            </div>
        </div>
    }
    .into_any()
}

fn view_tags(package: &Package, record: &Record) -> AnyView {
    let view = &record.view;
    let now = use_app().now_ms();
    view! {
        {view.level.as_deref().and_then(|id| level(package, id))}
        {state(package, &view.state)}
        {record.summary.as_ref().and_then(|summary| lamp(package, summary, now))}
        {record.summary.as_ref().and_then(urgent)}
        {record.summary.as_ref().and_then(|summary| to_tell(summary.to_tell(now)))}
        {record.summary.as_ref().and_then(|summary| to_check(summary.to_check(use_app().today())))}
        {record.summary.as_ref().and_then(|summary| to_notify(summary.to_notify(now)))}
        {arrival(record.arrival)}
    }
    .into_any()
}

/// 七有: what is there and what is still missing. A visit has none.
pub(super) fn seven_ticks(record: &Record) -> Option<AnyView> {
    if !record.view.kind.is_case() {
        return None;
    }
    let items = seven(&record.view)
        .into_iter()
        .map(|(have, done)| {
            let class = if done { "seven-item is-done" } else { "seven-item" };
            let said = if done { "已有" } else { "还没有" };
            view! {
                <li class=class>
                    {icon(if done { "tick" } else { "dash" })}
                    {have.label()}
                    <span class="visually-hidden">{said}</span>
                </li>
            }
        })
        .collect_view();
    Some(view! { <ol class="seven" aria-label="七有">{items}</ol> }.into_any())
}

/// Who reported it, who has it, and until when.
pub(super) fn standing(package: &Package, names: &Names, record: &Record, today: NaiveDate) -> AnyView {
    let view = &record.view;
    let mut lines: Vec<(&'static str, AnyView)> = Vec::new();
    let mut line = |label, text: String| {
        if !text.is_empty() {
            lines.push((label, text.into_any()));
        }
    };
    line("上报人", format!("{} · {}", names.person(&view.reporter), moment(view.reported_at)));
    line("中心收到", view.received_at.map(moment).unwrap_or_default());
    line("等谁办", waited_for(package, view, today).to_owned());
    line("主责单位", view.lead_unit.as_deref().map(|code| names.unit(code)).unwrap_or_default());
    line("配合单位", view.support_units.iter().map(|code| names.unit(code)).collect::<Vec<_>>().join("、"));
    line("承办人", view.handler.as_deref().map(|user| names.person(user)).unwrap_or_default());
    let paused = view.paused_until.as_deref().unwrap_or_default();
    let over = view.pause_ends().is_some_and(|end| end <= midnight(today));
    line("暂停到", if over { format!("{paused}，已到期，期限继续计算") } else { paused.to_owned() });
    line("整改到哪一步", record.stage.clone().unwrap_or_default());
    line("办理结果", view.result.clone().unwrap_or_default());
    if let Some(last) = view.told.last() {
        let way = last.channel.as_deref().map_or("应用内", |id| package.label("feedback_channel", id));
        let count = view.told.len();
        line("反馈", format!("{} · {way} · {}（共 {count} 次）", moment(last.at), last.text));
        let seen = last.seen_at.map_or_else(|| "还没有看".to_owned(), |at| format!("{} 已阅", moment(at)));
        line("上报人", seen);
    }
    line("评价", view.rating.as_deref().map(|id| package.label("rating", id).to_owned()).unwrap_or_default());
    line("重办次数", if view.redo_count > 0 { view.redo_count.to_string() } else { String::new() });
    if view.failed_rechecks > 0 {
        let due = enforcement_due(package.hazards.get(), view);
        let next = if due { "，应依次劝导、书面通知、移送执法" } else { "" };
        line("复查", format!("{} 次不通过{next}", view.failed_rechecks));
    }
    let open = package.state(&view.state).is_some_and(|state| !state.terminal);
    for (label, date) in [("认领期限", &view.respond_by), ("办理期限", &view.handle_by)] {
        if let Some(date) = date {
            lines
                .push((label, due(date, today, open && (label == "办理期限" || view.state == "dispatched"))));
        }
    }
    let refusal = record.refused.as_deref().map(|code| {
        let again = use_app().is_held(view.id).then(|| again::button(Some(view.id)));
        let title = "这台电脑上的最后一步没有被接收";
        banner(Tone::Warn, "attention", title, message_for(code), again.into_iter().collect())
    });
    view! {
        {refusal}
        {unread::told(record.unread)}
        <dl class="kv">
            {lines
                .into_iter()
                .map(|(label, text)| {
                    view! {
                        <div>
                            <dt>{label}</dt>
                            <dd>{text}</dd>
                        </div>
                    }
                })
                .collect_view()}
        </dl>
    }
    .into_any()
}

/// A deadline: the date, and how far it is, in shape and words.
fn due(date: &str, today: NaiveDate, running: bool) -> AnyView {
    let days = gridbook_domain::date::parse(date).map(|end| (end - today).num_days());
    let (class, said) = match days.filter(|_| running) {
        Some(left) if left < 0 => ("due due-over", format!("{date}，超 {} 天", -left)),
        Some(0) => ("due due-soon", format!("{date}，今天到期")),
        Some(left) if left <= 2 => ("due due-soon", format!("{date}，还有 {left} 天")),
        Some(left) => ("due", format!("{date}，还有 {left} 天")),
        None => ("due", date.to_owned()),
    };
    view! { <span class=class>{icon("clock")}{said}</span> }.into_any()
}
