//! Photos and other files, by their content.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gridbook_sync::wire::MAX_BLOB;

use super::body::{self, Segment};
use super::session::{Pusher, Session};
use super::sync;
use crate::app::App;
use crate::feed;
use crate::problem::ApiError;
use crate::quarantine;
use crate::secret;
use crate::sql;

pub(super) fn checked(sha256: &str) -> Result<(), ApiError> {
    let good = sha256.len() == 64 && sha256.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if good { Ok(()) } else { Err(ApiError::malformed()) }
}

/// Stores a file that an operation of the sender names. Only what hashes to its name becomes visible.
#[utoipa::path(put, path = "/sync/v1/blobs/{sha256}", tag = "sync", security(("token" = [])),
    params(("sha256" = String, Path)), request_body = Vec<u8>,
    responses((status = 201, description = "stored"), (status = 200, description = "stored before"),
        (status = 400, description = "hash"), (status = 403, description = "forbidden"),
        (status = 413, description = "too_large")))]
pub(super) async fn put(
    State(app): State<Arc<App>>,
    pusher: Pusher,
    Segment(sha256): Segment,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, ApiError> {
    checked(&sha256)?;
    let user = pusher.user();
    let mime = named(&app, &sha256, &user).await?.ok_or_else(unnamed)?;
    if size(&app, &sha256).await?.is_some() {
        return Ok(StatusCode::OK);
    }
    let bytes = body::bytes(&headers, body, MAX_BLOB).await?;
    store(&app, user, sha256, mime, bytes).await
}

/// The record goes first, its files follow.
pub(super) fn unnamed() -> ApiError {
    ApiError::new(
        StatusCode::FORBIDDEN,
        "forbidden",
        "这张照片或录音的记录还没有送到,照片没有保存;原件还在本机,记录送到以后会自动再传。",
    )
}

/// How the sender's own operations call this file, if any names it: of the log, or of what waits in quarantine.
pub(super) async fn named(app: &App, sha256: &str, user: &str) -> Result<Option<String>, ApiError> {
    let mime = sql::query_scalar::<String>(
        "SELECT mime FROM blob_refs WHERE tenant = ? AND sha256 = ? AND account = ? LIMIT 1",
    );
    match mime.bind(app.tenant.id).bind(sha256).bind(user).fetch_optional(&app.readers).await? {
        Some(mime) => Ok(Some(mime)),
        None => quarantine::named(app, sha256, user).await,
    }
}

/// Verifies a whole file and makes it visible.
pub(super) async fn store(
    app: &App,
    user: String,
    sha256: String,
    mime: String,
    bytes: Vec<u8>,
) -> Result<StatusCode, ApiError> {
    if secret::hex(&secret::sha256(&bytes)) != sha256 {
        return Err(ApiError::bad("hash", "照片在传送中损坏,没有保存;原件还在本机,会自动再传。"));
    }
    let waits = !in_log(app, &sha256).await?;
    if waits && !quarantine::room(app, &user, bytes.len()).await? {
        return Err(quarantine::full());
    }
    let len = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    app.blobs.put(&sha256, bytes).await.map_err(|error| ApiError::of_file(&error))?;
    app.writer
        .run(move |ledger| {
            Box::pin(async move {
                ledger.keep_blob(&sha256, len, &mime, &user).await?;
                Ok(())
            })
        })
        .await?;
    Ok(StatusCode::CREATED)
}

/// Whether an operation of the log names the file.
async fn in_log(app: &App, sha256: &str) -> Result<bool, ApiError> {
    let count: i64 = sql::query_scalar("SELECT COUNT(*) FROM blob_refs WHERE tenant = ? AND sha256 = ?")
        .bind(app.tenant.id)
        .bind(sha256)
        .fetch_one(&app.readers)
        .await?;
    Ok(count > 0)
}

pub(super) async fn size(app: &App, sha256: &str) -> Result<Option<(i64, String)>, ApiError> {
    let row = sql::query("SELECT size, mime FROM blobs WHERE tenant = ? AND sha256 = ?")
        .bind(app.tenant.id)
        .bind(sha256)
        .fetch_optional(&app.readers)
        .await?;
    Ok(row.map(|row| Ok::<_, sqlx::Error>((row.try_get("size")?, row.try_get("mime")?))).transpose()?)
}

/// A file named by an operation that the reader sees.
#[utoipa::path(get, path = "/sync/v1/blobs/{sha256}", tag = "sync", security(("token" = [])),
    params(("sha256" = String, Path)),
    responses((status = 200, description = "the bytes"), (status = 404, description = "not_found")))]
pub(super) async fn get(
    State(app): State<Arc<App>>,
    session: Session,
    Segment(sha256): Segment,
) -> Result<Response, ApiError> {
    checked(&sha256)?;
    sync::settle_rights(&app, &session).await?;
    let mut conn = app.readers.acquire().await?;
    // Not naming it and not having it are told alike: a hash must not say what others hold.
    if !feed::may_read_blob(&mut conn, app.tenant.id, &session.actor.user, &sha256).await? {
        return Err(ApiError::not_found());
    }
    drop(conn);
    let (_, mime) = size(&app, &sha256).await?.ok_or_else(ApiError::not_found)?;
    let bytes =
        app.blobs.get(&sha256).await.map_err(|_| ApiError::unavailable())?.ok_or_else(ApiError::not_found)?;
    // What a phone calls its file never decides how a browser runs it.
    let shown = ["image/jpeg", "image/png", "image/webp", "application/pdf"].contains(&mime.as_str());
    let mime = if shown { mime } else { "application/octet-stream".to_owned() };
    let headers = [
        (header::CONTENT_TYPE, mime),
        (header::CACHE_CONTROL, "private, max-age=31536000, immutable".to_owned()),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}
