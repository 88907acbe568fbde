//! Comparing with the backend: once a day when nothing else is to be done, and when the person asks for it.

use gridbook_sync::driver::Driver;
use gridbook_sync::engine::Checked;
use gridbook_sync::store::{Batch, Durability, Store, Table};
use leptos::prelude::*;

use super::{App, AppReplica};

/// Row of [`Table::App`] with the time of the last comparison.
const ROW: &str = "checked";
const DAY_MS: u64 = 24 * 3600 * 1000;

/// How comparing goes, as the screens tell it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckView {
    /// The person has asked for it, and it is not done.
    pub asked: bool,
    /// How the last one on this page ended, and when, milliseconds since 1970.
    pub last: Option<(Checked, u64)>,
}

impl App {
    /// Compares what is on this device with the backend, and mends what differs.
    pub fn compare(&self) {
        self.core().check_wanted.set(true);
        self.sync.update(|view| view.check = CheckView { asked: true, last: None });
        self.wake();
    }

    /// There is nothing to compare with: whoever asked is told.
    pub(super) fn forgo_check(&self) {
        if self.core().check_wanted.take() {
            self.cannot_check();
        }
    }

    fn cannot_check(&self) {
        let view = CheckView { asked: false, last: Some((Checked::Unable, self.now_ms())) };
        self.sync.update(|sync| sync.check = view);
    }

    /// Whether now is the time to compare. `calm`: the round before brought nothing and met no trouble.
    pub(super) async fn wants_check(&self, replica: &AppReplica, driver: &Driver, calm: bool) -> bool {
        let able = driver.with_engine(|e| e.caps().is_some_and(|caps| caps.levels.contains(&2)));
        let trouble = driver.with_engine(|e| e.trouble().is_some());
        if self.core().check_wanted.take() {
            if trouble {
                self.cannot_check();
            }
            return !trouble;
        }
        if !calm || !able {
            return false;
        }
        let row = replica.store().get(Table::App, ROW).await.ok().flatten();
        let last = row.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes);
        // A clock that was put back must not put this off for ever.
        self.now_ms().abs_diff(last) > DAY_MS
    }

    /// Takes note of how it went.
    pub(super) async fn note_check(&self, replica: &AppReplica, driver: &Driver) {
        let now = self.now_ms();
        let checked = driver.with_engine(|e| e.checked()).unwrap_or(Checked::Unable);
        self.sync.update(|view| view.check = CheckView { asked: false, last: Some((checked, now)) });
        if matches!(checked, Checked::Busy) {
            return;
        }
        let mut batch = Batch { durability: Durability::Relaxed, ..Batch::default() };
        batch.put(Table::App, ROW, now.to_le_bytes().to_vec());
        // At worst it is compared once more tomorrow.
        let _ = replica.store().commit(batch).await;
    }
}
