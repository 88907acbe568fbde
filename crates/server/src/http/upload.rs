//! Files that come in parts, over as many connections as it takes.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use gridbook_sync::wire::MAX_BLOB;

use super::body::{self, Segment};
use super::session::Pusher;
use super::{blob, sync};
use crate::app::App;
use crate::blobs::{Appended, MIN_PART};
use crate::feed;
use crate::problem::ApiError;

/// Largest part.
const MAX_PART: usize = 1024 * 1024;
/// How much has come, or where a part begins.
const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
/// How long the whole file is.
const LENGTH: HeaderName = HeaderName::from_static("upload-length");
/// `?1` when the file is whole, as in structured headers.
const COMPLETE: HeaderName = HeaderName::from_static("upload-complete");

fn state(status: StatusCode, offset: usize, complete: bool) -> Response {
    let complete = HeaderValue::from_static(if complete { "?1" } else { "?0" });
    (status, [(OFFSET, HeaderValue::from(offset)), (COMPLETE, complete)]).into_response()
}

/// How much of a file there is: all of it for those who see it, and what has come of an upload for the one who sends
/// it.
#[utoipa::path(head, path = "/sync/v1/blobs/{sha256}", tag = "sync", security(("token" = [])),
    params(("sha256" = String, Path)),
    responses((status = 200, description = "Upload-Offset, Upload-Complete"), (status = 404, description = "not_found")))]
pub(super) async fn head(
    State(app): State<Arc<App>>,
    pusher: Pusher,
    Segment(sha256): Segment,
) -> Result<Response, ApiError> {
    blob::checked(&sha256)?;
    let (user, session) = match pusher {
        Pusher::Live(session) => (session.actor.user.clone(), Some(session)),
        Pusher::Ended(user) => (user, None),
    };
    let user = &user;
    let sends = blob::named(&app, &sha256, user).await?.is_some();
    if !sends {
        // Whose session has ended sends, and reads nothing.
        let session = session.ok_or_else(ApiError::session)?;
        sync::settle_rights(&app, &session).await?;
        let mut conn = app.readers.acquire().await?;
        if !feed::may_read_blob(&mut conn, app.tenant.id, user, &sha256).await? {
            return Err(ApiError::not_found());
        }
    }
    if let Some((size, _)) = blob::size(&app, &sha256).await? {
        return Ok(state(StatusCode::OK, usize::try_from(size).unwrap_or(usize::MAX), true));
    }
    if !sends {
        return Err(ApiError::not_found());
    }
    let offset = app.blobs.offset(user, &sha256).await.map_err(|error| ApiError::of_file(&error))?;
    Ok(state(StatusCode::OK, offset, false))
}

/// Adds a part at `Upload-Offset`. With the last one, by `Upload-Length`, the file is verified and becomes visible.
#[utoipa::path(patch, path = "/sync/v1/blobs/{sha256}", tag = "sync", security(("token" = [])),
    params(("sha256" = String, Path), ("Upload-Offset" = usize, Header), ("Upload-Length" = usize, Header)),
    request_body = Vec<u8>,
    responses((status = 204, description = "more is missing"), (status = 201, description = "whole and stored"),
        (status = 200, description = "stored before"), (status = 400, description = "hash, malformed"),
        (status = 403, description = "forbidden"), (status = 409, description = "offset"),
        (status = 413, description = "too_large")))]
pub(super) async fn patch(
    State(app): State<Arc<App>>,
    pusher: Pusher,
    Segment(sha256): Segment,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    blob::checked(&sha256)?;
    let number = |name: &HeaderName| headers.get(name).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    let (Some(offset), Some(length)) = (number(&OFFSET), number(&LENGTH)) else {
        return Err(ApiError::malformed());
    };
    let user = pusher.user();
    let mime = blob::named(&app, &sha256, &user).await?.ok_or_else(blob::unnamed)?;
    if blob::size(&app, &sha256).await?.is_some() {
        return Ok(state(StatusCode::OK, length, true));
    }
    if length > MAX_BLOB {
        return Err(ApiError::too_large());
    }
    let bytes = body::bytes(&headers, body, MAX_PART).await?;
    let end = offset.saturating_add(bytes.len());
    // Nothing more at the end: all parts are there, and making one file of them failed the last time.
    if end > length || (end < length && bytes.len() < MIN_PART) {
        return Err(ApiError::malformed());
    }
    let full = |error: std::io::Error| ApiError::of_file(&error);
    match app.blobs.append(&user, &sha256, offset, bytes).await.map_err(full)? {
        Appended::Elsewhere(here) => {
            let problem = ApiError::conflict(
                "offset",
                "这一段和服务器上已有的接不上,没有保存;原件还在本机,会自动从断处再传。",
            );
            let mut response = problem.into_response();
            response.headers_mut().insert(OFFSET, HeaderValue::from(here));
            Ok(response)
        }
        Appended::Upto(upto) if upto < length => Ok(state(StatusCode::NO_CONTENT, upto, false)),
        Appended::Upto(upto) => {
            let whole = app.blobs.joined(&user, &sha256).await.map_err(full)?;
            let stored = blob::store(&app, user.clone(), sha256.clone(), mime, whole).await;
            // Whole or spoilt, the parts have served; only after a fault of the server they are wanted again.
            if stored.as_ref().map_or_else(|problem| problem.code == "hash", |_| true) {
                app.blobs.drop_parts(&user, &sha256).await.map_err(full)?;
            }
            Ok(state(stored?, upto, true))
        }
    }
}
