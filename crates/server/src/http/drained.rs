//! An answer that comes before the whole request was read: the rest is read and thrown away first. Otherwise the line is
//! cut under whoever still sends, and a proxy in front of us says 502 in the place of our 401 or 413 (Caddy did, at every
//! third photo that was too large); a phone would try again what it must not send.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::Request;
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;
use futures_util::Stream;

/// Most bytes that are thrown away, and for how long: twice what a photo may have. Whoever sends more is cut off.
const MOST: usize = 2 * gridbook_sync::wire::MAX_BLOB;
const PATIENCE: Duration = Duration::from_secs(15);

/// A request's body that two hold: the handler, and whoever comes after it.
#[derive(Clone)]
struct Shared(Arc<Mutex<(BodyDataStream, bool)>>);

impl Shared {
    fn poll(&self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, axum::Error>>> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (stream, ended) = &mut *held;
        if *ended {
            return Poll::Ready(None);
        }
        let next = Pin::new(stream).poll_next(context);
        *ended = matches!(next, Poll::Ready(None | Some(Err(_))));
        next
    }
}

impl Stream for Shared {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll(context)
    }
}

/// See the module's text.
pub(super) async fn drained(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let bodied =
        headers.contains_key(header::CONTENT_LENGTH) || headers.contains_key(header::TRANSFER_ENCODING);
    // Whoever asks first has not begun to send.
    if !bodied || headers.contains_key(header::EXPECT) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let shared = Shared(Arc::new(Mutex::new((body.into_data_stream(), false))));
    let response = next.run(Request::from_parts(parts, Body::from_stream(shared.clone()))).await;
    let rest = async {
        let mut left = MOST;
        while let Some(Ok(chunk)) = poll_fn(|context| shared.poll(context)).await {
            left = left.saturating_sub(chunk.len());
            if left == 0 {
                break;
            }
        }
    };
    // Too slow: it is cut off after all.
    let _ = tokio::time::timeout(PATIENCE, rest).await;
    response
}
