//! Who may give a task, change it, take it back, or hand it on.

use chrono::NaiveDate;
use gridbook_log::{Create, Entity, EntityId, Event, Values};

use super::hand_on::{HAND_ON, WITH, people};
use super::{CANCELLED, MAX_HOUSEHOLDS, Terms, VisitTask};
use crate::admit::Refusal;
use crate::package::Package;
use crate::record::{RecordKind, written_over};
use crate::role::{Actor, Target, may};

/// Whether a new task can be read, and is given to somebody by whom it may be: people who plan for an area, or for
/// themselves.
///
/// # Errors
/// [`Refusal`]: unreadable, shared with others, or not theirs to give.
pub(crate) fn judge_create(
    package: &Package,
    actor: &Actor,
    create: &Create,
    today: NaiveDate,
) -> Result<(), Refusal> {
    let area = create.place.area.as_deref().unwrap_or_default();
    let task = VisitTask::read(&create.set, area).ok_or_else(|| Refusal::BadBody("visit task".to_owned()))?;
    if create.place.users_add != [task.user.clone()] {
        return Err(Refusal::BadPlacement);
    }
    judge(package, actor, &task, Some(&actor.user), today)
}

/// Whether a task may be changed like this: other households, another last day, or taken back.
///
/// # Errors
/// [`Refusal`]: unreadable afterwards, or not theirs to change.
pub(crate) fn judge_set(
    package: &Package,
    actor: &Actor,
    entity: &Entity,
    set: &Values,
    today: NaiveDate,
) -> Result<(), Refusal> {
    let kept = |path: &&String| !matches!(path.as_str(), "households" | "due" | CANCELLED);
    if let Some(path) = set.keys().find(kept) {
        return Err(Refusal::WorkflowPath(path.clone()));
    }
    let values = written_over(entity.values(), set);
    let area = entity.area().unwrap_or_default();
    let task = VisitTask::read(&values, area).ok_or_else(|| Refusal::BadBody("visit task".to_owned()))?;
    judge(package, actor, &task, entity.creation().map(|made| made.user.as_str()), today)
}

/// Whether households of a task may go to somebody else like this: those who plan there give out what they like, everybody
/// else their own. It is shared with those who have households of it then, and with nobody who never had any.
///
/// # Errors
/// [`Refusal`]: unknown, unreadable afterwards, or not theirs to hand on.
pub(crate) fn judge_event(
    package: &Package,
    actor: &Actor,
    entity: &Entity,
    event: &Event,
    today: NaiveDate,
) -> Result<(), Refusal> {
    let task = VisitTask::of(entity).ok_or(Refusal::Missing)?;
    let state = entity.state().unwrap_or_default();
    if event.event != HAND_ON {
        return Err(Refusal::UnknownAction);
    }
    if task.cancelled || event.from != state || event.to != state {
        return Err(Refusal::NotLegalNow { action: event.event.clone(), state: state.to_owned() });
    }
    let values = written_over(entity.values(), &event.set);
    let bad = || Refusal::BadBody("visit task".to_owned());
    let next = VisitTask::read(&values, &task.area).ok_or_else(bad)?;
    let place = event.place.clone().unwrap_or_default();
    let moves = |area: &str| {
        let target = Target::new(RecordKind::VisitTask, area, None);
        ["visit.plan", "record.place"].iter().any(|right| may(package, actor, right, &target, today))
    };
    let plans = moves(&task.area) && place.area.as_deref().is_none_or(moves);
    // The desk may have taken some back while the step was on its way: of those it says nothing any more, the others go.
    let given = entity.creation().and_then(|made| VisitTask::read(&made.create.set, &task.area));
    let given = given.map(|task| task.households).unwrap_or_default();
    for (path, to) in &event.set {
        let home = path.strip_prefix(WITH).and_then(EntityId::parse);
        let Some(home) = home.filter(|home| task.households.contains(home) || given.contains(home)) else {
            return Err(Refusal::WorkflowPath(path.clone()));
        };
        if to.as_str().is_none_or(str::is_empty) {
            return Err(bad());
        }
        if !plans && task.person_of(&home) != actor.user {
            return Err(Refusal::NotPermitted("visit.plan".to_owned()));
        }
    }
    let (had, have) = (people(&task), people(&next));
    let fits = place.all.is_none()
        && place.units_add.is_empty()
        && place.units_del.is_empty()
        && (place.area.is_none() || plans)
        && place.users_add.iter().all(|user| have.contains(user.as_str()))
        && place.users_del.iter().all(|user| had.contains(user.as_str()) && !have.contains(user.as_str()));
    if fits && event.blobs.is_empty() { Ok(()) } else { Err(Refusal::BadPlacement) }
}

fn judge(
    package: &Package,
    actor: &Actor,
    task: &VisitTask,
    creator: Option<&str>,
    today: NaiveDate,
) -> Result<(), Refusal> {
    let Terms { label, from, due, .. } = &task.terms;
    let sound = !task.user.is_empty()
        && (1..=MAX_HOUSEHOLDS).contains(&task.households.len())
        && (1..=30).contains(&label.chars().count())
        && from <= due;
    if !sound {
        return Err(Refusal::BadBody("visit task".to_owned()));
    }
    // A plan of one's own is one that is for oneself.
    let creator = creator.filter(|creator| *creator == task.user);
    let target = Target::new(RecordKind::VisitTask, &task.area, creator);
    if may(package, actor, "visit.plan", &target, today) {
        Ok(())
    } else {
        Err(Refusal::NotPermitted("visit.plan".to_owned()))
    }
}
