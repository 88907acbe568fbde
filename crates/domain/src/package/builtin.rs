//! The default package, built from the data files. Native only.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::de::DeserializeOwned;

use crate::form::{Choice, Form};

use super::{Dict, Package, PackageError, sha256};

impl Package {
    /// Builds the package from the data files; what is written out for the phone is [`Package::to_json`] of it.
    ///
    /// # Errors
    /// [`PackageError::Shape`] when a data file does not have its shape.
    pub fn assemble() -> Result<Self, PackageError> {
        #[derive(serde::Deserialize)]
        struct Roles {
            permissions: Vec<crate::role::Permission>,
            roles: Vec<crate::role::Role>,
        }
        fn read<T: DeserializeOwned>(text: &str) -> Result<T, PackageError> {
            Ok(serde_json::from_str(text)?)
        }
        let mut dicts: BTreeMap<String, Dict> = read(include_str!("../../data/dicts.json"))?;
        dicts.extend(read::<BTreeMap<String, Dict>>(include_str!("../../data/hazards.json"))?);
        dicts.extend(read::<BTreeMap<String, Dict>>(include_str!("../../data/disputes.json"))?);
        let roles: Roles = read(include_str!("../../data/roles.json"))?;
        let mut forms: Vec<Form> = read(include_str!("../../data/forms.json"))?;
        forms.extend(read::<Vec<Form>>(include_str!("../../data/forms_more.json"))?);
        forms.extend(read::<Vec<Form>>(include_str!("../../data/forms_mediation.json"))?);
        let mut settings: BTreeMap<String, String> = read(include_str!("../../data/version.json"))?;
        let mut package = Self {
            version: settings.remove("version").unwrap_or_default(),
            skins: read(include_str!("../../data/skins.json"))?,
            skin: settings.remove("skin").unwrap_or_default(),
            dicts,
            levels: read(include_str!("../../data/levels.json"))?,
            categories: read(include_str!("../../data/categories.json"))?,
            restricted: read(include_str!("../../data/restricted.json"))?,
            risk: read(include_str!("../../data/risk.json"))?,
            permissions: roles.permissions,
            roles: roles.roles,
            flows: read(include_str!("../../data/workflow.json"))?,
            forms: forms.into(),
            catalogue: read(include_str!("../../data/catalogue.json"))?,
            documents: read(include_str!("../../data/documents.json"))?,
            law: read(concat!(
                "{\"calendar\":",
                include_str!("../../data/calendar.json"),
                ",\"sla\":",
                include_str!("../../data/sla.json"),
                ",\"table\":",
                include_str!("../../data/clocks.json"),
                "}"
            ))?,
            visits: read(include_str!("../../data/visits.json"))?,
            hazards: read(include_str!("../../data/patrols.json"))?,
            cases: read(include_str!("../../data/cases.json"))?,
            checksum: String::new(),
        };
        package.check_parts()?;
        // The categories of households are a list of their own; forms choose from it as from a dictionary.
        let options = package.categories.iter().filter(|category| category.offered).map(|category| Choice {
            id: category.id.clone(),
            label: category.label.clone(),
            ..Choice::default()
        });
        let choices = Dict { label: "户类别".to_owned(), options: options.collect() };
        package.dicts.insert("household_category".to_owned(), choices);
        let mut papers: Vec<_> = package.documents.get().iter().collect();
        papers.sort_by_key(|paper| paper.order);
        let papers = papers.into_iter().filter(|paper| paper.order < 300).map(|paper| Choice {
            id: paper.id.clone(),
            label: paper.title.clone(),
            ..Choice::default()
        });
        let papers = Dict { label: "文书".to_owned(), options: papers.collect() };
        package.dicts.insert("mediation_document".to_owned(), papers);
        // Kinds of places are those that have a rhythm of patrols.
        let points = package.hazards.get().points.iter().map(|point| Choice {
            id: point.id.clone(),
            label: point.label.clone(),
            ..Choice::default()
        });
        let points = Dict { label: "点位类别".to_owned(), options: points.collect() };
        package.dicts.insert("point_kind".to_owned(), points);
        let chain = package.hazards.get().alarm.chain.iter().map(|step| Choice {
            id: step.id.clone(),
            label: step.label.clone(),
            ..Choice::default()
        });
        let chain = Dict { label: "告知链".to_owned(), options: chain.collect() };
        package.dicts.insert("alarm_step".to_owned(), chain);
        package.list_items();
        package.checksum = sha256(&serde_json::to_string(&package)?);
        Ok(package)
    }

    /// The default package.
    ///
    /// # Panics
    /// When a data file is broken, which the tests of this crate rule out.
    pub fn builtin() -> &'static Self {
        static BUILTIN: OnceLock<Package> = OnceLock::new();
        BUILTIN.get_or_init(|| Self::assemble().expect("the data files are checked by tests"))
    }
}
