//! One record: what was reported, where it stands, what happened, and the steps that this person can take now.

mod apart;
mod around;
mod body;
mod conflict;
mod head;
mod kin;
mod photos;
mod record;
mod timeline;

use std::sync::Arc;

use gridbook_domain::package::Package;
use gridbook_domain::record::RecordKind;
use gridbook_domain::rules::supervise::SUPERVISE;
use gridbook_domain::workflow::{Transition, offered};
use gridbook_log::EntityId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::action::{On, action_dialog};
use super::mediation;
use super::papers::offered as offered_papers;
use super::route::Route;
use super::section::section_dialog;
use super::supervise::{self, Lamps};
use crate::app::use_app;
use crate::ui::alarm::chain;
use crate::ui::directory::use_directory;
use crate::ui::icon::icon;
use crate::ui::states::{blank, loading};
use crate::ui::toast::use_toasts;
use crate::ui::way::{step_words, way};
use crate::ui::{gap, live, risk};

pub use photos::{Picture, stamped};

use photos::Pictures;
pub use record::Record;

#[derive(Clone, Debug, PartialEq)]
enum Load {
    Waiting,
    Missing,
    Failed(String),
    Here(Arc<Record>),
}

/// The right pane: one record, read again whenever the log moves. `on_back` is the way back where only one pane
/// shows.
pub fn detail(id: EntityId, on_back: Callback<()>) -> AnyView {
    let app = use_app();
    let (load, names) = (RwSignal::new(Load::Waiting), use_directory());
    let large = Pictures::provide();
    Effect::new(move |_| {
        app.version.track();
        let names = names.get();
        spawn_local(async move {
            let next = match app.entity(id).await {
                Ok(Some(entity)) => match Record::read(app, &names, &entity) {
                    Some(record) => Load::Here(Arc::new(record)),
                    None => Load::Missing,
                },
                Ok(None) => Load::Missing,
                Err(problem) => Load::Failed(problem.message()),
            };
            if load.try_get_untracked().is_some_and(|held| held != next) {
                load.set(next);
            }
        });
    });
    let acting: RwSignal<Option<Transition>> = RwSignal::new(None);
    // Counted once, for the notice and for the dialog.
    let lamps: Lamps = RwSignal::new(None);
    // Out here: what is being typed must not go when the record is read again.
    let section: RwSignal<Option<String>> = RwSignal::new(None);
    let shown = move || match load.get() {
        Load::Waiting => loading(4),
        Load::Missing => blank(
            "search",
            "这条记录不在这台电脑上",
            "可能还没有同步到，也可能不在您的权限内。同步后会自动显示。",
            Vec::new(),
        ),
        Load::Failed(message) => blank("error", "读不出这条记录", message, Vec::new()),
        Load::Here(record) => whole(&record, acting, section, lamps, on_back),
    };
    let dialog = move || {
        let step = acting.get()?;
        let close = Callback::new(move |()| acting.set(None));
        Some(action_dialog(step, On::Here(vec![id]), Some(lamps), close))
    };
    let editing = move || {
        let held = section.get()?;
        let Load::Here(record) = load.get_untracked() else { return None };
        Some(section_dialog(&record.view, &held, Callback::new(move |()| section.set(None))))
    };
    view! {
        {shown}
        {dialog}
        {editing}
        {large}
    }
    .into_any()
}

fn whole(
    record: &Arc<Record>,
    acting: RwSignal<Option<Transition>>,
    section: RwSignal<Option<String>>,
    lamps: Lamps,
    on_back: Callback<()>,
) -> AnyView {
    let app = use_app();
    let names = use_directory().get();
    let package = app.package();
    let steps: Vec<Transition> =
        offered(&package, &app.actor(), &record.view, app.today()).into_iter().cloned().collect();
    let toasts = use_toasts();
    // What follows from other cases concerns whoever supervises.
    let supervises = steps.iter().any(|step| step.action == SUPERVISE);
    if supervises {
        supervise::count(record, lamps);
    }
    let (own, written) = (record.clone(), record.clone());
    let (handling, body) = body::sections(&package, &names, record, section);
    view! {
        <div class="pane-head">
            <button class="btn btn-small pane-back" type="button" on:click=move |_| on_back.run(())>
                "返回列表"
            </button>
            {head::head(&package, &names, record)}
        </div>
        <div class="pane-body stack" data-testid="detail" tabindex="0" id="detail" role="region" aria-label="记录内容">
            {chain(&package, &names, &record.view, app.now_ms())}
            {risk::notes(&package, &record.view, app.now_ms())}
            {risk::contact(app, &record.view, false)}
            {conflict::decision(&package, record)}
            {gap::before(&package, &record.view, Vec::new())}
            {way(&package, &record.view)}
            {head::seven_ticks(record)}
            {supervises.then(|| live(move || supervise::due(&own, lamps.get().unwrap_or(0))))}
            {head::standing(&package, &names, record, app.today())}
            {around::wants_file(record)}
            {around::again(record)}
            {around::similar(record)}
            {live(move || around::messages(&written, lamps.get().unwrap_or(0)))}
            {conflict::conflicts(app, toasts, &package, &names, record)}
            {(record.view.kind == RecordKind::Mediation).then(|| mediation::file(&package, record, section))}
            {risk::told(&package, &names, &record.view)}
            {handling}
            {papers_of(&package, record)}
            {body}
            {photos::photos(&package, record)}
            {photos::recordings(record)}
            {kin::kin(record)}
            {timeline::timeline(&package, &names, record)}
            {apart::ways(record)}
        </div>
        {(!steps.is_empty()).then(|| buttons(&package, record, steps, acting))}
    }
    .into_any()
}

/// Documents that can be printed for this record.
fn papers_of(package: &Package, record: &Record) -> Option<AnyView> {
    let links: Vec<AnyView> = offered_papers(package, &record.view)
        .into_iter()
        .map(|(doc, title)| {
            let testid = format!("paper-{doc}");
            let href = Route::Papers(record.view.id, doc).href();
            view! { <a class="btn btn-small" href=href data-testid=testid>{icon("print")}{title}</a> }
                .into_any()
        })
        .collect();
    (!links.is_empty()).then(|| view! { <div class="cluster no-print">{links}</div> }.into_any())
}

fn buttons(
    package: &Package,
    record: &Record,
    steps: Vec<Transition>,
    acting: RwSignal<Option<Transition>>,
) -> AnyView {
    let one = |(n, step): (usize, Transition)| {
        let class = match (n, step.skin.is_some()) {
            (0, _) => "btn btn-primary",
            (_, true) => "btn",
            _ => "btn btn-quiet",
        };
        let (label, id) = (step_words(package, &record.view, &step), format!("action-{}", step.action));
        let case = record.view.id;
        let act = move |_| match step.action.as_str() {
            // It takes a form of its own.
            "split" => Route::New(format!("split/{case}")).go(),
            _ => acting.set(Some(step.clone())),
        };
        view! {
            <button class=class type="button" data-testid=id on:click=act>
                {label}
            </button>
        }
    };
    // The way forward first.
    let (forward, aside): (Vec<_>, Vec<_>) = steps.into_iter().partition(|step| step.skin.is_some());
    let all = forward.into_iter().chain(aside).enumerate().map(one).collect_view();
    view! { <div class="pane-foot" data-testid="actions">{all}</div> }.into_any()
}
