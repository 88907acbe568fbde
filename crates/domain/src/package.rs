//! The data package: dictionaries, levels, categories, roles, workflows and forms in one JSON text (CAT-09).
//!
//! Natively the default package is built from `data/`. In the browser it is a cached asset, never compiled in.

#[cfg(not(target_arch = "wasm32"))]
mod builtin;
mod changes;
mod limits;
mod part;
mod revise;
mod risk;
mod skin;
mod verify;

use std::collections::BTreeMap;

use gridbook_log::{Create, Placement, Values};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::catalogue::Catalogue;
use crate::clock::Law;
use crate::form::{Choice, Field, Form, Options};
use crate::hazard::HazardRules;
use crate::mediation::document::Template;
use crate::plan::VisitRules;
use crate::record::RecordKind;
use crate::role::{Permission, Role};
use crate::rules::CaseRules;
use crate::warning::WarningKind;
use crate::workflow::{Flow, State};

pub use changes::{ChangeError, Difference};
pub(crate) use limits::reaches_back;
pub use limits::{DISPUTE_CLASSES, Preset, path_from};
pub use part::Part;
pub use revise::{GRACE_DAYS, ReviseError};
pub use risk::RiskRule;
pub use skin::{Skin, SkinStep};

/// Version of the envelope that this code reads.
const ENVELOPE: u32 = 1;

/// Why a text is not a usable package.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// Not JSON, or not of this shape.
    #[error("数据包读不懂: {0}")]
    Shape(#[from] serde_json::Error),
    /// The envelope is of a later version.
    #[error("数据包版本 {0} 比应用新, 请先更新应用")]
    Envelope(u32),
    /// The content does not match its checksum: damaged or cut off.
    #[error("数据包校验和不符, 可能没有下载完整, 请重新获取")]
    Checksum,
}

/// A list of choices with a name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dict {
    /// What it lists.
    pub label: String,
    /// The choices, in the order in which they are offered.
    pub options: Vec<Choice>,
}

/// A level of hazards and of dispute risks: 红橙黄蓝 (domain data 4.7.2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Level {
    /// `red`, `orange`, `yellow` or `blue`.
    pub id: String,
    /// The colour word.
    pub label: String,
    /// The degree: 重大, 较大, 一般, 轻微.
    pub degree: String,
    /// 1 = most severe.
    pub rank: u8,
    /// A sign that tells it apart without colour.
    pub sign: String,
    /// When a hazard has this level.
    pub criteria: String,
    /// What to do at once.
    pub action: String,
    /// Limits in words: respond, control, eliminate.
    pub limits: [String; 3],
    /// True when a phone report comes first (HAZ-05).
    pub phone_first: bool,
    /// True when a photo from before is demanded (HAZ-06).
    pub photo_before: bool,
    /// True when closing takes a second person on site (FLOW-13).
    pub second_person: bool,
    /// Days between checks of a control measure; `None` = no check.
    pub check_days: Option<u32>,
}

/// How a household of a category may be reached (VISIT-04).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactMode {
    /// Only in person.
    InPerson,
    /// In person or by call; a call never twice running.
    Either,
    /// By call.
    Call,
}

/// A household category with its visit interval (domain data 4.4, without the restricted ones).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HouseholdCategory {
    /// Stable identifier.
    pub id: String,
    /// Name that people see.
    pub label: String,
    /// Days between visits.
    pub interval_days: u32,
    /// Days between visits in the flood season, where shorter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flood_days: Option<u32>,
    /// Days between visits in the summer holidays, where shorter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summer_days: Option<u32>,
    /// Days between visits in the first three months, where shorter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_days: Option<u32>,
    /// Visited once within the interval, not again and again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub once: bool,
    /// Visits are suspended while the household has this category.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspends: bool,
    /// How people are reached.
    pub mode: ContactMode,
    /// Weight in the priority score: weekly 4, monthly 3, quarterly 2, half-yearly 1.
    pub weight: u32,
    /// What calls for an extra visit, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<String>,
    /// Tells about health, poverty or children: shown only inside the own area.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sensitive: bool,
    /// False when a township has to switch it on first.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub offered: bool,
}

fn yes() -> bool {
    true
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_yes(value: &bool) -> bool {
    *value
}

/// Everything that a township can change without code. The default one is empty: what an app has before it has read one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Package {
    /// Version of the data, e.g. `2026.1`.
    pub version: String,
    /// Dictionaries by id.
    pub dicts: BTreeMap<String, Dict>,
    /// Levels, most severe first.
    pub levels: Vec<Level>,
    /// Household categories.
    pub categories: Vec<HouseholdCategory>,
    /// Those that only people named for the household know of (VISIT-09). A list of its own: whatever draws, exports or
    /// prints categories does not meet them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restricted: Vec<HouseholdCategory>,
    /// Rules that turn risk points into a level, most severe first.
    pub risk: Vec<RiskRule>,
    /// Permissions that grants may name.
    pub permissions: Vec<Permission>,
    /// Roles.
    pub roles: Vec<Role>,
    /// State machines.
    pub flows: Vec<Flow>,
    /// Words for the way of a case, to choose from (FLOW-01).
    #[serde(default)]
    pub skins: Vec<Skin>,
    /// The one that the township chose.
    #[serde(default)]
    pub skin: String,
    /// Forms, every version that records may still name.
    pub forms: Part<Vec<Form>>,
    /// Calendar, limits and clocks.
    #[serde(default)]
    pub law: Part<Law>,
    /// Rules of visits besides the intervals of categories.
    #[serde(default)]
    pub visits: Part<VisitRules>,
    /// Rules of hazards: patrols, inspection lists, re-checks.
    #[serde(default)]
    pub hazards: Part<HazardRules>,
    /// Items and campaigns.
    #[serde(default)]
    pub catalogue: Part<Catalogue>,
    /// Templates of documents (MED-07).
    #[serde(default)]
    pub documents: Part<Vec<Template>>,
    /// What is suggested around cases: duplicates, looks back, messages.
    #[serde(default)]
    pub cases: Part<CaseRules>,
    #[serde(skip)]
    checksum: String,
}

#[derive(Serialize, Deserialize)]
struct Envelope<'a> {
    gridbook_package: u32,
    sha256: String,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// An envelope that is not looked into before its content is read.
#[derive(Deserialize)]
struct Whole {
    gridbook_package: u32,
    sha256: String,
    data: Package,
}

pub(crate) fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Package {
    /// Reads a package and checks its checksum.
    ///
    /// # Errors
    /// [`PackageError`]: the shape, a later envelope, or a checksum that does not fit.
    pub fn from_json(text: &str) -> Result<Self, PackageError> {
        Self::read(text, true)
    }

    /// Reads the package that came with the app, in one go: whoever keeps the app's files compared their bytes with the
    /// app's list when they arrived, and a start has no time to do it again.
    ///
    /// # Errors
    /// [`PackageError`]: the shape, or a later envelope.
    pub fn from_app(text: &str) -> Result<Self, PackageError> {
        let whole: Whole = serde_json::from_str(text)?;
        if whole.gridbook_package > ENVELOPE {
            return Err(PackageError::Envelope(whole.gridbook_package));
        }
        Ok(Self { checksum: whole.sha256, ..whole.data })
    }

    /// Reads a package whose checksum does not fit any more because somebody edited it, and knows so (CAT-09).
    ///
    /// # Errors
    /// [`PackageError`]: the shape, or a later envelope.
    pub fn from_edited(text: &str) -> Result<Self, PackageError> {
        let package = Self::read(text, false)?;
        package.check_parts()?;
        Ok(package)
    }

    fn read(text: &str, whole: bool) -> Result<Self, PackageError> {
        let envelope: Envelope<'_> = serde_json::from_str(text)?;
        if envelope.gridbook_package > ENVELOPE {
            return Err(PackageError::Envelope(envelope.gridbook_package));
        }
        let checksum = sha256(envelope.data.get());
        if whole && checksum != envelope.sha256 {
            return Err(PackageError::Checksum);
        }
        let mut package: Self = serde_json::from_str(envelope.data.get())?;
        package.checksum = checksum;
        // A phone reads these when it needs them; whoever hands a package on knows beforehand that it can be read.
        #[cfg(not(target_arch = "wasm32"))]
        package.check_parts()?;
        Ok(package)
    }

    fn check_parts(&self) -> Result<(), PackageError> {
        self.forms.check()?;
        self.law.check()?;
        self.visits.check()?;
        self.hazards.check()?;
        self.catalogue.check()?;
        self.documents.check()?;
        self.cases.check()?;
        self.flows.iter().try_for_each(|flow| flow.transitions.check())?;
        Ok(())
    }

    /// The package as one JSON text with version and checksum.
    ///
    /// # Errors
    /// Only if a value cannot be written as JSON, which the types here rule out.
    pub fn to_json(&self) -> Result<String, PackageError> {
        let data = RawValue::from_string(serde_json::to_string(self)?)?;
        let envelope = Envelope { gridbook_package: ENVELOPE, sha256: sha256(data.get()), data: &data };
        Ok(serde_json::to_string(&envelope)?)
    }

    /// SHA-256 of the content, 64 hex digits.
    pub fn checksum(&self) -> &str {
        &self.checksum
    }

    /// A dictionary.
    pub fn dict(&self, id: &str) -> Option<&Dict> {
        self.dicts.get(id)
    }

    /// Words for an id of a dictionary; an unknown id is shown as it is.
    pub fn label<'a>(&'a self, dict: &str, id: &'a str) -> &'a str {
        self.dict(dict).and_then(|d| d.options.iter().find(|o| o.id == id)).map_or(id, |o| o.label.as_str())
    }

    /// A choice of a dictionary.
    pub fn choice(&self, dict: &str, id: &str) -> Option<&Choice> {
        self.dict(dict)?.options.iter().find(|choice| choice.id == id)
    }

    /// All choices of a field, restricted ones included, so that old records stay readable.
    pub fn choices<'a>(&'a self, field: &'a Field) -> &'a [Choice] {
        match &field.options {
            Some(Options::Inline(list)) => list,
            Some(Options::Dict(id)) => self.dict(id).map_or(&[], |dict| dict.options.as_slice()),
            None => &[],
        }
    }

    /// The choices to offer: without restricted ones, and only those under `parent` where the field asks so.
    pub fn offered<'a>(&'a self, field: &'a Field, parent: Option<&str>) -> Vec<&'a Choice> {
        self.choices(field)
            .iter()
            .filter(|choice| !choice.restricted && !choice.retired)
            .filter(|choice| field.options_by.is_none() || choice.parent.as_deref() == parent)
            .collect()
    }

    /// A form by its id: the newest version.
    pub fn form(&self, id: &str) -> Option<&Form> {
        self.forms.get().iter().filter(|form| form.id == id).max_by_key(|form| form.version)
    }

    /// A form by what a record stores, `F-VISIT/1`; without a version the newest.
    pub fn form_named(&self, name: &str) -> Option<&Form> {
        match name.split_once('/') {
            Some((id, version)) => {
                let version: u32 = version.parse().ok()?;
                let own = self.forms.get().iter().filter(|form| form.id == id && form.reads(version));
                own.min_by_key(|form| form.version)
            }
            None => self.form(name),
        }
    }

    /// The name of a form that a record stores, without its version.
    pub fn form_title(&self, name: &str) -> Option<&str> {
        self.form_named(name).map(|form| form.title.as_str())
    }

    /// The main form of a kind of record, newest version: a kind may have further ones, which stand behind it.
    pub fn form_for(&self, kind: RecordKind) -> Option<&Form> {
        let main = self.forms.get().iter().find(|form| form.record == kind)?;
        self.form(&main.id)
    }

    /// The form that a record of this kind is read with: the one that it stores, else the main one of its kind.
    pub fn form_of(&self, named: Option<&str>, kind: RecordKind) -> Option<&Form> {
        named.and_then(|name| self.form_named(name)).or_else(|| self.form_for(kind))
    }

    /// A level by its id.
    pub fn level(&self, id: &str) -> Option<&Level> {
        self.levels.iter().find(|level| level.id == id)
    }

    /// What makes a record that is written down once, by a form, for an area; `None` without such a form.
    pub fn entry(&self, form: &str, area: &str, set: Values) -> Option<Create> {
        let form = self.form(form)?;
        Some(Create {
            type_: RecordKind::Entry.as_str().to_owned(),
            form: Some(format!("{}/{}", form.id, form.version)),
            state: self.flow(RecordKind::Entry).map(|flow| flow.initial.clone()),
            place: Placement { area: Some(area.to_owned()), ..Placement::default() },
            set,
            ..Create::default()
        })
    }

    /// A kind of what is announced, by its id (HAZ-04, VISIT-05).
    pub fn warning_kind(&self, id: &str) -> Option<&WarningKind> {
        self.hazards.get().warnings.iter().find(|kind| kind.id == id)
    }

    /// How severe a level is, 1 = most; one that is not known is the least.
    pub fn rank(&self, level: &str) -> u8 {
        self.level(level).map_or(u8::MAX, |level| level.rank)
    }

    /// A restricted category by its id (4.1.3).
    pub fn restricted(&self, id: &str) -> Option<&HouseholdCategory> {
        self.restricted.iter().find(|category| category.id == id)
    }

    /// A household category by its id.
    pub fn category(&self, id: &str) -> Option<&HouseholdCategory> {
        self.categories.iter().find(|category| category.id == id)
    }

    /// A role by its id.
    pub fn role(&self, id: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.id == id)
    }

    /// The state machine of a kind of record.
    pub fn flow(&self, kind: RecordKind) -> Option<&Flow> {
        self.flows.iter().find(|flow| flow.kinds.contains(&kind))
    }

    /// A state of any state machine.
    pub fn state(&self, id: &str) -> Option<&State> {
        self.flows.iter().flat_map(|flow| &flow.states).find(|state| state.id == id)
    }

    /// Words for a state; an unknown one is shown as it is.
    pub fn state_label<'a>(&'a self, id: &'a str) -> &'a str {
        self.state(id).map_or(id, |state| state.label.as_str())
    }
}

#[cfg(test)]
mod tests;
