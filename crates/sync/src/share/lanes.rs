//! Several requests at once, never more than [`super::WIDTH`], inside one task.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

pub(crate) type Job<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Carries out all jobs; answers in the order of the jobs.
pub(crate) async fn all<T>(jobs: impl IntoIterator<Item = Job<'_, T>>) -> Vec<T> {
    let mut waiting: VecDeque<(usize, Job<'_, T>)> = jobs.into_iter().enumerate().collect();
    let mut under_way: Vec<(usize, Job<'_, T>)> = Vec::new();
    let mut done: Vec<Option<T>> = waiting.iter().map(|_| None).collect();
    poll_fn(|context| {
        loop {
            while under_way.len() < super::WIDTH {
                let Some(job) = waiting.pop_front() else { break };
                under_way.push(job);
            }
            let before = under_way.len();
            under_way.retain_mut(|(at, job)| match job.as_mut().poll(context) {
                Poll::Ready(answer) => {
                    done[*at] = Some(answer);
                    false
                }
                Poll::Pending => true,
            });
            if under_way.is_empty() && waiting.is_empty() {
                return Poll::Ready(());
            }
            if under_way.len() == before || waiting.is_empty() {
                return Poll::Pending;
            }
        }
    })
    .await;
    done.into_iter().flatten().collect()
}
