//! The browser as the core sees it: clock, randomness, locks between tabs.

mod key;

use std::cell::Cell;
use std::rc::Rc;

use gloo::timers::callback::Timeout;
use gridbook_sync::env::Env;
use gridbook_sync::link::Link;
use js_sys::{Function, Promise, Reflect};
use leptos::prelude::{document, request_animation_frame};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

pub use key::{DeviceKey, PassingKey};

/// Wall clock and random numbers of the browser.
#[derive(Clone, Copy, Debug, Default)]
pub struct BrowserEnv;

impl Env for BrowserEnv {
    // The one place where the app reads a clock.
    #[allow(clippy::disallowed_methods, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn now_ms(&self) -> u64 {
        js_sys::Date::now().max(0.0) as u64
    }

    fn random(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("every engine we run in has crypto.getRandomValues");
    }
}

/// Longest wait for a frame, milliseconds: a page that is covered meanwhile may get none.
const FRAME_MS: u32 = 1000;

/// What is still to be done, by whoever comes first.
type Once = Rc<Cell<Option<Box<dyn FnOnce()>>>>;

/// Runs `act` once, after the browser has painted what it has now; soon, where nobody sees the page.
pub fn after_frame(act: impl FnOnce() + 'static) {
    if document().hidden() {
        Timeout::new(0, act).forget();
        return;
    }
    let act: Once = Rc::new(Cell::new(Some(Box::new(act))));
    let once = |act: &Once| {
        let act = act.clone();
        move || {
            if let Some(act) = act.take() {
                act();
            }
        }
    };
    // A callback comes before its frame is painted: the second one comes after the first frame.
    let painted = once(&act);
    request_animation_frame(move || {
        request_animation_frame(move || {
            Timeout::new(0, painted).forget();
        });
    });
    Timeout::new(FRAME_MS, once(&act)).forget();
}

/// Runs `work` if no other tab holds the lock `name`; otherwise returns `false` at once. Where the browser has no
/// Web Locks the work runs anyway: two leaders are harmless, only wasteful.
pub async fn with_lock<F>(name: &str, work: F) -> bool
where
    F: Future<Output = ()> + 'static,
{
    locked(name, "ifAvailable", work).await
}

/// As [`with_lock`], from whoever holds the lock: theirs is gone.
pub async fn steal_lock<F>(name: &str, work: F) -> bool
where
    F: Future<Output = ()> + 'static,
{
    locked(name, "steal", work).await
}

/// Whether this page works under the lock `name`.
pub fn holds_lock(name: &str) -> bool {
    HELD.with_borrow(|held| held.iter().any(|one| one == name))
}

thread_local! {
    /// Locks under which this page works.
    static HELD: std::cell::RefCell<Vec<String>> = const { std::cell::RefCell::new(Vec::new()) };
}

/// As [`with_lock`], after whoever holds the lock.
pub async fn after_lock<F>(name: &str, work: F)
where
    F: Future<Output = ()> + 'static,
{
    locked(name, "", work).await;
}

/// `how`: an option of the request, or nothing to wait.
async fn locked<F>(name: &str, how: &str, work: F) -> bool
where
    F: Future<Output = ()> + 'static,
{
    let navigator: JsValue = match web_sys::window() {
        Some(window) => window.navigator().into(),
        None => return false,
    };
    let locks = Reflect::get(&navigator, &"locks".into()).unwrap_or(JsValue::UNDEFINED);
    let request = Reflect::get(&locks, &"request".into()).ok().and_then(|f| f.dyn_into::<Function>().ok());
    let Some(request) = request else {
        work.await;
        return true;
    };
    let options = js_sys::Object::new();
    if !how.is_empty() {
        let _ = Reflect::set(&options, &how.into(), &true.into());
    }
    let ran = std::rc::Rc::new(std::cell::Cell::new(false));
    let mark = ran.clone();
    let held = name.to_owned();
    let callback = Closure::once(move |lock: JsValue| -> JsValue {
        if lock.is_null() || lock.is_undefined() {
            return JsValue::UNDEFINED;
        }
        mark.set(true);
        HELD.with_borrow_mut(|locks| locks.push(held.clone()));
        wasm_bindgen_futures::future_to_promise(async move {
            work.await;
            HELD.with_borrow_mut(|locks| {
                if let Some(at) = locks.iter().position(|one| *one == held) {
                    locks.swap_remove(at);
                }
            });
            Ok(JsValue::UNDEFINED)
        })
        .into()
    });
    let held = request.call3(&locks, &name.into(), &options, callback.as_ref());
    if let Ok(promise) = held.and_then(|p| p.dyn_into::<Promise>()) {
        let _ = JsFuture::from(promise).await;
    }
    ran.get()
}

/// Whether the browser has Web Locks: then only one tab synchronises at a time.
pub fn has_locks() -> bool {
    let Some(window) = web_sys::window() else { return false };
    Reflect::get(&window.navigator(), &"locks".into()).is_ok_and(|locks| locks.is_object())
}

/// A number of this tab alone, drawn when it was opened.
pub fn random_slot() -> u16 {
    thread_local! {
        static SLOT: u16 = u16::from_le_bytes(BrowserEnv.random_array()) | 1;
    }
    SLOT.with(|slot| *slot)
}

/// Whether the browser thinks there is a network. Only a hint: `true` proves nothing.
pub fn online() -> bool {
    web_sys::window().is_some_and(|w| w.navigator().on_line())
}

/// What the browser says of the network.
pub fn link() -> Link {
    let name = web_sys::window()
        .and_then(|window| Reflect::get(&window.navigator(), &"connection".into()).ok())
        .and_then(|connection| Reflect::get(&connection, &"type".into()).ok())
        .and_then(|name| name.as_string());
    Link::named(name.as_deref())
}

/// A small value kept outside the database, so that its loss can be noticed.
pub fn local_get(name: &str) -> Option<String> {
    web_sys::window()?.local_storage().ok()??.get_item(name).ok()?
}

/// Keeps a small value outside the database. A browser that refuses is not an error: only comfort is lost.
pub fn local_set(name: &str, value: Option<&str>) {
    let Some(storage) = web_sys::window().and_then(|w| w.local_storage().ok().flatten()) else { return };
    let _ = match value {
        Some(value) => storage.set_item(name, value),
        None => storage.remove_item(name),
    };
}
