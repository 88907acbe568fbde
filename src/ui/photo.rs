//! Photos from the camera: decoded small, written anew as JPEG. Place and device data of the original are gone
//! with it.

use js_sys::{Function, Promise, Uint8Array};
use leptos::prelude::document;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, HtmlImageElement, Url};

/// Longest side, pixels.
const SIDE: f64 = 1600.0;
/// Largest file, bytes.
const BYTES: u32 = 400 * 1024;
/// Longest side of the small picture for lists.
const THUMB_SIDE: f64 = 160.0;
/// Longest base64 text of the small picture.
const THUMB_TEXT: usize = 8 * 1024;

/// A photo as it is kept.
#[derive(Debug, Clone)]
pub struct Shot {
    /// JPEG.
    pub bytes: Vec<u8>,
    /// A small JPEG, base64; absent when even the smallest was too large.
    pub thumb: Option<String>,
}

/// Why there is no photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhotoError {
    /// Not a picture that this browser can read.
    Unreadable,
    /// It could not be made small enough.
    TooLarge,
}

impl PhotoError {
    /// In words for people.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Unreadable => "这张图片打不开，没有加上。已填的内容都在，请重新拍一张。",
            Self::TooLarge => "这张图片压缩后还是太大，没有加上。已填的内容都在，请重新拍一张。",
        }
    }
}

impl From<JsValue> for PhotoError {
    fn from(_: JsValue) -> Self {
        Self::Unreadable
    }
}

/// Makes a photo small: at most 1600 pixels and 400 KB.
///
/// # Errors
/// [`PhotoError`]
pub async fn shrink(file: &web_sys::Blob) -> Result<Shot, PhotoError> {
    let url = Url::create_object_url_with_blob(file)?;
    let shot = from_url(&url, file).await;
    let _ = Url::revoke_object_url(&url);
    shot
}

async fn from_url(url: &str, file: &web_sys::Blob) -> Result<Shot, PhotoError> {
    // The header tells the size; the pixels are decoded only below, already small.
    let image = HtmlImageElement::new()?;
    let loaded = Promise::new(&mut |done: Function, failed: Function| {
        image.set_onload(Some(&done));
        image.set_onerror(Some(&failed));
    });
    image.set_src(url);
    JsFuture::from(loaded).await?;
    let (width, height) = (f64::from(image.natural_width()), f64::from(image.natural_height()));
    if width < 1.0 || height < 1.0 {
        return Err(PhotoError::Unreadable);
    }
    let mut side = SIDE;
    loop {
        let scale = (side / width.max(height)).min(1.0);
        let (w, h) = ((width * scale).round().max(1.0), (height * scale).round().max(1.0));
        let canvas = draw(&image, file, w, h).await?;
        for quality in [0.8, 0.65, 0.5] {
            let bytes = jpeg(&canvas, quality).await?;
            if bytes.length() <= BYTES {
                return Ok(Shot { bytes: bytes.to_vec(), thumb: thumb(&canvas, w, h) });
            }
        }
        side *= 0.7;
        if side < 400.0 {
            return Err(PhotoError::TooLarge);
        }
    }
}

/// A picture decoded at its new size where the browser can, else drawn smaller.
async fn draw(
    image: &HtmlImageElement,
    file: &web_sys::Blob,
    w: f64,
    h: f64,
) -> Result<HtmlCanvasElement, PhotoError> {
    let (canvas, context) = canvas(w, h)?;
    match bitmap(file, w, h).await {
        Some(bitmap) => {
            context.draw_image_with_image_bitmap_and_dw_and_dh(&bitmap, 0.0, 0.0, w, h)?;
            bitmap.close();
        }
        None => context.draw_image_with_html_image_element_and_dw_and_dh(image, 0.0, 0.0, w, h)?,
    }
    Ok(canvas)
}

async fn bitmap(file: &web_sys::Blob, w: f64, h: f64) -> Option<web_sys::ImageBitmap> {
    let make: Function =
        js_sys::Reflect::get(&js_sys::global(), &"createImageBitmap".into()).ok()?.dyn_into().ok()?;
    let options = js_sys::Object::new();
    for (name, value) in [
        ("resizeWidth", JsValue::from_f64(w)),
        ("resizeHeight", JsValue::from_f64(h)),
        ("resizeQuality", "medium".into()),
        ("imageOrientation", "from-image".into()),
    ] {
        js_sys::Reflect::set(&options, &name.into(), &value).ok()?;
    }
    let promise: Promise = make.call2(&JsValue::NULL, file, &options).ok()?.dyn_into().ok()?;
    JsFuture::from(promise).await.ok()?.dyn_into().ok()
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sizes between 1 and 1600")]
pub(super) fn canvas(w: f64, h: f64) -> Result<(HtmlCanvasElement, CanvasRenderingContext2d), PhotoError> {
    let canvas: HtmlCanvasElement =
        document().create_element("canvas")?.dyn_into().map_err(|_| PhotoError::Unreadable)?;
    canvas.set_width(w as u32);
    canvas.set_height(h as u32);
    let context = canvas.get_context("2d")?.ok_or(PhotoError::Unreadable)?;
    Ok((canvas, context.dyn_into().map_err(|_| PhotoError::Unreadable)?))
}

pub(super) async fn jpeg(canvas: &HtmlCanvasElement, quality: f64) -> Result<Uint8Array, PhotoError> {
    let made = Promise::new(&mut |done: Function, failed: Function| {
        let quality = JsValue::from_f64(quality);
        if canvas.to_blob_with_type_and_encoder_options(&done, "image/jpeg", &quality).is_err() {
            let _ = failed.call0(&JsValue::NULL);
        }
    });
    let blob: web_sys::Blob = JsFuture::from(made).await?.dyn_into().map_err(|_| PhotoError::Unreadable)?;
    Ok(Uint8Array::new(&JsFuture::from(blob.array_buffer()).await?))
}

pub(super) fn thumb(from: &HtmlCanvasElement, w: f64, h: f64) -> Option<String> {
    let scale = (THUMB_SIDE / w.max(h)).min(1.0);
    let (w, h) = ((w * scale).round().max(1.0), (h * scale).round().max(1.0));
    let (canvas, context) = canvas(w, h).ok()?;
    context.draw_image_with_html_canvas_element_and_dw_and_dh(from, 0.0, 0.0, w, h).ok()?;
    [0.6, 0.4, 0.2].into_iter().find_map(|quality| {
        let url = canvas
            .to_data_url_with_type_and_encoder_options("image/jpeg", &JsValue::from_f64(quality))
            .ok()?;
        let text = url.strip_prefix("data:image/jpeg;base64,")?;
        (text.len() <= THUMB_TEXT).then(|| text.to_owned())
    })
}

/// The address of a small picture, for `<img>`.
pub fn thumb_url(thumb: &str) -> String {
    format!("data:image/jpeg;base64,{thumb}")
}
