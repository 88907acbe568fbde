//! One record: what was written, where it is, what happened, what I can do now.

mod act;
mod conflict;
mod detail;
mod picture;

use std::rc::Rc;
use std::sync::Arc;

use gridbook_domain::admit::{Fill, Purpose, fillable};
use gridbook_domain::case::{CaseView, LineKind, Said};
use gridbook_domain::confidential::apart::step;
use gridbook_domain::form::{FilledBy, Form};

use gridbook_domain::hazard::{control_check, stage_words};
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::may;
use gridbook_domain::workflow::{offered, waited_for};
use gridbook_log::{Entity, EntityId};
use leptos::prelude::*;

use super::alarm::alarm;
use super::forms::turn::{self, SAVED, TAKEN, Turning, in_place_of, ways};
use super::household::{load, missing, named};
use super::mediation;
use super::paper;
pub(super) use detail::plain_text;

use crate::app::{App, use_app};
use crate::ui::again;
use crate::ui::alarm::chain;
use crate::ui::badge::{self, Arrival};
use crate::ui::dialog::Beside;
use crate::ui::directory::use_directory;
use crate::ui::gap;
use crate::ui::icon::icon;
use crate::ui::live;
use crate::ui::risk;
use crate::ui::router::use_router;
use crate::ui::states::{Tone, banner, blank, loading};
use crate::ui::timeline::timeline;
use crate::ui::toast::use_toasts;
use crate::ui::unread;
use crate::ui::way::way;

pub(super) fn page(id: EntityId) -> AnyView {
    let app = use_app();
    let loaded = load(app, id);
    let beside = Dialogs::default();
    // How far it has come on its way, which is not written in the record itself.
    let way = Memo::new(move |_| {
        let row = app.row(id)?;
        Some((row.refused, row.unsent == 0, row.sent_at.is_some(), app.is_held(id)))
    });
    let draw = move || match loaded.get() {
        None => loading(5),
        Some(Ok(Some(entity))) => {
            way.track();
            // Drawn anew when the record changes, not with every synchronisation.
            untrack(|| record(app, beside, &entity))
        }
        Some(Ok(None)) => missing(None),
        Some(Err(words)) => missing(Some(words)),
    };
    let turned = turn::dialog(beside.turning, in_confidence(app, id));
    let body =
        view! { {live(draw)}{act::dialog(app, beside.steps)}{picture::dialog(app, beside.looks)}{turned} };
    named(id, "记录", |row| row.kind.label().to_owned()).back("/records").view(body.into_any())
}

/// What may stand open over the page while it is drawn anew.
#[derive(Clone, Copy, Default)]
struct Dialogs {
    steps: act::Steps,
    looks: Beside<picture::Look>,
    turning: Turning,
}

fn record(app: App, beside: Dialogs, entity: &Rc<Entity>) -> AnyView {
    let Some(case) = CaseView::of(entity) else {
        // A household opened for its contradictions.
        return conflict::conflicts(app, entity).unwrap_or_else(|| settled(entity.id()));
    };
    let directory = use_directory();
    let now = app.now_ms();
    let lines = {
        let (case, said, package) = (case.clone(), Said::of(entity), app.package());
        move || directory.with(|names| timeline(&package, names, &case, &said, now))
    };
    let told = {
        let (case, package) = (case.clone(), app.package());
        live(move || directory.with(|names| chain(&package, names, &case, now)))
    };
    let notified = {
        let (case, package) = (case.clone(), app.package());
        live(move || directory.with(|names| risk::told(&package, names, &case)))
    };
    view! {
        {alarm(Some(case.id))}
        {notes(app, &case)}
        {risk::notes(&app.package(), &case, now)}
        {risk::contact(app, &case, true)}
        {told}
        {lacking(app, &case)}
        {control(app, &case, entity)}
        {head(app, &case, entity)}
        {conflict::conflicts(app, entity)}
        {actions(app, beside, &case, entity)}
        {mediation::of_dispute(app, &case)}
        {(case.kind == RecordKind::Mediation).then(|| mediation::progress(app, &case))}
        {paper::of_record(app, &case)}
        {notified}
        {case.kind.is_case().then(|| detail::seven(&case))}
        {detail::facts(app, &case)}
        {picture::pictures(app, beside.looks, &case, entity)}
        {detail::family(app, &case)}
        <section class="section">
            <div class="section-head"><h2 class="section-title">"经过"</h2></div>
            {unread::of(entity)}
            <div class="card card-body">{live(lines)}</div>
        </section>
    }
    .into_any()
}

/// The picture of what was found, with the way there for whoever may take it (HAZ-06).
fn lacking(app: App, case: &CaseView) -> Option<AnyView> {
    let package = app.package();
    let fill = Fill::of(&package, &app.actor(), case, app.today());
    let part = if fill.fits(FilledBy::Handler) { "step/handling" } else { "edit" };
    let way = fill.fits(FilledBy::Both).then(|| {
        let href = format!("#/record/{}/{part}", case.id);
        view! { <a class="btn btn-small" href=href>"去拍照"</a> }.into_any()
    });
    gap::before(&package, case, way.into_iter().collect())
}

/// A control measure that nobody has looked at for too long (HAZ-02).
fn control(app: App, case: &CaseView, entity: &Entity) -> Option<AnyView> {
    let check =
        control_check(&app.package(), case, entity, app.today()).filter(|check| check.late_days > 0)?;
    let text = format!("应在 {} 前查看一次，已晚 {} 天。看过后请记一条进展。", check.next, check.late_days);
    Some(banner(Tone::Warn, "clock", "控制措施该去看了", text, Vec::new()))
}

/// A household in which nothing is left to choose.
fn settled(id: EntityId) -> AnyView {
    let back =
        view! { <a class="btn btn-primary" href=format!("#/household/{id}")>"回到这一户"</a> }.into_any();
    blank("done", "没有要选的了", "选定的内容存在本机，有网自动送出。", vec![back])
}

/// What stands in the way, in words.
fn notes(app: App, case: &CaseView) -> Vec<AnyView> {
    let mut notes = Vec::new();
    let refused = app.row(case.id).and_then(|row| row.refused);
    let refused = refused.or_else(|| case.timeline.iter().rev().find_map(|line| line.refused.clone()));
    if let Some(code) = refused {
        let words = gridbook_domain::admit::message_for(&code);
        let again = app.is_held(case.id).then(|| again::button(Some(case.id)));
        notes.push(banner(Tone::Danger, "attention", "没有被接收", words, again.into_iter().collect()));
    }
    if case.needs_decision() {
        let text = "两个人同时往前推了一步。两步都留着，等中心决定。";
        notes.push(banner(Tone::Warn, "warn", "有两种处理，等中心定", text, Vec::new()));
    }
    let mine = case.reporter == app.user();
    let asked = case.timeline.iter().rev().find_map(|line| match &line.kind {
        LineKind::Step { action, counts: true, .. } => Some((action.as_str(), line.text.clone())),
        _ => None,
    });
    if let (true, Some((action, text))) = (mine, asked) {
        let text = text.unwrap_or_default();
        match (action, case.state.as_str()) {
            ("ask_supplement", "supplement") => {
                notes.push(banner(Tone::Warn, "attention", "镇上请您补充", text, Vec::new()));
            }
            ("refuse", "refused") => notes.push(banner(Tone::Danger, "warn", "不予受理", text, Vec::new())),
            _ => {}
        }
    }
    let package = app.package();
    let steps = offered(&package, &app.actor(), case, app.today());
    let told = case.told.iter().rev().find(|told| told.seen_at.is_none());
    if let Some(told) = told.filter(|_| mine && steps.iter().any(|step| step.action == "seen")) {
        notes.push(banner(Tone::Ok, "inbox", "有反馈，看过请点“已阅”", told.text.clone(), Vec::new()));
    }
    notes
}

fn head(app: App, case: &CaseView, entity: &Entity) -> AnyView {
    let package = app.package();
    let id = case.id;
    let user = app.user();
    let number = case.number.clone().map(|number| {
        view! { <p class="muted small mono" data-testid="record-number">{number}</p> }
    });
    let arrival = move || app.rows(|rows| rows.get(&id).map(|row| badge::arrival(Arrival::of(row, &user))));
    let level = case.level.as_deref().and_then(|level| badge::level(&package, level));
    let state = badge::state(&package, &case.state);
    let summary = app.row(id).and_then(|row| row.summary);
    let urgent = summary.as_ref().and_then(badge::urgent);
    let tell = summary.as_ref().and_then(|summary| badge::to_tell(summary.to_tell(app.now_ms())));
    let notify = summary.as_ref().and_then(|summary| badge::to_notify(summary.to_notify(app.now_ms())));
    let lamp = summary.as_ref().and_then(|summary| badge::lamp(&package, summary, app.now_ms()));
    let check = summary.as_ref().and_then(|summary| badge::to_check(summary.to_check(app.today())));
    let waits =
        Some(waited_for(&package, case, app.today())).filter(|who| !who.is_empty() && case.kind.is_case());
    let waits = waits.map(|who| format!("现在等：{who}"));
    let stage = stage_words(&package, case, entity).map(|words| format!("整改：{words}"));
    let told = [waits, stage].into_iter().flatten().map(|words| view! { <p class="muted small">{words}</p> });
    let told = told.collect_view();
    view! {
        <div class="card card-body record-head">
            {number}
            <h2 class="record-title">{case.heading(&package)}</h2>
            <div class="record-tags">{urgent}{level}{state}{lamp}{tell}{notify}{check}{live(arrival)}</div>
            {way(&package, case)}
            {told}
        </div>
    }
    .into_any()
}

/// What this person can do now: correct it, or take a step of the workflow.
fn actions(app: App, beside: Dialogs, case: &CaseView, entity: &Entity) -> AnyView {
    let package = app.package();
    let actor = app.actor();
    let today = app.today();
    let id = case.id;
    // A file is written step by step.
    let edits =
        case.kind != RecordKind::Mediation && may(&package, &actor, "record.edit", &case.target(), today);
    let words = if case.state == "supplement" { "补内容和照片" } else { "补全和更正" };
    let edit = edits.then(|| {
        view! {
            <a class="btn" href=format!("#/record/{id}/edit") data-testid="record-edit">{icon("edit")}{words}</a>
        }
    });
    let handles = fillable(&package, &actor, case, Purpose::Handling, today).map(|_| {
        view! {
            <a class="btn" href=format!("#/record/{id}/step/handling") data-testid="record-handling">
                {icon("edit")}
                "填办理情况"
            </a>
        }
    });
    let before = app.row(id).is_some_and(|row| row.unsent == 0 || row.sent_at.is_some());
    // A step needs a record that the authority can judge; what is unsent can still be corrected.
    let steps = offered(&package, &actor, case, today);
    let found = entity.blobs().iter().filter(|(_, blob)| blob.role == "photo_before");
    let found = Arc::new(found.filter_map(|(_, blob)| blob.thumb.clone()).collect::<Vec<_>>());
    // Splitting takes a form of its own, at the desk.
    let steps = steps.into_iter().filter(|step| step.action != "split");
    let steps = steps.map(|step| act::step(app, beside.steps, case, step, &found)).collect_view();
    let hint = (!before && case.kind.is_case()).then(|| {
        view! { <p class="muted small">"还没有送到镇上；现在写的都会一起送出。"</p> }
    });
    let apart = apart(app, beside.turning, case);
    view! { <div class="cluster" data-testid="record-actions">{edit}{handles}{steps}</div>{hint}{apart} }
        .into_any()
}

/// The way to a confidential report, for whoever wrote openly what turns out to be one (ROLE-11).
fn apart(app: App, turning: Turning, case: &CaseView) -> Option<AnyView> {
    step(&app.package(), &app.actor(), case, app.today())?;
    let note = "写好的话可以带到保密的表。保密的那份交到以后，这一条才从村里、镇上收起来；已经看过、印过的收不回来。照片不带。";
    ways(app, turning, note, |_| SAVED.to_owned())
}

/// Goes to the confidential form with the words of this record; the record stays until that has been handed in.
fn in_confidence(app: App, id: EntityId) -> impl Fn(Arc<Form>) + Clone + Send + Sync + 'static {
    let (router, toasts) = (use_router(), use_toasts());
    move |form| {
        leptos::task::spawn_local(async move {
            match in_place_of(app, id, &form, None).await {
                Ok(to) => {
                    toasts.ok(TAKEN);
                    router.go(&to);
                }
                Err(words) => toasts.warn(words),
            }
        });
    }
}
