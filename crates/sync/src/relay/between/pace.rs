//! How often what is kept between two rounds is written down while pages arrive. It is written whole, and grows with what
//! was carried: with every page it would be the square of that. What was not written when the power fails is carried once
//! more, so a small one is written with every page, and a large one after a few.

use std::cell::Cell;

/// Bytes that may be written for one page that arrived.
const EACH: usize = 256 << 10;
/// Most pages that may have to be carried once more.
const MOST_PAGES: usize = 16;

/// See the module's text.
#[derive(Debug, Default)]
pub struct Pace {
    /// Bytes that were written last.
    size: Cell<usize>,
    /// Pages that arrived since.
    pages: Cell<usize>,
}

impl Pace {
    /// A page has arrived; whether it is time to write.
    pub fn arrived(&self) -> bool {
        self.pages.set(self.pages.get() + 1);
        self.pages.get() >= MOST_PAGES || self.pages.get() * EACH >= self.size.get()
    }

    /// So many bytes were written.
    pub fn wrote(&self, bytes: usize) {
        self.size.set(bytes);
        self.pages.set(0);
    }
}
