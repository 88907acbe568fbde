//! Rows that describe people: staff and members of households.

use serde_json::json;

use super::claim::Claim;
use super::existing::{PersonKey, SameBy};
use super::places::{known_area, put};
use super::preview::{Row, Run};
use super::problem::{NoteCode, ProblemCode};
use super::text::quote;
use super::value::RowReader;
use crate::form::Values;
use crate::record::RecordKind;
use crate::validate::ResidentId;

/// A member of staff with roles, areas and unit (ROLE-01).
pub(super) fn staff(run: &mut Run<'_>, reader: &mut RowReader<'_>) -> Option<Row> {
    let user = reader.ident("user");
    let mut values = Values::new();
    put(&mut values, "name", reader.name("name"));
    put(&mut values, "phone", reader.phones("phone").into_iter().next());
    put(&mut values, "note", reader.text("note"));
    let roles = reader.terms("roles");
    let areas = reader.areas("areas");
    for area in &areas {
        known_area(run, reader, "areas", area);
    }
    let unit = reader.ident("unit");
    let unit_name = reader.text("unit_name");
    match (&unit, &unit_name, reader.column("unit_name")) {
        (Some(unit), None, Some(column)) if !run.knows_unit(unit) => {
            let message = format!("单位 {} 还没有，第一次出现时请同时填单位名称。", quote(unit));
            reader.problem(column, ProblemCode::Required, message);
        }
        (None, Some(_), _) => {
            if let Some(column) = reader.column("unit").or_else(|| reader.column("unit_name")) {
                let message = "填了单位名称，没有单位编码。请补上单位编码（字母数字，如 yjb）。".to_owned();
                reader.problem(column, ProblemCode::Required, message);
            }
        }
        _ => {}
    }
    let user = user?;
    values.insert("user".to_owned(), json!(user));
    let spots: Vec<Option<&str>> =
        if areas.is_empty() { vec![None] } else { areas.iter().map(|area| Some(area.as_str())).collect() };
    let mut n = 0;
    for role in &roles {
        for spot in &spots {
            n += 1;
            let row = format!("assignments/a{n}");
            values.insert(format!("{row}/role"), json!(role));
            put(&mut values, &format!("{row}/area"), *spot);
            put(&mut values, &format!("{row}/unit"), unit.clone());
        }
    }
    let area = areas.first().map(|area| area.as_str().to_owned()).unwrap_or_default();
    let taken = run.claim(reader, "user", Claim::User(&user));
    if taken
        && reader.problems.is_empty()
        && let Some(unit) = &unit
    {
        run.meet_unit(&reader.at, unit, unit_name.as_deref());
    }
    taken.then(|| Row::new(RecordKind::Staff, &user, &area, values))
}

/// One person of a household: the minimum profile, and the identity number where the township keeps it (TERR-08).
pub(super) struct Member {
    /// Code of the household.
    pub(super) household: String,
    /// Fields of the row.
    pub(super) fields: Values,
}

/// Reads a person; `None` when the row cannot be placed.
pub(super) fn member(run: &mut Run<'_>, reader: &mut RowReader<'_>) -> Option<Member> {
    let household = reader.household_code("household");
    let mut fields = Values::new();
    let name = reader.name("name").unwrap_or_default();
    put(&mut fields, "relation", reader.choice("relation"));
    let mut sex = reader.choice("sex");
    let mut birth = reader.date("birth");
    let id = reader.id_number("id_number");
    let phone = reader.phones("phone").into_iter().next().unwrap_or_default();
    put(&mut fields, "resident_status", reader.choice("resident_status"));
    for column in ["remarks", "ethnicity", "work_place", "skills", "guardian"] {
        put(&mut fields, column, reader.text(column));
    }
    for column in ["education", "marital", "political", "occupation", "disability", "disability_grade"] {
        put(&mut fields, column, reader.choice(column));
    }
    for column in ["health", "assistance"] {
        let found = reader.choices(column);
        put(&mut fields, column, (!found.is_empty()).then_some(found));
    }
    if let Some(id) = &id {
        agree(reader, id, &mut sex, &mut birth);
        fields.insert("id_number".to_owned(), json!(id.number));
    }
    let birth = birth.unwrap_or_default();
    for (path, value) in [("name", &name), ("phone", &phone), ("birth", &birth)] {
        if !value.is_empty() {
            fields.insert(path.to_owned(), json!(value));
        }
    }
    put(&mut fields, "sex", sex);
    let household = household?;
    if !run.knows_household(&household)
        && let Some(column) = reader.column("household")
    {
        let message = format!(
            "户 {} 不在系统里，也不在本次可导入的户里。请核对户编号，或先改好那一户。",
            quote(&household)
        );
        reader.problem(column, ProblemCode::UnknownHousehold, message);
    }
    let number = id.as_ref().map_or("", |id| id.number.as_str());
    let key = PersonKey { name: &name, birth: &birth, phone: &phone, id_number: number };
    run.claim(reader, "name", Claim::Person(key)).then_some(Member { household, fields })
}

/// The identity number tells birth and sex: they must agree, and fill what is empty.
fn agree(
    reader: &mut RowReader<'_>,
    id: &ResidentId,
    sex: &mut Option<&'static str>,
    birth: &mut Option<String>,
) {
    let (told_sex, word) = if id.male { ("male", "男") } else { ("female", "女") };
    let told_birth = id.birth.to_string();
    let Some(column) = reader.column("id_number") else { return };
    match sex {
        Some(written) if *written != told_sex => {
            let message = format!("按身份证号应为{word}，与“性别”不符。请对照证件改正。");
            reader.problem(column, ProblemCode::Contradiction, message);
        }
        Some(_) => {}
        None => {
            *sex = Some(told_sex);
            reader.note(column, NoteCode::FilledIn, format!("性别空着，按身份证号填{word}。"));
        }
    }
    match birth {
        Some(written) if !told_birth.starts_with(written.as_str()) => {
            let message =
                format!("按身份证号出生于 {told_birth}，与“出生日期”{written} 不符。请对照证件改正。");
            reader.problem(column, ProblemCode::Contradiction, message);
        }
        Some(written) if written.len() == 10 => {}
        _ => {
            reader.note(column, NoteCode::FilledIn, format!("出生日期按身份证号填 {told_birth}。"));
            *birth = Some(told_birth);
        }
    }
}

/// Words for what two persons share.
pub(super) fn same_words(same: SameBy) -> &'static str {
    match same {
        SameBy::IdNumber => "身份证号相同",
        SameBy::NameAndBirth => "姓名和出生日期都相同",
        SameBy::NameAndPhone => "姓名和电话都相同",
    }
}
