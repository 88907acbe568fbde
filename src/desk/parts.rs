//! Small pieces that screens of the desk share.

use chrono::NaiveDate;
use gridbook_domain::date;
use gridbook_domain::household::category;
use gridbook_domain::record::RecordKind;
use gridbook_domain::territory::zone::is_zone;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlInputElement};

use crate::app::App;
use crate::ui::directory::Names;

/// The icon of a kind of record.
pub fn kind_icon(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::Visit => "visit",
        RecordKind::Hazard => "hazard",
        RecordKind::Dispute | RecordKind::Mediation => "dispute",
        RecordKind::Matter | RecordKind::Entry => "table",
        RecordKind::Household => "house",
        RecordKind::Unit => "unit",
        RecordKind::Staff => "users",
        RecordKind::Area | RecordKind::Place => "pin",
        RecordKind::Handover | RecordKind::VisitTask | RecordKind::Restricted => "users",
        RecordKind::Rules | RecordKind::Admission => "file",
        RecordKind::Warning | RecordKind::ZeroPeriod => "attention",
        RecordKind::Confidential => "key",
    }
}

/// The village of an area code, in words.
pub fn village(names: &Names, code: &str) -> String {
    let prefix = gridbook_domain::territory::village_of(code);
    names.areas.get(prefix).cloned().unwrap_or_else(|| prefix.to_owned())
}

/// Villages with their codes, in order of code.
pub fn villages(names: &Names) -> Vec<(String, String)> {
    let villages = names.areas.iter().filter(|(code, _)| code.len() == 12 && !is_zone(code));
    villages.map(|(c, n)| (c.clone(), n.clone())).collect()
}

/// Zones with their codes, in order of code; none where a township has none (TERR-01).
pub fn zones(names: &Names) -> Vec<(String, String)> {
    let zones = names.areas.iter().filter(|(code, _)| is_zone(code) && !names.past.contains(*code));
    zones.map(|(code, name)| (code.clone(), name.clone())).collect()
}

/// What a filter by place offers: everything, the zones, the villages.
pub fn places(names: &Names, all: &str) -> Vec<(String, String)> {
    let zones = zones(names).into_iter().map(|(code, name)| (code, format!("片：{name}")));
    std::iter::once((String::new(), all.to_owned())).chain(zones).chain(villages(names)).collect()
}

/// Names of a household's categories, as far as this account may see them there.
pub fn categories(app: App, area: &str, words: &[String]) -> Vec<String> {
    let package = app.package();
    let shown = category::shown(&package, &app.actor(), area, words, app.today());
    shown.into_iter().map(|category| category.label.clone()).collect()
}

/// A drop-down of (value, words); the first is what "no filter" means.
pub fn select(
    label: &'static str,
    testid: &'static str,
    value: impl Fn() -> String + Send + Sync + 'static,
    options: impl Fn() -> Vec<(String, String)> + Send + Sync + 'static,
    on_change: impl Fn(String) + Send + Sync + 'static,
) -> AnyView {
    view! {
        <span class="select" style:max-width="14rem">
            <select
                class="input"
                aria-label=label
                data-testid=testid
                on:change=move |event| on_change(event_target_value(&event))
            >
                {move || {
                    let held = value();
                    options()
                        .into_iter()
                        .map(|(id, words)| {
                            let chosen = id == held;
                            view! { <option value=id selected=chosen>{words}</option> }
                        })
                        .collect_view()
                }}
            </select>
        </span>
    }
    .into_any()
}

/// A line to be filled in, under its label: text or a day (`kind`), of so many characters at most.
pub fn line(
    label: &'static str,
    id: &'static str,
    kind: &'static str,
    most: Option<&'static str>,
    signal: RwSignal<String>,
    fixed: bool,
) -> AnyView {
    view! {
        <div class="field">
            <label class="label" for=id>{label}</label>
            <input
                class="input"
                id=id
                type=kind
                maxlength=most
                data-testid=id
                readonly=fixed
                prop:value=move || signal.get()
                on:input=move |event| signal.set(event_target_value(&event))
            />
        </div>
    }
    .into_any()
}

/// A day in a bar of filters.
pub fn bar_day(label: &'static str, id: &'static str, signal: RwSignal<NaiveDate>) -> AnyView {
    view! {
        <input
            class="input"
            type="date"
            title=label
            aria-label=label
            data-testid=id
            prop:value=move || signal.get().to_string()
            on:change=move |event| {
                if let Some(day) = date::parse(&event_target_value(&event)) {
                    signal.set(day);
                }
            }
        />
    }
    .into_any()
}

/// Whether a key press belongs to a control that takes text, or to an open dialog.
pub fn typing(event: &web_sys::KeyboardEvent) -> bool {
    let dialog = document().query_selector("dialog[open]").ok().flatten().is_some();
    let target = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
    let field = target.is_some_and(|element| match element.tag_name().as_str() {
        "SELECT" | "TEXTAREA" => true,
        "INPUT" => !matches!(
            element.dyn_into::<HtmlInputElement>().map(|input| input.type_()).as_deref(),
            Ok("checkbox" | "radio" | "button")
        ),
        _ => false,
    });
    dialog || field
}

/// Lets the browser draw and answer before a long piece of work goes on.
pub async fn breathe() {
    let wait = js_sys::Promise::new(&mut |done, _| {
        let _ = window().set_timeout_with_callback(&done);
    });
    // A timer that could not be set only means no pause.
    let _ = wasm_bindgen_futures::JsFuture::from(wait).await;
}
