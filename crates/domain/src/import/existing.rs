//! What the system knows already: the yardstick for codes and duplicates.

use std::collections::{BTreeMap, BTreeSet};

use gridbook_log::Entity;

use crate::household::HouseholdView;
use crate::household::party::{PARTY, PARTY_RED};
use crate::package::Package;
use crate::record::RecordKind;

use super::text::{SEPARATORS, bare_label};

/// One word of a list that cells may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// Identifier.
    pub id: String,
    /// Label people write.
    pub label: String,
    /// Never imported by sheet.
    pub restricted: bool,
}

/// The words cells may use for roles and household categories.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vocabulary {
    /// Roles (4.1.1).
    pub roles: Vec<Term>,
    /// Household categories (4.4).
    pub categories: Vec<Term>,
}

/// Categories that only a named grant may record (4.1.3, 4.4): a sheet that carries them is told so.
const RESTRICTED: [(&str, &str, bool); 6] = [
    ("mental_unstable", "严重精神障碍(不稳定)", true),
    ("mental_basic", "严重精神障碍(基本稳定)", true),
    ("mental_stable", "严重精神障碍(稳定)", true),
    ("correction", "社区矫正对象家庭", true),
    ("released", "安置帮教对象家庭", true),
    ("rehab", "社区戒毒/康复人员家庭", true),
];

impl Vocabulary {
    /// The words of a data package.
    pub fn of(package: &Package) -> Self {
        // What follows from disputes nobody writes down.
        let written =
            package.categories.iter().filter(|held| ![PARTY, PARTY_RED].contains(&held.id.as_str()));
        let categories = written.map(|c| (c.id.as_str(), c.label.as_str(), false));
        Self::new(
            package.roles.iter().map(|role| (role.id.as_str(), role.label.as_str())),
            categories.chain(RESTRICTED),
        )
    }

    /// Builds the lists from (id, label, restricted).
    pub fn new<'a>(
        roles: impl IntoIterator<Item = (&'a str, &'a str)>,
        categories: impl IntoIterator<Item = (&'a str, &'a str, bool)>,
    ) -> Self {
        let term = |id: &str, label: &str, restricted| Term {
            id: id.to_owned(),
            label: label.to_owned(),
            restricted,
        };
        Self {
            roles: roles.into_iter().map(|(id, label)| term(id, label, false)).collect(),
            categories: categories
                .into_iter()
                .map(|(id, label, restricted)| term(id, label, restricted))
                .collect(),
        }
    }

    /// Splits a list of terms. Labels may contain separators themselves (独居、空巢、留守老人): the longest label that
    /// fits at a place is taken whole.
    pub(super) fn split<'t>(terms: &[Term], text: &'t str) -> Vec<&'t str> {
        let mut found = Vec::new();
        let mut rest = text;
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_whitespace() || SEPARATORS.contains(&c));
            if rest.is_empty() {
                return found;
            }
            let ends = |len: usize| {
                rest.get(len..).is_some_and(|tail| {
                    tail.trim_start().is_empty() || tail.trim_start().starts_with(SEPARATORS)
                })
            };
            let label = terms
                .iter()
                .flat_map(|term| [term.label.as_str(), bare_label(&term.label)])
                .filter(|label| rest.starts_with(label) && ends(label.len()))
                .map(str::len)
                .max();
            let len = label.or_else(|| rest.find(SEPARATORS)).unwrap_or(rest.len());
            let (part, tail) = rest.split_at(len);
            found.push(part.trim());
            rest = tail;
        }
    }

    /// The term of that id or label; a label may lack its brackets and its 户 or 家庭, if only one term fits then.
    pub(super) fn find<'a>(terms: &'a [Term], text: &str) -> Option<&'a Term> {
        fn short(label: &str) -> &str {
            let bare = bare_label(label);
            bare.strip_suffix("家庭").or_else(|| bare.strip_suffix('户')).unwrap_or(bare)
        }
        if let Some(exact) = terms.iter().find(|term| term.id == text || term.label == text) {
            return Some(exact);
        }
        let mut loose = terms.iter().filter(|term| short(&term.label) == short(text));
        let first = loose.next()?;
        loose.next().is_none().then_some(first)
    }
}

/// Codes and keys of the records in the system.
#[derive(Debug, Clone, Default)]
pub struct Existing {
    pub(super) areas: BTreeSet<String>,
    pub(super) households: BTreeMap<String, String>,
    pub(super) users: BTreeSet<String>,
    pub(super) units: BTreeMap<String, String>,
    pub(super) persons: PersonKeys<String>,
}

/// Persons by what identifies them (TERR-13); `T` says where they are.
#[derive(Debug, Clone)]
pub(super) struct PersonKeys<T> {
    by_id: BTreeMap<String, T>,
    by_birth: BTreeMap<(String, String), T>,
    by_phone: BTreeMap<(String, String), T>,
}

impl<T> Default for PersonKeys<T> {
    fn default() -> Self {
        Self { by_id: BTreeMap::new(), by_birth: BTreeMap::new(), by_phone: BTreeMap::new() }
    }
}

/// What makes two persons the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SameBy {
    IdNumber,
    NameAndBirth,
    NameAndPhone,
}

/// The identifying values of one person; empty where unknown.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PersonKey<'a> {
    pub(super) name: &'a str,
    pub(super) birth: &'a str,
    pub(super) phone: &'a str,
    pub(super) id_number: &'a str,
}

impl<T: Clone> PersonKeys<T> {
    pub(super) fn insert(&mut self, key: PersonKey<'_>, place: &T) {
        let pair = |value: &str| (key.name.to_owned(), value.to_owned());
        if !key.id_number.is_empty() {
            self.by_id.entry(key.id_number.to_owned()).or_insert_with(|| place.clone());
        }
        // A year alone does not tell two people apart.
        if key.birth.len() == 10 {
            self.by_birth.entry(pair(key.birth)).or_insert_with(|| place.clone());
        }
        if !key.phone.is_empty() {
            self.by_phone.entry(pair(key.phone)).or_insert_with(|| place.clone());
        }
    }

    pub(super) fn find(&self, key: PersonKey<'_>) -> Option<(SameBy, &T)> {
        let pair = |value: &str| (key.name.to_owned(), value.to_owned());
        if let Some(place) = self.by_id.get(key.id_number) {
            return Some((SameBy::IdNumber, place));
        }
        if key.birth.len() == 10
            && let Some(place) = self.by_birth.get(&pair(key.birth))
        {
            return Some((SameBy::NameAndBirth, place));
        }
        self.by_phone.get(&pair(key.phone)).map(|place| (SameBy::NameAndPhone, place))
    }
}

impl Existing {
    /// Collects the keys of all records given.
    pub fn of<'a>(entities: impl IntoIterator<Item = &'a Entity>) -> Self {
        let mut existing = Self::default();
        for entity in entities {
            existing.add(entity);
        }
        existing
    }

    /// Adds the keys of one record; kinds that sheets do not carry are passed over, refused ones too.
    pub fn add(&mut self, entity: &Entity) {
        if entity.creation().is_none_or(|creation| creation.rejected.is_some()) {
            return;
        }
        let text = |path: &str| entity.text(path).unwrap_or_default();
        match entity.type_().and_then(RecordKind::parse) {
            Some(RecordKind::Area) => self.add_area(text("code")),
            Some(RecordKind::Staff) => self.add_staff(text("user")),
            Some(RecordKind::Unit) => self.add_unit(text("code"), text("name")),
            Some(RecordKind::Household) => {
                let view = HouseholdView::of(entity);
                self.add_household(&view.code, &entity.id().to_string());
                for member in &view.members {
                    self.add_person(
                        &view.code,
                        &member.name,
                        &member.birth,
                        &member.phone,
                        &member.id_number,
                    );
                }
            }
            _ => {}
        }
    }

    /// Adds a territory code.
    pub fn add_area(&mut self, code: &str) {
        self.areas.insert(code.to_owned());
    }

    /// Adds an account.
    pub fn add_staff(&mut self, user: &str) {
        self.users.insert(user.to_owned());
    }

    /// Adds a unit.
    pub fn add_unit(&mut self, code: &str, name: &str) {
        self.units.insert(code.to_owned(), name.to_owned());
    }

    /// Adds a household by its code; `entity` is the hex id of its stream. Households without a code cannot be named.
    pub fn add_household(&mut self, code: &str, entity: &str) {
        if !code.is_empty() {
            self.households.insert(code.to_owned(), entity.to_owned());
        }
    }

    /// Adds a person of a household; unknown values are empty.
    pub fn add_person(&mut self, household: &str, name: &str, birth: &str, phone: &str, id_number: &str) {
        self.persons.insert(PersonKey { name, birth, phone, id_number }, &household.to_owned());
    }
}
