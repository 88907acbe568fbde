//! Asking, and telling what was asked and answered.

use std::time::Duration;

use gridbook_sync::wire::{Problem, VERSION, VERSION_HEADER};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderValue};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::check::{Done, Stop};
use crate::report::Finding;

/// Characters of a body that a report quotes.
const QUOTED: usize = 400;

/// A request to be made.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    method: Method,
    path: String,
    body: Option<Vec<u8>>,
    headers: Vec<(&'static str, String)>,
    token: Option<String>,
    note: &'static str,
}

impl Ask {
    fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), body: None, headers: Vec::new(), token: None, note: "" }
    }

    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn post(path: impl Into<String>, body: Vec<u8>) -> Self {
        let ask = Self { body: Some(body), ..Self::new(Method::POST, path) };
        ask.with("content-type", "application/json")
    }

    pub(crate) fn json(path: impl Into<String>, body: &Value) -> Self {
        Self::post(path, body.to_string().into_bytes())
    }

    pub(crate) fn put(path: impl Into<String>, body: Vec<u8>) -> Self {
        Self { body: Some(body), ..Self::new(Method::PUT, path) }
    }

    pub(crate) fn patch(path: impl Into<String>, body: Vec<u8>) -> Self {
        Self { body: Some(body), ..Self::new(Method::PATCH, path) }
    }

    pub(crate) fn head(path: impl Into<String>) -> Self {
        Self::new(Method::HEAD, path)
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn token(mut self, token: Option<&String>) -> Self {
        self.token = token.cloned();
        self
    }

    /// Says in the report what this request has that cannot be quoted.
    pub(crate) fn note(mut self, note: &'static str) -> Self {
        self.note = note;
        self
    }

    /// For a report. The token is never told, nor anything of `/api`.
    fn told(&self) -> String {
        let mut out = format!("{} {}", self.method, self.path);
        for (name, value) in &self.headers {
            if *name != "content-type" {
                out.push_str(&format!(" {name}: {value}"));
            }
        }
        if !self.path.starts_with("/api")
            && let Some(body) = &self.body
        {
            out.push(' ');
            out.push_str(&quoted(body));
        }
        if !self.note.is_empty() {
            out.push_str(&format!("({})", self.note));
        }
        out
    }
}

fn quoted(bytes: &[u8]) -> String {
    if bytes.iter().take(QUOTED).any(|b| *b < b' ' && !b.is_ascii_whitespace()) {
        return format!("({} 字节,不是文字)", bytes.len());
    }
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(QUOTED * 4)]);
    let short: String = text.chars().take(QUOTED).collect();
    if short.len() < bytes.len() { format!("{short}…(共 {} 字节)", bytes.len()) } else { short }
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The request, for a report.
    pub(crate) asked: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// For a report.
    pub(crate) fn told(&self) -> String {
        format!("{} {}", self.status, quoted(&self.body))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|v| v.to_str().ok())
    }

    /// A finding about this exchange.
    pub(crate) fn broken(&self, expected: impl Into<String>) -> Stop {
        Stop::Broken(Finding { sent: self.asked.clone(), expected: expected.into(), got: self.told() })
    }

    /// The body of a 200 answer.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Done<T> {
        if self.status != 200 {
            return Err(self.broken("200"));
        }
        serde_json::from_slice(&self.body).map_err(|error| self.broken(format!("约定的 JSON({error})")))
    }

    /// The body of an answer that is not 2xx, if it is one.
    pub(crate) fn problem(&self) -> Option<Problem> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Demands a refusal: this status, this code.
    pub(crate) fn refused(&self, status: u16, code: &str) -> Done {
        let problem = self.problem();
        if self.status == status && problem.is_some_and(|p| p.code == code) {
            Ok(())
        } else {
            Err(self.broken(format!("{status},code 是 {code}")))
        }
    }
}

/// Talks to one server.
#[derive(Clone)]
pub(crate) struct Client {
    base: String,
    /// `None` where HTTPS is asked for and the machine knows no root certificate.
    http: Option<reqwest::Client>,
}

impl Client {
    pub(crate) fn new(base: &str, timeout: Duration) -> Self {
        // What the server answers is what is judged: no redirect is followed, and no request travels on a connection
        // that a refused one before it may have closed.
        let http = reqwest::Client::builder()
            .timeout(timeout)
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(0)
            // Without TLS the machine's root certificates are not asked for: a bare container has none.
            .tls_danger_accept_invalid_certs(base.starts_with("http://"))
            .build()
            .ok();
        Self { base: base.trim_end_matches('/').to_owned(), http }
    }

    pub(crate) async fn ask(&self, ask: Ask) -> Done<Answer> {
        let asked = ask.told();
        let silent = |error: &reqwest::Error| {
            Stop::Broken(Finding {
                sent: asked.clone(),
                expected: "一个回答".to_owned(),
                got: format!("没有回答:{}", chain(error)),
            })
        };
        let Some(http) = &self.http else {
            return Err(Stop::Unchecked(
                "这台机器没有根证书,查不了 HTTPS 的服务器;请装上 ca-certificates".to_owned(),
            ));
        };
        let mut request = http.request(ask.method, format!("{}{}", self.base, ask.path));
        let mut headers = HeaderMap::new();
        headers.insert(VERSION_HEADER, HeaderValue::from_static(VERSION));
        for (name, value) in &ask.headers {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(*name, value);
            }
        }
        request = request.headers(headers);
        if let Some(token) = &ask.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = ask.body {
            request = request.body(body);
        }
        let response = request.send().await.map_err(|e| silent(&e))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.map_err(|e| silent(&e))?.to_vec();
        Ok(Answer { asked, status, headers, body })
    }
}

/// An error with what caused it; without the address, which may hold a password.
fn chain(error: &reqwest::Error) -> String {
    let mut out = if error.is_timeout() { "超时".to_owned() } else { "连接失败".to_owned() };
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        out.push_str(&format!(":{inner}"));
        cause = inner.source();
    }
    out
}
