//! Tells those who wait when the feed has moved. One small question a second to the database while anybody waits, so
//! that what another server or the command line wrote is noticed too, and nothing while nobody does.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use crate::app::App;
use crate::sql;

/// Requests that wait at once; more are answered at once and come back by their own timer.
pub const MOST: usize = 256;
/// How often the sequence is looked at.
const LOOK: Duration = Duration::from_millis(700);

/// See the module's text.
pub struct Pokes {
    /// The last number of the sequence; `None` when the server stops.
    head: watch::Sender<Option<i64>>,
    waiting: AtomicUsize,
    first: Notify,
}

impl Default for Pokes {
    fn default() -> Self {
        Self { head: watch::Sender::new(Some(0)), waiting: AtomicUsize::new(0), first: Notify::new() }
    }
}

/// Somebody who waits.
pub struct Waiter<'p> {
    pokes: &'p Pokes,
    head: watch::Receiver<Option<i64>>,
}

impl Pokes {
    /// Waits from now on; `None` when too many do, or when the server stops.
    pub fn wait(&self) -> Option<Waiter<'_>> {
        let mut head = self.head.subscribe();
        if head.borrow_and_update().is_none() {
            return None;
        }
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= MOST {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        self.first.notify_one();
        Some(Waiter { pokes: self, head })
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Sends everybody home.
    pub fn close(&self) {
        self.head.send_replace(None);
    }
}

impl Waiter<'_> {
    /// Returns when the feed has moved; `false` when the server stops.
    pub async fn moved(&mut self) -> bool {
        self.head.changed().await.is_ok() && self.head.borrow_and_update().is_some()
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.pokes.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Looks at the sequence while anybody waits.
pub(crate) async fn look(app: &App) {
    loop {
        if app.pokes.waiting() == 0 {
            app.pokes.first.notified().await;
        }
        let seq = sql::query_scalar::<i64>("SELECT last_seq FROM tenant WHERE tenant = ?")
            .bind(app.tenant.id)
            .fetch_one(&app.readers)
            .await;
        // A database that fails now is told to whoever asks it for records.
        if let Ok(seq) = seq {
            app.pokes
                .head
                .send_if_modified(|head| head.is_some_and(|held| held != seq) && head.replace(seq).is_some());
        }
        tokio::time::sleep(LOOK).await;
    }
}
