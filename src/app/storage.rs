//! Room on the device, and its promise to keep our data.

use js_sys::Reflect;
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use super::App;

/// From this part of the room on the person is told.
const NEARLY_FULL: f64 = 0.8;

/// How the device stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StorageView {
    /// Bytes used by this site.
    pub used: f64,
    /// Bytes it may use.
    pub quota: f64,
    /// Whether the browser promised not to clear the data by itself; `None` when it does not say.
    pub persisted: Option<bool>,
}

impl StorageView {
    /// Bytes that are left; `None` when the browser does not say.
    pub fn left(&self) -> Option<f64> {
        (self.quota > 0.0).then(|| (self.quota - self.used).max(0.0))
    }

    /// Whether it is time to tell the person, before a save fails.
    pub fn nearly_full(&self) -> bool {
        self.quota > 0.0 && self.used >= NEARLY_FULL * self.quota
    }
}

fn manager() -> Option<web_sys::StorageManager> {
    let navigator = web_sys::window()?.navigator();
    let there = Reflect::get(&navigator, &"storage".into()).is_ok_and(|s| !s.is_undefined());
    there.then(|| navigator.storage())
}

impl App {
    /// Asks the browser how the device stands.
    pub async fn storage(&self) -> StorageView {
        let Some(manager) = manager() else { return StorageView::default() };
        let number = |value: &JsValue, name: &str| {
            Reflect::get(value, &name.into()).ok().and_then(|v| v.as_f64()).unwrap_or(0.0)
        };
        let mut view = StorageView::default();
        if let Ok(promise) = manager.estimate()
            && let Ok(estimate) = JsFuture::from(promise).await
        {
            view.used = number(&estimate, "usage");
            view.quota = number(&estimate, "quota");
        }
        if let Ok(promise) = manager.persisted() {
            view.persisted = JsFuture::from(promise).await.ok().and_then(|v| v.as_bool());
        }
        view
    }

    /// After a save: asks the browser to keep our data, once a page.
    pub(super) fn ask_to_persist(&self) {
        if self.sync.with_untracked(|s| s.asked_to_persist) {
            return;
        }
        self.sync.update(|s| s.asked_to_persist = true);
        let app = *self;
        leptos::task::spawn_local(async move {
            if let Some(promise) = manager().and_then(|m| m.persist().ok()) {
                let answer = JsFuture::from(promise).await.ok().and_then(|v| v.as_bool());
                app.sync.update(|s| s.persisted = answer);
            }
        });
    }
}
