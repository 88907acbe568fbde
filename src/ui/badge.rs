//! Where a record is, how severe, how far: a shape and a word each.

use gridbook_domain::clock::Lamp;
use gridbook_domain::package::Package;
use gridbook_domain::summary::{Hint, Summary};
use gridbook_sync::replica::Row;
use leptos::prelude::*;

use super::format::{local, short_day, span};
use super::icon::icon;

/// Where a record is (OFF-01).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Arrival {
    /// Something has to be done about it.
    Attention,
    /// Saved here, not yet delivered.
    Pending,
    /// Not yet handed in.
    Draft,
    /// The township has it.
    Arrived,
}

impl Arrival {
    /// Of a row of the index, for the person `user`.
    pub fn of(row: &Row<Option<Summary>>, user: &str) -> Self {
        let mine = row.summary.as_ref().is_some_and(|summary| summary.reporter == user);
        let asked = row.summary.as_ref().is_some_and(|summary| {
            summary.conflict || (mine && (summary.rejected || summary.hints.contains(&Hint::Supplement)))
        });
        if row.refused.is_some() || (asked && row.unsent == 0) {
            Self::Attention
        } else if row.unsent > 0 {
            Self::Pending
        } else {
            Self::Arrived
        }
    }

    /// The word beside the shape.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Attention => "需处理",
            Self::Pending => "待同步",
            Self::Draft => "草稿",
            Self::Arrived => "已送达",
        }
    }
}

/// The badge of an arrival state.
pub fn arrival(state: Arrival) -> AnyView {
    let (class, symbol) = match state {
        Arrival::Attention => ("badge badge-attention", "attention"),
        Arrival::Pending => ("badge badge-pending", "pending"),
        Arrival::Draft => ("badge badge-draft", "draft"),
        Arrival::Arrived => ("badge badge-arrived", "arrived"),
    };
    view! { <span class=class data-testid="arrival-badge">{icon(symbol)}{state.label()}</span> }.into_any()
}

/// The shape of a level.
pub fn shape(level: &str) -> &'static str {
    match level {
        "red" => "level-red",
        "orange" => "level-orange",
        "yellow" => "level-yellow",
        _ => "level-blue",
    }
}

/// Words that name a level, with its colour and shape.
pub fn levelled(level: &str, words: String) -> AnyView {
    view! { <span class=format!("level level-{level}")>{icon(shape(level))}{words}</span> }.into_any()
}

/// A level with its shape and word; nothing for an unknown one.
pub fn level(package: &Package, id: &str) -> Option<AnyView> {
    let level = package.level(id)?;
    Some(levelled(id, format!("{} · {}", level.label, level.degree)))
}

/// The lamp of a case with its sign and words, and how long is left (domain data 4.14.2); nothing for what has no
/// limit.
pub fn lamp(package: &Package, summary: &Summary, now_ms: u64) -> Option<AnyView> {
    let deadline = summary.deadline()?;
    let lamp = deadline.lamp(now_ms);
    let class = match lamp {
        Lamp::Red => "tag tag-danger",
        Lamp::Yellow => "tag tag-warn",
        Lamp::Grey => "tag",
        Lamp::Green | Lamp::Blue => "tag tag-ok",
    };
    let sign = package.law.get().table.lamps.iter().find(|sign| sign.id == lamp)?;
    let clock = package.clock_label(deadline.clock);
    let mut words = match deadline.due {
        _ if deadline.rests.is_some_and(|until| now_ms < until) => {
            let until = deadline.rests.map(|until| local(until - 1).date());
            let until = until.map(|day| short_day(day, local(now_ms).date())).unwrap_or_default();
            format!("{} {clock}暂停，到 {until} 为止", sign.sign)
        }
        Some(due) if now_ms > due => format!("{} {clock}{} {}", sign.sign, sign.label, span(due, now_ms)),
        Some(due) => format!("{} {clock}{}，还有 {}", sign.sign, sign.label, span(now_ms, due)),
        None => format!("{} {clock}{}", sign.sign, sign.label),
    };
    if deadline.estimated {
        words.push_str("（估算）");
    }
    if summary.pause_over(now_ms) {
        words.push_str("，暂停已到期");
    }
    Some(view! { <span class=class data-testid="case-lamp" data-lamp=lamp.id()>{words}</span> }.into_any())
}

/// The reporter has to hear of a case again: soon, or late already (FLOW-11); nothing before.
pub fn to_tell(late: Option<bool>) -> Option<AnyView> {
    let (class, words) = match late? {
        true => ("tag tag-danger", "! 早该反馈了"),
        false => ("tag tag-warn", "该反馈了"),
    };
    Some(view! { <span class=class data-testid="to-tell">{words}</span> }.into_any())
}

/// A case that is marked as urgent.
pub fn urgent(summary: &Summary) -> Option<AnyView> {
    let urgent = summary.hints.contains(&Hint::Urgent);
    urgent.then(|| view! { <span class="tag tag-danger" data-testid="urgent">"! 紧急"</span> }.into_any())
}

/// Control measures have to be looked at: today, or days ago (HAZ-02); nothing before.
pub fn to_check(late_days: Option<i64>) -> Option<AnyView> {
    let (class, words) = match late_days? {
        0 => ("tag tag-warn", "今天要查看控制措施".to_owned()),
        days => ("tag tag-danger", format!("! 控制措施该看，晚 {days} 天")),
    };
    Some(view! { <span class=class data-testid="to-check">{words}</span> }.into_any())
}

/// Somebody has to be told of a red risk today, or the day is over (MED-13); nothing where all were told.
pub fn to_notify(late: Option<bool>) -> Option<AnyView> {
    let words = if late? { "! 红色风险没有告知" } else { "! 今天要告知" };
    Some(view! { <span class="tag tag-danger" data-testid="to-notify">{words}</span> }.into_any())
}

/// The state of a workflow, in words; nothing for a record without one.
pub fn state(package: &Package, id: &str) -> Option<AnyView> {
    if id.is_empty() {
        return None;
    }
    let class = match id {
        "supplement" | "redo" | "submitted" => "tag tag-warn",
        "refused" => "tag tag-danger",
        "closed" | "fed_back" | "done" => "tag tag-ok",
        "claimed" | "in_progress" | "callback" => "tag tag-info",
        "registered" | "dispatched" => "tag tag-accent",
        _ => "tag",
    };
    let label = package.state_label(id).to_owned();
    Some(view! { <span class=class data-testid="record-state">{label}</span> }.into_any())
}
