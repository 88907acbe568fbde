//! The township's own record: its names, and which device holds the number authority where there is no server.
//!
//! There is one for each authority, under an id that follows from it, so that two devices can never make two.

use gridbook_log::body::Set;
use gridbook_log::{Body, Create, DeviceId, Entity, EntityId, Op, Placement, Values};
use serde_json::json;

use crate::territory::{AreaCode, AreaLevel};

/// Longest name of a township, characters.
pub const MAX_NAME: usize = 40;
/// Longest beginning of official numbers, characters.
pub const MAX_NUMBER_CODE: usize = 10;

/// What cannot be a township's. All of it stays for good once one is founded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TownshipError {
    /// No name, or one that is too long.
    Name,
    /// Not the code of a township.
    Code,
    /// No beginning of official numbers, or one that is too long.
    NumberCode,
}

/// Checks a name.
///
/// # Errors
/// [`TownshipError::Name`].
pub fn check_name(name: &str) -> Result<(), TownshipError> {
    short(name, MAX_NAME).then_some(()).ok_or(TownshipError::Name)
}

/// Checks a code: nine digits that are a township's (4.2.1).
///
/// # Errors
/// [`TownshipError::Code`].
pub fn check_code(code: &str) -> Result<(), TownshipError> {
    let own = AreaCode::parse(code).is_ok_and(|code| code.level() == AreaLevel::Township);
    own.then_some(()).ok_or(TownshipError::Code)
}

/// Checks how official numbers begin.
///
/// # Errors
/// [`TownshipError::NumberCode`].
pub fn check_number_code(code: &str) -> Result<(), TownshipError> {
    short(code, MAX_NUMBER_CODE).then_some(()).ok_or(TownshipError::NumberCode)
}

fn short(text: &str, most: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= most && !text.chars().any(char::is_control)
}

/// The `type` of its create operation.
pub const TYPE: &str = "township";

/// Begins the ids of these records.
const ID: &[u8; 8] = b"township";

/// See the module's text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Township {
    /// Code, 9 digits.
    pub code: String,
    /// Name.
    pub name: String,
    /// How official numbers begin.
    pub number_code: String,
    /// The device that numbers and receives.
    pub holder: Option<DeviceId>,
    /// The epoch under which the holder writes as the authority. Whoever takes over chooses another one.
    pub term: u32,
}

impl Township {
    /// Where the record of an authority lies.
    pub fn id(authority: DeviceId) -> EntityId {
        let mut id = [0; 16];
        id[..8].copy_from_slice(ID);
        id[8..].copy_from_slice(&authority.0);
        EntityId(id)
    }

    /// The authority whose record lies there; `None` for every other id.
    pub fn authority(id: EntityId) -> Option<DeviceId> {
        let (begin, dev) = id.0.split_first_chunk::<8>()?;
        dev.try_into().ok().filter(|_| begin == ID).map(DeviceId)
    }

    /// Reads the record.
    pub fn of(entity: &Entity) -> Option<Self> {
        let text = |path: &str| entity.text(path).unwrap_or_default().to_owned();
        (entity.type_() == Some(TYPE)).then(|| Self {
            code: text("code"),
            name: text("name"),
            number_code: text("number_code"),
            holder: entity.text("holder").and_then(DeviceId::parse),
            term: entity
                .get("term")
                .and_then(serde_json::Value::as_u64)
                .and_then(|term| u32::try_from(term).ok())
                .unwrap_or_default(),
        })
    }

    /// The device that the record ever named as the one that answers in a term: its key signs what was answered then.
    pub fn holder_in(ops: &[Op], term: u32) -> Option<DeviceId> {
        ops.iter().find_map(|op| {
            let set = match op.body() {
                Ok(Body::Create(create)) if create.type_ == TYPE => &create.set,
                Ok(Body::Set(set)) => &set.set,
                _ => return None,
            };
            let named = set.get("term").and_then(serde_json::Value::as_u64) == Some(u64::from(term));
            set.get("holder")?.as_str().filter(|_| named).and_then(DeviceId::parse)
        })
    }

    fn holding(&self) -> Values {
        let holder = self.holder.map(|dev| dev.to_string());
        Values::from([("holder".to_owned(), json!(holder)), ("term".to_owned(), json!(self.term))])
    }

    /// Makes the record.
    pub fn create(&self) -> Create {
        let mut set = self.holding();
        for (path, text) in [("code", &self.code), ("name", &self.name), ("number_code", &self.number_code)] {
            set.insert(path.to_owned(), json!(text));
        }
        let place = Placement { all: Some(true), ..Placement::default() };
        Create { type_: TYPE.to_owned(), place, set, ..Create::default() }
    }

    /// Another holder or term.
    pub fn hand_over(&self) -> Set {
        Set { set: self.holding(), ..Set::default() }
    }
}
