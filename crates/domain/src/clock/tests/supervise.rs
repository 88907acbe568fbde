//! Faults, the ladder and lamps.

use super::*;

#[test]
fn faults_follow_from_clocks() {
    let mut tale = Tale::hazard("yellow", at("2026-03-09", "10:00"));
    tale.step(at("2026-03-09", "11:00"), "register", "registered");
    tale.step(at("2026-03-09", "11:30"), "dispatch", "dispatched");
    let found = |tale: &Tale, now| faults(&tale.clocks(), &tale.actions(), now);
    assert_eq!(found(&tale, at("2026-03-10", "17:00")), []);
    assert_eq!(found(&tale, at("2026-03-10", "17:31")), [Fault::NoResponse]);
    tale.step(at("2026-03-11", "09:00"), "claim", "claimed");
    assert_eq!(found(&tale, at("2026-03-11", "10:00")), [Fault::LateResponse]);
    assert_eq!(found(&tale, at("2026-03-30", "10:00")), [Fault::LateResponse, Fault::ResponseWithoutAction]);
    tale.step(at("2026-03-30", "11:00"), "start", "in_progress");
    assert_eq!(found(&tale, at("2026-03-30", "12:00")), [Fault::LateResponse, Fault::LateCompletion]);
    assert_eq!(Fault::NoResponse.label(), "不响应");
}

#[test]
fn the_ladder() {
    let tale = in_progress("yellow");
    let handle = tale.last(ClockId::Handle);
    let step = |now, lamps, risk| step_of(law(), &handle, now, lamps, risk).map(|step| step.step);
    // Due on Tuesday 24 March, 24:00.
    for (now, wanted) in [
        (at("2026-03-20", "09:00"), None),
        (at("2026-03-22", "09:00"), Some(0)),
        (at("2026-03-24", "23:59"), Some(0)),
        (at("2026-03-25", "00:01"), Some(1)),
        (at("2026-03-25", "23:59"), Some(1)),
        (at("2026-03-26", "00:01"), Some(2)),
        (at("2026-03-28", "00:01"), Some(3)),
        (at("2026-04-01", "00:01"), Some(4)),
        // Qingming is off from 4 to 6 April.
        (at("2026-04-08", "23:00"), Some(4)),
        (at("2026-04-09", "00:01"), Some(5)),
    ] {
        assert_eq!(step(now, 0, false), wanted, "{now}");
    }
    assert_eq!(step(at("2026-03-25", "00:01"), 3, false), Some(4));
    assert_eq!(step(at("2026-03-10", "00:01"), 3, false), None);
    assert_eq!(step(at("2026-03-10", "00:01"), 0, true), Some(5));
    let ladder = &law().table.ladder;
    assert_eq!(ladder[1].reply.unwrap().words(), "4 个工作小时");
}

#[test]
fn lamps() {
    let facts = LampFacts::default();
    let lamp = |facts| Lamp::of(facts);
    assert_eq!(lamp(LampFacts { used_permille: 800, ..facts }), Lamp::Green);
    assert_eq!(lamp(LampFacts { used_permille: 801, ..facts }), Lamp::Yellow);
    assert_eq!(lamp(LampFacts { behind: 21, ..facts }), Lamp::Yellow);
    assert_eq!(lamp(LampFacts { returned: true, ..facts }), Lamp::Yellow);
    assert_eq!(lamp(LampFacts { late: true, paused: true, ..facts }), Lamp::Red);
    assert_eq!(lamp(LampFacts { dissatisfied: 2, ..facts }), Lamp::Red);
    assert_eq!(lamp(LampFacts { step: 2, ..facts }), Lamp::Red);
    assert_eq!(lamp(LampFacts { paused: true, used_permille: 900, ..facts }), Lamp::Grey);
    assert_eq!(lamp(LampFacts { extended: true, ..facts }), Lamp::Grey);
    assert_eq!(lamp(LampFacts { done: true, used_permille: 500, ..facts }), Lamp::Blue);
    assert_eq!(lamp(LampFacts { done: true, used_permille: 990, ..facts }), Lamp::Green);
    let ten = |red: usize| [vec![Lamp::Red; red], vec![Lamp::Green; 20 - red]].concat();
    assert_eq!([0, 1, 2].map(|red| unit_lamp(&ten(red)).unwrap()), [Lamp::Green, Lamp::Yellow, Lamp::Red]);
    assert_eq!(unit_lamp(&[]), None);
    for lamp in Lamp::ALL {
        let sign = law().table.lamps.iter().find(|sign| sign.id == lamp).unwrap();
        assert!(!sign.sign.is_empty() && !sign.label.is_empty());
    }
}

#[test]
fn a_list_knows_the_lamp_without_the_stream() {
    let tale = in_progress("yellow");
    let shown = tale.clocks().deadline(law()).unwrap();
    assert_eq!(shown.clock, ClockId::Control);
    assert_eq!(shown.lamp(at("2026-03-10", "09:00")), Lamp::Green);
    let clocks = tale.clocks();
    let limit = clocks.most_urgent().unwrap();
    // The same lamp at every hour as from the limit itself.
    for hour in 0..120 {
        let now = at("2026-03-09", "13:00") + hour * HOUR;
        assert_eq!(shown.lamp(now), clocks.lamp_of(&law().calendar, limit, now), "{hour}");
    }
}
