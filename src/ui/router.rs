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
    /// On the way back to an entry, and what is shown there then.
    leaving: StoredValue<Option<(u32, String)>>,
    /// The entry shown is the spare one above its page, see [`Router::covered`].
    spare: StoredValue<bool>,
    /// What lies over the page, the topmost last.
    covers: StoredValue<Vec<RwSignal<bool>>>,
}

/// Starts listening to the address; once, at the root.
pub fn provide_router() -> Router {
    let router = Router {
        route: RwSignal::new(Route::parse(&hash())),
        place: StoredValue::new(mark().unwrap_or(0)),
        top: StoredValue::new(mark().unwrap_or(0)),
        offsets: StoredValue::new(BTreeMap::new()),
        leaving: StoredValue::new(None),
        spare: StoredValue::new(is_spare()),
        covers: StoredValue::new(Vec::new()),
    };
    if let Ok(history) = window().history() {
        let _ = js_sys::Reflect::set(&history, &"scrollRestoration".into(), &"manual".into());
    }
    if mark().is_none() {
        write_mark(0);
    }
    // Not `hashchange`: the mark of the entry that is shown is known here, so back and a new page differ.
    window_event_listener(ev::popstate, move |_| router.moved());
    // It follows the other of the same move, which may have begun the next one already.
    window_event_listener(ev::hashchange, move |_| {
        if router.leaving.with_value(Option::is_none) {
            router.moved();
        }
    });
    provide_context(router);
    router
}

/// The router of this app.
pub fn use_router() -> Router {
    expect_context()
}

impl Router {
    fn moved(self) {
        if let Some((target, to)) = self.leaving.try_update_value(Option::take).flatten() {
            let place = mark().unwrap_or(0);
            self.place.set_value(place);
            self.spare.set_value(is_spare());
            // Spare entries lay on the way: on to the page itself.
            if place > target || is_spare() {
                self.leave(place.saturating_sub(target), &to);
            } else {
                self.replace(&to);
            }
            return;
        }
        let route = Route::parse(&hash());
        let above = self.spare.get_value();
        self.spare.set_value(is_spare());
        if mark() == Some(self.place.get_value()) && route == self.route.get_untracked() {
            if above && !is_spare() {
                self.uncover();
            }
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

    /// Something lies over the page while `open` holds: the phone's back key closes it, and leaves the page as it is. A
    /// browser with close watchers does that itself; for the others a spare entry lies above the page's own.
    pub fn covered(self, open: RwSignal<bool>) {
        if js_sys::Reflect::has(&window(), &"CloseWatcher".into()).unwrap_or(false) {
            return;
        }
        self.covers.update_value(|covers| {
            covers.retain(|cover| *cover != open && cover.try_get_untracked() == Some(true));
            covers.push(open);
        });
        self.push_spare();
    }

    fn push_spare(self) {
        if self.spare.get_value() {
            return;
        }
        if let Ok(history) = window().history() {
            let state = JsValue::from_f64(f64::from(self.place.get_value()) + SPARE);
            self.spare.set_value(history.push_state_with_url(&state, "", None).is_ok());
        }
    }

    /// Back from the spare entry: the topmost thing over the page closes. When nothing is there any more, the entry was
    /// left over, and back goes on.
    fn uncover(self) {
        let open = |cover: &RwSignal<bool>| cover.try_get_untracked() == Some(true);
        let top = self.covers.try_update_value(|covers| {
            covers.retain(open);
            (covers.pop(), covers.is_empty())
        });
        match top {
            Some((Some(cover), last)) => {
                cover.try_set(false);
                if !last {
                    self.push_spare();
                }
            }
            _ => {
                if let Ok(history) = window().history() {
                    let _ = history.back();
                }
            }
        }
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
        if self.spare.get_value() {
            return self.leave(0, path);
        }
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
            let spare = if self.spare.get_value() { SPARE } else { 0.0 };
            let state = JsValue::from_f64(f64::from(self.place.get_value()) + spare);
            let _ = history.replace_state_with_url(&state, "", Some(&format!("#{path}")));
        }
    }

    /// Leaves a page that has pushed `steps` entries of its own: back leads past all of them.
    pub fn leave(self, steps: u32, to: &str) {
        let place = self.place.get_value();
        let target = place.saturating_sub(steps);
        // The spare entry above a page is one more.
        let back = if self.spare.get_value() { (place - target).max(1) } else { place - target };
        let back = i32::try_from(back).unwrap_or(0);
        if back > 0
            && let Ok(history) = window().history()
        {
            self.leaving.set_value(Some((target, to.to_owned())));
            let _ = history.go_with_delta(-back);
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

/// What the mark of a spare entry lies above that of its page.
const SPARE: f64 = 0.5;

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

/// Whether the entry shown is a spare one.
fn is_spare() -> bool {
    let state = window().history().ok().and_then(|history| history.state().ok()?.as_f64());
    state.is_some_and(|state| state.fract() > 0.0)
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
