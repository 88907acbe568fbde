//! Two people changed the same thing: both values stay readable, and a person chooses.

use std::sync::Arc;

use gridbook_domain::package::Package;
use gridbook_log::{Body, EntityId, body};
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::Value;

use super::record::{Conflict, Record};
use crate::app::App;
use crate::desk::values;
use crate::desk::words::moment;
use crate::ui::directory::Names;
use crate::ui::states::{Tone, banner};
use crate::ui::toast::Toasts;

/// Two steps at once: one more step decides.
pub(super) fn decision(package: &Package, record: &Record) -> Option<AnyView> {
    record.view.needs_decision().then(|| {
        let others: Vec<&str> = record.view.others.iter().map(|id| package.state_label(id)).collect();
        let text = format!(
            "现在按“{}”显示，另一人同时办成了“{}”。请再办一步来定；两步都留在经过里。",
            package.state_label(&record.view.state),
            others.join("”“")
        );
        banner(Tone::Warn, "attention", "两个人同时办了这一件", text, Vec::new())
    })
}

/// Every field with more than one value.
pub(super) fn conflicts(
    app: App,
    toasts: Toasts,
    package: &Package,
    names: &Names,
    record: &Arc<Record>,
) -> AnyView {
    record
        .conflicts
        .iter()
        .map(|conflict| one(app, toasts, package, names, record, conflict))
        .collect_view()
        .into_any()
}

fn one(
    app: App,
    toasts: Toasts,
    package: &Package,
    names: &Names,
    record: &Record,
    conflict: &Conflict,
) -> AnyView {
    let field = package.form_for(record.view.kind).and_then(|form| form.field(&conflict.path));
    let label = field.map_or_else(|| conflict.path.clone(), |field| field.label.clone());
    let id = record.view.id;
    let versions = conflict
        .versions
        .iter()
        .map(|version| {
            let said = match field {
                Some(field) => values::text(package, names, field, &version.value),
                None => version.value.to_string(),
            };
            let by = format!("{} · {}", names.person(&version.user), moment(version.at));
            let (path, value) = (conflict.path.clone(), version.value.clone());
            view! {
                <div class="version">
                    <span class="version-body">
                        <span class="version-value">{said}</span>
                        <span class="version-by">{by}</span>
                    </span>
                    <button
                        class="btn btn-small"
                        type="button"
                        on:click=move |_| choose(app, toasts, id, path.clone(), value.clone())
                    >
                        "用这个"
                    </button>
                </div>
            }
        })
        .collect_view();
    view! {
        <section class="card" data-testid="conflict">
            <div class="card-head">
                <h3 class="card-title">{format!("{label}：两个人填得不一样")}</h3>
            </div>
            <div class="card-body versions">
                <p class="muted small">"请选一个，另一个会留在历史里。"</p>
                {versions}
            </div>
        </section>
    }
    .into_any()
}

/// Writes the chosen value, knowing of all others: so it stands alone.
fn choose(app: App, toasts: Toasts, id: EntityId, path: String, value: Value) {
    spawn_local(async move {
        let set = body::Set { set: [(path, value)].into(), blobs: Vec::new() };
        let write = NewWrite { entity: id, body: Body::Set(set) };
        let before = match app.entity(id).await {
            Ok(before) => before,
            Err(problem) => return toasts.warn(problem.message()),
        };
        if let Err(refusal) = app.check(before.as_deref(), &write) {
            return toasts.warn(refusal.message());
        }
        match app.save(vec![write], Vec::new(), Vec::new()).await {
            Ok(_) => toasts.ok("已按这个值保存，待同步"),
            Err(problem) => toasts.warn(problem.message()),
        }
    });
}
