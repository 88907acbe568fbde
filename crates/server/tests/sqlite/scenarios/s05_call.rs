//! 呼叫: a village calls two departments; one claims in time, one never. 响应率 50 %, the fault no_response, and what the
//! caller says of it.

use gridbook_domain::clock::{ClockId, Fault, by_unit, faults};
use gridbook_domain::record::RecordKind;
use gridbook_domain::share::Share;
use gridbook_domain::workflow::offered;
use gridbook_log::EntityId;
use serde_json::json;

use super::rig::{Person, Town, VILLAGE, at};

async fn call(town: &Town, lu: &Person, unit: &str) -> EntityId {
    let set = json!({
        "facts": "公路边坡落石", "address_text": "村道K3", "departments": [unit], "why_not_local": "村里没有设备",
        "wished": ["come"], "item": "call_department"
    });
    let id = lu.report_on("F-CALL", RecordKind::Matter, VILLAGE, set, &[]).await;
    lu.sync().await;
    assert!(town.package.form("F-CALL").is_some());
    id
}

#[tokio::test]
async fn one_department_answers_and_one_does_not() {
    let town = Town::at(at("2026-03-09", "09:00")).await;
    let lu = town.person("lu", "grid_worker_l1").await;
    let ivy = town.person("ivy", "intake_clerk").await;
    let (roads, water) = (town.of_unit("rob", "U-ROAD").await, town.of_unit("wen", "U-WATER").await);
    let (sue, dora) = (town.person("sue", "supervisor").await, town.person("dora", "center_director").await);
    let cara = town.person("cara", "callback_clerk").await;
    let all = [&lu, &ivy, &roads, &water, &sue, &dora, &cara];
    let (answered, silent) = (call(&town, &lu, "U-ROAD").await, call(&town, &lu, "U-WATER").await);
    town.sync(&all).await;
    for (id, unit) in [(answered, "U-ROAD"), (silent, "U-WATER")] {
        let register = json!({"level": "yellow", "category": "call", "duplicate_checked": true});
        ivy.step(id, "register", register).await;
        ivy.step(id, "dispatch", json!({"lead_unit": unit})).await;
    }
    town.sync(&all).await;
    assert!(roads.sees(answered) && !roads.sees(silent) && !water.sees(answered));
    // Its class is that of calls: one working day to answer, five to act.
    let view = water.case(silent).await;
    assert_eq!(
        (view.respond_by.as_deref(), view.handle_by.as_deref()),
        (Some("2026-03-10"), Some("2026-03-16"))
    );
    let clocks = water.clocks(silent).await;
    assert!(clocks.limits.iter().any(|limit| limit.clock == ClockId::Respond && limit.class == "SC"));

    town.travel(at("2026-03-10", "16:00"));
    roads.step(answered, "claim", json!({})).await;
    roads.step(answered, "start", json!({})).await;
    town.sync(&all).await;
    assert!(!sue.offered(silent).await.contains("no_claim"), "it still has until the evening");

    town.travel(at("2026-03-11", "09:00"));
    let now = town.now();
    assert_eq!(faults(&sue.clocks(silent).await, &sue.case(silent).await.actions, now), [Fault::NoResponse]);
    assert_eq!(faults(&sue.clocks(answered).await, &sue.case(answered).await.actions, now), []);
    assert_eq!(sue.messages(silent).await.pop().unwrap().label, "督办短信");
    town.step(&sue, &all, silent, "no_claim", json!({"text": "到期没有认领"})).await;
    let told = json!({"step": "order", "fault": "no_response", "reply_by": "2026-03-12", "text": "请说明"});
    town.step(&sue, &all, silent, "supervise", told).await;
    assert_eq!(water.case(silent).await.faults.len(), 1, "the same fault once");

    // 通报: each department's line.
    let table = async |until: u64| {
        let mut read = Vec::new();
        for id in [answered, silent] {
            read.push((dora.case(id).await, dora.clocks(id).await));
        }
        by_unit(read.iter().map(|(case, clocks)| (case, clocks)), at("2026-03-09", "00:00"), until)
    };
    let lines = table(now + 1).await;
    let line = |unit: &str| lines.iter().find(|line| line.unit == unit).unwrap();
    assert_eq!(line("U-ROAD").rates.response, Share { part: 1, whole: 1 });
    assert_eq!(line("U-WATER").rates.response, Share { part: 0, whole: 1 });
    assert_eq!(line("U-WATER").faults.get("no_response"), Some(&1));
    let both = line("").rates.response;
    assert_eq!((both, both.permille()), (Share { part: 1, whole: 2 }, Some(500)), "响应率 50 %");

    // The department objects in time, so the fault does not count meanwhile; it is withdrawn by neither of the two.
    town.travel(at("2026-03-13", "17:00"));
    town.step(&water, &all, silent, "contest", json!({"fault": "no_response", "text": "停电两天"})).await;
    assert_eq!(
        table(town.now()).await.iter().find(|line| line.unit == "U-WATER").unwrap().faults.get("no_response"),
        None
    );
    assert!(sue.try_step(silent, "comment", &json!({"text": "已收到"})).await.is_ok());
    let decide = json!({"fault": "no_response", "outcome": "upheld", "text": "值班电话一直通"});
    town.step(&dora, &all, silent, "contest_decide", decide).await;
    assert_eq!(
        table(town.now()).await.iter().find(|line| line.unit == "U-WATER").unwrap().faults.get("no_response"),
        Some(&1)
    );

    // The one that answered is done in time, and the caller rates it; nobody else can.
    let done = json!({"text": "清走落石", "photos": ["photo_progress"]});
    town.travel(at("2026-03-13", "17:30"));
    roads.step(answered, "progress", json!({"text": "到场"})).await;
    let finish = json!({"text": done["text"]});
    roads.step(answered, "finish", finish).await;
    roads.step(answered, "feed_back", json!({"channel": "phone", "text": "已清走"})).await;
    town.sync(&all).await;
    town.step(&lu, &all, answered, "caller_rate", json!({"rating": "very_satisfied"})).await;
    let case = cara.case(answered).await;
    assert_eq!(case.rating.as_deref(), Some("very_satisfied"));
    let again = offered(&town.package, &lu.actor.borrow(), &case, town.today());
    assert!(again.iter().all(|step| step.action != "caller_rate"), "once");
    let after = table(town.now() + 1).await;
    let road = after.iter().find(|line| line.unit == "U-ROAD").unwrap();
    assert_eq!(
        (road.satisfied, road.rates.completion),
        (Share { part: 1, whole: 1 }, Share { part: 1, whole: 1 })
    );
}
