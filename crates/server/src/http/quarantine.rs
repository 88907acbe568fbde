//! What waits in quarantine, for those who keep the directory of staff.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::Segment;
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

/// Lets what waits of one author go through admission, with the rights that the author has now.
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
