//! Whoever asks.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header;
use axum::http::request::Parts;
use gridbook_domain::role::Actor;

use crate::accounts::{self, SESSION_MS};
use crate::app::App;
use crate::clock::china_day;
use crate::problem::ApiError;
use crate::quarantine;
use crate::secret;
use crate::sql;

/// A day: sessions are noted as used at most this often.
const NOTE_MS: i64 = 24 * 3600 * 1000;

/// Somebody signed in.
pub(super) struct Session {
    pub(super) actor: Actor,
    pub(super) name: String,
    /// Hash of the token.
    pub(super) token: [u8; 32],
}

impl Session {
    /// Whether the person may manage accounts.
    pub(super) fn manages_staff(&self, app: &App) -> bool {
        app.admission.manages_staff(&self.actor, china_day(app.clock.now_ms()))
    }

    /// Whether the person gives roles by name, and sees for that who there is.
    pub(super) fn grants_by_name(&self, app: &App) -> bool {
        app.admission.grants_by_name(&self.actor, china_day(app.clock.now_ms()))
    }
}

impl FromRequestParts<Arc<App>> for Session {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let token = token(parts).ok_or_else(ApiError::session)?;
        let now = app.now();
        let mut conn = app.readers.acquire().await?;
        let signed = accounts::session(&mut conn, app.tenant.id, &token, now).await?;
        drop(conn);
        let Some(signed) = signed else { return Err(refusal(app, &token).await?) };
        if now - signed.seen_at > NOTE_MS {
            let noted = app.writer.run(move |ledger| Box::pin(async move { note(ledger, token, now).await }));
            // Whoever reads goes on reading on a full disk; the next request notes it.
            if let Err(error) = noted.await {
                tracing::warn!(code = error.code, "the use of a session was not noted");
            }
        }
        Ok(Self { actor: signed.actor, name: signed.name, token })
    }
}

/// Why a token serves no more. Who had a session hears whether it is worth signing in again.
async fn refusal(app: &App, token: &[u8; 32]) -> Result<ApiError, ApiError> {
    let Some(user) = quarantine::ended(app, token).await? else { return Ok(ApiError::session()) };
    let mut conn = app.readers.acquire().await?;
    let disabled = accounts::is_disabled(&mut conn, app.tenant.id, &user).await?;
    Ok(if disabled { ApiError::disabled() } else { ApiError::session() })
}

/// Somebody who may push, and send the files of it: signed in, or known from a session that has ended.
pub(super) enum Pusher {
    /// Signed in.
    Live(Box<Session>),
    /// The account of a session that was valid once: what it pushes goes to quarantine.
    Ended(String),
}

impl Pusher {
    /// The account.
    pub(super) fn user(self) -> String {
        match self {
            Self::Live(session) => session.actor.user,
            Self::Ended(user) => user,
        }
    }
}

impl FromRequestParts<Arc<App>> for Pusher {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let refusal = match Session::from_request_parts(parts, app).await {
            Ok(session) => return Ok(Self::Live(Box::new(session))),
            Err(refusal) if ["session", "disabled"].contains(&refusal.code) => refusal,
            Err(refusal) => return Err(refusal),
        };
        let token = token(parts).ok_or(refusal.clone())?;
        quarantine::ended(app, &token).await?.map(Self::Ended).ok_or(refusal)
    }
}

/// Hash of the token that a request carries.
fn token(parts: &Parts) -> Option<[u8; 32]> {
    let value = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?;
    (value.len() <= 128).then(|| secret::sha256(value.as_bytes()))
}

async fn note(ledger: &mut crate::writer::Ledger, token: [u8; 32], now: i64) -> Result<(), ApiError> {
    sql::query("UPDATE sessions SET seen_at = ?, expires_at = ? WHERE tenant = ? AND token = ?")
        .bind(now)
        .bind(now + SESSION_MS)
        .bind(ledger.tenant.id)
        .bind(token.to_vec())
        .execute(&mut ledger.conn)
        .await?;
    Ok(())
}

/// The address a request came from.
pub(super) struct Address(pub(super) String);

impl FromRequestParts<Arc<App>> for Address {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let forwarded = parts
            .headers
            .get("x-forwarded-for")
            .filter(|_| app.behind_proxy)
            .and_then(|v| v.to_str().ok()?.rsplit(',').next().map(|a| a.trim().to_owned()));
        let direct = || parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|c| c.0.ip().to_string());
        Ok(Self(forwarded.or_else(direct).unwrap_or_default()))
    }
}
