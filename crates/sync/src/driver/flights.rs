//! Requests under way, inside one task: polled whenever the task is, so that the network moves while the store works.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use crate::engine::Response;

type Answer<'a> = Pin<Box<dyn Future<Output = Response> + 'a>>;

/// Dropping it breaks off what is under way.
#[derive(Default)]
pub(super) struct Flights<'a> {
    under_way: Vec<(u64, Answer<'a>)>,
    /// Answers not yet heard, as they came.
    arrived: Vec<(u64, Response)>,
}

impl<'a> Flights<'a> {
    pub(super) fn start(&mut self, number: u64, answer: impl Future<Output = Response> + 'a) {
        self.under_way.push((number, Box::pin(answer)));
    }

    /// Breaks off what nobody waits for any more.
    pub(super) fn retain(&mut self, wanted: impl Fn(u64) -> bool) {
        self.under_way.retain(|(number, _)| wanted(*number));
        self.arrived.retain(|(number, _)| wanted(*number));
    }

    /// Carries out `work`; requests go on meanwhile, and leave before it begins.
    pub(super) async fn beside<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|context| {
            self.poll(context);
            work.as_mut().poll(context)
        })
        .await
    }

    /// The next answer; `None` when nothing is under way.
    pub(super) async fn next(&mut self) -> Option<(u64, Response)> {
        poll_fn(|context| {
            if self.arrived.is_empty() {
                self.poll(context);
            }
            if !self.arrived.is_empty() {
                return Poll::Ready(Some(self.arrived.remove(0)));
            }
            if self.under_way.is_empty() { Poll::Ready(None) } else { Poll::Pending }
        })
        .await
    }

    fn poll(&mut self, context: &mut Context<'_>) {
        let arrived = &mut self.arrived;
        self.under_way.retain_mut(|(number, answer)| match answer.as_mut().poll(context) {
            Poll::Ready(response) => {
                arrived.push((*number, response));
                false
            }
            Poll::Pending => true,
        });
    }
}
