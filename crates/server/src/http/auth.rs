//! Signing in and out, and who one is.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use gridbook_domain::role::Actor;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body;
use super::session::{Address, Session};
use crate::accounts::{self, SESSION_MS};
use crate::app::App;
use crate::password;
use crate::problem::ApiError;
use crate::quarantine;
use crate::secret;
use crate::sql;
use crate::writer::Ledger;

/// Body of `POST /api/sign-in`.
#[derive(Deserialize, ToSchema)]
pub(super) struct SignIn {
    user: String,
    password: String,
    /// What the person calls the device; shown in the list of sessions later.
    #[serde(default)]
    device: Option<String>,
}

/// Who one is, and whose data these are.
#[derive(Serialize, ToSchema)]
pub(super) struct Profile {
    user: String,
    name: String,
    /// Account name and roles, as the domain's permission check takes them.
    #[schema(value_type = Object)]
    actor: Actor,
    township: Township,
    /// Changes when the server's history was replaced.
    history: String,
    /// Device whose receipts, rejections and numbers count.
    authority: String,
    /// Invented data.
    demo: bool,
}

/// The township.
#[derive(Serialize, ToSchema)]
pub(super) struct Township {
    code: String,
    name: String,
    /// The duty room's phone, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
}

/// Answer to a sign-in.
#[derive(Serialize, ToSchema)]
pub(super) struct SignedIn {
    /// Opaque; goes into `Authorization: Bearer …`.
    token: String,
    profile: Profile,
}

pub(super) fn profile(app: &App, name: String, actor: Actor) -> Profile {
    Profile {
        user: actor.user.clone(),
        name,
        actor,
        township: profile_township(app),
        history: app.tenant.history.clone(),
        authority: app.tenant.authority.to_string(),
        demo: app.tenant.demo,
    }
}

pub(super) fn profile_township(app: &App) -> Township {
    Township {
        code: app.tenant.township.clone(),
        name: app.tenant.name.clone(),
        phone: app.tenant.duty_phone.clone(),
    }
}

fn wrong() -> ApiError {
    ApiError::new(
        StatusCode::UNAUTHORIZED,
        "credentials",
        "账号或密码不对,请核对后再试;忘记密码请找镇网格专干重新邀请。",
    )
}

fn disabled() -> ApiError {
    ApiError::new(
        StatusCode::FORBIDDEN,
        "disabled",
        "这个账号已停用,没有登录;本机的记录都在,没有丢。要恢复,请找镇网格专干。",
    )
}

pub(super) fn too_many(seconds: u64) -> ApiError {
    let minutes = seconds.div_ceil(60);
    let mut error = ApiError::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too_many_tries",
        format!("试的次数太多,请 {minutes} 分钟后再试;本机记录不受影响。"),
    );
    error.retry_after = Some(seconds);
    error
}

/// Signs in. The answer and its time are the same for a wrong password and an unknown account; that an account is
/// disabled hears only who has its password.
#[utoipa::path(post, path = "/api/sign-in", tag = "accounts", request_body = SignIn,
    responses((status = 200, body = SignedIn), (status = 401, description = "credentials"),
        (status = 403, description = "disabled"), (status = 429, description = "too_many_tries")))]
pub(super) async fn sign_in(
    State(app): State<Arc<App>>,
    Address(address): Address,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<SignedIn>, ApiError> {
    let asked: SignIn = body::json(&headers, body).await?;
    if asked.user.len() > 64 || asked.password.len() > password::MAX {
        return Err(wrong());
    }
    let now = app.clock.now_ms();
    if let Some(seconds) = app.limiter.wait(&asked.user, &address, now) {
        return Err(too_many(seconds));
    }
    let mut conn = app.readers.acquire().await?;
    let account = accounts::account(&mut conn, app.tenant.id, &asked.user).await?;
    drop(conn);
    let stored = account.as_ref().and_then(|a| a.password.clone());
    let right = app.passwords.verify(asked.password, stored).await;
    let Some(account) = account.filter(|_| right) else {
        app.limiter.failed(&asked.user, now);
        return Err(wrong());
    };
    app.limiter.passed(&asked.user);
    if account.disabled {
        return Err(disabled());
    }
    Ok(Json(open_session(&app, account.user, account.name, asked.device).await?))
}

/// Makes a session and says who it belongs to.
pub(super) async fn open_session(
    app: &App,
    user: String,
    name: String,
    device: Option<String>,
) -> Result<SignedIn, ApiError> {
    let token = secret::token();
    let hash = secret::sha256(token.as_bytes());
    let account = user.clone();
    let device = device.map(|d| d.chars().take(60).collect::<String>());
    app.writer
        .run(move |ledger| Box::pin(async move { insert_session(ledger, hash, &account, device).await }))
        .await?;
    let mut conn = app.readers.acquire().await?;
    let assignments = accounts::assignments(&mut conn, app.tenant.id, &user).await?;
    Ok(SignedIn { token, profile: profile(app, name, Actor { user, assignments }) })
}

async fn insert_session(
    ledger: &mut Ledger,
    hash: [u8; 32],
    user: &str,
    device: Option<String>,
) -> Result<(), ApiError> {
    let now = ledger.now_i64();
    quarantine::remember(ledger, user, now).await?;
    sql::query("DELETE FROM sessions WHERE tenant = ? AND account = ? AND expires_at <= ?")
        .bind(ledger.tenant.id)
        .bind(user)
        .bind(now)
        .execute(&mut ledger.conn)
        .await?;
    sql::query(
        "INSERT INTO sessions (tenant, token, account, device, created_at, seen_at, expires_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(ledger.tenant.id)
    .bind(hash.to_vec())
    .bind(user)
    .bind(device)
    .bind(now)
    .bind(now)
    .bind(now + SESSION_MS)
    .execute(&mut ledger.conn)
    .await?;
    ledger.refresh_rights(user).await
}

/// Ends the session.
#[utoipa::path(post, path = "/api/sign-out", tag = "accounts", security(("token" = [])),
    responses((status = 204, description = "signed out"), (status = 401, description = "session")))]
pub(super) async fn sign_out(State(app): State<Arc<App>>, session: Session) -> Result<StatusCode, ApiError> {
    let token = session.token;
    app.writer
        .run(move |ledger| {
            Box::pin(async move {
                sql::query("DELETE FROM sessions WHERE tenant = ? AND token = ?")
                    .bind(ledger.tenant.id)
                    .bind(token.to_vec())
                    .execute(&mut ledger.conn)
                    .await?;
                quarantine::forget(ledger, &token).await
            })
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who one is.
#[utoipa::path(get, path = "/api/me", tag = "accounts", security(("token" = [])),
    responses((status = 200, body = Profile), (status = 401, description = "session")))]
pub(super) async fn me(State(app): State<Arc<App>>, session: Session) -> Json<Profile> {
    Json(profile(&app, session.name, session.actor))
}

/// Body of `POST /api/password`.
#[derive(Deserialize, ToSchema)]
pub(super) struct Change {
    old: String,
    new: String,
}

/// Whether a password may be used.
pub(super) fn check_new(user: &str, new: &str) -> Result<(), ApiError> {
    let told = |weak| ApiError::bad("weak_password", format!("{weak}；没有改动，请换一个再试。"));
    gridbook_domain::role::password(user, new).map_err(told)
}

/// Changes the password and ends all other sessions.
#[utoipa::path(post, path = "/api/password", tag = "accounts", security(("token" = [])), request_body = Change,
    responses((status = 204, description = "changed"), (status = 400, description = "weak_password"),
        (status = 403, description = "credentials")))]
pub(super) async fn password(
    State(app): State<Arc<App>>,
    session: Session,
    Address(address): Address,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, ApiError> {
    let asked: Change = body::json(&headers, body).await?;
    let user = session.actor.user;
    check_new(&user, &asked.new)?;
    let now = app.clock.now_ms();
    if let Some(seconds) = app.limiter.wait(&user, &address, now) {
        return Err(too_many(seconds));
    }
    let mut conn = app.readers.acquire().await?;
    let stored = accounts::account(&mut conn, app.tenant.id, &user).await?.and_then(|a| a.password);
    drop(conn);
    if asked.old.len() > password::MAX || !app.passwords.verify(asked.old, stored).await {
        app.limiter.failed(&user, now);
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "credentials",
            "原密码不对,密码没有改动;请核对后再试。",
        ));
    }
    let hash = app.passwords.hash(asked.new).await.ok_or_else(ApiError::unavailable)?;
    let token = session.token;
    app.writer
        .run(move |ledger| Box::pin(async move { set_password(ledger, &user, &hash, Some(token)).await }))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Stores a password and ends all sessions but `keep`.
pub(super) async fn set_password(
    ledger: &mut Ledger,
    user: &str,
    hash: &str,
    keep: Option<[u8; 32]>,
) -> Result<(), ApiError> {
    sql::query("UPDATE accounts SET password = ? WHERE tenant = ? AND account = ?")
        .bind(hash)
        .bind(ledger.tenant.id)
        .bind(user)
        .execute(&mut ledger.conn)
        .await?;
    quarantine::remember(ledger, user, i64::MAX).await?;
    sql::query("DELETE FROM sessions WHERE tenant = ? AND account = ? AND token <> ?")
        .bind(ledger.tenant.id)
        .bind(user)
        .bind(keep.map_or_else(Vec::new, |t| t.to_vec()))
        .execute(&mut ledger.conn)
        .await?;
    Ok(())
}
