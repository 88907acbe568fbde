//! Which answers of a record somebody may write now (CAT-04). Admission judges by it, phone and desk offer by it, so that
//! nothing is offered that would be refused, and nothing is allowed that no screen offers.

use chrono::NaiveDate;

use crate::case::CaseView;
use crate::form::{FilledBy, Form, Section};
use crate::hazard::{PHOTO_BEFORE, lacks_before};
use crate::package::Package;
use crate::record::RecordKind;
use crate::role::{Actor, may};
use crate::workflow;

/// How somebody stands to the answers of a record now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fill {
    edits: bool,
    handles: bool,
}

/// What a person fills in a record for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// 办理情况: what was done about it.
    Handling,
    /// 补全和更正: what was reported.
    Report,
}

impl Fill {
    /// How this person stands to a record: `record.edit` is for what was reported, `case.handle` for what is done about it
    /// while it is being handled.
    pub fn of(package: &Package, actor: &Actor, case: &CaseView, today: NaiveDate) -> Self {
        let target = case.target();
        let allowed = |permission| may(package, actor, permission, &target, today);
        let handling = package.state(&case.state).is_some_and(|state| state.handling);
        Self { edits: allowed("record.edit"), handles: handling && allowed("case.handle") }
    }

    /// Whether an answer that is filled in so is this person's to write.
    pub const fn fits(self, by: FilledBy) -> bool {
        match by {
            FilledBy::Reporter => self.edits,
            FilledBy::Handler => self.handles,
            FilledBy::Both => self.edits || self.handles,
        }
    }

    /// Where an answer that is this person's stands on the screen: once, with the handling for whoever handles.
    const fn purpose(self, by: FilledBy) -> Purpose {
        match by {
            FilledBy::Handler => Purpose::Handling,
            FilledBy::Both if self.handles => Purpose::Handling,
            FilledBy::Both | FilledBy::Reporter => Purpose::Report,
        }
    }
}

/// Who fills in the answer or the picture at a path. What a form does not know is the reporter's. A hazard's picture of
/// before is taken by whoever comes first to see it, because its level may rise after the report (HAZ-06).
pub(super) fn filled_by(form: Option<&Form>, kind: RecordKind, path: &str) -> FilledBy {
    if kind == RecordKind::Hazard && path == PHOTO_BEFORE {
        return FilledBy::Both;
    }
    // A row that is taken away is its table's, like every answer in it.
    let head = path.split('/').next().unwrap_or(path);
    form.and_then(|form| form.locate(head)).map_or(FilledBy::Reporter, |(section, _)| section.by)
}

/// The part of a record's form, in the version that it was written with, that this person may fill in now for a purpose:
/// the form with only those sections and fields; `None` when there is nothing. A mediation file has steps of its own, and
/// what only a step of the workflow writes is not among it.
pub fn fillable(
    package: &Package,
    actor: &Actor,
    case: &CaseView,
    purpose: Purpose,
    today: NaiveDate,
) -> Option<Form> {
    if !(case.kind.is_case() || matches!(case.kind, RecordKind::Visit | RecordKind::Entry)) {
        return None;
    }
    let named = case.form.as_deref().and_then(|name| package.form_named(name));
    let form = named.or_else(|| package.form_for(case.kind))?;
    let fill = Fill::of(package, actor, case, today);
    let own = |by| fill.fits(by) && fill.purpose(by) == purpose;
    let holds = |section: &Section| {
        section.visible_when.as_ref().is_none_or(|when| when.holds(&|path| case.values.get(path)))
    };
    let mut sections: Vec<Section> = form
        .sections
        .iter()
        .filter(|section| own(section.by) && holds(section))
        .cloned()
        .map(|mut section| {
            section.fields.retain(|field| !workflow::owned_path(package, case.kind, &field.path));
            section
        })
        .filter(|section| !section.fields.is_empty())
        .collect();
    // What is missing is asked of whoever handles it, too.
    if purpose == Purpose::Handling
        && own(FilledBy::Both)
        && lacks_before(package, case)
        && let Some(field) = form.field(PHOTO_BEFORE)
    {
        let section = Section {
            id: "before".to_owned(),
            title: "整改前照片".to_owned(),
            visible_when: None,
            by: FilledBy::Both,
            fields: vec![field.clone()],
        };
        sections.insert(0, section);
    }
    (!sections.is_empty()).then(|| Form { sections, ..form.clone() })
}

#[cfg(test)]
mod tests;
