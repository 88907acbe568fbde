//! One section of a file's form, filled in at the desk with the same fields as on the phone. What is typed is on the disk
//! within half a second, and comes back when the section is opened again.

use std::sync::Arc;

use gloo::timers::callback::Timeout;
use gridbook_domain::form::{Form, Problem, Section, Stage};
use gridbook_log::{BlobRef, Body, Entity, EntityId, body};
use gridbook_sync::replica::{NewBlob, NewWrite};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::app::{App, Draft, use_app};
use crate::ui::dialog::{Doing, dialog_until};
use crate::ui::dom::focus_in_view;
use crate::ui::form::{FormState, fields};
use crate::ui::states::{failed, loading};

/// After the last key, milliseconds.
const PAUSE_MS: u32 = 400;

#[derive(Clone, Copy)]
struct Filling {
    id: EntityId,
    state: FormState,
    section: StoredValue<Section>,
    held: StoredValue<Vec<BlobRef>>,
    key: StoredValue<String>,
    draft: StoredValue<Draft>,
    timer: StoredValue<Option<Timeout>, LocalStorage>,
}

/// The dialog of one section; `on_close` is called once it is gone.
pub fn section_dialog(id: EntityId, section: &str, on_close: Callback<()>) -> AnyView {
    let app = use_app();
    let package = app.package();
    let open = RwSignal::new(true);
    let filling: RwSignal<Option<Filling>> = RwSignal::new(None);
    let wanted = section.to_owned();
    let owner = Owner::current();
    let title = package
        .form("F-MEDIATION")
        .and_then(|form| form.sections.iter().find(|one| one.id == section))
        .map_or_else(String::new, |section| section.title.clone());
    spawn_local(async move {
        if let Ok(Some(entity)) = app.entity(id).await
            && let Some(owner) = owner
        {
            let key = format!("desk-{id}-{wanted}");
            let draft = app.get_draft(&key).await.ok().flatten();
            let made = owner.with(|| begin(app, &entity, &wanted, key, draft));
            let _ = filling.try_set(made);
        }
    });
    let failure: RwSignal<Option<String>> = RwSignal::new(None);
    let doing = Doing::showing(open, failure);
    let save = move || {
        let Some(filling) = filling.get_untracked() else { return };
        doing.begin(async move { filling.save(app).await.map(|()| "已保存，待同步".to_owned()) });
    };
    let inside = move || {
        let Some(filling) = filling.get() else { return loading(4) };
        let list = filling.section.with_value(|section| fields(filling.state, &section.fields));
        let body = view! { {failed(failure, None)}{list} };
        doing.foot("保存", "section-save").away("关闭").form(body.into_any(), save)
    };
    dialog_until(open, "dialog-wide", title, Box::new(inside), on_close)
}

fn begin(app: App, entity: &Entity, section: &str, key: String, draft: Option<Draft>) -> Option<Filling> {
    let package = app.package();
    let named = entity.creation().and_then(|made| made.create.form.clone())?;
    let form: Arc<Form> = Arc::new(package.form_named(&named)?.clone());
    let section = form.sections.iter().find(|one| one.id == section)?.clone();
    let base = entity.values();
    let held: Vec<BlobRef> = entity.blobs().iter().map(|(_, blob)| blob.clone()).collect();
    let draft = draft.unwrap_or_else(|| Draft {
        form: named,
        kind: entity.type_().unwrap_or_default().to_owned(),
        entity: Some(entity.id()),
        edit: true,
        values: base.clone(),
        photos: held.clone(),
        begun_ms: app.now_ms(),
        ..Draft::default()
    });
    let state = FormState::new(form, draft.values.clone());
    state.area.set(entity.area().unwrap_or_default().to_owned());
    state.base.set_value(base);
    state.photos.set(draft.photos.clone());
    let filling = Filling {
        id: entity.id(),
        state,
        section: StoredValue::new(section),
        held: StoredValue::new(held),
        key: StoredValue::new(key),
        draft: StoredValue::new(draft),
        timer: StoredValue::new_local(None),
    };
    Effect::new(move |before: Option<()>| {
        state.edits.track();
        if before.is_some() {
            filling.keep_soon(app);
        }
    });
    Some(filling)
}

impl Filling {
    fn keep_soon(self, app: App) {
        let later = Timeout::new(PAUSE_MS, move || {
            let Some(values) = self.state.values.try_get_untracked() else { return };
            let Some(photos) = self.state.photos.try_get_untracked() else { return };
            let updated_ms = app.now_ms();
            let draft = Draft { values, photos, updated_ms, ..self.draft.get_value() };
            let key = self.key.get_value();
            // A draft that cannot be kept is no reason to stop typing: saving says what is wrong.
            spawn_local(async move {
                let _ = app.put_draft(&key, &draft).await;
            });
        });
        self.timer.set_value(Some(later));
    }

    /// Whether a path belongs to this section.
    fn owns(self, path: &str) -> bool {
        let head = path.split('/').next().unwrap_or(path);
        self.section.with_value(|section| section.fields.iter().any(|field| field.path == head))
    }

    async fn save(self, app: App) -> Result<(), String> {
        let problems: Vec<Problem> = self
            .state
            .check(Stage::Quick)
            .into_iter()
            .filter(|problem| problem.blocks && self.owns(&problem.path))
            .collect();
        if let Some(first) = problems.first() {
            let (words, path) = (first.message.clone(), first.path.clone());
            self.state.problems.set(problems);
            focus_in_view(&format!("[data-path=\"{path}\"] input, [data-path=\"{path}\"] select"));
            return Err(format!("还不能保存：{words}"));
        }
        let held = self.held.get_value();
        let photos = self.state.photos.get_untracked();
        let blobs: Vec<BlobRef> = photos.into_iter().filter(|photo| !held.contains(photo)).collect();
        let mut set = self.state.changes();
        set.retain(|path, _| self.owns(path));
        self.timer.set_value(None);
        let key = self.key.get_value();
        if set.is_empty() && blobs.is_empty() {
            return app.drop_draft(&key).await.map_err(|problem| problem.message());
        }
        let fresh = blobs.iter().map(|blob| NewBlob { sha256: blob.sha256.clone(), bytes: None }).collect();
        let write = NewWrite { entity: self.id, body: Body::Set(body::Set { set, blobs }) };
        let before = app.entity(self.id).await.map_err(|problem| problem.message())?;
        app.check(before.as_deref(), &write).map_err(|refusal| refusal.message())?;
        app.save(vec![write], fresh, vec![key]).await.map(|_| ()).map_err(|problem| problem.message())
    }
}
