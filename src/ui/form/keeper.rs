//! Keeps a draft on disk: at every pause of the keys, at most a second old, and at once when the page may end or is left.
//! How a correction that was left goes on is here, too.

use gloo::timers::callback::Timeout;
use gridbook_domain::form::{Problem, Values, rebase};
use gridbook_log::{BlobRef, EntityId};
use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

use super::FormState;
use crate::app::{App, Draft};

/// After the last key, milliseconds.
const PAUSE_MS: u32 = 400;
/// A key that comes later than this after the first unsaved one does not put the write off any more.
const OLDEST_MS: u64 = 550;

/// Writes what stands on the screen into the draft.
type Fill = Box<dyn Fn(&mut Draft) + Send + Sync>;

/// See the module's text; a copy goes into any closure.
#[derive(Clone, Copy)]
pub struct Keeper {
    app: App,
    key: StoredValue<String>,
    skeleton: StoredValue<Draft>,
    fill: StoredValue<Fill>,
    /// When the draft was last put on disk.
    pub kept_ms: RwSignal<Option<u64>>,
    /// Why it could not be.
    pub failed: RwSignal<Option<String>>,
    since: StoredValue<Option<u64>>,
    timer: StoredValue<Option<Timeout>, LocalStorage>,
    writing: StoredValue<Option<js_sys::Promise>, LocalStorage>,
    closed: StoredValue<bool>,
    /// Nothing of this may lie on the disk of this device.
    off: StoredValue<bool>,
}

impl Keeper {
    /// Starts keeping under `key` what `fill` makes of the draft; whoever changes something calls [`Keeper::edited`].
    /// `restored` says that the draft is on disk already.
    pub fn new(
        app: App,
        key: String,
        draft: Draft,
        restored: bool,
        fill: impl Fn(&mut Draft) + Send + Sync + 'static,
    ) -> Self {
        let keeper = Self {
            app,
            key: StoredValue::new(key),
            kept_ms: RwSignal::new(restored.then_some(draft.updated_ms)),
            skeleton: StoredValue::new(draft),
            fill: StoredValue::new(Box::new(fill)),
            failed: RwSignal::new(None),
            since: StoredValue::new(None),
            timer: StoredValue::new_local(None),
            writing: StoredValue::new_local(None),
            closed: StoredValue::new(false),
            off: StoredValue::new(false),
        };
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

    /// Starts keeping what a form holds; `fill` adds what stands beside its answers.
    pub fn of_form(
        state: FormState,
        key: String,
        draft: Draft,
        restored: bool,
        fill: impl Fn(&mut Draft) + Send + Sync + 'static,
    ) -> Self {
        let keeper = Self::new(state.app, key, draft, restored, move |draft| {
            draft.values = state.values.get_untracked();
            draft.photos = state.photos.get_untracked();
            draft.area = state.area.get_untracked();
            draft.focus = state.focus.get_untracked();
            fill(draft);
        });
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
        keeper
    }

    /// Keeps nothing from now on, for what is confidential and written on a shared computer.
    pub fn keep_nothing(self) {
        self.off.set_value(true);
    }

    /// Something was changed: it is on disk soon.
    pub fn edited(self) {
        if self.closed.get_value() || self.off.get_value() {
            return;
        }
        let now = self.app.now_ms();
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

    /// Writes when a draft is there already: what stands beside the answers changed.
    pub fn note(self) {
        if self.kept_ms.get_untracked().is_some() {
            self.write();
        }
    }

    fn draft(self) -> Draft {
        let mut draft = self.skeleton.get_value();
        self.fill.with_value(|fill| untrack(|| fill(&mut draft)));
        draft.updated_ms = self.app.now_ms();
        draft
    }

    /// Puts the draft on disk now. Writes follow one another in order.
    pub fn write(self) {
        if self.closed.get_value() || self.off.get_value() {
            return;
        }
        self.timer.set_value(None);
        self.since.set_value(None);
        let (app, key, draft) = (self.app, self.key.get_value(), self.draft());
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
    pub async fn close(self) {
        // The screen may have been left meanwhile.
        self.closed.try_set_value(true);
        self.timer.try_set_value(None);
        if let Some(promise) = self.writing.try_get_value().flatten() {
            let _ = JsFuture::from(promise).await;
        }
    }

    /// Keeps again: the save did not succeed.
    pub fn reopen(self) {
        self.closed.try_set_value(false);
        if self.closed.try_get_value().is_some() {
            self.write();
        }
    }

    /// The name under which the draft was sent, and what was last sent without a certain answer.
    pub fn sent(self) -> (Option<EntityId>, Option<Values>) {
        self.skeleton.with_value(|draft| (draft.entity, draft.sent.clone()))
    }

    /// Puts on disk what is about to be sent, and under which name.
    pub async fn sending(self, id: EntityId, values: Option<&Values>) -> Result<(), String> {
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
    pub async fn discard(self) -> Result<(), String> {
        let (app, key) = (self.app, self.key.get_value());
        self.close().await;
        app.drop_draft(&key).await.map_err(|problem| problem.message())
    }

    /// The draft's key.
    pub fn key(self) -> String {
        self.key.get_value()
    }
}

/// Goes on with a correction that was left: what the person changed lies over the record as it is `now`, which
/// has the photos `held`. Gives the answers that others changed meanwhile, too: to be looked at, they do not stand in the way.
pub fn go_on(draft: &mut Draft, now: &Values, held: &[BlobRef]) -> Vec<Problem> {
    let rebased = rebase(&draft.values, draft.base.as_ref(), now);
    draft.values = rebased.values;
    draft.base = Some(now.clone());
    let fresh = draft.photos.iter().filter(|photo| !held.contains(photo));
    draft.photos = held.iter().chain(fresh).cloned().collect();
    let told = |path| Problem {
        path,
        code: "changed",
        message: "您没填完的时候，别人也改了这一项。请核对，保存时以这里写的为准。".to_owned(),
        blocks: false,
    };
    rebased.both.into_iter().map(told).collect()
}
