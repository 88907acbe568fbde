//! Which steps are offered, and whether a step that somebody took is legal.

use chrono::NaiveDate;
use gridbook_log::Event;
use serde_json::Value;

use super::guard::Situation;
use super::{Flow, STAYS, Transition, standing};
use crate::admit::Refusal;
use crate::case::CaseView;
use crate::confidential::{own, permission};
use crate::form::{Field, Values};
use crate::package::Package;
use crate::role::{Actor, may, role_for};

/// The steps that this person can take now: drives the buttons. Conditions on what will be entered are judged
/// by [`check`] afterwards.
pub fn offered<'p>(
    package: &'p Package,
    actor: &Actor,
    case: &CaseView,
    today: NaiveDate,
) -> Vec<&'p Transition> {
    let Some(flow) = package.flow(case.kind) else { return Vec::new() };
    let possible = |transition: &&Transition| {
        transition.fits(case.kind)
            && !transition.by_app
            && transition.leaves(case).is_some()
            && !own(actor, case)
            && may(package, actor, permission(package, case, &transition.permission), &case.target(), today)
            && transition.guards.iter().filter(|guard| !guard.needs_input()).all(|guard| {
                guard.holds(&Situation {
                    package,
                    actor,
                    case,
                    action: &transition.action,
                    values: &case.values,
                    photos: &case.photos,
                    today,
                    table: flow.version,
                })
            })
    };
    flow.transitions.get().iter().filter(possible).collect()
}

/// Judges a step against the case as it stands: the same on the author's device and at the authority. Rights are those of
/// today; the role that a step names may be one of the day on which it was written.
///
/// # Errors
/// [`Refusal`]: not legal in this state, not permitted, a guard, or inputs that are missing or wrong.
pub fn check(
    package: &Package,
    actor: &Actor,
    case: &CaseView,
    event: &Event,
    [today, written]: [NaiveDate; 2],
) -> Result<(), Refusal> {
    let flow = package.flow(case.kind).ok_or(Refusal::UnknownAction)?;
    let transition = legal(flow, case, event)?;
    let mut target = case.target();
    let right = permission(package, case, &transition.permission);
    let allowed = may(package, actor, right, &target, today);
    // A step that changes the level must be within the actor's rights before and after.
    target.level = level_after(event).or(target.level);
    if !(allowed && may(package, actor, right, &target, today)) {
        return Err(Refusal::NotPermitted(right.to_owned()));
    }
    // Nobody writes a role down that they do not have, or that gives no right to it (ROLE-13). A step that comes late
    // names the role of its day.
    let named = event.role.as_deref();
    let gives = |day| role_for(package, actor, right, &target, day, named).is_some();
    if named.is_some() && !gives(written) && !gives(today) {
        return Err(Refusal::NotPermitted(right.to_owned()));
    }
    let inputs: Vec<&Field> = transition.inputs_for(case.kind).collect();
    for path in event.set.keys() {
        let head = path.split('/').next().unwrap_or(path);
        if !inputs.iter().any(|field| field.set && field.path == head) {
            return Err(Refusal::UnexpectedPath(path.clone()));
        }
    }
    let values = merged(case, event);
    let mut photos = case.photos.clone();
    for blob in &event.blobs {
        *photos.entry(blob.role.clone()).or_default() += 1;
    }
    let now = Situation {
        package,
        actor,
        case,
        action: &transition.action,
        values: &values,
        photos: &photos,
        today,
        table: event.table,
    };
    // Whoever takes a step that is new has the table that it came with, whatever the event says.
    let table = event.table.max(transition.since).max(1);
    let broken = |with_input: bool| {
        let mut guards = transition
            .guards
            .iter()
            .filter(|guard| guard.needs_input() == with_input && guard.since() <= table);
        guards.find(|guard| !guard.holds(&now)).map_or(Ok(()), |guard| Err(Refusal::Guard(*guard)))
    };
    // Who must not do it at all is told so before being asked to fill things in.
    broken(false)?;
    let entered = entered(package, case, event, transition);
    let problems = crate::form::validate_inputs(package, inputs.iter().copied(), &entered, &photos, today);
    let blocking: Vec<_> = problems.into_iter().filter(|problem| problem.blocks).collect();
    if !blocking.is_empty() {
        return Err(Refusal::Invalid(blocking));
    }
    broken(true)?;
    placement(transition, event)
}

fn legal<'p>(flow: &'p Flow, case: &CaseView, event: &Event) -> Result<&'p Transition, Refusal> {
    if flow.actions(&event.event).next().is_none() {
        return Err(Refusal::UnknownAction);
    }
    let late = || Refusal::NotLegalNow { action: event.event.clone(), state: case.state.clone() };
    let transition = flow.transition_to(&event.event, &event.from, &event.to).ok_or_else(late)?;
    if !transition.fits(case.kind) {
        return Err(Refusal::UnknownAction);
    }
    // While two states stand side by side, one more step from either of them is the decision.
    let stands = case.state == event.from || case.others.contains(&event.from);
    // A note is none the worse for the case having gone on meanwhile, as long as it fits there, too.
    let stands =
        stands || (transition.side && transition.to == STAYS && transition.from.contains(&case.state));
    if stands { Ok(transition) } else { Err(late()) }
}

pub(super) fn level_after(event: &Event) -> Option<&str> {
    ["level", "risk_level"].iter().find_map(|path| event.set.get(*path)).and_then(Value::as_str)
}

fn merged(case: &CaseView, event: &Event) -> Values {
    let mut values = case.values.clone();
    // Whom an earlier step named is no answer to whom this one names; who has it is in the case.
    values.remove("handler");
    values.extend(event.set.clone());
    values.extend(event.data.clone());
    values
}

/// What the step itself says for its inputs, over the rest of the case.
fn entered(package: &Package, case: &CaseView, event: &Event, step: &Transition) -> Values {
    let mut values = standing(package, step, case);
    values.extend(event.set.clone());
    values.extend(event.data.clone());
    values
}

/// Only a dispatch changes who sees the case, and only towards the units and the person that it names.
fn placement(transition: &Transition, event: &Event) -> Result<(), Refusal> {
    let lead = event.set.get("lead_unit").and_then(Value::as_str);
    let Some(place) = &event.place else {
        return if transition.places { Err(Refusal::BadPlacement) } else { Ok(()) };
    };
    let support: Vec<&str> = event
        .set
        .get("support_units")
        .and_then(Value::as_array)
        .map(|list| list.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let handler = event.set.get("handler").and_then(Value::as_str);
    let named = |unit: &String| lead == Some(unit) || support.contains(&unit.as_str());
    let fits = transition.places
        && place.area.is_none()
        && place.all.is_none()
        && place.users_del.is_empty()
        && place.units_add.iter().all(named)
        && lead.is_some_and(|lead| place.units_add.iter().any(|unit| unit == lead))
        && place.users_add.iter().all(|user| handler == Some(user));
    if fits { Ok(()) } else { Err(Refusal::BadPlacement) }
}
