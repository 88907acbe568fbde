//! Two things that are waited for at once: a start waits for the longest, not for one after the other.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

/// Waits for two things at once.
pub async fn both<A, B>(a: impl Future<Output = A>, b: impl Future<Output = B>) -> (A, B) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut got_a, mut got_b) = (None, None);
    poll_fn(move |context| {
        if got_a.is_none()
            && let Poll::Ready(value) = a.as_mut().poll(context)
        {
            got_a = Some(value);
        }
        if got_b.is_none()
            && let Poll::Ready(value) = b.as_mut().poll(context)
        {
            got_b = Some(value);
        }
        match (got_a.take(), got_b.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            (a, b) => {
                (got_a, got_b) = (a, b);
                Poll::Pending
            }
        }
    })
    .await
}
