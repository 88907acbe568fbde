//! The few things that need the document itself: focus, files, small numbers of it.

use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{HtmlElement, ScrollIntoViewOptions};

/// Puts the focus on the first element that fits the selector. True when there was one.
pub fn focus(selector: &str) -> bool {
    let Some(element) = find(selector) else { return false };
    let _ = element.focus();
    true
}

/// As [`focus`], and brings it to the middle of the screen.
pub fn focus_in_view(selector: &str) -> bool {
    let Some(element) = find(selector) else { return false };
    let options = ScrollIntoViewOptions::new();
    let _ = js_sys::Reflect::set(&options, &"block".into(), &"center".into());
    element.scroll_into_view_with_scroll_into_view_options(&options);
    let _ = element.focus();
    true
}

fn find(selector: &str) -> Option<HtmlElement> {
    document().query_selector(selector).ok().flatten()?.dyn_into().ok()
}

/// Offers bytes as a file to keep.
///
/// # Errors
/// Whatever the browser says.
pub fn download(name: &str, mime: &str, bytes: &[u8]) -> Result<(), JsValue> {
    let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(bytes));
    let options = web_sys::BlobPropertyBag::new();
    options.set_type(mime);
    let blob = web_sys::Blob::new_with_u8_array_sequence_and_options(&parts, &options)?;
    let url = web_sys::Url::create_object_url_with_blob(&blob)?;
    let link: web_sys::HtmlAnchorElement = document().create_element("a")?.dyn_into()?;
    link.set_href(&url);
    link.set_download(name);
    link.click();
    // The click has started the download; the address may go once the browser has taken it up.
    gloo::timers::callback::Timeout::new(60_000, move || {
        let _ = web_sys::Url::revoke_object_url(&url);
    })
    .forget();
    Ok(())
}

/// A file for the browser's own way of sending things; `None` where it has none, or takes no files.
fn sharing(name: &str, bytes: &[u8]) -> Option<(JsValue, js_sys::Function, js_sys::Object)> {
    let navigator: JsValue = web_sys::window()?.navigator().into();
    let function =
        |of: &str| js_sys::Reflect::get(&navigator, &of.into()).ok()?.dyn_into::<js_sys::Function>().ok();
    let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(bytes));
    let file = web_sys::File::new_with_u8_array_sequence(&parts, name).ok()?;
    let what = js_sys::Object::new();
    js_sys::Reflect::set(&what, &"files".into(), &js_sys::Array::of1(&file)).ok()?;
    let able = function("canShare")?.call1(&navigator, &what).ok()?.is_truthy();
    able.then_some((navigator.clone(), function("share")?, what))
}

/// Whether the browser can send such a file to another app.
pub fn can_share(name: &str, bytes: &[u8]) -> bool {
    sharing(name, bytes).is_some()
}

/// Opens the browser's list of apps to send a file with. A person who closes it has decided.
pub fn share(name: &str, bytes: &[u8]) {
    let Some((navigator, share, what)) = sharing(name, bytes) else { return };
    if let Ok(promise) = share.call1(&navigator, &what).and_then(|p| p.dyn_into::<js_sys::Promise>()) {
        leptos::task::spawn_local(async move {
            let _ = wasm_bindgen_futures::JsFuture::from(promise).await;
        });
    }
}

/// The user agent, to choose the words of a guide; never to decide what works.
pub fn agent() -> String {
    web_sys::window().and_then(|w| w.navigator().user_agent().ok()).unwrap_or_default()
}

/// An address of bytes for an `<img>`; give it back with `Url::revoke_object_url`.
pub fn object_url(bytes: &[u8], mime: &str) -> Option<String> {
    let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(bytes));
    let options = web_sys::BlobPropertyBag::new();
    options.set_type(mime);
    let blob = web_sys::Blob::new_with_u8_array_sequence_and_options(&parts, &options).ok()?;
    web_sys::Url::create_object_url_with_blob(&blob).ok()
}

/// Puts a text on the clipboard; false where the browser has none to write to. What it does afterwards it keeps to
/// itself.
pub fn copy(text: &str) -> bool {
    let write = || -> Option<()> {
        let navigator = window().navigator();
        let clipboard = js_sys::Reflect::get(&navigator, &"clipboard".into()).ok()?;
        let write = js_sys::Reflect::get(&clipboard, &"writeText".into()).ok()?;
        let write: js_sys::Function = write.dyn_into().ok()?;
        write.call1(&clipboard, &text.into()).ok().map(|_| ())
    };
    write().is_some()
}
