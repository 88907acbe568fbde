//! What was entered, by the sections of the form that it was entered with; and the way into those that this person may fill
//! in now: what is done about the case (办理情况), and what was reported (补全和更正).

use gridbook_domain::admit::{Purpose, fillable};
use gridbook_domain::form::{Field, FieldKind, Form, Section, computed_words};
use gridbook_domain::package::Package;
use leptos::prelude::*;

use super::record::Record;
use crate::app::use_app;
use crate::desk::values;
use crate::ui::directory::Names;

/// The section whose dialog is open.
type Opened = RwSignal<Option<String>>;

/// What this person does about the case, and everything else that was entered.
pub(super) fn sections(
    package: &Package,
    names: &Names,
    record: &Record,
    opened: Opened,
) -> (Option<AnyView>, AnyView) {
    let (app, view) = (use_app(), &record.view);
    let part = |purpose| {
        let form = fillable(package, &app.actor(), view, purpose, app.today());
        form.map(|form| form.sections).unwrap_or_default()
    };
    let (mine, theirs) = (part(Purpose::Handling), part(Purpose::Report));
    let handling = (!mine.is_empty()).then(|| handling(package, names, record, &mine, opened));
    let Some(form) = package.form_of(view.form.as_deref(), view.kind) else {
        return (handling, ().into_any());
    };
    let (mut shown, mut empty) = (Vec::new(), Vec::new());
    let has = |list: &[Section], one: &Section| list.iter().any(|held| held.id == one.id);
    for section in form.sections.iter().filter(|section| !has(&mine, section)) {
        let edits = has(&theirs, section);
        match one(package, names, record, (form, section), edits.then_some(opened)) {
            Some(drawn) => shown.push(drawn),
            None if edits => empty.push(open(section, section.title.clone(), opened)),
            None => {}
        }
    }
    let more = (!empty.is_empty()).then(|| {
        view! {
            <section class="section no-print" data-testid="fill-more">
                <div class="section-head">
                    <h3 class="section-title">"还可以补"</h3>
                </div>
                <div class="cluster">{empty}</div>
            </section>
        }
    });
    (handling, view! { {shown}{unknown(form, record)}{more} }.into_any())
}

/// The button that opens a section.
fn open(section: &Section, words: impl Into<String>, opened: Opened) -> AnyView {
    let (id, words) = (section.id.clone(), words.into());
    let testid = format!("fill-{id}");
    view! {
        <button class="btn btn-small no-print" type="button" data-testid=testid on:click=move |_| opened.set(Some(id.clone()))>
            {words}
        </button>
    }
    .into_any()
}

/// 办理情况: each section with what stands in it.
fn handling(package: &Package, names: &Names, record: &Record, list: &[Section], opened: Opened) -> AnyView {
    let row = |section: &Section| {
        let said: Vec<String> =
            section.fields.iter().filter_map(|field| said(package, names, record, field)).collect();
        let (class, words, way) = match (said.is_empty(), section.id.as_str()) {
            (false, _) => ("row-sub is-whole", said.join("；"), "更正"),
            (true, "before") => ("row-sub is-missing", "还缺整改前照片".to_owned(), "填写"),
            (true, _) => ("row-sub", "还没有填".to_owned(), "填写"),
        };
        view! {
            <li class="row row-static">
                <span class="row-main">
                    <span class="row-title">{section.title.clone()}</span>
                    <span class=class>{words}</span>
                </span>
                {open(section, way, opened)}
            </li>
        }
        .into_any()
    };
    let rows = list.iter().map(row).collect_view();
    view! {
        <section class="section" data-testid="handling">
            <div class="section-head">
                <h3 class="section-title">"办理情况"</h3>
            </div>
            <ul class="rows rows-plain">{rows}</ul>
        </section>
    }
    .into_any()
}

/// What stands in a field, in a few words.
fn said(package: &Package, names: &Names, record: &Record, field: &Field) -> Option<String> {
    let view = &record.view;
    let words = match field.kind {
        FieldKind::Table => values::rows(package, names, field, &view.values).join("，"),
        kind if kind.is_blob() => {
            view.photos.get(&field.path).map(|count| format!("{count} 张")).unwrap_or_default()
        }
        _ => values::text(package, names, field, view.values.get(&field.path)?),
    };
    (!words.is_empty()).then(|| format!("{}：{words}", field.label))
}

/// A section with at least one answer.
fn one(
    package: &Package,
    names: &Names,
    record: &Record,
    (form, section): (&Form, &Section),
    edits: Option<Opened>,
) -> Option<AnyView> {
    let answers: Vec<AnyView> =
        section.fields.iter().filter_map(|field| answer(package, names, record, (form, field))).collect();
    if answers.is_empty() {
        return None;
    }
    Some(
        view! {
            <section class="section">
                <div class="section-head">
                    <h3 class="section-title">{section.title.clone()}</h3>
                    {edits.map(|opened| open(section, "更正", opened))}
                </div>
                <dl class="kv">{answers}</dl>
            </section>
        }
        .into_any(),
    )
}

fn answer(
    package: &Package,
    names: &Names,
    record: &Record,
    (form, field): (&Form, &Field),
) -> Option<AnyView> {
    let all = &record.view.values;
    if let Some(words) = computed_words(form, field, None, all) {
        let unit = field.unit.as_deref().map(|unit| format!(" {unit}")).unwrap_or_default();
        return Some(view! { <div><dt>{field.label.clone()}</dt><dd>{words + &unit}</dd></div> }.into_any());
    }
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

/// What stands in the record and has no question in the form of this device, a newer one or a part that was taken out:
/// that it is there is said; how it is called inside is for whoever looks into a fault.
fn unknown(form: &Form, record: &Record) -> Option<AnyView> {
    let paths: Vec<&str> = record
        .view
        .values
        .iter()
        .filter(|(path, value)| !value.is_null() && !path.contains('/') && form.field(path).is_none())
        .map(|(path, _)| path.as_str())
        .filter(|path| !SHOWN_ABOVE.contains(path))
        .collect();
    (!paths.is_empty()).then(|| {
        let words = format!("还有 {} 项内容，本机的表没有这一项，都还在记录里。", paths.len());
        view! {
            <section class="section">
                <p class="muted small">{words}</p>
                <details class="no-print">
                    <summary>"给维护的人看"</summary>
                    <p class="mono small">{paths.join("、")}</p>
                </details>
            </section>
        }
        .into_any()
    })
}

/// Values that steps of the workflow write; the head shows them.
const SHOWN_ABOVE: [&str; 5] = ["lead_unit", "support_units", "handler", "respond_by", "handle_by"];
