//! Two people wrote different values without knowing of each other: both are shown, a person chooses, and the
//! choice is one more operation.

use std::collections::BTreeMap;

use gridbook_domain::form::Form;
use gridbook_domain::record::RecordKind;
use gridbook_log::{Body, Entity, EntityId, body};
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;
use serde_json::Value;

use super::detail::{Tell, delivered};
use crate::app::{App, use_app};
use crate::ui::directory::use_directory;
use crate::ui::format;
use crate::ui::toast::use_toasts;

/// A field with values that stand side by side.
#[derive(Clone)]
struct Clash {
    path: String,
    label: String,
    versions: Vec<(Value, String, String)>,
}

/// Everything that contradicts itself in a record; `None` when nothing does.
pub(super) fn conflicts(app: App, entity: &Entity) -> Option<AnyView> {
    let package = app.package();
    let kind = entity.type_().and_then(RecordKind::parse)?;
    let named = entity.creation().and_then(|made| made.create.form.as_deref());
    let form = named.and_then(|name| package.form_named(name)).or_else(|| package.form_for(kind));
    let directory = use_directory();
    let now = app.now_ms();
    let clashes: Vec<Clash> = directory.with_untracked(|names| {
        let tell = Tell { app, package: &package, names, delivered: delivered(app, entity.id()) };
        entity
            .conflicts()
            .map(|(path, register)| Clash {
                path: path.to_owned(),
                label: label(form, path),
                versions: register
                    .heads()
                    .map(|write| {
                        let field = form.and_then(|form| form.field(path));
                        let words = match field {
                            Some(field) => tell.words(field, &write.value),
                            None => {
                                write.value.as_str().map_or_else(|| write.value.to_string(), str::to_owned)
                            }
                        };
                        let words = if write.value.is_null() { "（清空）".to_owned() } else { words };
                        let by =
                            format!("{} · {}", names.person(&write.user), format::when(write.hlc.ms, now));
                        (write.value.clone(), words, by)
                    })
                    .collect(),
            })
            .collect()
    });
    if clashes.is_empty() {
        return None;
    }
    let id = entity.id();
    let cards = clashes.into_iter().map(|clash| card(id, clash)).collect_view();
    Some(
        view! {
            <section class="section" data-testid="conflicts">
                <div class="section-head"><h2 class="section-title">"两个人改得不一样，请选一个作准"</h2></div>
                {cards}
            </section>
        }
        .into_any(),
    )
}

fn label(form: Option<&Form>, path: &str) -> String {
    if path.ends_with("/_gone") {
        return "删除".to_owned();
    }
    form.and_then(|form| form.field(path)).map_or_else(|| path.to_owned(), |field| field.label.clone())
}

fn card(id: EntityId, clash: Clash) -> AnyView {
    let app = use_app();
    let toasts = use_toasts();
    let chosen = RwSignal::new(0_usize);
    let Clash { path, label, versions } = clash;
    let values: Vec<Value> = versions.iter().map(|(value, ..)| value.clone()).collect();
    let name = format!("v-{}", path.replace('/', "-"));
    let options = versions
        .into_iter()
        .enumerate()
        .map(|(n, (_, words, by))| {
            view! {
                <label class="version" data-testid="conflict-version">
                    <input type="radio" name=name.clone() prop:checked=move || chosen.get() == n on:change=move |_| chosen.set(n) />
                    <span class="version-body">
                        <span class="version-value">{words}</span>
                        <span class="version-by">{by}</span>
                    </span>
                </label>
            }
            .into_any()
        })
        .collect_view();
    let decide = move |_| {
        let value = values.get(chosen.get_untracked()).cloned().unwrap_or(Value::Null);
        let path = path.clone();
        leptos::task::spawn_local(async move {
            let set = body::Set { set: BTreeMap::from([(path, value)]), blobs: Vec::new() };
            let write = NewWrite { entity: id, body: Body::Set(set) };
            let entity = app.entity(id).await.ok().flatten();
            let done = match app.check(entity.as_deref(), &write) {
                Ok(()) => {
                    app.save(vec![write], Vec::new(), Vec::new()).await.map_err(|problem| problem.message())
                }
                Err(refusal) => Err(refusal.message()),
            };
            match done {
                Ok(_) => toasts.ok("已选定，另一个内容仍在历史里"),
                Err(words) => toasts.warn(words),
            }
        });
    };
    view! {
        <div class="card card-body stack">
            <fieldset class="versions"><legend class="label">{label}</legend>{options}</fieldset>
            <button class="btn btn-primary" type="button" data-testid="conflict-choose" on:click=decide>"就用这个"</button>
        </div>
    }
    .into_any()
}
