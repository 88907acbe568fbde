//! Invitations: a one-time code, carried by link or QR, with which somebody sets a password. A reset is a new one.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::{self, SignedIn, Township};
use super::body::{self, Segment};
use super::session::{Address, Session};
use super::staff::not_your_account;
use crate::accounts;
use crate::app::App;
use crate::clock::china_day;
use crate::problem::ApiError;
use crate::secret;
use crate::sql;

/// Body of `POST /api/invites`.
#[derive(Deserialize, ToSchema)]
pub(super) struct Ask {
    user: String,
}

/// An invitation, told once.
#[derive(Serialize, ToSchema)]
pub(super) struct Invite {
    user: String,
    name: String,
    code: String,
    /// Path to put after the server's address; the desk draws it as QR.
    link: String,
    /// Milliseconds since 1970.
    expires_at: i64,
}

fn gone() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "invite", "邀请码不对、已用过或已过期;请找镇网格专干重新邀请。")
}

/// Invites somebody who has an account. Earlier invitations of that account end; its password holds until then.
#[utoipa::path(post, path = "/api/invites", tag = "accounts", security(("token" = [])), request_body = Ask,
    responses((status = 200, body = Invite), (status = 403, description = "forbidden, role_above, grant"),
        (status = 404, description = "not_found"), (status = 409, description = "disabled")))]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    session: Session,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Invite>, ApiError> {
    if !session.manages_staff(&app) {
        return Err(ApiError::forbidden());
    }
    let asked: Ask = body::json(&headers, body).await?;
    let mut conn = app.readers.acquire().await?;
    let account = accounts::account(&mut conn, app.tenant.id, &asked.user).await?;
    drop(conn);
    let account = account.ok_or_else(ApiError::not_found)?;
    if account.disabled {
        return Err(ApiError::conflict("disabled", "这个账号停用着,没有发邀请;请先恢复账号,再发一次。"));
    }
    let (user, by, today) = (account.user.clone(), session.actor, china_day(app.clock.now_ms()));
    let admission = app.admission.clone();
    let (code, expires_at) = app
        .writer
        .run(move |ledger| {
            Box::pin(async move {
                let held = accounts::assignments(&mut ledger.conn, ledger.tenant.id, &user).await?;
                admission.let_in(&by, &held, today).map_err(|cause| not_your_account(&cause))?;
                ledger.invite(&user, &by.user).await
            })
        })
        .await?;
    let link = format!("/#/invite/{code}");
    Ok(Json(Invite { user: account.user, name: account.name, code, link, expires_at }))
}

/// Whom an invitation is for.
#[derive(Serialize, ToSchema)]
pub(super) struct Invited {
    user: String,
    name: String,
    township: Township,
}

async fn find(app: &App, code: &str) -> Result<accounts::Account, ApiError> {
    let user: Option<String> = sql::query_scalar(
        "SELECT account FROM invites WHERE tenant = ? AND code = ? AND used_at IS NULL AND expires_at > ?",
    )
    .bind(app.tenant.id)
    .bind(secret::sha256(code.as_bytes()).to_vec())
    .bind(app.now())
    .fetch_optional(&app.readers)
    .await?;
    let user = user.ok_or_else(gone)?;
    let mut conn = app.readers.acquire().await?;
    accounts::account(&mut conn, app.tenant.id, &user).await?.filter(|a| !a.disabled).ok_or_else(gone)
}

/// Says whom an invitation is for, so that the page can greet.
#[utoipa::path(get, path = "/api/invites/{code}", tag = "accounts", params(("code" = String, Path)),
    responses((status = 200, body = Invited), (status = 404, description = "invite"),
        (status = 429, description = "too_many_tries")))]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Address(address): Address,
    Segment(code): Segment,
) -> Result<Json<Invited>, ApiError> {
    if let Some(seconds) = app.limiter.wait("", &address, app.clock.now_ms()) {
        return Err(auth::too_many(seconds));
    }
    let account = find(&app, &code).await?;
    let township = auth::profile_township(&app);
    Ok(Json(Invited { user: account.user, name: account.name, township }))
}

/// Body of `POST /api/invites/{code}/accept`.
#[derive(Deserialize, ToSchema)]
pub(super) struct Accept {
    password: String,
    #[serde(default)]
    device: Option<String>,
}

/// Sets the password and signs in; ends all earlier sessions of the account.
#[utoipa::path(post, path = "/api/invites/{code}/accept", tag = "accounts", params(("code" = String, Path)),
    request_body = Accept, responses((status = 200, body = SignedIn), (status = 400, description = "weak_password"),
        (status = 404, description = "invite"), (status = 429, description = "too_many_tries")))]
pub(super) async fn accept(
    State(app): State<Arc<App>>,
    Address(address): Address,
    Segment(code): Segment,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<SignedIn>, ApiError> {
    if let Some(seconds) = app.limiter.wait("", &address, app.clock.now_ms()) {
        return Err(auth::too_many(seconds));
    }
    let asked: Accept = body::json(&headers, body).await?;
    let account = find(&app, &code).await?;
    auth::check_new(&account.user, &asked.password)?;
    let hash = app.passwords.hash(asked.password).await.ok_or_else(ApiError::unavailable)?;
    let user = account.user.clone();
    app.writer
        .run(move |ledger| {
            Box::pin(async move {
                // Two phones with one code: the first wins.
                let used = sql::query(
                    "UPDATE invites SET used_at = ? WHERE tenant = ? AND code = ? AND used_at IS NULL",
                )
                .bind(ledger.now_i64())
                .bind(ledger.tenant.id)
                .bind(secret::sha256(code.as_bytes()).to_vec())
                .execute(&mut ledger.conn)
                .await?;
                if used.rows_affected() == 0 {
                    return Err(gone());
                }
                auth::set_password(ledger, &user, &hash, None).await
            })
        })
        .await?;
    Ok(Json(auth::open_session(&app, account.user, account.name, asked.device).await?))
}
