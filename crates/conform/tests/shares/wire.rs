//! A share's connection over reqwest.

use std::cell::Cell;
use std::io::{Read as _, Write as _};
use std::rc::Rc;

use gridbook_sync::share::{Lost, RawRequest, RawResponse, Wire};

#[derive(Clone)]
pub struct NativeWire {
    client: reqwest::Client,
    /// With a slash at the end.
    root: String,
    login: Option<(String, String)>,
    requests: Rc<Cell<usize>>,
}

impl NativeWire {
    pub fn new(root: &str, login: Option<(String, String)>) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { client, root: root.to_owned(), login, requests: Rc::default() }
    }

    pub fn requests(&self) -> usize {
        self.requests.get()
    }
}

impl Wire for NativeWire {
    async fn send(&self, request: RawRequest) -> Result<RawResponse, Lost> {
        self.requests.set(self.requests.get() + 1);
        let method = reqwest::Method::from_bytes(request.method.as_bytes()).map_err(|_| Lost)?;
        let mut built = self.client.request(method, format!("{}{}", self.root, request.path));
        for (name, value) in request.headers {
            built = built.header(name, value);
        }
        if let Some((user, password)) = &self.login {
            built = built.basic_auth(user, Some(password));
        }
        if !request.body.is_empty() || request.method == "PUT" {
            built = built.body(request.body);
        }
        let response = built.send().await.map_err(|_| Lost)?;
        let status = response.status().as_u16();
        let text = |value: &reqwest::header::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let headers = response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value)));
        let headers = headers.collect();
        let body = response.bytes().await.map_err(|_| Lost)?.to_vec();
        Ok(RawResponse { status, headers, body })
    }

    async fn gzip(&self, bytes: Vec<u8>) -> Option<Vec<u8>> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(&bytes).ok()?;
        packer.finish().ok()
    }

    async fn gunzip(&self, bytes: Vec<u8>, max: usize) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        flate2::read::GzDecoder::new(&bytes[..]).take(max as u64 + 1).read_to_end(&mut out).ok()?;
        (out.len() <= max).then_some(out)
    }
}
