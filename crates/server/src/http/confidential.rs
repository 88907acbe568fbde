//! Confidential reports over HTTP (ROLE-11): handing in, the state of one's own, and what the channel reads.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use gridbook_domain::confidential::Way;
use gridbook_log::{Body as Content, EntityId, Op};
use gridbook_sync::wire::{PushReply, PushRequest};
use serde::Serialize;
use utoipa::ToSchema;

use super::body::{self, Segment};
use super::session::Session;
use crate::app::App;
use crate::clock::china_day;
use crate::confidential::{self, Line, Report};
use crate::problem::ApiError;
use crate::signature::Keys;
use crate::writer::push::{self, Push};

/// Reports by id, state and day, without content.
#[derive(Serialize, ToSchema)]
pub(super) struct Lines {
    reports: Vec<Line>,
}

/// The reports that the asker hears.
#[utoipa::path(get, path = "/api/confidential", tag = "confidential", security(("token" = [])),
    responses((status = 200, body = Lines), (status = 403, description = "forbidden")))]
pub(super) async fn list(State(app): State<Arc<App>>, session: Session) -> Result<Json<Lines>, ApiError> {
    Ok(Json(Lines { reports: confidential::heard(&app, &session.actor).await? }))
}

/// The state of what the asker handed in.
#[utoipa::path(get, path = "/api/confidential/mine", tag = "confidential", security(("token" = [])),
    responses((status = 200, body = Lines)))]
pub(super) async fn mine(State(app): State<Arc<App>>, session: Session) -> Result<Json<Lines>, ApiError> {
    Ok(Json(Lines { reports: confidential::handed_in(&app, &session.actor.user).await? }))
}

/// One report. That it was looked at is written down.
#[utoipa::path(get, path = "/api/confidential/{id}", tag = "confidential", security(("token" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = Report), (status = 404, description = "not_found")))]
pub(super) async fn one(
    State(app): State<Arc<App>>,
    session: Session,
    Segment(id): Segment,
) -> Result<Json<Report>, ApiError> {
    let id = EntityId::parse(&id).ok_or_else(ApiError::not_found)?;
    Ok(Json(confidential::look(&app, &session.actor, id).await?))
}

/// Takes in one report, or one step of one: a push of exactly one operation.
#[utoipa::path(post, path = "/api/confidential", tag = "confidential", request_body = serde_json::Value,
    security(("token" = [])),
    responses((status = 200, description = "PushReply", body = serde_json::Value),
        (status = 400, description = "malformed"), (status = 401, description = "session"),
        (status = 409, description = "nobody_hears")))]
pub(super) async fn hand_in(
    State(app): State<Arc<App>>,
    session: Session,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<PushReply>, ApiError> {
    let request: PushRequest = body::json(&headers, body).await?;
    let [wire] = request.ops.as_slice() else { return Err(ApiError::malformed()) };
    let op = Op::from_wire(wire.clone()).map_err(|_| ApiError::malformed())?;
    if let Ok(Content::Create(create)) = op.body() {
        let way = Way::of_new(create);
        // A form that goes another way is refused as one, further on.
        let hopeless = app.admission.has_channel(&way.form)
            && !confidential::anybody_hears(&app, &session.actor.user, &way).await?;
        if hopeless {
            return Err(confidential::nobody());
        }
    }
    let today = china_day(app.clock.now_ms());
    let mut push = Push::read(app.admission.as_ref(), session.actor, request, today, &Keys::default());
    push.apart = true;
    Ok(Json(app.writer.run(move |ledger| Box::pin(push::apply(ledger, push))).await?))
}
