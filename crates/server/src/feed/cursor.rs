//! The cursor's text. Clients do not read it: `1.<history>.<seq>[.<to>.<only or ->.<entity or ->.<op>]`.

use gridbook_log::EntityId;

/// Where a reader stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Whose sequence it counts in.
    pub history: String,
    /// All up to here was delivered.
    pub seq: i64,
    /// A list that is being gone through, if any.
    pub pass: Option<Pass>,
}

/// A list of entities being gone through, from the cursor's number to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    /// Where the cursor stands when it is done.
    pub to: i64,
    /// The one entity concerned; `None` for all.
    pub only: Option<EntityId>,
    /// How far it has come.
    pub place: Place,
}

/// A place in such a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Nothing done.
    Start,
    /// Inside that entity, its operations up to that number done (0: only announced).
    In(EntityId, i64),
    /// That entity and all before it done.
    After(EntityId),
}

impl Cursor {
    /// Before everything.
    pub fn start(history: &str) -> Self {
        Self { history: history.to_owned(), seq: 0, pass: None }
    }

    /// The highest number it speaks of.
    pub fn furthest(&self) -> i64 {
        self.pass.as_ref().map_or(self.seq, |pass| pass.to.max(self.seq))
    }

    /// The text.
    pub fn to_text(&self) -> String {
        let base = format!("1.{}.{}", self.history, self.seq);
        let Some(pass) = &self.pass else { return base };
        let only = pass.only.map_or_else(|| "-".to_owned(), |e| e.to_string());
        let (entity, op) = match pass.place {
            Place::Start => ("-".to_owned(), "-".to_owned()),
            Place::In(entity, op) => (entity.to_string(), op.to_string()),
            Place::After(entity) => (entity.to_string(), "-".to_owned()),
        };
        format!("{base}.{}.{only}.{entity}.{op}", pass.to)
    }

    /// Reads the text; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('.').collect();
        let number = |text: &str| text.parse::<i64>().ok().filter(|n| *n >= 0);
        let (history, seq, rest) = match parts.as_slice() {
            ["1", history, seq, rest @ ..] => (*history, number(seq)?, rest),
            _ => return None,
        };
        if history.is_empty() || history.len() > 64 || !history.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return None;
        }
        let pass = match rest {
            [] => None,
            [to, only, entity, op] => {
                let only = if *only == "-" { None } else { Some(EntityId::parse(only)?) };
                let place = match (*entity, *op) {
                    ("-", "-") => Place::Start,
                    (entity, "-") => Place::After(EntityId::parse(entity)?),
                    (entity, op) => Place::In(EntityId::parse(entity)?, number(op)?),
                };
                Some(Pass { to: number(to)?, only, place })
            }
            _ => return None,
        };
        Some(Self { history: history.to_owned(), seq, pass })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_place_survives_its_text() {
        let entity = EntityId([7; 16]);
        let mut cursor = Cursor::start("ab12");
        assert_eq!(Cursor::parse(&cursor.to_text()).unwrap(), cursor);
        for only in [None, Some(entity)] {
            for place in [Place::Start, Place::In(entity, 0), Place::In(entity, 9), Place::After(entity)] {
                cursor.pass = Some(Pass { to: 40, only, place });
                assert_eq!(Cursor::parse(&cursor.to_text()).unwrap(), cursor);
            }
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in
            ["", "1", "1.ab", "2.ab.3", "1.ab.-3", "1.ab.x", "1..3", "1.ab.3.4", "1.ab.3.4.-.-.5", "1.a b.3"]
        {
            assert_eq!(Cursor::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_read_is_written_the_same() {
        let entity = EntityId([0xab; 16]).to_string();
        let pieces =
            ["1", "0", "00", "-", "+3", "９", "9223372036854775807", "9223372036854775808", "h", "", &entity];
        // Every text of up to seven parts, counted through like a number.
        for n in 0..pieces.len().pow(4) {
            let digits = (0..4).map(|at| pieces[n / pieces.len().pow(at) % pieces.len()]);
            let text = format!("1.h.{}", digits.collect::<Vec<_>>().join("."));
            for text in [text.clone(), format!("{text}.-")] {
                let Some(cursor) = Cursor::parse(&text) else { continue };
                assert!(cursor.seq >= 0 && cursor.furthest() >= cursor.seq, "{text}");
                assert_eq!(Cursor::parse(&cursor.to_text()), Some(cursor), "{text}");
            }
        }
    }
}
