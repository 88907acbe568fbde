//! Room on the device, its promise to keep our data, and the file with everything unsent.

use std::collections::BTreeSet;

use gridbook_sync::store::{Store, Table, scan_all};
use js_sys::Reflect;
use leptos::prelude::*;
use serde_json::json;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use super::{App, Problem};

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
    /// Part of the room in use, 0 to 1.
    pub fn share(&self) -> f64 {
        if self.quota > 0.0 { self.used / self.quota } else { 0.0 }
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

    /// A file with everything unsent: operations and photos, readable by any backend of the contract.
    ///
    /// # Errors
    /// [`Problem`] when the store fails.
    pub async fn export_unsent(&self) -> Result<Vec<u8>, Problem> {
        let replica = self.replica().ok_or(Problem::SignedOut)?;
        let outbox = replica.outbox(&BTreeSet::new(), usize::MAX - 1, usize::MAX).await?;
        let mut photos = serde_json::Map::new();
        for (name, _) in scan_all(replica.store(), Table::BlobQueue).await? {
            if let Some(bytes) = replica.store().get(Table::Blob, &name).await? {
                photos.insert(name, base64(&bytes).into());
            }
        }
        let (writer, nonce) = {
            let meta = replica.meta();
            (meta.writer, meta.nonce.clone())
        };
        let file = json!({
            "gridbook": "unsent", "contract": "1", "user": self.user(), "writer": writer, "nonce": nonce,
            "made_at": self.now_ms(), "ops": outbox.ops, "photos": photos,
        });
        serde_json::to_vec(&file).map_err(|e| Problem::Store(e.to_string()))
    }
}

/// Standard base64 with padding.
pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = (u32::from(chunk[0]) << 16)
            | (u32::from(chunk.get(1).copied().unwrap_or(0)) << 8)
            | u32::from(chunk.get(2).copied().unwrap_or(0));
        for i in 0..4 {
            if i <= chunk.len() {
                out.push(DIGITS[(word >> (18 - 6 * i)) as usize & 63] as char);
            } else {
                out.push('=');
            }
        }
    }
    out
}
