//! The list of items: what grid workers may be asked for, and nothing else (CAT-01 … CAT-03).

pub mod admission;
mod campaign;
mod reporters;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::form::Values;
use crate::package::Package;
use crate::record::RecordKind;
use crate::summary::Summary;

pub use admission::AdmissionError;
pub use campaign::{Campaign, MAX_LABEL, MAX_STANDING, ThemeError, ThemeState, campaigns, reached};
pub use reporters::unit_named;

/// Classes of limits that an item may name (domain data 4.8.2); `by_level` follows the level of the hazard.
pub const SLA_CLASSES: [&str; 13] =
    ["S0", "S1", "S2", "S3", "S4", "SM", "SM7", "SC", "SP", "SI", "SV", "INSP", "by_level"];

/// Every item with a version.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Catalogue {
    /// Grows by one with every item that comes or goes.
    pub version: u32,
    /// Headings in order.
    pub groups: Vec<Group>,
    /// Items in order of their codes.
    pub items: Vec<Item>,
    /// Themes that are shown on top (CAT-03).
    pub campaigns: Vec<Campaign>,
}

/// A heading of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Stable identifier.
    pub id: String,
    /// Words.
    pub label: String,
}

/// Whether grid workers answer for an item or help with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// 主体
    Principal,
    /// 配合
    Support,
}

impl Duty {
    /// The word that people see.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Principal => "主体",
            Self::Support => "配合",
        }
    }
}

/// How much care an item's records take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sensitivity {
    /// Ordinary.
    #[default]
    Normal,
    /// Tells of health, poverty, children or quarrels.
    Sensitive,
    /// Needs a grant by name (domain data 4.1.3): never offered by ordinary means.
    Restricted,
}

/// Whether an item is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// In use, within its dates.
    #[default]
    Active,
    /// Comes with the product and was not switched on.
    Off,
    /// Withdrawn: old records stay readable, no new ones are offered.
    Retired,
}

/// One item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Code of the printed list: `D04`.
    pub code: String,
    /// Stable identifier that records store.
    pub id: String,
    /// Name that people see.
    pub name: String,
    /// Heading that it stands under.
    pub group: String,
    /// What it asks for: `report`, `visit`, `inspection` …
    pub kind: String,
    /// Whether grid workers answer for it.
    pub duty: Duty,
    /// Lead unit in words; the dispatch names the real one.
    pub lead: String,
    /// Units that help, in words; proposed when a case is dispatched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub support: Vec<String>,
    /// Roles that may report it; empty = everyone who may write such a record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reporters: Vec<String>,
    /// Whether it may be written without a network and sent later.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub offline: bool,
    /// Codes of the points programmes (domain data 4.11) that a record of it may earn: kept, and not counted yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<String>,
    /// Lowest level that may decide: `grid`, `village`, `township`, `county`.
    pub level: String,
    /// Classes of limits, the usual one first.
    pub sla: Vec<String>,
    /// Form that it is reported with.
    pub form: String,
    /// How much care it takes.
    #[serde(default)]
    pub sensitivity: Sensitivity,
    /// Categories of hazards that belong to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// Times of the year in which it matters most, `MM-DD` to `MM-DD`; empty = all year.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seasons: Vec<[String; 2]>,
    /// First day; `None` = since ever.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "crate::date::optional")]
    pub from: Option<NaiveDate>,
    /// Last day; an item for a time has one and retires itself.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "crate::date::optional")]
    pub to: Option<NaiveDate>,
    /// What its steps are called where that is not the township's way of saying it (FLOW-01).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skin: Option<String>,
    /// Minutes a month that it takes one worker, as its application said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes_month: Option<u32>,
    /// Whether it is in use.
    #[serde(default, skip_serializing_if = "is_active")]
    pub status: Status,
}

fn yes() -> bool {
    true
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_yes(value: &bool) -> bool {
    *value
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_active(status: &Status) -> bool {
    *status == Status::Active
}

/// Who may decide at the lowest ([`Item::level`]).
pub const LEVELS: [&str; 4] = ["grid", "village", "township", "county"];

impl Item {
    /// The item without anything that an application does not ask for (CAT-02).
    #[must_use]
    pub fn plain(self) -> Self {
        Self {
            support: Vec::new(),
            reporters: Vec::new(),
            offline: true,
            points: Vec::new(),
            sensitivity: Sensitivity::Normal,
            categories: Vec::new(),
            seasons: Vec::new(),
            skin: None,
            minutes_month: None,
            status: Status::Active,
            ..self
        }
    }

    /// Whether a record belongs to it: hazards by their category, visits to an item that is one.
    pub fn is_about(&self, row: &Summary) -> bool {
        match row.kind {
            RecordKind::Hazard => row.categories.iter().any(|held| self.categories.contains(held)),
            RecordKind::Matter | RecordKind::Entry => row.categories.contains(&self.id),
            RecordKind::Visit => self.kind == "visit",
            _ => false,
        }
    }

    /// True when it may be asked for on that day: in use, within its dates, and not restricted.
    pub fn offered_on(&self, day: NaiveDate) -> bool {
        self.status == Status::Active
            && self.sensitivity != Sensitivity::Restricted
            && self.from.is_none_or(|from| from <= day)
            && self.to.is_none_or(|to| day <= to)
    }

    /// True when its season runs; a season may pass the turn of the year.
    pub fn in_season(&self, day: NaiveDate) -> bool {
        let today = format!("{:02}-{:02}", day.month(), day.day());
        self.seasons.is_empty()
            || self.seasons.iter().any(|[from, to]| {
                if from <= to { *from <= today && today <= *to } else { *from <= today || today <= *to }
            })
    }
}

impl Catalogue {
    /// An item by its id.
    pub fn item(&self, id: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.id == id)
    }

    /// The items that may be asked for on that day: those whose season runs come first.
    pub fn offered(&self, day: NaiveDate) -> Vec<&Item> {
        let (season, rest): (Vec<&Item>, Vec<&Item>) = self
            .items
            .iter()
            .filter(|item| item.offered_on(day))
            .partition(|item| !item.seasons.is_empty() && item.in_season(day));
        season.into_iter().chain(rest).collect()
    }

    /// The item that a record belongs to: named in it, else told by its category or its form. Nobody is asked for
    /// what the record says already.
    pub fn item_of(&self, form: &str, values: &Values) -> Option<&Item> {
        let said = |path: &str| values.get(path).and_then(serde_json::Value::as_str);
        if let Some(named) = said("item").and_then(|id| self.item(id)) {
            return Some(named);
        }
        let form = form.split('/').next().unwrap_or(form);
        if form == "F-HAZARD" {
            let category = said("category")?;
            return self.items.iter().find(|item| item.categories.iter().any(|held| held == category));
        }
        let mut same = self.items.iter().filter(|item| item.form == form && item.status == Status::Active);
        // A form that several items share does not tell which of them it was.
        same.next().filter(|_| same.next().is_none())
    }
}

impl Package {
    /// The kind of record that an item asks for.
    pub fn kind_of_item(&self, item: &Item) -> Option<RecordKind> {
        self.form(&item.form).map(|form| form.record)
    }
}

#[cfg(test)]
mod tests;
