//! Where a reader stands in a share. To the engine it is opaque text.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A place in one log: after the segment that ends at `at` and has this mark, and `more` operations further.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place(pub(super) u64, pub(super) String, pub(super) u64);

/// See the module's text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// History of the share.
    #[serde(rename = "h")]
    pub(super) history: String,
    /// WebDAV: a place in each log.
    #[serde(rename = "l", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) logs: BTreeMap<String, Place>,
    /// CouchDB: the last sequence taken in whole, as the server wrote it.
    #[serde(rename = "s", default, skip_serializing_if = "String::is_empty")]
    pub(super) seq: String,
    /// CouchDB: a document taken in part, and how many of its operations.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub(super) part: Option<(String, u64)>,
    /// CouchDB: the last document seen, and the last of our own: if they are gone, the database went back.
    #[serde(rename = "w", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) seen: Vec<String>,
    /// CouchDB: documents that were passed over because they could not be read, the latest last.
    #[serde(rename = "u", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) left: Vec<String>,
    /// The photo that this device sent last: if it is gone, the share went back, though nothing of the log is missing.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub(super) photo: Option<String>,
}

impl Cursor {
    /// Reads a cursor of this history; `None` for one of another backend or history.
    pub(super) fn read(text: &str, history: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self { history: history.to_owned(), ..Self::default() });
        }
        serde_json::from_str::<Self>(text).ok().filter(|cursor| cursor.history == history)
    }

    pub(super) fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_reads_back(
            logs in prop::collection::btree_map("[0-9a-f]{16}-1-[0-9]", (any::<u64>(), "[0-9a-f]{8}", any::<u64>()), 0..4),
            seq in "\\PC{0,20}",
            part in prop::option::of(("\\PC{0,8}", any::<u64>())),
        ) {
            let logs = logs.into_iter().map(|(name, (at, mark, more))| (name, Place(at, mark, more))).collect();
            let cursor = Cursor { history: "h1".to_owned(), logs, seq, part, seen: vec!["a".to_owned()], left: vec!["s-b".to_owned()], photo: Some("b".to_owned()) };
            prop_assert_eq!(Cursor::read(&cursor.write(), "h1"), Some(cursor.clone()));
            prop_assert_eq!(Cursor::read(&cursor.write(), "h2"), None);
        }
    }

    #[test]
    fn cursors_of_other_backends_are_none_of_ours() {
        for text in ["1.046f3bf70e000860.41", "17", "{}", "[]", "null", "{\"h\":1}"] {
            assert_eq!(Cursor::read(text, "h"), None, "{text}");
        }
        assert!(Cursor::read("", "h").is_some());
    }
}
