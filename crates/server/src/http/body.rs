//! Reading bodies: bounded before and after unpacking, with answers in our own words.

use std::collections::HashMap;
use std::io::Read as _;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use flate2::read::MultiGzDecoder;
use serde::de::DeserializeOwned;

use crate::problem::ApiError;

/// Largest body of the ordinary endpoints.
const MAX_JSON: usize = 64 * 1024;

/// The bytes of a body of at most `max` bytes, gzip undone.
pub(super) async fn bytes(headers: &HeaderMap, body: Body, max: usize) -> Result<Vec<u8>, ApiError> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|len| len > max) {
        return Err(ApiError::too_large());
    }
    let raw = to_bytes(body, max).await.map_err(|error| {
        let too_large =
            std::error::Error::source(&error).is_some_and(|cause| cause.to_string().contains("length limit"));
        if too_large { ApiError::too_large() } else { ApiError::malformed() }
    })?;
    match headers.get(header::CONTENT_ENCODING).map(|v| v.to_str().unwrap_or("?")) {
        None | Some("identity") => Ok(raw.into()),
        Some("gzip") => unpack(&raw, max),
        Some(_) => Err(ApiError::new(
            axum::http::StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "encoding",
            "服务器不认识这种压缩方式,什么也没有保存;请更新应用后再试。",
        )),
    }
}

fn unpack(raw: &[u8], max: usize) -> Result<Vec<u8>, ApiError> {
    let mut out = Vec::with_capacity(raw.len().saturating_mul(4).min(max));
    let limit = u64::try_from(max).unwrap_or(u64::MAX) + 1;
    MultiGzDecoder::new(raw).take(limit).read_to_end(&mut out).map_err(|_| ApiError::malformed())?;
    if out.len() > max { Err(ApiError::too_large()) } else { Ok(out) }
}

/// A JSON body of an ordinary endpoint.
pub(super) async fn json<T: DeserializeOwned>(headers: &HeaderMap, body: Body) -> Result<T, ApiError> {
    json_max(headers, body, MAX_JSON).await
}

/// A JSON body of at most `max` bytes.
pub(super) async fn json_max<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
    max: usize,
) -> Result<T, ApiError> {
    serde_json::from_slice(&bytes(headers, body, max).await?).map_err(|_| ApiError::malformed())
}

/// The variable part of a path.
pub(super) struct Segment(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        path.map(|Path(text)| Self(text)).map_err(|_| ApiError::malformed())
    }
}

/// What follows the question mark.
pub(super) struct Params(pub(super) HashMap<String, String>);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = Query::from_request_parts(parts, state).await;
        query.map(|Query(map)| Self(map)).map_err(|_| ApiError::malformed())
    }
}
