//! 七有: a yellow hazard goes 收→报→录→转→办→反→销, with one 退回补充, one extension, overdue once (督办短信 and a fault
//! that is contested), dissatisfied, done again, satisfied, closed.

use gridbook_domain::admit::Purpose;
use gridbook_domain::clock::{ClockId, Lamp, LimitState};
use gridbook_domain::ledger::{Cell, Names};
use gridbook_domain::record::RecordKind;
use gridbook_domain::rules::message::To;
use gridbook_domain::seven::{Have, seven};
use gridbook_sheets::{Column, Table, write_csv};
use serde_json::json;

use super::rig::{GRID, HOUR, Town, at, hazard};

const UNIT: &str = "U-WATER";

/// Nobody has a name here.
struct Codes;

impl Names for Codes {
    fn person(&self, user: &str) -> String {
        user.to_owned()
    }

    fn unit(&self, code: &str) -> String {
        code.to_owned()
    }

    fn area(&self, code: &str) -> String {
        code.to_owned()
    }
}

#[tokio::test]
async fn a_yellow_hazard_ends_with_seven_ticks() {
    let town = Town::at(at("2026-03-09", "10:00")).await;
    let ann = town.person("ann", "village_assistant").await;
    let ivy = town.person("ivy", "intake_clerk").await;
    let ben = town.of_unit("ben", UNIT).await;
    let sue = town.person("sue", "supervisor").await;
    let cara = town.person("cara", "callback_clerk").await;
    let dora = town.person("dora", "center_director").await;
    let all = [&ann, &ivy, &ben, &sue, &cara, &dora];

    // 收, 报: without network; it stays on the phone until there is one.
    let id = ann.report(RecordKind::Hazard, GRID, hazard("yellow"), &["photo_before"]).await;
    assert_eq!((ann.unsent(), ivy.sees(id)), (1, false));
    town.travel(at("2026-03-09", "10:30"));
    town.sync(&all).await;
    assert!(ivy.sees(id) && !ben.sees(id));

    // 退回补充, and back.
    let ask = json!({"reason": "place_unclear", "text": "哪一段水沟"});
    town.step(&ivy, &all, id, "ask_supplement", ask).await;
    let asked = ivy.messages(id).await;
    assert_eq!((asked[0].id.as_str(), asked[0].to.clone()), ("supplement", vec![To::User("ann".to_owned())]));
    town.travel(at("2026-03-10", "15:00"));
    ann.fill(id, Purpose::Report, json!({"address_text": "柳溪村3组桥头水沟"}), &[]).await;
    town.step(&ann, &all, id, "resubmit", json!({"text": "3组桥头那一段"})).await;

    // 录: the number comes from the server.
    town.travel(at("2026-03-11", "09:30"));
    let register = json!({"category": "water_works", "subtype": "water_works.6", "duplicate_checked": true});
    town.step(&ivy, &all, id, "register", register).await;
    let number = ann.case(id).await.number.expect("the number came down to the phone");
    assert!(number.contains("〔2026〕隐字第00001号"), "{number}");
    assert_eq!(limit(&ivy, id, ClockId::Register).await.state(u64::MAX), LimitState::Met);

    // 转: the days are those that the screen proposes.
    town.travel(at("2026-03-11", "10:00"));
    town.step(&ivy, &all, id, "dispatch", json!({"lead_unit": UNIT})).await;
    assert!(ben.sees(id), "the unit has it now");
    let view = ben.case(id).await;
    assert_eq!(
        (view.respond_by.as_deref(), view.handle_by.as_deref()),
        (Some("2026-03-12"), Some("2026-03-26"))
    );
    assert_eq!(ivy.messages(id).await[0].to, [To::Unit(UNIT.to_owned())]);

    // 办: claimed, started, under control, one extension before it expires.
    town.travel(at("2026-03-12", "10:00"));
    ben.step(id, "claim", json!({})).await;
    ben.step(id, "start", json!({})).await;
    assert!(limit(&ben, id, ClockId::Control).await.open(), "nobody has it under control yet");
    let noted = json!({
        "on_spot_result": "controlled", "control_measures/r1/measure": "warning",
        "control_measures/r1/owner": "钟小满", "control_measures/r1/from": "2026-03-12T10:00",
        "rect_notice": true, "rect_notice_no": "整改〔2026〕003号", "rect_notice_deadline": "2026-03-20",
        "expected_done": "2026-03-25",
        "plan_measures": "分两段清", "plan_funds": "村集体", "plan_owner": "钟小满", "plan_deadline": "2026-03-25",
        "plan_contingency": "下雨时有人守着", "cost": 800
    });
    ben.fill(id, Purpose::Handling, noted, &["photo_progress"]).await;
    town.sync(&all).await;
    let handle = limit(&ben, id, ClockId::Handle).await;
    assert_eq!(handle.due, at("2026-03-26", "24:00"), "the day that was entered at the dispatch binds");
    for person in all {
        assert_eq!(
            limit(person, id, ClockId::Control).await.state(u64::MAX),
            LimitState::Met,
            "{}",
            person.user()
        );
    }
    assert_eq!(ann.case(id).await.values["rect_notice_no"], "整改〔2026〕003号");
    assert_eq!(ann.fillable(id, Purpose::Handling).await, None, "whoever reported it reads it");
    town.travel(at("2026-03-25", "10:00"));
    ben.step(id, "progress", json!({"text": "清了一半，下雨停工"})).await;
    let why = json!({"reason": "force_majeure", "asked_by": "2026-04-02", "text": "连日下雨"});
    town.step(&ben, &all, id, "extend_request", why).await;
    assert!(!ben.offered(id).await.contains("extend"), "nobody extends their own limit");
    let granted = json!({"reason": "force_majeure", "text": "同意", "told_citizen": true});
    town.step(&sue, &all, id, "extend", granted).await;
    let handle = limit(&ben, id, ClockId::Handle).await;
    assert_eq!((handle.due, handle.extended), (at("2026-04-02", "24:00"), true));
    assert!(!sue.offered(id).await.contains("extend"), "once");

    // Overdue: 督办短信 to the unit, written down with the fault; the unit objects and somebody else decides.
    town.travel(at("2026-04-02", "15:00"));
    assert_eq!(sue.messages(id).await.last().unwrap().label, "提醒");
    town.travel(at("2026-04-03", "08:30"));
    assert_eq!(lamp(&sue, id, at("2026-04-03", "08:30")), Lamp::Red);
    let sms = sue.messages(id).await.pop().unwrap();
    assert_eq!((sms.label.as_str(), sms.to.clone()), ("督办短信", vec![To::Unit(UNIT.to_owned())]));
    assert_eq!(sms.text, format!("【督办】{number}已超期，请{UNIT}立即办理，并于4月3日15:00前回复。"));
    let told =
        json!({"step": "message", "fault": "late_completion", "reply_by": "2026-04-03", "text": sms.text});
    town.step(&sue, &all, id, "supervise", told).await;
    assert!(sue.messages(id).await.iter().all(|message| message.step.is_none()), "it was sent");
    town.step(&ben, &all, id, "supervise_reply", json!({"text": "今天下午完工"})).await;
    assert!(!sue.offered(id).await.contains("contest_decide") && ben.offered(id).await.contains("contest"));
    town.step(&ben, &all, id, "contest", json!({"fault": "late_completion", "text": "连日下雨无法施工"}))
        .await;
    assert!(!dora.case(id).await.faults[0].counts(), "not counted until somebody decides");
    assert!(!sue.offered(id).await.contains("contest_decide"), "who marked it does not decide");
    let decided = json!({"fault": "late_completion", "outcome": "upheld", "text": "已经延过一次"});
    town.step(&dora, &all, id, "contest_decide", decided).await;
    let marks = ann.case(id).await.faults;
    assert_eq!((marks.len(), marks[0].kind.as_str(), marks[0].counts()), (1, "late_completion", true));
    let done = json!({"text": "清淤30米", "photos": ["photo_after"]});
    town.travel(at("2026-04-03", "16:00"));
    town.step(&ben, &all, id, "finish", done.clone()).await;

    // 反, and a call-back that is dissatisfied: done again within five working days; Qingming is off.
    town.step(&ben, &all, id, "feed_back", json!({"channel": "phone", "text": "水沟已清通"})).await;
    assert_eq!(ivy.messages(id).await[0].text, "您反映的水利防汛隐患办理结果：水沟已清通。");
    assert_eq!(ann.rows().iter().filter(|row| row.id == id && row.state == "fed_back").count(), 1);
    town.travel(at("2026-04-07", "10:00"));
    assert!(!ben.offered(id).await.contains("call_back"));
    let call = json!({"mode": "phone", "person": "钟小满", "reached": true});
    cara.step(id, "call_back", call.clone()).await;
    let no = json!({"rating": "dissatisfied", "reason_tags": ["unsolved"], "text": "下游还堵着"});
    town.step(&cara, &all, id, "dissatisfied", no).await;
    assert_eq!(limit(&ben, id, ClockId::Redo).await.due, at("2026-04-14", "24:00"));
    ben.step(id, "re_handle", json!({})).await;
    town.travel(at("2026-04-09", "10:00"));
    ben.step(id, "finish", done).await;
    ben.step(id, "feed_back", json!({"channel": "visit", "text": "下游也清通了"})).await;
    town.sync(&all).await;

    // 销.
    town.travel(at("2026-04-10", "10:00"));
    cara.step(id, "call_back", call).await;
    town.step(&cara, &all, id, "satisfied", json!({"rating": "satisfied"})).await;
    for person in all {
        let view = person.case(id).await;
        assert_eq!(view.state, "closed", "{}", person.user());
        assert_eq!(seven(&view), Have::ALL.map(|have| (have, true)), "{}", person.user());
        assert!(view.timeline.iter().all(|line| line.received_at.is_some() && line.refused.is_none()));
    }
    let clocks = dora.clocks(id).await;
    assert!(clocks.limits.iter().all(|limit| !limit.open()));
    assert_eq!(limit(&dora, id, ClockId::Redo).await.state(u64::MAX), LimitState::Met);
    let row = dora.rows().into_iter().find(|row| row.id == id).unwrap();
    assert!(!row.is_open() && row.number == number);
    // 台账: the line of the case list, as it is exported.
    let view = dora.case(id).await;
    let columns =
        Cell::ALL.map(|cell| Column { header: cell.header().to_owned(), width: 12.0, ..Column::default() });
    let cells = Cell::ALL.map(|cell| cell.of(&town.package, &Codes, &view));
    let sheet =
        Table {
            name: "全部事项台账".to_owned(), columns: columns.to_vec(), rows: vec![cells.to_vec()]
        };
    let csv = String::from_utf8(write_csv(&sheet)).unwrap();
    let lines: Vec<&str> = csv.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(
        lines[0],
        "编号,类,等级,事项,类别,地点,来源,上报人,状态,主责单位,承办人,办理期限,反馈,销号日期"
    );
    let line = format!(
        "{number},隐患,■ 黄 · 一般,水沟堵塞，雨大会漫进屋,水利防汛/{},{GRID} 柳溪村3组桥头水沟,走访发现,ann,已销号,{UNIT},ben,2026-04-14,下游也清通了,2026-04-10",
        town.package.label("hazard_subtype", "water_works.6")
    );
    assert_eq!(lines[1..], [line]);
    // What everybody holds is what the server holds.
    let mut stored = gridbook_log::Entity::new(id, Some(town.server.app().tenant.authority));
    stored.apply_all(&town.server.stream(id).await);
    assert_eq!(stored.fingerprint(), dora.entity(id).await.fingerprint());
    assert!(at("2026-04-10", "10:00") + HOUR > town.now());
}

async fn limit(
    who: &super::rig::Person,
    id: gridbook_log::EntityId,
    clock: ClockId,
) -> gridbook_domain::clock::Limit {
    let clocks = who.clocks(id).await;
    clocks.limits.into_iter().rev().find(|limit| limit.clock == clock).unwrap()
}

fn lamp(who: &super::rig::Person, id: gridbook_log::EntityId, now: u64) -> Lamp {
    let row = who.rows().into_iter().find(|row| row.id == id).unwrap();
    row.deadline().unwrap().lamp(now)
}

/// A hazard whose owner does not repair it: three failed re-checks, then talked to, told in writing, handed over
/// (HAZ-09). The server keeps the order, too.
#[tokio::test]
async fn who_does_not_repair_is_handed_over_step_by_step() {
    let town = Town::at(at("2026-03-09", "10:00")).await;
    let ann = town.person("ann", "village_assistant").await;
    let ivy = town.person("ivy", "intake_clerk").await;
    let ben = town.of_unit("ben", UNIT).await;
    let eva = town.person("eva", "grid_chief").await;
    let dora = town.person("dora", "center_director").await;
    let all = [&ann, &ivy, &ben, &eva, &dora];
    let id = ann.report(RecordKind::Hazard, GRID, hazard("yellow"), &["photo_before"]).await;
    town.sync(&all).await;
    let register = json!({"category": "water_works", "subtype": "water_works.6", "duplicate_checked": true});
    town.step(&ivy, &all, id, "register", register).await;
    town.step(&ivy, &all, id, "dispatch", json!({"lead_unit": UNIT})).await;
    ben.step(id, "claim", json!({})).await;
    town.step(&ben, &all, id, "start", json!({})).await;
    assert!(!ben.offered(id).await.contains("recheck"), "who repairs does not re-check");
    for day in ["2026-03-12", "2026-03-16", "2026-03-20"] {
        town.travel(at(day, "10:00"));
        let failed = json!({"passed": "failed", "text": "水沟还堵着"});
        town.step(&eva, &all, id, "recheck", failed).await;
    }
    assert_eq!(ben.case(id).await.failed_rechecks, 3);
    assert!(!ben.offered(id).await.contains("enforce_notice"), "not before talking");
    let talk = json!({"reason": "failed", "text": "业主答应清，没有清"});
    town.step(&ben, &all, id, "enforce_persuade", talk).await;
    town.travel(at("2026-03-23", "10:00"));
    // Two devices tell in writing at once: the server takes one.
    let carl = town.of_unit("carl", UNIT).await;
    carl.sync().await;
    let notice = json!({"text": "整改〔2026〕003号，当面送达，3月27日前清完"});
    ben.step(id, "enforce_notice", notice.clone()).await;
    carl.step(id, "enforce_notice", notice).await;
    town.sync(&all).await;
    carl.sync().await;
    assert_eq!((ben.refused(id), carl.refused(id).as_deref()), (None, Some("enforce_order")));
    town.travel(at("2026-03-30", "10:00"));
    let over = json!({
        "body": "区综合行政执法局", "basis": "防洪法", "receipt_by": "2026-04-07", "text": "通知期满没有清"
    });
    town.step(&dora, &all, id, "enforce_transfer", over).await;
    let view = ann.case(id).await;
    let taken: Vec<String> = view.enforced.iter().map(|(step, day)| format!("{step} {day}")).collect();
    assert_eq!(view.state, "transferred");
    assert_eq!(taken, ["persuade 2026-03-20", "notice 2026-03-23", "transfer 2026-03-30"]);
}

/// What a unit that does not handle a case writes about its handling does not count, whatever its device lets it write.
#[tokio::test]
async fn what_a_stranger_writes_about_the_handling_is_refused() {
    let town = Town::at(at("2026-03-09", "10:00")).await;
    let ann = town.person("ann", "village_assistant").await;
    let ivy = town.person("ivy", "intake_clerk").await;
    let (ben, carl) = (town.of_unit("ben", UNIT).await, town.of_unit("carl", "U-FIRE").await);
    let all = [&ann, &ivy, &ben, &carl];
    let id = ann.report(RecordKind::Hazard, GRID, hazard("yellow"), &["photo_before"]).await;
    town.sync(&all).await;
    let register = json!({"category": "water_works", "subtype": "water_works.6", "duplicate_checked": true});
    town.step(&ivy, &all, id, "register", register).await;
    let units = json!({"lead_unit": UNIT});
    town.step(&ivy, &all, id, "dispatch", units).await;
    let notice = json!({"rect_notice": true, "rect_notice_deadline": "2026-03-20"});
    ann.force(id, json!({"rect_notice_deadline": "2026-12-31"})).await;
    ben.force(id, notice.clone()).await;
    town.sync(&all).await;
    assert_eq!(ann.refused(id).as_deref(), Some("not_permitted"), "the reporter");
    assert_eq!(ben.refused(id).as_deref(), Some("not_permitted"), "not before it is claimed");
    town.step(&ben, &all, id, "claim", json!({})).await;
    ben.fill(id, Purpose::Handling, notice, &[]).await;
    town.sync(&all).await;
    for person in [&ann, &ivy, &ben] {
        assert_eq!(person.case(id).await.values["rect_notice_deadline"], "2026-03-20", "{}", person.user());
    }
    assert!(!carl.sees(id));
}
