//! Checking values against a form. Hidden fields are never demanded; warnings never block.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde_json::Value;

use super::condition::filled;
use super::{Field, FieldKind, FilledBy, Form, Section, Values};
use crate::calendar::day_of;
use crate::household::double::Doubles;
use crate::package::Package;
use crate::validate;

/// How many photos or recordings there are under each blob path.
pub type Photos = BTreeMap<String, usize>;

/// How much is demanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Enough to send: what is entered is well-formed and the one sentence is there (CAT-06).
    Quick,
    /// Everything that a complete record needs.
    Full,
}

/// Something to mend in a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Path of the field or row.
    pub path: String,
    /// Machine code: `required`, `not_an_option`, `type`, `too_long`, `out_of_range`, `too_few`, `too_many`,
    /// `phone`, `date`, `time`, `future`, `amount`, `id_number`, `restricted`, `apart`, `unknown_field`.
    pub code: &'static str,
    /// What to do, for people.
    pub message: String,
    /// False for a warning that a person may pass over.
    pub blocks: bool,
}

/// The problem of an answer that goes to a confidential form ([`apart`]).
pub const APART: &str = "apart";

/// The confidential form that the answers belong to, because one of them says so (ROLE-11).
pub fn apart<'p>(package: &'p Package, form: &'p Form, values: &Values) -> Option<&'p str> {
    form.fields().filter(|(section, field)| visible(section, field, values)).find_map(|(_, field)| {
        let said = values.get(&field.path).and_then(Value::as_str)?;
        package.choices(field).iter().find(|choice| choice.id == said)?.apart.as_deref()
    })
}

/// The question that cannot wait until the record is completed: one of its answers goes to a confidential form, and until it
/// is answered the words would stand where everybody reads them (ROLE-11).
pub fn undecided(package: &Package, form: &Form, values: &Values) -> Option<Problem> {
    let open = |field: &&Field| {
        let said = values.get(&field.path).and_then(Value::as_str).unwrap_or_default();
        said.is_empty() && package.choices(field).iter().any(|choice| choice.apart.is_some())
    };
    let mut shown =
        form.fields().filter(|(section, field)| visible(section, field, values)).map(|(_, field)| field);
    shown.find(open).map(|field| Problem {
        path: field.path.clone(),
        code: "required",
        message: format!("先选{}再上报: 有的要走保密反映, 不能先公开", field.label),
        blocks: true,
    })
}

/// Row ids of a table that are present and not removed, in order of id.
pub fn table_rows<'v>(values: &'v Values, table: &str) -> Vec<&'v str> {
    let mut rows = BTreeSet::new();
    let mut gone = BTreeSet::new();
    let prefix = format!("{table}/");
    for (path, value) in values.range(prefix.clone()..).take_while(|(path, _)| path.starts_with(&prefix)) {
        if let Some((row, inner)) = path[prefix.len()..].split_once('/') {
            rows.insert(row);
            if inner == "_gone" && *value == Value::Bool(true) {
                gone.insert(row);
            }
        }
    }
    rows.into_iter().filter(|row| !gone.contains(row)).collect()
}

/// Whether a top-level field is shown with these values.
pub fn visible(section: &Section, field: &Field, values: &Values) -> bool {
    let look = |path: &str| values.get(path);
    section.visible_when.as_ref().is_none_or(|when| when.holds(&look))
        && field.visible_when.as_ref().is_none_or(|when| when.holds(&look))
}

/// Whether a required column is not asked of a row: a category from a plain list that became a row when it was ended or
/// approved (it is named by its category). Nobody wrote since when or from where, and a first day would be something new
/// to approve (TERR-12).
pub fn excused(field: &Field, row: Option<&str>, values: &Values) -> bool {
    let named = |row: &str| {
        let category = values.get(&format!("{row}/category")).and_then(Value::as_str);
        category.is_some() && category == row.strip_prefix("categories/")
    };
    matches!(field.path.as_str(), "from" | "source") && row.is_some_and(named)
}

/// Whether somebody of a household left it (TERR-11), or stands in another row (TERR-13): the row stays in the record, not
/// in the form.
pub fn has_left(values: &Values, table: &str, row: &str) -> bool {
    values.get(&format!("{table}/{row}/left")).is_some_and(|how| !how.is_null())
        || table == "members" && Doubles::of(values).spares(values, row)
}

struct Check<'a> {
    package: &'a Package,
    values: &'a Values,
    photos: &'a Photos,
    stage: Stage,
    today: NaiveDate,
    problems: Vec<Problem>,
}

/// Checks values and photo counts against a form. A handler's section is demanded once something in it is
/// filled, because the reporter leaves it empty.
pub fn validate(
    package: &Package,
    form: &Form,
    values: &Values,
    photos: &Photos,
    stage: Stage,
    today: NaiveDate,
) -> Vec<Problem> {
    let mut check = Check { package, values, photos, stage, today, problems: Vec::new() };
    for section in &form.sections {
        let begun = section.by == FilledBy::Reporter || section.fields.iter().any(|field| check.begun(field));
        for field in &section.fields {
            if visible(section, field, values) {
                check.field(field, &field.path, None, begun);
            } else if let Some(value) = values.get(&field.path).filter(|value| filled(value)) {
                // A hidden leftover must still be well-formed, because the record stores it.
                check.value(field, &field.path, value, None);
            }
        }
    }
    for path in values.keys() {
        let known = path.rsplit('/').next() == Some("_gone") || form.field(path).is_some();
        if !known {
            check.report(path, "unknown_field", false, "这一项不在表单里, 已原样保留".to_owned());
        }
    }
    check.problems
}

/// Checks the inputs of one action against the record they complete: every visible input is demanded as for
/// a complete record.
pub(crate) fn validate_inputs<'f>(
    package: &Package,
    inputs: impl Iterator<Item = &'f Field>,
    values: &Values,
    photos: &Photos,
    today: NaiveDate,
) -> Vec<Problem> {
    let mut check = Check { package, values, photos, stage: Stage::Full, today, problems: Vec::new() };
    for field in inputs {
        if field.visible_when.as_ref().is_none_or(|when| when.holds(&|path| values.get(path))) {
            check.field(field, &field.path, None, true);
        }
    }
    check.problems
}

/// What is wrong with the value that a field starts with, judged like an answer.
pub(crate) fn wrong_default(package: &Package, field: &Field, today: NaiveDate) -> bool {
    match (&field.default, super::word_fits(field)) {
        (None, _) => false,
        (Some(_), Some(fits)) => !fits,
        (Some(value), None) => {
            let (values, photos) = (Values::new(), Photos::new());
            let mut check = Check {
                package,
                values: &values,
                photos: &photos,
                stage: Stage::Full,
                today,
                problems: Vec::new(),
            };
            check.value(field, &field.path, value, None);
            check.problems.iter().any(|problem| problem.blocks)
        }
    }
}

impl Check<'_> {
    fn report(&mut self, path: &str, code: &'static str, blocks: bool, message: String) {
        self.problems.push(Problem { path: path.to_owned(), code, message, blocks });
    }

    fn begun(&self, field: &Field) -> bool {
        match field.kind {
            FieldKind::Table => !table_rows(self.values, &field.path).is_empty(),
            kind if kind.is_blob() => self.photos.get(&field.path).is_some_and(|count| *count > 0),
            _ => self.values.get(&field.path).is_some_and(filled),
        }
    }

    fn field(&mut self, field: &Field, path: &str, row: Option<&str>, begun: bool) {
        if field.kind == FieldKind::Note {
            return;
        }
        let needed = begun && self.needed(field, row);
        if field.kind == FieldKind::Table {
            return self.table(field, needed);
        }
        if field.kind.is_blob() {
            return self.blobs(field, path, needed);
        }
        match self.values.get(path).filter(|value| filled(value)) {
            Some(value) => self.value(field, path, value, row),
            None if needed => {
                let verb = if field.options.is_some() { "请选择" } else { "请填写" };
                self.report(path, "required", true, format!("{verb}{}", field.label));
            }
            None => {}
        }
    }

    /// Looks first in the row, then in the record.
    fn look(&self, row: Option<&str>, path: &str) -> Option<&Value> {
        row.and_then(|row| self.values.get(&format!("{row}/{path}"))).or_else(|| self.values.get(path))
    }

    fn needed(&self, field: &Field, row: Option<&str>) -> bool {
        match self.stage {
            Stage::Quick => field.quick_required,
            Stage::Full => {
                (field.required && !excused(field, row, self.values))
                    || field.quick_required
                    || field.required_when.as_ref().is_some_and(|when| when.holds(&|p| self.look(row, p)))
            }
        }
    }

    fn table(&mut self, field: &Field, needed: bool) {
        let rows: Vec<String> = table_rows(self.values, &field.path)
            .into_iter()
            .map(|row| format!("{}/{row}", field.path))
            .collect();
        let fewest = if needed { field.min.unwrap_or(1) } else { 0 };
        if (rows.len() as i64) < fewest {
            let code = if rows.is_empty() { "required" } else { "too_few" };
            self.report(&field.path, code, true, format!("{}至少 {fewest} 条", field.label));
        }
        if field.max.is_some_and(|max| rows.len() as i64 > max) {
            self.report(&field.path, "too_many", true, format!("{}太多", field.label));
        }
        for row in &rows {
            // Nothing is asked any more about who has left.
            let asked = !has_left(self.values, &field.path, row.rsplit('/').next().unwrap_or_default());
            for column in &field.fields {
                let shown =
                    column.visible_when.as_ref().is_none_or(|when| when.holds(&|p| self.look(Some(row), p)));
                if shown {
                    self.field(column, &format!("{row}/{}", column.path), Some(row), asked);
                }
            }
        }
    }

    fn blobs(&mut self, field: &Field, path: &str, needed: bool) {
        let count = self.photos.get(path).copied().unwrap_or(0);
        if needed && count == 0 {
            self.report(path, "required", true, format!("请拍{}", field.label));
        }
        if field.max.is_some_and(|max| count as i64 > max) {
            self.report(path, "too_many", true, format!("{}最多 {} 个", field.label, field.max.unwrap_or(0)));
        }
    }

    fn value(&mut self, field: &Field, path: &str, value: &Value, row: Option<&str>) {
        let label = &field.label;
        let text = value.as_str();
        match field.kind {
            FieldKind::Text | FieldKind::LongText => match text {
                None => self.wrong_type(path, label),
                Some(text) => {
                    let max = field.max.unwrap_or(if field.kind == FieldKind::Text { 100 } else { 2000 });
                    if text.chars().count() as i64 > max {
                        self.report(path, "too_long", true, format!("{label}最多 {max} 个字"));
                    }
                }
            },
            FieldKind::Number => match value.as_i64() {
                None => self.report(path, "type", true, format!("{label}应为整数")),
                Some(number) => self.range(field, path, number),
            },
            FieldKind::Money => match value.as_f64() {
                None => self.report(path, "type", true, format!("{label}应为数字")),
                Some(yuan) => {
                    self.fault(path, "amount", true, label, validate::amount(yuan).err());
                    let under = field.min.is_some_and(|min| yuan < min as f64);
                    if under || field.max.is_some_and(|max| yuan > max as f64) {
                        let (min, max) = (field.min.unwrap_or(0), field.max);
                        let words = max.map_or_else(String::new, |max| format!(", 最多 {max} 元"));
                        self.report(path, "out_of_range", true, format!("{label}最少 {min} 元{words}"));
                    }
                }
            },
            FieldKind::Date => match text.map(validate::date) {
                None => self.wrong_type(path, label),
                Some(Err(error)) => self.fault(path, "date", true, label, Some(error)),
                Some(Ok(day)) => self.future(field, path, day),
            },
            FieldKind::Datetime => match text.map(validate::datetime) {
                None => self.wrong_type(path, label),
                Some(Err(error)) => self.fault(path, "time", true, label, Some(error)),
                Some(Ok(at)) => {
                    let day = u64::try_from(at.timestamp_millis()).map(day_of);
                    self.future(field, path, day.unwrap_or_default());
                }
            },
            FieldKind::Phone => match text {
                None => self.wrong_type(path, label),
                Some(text) => self.fault(path, "phone", false, label, validate::phone(text).err()),
            },
            FieldKind::IdNumber => match text {
                None => self.wrong_type(path, label),
                Some(text) => {
                    let kind = self.look(row, "id_type").and_then(Value::as_str);
                    if kind.is_none_or(|kind| matches!(kind, "resident" | "resident_temp")) {
                        let fault = validate::resident_id(text, self.today).err();
                        self.fault(path, "id_number", false, label, fault);
                    }
                }
            },
            FieldKind::YesNo => {
                if !value.is_boolean() {
                    self.wrong_type(path, label);
                }
            }
            FieldKind::Choice => match text {
                None => self.wrong_type(path, label),
                Some(id) => self.option(field, path, id, row),
            },
            FieldKind::Multi => match value.as_array() {
                None => self.wrong_type(path, label),
                Some(list) => {
                    for item in list {
                        match item.as_str() {
                            None => self.wrong_type(path, label),
                            Some(id) => self.option(field, path, id, row),
                        }
                    }
                    if field.max.is_some_and(|max| list.len() as i64 > max) {
                        self.report(path, "too_many", true, format!("{label}选得太多"));
                    }
                }
            },
            FieldKind::Geo => {
                let within = |key: &str, limit: f64| {
                    value.get(key).and_then(Value::as_f64).is_some_and(|degrees| degrees.abs() <= limit)
                };
                if !(within("lat", 90.0) && within("lon", 180.0)) {
                    self.report(path, "out_of_range", true, format!("{label}的坐标不对"));
                }
            }
            FieldKind::UnitRefs => {
                if !value.as_array().is_some_and(|list| list.iter().all(Value::is_string)) {
                    self.wrong_type(path, label);
                }
            }
            // What follows from other answers is not judged: whoever reads it computes it.
            FieldKind::Computed => {}
            FieldKind::HouseholdRef
            | FieldKind::PersonRef
            | FieldKind::PlaceRef
            | FieldKind::RecordRef
            | FieldKind::UnitRef
            | FieldKind::UserRef
            | FieldKind::AreaRef => {
                if text.is_none() {
                    self.wrong_type(path, label);
                }
            }
            FieldKind::Photo
            | FieldKind::Audio
            | FieldKind::Signature
            | FieldKind::Table
            | FieldKind::Note => {
                self.wrong_type(path, label);
            }
        }
    }

    fn wrong_type(&mut self, path: &str, label: &str) {
        self.report(path, "type", true, format!("{label}的格式不对, 请重新填写"));
    }

    fn range(&mut self, field: &Field, path: &str, number: i64) {
        let (min, max) = (field.min.unwrap_or(0), field.max.unwrap_or(i64::from(i32::MAX)));
        if !(min..=max).contains(&number) {
            self.report(path, "out_of_range", true, format!("{}应在 {min} 到 {max} 之间", field.label));
        }
    }

    /// What a form begins with the moment for has happened by now. A clock may be wrong: it never stands in the way.
    fn future(&mut self, field: &Field, path: &str, day: NaiveDate) {
        if field.auto && day > self.today {
            self.report(path, "future", false, format!("{}在今天以后, 请核对", field.label));
        }
    }

    fn fault(
        &mut self,
        path: &str,
        code: &'static str,
        blocks: bool,
        label: &str,
        fault: Option<validate::ValueError>,
    ) {
        if let Some(error) = fault {
            self.report(path, code, blocks, format!("{label}: {error}"));
        }
    }

    fn option(&mut self, field: &Field, path: &str, id: &str, row: Option<&str>) {
        let Some(choice) = self.package.choices(field).iter().find(|choice| choice.id == id) else {
            return self.report(path, "not_an_option", true, format!("{}里没有这个选项", field.label));
        };
        let parent = field.options_by.as_ref().map(|by| self.look(row, by).and_then(Value::as_str));
        let misfit = parent.is_some_and(|parent| choice.parent.as_deref() != parent);
        if misfit {
            self.report(path, "not_an_option", true, format!("{}与所选类别不符, 请重选", field.label));
        } else if let Some(form) = &choice.apart {
            let title = self.package.form(form).map_or("保密反映", |form| form.title.as_str());
            let words = format!("“{}”要走保密反映（{title}）, 写在这里村里和镇里的人都看得到", choice.label);
            self.report(path, APART, true, words);
        } else if choice.restricted {
            self.report(path, "restricted", true, format!("“{}”需要专门授权, 不能在这里登记", choice.label));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn a_household_s_form_asks_nothing_about_who_left_and_no_first_day_of_what_nobody_dated() {
        let base = json!({"address_text": "柳溪村3组12号", "head": "钟小满", "residence_type": "permanent"});
        let needed = |more: Value| {
            let mut all = base.as_object().unwrap().clone();
            all.extend(more.as_object().unwrap().clone());
            let (package, values) = (Package::builtin(), all.into_iter().collect());
            let form = package.form("F-HOUSEHOLD").unwrap();
            let today = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
            let found = validate(package, form, &values, &Photos::new(), Stage::Full, today);
            found.into_iter().filter(|one| one.code == "required").map(|one| one.path).collect::<Vec<_>>()
        };
        let here = json!({"members/m1/name": "钟大雪"});
        assert_eq!(needed(here), ["members/m1/relation"]);
        assert_eq!(
            needed(json!({"members/m1/name": "钟大雪", "members/m1/left": "moved_out"})),
            Vec::<String>::new()
        );
        // A plain category that was ended on the card is a row named by it.
        let ended = json!({"categories/dibao/category": "dibao", "categories/dibao/to": "2026-05-31"});
        assert_eq!(needed(ended), Vec::<String>::new());
        let fresh = json!({"categories/r1/category": "dibao"});
        assert_eq!(needed(fresh), ["categories/r1/from", "categories/r1/source"]);
    }
}
