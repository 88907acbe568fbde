#![allow(clippy::unwrap_used)]
mod cards;

use chrono::NaiveDate;
use serde_json::json;

use super::*;
use crate::package::Package;
use crate::record::RecordKind;

const GRID: &str = "510000100201001";

fn existing() -> Existing {
    let mut existing = Existing::default();
    for code in ["510000", "510000100", "510000100201", GRID] {
        existing.add_area(code);
    }
    existing.add_household("510000100201001H0001", "00000000000000000000000000000001");
    existing.add_person("510000100201001H0001", "单明芳", "1968-04-09", "13800510002", "510000199001010018");
    existing.add_staff("liuyang01");
    existing.add_unit("yjb", "应急办");
    existing
}

fn options() -> Options {
    let today = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
    Options { today, row_prefix: "i7".to_owned(), accept: Default::default() }
}

fn judge(sheets: &[Sheet]) -> Preview {
    preview(sheets, &Vocabulary::of(Package::builtin()), &existing(), &options())
}

const HOUSEHOLD: [&str; 9] =
    ["户编号*", "所属网格编码", "地址", "门牌号", "户主姓名", "联系电话", "居住类型", "户类别", "告知日期"];

fn household_row(code: &str) -> [&str; 9] {
    [code, GRID, "柳溪村1组2号", "2号", "曾小兰", "13900510003", "常住", "低保户", "2025-03-12"]
}

fn households(rows: &[[&str; 9]]) -> Sheet {
    let mut all = vec![HOUSEHOLD];
    all.extend_from_slice(rows);
    Sheet::of_text("户", &all)
}

/// One household row with one cell changed: the problems it has.
fn with(column: usize, cell: Cell) -> Vec<(ProblemCode, String)> {
    let mut sheet = households(&[household_row("510000100201001H0002")]);
    sheet.rows[1][column] = cell;
    judge(&[sheet]).bad.into_iter().map(|problem| (problem.code, problem.column)).collect()
}

const PERSON: [&str; 7] = ["户编号", "姓名", "与户主关系", "性别", "出生日期", "身份证号", "联系电话"];

fn person<'a>(name: &'a str, birth: &'a str, id: &'a str, phone: &'a str) -> [&'a str; 7] {
    ["510000100201001H0001", name, "儿子", "男", birth, id, phone]
}

fn persons(rows: &[[&str; 7]]) -> Sheet {
    let mut all = vec![PERSON];
    all.extend_from_slice(rows);
    Sheet::of_text("人", &all)
}

fn codes(preview: &Preview) -> Vec<ProblemCode> {
    preview.bad.iter().map(|problem| problem.code).collect()
}

#[test]
fn a_good_row_becomes_a_draft() {
    let out = judge(&[households(&[household_row("510000100201001H0002")])]);
    assert!(out.bad.is_empty() && out.duplicates.is_empty(), "{out:?}");
    let draft = &out.ok[0];
    assert_eq!(
        (draft.kind, draft.key.as_str(), draft.area.as_str()),
        (RecordKind::Household, "510000100201001H0002", GRID)
    );
    assert_eq!(draft.existing, None);
    assert_eq!(draft.values["head"], json!("曾小兰"));
    assert_eq!(draft.values["phones/p1/number"], json!("13900510003"));
    assert_eq!(draft.values["categories"], json!(["dibao"]));
    assert_eq!(draft.values["residence_type"], json!("permanent"));
    assert_eq!((out.total_rows(), out.ok_rows(), out.rejected_rows()), (1, 1, 0));
}

#[test]
fn each_kind_of_damage_is_named() {
    use ProblemCode as P;
    let text = Cell::text;
    let number = |t: &str| Cell::of(CellKind::Number, t);
    let date = |t: &str| Cell::of(CellKind::Date, t);
    let long = "长".repeat(81);
    for (column, cell, code) in [
        (4, text(""), P::Required),
        (4, text("  "), P::Required),
        (4, text("曾小兰2"), P::BadName),
        (4, text("曾"), P::BadName),
        (1, text("510000100201777"), P::UnknownArea),
        (1, text("5100001002"), P::BadCode),
        (1, text("510000100"), P::BadCode),
        (1, text("510000100999001"), P::BadCode),
        (1, number("51000010020100101"), P::PrecisionLost),
        (0, text("510000100201001-2"), P::BadCode),
        (0, text("5.10000100201E+14"), P::ScientificNotation),
        (5, text("1.38123E+10"), P::ScientificNotation),
        (5, number("8382345678"), P::LeadingZeroLost),
        (5, text("1380051000"), P::BadPhone),
        (5, text("没有"), P::BadPhone),
        (6, text("偶尔"), P::NotAnOption),
        (7, text("很困难"), P::NotAnOption),
        (7, text("社区矫正对象家庭"), P::Restricted),
        (8, text("2025年2月30日"), P::BadDate),
        (8, text("03/04/2025"), P::BadDate),
        (8, number("45728"), P::SerialDate),
        (8, date("1900-01-12"), P::SerialDate),
        (8, date("2027-01-01"), P::DateOutOfRange),
        (3, date("2026-03-02"), P::DateInText),
        (2, text(&long), P::TooLong),
        (2, Cell::of(CellKind::Error, "#N/A"), P::ErrorValue),
        (2, Cell::of(CellKind::MergedInto, ""), P::Merged),
        (2, text("柳溪\u{FFFD}村"), P::Garbled),
    ] {
        let header = HOUSEHOLD[column].trim_end_matches('*').to_owned();
        assert_eq!(with(column, cell.clone()), [(code, header)], "{cell:?}");
    }
}

#[test]
fn nothing_is_changed_silently() {
    use NoteCode as N;
    let notes = |column: usize, cell: Cell| {
        let mut sheet = households(&[household_row("510000100201001H0002")]);
        sheet.rows[1][column] = cell;
        let out = judge(&[sheet]);
        assert!(out.bad.is_empty(), "{:?}", out.bad);
        let codes: Vec<N> = out.notes.iter().map(|note| note.code).collect();
        (codes, out.ok[0].values.clone())
    };
    let (codes, values) = notes(4, Cell::text("\u{FEFF}曾 小兰　"));
    assert_eq!((codes, &values["head"]), (vec![N::Trimmed], &json!("曾小兰")));
    let (codes, values) = notes(5, Cell::text("１３９００５１０００３"));
    assert_eq!((codes, &values["phones/p1/number"]), (vec![N::FullWidth], &json!("13900510003")));
    let (codes, _) = notes(5, Cell::of(CellKind::Number, "13900510003"));
    assert_eq!(codes, [N::NumberAsText]);
    let (codes, values) = notes(5, Cell::text("139 0051 0003、0838-2345678"));
    assert_eq!((codes, &values["phones/p2/number"]), (vec![N::Trimmed], &json!("0838-2345678")));
    let (codes, _) = notes(2, Cell::of(CellKind::Formula, "柳溪村1组"));
    assert_eq!(codes, [N::FormulaValue]);
    let (codes, _) = notes(1, Cell::text(GRID));
    assert!(codes.is_empty());
}

#[test]
fn labels_with_separators_inside_are_taken_whole() {
    let mut sheet = households(&[household_row("510000100201001H0002")]);
    sheet.rows[1][7] = Cell::text("独居、空巢、留守老人(一般)、低保户，留守儿童");
    let out = judge(&[sheet]);
    assert_eq!(out.ok[0].values["categories"], json!(["elder_alone", "dibao", "left_behind_child"]));
}

#[test]
fn persons_join_their_household() {
    let mut member = person("曾一凡", "2012-05-06", "", "");
    member[0] = "510000100201001H0002";
    let added = person("单小军", "1995-01-02", "", "13900510077");
    let mut lost = person("王国庆", "1995-01-02", "", "");
    lost[0] = "510000100201001H0099";
    // Sheets in any order.
    let out = judge(&[persons(&[member, added, lost]), households(&[household_row("510000100201001H0002")])]);
    assert_eq!(codes(&out), [ProblemCode::UnknownHousehold]);
    let new = out.ok.iter().find(|draft| draft.key.ends_with("H0002")).unwrap();
    assert_eq!(new.values["members/m1/name"], json!("曾一凡"));
    assert_eq!(new.values["members/m1/relation"], json!("son"));
    assert_eq!(new.rows.len(), 2);
    let old = out.ok.iter().find(|draft| draft.key.ends_with("H0001")).unwrap();
    assert_eq!(old.existing.as_deref(), Some("00000000000000000000000000000001"));
    assert_eq!(old.values["members/i7m1/name"], json!("单小军"));
    assert!(!old.values.contains_key("status"));
}

#[test]
fn a_person_of_a_bad_household_waits_with_it() {
    let mut member = person("曾一凡", "2012-05-06", "", "");
    member[0] = "510000100201001H0002";
    let mut row = household_row("510000100201001H0002");
    row[4] = "";
    let out = judge(&[households(&[row]), persons(&[member])]);
    assert_eq!(codes(&out), [ProblemCode::Required, ProblemCode::UnknownHousehold]);
    assert!(out.ok.is_empty());
}

#[test]
fn identity_numbers() {
    use ProblemCode as P;
    let codes = |id: &str, birth: &str| codes(&judge(&[persons(&[person("李小禾", birth, id, "")])]));
    assert!(codes("510000199901010005", "").contains(&P::Contradiction), "even 17th digit is female");
    assert_eq!(codes("510000199001010017", ""), [P::BadIdNumber]);
    assert_eq!(codes("510000199002300016", ""), [P::BadIdNumber]);
    assert_eq!(codes("5.10000199E+17", ""), [P::ScientificNotation]);
    assert_eq!(codes("510000199001010000", ""), [P::PrecisionLost]);
    assert_eq!(codes("510000195506301234", "1955-07-01"), [P::Contradiction]);
    let mut sheet = persons(&[person("李小禾", "", "", "")]);
    sheet.rows[1][5] = Cell::of(CellKind::Number, "510000195506301000");
    assert_eq!(judge(&[sheet]).bad[0].code, P::PrecisionLost);
    let out = judge(&[persons(&[person("李小禾", "1955", "510000195506301234", "")])]);
    assert_eq!(out.ok[0].values["members/i7m1/birth"], json!("1955-06-30"));
    assert_eq!(out.notes.iter().map(|n| n.code).collect::<Vec<_>>(), [NoteCode::FilledIn]);
    let message = &judge(&[persons(&[person("李小禾", "", "510000199001010017", "")])]).bad[0].message;
    assert!(!message.contains("510000199001010017"), "{message}");
}

#[test]
fn duplicates_are_shown_and_may_be_accepted() {
    use ProblemCode as P;
    let rows = [
        person("王国庆", "1990-05-06", "", "13900510001"),
        person("王国庆", "1990-05-06", "", ""),
        person("王国庆", "1991-01-01", "", "13900510001"),
        person("单明芳", "1968-04-09", "", ""),
        person("李建军", "1990-01-01", "510000199001010018", ""),
        person("王国庆", "1990", "", ""),
    ];
    let sheet = persons(&rows);
    let out = judge(std::slice::from_ref(&sheet));
    let found: Vec<_> = out.duplicates.iter().map(|d| (d.at.row, d.code, d.may_accept)).collect();
    assert_eq!(
        found,
        [
            (3, P::DuplicateInFile, true),
            (4, P::DuplicateInFile, true),
            (5, P::DuplicateExisting, true),
            (6, P::DuplicateExisting, false)
        ]
    );
    assert_eq!((out.ok_rows(), out.rejected_rows()), (2, 4));
    let accept = out.duplicates.iter().map(|duplicate| duplicate.at.clone()).collect();
    let options = Options { accept, ..options() };
    let out = preview(&[sheet], &Vocabulary::of(Package::builtin()), &existing(), &options);
    assert_eq!(
        out.duplicates.iter().map(|d| d.at.row).collect::<Vec<_>>(),
        [6],
        "one identity is one person"
    );
}

#[test]
fn codes_are_one_record_each() {
    let row = household_row("510000100201001H0002");
    let mut bad_twin = household_row("510000100201001H0003");
    bad_twin[4] = "";
    let out = judge(&[households(&[
        row,
        row,
        household_row("510000100201001H0001"),
        bad_twin,
        household_row("510000100201001H0003"),
    ])]);
    let found: Vec<_> = out.duplicates.iter().map(|d| (d.at.row, d.code)).collect();
    assert_eq!(found, [(3, ProblemCode::DuplicateInFile), (4, ProblemCode::DuplicateExisting)]);
    assert_eq!(out.duplicates[0].other.as_ref().unwrap().row, 2);
    assert_eq!(out.ok.len(), 2, "a broken row does not stand in the way of its corrected twin");
}

#[test]
fn villages_say_their_zone_and_online_grids_their_group() {
    let out = judge(&[Sheet::of_text(
        "区域",
        &[
            ["区域编码", "区域名称", "所属片编码", "群名", "群主", "群成员数"],
            ["510000100P01", "东片", "", "", "", ""],
            ["510000100206", "石桥村", "510000100P01", "", "", ""],
            ["510000100206901", "返乡务工群", "", "石桥返乡群", "冯小寒", "86"],
            ["510000100206001", "一组", "510000100P01", "", "", ""],
            ["510000100207", "山口村", "510000200P01", "", "", ""],
        ],
    )]);
    let of = |key: &str| &out.ok.iter().find(|draft| draft.key == key).unwrap().values;
    assert_eq!(of("510000100206")["zone"], json!("510000100P01"));
    assert_eq!(of("510000100P01")["level"], json!("zone"));
    let online = of("510000100206901");
    assert_eq!((&online["kind"], &online["chat_members"]), (&json!("online"), &json!(86)));
    assert_eq!(online["chat_owner"], json!("冯小寒"));
    assert_eq!(codes(&out), [ProblemCode::BadCode; 2], "a group, and another township's zone");
}

#[test]
fn territory_in_any_order_with_levels_and_parents() {
    use ProblemCode as P;
    let sheet = Sheet::of_text(
        "区域",
        &[
            ["编码", "名称", "级别", "网格类型"],
            ["510000100202001", "一组", "组", "属地"],
            ["510000100202", "石桥村", "村", ""],
            ["510000100203001", "没有村的组", "组", ""],
            ["510000100202801", "学校网格", "组", "属地"],
            ["510000100202002", "二组", "村", ""],
            ["510000100201", "柳溪村", "村", ""],
        ],
    );
    let out = judge(&[sheet]);
    let mut bad: Vec<_> = out.bad.iter().map(|problem| (problem.at.row, problem.code)).collect();
    bad.sort_unstable();
    assert_eq!(bad, [(4, P::UnknownArea), (5, P::BadCode), (6, P::BadCode)]);
    assert_eq!(out.duplicates.iter().map(|d| d.at.row).collect::<Vec<_>>(), [7]);
    let keys: Vec<&str> = out.ok.iter().map(|draft| draft.key.as_str()).collect();
    assert_eq!(keys, ["510000100202", "510000100202001"]);
    assert_eq!(out.ok[1].values["parent"], json!("510000100202"));
    assert_eq!(out.ok[1].values["level"], json!("group"));
    assert_eq!(out.ok[1].values["kind"], json!("basic"));
}

#[test]
fn staff_with_roles_areas_and_units() {
    let sheet = Sheet::of_text(
        "人员",
        &[
            ["账号", "姓名", "手机号", "角色", "负责区域编码", "单位编码", "单位名称"],
            ["zhuli01", "刘阳", "13800510001", "村务助理、二级网格员", GRID, "", ""],
            ["cjb01", "任远", "", "承办人", "", "cjb", "村建办"],
            ["cjb02", "华平", "", "承办人", "", "cjb", ""],
            ["x01", "任平", "", "承办人", "", "nobody", ""],
            ["liuyang01", "刘阳", "", "村务助理", GRID, "", ""],
            ["刘", "刘阳", "", "镇长", "510000100999", "", ""],
        ],
    );
    let out = judge(&[sheet]);
    let kinds: Vec<_> = out.ok.iter().map(|draft| (draft.kind, draft.key.as_str())).collect();
    assert_eq!(
        kinds,
        [
            (RecordKind::Unit, "cjb"),
            (RecordKind::Staff, "zhuli01"),
            (RecordKind::Staff, "cjb01"),
            (RecordKind::Staff, "cjb02")
        ]
    );
    let zhuli = &out.ok[1].values;
    assert_eq!(zhuli["assignments/a1/role"], json!("village_assistant"));
    assert_eq!(zhuli["assignments/a2/role"], json!("grid_worker_l2"));
    assert_eq!(zhuli["assignments/a2/area"], json!(GRID));
    assert_eq!(out.ok[2].values["assignments/a1/unit"], json!("cjb"));
    let bad: Vec<_> = out.bad.iter().map(|problem| (problem.at.row, problem.code)).collect();
    assert_eq!(
        bad,
        [
            (5, ProblemCode::Required),
            (7, ProblemCode::BadCode),
            (7, ProblemCode::NotAnOption),
            (7, ProblemCode::BadCode)
        ]
    );
    assert_eq!(out.duplicates.len(), 1);
}

#[test]
fn headers_below_a_title_aliases_and_strangers() {
    let mut rows: Vec<Vec<&str>> = vec![vec!["青禾镇 2026 年户情表"], vec![]];
    rows.push(vec!["户号", "网格编码", "家庭住址", "户 主", "居住情况", "鞋码"]);
    rows.push(vec!["510000100201001H0002", GRID, "柳溪村1组", "曾小兰", "常住", "38"]);
    rows.push(vec!["", "", "", "", "", ""]);
    rows.push(vec!["510000100201001H0003", GRID, "柳溪村1组", "", "常住"]);
    let sheet = Sheet::of_text("Sheet1", &rows);
    let out = judge(&[sheet]);
    assert_eq!(out.sheets[0].template, Some(TemplateId::Households));
    assert_eq!(out.sheets[0].header_row, 3);
    assert_eq!(out.bad.iter().map(|p| p.at.row).collect::<Vec<_>>(), [6], "the row number is the sheet's");
    let notes: Vec<_> = out.notes.iter().map(|note| note.code).collect();
    assert_eq!(notes, [NoteCode::UnknownColumn, NoteCode::TitleSkipped]);
    assert_eq!(out.ok.len(), 1);
}

#[test]
fn a_missing_column_or_a_strange_sheet_imports_nothing() {
    let sheet =
        Sheet::of_text("户", &[["户编号", "所属网格编码", "地址"], ["510000100201001H0002", GRID, "柳溪村"]]);
    let out = judge(&[sheet, Sheet::of_text("菜谱", &[["菜名", "价格"], ["回锅肉", "38"]])]);
    assert!(codes(&out).iter().all(|code| *code == ProblemCode::MissingColumn));
    assert_eq!(codes(&out).len(), 2);
    assert_eq!(
        out.sheets.iter().map(|sheet| sheet.template).collect::<Vec<_>>(),
        [None, Some(TemplateId::Households)]
    );
    assert_eq!((out.ok_rows(), out.rejected_rows()), (0, 1));
    assert!(judge(&[Sheet::default()]).sheets.is_empty());
}

#[test]
fn the_examples_of_the_templates_pass() {
    let mut existing = Existing::default();
    for code in ["510000", "510000100", "510000100201"] {
        existing.add_area(code);
    }
    let sheets: Vec<Sheet> = templates()
        .iter()
        .map(|template| {
            let header: Vec<&str> = template.columns.iter().map(|column| column.header).collect();
            let example: Vec<&str> = template.columns.iter().map(|column| column.example).collect();
            Sheet::of_text(template.id.label(), &[header, example])
        })
        .collect();
    let out = preview(&sheets, &Vocabulary::of(Package::builtin()), &existing, &options());
    assert!(out.bad.is_empty() && out.duplicates.is_empty(), "{:?} {:?}", out.bad, out.duplicates);
    assert_eq!(out.ok_rows(), 4);
}
