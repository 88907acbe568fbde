#![allow(clippy::unwrap_used)]
use std::collections::BTreeSet;

use chrono::NaiveDate;
use gridbook_domain::import::{Existing, Options, Preview, Sheet, preview};
use gridbook_domain::package::Package;
use gridbook_domain::record::RecordKind;

use super::*;
use crate::{gb18030, read_csv, read_xlsx};

fn vocabulary() -> Vocabulary {
    Vocabulary::of(Package::builtin())
}

fn judge(sheets: &[Sheet], existing: &Existing) -> Preview {
    let today = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
    let options = Options { today, row_prefix: "x".to_owned(), accept: BTreeSet::new() };
    preview(sheets, &vocabulary(), existing, &options)
}

#[test]
fn the_township_imports_without_a_single_problem() {
    let demo = township(7, &vocabulary());
    let sheets = read_xlsx(&demo.xlsx().unwrap()).unwrap();
    let out = judge(&sheets, &Existing::default());
    assert!(out.bad.is_empty(), "{:?}", out.bad.first());
    assert!(out.duplicates.is_empty(), "{:?}", out.duplicates.first());
    assert!(out.notes.is_empty(), "{:?}", out.notes.first());
    let count = |kind: RecordKind| out.ok.iter().filter(|draft| draft.kind == kind).count();
    assert_eq!(out.ok.iter().filter(|d| d.kind == RecordKind::Area && d.key.len() == 12).count(), 14);
    let big = |kind: RecordKind, length: usize| {
        out.ok
            .iter()
            .filter(|d| d.kind == kind && d.key.len() >= length && d.key.starts_with(BIG_VILLAGE))
            .count()
    };
    assert_eq!(big(RecordKind::Household, 20), BIG_VILLAGE_HOUSEHOLDS);
    assert_eq!(big(RecordKind::Area, 15), 16);
    assert!((1_600..2_050).contains(&count(RecordKind::Household)), "{}", count(RecordKind::Household));
    let persons = demo.persons.rows.len();
    assert!((5_000..6_500).contains(&persons), "{persons}");
    assert!(count(RecordKind::Unit) >= 6);
    for account in accounts() {
        let staff = out.ok.iter().find(|d| d.kind == RecordKind::Staff && d.key == account.user).unwrap();
        assert_eq!(staff.values["assignments/a1/role"], account.role, "{}", account.user);
        let place = if account.unit.is_empty() { ("area", account.area) } else { ("unit", account.unit) };
        assert_eq!(staff.values[&format!("assignments/a1/{}", place.0)], place.1);
    }
    let heads: String = demo.households.rows.iter().map(|row| row[5].as_str()).collect();
    for surname in ["单", "曾", "仇", "解", "欧阳"] {
        assert!(heads.contains(surname), "{surname}");
    }
}

#[test]
fn csv_and_xlsx_say_the_same_and_a_seed_repeats() {
    let demo = township(7, &vocabulary());
    assert_eq!(demo, township(7, &vocabulary()));
    assert_ne!(demo, township(8, &vocabulary()));
    let csv: Vec<Sheet> =
        demo.csv().iter().map(|(name, bytes)| read_csv(name, bytes, gb18030).unwrap()).collect();
    let xlsx = read_xlsx(&demo.xlsx().unwrap()).unwrap();
    assert_eq!(judge(&csv, &Existing::default()).ok, judge(&xlsx, &Existing::default()).ok);
}

#[test]
fn phones_and_identities_are_valid_and_given_once() {
    let demo = township(3, &vocabulary());
    let today = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
    let ids: Vec<&str> =
        demo.persons.rows.iter().map(|row| row[5].as_str()).filter(|id| !id.is_empty()).collect();
    assert!(ids.len() > 1_000);
    for id in &ids {
        assert!(id.starts_with("510000"));
        gridbook_domain::validate::resident_id(id, today).unwrap();
    }
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    let phones: Vec<&str> =
        demo.persons.rows.iter().map(|row| row[6].as_str()).filter(|phone| !phone.is_empty()).collect();
    assert!(phones.iter().all(|phone| phone.starts_with("199000")));
    assert_eq!(phones.iter().collect::<BTreeSet<_>>().len(), phones.len());
}

#[test]
fn the_spoilt_file_has_seventeen_bad_rows_and_no_more() {
    let demo = township(7, &vocabulary());
    let mut existing = Existing::default();
    for row in &demo.territory.rows {
        existing.add_area(&row[0]);
    }
    for (n, row) in demo.households.rows.iter().enumerate() {
        existing.add_household(&row[0], &format!("{n:032x}"));
    }
    let file = household_rows_with_defects(7).unwrap();
    let out = judge(&read_xlsx(&file.xlsx).unwrap(), &existing);
    let mut found: Vec<_> = out.bad.iter().map(|problem| (problem.at.row, problem.code)).collect();
    found.extend(out.duplicates.iter().map(|duplicate| (duplicate.at.row, duplicate.code)));
    found.sort_unstable();
    assert_eq!(found, file.expected);
    assert_eq!(found.len(), BROKEN_ROWS);
    assert_eq!((out.total_rows(), out.ok_rows(), out.rejected_rows()), (1000, 983, 17));
    assert!(out.bad.iter().all(|problem| !problem.column.is_empty() && problem.message.ends_with('。')));
}
