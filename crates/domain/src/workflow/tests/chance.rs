//! Chance: legal steps and late ones, in any mixture. Nothing is lost, the ledger of every period reconciles, and
//! somebody always has the case.

use gridbook_log::{DeviceId, Dot, Event, Hlc, NewOp, Op, Outcome, Writer};
use proptest::prelude::*;

use super::table::{complete, everybody};
use super::*;
use crate::admit::admit;
use crate::hazard::{balance, spans};

/// The steps that one of these people can take, each with everything filled in.
fn possible(story: &Story, people: &[Actor]) -> Vec<(usize, Event)> {
    let (case, today) = (story.view(), story.today());
    let mut found = Vec::new();
    for (who, actor) in people.iter().enumerate() {
        for step in offered(Package::builtin(), actor, &case, today) {
            let event = complete(step, &case, today);
            if check(Package::builtin(), actor, &case, &event, [today; 2]).is_ok() {
                found.push((who, event));
            }
        }
    }
    found
}

/// The ledger of each day, and of all days together: what was there, came, went and stayed is counted four times over,
/// and what stays in the end is what the list shows.
fn reconciles(view: &CaseView, from: NaiveDate, to: NaiveDate) -> Result<(), TestCaseError> {
    let package = Package::builtin();
    let spans = spans(package, view);
    prop_assert!(
        spans.windows(2).all(|pair| pair[0].to.is_some_and(|left| left <= pair[1].from)),
        "{spans:?}"
    );
    let of = |period| balance([("yellow", spans.as_slice())], period)["yellow"];
    let mut carried = 0;
    for day in from.iter_days().take_while(|day| *day <= to) {
        let daily = of((day, day));
        prop_assert!(daily.holds() && daily.opening == carried, "{day}: {daily:?} of {spans:?}");
        carried = daily.remaining;
    }
    let whole = of((from, to));
    prop_assert!(whole.holds(), "{whole:?}");
    let state = package.state(&view.state).unwrap();
    prop_assert_eq!(
        whole.remaining,
        usize::from(state.registered && !state.terminal),
        "{} {:?}",
        view.state,
        spans
    );
    prop_assert_eq!(carried, whole.remaining);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn no_event_is_lost_no_balance_breaks_and_nobody_is_left_alone(
        kind in prop::sample::select(vec!["hazard", "dispute", "matter"]),
        level in prop::sample::select(vec!["orange", "yellow", "blue"]),
        moves in prop::collection::vec((any::<prop::sample::Index>(), 0u8..4, 0u64..40), 1..25),
    ) {
        // Three people with every role: guards on who did what before still bite.
        let people = [everybody("ann"), everybody("ben"), everybody("cara")];
        let mut story = Story::hazard(level);
        if kind != "hazard" {
            story = Story::new();
            let mut body = json!({
                "type": kind, "form": "F-DISPUTE/1", "state": "submitted", "place": {"area": crate::case::story::GRID},
                "set": {"facts": "为水沟争吵", "intake_mode": "visit_found", "risk_level": level}
            });
            if kind == "matter" {
                body["form"] = json!("F-CALL/1");
                body["set"] = json!({"facts": "村道落石", "item": "call_department"});
            }
            story.admitted(&people[0], "create", &body).unwrap();
        }
        let begun = story.today();
        let mut written: Vec<Dot> = Vec::new();
        let mut decisions = 0;
        // An op that was written on a phone without network, and arrives some steps later.
        let mut waiting_op: Option<(Actor, Op)> = None;
        for (n, (pick, late, hours)) in moves.into_iter().enumerate() {
            story.ms += hours * 3_600_000;
            let can = possible(&story, &people);
            if can.is_empty() {
                break;
            }
            let (who, event) = &can[pick.index(can.len())];
            let body = serde_json::to_value(event).unwrap();
            let actor = people[*who].clone();
            if late == 0 && waiting_op.is_none() {
                let writer = Writer { dev: DeviceId([20 + u8::try_from(n).unwrap(); 8]), epoch: 1 };
                let new = NewOp {
                    entity: story.entity.id(),
                    dot: Dot { writer, n: 1 },
                    hlc: Hlc { ms: story.ms, count: 0 },
                    kind: "event",
                    user: &actor.user,
                    ctx: story.entity.frontier().clone(),
                };
                let op = Op::new(new, [4; 16], body.to_string()).unwrap();
                waiting_op = Some((actor, op));
                continue;
            }
            let op = story.op(DeviceId([1; 8]), &actor.user, "event", &body);
            prop_assert_eq!(story.admitted(&actor, "event", &body), Ok(()));
            written.push(op.dot());
            if late == 3 && let Some((actor, op)) = waiting_op.take() {
                let verdict = admit(Package::builtin(), &actor, Some(&story.entity), &op, story.today());
                story.entity.apply(&op);
                match verdict {
                    Ok(()) => decisions += 1,
                    Err(refusal) => {
                        story.authority("reject", &json!({"op": op.dot(), "code": refusal.code()}));
                    }
                }
                written.push(op.dot());
            }
            let view = story.view();
            // Every event that was written stands in the timeline, whatever became of it.
            let kept: Vec<Dot> = story.entity.timeline().iter().map(|record| record.dot).collect();
            for dot in &written {
                prop_assert!(kept.contains(dot), "{dot:?} is lost");
            }
            prop_assert_eq!(kept.len(), written.len());
            prop_assert_eq!(
                view.actions.len(),
                story.entity.timeline().iter().filter(|record| record.outcome == Outcome::Counts).count()
            );
            // A late step that is legal again (the case went back meanwhile) leaves two states side by side; then, too,
            // somebody is there to decide.
            prop_assert!(!view.needs_decision() || decisions > 0, "{:?} {:?}", view.state, view.others);
            let mut standing = std::iter::once(&view.state).chain(&view.others);
            let open = standing.any(|state| !case_flow().state(state).unwrap().terminal);
            let nobody = waiting(Package::builtin(), &view).is_nobody();
            prop_assert_eq!(nobody, !open, "{} {:?} after {:?}", view.state, view.others, view.actions);
            reconciles(&view, begun, story.today())?;
        }
    }
}
