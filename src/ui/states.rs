//! Empty, loading, offline, error: drawn, not forgotten.

use leptos::prelude::*;

use super::icon::{art, icon};
use super::live;

/// A place with nothing in it, in words: what it is and what to do.
pub fn blank(
    drawing: &'static str,
    title: impl Into<String>,
    text: impl Into<String>,
    actions: Vec<AnyView>,
) -> AnyView {
    // One of its own for all kinds of text: it is in the bundle once.
    draw_blank(drawing, title.into(), text.into(), actions)
}

fn draw_blank(drawing: &'static str, title: String, text: String, actions: Vec<AnyView>) -> AnyView {
    let actions = (!actions.is_empty()).then(|| view! { <div class="blank-actions">{actions}</div> });
    view! {
        <div class="blank" data-testid=format!("blank-{drawing}")>
            {art(drawing)}
            <p class="blank-title">{title}</p>
            <p class="blank-text">{text}</p>
            {actions}
        </div>
    }
    .into_any()
}

/// Rows that are being fetched from the device.
pub fn loading(rows: usize) -> AnyView {
    let rows = (0..rows)
        .map(|_| {
            view! {
                <div class="skeleton-row">
                    <span class="skeleton skeleton-title"></span>
                    <span class="skeleton skeleton-text"></span>
                </div>
            }
        })
        .collect_view();
    view! { <div class="rows" aria-busy="true" role="status" aria-label="正在打开">{rows}</div> }.into_any()
}

/// Tone of a banner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Good to know.
    Info,
    /// Done.
    Ok,
    /// Look here.
    Warn,
    /// Act.
    Danger,
}

/// A message across the page.
pub fn banner(
    tone: Tone,
    symbol: &'static str,
    title: impl Into<String>,
    text: impl Into<String>,
    actions: Vec<AnyView>,
) -> AnyView {
    draw_banner(tone, symbol, title.into(), text.into(), actions)
}

fn draw_banner(
    tone: Tone,
    symbol: &'static str,
    title: String,
    text: String,
    actions: Vec<AnyView>,
) -> AnyView {
    let class = match tone {
        Tone::Info => "banner banner-info",
        Tone::Ok => "banner banner-ok",
        Tone::Warn => "banner banner-warn",
        Tone::Danger => "banner banner-danger",
    };
    let text = (!text.is_empty()).then(|| view! { <p class="banner-text">{text}</p> });
    let actions = (!actions.is_empty()).then(|| view! { <div class="banner-actions">{actions}</div> });
    view! {
        <div class=class>
            {icon(symbol)}
            <div class="banner-main"><p class="banner-title">{title}</p>{text}</div>
            {actions}
        </div>
    }
    .into_any()
}

/// A warning of a few words in a line: shape and word.
pub fn warning(words: impl Into<String>) -> AnyView {
    view! { <span class="tag tag-warn">{icon("warn")}{words.into()}</span> }.into_any()
}

/// What stands in the way, in a box above the fields; nothing while all is well.
pub fn failed(failure: RwSignal<Option<String>>, test: Option<&'static str>) -> AnyView {
    live(move || {
        failure.get().map(|text| {
            view! {
                <div class="problems" role="alert" data-testid=test>
                    <p class="problems-title">{icon("warn")}{text}</p>
                </div>
            }
        })
    })
}
