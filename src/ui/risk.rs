//! The risk of a dispute and its file, on phone and desk (MED-13): who has to be told today, who was told, and which steps
//! were taken without a fresh look; and when its parties are spoken to again.

use gridbook_domain::case::{CaseView, FOLLOWED};
use gridbook_domain::mediation::risk::{has_risk, to_notify, unassessed};
use gridbook_domain::mediation::track::report_by;
use gridbook_domain::package::Package;
use gridbook_domain::plan::{DueState, contact_of};
use gridbook_domain::summary::Summary;
use leptos::prelude::*;

use super::directory::Names;
use super::rows::{Line, listed, tag};
use super::states::{Tone, banner};
use super::{format, live};
use crate::app::App;

/// What must not be overlooked about its risk; nothing for records without one.
pub fn notes(package: &Package, case: &CaseView, now_ms: u64) -> Vec<AnyView> {
    let mut notes = Vec::new();
    if !has_risk(case.kind) {
        return notes;
    }
    if let Some(by) = report_by(case) {
        let late = if by < now_ms { "，一小时已过" } else { "" };
        let title = format!("五人以上的纠纷，一小时内报告镇里{late}");
        let text = "这一件还没有送到镇里，请马上打电话报告；送到以后镇里自己看得到。劝大家推选代表来谈。";
        notes.push(banner(Tone::Danger, "phone", title, text, Vec::new()));
    }
    if let Some((left, due)) = to_notify(package, case) {
        let who: Vec<&str> = left.into_iter().map(|body| package.label("risk_body", body)).collect();
        let title = if due < now_ms {
            "红色风险：当天没有告知"
        } else {
            "红色风险：今天就要告知"
        };
        let rule = package.risk.iter().find(|rule| Some(&rule.level) == case.level.as_ref());
        let effect = rule.map_or("", |rule| rule.effect.as_str());
        let text = format!(
            "还没有告知：{}。先打电话，再点“红色风险告知”记下谁、何时、怎样。{effect}。",
            who.join("、")
        );
        notes.push(banner(Tone::Danger, "attention", title, text, Vec::new()));
    }
    let steps = unassessed(package, case);
    if !steps.is_empty() {
        let steps: Vec<&str> =
            steps.into_iter().map(|step| package.label("mediation_step", step.id())).collect();
        let text = format!("{}。点“重新评估风险”，按清单再看一遍。", steps.join("、"));
        notes.push(banner(Tone::Warn, "warn", "这几步没有重新评估风险", text, Vec::new()));
    }
    let flow = package.flow(case.kind).filter(|_| !case.risk.since.is_empty() && case.kind.is_case());
    let over = package.state(&case.state).is_none_or(|state| state.terminal);
    if let (Some(flow), false) = (flow, over) {
        let step = |action: &String| flow.actions(action).next().map(|step| step.done_label.clone());
        let gone: Vec<String> = case.risk.since.iter().filter_map(step).collect();
        let text = format!("上次评估以后：{}。点“重新评估风险”，按清单再看一遍。", gone.join("、"));
        notes.push(banner(Tone::Warn, "warn", "这几步没有重新评估风险", text, Vec::new()));
    }
    notes
}

/// When its parties are spoken to again, as often as the colour of the risk asks for; `writes` adds the way to write a
/// follow-up down.
pub fn contact(app: App, case: &CaseView, writes: bool) -> Option<AnyView> {
    let id = case.id;
    let flow =
        app.package().flow(case.kind).and_then(|flow| flow.transition(FOLLOWED, &case.state).map(|_| ()));
    let href = flow
        .filter(|()| writes)
        .map(|()| format!("#/item/mediation_assist/new?parent={id}&target_record={id}"));
    if !has_risk(case.kind) {
        return None;
    }
    // Drawn anew only when the answer changes: any row of the township is a reason to look.
    let found = Memo::new(move |_| {
        let (package, today) = (app.package(), app.today());
        app.rows(|rows| {
            let seen: Vec<&Summary> =
                rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref()).collect();
            contact_of(seen.iter().copied(), &package, today, id)
        })
    });
    let draw = move || {
        let one = found.get()?;
        let (package, today) = (app.package(), app.today());
        let title = match one.due.state {
            DueState::Overdue => format!("该联系当事人了，已晚 {} 天", -one.due.days),
            DueState::Due => "该联系当事人了".to_owned(),
            _ => format!("下次联系当事人：{} 前", format::short_day(one.due.next?, today)),
        };
        let colour = package.level(&one.due.category).map_or("", |level| level.label.as_str());
        let (every, last) = (one.due.interval, format::short_day(one.last, today));
        let text =
            format!("{colour}色风险，每 {every} 天至少联系一次，上次 {last}。走访、回访、调解谈话都算。");
        let way = href.clone().map(|href| {
            view! { <a class="btn btn-small" href=href data-testid="contact-write">"记一次联系"</a> }
                .into_any()
        });
        let tone = if one.wanted() { Tone::Warn } else { Tone::Info };
        let inside = banner(tone, "phone", title, text, way.into_iter().collect());
        Some(view! { <div data-testid="contact-due">{inside}</div> }.into_any())
    };
    Some(live(draw))
}

/// Who was told of a high risk, when and how.
pub fn told(package: &Package, names: &Names, case: &CaseView) -> Option<AnyView> {
    if case.risk.notices.is_empty() {
        return None;
    }
    let rows = case
        .risk
        .notices
        .iter()
        .map(|notice| {
            let title = format!("{} {}", package.label("risk_body", &notice.body), notice.person);
            let when = format::shown_time(&notice.told_at).replace('T', " ");
            let sub = format!("{when} · {} 记", names.person(&notice.by));
            let end = Some(tag("ok", package.label("notice_way", &notice.way)));
            Line { test: "risk-told", title, sub, end, ..Line::default() }.draw()
        })
        .collect();
    Some(listed("红色风险告知了谁", None, rows))
}
