//! One input of a step.

use gridbook_domain::form::{Choice, Field, FieldKind};
use leptos::prelude::*;
use serde_json::{Value, json};

use super::{Entered, photo};
use crate::app::use_app;
use crate::ui::directory::use_directory;
use crate::ui::icon::icon;

/// More choices than this make a list.
const CHIPS: usize = 8;

/// Draws it with its label, its help and what is wrong with it.
pub(super) fn field(field: Field, entered: Entered) -> AnyView {
    let path = field.path.clone();
    let required = field.required || field.required_when.is_some();
    let id = format!("in-{path}");
    let (problem_path, error_id) = (path.clone(), format!("{id}-e"));
    let problem = move || entered.problems.with(|problems| problems.get(&problem_path).cloned());
    let invalid = problem.clone();
    let when = field.visible_when.clone();
    let hidden = move || {
        when.as_ref().is_some_and(|when| {
            entered.values.with(|values| {
                entered
                    .record
                    .with(|record| !when.holds(&|path| values.get(path).or_else(|| record.get(path))))
            })
        })
    };
    let group =
        matches!(field.kind, FieldKind::YesNo | FieldKind::Multi | FieldKind::UnitRefs | FieldKind::Photo)
            || (field.kind == FieldKind::Choice && field.options_by.is_none() && !is_list(&field));
    let label = view! {
        {field.label.clone()}
        {required.then(|| view! { " " <span class="req">"必填"</span> })}
    };
    let heading = if group {
        view! { <span class="label" id=format!("{id}-l")>{label}</span> }.into_any()
    } else {
        view! { <label class="label" for=id.clone()>{label}</label> }.into_any()
    };
    let help = field.help.clone().map(|text| view! { <p class="help">{text}</p> });
    let proposed = entered.proposed.with_untracked(|all| all.get(&path).cloned()).map(|text| {
        view! { <p class="help" data-testid=format!("proposed-{path}")>{text}</p> }
    });
    let testid = format!("field-{path}");
    let control = control(field, id.clone(), entered);
    view! {
        <div
            class="field"
            class:is-invalid=move || invalid().is_some()
            class:visually-hidden=hidden.clone()
            hidden=hidden
            data-testid=testid
            role=group.then_some("group")
            aria-labelledby=group.then(|| format!("{id}-l"))
        >
            {heading}
            {help}
            {proposed}
            {control}
            {move || {
                let error_id = error_id.clone();
                problem().map(|text| view! { <p class="error" id=error_id>{icon("warn")}{text}</p> })
            }}
        </div>
    }
    .into_any()
}

fn control(field: Field, id: String, entered: Entered) -> AnyView {
    match field.kind {
        FieldKind::Choice if field.options_by.is_some() => dependent(field, id, entered),
        FieldKind::Choice => {
            let app = use_app();
            let package = app.package();
            let offered: Vec<Choice> = package.offered(&field, None).into_iter().cloned().collect();
            if is_list(&field) {
                listed(field, id, offered, entered)
            } else {
                chips(&field, offered, entered)
            }
        }
        FieldKind::Multi => {
            let app = use_app();
            let offered = app.package().offered(&field, None).into_iter().cloned().collect();
            boxes(&field, options_of(offered), entered)
        }
        FieldKind::YesNo => yes_no(&field, entered),
        FieldKind::UnitRef => people(field, id, Directory::Units, entered),
        FieldKind::UserRef => people(field, id, Directory::Staff, entered),
        FieldKind::UnitRefs => {
            let units = use_directory().get_untracked().units.clone();
            boxes(&field, units.into_iter().collect(), entered)
        }
        FieldKind::RecordRef => cases(field, id, entered),
        FieldKind::Photo => photo::photo(&field, id, entered),
        FieldKind::LongText => long_text(field, id, entered),
        // Its label and its help are all there is.
        FieldKind::Note => ().into_any(),
        _ => line(field, id, entered),
    }
}

/// Whether there are too many choices for chips.
fn is_list(field: &Field) -> bool {
    use_app().package().offered(field, None).len() > CHIPS
}

fn options_of(choices: Vec<Choice>) -> Vec<(String, String)> {
    choices.into_iter().map(|choice| (choice.id, choice.label)).collect()
}

fn text_of(entered: Entered, path: &str) -> String {
    entered.values.with(|values| match values.get(path) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    })
}

fn put(entered: Entered, path: &str, value: Value) {
    entered.values.update(|values| {
        values.insert(path.to_owned(), value);
    });
    entered.problems.update(|problems| {
        problems.remove(path);
    });
}

fn chips(field: &Field, offered: Vec<Choice>, entered: Entered) -> AnyView {
    let levels = matches!(field.path.as_str(), "level" | "risk_level");
    let path = field.path.clone();
    let chips = offered
        .into_iter()
        .map(|choice| {
            let (path, name) = (path.clone(), path.clone());
            let (id, held) = (choice.id.clone(), choice.id.clone());
            let checked_path = path.clone();
            let checked = move || text_of(entered, &checked_path) == held;
            let symbol = levels.then(|| {
                icon(match choice.id.as_str() {
                    "red" => "level-red",
                    "orange" => "level-orange",
                    "yellow" => "level-yellow",
                    _ => "level-blue",
                })
            });
            view! {
                <label class="chip">
                    <input
                        type="radio"
                        name=name
                        value=id.clone()
                        prop:checked=checked
                        on:change=move |_| put(entered, &path, json!(id))
                    />
                    <span class="chip-face">{symbol}{choice.label}</span>
                </label>
            }
        })
        .collect_view();
    view! { <div class="chips">{chips}</div> }.into_any()
}

fn listed(field: Field, id: String, offered: Vec<Choice>, entered: Entered) -> AnyView {
    select(field.path, id, move || options_of(offered.clone()), entered)
}

/// Choices under the value of another field.
fn dependent(field: Field, id: String, entered: Entered) -> AnyView {
    let app = use_app();
    let by = field.options_by.clone().unwrap_or_default();
    let path = field.path.clone();
    let options = move || {
        let parent = text_of(entered, &by);
        options_of(app.package().offered(&field, Some(&parent)).into_iter().cloned().collect())
    };
    select(path, id, options, entered)
}

/// Open cases, the latest first, by number and title.
fn cases(field: Field, id: String, entered: Entered) -> AnyView {
    let app = use_app();
    let options = move || {
        app.version.track();
        app.rows(|rows| {
            let mut open: Vec<_> =
                rows.values().filter_map(|row| row.summary.as_ref()).filter(|case| case.is_open()).collect();
            gridbook_log::order_by_key(&mut open, |case| std::cmp::Reverse(case.at));
            open.into_iter()
                .map(|case| (case.id.to_string(), format!("{} {}", case.number, case.title)))
                .collect()
        })
    };
    select(field.path, id, options, entered)
}

enum Directory {
    Units,
    Staff,
}

fn people(field: Field, id: String, from: Directory, entered: Entered) -> AnyView {
    let names = use_directory();
    let options = move || {
        let names = names.get();
        match from {
            Directory::Units => names.units.clone().into_iter().collect(),
            Directory::Staff => {
                names.people.iter().map(|(user, name)| (user.clone(), format!("{name}（{user}）"))).collect()
            }
        }
    };
    select(field.path, id, options, entered)
}

fn select(
    path: String,
    id: String,
    options: impl Fn() -> Vec<(String, String)> + Send + Sync + 'static,
    entered: Entered,
) -> AnyView {
    let held_path = path.clone();
    let held = Memo::new(move |_| text_of(entered, &held_path));
    let options = Memo::new(move |_| options());
    let list = move || {
        let held = held.get();
        options
            .get()
            .into_iter()
            .map(|(id, words)| {
                let chosen = id == held;
                view! { <option value=id selected=chosen>{words}</option> }
            })
            .collect_view()
    };
    let none = move || !options.with(|list| held.with(|held| list.iter().any(|(id, _)| id == held)));
    view! {
        <span class="select">
            <select
                class="input"
                id=id
                on:change=move |event| put(entered, &path, json!(event_target_value(&event)))
            >
                <option value="" selected=none>"请选择"</option>
                {list}
            </select>
        </span>
    }
    .into_any()
}

fn boxes(field: &Field, options: Vec<(String, String)>, entered: Entered) -> AnyView {
    let path = field.path.clone();
    let held = move |path: &str, id: &str| {
        entered.values.with(|values| {
            let list = values.get(path).and_then(Value::as_array);
            list.is_some_and(|list| list.iter().any(|value| value == id))
        })
    };
    let all = options
        .into_iter()
        .map(|(id, words)| {
            let (path, shown_path, shown_id, value) = (path.clone(), path.clone(), id.clone(), id.clone());
            let change = move |on: bool| {
                let mut list = entered
                    .values
                    .with_untracked(|values| values.get(&path).and_then(Value::as_array).cloned())
                    .unwrap_or_default();
                list.retain(|value| value != id.as_str());
                if on {
                    list.push(json!(id));
                }
                put(entered, &path, Value::Array(list));
            };
            view! {
                <label class="chip">
                    <input
                        type="checkbox"
                        value=value
                        prop:checked=move || held(&shown_path, &shown_id)
                        on:change=move |event| change(event_target_checked(&event))
                    />
                    <span class="chip-face">{words}</span>
                </label>
            }
        })
        .collect_view();
    view! { <div class="chips">{all}</div> }.into_any()
}

fn yes_no(field: &Field, entered: Entered) -> AnyView {
    let path = field.path.clone();
    let one = move |yes: bool, words: &'static str| {
        let (path, held_path) = (path.clone(), path.clone());
        let held = move || entered.values.with(|values| values.get(&held_path) == Some(&Value::Bool(yes)));
        view! {
            <label class="chip">
                <input
                    type="radio"
                    name=path.clone()
                    value=yes.to_string()
                    prop:checked=held
                    on:change=move |_| put(entered, &path, json!(yes))
                />
                <span class="chip-face">{words}</span>
            </label>
        }
    };
    view! { <div class="chips">{one(true, "是")}{one(false, "否")}</div> }.into_any()
}

fn long_text(field: Field, id: String, entered: Entered) -> AnyView {
    let (path, shown) = (field.path.clone(), field.path);
    let max = field.max.unwrap_or(1000).to_string();
    view! {
        <textarea
            class="input"
            id=id
            rows="3"
            maxlength=max
            prop:value=move || text_of(entered, &shown)
            on:input=move |event| put(entered, &path, json!(event_target_value(&event)))
        ></textarea>
    }
    .into_any()
}

fn line(field: Field, id: String, entered: Entered) -> AnyView {
    let number = matches!(field.kind, FieldKind::Number);
    let kind = match field.kind {
        FieldKind::Date => "date",
        FieldKind::Datetime => "datetime-local",
        FieldKind::Phone => "tel",
        FieldKind::Number => "number",
        _ => "text",
    };
    let (path, shown) = (field.path.clone(), field.path);
    let write = move |text: String| {
        let value = match text.parse::<i64>() {
            Ok(n) if number => json!(n),
            _ => json!(text),
        };
        put(entered, &path, value);
    };
    view! {
        <input
            class="input"
            id=id
            type=kind
            prop:value=move || text_of(entered, &shown)
            on:input=move |event| write(event_target_value(&event))
        />
    }
    .into_any()
}
