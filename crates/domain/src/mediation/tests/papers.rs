//! What is printed, and the volume that holds it.

use super::*;

#[test]
fn the_agreement_states_the_amount_in_capitals() {
    let agreement = paper(&filed(), "agreement");
    let text = words(&agreement);
    for part in [
        "编号：青〔2026〕人调字第00007号",
        "申请方：钟小满，女",
        "一、季大寒赔偿钟小满一万零三十元五角",
        "二、季大寒修复排水沟",
        "期次|日期|金额（元）|做什么|履行情况1|2026年6月1日|4,000.50|",
        "3|2026年8月1日|3,030.00|",
        "合计人民币（大写）壹万零叁拾元伍角整（¥10,030.50）",
        "本协议一式3份",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(agreement.date.as_deref(), Some("2026年5月25日"));
    assert!(agreement.seal && agreement.signatures.len() == 3);
    assert!(text.contains(&format!("违约约定：{BLANK}")), "what nobody said stays a line to fill by hand");
    let receipt = words(&paper(&filed(), "receipt"));
    assert!(
        receipt.contains("第1期款项人民币（大写）肆仟元伍角整（¥4,000.50）") && !receipt.contains("第2期"),
        "{receipt}"
    );
}

#[test]
fn the_volume_has_thirteen_parts_with_running_pages() {
    let story = filed();
    let view = story.view();
    let parts = volume::catalogue(Package::builtin(), &Mediation::of(&view));
    let shown: Vec<(&str, u64, u64)> = parts.iter().map(|part| (part.id, part.first, part.last)).collect();
    assert_eq!(
        shown[..4],
        [("cover", 1, 1), ("catalogue", 2, 2), ("registration", 3, 4), ("rights_notice", 5, 6)]
    );
    assert_eq!(shown.last(), Some(&("expert_opinion", 31, 31)));
    assert!(parts.windows(2).all(|pair| pair[0].last + 1 == pair[1].first));
    let text = words(&paper(&story, "catalogue"));
    assert!(text.contains("9|人民调解协议书|21—23|"), "{text}");
    assert!(words(&paper(&story, "note")).contains("本卷共15件31页"));
    assert!(words(&paper(&story, "cover")).contains("结果|达成书面协议"));
}

#[test]
fn an_incomplete_volume_is_not_closed() {
    let view = filed().view();
    let package = Package::builtin();
    let lacks = |change: &dyn Fn(&mut Values, &mut Photos)| {
        let (mut values, mut photos) = (view.values.clone(), view.photos.clone());
        change(&mut values, &mut photos);
        let file = Mediation { values: &values, photos: &photos, ..Mediation::of(&view) };
        volume::missing(package, &file).into_iter().map(|(id, _)| id).collect::<Vec<_>>()
    };
    let gone = |path: &'static str| lacks(&move |values, _| drop(values.remove(path)));
    assert_eq!(gone("parts/r07/pages"), ["mediation_record"]);
    assert_eq!(gone("parts/r02/pages"), ["registration"], "one of application and register form");
    assert_eq!(gone("parts/r05/pages"), ["investigation"]);
    assert_eq!(gone("parts/r09/pages"), ["receipt"]);
    assert_eq!(gone("parts/r11/pages"), ["confirmation"]);
    assert_eq!(gone("sealed"), ["agreement"]);
    let told = |agent: bool, pages: bool| {
        lacks(&move |values, _| {
            values.extend(agent.then(|| ("parties/p2/agent_name".to_owned(), json!("季小寒"))));
            values.insert("parts/r20/doc".to_owned(), json!("authorization"));
            values.extend(pages.then(|| ("parts/r20/pages".to_owned(), json!(1))));
        })
    };
    assert_eq!(told(true, false), ["authorization"], "somebody speaks for a party");
    assert_eq!(told(true, true), Vec::<String>::new());
    assert_eq!(told(false, true), ["authorization"], "not without an agent");
    assert_eq!(gone("notices/n2/person"), ["rights_notice"]);
    assert_eq!(gone("store_place"), ["cover"]);
    assert_eq!(lacks(&|_, photos| photos.clear()), ["identity", "agreement"]);
    assert_eq!(lacks(&|values, _| drop(values.insert("retention".to_owned(), json!("short")))), ["cover"]);
    let mut story = agreed();
    assert_eq!(story.try_step(&hao(), "med_archive", &json!({})), Err(Refusal::Guard(Guard::MedComplete)));
    story.ms += 1;
}

#[test]
fn how_long_a_volume_is_kept() {
    let view = filed().view();
    let of = |path: &str, value: Value| {
        let mut values = view.values.clone();
        values.insert(path.to_owned(), value);
        retention(&Mediation { values: &values, ..Mediation::of(&view) })
    };
    assert_eq!(of("people_count", json!(4)), Retention::Long);
    assert_eq!(of("people_count", json!(5)), Retention::Permanent);
    assert_eq!(of("category", json!("land_boundary")), Retention::Permanent);
    assert_eq!(of("risk_checklist", json!(["death_injury"])), Retention::Permanent);
    assert_eq!(of("agreement_kind", json!("oral")), Retention::Short);
}

#[test]
fn every_placeholder_means_something() {
    let package = Package::builtin();
    let form = package.form("F-MEDIATION").unwrap();
    let hazard = package.form("F-HAZARD").unwrap();
    let known = [
        "n",
        "N",
        "no",
        "today",
        "甲",
        "乙",
        "mediators",
        "total",
        "capital_total",
        "pages",
        "parts",
        "result",
        "performed",
        // Of a supervision note and its case: the desk hands them in.
        "lead_unit",
        "title",
        "handle_by",
        "supervise_text",
        "supervise_reply_by",
        "supervise_reply",
        "supervise_nth",
        "supervise_no",
        "supervise_late",
        "transfer_papers",
        "transfer_receipt_by",
        "transfer_received_by",
        "transfer_text",
        "transfer_outcome",
        "transferred_on",
    ];
    assert_eq!(package.documents.get().len(), 25);
    for template in package.documents.get() {
        let of = if template.id == "rect_notice" { hazard } else { form };
        for block in &template.blocks {
            let table = if block.table.is_empty() { &block.each } else { &block.table };
            assert!(table.is_empty() || of.field(table).is_some(), "{}: {table}", template.id);
            let texts = block.cells.iter().chain([&block.p]).chain(block.grid.iter().map(|[_, value]| value));
            for text in texts.chain(&template.sign) {
                for name in text.split('{').skip(1).map(|part| part.split('}').next().unwrap()) {
                    let path = name.split_once(':').map_or(name, |(_, path)| path);
                    let column = of
                        .field(table)
                        .is_some_and(|table| table.fields.iter().any(|field| field.path == path));
                    assert!(
                        known.contains(&path) || column || of.field(path).is_some(),
                        "{}: {name}",
                        template.id
                    );
                }
            }
        }
    }
}

#[test]
fn every_section_of_the_form_belongs_to_one_step() {
    let form = Package::builtin().form("F-MEDIATION").unwrap();
    let mut steps: Vec<&str> = Step::ALL.into_iter().flat_map(Step::sections).copied().collect();
    let mut sections: Vec<&str> = form.sections.iter().map(|section| section.id.as_str()).collect();
    steps.sort_unstable();
    sections.sort_unstable();
    assert_eq!(steps, sections);
}

#[test]
fn what_is_laid_out_is_what_the_volume_needs() {
    let package = Package::builtin();
    let of = |story: &Story| {
        let view = story.view();
        volume::papers(package, &Mediation::of(&view)).join(" ")
    };
    assert_eq!(
        of(&agreed()),
        "cover catalogue registration rights_notice identity investigation evidence mediation_record agreement receipt \
         followup note back"
    );
    let listed = of(&filed());
    assert!(listed.contains("confirmation") && listed.contains("expert_opinion"), "{listed}");
}
