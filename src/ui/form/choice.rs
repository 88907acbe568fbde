//! Answers to choose: chips while they fit on the screen, a select for long lists.

use std::sync::Arc;

use gridbook_domain::form::{Choice, Field, FieldKind, Options};
use leptos::prelude::*;
use serde_json::Value;

use super::FormState;
use super::field::{At, described};
use crate::ui::badge;
use crate::ui::icon::icon;
use crate::ui::live;

/// More choices than this make a select.
const CHIPS: usize = 9;

/// Whether a field's choices are shown as chips.
pub(super) fn as_chips(state: FormState, field: &Field) -> bool {
    match field.kind {
        FieldKind::YesNo | FieldKind::Multi => true,
        _ => field.options_by.is_none() && state.package().offered(field, None).len() <= CHIPS,
    }
}

fn offered(state: FormState, field: &Field, row: Option<&str>) -> Vec<Choice> {
    if field.kind == FieldKind::YesNo {
        let choice = |id: &str, label: &str| Choice {
            id: id.to_owned(),
            label: label.to_owned(),
            ..Choice::default()
        };
        return vec![choice("true", "是"), choice("false", "否")];
    }
    let parent = field.options_by.as_ref().map(|by| match row {
        Some(row) => state.text(&format!("{row}/{by}")),
        None => state.text(by),
    });
    let package = state.package();
    let mut list: Vec<Choice> = package.offered(field, parent.as_deref()).into_iter().cloned().collect();
    // Of the list of items: those that this person may report, and the one that stands here already.
    if matches!(&field.options, Some(Options::Dict(dict)) if dict == "item") {
        let mine = package.items_for(&state.app.actor(), state.app.today());
        let held = state.values.with_untracked(|values| values.get(&field.path).cloned());
        list.retain(|choice| {
            mine.iter().any(|item| item.id == choice.id)
                || held.as_ref().and_then(Value::as_str) == Some(choice.id.as_str())
        });
    }
    list
}

fn value_of(kind: FieldKind, id: &str) -> Value {
    if kind == FieldKind::YesNo { Value::Bool(id == "true") } else { Value::from(id) }
}

fn chosen(kind: FieldKind, value: Option<&Value>, id: &str) -> bool {
    match (kind, value) {
        (FieldKind::Multi, Some(Value::Array(list))) => list.iter().any(|one| one.as_str() == Some(id)),
        (_, Some(value)) => *value == value_of(kind, id),
        (_, None) => false,
    }
}

fn toggle(state: FormState, path: &str, id: &str, on: bool) {
    let mut list: Vec<Value> = state
        .values
        .with_untracked(|values| values.get(path).and_then(Value::as_array).cloned())
        .unwrap_or_default();
    list.retain(|one| one.as_str() != Some(id));
    if on {
        list.push(Value::from(id));
    }
    state.set(path, (!list.is_empty()).then_some(Value::Array(list)));
}

/// Chips: radios for one answer, checkboxes for several. A chosen optional answer is taken back by a second tap.
pub(super) fn chips(state: FormState, field: &Arc<Field>, at: &At) -> AnyView {
    let list = offered(state, field, at.row.as_deref());
    let level = list.iter().all(|choice| state.package().level(&choice.id).is_some());
    let words: usize = list.iter().map(|choice| choice.label.chars().count()).sum();
    let class = match field.kind {
        FieldKind::Multi => "chips",
        _ if level => "chips chips-wide",
        _ if list.len() <= 4 && words <= 12 => "segments",
        _ => "chips",
    };
    let group = at.id();
    // What a step asks is looked at one by one.
    if field.kind == FieldKind::Multi && list.len() > CHIPS && !state.is_step() {
        return folded(state, field, at, list);
    }
    let chips = list.into_iter().map(|choice| chip(state, field, at, &group, &choice, level)).collect_view();
    view! { <div class=class>{chips}</div> }.into_any()
}

/// Chips shown of a long list before it is unfolded; those chosen already are always shown.
const FOLDED: usize = 5;

/// A long list of checkboxes: the first ones and the chosen ones, the rest on a tap.
fn folded(state: FormState, field: &Arc<Field>, at: &At, list: Vec<Choice>) -> AnyView {
    let open = RwSignal::new(false);
    let total = list.len();
    let (field, at) = (field.clone(), at.clone());
    let draw = move || {
        let all = open.get();
        let now = state.values.with_untracked(|values| values.get(&at.path).cloned());
        let shown = |(n, choice): &(usize, &Choice)| {
            all || *n < FOLDED || chosen(field.kind, now.as_ref(), &choice.id)
        };
        let chip = |(_, choice): (usize, &Choice)| chip(state, &field, &at, &at.id(), choice, false);
        list.iter().enumerate().filter(shown).map(chip).collect_view()
    };
    let more = move || {
        (!open.get()).then(|| {
            view! {
                <button class="btn btn-quiet" type="button" on:click=move |_| open.set(true)>
                    {format!("全部 {total} 项")}
                </button>
            }
        })
    };
    view! { <div class="chips">{live(draw)}{live(more)}</div> }.into_any()
}

fn chip(state: FormState, field: &Arc<Field>, at: &At, group: &str, choice: &Choice, level: bool) -> AnyView {
    let (kind, many) = (field.kind, field.kind == FieldKind::Multi);
    let is_chosen = {
        let (path, id) = (at.path.clone(), choice.id.clone());
        move || state.values.with(|values| chosen(kind, values.get(&path), &id))
    };
    let change = {
        let (path, id) = (at.path.clone(), choice.id.clone());
        move |ev| {
            state.focus.set(path.clone());
            let on = event_target_checked(&ev);
            if many {
                toggle(state, &path, &id, on);
            } else if on {
                state.set(&path, Some(value_of(kind, &id)));
            }
        }
    };
    let click = {
        let (path, id, field, row) = (at.path.clone(), choice.id.clone(), field.clone(), at.row.clone());
        move |_| {
            let again = state.values.with_untracked(|values| chosen(kind, values.get(&path), &id));
            if again && !many && !untrack(|| state.needed(&field, row.as_deref())) {
                state.set(&path, None);
            }
        }
    };
    let face = if level {
        let package = state.package();
        let hint = (field.path == "level")
            .then(|| package.level(&choice.id).map(|level| level.criteria.clone()))
            .flatten()
            .map(|text| view! { <span class="chip-hint">{text}</span> });
        view! { {badge::level(&package, &choice.id)}{hint} }.into_any()
    } else {
        choice.label.clone().into_any()
    };
    view! {
        <label class="chip" data-testid=format!("{}-{}", at.test_id(), choice.id)>
            <input
                type=if many { "checkbox" } else { "radio" }
                name=group.to_owned()
                value=choice.id.clone()
                prop:checked=is_chosen
                on:change=change
                on:click=click
            />
            <span class="chip-face">{face}</span>
        </label>
    }
    .into_any()
}

/// A select for a long list; its choices follow the answer they hang on.
pub(super) fn select(state: FormState, field: &Arc<Field>, at: &At) -> AnyView {
    let (one, row) = (field.clone(), at.row.clone());
    let list = Memo::new(move |_| offered(state, &one, row.as_deref()));
    let waits = field.options_by.is_some();
    let options = {
        let path = at.path.clone();
        move || {
            let list = list.get();
            let hint = if list.is_empty() && waits { "先选上一项" } else { "请选择" };
            let now = state.values.with_untracked(|values| {
                values.get(&path).and_then(Value::as_str).unwrap_or_default().to_owned()
            });
            let option = |choice: Choice| {
                let selected = choice.id == now;
                view! { <option value=choice.id selected=selected>{choice.label}</option> }
            };
            view! { <option value="">{hint}</option>{list.into_iter().map(option).collect_view()} }
        }
    };
    native(state, field, at, options.into_any())
}

/// The select itself around its options.
pub(super) fn native(state: FormState, field: &Field, at: &At, options: AnyView) -> AnyView {
    let (path, focus) = (at.path.clone(), at.path.clone());
    let shown = {
        let path = at.path.clone();
        move || state.text(&path)
    };
    view! {
        <span class="select">
            <select
                class="input"
                id=at.id()
                data-testid=at.test_id()
                aria-describedby=described(field, at)
                prop:value=shown
                on:change=move |ev| {
                    let id = event_target_value(&ev);
                    state.set(&path, (!id.is_empty()).then(|| Value::from(id)));
                }
                on:focus=move |_| state.focus.set(focus.clone())
            >
                {options}
            </select>
        </span>
    }
    .into_any()
}

/// The big 无变化 button of a visit.
pub(super) fn no_change(state: FormState, at: &At) -> AnyView {
    let path = at.path.clone();
    let pressed = {
        let path = path.clone();
        move || state.get(&path) == Some(Value::Bool(true))
    };
    let on = pressed.clone();
    let tap = move |_| {
        let on = state.values.with_untracked(|values| values.get(&path) == Some(&Value::Bool(true)));
        state.set(&path, (!on).then_some(Value::Bool(true)));
    };
    view! {
        <div class="field" data-path=at.path.clone()>
            <button
                class="no-change"
                type="button"
                data-testid="no-change"
                aria-pressed=move || if pressed() { "true" } else { "false" }
                on:click=tap
            >
                {icon("tick")}
                {live(move || if on() { "基本情况无变化" } else { "无变化" })}
            </button>
        </div>
    }
    .into_any()
}
