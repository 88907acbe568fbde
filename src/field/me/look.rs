//! How it looks, and new versions: by asking, never in the middle of work.

use js_sys::{Function, Reflect};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};

use crate::app::App;
use crate::ui::live;
use crate::ui::states::{Tone, banner};

/// Calls a function of the page's first script with one argument.
fn page_call(name: &str, argument: &JsValue) -> Option<JsValue> {
    let function: Function = Reflect::get(&window(), &name.into()).ok()?.dyn_into().ok()?;
    function.call1(&JsValue::NULL, argument).ok()
}

fn display(name: &str, value: &str) {
    let look = js_sys::Object::new();
    let _ = Reflect::set(&look, &name.into(), &value.into());
    let _ = page_call("gridbookDisplay", &look);
}

fn displayed(name: &str) -> String {
    page_call("gridbookDisplay", &JsValue::UNDEFINED)
        .and_then(|look| Reflect::get(&look, &name.into()).ok())
        .and_then(|value| value.as_string())
        .unwrap_or_default()
}

/// Large text and the theme.
pub(super) fn look() -> AnyView {
    let text = RwSignal::new(displayed("text"));
    let theme = RwSignal::new(displayed("theme"));
    let chip = |id: &'static str, words: &'static str| {
        view! {
            <label class="chip" data-testid=format!("theme-{id}")>
                <input
                    type="radio"
                    name="theme"
                    prop:checked=move || theme.with(|now| now == id)
                    on:change=move |_| {
                        display("theme", id);
                        theme.set(id.to_owned());
                    }
                />
                <span class="chip-face">{words}</span>
            </label>
        }
        .into_any()
    };
    view! {
        <article class="card">
            <div class="card-head"><h2 class="card-title">"显示"</h2></div>
            <div class="card-body stack">
                <label class="switch" data-testid="large-text">
                    <input
                        type="checkbox"
                        role="switch"
                        prop:checked=move || text.with(|now| now == "large")
                        on:change=move |ev| {
                            let size = if event_target_checked(&ev) { "large" } else { "normal" };
                            display("text", size);
                            text.set(size.to_owned());
                        }
                    />
                    <span class="switch-face"></span>
                    <span class="switch-text">"大字"</span>
                </label>
                <fieldset class="field choice">
                    <legend class="label">"明暗"</legend>
                    <div class="chips">
                        {chip("auto", "跟随手机")}
                        {chip("light", "浅色")}
                        {chip("dark", "深色")}
                        {chip("sun", "户外强光")}
                    </div>
                </fieldset>
            </div>
        </article>
    }
    .into_any()
}

/// Whether a new version waits.
#[derive(Clone, Copy)]
struct Update(RwSignal<bool>);

/// Listens for new versions; once, at the root.
pub(in crate::field) fn watch_updates() {
    let waiting =
        Reflect::get(&window(), &"gridbookUpdateWaiting".into()).is_ok_and(|value| value.is_truthy());
    let update = Update(RwSignal::new(waiting));
    provide_context(update);
    for name in ["gridbook:update", "gridbook:updated"] {
        gloo::events::EventListener::new(&window(), name, move |_| update.0.set(true)).forget();
    }
}

/// Offers the new version.
pub(super) fn update_banner(app: App) -> AnyView {
    let update = use_context::<Update>();
    let draw = move || {
        update.is_some_and(|update| update.0.get()).then(|| {
            let take = view! {
                <button
                    class="btn btn-small"
                    type="button"
                    data-testid="update-now"
                    on:click=move |_| apply(app)
                >
                    "更新"
                </button>
            }
            .into_any();
            banner(Tone::Ok, "download", "有新版本", "草稿和记录都已存在本机，更新只要几秒。", vec![take])
        })
    };
    live(draw)
}

/// Every write is on disk once the store has answered a read that stood behind it.
fn apply(app: App) {
    leptos::task::spawn_local(async move {
        let _ = app.drafts().await;
        let done =
            page_call("gridbookApplyUpdate", &JsValue::UNDEFINED).is_some_and(|value| value.is_truthy());
        if !done {
            let _ = window().location().reload();
        }
    });
}
