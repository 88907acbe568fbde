//! Shares that a browser cannot reach itself (WebDAV and CouchDB without CORS): what the operator named, and what
//! may be asked of it. Nothing else is reachable through this server.

use std::time::Duration;

use percent_encoding::percent_decode_str;
use reqwest::header::HeaderValue;
use reqwest::{Client, Method, Url};

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Longest silence of a share in the middle of an answer.
const SILENCE: Duration = Duration::from_secs(30);
/// Longest exchange.
const WHOLE: Duration = Duration::from_secs(180);
/// Methods that reading and writing files and documents needs.
const METHODS: [&str; 7] = ["GET", "HEAD", "PUT", "DELETE", "MKCOL", "MOVE", "PROPFIND"];
/// What may be posted: CouchDB's questions and its bulk writes.
const POSTS: [&str; 4] = ["_bulk_docs", "_bulk_get", "_all_docs", "_find"];

/// A share that people of this township may use through the server.
#[derive(Clone)]
pub struct Share {
    /// Name in addresses: `/relay/NAME/…`.
    pub name: String,
    /// Everything below this address, nothing else.
    base: Url,
    /// `Authorization` that the server adds; otherwise the person's own is passed on.
    credentials: Option<HeaderValue>,
}

impl std::fmt::Debug for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Neither the address nor the password belongs into a log.
        f.debug_struct("Share").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Why a share cannot be used as the operator wrote it.
#[derive(Debug, thiserror::Error)]
pub enum ShareError {
    /// Not `NAME=URL`.
    #[error("--share 应写成 名字=网址,或 名字=网址,用户:密码文件;“{0}”读不懂")]
    Shape(String),
    /// The name would not fit into an address.
    #[error("共享的名字只用小写字母、数字和 - _(不超过 32 个);“{0}”不行")]
    Name(String),
    /// Not the plain address of a folder or a database.
    #[error("共享“{0}”的网址要以 http:// 或 https:// 开头,不带账号、? 和 #")]
    Address(String),
    /// The file with the password.
    #[error("共享“{0}”的密码文件读不了:{1}")]
    Password(String, std::io::Error),
    /// Two of one name.
    #[error("共享“{0}”写了两次")]
    Twice(String),
    /// No TLS, no client.
    #[error("HTTPS 的共享连不了:{0};多半是这台机器没有根证书,请装上 ca-certificates 再启动")]
    Client(String),
}

impl Share {
    /// Reads `NAME=URL[,user:password-file]`.
    ///
    /// # Errors
    /// [`ShareError`].
    pub fn parse(text: &str) -> Result<Self, ShareError> {
        let (name, rest) = text.split_once('=').ok_or_else(|| ShareError::Shape(text.to_owned()))?;
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        if !(1..=32).contains(&name.len()) || !name.bytes().all(good) {
            return Err(ShareError::Name(name.to_owned()));
        }
        let (address, login) = match rest.split_once(',') {
            Some((address, login)) => (address, Some(login)),
            None => (rest, None),
        };
        let wrong = || ShareError::Address(name.to_owned());
        let mut base = Url::parse(address).map_err(|_| wrong())?;
        let plain = base.username().is_empty()
            && base.password().is_none()
            && base.query().is_none()
            && base.fragment().is_none();
        if !["http", "https"].contains(&base.scheme()) || !plain {
            return Err(wrong());
        }
        let folder = base.path().trim_end_matches('/').to_owned();
        base.set_path(&folder);
        let credentials = match login {
            None => None,
            Some(login) => {
                let (user, file) = login.split_once(':').ok_or_else(|| ShareError::Shape(text.to_owned()))?;
                let password = std::fs::read_to_string(file)
                    .map_err(|error| ShareError::Password(name.to_owned(), error))?;
                Some(basic(user, password.trim_end_matches(['\r', '\n'])))
            }
        };
        Ok(Self { name: name.to_owned(), base, credentials })
    }

    /// What the share probably is, by its address: `couchdb` or `webdav`.
    pub fn kind(&self) -> &'static str {
        let couch = self.base.port() == Some(5984)
            || self.base.port() == Some(6984)
            || self.base.host_str().is_some_and(|host| host.contains("couch"))
            || self.base.path().contains("couch");
        if couch { "couchdb" } else { "webdav" }
    }

    /// Whether the server signs in at the share itself.
    pub fn has_credentials(&self) -> bool {
        self.credentials.is_some()
    }

    /// The `Authorization` to send, if any.
    pub fn authorization<'a>(&'a self, own: Option<&'a HeaderValue>) -> Option<&'a HeaderValue> {
        self.credentials.as_ref().or(own)
    }

    /// The address of `rest` (as it stands in a request, still encoded) below the share; `None` when it would lead
    /// out of it or is not a plain path.
    pub fn address(&self, rest: &str, query: Option<&str>) -> Option<Url> {
        if !plain(rest) {
            return None;
        }
        let mut url = self.base.clone();
        url.set_path(&format!("{}/{rest}", self.base.path().trim_end_matches('/')));
        url.set_query(query);
        self.below(&url).is_some().then_some(url)
    }

    /// What of `url` lies below the share; `None` when it is elsewhere.
    pub fn below<'u>(&self, url: &'u Url) -> Option<&'u str> {
        if url.origin() != self.base.origin() || !url.username().is_empty() || url.password().is_some() {
            return None;
        }
        let rest = url.path().strip_prefix(self.base.path().trim_end_matches('/'))?.strip_prefix('/')?;
        plain(rest).then_some(rest)
    }
}

fn basic(user: &str, password: &str) -> HeaderValue {
    use std::fmt::Write as _;
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let plain = format!("{user}:{password}");
    let mut text = String::from("Basic ");
    for three in plain.as_bytes().chunks(3) {
        let at = |i: usize| u32::from(three.get(i).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for i in 0..4 {
            let letter = if i <= three.len() {
                char::from(LETTERS[(bits >> (18 - 6 * i) & 63) as usize])
            } else {
                '='
            };
            let _ = write!(text, "{letter}");
        }
    }
    let mut value = HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("Basic"));
    value.set_sensitive(true);
    value
}

/// Whether a path names one place and only that: no empty part, nothing that goes up, in no encoding.
fn plain(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    let last = parts.len() - 1;
    path.is_ascii()
        && path.len() <= 2048
        && parts.iter().enumerate().all(|(i, part)| (i == last && part.is_empty()) || plain_part(part))
}

fn plain_part(part: &str) -> bool {
    let mut text = part.to_owned();
    // Somebody behind us may decode once more than we do.
    for _ in 0..4 {
        let bad = |c: char| c.is_control() || matches!(c, '/' | '\\' | '?' | '#');
        if text.is_empty() || text == "." || text == ".." || text.chars().any(bad) {
            return false;
        }
        let Ok(decoded) = percent_decode_str(&text).decode_utf8() else { return false };
        if decoded == text {
            return true;
        }
        text = decoded.into_owned();
    }
    false
}

/// Whether this may be asked of a share.
pub fn allowed(method: &Method, rest: &str) -> bool {
    let last = rest.rsplit('/').next().unwrap_or(rest);
    METHODS.contains(&method.as_str()) || (*method == Method::POST && POSTS.contains(&last))
}

/// The shares, and the client that reaches them.
pub struct Relay {
    shares: Vec<Share>,
    client: Option<Client>,
}

impl Relay {
    /// Takes the operator's shares.
    ///
    /// # Errors
    /// [`ShareError`].
    pub fn open(shares: Vec<Share>) -> Result<Self, ShareError> {
        for (i, share) in shares.iter().enumerate() {
            if shares[..i].iter().any(|other| other.name == share.name) {
                return Err(ShareError::Twice(share.name.clone()));
            }
        }
        if shares.is_empty() {
            return Ok(Self { shares, client: None });
        }
        // Redirects are for the asker to follow, after they were looked at; no proxy of the environment, no cookies.
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .timeout(WHOLE)
            // Where no share speaks TLS, the machine's root certificates are not asked for: a bare container has none.
            .tls_danger_accept_invalid_certs(shares.iter().all(|share| share.base.scheme() == "http"))
            .build()
            .map_err(|error| {
                let cause = std::error::Error::source(&error);
                ShareError::Client(cause.map_or_else(|| error.to_string(), ToString::to_string))
            })?;
        Ok(Self { shares, client: Some(client) })
    }

    /// All shares.
    pub fn shares(&self) -> &[Share] {
        &self.shares
    }

    /// The share of that name, and who asks it.
    pub fn share(&self, name: &str) -> Option<(&Share, &Client)> {
        let share = self.shares.iter().find(|share| share.name == name)?;
        Some((share, self.client.as_ref()?))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_share_is_read_as_it_is_meant() {
        let share = Share::parse("zhen=https://dav.example.cn/remote.php/dav/files/zhen/").unwrap();
        assert_eq!((share.name.as_str(), share.kind(), share.has_credentials()), ("zhen", "webdav", false));
        let url = share.address("g1/a%20b.json", Some("x=1")).unwrap();
        assert_eq!(url.as_str(), "https://dav.example.cn/remote.php/dav/files/zhen/g1/a%20b.json?x=1");
        assert_eq!(share.below(&url), Some("g1/a%20b.json"));
        assert_eq!(Share::parse("c=http://10.0.0.7:5984/grid").unwrap().kind(), "couchdb");
        for bad in [
            "",
            "zhen",
            "=http://a",
            "Zhen=http://a",
            "a b=http://a",
            "z=ftp://a",
            "z=http://u:p@a",
            "z=http://a?x",
            "z=/etc",
            "z=file:///etc",
            "z=http://a,nofile",
        ] {
            assert!(Share::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn no_spelling_leads_out_of_a_share() {
        let share = Share::parse("z=http://dav/files").unwrap();
        for rest in ["", "a", "a/", "a/b.json", "a/%E6%A0%BC", "..a/b..", "a/.b", "%25"] {
            assert!(share.address(rest, None).is_some(), "{rest}");
        }
        for rest in [
            "..",
            "../x",
            "a/..",
            "a/../..",
            ".",
            "a/./b",
            "%2e%2e",
            "%2E%2e/x",
            ".%2e/x",
            "%252e%252e/x",
            "%25252e%25252e",
            "a%2f..%2f..",
            "%2f",
            "a%5c..%5cb",
            "a\\..\\b",
            "/x",
            "//evil/x",
            "a//b",
            "http://evil/",
            "%00",
            "a%0d%0aX:y",
            "%ff",
            "a?b",
            "%3f",
            "%23",
        ] {
            assert!(share.address(rest, None).is_none(), "{rest}");
        }
        for other in [
            "http://dav/files2/x",
            "http://dav/",
            "https://dav/files/x",
            "http://dav:81/files/x",
            "http://u@dav/files/x",
        ] {
            assert_eq!(share.below(&Url::parse(other).unwrap()), None, "{other}");
        }
    }

    #[test]
    fn basic_is_as_everybody_writes_it() {
        assert_eq!(basic("Aladdin", "open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(basic("a", "b"), "Basic YTpi");
    }

    #[test]
    fn methods() {
        let may = |method: &str, rest| allowed(&Method::from_bytes(method.as_bytes()).unwrap(), rest);
        assert!(
            may("PROPFIND", "a/") && may("MOVE", "a") && may("POST", "db/_bulk_docs") && may("POST", "_find")
        );
        assert!(
            !may("POST", "db") && !may("POST", "_replicate") && !may("CONNECT", "a") && !may("COPY", "a")
        );
        assert!(
            !may("POST", "_bulk_docs/x") && !may("OPTIONS", "a") && !may("PATCH", "a") && !may("LOCK", "a")
        );
    }
}
