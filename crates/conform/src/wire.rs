//! A share's server over HTTP, for programs that are no browser: what the relaying program runs is what the tests of real
//! servers test.

use std::io::Read as _;

use gridbook_sync::share::{Lost, RawRequest, RawResponse, Wire};
use reqwest::{Client, Method, Response};

use crate::gzip;

/// See the module's text.
#[derive(Clone)]
pub struct NativeWire {
    client: Client,
    /// With a slash at the end.
    root: String,
    login: Option<(String, String)>,
}

impl NativeWire {
    /// A connection to the share at `root`, which ends with a slash; `login` is account and password.
    pub fn new(client: Client, root: &str, login: Option<(String, String)>) -> Self {
        Self { client, root: root.to_owned(), login }
    }
}

impl Wire for NativeWire {
    async fn send(&self, request: RawRequest) -> Result<RawResponse, Lost> {
        let method = Method::from_bytes(request.method.as_bytes()).map_err(|_| Lost)?;
        let mut asked = self.client.request(method, format!("{}{}", self.root, request.path));
        for (name, value) in request.headers {
            asked = asked.header(name, value);
        }
        if let Some((user, password)) = &self.login {
            asked = asked.basic_auth(user, Some(password));
        }
        // Some servers want to hear that a file is empty.
        if !request.body.is_empty() || request.method == "PUT" {
            asked = asked.body(request.body);
        }
        heard(asked.send().await.map_err(|_| Lost)?).await.ok_or(Lost)
    }

    async fn gzip(&self, bytes: Vec<u8>) -> Option<Vec<u8>> {
        Some(gzip::pack(&bytes))
    }

    async fn gunzip(&self, bytes: Vec<u8>, max: usize) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        flate2::read::GzDecoder::new(&bytes[..]).take(max as u64 + 1).read_to_end(&mut out).ok()?;
        (out.len() <= max).then_some(out)
    }
}

/// An answer as it came; `None` when it broke off.
pub async fn heard(response: Response) -> Option<RawResponse> {
    let status = response.status().as_u16();
    let text = |value: &reqwest::header::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let headers = response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value)));
    let headers = headers.collect();
    let body = response.bytes().await.ok()?.to_vec();
    Some(RawResponse { status, headers, body })
}
