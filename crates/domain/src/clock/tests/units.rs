//! How units did in a period.

use super::*;
use crate::case::CaseView;
use crate::share::Share;

/// A step with data, as a call-back has it.
fn says(tale: &mut Tale, when: u64, action: &str, to: &str, data: &Value) {
    tale.0.ms = when;
    let from = tale.0.entity.state().unwrap().to_owned();
    let body = json!({"event": action, "from": from, "to": to, "table": 1, "data": data});
    let op = tale.0.op(DeviceId([1; 8]), "cara", "event", &body);
    tale.0.entity.apply(&op);
}

fn given(when: u64, unit: &str) -> Tale {
    let mut tale = Tale::hazard("yellow", when);
    tale.step(when + HOUR, "register", "registered");
    tale.records(when + 2 * HOUR, "dispatch", "dispatched", &json!({"lead_unit": unit}));
    tale
}

/// From the claim to the call-back.
fn done(tale: &mut Tale, when: u64) {
    tale.step(when, "claim", "claimed");
    tale.step(when + HOUR, "start", "in_progress");
    tale.step(when + 2 * HOUR, "finish", "done");
    tale.step(when + 3 * HOUR, "feed_back", "fed_back");
}

#[test]
fn each_step_belongs_to_the_unit_that_had_the_case() {
    let monday = at("2026-03-09", "09:00");
    // Roads give it back; water does it, is sent back once, and the second time it is good.
    let mut wandering = given(monday, "U-ROAD");
    wandering.step(monday + 3 * HOUR, "return_unit", "registered");
    wandering.records(monday + 4 * HOUR, "dispatch", "dispatched", &json!({"lead_unit": "U-WATER"}));
    done(&mut wandering, monday + 5 * HOUR);
    wandering.step(at("2026-03-10", "09:00"), "call_back", "callback");
    says(
        &mut wandering,
        at("2026-03-10", "09:10"),
        "dissatisfied",
        "redo",
        &json!({"rating": "dissatisfied"}),
    );
    wandering.step(at("2026-03-10", "10:00"), "re_handle", "in_progress");
    wandering.step(at("2026-03-11", "10:00"), "finish", "done");
    wandering.step(at("2026-03-11", "11:00"), "feed_back", "fed_back");
    wandering.step(at("2026-03-12", "09:00"), "call_back", "callback");
    says(&mut wandering, at("2026-03-12", "09:10"), "satisfied", "closed", &json!({"rating": "satisfied"}));
    // Another one is closed without a call-back; a third one is neither good nor bad.
    let mut waived = given(monday, "U-WATER");
    done(&mut waived, monday + 5 * HOUR);
    waived.step(at("2026-03-10", "09:00"), "waive", "closed");
    let mut fair = given(monday, "U-ROAD");
    done(&mut fair, monday + 5 * HOUR);
    fair.step(at("2026-03-10", "09:00"), "call_back", "callback");
    says(&mut fair, at("2026-03-10", "09:10"), "satisfied", "closed", &json!({"rating": "fair"}));

    let cases: Vec<(CaseView, CaseClocks)> =
        [&wandering, &waived, &fair].map(|tale| (tale.0.view(), tale.clocks())).into();
    let lines = |from: u64, to: u64| by_unit(cases.iter().map(|(case, clocks)| (case, clocks)), from, to);
    let told = |line: &UnitLine| {
        let share = |share: Share| (share.part, share.whole);
        (line.given, share(line.returned), share(line.redone), share(line.called_back), share(line.satisfied))
    };
    let week = lines(at("2026-03-09", "00:00"), at("2026-03-16", "00:00"));
    let units: Vec<&str> = week.iter().map(|line| line.unit.as_str()).collect();
    assert_eq!(units, ["", "U-ROAD", "U-WATER"]);
    assert_eq!(told(&week[0]), (4, (1, 4), (1, 4), (2, 3), (1, 2)));
    assert_eq!(told(&week[1]), (2, (1, 2), (0, 1), (1, 1), (0, 1)), "fair is not satisfied");
    assert_eq!(told(&week[2]), (2, (0, 2), (1, 3), (1, 2), (1, 1)), "the last rating of a case counts");
    let tuesday = lines(at("2026-03-10", "00:00"), at("2026-03-11", "00:00"));
    assert_eq!(told(&tuesday[2]), (0, (0, 0), (0, 0), (1, 2), (0, 1)), "by then it was not good");
}
