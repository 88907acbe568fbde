//! A pause ends with its last day (FLOW-08, domain data 4.9.1): the limit runs again, whether somebody says so or not.

use super::*;
use crate::summary::Summary;

/// Handled since Monday 9 March, paused on Thursday 12 at noon until the 20th.
fn paused() -> Tale {
    let mut tale = in_progress("yellow");
    // Its control measure stands, so that no other limit is more urgent.
    tale.0.ms = at("2026-03-09", "12:20");
    let body = json!({"set": {"on_spot_result": "controlled"}});
    let op = tale.0.op(DeviceId([1; 8]), "ben", "set", &body);
    tale.0.entity.apply(&op);
    tale.0.ms = at("2026-03-12", "12:00");
    let from = tale.0.entity.state().unwrap();
    let body =
        json!({"event": "pause", "from": from, "to": "paused", "table": 1, "data": {"until": "2026-03-20"}});
    let op = tale.0.op(DeviceId([1; 8]), "sue", "event", &body);
    tale.0.entity.apply(&op);
    tale.arrives(at("2026-03-12", "12:00"), 0);
    tale
}

#[test]
fn a_pause_ends_with_its_last_day() {
    let calendar = &law().calendar;
    let tale = paused();
    let handle = tale.last(ClockId::Handle);
    let (last, next) = (at("2026-03-20", "23:59"), at("2026-03-21", "00:00"));
    assert_eq!((handle.state(last), handle.state(next)), (LimitState::Paused, LimitState::Running));
    assert_eq!(handle.rests, Some(at("2026-03-12", "12:00")));
    // Nothing of it is used until then, and it comes to what a resumption at that instant would.
    assert_eq!(
        handle.used_permille(calendar, last),
        handle.used_permille(calendar, at("2026-03-12", "12:00"))
    );
    let mut said = paused();
    said.step(next, "resume", "in_progress");
    let resumed = said.last(ClockId::Handle);
    assert_eq!((resumed.due, resumed.rests), (handle.due, Some(at("2026-03-12", "12:00"))));
    assert_eq!(handle.state(handle.due + 1), LimitState::Late);
    let clocks = tale.clocks();
    assert_eq!(clocks.lamp_of(calendar, &handle, last), Lamp::Grey);
    assert_eq!(clocks.lamp_of(calendar, &handle, next), Lamp::Green);
    assert_eq!(step_of(law(), &handle, last, 0, true), None);
    assert!(step_of(law(), &handle, handle.due + 1, 0, false).is_some());
}

#[test]
fn who_goes_on_earlier_or_later_is_counted_as_it_was() {
    let mut early = paused();
    early.step(at("2026-03-16", "09:00"), "resume", "in_progress");
    let woken = paused().last(ClockId::Handle);
    assert!(early.last(ClockId::Handle).due < woken.due);
    assert_eq!(early.last(ClockId::Handle).rests, None);
    // Said a week late: the week was the handler's.
    let mut late = paused();
    late.step(at("2026-03-27", "09:00"), "resume", "in_progress");
    assert_eq!(late.last(ClockId::Handle).due, woken.due);
    // Given to somebody else while it stood still: not late, however long it stood.
    let mut rerouted = paused();
    rerouted.step(at("2026-03-20", "10:00"), "reroute", "dispatched");
    assert_eq!(rerouted.last(ClockId::Handle).state(u64::MAX), LimitState::Stopped);
}

#[test]
fn the_row_says_that_a_pause_is_over() {
    let tale = paused();
    let row = Summary::of(&tale.0.entity, Package::builtin()).unwrap();
    let (last, next) = (at("2026-03-20", "23:59"), at("2026-03-21", "00:00"));
    let shown = row.deadline().unwrap();
    assert_eq!(shown.rests, Some(next));
    assert_eq!((shown.lamp(last), shown.lamp(next)), (Lamp::Grey, Lamp::Green));
    assert_eq!((row.pause_over(last), row.pause_over(next)), (false, true));
    let clocks = tale.clocks();
    let limit = clocks.most_urgent().unwrap();
    for now in [last, next, shown.warn, shown.warn + HOUR, limit.due, limit.due + 1] {
        assert_eq!(shown.lamp(now), clocks.lamp_of(&law().calendar, limit, now), "{now}");
    }
    let mut going = paused();
    going.step(at("2026-03-16", "09:00"), "resume", "in_progress");
    let row = Summary::of(&going.0.entity, Package::builtin()).unwrap();
    assert!(!row.pause_over(u64::MAX));
    assert_eq!(row.deadline().unwrap().rests, None);
}

#[test]
fn a_row_says_the_reminder_that_is_on() {
    let mut tale = in_progress("blue");
    let body = json!({"set": {"on_spot_result": "controlled"}});
    let op = tale.0.op(DeviceId([1; 8]), "ben", "set", &body);
    tale.0.entity.apply(&op);
    let row = Summary::of(&tale.0.entity, Package::builtin()).unwrap();
    let clocks = tale.clocks();
    let limit = clocks.most_urgent().unwrap();
    let list: Vec<(&str, u64)> =
        reminders(law(), limit).into_iter().map(|(one, at)| (one.label.as_str(), at)).collect();
    assert_eq!(list.last().map(|(label, at)| (*label, *at)), Some(("已到期", limit.due)));
    assert_eq!((limit.clock, list.len()), (ClockId::Handle, 4));
    assert_eq!(row.reminder(law(), limit.started), None);
    for (label, at) in &list[..list.len() - 1] {
        assert_eq!(row.reminder(law(), *at), Some(*label));
        assert_ne!(row.reminder(law(), at - 1), Some(*label));
    }
    assert_eq!(row.reminder(law(), limit.due + 1), None, "then its lamp is red");
}
