//! Keeps the draft on disk: at every pause of the keys, at most a second old, and at once when the page may end.

use gloo::timers::callback::Timeout;
use gridbook_domain::form::Values;
use gridbook_log::EntityId;
use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

use super::Begun;
use crate::app::Draft;
use crate::ui::form::{FormState, household_line};

/// After the last key, milliseconds.
const PAUSE_MS: u32 = 400;
/// A key that comes later than this after the first unsaved one does not put the write off any more.
const OLDEST_MS: u64 = 550;

/// See the module's text; a copy goes into any closure.
#[derive(Clone, Copy)]
pub(super) struct Keeper {
    state: FormState,
    step: RwSignal<usize>,
    key: StoredValue<String>,
    skeleton: StoredValue<Draft>,
    /// When the draft was last put on disk.
    pub(super) kept_ms: RwSignal<Option<u64>>,
    /// Why it could not be.
    pub(super) failed: RwSignal<Option<String>>,
    since: StoredValue<Option<u64>>,
    timer: StoredValue<Option<Timeout>, LocalStorage>,
    writing: StoredValue<Option<js_sys::Promise>, LocalStorage>,
    closed: StoredValue<bool>,
}

impl Keeper {
    /// Starts keeping.
    pub(super) fn new(state: FormState, step: RwSignal<usize>, begun: &Begun) -> Self {
        let keeper = Self {
            state,
            step,
            key: StoredValue::new(begun.key.clone()),
            skeleton: StoredValue::new(begun.draft.clone()),
            kept_ms: RwSignal::new(begun.restored.then_some(begun.draft.updated_ms)),
            failed: RwSignal::new(None),
            since: StoredValue::new(None),
            timer: StoredValue::new_local(None),
            writing: StoredValue::new_local(None),
            closed: StoredValue::new(false),
        };
        Effect::new(move |before: Option<()>| {
            state.edits.track();
            if before.is_some() {
                keeper.edited();
            }
        });
        Effect::new(move |before: Option<()>| {
            state.hurry.track();
            if before.is_some() {
                keeper.write();
            }
        });
        let away = move || {
            if keeper.since.try_get_value().flatten().is_some() {
                keeper.write();
            }
        };
        let hide = window_event_listener(ev::pagehide, move |_| away());
        let seen = gloo::events::EventListener::new(&document(), "visibilitychange", move |_| {
            if document().hidden() {
                away();
            }
        });
        let seen = StoredValue::new_local(Some(seen));
        on_cleanup(move || {
            hide.remove();
            seen.set_value(None);
            // Leaving the page inside the app is a pause, too.
            away();
        });
        keeper
    }

    fn edited(self) {
        if self.closed.get_value() {
            return;
        }
        let now = self.state.app.now_ms();
        let since = self.since.get_value().unwrap_or(now);
        self.since.set_value(Some(since));
        if now.saturating_sub(since) < OLDEST_MS || self.timer.with_value(Option::is_none) {
            self.timer.set_value(Some(Timeout::new(PAUSE_MS, move || {
                if self.closed.try_get_value() == Some(false) {
                    self.write();
                }
            })));
        }
    }

    /// Remembers the step with the next write, and writes when a draft is there already.
    pub(super) fn note_step(self) {
        if self.kept_ms.get_untracked().is_some() {
            self.state.hurry.update(|n| *n += 1);
        }
    }

    fn draft(self) -> Draft {
        let state = self.state;
        let mut draft = self.skeleton.get_value();
        draft.values = state.values.get_untracked();
        draft.photos = state.photos.get_untracked();
        draft.area = state.area.get_untracked();
        draft.step = self.step.get_untracked();
        draft.focus = state.focus.get_untracked();
        draft.updated_ms = state.app.now_ms();
        let text =
            |path: &str| draft.values.get(path).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
        let household =
            untrack(|| state.household()).and_then(|id| untrack(|| household_line(state.app, id)));
        draft.title = ["desc", "facts", "event_name", "address_text"]
            .iter()
            .map(|path| text(path))
            // What is confidential does not stand in a list.
            .find(|text| !text.trim().is_empty() && !["visit", "confidential"].contains(&draft.kind.as_str()))
            .or(household)
            .unwrap_or_else(|| state.form().title.clone())
            .chars()
            .take(30)
            .collect();
        draft
    }

    /// Puts the draft on disk now. Writes follow one another in order.
    pub(super) fn write(self) {
        if self.closed.get_value() {
            return;
        }
        self.timer.set_value(None);
        self.since.set_value(None);
        let (app, key, draft) = (self.state.app, self.key.get_value(), self.draft());
        let before = self.writing.get_value();
        let promise = future_to_promise(async move {
            if let Some(before) = before {
                let _ = JsFuture::from(before).await;
            }
            match app.put_draft(&key, &draft).await {
                Ok(()) => {
                    self.kept_ms.try_set(Some(draft.updated_ms));
                    self.failed.try_set(None);
                }
                Err(problem) => {
                    self.failed.try_set(Some(problem.message()));
                }
            }
            Ok(JsValue::UNDEFINED)
        });
        self.writing.set_value(Some(promise));
    }

    /// Stops keeping, after what is under way: the save that follows ends the draft.
    pub(super) async fn close(self) {
        self.closed.set_value(true);
        self.timer.set_value(None);
        if let Some(promise) = self.writing.get_value() {
            let _ = JsFuture::from(promise).await;
        }
    }

    /// Keeps again: the save did not succeed.
    pub(super) fn reopen(self) {
        self.closed.try_set_value(false);
        if self.closed.try_get_value().is_some() {
            self.write();
        }
    }

    /// The name under which the draft was sent, and what was last sent without a certain answer.
    pub(super) fn sent(self) -> (Option<EntityId>, Option<Values>) {
        self.skeleton.with_value(|draft| (draft.entity, draft.sent.clone()))
    }

    /// Puts on disk what is about to be sent, and under which name.
    pub(super) async fn sending(self, id: EntityId, values: Option<&Values>) -> Result<(), String> {
        let noted = self.skeleton.try_update_value(|draft| {
            draft.entity = Some(id);
            draft.sent = values.cloned();
        });
        if noted.is_none() {
            return Err("您离开了这一页，没有再送。内容还在草稿里。".to_owned());
        }
        self.write();
        if let Some(promise) = self.writing.get_value() {
            let _ = JsFuture::from(promise).await;
        }
        self.failed.try_get_untracked().flatten().map_or(Ok(()), Err)
    }

    /// Ends the draft without saving.
    pub(super) async fn discard(self) -> Result<(), String> {
        self.close().await;
        let key = self.key.get_value();
        self.state.app.drop_draft(&key).await.map_err(|problem| problem.message())
    }

    /// The draft's key.
    pub(super) fn key(self) -> String {
        self.key.get_value()
    }
}
