//! Photos added at the desk: scaled down before they are kept, with a small picture for lists.

use gridbook_log::BlobRef;
use sha2::{Digest, Sha256};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{CanvasRenderingContext2d, File, HtmlCanvasElement, ImageBitmap};

use leptos::prelude::{document, window};

/// Longest side of a photo, in pixels.
const LONGEST: u32 = 1600;
/// Longest side of the small picture, in pixels.
const SMALL: u32 = 160;
/// Largest photo, in bytes.
const MAX_BYTES: usize = 400 * 1024;
/// Longest side of a photo in a document, in pixels: enough for a page.
const PRINTED: u32 = 1000;
/// Longest small picture, in base64 characters.
const MAX_THUMB: usize = 8 * 1024;

/// Scales a picture to at most [`LONGEST`] and [`MAX_BYTES`]; `None` when the browser cannot read it.
pub async fn shrink(file: &File, role: &str) -> Option<(BlobRef, Vec<u8>)> {
    let promise = window().create_image_bitmap_with_blob(file).ok()?;
    let bitmap: ImageBitmap = JsFuture::from(promise).await.ok()?.dyn_into().ok()?;
    let qualities = [0.85, 0.7, 0.55, 0.4];
    let base64 = qualities.into_iter().find_map(|quality| {
        let text = jpeg(&bitmap, LONGEST, quality)?;
        (text.len() / 4 * 3 <= MAX_BYTES).then_some(text)
    })?;
    let thumb = [0.6, 0.4, 0.25]
        .into_iter()
        .filter_map(|quality| jpeg(&bitmap, SMALL, quality))
        .find(|text| text.len() <= MAX_THUMB);
    bitmap.close();
    // One character a byte, as `atob` gives it.
    let bytes: Vec<u8> =
        window().atob(&base64).ok()?.chars().filter_map(|c| u8::try_from(u32::from(c)).ok()).collect();
    let sha256: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let size = u32::try_from(bytes.len()).ok()?;
    let blob = BlobRef { sha256, size, mime: "image/jpeg".to_owned(), role: role.to_owned(), thumb };
    Some((blob, bytes))
}

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

/// The picture as base64 of a JPEG, not longer than `longest` on its longer side.
fn jpeg(bitmap: &ImageBitmap, longest: u32, quality: f64) -> Option<String> {
    let canvas = drawn(bitmap, longest)?;
    let url = canvas.to_data_url_with_type_and_encoder_options("image/jpeg", &quality.into()).ok()?;
    url.strip_prefix("data:image/jpeg;base64,").map(str::to_owned)
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
