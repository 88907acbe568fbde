//! Repeating rows: parties, claims, members. Each row has an id of its own.

use std::sync::Arc;

use gridbook_domain::form::{Field, FieldKind};
use gridbook_domain::mediation::capital::{capital, digits};
use gridbook_domain::mediation::cents;
use leptos::prelude::*;
use serde_json::Value;

use super::FormState;
use super::checklist;
use super::field::{At, field};
use super::roster;
use crate::ui::icon::icon;
use crate::ui::live;

/// A table.
pub(super) fn table(state: FormState, table: &Arc<Field>) -> AnyView {
    if checklist::is_one(state, table) {
        return checklist::checklist(state, table);
    }
    let path = table.path.clone();
    let rows = Memo::new(move |_| state.rows(&path));
    let one = table.clone();
    let draw = move || {
        let rows = rows.get();
        rows.into_iter().enumerate().map(|(place, row)| draw_row(state, &one, place, &row)).collect_view()
    };
    let (path, label) = (table.path.clone(), table.label.clone());
    let add = {
        let table = table.clone();
        move |_| {
            let count = untrack(|| state.rows(&table.path).len());
            let row = state.add_row(&table.path, &first(&table, count));
            let column = table.fields.iter().find(|column| column.options.is_none()).or(table.fields.first());
            if let Some(column) = column {
                let id = At::column(&table.path, &row, count, &column.path).id();
                request_animation_frame(move || {
                    crate::ui::dom::focus_in_view(&format!("[id=\"{id}\"]"));
                });
            }
        }
    };
    let bad = {
        let path = path.clone();
        move || state.problem(&path).map(|(words, _)| view! { <p class="error">{icon("warn")}{words}</p> })
    };
    view! {
        <div class="field" role="group" aria-label=label data-path=path>
            <span class="label">{label.clone()}</span>
            <div class="rowset" data-testid=format!("field-{path}")>
                {live(draw)}
                {sum(state, table)}
                {roster::offer(state, table)}
                <button class="rowset-add" type="button" data-testid=format!("add-{path}") on:click=add>
                    {icon("plus")}
                    {format!("添加{label}")}
                </button>
            </div>
            {live(bad)}
        </div>
    }
    .into_any()
}

/// What a column of money comes to, in digits and in capitals (MED-07).
fn sum(state: FormState, table: &Field) -> Option<AnyView> {
    let column = table.fields.iter().find(|column| column.kind == FieldKind::Money)?;
    let (table, column) = (table.path.clone(), column.path.clone());
    let total = move || {
        let amounts = state.rows(&table).into_iter().filter_map(|row| {
            let path = format!("{table}/{row}/{column}");
            state.values.with(|values| values.get(&path).and_then(Value::as_f64)).map(cents)
        });
        let (rows, fen) = amounts.fold((0, 0u64), |(rows, sum), fen| (rows + 1, sum.saturating_add(fen)));
        (fen > 0).then(|| {
            let words = format!("{rows} 笔，合计 {} 元，大写 {}", digits(fen), capital(fen));
            view! { <p class="help" role="status" data-testid="money-total">{words}</p> }
        })
    };
    Some(live(total))
}

/// What a new row starts with: the parties of a quarrel stand on two sides.
fn first(table: &Field, count: usize) -> Vec<(&str, Value)> {
    if table.path == "parties" {
        let side = if count == 0 { "applicant" } else { "respondent" };
        return vec![("side", side.into()), ("kind", "natural".into()), ("name", Value::Null)];
    }
    table.fields.first().map(|column| (column.path.as_str(), Value::Null)).into_iter().collect()
}

fn draw_row(state: FormState, table: &Arc<Field>, place: usize, row: &str) -> AnyView {
    let column =
        |one: &Field| field(state, Arc::new(one.clone()), At::column(&table.path, row, place, &one.path));
    let plain = table.fields.iter().filter(|one| !one.more).map(column).collect_view();
    let more: Vec<AnyView> = table.fields.iter().filter(|one| one.more).map(column).collect();
    let more = (!more.is_empty()).then(|| {
        view! {
            <details class="form-more">
                <summary>"更多"</summary>
                <div class="rowset-body">{more}</div>
            </details>
        }
    });
    let title = format!("{} {}", table.label, place + 1);
    let remove = {
        let (path, row) = (table.path.clone(), row.to_owned());
        move |_| state.remove_row(&path, &row)
    };
    debug_assert!(table.kind == FieldKind::Table);
    view! {
        <div class="rowset-row">
            <div class="rowset-head">
                <span class="rowset-title">{title.clone()}</span>
                <button
                    class="btn btn-quiet btn-icon"
                    type="button"
                    aria-label=format!("删除{title}")
                    data-testid=format!("remove-{}-{place}", table.path)
                    on:click=remove
                >
                    {icon("trash")}
                </button>
            </div>
            <div class="rowset-body">{plain}{more}</div>
        </div>
    }
    .into_any()
}
