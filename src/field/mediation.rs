//! A mediation file on the phone (MED-03): the eight steps with what is done and what is missing, each opening its part
//! of the form; the days that run; and what is due today.

use gridbook_domain::case::CaseView;
use gridbook_domain::mediation::agreement::{Performance, advice, instalments};
use gridbook_domain::mediation::capital::{capital, digits};
use gridbook_domain::mediation::follow::{Confirmation, confirmation, follow_ups};
use gridbook_domain::mediation::open::{ANSWER_NEAR, answer_by, file_of as found_for};
use gridbook_domain::mediation::risk::unassessed;
use gridbook_domain::mediation::step::{ceiling, next_step, steps, target};
use gridbook_domain::mediation::{Mediation, agreement, is_over};
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::{Target, may};
use gridbook_log::EntityId;
use leptos::prelude::*;

use super::screen::Screen;
use crate::app::App;
use crate::ui::format;
use crate::ui::icon::{chevron, icon};
use crate::ui::library::library;
use crate::ui::live;
use crate::ui::router::Route;
use crate::ui::rows::{Line, listed, tag};
use crate::ui::states::{Tone, banner};
use crate::ui::unfit::{to_file, unfit};

/// The steps of a file, on its page.
pub(super) fn progress(app: App, case: &CaseView) -> AnyView {
    let (package, today, file) = (app.package(), app.today(), Mediation::of(case));
    let edits = !is_over(&case.state) && may(&package, &app.actor(), "mediation.file", &case.target(), today);
    let next = next_step(&package, &file, today);
    let stale = unassessed(&package, case);
    let rows = steps(&package, &file, today)
        .into_iter()
        .map(|state| {
            let label = package.label("mediation_step", state.step.id()).to_owned();
            let current = next == Some(state.step);
            let (symbol, words) = match (&state.skipped, state.missing.is_empty()) {
                (Some(reason), _) => ("dash", format!("跳过：{reason}")),
                (_, true) => ("check", "已完成".to_owned()),
                _ => (if current { "edit" } else { "dash" }, format!("还差：{}", state.missing.join("、"))),
            };
            let unlooked = stale.contains(&state.step).then(|| tag("warn", "! 没有重新评估风险"));
            let tag = current.then(|| view! { <span class="tag tag-accent">"下一步"</span> });
            let inside = view! {
                <span class="row-lead">{icon(symbol)}</span>
                <span class="row-main">
                    <span class="row-title">{label}</span>
                    <span class="row-sub is-whole">{words}</span>
                    <span class="row-tags">{tag}{unlooked}</span>
                </span>
            };
            let href = format!("#/record/{}/step/{}", case.id, state.step.id());
            let test = format!("step-{}", state.step.id());
            let row = if edits {
                view! { <a class="row" href=href data-testid=test>{inside}{chevron()}</a> }.into_any()
            } else {
                view! { <div class="row" data-testid=test>{inside}</div> }.into_any()
            };
            view! { <li>{row}</li> }.into_any()
        })
        .collect_view();
    view! {
        {clocks(app, &file)}
        <section class="section">
            <div class="section-head"><h2 class="section-title">"八个步骤"</h2></div>
            <ul class="rows" data-testid="eight-steps">{rows}</ul>
        </section>
        {payments(app, &file)}
        {to_library(case)}
    }
    .into_any()
}

/// 法条和案例, on a page of its own (MED-16).
pub(super) fn library_page(route: &Route) -> AnyView {
    let category = route.get("category").map(str::to_owned);
    Screen::new("法条和案例").back("/").view(library(category))
}

/// The way there, with what this dispute is about.
fn to_library(case: &CaseView) -> AnyView {
    let about = case.category.as_deref().map(|id| format!("?category={id}")).unwrap_or_default();
    view! {
        <a class="btn btn-wide btn-quiet" href=format!("#/library{about}") data-testid="library-link">
            {icon("search")}
            "查法条和案例"
        </a>
    }
    .into_any()
}

/// The days that run: the end of the mediation, the confirmation by the court.
fn clocks(app: App, file: &Mediation<'_>) -> Vec<AnyView> {
    let today = app.today();
    let mut notes = Vec::new();
    notes.extend(unfit(&app.package(), file).filter(|_| !is_over(file.state)));
    if file.state == "accepted"
        && let Some(last) = ceiling(file)
    {
        let left = (last - today).num_days();
        let (tone, words) = match left {
            left if left < 0 => (Tone::Danger, format!("调解期限已过 {} 天", -left)),
            left => (if left <= 7 { Tone::Warn } else { Tone::Info }, format!("调解还剩 {left} 天")),
        };
        let aim = target(&app.package(), file).map(|aim| format!("争取 {aim} 前办结（十个工作日），"));
        let text = format!("{}最迟 {last} 结束；要延长须各方当事人同意。", aim.unwrap_or_default());
        notes.push(banner(tone, "clock", words, text, Vec::new()));
    }
    if let Some(by) = answer_by(file) {
        let left = (by - today).num_days();
        let tone = if left <= ANSWER_NEAR { Tone::Warn } else { Tone::Info };
        let text = format!("{by} 前把结果回复委托单位。");
        notes.push(banner(tone, "clock", "委托单位等回复", text, Vec::new()));
    }
    match confirmation(file, today) {
        Confirmation::Open { until, left, remind } => {
            let text = format!("双方可在 {until} 前（含当天）共同向法院申请司法确认。");
            let tone = if remind.is_some() { Tone::Warn } else { Tone::Info };
            notes.push(banner(tone, "calendar", confirm_words(left, remind), text, Vec::new()));
        }
        Confirmation::Applied => {
            notes.push(banner(Tone::Info, "clock", "已申请司法确认", "等法院答复。", Vec::new()));
        }
        Confirmation::Expired => {
            let text = "30 天已过，没有申请司法确认；一方不履行的，可以起诉。";
            notes.push(banner(Tone::Warn, "warn", "司法确认期限已过", text, Vec::new()));
        }
        Confirmation::Answered(_) | Confirmation::NotOffered => {}
    }
    for words in advice(file, today) {
        notes.push(banner(Tone::Warn, "attention", words, "在“协议制作”里记催促或履行日期。", Vec::new()));
    }
    notes
}

fn confirm_words(left: i64, remind: Option<u64>) -> String {
    let due = remind.map(|days| format!("（第 {days} 天提醒）")).unwrap_or_default();
    format!("司法确认还剩 {left} 天{due}")
}

/// Instalments with digits and capitals, and how each stands (MED-08, MED-10).
fn payments(app: App, file: &Mediation<'_>) -> Option<AnyView> {
    let list = instalments(file, app.today());
    let total = agreement::total(file);
    (!list.is_empty()).then(|| {
        let rows = list
            .into_iter()
            .map(|part| {
                let words = match part.state {
                    Performance::Done => "已履行",
                    Performance::Open => "未到期",
                    Performance::Late => "已过期",
                    Performance::Urged => "已催促",
                };
                let what = if part.fen > 0 {
                    format!("{} 元（{}）", digits(part.fen), capital(part.fen))
                } else {
                    part.act.to_owned()
                };
                let tone = match part.state {
                    Performance::Done => "ok",
                    Performance::Open => "",
                    _ => "warn",
                };
                let (title, end) = (format!("第 {} 期 · {}", part.n, part.due), Some(tag(tone, words)));
                Line { test: "payment-row", title, sub: what, end, ..Line::default() }.draw()
            })
            .collect();
        let title = if total > 0 {
            format!("分期履行 · 共 {} 元", digits(total))
        } else {
            "分期履行".to_owned()
        };
        listed(title, None, rows)
    })
}

/// What a dispute offers: its file, or the way to open one, with the reasons that call for it (MED-02).
pub(super) fn of_dispute(app: App, case: &CaseView) -> Option<AnyView> {
    if case.kind != RecordKind::Dispute {
        return None;
    }
    let about = case.id;
    let file = Memo::new(move |_| {
        app.rows(|rows| {
            let files = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
            found_for(files, about).map(|summary| summary.id)
        })
    });
    let (library, case) = (to_library(case), case.clone());
    Some(view! { {live(move || file_of(app, &case, file.get()))}{library} }.into_any())
}

fn file_of(app: App, case: &CaseView, file: Option<EntityId>) -> Option<AnyView> {
    if let Some(id) = file {
        let href = format!("#/record/{id}");
        return Some(
            view! { <a class="btn btn-wide" href=href data-testid="dispute-file">{icon("file")}"看调解卷宗"</a> }
                .into_any(),
        );
    }
    let target = Target::new(RecordKind::Mediation, &case.area, None);
    if !may(&app.package(), &app.actor(), "mediation.file", &target, app.today()) {
        return None;
    }
    let why = to_file(&case.values);
    let href = format!("#/mediation/new?parent={}", case.id);
    Some(
        view! {
            {why}
            <a class="btn btn-wide" href=href data-testid="open-file">{icon("file")}"立卷调解"</a>
        }
        .into_any(),
    )
}

/// A file with something due.
type Due = (EntityId, String, String);

/// Files with a visit, a payment or a reminder that is due, on 今天.
pub(super) fn due(app: App) -> AnyView {
    let found: RwSignal<Vec<Due>> = RwSignal::new(Vec::new());
    Effect::new(move |_| {
        let ids = app.rows(|rows| {
            let running = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
            let running = running.filter(|s| s.kind == RecordKind::Mediation && !is_over(&s.state));
            running.map(|summary| summary.id).collect::<Vec<_>>()
        });
        leptos::task::spawn_local(async move {
            let mut list = Vec::new();
            for id in ids {
                let Ok(Some(entity)) = app.entity(id).await else { continue };
                let Some(case) = CaseView::of(&entity) else { continue };
                if let Some(words) = words_due(app, &case) {
                    list.push((id, case.title.clone(), words));
                }
            }
            if found.try_with_untracked(|old| *old != list) == Some(true) {
                found.try_set(list);
            }
        });
    });
    let draw = move || {
        let list = found.get();
        (!list.is_empty()).then(|| {
            let rows = list
                .into_iter()
                .map(|(id, title, sub)| {
                    let (href, symbol) = (format!("#/record/{id}"), Some("dispute"));
                    Line { href, test: "file-row", symbol, title, sub, ..Line::default() }.draw()
                })
                .collect();
            listed("调解卷宗", None, rows)
        })
    };
    live(draw)
}

fn words_due(app: App, case: &CaseView) -> Option<String> {
    let (package, today, file) = (app.package(), app.today(), Mediation::of(case));
    if let Some(visit) = follow_ups(&file, today).into_iter().find(|v| v.done.is_none() && v.due <= today) {
        return Some(format!("回访到期：{}", format::short_day(visit.due, today)));
    }
    if let Some(words) = advice(&file, today).into_iter().next() {
        return Some(words);
    }
    if let Some(by) = answer_by(&file).filter(|by| (*by - today).num_days() <= ANSWER_NEAR) {
        return Some(format!("回复委托单位：{}", format::short_day(by, today)));
    }
    if let Confirmation::Open { left, remind: remind @ Some(_), .. } = confirmation(&file, today) {
        return Some(confirm_words(left, remind));
    }
    if matches!(case.state.as_str(), "applied" | "accepted") {
        let step = next_step(&package, &file, today)?;
        return Some(format!("下一步：{}", package.label("mediation_step", step.id())));
    }
    None
}
