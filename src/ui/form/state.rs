//! What a form holds while it is filled in.

use std::collections::BTreeMap;
use std::sync::Arc;

use gridbook_domain::admit::Refusal;
use gridbook_domain::form::{
    Condition, Field, Form, Known, Photos, Problem, Stage, Values, changes, excused, follow, has_left,
    start_of, table_rows, validate,
};
use gridbook_domain::package::Package;
use gridbook_log::{BlobRef, EntityId, map_of};
use gridbook_sync::replica::NewBlob;
use leptos::prelude::*;
use serde_json::Value;

use crate::app::{self, App, photo_name, use_app};
use crate::ui::format;

/// What the moment knows, for what a new record or row starts with (CAT-04).
pub fn known(app: App, area: String) -> Known {
    let name = app.session.with_untracked(|s| s.as_ref().map(|s| s.profile.name.clone()));
    Known {
        today: app.today(),
        now: format::stored_time(&format::input_time(app.now_ms())),
        user: app.user(),
        name: name.unwrap_or_default(),
        area,
    }
}

/// What stands around the inputs of a step.
#[derive(Debug, Clone, Default)]
pub struct Around {
    /// Values of the record behind those entered, for conditions.
    pub record: Values,
    /// What is proposed for an input, and why, by its path.
    pub proposed: BTreeMap<String, String>,
    /// Photos stay in memory until the step is saved: nothing of it is on disk before.
    pub in_memory: bool,
}

/// A form being filled in; a copy goes into any closure.
#[derive(Clone, Copy)]
pub struct FormState {
    /// The app.
    pub app: App,
    form: StoredValue<Arc<Form>>,
    package: StoredValue<Arc<Package>>,
    /// Values so far.
    pub values: RwSignal<Values>,
    /// What the record held before; empty for a new one.
    pub base: StoredValue<Values>,
    around: StoredValue<Option<Around>>,
    /// Bytes of photos that are kept in memory, by their names.
    bytes: StoredValue<BTreeMap<String, Vec<u8>>>,
    /// Photos so far; their bytes are on disk, unless they are kept in memory.
    pub photos: RwSignal<Vec<BlobRef>>,
    /// What has to be mended.
    pub problems: RwSignal<Vec<Problem>>,
    /// Path of the field with the cursor.
    pub focus: RwSignal<String>,
    /// Area code of a new record.
    pub area: RwSignal<String>,
    /// Counts changes by the person.
    pub edits: RwSignal<u64>,
    /// Counts moments in which the draft has to go to disk at once: the camera opens.
    pub hurry: RwSignal<u64>,
    /// Counts changes from elsewhere, after which controls are drawn anew.
    pub redraw: RwSignal<u64>,
}

impl FormState {
    /// A form with what is known already.
    pub fn new(form: Arc<Form>, values: Values) -> Self {
        let app = use_app();
        Self {
            app,
            form: StoredValue::new(form),
            package: StoredValue::new(app.package()),
            values: RwSignal::new(values),
            base: StoredValue::new(Values::new()),
            around: StoredValue::new(None),
            bytes: StoredValue::new(BTreeMap::new()),
            photos: RwSignal::new(Vec::new()),
            problems: RwSignal::new(Vec::new()),
            focus: RwSignal::new(String::new()),
            area: RwSignal::new(String::new()),
            edits: RwSignal::new(0),
            hurry: RwSignal::new(0),
            redraw: RwSignal::new(0),
        }
    }

    /// The inputs of a step with what is proposed for them.
    pub fn of_step(form: Form, values: Values, around: Around) -> Self {
        let state = Self::new(Arc::new(form), values);
        state.around.set_value(Some(around));
        state
    }

    /// Whether these are the inputs of a step.
    pub fn is_step(self) -> bool {
        self.around.with_value(Option::is_some)
    }

    /// Whether photos are kept in memory until the save.
    pub fn in_memory(self) -> bool {
        self.around.with_value(|around| around.as_ref().is_some_and(|around| around.in_memory))
    }

    /// What is proposed for an input, and why.
    pub fn proposed(self, path: &str) -> Option<String> {
        self.around.with_value(|around| around.as_ref()?.proposed.get(path).cloned())
    }

    /// Keeps the bytes of a photo, on disk or in memory, and gives its name.
    ///
    /// # Errors
    /// [`app::Problem`] when the store refuses.
    pub async fn keep(self, bytes: Vec<u8>) -> Result<String, app::Problem> {
        // The form may have been left meanwhile: then nothing names it any more.
        let in_memory = self.around.try_with_value(|around| around.as_ref().is_some_and(|one| one.in_memory));
        if in_memory == Some(false) {
            return self.app.put_photo(bytes).await;
        }
        let name = photo_name(&bytes);
        self.bytes.try_update_value(|held| held.insert(name.clone(), bytes));
        Ok(name)
    }

    /// The photos as a save takes them.
    pub fn new_blobs(self) -> Vec<NewBlob> {
        let photos = self.photos.get_untracked();
        self.bytes.with_value(|held| {
            let blob =
                |photo: BlobRef| NewBlob { bytes: held.get(&photo.sha256).cloned(), sha256: photo.sha256 };
            photos.into_iter().map(blob).collect()
        })
    }

    /// Shows at its inputs why a step was refused, and says it in words.
    pub fn refused(self, refusal: &Refusal) -> String {
        if let Refusal::Invalid(problems) = refusal {
            let _ = self.problems.try_set(problems.clone());
        }
        refusal.message()
    }

    /// The form.
    pub fn form(self) -> Arc<Form> {
        self.form.get_value()
    }

    /// Catalogue and dictionaries.
    pub fn package(self) -> Arc<Package> {
        self.package.get_value()
    }

    /// The value at a path; follows changes.
    pub fn get(self, path: &str) -> Option<Value> {
        self.values.with(|values| values.get(path).cloned())
    }

    /// The text at a path; empty when there is none; follows changes.
    pub fn text(self, path: &str) -> String {
        self.values.with(|values| values.get(path).and_then(Value::as_str).unwrap_or_default().to_owned())
    }

    /// Writes an answer of the person; `None` takes it away. Answers that no longer fit go with it.
    pub fn set(self, path: &str, value: Option<Value>) {
        let package = self.package();
        let form = self.form();
        self.values.update(|values| {
            put(values, path, value);
            if !path.contains('/') {
                follow(&form, &package, values, path);
            }
        });
        self.problems.update(|problems| problems.retain(|problem| problem.path != path));
        self.edits.update(|n| *n += 1);
    }

    /// Writes several answers at once and draws the controls anew.
    pub fn set_all(self, list: impl IntoIterator<Item = (String, Value)>) {
        self.values.update(|values| values.extend(list));
        self.problems.set(Vec::new());
        self.edits.update(|n| *n += 1);
        self.redraw.update(|n| *n += 1);
    }

    /// Whether a condition holds, seen from a row of a table (`parties/<row>`), from what was entered, or from the record
    /// behind it.
    pub fn holds(self, condition: &Condition, row: Option<&str>) -> bool {
        self.values.with(|values| {
            self.around.with_value(|around| {
                let behind = around.as_ref().map(|around| &around.record);
                condition.holds(&|path| {
                    let here = row.and_then(|row| values.get(&format!("{row}/{path}")));
                    here.or_else(|| values.get(path)).or_else(|| behind?.get(path))
                })
            })
        })
    }

    /// Whether a complete record needs this answer now.
    pub fn needed(self, field: &Field, row: Option<&str>) -> bool {
        (field.required && self.values.with(|values| !excused(field, row, values)))
            || field.quick_required
            || field.required_when.as_ref().is_some_and(|when| self.holds(when, row))
    }

    /// Rows of a table, in order; follows changes.
    pub fn rows(self, table: &str) -> Vec<String> {
        self.values.with(|values| {
            let here = |row: &&str| !has_left(values, table, row);
            table_rows(values, table).into_iter().filter(here).map(str::to_owned).collect()
        })
    }

    /// Adds a row with these first values, and what its columns start with.
    pub fn add_row(self, table: &str, first: &[(&str, Value)]) -> String {
        let row = self.app.new_row();
        let (form, known) = (self.form(), known(self.app, self.area.get_untracked()));
        let columns = form.field(table).map(|table| table.fields.as_slice()).unwrap_or_default();
        self.values.update(|values| {
            for column in columns {
                if let Some(value) = start_of(column, &known) {
                    values.insert(format!("{table}/{row}/{}", column.path), value);
                }
            }
            // A column that only has to be there keeps what it starts with.
            for (column, value) in first {
                if value.is_null() && values.contains_key(&format!("{table}/{row}/{column}")) {
                    continue;
                }
                values.insert(format!("{table}/{row}/{column}"), value.clone());
            }
        });
        self.edits.update(|n| *n += 1);
        row
    }

    /// Takes a row away. One that the record holds is marked as gone, so that it goes everywhere.
    pub fn remove_row(self, table: &str, row: &str) {
        let prefix = format!("{table}/{row}/");
        let held = self.base.with_value(|base| base.keys().any(|path| path.starts_with(&prefix)));
        self.values.update(|values| {
            values.retain(|path, _| !path.starts_with(&prefix));
            if held {
                values.insert(format!("{prefix}_gone"), Value::Bool(true));
            }
        });
        self.problems.update(|problems| problems.retain(|problem| !problem.path.starts_with(&prefix)));
        self.edits.update(|n| *n += 1);
    }

    /// What stands at a path in the way, in words; follows changes.
    pub fn problem(self, path: &str) -> Option<(String, bool)> {
        self.problems.with(|problems| {
            problems.iter().find(|problem| problem.path == path).map(|p| (p.message.clone(), p.blocks))
        })
    }

    /// Photos by path, as the domain counts them.
    pub fn counts(self) -> Photos {
        let mut counts = Photos::new();
        self.photos.with_untracked(|photos| {
            for photo in photos {
                *counts.entry(photo.role.clone()).or_default() += 1;
            }
        });
        counts
    }

    /// Checks everything that was entered.
    pub fn check(self, stage: Stage) -> Vec<Problem> {
        let values = self.clean();
        validate(&self.package(), &self.form(), &values, &self.counts(), stage, self.app.today())
    }

    /// Values without rows that were begun and left empty.
    pub fn clean(self) -> Values {
        self.values.with_untracked(|values| {
            let told = values.iter().filter(|(_, value)| !value.is_null());
            map_of(told.map(|(path, value)| (path.clone(), value.clone())))
        })
    }

    /// What differs from the record as it was; null clears.
    pub fn changes(self) -> Values {
        self.base.with_value(|base| changes(base, &self.clean()))
    }

    /// Whether the device shows an answer now: some are kept off the screen once they were delivered and there is no
    /// network (CAT-04).
    pub fn shown(self, field: &Field, path: &str) -> bool {
        let delivered = self.base.with_value(|base| base.contains_key(path));
        field.shown(crate::platform::online(), delivered)
    }

    /// The household that the record is about, when one is chosen; follows changes.
    pub fn household(self) -> Option<EntityId> {
        EntityId::parse(&self.text("household"))
    }
}

fn put(values: &mut Values, path: &str, value: Option<Value>) {
    match value {
        Some(value) => {
            values.insert(path.to_owned(), value);
        }
        // A begun row stays there while it has no answer.
        None if path.contains('/') => {
            values.insert(path.to_owned(), Value::Null);
        }
        None => {
            values.remove(path);
        }
    }
}
