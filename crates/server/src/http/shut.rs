//! What everybody hears for the moment in which the data are changed for a backup's.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gridbook_sync::wire::{VERSION, VERSION_HEADER};

use crate::problem::ApiError;

/// 503 with a time to come back at: nothing of the request was looked at.
pub(crate) fn restoring() -> Response {
    with_headers(ApiError::restoring())
}

/// 500 for a request that was under way for too long: what it was to write may be written.
pub(crate) fn cut_off() -> Response {
    let words = "服务器正在恢复备份,这次办成没有还不知道;本机的记录都在,请过一会儿再试。";
    with_headers(ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", words))
}

fn with_headers(error: ApiError) -> Response {
    let mut response = error.into_response();
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static(VERSION_HEADER), HeaderValue::from_static(VERSION));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
