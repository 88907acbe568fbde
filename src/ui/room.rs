//! Room on the device, in words.

use leptos::prelude::*;

use super::format::size;
use super::states::{Tone, banner};
use crate::app::StorageView;

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bytes, never negative")]
fn bytes(number: f64) -> String {
    size(number.max(0.0) as u64)
}

/// How much is used, and how much is left.
pub fn words(room: &StorageView) -> String {
    match room.left() {
        Some(left) => format!("已用 {}，可用 {}", bytes(room.used), bytes(left)),
        None => "浏览器没有告诉还有多少空间".to_owned(),
    }
}

/// Before a save fails: what is nearly full, and what to do.
pub fn warning(title: &'static str, text: &'static str) -> AnyView {
    banner(Tone::Danger, "storage", title, text, Vec::new())
}
