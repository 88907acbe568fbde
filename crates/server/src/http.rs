//! Routes, and what every answer carries.

pub mod assets;
mod auth;
mod blob;
mod body;
mod confidential;
mod device_key;
mod drained;
mod invite;
mod level2;
pub mod openapi;
mod quarantine;
mod relay;
mod session;
pub(crate) mod shut;
mod staff;
mod sync;
mod upload;

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, patch, post, put};
use axum::{Json, Router};
use gridbook_sync::wire::{VERSION, VERSION_HEADER};
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::app::App;
use crate::problem::ApiError;
use crate::sql;

/// All routes.
pub fn router(app: Arc<App>) -> Router {
    let contract = Router::new()
        .route("/caps", get(sync::caps))
        .route("/push", post(sync::push))
        .route("/pull", get(sync::pull))
        .route("/snapshot", get(level2::snapshot))
        .route("/fp", get(level2::fp))
        .route("/status", get(level2::status))
        .route("/blobs/{sha256}", put(blob::put).get(blob::get).head(upload::head).patch(upload::patch))
        .fallback(nothing)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn(version));
    let api = Router::new()
        .route("/sign-in", post(auth::sign_in))
        .route("/sign-out", post(auth::sign_out))
        .route("/me", get(auth::me))
        .route("/password", post(auth::password))
        .route("/device-key", post(device_key::register))
        .route("/confidential", get(confidential::list).post(confidential::hand_in))
        .route("/confidential/mine", get(confidential::mine))
        .route("/confidential/{id}", get(confidential::one))
        .route("/quarantine", get(quarantine::list))
        .route("/quarantine/{user}/release", post(quarantine::release))
        .route("/quarantine/{user}/discard", post(quarantine::discard))
        .route("/invites", post(invite::create))
        .route("/invites/{code}", get(invite::show))
        .route("/invites/{code}/accept", post(invite::accept))
        .route("/staff", get(staff::list))
        .route("/staff/import", post(staff::import))
        .route("/staff/{user}", patch(staff::change))
        .route("/openapi.json", get(openapi::json))
        .fallback(nothing)
        .method_not_allowed_fallback(wrong_method);
    Router::new()
        .nest("/sync/v1", contract)
        .nest("/api", api)
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .route("/relay", get(relay::list))
        .route("/relay/{*rest}", any(relay::forward))
        .layer(middleware::from_fn(never_cached))
        .route("/healthz", get(healthz))
        .fallback(get(assets::serve).fallback(wrong_method))
        .method_not_allowed_fallback(wrong_method)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(drained::drained))
        .layer(middleware::from_fn(guarded))
        .layer(middleware::from_fn_with_state(app.clone(), logged))
        .with_state(app)
}

async fn healthz(axum::extract::State(app): axum::extract::State<Arc<App>>) -> Result<Response, ApiError> {
    let _: i64 = sql::query_scalar("SELECT last_seq FROM tenant WHERE tenant = ?")
        .bind(app.tenant.id)
        .fetch_one(&app.readers)
        .await?;
    Ok(Json(serde_json::json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") })).into_response())
}

async fn nothing() -> ApiError {
    ApiError::not_found()
}

async fn wrong_method() -> ApiError {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method", "这个地址不支持这种请求方式,什么也没有改动。")
}

fn panicked(_: Box<dyn std::any::Any + Send + 'static>) -> Response {
    tracing::error!("a handler panicked");
    ApiError::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "服务器出了错,这次没有保存;记录还在本机,请稍后再试。",
    )
    .into_response()
}

/// 426 for another contract; our own version on every answer.
async fn version(request: Request, next: Next) -> Response {
    let other = request.headers().get(VERSION_HEADER).is_some_and(|v| v != VERSION);
    let mut response = if other {
        ApiError::new(
            StatusCode::UPGRADE_REQUIRED,
            "contract",
            "应用与服务器的版本不配套,记录都在本机;请更新应用后再同步。",
        )
        .into_response()
    } else {
        next.run(request).await
    };
    response.headers_mut().insert(HeaderName::from_static(VERSION_HEADER), HeaderValue::from_static(VERSION));
    response
}

async fn never_cached(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Headers that keep a page from doing what it has no need to do.
async fn guarded(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("permissions-policy", "camera=(self), geolocation=(self), microphone=()"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    response
}

/// One line for each request, with the route and never its values, bodies or headers.
async fn logged(
    axum::extract::State(app): axum::extract::State<Arc<App>>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|m| m.as_str().to_owned());
    let response = next.run(request).await;
    let took = started.elapsed();
    app.metrics.answered(route.as_deref(), response.status().as_u16(), took);
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let route = route.as_deref().unwrap_or("asset");
    tracing::info!(%method, route, status = response.status().as_u16(), ms, "request");
    response
}
