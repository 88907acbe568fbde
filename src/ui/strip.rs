//! A photo with its line burned in (HAZ-06): made when it is looked at, printed or handed on, from the original, which stays
//! as it is.

use js_sys::{Function, Promise};
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlImageElement, Url};

use super::dom::object_url;
use super::photo::{canvas, jpeg};

/// Height of the line, as a part of the shorter side.
const PART: f64 = 0.06;
const QUALITY: f64 = 0.9;

/// The photo as a JPEG with `words` in a line at its foot; `None` when the browser cannot read it.
pub async fn burned(bytes: &[u8], mime: &str, words: &str) -> Option<Vec<u8>> {
    let url = object_url(bytes, mime)?;
    let made = drawn(&url, words).await;
    let _ = Url::revoke_object_url(&url);
    made
}

async fn drawn(url: &str, words: &str) -> Option<Vec<u8>> {
    let image = HtmlImageElement::new().ok()?;
    let loaded = Promise::new(&mut |done: Function, failed: Function| {
        image.set_onload(Some(&done));
        image.set_onerror(Some(&failed));
    });
    image.set_src(url);
    JsFuture::from(loaded).await.ok()?;
    let (w, h) = (f64::from(image.natural_width()), f64::from(image.natural_height()));
    if w < 1.0 || h < 1.0 {
        return None;
    }
    let (canvas, context) = canvas(w, h).ok()?;
    context.draw_image_with_html_image_element_and_dw_and_dh(&image, 0.0, 0.0, w, h).ok()?;
    let bar = (w.min(h) * PART).max(20.0);
    context.set_fill_style_str("rgba(0,0,0,0.65)");
    context.fill_rect(0.0, h - bar, w, bar);
    context.set_fill_style_str("#fff");
    context.set_font(&format!("600 {}px sans-serif", (bar * 0.6).round()));
    context.set_text_baseline("middle");
    context.fill_text_with_max_width(words, bar * 0.4, h - bar / 2.0, w - bar * 0.8).ok()?;
    jpeg(&canvas, QUALITY).await.ok().map(|bytes| bytes.to_vec())
}

/// The address of a photo in this page: with its line, where it has one and can be drawn, else as it is.
pub async fn shown(bytes: &[u8], mime: &str, words: Option<&str>) -> Option<String> {
    if let Some(words) = words
        && let Some(made) = burned(bytes, mime, words).await
    {
        return object_url(&made, "image/jpeg");
    }
    object_url(bytes, mime)
}
