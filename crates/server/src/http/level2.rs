//! Level 2 of the contract: packed streams, what a reader should hold, and waiting for news.

use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use flate2::read::GzDecoder;
use gridbook_sync::wire::{FpReply, PAGE_HEADER, Status};

use super::body::Params;
use super::session::Session;
use super::sync::{not_of, place_in_feed, settle_rights};
use crate::app::App;
use crate::feed::cursor::Cursor;
use crate::feed::{self, packs};
use crate::problem::ApiError;

/// Longest wait, in seconds: shorter than what proxies allow a silent connection.
const MAX_WAIT: u64 = 30;
/// Pages that hold only what the asker wrote itself, looked through for something else.
const MAX_LOOKS: usize = 50;

/// Whole streams in packed form, for a device that has none.
#[utoipa::path(get, path = "/sync/v1/snapshot", tag = "sync", security(("token" = [])),
    params(("cursor" = Option<String>, Query), ("place" = Option<String>, Query)),
    responses((status = 200, description = "frames; PageHead in the header gridbook-page"),
        (status = 400, description = "cursor"), (status = 401, description = "session"),
        (status = 409, description = "history"), (status = 410, description = "snapshot")))]
pub(super) async fn snapshot(
    State(app): State<Arc<App>>,
    session: Session,
    Params(query): Params,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let cursor = place_in_feed(&query)?;
    let place = query.get("place").map(String::as_str);
    settle_rights(&app, &session).await?;
    let mut conn = app.readers.moment().await?;
    let page = packs::page(&mut conn, &app.tenant, &app.packs, &session.actor.user, cursor, place).await?;
    conn.close().await?;
    let head = serde_json::to_string(&page.head).map_err(|_| ApiError::unavailable())?;
    let head = HeaderValue::from_str(&head).map_err(|_| ApiError::unavailable())?;
    let octets = HeaderValue::from_static("application/octet-stream");
    let named = [(HeaderName::from_static(PAGE_HEADER), head), (header::CONTENT_TYPE, octets)];
    let takes_gzip = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|v| v.split(',').any(|name| name.trim() == "gzip"));
    if takes_gzip {
        let gzip = [(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))];
        return Ok((named, gzip, page.gzip).into_response());
    }
    let mut frames = Vec::new();
    GzDecoder::new(page.gzip.as_slice()).read_to_end(&mut frames).map_err(|_| ApiError::unavailable())?;
    Ok((named, frames).into_response())
}

/// What the reader should hold at the end of the feed.
#[utoipa::path(get, path = "/sync/v1/fp", tag = "sync", security(("token" = [])),
    params(("places" = Option<u8>, Query)),
    responses((status = 200, description = "FpReply", body = serde_json::Value),
        (status = 401, description = "session")))]
pub(super) async fn fp(
    State(app): State<Arc<App>>,
    session: Session,
    Params(query): Params,
) -> Result<Json<FpReply>, ApiError> {
    let places = query.get("places").is_some_and(|v| v == "1");
    settle_rights(&app, &session).await?;
    let mut conn = app.readers.moment().await?;
    let user = &session.actor.user;
    let told = packs::fingerprint(&mut conn, &app.tenant, &app.packs, user, places).await?;
    conn.close().await?;
    Ok(Json(told))
}

/// Whether something waits behind a cursor; waits for it, if asked.
#[utoipa::path(get, path = "/sync/v1/status", tag = "sync", security(("token" = [])),
    params(("cursor" = Option<String>, Query), ("not" = Option<String>, Query), ("wait" = Option<u64>, Query)),
    responses((status = 200, description = "Status", body = serde_json::Value),
        (status = 400, description = "cursor"), (status = 401, description = "session"),
        (status = 409, description = "history")))]
pub(super) async fn status(
    State(app): State<Arc<App>>,
    session: Session,
    Params(query): Params,
) -> Result<Json<Status>, ApiError> {
    let mut cursor = place_in_feed(&query)?;
    let not = not_of(&query)?;
    let wait: u64 = match query.get("wait") {
        None => 0,
        Some(text) => text.parse().map_err(|_| ApiError::malformed())?,
    };
    settle_rights(&app, &session).await?;
    let until = tokio::time::Instant::now() + Duration::from_secs(wait.min(MAX_WAIT));
    let mut waiter = if wait > 0 { app.pokes.wait() } else { None };
    let waited = waiter.is_some();
    let mut behind;
    loop {
        let mut looks = 0;
        behind = loop {
            let mut conn = app.readers.moment().await?;
            let user = &session.actor.user;
            let page = feed::pull(&mut conn, &app.tenant, user, cursor.take(), 1, not).await?;
            conn.close().await?;
            cursor = Cursor::parse(&page.cursor);
            looks += 1;
            if !page.entries.is_empty() || looks == MAX_LOOKS {
                break true;
            }
            if !page.more {
                break false;
            }
        };
        let Some(waiter) = waiter.as_mut().filter(|_| !behind) else { break };
        match tokio::time::timeout_at(until, waiter.moved()).await {
            Ok(true) => {}
            Ok(false) | Err(_) => break,
        }
    }
    let history = app.tenant.history.clone();
    Ok(Json(Status { now: app.clock.now_ms(), history, behind, waited }))
}
