//! The history of a record, in plain words.

use gridbook_domain::admit::message_for;
use gridbook_domain::case::{CaseView, LineKind, Said};
use gridbook_domain::form::Form;
use gridbook_domain::package::Package;
use gridbook_domain::workflow::STAYS;
use gridbook_log::EntityId;
use leptos::prelude::*;

use super::directory::Names;
use super::format;
use super::way::line_words;
use crate::app::use_app;

/// What happened, oldest first.
pub fn timeline(package: &Package, names: &Names, case: &CaseView, said: &Said, now_ms: u64) -> AnyView {
    let form = package.form_of(case.form.as_deref(), case.kind);
    let last = case.timeline.len().saturating_sub(1);
    let items = case
        .timeline
        .iter()
        .enumerate()
        .map(|(n, line)| {
            let (title, mut tone) = words(package, form, case, &line.kind);
            let mut text: Vec<String> = Vec::new();
            if let Some(reason) = &line.reason {
                text.push(reason_label(package, reason));
            }
            text.extend(line.text.clone());
            if let Some(code) = &line.refused {
                tone = "problem";
                text.push(format!("没有被接收：{}", message_for(code)));
            }
            if n == last && tone == "done" {
                tone = "now";
            }
            let first = (!text.is_empty()).then(|| text.join("："));
            let answers = line.answers(said, package, case.kind, |said| named(names, said));
            let text = first
                .into_iter()
                .chain(answers)
                .map(|said| view! { <p class="timeline-text">{said}</p> })
                .collect_view();
            let arrived = match line.received_at {
                Some(at) => format!(" · {} 收到", format::when(at, now_ms)),
                None => String::new(),
            };
            let step = line_words(package, case, &line.kind);
            let by = format!(
                "{} · {}{arrived}{step}",
                line.author(package, &names.person(&line.user)),
                format::when(line.at, now_ms)
            );
            view! {
                <li class="timeline-item" data-tone=tone>
                    <p class="timeline-title">{title}</p>
                    {text}
                    <p class="timeline-by">{by}</p>
                </li>
            }
            .into_any()
        })
        .collect_view();
    view! { <ol class="timeline" data-testid="timeline">{items}</ol> }.into_any()
}

/// Who an account is, or what the record of an id is called.
pub fn named(names: &Names, said: &str) -> String {
    let row = EntityId::parse(said).and_then(|id| untrack(|| use_app().row(id))?.summary);
    row.map_or_else(|| names.person(said), |row| format!("{} {}", row.number, row.title).trim().to_owned())
}

fn words(package: &Package, form: Option<&Form>, case: &CaseView, kind: &LineKind) -> (String, &'static str) {
    match kind {
        LineKind::Created => (if case.kind.is_case() { "已上报" } else { "已记录" }.to_owned(), "done"),
        LineKind::Step { action, from, to, counts } => {
            let flow = package.flow(case.kind);
            let step = flow.and_then(|flow| flow.told(action, from, to));
            let label = step.map_or_else(|| action.clone(), |step| step.done_label.clone());
            match (counts, action.as_str()) {
                (false, _) => (format!("{label}（来晚了，留作备注）"), "note"),
                (true, "ask_supplement" | "refuse" | "dissatisfied" | "return_unit" | "reject_finish") => {
                    (label, "problem")
                }
                (true, _) if step.is_some_and(|step| step.to == STAYS) => (label, "note"),
                (true, "progress") => (label, "note"),
                (true, _) => (label, "done"),
            }
        }
        LineKind::Corrected(paths) => {
            let mut labels: Vec<&str> = Vec::new();
            for path in paths {
                let label = form.and_then(|form| form.field(path)).map(|field| field.label.as_str());
                if let Some(label) = label.filter(|label| !labels.contains(label)) {
                    labels.push(label);
                }
            }
            let title = if labels.is_empty() {
                "更正".to_owned()
            } else {
                format!("更正了{}", labels.join("、"))
            };
            (title, "note")
        }
    }
}

/// Words for a reason, whichever step it belongs to.
fn reason_label(package: &Package, id: &str) -> String {
    let dicts = [
        "supplement_reason",
        "refuse_reason",
        "return_reason",
        "waive_reason",
        "not_close_reason",
        "recheck_result",
        "enforce_reason",
    ];
    dicts
        .iter()
        .find_map(|dict| package.choice(dict, id))
        .map_or_else(|| id.to_owned(), |choice| choice.label.clone())
}
