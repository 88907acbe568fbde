//! Reports reconcile: hazards opening 40 + new 25 − closed 30 = 35 remaining, as many as the list shows; 127 taken in,
//! 125 done in time and two not yet due are 100 %.

use gridbook_domain::clock::rates;
use gridbook_domain::hazard::{Balance, balance, spans};
use gridbook_domain::record::RecordKind;
use gridbook_log::EntityId;
use serde_json::json;

use super::rig::{GRID, Person, Town, at, day, hazard};

async fn reported(who: &Person) -> EntityId {
    who.report(RecordKind::Hazard, GRID, hazard("blue"), &["photo_before"]).await
}

#[tokio::test]
async fn the_ledger_of_a_month_reconciles_with_the_list() {
    let town = Town::at(at("2026-03-10", "09:00")).await;
    let ann = town.person("ann", "village_assistant").await;
    let ivy = town.person("ivy", "intake_clerk").await;
    let dora = town.person("dora", "center_director").await;
    let both = [&ann, &ivy];
    let register =
        json!({"category": "fire", "subtype": "fire.1", "level": "blue", "duplicate_checked": true});
    let mut open = Vec::new();
    for (when, count) in [("2026-03-10", 40), ("2026-04-08", 25)] {
        town.travel(at(when, "09:00"));
        let mut made = Vec::new();
        for _ in 0..count {
            made.push(reported(&ann).await);
        }
        town.sync(&both).await;
        for id in &made {
            ivy.step(*id, "register", register.clone()).await;
        }
        ivy.sync().await;
        open.extend(made);
    }
    // Thirty of them are done in April: twenty of the older, ten of the new.
    town.travel(at("2026-04-20", "09:00"));
    dora.sync().await;
    for id in open.iter().skip(20).take(30) {
        dora.step(*id, "keep", json!({"handler": "dora"})).await;
        dora.step(*id, "finish", json!({"text": "已整改"})).await;
        dora.step(*id, "feed_back", json!({"channel": "in_app", "text": "已整改"})).await;
    }
    dora.sync().await;
    let sue = town.person("sue", "supervisor").await;
    sue.sync().await;
    for id in open.iter().skip(20).take(30) {
        let called = sue.case(*id).await.called_back();
        if called {
            sue.step(*id, "call_back", json!({"mode": "phone", "person": "钟小满", "reached": true})).await;
            sue.step(*id, "satisfied", json!({"rating": "satisfied"})).await;
        } else {
            sue.step(*id, "waive", json!({"reason": "not_sampled"})).await;
        }
    }
    sue.sync().await;
    // One more in May is none of April's.
    town.travel(at("2026-05-06", "09:00"));
    let late = reported(&ann).await;
    town.sync(&both).await;
    ivy.step(late, "register", register).await;
    town.sync(&[&ivy, &dora]).await;

    let mut read = Vec::new();
    for row in dora.rows().into_iter().filter(|row| row.kind == RecordKind::Hazard) {
        let view = dora.case(row.id).await;
        read.push((view.level.clone().unwrap(), spans(&town.package, &view)));
    }
    let lines = || read.iter().map(|(level, spans)| (level.as_str(), spans.as_slice()));
    let april = balance(lines(), (day("2026-04-01"), day("2026-04-30")));
    let wanted = Balance { opening: 40, new: 25, closed: 30, remaining: 35 };
    assert_eq!((april[""], april["blue"]), (wanted, wanted));
    assert!(april[""].holds());
    // The list of what is open: April's and the one of May; the server's numbers have no gap.
    let listed =
        dora.rows().into_iter().filter(|row| row.kind == RecordKind::Hazard && row.is_open()).count();
    assert_eq!(listed, 35 + 1);
    let may = balance(lines(), (day("2026-05-01"), day("2026-05-31")));
    assert_eq!(may[""], Balance { opening: 35, new: 1, closed: 0, remaining: listed });
    let mut numbers: Vec<String> =
        dora.rows().into_iter().filter(|row| row.kind == RecordKind::Hazard).map(|row| row.number).collect();
    numbers.sort();
    assert_eq!(numbers.len(), 66);
    assert!(numbers.first().unwrap().contains("00001") && numbers.last().unwrap().contains("00066"));
}

#[tokio::test]
async fn what_is_not_yet_due_is_not_late() {
    let town = Town::at(at("2026-03-09", "09:00")).await;
    let lu = town.person("lu", "grid_worker_l1").await;
    let mut all = Vec::new();
    for n in 0..127 {
        if n == 125 {
            // The last two come later, and are not yet due when the period ends.
            town.travel(at("2026-03-27", "09:00"));
        }
        let set = json!({"facts": "路灯不亮", "address_text": format!("路灯{n}")});
        let id = lu.report_on("F-REPAIR", RecordKind::Matter, GRID, set, &[]).await;
        lu.step(id, "register", json!({"level": "blue", "category": "repair", "duplicate_checked": true}))
            .await;
        lu.step(id, "keep", json!({"handler": "lu"})).await;
        if n < 125 {
            lu.step(id, "finish", json!({"text": "换了灯泡"})).await;
        }
        all.push(id);
    }
    lu.sync().await;
    let mut clocks = Vec::new();
    for id in &all {
        clocks.push(lu.clocks(*id).await);
    }
    let found = rates(&clocks, at("2026-03-01", "00:00"), at("2026-04-01", "00:00"));
    assert_eq!(found.on_time.words(), "100.0%（125/125）");
    assert_eq!(lu.rows().iter().filter(|row| row.kind == RecordKind::Matter).count(), 127);
}
