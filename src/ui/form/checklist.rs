//! An inspection list (HAZ-08): one line a question, three answers, one tap each; a "no" asks for a word about it.

use std::sync::Arc;

use gridbook_domain::form::Field;
use gridbook_domain::hazard::Item;
use leptos::prelude::*;
use serde_json::Value;

use super::FormState;
use crate::ui::icon::icon;
use crate::ui::live;

/// Whether a table is filled by the lines of the inspection list that the record names.
pub(super) fn is_one(state: FormState, table: &Field) -> bool {
    table.path == "checks" && state.form().field("list").is_some()
}

/// The lines of the list.
pub(super) fn checklist(state: FormState, table: &Arc<Field>) -> AnyView {
    let lines = Memo::new(move |_| {
        let id = state.text("list");
        let package = state.package();
        let list =
            package.hazards.get().lists.iter().find(|list| list.id == id).map(|list| list.items.clone());
        (id, list.unwrap_or_default())
    });
    // Answers to another list do not belong here.
    Effect::new(move |before: Option<String>| {
        let (id, _) = lines.get();
        if before.is_some_and(|before| before != id) {
            for row in untrack(|| state.rows("checks")) {
                state.remove_row("checks", &row);
            }
        }
        id
    });
    let draw = move || {
        let (_, items) = lines.get();
        if items.is_empty() {
            return view! { <p class="muted">"先在上一步选检查表。"</p> }.into_any();
        }
        let all = items.clone();
        let total = items.len();
        let well = move |_| {
            for item in &all {
                if untrack(|| state.text(&at(item, "state"))).is_empty() {
                    answer(state, item, "yes");
                }
            }
        };
        let left = move || {
            let left = total.saturating_sub(answered(state));
            if left == 0 { "都答完了".to_owned() } else { format!("还有 {left} 项没有答") }
        };
        let rows = items.into_iter().enumerate().map(|(n, item)| row(state, n, item)).collect_view();
        view! {
            <div class="stack">
                {rows}
                <button class="no-change" type="button" data-testid="checks-well" on:click=well>
                    {icon("tick")}
                    "其余都正常"
                </button>
                <p class="muted" role="status">{live(left)}</p>
            </div>
        }
        .into_any()
    };
    let bad = move || {
        state.problem("checks").map(|(words, _)| view! { <p class="error">{icon("warn")}{words}</p> })
    };
    view! {
        <div class="field" role="group" aria-label=table.label.clone() data-path="checks" data-testid="field-checks">
            {live(draw)}
            {live(bad)}
        </div>
    }
    .into_any()
}

fn at(item: &Item, column: &str) -> String {
    format!("checks/i{}/{column}", item.id)
}

fn answered(state: FormState) -> usize {
    state.rows("checks").iter().filter(|row| !state.text(&format!("checks/{row}/state")).is_empty()).count()
}

fn answer(state: FormState, item: &Item, id: &str) {
    state.set(&at(item, "name"), Some(Value::from(item.text.as_str())));
    state.set(&at(item, "state"), Some(Value::from(id)));
    let score = (item.points > 0 && id != "na").then(|| if id == "yes" { item.points } else { 0 });
    if let Some(score) = score {
        state.set(&at(item, "score"), Some(Value::from(score)));
    }
    state.problems.update(|problems| problems.retain(|problem| problem.path != "checks"));
}

fn row(state: FormState, n: usize, item: Item) -> AnyView {
    let path = at(&item, "state");
    let item = Arc::new(item);
    let chip = |id: &'static str, label: &'static str| {
        let (path, item) = (path.clone(), item.clone());
        view! {
            <label class="chip" data-testid=format!("check-{n}-{id}")>
                <input
                    type="radio"
                    name=format!("check-{n}")
                    prop:checked=move || state.text(&path) == id
                    on:change=move |_| answer(state, &item, id)
                />
                <span class="chip-face">{label}</span>
            </label>
        }
        .into_any()
    };
    let no = {
        let path = path.clone();
        Memo::new(move |_| state.text(&path) == "no")
    };
    let note = {
        let path = at(&item, "note");
        move || {
            let (shown, write) = (path.clone(), path.clone());
            no.get().then(|| {
                view! {
                    <input
                        class="input"
                        type="text"
                        aria-label="哪里不对"
                        placeholder="哪里不对（一句话）"
                        data-testid=format!("check-{n}-note")
                        prop:value=untrack(|| state.text(&shown))
                        on:input=move |ev| {
                            let text = event_target_value(&ev);
                            state.set(&write, (!text.is_empty()).then(|| Value::from(text)));
                        }
                    />
                }
            })
        }
    };
    view! {
        <fieldset class="field choice">
            <legend class="label">{format!("{}. {}", n + 1, item.text)}</legend>
            <div class="segments">{chip("yes", "是")}{chip("no", "否")}{chip("na", "不适用")}</div>
            {live(note)}
        </fieldset>
    }
    .into_any()
}
