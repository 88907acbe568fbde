//! Where the person is: the part of the address behind `#`. Back and forward are the browser's, the place on the
//! page comes back with them, and a new page puts the focus on its heading.

use std::collections::BTreeMap;

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsValue;

/// An address inside the app: `/household/<id>?tab=history`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Route {
    /// Parts of the path.
    pub parts: Vec<String>,
    /// What follows the question mark.
    pub query: Vec<(String, String)>,
}

impl Route {
    /// Reads the text behind `#`.
    pub fn parse(hash: &str) -> Self {
        let text = hash.trim_start_matches('#');
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let decode =
            |part: &str| js_sys::decode_uri_component(part).map_or_else(|_| part.to_owned(), String::from);
        Self {
            parts: path.split('/').filter(|part| !part.is_empty()).map(decode).collect(),
            query: query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, value)| (name.to_owned(), decode(value)))
                .collect(),
        }
    }

    /// The parts as texts, to be matched.
    pub fn path(&self) -> Vec<&str> {
        self.parts.iter().map(String::as_str).collect()
    }

    /// A value of the query.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// The way through the app; a copy goes into any closure.
#[derive(Clone, Copy)]
pub struct Router {
    /// Where the person is.
    pub route: RwSignal<Route>,
    place: StoredValue<u32>,
    top: StoredValue<u32>,
    offsets: StoredValue<BTreeMap<u32, f64>>,
    leaving: StoredValue<Option<String>>,
}

/// Starts listening to the address; once, at the root.
pub fn provide_router() -> Router {
    let router = Router {
        route: RwSignal::new(Route::parse(&hash())),
        place: StoredValue::new(mark().unwrap_or(0)),
        top: StoredValue::new(mark().unwrap_or(0)),
        offsets: StoredValue::new(BTreeMap::new()),
        leaving: StoredValue::new(None),
    };
    if let Ok(history) = window().history() {
        let _ = js_sys::Reflect::set(&history, &"scrollRestoration".into(), &"manual".into());
    }
    if mark().is_none() {
        write_mark(0);
    }
    // Not `hashchange`: the mark of the entry that is shown is known here, so back and a new page differ.
    window_event_listener(ev::popstate, move |_| router.moved());
    window_event_listener(ev::hashchange, move |_| router.moved());
    provide_context(router);
    router
}

/// The router of this app.
pub fn use_router() -> Router {
    expect_context()
}

impl Router {
    fn moved(self) {
        if let Some(to) = self.leaving.try_update_value(Option::take).flatten() {
            self.place.set_value(mark().unwrap_or(0));
            self.replace(&to);
            return;
        }
        let route = Route::parse(&hash());
        if mark() == Some(self.place.get_value()) && route == self.route.get_untracked() {
            return;
        }
        let offset = window().scroll_y().unwrap_or(0.0);
        self.offsets.update_value(|offsets| {
            offsets.insert(self.place.get_value(), offset);
        });
        let to = if let Some(place) = mark() {
            self.place.set_value(place);
            self.offsets.with_value(|offsets| offsets.get(&place).copied())
        } else {
            let place = self.place.get_value() + 1;
            self.place.set_value(place);
            self.top.set_value(place);
            write_mark(place);
            None
        };
        self.route.set(route);
        settle(to.unwrap_or(0.0), FRAMES);
    }

    /// Number of the entry that is shown, counted from the one the app was opened at.
    pub fn place(self) -> u32 {
        self.place.get_value()
    }

    /// Opens a page.
    pub fn go(self, path: &str) {
        let _ = window().location().set_hash(path);
    }

    /// Opens a page in the place of this one: back leads past it.
    pub fn replace(self, path: &str) {
        if let Ok(history) = window().history() {
            let state = JsValue::from_f64(f64::from(self.place.get_value()));
            let _ = history.replace_state_with_url(&state, "", Some(&format!("#{path}")));
        }
        self.route.set(Route::parse(path));
        settle(0.0, FRAMES);
    }

    /// Writes down where the page stands in its own address, without moving: back and reload find it again.
    pub fn note(self, path: &str) {
        if let Ok(history) = window().history() {
            let state = JsValue::from_f64(f64::from(self.place.get_value()));
            let _ = history.replace_state_with_url(&state, "", Some(&format!("#{path}")));
        }
    }

    /// Leaves a page that has pushed `steps` entries of its own: back leads past all of them.
    pub fn leave(self, steps: u32, to: &str) {
        let steps = i32::try_from(steps.min(self.place.get_value())).unwrap_or(0);
        if steps > 0
            && let Ok(history) = window().history()
        {
            self.leaving.set_value(Some(to.to_owned()));
            let _ = history.go_with_delta(-steps);
        } else {
            self.replace(to);
        }
    }

    /// One page back; `home` when the app was opened here.
    pub fn back(self, home: &str) {
        if self.place.get_value() > 0
            && let Ok(history) = window().history()
        {
            let _ = history.back();
        } else {
            self.replace(home);
        }
    }
}

/// Frames in which a page may still grow to the place it is scrolled to.
const FRAMES: u32 = 30;

/// Scrolls and moves the focus as soon as the new page is there.
fn settle(offset: f64, frames: u32) {
    request_animation_frame(move || {
        if frames == FRAMES && !super::dom::focus("[data-focus]") {
            super::dom::focus("h1");
        }
        let root = document().document_element();
        let room = root.map_or(0.0, |root| f64::from(root.scroll_height() - root.client_height()));
        window().scroll_to_with_x_and_y(0.0, offset);
        if room < offset && frames > 0 {
            settle(offset, frames - 1);
        }
    });
}

fn hash() -> String {
    window().location().hash().unwrap_or_default()
}

/// The number of the entry that is shown.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a small number that was written here"
)]
fn mark() -> Option<u32> {
    window().history().ok()?.state().ok()?.as_f64().map(|place| place as u32)
}

fn write_mark(place: u32) {
    if let Ok(history) = window().history() {
        let _ = history.replace_state_with_url(&JsValue::from_f64(f64::from(place)), "", None);
    }
}

/// A text as part of an address.
pub fn encode(text: &str) -> String {
    String::from(js_sys::encode_uri_component(text))
}
