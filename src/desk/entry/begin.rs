//! How such a record begins: from an item of the list, from the report that it is split off, or from what was typed before.

use std::sync::Arc;

use gridbook_domain::case::{CaseView, SPLIT_FROM};
use gridbook_domain::confidential::apart::taken_over;
use gridbook_domain::confidential::forms;
use gridbook_domain::form::{FieldKind, FilledBy, Form, Values, begin as begin_form};
use gridbook_domain::record::RecordKind;
use gridbook_log::{BlobRef, EntityId};
use serde_json::Value;

use super::items;
use crate::app::{App, Draft};
use crate::ui::form::known;
use crate::ui::format;

/// A form with what stands in it at first.
#[derive(Clone)]
pub(super) struct Begun {
    /// Key of the draft.
    pub key: String,
    /// The draft, found or new.
    pub draft: Draft,
    /// It was found on disk.
    pub restored: bool,
    /// Its form.
    pub form: Arc<Form>,
    /// What it is, in words: the item, or the title of the case that it is split off.
    pub title: String,
    /// The case that it is split off, or whose place it takes.
    pub origin: Option<EntityId>,
    /// Pictures that the other case has: their bytes need not be sent again.
    pub held: Vec<BlobRef>,
}

/// Begins with what an address names: an item, `split/` and the id of a case, or `apart/` with a confidential form and the
/// case that it takes over.
pub(super) async fn begin(app: App, what: &str) -> Result<Begun, String> {
    let key = format!("desk-new-{what}");
    let draft = app.get_draft(&key).await.ok().flatten();
    let mut begun = match what.strip_prefix("split/").and_then(EntityId::parse) {
        Some(origin) => part_of(app, origin).await?,
        None => match what.strip_prefix("apart/").and_then(|rest| rest.split_once('/')) {
            Some((form, id)) => apart_of(app, form, EntityId::parse(id)).await?,
            None => of_item(app, what)?,
        },
    };
    // A form that has changed since is begun anew; what was typed in another version of it fits no field for certain.
    if let Some(draft) = draft.filter(|draft| draft.form == begun.draft.form) {
        begun.draft = draft;
        begun.restored = true;
    }
    begun.key = key;
    Ok(begun)
}

fn of_item(app: App, id: &str) -> Result<Begun, String> {
    let package = app.package();
    let item = items(app).into_iter().find(|item| item.id == id);
    let item = item.ok_or("清单里没有这一项，或者不归您登记。")?;
    let form = package.form(&item.form).ok_or("没有这一项的表，请联网更新应用后再填。")?.clone();
    let mut values = Values::new();
    let now = Value::from(format::stored_time(&format::input_time(app.now_ms())));
    for (_, field) in form.fields().filter(|(_, field)| field.auto) {
        match field.kind {
            FieldKind::Datetime => values.insert(field.path.clone(), now.clone()),
            FieldKind::Date => values.insert(field.path.clone(), app.today().to_string().into()),
            _ => None,
        };
    }
    if form.field("item").is_some() {
        values.insert("item".to_owned(), id.into());
    }
    // A hazard's item tells its category.
    if let ([category], Some(field)) = (item.categories.as_slice(), form.field("category"))
        && package.choices(field).iter().any(|choice| choice.id == *category)
    {
        values.insert("category".to_owned(), category.as_str().into());
    }
    begin_form(&form, &mut values, &known(app, String::new()));
    // Who was there is not known yet: whoever calls says where it comes from.
    for path in ["source", "intake_mode"] {
        values.remove(path);
    }
    let draft = draft_of(app, &form, values, String::new());
    Ok(Begun {
        key: String::new(),
        draft,
        restored: false,
        form: Arc::new(form),
        title: item.name,
        origin: None,
        held: Vec::new(),
    })
}

impl Begun {
    /// Whether it goes to a confidential channel: then it lies nowhere, and this computer keeps none of it.
    pub fn apart(&self) -> bool {
        self.form.record == RecordKind::Confidential
    }
}

/// A copy of all that the reporter said: whoever splits keeps what belongs to the new one.
async fn part_of(app: App, origin: EntityId) -> Result<Begun, String> {
    let missing = || "这一件已不在这台电脑上。".to_owned();
    let entity = app.entity(origin).await.map_err(|problem| problem.reading())?.ok_or_else(missing)?;
    let case = CaseView::of(&entity).ok_or_else(missing)?;
    let package = app.package();
    let named = case.form.as_deref().and_then(|name| package.form_named(name));
    // A new record is written with the form as it is today.
    let form =
        named.and_then(|form| package.form(&form.id)).ok_or("没有这一件的表，请联网更新应用后再拆。")?;
    let said = |path: &str| {
        let head = path.split('/').next().unwrap_or(path);
        form.locate(head).is_some_and(|(section, _)| section.by != FilledBy::Handler)
    };
    let mut values = entity.values();
    values.retain(|path, _| said(path));
    values.insert(SPLIT_FROM.to_owned(), origin.to_string().into());
    let held: Vec<BlobRef> =
        entity.blobs().iter().map(|(_, blob)| blob.clone()).filter(|blob| said(&blob.role)).collect();
    let mut draft = draft_of(app, form, values, case.area.clone());
    draft.parent = Some(origin);
    draft.photos.clone_from(&held);
    Ok(Begun {
        key: String::new(),
        draft,
        restored: false,
        form: Arc::new(form.clone()),
        title: case.title,
        origin: Some(origin),
        held,
    })
}

/// A report in confidence that takes an open one's place (ROLE-11).
async fn apart_of(app: App, form: &str, origin: Option<EntityId>) -> Result<Begun, String> {
    let missing = || "这一件已不在这台电脑上。".to_owned();
    let origin = origin.ok_or_else(missing)?;
    let entity = app.entity(origin).await.map_err(|problem| problem.message())?.ok_or_else(missing)?;
    let case = CaseView::of(&entity).ok_or_else(missing)?;
    let package = app.package();
    let form = forms(&package).find(|held| held.id == form).ok_or("没有这一张保密的表。")?;
    let draft = draft_of(app, form, taken_over(form, &case.values), String::new());
    Ok(Begun {
        restored: false,
        key: String::new(),
        draft,
        form: Arc::new(form.clone()),
        title: form.title.clone(),
        origin: Some(origin),
        held: Vec::new(),
    })
}

fn draft_of(app: App, form: &Form, values: Values, area: String) -> Draft {
    let now = app.now_ms();
    Draft {
        form: format!("{}/{}", form.id, form.version),
        kind: form.record.as_str().to_owned(),
        entity: Some(app.new_id()),
        values,
        area,
        begun_ms: now,
        updated_ms: now,
        ..Draft::default()
    }
}
