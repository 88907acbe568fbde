//! Whether the next step of a matter may be somebody's: what a queue sorts by.

use chrono::NaiveDate;

use super::{Guard, STAYS, Transition};
use crate::package::Package;
use crate::role::{Actor, Target, may};
use crate::summary::Summary;

/// Whether the next step of the way forward may be this person's, as far as the list row tells; the opened record asks
/// the rules themselves. A step that leaves the matter where it is (another handler) waits for nobody.
pub fn waits_for(package: &Package, actor: &Actor, summary: &Summary, today: NaiveDate) -> bool {
    let Some(flow) = package.flow(summary.kind) else { return false };
    let target = Target {
        units: summary.units.iter().map(String::as_str).collect(),
        level: Some(summary.level.as_str()).filter(|level| !level.is_empty()),
        registered: package.state(&summary.state).is_some_and(|state| state.registered),
        ..Target::new(summary.kind, &summary.area, Some(&summary.reporter))
    };
    let own_unit = || actor.units(today).iter().any(|unit| summary.units.iter().any(|held| held == unit));
    let guarded = |step: &Transition| {
        step.guards.iter().all(|guard| match guard {
            Guard::CreatorOnly => summary.reporter == actor.user,
            Guard::NotReporter => summary.reporter != actor.user,
            Guard::LeadUnitMember => own_unit(),
            // Kept at the village: no unit has it, whoever may handle it there sees it waiting.
            Guard::Handles => summary.units.is_empty() || own_unit(),
            Guard::SettledOnSpot => false,
            _ => true,
        })
    };
    // While a unit handles it, it waits for that unit alone, whatever others might do meanwhile.
    let state = flow.state(&summary.state);
    let handled =
        state.is_some_and(|state| state.handling && state.id != "joint") && !summary.units.is_empty();
    if handled && !own_unit() {
        return false;
    }
    flow.transitions
        .get()
        .iter()
        .filter(|step| step.skin.is_some() && step.to != STAYS && step.from.contains(&summary.state))
        .any(|step| may(package, actor, &step.permission, &target, today) && guarded(step))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::waits_for;
    use crate::case::story::{Story, person};
    use crate::package::Package;
    use crate::summary::Summary;

    #[test]
    fn a_report_waits_for_whoever_takes_its_next_step() {
        let package = Package::builtin();
        let (clerk, unit) = (person("ivy", "intake_clerk"), person("ben", "unit_handler"));
        let caller = person("cara", "callback_clerk");
        let waits = |story: &Story, who: &crate::role::Actor| {
            let row = Summary::of(&story.entity, package).unwrap();
            waits_for(package, who, &row, story.today())
        };
        let mut story = Story::hazard("yellow");
        assert!(waits(&story, &clerk));
        assert!(!waits(&story, &unit), "no unit has it yet");
        story.until_claimed();
        story.step(&unit, "start", &json!({}));
        assert!(waits(&story, &unit));
        assert!(!waits(&story, &caller), "nothing was fed back yet");
        story.until_callback();
        assert!(waits(&story, &caller));
    }
}
