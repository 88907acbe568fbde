//! 保密反映: reports of village affairs that may name an official (ROLE-11), and clues of harm to people (domain data
//! 4.1.3). They lie nowhere: no area, no unit, nobody by name. Who hears them follows from the permission that the form
//! names and from whom the report names, and is asked each time. What was written down openly first goes there by [`apart`].

pub mod apart;

use chrono::NaiveDate;
use gridbook_log::{Create, Entity, EntityId, Event, Placement};
use serde_json::Value;

use crate::admit::Refusal;
use crate::case::CaseView;
use crate::form::{Form, Photos, Stage, Values, validate};
use crate::package::Package;
use crate::record::RecordKind;
use crate::role::{Actor, Target, holds, may};

/// The permission to write one.
pub const REPORT: &str = "confidential.report";
/// Where the form holds the user id of the official that it names.
pub const NAMED: &str = "named";

/// Through which channel a report goes, and past whom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Way {
    /// Its form, as `id/version`.
    pub form: String,
    /// User ids of those whom it names.
    pub named: Vec<String>,
}

impl Way {
    /// Of a report that is there.
    pub fn of(entity: &Entity) -> Self {
        let form = entity.creation().and_then(|made| made.create.form.clone()).unwrap_or_default();
        Self { form, named: named(&entity.values()) }
    }

    /// Of one that comes in.
    pub fn of_new(create: &Create) -> Self {
        Self { form: create.form.clone().unwrap_or_default(), named: named(&create.set) }
    }
}

/// The forms that go this way, newest versions.
pub fn forms(package: &Package) -> impl Iterator<Item = &Form> {
    let all = package.forms.get().iter();
    all.filter(|form| form.record == RecordKind::Confidential && form.superseded.is_none())
}

/// The permission to read and handle reports with this form.
pub fn handle<'p>(package: &'p Package, form: &str) -> Option<&'p str> {
    package.form_named(form).filter(|form| form.record == RecordKind::Confidential)?.heard_by.as_deref()
}

/// Whether a person hears reports of any form.
pub fn hears_any(package: &Package, actor: &Actor, today: NaiveDate) -> bool {
    forms(package)
        .filter_map(|form| form.heard_by.as_deref())
        .any(|right| holds(package, actor, right, today))
}

/// User ids of those whom a report names.
fn named(values: &Values) -> Vec<String> {
    let list = match values.get(NAMED) {
        Some(Value::Array(list)) => list.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    list.iter().filter_map(Value::as_str).filter(|user| !user.is_empty()).map(str::to_owned).collect()
}

/// When a report came in, by the authority's clock, milliseconds since 1970.
pub fn came(entity: &Entity) -> Option<u64> {
    let made = entity.creation()?;
    Some(entity.received(made.dot).map_or(made.hlc.ms, |received| received.at))
}

/// What its author and the channel call a report: the day it came in and the end of its id. It is not numbered: a gap
/// would tell whoever hears the others of one that names him.
pub fn name(day: NaiveDate, id: EntityId) -> String {
    let hex = id.to_string().to_uppercase();
    format!("{day}-{}", hex.get(hex.len().saturating_sub(6)..).unwrap_or_default())
}

/// Whether a person reads and handles a report: the roles of its channel do, whoever is named never does.
pub fn hears(package: &Package, actor: &Actor, way: &Way, today: NaiveDate) -> bool {
    let target = Target::new(RecordKind::Confidential, "", None);
    !way.named.contains(&actor.user)
        && handle(package, &way.form).is_some_and(|right| may(package, actor, right, &target, today))
}

/// The permission that a step asks for: for what is confidential, that of its channel.
pub(crate) fn permission<'p>(package: &'p Package, case: &CaseView, asked: &'p str) -> &'p str {
    if case.kind != RecordKind::Confidential {
        return asked;
    }
    // Without a channel nobody takes a step: no role grants this name.
    case.form.as_deref().and_then(|form| handle(package, form)).unwrap_or("")
}

/// Judges a new report: with a form of these only, placed nowhere, and without files, which would have to lie somewhere else.
///
/// # Errors
/// [`Refusal`]
pub fn judge_create(
    package: &Package,
    actor: &Actor,
    create: &Create,
    today: NaiveDate,
) -> Result<(), Refusal> {
    if create.place != Placement::default() || create.parent.is_some() {
        return Err(Refusal::BadPlacement);
    }
    let target = Target::new(RecordKind::Confidential, "", Some(&actor.user));
    if !may(package, actor, REPORT, &target, today) {
        return Err(Refusal::NotPermitted(REPORT.to_owned()));
    }
    let name = create.form.as_deref().unwrap_or_default();
    let form = package
        .form_named(name)
        // Without a channel nobody would ever see it.
        .filter(|_| handle(package, name).is_some())
        .ok_or_else(|| Refusal::UnknownForm(name.to_owned()))?;
    if !package.takes_form(name, today) {
        return Err(Refusal::OldForm(name.to_owned()));
    }
    no_files(create.blobs.len())?;
    let mut problems = validate(package, form, &create.set, &Photos::new(), Stage::Full, today);
    problems.retain(|problem| problem.blocks);
    if problems.is_empty() { Ok(()) } else { Err(Refusal::Invalid(problems)) }
}

/// Whether this is a report of one's own: somebody else of the channel handles it (ROLE-12).
pub(crate) fn own(actor: &Actor, case: &CaseView) -> bool {
    case.kind == RecordKind::Confidential && case.reporter == actor.user
}

/// Judges who takes a step, before the table of steps is asked; nothing to say of other records.
///
/// # Errors
/// [`Refusal`]
pub(crate) fn judge_event(
    package: &Package,
    actor: &Actor,
    case: &CaseView,
    event: &Event,
    today: NaiveDate,
) -> Result<(), Refusal> {
    if case.kind != RecordKind::Confidential {
        return Ok(());
    }
    let way = Way { form: case.form.clone().unwrap_or_default(), named: named(&case.values) };
    if own(actor, case) || !hears(package, actor, &way, today) {
        return Err(Refusal::NotPermitted(permission(package, case, "").to_owned()));
    }
    no_files(event.blobs.len())
}

/// What is there of something that was sent before, when it is sent again because no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// Nothing arrived.
    Nothing,
    /// Just what is to be sent now.
    Same,
    /// Something else, or nobody knows what.
    Other,
}

/// Whether a report that was sent before, `there` or not, is the one to be sent now. Its author cannot read it any more:
/// what was `sent` has to be remembered.
pub fn sent_before(there: bool, sent: Option<&Values>, now: &Values) -> Sent {
    match there {
        false => Sent::Nothing,
        true if sent == Some(now) => Sent::Same,
        true => Sent::Other,
    }
}

/// Whether `user` took a step since `before`, and whether it is this one: a step whose answer was lost is sent again.
pub fn step_before(before: &Entity, now: &Entity, user: &str, step: &Event) -> Sent {
    let known = before.timeline();
    let mut taken =
        now.timeline().iter().filter(|line| line.user == user && known.iter().all(|old| old.dot != line.dot));
    match taken.next_back() {
        None => Sent::Nothing,
        Some(line) if line.event.event == step.event && line.event.data == step.data => Sent::Same,
        Some(_) => Sent::Other,
    }
}

fn no_files(files: usize) -> Result<(), Refusal> {
    if files == 0 { Ok(()) } else { Err(Refusal::BadBody("files".to_owned())) }
}

#[cfg(test)]
mod tests;
