//! What a step asks for, as a form of its own, and what of the record stands behind the answers.

use std::collections::BTreeSet;

use gridbook_log::set_of;

use super::{Transition, owned_path};
use crate::case::CaseView;
use crate::clock::OPEN;
use crate::form::{Field, FilledBy, Form, Section, Values};
use crate::package::Package;
use crate::record::RecordKind;

impl Transition {
    /// The inputs that a kind of record is asked for, as a form.
    pub fn form(&self, kind: RecordKind) -> Form {
        Form {
            covers: 0,
            id: self.action.clone(),
            version: 1,
            title: self.label.clone(),
            record: kind,
            restricted: false,
            heard_by: None,
            superseded: None,
            sections: vec![Section {
                id: self.action.clone(),
                title: self.label.clone(),
                visible_when: None,
                by: FilledBy::Reporter,
                fields: self.inputs_for(kind).cloned().collect(),
            }],
        }
    }
}

/// Values of the record behind what is entered, for the conditions of inputs: an old answer never stands in for a new
/// one, except for facts of the record that the step may leave as they are.
pub fn standing(package: &Package, step: &Transition, case: &CaseView) -> Values {
    let fresh = |field: &&Field| !field.set || owned_path(package, case.kind, &field.path);
    let asked: BTreeSet<&str> =
        set_of(step.inputs_for(case.kind).filter(fresh).map(|field| field.path.as_str()));
    let mut values = case.values.clone();
    values.retain(|path, _| !asked.contains(path.split('/').next().unwrap_or(path)));
    if !package.class_choices(&case.values).is_empty() {
        values.insert(OPEN.to_owned(), true.into());
    }
    values
}
