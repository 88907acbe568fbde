//! One section of a record's form, filled in at the desk with the same fields as on the phone: of a mediation file, of what
//! was done about a case, of what was reported. What is typed is on the disk within half a second, and comes back when the
//! section is opened again.

use std::sync::Arc;

use gridbook_domain::admit::{Purpose, fillable};
use gridbook_domain::case::CaseView;
use gridbook_domain::form::{Form, Problem, Section, Stage};
use gridbook_domain::record::RecordKind;
use gridbook_log::{BlobRef, Body, Entity, EntityId, body};
use gridbook_sync::replica::{NewBlob, NewWrite};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::app::{App, Draft, use_app};
use crate::ui::dialog::{Doing, dialog_until};
use crate::ui::dom::focus_in_view;
use crate::ui::form::{FormState, Keeper, fields, go_on};
use crate::ui::states::{failed, loading};

#[derive(Clone, Copy)]
struct Filling {
    id: EntityId,
    state: FormState,
    section: StoredValue<Section>,
    held: StoredValue<Vec<BlobRef>>,
    keeper: Keeper,
}

/// The section by its id, as this person may fill it in now.
fn section_of(app: App, case: &CaseView, id: &str) -> Option<Section> {
    let package = app.package();
    let of = |form: Form| form.sections.into_iter().find(|section| section.id == id);
    if case.kind == RecordKind::Mediation {
        return of(package.form_named(case.form.as_deref()?)?.clone());
    }
    let part = |purpose| fillable(&package, &app.actor(), case, purpose, app.today());
    [Purpose::Handling, Purpose::Report].into_iter().find_map(|purpose| of(part(purpose)?))
}

/// The dialog of one section; `on_close` is called once it is gone.
pub fn section_dialog(case: &CaseView, section: &str, on_close: Callback<()>) -> AnyView {
    let (app, id) = (use_app(), case.id);
    let open = RwSignal::new(true);
    let filling: RwSignal<Option<Option<Filling>>> = RwSignal::new(None);
    let wanted = section.to_owned();
    let owner = Owner::current();
    let title = section_of(app, case, section).map_or_else(String::new, |section| section.title);
    spawn_local(async move {
        if let Ok(Some(entity)) = app.entity(id).await
            && let Some(owner) = owner
        {
            let key = format!("desk-{id}-{wanted}");
            let draft = app.get_draft(&key).await.ok().flatten();
            let made = owner.with(|| begin(app, &entity, &wanted, key, draft));
            let _ = filling.try_set(Some(made));
        }
    });
    let failure: RwSignal<Option<String>> = RwSignal::new(None);
    let doing = Doing::showing(open, failure);
    let save = move || {
        let Some(filling) = filling.get_untracked().flatten() else { return };
        doing.begin(async move { filling.save(app).await.map(|()| "已保存，待同步".to_owned()) });
    };
    let inside = move || {
        let filling = match filling.get() {
            None => return loading(4),
            // Somebody went on with the record meanwhile.
            Some(None) => return gone(),
            Some(Some(filling)) => filling,
        };
        let list = filling.section.with_value(|section| fields(filling.state, &section.fields));
        let body = view! { {failed(failure, None)}{list} };
        doing.foot("保存", "section-save").away("关闭").form(body.into_any(), save)
    };
    dialog_until(open, "dialog-wide", title, Box::new(inside), on_close)
}

fn gone() -> AnyView {
    let words = "这一部分现在不由您填写：这一件可能已经有人接着办了，或者已经办完。填过的内容都在。";
    view! { <div class="dialog-body"><p>{words}</p></div> }.into_any()
}

fn begin(app: App, entity: &Entity, section: &str, key: String, draft: Option<Draft>) -> Option<Filling> {
    let package = app.package();
    let named = entity.creation().and_then(|made| made.create.form.clone())?;
    let form: Arc<Form> = Arc::new(package.form_named(&named)?.clone());
    let section = section_of(app, &CaseView::of(entity)?, section)?;
    let base = entity.values();
    let held: Vec<BlobRef> = entity.blobs().iter().map(|(_, blob)| blob.clone()).collect();
    let restored = draft.is_some();
    let mut draft = draft.unwrap_or_else(|| Draft {
        form: named,
        kind: entity.type_().unwrap_or_default().to_owned(),
        entity: Some(entity.id()),
        edit: true,
        values: base.clone(),
        base: Some(base.clone()),
        photos: held.clone(),
        begun_ms: app.now_ms(),
        ..Draft::default()
    });
    let both = if restored { go_on(&mut draft, &base, &held) } else { Vec::new() };
    let state = FormState::new(form, draft.values.clone());
    state.problems.set(both);
    state.area.set(entity.area().unwrap_or_default().to_owned());
    state.base.set_value(base);
    state.photos.set(draft.photos.clone());
    let keeper = Keeper::of_form(state, key, draft, restored, |_| ());
    let (section, held) = (StoredValue::new(section), StoredValue::new(held));
    Some(Filling { id: entity.id(), state, section, held, keeper })
}

impl Filling {
    /// Whether a path belongs to this section.
    fn owns(self, path: &str) -> bool {
        let head = path.split('/').next().unwrap_or(path);
        // Who signed stands beside the signature.
        let beside = head.strip_suffix("_by").unwrap_or(head);
        let named = |path: &str| path == head || path == beside;
        self.section.with_value(|section| section.fields.iter().any(|field| named(&field.path)))
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
        let fresh = |photo: &BlobRef| !held.contains(photo) && self.owns(&photo.role);
        let blobs: Vec<BlobRef> = photos.into_iter().filter(fresh).collect();
        let mut set = self.state.changes();
        set.retain(|path, _| self.owns(path));
        if set.is_empty() && blobs.is_empty() {
            return self.keeper.discard().await;
        }
        let fresh = blobs.iter().map(|blob| NewBlob { sha256: blob.sha256.clone(), bytes: None }).collect();
        let key = self.keeper.key();
        let write = NewWrite { entity: self.id, body: Body::Set(body::Set { set, blobs }) };
        let before = app.entity(self.id).await.map_err(|problem| problem.message())?;
        app.check(before.as_deref(), &write).map_err(|refusal| refusal.message())?;
        self.keeper.close().await;
        let saved = app.save(vec![write], fresh, vec![key]).await;
        saved.map(|_| ()).map_err(|problem| {
            self.keeper.reopen();
            problem.message()
        })
    }
}
