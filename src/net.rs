//! The connection to the backend: fetch, with the session's token.

mod remote;
mod share;

use std::cell::RefCell;
use std::rc::Rc;

use gloo_net::http::{Method, RequestBuilder};
use gridbook_log::{WireOp, Writer};
use gridbook_sync::driver::Http;
use gridbook_sync::engine::{Request, Response};
use gridbook_sync::wire::{
    PAGE_HEADER, Problem as WireProblem, PushRequest, SnapshotPage, Status, VERSION, VERSION_HEADER,
};
use js_sys::{Array, Uint8Array};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;

pub use remote::{Answer, Call, RemoteShare, ShareSetup};
pub use share::FetchWire;

/// How long a request may take before it counts as lost, in milliseconds.
const TIMEOUT_MS: u32 = 60_000;
/// How long a request waits for news, in seconds; well below what proxies allow a silent connection.
const NEWS_S: u32 = 25;

/// The session's token, shared by all that speak to the backend.
pub type Token = Rc<RefCell<Option<String>>>;

/// Why a call to `/api` failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApiError {
    /// No connection.
    Offline,
    /// The backend answered with a code and words for people.
    Refused {
        /// HTTP status.
        status: u16,
        /// Machine code.
        code: String,
        /// Chinese.
        message: String,
    },
}

/// Calls with JSON.
#[derive(Clone)]
pub struct Api {
    token: Token,
}

impl Api {
    /// A client with this token.
    pub fn new(token: Token) -> Self {
        Self { token }
    }

    /// `GET`.
    ///
    /// # Errors
    /// [`ApiError`]
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ApiError> {
        self.call(Method::GET, path, None).await
    }

    /// `POST` with a body.
    ///
    /// # Errors
    /// [`ApiError`]
    pub async fn post<B: Serialize, T: DeserializeOwned>(&self, path: &str, body: &B) -> Result<T, ApiError> {
        let text = serde_json::to_vec(body).map_err(|_| ApiError::Offline)?;
        self.call(Method::POST, path, Some(text)).await
    }

    /// `PATCH` with a body.
    ///
    /// # Errors
    /// [`ApiError`]
    pub async fn patch<B: Serialize, T: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<T, ApiError> {
        let text = serde_json::to_vec(body).map_err(|_| ApiError::Offline)?;
        self.call(Method::PATCH, path, Some(text)).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<T, ApiError> {
        let Heard { status, bytes, .. } = send(&self.token, method, path, body.map(Body::Json)).await?;
        if (200..300).contains(&status) {
            // An empty answer reads as null.
            let bytes = if bytes.is_empty() { b"null".to_vec() } else { bytes };
            return serde_json::from_slice(&bytes).map_err(|_| ApiError::Offline);
        }
        let problem: WireProblem = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| WireProblem { code: String::new(), message: String::new() });
        Err(ApiError::Refused { status, code: problem.code, message: problem.message })
    }

    /// Waits until something new is behind `cursor`, or some seconds; `abort` ends it early.
    ///
    /// # Errors
    /// [`ApiError`]
    pub async fn news(
        &self,
        cursor: &str,
        not: Writer,
        abort: &web_sys::AbortController,
    ) -> Result<Status, ApiError> {
        let cursor = String::from(js_sys::encode_uri_component(cursor));
        let path = format!("/sync/v1/status?cursor={cursor}&not={not}&wait={NEWS_S}");
        let heard = send_until(&self.token, Method::GET, &path, None, abort.clone()).await?;
        match serde_json::from_slice(&heard.bytes) {
            Ok(told) if heard.status == 200 => Ok(told),
            _ => Err(ApiError::Offline),
        }
    }

    /// Bytes of a photo, as the backend has it.
    ///
    /// # Errors
    /// [`ApiError`]
    pub async fn blob(&self, sha256: &str) -> Result<Vec<u8>, ApiError> {
        let Heard { status, bytes, .. } = send(&self.token, Method::GET, &blob_path(sha256), None).await?;
        if status == 200 {
            Ok(bytes)
        } else {
            Err(ApiError::Refused { status, code: String::new(), message: String::new() })
        }
    }
}

enum Body {
    /// UTF-8; given to the browser as bytes, which spares it two conversions of a text that may be long.
    Json(Vec<u8>),
    Bytes(Vec<u8>),
    /// A part of a file: where it begins, how long the whole is.
    Part(Vec<u8>, usize, usize),
}

fn blob_path(sha256: &str) -> String {
    format!("/sync/v1/blobs/{sha256}")
}

/// Bytes from which on a body is given to the browser as a blob.
const BLOB: usize = 128 * 1024;

/// The bytes of a body as the browser takes them. A long one as a blob: bytes that `fetch` is given themselves it carries
/// over in the call, and nothing else goes on meanwhile.
fn payload(bytes: &[u8]) -> JsValue {
    let array = Uint8Array::from(bytes);
    if bytes.len() < BLOB {
        return array.into();
    }
    let blob = web_sys::Blob::new_with_u8_array_sequence(&Array::of1(&array));
    blob.map_or_else(|_| array.into(), Into::into)
}

/// An answer.
struct Heard {
    status: u16,
    retry_after_ms: Option<u64>,
    /// What is told of a packed page.
    page: Option<String>,
    /// How much of an upload is there.
    offset: Option<usize>,
    /// The file is whole.
    complete: bool,
    bytes: Vec<u8>,
}

async fn send(token: &Token, method: Method, path: &str, body: Option<Body>) -> Result<Heard, ApiError> {
    let abort = web_sys::AbortController::new().map_err(|_| ApiError::Offline)?;
    send_until(token, method, path, body, abort).await
}

async fn send_until(
    token: &Token,
    method: Method,
    path: &str,
    body: Option<Body>,
    abort: web_sys::AbortController,
) -> Result<Heard, ApiError> {
    let mut request = RequestBuilder::new(path)
        .method(method)
        .abort_signal(Some(&abort.signal()))
        .header(VERSION_HEADER, VERSION)
        .cache(web_sys::RequestCache::NoStore);
    if let Some(token) = token.borrow().as_ref() {
        request = request.header("authorization", &format!("Bearer {token}"));
    }
    let request = match body {
        Some(Body::Json(text)) => request.header("content-type", "application/json").body(payload(&text)),
        Some(Body::Bytes(bytes)) => {
            request.header("content-type", "application/octet-stream").body(payload(&bytes))
        }
        Some(Body::Part(bytes, offset, length)) => request
            .header("content-type", "application/octet-stream")
            .header("upload-offset", &offset.to_string())
            .header("upload-length", &length.to_string())
            .body(payload(&bytes)),
        None => request.build(),
    }
    .map_err(|_| ApiError::Offline)?;
    let timer = gloo::timers::callback::Timeout::new(TIMEOUT_MS, move || abort.abort());
    let answer = async {
        let response = request.send().await.map_err(|_| ApiError::Offline)?;
        let headers = response.headers();
        let retry = headers.get("retry-after").and_then(|s| s.parse::<u64>().ok());
        let page = headers.get(PAGE_HEADER);
        let offset = headers.get("upload-offset").and_then(|s| s.parse().ok());
        let complete = headers.get("upload-complete").as_deref() == Some("?1");
        let bytes = response.binary().await.map_err(|_| ApiError::Offline)?;
        let retry_after_ms = retry.map(|s| s * 1000);
        Ok(Heard { status: response.status(), retry_after_ms, page, offset, complete, bytes })
    }
    .await;
    timer.cancel();
    answer
}

/// The engine's connection.
pub struct FetchHttp {
    token: Token,
}

impl FetchHttp {
    /// A connection with this token.
    pub fn new(token: Token) -> Self {
        Self { token }
    }
}

impl Http for FetchHttp {
    async fn send(&self, request: &Request, blob: Option<Vec<u8>>) -> Response {
        let answer = match request {
            Request::Caps => send(&self.token, Method::GET, "/sync/v1/caps", None).await,
            Request::Push(push) => match written(push) {
                Ok(text) => send(&self.token, Method::POST, "/sync/v1/push", Some(Body::Json(text))).await,
                Err(_) => return Response::Lost,
            },
            Request::Pull { cursor, limit, not } => {
                let cursor = String::from(js_sys::encode_uri_component(cursor));
                let mut path = format!("/sync/v1/pull?limit={limit}&cursor={cursor}");
                if let Some(writer) = not {
                    path.push_str(&format!("&not={writer}"));
                }
                send(&self.token, Method::GET, &path, None).await
            }
            Request::Snapshot { cursor, place } => {
                let cursor = String::from(js_sys::encode_uri_component(cursor));
                let mut path = format!("/sync/v1/snapshot?cursor={cursor}");
                if let Some(place) = place {
                    path.push_str(&format!("&place={}", String::from(js_sys::encode_uri_component(place))));
                }
                send(&self.token, Method::GET, &path, None).await
            }
            Request::Fp { places } => {
                let path = if *places { "/sync/v1/fp?places=1" } else { "/sync/v1/fp" };
                send(&self.token, Method::GET, path, None).await
            }
            Request::PutBlob { sha256 } => {
                let body = Body::Bytes(blob.unwrap_or_default());
                send(&self.token, Method::PUT, &blob_path(sha256), Some(body)).await
            }
            Request::AskBlob { sha256 } => send(&self.token, Method::HEAD, &blob_path(sha256), None).await,
            Request::PutPart { sha256, offset, length } => {
                let body = Body::Part(blob.unwrap_or_default(), *offset, *length);
                send(&self.token, Method::PATCH, &blob_path(sha256), Some(body)).await
            }
        };
        let Ok(heard) = answer else { return Response::Lost };
        match (request, heard.status) {
            (Request::AskBlob { .. } | Request::PutPart { .. }, 200..300) if !heard.complete => {
                Response::BlobAt(heard.offset)
            }
            // The part begins elsewhere than the backend stands.
            (Request::PutPart { .. }, 409) => Response::BlobAt(heard.offset),
            // It knows nothing of it, or nothing of parts.
            (Request::AskBlob { .. }, 404 | 405 | 501) => Response::BlobAt(None),
            (_, 200..300) => parse(request, heard).unwrap_or(Response::Lost),
            _ => {
                let Heard { status, retry_after_ms, bytes, .. } = heard;
                let problem = serde_json::from_slice::<WireProblem>(&bytes);
                let code = problem.map(|p| p.code).unwrap_or_default();
                Response::Failed { status, code, retry_after_ms }
            }
        }
    }
}

/// A push as JSON. Its size is known about beforehand: growing to it step by step copies it several times.
fn written(push: &PushRequest) -> Result<Vec<u8>, serde_json::Error> {
    let size = |op: &WireOp| op.h.len() + op.b.as_ref().map_or(0, |body| body.len() * 5 / 4) + 128;
    let mut bytes = Vec::with_capacity(push.ops.iter().map(size).sum());
    serde_json::to_writer(&mut bytes, push)?;
    Ok(bytes)
}

fn parse(request: &Request, heard: Heard) -> Option<Response> {
    let bytes = &heard.bytes;
    match request {
        Request::Caps => serde_json::from_slice(bytes).ok().map(Response::Caps),
        Request::Push(_) => serde_json::from_slice(bytes).ok().map(Response::Push),
        Request::Pull { .. } => serde_json::from_slice(bytes).ok().map(Response::Pull),
        Request::Fp { .. } => serde_json::from_slice(bytes).ok().map(Response::Fp),
        Request::Snapshot { .. } => {
            let head = serde_json::from_str(&heard.page?).ok()?;
            Some(Response::Snapshot(SnapshotPage { head, frames: heard.bytes }))
        }
        Request::PutBlob { .. } | Request::AskBlob { .. } | Request::PutPart { .. } => Some(Response::Blob),
    }
}
