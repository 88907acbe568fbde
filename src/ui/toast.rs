//! Short words at the edge of the screen, read out politely.

use leptos::prelude::*;

use super::icon::icon;
use crate::ui::live;

/// How a toast looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// Done.
    Ok,
    /// Not done.
    Warn,
}

#[derive(Clone)]
struct Toast {
    id: u32,
    mood: Mood,
    text: String,
    link: Option<(String, String)>,
}

/// How long good news stays, milliseconds.
const OK_MS: u32 = 3500;
/// How long bad news stays: long enough to be read slowly.
const WARN_MS: u32 = 8000;

/// Where toasts are put; a copy goes into any closure.
#[derive(Clone, Copy)]
pub struct Toasts {
    list: RwSignal<Vec<Toast>>,
    next: StoredValue<u32>,
}

/// Makes the place for toasts; once, at the root.
pub fn provide_toasts() -> Toasts {
    let toasts = Toasts { list: RwSignal::new(Vec::new()), next: StoredValue::new(0) };
    provide_context(toasts);
    toasts
}

/// The place for toasts.
pub fn use_toasts() -> Toasts {
    expect_context()
}

impl Toasts {
    /// Says that something is done.
    pub fn ok(self, text: impl Into<String>) {
        self.say(Mood::Ok, text.into(), None);
    }

    /// Says that something is not done.
    pub fn warn(self, text: impl Into<String>) {
        self.say(Mood::Warn, text.into(), None);
    }

    /// As [`Toasts::ok`], with a link: its words and its address.
    pub fn ok_with(self, text: impl Into<String>, words: impl Into<String>, href: impl Into<String>) {
        self.say(Mood::Ok, text.into(), Some((words.into(), href.into())));
    }

    fn say(self, mood: Mood, text: String, link: Option<(String, String)>) {
        let id = self.next.get_value();
        self.next.set_value(id.wrapping_add(1));
        self.list.update(|list| {
            list.retain(|toast| toast.text != text);
            list.push(Toast { id, mood, text, link });
        });
        let stay = if mood == Mood::Ok { OK_MS } else { WARN_MS };
        gloo::timers::callback::Timeout::new(stay, move || {
            self.list.update(|list| list.retain(|toast| toast.id != id));
        })
        .forget();
    }

    /// The list itself; one, beside the screen.
    pub fn view(self) -> AnyView {
        let draw = move || {
            let draw = |toast: Toast| {
                let (class, symbol) = match toast.mood {
                    Mood::Ok => ("toast toast-ok", "check"),
                    Mood::Warn => ("toast toast-warn", "warn"),
                };
                let link =
                    toast.link.map(|(words, href)| view! { <a class="toast-action" href=href>{words}</a> });
                view! { <div class=class data-testid="toast">{icon(symbol)}{toast.text}{link}</div> }
                    .into_any()
            };
            self.list.get().into_iter().map(draw).collect_view()
        };
        view! { <div class="toasts" role="status" aria-live="polite">{live(draw)}</div> }.into_any()
    }
}
