//! What documents ask for beyond the values of a record: names behind codes, what was said when a step was taken
//! (supervised, refused, transferred), and the one form of an oral agreement read as a file (MED-02, MED-07, FLOW-09,
//! FLOW-16). Nobody types it twice.

use gridbook_log::{Entity, Outcome};
use serde_json::Value;

use super::{Mediation, track};
use crate::authority::{NOTICE, order_number, paper_number};
use crate::calendar::day_of;
use crate::case::CaseView;
use crate::form::{Values, table_rows};
use crate::package::Package;

/// The values of a record as its documents say them. `unit` gives the name of a unit's code.
pub fn print_values(
    package: &Package,
    case: &CaseView,
    entity: &Entity,
    unit: impl Fn(&str) -> String,
) -> Values {
    let mut values = case.values.clone();
    let not_fit = track::elsewhere(package, &Mediation::of(case).list("not_fit"));
    if let Some((_, to)) = not_fit.first().filter(|_| !values.contains_key("transfer_to")) {
        values.insert("transfer_to".to_owned(), Value::from(*to));
    }
    let (mut limit, mut supervised) = (None, 0_u32);
    let mut put = |path: &str, text: Option<String>| {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            values.insert(path.to_owned(), Value::from(text));
        }
    };
    put("title", Some(case.title.clone()));
    let typed = case.values.get("rect_notice_no").and_then(Value::as_str);
    if typed.is_none_or(str::is_empty) {
        put("rect_notice_no", paper_number(entity, NOTICE, None).map(str::to_owned));
    }
    put("handle_by", case.handle_by.clone());
    put("lead_unit", case.lead_unit.as_deref().map(unit));
    let counts = entity.timeline().iter().filter(|record| record.outcome == Outcome::Counts);
    for record in counts {
        let said = |path: &str| record.event.data.get(path).and_then(Value::as_str).map(str::to_owned);
        // The limit that stood then: a letter says what was so on its day.
        let set = record.event.set.get("handle_by").and_then(Value::as_str).and_then(crate::date::parse);
        limit = set.or(limit);
        match record.event.event.as_str() {
            "supervise" => {
                supervised += 1;
                put("supervise_nth", Some(supervised.to_string()));
                let own = order_number(entity, record, case.number.as_deref());
                put("supervise_no", Some(own.unwrap_or("（临时）").to_owned()));
                let over = limit.map(|limit| (day_of(record.hlc.ms) - limit).num_days());
                put(
                    "supervise_late",
                    over.map(|days| match days {
                        1.. => format!("已超期{days}天"),
                        _ => "还没有超期".to_owned(),
                    }),
                );
                put("supervise_text", said("text"));
                put("supervise_reply_by", said("reply_by"));
                // An answer belongs to the supervision before it.
                put("supervise_reply", Some(" ".to_owned()));
            }
            "supervise_reply" => put("supervise_reply", said("text")),
            "med_refuse" => {
                let reason = said("reason").map(|id| package.label("refuse_reason", &id).to_owned());
                let words = [reason, said("text")].into_iter().flatten().filter(|words| !words.is_empty());
                put("refuse_reason", Some(words.collect::<Vec<_>>().join("，")));
                put("transfer_to", said("body"));
            }
            step if TRANSFERS.contains(&step) && record.event.to == "transferred" => {
                put("transfer_to", said("body"));
                put("transfer_basis", said("basis"));
                put("transfer_receipt_by", said("receipt_by"));
                put("transfer_papers", record.event.data.get("papers").map(ToString::to_string));
                put("transfer_text", said("text"));
                put("transferred_on", Some(day_of(record.hlc.ms).to_string()));
            }
            "transfer_receipt" => {
                put("transfer_receipt_on", said("received_on"));
                put("transfer_received_by", said("received_by"));
            }
            _ => {}
        }
    }
    if table_rows(&values, "terms").is_empty() {
        oral(&mut values);
    }
    values
}

/// Steps that hand a record over to somebody outside, where they lead there.
const TRANSFERS: [&str; 4] = ["transfer_out", "enforce_transfer", "decide", "med_transfer"];

/// The one form of an oral agreement has texts where a file has tables.
pub(super) fn oral(values: &mut Values) {
    let rows = [
        ("agreement_text", "terms/oral/term"),
        ("mediators", "mediators/oral/name"),
        ("performance_mode", "instalments/oral/act"),
        ("performance_by", "instalments/oral/due"),
    ];
    for (from, to) in rows {
        if let Some(value) =
            values.get(from).filter(|value| value.as_str().is_some_and(|text| !text.is_empty()))
        {
            values.insert(to.to_owned(), value.clone());
        }
    }
    if !values.contains_key("agreed_on")
        && let Some(day) = values.get("found_at").and_then(Value::as_str).and_then(|at| at.get(..10))
    {
        values.insert("agreed_on".to_owned(), Value::from(day));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use chrono::NaiveDate;
    use serde_json::json;

    use super::*;
    use crate::case::story::{GRID, Story, hazard_body, person, register};
    use crate::mediation::document::{Block, document};

    fn text(story: &Story, id: &str) -> String {
        let (package, view) = (Package::builtin(), story.view());
        let values = print_values(package, &view, &story.entity, |code| format!("单位{code}"));
        let file = Mediation { values: &values, ..Mediation::of(&view) };
        let form = view.form.as_deref().and_then(|name| package.form_named(name));
        let day = NaiveDate::from_ymd_opt(2026, 5, 20).unwrap();
        let paper = document(package, form, &file, package.template(id).unwrap(), day);
        let told = paper.blocks.into_iter().map(|block| match block {
            Block::Paragraph(text) => text,
            Block::Table { head, rows } => format!("{head:?}{rows:?}"),
        });
        told.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_supervision_names_the_unit_and_what_is_asked() {
        let mut story = Story::new();
        let (ann, director) = (person("ann", "village_assistant"), person("dan", "center_director"));
        story.admitted(&ann, "create", &hazard_body("blue")).unwrap();
        story.step(&director, "register", &register("blue"));
        let data = json!({"data": {"step": "order", "text": "三日内清完沟", "reply_by": "2026-05-25"}});
        story.authority("number", &json!({"number": "青〔2026〕隐字第00007号"}));
        let numbered = |story: &Story| {
            let values = print_values(Package::builtin(), &story.view(), &story.entity, str::to_owned);
            values["supervise_no"].as_str().unwrap().to_owned()
        };
        let remind = json!({"data": {"step": "remind", "text": "请抓紧", "reply_by": "2026-05-25"}});
        story.step(&director, "supervise", &remind);
        assert_eq!(numbered(&story), "青〔2026〕隐字第00007号", "no letter: it has none of its own");
        story.step(&director, "supervise", &data);
        assert_eq!(numbered(&story), "（临时）", "until the authority gives it its own");
        let step = story.entity.timeline().last().unwrap().dot;
        let given = json!({"number": "督〔2026〕001", "for": {"doc": "supervise", "step": step}});
        story.authority("number", &given);
        assert_eq!(numbered(&story), "督〔2026〕001");
        let said = text(&story, "supervise");
        assert!(said.contains("督办要求：三日内清完沟") && said.contains("2026年5月25日"), "{said}");
        assert!(!said.contains("回复： "), "{said}");
        assert!(
            said.contains("（第2次督办）") && said.contains("应于＿＿＿＿前办结，＿＿＿＿。"),
            "no limit yet: {said}"
        );
        // A letter tells by how much the limit had passed when it was written, whatever the limit becomes.
        story.step(&person("ivy", "intake_clerk"), "dispatch", &crate::case::story::dispatch());
        let over = |story: &mut Story, days: u64| {
            let limit = crate::date::parse(story.view().handle_by.as_deref().unwrap()).unwrap();
            story.ms = crate::calendar::midnight(limit + chrono::Days::new(days)) + 3_600_000;
            story.step(&director, "supervise", &data);
            text(story, "supervise")
        };
        let said = over(&mut story, 0);
        assert!(said.contains("还没有超期。") && said.contains("（第3次督办）"), "{said}");
        let said = over(&mut story, 3);
        assert!(said.contains("前办结，已超期3天。督办要求"), "{said}");
    }

    #[test]
    fn a_case_that_is_handed_over_has_its_letter_with_a_receipt() {
        let mut story = Story::new();
        let (ann, director) = (person("ann", "village_assistant"), person("dan", "center_director"));
        story.admitted(&ann, "create", &hazard_body("blue")).unwrap();
        story.step(&director, "register", &register("blue"));
        story.authority("number", &json!({"number": "青〔2026〕隐字第00001号"}));
        let data = json!({"data": {"body": "县水利局", "basis": "河道管理条例", "receipt_by": "2026-05-28", "papers": 4,
            "text": "沟在河道管理范围内"}});
        story.step(&director, "transfer_out", &data);
        let said = text(&story, "transfer");
        for part in [
            "县水利局：",
            "现将青〔2026〕隐字第00001号",
            "材料4份移送，依据：河道管理条例。请于2026年5月28日前签收",
            "沟在河道管理范围内",
            "签收日期\", \"＿＿＿＿",
        ] {
            assert!(said.contains(part), "{part} in {said}");
        }
        let receipt = json!({"data": {"received_on": "2026-05-20", "received_by": "县水利局 温立夏"}});
        story.step(&director, "transfer_receipt", &receipt);
        let said = text(&story, "transfer");
        assert!(said.contains("县水利局 温立夏") && said.contains("签收日期\", \"2026年5月20日"), "{said}");
    }

    #[test]
    fn what_was_said_when_a_file_was_refused_or_handed_over_stands_in_its_letter() {
        let applied = |more: serde_json::Value| {
            let mut set = json!({
                "dispute": "0190f0e0c0de4a5b8c6d7e8f90a1b2c3", "case_name": "排水沟纠纷", "committee": "青禾镇调委会",
                "facts": "为排水沟争吵", "category": "neighbor", "source": "applied"
            });
            set.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let body = json!({
                "type": "mediation", "form": "F-MEDIATION/1", "state": "applied", "place": {"area": GRID}, "set": set
            });
            let mut story = Story::new();
            story.admitted(&person("mei", "mediator"), "create", &body).unwrap();
            story
        };
        let mei = person("mei", "mediator");
        let mut story = applied(json!({"not_fit": ["judged"]}));
        let data = json!({"data": {"reason": "in_procedure", "text": "法院今年三月已判决"}});
        story.step(&mei, "med_refuse", &data);
        let said = text(&story, "refusal");
        assert!(
            said.contains("因已在诉讼仲裁信访程序，法院今年三月已判决，不属于")
                && said.contains("建议向人民法院反映"),
            "{said}"
        );
        let mut story = applied(json!({}));
        let data =
            json!({"data": {"reason": "out_of_scope", "body": "镇自然资源所", "text": "属于行政裁决"}});
        story.step(&mei, "med_refuse", &data);
        assert!(text(&story, "refusal").contains("建议向镇自然资源所反映"));
        let mut story = applied(json!({}));
        let data = json!({"data": {"body": "柳溪派出所", "basis": "治安管理处罚法", "receipt_by": "2026-05-21", "papers": 2}});
        story.step(&mei, "med_transfer", &data);
        let said = text(&story, "transfer");
        assert!(
            said.contains("柳溪派出所：") && said.contains("排水沟纠纷及材料2份移送，依据：治安管理处罚法"),
            "{said}"
        );
    }

    #[test]
    fn a_notice_has_the_number_the_day_and_the_measures_that_its_handler_noted() {
        let mut story = Story::hazard("yellow");
        story.until_claimed();
        let noted = json!({"set": {
            "rect_notice": true, "rect_notice_no": "整改〔2026〕003号", "rect_notice_deadline": "2026-05-25",
            "control_measures/r1/measure": "warning", "control_measures/r1/owner": "钟小满"
        }});
        story.admitted(&person("ben", "unit_handler"), "set", &noted).unwrap();
        let said = text(&story, "rect_notice");
        assert!(said.contains("编号：整改〔2026〕003号") && said.contains("请于2026年5月25日前"), "{said}");
        assert!(said.contains("（钟小满）"), "{said}");
    }

    #[test]
    fn the_one_form_of_an_oral_agreement_prints() {
        let mut story = Story::new();
        let ann = person("ann", "village_assistant");
        let body = json!({
            "type": "dispute", "form": "F-ORAL/1", "state": "submitted", "place": {"area": GRID},
            "set": {"facts": "为鸡进菜地争吵", "occur_place": "柳溪村3组", "found_at": "2026-05-18T08:00:00+08:00",
                "mediators": "安小满", "consent_both": true, "oral_result": "oral", "agreement_text": "赔菜苗两百株",
                "performance_mode": "当面交付", "performance_by": "2026-05-20",
                "parties/p1/side": "applicant", "parties/p1/kind": "natural", "parties/p1/name": "钟小满",
                "parties/p2/side": "respondent", "parties/p2/kind": "natural", "parties/p2/name": "季大寒"}
        });
        story.admitted(&ann, "create", &body).unwrap();
        let said = text(&story, "oral_agreement");
        let template = Package::builtin().template("oral_agreement").unwrap();
        let lines: Vec<_> = template.signed().collect();
        assert_eq!(lines, [(0, "sign_mediator"), (1, "sign_parties"), (0, "sign_agreement")]);
        for (line, role) in lines {
            let form = ["F-ORAL", "F-MEDIATION"].map(|form| Package::builtin().form(form).unwrap());
            assert!(form.iter().any(|form| form.field(role).is_some()), "{role}");
            assert!(template.sign[line].contains("签名"));
        }
        for part in ["一、赔菜苗两百株", "钟小满与季大寒", "2026年5月20日", "当面交付"]
        {
            assert!(said.contains(part), "{part} in {said}");
        }
    }
}
