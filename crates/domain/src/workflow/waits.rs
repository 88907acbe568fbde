//! Whether the next step of a matter may be somebody's: what a queue sorts by.

use std::mem;
use std::sync::Arc;

use chrono::NaiveDate;
use gridbook_log::EntityId;

use super::guard::supplement_over;
use super::{Guard, STAYS, Transition};
use crate::calendar::day_of;
use crate::case::CaseView;
use crate::clock::ClockId;
use crate::package::Package;
use crate::role::{Actor, Target, may};
use crate::summary::Summary;

/// Whether the next step of the way forward may be this person's, as far as the list row tells; the opened record asks
/// the rules themselves. A step that leaves the matter where it is (another handler) waits for nobody.
pub fn waits_for(package: &Package, actor: &Actor, summary: &Summary, today: NaiveDate) -> bool {
    let Some(flow) = package.flow(summary.kind) else { return false };
    let handler = summary.handler();
    let target = Target {
        handler,
        units: summary.units.iter().map(String::as_str).collect(),
        level: Some(summary.level.as_str()).filter(|level| !level.is_empty()),
        registered: package.state(&summary.state).is_some_and(|state| state.registered),
        ..Target::new(summary.kind, &summary.area, Some(&summary.reporter))
    };
    let own_unit = || actor.units(today).iter().any(|unit| summary.units.iter().any(|held| held == unit));
    let mine = || handler == Some(actor.user.as_str());
    let guarded = |step: &Transition| {
        step.guards.iter().all(|guard| match guard {
            Guard::CreatorOnly => summary.reporter == actor.user,
            Guard::NotReporter => summary.reporter != actor.user,
            Guard::LeadUnitMember => own_unit(),
            Guard::Handles => mine() || own_unit() || (summary.units.is_empty() && handler.is_none()),
            Guard::SupplementOver => summary.state != SUPPLEMENT || unanswered(summary, today),
            Guard::SettledOnSpot => false,
            _ => true,
        })
    };
    // While a unit handles it, it waits for that unit alone, whatever others might do meanwhile; so does what the village
    // kept for whoever was named. The centre may tell the result of that, too.
    let given = !summary.units.is_empty() || (handler.is_some() && summary.state != "done");
    let handled = flow.state(&summary.state).is_some_and(|state| state.handling && state.id != "joint");
    if given && handled && !own_unit() && !mine() {
        return false;
    }
    flow.transitions
        .get()
        .iter()
        .filter(|step| step.skin.is_some() && step.to != STAYS && step.from.contains(&summary.state))
        .any(|step| may(package, actor, &step.permission, &target, today) && guarded(step))
}

/// Which open rows wait for one person, kept from one look to the next: a row that has not changed since is not judged
/// again. A phone looks with every change of its data, and a save changes one row of thousands.
#[derive(Default)]
pub struct Waiting {
    /// What the verdicts were given under.
    under: Option<(Arc<Package>, Actor, NaiveDate)>,
    /// Verdicts on the open rows, in the order of their ids.
    judged: Vec<Verdict>,
}

struct Verdict {
    row: EntityId,
    version: u64,
    waits: bool,
}

impl Waiting {
    /// Those of `rows` that are open and wait for this person ([`waits_for`]). They come in the order of their ids, each
    /// with a number that is another one whenever the row has changed.
    pub fn among<'r>(
        &mut self,
        package: &Arc<Package>,
        actor: &Actor,
        today: NaiveDate,
        rows: impl IntoIterator<Item = (u64, &'r Summary)>,
    ) -> Vec<&'r Summary> {
        let under = self.under.as_ref();
        if !under.is_some_and(|(old, who, day)| Arc::ptr_eq(old, package) && who == actor && *day == today) {
            self.judged.clear();
            self.under = Some((package.clone(), actor.clone(), today));
        }
        let mut before = mem::take(&mut self.judged).into_iter().peekable();
        let mut found = Vec::new();
        for (version, summary) in rows.into_iter().filter(|(_, summary)| summary.is_open()) {
            let row = summary.id;
            while before.next_if(|held| held.row < row).is_some() {}
            let held = before.next_if(|held| held.row == row).filter(|held| held.version == version);
            let waits = held.map_or_else(|| waits_for(package, actor, summary, today), |held| held.waits);
            self.judged.push(Verdict { row, version, waits });
            if waits {
                found.push(summary);
            }
        }
        found
    }
}

/// The state in which its reporter was asked for more.
const SUPPLEMENT: &str = "supplement";

/// The limit for an answer of the reporter is over by this day: it is the one that a list shows, since nothing else runs.
fn unanswered(summary: &Summary, today: NaiveDate) -> bool {
    let asked = summary.deadline().filter(|deadline| deadline.clock == ClockId::Supplement);
    asked.and_then(|deadline| deadline.due).is_some_and(|due| day_of(due - 1) < today)
}

/// Whether control measures wait for this person to look: whoever handles the hazard, and before that who reported it
/// (HAZ-02).
pub fn looks_after(actor: &Actor, summary: &Summary, today: NaiveDate) -> bool {
    let own_unit = || actor.units(today).iter().any(|unit| summary.units.iter().any(|held| held == unit));
    match summary.handler() {
        Some(handler) => handler == actor.user || own_unit(),
        None => own_unit() || (summary.units.is_empty() && summary.reporter == actor.user),
    }
}

/// Who has to do something now, in words: the centre again where the reporter did not answer in time.
pub fn waited_for<'p>(package: &'p Package, case: &CaseView, today: NaiveDate) -> &'p str {
    let over = supplement_over(package, case, today);
    let initial = package.flow(case.kind).filter(|_| over).map(|flow| flow.initial.as_str());
    package.state(initial.unwrap_or(&case.state)).map_or("", |state| state.waits_for.as_str())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::looks_after;
    use super::waits_for;
    use crate::case::story::{Story, person, register};
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

    #[test]
    fn what_the_village_kept_waits_for_whoever_was_named() {
        let package = Package::builtin();
        let (clerk, chief) = (person("ivy", "intake_clerk"), person("lou", "grid_worker_l1"));
        let (ann, abe) = (person("ann", "village_assistant"), person("abe", "grid_worker_l2"));
        let row = |story: &Story| Summary::of(&story.entity, package).unwrap();
        let waits =
            |story: &Story, who: &crate::role::Actor| waits_for(package, who, &row(story), story.today());
        let mut story = Story::hazard("yellow");
        let measure =
            json!({"set": {"control_measures/a/measure": "guard", "control_measures/a/owner": "周成"}});
        story.admitted(&ann, "set", &measure).unwrap();
        let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
        let check = |story: &Story, on: &str| row(story).to_check(day(on));
        assert_eq!([check(&story, "2026-05-24"), check(&story, "2026-05-25")], [None, Some(0)]);
        assert_eq!(check(&story, "2026-05-28"), Some(3), "yellow once a week");
        let looks = |story: &Story, who: &crate::role::Actor| looks_after(who, &row(story), story.today());
        assert!(looks(&story, &ann) && !looks(&story, &abe), "nobody handles it yet");
        story.step(&clerk, "register", &register("yellow"));
        let keep = json!({"set": {"handler": "abe", "handle_by": "2026-05-28"}});
        story.step(&clerk, "keep", &keep);
        assert_eq!(row(&story).handler(), Some("abe"));
        assert!(waits(&story, &abe) && !waits(&story, &ann) && !waits(&story, &chief));
        assert!(looks(&story, &abe) && !looks(&story, &ann));
        story.step(&abe, "progress", &json!({"data": {"text": "看过, 围挡都在"}}));
        assert_eq!(check(&story, "2026-05-24"), None);
        let again = json!({"set": {"handler": "ann", "handle_by": "2026-06-05"},
            "data": {"reason": "wrong_unit", "text": "换人"}});
        story.step(&clerk, "reassign", &again);
        assert!(waits(&story, &ann) && !waits(&story, &abe));
    }
}
