//! What sheets bring of cards beyond the least.

use super::*;

/// Every choice of a sheet is one of the form's, and none lacks but those that need a grant.
#[test]
fn ids_of_choices_are_those_of_the_form() {
    let package = Package::builtin();
    let form = package.form_for(RecordKind::Household).unwrap();
    let mut asked = 0;
    for (template, table) in [(TemplateId::Households, ""), (TemplateId::Persons, "members/r/")] {
        for column in template.template().columns {
            let (ColumnKind::Choice(options) | ColumnKind::Choices(options)) = column.kind else { continue };
            let field = form.field(&format!("{table}{}", column.id)).unwrap();
            let known = package.choices(field);
            for (id, _) in options {
                assert!(
                    known.iter().any(|choice| choice.id == *id && !choice.restricted),
                    "{}: {id}",
                    column.id
                );
            }
            for choice in known.iter().filter(|choice| !choice.restricted) {
                assert!(options.iter().any(|(id, _)| *id == choice.id), "{} lacks {}", column.id, choice.id);
            }
            asked += 1;
        }
    }
    assert_eq!(asked, 16);
}

/// What a sheet brings beyond the least lands where the form asks for it (TERR-07, TERR-08).
#[test]
fn the_rest_of_a_card_comes_in_by_sheet() {
    let homes = Sheet::of_text(
        "户",
        &[
            &[
                "户编号",
                "所属网格编码",
                "地址",
                "户主姓名",
                "居住类型",
                "房屋用途",
                "转移责任人",
                "有人卧床",
                "最近演练日期",
                "要转移的牲畜",
            ],
            &[
                "510000100201001H0041",
                "510000100201001",
                "柳湾村1组",
                "单明芳",
                "常住",
                "自住",
                "刘阳",
                "是",
                "2026-04-02",
                "两头牛",
            ],
        ],
    );
    let persons = Sheet::of_text(
        "人",
        &[
            &[
                "户编号",
                "姓名",
                "与户主关系",
                "文化程度",
                "健康情况",
                "残疾类别",
                "残疾等级",
                "享受的救助",
                "在哪里务工",
            ],
            &[
                "510000100201001H0041",
                "单明芳",
                "户主",
                "初中",
                "慢性病、卧床",
                "肢体",
                "二级",
                "低保；高龄津贴",
                "浙江",
            ],
            &["510000100201001H0041", "单小川", "儿子", "初中", "感冒", "", "", "", ""],
        ],
    );
    let mut existing = Existing::default();
    existing.add_area("510000100201001");
    let out = preview(&[homes, persons], &Vocabulary::of(Package::builtin()), &existing, &options());
    let [home] = out.ok.as_slice() else { panic!("{:?}", out.bad) };
    let value = |path: &str| home.values.get(path).cloned().unwrap_or_default();
    assert_eq!(value("use"), "own");
    assert_eq!((value("evac_contact"), value("bedridden")), (json!("刘阳"), json!(true)));
    assert_eq!((value("evac_drill"), value("livestock")), (json!("2026-04-02"), json!("两头牛")));
    assert_eq!(value("members/m1/health"), json!(["chronic", "bedridden"]));
    assert_eq!(value("members/m1/assistance"), json!(["dibao", "elder_allowance"]));
    assert_eq!(
        (value("members/m1/disability"), value("members/m1/disability_grade")),
        (json!("limb"), json!("2"))
    );
    assert_eq!(
        (value("members/m1/education"), value("members/m1/work_place")),
        (json!("junior"), json!("浙江"))
    );
    let [problem] = out.bad.as_slice() else { panic!("{:?}", out.bad) };
    assert_eq!((problem.column.as_str(), problem.code), ("健康情况", ProblemCode::NotAnOption));
    assert!(problem.message.contains("慢性病"), "{}", problem.message);
}
