//! The import templates to download: headers, one invented example row, drop-downs, and a sheet that explains.

use gridbook_domain::import::{Column as Rule, ColumnKind, GUIDE_SHEET, Template, Vocabulary};

use crate::write::{Column, Table, WriteError, write_xlsx};

/// Writes one `.xlsx` with the given templates and an explanation sheet. `vocabulary` gives the names for roles and
/// categories. The example row is there to be overwritten.
///
/// # Errors
/// As [`write_xlsx`].
pub fn template_xlsx(templates: &[&Template], vocabulary: &Vocabulary) -> Result<Vec<u8>, WriteError> {
    let mut tables: Vec<Table> = templates.iter().map(|template| data_sheet(template)).collect();
    tables.push(guide(templates, vocabulary));
    write_xlsx(&tables)
}

fn data_sheet(template: &Template) -> Table {
    let columns = template
        .columns
        .iter()
        .map(|rule| {
            let header = if rule.required { format!("{}*", rule.header) } else { rule.header.to_owned() };
            Column { choices: choices(rule), ..Column::text(&header, width(rule)) }
        })
        .collect();
    let example = template.columns.iter().map(|rule| rule.example.to_owned()).collect();
    Table { name: template.id.label().to_owned(), columns, rows: vec![example] }
}

fn choices(rule: &Rule) -> Vec<String> {
    match rule.kind {
        ColumnKind::Choice(options) => options.iter().map(|(_, label)| (*label).to_owned()).collect(),
        ColumnKind::YesNo => vec!["是".to_owned(), "否".to_owned()],
        _ => Vec::new(),
    }
}

fn width(rule: &Rule) -> f64 {
    match rule.kind {
        ColumnKind::AreaCode | ColumnKind::AreaCodes | ColumnKind::IdNumber => 22.0,
        ColumnKind::HouseholdCode => 26.0,
        ColumnKind::Phone | ColumnKind::Phones => 16.0,
        ColumnKind::Categories | ColumnKind::Roles => 24.0,
        ColumnKind::Text(max) if max >= 60 => 30.0,
        _ => 14.0,
    }
}

/// What a column takes, in words.
fn words(rule: &Rule) -> String {
    let kind = match rule.kind {
        ColumnKind::Text(max) => format!("文字，最多 {max} 个字"),
        ColumnKind::Ident(max) => format!("字母、数字、下划线、短横，最多 {max} 个"),
        ColumnKind::Name => "姓名".to_owned(),
        ColumnKind::AreaCode | ColumnKind::AreaCodes => "区域编码，文本格式".to_owned(),
        ColumnKind::HouseholdCode => "网格或微网格编码 + H + 四位顺序号".to_owned(),
        ColumnKind::Phone => "一个电话，文本格式".to_owned(),
        ColumnKind::Phones => "一个或几个电话，用顿号隔开，文本格式".to_owned(),
        ColumnKind::IdNumber => "18 位身份证号，文本格式；不需要就不填".to_owned(),
        ColumnKind::Date => "日期，如 2020-05-01".to_owned(),
        ColumnKind::Birth => "出生日期，如 1968-04-09；不清楚可只填年份".to_owned(),
        ColumnKind::Int(min, max) => format!("{min} 到 {max} 的整数"),
        ColumnKind::YesNo => "是 或 否".to_owned(),
        ColumnKind::Choice(_) => format!("从这些里选：{}", choices(rule).join("、")),
        // No list to pick from: it would take one of them only.
        ColumnKind::Choices(options) => {
            let labels: Vec<&str> = options.iter().map(|(_, label)| *label).collect();
            format!("从这些里选，几个用顿号隔开：{}", labels.join("、"))
        }
        ColumnKind::Categories => "户类别名称，见下方，多个用顿号隔开".to_owned(),
        ColumnKind::Roles => "角色名称，见下方，多个用顿号隔开".to_owned(),
    };
    if rule.help.is_empty() { kind } else { format!("{kind}。{}", rule.help) }
}

fn guide(templates: &[&Template], vocabulary: &Vocabulary) -> Table {
    let columns = [("表", 8.0), ("列名", 18.0), ("是否必填", 10.0), ("怎么填", 70.0)]
        .map(|(header, width)| Column::text(header, width));
    let line = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
    let mut rows = Vec::new();
    for template in templates {
        for rule in template.columns {
            let must = if rule.required { "必填" } else { "" };
            rows.push(line([template.id.label(), rule.header, must, &words(rule)]));
        }
    }
    let uses = |kind: ColumnKind| templates.iter().any(|t| t.columns.iter().any(|rule| rule.kind == kind));
    for (kind, name, terms) in [
        (ColumnKind::Roles, "角色", &vocabulary.roles),
        (ColumnKind::Categories, "户类别", &vocabulary.categories),
    ] {
        if uses(kind) {
            rows.extend(
                terms.iter().filter(|term| !term.restricted).map(|term| line(["", name, "", &term.label])),
            );
        }
    }
    Table { name: GUIDE_SHEET.to_owned(), columns: columns.to_vec(), rows }
}
