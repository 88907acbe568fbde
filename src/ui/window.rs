//! A long list that is there as fast as a hand moves: a screenful in the first frame, the rest of the page in the
//! frames after it, and a row is drawn anew only when what it shows has changed.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem;

use gridbook_log::EntityId;
use leptos::prelude::*;

use super::Draw;

/// Rows of the first frame: what a phone's screen holds under the filters of a list.
const SCREEN: usize = 5;
/// Rows of each frame after it.
const FRAME: usize = 14;

/// One row.
pub struct Line {
    /// What it is about.
    pub id: EntityId,
    /// Changes with what it shows, see [`mark`].
    pub mark: u64,
    /// Draws it.
    pub draw: Draw,
}

/// A number that differs when what is shown differs.
pub fn mark(shown: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    shown.hash(&mut hasher);
    hasher.finish()
}

/// How much of which list is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Drawn {
    which: u64,
    drawn: usize,
    wanted: usize,
    /// Changed while rows were still coming: the next frame is this change's own.
    fresh: bool,
}

/// How much of a list is drawn.
#[derive(Clone, Copy)]
pub struct Window {
    held: RwSignal<Drawn>,
    /// How many rows to draw now, and soon. Of their own: what follows one of them does not run with every frame, nor
    /// twice when another list takes the place.
    drawn: Memo<usize>,
    wanted: Memo<usize>,
    page: usize,
}

impl Window {
    /// Of a list that shows `page` rows at first, and as many more whenever asked. `which` differs when another list
    /// stands in its place (other filters): that one begins from the top.
    pub fn new(page: usize, which: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        let which = Memo::new(move |_| which());
        let top = move |which| Drawn { which, drawn: SCREEN.min(page), wanted: page, fresh: false };
        let held = RwSignal::new(top(which.get_untracked()));
        // As it stands for the list of this moment, whether or not the effect below has run.
        let now = move || {
            let (held, which) = (held.get(), which.get());
            if held.which == which { held } else { top(which) }
        };
        let (drawn, wanted) = (Memo::new(move |_| now().drawn), Memo::new(move |_| now().wanted));
        let window = Self { held, drawn, wanted, page };
        window.grow();
        Effect::new(move |_| {
            let which = which.get();
            if window.held.with_untracked(|held| held.which != which) {
                window.change(|held| *held = top(which));
            }
        });
        window
    }

    fn change(self, change: impl FnOnce(&mut Drawn)) {
        let growing = self.held.with_untracked(|held| held.drawn < held.wanted);
        self.held.update(|held| {
            change(held);
            held.fresh = growing;
        });
        if !growing {
            self.grow();
        }
    }

    /// A page more.
    pub fn more(self) {
        self.change(|held| held.wanted += self.page);
    }

    /// Row `n`, from 0, is drawn at once, and those before it.
    pub fn reach(self, n: usize) {
        if self.held.with_untracked(|held| held.drawn <= n) {
            self.change(|held| {
                held.drawn = n + 1;
                while held.wanted <= n {
                    held.wanted += self.page;
                }
            });
        }
    }

    /// How many rows to draw now. Follows.
    pub fn drawn(self) -> usize {
        self.drawn.get()
    }

    /// How many rows are drawn soon. Follows.
    pub fn wanted(self) -> usize {
        self.wanted.get()
    }

    /// Whether rows are still to come by themselves, of `total`. Follows.
    pub fn busy(self, total: usize) -> bool {
        self.drawn.get() < self.wanted.get().min(total)
    }

    fn grow(self) {
        // The frame after the next: whatever was just drawn is seen first.
        request_animation_frame(move || {
            request_animation_frame(move || {
                if self.held.try_update_untracked(|held| mem::take(&mut held.fresh)) == Some(true) {
                    return self.grow();
                }
                let rest = self.held.try_update(|held| {
                    held.drawn = (held.drawn + FRAME).min(held.wanted);
                    held.drawn < held.wanted
                });
                if rest == Some(true) {
                    self.grow();
                }
            });
        });
    }
}

/// The rows, to stand in a list element.
pub fn rows(lines: impl Fn() -> Vec<Line> + Send + Sync + 'static) -> AnyView {
    let lines: Box<dyn Fn() -> Vec<Line> + Send + Sync> = Box::new(lines);
    view! { <For each=lines key=|line| (line.id, line.mark) children=|line| untrack(|| (line.draw)()) /> }
        .into_any()
}
