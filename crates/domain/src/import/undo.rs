//! Taking an import back (IO-01): within 24 hours, and only what nothing refers to yet.

use std::collections::BTreeSet;

/// How long an import may be taken back, milliseconds.
pub const UNDO_WITHIN_MS: u64 = 24 * 60 * 60 * 1000;

/// One record that an import created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Its stream, or another key that `referred` uses too (an area code, an account).
    pub key: String,
    /// Whether anything was written to it after the import itself.
    pub changed_since: bool,
}

/// Whether a record may be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UndoVerdict {
    /// Yes.
    May,
    /// No: the 24 hours are over.
    TooLate,
    /// No: somebody wrote to it since.
    Changed,
    /// No: a visit, a case, an assignment or a place inside it refers to it.
    Referred,
}

impl UndoVerdict {
    /// What to tell the user.
    pub fn message(self) -> &'static str {
        match self {
            Self::May => "可以撤销",
            Self::TooLate => "导入已超过 24 小时，不能整批撤销；需要时请逐条更正",
            Self::Changed => "导入后有人改过，保留；需要时请逐条更正",
            Self::Referred => "已有走访、事项或人员与它关联，保留；需要时请逐条更正",
        }
    }
}

/// Judges one record of an import made at `imported_ms`. `referred` holds the keys that records outside the import
/// refer to; records of the same import that refer to each other go together and are not in it.
pub fn undo_verdict(
    item: &Imported,
    imported_ms: u64,
    now_ms: u64,
    referred: &BTreeSet<String>,
) -> UndoVerdict {
    if now_ms.saturating_sub(imported_ms) > UNDO_WITHIN_MS {
        UndoVerdict::TooLate
    } else if referred.contains(&item.key) {
        UndoVerdict::Referred
    } else if item.changed_since {
        UndoVerdict::Changed
    } else {
        UndoVerdict::May
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_and_no_references() {
        let item = |key: &str, changed_since| Imported { key: key.to_owned(), changed_since };
        let referred = BTreeSet::from(["b".to_owned()]);
        let at = 1_000;
        let judge = |item: &Imported, now| undo_verdict(item, at, now, &referred);
        assert_eq!(judge(&item("a", false), at + UNDO_WITHIN_MS), UndoVerdict::May);
        assert_eq!(judge(&item("a", false), at + UNDO_WITHIN_MS + 1), UndoVerdict::TooLate);
        assert_eq!(judge(&item("b", false), at), UndoVerdict::Referred);
        assert_eq!(judge(&item("a", true), at), UndoVerdict::Changed);
        // A clock that went back does not make an import too old.
        assert_eq!(judge(&item("a", false), 0), UndoVerdict::May);
    }
}
