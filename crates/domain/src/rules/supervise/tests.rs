#![allow(clippy::unwrap_used)]
use super::*;
use crate::case::story::{START, Story, UNIT, dispatch, person, register};
use crate::case::unit::WithUnit;
use crate::clock::read;

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;

fn clocks(story: &Story) -> CaseClocks {
    read(Package::builtin(), &story.entity)
}

/// In progress and under control: only the limit to handle it can pass, at the end of 28 May 2026.
fn in_progress() -> (Story, u64) {
    let mut story = Story::hazard("yellow");
    story.until_claimed();
    let ben = person("ben", "unit_handler");
    story.step(&ben, "start", &json!({}));
    story.admitted(&ben, "set", &json!({"set": {"on_spot_result": "controlled"}})).unwrap();
    let end = clocks(&story).limits.iter().find(|limit| limit.clock == ClockId::Handle).unwrap().due;
    (story, end)
}

#[test]
fn the_step_that_is_due_with_its_reason() {
    let package = Package::builtin();
    let (mut story, end) = in_progress();
    let due = |story: &Story, now, lamps| {
        let (case, clocks) = (story.view(), clocks(story));
        due_step(package, &case, &clocks, lamps, now).map(|due| (due.step.step, due.why))
    };
    assert_eq!(due(&story, end - 5 * DAY, 9), None);
    assert_eq!(due(&story, end - DAY, 9), Some((0, Why::Soon)));
    assert_eq!(due(&story, end + HOUR, 2), Some((1, Why::Late)));
    assert_eq!(due(&story, end + HOUR, 3), Some((4, Why::RedLamps(3))));
    assert_eq!(due(&story, end + 9 * DAY, 3), Some((4, Why::Late)), "late enough without the others");
    let mut risky = story.view();
    (risky.kind, risky.level) = (RecordKind::Dispute, Some("red".to_owned()));
    let held = clocks(&story);
    let step = due_step(package, &risky, &held, 0, end - 5 * DAY).unwrap();
    assert_eq!((step.step.step, step.why), (5, Why::RedRisk));

    let case = story.view();
    let step = due_step(package, &case, &held, 3, end + HOUR).unwrap();
    let starts = step.suggested(package, end + HOUR);
    assert_eq!((&starts["step"], &starts["reply_by"]), (&json!("circular"), &json!("2026-06-05")));

    story.ms = end + HOUR;
    let note = json!({"data": {"step": "message", "reply_by": "2026-05-29", "text": "已发短信"}});
    story.step(&person("sue", "supervisor"), "supervise", &note);
    assert_eq!(due(&story, story.ms, 0), None, "it was taken");
    assert_eq!(due(&story, story.ms, 3), Some((4, Why::RedLamps(3))));
}

#[test]
fn the_faults_that_may_be_marked() {
    let mut story = Story::hazard("yellow");
    let (ivy, ben, sue) =
        (person("ivy", "intake_clerk"), person("ben", "unit_handler"), person("sue", "supervisor"));
    story.step(&ivy, "register", &register("yellow"));
    story.step(&ivy, "dispatch", &dispatch());
    let found = |story: &Story, now| -> Vec<Fault> {
        let (case, clocks) = (story.view(), clocks(story));
        faults_to_mark(&case, &clocks, now).into_iter().map(|(fault, _)| fault).collect()
    };
    assert_eq!(found(&story, story.ms), []);
    story.ms = START + 3 * DAY;
    assert_eq!(found(&story, story.ms), [Fault::NoResponse]);
    let mut late = Story { entity: story.entity.clone(), ms: story.ms };
    late.step(&ben, "claim", &json!({}));
    assert_eq!(found(&late, late.ms), [Fault::LateResponse]);
    story.step(&sue, "no_claim", &json!({}));
    assert_eq!(found(&story, story.ms), [], "marked already");
    // Dispatched anew: what the other let pass is not theirs.
    let mut reroute = dispatch();
    reroute["data"] = json!({"reason": "other", "text": "换个值班员"});
    reroute["set"]["respond_by"] = json!("2026-05-22");
    story.step(&ivy, "reroute", &reroute);
    assert_eq!(found(&story, story.ms), []);
    assert_eq!(found(&story, START + 5 * DAY), [Fault::NoResponse], "again, of this dispatch");
}

#[test]
fn a_red_lamp_belongs_to_the_month_and_to_the_unit_that_had_the_case() {
    let (story, end) = in_progress();
    let (mut case, clocks) = (story.view(), clocks(&story));
    assert!(!was_late(&case, &clocks, UNIT, end) && !is_late(&clocks, end));
    assert!(was_late(&case, &clocks, UNIT, end + HOUR) && is_late(&clocks, end + HOUR));
    assert!(!was_late(&case, &clocks, "U-ROAD", end + HOUR));
    // Monday 1 June: still late, and no lamp of this month.
    let june = end + 3 * DAY + 10 * HOUR;
    assert!(!was_late(&case, &clocks, UNIT, june) && is_late(&clocks, june));
    case.with_units.push(WithUnit { unit: UNIT.to_owned(), at: end - DAY, step: UnitStep::Returned });
    assert!(!was_late(&case, &clocks, UNIT, end + HOUR), "given back before");
    case.with_units.push(WithUnit { unit: "U-ROAD".to_owned(), at: end - HOUR, step: UnitStep::Given });
    assert!(was_late(&case, &clocks, "U-ROAD", end + HOUR));
    // Nobody in particular.
    assert!(was_late(&case, &clocks, "", end + HOUR) && !was_late(&case, &clocks, "", end));
    case.with_units.push(WithUnit { unit: "U-ROAD".to_owned(), at: end - HOUR, step: UnitStep::Returned });
    assert!(!was_late(&case, &clocks, "", end + HOUR), "with no unit then");

    let mut row = Summary::of(&story.entity, Package::builtin()).unwrap();
    assert!(may_be_late(&row, june));
    row.state = "closed".to_owned();
    assert!(may_be_late(&row, end) && !may_be_late(&row, june), "closed in May");
}
