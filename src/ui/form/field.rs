//! One question: label, hint, control, problem; shown only while its condition holds.

use std::sync::Arc;

use gridbook_domain::form::{Field, FieldKind, computed_words};
use leptos::prelude::*;

use super::{FormState, choice, control, photos, pick, place, refs, signature, table};
use crate::ui::icon::icon;
use crate::ui::live;

/// Where a field's answer is kept, and how tests find it.
#[derive(Debug, Clone, Default)]
pub struct At {
    /// Path of the value: `met`, `parties/<row>/name`.
    pub path: String,
    /// The row around it: `parties/<row>`.
    pub row: Option<String>,
    /// The path with the row's place instead of its id: `parties/0/name`.
    pub test: String,
}

impl At {
    /// A field of the record itself.
    pub fn top(path: &str) -> Self {
        Self { path: path.to_owned(), row: None, test: path.to_owned() }
    }

    /// A column of a row.
    pub fn column(table: &str, row: &str, place: usize, column: &str) -> Self {
        Self {
            path: format!("{table}/{row}/{column}"),
            row: Some(format!("{table}/{row}")),
            test: format!("{table}/{place}/{column}"),
        }
    }

    /// Id of the control.
    pub fn id(&self) -> String {
        format!("f-{}", self.path.replace('/', "-"))
    }

    /// What tests look for.
    pub fn test_id(&self) -> String {
        format!("field-{}", self.test)
    }
}

/// Several fields of the record.
pub fn fields(state: FormState, list: &[Field]) -> Vec<AnyView> {
    list.iter().map(|one| field(state, Arc::new(one.clone()), At::top(&one.path))).collect()
}

/// One field.
pub fn field(state: FormState, field: Arc<Field>, at: At) -> AnyView {
    let Some(when) = field.visible_when.clone() else { return draw(state, &field, &at) };
    let row = at.row.clone();
    let shown = Memo::new(move |_| state.holds(&when, row.as_deref()));
    live(move || shown.get().then(|| draw(state, &field, &at)))
}

fn draw(state: FormState, field: &Arc<Field>, at: &At) -> AnyView {
    if field.path == "no_change" {
        return choice::no_change(state, at);
    }
    if !state.shown(field, &at.path) {
        return kept_away(state, field, at);
    }
    match field.kind {
        FieldKind::Table => table::table(state, field),
        FieldKind::Note => note(field),
        FieldKind::Choice | FieldKind::Multi | FieldKind::YesNo if choice::as_chips(state, field) => {
            let legend = label(state, field, at);
            group(state, field, at, legend, choice::chips(state, field, at))
        }
        FieldKind::Signature => {
            let legend = label(state, field, at);
            group(state, field, at, legend, signature::signature(state, field, at))
        }
        FieldKind::Photo | FieldKind::Audio => {
            let legend = label(state, field, at);
            group(state, field, at, legend, photos::photos(state, field, at))
        }
        FieldKind::UnitRefs => {
            let legend = label(state, field, at);
            group(state, field, at, legend, refs::units(state, at))
        }
        kind => {
            let inside = match kind {
                FieldKind::HouseholdRef => refs::household(state, field, at),
                FieldKind::PersonRef => pick::person(state, field, at),
                FieldKind::PlaceRef => pick::place(state, field, at),
                FieldKind::Geo => place::geo(state, at),
                FieldKind::Computed => computed_value(state, field, at),
                FieldKind::RecordRef | FieldKind::UnitRef | FieldKind::UserRef | FieldKind::AreaRef => {
                    refs::select(state, field, at)
                }
                FieldKind::Choice | FieldKind::Multi => choice::select(state, field, at),
                _ => control::text(state, field, at),
            };
            let label = label(state, field, at);
            wrap(
                state,
                field,
                at,
                view! { <label class="label" for=at.id()>{label}</label> }.into_any(),
                inside,
            )
        }
    }
}

/// Words to read.
fn note(field: &Field) -> AnyView {
    let help = field.help.clone().map(|text| view! { <p>{text}</p> });
    view! { <div class="field" role="note"><p class="label">{field.label.clone()}</p>{help}</div> }.into_any()
}

/// An answer that is there, and that this device does not show now.
fn kept_away(state: FormState, field: &Arc<Field>, at: &At) -> AnyView {
    let words = view! { <p class="help">"已经登记。为防手机丢失，有网络时才显示、才能改。"</p> };
    let label = label(state, field, at);
    wrap(state, field, at, view! { <span class="label">{label}</span> }.into_any(), words.into_any())
}

/// An answer that follows from others: shown, never entered.
fn computed_value(state: FormState, field: &Arc<Field>, at: &At) -> AnyView {
    let (field, row) = (field.clone(), at.row.clone());
    let form = state.form();
    let value = move || {
        let value = state.values.with(|values| computed_words(&form, &field, row.as_deref(), values));
        value.unwrap_or_else(|| "—".to_owned())
    };
    view! { <output class="input" id=at.id() data-testid=at.test_id()>{value}</output> }.into_any()
}

/// The question, and whether it has to be answered.
fn label(state: FormState, field: &Arc<Field>, at: &At) -> AnyView {
    let words = field.label.clone();
    let (field, row) = (field.clone(), at.row.clone());
    let needed =
        move || state.needed(&field, row.as_deref()).then(|| view! { <span class="req">" 必填"</span> });
    view! { {words}{live(needed)} }.into_any()
}

fn group(state: FormState, field: &Arc<Field>, at: &At, legend: AnyView, inside: AnyView) -> AnyView {
    let path = at.path.clone();
    let bad = move || state.problem(&path).is_some_and(|(_, blocks)| blocks);
    view! {
        <fieldset
            class="field choice"
            class:is-invalid=bad
            data-path=at.path.clone()
            data-testid=at.test_id()
            aria-describedby=described(field, at)
        >
            <legend class="label">{legend}</legend>
            {help(state, field, at)}
            {inside}
            {error(state, at)}
        </fieldset>
    }
    .into_any()
}

fn wrap(state: FormState, field: &Arc<Field>, at: &At, label: AnyView, inside: AnyView) -> AnyView {
    let path = at.path.clone();
    let bad = move || state.problem(&path).is_some_and(|(_, blocks)| blocks);
    view! {
        <div class="field" class:is-invalid=bad data-path=at.path.clone()>
            {label}
            {help(state, field, at)}
            {inside}
            {error(state, at)}
        </div>
    }
    .into_any()
}

/// Ids of the hint and of the problem, for `aria-describedby`.
pub(super) fn described(field: &Field, at: &At) -> String {
    if field.help.is_some() { format!("{0}-h {0}-e", at.id()) } else { format!("{}-e", at.id()) }
}

/// The hint, and what is proposed.
fn help(state: FormState, field: &Field, at: &At) -> AnyView {
    let hint = field.help.clone().map(|text| {
        view! { <p class="help" id=format!("{}-h", at.id())>{text}</p> }
    });
    let proposed = state.proposed(&at.path).map(|text| {
        view! { <p class="help" data-testid=format!("proposed-{}", at.path)>{text}</p> }
    });
    view! { {hint}{proposed} }.into_any()
}

fn error(state: FormState, at: &At) -> AnyView {
    let path = at.path.clone();
    let id = format!("{}-e", at.id());
    view! {
        <div id=id>
            {live(move || {
                state.problem(&path).map(|(words, blocks)| {
                    let class = if blocks { "error" } else { "doubt" };
                    view! { <p class=class>{icon("warn")}{words}</p> }
                })
            })}
        </div>
    }
    .into_any()
}
