//! Rows that describe places: territory nodes and households.

use serde_json::{Value, json};

use super::claim::Claim;
use super::preview::{Row, Run};
use super::problem::{NoteCode, ProblemCode};
use super::template::ColumnKind;
use super::text::quote;
use super::value::RowReader;
use crate::form::Values;
use crate::record::RecordKind;
use crate::territory::{AreaCode, AreaLevel, GridKind};

/// Puts a value in when there is one.
pub(super) fn put(values: &mut Values, path: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        values.insert(path.to_owned(), value.into());
    }
}

/// Machine name of a level, as the template's choices have it.
fn level_id(level: AreaLevel) -> &'static str {
    match level {
        AreaLevel::County => "county",
        AreaLevel::Township => "township",
        AreaLevel::Zone => "zone",
        AreaLevel::Village => "village",
        AreaLevel::Group => "group",
        AreaLevel::MicroGrid => "micro_grid",
    }
}

fn grid_kind_id(kind: GridKind) -> &'static str {
    match kind {
        GridKind::Basic => "basic",
        GridKind::Dedicated => "dedicated",
        GridKind::Online => "online",
    }
}

/// The label of one of a column's choices.
fn label(reader: &RowReader<'_>, column: &str, id: &str) -> String {
    let options = match reader.column(column).map(|column| column.kind) {
        Some(ColumnKind::Choice(options)) => options,
        _ => &[],
    };
    options.iter().find(|(option, _)| *option == id).map_or(id, |(_, label)| label).to_owned()
}

/// A node of the territory tree (TERR-03).
pub(super) fn territory(run: &mut Run<'_>, reader: &mut RowReader<'_>) -> Option<Row> {
    let code = reader.area("code");
    let name = reader.text("name");
    let level = reader.choice("level");
    let kind = reader.choice("kind");
    let mut values = Values::new();
    put(&mut values, "name", name);
    put(&mut values, "short_name", reader.text("short_name"));
    put(&mut values, "theme", reader.choice("theme"));
    put(&mut values, "micro_unit_type", reader.choice("micro_unit_type"));
    put(&mut values, "valid_from", reader.date("valid_from"));
    put(&mut values, "note", reader.text("note"));
    put(&mut values, "chat_name", reader.text("chat_name"));
    put(&mut values, "chat_owner", reader.name("chat_owner"));
    put(&mut values, "chat_members", reader.int("chat_members"));
    let zone = reader.area("zone");
    let code = code?;
    if let (Some(zone), Some(column)) = (&zone, reader.column("zone")) {
        if code.level() == AreaLevel::Village
            && zone.level() == AreaLevel::Zone
            && zone.parent() == code.parent()
        {
            values.insert("zone".to_owned(), json!(zone.as_str()));
        } else {
            let message = format!(
                "{} 不能作所属片：只有村填片，片编码是镇街九位加 P 和两位数字。请改正或清空这一格。",
                quote(zone.as_str())
            );
            reader.problem(column, ProblemCode::BadCode, message);
        }
    }
    fits_level(reader, &code, level);
    if let (Some(kind), Some(implied), Some(column)) = (kind, code.grid_kind(), reader.column("kind"))
        && kind != grid_kind_id(implied)
    {
        let message = format!(
            "网格类型与编码不符：13–15 位 001–799 为属地、800–899 为专属、900–999 为线上，{} 应为{}。",
            quote(code.as_str()),
            label(reader, "kind", grid_kind_id(implied))
        );
        reader.problem(column, ProblemCode::BadCode, message);
    }
    has_parent(run, reader, &code);
    values.insert("code".to_owned(), json!(code.as_str()));
    values.insert("level".to_owned(), json!(level_id(code.level())));
    put(&mut values, "kind", kind.or(code.grid_kind().map(grid_kind_id)));
    put(&mut values, "parent", code.parent().map(|parent| parent.as_str().to_owned()));
    run.claim(reader, "code", Claim::Area(code.as_str()))
        .then(|| Row::new(RecordKind::Area, code.as_str(), code.as_str(), values))
}

fn fits_level(reader: &mut RowReader<'_>, code: &AreaCode, level: Option<&str>) {
    let implied = level_id(code.level());
    if let (Some(level), Some(column)) = (level, reader.column("level"))
        && level != implied
    {
        let message = format!(
            "级别写的是“{}”，但编码 {} 的位数是“{}”。请改正其中一个。",
            label(reader, "level", level),
            quote(code.as_str()),
            label(reader, "level", implied)
        );
        reader.problem(column, ProblemCode::BadCode, message);
    }
}

/// A branch may skip groups and zones, never its village or township.
fn has_parent(run: &Run<'_>, reader: &mut RowReader<'_>, code: &AreaCode) {
    let above = match code.level() {
        AreaLevel::County | AreaLevel::Township => return,
        AreaLevel::Zone | AreaLevel::Village => AreaLevel::Township,
        AreaLevel::Group | AreaLevel::MicroGrid => AreaLevel::Village,
    };
    let needed = match above {
        AreaLevel::Township => code.as_str().get(..9),
        _ => code.at(above),
    };
    if let (Some(needed), Some(column)) = (needed, reader.column("code"))
        && !run.knows_area(needed)
    {
        let message = format!("上级区域 {} 还没有。请先在表里加上这一行（或先导入它）。", quote(needed));
        reader.problem(column, ProblemCode::UnknownArea, message);
    }
}

/// An area that a row names and that must exist; `false` when it does not.
pub(super) fn known_area(run: &Run<'_>, reader: &mut RowReader<'_>, column: &str, code: &AreaCode) -> bool {
    let known = run.knows_area(code.as_str());
    if let (false, Some(column)) = (known, reader.column(column)) {
        let message =
            format!("区域 {} 不在区域表里。请核对编码，或先在“区域”表里加上它。", quote(code.as_str()));
        reader.problem(column, ProblemCode::UnknownArea, message);
    }
    known
}

/// What is text of a household.
const TEXTS: [&str; 15] = [
    "address_text",
    "door_no",
    "landmark",
    "liaison",
    "remarks",
    "income_sources",
    "main_needs",
    "doctor",
    "evac_contact",
    "evac_backup",
    "evac_route",
    "evac_shelter",
    "evac_time",
    "livestock",
    "consent_by",
];
/// What is so or not.
const YES_NO: [&str; 7] =
    ["cut_slope", "near_water", "smoke_alarm", "extinguisher", "ebike_inside", "evac_vehicle", "bedridden"];

/// A household (TERR-07).
pub(super) fn household(run: &mut Run<'_>, reader: &mut RowReader<'_>) -> Option<Row> {
    let code = reader.household_code("code");
    let area = reader.area("area");
    if let (Some(area), Some(column)) = (&area, reader.column("area")) {
        if matches!(area.level(), AreaLevel::County | AreaLevel::Township | AreaLevel::Zone) {
            let message = format!(
                "{} 不是村、组或微网格，户要放到最小的网格里。请改成所在网格的编码。",
                quote(area.as_str())
            );
            reader.problem(column, ProblemCode::BadCode, message);
        } else {
            known_area(run, reader, "area", area);
        }
    }
    let mut values = Values::new();
    for id in TEXTS {
        put(&mut values, id, reader.text(id));
    }
    put(&mut values, "head", reader.name("head"));
    for (n, phone) in reader.phones("phones").into_iter().enumerate() {
        values.insert(format!("phones/p{}/number", n + 1), json!(phone));
    }
    for id in ["residence_type", "structure", "safety", "use", "fuel"] {
        put(&mut values, id, reader.choice(id));
    }
    for id in ["registered_count", "resident_count", "floors", "built_year"] {
        put(&mut values, id, reader.int(id));
    }
    for id in YES_NO {
        put(&mut values, id, reader.yes_no(id));
    }
    let categories = reader.terms("categories");
    if !categories.is_empty() {
        values.insert("categories".to_owned(), json!(categories));
    }
    for id in ["consent_date", "evac_drill"] {
        put(&mut values, id, reader.date(id));
    }
    values.insert("status".to_owned(), json!("active"));
    let code = code?;
    values.insert("code".to_owned(), json!(code));
    let area = area.map(|area| area.as_str().to_owned()).unwrap_or_default();
    if let Some(column) = reader.column("code")
        && !area.is_empty()
        && !code.starts_with(&area)
    {
        let message = format!("户编号里的网格与所属网格 {} 不同，按原编号和所属网格各自读入。", quote(&area));
        reader.note(column, NoteCode::Unusual, message);
    }
    run.claim(reader, "code", Claim::Household(&code))
        .then(|| Row::new(RecordKind::Household, &code, &area, values))
}
