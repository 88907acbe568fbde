//! Any steps in any order, at any time of any clock.

use proptest::prelude::*;

use super::*;

/// Steps with where they lead; legal or not is admission's question, clocks must stand anything.
const STEPS: [(&str, &str); 26] = [
    ("withdraw", "withdrawn"),
    ("ask_supplement", "supplement"),
    ("resubmit", "submitted"),
    ("refuse", "refused"),
    ("object", "submitted"),
    ("register", "registered"),
    ("dispatch", "dispatched"),
    ("keep", "in_progress"),
    ("claim", "claimed"),
    ("return_unit", "registered"),
    ("reroute", "dispatched"),
    ("progress", "in_progress"),
    ("pause", "paused"),
    ("resume", "in_progress"),
    ("extend", "in_progress"),
    ("escalate", "escalated"),
    ("take", "dispatched"),
    ("send_back", "in_progress"),
    ("joint", "joint"),
    ("decide", "in_progress"),
    ("finish", "done"),
    ("reject_finish", "in_progress"),
    ("feed_back", "fed_back"),
    ("dissatisfied", "redo"),
    ("transfer_out", "transferred"),
    ("reopen", "in_progress"),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn clocks_stand_any_story(
        level in prop::sample::select(vec!["red", "orange", "yellow", "blue"]),
        steps in prop::collection::vec((0..STEPS.len(), -3000i64..60_000, any::<bool>(), 0..90u64), 0..25),
        far in any::<bool>(),
    ) {
        let mut tale = Tale::hazard(level, at("2026-01-05", "10:00"));
        let mut when = at("2026-01-05", "10:00");
        for (step, minutes, arrives, days) in steps {
            let (action, to) = STEPS[step];
            // Clocks of phones differ: a later step may be recorded earlier.
            when = when.saturating_add_signed(minutes * 60_000);
            let day = crate::calendar::day_of(when) + chrono::Days::new(days);
            let set = if days % 3 == 0 { json!({"handle_by": day.to_string()}) } else { json!({}) };
            let from = tale.0.entity.state().unwrap().to_owned();
            tale.0.ms = when;
            let body = json!({"event": action, "from": from, "to": to, "table": 1, "set": set});
            let op = tale.0.op(DeviceId([1; 8]), "ben", "event", &body);
            tale.0.entity.apply(&op);
            if arrives {
                tale.arrives(when + days * DAY_MS / 24, 0);
            }
        }
        if far {
            tale.0.ms = 1 << 47;
            let body = json!({"event": "progress", "from": tale.0.entity.state().unwrap(),
                "to": tale.0.entity.state().unwrap(), "table": 1});
            let op = tale.0.op(DeviceId([1; 8]), "ben", "event", &body);
            tale.0.entity.apply(&op);
        }
        let clocks = tale.clocks();
        let calendar = &law().calendar;
        for limit in &clocks.limits {
            prop_assert!(limit.due >= limit.started, "{limit:?}");
            prop_assert!(limit.ended().is_none_or(|ended| ended >= limit.started), "{limit:?}");
            let same = clocks.limits.iter().filter(|other| other.open() && other.clock == limit.clock);
            prop_assert!(same.count() <= 1, "{limit:?}");
            let early = limit.used_permille(calendar, limit.since);
            let late = limit.used_permille(calendar, limit.due.max(limit.since) + DAY_MS);
            prop_assert!(early <= late);
            prop_assert!(limit.reaches(calendar, 500) <= limit.reaches(calendar, 800));
            prop_assert!(limit.reaches(calendar, 800) <= limit.due);
        }
        // The list says what the limits say.
        let shown = clocks.deadline(law());
        prop_assert_eq!(shown.and_then(|shown| shown.due), clocks.most_urgent().map(|limit| limit.due));
        if let Some(limit) = clocks.most_urgent() {
            prop_assert_eq!(shown.unwrap().lamp(limit.due + 1), Lamp::Red);
        }
        // Whatever went before: voided is the end of every clock.
        let mut gone = tale;
        let at_last = gone.0.ms.max(when) + DAY_MS;
        gone.0.ms = at_last;
        let body = json!({"event": "void", "from": gone.0.entity.state().unwrap(), "to": "voided", "table": 1});
        let op = gone.0.op(DeviceId([1; 8]), "dan", "event", &body);
        gone.0.entity.apply(&op);
        prop_assert!(gone.clocks().limits.iter().all(|limit| !limit.open()));
    }
}
