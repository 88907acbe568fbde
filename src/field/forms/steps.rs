//! Steps of a form: sections that a complete record needs first, at most seven questions at a time; the rest can
//! wait behind 更多.

use gridbook_domain::form::{Choice, Field, FieldKind, FilledBy, Options, Section, visible};

use leptos::prelude::*;

use crate::ui::form::FormState;

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    /// Heading.
    pub title: String,
    /// Ids of its sections.
    pub sections: Vec<String>,
    /// Can wait.
    pub more: bool,
}

/// The steps as they stand now; follows changes.
pub(super) fn steps(state: FormState, quick: bool, only: &[String]) -> Vec<Step> {
    let form = state.form();
    if !only.is_empty() {
        let named = only.iter().filter_map(|id| form.sections.iter().find(|section| section.id == *id));
        return named
            .map(|section| Step {
                title: section.title.clone(),
                sections: vec![section.id.clone()],
                more: false,
            })
            .collect();
    }
    let mut main: Vec<Step> = Vec::new();
    let mut more: Vec<Step> = Vec::new();
    for section in &form.sections {
        if section.by == FilledBy::Handler || !shown(state, section) {
            continue;
        }
        // People are there now: signing does not wait behind 更多.
        let signed = section.fields.iter().any(|field| field.kind == FieldKind::Signature);
        let needed = signed || section.fields.iter().any(|field| state.needed(field, None));
        let step = Step { title: section.title.clone(), sections: vec![section.id.clone()], more: !needed };
        // Checks that one tap answers go on the page before.
        if needed
            && check_group(section).is_some()
            && let Some(before) = main.last_mut()
        {
            before.title = format!("{}、{}", before.title, section.title);
            before.sections.push(section.id.clone());
        } else if needed || main.is_empty() {
            main.push(Step { more: false, ..step });
        } else {
            more.push(step);
        }
    }
    if quick {
        main.truncate(1);
        more.clear();
    }
    main.into_iter().chain(more).collect()
}

fn shown(state: FormState, section: &Section) -> bool {
    state.values.with(|values| section.fields.iter().any(|field| visible(section, field, values)))
}

/// The fields of a section of checks with one set of answers, of which one is `ok`.
pub(super) fn check_group(section: &Section) -> Option<&[Field]> {
    let dict = |field: &Field| match &field.options {
        Some(Options::Dict(id)) if field.kind == FieldKind::Choice => Some(id.clone()),
        _ => None,
    };
    let first = dict(section.fields.first()?)?;
    let same = section.fields.iter().all(|field| dict(field).as_ref() == Some(&first));
    (same && section.fields.len() >= 3).then_some(&section.fields)
}

/// Whether a check group has an answer that says all is well.
pub(super) fn all_well(choices: &[Choice]) -> bool {
    choices.iter().any(|choice| choice.id == "ok")
}

/// The step in which a path is asked.
pub(super) fn step_of(state: FormState, steps: &[Step], path: &str) -> Option<usize> {
    let form = state.form();
    let (section, _) = form.locate(path)?;
    steps.iter().position(|step| step.sections.contains(&section.id))
}
