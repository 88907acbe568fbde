//! Duplicates (TERR-13): a key belongs to one row of the import, and to one record of the system.

use super::existing::{PersonKey, SameBy};
use super::people::same_words;
use super::preview::{RowRef, Run};
use super::problem::{Duplicate, ProblemCode};
use super::text::quote;
use super::value::RowReader;
use crate::record::RecordKind;

/// What a row claims to be; two rows may not claim the same.
#[derive(Clone, Copy)]
pub(super) enum Claim<'a> {
    Area(&'a str),
    Household(&'a str),
    User(&'a str),
    Person(PersonKey<'a>),
}

impl Run<'_> {
    /// Claims a key for a row; `false` when another row or record has it and nobody accepted that. A row with
    /// problems claims nothing, so that its corrected twin further down is good.
    pub(super) fn claim(&mut self, reader: &RowReader<'_>, column: &str, claim: Claim<'_>) -> bool {
        if !reader.problems.is_empty() {
            return true;
        }
        let found = match &claim {
            Claim::Area(code) => {
                self.claimed_key(RecordKind::Area, code, self.existing.areas.contains(*code))
            }
            Claim::User(user) => {
                self.claimed_key(RecordKind::Staff, user, self.existing.users.contains(*user))
            }
            Claim::Household(code) => {
                self.claimed_key(RecordKind::Household, code, self.existing.households.contains_key(*code))
            }
            Claim::Person(key) => self.claimed_person(*key),
        };
        let Some((other, may_accept, message)) = found else {
            match claim {
                Claim::Area(key) => self.remember(RecordKind::Area, key, &reader.at),
                Claim::User(key) => self.remember(RecordKind::Staff, key, &reader.at),
                Claim::Household(key) => self.remember(RecordKind::Household, key, &reader.at),
                Claim::Person(key) => self.persons.insert(key, &reader.at),
            }
            return true;
        };
        if may_accept && self.options.accept.contains(&reader.at) {
            if let Claim::Person(key) = claim {
                self.persons.insert(key, &reader.at);
            }
            return true;
        }
        let code =
            if other.is_some() { ProblemCode::DuplicateInFile } else { ProblemCode::DuplicateExisting };
        let column = reader.column(column).map_or("", |column| column.header).to_owned();
        self.out.duplicates.push(Duplicate {
            at: reader.at.clone(),
            column,
            code,
            other,
            may_accept,
            message,
        });
        false
    }

    fn remember(&mut self, kind: RecordKind, key: &str, at: &RowRef) {
        self.claimed.insert((kind, key.to_owned()), at.clone());
    }

    fn claimed_key(
        &self,
        kind: RecordKind,
        key: &str,
        exists: bool,
    ) -> Option<(Option<RowRef>, bool, String)> {
        if let Some(other) = self.claimed.get(&(kind, key.to_owned())) {
            let message = format!("{} 与第 {} 行重复。请删去一行或改正编号。", quote(key), other.row);
            return Some((Some(other.clone()), false, message));
        }
        exists.then(|| {
            (None, false, format!("{} 系统里已经有了，不会重复导入。要修改请到该记录里改。", quote(key)))
        })
    }

    fn claimed_person(&self, key: PersonKey<'_>) -> Option<(Option<RowRef>, bool, String)> {
        let ask = |same: SameBy| {
            let accept = same != SameBy::IdNumber;
            let what = if accept {
                "确是两个人就勾选“仍然导入”，否则删去一行。"
            } else {
                "请删去一行或改正身份证号。"
            };
            (accept, what)
        };
        if let Some((same, other)) = self.persons.find(key) {
            let (accept, what) = ask(same);
            let message = format!(
                "{} 与“{}”第 {} 行{}。{what}",
                quote(key.name),
                other.sheet,
                other.row,
                same_words(same)
            );
            return Some((Some(other.clone()), accept, message));
        }
        let (same, household) = self.existing.persons.find(key)?;
        let (accept, what) = ask(same);
        let place = if household.is_empty() { "另一户".to_owned() } else { format!("户 {household}") };
        Some((None, accept, format!("{} 与系统里{place}的人{}。{what}", quote(key.name), same_words(same))))
    }
}
