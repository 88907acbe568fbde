//! References: a household, another record, a unit, a person, an area.

use std::sync::Arc;

use gridbook_domain::calendar::DAY_MS;
use gridbook_domain::form::{Field, FieldKind};
use gridbook_domain::summary::Summary;
use gridbook_log::EntityId;
use leptos::prelude::*;
use serde_json::Value;

use super::FormState;
use super::choice::native;
use super::field::At;
use super::pick::household_picker;
use crate::app::App;
use crate::ui::directory::use_directory;
use crate::ui::icon::icon;
use crate::ui::{largest_first, live};

/// A household in one line: head and address.
pub fn household_line(app: App, id: EntityId) -> Option<String> {
    app.rows(|rows| {
        let summary = rows.get(&id)?.summary.as_ref()?;
        Some(format!("{} · {}", summary.title, summary.subtitle))
    })
}

/// The household chosen, and the way to choose another.
pub(super) fn household(state: FormState, field: &Field, at: &At) -> AnyView {
    let optional = !field.required;
    let open = RwSignal::new(false);
    let path = at.path.clone();
    let chosen = {
        let path = path.clone();
        move || EntityId::parse(&state.text(&path))
    };
    let words = {
        let chosen = chosen.clone();
        move || match chosen() {
            Some(id) => household_line(state.app, id).unwrap_or_else(|| "本机没有这一户的资料".to_owned()),
            None => "还没有选".to_owned(),
        }
    };
    let clear = {
        let (path, chosen) = (path.clone(), chosen.clone());
        move || {
            let path = path.clone();
            chosen().filter(|_| optional).map(|_| {
                view! {
                    <button
                        class="btn btn-quiet btn-icon"
                        type="button"
                        aria-label="不关联户"
                        on:click=move |_| state.set(&path, None)
                    >
                        {icon("close")}
                    </button>
                }
            })
        }
    };
    let label = chosen;
    view! {
        <div class="split">
            <span class="field-value grow">{live(words)}</span>
            {live(clear)}
            <button
                class="btn"
                type="button"
                id=at.id()
                data-testid=at.test_id()
                on:click=move |_| open.set(true)
            >
                {icon("house")}
                {live(move || if label().is_some() { "换一户" } else { "选户" })}
            </button>
        </div>
        {household_picker(open, move |id| state.set(&path, Some(Value::from(id.to_string()))))}
    }
    .into_any()
}

/// A select over the directory, or over open records.
pub(super) fn select(state: FormState, field: &Arc<Field>, at: &At) -> AnyView {
    let directory = use_directory();
    let kind = field.kind;
    let path = at.path.clone();
    let options = move || {
        let now = state.values.with_untracked(|values| {
            values.get(&path).and_then(Value::as_str).unwrap_or_default().to_owned()
        });
        let names = directory.get();
        let list: Vec<(String, String)> = match kind {
            FieldKind::UnitRef => names.units.clone().into_iter().collect(),
            // Two may have the same name.
            FieldKind::UserRef => {
                names.people.iter().map(|(user, name)| (user.clone(), format!("{name}（{user}）"))).collect()
            }
            FieldKind::AreaRef => names.areas.keys().map(|code| (code.clone(), names.area(code))).collect(),
            _ => records(state.app, path == "other", &now),
        };
        let option = |(id, label): (String, String)| {
            let selected = id == now;
            view! { <option value=id selected=selected>{label}</option> }
        };
        view! { <option value="">"请选择"</option>{list.into_iter().map(option).collect_view()} }
    };
    native(state, field, at, options.into_any())
}

/// Cases that are open, the latest first, by number and title. What a case is linked to may be over: within as many days as
/// the same people are looked for.
fn records(app: App, over: bool, chosen: &str) -> Vec<(String, String)> {
    let package = app.package();
    let since = app.now_ms().saturating_sub(u64::from(package.cases.get().repeat_days) * DAY_MS);
    app.rows(|rows| {
        let fits = |case: &&Summary| {
            let late = over && case.kind.is_case() && case.updated >= since;
            case.is_open() || late || case.id.to_string() == chosen
        };
        let list: Vec<&Summary> = rows.values().filter_map(|row| row.summary.as_ref()).filter(fits).collect();
        let list = largest_first(list, |summary| summary.at);
        let words = |case: &Summary| {
            let number = if case.number.is_empty() { case.kind.label() } else { &case.number };
            (case.id.to_string(), format!("{number} {}", case.title))
        };
        list.into_iter().map(words).collect()
    })
}

/// Several units.
pub(super) fn units(state: FormState, at: &At) -> AnyView {
    let directory = use_directory();
    let path = at.path.clone();
    let chips = move || {
        let chip = |(code, name): (&String, &String)| {
            let (on, change) = (path.clone(), path.clone());
            let (id, code) = (code.clone(), code.clone());
            view! {
                <label class="chip">
                    <input
                        type="checkbox"
                        value=id.clone()
                        prop:checked=move || {
                            state.get(&on).and_then(|v| v.as_array().map(|l| l.contains(&Value::from(id.as_str())))).unwrap_or(false)
                        }
                        on:change=move |ev| {
                            let mut list = untrack(|| state.get(&change)).and_then(|v| v.as_array().cloned()).unwrap_or_default();
                            list.retain(|one| one.as_str() != Some(code.as_str()));
                            if event_target_checked(&ev) {
                                list.push(Value::from(code.as_str()));
                            }
                            state.set(&change, (!list.is_empty()).then_some(Value::Array(list)));
                        }
                    />
                    <span class="chip-face">{name.clone()}</span>
                </label>
            }
            .into_any()
        };
        directory.get().units.iter().map(chip).collect_view()
    };
    view! { <div class="chips">{live(chips)}</div> }.into_any()
}
