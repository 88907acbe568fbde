//! Stories as townships tell them, by their limits.

use super::*;
use crate::share::Share;

/// 七有: one 退回补充, one extension, overdue once (督办短信 and a fault), dissatisfied, redone, closed.
#[test]
fn a_yellow_hazard_with_everything_that_can_happen_to_it() {
    let calendar = &law().calendar;
    let mut tale = Tale::hazard("yellow", at("2026-03-09", "10:00"));
    tale.step(at("2026-03-09", "11:00"), "ask_supplement", "supplement");
    tale.step(at("2026-03-10", "15:00"), "resubmit", "submitted");
    tale.step(at("2026-03-11", "09:30"), "register", "registered");
    assert_eq!(tale.last(ClockId::Register).state(u64::MAX), LimitState::Met);
    tale.step(at("2026-03-11", "10:00"), "dispatch", "dispatched");
    tale.step(at("2026-03-12", "10:00"), "claim", "claimed");
    tale.step(at("2026-03-12", "11:00"), "start", "in_progress");
    // 15 natural days, then five working days more: over the weekend to 3 April.
    assert_eq!(tale.last(ClockId::Handle).due, at("2026-03-27", "24:00"));
    tale.step(at("2026-03-26", "10:00"), "extend", "in_progress");
    let handle = tale.last(ClockId::Handle);
    assert_eq!((handle.due, handle.extended), (at("2026-04-03", "24:00"), true));
    // Qingming is off from Saturday to Monday: the ladder counts on from Tuesday.
    let step = |now| step_of(law(), &handle, now, 0, false).map(|step| step.label.as_str());
    assert_eq!(step(at("2026-04-03", "09:00")), Some("提醒"));
    assert_eq!(step(at("2026-04-04", "00:01")), Some("督办短信"));
    assert_eq!(step(at("2026-04-07", "23:00")), Some("督办短信"));
    assert_eq!(step(at("2026-04-08", "00:01")), Some("督办单"));
    let late = at("2026-04-07", "10:00");
    assert_eq!(tale.clocks().lamp_of(calendar, &handle, late), Lamp::Red);
    assert_eq!(faults(&tale.clocks(), &tale.actions(), late), [Fault::LateCompletion]);
    tale.step(late, "finish", "done");
    tale.step(at("2026-04-07", "11:00"), "feed_back", "fed_back");
    tale.step(at("2026-04-08", "10:00"), "call_back", "callback");
    tale.step(at("2026-04-08", "10:10"), "dissatisfied", "redo");
    assert_eq!(tale.last(ClockId::Redo).due, at("2026-04-15", "24:00"));
    tale.step(at("2026-04-09", "09:00"), "re_handle", "in_progress");
    tale.step(at("2026-04-10", "09:00"), "finish", "done");
    tale.step(at("2026-04-10", "10:00"), "feed_back", "fed_back");
    tale.step(at("2026-04-13", "10:00"), "call_back", "callback");
    tale.step(at("2026-04-13", "10:10"), "satisfied", "closed");
    let clocks = tale.clocks();
    assert!(clocks.limits.iter().all(|limit| !limit.open()));
    assert_eq!(tale.last(ClockId::Redo).state(u64::MAX), LimitState::Met);
    assert_eq!(
        faults(&clocks, &tale.actions(), u64::MAX),
        [Fault::LateCompletion],
        "what was late stays late"
    );
    let month = |from, to| rates([&clocks], at(from, "00:00"), at(to, "00:00"));
    let (march, april) = (month("2026-03-01", "2026-04-01"), month("2026-04-01", "2026-05-01"));
    assert_eq!(
        (march.response, march.timely_response),
        (Share { part: 1, whole: 1 }, Share { part: 1, whole: 1 })
    );
    assert_eq!((march.completion.whole, april.completion), (0, Share { part: 1, whole: 1 }));
    assert_eq!((april.on_time, april.overtime), (Share { part: 0, whole: 1 }, Share { part: 1, whole: 1 }));
}

/// 呼叫: two units are called; one claims in time, one never.
#[test]
fn one_answers_and_one_does_not() {
    let mut answers = Tale::hazard("yellow", at("2026-03-09", "10:00"));
    answers.step(at("2026-03-09", "11:00"), "register", "registered");
    answers.step(at("2026-03-09", "11:30"), "dispatch", "dispatched");
    let silent = {
        let mut tale = Tale::hazard("yellow", at("2026-03-09", "10:00"));
        tale.step(at("2026-03-09", "11:00"), "register", "registered");
        tale.step(at("2026-03-09", "11:30"), "dispatch", "dispatched");
        tale
    };
    answers.step(at("2026-03-10", "09:00"), "claim", "claimed");
    let (now, both) = (at("2026-03-12", "00:00"), [answers.clocks(), silent.clocks()]);
    let found = rates(&both, at("2026-03-09", "00:00"), now);
    assert_eq!(
        (found.response, found.timely_response),
        (Share { part: 1, whole: 2 }, Share { part: 1, whole: 2 })
    );
    assert_eq!(faults(&both[1], &silent.actions(), now), [Fault::NoResponse]);
    assert_eq!(faults(&both[0], &answers.actions(), now), []);
    // The silent unit's table is red, the other's is not.
    let lamp = |clocks: &CaseClocks| clocks.deadline(law()).unwrap().lamp(now);
    assert_eq!(unit_lamp(&[lamp(&both[1])]), Some(Lamp::Red));
    assert_ne!(unit_lamp(&[lamp(&both[0])]), Some(Lamp::Red));
}

/// 127 taken in, 125 done in time, two not yet due: all that was due was done in time.
#[test]
fn what_is_not_yet_due_is_not_late() {
    let mut done = in_progress("yellow");
    done.step(at("2026-03-12", "12:00"), "finish", "done");
    let open = in_progress("yellow");
    let mut all = vec![done.clocks(); 125];
    all.extend([open.clocks(), open.clocks()]);
    let found = rates(&all, at("2026-03-01", "00:00"), at("2026-03-20", "00:00"));
    assert_eq!(found.on_time.words(), "100.0%（125/125）");
    // A pause takes a limit out of the count, however long ago it would have passed.
    let mut paused = in_progress("yellow");
    paused.step(at("2026-03-12", "12:00"), "pause", "paused");
    assert_eq!(
        rates([&paused.clocks()], at("2026-03-20", "00:00"), at("2026-12-01", "00:00")).on_time.whole,
        0
    );
}

/// 定期反馈: the reporter of a long case hears of it every ten working days.
#[test]
fn a_long_case_is_told_of_every_ten_working_days() {
    let mut tale = Tale::hazard("yellow", at("2026-03-09", "10:00"));
    tale.step(at("2026-03-11", "09:30"), "register", "registered");
    tale.step(at("2026-03-11", "10:00"), "dispatch", "dispatched");
    assert_eq!(tale.clocks().to_tell(law()), None, "nobody has it yet");
    tale.step(at("2026-03-12", "10:00"), "claim", "claimed");
    let due = |tale: &Tale| tale.clocks().to_tell(law()).map(|(_, due)| due);
    assert_eq!(due(&tale), Some(at("2026-03-26", "24:00")));
    let (warn, _) = tale.clocks().to_tell(law()).unwrap();
    assert!((at("2026-03-24", "00:00")..=at("2026-03-25", "24:00")).contains(&warn), "before it is late");
    // Told: ten more, over Qingming.
    tale.step(at("2026-03-23", "10:00"), "interim", "claimed");
    assert_eq!(due(&tale), Some(at("2026-04-07", "24:00")));
    tale.step(at("2026-03-24", "10:00"), "start", "in_progress");
    tale.step(at("2026-03-25", "10:00"), "finish", "done");
    assert_eq!(due(&tale), Some(at("2026-03-26", "24:00")), "the result, within a working day");
    tale.step(at("2026-03-26", "09:00"), "feed_back", "fed_back");
    assert_eq!(due(&tale), None);
}
