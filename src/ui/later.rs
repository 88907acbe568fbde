//! The second part of a program: whatever its first screen does not need, loaded right after it. Splitting it off
//! halves what an old phone on a weak line, or a desk over a village's line, must have before it shows anything.

use std::future::Future;
use std::pin::Pin;

use leptos::prelude::*;

use super::live;
use crate::app::office::Answering;
use crate::app::{App, Behind};
use crate::platform::after_frame;

/// What a second part gives to the first: functions, by value, so that the first part names none of them.
pub trait Part: Copy + Send + Sync + 'static {
    /// What it does for the core.
    fn behind(self) -> Behind;

    /// What a desk does after a round: it may be the authority.
    fn answering(self) -> Option<Answering> {
        None
    }
}

/// Fetches the second part; `None` when it did not come this time.
pub type Load<P> = fn() -> Pin<Box<dyn Future<Output = Option<P>>>>;

/// Where the second part stands.
#[derive(Clone, Copy)]
enum Stand<P> {
    Coming,
    /// It did not come; it is asked for again.
    Late,
    Here(P),
}

/// The second part, as a shell uses it.
#[derive(Clone, Copy)]
pub struct Rest<P: Part> {
    stand: RwSignal<Stand<P>>,
    wanted: StoredValue<Vec<Wanted<P>>>,
}

/// Something to do as soon as the second part is there.
type Wanted<P> = Box<dyn FnOnce(P) + Send + Sync>;

/// First wait before asking again, in milliseconds; it doubles up to [`LONGEST_MS`].
const SHORTEST_MS: u32 = 500;
const LONGEST_MS: u32 = 16_000;

/// Begins to fetch the second part as soon as the first screen stands.
pub fn fetch<P: Part>(app: App, load: Load<P>) -> Rest<P> {
    let rest = Rest { stand: RwSignal::new(Stand::Coming), wanted: StoredValue::new(Vec::new()) };
    provide_context(rest);
    after_frame(move || rest.ask(app, load, SHORTEST_MS));
    rest
}

impl<P: Part> Rest<P> {
    /// The second part, below the shell.
    ///
    /// # Panics
    /// Outside of it.
    pub fn held() -> Self {
        expect_context()
    }

    fn ask(self, app: App, load: Load<P>, wait_ms: u32) {
        leptos::task::spawn_local(async move {
            if let Some(part) = load().await {
                self.stand.set(Stand::Here(part));
                if let Some(answering) = part.answering() {
                    app.provide_answering(answering);
                }
                app.provide_behind(part.behind());
                for act in self.wanted.try_update_value(std::mem::take).unwrap_or_default() {
                    act(part);
                }
            } else {
                self.stand.set(Stand::Late);
                app.behind_is_late();
                let again = move || self.ask(app, load, (wait_ms * 2).min(LONGEST_MS));
                gloo::timers::callback::Timeout::new(wait_ms, again).forget();
            }
        });
    }

    /// Does something with the second part, now or when it has come.
    pub fn then(self, act: impl FnOnce(P) + Send + Sync + 'static) {
        match self.stand.get_untracked() {
            Stand::Here(part) => act(part),
            _ => self.wanted.update_value(|wanted| wanted.push(Box::new(act))),
        }
    }

    /// What the second part draws, once: what is on a page follows by itself, and is not made anew because something was
    /// read while it was made. `wait` draws while the part is not there, and is told when it is late.
    pub fn view(
        self,
        draw: impl Fn(P) -> AnyView + Send + Sync + 'static,
        wait: impl Fn(bool) -> AnyView + Send + Sync + 'static,
    ) -> AnyView {
        if let Stand::Here(part) = self.stand.get_untracked() {
            return untrack(|| draw(part));
        }
        live(move || match self.stand.get() {
            Stand::Here(part) => untrack(|| draw(part)),
            Stand::Late => wait(true),
            Stand::Coming => wait(false),
        })
    }
}
