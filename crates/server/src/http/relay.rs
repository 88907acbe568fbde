//! `/relay`: the operator's shares under our own address, for people who are signed in.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use reqwest::Url;
use serde::Serialize;
use utoipa::ToSchema;

use super::session::Session;
use crate::app::App;
use crate::problem::ApiError;
use crate::relay::{Share, allowed};

/// Largest body that is passed on.
const MAX_BODY: usize = 8 * 1024 * 1024;
/// The person's `Authorization` for the share; `Authorization` itself is ours and never leaves.
const AUTHORIZATION: &str = "x-share-authorization";
/// On every answer that came from the share, so that its 401 is not taken for ours.
const CAME: HeaderName = HeaderName::from_static("x-share");
/// What of a request is passed on.
const ASKED: [&str; 7] =
    ["accept", "content-encoding", "content-type", "depth", "if-match", "if-none-match", "overwrite"];
/// What of an answer is passed on.
const TOLD: [&str; 8] = [
    "allow",
    "content-encoding",
    "content-length",
    "content-type",
    "dav",
    "etag",
    "last-modified",
    "retry-after",
];

/// A share as people see it.
#[derive(Serialize, ToSchema)]
pub(super) struct Listed {
    name: String,
    /// `webdav` or `couchdb`, guessed from its address.
    kind: &'static str,
    /// Whether the server signs in there itself.
    signed_in: bool,
}

/// Answer to `GET /relay`.
#[derive(Serialize, ToSchema)]
pub(super) struct Listing {
    shares: Vec<Listed>,
}

/// The shares that the operator has set up.
#[utoipa::path(get, path = "/relay", tag = "relay", security(("token" = [])),
    responses((status = 200, body = Listing), (status = 401, description = "session")))]
pub(super) async fn list(State(app): State<Arc<App>>, _: Session) -> Json<Listing> {
    let shares = app.relay.shares().iter().map(|share| Listed {
        name: share.name.clone(),
        kind: share.kind(),
        signed_in: share.has_credentials(),
    });
    Json(Listing { shares: shares.collect() })
}

fn bad_path() -> ApiError {
    ApiError::bad("share_path", "共享里没有这样的地址,什么也没有改动;请核对设置里的共享名字。")
}

/// Passes one request on, and its answer back.
pub(super) async fn forward(
    State(app): State<Arc<App>>,
    _: Session,
    request: Request,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    // As it stands in the request: nothing here may be decoded before it is looked at.
    let path = parts.uri.path().strip_prefix("/relay/").filter(|_| parts.uri.scheme().is_none());
    let (name, rest) = path.map(|p| p.split_once('/').unwrap_or((p, ""))).ok_or_else(bad_path)?;
    let (share, client) = app.relay.share(name).ok_or_else(|| {
        ApiError::new(StatusCode::NOT_FOUND, "no_share", "服务器没有设置这个共享;请核对名字,或联系管理员。")
    })?;
    if !allowed(&parts.method, rest) {
        return Err(super::wrong_method().await);
    }
    let url = share.address(rest, parts.uri.query()).ok_or_else(bad_path)?;
    let headers = asked(&parts.headers, share)?;
    let bytes = axum::body::to_bytes(body, MAX_BODY).await.map_err(|error| {
        let full = std::error::Error::source(&error).is_some_and(|e| e.to_string().contains("length limit"));
        if full { ApiError::too_large() } else { ApiError::malformed() }
    })?;
    let mut asking = client.request(parts.method, url.clone()).headers(headers);
    // Whole, with its length: many a WebDAV server takes no body of unknown length.
    if !bytes.is_empty() || parts.headers.contains_key(header::CONTENT_LENGTH) {
        asking = asking.body(bytes);
    }
    let answer = asking.send().await.map_err(|error| unreachable(&error))?;
    told(share, &url, answer)
}

/// The headers of a request that a share may see.
fn asked(from: &HeaderMap, share: &Share) -> Result<HeaderMap, ApiError> {
    let mut out = HeaderMap::new();
    for name in ASKED {
        if let Some(value) = from.get(name) {
            out.insert(HeaderName::from_static(name), value.clone());
        }
    }
    if let Some(value) = share.authorization(from.get(AUTHORIZATION)) {
        out.insert(header::AUTHORIZATION, value.clone());
    }
    if let Some(to) = from.get("destination") {
        let to = to.to_str().ok().and_then(|to| destination(to, share)).ok_or_else(bad_path)?;
        let value = HeaderValue::from_str(to.as_str()).map_err(|_| bad_path())?;
        out.insert(HeaderName::from_static("destination"), value);
    }
    Ok(out)
}

/// Where something is to be moved: our address of a place in the same share, as the share itself calls it.
fn destination(to: &str, share: &Share) -> Option<Url> {
    let path = match to.split_once("://") {
        Some((_, rest)) => &rest[rest.find('/')?..],
        None => to,
    };
    share.address(path.strip_prefix("/relay/")?.strip_prefix(share.name.as_str())?.strip_prefix('/')?, None)
}

/// The answer, with what of its headers people need.
fn told(share: &Share, asked: &Url, answer: reqwest::Response) -> Result<Response, ApiError> {
    let status = answer.status();
    let mut headers = HeaderMap::new();
    for name in TOLD {
        if let Some(value) = answer.headers().get(name) {
            headers.insert(HeaderName::from_static(name), value.clone());
        }
    }
    if let Some(to) = answer.headers().get(header::LOCATION) {
        let to = to.to_str().ok().and_then(|to| asked.join(to).ok());
        match to.as_ref().and_then(|to| Some((to, share.below(to)?))) {
            Some((to, rest)) => {
                let query = to.query().map_or_else(String::new, |q| format!("?{q}"));
                let own = HeaderValue::from_str(&format!("/relay/{}/{rest}{query}", share.name));
                headers.insert(header::LOCATION, own.map_err(|_| elsewhere())?);
            }
            // A new document's address, told to those who made it, does no harm when it is left out.
            None if status.is_redirection() => return Err(elsewhere()),
            None => {}
        }
    }
    headers.insert(CAME, HeaderValue::from_static("1"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox"),
    );
    Ok((status, headers, Body::from_stream(answer.bytes_stream())).into_response())
}

fn elsewhere() -> ApiError {
    tracing::warn!("a share points to another server; name that one instead");
    ApiError::new(
        StatusCode::BAD_GATEWAY,
        "share_redirect",
        "共享把请求转到了别的服务器,没有跟过去;记录都在本机,请管理员核对共享的网址。",
    )
}

fn unreachable(error: &reqwest::Error) -> ApiError {
    // Not the error's own words: they quote the address.
    tracing::warn!(timeout = error.is_timeout(), connect = error.is_connect(), "a share did not answer");
    let mut problem = if error.is_timeout() {
        ApiError::new(
            StatusCode::GATEWAY_TIMEOUT,
            "share_timeout",
            "共享太久没有回答,这次可能没有写成;记录都在本机,稍后会自动再试。",
        )
    } else {
        ApiError::new(
            StatusCode::BAD_GATEWAY,
            "share_unreachable",
            "服务器连不上共享,这次没有保存;记录都在本机,稍后会自动再试。",
        )
    };
    problem.retry_after = Some(30);
    problem
}
