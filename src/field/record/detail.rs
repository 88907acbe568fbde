//! The record's values in words, the seven ticks, its relatives.

use gridbook_domain::case::{CaseView, Kin, kin};
use gridbook_domain::form::{Field, FieldKind, Form, Values, computed_words, table_rows};
use gridbook_domain::opinion::opinions;
use gridbook_domain::package::Package;
use gridbook_domain::seven;
use gridbook_log::EntityId;
use leptos::prelude::*;
use serde_json::Value;

use crate::app::{App, Rows};
use crate::field::home::symbol;
use crate::platform::online;
use crate::ui::answer;
use crate::ui::directory::{Names, use_directory};
use crate::ui::form::household_line;
use crate::ui::icon::{chevron, icon};
use crate::ui::live;

/// 七有, as ticks.
pub(super) fn seven(case: &CaseView) -> AnyView {
    let items = seven::seven(case)
        .into_iter()
        .map(|(have, done)| {
            let (class, symbol, words) =
                if done { ("seven-item is-done", "tick", "已有") } else { ("seven-item", "dash", "还没有") };
            view! { <li class=class>{icon(symbol)}{have.label()}<span class="visually-hidden">{words}</span></li> }
                .into_any()
        })
        .collect_view();
    view! { <ol class="seven" aria-label="七有">{items}</ol> }.into_any()
}

/// Everything that was filled in, section by section.
pub(super) fn facts(app: App, case: &CaseView) -> AnyView {
    let package = app.package();
    let form = package.form_of(case.form.as_deref(), case.kind);
    let Some(form) = form.cloned() else { return ().into_any() };
    let directory = use_directory();
    let (values, case) = (case.values.clone(), case.clone());
    let named = named(app, &values);
    let draw = move || {
        named.track();
        directory.with(|names| {
            untrack(|| {
                let tell = Tell { app, package: &package, names, delivered: delivered(app, case.id) };
                let sections = tell.sections(&form, &values);
                let meta = meta(names, &case);
                view! { {meta}{answers(app, names, &case)}{sections} }
            })
        })
    };
    live(draw)
}

/// How the records are called that the answers name: with them alone the answers are told anew.
fn named(app: App, values: &Values) -> Memo<Vec<Option<String>>> {
    let named = |value: &Value| EntityId::parse(value.as_str()?.split('/').next()?);
    let ids: Vec<EntityId> = values.values().filter_map(named).collect();
    Memo::new(move |_| {
        let title =
            |row: &Rows, id| row.get(id).and_then(|row| row.summary.as_ref()).map(|s| s.title.clone());
        if ids.is_empty() {
            Vec::new()
        } else {
            app.rows(|rows| ids.iter().map(|id| title(rows, id)).collect())
        }
    })
}

/// What the township answered to what people said on this visit (VISIT-10).
fn answers(app: App, names: &Names, case: &CaseView) -> Option<AnyView> {
    let row = untrack(|| app.row(case.id))?.summary?;
    let lines: Vec<AnyView> = opinions(&app.package(), &row, case)
        .into_iter()
        .filter(|one| one.row.is_some() && one.answered())
        .map(|one| {
            // An answer may say neither.
            let adopted = match one.adopted {
                Some(true) => "采纳",
                Some(false) => "不采纳",
                None => "已答复",
            };
            let words = format!("{adopted}：{}（{}，{}）", one.reply, names.person(&one.by), one.on);
            line(&one.content, words, true)
        })
        .collect();
    (!lines.is_empty()).then(|| {
        view! {
            <section class="section" data-testid="opinion-answers">
                <div class="section-head"><h2 class="section-title">"意见建议的答复，请告诉本人"</h2></div>
                <div class="card card-body"><dl class="kv">{lines}</dl></div>
            </section>
        }
        .into_any()
    })
}

fn meta(names: &Names, case: &CaseView) -> AnyView {
    let line = |label: &'static str, words: Option<String>| {
        let words = words.filter(|words| !words.is_empty());
        words.map(|words| view! { <div><dt>{label}</dt><dd>{words}</dd></div> }.into_any())
    };
    let unit = case.lead_unit.as_deref().map(|unit| names.unit(unit));
    let handler = case.handler.as_deref().map(|user| names.person(user));
    view! {
        <div class="card card-body">
            <dl class="kv">
                {line("网格", Some(names.area(&case.area)))}
                {line("记录人", Some(names.person(&case.reporter)))}
                {line("主责单位", unit)}
                {line("承办人", handler)}
                {line("办理期限", case.handle_by.clone())}
                {line("办理结果", case.result.clone())}
                {line("反馈", case.feedback.clone())}
            </dl>
        </div>
    }
    .into_any()
}

/// Whether nothing of a record waits to be sent: from then on it is elsewhere, too.
pub(super) fn delivered(app: App, id: EntityId) -> bool {
    untrack(|| app.row(id)).is_none_or(|row| row.unsent == 0)
}

/// Puts values into words.
pub(super) struct Tell<'a> {
    pub app: App,
    pub package: &'a Package,
    pub names: &'a Names,
    pub delivered: bool,
}

/// What a form says, in lines of text.
pub(in crate::field) fn plain_text(app: App, names: &Names, form: &Form, values: &Values) -> String {
    let package = app.package();
    let tell = Tell { app, package: &package, names, delivered: false };
    let mut text = format!("{}\n", form.title);
    for field in form.sections.iter().flat_map(|section| &section.fields) {
        for (label, words, _) in tell.said(form, field, values) {
            text.push_str(&format!("{label}：{words}\n"));
        }
    }
    text
}

impl Tell<'_> {
    fn sections(&self, form: &Form, values: &Values) -> Vec<AnyView> {
        form.sections
            .iter()
            .filter_map(|section| {
                let lines: Vec<AnyView> = section.fields.iter().flat_map(|field| self.lines(form, field, values)).collect();
                (!lines.is_empty()).then(|| {
                    view! {
                        <section class="section">
                            <div class="section-head"><h2 class="section-title">{section.title.clone()}</h2></div>
                            <div class="card card-body"><dl class="kv">{lines}</dl></div>
                        </section>
                    }
                    .into_any()
                })
            })
            .collect()
    }

    fn lines(&self, form: &Form, field: &Field, values: &Values) -> Vec<AnyView> {
        let said = self.said(form, field, values);
        said.into_iter().map(|(label, words, wide)| line(&label, words, wide)).collect()
    }

    /// Labels and words of a field, one a row of a table; whether they want a line's whole width.
    fn said(&self, form: &Form, field: &Field, values: &Values) -> Vec<(String, String, bool)> {
        if let Some(words) = computed_words(form, field, None, values) {
            let unit = field.unit.as_deref().map(|unit| format!(" {unit}")).unwrap_or_default();
            return vec![(field.label.clone(), words + &unit, false)];
        }
        if field.kind == FieldKind::Table {
            return table_rows(values, &field.path)
                .into_iter()
                .enumerate()
                .map(|(n, row)| {
                    let parts: Vec<String> = field
                        .fields
                        .iter()
                        .filter_map(|column| {
                            let words = self
                                .words(column, values.get(&format!("{}/{row}/{}", field.path, column.path))?);
                            (!words.is_empty()).then_some(words)
                        })
                        .collect();
                    (format!("{} {}", field.label, n + 1), parts.join(" · "), true)
                })
                .collect();
        }
        let Some(value) = values.get(&field.path) else { return Vec::new() };
        let words = self.words(field, value);
        if words.is_empty() {
            return Vec::new();
        }
        vec![(field.label.clone(), words, matches!(field.kind, FieldKind::LongText | FieldKind::Multi))]
    }

    /// A value in words.
    pub(super) fn words(&self, field: &Field, value: &Value) -> String {
        if !field.shown(online(), self.delivered) && !value.is_null() {
            return "有网络时显示".to_owned();
        }
        answer::told(self.app, self.package, self.names, field, value)
    }
}

fn line(label: &str, words: String, wide: bool) -> AnyView {
    let class = if wide { "kv-wide" } else { "" };
    view! { <div class=class><dt>{label.to_owned()}</dt><dd>{words}</dd></div> }.into_any()
}

/// The household it is about and the visit it came from.
pub(super) fn family(app: App, case: &CaseView) -> AnyView {
    let (household, about) = (case.household.as_deref().and_then(EntityId::parse), case.id);
    let words = Memo::new(move |_| {
        let home = household.map(|id| household_line(app, id).unwrap_or_else(|| "这一户".to_owned()));
        let package = app.package();
        let kin: Vec<_> = app.rows(|rows| {
            let seen = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
            let one = |kin: Kin<'_>| (kin.row.id, kin.row.kind, kin.words(&package));
            kin(seen, about).into_iter().map(one).collect()
        });
        (home, kin)
    });
    live(move || {
        let (home, kin) = words.get();
        let home =
            home.zip(household).map(|(words, id)| link(format!("#/household/{id}"), "house", words, None));
        let one = |(id, kind, (words, sub))| link(format!("#/record/{id}"), symbol(kind), words, Some(sub));
        let kin: Vec<AnyView> = kin.into_iter().map(one).collect();
        let any = home.is_some() || !kin.is_empty();
        any.then(|| view! { <ul class="rows" data-testid="kin">{home}{kin}</ul> })
    })
}

fn link(href: String, symbol: &'static str, words: String, sub: Option<String>) -> AnyView {
    let sub = sub.filter(|sub| !sub.is_empty()).map(|sub| view! { <span class="row-sub">{sub}</span> });
    view! {
        <li>
            <a class="row" href=href>
                <span class="row-lead">{icon(symbol)}</span>
                <span class="row-main"><span class="row-title">{words}</span>{sub}</span>
                {chevron()}
            </a>
        </li>
    }
    .into_any()
}
