//! One section of a form: its fields, or checks that one tap answers.

use std::sync::Arc;

use gridbook_domain::form::{Field, Section};
use leptos::prelude::*;
use serde_json::Value;

use crate::field::forms::Page;
use crate::field::forms::steps::{all_well, check_group};
use crate::ui::form::{At, field};
use crate::ui::icon::icon;
use crate::ui::live;

pub(super) fn section(page: Page, section: &Section) -> AnyView {
    let group = check_group(section).filter(|fields| all_well(page.state.package().choices(&fields[0])));
    let inside = match group {
        Some(fields) => six(page, fields),
        None => {
            let shown = |one: &Field| {
                let state = page.state;
                let (when, one) = (section.visible_when.clone(), Arc::new(one.clone()));
                let drawn = Memo::new(move |_| when.as_ref().is_none_or(|when| state.holds(when, None)));
                live(move || drawn.get().then(|| field(state, one.clone(), At::top(&one.path))))
            };
            section
                .fields
                .iter()
                .filter(|one| !(one.auto && one.path == "code"))
                .map(shown)
                .collect_view()
                .into_any()
        }
    };
    view! {
        <section class="form-section" id=format!("s-{}", section.id)>
            <div class="form-section-head"><h2 class="form-section-title">{section.title.clone()}</h2></div>
            <div class="form-section-body">{inside}</div>
        </section>
    }
    .into_any()
}

/// Checks that are usually all well: one tap, or one by one.
fn six(page: Page, fields: &[Field]) -> AnyView {
    let state = page.state;
    let paths: Vec<String> = fields.iter().map(|field| field.path.clone()).collect();
    let count = |id: Option<&'static str>| {
        let paths = paths.clone();
        move || {
            state.values.with(|values| {
                let answers = paths.iter().filter_map(|path| values.get(path).and_then(Value::as_str));
                answers.filter(|answer| id.is_none_or(|id| *answer == id)).count()
            })
        }
    };
    let (well, answered) = (count(Some("ok")), count(None));
    let total = fields.len();
    let all = Memo::new(move |_| well() == total);
    let begun = untrack(|| answered() > 0 && !all.get());
    let one_by_one = RwSignal::new(begun);
    // A check that is missing has to be seen.
    Effect::new(move |_| {
        let missing = state.problems.with(|list| list.iter().any(|p| paths.contains(&p.path)));
        if missing {
            one_by_one.set(true);
        }
    });
    let list: Vec<Field> = fields.to_vec();
    let set: Vec<String> = list.iter().map(|field| field.path.clone()).collect();
    let names: Vec<&str> = list.iter().map(|field| field.label.as_str()).collect();
    let names = names.join("、");
    let tap = move |_| {
        let on = !all.get_untracked();
        for path in &set {
            state.set(path, on.then(|| Value::from("ok")));
        }
    };
    let each = move || {
        one_by_one.get().then(|| {
            list.iter().map(|one| field(state, Arc::new(one.clone()), At::top(&one.path))).collect_view()
        })
    };
    let label = move || if one_by_one.get() { "收起" } else { "有问题或没查，逐项填" };
    view! {
        <div class="field">
            <p class="help">{names}</p>
            <button
                class="no-change"
                type="button"
                data-testid="six-ok"
                aria-pressed=move || if all.get() { "true" } else { "false" }
                on:click=tap
            >
                {icon("tick")}
                {if total == 6 { "六项都正常".to_owned() } else { format!("{total} 项都正常") }}
            </button>
        </div>
        <button
            class="btn btn-quiet"
            type="button"
            data-testid="six-each"
            aria-expanded=move || if one_by_one.get() { "true" } else { "false" }
            on:click=move |_| one_by_one.update(|on| *on = !*on)
        >
            {live(label)}
        </button>
        {live(each)}
    }
    .into_any()
}
