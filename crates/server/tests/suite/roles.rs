//! Roles that a township changes by itself (ROLE-15), and who looks at whose visits.

use crate::common::{Device, Server, role, values};
use gridbook_log::{Body, Create, EntityId, Op, Placement};
use gridbook_server::sql;
use gridbook_sync::wire::Verdict;
use serde_json::{Value, json};

const TOWN: &str = "510000100";
const VILLAGE: &str = "510000100201";
const GRID: &str = "510000100201001";

fn revision(device: &mut Device, change: &Value) -> Op {
    let create = Create {
        type_: "rules".to_owned(),
        place: Placement { all: Some(true), area: Some(TOWN.to_owned()), ..Placement::default() },
        set: values(&json!({ "role/partner": change })),
        ..Create::default()
    };
    let id = device.fresh_id();
    device.body(id, &Body::Create(create))
}

fn entry(device: &mut Device, type_: &str, form: &str, state: &str, set: &Value) -> Op {
    let create = Create {
        type_: type_.to_owned(),
        form: Some(form.to_owned()),
        state: Some(state.to_owned()),
        place: Placement { area: Some(GRID.to_owned()), ..Placement::default() },
        set: values(set),
        ..Create::default()
    };
    let id = device.fresh_id();
    device.body(id, &Body::Create(create))
}

#[tokio::test]
async fn a_role_of_the_township_is_judged_by_and_decides_what_its_holders_are_sent() {
    let server = Server::with(|_| {}).await;
    for (user, held) in [
        ("ann", role("village_assistant", GRID)),
        ("hong", role("partner", VILLAGE)),
        ("dora", role("center_director", TOWN)),
        ("sys", role("sys_admin", TOWN)),
    ] {
        server.person(user, vec![held]).await;
    }
    let mut ann = server.device("ann").await;
    let hazard = |device: &mut Device| {
        let set =
            json!({"desc": "水沟堵塞", "level": "blue", "source": "visit_found", "address_text": "沟边"});
        entry(device, "hazard", "F-HAZARD/1", "submitted", &set)
    };
    let first = hazard(&mut ann);
    let id = first.entity();
    ann.push_ok(&[first]).await;
    // A role that nobody defined: no rights, and nothing to read.
    let mut hong = server.device("hong").await;
    hong.pull().await;
    assert!(!hong.visible.contains(&id));
    let early = hazard(&mut hong);
    assert_eq!(hong.push_one(&early).await, (Verdict::Reject, Some("not_permitted".to_owned())));

    let partner = json!({"like": "village_assistant", "label": "村合伙人"});
    let mut dora = server.device("dora").await;
    let op = revision(&mut dora, &partner);
    assert_eq!(dora.push_one(&op).await, (Verdict::Reject, Some("not_permitted".to_owned())));
    let mut sys = server.device("sys").await;
    let op = revision(&mut sys, &partner);
    sys.push_ok(&[op]).await;
    hong.pull().await;
    assert!(hong.visible.contains(&id), "what lies in her area comes with the role");
    let own = hazard(&mut hong);
    assert_eq!(hong.push_one(&own).await, (Verdict::Ok, None));

    // Taken from the role, it goes from her device; so also after the program was started again.
    let op = revision(&mut sys, &json!({"minus": ["record.view"]}));
    sys.push_ok(&[op]).await;
    hong.pull().await;
    assert!(!hong.visible.contains(&id));
    let mut server = server;
    server.restart().await;
    hong.follow(&server);
    let again = hazard(&mut hong);
    assert_eq!(hong.push_one(&again).await, (Verdict::Ok, None));
}

#[tokio::test]
async fn nobody_looks_at_his_own_visit() {
    let server = Server::with(|_| {}).await;
    for (user, held) in [("lea", role("grid_worker_l1", VILLAGE)), ("bo", role("grid_worker_l1", VILLAGE))] {
        server.person(user, vec![held]).await;
    }
    let look = |device: &mut Device, visit: EntityId| {
        let set = json!({"target_record": visit.to_string(), "date": "2026-05-18", "way": "phone", "result": "true"});
        entry(device, "entry", "F-CHECK/1", "recorded", &set)
    };
    let visit = |device: &mut Device| {
        let house = device.fresh_id().to_string();
        let set =
            json!({"household": house, "visit_at": "2026-05-18T08:00", "mode": "in_home", "met": "head"});
        entry(device, "visit", "F-VISIT/1", "visited", &set)
    };
    let (mut lea, mut bo) = (server.device("lea").await, server.device("bo").await);
    let made = visit(&mut lea);
    let id = made.entity();
    lea.push_ok(&[made]).await;
    let own = look(&mut lea, id);
    assert_eq!(lea.push_one(&own).await, (Verdict::Reject, Some("own_visit".to_owned())));
    let other = look(&mut bo, id);
    assert_eq!(bo.push_one(&other).await, (Verdict::Ok, None));
    // Also where both come in one go, and where the visit is read from the database again.
    let made = visit(&mut lea);
    let own = look(&mut lea, made.entity());
    let reply = lea.push(&[made, own]).await;
    assert_eq!(reply.results[1].code.as_deref(), Some("own_visit"));
    let mut server = server;
    server.restart().await;
    lea.follow(&server);
    let own = look(&mut lea, id);
    assert_eq!(lea.push_one(&own).await, (Verdict::Reject, Some("own_visit".to_owned())));
}

/// Whose rights are computed anew costs a question for each account: not everybody may ask for that.
#[tokio::test]
async fn what_is_refused_of_a_role_makes_nobody_s_rights_be_computed() {
    let server = Server::with(|_| {}).await;
    for (user, held) in [
        ("hong", role("partner", VILLAGE)),
        ("dora", role("center_director", TOWN)),
        ("sys", role("sys_admin", TOWN)),
    ] {
        server.person(user, vec![held]).await;
    }
    let (mut sys, mut dora) = (server.device("sys").await, server.device("dora").await);
    let op = revision(&mut sys, &json!({"like": "village_assistant", "label": "村合伙人"}));
    let id = op.entity();
    sys.push_ok(&[op]).await;
    dora.pull().await;
    let rights = async || {
        let asked = "SELECT COUNT(*) FROM rights WHERE account = 'hong' AND to_seq IS NULL";
        sql::query_scalar::<i64>(asked).fetch_one(&server.app().readers).await.unwrap()
    };
    let held = rights().await;
    // Behind the server's back, so that it shows whether hers are computed.
    server
        .app()
        .writer
        .run(|ledger| {
            Box::pin(async move {
                sql::query("DELETE FROM assignments WHERE account = 'hong'")
                    .execute(&mut ledger.conn)
                    .await?;
                Ok(())
            })
        })
        .await
        .unwrap();
    let change = |device: &mut Device| {
        let set = values(&json!({"role/partner": {"minus": ["record.view"]}}));
        device.body(id, &Body::Set(gridbook_log::body::Set { set, blobs: Vec::new() }))
    };
    let op = change(&mut dora);
    assert_eq!(dora.push_one(&op).await, (Verdict::Reject, Some("not_permitted".to_owned())));
    assert_eq!(rights().await, held);
    sys.pull().await;
    let op = change(&mut sys);
    sys.push_ok(&[op]).await;
    assert!(rights().await < held);
}
