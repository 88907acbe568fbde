//! Names behind codes: people, areas, units, as this device knows them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gridbook_domain::date;
use gridbook_domain::record::RecordKind;
use gridbook_domain::summary::Summary;
use gridbook_domain::territory::covers;
use gridbook_domain::territory::zone::{Zones, is_zone};
use gridbook_log::EntityId;
use leptos::prelude::*;

use crate::app::use_app;

/// The directory that every signed-in person holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Name of an account.
    pub people: BTreeMap<String, String>,
    /// Name of an area code.
    pub areas: BTreeMap<String, String>,
    /// Codes of areas that do not exist today: ended, or still to come (TERR-03).
    pub past: BTreeSet<String>,
    /// Which village lies in which zone (TERR-01).
    pub zones: Zones,
    /// Name of a unit code.
    pub units: BTreeMap<String, String>,
}

impl Names {
    /// A person's name; the account when it is not known here.
    pub fn person(&self, user: &str) -> String {
        self.people.get(user).cloned().unwrap_or_else(|| user.to_owned())
    }

    /// A unit's name; the code when it is not known here.
    pub fn unit(&self, code: &str) -> String {
        self.units.get(code).cloned().unwrap_or_else(|| code.to_owned())
    }

    /// An area in words: village and group.
    pub fn area(&self, code: &str) -> String {
        let mut words = String::new();
        for length in [12, 15, 17] {
            if let Some(name) = code.get(..length).and_then(|code| self.areas.get(code)) {
                // A full name that repeats the one above it says it once.
                let rest = name.strip_prefix(words.as_str()).unwrap_or(name);
                words.push_str(rest);
            }
        }
        if words.is_empty() {
            self.areas.get(code).cloned().unwrap_or_else(|| code.to_owned())
        } else {
            words
        }
    }

    /// Areas that a new record can lie in: the smallest ones known under these codes.
    pub fn leaves(&self, prefixes: &[&str]) -> Vec<(String, String)> {
        let inside = |code: &str| prefixes.iter().any(|prefix| covers(prefix, code));
        let mut found: Vec<(String, String)> = self
            .areas
            .keys()
            .filter(|code| inside(code) && code.len() >= 12 && !is_zone(code) && !self.past.contains(*code))
            .filter(|code| !self.areas.keys().any(|other| other.len() > code.len() && covers(code, other)))
            .map(|code| (code.clone(), self.area(code)))
            .collect();
        for prefix in prefixes {
            if !found.iter().any(|(code, _)| covers(prefix, code)) {
                found.push(((*prefix).to_owned(), self.area(prefix)));
            }
        }
        found
    }
}

impl gridbook_domain::ledger::Names for Names {
    fn person(&self, user: &str) -> String {
        Self::person(self, user)
    }

    fn unit(&self, code: &str) -> String {
        Self::unit(self, code)
    }

    fn area(&self, code: &str) -> String {
        Self::area(self, code)
    }
}

/// The directory, kept up to date.
pub type Directory = Memo<Arc<Names>>;

/// Makes the directory; once, at the root of a signed-in app.
pub fn provide_directory() -> Directory {
    let app = use_app();
    // Most changes are of reports and households, which it does not name: it is made anew only when a row of its own
    // differs, or the day does.
    let known = Memo::new(move |_| {
        app.version.track();
        let own = |row: &Summary| matches!(row.kind, RecordKind::Staff | RecordKind::Area | RecordKind::Unit);
        let rows: Vec<(EntityId, u64)> = app.rows(|rows| {
            let own = rows.iter().filter(|(_, row)| row.summary.as_ref().is_some_and(own));
            own.map(|(id, row)| (*id, row.version())).collect()
        });
        (app.today(), rows)
    });
    let directory = Memo::new(move |_| {
        let today = known.with(|(today, _)| *today);
        let mut names = Names::default();
        untrack(|| {
            app.rows(|rows| {
                let areas = rows
                    .values()
                    .filter_map(|row| row.summary.as_ref())
                    .filter(|s| s.kind == RecordKind::Area);
                let zoned = areas.filter_map(|s| Some((s.number.as_str(), s.categories.get(2)?.as_str())));
                names.zones = Zones::of(zoned);
                for summary in rows.values().filter_map(|row| row.summary.as_ref()) {
                    let list = match summary.kind {
                        // Mediators without an account stand in it too; nothing is said by account of them.
                        RecordKind::Staff if !summary.number.is_empty() => &mut names.people,
                        RecordKind::Area => &mut names.areas,
                        RecordKind::Unit => &mut names.units,
                        _ => continue,
                    };
                    list.insert(summary.number.clone(), summary.title.clone());
                    if let (RecordKind::Area, [from, to, ..]) = (summary.kind, summary.categories.as_slice())
                        && (date::parse(from).is_some_and(|from| today < from)
                            || date::parse(to).is_some_and(|to| to < today))
                    {
                        names.past.insert(summary.number.clone());
                    }
                }
            });
        });
        Arc::new(names)
    });
    provide_context(directory);
    directory
}

/// The directory.
pub fn use_directory() -> Directory {
    expect_context()
}
