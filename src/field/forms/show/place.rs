//! What a form begins with, before its fields: the numbers to call, the grid where it lies, a shorter way.

use gridbook_domain::record::RecordKind;
use leptos::prelude::*;
use serde_json::Value;

use crate::field::alarm::numbers;
use crate::field::forms::Page;
use crate::ui::directory::use_directory;
use crate::ui::format;
use crate::ui::icon::icon;
use crate::ui::live;

/// Call first: what cannot wait begins with the numbers, and the form says when the call was made (FLOW-17).
pub(super) fn first(page: Page) -> Option<AnyView> {
    let begun = page.begun();
    if begun.draft.edit || !(begun.kind.is_case() || begun.kind == RecordKind::Entry) {
        return None;
    }
    let (state, app, package) = (page.state, page.app, page.app.package());
    let name = format!("{}/{}", begun.form.id, begun.form.version);
    let item = begun.draft.values.get("item").and_then(Value::as_str);
    let item = item.and_then(|id| package.catalogue.get().item(id));
    let item = item.or_else(|| package.catalogue.get().item_of(&name, &begun.draft.values));
    let always = item.is_some_and(|item| item.sla.first().is_some_and(|class| class == "S0"));
    let wanted = Memo::new(move |_| {
        let level = state.text("level");
        let loud = package.level(&level).is_some_and(|level| level.phone_first);
        always || loud || state.values.with(|values| values.get("urgent") == Some(&Value::Bool(true)))
    });
    let keeps = begun.form.field("called_at").is_some();
    let draw = move || {
        wanted.get().then(|| {
            let called = move |whom: &str| {
                if keeps && untrack(|| state.text("called_at")).is_empty() {
                    let at = format::stored_time(&format::input_time(app.now_ms()));
                    state.set("called_at", Some(Value::from(at)));
                    state.set("called_to", Some(Value::from(whom)));
                }
            };
            let made = move || {
                let at = format::shown_time(&state.text("called_at")).replace('T', " ");
                let made = format!("已记下 {at} 打给{}，接着填表。", state.text("called_to"));
                if at.is_empty() {
                    "危急的先打电话、先撤人，再填表。".to_owned()
                } else {
                    made
                }
            };
            view! {
                <div class="alarm" data-testid="call-first">
                    <p class="alarm-title">{icon("phone")}"先打电话，后填表"</p>
                    <p class="alarm-text" role="status">{live(made)}</p>
                    {numbers(app, called)}
                </div>
            }
        })
    };
    Some(live(draw))
}

/// Where a new record lies, when neither the household nor the person's own area says it.
pub(super) fn area(page: Page) -> AnyView {
    let begun = page.begun();
    if begun.draft.edit || page.says_area() {
        return ().into_any();
    }
    let directory = use_directory();
    let own = begun.kind == RecordKind::Household;
    let draw = move || {
        if !own && page.state.household().is_some() {
            return None;
        }
        let actor = page.app.actor();
        let prefixes = actor.areas(page.app.today());
        let list = directory.with(|names| names.leaves(&prefixes));
        if let [(only, _)] = list.as_slice()
            && (page.state.area.get_untracked().is_empty() || page.state.area.get_untracked() == *only)
        {
            let only = only.clone();
            page.state.area.set(only);
            return None;
        }
        let now = page.state.area.get_untracked();
        let options = list
            .into_iter()
            .map(|(code, name)| {
                let selected = code == now;
                view! { <option value=code selected=selected>{name}</option> }
            })
            .collect_view();
        let wrong = move || {
            page.state.problem("@area").map(|(words, _)| view! { <p class="error">{icon("warn")}{words}</p> })
        };
        Some(view! {
            <div class="field" data-path="@area">
                <label class="label" for="f-area">"所在网格"<span class="req">" 必填"</span></label>
                <span class="select">
                    <select
                        class="input"
                        id="f-area"
                        data-testid="field-area"
                        on:change=move |ev| {
                            page.state.area.set(event_target_value(&ev));
                            page.state.set("@area", None);
                        }
                    >
                        <option value="">"请选择"</option>
                        {options}
                    </select>
                </span>
                {live(wrong)}
            </div>
        })
    };
    live(draw)
}

/// A quarrel that was settled in the yard is written on one form (MED-02).
pub(super) fn at_once(page: Page) -> Option<AnyView> {
    let begun = page.begun();
    if begun.form.id != "F-DISPUTE" || begun.draft.edit || begun.restored {
        return None;
    }
    let household = begun.draft.household.map(|id| format!("&household={id}")).unwrap_or_default();
    let parent = begun.draft.parent.map(|id| format!("&parent={id}")).unwrap_or_default();
    let href = format!("#/dispute/new?form=F-ORAL{household}{parent}");
    Some(
        view! { <a class="btn btn-wide" href=href data-testid="oral">{icon("edit")}"当场调解：一张表办完"</a> }
            .into_any(),
    )
}
