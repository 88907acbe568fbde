//! What was entered, by the sections of the form that it was entered with.

use gridbook_domain::form::{Field, FieldKind, Form, Section};
use gridbook_domain::package::Package;
use leptos::prelude::*;
use serde_json::Value;

use super::record::Record;
use crate::desk::values;
use crate::ui::directory::Names;

/// Sections with at least one answer.
pub(super) fn sections(package: &Package, names: &Names, record: &Record) -> AnyView {
    let view = &record.view;
    let named = view.form.as_deref().and_then(|name| package.form_named(name));
    let Some(form) = named.or_else(|| package.form_for(view.kind)) else { return ().into_any() };
    form.sections
        .iter()
        .filter_map(|section| one(package, names, record, section))
        .chain(unknown(form, record))
        .collect_view()
        .into_any()
}

fn one(package: &Package, names: &Names, record: &Record, section: &Section) -> Option<AnyView> {
    let answers: Vec<AnyView> =
        section.fields.iter().filter_map(|field| answer(package, names, record, field)).collect();
    if answers.is_empty() {
        return None;
    }
    Some(
        view! {
            <section class="section">
                <div class="section-head">
                    <h3 class="section-title">{section.title.clone()}</h3>
                </div>
                <dl class="kv">{answers}</dl>
            </section>
        }
        .into_any(),
    )
}

fn answer(package: &Package, names: &Names, record: &Record, field: &Field) -> Option<AnyView> {
    let all = &record.view.values;
    if field.kind == FieldKind::Table {
        let rows = values::rows(package, names, field, all);
        if rows.is_empty() {
            return None;
        }
        let lines = rows.into_iter().map(|line| view! { <li>{line}</li> }).collect_view();
        return Some(
            view! {
                <div class="kv-wide">
                    <dt>{field.label.clone()}</dt>
                    <dd>
                        <ul>{lines}</ul>
                    </dd>
                </div>
            }
            .into_any(),
        );
    }
    let value = all.get(&field.path)?;
    let shown = match values::link(field, value) {
        Some((href, words)) => view! { <a href=href>{words}</a> }.into_any(),
        None => {
            let text = values::text(package, names, field, value);
            if text.is_empty() {
                return None;
            }
            text.into_any()
        }
    };
    let class = if field.kind == FieldKind::LongText { "kv-wide" } else { "" };
    Some(
        view! {
            <div class=class>
                <dt>{field.label.clone()}</dt>
                <dd>{shown}</dd>
            </div>
        }
        .into_any(),
    )
}

/// Values that this version of the form does not know stay readable.
fn unknown(form: &Form, record: &Record) -> Option<AnyView> {
    let lines: Vec<AnyView> = record
        .view
        .values
        .iter()
        .filter(|(path, _)| !path.contains('/') && form.field(path).is_none())
        .filter(|(path, _)| !SHOWN_ABOVE.contains(&path.as_str()))
        .map(|(path, value)| {
            let said = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            (path.clone(), if *value == Value::Null { String::new() } else { said })
        })
        .filter(|(_, said)| !said.is_empty())
        .map(|(path, said)| {
            view! {
                <div>
                    <dt class="mono">{path}</dt>
                    <dd>{said}</dd>
                </div>
            }
            .into_any()
        })
        .collect();
    (!lines.is_empty()).then(|| {
        view! {
            <details class="section">
                <summary>"其他内容"</summary>
                <dl class="kv">{lines}</dl>
            </details>
        }
        .into_any()
    })
}

/// Values that steps of the workflow write; the head shows them.
const SHOWN_ABOVE: [&str; 5] = ["lead_unit", "support_units", "handler", "respond_by", "handle_by"];
