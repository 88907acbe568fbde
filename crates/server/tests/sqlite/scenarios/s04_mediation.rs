//! A mediation file that a court delegated: choice of the mediator, one steps aside, two talks with an expert between
//! them, an agreement with three instalments, reminders, confirmation, a late instalment and the urging, follow-ups, and
//! the closed volume. The mediator writes on a phone without network; the head of the committee closes at a desk.

use gridbook_domain::mediation::agreement::{Performance, advice, instalments};
use gridbook_domain::mediation::document::{Block, document};
use gridbook_domain::mediation::follow::{Confirmation, confirmation, follow_ups};
use gridbook_domain::mediation::indicator::indicators;
use gridbook_domain::mediation::roster::{Mediator, choose, conflicted};
use gridbook_domain::mediation::step::{Step, next_step};
use gridbook_domain::mediation::{Mediation, volume};
use gridbook_domain::record::RecordKind;
use gridbook_domain::rules::message::{MOST, To, of_mediation};
use gridbook_log::EntityId;
use serde_json::{Map, Value, json};

use super::rig::{GRID, Person, Town, at, day};

struct File<'a> {
    town: &'a Town,
    id: EntityId,
    mei: Person,
    hao: Person,
}

impl File<'_> {
    async fn write(&self, set: Value, photos: &[&str]) {
        self.mei.write(self.id, set, photos).await;
    }

    async fn next(&self) -> Option<Step> {
        let view = self.mei.case(self.id).await;
        next_step(&self.town.package, &Mediation::of(&view), self.town.today())
    }

    async fn reminders(&self, today: &str) -> Vec<(String, String)> {
        let view = self.hao.case(self.id).await;
        let list = of_mediation(&self.town.package, &view, day(today));
        assert!(list.iter().all(|message| message.text.chars().count() <= MOST));
        list.into_iter().map(|message| (message.id, message.text)).collect()
    }

    /// The parties were reminded of the confirmation by a court.
    async fn remind(&self, day: &str) {
        self.mei.step(self.id, "med_remind", json!({"confirm_reminded_on": day})).await;
        self.sync().await;
    }

    /// Why a step cannot be taken now.
    async fn stopped(&self, who: &Person, action: &str) -> String {
        who.try_step(self.id, action, &json!({})).await.unwrap_err().code().to_owned()
    }

    /// Both have heard of all.
    async fn sync(&self) {
        self.town.sync(&[&self.mei, &self.hao]).await;
    }

    async fn paper(&self, id: &str) -> String {
        let (package, view) = (&self.town.package, self.hao.case(self.id).await);
        let template = package.documents.get().iter().find(|template| template.id == id).unwrap();
        let form = package.form("F-MEDIATION");
        let paper = document(package, form, &Mediation::of(&view), template, self.town.today());
        let words = |block: &Block| match block {
            Block::Paragraph(text) => text.clone(),
            Block::Table { head, rows } => {
                let lines: Vec<String> = rows.iter().map(|row| row.join("|")).collect();
                format!("{}\n{}", head.join("|"), lines.join("\n"))
            }
        };
        paper.blocks.iter().map(words).collect::<Vec<_>>().join("\n")
    }
}

#[tokio::test]
async fn from_the_courts_letter_to_the_closed_volume() {
    let town = Town::at(at("2026-05-18", "09:00")).await;
    let ann = town.person("ann", "village_assistant").await;
    let (mei, hao) = (town.person("mei", "mediator").await, town.person("hao", "mediation_head").await);
    // 收: the dispute itself.
    let set = json!({
        "facts": "季大寒挖断排水沟，钟小满家进水", "occur_place": "柳溪村3组", "intake_mode": "court_delegate",
        "risk_level": "yellow", "delegated_by": "县人民法院", "delegated_doc_no": "（2026）委调7号"
    });
    let dispute = ann.report(RecordKind::Dispute, GRID, set, &[]).await;
    town.sync(&[&ann, &mei]).await;

    // 受理: on the mediator's phone, in a farmhouse.
    let set = json!({
        "dispute": dispute.to_string(), "case_name": "排水沟损坏赔偿纠纷", "committee": "青禾镇人民调解委员会",
        "category": "neighbor", "facts": "季大寒挖断排水沟，钟小满家进水", "risk_level": "yellow",
        "people_count": 4, "amount": 10030.5, "difficulty": "general", "source": "court",
        "delegated_by": "县人民法院", "delegated_doc_no": "（2026）委调7号", "delegated_date": "2026-05-15",
        "delegated_return_by": "2026-06-30",
        "parties/p1/side": "applicant", "parties/p1/kind": "natural", "parties/p1/name": "钟小满",
        "parties/p1/sex": "female", "parties/p1/phone": "13800005678", "parties/p1/id_type": "resident",
        "parties/p1/id_no": "510000199001010018",
        "parties/p2/side": "respondent", "parties/p2/kind": "natural", "parties/p2/name": "季大寒",
        "parties/p2/phone": "13900001234", "parties/p2/id_type": "resident", "parties/p2/id_no": "510000195506301234",
        "parties/p2/agent_name": "季小寒",
        "claims/c1/claim": "赔偿家具损失", "claims/c2/claim": "恢复排水沟"
    });
    let id = mei.report(RecordKind::Mediation, GRID, set, &[]).await;
    let file = File { town: &town, id, mei, hao };
    assert_eq!(file.next().await, Some(Step::Accept));
    assert_eq!(
        file.stopped(&file.mei, "med_accept").await,
        "not_fit_for_mediation",
        "not before both agree to be mediated"
    );
    file.write(
        json!({"consent_all": true, "accepted_on": "2026-05-18", "intake_way": "on_site"}),
        &["photo_identity"],
    )
    .await;
    file.mei.step(id, "med_accept", json!({})).await;
    file.sync().await;
    let number = file.mei.case(id).await.number.unwrap();
    assert!(number.contains("人调字第"), "{number}");

    // 定人: the parties choose among the roster; the first is a relative and steps aside.
    assert_eq!(file.next().await, Some(Step::Assign));
    let person = |name: &str, known: &str, load| Mediator {
        name: name.to_owned(),
        expertise: vec![known.to_owned()],
        load,
        ..Mediator::default()
    };
    let roster =
        [person("路小雪", "labor", 0), person("阮三江", "neighbor", 0), person("柏立秋", "neighbor", 2)];
    let names: Vec<&str> =
        choose(&roster, "neighbor", town.today()).iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names, ["阮三江", "柏立秋", "路小雪"]);
    file.write(
        json!({
            "mediators/m1/name": names[0], "mediators/m1/lead": true, "mediators/m1/recusal": "relative",
            "recorder": "路小雪", "assigned_on": "2026-05-19", "told_on": "2026-05-19"
        }),
        &[],
    )
    .await;
    assert_eq!(conflicted(&Mediation::of(&file.mei.case(id).await)), ["阮三江"]);
    assert_eq!(file.next().await, Some(Step::Assign), "all is said, but a relative mediates");
    file.write(
        json!({
            "mediators/m1/replaced": true, "mediators/m2/name": names[1], "mediators/m2/lead": true,
            "mediators/m2/by_parties": true, "mediators/m2/recusal": "none"
        }),
        &[],
    )
    .await;
    assert_eq!(Mediation::of(&file.mei.case(id).await).mediators(), ["柏立秋"]);

    // 调查, 告知, two talks, an expert between them.
    town.travel(at("2026-05-20", "09:00"));
    assert_eq!(file.next().await, Some(Step::Investigate));
    file.write(
        json!({
            "investigations/i1/kind": "talk", "investigations/i1/side": "applicant", "investigations/i1/person": "钟小满",
            "investigations/i1/from_at": "2026-05-20T09:00", "investigations/i1/asker": "柏立秋", "investigations/i1/record": "问：怎么进的水？答：沟断了。",
            "investigations/i2/kind": "talk", "investigations/i2/side": "respondent", "investigations/i2/person": "季大寒",
            "investigations/i2/from_at": "2026-05-20T14:00", "investigations/i2/asker": "柏立秋", "investigations/i2/record": "问：沟是谁挖的？答：我请的挖机。",
            "evidence/e1/name": "进水照片", "evidence/e1/submitter": "钟小满", "dispute_points": "损失怎样算，沟由谁修"
        }),
        &["photo_evidence"],
    )
    .await;
    assert_eq!(file.next().await, Some(Step::Inform));
    file.write(
        json!({
            "notices/n1/person": "钟小满", "notices/n1/state": "signed", "notices/n1/on": "2026-05-21",
            "notices/n2/person": "季大寒", "notices/n2/state": "refused", "notices/n2/on": "2026-05-21"
        }),
        &["sign_notice"],
    )
    .await;
    assert_eq!(file.next().await, Some(Step::Mediate));
    town.travel(at("2026-05-22", "09:00"));
    file.write(
        json!({"talks/t1/at": "2026-05-22T09:00", "talks/t1/way": "back", "talks/t1/outcome": "next", "talks/t1/next_at": "2026-05-25T09:00"}),
        &[],
    )
    .await;
    assert_eq!(file.stopped(&file.mei, "med_agree").await, "steps_missing", "they have not come to terms");
    town.travel(at("2026-05-25", "09:00"));
    file.write(
        json!({
            "experts/x1/name": "水利站工程师", "experts/x1/on": "2026-05-23", "experts/x1/opinion": "沟断是进水的主要原因",
            "talks/t2/at": "2026-05-25T09:00", "talks/t2/way": "face", "talks/t2/outcome": "written"
        }),
        &["sign_talk"],
    )
    .await;
    assert!(file.mei.unsent() > 5, "all of it without network");

    // 协议: three instalments; signed and sealed.
    assert_eq!(file.next().await, Some(Step::Agreement));
    file.write(
        json!({
            "agreement_kind": "written", "agreed_on": "2026-05-25", "liability": "季大寒承担主要责任", "copies": 3, "payer": "季大寒",
            "terms/t1/term": "季大寒赔偿钟小满一万零三十元五角", "terms/t2/term": "季大寒修复排水沟", "confirm_wanted": true, "court": "县人民法院",
            "instalments/a1/due": "2026-06-01", "instalments/a1/amount": 4000.5,
            "instalments/a2/due": "2026-07-01", "instalments/a2/amount": 3000,
            "instalments/a3/due": "2026-08-03", "instalments/a3/amount": 3030
        }),
        &[],
    )
    .await;
    assert_eq!(file.stopped(&file.mei, "med_agree").await, "not_signed");
    file.write(
        json!({"signed_parties": true, "signed_mediator": true, "sealed": true}),
        &["photo_agreement"],
    )
    .await;
    file.mei.step(id, "med_agree", json!({})).await;
    file.sync().await;
    assert_eq!(file.hao.case(id).await.state, "agreed");
    let agreement = file.paper("agreement").await;
    assert!(agreement.contains("合计人民币（大写）壹万零叁拾元伍角整（¥10,030.50）"), "{agreement}");
    assert!(agreement.contains(&number) && agreement.contains("2|2026年7月1日|3,000.00|"), "{agreement}");

    // Days 7, 20 and 27: the confirmation; the instalments when they are due.
    let confirm = |n: u32| {
        ("confirm_reminder".to_owned(), format!("协议已生效{n}天，如需司法确认，请双方在6月24日前共同申请。"))
    };
    assert_eq!(file.reminders("2026-05-28").await, []);
    let first = file.reminders("2026-06-01").await;
    let due = format!("协议{number}第1期应于6月1日履行，请按约办理并保留凭证。");
    assert_eq!(first, [confirm(7), ("performance_due".to_owned(), due)]);
    town.travel(at("2026-06-01", "15:00"));
    file.write(
        json!({
            "instalments/a1/performed_on": "2026-06-01",
            "follow_ups/f1/on": "2026-06-01", "follow_ups/f1/mode": "visit", "follow_ups/f1/person": "钟小满",
            "follow_ups/f1/performed": "part", "follow_ups/f1/visitor": "柏立秋"
        }),
        &[],
    )
    .await;
    file.sync().await;
    assert_eq!(file.reminders("2026-06-13").await, [confirm(19)], "it stands until somebody reminded them");
    file.remind("2026-06-01").await;
    assert_eq!(file.reminders("2026-06-13").await, []);
    assert_eq!(file.reminders("2026-06-14").await, [confirm(20)]);
    town.travel(at("2026-06-14", "10:00"));
    file.remind("2026-06-14").await;
    assert_eq!(file.reminders("2026-06-20").await, []);
    assert_eq!(file.reminders("2026-06-21").await, [confirm(27)]);
    town.travel(at("2026-06-22", "10:00"));
    file.write(json!({"confirm_applied_on": "2026-06-22"}), &[]).await;
    file.sync().await;
    assert_eq!(file.reminders("2026-06-23").await, [], "applied for");
    town.travel(at("2026-06-26", "10:00"));
    let confirmed = json!({
        "confirm_result": "confirmed", "court_no": "（2026）川0000诉前调确7号", "confirmed_on": "2026-06-26",
        "follow_ups/f2/on": "2026-06-24", "follow_ups/f2/mode": "phone", "follow_ups/f2/person": "钟小满",
        "follow_ups/f2/performed": "part", "follow_ups/f2/visitor": "柏立秋", "delegated_returned_on": "2026-06-26"
    });
    file.write(confirmed, &[]).await;
    file.sync().await;
    let view = file.hao.case(id).await;
    let answered = confirmation(&Mediation::of(&view), town.today());
    assert_eq!(answered, Confirmation::Answered("confirmed".to_owned()));

    // The second instalment is late: the payer is urged, then the court may enforce; it is paid in the end.
    let late = file.reminders("2026-07-02").await;
    assert_eq!(late[0].0, "urge");
    let list = of_mediation(&town.package, &view, day("2026-07-02"));
    assert_eq!(
        list[0].to,
        [To::Person { name: "季大寒".to_owned(), phone: "13900001234".to_owned() }],
        "only who pays"
    );
    town.travel(at("2026-07-02", "10:00"));
    file.write(json!({"instalments/a2/urged_on": "2026-07-02"}), &[]).await;
    let view = file.mei.case(id).await;
    assert_eq!(
        advice(&Mediation::of(&view), day("2026-07-10")),
        ["第 2 期催促后仍未履行, 可申请法院强制执行"]
    );
    assert_eq!(of_mediation(&town.package, &view, day("2026-07-10")), [], "urged once");
    town.travel(at("2026-08-03", "10:00"));
    file.write(
        json!({"instalments/a2/performed_on": "2026-07-12", "instalments/a3/performed_on": "2026-08-03"}),
        &[],
    )
    .await;
    let view = file.mei.case(id).await;
    let paid = instalments(&Mediation::of(&view), town.today());
    assert!(paid.iter().all(|part| part.state == Performance::Done), "{paid:?}");
    assert!(follow_ups(&Mediation::of(&view), town.today()).iter().all(|visit| visit.done.is_some()));

    // 归档: thirteen parts and what belongs to them, pages through the whole volume; only the head closes it.
    assert_eq!(file.next().await, Some(Step::Archive));
    let cover = json!({
        "volume_no": "2026-7", "compiled_by": "柏立秋", "checked_by": "郝小暑", "store_place": "调委会档案柜", "retention": "long"
    });
    file.write(cover, &[]).await;
    let pages = [
        ("cover", 1),
        ("catalogue", 1),
        ("registration", 2),
        ("rights_notice", 2),
        ("identity", 2),
        ("authorization", 1),
        ("investigation", 4),
        ("evidence", 3),
        ("mediation_record", 5),
        ("agreement", 3),
        ("receipt", 3),
        ("followup", 2),
        ("confirmation", 2),
        ("note", 1),
        ("back", 1),
        ("expert_opinion", 1),
    ];
    let mut parts = Map::new();
    for (n, (doc, count)) in pages.iter().enumerate().filter(|(_, (doc, _))| *doc != "authorization") {
        parts.insert(format!("parts/r{n:02}/doc"), json!(doc));
        parts.insert(format!("parts/r{n:02}/pages"), json!(count));
    }
    file.sync().await;
    assert_eq!(file.stopped(&file.hao, "med_archive").await, "volume_incomplete", "nothing is in it yet");
    file.write(Value::Object(parts), &[]).await;
    file.sync().await;
    // A son spoke for 季大寒: without his authorization the volume is not whole.
    let view = file.hao.case(id).await;
    let lacks = volume::missing(&town.package, &Mediation::of(&view));
    assert_eq!(lacks.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["authorization"]);
    assert_eq!(file.stopped(&file.hao, "med_archive").await, "volume_incomplete");
    assert!(file.paper("authorization").await.contains("季大寒委托季小寒"));
    file.write(json!({"parts/r05/doc": "authorization", "parts/r05/pages": 1}), &[]).await;
    file.sync().await;
    assert!(!file.mei.offered(id).await.contains("med_archive"));
    file.hao.step(id, "med_archive", json!({"text": "齐全"})).await;
    file.sync().await;
    let view = file.mei.case(id).await;
    assert_eq!(view.state, "archived");
    let of = Mediation::of(&view);
    let listed = volume::catalogue(&town.package, &of);
    assert_eq!(volume::missing(&town.package, &of), []);
    let standard: Vec<&str> = listed
        .iter()
        .map(|part| part.id)
        .filter(|id| !matches!(*id, "cover" | "catalogue" | "expert_opinion"))
        .collect();
    let thirteen = [
        "registration",
        "rights_notice",
        "identity",
        "authorization",
        "investigation",
        "evidence",
        "mediation_record",
        "agreement",
        "receipt",
        "followup",
        "confirmation",
        "note",
        "back",
    ];
    assert_eq!(standard, thirteen, "the thirteen standard parts, in their order");
    // The court that delegated it finds it in the figures of the year.
    let figures = indicators(&town.package, [of], day("2026-01-01"), day("2026-12-31"));
    assert_eq!((figures.by_source.get("court"), figures.written, figures.confirmed), (Some(&1), 1, 1));
    assert_eq!((figures.fen, figures.due, figures.performed), (1_003_050, 3, 3));
    assert!(listed.windows(2).all(|pair| pair[0].last + 1 == pair[1].first));
    assert_eq!(listed.last().unwrap().last, 34);
    assert!(file.paper("catalogue").await.contains("人民调解协议书|22—24|"));
    assert!(
        file.mei.try_write(id, &json!({"volume_note": "漏了一页"}), &[]).await.is_err(),
        "closed is closed"
    );
}
