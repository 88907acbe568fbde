//! What this core does with the code that comes after the first screen: synchronisation, and signing in where the account
//! lives without a server. It is handed in as functions, so that the first part names none of it and stays small.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use gridbook_sync::engine::Input;

use super::{App, Problem, Profile};

/// Something that is waited for.
type Task<T> = Pin<Box<dyn Future<Output = T>>>;

/// What the second part does for the core.
#[derive(Clone, Copy)]
pub struct Behind {
    pub(super) round: fn(App, Input) -> Task<()>,
    pub(super) sign_in_here: fn(App, String, String) -> Task<Result<(), Problem>>,
    pub(super) move_in: fn(App, Profile) -> Task<Result<(), Problem>>,
    pub(super) refresh: fn(App) -> Task<()>,
}

impl Behind {
    /// All of it. Only the function that the build splits off may name it.
    pub fn new() -> Self {
        Self {
            round: |app, input| Box::pin(app.round(input)),
            sign_in_here: |app, user, secret| Box::pin(async move { app.sign_in_here(&user, &secret).await }),
            move_in: |app, profile| Box::pin(async move { app.move_in(&profile).await }),
            refresh: |app| Box::pin(app.reread()),
        }
    }
}

impl Default for Behind {
    fn default() -> Self {
        Self::new()
    }
}

impl App {
    /// The second part is there; what was asked for meanwhile is done.
    pub fn provide_behind(&self, behind: Behind) {
        let core = self.core();
        core.behind.set(Some(behind));
        self.tell_waiting();
        let early = core.early.borrow_mut().take();
        if let Some(input) = early {
            self.give(input);
        }
    }

    /// The second part did not come this time; it will be asked for again, but whoever waits is told now.
    pub fn behind_is_late(&self) {
        self.core().late.set(true);
        self.tell_waiting();
    }

    fn tell_waiting(&self) {
        for waker in self.core().waits_behind.take() {
            waker.wake();
        }
    }

    /// The second part, as soon as it is there.
    ///
    /// # Errors
    /// [`Problem::NotLoaded`] when it cannot be had now.
    pub(super) async fn behind(&self) -> Result<Behind, Problem> {
        let core = self.core();
        poll_fn(|context| match (core.behind.get(), core.late.get()) {
            (Some(behind), _) => Poll::Ready(Ok(behind)),
            (None, true) => Poll::Ready(Err(Problem::NotLoaded)),
            (None, false) => {
                core.waits_behind.borrow_mut().push(context.waker().clone());
                Poll::Pending
            }
        })
        .await
    }

    /// Another tab wrote: what it changed is read.
    async fn reread(self) {
        if let Some(replica) = self.replica()
            && replica.refresh().await.is_ok()
        {
            self.changed(false);
        }
    }
}
