//! Typed answers: text, numbers, dates, phones. The native inputs, so that the phone's own keyboard and pickers
//! come up.

use std::sync::Arc;

use gridbook_domain::form::{Field, FieldKind};
use gridbook_domain::mediation::capital::capital;
use gridbook_domain::mediation::cents;
use leptos::prelude::*;
use serde_json::{Number, Value};

use super::FormState;
use super::field::{At, described};
use crate::ui::format;
use crate::ui::live;

/// What an input says, as a record stores it. Something unreadable is kept as it was typed, and the check says so.
fn stored(kind: FieldKind, text: &str) -> Option<Value> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return None;
    }
    Some(match kind {
        FieldKind::Number => trimmed.parse::<i64>().map_or_else(|_| Value::from(trimmed), Value::from),
        FieldKind::Money => {
            let number = trimmed.parse::<f64>().ok().and_then(Number::from_f64);
            number.map_or_else(|| Value::from(trimmed), Value::Number)
        }
        FieldKind::Datetime => Value::from(format::stored_time(trimmed)),
        FieldKind::LongText => Value::from(text),
        _ => Value::from(trimmed),
    })
}

fn shown(kind: FieldKind, value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) if kind == FieldKind::Datetime => format::shown_time(text),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// An amount in capitals below its digits: what the parties hear read aloud and sign (MED-07).
fn in_capitals(state: FormState, path: String) -> AnyView {
    let draw = move || {
        let fen = state.values.with(|values| values.get(&path).and_then(Value::as_f64)).map(cents)?;
        (fen > 0).then(|| view! { <p class="help" role="status">{format!("大写：{}", capital(fen))}</p> })
    };
    live(draw)
}

/// A typed answer. The control keeps its own text, so that composing Chinese is never disturbed.
pub(super) fn text(state: FormState, field: &Arc<Field>, at: &At) -> AnyView {
    let kind = field.kind;
    let path = at.path.clone();
    let value = state.values.with_untracked(|values| shown(kind, values.get(&path)));
    let write = {
        let path = path.clone();
        move |ev| state.set(&path, stored(kind, &event_target_value(&ev)))
    };
    let focused = {
        let path = path.clone();
        move |_| state.focus.set(path.clone())
    };
    let invalid = move || state.problem(&path).is_some_and(|(_, blocks)| blocks).then_some("true");
    if kind == FieldKind::LongText {
        return view! {
            <textarea
                class="input"
                id=at.id()
                rows="3"
                data-testid=at.test_id()
                aria-describedby=described(field, at)
                aria-invalid=invalid
                prop:value=value
                on:input=write
                on:focus=focused
            ></textarea>
        }
        .into_any();
    }
    let (type_, mode) = match kind {
        FieldKind::Date => ("date", ""),
        FieldKind::Datetime => ("datetime-local", ""),
        FieldKind::Phone => ("tel", "tel"),
        FieldKind::Number => ("text", "numeric"),
        FieldKind::Money => ("text", "decimal"),
        _ => ("text", "text"),
    };
    let input = view! {
        <input
            class="input"
            id=at.id()
            type=type_
            inputmode=mode
            autocomplete="off"
            data-testid=at.test_id()
            aria-describedby=described(field, at)
            aria-invalid=invalid
            prop:value=value
            on:input=write
            on:focus=focused
        />
    };
    let unit = field.unit.clone().or_else(|| (kind == FieldKind::Money).then(|| "元".to_owned()));
    let words = (kind == FieldKind::Money).then(|| in_capitals(state, at.path.clone()));
    match unit {
        Some(unit) => {
            view! { <span class="affix">{input}<span class="affix-end">{unit}</span></span>{words} }
                .into_any()
        }
        None => input.into_any(),
    }
}
