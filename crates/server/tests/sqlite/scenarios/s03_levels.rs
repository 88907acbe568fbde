//! 四级七天 over the Spring Festival of 2026: a dispute is tried in the group (1 working day), the village (2), the
//! judicial office (2) and the centre (2). The festival's make-up days (14 and 28 February) are working days.

use gridbook_domain::clock::{Assign, ClockId};
use gridbook_domain::package::Package;
use gridbook_domain::record::RecordKind;
use serde_json::json;

use super::rig::{GROUP, Town, VILLAGE, at};

/// The township chose the preset.
fn preset(package: &mut Package) {
    let assign = &mut package.law.get_mut().sla.assign;
    let dispute = |assign: &&mut Assign| assign.kind == RecordKind::Dispute;
    assign.iter_mut().find(dispute).unwrap().class = "SM7".to_owned();
}

#[tokio::test]
async fn a_dispute_climbs_four_levels_in_seven_working_days() {
    let town = Town::with(at("2026-02-13", "09:00"), preset).await;
    let ann = town.somebody("ann", vec![crate::common::role("grid_worker_l2", GROUP)]).await;
    let lu = town.somebody("lu", vec![crate::common::role("grid_worker_l1", VILLAGE)]).await;
    let jo = town.of_unit("jo", "U-JUSTICE").await;
    let dora = town.person("dora", "center_director").await;
    let cara = town.person("cara", "callback_clerk").await;
    let all = [&ann, &lu, &jo, &dora, &cara];
    let set = json!({
        "facts": "为水沟改道争吵", "occur_place": "3组水沟", "intake_mode": "visit_found", "risk_level": "yellow"
    });
    let id = ann.report(RecordKind::Dispute, GROUP, set, &[]).await;
    town.sync(&all).await;

    // Each level's day is the one that its screen proposes, and the clock keeps it.
    let due = async |who: &super::rig::Person| {
        let view = who.case(id).await;
        let clocks = who.clocks(id).await;
        let handle = clocks.limits.iter().rev().find(|limit| limit.clock == ClockId::Handle).unwrap();
        let by = view.handle_by.unwrap();
        assert_eq!(handle.due, at(&by, "24:00"));
        assert!(!handle.estimated);
        by
    };
    // The village registers it and leaves it with the group: one working day, the make-up Saturday.
    let register = json!({"category": "neighbor", "duplicate_checked": true});
    town.step(&lu, &all, id, "register", register).await;
    town.step(&lu, &all, id, "keep", json!({"handler": "ann"})).await;
    assert_eq!(due(&ann).await, "2026-02-14");
    town.travel(at("2026-02-14", "16:00"));
    town.step(&ann, &all, id, "progress", json!({"text": "双方谈不拢"})).await;
    // The village takes it over on that day: two working days after nine days of festival.
    let over = json!({"reason": "other", "handler": "lu", "text": "组里谈不拢，村里接着办"});
    town.step(&lu, &all, id, "reassign", over).await;
    assert_eq!(due(&lu).await, "2026-02-25");
    // Up to the township: the judicial office.
    town.travel(at("2026-02-25", "15:00"));
    let up = json!({"to_tier": "township", "reason": "tried_failed", "tried": "组里一次、村里两次"});
    town.step(&lu, &all, id, "escalate", up.clone()).await;
    assert!(!lu.offered(id).await.contains("reassign"), "it is the township's now");
    town.step(&dora, &all, id, "take>dispatched", json!({"lead_unit": "U-JUSTICE"})).await;
    jo.step(id, "claim", json!({})).await;
    jo.step(id, "start", json!({})).await;
    town.sync(&all).await;
    // 13 February and five working days.
    assert_eq!(due(&jo).await, "2026-02-27");
    town.travel(at("2026-02-27", "15:00"));
    town.step(&jo, &all, id, "progress", json!({"text": "仍有一条没有谈成"})).await;
    town.step(&dora, &all, id, "escalate", up).await;
    town.step(&dora, &all, id, "take>in_progress", json!({"handler": "dora"})).await;
    // 13 February and seven working days: Saturday 28 February is worked, Sunday is not.
    assert_eq!(due(&dora).await, "2026-03-02");
    town.travel(at("2026-03-02", "11:00"));
    let done = json!({"text": "各让一步", "success": "succeeded"});
    town.step(&dora, &all, id, "finish", done).await;
    dora.step(id, "feed_back", json!({"channel": "visit", "text": "按新线改道"})).await;
    town.sync(&all).await;
    cara.step(id, "call_back", json!({"mode": "phone", "person": "钟小满", "reached": true})).await;
    town.step(&cara, &all, id, "satisfied", json!({"rating": "very_satisfied"})).await;

    let view = ann.case(id).await;
    assert_eq!((view.state.as_str(), view.given, view.tier()), ("closed", 4, "township"));
    let clocks = dora.clocks(id).await;
    let days: Vec<u64> =
        clocks.limits.iter().filter(|limit| limit.clock == ClockId::Handle).map(|limit| limit.due).collect();
    let wanted = ["2026-02-14", "2026-02-25", "2026-02-27", "2026-03-02"].map(|day| at(day, "24:00"));
    assert_eq!(days, wanted);
    // The village and the group heard of every step; each step has its reason in the history.
    assert_eq!(view.actions.iter().filter(|action| *action == "escalate").count(), 2);
}
