//! What happened, in order: steps, corrections, notes that came too late, and what was refused.

use gridbook_domain::admit::message_for;
use gridbook_domain::case::{Line, LineKind};
use gridbook_domain::package::Package;
use leptos::prelude::*;

use super::record::Record;
use crate::desk::words::moment;
use crate::ui::directory::Names;
use crate::ui::timeline::named;
use crate::ui::way::line_words;

pub(super) fn timeline(package: &Package, names: &Names, record: &Record) -> AnyView {
    let last = record.view.timeline.iter().rposition(moves).unwrap_or(0);
    let items = record
        .view
        .timeline
        .iter()
        .enumerate()
        .map(|(n, line)| item(package, names, record, line, n == last))
        .collect_view();
    view! {
        <section class="section">
            <div class="section-head">
                <h3 class="section-title">"经过"</h3>
            </div>
            <ol class="timeline" data-testid="timeline">{items}</ol>
        </section>
    }
    .into_any()
}

/// Whether a line moved the record.
fn moves(line: &Line) -> bool {
    match &line.kind {
        LineKind::Created => true,
        LineKind::Step { counts, .. } => *counts,
        LineKind::Corrected(_) => false,
    }
}

fn item(package: &Package, names: &Names, record: &Record, line: &Line, current: bool) -> AnyView {
    let flow = package.flow(record.view.kind);
    let title = match &line.kind {
        LineKind::Created if record.view.kind.is_case() => "上报".to_owned(),
        LineKind::Created => "记录".to_owned(),
        LineKind::Corrected(paths) => {
            let form = package.form_for(record.view.kind);
            let names: Vec<&str> = paths
                .iter()
                .map(|path| {
                    form.and_then(|form| form.field(path)).map_or(path.as_str(), |field| field.label.as_str())
                })
                .take(4)
                .collect();
            format!("更正：{}{}", names.join("、"), if paths.len() > 4 { " 等" } else { "" })
        }
        LineKind::Step { action, from, to, counts } => {
            let step = flow.and_then(|flow| flow.told(action, from, to));
            let done = step.map_or(action.as_str(), |step| step.done_label.as_str());
            if *counts { done.to_owned() } else { format!("{done}（备注，未改变状态）") }
        }
    };
    let tone = match (&line.refused, &line.kind) {
        (Some(_), _) => "problem",
        (None, LineKind::Step { counts: false, .. } | LineKind::Corrected(_)) => "note",
        (None, LineKind::Step { action, .. }) if PROBLEMS.contains(&action.as_str()) => "problem",
        _ if current => "now",
        _ => "done",
    };
    let reason =
        line.reason.as_deref().map(|id| reason(package, flow_reason_dict(package, record, line), id));
    let text = [reason, line.text.clone()].into_iter().flatten().collect::<Vec<_>>().join("：");
    let answers = line.answers(&record.said, package, record.view.kind, |said| named(names, said));
    let refused = line.refused.as_deref().map(|code| format!("未被接收：{}", message_for(code)));
    let sent = if line.received_at.is_some() || line.refused.is_some() { "" } else { " · 待同步" };
    let step = line_words(package, &record.view, &line.kind);
    let by = format!("{} · {}{sent}{step}", line.author(package, &names.person(&line.user)), moment(line.at));
    view! {
        <li class="timeline-item" data-tone=tone>
            <p class="timeline-title">{title}</p>
            {(!text.is_empty()).then(|| view! { <p class="timeline-text">{text}</p> })}
            {answers
                .into_iter()
                .chain(refused)
                .map(|said| view! { <p class="timeline-text">{said}</p> })
                .collect_view()}
            <p class="timeline-by">{by}</p>
        </li>
    }
    .into_any()
}

/// Steps that mean something went back.
const PROBLEMS: [&str; 6] =
    ["ask_supplement", "refuse", "return_unit", "reject_finish", "dissatisfied", "withdraw"];

/// The dictionary that the step's reason comes from, or the conclusion of a re-check.
fn flow_reason_dict<'p>(
    package: &'p Package,
    record: &Record,
    line: &Line,
) -> Option<&'p gridbook_domain::form::Field> {
    let LineKind::Step { action, from, to, .. } = &line.kind else { return None };
    let step = package.flow(record.view.kind)?.told(action, from, to)?;
    step.inputs.iter().find(|field| matches!(field.path.as_str(), "reason" | "passed"))
}

fn reason(package: &Package, field: Option<&gridbook_domain::form::Field>, id: &str) -> String {
    let choice = field.and_then(|field| package.choices(field).iter().find(|choice| choice.id == id));
    choice.map_or_else(|| id.to_owned(), |choice| choice.label.clone())
}
