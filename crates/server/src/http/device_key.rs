//! Registering a device's public key.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use gridbook_log::DeviceId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::body;
use super::session::Session;
use crate::app::App;
use crate::problem::ApiError;
use crate::signature;

/// Body of `POST /api/device-key`.
#[derive(Deserialize, ToSchema)]
pub(super) struct DeviceKey {
    /// The device, 16 hex digits.
    #[schema(value_type = String)]
    dev: DeviceId,
    /// Public key, ECDSA P-256: the uncompressed point, 65 bytes as 130 lower-case hex digits.
    key: String,
}

/// Registers a key with which the device signs what others deliver for it. A device may have several over time.
#[utoipa::path(post, path = "/api/device-key", tag = "accounts", security(("token" = [])), request_body = DeviceKey,
    responses((status = 204, description = "registered, now or before"), (status = 400, description = "malformed"),
        (status = 409, description = "foreign_device, too_many_keys")))]
pub(super) async fn register(
    State(app): State<Arc<App>>,
    session: Session,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, ApiError> {
    let asked: DeviceKey = body::json(&headers, body).await?;
    if signature::parse(&asked.key).is_none() {
        return Err(ApiError::malformed());
    }
    let user = session.actor.user;
    app.writer
        .run(move |ledger| {
            Box::pin(async move { signature::register(ledger, &user, asked.dev, &asked.key).await })
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
