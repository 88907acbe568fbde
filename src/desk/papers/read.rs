//! Which documents a record has, and what they say.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use gridbook_domain::case::{CaseView, strips};
use gridbook_domain::mediation::document::{Block, Document, document};
use gridbook_domain::mediation::edited::{self, Edited};
use gridbook_domain::mediation::print::print_values;
use gridbook_domain::mediation::track::is_oral;
use gridbook_domain::mediation::{Mediation, volume};
use gridbook_domain::package::Package;
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::may;
use gridbook_log::{BlobRef, Body, EntityId, Values, body};
use gridbook_sync::replica::NewWrite;
use serde_json::Value;

use crate::app::App;
use crate::ui::directory::Names;

/// Documents with the pictures that belong to them.
#[derive(Debug, PartialEq)]
pub(super) struct Papers {
    /// What they are called together.
    pub(super) title: String,
    /// Every document of the record, with its name; the first is the whole volume where there is one.
    pub(super) choices: Vec<(String, String)>,
    /// The documents to show, in order.
    pub(super) list: Vec<Paper>,
    /// They belong to a mediation file.
    pub(super) mediation: bool,
    /// Their pages may be written into the volume's list.
    pub(super) counts: bool,
}

/// One of them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Paper {
    /// As it will be printed: generated, or as somebody edited it.
    pub(super) document: Document,
    /// Its text as it is generated, the same on every day.
    pub(super) generated: Vec<Block>,
    /// Who edited it.
    pub(super) edited: Option<Edited>,
    pub(super) may_edit: bool,
    /// It could be edited until somebody signed it.
    pub(super) locked: bool,
    /// Each with the place of its line.
    pub(super) signatures: Vec<(usize, BlobRef)>,
    pub(super) photos: Vec<BlobRef>,
    /// Lines that stand in the photos, by their hashes (HAZ-06).
    pub(super) strips: BTreeMap<String, String>,
}

/// Documents of a record that is no mediation file: id and title.
pub fn offered(package: &Package, case: &CaseView) -> Vec<(String, String)> {
    let oral = case.form.as_deref().is_some_and(is_oral);
    let ids: &[(&str, bool)] = &[
        ("rect_notice", case.kind == RecordKind::Hazard),
        ("oral_agreement", oral),
        ("supervise", case.supervised > 0),
        ("transfer", case.state == "transferred"),
    ];
    let wanted = ids.iter().filter(|(_, wanted)| *wanted).filter_map(|(id, _)| package.template(id));
    wanted.map(|template| (template.id.clone(), template.title.clone())).collect()
}

impl Papers {
    pub(super) async fn read(app: App, names: &Names, id: EntityId, which: &str) -> Option<Self> {
        let entity = app.entity(id).await.ok()??;
        let case = CaseView::of(&entity)?;
        let package = app.package();
        let strips = strips(&entity, &case, |code| names.area(code));
        let values = print_values(&package, &case, &entity, |code| names.unit(code));
        let file = Mediation { values: &values, ..Mediation::of(&case) };
        let mediation = case.kind == RecordKind::Mediation;
        let mut choices = if mediation { volume_choices(&package) } else { offered(&package, &case) };
        if mediation {
            choices.insert(0, (String::new(), "整卷".to_owned()));
        }
        let ids: Vec<&str> = match which {
            "" if mediation => volume::papers(&package, &file),
            one => vec![one],
        };
        let form = case.form.as_deref().and_then(|name| package.form_named(name));
        let of_role = |role: &str| -> Vec<BlobRef> {
            let pictures = entity.blobs().iter().map(|(_, blob)| blob);
            pictures
                .filter(|blob| !role.is_empty() && blob.role == role && blob.mime.starts_with("image/"))
                .cloned()
                .collect()
        };
        let list: Vec<Paper> = ids
            .into_iter()
            .filter_map(|id| package.template(id))
            .map(|template| {
                let make = |day| document(&package, form, &file, template, day);
                let (mut document, generated) = (make(app.today()), make(NaiveDate::default()).blocks);
                let edited = edited::apply(&entity, &mut document, &generated);
                let write = Body::Set(body::Set {
                    set: Values::from([(edited::path(&template.id), Value::Null)]),
                    blobs: Vec::new(),
                });
                let may_edit = app.check(Some(&entity), &NewWrite { entity: id, body: write }).is_ok();
                let locked = edited::editable(template) && edited::signed(&entity, template);
                let on =
                    |(line, role): (usize, &str)| of_role(role).into_iter().map(move |blob| (line, blob));
                let signatures = template.signed().flat_map(on).collect();
                let photos = of_role(&document.photos);
                let strips = strips.clone();
                Paper { document, generated, edited, may_edit, locked, signatures, photos, strips }
            })
            .collect();
        let open = package.state(&case.state).is_some_and(|state| !state.terminal);
        let counts = mediation
            && which.is_empty()
            && open
            && may(&package, &app.actor(), "mediation.file", &case.target(), app.today());
        let title = match list.as_slice() {
            [one] => format!("{} · {}", one.document.title, case.title),
            _ => format!("卷宗 · {}", case.title),
        };
        (!list.is_empty()).then_some(Self { title, choices, list, mediation, counts })
    }
}

/// Documents of a mediation file: those of the volume, and those beside it.
fn volume_choices(package: &Package) -> Vec<(String, String)> {
    let mut all: Vec<_> = package.documents.get().iter().filter(|template| template.order < 300).collect();
    gridbook_log::order_by_key(&mut all, |template| template.order);
    all.into_iter().map(|template| (template.id.clone(), template.title.clone())).collect()
}
