//! Synchronisation as the page runs it: when to wake, one leader among tabs, what people see of it.

use std::collections::BTreeMap;

use gridbook_domain::backend::Destination;
use gridbook_sync::authors::Checked;
use gridbook_sync::engine::{Engine, Input, Phase, Trouble};
use gridbook_sync::replica::Unsent;
use gridbook_sync::store::{Store, Table};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

use super::check::CheckView;
use super::revoked::GONE;
use super::{App, AppReplica, Connection};
use crate::platform::{BrowserEnv, after_frame, holds_lock, online, steal_lock, with_lock};

/// How soon a tab that does not lead looks again, in milliseconds.
const FOLLOW_MS: u32 = 2_000;
/// When a tab that followed looks by itself, in milliseconds.
const ALONE_MS: u32 = 300_000;
/// Asks whoever holds the lock to say so.
const WHO: &str = "who";
/// The answer.
const LEADING: &str = "leading";

/// Where synchronisation stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SyncView {
    /// What is going on.
    pub phase: Phase,
    /// Why the last round did not end well.
    pub trouble: Option<Trouble>,
    /// What is unsent.
    pub unsent: Unsent,
    /// Operations among them without which everything else goes, and with which nothing does.
    pub without: usize,
    /// Photos waiting.
    pub photos: usize,
    /// When the last round ended well, milliseconds since 1970.
    pub last_ok_ms: Option<u64>,
    /// The browser's hint about the network.
    pub online: bool,
    /// The database of this account was lost since it was last open (cleared by the browser).
    pub database_lost: bool,
    /// The device's store can no longer be opened by this page; what it holds is safe.
    pub stuck: bool,
    /// Where this account's records go.
    pub goes: Destination,
    /// How much this device's clock is ahead of the backend's, milliseconds; below zero when it is behind.
    pub drift_ms: i64,
    /// How the last comparison with the backend went.
    pub check: CheckView,
    /// Records that were not taken because their signature is not their author's, by the account named in them.
    pub aside: BTreeMap<String, usize>,
    /// Operations that the server kept for whoever decides, and the person has not read of that yet.
    pub reviewed: u32,
    /// Whether the browser promised to keep our data.
    pub persisted: Option<bool>,
    pub(super) asked_to_persist: bool,
}

/// Name of the lock that one synchronising tab holds.
pub(super) fn sync_lock(user: &str) -> String {
    format!("gridbook-sync-{user}")
}

impl SyncView {
    /// Whether this account works without a backend.
    pub fn alone(&self) -> bool {
        self.goes == Destination::Alone
    }
}

impl App {
    /// Synchronises now.
    pub fn wake(&self) {
        self.give(Input::Wake);
    }

    /// Gives the engine an event and runs what follows, as the one leader among tabs.
    pub(super) fn give(&self, input: Input) {
        self.attempt(input, true);
    }

    /// `tell`: whoever holds the lock is told that there is something to do. Only a first attempt tells; two tabs
    /// that tell each other at every look would synchronise for ever.
    fn attempt(&self, input: Input, tell: bool) {
        let core = self.core();
        if core.driver.borrow().is_none() {
            return;
        }
        let Some(behind) = core.behind.get() else {
            // The first event is a sign-in, which says more than any later one.
            core.early.borrow_mut().get_or_insert(input);
            return;
        };
        let user = self.user();
        if core.turn.borrow().as_ref() == Some(&user) {
            // Of this page's own round only the end is waited for: it may be past the point where it looks for more.
            core.next.borrow_mut().get_or_insert(input);
            return;
        }
        *core.turn.borrow_mut() = Some(user.clone());
        let app = *self;
        leptos::task::spawn_local(async move {
            let core = app.core();
            let lock = sync_lock(&user);
            let ran = if core.steal.take() {
                steal_lock(&lock, (behind.round)(app, input)).await
            } else {
                with_lock(&lock, (behind.round)(app, input)).await
            };
            let mut leader = core.leader.get();
            if ran || holds_lock(&lock) {
                leader.heard();
            } else {
                app.say(WHO);
                core.steal.set(leader.refused(app.now_ms()));
            }
            core.leader.set(leader);
            core.turn.borrow_mut().take_if(|turn| *turn == user);
            match app.next_input() {
                _ if !ran => app.follow(tell),
                Some(next) => app.attempt(next, true),
                None => {}
            }
        });
    }

    /// Another tab's round holds the lock: look again soon in case it was just ending.
    fn follow(&self, tell: bool) {
        let core = self.core();
        if tell {
            self.say("wake");
        }
        let app = *self;
        let again = move || {
            // A trouble of our own ends only with a round of our own.
            let troubled =
                app.sync.with_untracked(|sync| sync.trouble.is_some() || sync.last_ok_ms.is_none());
            let silent = app.core().leader.get().is_silent() || app.core().steal.get();
            if troubled
                || silent
                || app.core().check_wanted.get()
                || app.replica().is_some_and(|r| r.unsent().waiting > 0)
            {
                app.attempt(Input::Wake, false);
            } else {
                // The other tab may be closed by then, and nobody else would look.
                app.come_back(ALONE_MS, Input::Timer);
            }
        };
        *core.timer.borrow_mut() = Some(gloo::timers::callback::Timeout::new(FOLLOW_MS, again));
    }

    /// Tells the other tabs of this account.
    fn say(&self, word: &str) {
        if let Some(channel) = self.core().channel.borrow().as_ref() {
            let _ = channel.post_message(&word.into());
        }
    }

    /// Another round after a while, unless one comes sooner.
    fn come_back(&self, ms: u32, input: Input) {
        let app = *self;
        let again = move || app.attempt(input, false);
        *self.core().timer.borrow_mut() = Some(gloo::timers::callback::Timeout::new(ms, again));
    }

    pub(super) async fn round(self, input: Input) {
        // Asked for under the lock: while this waited the account may have moved to another backend.
        let driver = self.core().driver.borrow().clone();
        let (Some(replica), Some(driver)) = (self.replica(), driver) else { return };
        let _ = replica.refresh().await;
        // Here and not at the start: the rules behind a row come with the phone's second part.
        self.renew_package(&replica).await;
        self.renew_rows(&replica).await;
        if self.is_local() {
            self.refresh_profile().await;
        }
        self.sit_down(&replica).await;
        let Some(http) = self.connection().await else {
            // Without a backend nothing arrives but by hand, and it is answered all the same.
            self.answer_if_desk().await;
            self.forgo_check();
            return;
        };
        let on_status = |changed: bool| {
            if changed {
                self.changed(true);
            } else {
                self.refresh_sync();
            }
        };
        driver.hold_photos(self.photos_held());
        if gridbook_domain::clock::device::told(driver.with_engine(Engine::drift_ms)).is_some() {
            driver.ask_time();
        }
        let checks = matches!(*http, Connection::Share(_));
        let hand = if checks { self.hand().await } else { None };
        let line = Checked { to: &*http, authors: hand.as_deref().map(super::authors::Hand::authors) };
        if let Some(authors) = &line.authors {
            // A store that fails now says so in the round.
            let _ = authors.announce(&BrowserEnv, false).await;
        }
        let round = driver.run(&replica, &line, &BrowserEnv, input, on_status).await;
        let Some(mut round) = round else { return };
        while let Some(asked) = self.next_input() {
            if let Some(next) = driver.run(&replica, &line, &BrowserEnv, asked, on_status).await {
                round = next;
            }
        }
        if let Some(authors) = &line.authors
            && driver.with_engine(|e| e.trouble().is_none())
            && authors.announce(&BrowserEnv, true).await == Ok(true)
            && let Some(next) = driver.run(&replica, &line, &BrowserEnv, Input::Wake, on_status).await
        {
            round = next;
        }
        // What came is answered only when all has come; the answers leave at once.
        while driver.with_engine(|e| e.trouble().is_none()) && self.answer_if_desk().await {
            if let Some(next) = driver.run(&replica, &line, &BrowserEnv, Input::Wake, on_status).await {
                round = next;
            }
        }
        let calm = !round.changed && driver.with_engine(|e| e.trouble().is_none());
        if self.wants_check(&replica, &driver, calm).await
            && let Some(next) = driver.run(&replica, &line, &BrowserEnv, Input::Check, on_status).await
        {
            round = next;
            self.note_check(&replica, &driver).await;
        }
        self.renew_package(&replica).await;
        self.note_aside(&replica, checks).await;
        let trouble = driver.with_engine(|e| e.trouble().cloned());
        if trouble.is_none() {
            let now = self.now_ms();
            self.sync.update(|view| view.last_ok_ms = Some(now));
            leptos::task::spawn_local(self.register_key());
        }
        if trouble == Some(Trouble::Disabled) && self.leave_for_good(&replica, &driver).await {
            return;
        }
        if matches!(trouble, Some(Trouble::SignedOut | Trouble::Disabled)) {
            self.session.update(|s| {
                if let Some(session) = s {
                    session.expired = true;
                }
            });
        }
        self.refresh_sync();
        if trouble.is_none() && matches!(*http, Connection::Server(_)) {
            self.await_news(&replica, &driver);
        }
        match round.timer_ms.and_then(|ms| u32::try_from(ms).ok()) {
            Some(ms) => self.come_back(ms, Input::Timer),
            None => *self.core().timer.borrow_mut() = None,
        }
    }

    /// What was asked for while a round was under way.
    fn next_input(&self) -> Option<Input> {
        self.core().next.borrow_mut().take()
    }

    /// Gives the authority's answers, where this page does that; whether there were any.
    async fn answer_if_desk(self) -> bool {
        match self.core().answering.get() {
            Some(answering) => answering(self).await,
            None => false,
        }
    }

    /// Rows of lists that an earlier app or data package made are made anew; what cannot be now is at the next start.
    async fn renew_rows(&self, replica: &AppReplica) {
        let tag = format!("{}:{}", gridbook_domain::summary::MADE_BY, self.package().checksum());
        if replica.renew_summaries(&tag).await.is_ok_and(|renewed| !renewed.is_empty()) {
            self.changed(true);
        }
    }

    /// Brings [`App::sync`] up to date.
    pub(super) fn refresh_sync(&self) {
        let core = self.core();
        let Some(replica) = self.replica() else { return };
        let unsent = replica.unsent();
        let (phase, trouble, drift_ms, without) = core
            .driver
            .borrow()
            .as_ref()
            .map(|d| {
                d.with_engine(|e| (e.phase(), e.trouble().cloned(), e.drift_ms(), e.set_aside().count()))
            })
            .unwrap_or_default();
        self.note_sync(|view| {
            view.unsent = unsent;
            view.phase = phase;
            view.trouble = trouble;
            view.drift_ms = drift_ms;
            view.without = without;
            view.online = online();
        });
        // The rest is looked up when what a hand did is seen, once for all that happens until then.
        if core.counting.replace(true) {
            return;
        }
        let app = *self;
        after_frame(move || {
            app.core().counting.set(false);
            leptos::task::spawn_local(app.count_waiting());
        });
    }

    /// What waits in the store, for people and for the list of accounts.
    async fn count_waiting(self) {
        let Some(replica) = self.replica() else { return };
        let unsent = replica.unsent();
        self.note_account(|account| {
            account.unsent = unsent.waiting;
            account.oldest_ms = unsent.oldest_ms;
        });
        if let Ok(queue) = replica.store().scan(Table::BlobQueue, "", 1000).await {
            self.note_sync(|view| view.photos = queue.len());
        }
        if let Ok(reviewed) = replica.reviewed().await {
            self.note_sync(|view| view.reviewed = reviewed);
        }
    }

    /// Changes [`App::sync`]; screens hear of it only when something became different. A round says many times where it
    /// stands, and each time every page that shows a part of it would be asked.
    fn note_sync(&self, change: impl FnOnce(&mut SyncView)) {
        let mut view = self.sync.get_untracked();
        change(&mut view);
        if self.sync.with_untracked(|held| *held != view) {
            self.sync.set(view);
        }
    }

    /// Wakes on network, on becoming visible, and keeps the hint about the network.
    pub(super) fn listen(&self) {
        let app = *self;
        crate::store::on_stuck(move |stuck| app.sync.update(|view| view.stuck = stuck));
        let Some(window) = web_sys::window() else { return };
        let on = |target: &web_sys::EventTarget, name: &str, act: Box<dyn Fn()>| {
            let closure = Closure::<dyn Fn()>::wrap(act);
            let _ = target.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
            closure.forget();
        };
        on(&window, "online", Box::new(move || app.wake()));
        on(&window, "offline", Box::new(move || app.refresh_sync()));
        if let Some(document) = window.document() {
            let page = document.clone();
            let seen = move || {
                if page.visibility_state() == web_sys::VisibilityState::Visible {
                    app.wake();
                } else {
                    app.stop_waiting();
                }
            };
            on(&document, "visibilitychange", Box::new(seen));
        }
    }

    /// Other tabs of the same account: theirs tell us when something changed, or that they want a sync.
    pub(super) fn open_channel(&self, user: &str) {
        let Ok(channel) = web_sys::BroadcastChannel::new(&format!("gridbook-{user}")) else { return };
        let app = *self;
        let heard = Closure::<dyn Fn(web_sys::MessageEvent)>::new(move |event: web_sys::MessageEvent| {
            match event.data().as_string().as_deref() {
                Some("wake") => return app.attempt(Input::Wake, false),
                Some(WHO) if holds_lock(&sync_lock(&app.user())) => return app.say(LEADING),
                Some(WHO) => return,
                Some(LEADING) => {
                    let core = app.core();
                    core.leader.set(Default::default());
                    return core.steal.set(false);
                }
                // The account left this device: nothing here may write to its database again.
                Some(GONE) => {
                    if let Some(window) = web_sys::window() {
                        let _ = window.location().reload();
                    }
                    return;
                }
                _ => {}
            }
            // Before the second part is there nothing was read that a first round does not read again.
            if let Some(behind) = app.core().behind.get() {
                leptos::task::spawn_local((behind.refresh)(app));
            }
        });
        channel.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        heard.forget();
        *self.core().channel.borrow_mut() = Some(channel);
    }
}
