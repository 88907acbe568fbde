//! A step of the workflow: asked for, judged by the same rule as at the authority, saved as one operation a record.

mod input;
mod photo;
mod suggest;

use std::collections::BTreeMap;

use gridbook_domain::admit::Refusal;
use gridbook_domain::case::CaseView;
use gridbook_domain::form::{Field, FieldKind, Values};
use gridbook_domain::record::RecordKind;
use gridbook_domain::workflow::{Transition, owned_path};
use gridbook_log::{BlobRef, Body, Entity, EntityId, Event, Placement};
use gridbook_sync::replica::{NewBlob, NewWrite};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::Value;

use crate::app::{App, use_app};
use crate::ui::dialog::dialog;
use crate::ui::icon::icon;
use crate::ui::states::loading;
use crate::ui::toast::{Toasts, use_toasts};

/// A photo taken for this step.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shot {
    pub(super) blob: BlobRef,
    pub(super) bytes: Vec<u8>,
}

/// What the person has entered so far, and what is wrong with it.
#[derive(Clone, Copy)]
pub(super) struct Entered {
    pub(super) values: RwSignal<Values>,
    pub(super) shots: RwSignal<Vec<Shot>>,
    pub(super) problems: RwSignal<BTreeMap<String, String>>,
    /// Values of the record behind those entered, for conditions.
    pub(super) record: RwSignal<Values>,
}

/// The dialog of one step for one record or several of a kind; `on_close` is called once it is gone.
pub fn action_dialog(step: Transition, targets: Vec<EntityId>, on_close: Callback<()>) -> AnyView {
    let app = use_app();
    let toasts = use_toasts();
    let open = RwSignal::new(true);
    Effect::new(move |_| {
        if !open.get() {
            on_close.run(());
        }
    });
    let entered = Entered {
        values: RwSignal::new(Values::new()),
        shots: RwSignal::new(Vec::new()),
        problems: RwSignal::new(BTreeMap::new()),
        record: RwSignal::new(Values::new()),
    };
    let kind: RwSignal<Option<RecordKind>> = RwSignal::new(None);
    let (first, inputs_step) = (targets.first().copied(), step.clone());
    spawn_local(async move {
        let Some(id) = first else { return };
        if let Ok(Some(entity)) = app.entity(id).await
            && let Some(case) = CaseView::of(&entity)
        {
            let package = app.package();
            let values = suggest::values(&package, &inputs_step, &case, &app.actor(), app.now_ms());
            let _ = entered.record.try_set(case.values);
            let _ = entered.values.try_set(values);
            let _ = kind.try_set(Some(case.kind));
        }
    });
    let title = match targets.len() {
        0 | 1 => step.label.clone(),
        n => format!("{}（{n} 件）", step.label),
    };
    let busy = RwSignal::new(false);
    let failure: RwSignal<Option<String>> = RwSignal::new(None);
    let submit = move |step: Transition, targets: Vec<EntityId>| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        entered.problems.set(BTreeMap::new());
        spawn_local(async move {
            match save(app, &step, &targets, entered).await {
                Ok(()) => {
                    toasts_done(toasts, &step, targets.len());
                    open.set(false);
                }
                Err(message) => failure.set(Some(message)),
            }
            let _ = busy.try_set(false);
        });
    };
    let inside = move || {
        let Some(kind) = kind.get() else { return loading(2) };
        let fields: Vec<Field> = step.inputs_for(kind).cloned().collect();
        let (step, targets) = (step.clone(), targets.clone());
        let (label, none) = (step.label.clone(), fields.is_empty());
        view! {
            <form
                class="form"
                on:submit=move |event| {
                    event.prevent_default();
                    submit(step.clone(), targets.clone());
                }
            >
                <div class="dialog-body stack">
                    {move || {
                        failure
                            .get()
                            .map(|text| {
                                view! {
                                    <div class="problems" role="alert">
                                        <p class="problems-title">{icon("warn")}{text}</p>
                                    </div>
                                }
                            })
                    }}
                    {none.then(|| view! { <p>"不用再填什么，确认后立即生效。"</p> })}
                    {fields.into_iter().map(|field| input::field(field, entered)).collect_view()}
                </div>
                <div class="dialog-foot">
                    <button class="btn" type="button" on:click=move |_| open.set(false)>"取消"</button>
                    <button
                        class="btn btn-primary"
                        type="submit"
                        data-testid="action-save"
                        aria-busy=move || busy.get().to_string()
                        disabled=move || busy.get()
                    >
                        {label}
                    </button>
                </div>
            </form>
        }
        .into_any()
    };
    dialog(open, "dialog-wide", title, Box::new(inside))
}

fn toasts_done(toasts: Toasts, step: &Transition, count: usize) {
    let many = if count > 1 { format!("（{count} 件）") } else { String::new() };
    toasts.ok(format!("已保存：{}{many}，待同步", step.done_label));
}

/// Checks all records first, then saves them together: never a part of what was asked.
async fn save(app: App, step: &Transition, targets: &[EntityId], entered: Entered) -> Result<(), String> {
    let values = entered.values.get_untracked();
    let shots = entered.shots.get_untracked();
    let mut writes = Vec::with_capacity(targets.len());
    for id in targets {
        let entity = app.entity(*id).await.map_err(|problem| problem.message())?;
        let entity = entity.ok_or_else(|| "这条记录已不在这台电脑上，没有保存。".to_owned())?;
        let case = CaseView::of(&entity).ok_or_else(|| "这条记录读不懂，没有保存。".to_owned())?;
        let write =
            NewWrite { entity: *id, body: Body::Event(event(app, step, &case, &entity, &values, &shots)) };
        if let Err(refusal) = app.check(Some(&entity), &write) {
            if let Refusal::Invalid(problems) = &refusal {
                let found = problems.iter().map(|p| (p.path.clone(), p.message.clone())).collect();
                entered.problems.set(found);
            }
            let which = if targets.len() > 1 { format!("“{}”：", case.title) } else { String::new() };
            return Err(format!("{which}{}", refusal.message()));
        }
        writes.push(write);
    }
    let blobs =
        shots.into_iter().map(|shot| NewBlob { sha256: shot.blob.sha256, bytes: Some(shot.bytes) }).collect();
    app.save(writes, blobs, Vec::new()).await.map(|_| ()).map_err(|problem| problem.message())
}

/// The operation: what goes into the record, what into the step, and who sees it from now on.
fn event(
    app: App,
    step: &Transition,
    case: &CaseView,
    entity: &Entity,
    values: &Values,
    shots: &[Shot],
) -> Event {
    let package = app.package();
    let table = package.flow(case.kind).map_or(0, |flow| flow.version);
    let from = step.leaves(case).unwrap_or(&case.state).to_owned();
    let mut event = Event {
        event: step.action.clone(),
        to: step.target(&from).to_owned(),
        from,
        table,
        blobs: shots.iter().map(|shot| shot.blob.clone()).collect(),
        ..Event::default()
    };
    for field in step.inputs_for(case.kind).filter(|field| field.kind != FieldKind::Photo) {
        let Some(value) = values.get(&field.path).filter(|value| !empty(value)) else { continue };
        let part = if field.set { &mut event.set } else { &mut event.data };
        // A fact that stays as it is need not be written again; what steps alone write belongs to this step.
        let own = !field.set || owned_path(&package, case.kind, &field.path);
        if own || case.values.get(&field.path) != Some(value) {
            part.insert(field.path.clone(), value.clone());
        }
    }
    if step.places {
        event.place = Some(placement(entity, &event.set));
    }
    event
}

/// Shares with the units and the person named, and no longer with units of an earlier dispatch.
fn placement(entity: &Entity, set: &Values) -> Placement {
    let text = |path: &str| set.get(path).and_then(Value::as_str).map(str::to_owned);
    let support = set.get("support_units").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut units: Vec<String> = text("lead_unit").into_iter().collect();
    units.extend(support.iter().filter_map(Value::as_str).map(str::to_owned));
    units.dedup();
    let gone = entity.units().into_iter().filter(|unit| !units.iter().any(|kept| kept == unit));
    Placement {
        units_del: gone.map(str::to_owned).collect(),
        units_add: units,
        users_add: text("handler").into_iter().collect(),
        ..Placement::default()
    }
}

fn empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}
