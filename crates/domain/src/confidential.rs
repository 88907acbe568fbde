//! 保密反映: reports of village affairs that may name an official (ROLE-11). They lie nowhere: no area, no unit, nobody
//! by name. Who hears them follows from a permission and from whom the report names, and is asked each time.

use chrono::NaiveDate;
use gridbook_log::{Create, Entity, EntityId, Event, Placement};
use serde_json::Value;

use crate::admit::Refusal;
use crate::case::CaseView;
use crate::form::{Photos, Stage, Values, validate};
use crate::package::Package;
use crate::record::RecordKind;
use crate::role::{Actor, Target, may};

/// The one form of such a report (domain data 4.6.20).
pub const FORM: &str = "F-SUPV";
/// The permission to write one.
pub const REPORT: &str = "confidential.report";
/// The permission of the channel: to read and to act.
pub const HANDLE: &str = "confidential.handle";
/// Where the form holds the user id of the official that it names.
pub const NAMED: &str = "named";

/// User ids of those whom a report names.
pub fn named(values: &Values) -> Vec<String> {
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

/// Whether a person reads and handles a report that names these people: the channel's roles do, whoever is named
/// never does.
pub fn hears(package: &Package, actor: &Actor, named: &[String], today: NaiveDate) -> bool {
    let target = Target::new(RecordKind::Confidential, "", None);
    !named.contains(&actor.user) && may(package, actor, HANDLE, &target, today)
}

/// Judges a new report: this form only, placed nowhere, and without files, which would have to lie somewhere else.
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
        .filter(|form| form.id == FORM)
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
    if own(actor, case) || !hears(package, actor, &named(&case.values), today) {
        return Err(Refusal::NotPermitted(HANDLE.to_owned()));
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
