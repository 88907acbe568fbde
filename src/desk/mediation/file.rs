//! One file: its eight steps with what each still lacks, how the agreement is kept, and what has to follow.

use chrono::NaiveDate;
use gridbook_domain::mediation::follow::{Confirmation, confirmation, follow_ups};
use gridbook_domain::mediation::open::{ANSWER_NEAR, answer_by};
use gridbook_domain::mediation::risk::unassessed;
use gridbook_domain::mediation::step::{Step, StepState, ceiling, steps, target};
use gridbook_domain::mediation::{Mediation, agreement};
use gridbook_domain::package::Package;
use gridbook_domain::role::may;
use gridbook_log::EntityId;
use leptos::prelude::*;

use super::{money, volume};
use crate::app::use_app;
use crate::desk::detail::Record;
use crate::desk::route::Route;
use crate::ui::icon::icon;
use crate::ui::states::{Tone, banner};
use crate::ui::unfit::unfit;

/// What a file shows beside its answers and its history; `section` is the one that is being filled in.
pub fn file(package: &Package, record: &Record, section: RwSignal<Option<String>>) -> AnyView {
    let app = use_app();
    let (case, today) = (&record.view, app.today());
    let file = Mediation::of(case);
    let id = case.id;
    let open = package.state(&case.state).is_some_and(|state| !state.terminal);
    let writes = open && may(package, &app.actor(), "mediation.file", &case.target(), today);
    let mut states = steps(package, &file, today);
    // Nothing is due before there is an end to follow; that is not the same as done.
    if follow_ups(&file, today).is_empty()
        && let Some(state) = states.iter_mut().find(|state| state.step == Step::FollowUp)
    {
        state.missing.push("谈成或者谈不成以后，到日子再回访");
    }
    let current = states.iter().position(|state| !state.settled());
    let marks = states
        .iter()
        .enumerate()
        .map(|(n, state)| mark(package, n, state, current == Some(n)))
        .collect_view();
    let stale = unassessed(package, case);
    let cards = states
        .iter()
        .map(|state| card(package, record, state, stale.contains(&state.step), writes.then_some(section)))
        .collect_view();
    view! {
        {open.then(|| unfit(package, &file))}
        {notes(package, &file, today, open)}
        <section class="section" data-testid="mediation-steps">
            <div class="section-head">
                <h3 class="section-title">"八步"</h3>
                <a class="btn btn-small" href=papers(id).href() data-testid="mediation-papers">
                    {icon("file")}
                    "文书和整卷"
                </a>
            </div>
            <ol class="steps">{marks}</ol>
            <ul class="rows rows-plain">{cards}</ul>
        </section>
        {parties(package, &file)}
        {money::kept(id, &file, today, writes)}
        {visits(&file, today)}
        {volume::volume(package, &file)}
    }
    .into_any()
}

fn papers(id: EntityId) -> Route {
    Route::Papers(id, String::new())
}

/// What must not be overlooked: limits, reminders, and what follows from an instalment that was not kept.
fn notes(package: &Package, file: &Mediation<'_>, today: NaiveDate, open: bool) -> Vec<AnyView> {
    let mut notes = Vec::new();
    notes.extend(answer(file, today));
    if let (Some(last), true) = (ceiling(file), open && file.state == "accepted") {
        let left = (last - today).num_days();
        let (tone, text) = match left {
            ..0 => (Tone::Danger, format!("{last} 已到期，超 {} 天。各方一起同意才能延长。", -left)),
            0..=5 => (Tone::Warn, format!("到 {last} 为止，还有 {left} 天。各方一起同意才能延长。")),
            _ => (Tone::Info, format!("到 {last} 为止，还有 {left} 天。")),
        };
        let aim = target(package, file).map(|aim| match today <= aim {
            true => format!("争取十个工作日内办结，到 {aim}。"),
            false => format!("已过争取办结的 {aim}（十个工作日）。"),
        });
        let title = match file.date("extended_until") {
            Some(_) => "调解期限（双方同意延长过）",
            None => "调解期限三十天",
        };
        let text = format!("{text}{}", aim.unwrap_or_default());
        notes.push(banner(tone, "clock", title, text, Vec::new()));
    }
    match confirmation(file, today) {
        Confirmation::Open { until, left, remind } => {
            let tone = if left <= 3 || remind.is_some() { Tone::Warn } else { Tone::Info };
            let text = format!("双方要在 {until} 前一起申请，连今天还有 {left} 天。申请书在“文书和整卷”里。");
            let title = remind.map_or_else(
                || "可以申请司法确认".to_owned(),
                |days| format!("第 {days} 天提醒：可以申请司法确认；告诉双方后点“已提醒司法确认”"),
            );
            notes.push(banner(tone, "clock", title, text, Vec::new()));
        }
        Confirmation::Applied => {
            notes.push(banner(
                Tone::Info,
                "clock",
                "已申请司法确认",
                "等法院答复；收到后在“司法确认”里填结果。",
                Vec::new(),
            ));
        }
        Confirmation::Expired if open => {
            let text = "三十天已过，不能再申请；一方不履行的，另一方可以起诉。";
            notes.push(banner(Tone::Info, "info", "司法确认的期限已过", text, Vec::new()));
        }
        _ => {}
    }
    let late = agreement::advice(file, today);
    if !late.is_empty() {
        notes.push(banner(
            Tone::Danger,
            "attention",
            "协议没有按期履行",
            format!("{}。", late.join("；")),
            Vec::new(),
        ));
    }
    notes
}

/// Whoever handed it over waits for an answer (MED-14).
fn answer(file: &Mediation<'_>, today: NaiveDate) -> Option<AnyView> {
    let by = answer_by(file)?;
    let left = (by - today).num_days();
    let tone = match left {
        ..0 => Tone::Danger,
        0..=ANSWER_NEAR => Tone::Warn,
        _ => Tone::Info,
    };
    let who = Some(file.text("delegated_by")).filter(|who| !who.is_empty()).unwrap_or("委托单位");
    let when = if left < 0 { format!("已超 {} 天", -left) } else { format!("还有 {left} 天") };
    let text = format!("{by} 前把结果回复{who}，{when}。回复后在“委托”里填已回复日期。");
    Some(banner(tone, "clock", "委托单位等回复", text, Vec::new()))
}

fn mark(package: &Package, n: usize, state: &StepState, current: bool) -> AnyView {
    let (name, sign) = match (state.settled(), current) {
        (true, _) => ("done", icon("check").into_any()),
        (false, true) => ("current", (n + 1).into_any()),
        (false, false) => ("todo", (n + 1).into_any()),
    };
    let label = package.label("mediation_step", state.step.id()).to_owned();
    let said = if state.settled() { "，已完成" } else { "" };
    view! {
        <li
            class="steps-item"
            data-state=name
            data-testid=format!("step-{}", state.step.id())
            aria-current=current.then_some("step")
        >
            <span class="steps-mark">{sign}</span>
            <span class="steps-label">{label}<span class="visually-hidden">{said}</span></span>
        </li>
    }
    .into_any()
}

/// A step in words, with the forms that belong to it.
fn card(
    package: &Package,
    record: &Record,
    state: &StepState,
    stale: bool,
    section: Option<RwSignal<Option<String>>>,
) -> AnyView {
    let label = package.label("mediation_step", state.step.id()).to_owned();
    let said = match &state.skipped {
        Some(reason) => format!("跳过：{reason}"),
        None if state.missing.is_empty() => "已完成".to_owned(),
        None => format!("还缺：{}", state.missing.join("、")),
    };
    let class = if state.settled() { "row-sub" } else { "row-sub is-missing" };
    let form = record.view.form.as_deref().and_then(|name| package.form_named(name));
    let held = form.into_iter().flat_map(|form| &form.sections);
    let buttons = held
        .filter(|one| state.step.sections().contains(&one.id.as_str()))
        .filter_map(|one| {
            let (section, id) = (section?, one.id.clone());
            let testid = format!("edit-{id}");
            Some(view! {
                <button
                    class="btn btn-small"
                    type="button"
                    data-testid=testid
                    on:click=move |_| section.set(Some(id.clone()))
                >
                    {one.title.clone()}
                </button>
            })
        })
        .collect_view();
    view! {
        <li class="row row-static">
            <span class="row-main">
                <span class="row-title">{label}</span>
                <span class=class>{said}</span>
                {stale.then(|| view! { <span class="tag tag-warn">"! 没有重新评估风险"</span> })}
            </span>
            <span class="cluster">{buttons}</span>
        </li>
    }
    .into_any()
}

fn parties(package: &Package, file: &Mediation<'_>) -> AnyView {
    let rows = file
        .rows("parties")
        .into_iter()
        .map(|party| {
            let cells = [
                package.label("party_side", party.text("side")).to_owned(),
                party.text("name").to_owned(),
                package.label("sex", party.text("sex")).to_owned(),
                party.text("phone").to_owned(),
                party.text("address").to_owned(),
                party.text("agent_name").to_owned(),
            ];
            let cells = cells.into_iter().map(|cell| view! { <td>{cell}</td> }).collect_view();
            view! { <tr>{cells}</tr> }
        })
        .collect_view();
    let talks = file.rows("talks").len();
    let asked = file.rows("investigations").len();
    let count = format!("调查 {asked} 次，调解 {talks} 次");
    view! {
        <section class="section">
            <div class="section-head">
                <h3 class="section-title">"当事人"</h3>
                <span class="muted small">{count}</span>
            </div>
            <div class="table-wrap" tabindex="0" role="region" aria-label="当事人">
                <table class="table table-dense">
                    <thead>
                        <tr>
                            <th scope="col">"一方"</th>
                            <th scope="col">"姓名"</th>
                            <th scope="col">"性别"</th>
                            <th scope="col">"电话"</th>
                            <th scope="col">"住址"</th>
                            <th scope="col">"代理人"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

/// Visits after the end, due and made (MED-11, MED-12).
fn visits(file: &Mediation<'_>, today: NaiveDate) -> Option<AnyView> {
    let visits = follow_ups(file, today);
    if visits.is_empty() {
        return None;
    }
    let rows = visits
        .into_iter()
        .map(|visit| {
            let (class, said) = match visit.done {
                Some(day) => ("tag tag-ok", format!("✓ {day} 已回访")),
                None if visit.due < today => ("tag tag-danger", format!("! 超 {} 天", (today - visit.due).num_days())),
                None => ("tag", format!("还有 {} 天", (visit.due - today).num_days())),
            };
            view! {
                <li class="row row-static">
                    <span class="row-main"><span class="row-title">{format!("{} 前回访", visit.due)}</span></span>
                    <span class=class>{said}</span>
                </li>
            }
        })
        .collect_view();
    Some(
        view! {
            <section class="section" data-testid="mediation-follow">
                <div class="section-head"><h3 class="section-title">"回访"</h3></div>
                <ul class="rows rows-plain">{rows}</ul>
            </section>
        }
        .into_any(),
    )
}
