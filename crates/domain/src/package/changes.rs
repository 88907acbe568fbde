//! What a township changes in its package, as values of a record that everybody holds (CAT-05, CAT-09, IO-06): a new item
//! with a new form reaches phones by sync, on every kind of backend, without a build.
//!
//! Each change is one value: `form/F-BEES.1`, `item/bees`, `campaign/spring`, `year/2027.1`, `dict/weather`,
//! `template/agreement`, `dispute_limits/2026-06-01` (which of two classes of limits disputes have from that day), the rates
//! of the mediators' `subsidy`, or the township's `skin` and the package's `version`. `role/zone_lead` says what becomes otherwise
//! in a role ([`keep`]), and only the system administrator says that: whoever keeps the list of items must not be able to give
//! rights away. Permissions, workflow and all other limits do not travel like this.

use gridbook_log::Values;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::limits::{self, DISPUTE_CLASSES, Preset};
use super::{Dict, Package, sha256};
use crate::calendar::Year;
use crate::catalogue::{Campaign, Item, Sensitivity, Status, ThemeError};
use crate::clock::{Law, Sla};
use crate::form::{Choice, Field, Form, wrong_default};
use crate::mediation::document::Template;
use crate::mediation::subsidy::Rates;
use crate::record::RecordKind;
use crate::role::keep::{self, RoleFault};

/// Who hears what is confidential when neither a form nor the one before it says so (ROLE-11).
const HEARD_BY: &str = "confidential.handle";
/// Why changes cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// A path that names no changeable part.
    #[error("数据包里没有可以这样改的内容: {0}")]
    Path(String),
    /// A value of another shape, or under another name than its own.
    #[error("数据包的这一处读不懂: {0}")]
    Shape(String),
    /// A published version of a form stays as it is.
    #[error("已发布的表单不能改, 要改请发新版本: {0}")]
    Published(String),
    /// A role that cannot stand like this.
    #[error("岗位: {0}")]
    Role(#[from] RoleFault),
    /// A theme that says too little, or ends nowhere.
    #[error("重点工作: {0}")]
    Theme(#[from] ThemeError),
}

/// What differs between two packages.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Difference {
    /// Changes that travel by sync, ready to be saved.
    pub changes: Values,
    /// Parts that differ and do not travel, by their names in the package.
    pub beyond: Vec<&'static str>,
    /// Names of things that the second one has no more; they stay, retired ones say so themselves.
    pub gone: Vec<String>,
}

fn read<T: DeserializeOwned>(path: &str, value: &Value) -> Result<T, ChangeError> {
    // Read from text, as everything of the package is: the same code does it.
    serde_json::from_str(&value.to_string()).map_err(|_| ChangeError::Shape(path.to_owned()))
}

/// Takes the place of the one of the same name, or stands behind all others.
fn put<T>(list: &mut Vec<T>, new: T, same: impl Fn(&T) -> bool) {
    match list.iter_mut().find(|held| same(held)) {
        Some(held) => *held = new,
        None => list.push(new),
    }
}

impl Package {
    /// The package with these changes. A form that is there already takes over only the day on which it was superseded.
    ///
    /// # Errors
    /// [`ChangeError`]; this package is as before.
    pub fn revised(&self, changes: &Values) -> Result<Self, ChangeError> {
        self.with(changes, true)
    }

    /// The package with changes that were taken in before, maybe by an earlier version of this program. A form that came
    /// with the program and has grown since stays as the program has it; everything else of the revision still counts.
    ///
    /// # Errors
    /// [`ChangeError`]; this package is as before.
    pub fn applied(&self, changes: &Values) -> Result<Self, ChangeError> {
        self.with(changes, false)
    }

    fn with(&self, changes: &Values, strict: bool) -> Result<Self, ChangeError> {
        let mut next = self.clone();
        for (path, value) in changes.iter().filter(|(_, value)| !value.is_null()) {
            next.change(path, value, strict)?;
        }
        // Published with the day on which the next version came: told by the newest, should that value be missing.
        if changes.keys().any(|path| path.starts_with("item/")) {
            next.catalogue.get_mut().version += 1;
        }
        next.list_items();
        let told = serde_json::to_string(changes).unwrap_or_default();
        next.checksum = sha256(&format!("{}{told}", self.checksum));
        Ok(next)
    }

    fn change(&mut self, path: &str, value: &Value, strict: bool) -> Result<(), ChangeError> {
        let misnamed = || ChangeError::Shape(path.to_owned());
        let text = || value.as_str().map(str::to_owned).ok_or_else(misnamed);
        match path.split_once('/') {
            None if path == "skin" => self.skin = text()?,
            None if path == "version" => self.version = text()?,
            None if path == "subsidy" => {
                let rates: Rates = read(path, value)?;
                if strict && !rates.sound() {
                    return Err(misnamed());
                }
                self.cases.get_mut().subsidy = rates;
            }
            Some((limits::PATH, day)) => {
                let from = crate::date::parse(day).ok_or_else(misnamed)?;
                let class = text()?;
                if !DISPUTE_CLASSES.contains(&class.as_str()) || self.law.get().class(&class).is_none() {
                    return Err(misnamed());
                }
                put(&mut self.law.get_mut().sla.presets, Preset { from, class }, |held| held.from == from);
            }
            Some(("form", name)) => {
                let mut form: Form = read(path, value)?;
                if name != form_name(&form) {
                    return Err(misnamed());
                }
                self.inherit_starts(&mut form);
                self.inherit_channel(&mut form);
                let forms = self.forms.get_mut();
                let same = |held: &&mut Form| held.id == form.id && held.reads(form.version);
                match forms.iter_mut().filter(same).min_by_key(|held| held.version) {
                    // What an earlier program published is read by the version that stands for it.
                    Some(held) if held.version != form.version => {}
                    Some(held) => {
                        let superseded = form.superseded;
                        if strict && !(Form { superseded: held.superseded, ..form }).asks_as(held) {
                            return Err(ChangeError::Published(name.to_owned()));
                        }
                        held.superseded = held.superseded.or(superseded);
                    }
                    None => forms.push(form),
                }
            }
            Some(("item", name)) => {
                let item: Item = read(path, value)?;
                if item.id != name {
                    return Err(misnamed());
                }
                put(&mut self.catalogue.get_mut().items, item, |held| held.id == name);
            }
            Some(("role", id)) => {
                let change: keep::Change = read(path, value)?;
                let role = change.on(self, id).ok_or_else(misnamed)?;
                if strict {
                    keep::sound(self, &role)?;
                }
                put(&mut self.roles, role, |held| held.id == id);
            }
            Some(("campaign", name)) => {
                let campaign: Campaign = read(path, value)?;
                if campaign.id != name {
                    return Err(misnamed());
                }
                if strict {
                    campaign.sound()?;
                }
                put(&mut self.catalogue.get_mut().campaigns, campaign, |held| held.id == name);
            }
            Some(("template", name)) => {
                let template: Template = read(path, value)?;
                if template.id != name {
                    return Err(misnamed());
                }
                put(self.documents.get_mut(), template, |held| held.id == name);
            }
            Some(("dict", name)) => {
                let dict: Dict = read(path, value)?;
                self.dicts.insert(name.to_owned(), dict);
            }
            Some(("year", name)) => {
                let year: Year = read(path, value)?;
                if name != year_name(&year) {
                    return Err(misnamed());
                }
                let calendar = &mut self.law.get_mut().calendar;
                let same = |held: &Year| (held.year, held.version) == (year.year, year.version);
                // A table that was taken in stays: limits began under it.
                if !calendar.years.iter().any(same) {
                    calendar.years.push(year);
                    calendar.version += 1;
                }
            }
            _ => return Err(ChangeError::Path(path.to_owned())),
        }
        Ok(())
    }

    /// What a form of the township does not say of a start is as in the version before it, at the same question: versions
    /// that were published before forms said so would fill in nothing. A start that no longer fits is left out.
    fn inherit_starts(&self, form: &mut Form) {
        let before = self.forms.get().iter().filter(|held| held.id == form.id && held.version < form.version);
        let Some(before) = before.max_by_key(|held| held.version) else { return };
        let take = |field: &mut Field, held: Option<&Field>| {
            let held = held.filter(|held| held.kind == field.kind && held.default.is_some());
            let Some(held) = held.filter(|_| field.default.is_none()) else { return };
            field.default.clone_from(&held.default);
            if wrong_default(self, field, chrono::NaiveDate::default()) {
                field.default = None;
            }
        };
        for field in form.sections.iter_mut().flat_map(|section| section.fields.iter_mut()) {
            let held = before.fields().map(|(_, held)| held).find(|held| held.path == field.path);
            for column in &mut field.fields {
                let column_held =
                    held.and_then(|held| held.fields.iter().find(|one| one.path == column.path));
                take(column, column_held);
            }
            take(field, held);
        }
    }

    /// Who hears what is confidential: a version that was published before forms said so keeps the channel of its form.
    fn inherit_channel(&self, form: &mut Form) {
        if form.record != RecordKind::Confidential || form.heard_by.is_some() {
            return;
        }
        let same = self.forms.get().iter().filter(|held| held.id == form.id);
        let said = same.filter_map(|held| held.heard_by.clone()).next_back();
        form.heard_by = said.or_else(|| Some(HEARD_BY.to_owned()));
    }

    /// Items are chosen from the catalogue: those that are off or gone stay readable and are not offered.
    pub(super) fn list_items(&mut self) {
        let items = self.catalogue.get().items.iter().map(|item| Choice {
            id: item.id.clone(),
            label: item.name.clone(),
            restricted: item.sensitivity == Sensitivity::Restricted,
            retired: item.status != Status::Active,
            ..Choice::default()
        });
        let items = Dict { label: "事项".to_owned(), options: items.collect() };
        self.dicts.insert("item".to_owned(), items);
    }

    /// What makes this package into the other one.
    pub fn difference(&self, other: &Self) -> Difference {
        let mut found = Difference::default();
        let mut note = |path: String, value: &dyn erased::Json, held: bool| {
            if !held {
                found.changes.insert(path, value.json());
            }
        };
        for form in other.forms.get() {
            note(format!("form/{}", form_name(form)), form, self.forms.get().contains(form));
        }
        let (ours, theirs) = (self.catalogue.get(), other.catalogue.get());
        for item in &theirs.items {
            note(format!("item/{}", item.id), item, ours.items.contains(item));
        }
        for campaign in &theirs.campaigns {
            note(format!("campaign/{}", campaign.id), campaign, ours.campaigns.contains(campaign));
        }
        for template in other.documents.get() {
            note(format!("template/{}", template.id), template, self.documents.get().contains(template));
        }
        for year in &other.law.get().calendar.years {
            note(format!("year/{}", year_name(year)), year, self.law.get().calendar.years.contains(year));
        }
        // The list of items follows from the catalogue.
        for (id, dict) in other.dicts.iter().filter(|(id, _)| *id != "item") {
            note(format!("dict/{id}"), dict, self.dicts.get(id) == Some(dict));
        }
        for preset in &other.law.get().sla.presets {
            let held = self.law.get().sla.presets.contains(preset);
            note(limits::path_from(preset.from), &preset.class, held);
        }
        let rates = other.cases.get().subsidy;
        note("subsidy".to_owned(), &rates, self.cases.get().subsidy == rates);
        note("skin".to_owned(), &other.skin, self.skin == other.skin);
        note("version".to_owned(), &other.version, self.version == other.version);
        let gone = |id: &str, held: bool| (!held).then(|| id.to_owned());
        found.gone.extend(
            ours.items
                .iter()
                .filter_map(|item| gone(&item.name, theirs.items.iter().any(|o| o.id == item.id))),
        );
        found.gone.extend(
            self.forms
                .get()
                .iter()
                .filter_map(|form| gone(&form_name(form), other.form_named(&named(form)).is_some())),
        );
        let (law, their_law) = (self.law.get(), other.law.get());
        let same_hours =
            law.calendar.hours == their_law.calendar.hours && law.calendar.fixed == their_law.calendar.fixed;
        for (name, same) in [
            ("roles", self.roles == other.roles && self.permissions == other.permissions),
            ("flows", self.flows == other.flows && self.skins == other.skins),
            ("law", bare(law) == bare(their_law) && law.table == their_law.table && same_hours),
            ("levels", self.levels == other.levels && self.risk == other.risk),
            ("categories", self.categories == other.categories && self.visits == other.visits),
            ("hazards", self.hazards == other.hazards),
        ] {
            if !same {
                found.beyond.push(name);
            }
        }
        found
    }
}

/// The limits without what a township chose of them, which travels.
fn bare(law: &Law) -> Sla {
    Sla { presets: Vec::new(), ..law.sla.clone() }
}

fn form_name(form: &Form) -> String {
    format!("{}.{}", form.id, form.version)
}

fn named(form: &Form) -> String {
    format!("{}/{}", form.id, form.version)
}

fn year_name(year: &Year) -> String {
    format!("{}.{}", year.year, year.version)
}

/// Anything that can be written as JSON, behind one pointer.
mod erased {
    use super::{Serialize, Value};

    pub(super) trait Json {
        fn json(&self) -> Value;
    }

    impl<T: Serialize> Json for T {
        fn json(&self) -> Value {
            serde_json::to_value(self).unwrap_or_default()
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use chrono::NaiveDate;
    use serde_json::json;

    use super::*;
    use crate::admit::admit;
    use crate::case::story::{GRID, Story, hazard_body, person};
    use gridbook_log::DeviceId;

    fn day(month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, month, day).unwrap()
    }

    /// The package as a township edits it: an item for a time, with a form of its own, and F-HAZARD in its next version.
    fn edited() -> Package {
        let builtin = Package::builtin();
        let mut form = builtin.form("F-GENERAL").unwrap().clone();
        (form.id, form.title) = ("F-BEES".to_owned(), "蜂箱登记".to_owned());
        let mut hazard = builtin.form("F-HAZARD").unwrap().clone();
        hazard.version = 2;
        hazard.sections.pop();
        let mut package = builtin.with_form(form, day(5, 1)).unwrap().with_form(hazard, day(5, 1)).unwrap();
        let mut item = package.catalogue.get().items[0].clone();
        (item.code, item.id, item.name, item.form) =
            ("X11".to_owned(), "bees".to_owned(), "蜂箱".to_owned(), "F-BEES".to_owned());
        package.catalogue.get_mut().items.push(item);
        package
    }

    #[test]
    fn what_differs_makes_one_package_into_the_other() {
        let (builtin, edited) = (Package::builtin(), edited());
        let found = builtin.difference(&edited);
        let paths: Vec<&str> = found.changes.keys().map(String::as_str).collect();
        assert_eq!(paths, ["form/F-BEES.1", "form/F-HAZARD.1", "form/F-HAZARD.2", "item/bees"]);
        assert_eq!((found.beyond.len(), found.gone.len()), (0, 0));
        let next = builtin.revised(&found.changes).unwrap();
        assert_eq!(
            (&next.forms, &next.catalogue.get().items),
            (&edited.forms, &edited.catalogue.get().items)
        );
        assert_eq!(next.faults(), Vec::<String>::new());
        assert!(next.dict("item").unwrap().options.iter().any(|choice| choice.id == "bees"));
        assert_ne!(next.checksum(), builtin.checksum());
        assert!(next.takes_form("F-HAZARD/1", day(5, 31)) && !next.takes_form("F-HAZARD/1", day(6, 1)));
        assert_eq!(builtin.difference(builtin), Difference::default());
    }

    #[test]
    fn a_revision_travels_as_an_operation_and_is_judged() {
        let found = Package::builtin().difference(&edited());
        let judge_in = |area: &str, role: &str, changes: &Values| {
            let story = Story::new();
            let body = json!({"type": "rules", "place": {"all": true, "area": area}, "set": changes});
            let op = story.op(DeviceId([1; 8]), "ann", "create", &body);
            admit(Package::builtin(), &person("ann", role), None, &op, day(5, 18))
                .map_err(|r| r.code().to_owned())
        };
        let judge = |role: &str, changes: &Values| judge_in(&GRID[..9], role, changes);
        assert_eq!(judge("center_director", &found.changes), Ok(()));
        assert_eq!(judge_in(GRID, "center_director", &found.changes), Err("bad_area".to_owned()));
        assert_eq!(judge("sys_admin", &found.changes), Ok(()));
        assert_eq!(judge("village_assistant", &found.changes), Err("not_permitted".to_owned()));
        // An item whose form is nowhere would be offered and could not be filled in.
        let only_item: Values = found
            .changes
            .iter()
            .filter(|(path, _)| path.starts_with("item/"))
            .map(|(p, v)| (p.clone(), v.clone()))
            .collect();
        assert_eq!(judge("center_director", &only_item), Err("bad_body".to_owned()));
        let one = |path: &str| [(path.to_owned(), json!({}))].into();
        assert_eq!(judge("center_director", &one("flow/x")), Err("bad_body".to_owned()));
        // Roles are the administrator's, and no role is without a name.
        assert_eq!(judge("center_director", &one("role/x")), Err("not_permitted".to_owned()));
        assert_eq!(judge("sys_admin", &one("role/x")), Err("bad_body".to_owned()));
    }

    #[test]
    fn a_revision_that_was_stored_still_counts_when_a_built_in_form_has_grown() {
        let builtin = Package::builtin();
        let mut old = builtin.form_named("F-HAZARD/1").unwrap().clone();
        // As an earlier version of the program had it, with the day on which the township put its own in its place.
        old.sections[0].fields.pop();
        old.superseded = chrono::NaiveDate::from_ymd_opt(2026, 11, 1);
        let own = Form { version: 2, superseded: None, ..old.clone() };
        let told = |form: &Form| serde_json::to_value(form).unwrap();
        let stored = Values::from([
            ("form/F-HAZARD.1".to_owned(), told(&old)),
            ("form/F-HAZARD.2".to_owned(), told(&own)),
        ]);
        assert!(builtin.revised(&stored).is_err(), "nobody publishes that anew");
        let next = builtin.applied(&stored).unwrap();
        assert!(next.form_named("F-HAZARD/2").is_some());
        let held = next.form_named("F-HAZARD/1").unwrap();
        assert_eq!(held.superseded, old.superseded);
        assert_eq!(held.sections, builtin.form_named("F-HAZARD/1").unwrap().sections);
    }

    #[test]
    fn a_package_exported_with_an_earlier_version_of_a_built_in_form_is_taken_in() {
        let builtin = Package::builtin();
        let text = include_str!("published/F-HOUSEHOLD.1.json");
        let earlier: Form = serde_json::from_str(text).unwrap();
        let with = |form: &Form| Values::from([(format!("form/{}", form_name(form)), form.json_value())]);
        let next = builtin.revised(&with(&earlier)).unwrap();
        assert_eq!(next.forms, builtin.forms, "the version that stands for it is there");
        // The one that stands is published: it does not change.
        let mut now = builtin.form_named("F-HOUSEHOLD/1").unwrap().clone();
        assert_eq!((now.version, now.covers), (2, 1));
        now.title = "另一张".to_owned();
        assert_eq!(builtin.revised(&with(&now)), Err(ChangeError::Published("F-HOUSEHOLD.2".to_owned())));
    }

    #[test]
    fn a_form_from_before_channels_keeps_the_channel_of_its_form() {
        let builtin = Package::builtin();
        let channel = |id: &str, version: u32| {
            let mut form = builtin.form("F-ABUSE").unwrap().clone();
            (form.id, form.version, form.heard_by) = (id.to_owned(), version, None);
            let changes: Values = [(format!("form/{id}.{version}"), form.json_value())].into();
            let next = builtin.revised(&changes).unwrap();
            assert_eq!(next.faults(), Vec::<String>::new());
            next.form_named(&format!("{id}/{version}")).unwrap().heard_by.clone().unwrap()
        };
        assert_eq!(channel("F-ABUSE", 3), "harm.handle");
        assert_eq!(channel("F-ABUSE", 2), "harm.handle", "one that was exported before says the same");
        assert_eq!(channel("F-SUPV", 2), HEARD_BY);
        assert_eq!(channel("F-WATER", 1), HEARD_BY, "a form of the township's own");
    }

    #[test]
    fn a_published_form_stays_as_it_is() {
        let builtin = Package::builtin();
        let mut form = builtin.form("F-HAZARD").unwrap().clone();
        form.title = "另一张".to_owned();
        let changes: Values = [("form/F-HAZARD.1".to_owned(), form.json_value())].into();
        assert_eq!(builtin.revised(&changes), Err(ChangeError::Published("F-HAZARD.1".to_owned())));
        let changes: Values = [("form/F-OTHER.1".to_owned(), form.json_value())].into();
        assert_eq!(builtin.revised(&changes), Err(ChangeError::Shape("form/F-OTHER.1".to_owned())));
    }

    #[test]
    fn a_version_of_the_township_from_before_there_were_starts_fills_in_as_the_built_in_one() {
        let builtin = Package::builtin();
        let mut form = builtin.form("F-VISIT").unwrap().clone();
        form.version = 2;
        let mut own = None;
        for field in form.sections.iter_mut().flat_map(|section| section.fields.iter_mut()) {
            field.default = None;
            match field.path.as_str() {
                // A question that the township asks otherwise, and one with a start of its own.
                "purposes" => field.kind = crate::form::FieldKind::Text,
                "well_being" => field.default = Some(json!("good")),
                "mode" => own = Some(field.clone()),
                _ => {}
            }
        }
        let with = |form: &Form| {
            let changes: Values = [("form/F-VISIT.2".to_owned(), form.json_value())].into();
            builtin.revised(&changes).unwrap()
        };
        let start = |package: &Package, path: &str| {
            package.form_named("F-VISIT/2").unwrap().field(path).unwrap().default.clone()
        };
        let next = with(&form);
        assert_eq!(start(&next, "mode"), Some(json!("in_home")));
        assert_eq!((start(&next, "purposes"), start(&next, "well_being")), (None, Some(json!("good"))));
        // The answer that the built-in form starts with is none of the township's.
        let mut narrow = own.unwrap();
        narrow.options = Some(crate::form::Options::Inline(Vec::new()));
        for field in form.sections.iter_mut().flat_map(|section| section.fields.iter_mut()) {
            if field.path == "mode" {
                *field = narrow.clone();
            }
        }
        assert_eq!(start(&with(&form), "mode"), None);
        // Rows of tables, too.
        let mut file = builtin.form("F-MEDIATION").unwrap().clone();
        file.version = 2;
        for column in
            file.sections.iter_mut().flat_map(|s| s.fields.iter_mut()).flat_map(|f| f.fields.iter_mut())
        {
            column.default = None;
        }
        let changes: Values = [("form/F-MEDIATION.2".to_owned(), file.json_value())].into();
        let next = builtin.revised(&changes).unwrap();
        let column = next.form_named("F-MEDIATION/2").unwrap().field("talks/r/way").unwrap();
        assert_eq!(column.default, Some(json!("face")));
    }

    #[test]
    fn what_a_published_form_starts_with_may_differ_between_programs() {
        let builtin = Package::builtin();
        let mut form = builtin.form("F-VISIT").unwrap().clone();
        form.superseded = Some(day(5, 1));
        for field in form.sections.iter_mut().flat_map(|section| section.fields.iter_mut()) {
            field.default = None;
        }
        let changes: Values = [("form/F-VISIT.1".to_owned(), form.json_value())].into();
        let next = builtin.revised(&changes).unwrap();
        let held = next.form_named("F-VISIT/1").unwrap();
        assert_eq!((held.superseded, held.field("mode").unwrap().default.is_some()), (Some(day(5, 1)), true));
    }

    impl Form {
        fn json_value(&self) -> Value {
            serde_json::to_value(self).unwrap()
        }
    }

    #[test]
    fn records_of_a_new_form_are_taken_once_the_revision_is_there() {
        let next = Package::builtin().revised(&Package::builtin().difference(&edited()).changes).unwrap();
        let story = Story::new();
        let mut body = hazard_body("blue");
        body["type"] = "matter".into();
        body["form"] = "F-BEES/1".into();
        body["set"] = json!({"facts": "坡上有蜂箱"});
        let op = story.op(DeviceId([1; 8]), "ann", "create", &body);
        let ann = person("ann", "village_assistant");
        assert_eq!(admit(&next, &ann, None, &op, day(5, 18)), Ok(()));
        assert_eq!(
            admit(Package::builtin(), &ann, None, &op, day(5, 18)).unwrap_err().code(),
            "unknown_form"
        );
    }

    #[test]
    fn a_calendar_travels_by_its_years() {
        let mut package = Package::builtin().clone();
        let rows: Vec<crate::calendar::DayRow> = (1..=13)
            .map(|n| crate::calendar::DayRow { date: format!("2031-01-{n:02}"), kind: "休".to_owned() })
            .collect();
        package.law.get_mut().calendar.import(&rows, Vec::new(), 5).unwrap();
        let found = Package::builtin().difference(&package);
        assert_eq!(found.changes.keys().collect::<Vec<_>>(), ["year/2031.1"]);
        let next = Package::builtin().revised(&found.changes).unwrap();
        assert_eq!(next.law, package.law);
        assert_eq!(next.revised(&found.changes).unwrap().law, package.law, "taken in once");
    }
}
