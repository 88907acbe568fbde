//! The one writer: takes waiting jobs, runs them in one transaction, commits with full durability, then answers.
//! So a hundred phones that arrive together cost one disk flush. The lock on the tenant's row keeps the sequence right
//! when several servers write into one PostgreSQL database.

mod adopt;
mod authority;
mod handover;
mod lapse;
mod ledger;
pub mod push;
pub mod rights;
mod rows;
mod rules;
mod sender;
mod stream;

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::Poll;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

pub use ledger::Ledger;
pub(crate) use ledger::{entity_of, push_ids, push_streams, wire_of};

use crate::problem::ApiError;

/// A future that borrows the ledger.
pub type Running<'c, T> = Pin<Box<dyn Future<Output = T> + Send + 'c>>;
/// Tells the waiting side how it went, once it is known whether the transaction was committed, or why not.
type Finish = Box<dyn FnOnce(Result<(), ApiError>) + Send>;
type Job = Box<dyn for<'c> FnOnce(&'c mut Ledger) -> Running<'c, (bool, Finish)> + Send>;

/// Jobs that share one transaction at most.
const MAX_TOGETHER: usize = 16;
/// Jobs that wait at most; more wait at their senders.
const QUEUE: usize = 64;

/// Hands jobs to the writer.
#[derive(Clone)]
pub struct Writer {
    jobs: mpsc::Sender<Job>,
}

impl Writer {
    /// Starts the writer. It ends, with everything written, when the last handle is dropped.
    pub fn start(ledger: Ledger) -> (Self, JoinHandle<()>) {
        let (jobs, queue) = mpsc::channel(QUEUE);
        (Self { jobs }, tokio::spawn(work(ledger, queue)))
    }

    /// Jobs that wait for their turn.
    pub fn waiting(&self) -> usize {
        self.jobs.max_capacity() - self.jobs.capacity()
    }

    /// Runs `job` in a transaction and answers when it is on the disk. A job that fails leaves nothing behind.
    ///
    /// # Errors
    /// The job's own, or 503 when the transaction could not be committed: `full` when the disk has no room for it.
    pub async fn run<T, F>(&self, job: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Ledger) -> Running<'c, Result<T, ApiError>> + Send + 'static,
    {
        let (answer, waiting) = oneshot::channel();
        let boxed: Job = Box::new(move |ledger| {
            Box::pin(async move {
                let result = job(ledger).await;
                let good = result.is_ok();
                let finish: Finish = Box::new(move |committed| {
                    let result = if good { committed.and(result) } else { result };
                    // The asker may have gone away; what was written stays written.
                    let _ = answer.send(result);
                });
                (good, finish)
            })
        });
        self.jobs.send(boxed).await.map_err(|_| ApiError::unavailable())?;
        waiting.await.map_err(|_| ApiError::unavailable())?
    }
}

async fn work(mut ledger: Ledger, mut queue: mpsc::Receiver<Job>) {
    while let Some(first) = queue.recv().await {
        let mut waiting = vec![first];
        while waiting.len() < MAX_TOGETHER {
            match queue.try_recv() {
                Ok(job) => waiting.push(job),
                Err(_) => break,
            }
        }
        let mut finished = Vec::with_capacity(waiting.len());
        let committed = match together(&mut ledger, waiting, &mut finished).await {
            Ok(()) => Ok(()),
            Err(error) => {
                let told = ApiError::from(error);
                let _ = ledger.conn.run("ROLLBACK").await;
                ledger.forget().await;
                Err(told)
            }
        };
        for finish in finished {
            finish(committed.clone());
        }
    }
    // Closed, not dropped: whoever waits for the end finds the file free.
    if let Err(error) = ledger.conn.close().await {
        tracing::warn!(%error, "the database was not closed");
    }
    drop(ledger.claim);
}

/// One transaction; each job inside a savepoint, so that one that fails or panics takes only itself away.
async fn together(
    ledger: &mut Ledger,
    jobs: Vec<Job>,
    finished: &mut Vec<Finish>,
) -> Result<(), sqlx::Error> {
    ledger.begin().await?;
    for (n, job) in jobs.into_iter().enumerate() {
        ledger.conn.run(if n == 0 { "SAVEPOINT job" } else { "RELEASE job; SAVEPOINT job" }).await?;
        let outcome = caught(job(ledger)).await;
        if !matches!(outcome, Some((true, _))) {
            ledger.conn.run("ROLLBACK TO job").await?;
            ledger.forget().await;
        }
        match outcome {
            Some((_, finish)) => finished.push(finish),
            None => tracing::error!("a job of the writer panicked; it was rolled back"),
        }
    }
    ledger.conn.run("COMMIT").await?;
    Ok(())
}

/// Runs a future and turns its panic into `None`: the writer must outlive a bug in one job.
async fn caught<T>(mut future: Running<'_, T>) -> Option<T> {
    std::future::poll_fn(move |cx| {
        match std::panic::catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(Poll::Ready(value)) => Poll::Ready(Some(value)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(_) => Poll::Ready(None),
        }
    })
    .await
}
