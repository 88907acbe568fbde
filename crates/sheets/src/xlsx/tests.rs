#![allow(clippy::unwrap_used)]
use gridbook_domain::import::{Vocabulary, templates};
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook as Writer};

use super::*;
use crate::{Column, Table, template_xlsx, write_xlsx};

fn cell(kind: CellKind, text: &str) -> (CellKind, String) {
    (kind, text.to_owned())
}

fn seen(sheet: &Sheet, row: usize) -> Vec<(CellKind, String)> {
    sheet.rows[row].iter().map(|cell| (cell.kind, cell.text.clone())).collect()
}

#[test]
fn text_stays_text_and_numbers_are_told_apart() {
    let table = Table {
        name: "台账[1]".to_owned(),
        columns: vec![Column::text("身份证号", 20.0), Column { numeric: true, ..Column::text("人数", 8.0) }],
        rows: vec![
            vec!["51000019900101001X".to_owned(), "3".to_owned()],
            vec!["0838".to_owned(), "无".to_owned()],
        ],
    };
    let bytes = write_xlsx(std::slice::from_ref(&table)).unwrap();
    assert_eq!(bytes, write_xlsx(&[table]).unwrap(), "the same tables give the same bytes");
    let sheets = read_xlsx(&bytes).unwrap();
    assert_eq!(sheets[0].name, "台账 1 ");
    assert_eq!(
        seen(&sheets[0], 1),
        [cell(CellKind::Text, "51000019900101001X"), cell(CellKind::Number, "3")]
    );
    assert_eq!(seen(&sheets[0], 2), [cell(CellKind::Text, "0838"), cell(CellKind::Text, "无")]);
}

#[test]
fn every_way_a_cell_can_be_stored() {
    let mut writer = Writer::new();
    let sheet = writer.add_worksheet();
    let date = Format::new().set_num_format("yyyy/m/d");
    sheet.write_number(0, 0, 13_800_510_001.0).unwrap();
    sheet.write_number(0, 1, 510_000_199_001_010_018.0).unwrap();
    sheet.write_datetime_with_format(0, 2, ExcelDateTime::from_ymd(2020, 5, 1).unwrap(), &date).unwrap();
    sheet.write_number_with_format(0, 3, 12.0, &date).unwrap();
    sheet.write_boolean(0, 4, true).unwrap();
    sheet.write_formula(0, 5, Formula::new("=A1&\"x\"").set_result("13800510001x")).unwrap();
    sheet.write_number(0, 6, 0.5).unwrap();
    sheet.merge_range(2, 0, 3, 1, "合并", &Format::new()).unwrap();
    sheet.write_string(3, 2, "后面").unwrap();
    let sheets = read_xlsx(&writer.save_to_buffer().unwrap()).unwrap();
    let first = seen(&sheets[0], 0);
    assert_eq!(first[0], cell(CellKind::Number, "13800510001"));
    assert_eq!(first[1].0, CellKind::Number);
    assert_eq!(first[1].1.len(), 18, "written out, not 5.1E+17: {}", first[1].1);
    assert_eq!(first[2], cell(CellKind::Date, "2020-05-01"));
    assert_eq!(first[3], cell(CellKind::Date, "1900-01-12"));
    assert_eq!(first[4], cell(CellKind::Bool, "是"));
    assert_eq!(first[5], cell(CellKind::Formula, "13800510001x"));
    assert_eq!(first[6], cell(CellKind::Number, "0.5"));
    assert!(sheets[0].rows[1].is_empty());
    assert_eq!(seen(&sheets[0], 2), [cell(CellKind::Text, "合并"), cell(CellKind::MergedInto, "")]);
    let covered = cell(CellKind::MergedInto, "");
    assert_eq!(seen(&sheets[0], 3), [covered.clone(), covered, cell(CellKind::Text, "后面")]);
}

#[test]
fn a_lone_cell_far_away_is_refused_not_allocated() {
    let mut writer = Writer::new();
    writer.add_worksheet().write_string(1_048_575, 16_383, "远").unwrap();
    assert!(matches!(read_xlsx(&writer.save_to_buffer().unwrap()), Err(ReadError::TooLarge(_))));
}

#[test]
fn hidden_sheets_are_not_read() {
    let mut writer = Writer::new();
    writer.add_worksheet().write_string(0, 0, "看得见").unwrap();
    let hidden = writer.add_worksheet();
    hidden.set_hidden(true);
    hidden.write_string(0, 0, "看不见").unwrap();
    assert_eq!(read_xlsx(&writer.save_to_buffer().unwrap()).unwrap().len(), 1);
}

#[test]
fn damaged_old_and_foreign_files() {
    let good = write_xlsx(&[Table { columns: vec![Column::text("甲", 8.0)], ..Table::default() }]).unwrap();
    for length in [0, 10, good.len() / 2, good.len() - 1] {
        assert!(matches!(read_xlsx(&good[..length]), Err(ReadError::Damaged(_))), "{length}");
    }
    assert!(matches!(read_xlsx("户编号,姓名".as_bytes()), Err(ReadError::Damaged(_))));
    assert!(matches!(read_xlsx(&COMPOUND_FILE), Err(ReadError::OldOrEncrypted)));
}

#[test]
fn templates_carry_headers_example_and_guide() {
    let all: Vec<_> = templates().iter().collect();
    let vocabulary = Vocabulary::new(
        [("village_assistant", "村务助理")],
        [("dibao", "低保户", false), ("rehab", "受限", true)],
    );
    let sheets = read_xlsx(&template_xlsx(&all, &vocabulary).unwrap()).unwrap();
    assert_eq!(
        sheets.iter().map(|sheet| sheet.name.as_str()).collect::<Vec<_>>(),
        ["区域", "人员", "户", "人", "填写说明"]
    );
    assert_eq!(sheets[2].rows[0][0].text, "户编号*");
    assert_eq!(sheets[2].rows[1][0].text, "510000100201001H0001");
    let guide: Vec<&str> = sheets[4].rows.iter().flatten().map(|cell| cell.text.as_str()).collect();
    assert!(guide.contains(&"村务助理") && guide.contains(&"低保户") && !guide.contains(&"受限"));
}
