//! How a form begins: anew, from a draft, or from the record that it corrects.

use std::sync::Arc;

use gridbook_domain::admit::{Purpose, fillable};
use gridbook_domain::case::CaseView;
use gridbook_domain::form::{Form, Values};
use gridbook_domain::mediation::step::Step;
use gridbook_domain::record::RecordKind;
use gridbook_log::{BlobRef, EntityId};

use super::{Begun, prefill};
use crate::app::{App, Draft};
use crate::ui::form::go_on;
use crate::ui::router::Route;

/// What a page was asked to fill in.
#[derive(Clone, Default)]
pub(in crate::field) struct Start {
    kind: Option<RecordKind>,
    /// The record to correct.
    entity: Option<EntityId>,
    member: Option<String>,
    /// The item of the list that it is about: says which form.
    item: Option<String>,
    /// Another form of the kind than its main one.
    form: Option<String>,
    /// A step of a mediation file: only its sections.
    step: Option<Step>,
    /// What is done about a case.
    handling: bool,
    quick: bool,
    pub(super) household: Option<EntityId>,
    pub(super) parent: Option<EntityId>,
    /// A draft by its key.
    draft: Option<String>,
    /// Answers that are known already.
    pub(super) known: Vec<(String, String)>,
}

impl Start {
    /// A new record; the address says for which household, from which visit, and what is known.
    pub(in crate::field) fn new(kind: RecordKind, route: &Route) -> Self {
        let id = |name: &str| route.get(name).and_then(EntityId::parse);
        let known = route
            .query
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "household" | "parent" | "draft" | "step" | "form"))
            .cloned()
            .collect();
        let draft = route.get("draft").map(str::to_owned);
        Self {
            kind: Some(kind),
            household: id("household"),
            parent: id("parent"),
            draft,
            known,
            form: route.get("form").map(str::to_owned),
            ..Self::default()
        }
    }

    /// A new record of an item on the list, with the item's own form (CAT-08).
    pub(in crate::field) fn item(item: &str, route: &Route) -> Self {
        let mut start = Self::new(RecordKind::Matter, route);
        start.known.push(("item".to_owned(), item.to_owned()));
        Self { kind: None, item: Some(item.to_owned()), ..start }
    }

    /// The short report of a hazard (CAT-06).
    pub(in crate::field) fn quick(route: &Route) -> Self {
        Self { quick: true, ..Self::new(RecordKind::Hazard, route) }
    }

    /// A correction of what the record says.
    pub(in crate::field) fn edit(kind: RecordKind, entity: EntityId) -> Self {
        Self { kind: Some(kind), entity: Some(entity), ..Self::default() }
    }

    /// A correction of a record whose kind is not known yet.
    pub(in crate::field) fn correct(entity: EntityId) -> Self {
        Self { entity: Some(entity), ..Self::default() }
    }

    /// A step of a mediation file (MED-03).
    pub(in crate::field) fn step(entity: EntityId, step: Step) -> Self {
        Self { step: Some(step), ..Self::edit(RecordKind::Mediation, entity) }
    }

    /// What is done about a case by whoever handles it: only those sections (CAT-04).
    pub(in crate::field) fn handling(entity: EntityId) -> Self {
        Self { handling: true, ..Self::correct(entity) }
    }

    /// One member of a household; `new` for another one.
    pub(in crate::field) fn member(household: EntityId, row: &str) -> Self {
        Self { member: Some(row.to_owned()), ..Self::edit(RecordKind::Household, household) }
    }

    pub(super) fn title(&self) -> &'static str {
        match (self.kind, self.entity, &self.member) {
            (_, _, Some(row)) if row == "new" => "加成员",
            (_, _, Some(_)) => "改成员",
            (Some(RecordKind::Mediation), ..) => "调解卷宗",
            (Some(RecordKind::Household), Some(_), _) => "改资料",
            (Some(RecordKind::Household), None, _) => "新建户",
            (_, Some(_), _) if self.handling => HANDLING,
            (_, Some(_), _) => "补全和更正",
            _ if self.quick => "快速上报",
            (Some(RecordKind::Visit), ..) => "走访登记",
            (Some(RecordKind::Dispute), ..) => "纠纷登记",
            (Some(RecordKind::Hazard), ..) => "隐患登记",
            _ => "登记",
        }
    }

    /// Where the way back leads when the app was opened here.
    pub(super) fn home(&self) -> String {
        match (self.kind, self.entity, self.household) {
            (Some(RecordKind::Household), Some(id), _) => format!("/household/{id}"),
            (_, Some(id), _) => format!("/record/{id}"),
            (_, _, Some(id)) => format!("/household/{id}"),
            (Some(RecordKind::Household), ..) => "/households".to_owned(),
            _ => "/".to_owned(),
        }
    }

    /// Reads what is needed from the device.
    pub(super) async fn begin(self, app: App) -> Result<Begun, String> {
        match self.entity {
            Some(id) => self.begin_edit(app, id).await,
            None => self.begin_new(app).await,
        }
    }

    async fn begin_new(self, app: App) -> Result<Begun, String> {
        let package = app.package();
        let named = self.item.as_ref().and_then(|id| package.catalogue.get().item(id));
        if named.is_some_and(|item| !item.may_report(&app.actor(), app.today())) {
            return Err("清单规定这一项不由您的岗位上报。请转告可以上报的人，或请中心登记。".to_owned());
        }
        let named = named.filter(|item| item.offered_on(app.today()));
        if self.item.is_some() && named.is_none() {
            return Err("这一项现在不在清单里，请从清单里另选。".to_owned());
        }
        let kind = self
            .kind
            .or_else(|| named.and_then(|item| package.kind_of_item(item)))
            .unwrap_or(RecordKind::Visit);
        let wanted = named.map(|item| item.form.as_str()).or(self.form.as_deref());
        let form = form_of(app, kind, wanted)?;
        let found = match &self.draft {
            Some(key) => app.get_draft(key).await.map_err(|p| p.reading())?.map(|draft| (key.clone(), draft)),
            None => {
                let drafts = app.drafts().await.map_err(|p| p.reading())?;
                drafts.into_iter().find(|(_, draft)| self.fits(kind, &form, draft))
            }
        };
        // A draft goes on with the form that it was begun with.
        let form = match &found {
            Some((_, draft)) => form_of(app, kind, Some(&draft.form))?,
            None => form,
        };
        let (key, draft, restored) = match found {
            Some((key, draft)) => (key, draft, true),
            None => {
                let draft = prefill::draft(app, &self, kind, &form).await;
                let key = format!("new-{}", draft.entity.map(|id| id.to_string()).unwrap_or_default());
                (key, draft, false)
            }
        };
        let base = Values::new();
        Ok(Begun {
            key,
            draft,
            restored,
            form,
            kind,
            base,
            both: Vec::new(),
            held: Vec::new(),
            quick: self.quick,
            member: None,
            only: if kind == RecordKind::Mediation { texts(&OPENING) } else { Vec::new() },
            title: None,
        })
    }

    /// Whether a draft on disk is what this page would begin.
    fn fits(&self, kind: RecordKind, form: &Form, draft: &Draft) -> bool {
        let same = |(path, value): &(String, String)| {
            !matches!(path.as_str(), "category" | "place" | "area" | "date" | "part")
                || draft.values.get(path).and_then(serde_json::Value::as_str) == Some(value)
        };
        draft.kind == kind.as_str()
            && draft.form.split('/').next() == Some(form.id.as_str())
            && !draft.edit
            && draft.apart.is_none()
            && draft.household == self.household
            && draft.parent == self.parent
            && self.known.iter().all(same)
    }

    async fn begin_edit(self, app: App, id: EntityId) -> Result<Begun, String> {
        let gone = || "这条记录已不在本机。".to_owned();
        let entity = app.entity(id).await.map_err(|p| p.reading())?.ok_or_else(gone)?;
        let kind = entity.type_().and_then(RecordKind::parse).ok_or_else(gone)?;
        let mut form = form_of(app, kind, entity.creation().and_then(|made| made.create.form.as_deref()))?;
        if self.handling {
            let case = CaseView::of(&entity).ok_or_else(gone)?;
            let mine = fillable(&app.package(), &app.actor(), &case, Purpose::Handling, app.today());
            form = Arc::new(mine.ok_or("这一件现在不由您办理，或者已经办完。填过的内容都在。")?);
        }
        let base: Values = entity.values();
        let held: Vec<BlobRef> = entity.blobs().iter().map(|(_, blob)| blob.clone()).collect();
        let member = match self.member.as_deref() {
            Some("new") => Some(app.new_row()),
            other => other.map(str::to_owned),
        };
        let step = if self.handling { "handling" } else { self.step.map(Step::id).unwrap_or_default() };
        let key = match (&self.member, &member) {
            _ if !step.is_empty() => format!("edit-{id}-{step}"),
            (Some(asked), Some(_)) if asked == "new" => format!("member-{id}"),
            (_, Some(row)) => format!("member-{id}-{row}"),
            _ => format!("edit-{id}"),
        };
        let found = app.get_draft(&key).await.map_err(|p| p.reading())?;
        let restored = found.is_some();
        let mut draft = found.unwrap_or_else(|| Draft {
            form: format!("{}/{}", form.id, form.version),
            kind: kind.as_str().to_owned(),
            entity: Some(id),
            edit: true,
            values: base.clone(),
            base: Some(base.clone()),
            photos: held.clone(),
            household: entity.text("household").and_then(EntityId::parse),
            area: entity.area().unwrap_or_default().to_owned(),
            begun_ms: app.now_ms(),
            ..Draft::default()
        });
        let both = if restored { go_on(&mut draft, &base, &held) } else { Vec::new() };
        // A new member's row lives in the draft until it is saved.
        let member = member.map(|row| {
            let kept = draft
                .values
                .keys()
                .filter_map(|path| path.strip_prefix("members/")?.split('/').next())
                .find(|row| self.member.as_deref() == Some("new") && !base.keys().any(|p| p.contains(*row)))
                .map(str::to_owned);
            let row = kept.unwrap_or(row);
            draft.values.entry(format!("members/{row}/name")).or_insert(serde_json::Value::Null);
            row
        });
        if let Some(step) = self.step.filter(|_| !restored) {
            prefill::step(app, step, &mut draft.values);
        }
        let mut only = self.step.map(|step| texts(sections(step))).unwrap_or_default();
        let mut title = self.step.map(|step| app.package().label("mediation_step", step.id()).to_owned());
        if self.handling {
            only = form.sections.iter().map(|section| section.id.clone()).collect();
            title = Some(HANDLING.to_owned());
        }
        Ok(Begun { key, draft, restored, form, kind, base, both, held, quick: false, member, only, title })
    }
}

/// The heading of what is done about a case.
const HANDLING: &str = "办理情况";

/// Sections that open a file; the others belong to later steps.
const OPENING: [&str; 3] = ["head", "accept", "parties"];

/// The sections of a form that a step fills.
const fn sections(step: Step) -> &'static [&'static str] {
    match step {
        Step::Accept => &["accept", "head", "delegated", "parties", "scope"],
        Step::Assign => &["assign"],
        Step::Investigate => &["investigate"],
        Step::Inform => &["inform"],
        Step::Mediate => &["mediate"],
        Step::Agreement => &["agreement", "sign", "confirmation", "end"],
        Step::FollowUp => &["follow"],
        Step::Archive => &["archive"],
    }
}

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

fn form_of(app: App, kind: RecordKind, named: Option<&str>) -> Result<Arc<Form>, String> {
    let package = app.package();
    let form = package.form_of(named, kind);
    form.map(|form| Arc::new(form.clone()))
        .ok_or_else(|| "本机没有这张表，请联网更新应用后再填。已有的记录都在。".to_owned())
}
