//! Changing the package: a form gets a next version, the old one a grace; everything else of it stays (CAT-05).

use chrono::{Days, NaiveDate};

use super::Package;
use crate::form::Form;

/// Days for which records with the version before are taken after a new one was published.
pub const GRACE_DAYS: u64 = 30;

/// Why a form cannot be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReviseError {
    /// A published version never changes.
    #[error("表单的版本号要比现有的大一")]
    Version,
    /// A form stays with its kind of record.
    #[error("表单不能改成另一类记录")]
    Kind,
}

impl Package {
    /// The package with the next version of a form, or the first of a new one. The version before is taken until its
    /// grace ends; records that it was filled for stay readable for ever.
    ///
    /// # Errors
    /// [`ReviseError`].
    pub fn with_form(&self, mut form: Form, today: NaiveDate) -> Result<Self, ReviseError> {
        let before = self.form(&form.id);
        if form.version != before.map_or(1, |before| before.version + 1) {
            return Err(ReviseError::Version);
        }
        if before.is_some_and(|before| before.record != form.record) {
            return Err(ReviseError::Kind);
        }
        form.superseded = None;
        let mut next = self.clone();
        for old in next.forms.get_mut().iter_mut().filter(|old| old.id == form.id) {
            old.superseded.get_or_insert(today);
        }
        next.forms.get_mut().push(form);
        next.checksum = super::sha256(&serde_json::to_string(&next).unwrap_or_default());
        Ok(next)
    }

    /// Whether a new record may name this form on that day: it exists, and its grace has not ended.
    pub fn takes_form(&self, name: &str, today: NaiveDate) -> bool {
        let last = |from: NaiveDate| from.checked_add_days(Days::new(GRACE_DAYS));
        self.form_named(name)
            .is_some_and(|form| form.superseded.and_then(last).is_none_or(|last| today <= last))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::admit::admit;
    use crate::case::story::{Story, hazard_body, person};
    use gridbook_log::DeviceId;

    fn day(month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, month, day).unwrap()
    }

    fn next() -> Package {
        let mut form = Package::builtin().form("F-HAZARD").unwrap().clone();
        form.version = 2;
        form.sections.pop();
        Package::builtin().with_form(form, day(5, 1)).unwrap()
    }

    #[test]
    fn an_old_version_has_thirty_days_and_stays_readable() {
        let package = next();
        assert_eq!(package.form("F-HAZARD").unwrap().version, 2);
        assert_eq!(package.form_for(crate::record::RecordKind::Hazard).unwrap().version, 2);
        assert!(package.takes_form("F-HAZARD/1", day(5, 31)) && !package.takes_form("F-HAZARD/1", day(6, 1)));
        assert!(package.takes_form("F-HAZARD/2", day(12, 1)) && package.takes_form("F-VISIT/1", day(12, 1)));
        assert_eq!(
            package.form_named("F-HAZARD/1").unwrap().sections,
            Package::builtin().form("F-HAZARD").unwrap().sections
        );
    }

    #[test]
    fn admission_takes_the_old_version_in_its_grace() {
        let (package, story, ann) = (next(), Story::new(), person("ann", "village_assistant"));
        let op = story.op(DeviceId([1; 8]), "ann", "create", &hazard_body("blue"));
        assert_eq!(admit(&package, &ann, None, &op, day(5, 31)), Ok(()));
        assert_eq!(admit(&package, &ann, None, &op, day(6, 1)).unwrap_err().code(), "old_form");
    }

    #[test]
    fn published_versions_never_change() {
        let form = Package::builtin().form("F-HAZARD").unwrap().clone();
        assert_eq!(Package::builtin().with_form(form.clone(), day(5, 1)), Err(ReviseError::Version));
        let mut other = form;
        (other.version, other.record) = (2, crate::record::RecordKind::Visit);
        assert_eq!(Package::builtin().with_form(other, day(5, 1)), Err(ReviseError::Kind));
    }

    #[test]
    fn a_new_item_with_a_new_form_travels_in_the_package() {
        let mut form = Package::builtin().form("F-GENERAL").unwrap().clone();
        (form.id, form.title) = ("F-BEES".to_owned(), "蜂箱登记".to_owned());
        let mut package = Package::builtin().with_form(form, day(5, 1)).unwrap();
        let mut item = package.catalogue.get().items[0].clone();
        (item.code, item.id, item.form) = ("X11".to_owned(), "bees".to_owned(), "F-BEES".to_owned());
        package.catalogue.get_mut().items.push(item);
        let read = Package::from_json(&package.to_json().unwrap()).unwrap();
        assert_eq!(read.to_json().unwrap(), package.to_json().unwrap());
        assert_eq!(
            (&read.catalogue, &read.forms, &read.flows),
            (&package.catalogue, &package.forms, &package.flows)
        );
        assert_ne!(read.checksum(), Package::builtin().checksum());
        assert_eq!(read.faults(), Vec::<String>::new());
        let story = Story::new();
        let mut body = hazard_body("blue");
        body["type"] = "matter".into();
        body["form"] = "F-BEES/1".into();
        body["set"] = serde_json::json!({"facts": "坡上有蜂箱"});
        let op = story.op(DeviceId([1; 8]), "ann", "create", &body);
        let ann = person("ann", "village_assistant");
        assert_eq!(admit(&read, &ann, None, &op, day(5, 18)), Ok(()));
        assert_eq!(
            admit(Package::builtin(), &ann, None, &op, day(5, 18)).unwrap_err().code(),
            "unknown_form"
        );
    }
}
