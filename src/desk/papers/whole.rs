//! Pictures of a document come one after the other. What is measured or printed before the last one is there has
//! other pages than the paper will have.

use js_sys::{Function, Promise};
use leptos::prelude::{document, window};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlImageElement;

/// Marks the place of a picture that is still being read.
pub(super) const COMING: &str = "data-coming";
/// How often to look, and how many times: a picture that is not read within ten seconds does not hold up the rest.
const LOOK_MS: i32 = 50;
const LOOKS: usize = 200;

/// Waits until every picture of the documents that are shown stands in its full size.
pub(super) async fn drawn() {
    let coming =
        || document().query_selector(&format!(".paper [{COMING}]")).is_ok_and(|found| found.is_some());
    for _ in 0..LOOKS {
        if !coming() {
            break;
        }
        let soon = Promise::new(&mut |done: Function, _| {
            let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&done, LOOK_MS);
        });
        let _ = JsFuture::from(soon).await;
    }
    let Ok(all) = document().query_selector_all(".paper img") else { return };
    for n in 0..all.length() {
        if let Some(image) = all.item(n).and_then(|node| node.dyn_into::<HtmlImageElement>().ok()) {
            // One that cannot be read takes the room it has.
            let _ = JsFuture::from(image.decode()).await;
        }
    }
}
