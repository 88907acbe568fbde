//! Where: asked once, when the person taps, never in the background; optional, and refusing is an answer.

use std::cell::Cell;
use std::rc::Rc;

use leptos::prelude::*;
use serde_json::{Value, json};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

use super::FormState;
use super::field::At;
use crate::ui::icon::icon;
use crate::ui::live;

/// How the one question about the place stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    No,
    Waiting,
    Refused,
    Failed,
}

/// A point with its accuracy.
pub(super) fn geo(state: FormState, at: &At) -> AnyView {
    let asked = RwSignal::new(Asked::No);
    let path = at.path.clone();
    let words = {
        let path = path.clone();
        move || match (state.get(&path), asked.get()) {
            (Some(point), _) => {
                let number = |key: &str| point.get(key).and_then(Value::as_f64).unwrap_or_default();
                format!("{:.5}, {:.5} · 误差约 {:.0} 米", number("lat"), number("lon"), number("acc"))
            }
            (None, Asked::No) => "没有定位也能提交".to_owned(),
            (None, Asked::Waiting) => "正在定位…".to_owned(),
            (None, Asked::Refused) => "手机没有允许定位。写清地点就行，不影响提交。".to_owned(),
            (None, Asked::Failed) => "这里定不到位。写清地点就行，不影响提交。".to_owned(),
        }
    };
    let there = {
        let path = path.clone();
        move || state.get(&path).is_some()
    };
    let tap = {
        let there = there.clone();
        move |_| {
            if untrack(&there) {
                state.set(&path, None);
                asked.set(Asked::No);
            } else {
                asked.set(Asked::Waiting);
                locate(state, asked, path.clone());
            }
        }
    };
    let label = there.clone();
    view! {
        <div class="split">
            <span class="field-value grow" role="status">{live(words)}</span>
            <button
                class="btn"
                type="button"
                id=at.id()
                data-testid=at.test_id()
                disabled=move || asked.get() == Asked::Waiting && !there()
                on:click=tap
            >
                {icon("pin")}
                {live(move || if label() { "去掉" } else { "定位" })}
            </button>
        </div>
    }
    .into_any()
}

fn locate(state: FormState, asked: RwSignal<Asked>, path: String) {
    read_position(move |told| match told {
        Ok(point) => {
            if asked.try_set(Asked::No).is_none() {
                state.set(&path, Some(point));
            }
        }
        Err(refused) => {
            asked.try_set(if refused { Asked::Refused } else { Asked::Failed });
        }
    });
}

fn tell(told: &Cell<Option<impl FnOnce(Result<Value, bool>)>>, said: Result<Value, bool>) {
    if let Some(told) = told.take() {
        told(said);
    }
}

/// Reads the position once: {"lat", "lon", "acc"}; else whether the phone does not allow it.
pub fn read_position(told: impl FnOnce(Result<Value, bool>) + 'static) {
    let Ok(geolocation) = window().navigator().geolocation() else { return told(Err(false)) };
    // One of the three is called.
    let told = Rc::new(Cell::new(Some(told)));
    let hears = told.clone();
    let found = Closure::once_into_js(move |position: web_sys::Position| {
        let at = position.coords();
        let round = |degrees: f64| (degrees * 1e6).round() / 1e6;
        let point = json!({ "lat": round(at.latitude()), "lon": round(at.longitude()), "acc": at.accuracy().round() });
        tell(&hears, Ok(point));
    });
    let hears = told.clone();
    let failed = Closure::once_into_js(move |error: web_sys::PositionError| {
        let refused = error.code() == web_sys::PositionError::PERMISSION_DENIED;
        tell(&hears, Err(refused));
    });
    let options = web_sys::PositionOptions::new();
    options.set_enable_high_accuracy(true);
    options.set_timeout(15_000);
    options.set_maximum_age(60_000);
    let sent = geolocation.get_current_position_with_error_callback_and_options(
        found.unchecked_ref(),
        Some(failed.unchecked_ref()),
        &options,
    );
    if sent.is_err() {
        tell(&told, Err(false));
    }
}
