//! A save under way: not begun twice, and said only when it takes long.

use gloo::timers::callback::Timeout;
use leptos::prelude::*;

/// After how long a save is said to be under way, milliseconds. Most are over by then, and the frame that would say it
/// costs a slow phone as much as the save.
const LONG_MS: u32 = 150;

/// Whether it goes on.
#[derive(Clone, Copy, Default)]
pub struct Busy {
    now: RwSignal<bool>,
    long: RwSignal<bool>,
}

impl Busy {
    /// Begins; false when it has begun already.
    pub fn begin(self) -> bool {
        if self.now.get_untracked() {
            return false;
        }
        self.now.set(true);
        Timeout::new(LONG_MS, move || {
            if self.now.try_get_untracked() == Some(true) {
                self.long.try_set(true);
            }
        })
        .forget();
        true
    }

    /// It is over; the screen it was on may be gone by now.
    pub fn end(self) {
        self.now.try_set(false);
        if self.long.try_get_untracked() == Some(true) {
            self.long.try_set(false);
        }
    }

    /// Whether to say so. Follows.
    pub fn said(self) -> bool {
        self.long.get()
    }
}
