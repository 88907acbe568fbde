//! The frame of a table at the desk, and the box that chooses a row.

use std::collections::BTreeSet;

use leptos::prelude::*;

/// How a column stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Col {
    /// Words.
    Text(&'static str),
    /// Figures.
    Num(&'static str),
    /// Boxes to choose rows; the words are only read out.
    Check(&'static str),
    /// Buttons; the words are only read out.
    Act(&'static str),
}

/// A table with its head; `dense` for lists that are read across.
pub fn table(name: &'static str, dense: bool, heads: &[Col], rows: impl IntoAny) -> AnyView {
    let heads = heads
        .iter()
        .map(|col| {
            let (class, words, hidden) = match *col {
                Col::Text(words) => ("", words, false),
                Col::Num(words) => ("num", words, false),
                Col::Check(words) => ("check", words, true),
                Col::Act(words) => ("", words, true),
            };
            let words = if hidden {
                view! { <span class="visually-hidden">{words}</span> }.into_any()
            } else {
                words.into_any()
            };
            view! { <th scope="col" class=class>{words}</th> }
        })
        .collect_view();
    let class = if dense { "table table-dense" } else { "table" };
    view! {
        <div class="table-wrap" tabindex="0" role="region" aria-label=name>
            <table class=class>
                <thead>
                    <tr>{heads}</tr>
                </thead>
                <tbody>{rows.into_any()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// The box of a row; what is chosen stands in `chosen` by its code.
pub fn tick(name: &str, test: &'static str, code: &str, chosen: RwSignal<BTreeSet<String>>) -> AnyView {
    let (held, turned) = (code.to_owned(), code.to_owned());
    let turn = move |event| {
        let on = event_target_checked(&event);
        chosen.update(|chosen| {
            if on {
                chosen.insert(turned.clone())
            } else {
                chosen.remove(&turned)
            };
        });
    };
    view! {
        <input
            type="checkbox"
            aria-label=format!("选中：{name}")
            data-testid=test
            prop:checked=move || chosen.with(|chosen| chosen.contains(&held))
            on:change=turn
        />
    }
    .into_any()
}
