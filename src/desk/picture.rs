//! Photos for documents: scaled down as they are printed.

use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageBitmap};

use leptos::prelude::{document, window};

/// Longest side of a photo in a document, in pixels: enough for a page.
const PRINTED: u32 = 1000;

/// A stored picture as PNG with its sides in pixels, not longer than [`PRINTED`]; `None` when the browser cannot read it.
pub async fn png(bytes: &[u8], mime: &str) -> Option<(Vec<u8>, u32, u32)> {
    let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(bytes));
    let options = web_sys::BlobPropertyBag::new();
    options.set_type(mime);
    let blob = web_sys::Blob::new_with_u8_array_sequence_and_options(&parts, &options).ok()?;
    let promise = window().create_image_bitmap_with_blob(&blob).ok()?;
    let bitmap: ImageBitmap = JsFuture::from(promise).await.ok()?.dyn_into().ok()?;
    let canvas = drawn(&bitmap, PRINTED)?;
    bitmap.close();
    let url = canvas.to_data_url().ok()?;
    let base64 = url.strip_prefix("data:image/png;base64,")?;
    let bytes = window().atob(base64).ok()?.chars().filter_map(|c| u8::try_from(u32::from(c)).ok()).collect();
    Some((bytes, canvas.width(), canvas.height()))
}

/// The picture on a canvas, not longer than `longest` on its longer side.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "sides of a picture are small numbers"
)]
fn drawn(bitmap: &ImageBitmap, longest: u32) -> Option<HtmlCanvasElement> {
    let (width, height) = (bitmap.width(), bitmap.height());
    let scale = (f64::from(longest) / f64::from(width.max(height).max(1))).min(1.0);
    let side = |pixels: u32| ((f64::from(pixels) * scale).round() as u32).max(1);
    let canvas: HtmlCanvasElement = document().create_element("canvas").ok()?.dyn_into().ok()?;
    canvas.set_width(side(width));
    canvas.set_height(side(height));
    let context: CanvasRenderingContext2d = canvas.get_context("2d").ok()??.dyn_into().ok()?;
    let (w, h) = (f64::from(side(width)), f64::from(side(height)));
    context.draw_image_with_image_bitmap_and_dw_and_dh(bitmap, 0.0, 0.0, w, h).ok()?;
    Some(canvas)
}
