#![allow(clippy::unwrap_used)]
use gridbook_log::{DeviceId, Dot};
use serde_json::{Value, json};

mod chance;
mod pause;
mod scenario;
mod supervise;
mod units;

use super::*;
use crate::calendar::{DAY_MS, MINUTE_MS, midnight};
use crate::case::story::{Story, hazard_body, person, register};

const HOUR: u64 = 60 * MINUTE_MS;

fn law() -> &'static Law {
    Package::builtin().law.get()
}

fn at(date: &str, time: &str) -> u64 {
    let (hour, minute) = time.split_once(':').unwrap();
    midnight(date.parse().unwrap())
        + hour.parse::<u64>().unwrap() * HOUR
        + minute.parse::<u64>().unwrap() * MINUTE_MS
}

/// A case told by instants: what is recorded when, and when it arrives.
struct Tale(Story);

impl Tale {
    /// A hazard recorded at an instant and received as soon.
    fn hazard(level: &str, when: u64) -> Self {
        Self::begin(&hazard_body(level), when)
    }

    fn begin(body: &Value, when: u64) -> Self {
        let mut tale = Self::unsent(body, when);
        tale.arrives(when, 0);
        tale
    }

    fn unsent(body: &Value, when: u64) -> Self {
        let mut story = Story::new();
        story.ms = when;
        let op = story.op(DeviceId([1; 8]), "ann", "create", body);
        story.entity.apply(&op);
        Self(story)
    }

    /// The last operation arrives.
    fn arrives(&mut self, when: u64, drift: i64) {
        let dot: Dot = self
            .0
            .entity
            .ops()
            .map(|(dot, ..)| dot)
            .filter(|dot| dot.writer.dev == DeviceId([1; 8]))
            .max()
            .unwrap();
        self.0.ms = self.0.ms.max(when);
        let body = json!({"ops": [serde_json::to_value(dot).unwrap()], "at": when, "drift": drift});
        self.0.authority("receipt", &body);
    }

    /// A step recorded at an instant, not yet received. Clocks look at what counts, not at who may.
    fn records(&mut self, when: u64, action: &str, to: &str, set: &Value) {
        self.0.ms = when;
        let from = self.0.entity.state().unwrap().to_owned();
        let body = json!({"event": action, "from": from, "to": to, "table": 1, "set": set});
        let op = self.0.op(DeviceId([1; 8]), "ben", "event", &body);
        self.0.entity.apply(&op);
        assert_eq!(self.0.entity.state(), Some(to), "{action}");
    }

    fn step(&mut self, when: u64, action: &str, to: &str) {
        self.records(when, action, to, &json!({}));
        self.arrives(when, 0);
    }

    fn clocks(&self) -> CaseClocks {
        read(Package::builtin(), &self.0.entity)
    }

    /// The latest limit of a clock.
    fn last(&self, id: ClockId) -> Limit {
        self.clocks().limits.into_iter().rfind(|limit| limit.clock == id).unwrap()
    }

    fn actions(&self) -> Vec<String> {
        self.0.view().actions
    }
}

#[test]
fn every_case_has_a_class() {
    let law = law();
    let reported: NaiveDate = "2026-03-09".parse().unwrap();
    let class = |kind, level| {
        let matter = Matter { kind, level, category: None, class: None, urgent: false, reported };
        law.class_of(&matter).unwrap().id.as_str()
    };
    let hazard = |level| class(RecordKind::Hazard, Some(level));
    assert_eq!(["red", "orange", "yellow", "blue"].map(hazard), ["S0", "S1", "S2", "S2"]);
    assert_eq!(class(RecordKind::Hazard, None), "S2");
    assert_eq!(class(RecordKind::Dispute, Some("red")), "SM");
    let words = |level, clock, class| {
        let (kind, level) = (RecordKind::Hazard, Some(level));
        let matter = Matter { kind, level, category: None, class, urgent: false, reported };
        law.rule(&matter, clock).map(Rule::words).unwrap_or_default()
    };
    // Respond, control, eliminate of each level (4.7.2), register of its class (4.8.2).
    for (level, limits) in [
        ("red", ["2 小时", "30 分钟", "2 小时", "24 小时", "30 天", "1 个工作日"]),
        ("orange", ["4 小时", "2 小时", "", "24 小时", "7 天", "3 个工作日"]),
        ("yellow", ["1 个工作日", "1 个工作日", "", "3 个工作日", "15 天", "5 个工作日"]),
        ("blue", ["1 个工作日", "1 个工作日", "", "当天", "3 天", "5 个工作日"]),
    ] {
        use ClockId::{Callback, Control, Handle, OnSite, Register, Respond};
        let ids = [Register, Respond, OnSite, Control, Handle, Callback];
        assert_eq!(ids.map(|id| words(level, id, None)), limits, "{level}");
    }
    assert_eq!(words("yellow", ClockId::Handle, Some("S3")), "15 个工作日");
    assert_eq!(words("yellow", ClockId::Redo, None), "5 个工作日");
}

#[test]
fn the_level_of_a_hazard_comes_before_its_category_for_what_is_reported_since() {
    use ClockId::{Control, Handle, Respond};
    let law = law();
    let told = |reported: &str, category, level| {
        let reported = reported.parse().unwrap();
        let matter = Matter {
            kind: RecordKind::Hazard,
            level: Some(level),
            category: Some(category),
            class: None,
            urgent: false,
            reported,
        };
        [Respond, Control, Handle].map(|id| law.rule(&matter, id).map(Rule::words).unwrap_or_default())
    };
    for category in ["food", "environment", "land"] {
        assert_eq!(told("2026-11-25", category, "orange"), ["2 小时", "24 小时", "7 天"], "{category}");
        assert_eq!(told("2026-11-25", category, "blue")[1], "当天", "{category}");
        assert_eq!(told("2026-11-25", category, "red")[1], "24 小时", "{category}");
        // What was reported before keeps the limits that it had.
        assert_eq!(told("2026-11-24", category, "orange")[1], "3 个工作日", "{category}");
        assert_eq!(told("2026-11-24", category, "blue")[1], "3 个工作日", "{category}");
        for level in ["red", "yellow"] {
            let [before, since] = ["2026-11-24", "2026-11-25"].map(|day| told(day, category, level));
            assert_eq!(before, since, "{category} {level}");
        }
    }
    assert_eq!(told("2026-11-24", "land", "orange"), ["2 个工作日", "3 个工作日", "15 个工作日"]);
    // Where a case stands, too: the day of its report says it, not that of a later step.
    let control = |reported: &str| {
        let mut story = Story::new();
        story.ms = at(reported, "10:00");
        let mut body = hazard_body("orange");
        body["set"]["category"] = json!("land");
        story.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
        story.ms = at("2026-11-26", "10:00");
        let ivy = person("ivy", "intake_clerk");
        let mut set = register("orange");
        set["set"]["category"] = json!("land");
        set["set"]["subtype"] = json!("land.1");
        story.step(&ivy, "register", &set);
        let mut set = crate::case::story::dispatch();
        set["set"]["respond_by"] = json!("2026-11-27");
        set["set"]["handle_by"] = json!("2026-12-03");
        story.step(&ivy, "dispatch", &set);
        let limits = read(Package::builtin(), &story.entity).limits;
        limits.into_iter().rfind(|limit| limit.clock == Control).unwrap().rule.words()
    };
    assert_eq!([control("2026-11-24"), control("2026-11-25")], ["3 个工作日", "24 小时"]);
}

#[test]
fn the_whole_way_of_a_yellow_hazard() {
    // Monday 2026-03-09.
    let mut tale = Tale::hazard("yellow", at("2026-03-09", "10:00"));
    let register = tale.last(ClockId::Register);
    assert_eq!(register.due, at("2026-03-10", "17:30"));
    assert_eq!(register.state(at("2026-03-10", "17:30")), LimitState::Running);
    assert_eq!(register.state(at("2026-03-10", "17:31")), LimitState::Late);
    tale.step(at("2026-03-09", "15:00"), "register", "registered");
    assert_eq!(tale.last(ClockId::Register).state(u64::MAX), LimitState::Met);
    assert_eq!(tale.clocks().most_urgent(), None);

    let days = json!({"respond_by": "2026-03-11", "handle_by": "2026-03-20"});
    tale.records(at("2026-03-09", "16:00"), "dispatch", "dispatched", &days);
    tale.arrives(at("2026-03-09", "16:00"), 0);
    // The day that was entered wins over the class.
    assert_eq!(tale.last(ClockId::Respond).due, at("2026-03-11", "17:30"));
    assert_eq!(tale.last(ClockId::Control).due, at("2026-03-12", "24:00"));
    tale.step(at("2026-03-10", "09:30"), "claim", "claimed");
    assert_eq!(tale.last(ClockId::Respond).state(u64::MAX), LimitState::Met);
    let handle = tale.last(ClockId::Handle);
    assert_eq!((handle.started, handle.due), (at("2026-03-10", "09:30"), at("2026-03-20", "24:00")));
    tale.step(at("2026-03-10", "10:00"), "start", "in_progress");

    tale.step(at("2026-03-12", "10:00"), "progress", "in_progress");
    let interim = tale.last(ClockId::Interim);
    assert_eq!((interim.started, interim.due), (at("2026-03-12", "10:00"), at("2026-03-26", "24:00")));
    tale.step(at("2026-03-13", "10:00"), "finish", "done");
    let open: Vec<ClockId> =
        tale.clocks().limits.iter().filter(|limit| limit.open()).map(|limit| limit.clock).collect();
    assert_eq!(open, [ClockId::Feedback]);
    // Three days and half an hour of ten days and fourteen and a half hours.
    let handle = tale.last(ClockId::Handle);
    assert_eq!(handle.used_permille(&law().calendar, u64::MAX), 145 * 1000 / 509);
    tale.step(at("2026-03-13", "11:00"), "feed_back", "fed_back");
    assert_eq!(tale.last(ClockId::Callback).due, at("2026-03-20", "24:00"));
    tale.step(at("2026-03-16", "11:00"), "call_back", "callback");
    tale.step(at("2026-03-16", "11:30"), "satisfied", "closed");
    let clocks = tale.clocks();
    assert!(clocks.limits.iter().all(|limit| !limit.open()));
    let shown = clocks.deadline(law()).unwrap();
    assert_eq!((shown.clock, shown.due, shown.lamp(u64::MAX)), (ClockId::Handle, None, Lamp::Blue));
    assert_eq!(faults(&clocks, &tale.actions(), u64::MAX), []);
}

#[test]
fn the_road_home_is_nobodys_delay() {
    // Recorded on Monday in a valley, delivered on Wednesday evening: the centre's clock starts on Thursday morning.
    let mut tale = Tale::unsent(&hazard_body("yellow"), at("2026-03-09", "10:00"));
    let before = tale.last(ClockId::Register);
    assert!(before.by_record, "按记录时间起算");
    assert_eq!(before.due, at("2026-03-10", "17:30"));
    tale.arrives(at("2026-03-11", "19:00"), 0);
    let register = tale.last(ClockId::Register);
    assert_eq!((register.started, register.by_record), (at("2026-03-12", "09:00"), false));
    assert_eq!(register.due, at("2026-03-13", "17:30"));
    tale.step(at("2026-03-12", "10:00"), "register", "registered");
    tale.step(at("2026-03-12", "10:00"), "dispatch", "dispatched");
    // Claimed in time without a signal, delivered a day after the limit.
    tale.records(at("2026-03-13", "17:00"), "claim", "claimed", &json!({}));
    tale.arrives(at("2026-03-16", "12:00"), 0);
    assert_eq!(tale.last(ClockId::Respond).state(u64::MAX), LimitState::Met);
    // The handler's own limit runs from his own record.
    assert_eq!(tale.last(ClockId::Handle).started, at("2026-03-13", "17:00"));
    assert_eq!(faults(&tale.clocks(), &tale.actions(), at("2026-03-16", "12:00")), []);
}

#[test]
fn a_clock_that_runs_ahead_is_corrected() {
    let dispatched = |recorded: u64, drift: i64| {
        let mut tale = Tale::hazard("yellow", at("2026-03-09", "10:00"));
        tale.step(at("2026-03-09", "11:00"), "register", "registered");
        tale.step(at("2026-03-09", "11:30"), "dispatch", "dispatched");
        tale.records(recorded, "claim", "claimed", &json!({}));
        tale.arrives(at("2026-03-12", "18:00"), drift);
        tale.last(ClockId::Respond).ended().unwrap()
    };
    let hour = i64::try_from(HOUR).unwrap();
    assert_eq!(dispatched(at("2026-03-10", "18:00"), hour), at("2026-03-10", "17:00"));
    assert_eq!(dispatched(at("2026-03-10", "16:00"), -hour), at("2026-03-10", "17:00"));
    assert_eq!(
        dispatched(at("2026-03-10", "17:00"), 60_000),
        at("2026-03-10", "17:00"),
        "a minute is no drift"
    );
    assert_eq!(
        dispatched(at("2026-03-13", "17:00"), 0),
        at("2026-03-12", "18:00"),
        "nothing arrives before it is made"
    );
}

fn in_progress(level: &str) -> Tale {
    let mut tale = Tale::hazard(level, at("2026-03-09", "10:00"));
    tale.step(at("2026-03-09", "11:00"), "register", "registered");
    tale.step(at("2026-03-09", "11:30"), "dispatch", "dispatched");
    tale.step(at("2026-03-09", "12:00"), "claim", "claimed");
    tale.step(at("2026-03-09", "12:10"), "start", "in_progress");
    tale
}

#[test]
fn paused_time_does_not_count() {
    let mut tale = in_progress("yellow");
    let before = tale.last(ClockId::Handle);
    assert_eq!(before.due, at("2026-03-24", "24:00"));
    tale.step(at("2026-03-12", "12:00"), "pause", "paused");
    let now = at("2026-05-01", "08:00");
    let clocks = tale.clocks();
    let handle = tale.last(ClockId::Handle);
    assert_eq!(handle.state(now), LimitState::Paused);
    assert_eq!(handle.used_permille(&law().calendar, now), 193);
    let shown = clocks.deadline(law()).unwrap();
    // The control measure was never recorded, and its limit goes on.
    assert_eq!((shown.clock, shown.lamp(now)), (ClockId::Control, Lamp::Red));
    tale.step(at("2026-03-20", "09:00"), "resume", "in_progress");
    let after = tale.last(ClockId::Handle);
    assert_eq!(after.due, before.due + 8 * DAY_MS);
    assert_eq!(after.used_permille(&law().calendar, at("2026-03-20", "09:00")), 192);
    assert_eq!(tale.last(ClockId::Interim).phase, Phase::Running);
}

#[test]
fn an_extension_once_and_in_time() {
    let mut tale = in_progress("yellow");
    tale.step(at("2026-03-20", "09:00"), "extend", "in_progress");
    let handle = tale.last(ClockId::Handle);
    assert_eq!((handle.due, handle.extended), (at("2026-03-31", "24:00"), true));
    assert_eq!(tale.clocks().lamp_of(&law().calendar, &handle, at("2026-03-20", "10:00")), Lamp::Grey);
    tale.step(at("2026-03-25", "09:00"), "extend", "in_progress");
    assert_eq!(tale.last(ClockId::Handle).due, at("2026-03-31", "24:00"));
    let mut late = in_progress("yellow");
    late.step(at("2026-03-25", "09:00"), "extend", "in_progress");
    assert_eq!(late.last(ClockId::Handle).due, at("2026-03-24", "24:00"));
    let mut dated = in_progress("yellow");
    dated.records(at("2026-03-20", "09:00"), "extend", "in_progress", &json!({"handle_by": "2026-04-03"}));
    assert_eq!(dated.last(ClockId::Handle).due, at("2026-04-03", "24:00"));
    // An emergency has no extension.
    let mut red = in_progress("red");
    let before = red.last(ClockId::Handle).due;
    red.step(at("2026-03-20", "09:00"), "extend", "in_progress");
    assert_eq!(red.last(ClockId::Handle).due, before);
}

#[test]
fn a_rejected_finish_leaves_what_was_left_but_two_working_days() {
    let mut tale = in_progress("yellow");
    tale.step(at("2026-03-11", "12:00"), "finish", "done");
    tale.step(at("2026-03-12", "12:00"), "reject_finish", "in_progress");
    let handle = tale.last(ClockId::Handle);
    assert_eq!((handle.due, handle.phase), (at("2026-03-25", "24:00"), Phase::Running));
    assert_eq!(tale.last(ClockId::Feedback).state(u64::MAX), LimitState::Stopped);
    assert_eq!(tale.clocks().lamp_of(&law().calendar, &handle, at("2026-03-12", "12:01")), Lamp::Yellow);
    let mut short = in_progress("yellow");
    short.step(at("2026-03-24", "12:00"), "finish", "done");
    short.step(at("2026-03-24", "15:00"), "reject_finish", "in_progress");
    assert_eq!(short.last(ClockId::Handle).due, at("2026-03-26", "24:00"));
    // What was late stays late.
    let mut late = in_progress("yellow");
    late.step(at("2026-03-25", "12:00"), "finish", "done");
    late.step(at("2026-03-26", "15:00"), "reject_finish", "in_progress");
    let handles: Vec<LimitState> = late
        .clocks()
        .limits
        .iter()
        .filter(|limit| limit.clock == ClockId::Handle)
        .map(|limit| limit.state(at("2026-03-26", "16:00")))
        .collect();
    assert_eq!(handles, [LimitState::Late, LimitState::Running]);
}

#[test]
fn supplements_stop_the_centres_clock() {
    let mut tale = Tale::hazard("yellow", at("2026-03-09", "10:00"));
    tale.step(at("2026-03-09", "16:00"), "ask_supplement", "supplement");
    assert_eq!(tale.last(ClockId::Register).state(at("2026-03-30", "10:00")), LimitState::Paused);
    let supplement = tale.last(ClockId::Supplement);
    // Ten working days in all; half of them is when to remind.
    assert_eq!(supplement.due, at("2026-03-23", "24:00"));
    let list = reminders(law(), &supplement);
    assert_eq!(
        list.iter().map(|(one, _)| one.id.as_str()).collect::<Vec<_>>(),
        ["half", "due_soon", "last_day", "expired"]
    );
    assert_eq!(crate::calendar::day_of(list[0].1).to_string(), "2026-03-16");
    assert_eq!(crate::calendar::day_of(list[2].1).to_string(), "2026-03-20");
    tale.step(at("2026-03-17", "09:00"), "resubmit", "submitted");
    assert_eq!(tale.last(ClockId::Supplement).state(u64::MAX), LimitState::Met);
    // One and a half hours of Monday and the whole of Tuesday were left.
    assert_eq!(tale.last(ClockId::Register).due, at("2026-03-18", "12:00"));
    tale.step(at("2026-03-17", "10:00"), "refuse", "refused");
    assert_eq!(tale.clocks().deadline(law()), None);
    assert!(tale.clocks().limits.iter().all(|limit| !limit.open()));
    tale.step(at("2026-03-18", "10:00"), "object", "submitted");
    assert_eq!(tale.last(ClockId::Register).due, at("2026-03-19", "17:30"));
}

#[test]
fn dissatisfied_redo_joint_transfer_and_reopening() {
    let mut tale = in_progress("yellow");
    tale.step(at("2026-03-11", "12:00"), "finish", "done");
    tale.step(at("2026-03-11", "13:00"), "feed_back", "fed_back");
    tale.step(at("2026-03-12", "10:00"), "call_back", "callback");
    tale.step(at("2026-03-12", "10:30"), "dissatisfied", "redo");
    let redo = tale.last(ClockId::Redo);
    assert_eq!(redo.due, at("2026-03-19", "24:00"));
    tale.step(at("2026-03-13", "10:00"), "re_handle", "in_progress");
    assert_eq!(tale.clocks().most_urgent().map(|limit| limit.clock), Some(ClockId::Redo));
    tale.step(at("2026-03-16", "10:00"), "joint", "joint");
    assert_eq!(tale.last(ClockId::Joint).due, at("2026-03-23", "24:00"));
    let handle = tale.last(ClockId::Handle);
    assert_eq!((handle.class.as_str(), handle.due), ("S4", at("2026-04-15", "24:00")));
    tale.records(at("2026-03-17", "10:00"), "decide", "in_progress", &json!({"handle_by": "2026-04-10"}));
    assert_eq!(tale.last(ClockId::Joint).state(u64::MAX), LimitState::Met);
    assert_eq!(tale.last(ClockId::Handle).due, at("2026-04-10", "24:00"), "the day that was agreed on");
    tale.step(at("2026-03-18", "10:00"), "finish", "done");
    tale.step(at("2026-03-18", "11:00"), "feed_back", "fed_back");
    tale.step(at("2026-03-18", "12:00"), "waive", "closed");
    tale.step(at("2026-03-25", "12:00"), "reopen", "in_progress");
    assert_eq!(tale.last(ClockId::Handle).phase, Phase::Running);
    tale.step(at("2026-03-26", "12:00"), "transfer_out", "transferred");
    let open: Vec<Limit> = tale.clocks().limits.into_iter().filter(Limit::open).collect();
    assert_eq!(
        open.iter().map(|limit| (limit.clock, limit.due)).collect::<Vec<_>>(),
        [(ClockId::Receipt, at("2026-04-02", "24:00"))]
    );
}

#[test]
fn escalation_adds_a_clock_and_stops_none() {
    let mut tale = in_progress("yellow");
    tale.step(at("2026-03-11", "12:00"), "escalate", "escalated");
    assert_eq!(tale.last(ClockId::Handle).phase, Phase::Running);
    assert_eq!(tale.last(ClockId::Escalated).due, at("2026-03-12", "17:30"));
    tale.step(at("2026-03-12", "10:00"), "take", "dispatched");
    assert_eq!(tale.last(ClockId::Escalated).state(u64::MAX), LimitState::Met);
    assert_eq!(tale.last(ClockId::Respond).due, at("2026-03-13", "17:30"));
    tale.step(at("2026-03-13", "10:00"), "claim", "claimed");
    tale.step(at("2026-03-13", "10:10"), "start", "in_progress");
    tale.step(at("2026-03-14", "10:00"), "reroute", "dispatched");
    let open: Vec<ClockId> = tale.clocks().limits.iter().filter(|l| l.open()).map(|l| l.clock).collect();
    assert_eq!(open, [ClockId::Respond, ClockId::Control], "another unit begins anew");
    let mut back = in_progress("yellow");
    back.step(at("2026-03-11", "12:00"), "escalate", "escalated");
    back.records(at("2026-03-12", "09:00"), "send_back", "in_progress", &json!({"handle_by": "2026-03-20"}));
    assert_eq!(back.last(ClockId::Handle).due, at("2026-03-20", "24:00"));
    assert_eq!(back.clocks().limits.iter().filter(|l| l.open() && l.clock == ClockId::Handle).count(), 1);
}

#[test]
fn control_is_met_by_the_measure() {
    let mut tale = in_progress("orange");
    assert_eq!(tale.last(ClockId::Control).phase, Phase::Running);
    tale.0.ms = at("2026-03-09", "14:00");
    let set = json!({"set": {"control_measures/a/measure": "closing"}});
    let op = tale.0.op(DeviceId([1; 8]), "ben", "set", &set);
    tale.0.entity.apply(&op);
    assert_eq!(tale.last(ClockId::Control).phase, Phase::Ended(at("2026-03-09", "14:00")));
    let mut body = hazard_body("orange");
    body["set"]["on_spot_result"] = json!("uncontrolled");
    let mut open = Tale::begin(&body, at("2026-03-09", "10:00"));
    open.step(at("2026-03-09", "11:00"), "register", "registered");
    open.step(at("2026-03-09", "11:30"), "dispatch", "dispatched");
    assert_eq!(open.last(ClockId::Control).phase, Phase::Running);
}

#[test]
fn a_village_keeps_what_it_can_settle() {
    let mut body = hazard_body("yellow");
    body["type"] = json!("dispute");
    body["set"] = json!({"event_name": "排水沟", "risk_level": "yellow", "category": "neighbor"});
    let mut tale = Tale::begin(&body, at("2026-02-13", "10:00"));
    assert_eq!(tale.last(ClockId::Register).due, at("2026-02-14", "17:30"));
    tale.step(at("2026-02-13", "11:00"), "register", "registered");
    tale.step(at("2026-02-13", "11:10"), "keep", "in_progress");
    let (handle, ceiling) = (tale.last(ClockId::Handle), tale.last(ClockId::Ceiling));
    assert_eq!((handle.class.as_str(), handle.due), ("SM", at("2026-03-05", "24:00")));
    assert_eq!(ceiling.due, at("2026-03-16", "24:00"), "Sunday the 15th rolls to Monday");
    let view = tale.0.view();
    let day = |action, path| proposed(Package::builtin(), &view, action, path, at("2026-02-13", "11:00"));
    assert_eq!(day("keep", "handle_by").unwrap().to_string(), "2026-03-05");
    assert_eq!(day("dispatch", "respond_by").unwrap().to_string(), "2026-02-24");
    assert_eq!(day("dissatisfied", "handle_by").unwrap().to_string(), "2026-02-27");
    assert_eq!(day("transfer_out", "receipt_by").unwrap().to_string(), "2026-02-27");
    assert_eq!(day("dispatch", "lead_unit"), None);
}

#[test]
fn what_was_refused_has_no_clocks() {
    let mut tale = Tale::unsent(&hazard_body("yellow"), at("2026-03-09", "10:00"));
    let dot = tale.0.entity.creation().unwrap().dot;
    tale.0.authority("reject", &json!({"op": serde_json::to_value(dot).unwrap(), "code": "not_permitted"}));
    assert_eq!(tale.clocks(), CaseClocks::default());
}
