//! Hearing of news at once, where a page wants to: one request waits at the backend while the page is visible. When
//! it fails, or the backend has too many that wait, the timer goes on as if there were none.

use gridbook_sync::driver::Driver;

use super::{App, AppReplica};

impl App {
    /// From now on this page hears of news at once.
    pub fn follow_news(&self) {
        self.core().news.set(true);
    }

    /// Waits for news behind the place where the replica stands; one request at a time.
    pub(super) fn await_news(&self, replica: &AppReplica, driver: &Driver) {
        let core = self.core();
        let able = driver.with_engine(|e| e.caps().is_some_and(|caps| caps.levels.contains(&2)));
        let hidden = web_sys::window().and_then(|w| w.document()).is_none_or(|page| page.hidden());
        if !core.news.get() || !able || hidden || core.waiting.borrow().is_some() {
            return;
        }
        let Ok(abort) = web_sys::AbortController::new() else { return };
        *core.waiting.borrow_mut() = Some(abort.clone());
        let (cursor, writer) = {
            let meta = replica.meta();
            (meta.cursor.clone(), meta.writer)
        };
        let app = *self;
        leptos::task::spawn_local(async move {
            let mut told = app.api().news(&cursor, writer, &abort).await;
            while told.as_ref().is_ok_and(|status| status.waited && !status.behind)
                && !abort.signal().aborted()
            {
                told = app.api().news(&cursor, writer, &abort).await;
            }
            if abort.signal().aborted() {
                return;
            }
            *app.core().waiting.borrow_mut() = None;
            if told.is_ok_and(|status| status.behind) {
                app.wake();
            }
        });
    }

    /// The page is hidden, or somebody else signs in: nobody waits any more.
    pub(super) fn stop_waiting(&self) {
        if let Some(abort) = self.core().waiting.borrow_mut().take() {
            abort.abort();
        }
    }
}
