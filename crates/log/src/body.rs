//! Bodies of the known kinds. A body travels as its author's text; this is only how it is understood.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::clock::Hlc;
use crate::id::{Dot, EntityId};

/// Values by path. Paths are joined with `/`; rows of tables have ids: `parties/<row>/phone`.
pub type Values = BTreeMap<String, serde_json::Value>;

/// Suffix of the path that marks a row as taken away: `parties/<row>/_gone` = true.
pub const GONE: &str = "_gone";

const MAX_PATHS: usize = 2000;
const MAX_PATH: usize = 200;

/// Kinds this version understands.
pub mod kind {
    /// First operation of an entity.
    pub const CREATE: &str = "create";
    /// Values by path.
    pub const SET: &str = "set";
    /// One step of a workflow.
    pub const EVENT: &str = "event";
    /// Change of who sees the entity.
    pub const PLACE: &str = "place";
    /// The authority took operations in.
    pub const RECEIPT: &str = "receipt";
    /// The authority refused an operation.
    pub const REJECT: &str = "reject";
    /// The authority gave the official number.
    pub const NUMBER: &str = "number";
    /// The authority corrected the time of an operation.
    pub const CLOCKFIX: &str = "clockfix";
}

/// A photo or other file, named by its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobRef {
    /// SHA-256 of the bytes, 64 hex digits.
    pub sha256: String,
    /// Size in bytes.
    pub size: u32,
    /// Media type.
    pub mime: String,
    /// What it shows, e.g. `photo_before`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// A small JPEG, base64, at most 8 KB, so that lists show pictures before downloads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumb: Option<String>,
}

/// Who sees an entity besides its author, and how that changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// The area code it lies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
    /// Everyone in the tenant may read it (territory, directory of units).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all: Option<bool>,
    /// Units it is shared with from now on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub units_add: Vec<String>,
    /// Units it is no longer shared with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub units_del: Vec<String>,
    /// Accounts it is shared with from now on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users_add: Vec<String>,
    /// Accounts it is no longer shared with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users_del: Vec<String>,
}

/// First operation of an entity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Create {
    /// What it is: `household`, `visit`, `hazard` …
    #[serde(rename = "type")]
    pub type_: String,
    /// Form and version it was written with, `F-VISIT/1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    /// First state of its workflow, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The entity it came from (CAT-07).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<EntityId>,
    /// Who sees it.
    #[serde(default)]
    pub place: Placement,
    /// Values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: Values,
    /// Files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blobs: Vec<BlobRef>,
}

/// One step of a workflow, as its author meant it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Name of the transition.
    pub event: String,
    /// The state its author saw.
    pub from: String,
    /// The state it leads to; the same as `from` for a note.
    pub to: String,
    /// Version of the table of transitions it was judged by.
    pub table: u32,
    /// In which role its author took it; `None` = from before that was written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// What the step needed: reasons, units, limits, texts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub data: Values,
    /// Values of the record that the step corrects in the same save.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: Values,
    /// Change of who sees the entity in the same save.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Placement>,
    /// Files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blobs: Vec<BlobRef>,
}

/// Values changed after creation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Set {
    /// Values; null clears.
    #[serde(default)]
    pub set: Values,
    /// Files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blobs: Vec<BlobRef>,
}

/// The authority took operations of this stream in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Which.
    pub ops: Vec<Dot>,
    /// When, milliseconds since 1970; limits of the centre start here (OFF-02).
    pub at: u64,
    /// Author's clock minus authority's, in milliseconds, as measured at that contact.
    #[serde(default)]
    pub drift: i64,
}

/// The authority refused an operation. It stays in the timeline and does not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    /// Which.
    pub op: Dot,
    /// Machine code of the reason.
    pub code: String,
}

/// The official number of the entity, or of a paper that it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Number {
    /// As printed.
    pub number: String,
    /// The paper that it is for; `None` = the entity itself.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub paper: Option<Paper>,
}

/// A paper with a number of its own: a letter that a step made, or one that the record has once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Paper {
    /// What it is, as the trade names it.
    pub doc: String,
    /// The step that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Dot>,
}

/// A corrected time, used to order concurrent values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockFix {
    /// Which operation.
    pub op: Dot,
    /// The time to use.
    pub hlc: Hlc,
}

/// Why a body went to quarantine: stored, visible, forwarded, without effect, and blocking nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BodyError {
    /// Not the JSON its kind asks for.
    #[error("body does not fit its kind: {0}")]
    Shape(String),
    /// A path is empty, too long or reserved, or there are too many.
    #[error("bad path")]
    Path,
}

/// A body, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// See [`Create`].
    Create(Create),
    /// See [`Set`].
    Set(Set),
    /// See [`Event`].
    Event(Event),
    /// See [`Placement`].
    Place(Placement),
    /// See [`Receipt`].
    Receipt(Receipt),
    /// See [`Reject`].
    Reject(Reject),
    /// See [`Number`].
    Number(Number),
    /// See [`ClockFix`].
    ClockFix(ClockFix),
    /// A kind of a later version, or an erased body: kept, counted, forwarded, folded by those who know it.
    Unknown,
}

impl Body {
    /// Understands `text` as a body of `kind`.
    ///
    /// # Errors
    /// [`BodyError`] when a known kind does not fit.
    pub fn parse(kind: &str, text: &str) -> Result<Self, BodyError> {
        fn json<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, BodyError> {
            serde_json::from_str(text).map_err(|e| BodyError::Shape(e.to_string()))
        }
        let body = match kind {
            kind::CREATE => Self::Create(json(text)?),
            kind::SET => Self::Set(json(text)?),
            kind::EVENT => Self::Event(json(text)?),
            kind::PLACE => Self::Place(json(text)?),
            kind::RECEIPT => Self::Receipt(json(text)?),
            kind::REJECT => Self::Reject(json(text)?),
            kind::NUMBER => Self::Number(json(text)?),
            kind::CLOCKFIX => Self::ClockFix(json(text)?),
            _ => Self::Unknown,
        };
        match body.set() {
            Some(set) if !paths_ok(set) => Err(BodyError::Path),
            _ => Ok(body),
        }
    }

    /// Kind and text of a body that is about to be written.
    pub fn to_text(&self) -> (&'static str, String) {
        fn text<T: Serialize>(value: &T) -> String {
            serde_json::to_string(value).expect("bodies are maps with text keys")
        }
        match self {
            Self::Create(b) => (kind::CREATE, text(b)),
            Self::Set(b) => (kind::SET, text(b)),
            Self::Event(b) => (kind::EVENT, text(b)),
            Self::Place(b) => (kind::PLACE, text(b)),
            Self::Receipt(b) => (kind::RECEIPT, text(b)),
            Self::Reject(b) => (kind::REJECT, text(b)),
            Self::Number(b) => (kind::NUMBER, text(b)),
            Self::ClockFix(b) => (kind::CLOCKFIX, text(b)),
            Self::Unknown => ("unknown", "{}".to_owned()),
        }
    }

    /// The values it writes.
    pub fn set(&self) -> Option<&Values> {
        match self {
            Self::Create(b) => Some(&b.set),
            Self::Set(b) => Some(&b.set),
            Self::Event(b) => Some(&b.set),
            _ => None,
        }
    }

    /// The files it names.
    pub fn blobs(&self) -> &[BlobRef] {
        match self {
            Self::Create(b) => &b.blobs,
            Self::Set(b) => &b.blobs,
            Self::Event(b) => &b.blobs,
            _ => &[],
        }
    }

    /// The change of placement in it.
    pub fn placement(&self) -> Option<&Placement> {
        match self {
            Self::Create(b) => Some(&b.place),
            Self::Event(b) => b.place.as_ref(),
            Self::Place(b) => Some(b),
            _ => None,
        }
    }
}

fn paths_ok(set: &Values) -> bool {
    set.len() <= MAX_PATHS
        && set.keys().all(|path| {
            path.len() <= MAX_PATH
                && !path.starts_with('@')
                && path.split('/').all(|part| !part.is_empty() && !part.chars().any(char::is_control))
        })
}
