//! The sync contract: caps, push, pull.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use chrono::Datelike;
use gridbook_log::Writer;
use gridbook_sync::wire::{
    Caps, MAX_BATCH_BYTES, MAX_BATCH_OPS, MAX_BLOB, MAX_PAGE, PullReply, PushReply, PushRequest, VERSION,
};

use super::body::{self, Params};
use super::session::{Pusher, Session};
use crate::app::App;
use crate::clock::china_day;
use crate::feed::{self, cursor::Cursor, reach};
use crate::problem::ApiError;
use crate::quarantine;
use crate::signature::{self, Keys};
use crate::writer::push::{self, Push};
use crate::writer::rights;

/// What this backend can do. Open to everyone: it holds nothing private.
#[utoipa::path(get, path = "/sync/v1/caps", tag = "sync", responses((status = 200, description = "Caps", body = serde_json::Value)))]
pub(super) async fn caps(State(app): State<Arc<App>>) -> Json<Caps> {
    Json(Caps {
        contract: VERSION.to_owned(),
        levels: vec![0, 1, 2],
        history: app.tenant.history.clone(),
        now: app.clock.now_ms(),
        authority: Some(app.tenant.authority),
        max_batch_ops: MAX_BATCH_OPS,
        max_batch_bytes: MAX_BATCH_BYTES,
        max_blob: MAX_BLOB,
        snapshot: Some(gridbook_log::pack::FORM),
    })
}

/// Takes operations in, with a result for each.
#[utoipa::path(post, path = "/sync/v1/push", tag = "sync", request_body = serde_json::Value,
    security(("token" = [])),
    responses((status = 200, description = "PushReply", body = serde_json::Value),
        (status = 400, description = "malformed"), (status = 401, description = "session"),
        (status = 413, description = "too_large"), (status = 503, description = "unavailable")))]
pub(super) async fn push(
    State(app): State<Arc<App>>,
    pusher: Pusher,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<PushReply>, ApiError> {
    let request: PushRequest = body::json_max(&headers, body, MAX_BATCH_BYTES).await?;
    if request.ops.len() > MAX_BATCH_OPS {
        return Err(ApiError::too_large());
    }
    begin_day(&app).await?;
    let today = china_day(app.clock.now_ms());
    let actor = match pusher {
        Pusher::Live(session) => session.actor,
        Pusher::Ended(account) => {
            let held = app.writer.run(move |ledger| {
                Box::pin(async move { quarantine::take(ledger, &account, request).await })
            });
            let reply = held.await?;
            app.metrics.pushed(&reply.results);
            return Ok(Json(reply));
        }
    };
    let authors = push::authors(&actor, &request);
    let push = if authors.is_empty() {
        Push::read(app.admission.as_ref(), actor, request, today, &Keys::default())
    } else {
        // Checking signatures takes long enough to be kept away from those who answer requests.
        let keys = signature::keys(&app.readers, app.tenant.id, &authors).await?;
        let app = app.clone();
        tokio::task::spawn_blocking(move || Push::read(app.admission.as_ref(), actor, request, today, &keys))
            .await
            .map_err(|_| ApiError::unavailable())?
    };
    let reply = app.writer.run(move |ledger| Box::pin(push::apply(ledger, push))).await?;
    app.metrics.pushed(&reply.results);
    Ok(Json(reply))
}

/// The next page of the reader's feed.
#[utoipa::path(get, path = "/sync/v1/pull", tag = "sync", security(("token" = [])),
    params(("cursor" = Option<String>, Query), ("limit" = Option<usize>, Query), ("not" = Option<String>, Query)),
    responses((status = 200, description = "PullReply", body = serde_json::Value),
        (status = 400, description = "cursor"), (status = 401, description = "session"),
        (status = 409, description = "history")))]
pub(super) async fn pull(
    State(app): State<Arc<App>>,
    session: Session,
    Params(query): Params,
) -> Result<Json<PullReply>, ApiError> {
    let cursor = place_in_feed(&query)?;
    let limit = match query.get("limit") {
        None => MAX_PAGE,
        Some(text) => {
            text.parse::<usize>().ok().filter(|n| *n > 0).ok_or_else(ApiError::malformed)?.min(MAX_PAGE)
        }
    };
    let not = not_of(&query)?;
    settle_rights(&app, &session).await?;
    let mut conn = app.readers.moment().await?;
    let page = feed::pull(&mut conn, &app.tenant, &session.actor.user, cursor, limit, not).await?;
    conn.close().await?;
    Ok(Json(page))
}

/// The cursor that a request names; `None` for the beginning.
pub(super) fn place_in_feed(query: &HashMap<String, String>) -> Result<Option<Cursor>, ApiError> {
    match query.get("cursor").map(String::as_str) {
        None | Some("") => Ok(None),
        Some(text) => Cursor::parse(text).map(Some).ok_or_else(|| {
            ApiError::bad("cursor", "同步位置的记号不对,记录都在本机;请在“我的”里点“重新同步”。")
        }),
    }
}

/// The asking device, if it names itself.
pub(super) fn not_of(query: &HashMap<String, String>) -> Result<Option<Writer>, ApiError> {
    match query.get("not") {
        None => Ok(None),
        Some(text) => Writer::parse(text).map(Some).ok_or_else(ApiError::malformed),
    }
}

/// Grants by name end by the calendar, too: the first request of a day brings who is sent what in line with it.
async fn begin_day(app: &App) -> Result<(), ApiError> {
    let today = china_day(app.clock.now_ms()).num_days_from_ce();
    if app.day.load(Ordering::Acquire) != today {
        app.writer.run(|ledger| Box::pin(ledger.settle_restricted(None))).await?;
        app.day.store(today, Ordering::Release);
    }
    Ok(())
}

/// Roles begin and end by the calendar: brings the reader's rights in line before reading.
pub(super) async fn settle_rights(app: &App, session: &Session) -> Result<(), ApiError> {
    begin_day(app).await?;
    let wanted = {
        let reach = app.admission.reach(&session.actor, china_day(app.clock.now_ms()));
        reach::patterns(&session.actor.user, &reach)
    };
    let mut conn = app.readers.acquire().await?;
    let held = rights::active(&mut conn, app.tenant.id, &session.actor.user).await?;
    drop(conn);
    if !wanted.iter().eq(held.iter()) {
        let user = session.actor.user.clone();
        app.writer.run(move |ledger| Box::pin(async move { ledger.refresh_rights(&user).await })).await?;
    }
    Ok(())
}
