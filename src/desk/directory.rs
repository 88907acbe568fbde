//! Names for codes: areas, units and people, from the directory that every desk holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use gridbook_domain::package::Package;
use gridbook_domain::record::RecordKind;
use leptos::prelude::*;

use crate::app::App;

/// Names by code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory {
    /// Area code → name.
    pub areas: BTreeMap<String, String>,
    /// Unit code → name.
    pub units: BTreeMap<String, String>,
    /// Account → name.
    pub staff: BTreeMap<String, String>,
}

impl Directory {
    /// Reads it from the records on this device.
    pub fn read(app: App) -> Self {
        app.rows(|rows| {
            let mut directory = Self::default();
            for summary in rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref()) {
                let names = match summary.kind {
                    RecordKind::Area => &mut directory.areas,
                    RecordKind::Unit => &mut directory.units,
                    RecordKind::Staff => &mut directory.staff,
                    _ => continue,
                };
                names.insert(summary.number.clone(), summary.title.clone());
            }
            directory
        })
    }

    /// Where a code lies in words, from the village down: `柳湾村 3组`. Unknown codes are shown as they are.
    pub fn place(&self, code: &str) -> String {
        let parts: Vec<&str> = [12, 15, 17]
            .into_iter()
            .filter_map(|len| code.get(..len))
            .filter_map(|prefix| self.areas.get(prefix))
            .map(String::as_str)
            .collect();
        match (parts.is_empty(), self.areas.get(code)) {
            (false, _) => parts.join(" "),
            (true, Some(name)) => name.clone(),
            (true, None) => code.to_owned(),
        }
    }

    /// The village of a code.
    pub fn village(&self, code: &str) -> String {
        let prefix = code.get(..12).unwrap_or(code);
        self.areas.get(prefix).cloned().unwrap_or_else(|| prefix.to_owned())
    }

    /// Name of a unit.
    pub fn unit(&self, code: &str) -> String {
        self.units.get(code).cloned().unwrap_or_else(|| code.to_owned())
    }

    /// Name of a person.
    pub fn person(&self, user: &str) -> String {
        self.staff.get(user).cloned().unwrap_or_else(|| user.to_owned())
    }

    /// Villages with their codes, in order of code.
    pub fn villages(&self) -> Vec<(String, String)> {
        self.areas.iter().filter(|(code, _)| code.len() == 12).map(|(c, n)| (c.clone(), n.clone())).collect()
    }
}

/// Everything that turns ids into words: the data package and the directory.
#[derive(Clone, Copy)]
pub struct Words {
    app: App,
    directory: Memo<Arc<Directory>>,
}

impl Words {
    /// Makes it once, for the whole desk.
    pub fn provide(app: App) -> Self {
        let directory = Memo::new(move |_| {
            app.version.track();
            Arc::new(Directory::read(app))
        });
        let words = Self { app, directory };
        provide_context(words);
        words
    }

    /// The directory; reactive.
    pub fn directory(&self) -> Arc<Directory> {
        self.directory.get()
    }

    /// The data package.
    pub fn package(&self) -> Arc<Package> {
        self.app.package()
    }
}

/// The words of this desk.
pub fn use_words() -> Words {
    expect_context::<Words>()
}
