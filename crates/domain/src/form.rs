//! Forms as data (CAT-04): sections of fields, conditions, tables of rows. Form versions never change.

mod check;
mod compute;
mod condition;
mod correct;
mod follow;
mod spawn;
mod start;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::record::RecordKind;

pub(crate) use check::validate_inputs;
pub(crate) use check::wrong_default;
pub use check::{
    APART, Photos, Problem, Stage, apart, excused, has_left, table_rows, undecided, validate, visible,
};
pub use compute::{Compute, Score, computed, computed_words};
pub use condition::Condition;
pub use correct::{Rebased, changes, rebase};
pub use follow::follow;
pub(crate) use follow::raise;
pub use spawn::{Need, needs, spawns};
use start::word_fits;
pub use start::{Known, begin, start_of};

/// Values of a record, keyed by path (`met`, `parties/<row>/name`).
pub type Values = BTreeMap<String, Value>;

/// A form with its version; a record stores both and stays readable after changes (CAT-05).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Form {
    /// Stable identifier, e.g. `F-VISIT`.
    pub id: String,
    /// Grows by one with every change.
    pub version: u32,
    /// The earliest version that this one stands for, too: it asks everything that those asked, as they did, and demands
    /// nothing else. Records that live on, a household or a point, are so corrected with what is asked today. 0 = itself.
    #[serde(default, skip_serializing_if = "is_default")]
    pub covers: u32,
    /// Name that people see.
    pub title: String,
    /// The kind of record that the form fills.
    pub record: RecordKind,
    /// Needs a grant by name (domain data 4.1.3): no record is made with it by ordinary means.
    #[serde(default, skip_serializing_if = "is_default")]
    pub restricted: bool,
    /// What is confidential: the permission of those who hear it (ROLE-11; domain data 4.1.3).
    #[serde(default, skip_serializing_if = "is_default")]
    pub heard_by: Option<String>,
    /// The day on which the next version was published; records with this one are taken for a grace (CAT-05).
    #[serde(default, skip_serializing_if = "Option::is_none", with = "crate::date::optional")]
    pub superseded: Option<chrono::NaiveDate>,
    /// Sections in the order in which they are shown; at most seven fields each.
    pub sections: Vec<Section>,
}

impl Form {
    /// Whether both ask the same. What a new record starts with, what a device shows offline, and an answer that leads to
    /// another form and is never stored are no part of what a record was written with, and may differ between a program
    /// and a later one.
    pub fn asks_as(&self, other: &Self) -> bool {
        let bare = |form: &Self| {
            let mut form = form.clone();
            let fields = form.sections.iter_mut().flat_map(|section| section.fields.iter_mut());
            for field in fields {
                (field.default, field.keep_offline) = (None, true);
                if let Some(Options::Inline(list)) = &mut field.options {
                    list.retain(|choice| choice.apart.is_none());
                }
                for column in &mut field.fields {
                    (column.default, column.keep_offline) = (None, true);
                }
            }
            form
        };
        bare(self) == bare(other)
    }

    /// Whether a record that names this version of the form is read with it.
    pub const fn reads(&self, version: u32) -> bool {
        version == self.version || self.covers > 0 && self.covers <= version && version < self.version
    }

    /// Every top-level field with its section.
    pub fn fields(&self) -> impl Iterator<Item = (&Section, &Field)> {
        self.sections.iter().flat_map(|section| section.fields.iter().map(move |field| (section, field)))
    }

    /// The field behind a path; row paths (`parties/<row>/name`) find the field of the table.
    pub fn field(&self, path: &str) -> Option<&Field> {
        self.locate(path).map(|(_, field)| field)
    }

    /// The section and the field behind a path.
    pub fn locate(&self, path: &str) -> Option<(&Section, &Field)> {
        let mut parts = path.splitn(3, '/');
        let head = parts.next()?;
        let (section, field) = self.fields().find(|(_, field)| field.path == head)?;
        match (parts.next(), parts.next()) {
            (Some(_), Some(inner)) => {
                field.fields.iter().find(|field| field.path == inner).map(|field| (section, field))
            }
            (None, None) => Some((section, field)),
            _ => None,
        }
    }
}

/// Who fills a section of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilledBy {
    /// The person who reports.
    #[default]
    Reporter,
    /// The person who handles the case, after it was taken up.
    Handler,
    /// Either of them: settled on the spot, or later.
    Both,
}

/// A group of fields that is shown together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// Stable identifier inside the form.
    pub id: String,
    /// Heading.
    pub title: String,
    /// Shown only while this holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible_when: Option<Condition>,
    /// Who fills it; sections of others are not demanded from the reporter.
    #[serde(default, skip_serializing_if = "is_default")]
    pub by: FilledBy,
    /// Its fields.
    pub fields: Vec<Field>,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// Short identifier, unique in the form; the path of its value.
    pub path: String,
    /// The question.
    pub label: String,
    /// A hint under it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// What kind of answer it takes.
    pub kind: FieldKind,
    /// Demanded from a complete record.
    #[serde(default, skip_serializing_if = "is_default")]
    pub required: bool,
    /// Shown in the quick report (CAT-06).
    #[serde(default, skip_serializing_if = "is_default")]
    pub quick: bool,
    /// Demanded even from a quick report.
    #[serde(default, skip_serializing_if = "is_default")]
    pub quick_required: bool,
    /// Filled by the app; a person sees it and may correct it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub auto: bool,
    /// In a row: folded behind 更多.
    #[serde(default, skip_serializing_if = "is_default")]
    pub more: bool,
    /// Demanded from a complete record while this holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required_when: Option<Condition>,
    /// Shown only while this holds. A hidden field is never demanded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible_when: Option<Condition>,
    /// The answers to choose from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<Options>,
    /// Offer only the choices whose parent is the value at this path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options_by: Option<String>,
    /// Shown behind a number: 人, 元, 分钟.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Smallest number, or fewest rows of a table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    /// Largest number, longest text in characters, most rows, photos or choices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
    /// What a new record or row starts with: a value, or `@today`, `@now`, `@me`, `@here` ([`begin`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// False: once it was delivered, a device without a network shows it no more ([`Field::shown`]).
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub keep_offline: bool,
    /// Field class of privacy (domain data 6.1); `L2` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Columns of a table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// How a computed answer follows from others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compute: Option<Compute>,
    /// Answers that offer a new record (CAT-07).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spawn: Vec<Spawn>,
    /// In an action of the workflow: written into the record rather than into the event.
    #[serde(default, skip_serializing_if = "is_default")]
    pub set: bool,
    /// In an action of the workflow: asked for these kinds only; empty = for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<RecordKind>,
}

impl Field {
    /// Whether a device shows the answer now. The log is append-only and its hashes are checked, so the device holds
    /// what it was sent; this keeps it off the screen of a phone that was lost. What must not lie on a device at all
    /// is reported in confidence ([`crate::confidential`]).
    pub const fn shown(&self, online: bool, delivered: bool) -> bool {
        self.keep_offline || online || !delivered
    }
}

/// An answer that offers a child report, with what is known already.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spawn {
    /// The answer that triggers it.
    pub value: Value,
    /// What to create.
    pub kind: RecordKind,
    /// Values that the new record starts with.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: Values,
}

/// Kinds of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// One line of text.
    Text,
    /// Several lines.
    LongText,
    /// A whole number.
    Number,
    /// Yuan with at most two decimals.
    Money,
    /// `YYYY-MM-DD`
    Date,
    /// RFC 3339, or local time.
    Datetime,
    /// One id of the options.
    Choice,
    /// A list of ids of the options.
    Multi,
    /// true or false
    YesNo,
    /// A phone number.
    Phone,
    /// A document number; a wrong one warns and never blocks.
    IdNumber,
    /// Photos: blobs that carry this path as their role, never a value.
    Photo,
    /// A recording of at most a minute: a blob like photos.
    Audio,
    /// A list of rows.
    Table,
    /// A household's entity id.
    HouseholdRef,
    /// The entity id of another record.
    RecordRef,
    /// A unit's code.
    UnitRef,
    /// Several units' codes.
    UnitRefs,
    /// A user id.
    UserRef,
    /// An area code.
    AreaRef,
    /// {"lat", "lon", "acc"} in WGS-84 degrees and metres.
    Geo,
    /// A signature or fingerprint: blobs like photos; the signed paper stays the original.
    Signature,
    /// Follows from other answers ([`computed`]); never entered.
    Computed,
    /// A person: `<household id>/<member row>`, or a name where the household is not known.
    PersonRef,
    /// A site or point: its entity id or code, or its name.
    PlaceRef,
    /// Words to read: its label and help. Nothing is answered.
    Note,
}

impl FieldKind {
    /// True for fields whose answer is a blob with the path as its role.
    pub const fn is_blob(self) -> bool {
        matches!(self, Self::Photo | Self::Audio | Self::Signature)
    }
}

/// Where choices come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Options {
    /// A dictionary of the package.
    Dict(String),
    /// A short list of its own.
    Inline(Vec<Choice>),
}

/// One choice of a dictionary or of a field.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Choice {
    /// Stable identifier that records store.
    pub id: String,
    /// The words.
    pub label: String,
    /// The choice above it: a subtype's category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Suggested level of a hazard subtype (HAZ-01).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// Needs a grant by name (domain data 4.1.3); never offered by ordinary forms.
    #[serde(default, skip_serializing_if = "is_default")]
    pub restricted: bool,
    /// Not offered any more; old records that hold it stay readable and may be sent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub retired: bool,
    /// Points of a risk item.
    #[serde(default, skip_serializing_if = "is_default")]
    pub points: u32,
    /// Class in the 19-class monthly table of disputes (REP-05).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class19: Option<u32>,
    /// The confidential form that this goes to: offered, and never stored in the record that asks (ROLE-11).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apart: Option<String>,
}

fn yes() -> bool {
    true
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_yes(value: &bool) -> bool {
    *value
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests;
