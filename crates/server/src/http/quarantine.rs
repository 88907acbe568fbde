//! What waits in quarantine, for those who keep the directory of staff.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{self, Segment};
use super::session::Session;
use crate::app::App;
use crate::problem::ApiError;
use crate::quarantine::{self, Held, Released};

/// Answer to `GET /api/quarantine`.
#[derive(Serialize, ToSchema)]
pub(super) struct Holding {
    held: Vec<Held>,
}

/// What waits, by author and device. Never the content.
#[utoipa::path(get, path = "/api/quarantine", tag = "staff", security(("token" = [])),
    responses((status = 200, body = Holding), (status = 403, description = "forbidden")))]
pub(super) async fn list(State(app): State<Arc<App>>, session: Session) -> Result<Json<Holding>, ApiError> {
    if !session.manages_staff(&app) {
        return Err(ApiError::forbidden());
    }
    Ok(Json(Holding { held: quarantine::list(&app.readers, app.tenant.id).await? }))
}

/// Lets what waits of one author go through admission, with the rights that the author had when it was written.
#[utoipa::path(post, path = "/api/quarantine/{user}/release", tag = "staff", security(("token" = [])),
    params(("user" = String, Path)),
    responses((status = 200, body = Released), (status = 403, description = "forbidden")))]
pub(super) async fn release(
    State(app): State<Arc<App>>,
    session: Session,
    Segment(user): Segment,
) -> Result<Json<Released>, ApiError> {
    if !session.manages_staff(&app) {
        return Err(ApiError::forbidden());
    }
    Ok(Json(quarantine::release(&app, &user).await?))
}

/// Longest reason, in characters.
const MAX_REASON: usize = 200;

/// Body of `POST /api/quarantine/{user}/discard`.
#[derive(Deserialize, ToSchema)]
pub(super) struct Discard {
    /// Why nobody wants it.
    reason: String,
}

/// Answer to a discard.
#[derive(Serialize, ToSchema)]
pub(super) struct Discarded {
    discarded: u64,
}

/// Drops the content of what waits of one author. Who did it, when and why stays.
#[utoipa::path(post, path = "/api/quarantine/{user}/discard", tag = "staff", security(("token" = [])),
    params(("user" = String, Path)), request_body = Discard,
    responses((status = 200, body = Discarded), (status = 400, description = "bad_reason"),
        (status = 403, description = "forbidden")))]
pub(super) async fn discard(
    State(app): State<Arc<App>>,
    session: Session,
    Segment(user): Segment,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Discarded>, ApiError> {
    if !session.manages_staff(&app) {
        return Err(ApiError::forbidden());
    }
    let Discard { reason } = body::json(&headers, body).await?;
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > MAX_REASON || reason.contains('\0') {
        let words = format!("不收要写明原因(1 到 {MAX_REASON} 个字),什么也没有改动;请写好再试。");
        return Err(ApiError::bad("bad_reason", words));
    }
    let discarded = quarantine::discard(&app, &user, &session.actor.user, reason).await?;
    Ok(Json(Discarded { discarded }))
}
