//! A share's server as the browser reaches it: directly, or through the relay of the township's server.

use gloo_net::http::{Method, RequestBuilder};
use gridbook_sync::bundle::base64;
use gridbook_sync::share::{Lost, RawRequest, RawResponse, SESSION_ENDED, Wire};
use js_sys::{Array, Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::{TIMEOUT_MS, Token};

/// Headers that the drivers read.
const READ: [&str; 8] = [
    "content-type",
    "content-length",
    "date",
    "etag",
    "last-modified",
    "location",
    "retry-after",
    "x-couch-request-id",
];

/// What the relay marks with it came from the share; everything else it said itself.
const FROM_SHARE: &str = "x-share";

/// See the module's text.
pub struct FetchWire {
    /// Address of the share, ending with a slash.
    root: String,
    /// `Basic …`, if the share asks for an account.
    login: Option<String>,
    /// Of our own server: the way leads through its relay.
    relay: Option<Token>,
}

impl FetchWire {
    /// A way to a share at an address of its own.
    pub fn direct(address: &str, user: &str, password: &str) -> Self {
        let slash = if address.ends_with('/') { "" } else { "/" };
        Self { root: format!("{address}{slash}"), login: login(user, password), relay: None }
    }

    /// A way through the relay of the server that this page came from.
    pub fn relayed(name: &str, user: &str, password: &str, token: Token) -> Self {
        Self { root: format!("/relay/{name}/"), login: login(user, password), relay: Some(token) }
    }

    async fn fetch(&self, request: RawRequest) -> Result<RawResponse, JsValue> {
        let abort = web_sys::AbortController::new()?;
        let method = Method::from_bytes(request.method.as_bytes()).map_err(|_| JsValue::NULL)?;
        let mut builder = RequestBuilder::new(&format!("{}{}", self.root, request.path))
            .method(method)
            .abort_signal(Some(&abort.signal()))
            .credentials(web_sys::RequestCredentials::Omit)
            .cache(web_sys::RequestCache::NoStore);
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        match (&self.relay, &self.login) {
            (Some(token), login) => {
                if let Some(token) = token.borrow().as_ref() {
                    builder = builder.header("authorization", &format!("Bearer {token}"));
                }
                if let Some(login) = login {
                    builder = builder.header("x-share-authorization", login);
                }
            }
            (None, Some(login)) => builder = builder.header("authorization", login),
            (None, None) => {}
        }
        let built = if request.body.is_empty() {
            builder.build()
        } else {
            builder.body(Uint8Array::from(request.body.as_slice()))
        };
        let built = built.map_err(|_| JsValue::NULL)?;
        let timer = gloo::timers::callback::Timeout::new(TIMEOUT_MS, move || abort.abort());
        let answer = async {
            let response = built.send().await.map_err(|_| JsValue::NULL)?;
            let read = |name: &&str| Some(((*name).to_owned(), response.headers().get(name)?));
            let headers = READ.iter().filter_map(read).collect();
            let body = response.binary().await.map_err(|_| JsValue::NULL)?;
            let own = self.relay.is_some() && response.headers().get(FROM_SHARE).is_none();
            let status = if own && response.status() == 401 { SESSION_ENDED } else { response.status() };
            Ok(RawResponse { status, headers, body })
        }
        .await;
        timer.cancel();
        answer
    }
}

fn login(user: &str, password: &str) -> Option<String> {
    (!user.is_empty()).then(|| format!("Basic {}", base64(format!("{user}:{password}").as_bytes())))
}

impl Wire for FetchWire {
    async fn send(&self, request: RawRequest) -> Result<RawResponse, Lost> {
        self.fetch(request).await.map_err(|_| Lost)
    }

    async fn gzip(&self, bytes: Vec<u8>) -> Option<Vec<u8>> {
        through("CompressionStream", &bytes, usize::MAX).await.ok()
    }

    async fn gunzip(&self, bytes: Vec<u8>, max: usize) -> Option<Vec<u8>> {
        through("DecompressionStream", &bytes, max).await.ok()
    }
}

fn method(of: &JsValue, name: &str) -> Result<Function, JsValue> {
    Reflect::get(of, &name.into())?.dyn_into::<Function>()
}

/// Bytes through one of the browser's streams, piece by piece, so that a small file cannot become a large one
/// before anybody looks.
async fn through(stream: &str, bytes: &[u8], max: usize) -> Result<Vec<u8>, JsValue> {
    let make = method(&js_sys::global(), stream)?;
    let stream = Reflect::construct(&make, &Array::of1(&"gzip".into()))?;
    let blob = web_sys::Blob::new_with_u8_array_sequence(&Array::of1(&Uint8Array::from(bytes)))?;
    let source = method(&blob, "stream")?.call0(&blob)?;
    let piped = method(&source, "pipeThrough")?.call1(&source, &stream)?;
    let reader = method(&piped, "getReader")?.call0(&piped)?;
    let read = method(&reader, "read")?;
    let mut out = Vec::new();
    loop {
        let piece = JsFuture::from(read.call0(&reader)?.dyn_into::<Promise>()?).await?;
        if Reflect::get(&piece, &"done".into())?.is_truthy() {
            return Ok(out);
        }
        let piece: Uint8Array = Reflect::get(&piece, &"value".into())?.dyn_into()?;
        let length = piece.length() as usize;
        if out.len() + length > max {
            let _ = method(&reader, "cancel")?.call0(&reader)?;
            return Err(JsValue::NULL);
        }
        let at = out.len();
        out.resize(at + length, 0);
        piece.copy_to(&mut out[at..]);
    }
}
