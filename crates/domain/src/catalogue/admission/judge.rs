//! Who may apply, correct an application, and take a step of it (CAT-02).

use chrono::NaiveDate;
use gridbook_log::body::Set;
use gridbook_log::{Create, Entity, Values};

use super::procedure::may_apply;
use super::{APPROVED, Application, ENDED, PUBLISHED, Procedure, REVIEWED, SAID};
use crate::admit::Refusal;
use crate::package::Package;
use crate::record::written_over;
use crate::role::Actor;
use crate::territory::{AreaCode, AreaLevel};

fn read(values: &Values) -> Result<Application, Refusal> {
    Application::read(values).ok_or_else(|| Refusal::BadBody("admission".to_owned()))
}

/// Nothing but what an application says: steps are taken one by one, each by its own person.
fn only_said(set: &Values) -> Result<(), Refusal> {
    let step = set.keys().find(|path| !SAID.contains(&path.as_str()));
    step.map_or(Ok(()), |path| Err(Refusal::WorkflowPath(path.clone())))
}

/// Whether a new application is whole, lies in the township for its unit alone, and comes from somebody who may propose
/// for that unit.
///
/// # Errors
/// [`Refusal`]: unreadable, incomplete, shared with others, or not theirs to write.
pub(crate) fn judge_create(
    package: &Package,
    actor: &Actor,
    create: &Create,
    today: NaiveDate,
) -> Result<(), Refusal> {
    only_said(&create.set)?;
    let (application, place) = (read(&create.set)?, &create.place);
    // It is for the centre: whoever works in one village has no say in it and no use for it.
    let area = place.area.as_deref().unwrap_or_default();
    if !AreaCode::parse(area).is_ok_and(|code| code.level() == AreaLevel::Township) {
        return Err(Refusal::BadArea(area.to_owned()));
    }
    let alone = place.all.is_none() && place.users_add.is_empty() && create.blobs.is_empty();
    if !alone || create.form.is_some() || place.units_add != [application.unit.as_str()] {
        return Err(Refusal::BadPlacement);
    }
    if !may_apply(package, actor, area, &application.unit, today) {
        return Err(Refusal::NotPermitted("catalog.edit".to_owned()));
    }
    application.check(package).map_err(Refusal::Admission)
}

/// Whether something may be written to an application: its next step by whoever may take it, or a correction by who wrote
/// it while nobody has reviewed it.
///
/// # Errors
/// [`Refusal`]: out of order, twice, by the same person, unreadable, or not theirs.
pub(crate) fn judge_set(
    package: &Package,
    actor: &Actor,
    entity: &Entity,
    body: &Set,
    today: NaiveDate,
) -> Result<(), Refusal> {
    let held = Procedure::of(entity).ok_or(Refusal::Missing)?;
    if !body.blobs.is_empty() {
        return Err(Refusal::BadPlacement);
    }
    let mut paths = body.set.iter();
    if let (Some((path, value)), None) = (paths.next(), paths.next())
        && [REVIEWED, APPROVED, PUBLISHED].contains(&path.as_str())
    {
        held.takes(package, actor, path, today)?;
        return held.sound(package, path, value);
    }
    if let [(path, value)] = body.set.iter().collect::<Vec<_>>()[..]
        && path == ENDED
    {
        let may = held.ends(package, actor, today);
        return if may {
            held.sound(package, path, value)
        } else {
            Err(Refusal::NotPermitted("catalog.edit".to_owned()))
        };
    }
    only_said(&body.set)?;
    if held.next(package) != Some(REVIEWED) {
        return Err(Refusal::Admission(super::AdmissionError::WrongStage));
    }
    let next = read(&written_over(entity.values(), &body.set))?;
    // It is shared with its unit, which stays the one that applies.
    let own = held.by == actor.user && next.unit == held.application.unit;
    if !own || !may_apply(package, actor, &held.area, &next.unit, today) {
        return Err(Refusal::NotPermitted("catalog.edit".to_owned()));
    }
    next.check(package).map_err(Refusal::Admission)
}
